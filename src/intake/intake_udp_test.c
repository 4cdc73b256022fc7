/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake_udp_test.c - datagrams through a real TPROXY rule, and others */
#include "intake_udp.h"

#include <stdlib.h>

#include "intake_connect.h"
#include "intake_internal.h"
#include "intake_listen.h"
#include "intake_test.h"

/* What UDP needs beside the rules of intake_test.h. */
static const char udp_script[] =
	"nft -f - <<'EOF'\n"
	"table inet datagrams {\n"
	"  chain prerouting {\n"
	"    type filter hook prerouting priority mangle\n"
	"    iifname br-lan ip daddr 47.88.85.196 udp dport 7700"
	" tproxy ip to 127.0.0.1:15001 meta mark set 1 accept\n"
	"    iifname br-lan ip6 daddr 2001:db8::7 udp dport 7700"
	" tproxy ip6 to [::1]:15001 meta mark set 1 accept\n"
	"  }\n"
	"}\n"
	"EOF\n";

/* The longest of UDP over IPv4: 65535 - 20 - 8 (RFC 791, RFC 768). */
#define LONGEST 65507

static uint8_t bytes[INTAKE_UDP_MAX];

static int setup_udp(void **state)
{
	if (setup_gateway(state) == 0 && *state)
		run_script(udp_script);
	return 0;
}

struct side {
	const char *loopback, *tracker, *vendor;
};

static const struct side sides[] = {
	{ "127.0.0.1", TRACKER4, VENDOR4 },
	{ "::1", TRACKER6, VENDOR6 },
};

static struct intake_listener listener_at(const char *ip, uint16_t port)
{
	struct intake_listener l = {
		.engine = intake_engine_find("tproxy-udp"),
		.addr = addr_of(ip, port),
	};

	assert_non_null(l.engine);
	return l;
}

static int open_listener(struct intake_listener *l)
{
	int fd;

	assert_int_equal(intake_listen(l, 1, &fd), 0);
	return fd;
}

/* A socket of the tracker at `port`, which talks to the vendor. */
static int tracker_at(const struct side *s, uint16_t port)
{
	const struct base_addr own = addr_of(s->tracker, port);
	const struct base_addr vendor = addr_of(s->vendor, 7700);
	const int fd = typed_socket_in("tracker", own.family, SOCK_DGRAM);

	assert_int_equal(bind_to(fd, &own), 0);
	assert_int_equal(connect_to(fd, &vendor), 0);
	return fd;
}

