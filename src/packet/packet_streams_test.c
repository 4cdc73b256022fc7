/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packet_streams_test.c - packets in any order become the bytes that were sent
 */
#include "packet_streams.h"

#include "packet_test.h"

#define CLIENT "192.0.2.1:40001"
#define SERVER "198.51.100.7:7700"
#define S_NS   1000000000ULL

/* What came out: "open 1 CLIENT>SERVER ", "c0:abc ", "s5:de ", "fin 1 ". */
static char out[8192];
static struct packet_streams *streams;
static uint64_t now_ns;

WS_PRINTF(1, 2) static void say(const char *fmt, ...)
{
	const size_t len = strlen(out);
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(out + len, sizeof(out) - len, fmt, args);
	va_end(args);
}

static void opened(void *arg, struct packet_flow *f, uint64_t time_ns)
{
	char c[BASE_ADDR_STRLEN], s[BASE_ADDR_STRLEN];

	(void)arg;
	(void)time_ns;
	f->user = f;
	say("open %d %s>%s ", (int)f->number, base_addr_format(&f->client, c),
	    base_addr_format(&f->server, s));
}

static void chunk(void *arg, struct packet_flow *f,
		  const struct packet_chunk *c)
{
	(void)arg;
	assert_ptr_equal(f->user, f);
	say("%c%lld:%.*s ", base_direction_name(c->direction)[0],
	    (long long)c->offset, (int)c->bytes.len,
	    (const char *)c->bytes.ptr);
}

static void closed(void *arg, struct packet_flow *f, enum packet_end how,
		   uint64_t time_ns)
{
	static const char *const names[] = { "fin", "rst", "cut" };

	(void)arg;
	(void)time_ns;
	say("%s %d ", names[how], (int)f->number);
}

static const struct packet_streams_ops ops = { opened, chunk, closed };

static void start(const char *client, uint32_t max_flows)
{
	struct packet_streams_setup setup = { .ops = &ops,
					      .max_flows = max_flows };

	if (client)
		setup.client = addr(client);
	streams = packet_streams_new(&setup);
	assert_non_null(streams);
	out[0] = '\0';
	now_ns = 1763800000 * S_NS;
}

