/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sink_test.c - what a failure says */
#include "sink.h"

#include <string.h>

#include "base_test.h"
#include "conf_tables.h"

static const struct conf_sink conf = { .kind = CONF_SINK_EXEC };

static const char *said(const char *password, const char *text)
{
	static struct conf_secret secret;
	static struct sink s;

	memset(&secret, 0, sizeof(secret));
	memcpy(secret.password, password, strlen(password));
	assert_int_equal(sink_init(&s, &conf, &secret), 0);
	sink_say(&s, "%s", text);
	return s.why;
}

/* A server repeats what it does not understand. */
static void test_no_password(void **state)
{
	(void)state;
	assert_string_equal(said("tarnhelm", "no: 'me' 'tarnhelm', tarnhelm"),
			    "no: 'me' '***', ***");
	assert_string_equal(said("tarnhelm", "tarn tarnhel"), "tarn tarnhel");
	assert_string_equal(said("", "as it is"), "as it is");
	assert_string_equal(said("\xc3\xa9\n", "a \xc3\xa9\n b"), "a *** b");
}

static void test_no_part_of_it(void **state)
{
	static const char password[] = "tarnhelm";
	const size_t room = sizeof(((struct sink *)0)->why);

	(void)state;
	for (size_t at = room - 20; at < room + 2; at++) {
		char text[512] = "";
		const char *why;

		memset(text, '.', at);
		memcpy(text + at, password, sizeof(password));
		why = said(password, text);
		assert_null(strchr(why, 't'));
		assert_int_equal(strlen(why),
				 at + 3 < room ? at + 3 : room - 1);
	}
}

static void test_nothing_that_steers_a_terminal(void **state)
{
	(void)state;
	assert_string_equal(said("x", "a\033[2J\n\xff"), "a?[2J??");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_password),
		cmocka_unit_test(test_no_part_of_it),
		cmocka_unit_test(test_nothing_that_steers_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
