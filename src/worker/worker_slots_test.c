/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker_slots_test.c - slots, stale events and broken sides, without a process
 */
#include "worker_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base_test.h"

#define N_SLOTS 3

struct lab {
	struct ring_map map;
	struct worker_setup setup;
	struct worker worker;
};

static int setup(void **state)
{
	static const struct loop_ops ops = { .flow_ready = worker_flow_ready };
	const struct ring_map_size size = {
		.n_slots = N_SLOTS,
		.n_readers = 1,
		.ring_size = RING_SIZE_MIN,
		.pool_size = ring_pool_bytes(4UL * RING_BLOCK),
	};
	struct lab *lab = calloc(1, sizeof(*lab));
	struct worker *w;

	assert_non_null(lab);
	assert_int_equal(ring_map_create(&lab->map, &size), 0);
	w = &lab->worker;
	w->setup = &lab->setup;
	w->control = lab->map.control;
	w->slots = lab->map.slots;
	w->n_slots = N_SLOTS;
	w->links = calloc(N_SLOTS, sizeof(*w->links));
	w->waiting = calloc(N_SLOTS, sizeof(*w->waiting));
	assert_non_null(w->links);
	assert_non_null(w->waiting);
	assert_int_equal(loop_init(&w->loop, &ops, w), 0);
	ring_tap_init(&w->tap, &lab->map);
	ring_pool_init(&w->pool, &lab->map);
	lab->setup.shared = ring_shared_new(1, 0, N_SLOTS);
	assert_non_null(lab->setup.shared);
	worker_slots_init(w);
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;

	loop_done(&lab->worker.loop);
	free(lab->worker.links);
	free(lab->worker.waiting);
	ring_shared_free(lab->setup.shared);
	ring_map_destroy(&lab->map);
	free(lab);
	return 0;
}

static void slots_are_taken_and_given_back(void **state)
{
	struct worker *w = &((struct lab *)*state)->worker;
	const uint64_t first = w->control->ring_id;

	for (uint32_t i = 0; i < N_SLOTS; i++) {
		assert_int_equal(worker_slot_take(w), i);
		assert_int_equal(w->slots[i].serial, 1);
		assert_int_equal(w->slots[i].flow_id, first + i);
	}
	assert_int_equal(worker_slot_take(w), WORKER_NONE);
	assert_int_equal(w->n_flows, N_SLOTS);
	worker_slot_give(w, 0);
	worker_slot_give(w, 2);
	assert_int_equal(w->n_flows, N_SLOTS - 2);
	/* the one freed last comes first, in a new life */
	assert_int_equal(worker_slot_take(w), 2);
	assert_int_equal(worker_slot_take(w), 0);
	assert_int_equal(w->slots[2].serial, 2);
	assert_int_equal(w->slots[0].serial, 2);
	assert_int_equal(w->slots[0].flow_id, first + N_SLOTS + 1);
	assert_int_equal(worker_slot_take(w), WORKER_NONE);
}

static void a_serial_is_never_zero(void **state)
{
	struct worker *w = &((struct lab *)*state)->worker;
	const uint32_t slot = worker_slot_take(w);

	w->slots[slot].serial = RING_SERIAL_MAX;
	worker_slot_give(w, slot);
	assert_int_equal(worker_slot_take(w), slot);
	assert_int_equal(w->slots[slot].serial, 1);
}

static void a_list_is_first_in_first_out(void **state)
{
	struct worker *w = &((struct lab *)*state)->worker;
	struct worker_list list = { WORKER_NONE, WORKER_NONE };

	for (uint32_t i = 0; i < N_SLOTS; i++)
		worker_list_push(w, &list, i);
	worker_list_remove(w, &list, 1); /* from the middle */
	assert_int_equal(list.first, 0);
	assert_int_equal(list.last, 2);
	worker_list_remove(w, &list, 0);
	assert_int_equal(list.first, 2);
	worker_list_push(w, &list, 1);
	worker_list_remove(w, &list, 1); /* from the end */
	assert_int_equal(list.last, 2);
	worker_list_remove(w, &list, 2);
	assert_int_equal(list.first, WORKER_NONE);
	assert_int_equal(list.last, WORKER_NONE);
}

/* The token of epoll, as worker_flow.c makes it. */
static uint64_t token(uint32_t slot, uint32_t serial)
{
	return LOOP_FLOW_BIT | (uint64_t)serial << 32 | slot << 1 | RING_CLIENT;
}