static int vendor_at(const struct side *s)
{
	const struct base_addr vendor = addr_of(s->vendor, 7700);
	const int fd = typed_socket_in("vendor", vendor.family, SOCK_DGRAM);

	assert_int_equal(bind_to(fd, &vendor), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
}

static void hear(int fd, const char *text)
{
	char buf[64] = "";

	wait_for(fd, POLLIN);
	assert_int_equal(recv(fd, buf, sizeof(buf), 0), strlen(text));
	assert_string_equal(buf, text);
}

static int take_one(int fd, const struct intake_listener *l,
		    struct intake_datagram *d)
{
	wait_for(fd, POLLIN);
	return intake_udp_take(fd, l, bytes, d);
}

static void check_taken(const struct side *s)
{
	struct intake_listener l = listener_at(s->loopback, 15001);
	const struct base_addr tracker = addr_of(s->tracker, 4711);
	const struct base_addr vendor = addr_of(s->vendor, 7700);
	const int fd = open_listener(&l), t = tracker_at(s, 4711);
	struct intake_datagram d;
	char name[IF_NAMESIZE];

	assert_flags(fd);
	assert_int_equal(intake_udp_take(fd, &l, bytes, &d), 0);
	say(t, "LK");
	assert_int_equal(send(t, "", 0, 0), 0);
	assert_int_equal(take_one(fd, &l, &d), 1);
	assert_addr(&d.client, &tracker);
	assert_addr(&d.server, &vendor);
	assert_int_equal(d.len, 2);
	assert_memory_equal(bytes, "LK", 2);
	assert_int_equal(intake_udp_interface(fd, d.interface, name), 0);
	assert_string_equal(name, "br-lan");
	assert_int_equal(take_one(fd, &l, &d), 1);
	assert_addr(&d.client, &tracker);
	assert_int_equal(d.len, 0);
	assert_int_equal(intake_udp_take(fd, &l, bytes, &d), 0);
	close(t);
	close(fd);
}

static void test_taken(void **state)
{
	need_gateway(state);
	for (size_t i = 0; i < WS_ARRAY_LEN(sides); i++)
		check_taken(&sides[i]);
}

/* Two clients: each hears its own answers, from the server's address. */
static void check_answers(const struct side *s)
{
	struct intake_listener l = listener_at(s->loopback, 15001);
	const struct base_addr server = addr_of(s->vendor, 7700);
	const int fd = open_listener(&l);
	struct base_addr clients[2];
	int t[2], c[2];

	for (uint16_t i = 0; i < 2; i++) {
		clients[i] = addr_of(s->tracker, (uint16_t)(5001 + i));
		t[i] = tracker_at(s, clients[i].port);
		c[i] = intake_udp_client(&clients[i], &server);
		assert_true(c[i] >= 0);
		assert_flags(c[i]);
	}
	for (int i = 0; i < 2; i++) {
		size_t len = 0;

		assert_int_equal(intake_udp_send(c[i], i ? "two" : "one", 3),
				 0);
		/* its socket is connected to the vendor's address */
		hear(t[i], i ? "two" : "one");
		/* and what it says comes to its own socket from now on */
		say(t[i], i ? "from two" : "from one");
		wait_for(c[i], POLLIN);
		assert_int_equal(
			intake_udp_receive(c[i], &clients[i], bytes, &len), 1);
		assert_int_equal(len, 8);
		assert_memory_equal(bytes, i ? "from two" : "from one", 8);
		assert_int_equal(
			intake_udp_receive(c[i], &clients[i], bytes, &len), 0);
	}
	for (int i = 0; i < 2; i++) {
		close(t[i]);
		close(c[i]);
	}
	close(fd);
}

static void test_answers(void **state)
{
	need_gateway(state);
	for (size_t i = 0; i < WS_ARRAY_LEN(sides); i++)
		check_answers(&sides[i]);
}

/* What the vendor sees: the gateway, or the client at another port, or at its
 * own. */
static void check_source(const struct side *s, enum conf_source source,
			 const char *seen_ip, uint16_t seen_port)
{
	const struct base_addr client = addr_of(s->tracker, 6001);
	const struct base_addr server = addr_of(s->vendor, 7700);
	struct base_addr seen = addr_of(seen_ip, seen_port), from;
	const int v = vendor_at(s);
	const int fd = intake_udp_server(source, INTAKE_MARK, &client, &server);
	struct sockaddr_storage ss;
	socklen_t ss_len = sizeof(ss);
	size_t len = 0;

	assert_true(fd >= 0);
	assert_flags(fd);
	assert_int_equal(option_of(fd, SOL_SOCKET, SO_MARK), INTAKE_MARK);
	assert_int_equal(intake_udp_send(fd, "up", 2), 0);
	wait_for(v, POLLIN);
	assert_int_equal(recvfrom(v, bytes, sizeof(bytes), 0,
				  (struct sockaddr *)&ss, &ss_len),
			 2);
	assert_true(base_addr_from_sockaddr(&from, (struct sockaddr *)&ss));
	if (!seen_port) {
		assert_int_not_equal(from.port, client.port);
		seen.port = from.port;
	}
	assert_addr(&from, &seen);
	assert_int_equal(
		sendto(v, "down", 4, 0, (struct sockaddr *)&ss, ss_len), 4);
	wait_for(fd, POLLIN);
	assert_int_equal(intake_udp_receive(fd, &server, bytes, &len), 1);
	assert_int_equal(len, 4);
	close(fd);
	close(v);
}

static void test_sources(void **state)
{
	static const char *const gateways[] = { GATEWAY_WAN4, GATEWAY_WAN6 };

	need_gateway(state);
	for (size_t i = 0; i < WS_ARRAY_LEN(sides); i++) {
		const struct side *s = &sides[i];

		check_source(s, CONF_SOURCE_GATEWAY, gateways[i], 0);
		check_source(s, CONF_SOURCE_CLIENT, s->tracker, 0);
		check_source(s, CONF_SOURCE_CLIENT_PORT, s->tracker, 6001);
	}
}

/* One that is connected hands out what came before it was. */
static void test_stranger(void **state)
{
	const struct base_addr loopback = addr_of("127.0.0.1", 0);
	const int peer = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const int other = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct base_addr at, from;
	size_t len = 77;

	(void)state;
	assert_int_equal(bind_to(fd, &loopback), 0);
	assert_int_equal(bind_to(peer, &loopback), 0);
	at = name_of(fd);
	from = name_of(peer);
	assert_int_equal(connect_to(other, &at), 0);
	assert_int_equal(connect_to(peer, &at), 0);
	say(other, "other");
	say(peer, "peer");
	assert_int_equal(connect_to(fd, &from), 0);
	assert_int_equal(intake_udp_receive(fd, &from, bytes, &len), -EBADMSG);
	assert_int_equal(len, 77); /* untouched on failure */
	assert_int_equal(intake_udp_receive(fd, &from, bytes, &len), 1);
	assert_int_equal(len, 4);
	close(peer);
	close(other);
	close(fd);
}

/* Connected to nobody's port: the error is said once, and is no end. */
static void test_refused(void **state)
{
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const int gone = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const struct base_addr loopback = addr_of("127.0.0.1", 0);
	struct base_addr peer;
	size_t len;
	int back;

	(void)state;
	assert_int_equal(bind_to(gone, &loopback), 0);
	peer = name_of(gone);
	close(gone);
	assert_int_equal(connect_to(fd, &peer), 0);
	assert_int_equal(intake_udp_send(fd, "lost", 4), 0);
	wait_for(fd, POLLIN);
	assert_int_equal(intake_udp_receive(fd, &peer, bytes, &len),
			 -ECONNREFUSED);
	assert_int_equal(intake_udp_receive(fd, &peer, bytes, &len), 0);
	assert_int_equal(intake_udp_send(fd, "lost", 4), 0);
	assert_int_equal(intake_udp_send(fd, "unsent", 6), -ECONNREFUSED);
	back = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind_to(back, &peer), 0);
	assert_int_equal(intake_udp_send(fd, "heard", 5), 0);
	hear(back, "heard");
	close(back);
	close(fd);
}

