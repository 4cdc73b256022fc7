# SPDX-License-Identifier: GPL-3.0-or-later
# Run by `cmake --install`: installs the files that say where the programs are.
# contrib/CMakeLists.txt sets the variables. Straight to their places: root
# leaves nothing in the build directory, and two can install at a time.
foreach(dir BINDIR DATADIR DOCDIR SBINDIR UNIT_DIR)
  cmake_path(ABSOLUTE_PATH WAYSIDE_${dir}
    BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}")
endforeach()

# What neither the script's quotes nor the unit's can hold.
if("${WAYSIDE_BINDIR}${WAYSIDE_DOCDIR}${WAYSIDE_SBINDIR}" MATCHES "['\"\\\n]")
  message(FATAL_ERROR "A quote, a backslash or a line end in the name of a "
    "directory: ${WAYSIDE_SBINDIR}")
endif()

# In a unit % begins a specifier (systemd.unit(5)); its documentation is a URI
# (RFC 3986, 2.1).
string(REPLACE "%" "%%" WAYSIDE_UNIT_BINDIR "${WAYSIDE_BINDIR}")
string(REPLACE "%" "%%" WAYSIDE_UNIT_SBINDIR "${WAYSIDE_SBINDIR}")
string(REPLACE "%" "%%25" WAYSIDE_UNIT_DOCDIR "${WAYSIDE_DOCDIR}")
string(REPLACE " " "%%20" WAYSIDE_UNIT_DOCDIR "${WAYSIDE_UNIT_DOCDIR}")

# Permissions are those of the source.
function(wayside_install_configured from to)
  configure_file("${WAYSIDE_FROM}/${from}" "$ENV{DESTDIR}${to}" @ONLY)
  message(STATUS "Installing: $ENV{DESTDIR}${to}")
  list(APPEND CMAKE_INSTALL_MANIFEST_FILES "${to}")
  set(CMAKE_INSTALL_MANIFEST_FILES ${CMAKE_INSTALL_MANIFEST_FILES} PARENT_SCOPE)
endfunction()

# Without libsystemd the daemon does not say when it is ready, which the unit
# waits for.
if(WAYSIDE_SYSTEMD)
  wayside_install_configured(systemd/wayside.service.in
    "${WAYSIDE_UNIT_DIR}/wayside.service")
  wayside_install_configured(systemd/wayside.socket
    "${WAYSIDE_UNIT_DIR}/wayside.socket")
endif()
wayside_install_configured(init/wayside.in "${WAYSIDE_DATADIR}/wayside.init")
