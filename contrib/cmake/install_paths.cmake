# SPDX-License-Identifier: GPL-3.0-or-later
# Run by `cmake --install`: installs the files that say where the programs are.
# contrib/CMakeLists.txt sets the variables. Straight to their places: root
# leaves nothing in the build directory, and two can install at a time.
foreach(dir BINDIR DATADIR DOCDIR SBINDIR UNIT_DIR)
  cmake_path(ABSOLUTE_PATH WAYSIDE_${dir}
    BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}")
endforeach()

# Permissions are those of the source.
function(wayside_install_configured from to)
  configure_file(${WAYSIDE_FROM}/${from} $ENV{DESTDIR}${to} @ONLY)
  message(STATUS "Installing: $ENV{DESTDIR}${to}")
  list(APPEND CMAKE_INSTALL_MANIFEST_FILES ${to})
  set(CMAKE_INSTALL_MANIFEST_FILES ${CMAKE_INSTALL_MANIFEST_FILES} PARENT_SCOPE)
endfunction()

# Without libsystemd the daemon does not say when it is ready, which the unit
# waits for.
if(WAYSIDE_SYSTEMD)
  wayside_install_configured(systemd/wayside.service.in
    ${WAYSIDE_UNIT_DIR}/wayside.service)
endif()
wayside_install_configured(init/wayside.in ${WAYSIDE_DATADIR}/wayside.init)
