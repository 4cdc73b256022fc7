/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ring_shared_test.c - connection ids, help, and limits over all workers */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_attr.h"
#include "base_test.h"
#include "ring_shared.h"

#define S              1000000000ULL
#define START          (1700000000 * S + 5)
#define N_CHILDREN     4
#define IDS_EACH       10000
#define SECONDS_PASSED 3

static int by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

struct drawn {
	_Atomic int n_ready;
	uint64_t ids[N_CHILDREN * IDS_EACH];
};

/* Each child draws its ids while the clock goes on under it; all at once. */
static void draw(struct ring_shared *s, struct drawn *d, unsigned child)
{
	uint64_t *ids = d->ids + (size_t)child * IDS_EACH;

	atomic_fetch_add(&d->n_ready, 1);
	while (atomic_load(&d->n_ready) < N_CHILDREN)
		sched_yield();
	for (uint64_t i = 0; i < IDS_EACH; i++)
		ids[i] = ring_shared_connection(
			s, START + i * SECONDS_PASSED * S / IDS_EACH);
	_exit(0);
}

static void draw_and_compare(void)
{
	const size_t n = (size_t)N_CHILDREN * IDS_EACH;
	struct drawn *d = mmap(NULL, sizeof(*d), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t *ids = d->ids;
	struct ring_shared *s = ring_shared_new(1700000001, 0, 1);

	assert_ptr_not_equal(d, MAP_FAILED);
	assert_non_null(s);
	for (unsigned i = 0; i < N_CHILDREN; i++) {
		const pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0)
			draw(s, d, i);
	}
	for (int i = 0; i < N_CHILDREN; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	for (size_t i = 0; i < n; i++) {
		/* each process sees its own in order */
		if (i % IDS_EACH)
			assert_true(ids[i] > ids[i - 1]);
		assert_in_range(ring_connection_second(ids[i]), 1700000001,
				1700000000 + SECONDS_PASSED);
	}
	qsort(ids, n, sizeof(*ids), by_value);
	assert_int_equal(ids[0], 1700000001ULL << 20);
	for (size_t i = 1; i < n; i++) {
		assert_true(ids[i] > ids[i - 1]);
		/* no number is skipped inside a second */
		if (ids[i] >> 20 == ids[i - 1] >> 20)
			assert_int_equal(ids[i], ids[i - 1] + 1);
		else
			assert_int_equal(ring_connection_number(ids[i]), 0);
	}
	ring_shared_free(s);
	(void)munmap(d, sizeof(*d));
}

/* Again and again: a race does not show every time. */
static void ids_are_unique_across_processes(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++)
		draw_and_compare();
}

static void ids_follow_a_clock_that_jumps(void **state)
{
	static const struct {
		uint64_t wall_ns, second;
		uint32_t number;
	} rows[] = {
		/* nothing before the first second */
		{ 1000 * S, 1001, 0 }, { 1000 * S + S - 1, 1001, 1 },
		{ 1001 * S, 1001, 2 }, { 1001 * S + S - 1, 1001, 3 },
		{ 1002 * S, 1002, 0 }, { 1005 * S + 1, 1005, 0 },
		{ 900 * S, 1005, 1 }, /* set back: counts on */
		{ 0, 1005, 2 },        { 1005 * S, 1005, 3 },
		{ 1006 * S, 1006, 0 },
	};
	struct ring_shared *s = ring_shared_new(1001, 0, 1);

	(void)state;
	assert_non_null(s);
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		const uint64_t id = ring_shared_connection(s, rows[i].wall_ns);

		assert_int_equal(ring_connection_second(id), rows[i].second);
		assert_int_equal(ring_connection_number(id), rows[i].number);
	}
	ring_shared_free(s);
}

static void ids_begin_where_they_are_told_to(void **state)
{
	struct ring_shared *s = ring_shared_new(1000, 654321, 1);
	const uint64_t id = ring_shared_connection(s, 1000 * S);

	(void)state;
	assert_int_equal(ring_connection_second(id), 1000);
	assert_int_equal(ring_connection_number(id), 654321);
	ring_shared_free(s);
}

