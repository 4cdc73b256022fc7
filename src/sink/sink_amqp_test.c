/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sink_amqp_test.c - the AMQP sink against a broker that does as it is told
 *
 * What no real broker does on demand: confirmations in any order, refusals,
 * silence. The real one is asked in netns-tests/t_amqp*.sh.
 */
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base_test.h"
#include "conf_tables.h"
#include "sink_amqp_fake.h"

#define EVENTS_MAX 600

struct rig {
	struct fake fake;
	struct conf_sink conf;
	struct conf_secret secret;
	struct sink sink;
	struct sink_event events[EVENTS_MAX];
};

/* Three events, of the device 1234567890; a queue alone. */
static struct rig *rig(void)
{
	static struct rig r;

	r.conf = (struct conf_sink){
		.kind = CONF_SINK_AMQP,
		.name = "fleet",
		.host = "127.0.0.1",
		.vhost = "/",
		.queue = "q",
		.routing_key = "{type}.{device_id}",
		.timeout_ms = BASE_TEST_LIMIT_S * 1000,
	};
	r.secret =
		(struct conf_secret){ .user = "user", .password = "tarnhelm" };
	for (unsigned i = 0; i < EVENTS_MAX; i++)
		r.events[i] = (struct sink_event){ .id = "7-c-0",
						   .device = "1234567890",
						   .protocol = "watch",
						   .type = "position",
						   .body = "{\"id\":7}",
						   .len = 8 };
	return &r;
}

static void begin(struct rig *r, fake_script *script)
{
	r->fake = fake_start(script);
	assert_true(r->fake.pid > 0);
	r->conf.port = r->fake.port;
	assert_int_equal(sink_init(&r->sink, &r->conf, &r->secret), 0);
}

static void open_sink(struct rig *r, fake_script *script)
{
	begin(r, script);
	assert_int_equal(r->sink.ops->open(&r->sink), 0);
	assert_true(r->sink.fd >= 0);
}

static int put(struct rig *r, unsigned n)
{
	return r->sink.ops->put(&r->sink, r->events, n);
}

static void end(struct rig *r)
{
	r->sink.ops->close(&r->sink);
	assert_int_equal(r->sink.fd, -1);
	assert_true(fake_join(&r->fake));
}

static int told[2]; /* a pipe from the test to its script */

static void tell(void)
{
	assert_int_equal(write(told[1], "", 1), 1);
}

static void wait_told(void)
{
	char byte;

	fake_demand(read(told[0], &byte, 1) == 1, "the test goes on");
}

/* sink->hurried: the sink waits. */
static bool tell_once(void *arg)
{
	struct rig *r = arg;

	tell();
	r->sink.hurried = NULL;
	return false;
}

/* --- confirmations -------------------------------------------------------- */

static void script_out_of_turn(int fd)
{
	fake_grant(fd, 0);
	fake_take(fd, 5);
	fake_ack(fd, 3, false);
	fake_ack(fd, 2, true); /* 1 and 2 */
	fake_ack(fd, 5, false);
	fake_ack(fd, 4, false);
	fake_take(fd, 2); /* numbers go on: 6 and 7 */
	fake_ack(fd, 0, true);
	fake_demand(fake_end(fd) == 0, "nothing is published twice");
}

static void confirmed_in_any_order(void **state)
{
	struct rig *r = rig();

	(void)state;
	open_sink(r, script_out_of_turn);
	assert_int_equal(put(r, 5), 5);
	assert_int_equal(put(r, 2), 2);
	end(r);
}

static void script_hole(int fd)
{
	fake_grant(fd, 0);
	fake_take(fd, 3);
	fake_ack(fd, 1, false);
	fake_ack(fd, 3, false);
	fake_refuse(fd, 1, 404, "NOT_FOUND - no \"exchange\"\x07");
	(void)fake_end(fd);
}

