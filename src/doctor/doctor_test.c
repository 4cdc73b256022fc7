/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_test.c - checks on facts that this kernel cannot be made to give, and
 * that every other check has a row in the namespace case */
#include "base_test.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_attr.h"
#include "base_fd.h"
#include "conf_tables.h"
#include "doctor.h"
#include "doctor_facts.h"

#define CASE_FILE WAYSIDE_TEST_DIR "/../../netns-tests/t_doctor.sh"
#define THIS_FILE WAYSIDE_TEST_DIR "/doctor_test.c"
#define FILE_MAX  65536

struct state {
	struct doctor_facts *facts; /* of a gateway where all is well */
	struct doctor_report *report;
};

static int set_up(void **arg)
{
	struct state *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->facts = calloc(1, sizeof(*s->facts));
	s->report = calloc(1, sizeof(*s->report));
	assert_non_null(s->facts);
	assert_non_null(s->report);
	s->facts->net_admin = s->facts->net_raw = true;
	s->facts->sysctls = (struct doctor_sysctls){ .ip_forward = 1,
						     .ip6_forward = 1,
						     .early_demux = 1 };
	s->facts->probed = s->facts->walked = true;
	s->facts->path.tried[0] = true;
	s->facts->machine.nofile = 1024;
	s->facts->path.stage[0] = PROBE_STAGE_PASSED;
	*arg = s;
	return 0;
}

static int tear_down(void **arg)
{
	struct state *s = *arg;

	doctor_ruleset_clear(&s->facts->rules);
	free(s->facts);
	free(s->report);
	free(s);
	return 0;
}

static const struct doctor_finding *find(const struct doctor_report *r,
					 const char *check)
{
	for (unsigned i = 0; i < r->n; i++) {
		if (!strcmp(r->findings[i].check, check))
			return &r->findings[i];
	}
	fail_msg("no finding of %s", check);
	return NULL;
}

/* Judges, and expects this of one check; nothing else is wrong. */
static const struct doctor_finding *expect(struct state *s, const char *check,
					   enum doctor_level level,
					   const char *what)
{
	const struct doctor_finding *f;

	doctor_judge(s->facts, NULL, s->report);
	f = find(s->report, check);
	assert_string_equal(f->what, what);
	assert_int_equal(f->level, level);
	assert_int_equal(s->report->level, level);
	return f;
}

static void all_is_well(void **arg)
{
	struct state *s = *arg;

	doctor_judge(s->facts, NULL, s->report);
	assert_int_equal(s->report->level, DOCTOR_OK);
	for (size_t i = 0; doctor_check_name(i); i++)
		assert_null(find(s->report, doctor_check_name(i))->means);
}

/* Recorded: what a kernel without the module says to a rule with it, ENOENT
 * (nf_tables_expr_parse()); one without nf_tables at all, EOPNOTSUPP. */
static void statement_is_missing(void **arg)
{
	struct state *s = *arg;
	const struct doctor_finding *f;

	s->facts->tproxy = -ENOENT;
	f = expect(s, "nft_tproxy", DOCTOR_BROKEN,
		   "the kernel refuses it: No such file or directory");
	assert_int_equal(f->n_lines, 2);
	assert_int_equal(f->lines[0].word, DOCTOR_MEND);
	assert_string_equal(f->lines[0].text, "modprobe nft_tproxy");
	assert_int_equal(f->lines[1].word, DOCTOR_NOTE);
	assert_string_equal(f->lines[1].text,
			    "OpenWrt: opkg install kmod-nft-tproxy");
	s->facts->tproxy = 0;
	s->facts->socket = -EOPNOTSUPP;
	f = expect(s, "nft_socket", DOCTOR_BROKEN,
		   "the kernel refuses it: Operation not supported");
	assert_int_equal(f->lines[0].word, DOCTOR_NOTE);
	assert_string_equal(f->lines[0].text,
			    "a kernel with nf_tables and nft_socket is "
			    "needed");
}

