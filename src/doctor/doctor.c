/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor.c - the table of checks, and the report that they fill */
#include "doctor.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

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

void doctor_judge(const struct doctor_facts *f, const struct conf_tables *conf,
		  struct doctor_report *report)
{
	struct doctor d = { .f = f, .conf = conf, .report = report };

	report->level = DOCTOR_OK;
	report->n = 0;
	for (size_t i = 0; i < WS_ARRAY_LEN(checks); i++) {
		const unsigned n = report->n;

		d.check = &checks[i];
		checks[i].judge(&d);
		if (report->n == n)
			doctor_find(&d, DOCTOR_OK, "%s", checks[i].fine);
	}
}
