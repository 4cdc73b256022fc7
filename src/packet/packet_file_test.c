/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packet_file_test.c - files of packets, well-formed and not, in any order */
#include "packet_file.h"

#include <errno.h>
#include <pcap/pcap.h>

#include "packet_streams.h"
#include "packet_test.h"

#define CLIENT "192.0.2.1:40001"
#define SERVER "198.51.100.7:7700"
#define S      1763800000LL
#define MAX    400

/* A file that is made here: frames, and when each came. */
static struct {
	uint8_t bytes[128];
	size_t len;
	long sub; /* parts of a second */
} frames[MAX];
static int n_frames;

/* What came out of each direction, byte by byte. */
static char got[2][4096];
static uint64_t last_ns;
static int n_closed;

static void chunk(void *arg, struct packet_flow *f,
		  const struct packet_chunk *c)
{
	(void)arg;
	assert_int_equal(f->number, 1);
	assert_true(c->offset + c->bytes.len < sizeof(got[0]));
	for (size_t i = 0; i < c->bytes.len; i++) {
		assert_int_equal(got[c->direction][c->offset + i], 0);
		got[c->direction][c->offset + i] = (char)c->bytes.ptr[i];
	}
	last_ns = c->time_ns;
}

static void closed(void *arg, struct packet_flow *f, enum packet_end how,
		   uint64_t time_ns)
{
	(void)arg;
	(void)f;
	(void)time_ns;
	assert_int_equal(how, PACKET_END_FIN);
	n_closed++;
}

static const struct packet_streams_ops ops = { .chunk = chunk,
					       .close = closed };

static void add(bool server, uint8_t flags, uint32_t seq, uint32_t ack,
		const char *text)
{
	const struct packet p = { .from = addr(server ? SERVER : CLIENT),
				  .to = addr(server ? CLIENT : SERVER),
				  .flags = flags,
				  .seq = seq,
				  .ack = ack,
				  .payload = span(text) };
	uint8_t *at = frames[n_frames].bytes;
	const size_t head = packet_build(&p, at);

	memcpy(at + head, p.payload.ptr, p.payload.len);
	frames[n_frames].len = head + p.payload.len;
	frames[n_frames].sub = n_frames;
	n_frames++;
}

/* A conversation of `n` questions and answers. */
static void talk(int n)
{
	uint32_t seq[2] = { 0xfffffff0U, 77 };
	char text[32];

	n_frames = 0;
	memset(got, 0, sizeof(got));
	n_closed = 0;
	add(false, PACKET_SYN, seq[0]++, 0, "");
	add(true, PACKET_SYN | PACKET_ACK, seq[1]++, seq[0], "");
	for (int i = 0; i < n; i++) {
		(void)snprintf(text, sizeof(text), "question %d ", i);
		add(false, PACKET_ACK, seq[0], seq[1], text);
		seq[0] += (uint32_t)strlen(text);
		(void)snprintf(text, sizeof(text), "answer %d ", i);
		add(true, PACKET_ACK, seq[1], seq[0], text);
		seq[1] += (uint32_t)strlen(text);
	}
	add(false, PACKET_FIN | PACKET_ACK, seq[0]++, seq[1], "");
	add(true, PACKET_FIN | PACKET_ACK, seq[1], seq[0], "");
}

static void got_is(int n)
{
	char want[2][4096] = { "", "" };

	for (int i = 0; i < n; i++) {
		for (int d = 0; d < 2; d++) {
			const size_t len = strlen(want[d]);

			(void)snprintf(want[d] + len, sizeof(want[d]) - len,
				       "%s %d ", d ? "answer" : "question", i);
		}
	}
	assert_string_equal(got[0], want[0]);
	assert_string_equal(got[1], want[1]);
	assert_int_equal(n_closed, 1);
}

/* Return: the file, its length in *len. */
static char *write_pcap(int link, u_int precision, size_t *len)
{
	pcap_t *dead =
		pcap_open_dead_with_tstamp_precision(link, 65535, precision);
	char *text = NULL;
	FILE *f = open_memstream(&text, len);
	pcap_dumper_t *dumper;

	assert_non_null(dead);
	assert_non_null(f);
	dumper = pcap_dump_fopen(dead, f);
	assert_non_null(dumper);
	for (int i = 0; i < n_frames; i++) {
		const struct pcap_pkthdr h = {
			.ts = { .tv_sec = S, .tv_usec = frames[i].sub },
			.caplen = (bpf_u_int32)frames[i].len,
			.len = (bpf_u_int32)frames[i].len,
		};

		pcap_dump((u_char *)dumper, &h, frames[i].bytes);
	}
	pcap_dump_close(dumper);
	pcap_close(dead);
	return text;
}

static int read_bytes(char *text, size_t len, struct packet_file_counts *counts,
		      char *error)
{
	const struct packet_streams_setup setup = { .ops = &ops };
	struct packet_streams *s = packet_streams_new(&setup);
	FILE *f = fmemopen(text, len, "r");
	int r;

	assert_non_null(s);
	assert_non_null(f);
	error[0] = '\0';
	r = packet_file_read(f, s, counts, error);
	packet_streams_end(s);
	packet_streams_free(s);
	return r;
}

static void reads(int link, u_int precision)
{
	struct packet_file_counts counts = { .cut = 0 };
	char error[PACKET_FILE_ERROR_LEN];
	size_t len;
	char *text = write_pcap(link, precision, &len);

	assert_true(packet_file_is(
		(struct base_span){ (const uint8_t *)text, len }));
	if (read_bytes(text, len, &counts, error))
		fail_msg("%s", error);
	assert_int_equal(counts.packets[PACKET_OK], n_frames);
	free(text);
}

