/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker_udp.c - associations: UDP flows
 *
 * Theory of operation
 *
 *   listener --datagram--> is there a flow of this client to this server?
 *     yes   it is passed on (the flow's socket was not there yet when it came)
 *     no    the first one of a new flow, if the limits allow it:
 *           two connected sockets (intake_udp.h), a slot that is OPEN at once
 *
 *   socket of a side --datagram--> ring, if observed --> socket of the other
 *
 * One datagram in is one DATA entry and one datagram out, at once and
 * unchanged. UDP never waits: what finds no room in the ring goes by
 * unobserved, whatever when_full says, and is counted like that of TCP; what
 * cannot be sent is dropped and counted. An empty datagram is passed on; it
 * leaves no entry, so no line in a capture, as there is no byte to keep.
 *
 * A socket that is bound and not connected yet can be given another client's
 * datagram (measured: one in a thousand while many flows begin at once). Whose
 * it is says its source; it is dropped and counted.
 *
 * A flow ends when nothing came either way for udp_timeout, and never for what
 * the network says of a datagram (ICMP): a server that refuses now may be back
 * for the next one. A datagram costs one store of the time; who is silent for
 * too long is found by worker_sweep.c. One whose server was not heard yet may
 * be of a client that does not exist: it ends after unanswered_ms already.
 *
 * Limits. An address in a datagram proves nothing, so nobody waits: at
 * max_udp_flows, max_flows, max_flows_per_client, or without a slot, the
 * datagram is dropped and counted. At max_udp_flows an unanswered flow gives
 * way, the one that is silent for longest, and not before its server had
 * WORKER_GIVE_WAY_MS: a flood makes no more flows (and files) than that allows,
 * and a real client's is answered by then. connect_rate does not count them.
 * UDP listeners stay in epoll when those of TCP leave it, and are lent for the
 * dead only: of two workers that read from one listener each could begin the
 * flow.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base_die.h"
#include "base_fd.h"
#include "base_log.h"
#include "intake_connect.h"
#include "intake_udp.h"
#include "worker_internal.h"

_Static_assert(INTAKE_UDP_MAX <= RING_CHUNK_MAX,
	       "a datagram fits into the scratch area, and into an entry");

int worker_udp_init(struct worker *w)
{
	struct worker_udp *u = &w->udp;
	uint32_t n = 1;

	while (n < w->n_slots)
		n *= 2;
	u->heads = calloc(n, sizeof(*u->heads));
	u->next = calloc(w->n_slots, sizeof(*u->next));
	u->mask = n - 1;
	u->unanswered.first = u->unanswered.last = WORKER_NONE;
	u->unanswered_ms = base_die_unanswered_ms(WORKER_UNANSWERED_MS);
	ring_shared_set_udp_flows(w->setup->shared, w->setup->index, 0);
	return u->heads && u->next ? 0 : -ENOMEM;
}

void worker_udp_done(struct worker *w)
{
	free(w->udp.heads);
	free(w->udp.next);
}

/* The chain of those with the same hash: each link is slot + 1, 0 at its end.
 * Ports of one client at one server are spread as they come. */
static uint32_t *chain_of(const struct worker *w,
			  const struct base_addr *client,
			  const struct base_addr *server)
{
	const uint64_t hash =
		ring_shared_pair(w->setup->shared, client, server) +
		client->port;

	return &w->udp.heads[hash & w->udp.mask];
}

static uint32_t find(const struct worker *w, const struct intake_datagram *d)
{
	uint32_t link = *chain_of(w, &d->client, &d->server);

	for (; link; link = w->udp.next[link - 1]) {
		const struct ring_slot *s = &w->slots[link - 1];

		if (base_addr_equal(&s->client, &d->client) &&
		    base_addr_equal(&s->server, &d->server))
			return link - 1;
	}
	return WORKER_NONE;
}

static void remember(struct worker *w, uint32_t slot)
{
	const struct ring_slot *s = &w->slots[slot];
	uint32_t *chain = chain_of(w, &s->client, &s->server);

	w->udp.next[slot] = *chain;
	*chain = slot + 1;
	w->udp.n++;
}

/* Nothing was heard of its server yet. */
static void await_answer(struct worker *w, uint32_t slot)
{
	w->links[slot].unanswered = true;
	worker_list_push(w, &w->udp.unanswered, slot);
}

static void await_no_more(struct worker *w, uint32_t slot)
{
	if (w->links[slot].unanswered)
		worker_list_remove(w, &w->udp.unanswered, slot);
	w->links[slot].unanswered = false;
}

void worker_udp_forget(struct worker *w, uint32_t slot)
{
	const struct ring_slot *s = &w->slots[slot];
	uint32_t *link = chain_of(w, &s->client, &s->server);

	while (*link != slot + 1)
		link = &w->udp.next[*link - 1];
	*link = w->udp.next[slot];
	w->udp.n--;
	await_no_more(w, slot);
	ring_shared_set_udp_flows(w->setup->shared, w->setup->index, w->udp.n);
}

static void count(struct worker *w, enum stat_id id)
{
	stat_add(&w->control->stat, id, 1);
}

/* The first try may only say what became of an earlier datagram. */
static int send_one(struct worker *w, int fd, size_t len)
{
	int r = intake_udp_send(fd, w->pool.scratch, len);

	if (!r || r == -EAGAIN || r == -ENOBUFS)
		return r;
	count(w, STAT_UDP_ERRORS);
	return intake_udp_send(fd, w->pool.scratch, len);
}

/* Return: is it in the ring? Hints of other flows have their room. */
static bool observe(struct worker *w, uint32_t slot, size_t len)
{
	size_t room = len + RELAY_HINT_ROOM;
	uint8_t *to;

	if (!len || !(w->slots[slot].flags & RING_SLOT_OBSERVED))
		return false;
	to = ring_tap_reserve(&w->tap, room, &room, w->env.now_ms);
	if (to)
		memcpy(to, w->pool.scratch, len);
	return to != NULL;
}

/* Something came from side d. */
static void note_heard(struct worker *w, uint32_t slot, unsigned d)
{
	struct worker_link *l = &w->links[slot];

	l->active_ms = (uint32_t)w->env.now_ms;
	if (!l->unanswered)
		return;
	await_no_more(w, slot);
	if (d == RING_SERVER)
		l->idle_ms = l->timeout_ms;
	else
		await_answer(w, slot);
}

/* The datagram in the scratch area, which came from side d. */
static void pass(struct worker *w, uint32_t slot, unsigned d, size_t len)
{
	struct ring_slot *s = &w->slots[slot];

	base_die_at(BASE_DIE_WORKER_RECEIVED);
	relay_book(&w->env, slot, d, len, observe(w, slot, len));
	note_heard(w, slot, d);
	base_die_at(BASE_DIE_WORKER_TAPPED);
	if (send_one(w, s->fd[!d], len)) {
		count(w, STAT_UDP_DROPPED);
		return;
	}
	s->dir[d].bytes_out += len;
	base_die_at(BASE_DIE_WORKER_SENT);
}

static void receive(struct worker *w, uint32_t slot, enum ring_side side)
{
	const struct ring_slot *s = &w->slots[slot];
	const struct base_addr *peer = side == RING_CLIENT ? &s->client
							   : &s->server;

	for (int i = 0; i < WORKER_UDP_BATCH; i++) {
		size_t len;
		const int r = intake_udp_receive(s->fd[side], peer,
						 w->pool.scratch, &len);

		if (r == 0)
			return;
		if (r > 0)
			pass(w, slot, side, len);
		else
			count(w, r == -EBADMSG ? STAT_UDP_DROPPED
					       : STAT_UDP_ERRORS);
	}
}

void worker_udp_ready(struct worker *w, uint32_t slot, enum ring_side side,
		      uint32_t events)
{
	/* taken away here, or the next call would say it */
	if ((events & EPOLLERR) &&
	    intake_connect_result(w->slots[slot].fd[side]))
		count(w, STAT_UDP_ERRORS);
	if (events & EPOLLIN)
		receive(w, slot, side);
}

void worker_udp_pass(struct worker *w, uint32_t slot)
{
	receive(w, slot, RING_CLIENT);
	receive(w, slot, RING_SERVER);
}

static bool try_udp_flows(const struct worker *w)
{
	return ring_shared_try_udp_flows(w->setup->shared, w->setup->index,
					 w->udp.n + 1, w->conf->max_udp_flows);
}

/* The unanswered flow that is silent for longest makes room, if it had its
 * time. A flow of another worker does not. Not what worker_flow_stop() does:
 * the datagram in the scratch area is the new one. */
static bool give_way(struct worker *w)
{
	const uint32_t slot = w->udp.unanswered.first;
	const uint32_t now = (uint32_t)w->env.now_ms;

	if (slot == WORKER_NONE ||
	    now - w->links[slot].active_ms < WORKER_GIVE_WAY_MS ||
	    worker_sweep_is_unread(&w->slots[slot]))
		return false;
	worker_flow_close(w, slot, RING_CLOSE_IDLE, 0);
	return true;
}

/* Room for one more, here and in all? Taken back by settle(). */
static bool has_room(struct worker *w, const struct base_addr *client)
{
	struct ring_shared *shared = w->setup->shared;
	const unsigned self = w->setup->index;

	return w->n_flows < w->n_slots && !worker_hold_is_full(w, client) &&
	       ring_shared_try_flows(shared, self, w->n_flows + 1,
				     w->conf->max_flows) &&
	       (try_udp_flows(w) || (give_way(w) && try_udp_flows(w)));
}

static void settle(struct worker *w)
{
	ring_shared_set_flows(w->setup->shared, w->setup->index, w->n_flows);
	ring_shared_set_udp_flows(w->setup->shared, w->setup->index, w->udp.n);
}

static void tell_in_use(struct worker *w, const struct base_addr *server)
{
	const uint64_t now = w->env.now_ms;
	char text[BASE_ADDR_STRLEN];

	if (w->udp.told_ms && now - w->udp.told_ms < WORKER_TELL_MS)
		return;
	w->udp.told_ms = now;
	base_warn("datagrams to %s cannot be answered and are dropped: a "
		  "program of this host has their port on all addresses",
		  base_addr_format(server, text));
}

/* Return: 0 and both descriptors, or -errno. */
static int open_sockets(enum conf_source source,
			const struct intake_datagram *d, int fds[RING_SIDES])
{
	WS_CLEAN(base_fd_close)
	int client = intake_udp_client(&d->client, &d->server);
	int server;

	if (client < 0)
		return client;
	server = intake_udp_server(source, INTAKE_MARK, &d->client, &d->server);
	if (server < 0)
		return server;
	fds[RING_CLIENT] = base_fd_take(&client);
	fds[RING_SERVER] = server;
	return 0;
}

/* A slot for the flow of these sockets. Return: it, or WORKER_NONE when the
 * flow is over already. */
static uint32_t begin(struct worker *w, const struct intake_conn *c,
		      int server_fd, const struct conf_tables *conf,
		      uint16_t rule)
{
	const uint32_t slot = worker_slot_take(w);
	struct worker_link *l = &w->links[slot];
	struct ring_slot *s = &w->slots[slot];
	int r;

	worker_flow_describe(w, slot, c, conf, rule);
	l->timeout_ms = conf->udp_timeout_ms;
	l->idle_ms = l->timeout_ms < w->udp.unanswered_ms
			     ? l->timeout_ms
			     : w->udp.unanswered_ms;
	s->state = RING_STATE_OPEN;
	count(w, STAT_FLOWS_OPENED);
	count(w, STAT_UDP_FLOWS);
	base_die_at(BASE_DIE_WORKER_SLOT);
	remember(w, slot);
	await_answer(w, slot);
	r = worker_flow_attach(w, slot, server_fd);
	if (!r)
		r = worker_flow_hook(w, slot, RING_CLIENT);
	worker_flow_tell(w, slot);
	worker_sweep_open(w, slot);
	base_die_at(BASE_DIE_WORKER_OPEN);
	if (!r && worker_hold_enter(w, slot))
		return slot;
	/* the last place of its network went to another worker just now */
	worker_flow_close(w, slot,
			  r ? RING_CLOSE_CLIENT_RESET : RING_CLOSE_LIMIT, -r);
	return WORKER_NONE;
}

/* Return: the flow that a first datagram begins; WORKER_NONE: none, and that is
 * counted. */
static uint32_t take(struct worker_listener *listener,
		     const struct intake_datagram *d)
{
	struct worker *w = listener->worker;
	struct intake_conn c = { .transport = CONF_TRANSPORT_UDP,
				 .client = d->client,
				 .server = d->server };
	const struct conf_tables *conf = NULL;
	int fds[RING_SIDES], r;
	uint16_t rule = CONF_RULE_NONE;

	if (!intake_udp_interface(listener->watch.fd, d->interface, c.ifname))
		conf = worker_conf_match(w, &c, &rule);
	if (!conf) {
		count(w, STAT_REFUSED_NO_RULE);
		return WORKER_NONE;
	}
	if (!has_room(w, &d->client)) {
		settle(w);
		count(w, STAT_UDP_LIMIT);
		return WORKER_NONE;
	}
	r = open_sockets(worker_hold_source(
				 w, (enum conf_source)conf->rules[rule].source),
			 d, fds);
	if (r) {
		settle(w);
		count(w, STAT_UDP_DROPPED);
		if (r == -EADDRINUSE)
			tell_in_use(w, &d->server);
		return WORKER_NONE;
	}
	if (listener->socket->worker != w->setup->index)
		count(w, STAT_LENT);
	c.fd = fds[RING_CLIENT];
	return begin(w, &c, fds[RING_SERVER], conf, rule);
}

void worker_udp_listen(struct worker_listener *l, int most)
{
	struct worker *w = l->worker;

	while (most-- > 0) {
		struct intake_datagram d;
		const int r = intake_udp_take(l->watch.fd, &l->socket->listener,
					      w->pool.scratch, &d);
		uint32_t slot;

		if (r == 0)
			return;
		if (r < 0) {
			count(w, r == -ELOOP ? STAT_REFUSED_SELF
					     : STAT_UDP_DROPPED);
			continue;
		}
		slot = find(w, &d);
		if (slot == WORKER_NONE)
			slot = take(l, &d);
		if (slot != WORKER_NONE)
			pass(w, slot, RING_CLIENT, d.len);
	}
}
