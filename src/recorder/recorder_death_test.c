/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * recorder_death_test.c - a recorder dies anywhere, and nothing shows it
 *
 * A script (recorder_script_test.h) is written into two rings. A recorder reads
 * along and dies, at every point of base_die.h that it has and at several
 * passes of each, or of a SIGKILL at any moment; successors go on. At the end
 * the files, the store and the counters must be just what they are when nobody
 * dies.
 */
#include "base_die.h"
#include "recorder_script_test.h"
#include "recorder_sql_test.h"

/* Moves event file and errors.log away, as logrotate does without `create`. */
static void rotate(struct script *s)
{
	static const char *const names[] = { "events", "json", "errors.log" };
	char from[128], to[128];

	for (size_t i = 0; i < WS_ARRAY_LEN(names); i++) {
		(void)snprintf(from, sizeof(from), "%s/%s", s->lab->dir,
			       names[i]);
		(void)snprintf(to, sizeof(to), "%s/%s.%u", s->lab->dir,
			       names[i], s->rotations);
		if (rename(from, to) < 0)
			assert_int_equal(errno, ENOENT);
	}
	s->rotations++;
}

/* Has it died? Then the next one takes over. */
static bool replaced(struct script *s, int flags)
{
	struct lab *lab = s->lab;
	int status;
	const pid_t pid = waitpid(lab->recorder, &status, flags);

	if (pid == 0)
		return false;
	assert_int_equal(pid, lab->recorder);
	base_fd_close(&lab->channel);
	if (WIFEXITED(status)) {
		assert_int_equal(WEXITSTATUS(status), 0);
		return false;
	}
	assert_int_equal(WTERMSIG(status), SIGKILL);
	s->deaths++;
	if (s->rotates)
		rotate(s);
	start(lab);
	return true;
}

static void kick(struct script *s)
{
	for (unsigned i = 0; i < s->lab->n_rings; i++)
		ring_tap_kick(&s->lab->taps[i]);
}

/* Until all that was written is read, by whomever. */
static void await_read(struct script *s)
{
	const uint64_t limit =
		base_time_mono_ms() + BASE_TEST_LIMIT_S * 1000ULL;

	kick(s);
	for (unsigned i = 0; i < s->lab->n_rings;) {
		const struct ring_map *m = &s->lab->maps[i];

		if (atomic_load(&m->cursors[RING_READER_RECORDER]->read) ==
		    atomic_load(&m->control->head)) {
			i++;
			continue;
		}
		assert_true(base_time_mono_ms() < limit);
		if (!replaced(s, WNOHANG))
			(void)sched_yield(); /* cannot fail on Linux */
	}
}

/* Until all that was read is given back, too: no message is half there. */
static void await_given(struct script *s)
{
	const uint64_t limit =
		base_time_mono_ms() + BASE_TEST_LIMIT_S * 1000ULL;

	for (unsigned i = 0; i < s->lab->n_rings;) {
		const struct ring_map *m = &s->lab->maps[i];

		if (atomic_load(&m->cursors[RING_READER_RECORDER]->pos) ==
		    atomic_load(&m->control->head)) {
			i++;
			continue;
		}
		assert_true(base_time_mono_ms() < limit);
		if (!replaced(s, WNOHANG))
			(void)sched_yield(); /* cannot fail on Linux */
	}
}

/* Many bytes of a flow that nobody records. */
static void fill(struct script *s, unsigned ring, unsigned n)
{
	static const char text[4096];
	struct ring_slot *table = &s->lab->maps[ring].slots[FLOWS];
	const struct ring_entry open = { .type = RING_ENTRY_OPEN,
					 .len = sizeof(*table),
					 .slot = FLOWS,
					 .serial = 1,
					 .time_ns = s->now_ns };
	struct ring_entry e = { .type = RING_ENTRY_DATA,
				.len = sizeof(text),
				.slot = FLOWS,
				.serial = 1,
				.time_ns = s->now_ns };

	if (!table->serial) {
		table->serial = 1;
		table->state = RING_STATE_OPEN;
		table->capture = CONF_CAPTURE_NONE;
		table->observe = CONF_OBSERVE_NONE;
		put(s, ring, &open, table);
	}
	for (; n; n--) {
		e.offset = s->filled[ring];
		put(s, ring, &e, text);
		s->filled[ring] += sizeof(text);
	}
}

