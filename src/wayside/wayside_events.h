/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wayside_events.h - `wayside events`: what the store has, and what comes
 *
 * A line an event, the oldest first:
 *
 *   TIME  FROM  PROTOCOL  DEVICE  TYPE  KEYWORD  WHAT
 *
 * WHAT is the place, or what else the message says, or the message. With --json
 * a line is what every sink gets (event.schema.json).
 *
 * --follow goes on with what comes: it looks every 200 ms, by number, so
 * that it misses nothing, and goes on with the new file when the store is set
 * aside, or when there is none for a while. It ends when nobody reads.
 */
#ifndef WAYSIDE_EVENTS_H
#define WAYSIDE_EVENTS_H

#include <stdio.h>

#include "wayside_text.h"

struct store_event_row;

struct wayside_events_view {
	FILE *out;
	bool json;
	bool flush; /* each line */
	uint64_t n; /* so far */
	int64_t last;
	struct wayside_table table;
};

void wayside_events_view_init(struct wayside_events_view *v, FILE *out,
			      bool json);
/* A store_event_fn. Return: 0, or 1: it cannot be written. */
int wayside_events_print(void *view, const struct store_event_row *row);

#endif
