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
#include <net/if.h>
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

/* --- whose packets can meet it ------------------------------------------- */

/* Who `source: auto` is asked for: rules of the configuration, to 192.0.2.1 and
 * 2001:db8:7::7, both by TCP. */
static const struct {
	char letter;
	const char *clients[2], *interface;
} askers[] = {
	{ 'c', { "192.168.1.0/24", "2001:db8:1::/64" }, NULL },
	{ 'i', { NULL }, "lan" },
	{ 'b', { "192.168.1.0/24", "2001:db8:1::/64" }, "lan" },
	{ 'a', { NULL }, NULL },
};

static struct conf_tables *asker(size_t n)
{
	struct conf_tables *conf = nft_test_conf(CONF_FAILURE_OPEN);
	struct conf_rule *rule = conf->rules;

	rule->source = CONF_SOURCE_AUTO;
	nft_test_dest(conf, "2001:db8:7::7", 7700, 7700);
	for (size_t i = 0; askers[n].clients[0] && i < 2; i++) {
		assert_true(base_net_parse(&conf->nets[conf->n_nets++],
					   askers[n].clients[i]));
		rule->clients.n++;
	}
	if (askers[n].interface) {
		(void)snprintf(conf->ifaces[0], CONF_IFNAME_LEN, "%s",
			       askers[n].interface);
		conf->n_ifaces = rule->interfaces.n = 1;
	}
	return conf;
}

/* The letters of those for whom there is source NAT now. */
static void expect_for(const char *letters, const char *what)
{
	struct nft_link *l = nft_test_open(false);
	char got[WS_ARRAY_LEN(askers) + 1] = "";
	size_t n = 0;

	for (size_t i = 0; i < WS_ARRAY_LEN(askers); i++) {
		struct conf_tables *conf = asker(i);
		struct nft_error why;
		struct nft_nat nat;

		assert_int_equal(nft_nat_source(l, conf, &nat, &why), 0);
		if (nat.source)
			got[n++] = askers[i].letter;
		else
			assert_string_equal(nat.why, NONE);
		free(conf);
	}
	if (strcmp(got, letters) != 0)
		fail_msg("%s: counts for \"%s\", not \"%s\"", what, got,
			 letters);
	nft_close(l);
}

/*
 * lan  192.168.1.1/24 2001:db8:1::1/64	    the trackers
 * wan  203.0.113.1/24 2001:db8:2::1/64	    the servers: default routes
 * vpn  10.8.0.1/24			    somewhere else
 * docker0  172.17.0.1/16 fd00:17::1/64	    a bridge without ports
 */
static int make_host(void **state)
{
	static const char *const lines =
		"link add lan type veth peer name lan-peer\n"
		"link add wan type veth peer name wan-peer\n"
		"link add vpn type veth peer name vpn-peer\n"
		"link add docker0 type bridge\n"
		"addr add 192.168.1.1/24 dev lan\n"
		"addr add 2001:db8:1::1/64 dev lan\n"
		"addr add 203.0.113.1/24 dev wan\n"
		"addr add 2001:db8:2::1/64 dev wan\n"
		"addr add 10.8.0.1/24 dev vpn\n"
		"addr add 172.17.0.1/16 dev docker0\n"
		"addr add fd00:17::1/64 dev docker0\n"
		"link set lan-peer up\nlink set lan up\n"
		"link set wan-peer up\nlink set wan up\n"
		"link set vpn-peer up\nlink set vpn up\n"
		"link set docker0 up\n"
		"route add default via 203.0.113.2\n"
		"route add ::/0 dev wan\n";
	char path[] = "/tmp/nft_nat_test.XXXXXX";
	const int fd = mkostemp(path, O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, lines, strlen(lines)), strlen(lines));
	assert_int_equal(close(fd), 0);
	nft_test_run("ip", "-batch", path);
	assert_int_equal(unlink(path), 0);
	return 0;
}

static int remove_host(void **state)
{
	static const char *const names[] = { "lan", "wan", "vpn", "docker0" };

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(names); i++)
		nft_test_run("ip", "link", "del", names[i]);
	return 0;
}

