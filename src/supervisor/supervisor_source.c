/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * supervisor_source.c - what `source: auto` is: whose address servers see
 *
 * Where the gateway changes the source of what it forwards, the server never
 * saw a client's address, so the gateway's own is as good and needs no rights.
 * Where it does not, the client's is what the server saw without us.
 */
#include <errno.h>
#include <string.h>

#include "base_log.h"
#include "nft_nat.h"
#include "supervisor_internal.h"

static bool is_asked(const struct conf_tables *c)
{
	for (uint32_t i = 0; i < c->n_rules; i++) {
		if (c->rules[i].source == CONF_SOURCE_AUTO)
			return true;
	}
	return false;
}

void supervisor_source_decide(struct supervisor *s,
			      const struct conf_tables *conf)
{
	const uint32_t before = ring_shared_source(s->shared);
	const bool first = !s->state->source_why.text[0];
	struct nft_error why;
	struct nft_nat nat;
	uint32_t source;
	int r;

	if (!s->nft || !is_asked(conf))
		return;
	r = nft_nat_source(s->nft, conf, &nat, &why);
	if (r == -EINTR) { /* rules that changed meanwhile, several times */
		supervisor_watch_look(s);
		return;
	}
	if (r) {
		base_warn("source: auto stays %s: %s",
			  conf_source_name((enum conf_source)before), why.text);
		if (first)
			supervisor_state_source(s, before, why.text);
		return;
	}
	source = nat.source ? CONF_SOURCE_GATEWAY : CONF_SOURCE_CLIENT;
	supervisor_state_source(s, source, nat.why);
	if (!first && source == before)
		return;
	ring_shared_set_source(s->shared, source);
	base_notice("source: auto is %s: %s",
		    conf_source_name((enum conf_source)source), nat.why);
}
