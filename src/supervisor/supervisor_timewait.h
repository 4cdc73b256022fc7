/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * supervisor_timewait.h - what ended connections leave behind in the kernel
 *
 * Intercepted TCP connections of the destinations of `conf` whose process has
 * let go of them. Needs CAP_NET_ADMIN. Process: supervisor. Blocking, in
 * practice some milliseconds for each thousand of them.
 */
#ifndef SUPERVISOR_TIMEWAIT_H
#define SUPERVISOR_TIMEWAIT_H

#include "base_attr.h"

struct conf_tables;

/* Those that wait for something of the client, the acknowledgement of the last
 * bytes or its FIN. Return: how many, or -errno. */
WS_MUST_USE int supervisor_timewait_ending(const struct conf_tables *conf);

/* Makes the kernel forget those that only wait for time to pass, or for the
 * client's FIN. Return: how many, or -errno; -EOPNOTSUPP: it cannot. */
WS_MUST_USE int supervisor_timewait_forget(const struct conf_tables *conf);

#endif
