/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_tried.c - checks: what was tried with real packets */
#include <errno.h>
#include <string.h>

#include "doctor_internal.h"

static void mend_with_lines(struct doctor *d)
{
	for (unsigned i = 0; i < d->f->n_lines; i++) {
		const char *line = d->f->lines[i];

		if (!strncmp(line, PROBE_RUN, strlen(PROBE_RUN)))
			doctor_say(d, DOCTOR_MEND, "%s",
				   line + strlen(PROBE_RUN));
		else if (!strncmp(line, PROBE_KEEP, strlen(PROBE_KEEP)))
			doctor_say(d, DOCTOR_KEEP, "%s",
				   line + strlen(PROBE_KEEP));
		else
			doctor_say(d, DOCTOR_NOTE, "%s", line);
	}
}

/* Return: there is something to judge. */
static bool was_tried(struct doctor *d)
{
	if (d->f->probed)
		return true;
	if (doctor_wants_tproxy(d))
		doctor_unknown(d, "not tried", "no rights");
	return false;
}

void doctor_check_input(struct doctor *d)
{
	if (!was_tried(d))
		return;
	switch (d->f->input.verdict) {
	case PROBE_PASSED:
		return;
	case PROBE_IMPOSSIBLE:
		doctor_unknown(d, "not possible here", d->f->input.why);
		return;
	case PROBE_BLOCKED_IN:
		doctor_find(d, DOCTOR_BROKEN,
			    "a firewall drops what Wayside marks");
		break;
	case PROBE_BLOCKED_OUT:
	case PROBE_VERDICT_MAX:
		doctor_find(d, DOCTOR_BROKEN,
			    "a firewall drops the answers of a listener");
		break;
	}
	mend_with_lines(d);
}

/* Behind source NAT the server sees the gateway, and should. */
static bool is_nat(const struct doctor_facts *f, int family)
{
	return f->path.stage[family] == PROBE_STAGE_CLIENT &&
	       f->path.error[family] == -EADDRNOTAVAIL && f->nat.source;
}

static void judge_family(struct doctor *d, int family)
{
	const struct probe_path_result *p = &d->f->path;
	const char *name = family == 0 ? "IPv4" : "IPv6";

	if (p->stage[family] == PROBE_STAGE_PASSED)
		return;
	if (is_nat(d->f, family)) {
		doctor_find(d, DOCTOR_NOTICE,
			    "%s: the server sees the gateway's address, as "
			    "behind masquerading it does anyway",
			    name);
		return;
	}
	doctor_find(d, DOCTOR_BROKEN, "%s: this fails: %s (%s)", name,
		    probe_stage_text(p->stage[family]),
		    strerrordesc_np(-p->error[family]));
	mend_with_lines(d);
	if (d->f->n_lines == 0)
		doctor_say(d, DOCTOR_NOTE,
			   "mend what is found above; if nothing is, look "
			   "where it goes: nft monitor trace");
}

void doctor_check_path(struct doctor *d)
{
	const struct probe_path_result *p = &d->f->path;

	if (!was_tried(d))
		return;
	if (!d->f->walked) {
		if (d->f->input.verdict == PROBE_IMPOSSIBLE)
			doctor_unknown(d, "not possible here", d->f->input.why);
		else
			doctor_unknown(d, "not tried",
				       "the packet would not come in");
		return;
	}
	if (!p->tried[0] && !p->tried[1]) {
		doctor_unknown(d, "not possible here", p->why);
		return;
	}
	for (int family = 0; family < 2; family++) {
		if (p->tried[family])
			judge_family(d, family);
	}
}
