/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_internal.h - a check, and what it says */
#ifndef DOCTOR_INTERNAL_H
#define DOCTOR_INTERNAL_H

#include "base_attr.h"
#include "conf_tables.h"
#include "doctor.h"
#include "doctor_facts.h"

struct doctor_check;

/* What a check is given. */
struct doctor {
	const struct doctor_facts *f;
	const struct conf_tables *conf;   /* NULL: there is none */
	const struct doctor_check *check; /* that is running */
	bool found;                       /* it has said something */
	struct doctor_report *report;
	unsigned first;              /* its first finding in the report */
	struct doctor_finding *last; /* NULL: the last one is not told */
	unsigned more;               /* that are not told; the worst of them: */
	enum doctor_level hidden;
};

struct doctor_check {
	const char *name;
	const char *fine;  /* what is said when it finds nothing */
	const char *means; /* what it means when it does */
	void (*judge)(struct doctor *d);
};

/* A new finding of the running check. */
void doctor_find(struct doctor *d, enum doctor_level level, const char *fmt,
		 ...) WS_PRINTF(3, 4);
/* A line below the last finding. */
void doctor_say(struct doctor *d, enum doctor_word word, const char *fmt, ...)
	WS_PRINTF(3, 4);
/* That many more findings, of which nothing else is known. */
void doctor_more(struct doctor *d, enum doctor_level level, unsigned n);
/* The two lines for a sysctl, by its name with dots. */
void doctor_mend_sysctl(struct doctor *d, const char *name, int value);
/* A notice that the question is open, and why: what an answer would have meant
 * is not said. */
void doctor_unknown(struct doctor *d, const char *what, const char *why);
/* Says so when a fact could not be had: -errno. Return: it could. */
bool doctor_known(struct doctor *d, int error);

/* Is anything taken by tproxy? Without a configuration, yes. */
bool doctor_wants_tproxy(const struct doctor *d);

/* doctor_kernel.c: rights, and what the kernel can do */
void doctor_check_rights(struct doctor *d);
void doctor_check_tproxy(struct doctor *d);
void doctor_check_socket(struct doctor *d);

/* doctor_sysctl.c */
void doctor_check_forward(struct doctor *d);
void doctor_check_rp_filter(struct doctor *d);
void doctor_check_src_valid_mark(struct doctor *d);
void doctor_check_bridge(struct doctor *d);
void doctor_check_early_demux(struct doctor *d);

/* doctor_rules.c: what others' rules do */
void doctor_check_invalid(struct doctor *d);
void doctor_check_nat(struct doctor *d);
void doctor_check_tables(struct doctor *d);
void doctor_check_flowtables(struct doctor *d);
void doctor_check_marks(struct doctor *d);
void doctor_check_routing(struct doctor *d);

/* doctor_installed.c: our own */
void doctor_check_installed(struct doctor *d);

/* doctor_limits.c */
void doctor_check_ports(struct doctor *d);
void doctor_check_nofile(struct doctor *d);
void doctor_check_listen(struct doctor *d);

/* doctor_tried.c: what was tried with real packets */
void doctor_check_input(struct doctor *d);
void doctor_check_path(struct doctor *d);

#endif
