/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_watch_test.c - who changed nftables, and what went of the routing
 *
 * Run by netns-tests/t_rules_kernel.sh as nft_kernel_test is.
 */
#include "nft_watch.h"

#include "base_test.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nft_link.h"
#include "nft_test.h"

static int open_watch(void)
{
	struct nft_error why;
	int fd = -1;

	assert_int_equal(nft_watch_open(&fd, &why), 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	return fd;
}

/* The kernel has told before the change's answer came. */
static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

static void test_who(void **state)
{
	struct conf_tables *conf = nft_test_conf(CONF_FAILURE_OPEN_STAY);
	struct nft_link *own = nft_test_open(true), *other;
	const int fd = open_watch();
	struct nft_error why;

	(void)state;
	assert_false(readable(fd));
	assert_false(nft_watch_drain(fd, own));
	/* ours, in several datagrams */
	for (uint16_t i = 0; i < 500; i++)
		nft_test_dest(conf, "192.0.2.2", (uint16_t)(i + 1),
			      (uint16_t)(i + 1));
	assert_int_equal(nft_install(own, conf, NFT_STATE_RUNNING, &why), 0);
	assert_true(readable(fd));
	assert_false(nft_watch_drain(fd, own));
	assert_false(readable(fd));
	/* looking is no change */
	assert_int_equal(nft_test_differences(conf, NFT_STATE_RUNNING), 0);
	assert_false(readable(fd));
	/* theirs; and between ours */
	nft_test_run("nft", "add", "table", "inet", "other");
	assert_true(readable(fd));
	assert_true(nft_watch_drain(fd, own));
	assert_false(nft_watch_drain(fd, own));
	assert_int_equal(nft_install(own, conf, NFT_STATE_DRAINING, &why), 0);
	nft_test_run("nft", "delete", "table", "inet", "other");
	assert_int_equal(nft_install(own, conf, NFT_STATE_RUNNING, &why), 0);
	assert_true(nft_watch_drain(fd, own));
	assert_false(readable(fd));
	/* ours are others' for another link */
	assert_int_equal(nft_remove(own, &why), 0);
	other = nft_test_open(true);
	assert_true(nft_watch_drain(fd, other));
	nft_close(other);
	nft_close(own);
	assert_int_equal(close(fd), 0);
	free(conf);
}

/* A self-test, which comes after each change, is none; what only looks like one
 * is. */
static void test_self_test(void **state)
{
	struct nft_link *own = nft_test_open(true);
	const int fd = open_watch();

	(void)state;
	nft_test_run("nft", "add", "table", "inet", "wayside_probe_0123abcd");
	nft_test_run("nft", "add", "chain", "inet", "wayside_probe_0123abcd",
		     "prerouting");
	nft_test_run("nft", "add", "rule", "inet", "wayside_probe_0123abcd",
		     "prerouting", "counter");
	nft_test_run("nft", "delete", "table", "inet",
		     "wayside_probe_0123abcd");
	assert_true(readable(fd));
	assert_false(nft_watch_drain(fd, own));
	nft_test_run("nft", "add", "table", "inet", "wayside_prob");
	assert_true(nft_watch_drain(fd, own));
	nft_test_run("nft", "delete", "table", "inet", "wayside_prob");
	assert_true(nft_watch_drain(fd, own));
	assert_false(readable(fd));
	nft_close(own);
	assert_int_equal(close(fd), 0);
}

/* What found no room is somebody's. */
static void test_lost(void **state)
{
	struct conf_tables *conf = nft_test_conf(CONF_FAILURE_OPEN_STAY);
	struct nft_link *own = nft_test_open(true);
	const int fd = open_watch(), least = 1;
	struct nft_error why;

	(void)state;
	assert_int_equal(
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)),
		0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(nft_install(own, conf, i % 2, &why), 0);
	assert_true(readable(fd));
	assert_true(nft_watch_drain(fd, own));
	assert_false(nft_watch_drain(fd, own));
	assert_int_equal(nft_remove(own, &why), 0);
	nft_close(own);
	assert_int_equal(close(fd), 0);
	free(conf);
}

static void test_routing(void **state)
{
	struct conf_tables *conf = nft_test_conf(CONF_FAILURE_OPEN_STAY);
	struct nft_link *own = nft_test_open(true);
	struct nft_error why;
	int fd = -1;

	(void)state;
	assert_int_equal(nft_watch_routing_open(&fd, &why), 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_false(nft_watch_routing_drain(fd));
	/* what comes is no loss, ours or another's */
	assert_int_equal(nft_install(own, conf, NFT_STATE_RUNNING, &why), 0);
	nft_test_run("ip", "rule", "add", "priority", "99", "lookup", "main");
	nft_test_run("ip", "route", "add", "blackhole", "192.0.2.9");
	assert_true(readable(fd));
	assert_false(nft_watch_routing_drain(fd));
	nft_test_run("ip", "route", "del", "192.0.2.9"); /* not our protocol */
	assert_false(nft_watch_routing_drain(fd));
	nft_test_run("ip", "rule", "del", "priority", "7701");
	assert_true(nft_watch_routing_drain(fd));
	nft_test_run("ip", "-6", "rule", "del", "priority", "7700");
	assert_true(nft_watch_routing_drain(fd));
	nft_test_run("ip", "route", "flush", "table", "7700");
	assert_true(nft_watch_routing_drain(fd));
	nft_test_run("ip", "-6", "route", "flush", "table", "7700");
	assert_true(nft_watch_routing_drain(fd));
	assert_false(readable(fd));
	nft_test_run("ip", "link", "add", "dummy", "type", "bridge");
	nft_test_run("ip", "addr", "add", "2001:db8::1/64", "dev", "dummy");
	assert_true(readable(fd));
	assert_false(nft_watch_routing_drain(fd)); /* not the loopback's */
	nft_test_run("ip", "addr", "add", "2001:db8::2/128", "dev", "lo");
	assert_true(nft_watch_routing_drain(fd));
	nft_test_run("ip", "rule", "del", "priority", "99");
	assert_true(nft_watch_routing_drain(fd));
	assert_int_equal(nft_remove(own, &why), 0);
	nft_close(own);
	assert_int_equal(close(fd), 0);
	free(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who),
		cmocka_unit_test(test_self_test),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_routing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
