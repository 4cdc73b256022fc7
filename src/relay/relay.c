/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay.c - moving the bytes of one flow */
#include "relay.h"

#include <errno.h>
#include <string.h>

#include "base_die.h"
#include "stat.h"

#define IOV_MAX_PIECES 64

/* One pump run. */
struct run {
	struct relay_env *env;
	struct ring_slot *s;
	struct ring_dir *d;
	uint32_t slot;
	unsigned direction;
	int from, to;
};

/* Where the next bytes go. */
struct place {
	uint8_t *buf;
	size_t len;
	bool observed;
};

void relay_begin(struct ring_slot *s)
{
	for (int i = 0; i < RING_SIDES; i++) {
		memset(&s->dir[i], 0, sizeof(s->dir[i]));
		s->dir[i].pend_first = RING_BLOCK_NONE;
		s->dir[i].pend_last = RING_BLOCK_NONE;
		s->dir[i].chunk_shift = RING_CHUNK_SHIFT_MIN;
	}
}

static void set_flag(struct ring_dir *d, enum ring_dir_flag flag, bool on)
{
	d->flags = (uint16_t)(on ? d->flags | flag : d->flags & ~flag);
}

static void set_intent(struct run *r, enum ring_moving moving)
{
	struct ring_intent *i = &r->env->control->intent;

	i->slot = r->slot;
	i->direction = (uint16_t)r->direction;
	i->offset = r->d->bytes_in;
	i->head = r->env->tap->head;
	/* a successor reads it after our death: order as written is enough */
	atomic_signal_fence(memory_order_seq_cst);
	i->moving = (uint16_t)moving;
	atomic_signal_fence(memory_order_seq_cst);
	if (moving)
		base_die_at(BASE_DIE_WORKER_INTENT);
}

static void clear_intent(struct run *r)
{
	atomic_signal_fence(memory_order_seq_cst);
	r->env->control->intent.moving = RING_MOVING_NOTHING;
}

/* Sends what is pending. Return: 0 (look at pend_len) or -errno. */
static int drain(struct run *r)
{
	struct iovec iov[IOV_MAX_PIECES];

	while (r->d->pend_len) {
		const int n =
			ring_pool_peek(r->env->pool, r->d, iov, IOV_MAX_PIECES);
		ssize_t sent;

		set_intent(r, RING_MOVING_POOL);
		sent = r->env->io->sendv(r->to, iov, n);
		if (sent > 0) {
			base_die_at(BASE_DIE_WORKER_SENT);
			ring_pool_consume(r->env->pool, r->d, (size_t)sent);
			r->d->bytes_out += (uint64_t)sent;
		}
		clear_intent(r);
		if (sent <= 0)
			return (int)sent;
	}
	return 0;
}

/* A time for wait_since_ms, where 0 means "not waiting": the one millisecond in
 * 49 days that is 0 counts as the one before it. */
static uint32_t as_since(uint64_t now_ms)
{
	return (uint32_t)now_ms ? (uint32_t)now_ms : UINT32_MAX;
}

/* The ring is full: may the flow be left unread for now? */
static bool may_wait(struct run *r)
{
	const uint64_t now = r->env->now_ms;
	const uint64_t still = ring_tap_still_ms(r->env->tap, now);
	const uint32_t since = r->d->wait_since_ms;

	if (r->s->when_full == RING_WHEN_FULL_WAIT)
		return still < RING_DETACH_MS;
	if (r->s->when_full == RING_WHEN_FULL_DROP)
		return false;
	if (still >= RELAY_STALLED_MS)
		return false;
	return !since || (uint32_t)now - since < RELAY_BRIEF_MS;
}

/* How much to read at most: 0 = the pool could not take the tail. */
static size_t read_limit(const struct run *r)
{
	const size_t room = ring_pool_room(r->env->pool);
	const size_t half = ring_pool_size(r->env->pool) / 2;
	/* those whose receivers do not read share one half; from the other one
	 * each gets a block, so that they do not hold everybody up */
	const size_t most = room > half + RING_BLOCK ? room - half : RING_BLOCK;
	size_t len = (size_t)1 << r->d->chunk_shift;

	if (r->d->flags & RING_DIR_BLOCKED) {
		const size_t takes = r->env->io->room(r->to);

		/* never nothing: the socket said that it is writable */
		if (len > takes)
			len = takes > RING_BLOCK ? takes : RING_BLOCK;
	}
	if (len > most)
		len = most;
	return len < room ? len : room;
}

