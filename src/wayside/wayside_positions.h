/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wayside_positions.h - `wayside positions`: where trackers were
 *
 * A table; --json: a line a position,
 *
 *   device_id   null when it is not known
 *   protocol
 *   time        of the fix: RFC 3339, UTC
 *   received    of the event that brought it
 *   valid       the tracker says that it has a fix; else the place is an old
 *               one
 *   lat, lon, altitude_m, speed_kmh, course_deg    as in an event; what is not
 *               known is left out
 *
 * --geojson: RFC 7946, a point a position, with the same as properties; --gpx:
 * GPX 1.1 (topografix.com/GPX/1/1), a track a device.
 *
 * Of one device they are in the order of their own times, else of their
 * arrival; in GPX always by device and time, which takes 100 bytes of memory
 * each.
 */
#ifndef WAYSIDE_POSITIONS_H
#define WAYSIDE_POSITIONS_H

#include <stdint.h>
#include <stdio.h>

#include "base_attr.h"
#include "store_read.h"
#include "wayside_text.h"

/* One way to print them. */
struct wayside_positions_form;
extern const struct wayside_positions_form wayside_positions_table,
	wayside_positions_json, wayside_positions_geojson,
	wayside_positions_gpx;

struct wayside_positions_view {
	const struct wayside_positions_form *form;
	FILE *out;
	uint64_t n; /* so far */
	struct wayside_table table;
	struct wayside_positions_track *track; /* gpx: what was kept */
	size_t room;
};

void wayside_positions_begin(struct wayside_positions_view *v,
			     const struct wayside_positions_form *form,
			     FILE *out);
/* A store_position_fn. Return: 0; 1: it cannot be written; -ENOMEM. */
int wayside_positions_print(void *view, const struct store_position_row *row);
/* Also after a failure. */
void wayside_positions_end(struct wayside_positions_view *v);

#endif
