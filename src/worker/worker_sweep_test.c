/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker_sweep_test.c - flows that nobody hears of any more */
#include "worker_steps_test.h"

#include "intake_peer.h"

static struct ring_slot *slot_of(struct steps *s, unsigned worker, uint32_t i)
{
	return &s->w[worker].map.slots[i];
}

/* A flow of 127.0.0.`host` at worker i that is open. */
struct flow {
	int client, server;
};

static struct flow open_flow(struct steps *s, unsigned i, unsigned host,
			     uint16_t port)
{
	struct flow f = { .client = steps_client(s, i, host, port) };

	say(f.client, "a");
	f.server = steps_server(s, "a");
	return f;
}

static void expect_state(struct steps *s, uint32_t i, enum ring_state state)
{
	assert_int_equal(slot_of(s, 0, i)->state, state);
}

static void say_to_server(struct steps *s, const struct flow *f)
{
	say(f->client, "c");
	(void)steps_settle(s);
	hear(f->server, "c");
}

static void say_to_client(struct steps *s, const struct flow *f)
{
	say(f->server, "s");
	(void)steps_settle(s);
	hear(f->client, "s");
}

static void close_flow(struct steps *s, struct flow *f)
{
	assert_int_equal(close(f->client), 0);
	assert_int_equal(close(f->server), 0);
	(void)steps_settle(s);
}

/* Exactly idle_timeout after the last byte, whoever sent it, and as an end of
 * the operator's. */
static void an_idle_flow_is_ended(void **state)
{
	struct steps *s = steps_new(4);
	struct flow f;

	(void)state;
	s->conf->idle_timeout_ms = 5000;
	f = open_flow(s, 0, 1, 0);
	(void)steps_pass_ms(s, 3000);
	say_to_client(s, &f);
	(void)steps_pass_ms(s, 4000);
	say_to_server(s, &f);
	(void)steps_pass_ms(s, 4999);
	expect_state(s, 0, RING_STATE_OPEN);
	(void)steps_pass_ms(s, 1);
	expect_state(s, 0, RING_STATE_FREE);
	hear_end(f.client);
	hear_end(f.server);
	assert_int_equal(steps_count(s, 0, STAT_FLOWS_IDLE), 1);
	assert_int_equal(steps_count(s, 0, STAT_FLOWS_CLOSED), 1);
	assert_int_equal(steps_last_entry(s, 0).type, RING_ENTRY_CLOSE);
	assert_int_equal(steps_last_entry(s, 0).reason, RING_CLOSE_IDLE);
	close_flow(s, &f);
	/* nothing is left that would wake it */
	assert_int_equal(steps_pass_ms(s, 20000), 0);
	steps_free(s);
}

/* The worker stood still for longer than idle_timeout while all clients spoke:
 * more of them than it comes to before it looks for idle ones. */
static void nobody_is_idle_who_waits(void **state)
{
	struct steps *s = steps_new(LOOP_BATCH + 8);
	struct flow f[LOOP_BATCH + 8];

	(void)state;
	for (unsigned i = 0; i < WS_ARRAY_LEN(f); i++) {
		s->conf->idle_timeout_ms = i < LOOP_BATCH ? 4500 : 3000;
		f[i] = open_flow(s, 0, 1, 0);
	}
	for (unsigned i = 0; i < WS_ARRAY_LEN(f); i++)
		say(f[i].client, "b");
	steps_jump_ms(s, 5000);
	assert_int_equal(steps_count(s, 0, STAT_FLOWS_IDLE), 0);
	for (unsigned i = 0; i < WS_ARRAY_LEN(f); i++)
		hear(f[i].server, "b");
	/* from now on they are silent: it looks again soon enough for those
	 * that it had not come to */
	(void)steps_pass_ms(s, 3000);
	assert_int_equal(steps_count(s, 0, STAT_FLOWS_IDLE), 8);
	(void)steps_pass_ms(s, 1500);
	assert_int_equal(steps_count(s, 0, STAT_FLOWS_IDLE), WS_ARRAY_LEN(f));
	for (unsigned i = 0; i < WS_ARRAY_LEN(f); i++)
		close_flow(s, &f[i]);
	steps_free(s);
}

/* Until nothing of it goes on to the client, who reads nothing. */
static void flood_client(struct steps *s, const struct flow *f)
{
	static const char flood[65536] = "";

	assert_int_equal(fcntl(f->server, F_SETFL, O_NONBLOCK), 0);
	while (send(f->server, flood, sizeof(flood), MSG_NOSIGNAL) > 0 ||
	       steps_settle(s))
		;
}

/* What we leave unread because its receiver does not read is nothing that we
 * have not come to. */
