/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay_pump_test.c - one direction against scripted sockets */
#include "relay_test.h"

#define ALL      RELAY_TEST_ALL
#define FIN      (-ESHUTDOWN)
#define N_SCRIPT 6

/* What the calls answer, one after the other; when a script is at its end, the
 * call would block (shutdown: works). */
static struct script {
	int answer[RELAY_TEST_CALLS][N_SCRIPT];
	unsigned next[RELAY_TEST_CALLS];
} script;

static ssize_t scripted(enum relay_test_call call, unsigned side, size_t max)
{
	const unsigned n = script.next[call]++;

	(void)side;
	(void)max;
	return n < N_SCRIPT ? script.answer[call][n] : 0;
}

enum who {
	NOBODY,
	SENDER,
	RECEIVER
};

struct row {
	const char *what;
	int recv[N_SCRIPT], send[N_SCRIPT], shut[N_SCRIPT];
	unsigned runs; /* of the pump; 0 = 1. An error comes in the last one */
	int error;
	enum who broken;
	uint64_t in, out;
	uint16_t flags;
	unsigned fins;
};

#define EOF_AND_SHUT (RING_DIR_EOF_SEEN | RING_DIR_SHUT_SENT)
#define BLOCKED      RING_DIR_BLOCKED

/* The first chunk is 4096: a recv that fills it is followed by another. */
static const struct row rows[] = {
	{ .what = "nothing comes" },
	{ "all goes through", { 100 }, { ALL }, .in = 100, .out = 100 },
	{ "two reads", { 4096, 50 }, { ALL, ALL }, .in = 4146, .out = 4146 },
	{ "short write",
	  { 100 },
	  { 30 },
	  .in = 100,
	  .out = 30,
	  .flags = BLOCKED },
	{ "send would block", { 100 }, { 0 }, .in = 100, .flags = BLOCKED },
	{ "pending goes in pieces",
	  { 100 },
	  { 30, 20, 0, 10 },
	  .runs = 3,
	  .in = 100,
	  .out = 60,
	  .flags = BLOCKED },
	{ "nothing is read while something is pending",
	  { 100, 100 },
	  { 0, 0, 0 },
	  .runs = 3,
	  .in = 100,
	  .flags = BLOCKED },
	{ "reads on when all is drained",
	  { 100, 50 },
	  { 0, ALL, ALL },
	  .runs = 2,
	  .in = 150,
	  .out = 150,
	  .flags = BLOCKED },
	{ "FIN at once", { FIN }, .flags = EOF_AND_SHUT, .fins = 1 },
	{ "FIN after bytes",
	  { 4096, FIN },
	  { ALL },
	  .in = 4096,
	  .out = 4096,
	  .flags = EOF_AND_SHUT,
	  .fins = 1 },
	{ "no FIN before the last byte",
	  { 4096, FIN },
	  { 1000, 0, 3095, 0 },
	  .runs = 3,
	  .in = 4096,
	  .out = 4095,
	  .flags = BLOCKED },
	{ "FIN after the last byte",
	  { 4096, FIN },
	  { 1000, 0, 3095, 0, 1 },
	  .runs = 4,
	  .in = 4096,
	  .out = 4096,
	  .flags = BLOCKED | EOF_AND_SHUT,
	  .fins = 1 },
	{ "one FIN, and nothing is read after it",
	  { FIN, 100, FIN },
	  { ALL },
	  .runs = 3,
	  .flags = EOF_AND_SHUT,
	  .fins = 1 },
	{ "recv fails",
	  { -ECONNRESET },
	  .error = -ECONNRESET,
	  .broken = SENDER },
	{ "recv fails after bytes",
	  { 4096, -ETIMEDOUT },
	  { ALL },
	  .error = -ETIMEDOUT,
	  .broken = SENDER,
	  .in = 4096,
	  .out = 4096 },
	{ "send fails",
	  { 4096, 100 },
	  { ALL, -EPIPE },
	  .error = -EPIPE,
	  .broken = RECEIVER,
	  .in = 4196,
	  .out = 4096 },
	{ "sending what is pending fails",
	  { 100, 100 },
	  { 60, -ECONNRESET },
	  .runs = 2,
	  .error = -ECONNRESET,
	  .broken = RECEIVER,
	  .in = 100,
	  .out = 60,
	  .flags = BLOCKED },
	{ "shutdown fails",
	  { FIN },
	  .shut = { -EIO },
	  .error = -EIO,
	  .broken = RECEIVER,
	  .flags = RING_DIR_EOF_SEEN },
};