static void a_second_runs_over_into_the_next(void **state)
{
	struct ring_shared *s = ring_shared_new(1000, 0, 1);
	uint64_t id = 0;

	(void)state;
	assert_non_null(s);
	for (uint32_t i = 0; i <= 1U << 20; i++)
		id = ring_shared_connection(s, 1000 * S);
	assert_int_equal(ring_connection_second(id), 1001);
	assert_int_equal(ring_connection_number(id), 0);
	/* the clock's second 1001 comes: 0 is taken */
	id = ring_shared_connection(s, 1001 * S);
	assert_int_equal(ring_connection_number(id), 1);
	ring_shared_free(s);
	ring_shared_free(NULL);
}

static void help_is_for_the_dead_and_the_full(void **state)
{
	struct ring_shared *s = ring_shared_new(1, 0, 1);

	(void)state;
	assert_int_equal(ring_shared_help(s), 0);
	ring_shared_set_dead(s, 0, true);
	assert_true(ring_shared_set_full(s, 63, true));
	assert_false(ring_shared_set_full(s, 63, true)); /* was so */
	assert_int_equal(ring_shared_help(s), 1 | 1ULL << 63);
	assert_int_equal(ring_shared_dead(s), 1);
	assert_true(ring_shared_set_full(s, 0, true));
	ring_shared_set_dead(s, 0, false);
	assert_int_equal(ring_shared_help(s), 1 | 1ULL << 63); /* full yet */
	assert_true(ring_shared_set_full(s, 0, false));
	assert_false(ring_shared_set_full(s, 0, false));
	assert_int_equal(ring_shared_help(s), 1ULL << 63);
	ring_shared_free(s);
}

static void flows_of_all_workers_are_added_up(void **state)
{
	struct ring_shared *s = ring_shared_new(1, 0, 1);

	(void)state;
	ring_shared_set_flows(s, 0, 3);
	ring_shared_set_flows(s, 63, 4);
	assert_int_equal(ring_shared_flows(s), 7);
	assert_false(ring_shared_try_flows(s, 0, 4, 7));
	assert_int_equal(ring_shared_flows(s), 7); /* as before */
	assert_true(ring_shared_try_flows(s, 0, 4, 8));
	assert_int_equal(ring_shared_flows(s), 8);
	ring_shared_set_flows(s, 63, 0);
	assert_int_equal(ring_shared_flows(s), 4);
	/* those of UDP have their own sum */
	ring_shared_set_udp_flows(s, 63, 2);
	assert_false(ring_shared_try_udp_flows(s, 0, 3, 4));
	assert_true(ring_shared_try_udp_flows(s, 0, 2, 4));
	assert_false(ring_shared_try_udp_flows(s, 1, 1, 4));
	ring_shared_set_udp_flows(s, 63, 0);
	assert_true(ring_shared_try_udp_flows(s, 1, 2, 4));
	assert_int_equal(ring_shared_flows(s), 4);
	ring_shared_free(s);
}

static uint64_t network(const struct ring_shared *s, const char *client,
			unsigned bits)
{
	struct base_addr a;

	assert_true(base_addr_parse(&a, client));
	return ring_shared_network(s, &a, bits);
}

static void a_network_is_the_first_bits(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned bits;
		bool same;
	} rows[] = {
		{ "192.0.2.1:1", "192.0.2.1:2", 32, true }, /* no port in it */
		{ "192.0.2.1:1", "192.0.2.0:1", 32, false },
		{ "192.0.2.1:1", "192.0.2.0:1", 31, true },
		{ "192.0.2.1:1", "192.0.2.2:1", 31, false },
		{ "192.0.2.1:1", "192.0.3.1:1", 24, false },
		{ "192.0.2.1:1", "192.0.3.1:1", 23, true },
		{ "127.0.0.1:1", "128.0.0.1:1", 1, false },
		{ "128.0.0.1:1", "192.0.0.1:1", 1, true },
		{ "[2001:db8::1]:1", "[2001:db8::2]:1", 64, true },
		{ "[2001:db8::1]:1", "[2001:db8::2]:1", 128, false },
		{ "[2001:db8:0:1::]:1", "[2001:db8:0:2::]:1", 64, false },
		{ "[2001:db8:0:2::]:1", "[2001:db8:0:3::]:1", 63, true },
		/* :: is no IPv4 address */
		{ "[::]:1", "0.0.0.0:1", 1, false },
	};
	struct ring_shared *s = ring_shared_new(1, 0, 1);

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++)
		assert_int_equal(network(s, rows[i].a, rows[i].bits) ==
					 network(s, rows[i].b, rows[i].bits),
				 rows[i].same);
	/* sizes do not mix: a count of one is not of the other */
	assert_int_not_equal(network(s, "192.0.2.0:1", 31),
			     network(s, "192.0.2.0:1", 32));
	ring_shared_free(s);
}