static void who_is_blocked_is_idle(void **state)
{
	struct steps *s = steps_new(4);
	struct flow f;

	(void)state;
	s->conf->idle_timeout_ms = 5000;
	f = open_flow(s, 0, 1, 0);
	flood_client(s, &f);
	(void)steps_pass_ms(s, 4999);
	expect_state(s, 0, RING_STATE_OPEN);
	(void)steps_pass_ms(s, 1 + WORKER_SWEEP_MS);
	expect_state(s, 0, RING_STATE_FREE);
	assert_int_equal(steps_count(s, 0, STAT_FLOWS_IDLE), 1);
	close_flow(s, &f);
	steps_free(s);
}

/* The time of a connection that is held is connect_timeout. */
static void who_is_held_is_not_idle(void **state)
{
	struct steps *s = steps_new(4);
	struct flow f;
	int held;

	(void)state;
	s->conf->idle_timeout_ms = 2000;
	s->conf->connect_timeout_ms = 60000;
	s->conf->max_flows_per_client = 1;
	f = open_flow(s, 0, 1, 0);
	held = steps_client(s, 0, 1, 0);
	for (int i = 0; i < 5; i++) {
		steps_jump_ms(s, 1000);
		say_to_server(s, &f);
	}
	expect_state(s, 1, RING_STATE_HELD);
	assert_int_equal(steps_count(s, 0, STAT_FLOWS_IDLE), 0);
	assert_int_equal(close(held), 0);
	close_flow(s, &f);
	steps_free(s);
}

/* Each has its own time; those that come soon after another are ended a second
 * after it at most. */
static void each_flow_has_its_own_time(void **state)
{
	struct steps *s = steps_new(4);
	struct flow f[2];

	(void)state;
	s->conf->idle_timeout_ms = 5000;
	f[0] = open_flow(s, 0, 1, 0);
	(void)steps_pass_ms(s, 400);
	f[1] = open_flow(s, 0, 1, 0);
	(void)steps_pass_ms(s, 4600);
	expect_state(s, 0, RING_STATE_FREE);
	expect_state(s, 1, RING_STATE_OPEN);
	/* at most one sweep a second */
	(void)steps_pass_ms(s, 999);
	expect_state(s, 1, RING_STATE_OPEN);
	(void)steps_pass_ms(s, 1);
	expect_state(s, 1, RING_STATE_FREE);
	close_flow(s, &f[0]);
	close_flow(s, &f[1]);
	steps_free(s);
}

/* Changed, as by a reload: for new flows. */
static void a_flow_keeps_the_time_it_began_with(void **state)
{
	struct steps *s = steps_new(4);
	struct flow f[3];

	(void)state;
	f[0] = open_flow(s, 0, 1, 0); /* none */
	s->conf->idle_timeout_ms = 60000;
	f[1] = open_flow(s, 0, 1, 0);
	s->conf->idle_timeout_ms = 2000;
	f[2] = open_flow(s, 0, 1, 0);
	(void)steps_pass_ms(s, 2000);
	expect_state(s, 2, RING_STATE_FREE);
	expect_state(s, 1, RING_STATE_OPEN);
	(void)steps_pass_ms(s, 58000);
	expect_state(s, 1, RING_STATE_FREE);
	for (int i = 0; i < 100; i++)
		steps_jump_ms(s, 3600 * 1000);
	say_to_server(s, &f[0]);
	for (int i = 0; i < 3; i++)
		close_flow(s, &f[i]);
	steps_free(s);
}

/* What this client's port is sent does not arrive; 0: all does. */
static void lose(uint16_t port)
{
	char script[256];

	(void)snprintf(script, sizeof(script),
		       "nft -f - <<'EOF'\n"
		       "table inet lost\n"
		       "delete table inet lost\n"
		       "table inet lost { chain input {\n"
		       " type filter hook input priority 0;"
		       " tcp dport %u drop\n}; };\n"
		       "EOF\n",
		       port ? port : 1U);
	run_script(script);
}

static struct intake_peer peer_of_slot(struct steps *s, uint32_t i)
{
	struct intake_peer p;

	assert_int_equal(intake_peer_ask(slot_of(s, 0, i)->fd[RING_CLIENT], &p),
			 0);
	return p;
}

/* Of worker 0: the kernel knows by now. */
static void await_acked(struct steps *s, uint32_t i)
{
	while (!peer_of_slot(s, i).done)
		(void)sched_yield(); /* cannot fail on Linux */
}

static void await_unanswered(struct steps *s, uint32_t i)
{
	(void)steps_settle(s);
	while (!peer_of_slot(s, i).unanswered)
		(void)sched_yield(); /* cannot fail on Linux */
}