/* Conditions of a rule `masquerade` in a table of each family that is named,
 * and for whom it counts: "c" knows nothing of interfaces, "i" of clients, "b"
 * of both, "a" of none. */
static const struct {
	const char *family, *condition, *counts;
} conditions[] = {
	{ "ip", "", "ciba" },
	/* Docker's own */
	{ "ip", "ip saddr 172.17.0.0/16 oifname != docker0", "" },
	{ "ip6", "ip6 saddr fd00:17::/64 oifname != docker0", "" },
	/* what nobody knows to be elsewhere is behind a router on the lan */
	{ "ip", "ip saddr 192.168.1.0/24", "ciba" },
	{ "ip", "ip saddr 192.168.1.7", "ciba" },
	{ "ip", "ip saddr 192.168.0.0/20", "ciba" },
	{ "ip", "ip saddr 192.168.16.0/20", "ia" },
	{ "ip", "ip saddr 192.0.0.0/8", "ciba" },
	{ "ip", "ip saddr 172.17.4.0/22", "" },
	{ "ip", "ip saddr 172.16.0.0/12", "ia" },
	{ "ip", "ip saddr 203.0.113.0/24", "a" },
	{ "ip", "ip saddr 127.0.0.0/8", "" },
	{ "ip", "ip saddr & 255.0.255.0 == 172.0.0.0", "ciba" },
	{ "ip6", "ip6 saddr 2001:db8:1::/64", "ciba" },
	{ "ip6", "ip6 saddr 2001:db8::/45", "ciba" },
	{ "ip6", "ip6 saddr 2001:db8:8::/45", "ia" },
	{ "ip6", "ip6 saddr fd00:17::5", "" },
	{ "ip", "ip saddr != 192.168.1.0/24", "ia" },
	{ "ip", "ip saddr != 192.168.1.0/25", "ciba" },
	{ "ip", "ip saddr != 172.17.0.0/16", "ciba" },
	/* ranges */
	{ "ip", "ip saddr 192.168.1.255-192.168.2.5", "ciba" },
	{ "ip", "ip saddr 192.168.0.3-192.168.1.0", "ciba" },
	{ "ip", "ip saddr 192.168.0.3-192.168.0.255", "ia" },
	{ "ip", "ip saddr 192.168.2.0-192.168.2.5", "ia" },
	{ "ip", "ip saddr 172.17.0.5-172.17.255.255", "" },
	{ "ip", "ip saddr 172.17.0.5-172.18.0.0", "ia" },
	{ "ip", "ip saddr != 192.168.1.0-192.168.1.255", "ia" },
	{ "ip", "ip saddr != 192.168.1.1-192.168.1.255", "ciba" },
	{ "ip", "ip saddr > 192.168.2.0", "ia" },
	{ "ip", "ip saddr < 192.168.1.1", "ciba" },
	/* sets */
	{ "ip", "ip saddr { 172.17.0.0/16, 127.0.0.1 }", "" },
	{ "ip", "ip saddr { 172.17.0.0/16, 10.0.0.1 }", "ia" },
	{ "ip", "ip saddr { 10.0.0.0/8, 192.168.1.128/25 }", "ciba" },
	{ "ip", "ip saddr { 192.168.0.0/24, 192.168.2.0-192.168.2.9 }", "ia" },
	{ "ip", "ip saddr { 172.17.0.1, 172.17.0.2 }", "" },
	{ "ip", "ip saddr { 192.168.1.7, 172.17.0.2 }", "ciba" },
	{ "ip", "ip saddr { 224.0.0.0-255.255.255.255 }", "ia" },
	{ "ip", "ip saddr != { 10.0.0.0/8, 192.168.0.0/16 }", "ia" },
	{ "ip", "ip saddr != { 10.0.0.0/8, 192.168.0.0/24 }", "ciba" },
	{ "ip6", "ip6 saddr { fd00:17::1, fd00:17::2 }", "" },
	{ "ip6", "ip6 saddr { fd00:17::/64, 2001:db8:1::/65 }", "ciba" },
	{ "ip", "ip saddr . ip daddr { 172.17.0.1 . 192.0.2.1 }", "ciba" },
	{ "ip", "ip saddr & 255.255.255.0 { 172.17.0.0, 172.17.1.0 }", "ciba" },
	/* families and protocols */
	{ "inet", "ip saddr 172.17.0.0/16", "" },
	{ "inet", "ip saddr 192.168.1.0/24", "ciba" },
	{ "inet", "ip6 saddr fd00:17::/64", "" },
	{ "inet", "ip6 saddr 2001:db8:1::/64", "ciba" },
	{ "inet", "meta nfproto ipv4", "ciba" },
	{ "ip", "meta l4proto udp", "" },
	{ "ip", "meta l4proto != udp", "ciba" },
	{ "ip", "udp dport 53", "" },
	{ "ip", "tcp dport 443", "ciba" },
	/* servers */
	{ "ip", "ip daddr 192.0.2.0/24", "ciba" },
	{ "ip", "ip daddr 10.8.0.0/24", "" },
	{ "ip", "ip daddr != 192.0.2.1", "" },
	{ "ip6", "ip6 daddr { 2001:db8:7::/64 }", "ciba" },
	{ "ip6", "ip6 daddr 2001:db8:7::8", "" },
	/* the way in */
	{ "ip", "iifname lan", "ciba" },
	{ "ip", "iifname docker0", "ca" },
	{ "ip", "iifname la*", "ciba" },
	{ "ip", "iifname doc*", "ca" },
	{ "ip", "iifname la", "ca" },
	{ "ip", "iifname lano*", "ca" },
	{ "ip", "iifname != lan", "ca" },
	{ "ip", "iifname != la*", "ca" },
	{ "ip", "iifname != docker0", "ciba" },
	{ "ip", "iifname { wan, lan }", "ciba" },
	{ "ip", "iifname { wan, docker0 }", "ca" },
	{ "ip", "iifname { \"doc*\", wan }", "ca" },
	{ "ip", "iifname { \"la*\", wan }", "ciba" },
	{ "ip", "iifname != { \"la*\", wan }", "ca" },
	{ "ip", "iif lan", "ciba" },
	{ "ip", "iif != lan", "ca" },
	{ "ip", "iif != { lan, wan }", "ca" },
	{ "ip", "iif != { docker0, wan }", "ciba" },
	{ "ip", "iif docker0", "ca" },
	{ "ip", "iif { wan, docker0 }", "ca" },
	/* the way out */
	{ "ip", "oifname wan", "ciba" },
	{ "ip6", "oifname wan", "ciba" },
	{ "ip", "oifname vpn", "" },
	{ "ip6", "oifname vpn", "" },
	{ "ip", "oifname != wan", "" },
	{ "ip", "oifname w*", "ciba" },
	{ "ip", "oifname { vpn, docker0 }", "" },
	{ "ip", "oifname { vpn, wan }", "ciba" },
	{ "ip", "oif vpn", "" },
	{ "ip", "oif wan", "ciba" },
	/* What only some know counts when Wayside's own connection may not meet
	 * the same rule. */
	{ "ip", "meta mark 5", "ciba" },
	{ "ip", "meta mark 5 ip saddr 172.17.0.0/16", "ia" },
	{ "ip", "iifname docker0 ip saddr 172.17.0.0/16", "a" },
	{ "ip", "iifname lan oifname vpn", "ciba" },
	{ "ip", "counter log prefix x ip saddr 172.17.0.0/16", "" },
	{ "ip", "ip saddr 172.17.0.0/16 meta mark set 5", "" },
	{ "ip", "meta mark 5 ip daddr 10.8.0.0/24", "" },
};

