/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker_flow.c - the life of a flow, from the accepted socket to the reaper */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base_die.h"
#include "base_log.h"
#include "base_time.h"
#include "intake_connect.h"
#include "intake_peer.h"
#include "intake_proxy.h"
#include "worker_internal.h"

_Static_assert((int)RING_WHEN_FULL_BRIEF == (int)CONF_WHEN_FULL_BRIEF &&
		       (int)RING_WHEN_FULL_DROP == (int)CONF_WHEN_FULL_DROP &&
		       (int)RING_WHEN_FULL_WAIT == (int)CONF_WHEN_FULL_WAIT,
	       "one meaning in configuration and slot");

/* epoll's data: which flow, which side, and which life of the slot. */
static uint64_t token_of(const struct worker *w, uint32_t slot,
			 enum ring_side side)
{
	return LOOP_FLOW_BIT | (uint64_t)w->slots[slot].serial << 32 |
	       (uint64_t)slot << 1 | side;
}

/* A quiet side is polled for its edge only: a broken connection is told once,
 * and a half-closed one does not wake us again and again. */
static uint32_t epoll_events(unsigned interest)
{
	uint32_t events = 0;

	if (interest & RELAY_READ)
		events |= EPOLLIN;
	if (interest & RELAY_WRITE)
		events |= EPOLLOUT;
	return events ? events : EPOLLET;
}

/* Tells epoll what changed. Return: 0 or -errno. */
static int update_interest(struct worker *w, uint32_t slot)
{
	struct ring_slot *s = &w->slots[slot];

	for (int i = 0; i < RING_SIDES; i++) {
		const enum ring_side side = (enum ring_side)i;
		const unsigned want = relay_interest(s, side);
		int r;

		if (want == s->interest[i])
			continue;
		r = loop_flow_set(&w->loop, s->fd[i], token_of(w, slot, side),
				  epoll_events(want));
		if (r)
			return r;
		s->interest[i] = (uint8_t)want;
	}
	return 0;
}

static void put_hint(struct worker *w, uint32_t slot, uint32_t type,
		     enum ring_close reason, int error)
{
	const struct ring_slot *s = &w->slots[slot];
	const struct ring_entry e = {
		.type = type,
		.len = sizeof(*s),
		.slot = slot,
		.serial = s->serial,
		.reason = (uint8_t)reason,
		.call = w->links[slot].call,
		.error = (uint32_t)error,
		.flow_id = s->flow_id,
		.time_ns = w->env.wall_ns,
	};

	if (!ring_tap_put(&w->tap, &e, s, w->env.now_ms))
		stat_add(&w->control->stat, STAT_HINTS_LOST, 1);
}

static void log_flow(const struct worker *w, uint32_t slot, const char *what)
{
	const struct ring_slot *s = &w->slots[slot];
	char client[BASE_ADDR_STRLEN], server[BASE_ADDR_STRLEN];

	if (!base_log_on(BASE_LOG_INFO))
		return;
	base_info("%s flow=%016llx client=%s server=%s client_bytes=%llu "
		  "server_bytes=%llu",
		  what, (unsigned long long)s->flow_id,
		  base_addr_format(&s->client, client),
		  base_addr_format(&s->server, server),
		  (unsigned long long)s->dir[RING_CLIENT].bytes_in,
		  (unsigned long long)s->dir[RING_SERVER].bytes_in);
}

/* Will the receiver of this direction miss bytes that we have or could read? */
static bool is_cut(const struct ring_slot *s, unsigned direction)
{
	int unread = 0;

	if (s->dir[direction].pend_len)
		return true;
	return s->fd[direction] >= 0 &&
	       ioctl(s->fd[direction], FIONREAD, &unread) == 0 && unread > 0;
}

/* What is not an orderly end is passed on as a reset: also an end of our own
 * making, for a side that does not get all of its bytes; a client that is dead
 * does not get them. */
static void close_sides(struct worker *w, struct ring_slot *s,
			enum ring_close reason)
{
	const bool dead = reason == RING_CLOSE_SUPERSEDED;
	const bool ours = dead || reason == RING_CLOSE_STOPPED ||
			  reason == RING_CLOSE_OPERATOR ||
			  reason == RING_CLOSE_IDLE;
	const bool cut[RING_SIDES] = { ours && is_cut(s, RING_CLIENT),
				       dead || (ours &&
						is_cut(s, RING_SERVER)) };

