/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_firewall_test.c - the line for each firewall, and who took a packet */
#include "base_test.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_attr.h"
#include "probe_chains.h"
#include "probe_firewall.h"
#include "probe_trace.h"

#define LINES_MAX 16

struct state {
	struct probe_chains chains;
	struct probe_firewalls firewalls;
	struct probe_result result;
	unsigned n;
	char lines[LINES_MAX][512];
};

static int set_up(void **arg)
{
	struct state *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->firewalls.chains = &s->chains;
	*arg = s;
	return 0;
}

static int tear_down(void **arg)
{
	free(*arg);
	return 0;
}

static void add_chain(struct state *s, uint8_t family, const char *table,
		      const char *name, int hook)
{
	struct probe_chain *c = &s->chains.v[s->chains.n++];

	c->family = family;
	c->base = hook >= 0;
	c->hook = (uint32_t)hook;
	c->drops = c->base;
	(void)snprintf(c->table, sizeof(c->table), "%s", table);
	(void)snprintf(c->name, sizeof(c->name), "%s", name);
}

static void set_place(struct state *s, int family, enum probe_verdict verdict,
		      uint8_t of, const char *table, const char *chain)
{
	struct probe_place *p = &s->result.place[family];

	s->result.of[family] = verdict;
	s->result.traced = true;
	p->family = of;
	(void)snprintf(p->table, sizeof(p->table), "%s", table);
	(void)snprintf(p->chain, sizeof(p->chain), "%s", chain);
}

static void keep(void *arg, const char *text)
{
	struct state *s = arg;

	assert_in_range(s->n, 0, LINES_MAX - 1);
	(void)snprintf(s->lines[s->n++], sizeof(s->lines[0]), "%s", text);
}

static void explain(struct state *s)
{
	s->n = 0;
	probe_firewall_explain(&s->result, &s->firewalls, keep, s);
}

/* Expects the i-th command to run; NULL: there are no more. */
static void expect_run(const struct state *s, unsigned i, const char *command)
{
	for (unsigned line = 0; line < s->n; line++) {
		if (strncmp(s->lines[line], PROBE_RUN, strlen(PROBE_RUN)) != 0)
			continue;
		if (i-- > 0)
			continue;
		assert_non_null(command);
		assert_string_equal(s->lines[line] + strlen(PROBE_RUN),
				    command);
		return;
	}
	assert_null(command);
}

static void expect_says(const struct state *s, const char *part)
{
	for (unsigned line = 0; line < s->n; line++) {
		if (strstr(s->lines[line], part))
			return;
	}
	fail_msg("nothing says \"%s\"", part);
}

/* The rule that drops is in a chain that the one at the hook jumps to: the line
 * goes where the packet comes first. One line serves both families. */
static void nft_line_goes_to_the_hook(void **arg)
{
	struct state *s = *arg;

	add_chain(s, NFPROTO_INET, "fw", "forward", NF_INET_FORWARD);
	add_chain(s, NFPROTO_INET, "fw", "in", NF_INET_LOCAL_IN);
	add_chain(s, NFPROTO_INET, "fw", "rest", -1);
	set_place(s, 0, PROBE_BLOCKED_IN, NFPROTO_INET, "fw", "rest");
	set_place(s, 1, PROBE_BLOCKED_IN, NFPROTO_INET, "fw", "rest");
	explain(s);
	expect_run(s, 0,
		   "nft insert rule inet fw in meta mark and 0x10000 == "
		   "0x10000 accept");
	expect_run(s, 1, NULL);
	expect_says(s, "/etc/nftables.conf");
}

/* An earlier hook may drop it, too. */
static void chain_at_another_hook(void **arg)
{
	struct state *s = *arg;

	add_chain(s, NFPROTO_IPV6, "raw", "pre", NF_INET_PRE_ROUTING);
	add_chain(s, NFPROTO_IPV6, "raw", "in", NF_INET_LOCAL_IN);
	set_place(s, 1, PROBE_BLOCKED_IN, NFPROTO_IPV6, "raw", "pre");
	explain(s);
	expect_run(s, 0,
		   "nft insert rule ip6 raw pre meta mark and 0x10000 == "
		   "0x10000 accept");
	expect_run(s, 1, NULL);
}

static void iptables_of_both_families(void **arg)
{
	struct state *s = *arg;

	add_chain(s, NFPROTO_IPV4, "filter", "INPUT", NF_INET_LOCAL_IN);
	add_chain(s, NFPROTO_IPV6, "filter", "INPUT", NF_INET_LOCAL_IN);
	set_place(s, 0, PROBE_BLOCKED_IN, NFPROTO_IPV4, "filter", "INPUT");
	set_place(s, 1, PROBE_BLOCKED_IN, NFPROTO_IPV6, "filter", "INPUT");
	explain(s);
	expect_run(s, 0,
		   "iptables-nft -I INPUT -m mark --mark 0x10000/0x10000 -j "
		   "ACCEPT");
	expect_run(s, 1,
		   "ip6tables-nft -I INPUT -m mark --mark 0x10000/0x10000 -j "
		   "ACCEPT");
	expect_run(s, 2, NULL);
	expect_says(s, "netfilter-persistent save");
}

