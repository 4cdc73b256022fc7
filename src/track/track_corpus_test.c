/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_corpus_test.c - real messages, where a folder of them is at hand
 *
 * Reads watch.jsonl and watch.frames.jsonl in the folder that WAYSIDE_CORPUS
 * names; its README tells what the fields mean.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "track_test.h"
#include "track_watch.h"

static uint8_t wire[1 << 17];

static struct base_span from_hex(const json_t *text)
{
	const char *hex = json_string_value(text);
	struct base_span bytes = { wire, 0 };
	struct base_rd r;

	assert_non_null(hex);
	base_rd_init(&r, hex, strlen(hex));
	while (base_rd_left(&r)) {
		assert_true(bytes.len < sizeof(wire));
		wire[bytes.len++] = (uint8_t)base_rd_hex(&r, 2);
	}
	assert_true(base_rd_ok(&r));
	return bytes;
}

/* Calls check() with each record. Return: the number of records. */
static int each_record(const char *name, void (*check)(const json_t *record))
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	const char *folder = getenv("WAYSIDE_CORPUS");
	char path[PATH_MAX];
	json_t *record;
	FILE *file;
	int n = 0;

	assert_non_null(folder);
	assert_true(snprintf(path, sizeof(path), "%s/%s", folder, name) <
		    (int)sizeof(path));
	file = fopen(path, "re");
	assert_non_null(file);
	while ((record = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL))) {
		check(record);
		json_decref(record);
		n++;
	}
	assert_true(feof(file));
	(void)fclose(file);
	return n;
}

static bool has_device(const json_t *record, const char *device)
{
	const json_t *ids = json_object_get(record, "device_ids"), *id;
	size_t i;

	json_array_foreach(ids, i, id)
	{
		if (!strcmp(json_string_value(id), device))
			return true;
	}
	return json_array_size(ids) == 0;
}

static void check_message(const json_t *record)
{
	const json_t *checks = json_object_get(record, "checks");
	uint64_t seed = 5;
	struct base_span bytes;
	struct seen *whole, *bytewise, *random;

	if (!json_is_true(json_object_get(record, "stream_ok")))
		return;
	bytes = from_hex(json_object_get(record, "wire_hex"));
	whole = feed_all(bytes, 0, &seed);
	bytewise = feed_all(bytes, 1, &seed);
	random = feed_all(bytes, -50, &seed);
	seen_equal(whole, bytewise);
	seen_equal(whole, random);
	/* a record is one message, or several behind each other; some length
	 * in `checks` is that of the whole record */
	assert_true(whole->n > 0);
	assert_int_equal(whole->counts.skipped, 0);
	if (whole->n == 1)
		assert_int_equal(
			whole->m[0].length == TRACK_CHECK_OK,
			json_is_true(json_object_get(checks, "length_ok")));
	for (size_t i = 0; i < whole->n; i++) {
		if (!has_device(record, whole->m[i].device))
			fail_msg("device %s", whole->m[i].device);
	}
	free(whole);
	free(bytewise);
	free(random);
}

static void check_frames(const json_t *record)
{
	const json_t *frames = json_object_get(record, "first_frames_hex"),
		     *frame;
	const struct base_span bytes =
		from_hex(json_object_get(record, "stream_hex"));
	uint64_t seed = 6;
	struct seen *seen = feed_all(bytes, 0, &seed);
	size_t i;

	assert_true(seen->n >= json_array_size(frames));
	assert_int_equal(seen->counts.skipped, 0);
	json_array_foreach(frames, i, frame)
	{
		const struct base_span want = from_hex(frame);
		const uint8_t *got = seen->bytes + seen->m[i].at;

		/* voice: their frame is un-escaped, ours is what was sent */
		if (memchr(got, 0x7d, seen->m[i].len)) {
			assert_true(seen->m[i].len > want.len);
			continue;
		}
		assert_int_equal(seen->m[i].len, want.len);
		assert_memory_equal(got, want.ptr, want.len);
	}
	free(seen);
}

static void check_command(const json_t *record)
{
	const struct base_span bytes = from_hex(json_object_get(record, "hex"));
	uint64_t seed = 7;
	struct seen *seen = feed_all(bytes, 0, &seed);

	assert_int_equal(seen->n, 1);
	assert_int_equal(seen->counts.skipped, 0);
	assert_int_equal(seen->m[0].length, TRACK_CHECK_OK);
	free(seen);
}

static void messages(void **state)
{
	(void)state;
	assert_true(each_record("watch.jsonl", check_message) > 0);
}

static void frames(void **state)
{
	(void)state;
	assert_true(each_record("watch.frames.jsonl", check_frames) > 0);
}

static void commands(void **state)
{
	(void)state;
	assert_true(each_record("watch.commands.jsonl", check_command) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages),
		cmocka_unit_test(frames),
		cmocka_unit_test(commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
