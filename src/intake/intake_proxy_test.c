/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake_proxy_test.c - the header, byte by byte as the specification has it */
#include "intake_proxy.h"

#include "intake_test.h"

/* Section 2.2: the signature; 0x21 = version 2, command PROXY. */
#define BEGINS                                                            \
	0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, \
		0x0a, 0x21

static void check(const char *client, uint16_t client_port, const char *reached,
		  uint16_t reached_port, const uint8_t *want, size_t len)
{
	const struct base_addr from = addr_of(client, client_port);
	const struct base_addr to = addr_of(reached, reached_port);
	uint8_t got[INTAKE_PROXY_MAX];

	assert_int_equal(intake_proxy_header(got, &from, &to), len);
	assert_memory_equal(got, want, len);
}

/* 0x11 = TCP over IPv4, 12 = 4 + 4 + 2 + 2 bytes of addresses: 192.168.1.10,
 * 203.0.113.1, 33333 = 0x8235, 7700 = 0x1e14. */
static void ipv4(void **state)
{
	static const uint8_t want[28] = { BEGINS, 0x11, 0,    12,  192, 168,
					  1,      10,   203,  0,   113, 1,
					  0x82,   0x35, 0x1e, 0x14 };

	(void)state;
	check("192.168.1.10", 33333, "203.0.113.1", 7700, want, sizeof(want));
}

/* 0x21 = TCP over IPv6, 36 = 16 + 16 + 2 + 2. */
static void ipv6(void **state)
{
	static const uint8_t want[52] = {
		BEGINS, 0x21, 0,    36,   0x20, 0x01, 0x0d, 0xb8, 0,    1,
		0,      0,    0,    0,    0,    0,    0,    0,    0,    0x10,
		0x20,   0x01, 0x0d, 0xb8, 0,    2,    0,    0,    0,    0,
		0,      0,    0,    0,    0,    1,    0x82, 0x35, 0x1e, 0x14
	};

	(void)state;
	check("2001:db8:1::10", 33333, "2001:db8:2::1", 7700, want,
	      sizeof(want));
}

/* 0x00 = UNSPEC, no addresses: "the receiver should use the real connection
 * endpoints". */
static void two_families_are_unknown(void **state)
{
	static const uint8_t want[16] = { BEGINS, 0x00, 0, 0 };

	(void)state;
	check("192.168.1.10", 33333, "2001:db8:2::1", 7700, want, sizeof(want));
}

/* The address that the client reached is that of its own connection. */
static void introduced(void **state)
{
	static const uint8_t begins[16] = { BEGINS, 0x11, 0, 12 };
	const struct base_addr client = addr_of("192.168.1.10", 33333);
	const struct base_addr any = addr_of("127.0.0.1", 0);
	const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint8_t got[INTAKE_PROXY_MAX];
	struct base_addr at;
	enum base_call call = BASE_CALL_MAX;
	int pair[2], accepted;

	(void)state;
	assert_int_equal(bind_to(listener, &any), 0);
	assert_int_equal(listen(listener, 1), 0);
	at = name_of(listener);
	assert_int_equal(connect_to(fd, &at), 0);
	accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(accepted >= 0);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(
		intake_proxy_introduce(pair[0], accepted, &client, &call), 0);
	assert_int_equal(recv(pair[1], got, sizeof(got), 0), 28);
	assert_memory_equal(got, begins, sizeof(begins));
	assert_memory_equal(got + 16, "\xc0\xa8\x01\x0a\x7f\x00\x00\x01", 8);
	assert_int_equal(got[24] << 8 | got[25], 33333);
	assert_int_equal(got[26] << 8 | got[27], at.port);
	/* a server that is gone already */
	close(pair[1]);
	assert_int_equal(
		intake_proxy_introduce(pair[0], accepted, &client, &call),
		-EPIPE);
	assert_int_equal(call, BASE_CALL_SEND);
	assert_int_equal(intake_proxy_introduce(pair[0], -1, &client, &call),
			 -EBADF);
	assert_int_equal(call, BASE_CALL_GETSOCKNAME);
	close(pair[0]);
	close(accepted);
	close(fd);
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4),
		cmocka_unit_test(ipv6),
		cmocka_unit_test(two_families_are_unknown),
		cmocka_unit_test(introduced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
