/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * supervisor_notify.h - what systemd is told, and what it passes: sd_notify(3),
 * systemd.service(5), sd_listen_fds(3)
 *
 * Nothing, in a build without libsystemd or when $NOTIFY_SOCKET is not set. A
 * message that does not get there is not worth a line: systemd acts on what it
 * misses.
 */
#ifndef SUPERVISOR_NOTIFY_H
#define SUPERVISOR_NOTIFY_H

#include <errno.h>
#include <stdint.h>

#include "base_attr.h"

#ifdef WAYSIDE_SYSTEMD

void supervisor_notify_ready(void); /* started, or a reload is over */
void supervisor_notify_reloading(void);
void supervisor_notify_stopping(void);
void supervisor_notify_alive(void); /* the watchdog's */
/* One line for `systemctl status`. */
WS_PRINTF(1, 2) void supervisor_notify_status(const char *format, ...);

/* How often supervisor_notify_alive() is due: half of what systemd allows; 0 =
 * never. */
uint32_t supervisor_notify_period_ms(void);

/* How many sockets were passed to this process, as descriptors from 3 on; they
 * are CLOEXEC then, and the next call says 0. Return: -EOPNOTSUPP: this build
 * cannot know. */
WS_MUST_USE int supervisor_notify_sockets(void);

#else

static inline void supervisor_notify_ready(void)
{
}

static inline void supervisor_notify_reloading(void)
{
}

static inline void supervisor_notify_stopping(void)
{
}

static inline void supervisor_notify_alive(void)
{
}

WS_PRINTF(1, 2)
static inline void supervisor_notify_status(const char *format, ...)
{
	(void)format;
}

static inline uint32_t supervisor_notify_period_ms(void)
{
	return 0;
}

static inline int supervisor_notify_sockets(void)
{
	return -EOPNOTSUPP;
}

#endif

#endif