/* The third was confirmed, the second was not: only the first one counts. */
static void confirmed_is_the_front(void **state)
{
	struct rig *r = rig();

	(void)state;
	open_sink(r, script_hole);
	assert_int_equal(put(r, 3), 1);
	r->sink.why[0] = '\0';
	assert_int_equal(put(r, 2), -ENOENT);
	assert_string_equal(r->sink.why, "NOT_FOUND - no \"exchange\"?");
	end(r);
}

static void script_cut(int fd)
{
	const int on = 1;

	fake_grant(fd, 0);
	fake_take(fd, 3);
	wait_told();
	/* the end comes in the same packet */
	fake_demand(!setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof(on)),
		    "it is held back");
	fake_ack(fd, 2, true);
	close(fd);
}

static void cut_before_the_rest(void **state)
{
	struct rig *r = rig();

	(void)state;
	open_sink(r, script_cut);
	r->sink.hurried = tell_once;
	r->sink.arg = r;
	assert_int_equal(put(r, 3), 2);
	assert_int_equal(put(r, 1), -ECONNRESET);
	assert_non_null(strstr(r->sink.why, "closed the connection"));
	end(r);
}

static void script_nack(int fd)
{
	struct fake_args a = { 0 };

	fake_grant(fd, 0);
	fake_take(fd, 3);
	fake_number(&a, 1, 8);
	fake_number(&a, 0, 1);
	fake_send(fd, 1, FAKE_NACK, &a);
	fake_ack(fd, 3, true);
	(void)fake_end(fd);
}

static void a_nack_fails(void **state)
{
	struct rig *r = rig();

	(void)state;
	open_sink(r, script_nack);
	assert_int_equal(put(r, 3), -EIO);
	assert_non_null(strstr(r->sink.why, "nack"));
	end(r);
}

static void script_nonsense(int fd)
{
	fake_grant(fd, 0);
	fake_take(fd, 3);
	fake_ack(fd, 4, true);
	(void)fake_end(fd);
}

static void a_number_that_was_not_given(void **state)
{
	struct rig *r = rig();

	(void)state;
	open_sink(r, script_nonsense);
	assert_int_equal(put(r, 3), -EPROTO);
	end(r);
}

static void script_silent(int fd)
{
	fake_grant(fd, 0);
	(void)fake_end(fd);
}

static void silence_has_an_end(void **state)
{
	struct rig *r = rig();

	(void)state;
	r->conf.timeout_ms = 100;
	open_sink(r, script_silent);
	assert_int_equal(put(r, 3), -ETIMEDOUT);
	assert_string_equal(r->sink.why,
			    "3 events not confirmed within 100 ms");
	end(r);
}

static void script_deaf(int fd)
{
	fake_grant(fd, 0);
	(void)pause(); /* until it is killed, or its limit */
	_exit(1);
}

/* Nothing is read on the other side: no call may stay in write(2). */
static void a_full_socket_does_not_block(void **state)
{
	static char body[60000];
	struct rig *r = rig();

	(void)state;
	memset(body, ' ', sizeof(body));
	for (unsigned i = 0; i < EVENTS_MAX; i++) {
		r->events[i].body = body;
		r->events[i].len = sizeof(body);
	}
	r->conf.timeout_ms = 200;
	open_sink(r, script_deaf);
	assert_int_equal(put(r, EVENTS_MAX), -ETIMEDOUT);
	assert_int_equal(kill(r->fake.pid, SIGKILL), 0);
	r->sink.ops->close(&r->sink);
	assert_false(fake_join(&r->fake));
}

static bool always(void *arg)
{
	(void)arg;
	return true;
}

static void who_is_hurried_waits_no_longer(void **state)
{
	struct rig *r = rig();

	(void)state;
	open_sink(r, script_silent);
	r->sink.hurried = always;
	assert_int_equal(put(r, 3), -ECANCELED);
	end(r);
}

/* --- returned ------------------------------------------------------------- */

