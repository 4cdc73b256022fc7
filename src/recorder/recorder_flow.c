/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder_flow.c - what comes out of a ring, flow by flow */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_log.h"
#include "recorder_internal.h"
#include "ring_note.h"
#include "ring_shared.h"

_Static_assert((int)RING_CLIENT == (int)BASE_CLIENT &&
		       (int)RING_SERVER == (int)BASE_SERVER &&
		       (int)RING_SIDES == (int)BASE_DIRECTIONS,
	       "a direction is named after the side that sends");

static struct track_events events_of(struct recorder_flow *f)
{
	struct recorder *r = f->ring->recorder;

	r->current = f;
	return (struct track_events){ .event = recorder_event,
				      .arg = r,
				      .counts = &r->counts,
				      .record = r->record,
				      .habits = r->habits };
}

void recorder_flow_touch(struct recorder_flow *f)
{
	struct recorder *r = f->ring->recorder;

	r->dirty = true;
	if (f->changed)
		return;
	f->changed = true;
	f->next_changed = r->changed;
	r->changed = f;
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

/* Where the framer stands, as one number that only grows. */
static uint64_t framed(const struct recorder_flow *f)
{
	return f->track.streams[BASE_CLIENT].offset +
	       f->track.streams[BASE_SERVER].offset;
}

void recorder_flow_expire(struct recorder *r, uint64_t now_ns)
{
	struct recorder_flow *next;

	for (struct recorder_flow *f = r->due_first; f; f = next) {
		const struct track_events events = events_of(f);

		next = f->newer;
		if (now_ns < track_flow_due(&f->track))
			continue;
		if (recorder_guard_enter(r, RECORDER_DECODE_SILENCE, f,
					 framed(f))) {
			track_flow_expire(&f->track, now_ns, &events);
			recorder_guard_leave(r);
		} else {
			track_flow_drop(&f->track, &r->counts);
		}
		recorder_partial_check(f);
		note_due(r, f);
		recorder_flow_touch(f);
		if (r->commit_soon && !recorder_files_commit(r))
			return; /* the others are still due later */
	}
}

static const struct track_protocol *protocol_at(unsigned i)
{
	const struct track_protocol *const *p = track_protocols();

	while (*p && i--)
		p++;
	return *p;
}

/* Return: false, a worker that knows what it does writes no such slot. */
static bool begin_track(struct recorder_flow *f, const struct ring_slot *s)
{
	const struct track_protocol *p = NULL;

	if (s->observe >= CONF_OBSERVE_PROTOCOL) {
		p = protocol_at(s->observe - CONF_OBSERVE_PROTOCOL);
		if (!p)
			return false;
	}
	f->tracked = s->observe != CONF_OBSERVE_NONE;
	f->datagrams = s->transport == RING_TRANSPORT_UDP;
	track_flow_init(&f->track, p, f->server.port);
	return recorder_capture_possible(s) &&
	       s->transport <= RING_TRANSPORT_UDP;
}

/* Goes on where a predecessor's last commit stands. */
static void restore(struct recorder_flow *f, const struct recorder_record *rec)
{
	f->stored = rec->flags & RECORDER_RECORD_STORED &&
		    !f->ring->recorder->store.renewed;
	f->nameless = rec->flags & RECORDER_RECORD_NAMELESS;
	f->track.raw[BASE_CLIENT] = rec->flags & RECORDER_RECORD_RAW_CLIENT;
	f->track.raw[BASE_SERVER] = rec->flags & RECORDER_RECORD_RAW_SERVER;
	if (rec->protocol)
		f->track.protocol = protocol_at(rec->protocol - 1U);
	f->track.session = rec->session;
	/* a predecessor that spoilt it is no reason to read on for ever */
	f->track.session.device[TRACK_DEVICE_LEN - 1] = '\0';
	for (int d = 0; d < BASE_DIRECTIONS; d++) {
		f->next[d] = rec->next[d];
		f->track.streams[d].offset = rec->next[d] - rec->held[d];
	}
}

void recorder_flow_record(const struct recorder_flow *f,
			  struct recorder_record *rec)
{
	const struct track_protocol *const *p = track_protocols();

	*rec = (struct recorder_record){ .serial = f->serial,
					 .capture = f->file.mark,
					 .flags = RECORDER_RECORD_BEGUN,
					 .part = f->file.part,
					 .part_began_ns = f->file.began_ns,
					 .session = f->track.session };
	if (f->ended)
		rec->flags |= RECORDER_RECORD_ENDED;
	if (f->refused)
		rec->flags |= RECORDER_RECORD_REFUSED;
	if (f->track.raw[BASE_CLIENT])
		rec->flags |= RECORDER_RECORD_RAW_CLIENT;
	if (f->track.raw[BASE_SERVER])
		rec->flags |= RECORDER_RECORD_RAW_SERVER;
	if (f->stored)
		rec->flags |= RECORDER_RECORD_STORED;
	if (f->nameless)
		rec->flags |= RECORDER_RECORD_NAMELESS;
	for (uint8_t i = 0; p[i]; i++) {
		if (p[i] == f->track.protocol)
			rec->protocol = (uint8_t)(i + 1);
	}
	for (int d = 0; d < BASE_DIRECTIONS; d++) {
		rec->next[d] = f->next[d];
		if (f->tracked)
			rec->held[d] = (uint32_t)(f->next[d] -
						  f->track.streams[d].offset);
	}
}

/* rec: what is committed of this flow, or NULL. */
static struct recorder_flow *begin(struct recorder_ring *ring, uint32_t slot,
				   const struct ring_slot *s,
				   const struct recorder_record *rec)
{
	struct recorder_flow *f = calloc(1, sizeof(*f));
	const struct capture_id id = {
		.second = ring_connection_second(s->connection),
		.number = ring_connection_number(s->connection),
	};

	if (!f) {
		base_err("out of memory: a flow is not recorded flow=%016llx",
			 (unsigned long long)s->flow_id);
		return NULL;
	}
	f->ring = ring;
	f->slot = slot;
	f->serial = s->serial;
	f->flow_id = s->flow_id;
	f->opened_ns = s->opened_ns;
	f->server = s->server;
	if (!begin_track(f, s)) {
		recorder_nonsense(ring);
		free(f);
		return NULL;
	}
	if (rec)
		restore(f, rec);
	f->file.id = id;
	f->file.client = s->client;
	recorder_capture_begin(f, s, rec);
	ring->flows[slot] = f;
	if (!rec || !(rec->flags & RECORDER_RECORD_BEGUN))
		recorder_flow_touch(f);
	recorder_store_flow(f);
	return f;
}

static void judge(struct recorder_flow *f)
{
	struct recorder *r = f->ring->recorder;
	const struct track_events events = events_of(f);

	if (f->captured)
		capture_file_check(&r->captures, &f->file);
	if (!f->tracked)
		return;
	for (int d = 0; d < BASE_DIRECTIONS; d++) {
		const struct track_stream *s = &f->track.streams[d];

		/* what a predecessor held, and was too far back to read again
		 */
		r->counts.skipped += f->next[d] - (s->offset + s->len);
	}
	if (recorder_guard_enter(r, RECORDER_DECODE_END, f, framed(f))) {
		track_flow_end(&f->track, &events);
		recorder_guard_leave(r);
	} else {
		track_flow_drop(&f->track, &r->counts);
	}
	for (int d = 0; d < BASE_DIRECTIONS; d++)
		f->track.streams[d].offset = f->next[d];
	recorder_partial_check(f);
	note_due(r, f);
	recorder_flow_touch(f);
}

/* It stays in the table, as ended, until that is committed. NULL: its CLOSE
 * was lost, nothing is known of its slot. */
static void end(struct recorder_flow *f, const struct ring_entry *close,
		const struct ring_slot *s)
{
	judge(f);
	recorder_store_end(f, close, s);
	recorder_partial_remove(f);
	list_remove(f->ring->recorder, f);
	f->ended = true;
	recorder_flow_touch(f);
}

static void free_flow(struct recorder_flow *f)
{
	if (f->captured)
		capture_file_close(&f->ring->recorder->captures, &f->file);
	f->ring->flows[f->slot] = NULL;
	free(f);
}

/* For whoever looks at the flows. */
static void publish(const struct recorder_flow *f)
{
	const char *protocol = f->tracked ? track_flow_protocol(&f->track)
					  : NULL;
	struct ring_note_text text = { .protocol = "" };

	(void)snprintf(text.protocol, sizeof(text.protocol), "%s",
		       protocol ? protocol : "");
	(void)snprintf(text.device, sizeof(text.device), "%s",
		       f->track.session.device);
	ring_note_put(&f->ring->reader.map.notes[f->slot], f->serial, &text);
}

void recorder_flow_committed(struct recorder *r)
{
	struct recorder_flow *next;

	for (struct recorder_flow *f = r->changed; f; f = next) {
		next = f->next_changed;
		f->changed = false;
		publish(f);
		if (f->ended)
			free_flow(f);
	}
	r->changed = NULL;
}

void recorder_flow_free_all(struct recorder_ring *ring)
{
	const struct recorder *r = ring->recorder;

	for (uint32_t i = 0; ring->flows && i < ring->n_slots; i++) {
		struct recorder_flow *f = ring->flows[i];

		if (!f)
			continue;
		if (f->tracked) {
			/* only memory: nothing is judged */
			struct track_counts counts = r->counts;

			track_flow_drop(&f->track, &counts);
		}
		free_flow(f);
	}
}

static bool replaying(const struct recorder_ring *ring)
{
	return ring->done < ring->replay_to;
}

/* What the entry says or the table knows of its flow. */
static bool describe(struct recorder_ring *ring, const struct ring_entry *e,
		     const uint8_t *payload, struct ring_slot *s)
{
	if (e->type != RING_ENTRY_DATA) {
		memcpy(s, payload, sizeof(*s));
		return s->serial == e->serial;
	}
	return ring->lost[e->slot] != e->serial &&
	       ring_reader_find(&ring->reader, &ring->closes, e->slot,
				e->serial, s);
}

/* The flow of an entry; *out = NULL: it is gone, or never was. Return: as
 * recorder_flow_entry(). */
static bool find(struct recorder_ring *ring, const struct ring_entry *e,
		 const uint8_t *payload, struct recorder_flow **out)
{
	struct recorder_flow *f = ring->flows[e->slot];
	struct recorder_record rec;
	struct ring_slot s;
	bool known;

	*out = NULL;
	if (f && f->serial == e->serial) {
		*out = f->ended ? NULL : f;
		return true;
	}
	known = recorder_commit_get(ring->recorder->setup->commit, ring->index,
				    e->slot, &rec) &&
		rec.serial == e->serial;
	if (known ? rec.flags & RECORDER_RECORD_ENDED : replaying(ring))
		return true;
	if (f) {
		/* the slot lives again, maybe as its CLOSE got lost. A record
		 * holds one flow, so what is known of this one comes into force
		 * first */
		if (!f->ended)
			end(f, NULL, NULL);
		return false;
	}
	if (describe(ring, e, payload, &s))
		*out = begin(ring, e->slot, &s, known ? &rec : NULL);
	if (!*out)
		ring->lost[e->slot] = e->serial;
	return true;
}

/* Bytes up to stream offset `to` that were not seen. */
static void count_gap(struct recorder_flow *f, enum base_direction d,
		      uint64_t to)
{
	if (to > f->next[d])
		stat_add(&f->ring->recorder->stat, STAT_GAP_BYTES,
			 to - f->next[d]);
}

/* The flow has ended as `s`: what it had at last, and was not seen? */
static void count_last_gaps(struct recorder_flow *f, const struct ring_slot *s)
{
	if (!(s->flags & RING_SLOT_OBSERVED))
		return;
	for (int d = 0; d < BASE_DIRECTIONS; d++)
		count_gap(f, (enum base_direction)d, s->dir[d].bytes_in);
}

/* Kept raw: to the framer it is bytes between messages. */
static void pass_over(struct recorder_flow *f, enum base_direction d,
		      const struct track_chunk *chunk)
{
	const struct track_out out = { .counts = &f->ring->recorder->counts };
	struct track_stream *s = &f->track.streams[d];

	track_stream_skip(s, chunk->bytes.len, &out);
	s->offset = chunk->offset + chunk->bytes.len;
}

static void feed(struct recorder_flow *f, enum base_direction d,
		 const struct track_chunk *chunk)
{
	struct recorder *r = f->ring->recorder;
	const struct track_events events = events_of(f);

	if (!recorder_guard_enter(r, RECORDER_DECODE_ENTRY, f, f->ring->done)) {
		pass_over(f, d, chunk);
		return;
	}
	if (track_flow_feed(&f->track, d, chunk, &events) &&
	    recorder_may_tell(&r->told_memory))
		base_err("too many partial messages: some are lost "
			 "flow=%016llx",
			 (unsigned long long)f->flow_id);
	if (f->datagrams)
		track_flow_cut(&f->track, d, &events);
	recorder_guard_leave(r);
}

/* Gives the framer what it has not had: a predecessor may have emitted
 * messages of an entry whose last bytes are needed again. */
static void frame(struct recorder_flow *f, const struct ring_entry *e,
		  const uint8_t *payload)
{
	const enum base_direction d = (enum base_direction)e->direction;
	const struct track_stream *s = &f->track.streams[d];
	const uint64_t had = s->offset + s->len;
	struct track_chunk chunk = { .offset = e->offset,
				     .wall_ns = e->time_ns };
	struct base_rd rd;

	if (e->offset + e->len <= had)
		return;
	base_rd_init(&rd, payload, e->len);
	if (e->offset < had) {
		(void)base_rd_take(&rd, had - e->offset);
		chunk.offset = had;
	} else {
		/* the beginning lay too far back to be read again; nothing in
		 * a recorder that saw it itself */
		f->ring->recorder->counts.skipped +=
			(e->offset < f->next[d] ? e->offset : f->next[d]) - had;
	}
	chunk.bytes = base_rd_take(&rd, base_rd_left(&rd));
	feed(f, d, &chunk);
	recorder_partial_note(f, d, e->offset);
	note_due(f->ring->recorder, f);
}

/* Return: as recorder_flow_entry(). */
static bool data(struct recorder_flow *f, const struct ring_entry *e,
		 const uint8_t *payload)
{
	struct recorder *r = f->ring->recorder;
	const enum base_direction d = (enum base_direction)e->direction;
	const bool again = replaying(f->ring);

	/* first of all: there may have to be a commit before this entry */
	if (!again && f->captured && !recorder_capture_data(f, e, payload))
		return false;
	recorder_flow_touch(f);
	if (!again)
		count_gap(f, d, e->offset);
	if (!again && f->refused)
		stat_add(&r->stat, STAT_CAPTURE_LOST_BYTES, e->len);
	if (f->tracked)
		frame(f, e, payload);
	if (e->offset + e->len > f->next[d])
		f->next[d] = e->offset + e->len;
	return true;
}

static void closed(struct recorder_flow *f, const struct ring_entry *e,
		   const uint8_t *payload)
{
	struct ring_slot s;

	memcpy(&s, payload, sizeof(s));
	count_last_gaps(f, &s);
	recorder_files_error(f->ring->recorder, f, e);
	recorder_capture_ended(f, e, &s);
	end(f, e, &s);
}

bool recorder_flow_entry(struct recorder_ring *ring, const struct ring_entry *e,
			 const uint8_t *payload)
{
	struct recorder *r = ring->recorder;
	struct recorder_flow *f;

	if (!find(ring, e, payload, &f))
		return false;
	if (!f) {
		if (replaying(ring))
			return true;
		stat_add(&r->stat, STAT_UNKNOWN_FLOWS, 1);
		if (e->type == RING_ENTRY_DATA)
			stat_add(&r->stat, STAT_GAP_BYTES, e->len);
		return true;
	}
	ring->nonsense = false;
	switch ((enum ring_entry_type)e->type) {
	case RING_ENTRY_DATA:
		return data(f, e, payload);
	case RING_ENTRY_CLOSE:
		/* known and not ended, so this is not seen again */
		closed(f, e, payload);
		return true;
	case RING_ENTRY_OPEN:
	case RING_ENTRY_MAX:
		break;
	}
	return true;
}

void recorder_flow_take_over(struct recorder_ring *ring)
{
	const struct recorder_commit *c = ring->recorder->setup->commit;
	struct recorder_record rec;
	struct ring_slot s;

	for (uint32_t i = 0; i < c->n_used[ring->index]; i++) {
		if (!recorder_commit_get(c, ring->index, i, &rec) ||
		    rec.flags & RECORDER_RECORD_ENDED)
			continue;
		/* one that is over may still be in its slot; if not, its
		 * entries will say what it was */
		if (ring_reader_slot(&ring->reader, i, rec.serial, &s) ||
		    (s.serial == rec.serial &&
		     s.serial == ring->reader.map.slots[i].serial)) {
			struct recorder_flow *f = begin(ring, i, &s, &rec);

			if (!f) {
				ring->lost[i] = rec.serial;
				continue;
			}
			publish(f);
			if (f->captured)
				capture_file_check(&ring->recorder->captures,
						   &f->file);
		}
	}
}

static bool has_to_sweep(struct recorder_ring *ring, uint64_t now_ms)
{
	const uint64_t lost =
		stat_get(&ring->reader.map.control->stat, STAT_HINTS_LOST);

	if (!ring->sweep && lost == ring->hints_lost &&
	    now_ms - ring->swept_ms < RECORDER_SWEEP_MS)
		return false;
	ring->sweep = false;
	ring->swept_ms = now_ms;
	ring->hints_lost = lost;
	return true;
}

void recorder_flow_sweep(struct recorder_ring *ring, uint64_t now_ms)
{
	struct recorder *r = ring->recorder;
	struct ring_slot s;

	if (!has_to_sweep(ring, now_ms))
		return;
	for (uint32_t i = 0; i < ring->n_slots; i++) {
		struct recorder_flow *f = ring->flows[i];
		uint32_t state;
		bool over;

		if (!f || f->ended)
			continue;
		state = ring_reader_state(&ring->reader, i, f->serial);
		over = state == RING_STATE_FREE;
		/* in a moment; or its CLOSE has come just now */
		if (state == RING_STATE_CLOSING ||
		    (over && !ring_reader_caught_up(&ring->reader))) {
			ring->sweep = true;
			continue;
		}
		if (!over)
			continue;
		/* freed, and not taken again */
		if (!ring_reader_slot(&ring->reader, i, f->serial, &s) &&
		    s.serial == f->serial) {
			count_last_gaps(f, &s);
			end(f, NULL, &s);
		} else {
			end(f, NULL, NULL);
		}
		if (r->commit_soon && !recorder_files_commit(r)) {
			ring->sweep = true;
			return;
		}
	}
}

/* At a stop: it may live in the keeping of a worker that died, and have had
 * more than its ring. */
static void judge_last(struct recorder_flow *f)
{
	struct ring_slot s;

	judge(f);
	if (!ring_reader_slot(&f->ring->reader, f->slot, f->serial, &s) ||
	    !(s.flags & RING_SLOT_OBSERVED))
		return;
	count_last_gaps(f, &s);
	/* a recorder that dies in the next one's judgement has a successor */
	for (int d = 0; d < BASE_DIRECTIONS; d++) {
		if (s.dir[d].bytes_in > f->next[d])
			f->next[d] = f->track.streams[d].offset =
				s.dir[d].bytes_in;
	}
	recorder_flow_touch(f);
}

void recorder_flow_judge_all(struct recorder *r)
{
	for (unsigned i = 0; i < r->setup->n_workers; i++) {
		struct recorder_ring *ring = &r->rings[i];

		for (uint32_t j = 0; j < ring->n_slots; j++) {
			struct recorder_flow *f = ring->flows[j];

			if (f && !f->ended)
				judge_last(f);
			if (r->commit_soon) /* hurried: then it is done */
				(void)recorder_files_commit(r);
		}
	}
}
