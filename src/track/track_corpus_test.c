/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_corpus_test.c - real messages, where a folder of them is at hand
 *
 * Reads <protocol>.jsonl, <protocol>.frames.jsonl and <protocol>.commands.jsonl
 * of every protocol in the folder that WAYSIDE_CORPUS names; its README tells
 * what the fields mean. Each problem is a line; all are looked at before the
 * test fails. At the end there is a table:
 *
 *   records    in <protocol>.jsonl
 *   messages   that came out of those that are whole streams
 *   positions  with a place in those that say exactly what they mean
 *   exact      of these: place, time and speed are what the record states
 */
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base_time.h"
#include "track_test.h"

/* One a protocol; the test's table. */
struct tally {
	unsigned records, streams, messages, compared, positions, exact;
	unsigned frames, commands, problems;
};

static struct tally tallies[TRACK_PROTOCOLS_MAX];

/* A record of the corpus, and what is to be known with it. */
struct sample {
	const struct track_protocol *protocol;
	struct tally *tally;
	const json_t *record;
	struct base_span bytes;
};

/* Where we know better: the problem begins with `what`. */
static const struct {
	const char *protocol;
	int seq;
	const char *what, *why;
} known[] = {
	{ "tk103", 40, "device", "their id is with the bracket before it" },
	{ "jt808", 2, "frame 0", "their framer asks for no header" },
	{ "jt808", 54, "", "it has a place, as its `expect` says" },
	{ "xexun", 20, "checksum", "the second one, behind it, is wrong" },
};

static void WS_PRINTF(2, 3)
	problem(const struct sample *s, const char *format, ...)
{
	const json_int_t seq =
		json_integer_value(json_object_get(s->record, "seq"));
	char text[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	for (size_t i = 0; i < WS_ARRAY_LEN(known); i++) {
		if (known[i].seq == seq &&
		    !strcmp(known[i].protocol, s->protocol->name) &&
		    !strncmp(known[i].what, text, strlen(known[i].what)))
			return;
	}
	s->tally->problems++;
	(void)printf("%s %lld: %s\n", s->protocol->name, (long long)seq, text);
}

static struct base_span from_hex(const json_t *text, uint8_t *to, size_t room)
{
	const char *hex = json_string_value(text);
	struct base_span bytes = { to, 0 };
	struct base_rd r;

	assert_non_null(hex);
	base_rd_init(&r, hex, strlen(hex));
	while (base_rd_left(&r)) {
		assert_true(bytes.len < room);
		to[bytes.len++] = (uint8_t)base_rd_hex(&r, 2);
	}
	assert_true(base_rd_ok(&r));
	return bytes;
}

/* Calls check() with each record of the file, if there is one; `key` is its
 * member with the bytes. */
static void each_record(const struct track_protocol *p, struct tally *tally,
			const char *ending, const char *key,
			void (*check)(const struct sample *s))
{
	static uint8_t wire[1 << 17];
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	const char *folder = getenv("WAYSIDE_CORPUS");
	char path[PATH_MAX];
	json_error_t error;
	json_t *record;
	FILE *file;

	assert_non_null(folder);
	assert_true(snprintf(path, sizeof(path), "%s/%s.%s", folder, p->name,
			     ending) < (int)sizeof(path));
	file = fopen(path, "re");
	if (!file)
		return;
	while ((record = json_loadf(file,
				    JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL,
				    &error))) {
		const struct sample s = { p, tally, record,
					  from_hex(json_object_get(record, key),
						   wire, sizeof(wire)) };

		check(&s);
		json_decref(record);
	}
	if (!feof(file))
		fail_msg("%s: %s", path, error.text);
	(void)fclose(file);
}

/* What the messages of a record say of places. */
struct place {
	int64_t time_ms;
	double lat, lon, speed;
};

struct places {
	const struct track_protocol *protocol; /* of the messages */
	size_t messages, n;
	struct place of[256];
};

static void gather(void *arg, const struct track_message *m,
		   const struct track_record *r)
{
	struct places *places = arg;

	places->protocol = m->protocol;
	places->messages++;
	for (uint32_t i = 0; i < r->n_positions; i++) {
		const struct track_position *p = &r->positions[i];

		if (isnan(p->lat))
			continue;
		assert_true(places->n < WS_ARRAY_LEN(places->of));
		places->of[places->n++] =
			(struct place){ p->time_ms, p->lat, p->lon, p->speed };
	}
}

/* p: NULL = the bytes decide. */
static void gather_places(const struct sample *s,
			  const struct track_protocol *p, struct places *places)
{
	const struct track_chunk chunk = { 0, 1, s->bytes };
	struct track_counts counts = { 0 };
	const struct track_events events = { .event = gather,
					     .arg = places,
					     .counts = &counts,
					     .record = test_record() };
	struct track_flow f;

	*places = (struct places){ 0 };
	track_flow_init(&f, p, 0);
	assert_int_equal(track_flow_feed(&f, BASE_CLIENT, &chunk, &events), 0);
	track_flow_end(&f, &events);
}

static bool is_one_of(const json_t *ids, const char *device)
{
	const json_t *id;
	size_t i;

	json_array_foreach(ids, i, id)
	{
		if (!strcmp(json_string_value(id), device))
			return true;
	}
	return false;
}

/* A check that the record states, and the message has. */
static void compare_check(const struct sample *s, const char *key,
			  enum track_check check)
{
	const json_t *stated =
		json_object_get(json_object_get(s->record, "checks"), key);

	if (!json_is_boolean(stated) || check == TRACK_CHECK_NONE)
		return;
	if (json_is_true(stated) != (check == TRACK_CHECK_OK))
		problem(s, "%s is %s", key,
			check == TRACK_CHECK_OK ? "true" : "false");
}

/* Bytes between messages that no protocol needs. */
static size_t count_blanks(struct base_span bytes)
{
	size_t n = 0;

	for (size_t i = 0; i < bytes.len; i++)
		n += bytes.ptr[i] == '\r' || bytes.ptr[i] == '\n' ||
		     bytes.ptr[i] == ' ' || !bytes.ptr[i];
	return n;
}

static bool same(const struct seen *a, const struct seen *b)
{
	if (a->n != b->n || a->used != b->used ||
	    memcmp(a->bytes, b->bytes, a->used) != 0 ||
	    memcmp(&a->counts, &b->counts, sizeof(a->counts)) != 0)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		if (a->m[i].len != b->m[i].len ||
		    a->m[i].offset != b->m[i].offset ||
		    a->m[i].length != b->m[i].length ||
		    a->m[i].checksum != b->m[i].checksum ||
		    a->m[i].type != b->m[i].type ||
		    strcmp(a->m[i].device, b->m[i].device) != 0 ||
		    strcmp(a->m[i].keyword, b->m[i].keyword) != 0)
			return false;
	}
	return true;
}

