/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder_test.c - ring entries in, files out */
#include "recorder_test.h"

static void records_a_conversation(void **state)
{
	struct lab *lab = *state;

	lab->conf->n_events = 2;
	(void)snprintf(lab->conf->events[1], CONF_PATH_LEN, "%s/more_events",
		       lab->dir);
	flow(lab, 3, 0);
	hint(lab, 3, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 3, RING_CLIENT, 0, "[3G*1234567890");
	bytes(lab, 3, RING_CLIENT, 14, "*0002*LK]");
	bytes(lab, 3, RING_SERVER, 0, LK);
	hint(lab, 3, RING_ENTRY_CLOSE, RING_CLOSE_NORMAL, 0);
	start(lab);
	stop(lab);
	assert_file(lab, ID "_192.0.2.10.log",
		    STAMP "\tclient\t[3G*1234567890\n" STAMP
			  "\tclient\t*0002*LK]\n" STAMP "\tserver\t" LK "\n");
	assert_file(lab, "events",
		    STAMP "\tclient\t192.0.2.10\t" ID "\t" LK "\n" STAMP
			  "\tserver\t192.0.2.10\t" ID "\t" LK "\n");
	assert_file(lab, "more_events",
		    STAMP "\tclient\t192.0.2.10\t" ID "\t" LK "\n" STAMP
			  "\tserver\t192.0.2.10\t" ID "\t" LK "\n");
	/* a normal end is no error */
	assert_file(lab, "errors.log", NULL);
	assert_int_equal(count(lab, STAT_EVENTS), 2);
	assert_int_equal(count(lab, STAT_CAPTURE_BYTES), 46);
	assert_int_equal(count(lab, STAT_GAP_BYTES), 0);
}

/* Each is a record, and the end of a message. */
static void records_datagrams(void **state)
{
	struct lab *lab = *state;

	flow(lab, 3, 0)->transport = RING_TRANSPORT_UDP;
	hint(lab, 3, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 3, RING_CLIENT, 0, "[3G*1234567890");
	bytes(lab, 3, RING_CLIENT, 14, "*0002*LK]");
	bytes(lab, 3, RING_CLIENT, 23, LK LK);
	hint(lab, 3, RING_ENTRY_CLOSE, RING_CLOSE_IDLE, 0);
	start(lab);
	stop(lab);
	assert_file(lab, ID "_192.0.2.10.log",
		    STAMP "\tclient\t[3G*1234567890\n" STAMP
			  "\tclient\t*0002*LK]\n" STAMP "\tclient\t" LK LK
			  "\n");
	assert_file(lab, "events",
		    STAMP "\tclient\t192.0.2.10\t" ID "\t" LK "\n" STAMP
			  "\tclient\t192.0.2.10\t" ID "\t" LK "\n");
	/* silence is its normal end */
	assert_file(lab, "errors.log", NULL);
	assert_int_equal(count(lab, STAT_SKIPPED_BYTES), 23);
	assert_int_equal(count(lab, STAT_GAP_BYTES), 0);
}

static void two_connections_of_one_second_get_two_files(void **state)
{
	struct lab *lab = *state;

	for (uint32_t i = 0; i < 2; i++) {
		flow(lab, i, i);
		hint(lab, i, RING_ENTRY_OPEN, 0, 0);
	}
	bytes(lab, 0, RING_CLIENT, 0, "a");
	bytes(lab, 1, RING_CLIENT, 0, "b");
	start(lab);
	stop(lab);
	assert_file(lab, ID "_192.0.2.10.log", STAMP "\tclient\ta\n");
	assert_file(lab, ID "-2_192.0.2.10.log", STAMP "\tclient\tb\n");
}

static void a_failed_connection_leaves_an_empty_capture_and_a_line(void **state)
{
	struct lab *lab = *state;

	flow(lab, 0, 0);
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	hint(lab, 0, RING_ENTRY_CLOSE, RING_CLOSE_CONNECT_FAILED, ECONNREFUSED);
	start(lab);
	stop(lab);
	assert_file(lab, ID "_192.0.2.10.log", "");
	/* errno 111 on Linux, everywhere but alpha, mips, parisc and sparc */
	assert_file(lab, "errors.log",
		    STAMP "\tconn=" ID " client=192.0.2.10:4711 "
			  "remote=198.51.100.7:7700\tconnect() "
			  "(errno=111: Connection refused)\n");
}

