/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker_udp_test.c - UDP flows */
#include "worker_udp_test.h"

static void both_ways(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	const struct ring_slot *slot = slot_of(s, 0);
	struct base_addr upstream, from;
	struct lab lab;
	struct tape t;

	(void)state;
	upstream = open_flow(s, MINE, p.c, &p);
	assert_int_equal(slot->state, RING_STATE_OPEN);
	assert_int_equal(slot->transport, RING_TRANSPORT_UDP);
	assert_addr(&slot->client, &p.client);
	assert_addr(&slot->server, &p.server);
	assert_addr(&slot->upstream, &upstream);
	send_to(p.s, &upstream, "answer");
	(void)steps_settle(s);
	from = hear_from(p.c, "answer");
	assert_addr(&from, &p.server);
	send_to(p.c, &p.server, "");
	send_to(p.c, &p.server, "second");
	(void)steps_settle(s);
	from = hear_from(p.s, "");
	assert_addr(&from, &upstream);
	from = hear_from(p.s, "second");
	assert_addr(&from, &upstream);
	assert_int_equal(slot->dir[RING_CLIENT].bytes_in, 11);
	assert_int_equal(slot->dir[RING_CLIENT].bytes_out, 11);
	assert_int_equal(slot->dir[RING_SERVER].bytes_in, 6);
	assert_int_equal(slot->dir[RING_SERVER].bytes_out, 6);
	assert_int_equal(steps_count(s, MINE, STAT_FLOWS_OPENED), 1);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_FLOWS), 1);
	assert_int_equal(steps_count(s, MINE, STAT_CLIENT_BYTES), 11);
	/* each datagram is an entry; the empty one is none */
	lab.map = s->w[MINE].map;
	rewind_tape(&t, &lab);
	next_entry(&t, RING_ENTRY_OPEN);
	next_bytes(&t, RING_CLIENT, 0, "first");
	next_bytes(&t, RING_SERVER, 0, "answer");
	next_bytes(&t, RING_CLIENT, 5, "second");
	end_of_tape(&t);
	free_peers(&p);
	steps_free(s);
}

/* The ones that came before the flow had its sockets. */
static void a_burst_is_one_flow(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	struct base_addr from[3];

	(void)state;
	send_first(s, MINE, p.c, "one");
	send_first(s, MINE, p.c, "two");
	(void)steps_settle(s);
	from[0] = hear_from(p.s, "one");
	from[1] = hear_from(p.s, "two");
	send_first(s, MINE, p.c, "late");
	(void)steps_settle(s);
	from[2] = hear_from(p.s, "late");
	assert_addr(&from[1], &from[0]);
	assert_addr(&from[2], &from[0]);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_FLOWS), 1);
	free_peers(&p);
	steps_free(s);
}

/* Two ports of two clients at two servers: eight flows. */
static void flows_do_not_mix(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p[2] = { new_peers(s, 2), new_peers(s, 3) };
	struct base_addr addr[4], up[2][4];
	int c[4] = { p[0].c, p[1].c, udp_socket(2, &addr[2]),
		     udp_socket(3, &addr[3]) };

	(void)state;
	for (int i = 0; i < 2; i++) {
		lead_to(s, &p[i].server);
		for (int j = 0; j < 4; j++)
			up[i][j] = open_flow(s, MINE, c[j], &p[i]);
	}
	assert_int_equal(steps_count(s, MINE, STAT_UDP_FLOWS), 8);
	for (int i = 0; i < 2; i++) {
		for (int j = 0; j < 4; j++) {
			char text[8];
			struct base_addr from;

			(void)snprintf(text, sizeof(text), "%d to %d", i, j);
			send_to(p[i].s, &up[i][j], text);
			(void)steps_settle(s);
			from = hear_from(c[j], text);
			assert_addr(&from, &p[i].server);
		}
	}
	for (int j = 0; j < 4; j++)
		hear_nothing(c[j]);
	assert_int_equal(close(c[2]), 0);
	assert_int_equal(close(c[3]), 0);
	free_peers(&p[0]);
	free_peers(&p[1]);
	steps_free(s);
}

