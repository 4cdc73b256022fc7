/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_keep_test.c - whose the table is, and what becomes of it
 *
 * Run by netns-tests/t_rules_kernel.sh as nft_kernel_test is, twice: once as
 * what this kernel can, once (nft_keep_plain_test) as on one that refuses
 * NFT_TABLE_F_PERSIST. What a program may expect is written down here for both.
 */
#include "nft.h"

#include "base_test.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_tables.h"
#include "nft_check.h"
#include "nft_test.h"

#ifdef WAYSIDE_PRETEND_NO_PERSIST
#	define PERSISTS NFT_KEEP_PLAIN
#else
#	define PERSISTS NFT_KEEP_PERSISTS
#endif

static const char owned_by_another[] = "table inet wayside: Operation not "
				       "permitted: another process owns it";

static enum nft_keep keeping(void)
{
	struct nft_link *l = nft_test_open(false);
	struct nft_error why;
	enum nft_keep keep;

	assert_int_equal(nft_keeping(l, &keep, &why), 0);
	nft_close(l);
	return keep;
}

/* Nobody but `daemon` changes or removes its table, also not all at once. */
static void expect_untouchable(const struct conf_tables *conf)
{
	struct nft_link *other = nft_test_open(false);
	struct nft_error why;

	assert_int_equal(nft_remove(other, &why), -EPERM);
	assert_string_equal(why.text, owned_by_another);
	assert_int_equal(nft_install(other, conf, NFT_STATE_RUNNING, &why),
			 -EPERM);
	assert_string_equal(why.text, owned_by_another);
	nft_test_run("nft", "flush", "ruleset");
	assert_int_equal(nft_test_differences(conf, NFT_STATE_RUNNING), 0);
	nft_close(other);
}

/* While the daemon lives, when it is gone, and when the next one comes. */
static void test_policies(void **state)
{
	static const struct {
		enum conf_failure on_failure;
		enum nft_keep with, after;
	} cases[] = {
		{ CONF_FAILURE_OPEN, NFT_KEEP_OWNED, NFT_KEEP_NOTHING },
		{ CONF_FAILURE_OPEN_STAY, PERSISTS, NFT_KEEP_PLAIN },
		{ CONF_FAILURE_CLOSED, PERSISTS, NFT_KEEP_PLAIN },
		{ CONF_FAILURE_HOLD, PERSISTS, NFT_KEEP_PLAIN },
	};
	struct nft_error why;

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		struct conf_tables *conf = nft_test_conf(cases[i].on_failure);

		/* the second one adopts what the first one left */
		for (int n = 0; n < 2; n++) {
			struct nft_link *daemon = nft_test_open(true);

			/* also when it replaces its own */
			for (int again = 0; again < 2; again++) {
				assert_int_equal(
					nft_install(daemon, conf,
						    (enum nft_state)again,
						    &why),
					0);
				assert_int_equal(keeping(), cases[i].with);
			}
			assert_int_equal(nft_install(daemon, conf,
						     NFT_STATE_RUNNING, &why),
					 0);
			if (cases[i].with != NFT_KEEP_PLAIN)
				expect_untouchable(conf);
			nft_close(daemon);
			assert_int_equal(keeping(), cases[i].after);
			/* without the table the routing stays: harmless */
			assert_int_equal(
				nft_test_differences(conf, NFT_STATE_RUNNING),
				cases[i].after == NFT_KEEP_NOTHING);
		}
		nft_test_remove();
		assert_int_equal(keeping(), NFT_KEEP_NOTHING);
		free(conf);
	}
}

/* A table of the tool stays, whatever the policy, and is anybody's. */
static void test_tool(void **state)
{
	struct nft_error why;

	(void)state;
	for (uint32_t f = 0; f < CONF_FAILURE_MAX; f++) {
		struct conf_tables *conf = nft_test_conf((enum conf_failure)f);
		struct nft_link *tool = nft_test_open(false);

		assert_int_equal(
			nft_install(tool, conf, NFT_STATE_RUNNING, &why), 0);
		assert_int_equal(keeping(), NFT_KEEP_PLAIN);
		nft_close(tool);
		assert_int_equal(nft_test_differences(conf, NFT_STATE_RUNNING),
				 0);
		nft_test_remove();
		free(conf);
	}
}

static void remember(void *arg, const char *text)
{
	(void)snprintf(arg, 256, "%s", text);
}

/* Of all differences that of the local table. */
static void remember_local(void *arg, const char *text)
{
	if (strstr(text, "wayside_local"))
		remember(arg, text);
}

/* With an owner and without the flag it does not stay. */
static void test_would_vanish(void **state)
{
	struct conf_tables *conf = nft_test_conf(CONF_FAILURE_OPEN);
	struct nft_link *daemon = nft_test_open(true);
	char line[256] = "";
	struct nft_error why;

	(void)state;
	assert_int_equal(nft_install(daemon, conf, NFT_STATE_RUNNING, &why), 0);
	conf->on_failure = CONF_FAILURE_OPEN_STAY;
	assert_int_equal(nft_check(daemon, conf, NFT_STATE_RUNNING, remember,
				   line, &why),
			 1);
	assert_string_equal(line,
			    "table inet wayside would vanish with its owner");
	/* a reload that changes the policy */
	assert_int_equal(nft_install(daemon, conf, NFT_STATE_RUNNING, &why), 0);
	assert_int_equal(keeping(), PERSISTS);
	assert_int_equal(nft_test_differences(conf, NFT_STATE_RUNNING), 0);
	nft_close(daemon);
	nft_test_remove();
	free(conf);
}