static void run_row(const struct row *row, unsigned d, uint16_t flags)
{
	const struct ring_dir *dir = &relay_test_slot(0)->dir[d];
	const int want_broken = row->broken == NOBODY   ? -1
				: row->broken == SENDER ? (int)d
							: (int)!d;
	const unsigned runs = row->runs ? row->runs : 1;
	int broken = -1;

	memset(&script, 0, sizeof(script));
	memcpy(script.answer[RELAY_TEST_RECV], row->recv, sizeof(row->recv));
	memcpy(script.answer[RELAY_TEST_SEND], row->send, sizeof(row->send));
	memcpy(script.answer[RELAY_TEST_SHUT], row->shut, sizeof(row->shut));
	relay_test_begin(0, flags, RING_WHEN_FULL_BRIEF);
	for (unsigned i = 1; i <= runs; i++)
		assert_int_equal(relay_test_pump(0, d, &broken),
				 i == runs ? row->error : 0);
	assert_int_equal(broken, want_broken);
	assert_int_equal(dir->bytes_in, row->in);
	assert_int_equal(dir->bytes_out, row->out);
	assert_int_equal(world.side[d].said, row->in);
	assert_int_equal(world.side[!d].heard, row->out);
	/* what could not be sent at all is lost with the flow */
	if (row->error != -EPIPE)
		assert_int_equal(dir->pend_len, row->in - row->out);
	assert_int_equal(dir->flags, row->flags);
	assert_int_equal(world.side[!d].fins, row->fins);
	assert_int_equal(world.side[!d].fin_at, row->fins ? row->out : 0);
	assert_int_equal(dir->unobserved, flags ? 0 : row->in);
	ring_pool_consume(&world.pool, &relay_test_slot(0)->dir[d],
			  dir->pend_len);
	assert_int_equal(world.pool.n_free, RING_TEST_BLOCKS);
}

/* The readers saw what was received, byte for byte. */
static void check_observed(const struct row *row, unsigned d)
{
	uint64_t at = 0;
	struct ring_entry e;
	const uint8_t *p;

	while (ring_reader_next(&world.ring->reader, &e, &p) == 1) {
		assert_int_equal(e.type, RING_ENTRY_DATA);
		assert_int_equal(e.slot, 0);
		assert_int_equal(e.serial, relay_test_slot(0)->serial);
		assert_int_equal(e.direction, d);
		assert_int_equal(e.flow_id, relay_test_slot(0)->flow_id);
		assert_int_equal(e.time_ns, 1700000000000000000);
		assert_int_equal(e.offset, at);
		assert_memory_equal(p, ring_test_bytes(d, at), e.len);
		at += e.len;
	}
	ring_reader_release(&world.ring->reader);
	assert_int_equal(at, row->in);
}

static void every_answer_is_handled(void **state)
{
	(void)state;
	world.decide = scripted;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		for (unsigned d = 0; d < RING_SIDES; d++) {
			print_message("%s, direction %u\n", rows[i].what, d);
			run_row(&rows[i], d, 0);
			run_row(&rows[i], d, RING_SLOT_OBSERVED);
			check_observed(&rows[i], d);
		}
	}
}

/* ---- a peer that takes everything, or the first `takes` bytes ---- */

static uint64_t takes;

static ssize_t flood(enum relay_test_call call, unsigned side, size_t max)
{
	const uint64_t left = takes - world.side[side].heard;

	if (call != RELAY_TEST_SEND)
		return call == RELAY_TEST_RECV ? ALL : 0;
	return (ssize_t)(left < max ? left : max);
}

static void pump_ok(uint32_t slot, unsigned d)
{
	int broken;

	assert_int_equal(relay_test_pump(slot, d, &broken), 0);
	assert_int_equal(broken, -1);
}