static void an_event_of_an_earlier_life_is_ignored(void **state)
{
	struct worker *w = &((struct lab *)*state)->worker;
	uint32_t slot = worker_slot_take(w);

	worker_slot_give(w, slot);
	slot = worker_slot_take(w);
	w->slots[slot].state = RING_STATE_CONNECTING;
	worker_list_push(w, &w->connecting, slot);
	worker_flow_ready(w, token(slot, 1), EPOLLERR);
	assert_int_equal(w->slots[slot].state, RING_STATE_CONNECTING);
	worker_flow_ready(w, token(slot, 2), EPOLLERR);
	assert_int_equal(w->slots[slot].state, RING_STATE_CLOSING);
	/* until the batch ends nobody else gets the slot */
	worker_flow_ready(w, token(slot, 2), EPOLLERR);
	assert_int_equal(w->slots[slot].state, RING_STATE_CLOSING);
	worker_flow_reap(w);
	assert_int_equal(w->slots[slot].state, RING_STATE_FREE);
	assert_int_equal(w->n_flows, 0);
}

static void the_reaper_gives_pending_bytes_back(void **state)
{
	struct worker *w = &((struct lab *)*state)->worker;
	const size_t room = ring_pool_room(&w->pool);
	const uint32_t slot = worker_slot_take(w);
	uint8_t bytes[RING_BLOCK + 1] = { 0 };

	for (int i = 0; i < RING_SIDES; i++)
		ring_pool_append(&w->pool, &w->slots[slot].dir[i], bytes,
				 sizeof(bytes));
	assert_int_equal(ring_pool_room(&w->pool), room - 4UL * RING_BLOCK);
	w->slots[slot].state = RING_STATE_OPEN;
	worker_flow_close(w, slot, RING_CLOSE_SERVER_RESET, ECONNRESET);
	worker_flow_reap(w);
	assert_int_equal(ring_pool_room(&w->pool), room);
}

/* An open flow with a socket pair for a side; what the socket calls answer is
 * scripted below. Return: its slot. */
static uint32_t open_flow(struct lab *lab, const struct relay_io *io)
{
	struct worker *w = &lab->worker;
	const uint32_t slot = worker_slot_take(w);
	struct ring_slot *s = &w->slots[slot];

	w->env = (struct relay_env){ .io = io,
				     .control = w->control,
				     .slots = w->slots,
				     .tap = &w->tap,
				     .pool = &w->pool };
	s->state = RING_STATE_OPEN;
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s->fd), 0);
	for (unsigned i = 0; i < RING_SIDES; i++)
		assert_int_equal(loop_flow_add(&w->loop, s->fd[i],
					       token(slot, s->serial), 0),
				 0);
	return slot;
}

static void close_flow(struct worker *w, uint32_t slot)
{
	worker_flow_reap(w);
	assert_int_equal(w->slots[slot].state, RING_STATE_FREE);
}

static void a_quiet_side_that_breaks_ends_the_flow(void **state)
{
	struct lab *lab = *state;
	struct worker *w = &lab->worker;
	const uint32_t slot = open_flow(lab, NULL); /* no call is made */

	w->slots[slot].interest[RING_CLIENT] = RELAY_QUIET;
	worker_flow_ready(w, token(slot, 1), EPOLLERR | EPOLLHUP);
	assert_int_equal(w->slots[slot].state, RING_STATE_CLOSING);
	assert_int_equal(stat_get(&w->control->stat, STAT_RESETS), 1);
	close_flow(w, slot);
}

/* The io table has no argument for what its calls share. */
static struct {
	int client;   /* its descriptor */
	size_t sent;  /* by the server, before it went */
	size_t heard; /* by the client */
	int fins;     /* to either side */
} script;

/* The client says a byte; the server has said as much as is asked for in one
 * call, and FIN. */
static ssize_t receive_scripted(int fd, void *buf, size_t len)
{
	memset(buf, 0, len);
	if (fd == script.client)
		return 1;
	if (script.sent)
		return -ESHUTDOWN;
	script.sent = len;
	return (ssize_t)len;
}

/* The server takes nothing any more. */
static ssize_t send_scripted(int fd, struct iovec *iov, int n_iov)
{
	if (fd != script.client)
		return -EPIPE;
	assert_int_equal(n_iov, 1);
	script.heard += iov->iov_len;
	return (ssize_t)iov->iov_len;
}

static int shut_scripted(int fd)
{
	(void)fd;
	script.fins++;
	return 0;
}

