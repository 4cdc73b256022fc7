/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_rules.h - `wayside rules ...`: the kernel's rules without a daemon */
#ifndef WAYSIDE_RULES_H
#define WAYSIDE_RULES_H

#include <stdbool.h>

/* Exit statuses of the tool. */
enum wayside_status {
	WAYSIDE_OK,
	WAYSIDE_FAILED, /* it could not be done, or `check` found differences */
	WAYSIDE_USAGE,  /* usage or configuration */
};

struct wayside_options {
	const char *config; /* path of the file */
	bool stopped;       /* rules as they are after a clean stop */
};

/*
 * `install` and `remove` refuse while a daemon runs in this network namespace,
 * because they would change its rules under it; while they work, no daemon can
 * start. Each prints its errors, one line each, on standard error.
 */
enum wayside_status wayside_rules_show(const struct wayside_options *o);
enum wayside_status wayside_rules_install(const struct wayside_options *o);
enum wayside_status wayside_rules_remove(const struct wayside_options *o);
enum wayside_status wayside_rules_check(const struct wayside_options *o);

#endif