/* One client's port at so many servers that some of them share a chain. */
static void one_port_at_many_servers(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct base_addr client, servers[N_SLOTS];
	const int c = udp_socket(2, &client);
	int fds[N_SLOTS];

	(void)state;
	for (int i = 0; i < N_SLOTS; i++) {
		fds[i] = udp_socket(1, &servers[i]);
		lead_to(s, &servers[i]);
		send_first(s, MINE, c, "first");
		(void)steps_settle(s);
		(void)hear_from(fds[i], "first");
	}
	for (int i = 0; i < N_SLOTS; i++) {
		lead_to(s, &servers[i]);
		send_first(s, MINE, c, "late");
		(void)steps_settle(s);
		(void)hear_from(fds[i], "late");
	}
	for (int i = 0; i < N_SLOTS; i++)
		hear_nothing(fds[i]);
	/* one leaves its chain, the others are found in theirs */
	for (unsigned i = 0; i < N_SLOTS; i++) {
		worker_flow_stop(s->w[MINE].worker, i, RING_CLOSE_OPERATOR);
		(void)steps_settle(s);
		for (unsigned j = i + 1; j < N_SLOTS; j++) {
			lead_to(s, &servers[j]);
			send_first(s, MINE, c, "later");
			(void)steps_settle(s);
			(void)hear_from(fds[j], "later");
		}
		assert_int_equal(close(fds[i]), 0);
	}
	assert_int_equal(steps_count(s, MINE, STAT_UDP_FLOWS), N_SLOTS);
	assert_int_equal(close(c), 0);
	steps_free(s);
}

/* What the network says of a datagram ends nothing; the vendor comes back. */
static void a_refusal_is_no_end(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	struct base_addr upstream, again;
	const struct sockaddr_in in = in_of(&p.server);

	(void)state;
	upstream = open_flow(s, MINE, p.c, &p);
	assert_int_equal(close(p.s), 0);
	send_first(s, MINE, p.c, "lost");
	(void)steps_settle(s);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_ERRORS), 1);
	assert_int_equal(slot_of(s, 0)->state, RING_STATE_OPEN);
	p.s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(share(p.s), 0);
	assert_int_equal(bind(p.s, (const struct sockaddr *)&in, sizeof(in)),
			 0);
	send_first(s, MINE, p.c, "heard");
	(void)steps_settle(s);
	again = hear_from(p.s, "heard");
	assert_addr(&again, &upstream);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_DROPPED), 0);
	free_peers(&p);
	steps_free(s);
}

/* The refusal is not heard of before the next datagram comes: that one is sent
 * all the same. */
static void a_pending_refusal_drops_nothing(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	const struct sockaddr_in in = in_of(&p.server);
	const struct ring_slot *slot = slot_of(s, 0);

	(void)state;
	(void)open_flow(s, MINE, p.c, &p);
	assert_int_equal(close(p.s), 0);
	/* on the loopback the error is there when the call returns */
	assert_int_equal(send(slot->fd[RING_SERVER], "lost", 4, 0), 4);
	p.s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(share(p.s), 0);
	assert_int_equal(bind(p.s, (const struct sockaddr *)&in, sizeof(in)),
			 0);
	worker_clock(s->w[MINE].worker);
	send_to(p.c, &p.server, "heard");
	worker_udp_ready(s->w[MINE].worker, 0, RING_CLIENT, EPOLLIN);
	(void)hear_from(p.s, "heard");
	assert_int_equal(steps_count(s, MINE, STAT_UDP_ERRORS), 1);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_DROPPED), 0);
	free_peers(&p);
	steps_free(s);
}

/* What came in before the socket was connected, from elsewhere (here the note
 * of the client is changed in place of that): no error of the network. */
