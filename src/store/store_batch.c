/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_batch.c - rows wait in memory */
#include "store_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base_hash.h"

#define NS_PER_MS  1000000
#define FIRST_SIZE (256U << 10)
/* A block that grew beyond it for once is given back. */
#define KEEP_SIZE  (8U << 20)
#define FIRST_SEEN 64

#define ALIGN(n)   (((n) + 7) & ~(size_t)7)

static struct base_span text_of(const char *text)
{
	return (struct base_span){ (const uint8_t *)text,
				   text ? strlen(text) : 0 };
}

static int64_t ms_of(uint64_t ns)
{
	return (int64_t)(ns / NS_PER_MS);
}

/* Room for a row. Nothing counts before added(). NULL: no memory. */
static void *room_for(struct store_batch *b, size_t size)
{
	size_t want = b->size ? b->size : FIRST_SIZE;
	uint8_t *rows;

	if (size > STORE_BATCH_MAX - b->len)
		return NULL;
	while (want - b->len < size)
		want *= 2;
	if (want != b->size) {
		rows = realloc(b->rows, want);
		if (!rows)
			return NULL;
		b->rows = rows;
		b->size = want;
	}
	return b->rows + b->len;
}

static void begin(struct store_row *row, enum store_row_kind kind, size_t size,
		  uint64_t flow)
{
	*row = (struct store_row){ .kind = kind,
				   .size = (uint32_t)size,
				   .flow = flow };
}

static void added(struct store_batch *b, size_t size)
{
	b->len += size;
	b->n_rows++;
}

static uint8_t *put(uint8_t *to, struct base_span text)
{
	if (text.len)
		memcpy(to, text.ptr, text.len);
	return to + text.len;
}

int store_add_flow(struct store *s, const struct store_flow *f)
{
	char client[BASE_ADDR_STRLEN], server[BASE_ADDR_STRLEN];
	const struct base_span texts[] = {
		text_of(base_addr_format(&f->client, client)),
		text_of(base_addr_format(&f->server, server)),
		text_of(f->connection_id),
	};
	struct store_row_flow *row;
	const size_t size = ALIGN(sizeof(*row) + texts[0].len + texts[1].len +
				  texts[2].len);
	uint8_t *to;

	row = room_for(&s->batch, size);
	if (!row)
		return -ENOMEM;
	begin(&row->row, STORE_ROW_FLOW, size, f->flow);
	row->opened_ms = ms_of(f->opened_ns);
	row->client_len = (uint32_t)texts[0].len;
	row->server_len = (uint32_t)texts[1].len;
	row->id_len = (uint32_t)texts[2].len;
	to = (uint8_t *)(row + 1);
	for (size_t i = 0; i < WS_ARRAY_LEN(texts); i++)
		to = put(to, texts[i]);
	added(&s->batch, size);
	return 0;
}

int store_add_end(struct store *s, const struct store_end *e)
{
	const struct base_span reason = text_of(e->reason);
	struct store_row_end *row;
	const size_t size = ALIGN(sizeof(*row) + reason.len);

	row = room_for(&s->batch, size);
	if (!row)
		return -ENOMEM;
	begin(&row->row, STORE_ROW_END, size, e->flow);
	row->closed_ms = ms_of(e->closed_ns);
	memcpy(row->bytes, e->bytes, sizeof(row->bytes));
	row->reason_len = (uint32_t)reason.len;
	(void)put((uint8_t *)(row + 1), reason);
	added(&s->batch, size);
	return 0;
}

int store_add_name(struct store *s, uint64_t flow, struct base_span device)
{
	struct store_row_name *row;
	const size_t size = ALIGN(sizeof(*row) + device.len);

	row = room_for(&s->batch, size);
	if (!row)
		return -ENOMEM;
	begin(&row->row, STORE_ROW_NAME, size, flow);
	row->device_len = (uint32_t)device.len;
	(void)put((uint8_t *)(row + 1), device);
	added(&s->batch, size);
	return 0;
}

static uint32_t *place_of(const struct store_batch *b, struct base_span device,
			  uint32_t hash)
{
	const uint32_t mask = 2 * b->seen_size - 1;
	uint32_t i = hash & mask;

	while (b->index[i]) {
		const struct store_seen *d = &b->seen[b->index[i] - 1];

		if (d->hash == hash && d->device_len == device.len &&
		    !memcmp(b->rows + d->device, device.ptr, device.len))
			break;
		i = (i + 1) & mask;
	}
	return &b->index[i];
}