	for (int i = 0; i < RING_SIDES; i++) {
		if (s->fd[i] < 0)
			continue;
		loop_flow_remove(&w->loop, s->fd[i]);
		if (reason == RING_CLOSE_NORMAL || (ours && !cut[!i]))
			(void)close(s->fd[i]);
		else
			intake_reset(s->fd[i]);
		s->fd[i] = -1;
	}
}

/* Beside STAT_FLOWS_CLOSED; STAT_MAX: nothing. */
static enum stat_id stat_of(enum ring_close reason)
{
	switch (reason) {
	case RING_CLOSE_CLIENT_RESET:
	case RING_CLOSE_SERVER_RESET:
		return STAT_RESETS;
	case RING_CLOSE_CONNECT_FAILED:
		return STAT_CONNECT_FAILED;
	case RING_CLOSE_CONNECT_TIMEOUT:
		return STAT_CONNECT_TIMEOUT;
	case RING_CLOSE_OPERATOR:
		return STAT_FLOWS_OPERATOR;
	case RING_CLOSE_LIMIT:
		return STAT_LIMIT_REFUSED;
	case RING_CLOSE_IDLE:
		return STAT_FLOWS_IDLE;
	case RING_CLOSE_SUPERSEDED:
		return STAT_FLOWS_SUPERSEDED;
	case RING_CLOSE_NORMAL:
	case RING_CLOSE_STOPPED:
	case RING_CLOSE_WORKER_DIED:
	case RING_CLOSE_MAX:
		break;
	}
	return STAT_MAX;
}

void worker_flow_close(struct worker *w, uint32_t slot, enum ring_close reason,
		       int error)
{
	struct ring_slot *s = &w->slots[slot];

	if (s->state == RING_STATE_CLOSING)
		return;
	worker_hold_forget(w, slot);
	if (s->state == RING_STATE_CONNECTING)
		worker_list_remove(w, &w->connecting, slot);
	if (s->transport == RING_TRANSPORT_UDP)
		worker_udp_forget(w, slot);
	close_sides(w, s, reason);
	worker_flow_tell(w, slot);
	put_hint(w, slot, RING_ENTRY_CLOSE, reason, error);
	/* from here on a successor has nothing to tell of it, see bury() */
	s->state = RING_STATE_CLOSING;
	stat_add(&w->control->stat, STAT_FLOWS_CLOSED, 1);
	if (stat_of(reason) != STAT_MAX)
		stat_add(&w->control->stat, stat_of(reason), 1);
	log_flow(w, slot, "closed");
	worker_list_push(w, &w->reap, slot);
	base_die_at(BASE_DIE_WORKER_CLOSED);
}

bool worker_flow_reap(struct worker *w)
{
	const bool any = w->reap.first != WORKER_NONE;

	while (w->reap.first != WORKER_NONE) {
		const uint32_t slot = w->reap.first;
		struct ring_slot *s = &w->slots[slot];

		worker_list_remove(w, &w->reap, slot);
		for (int i = 0; i < RING_SIDES; i++)
			ring_pool_consume(&w->pool, &s->dir[i],
					  s->dir[i].pend_len);
		worker_hold_leave(w, slot);
		worker_slot_give(w, slot);
	}
	return any;
}

/* Puts a flow that waits for ring or pool on the list of the next tick. */
static void note_waiting(struct worker *w, uint32_t slot)
{
	if (!relay_waits(&w->slots[slot]) || w->links[slot].waiting)
		return;
	assert(w->n_waiting < w->n_slots);
	w->links[slot].waiting = 1;
	w->waiting[w->n_waiting++] = slot;
	if (!w->wait_timer.armed)
		loop_timer_set(&w->loop, &w->wait_timer,
			       w->env.now_ms + WORKER_WAIT_TICK_MS);
}