static void what_is_of_another_is_dropped(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	struct ring_slot *slot = &s->w[MINE].map.slots[0];

	(void)state;
	(void)open_flow(s, MINE, p.c, &p);
	send_to(p.c, &p.server, "astray");
	slot->client.port ^= 1;
	(void)steps_settle(s);
	slot->client.port ^= 1;
	hear_nothing(p.s);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_DROPPED), 1);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_ERRORS), 0);
	free_peers(&p);
	steps_free(s);
}

/* A rule of the host's firewall that takes what we send. */
static void what_cannot_be_sent_is_dropped(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	const struct ring_slot *slot = slot_of(s, 0);
	char script[160];

	(void)state;
	(void)open_flow(s, MINE, p.c, &p);
	(void)snprintf(script, sizeof(script),
		       "nft 'add table inet no; add chain inet no out { type "
		       "filter hook output priority 0; }; add rule inet no out "
		       "meta mark 0x10000 udp dport %u drop'",
		       (unsigned)p.server.port);
	run_script(script);
	send_to(p.c, &p.server, "dropped");
	(void)steps_settle(s);
	run_script("nft delete table inet no");
	assert_int_equal(steps_count(s, MINE, STAT_UDP_DROPPED), 1);
	assert_int_equal(slot->dir[RING_CLIENT].bytes_in, 12);
	assert_int_equal(slot->dir[RING_CLIENT].bytes_out, 5);
	send_to(p.c, &p.server, "sent");
	(void)steps_settle(s);
	(void)hear_from(p.s, "sent");
	free_peers(&p);
	steps_free(s);
}

#define LONG 60000UL

/*
 * UDP does not wait: all of them arrive at once. What is not in the ring is
 * counted. An entry with its header of 64 bytes is 60,096 bytes long, OPEN 320,
 * the first one 128. The ring of 1 MiB keeps 64 KiB free for hints, so the 16th
 * begins at 901,888 and fits, and the 17th does not.
 */
static void a_full_ring_holds_nothing_up(void **state)
{
	static const uint8_t bytes[LONG];
	static uint8_t buf[LONG];
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	const struct ring_slot *slot = slot_of(s, 0);
	const struct sockaddr_in in = in_of(&p.server);
	uint64_t seen = 0;
	struct lab lab;
	struct tape t;

	(void)state;
	s->conf->rules[0].when_full = CONF_WHEN_FULL_WAIT;
	(void)open_flow(s, MINE, p.c, &p);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(sendto(p.c, bytes, LONG, 0,
					(const struct sockaddr *)&in,
					sizeof(in)),
				 LONG);
		(void)steps_settle(s);
		assert_int_equal(recv(p.s, buf, LONG, MSG_DONTWAIT), LONG);
	}
	lab.map = s->w[MINE].map;
	rewind_tape(&t, &lab);
	next_entry(&t, RING_ENTRY_OPEN);
	next_bytes(&t, RING_CLIENT, 0, "first");
	while (ring_reader_next(&t.reader, &t.e, &t.payload) == 1) {
		assert_int_equal(t.e.type, RING_ENTRY_DATA);
		assert_int_equal(t.e.len, LONG);
		seen += t.e.len;
	}
	ring_map_unview(&t.reader.map);
	assert_int_equal(seen, 16 * LONG);
	assert_int_equal(slot->dir[RING_CLIENT].unobserved, 20 * LONG - seen);
	assert_int_equal(steps_count(s, MINE, STAT_UNOBSERVED_BYTES),
			 20 * LONG - seen);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_DROPPED), 0);
	free_peers(&p);
	steps_free(s);
}

/* One socket's turn is WORKER_UDP_BATCH datagrams. */
static void a_loud_one_lets_others_in(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	int n = 0;
	char byte;

	(void)state;
	(void)open_flow(s, MINE, p.c, &p);
	for (int i = 0; i < 2 * WORKER_UDP_BATCH; i++)
		send_to(p.c, &p.server, "x");
	(void)steps_one(s, MINE);
	while (recv(p.s, &byte, 1, MSG_DONTWAIT) == 1)
		n++;
	assert_int_equal(n, WORKER_UDP_BATCH);
	free_peers(&p);
	steps_free(s);
}

