/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * intake_test.h - a gateway of one's own, for the tests of intake
 *
 *	tracker (netns)          gateway (the test itself)      vendor (netns)
 *	eth0 10.7.0.2  --------  br-lan 10.7.0.1
 *	                         wan    10.8.0.1  ------------  eth0 10.8.0.2
 *	                                                        lo 47.88.85.196
 * and the same in IPv6. Nothing leads out of these namespaces. A socket belongs
 * to the namespace in which it was made, so one process plays all three.
 */
#ifndef INTAKE_TEST_H
#define INTAKE_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_addr.h"
#include "base_test.h"

#define TRACKER4     "10.7.0.2"
#define TRACKER6     "2001:db8:7::2"
#define GATEWAY_WAN4 "10.8.0.1"
#define GATEWAY_WAN6 "2001:db8:8::1"
#define VENDOR4      "47.88.85.196"
#define VENDOR6      "2001:db8::7"
#define PATIENCE_MS  (BASE_TEST_LIMIT_S * 1000)

/* The namespaces, and the least of the rules that TPROXY needs. */
static const char gateway_script[] =
	"mount -t tmpfs none /run\n"
	"ip link set lo up\n"
	"for n in tracker vendor; do\n"
	"	ip netns add $n; ip -n $n link set lo up\n"
	"done\n"
	"lan() { ip -n \"$1\" link set eth0 up; ip link set \"$2\" up; }\n"
	"ip link add br-lan type veth peer name eth0 netns tracker\n"
	"ip link add wan type veth peer name eth0 netns vendor\n"
	"lan tracker br-lan; lan vendor wan\n"
	"ip address add 10.7.0.1/24 dev br-lan\n"
	"ip address add 10.8.0.1/24 dev wan\n"
	"ip -n tracker address add 10.7.0.2/24 dev eth0\n"
	"ip -n vendor address add 10.8.0.2/24 dev eth0\n"
	"ip -n vendor address add 47.88.85.196/32 dev lo\n"
	"ip address add 2001:db8:7::1/64 dev br-lan nodad\n"
	"ip address add 2001:db8:8::1/64 dev wan nodad\n"
	"ip -n tracker address add 2001:db8:7::2/64 dev eth0 nodad\n"
	"ip -n vendor address add 2001:db8:8::2/64 dev eth0 nodad\n"
	"ip -n vendor address add 2001:db8::7/128 dev lo nodad\n"
	"ip -n tracker route add default via 10.7.0.1\n"
	"ip -n tracker route add default via 2001:db8:7::1\n"
	"ip -n vendor route add default via 10.8.0.1\n"
	"ip -n vendor route add default via 2001:db8:8::1\n"
	"ip route add 47.88.85.196 via 10.8.0.2\n"
	"ip route add 2001:db8::7 via 2001:db8:8::2\n"
	/* the kernel makes the routes of IPv6 addresses in the background */
	"await() {\n"
	"	until ip $1 -6 route show table local type local |\n"
	"		grep -q \" $2 \"; do :; done\n"
	"}\n"
	"await '' 2001:db8:7::1; await '' 2001:db8:8::1\n"
	"await '-n tracker' 2001:db8:7::2\n"
	"await '-n vendor' 2001:db8:8::2; await '-n vendor' 2001:db8::7\n"
	"for f in -4 -6; do\n"
	"	ip $f rule add fwmark 1 lookup 100\n"
	"	ip $f route add local default dev lo table 100\n"
	"done\n"
	"nft -f - <<'EOF'\n"
	"table inet test {\n"
	"  chain prerouting {\n"
	"    type filter hook prerouting priority mangle\n"
	"    socket transparent 1 meta mark set 1 accept\n"
	"    iifname br-lan ip daddr 47.88.85.196 tcp dport 7700"
	" tproxy ip to 127.0.0.1:15001 meta mark set 1 accept\n"
	"    iifname br-lan ip6 daddr 2001:db8::7 tcp dport 7700"
	" tproxy ip6 to [::1]:15001 meta mark set 1 accept\n"
	"  }\n"
	"}\n"
	"EOF\n";

