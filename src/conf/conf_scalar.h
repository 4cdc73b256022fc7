/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_scalar.h - one value of a key: text to tables and back
 *
 * Follows the key's row in the schema; of list keys it does one item.
 */
#ifndef CONF_SCALAR_H
#define CONF_SCALAR_H

#include <stdbool.h>
#include <stddef.h>

#include "base_attr.h"
#include "base_rd.h"
#include "conf_schema.h"
#include "conf_tables.h"

struct conf_env;

/* Room for what is wrong with a value, and for a printed value: each byte of
 * a path may need a backslash. */
#define CONF_WHY_LEN     256
#define CONF_PRINTED_LEN (2 * CONF_PATH_LEN + 4)

/* Where the items of a list key lie in struct conf_tables. */
struct conf_array {
	size_t items, item_size;
	size_t count; /* uint32_t */
	uint32_t max;
	const char *what; /* plural, for messages */
	const char *such; /* an example of an item */
};

/* NULL = not a list of scalars. */
const struct conf_array *conf_array_of(enum conf_type type);

/*
 * Parses `text` into *out, whose layout the key's type says. Return: false
 * with *out unchanged and the complaint in `why`, to be read after the value:
 * `is not a duration ...`.
 */
WS_MUST_USE bool conf_scalar_parse(const struct conf_key *k,
				   const struct conf_env *env,
				   struct base_span text, void *out,
				   char why[static CONF_WHY_LEN]);

/* The value as it would be written in the file, with quotes where the text is
 * free. */
void conf_scalar_format(const struct conf_key *k, const void *value,
			char buf[static CONF_PRINTED_LEN]);

/* For a choice or a number: does the value in the struct at `base` keep the
 * schema's bounds, or stand for the key's word? True for all other keys. */
bool conf_scalar_within(const struct conf_key *k, const void *base);

#endif
