/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * recorder_script_test.h - what two workers write, and what has to become of it
 *
 * A model of two workers writes what flows do into two rings, and keeps for
 * itself what must be in each file: each capture byte for byte, each event in
 * both formats, each line of errors.log; and each counter. In the store must be
 * the events of the JSON file, and a row of each flow.
 */
#ifndef RECORDER_SCRIPT_TEST_H
#define RECORDER_SCRIPT_TEST_H

#include "recorder_test.h"

#define TEXT_LEN 160 /* of a message */
#define FLOWS    8   /* slots in use, a ring */
#define STEPS    420 /* things that happen in one half of a script */
#define FILES    600 /* flows of a script, at most */

/* What must be in one flow's files. */
struct truth {
	uint64_t connection, flow_id;
	bool captured, observed;
	char *capture, *events, *json;
	size_t capture_len, events_len, json_len;
	const char *error; /* its line's message; NULL = none */
	uint64_t error_ns;
	uint64_t opened_ns;
	const char *reason; /* of its end; it came at error_ns */
	uint64_t bytes[RING_SIDES];
};

/* A direction: an endless row of messages, cut anywhere. */
struct talk {
	uint32_t n;      /* number of the message at hand */
	uint32_t at;     /* bytes of it that were sent */
	uint64_t offset; /* in the stream */
};

struct model_flow {
	struct truth *truth; /* NULL = the slot is free */
	struct talk talk[RING_SIDES];
};

struct script {
	struct lab *lab;
	uint64_t random;
	uint64_t now_ns;
	uint32_t number; /* of the last connection */
	struct model_flow flows[LAB_RINGS_MAX][FLOWS];
	struct truth truths[FILES];
	size_t n_truths;
	uint64_t events, capture_bytes, gap_bytes, skipped;
	bool rotates;
	bool jumps; /* the rings go back to their beginning now and then */
	unsigned bursts;
	uint64_t filled[LAB_RINGS_MAX]; /* bytes of the fillers */
	unsigned rotations;
	unsigned deaths;
};

static inline uint32_t draw(struct script *s, uint32_t below)
{
	/* Knuth's MMIX generator; the high bits are the good ones */
	s->random = s->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(s->random >> 33) % below;
}

/* Message n of a direction: its length is right, as the framer wants it. */
static inline size_t message_text(uint32_t n, enum ring_side side,
				  char out[TEXT_LEN])
{
	char content[TEXT_LEN - 24];
	const char who = side == RING_CLIENT ? 'c' : 's';
	int len;

	if (n % 5 == 0)
		len = snprintf(content, sizeof(content),
			       "UD,220414,134652,A,22.571707,N,113.8613968,E,"
			       "0.1,0.0,100,7,60,90,%u,50,0000,%c",
			       n, who);
	else
		len = snprintf(content, sizeof(content), "QQ%c,%u%.*s", who, n,
			       (int)(n % 20), ",22.5,1,0,11,22.571,");
	return (size_t)snprintf(out, TEXT_LEN, "[3G*1234567890*%04X*%s]",
				(unsigned)len, content);
}

static inline void append(char **text, size_t *len, const void *bytes_,
			  size_t n)
{
	*text = realloc(*text, *len + n + 1);
	assert_non_null(*text);
	memcpy(*text + *len, bytes_, n);
	*len += n;
	(*text)[*len] = '\0';
}

/* The script's clock stays in one hour: 14:25:01 and so many seconds. */
static inline void stamp(uint64_t ns, char out[32])
{
	const unsigned s = (unsigned)(25 * 60 + 1 + (ns - NOW) / 1000000000);

	(void)snprintf(out, 32, "2025-11-03 14:%02u:%02u", s / 60 % 60, s % 60);
}

static inline void name_of(const struct truth *t, char out[32])
{
	const unsigned n = (unsigned)(t->connection & 0xfffff);

	if (n)
		(void)snprintf(out, 32, ID "-%u", n + 1);
	else
		(void)snprintf(out, 32, ID);
}

static inline void put(struct script *s, unsigned ring,
		       const struct ring_entry *e, const void *payload)
{
	assert_true(ring_tap_put(&s->lab->taps[ring], e, payload, 1));
}

