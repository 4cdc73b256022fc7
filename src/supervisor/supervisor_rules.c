/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_rules.c - kernel rules and routes, for as long as we run */
#include <errno.h>

#include "base_log.h"
#include "nft.h"
#include "supervisor_internal.h"

int supervisor_rules_open(struct supervisor *s)
{
	struct nft_error why;
	int r;

	if (conf_tables_fixed(s->conf))
		return 0;
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
