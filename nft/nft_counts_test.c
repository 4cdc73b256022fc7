/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_counts_test.c - packets that the rules of a configuration met
 *
 * Run by netns-tests/t_rules_kernel.sh as nft_kernel_test is. A veth pair is
 * the way to the servers: what leaves through one end comes in through the
 * other, as if somebody had sent it through this host.
 */
#include "nft.h"

#include "base_test.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base_addr.h"
#include "conf_tables.h"
#include "nft_test.h"

#define LIMIT_S 10 /* for packets to arrive */

static int make_way(void **state)
{
	(void)state;
	nft_test_run("ip", "link", "add", "way0", "address",
		     "02:00:00:00:00:01", "type", "veth", "peer", "way1",
		     "address", "02:00:00:00:00:02");
	nft_test_run("ip", "link", "set", "way0", "up");
	nft_test_run("ip", "link", "set", "way1", "up");
	nft_test_run("ip", "address", "add", "10.0.0.1/24", "dev", "way0");
	nft_test_run("ip", "address", "add", "2001:db8:1::1/64", "dev", "way0",
		     "nodad");
	nft_test_run("ip", "route", "add", "192.0.2.0/24", "dev", "way0");
	nft_test_run("ip", "route", "add", "2001:db8:2::/64", "dev", "way0");
	nft_test_run("ip", "neighbour", "add", "192.0.2.1", "lladdr",
		     "02:00:00:00:00:02", "dev", "way0");
	nft_test_run("ip", "neighbour", "add", "192.0.2.2", "lladdr",
		     "02:00:00:00:00:02", "dev", "way0");
	nft_test_run("ip", "neighbour", "add", "2001:db8:2::1", "lladdr",
		     "02:00:00:00:00:02", "dev", "way0");
	return 0;
}

static int take_way(void **state)
{
	(void)state;
	nft_test_run("ip", "link", "del", "way0");
	return 0;
}

/* One SYN: the socket is gone before it would send another. */
static void knock(const char *server)
{
	struct base_addr to;
	struct sockaddr_storage address;
	socklen_t len;
	int fd;

	assert_true(base_addr_parse(&to, server));
	len = base_addr_to_sockaddr(&to, &address);
	fd = socket(address.ss_family,
		    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, len),
			 -1);
	assert_int_equal(close(fd), 0);
}

static struct nft_count counts(struct nft_link *l,
			       const struct conf_tables *conf, uint32_t rule)
{
	struct nft_count all[CONF_RULES_MAX];
	struct nft_error why;

	assert_int_equal(nft_counts(l, conf, all, &why), 0);
	return all[rule];
}

/* Waits for the packets, which are on their way. */
static void expect(struct nft_link *l, const struct conf_tables *conf,
		   uint32_t rule, struct nft_count want)
{
	const time_t end = time(NULL) + LIMIT_S;
	struct nft_count now;

	do {
		now = counts(l, conf, rule);
	} while (now.met < want.met && time(NULL) < end);
	assert_int_equal(now.met, want.met);
	assert_int_equal(now.taken, want.taken);
	assert_int_equal(now.rejected, want.rejected);
}

static void install(struct nft_link *l, const struct conf_tables *conf,
		    enum nft_state state)
{
	struct nft_error why;

	assert_int_equal(nft_install(l, conf, state, &why), 0);
}

static struct conf_tables *new_conf(enum conf_failure on_failure)
{
	struct conf_tables *conf = nft_test_conf(on_failure);

	nft_test_dest(conf, "2001:db8:2::1", 7700, 7700);
	/* names that could be taken for others' */
	(void)snprintf(conf->rules[0].name, CONF_NAME_LEN, "handed");
	conf->rules[1] = (struct conf_rule){ .to.first = conf->n_dests };
	(void)snprintf(conf->rules[1].name, CONF_NAME_LEN, "return");
	conf->n_rules = 2;
	nft_test_dest(conf, "192.0.2.2", 7700, 7700);
	return conf;
}

