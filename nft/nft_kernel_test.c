/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_kernel_test.c - what the kernel makes of it: every state, what is refused
 *
 * Run by netns-tests/t_rules_kernel.sh in a network namespace of its own, with
 * CAP_NET_ADMIN there and lo up. What is in the kernel is looked at through a
 * link of its own, as the tool does.
 */
#include "nft.h"

#include "base_test.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_load.h"
#include "conf_tables.h"
#include "nft_batch.h"
#include "nft_golden.h"
#include "nft_link.h"
#include "nft_model.h"
#include "nft_objects.h"
#include "nft_route.h"
#include "nft_test.h"

/* The same rules: only `closed` has some that a bypass takes out. */
static bool alike(enum conf_failure f, enum nft_state a, enum nft_state b)
{
	return a == b || (f != CONF_FAILURE_CLOSED &&
			  (a == NFT_STATE_BYPASS || a == NFT_STATE_DRAINING) &&
			  (b == NFT_STATE_BYPASS || b == NFT_STATE_DRAINING));
}

/* Whatever stood there before. */
static void test_states(void **state)
{
	static const enum conf_failure failures[] = { CONF_FAILURE_OPEN_STAY,
						      CONF_FAILURE_CLOSED };
	struct nft_link *daemon = nft_test_open(true);
	struct nft_error why;

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(failures); i++) {
		struct conf_tables *conf = nft_test_conf(failures[i]);

		for (int n = 0; n < NFT_STATE_MAX * NFT_STATE_MAX; n++) {
			const enum nft_state from = n / NFT_STATE_MAX;
			const enum nft_state to = n % NFT_STATE_MAX;

			assert_int_equal(nft_install(daemon, conf, from, &why),
					 0);
			assert_int_equal(nft_install(daemon, conf, to, &why),
					 0);
			assert_int_equal(nft_test_differences(conf, to), 0);
			if (!alike(failures[i], from, to))
				assert_int_not_equal(
					nft_test_differences(conf, from), 0);
		}
		assert_int_equal(nft_remove(daemon, &why), 0);
		free(conf);
	}
	nft_close(daemon);
}

/* What nft makes of a file that was written by hand is what nft_install() makes
 * of its configuration. */
static void test_golden(void **state)
{
	static const char *const protocols[] = { NULL };
	struct nft_error why;

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(nft_golden); i++) {
		const struct nft_golden *g = &nft_golden[i];
		struct nft_link *l = nft_test_open(true);
		const struct conf_tables *conf;
		char path[512];
		const struct conf_input in = { .path = path,
					       .protocols = protocols };

		(void)snprintf(path, sizeof(path), "%s/golden/%s.yaml",
			       WAYSIDE_TEST_DIR, g->config);
		assert_int_equal(conf_load(&in, &conf, NULL, NULL), 0);
		assert_int_equal(nft_install(l, conf, g->state, &why), 0);
		assert_int_equal(nft_test_differences(conf, g->state), 0);
		nft_close(l);
		nft_test_remove();
		/* now only the routing, which the file cannot hold */
		assert_int_equal(
			nft_route_install(nft_model_routing(conf, g->state),
					  &why),
			0);
		(void)snprintf(path, sizeof(path), "%s/golden/%s.nft",
			       WAYSIDE_TEST_DIR, g->file);
		nft_test_run("nft", "-f", path);
		assert_int_equal(nft_test_differences(conf, g->state), 0);
		nft_test_remove();
	}
}

/* The kernel refuses some intervals that overlap (not all: a wider one after a
 * narrower one passes), so the configuration's check finds them before; here it
 * is not asked. */
static void test_refused(void **state)
{
	struct conf_tables *good = nft_test_conf(CONF_FAILURE_OPEN_STAY);
	struct conf_tables *bad = nft_test_conf(CONF_FAILURE_OPEN_STAY);
	struct nft_link *l = nft_test_open(false);
	struct nft_error why;

	(void)state;
	nft_test_dest(bad, "192.0.2.1", 7700, 8000);
	assert_int_equal(nft_install(l, bad, NFT_STATE_RUNNING, &why), -EEXIST);
	assert_string_equal(why.text, "elements of set \"r_to4\": File exists");
	/* nothing is there: neither table nor routing */
	assert_int_equal(nft_test_differences(good, NFT_STATE_STOPPED), 0);
	assert_int_equal(nft_install(l, good, NFT_STATE_RUNNING, &why), 0);
	assert_int_equal(nft_install(l, bad, NFT_STATE_RUNNING, &why), -EEXIST);
	/* what was there stays, all of it */
	assert_int_equal(nft_test_differences(good, NFT_STATE_RUNNING), 0);
	nft_close(l);
	nft_test_remove();
	free(good);
	free(bad);
}

static void add_objects(struct nft_batch *b)
{
	struct nftnl_table *t = nft_objects_table(NFT_TABLE_MAIN, 0);
	struct nftnl_chain *c = nft_objects_chain(NFT_CHAIN_TAKE);
	struct nlmsghdr *h;

	assert_non_null(t);
	assert_non_null(c);
	h = nft_batch_add(b, NFT_MSG_NEWTABLE, NLM_F_CREATE, "table");
	assert_non_null(h);
	nftnl_table_nlmsg_build_payload(h, t);
	h = nft_batch_add(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE, "chain");
	assert_non_null(h);
	nftnl_chain_nlmsg_build_payload(h, c);
	nftnl_table_free(t);
	nftnl_chain_free(c);
}

/* A rule with an expression that this kernel does not have, after one that it
 * has: as if a module were missing. */