/* basic.return of the second event, and all are confirmed. */
static void script_return(int fd)
{
	struct fake_args a = { 0 };

	fake_grant(fd, 0);
	fake_take(fd, 3);
	fake_ack(fd, 1, false);
	fake_number(&a, 312, 2);
	fake_short(&a, "NO_ROUTE");
	fake_short(&a, "ex");
	fake_short(&a, "position.1234567890");
	fake_send(fd, 1, FAKE_RETURN, &a);
	fake_content(fd, 1, "{\"id\":7}");
	fake_ack(fd, 3, true);
	(void)fake_end(fd);
}

static void returned_with_a_queue_fails(void **state)
{
	struct rig *r = rig();

	(void)state;
	open_sink(r, script_return);
	assert_int_equal(put(r, 3), 1);
	assert_int_equal(put(r, 2), -ENOENT);
	assert_string_equal(r->sink.why, "returned, no queue takes key "
					 "position.1234567890: NO_ROUTE");
	assert_int_equal(r->sink.returned, 0);
	end(r);
}

static void returned_without_one_is_counted(void **state)
{
	struct rig *r = rig();

	(void)state;
	r->conf.queue[0] = '\0';
	(void)snprintf(r->conf.exchange, sizeof(r->conf.exchange), "ex");
	open_sink(r, script_return);
	assert_int_equal(put(r, 3), 3);
	assert_int_equal(r->sink.returned, 1);
	end(r);
}

/* --- blocked -------------------------------------------------------------- */

static void say_blocked(int fd)
{
	struct fake_args a = { 0 };

	fake_short(&a, "low on memory");
	fake_send(fd, 0, FAKE_BLOCKED, &a);
}

static void script_blocked(int fd)
{
	fake_grant(fd, 0);
	say_blocked(fd);
	wait_told();
	/* it wakes up, and still has to wait */
	(void)poll(NULL, 0, 200);
	fake_beat(fd);
	fake_demand(fake_end(fd) == 0, "nothing comes");
}

/* Longer than the time limit: it is no failure, and says what it is. */
static void blocked_is_waited_for(void **state)
{
	struct rig *r = rig();
	struct pollfd p = { .events = POLLIN };

	(void)state;
	r->conf.timeout_ms = 100;
	open_sink(r, script_blocked);
	p.fd = r->sink.fd;
	assert_int_equal(poll(&p, 1, BASE_TEST_LIMIT_S * 1000), 1);
	tell();
	assert_int_equal(put(r, 2), -EAGAIN);
	assert_string_equal(r->sink.why,
			    "blocked by the broker: low on memory");
	end(r);
}

static void script_unblocked(int fd)
{
	fake_grant(fd, 0);
	fake_take(fd, 2);
	say_blocked(fd);
	fake_ack(fd, 1, false);
	wait_told(); /* a call has seen it */
	fake_send(fd, 0, FAKE_UNBLOCKED, NULL);
	fake_ack(fd, 2, false);
	fake_take(fd, 1);
	fake_ack(fd, 3, false);
	fake_demand(fake_end(fd) == 0, "nothing is published twice");
}

/* The second event was handed over in the first call. */
static void unblocked_goes_on(void **state)
{
	struct rig *r = rig();
	int n;

	(void)state;
	open_sink(r, script_unblocked);
	assert_int_equal(put(r, 2), 1);
	assert_int_equal(put(r, 2), -EAGAIN);
	tell();
	do
		n = put(r, 2);
	while (n == -EAGAIN);
	assert_true(n > 0);
	if (n < 2)
		assert_int_equal(put(r, 2 - (unsigned)n), 1);
	end(r);
}

/* --- the connection ------------------------------------------------------- */

static void script_forced(int fd)
{
	fake_grant(fd, 0);
	fake_refuse(fd, 0, 320, "CONNECTION_FORCED - broker forced it");
	(void)fake_end(fd);
}

static void closed_while_idle(void **state)
{
	struct rig *r = rig();
	int n = 0;

	(void)state;
	open_sink(r, script_forced);
	while (!n)
		n = r->sink.ops->idle(&r->sink);
	assert_int_equal(n, -ECONNRESET);
	assert_string_equal(r->sink.why,
			    "CONNECTION_FORCED - broker forced it");
	end(r);
}

