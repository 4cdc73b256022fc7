/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_rules.c - `wayside rules ...`: the kernel's rules without a daemon */
#include "wayside_rules.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

#include "conf_load.h"
#include "conf_tables.h"
#include "control_client.h"
#include "nft.h"
#include "track.h"
#include "wayside_view.h"

/* Return: NULL after what is wrong was printed. */
static const struct conf_tables *load_rules(const struct wayside_options *o)
{
	const struct conf_input in = { .path = o->config,
				       .protocols = track_protocol_names() };
	const struct conf_tables *conf;

	if (conf_load(&in, &conf, NULL, NULL))
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
	/* what standard output did not take main() says */
	if (nft_print(stdout, conf, state_of(o)) == -ENOMEM)
		return wayside_complain("out of memory");
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

/* Says what a file does not know. */
static enum wayside_status take_state(const struct wayside_view *v,
				      enum nft_state *state)
{
	const uint32_t edits = atomic_load(&v->state->edits);

	*state = wayside_view_rules(v);
	if (*state == NFT_STATE_MAX)
		return wayside_complain("the daemon starts or stops: ask "
					"again");
	if (*state != NFT_STATE_RUNNING)
		(void)printf("the daemon takes no new connections now: see "
			     "wayside status\n");
	if (edits)
		(void)printf("edits of the daemon's rules, which no file "
			     "knows: %u\n",
			     (unsigned)edits);
	return WAYSIDE_OK;
}

/* Asks the daemon of this configuration; *state stays when there is none. */
static enum wayside_status ask_state(const struct conf_tables *conf,
				     enum nft_state *state)
{
	const struct control_request request = { .magic = CONTROL_MAGIC,
						 .version = CONTROL_VERSION,
						 .type = CONTROL_STATUS };
	struct control_result *got;
	struct wayside_view v;
	enum wayside_status s = WAYSIDE_OK;
	int r = 0;

	if (!conf->control[0])
		return WAYSIDE_OK;
	got = control_client_ask(conf->control, &request, CONTROL_CLIENT_MS,
				 &r);
	if (!got)
		return wayside_complain("out of memory");
	if (!r && !got->reply.error && wayside_view_map(&v, got) == 0) {
		s = take_state(&v, state);
		wayside_view_close(&v);
	} else if (r != -ENOENT && r != -ECONNREFUSED) {
		s = wayside_complain(r ? got->why
				       : "the daemon does not say in which "
					 "state its rules are");
	}
	control_client_free(got);
	return s;
}

enum wayside_status wayside_rules_check(const struct wayside_options *o)
{
	const struct conf_tables *conf = load_rules(o);
	enum nft_state state = state_of(o);
	enum wayside_status s = WAYSIDE_OK;
	struct nft_error why;
	struct nft_link *link;
	int n;

	if (!conf)
		return WAYSIDE_USAGE;
	n = nft_open(&link, false, &why);
	if (n < 0)
		return wayside_complain(why.text);
	if (!o->stopped)
		s = ask_state(conf, &state);
	if (s == WAYSIDE_OK)
		n = nft_check(link, conf, state, print_line, stdout, &why);
	nft_close(link);
	if (s != WAYSIDE_OK)
		return s;
	if (n < 0)
		return wayside_complain(why.text);
	if (n == 0)
		(void)printf("the kernel has what %s says\n", o->config);
	return n == 0 ? WAYSIDE_OK : WAYSIDE_FAILED;
}
