/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_pidfile.h - a pid file that lives as long as the daemon */
#ifndef SUPERVISOR_PIDFILE_H
#define SUPERVISOR_PIDFILE_H

#include "base_attr.h"

/*
 * Writes "<pid>\n" and holds a lock on the file (fcntl: it belongs to the
 * process, so no child can hold or drop it by accident). A file left by a dead
 * daemon is taken over; its directory is made if only that is missing
 * (/run is empty after a boot). Return: the descriptor, -EEXIST after one
 * logged line when a living daemon holds it, or -errno, logged.
 */
WS_MUST_USE int supervisor_pidfile_open(const char *path);

/* Removes it if it is still ours, and closes. A directory of another user does
 * not let us (the supervisor has given that right up): then it is emptied. */
void supervisor_pidfile_close(const char *path, int *fd);

#endif
