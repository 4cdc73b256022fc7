/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_schema.h - the schema, step by step
 *
 * PRAGMA user_version is the number of steps that a file has had. A new file
 * gets all of them, so what migrates is what makes. A step that was released is
 * never changed.
 *
 * Units: times are milliseconds since 1970 UTC; degrees, metres, km/h. Flow ids
 * are 64 bits as SQLite has them, signed: printf('%016x', id) is the `flow` of
 * the JSON.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#define STORE_APPLICATION_ID 0x57535945 /* "WSYE" */

#define STORE_SCHEMA_VERSION 2

/*
 * What the table `devices` of version 2 has, from the events of version 1: a
 * step makes it so, and a reader sees it where the step has not been made yet.
 * With one max() the other columns are of its row.
 */
#define STORE_SCHEMA_DEVICES                                            \
	"SELECT a.device AS id, l.protocol, a.first_seen, a.last_seen," \
	" n.flow, n.flow_opened, a.events, a.last_event"                \
	" FROM (SELECT device, min(time) AS first_seen,"                \
	"   max(time) AS last_seen, count(*) AS events,"                \
	"   max(id) AS last_event FROM events"                          \
	"   WHERE device IS NOT NULL AND direction = 'client'"          \
	"   GROUP BY device) AS a"                                      \
	" JOIN (SELECT e.device, e.flow,"                               \
	"   max(ifnull(f.opened, e.time)) AS flow_opened"               \
	"   FROM events AS e LEFT JOIN flows AS f ON f.id = e.flow"     \
	"   WHERE e.device IS NOT NULL AND e.direction = 'client'"      \
	"   GROUP BY e.device) AS n ON n.device = a.device"             \
	" JOIN events AS l ON l.id = a.last_event"

/* SQL of each step, NULL at the end. */
extern const char *const store_schema_steps[];

#endif
