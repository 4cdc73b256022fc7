/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_change.c - what a reload cannot change */
#include "conf_change.h"

#include <string.h>

#include "conf_scalar.h"
#include "conf_schema.h"
#include "conf_tables.h"

/* In the other mode there are neither listen nor remote. */
static const char *value_of(const struct conf_tables *t,
			    const struct conf_key *k,
			    char text[static CONF_PRINTED_LEN])
{
	if (k->type == CONF_TYPE_SERVICE && !conf_tables_fixed(t))
		return "none";
	conf_scalar_format(k, (const char *)t + k->offset, text);
	return text;
}

unsigned conf_change_refused(const struct conf_tables *now,
			     const struct conf_tables *next, FILE *out)
{
	char a[CONF_PRINTED_LEN], b[CONF_PRINTED_LEN];
	unsigned n = 0;

	for (size_t i = 0; i < CONF_KEY_MAX; i++) {
		const struct conf_key *k = &conf_keys[i];
		const char *from, *to;

		if (!k->restart)
			continue;
		from = value_of(now, k, a);
		to = value_of(next, k, b);
		if (!strcmp(from, to))
			continue;
		(void)fprintf(out, "%s: %s is in force, %s needs a restart\n",
			      k->name, from, to);
		n++;
	}
	return n;
}
