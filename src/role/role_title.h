/* SPDX-License-Identifier: GPL-3.0-or-later */
/* role_title.h - the name under which ps shows the process */
#ifndef ROLE_TITLE_H
#define ROLE_TITLE_H

#include "base_attr.h"

/*
 * First thing in main(): moves the strings of argv and the environment to a
 * copy that lives as long as the process, so that pointers taken from argv or
 * getenv() later stay good, and keeps their old place for titles.
 * Return: 0 or -ENOMEM; titles then change PR_SET_NAME only.
 */
WS_MUST_USE int role_title_init(int argc, char **argv);

/* Shows `title` as the whole command line (/proc/PID/cmdline) and its first 15
 * bytes as the thread's name (/proc/PID/comm). */
void role_title(const char *title);

#endif
