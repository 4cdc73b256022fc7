/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker_heir_test.c - a successor of a worker that has lost its way */
#include "worker_steps_test.h"

#define N_SLOTS 8

/* What the predecessor left: its flow is in slot 0. */
static void n_used_beyond_the_table(struct ring_map *m)
{
	atomic_store(&m->control->n_used, 0x7fffffff);
}

static void n_used_too_small(struct ring_map *m)
{
	atomic_store(&m->control->n_used, 0);
}

static void odd_head(struct ring_map *m)
{
	atomic_fetch_add(&m->control->head, 1);
}

/* The next entry would begin at 0 again. */
static void last_head(struct ring_map *m)
{
	atomic_store(&m->control->head, UINT64_MAX - RING_ALIGN + 1);
}

static void serial_of_32_bits(struct ring_map *m)
{
	m->slots[0].serial = RING_SERIAL_MAX + 1U;
}

static void last_serial(struct ring_map *m)
{
	m->slots[0].serial = UINT32_MAX;
}

static void state_that_is_none(struct ring_map *m)
{
	m->slots[0].state = 77;
}

static void wrong_fds(struct ring_map *m)
{
	m->slots[0].fd[RING_CLIENT] = INT32_MAX;
	m->slots[0].fd[RING_SERVER] = INT32_MIN;
}

static void wrong_bits(struct ring_map *m)
{
	m->slots[0].client_bits = 255;
}

static void wrong_family(struct ring_map *m)
{
	m->slots[0].client.family = 77;
}

/* Flows that are over were given back already. */
static void all_counted(struct ring_map *m)
{
	for (uint32_t i = 1; i < N_SLOTS; i++) {
		m->slots[i] = m->slots[0];
		m->slots[i].state = RING_STATE_FREE;
		m->slots[i].client.ip[15] = 2;
	}
}

static void intent_of_nobody(struct ring_map *m)
{
	m->control->intent = (struct ring_intent){ .slot = UINT32_MAX,
						   .direction = 9,
						   .moving = RING_MOVING_POOL };
}

static void no_next_flow(struct ring_map *m)
{
	atomic_store(&m->control->next_flow, 0);
}

static void last_next_flow(struct ring_map *m)
{
	atomic_store(&m->control->next_flow, UINT64_MAX);
}

static void wrong_readers(struct ring_map *m)
{
	for (int i = 0; i < RING_READER_ROOM; i++) {
		atomic_store(&m->control->reader_epoch[i], UINT32_MAX);
		atomic_store(&m->control->reader_missed[i], UINT64_MAX);
	}
}

/* xorshift64 (Marsaglia 2003) over all that a worker can write. */
static void noise(struct ring_map *m)
{
	uint64_t x = 88172645463325252ULL;
	uint8_t *p = (uint8_t *)m->control;

	for (size_t i = 0; i < RING_PAGE + N_SLOTS * sizeof(struct ring_slot);
	     i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p[i] = (uint8_t)(x >> 24);
	}
}

/* Reads all there is. Return: one-byte entries of that byte. The innocent
 * successor is not taken for one who writes nonsense. */
static int read_on(struct tape *t, char byte)
{
	int n = 0, r;

	do {
		r = ring_reader_next(&t->reader, &t->e, &t->payload);
		assert_int_not_equal(r, -EBADMSG);
		n += r == 1 && t->e.type == RING_ENTRY_DATA && t->e.len == 1 &&
		     t->payload[0] == (uint8_t)byte;
	} while (r);
	ring_reader_release(&t->reader);
	return n;
}

/* The memory is as of a worker that begins. */
static void expect_sound(const struct steps *s)
{
	const struct ring_map *m = &s->w[0].map;

	assert_in_range(atomic_load(&m->control->n_used), 1, N_SLOTS);
	assert_int_equal(atomic_load(&m->control->head) % RING_ALIGN, 0);
	assert_int_equal(m->control->intent.moving, RING_MOVING_NOTHING);
	for (uint32_t i = 0; i < N_SLOTS; i++)
		assert_int_equal(m->slots[i].state, RING_STATE_FREE);
}

/* A flow of slot 0 from its first to its last byte, which nobody's limit keeps
 * away, and one more that the other worker's flow keeps away. */
static void expect_served(struct steps *s, struct tape *t, unsigned host,
			  uint64_t old_id)
{
	const struct ring_slot *slots = s->w[0].map.slots;
	const int client = steps_client(s, 0, host, 0);
	int server, held;

	say(client, "b");
	server = steps_server(s, "b");
	say(server, "b");
	(void)steps_settle(s);
	hear(client, "b");
	assert_int_equal(read_on(t, 'b'), 2);
	assert_in_range(slots[0].serial, 1, RING_SERIAL_MAX);
	held = steps_client(s, 0, 2, 0);
	(void)steps_settle(s);
	assert_int_equal(slots[1].state, RING_STATE_HELD);
	steps_no_server(s);
	assert_true(slots[0].flow_id != old_id);
	assert_true(slots[1].flow_id != old_id);
	assert_int_equal(close(held), 0);
	assert_int_equal(close(client), 0);
	assert_int_equal(close(server), 0);
}

struct row {
	void (*spoil)(struct ring_map *);
	unsigned client; /* who comes next; 1: its network's flow is over */
};

static void check(void **state)
{
	const struct row *row = *state;
	struct steps *s = steps_new(N_SLOTS);
	struct lab lab;
	struct tape t;
	int client, server, other[2];
	uint64_t id;

	s->conf->max_flows_per_client = 1;
	client = steps_client(s, 0, 1, 0);
	say(client, "a");
	server = steps_server(s, "a");
	other[0] = steps_client(s, 1, 2, 0);
	say(other[0], "o");
	other[1] = steps_server(s, "o");
	lab.map = s->w[0].map;
	rewind_tape(&t, &lab);
	assert_int_equal(read_on(&t, 'a'), 1);
	id = s->w[0].map.slots[0].flow_id;

	steps_kill(s, 0);
	row->spoil(&s->w[0].map);
	steps_start(s, 0);
	assert_int_equal(close(client), 0);
	assert_int_equal(close(server), 0);
	expect_sound(s);
	(void)read_on(&t, 0);
	expect_served(s, &t, row->client, id);

	ring_map_unview(&t.reader.map);
	for (int i = 0; i < 2; i++)
		assert_int_equal(close(other[i]), 0);
	steps_free(s);
}

#define SPOILT(how, client)                       \
	{                                         \
		.name = #how, .test_func = check, \
		.initial_state = &(struct row)    \
		{                                 \
			(how), client             \
		}                                 \
	}

/* Whatever a worker leaves, its successor serves, is recorded, and leaves the
 * counts of others alone. */
int main(void)
{
	const struct CMUnitTest tests[] = {
		SPOILT(n_used_too_small, 1),
		SPOILT(odd_head, 1),
		SPOILT(last_head, 1),
		SPOILT(serial_of_32_bits, 1),
		SPOILT(last_serial, 1),
		SPOILT(state_that_is_none, 1),
		SPOILT(wrong_fds, 1),
		SPOILT(wrong_bits, 3),
		SPOILT(wrong_family, 3),
		SPOILT(all_counted, 1),
		SPOILT(intent_of_nobody, 1),
		SPOILT(no_next_flow, 1),
		SPOILT(last_next_flow, 1),
		SPOILT(wrong_readers, 1),
		SPOILT(noise, 3),
		SPOILT(n_used_beyond_the_table, 1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
