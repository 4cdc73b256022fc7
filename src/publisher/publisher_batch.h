/* SPDX-License-Identifier: GPL-3.0-or-later */
/* publisher_batch.h - events between the store and the sink */
#ifndef PUBLISHER_BATCH_H
#define PUBLISHER_BATCH_H

#include <stdint.h>

#include "base_attr.h"
#include "sink.h"

struct store_error;
struct store_reader;

struct publisher_batch;

/* format: enum conf_event_format. NULL: no memory. */
struct publisher_batch *publisher_batch_new(uint32_t format);
void publisher_batch_free(struct publisher_batch *b);

/*
 * The events behind number `after`, in place of those that it held. Rows that
 * are no event are left out. Return: 0 and *last, the number of the last row,
 * which is `after` when there is none; -errno and the batch is empty.
 */
WS_MUST_USE int publisher_batch_read(struct publisher_batch *b,
				     struct store_reader *r, int64_t after,
				     int64_t *last, struct store_error *why);

/* What is left of it, to be put. Return: how many. */
unsigned publisher_batch_left(const struct publisher_batch *b,
			      const struct sink_event **events);

/* The number of the i-th of those that are left. */
int64_t publisher_batch_number(const struct publisher_batch *b, unsigned i);

/* The first `n` of those are dealt with. */
void publisher_batch_drop(struct publisher_batch *b, unsigned n);

#endif
