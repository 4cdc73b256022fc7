/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake_connect_test.c - what the server sees, and how it ends */
#include "intake_connect.h"

#include <linux/capability.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "intake_test.h"

/* A vendor's listener; blocking. */
static int vendor_listens(const struct base_addr *vendor)
{
	const int fd = socket_in("vendor", vendor->family);

	assert_int_equal(bind_to(fd, vendor), 0);
	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

static int begin(enum conf_source source, uint32_t mark,
		 const struct base_addr *client, const struct base_addr *server)
{
	enum base_call call;

	return intake_connect(source, mark, client, server, &call);
}

static void check_fails(enum conf_source source, uint32_t mark,
			const struct base_addr *client,
			const struct base_addr *server, int error,
			enum base_call want)
{
	enum base_call call = BASE_CALL_MAX;

	assert_int_equal(intake_connect(source, mark, client, server, &call),
			 -error);
	assert_int_equal(call, want);
}

static void check_connect(enum conf_source source, uint32_t mark,
			  const char *seen_ip, const char *client_ip,
			  const char *vendor_ip)
{
	const struct base_addr client = addr_of(client_ip, 33333);
	const struct base_addr vendor = addr_of(vendor_ip, 7700);
	const int listener = vendor_listens(&vendor);
	struct base_addr peer, seen = addr_of(seen_ip, 0);
	char bytes[3];
	int fd, v;

	fd = begin(source, mark, &client, &vendor);
	assert_true(fd >= 0);
	assert_flags(fd);
	assert_int_equal(option_of(fd, SOL_TCP, TCP_NODELAY), 1);
	assert_int_equal(option_of(fd, SOL_SOCKET, SO_MARK), mark);
	assert_int_equal(wait_for(fd, POLLOUT), POLLOUT);
	assert_int_equal(intake_connect_result(fd), 0);
	wait_for(listener, POLLIN);
	v = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(v >= 0);
	peer = peer_of(v);
	seen.port = name_of(fd).port;
	assert_addr(&peer, &seen);
	/* the port is the kernel's choice, or just the client's */
	assert_int_equal(peer.port == client.port,
			 source == CONF_SOURCE_CLIENT_PORT);
	/* and what the server answers finds its way to us */
	assert_int_equal(send(v, "abc", 3, 0), 3);
	wait_for(fd, POLLIN);
	assert_int_equal(recv(fd, bytes, 3, 0), 3);
	assert_memory_equal(bytes, "abc", 3);
	intake_reset(fd); /* no TIME_WAIT for the next case */
	close(v);
	close(listener);
}

static void test_source_gateway(void **state)
{
	need_gateway(state);
	check_connect(CONF_SOURCE_GATEWAY, 0, GATEWAY_WAN4, TRACKER4, VENDOR4);
	check_connect(CONF_SOURCE_GATEWAY, INTAKE_MARK, GATEWAY_WAN6, TRACKER6,
		      VENDOR6);
	/* a fixed remote may be of the other family */
	check_connect(CONF_SOURCE_GATEWAY, 0, GATEWAY_WAN6, TRACKER4, VENDOR6);
}

static void test_source_client(void **state)
{
	need_gateway(state);
	check_connect(CONF_SOURCE_CLIENT, INTAKE_MARK, TRACKER4, TRACKER4,
		      VENDOR4);
	check_connect(CONF_SOURCE_CLIENT, INTAKE_MARK, TRACKER6, TRACKER6,
		      VENDOR6);
}

static void test_source_client_port(void **state)
{
	need_gateway(state);
	check_connect(CONF_SOURCE_CLIENT_PORT, INTAKE_MARK, TRACKER4, TRACKER4,
		      VENDOR4);
	check_connect(CONF_SOURCE_CLIENT_PORT, INTAKE_MARK, TRACKER6, TRACKER6,
		      VENDOR6);
}

/* One port serves one connection to each server, at the same time, and no
 * second one to the same. A listener of the gateway that has it on all
 * addresses lets nobody else have it. */
static void check_same_port(const char *client_ip, const char *vendor_ip,
			    const char *any_ip)
{
	const struct base_addr client = addr_of(client_ip, 33333);
	const struct base_addr any = addr_of(any_ip, 33333);
	struct base_addr vendors[2] = { addr_of(vendor_ip, 7700),
					addr_of(vendor_ip, 7701) };
	int fds[2], listeners[2], own;

	for (int i = 0; i < 2; i++) {
		listeners[i] = vendor_listens(&vendors[i]);
		fds[i] =
			begin(CONF_SOURCE_CLIENT_PORT, 0, &client, &vendors[i]);
		assert_true(fds[i] >= 0);
		wait_for(fds[i], POLLOUT);
		assert_int_equal(intake_connect_result(fds[i]), 0);
		assert_int_equal(name_of(fds[i]).port, 33333);
	}
	check_fails(CONF_SOURCE_CLIENT_PORT, 0, &client, &vendors[0],
		    EADDRNOTAVAIL, BASE_CALL_CONNECT);
	/* TIME_WAIT is no hindrance where both ends have timestamps: a port
	 * that was asked for is taken over (tcp_twsk_unique()) */
	assert_int_equal(shutdown(fds[0], SHUT_WR), 0);
	const int v = accept4(listeners[0], NULL, NULL, SOCK_CLOEXEC);

	assert_int_equal(end_of(v), 0);
	close(v);
	assert_int_equal(end_of(fds[0]), 0);
	close(fds[0]);
	fds[0] = begin(CONF_SOURCE_CLIENT_PORT, 0, &client, &vendors[0]);
	assert_true(fds[0] >= 0);
	wait_for(fds[0], POLLOUT);
	assert_int_equal(intake_connect_result(fds[0]), 0);
	intake_reset(fds[0]);
	intake_reset(fds[1]);
	own = socket(client.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int on = 1;

	assert_int_equal(
		setsockopt(own, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
	assert_int_equal(bind_to(own, &any), 0);
	assert_int_equal(listen(own, 1), 0);
	check_fails(CONF_SOURCE_CLIENT_PORT, 0, &client, &vendors[1],
		    EADDRNOTAVAIL, BASE_CALL_BIND);
	close(own);
	close(listeners[0]);
	close(listeners[1]);
}

static void test_one_port_per_server(void **state)
{
	need_gateway(state);
	check_same_port(TRACKER4, VENDOR4, "0.0.0.0");
	check_same_port(TRACKER6, VENDOR6, "::");
}

static void test_families_differ(void **state)
{
	const struct base_addr client = addr_of(TRACKER4, 33333);
	const struct base_addr vendor = addr_of(VENDOR6, 7700);

	(void)state;
	check_fails(CONF_SOURCE_CLIENT, 0, &client, &vendor, EAFNOSUPPORT,
		    BASE_CALL_BIND);
	check_fails(CONF_SOURCE_CLIENT_PORT, 0, &client, &vendor, EAFNOSUPPORT,
		    BASE_CALL_BIND);
}

/* Two ports serve two connections to each of two servers, not two in all. */
static void check_ports(const char *client_ip, const char *vendor_ip)
{
	const struct base_addr client = addr_of(client_ip, 33333);
	struct base_addr vendors[2] = { addr_of(vendor_ip, 7700),
					addr_of(vendor_ip, 7701) };
	int fds[4], listeners[2];

	for (int i = 0; i < 2; i++)
		listeners[i] = vendor_listens(&vendors[i]);
	for (int i = 0; i < 4; i++) {
		fds[i] = begin(CONF_SOURCE_CLIENT, 0, &client, &vendors[i / 2]);
		assert_true(fds[i] >= 0);
	}
	check_fails(CONF_SOURCE_CLIENT, 0, &client, &vendors[0], EADDRNOTAVAIL,
		    BASE_CALL_CONNECT);
	for (int i = 0; i < 4; i++) {
		wait_for(fds[i], POLLOUT);
		assert_int_equal(intake_connect_result(fds[i]), 0);
		intake_reset(fds[i]); /* no TIME_WAIT for the next case */
	}
	close(listeners[0]);
	close(listeners[1]);
}

static void test_ports_per_server(void **state)
{
	need_gateway(state);
	write_file("/proc/sys/net/ipv4/ip_local_port_range", "40000 40001");
	check_ports(TRACKER4, VENDOR4);
	check_ports(TRACKER6, VENDOR6);
	write_file("/proc/sys/net/ipv4/ip_local_port_range", "32768 60999");
}

static void test_refused(void **state)
{
	const struct base_addr client = addr_of(TRACKER4, 33333);
	const struct base_addr vendor = addr_of(VENDOR4, 7709);
	int fd;

	need_gateway(state);
	fd = begin(CONF_SOURCE_GATEWAY, 0, &client, &vendor);
	assert_true(fd >= 0);
	wait_for(fd, POLLOUT);
	assert_int_equal(intake_connect_result(fd), -ECONNREFUSED);
	close(fd);
}

static void test_no_route(void **state)
{
	const struct base_addr client = addr_of(TRACKER4, 33333);
	const struct base_addr nowhere = addr_of("203.0.113.1", 7700);

	need_gateway(state);
	check_fails(CONF_SOURCE_GATEWAY, 0, &client, &nowhere, ENETUNREACH,
		    BASE_CALL_CONNECT);
}

static void test_no_descriptor(void **state)
{
	const struct base_addr client = addr_of("127.0.0.1", 33333);
	struct rlimit was, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = was;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	check_fails(CONF_SOURCE_GATEWAY, 0, &client, &client, EMFILE,
		    BASE_CALL_SOCKET);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
}

/* bind() wants to know of which link it is (ipv6(7)). */
static void test_no_address(void **state)
{
	const struct base_addr client = addr_of("fe80::1", 33333);
	const struct base_addr vendor = addr_of(VENDOR6, 7700);

	need_gateway(state);
	check_fails(CONF_SOURCE_CLIENT, 0, &client, &vendor, EINVAL,
		    BASE_CALL_BIND);
}

/* In a child, because what is dropped is gone. */
static void test_without_capability(void **state)
{
	const struct base_addr client = addr_of(TRACKER4, 33333);
	const struct base_addr vendor = addr_of(VENDOR4, 7700);
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct none[2] = { { 0 }, { 0 } };
	enum base_call call = BASE_CALL_MAX;
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (!pid) {
		if (syscall(SYS_capset, &header, none))
			_exit(1);
		if (intake_connect(CONF_SOURCE_CLIENT, 0, &client, &vendor,
				   &call) != -EPERM ||
		    call != BASE_CALL_SETSOCKOPT)
			_exit(2);
		call = BASE_CALL_MAX;
		if (intake_connect(CONF_SOURCE_GATEWAY, INTAKE_MARK, &client,
				   &vendor, &call) != -EPERM ||
		    call != BASE_CALL_SETSOCKOPT)
			_exit(3);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void check_end(void (*end)(int fd), int want)
{
	const struct base_addr any = addr_of("127.0.0.1", 0);
	const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int fd, peer;

	assert_int_equal(bind_to(listener, &any), 0);
	assert_int_equal(listen(listener, 1), 0);
	const struct base_addr addr = name_of(listener);

	fd = begin(CONF_SOURCE_GATEWAY, 0, &addr, &addr);
	assert_true(fd >= 0);
	peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(peer >= 0);
	end(fd);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(end_of(peer), want);
	close(peer);
	close(listener);
}

static void plain_close(int fd)
{
	close(fd);
}

static void test_reset(void **state)
{
	(void)state;
	check_end(intake_reset, -ECONNRESET);
	check_end(plain_close, 0); /* the test sees the difference */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_source_gateway),
		cmocka_unit_test(test_source_client),
		cmocka_unit_test(test_source_client_port),
		cmocka_unit_test(test_one_port_per_server),
		cmocka_unit_test(test_families_differ),
		cmocka_unit_test(test_ports_per_server),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_route),
		cmocka_unit_test(test_no_descriptor),
		cmocka_unit_test(test_no_address),
		cmocka_unit_test(test_without_capability),
		cmocka_unit_test(test_reset),
	};

	return cmocka_run_group_tests(tests, setup_gateway, NULL);
}