static void what_cannot_be_asked_is_said(void **arg)
{
	struct state *s = *arg;

	s->facts->socket = -EPERM;
	/* what an answer would have meant is not said */
	assert_null(expect(s, "nft_socket", DOCTOR_NOTICE,
			   "could not be asked: Operation not permitted")
			    ->means);
	s->facts->socket = 0;
	s->facts->no_ruleset = -EPERM;
	(void)expect(s, "flowtables", DOCTOR_NOTICE,
		     "could not be asked: Operation not permitted");
	(void)expect(s, "marks", DOCTOR_NOTICE,
		     "could not be asked: Operation not permitted");
}

/*
 * An answer to NFT_MSG_GETFLOWTABLE, as nf_tables_fill_flowtable_info() writes
 * it: table inet fw4, flowtable ft. By hand: lengths are those of the attribute
 * with its header of 4 bytes, each padded to 4.
 */
static const _Alignas(4) uint8_t flowtable[] = {
	0x24, 0x00, 0x00, 0x00, /* 36 bytes */
	0x16, 0x0a,             /* NFT_MSG_NEWFLOWTABLE of nf_tables */
	0x02, 0x00,             /* NLM_F_MULTI */
	0x01, 0x00, 0x00, 0x00, /* sequence */
	0x00, 0x00, 0x00, 0x00, /* port */
	0x01, 0x00, 0x00, 0x07, /* NFPROTO_INET, version 0, generation 7 */
	0x08, 0x00, 0x01, 0x00, /* NFTA_FLOWTABLE_TABLE */
	'f',  'w',  '4',  0x00,
	0x07, 0x00, 0x02, 0x00, /* NFTA_FLOWTABLE_NAME */
	'f',  't',  0x00, 0x00,
};

/* The whole way is not tried after the input; both say why not. */
static void impossible_probe_is_said(void **arg)
{
	struct state *s = *arg;

	s->facts->walked = false;
	s->facts->input.verdict = PROBE_IMPOSSIBLE;
	(void)snprintf(s->facts->input.why, sizeof(s->facts->input.why),
		       "a veth pair: Operation not supported");
	assert_null(expect(s, "input_firewall", DOCTOR_NOTICE,
			   "not possible here: a veth pair: Operation not "
			   "supported")
			    ->means);
	assert_null(expect(s, "self_test", DOCTOR_NOTICE,
			   "not possible here: a veth pair: Operation not "
			   "supported")
			    ->means);
}

/* Docker's is not where these trackers come in. */
static void only_a_named_bridge_matters(void **arg)
{
	struct conf_tables *conf = calloc(1, sizeof(*conf));
	struct state *s = *arg;
	struct conf_list *l;

	assert_non_null(conf);
	s->facts->sysctls.bridge4 = 1;
	s->facts->n_bridges = 1;
	(void)snprintf(s->facts->bridges[0], sizeof(s->facts->bridges[0]),
		       "docker0");
	doctor_judge(s->facts, NULL, s->report);
	assert_int_equal(s->report->level, DOCTOR_BROKEN);
	conf->n_rules = conf->n_ifaces = 1;
	l = &conf->rules[0].interfaces;
	doctor_judge(s->facts, conf, s->report); /* any interface */
	assert_int_equal(s->report->level, DOCTOR_BROKEN);
	l->n = 1;
	(void)snprintf(conf->ifaces[0], sizeof(conf->ifaces[0]), "eth1");
	doctor_judge(s->facts, conf, s->report);
	assert_int_equal(s->report->level, DOCTOR_NOTICE);
	(void)snprintf(conf->ifaces[0], sizeof(conf->ifaces[0]), "dock*");
	doctor_judge(s->facts, conf, s->report);
	assert_int_equal(s->report->level, DOCTOR_BROKEN);
	(void)snprintf(conf->ifaces[0], sizeof(conf->ifaces[0]), "docker0");
	doctor_judge(s->facts, conf, s->report);
	assert_int_equal(s->report->level, DOCTOR_BROKEN);
	/* its VLANs, as OpenWrt has them, come over it */
	(void)snprintf(conf->ifaces[0], sizeof(conf->ifaces[0]), "docker0.1");
	doctor_judge(s->facts, conf, s->report);
	assert_int_equal(s->report->level, DOCTOR_BROKEN);
	(void)snprintf(conf->ifaces[0], sizeof(conf->ifaces[0]), "docker0.*");
	doctor_judge(s->facts, conf, s->report);
	assert_int_equal(s->report->level, DOCTOR_BROKEN);
	(void)snprintf(conf->ifaces[0], sizeof(conf->ifaces[0]), "docker01");
	doctor_judge(s->facts, conf, s->report);
	assert_int_equal(s->report->level, DOCTOR_NOTICE);
	free(conf);
}