/* With all given back, a burst lets the ring jump, and each is larger than the
 * one before: what is committed behind the jump is further from the cursor,
 * which still stands before it, than the ring is long. It must be in one batch,
 * so the recorder stands still. */
static void burst(struct script *s)
{
	await_read(s);
	await_given(s);
	kick(s);
	/* one that is dead does not mind */
	assert_int_equal(kill(s->lab->recorder, SIGSTOP), 0);
	s->bursts++;
	for (unsigned i = 0; i < LAB_RINGS_MAX; i++) {
		fill(s, i, 20 * s->bursts);
		assert_true(s->bursts < 2 ||
			    atomic_load(&s->lab->maps[i].control->rewind_to));
	}
	for (int i = 0; i < 8; i++)
		step(s);
	assert_int_equal(kill(s->lab->recorder, SIGCONT), 0);
}

static void stop_last(struct script *s)
{
	do {
		/* one that is dead already does not hear it */
		(void)!role_channel_say(s->lab->channel, ROLE_STOP);
	} while (replaced(s, 0));
}

static struct script *script_new(uint64_t seed)
{
	struct script *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->lab = lab_new(LAB_RINGS_MAX, LAB_SLOTS);
	(void)snprintf(s->lab->conf->events[1], CONF_PATH_LEN, "%s/json",
		       s->lab->dir);
	s->lab->conf->events_format[1] = CONF_EVENT_FORMAT_JSON;
	s->lab->conf->n_events = 2;
	lab_store(s->lab, 5);
	s->random = seed;
	s->now_ns = NOW;
	return s;
}

static void script_free(struct script *s)
{
	for (size_t i = 0; i < s->n_truths; i++) {
		free(s->truths[i].capture);
		free(s->truths[i].events);
		free(s->truths[i].json);
	}
	lab_free(s->lab);
	free(s);
}

static char *read_file(const struct lab *lab, const char *name, size_t *len)
{
	char path[160], *text;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", lab->dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	*len = 0;
	if (fd < 0)
		return NULL;
	assert_int_equal(base_fd_read_all(fd, 1 << 24, &text, len), 0);
	base_fd_close(&fd);
	return text;
}

/* A file with all that was rotated away, oldest first. */
static char *read_rotated(const struct script *s, const char *name)
{
	char *all = calloc(1, 1), *text, old[64];
	size_t all_len = 0, len;

	assert_non_null(all);
	for (unsigned i = 0; i <= s->rotations; i++) {
		(void)snprintf(old, sizeof(old), "%s.%u", name, i);
		text = read_file(s->lab, i < s->rotations ? old : name, &len);
		if (!text)
			continue;
		/* no file ends in half a line */
		assert_true(len == 0 || text[len - 1] == '\n');
		append(&all, &all_len, text, len);
		free(text);
	}
	return all;
}

/* The lines of `all` that hold `key`, in their order. */
static char *lines_with(const char *all, const char *key)
{
	char *found = calloc(1, 1);
	size_t len = 0;

	assert_non_null(found);
	for (const char *p = all; *p;) {
		const size_t n = strcspn(p, "\n") + 1;
		const char *hit = memmem(p, n, key, strlen(key));

		if (hit)
			append(&found, &len, p, n);
		p += n;
	}
	return found;
}