static void ufw(void **arg)
{
	struct state *s = *arg;

	add_chain(s, NFPROTO_IPV6, "filter", "INPUT", NF_INET_LOCAL_IN);
	add_chain(s, NFPROTO_IPV6, "filter", "ufw6-reject-input", -1);
	set_place(s, 1, PROBE_BLOCKED_IN, NFPROTO_IPV6, "filter",
		  "ufw6-reject-input");
	explain(s);
	expect_run(s, 0,
		   "ip6tables-nft -I INPUT -m mark --mark 0x10000/0x10000 -j "
		   "ACCEPT");
	expect_says(s, "`-A ufw6-before-input -m mark --mark 0x10000/0x10000 "
		       "-j ACCEPT` before COMMIT in /etc/ufw/before6.rules");
}

static void firewalld(void **arg)
{
	struct state *s = *arg;

	add_chain(s, NFPROTO_INET, "firewalld", "filter_INPUT",
		  NF_INET_LOCAL_IN);
	set_place(s, 0, PROBE_BLOCKED_IN, NFPROTO_INET, "firewalld",
		  "filter_INPUT");
	explain(s);
	expect_run(s, 0,
		   "nft insert rule inet firewalld filter_INPUT meta mark and "
		   "0x10000 == 0x10000 accept");
	expect_run(s, 1, NULL);
	expect_says(s, "ExecStartPost=");

	/* a table with an owner takes no rule of anybody else */
	s->chains.n_tables = 1;
	s->chains.tables[0].family = NFPROTO_INET;
	s->chains.tables[0].flags = NFT_TABLE_F_OWNER;
	(void)snprintf(s->chains.tables[0].name,
		       sizeof(s->chains.tables[0].name), "firewalld");
	explain(s);
	expect_says(s, "NftablesTableOwner=no");
	expect_run(s, 0, "systemctl restart firewalld");
	expect_run(s, 1,
		   "nft insert rule inet firewalld filter_INPUT meta mark and "
		   "0x10000 == 0x10000 accept");
}

static void openwrt(void **arg)
{
	struct state *s = *arg;

	add_chain(s, NFPROTO_INET, "fw4", "input", NF_INET_LOCAL_IN);
	add_chain(s, NFPROTO_INET, "fw4", "handle_reject", -1);
	set_place(s, 0, PROBE_BLOCKED_IN, NFPROTO_INET, "fw4", "handle_reject");
	explain(s);
	expect_run(s, 0,
		   "nft insert rule inet fw4 input meta mark and 0x10000 == "
		   "0x10000 accept");
	expect_says(s, "/usr/share/nftables.d/chain-pre/input/wayside.nft");
}

static void answers_that_do_not_get_out(void **arg)
{
	struct state *s = *arg;

	add_chain(s, NFPROTO_INET, "fw", "in", NF_INET_LOCAL_IN);
	add_chain(s, NFPROTO_INET, "fw", "out", NF_INET_LOCAL_OUT);
	set_place(s, 0, PROBE_BLOCKED_OUT, NFPROTO_INET, "fw", "rest");
	explain(s);
	expect_run(s, 0,
		   "nft insert rule inet fw out ct state established accept");
	expect_run(s, 1, NULL);
}

/* The trace was there and no nft chain said that it took the packet: it was one
 * of legacy iptables, whatever policies nft chains have. */
static void legacy_is_what_is_left(void **arg)
{
	struct state *s = *arg;

	add_chain(s, NFPROTO_IPV4, "filter", "INPUT", NF_INET_LOCAL_IN);
	add_chain(s, NFPROTO_IPV6, "filter", "INPUT", NF_INET_LOCAL_IN);
	s->firewalls.legacy[0] = s->firewalls.legacy[1] = true;
	s->result.of[1] = PROBE_BLOCKED_IN;
	s->result.traced = true;
	explain(s);
	expect_run(s, 0,
		   "ip6tables-legacy -I INPUT -m mark --mark 0x10000/0x10000 "
		   "-j ACCEPT");
	expect_run(s, 1, NULL);

	/* without a trace all are meant that may be */
	s->result.of[1] = PROBE_PASSED;
	s->result.of[0] = PROBE_BLOCKED_IN;
	s->result.traced = false;
	explain(s);
	expect_run(s, 0,
		   "iptables-nft -I INPUT -m mark --mark 0x10000/0x10000 -j "
		   "ACCEPT");
	expect_run(s, 1,
		   "iptables-legacy -I INPUT -m mark --mark 0x10000/0x10000 "
		   "-j ACCEPT");
	expect_run(s, 2, NULL);
}