static void a_network_has_so_many_flows(void **state)
{
	struct ring_shared *s = ring_shared_new(1, 0, 100);
	const uint64_t a = network(s, "192.0.2.1:1", 32);
	const uint64_t b = network(s, "192.0.2.2:1", 32);

	(void)state;
	for (int life = 0; life < 3; life++) {
		assert_int_equal(ring_shared_enter(s, a, 2),
				 RING_ENTER_COUNTED);
		assert_false(ring_shared_is_full(s, a, 2));
		assert_int_equal(ring_shared_enter(s, a, 2),
				 RING_ENTER_COUNTED);
		assert_int_equal(ring_shared_enter(s, a, 2), RING_ENTER_LIMIT);
		assert_true(ring_shared_is_full(s, a, 2));
		assert_false(ring_shared_is_full(s, b, 1));
		assert_int_equal(ring_shared_enter(s, b, 1),
				 RING_ENTER_COUNTED);
		ring_shared_leave(s, b);
		ring_shared_leave(s, a);
		assert_int_equal(ring_shared_enter(s, a, 2),
				 RING_ENTER_COUNTED);
		ring_shared_leave(s, a);
		ring_shared_leave(s, a);
		ring_shared_leave(s, a); /* one too many does nothing */
	}
	for (uint32_t i = 0; i < s->n_places; i++)
		assert_int_equal(s->places[i] & 0xffffff, 0);
	ring_shared_free(s);
}

/* Numbers as ring_shared_network() gives them: the upper 40 bits say which, the
 * lower ones where; see the theory in the header. */
static uint64_t made_up(uint64_t which, uint64_t where)
{
	return which << 24 | where;
}

static void without_room_nobody_is_limited(void **state)
{
	struct ring_shared *s = ring_shared_new(1, 0, 1);
	const uint64_t one_more = made_up(RING_PLACES + 1, 7);

	(void)state;
	for (uint64_t i = 1; i <= RING_PLACES; i++)
		assert_int_equal(ring_shared_enter(s, made_up(i, 7), 1),
				 RING_ENTER_COUNTED);
	assert_int_equal(ring_shared_enter(s, one_more, 1),
			 RING_ENTER_UNCOUNTED);
	ring_shared_leave(s, one_more); /* and does not disturb the others */
	for (uint64_t i = 1; i <= RING_PLACES; i++)
		assert_int_equal(ring_shared_enter(s, made_up(i, 7), 1),
				 RING_ENTER_LIMIT);
	ring_shared_leave(s, made_up(5, 7));
	assert_int_equal(ring_shared_enter(s, one_more, 1), RING_ENTER_COUNTED);
	assert_int_equal(ring_shared_enter(s, one_more, 1), RING_ENTER_LIMIT);
	ring_shared_free(s);
}

/* A window goes on at the beginning of the places. */
static void a_window_wraps_around(void **state)
{
	struct ring_shared *s = ring_shared_new(1, 0, 1);
	const uint64_t where = s->n_places - 1;

	(void)state;
	for (uint64_t i = 1; i <= RING_PLACES; i++)
		assert_int_equal(ring_shared_enter(s, made_up(i, where), 1),
				 RING_ENTER_COUNTED);
	assert_true(s->places[RING_PLACES - 2] & 0xffffff);
	assert_int_equal(s->places[RING_PLACES - 1] & 0xffffff, 0);
	ring_shared_free(s);
}

/* Two workers met the network at one time, and each took a place. */
static void words_of_one_network_are_summed(void **state)
{
	struct ring_shared *s = ring_shared_new(1, 0, 1);
	const uint64_t a = made_up(9, 0);

	(void)state;
	atomic_store(&s->places[3], 9ULL << 24 | 2);
	atomic_store(&s->places[5], 9ULL << 24 | 1);
	assert_int_equal(ring_shared_enter(s, a, 3), RING_ENTER_LIMIT);
	assert_int_equal(ring_shared_enter(s, a, 4), RING_ENTER_COUNTED);
	for (int i = 0; i < 4; i++)
		ring_shared_leave(s, a);
	assert_int_equal(s->places[3] & 0xffffff, 0);
	assert_int_equal(s->places[5] & 0xffffff, 0);
	ring_shared_free(s);
}

