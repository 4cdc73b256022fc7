/* SPDX-License-Identifier: GPL-3.0-or-later */
/* publisher_batch.c - events between the store and the sink */
#include "publisher_batch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base_log.h"
#include "conf_tables.h"
#include "publisher.h"
#include "sink_format.h"
#include "store.h"
#include "store_read.h"

#define FULL 1 /* what ends store_read_events() early */

/* Owned by the publisher. Strings of all events lie in `text`, so they are
 * offsets until it does not grow any more. */
struct publisher_batch {
	uint32_t format;
	unsigned first, n; /* events[first..n-1] are left */
	struct sink_event events[PUBLISHER_BATCH];
	int64_t number[PUBLISHER_BATCH];
	size_t at[PUBLISHER_BATCH]; /* of the event's strings */
	bool named[PUBLISHER_BATCH];
	char *text;
	size_t len, size;
	int64_t last;  /* row */
	unsigned none; /* rows that are no event */
};

struct publisher_batch *publisher_batch_new(uint32_t format)
{
	struct publisher_batch *b = calloc(1, sizeof(*b));

	if (b)
		b->format = format;
	return b;
}

void publisher_batch_free(struct publisher_batch *b)
{
	if (b)
		free(b->text);
	free(b);
}

static bool room(struct publisher_batch *b, size_t more)
{
	size_t size = b->size ? b->size : PUBLISHER_BATCH_BYTES;
	char *text;

	while (size - b->len < more)
		size *= 2;
	if (size == b->size)
		return true;
	text = realloc(b->text, size);
	if (!text)
		return false;
	b->text = text;
	b->size = size;
	return true;
}

static void append(struct publisher_batch *b, const char *s, size_t len)
{
	memcpy(b->text + b->len, s, len);
	b->len += len;
	b->text[b->len++] = '\0';
}

/* id, protocol, type, body, device: each with a NUL behind it. */
static bool keep(struct publisher_batch *b, const struct store_event_row *row,
		 const char *id, const char *body, size_t len)
{
	const char *device = row->device ? row->device : "";
	const size_t ids = strlen(id), protocols = strlen(row->protocol),
		     types = strlen(row->type), devices = strlen(device);

	if (!room(b, ids + protocols + types + devices + len + 5))
		return false;
	b->number[b->n] = row->id;
	b->named[b->n] = row->device != NULL;
	b->at[b->n] = b->len;
	b->events[b->n].len = len;
	append(b, id, ids);
	append(b, row->protocol, protocols);
	append(b, row->type, types);
	append(b, device, devices);
	append(b, body, len);
	b->n++;
	return true;
}

static int add(void *arg, const struct store_event_row *row)
{
	struct publisher_batch *b = arg;
	char id[SINK_FORMAT_ID_LEN], *classic = NULL;
	const char *body = row->json;
	size_t len = row->json_len;
	bool event = sink_format_id(row->json, id);

	if (event && b->format == CONF_EVENT_FORMAT_CLASSIC) {
		classic = sink_format_classic(row->json, row->json_len, &len);
		event = classic != NULL;
		body = classic;
	}
	if (event && !keep(b, row, id, body, len)) {
		free(classic);
		return -ENOMEM;
	}
	free(classic);
	b->none += !event;
	b->last = row->id;
	return b->len >= PUBLISHER_BATCH_BYTES ? FULL : 0;
}

/* The text does not move any more. */
static void point(struct publisher_batch *b)
{
	for (unsigned i = 0; i < b->n; i++) {
		struct sink_event *e = &b->events[i];
		const char *s = b->text + b->at[i];

		e->id = s;
		s += strlen(s) + 1;
		e->protocol = s;
		s += strlen(s) + 1;
		e->type = s;
		s += strlen(s) + 1;
		e->device = b->named[i] ? s : NULL;
		s += strlen(s) + 1;
		e->body = s;
	}
}

int publisher_batch_read(struct publisher_batch *b, struct store_reader *r,
			 int64_t after, int64_t *last, struct store_error *why)
{
	const struct store_query q = { .after = after,
				       .limit = PUBLISHER_BATCH };
	int err;

	b->first = b->n = b->none = 0;
	b->len = 0;
	b->last = after;
	err = store_read_events(r, &q, add, b, why);
	if (err < 0) {
		b->n = 0;
		return err;
	}
	if (b->none)
		base_warn("the store has rows that are no events: ignoring %u",
			  b->none);
	point(b);
	*last = b->last;
	return 0;
}

unsigned publisher_batch_left(const struct publisher_batch *b,
			      const struct sink_event **events)
{
	*events = b->events + b->first;
	return b->n - b->first;
}

int64_t publisher_batch_number(const struct publisher_batch *b, unsigned i)
{
	return b->number[b->first + i];
}

void publisher_batch_drop(struct publisher_batch *b, unsigned n)
{
	b->first += n;
}