/* Two that read from one listener could both begin the flow: only the dead are
 * helped. */
static void lent_for_the_dead_only(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);

	(void)state;
	(void)ring_shared_set_full(s->shared, 1, true);
	steps_say(s, MINE, ROLE_LEND);
	send_first(s, 1, p.c, "a");
	(void)steps_one(s, MINE);
	hear_nothing(p.s);
	(void)steps_settle(s); /* its own worker's */
	(void)hear_from(p.s, "a");
	(void)ring_shared_set_full(s->shared, 1, false);
	assert_int_equal(steps_count(s, MINE, STAT_LENT), 0);

	steps_kill(s, 1);
	ring_shared_set_dead(s->shared, 1, true);
	assert_int_equal(role_channel_say(s->w[MINE].channel, ROLE_LEND), 0);
	while (steps_one(s, MINE))
		continue;
	send_first(s, 1, p.c, "b");
	while (steps_one(s, MINE))
		continue;
	(void)hear_from(p.s, "b");
	assert_int_equal(steps_count(s, MINE, STAT_LENT), 1);
	ring_shared_set_dead(s->shared, 1, false);
	steps_start(s, 1);
	/* the books of the one that died */
	assert_int_equal(steps_count(s, 1, STAT_FLOWS_DIED), 1);
	assert_int_equal(steps_count(s, 1, STAT_FLOWS_CLOSED), 1);
	assert_int_equal(ring_shared_flows(s->shared), 1);
	free_peers(&p);
	steps_free(s);
}

/* What has come is passed on before the end; a drain takes what the listeners
 * hold. */
static void a_stop_passes_on(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	struct base_addr addr, upstream;
	const int c = udp_socket(3, &addr);

	(void)state;
	upstream = open_flow(s, MINE, p.c, &p);
	send_first(s, MINE, c, "drained");
	worker_accept_drain(s->w[MINE].worker);
	(void)hear_from(p.s, "drained");
	send_to(p.c, &p.server, "last");
	send_to(p.s, &upstream, "to you, too");
	worker_flow_stop(s->w[MINE].worker, 0, RING_CLOSE_STOPPED);
	(void)hear_from(p.s, "last");
	(void)hear_from(p.c, "to you, too");
	steps_say(s, 1, ROLE_DRAIN);
	assert_int_equal(close(c), 0);
	free_peers(&p);
	steps_free(s);
}

/* auto: what the shared word says when the flow begins. */
static void whom_the_server_sees(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	struct base_addr seen, addr;
	const int c = udp_socket(2, &addr);

	(void)state;
	s->conf->rules[0].source = CONF_SOURCE_AUTO;
	ring_shared_set_source(s->shared, CONF_SOURCE_GATEWAY);
	seen = open_flow(s, MINE, p.c, &p);
	assert_int_equal(seen.ip[15], 1);
	ring_shared_set_source(s->shared, CONF_SOURCE_CLIENT);
	seen = open_flow(s, MINE, c, &p);
	assert_int_equal(seen.ip[15], 2);
	assert_int_equal(close(c), 0);
	free_peers(&p);
	steps_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(both_ways),
		CASE(a_burst_is_one_flow),
		CASE(flows_do_not_mix),
		CASE(one_port_at_many_servers),
		CASE(a_refusal_is_no_end),
		CASE(a_pending_refusal_drops_nothing),
		CASE(what_is_of_another_is_dropped),
		CASE(what_cannot_be_sent_is_dropped),
		CASE(a_full_ring_holds_nothing_up),
		CASE(a_loud_one_lets_others_in),
		CASE(lent_for_the_dead_only),
		CASE(a_stop_passes_on),
		CASE(whom_the_server_sees),
	};

	return cmocka_run_group_tests(tests, steps_enter, NULL);
}
