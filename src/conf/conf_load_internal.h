/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_load_internal.h - conf_load() with its surroundings, for its test */
#ifndef CONF_LOAD_INTERNAL_H
#define CONF_LOAD_INTERNAL_H

#include <limits.h>

#include "base_attr.h"
#include "conf_parse.h"

struct conf_loading;
struct conf_secrets;
struct conf_tables;

/* What one name may take; the child's own limit is set anew for each. */
#define CONF_LOAD_RESOLVE_MS 30000U

struct conf_limits {
	unsigned child_ms;  /* the child ends itself */
	unsigned parent_ms; /* the parent kills it */
};

/* What the parser needs to know of this machine; cwd is the env's. */
struct conf_env conf_load_env(const struct conf_input *in,
			      char cwd[static PATH_MAX]);

void conf_load_begin_with(const struct conf_env *env, unsigned limit_ms,
			  struct conf_loading *l);

WS_MUST_USE int conf_load_with(const struct conf_env *env,
			       const struct conf_limits *limits,
			       const struct conf_tables **tables, int *fd,
			       const struct conf_secrets **secrets);

#endif
