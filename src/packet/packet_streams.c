/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packet_streams.c - from packets to the bytes that each side sent */
#include "packet_streams.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base_hash.h"

/*
 * A position is a sequence number made 64 bits long: its low 32 bits are the
 * sequence number, and it begins in the second round, so that what came out of
 * order may lie before the first one seen.
 */
#define FIRST_ROUND (1ULL << 32)

/* ip_local_port_range begins here; IANA's range of such ports lies above. */
#define EPHEMERAL 32768

/* What is held of a direction, sorted by position. */
struct segment {
	struct segment *before, *after;
	uint64_t at;
	uint64_t time_ns;
	size_t len;
	uint8_t bytes[];
};

/* What one side of a flow sends. */
struct side {
	struct base_addr addr;
	uint64_t start; /* position of stream offset 0 */
	uint64_t next;  /* position of the next byte to be given out */
	uint64_t acked; /* the receiver has all before it */
	uint64_t fin;   /* position of the FIN */
	bool seen;      /* `next` is near what it sends */
	bool known;     /* `start` holds, so bytes may be given out */
	bool finished;  /* `fin` holds */
	struct segment *first, *last;
	size_t held; /* payload bytes */
	uint32_t n_held;
};

struct flow {
	struct packet_flow pub;
	struct side side[2];       /* side[0] sent the first packet */
	int client;                /* its index; -1 = no SYN said it */
	bool opened, closed, late; /* late: in the list of those that wait */
	bool reset;
	uint64_t last_ns;
	uint64_t due_ns;
	struct flow *next;           /* in its bucket */
	struct flow *older, *newer;  /* by its last packet */
	struct flow *sooner, *later; /* of those that wait */
};

struct packet_streams {
	struct packet_streams_setup setup;
	struct packet_counts counts;
	struct flow **buckets;
	uint32_t n_buckets; /* a power of two */
	struct flow *oldest, *newest;
	struct flow *soonest, *latest;
	uint32_t n_flows;
	uint64_t now_ns; /* the largest of the packets' */
	uint64_t memory; /* of what is held */
};

static const struct packet_streams_ops no_ops = { .open = NULL };

struct packet_streams *
packet_streams_new(const struct packet_streams_setup *setup)
{
	struct packet_streams *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->setup = *setup;
	if (!s->setup.max_flows)
		s->setup.max_flows = PACKET_FLOWS_MAX;
	if (!s->setup.ops)
		s->setup.ops = &no_ops;
	for (s->n_buckets = 1; s->n_buckets < s->setup.max_flows;)
		s->n_buckets *= 2;
	s->buckets = calloc(s->n_buckets, sizeof(struct flow *));
	if (s->buckets)
		return s;
	free(s);
	return NULL;
}

const struct packet_counts *
packet_streams_counts(const struct packet_streams *s)
{
	return &s->counts;
}

static uint64_t hash_addr(const struct base_addr *a)
{
	return base_hash(BASE_HASH_NONE ^ a->port, a->ip, sizeof(a->ip));
}

/* The same whoever sends. */
static struct flow **bucket_of(const struct packet_streams *s,
			       const struct base_addr *a,
			       const struct base_addr *b)
{
	const uint64_t hash = hash_addr(a) + hash_addr(b);

	return &s->buckets[(hash ^ hash >> 32) & (s->n_buckets - 1)];
}

/* Return: the index of the sender, or -1: it is another flow's. */
static int sender_of(const struct flow *f, const struct packet *p)
{
	if (f->pub.transport != p->transport)
		return -1;
	for (int i = 0; i < 2; i++) {
		if (base_addr_equal(&f->side[i].addr, &p->from) &&
		    base_addr_equal(&f->side[!i].addr, &p->to))
			return i;
	}
	return -1;
}

/* Lists. */

