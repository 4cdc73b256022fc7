/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packet_parse_test.c - frames of all links, and what is none */
#include "packet_parse.h"

#include "packet_test.h"

/* Fields as in RFC 791, RFC 9293; checksums are zero, nobody asks for them. */
#define IPV4(total, piece, proto)                   \
	"45 00 " total " 00 00 " piece " 40 " proto \
	" 00 00 c0 00 02 01 c6 33 64 07 "
#define PORTS    "0f a1 1e 14 "
#define TCP      PORTS "00 00 00 0a 00 00 00 0b 50 18 ff ff 00 00 00 00 "
#define UDP(len) PORTS len " 00 00 "
#define IPV6(len, next)                                    \
	"60 00 00 00 " len " " next " 40 "                 \
	"20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 01 " \
	"20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 02 "
#define PLAIN IPV4("00 2b", "00 00", "06") TCP "61 62 63"
#define MACS  "02 00 00 00 00 01 02 00 00 00 00 02 "

static struct packet packet;
static uint8_t frame[512];

static enum packet_verdict parse(int link, const char *hex)
{
	const size_t len = from_hex(hex, frame, sizeof(frame));

	return packet_parse(link, (struct base_span){ frame, len }, &packet);
}

static void is_abc(int link, const char *hex)
{
	if (parse(link, hex) != PACKET_OK)
		fail_msg("link %d: %s", link, hex);
	assert_int_equal(packet.from.port, 4001);
	assert_int_equal(packet.to.port, 7700);
	assert_int_equal(packet.payload.len, 3);
	assert_memory_equal(packet.payload.ptr, "abc", 3);
	assert_false(packet.cut);
}

static void every_link_layer(void **state)
{
	char buf[BASE_ADDR_STRLEN];

	(void)state;
	is_abc(PACKET_LINK_RAW, PLAIN);
	assert_string_equal(base_addr_format(&packet.from, buf),
			    "192.0.2.1:4001");
	assert_string_equal(base_addr_format(&packet.to, buf),
			    "198.51.100.7:7700");
	assert_int_equal(packet.seq, 10);
	assert_int_equal(packet.ack, 11);
	assert_int_equal(packet.flags, PACKET_PSH | PACKET_ACK);
	is_abc(PACKET_LINK_RAW_FILE, PLAIN);
	is_abc(PACKET_LINK_IPV4, PLAIN);
	is_abc(PACKET_LINK_ETHERNET, MACS "08 00 " PLAIN);
	is_abc(PACKET_LINK_ETHERNET, MACS "81 00 00 05 08 00 " PLAIN);
	is_abc(PACKET_LINK_ETHERNET,
	       MACS "88 a8 00 05 81 00 00 06 08 00 " PLAIN);
	/* PPPoE: version and type, code, session, length (2 + 43) */
	is_abc(PACKET_LINK_ETHERNET,
	       MACS "88 64 11 00 00 01 00 2d 00 21" PLAIN);
	is_abc(PACKET_LINK_NULL, "02 00 00 00 " PLAIN);
	is_abc(PACKET_LINK_NULL, "00 00 00 02 " PLAIN);
	is_abc(PACKET_LINK_LOOP, "00 00 00 02 " PLAIN);
	is_abc(PACKET_LINK_COOKED,
	       "00 00 00 01 00 06 02 00 00 00 00 01 00 00 08 00 " PLAIN);
	is_abc(PACKET_LINK_COOKED2, "08 00 00 00 00 00 00 01 00 01 00 06"
				    "02 00 00 00 00 01 00 00 " PLAIN);
	/* a VLAN tag behind a cooked header */
	is_abc(PACKET_LINK_COOKED, "00 00 00 01 00 06 02 00 00 00 00 01 00 00 "
				   "81 00 00 05 08 00 " PLAIN);
}