static void test_conditions(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(conditions); i++) {
		const char *family = conditions[i].family;
		char text[512];

		(void)snprintf(text, sizeof(text),
			       "add table %s t; add chain %s t c { type nat "
			       "hook postrouting priority 0; }; "
			       "add rule %s t c %s masquerade",
			       family, family, family, conditions[i].condition);
		nft_test_run("nft", text);
		expect_for(conditions[i].counts, text);
		nft_test_run("nft", "flush", "ruleset");
	}
}

/* Chains d and e, and a rule in c; for whom it counts. */
static const struct {
	const char *c, *d, *e, *counts;
} jumps[] = {
	{ "ip saddr 172.17.0.0/16 jump d", "masquerade", "", "" },
	{ "ip saddr 192.168.1.0/24 goto d", "masquerade", "", "ciba" },
	{ "jump d", "ip saddr 172.17.0.0/16 jump e", "masquerade", "" },
	{ "jump d", "ip saddr 192.168.1.0/24 goto e", "masquerade", "ciba" },
	{ "accept", "masquerade", "masquerade", "" }, /* nothing jumps */
	{ "ip saddr vmap { 192.168.1.0/24 : jump d }", "masquerade", "",
	  "ciba" },
	{ "ip saddr vmap { 172.17.0.0/16 : jump d }", "masquerade", "", "" },
	/* the way to it is a condition, too */
	{ "iifname docker0 jump d", "ip saddr 172.17.0.0/16 masquerade", "",
	  "a" },
	{ "jump d; add rule ip t c jump e", "iifname docker0 jump e",
	  "ip saddr 172.17.0.0/16 masquerade", "a" },
	{ "jump d; add rule ip t c iifname docker0 jump d",
	  "ip saddr 172.17.0.0/16 jump e", "masquerade", "a" },
};