/* Room in the ring for at most *len bytes, and for the hints of other flows. */
static uint8_t *reserve(struct relay_env *env, size_t *len)
{
	size_t room = *len + RELAY_HINT_ROOM;
	uint8_t *buf = ring_tap_reserve(env->tap, RING_BLOCK + RELAY_HINT_ROOM,
					&room, env->now_ms);

	if (buf && *len > room - RELAY_HINT_ROOM)
		*len = room - RELAY_HINT_ROOM;
	return buf;
}

/* Return: false = do not read now; the reason is in the flags. */
static bool find_place(struct run *r, struct place *p)
{
	struct ring_dir *d = r->d;

	p->len = read_limit(r);
	set_flag(d, RING_DIR_POOL_WAIT, !p->len);
	if (!p->len) {
		stat_add(&r->env->control->stat, STAT_POOL_WAITS, 1);
		return false;
	}
	p->observed = false;
	if (r->s->flags & RING_SLOT_OBSERVED) {
		p->buf = reserve(r->env, &p->len);
		p->observed = p->buf != NULL;
		if (!p->buf && may_wait(r)) {
			if (!d->wait_since_ms) {
				d->wait_since_ms = as_since(r->env->now_ms);
				stat_add(&r->env->control->stat,
					 STAT_RING_WAITS, 1);
			}
			set_flag(d, RING_DIR_RING_WAIT, true);
			return false;
		}
	}
	set_flag(d, RING_DIR_RING_WAIT, false);
	if (p->observed) {
		d->wait_since_ms = 0;
	} else {
		p->buf = r->env->pool->scratch;
		if (p->len > RING_CHUNK_MAX)
			p->len = RING_CHUNK_MAX;
	}
	return true;
}

void relay_book(struct relay_env *env, uint32_t slot, unsigned d, size_t n,
		bool observed)
{
	struct ring_slot *s = &env->slots[slot];
	struct ring_dir *dir = &s->dir[d];
	const struct ring_entry e = {
		.type = RING_ENTRY_DATA,
		.len = (uint32_t)n,
		.slot = slot,
		.serial = s->serial,
		.direction = (uint8_t)d,
		.view = RING_VIEW_WIRE,
		.flow_id = s->flow_id,
		.offset = dir->bytes_in,
		.time_ns = env->wall_ns,
	};

	if (observed)
		ring_tap_commit(env->tap, &e);
	dir->bytes_in += n;
	dir->last_ns = env->wall_ns;
	if (!observed) {
		dir->unobserved += n;
		if (s->flags & RING_SLOT_OBSERVED)
			stat_add(&env->control->stat, STAT_UNOBSERVED_BYTES, n);
	}
	stat_add(&env->control->stat,
		 d == RING_CLIENT ? STAT_CLIENT_BYTES : STAT_SERVER_BYTES, n);
}

/* Full reads want a larger chunk, small ones go back to the smallest. */
static void adapt_chunk(struct ring_dir *d, size_t asked, size_t got)
{
	if (got >= (size_t)1 << d->chunk_shift) {
		if (d->chunk_shift < RING_CHUNK_SHIFT_MAX)
			d->chunk_shift++;
	} else if (got < asked && got < (1U << RING_CHUNK_SHIFT_MIN)) {
		d->chunk_shift = RING_CHUNK_SHIFT_MIN;
	}
}

static ssize_t receive(struct run *r, struct place *p)
{
	const ssize_t n = r->env->io->recv(r->from, p->buf, p->len);

	if (n > 0) {
		base_die_at(BASE_DIE_WORKER_RECEIVED);
		relay_book(r->env, r->slot, r->direction, (size_t)n,
			   p->observed);
		base_die_at(BASE_DIE_WORKER_TAPPED);
	}
	return n;
}