static struct base_addr address(const char *text)
{
	struct base_addr a;

	assert_true(base_addr_parse(&a, text));
	return a;
}

static void a_pair_is_a_client_and_its_server(void **state)
{
	struct ring_shared *s = ring_shared_new(1, 0, 1);
	const struct base_addr client = address("10.0.0.1:1000");
	const struct base_addr same = address("10.0.0.1:2000");
	const struct base_addr server = address("47.88.85.196:7700");
	const struct base_addr others[] = { address("10.0.0.2:1000"),
					    address("47.88.85.197:7700"),
					    address("47.88.85.196:7701") };
	const uint64_t pair = ring_shared_pair(s, &client, &server);

	(void)state;
	assert_int_equal(ring_shared_pair(s, &same, &server), pair);
	assert_int_not_equal(ring_shared_pair(s, &others[0], &server), pair);
	assert_int_not_equal(ring_shared_pair(s, &client, &others[1]), pair);
	assert_int_not_equal(ring_shared_pair(s, &client, &others[2]), pair);
	/* who sends what the other one gets is another pair */
	assert_int_not_equal(ring_shared_pair(s, &server, &client), pair);
	ring_shared_free(s);
}

/* A connection id of that second. */
static uint64_t id_of(uint64_t second)
{
	return second << RING_CONNECTION_BITS | 5;
}

static void who_came_in_a_later_second_came_anew(void **state)
{
	struct ring_shared *s = ring_shared_new(1, 0, 1);
	const uint64_t a = 7ULL << 32 | 3, b = 8ULL << 32 | 3;

	(void)state;
	ring_shared_came(s, a, id_of(100));
	assert_false(ring_shared_came_anew(s, a, id_of(100)));
	ring_shared_came(s, b, id_of(200));
	assert_false(ring_shared_came_anew(s, a, id_of(100)));
	ring_shared_came(s, a, id_of(101));
	assert_true(ring_shared_came_anew(s, a, id_of(100)));
	assert_false(ring_shared_came_anew(s, a, id_of(101)));
	/* a slower worker does not take it back */
	ring_shared_came(s, a, id_of(100));
	assert_true(ring_shared_came_anew(s, a, id_of(100)));
	ring_shared_free(s);
}

/* In a full window the oldest is forgotten, and none of the networks is
 * touched. */
static void the_oldest_pair_makes_room(void **state)
{
	struct ring_shared *s = ring_shared_new(1, 0, 1);
	const uint64_t where = s->n_places - 1;

	(void)state;
	for (uint64_t i = 1; i <= RING_PLACES; i++)
		ring_shared_came(s, i << 32 | where, id_of(1000 - i));
	for (uint64_t i = 1; i <= RING_PLACES; i++)
		assert_true(
			ring_shared_came_anew(s, i << 32 | where, id_of(900)));
	ring_shared_came(s, 99ULL << 32 | where, id_of(2000));
	for (uint64_t i = 1; i <= RING_PLACES; i++)
		assert_int_equal(
			ring_shared_came_anew(s, i << 32 | where, id_of(900)),
			i < RING_PLACES);
	assert_true(ring_shared_came_anew(s, 99ULL << 32 | where, id_of(1999)));
	for (uint32_t i = 0; i < s->n_places; i++)
		assert_int_equal(s->places[i], 0);
	ring_shared_free(s);
}

#define MS 1000000ULL

/* Ten a second, 100 ms apart; who is 10 ms late at most may catch up. */
static void connects_keep_their_distance(void **state)
{
	struct ring_shared *s = ring_shared_new(1, 0, 1);

	(void)state;
	assert_int_equal(ring_shared_connect(s, 1000 * MS, 10), 0);
	assert_int_equal(ring_shared_connect(s, 1000 * MS, 10), 1090 * MS);
	assert_int_equal(ring_shared_connect(s, 1090 * MS - 1, 10), 1090 * MS);
	assert_int_equal(ring_shared_connect(s, 1095 * MS, 10), 0);
	/* in time for 1090, though it was 1095 */
	assert_int_equal(ring_shared_connect(s, 1100 * MS, 10), 1190 * MS);
	assert_int_equal(ring_shared_connect(s, 1250 * MS, 10), 0);
	assert_int_equal(ring_shared_connect(s, 1250 * MS, 10), 1340 * MS);
	assert_int_equal(ring_shared_connect(s, 1340 * MS, 10), 0);
	ring_shared_connect_undo(s, 10);
	assert_int_equal(ring_shared_connect(s, 1340 * MS, 10), 0);
	assert_int_equal(ring_shared_connect(s, 1340 * MS, 10), 1440 * MS);
	ring_shared_free(s);
}