static inline void write_file(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

static inline void run_script(const char *script)
{
	char *argv[] = { (char[]){ "sh" }, (char[]){ "-ec" }, strdup(script),
			 NULL };
	pid_t pid;
	int status;

	assert_int_equal(posix_spawnp(&pid, "sh", NULL, NULL, argv, environ),
			 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	free(argv[2]);
}

/* Enters namespaces of our own, as uid 0 of them. False when this system does
 * not let us and the caller may skip. */
static inline bool enter_namespaces(void)
{
	char uid_map[32], gid_map[32];

	(void)snprintf(uid_map, sizeof(uid_map), "0 %u 1\n", getuid());
	(void)snprintf(gid_map, sizeof(gid_map), "0 %u 1\n", getgid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS)) {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
		assert_null(getenv("WAYSIDE_NETNS_REQUIRED"));
		return false;
	}
	write_file("/proc/self/setgroups", "deny");
	write_file("/proc/self/uid_map", uid_map);
	write_file("/proc/self/gid_map", gid_map);
	return true;
}

/* For cmocka_run_group_tests(): *state is non-NULL when the gateway stands. */
static inline int setup_gateway(void **state)
{
	static bool stands;

	if (!enter_namespaces())
		return 0;
	run_script(gateway_script);
	stands = true;
	*state = &stands;
	return 0;
}

static inline void need_gateway(void **state)
{
	if (!*state)
		skip();
}

/* A socket of the namespace "tracker" or "vendor"; blocking. */
static inline int typed_socket_in(const char *name, int family, int type)
{
	const int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	char path[64];
	int there, fd;

	(void)snprintf(path, sizeof(path), "/run/netns/%s", name);
	there = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(home >= 0 && there >= 0);
	assert_int_equal(setns(there, CLONE_NEWNET), 0);
	fd = socket(family, type | SOCK_CLOEXEC,
		    type == SOCK_RAW ? IPPROTO_UDP : 0);
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
	close(there);
	close(home);
	assert_true(fd >= 0);
	return fd;
}

static inline int socket_in(const char *name, int family)
{
	return typed_socket_in(name, family, SOCK_STREAM);
}

static inline struct base_addr addr_of(const char *ip, uint16_t port)
{
	char text[BASE_ADDR_STRLEN];
	struct base_addr a;

	/* port 0 is not for base_addr_parse() */
	(void)snprintf(text, sizeof(text), strchr(ip, ':') ? "[%s]:1" : "%s:1",
		       ip);
	assert_true(base_addr_parse(&a, text));
	a.port = port;
	return a;
}

static inline int bind_to(int fd, const struct base_addr *a)
{
	struct sockaddr_storage ss;
	const socklen_t len = base_addr_to_sockaddr(a, &ss);

	return bind(fd, (struct sockaddr *)&ss, len) ? -errno : 0;
}

static inline int connect_to(int fd, const struct base_addr *a)
{
	struct sockaddr_storage ss;
	const socklen_t len = base_addr_to_sockaddr(a, &ss);

	return connect(fd, (struct sockaddr *)&ss, len) ? -errno : 0;
}

static inline struct base_addr name_of(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct base_addr a;

	assert_int_equal(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	assert_true(base_addr_from_sockaddr(&a, (struct sockaddr *)&ss));
	return a;
}

static inline struct base_addr peer_of(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct base_addr a;

	assert_int_equal(getpeername(fd, (struct sockaddr *)&ss, &len), 0);
	assert_true(base_addr_from_sockaddr(&a, (struct sockaddr *)&ss));
	return a;
}

static inline void assert_addr(const struct base_addr *a,
			       const struct base_addr *want)
{
	char text[BASE_ADDR_STRLEN], wanted[BASE_ADDR_STRLEN];

	assert_string_equal(base_addr_format(a, text),
			    base_addr_format(want, wanted));
	assert_true(base_addr_equal(a, want));
}

static inline short wait_for(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	return p.revents;
}

static inline int option_of(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int value;

	assert_int_equal(getsockopt(fd, level, name, &value, &len), 0);
	return value;
}

static inline void assert_flags(int fd)
{
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

/* What `fd` gives at its end: 0 for FIN, -ECONNRESET for RST. */
static inline int end_of(int fd)
{
	char byte;

	wait_for(fd, POLLIN);
	return recv(fd, &byte, 1, 0) < 0 ? -errno : 0;
}

#endif