/* Of JSON lines: what comes before the direction, and the payload. */
static char *heads_of(const char *lines)
{
	static const char to[] = ",\"direction\"", from[] = "\"payload\":\"";
	char *heads = calloc(1, 1);
	size_t len = 0;

	assert_non_null(heads);
	for (const char *p = lines; *p; p += strcspn(p, "\n") + 1) {
		const char *head_end = strstr(p, to);
		const char *payload = strstr(p, from);

		assert_non_null(head_end);
		assert_non_null(payload);
		payload += sizeof(from) - 1;
		append(&heads, &len, p, (size_t)(head_end - p));
		append(&heads, &len, "|", 1);
		append(&heads, &len, payload, strcspn(payload, "\""));
		append(&heads, &len, "\n", 1);
	}
	return heads;
}

static void check_json(const struct truth *t, const char *json)
{
	char key[64], id[32], *lines, *heads;

	name_of(t, id);
	(void)snprintf(key, sizeof(key), "\"connection_id\":\"%s\"", id);
	lines = lines_with(json, key);
	heads = heads_of(lines);
	assert_string_equal(heads, t->json ? t->json : "");
	free(heads);
	free(lines);
}

static const struct truth *truth_of(const struct script *s, int64_t flow)
{
	for (size_t i = 0; i < s->n_truths; i++) {
		if ((int64_t)s->truths[i].flow_id == flow)
			return &s->truths[i];
	}
	return NULL;
}

static void check_flows(const struct script *s)
{
	sqlite3 *db;
	sqlite3_stmt *st =
		sql_query(s->lab, &db,
			  "SELECT id, opened, closed, client, server,"
			  " connection_id, reason, client_bytes, server_bytes"
			  " FROM flows WHERE id != 0");
	size_t n = 0;

	for (; sqlite3_step(st) == SQLITE_ROW; n++) {
		const struct truth *t =
			truth_of(s, sqlite3_column_int64(st, 0));
		char id[32];

		assert_non_null(t);
		name_of(t, id);
		assert_int_equal(sqlite3_column_int64(st, 1),
				 t->opened_ns / 1000000);
		assert_int_equal(sqlite3_column_int64(st, 2),
				 t->error_ns / 1000000);
		assert_string_equal(sqlite3_column_text(st, 3),
				    "192.0.2.10:4711");
		assert_string_equal(sqlite3_column_text(st, 4),
				    "198.51.100.7:7700");
		assert_string_equal(sqlite3_column_text(st, 5), id);
		assert_string_equal(sqlite3_column_text(st, 6), t->reason);
		for (int i = 0; i < RING_SIDES; i++)
			assert_int_equal(sqlite3_column_int64(st, 7 + i),
					 t->bytes[i]);
	}
	sql_done(db, st);
	assert_int_equal(n, s->n_truths);
}

static void check_store(const struct script *s)
{
	/* as the JSON file has them, in the order of their numbers */
	char *events =
		sql_lines(s->lab, "SELECT event FROM events ORDER BY id");

	for (size_t i = 0; i < s->n_truths; i++)
		check_json(&s->truths[i], events);
	free(events);
	check_flows(s);
	assert_int_equal(sql_number(s->lab, "SELECT count(*) FROM events"),
			 s->events);
	assert_int_equal(sql_number(s->lab, "SELECT max(id) FROM events"),
			 s->events);
	assert_int_equal(sql_number(s->lab, "SELECT count(*) FROM positions"),
			 count(s->lab, STAT_POSITIONS));
	/* all flows are of the same device */
	assert_int_equal(
		sql_number(s->lab, "SELECT total(events) FROM devices"),
		sql_number(s->lab, "SELECT count(*) FROM events"
				   " WHERE direction = 'client'"));
	assert_int_equal(count(s->lab, STAT_STORED), s->events);
	assert_int_equal(count(s->lab, STAT_STORE_LOST), 0);
	assert_int_equal(count(s->lab, STAT_STORE_RETRIES), 0);
	assert_int_equal(count(s->lab, STAT_STORE_EXPIRED), 0);
}