static void a_restarted_recorder_finds_flows_in_the_table(void **state)
{
	struct lab *lab = *state;

	/* the predecessor is killed before it reads anything of the flow but
	 * the OPEN: it was ready, and the cursor stands where it stood */
	flow(lab, 0, 0);
	start(lab);
	await_ready(lab);
	kill_it(lab);
	bytes(lab, 0, RING_CLIENT, 23, LK);
	start(lab);
	stop(lab);
	assert_file(lab, "events",
		    STAMP "\tclient\t192.0.2.10\t" ID "\t" LK "\n");
	/* the 23 bytes before were never in the ring */
	assert_int_equal(count(lab, STAT_GAP_BYTES), 23);
}

static void a_gap_is_counted_exactly_and_spoils_no_later_message(void **state)
{
	struct lab *lab = *state;

	flow(lab, 0, 0);
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, "[3G*1234");
	bytes(lab, 0, RING_CLIENT, 1008, LK);
	bytes(lab, 0, RING_CLIENT, 1031, LK); /* it goes on without a gap */
	start(lab);
	stop(lab);
	assert_int_equal(count(lab, STAT_GAP_BYTES), 1000);
	assert_file(lab, "events",
		    STAMP "\tclient\t192.0.2.10\t" ID "\t" LK "\n" STAMP
			  "\tclient\t192.0.2.10\t" ID "\t" LK "\n");
}

static void entries_of_a_flow_that_is_gone_are_counted(void **state)
{
	struct lab *lab = *state;

	flow(lab, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, LK);
	lab->maps[0].slots[0].serial = 2; /* the slot lives again */
	start(lab);
	stop(lab);
	assert_int_equal(count(lab, STAT_UNKNOWN_FLOWS), 1);
	assert_file(lab, "events", "");
}

static void a_flow_that_ended_unread_is_known_by_its_close(void **state)
{
	struct lab *lab = *state;

	/* its OPEN was read by a recorder that died */
	flow(lab, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, LK);
	hint(lab, 0, RING_ENTRY_CLOSE, RING_CLOSE_NORMAL, 0);
	lab->maps[0].slots[0].serial = 2; /* the slot lives again */
	start(lab);
	stop(lab);
	assert_file(lab, "events",
		    STAMP "\tclient\t192.0.2.10\t" ID "\t" LK "\n");
	assert_int_equal(count(lab, STAT_UNKNOWN_FLOWS), 0);
}

static void bytes_that_were_never_shown_are_a_gap_at_the_end(void **state)
{
	struct lab *lab = *state;
	struct ring_slot *s = flow(lab, 0, 0);

	s->flags = RING_SLOT_OBSERVED;
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, LK);
	s->dir[RING_CLIENT].bytes_in = strlen(LK) + 1000;
	s->dir[RING_SERVER].bytes_in = 500;
	hint(lab, 0, RING_ENTRY_CLOSE, RING_CLOSE_NORMAL, 0);
	/* and a flow that nobody wanted to see has none */
	s = flow(lab, 1, 1);
	hint(lab, 1, RING_ENTRY_OPEN, 0, 0);
	s->dir[RING_CLIENT].bytes_in = 7;
	hint(lab, 1, RING_ENTRY_CLOSE, RING_CLOSE_NORMAL, 0);
	start(lab);
	stop(lab);
	assert_int_equal(count(lab, STAT_GAP_BYTES), 1500);
}

static void a_lost_close_hides_no_gap_at_a_stop(void **state)
{
	struct lab *lab = *state;
	struct ring_slot *s = flow(lab, 0, 0);

	s->flags = RING_SLOT_OBSERVED;
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, "abc");
	s->dir[RING_CLIENT].bytes_in = 1003;
	s->dir[RING_SERVER].bytes_in = 500;
	ring_slot_free(s);
	start(lab);
	stop(lab);
	assert_int_equal(count(lab, STAT_GAP_BYTES), 1500);
}