/* One more fits in afterwards. */
static bool seen_grow(struct store_batch *b)
{
	const uint32_t size = b->seen_size ? 2 * b->seen_size : FIRST_SEEN;
	struct store_seen *seen;
	uint32_t *index;

	if (b->n_seen < b->seen_size)
		return true;
	index = calloc((size_t)2 * size, sizeof(*index));
	seen = index ? realloc(b->seen, size * sizeof(*seen)) : NULL;
	if (!seen) {
		free(index);
		return false;
	}
	free(b->index);
	b->seen = seen;
	b->index = index;
	b->seen_size = size;
	for (uint32_t i = 0; i < b->n_seen; i++) {
		uint32_t at = seen[i].hash & (2 * size - 1);

		while (index[at])
			at = (at + 1) & (2 * size - 1);
		index[at] = i + 1;
	}
	return true;
}

/* The row's device, of an event of its client. */
static void note_device(struct store_batch *b,
			const struct store_row_event *row,
			struct base_span protocol, struct base_span device)
{
	const uint32_t hash =
		(uint32_t)base_hash(BASE_HASH_NONE, device.ptr, device.len);
	uint32_t *place = place_of(b, device, hash);
	struct store_seen *d;

	if (!*place) {
		*place = b->n_seen + 1;
		b->seen[b->n_seen++] = (struct store_seen){
			.device = (uint64_t)(device.ptr - b->rows),
			.device_len = (uint32_t)device.len,
			.hash = hash,
			.opened_ms = INT64_MIN,
			.first_ms = INT64_MAX,
			.last_ms = INT64_MIN,
		};
	}
	d = &b->seen[*place - 1];
	d->protocol = (uint64_t)(protocol.ptr - b->rows);
	d->protocol_len = (uint32_t)protocol.len;
	d->events++;
	d->last = b->n_events;
	if (row->time_ms < d->first_ms)
		d->first_ms = row->time_ms;
	if (row->time_ms > d->last_ms)
		d->last_ms = row->time_ms;
	if (row->opened_ms >= d->opened_ms) {
		d->opened_ms = row->opened_ms;
		d->flow = row->row.flow;
	}
}

static struct store_row_position position_of(const struct track_position *p,
					     int64_t event_ms)
{
	return (struct store_row_position){
		.time_ms = p->time_ms == TRACK_TIME_NONE ? event_ms
							 : p->time_ms,
		.lat = p->lat,
		.lon = p->lon,
		.altitude = p->altitude,
		.speed = p->speed,
		.course = p->course,
		.valid = p->valid,
	};
}

int store_add_event(struct store *s, const struct store_event *e)
{
	struct store_batch *b = &s->batch;
	struct base_span protocol = text_of(e->protocol), device = e->device;
	const struct base_span type = text_of(e->type);
	struct store_row_event *row;
	size_t size = sizeof(*row) + e->n_positions * sizeof(*row->positions);
	uint8_t *to;

	if (e->json.len > STORE_BATCH_MAX)
		return -ENOMEM;
	size = ALIGN(size + protocol.len + type.len + device.len + e->json.len);
	row = seen_grow(b) ? room_for(b, size) : NULL;
	if (!row)
		return -ENOMEM;
	begin(&row->row, STORE_ROW_EVENT, size, e->flow);
	row->opened_ms = ms_of(e->opened_ns);
	row->time_ms = ms_of(e->wall_ns);
	row->direction = e->direction;
	row->n_positions = e->n_positions;
	for (uint32_t i = 0; i < e->n_positions; i++)
		row->positions[i] = position_of(&e->positions[i], row->time_ms);
	row->protocol_len = (uint32_t)protocol.len;
	row->type_len = (uint32_t)type.len;
	row->device_len = (uint32_t)device.len;
	row->json_len = (uint32_t)e->json.len;
	to = (uint8_t *)&row->positions[e->n_positions];
	protocol.ptr = to;
	to = put(put(to, text_of(e->protocol)), type);
	device.ptr = to;
	(void)put(put(to, e->device), e->json);
	if (device.len && e->direction == BASE_CLIENT)
		note_device(b, row, protocol, device);
	b->n_events++;
	b->n_positions += e->n_positions;
	added(b, size);
	return 0;
}

void store_batch_clear(struct store_batch *b)
{
	if (b->size > KEEP_SIZE) {
		store_batch_free(b);
		return;
	}
	b->len = 0;
	b->n_rows = b->n_events = b->n_positions = 0;
	b->n_seen = 0;
	if (b->index)
		memset(b->index, 0,
		       (size_t)2 * b->seen_size * sizeof(*b->index));
}

void store_batch_free(struct store_batch *b)
{
	free(b->rows);
	free(b->seen);
	free(b->index);
	*b = (struct store_batch){ .rows = NULL };
}
