/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_cursor.h - how far a sink is: a small file of its own
 *
 * STORE.SINK.cursor, JSON, beside the store; written by the sink's publisher
 * alone, beside the old one, then renamed over it. Whoever reads gets the old
 * or the new one. The recorder reads it to know what may be deleted, the tool
 * to show it, with or without a daemon.
 */
#ifndef STORE_CURSOR_H
#define STORE_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"

#define STORE_CURSOR_ERROR_LEN 160

struct store_cursor {
	uint64_t store;     /* identity of the file that `event` counts in */
	int64_t event;      /* all up to it are confirmed, or lost */
	uint64_t confirmed; /* events, since the sink was first seen */
	uint64_t retried;   /* handed over again */
	uint64_t lost;      /* deleted from the store before */
	uint64_t returned;  /* confirmed, but the broker had no queue for it */
	uint64_t anew; /* times that it began at the oldest event again, since
			* the store was another, or this file made no sense */
	uint64_t changed_ms; /* wall clock: when the file was written */
	bool connected;
	uint64_t error_ms;                  /* of the last error; 0 = none */
	char error[STORE_CURSOR_ERROR_LEN]; /* plain ASCII; "" = none */
};

/* Return: 0, -ENOENT: the sink is new; -EBADMSG: the file makes no sense;
 * another -errno. */
WS_MUST_USE int store_cursor_read(const char *store, const char *sink,
				  struct store_cursor *out);
/* durable: after a power cut there is the old or the new one; else it may make
 * no sense then. Return: 0 or -errno. */
WS_MUST_USE int store_cursor_write(const char *store, const char *sink,
				   const struct store_cursor *c, bool durable);

#endif