/* Its worker died, in a drain, and has no successor that says CLOSE. */
static void a_flow_without_an_end_hides_no_gap_at_a_stop(void **state)
{
	struct lab *lab = *state;
	struct ring_slot *s = flow(lab, 0, 0);

	s->flags = RING_SLOT_OBSERVED;
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, "abc");
	s->dir[RING_CLIENT].bytes_in = 1003;
	s->dir[RING_SERVER].bytes_in = 500;
	flow(lab, 1, 1)->dir[RING_CLIENT].bytes_in = 7; /* not observed */
	hint(lab, 1, RING_ENTRY_OPEN, 0, 0);
	start(lab);
	stop(lab);
	assert_int_equal(count(lab, STAT_GAP_BYTES), 1500);
	assert_int_equal(count(lab, STAT_SKIPPED_BYTES), 3);
}

static void nonsense_in_the_ring_is_skipped_and_counted(void **state)
{
	struct lab *lab = *state;

	flow(lab, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, LK);
	/* its header lies at the ring's beginning */
	((struct ring_entry *)(void *)lab->maps[0].data)->span = 65;
	start(lab);
	stop(lab);
	assert_int_equal(count(lab, STAT_NONSENSE), 1);
	assert_file(lab, "events", "");
}

static void each_flow_follows_its_slot(void **state)
{
	struct lab *lab = *state;
	char noise[1001];

	memset(noise, 'x', sizeof(noise) - 1);
	noise[sizeof(noise) - 1] = '\0';
	for (uint32_t i = 0; i < 3; i++)
		flow(lab, i, i);
	lab->maps[0].slots[0].capture = CONF_CAPTURE_NONE;
	lab->maps[0].slots[1].observe = CONF_OBSERVE_NONE;
	lab->maps[0].slots[2].capture = CONF_CAPTURE_NONE;
	/* the first row of the table; the test knows only one protocol */
	assert_string_equal(track_protocol_names()[0], "watch");
	lab->maps[0].slots[2].observe = CONF_OBSERVE_PROTOCOL;
	for (uint32_t i = 0; i < 3; i++)
		hint(lab, i, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, LK);
	bytes(lab, 1, RING_CLIENT, 0, LK);
	/* whose protocol is given: it is not given up for a bad beginning */
	bytes(lab, 2, RING_CLIENT, 0, noise);
	bytes(lab, 2, RING_CLIENT, 1000, LK);
	start(lab);
	stop(lab);
	assert_file(lab, ID "_192.0.2.10.log", NULL);
	assert_file(lab, ID "-2_192.0.2.10.log", STAMP "\tclient\t" LK "\n");
	assert_file(lab, ID "-3_192.0.2.10.log", NULL);
	assert_file(lab, "events",
		    STAMP "\tclient\t192.0.2.10\t" ID "\t" LK "\n" STAMP
			  "\tclient\t192.0.2.10\t" ID "-3\t" LK "\n");
}

static void only_bad_ends_are_in_errors_log(void **state)
{
	/* errno values of Linux on every architecture of Debian but mips */
	static const uint32_t errors[RING_CLOSE_MAX] = {
		[RING_CLOSE_CLIENT_RESET] = ECONNRESET,
		[RING_CLOSE_SERVER_RESET] = ECONNRESET,
		[RING_CLOSE_CONNECT_FAILED] = ECONNREFUSED,
		[RING_CLOSE_CONNECT_TIMEOUT] = ETIMEDOUT,
	};
	struct lab *lab = *state;

	for (uint32_t i = 0; i < RING_CLOSE_MAX; i++) {
		flow(lab, i, i)->capture = CONF_CAPTURE_NONE;
		hint(lab, i, RING_ENTRY_OPEN, 0, 0);
		hint(lab, i, RING_ENTRY_CLOSE, (enum ring_close)i, errors[i]);
	}
	start(lab);
	stop(lab);
#define LINE(id, what)                                \
	STAMP "\tconn=" id " client=192.0.2.10:4711 " \
	      "remote=198.51.100.7:7700\t" what "\n"
	assert_file(
		lab, "errors.log",
		LINE(ID "-2", "Broken connection (client side) "
			      "(errno=104: Connection reset by peer)")
			LINE(ID "-3", "Broken connection (server side) "
				      "(errno=104: Connection reset by peer)")
				LINE(ID "-4",
				     "connect() (errno=111: Connection "
				     "refused)") LINE(ID "-5",
						      "connect() (errno=110: "
						      "Connection timed out)")
					LINE(ID "-7", "Worker died (no errno)")
						LINE(ID "-9", "Held by a limit "
							      "for too long "
							      "(no errno)"));
#undef LINE
}

