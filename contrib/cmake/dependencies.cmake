# SPDX-License-Identifier: GPL-3.0-or-later
# The libraries that Wayside builds on; README.md says what each is for.
find_package(PkgConfig REQUIRED)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(MNL REQUIRED IMPORTED_TARGET libmnl)
pkg_check_modules(NFTNL REQUIRED IMPORTED_TARGET libnftnl)
pkg_check_modules(CAP REQUIRED IMPORTED_TARGET libcap)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)

option(WAYSIDE_WITH_SYSTEMD "Readiness and watchdog, where libsystemd is" ON)
if(WAYSIDE_WITH_SYSTEMD)
  pkg_check_modules(SYSTEMD IMPORTED_TARGET libsystemd)
endif()
if(WAYSIDE_WITH_SYSTEMD AND SYSTEMD_FOUND)
  set(WAYSIDE_SYSTEMD ON)
else()
  set(WAYSIDE_SYSTEMD OFF)
endif()

option(WAYSIDE_WITH_PCAP "Captures as pcap files, where libpcap is" ON)
if(WAYSIDE_WITH_PCAP OR BUILD_TESTING)
  pkg_check_modules(PCAP IMPORTED_TARGET libpcap)
endif()
if(WAYSIDE_WITH_PCAP AND PCAP_FOUND)
  set(WAYSIDE_PCAP ON)
else()
  set(WAYSIDE_PCAP OFF)
endif()

if(BUILD_TESTING)
  pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
  if(NOT PCAP_FOUND)
    message(FATAL_ERROR "tests need libpcap")
  endif()
endif()

function(wayside_summary)
  message(STATUS "Wayside ${PROJECT_VERSION}: ${CMAKE_C_COMPILER_ID} "
    "${CMAKE_BUILD_TYPE}, sanitizers: ${WAYSIDE_SANITIZE}, "
    "warnings are errors: ${WAYSIDE_WERROR}, tests: ${BUILD_TESTING}, "
    "systemd: ${WAYSIDE_SYSTEMD}, pcap: ${WAYSIDE_PCAP}")
endfunction()