static void script_heartbeats(int fd)
{
	const struct fake_frame *f;

	fake_grant(fd, 1);
	fake_demand(fake_read(fd, &f, true) && f->type == FAKE_HEARTBEAT,
		    "a heartbeat comes");
	/* and none goes back: twice the time, and the sink gives it up */
	(void)fake_end(fd);
}

static void heartbeats_both_ways(void **state)
{
	struct rig *r = rig();
	int n = 0;

	(void)state;
	r->conf.heartbeat_s = 1;
	open_sink(r, script_heartbeats);
	assert_int_equal(r->sink.idle_ms, 250);
	while (!n) {
		struct pollfd p = { .fd = r->sink.fd, .events = POLLIN };

		(void)poll(&p, 1, (int)r->sink.idle_ms);
		n = r->sink.ops->idle(&r->sink);
	}
	assert_int_equal(n, -ETIMEDOUT);
	assert_non_null(strstr(r->sink.why, "heartbeats"));
	end(r);
}

static void script_wrong_password(int fd)
{
	const struct fake_frame *f;

	fake_login(fd, 0);
	f = fake_expect(fd, FAKE_OPEN);
	fake_demand(fake_has(f, "\1/", 2), "the virtual host");
	fake_refuse(fd, 0, 403, "ACCESS_REFUSED - Login was refused");
}

static void a_wrong_password_is_told(void **state)
{
	struct rig *r = rig();

	(void)state;
	begin(r, script_wrong_password);
	assert_int_equal(r->sink.ops->open(&r->sink), -EINVAL);
	assert_string_equal(r->sink.why, "ACCESS_REFUSED - Login was refused");
	end(r);
}

static void script_mute(int fd)
{
	char byte;

	while (recv(fd, &byte, 1, 0) > 0)
		;
}

static void a_login_has_an_end(void **state)
{
	struct rig *r = rig();

	(void)state;
	r->conf.timeout_ms = 100;
	begin(r, script_mute);
	assert_int_equal(r->sink.ops->open(&r->sink), -ETIMEDOUT);
	assert_string_equal(r->sink.why, "log in: no answer in time");
	end(r);
}

static void nobody_listens(void **state)
{
	struct rig *r = rig();
	char want[64];

	(void)state;
	begin(r, script_mute);
	/* its one connection, and then there is no listener any more */
	assert_int_equal(kill(r->fake.pid, SIGKILL), 0);
	assert_false(fake_join(&r->fake));
	assert_int_equal(r->sink.ops->open(&r->sink), -ECONNREFUSED);
	(void)snprintf(want, sizeof(want),
		       "connect to 127.0.0.1:%u: Connection refused",
		       r->fake.port);
	assert_string_equal(r->sink.why, want);
	r->sink.ops->close(&r->sink);
}

/* --- what exists, and what is made ---------------------------------------- */

static void open_channel(int fd, uint16_t channel)
{
	struct fake_args a = { 0 };
	const struct fake_frame *f = fake_expect(fd, FAKE_CHANNEL_OPEN);

	fake_demand(f->channel == channel, "this channel is opened");
	fake_long(&a, "");
	fake_send(fd, channel, FAKE_CHANNEL_OPEN_OK, &a);
}

static void close_channel(int fd, uint16_t channel)
{
	(void)fake_expect(fd, FAKE_CHANNEL_CLOSE);
	fake_send(fd, channel, FAKE_CHANNEL_CLOSE_OK, NULL);
}

static void logged_in(int fd)
{
	struct fake_args a = { 0 };

	fake_login(fd, 0);
	(void)fake_expect(fd, FAKE_OPEN);
	fake_short(&a, "");
	fake_send(fd, 0, FAKE_OPEN_OK, &a);
}

static void publishing(int fd)
{
	open_channel(fd, 1);
	(void)fake_expect(fd, FAKE_CONFIRM_SELECT);
	fake_send(fd, 1, FAKE_CONFIRM_SELECT_OK, NULL);
}