static void check_framing(const struct sample *s)
{
	static const int chunks[] = { 1, -50 };
	const json_t *ids = json_object_get(s->record, "device_ids");
	uint64_t seed = 5;
	struct seen *whole =
		feed_flow(s->protocol, BASE_CLIENT, s->bytes, 0, &seed);

	for (size_t i = 0; i < WS_ARRAY_LEN(chunks); i++) {
		struct seen *other = feed_flow(s->protocol, BASE_CLIENT,
					       s->bytes, chunks[i], &seed);

		if (!same(whole, other))
			problem(s, "differs in chunks of %d", chunks[i]);
		free(other);
	}
	s->tally->messages += (unsigned)whole->n;
	if (!whole->n)
		problem(s, "no message");
	if (whole->counts.skipped > count_blanks(s->bytes))
		problem(s, "%u bytes skipped", (unsigned)whole->counts.skipped);
	/* of a record with several, the checks are those of all together */
	if (whole->n == 1) {
		compare_check(s, "length_ok", whole->m[0].length);
		compare_check(s, "checksum_ok", whole->m[0].checksum);
	}
	for (size_t i = 0; i < whole->n; i++) {
		if (whole->m[i].device[0] && json_array_size(ids) &&
		    !is_one_of(ids, whole->m[i].device))
			problem(s, "device %s", whole->m[i].device);
	}
	free(whole);
}

/* Does the record mean the same with any settings, at any time? */
static bool is_plain(const json_t *record)
{
	static const char *const settings[] = { "model", "extended",
						"full_mode" };
	char *text =
		json_dumps(json_object_get(record, "decoded"), JSON_ENCODE_ANY);
	bool plain = text && !strstr(text, "\"now\"");

	for (size_t i = 0; i < WS_ARRAY_LEN(settings); i++) {
		const json_t *v = json_object_get(record, settings[i]);

		plain = plain && (!v || json_is_null(v) || json_is_false(v));
	}
	free(text);
	return plain;
}

static bool is_near(double got, const json_t *want, double factor,
		    double tolerance)
{
	return fabs(got - json_number_value(want) * factor) <= tolerance;
}

static bool compare_place(const struct sample *s, const struct place *got,
			  const json_t *want)
{
	const char *stated = json_string_value(json_object_get(want, "time"));
	const double speed = isnan(got->speed) ? 0 : got->speed;
	char time[BASE_TIME_UTC_LEN] = "";

	if (got->time_ms != TRACK_TIME_NONE)
		(void)base_time_utc((uint64_t)got->time_ms * 1000000, time);
	if (!stated || strcmp(time, stated) != 0) {
		problem(s, "time %s, not %s", time, stated ? stated : "none");
		return false;
	}
	if (!is_near(got->lat, json_object_get(want, "lat"), 1, 1e-5) ||
	    !is_near(got->lon, json_object_get(want, "lon"), 1, 1e-5)) {
		problem(s, "place %.6f %.6f, not %.6f %.6f", got->lat, got->lon,
			json_number_value(json_object_get(want, "lat")),
			json_number_value(json_object_get(want, "lon")));
		return false;
	}
	if (!is_near(speed, json_object_get(want, "speed_kn"), 1.852,
		     1e-4 + speed * 1e-5)) {
		problem(s, "speed %.4f km/h", speed);
		return false;
	}
	return true;
}

