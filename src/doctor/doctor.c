/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor.c - the table of checks, and the report that they fill */
#include "doctor.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "doctor_internal.h"

/* In the order in which people should mend. */
static const struct doctor_check checks[] = {
	{ "rights", "CAP_NET_ADMIN and CAP_NET_RAW are there",
	  "without them nothing can be installed, and most of what follows "
	  "cannot be asked",
	  doctor_check_rights },
	{ "nft_tproxy", "the kernel takes rules with tproxy",
	  "no connection can be handed to Wayside", doctor_check_tproxy },
	{ "nft_socket", "the kernel takes rules with socket transparent",
	  "answers to borrowed addresses do not come back",
	  doctor_check_socket },
	{ "ip_forward", "this host forwards packets",
	  "what Wayside does not take, or no longer, goes nowhere",
	  doctor_check_forward },
	{ "rp_filter", "rp_filter is not strict",
	  "harmless with Wayside's routing rules, as long as routes are the "
	  "same both ways",
	  doctor_check_rp_filter },
	{ "src_valid_mark", "src_valid_mark is not set",
	  "harmless with Wayside's routing rules; others' tproxy set-ups break "
	  "by it",
	  doctor_check_src_valid_mark },
	{ "bridge_netfilter",
	  "bridges do not pass packets through the IP hooks",
	  "every intercepted connection of a tracker behind a bridge times "
	  "out, and no rule can help",
	  doctor_check_bridge },
	{ "early_demux", "early demultiplexing is on",
	  "when the rules go, connections that Wayside still holds are cut",
	  doctor_check_early_demux },
	{ "drop_invalid", "no rule drops invalid packets",
	  "harmless: with source: client or client-port Wayside keeps both legs "
	  "of a connection apart in conntrack",
	  doctor_check_invalid },
	{ "masquerade", "no source NAT",
	  "servers see the gateway's address whatever a rule's source is; "
	  "source: auto is gateway",
	  doctor_check_nat },
	{ "other_tables",
	  "no other tproxy, and nobody else's table of our name",
	  "which of two gets a connection depends on the order of their chains",
	  doctor_check_tables },
	{ "flowtables", "no flowtable",
	  "connections that it has taken before Wayside came stay direct until "
	  "their end",
	  doctor_check_flowtables },
	{ "marks", "nobody else uses our mark bits",
	  "packets of others are delivered here, or ours are not",
	  doctor_check_marks },
	{ "routing", "nobody else uses our table and priorities",
	  "marked packets may be routed elsewhere", doctor_check_routing },
	{ "installed_rules", "the kernel has what the daemon runs with",
	  "new connections are not taken, or not all, or trackers are cut off",
	  doctor_check_installed },
	{ "source_ports", "source ports are enough",
	  "connections above that wait and then fail", doctor_check_ports },
	{ "nofile", "descriptors are enough",
	  "connections above that wait in the backlog", doctor_check_nofile },
	{ "listen_port", "the listeners have their port",
	  "the daemon cannot start", doctor_check_listen },
	{ "input_firewall", "what is marked comes in",
	  "every intercepted tracker is cut off", doctor_check_input },
	{ "self_test", "a connection is taken, relayed and answered",
	  "interception does not work here", doctor_check_path },
};

_Static_assert(WS_ARRAY_LEN(checks) <= DOCTOR_CHECKS_MAX, "all have a place");

const char *doctor_check_name(size_t i)
{
	return i < WS_ARRAY_LEN(checks) ? checks[i].name : NULL;
}

const char *doctor_level_name(enum doctor_level level)
{
	static const char *const names[] = { "ok", "notice", "degraded",
					     "broken" };

	_Static_assert(WS_ARRAY_LEN(names) == DOCTOR_LEVEL_MAX, "one a level");
	return names[level];
}

const char *doctor_word_name(enum doctor_word word)
{
	static const char *const names[] = { "mend", "config", "keep", "note" };

	_Static_assert(WS_ARRAY_LEN(names) == DOCTOR_WORD_MAX, "one a word");
	return names[word];
}

