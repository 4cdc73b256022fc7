/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_near_test.c - a slip in four letters is found, more is not */
#include "conf_near.h"

#include <string.h>

#include "base_test.h"

static const char *nearest(const char *word)
{
	static const char *const known[] = { "to", "file", "tile", "time_zone",
					     "jt808" };
	const struct base_span s = { (const uint8_t *)word, strlen(word) };
	struct conf_near n;

	conf_near_init(&n, s);
	for (size_t i = 0; i < WS_ARRAY_LEN(known); i++) {
		const bool nearer = conf_near_try(&n, known[i]);

		assert_int_equal(nearer, n.best && !strcmp(n.best, known[i]));
	}
	return n.best;
}

static void words(void **state)
{
	static const struct {
		const char *word, *near;
	} rows[] = {
		{ "jt88", "jt808" },   /* one left out */
		{ "jt8008", "jt808" }, /* one put in */
		{ "jt80b", "jt808" },  /* one changed */
		{ "jt880", "jt808" },  /* two swapped */
		{ "tj8x", NULL },      /* three, and two may be */
		{ "tmie_zoen", "time_zone" },
		{ "tim_zoon", "time_zone" },
		{ "tmi_zon", NULL }, /* three, and two may be */
		/* one from both: the first; and the nearer one after it */
		{ "mile", "file" },
		{ "tle", "tile" },
		{ "ot", "to" },
		/* two of its two letters: that could be any word */
		{ "abto", NULL },
		{ "x", NULL },
		{ "", NULL },
		{ "time_zonetime_zonetime_zonetime_zone", NULL },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		const char *got = nearest(rows[i].word);

		if (rows[i].near ? !got || strcmp(got, rows[i].near) != 0
				 : got != NULL)
			fail_msg("\"%s\" is near to %s", rows[i].word,
				 got ? got : "nothing");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
