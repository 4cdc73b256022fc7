/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_live_test.c - what changes in the kernel when a configuration changes
 *
 * Run by netns-tests/t_rules_kernel.sh as nft_kernel_test is. A table that was
 * replaced has another handle: the kernel counts them up. Within a table it
 * gives handles to chains, sets and rules, so a table of the same handle has
 * the rules that it had when the last handle given is the same, too.
 */
#include "nft.h"

#include "base_test.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf_tables.h"
#include "nft_link.h"
#include "nft_test.h"
#include "nft_watch.h"

struct handles {
	uint64_t table, rules[8];
	size_t n_rules;
};

/* What each test begins with and leaves; what is in the kernel goes with it. */
struct lab {
	struct nft_link *link;
	struct conf_tables *conf, *other; /* the same at first */
};

static int setup(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	lab->link = nft_test_open(true);
	lab->conf = nft_test_conf(CONF_FAILURE_OPEN_STAY);
	lab->other = nft_test_conf(CONF_FAILURE_OPEN_STAY);
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;
	struct nft_error why;

	assert_int_equal(nft_remove(lab->link, &why), 0);
	nft_close(lab->link);
	free(lab->conf);
	free(lab->other);
	free(lab);
	return 0;
}

static void open_again(struct lab *lab, bool hold)
{
	nft_close(lab->link);
	lab->link = nft_test_open(hold);
}

static int take_table(const struct nlmsghdr *h, void *arg)
{
	struct nftnl_table *t = nftnl_table_alloc();
	struct handles *found = arg;

	assert_non_null(t);
	assert_int_equal(nftnl_table_nlmsg_parse(h, t), 0);
	found->table = nftnl_table_get_u64(t, NFTNL_TABLE_HANDLE);
	nftnl_table_free(t);
	return MNL_CB_OK;
}

static int take_rule(const struct nlmsghdr *h, void *arg)
{
	struct nftnl_rule *r = nftnl_rule_alloc();
	struct handles *found = arg;

	assert_non_null(r);
	assert_int_equal(nftnl_rule_nlmsg_parse(h, r), 0);
	assert_true(found->n_rules < WS_ARRAY_LEN(found->rules));
	found->rules[found->n_rules++] =
		nftnl_rule_get_u64(r, NFTNL_RULE_HANDLE);
	nftnl_rule_free(r);
	return MNL_CB_OK;
}

static struct handles handles(void)
{
	struct nft_link *l = nft_test_open(false);
	struct handles found = { .n_rules = 0 };
	struct nlmsghdr *h =
		nft_link_question(l, NFT_MSG_GETTABLE, NFPROTO_INET, NLM_F_ACK);

	mnl_attr_put_strz(h, NFTA_TABLE_NAME, NFT_TABLE);
	assert_int_equal(nft_link_ask(l, h, take_table, &found), 0);
	h = nft_link_question(l, NFT_MSG_GETRULE, NFPROTO_INET, NLM_F_DUMP);
	mnl_attr_put_strz(h, NFTA_RULE_TABLE, NFT_TABLE);
	assert_int_equal(nft_link_ask(l, h, take_rule, &found), 0);
	nft_close(l);
	assert_true(found.table > 0);
	return found;
}

static void expect_same(const struct handles *before)
{
	const struct handles now = handles();

	assert_int_equal(now.table, before->table);
	assert_int_equal(now.n_rules, before->n_rules);
	assert_memory_equal(now.rules, before->rules, sizeof(now.rules));
}

static void install_in(const struct lab *lab, const struct conf_tables *conf,
		       enum nft_state state)
{
	struct nft_error why;

	if (nft_install(lab->link, conf, state, &why))
		fail_msg("%s", why.text);
	assert_int_equal(nft_test_differences(conf, state), 0);
}

static void install(const struct lab *lab, const struct conf_tables *conf)
{
	install_in(lab, conf, NFT_STATE_RUNNING);
}

static void expect_replacement(const struct lab *lab, enum nft_state state)
{
	const struct handles before = handles();

	install_in(lab, lab->conf, state);
	assert_int_not_equal(handles().table, before.table);
}