/* Slot 0 of worker 0, and a newer flow of the same client to the same server.
 */
struct pair {
	struct steps *s;
	struct flow f, newer;
};

/* `port`: of the client, and the next one; 0: any. */
static struct pair open_pair(uint16_t port)
{
	struct pair p = { .s = steps_new(4) };

	p.f = open_flow(p.s, 0, 1, port);
	steps_hour_later(p.s);
	p.newer = open_flow(p.s, 0, 1, port ? port + 1 : 0);
	return p;
}

static void close_pair(struct pair *p)
{
	close_flow(p->s, &p->f);
	close_flow(p->s, &p->newer);
	steps_free(p->s);
}

/* What the client of slot 0 is sent gets lost from now on. */
static void cut_off(struct steps *s, const struct flow *f, uint16_t port)
{
	lose(port);
	say(f->server, "s");
	await_unanswered(s, 0);
}

/* Half a minute and more. */
static void pass_half_open(struct steps *s)
{
	for (int i = 0; i < 8; i++)
		steps_jump_ms(s, 5000);
}

/* Its client takes nothing: that alone ends no flow, nor do other clients, nor
 * flows to other servers. When the client came anew, wherever, it is ended. */
static void a_dead_flow_is_superseded(void **state)
{
	struct steps *s;
	struct flow dead, other, again;
	struct lab elsewhere;

	need_gateway(state);
	s = steps_new(4);
	dead = open_flow(s, 0, 1, 20001);
	say_to_client(s, &dead);
	await_acked(s, 0);
	cut_off(s, &dead, 20001);
	pass_half_open(s);
	steps_hour_later(s);
	other = open_flow(s, 0, 2, 0);
	pass_half_open(s);
	/* of the same client to another server */
	listen_as_server(&elsewhere);
	s->w[0].sockets[0].listener.remote = elsewhere.remote;
	again.client = steps_client(s, 0, 1, 20002);
	(void)steps_settle(s);
	again.server = accept4(elsewhere.server, NULL, NULL, SOCK_CLOEXEC);
	assert_true(again.server >= 0);
	(void)steps_settle(s);
	pass_half_open(s);
	expect_state(s, 0, RING_STATE_OPEN);
	assert_true(peer_of_slot(s, 0).unanswered);
	close_flow(s, &again);
	/* at the other worker */
	again = open_flow(s, 1, 1, 20003);
	for (int i = 0; i < 6; i++) {
		steps_jump_ms(s, 5000);
		expect_state(s, 0, RING_STATE_OPEN);
	}
	steps_jump_ms(s, 5000);
	expect_state(s, 0, RING_STATE_FREE);
	assert_int_equal(steps_count(s, 0, STAT_FLOWS_SUPERSEDED), 1);
	assert_int_equal(steps_last_entry(s, 0).reason, RING_CLOSE_SUPERSEDED);
	/* all that the client had said was passed on: an orderly end */
	hear_end(dead.server);
	say_to_server(s, &other);
	say_to_client(s, &again);
	lose(0);
	/* should it be alive, it hears that it missed something */
	say(dead.client, "?");
	hear_reset(dead.client);
	close_flow(s, &dead);
	close_flow(s, &other);
	close_flow(s, &again);
	assert_int_equal(close(elsewhere.server), 0);
	steps_free(s);
}

/* Two trackers behind one address, and eight more that come and go: that the
 * address came anew says nothing of who is there. */
static void who_is_there_is_never_superseded(void **state)
{
	struct steps *s = steps_new(8);
	struct flow both[2], more;

	(void)state;
	for (uint32_t i = 0; i < 2; i++)
		both[i] = open_flow(s, 0, 1, 0);
	for (unsigned n = 0; n < 10; n++) {
		steps_hour_later(s);
		more = open_flow(s, n % 2, 1, 0);
		for (uint32_t i = 0; i < 2; i++) {
			say_to_client(s, &both[i]);
			await_acked(s, i);
		}
		pass_half_open(s);
		close_flow(s, &more);
	}
	for (int i = 0; i < 2; i++) {
		say_to_server(s, &both[i]);
		say_to_client(s, &both[i]);
		close_flow(s, &both[i]);
	}
	assert_int_equal(steps_count(s, 0, STAT_FLOWS_SUPERSEDED), 0);
	assert_int_equal(steps_count(s, 0, STAT_RESETS), 0);
	steps_free(s);
}

