/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_kernel_test.c - what the kernel makes of it: who owns, what is refused
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
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf_load.h"
#include "conf_tables.h"
#include "nft_batch.h"
#include "nft_link.h"
#include "nft_objects.h"

static struct nft_link *open_link(bool hold)
{
	struct nft_link *l;
	struct nft_error why;

	assert_int_equal(nft_open(&l, hold, &why), 0);
	return l;
}

static void add_dest(struct conf_tables *conf, const char *net, uint16_t first,
		     uint16_t last)
{
	struct conf_dest *d = &conf->dests[conf->n_dests++];

	assert_true(base_net_parse(&d->net, net));
	d->port_first = first;
	d->port_last = last;
	conf->rules[0].to.n++;
}

static struct conf_tables *new_conf(enum conf_failure on_failure)
{
	struct conf_tables *conf = calloc(1, sizeof(*conf));

	assert_non_null(conf);
	conf->listen_port = 15001;
	conf->on_failure = on_failure;
	conf->n_rules = 1;
	(void)snprintf(conf->rules[0].name, CONF_NAME_LEN, "r");
	add_dest(conf, "192.0.2.1", 7700, 7700);
	return conf;
}

static void ignore(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

static void remember(void *arg, const char *text)
{
	(void)snprintf(arg, 256, "%s", text);
}

static int differences(const struct conf_tables *conf, enum nft_state state)
{
	struct nft_link *l = open_link(false);
	struct nft_error why;
	const int n = nft_check(l, conf, state, ignore, NULL, &why);

	nft_close(l);
	return n;
}

static void remove_all(void)
{
	struct nft_link *l = open_link(false);
	struct nft_error why;

	assert_int_equal(nft_remove(l, &why), 0);
	nft_close(l);
}

/* `open`: the table is the daemon's own, nobody else may touch it, and it goes
 * with the daemon. */
static void test_open(void **state)
{
	struct conf_tables *conf = new_conf(CONF_FAILURE_OPEN);
	struct nft_link *daemon = open_link(true), *other = open_link(false);
	struct nft_error why;

	(void)state;
	assert_int_equal(nft_install(daemon, conf, NFT_STATE_RUNNING, &why), 0);
	assert_int_equal(nft_install(daemon, conf, NFT_STATE_RUNNING, &why), 0);
	assert_int_equal(differences(conf, NFT_STATE_RUNNING), 0);
	assert_int_equal(nft_remove(other, &why), -EPERM);
	assert_string_equal(why.text, "table inet wayside: Operation not "
				      "permitted: another process owns it");
	assert_int_equal(nft_install(other, conf, NFT_STATE_RUNNING, &why),
			 -EPERM);
	assert_int_equal(differences(conf, NFT_STATE_RUNNING), 0);
	nft_close(daemon);
	/* the table; the routing stays and is harmless without it */
	assert_int_equal(differences(conf, NFT_STATE_RUNNING), 1);
	assert_int_equal(nft_remove(other, &why), 0);
	assert_int_equal(differences(conf, NFT_STATE_STOPPED), 0);
	nft_close(other);
	free(conf);
}

/* `open-stay`: the table stays when the daemon is gone, and the next one takes
 * it over, even as its own. */
static void test_open_stay(void **state)
{
	struct conf_tables *conf = new_conf(CONF_FAILURE_OPEN_STAY);
	struct nft_link *daemon = open_link(true);
	char line[256] = "";
	struct nft_error why;

	(void)state;
	assert_int_equal(nft_install(daemon, conf, NFT_STATE_RUNNING, &why), 0);
	nft_close(daemon);
	assert_int_equal(differences(conf, NFT_STATE_RUNNING), 0);
	conf->on_failure = CONF_FAILURE_OPEN;
	daemon = open_link(true);
	assert_int_equal(nft_install(daemon, conf, NFT_STATE_RUNNING, &why), 0);
	/* with an owner it does not stay */
	conf->on_failure = CONF_FAILURE_OPEN_STAY;
	assert_int_equal(nft_check(daemon, conf, NFT_STATE_RUNNING, remember,
				   line, &why),
			 1);
	assert_string_equal(line,
			    "table inet wayside would vanish with its owner");
	nft_close(daemon);
	remove_all();
	free(conf);
}

static void test_closed(void **state)
{
	struct conf_tables *conf = new_conf(CONF_FAILURE_CLOSED);
	struct nft_link *daemon = open_link(true);
	struct nft_error why;

	(void)state;
	assert_int_equal(nft_install(daemon, conf, NFT_STATE_RUNNING, &why), 0);
	assert_int_equal(differences(conf, NFT_STATE_RUNNING), 0);
	assert_int_not_equal(differences(conf, NFT_STATE_STOPPED), 0);
	assert_int_equal(nft_install(daemon, conf, NFT_STATE_STOPPED, &why), 0);
	nft_close(daemon);
	assert_int_equal(differences(conf, NFT_STATE_STOPPED), 0);
	remove_all();
	/* nothing is what the others leave after a stop */
	conf->on_failure = CONF_FAILURE_OPEN_STAY;
	assert_int_equal(differences(conf, NFT_STATE_STOPPED), 0);
	free(conf);
}

/* Whatever stood there before. */
static void test_states(void **state)
{
	static const enum conf_failure failures[] = { CONF_FAILURE_OPEN_STAY,
						      CONF_FAILURE_CLOSED };
	struct nft_link *daemon = open_link(true);
	struct nft_error why;

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(failures); i++) {
		struct conf_tables *conf = new_conf(failures[i]);

		for (int n = 0; n < NFT_STATE_MAX * NFT_STATE_MAX; n++) {
			const enum nft_state from = n / NFT_STATE_MAX;
			const enum nft_state to = n % NFT_STATE_MAX;

			assert_int_equal(nft_install(daemon, conf, from, &why),
					 0);
			assert_int_equal(nft_install(daemon, conf, to, &why),
					 0);
			assert_int_equal(differences(conf, to), 0);
			if (from != to)
				assert_int_not_equal(differences(conf, from),
						     0);
		}
		remove_all();
		free(conf);
	}
	nft_close(daemon);
}

