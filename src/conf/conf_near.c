/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_near.c - which known word was probably meant */
#include "conf_near.h"

#include <string.h>

#define NEAR_LEN 32 /* longer words are near to nothing */

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * Optimal string alignment distance: a letter changed, left out, put in, or
 * two neighbours swapped count one each. The table is kept in three lines,
 * for the prefixes of `a` of lengths i - 2, i - 1 and i.
 */
static unsigned distance(struct base_span a, const char *b)
{
	const size_t len = strlen(b);
	unsigned line[3][NEAR_LEN + 1] = { { 0 } };

	for (unsigned j = 0; j <= len; j++)
		line[0][j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		const unsigned *two = line[(i + 1) % 3],
			       *one = line[(i + 2) % 3];
		unsigned *now = line[i % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= len; j++) {
			const bool same = a.ptr[i - 1] == (uint8_t)b[j - 1];

			now[j] = least(one[j - 1] + !same,
				       least(one[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 &&
			    a.ptr[i - 1] == (uint8_t)b[j - 2] &&
			    a.ptr[i - 2] == (uint8_t)b[j - 1])
				now[j] = least(now[j], two[j - 2] + 1);
		}
	}
	return line[a.len % 3][len];
}

void conf_near_init(struct conf_near *n, struct base_span word)
{
	/* one slip in four letters */
	*n = (struct conf_near){ .word = word,
				 .limit = 1 + (unsigned)(word.len / 4) };
}

bool conf_near_try(struct conf_near *n, const char *known)
{
	const size_t len = strlen(known);
	unsigned d;

	if (n->word.len > NEAR_LEN || len > NEAR_LEN || (n->best && !n->limit))
		return false;
	d = distance(n->word, known);
	if (d >= len || d > n->limit || (n->best && d == n->limit))
		return false;
	n->best = known;
	n->limit = d;
	return true;
}