static void a_loud_flow_ends_its_turn(void **state)
{
	(void)state;
	world.decide = flood;
	takes = UINT64_MAX;
	relay_test_begin(0, 0, RING_WHEN_FULL_BRIEF);
	pump_ok(0, RING_CLIENT);
	/* 4 + 8 + 16 + 32 + 64 + 128 + 256 = 508 KiB are less than the budget
	 * of 512 KiB, so one more chunk of 256 is read */
	assert_int_equal(world.side[0].said, 764 * 1024);
	pump_ok(0, RING_CLIENT);
	assert_int_equal(world.side[0].said, (764 + 512) * 1024);
}

static unsigned next_read;
static int reads[16];
static size_t asked[16];

static ssize_t read_as_told(enum relay_test_call call, unsigned side,
			    size_t max)
{
	(void)side;
	if (call != RELAY_TEST_RECV)
		return ALL;
	asked[next_read] = max;
	return reads[next_read++];
}

static void chunks_follow_what_comes(void **state)
{
	static const struct {
		int comes;
		size_t asked; /* for the next one */
	} steps[] = {
		{ ALL, 8192 },   { ALL, 16384 },   { ALL, 32768 },
		{ 5000, 32768 }, /* neither full nor small */
		{ ALL, 65536 },  { ALL, 131072 },  { ALL, 262144 },
		{ ALL, 262144 }, { 4096, 262144 }, { 4095, 4096 },
		{ 1, 4096 },     { 4096, 8192 },
	};
	const size_t n = WS_ARRAY_LEN(steps);

	(void)state;
	world.decide = read_as_told;
	next_read = 0;
	for (size_t i = 0; i < n; i++)
		reads[i] = steps[i].comes;
	relay_test_begin(0, 0, RING_WHEN_FULL_BRIEF);
	while (next_read <= n)
		pump_ok(0, RING_CLIENT);
	assert_int_equal(asked[0], 4096);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(asked[i + 1], steps[i].asked);
}

/* Once blocked, a direction reads what the receiver's buffer takes, but at
 * least a block: the socket said that it is writable. */
static void a_blocked_direction_reads_what_fits(void **state)
{
	static const struct {
		size_t room, asked;
	} fits[] = {
		{ SIZE_MAX, 262144 }, { 262144, 262144 }, { 262143, 262143 },
		{ 10000, 10000 },     { 4096, 4096 },     { 4095, 4096 },
		{ 0, 4096 },
	};

	(void)state;
	world.decide = flood;
	for (unsigned was_blocked = 0; was_blocked < 2; was_blocked++) {
		for (size_t i = 0; i < WS_ARRAY_LEN(fits); i++) {
			struct ring_dir *d = &relay_test_slot(0)->dir[0];

			relay_test_begin(0, 0, RING_WHEN_FULL_BRIEF);
			d->chunk_shift = RING_CHUNK_SHIFT_MAX;
			world.side[1].room = fits[i].room;
			takes = was_blocked ? 1 : 0;
			if (was_blocked) {
				/* blocked by its first read, then freed */
				d->chunk_shift = RING_CHUNK_SHIFT_MIN;
				pump_ok(0, 0);
				assert_true(d->flags & RING_DIR_BLOCKED);
				d->chunk_shift = RING_CHUNK_SHIFT_MAX;
				takes = world.side[0].said;
			}
			/* takes nothing more: one recv a run */
			pump_ok(0, 0);
			assert_int_equal(world.side[0].asked,
					 was_blocked ? fits[i].asked : 262144);
			ring_pool_consume(&world.pool, d, d->pend_len);
		}
	}
}

