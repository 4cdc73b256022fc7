/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker_udp_limits_test.c - what is no UDP flow, or no longer */
#include <sys/resource.h>

#include "intake_udp.h"
#include "worker_udp_test.h"

/* The linker puts it in place of intake_udp_send(). */
int __real_intake_udp_send(int fd, const void *buf, size_t len);
int __wrap_intake_udp_send(int fd, const void *buf, size_t len);

static int fails; /* with this, unless 0 */
static unsigned n_sent;

int __wrap_intake_udp_send(int fd, const void *buf, size_t len)
{
	n_sent++;
	return fails ? fails : __real_intake_udp_send(fd, buf, len);
}

/* A full buffer is no message of the network, after which it is tried again. */
static void what_finds_no_room_is_dropped(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);

	(void)state;
	(void)open_flow(s, MINE, p.c, &p);
	n_sent = 0;
	for (unsigned i = 0; i < 2; i++) {
		fails = i ? -EAGAIN : -ENOBUFS;
		send_to(p.c, &p.server, "dropped");
		(void)steps_settle(s);
		fails = 0;
		assert_int_equal(n_sent, i + 1);
		assert_int_equal(steps_count(s, MINE, STAT_UDP_DROPPED), i + 1);
	}
	assert_int_equal(steps_count(s, MINE, STAT_UDP_ERRORS), 0);
	hear_nothing(p.s);
	free_peers(&p);
	steps_free(s);
}

/* Of all workers together; those who have a flow keep it. */
static void at_max_udp_flows_one_is_dropped(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	struct base_addr addr[3];
	int c[3], tcp, server;

	(void)state;
	s->conf->max_udp_flows = 2;
	for (int i = 0; i < 3; i++)
		c[i] = udp_socket(2, &addr[i]);
	(void)open_flow(s, 0, c[0], &p);
	(void)open_flow(s, 1, c[1], &p);
	for (unsigned i = 0; i < STEPS_WORKERS; i++) {
		send_first(s, i, c[2], "dropped");
		(void)steps_settle(s);
		assert_int_equal(steps_count(s, i, STAT_UDP_LIMIT), 1);
		assert_int_equal(steps_count(s, i, STAT_ACCEPT_PAUSES), 0);
	}
	hear_nothing(p.s);
	assert_int_equal(ring_shared_flows(s->shared), 2);
	send_to(c[0], &p.server, "goes on");
	tcp = steps_client(s, MINE, 2, 0);
	say(tcp, "tcp");
	server = steps_server(s, "tcp");
	(void)hear_from(p.s, "goes on");
	/* one ends, one may come */
	worker_flow_stop(s->w[1].worker, 0, RING_CLOSE_OPERATOR);
	(void)steps_settle(s);
	assert_int_equal(steps_count(s, 1, STAT_FLOWS_OPERATOR), 1);
	(void)open_flow(s, 0, c[2], &p); /* whichever worker gets it */
	assert_int_equal(close(tcp), 0);
	assert_int_equal(close(server), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(close(c[i]), 0);
	free_peers(&p);
	steps_free(s);
}

static void other_limits_hold_too(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	struct base_addr addr;
	int c;

	(void)state;
	s->conf->max_flows_per_client = 1;
	(void)open_flow(s, MINE, p.c, &p);
	c = udp_socket(2, &addr);
	send_first(s, MINE, c, "dropped");
	(void)steps_settle(s);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_LIMIT), 1);
	assert_int_equal(close(c), 0);
	c = udp_socket(3, &addr);
	(void)open_flow(s, MINE, c, &p); /* another network */
	s->conf->max_flows_per_client = 0;
	s->conf->max_flows = 2;
	send_first(s, MINE, c, "first"); /* a flow that is there */
	assert_int_equal(close(c), 0);
	c = udp_socket(4, &addr);
	send_first(s, MINE, c, "dropped");
	(void)steps_settle(s);
	(void)hear_from(p.s, "first");
	hear_nothing(p.s);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_LIMIT), 2);
	/* what a limit refused is no flow, and leaves no count */
	assert_int_equal(steps_count(s, MINE, STAT_FLOWS_OPENED), 2);
	assert_int_equal(ring_shared_flows(s->shared), 2);
	s->conf->max_flows = s->conf->max_udp_flows = 3;
	(void)open_flow(s, 1, c, &p);
	assert_int_equal(close(c), 0);
	free_peers(&p);
	steps_free(s);
}