/* As many destinations as there can be, at one to n ports each. */
static void add_all(struct conf_tables *conf, unsigned n)
{
	for (unsigned i = 0; conf->n_dests < CONF_DESTS_MAX; i++) {
		char net[64];

		(void)snprintf(net, sizeof(net), "198.51.%u.%u", i / 256,
			       i % 256);
		nft_test_dest(conf, net, 7700, (uint16_t)(7700 + i % n));
	}
}

static void add_client(struct conf_tables *conf, const char *net)
{
	assert_true(base_net_parse(&conf->nets[conf->n_nets++], net));
	conf->rules[0].clients.n++;
}

static void add_interface(struct conf_tables *conf, const char *name)
{
	(void)snprintf(conf->ifaces[conf->n_ifaces++], CONF_IFNAME_LEN, "%s",
		       name);
	conf->rules[0].interfaces.n++;
}

/* All sets, in both families; from each to each. Intervals that grow, shrink,
 * move against each other, touch, and share an end with one that goes. */
static void test_elements(void **state)
{
	static const struct {
		const char *to[3], *clients[4], *interfaces[3];
		uint16_t first, last;
	} cases[] = {
		{ { "192.0.2.1", "2001:db8::1" },
		  { "10.0.0.0/24", "2001:db8:1::/48" },
		  { "lan" },
		  7700,
		  7700 },
		{ { "192.0.2.1", "192.0.2.2", "2001:db8::1" },
		  { "10.0.0.0/24", "10.0.1.0/24", "2001:db8:1::/48" },
		  { "lan", "wg*" },
		  7700,
		  7700 },
		{ { "192.0.2.1", "2001:db8::1" },
		  { "10.0.0.0/16", "2001:db8::/32" },
		  { "wg*" },
		  7700,
		  7710 },
		{ { "192.0.2.0/24", "2001:db8::/64" },
		  { "10.0.1.0/24", "2001:db8:2::/48" },
		  { "w*", "lan0" },
		  7705,
		  7720 },
		{ { "0.0.0.0/0", "::/0" },
		  { "0.0.0.0/0", "::/0" },
		  { "*" },
		  1,
		  65535 },
		{ { "192.0.2.2", "2001:db8::2" },
		  { "9.255.255.255", "10.0.0.0/25", "10.0.0.128/25",
		    "2001:db8::/47" },
		  { "lam\x7f*", "lan" },
		  7700,
		  7700 },
	};
	const size_t n = WS_ARRAY_LEN(cases);
	struct conf_tables *conf[WS_ARRAY_LEN(cases)];
	const struct lab *lab = *state;
	struct handles first;

	for (size_t i = 0; i < n; i++) {
		conf[i] = nft_test_conf(CONF_FAILURE_OPEN_STAY);
		conf[i]->n_dests = conf[i]->rules[0].to.n = 0;
		for (size_t j = 0; j < 3 && cases[i].to[j]; j++)
			nft_test_dest(conf[i], cases[i].to[j], cases[i].first,
				      cases[i].last);
		for (size_t j = 0; j < 4 && cases[i].clients[j]; j++)
			add_client(conf[i], cases[i].clients[j]);
		for (size_t j = 0; j < 3 && cases[i].interfaces[j]; j++)
			add_interface(conf[i], cases[i].interfaces[j]);
	}
	install(lab, conf[0]);
	first = handles();
	for (size_t i = 0; i < n * n; i++) {
		install(lab, conf[i / n]);
		install(lab, conf[i % n]);
		expect_same(&first);
	}
	for (size_t i = 0; i < n; i++)
		free(conf[i]);
}

/* Elements that an event of the kernel tells of. */
static size_t count_elements(int watch)
{
	char buf[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
	size_t n = 0;
	ssize_t len;

	while ((len = recv(watch, buf, sizeof(buf), MSG_TRUNC)) > 0) {
		const struct nlmsghdr *h = (const void *)buf;
		int left = (int)len;

		assert_true(len <= (ssize_t)sizeof(buf));
		for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
			const int type = h->nlmsg_type & 0xff;
			struct nftnl_set *s = nftnl_set_alloc();
			struct nftnl_set_elems_iter *i;

			assert_non_null(s);
			if ((type == NFT_MSG_NEWSETELEM ||
			     type == NFT_MSG_DELSETELEM) &&
			    nftnl_set_elems_nlmsg_parse(h, s) == 0) {
				i = nftnl_set_elems_iter_create(s);
				while (nftnl_set_elems_iter_next(i))
					n++;
				nftnl_set_elems_iter_destroy(i);
			}
			nftnl_set_free(s);
		}
	}
	return n;
}