static void age_unlink(struct packet_streams *s, struct flow *f)
{
	*(f->older ? &f->older->newer : &s->oldest) = f->newer;
	*(f->newer ? &f->newer->older : &s->newest) = f->older;
}

static void age_append(struct packet_streams *s, struct flow *f)
{
	f->older = s->newest;
	f->newer = NULL;
	*(s->newest ? &s->newest->newer : &s->oldest) = f;
	s->newest = f;
}

static void wait_unlink(struct packet_streams *s, struct flow *f)
{
	if (!f->late)
		return;
	*(f->sooner ? &f->sooner->later : &s->soonest) = f->later;
	*(f->later ? &f->later->sooner : &s->latest) = f->sooner;
	f->late = false;
}

/* Sorted by itself: each waits as long, and the clock does not go back. */
static void wait_append(struct packet_streams *s, struct flow *f)
{
	if (f->late)
		return;
	f->due_ns = s->now_ns + PACKET_WAIT_NS;
	f->sooner = s->latest;
	f->later = NULL;
	*(s->latest ? &s->latest->later : &s->soonest) = f;
	s->latest = f;
	f->late = true;
}

/* What is held of a side. */

static void drop_segment(struct packet_streams *s, struct side *d,
			 struct segment *g)
{
	*(g->before ? &g->before->after : &d->first) = g->after;
	*(g->after ? &g->after->before : &d->last) = g->before;
	d->held -= g->len;
	d->n_held--;
	s->memory -= sizeof(*g) + g->len;
	free(g);
}

static struct segment *segment_new(struct packet_streams *s, uint64_t at,
				   struct base_span bytes, uint64_t time_ns)
{
	struct segment *g = malloc(sizeof(*g) + bytes.len);

	if (!g) {
		s->counts.no_memory += bytes.len;
		return NULL;
	}
	*g = (struct segment){ .at = at, .time_ns = time_ns, .len = bytes.len };
	memcpy(g->bytes, bytes.ptr, bytes.len);
	s->memory += sizeof(*g) + bytes.len;
	return g;
}

/* Holds the bytes between two neighbours that do not have them. */
static void insert(struct packet_streams *s, struct side *d,
		   struct segment *before, uint64_t at, struct base_span bytes,
		   uint64_t time_ns)
{
	struct segment *g = segment_new(s, at, bytes, time_ns);

	if (!g)
		return;
	g->before = before;
	g->after = before ? before->after : d->first;
	*(g->before ? &g->before->after : &d->first) = g;
	*(g->after ? &g->after->before : &d->last) = g;
	d->held += g->len;
	d->n_held++;
}

static struct base_span part(struct base_span bytes, size_t from, size_t len)
{
	struct base_rd r;

	base_rd_init(&r, bytes.ptr, bytes.len);
	(void)base_rd_take(&r, from);
	return base_rd_take(&r, len);
}

/* Holds what nobody holds of it yet. */
static void hold(struct packet_streams *s, struct side *d, uint64_t at,
		 struct base_span bytes, uint64_t time_ns)
{
	const uint64_t end = at + bytes.len;
	struct segment *before = d->last, *after;
	uint64_t pos = at;

	while (before && before->at > at)
		before = before->before;
	for (;; before = after) {
		const uint64_t had = before ? before->at + before->len : 0;
		uint64_t to;

		after = before ? before->after : d->first;
		if (had > pos) {
			s->counts.repeated += (had < end ? had : end) - pos;
			pos = had;
		}
		to = after && after->at < end ? after->at : end;
		if (pos < to) {
			insert(s, d, before, pos,
			       part(bytes, pos - at, to - pos), time_ns);
			pos = to;
		}
		if (pos >= end || !after)
			return;
	}
}

/* What comes out. */

static bool same_host(const struct base_addr *a, const struct base_addr *b)
{
	return a->family == b->family && !memcmp(a->ip, b->ip, sizeof(a->ip));
}