/* What nft makes of a file that was written by hand is what nft_install() would
 * make. (The states that the tool installs: netns-tests/t_rules_golden.sh.) */
static void test_states_by_hand(void **state)
{
	static const struct {
		const char *config, *golden;
		enum nft_state state;
	} cases[] = {
		{ "any", "states/any-draining", NFT_STATE_DRAINING },
		{ "any", "states/any-absent", NFT_STATE_ABSENT },
		{ "closed", "states/closed-draining", NFT_STATE_DRAINING },
		{ "closed", "states/closed-absent", NFT_STATE_ABSENT },
	};
	static const char *const protocols[] = { NULL };
	struct nft_link *l = open_link(false);
	struct nft_error why;

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		const struct conf_tables *conf;
		char path[512], nft[] = "nft", option[] = "-f";
		char *const argv[] = { nft, option, path, NULL };
		const struct conf_input in = { .path = path,
					       .protocols = protocols };
		int status;
		pid_t pid;

		(void)snprintf(path, sizeof(path), "%s/golden/%s.yaml",
			       WAYSIDE_TEST_DIR, cases[i].config);
		assert_int_equal(conf_load(&in, &conf, NULL), 0);
		/* the routing, which the file cannot hold */
		assert_int_equal(nft_install(l, conf, NFT_STATE_RUNNING, &why),
				 0);
		(void)snprintf(path, sizeof(path), "%s/golden/%s.nft",
			       WAYSIDE_TEST_DIR, cases[i].golden);
		assert_int_equal(
			posix_spawnp(&pid, "nft", NULL, NULL, argv, environ),
			0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		assert_int_equal(differences(conf, cases[i].state), 0);
	}
	nft_close(l);
	remove_all();
}

/* The kernel refuses some intervals that overlap (not all: a wider one after a
 * narrower one passes), so the configuration's check finds them before; here it
 * is not asked. */
static void test_refused(void **state)
{
	struct conf_tables *good = new_conf(CONF_FAILURE_OPEN_STAY);
	struct conf_tables *bad = new_conf(CONF_FAILURE_OPEN_STAY);
	struct nft_link *l = open_link(false);
	struct nft_error why;

	(void)state;
	add_dest(bad, "192.0.2.1", 7700, 8000);
	assert_int_equal(nft_install(l, bad, NFT_STATE_RUNNING, &why), -EEXIST);
	assert_string_equal(why.text, "elements of set \"r_to4\": File exists");
	/* nothing is there: neither table nor routing */
	assert_int_equal(differences(good, NFT_STATE_STOPPED), 0);
	assert_int_equal(nft_install(l, good, NFT_STATE_RUNNING, &why), 0);
	assert_int_equal(nft_install(l, bad, NFT_STATE_RUNNING, &why), -EEXIST);
	/* what was there stays, all of it */
	assert_int_equal(differences(good, NFT_STATE_RUNNING), 0);
	nft_close(l);
	remove_all();
	free(good);
	free(bad);
}