static int listen_here(uint16_t port)
{
	const struct sockaddr_in here = { .sin_family = AF_INET,
					  .sin_port = htons(port),
					  .sin_addr.s_addr =
						  htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int on = 1;

	assert_true(fd >= 0);
	assert_int_equal(
		setsockopt(fd, SOL_IP, IP_TRANSPARENT, &on, sizeof(on)), 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&here, sizeof(here)),
			 0);
	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

/* Both families, by rule; a listener takes those of one family. */
static void test_taken(void **state)
{
	struct conf_tables *conf = new_conf(CONF_FAILURE_OPEN_STAY);
	struct nft_link *l = nft_test_open(true);
	int listener;

	(void)state;
	install(l, conf, NFT_STATE_RUNNING);
	expect(l, conf, 0, (struct nft_count){ .met = 0 });
	knock("192.0.2.1:7700");
	knock("[2001:db8:2::1]:7700");
	knock("192.0.2.1:7701"); /* not ours */
	expect(l, conf, 0, (struct nft_count){ .met = 2 });
	listener = listen_here(conf->listen_port);
	knock("192.0.2.1:7700");
	expect(l, conf, 0, (struct nft_count){ .met = 3, .taken = 1 });
	expect(l, conf, 1, (struct nft_count){ .met = 0 });
	knock("192.0.2.2:7700");
	expect(l, conf, 1, (struct nft_count){ .met = 1, .taken = 1 });
	assert_int_equal(close(listener), 0);
	nft_close(l);
	nft_test_remove();
	free(conf);
}

/* `closed`: met and refused; and where nothing is taken, met there. */
static void test_rejected(void **state)
{
	struct conf_tables *conf = new_conf(CONF_FAILURE_CLOSED);
	struct nft_link *l = nft_test_open(true);

	(void)state;
	install(l, conf, NFT_STATE_RUNNING);
	knock("192.0.2.1:7700");
	expect(l, conf, 0, (struct nft_count){ .met = 1, .rejected = 1 });
	install(l, conf, NFT_STATE_ABSENT);
	expect(l, conf, 0, (struct nft_count){ .met = 1, .rejected = 1 });
	knock("192.0.2.1:7700");
	expect(l, conf, 0, (struct nft_count){ .met = 2, .rejected = 2 });
	nft_close(l);
	nft_test_remove();
	free(conf);
}

/* Counts go on, whatever becomes of the tables. */
static void test_replaced(void **state)
{
	struct conf_tables *conf = new_conf(CONF_FAILURE_OPEN_STAY);
	struct nft_link *l = nft_test_open(false), *other;
	struct nft_error why;

	(void)state;
	install(l, conf, NFT_STATE_RUNNING);
	knock("192.0.2.1:7700");
	knock("192.0.2.2:7700");
	expect(l, conf, 1, (struct nft_count){ .met = 1 });
	expect(l, conf, 0, (struct nft_count){ .met = 1 });
	/* the same rules, then others, then the same */
	install(l, conf, NFT_STATE_RUNNING);
	knock("192.0.2.1:7700");
	expect(l, conf, 0, (struct nft_count){ .met = 2 });
	install(l, conf, NFT_STATE_DRAINING);
	expect(l, conf, 0, (struct nft_count){ .met = 2 });
	install(l, conf, NFT_STATE_RUNNING);
	knock("192.0.2.1:7700");
	expect(l, conf, 0, (struct nft_count){ .met = 3 });
	/* an element more: the rules count on */
	nft_test_dest(conf, "192.0.2.3", 7700, 7700);
	install(l, conf, NFT_STATE_RUNNING);
	other = nft_test_open(false);
	expect(other, conf, 0, (struct nft_count){ .met = 1 });
	nft_close(other);
	expect(l, conf, 0, (struct nft_count){ .met = 3 });
	/* refused: the table before stays, and counts once */
	nft_test_dest(conf, "192.0.2.2", 7700, 7800);
	assert_int_equal(nft_install(l, conf, NFT_STATE_RUNNING, &why),
			 -17 /* EEXIST */);
	conf->n_dests--;
	conf->rules[1].to.n--;
	expect(l, conf, 0, (struct nft_count){ .met = 3 });
	/* the rule of the second becomes the first, and the first another */
	conf->rules[0] = conf->rules[1];
	conf->rules[1].name[0] = 'R';
	conf->rules[1].to = (struct conf_list){ .first = 0, .n = 2 };
	install(l, conf, NFT_STATE_RUNNING);
	expect(l, conf, 0, (struct nft_count){ .met = 1 });
	expect(l, conf, 1, (struct nft_count){ .met = 0 });
	/* somebody takes the table away: what was seen last counts */
	knock("192.0.2.2:7700");
	expect(l, conf, 0, (struct nft_count){ .met = 2 });
	nft_test_run("nft", "flush", "ruleset");
	expect(l, conf, 0, (struct nft_count){ .met = 2 });
	install(l, conf, NFT_STATE_RUNNING);
	expect(l, conf, 0, (struct nft_count){ .met = 2 });
	/* another link begins with what the kernel counts; what only that one
	 * has seen is not lost to the first */
	knock("192.0.2.2:7700");
	other = nft_test_open(false);
	expect(other, conf, 0, (struct nft_count){ .met = 1 });
	expect(other, conf, 0, (struct nft_count){ .met = 1 });
	nft_close(other);
	install(l, conf, NFT_STATE_DRAINING);
	expect(l, conf, 0, (struct nft_count){ .met = 3 });
	nft_close(l);
	nft_test_remove();
	free(conf);
}

#define ADD "add rule inet wayside prerouting meta l4proto tcp "
#define LOCAL                                                           \
	"add table inet wayside_local; add chain inet wayside_local c " \
	"{ type filter hook prerouting priority 0; }; add rule inet "   \
	"wayside_local c meta l4proto tcp "

/* Whose a counter is: the kernel takes what it is to begin with. */
static void test_names(void **state)
{
	static const struct {
		const char *rule;
		struct nft_count count;
	} cases[] = {
		{ ADD "counter packets 5 bytes 1 tproxy ip to :9 counter "
		      "packets 4 bytes 1 comment \"handed v4\"",
		  { .met = 5, .taken = 4 } },
		{ ADD "counter packets 5 bytes 1 reject with tcp reset comment "
		      "\"handed v6 closed\"",
		  { .rejected = 5 } },
		{ ADD "counter packets 5 bytes 1 tproxy ip to :9 comment "
		      "\"handed over v4\"",
		  { .met = 0 } },
		{ ADD "counter packets 5 bytes 1 tproxy ip to :9 comment "
		      "\"handed\"",
		  { .met = 0 } },
		{ ADD "counter packets 5 bytes 1 tproxy ip to :9 comment "
		      "\"hand v4\"",
		  { .met = 0 } },
		{ ADD "counter packets 5 bytes 1 tproxy ip to :9",
		  { .met = 0 } },
		{ ADD "counter packets 5 bytes 1 reject with tcp reset comment "
		      "\"handed v6 local closed\"",
		  { .rejected = 5 } },
		{ ADD "counter packets 5 bytes 1 reject with tcp reset comment "
		      "\"handed v6 udp\"",
		  { .met = 0 } },
		{ LOCAL "counter packets 5 bytes 1 ct mark set 1 comment "
			"\"handed v4 local\"",
		  { .met = 5, .taken = 5 } },
		{ LOCAL "counter packets 5 bytes 1 tproxy ip to :9 comment "
			"\"handed v4\"",
		  { .met = 0 } },
		{ ADD "counter packets 5 bytes 1 drop comment \"handed v4\"",
		  { .met = 0 } },
	};
	struct conf_tables *conf = new_conf(CONF_FAILURE_OPEN_STAY);

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		struct nft_link *l = nft_test_open(false);

		install(l, conf, NFT_STATE_RUNNING);
		nft_test_run("nft", cases[i].rule);
		expect(l, conf, 0, cases[i].count);
		expect(l, conf, 1, (struct nft_count){ .met = 0 });
		nft_close(l);
	}
	nft_test_remove();
	free(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, make_way, take_way);
}