static void nobody_is_found(void **arg)
{
	struct state *s = *arg;

	s->result.of[0] = PROBE_BLOCKED_IN;
	s->result.traced = true;
	explain(s);
	expect_run(s, 0, NULL);
	expect_says(s, "no chain was found");
}

/* A name that a shell would read in its own way is no part of a command. */
static void strange_names_are_not_run(void **arg)
{
	static const char *const names[] = { "in;reboot", "$(x)", "-f", "a b" };
	struct state *s = *arg;

	for (size_t i = 0; i < WS_ARRAY_LEN(names); i++) {
		s->chains.n = 0;
		add_chain(s, NFPROTO_INET, "fw", names[i], NF_INET_LOCAL_IN);
		set_place(s, 0, PROBE_BLOCKED_IN, NFPROTO_INET, "fw", names[i]);
		explain(s);
		expect_run(s, 0, NULL);
		expect_says(s, "meta mark and 0x10000 == 0x10000 accept");
	}
}

static void legacy_tables(void **arg)
{
	(void)arg;
	assert_true(probe_firewall_legacy("filter\n"));
	assert_true(probe_firewall_legacy("nat\nfilter\nmangle\n"));
	assert_true(probe_firewall_legacy("nat\nfilter"));
	assert_false(probe_firewall_legacy(""));
	assert_false(probe_firewall_legacy("nat\nfilters\nmyfilter\n"));
}

/* A message of the trace: of nf_tables, family inet, as __nft_trace_packet()
 * gives it; numbers are in network order. */
static void put_trace(struct probe_trace *t, const char *table, uint32_t id,
		      uint32_t type, uint32_t code)
{
	_Alignas(4) char buf[512];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *g;
	struct nlattr *verdict;

	h->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_TRACE;
	g = mnl_nlmsg_put_extra_header(h, sizeof(*g));
	g->nfgen_family = NFPROTO_INET;
	mnl_attr_put_u32(h, NFTA_TRACE_NFPROTO, htonl(NFPROTO_IPV6));
	mnl_attr_put_u32(h, NFTA_TRACE_TYPE, htonl(type));
	mnl_attr_put_u32(h, NFTA_TRACE_ID, htonl(id));
	mnl_attr_put_strz(h, NFTA_TRACE_CHAIN, "chain");
	mnl_attr_put_strz(h, NFTA_TRACE_TABLE, table);
	if (type == NFT_TRACETYPE_POLICY) {
		mnl_attr_put_u32(h, NFTA_TRACE_POLICY, htonl(code));
	} else {
		verdict = mnl_attr_nest_start(h, NFTA_TRACE_VERDICT);
		mnl_attr_put_u32(h, NFTA_VERDICT_CODE, htonl(code));
		mnl_attr_nest_end(h, verdict);
	}
	probe_trace_take(t, h, h->nlmsg_len);
}

static void trace_of_others_is_not_ours(void **arg)
{
	struct probe_trace t = { .table = "mine" };

	(void)arg;
	put_trace(&t, "theirs", 1, NFT_TRACETYPE_RULE, NF_DROP);
	put_trace(&t, "mine", 2, NFT_TRACETYPE_RULE, NF_ACCEPT);
	put_trace(&t, "theirs", 1, NFT_TRACETYPE_POLICY, NF_DROP);
	put_trace(&t, "theirs", 2, NFT_TRACETYPE_POLICY, NF_ACCEPT);
	put_trace(&t, "theirs", 2, NFT_TRACETYPE_RULE, (uint32_t)NFT_CONTINUE);
	assert_int_equal(t.n_ids, 1);
	assert_false(t.dropped[0]);
	assert_false(t.dropped[1]);
	put_trace(&t, "first", 2, NFT_TRACETYPE_RULE, NF_DROP);
	put_trace(&t, "second", 2, NFT_TRACETYPE_POLICY, NF_DROP);
	assert_true(t.dropped[1]);
	assert_string_equal(t.where[1].table, "first");
	assert_string_equal(t.where[1].chain, "chain");
	assert_int_equal(t.where[1].family, NFPROTO_INET);
	assert_false(t.dropped[0]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(nft_line_goes_to_the_hook),
		TEST(chain_at_another_hook),
		TEST(iptables_of_both_families),
		TEST(ufw),
		TEST(firewalld),
		TEST(openwrt),
		TEST(answers_that_do_not_get_out),
		TEST(legacy_is_what_is_left),
		TEST(nobody_is_found),
		TEST(strange_names_are_not_run),
		cmocka_unit_test(legacy_tables),
		cmocka_unit_test(trace_of_others_is_not_ours),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
