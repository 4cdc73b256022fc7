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
	  "harmless: with source: client-port Wayside keeps both legs of a "
	  "connection apart in conntrack",
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

void doctor_find(struct doctor *d, enum doctor_level level, const char *fmt,
		 ...)
{
	struct doctor_report *r = d->report;
	struct doctor_finding *f = &r->findings[r->n];
	va_list args;

	d->found = true;
	if (level > r->level)
		r->level = level;
	if (r->n == DOCTOR_FINDINGS_MAX)
		return; /* nobody reads that far */
	r->n++;
	f->check = d->check->name;
	f->means = level == DOCTOR_OK ? NULL : d->check->means;
	f->level = level;
	f->n_mends = 0;
	va_start(args, fmt);
	(void)vsnprintf(f->what, sizeof(f->what), fmt, args);
	va_end(args);
}

void doctor_mend(struct doctor *d, const char *fmt, ...)
{
	struct doctor_finding *f = &d->report->findings[d->report->n - 1];
	va_list args;

	if (f->n_mends == DOCTOR_MENDS_MAX)
		return;
	va_start(args, fmt);
	(void)vsnprintf(f->mends[f->n_mends++], sizeof(f->mends[0]), fmt, args);
	va_end(args);
}

void doctor_mend_sysctl(struct doctor *d, const char *name, int value)
{
	doctor_mend(d, "run: sysctl -w %s=%d", name, value);
	doctor_mend(d, "to keep it: %s=%d in a file below /etc/sysctl.d", name,
		    value);
}

bool doctor_wants_tproxy(const struct doctor *d)
{
	return !d->conf || (!conf_tables_fixed(d->conf) &&
			    d->conf->intercept == CONF_INTERCEPT_TPROXY);
}

void doctor_unknown(struct doctor *d, const char *what, const char *why)
{
	struct doctor_report *r = d->report;
	const unsigned n = r->n;

	doctor_find(d, DOCTOR_NOTICE, "%s: %s", what, why);
	/* cppcheck-suppress knownConditionTrueFalse ; d->report is r */
	if (r->n > n)
		r->findings[n].means = NULL;
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
		checks[i].judge(&d);
		if (!d.found)
			doctor_find(&d, DOCTOR_OK, "%s", checks[i].fine);
	}
}
