/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nft_nat_test.c - which rules of others are source NAT
 *
 * Run by netns-tests/t_rules_kernel.sh as nft_kernel_test is. The rules are
 * made with nft and iptables, as their owners make them.
 */
#include "nft_nat.h"

#include "base_test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nft_test.h"

#define NONE "no source NAT for these clients"

static void expect(bool source, const char *text)
{
	struct nft_link *l = nft_test_open(false);
	struct nft_nat nat;
	struct nft_error why;

	assert_int_equal(nft_nat_source(l, NULL, &nat, &why), 0);
	assert_string_equal(nat.why, text);
	assert_int_equal(nat.source, source);
	nft_close(l);
}

#define CHAIN(table, name) "add chain " table " " name "; "
#define BASE(table, name, type, hook)                             \
	"add chain " table " " name " { type " type " hook " hook \
	" priority 0; }; "
#define RULE(table, name, rule) "add rule " table " " name " " rule "; "

/* Each of these is all that there is. */
static const struct {
	const char *rules, *why; /* NULL: none */
} cases[] = {
	{ "add table ip t", NULL },
	{ "add table ip t; " BASE("ip t", "c", "nat", "postrouting"), NULL },
	{ "add table ip t; " BASE("ip t", "c", "nat", "postrouting")
		  RULE("ip t", "c", "masquerade"),
	  "masquerade in ip t c" },
	{ "add table ip6 t; " BASE("ip6 t", "c", "nat", "postrouting")
		  RULE("ip6 t", "c", "oif lo counter snat to 2001:db8::1"),
	  "snat in ip6 t c" },
	/* one that is jumped to, and stands before its base chain */
	{ "add table inet t; " CHAIN("inet t", "wan")
		  BASE("inet t", "c", "nat", "postrouting")
			  RULE("inet t", "c", "jump wan")
				  RULE("inet t", "wan", "masquerade random"),
	  "masquerade in inet t wan" },
	/* destinations, also where another rule jumps to */
	{ "add table ip t; " CHAIN("ip t", "d") BASE("ip t", "o", "nat",
						     "postrouting")
		  BASE("ip t", "c", "nat", "prerouting")
			  RULE("ip t", "c", "jump d")
				  RULE("ip t", "d", "dnat to 192.0.2.1"),
	  NULL },
	/* what comes in for this host is not forwarded */
	{ "add table ip t; " BASE("ip t", "o", "nat", "postrouting")
		  BASE("ip t", "i", "nat", "input")
			  RULE("ip t", "i", "snat to 192.0.2.1"),
	  NULL },
	/* the chain at postrouting is not of type nat */
	{ "add table ip t; " CHAIN("ip t", "d") BASE("ip t", "o", "filter",
						     "postrouting")
		  BASE("ip t", "i", "nat", "input") RULE("ip t", "i", "jump d")
			  RULE("ip t", "d", "snat to 192.0.2.1"),
	  NULL },
	/* another table's chain, of another name or another family */
	{ "add table ip t; " BASE(
		  "ip t", "o", "nat",
		  "postrouting") "add table ip6 t; " CHAIN("ip6 t", "d")
		  BASE("ip6 t", "i", "nat", "input")
			  RULE("ip6 t", "i", "jump d")
				  RULE("ip6 t", "d", "snat to 2001:db8::1"),
	  NULL },
	{ "add table ip t; " BASE(
		  "ip t", "o", "nat",
		  "postrouting") "add table ip u; " CHAIN("ip u", "d")
		  BASE("ip u", "i", "nat", "input") RULE("ip u", "i", "jump d")
			  RULE("ip u", "d", "snat to 192.0.2.1"),
	  NULL },
	/* beside expressions that libnftnl cannot read, or we have no use for
	 */
	{ "add table ip t; " BASE("ip t", "c", "nat", "postrouting")
		  RULE("ip t", "c",
		       "ip saddr { 10.0.0.0/8, 192.168.0.0/16 } numgen inc "
		       "mod 2 0 limit rate 5/second log prefix x masquerade"),
	  "masquerade in ip t c" },
};

static void test_nft(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		nft_test_run("nft", cases[i].rules);
		expect(cases[i].why, cases[i].why ? cases[i].why : NONE);
		nft_test_run("nft", "flush", "ruleset");
	}
	expect(false, NONE);
}

/* Its rules are nft rules with expressions of their own. */
static void test_iptables_nft(void **state)
{
	static const struct {
		const char *chain, *target, *option, *value, *why;
	} targets[] = {
		{ "POSTROUTING", "MASQUERADE", "-o", "lo",
		  "MASQUERADE in ip nat POSTROUTING" },
		{ "POSTROUTING", "SNAT", "--to-source", "192.0.2.1",
		  "SNAT in ip nat POSTROUTING" },
		{ "POSTROUTING", "NETMAP", "--to", "192.0.2.0/24",
		  "NETMAP in ip nat POSTROUTING" },
		{ "POSTROUTING", "ACCEPT", "-o", "lo", NULL },
		/* the same word changes a destination here */
		{ "PREROUTING", "NETMAP", "--to", "192.0.2.0/24", NULL },
		{ "PREROUTING", "DNAT", "--to-destination", "192.0.2.1", NULL },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(targets); i++) {
		/* so that its table has a chain at postrouting */
		nft_test_run("iptables-nft", "-t", "nat", "-A", "POSTROUTING",
			     "-j", "ACCEPT");
		nft_test_run("iptables-nft", "-t", "nat", "-I",
			     targets[i].chain, "-j", targets[i].target,
			     targets[i].option, targets[i].value);
		expect(targets[i].why, targets[i].why ? targets[i].why : NONE);
		nft_test_run("nft", "flush", "ruleset");
	}
}

static bool legacy(const char *text, struct nft_nat *nat)
{
	char path[] = "/tmp/nft_nat_test.XXXXXX";
	const int fd = mkostemp(path, O_CLOEXEC);
	bool has;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
	has = nft_nat_legacy(path, "IPv4", nat);
	assert_int_equal(unlink(path), 0);
	return has;
}

/* The file of iptables-legacy has one name a line. */
static void test_legacy(void **state)
{
	struct nft_nat nat = { .why = "" };

	(void)state;
	assert_false(legacy("", &nat));
	assert_false(legacy("filter\nmangle\n", &nat));
	assert_false(legacy("natural\nnot-nat\n", &nat));
	assert_false(nft_nat_legacy("/nonexistent", "IPv4", &nat));
	assert_string_equal(nat.why, "");
	assert_true(legacy("nat\n", &nat));
	assert_true(legacy("filter\nnat\n", &nat));
	assert_string_equal(nat.why,
			    "iptables-legacy has a table nat for IPv4, "
			    "which is taken for source NAT");
	/* there, and not to be read */
	assert_true(nft_nat_legacy("/proc/self", "IPv4", &nat));
	assert_string_equal(nat.why,
			    "/proc/self: Is a directory: taken for source NAT");
}

/* Last: what the kernel has made stays until the namespace goes. */
static void test_iptables_legacy(void **state)
{
	(void)state;
	if (access("/proc/net/ip6_tables_names", F_OK) != 0)
		skip(); /* a kernel without it */
	nft_test_run("ip6tables-legacy", "-t", "nat", "-A", "POSTROUTING", "-j",
		     "MASQUERADE");
	expect(true, "iptables-legacy has a table nat for IPv6, which is taken "
		     "for source NAT");
	nft_test_run("ip6tables-legacy", "-t", "nat", "-F");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nft),
		cmocka_unit_test(test_iptables_nft),
		cmocka_unit_test(test_legacy),
		cmocka_unit_test(test_iptables_legacy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
