/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder_store_test.h - flows and messages for a recorder with a store */
#ifndef RECORDER_STORE_TEST_H
#define RECORDER_STORE_TEST_H

#include "base_die.h"
#include "recorder_internal.h"
#include "recorder_sql_test.h"

#define HOUR_MS 3600000

/* Where message n begins. */
static inline uint64_t at(uint64_t n)
{
	return n * (sizeof(LK) - 1);
}

static inline int setup_store(void **state)
{
	*state = lab_new(1, LAB_SLOTS);
	lab_store(*state, 5);
	return 0;
}

static inline const struct ring_cursor *cursor(const struct lab *lab)
{
	return lab->maps[0].cursors[RING_READER_RECORDER];
}

static inline uint64_t head(const struct lab *lab)
{
	return atomic_load(&lab->maps[0].control->head);
}

static inline void await_committed(struct lab *lab)
{
	lab_await_given(lab, head(lab));
}

static inline void await_stat(const struct lab *lab, enum stat_id id,
			      uint64_t n)
{
	await_count(&cursor(lab)->stat.v[id], n);
}

static inline void open_flow(struct lab *lab, uint32_t slot)
{
	flow(lab, slot, slot)->opened_ns = NOW;
	hint(lab, slot, RING_ENTRY_OPEN, 0, 0);
}

/* In slot 3, after another. */
static inline void open_next_flow(struct lab *lab)
{
	struct ring_slot *s = flow(lab, 3, 4);

	s->serial = 2;
	s->flow_id = 0x2000;
	hint(lab, 3, RING_ENTRY_OPEN, 0, 0);
}

/* n messages of 23 bytes, the first at `offset`. */
static inline void messages(struct lab *lab, uint32_t slot, uint64_t offset,
			    int n)
{
	for (int i = 0; i < n; i++)
		bytes(lab, slot, RING_CLIENT,
		      offset + (uint64_t)i * (sizeof(LK) - 1), LK);
}

/* So many bytes of one that nobody frames. */
static inline void noise_in_flow(struct lab *lab, uint32_t slot, size_t n)
{
	static const uint8_t noise[4096];
	const struct base_span some = { noise, sizeof(noise) };

	for (uint64_t offset = 0; offset < n; offset += some.len)
		put_bytes(lab, slot, RING_CLIENT, offset, some);
}

static inline int64_t n_events(const struct lab *lab)
{
	return sql_number(lab, "SELECT count(*) FROM events");
}

/* Each once: the id is flow, direction and offset. */
static inline void assert_events(const struct lab *lab, int64_t n)
{
	assert_int_equal(n_events(lab), n);
	assert_int_equal(sql_number(lab, "SELECT count(DISTINCT json_extract("
					 "event, '$.id')) FROM events"),
			 n);
}

/* What the recorder says next. */
static inline struct role_message heard(const struct lab *lab)
{
	const int flags = fcntl(lab->channel, F_GETFL);
	struct role_message m;

	assert_int_equal(fcntl(lab->channel, F_SETFL, flags & ~O_NONBLOCK), 0);
	assert_int_equal(role_channel_receive(lab->channel, &m, NULL), 1);
	return m;
}

/* gt06: a heartbeat says nobody's name, the login does. */
#define BEAT  "78780a134004040001000750a60d0a"
#define LOGIN "78781101075253367890024270003201000512790d0a"
#define IMEI  "752533678900242"

static inline void gt06_flow(struct lab *lab)
{
	struct ring_slot *s = flow(lab, 3, 0);

	s->opened_ns = NOW;
	assert_true(base_addr_parse(&s->server, "198.51.100.7:5023"));
	hint(lab, 3, RING_ENTRY_OPEN, 0, 0);
	hex_bytes(lab, 3, RING_CLIENT, 0, BEAT);
}

static inline void login_and_beat(struct lab *lab)
{
	hex_bytes(lab, 3, RING_CLIENT, 15, LOGIN);
	hex_bytes(lab, 3, RING_CLIENT, 37, BEAT);
}

static inline void die_at(const char *die)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("WAYSIDE_DIE", die, 1), 0);
	assert_true(base_die_init());
}

static inline void await_death(struct lab *lab)
{
	assert_true(WIFSIGNALED(wait_for(lab->recorder)));
	base_fd_close(&lab->channel);
}

/* Makes the file, with so many events. */
static inline void store_some(struct lab *lab, int n)
{
	start(lab);
	open_flow(lab, 3);
	messages(lab, 3, 0, n);
	await_committed(lab);
	kill_it(lab);
	assert_events(lab, n);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_store, teardown)

#endif
