/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_edit.h - one item of one rule more, or less
 *
 * What `wayside rules add` and `del` do: the outcome is what a file would give
 * in which this item stood at the end of its list, or was left out. All that
 * holds for a configuration holds for it, too; and an edit changes no list into
 * none or none into one, because a list that is not there means "any".
 */
#ifndef CONF_EDIT_H
#define CONF_EDIT_H

#include <stdbool.h>

#include "base_attr.h"
#include "conf_schema.h"

struct conf_env;
struct conf_errors;
struct conf_tables;

struct conf_edit {
	const struct conf_tables *base; /* what is to be changed: valid */
	enum conf_key_id key; /* CONF_KEY_RULE_TO, _CLIENTS or _INTERFACES */
	bool add;             /* or take it out */
	const char *rule;     /* its name */
	const char *item;     /* as in a file */
};

/* Room for what an edit is called in front of what is wrong with it. */
#define CONF_EDIT_LEN 100

/* `rule "tkstar"`. Return: buf. */
const char *conf_edit_name(const struct conf_edit *e,
			   char buf[static CONF_EDIT_LEN]);

/*
 * Pure, as conf_parse(). Return: true with *t complete and valid, its number
 * that of env->in; else what is wrong is in `errors`, at line 0.
 */
WS_MUST_USE bool conf_edit(const struct conf_env *env,
			   const struct conf_edit *e, struct conf_tables *t,
			   struct conf_errors *errors);

#endif