/* Counters of what messages hold, against the events. */
static void check_counts(const struct script *s, const char *json)
{
	static const struct {
		enum stat_id id;
		const char *has;
	} rows[] = {
		{ STAT_POSITIONS, "\"positions\":[{" },
		{ STAT_UNKNOWN_MESSAGES, "\"type\":\"unknown\"" },
	};

	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		uint64_t n = 0;

		for (const char *p = json; (p = strstr(p, rows[i].has)); p++)
			n++;
		assert_true(n > 0 || s->jumps);
		assert_int_equal(count(s->lab, rows[i].id), n);
	}
}

static void check_flow(const struct script *s, const struct truth *t,
		       const char *events, const char *errors)
{
	char id[32], key[80], name[96], want[256], when[32], *got;
	size_t len;

	name_of(t, id);
	(void)snprintf(name, sizeof(name), "%s_192.0.2.10.log", id);
	got = read_file(s->lab, name, &len);
	if (!t->captured) {
		assert_null(got);
	} else {
		assert_non_null(got);
		assert_int_equal(len, t->capture_len);
		assert_memory_equal(got, t->capture ? t->capture : "", len);
	}
	free(got);

	(void)snprintf(key, sizeof(key), "\t%s\t", id);
	got = lines_with(events, key);
	assert_string_equal(got, t->events ? t->events : "");
	free(got);

	(void)snprintf(key, sizeof(key), "conn=%s ", id);
	got = lines_with(errors, key);
	stamp(t->error_ns, when);
	(void)snprintf(want, sizeof(want),
		       "%s\t%sclient=192.0.2.10:4711 "
		       "remote=198.51.100.7:7700\t%s\n",
		       when, key, t->error ? t->error : "");
	assert_string_equal(got, t->error ? want : "");
	free(got);
}

static void check(const struct script *s)
{
	char *events = read_rotated(s, "events");
	char *errors = read_rotated(s, "errors.log");
	char *json = read_rotated(s, "json");

	for (size_t i = 0; i < s->n_truths; i++) {
		check_flow(s, &s->truths[i], events, errors);
		check_json(&s->truths[i], json);
	}
	check_counts(s, json);
	free(json);
	free(events);
	free(errors);
	check_store(s);
	assert_int_equal(count(s->lab, STAT_EVENTS), s->events);
	assert_int_equal(count(s->lab, STAT_CAPTURE_BYTES), s->capture_bytes);
	assert_int_equal(count(s->lab, STAT_GAP_BYTES), s->gap_bytes);
	assert_int_equal(count(s->lab, STAT_SKIPPED_BYTES), s->skipped);
	assert_int_equal(count(s->lab, STAT_LENGTH_WRONG), 0);
	assert_int_equal(count(s->lab, STAT_CAPTURE_LOST_BYTES), 0);
	assert_int_equal(count(s->lab, STAT_EVENTS_LOST), 0);
	assert_int_equal(count(s->lab, STAT_UNKNOWN_FLOWS), 0);
	assert_int_equal(count(s->lab, STAT_NONSENSE), 0);
	assert_int_equal(count(s->lab, STAT_DECODER_DEATHS), 0);
}

/* Half a script. Rings jump only while a recorder reads them. */
static void go_on(struct script *s)
{
	if (s->jumps) {
		for (int i = 0; i < 4 && s->lab->recorder; i++)
			burst(s);
		return;
	}
	for (int i = 0; i < STEPS; i++)
		step(s);
}

enum manner {
	PLAIN,
	ROTATING,
	JUMPING,
};

/* Two halves, so that a recorder meets messages that the last one began.
 * Return: how often it died. */
static unsigned play(const char *die, enum manner manner)
{
	struct script *s = script_new(1);
	unsigned deaths;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("WAYSIDE_DIE", die, 1), 0);
	assert_true(base_die_init());
	s->rotates = manner == ROTATING;
	s->jumps = manner == JUMPING;
	go_on(s);
	start(s->lab);
	await_read(s);
	go_on(s);
	end_all(s);
	await_read(s);
	stop_last(s);
	check(s);
	deaths = s->deaths;
	script_free(s);
	return deaths;
}

