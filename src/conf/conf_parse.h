/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_parse.h - bytes of a configuration to tables, without side effects
 *
 * Theory of operation: conf_yaml makes a document out of the bytes, after it
 * has refused what the format does not need (anchors, tags, depth). conf_parse
 * walks it by the schema into a draft: the tables, and for each value the
 * place that it came from. The command line is taken first and hides the
 * file's values. Then conf_check looks at the whole: what is missing, what
 * does not go together, which rules meet. Every step adds its complaints and
 * goes on; a rule with a complaint of its own is left out of the comparison,
 * since what it would take is not known.
 * What depends on the machine comes in through struct conf_env, so that the
 * outcome is a function of the arguments.
 */
#ifndef CONF_PARSE_H
#define CONF_PARSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"
#include "base_rd.h"
#include "conf_errors.h"
#include "conf_schema.h"
#include "conf_tables.h"

struct conf_input;
struct conf_service;

struct conf_env {
	const struct conf_input *in;
	const char *cwd; /* relative paths begin here */
	unsigned cores;  /* online processors */
	uint64_t nofile; /* descriptors that one worker may have */
	/* Return: NULL, or why the name has no address. */
	const char *(*resolve)(const struct conf_service *s,
			       struct base_addr *out);
	/* Return: NULL, or why there is no such user. */
	const char *(*find_user)(const char *name, uint32_t *uid);
	/* Return: 0 when a directory is there and, if asked for, we may make
	 * files in it; or -errno. */
	int (*check_dir)(const char *path, bool writable);
	/* Return: 0 when we may use a file so (access(2)), or -errno. */
	int (*check_file)(const char *path, int mode);
	uint32_t kinds;   /* 1 << enum conf_sink_kind: this build has it */
	bool public_file; /* every user can read the configuration */
};

#define CONF_ITEMS_MAX 1024 /* of the longest list array */

/* The tables while they grow. Owned by conf_parse(). */
struct conf_draft {
	const struct conf_env *env;
	struct conf_tables *t;
	struct conf_secrets *secrets; /* NULL for an edit */
	struct conf_errors *errors;
	/* of the keys at the top and of the store: the place of the value, was
	 * it given at all, and was it wrong */
	struct conf_mark key_at[CONF_KEY_MAX];
	bool given[CONF_KEY_MAX];
	bool key_bad[CONF_KEY_MAX];
	struct conf_mark rule_at[CONF_RULES_MAX];
	bool rule_bad[CONF_RULES_MAX];
	/* of a rule's keys: the value's place, or the rule's */
	struct conf_mark rule_key_at[CONF_RULES_MAX][CONF_KEY_MAX];
	/* the same of sinks */
	struct conf_mark sink_at[CONF_SINKS_MAX];
	struct conf_mark sink_key_at[CONF_SINKS_MAX][CONF_KEY_MAX];
	bool sink_given[CONF_SINKS_MAX][CONF_KEY_MAX];
	bool sink_password[CONF_SINKS_MAX]; /* its URI has one */
	struct conf_mark item_at[CONF_TYPE_MAX][CONF_ITEMS_MAX]; /* lists */
};

/*
 * `text` is the file's content; empty when there is none. Return: true with
 * *t complete (conf_tables_valid()) and *secrets what belongs to it, else what
 * is wrong is in `errors`.
 */
WS_MUST_USE bool conf_parse(const struct conf_env *env, struct base_span text,
			    struct conf_tables *t, struct conf_secrets *secrets,
			    struct conf_errors *errors);

/* conf_check.c: the checks that need the whole, and what follows from it. */
void conf_check(struct conf_draft *d);

/* conf_check_rules.c: rules against each other, and items of one list. */
void conf_check_rules(struct conf_draft *d);
/* The same of one rule alone, against all others. */
void conf_check_rule(struct conf_draft *d, uint32_t rule);

#endif
