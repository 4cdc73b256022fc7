/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wayside_flows.h - `wayside flows` and `wayside close`: flow by flow
 *
 * `flows` prints one line a flow, the oldest first; with --json an array of
 *
 *   id               connection id, as in the capture's name
 *   flow             flow id, 16 hexadecimal digits
 *   worker, slot     its place
 *   state            "connecting", "open", "closing", "held"; "?" for what is
 *                    none: the worker's table is damaged
 *   client, server   addresses with port
 *   protocol         that of the tracker; "raw" when it is none that Wayside
 *                    knows; null while that is undecided
 *   device           what the tracker calls itself; null before it has
 *   rule             its name; null when the flow began with a configuration
 *                    that is not in force any more
 *   config, rule_number   the number of that configuration, the rule in it
 *   opened           RFC 3339, UTC
 *   client_bytes, server_bytes            received from each
 *   client_unobserved, server_unobserved  of these, not put into the ring
 *   pending          bytes received, not yet sent on
 */
#ifndef WAYSIDE_FLOWS_H
#define WAYSIDE_FLOWS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base_attr.h"
#include "ring_note.h"

struct wayside_view;

/* A copy of a slot, and where it lies. */
struct wayside_flow {
	struct ring_slot slot;
	struct ring_note_text note;
	unsigned worker;
	uint32_t index;
};

struct wayside_flows {
	struct wayside_flow *list; /* the oldest first */
	size_t n;
};

/* Return: 0 or -ENOMEM; wayside_flows_free() frees the list. */
WS_MUST_USE int wayside_flows_collect(const struct wayside_view *v,
				      struct wayside_flows *flows);
void wayside_flows_free(struct wayside_flows *flows);

/* The flow of this connection id or hexadecimal flow id; NULL: none. *n: how
 * many there are. */
const struct wayside_flow *wayside_flows_find(const struct wayside_flows *flows,
					      const char *id, size_t *n);

/* The two forms. The JSON is the caller's; NULL: no memory. */
void wayside_flows_print(FILE *out, const struct wayside_view *v,
			 const struct wayside_flows *flows, uint64_t now_ns);
json_t *wayside_flows_json(const struct wayside_view *v,
			   const struct wayside_flows *flows);

/* Waits until that life of the flow's slot is over. Return: it is. */
WS_MUST_USE bool wayside_flow_over(const struct wayside_view *v,
				   const struct wayside_flow *flow,
				   uint32_t limit_ms);

#endif
