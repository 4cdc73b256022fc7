# SPDX-License-Identifier: GPL-3.0-or-later
#
# wayside_module(NAME SRCS ... [DEPS ...] [LIBS ...] [TESTS ...] [TEST_DEPS ...])
#   One directory = one module = one static library = one target.
#   DEPS are modules of ours. They are linked PRIVATE, so the module sees just
#   the headers of the modules it names, not theirs in turn, and a module that
#   is not defined yet is refused: the order of add_subdirectory() is the order
#   of the layers, and an include against it does not compile.
#   TESTS x_test: x_test.c beside the code, run as "unit/x_test", label unit.
#   TEST_DEPS are what only the tests need; they may lie above the module.
#
# wayside_fuzz(x_fuzz DEPS ... [SRCS ...] [LIBS ...])
#   A fuzz target: x_fuzz.c has LLVMFuzzerTestOneInput(), SRCS are further files,
#   x_fuzz.corpus/ has inputs of ours. In every preset they are replayed as the
#   test "fuzz/x", label unit; with WAYSIDE_FUZZ the same program is
#   libFuzzer's, and scripts/fuzz runs it.
#
# wayside_program(NAME SRCS ... DEPS ... [LIBS ...])
#   A program, with the same rule for its dependencies.

# Seconds for a test, which only end a broken one: a busy machine, and the
# sanitizers, make one ten times as slow each.
set(WAYSIDE_TEST_LIMIT 300)
if(WAYSIDE_SANITIZE)
  set(WAYSIDE_TEST_LIMIT 600)
endif()

function(wayside_require name)
  foreach(dep IN LISTS ARGN)
    if(NOT TARGET ${dep})
      message(FATAL_ERROR "${name} depends on ${dep}, which is not below it")
    endif()
  endforeach()
endfunction()

function(wayside_module name)
  cmake_parse_arguments(M "" "" "SRCS;DEPS;LIBS;TESTS;TEST_DEPS" ${ARGN})
  if(M_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "wayside_module(${name}): ${M_UNPARSED_ARGUMENTS}?")
  endif()
  wayside_require(${name} ${M_DEPS})
  add_library(${name} STATIC ${M_SRCS})
  target_include_directories(${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${M_DEPS} ${M_LIBS} wayside_flags)
  if(BUILD_TESTING)
    foreach(test IN LISTS M_TESTS)
      add_executable(${test} ${test}.c)
      target_compile_definitions(${test} PRIVATE
        WAYSIDE_TEST_DIR="${CMAKE_CURRENT_SOURCE_DIR}"
        WAYSIDE_SCHEMA="${PROJECT_SOURCE_DIR}/contrib/schema/event.schema.json"
        WAYSIDE_VALIDATE="${PROJECT_SOURCE_DIR}/contrib/schema/validate")
      target_link_libraries(${test} PRIVATE ${name} ${M_TEST_DEPS} ${M_DEPS} base
        PkgConfig::CMOCKA ${M_LIBS} wayside_flags)
      add_test(NAME unit/${test} COMMAND ${test})
      set_tests_properties(unit/${test} PROPERTIES
        LABELS unit TIMEOUT ${WAYSIDE_TEST_LIMIT})
    endforeach()
  endif()
endfunction()

function(wayside_fuzz name)
  cmake_parse_arguments(F "" "" "SRCS;DEPS;LIBS" ${ARGN})
  if(F_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "wayside_fuzz(${name}): ${F_UNPARSED_ARGUMENTS}?")
  endif()
  if(NOT BUILD_TESTING)
    return()
  endif()
  wayside_require(${name} ${F_DEPS})
  add_executable(${name} ${name}.c ${F_SRCS})
  target_link_libraries(${name} PRIVATE ${F_DEPS} base ${F_LIBS} wayside_flags)
  if(WAYSIDE_FUZZ)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    set(replay -runs=0)
  else()
    target_sources(${name} PRIVATE
      ${PROJECT_SOURCE_DIR}/src/base/base_fuzz_main.c)
    set(replay)
  endif()
  string(REGEX REPLACE "_fuzz$" "" test fuzz/${name})
  add_test(NAME ${test}
    COMMAND ${name} ${replay} ${CMAKE_CURRENT_SOURCE_DIR}/${name}.corpus)
  set_tests_properties(${test} PROPERTIES
    LABELS unit TIMEOUT ${WAYSIDE_TEST_LIMIT})
endfunction()

function(wayside_program name)
  cmake_parse_arguments(P "" "" "SRCS;DEPS;LIBS" ${ARGN})
  wayside_require(${name} ${P_DEPS})
  add_executable(${name} ${P_SRCS})
  target_include_directories(${name} PRIVATE ${CMAKE_BINARY_DIR})
  target_link_libraries(${name} PRIVATE ${P_DEPS} ${P_LIBS} wayside_flags)
endfunction()
