/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_addr_test.c - text and socket addresses there and back, networks */
#include "base_addr.h"

#include <string.h>
#include <sys/un.h>

#include "base_test.h"

#define V4(a, b, c, d)                                               \
	{                                                            \
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d \
	}

static struct base_addr addr(const char *text)
{
	struct base_addr a;

	if (!base_addr_parse(&a, text))
		fail_msg("%s is refused", text);
	return a;
}

static struct base_net net(const char *text)
{
	struct base_net n;

	if (!base_net_parse(&n, text))
		fail_msg("%s is refused", text);
	return n;
}

static void text_there_and_back(void **state)
{
	static const struct {
		const char *text;
		struct base_addr a;
		const char *again; /* NULL: as the text */
	} cases[] = {
		{ "47.88.85.196:7700",
		  { V4(47, 88, 85, 196), 7700, AF_INET, 0 },
		  NULL },
		{ "0.0.0.0:1", { V4(0, 0, 0, 0), 1, AF_INET, 0 }, NULL },
		{ "255.255.255.255:65535",
		  { V4(255, 255, 255, 255), 65535, AF_INET, 0 },
		  NULL },
		{ "[::1]:7700", { { [15] = 1 }, 7700, AF_INET6, 0 }, NULL },
		{ "[2001:DB8:0::7]:80",
		  { { 0x20, 0x01, 0x0d, 0xb8, [15] = 7 }, 80, AF_INET6, 0 },
		  "[2001:db8::7]:80" },
		/* RFC 4291 2.5.5.2: an IPv4 address in IPv6's clothes */
		{ "[::ffff:192.0.2.1]:80",
		  { V4(192, 0, 2, 1), 80, AF_INET, 0 },
		  "192.0.2.1:80" },
	};
	char buf[BASE_ADDR_STRLEN];

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		struct base_addr a = addr(cases[i].text);

		assert_true(base_addr_equal(&a, &cases[i].a));
		assert_string_equal(base_addr_format(&a, buf),
				    cases[i].again ? cases[i].again
						   : cases[i].text);
	}
}

static void the_longest_text_fits(void **state)
{
	static const char text[] =
		"[2001:db88:1111:2222:3333:4444:5555:6666]:65535";
	char buf[BASE_ADDR_STRLEN];
	const struct base_addr a = addr(text);

	(void)state;
	assert_string_equal(base_addr_format(&a, buf), text);
}

static void ip_alone(void **state)
{
	const struct base_addr v4 = addr("192.0.2.1:7700"),
			       v6 = addr("[2001:db8::7]:7700"),
			       none = { .family = 0 };
	char buf[BASE_ADDR_STRLEN];

	(void)state;
	assert_string_equal(base_addr_format_ip(&v4, buf), "192.0.2.1");
	assert_string_equal(base_addr_format_ip(&v6, buf), "2001:db8::7");
	assert_string_equal(base_addr_format_ip(&none, buf), "-");
	assert_string_equal(base_addr_format(&none, buf), "-");
	assert_memory_equal(v4.ip + 12, "\xc0\x00\x02\x01", 4);
}

static void bad_text_changes_nothing(void **state)
{
	static const char *const bad[] = {
		"",
		":",
		"192.0.2.1",
		"192.0.2.1:",
		":7700",
		"192.0.2.1:0",
		"192.0.2.1:65536",
		"192.0.2.1:100000",
		"192.0.2.1:4294974996", /* 2^32 + 7700 */
		"192.0.2.1:-1",
		"192.0.2.1: 80",
		"192.0.2.1:80 ",
		" 192.0.2.1:80",
		"192.0.2.1:80x",
		"192.0.2.1:http",
		"192.0.2:80",
		"192.0.2.256:80",
		"192.0.02.1:80",
		"[192.0.2.1]:80",
		"::1:80",
		"[::1]",
		"[::1]80",
		"[::1:80",
		"::1]:80",
		"[]:80",
		"[:80",
		"[::1%lo]:80",
		"localhost:80",
		/* as long as the buffer for a host without its NUL */
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:80",
		"[2001:db8:1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa]:8",
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(bad); i++) {
		struct base_addr a, before;

		memset(&a, 0x5a, sizeof(a));
		before = a;
		if (base_addr_parse(&a, bad[i]))
			fail_msg("\"%s\" is taken", bad[i]);
		assert_memory_equal(&a, &before, sizeof(a));
	}
}

