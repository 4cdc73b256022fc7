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
	const struct conf_tables *conf; /* NULL: there is none */
	const struct doctor_check *check;
	struct doctor_report *report;
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
/* A line of how to mend the last finding. */
void doctor_mend(struct doctor *d, const char *fmt, ...) WS_PRINTF(2, 3);

/* doctor_kernel.c: rights, and what the kernel can do */
void doctor_check_rights(struct doctor *d);
void doctor_check_tproxy(struct doctor *d);
void doctor_check_socket(struct doctor *d);

/* doctor_sysctl.c */
void doctor_check_forward(struct doctor *d);

#endif