static void times_are_nanoseconds(void **state)
{
	(void)state;
	talk(1);
	reads(DLT_RAW, PCAP_TSTAMP_PRECISION_NANO);
	got_is(1);
	/* the answer is the fourth packet */
	assert_true(last_ns == S * 1000000000ULL + 3);
	talk(1);
	reads(DLT_RAW, PCAP_TSTAMP_PRECISION_MICRO);
	got_is(1);
	assert_true(last_ns == S * 1000000000ULL + 3000);
}

/* Each packet twice, in an order by chance: what comes out is the same. */
static void any_order_gives_the_same_streams(void **state)
{
	uint32_t chance = 1;

	(void)state;
	for (int round = 0; round < 100; round++) {
		talk(40);
		memcpy(&frames[n_frames], &frames[0],
		       (size_t)n_frames * sizeof(frames[0]));
		n_frames *= 2;
		for (int i = n_frames - 1; i > 0; i--) {
			const int j = (int)((chance >> 8) % (uint32_t)(i + 1));
			const typeof(frames[0]) other = frames[i];

			chance = chance * 1103515245U + 12345;
			frames[i] = frames[j];
			frames[j] = other;
		}
		reads(DLT_RAW, PCAP_TSTAMP_PRECISION_NANO);
		got_is(40);
	}
}

static void half_a_file_is_read_as_far_as_it_goes(void **state)
{
	struct packet_file_counts counts = { .cut = 0 };
	char error[PACKET_FILE_ERROR_LEN];
	size_t len;
	char *text;

	(void)state;
	talk(3);
	text = write_pcap(DLT_RAW, PCAP_TSTAMP_PRECISION_NANO, &len);
	n_closed = -1; /* it is cut off, so not closed by FIN */
	{
		const struct packet_streams_setup setup = { .ops = NULL };
		struct packet_streams *s = packet_streams_new(&setup);
		FILE *f = fmemopen(text, len - 1, "r");

		assert_non_null(s);
		assert_non_null(f);
		assert_int_equal(packet_file_read(f, s, &counts, error),
				 -EBADMSG);
		packet_streams_free(s);
	}
	assert_true(error[0]);
	assert_null(strchr(error, '\n'));
	assert_int_equal(counts.packets[PACKET_OK], n_frames - 1);
	free(text);
}

static void what_is_not_read_is_said(void **state)
{
	struct packet_file_counts counts = { .cut = 0 };
	char error[PACKET_FILE_ERROR_LEN];
	size_t len;
	char *text, none[] = "no such file at all";

	(void)state;
	talk(1);
	text = write_pcap(DLT_IEEE802_11, PCAP_TSTAMP_PRECISION_NANO, &len);
	assert_int_equal(read_bytes(text, len, &counts, error), -ENOTSUP);
	assert_string_equal(error, "link type IEEE802_11 (105) is not read");
	free(text);
	assert_int_equal(read_bytes(none, sizeof(none), &counts, error),
			 -EBADMSG);
	assert_true(error[0]);
	assert_false(packet_file_is(span(none)));
	assert_false(packet_file_is((struct base_span){ NULL, 0 }));
}

static size_t put32(char *to, size_t at, uint32_t v)
{
	memcpy(to + at, &v, sizeof(v));
	return at + sizeof(v);
}

/* pcapng, draft-ietf-opsawg-pcapng: a section header, an interface of raw IP
 * whose times are nanoseconds (option 9, value 9), a packet each. */
static void pcapng_is_read(void **state)
{
	static char text[65536];
	struct packet_file_counts counts = { .cut = 0 };
	char error[PACKET_FILE_ERROR_LEN];
	size_t at = 0;

	(void)state;
	talk(2);
	at = put32(text, at, 0x0a0d0d0a);
	at = put32(text, at, 28);
	at = put32(text, at, 0x1a2b3c4d);
	at = put32(text, at, 1); /* version 1.0 */
	at = put32(text, at, UINT32_MAX);
	at = put32(text, at, UINT32_MAX);
	at = put32(text, at, 28);
	at = put32(text, at, 1);
	at = put32(text, at, 32);
	at = put32(text, at, 101);
	at = put32(text, at, 0);
	at = put32(text, at, 1U << 16 | 9);
	at = put32(text, at, 9);
	at = put32(text, at, 0);
	at = put32(text, at, 32);
	for (int i = 0; i < n_frames; i++) {
		const uint32_t padded = (uint32_t)(frames[i].len + 3) / 4 * 4;
		const uint64_t ns = S * 1000000000ULL + (uint64_t)i;

		at = put32(text, at, 6);
		at = put32(text, at, 32 + padded);
		at = put32(text, at, 0);
		at = put32(text, at, (uint32_t)(ns >> 32));
		at = put32(text, at, (uint32_t)ns);
		at = put32(text, at, (uint32_t)frames[i].len);
		at = put32(text, at, (uint32_t)frames[i].len);
		memcpy(text + at, frames[i].bytes, frames[i].len);
		at += padded;
		at = put32(text, at, 32 + padded);
	}
	assert_true(packet_file_is(span("\n\r\r\n")));
	if (read_bytes(text, at, &counts, error))
		fail_msg("%s", error);
	got_is(2);
	/* the second answer is the sixth packet */
	assert_true(last_ns == S * 1000000000ULL + 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_nanoseconds),
		cmocka_unit_test(any_order_gives_the_same_streams),
		cmocka_unit_test(half_a_file_is_read_as_far_as_it_goes),
		cmocka_unit_test(what_is_not_read_is_said),
		cmocka_unit_test(pcapng_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