static inline void put_hint(struct script *s, unsigned ring, uint32_t slot,
			    uint32_t type, enum ring_close reason,
			    uint32_t error)
{
	const struct ring_slot *table = &s->lab->maps[ring].slots[slot];

	put(s, ring,
	    &(struct ring_entry){ .type = type,
				  .len = sizeof(*table),
				  .slot = slot,
				  .serial = table->serial,
				  .reason = (uint8_t)reason,
				  .error = error,
				  .flow_id = table->flow_id,
				  .time_ns = s->now_ns },
	    table);
}

static inline void begin_flow(struct script *s, unsigned ring, uint32_t slot)
{
	struct ring_slot *table = &s->lab->maps[ring].slots[slot];
	struct truth *t = &s->truths[s->n_truths++];
	const uint32_t serial = table->serial + 1;
	/* half a message holds the ring: no flow is framed while it jumps */
	const uint32_t drawn = draw(s, 8), kind = s->jumps ? 1 : drawn;

	assert_true(s->n_truths <= FILES);
	memset(table, 0, sizeof(*table));
	table->flow_id = 0x1000 + s->number;
	table->serial = serial;
	table->state = RING_STATE_OPEN;
	table->flags = RING_SLOT_OBSERVED;
	table->capture = kind == 0 ? CONF_CAPTURE_NONE : CONF_CAPTURE_TEXT;
	table->observe = kind == 1  ? CONF_OBSERVE_NONE
			 : kind < 5 ? CONF_OBSERVE_AUTO
				    : CONF_OBSERVE_PROTOCOL;
	table->connection = SECOND << 20 | s->number++;
	table->opened_ns = s->now_ns;
	assert_true(base_addr_parse(&table->client, "192.0.2.10:4711"));
	assert_true(base_addr_parse(&table->server, "198.51.100.7:7700"));
	*t = (struct truth){ .connection = table->connection,
			     .flow_id = table->flow_id,
			     .opened_ns = s->now_ns,
			     .captured = kind != 0,
			     .observed = kind != 1 };
	s->flows[ring][slot] = (struct model_flow){ .truth = t };
	put_hint(s, ring, slot, RING_ENTRY_OPEN, 0, 0);
}

/* What the framer holds of this direction will never be a message. */
static inline void tear(struct script *s, const struct model_flow *f,
			const struct talk *t)
{
	if (f->truth->observed)
		s->skipped += t->at;
}

/* What is compared of an event: see heads_of(). */
static inline void count_json(const struct script *s, struct truth *t,
			      const char *side, uint64_t offset,
			      const char *text)
{
	const unsigned ds = (unsigned)((s->now_ns - NOW) / 100000000);
	char line[TEXT_LEN + 128];
	const int n = snprintf(
		line, sizeof(line),
		"{\"id\":\"%016llx-%c-%llu\",\"flow\":\"%016llx\","
		"\"time\":\"2025-11-03T14:%02u:%02u.%u00Z\"|%s\n",
		(unsigned long long)t->flow_id, *side,
		(unsigned long long)offset, (unsigned long long)t->flow_id,
		25 + (ds + 10) / 600, (ds + 10) / 10 % 60, ds % 10, text);

	append(&t->json, &t->json_len, line, (size_t)n);
}

/* It ends at that offset. */
static inline void count_message(struct script *s, struct model_flow *f,
				 enum ring_side side, uint64_t end,
				 const char *text)
{
	static const char *const sides[] = { "client", "server" };
	const size_t len = strlen(text);
	char line[TEXT_LEN + 128], when[32], id[32];
	int n;

	if (!f->truth->observed)
		return;
	s->events++;
	stamp(s->now_ns, when);
	name_of(f->truth, id);
	n = snprintf(line, sizeof(line), "%s\t%s\t192.0.2.10\t%s\t%.*s\n", when,
		     sides[side], id, (int)len, text);
	append(&f->truth->events, &f->truth->events_len, line, (size_t)n);
	count_json(s, f->truth, sides[side], end - len, text);
}

/* One DATA entry: up to `most` bytes, over the ends of messages. */
static inline void talk(struct script *s, unsigned ring, uint32_t slot,
			enum ring_side side, uint32_t most)
{
	static const char *const sides[] = { "client", "server" };
	struct model_flow *f = &s->flows[ring][slot];
	struct talk *t = &f->talk[side];
	struct ring_slot *table = &s->lab->maps[ring].slots[slot];
	char chunk[512], text[TEXT_LEN], when[32];
	size_t len = 0;
	const uint64_t from = t->offset;