static int setup(void **state)
{
	(void)state;
	start(NULL, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	packet_streams_free(streams);
	return 0;
}

static void send_from(const char *from, const char *to, uint8_t flags,
		      uint32_t seq, uint32_t ack, const char *text)
{
	const struct packet p = { .from = addr(from),
				  .to = addr(to),
				  .flags = flags,
				  .seq = seq,
				  .ack = ack,
				  .payload = span(text) };

	now_ns += 1000;
	packet_streams_feed(streams, &p, now_ns);
}

/* The client's sequence numbers begin at 100, the server's at 500. */
static void c(uint32_t at, const char *text, uint32_t ack)
{
	send_from(CLIENT, SERVER, PACKET_ACK, 101 + at, 501 + ack, text);
}

static void s(uint32_t at, const char *text, uint32_t ack)
{
	send_from(SERVER, CLIENT, PACKET_ACK, 501 + at, 101 + ack, text);
}

static void handshake(void)
{
	send_from(CLIENT, SERVER, PACKET_SYN, 100, 0, "");
	send_from(SERVER, CLIENT, PACKET_SYN | PACKET_ACK, 500, 101, "");
	c(0, "", 0);
}

static void fin(bool server, uint32_t at, uint32_t ack)
{
	if (server)
		send_from(SERVER, CLIENT, PACKET_FIN | PACKET_ACK, 501 + at,
			  101 + ack, "");
	else
		send_from(CLIENT, SERVER, PACKET_FIN | PACKET_ACK, 101 + at,
			  501 + ack, "");
}

#define OPEN "open 1 " CLIENT ">" SERVER " "

static void gives(const char *want)
{
	packet_streams_end(streams);
	assert_string_equal(out, want);
}

static const struct packet_counts *counts(void)
{
	return packet_streams_counts(streams);
}

static void in_order(void **state)
{
	(void)state;
	handshake();
	c(0, "abc", 0);
	s(0, "hello", 3);
	c(3, "de", 5);
	fin(false, 5, 5);
	fin(true, 5, 6);
	assert_string_equal(out, OPEN "c0:abc s0:hello c3:de fin 1 ");
	/* what comes late for it begins nothing */
	c(6, "", 6);
	c(3, "de", 5);
	gives(OPEN "c0:abc s0:hello c3:de fin 1 ");
	assert_int_equal(counts()->gaps, 0);
}

static void out_of_order(void **state)
{
	(void)state;
	handshake();
	c(6, "gh", 0);
	c(3, "def", 0);
	assert_string_equal(out, "");
	c(0, "abc", 0);
	gives(OPEN "c0:abc c3:def c6:gh cut 1 ");
	assert_int_equal(counts()->gaps, 0);
}

/* Data, the SYN behind it, and the FIN before all. */
static void the_handshake_may_come_late(void **state)
{
	(void)state;
	fin(true, 2, 3);
	c(0, "abc", 2);
	fin(true, 2, 3); /* the one before had no flow to end */
	s(0, "xy", 3);
	send_from(SERVER, CLIENT, PACKET_SYN | PACKET_ACK, 500, 101, "");
	send_from(CLIENT, SERVER, PACKET_SYN, 100, 0, "");
	fin(false, 3, 2);
	/* the server's side was known first */
	gives(OPEN "s0:xy c0:abc fin 1 ");
}

static void what_comes_again_counts_once(void **state)
{
	(void)state;
	handshake();
	handshake();
	c(0, "abc", 0);
	c(0, "abc", 0);
	c(0, "abcde", 0); /* the first copy of a byte counts */
	c(1, "XYZWf", 0);
	c(8, "ij", 0);
	c(7, "hXJk", 0);
	c(5, "XgHX", 0);
	gives(OPEN "c0:abc c3:de c5:f c6:g c7:h c8:ij c10:k cut 1 ");
	/* 3 + 3, then 1 to 4, 8 and 9, and 5, 7, 8 */
	assert_int_equal(counts()->repeated, 3 + 3 + 4 + 2 + 3);
}

static void a_gap_is_a_jump_once_it_is_acknowledged(void **state)
{
	(void)state;
	handshake();
	c(0, "abc", 0);
	c(5, "fg", 0);
	s(0, "x", 3); /* not yet */
	now_ns += 2 * S_NS;
	s(1, "y", 3);
	assert_string_equal(out, OPEN "c0:abc s0:x s1:y ");
	s(2, "z", 7); /* now it can only be misplaced */
	c(7, "h", 0);
	assert_string_equal(out, OPEN "c0:abc s0:x s1:y s2:z ");
	now_ns += 1 * S_NS;
	s(3, "w", 7);
	gives(OPEN "c0:abc s0:x s1:y s2:z c5:fg c7:h s3:w cut 1 ");
	assert_int_equal(counts()->gaps, 1);
	assert_int_equal(counts()->gap_bytes, 2);
}

static void what_is_only_misplaced_fills_the_gap(void **state)
{
	(void)state;
	handshake();
	c(3, "def", 0);
	s(0, "x", 6);
	now_ns += S_NS / 2;
	c(0, "abc", 0);
	gives(OPEN "s0:x c0:abc c3:def cut 1 ");
	assert_int_equal(counts()->gaps, 0);
}

static void a_gap_at_the_end_counts(void **state)
{
	(void)state;
	handshake();
	c(0, "abc", 0);
	fin(false, 5, 0);
	fin(true, 0, 6);
	assert_string_equal(out, OPEN "c0:abc ");
	now_ns += 2 * S_NS;
	/* any packet moves the clock */
	send_from("192.0.2.9:1", SERVER, PACKET_ACK, 0, 0, "");
	assert_string_equal(out, OPEN "c0:abc fin 1 ");
	assert_int_equal(counts()->gap_bytes, 2);
}

static void sequence_numbers_wrap(void **state)
{
	static const uint32_t at[] = { 0xfffffffcU, 0xffffffffU, 2 };

	(void)state;
	send_from(CLIENT, SERVER, PACKET_SYN, 0xfffffffbU, 0, "");
	send_from(CLIENT, SERVER, PACKET_ACK, at[2], 1, "ghi");
	send_from(CLIENT, SERVER, PACKET_ACK, at[1], 1, "def");
	send_from(CLIENT, SERVER, PACKET_ACK, at[0], 1, "abc");
	gives(OPEN "c0:abc c3:def c6:ghi cut 1 ");
}

/* Beyond 4 GiB an offset goes on, too: eight jumps of 1 GiB each. */
static void offsets_are_not_sequence_numbers(void **state)
{
	(void)state;
	handshake();
	c(0, "a", 0);
	for (uint64_t i = 1; i <= 8; i++) {
		const uint64_t at = i << 30;

		c((uint32_t)at, "b", 0);
		s(0, "", (uint32_t)at + 1);
		now_ns += 2 * S_NS;
		s(0, "", (uint32_t)at + 1);
	}
	assert_non_null(strstr(out, " c8589934592:b "));
	assert_int_equal(counts()->gaps, 8);
}

static void one_in_the_middle_begins_at_its_lowest_byte(void **state)
{
	(void)state;
	c(1003, "def", 0);
	s(2000, "x", 1006);
	c(1000, "abc", 0);
	assert_string_equal(out, "");
	now_ns += 2 * S_NS;
	c(1006, "g", 0);
	c(900, "too late", 0);
	gives(OPEN "s0:x c0:abc c3:def c6:g cut 1 ");
}

static void a_reset_ends_it_a_moment_later(void **state)
{
	(void)state;
	handshake();
	c(0, "abc", 0);
	send_from(SERVER, CLIENT, PACKET_RST | PACKET_ACK, 501, 104, "sorry");
	c(3, "de", 0); /* overtaken by it */
	now_ns += 2 * S_NS;
	c(5, "fg", 0);
	gives(OPEN "c0:abc c3:de rst 1 ");
}

static void the_same_ports_can_be_another_flow(void **state)
{
	(void)state;
	handshake();
	c(0, "abc", 0);
	c(5, "f", 0);
	send_from(CLIENT, SERVER, PACKET_SYN, 70000, 0, "");
	send_from(CLIENT, SERVER, PACKET_ACK, 70001, 0, "z");
	gives(OPEN "c0:abc c5:f cut 1 open 2 " CLIENT ">" SERVER
		   " c0:z cut 2 ");
}

static void who_is_the_client(void **state)
{
	(void)state;
	/* the answer to a SYN tells it */
	send_from("192.0.2.1:1000", "192.0.2.2:2000", PACKET_SYN | PACKET_ACK,
		  1, 1, "");
	gives("open 1 192.0.2.2:2000>192.0.2.1:1000 cut 1 ");
	out[0] = '\0';
	/* else the higher port; else who began */
	send_from(SERVER, CLIENT, PACKET_ACK, 1, 1, "a");
	gives("open 2 " CLIENT ">" SERVER " s0:a cut 2 ");
	out[0] = '\0';
	send_from("192.0.2.2:5", "192.0.2.1:5", PACKET_ACK, 1, 1, "a");
	gives("open 3 192.0.2.2:5>192.0.2.1:5 c0:a cut 3 ");
	/* and before all, what the name of a capture says */
	packet_streams_free(streams);
	start("198.51.100.7:1", 0);
	send_from(CLIENT, SERVER, PACKET_SYN, 1, 0, "");
	send_from(CLIENT, SERVER, PACKET_ACK, 2, 0, "a");
	gives("open 1 " SERVER ">" CLIENT " s0:a cut 1 ");
}

static void datagram(const char *from, const char *to)
{
	const struct packet p = { .from = addr(from),
				  .to = addr(to),
				  .transport = PACKET_UDP,
				  .payload = span("a") };

	out[0] = '\0';
	packet_streams_feed(streams, &p, 1);
	packet_streams_end(streams);
}

static void who_is_the_client_of_datagrams(void **state)
{
	(void)state;
	datagram("192.0.2.1:4001", "192.0.2.2:7700");
	assert_string_equal(out,
			    "open 1 192.0.2.1:4001>192.0.2.2:7700 c0:a cut 1 ");
	datagram("192.0.2.1:40001", "192.0.2.2:50000");
	assert_string_equal(
		out, "open 2 192.0.2.1:40001>192.0.2.2:50000 c0:a cut 2 ");
	datagram("192.0.2.2:7700", "192.0.2.1:32768");
	assert_string_equal(
		out, "open 3 192.0.2.1:32768>192.0.2.2:7700 s0:a cut 3 ");
}

static void fast_open_has_bytes_in_its_syn(void **state)
{
	(void)state;
	send_from(CLIENT, SERVER, PACKET_SYN, 100, 0, "ab");
	c(2, "c", 0);
	gives(OPEN "c0:ab c2:c cut 1 ");
}

static void a_probe_is_no_byte(void **state)
{
	(void)state;
	handshake();
	c(0, "abc", 0);
	c(2, "X", 0); /* keepalive: one byte before the next */
	c(2, "", 0);
	c(3, "d", 0);
	gives(OPEN "c0:abc c3:d cut 1 ");
	assert_int_equal(counts()->repeated, 1);
}

static void what_is_held_is_bounded(void **state)
{
	char block[2001];

	(void)state;
	memset(block, 'b', 2000);
	block[2000] = '\0';
	handshake();
	/* every second block: each is held alone, and none is acknowledged */
	for (uint32_t i = 0; i < PACKET_HELD_SEGMENTS; i++)
		c(1000 + 2 * i, "b", 0);
	assert_string_equal(out, "");
	c(500000, "b", 0);
	assert_non_null(strstr(out, OPEN "c1000:b "));
	assert_null(strstr(out, "c1002:"));
	packet_streams_end(streams);
	out[0] = '\0';
	handshake();
	for (uint32_t i = 0; i <= PACKET_HELD_BYTES / 2000; i++)
		c(1000 + 2001 * i, block, 0);
	assert_non_null(strstr(out, "c1000:bbb"));
	assert_null(strstr(out, "c3001:"));
}

static void the_quietest_flow_gives_way(void **state)
{
	(void)state;
	packet_streams_free(streams);
	start(NULL, 2);
	send_from("192.0.2.1:2", "192.0.2.2:1", PACKET_SYN, 1, 0, "");
	send_from("192.0.2.1:3", "192.0.2.2:1", PACKET_SYN, 1, 0, "");
	send_from("192.0.2.1:2", "192.0.2.2:1", PACKET_ACK, 2, 0, "a");
	send_from("192.0.2.1:4", "192.0.2.2:1", PACKET_SYN, 1, 0, "");
	assert_string_equal(out, "open 1 192.0.2.1:2>192.0.2.2:1 c0:a "
				 "open 2 192.0.2.1:3>192.0.2.2:1 cut 2 ");
	assert_int_equal(counts()->evicted, 1);
}

static void datagrams_come_at_once(void **state)
{
	struct packet p = { .from = addr(CLIENT),
			    .to = addr(SERVER),
			    .transport = PACKET_UDP,
			    .payload = span("abc") };

	(void)state;
	packet_streams_feed(streams, &p, 1);
	packet_streams_feed(streams, &p, 2);
	p.payload.len = 0;
	packet_streams_feed(streams, &p, 3);
	p = (struct packet){ .from = addr(SERVER),
			     .to = addr(CLIENT),
			     .transport = PACKET_UDP,
			     .payload = span("x") };
	packet_streams_feed(streams, &p, 4);
	/* TCP of the same addresses is another flow */
	handshake();
	gives(OPEN "c0:abc c3:abc s0:x cut 1 open 2 " CLIENT ">" SERVER
		   " cut 2 ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(in_order),
		TEST(out_of_order),
		TEST(the_handshake_may_come_late),
		TEST(what_comes_again_counts_once),
		TEST(a_gap_is_a_jump_once_it_is_acknowledged),
		TEST(what_is_only_misplaced_fills_the_gap),
		TEST(a_gap_at_the_end_counts),
		TEST(sequence_numbers_wrap),
		TEST(offsets_are_not_sequence_numbers),
		TEST(one_in_the_middle_begins_at_its_lowest_byte),
		TEST(a_reset_ends_it_a_moment_later),
		TEST(the_same_ports_can_be_another_flow),
		TEST(who_is_the_client),
		TEST(who_is_the_client_of_datagrams),
		TEST(fast_open_has_bytes_in_its_syn),
		TEST(a_probe_is_no_byte),
		TEST(what_is_held_is_bounded),
		TEST(the_quietest_flow_gives_way),
		TEST(datagrams_come_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
