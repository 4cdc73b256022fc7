/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wayside_sinks.h - `wayside sinks`: how far each sink is
 *
 * From the cursor files beside the store (store_cursor.h), the configuration if
 * there is one, and the store's numbers: it works while the daemon is down. One
 * line a sink, those of the configuration first, in its order; with --json an
 * array of
 *
 *   name
 *   kind, target    amqp, exec or redis; the URI without its password, or the
 *                   program; null when it is not configured
 *   state           "connected", "not connected"; "new": it has no cursor yet;
 *                   "not configured": a cursor was left; "unreadable"
 *   event           the number up to which all is confirmed
 *   lag             events that wait in the store; null: not known
 *   confirmed       events, since the sink was first seen
 *   retried, lost, returned, anew    as store_cursor.h says
 *   changed         RFC 3339, UTC: when this was written
 *   error, error_time    the last one; null when there was none
 *
 * What a cursor would say is null where there is none.
 */
#ifndef WAYSIDE_SINKS_H
#define WAYSIDE_SINKS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base_attr.h"
#include "conf_tables.h"
#include "store_cursor.h"
#include "store_read.h"

struct wayside_sink {
	char name[CONF_NAME_LEN];
	const struct conf_sink *conf; /* NULL: not configured, or not known */
	int error;                    /* of reading the cursor */
	struct store_cursor cursor;   /* if there was none */
};

struct wayside_sinks {
	struct wayside_sink *list; /* heap */
	size_t n, n_configured;    /* those come first */
	bool has_conf;             /* of a configuration */
	bool quiet;                /* no daemon runs: none is connected */
	struct store_extent extent;
};

/* What the configuration (NULL: none) and the directory of the store say.
 * out->extent and out->quiet are the caller's. Return: 0 or -errno, and then
 * there is nothing to free. */
WS_MUST_USE int wayside_sinks_collect(const char *store,
				      const struct conf_tables *conf,
				      struct wayside_sinks *out);
void wayside_sinks_free(struct wayside_sinks *s);

void wayside_sinks_print(FILE *out, const struct wayside_sinks *s);
/* NULL: no memory. */
json_t *wayside_sinks_json(const struct wayside_sinks *s);

#endif