static void test_jumps(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(jumps); i++) {
		char text[512];

		(void)snprintf(text, sizeof(text),
			       "add table ip t; add chain ip t d; "
			       "add chain ip t e; add chain ip t c { type nat "
			       "hook postrouting priority 0; }; "
			       "add rule ip t c %s; add rule ip t d %s; "
			       "%s%s",
			       jumps[i].c, jumps[i].d,
			       jumps[i].e[0] ? "add rule ip t e " : "",
			       jumps[i].e);
		nft_test_run("nft", text);
		expect_for(jumps[i].counts, text);
		nft_test_run("nft", "flush", "ruleset");
	}
}

/* A named set counts with what is in it; one that time or packets change, as if
 * everybody were. */
static void test_named_sets(void **state)
{
	static const struct {
		const char *flags, *elements, *counts;
	} sets[] = {
		{ "", "172.17.0.2, 172.17.0.3", "" },
		{ "", "172.17.0.2, 192.168.1.10", "ciba" },
		{ "flags interval;", "172.17.0.0/16", "" },
		{ "flags interval;", "192.168.1.0/25", "ciba" },
		{ "flags timeout;", "172.17.0.2", "ciba" },
		{ "flags dynamic;", "172.17.0.2", "ciba" },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(sets); i++) {
		char text[512];

		(void)snprintf(text, sizeof(text),
			       "add table ip t; add set ip t s { type "
			       "ipv4_addr; %s }; add element ip t s { %s }; "
			       "add chain ip t c { type nat hook postrouting "
			       "priority 0; }; add rule ip t c ip saddr @s "
			       "masquerade",
			       sets[i].flags, sets[i].elements);
		nft_test_run("nft", text);
		expect_for(sets[i].counts, text);
		nft_test_run("nft", "flush", "ruleset");
	}
	/* empty, then not */
	nft_test_run("nft", "add table ip t; add set ip t s { type ipv4_addr; "
			    "}; add chain ip t c { type nat hook postrouting "
			    "priority 0; }; add rule ip t c ip saddr @s "
			    "masquerade");
	expect_for("", "an empty set");
	nft_test_run("nft", "add element ip t s { 192.168.1.10 }");
	expect_for("ciba", "a set that was empty");
	nft_test_run("nft", "flush", "ruleset");
}