/* Not each of them is connect(). */
static void the_call_that_failed_is_named(void **state)
{
	struct lab *lab = *state;
	struct ring_slot *s = flow(lab, 0, 0);
	struct ring_entry e = { .type = RING_ENTRY_CLOSE,
				.len = sizeof(*s),
				.serial = s->serial,
				.reason = RING_CLOSE_CONNECT_FAILED,
				.call = BASE_CALL_SETSOCKOPT,
				.error = EPERM,
				.flow_id = s->flow_id,
				.time_ns = NOW };

	s->capture = CONF_CAPTURE_NONE;
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	assert_true(ring_tap_put(&lab->taps[0], &e, s, 1));
	s = flow(lab, 1, 1);
	s->capture = CONF_CAPTURE_NONE;
	hint(lab, 1, RING_ENTRY_OPEN, 0, 0);
	e.slot = 1;
	e.serial = s->serial;
	e.flow_id = s->flow_id;
	e.call = BASE_CALL_BIND;
	e.error = EACCES;
	assert_true(ring_tap_put(&lab->taps[0], &e, s, 1));
	start(lab);
	stop(lab);
	/* errno 1 and 13 everywhere on Linux */
	assert_file(lab, "errors.log",
		    STAMP "\tconn=" ID " client=192.0.2.10:4711 "
			  "remote=198.51.100.7:7700\tsetsockopt() "
			  "(errno=1: Operation not permitted)\n" STAMP
			  "\tconn=" ID "-2 client=192.0.2.10:4711 "
			  "remote=198.51.100.7:7700\tbind() "
			  "(errno=13: Permission denied)\n");
}

static void a_slot_that_lives_again_is_another_flow(void **state)
{
	struct lab *lab = *state;

	flow(lab, 0, 0);
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, "a");
	/* neither its CLOSE nor the next one's OPEN found room */
	flow(lab, 0, 1)->serial = 2;
	bytes(lab, 0, RING_CLIENT, 0, "b");
	start(lab);
	stop(lab);
	assert_file(lab, ID "_192.0.2.10.log", STAMP "\tclient\ta\n");
	assert_file(lab, ID "-2_192.0.2.10.log", STAMP "\tclient\tb\n");
}

static void a_flow_whose_close_is_lost_ends_all_the_same(void **state)
{
	struct lab *lab = *state;
	const struct ring_cursor *mine =
		lab->maps[0].cursors[RING_READER_RECORDER];

	flow(lab, 0, 0);
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, "[3G*1234567890*0002*LK");
	ring_slot_free(&lab->maps[0].slots[0]);
	start(lab);
	/* the end of the flow makes half a message to what is skipped */
	await_count(&mine->stat.v[STAT_SKIPPED_BYTES], 22);
	stop(lab);
	assert_file(lab, "events", "");
}

/* Half a message of flow 0, and a recorder that sleeps. */
static const struct ring_cursor *sleeping_with_half_a_message(struct lab *lab)
{
	const struct ring_cursor *mine =
		lab->maps[0].cursors[RING_READER_RECORDER];

	flow(lab, 0, 0)->capture = CONF_CAPTURE_NONE;
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, "[3G*1234567890*0002*LK");
	flow(lab, 1, 1)->observe = CONF_OBSERVE_NONE;
	hint(lab, 1, RING_ENTRY_OPEN, 0, 0);
	start(lab);
	await_word(&mine->idle, 1);
	return mine;
}

