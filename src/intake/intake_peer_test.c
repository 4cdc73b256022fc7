/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake_peer_test.c - what the kernel is told to find out, and what it says */
#include "intake_peer.h"

#include <netinet/tcp.h>

#include "intake_test.h"

/* A connection over the loopback. */
struct both {
	int a, b;
};

static struct both connected(void)
{
	const struct base_addr any = addr_of("127.0.0.1", 0);
	const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct both c = { .a = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	struct base_addr at;

	assert_int_equal(bind_to(listener, &any), 0);
	assert_int_equal(listen(listener, 1), 0);
	at = name_of(listener);
	assert_int_equal(connect_to(c.a, &at), 0);
	c.b = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(c.b >= 0);
	close(listener);
	return c;
}

static void done(struct both *c)
{
	close(c->a);
	close(c->b);
}

/* The kernel's own: tcp(7). */
static void nothing_is_asked_by_default(void **state)
{
	struct both c = connected();

	(void)state;
	assert_int_equal(intake_peer_guard(c.a, 0, 0), 0);
	assert_int_equal(option_of(c.a, SOL_SOCKET, SO_KEEPALIVE), 0);
	assert_int_equal(option_of(c.a, SOL_TCP, TCP_USER_TIMEOUT), 0);
	done(&c);
}

static void each_is_set_alone(void **state)
{
	struct both c = connected();

	(void)state;
	assert_int_equal(intake_peer_guard(c.a, 120000, 0), 0);
	assert_int_equal(option_of(c.a, SOL_SOCKET, SO_KEEPALIVE), 1);
	assert_int_equal(option_of(c.a, SOL_TCP, TCP_KEEPIDLE), 120);
	assert_int_equal(option_of(c.a, SOL_TCP, TCP_KEEPINTVL), 10);
	assert_int_equal(option_of(c.a, SOL_TCP, TCP_KEEPCNT), 3);
	assert_int_equal(option_of(c.a, SOL_TCP, TCP_USER_TIMEOUT), 0);
	/* a second is what the kernel counts in: never earlier than asked */
	assert_int_equal(intake_peer_guard(c.a, 1001, 0), 0);
	assert_int_equal(option_of(c.a, SOL_TCP, TCP_KEEPIDLE), 2);
	/* the most that the configuration takes */
	assert_int_equal(intake_peer_guard(c.a, 32400000, 86400000), 0);
	assert_int_equal(option_of(c.a, SOL_TCP, TCP_KEEPIDLE), 32400);
	assert_int_equal(intake_peer_guard(c.b, 0, 45000), 0);
	assert_int_equal(option_of(c.b, SOL_SOCKET, SO_KEEPALIVE), 0);
	assert_int_equal(option_of(c.b, SOL_TCP, TCP_USER_TIMEOUT), 45000);
	done(&c);
	assert_int_equal(intake_peer_guard(-1, 1000, 0), -EBADF);
}

/* As long as the answer may take: loopback acknowledges within its delay. */
static void await_done(int fd, struct intake_peer *p)
{
	do {
		assert_int_equal(intake_peer_ask(fd, p), 0);
	} while (!p->done);
}

static void what_is_heard(void **state)
{
	struct both c = connected();
	struct intake_peer before, after;

	(void)state;
	await_done(c.a, &before);
	assert_int_equal(send(c.a, "12345", 5, 0), 5);
	await_done(c.a, &after);
	assert_false(after.unanswered);
	assert_int_equal(after.heard - before.heard, 1);
	done(&c);
	assert_int_equal(intake_peer_ask(-1, &after), -EBADF);
}

/* A peer that is there and does not read is not one that is gone: it answers
 * whenever it is asked for room. */
static void a_closed_window(void **state)
{
	struct both c = connected();
	struct intake_peer p;
	char bytes[4096] = "";
	uint32_t heard;

	(void)state;
	assert_int_equal(fcntl(c.a, F_SETFL, O_NONBLOCK), 0);
	while (send(c.a, bytes, sizeof(bytes), 0) > 0)
		;
	do {
		assert_int_equal(intake_peer_ask(c.a, &p), 0);
	} while (p.unanswered);
	assert_false(p.done);
	heard = p.heard;
	do {
		assert_int_equal(intake_peer_ask(c.a, &p), 0);
	} while (p.heard == heard);
	done(&c);
}

/* ... but user_timeout does not ask who is there: the kernel counts from the
 * moment at which the window was closed, whatever the peer answers. So it is
 * nothing that could be set by default. */
static void a_closed_window_for_too_long(void **state)
{
	struct both c = connected();
	char bytes[4096] = "";

	(void)state;
	assert_int_equal(intake_peer_guard(c.a, 0, 1000), 0);
	assert_int_equal(fcntl(c.a, F_SETFL, O_NONBLOCK), 0);
	while (send(c.a, bytes, sizeof(bytes), 0) > 0)
		;
	assert_int_equal(errno, EAGAIN);
	assert_true(wait_for(c.a, POLLIN) & POLLERR);
	assert_int_equal(recv(c.a, bytes, 1, 0), -1);
	assert_int_equal(errno, ETIMEDOUT);
	done(&c);
}

static void drop(const char *what)
{
	char script[256];

	(void)snprintf(script, sizeof(script),
		       "nft -f - <<'EOF'\n"
		       "table inet lost\n"
		       "delete table inet lost\n"
		       "table inet lost { chain input {\n"
		       " type filter hook input priority 0; %s\n}; };\n"
		       "EOF\n",
		       what);
	run_script(script);
}

/* Who does not get our bytes, but is heard, is there. */
static void a_peer_that_speaks(void **state)
{
	struct intake_peer p;
	uint32_t heard;
	struct both c;
	char rule[64];

	need_gateway(state);
	c = connected();
	await_done(c.a, &p);
	heard = p.heard;
	(void)snprintf(rule, sizeof(rule), "tcp dport %u drop",
		       (unsigned)name_of(c.b).port);
	drop(rule);
	assert_int_equal(send(c.a, "x", 1, 0), 1);
	do {
		assert_int_equal(intake_peer_ask(c.a, &p), 0);
	} while (!p.unanswered);
	assert_int_equal(p.heard, heard);
	assert_int_equal(send(c.b, "y", 1, 0), 1);
	wait_for(c.a, POLLIN);
	assert_int_equal(intake_peer_ask(c.a, &p), 0);
	assert_false(p.unanswered);
	assert_false(p.done);
	assert_int_not_equal(p.heard, heard);
	drop("");
	done(&c);
}

/* One that is gone: what was sent stays unacknowledged, and user_timeout ends
 * it with the error that the relay passes on as a reset. */
static void a_peer_that_is_gone(void **state)
{
	struct both c;
	struct intake_peer p;
	uint32_t heard;
	char byte;

	need_gateway(state);
	c = connected();
	assert_int_equal(intake_peer_guard(c.a, 0, 1000), 0);
	await_done(c.a, &p);
	drop("iif lo tcp flags & (syn|rst) == 0 drop");
	assert_int_equal(send(c.a, "x", 1, 0), 1);
	heard = p.heard;
	do {
		assert_int_equal(intake_peer_ask(c.a, &p), 0);
	} while (!p.unanswered);
	assert_false(p.done);
	assert_int_equal(p.heard, heard);
	assert_true(wait_for(c.a, POLLIN) & POLLERR);
	assert_int_equal(recv(c.a, &byte, 1, 0), -1);
	assert_int_equal(errno, ETIMEDOUT);
	drop("");
	done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_asked_by_default),
		cmocka_unit_test(each_is_set_alone),
		cmocka_unit_test(what_is_heard),
		cmocka_unit_test(a_closed_window),
		cmocka_unit_test(a_closed_window_for_too_long),
		cmocka_unit_test(a_peer_that_speaks),
		cmocka_unit_test(a_peer_that_is_gone),
	};

	return cmocka_run_group_tests(tests, setup_gateway, NULL);
}