static void test_closed(void **state)
{
	struct conf_tables *conf = nft_test_conf(CONF_FAILURE_CLOSED);
	struct nft_link *daemon = nft_test_open(true);
	struct nft_error why;

	(void)state;
	assert_int_equal(nft_install(daemon, conf, NFT_STATE_RUNNING, &why), 0);
	assert_int_equal(nft_test_differences(conf, NFT_STATE_RUNNING), 0);
	assert_int_not_equal(nft_test_differences(conf, NFT_STATE_STOPPED), 0);
	assert_int_equal(nft_install(daemon, conf, NFT_STATE_STOPPED, &why), 0);
	nft_close(daemon);
	assert_int_equal(nft_test_differences(conf, NFT_STATE_STOPPED), 0);
	nft_test_remove();
	/* nothing is what the others leave after a stop */
	conf->on_failure = CONF_FAILURE_OPEN_STAY;
	assert_int_equal(nft_test_differences(conf, NFT_STATE_STOPPED), 0);
	free(conf);
}

static struct nft_check_table local_table(void)
{
	struct nft_link *l = nft_test_open(false);
	struct nft_check_table t;

	assert_int_equal(nft_check_table(l, NFT_TABLE_LOCAL, &t), 0);
	nft_close(l);
	return t;
}

/* Rules for programs of this host have a table that goes with the daemon, under
 * each policy; without one nobody installs it and nobody misses it. */
static void test_local(void **state)
{
	struct nft_error why;
	char line[256] = "";

	(void)state;
	for (uint32_t f = 0; f < CONF_FAILURE_MAX; f++) {
		struct conf_tables *conf = nft_test_conf((enum conf_failure)f);
		struct nft_link *daemon = nft_test_open(true);
		struct nft_link *tool = nft_test_open(false);

		conf->rules[0].local = CONF_YES;
		assert_int_equal(
			nft_install(daemon, conf, NFT_STATE_RUNNING, &why), 0);
		assert_int_equal(local_table().flags, NFT_TABLE_F_OWNER);
		assert_int_equal(nft_test_differences(conf, NFT_STATE_RUNNING),
				 0);
		/* by itself it is enough to refuse the tool */
		assert_int_equal(nft_remove(tool, &why), -EPERM);
		assert_int_equal(nft_test_differences(conf, NFT_STATE_RUNNING),
				 0);
		/* it comes and goes with the rules that ask for it */
		conf->rules[0].local = CONF_NO;
		line[0] = '\0';
		assert_true(nft_check(tool, conf, NFT_STATE_RUNNING,
				      remember_local, line, &why) > 0);
		assert_string_equal(line,
				    "unexpected: table inet wayside_local");
		assert_int_equal(
			nft_install(daemon, conf, NFT_STATE_RUNNING, &why), 0);
		assert_false(local_table().there);
		conf->rules[0].local = CONF_YES;
		assert_int_equal(
			nft_install(daemon, conf, NFT_STATE_RUNNING, &why), 0);
		assert_true(local_table().there);
		nft_close(daemon);
		assert_false(local_table().there);
		assert_int_equal(
			nft_install(tool, conf, NFT_STATE_RUNNING, &why), 0);
		assert_false(local_table().there);
		assert_int_equal(nft_test_differences(conf, NFT_STATE_RUNNING),
				 0);
		/* who could have it misses it */
		daemon = nft_test_open(true);
		line[0] = '\0';
		assert_int_equal(nft_check(daemon, conf, NFT_STATE_RUNNING,
					   remember, line, &why),
				 1);
		assert_string_equal(line, "missing: table inet wayside_local");
		nft_close(daemon);
		nft_close(tool);
		nft_test_remove();
		free(conf);
	}
}

/* One owner a network namespace, whatever it holds; the name goes with it. */
static void test_lock(void **state)
{
	struct nft_link *daemon = nft_test_open(true),
			*tool = nft_test_open(false);
	struct nft_error why;

	(void)state;
	assert_int_equal(nft_lock(daemon, &why), 0);
	assert_int_equal(nft_lock(tool, &why), -EADDRINUSE);
	assert_string_equal(why.text, "another Wayside owns the rules of this "
				      "network namespace");
	nft_close(daemon);
	assert_int_equal(nft_lock(tool, &why), 0);
	daemon = nft_test_open(true);
	assert_int_equal(nft_lock(daemon, &why), -EADDRINUSE);
	nft_close(tool);
	/* in another network namespace there is another name */
	assert_int_equal(nft_lock(daemon, &why), 0);
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	tool = nft_test_open(false);
	assert_int_equal(nft_lock(tool, &why), 0);
	nft_close(tool);
	nft_close(daemon);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_tool),
		cmocka_unit_test(test_would_vanish),
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_lock), /* last: it leaves the namespace */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