/* Bits of exchange.declare and queue.declare: passive, durable, then others
 * (AMQP 0-9-1, 1.6.2.1, 1.7.2.1); a table without entries comes behind. */
#define PASSIVE "\x03\0\0\0\0"
#define DURABLE "\x02\0\0\0\0"

static void script_absent(int fd)
{
	struct fake_args a = { 0 };
	const struct fake_frame *f;

	logged_in(fd);
	open_channel(fd, 2);
	f = fake_expect(fd, FAKE_EXCHANGE_DECLARE);
	fake_demand(fake_has(f, "\2ex\5topic" PASSIVE, 14), "it looks first");
	fake_refuse(fd, 2, 404, "NOT_FOUND - no exchange 'ex'");
	open_channel(fd, 2);
	f = fake_expect(fd, FAKE_EXCHANGE_DECLARE);
	fake_demand(fake_has(f, "\2ex\5topic" DURABLE, 14), "then makes it");
	fake_send(fd, 2, FAKE_EXCHANGE_DECLARE_OK, NULL);
	close_channel(fd, 2);

	open_channel(fd, 2);
	f = fake_expect(fd, FAKE_QUEUE_DECLARE);
	fake_demand(fake_has(f, "\1q" PASSIVE, 7), "it looks for the queue");
	fake_refuse(fd, 2, 404, "NOT_FOUND - no queue 'q'");
	open_channel(fd, 2);
	f = fake_expect(fd, FAKE_QUEUE_DECLARE);
	fake_demand(fake_has(f, "\1q" DURABLE, 7), "makes it, durable");
	fake_short(&a, "q");
	fake_number(&a, 0, 8);
	fake_send(fd, 2, FAKE_QUEUE_DECLARE_OK, &a);
	close_channel(fd, 2);

	open_channel(fd, 2);
	f = fake_expect(fd, FAKE_QUEUE_BIND);
	fake_demand(fake_has(f, "\1q\2ex\3*.*", 9), "binds it");
	fake_send(fd, 2, FAKE_QUEUE_BIND_OK, NULL);
	close_channel(fd, 2);
	publishing(fd);
	(void)fake_end(fd);
}

static void what_is_absent_is_made(void **state)
{
	struct rig *r = rig();

	(void)state;
	(void)snprintf(r->conf.exchange, sizeof(r->conf.exchange), "ex");
	open_sink(r, script_absent);
	end(r);
}

static void script_forbidden(int fd)
{
	logged_in(fd);
	open_channel(fd, 2);
	(void)fake_expect(fd, FAKE_EXCHANGE_DECLARE);
	fake_refuse(fd, 2, 403, "ACCESS_REFUSED - exchange");
	open_channel(fd, 2);
	(void)fake_expect(fd, FAKE_QUEUE_DECLARE);
	fake_refuse(fd, 2, 403, "ACCESS_REFUSED - queue");
	open_channel(fd, 2);
	(void)fake_expect(fd, FAKE_QUEUE_BIND);
	fake_refuse(fd, 2, 403, "ACCESS_REFUSED - bind");
	publishing(fd);
	fake_take(fd, 1);
	fake_ack(fd, 1, false);
	(void)fake_end(fd);
}

static void who_may_only_publish_does(void **state)
{
	struct rig *r = rig();

	(void)state;
	(void)snprintf(r->conf.exchange, sizeof(r->conf.exchange), "ex");
	open_sink(r, script_forbidden);
	assert_int_equal(put(r, 1), 1);
	end(r);
}

static void script_may_not_make(int fd)
{
	logged_in(fd);
	open_channel(fd, 2);
	(void)fake_expect(fd, FAKE_QUEUE_DECLARE);
	fake_refuse(fd, 2, 404, "NOT_FOUND - no queue 'q'");
	open_channel(fd, 2);
	(void)fake_expect(fd, FAKE_QUEUE_DECLARE);
	fake_refuse(fd, 2, 403, "ACCESS_REFUSED - access to queue 'q'");
	(void)fake_end(fd);
}