/* Return: the index of the client. */
static int client_of(const struct packet_streams *s, const struct flow *f)
{
	const struct base_addr *a = &f->side[0].addr, *b = &f->side[1].addr;
	const bool named = same_host(a, &s->setup.client);

	if (named != same_host(b, &s->setup.client))
		return !named;
	if (f->client >= 0)
		return f->client;
	if (f->pub.transport == PACKET_UDP &&
	    (a->port < EPHEMERAL) == (b->port < EPHEMERAL))
		return 0;
	return a->port < b->port;
}

static void open_flow(struct packet_streams *s, struct flow *f,
		      uint64_t time_ns)
{
	if (f->opened)
		return;
	f->opened = true;
	f->client = client_of(s, f);
	f->pub.number = ++s->counts.flows;
	f->pub.client = f->side[f->client].addr;
	f->pub.server = f->side[!f->client].addr;
	if (s->setup.ops->open)
		s->setup.ops->open(s->setup.arg, &f->pub, time_ns);
}

static void give(struct packet_streams *s, struct flow *f, int i,
		 struct base_span bytes, uint64_t time_ns)
{
	struct side *d = &f->side[i];
	struct packet_chunk c = { .offset = d->next - d->start,
				  .time_ns = time_ns,
				  .bytes = bytes };

	open_flow(s, f, time_ns);
	c.direction = i == f->client ? BASE_CLIENT : BASE_SERVER;
	d->next += bytes.len;
	if (s->setup.ops->chunk)
		s->setup.ops->chunk(s->setup.arg, &f->pub, &c);
}

/* Is it the turn of what is held? */
static bool ready(const struct side *d)
{
	return d->known && d->first && d->first->at <= d->next;
}

static void give_first(struct packet_streams *s, struct flow *f, int i)
{
	struct side *d = &f->side[i];
	struct segment *g = d->first;
	const uint64_t had = d->next - g->at < g->len ? d->next - g->at
						      : g->len;
	const struct base_span bytes = { g->bytes + had, g->len - had };

	s->counts.repeated += had; /* or it lies before the SYN */
	if (bytes.len)
		give(s, f, i, bytes, g->time_ns);
	drop_segment(s, d, g);
}

/* Of both sides, by time. */
static void give_ready(struct packet_streams *s, struct flow *f)
{
	for (;;) {
		const bool a = ready(&f->side[0]), b = ready(&f->side[1]);

		if (!a && !b)
			return;
		give_first(s, f,
			   !a || (b && f->side[1].first->time_ns <
					       f->side[0].first->time_ns));
	}
}

/* Where the next bytes are that it has, if they are not the next ones. */
static uint64_t behind_gap(const struct side *d)
{
	if (d->first)
		return d->first->at;
	return d->finished && d->fin > d->next ? d->fin : d->next;
}

/* Return: true, there is a gap that nothing will fill. */
static bool has_gap(const struct side *d)
{
	const uint64_t to = behind_gap(d);

	return d->known && to > d->next && d->acked >= to;
}

/* The bytes before what is held will not come. */
static void jump(struct packet_streams *s, struct side *d)
{
	const uint64_t to = behind_gap(d);

	if (!d->known) {
		if (!d->first)
			return;
		d->known = true;
		d->start = d->next = to;
	} else if (to > d->next) {
		s->counts.gaps++;
		s->counts.gap_bytes += to - d->next;
		d->next = to;
	}
}

/* all: nothing more comes. Else: the time to wait is over. */
static void settle(struct packet_streams *s, struct flow *f, bool all)
{
	bool more;

	do {
		more = false;
		for (int i = 0; i < 2; i++) {
			struct side *d = &f->side[i];

			if (!d->known || all || has_gap(d))
				jump(s, d);
		}
		give_ready(s, f);
		for (int i = 0; i < 2; i++)
			more |= all ? f->side[i].first != NULL
				    : has_gap(&f->side[i]);
	} while (more);
}

