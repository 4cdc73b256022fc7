/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * recorder_fault_test.c - what goes wrong around a recorder, and in it
 *
 * The decoder is linked through --wrap: it crashes on bytes that say KILL, as a
 * decoder with a bug would.
 */
#include "base_die.h"
#include "recorder_test.h"
#include "track_flow.h"

int __real_track_flow_feed(struct track_flow *f, enum base_direction d,
			   const struct track_chunk *chunk,
			   const struct track_out *out);
void __real_track_flow_expire(struct track_flow *f, uint64_t now_ns,
			      const struct track_out *out);
void __real_track_flow_end(struct track_flow *f, const struct track_out *out);
int __wrap_track_flow_feed(struct track_flow *f, enum base_direction d,
			   const struct track_chunk *chunk,
			   const struct track_out *out);
void __wrap_track_flow_expire(struct track_flow *f, uint64_t now_ns,
			      const struct track_out *out);
void __wrap_track_flow_end(struct track_flow *f, const struct track_out *out);

/* Where the bug is; for the recorders started afterwards. */
static enum {
	BUG_IN_FEED,
	BUG_IN_EXPIRE,
	BUG_IN_END
} bug;

static void crash_on(const void *text, size_t len)
{
	if (len && memmem(text, len, "KILL", 4))
		abort();
}

static void crash_on_held(const struct track_flow *f)
{
	for (int d = 0; d < BASE_DIRECTIONS; d++)
		crash_on(f->streams[d].held, f->streams[d].len);
}

int __wrap_track_flow_feed(struct track_flow *f, enum base_direction d,
			   const struct track_chunk *chunk,
			   const struct track_out *out)
{
	if (bug == BUG_IN_FEED)
		crash_on(chunk->bytes.ptr, chunk->bytes.len);
	return __real_track_flow_feed(f, d, chunk, out);
}

void __wrap_track_flow_expire(struct track_flow *f, uint64_t now_ns,
			      const struct track_out *out)
{
	if (bug == BUG_IN_EXPIRE)
		crash_on_held(f);
	__real_track_flow_expire(f, now_ns, out);
}

void __wrap_track_flow_end(struct track_flow *f, const struct track_out *out)
{
	if (bug == BUG_IN_END)
		crash_on_held(f);
	__real_track_flow_end(f, out);
}

/* Runs recorders until one of them stops as it is told. Return: how many
 * crashed before. */
static int crashes(struct lab *lab)
{
	int n = 0, status;

	for (lab->crashed = false;; n++, lab->crashed = true) {
		start(lab);
		/* one that has crashed already does not hear it */
		(void)!role_channel_say(lab->channel, ROLE_STOP);
		status = wait_for(lab->recorder);
		base_fd_close(&lab->channel);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			return n;
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
		assert_true(n < 20);
	}
}

#define BAD       "[3G*1234567890*0004*KILL]" /* 25 bytes */
#define LINE(n)   STAMP "\tclient\t192.0.2.10\t" ID n "\t" LK "\n"
#define RECORD(t) STAMP "\tclient\t" t "\n"

static void what_kills_the_decoder_twice_is_kept_raw(void **state)
{
	struct lab *lab = *state;

	bug = BUG_IN_FEED;
	for (uint32_t i = 0; i < 2; i++) {
		flow(lab, i, i);
		hint(lab, i, RING_ENTRY_OPEN, 0, 0);
	}
	bytes(lab, 0, RING_CLIENT, 0, LK);
	bytes(lab, 1, RING_CLIENT, 0, LK);
	bytes(lab, 0, RING_CLIENT, 23, BAD);
	bytes(lab, 1, RING_CLIENT, 23, LK);
	bytes(lab, 0, RING_CLIENT, 48, LK);
	assert_int_equal(crashes(lab), 2);
	assert_file(lab, ID "_192.0.2.10.log",
		    RECORD(LK) RECORD(BAD) RECORD(LK));
	assert_file(lab, ID "-2_192.0.2.10.log", RECORD(LK) RECORD(LK));
	assert_file(lab, "events", LINE("") LINE("-2") LINE("-2") LINE(""));
	assert_int_equal(count(lab, STAT_DECODER_DEATHS), 1);
	assert_int_equal(count(lab, STAT_EVENTS), 4);
	assert_int_equal(count(lab, STAT_SKIPPED_BYTES), 25);
	assert_int_equal(count(lab, STAT_GAP_BYTES), 0);
	assert_int_equal(count(lab, STAT_CAPTURE_BYTES), 4 * 23 + 25);
}

