/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ring_reader_test.c - a reader survives a writer that writes nonsense */
#include <errno.h>

#include "ring_test.h"

/* Writes an entry as it is, past all checks, and moves the head by `span`. */
static void put_raw(struct ring_fixture *f, const struct ring_entry *e,
		    uint64_t span)
{
	struct ring_control *c = f->map.control;

	memcpy(f->map.data + c->head % RING_TEST_SIZE, e, sizeof(*e));
	c->head += span;
}

static const struct ring_entry good = { .type = RING_ENTRY_DATA,
					.span = 192,
					.len = 128,
					.slot = RING_TEST_SLOTS - 1,
					.direction = RING_SERVER,
					.view = RING_VIEW_WIRE };

static const struct ring_entry good_open = { .type = RING_ENTRY_OPEN,
					     .span = 320,
					     .len = 256 };

/* Room behind the payload: what is wrong with its span is that alone. */
static const struct ring_entry good_short = { .type = RING_ENTRY_DATA,
					      .span = 192,
					      .len = 10 };

struct row {
	struct ring_entry base;
	size_t at, size; /* of the field that is spoiled */
	uint64_t value;
};

#define SPOILT(entry, field, v)                            \
	{                                                  \
		entry, offsetof(struct ring_entry, field), \
			sizeof((entry).field), v           \
	}

static struct ring_entry spoil(const struct row *row)
{
	struct ring_entry e = row->base;

	/* little-endian hosts only matter here: the value's low bytes */
	memcpy((uint8_t *)&e + row->at, &row->value, row->size);
	return e;
}

/* Nonsense is refused, the reader goes to the head and gives it all back;
 * what comes then is read again. */
static void assert_skips(struct ring_fixture *f)
{
	const uint64_t head = f->map.control->head;
	struct ring_entry e;
	const uint8_t *payload;

	assert_int_equal(ring_reader_next(&f->reader, &e, &payload), -EBADMSG);
	assert_int_equal(f->view.cursor->pos, head);
	assert_int_equal(ring_reader_next(&f->reader, &e, &payload), 0);
	put_raw(f, &good, good.span);
	assert_int_equal(ring_reader_next(&f->reader, &e, &payload), 1);
	assert_memory_equal(&e, &good, sizeof(e));
	ring_reader_release(&f->reader);
}

static void bad_entries_are_skipped(void **state)
{
	const struct row rows[] = {
		SPOILT(good, type, 0),
		SPOILT(good, type, RING_ENTRY_MAX),
		SPOILT(good, type, UINT32_MAX),
		SPOILT(good, span, 0),
		SPOILT(good, span, 64), /* the payload does not fit */
		SPOILT(good, span, 128),
		SPOILT(good_short, span, 191),
		SPOILT(good_short, span, 129),
		SPOILT(good, span, 193),
		SPOILT(good, span, 256), /* beyond the head */
		SPOILT(good, span, RING_TEST_SIZE),
		SPOILT(good, span, RING_TEST_SIZE + 64),
		SPOILT(good, span, 0xffffffc0),
		SPOILT(good, len, 129),
		SPOILT(good, len, UINT32_MAX),
		SPOILT(good, len, UINT32_MAX - 63), /* + 64 is 0 in 32 bits */
		SPOILT(good, slot, RING_TEST_SLOTS),
		SPOILT(good, slot, UINT32_MAX),
		SPOILT(good, direction, RING_SIDES),
		SPOILT(good, direction, 255),
		SPOILT(good, view, RING_VIEW_MAX),
		SPOILT(good, reason, RING_CLOSE_MAX),
		SPOILT(good, call, BASE_CALL_MAX),
		SPOILT(good_open, len, 255),
		SPOILT(good_open, len, 0),
		SPOILT(good_open, type, RING_ENTRY_CLOSE + 1),
	};
	struct ring_fixture *f = *state;

	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		const struct ring_entry bad = spoil(&rows[i]);
		struct ring_entry e;
		const uint8_t *payload;

		/* what stands before it is still read */
		put_raw(f, &good, good.span);
		put_raw(f, &bad, rows[i].base.span);
		assert_int_equal(ring_reader_next(&f->reader, &e, &payload), 1);
		assert_skips(f);
	}
}