/* The longest one through the gateway, both ways. */
static void test_longest(void **state)
{
	const struct side *s = &sides[0];
	struct intake_listener l = listener_at(s->loopback, 15001);
	const struct base_addr client = addr_of(s->tracker, 4712);
	const struct base_addr server = addr_of(s->vendor, 7700);
	static uint8_t sent[LONGEST + 1];
	struct intake_datagram d;
	int fd, t, c;

	need_gateway(state);
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i * 31 + i / 251);
	fd = open_listener(&l);
	t = tracker_at(s, 4712);
	assert_int_equal(send(t, sent, LONGEST, 0), LONGEST);
	assert_int_equal(take_one(fd, &l, &d), 1);
	assert_int_equal(d.len, LONGEST);
	assert_memory_equal(bytes, sent, LONGEST);
	c = intake_udp_client(&client, &server);
	assert_true(c >= 0);
	assert_int_equal(intake_udp_send(c, sent, LONGEST + 1), -EMSGSIZE);
	assert_int_equal(intake_udp_send(c, sent, LONGEST), 0);
	wait_for(t, POLLIN);
	assert_int_equal(recv(t, bytes, sizeof(bytes), 0), LONGEST);
	assert_memory_equal(bytes, sent, LONGEST);
	close(c);
	close(t);
	close(fd);
}

/* Who sends to the listener itself would have us answer ourselves. */
static void test_itself(void **state)
{
	struct intake_listener l = listener_at("127.0.0.1", 0);
	const int t = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct intake_datagram d = { .len = 77 };
	int fd;

	need_gateway(state);
	fd = open_listener(&l);
	assert_int_equal(connect_to(t, &l.addr), 0);
	say(t, "loop");
	assert_int_equal(take_one(fd, &l, &d), -ELOOP);
	assert_int_equal(d.len, 77); /* untouched on failure */
	close(t);
	close(fd);
}

