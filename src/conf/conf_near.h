/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_near.h - which known word was probably meant */
#ifndef CONF_NEAR_H
#define CONF_NEAR_H

#include <stdbool.h>

#include "base_rd.h"

/* A search: init, then try each known word. */
struct conf_near {
	struct base_span word;
	const char *best; /* borrowed; NULL = none is near */
	unsigned limit;
};

/* `word` is borrowed, too. */
void conf_near_init(struct conf_near *n, struct base_span word);

/* Return: it is nearer than those before it. */
bool conf_near_try(struct conf_near *n, const char *known);

#endif