/* What stays is not touched, even for the moment of a change. */
static void test_only_these(void **state)
{
	const struct lab *lab = *state;
	struct conf_tables *conf = lab->conf;
	struct nft_error why;
	int watch = -1;

	add_all(conf, 1);
	install(lab, conf);
	assert_int_equal(nft_watch_open(&watch, &why), 0);
	/* the same again: nothing */
	install(lab, conf);
	assert_int_equal(recv(watch, &why, sizeof(why), 0), -1);
	assert_int_equal(errno, EAGAIN);
	/* another order is the same */
	conf->dests[0] = conf->dests[CONF_DESTS_MAX - 1];
	nft_test_dest(conf, "192.0.2.1", 7700, 7700);
	conf->dests[CONF_DESTS_MAX - 1] = conf->dests[--conf->n_dests];
	conf->rules[0].to.n--;
	install(lab, conf);
	assert_int_equal(count_elements(watch), 0);
	/* one goes, one comes */
	conf->dests[7].port_last = 7701;
	install(lab, conf);
	assert_int_equal(count_elements(watch), 2);
	/* one goes */
	conf->n_dests--;
	conf->rules[0].to.n--;
	install(lab, conf);
	assert_int_equal(count_elements(watch), 1);
	assert_int_equal(close(watch), 0);
}

/* Nearly all of them at once: more than one message, both ways. */
static void test_many(void **state)
{
	const struct lab *lab = *state;
	struct handles before;

	add_all(lab->other, 3);
	install(lab, lab->conf);
	before = handles();
	install(lab, lab->other);
	install(lab, lab->conf);
	expect_same(&before);
}

/* What needs more than elements: the table is another one, and right. */
static void test_more(void **state)
{
	const struct lab *lab = *state;
	struct conf_tables *conf = lab->conf;

	install(lab, conf);
	/* a set more, a set less */
	add_client(conf, "10.0.0.0/24");
	expect_replacement(lab, NFT_STATE_RUNNING);
	conf->rules[0].clients.n = 0;
	expect_replacement(lab, NFT_STATE_RUNNING);
	/* a family more */
	nft_test_dest(conf, "2001:db8::1", 7700, 7700);
	expect_replacement(lab, NFT_STATE_RUNNING);
	/* sets of the same number with other names, another port, other rules,
	 * another owner */
	(void)snprintf(conf->rules[0].name, CONF_NAME_LEN, "q");
	expect_replacement(lab, NFT_STATE_RUNNING);
	conf->listen_port++;
	expect_replacement(lab, NFT_STATE_RUNNING);
	expect_replacement(lab, NFT_STATE_DRAINING);
	conf->on_failure = CONF_FAILURE_OPEN;
	expect_replacement(lab, NFT_STATE_DRAINING);
}

/* What somebody else did to a table that is nobody's. */
static void test_meddled(void **state)
{
	static const char *const commands[] = {
		"delete table inet wayside",
		"delete table inet wayside; add table inet wayside",
		"flush chain inet wayside prerouting",
		"add chain inet wayside mine",
		"delete element inet wayside r_to4 { 192.0.2.1 . 7700 }",
		"add element inet wayside r_to4 { 192.0.2.2 . 7700 }",
		"add element inet wayside r_to4 { 192.0.2.9 . 7700 }",
		"add table inet wayside { flags dormant; }",
		"add table inet wayside_local",
	};
	struct lab *lab = *state;

	open_again(lab, false);
	nft_test_dest(lab->other, "192.0.2.2", 7700, 7700);
	for (size_t i = 0; i < WS_ARRAY_LEN(commands); i++) {
		install(lab, lab->conf);
		nft_test_run("nft", commands[i]);
		install(lab, lab->other);
	}
}

/* A predecessor's table is replaced, even when it looks right: its counts are
 * not ours. */
static void test_adopted(void **state)
{
	struct lab *lab = *state;

	install(lab, lab->conf);
	open_again(lab, true);
	expect_replacement(lab, NFT_STATE_RUNNING);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_elements), CASE(test_only_these), CASE(test_many),
		CASE(test_more),     CASE(test_meddled),    CASE(test_adopted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