static void flowtable_is_found(void **arg)
{
	struct state *s = *arg;

	assert_true(
		doctor_ruleset_take(&s->facts->rules, (const void *)flowtable));
	(void)expect(s, "flowtables", DOCTOR_NOTICE,
		     "flowtable ft of table inet fw4");
}

/* A routing rule as fib_nl_fill_rule() gives it. */
static void put_rule(struct doctor_routing *r, uint8_t protocol,
		     uint32_t priority, uint32_t mark, uint32_t mask)
{
	_Alignas(4) char buf[256];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	struct fib_rule_hdr *f;

	h->nlmsg_type = RTM_NEWRULE;
	f = mnl_nlmsg_put_extra_header(h, sizeof(*f));
	f->family = AF_INET;
	mnl_attr_put_u8(h, FRA_PROTOCOL, protocol);
	mnl_attr_put_u32(h, FRA_PRIORITY, priority);
	mnl_attr_put_u32(h, FRA_TABLE, 100);
	if (mark || mask) {
		mnl_attr_put_u32(h, FRA_FWMARK, mark);
		mnl_attr_put_u32(h, FRA_FWMASK, mask);
	}
	assert_true(doctor_routing_take(r, h));
}

/* Ours and those of others that are no matter of ours are left alone:
 * WireGuard's looks at the whole mark for another value. */
static void only_touching_rules_are_kept(void **arg)
{
	struct state *s = *arg;
	struct doctor_routing *r = &s->facts->routing;

	put_rule(r, NFT_PROTOCOL, 7701, NFT_MARK, NFT_MARK);
	put_rule(r, 3, 32764, 0xca6c, UINT32_MAX);
	put_rule(r, 3, 1000, 0x100, 0x3f00);
	put_rule(r, 3, 7699, 0, 0);
	put_rule(r, 3, 7704, 0, 0);
	assert_int_equal(r->n, 0);
	put_rule(r, 3, 1000, 0x20000, UINT32_MAX);
	put_rule(r, 3, 7703, 0, 0);
	assert_int_equal(r->n, 2);
	(void)expect(s, "routing", DOCTOR_DEGRADED,
		     "a routing rule of somebody else: priority 1000, fwmark "
		     "0x20000/0xffffffff, table 100 (ip rule)");
}

/* `ip rule del priority 7701` finds ours first. */
static void no_mend_takes_away_what_is_ours(void **arg)
{
	static const struct {
		struct doctor_route_rule rule;
		enum doctor_word word;
		const char *text;
	} cases[] = {
		{ { AF_INET, 7701, 0, 0, 0, 0, FR_ACT_BLACKHOLE },
		  DOCTOR_MEND,
		  "ip rule del priority 7701 blackhole" },
		{ { AF_INET6, 7701, 0, 0, 0, 4, FR_ACT_PROHIBIT },
		  DOCTOR_MEND,
		  "ip -6 rule del priority 7701 prohibit protocol 4" },
		{ { AF_INET, 7701, 254, 0, 0, 0, FR_ACT_TO_TBL },
		  DOCTOR_MEND,
		  "ip rule del priority 7701 table 254" },
		{ { AF_INET, 9, 7700, 1, 1, 0, FR_ACT_TO_TBL },
		  DOCTOR_MEND,
		  "ip rule del priority 9 fwmark 0x1/0x1 table 7700" },
		{ { AF_INET, 7700, 0, 0, 0, 4, FR_ACT_GOTO },
		  DOCTOR_MEND,
		  "ip rule del priority 7700 protocol 4" },
		{ { AF_INET, 7700, 0, 0, 0, 0, FR_ACT_GOTO },
		  DOCTOR_NOTE,
		  "delete it with all that ip rule shows" },
		{ { AF_INET, 7703, 0, 0, 0, 0, FR_ACT_NOP },
		  DOCTOR_NOTE,
		  "delete it with all that ip rule shows" },
		{ { AF_INET, 7702, 7700, 0, 0, 0, FR_ACT_TO_TBL },
		  DOCTOR_NOTE,
		  "delete it with all that ip rule shows" },
	};
	struct state *s = *arg;
	struct doctor_routing *r = &s->facts->routing;

	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		const struct doctor_line *l;

		r->v[0] = cases[i].rule;
		r->n = 1;
		doctor_judge(s->facts, NULL, s->report);
		l = &find(s->report, "routing")->lines[0];
		assert_int_equal(l->word, cases[i].word);
		assert_ptr_equal(strstr(l->text, cases[i].text), l->text);
	}
}