#define N_THREADS 4
#define N_TURNS   100000
#define MOST      2

/* Threads, since a race detector sees nothing across processes. */
struct crowd {
	struct ring_shared *s;
	_Atomic int inside; /* flows of the one network that were let in */
	_Atomic int too_many, worker;
	_Atomic uint64_t connects;
	_Atomic uint32_t flows;
};

static void come_and_go(struct crowd *c, unsigned worker, uint32_t turn)
{
	const uint64_t all = made_up(1, 0), own = made_up(2 + worker, 0);

	/* others come and go in the same window */
	if (ring_shared_enter(c->s, own, 1) != RING_ENTER_COUNTED)
		atomic_fetch_add(&c->too_many, 1);
	if (ring_shared_enter(c->s, all, 1) == RING_ENTER_COUNTED) {
		if (atomic_fetch_add(&c->inside, 1) > 0)
			atomic_fetch_add(&c->too_many, 1);
		/* it stays for a while, so that two would meet */
		for (int i = 0; i < 100; i++)
			(void)atomic_load(&c->inside);
		atomic_fetch_sub(&c->inside, 1);
		ring_shared_leave(c->s, all);
	}
	ring_shared_leave(c->s, own);
	if (ring_shared_try_flows(c->s, worker, 1, MOST)) {
		if (atomic_fetch_add(&c->flows, 1) >= MOST)
			atomic_fetch_add(&c->too_many, 1);
		atomic_fetch_sub(&c->flows, 1);
		ring_shared_set_flows(c->s, worker, 0);
	}
	/* a microsecond a turn: 100 ms in all */
	if (ring_shared_connect(c->s, 1000 * MS + turn * 1000ULL, 100000) == 0)
		atomic_fetch_add(&c->connects, 1);
}

static void *be_worker(void *arg)
{
	struct crowd *c = arg;
	const unsigned worker = (unsigned)atomic_fetch_add(&c->worker, 1);

	while (atomic_load(&c->worker) < N_THREADS)
		(void)sched_yield(); /* cannot fail on Linux */
	for (uint32_t turn = 0; turn < N_TURNS; turn++)
		come_and_go(c, worker, turn);
	return NULL;
}

static void limits_hold_when_all_come_at_once(void **state)
{
	struct crowd c = { .s = ring_shared_new(1, 0, 1) };
	pthread_t threads[N_THREADS];

	(void)state;
	assert_non_null(c.s);
	for (int i = 0; i < N_THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, be_worker, &c), 0);
	for (int i = 0; i < N_THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(c.too_many, 0);
	for (uint32_t i = 0; i < c.s->n_places; i++)
		assert_int_equal(c.s->places[i] & 0xffffff, 0);
	assert_int_equal(ring_shared_flows(c.s), 0);
	/* 100,000 a second for 100 ms: 10,000, 1,000 for the slack, and one */
	assert_in_range(c.connects, 10000, 11001);
	ring_shared_free(c.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_unique_across_processes),
		cmocka_unit_test(ids_follow_a_clock_that_jumps),
		cmocka_unit_test(ids_begin_where_they_are_told_to),
		cmocka_unit_test(a_second_runs_over_into_the_next),
		cmocka_unit_test(help_is_for_the_dead_and_the_full),
		cmocka_unit_test(flows_of_all_workers_are_added_up),
		cmocka_unit_test(a_network_is_the_first_bits),
		cmocka_unit_test(a_network_has_so_many_flows),
		cmocka_unit_test(without_room_nobody_is_limited),
		cmocka_unit_test(a_window_wraps_around),
		cmocka_unit_test(words_of_one_network_are_summed),
		cmocka_unit_test(a_pair_is_a_client_and_its_server),
		cmocka_unit_test(who_came_in_a_later_second_came_anew),
		cmocka_unit_test(the_oldest_pair_makes_room),
		cmocka_unit_test(connects_keep_their_distance),
		cmocka_unit_test(limits_hold_when_all_come_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
