/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_notify.c - what systemd is told, and what it passes */
#include "supervisor_notify.h"

#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#define US_PER_S  1000000ULL
#define US_PER_MS 1000ULL
#define NS_PER_US 1000

void supervisor_notify_ready(void)
{
	(void)sd_notify(0, "READY=1");
}

/* systemd compares the time with that of its SIGHUP, to the microsecond. */
void supervisor_notify_reloading(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* exists on Linux */
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
			 (unsigned long long)now.tv_sec * US_PER_S +
				 (unsigned long long)now.tv_nsec / NS_PER_US);
}

void supervisor_notify_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1");
}

void supervisor_notify_alive(void)
{
	(void)sd_notify(0, "WATCHDOG=1");
}

void supervisor_notify_status(const char *format, ...)
{
	char text[160];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	(void)sd_notifyf(0, "STATUS=%s", text);
}

uint32_t supervisor_notify_period_ms(void)
{
	uint64_t usec;

	if (sd_watchdog_enabled(0, &usec) <= 0)
		return 0;
	usec /= 2 * US_PER_MS;
	return usec > UINT32_MAX ? UINT32_MAX : (uint32_t)usec;
}

int supervisor_notify_sockets(void)
{
	const int n = sd_listen_fds(1);

	return n < 0 ? 0 : n; /* variables that are none */
}