static bool over_limit(const struct packet_streams *s, const struct side *d)
{
	return d->n_held > 0 && (d->held > PACKET_HELD_BYTES ||
				 d->n_held > PACKET_HELD_SEGMENTS ||
				 s->memory > PACKET_MEMORY_MAX);
}

static bool done(const struct side *d)
{
	return d->finished && !d->first && (!d->known || d->next >= d->fin);
}

static void close_flow(struct packet_streams *s, struct flow *f,
		       enum packet_end how)
{
	wait_unlink(s, f);
	if (f->closed)
		return;
	settle(s, f, true);
	if (done(&f->side[0]) && done(&f->side[1]) && !f->reset)
		how = PACKET_END_FIN;
	open_flow(s, f, f->last_ns);
	f->closed = true;
	if (s->setup.ops->close)
		s->setup.ops->close(s->setup.arg, &f->pub, how, f->last_ns);
}

static void remove_flow(struct packet_streams *s, struct flow *f)
{
	struct flow **at = bucket_of(s, &f->side[0].addr, &f->side[1].addr);

	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	age_unlink(s, f);
	s->n_flows--;
	free(f);
}

static void end_flow(struct packet_streams *s, struct flow *f)
{
	close_flow(s, f, f->reset ? PACKET_END_RST : PACKET_END_CUT);
	remove_flow(s, f);
}

void packet_streams_end(struct packet_streams *s)
{
	while (s->oldest)
		end_flow(s, s->oldest);
	s->now_ns = 0;
}

void packet_streams_free(struct packet_streams *s)
{
	if (!s)
		return;
	s->setup.ops = &no_ops;
	packet_streams_end(s);
	free(s->buckets);
	free(s);
}

/* What goes in. */

static struct flow *new_flow(struct packet_streams *s, const struct packet *p)
{
	struct flow *f = calloc(1, sizeof(*f));
	struct flow **at = bucket_of(s, &p->from, &p->to);

	if (!f) {
		s->counts.no_memory += p->payload.len;
		return NULL;
	}
	if (s->n_flows >= s->setup.max_flows) {
		s->counts.evicted += !s->oldest->closed;
		end_flow(s, s->oldest);
	}
	f->pub.transport = p->transport;
	f->side[0].addr = p->from;
	f->side[1].addr = p->to;
	f->client = -1;
	f->next = *at;
	*at = f;
	age_append(s, f);
	s->n_flows++;
	return f;
}

/* The position of a sequence number: of all that have it, the one nearest to
 * what comes next. */
static uint64_t position(struct side *d, uint32_t seq)
{
	if (!d->seen) {
		d->seen = true;
		d->next = FIRST_ROUND + seq;
	}
	return d->next + (uint64_t)(int64_t)(int32_t)(seq - (uint32_t)d->next);
}

/* Is this SYN another one than that of the flow it has the addresses of? */
static bool is_new(const struct flow *f, int i, uint32_t seq)
{
	const struct side *d = &f->side[i];

	if (!d->seen)
		return f->closed;
	if (d->known)
		return (uint32_t)d->start != seq + 1;
	/* of data that overtook it, the first is not far behind it */
	return (uint32_t)d->next - seq - 1 > PACKET_HELD_BYTES;
}

static void take_syn(struct flow *f, int i, const struct packet *p)
{
	struct side *d = &f->side[i];
	const uint64_t start = position(d, p->seq) + 1;

	if (!f->opened)
		f->client = p->flags & PACKET_ACK ? !i : i;
	if (d->known)
		return;
	d->known = true;
	d->start = d->next = start;
}