/* More of them than there is room for suspects. */
static void each_bad_entry_costs_two_deaths(void **state)
{
	struct lab *lab = *state;

	bug = BUG_IN_FEED;
	flow(lab, 0, 0);
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	for (uint64_t i = 0; i < 6; i++)
		bytes(lab, 0, RING_CLIENT, i * 25, BAD);
	bytes(lab, 0, RING_CLIENT, 150, LK);
	assert_int_equal(crashes(lab), 12);
	assert_int_equal(count(lab, STAT_DECODER_DEATHS), 6);
	assert_file(lab, "events", LINE(""));
}

/* Half a message of an entry that is read again by each successor. */
static void a_bad_entry_behind_half_a_message(void **state)
{
	struct lab *lab = *state;

	bug = BUG_IN_FEED;
	flow(lab, 0, 0);
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, "[3G*1234567890*00");
	bytes(lab, 0, RING_CLIENT, 17, "04*KILL]");
	bytes(lab, 0, RING_CLIENT, 25, LK);
	assert_int_equal(crashes(lab), 2);
	assert_file(lab, "events", LINE(""));
	/* neither half is a message */
	assert_int_equal(count(lab, STAT_SKIPPED_BYTES), 25);
}

/* A message whose length says more: silence would complete it. */
#define BAD_SHORT "[3G*1234567890*0010*KILL]"

static void a_bad_silence_drops_what_is_held(void **state)
{
	struct lab *lab = *state;

	bug = BUG_IN_EXPIRE;
	flow(lab, 0, 0);
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, BAD_SHORT); /* long ago */
	assert_int_equal(crashes(lab), 2);
	assert_file(lab, "events", "");
	assert_file(lab, ID "_192.0.2.10.log", RECORD(BAD_SHORT));
	assert_int_equal(count(lab, STAT_DECODER_DEATHS), 1);
	assert_int_equal(count(lab, STAT_SKIPPED_BYTES), 25);
}

/* In one round, and more than there is room for suspects. */
static void each_bad_silence_costs_two_deaths(void **state)
{
	struct lab *lab = *state;

	bug = BUG_IN_EXPIRE;
	for (uint32_t i = 0; i < 6; i++) {
		flow(lab, i, i)->capture = CONF_CAPTURE_NONE;
		hint(lab, i, RING_ENTRY_OPEN, 0, 0);
		bytes(lab, i, RING_CLIENT, 0, BAD_SHORT);
	}
	assert_int_equal(crashes(lab), 12);
	assert_int_equal(count(lab, STAT_DECODER_DEATHS), 6);
	assert_int_equal(count(lab, STAT_SKIPPED_BYTES), 6 * 25);
}

/* The same at a stop, when all flows end. */
static void each_bad_stop_costs_two_deaths(void **state)
{
	struct lab *lab = *state;

	bug = BUG_IN_END;
	for (uint32_t i = 0; i < 6; i++) {
		flow(lab, i, i)->capture = CONF_CAPTURE_NONE;
		hint(lab, i, RING_ENTRY_OPEN, 0, 0);
		bytes(lab, i, RING_CLIENT, 0, "[3G*1234567890*0010*KILL");
		/* what did not come into the ring is counted once, too */
		lab->maps[0].slots[i].flags = RING_SLOT_OBSERVED;
		lab->maps[0].slots[i].dir[RING_CLIENT].bytes_in = 24 + 100;
	}
	assert_int_equal(crashes(lab), 12);
	assert_int_equal(count(lab, STAT_DECODER_DEATHS), 6);
	assert_int_equal(count(lab, STAT_SKIPPED_BYTES), 6 * 24);
	assert_int_equal(count(lab, STAT_GAP_BYTES), 6 * 100);
}

