/* SPDX-License-Identifier: GPL-3.0-or-later */
/* waysided.c - the daemon: command line in, exit status out */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_die.h"
#include "base_fd.h"
#include "base_log.h"
#include "conf_budget.h"
#include "conf_hide.h"
#include "conf_load.h"
#include "conf_options.h"
#include "conf_print.h"
#include "conf_tables.h"
#include "nft.h"
#include "role_title.h"
#include "supervisor.h"
#include "track.h"
#include "wayside_version.h"

/* Exit statuses: 0 fine, 1 it could not be done, 2 usage or configuration. */
enum {
	STATUS_OK,
	STATUS_FAILED,
	STATUS_USAGE
};

static int flushed(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return STATUS_OK;
	base_err("standard output: %s", strerrordesc_np(errno));
	return STATUS_FAILED;
}

static int print_rules(const struct conf_tables *conf)
{
	if (conf_tables_fixed(conf)) {
		base_err("fixed-remote mode needs no rules: there are none");
		return STATUS_USAGE;
	}
	if (nft_print(stdout, conf, NFT_STATE_RUNNING)) {
		base_err("cannot print the rules");
		return STATUS_FAILED;
	}
	return flushed();
}

/* What would end a start half way is refused before it. */
static bool fits(const struct conf_tables *conf,
		 const struct conf_machine *machine)
{
	const uint64_t needed = conf_budget_supervisor(conf->workers);

	if (needed <= machine->nofile)
		return true;
	base_err("workers: %u: the supervisor needs %llu descriptors, the "
		 "limit is %llu (ulimit -Hn)",
		 conf->workers, (unsigned long long)needed,
		 (unsigned long long)machine->nofile);
	return false;
}

static int check(const struct conf_input *input, const struct conf_tables *conf,
		 const struct conf_machine *machine)
{
	uint32_t possible;

	(void)printf("%s: configuration is fine: %u rules, %u workers\n",
		     input->path ? input->path : "command line", conf->n_rules,
		     conf->workers);
	possible = conf_budget_print(stdout, conf, machine);
	if (possible < conf->max_flows)
		base_warn("max_flows: %u is out of reach, %u are possible",
			  conf->max_flows, possible);
	return flushed();
}

static int with_configuration(enum conf_action action,
			      const struct conf_input *input)
{
	struct supervisor_setup setup = { .conf_fd = -1, .input = input };
	const struct conf_tables *conf;
	struct conf_machine machine;
	const int r = conf_load(input, &conf, &setup.conf_fd, &setup.secrets);

	/* a parser that crashed, hung or was never born: not the writer's
	 * fault */
	if (r)
		return r == -EINVAL ? STATUS_USAGE : STATUS_FAILED;
	conf_budget_look(&machine);
	if (input->surroundings && !fits(conf, &machine))
		return STATUS_USAGE;
	if (action == CONF_ACTION_RUN) {
		base_log_own_stderr();
		setup.conf = conf;
		return supervisor_run(&setup);
	}
	if (action == CONF_ACTION_PRINT_RULES)
		return print_rules(conf);
	if (action == CONF_ACTION_CHECK)
		return check(input, conf, &machine);
	conf_print(stdout, conf, setup.secrets);
	return flushed();
}

/* A broker's URI is nothing for ps, and for no role but its publisher. */
static bool hide(struct conf_overrides *o)
{
	const int r = conf_hide_observers(o);

	if (r > 0)
		role_title("waysided");
	else if (r)
		base_err("observer: %s", strerrordesc_np(-r));
	return r >= 0;
}

/* NULL: not set, or to nothing. */
static const char *amqp_helper(void)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread */
	const char *text = getenv("TCPPROXY_AMQP_HELPER");

	return text && *text ? text : NULL;
}

int main(int argc, char **argv)
{
	struct conf_options options;
	struct conf_input input = { .protocols = track_protocol_names(),
				    .usual_zone = track_protocol_zone };

	if (!base_fd_standard())
		return STATUS_FAILED;
	if (!base_die_init())
		return STATUS_USAGE;
	if (role_title_init(argc, argv))
		base_warn("processes keep the name of the program: %s",
			  strerrordesc_np(ENOMEM));
	if (conf_options_parse(argc, argv, stderr, &options) ||
	    !base_log_from_env())
		return STATUS_USAGE;
	switch (options.action) {
	case CONF_ACTION_HELP:
		conf_options_usage(stdout);
		return flushed();
	case CONF_ACTION_PRINT_SAMPLE:
		conf_print_sample(stdout);
		return flushed();
	case CONF_ACTION_VERSION:
		(void)printf("waysided %s\n", WAYSIDE_VERSION);
		return flushed();
	case CONF_ACTION_RUN:
	case CONF_ACTION_CHECK:
	case CONF_ACTION_PRINT_CONFIG:
	case CONF_ACTION_PRINT_RULES:
	case CONF_ACTION_MAX:
		break;
	}
	if (!hide(&options.overrides))
		return STATUS_FAILED;
	options.overrides.amqp_helper = amqp_helper();
	input.path = options.config;
	input.overrides = options.overrides;
	input.surroundings = options.action == CONF_ACTION_RUN ||
			     options.action == CONF_ACTION_CHECK;
	return with_configuration(options.action, &input);
}