static void take_bytes(struct packet_streams *s, struct flow *f, int i,
		       uint64_t at, struct base_span bytes, uint64_t time_ns)
{
	struct side *d = &f->side[i];

	if (d->known && at < d->next) {
		const uint64_t had = d->next - at < bytes.len ? d->next - at
							      : bytes.len;

		s->counts.repeated += had;
		bytes = part(bytes, had, bytes.len - had);
		at += had;
	}
	if (!bytes.len)
		return;
	if (d->known && at == d->next && !d->first)
		give(s, f, i, bytes, time_ns);
	else
		hold(s, d, at, bytes, time_ns);
	give_ready(s, f);
	while (over_limit(s, d)) {
		jump(s, d);
		give_ready(s, f);
	}
}

static void take_segment(struct packet_streams *s, struct flow *f, int i,
			 const struct packet *p, uint64_t time_ns)
{
	struct side *d = &f->side[i], *other = &f->side[!i];
	const bool syn = p->flags & PACKET_SYN;

	if (syn) {
		take_syn(f, i, p);
		give_ready(s, f);
	}
	if (p->flags & PACKET_ACK && other->seen) {
		const uint64_t acked = position(other, p->ack);

		if (acked > other->acked)
			other->acked = acked;
	}
	if (p->flags & PACKET_RST) {
		f->reset = true;
		wait_append(s, f);
		return; /* what it carries is no part of the stream */
	}
	if (p->payload.len || p->flags & PACKET_FIN) {
		const uint64_t at = position(d, p->seq + syn);

		take_bytes(s, f, i, at, p->payload, time_ns);
		if (p->flags & PACKET_FIN && !d->finished) {
			d->finished = true;
			d->fin = at + p->payload.len;
		}
	}
	if (done(d) && done(other))
		close_flow(s, f, PACKET_END_FIN);
	else if ((!d->known && d->first) || has_gap(d) || has_gap(other))
		wait_append(s, f);
}

/* It is the one that was heard last. */
static void touch(struct packet_streams *s, struct flow *f, uint64_t time_ns)
{
	f->last_ns = time_ns;
	age_unlink(s, f);
	age_append(s, f);
}

static void feed_tcp(struct packet_streams *s, struct flow *f, int i,
		     const struct packet *p, uint64_t time_ns)
{
	const bool syn = p->flags & PACKET_SYN && !(p->flags & PACKET_RST);

	if (f && syn && is_new(f, i, p->seq)) {
		end_flow(s, f);
		f = NULL;
	}
	if (!f) {
		if (!syn && (!p->payload.len || p->flags & PACKET_RST))
			return;
		f = new_flow(s, p);
		i = 0;
	}
	if (!f)
		return;
	touch(s, f, time_ns);
	if (!f->closed)
		take_segment(s, f, i, p, time_ns);
}

static void feed_udp(struct packet_streams *s, struct flow *f, int i,
		     const struct packet *p, uint64_t time_ns)
{
	if (!p->payload.len)
		return;
	if (!f) {
		f = new_flow(s, p);
		i = 0;
	}
	if (!f)
		return;
	touch(s, f, time_ns);
	give(s, f, i, p->payload, time_ns);
}

/* Those whose time to wait is over. */
static void expire(struct packet_streams *s)
{
	while (s->soonest && s->soonest->due_ns <= s->now_ns) {
		struct flow *f = s->soonest;

		wait_unlink(s, f);
		settle(s, f, f->reset);
		if (f->reset)
			close_flow(s, f, PACKET_END_RST);
		else if (done(&f->side[0]) && done(&f->side[1]))
			close_flow(s, f, PACKET_END_FIN);
	}
}

void packet_streams_feed(struct packet_streams *s, const struct packet *p,
			 uint64_t time_ns)
{
	struct flow *f = *bucket_of(s, &p->from, &p->to);
	int i = -1;

	if (time_ns > s->now_ns)
		s->now_ns = time_ns;
	expire(s);
	for (; f; f = f->next) {
		i = sender_of(f, p);
		if (i >= 0)
			break;
	}
	if (p->transport == PACKET_UDP)
		feed_udp(s, f, i, p, time_ns);
	else
		feed_tcp(s, f, i, p, time_ns);
}