static void add_objects(struct nft_batch *b)
{
	struct nftnl_table *t = nft_objects_table(0);
	struct nftnl_chain *c = nft_objects_chain();
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
	struct conf_tables *conf = new_conf(CONF_FAILURE_OPEN_STAY);
	const struct nft_rule rule = {
		.comment = "r v4", .stmts = { NFT_STMT_COUNTER, NFT_STMT_END }
	};
	struct nftnl_rule *r = nft_objects_rule(&rule);
	struct nft_batch *b = nft_batch_new();
	struct nft_link *l = open_link(false);
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
	assert_int_equal(differences(conf, NFT_STATE_STOPPED), 0);
	nftnl_rule_free(r);
	nft_batch_free(b);
	nft_close(l);
	free(conf);
}

/* As many elements as a configuration can have: more than one message a set,
 * and more bytes than the socket's buffer takes as it comes. */
static void test_most_elements(void **state)
{
	struct conf_tables *conf = new_conf(CONF_FAILURE_OPEN_STAY);
	struct conf_rule *r = &conf->rules[0];
	struct nft_link *l = open_link(false);
	struct nft_error why;

	(void)state;
	for (unsigned i = 0; conf->n_dests < CONF_DESTS_MAX; i++) {
		char net[64];

		(void)snprintf(net, sizeof(net), "2001:db8:%x::/48", i);
		add_dest(conf, net, 7700, 7710);
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
	assert_int_equal(differences(conf, NFT_STATE_RUNNING), 0);
	nft_close(l);
	remove_all();
	free(conf);
}

/* As many rules as there can be, in both families: the answers to 903 objects
 * (table, chain, 321 sets and the elements of each, 259 rules) must find room
 * in the socket's buffer. */
static void test_most_rules(void **state)
{
	struct conf_tables *conf = new_conf(CONF_FAILURE_CLOSED);
	struct nft_link *l = open_link(false);
	struct nft_error why;

	(void)state;
	add_dest(conf, "2001:db8::1", 7700, 7700);
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
	assert_int_equal(differences(conf, NFT_STATE_RUNNING), 0);
	nft_close(l);
	remove_all();
	free(conf);
}

/* One owner a network namespace, whatever it holds; the name goes with it. */
static void test_lock(void **state)
{
	struct nft_link *daemon = open_link(true), *tool = open_link(false);
	struct nft_error why;

	(void)state;
	assert_int_equal(nft_lock(daemon, &why), 0);
	assert_int_equal(nft_lock(tool, &why), -EADDRINUSE);
	assert_string_equal(why.text, "another Wayside owns the rules of this "
				      "network namespace");
	nft_close(daemon);
	assert_int_equal(nft_lock(tool, &why), 0);
	daemon = open_link(true);
	assert_int_equal(nft_lock(daemon, &why), -EADDRINUSE);
	nft_close(tool);
	/* in another network namespace there is another name */
	assert_int_equal(nft_lock(daemon, &why), 0);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	tool = open_link(false);
	assert_int_equal(nft_lock(tool, &why), 0);
	nft_close(tool);
	nft_close(daemon);
}

static void test_fixed(void **state)
{
	struct conf_tables *conf = new_conf(CONF_FAILURE_OPEN_STAY);
	struct nft_link *l = open_link(false);
	struct nft_error why;

	(void)state;
	assert_true(base_addr_parse(&conf->listen, "127.0.0.1:7700"));
	assert_true(base_addr_parse(&conf->remote, "192.0.2.1:7700"));
	assert_int_equal(nft_install(l, conf, NFT_STATE_RUNNING, &why),
			 -EINVAL);
	assert_int_equal(differences(conf, NFT_STATE_RUNNING), 0);
	nft_close(l);
	free(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_open_stay),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_states_by_hand),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_missing_module),
		cmocka_unit_test(test_most_elements),
		cmocka_unit_test(test_most_rules),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_lock), /* last: it leaves the namespace */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