static void a_bad_end_drops_what_is_held(void **state)
{
	struct lab *lab = *state;

	bug = BUG_IN_END;
	flow(lab, 0, 0);
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, "[3G*1234567890*0010*KILL");
	hint(lab, 0, RING_ENTRY_CLOSE, RING_CLOSE_CLIENT_RESET, 104);
	assert_int_equal(crashes(lab), 2);
	assert_int_equal(count(lab, STAT_DECODER_DEATHS), 1);
	assert_int_equal(count(lab, STAT_SKIPPED_BYTES), 24);
	assert_file(lab, "errors.log",
		    STAMP "\tconn=" ID " client=192.0.2.10:4711 "
			  "remote=198.51.100.7:7700\tBroken connection (client "
			  "side) (errno=104: Connection reset by peer)\n");
}

/* Somebody ended the recorder while it decoded: that is no crash. */
static void a_killed_recorder_suspects_nothing(void **state)
{
	struct lab *lab = *state;

	bug = BUG_IN_FEED;
	flow(lab, 0, 0);
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, BAD);
	for (int i = 0; i < 4; i++) {
		lab->crashed = false;
		start(lab);
		/* one that passes it over would live, and stop */
		(void)!role_channel_say(lab->channel, ROLE_STOP);
		assert_true(WIFSIGNALED(wait_for(lab->recorder)));
		base_fd_close(&lab->channel);
	}
	assert_int_equal(crashes(lab), 2);
	assert_int_equal(count(lab, STAT_DECODER_DEATHS), 1);
}

static void fill(struct lab *lab, uint32_t slot, uint64_t from, size_t n,
		 char text[static 4097])
{
	memset(text, 'x', 4096);
	text[4096] = '\0';
	for (size_t i = 0; i < n; i++)
		bytes(lab, slot, RING_CLIENT, from + i * 4096, text);
}

static void half_a_message_holds_the_ring_back(void **state)
{
	struct lab *lab = *state;
	uint64_t at;
	char text[4097];

	flow(lab, 0, 0);
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	flow(lab, 1, 1)->observe = CONF_OBSERVE_NONE;
	hint(lab, 1, RING_ENTRY_OPEN, 0, 0);
	at = atomic_load(&lab->maps[0].control->head);
	bytes(lab, 0, RING_CLIENT, 0, "[3G*1234567890*0002");
	fill(lab, 1, 0, 20, text);
	start(lab);
	lab_await_given(lab, at);
	kill_it(lab);
	bytes(lab, 0, RING_CLIENT, 19, "*LK]");
	start(lab);
	lab_await_given(lab, atomic_load(&lab->maps[0].control->head));
	stop(lab);
	assert_file(lab, "events", LINE(""));
	assert_int_equal(count(lab, STAT_SKIPPED_BYTES), 0);
	assert_int_equal(count(lab, STAT_CAPTURE_BYTES), 23 + 20 * 4096);
}

/* 70 entries of 4160 bytes are more than the quarter of 1 MiB. */
static void but_never_more_than_a_quarter_of_it(void **state)
{
	struct lab *lab = *state;
	char text[4097];

	flow(lab, 0, 0);
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	flow(lab, 1, 1)->observe = CONF_OBSERVE_NONE;
	hint(lab, 1, RING_ENTRY_OPEN, 0, 0);
	flow(lab, 2, 2);
	hint(lab, 2, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, "[3G*1234567890*0002");
	bytes(lab, 2, RING_CLIENT, 0, "[3G*12345");
	fill(lab, 1, 0, 70, text);
	start(lab);
	lab_await_given(lab, atomic_load(&lab->maps[0].control->head));
	/* this recorder still has it */
	kill_it(lab);
	/* the next one does not: the rest is no message */
	bytes(lab, 0, RING_CLIENT, 19, "*LK]");
	bytes(lab, 0, RING_CLIENT, 23, LK);
	hint(lab, 2, RING_ENTRY_CLOSE, RING_CLOSE_NORMAL, 0);
	start(lab);
	stop(lab);
	assert_file(lab, "events", LINE(""));
	assert_file(lab, ID "_192.0.2.10.log",
		    RECORD("[3G*1234567890*0002") RECORD("*LK]") RECORD(LK));
	/* nor is what the other flow had begun, which ends now */
	assert_int_equal(count(lab, STAT_SKIPPED_BYTES), 23 + 9);
	assert_int_equal(count(lab, STAT_GAP_BYTES), 0);
	assert_int_equal(count(lab, STAT_EVENTS), 1);
}

