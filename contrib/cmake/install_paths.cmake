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
endfunction()

wayside_install_configured(systemd/wayside.service.in
  ${WAYSIDE_UNIT_DIR}/wayside.service)
wayside_install_configured(init/wayside.in ${WAYSIDE_DATADIR}/wayside.init)
list(APPEND CMAKE_INSTALL_MANIFEST_FILES
  ${WAYSIDE_UNIT_DIR}/wayside.service ${WAYSIDE_DATADIR}/wayside.init)