static void test_missing_module(void **state)
{
	static const char *const names[] = { "counter", "nosuch" };
	struct conf_tables *conf = nft_test_conf(CONF_FAILURE_OPEN_STAY);
	const struct nft_rule rule = { .chain = NFT_CHAIN_TAKE,
				       .comment = "r v4",
				       .stmts = { NFT_STMT_COUNTER,
						  NFT_STMT_END } };
	struct nftnl_rule *r = nft_objects_rule(&rule);
	struct nft_batch *b = nft_batch_new();
	struct nft_link *l = nft_test_open(false);
	struct nlattr *list, *elem;
	struct nft_error why;
	struct nlmsghdr *h;

	(void)state;
	assert_non_null(r);
	assert_non_null(b);
	add_objects(b);
	h = nft_batch_add(b, NFT_MSG_NEWRULE, NLM_F_CREATE, "rule \"r v4\"");
	assert_non_null(h);
	nftnl_rule_nlmsg_build_payload(h, r);
	/* the kernel takes the second of two lists */
	list = mnl_attr_nest_start(h, NFTA_RULE_EXPRESSIONS);
	for (size_t i = 0; i < WS_ARRAY_LEN(names); i++) {
		elem = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
		mnl_attr_put_strz(h, NFTA_EXPR_NAME, names[i]);
		mnl_attr_nest_end(h, elem);
	}
	mnl_attr_nest_end(h, list);
	assert_int_equal(nft_batch_send(b, l->socket, &why), -ENOENT);
	assert_string_equal(
		why.text, "rule \"r v4\" (nosuch): No such file or directory: "
			  "does this kernel have nft_nosuch?");
	assert_int_equal(nft_test_differences(conf, NFT_STATE_STOPPED), 0);
	nftnl_rule_free(r);
	nft_batch_free(b);
	nft_close(l);
	free(conf);
}

/* As many elements as a configuration can have: more than one message a set,
 * and more bytes than the socket's buffer takes as it comes. */
static void test_most_elements(void **state)
{
	struct conf_tables *conf = nft_test_conf(CONF_FAILURE_OPEN_STAY);
	struct conf_rule *r = &conf->rules[0];
	struct nft_link *l = nft_test_open(false);
	struct nft_error why;

	(void)state;
	for (unsigned i = 0; conf->n_dests < CONF_DESTS_MAX; i++) {
		char net[64];

		(void)snprintf(net, sizeof(net), "2001:db8:%x::/48", i);
		nft_test_dest(conf, net, 7700, 7710);
	}
	for (unsigned i = 0; conf->n_nets < CONF_NETS_MAX; i++) {
		char net[64];

		/* neighbours: one interval ends where the next begins */
		(void)snprintf(net, sizeof(net),
			       i % 2 ? "10.%u.%u.0/24" : "2001:db8:%x:%x::/64",
			       i / 2 / 256, i / 2 % 256);
		assert_true(base_net_parse(&conf->nets[conf->n_nets++], net));
		r->clients.n++;
	}
	for (; conf->n_ifaces < CONF_IFACES_MAX; conf->n_ifaces++) {
		(void)snprintf(conf->ifaces[conf->n_ifaces], CONF_IFNAME_LEN,
			       conf->n_ifaces % 2 ? "ppp%u-*" : "veth%u.77",
			       conf->n_ifaces);
		r->interfaces.n++;
	}
	if (nft_install(l, conf, NFT_STATE_RUNNING, &why))
		fail_msg("%s", why.text);
	assert_int_equal(nft_test_differences(conf, NFT_STATE_RUNNING), 0);
	nft_close(l);
	nft_test_remove();
	free(conf);
}

/* As many rules as there can be, in both families: the answers to 903 objects
 * (table, chain, 321 sets and the elements of each, 259 rules) must find room
 * in the socket's buffer. */
static void test_most_rules(void **state)
{
	struct conf_tables *conf = nft_test_conf(CONF_FAILURE_CLOSED);
	struct nft_link *l = nft_test_open(false);
	struct nft_error why;

	(void)state;
	nft_test_dest(conf, "2001:db8::1", 7700, 7700);
	assert_true(base_net_parse(&conf->nets[0], "10.0.0.0/8"));
	assert_true(base_net_parse(&conf->nets[1], "2001:db8::/32"));
	(void)snprintf(conf->ifaces[0], CONF_IFNAME_LEN, "lan");
	conf->rules[0].clients.n = conf->n_nets = 2;
	conf->rules[0].interfaces.n = conf->n_ifaces = 1;
	for (; conf->n_rules < CONF_RULES_MAX; conf->n_rules++) {
		struct conf_rule *r = &conf->rules[conf->n_rules];

		*r = conf->rules[0];
		(void)snprintf(r->name, sizeof(r->name), "r%u", conf->n_rules);
	}
	if (nft_install(l, conf, NFT_STATE_RUNNING, &why))
		fail_msg("%s", why.text);
	assert_int_equal(nft_test_differences(conf, NFT_STATE_RUNNING), 0);
	nft_close(l);
	nft_test_remove();
	free(conf);
}

static void test_fixed(void **state)
{
	struct conf_tables *conf = nft_test_conf(CONF_FAILURE_OPEN_STAY);
	struct nft_link *l = nft_test_open(false);
	struct nft_error why;

	(void)state;
	assert_true(base_addr_parse(&conf->listen, "127.0.0.1:7700"));
	assert_true(base_addr_parse(&conf->remote, "192.0.2.1:7700"));
	assert_int_equal(nft_install(l, conf, NFT_STATE_RUNNING, &why),
			 -EINVAL);
	assert_int_equal(nft_test_differences(conf, NFT_STATE_RUNNING), 0);
	nft_close(l);
	free(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_missing_module),
		cmocka_unit_test(test_most_elements),
		cmocka_unit_test(test_most_rules),
		cmocka_unit_test(test_fixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