static void an_empty_pool_stops_reading_until_it_fills(void **state)
{
	struct ring_slot *loud = relay_test_slot(0),
			 *other = relay_test_slot(1);
	const struct stat_block *stat = &world.env.control->stat;
	struct ring_dir others = { .pend_len = 0 };

	(void)state;
	world.decide = flood;
	takes = 0;
	relay_test_begin(0, 0, RING_WHEN_FULL_BRIEF);
	relay_test_begin(1, 0, RING_WHEN_FULL_BRIEF);
	loud->dir[0].chunk_shift = RING_CHUNK_SHIFT_MAX;
	pump_ok(0, 0);
	/* what the other directions of a large worker would hold */
	ring_pool_append(&world.pool, &others, ring_test_bytes(0, 0),
			 ring_pool_room(&world.pool));
	assert_false(relay_waits(loud));
	for (int i = 0; i < 2; i++) {
		pump_ok(1, 1);
		assert_int_equal(other->dir[1].flags, RING_DIR_POOL_WAIT);
		assert_true(relay_waits(other));
		assert_int_equal(relay_interest(other, RING_SERVER), 0);
		assert_int_equal(world.side[3].said, 0);
	}
	assert_int_equal(stat_get(stat, STAT_POOL_WAITS), 2);
	/* one block comes back: so much is read and no more */
	takes = 4096;
	pump_ok(0, 0);
	takes = 0;
	pump_ok(1, 1);
	assert_false(relay_waits(other));
	assert_int_equal(world.side[3].said, 4096);
	assert_int_equal(world.pool.n_free, 0);
	takes = UINT64_MAX;
	pump_ok(0, 0);
	pump_ok(1, 1);
	ring_pool_consume(&world.pool, &others, others.pend_len);
	assert_int_equal(world.pool.n_free, RING_TEST_BLOCKS);
}

/* However large its reads are, a receiver that takes nothing costs the pool no
 * more than the first half, and a block of the other: 64 of 128 blocks. */
static void peers_that_do_not_read_leave_room_for_others(void **state)
{
	(void)state;
	world.decide = flood;
	takes = 0;
	for (uint32_t i = 0; i < RELAY_TEST_FLOWS; i++) {
		relay_test_begin(i, 0, RING_WHEN_FULL_BRIEF);
		for (unsigned d = 0; d < RING_SIDES; d++)
			relay_test_slot(i)->dir[d].chunk_shift =
				RING_CHUNK_SHIFT_MAX;
	}
	pump_ok(0, 0);
	assert_int_equal(relay_test_slot(0)->dir[0].pend_len, 64 * 4096);
	pump_ok(0, 1);
	assert_int_equal(relay_test_slot(0)->dir[1].pend_len, 4096);
	pump_ok(1, 0);
	assert_int_equal(relay_test_slot(1)->dir[0].pend_len, 4096);
	assert_int_equal(world.pool.n_free, 62);
	takes = UINT64_MAX;
	for (unsigned d = 0; d < RING_SIDES; d++)
		pump_ok(0, d);
	pump_ok(1, 0);
	assert_int_equal(world.pool.n_free, RING_TEST_BLOCKS);
}

/* A FIN that was seen while bytes were pending, as a successor may find it. */
static void a_fin_waits_for_pending_bytes(void **state)
{
	struct ring_dir *d = &relay_test_slot(0)->dir[RING_SERVER];

	(void)state;
	world.decide = flood;
	takes = 0;
	relay_test_begin(0, 0, RING_WHEN_FULL_BRIEF);
	pump_ok(0, RING_SERVER);
	d->flags |= RING_DIR_EOF_SEEN;
	takes = 4095;
	pump_ok(0, RING_SERVER);
	assert_int_equal(world.side[RING_CLIENT].fins, 0);
	takes = 4096;
	pump_ok(0, RING_SERVER);
	assert_int_equal(world.side[RING_CLIENT].fins, 1);
	assert_int_equal(world.side[RING_CLIENT].fin_at, 4096);
	assert_int_equal(world.side[RING_SERVER].said, 4096);
}

/* ---- what recovery and the operator are told ---- */

static struct ring_intent intent_in[RELAY_TEST_CALLS];
static int say_n, hear_n;

static ssize_t note_intent(enum relay_test_call call, unsigned side, size_t max)
{
	(void)side;
	(void)max;
	intent_in[call] = world.env.control->intent;
	return call == RELAY_TEST_RECV ? say_n : hear_n;
}