/* No entry tells the successor of it, and its CLOSE found no room. */
static void a_quiet_flow_is_taken_over(void **state)
{
	struct lab *lab = *state;
	struct ring_slot *s = flow(lab, 0, 0);

	s->flags = RING_SLOT_OBSERVED;
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, LK);
	start(lab);
	lab_await_read(lab);
	kill_it(lab);
	s->dir[RING_CLIENT].bytes_in = 1023;
	ring_slot_free(s);
	start(lab);
	stop(lab);
	assert_int_equal(count(lab, STAT_GAP_BYTES), 1000);
}

/* 300 bytes that no protocol wants: more than are probed. */
#define TEN   "----------"
#define NOISE TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define N300  NOISE NOISE NOISE

static void the_choice_of_a_protocol_outlives_its_recorder(void **state)
{
	struct lab *lab = *state;

	for (uint32_t i = 0; i < 2; i++) {
		flow(lab, i, i);
		hint(lab, i, RING_ENTRY_OPEN, 0, 0);
	}
	bytes(lab, 0, RING_CLIENT, 0, LK);   /* chosen */
	bytes(lab, 1, RING_CLIENT, 0, N300); /* given up */
	start(lab);
	lab_await_read(lab);
	kill_it(lab);
	/* the other direction is framed, and noise in it is no answer */
	bytes(lab, 0, RING_SERVER, 0, N300);
	bytes(lab, 0, RING_SERVER, 300, LK);
	/* a message comes too late for a direction that was given up */
	bytes(lab, 1, RING_CLIENT, 300, LK);
	start(lab);
	stop(lab);
	assert_file(lab, "events",
		    LINE("") STAMP "\tserver\t192.0.2.10\t" ID "\t" LK "\n");
	assert_int_equal(count(lab, STAT_SKIPPED_BYTES), 300 + 300 + 23);
}

/* The recorder has said just n times that worker 0 writes nonsense. */
static void assert_nonsense_said(struct lab *lab, int n)
{
	const int flags = fcntl(lab->channel, F_GETFL);
	struct role_message m;

	assert_int_equal(fcntl(lab->channel, F_SETFL, flags | O_NONBLOCK), 0);
	for (; n; n--) {
		assert_int_equal(role_channel_receive(lab->channel, &m, NULL),
				 1);
		assert_int_equal(m.type, ROLE_NONSENSE);
		assert_int_equal(m.worker, 0);
	}
	assert_int_equal(role_channel_receive(lab->channel, &m, NULL), 0);
}

static void a_capture_code_that_is_none_is_nonsense(void **state)
{
	struct lab *lab = *state;

	flow(lab, 0, 0)->observe = 255;
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	flow(lab, 1, 1)->capture = CONF_CAPTURE_MAX;
	hint(lab, 1, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, LK);
	start(lab);
	await_ready(lab);
	lab_await_read(lab);
	/* the second came before anything made sense */
	assert_nonsense_said(lab, 1);
	stop(lab);
	assert_int_equal(count(lab, STAT_NONSENSE), 2);
	assert_file(lab, "events", "");
}