static void break_flow(struct worker *w, uint32_t slot, enum ring_side broken,
		       int error)
{
	worker_flow_close(w, slot,
			  broken == RING_CLIENT ? RING_CLOSE_CLIENT_RESET
						: RING_CLOSE_SERVER_RESET,
			  -error);
}

/* A side takes no more bytes; what it had sent before it broke is still passed
 * on. Without a FIN: the end that follows is a reset. */
static void pass_last_words(struct worker *w, uint32_t slot,
			    enum ring_side broken)
{
	struct ring_dir *d = &w->slots[slot].dir[broken];
	enum ring_side ignored;

	d->flags |= RING_DIR_SHUT_SENT;
	if (relay_pump(&w->env, slot, broken, &ignored) == 0)
		base_debug("last words passed on flow=%016llx",
			   (unsigned long long)w->slots[slot].flow_id);
}

/* Runs the directions in `mask` (bit i = direction i) and what follows. */
static void run(struct worker *w, uint32_t slot, unsigned mask)
{
	int r;

	w->links[slot].active_ms = (uint32_t)w->env.now_ms;
	for (unsigned d = 0; d < RING_SIDES; d++) {
		enum ring_side broken = RING_CLIENT;

		if (!(mask & 1U << d))
			continue;
		r = relay_pump(&w->env, slot, d, &broken);
		if (r) {
			if (broken != d)
				pass_last_words(w, slot, broken);
			break_flow(w, slot, broken, r);
			return;
		}
	}
	if (relay_finished(&w->slots[slot])) {
		worker_flow_close(w, slot, RING_CLOSE_NORMAL, 0);
		return;
	}
	note_waiting(w, slot);
	r = update_interest(w, slot);
	if (r)
		break_flow(w, slot, RING_CLIENT, r);
}

void worker_flow_stop(struct worker *w, uint32_t slot, enum ring_close reason)
{
	if (w->slots[slot].state == RING_STATE_FREE)
		return;
	if (w->slots[slot].state == RING_STATE_OPEN) {
		if (w->slots[slot].transport == RING_TRANSPORT_UDP)
			worker_udp_pass(w, slot);
		else
			run(w, slot, 1U << RING_CLIENT | 1U << RING_SERVER);
	}
	worker_flow_close(w, slot, reason, 0);
}

static void set_deadline(struct worker *w)
{
	const uint32_t slot = w->connecting.first;
	const uint64_t now = w->env.now_ms;

	if (slot == WORKER_NONE) {
		loop_timer_clear(&w->loop, &w->connect_timer);
		return;
	}
	loop_timer_set(
		&w->loop, &w->connect_timer,
		now + (uint32_t)(w->links[slot].deadline_ms - (uint32_t)now));
}

void worker_flow_expire(struct loop_timer *t, uint64_t now_ms)
{
	struct worker *w = WS_CONTAINER(t, struct worker, connect_timer);

	worker_clock(w);
	/* sorted: the first in the list is the next to expire */
	while (w->connecting.first != WORKER_NONE) {
		const uint32_t slot = w->connecting.first;
		const uint32_t late =
			(uint32_t)now_ms - w->links[slot].deadline_ms;

		if (late > INT32_MAX)
			break; /* not yet */
		worker_flow_close(w, slot, RING_CLOSE_CONNECT_TIMEOUT,
				  ETIMEDOUT);
	}
	set_deadline(w);
}

void worker_flow_retry(struct loop_timer *t, uint64_t now_ms)
{
	struct worker *w = WS_CONTAINER(t, struct worker, wait_timer);
	const uint32_t n = w->n_waiting;

	(void)now_ms;
	worker_clock(w);
	w->n_waiting = 0;
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t slot = w->waiting[i];

		/* note_waiting() refills the list from its start: it never
		 * overtakes us, since each slot comes once */
		w->links[slot].waiting = 0;
		if (w->slots[slot].state == RING_STATE_OPEN)
			run(w, slot, 1U << RING_CLIENT | 1U << RING_SERVER);
	}
}

int worker_flow_hook(struct worker *w, uint32_t slot, enum ring_side side)
{
	struct ring_slot *s = &w->slots[slot];
	const unsigned want = relay_interest(s, side);

	s->interest[side] = (uint8_t)want;
	return loop_flow_add(&w->loop, s->fd[side], token_of(w, slot, side),
			     epoll_events(want));
}