static void the_intent_is_written_before_each_move(void **state)
{
	const struct ring_intent *now = &world.env.control->intent;
	struct ring_intent want = { .slot = 1,
				    .direction = RING_SERVER,
				    .moving = RING_MOVING_RING };

	(void)state;
	world.decide = note_intent;
	relay_test_begin(1, RING_SLOT_OBSERVED, RING_WHEN_FULL_BRIEF);
	say_n = hear_n = 10;
	pump_ok(1, RING_SERVER);
	assert_memory_equal(&intent_in[RELAY_TEST_RECV], &want, sizeof(want));
	assert_int_equal(now->moving, RING_MOVING_NOTHING);
	/* it stands until the bytes are sent and booked, or kept */
	want.offset = 10;
	want.head = 128; /* two lines for each entry of ten bytes */
	hear_n = 0;
	pump_ok(1, RING_SERVER);
	assert_memory_equal(&intent_in[RELAY_TEST_RECV], &want, sizeof(want));
	assert_memory_equal(&intent_in[RELAY_TEST_SEND], &want, sizeof(want));
	assert_int_equal(now->moving, RING_MOVING_NOTHING);
	want.offset = 20;
	want.head = 256;
	want.moving = RING_MOVING_POOL;
	pump_ok(1, RING_SERVER);
	assert_memory_equal(&intent_in[RELAY_TEST_SEND], &want, sizeof(want));
	assert_int_equal(now->moving, RING_MOVING_NOTHING);

	relay_test_begin(1, 0, RING_WHEN_FULL_BRIEF);
	want.offset = 0;
	want.moving = RING_MOVING_SCRATCH;
	hear_n = 10;
	pump_ok(1, RING_SERVER);
	assert_memory_equal(&intent_in[RELAY_TEST_RECV], &want, sizeof(want));
	assert_int_equal(now->moving, RING_MOVING_NOTHING);
}

static void a_broken_flow_leaves_no_intent(void **state)
{
	const struct ring_intent *now = &world.env.control->intent;
	int broken;

	(void)state;
	world.decide = note_intent;
	relay_test_begin(1, 0, RING_WHEN_FULL_BRIEF);
	say_n = -ECONNRESET;
	assert_int_equal(relay_test_pump(1, 0, &broken), -ECONNRESET);
	assert_int_equal(now->moving, RING_MOVING_NOTHING);
	say_n = 10;
	hear_n = 0;
	pump_ok(1, 0);
	hear_n = -EPIPE;
	assert_int_equal(relay_test_pump(1, 0, &broken), -EPIPE);
	assert_int_equal(intent_in[RELAY_TEST_SEND].moving, RING_MOVING_POOL);
	assert_int_equal(now->moving, RING_MOVING_NOTHING);
}

static void bytes_are_counted_by_direction(void **state)
{
	const struct stat_block *stat = &world.env.control->stat;

	(void)state;
	world.decide = note_intent;
	say_n = hear_n = 10;
	relay_test_begin(0, 0, RING_WHEN_FULL_BRIEF);
	for (int i = 0; i < 3; i++)
		pump_ok(0, RING_CLIENT);
	pump_ok(0, RING_SERVER);
	assert_int_equal(stat_get(stat, STAT_CLIENT_BYTES), 30);
	assert_int_equal(stat_get(stat, STAT_SERVER_BYTES), 10);
	/* nobody wanted to see them: not a loss */
	assert_int_equal(stat_get(stat, STAT_UNOBSERVED_BYTES), 0);
	assert_int_equal(relay_test_slot(0)->dir[0].last_ns,
			 1700000000000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RELAY_TEST(every_answer_is_handled),
		RELAY_TEST(a_loud_flow_ends_its_turn),
		RELAY_TEST(chunks_follow_what_comes),
		RELAY_TEST(a_blocked_direction_reads_what_fits),
		RELAY_TEST(an_empty_pool_stops_reading_until_it_fills),
		RELAY_TEST(peers_that_do_not_read_leave_room_for_others),
		RELAY_TEST(a_fin_waits_for_pending_bytes),
		RELAY_TEST(the_intent_is_written_before_each_move),
		RELAY_TEST(a_broken_flow_leaves_no_intent),
		RELAY_TEST(bytes_are_counted_by_direction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