/* Bytes that arrive late begin a new half minute. */
static void without_coverage_for_a_while(void **state)
{
	struct pair p;

	need_gateway(state);
	p = open_pair(20011);
	for (int i = 0; i < 3; i++) {
		cut_off(p.s, &p.f, 20011);
		for (int j = 0; j < 5; j++)
			steps_jump_ms(p.s, 5000);
		assert_true(peer_of_slot(p.s, 0).unanswered);
		lose(0);
		await_acked(p.s, 0); /* sent again by the kernel */
		steps_jump_ms(p.s, 5000);
		assert_false(p.s->w[0].worker->links[0].stuck);
		hear(p.f.client, "s");
	}
	say_to_server(p.s, &p.f);
	assert_int_equal(steps_count(p.s, 0, STAT_FLOWS_SUPERSEDED), 0);
	close_pair(&p);
}

/* Nor does it matter that it is not reached, as long as it is heard: each
 * segment begins the half minute anew. (That the kernel counts them and has
 * sent again meanwhile, is in intake_peer_test.c; here the note of the last
 * look is changed, as if one had come.) */
static void who_speaks_is_there(void **state)
{
	struct pair p;

	need_gateway(state);
	p = open_pair(20013);
	cut_off(p.s, &p.f, 20013);
	for (int i = 0; i < 4; i++) {
		p.s->w[0].worker->links[0].seen--;
		steps_jump_ms(p.s, 25000);
		expect_state(p.s, 0, RING_STATE_OPEN);
	}
	steps_jump_ms(p.s, 30000);
	expect_state(p.s, 0, RING_STATE_FREE);
	lose(0);
	close_pair(&p);
}

/* A client that does not read says so, each time that it is asked. */
static void who_does_not_read_is_there(void **state)
{
	struct pair p = open_pair(0);

	(void)state;
	flood_client(p.s, &p.f);
	for (int i = 0; i < 4; i++) {
		while (peer_of_slot(p.s, 0).unanswered)
			(void)sched_yield(); /* cannot fail on Linux */
		pass_half_open(p.s);
	}
	expect_state(p.s, 0, RING_STATE_OPEN);
	assert_false(peer_of_slot(p.s, 0).done);
	/* it is no flow that has all and need not be looked at any more */
	assert_int_not_equal(p.s->w[0].worker->links[0].seen,
			     slot_of(p.s, 0, 0)->dir[RING_SERVER].bytes_out);
	close_pair(&p);
}

/* It had acknowledged all when its client came anew, and was looked at; then it
 * vanished. */
static void who_vanishes_later_is_superseded(void **state)
{
	struct pair p;

	need_gateway(state);
	p = open_pair(20015);
	say_to_client(p.s, &p.f);
	await_acked(p.s, 0);
	pass_half_open(p.s);
	expect_state(p.s, 0, RING_STATE_OPEN);
	cut_off(p.s, &p.f, 20015);
	pass_half_open(p.s);
	expect_state(p.s, 0, RING_STATE_FREE);
	assert_int_equal(steps_count(p.s, 0, STAT_FLOWS_SUPERSEDED), 1);
	lose(0);
	close_pair(&p);
}

/* As with keepalive, the kernel finds out: the error is an end like a reset,
 * and is passed on as one. */
static void a_dead_client_is_a_reset(void **state)
{
	struct steps *s;
	struct pollfd p;
	struct flow f;

	need_gateway(state);
	s = steps_new(4);
	s->conf->user_timeout_ms = 1000;
	f = open_flow(s, 0, 1, 20021);
	lose(20021);
	say(f.server, "s");
	p = (struct pollfd){ .fd = f.server, .events = POLLIN };
	do {
		(void)steps_settle(s);
	} while (poll(&p, 1, 10) == 0);
	hear_reset(f.server);
	assert_int_equal(steps_last_entry(s, 0).reason,
			 RING_CLOSE_CLIENT_RESET);
	assert_int_equal(steps_last_entry(s, 0).error, ETIMEDOUT);
	lose(0);
	close_flow(s, &f);
	steps_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_flow_is_ended),
		cmocka_unit_test(nobody_is_idle_who_waits),
		cmocka_unit_test(who_is_blocked_is_idle),
		cmocka_unit_test(who_is_held_is_not_idle),
		cmocka_unit_test(each_flow_has_its_own_time),
		cmocka_unit_test(a_flow_keeps_the_time_it_began_with),
		cmocka_unit_test(a_dead_flow_is_superseded),
		cmocka_unit_test(who_is_there_is_never_superseded),
		cmocka_unit_test(without_coverage_for_a_while),
		cmocka_unit_test(who_speaks_is_there),
		cmocka_unit_test(who_does_not_read_is_there),
		cmocka_unit_test(who_vanishes_later_is_superseded),
		cmocka_unit_test(a_dead_client_is_a_reset),
	};

	return cmocka_run_group_tests(tests, steps_enter, NULL);
}
