/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_print_test.c - the sample is of the schema, explains it, and is valid */
#include "conf_print.h"

#include <stdlib.h>
#include <string.h>

#include "base_test.h"
#include "conf_schema.h"
#include "conf_test.h"

#define SAMPLE WAYSIDE_TEST_DIR "/../../contrib/conf/wayside.yaml"

/* The file's words, one blank between two, without the comment signs. */
static char *words_of(char *text)
{
	size_t len;
	char *out = NULL, *rest = NULL;
	FILE *f = open_memstream(&out, &len);

	assert_non_null(f);
	for (char *w = strtok_r(text, " \n", &rest); w;
	     w = strtok_r(NULL, " \n", &rest)) {
		w += *w == '#';
		if (*w)
			(void)fprintf(f, " %s", w);
	}
	assert_int_equal(fclose(f), 0);
	return out;
}

/* Takes the # away that stands directly before a key. */
static void uncomment(char *text)
{
	for (char *line = text; line; line = strchr(line, '\n')) {
		char *p;

		line += *line == '\n';
		p = line + strspn(line, " ");
		if (p[0] == '#' && p[1] != ' ' && p[1] != '\n')
			memmove(p, p + 1, strlen(p));
	}
}

static void expect_fine(const char *text, struct conf_tables *t)
{
	char *got = outcome(&file_input, text, t);

	assert_string_equal(got, "");
	assert_true(conf_tables_valid(t, sizeof(*t)));
	free(got);
}

/* The sample of the tree is what the schema makes. It is valid as it stands,
 * and it says the same without its marks, but for the examples of lists. */
static void sample_is_of_the_schema(void **state)
{
	struct conf_tables *a = calloc(1, sizeof(*a));
	struct conf_tables *b = calloc(1, sizeof(*b));
	size_t len, printed_len;
	char *text = slurp(SAMPLE, &len), *printed = NULL;
	FILE *f = open_memstream(&printed, &printed_len);

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	assert_non_null(f);
	conf_print_sample(f);
	assert_int_equal(fclose(f), 0);
	assert_string_equal(printed, text);
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		assert_in_range(strcspn(line, "\n"), 0, 80);
	expect_fine(text, a);
	uncomment(text);
	assert_string_not_equal(printed, text);
	expect_fine(text, b);
	assert_int_equal(b->n_ifaces, 2);
	assert_int_equal(b->n_nets, 2);
	assert_int_equal(b->n_users, 2);
	assert_int_equal(b->n_sinks, 1);
	assert_string_equal(b->sinks[0].exchange, "trackers");
	memset(b->sinks, 0, sizeof(b->sinks));
	memset(b->ifaces, 0, sizeof(b->ifaces));
	memset(b->nets, 0, sizeof(b->nets));
	memset(b->users, 0, sizeof(b->users));
	b->n_ifaces = b->n_nets = b->n_users = b->n_sinks = 0;
	b->rules[0].interfaces.n = b->rules[0].clients.n = 0;
	assert_memory_equal(a, b, sizeof(*a));
	free(printed);
	free(text);
	free(a);
	free(b);
}

/* Fixed-remote mode cannot stand beside the rules, so it is text: it is valid
 * by itself. */
static void sample_of_fixed_mode(void **state)
{
	static const char mark[] = "#   ";
	struct conf_tables *t = calloc(1, sizeof(*t));
	size_t len, fixed_len;
	char *text = slurp(SAMPLE, &len), *fixed = NULL;
	FILE *f = open_memstream(&fixed, &fixed_len);

	(void)state;
	assert_non_null(t);
	assert_non_null(f);
	for (char *line = strstr(text, mark); line; line = strstr(line, mark)) {
		line += sizeof(mark) - 1;
		(void)fprintf(f, "%.*s\n", (int)strcspn(line, "\n"), line);
	}
	assert_int_equal(fclose(f), 0);
	expect_fine(fixed, t);
	assert_true(conf_tables_fixed(t));
	free(fixed);
	free(text);
	free(t);
}

/* The sample names every key, with the schema's words and default. */
static void sample_explains_every_key(void **state)
{
	size_t len;
	char *text = slurp(SAMPLE, &len), *words = words_of(text);
	char want[1024];

	(void)state;
	for (size_t i = 0; i < CONF_KEY_MAX; i++) {
		const struct conf_key *k = &conf_keys[i];

		(void)snprintf(want, sizeof(want), " %s %s%s%s: %s", k->help,
			       k->restart ? "A change needs a restart. " : "",
			       k->type == CONF_TYPE_NAME ? "- " : "", k->name,
			       k->initial   ? k->initial
			       : k->example ? k->example
					    : "");
		if (!strstr(words, want))
			fail_msg("not in the sample:%s", want);
	}
	free(words);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sample_is_of_the_schema),
		cmocka_unit_test(sample_of_fixed_mode),
		cmocka_unit_test(sample_explains_every_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