static void who_may_not_make_is_told(void **state)
{
	struct rig *r = rig();

	(void)state;
	begin(r, script_may_not_make);
	assert_int_equal(r->sink.ops->open(&r->sink), -EINVAL);
	assert_string_equal(r->sink.why,
			    "ACCESS_REFUSED - access to queue 'q'");
	end(r);
}

/* --- a message ------------------------------------------------------------ */

/* basic.publish: 2 bytes, exchange, routing key, bits (mandatory is the first).
 * Header: class, weight, size, flags (bit 15 content type, 12 delivery mode, 7
 * message id), and the values in this order (4.2.6.1, 1.8.2). */
#define HEADER                                     \
	"\0\x3c\0\0\0\0\0\0\0\0\0\x08\x90\x80\x10" \
	"application/json"                         \
	"\2\5"                                     \
	"7-c-0"

static void script_message(int fd)
{
	const struct fake_frame *f;

	fake_grant(fd, 0);
	f = fake_expect(fd, FAKE_PUBLISH);
	fake_demand(f->channel == 1 &&
			    fake_has(f, "\2ex\x13position.1234567890\1", 24),
		    "exchange, key, mandatory");
	fake_demand(fake_read(fd, &f, false) && f->type == FAKE_HEADER,
		    "a header");
	fake_demand(f->len == sizeof(HEADER) - 1 &&
			    fake_has(f, HEADER, sizeof(HEADER) - 1),
		    "properties");
	fake_demand(fake_read(fd, &f, false) && f->type == FAKE_BODY &&
			    f->len == 8 && fake_has(f, "{\"id\":7}", 8),
		    "the body");
	fake_ack(fd, 1, false);
	(void)fake_end(fd);
}

static void a_message_has_its_properties(void **state)
{
	struct rig *r = rig();

	(void)state;
	(void)snprintf(r->conf.exchange, sizeof(r->conf.exchange), "ex");
	open_sink(r, script_message);
	assert_int_equal(put(r, 1), 1);
	end(r);
}

static void script_queue_alone(int fd)
{
	const struct fake_frame *f;

	fake_grant(fd, 0);
	f = fake_expect(fd, FAKE_PUBLISH);
	fake_demand(fake_has(f, "\0\1q\1", 4), "no exchange, the queue's name");
	fake_ack(fd, 1, false);
	(void)fake_end(fd);
}

/* Without an exchange the key is the queue, whatever was given. */
static void a_queue_alone_is_the_key(void **state)
{
	struct rig *r = rig();

	(void)state;
	open_sink(r, script_queue_alone);
	assert_int_equal(put(r, 1), 1);
	end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(confirmed_in_any_order),
		cmocka_unit_test(confirmed_is_the_front),
		cmocka_unit_test(cut_before_the_rest),
		cmocka_unit_test(a_nack_fails),
		cmocka_unit_test(a_number_that_was_not_given),
		cmocka_unit_test(silence_has_an_end),
		cmocka_unit_test(a_full_socket_does_not_block),
		cmocka_unit_test(who_is_hurried_waits_no_longer),
		cmocka_unit_test(returned_with_a_queue_fails),
		cmocka_unit_test(returned_without_one_is_counted),
		cmocka_unit_test(blocked_is_waited_for),
		cmocka_unit_test(unblocked_goes_on),
		cmocka_unit_test(closed_while_idle),
		cmocka_unit_test(heartbeats_both_ways),
		cmocka_unit_test(a_wrong_password_is_told),
		cmocka_unit_test(a_login_has_an_end),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(what_is_absent_is_made),
		cmocka_unit_test(who_may_only_publish_does),
		cmocka_unit_test(who_may_not_make_is_told),
		cmocka_unit_test(a_message_has_its_properties),
		cmocka_unit_test(a_queue_alone_is_the_key),
	};

	if (pipe2(told, O_CLOEXEC))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