static void nonsense_is_said_once_until_it_makes_sense(void **state)
{
	struct lab *lab = *state;

	start(lab);
	await_ready(lab);
	for (int i = 0; i < 3; i++) {
		struct ring_entry *e;

		if (i == 2) { /* sense between */
			flow(lab, 0, 0);
			bytes(lab, 0, RING_CLIENT, 0, LK);
			lab_await_read(lab);
		}
		flow(lab, 1, 1);
		e = (void *)(lab->maps[0].data +
			     (atomic_load(&lab->maps[0].control->head) &
			      (RING_SIZE_MIN - 1)));
		/* complete before its head is published, as a bad worker's */
		lab->taps[0].head += 64;
		*e = (struct ring_entry){ .type = RING_ENTRY_MAX, .span = 64 };
		atomic_store(&lab->maps[0].control->head, lab->taps[0].head);
		lab_await_read(lab);
	}
	/* the ring is given back before that is said */
	await_count(&lab->maps[0]
			     .cursors[RING_READER_RECORDER]
			     ->stat.v[STAT_NONSENSE],
		    3);
	assert_nonsense_said(lab, 2);
	stop(lab);
	assert_int_equal(count(lab, STAT_NONSENSE), 3);
}

/* The channel takes no more, since the supervisor has not read it. */
static void nonsense_that_could_not_be_said_is_said_later(void **state)
{
	struct lab *lab = *state;
	const struct ring_cursor *mine =
		lab->maps[0].cursors[RING_READER_RECORDER];
	struct role_message m;
	int said = 0;

	flow(lab, 0, 0)->observe = CONF_OBSERVE_NONE;
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	flow(lab, 1, 1)->capture = CONF_CAPTURE_MAX;
	for (uint64_t i = 0; i < 1500; i++) {
		bytes(lab, 0, RING_CLIENT, i, "x"); /* sense between */
		hint(lab, 1, RING_ENTRY_OPEN, 0, 0);
	}
	start(lab);
	await_ready(lab);
	await_count(&mine->stat.v[STAT_NONSENSE], 1500);
	assert_int_equal(fcntl(lab->channel, F_SETFL, O_NONBLOCK), 0);
	for (; role_channel_receive(lab->channel, &m, NULL) == 1; said++)
		assert_int_equal(m.type, ROLE_NONSENSE);
	assert_in_range(said, 1, 1499);
	hint(lab, 1, RING_ENTRY_OPEN, 0, 0);
	lab_await_read(lab);
	await_count(&mine->stat.v[STAT_NONSENSE], 1501);
	assert_nonsense_said(lab, 1);
	stop(lab);
}

/* What a successor of that worker writes lies where the recorder's predecessor
 * had been, and is news all the same. */
static void a_head_that_went_back_hides_nothing(void **state)
{
	struct lab *lab = *state;
	const struct ring_cursor *mine =
		lab->maps[0].cursors[RING_READER_RECORDER];
	uint64_t at;
	char text[4097];

	flow(lab, 0, 0);
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	flow(lab, 1, 1)->observe = CONF_OBSERVE_NONE;
	hint(lab, 1, RING_ENTRY_OPEN, 0, 0);
	at = atomic_load(&lab->maps[0].control->head);
	/* half a message holds the cursor back: its entry is read again */
	bytes(lab, 0, RING_CLIENT, 0, "[3G*1234567890*0002");
	fill(lab, 1, 0, 20, text);
	start(lab);
	lab_await_given(lab, at);
	kill_it(lab);
	start(lab);
	await_ready(lab);
	lab_await_read(lab);
	atomic_store(&lab->maps[0].control->head, 0);
	ring_tap_init(&lab->taps[0], &lab->maps[0]);
	/* not for the first time: a kick for each new head */
	lab->taps[0].readers[RING_READER_RECORDER].kicked = 1;
	ring_tap_kick(&lab->taps[0]);
	await_count(&mine->stat.v[STAT_NONSENSE], 1);
	fill(lab, 1, 20UL * 4096, 10, text);
	stop(lab);
	assert_int_equal(count(lab, STAT_CAPTURE_BYTES), 19 + 30 * 4096);
}

static void limit_descriptors(rlim_t n)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = n;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* What was written and not committed is counted as missing when the ring could
 * not keep it, so it has to go, though no byte follows. */