/* As Docker and netavark write them. */
static void test_iptables_conditions(void **state)
{
	(void)state;
	nft_test_run("iptables-nft", "-t", "nat", "-A", "POSTROUTING", "-s",
		     "172.17.0.0/16", "!", "-o", "docker0", "-j", "MASQUERADE");
	nft_test_run("iptables-nft", "-t", "nat", "-N", "GUESTS");
	nft_test_run("iptables-nft", "-t", "nat", "-A", "GUESTS", "-j",
		     "MASQUERADE");
	nft_test_run("iptables-nft", "-t", "nat", "-A", "POSTROUTING", "-s",
		     "172.17.128.0/17", "-m", "comment", "--comment", "x", "-j",
		     "GUESTS");
	expect_for("", "iptables, others' networks");
	nft_test_run("iptables-nft", "-t", "nat", "-A", "POSTROUTING", "-s",
		     "192.168.1.0/24", "-j", "GUESTS");
	expect_for("ciba", "iptables, the trackers' network");
	nft_test_run("nft", "flush", "ruleset");
	/* a match that nobody can read here */
	nft_test_run("iptables-nft", "-t", "nat", "-A", "POSTROUTING", "-m",
		     "addrtype", "--src-type", "UNICAST", "-j", "MASQUERADE");
	expect_for("ciba", "iptables, a match");
	nft_test_run("nft", "flush", "ruleset");
	nft_test_run("iptables-nft", "-t", "nat", "-A", "POSTROUTING", "-s",
		     "172.17.0.0/16", "-m", "addrtype", "--src-type", "UNICAST",
		     "-j", "MASQUERADE");
	expect_for("ia", "iptables, a match and others' network");
	nft_test_run("nft", "flush", "ruleset");
}

#define GUESTS                                                              \
	"add table ip t; add chain ip t c { type nat hook postrouting "     \
	"priority 0; }; add rule ip t c ip saddr 172.17.0.0/16 oifname != " \
	"docker0 masquerade"

/* A bridge with a port that is no container's is a LAN. */
static void test_bridges(void **state)
{
	(void)state;
	nft_test_run("nft", GUESTS);
	nft_test_run("ip", "link", "set", "vpn-peer", "master", "docker0");
	expect_for("", "a container's port");
	nft_test_run(
		"sh", "-c",
		"ip link add port type vxlan id 5 dstport 4789 2>/dev/null "
		"|| ip link add port type dummy 2>/dev/null || :");
	if (if_nametoindex("port")) {
		nft_test_run("ip", "link", "set", "port", "master", "docker0");
		expect_for("a", "a port to the world");
		nft_test_run("ip", "link", "del", "port");
	}
	nft_test_run("ip", "link", "set", "vpn-peer", "nomaster");
	nft_test_run("nft", "flush", "ruleset");
}

/* The same network on both sides, and a part of one on the other. */
static void test_near_networks(void **state)
{
	(void)state;
	nft_test_run("nft", GUESTS);
	nft_test_run("ip", "addr", "add", "172.17.3.1/24", "dev", "lan");
	/* the smaller network is the trackers' */
	expect_for("ia", "a part of it on the lan");
	nft_test_run("ip", "addr", "del", "172.17.3.1/24", "dev", "lan");
	nft_test_run("ip", "addr", "add", "172.16.0.1/12", "dev", "lan");
	expect_for("", "a part of the lan's");
	nft_test_run("ip", "addr", "del", "172.16.0.1/12", "dev", "lan");
	nft_test_run("ip", "addr", "add", "172.17.9.9/16", "label", "lan:x",
		     "dev", "lan");
	expect_for("ia", "the same on the lan");
	nft_test_run("ip", "addr", "del", "172.17.9.9/16", "dev", "lan");
	nft_test_run("nft", "flush", "ruleset");
}

/* A rule's interfaces are patterns, too. */
static void test_patterns(void **state)
{
	static const struct {
		const char *condition;
		bool counts;
	} table[] = {
		{ "iifname lan", true },
		{ "iifname l*", true },
		{ "iifname lano", true },
		{ "iifname wan", false },
		{ "iifname != la*", false },
		{ "iifname != lan", true },
		{ "ip saddr 192.168.1.0/24", true },
		{ "ip saddr 203.0.113.0/24", false },
	};
	struct nft_link *l = nft_test_open(false);
	struct conf_tables *conf = asker(1);

	(void)state;
	(void)snprintf(conf->ifaces[0], CONF_IFNAME_LEN, "la*");
	for (size_t i = 0; i < WS_ARRAY_LEN(table); i++) {
		char text[512];
		struct nft_error why;
		struct nft_nat nat;

		(void)snprintf(text, sizeof(text),
			       "add table ip t; add chain ip t c { type nat "
			       "hook postrouting priority 0; }; add rule ip t "
			       "c %s masquerade",
			       table[i].condition);
		nft_test_run("nft", text);
		assert_int_equal(nft_nat_source(l, conf, &nat, &why), 0);
		if (nat.source != table[i].counts)
			fail_msg("%s", text);
		nft_test_run("nft", "flush", "ruleset");
	}
	free(conf);
	nft_close(l);
}