static void socket_addresses_there_and_back(void **state)
{
	static const char *const texts[] = { "192.0.2.1:7700",
					     "[2001:db8::7]:7700" };
	struct sockaddr_storage ss;
	struct sockaddr_in in;

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(texts); i++) {
		const struct base_addr a = addr(texts[i]);
		struct base_addr b;

		(void)base_addr_to_sockaddr(&a, &ss);
		assert_true(
			base_addr_from_sockaddr(&b, (struct sockaddr *)&ss));
		assert_true(base_addr_equal(&a, &b));
	}
	assert_int_equal(
		base_addr_to_sockaddr(&(struct base_addr){ V4(1, 2, 3, 4),
							   0x1234, AF_INET, 0 },
				      &ss),
		sizeof(in));
	memcpy(&in, &ss, sizeof(in));
	assert_int_equal(in.sin_family, AF_INET);
	assert_memory_equal(&in.sin_addr, "\1\2\3\4", 4);
	assert_memory_equal(&in.sin_port, "\x12\x34", 2);
}

static void socket_addresses_of_ipv6(void **state)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
				    .sin6_port = htons(7700),
				    .sin6_scope_id = 3 };
	const struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct sockaddr_storage ss;
	struct base_addr a, before;

	(void)state;
	memcpy(&in6.sin6_addr, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	assert_true(base_addr_from_sockaddr(&a, (struct sockaddr *)&in6));
	assert_int_equal(a.scope, 3);
	assert_int_equal(base_addr_to_sockaddr(&a, &ss), sizeof(in6));
	assert_memory_equal(&ss, &in6, sizeof(in6));

	/* a dual-stack listener reports IPv4 clients like this */
	memcpy(&in6.sin6_addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1", 16);
	assert_true(base_addr_from_sockaddr(&a, (struct sockaddr *)&in6));
	assert_true(base_addr_equal(
		&a, &(struct base_addr){ V4(192, 0, 2, 1), 7700, AF_INET, 0 }));

	before = a;
	assert_false(base_addr_from_sockaddr(&a, (const struct sockaddr *)&un));
	assert_memory_equal(&a, &before, sizeof(a));
}

static void equal_looks_at_everything(void **state)
{
	const struct base_addr a = { { [15] = 1 }, 7700, AF_INET6, 2 };
	struct base_addr b = a;

	(void)state;
	assert_true(base_addr_equal(&a, &b));
	b.ip[0] = 1;
	assert_false(base_addr_equal(&a, &b));
	b = a;
	b.port = 7701;
	assert_false(base_addr_equal(&a, &b));
	b = a;
	b.family = AF_INET;
	assert_false(base_addr_equal(&a, &b));
	b = a;
	b.scope = 0;
	assert_false(base_addr_equal(&a, &b));
}

static void networks_there_and_back(void **state)
{
	static const char *const same[] = { "192.168.1.0/24", "10.0.0.0/8",
					    "0.0.0.0/0",      "192.0.2.1/32",
					    "172.16.0.0/12",  "2001:db8::/32",
					    "::/0",           "::1/128" };
	char buf[BASE_ADDR_STRLEN];
	struct base_net n;

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(same); i++) {
		n = net(same[i]);
		assert_string_equal(base_net_format(&n, buf), same[i]);
	}
	n = net("192.0.2.1");
	assert_string_equal(base_net_format(&n, buf), "192.0.2.1/32");
	n = net("2001:db8::1");
	assert_string_equal(base_net_format(&n, buf), "2001:db8::1/128");
}