/* No address to answer to, and none that is ours to have. */
static int as_client(struct msghdr *msg, const struct intake_listener *l,
		     struct base_addr *server)
{
	(void)l;
	return base_addr_from_sockaddr(server, msg->msg_name) ? 0 : -EINVAL;
}

/* What no packet from outside can say, as it would be of this host: one socket
 * that is both ends. */
static void test_client_is_server(void **state)
{
	static const struct intake_engine mirror = {
		.transport = CONF_TRANSPORT_UDP,
		.datagram = as_client,
	};
	const struct intake_listener l = { .engine = &mirror };
	const struct base_addr any = addr_of("127.0.0.1", 0);
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct intake_datagram d;
	struct base_addr at;

	(void)state;
	assert_int_equal(bind_to(fd, &any), 0);
	at = name_of(fd);
	assert_int_equal(connect_to(fd, &at), 0);
	assert_int_equal(send(fd, "x", 1, 0), 1);
	assert_int_equal(take_one(fd, &l, &d), -EADDRNOTAVAIL);
	close(fd);
}

static void test_unanswerable(void **state)
{
	const struct side *s = &sides[0];
	struct intake_listener l = listener_at(s->loopback, 15001);
	const struct base_addr own = addr_of(s->tracker, 0);
	/* RFC 768: source port 0 (unused), to port 7700, length 8 + 1, no
	 * checksum, one byte */
	static const uint8_t portless[] = { 0, 0, 0x1e, 0x14, 0, 9, 0, 0, '!' };
	struct base_addr vendor = addr_of(s->vendor, 0);
	struct intake_datagram d;
	int fd, t;

	need_gateway(state);
	fd = open_listener(&l);
	t = typed_socket_in("tracker", AF_INET, SOCK_RAW);
	assert_int_equal(bind_to(t, &own), 0);
	assert_int_equal(connect_to(t, &vendor), 0);
	assert_int_equal(send(t, portless, sizeof(portless), 0),
			 sizeof(portless));
	assert_int_equal(take_one(fd, &l, &d), -EADDRNOTAVAIL);
	close(t);
	close(fd);
}

/* From "::", which connect() takes for ::1: what a server says would come to
 * services of this host that are for itself only. */
static void test_no_address(void **state)
{
	const struct side *s = &sides[1];
	/* RFC 8200: 9 bytes of UDP from :: to 2001:db8::7. RFC 768: port 4711
	 * to 7700, one byte. The sum of its words with those of the
	 * pseudo-header is 20 01 + 0d b8 + 00 07 + 00 09 + 00 11 + 12 67 + 1e
	 * 14 + 00 09 + 21 00 = 7f 5e, and all bits of it turned round are the
	 * checksum. */
	static const uint8_t packet[] = {
		0x60, 0,    0,    0,    0,    9,    17,   64,   0,  0,
		0,    0,    0,    0,    0,    0,    0,    0,    0,  0,
		0,    0,    0,    0,    0x20, 0x01, 0x0d, 0xb8, 0,  0,
		0,    0,    0,    0,    0,    0,    0,    0,    0,  7,
		0x12, 0x67, 0x1e, 0x14, 0,    9,    0x80, 0xa1, '!'
	};
	struct intake_listener l = listener_at(s->loopback, 15001);
	const struct base_addr vendor = addr_of(s->vendor, 0);
	struct intake_datagram d;
	int fd, t;

	need_gateway(state);
	fd = open_listener(&l);
	t = typed_socket_in("tracker", AF_INET6, SOCK_RAW);
	assert_int_equal(intake_option(t, SOL_IPV6, IPV6_HDRINCL, 1), 0);
	assert_int_equal(connect_to(t, &vendor), 0);
	assert_int_equal(send(t, packet, sizeof(packet), 0), sizeof(packet));
	assert_int_equal(take_one(fd, &l, &d), -EADDRNOTAVAIL);
	close(t);
	close(fd);
}

/* What is longer than a path takes is cut on the way, as what a tracker sends
 * itself: no datagram is lost to find that out. */