/* All flows are looked at when the worker says that it could not say all, and
 * not whenever a lone message has come. */
static void a_hint_that_was_lost_makes_it_look(void **state)
{
	struct lab *lab = *state;
	const struct ring_cursor *mine = sleeping_with_half_a_message(lab);

	ring_slot_free(&lab->maps[0].slots[0]);
	bytes(lab, 1, RING_CLIENT, 0, "x");
	ring_tap_kick(&lab->taps[0]);
	await_count(&mine->stat.v[STAT_CAPTURE_BYTES], 1);
	await_word(&mine->idle, 1);
	assert_int_equal(count(lab, STAT_SKIPPED_BYTES), 0);
	stat_add(&lab->maps[0].control->stat, STAT_HINTS_LOST, 1);
	bytes(lab, 1, RING_CLIENT, 1, "x");
	ring_tap_kick(&lab->taps[0]);
	await_count(&mine->stat.v[STAT_SKIPPED_BYTES], 22);
	stop(lab);
}

static void a_flow_that_is_closing_is_looked_at_again(void **state)
{
	struct lab *lab = *state;
	const struct ring_cursor *mine = sleeping_with_half_a_message(lab);

	stat_add(&lab->maps[0].control->stat, STAT_HINTS_LOST, 1);
	lab->maps[0].slots[0].state = RING_STATE_CLOSING;
	for (uint64_t i = 0; i < 2; i++) {
		assert_int_equal(count(lab, STAT_SKIPPED_BYTES), 0);
		bytes(lab, 1, RING_CLIENT, i, "x");
		ring_tap_kick(&lab->taps[0]);
		await_count(&mine->stat.v[STAT_CAPTURE_BYTES], i + 1);
		await_word(&mine->idle, 1);
		ring_slot_free(&lab->maps[0].slots[0]);
	}
	assert_int_equal(count(lab, STAT_SKIPPED_BYTES), 22);
	stop(lab);
}

/* What was skipped may have been a CLOSE. */
static void nonsense_makes_it_look_too(void **state)
{
	const struct ring_entry bad = { .type = RING_ENTRY_MAX };
	struct lab *lab = *state;
	const struct ring_cursor *mine = sleeping_with_half_a_message(lab);

	ring_slot_free(&lab->maps[0].slots[0]);
	assert_true(ring_tap_put(&lab->taps[0], &bad, "", 1));
	ring_tap_kick(&lab->taps[0]);
	await_count(&mine->stat.v[STAT_SKIPPED_BYTES], 22);
	stop(lab);
}

/* Nor does it forget a flow that says nothing for a while. */
static void an_idle_recorder_is_woken(void **state)
{
	static const char *const parts[] = { "[3G*12345", "67890*00",
					     "02*LK]" };
	struct lab *lab = *state;
	const struct ring_cursor *mine =
		lab->maps[0].cursors[RING_READER_RECORDER];
	uint64_t offset = 0;

	flow(lab, 0, 0);
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	start(lab);
	for (size_t i = 0; i < WS_ARRAY_LEN(parts); i++) {
		await_word(&mine->idle, 1);
		bytes(lab, 0, RING_CLIENT, offset, parts[i]);
		offset += strlen(parts[i]);
		ring_tap_kick(&lab->taps[0]);
		/* the message is not complete: its bytes are not given back */
		await_count(&mine->stat.v[STAT_CAPTURE_BYTES], offset);
	}
	stop(lab);
	assert_file(lab, "events",
		    STAMP "\tclient\t192.0.2.10\t" ID "\t" LK "\n");
}

