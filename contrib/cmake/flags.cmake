# SPDX-License-Identifier: GPL-3.0-or-later
# wayside_flags: one INTERFACE target that carries the language level, the
# warnings, the hardening and the sanitizers. Each flag is probed, so that one
# list serves gcc and clang.
include(CheckCCompilerFlag)

option(WAYSIDE_WERROR "Treat warnings as errors (dev and CI)" OFF)
option(WAYSIDE_TEST_POINTS "Places where tests let a process die" OFF)
option(WAYSIDE_FUZZ "Fuzz targets are libFuzzer's (clang)" OFF)
set(WAYSIDE_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined")

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(wayside_flags INTERFACE)
target_compile_definitions(wayside_flags INTERFACE _GNU_SOURCE)
# Not probed: on its own, without -Wformat, a compiler refuses it.
target_compile_options(wayside_flags INTERFACE -Werror=format-security)

function(wayside_probe_flags)
  foreach(flag IN LISTS ARGN)
    string(MAKE_C_IDENTIFIER "HAVE${flag}" var)
    check_c_compiler_flag("-Werror ${flag}" ${var})
    if(${var})
      target_compile_options(wayside_flags INTERFACE ${flag})
    endif()
  endforeach()
endfunction()

wayside_probe_flags(
  -Wall -Wextra -Wshadow -Wundef -Wvla -Wwrite-strings -Wpointer-arith
  -Wcast-qual -Wcast-align -Wformat=2 -Wstrict-prototypes
  -Wmissing-prototypes -Wold-style-definition -Wredundant-decls
  -Wnested-externs -Wimplicit-fallthrough -Wconversion -Wno-sign-conversion
  -Wnull-dereference -Wdouble-promotion -Wdate-time -Wunused-macros
  -Wframe-larger-than=16384
  -Wformat-signedness -Wduplicated-cond -Wduplicated-branches -Wlogical-op
  -Wjump-misses-init -Wshift-overflow=2 -Wstringop-overflow=4 -Walloca
  -Wcomma -Wunreachable-code -Wassign-enum -Wthread-safety
  -Wconditional-uninitialized -Wmissing-variable-declarations
  -Werror=implicit-function-declaration -Werror=incompatible-pointer-types
  -Werror=int-conversion -Werror=return-type
  -fstack-protector-strong -fstack-clash-protection -fcf-protection
  -fno-common -fno-strict-aliasing -fwrapv)

if(WAYSIDE_WERROR)
  target_compile_options(wayside_flags INTERFACE -Werror)
endif()

if(WAYSIDE_SANITIZE)
  target_compile_options(wayside_flags INTERFACE
    -fsanitize=${WAYSIDE_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  target_compile_definitions(wayside_flags INTERFACE WAYSIDE_SANITIZED=1)
  target_link_options(wayside_flags INTERFACE -fsanitize=${WAYSIDE_SANITIZE})
else()
  target_compile_definitions(wayside_flags INTERFACE
    $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=3>)
endif()
if(WAYSIDE_FUZZ)
  target_compile_options(wayside_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(WAYSIDE_TEST_POINTS)
  target_compile_definitions(wayside_flags INTERFACE WAYSIDE_TEST_POINTS=1)
endif()
target_link_options(wayside_flags INTERFACE
  -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