static void ipv6_with_extension_headers(void **state)
{
	char buf[BASE_ADDR_STRLEN];

	(void)state;
	is_abc(PACKET_LINK_RAW, IPV6("00 17", "06") TCP "61 62 63");
	assert_string_equal(base_addr_format(&packet.to, buf),
			    "[2001:db8::2]:7700");
	is_abc(PACKET_LINK_NULL,
	       "1e 00 00 00 " IPV6("00 17", "06") TCP "61 62 63");
	/* hop by hop (8 bytes), destination options (16), then UDP */
	is_abc(PACKET_LINK_ETHERNET,
	       MACS "86 dd " IPV6(
		       "00 23",
		       "00") "3c 00 01 04 00 00 00 00 "
			     "11 01 01 0c 00 00 00 00 00 00 00 00 00 00 00 00 " UDP(
				     "00 0b") "61 62 63");
	/* authentication header: its length counts 4 bytes, minus 2 */
	is_abc(PACKET_LINK_RAW,
	       IPV6("00 2f", "33") "06 04 00 00 00 00 00 01 00 00 00 01 "
				   "00 00 00 00 00 00 00 00 00 00 00 00 " TCP
				   "61 62 63");
	/* a fragment header on a whole packet: RFC 6946 */
	is_abc(PACKET_LINK_RAW,
	       IPV6("00 1f", "2c") "06 00 00 00 00 00 00 09 " TCP "61 62 63");
}

static void options_and_padding(void **state)
{
	(void)state;
	/* IPv4 with four bytes of options: 24 + 20 + 3 = 0x2f */
	is_abc(PACKET_LINK_RAW,
	       "46 00 00 2f 00 00 00 00 40 06 00 00 c0 00 02 01 c6 33 64 07 "
	       "01 01 01 00 " TCP "61 62 63");
	/* TCP with four bytes of options: data offset 6 */
	is_abc(PACKET_LINK_RAW, IPV4("00 2f", "00 00", "06") PORTS
	       "00 00 00 0a 00 00 00 0b 60 18 ff ff 00 00 00 00 "
	       "01 01 01 00 61 62 63");
	/* what Ethernet adds to a short frame is no payload */
	is_abc(PACKET_LINK_ETHERNET, MACS "08 00 " PLAIN "00 00 00");
	/* a sender that leaves the length to its network card */
	is_abc(PACKET_LINK_RAW, IPV4("00 00", "00 00", "06") TCP "61 62 63");
	/* no payload, and padding */
	assert_int_equal(parse(PACKET_LINK_ETHERNET,
			       MACS "08 00 " IPV4("00 28", "00 00", "06") TCP
			       "00 00 00"),
			 PACKET_OK);
	assert_int_equal(packet.payload.len, 0);
	/* don't fragment is no fragment */
	is_abc(PACKET_LINK_RAW, IPV4("00 2b", "40 00", "06") TCP "61 62 63");
}

static void fragments_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(parse(PACKET_LINK_RAW,
			       IPV4("00 2b", "20 00", "06") TCP "61 62 63"),
			 PACKET_FRAGMENT);
	assert_int_equal(parse(PACKET_LINK_RAW,
			       IPV4("00 2b", "00 01", "06") TCP "61 62 63"),
			 PACKET_FRAGMENT);
	assert_int_equal(
		parse(PACKET_LINK_RAW,
		      IPV6("00 1f", "2c") "06 00 00 01 00 00 00 09 " TCP
					  "61 62 63"),
		PACKET_FRAGMENT);
	assert_int_equal(
		parse(PACKET_LINK_RAW,
		      IPV6("00 1f", "2c") "06 00 00 08 00 00 00 09 " TCP
					  "61 62 63"),
		PACKET_FRAGMENT);
}