/* A kick costs both sides more than a message does: only the idle want it. */
static void a_recorder_at_work_is_not_woken(void **state)
{
	struct lab *lab = *state;
	const struct ring_cursor *mine =
		lab->maps[0].cursors[RING_READER_RECORDER];
	const uint64_t limit =
		base_time_mono_ms() + BASE_TEST_LIMIT_S * 1000ULL;
	bool seen_at_work = false;

	flow(lab, 0, 0)->observe = CONF_OBSERVE_NONE;
	start(lab);
	/* it is at work for 20 ms after each byte; this test may be stopped for
	 * as long, but not every time */
	for (uint64_t i = 0; !seen_at_work; i++) {
		assert_true(base_time_mono_ms() < limit);
		await_word(&mine->idle, 1);
		bytes(lab, 0, RING_CLIENT, i, "x");
		ring_tap_kick(&lab->taps[0]);
		await_count(&mine->pos,
			    atomic_load(&lab->maps[0].control->head));
		seen_at_work = !atomic_load(&mine->idle);
	}
	stop(lab);
}

/* A message that only silence completes, as more could belong to it: its
 * length says 16 bytes. */
#define SHORT "[3G*1234567890*0010*LK]"

static void bytes_of_now(struct lab *lab, const char *text)
{
	const struct ring_slot *s = flow(lab, 0, 0);
	const struct ring_entry e = { .type = RING_ENTRY_DATA,
				      .len = (uint32_t)strlen(text),
				      .serial = s->serial,
				      .flow_id = s->flow_id,
				      .time_ns = base_time_wall_ns() };

	assert_true(ring_tap_put(&lab->taps[0], &e, text, 1));
}

static void silence_completes_a_message(void **state)
{
	struct lab *lab = *state;
	const struct ring_cursor *mine =
		lab->maps[0].cursors[RING_READER_RECORDER];

	bytes_of_now(lab, SHORT);
	start(lab);
	await_count(&mine->stat.v[STAT_EVENTS], 1);
	stop(lab);
	assert_int_equal(count(lab, STAT_LENGTH_WRONG), 1);
	assert_int_equal(count(lab, STAT_EVENTS), 1);
}

static void the_end_completes_a_message(void **state)
{
	struct lab *lab = *state;

	bytes_of_now(lab, SHORT);
	start(lab);
	stop(lab);
	assert_int_equal(count(lab, STAT_LENGTH_WRONG), 1);
	assert_int_equal(count(lab, STAT_EVENTS), 1);
}

static void bytes_are_given_back_when_they_are_written(void **state)
{
	struct lab *lab = *state;
	int status;

	flow(lab, 0, 0);
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, LK);
	lab->dies_writing = true;
	start(lab);
	status = wait_for(lab->recorder);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
	base_fd_close(&lab->channel);
	/* nothing was written, so nothing may be overwritten */
	assert_int_equal(
		atomic_load(&lab->maps[0].cursors[RING_READER_RECORDER]->pos),
		0);
	lab->dies_writing = false;
	start(lab);
	stop(lab);
	assert_file(lab, ID "_192.0.2.10.log", STAMP "\tclient\t" LK "\n");
	assert_file(lab, "events",
		    STAMP "\tclient\t192.0.2.10\t" ID "\t" LK "\n");
}

static void stopping_reads_all_that_is_there(void **state)
{
	struct lab *lab = *state;

	flow(lab, 0, 0);
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	/* many batches of it: 128 bytes an entry, a ring of 1 MiB */
	for (uint64_t i = 0; i < 8000; i++)
		bytes(lab, 0, RING_CLIENT, i, "x");
	start(lab);
	stop(lab);
	assert_int_equal(count(lab, STAT_CAPTURE_BYTES), 8000);
	assert_int_equal(
		atomic_load(&lab->maps[0].cursors[RING_READER_RECORDER]->pos),
		atomic_load(&lab->maps[0].control->head));
}

/* How often `text` is in the log of the child that has ended. */
static int times_in(int log, const char *text)
{
	char *all;
	size_t len;
	int n = 0;

	assert_int_equal(lseek(log, 0, SEEK_SET), 0);
	assert_int_equal(base_fd_read_all(log, 65536, &all, &len), 0);
	for (const char *p = strstr(all, text); p; p = strstr(p + 1, text))
		n++;
	free(all);
	return n;
}