	while (len < most) {
		const size_t whole = message_text(t->n, side, text);
		size_t n = whole - t->at;

		if (n > most - len)
			n = most - len;
		memcpy(chunk + len, text + t->at, n);
		len += n;
		t->at += (uint32_t)n;
		if (t->at < whole)
			continue;
		count_message(s, f, side, from + len, text);
		t->at = 0;
		t->n++;
	}
	t->offset += len;
	table->dir[side].bytes_in = t->offset;
	put(s, ring,
	    &(struct ring_entry){ .type = RING_ENTRY_DATA,
				  .len = (uint32_t)len,
				  .slot = slot,
				  .serial = table->serial,
				  .direction = (uint8_t)side,
				  .flow_id = table->flow_id,
				  .offset = from,
				  .time_ns = s->now_ns },
	    chunk);
	if (!f->truth->captured)
		return;
	s->capture_bytes += len;
	stamp(s->now_ns, when);
	append(&f->truth->capture, &f->truth->capture_len, when, strlen(when));
	append(&f->truth->capture, &f->truth->capture_len, "\t", 1);
	append(&f->truth->capture, &f->truth->capture_len, sides[side], 6);
	append(&f->truth->capture, &f->truth->capture_len, "\t", 1);
	append(&f->truth->capture, &f->truth->capture_len, chunk, len);
	append(&f->truth->capture, &f->truth->capture_len, "\n", 1);
}

/* The worker found no room: the rest of the message, and the next, are gone. */
static inline void lose(struct script *s, unsigned ring, uint32_t slot,
			enum ring_side side)
{
	struct model_flow *f = &s->flows[ring][slot];
	struct talk *t = &f->talk[side];
	char text[TEXT_LEN];
	uint64_t gone = message_text(t->n, side, text) - t->at;

	gone += message_text(t->n + 1, side, text);
	tear(s, f, t);
	*t = (struct talk){ .n = t->n + 2, .offset = t->offset + gone };
	s->gap_bytes += gone;
	s->lab->maps[ring].slots[slot].dir[side].bytes_in = t->offset;
}

static inline void end_flow(struct script *s, unsigned ring, uint32_t slot)
{
	static const struct {
		enum ring_close reason;
		const char *word;
		uint32_t error;
		const char *line;
	} ends[] = {
		{ RING_CLOSE_NORMAL, "normal", 0, NULL },
		{ RING_CLOSE_CLIENT_RESET, "client-reset", ECONNRESET,
		  "Broken connection (client side) "
		  "(errno=104: Connection reset by peer)" },
		{ RING_CLOSE_WORKER_DIED, "worker-died", 0,
		  "Worker died (no errno)" },
	};
	struct model_flow *f = &s->flows[ring][slot];
	const uint32_t how = draw(s, 3);

	for (int i = 0; i < RING_SIDES; i++)
		tear(s, f, &f->talk[i]);
	if (draw(s, 3) == 0) { /* a gap that only the CLOSE tells of */
		s->lab->maps[ring].slots[slot].dir[RING_SERVER].bytes_in += 77;
		s->gap_bytes += 77;
	}
	f->truth->error = ends[how].line;
	f->truth->error_ns = s->now_ns;
	f->truth->reason = ends[how].word;
	for (int i = 0; i < RING_SIDES; i++)
		f->truth->bytes[i] =
			s->lab->maps[ring].slots[slot].dir[i].bytes_in;
	put_hint(s, ring, slot, RING_ENTRY_CLOSE, ends[how].reason,
		 ends[how].error);
	ring_slot_free(&s->lab->maps[ring].slots[slot]);
	f->truth = NULL;
}

static inline void step(struct script *s)
{
	const unsigned ring = draw(s, s->lab->n_rings);
	const uint32_t slot = draw(s, FLOWS);
	const enum ring_side side = draw(s, 3) ? RING_CLIENT : RING_SERVER;
	const uint32_t what = draw(s, 32);

	s->now_ns += 100000000;
	if (!s->flows[ring][slot].truth) {
		begin_flow(s, ring, slot);
	} else if (what < 2) {
		end_flow(s, ring, slot);
	} else if (what < 4) {
		lose(s, ring, slot, side);
		talk(s, ring, slot, side, 30);
	} else {
		talk(s, ring, slot, side, 1 + draw(s, 90));
	}
}

static inline void end_all(struct script *s)
{
	for (unsigned ring = 0; ring < s->lab->n_rings; ring++) {
		for (uint32_t slot = 0; slot < FLOWS; slot++) {
			if (s->flows[ring][slot].truth)
				end_flow(s, ring, slot);
		}
	}
}

#endif
