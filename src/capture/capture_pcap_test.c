/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_pcap_test.c - bytes of a flow as packets, read back by libpcap */
#include "capture_pcap.h"

#include "capture_file.h"
#include "capture_test.h"
#include "packet_file.h"
#include "packet_streams.h"

static struct scratch scratch;
static struct capture_pcap *pcap;
static struct capture_file flow;

/* A file that is made here. */
static char text[1 << 20];
static size_t text_len;

static int setup(void **state)
{
	(void)state;
	scratch_init(&scratch);
	pcap = capture_pcap_new();
	assert_non_null(pcap);
	flow = (struct capture_file){ .client = addr("192.0.2.1:4000"),
				      .server = addr("198.51.100.7:7700"),
				      .format = CAPTURE_PCAP };
	memcpy(text, capture_pcap_header(pcap).ptr,
	       capture_pcap_header(pcap).len);
	text_len = capture_pcap_header(pcap).len;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	capture_pcap_free(pcap);
	scratch_done(&scratch);
	return 0;
}

static void piece(enum base_direction d, uint64_t offset, uint64_t acked,
		  struct base_span bytes)
{
	const struct capture_piece p = { d, WALL_NS, offset, acked, bytes };
	const size_t room = capture_pcap_room(bytes.len);
	size_t len;

	assert_true(text_len + room <= sizeof(text));
	len = capture_pcap_piece(pcap, &flow, &p, text + text_len);
	assert_in_range(len, 1, room);
	text_len += len;
}

static void opened(void)
{
	text_len += capture_pcap_opened(pcap, &flow, WALL_NS, text + text_len);
}

static void ended(const struct capture_end *end)
{
	const size_t len =
		capture_pcap_ended(pcap, &flow, end, text + text_len);

	assert_in_range(len, 0, capture_pcap_room(0));
	text_len += len;
}

static struct base_span span(const char *s)
{
	return (struct base_span){ (const uint8_t *)s, strlen(s) };
}

/* What packet_streams makes of it: "open c0:abc s0:de close2 ". */
static char out[1024];
static size_t longest;

static void say(const char *word)
{
	const size_t len = strlen(out);

	(void)snprintf(out + len, sizeof(out) - len, "%s ", word);
}

static void say_open(void *arg, struct packet_flow *f, uint64_t time_ns)
{
	(void)arg;
	assert_true(base_addr_equal(&f->client, &flow.client));
	assert_true(base_addr_equal(&f->server, &flow.server));
	assert_true(time_ns == WALL_NS);
	say("open");
}

static void say_chunk(void *arg, struct packet_flow *f,
		      const struct packet_chunk *c)
{
	const size_t len = strlen(out);
	const int some = c->bytes.len < 20 ? (int)c->bytes.len : 0;

	(void)arg;
	(void)f;
	longest = c->bytes.len > longest ? c->bytes.len : longest;
	assert_true(c->time_ns == WALL_NS);
	(void)snprintf(out + len, sizeof(out) - len, "%c%llu:%.*s ",
		       base_direction_name(c->direction)[0],
		       (unsigned long long)c->offset, some,
		       (const char *)c->bytes.ptr);
}

static void say_close(void *arg, struct packet_flow *f, enum packet_end how,
		      uint64_t time_ns)
{
	static const char *const words[] = { "fin", "rst", "cut" };

	(void)arg;
	(void)f;
	(void)time_ns;
	say(words[how]);
}

static const struct packet_streams_ops ops = { say_open, say_chunk, say_close };