static void nobody_dies(void **state)
{
	(void)state;
	assert_int_equal(play("", PLAIN), 0);
}

/* Every point of the recorder, at its 1st, 2nd and 3rd pass, and `times` as
 * late again and again, until there are no more passes. */
static void at_each_point(unsigned times, enum manner manner)
{
	for (int p = BASE_DIE_RECORDER_READ; p <= BASE_DIE_RECORDER_CUT; p++) {
		/* a file has to be left too long before it can be cut */
		const bool cut = p == BASE_DIE_RECORDER_CUT;
		const unsigned before = cut ? 1 : 0;
		unsigned passes = 0;
		char die[128];

		for (unsigned n = 1;; n = n < 3 ? n + 1 : n * times) {
			(void)snprintf(die, sizeof(die), "%s%s=%u",
				       cut ? "recorder.flushed=2," : "",
				       base_die_name((enum base_die_point)p),
				       n);
			if (play(die, manner) == before)
				break;
			passes++;
		}
		assert_true(passes > 0);
		print_message("%s: %u passes\n",
			      base_die_name((enum base_die_point)p), passes);
	}
}

static void dies_at_each_point(void **state)
{
	(void)state;
	at_each_point(2, PLAIN);
}

static void dies_at_each_point_while_files_are_rotated(void **state)
{
	(void)state;
	at_each_point(4, ROTATING);
}

/* Each of the few commits may be the one behind a jump. */
static void dies_at_each_commit_while_the_rings_jump(void **state)
{
	(void)state;
	for (int p = BASE_DIE_RECORDER_NOTED; p <= BASE_DIE_RECORDER_RELEASED;
	     p++) {
		unsigned n = 0, deaths;
		char die[64];

		do {
			(void)snprintf(die, sizeof(die), "%s=%u",
				       base_die_name((enum base_die_point)p),
				       ++n);
			deaths = play(die, JUMPING);
		} while (deaths);
		/* a burst ends in one */
		assert_true(n > 4);
		print_message("%s: %u passes\n",
			      base_die_name((enum base_die_point)p), n - 1);
	}
}

static void dies_again_and_again(void **state)
{
	(void)state;
	assert_int_equal(play("recorder.read=100,recorder.framed=300,"
			      "capture.half=7,events.half=2,"
			      "recorder.noted=3,recorder.committed=5,"
			      "store.begun=2,store.inserted=3,"
			      "store.committed=4,"
			      "recorder.released=4,recorder.flushed=6,"
			      "capture.written=40,recorder.cut=3",
			      PLAIN),
			 13);
}

static void killed_at_any_moment(void **state)
{
	struct script *s = script_new(7);

	(void)state;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("WAYSIDE_DIE", "", 1), 0);
	assert_true(base_die_init());
	start(s->lab);
	while (s->deaths < 50) {
		const uint64_t until =
			base_time_wall_ns() + draw(s, 2000) * 1000ULL;

		for (uint32_t i = draw(s, 60); i; i--)
			step(s);
		kick(s);
		/* not a wait for anything: it is somewhere in its work */
		while (base_time_wall_ns() < until)
			(void)sched_yield(); /* cannot fail on Linux */
		assert_int_equal(kill(s->lab->recorder, SIGKILL), 0);
		assert_true(replaced(s, 0));
	}
	end_all(s);
	await_read(s);
	stop_last(s);
	check(s);
	assert_int_equal(s->deaths, 50);
	script_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_dies),
		cmocka_unit_test(dies_at_each_point),
		cmocka_unit_test(dies_at_each_point_while_files_are_rotated),
		cmocka_unit_test(dies_at_each_commit_while_the_rings_jump),
		cmocka_unit_test(dies_again_and_again),
		cmocka_unit_test(killed_at_any_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