static void message_that_is_cut_is_refused(void **arg)
{
	struct state *s = *arg;
	_Alignas(4) char buf[64];
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = RTM_NEWRULE;
	assert_false(doctor_routing_take(&s->facts->routing, h));
	h->nlmsg_type = RTM_NEWROUTE;
	assert_false(doctor_routing_take(&s->facts->routing, h));
}

/* A configuration that needs nothing of the kind is not told of its lack. */
static void what_is_not_needed_is_fine(void **arg)
{
	struct conf_tables *conf = calloc(1, sizeof(*conf));
	struct state *s = *arg;

	assert_non_null(conf);
	s->facts->tproxy = s->facts->socket = -ENOENT;
	s->facts->probed = s->facts->walked = false;
	conf->intercept = CONF_INTERCEPT_REDIRECT;
	doctor_judge(s->facts, conf, s->report);
	assert_int_equal(s->report->level, DOCTOR_OK);

	conf->intercept = CONF_INTERCEPT_TPROXY;
	doctor_judge(s->facts, conf, s->report);
	assert_int_equal(s->report->level, DOCTOR_BROKEN);

	s->facts->tproxy = s->facts->socket = 0;
	s->facts->listen[0] = s->facts->listen[1] = -EADDRINUSE;
	s->facts->probed = s->facts->walked = true;
	doctor_judge(s->facts, conf, s->report);
	assert_int_equal(s->report->level, DOCTOR_BROKEN);
	conf->on_failure = CONF_FAILURE_HOLD;
	doctor_judge(s->facts, conf, s->report);
	assert_int_equal(s->report->level, DOCTOR_OK);
	free(conf);
}

static void reserved_ports_are_counted(void **arg)
{
	(void)arg;
	assert_int_equal(doctor_facts_reserved("\n", 100, 200), 0);
	assert_int_equal(doctor_facts_reserved("", 100, 200), 0);
	assert_int_equal(doctor_facts_reserved("99,201\n", 100, 200), 0);
	assert_int_equal(doctor_facts_reserved("100,200\n", 100, 200), 2);
	/* 100-110 of the first, all 5 of the second, 199-200 of the third */
	assert_int_equal(
		doctor_facts_reserved("90-110,120-124,199-300", 100, 200), 18);
	assert_int_equal(doctor_facts_reserved("1-65535", 100, 200), 101);
}

/* A range that is not enough mends nothing, and may be less than there is. */
static void ports_are_mended_by_enough(void **arg)
{
	static const char mend[] =
		"sysctl -w net.ipv4.ip_local_port_range=\"10000 65535\"";
	static const struct {
		uint32_t first, reserved, max_flows;
		bool mends;
	} cases[] = {
		{ 32768, 0, 55536, true },
		{ 32768, 0, 55537, false },
		{ 32768, 1000, 55000, false },
		{ 1024, 0, 100000, false },
	};
	struct conf_tables *conf = calloc(1, sizeof(*conf));
	struct state *s = *arg;

	assert_non_null(conf);
	conf->workers = 1;
	conf->n_rules = conf->n_dests = conf->rules[0].to.n = 1;
	conf->dests[0].net = (struct base_net){ .family = AF_INET, .bits = 32 };
	s->facts->machine.nofile = UINT64_MAX;
	s->facts->machine.port_last = 65535;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		const struct doctor_finding *f;

		conf->max_flows = cases[i].max_flows;
		s->facts->machine.port_first = cases[i].first;
		s->facts->ports_reserved = cases[i].reserved;
		doctor_judge(s->facts, conf, s->report);
		f = find(s->report, "source_ports");
		assert_int_equal(f->level, DOCTOR_DEGRADED);
		assert_true(f->n_lines >= 2);
		assert_int_equal(!strcmp(f->lines[0].text, mend),
				 cases[i].mends);
		assert_int_equal(f->lines[0].word,
				 cases[i].mends ? DOCTOR_MEND : DOCTOR_CONFIG);
	}
	free(conf);
}