static bool observed(const struct conf_rule *rule)
{
	return rule->capture != CONF_CAPTURE_NONE ||
	       rule->observe_code != CONF_OBSERVE_NONE;
}

/* Our own address towards the server; stays empty if the kernel has none. */
static void note_upstream(struct ring_slot *s)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(s->fd[RING_SERVER], (struct sockaddr *)&ss, &len) == 0)
		(void)base_addr_from_sockaddr(&s->upstream,
					      (struct sockaddr *)&ss);
}

void worker_flow_describe(struct worker *w, uint32_t slot,
			  const struct intake_conn *in,
			  const struct conf_tables *conf, uint16_t rule)
{
	const struct conf_rule *r = &conf->rules[rule];
	struct ring_slot *s = &w->slots[slot];
	struct worker_link *l = &w->links[slot];

	s->config_number = conf->number;
	s->rule = rule;
	s->flags = observed(r) ? RING_SLOT_OBSERVED : 0;
	s->when_full = (uint8_t)r->when_full;
	s->capture = (uint8_t)r->capture;
	s->observe = (uint8_t)r->observe_code;
	s->client = in->client;
	s->server = in->server;
	s->opened_ns = w->env.wall_ns;
	s->connection = ring_shared_connection(w->setup->shared, s->opened_ns);
	s->transport = in->transport == CONF_TRANSPORT_UDP ? RING_TRANSPORT_UDP
							   : RING_TRANSPORT_TCP;
	s->fd[RING_CLIENT] = in->fd;
	l->source = (uint8_t)r->source;
	l->idle_ms = conf->idle_timeout_ms;
	l->timeout_ms = conf->connect_timeout_ms;
	l->deadline_ms = (uint32_t)w->env.now_ms + l->timeout_ms;
	l->hold = WORKER_HOLD_NONE;
	l->opened = 0;
	l->call = BASE_CALL_CONNECT;
}

void worker_flow_begin(struct worker *w, uint32_t slot,
		       const struct intake_conn *in,
		       const struct conf_tables *conf, uint16_t rule)
{
	struct ring_slot *s = &w->slots[slot];
	struct ring_shared *shared = w->setup->shared;
	int err;

	worker_flow_describe(w, slot, in, conf, rule);
	ring_shared_came(shared,
			 ring_shared_pair(shared, &s->client, &s->server),
			 s->connection);
	s->state = RING_STATE_HELD;
	stat_add(&w->control->stat, STAT_FLOWS_OPENED, 1);
	base_die_at(BASE_DIE_WORKER_SLOT);
	err = worker_flow_hook(w, slot, RING_CLIENT);
	if (err)
		worker_flow_close(w, slot, RING_CLOSE_CLIENT_RESET, -err);
	else
		worker_hold_begin(w, slot);
}

void worker_flow_tell(struct worker *w, uint32_t slot)
{
	if (w->links[slot].opened)
		return;
	w->links[slot].opened = 1;
	put_hint(w, slot, RING_ENTRY_OPEN, RING_CLOSE_NORMAL, 0);
}

/* Two configurations may have different limits: from the back, where a new one
 * nearly always belongs. */
static void await_server(struct worker *w, uint32_t slot)
{
	struct worker_link *l = &w->links[slot];
	uint32_t after = w->connecting.last;

	l->deadline_ms = (uint32_t)w->env.now_ms + l->timeout_ms;
	while (after != WORKER_NONE &&
	       w->links[after].deadline_ms - l->deadline_ms <= INT32_MAX &&
	       w->links[after].deadline_ms != l->deadline_ms)
		after = w->links[after].prev;
	worker_list_insert(w, &w->connecting, slot, after);
	if (w->connecting.first == slot)
		set_deadline(w);
}

int worker_flow_attach(struct worker *w, uint32_t slot, int fd)
{
	struct ring_slot *s = &w->slots[slot];

	s->fd[RING_SERVER] = fd;
	note_upstream(s);
	return worker_flow_hook(w, slot, RING_SERVER);
}