static void what_cannot_be_written_is_counted_and_said_once(void **state)
{
	struct lab *lab = *state;
	const int log = memfd_create("log", MFD_CLOEXEC);
	const int own = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);

	assert_true(log >= 0 && own >= 0);
	(void)snprintf(lab->conf->events[0], CONF_PATH_LEN, "/dev/full");
	assert_int_equal(dup2(log, STDERR_FILENO), STDERR_FILENO);
	start(lab);
	assert_int_equal(dup2(own, STDERR_FILENO), STDERR_FILENO);
	await_ready(lab);
	assert_int_equal(rmdir(lab->dir), 0);
	for (uint32_t i = 0; i < 2; i++) {
		flow(lab, i, i);
		hint(lab, i, RING_ENTRY_OPEN, 0, 0);
		bytes(lab, i, RING_CLIENT, 0, LK);
		hint(lab, i, RING_ENTRY_CLOSE, RING_CLOSE_CLIENT_RESET, 104);
	}
	stop(lab);
	assert_int_equal(count(lab, STAT_CAPTURE_LOST_BYTES), 2 * strlen(LK));
	assert_int_equal(count(lab, STAT_EVENTS_LOST), 2);
	assert_int_equal(times_in(log, "captures cannot be written"), 1);
	assert_int_equal(times_in(log, "events cannot be written"), 1);
	assert_int_equal(times_in(log, "errors.log cannot be written"), 1);
	assert_int_equal(close(log), 0);
	assert_int_equal(close(own), 0);
	assert_int_equal(mkdir(lab->dir, 0700), 0);
}

static void a_log_directory_that_is_gone_is_an_error(void **state)
{
	struct lab *lab = *state;
	int status;

	(void)snprintf(lab->conf->log_dir, CONF_PATH_LEN, "%s/none", lab->dir);
	start(lab);
	status = wait_for(lab->recorder);
	base_fd_close(&lab->channel);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

static void a_log_directory_of_others_is_an_error(void **state)
{
	struct lab *lab = *state;
	int status;

	lab->conf->n_events = 0;
	/* not even root may write there: the recorder has no capabilities */
	assert_int_equal(chmod(lab->dir, 0500), 0);
	start(lab);
	status = wait_for(lab->recorder);
	base_fd_close(&lab->channel);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(records_a_conversation),
		CASE(records_datagrams),
		CASE(two_connections_of_one_second_get_two_files),
		CASE(a_failed_connection_leaves_an_empty_capture_and_a_line),
		CASE(a_restarted_recorder_finds_flows_in_the_table),
		CASE(a_gap_is_counted_exactly_and_spoils_no_later_message),
		CASE(entries_of_a_flow_that_is_gone_are_counted),
		CASE(a_flow_that_ended_unread_is_known_by_its_close),
		CASE(bytes_that_were_never_shown_are_a_gap_at_the_end),
		CASE(a_lost_close_hides_no_gap_at_a_stop),
		CASE(a_flow_without_an_end_hides_no_gap_at_a_stop),
		CASE(nonsense_in_the_ring_is_skipped_and_counted),
		CASE(each_flow_follows_its_slot),
		CASE(only_bad_ends_are_in_errors_log),
		CASE(the_call_that_failed_is_named),
		CASE(a_slot_that_lives_again_is_another_flow),
		CASE(a_flow_whose_close_is_lost_ends_all_the_same),
		CASE(a_hint_that_was_lost_makes_it_look),
		CASE(a_flow_that_is_closing_is_looked_at_again),
		CASE(nonsense_makes_it_look_too),
		CASE(an_idle_recorder_is_woken),
		CASE(a_recorder_at_work_is_not_woken),
		CASE(silence_completes_a_message),
		CASE(the_end_completes_a_message),
		CASE(bytes_are_given_back_when_they_are_written),
		CASE(stopping_reads_all_that_is_there),
		CASE(what_cannot_be_written_is_counted_and_said_once),
		CASE(a_log_directory_that_is_gone_is_an_error),
		CASE(a_log_directory_of_others_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
