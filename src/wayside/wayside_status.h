/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wayside_status.h - `wayside status`: how the daemon is
 *
 * --json prints one object; times are RFC 3339 in UTC, or null for never:
 *
 *   version          of waysided
 *   pid, started
 *   phase            "starting", "running", "draining", "stopping"
 *   config           number (in force), reloads, reloads_refused, reloaded
 *   rules            on_failure; state: "none", "installed", "draining",
 *                    "absent"; differ: differences between kernel and
 *                    configuration; null when there are none, or when
 *                    looking failed, and then error says why
 *   listeners        listening sockets held
 *   help             times that workers were asked to serve others' listeners
 *   nonsense         workers replaced for nonsense in their ring
 *   store            null when none is configured; else file; error: why it
 *                    takes nothing, null when it works; failed: since when
 *                    that is, or was at last
 *   roles[]          name; state: "down", "starting", "ready"; pid (null when
 *                    down; a worker's is its keeper's); since; restarts;
 *                    last_end: null, {"exit": STATUS} or {"signal": NUMBER}
 *   workers[]        worker, slots, sane (its table is as it should be), flows
 *                    {total, connecting, open, closing, held, unknown},
 *                    not_recorded_bytes, counters
 *   recorder         counters
 *   total            flows and not_recorded_bytes of all workers; counters,
 *                    sums of all
 *
 * not_recorded_bytes is exact: what was received of observed flows and never
 * came to the recorder, since the ring had no room for it or since the recorder
 * was left behind. Its own gap_bytes is what it noticed of that.
 *
 * Each `counters` has every counter of stat.h by its name.
 */
#ifndef WAYSIDE_STATUS_H
#define WAYSIDE_STATUS_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

struct wayside_view;

/* The two forms. The JSON is the caller's; NULL: no memory. */
void wayside_status_print(FILE *out, const struct wayside_view *v,
			  uint64_t now_ns);
json_t *wayside_status_json(const struct wayside_view *v);

#endif