/* What a daemon says whose rules are as they should be. */
static struct doctor_installed *with_daemon(struct state *s)
{
	struct doctor_installed *i = &s->facts->installed;

	*i = (struct doctor_installed){ .daemon.is = DOCTOR_DAEMON_ANSWERED,
					.control = "/run/wayside/control",
					.there = true,
					.state = NFT_STATE_RUNNING };
	s->facts->daemon = true;
	return i;
}

static void expect_line(const struct doctor_finding *f, unsigned n,
			enum doctor_word word, const char *text)
{
	assert_true(n < f->n_lines);
	assert_int_equal(f->lines[n].word, word);
	assert_string_equal(f->lines[n].text, text);
}

/* A watch of the daemon's puts back what is taken, so these are short-lived. */
static void rules_that_do_nothing_are_broken(void **arg)
{
	static const char what[] = "differences between what the daemon "
				   "installed and what the kernel has: 1";
	struct state *s = *arg;
	struct doctor_installed *i = with_daemon(s);
	const struct doctor_finding *f;

	(void)expect(s, "installed_rules", DOCTOR_OK,
		     "the kernel has what the daemon runs with");
	i->differences = 1;
	(void)snprintf(i->lines[0], sizeof(i->lines[0]), "missing: this");
	f = expect(s, "installed_rules", DOCTOR_DEGRADED, what);
	assert_int_equal(f->n_lines, 2);
	expect_line(f, 0, DOCTOR_MEND,
		    "wayside reload --control /run/wayside/control");
	expect_line(f, 1, DOCTOR_NOTE, "missing: this");
	i->dormant = true;
	(void)expect(s, "installed_rules", DOCTOR_BROKEN, what);
	i->dormant = i->there = false;
	(void)expect(s, "installed_rules", DOCTOR_BROKEN, what);
	/* this path would not be one word of a command */
	(void)snprintf(i->control, sizeof(i->control), "/tmp/a b");
	f = expect(s, "installed_rules", DOCTOR_BROKEN, what);
	expect_line(f, 0, DOCTOR_NOTE, "wayside reload, with --control");
}

static void states_of_a_daemon_are_told(void **arg)
{
	struct state *s = *arg;
	struct doctor_installed *i = with_daemon(s);

	i->state = NFT_STATE_DRAINING;
	(void)expect(s, "installed_rules", DOCTOR_NOTICE,
		     "nothing to compare: the daemon starts or stops: ask "
		     "again");
	i->state = NFT_STATE_MAX;
	(void)expect(s, "installed_rules", DOCTOR_NOTICE,
		     "nothing to compare: the daemon starts or stops: ask "
		     "again");
	i->state = NFT_STATE_RUNNING;
	i->daemon.differ = 3;
	i->error = -EPERM;
	(void)expect(s, "installed_rules", DOCTOR_DEGRADED,
		     "the daemon sees 3 differences between what it installed "
		     "and what the kernel has (Operation not permitted to "
		     "look closer)");
	i->fixed = true;
	(void)expect(s, "installed_rules", DOCTOR_OK,
		     "the kernel has what the daemon runs with");
}

/* Findings of `marks`: rules that clear our bits, and then one that sets one.
 */
