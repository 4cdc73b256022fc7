/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_command.h - what every command gets and gives; those that ask */
#ifndef WAYSIDE_COMMAND_H
#define WAYSIDE_COMMAND_H

#include <stdbool.h>

/* Exit statuses of the tool. */
enum wayside_status {
	WAYSIDE_OK,
	WAYSIDE_FAILED, /* it could not be done, or `check` found differences */
	WAYSIDE_USAGE,  /* usage or configuration */
	WAYSIDE_DEGRADED, /* doctor: works, but not for all or not always */
	WAYSIDE_BROKEN, /* doctor: trackers are cut off, or nothing is taken */
};

struct wayside_options {
	const char *config;  /* path of the file; NULL: not given */
	const char *control; /* path of the control socket; NULL: not given */
	bool stopped;        /* rules as they are after a clean stop */
	bool json;
	const char *id; /* of a flow */
	/* an item of a rule: which rule, "to", "clients" or "interfaces" */
	const char *rule, *list, *item;
	/* decode; of the store: only events of this one */
	const char *protocol; /* NULL: the bytes decide; any */
	bool hex;
	const char *file; /* NULL or "-": standard input */
	/* of the store; NULL: not given */
	const char *store; /* path of the database */
	const char *device, *type, *since, *until, *limit;
	bool follow, geojson, gpx;
};

/*
 * Commands that ask a running daemon. `status` and `flows` read its shared
 * memory, so they need no worker to answer.
 */
enum wayside_status wayside_status_run(const struct wayside_options *o);
enum wayside_status wayside_flows_run(const struct wayside_options *o);
/*
 * Ends the flow that o->id names, and waits until its slot has another life, at
 * most WAYSIDE_CLOSE_MS. WAYSIDE_FAILED: there is no such flow, or two of them
 * (a connection id can come twice in the hour that the end of daylight saving
 * time repeats), or its worker does not answer.
 */
enum wayside_status wayside_close_run(const struct wayside_options *o);
#define WAYSIDE_CLOSE_MS 5000
/* Each waits for the outcome, and prints what the daemon says about it. What
 * `add` and `del` change lasts until the next reload. */
enum wayside_status wayside_reload_run(const struct wayside_options *o);
enum wayside_status wayside_bypass_on(const struct wayside_options *o);
enum wayside_status wayside_bypass_off(const struct wayside_options *o);
enum wayside_status wayside_rules_add(const struct wayside_options *o);
enum wayside_status wayside_rules_del(const struct wayside_options *o);

/* What lies in the log directory; asks no daemon. */
enum wayside_status wayside_captures_run(const struct wayside_options *o);

/* Prints one line on standard error. Return: WAYSIDE_FAILED. */
enum wayside_status wayside_complain(const char *text);

/*
 * Commands that read the store (wayside_store.h): they ask no daemon, and hold
 * no transaction while they print.
 */
enum wayside_status wayside_events_run(const struct wayside_options *o);
enum wayside_status wayside_positions_run(const struct wayside_options *o);
enum wayside_status wayside_devices_run(const struct wayside_options *o);
enum wayside_status wayside_sinks_run(const struct wayside_options *o);

#endif