/* udp_timeout after the last datagram of either side; the next one is a new
 * flow. A sweep comes once a second. */
static void silence_ends_it(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	struct base_addr upstream, second;
	struct sockaddr_in in;
	const int kept = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	upstream = open_flow(s, MINE, p.c, &p);
	(void)steps_pass_ms(s, 9000);
	send_to(p.s, &upstream, "here");
	(void)steps_pass_ms(s, 9000);
	(void)hear_from(p.c, "here");
	assert_int_equal(slot_of(s, 0)->state, RING_STATE_OPEN);
	send_to(p.c, &p.server, "there");
	(void)steps_pass_ms(s, 9999);
	(void)hear_from(p.s, "there");
	assert_int_equal(slot_of(s, 0)->state, RING_STATE_OPEN);
	(void)steps_pass_ms(s, 1 + WORKER_SWEEP_MS);
	assert_int_equal(slot_of(s, 0)->state, RING_STATE_FREE);
	assert_int_equal(steps_count(s, MINE, STAT_FLOWS_IDLE), 1);
	assert_int_equal(ring_shared_flows(s->shared), 0);
	/* its port is free, and not chosen again by chance */
	in = in_of(&upstream);
	assert_int_equal(bind(kept, (struct sockaddr *)&in, sizeof(in)), 0);
	second = open_flow(s, MINE, p.c, &p);
	assert_false(base_addr_equal(&second, &upstream));
	assert_int_equal(steps_count(s, MINE, STAT_UDP_FLOWS), 2);
	assert_int_equal(close(kept), 0);
	free_peers(&p);
	steps_free(s);
}

/* Half a minute after the client's last datagram, as the kernel's connection
 * tracking has it, or udp_timeout, if that is shorter. The server's first one
 * makes it udp_timeout for good. */
static void who_is_never_answered_is_soon_over(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	const struct ring_slot *slot = slot_of(s, 0);
	struct base_addr upstream;

	(void)state;
	s->conf->udp_timeout_ms = 300000;
	(void)open_flow(s, MINE, p.c, &p);
	steps_jump_ms(s, 20000);
	send_to(p.c, &p.server, "again");
	(void)steps_settle(s);
	(void)hear_from(p.s, "again");
	steps_jump_ms(s, 29999);
	assert_int_equal(slot->state, RING_STATE_OPEN);
	steps_jump_ms(s, 1 + WORKER_SWEEP_MS);
	assert_int_equal(slot->state, RING_STATE_FREE);
	assert_int_equal(steps_count(s, MINE, STAT_FLOWS_IDLE), 1);
	upstream = open_flow(s, MINE, p.c, &p);
	send_to(p.s, &upstream, "answer");
	(void)steps_settle(s);
	(void)hear_from(p.c, "answer");
	steps_jump_ms(s, 299999);
	assert_int_equal(slot->state, RING_STATE_OPEN);
	steps_jump_ms(s, 1 + WORKER_SWEEP_MS);
	assert_int_equal(slot->state, RING_STATE_FREE);
	s->conf->udp_timeout_ms = 7000;
	(void)open_flow(s, MINE, p.c, &p);
	steps_jump_ms(s, 6999);
	assert_int_equal(slot->state, RING_STATE_OPEN);
	steps_jump_ms(s, 1 + WORKER_SWEEP_MS);
	assert_int_equal(slot->state, RING_STATE_FREE);
	free_peers(&p);
	steps_free(s);
}

/* That nobody is there is no answer: the client may be as false as before. */
static void a_refusal_is_no_answer(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);

	(void)state;
	s->conf->udp_timeout_ms = 300000;
	assert_int_equal(close(p.s), 0);
	send_first(s, MINE, p.c, "lost");
	(void)steps_settle(s);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_ERRORS), 1);
	assert_int_equal(slot_of(s, 0)->state, RING_STATE_OPEN);
	steps_jump_ms(s, 30000 + WORKER_SWEEP_MS);
	assert_int_equal(slot_of(s, 0)->state, RING_STATE_FREE);
	assert_int_equal(close(p.c), 0);
	steps_free(s);
}

