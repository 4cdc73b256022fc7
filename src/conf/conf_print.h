/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_print.h - the effective configuration as a file */
#ifndef CONF_PRINT_H
#define CONF_PRINT_H

#include <stdio.h>

struct conf_secrets;
struct conf_tables;

/*
 * Prints every key that applies: of `rules` and `listen`/`remote` only one
 * can. Read again it gives the same tables, but no credential: *** stands for
 * each password and each argument of a program. `secrets` says how many of
 * these there are; NULL: none is printed. Write errors: ferror(out).
 */
void conf_print(FILE *out, const struct conf_tables *t,
		const struct conf_secrets *secrets);

/*
 * A configuration in which every key is explained, made of the schema. It can
 * be used as it is. `#` directly before a key hides its default, or an example
 * of what may be left out: without these marks it is valid too. Lines that
 * begin with `# ` are text.
 */
void conf_print_sample(FILE *out);

#endif
