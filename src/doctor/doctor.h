/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * doctor.h - will interception work here? Everything that is known to break it
 *
 * Theory of operation. First the facts are gathered (doctor_facts.h): sysctls,
 * limits, nft rules of whatever table, routing rules, and what was tried with
 * real packets. Then each row of one table of checks judges them. A check is a
 * pure function of facts and configuration, so it is tested on recorded answers
 * where this kernel cannot be made to give them.
 *
 * Nothing is changed that is not put back, also when the process is killed
 * (probe.h).
 *
 * Process: `wayside doctor`. One thread, blocking, some seconds at most.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <stddef.h>

#include "base_attr.h"
#include "nft.h"

struct conf_tables;
struct doctor_facts;

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_NOTICE,   /* worth knowing; nothing has to be done */
	DOCTOR_DEGRADED, /* works, but not for all, or not in every case */
	DOCTOR_BROKEN,   /* trackers are cut off, or nothing is intercepted */
	DOCTOR_LEVEL_MAX
};

/* What a line below a finding is. */
enum doctor_word {
	DOCTOR_MEND,   /* a command that mends it, as it is */
	DOCTOR_CONFIG, /* a line for Wayside's own file that mends it, too */
	DOCTOR_KEEP,   /* how what was mended stays so over a reboot */
	DOCTOR_NOTE,   /* what no command does */
	DOCTOR_WORD_MAX
};

struct doctor_line {
	enum doctor_word word;
	char text[512];
};

#define DOCTOR_LINES_MAX 8
/* Findings of one check, the worst ones; then one that says how many more. */
#define DOCTOR_CHECK_MAX    8
#define DOCTOR_CHECKS_MAX   24
#define DOCTOR_FINDINGS_MAX (DOCTOR_CHECKS_MAX * (DOCTOR_CHECK_MAX + 1))

/* What a check found; one that finds nothing amiss has one finding, OK. */
struct doctor_finding {
	const char *check; /* its name */
	const char *means; /* one sentence; NULL with OK */
	enum doctor_level level;
	char what[384];
	unsigned n_lines;
	struct doctor_line lines[DOCTOR_LINES_MAX];
};

struct doctor_report {
	enum doctor_level level; /* the worst */
	unsigned n;
	struct doctor_finding findings[DOCTOR_FINDINGS_MAX];
};

/* What whoever calls has heard from a daemon. */
struct doctor_daemon {
	enum {
		DOCTOR_DAEMON_NONE,   /* nobody is there to be asked */
		DOCTOR_DAEMON_SILENT, /* it could not be asked: why */
		DOCTOR_DAEMON_ANSWERED,
	} is;
	char why[256];
	/* ANSWERED: what it runs with, the state of its rules (NFT_STATE_MAX:
	 * none yet, or no more), and in how many ways the kernel's are others,
	 * or -errno */
	const struct conf_tables *conf;
	enum nft_state state;
	int differ;
};

/* Gathers the facts. Return: NULL = no memory; to be freed with
 * doctor_facts_free(). */
struct doctor_facts *doctor_facts_new(const struct conf_tables *conf,
				      const struct doctor_daemon *daemon);
void doctor_facts_free(struct doctor_facts *f); /* NULL is a no-op */

/* Judges the facts. `conf` may be NULL: then nothing is said that needs it. */
void doctor_judge(const struct doctor_facts *f, const struct conf_tables *conf,
		  struct doctor_report *report);

/* Names of the checks, in the order of the table; NULL after the last. */
const char *doctor_check_name(size_t i);

/* "mend", "config", "keep", "note" */
const char *doctor_word_name(enum doctor_word word);

/* "ok", "notice", "degraded", "broken" */
const char *doctor_level_name(enum doctor_level level);

#endif
