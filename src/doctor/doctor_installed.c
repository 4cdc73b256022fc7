/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_installed.c - our own rules: does the kernel have what it should? */
#include "doctor_installed.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <string.h>

#include "conf_tables.h"
#include "doctor_internal.h"
#include "nft_check.h"

static void keep_line(void *arg, const char *text)
{
	struct doctor_installed *i = arg;

	if (i->differences < DOCTOR_DIFFERENCES_MAX)
		(void)snprintf(i->lines[i->differences],
			       sizeof(i->lines[i->differences]), "%s", text);
	i->differences++;
}

static int compare(struct nft_link *l, const struct conf_tables *conf,
		   enum nft_state state, struct doctor_installed *i)
{
	struct nft_error why;
	int n;

	i->differences = 0;
	n = nft_check(l, conf, state, keep_line, i, &why);
	return n < 0 ? n : 0;
}

/* In whatever state it was killed; at last as one that ran. */
static int recognize(struct nft_link *l, const struct conf_tables *conf,
		     struct doctor_installed *i)
{
	int r = 0;

	for (enum nft_state s = 0; !r && s < NFT_STATE_MAX; s++) {
		r = compare(l, conf, s, i);
		if (!r && !i->differences) {
			i->state = s;
			return 0;
		}
	}
	return r ? r : compare(l, conf, NFT_STATE_RUNNING, i);
}

static int look(struct doctor_installed *i, const struct conf_tables *conf,
		const struct doctor_daemon *daemon)
{
	const bool runs = daemon->is == DOCTOR_DAEMON_ANSWERED;
	struct nft_check_table table;
	struct nft_error why;
	struct nft_link *l;
	/* with `hold` the table for local programs is looked for, too */
	int r = nft_open(&l, runs, &why);

	if (r)
		return r;
	r = nft_check_table(l, NFT_TABLE_MAIN, &table);
	if (!r) {
		i->there = table.there;
		i->dormant = table.flags & NFT_TABLE_F_DORMANT;
	}
	if (!r && runs && i->state != NFT_STATE_MAX && daemon->differ)
		r = compare(l, daemon->conf, i->state, i);
	else if (!r && !runs && i->there && conf && !conf_tables_fixed(conf))
		r = recognize(l, conf, i);
	nft_close(l);
	return r;
}

void doctor_installed_look(struct doctor_installed *i,
			   const struct conf_tables *conf,
			   const struct doctor_daemon *daemon)
{
	i->daemon = *daemon;
	i->daemon.conf = NULL; /* the caller's */
	i->state = NFT_STATE_MAX;
	if (daemon->is == DOCTOR_DAEMON_ANSWERED) {
		i->state = daemon->state;
		(void)snprintf(i->control, sizeof(i->control), "%.107s",
			       daemon->conf->control);
		i->fixed = conf_tables_fixed(daemon->conf);
	}
	if (i->fixed)
		return;
	i->error = look(i, conf, daemon);
}

static void say_differences(struct doctor *d)
{
	const struct doctor_installed *i = &d->f->installed;

	for (unsigned n = 0; n < i->differences && n < DOCTOR_DIFFERENCES_MAX;
	     n++)
		doctor_say(d, DOCTOR_NOTE, "%s", i->lines[n]);
}

/* A command that asks this daemon. */
static void mend_by(struct doctor *d, const char *command)
{
	const char *path = d->f->installed.control;

	if (path[strspn(path, "abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/@:")])
		doctor_say(d, DOCTOR_NOTE, "wayside %s, with --control",
			   command);
	else
		doctor_say(d, DOCTOR_MEND, "wayside %s --control %s", command,
			   path);
}

static void judge_state(struct doctor *d)
{
	switch (d->f->installed.state) {
	case NFT_STATE_RUNNING:
		return;
	case NFT_STATE_BYPASS:
		doctor_unknown(d, "bypass is on", "new connections go direct");
		mend_by(d, "bypass off");
		return;
	case NFT_STATE_ABSENT:
		doctor_find(d, DOCTOR_BROKEN,
			    "the daemon has no worker, so no new connection is "
			    "taken");
		doctor_say(d, DOCTOR_NOTE, "its log says why they end");
		return;
	case NFT_STATE_DRAINING:
	case NFT_STATE_STOPPED:
	case NFT_STATE_MAX:
		doctor_unknown(d, "nothing to compare",
			       "the daemon starts or stops: ask again");
		return;
	}
}

static void judge_differences(struct doctor *d)
{
	const struct doctor_installed *i = &d->f->installed;
	const bool nothing = !i->there || i->dormant;

	if (i->error && i->daemon.differ > 0)
		doctor_find(d, DOCTOR_DEGRADED,
			    "the daemon sees %d differences between what it "
			    "installed and what the kernel has (%s to look "
			    "closer)",
			    i->daemon.differ, strerrordesc_np(-i->error));
	else if (i->differences)
		doctor_find(d, nothing ? DOCTOR_BROKEN : DOCTOR_DEGRADED,
			    "differences between what the daemon installed and "
			    "what the kernel has: %u",
			    i->differences);
	else
		return;
	mend_by(d, "reload");
	say_differences(d);
}

static const char *fate(enum conf_failure policy)
{
	switch (policy) {
	case CONF_FAILURE_CLOSED:
		return "are refused";
	case CONF_FAILURE_HOLD:
		return "wait";
	case CONF_FAILURE_OPEN_STAY:
	case CONF_FAILURE_OPEN:
	case CONF_FAILURE_MAX:
		break;
	}
	return "go direct";
}

/* There is no daemon. */
static void judge_left(struct doctor *d)
{
	const struct doctor_installed *i = &d->f->installed;

	if (!i->there) {
		doctor_find(d, DOCTOR_OK,
			    "no daemon runs, and no rules are there");
	} else if (!d->conf) {
		doctor_unknown(d, "no daemon runs, and rules are there",
			       "without a configuration there is nothing to "
			       "compare them with");
	} else if (i->state != NFT_STATE_MAX) {
		doctor_find(d, DOCTOR_NOTICE,
			    "no daemon runs, and on_failure is %s: the rules "
			    "that it left are whole, new connections %s",
			    conf_failure_name(d->conf->on_failure),
			    fate(d->conf->on_failure));
		d->last->means = NULL;
	} else {
		doctor_find(d, DOCTOR_DEGRADED,
			    "no daemon runs, and the rules that are there are "
			    "not as one leaves them, differences: %u",
			    i->differences);
		doctor_say(d, DOCTOR_MEND, "wayside rules remove");
		doctor_say(d, DOCTOR_NOTE, "a start replaces them, too");
		say_differences(d);
	}
}

void doctor_check_installed(struct doctor *d)
{
	const struct doctor_installed *i = &d->f->installed;

	if (i->fixed || (d->conf && conf_tables_fixed(d->conf)))
		return;
	switch (i->daemon.is) {
	case DOCTOR_DAEMON_ANSWERED:
		judge_state(d);
		judge_differences(d);
		return;
	case DOCTOR_DAEMON_SILENT:
		doctor_unknown(d, "the daemon could not be asked",
			       i->daemon.why);
		return;
	case DOCTOR_DAEMON_NONE:
		if (d->f->daemon)
			doctor_unknown(d, "the daemon could not be asked",
				       "somebody has the rules, but nobody "
				       "answers");
		else if (doctor_known(d, i->error))
			judge_left(d);
		return;
	}
}