static void check_places(const struct sample *s)
{
	const json_t *decoded = json_object_get(s->record, "decoded"), *want;
	static struct places given, chosen; /* too large for a stack */
	size_t i, n = 0;

	gather_places(s, s->protocol, &given);
	gather_places(s, NULL, &chosen);
	if (chosen.protocol != s->protocol)
		problem(s, "chosen: %s",
			chosen.protocol ? chosen.protocol->name : "none");
	else if (chosen.messages != given.messages || chosen.n != given.n ||
		 memcmp(chosen.of, given.of, given.n * sizeof(given.of[0])) !=
			 0)
		problem(s, "the bytes alone give something else");
	s->tally->compared++;
	json_array_foreach(decoded, i, want)
	{
		if (!json_object_get(want, "lat"))
			continue;
		if (n < given.n)
			s->tally->exact += compare_place(s, &given.of[n], want);
		n++;
	}
	s->tally->positions += (unsigned)n;
	if (n != given.n)
		problem(s, "%zu positions, not %zu", given.n, n);
}

static void check_message(const struct sample *s)
{
	s->tally->records++;
	if (!json_is_true(json_object_get(s->record, "stream_ok")))
		return;
	s->tally->streams++;
	check_framing(s);
	if (is_plain(s->record))
		check_places(s);
}

/* Theirs is what is left of a message without what ends it and escapes. */
static void check_frames(const struct sample *s)
{
	const json_t *frames = json_object_get(s->record, "first_frames_hex"),
		     *frame;
	static uint8_t theirs[1 << 16];
	uint64_t seed = 6;
	struct seen *seen =
		feed_flow(s->protocol, BASE_CLIENT, s->bytes, 0, &seed);
	size_t i;

	s->tally->frames++;
	json_array_foreach(frames, i, frame)
	{
		const struct base_span want =
			from_hex(frame, theirs, sizeof(theirs));
		const uint8_t *got;

		if (i >= seen->n) {
			problem(s, "frame %zu of %zu", i, seen->n);
			break;
		}
		got = seen->bytes + seen->m[i].at;
		if (memchr(got, 0x7d, seen->m[i].len)
			    ? seen->m[i].len <= want.len
			    : !memmem(got, seen->m[i].len, want.ptr, want.len))
			problem(s, "frame %zu has %zu bytes, not %zu", i,
				seen->m[i].len, want.len);
	}
	free(seen);
}

static void check_command(const struct sample *s)
{
	uint64_t seed = 7;
	struct seen *seen =
		feed_flow(s->protocol, BASE_SERVER, s->bytes, 0, &seed);

	s->tally->commands++;
	if (seen->n != 1 || seen->counts.skipped) {
		problem(s, "command: %zu messages, %u bytes skipped", seen->n,
			(unsigned)seen->counts.skipped);
	} else {
		if (seen->m[0].length == TRACK_CHECK_WRONG ||
		    seen->m[0].checksum == TRACK_CHECK_WRONG)
			problem(s, "command: wrong length or checksum");
		if (seen->m[0].type != TRACK_TYPE_COMMAND &&
		    seen->m[0].type != TRACK_TYPE_REPLY &&
		    seen->m[0].type != TRACK_TYPE_MEDIA)
			problem(s, "command: %s is %s", seen->m[0].keyword,
				track_type_name(seen->m[0].type));
	}
	free(seen);
}

static void print_table(void)
{
	const struct track_protocol *const *table = track_protocols();

	(void)printf("%-10s %7s %8s %9s %7s %7s %8s %8s\n", "protocol",
		     "records", "messages", "positions", "exact", "frames",
		     "commands", "problems");
	for (size_t i = 0; table[i]; i++) {
		const struct tally *t = &tallies[i];

		(void)printf("%-10s %7u %8u %9u %7u %7u %8u %8u\n",
			     table[i]->name, t->records, t->messages,
			     t->positions, t->exact, t->frames, t->commands,
			     t->problems);
	}
}

static void corpus(void **state)
{
	const struct track_protocol *const *table = track_protocols();
	unsigned problems = 0;

	(void)state;
	for (size_t i = 0; table[i]; i++) {
		struct tally *t = &tallies[i];

		each_record(table[i], t, "jsonl", "wire_hex", check_message);
		each_record(table[i], t, "frames.jsonl", "stream_hex",
			    check_frames);
		each_record(table[i], t, "commands.jsonl", "hex",
			    check_command);
		if (!t->records)
			fail_msg("%s: no records", table[i]->name);
		problems += t->problems;
	}
	print_table();
	assert_int_equal(problems, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(corpus) };

	return event_test_run(tests);
}