/* Every route to a server is a way out, of whatever table. */
static void test_ways(void **state)
{
	(void)state;
	nft_test_run("nft", "add table ip t; add chain ip t c { type nat hook "
			    "postrouting priority 0; }; add rule ip t c "
			    "oifname vpn masquerade");
	expect_for("", "routed past it");
	nft_test_run("ip", "route", "add", "198.51.100.0/24", "dev", "vpn");
	expect_for("", "others are routed there");
	nft_test_run("ip", "route", "add", "192.0.2.0/24", "dev", "vpn",
		     "table", "77");
	expect_for("ciba", "in another table");
	nft_test_run("ip", "route", "flush", "table", "77");
	expect_for("", "without that route");
	nft_test_run("ip", "route", "add", "192.0.2.1/32", "nexthop", "dev",
		     "wan", "nexthop", "dev", "vpn");
	expect_for("ciba", "by one of two ways");
	nft_test_run("ip", "route", "del", "192.0.2.1/32");
	expect_for("", "without that route");
	/* there will be a route, and nobody knows where */
	nft_test_run("ip", "route", "del", "default");
	expect_for("ciba", "without any");
	nft_test_run("ip", "route", "add", "default", "via", "203.0.113.2");
	nft_test_run("nft", "flush", "ruleset");
}

/* Only rules with `source: auto`, and families with servers, are asked for. */
static void test_who_asks(void **state)
{
	struct nft_link *l = nft_test_open(false);
	struct conf_tables *conf = asker(3);
	struct nft_error why;
	struct nft_nat nat;

	(void)state;
	nft_test_run("nft",
		     "add table ip6 t; add chain ip6 t c { type nat hook "
		     "postrouting priority 0; }; add rule ip6 t c masquerade");
	assert_int_equal(nft_nat_source(l, conf, &nat, &why), 0);
	assert_true(nat.source);
	assert_string_equal(nat.why, "masquerade in ip6 t c");
	conf->rules[0].source = CONF_SOURCE_CLIENT;
	assert_int_equal(nft_nat_source(l, conf, &nat, &why), 0);
	assert_false(nat.source);
	conf->rules[0].source = CONF_SOURCE_AUTO;
	conf->rules[0].to.n = 1; /* IPv4 */
	assert_int_equal(nft_nat_source(l, conf, &nat, &why), 0);
	assert_false(nat.source);
	nft_test_run("nft", "flush", "ruleset");
	free(conf);
	nft_close(l);
}

/* --- iptables-legacy ----------------------------------------------------- */

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
		cmocka_unit_test_setup_teardown(test_conditions, make_host,
						remove_host),
		cmocka_unit_test_setup_teardown(test_jumps, make_host,
						remove_host),
		cmocka_unit_test_setup_teardown(test_named_sets, make_host,
						remove_host),
		cmocka_unit_test_setup_teardown(test_iptables_conditions,
						make_host, remove_host),
		cmocka_unit_test_setup_teardown(test_bridges, make_host,
						remove_host),
		cmocka_unit_test_setup_teardown(test_near_networks, make_host,
						remove_host),
		cmocka_unit_test_setup_teardown(test_patterns, make_host,
						remove_host),
		cmocka_unit_test_setup_teardown(test_ways, make_host,
						remove_host),
		cmocka_unit_test_setup_teardown(test_who_asks, make_host,
						remove_host),
		cmocka_unit_test(test_legacy),
		cmocka_unit_test(test_iptables_legacy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