static void the_largest_allowed_values_pass(void **state)
{
	const struct row rows[] = {
		SPOILT(good, len, 0),
		SPOILT(good, len, 128),
		SPOILT(good, slot, 0),
		SPOILT(good, serial, UINT32_MAX),
		SPOILT(good, reason, RING_CLOSE_MAX - 1),
		SPOILT(good, call, BASE_CALL_MAX - 1),
		SPOILT(good, offset, UINT64_MAX),
		SPOILT(good, error, UINT32_MAX),
		SPOILT(good_open, type, RING_ENTRY_CLOSE),
		SPOILT(good_open, type, RING_ENTRY_DATA),
	};
	struct ring_fixture *f = *state;

	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		const struct ring_entry in = spoil(&rows[i]);
		struct ring_entry e;
		const uint8_t *payload;

		put_raw(f, &in, in.span);
		assert_int_equal(ring_reader_next(&f->reader, &e, &payload), 1);
		assert_memory_equal(&e, &in, sizeof(e));
		assert_ptr_equal(payload, f->view.data + f->reader.pos -
						  in.span + sizeof(e));
	}
}

static void a_whole_ring_in_one_entry_is_read(void **state)
{
	struct ring_fixture *f = *state;
	struct ring_entry e = good;
	const uint8_t *payload;

	put_raw(f, &good, good.span);
	assert_int_equal(ring_reader_next(&f->reader, &e, &payload), 1);
	e.span = RING_TEST_SIZE;
	e.len = RING_TEST_SIZE - 64;
	put_raw(f, &e, e.span);
	assert_int_equal(ring_reader_next(&f->reader, &e, &payload), 1);
	/* its last byte lies in the mapping: 192 + 64 bytes into the second */
	assert_int_equal(payload + e.len - f->view.data, RING_TEST_SIZE + 192);
}

static void a_lying_head_is_not_followed(void **state)
{
	struct ring_fixture *f = *state;
	const struct {
		uint64_t from, to;
	} rows[] = {
		{ 640, 0 },   /* going back */
		{ 640, 576 }, /* ... by one line */
		{ 0, RING_TEST_SIZE + 64 },
		{ 64, UINT64_MAX },
		{ 64, 64 + 63 }, /* no room for a header */
	};

	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct ring_entry e;
		const uint8_t *payload;

		/* what it finds there would be good */
		memcpy(f->map.data + rows[i].from, &good, sizeof(good));
		f->reader.pos = f->reader.head = rows[i].from;
		f->map.control->head = rows[i].to;
		assert_int_equal(ring_reader_next(&f->reader, &e, &payload),
				 -EBADMSG);
		assert_int_equal(f->reader.pos, rows[i].to);
		assert_int_equal(ring_reader_next(&f->reader, &e, &payload), 0);
	}
}

/* A jump is believed where it leads forward and not beyond the head; what lies
 * there is checked like all. */
static void a_lying_jump_leads_nowhere(void **state)
{
	const struct {
		uint64_t from, to;
		int want; /* entries that are good, or what next() says */
	} rows[] = {
		/* the reader stands at 640, the head is at 640 + 2 x 192 */
		{ 640, 640, 2 },        /* no jump */
		{ 640, 0, 2 },          /* back */
		{ 640, 639, 2 },        /* ... by a byte */
		{ 576, 832, 2 },        /* from elsewhere */
		{ 832, 1024, 2 },       /* from where it is not when it looks */
		{ 640, 1025, 2 },       /* beyond the head */
		{ 640, UINT64_MAX, 2 }, /* ... far */
		{ 640, 832, 1 },        { 640, 1024, 0 },
		{ 640, 896, -EBADMSG }, /* among the payload */
		{ 640, 641, -EBADMSG }, { 640, 1023, -EBADMSG },
	};
	struct ring_fixture *f = *state;
	struct ring_control *c = f->map.control;

	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct ring_entry e;
		const uint8_t *payload;
		int n = 0, r;

		ring_test_reset(&f->map, 640);
		ring_test_reset_reader(&f->reader, &f->view,
				       RING_READER_RECORDER, 640);
		put_raw(f, &good, good.span);
		put_raw(f, &good, good.span);
		c->rewind_from = rows[i].from;
		c->rewind_to = rows[i].to;
		while ((r = ring_reader_next(&f->reader, &e, &payload)) == 1)
			n++;
		assert_int_equal(r ? r : n, rows[i].want);
		assert_int_equal(f->reader.pos, c->head);
	}
}