static void others_are_left_out(void **state)
{
	(void)state;
	/* ARP; ICMP; ESP over IPv6; a family that nobody has; PPPoE with LCP */
	assert_int_equal(parse(PACKET_LINK_ETHERNET, MACS "08 06 00 01"),
			 PACKET_OTHER);
	assert_int_equal(parse(PACKET_LINK_RAW,
			       IPV4("00 2b", "00 00", "01") TCP "61 62 63"),
			 PACKET_OTHER);
	assert_int_equal(parse(PACKET_LINK_RAW, IPV6("00 04", "32") "01020304"),
			 PACKET_OTHER);
	assert_int_equal(parse(PACKET_LINK_NULL, "07 00 00 00 " PLAIN),
			 PACKET_OTHER);
	assert_int_equal(parse(PACKET_LINK_ETHERNET,
			       MACS "88 64 11 00 00 01 00 04 c0 21 01 02"),
			 PACKET_OTHER);
	assert_int_equal(parse(PACKET_LINK_RAW, "55 00"), PACKET_OTHER);
	assert_int_equal(parse(147, PLAIN), PACKET_OTHER);
	assert_false(packet_link_known(147));
	assert_true(packet_link_known(PACKET_LINK_COOKED2));
}

static void what_cannot_be_is_malformed(void **state)
{
	static const char *const broken[] = {
		/* header length 16; a total of less than the header */
		"44 00 00 2b 00 00 00 00 40 06 00 00 c0 00 02 01 c6 33 64 07",
		IPV4("00 13", "00 00", "06") TCP,
		/* TCP's data offset: 16; beyond the packet */
		IPV4("00 28", "00 00", "06") PORTS
		"00 00 00 0a 00 00 00 0b 40 18 ff ff 00 00 00 00",
		IPV4("00 28", "00 00", "06") PORTS
		"00 00 00 0a 00 00 00 0b f0 18 ff ff 00 00 00 00",
		/* UDP's length: 7; more than the packet has */
		IPV4("00 1f", "00 00", "11") UDP("00 07") "61 62 63",
		IPV4("00 1f", "00 00", "11") UDP("00 0c") "61 62 63",
		/* IPv6: an extension header beyond the packet */
		IPV6("00 08", "00") "06 01 00 00 00 00 00 00",
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(broken); i++)
		assert_int_equal(parse(PACKET_LINK_RAW, broken[i]),
				 PACKET_MALFORMED);
	assert_int_equal(parse(PACKET_LINK_ETHERNET, MACS "08"),
			 PACKET_MALFORMED);
}

/* Any beginning of a frame is read within its bounds. */
static void no_prefix_is_read_beyond(void **state)
{
	const size_t len = from_hex(PLAIN, frame, sizeof(frame));

	(void)state;
	for (size_t i = 0; i < len; i++) {
		uint8_t *exact = malloc(i ? i : 1);
		enum packet_verdict v;

		assert_non_null(exact);
		memcpy(exact, frame, i);
		v = packet_parse(PACKET_LINK_RAW,
				 (struct base_span){ exact, i }, &packet);
		/* 40 bytes of headers */
		assert_int_equal(v, i >= 40 ? PACKET_OK
				    : i     ? PACKET_MALFORMED
					    : PACKET_OTHER);
		if (v == PACKET_OK)
			assert_true(packet.cut);
		free(exact);
	}
}

static void what_was_cut_off_is_said(void **state)
{
	(void)state;
	assert_int_equal(
		parse(PACKET_LINK_RAW, IPV4("00 2b", "00 00", "06") TCP "61"),
		PACKET_OK);
	assert_true(packet.cut);
	assert_int_equal(packet.payload.len, 1);
	assert_int_equal(parse(PACKET_LINK_RAW, IPV4("00 1f", "00 00", "11")
							UDP("00 0b") "61 62"),
			 PACKET_OK);
	assert_true(packet.cut);
	assert_int_equal(packet.payload.len, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_link_layer),
		cmocka_unit_test(ipv6_with_extension_headers),
		cmocka_unit_test(options_and_padding),
		cmocka_unit_test(fragments_are_told_apart),
		cmocka_unit_test(others_are_left_out),
		cmocka_unit_test(what_cannot_be_is_malformed),
		cmocka_unit_test(no_prefix_is_read_beyond),
		cmocka_unit_test(what_was_cut_off_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