/* The clients' N first datagrams, a second apart. */
static void open_flows(struct steps *s, const struct peers *p, const int *c,
		       unsigned n, struct base_addr *upstream)
{
	for (unsigned i = 0; i < n; i++) {
		upstream[i] = open_flow(s, MINE, c[i], p);
		steps_jump_ms(s, 1000);
	}
}

/* At max_udp_flows: the one whose client is silent for longest, once its server
 * had two seconds, and none that was answered. */
static void at_the_cap_an_unanswered_one_gives_way(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	struct base_addr addr, up[3];
	int c[6];

	(void)state;
	s->conf->udp_timeout_ms = 300000;
	s->conf->max_udp_flows = 3;
	for (int i = 0; i < 6; i++)
		c[i] = udp_socket(2, &addr);
	open_flows(s, &p, c, 3, up);
	send_to(p.s, &up[0], "answer");
	(void)steps_settle(s);
	(void)hear_from(c[0], "answer");
	for (int i = 0; i < 2; i++) {
		send_to(c[i], &p.server, "again");
		(void)steps_settle(s);
		(void)hear_from(p.s, "again");
	}
	/* flow 2 is 1 s old, flow 1 was heard just now */
	steps_jump_ms(s, 999);
	send_first(s, MINE, c[3], "dropped");
	(void)steps_settle(s);
	hear_nothing(p.s);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_LIMIT), 1);
	steps_jump_ms(s, 1);
	(void)open_flow(s, MINE, c[3], &p);
	assert_int_equal(slot_of(s, 2)->state, RING_STATE_FREE);
	assert_int_equal(slot_of(s, 1)->state, RING_STATE_OPEN);
	assert_int_equal(steps_count(s, MINE, STAT_FLOWS_IDLE), 1);
	assert_int_equal(ring_shared_flows(s->shared), 3);
	/* an answer that waits to be passed on when a new one comes */
	steps_jump_ms(s, 5000);
	send_first(s, MINE, c[4], "dropped");
	send_to(p.s, &up[1], "late");
	steps_arrive(s);
	worker_clock(s->w[MINE].worker);
	worker_udp_listen(&s->w[MINE].worker->listeners[STEPS_WORKERS + MINE],
			  1);
	(void)steps_settle(s);
	(void)hear_from(c[1], "late");
	hear_nothing(p.s);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_LIMIT), 2);
	/* flow 3, then nobody is left who would */
	(void)open_flow(s, MINE, c[4], &p);
	send_first(s, MINE, c[5], "dropped");
	(void)steps_settle(s);
	hear_nothing(p.s);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_LIMIT), 3);
	for (int i = 0; i < 2; i++) {
		send_to(p.s, &up[i], "on");
		(void)steps_settle(s);
		(void)hear_from(c[i], "on");
	}
	for (int i = 0; i < 6; i++)
		assert_int_equal(close(c[i]), 0);
	free_peers(&p);
	steps_free(s);
}

/* No slot is free, so TCP connections wait in the backlog: datagrams of flows
 * that are there do not. */
static void the_pause_of_tcp_is_not_theirs(void **state)
{
	struct steps *s = steps_new(1);
	struct peers p = new_peers(s, 2);
	struct base_addr addr;
	int c, tcp;

	(void)state;
	(void)open_flow(s, MINE, p.c, &p);
	tcp = steps_client(s, MINE, 2, 0);
	(void)steps_settle(s);
	assert_int_equal(steps_count(s, MINE, STAT_ACCEPT_PAUSES), 1);
	send_first(s, MINE, p.c, "goes on");
	(void)steps_settle(s);
	(void)hear_from(p.s, "goes on");
	/* a new one would need a slot */
	c = udp_socket(3, &addr);
	send_first(s, MINE, c, "dropped");
	(void)steps_settle(s);
	hear_nothing(p.s);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_LIMIT), 1);
	assert_int_equal(close(c), 0);
	assert_int_equal(close(tcp), 0);
	free_peers(&p);
	steps_free(s);
}

/* Whom no rule names is not taken: from a reload on the kernel hands over none,
 * but a few may be on their way. */