/* Left behind again and again, or for ever: it reads nothing, and says so once
 * for each time. */
static void a_lying_epoch_stops_the_reader_only(void **state)
{
	struct ring_fixture *f = *state;
	_Atomic uint32_t *epoch =
		&f->map.control->reader_epoch[RING_READER_RECORDER];
	static const uint32_t odd[] = { 1, 3, 1, UINT32_MAX, 0x80000001 };
	struct ring_entry e;
	const uint8_t *payload;

	for (size_t i = 0; i < WS_ARRAY_LEN(odd); i++) {
		put_raw(f, &good, good.span);
		*epoch = odd[i];
		assert_int_equal(ring_reader_next(&f->reader, &e, &payload),
				 -EOVERFLOW);
		put_raw(f, &good, good.span);
		assert_int_equal(ring_reader_next(&f->reader, &e, &payload), 0);
		assert_false(ring_reader_intact(&f->reader));
		assert_true(ring_reader_sleep(&f->reader));
		ring_reader_awake(&f->reader);
	}
	*epoch = 4;
	put_raw(f, &good, good.span);
	assert_int_equal(ring_reader_next(&f->reader, &e, &payload), 1);
}

static void sleeping_is_refused_while_there_is_news(void **state)
{
	struct ring_fixture *f = *state;

	assert_true(ring_reader_sleep(&f->reader));
	assert_int_equal(f->view.cursor->idle, 1);
	ring_reader_awake(&f->reader);
	assert_int_equal(f->view.cursor->idle, 0);
	assert_true(ring_test_put(f, 5, 1));
	assert_false(ring_reader_sleep(&f->reader));
	assert_int_equal(f->view.cursor->idle, 0);
	assert_int_equal(ring_test_take(f), 5);
	assert_true(ring_reader_sleep(&f->reader));
}

static void a_slot_is_read_only_for_its_flow(void **state)
{
	struct ring_fixture *f = *state;
	struct ring_slot *s = &f->map.slots[2];
	struct ring_slot copy;

	s->serial = 9;
	s->flow_id = 77;
	s->state = RING_STATE_CLOSING;
	assert_true(ring_reader_slot(&f->reader, 2, 9, &copy));
	assert_memory_equal(&copy, s, sizeof(copy));
	assert_int_equal(ring_reader_state(&f->reader, 2, 9),
			 RING_STATE_CLOSING);
	assert_int_equal(ring_reader_state(&f->reader, 2, 8), RING_STATE_FREE);
	assert_int_equal(ring_reader_state(&f->reader, RING_TEST_SLOTS, 9),
			 RING_STATE_FREE);
	assert_false(ring_reader_slot(&f->reader, 2, 8, &copy));
	assert_false(ring_reader_slot(&f->reader, 2, 10, &copy));
	s->state = RING_STATE_FREE;
	assert_false(ring_reader_slot(&f->reader, 2, 9, &copy));
	/* behind the table, in what is left of its last page */
	s = &f->map.slots[RING_TEST_SLOTS];
	s->serial = 9;
	s->state = RING_STATE_OPEN;
	assert_false(ring_reader_slot(&f->reader, RING_TEST_SLOTS, 9, &copy));
	assert_false(ring_reader_slot(&f->reader, UINT32_MAX, 9, &copy));
}

/* An entry of a flow that no slot has; a CLOSE says what the flow was. */
static void put_of(struct ring_fixture *f, uint32_t type, uint32_t slot,
		   uint32_t serial)
{
	const struct ring_slot s = { .serial = serial,
				     .flow_id = 100 * slot + serial };
	const struct ring_entry e = { .type = type,
				      .len = type == RING_ENTRY_DATA
						     ? 0
						     : sizeof(s),
				      .slot = slot,
				      .serial = serial };

	assert_true(ring_tap_put(&f->tap, &e, &s, T0_MS));
}

/* Takes the next entry and looks its flow up. Return: its flow_id; 0 = it is
 * not known. */