void doctor_more(struct doctor *d, enum doctor_level level, unsigned n)
{
	if (!n)
		return;
	d->more += n;
	if (level > d->hidden)
		d->hidden = level;
	if (level > d->report->level)
		d->report->level = level;
}

/* A place for one more finding of this check: that of its least one, when there
 * is no other. NULL: all that are told are as bad. */
static struct doctor_finding *find_place(struct doctor *d,
					 enum doctor_level level)
{
	struct doctor_report *r = d->report;
	unsigned least = r->n - 1;

	if (r->n - d->first < DOCTOR_CHECK_MAX)
		return &r->findings[r->n++];
	for (unsigned i = r->n; i-- > d->first;) {
		if (r->findings[i].level < r->findings[least].level)
			least = i;
	}
	if (r->findings[least].level >= level) {
		doctor_more(d, level, 1);
		return NULL;
	}
	doctor_more(d, r->findings[least].level, 1);
	memmove(&r->findings[least], &r->findings[least + 1],
		(r->n - 1 - least) * sizeof(r->findings[0]));
	return &r->findings[r->n - 1];
}

static void fill(struct doctor *d, struct doctor_finding *f,
		 enum doctor_level level)
{
	f->check = d->check->name;
	f->means = level == DOCTOR_OK ? NULL : d->check->means;
	f->level = level;
	f->n_lines = 0;
}

void doctor_find(struct doctor *d, enum doctor_level level, const char *fmt,
		 ...)
{
	struct doctor_finding *f = find_place(d, level);
	va_list args;

	d->found = true;
	d->last = f;
	if (level > d->report->level)
		d->report->level = level;
	if (!f)
		return;
	fill(d, f, level);
	va_start(args, fmt);
	(void)vsnprintf(f->what, sizeof(f->what), fmt, args);
	va_end(args);
}

/* Says how many there are that are not told. */
static void tell_hidden(struct doctor *d)
{
	struct doctor_finding *f = &d->report->findings[d->report->n];

	if (!d->more)
		return;
	d->report->n++;
	fill(d, f, d->hidden);
	(void)snprintf(f->what, sizeof(f->what), "and %u more like these",
		       d->more);
}

void doctor_say(struct doctor *d, enum doctor_word word, const char *fmt, ...)
{
	struct doctor_finding *f = d->last;
	struct doctor_line *l;
	va_list args;

	if (!f || f->n_lines == DOCTOR_LINES_MAX)
		return;
	l = &f->lines[f->n_lines++];
	l->word = word;
	va_start(args, fmt);
	(void)vsnprintf(l->text, sizeof(l->text), fmt, args);
	va_end(args);
}

void doctor_mend_sysctl(struct doctor *d, const char *name, int value)
{
	doctor_say(d, DOCTOR_MEND, "sysctl -w %s=%d", name, value);
	doctor_say(d, DOCTOR_KEEP, "%s=%d in a file below /etc/sysctl.d", name,
		   value);
}

bool doctor_wants_tproxy(const struct doctor *d)
{
	return !d->conf || (!conf_tables_fixed(d->conf) &&
			    d->conf->intercept == CONF_INTERCEPT_TPROXY);
}

void doctor_unknown(struct doctor *d, const char *what, const char *why)
{
	doctor_find(d, DOCTOR_NOTICE, "%s: %s", what, why);
	if (d->last)
		d->last->means = NULL;
}

bool doctor_known(struct doctor *d, int error)
{
	if (!error)
		return true;
	doctor_unknown(d, "could not be asked", strerrordesc_np(-error));
	return false;
}

void doctor_judge(const struct doctor_facts *f, const struct conf_tables *conf,
		  struct doctor_report *report)
{
	struct doctor d = { .f = f, .conf = conf, .report = report };

	report->level = DOCTOR_OK;
	report->n = 0;
	for (size_t i = 0; i < WS_ARRAY_LEN(checks); i++) {
		d.check = &checks[i];
		d.found = false;
		d.first = report->n;
		d.more = 0;
		d.hidden = DOCTOR_OK;
		checks[i].judge(&d);
		if (!d.found)
			doctor_find(&d, DOCTOR_OK, "%s", checks[i].fine);
		tell_hidden(&d);
	}
}