static void without_a_rule_one_is_dropped(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);

	(void)state;
	s->conf->listen.family = 0; /* interception: rules are looked at */
	s->conf->rules[0].transport = CONF_TRANSPORT_TCP;
	s->conf->rules[0].local = CONF_YES;
	s->conf->rules[0].to.n = s->conf->n_dests = 1;
	assert_true(base_net_parse(&s->conf->dests[0].net, "127.0.0.0/8"));
	s->conf->dests[0].port_first = 1;
	s->conf->dests[0].port_last = 65535;
	send_first(s, MINE, p.c, "dropped");
	(void)steps_settle(s);
	hear_nothing(p.s);
	assert_int_equal(steps_count(s, MINE, STAT_REFUSED_NO_RULE), 1);
	s->conf->rules[0].transport = CONF_TRANSPORT_UDP;
	(void)open_flow(s, MINE, p.c, &p);
	assert_int_equal(steps_count(s, MINE, STAT_REFUSED_NO_RULE), 1);
	free_peers(&p);
	steps_free(s);
}

/* That is dropped, too, and not told as a port that somebody has. */
static void without_a_descriptor_one_is_dropped(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	struct rlimit was, none;

	(void)state;
	send_first(s, MINE, p.c, "dropped");
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = was;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	(void)steps_settle(s);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	hear_nothing(p.s);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_DROPPED), 1);
	assert_int_equal(s->w[MINE].worker->udp.told_ms, 0);
	(void)open_flow(s, MINE, p.c, &p);
	free_peers(&p);
	steps_free(s);
}

/* Nor who wants to reach the listener itself, or a server whose port a program
 * of this host has on all addresses. */
static void who_cannot_be_served_is_dropped(void **state)
{
	struct steps *s = steps_new(N_SLOTS);
	struct peers p = new_peers(s, 2);
	struct base_addr server = p.server;
	const struct sockaddr_in any = { .sin_family = AF_INET };
	const int own = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	server.port = 0; /* steps_datagram() */
	lead_to(s, &server);
	send_first(s, MINE, p.c, "dropped");
	(void)steps_settle(s);
	assert_int_equal(steps_count(s, MINE, STAT_REFUSED_SELF), 1);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_DROPPED), 0);
	assert_int_equal(bind(own, (const struct sockaddr *)&any, sizeof(any)),
			 0);
	server.port = name_of(own).port;
	lead_to(s, &server);
	send_first(s, MINE, p.c, "dropped");
	(void)steps_settle(s);
	hear_nothing(own);
	assert_int_equal(steps_count(s, MINE, STAT_REFUSED_SELF), 1);
	assert_int_equal(steps_count(s, MINE, STAT_UDP_DROPPED), 1);
	assert_int_equal(steps_count(s, MINE, STAT_FLOWS_OPENED), 0);
	assert_int_equal(ring_shared_flows(s->shared), 0);
	/* said once in a while */
	assert_int_equal(s->w[MINE].worker->udp.told_ms, STEPS_START);
	steps_jump_ms(s, WORKER_TELL_MS - 1);
	send_first(s, MINE, p.c, "dropped");
	(void)steps_settle(s);
	assert_int_equal(s->w[MINE].worker->udp.told_ms, STEPS_START);
	steps_jump_ms(s, 1);
	send_first(s, MINE, p.c, "dropped");
	(void)steps_settle(s);
	assert_int_equal(s->w[MINE].worker->udp.told_ms,
			 STEPS_START + WORKER_TELL_MS);
	assert_int_equal(close(own), 0);
	free_peers(&p);
	steps_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(at_max_udp_flows_one_is_dropped),
		CASE(other_limits_hold_too),
		CASE(silence_ends_it),
		CASE(who_is_never_answered_is_soon_over),
		CASE(a_refusal_is_no_answer),
		CASE(at_the_cap_an_unanswered_one_gives_way),
		CASE(the_pause_of_tcp_is_not_theirs),
		CASE(without_a_rule_one_is_dropped),
		CASE(without_a_descriptor_one_is_dropped),
		CASE(who_cannot_be_served_is_dropped),
		CASE(what_finds_no_room_is_dropped),
	};

	return cmocka_run_group_tests(tests, steps_enter, NULL);
}