static uint64_t look_up(struct ring_fixture *f, struct ring_closes *c)
{
	struct ring_entry e;
	struct ring_slot s;
	const uint8_t *payload;

	assert_int_equal(ring_reader_next(&f->reader, &e, &payload), 1);
	return ring_reader_find(&f->reader, c, e.slot, e.serial, &s) ? s.flow_id
								     : 0;
}

static void a_flow_is_known_by_its_close(void **state)
{
	struct ring_fixture *f = *state;
	struct ring_closes c;

	assert_int_equal(ring_closes_init(&c, &f->view), 0);
	put_of(f, RING_ENTRY_DATA, 1, 1); /* its CLOSE found no room */
	put_of(f, RING_ENTRY_DATA, 2, 1);
	put_of(f, RING_ENTRY_DATA, 1, 2);
	put_of(f, RING_ENTRY_CLOSE, 2, 1);
	put_of(f, RING_ENTRY_CLOSE, 1, 2);
	put_of(f, RING_ENTRY_DATA, 1, 3);
	put_of(f, RING_ENTRY_CLOSE, 1, 3);
	put_of(f, RING_ENTRY_DATA, 1, 4);
	assert_int_equal(look_up(f, &c), 0);
	assert_int_equal(look_up(f, &c), 201);
	assert_int_equal(look_up(f, &c), 102);
	assert_int_equal(look_up(f, &c), 0); /* a CLOSE is not behind itself */
	assert_int_equal(look_up(f, &c), 0);
	assert_int_equal(look_up(f, &c), 103);
	assert_int_equal(look_up(f, &c), 0);
	/* one that comes only now */
	put_of(f, RING_ENTRY_CLOSE, 1, 4);
	assert_int_equal(look_up(f, &c), 104);
	assert_int_equal(look_up(f, &c), 0);
	ring_closes_done(&c);
}

/* Round after round of the ring, and over its jumps. */
static void searches_go_on_with_the_ring(void **state)
{
	struct ring_fixture *f = *state;
	struct ring_closes c;

	assert_int_equal(ring_closes_init(&c, &f->view), 0);
	for (uint32_t i = 1; i < 20000; i += 3) {
		for (uint32_t k = i; k < i + 3; k++) {
			put_of(f, RING_ENTRY_DATA, k % 5, k);
			put_of(f, RING_ENTRY_CLOSE, k % 5, k);
		}
		for (uint32_t k = i; k < i + 3; k++) {
			assert_int_equal(look_up(f, &c), 100 * (k % 5) + k);
			assert_int_equal(look_up(f, &c), 0);
		}
		ring_reader_release(&f->reader);
		if (i % 100 == 0)
			ring_tap_kick(&f->tap);
	}
	assert_true(f->map.control->rewind_to != 0);
	ring_closes_done(&c);
}

/* However many flows there never were. */
static void searches_look_at_each_entry_once(void **state)
{
	struct ring_fixture *f = *state;
	struct ring_closes c;
	const uint32_t n = RING_TEST_SIZE / 64;

	assert_int_equal(ring_closes_init(&c, &f->view), 0);
	for (uint32_t i = 0; i < n; i++)
		put_of(f, RING_ENTRY_DATA, i % RING_TEST_SLOTS, i + 1);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(look_up(f, &c), 0);
	assert_in_range(c.looked_at, 1, n);
	ring_closes_done(&c);
}

#define WITH_RING(t)                                           \
	cmocka_unit_test_setup_teardown(t, ring_fixture_setup, \
					ring_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_RING(bad_entries_are_skipped),
		WITH_RING(the_largest_allowed_values_pass),
		WITH_RING(a_whole_ring_in_one_entry_is_read),
		WITH_RING(a_lying_head_is_not_followed),
		WITH_RING(a_lying_jump_leads_nowhere),
		WITH_RING(a_lying_epoch_stops_the_reader_only),
		WITH_RING(sleeping_is_refused_while_there_is_news),
		WITH_RING(a_slot_is_read_only_for_its_flow),
		WITH_RING(a_flow_is_known_by_its_close),
		WITH_RING(searches_go_on_with_the_ring),
		WITH_RING(searches_look_at_each_entry_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
