/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sink_backoff.h - how long a sink that failed is left alone
 *
 * Twice as long after each failure in a row, SINK_BACKOFF_MAX_MS at most, and
 * at once that long when trying soon is of no use. Of that time a part by
 * chance, between half and all of it: gateways that lost one broker do not come
 * back to it in step. What was confirmed, or a connection that lasted, ends the
 * row. Clock and chance are the caller's.
 */
#ifndef SINK_BACKOFF_H
#define SINK_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#define SINK_BACKOFF_MIN_MS  500
#define SINK_BACKOFF_MAX_MS  30000
#define SINK_BACKOFF_LAST_MS 60000 /* that long open: it had worked */

struct sink_backoff {
	uint32_t (*chance)(void); /* any 32 bits */
	uint32_t delay_ms;        /* after the next failure */
	uint64_t opened_ms;       /* 0: it is not open */
};

void sink_backoff_init(struct sink_backoff *b, uint32_t (*chance)(void));

void sink_backoff_opened(struct sink_backoff *b, uint64_t now_ms);

/* The other side has confirmed something. */
void sink_backoff_worked(struct sink_backoff *b);

/* Could not be opened, or failed while open. Return: ms to wait now. */
uint32_t sink_backoff_failed(struct sink_backoff *b, bool hopeless,
			     uint64_t now_ms);

#endif