/* Sends fresh bytes and keeps what the receiver did not take. */
static int forward(struct run *r, const struct place *p, size_t n)
{
	struct iovec iov = { .iov_base = p->buf, .iov_len = n };
	const ssize_t sent = r->env->io->sendv(r->to, &iov, 1);

	if (sent < 0)
		return (int)sent;
	base_die_at(BASE_DIE_WORKER_SENT);
	r->d->bytes_out += (uint64_t)sent;
	if ((size_t)sent < n) {
		ring_pool_append(r->env->pool, r->d, p->buf + sent,
				 n - (size_t)sent);
		set_flag(r->d, RING_DIR_BLOCKED, true);
		base_die_at(BASE_DIE_WORKER_KEPT);
	}
	return 0;
}

/* One recv and what it brought. Return: as recv, but for a *failed send. */
static ssize_t move(struct run *r, struct place *p, int *failed)
{
	ssize_t n;

	set_intent(r, p->observed ? RING_MOVING_RING : RING_MOVING_SCRATCH);
	n = receive(r, p);
	if (n > 0) {
		adapt_chunk(r->d, p->len, (size_t)n);
		*failed = forward(r, p, (size_t)n);
	}
	clear_intent(r);
	return n;
}

/* Return: 0, or -errno with *broken set. */
static int fill(struct run *r, enum ring_side *broken)
{
	size_t budget = RELAY_BUDGET;

	while (budget && !r->d->pend_len &&
	       !(r->d->flags & RING_DIR_EOF_SEEN)) {
		struct place p;
		int failed = 0;
		ssize_t n;

		if (!find_place(r, &p))
			return 0;
		n = move(r, &p, &failed);
		if (n == 0)
			return 0;
		if (n == -ESHUTDOWN) {
			set_flag(r->d, RING_DIR_EOF_SEEN, true);
			return 0;
		}
		if (n < 0) {
			*broken = r->direction;
			return (int)n;
		}
		if (failed) {
			*broken = (enum ring_side) !r->direction;
			return failed;
		}
		if ((size_t)n < p.len)
			return 0;
		budget -= (size_t)n < budget ? (size_t)n : budget;
	}
	return 0;
}

int relay_pump(struct relay_env *env, uint32_t slot, unsigned d,
	       enum ring_side *broken)
{
	struct ring_slot *s = &env->slots[slot];
	struct run r = { .env = env,
			 .s = s,
			 .d = &s->dir[d],
			 .slot = slot,
			 .direction = d,
			 .from = s->fd[d],
			 .to = s->fd[!d] };
	int err = drain(&r);

	if (err) {
		*broken = (enum ring_side) !d;
		return err;
	}
	err = fill(&r, broken);
	if (err)
		return err;
	if ((r.d->flags & RING_DIR_EOF_SEEN) && !r.d->pend_len &&
	    !(r.d->flags & RING_DIR_SHUT_SENT)) {
		err = env->io->shutdown(r.to);
		if (err) {
			*broken = (enum ring_side) !d;
			return err;
		}
		base_die_at(BASE_DIE_WORKER_FIN);
		set_flag(r.d, RING_DIR_SHUT_SENT, true);
	}
	return 0;
}

unsigned relay_interest(const struct ring_slot *s, enum ring_side side)
{
	const uint16_t no_read = RING_DIR_EOF_SEEN | RING_DIR_RING_WAIT |
				 RING_DIR_POOL_WAIT;
	unsigned want = RELAY_QUIET;

	switch ((enum ring_state)s->state) {
	case RING_STATE_CONNECTING:
		return side == RING_SERVER ? RELAY_WRITE : RELAY_QUIET;
	case RING_STATE_OPEN:
		if (!(s->dir[side].flags & no_read) && !s->dir[side].pend_len)
			want |= RELAY_READ;
		if (s->dir[!side].pend_len)
			want |= RELAY_WRITE;
		return want;
	case RING_STATE_FREE:
	case RING_STATE_HELD:
	case RING_STATE_CLOSING:
	case RING_STATE_MAX:
		break;
	}
	return RELAY_QUIET;
}

bool relay_finished(const struct ring_slot *s)
{
	return s->dir[RING_CLIENT].flags & s->dir[RING_SERVER].flags &
	       RING_DIR_SHUT_SENT;
}

bool relay_waits(const struct ring_slot *s)
{
	return (s->dir[RING_CLIENT].flags | s->dir[RING_SERVER].flags) &
	       (RING_DIR_RING_WAIT | RING_DIR_POOL_WAIT);
}
