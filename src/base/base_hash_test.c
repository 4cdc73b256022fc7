/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_hash_test.c - FNV-1a against the vectors of its authors (RFC 9923) */
#include "base_hash.h"

#include "base_test.h"

static void vectors(void **state)
{
	(void)state;
	assert_true(base_hash(BASE_HASH_NONE, "", 0) == 0xcbf29ce484222325ULL);
	assert_true(base_hash(BASE_HASH_NONE, "a", 1) == 0xaf63dc4c8601ec8cULL);
	assert_true(base_hash(BASE_HASH_NONE, "foobar", 6) ==
		    0x85944171f73967e8ULL);
}

static void in_pieces(void **state)
{
	(void)state;
	assert_true(base_hash(base_hash(BASE_HASH_NONE, "foo", 3), "bar", 3) ==
		    0x85944171f73967e8ULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
