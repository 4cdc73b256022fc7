/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packet_build_test.c - headers with the right lengths and checksums */
#include "packet_build.h"

#include "packet_test.h"

static uint8_t head[PACKET_HEAD_MAX];

static void heads_are(const struct packet *p, const char *hex)
{
	uint8_t want[PACKET_HEAD_MAX];
	const size_t len = from_hex(hex, want, sizeof(want));

	assert_int_equal(packet_build(p, head), len);
	assert_memory_equal(head, want, len);
}

/*
 * IPv4, RFC 791 3.1: 20 bytes of header, 20 of TCP, 4 of payload: 0x2c.
 * Header checksum: the sum of
 *   4500 002c 0000 4000 4006 c000 0201 c633 6407
 * 4500+002c = 452c; +4000 = 852c; +4006 = c532;
 * +c000 = 18532; +0201 = 18733; +c633 = 24d66; +6407 = 2b16d;
 * folded b16d + 2 = b16f; inverted 4e90.
 * TCP, RFC 9293 3.1: pseudo header c000 0201 c633 6407, 0006, 0018 (24 bytes);
 *   header 0fa1 1e14 0000 0001 0000 0005 5018 ffff 0000; "abcd" 6162 6364.
 * c000+0201 = c201; +c633 = 18834; +6407 = 1ec3b; +0006+0018 = 1ec59;
 * +0fa1 = 1fbfa; +1e14 = 21a0e; +0001+0005 = 21a14; +5018 = 26a2c;
 * +ffff = 36a2b; +6162 = 3cb8d; +6364 = 42ef1; folded 2ef1 + 4 = 2ef5;
 * inverted d10a.
 */
static void tcp_over_ipv4(void **state)
{
	const struct packet p = { .from = addr("192.0.2.1:4001"),
				  .to = addr("198.51.100.7:7700"),
				  .seq = 1,
				  .ack = 5,
				  .flags = PACKET_PSH | PACKET_ACK,
				  .payload = span("abcd") };

	(void)state;
	heads_are(
		&p,
		"45 00 00 2c 00 00 40 00 40 06 4e 90 c0 00 02 01 c6 33 64 07"
		"0f a1 1e 14 00 00 00 01 00 00 00 05 50 18 ff ff d1 0a 00 00");
}

/*
 * A SYN has MSS 65495 (0xffd7) and a window scale of 14: 8 bytes, data offset
 * 7. IPv4: 4500 0030 0000 4000 4006 + the same addresses: as above with +4
 * = b173, inverted 4e8c.
 * TCP: c201 + c633 + 6407 = 1ec3b; +0006 + 001c = 1ec5d; +0fa1+1e14 = 21a12;
 * +7002 = 28a14; +ffff = 38a13; options 0204 ffd7 0103 030e: +0204 = 38c17;
 * +ffd7 = 48bee; +0103 = 48cf1; +030e = 48fff; folded 8fff + 4 = 9003;
 * inverted 6ffc.
 */
static void a_syn_has_options(void **state)
{
	const struct packet p = { .from = addr("192.0.2.1:4001"),
				  .to = addr("198.51.100.7:7700"),
				  .flags = PACKET_SYN };

	(void)state;
	heads_are(&p,
		  "45 00 00 30 00 00 40 00 40 06 4e 8c c0 00 02 01 c6 33 64 07"
		  "0f a1 1e 14 00 00 00 00 00 00 00 00 70 02 ff ff 6f fc 00 00"
		  "02 04 ff d7 01 03 03 0e");
}

/*
 * IPv6, RFC 8200 3: payload length 8 + 3 = 0x0b.
 * UDP: pseudo header 2001 0db8 0000 0000 0000 0000 0000 0001 and ... 0002:
 *   2001 + 0db8 + 1 = 2dba, 2dbb; together 5b75; +0011 + 000b = 5b91;
 *   ports 0fa1 1e14: 6b32, 8946; length 000b: 8951; "abc" 6162 6300:
 *   eab3, 14db3; folded 4db4; inverted b24b.
 */
static void udp_over_ipv6(void **state)
{
	const struct packet p = { .from = addr("[2001:db8::1]:4001"),
				  .to = addr("[2001:db8::2]:7700"),
				  .transport = PACKET_UDP,
				  .payload = span("abc") };

	(void)state;
	heads_are(&p, "60 00 00 00 00 0b 11 40"
		      "20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01"
		      "20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 02"
		      "0f a1 1e 14 00 0b b2 4b");
}

/* RFC 768: a sum of 0 is sent as ffff. Of the datagram above without payload:
 * 5b75 + 0011 + 0008 = 5b8e; 6b2f, 8943; length 0008: 894b; two bytes more
 * (lengths 000a twice: 894f) that make it ffff: 76b0. */
static void a_sum_of_zero_is_sent_as_ones(void **state)
{
	const struct packet p = { .from = addr("[2001:db8::1]:4001"),
				  .to = addr("[2001:db8::2]:7700"),
				  .transport = PACKET_UDP,
				  .payload = span("\x76\xb0") };

	(void)state;
	assert_int_equal(packet_build(&p, head), 48);
	assert_int_equal(head[46], 0xff);
	assert_int_equal(head[47], 0xff);
}

/* What is built is parsed, up to the largest. */
static void the_largest_fit(void **state)
{
	static const struct {
		enum packet_transport transport;
		size_t len;
	} of[] = { { PACKET_TCP, PACKET_TCP_MAX },
		   { PACKET_UDP, PACKET_UDP_MAX } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint8_t *frame = calloc(1, PACKET_HEAD_MAX + 65535), *payload;
		struct packet p = { .from = addr("192.0.2.1:4001"),
				    .to = addr("198.51.100.7:7700"),
				    .transport = of[i].transport };
		struct packet got;
		size_t len;

		assert_non_null(frame);
		payload = calloc(1, of[i].len);
		assert_non_null(payload);
		p.payload = (struct base_span){ payload, of[i].len };
		len = packet_build(&p, frame);
		assert_int_equal(len + of[i].len, 65535);
		assert_int_equal(
			packet_parse(PACKET_LINK_RAW,
				     (struct base_span){ frame, 65535 }, &got),
			PACKET_OK);
		assert_int_equal(got.payload.len, of[i].len);
		assert_true(base_addr_equal(&got.from, &p.from));
		assert_true(base_addr_equal(&got.to, &p.to));
		free(payload);
		free(frame);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tcp_over_ipv4),
		cmocka_unit_test(a_syn_has_options),
		cmocka_unit_test(udp_over_ipv6),
		cmocka_unit_test(a_sum_of_zero_is_sent_as_ones),
		cmocka_unit_test(the_largest_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
