/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake_accept_test.c - connections through a real TPROXY rule, and others */
#include "intake_accept.h"

#include <netinet/tcp.h>
#include <sys/resource.h>

#include "intake_listen.h"
#include "intake_test.h"

static struct intake_listener listener_for(const char *engine, const char *ip,
					   uint16_t port)
{
	struct intake_listener l = { .engine = intake_engine_find(engine),
				     .addr = addr_of(ip, port),
				     .remote = addr_of(VENDOR4, 7700) };

	assert_non_null(l.engine);
	return l;
}

static int accept_one(int fd, const struct intake_listener *l,
		      struct intake_conn *c)
{
	wait_for(fd, POLLIN);
	return intake_accept(fd, l, c);
}

static void check_intercepted(const char *listen_ip, const char *tracker_ip,
			      const char *vendor_ip)
{
	struct intake_listener l = listener_for("tproxy-tcp", listen_ip, 15001);
	const struct base_addr vendor = addr_of(vendor_ip, 7700);
	struct base_addr tracker = addr_of(tracker_ip, 0);
	const bool v4 = l.addr.family == AF_INET;
	struct intake_conn c;
	int fd, t;

	assert_int_equal(intake_listen(&l, 1, &fd), 0);
	assert_int_equal(intake_accept(fd, &l, &c), 0);
	t = socket_in("tracker", l.addr.family);
	assert_int_equal(connect_to(t, &vendor), 0);
	tracker.port = name_of(t).port;
	assert_int_equal(accept_one(fd, &l, &c), 1);
	assert_addr(&c.server, &vendor);
	assert_addr(&c.client, &tracker);
	assert_string_equal(c.ifname, "br-lan");
	assert_flags(c.fd);
	assert_int_equal(option_of(c.fd, SOL_TCP, TCP_NODELAY), 1);
	/* switched off again: it costs a clone of each packet */
	assert_int_equal(v4 ? option_of(c.fd, SOL_IP, IP_PKTINFO)
			    : option_of(c.fd, SOL_IPV6, IPV6_2292PKTINFO),
			 0);
	assert_int_equal(intake_accept(fd, &l, &c), 0);
	close(t);
	close(c.fd);
	close(fd);
}

static void test_intercepted(void **state)
{
	need_gateway(state);
	check_intercepted("127.0.0.1", TRACKER4, VENDOR4);
	check_intercepted("::1", TRACKER6, VENDOR6);
}

/* The same when the kernel answers with SYN cookies: the accepted socket is
 * then made from the last packet of the handshake. */
static void test_intercepted_with_cookies(void **state)
{
	need_gateway(state);
	write_file("/proc/sys/net/ipv4/tcp_syncookies", "2");
	check_intercepted("127.0.0.1", TRACKER4, VENDOR4);
	check_intercepted("::1", TRACKER6, VENDOR6);
	write_file("/proc/sys/net/ipv4/tcp_syncookies", "1");
}

/* A client that connects to `to_ip`; fixed: the server is at `remote_ip`. */
static void check_loop(const char *engine, const char *listen_ip,
		       const char *remote_ip, const char *to_ip)
{
	struct intake_listener l = listener_for(engine, listen_ip, 0);
	struct base_addr to = addr_of(to_ip, 0);
	struct intake_conn c = { .fd = -7 };
	int fd, t;

	assert_int_equal(intake_listen(&l, 1, &fd), 0);
	to.port = l.addr.port;
	l.remote = addr_of(remote_ip, l.addr.port);
	t = socket(to.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect_to(t, &to), 0);
	assert_int_equal(accept_one(fd, &l, &c), -ELOOP);
	assert_int_equal(intake_accept_failure(-ELOOP),
			 INTAKE_FAILURE_CONNECTION);
	assert_int_equal(c.fd, -7); /* untouched on failure */
	assert_int_equal(end_of(t), -ECONNRESET);
	close(t);
	close(fd);
}

static void test_loop(void **state)
{
	need_gateway(state);
	check_loop("tproxy-tcp", "127.0.0.1", VENDOR4, "127.0.0.1");
	check_loop("tproxy-tcp", "::1", VENDOR6, "::1");
	/* on all addresses, any of ours with its port is the listener */
	check_loop("tproxy-tcp", "0.0.0.0", VENDOR4, GATEWAY_WAN4);
	check_loop("tproxy-tcp", "::", VENDOR6, GATEWAY_WAN6);
}

/* The configuration compares only whole addresses: these are not the same. */
static void test_fixed_loop(void **state)
{
	need_gateway(state);
	check_loop("fixed", "0.0.0.0", "127.0.0.1", "127.0.0.1");
	check_loop("fixed", "::", "::1", "::1");
	check_loop("fixed", "0.0.0.0", GATEWAY_WAN4, GATEWAY_WAN4);
	/* connect() to all addresses goes to the loopback's */
	check_loop("fixed", "127.0.0.1", "0.0.0.0", "127.0.0.1");
}

