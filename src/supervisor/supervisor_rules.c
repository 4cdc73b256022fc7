/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_rules.c - kernel rules and routes, for as long as we run */
#include <errno.h>
#include <sys/capability.h>

#include "base_log.h"
#include "nft.h"
#include "supervisor_internal.h"

static bool have(cap_t caps, cap_value_t cap)
{
	cap_flag_value_t on = CAP_CLEAR;

	return cap_get_flag(caps, cap, CAP_EFFECTIVE, &on) == 0 &&
	       on == CAP_SET;
}

/* Asked first, so that what is missing is one line and not a start that is
 * taken back: rules and routes need the one, foreign addresses the other. */
static int check_rights(void)
{
	cap_t caps = cap_get_proc();
	const bool fine = caps && have(caps, CAP_NET_ADMIN) &&
			  have(caps, CAP_NET_RAW);

	(void)cap_free(caps);
	if (fine)
		return 0;
	base_err("interception needs CAP_NET_ADMIN and CAP_NET_RAW: "
		 "run it as root, or give it both");
	return -EPERM;
}

int supervisor_rules_open(struct supervisor *s)
{
	struct nft_error why;
	int r;

	if (conf_tables_fixed(s->conf))
		return 0;
	r = check_rights();
	if (r)
		return r;
	r = nft_open(&s->nft, true, &why);
	if (r)
		base_err("%s", why.text);
	return r;
}

int supervisor_rules_install(struct supervisor *s)
{
	struct nft_error why;
	int r;

	if (!s->nft)
		return 0;
	r = nft_install(s->nft, s->conf, NFT_STATE_RUNNING, &why);
	if (r)
		base_err("%s", why.text);
	else
		s->rules_installed = true;
	return r;
}

void supervisor_rules_remove(struct supervisor *s)
{
	struct nft_error why;

	if (s->rules_installed &&
	    nft_install(s->nft, s->conf, NFT_STATE_STOPPED, &why)) {
		base_err("rules stay behind: %s", why.text);
		s->status = 1;
	}
	s->rules_installed = false;
	nft_close(s->nft);
	s->nft = NULL;
}
