/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wayside_event.h - events for people to read
 *
 * An event is a line with what it is, one line a position (or one with the
 * attributes of an event that has none), and the message:
 *
 *   flow 1  192.0.2.7:40000 > 47.88.85.196:7700
 *   2025-11-03T14:25:01.042Z  client  watch  1234567890  position  UD
 *     2025-11-03T14:24:59.000Z  22.571707 113.860937  5.3 km/h  course 274 ...
 *     [3G*1234567890*...]
 *
 * Nothing that came from a tracker can steer a terminal.
 */
#ifndef WAYSIDE_EVENT_H
#define WAYSIDE_EVENT_H

#include <stdbool.h>
#include <stdio.h>

#include "event.h"

struct wayside_event_view {
	FILE *out;
	bool coloured;
	bool any;      /* an event was printed */
	uint64_t flow; /* of the last one */
};

/* Coloured where `out` is a terminal and NO_COLOR is not set. */
void wayside_event_view_init(struct wayside_event_view *v, FILE *out);

/* Without origin there are no addresses; wall_ns 0 = the time is not known. */
void wayside_event_print(struct wayside_event_view *v, const struct event *e);

#endif