static void bad_networks_change_nothing(void **state)
{
	static const char *const bad[] = {
		"",
		"/8",
		"192.168.1.0/",
		"192.168.1.0/33",
		"192.168.1.0/x",
		"192.168.1.0/-1",
		"192.168.1.0/24/8",
		"192.168.1.0/24 ",
		"192.168.1.1/24", /* host bits */
		"128.0.0.0/0",
		"172.24.0.0/12",
		"2001:db8::/129",
		"2001:db8::1/64",
		"[2001:db8::]/32",
		"::ffff:10.0.0.0/8", /* 8 of 32, or of 128? */
		"::ffff:0:0/96",
		"lan/8",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/8",
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(bad); i++) {
		struct base_net n, before;

		memset(&n, 0x5a, sizeof(n));
		before = n;
		if (base_net_parse(&n, bad[i]))
			fail_msg("\"%s\" is taken", bad[i]);
		assert_memory_equal(&n, &before, sizeof(n));
	}
}

static void contains_ends_at_the_last_bit(void **state)
{
	/* 172.16.0.0/12 is 172.16.0.0 to 172.31.255.255 */
	static const struct {
		const char *net, *addr;
		bool in;
	} cases[] = {
		{ "172.16.0.0/12", "172.16.0.0:1", true },
		{ "172.16.0.0/12", "172.31.255.255:1", true },
		{ "172.16.0.0/12", "172.15.255.255:1", false },
		{ "172.16.0.0/12", "172.32.0.0:1", false },
		{ "192.0.2.1/32", "192.0.2.1:1", true },
		{ "192.0.2.1/32", "192.0.2.0:1", false },
		{ "0.0.0.0/0", "255.255.255.255:1", true },
		{ "0.0.0.0/0", "[::1]:1", false },
		{ "::/0", "[2001:db8::1]:1", true },
		{ "::/0", "192.0.2.1:1", false },
		{ "2001:db8::/33", "[2001:db8:7fff::]:1", true },
		{ "2001:db8::/33", "[2001:db8:8000::]:1", false },
		{ "::1/128", "[::1]:1", true },
		{ "::1/128", "[::]:1", false },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		const struct base_net n = net(cases[i].net);
		const struct base_addr a = addr(cases[i].addr);

		if (base_net_contains(&n, &a) != cases[i].in)
			fail_msg("%s and %s", cases[i].net, cases[i].addr);
	}
}

static void overlap_is_containment_of_the_smaller(void **state)
{
	static const struct {
		const char *a, *b;
		bool overlap;
	} cases[] = {
		{ "10.0.0.0/8", "10.1.0.0/16", true },
		{ "10.0.0.0/8", "10.0.0.0/8", true },
		{ "10.0.0.0/8", "11.0.0.0/8", false },
		{ "10.0.0.0/9", "10.128.0.0/9", false },
		{ "0.0.0.0/0", "192.0.2.1", true },
		{ "0.0.0.0/0", "::/0", false },
		{ "2001:db8::/32", "2001:db8:ffff::/48", true },
		{ "2001:db8::/33", "2001:db8:8000::/33", false },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		const struct base_net a = net(cases[i].a), b = net(cases[i].b);

		if (base_net_overlap(&a, &b) != cases[i].overlap ||
		    base_net_overlap(&b, &a) != cases[i].overlap)
			fail_msg("%s and %s", cases[i].a, cases[i].b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_there_and_back),
		cmocka_unit_test(the_longest_text_fits),
		cmocka_unit_test(ip_alone),
		cmocka_unit_test(bad_text_changes_nothing),
		cmocka_unit_test(socket_addresses_there_and_back),
		cmocka_unit_test(socket_addresses_of_ipv6),
		cmocka_unit_test(equal_looks_at_everything),
		cmocka_unit_test(networks_there_and_back),
		cmocka_unit_test(bad_networks_change_nothing),
		cmocka_unit_test(contains_ends_at_the_last_bit),
		cmocka_unit_test(overlap_is_containment_of_the_smaller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