static void test_fragments(void **state)
{
	const struct base_addr client = addr_of(TRACKER4, 4714);
	const struct base_addr server = addr_of(VENDOR4, 7700);
	int fds[2];

	need_gateway(state);
	fds[0] = intake_udp_client(&client, &server);
	fds[1] = intake_udp_server(CONF_SOURCE_GATEWAY, INTAKE_MARK, &client,
				   &server);
	for (int i = 0; i < 2; i++) {
		assert_true(fds[i] >= 0);
		assert_int_equal(option_of(fds[i], SOL_IP, IP_MTU_DISCOVER),
				 IP_PMTUDISC_DONT);
		close(fds[i]);
	}
}

/* A service of the gateway on all addresses: what shares its port lets us in.
 */
static void test_port_in_use(void **state)
{
	const struct base_addr client = addr_of(TRACKER4, 4713);
	const struct base_addr server = addr_of(VENDOR4, 7700);
	const struct base_addr all = addr_of("0.0.0.0", 7700);

	need_gateway(state);
	for (int shares = 0; shares < 2; shares++) {
		const int service =
			socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		int fd;

		assert_int_equal(intake_option(service, SOL_SOCKET,
					       SO_REUSEADDR, shares),
				 0);
		assert_int_equal(bind_to(service, &all), 0);
		fd = intake_udp_client(&client, &server);
		if (shares) {
			assert_true(fd >= 0);
			close(fd);
		} else {
			assert_int_equal(fd, -EADDRINUSE);
		}
		close(service);
	}
}

/* A datagram whose control message is missing is nobody's. */
static void test_no_message(void **state)
{
	struct intake_listener l = listener_at("127.0.0.1", 15001);
	union {
		char bytes[CMSG_SPACE(sizeof(struct sockaddr_in))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	struct msghdr msg = { .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	struct base_addr a = addr_of("192.0.2.1", 1), want = a;
	struct sockaddr_storage ss;

	(void)state;
	want = addr_of(VENDOR4, 7700);
	(void)base_addr_to_sockaddr(&want, &ss);
	c->cmsg_level = SOL_IP;
	c->cmsg_type = IP_ORIGDSTADDR;
	c->cmsg_len = CMSG_LEN(sizeof(struct sockaddr_in));
	memcpy(CMSG_DATA(c), &ss, sizeof(struct sockaddr_in));
	assert_int_equal(l.engine->datagram(&msg, &l, &a), 0);
	assert_addr(&a, &want);
	/* a byte too few, another type, another level, none at all */
	c->cmsg_len--;
	assert_int_equal(l.engine->datagram(&msg, &l, &a), -ENOMSG);
	c->cmsg_len++;
	c->cmsg_type = IP_PKTINFO;
	assert_int_equal(l.engine->datagram(&msg, &l, &a), -ENOMSG);
	c->cmsg_type = IP_ORIGDSTADDR;
	c->cmsg_level = SOL_IPV6;
	assert_int_equal(l.engine->datagram(&msg, &l, &a), -ENOMSG);
	msg.msg_controllen = 0;
	assert_int_equal(l.engine->datagram(&msg, &l, &a), -ENOMSG);
	assert_addr(&a, &want); /* untouched on failure */
}

/* Two workers share a port, a second daemon does not get it. */
static void test_listeners(void **state)
{
	struct intake_listener l = listener_at("127.0.0.1", 0), second;
	int fds[2], other;

	need_gateway(state);
	assert_int_equal(intake_listen(&l, 2, fds), 0);
	assert_int_not_equal(l.addr.port, 0);
	second = l;
	assert_int_equal(intake_listen(&second, 1, &other), -EADDRINUSE);
	for (int i = 0; i < 2; i++) {
		const struct base_addr at = name_of(fds[i]);

		assert_addr(&at, &l.addr);
		assert_int_equal(option_of(fds[i], SOL_SOCKET, SO_TYPE),
				 SOCK_DGRAM);
		assert_int_equal(option_of(fds[i], SOL_IP, IP_TRANSPARENT), 1);
		close(fds[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_stranger),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_itself),
		cmocka_unit_test(test_client_is_server),
		cmocka_unit_test(test_unanswerable),
		cmocka_unit_test(test_no_address),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_port_in_use),
		cmocka_unit_test(test_no_message),
		cmocka_unit_test(test_listeners),
	};

	return cmocka_run_group_tests(tests, setup_udp, NULL);
}
