/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_rules.c - `wayside rules ...`: the kernel's rules without a daemon */
#include "wayside_rules.h"

#include <stdio.h>

#include "conf_load.h"
#include "conf_tables.h"
#include "nft.h"
#include "track.h"

/* Return: NULL after what is wrong was printed. */
static const struct conf_tables *load_rules(const struct wayside_options *o)
{
	const struct conf_input in = { .path = o->config,
				       .protocols = track_protocol_names() };
	const struct conf_tables *conf;

	if (conf_load(&in, &conf, NULL))
		return NULL;
	if (conf_tables_fixed(conf)) {
		(void)fprintf(stderr,
			      "wayside: %s: fixed-remote mode has no rules\n",
			      o->config);
		return NULL;
	}
	return conf;
}

static enum nft_state state_of(const struct wayside_options *o)
{
	return o->stopped ? NFT_STATE_STOPPED : NFT_STATE_RUNNING;
}

enum wayside_status wayside_rules_show(const struct wayside_options *o)
{
	const struct conf_tables *conf = load_rules(o);

	if (!conf)
		return WAYSIDE_USAGE;
	if (nft_print(stdout, conf, state_of(o)))
		return wayside_complain("cannot print the rules");
	return WAYSIDE_OK;
}

/* Installs what `conf` says; NULL = removes all of ours. */
static enum wayside_status change(const struct conf_tables *conf,
				  enum nft_state state)
{
	struct nft_error why;
	struct nft_link *link;
	int r = nft_open(&link, false, &why);

	if (r)
		return wayside_complain(why.text);
	r = nft_lock(link, &why);
	if (!r)
		r = conf ? nft_install(link, conf, state, &why)
			 : nft_remove(link, &why);
	nft_close(link);
	return r ? wayside_complain(why.text) : WAYSIDE_OK;
}

enum wayside_status wayside_rules_install(const struct wayside_options *o)
{
	const struct conf_tables *conf = load_rules(o);
	enum wayside_status s;

	if (!conf)
		return WAYSIDE_USAGE;
	s = change(conf, state_of(o));
	if (s == WAYSIDE_OK && conf->on_failure == CONF_FAILURE_OPEN &&
	    !o->stopped)
		(void)fprintf(stderr,
			      "wayside: on_failure is open, but no daemon "
			      "holds these rules: they stay until a daemon "
			      "takes them over or `wayside rules remove`\n");
	return s;
}

enum wayside_status wayside_rules_remove(const struct wayside_options *o)
{
	(void)o; /* whatever the configuration says or said */
	return change(NULL, NFT_STATE_STOPPED);
}

static void print_line(void *arg, const char *text)
{
	(void)fprintf(arg, "%s\n", text);
}

enum wayside_status wayside_rules_check(const struct wayside_options *o)
{
	const struct conf_tables *conf = load_rules(o);
	struct nft_error why;
	struct nft_link *link;
	int n;

	if (!conf)
		return WAYSIDE_USAGE;
	n = nft_open(&link, false, &why);
	if (n < 0)
		return wayside_complain(why.text);
	n = nft_check(link, conf, state_of(o), print_line, stdout, &why);
	nft_close(link);
	if (n < 0)
		return wayside_complain(why.text);
	if (n == 0)
		(void)printf("the kernel has what %s says\n", o->config);
	return n == 0 ? WAYSIDE_OK : WAYSIDE_FAILED;
}