static void last_words_come_before_the_reset(void **state)
{
	static const struct relay_io io = { .recv = receive_scripted,
					    .sendv = send_scripted,
					    .shutdown = shut_scripted };
	struct lab *lab = *state;
	struct worker *w = &lab->worker;
	const uint32_t slot = open_flow(lab, &io);

	memset(&script, 0, sizeof(script));
	script.client = w->slots[slot].fd[RING_CLIENT];
	w->slots[slot].interest[RING_CLIENT] = RELAY_READ;
	worker_flow_ready(w, token(slot, 1), EPOLLIN);
	assert_int_equal(w->slots[slot].state, RING_STATE_CLOSING);
	assert_true(script.sent > 0);
	assert_int_equal(script.heard, script.sent);
	/* which would look like an orderly end */
	assert_int_equal(script.fins, 0);
	assert_int_equal(stat_get(&w->control->stat, STAT_RESETS), 1);
	close_flow(w, slot);
}

static void fill_ring(struct worker *w)
{
	static const uint8_t bytes[RING_CHUNK_MAX];
	const struct ring_entry big = { .type = RING_ENTRY_DATA,
					.len = sizeof(bytes) };
	const struct ring_entry small = { .type = RING_ENTRY_DATA, .len = 1 };

	while (ring_tap_put(&w->tap, &big, bytes, 1))
		;
	while (ring_tap_put(&w->tap, &small, bytes, 1))
		;
}

/* A flow that wants to read and finds the ring full. Return: its slot. */
static uint32_t make_wait(struct lab *lab, const struct relay_io *io)
{
	struct worker *w = &lab->worker;
	const uint32_t slot = open_flow(lab, io);
	struct ring_slot *s = &w->slots[slot];

	s->flags = RING_SLOT_OBSERVED;
	s->when_full = RING_WHEN_FULL_WAIT;
	s->interest[RING_CLIENT] = RELAY_READ;
	s->interest[RING_SERVER] = RELAY_READ;
	worker_flow_ready(w, token(slot, s->serial), EPOLLIN);
	assert_true(s->dir[RING_CLIENT].flags & RING_DIR_RING_WAIT);
	assert_true(w->wait_timer.armed);
	return slot;
}

static void a_slot_that_lives_again_waits_once(void **state)
{
	struct lab *lab = *state;
	struct worker *w = &lab->worker;

	fill_ring(w);
	/* more lives than the list has room, before its tick comes */
	for (uint32_t life = 1; life <= N_SLOTS + 1; life++) {
		const uint32_t slot = make_wait(lab, NULL); /* no call */

		assert_int_equal(w->n_waiting, 1);
		worker_flow_close(w, slot, RING_CLOSE_CLIENT_RESET, 0);
		close_flow(w, slot);
	}
}

static ssize_t receive_byte(int fd, void *buf, size_t len)
{
	(void)fd;
	memset(buf, 0, len);
	return 1;
}

static ssize_t send_all(int fd, struct iovec *iov, int n_iov)
{
	(void)fd;
	(void)n_iov;
	return (ssize_t)iov->iov_len;
}

/* The recorder has read everything. */
static void empty_ring(const struct lab *lab)
{
	struct ring_view_map view;

	assert_int_equal(ring_map_view(&view, &lab->map, RING_READER_RECORDER),
			 0);
	atomic_store(&view.cursor->pos, atomic_load(&view.control->head));
	ring_map_unview(&view);
}

static void every_flow_that_waits_is_tried_again(void **state)
{
	static const struct relay_io io = { .recv = receive_byte,
					    .sendv = send_all };
	struct lab *lab = *state;
	struct worker *w = &lab->worker;

	fill_ring(w);
	for (uint32_t i = 0; i < N_SLOTS; i++)
		assert_int_equal(make_wait(lab, &io), i);
	assert_int_equal(w->n_waiting, N_SLOTS);
	empty_ring(lab);
	worker_flow_retry(&w->wait_timer, 1);
	assert_int_equal(w->n_waiting, 0);
	for (uint32_t i = 0; i < N_SLOTS; i++) {
		assert_int_equal(w->slots[i].dir[RING_CLIENT].bytes_in, 1);
		worker_flow_close(w, i, RING_CLOSE_NORMAL, 0);
	}
	worker_flow_reap(w);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(slots_are_taken_and_given_back),
		CASE(a_serial_is_never_zero),
		CASE(a_list_is_first_in_first_out),
		CASE(an_event_of_an_earlier_life_is_ignored),
		CASE(a_quiet_side_that_breaks_ends_the_flow),
		CASE(last_words_come_before_the_reset),
		CASE(a_slot_that_lives_again_waits_once),
		CASE(every_flow_that_waits_is_tried_again),
		CASE(the_reaper_gives_pending_bytes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
