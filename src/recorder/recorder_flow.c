/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder_flow.c - what comes out of a ring, flow by flow */
#include <stdlib.h>
#include <string.h>

#include "base_log.h"
#include "recorder_internal.h"
#include "ring_shared.h"

_Static_assert((int)RING_CLIENT == (int)BASE_CLIENT &&
		       (int)RING_SERVER == (int)BASE_SERVER &&
		       (int)RING_SIDES == (int)BASE_DIRECTIONS,
	       "a direction is named after the side that sends");

/* This recorder was not there when the flow began. */
#define NEXT_UNKNOWN UINT64_MAX

static void message(void *arg, const struct track_message *m)
{
	struct recorder *r = arg;
	const struct recorder_flow *f = r->current;
	const struct capture_event e = {
		.wall_ns = m->wall_ns,
		.direction = m->direction,
		.id = f->id,
		.client = f->client,
		.message = m->bytes,
	};

	capture_events_add(&r->events, &e);
}

static struct track_out out_of(struct recorder *r, struct recorder_flow *f)
{
	r->current = f;
	return (struct track_out){ .message = message,
				   .arg = r,
				   .counts = &r->counts };
}

static void list_remove(struct recorder *r, struct recorder_flow *f)
{
	if (!f->due)
		return;
	*(f->older ? &f->older->newer : &r->due_first) = f->newer;
	*(f->newer ? &f->newer->older : &r->due_last) = f->older;
	f->older = f->newer = NULL;
	f->due = false;
}

/* On the list exactly while silence would complete a message. */
static void note_due(struct recorder *r, struct recorder_flow *f)
{
	const bool due = f->tracked && track_flow_due(&f->track);

	if (due == f->due)
		return;
	if (!due) {
		list_remove(r, f);
		return;
	}
	f->older = r->due_last;
	*(r->due_last ? &r->due_last->newer : &r->due_first) = f;
	r->due_last = f;
	f->due = true;
}

void recorder_flow_expire(struct recorder *r, uint64_t now_ns)
{
	struct recorder_flow *next;

	for (struct recorder_flow *f = r->due_first; f; f = next) {
		struct track_out out = out_of(r, f);

		next = f->newer;
		track_flow_expire(&f->track, now_ns, &out);
		note_due(r, f);
	}
}

static const struct conf_rule *rule_of(const struct recorder *r,
				       const struct ring_slot *s)
{
	return s->rule < r->conf->n_rules ? &r->conf->rules[s->rule] : NULL;
}

static void begin_track(struct recorder_flow *f, const struct conf_rule *rule)
{
	const bool automatic = !strcmp(rule->observe, "auto");

	f->tracked = strcmp(rule->observe, "none") != 0;
	track_flow_init(&f->track,
			automatic ? NULL : track_protocol_find(rule->observe),
			f->server.port);
}

static struct recorder_flow *begin(struct recorder_ring *ring, uint32_t slot,
				   const struct ring_slot *s)
{
	struct recorder *r = ring->recorder;
	const struct conf_rule *rule = rule_of(r, s);
	struct recorder_flow *f;

	if (!rule)
		return NULL;
	f = calloc(1, sizeof(*f));
	if (!f) {
		base_err("out of memory: a flow is not recorded flow=%016llx",
			 (unsigned long long)s->flow_id);
		return NULL;
	}
	f->slot = slot;
	f->serial = s->serial;
	f->flow_id = s->flow_id;
	f->id.second = ring_connection_second(s->connection);
	f->id.number = ring_connection_number(s->connection);
	f->client = s->client;
	f->server = s->server;
	f->captured = rule->capture == CONF_CAPTURE_TEXT;
	begin_track(f, rule);
	if (f->captured &&
	    capture_file_open(&r->captures, &f->file, &f->id, &f->client)) {
		/* told by the first record that is lost; it tries again */
	}
	ring->flows[slot] = f;
	return f;
}

static void end(struct recorder_ring *ring, struct recorder_flow *f)
{
	struct recorder *r = ring->recorder;

	if (f->tracked) {
		struct track_out out = out_of(r, f);

		track_flow_end(&f->track, &out);
	}
	list_remove(r, f);
	if (f->captured)
		capture_file_close(&r->captures, &f->file);
	ring->flows[f->slot] = NULL;
	free(f);
}