static void bytes_that_are_counted_as_missing_are_not_there(void **state)
{
	struct lab *lab = *state;
	struct ring_slot *s = flow(lab, 0, 0);

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("WAYSIDE_DIE", "recorder.flushed=2", 1), 0);
	assert_true(base_die_init());
	s->flags = RING_SLOT_OBSERVED;
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, LK);
	start(lab);
	lab_await_read(lab);
	bytes(lab, 0, RING_CLIENT, 23, LK);
	ring_tap_kick(&lab->taps[0]);
	assert_true(WIFSIGNALED(wait_for(lab->recorder)));
	base_fd_close(&lab->channel);
	assert_file(lab, ID "_192.0.2.10.log", RECORD(LK) RECORD(LK));
	/* the worker has left the recorder behind: an odd epoch */
	atomic_store(&lab->maps[0].control->reader_epoch[RING_READER_RECORDER],
		     1);
	s->dir[RING_CLIENT].bytes_in = 46;
	start(lab);
	await_ready(lab);
	hint(lab, 0, RING_ENTRY_CLOSE, RING_CLOSE_NORMAL, 0);
	stop(lab);
	assert_int_equal(count(lab, STAT_GAP_BYTES), 23);
	assert_file(lab, ID "_192.0.2.10.log", RECORD(LK));
	assert_file(lab, "events", LINE(""));
}

#define MANY 10000

/*
 * 300 descriptors are the promise for 64 workers with 8 event files before and
 * 8 after a reload; here is 1 worker with 1 event file, so 63 and 15 less. What
 * does not fit would be lost, and counted.
 */
static void ten_thousand_captures_in_300_descriptors(void **state)
{
	struct lab *lab = lab_new(1, MANY);
	char path[128], *text;
	struct rlimit before;
	size_t len;
	int fd;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit_descriptors(300 - 63 - 15);
	start(lab);
	limit_descriptors(before.rlim_cur);
	for (uint64_t round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < MANY; i++) {
			if (round == 0) {
				flow(lab, i, i)->observe = CONF_OBSERVE_NONE;
				hint(lab, i, RING_ENTRY_OPEN, 0, 0);
			}
			bytes(lab, i, RING_CLIENT, round, "x");
			if (i % 1000 == 0)
				lab_await_read(lab);
		}
	}
	stop(lab);
	assert_int_equal(count(lab, STAT_CAPTURE_LOST_BYTES), 0);
	assert_int_equal(count(lab, STAT_CAPTURE_BYTES), 2 * MANY);
	for (uint32_t i = 1; i < MANY; i++) {
		(void)snprintf(path, sizeof(path),
			       "%s/" ID "-%u_192.0.2.10.log", lab->dir, i + 1);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(base_fd_read_all(fd, 4096, &text, &len), 0);
		assert_string_equal(text, RECORD("x") RECORD("x"));
		free(text);
		base_fd_close(&fd);
	}
	lab_free(lab);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_kills_the_decoder_twice_is_kept_raw),
		CASE(each_bad_entry_costs_two_deaths),
		CASE(a_bad_entry_behind_half_a_message),
		CASE(a_bad_silence_drops_what_is_held),
		CASE(each_bad_silence_costs_two_deaths),
		CASE(each_bad_stop_costs_two_deaths),
		CASE(a_bad_end_drops_what_is_held),
		CASE(a_killed_recorder_suspects_nothing),
		CASE(half_a_message_holds_the_ring_back),
		CASE(but_never_more_than_a_quarter_of_it),
		CASE(a_quiet_flow_is_taken_over),
		CASE(the_choice_of_a_protocol_outlives_its_recorder),
		CASE(a_capture_code_that_is_none_is_nonsense),
		CASE(nonsense_is_said_once_until_it_makes_sense),
		CASE(nonsense_that_could_not_be_said_is_said_later),
		CASE(a_head_that_went_back_hides_nothing),
		CASE(bytes_that_are_counted_as_missing_are_not_there),
		cmocka_unit_test(ten_thousand_captures_in_300_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
