/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ring_note_test.c - a note is read whole, or not at all */
#include "ring_note.h"

#include <pthread.h>
#include <string.h>

#include "base_test.h"

static const struct ring_note_text watch = { "watch", "1234567890" };

static void says_what_was_put(void **state)
{
	struct ring_note n = { .version = 0 };
	struct ring_note_text text;

	(void)state;
	assert_false(ring_note_get(&n, 7, &text));
	ring_note_put(&n, 7, &watch);
	assert_true(ring_note_get(&n, 7, &text));
	assert_memory_equal(&text, &watch, sizeof(text));
	/* of another life of the slot it says nothing */
	assert_false(ring_note_get(&n, 8, &text));
	ring_note_put(&n, 8, &watch);
	assert_false(ring_note_get(&n, 7, &text));
	assert_true(ring_note_get(&n, 8, &text));
}

static void the_same_again_writes_nothing(void **state)
{
	struct ring_note n = { .version = 0 };
	uint32_t version;

	(void)state;
	ring_note_put(&n, 7, &watch);
	version = n.version;
	ring_note_put(&n, 7, &watch);
	assert_int_equal(n.version, version);
	ring_note_put(&n, 8, &watch);
	assert_int_not_equal(n.version, version);
}

/* Its writer died in between: the successor writes the same, or another. */
static void half_a_note_says_nothing(void **state)
{
	struct ring_note n = { .version = 0 };
	struct ring_note_text text;

	(void)state;
	ring_note_put(&n, 7, &watch);
	n.version++;
	assert_false(ring_note_get(&n, 7, &text));
	ring_note_put(&n, 7, &watch);
	assert_true(ring_note_get(&n, 7, &text));
	assert_memory_equal(&text, &watch, sizeof(text));
	assert_int_equal(n.version % 2, 0);
}

static void hostile_texts_have_an_end(void **state)
{
	struct ring_note n = { .version = 0 };
	struct ring_note_text text;

	(void)state;
	memset(&text, 'x', sizeof(text));
	ring_note_put(&n, 7, &text);
	assert_true(ring_note_get(&n, 7, &text));
	assert_int_equal(strlen(text.protocol), sizeof(text.protocol) - 1);
	assert_int_equal(strlen(text.device), sizeof(text.device) - 1);
}

#define ROUNDS 200000

struct race {
	struct ring_note note;
	_Atomic uint32_t done;
};

/* Protocol, device and serial of one note go together. */
static void *write_notes(void *arg)
{
	struct race *r = arg;

	for (uint32_t i = 0; i < ROUNDS; i++) {
		struct ring_note_text text = { .protocol = "" };

		memset(text.protocol, 'a' + (int)(i % 26), 23);
		memset(text.device, 'a' + (int)(i % 26), 31);
		ring_note_put(&r->note, 1 + i % 2, &text);
	}
	atomic_store(&r->done, 1);
	return NULL;
}

static void is_read_whole_while_it_is_written(void **state)
{
	static struct race r; /* a failure leaves the writer behind */
	struct ring_note_text text;
	unsigned seen = 0;
	pthread_t writer;

	(void)state;
	assert_int_equal(pthread_create(&writer, NULL, write_notes, &r), 0);
	for (bool last = false; !last;) {
		last = atomic_load(&r.done);
		for (uint32_t serial = 1; serial <= 2; serial++) {
			if (!ring_note_get(&r.note, serial, &text))
				continue;
			seen++;
			/* 26 letters: even ones come with serial 1 */
			assert_int_equal((text.protocol[0] - 'a') % 2 + 1,
					 serial);
			for (size_t i = 0; i < 31; i++) {
				assert_int_equal(text.device[i],
						 text.protocol[0]);
				assert_int_equal(text.protocol[i % 23],
						 text.protocol[0]);
			}
		}
	}
	assert_int_equal(pthread_join(writer, NULL), 0);
	assert_true(seen > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_was_put),
		cmocka_unit_test(the_same_again_writes_nothing),
		cmocka_unit_test(half_a_note_says_nothing),
		cmocka_unit_test(hostile_texts_have_an_end),
		cmocka_unit_test(is_read_whole_while_it_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
