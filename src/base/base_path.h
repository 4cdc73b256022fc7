/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_path.h - places of files */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include "base_attr.h"

/* Makes the directory of `path`, but not the one above it: /run is empty after
 * a boot. Its mode is 0755 whatever the umask, which is set for a moment: for
 * processes of one thread. Return: 0 or -errno of mkdir(2); -ENOENT when `path`
 * has no directory to make. */
WS_MUST_USE int base_path_make_directory(const char *path);

#endif
