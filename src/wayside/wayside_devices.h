/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wayside_devices.h - `wayside devices`: who was seen
 *
 * One line a device, the one that was seen last comes first; with --json an
 * array of
 *
 *   device_id, protocol
 *   first_seen, last_seen   RFC 3339, UTC
 *   events                  so many came from it
 *   flows                   so many of its connections are in the store
 *   live                    the newest of them has not ended
 *   flow                    its id, 16 hexadecimal digits
 *   client                  its address with port; null when it is gone
 *   position                where it was last: time, lat, lon, speed_kmh,
 *                           course_deg; null when it never said
 */
#ifndef WAYSIDE_DEVICES_H
#define WAYSIDE_DEVICES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "store_read.h"

struct wayside_devices {
	struct wayside_device *list; /* heap */
	size_t n, room;
	bool quiet; /* no daemon runs: none is live */
};

/* A store_device_fn: copies the row. Return: 0 or -ENOMEM. */
int wayside_devices_add(void *devices, const struct store_device_row *row);
void wayside_devices_free(struct wayside_devices *d);

void wayside_devices_print(FILE *out, const struct wayside_devices *d,
			   uint64_t now_ms);
/* NULL: no memory. */
json_t *wayside_devices_json(const struct wayside_devices *d);

#endif