/* Return: packets in it. */
static int reads_as(const char *want)
{
	/* as the name of the file says */
	const struct packet_streams_setup setup = { .ops = &ops,
						    .client = flow.client };
	struct packet_streams *s = packet_streams_new(&setup);
	struct packet_file_counts counts = { .cut = 0 };
	char error[PACKET_FILE_ERROR_LEN];
	FILE *f = fmemopen(text, text_len, "r");

	assert_non_null(s);
	assert_non_null(f);
	out[0] = '\0';
	longest = 0;
	if (packet_file_read(f, s, &counts, error))
		fail_msg("%s", error);
	packet_streams_end(s);
	packet_streams_free(s);
	assert_string_equal(out, want);
	assert_int_equal(counts.packets[PACKET_OTHER] +
				 counts.packets[PACKET_FRAGMENT] +
				 counts.packets[PACKET_MALFORMED] + counts.cut,
			 0);
	return (int)counts.packets[PACKET_OK];
}

static void closed(bool fin_client, bool fin_server, int reset,
		   const char *want, int packets)
{
	struct capture_end end = { .wall_ns = WALL_NS,
				   .length = { 3, 2 },
				   .fin = { fin_client, fin_server },
				   .reset = reset >= 0,
				   .reset_by =
					   (enum base_direction)(reset > 0) };

	text_len = capture_pcap_header(pcap).len;
	opened();
	piece(BASE_CLIENT, 0, 0, span("abc"));
	piece(BASE_SERVER, 0, 3, span("de"));
	ended(&end);
	assert_int_equal(reads_as(want), 5 + packets);
}

static void a_connection_ends_as_it_ended(void **state)
{
	(void)state;
	closed(true, true, -1, "open c0:abc s0:de fin ", 3);
	closed(false, false, BASE_CLIENT, "open c0:abc s0:de rst ", 1);
	closed(true, false, BASE_SERVER, "open c0:abc s0:de rst ", 2);
}

/* The last n packets, as "FLAGS SEQ ACK": flags as in packet_parse.h. */
static void last_packets_are(int n, const char *want)
{
	char lines[64][32];
	int n_lines = 0;
	struct base_rd r;

	base_rd_init(&r, text, text_len);
	(void)base_rd_take(&r, 24);
	while (base_rd_left(&r)) {
		struct packet p;
		uint32_t len;

		(void)base_rd_take(&r, 8);
		memcpy(&len, base_rd_take(&r, 4).ptr, sizeof(len));
		(void)base_rd_take(&r, 4);
		assert_int_equal(packet_parse(PACKET_LINK_RAW,
					      base_rd_take(&r, len), &p),
				 PACKET_OK);
		assert_true(n_lines < 64);
		(void)snprintf(lines[n_lines++], sizeof(lines[0]), "%d %u %u,",
			       p.flags, p.seq, p.ack);
	}
	out[0] = '\0';
	for (int i = n_lines - n; i < n_lines; i++)
		say(lines[i]);
	assert_string_equal(out, want);
}

/* The client sent 3 bytes, numbers 1 to 3, the server 1 and 2. A FIN has a
 * number of its own. FIN 1, RST 4, PSH 8, ACK 16. */
static void the_end_has_its_numbers(void **state)
{
	(void)state;
	closed(true, true, -1, "open c0:abc s0:de fin ", 3);
	last_packets_are(5, "24 1 1, 24 1 4, 17 4 3, 17 3 5, 16 5 4, ");
	closed(false, true, BASE_SERVER, "open c0:abc s0:de rst ", 2);
	last_packets_are(2, "17 3 4, 20 4 4, ");
	closed(false, false, BASE_CLIENT, "open c0:abc s0:de rst ", 1);
	last_packets_are(1, "20 4 3, ");
}

/*
 * pcap-savefile(5): a header of 24 bytes, then for each packet seconds,
 * nanoseconds, length and length, in the byte order of the magic number. The
 * first packet is the SYN: IPv4 20 + TCP 20 + 8 bytes of options. Its sequence
 * number is at 4 of TCP: 24 + 16 + 20 + 4.
 */