/* The flow of an entry; NULL: it is gone, or never was. */
static struct recorder_flow *find(struct recorder_ring *ring,
				  const struct ring_entry *e,
				  const uint8_t *payload)
{
	struct recorder_flow *f = ring->flows[e->slot];
	struct ring_slot s;

	if (f && f->serial == e->serial)
		return f;
	if (f)
		end(ring, f); /* its CLOSE got lost: the slot lives again */
	if (e->type == RING_ENTRY_DATA) {
		if (ring->lost[e->slot] == e->serial)
			return NULL;
		if (!ring_reader_find(&ring->reader, e->slot, e->serial, &s)) {
			ring->lost[e->slot] = e->serial;
			return NULL;
		}
	} else {
		memcpy(&s, payload, sizeof(s));
		if (s.serial != e->serial)
			return NULL;
	}
	f = begin(ring, e->slot, &s);
	if (f && e->type != RING_ENTRY_OPEN &&
	    s.opened_ns < ring->recorder->started_ns)
		f->next[BASE_CLIENT] = f->next[BASE_SERVER] = NEXT_UNKNOWN;
	return f;
}

/* Bytes up to stream offset `to` that were not seen. */
static void count_gap(struct recorder *r, const struct recorder_flow *f,
		      enum base_direction d, uint64_t to)
{
	if (f->next[d] != NEXT_UNKNOWN && to > f->next[d])
		stat_add(r->stat, STAT_GAP_BYTES, to - f->next[d]);
}

/* The flow has ended as `s`: what it had at last, and was not seen? */
static void count_last_gaps(struct recorder *r, const struct recorder_flow *f,
			    const struct ring_slot *s)
{
	if (!(s->flags & RING_SLOT_OBSERVED))
		return;
	for (int d = 0; d < BASE_DIRECTIONS; d++)
		count_gap(r, f, (enum base_direction)d, s->dir[d].bytes_in);
}

static void data(struct recorder_ring *ring, struct recorder_flow *f,
		 const struct ring_entry *e, const uint8_t *payload)
{
	struct recorder *r = ring->recorder;
	const enum base_direction d = (enum base_direction)e->direction;
	const struct base_span bytes = { payload, e->len };

	count_gap(r, f, d, e->offset);
	f->next[d] = e->offset + e->len;
	if (f->captured) {
		capture_file_record(&r->captures, &f->file, e->time_ns, d,
				    bytes);
		stat_add(r->stat, STAT_CAPTURE_BYTES, e->len);
	}
	if (f->tracked) {
		const struct track_chunk chunk = { .offset = e->offset,
						   .wall_ns = e->time_ns,
						   .bytes = bytes };
		struct track_out out = out_of(r, f);

		if (track_flow_feed(&f->track, d, &chunk, &out) &&
		    recorder_may_tell(&r->told_memory))
			base_err("too many partial messages: some are lost "
				 "flow=%016llx",
				 (unsigned long long)f->flow_id);
		note_due(r, f);
	}
}

void recorder_flow_entry(struct recorder_ring *ring, const struct ring_entry *e,
			 const uint8_t *payload)
{
	struct recorder_flow *f = find(ring, e, payload);
	struct ring_slot s;

	if (!f) {
		stat_add(ring->recorder->stat, STAT_UNKNOWN_FLOWS, 1);
		if (e->type == RING_ENTRY_DATA)
			stat_add(ring->recorder->stat, STAT_GAP_BYTES, e->len);
		return;
	}
	switch ((enum ring_entry_type)e->type) {
	case RING_ENTRY_DATA:
		data(ring, f, e, payload);
		return;
	case RING_ENTRY_CLOSE:
		memcpy(&s, payload, sizeof(s));
		count_last_gaps(ring->recorder, f, &s);
		recorder_files_error(ring->recorder, f, e);
		end(ring, f);
		return;
	case RING_ENTRY_OPEN:
	case RING_ENTRY_MAX:
		return;
	}
}

void recorder_flow_sweep(struct recorder_ring *ring)
{
	struct ring_slot s;

	for (uint32_t i = 0; i < ring->n_slots; i++) {
		struct recorder_flow *f = ring->flows[i];

		if (!f || ring_reader_slot(&ring->reader, i, f->serial, &s) ||
		    !ring_reader_caught_up(&ring->reader))
			continue;
		if (s.serial == f->serial) /* freed, not taken again */
			count_last_gaps(ring->recorder, f, &s);
		end(ring, f);
	}
}

void recorder_flow_end_all(struct recorder *r)
{
	for (unsigned i = 0; i < r->setup->n_workers; i++) {
		struct recorder_ring *ring = &r->rings[i];

		for (uint32_t j = 0; ring->flows && j < ring->n_slots; j++) {
			if (ring->flows[j])
				end(ring, ring->flows[j]);
		}
	}
}