static void fail_connect(struct worker *w, uint32_t slot, enum base_call call,
			 int error)
{
	w->links[slot].call = (uint8_t)call;
	worker_flow_close(w, slot, RING_CLOSE_CONNECT_FAILED, -error);
}

void worker_flow_connect(struct worker *w, uint32_t slot, int fd,
			 enum base_call call)
{
	struct ring_slot *s = &w->slots[slot];
	int err = fd;

	s->state = RING_STATE_CONNECTING;
	await_server(w, slot);
	if (fd >= 0) {
		call = BASE_CALL_EPOLL_CTL;
		err = worker_flow_attach(w, slot, fd);
	}
	worker_flow_tell(w, slot);
	base_die_at(BASE_DIE_WORKER_CONNECT);
	if (err)
		fail_connect(w, slot, call, err);
}

/* The server is there: what both legs need before the first byte. Return: 0, or
 * -errno and the *call that failed. */
static int prepare_legs(const struct worker *w, const struct ring_slot *s,
			enum base_call *call)
{
	const struct conf_tables *conf = w->conf;
	int r = intake_peer_guard(s->fd[RING_SERVER], conf->keepalive_server_ms,
				  conf->user_timeout_ms);

	if (!r)
		r = intake_peer_guard(s->fd[RING_CLIENT],
				      conf->keepalive_client_ms,
				      conf->user_timeout_ms);
	*call = BASE_CALL_SETSOCKOPT;
	if (!r && conf->proxy_protocol == CONF_PROXY_PROTOCOL_V2)
		r = intake_proxy_introduce(s->fd[RING_SERVER],
					   s->fd[RING_CLIENT], &s->client,
					   call);
	return r;
}

/* The server answered, or did not. */
static void connected(struct worker *w, uint32_t slot)
{
	struct ring_slot *s = &w->slots[slot];
	int err = intake_connect_result(s->fd[RING_SERVER]);
	enum base_call call = BASE_CALL_CONNECT;

	if (!err)
		err = prepare_legs(w, s, &call);
	if (err) {
		fail_connect(w, slot, call, err);
		return;
	}
	worker_list_remove(w, &w->connecting, slot);
	s->state = RING_STATE_OPEN;
	base_die_at(BASE_DIE_WORKER_OPEN);
	log_flow(w, slot, "open");
	worker_sweep_open(w, slot);
	run(w, slot, 1U << RING_CLIENT);
}

/* An event of an open flow's side. */
static void moved(struct worker *w, uint32_t slot, enum ring_side side,
		  uint32_t events)
{
	const struct ring_slot *s = &w->slots[slot];
	const bool reads = s->interest[side] & RELAY_READ;
	unsigned mask = 0;

	if ((events & EPOLLERR) && !reads) {
		break_flow(w, slot, side, -ECONNRESET);
		return;
	}
	if (reads && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		mask |= 1U << side;
	if (events & EPOLLOUT)
		mask |= 1U << !side;
	if (mask)
		run(w, slot, mask);
}

void worker_flow_ready(void *owner, uint64_t token, uint32_t events)
{
	struct worker *w = owner;
	const enum ring_side side = (enum ring_side)(token & 1);
	const uint32_t slot = (uint32_t)token >> 1;
	const uint32_t serial = (uint32_t)(token >> 32) & RING_SERIAL_MAX;
	const struct ring_slot *s = &w->slots[slot];

	if (s->serial != serial)
		return; /* of an earlier life of the slot */
	switch ((enum ring_state)s->state) {
	case RING_STATE_HELD:
	case RING_STATE_CONNECTING:
		if (side == RING_SERVER)
			connected(w, slot);
		else if (events & (EPOLLERR | EPOLLHUP))
			worker_flow_close(w, slot, RING_CLOSE_CLIENT_RESET,
					  ECONNRESET);
		return;
	case RING_STATE_OPEN:
		if (s->transport == RING_TRANSPORT_UDP)
			worker_udp_ready(w, slot, side, events);
		else
			moved(w, slot, side, events);
		return;
	case RING_STATE_FREE:
	case RING_STATE_CLOSING:
	case RING_STATE_MAX:
		return;
	}
}