static void the_format_is_pcap_with_nanoseconds(void **state)
{
	uint32_t words[10];
	uint32_t magic;

	(void)state;
	opened();
	memcpy(words, text, sizeof(words));
	magic = words[0];
	assert_int_equal(magic, 0xa1b23c4d);
	assert_int_equal(words[5], 101); /* LINKTYPE_RAW */
	assert_int_equal(words[6], SECOND);
	assert_int_equal(words[7], 999999999);
	assert_int_equal(words[8], 48);
	assert_int_equal(words[9], 48);
	assert_memory_equal(text + 24 + 16 + 20 + 4, "\0\0\0\0", 4);
	/* behind the other two, both without options: the data's is 1 */
	piece(BASE_CLIENT, 0, 0, span("x"));
	assert_memory_equal(text + 24 + 64 + 64 + 56 + 16 + 24,
			    "\0\0\0\1\0\0\0\1", 8);
}

static void a_gap_stays_one(void **state)
{
	(void)state;
	opened();
	piece(BASE_CLIENT, 0, 0, span("abc"));
	piece(BASE_CLIENT, 10, 0, span("def"));
	piece(BASE_SERVER, 0, 13, span("x"));
	(void)reads_as("open c0:abc s0:x c10:def cut ");
}

static void a_large_piece_is_cut_to_segments(void **state)
{
	const size_t len = CAPTURE_RECORD_MAX;
	uint8_t *bytes = calloc(1, len);

	(void)state;
	assert_non_null(bytes);
	for (int i = 0; i < 2; i++) {
		text_len = capture_pcap_header(pcap).len;
		opened();
		piece(BASE_CLIENT, 0, 0, (struct base_span){ bytes, len });
		/* 262144 = 4 * 65495 + 164 */
		assert_int_equal(reads_as("open c0: c65495: c130990: c196485: "
					  "c261980: cut "),
				 3 + 5);
		assert_int_equal(longest, 65495);
		flow.client = addr("[2001:db8::1]:4000");
		flow.server = addr("[2001:db8::7]:7700");
	}
	free(bytes);
}

/* 65535 bytes, without the 8 of UDP's header, and of IPv4 the 20 of IP's. */
static void the_largest_datagram(void **state)
{
	uint8_t *bytes = calloc(1, 65527);

	(void)state;
	assert_non_null(bytes);
	flow.datagrams = true;
	piece(BASE_CLIENT, 0, 0, (struct base_span){ bytes, 65507 });
	assert_int_equal(reads_as("open c0: cut "), 1);
	assert_int_equal(longest, 65507);
	text_len = capture_pcap_header(pcap).len;
	flow.client = addr("[2001:db8::1]:4000");
	flow.server = addr("[2001:db8::7]:7700");
	piece(BASE_CLIENT, 0, 0, (struct base_span){ bytes, 65527 });
	assert_int_equal(reads_as("open c0: cut "), 1);
	assert_int_equal(longest, 65527);
	free(bytes);
}

/* Sequence numbers are the last 32 bits; 2^32 + 5 is where it goes on. */
static void a_stream_may_be_long(void **state)
{
	(void)state;
	piece(BASE_CLIENT, (1ULL << 32) - 1, 0, span("abcdef"));
	piece(BASE_CLIENT, (1ULL << 32) + 5, 0, span("g"));
	(void)reads_as("open c0:abcdef c6:g cut ");
}

static void a_datagram_is_one(void **state)
{
	const struct capture_end end = { .wall_ns = WALL_NS };

	(void)state;
	flow.client = addr("[2001:db8::1]:4000");
	flow.server = addr("[2001:db8::7]:7700");
	flow.datagrams = true;
	opened();
	piece(BASE_CLIENT, 0, 0, span("abc"));
	piece(BASE_SERVER, 0, 3, span("de"));
	piece(BASE_CLIENT, 3, 2, span("f"));
	ended(&end);
	assert_int_equal(reads_as("open c0:abc s0:de c3:f cut "), 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_connection_ends_as_it_ended),
		TEST(the_end_has_its_numbers),
		TEST(the_format_is_pcap_with_nanoseconds),
		TEST(a_gap_stays_one),
		TEST(a_large_piece_is_cut_to_segments),
		TEST(the_largest_datagram),
		TEST(a_stream_may_be_long),
		TEST(a_datagram_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