static void loud_check_is_cut_short(void **arg)
{
	enum {
		LOUD = 300
	};
	struct state *s = *arg;
	struct doctor_ruleset *rs = &s->facts->rules;
	unsigned n = 0;
	const struct doctor_finding *f;

	rs->v = calloc(LOUD + 1, sizeof(*rs->v));
	assert_non_null(rs->v);
	rs->n = rs->room = LOUD + 1;
	for (unsigned i = 0; i < LOUD; i++)
		rs->v[i].whole = true;
	rs->v[LOUD].sets = NFT_MARK;
	s->facts->routing.n = 1;
	doctor_judge(s->facts, NULL, s->report);
	assert_int_equal(s->report->level, DOCTOR_DEGRADED);
	for (unsigned i = 0; i < s->report->n; i++)
		n += !strcmp(s->report->findings[i].check, "marks");
	/* as many as have a place, and the one with the number: of the 301
	 * there are 7 of the 300, and the worst one last */
	assert_int_equal(n, DOCTOR_CHECK_MAX + 1);
	f = find(s->report, "marks");
	assert_int_equal(f[6].level, DOCTOR_NOTICE);
	assert_int_equal(f[7].level, DOCTOR_DEGRADED);
	assert_int_equal(f[8].level, DOCTOR_NOTICE);
	assert_string_equal(f[8].what, "and 293 more like these");
	assert_int_equal(f[8].n_lines, 0);
	/* those behind it are told */
	assert_int_equal(find(s->report, "routing")->level, DOCTOR_DEGRADED);
	assert_int_equal(find(s->report, "self_test")->level, DOCTOR_OK);
}

/* What is counted and not kept is as bad as what is told. */
static void rules_without_a_place_are_counted(void **arg)
{
	struct state *s = *arg;
	struct doctor_routing *r = &s->facts->routing;
	const struct doctor_finding *f;

	for (unsigned i = 0; i < DOCTOR_ROUTES_MAX + 5; i++)
		put_rule(r, 3, 7700, 0, 0);
	assert_int_equal(r->n, DOCTOR_ROUTES_MAX);
	assert_int_equal(r->n_more, 5);
	doctor_judge(s->facts, NULL, s->report);
	f = find(s->report, "routing");
	/* 32 + 5 of which 8 are told */
	assert_string_equal(f[8].what, "and 29 more like these");
	assert_int_equal(f[8].level, DOCTOR_DEGRADED);
}

static char *text_of(const char *path)
{
	WS_CLEAN(base_fd_close)
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = NULL;
	size_t len;

	assert_true(fd >= 0);
	assert_int_equal(base_fd_read_all(fd, FILE_MAX, &text, &len), 0);
	return text;
}

static bool has_row(const char *cases, const char *check)
{
	static const char *const words[] = { "row", "row -note",
					     "row -config" };
	char row[80];

	for (size_t i = 0; i < WS_ARRAY_LEN(words); i++) {
		(void)snprintf(row, sizeof(row), "\n%s %s ", words[i], check);
		if (strstr(cases, row))
			return true;
	}
	return false;
}

/* Either a condition that the case makes, or the name of a test above. */
static void every_check_has_a_row(void **arg)
{
	char *cases = text_of(CASE_FILE), *here = text_of(THIS_FILE);
	size_t n;

	(void)arg;
	for (n = 0; doctor_check_name(n); n++) {
		char row[80], test[80] = "";
		const char *recorded;

		if (has_row(cases, doctor_check_name(n)))
			continue;
		(void)snprintf(row, sizeof(row), "\nrecorded %s ",
			       doctor_check_name(n));
		recorded = strstr(cases, row);
		if (!recorded)
			fail_msg("no row for %s", doctor_check_name(n));
		else
			(void)snprintf(
				test, sizeof(test), "TEST(%.*s),",
				(int)strcspn(recorded + strlen(row), "\n"),
				recorded + strlen(row));
		assert_non_null(strstr(here, test));
	}
	assert_true(n > 0);
	free(cases);
	free(here);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(all_is_well),
		TEST(statement_is_missing),
		TEST(what_cannot_be_asked_is_said),
		TEST(impossible_probe_is_said),
		TEST(only_a_named_bridge_matters),
		TEST(flowtable_is_found),
		TEST(only_touching_rules_are_kept),
		TEST(no_mend_takes_away_what_is_ours),
		TEST(message_that_is_cut_is_refused),
		TEST(what_is_not_needed_is_fine),
		TEST(rules_that_do_nothing_are_broken),
		TEST(states_of_a_daemon_are_told),
		TEST(loud_check_is_cut_short),
		TEST(rules_without_a_place_are_counted),
		cmocka_unit_test(reserved_ports_are_counted),
		TEST(ports_are_mended_by_enough),
		cmocka_unit_test(every_check_has_a_row),
	};
#undef TEST

	return cmocka_run_group_tests(tests, NULL, NULL);
}