/* A server on this host is a server: the port or the address is another. */
static void test_fixed_local(void **state)
{
	struct intake_listener l = listener_for("fixed", "0.0.0.0", 0);
	struct base_addr to = addr_of("127.0.0.1", 0);
	struct intake_conn c;
	int fd;

	need_gateway(state);
	assert_int_equal(intake_listen(&l, 1, &fd), 0);
	to.port = l.addr.port;
	for (int other_port = 0; other_port < 2; other_port++) {
		const int t = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		l.remote = other_port ? addr_of("127.0.0.1", 7700)
				      : addr_of("127.0.0.2", to.port);
		assert_int_equal(connect_to(t, &to), 0);
		assert_int_equal(accept_one(fd, &l, &c), 1);
		assert_addr(&c.server, &l.remote);
		close(t);
		close(c.fd);
	}
	close(fd);
}

static void check_fixed(const char *ip)
{
	struct intake_listener l = listener_for("fixed", ip, 0);
	struct intake_conn c;
	struct base_addr from;
	int fd, t;

	assert_int_equal(intake_listen(&l, 1, &fd), 0);
	t = socket(l.addr.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect_to(t, &l.addr), 0);
	from = name_of(t);
	assert_int_equal(accept_one(fd, &l, &c), 1);
	assert_addr(&c.client, &from);
	assert_addr(&c.server, &l.remote);
	assert_string_equal(c.ifname, "lo");
	close(t);
	close(c.fd);
	close(fd);
}

static void test_fixed(void **state)
{
	need_gateway(state);
	check_fixed("127.0.0.1");
	check_fixed("::1");
}

/* A client that is gone before we accept is no reason to stop. */
static void test_gone_before_accept(void **state)
{
	struct intake_listener l = listener_for("fixed", "127.0.0.1", 0);
	struct intake_conn c;
	int fd, t;

	(void)state;
	assert_int_equal(intake_listen(&l, 1, &fd), 0);
	t = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect_to(t, &l.addr), 0);
	const struct base_addr from = name_of(t);
	const struct linger now = { .l_onoff = 1 };

	assert_int_equal(
		setsockopt(t, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
	close(t);
	/* Linux hands it out all the same; it ends at the first read */
	assert_int_equal(accept_one(fd, &l, &c), 1);
	assert_addr(&c.client, &from);
	assert_int_equal(end_of(c.fd), -ECONNRESET);
	close(c.fd);
	close(fd);
}

/* Out of descriptors: the connection waits in the backlog. */
static void test_exhausted(void **state)
{
	struct intake_listener l = listener_for("fixed", "127.0.0.1", 0);
	struct rlimit old, none;
	struct intake_conn c;
	int fd, t;

	(void)state;
	assert_int_equal(intake_listen(&l, 1, &fd), 0);
	t = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect_to(t, &l.addr), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = old.rlim_max };
	wait_for(fd, POLLIN);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(intake_accept(fd, &l, &c), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(intake_accept_failure(-EMFILE),
			 INTAKE_FAILURE_EXHAUSTED);
	assert_int_equal(intake_accept(fd, &l, &c), 1);
	close(c.fd);
	close(t);
	close(fd);
}

/* accept(2), "Error handling" and "ERRORS". */
static void test_failures(void **state)
{
	struct intake_listener l = listener_for("fixed", "127.0.0.1", 0);
	const int no_listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	static const int exhausted[] = { EMFILE, ENFILE, ENOBUFS, ENOMEM };
	static const int connection[] = {
		ECONNABORTED, EPROTO,    EPERM,     ENETDOWN,
		ENOPROTOOPT,  ENONET,    EHOSTDOWN, EHOSTUNREACH,
		ENETUNREACH,  ETIMEDOUT, ENODEV
	};
	struct intake_conn c;

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(exhausted); i++)
		assert_int_equal(intake_accept_failure(-exhausted[i]),
				 INTAKE_FAILURE_EXHAUSTED);
	for (size_t i = 0; i < WS_ARRAY_LEN(connection); i++)
		assert_int_equal(intake_accept_failure(-connection[i]),
				 INTAKE_FAILURE_CONNECTION);
	assert_int_equal(
		intake_accept_failure(intake_accept(no_listener, &l, &c)),
		INTAKE_FAILURE_LISTENER);
	assert_int_equal(intake_accept_failure(intake_accept(-1, &l, &c)),
			 INTAKE_FAILURE_LISTENER);
	close(no_listener);
}

static void test_engines(void **state)
{
	(void)state;
	assert_string_equal(intake_engine_find("tproxy-tcp")->name,
			    "tproxy-tcp");
	assert_string_equal(intake_engine_find("fixed")->name, "fixed");
	assert_null(intake_engine_find("tprox"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_intercepted),
		cmocka_unit_test(test_intercepted_with_cookies),
		cmocka_unit_test(test_loop),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_fixed_loop),
		cmocka_unit_test(test_fixed_local),
		cmocka_unit_test(test_gone_before_accept),
		cmocka_unit_test(test_exhausted),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_engines),
	};

	return cmocka_run_group_tests(tests, setup_gateway, NULL);
}
