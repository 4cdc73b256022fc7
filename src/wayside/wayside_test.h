/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wayside_test.h - a daemon's memory made by hand, for tests
 *
 * Two workers of WAYSIDE_TEST_SLOTS slots and one reader, in memfds as the
 * supervisor makes them. The test writes through its own mappings what it wants
 * the tool to find.
 */
#ifndef WAYSIDE_TEST_H
#define WAYSIDE_TEST_H

#include <fcntl.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base_test.h"
#include "control_client.h"
#include "wayside_view.h"

#define WAYSIDE_TEST_WORKERS 2
#define WAYSIDE_TEST_SLOTS   4
/* 2025-11-03 14:25:01 UTC: 20395 days and 51901 seconds */
#define WAYSIDE_TEST_SECOND 1762179901ULL
#define WAYSIDE_TEST_NS     (WAYSIDE_TEST_SECOND * 1000000000ULL)

struct wayside_lab {
	struct control_result *result; /* owns the descriptors */
	struct control_state *state;
	struct conf_tables *conf;
	struct ring_control *control[WAYSIDE_TEST_WORKERS];
	struct ring_slot *slots[WAYSIDE_TEST_WORKERS];
	struct ring_cursor *cursor[WAYSIDE_TEST_WORKERS];
	struct ring_note *notes[WAYSIDE_TEST_WORKERS];
	struct wayside_view view;
};

#define WAYSIDE_TEST_TABLE \
	(RING_PAGE + WAYSIDE_TEST_SLOTS * sizeof(struct ring_slot))
#define WAYSIDE_TEST_CURSOR ring_cursor_size(WAYSIDE_TEST_SLOTS)

/* A mapping that stays writable; the descriptor goes into the result. */
static inline void *wayside_test_memory(struct wayside_lab *lab, size_t size)
{
	const int fd =
		memfd_create("wayside_test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *p;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_true(p != MAP_FAILED);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW),
			 0);
	lab->result->fds[lab->result->n_fds++] = fd;
	return p;
}

static inline void wayside_test_conf(struct conf_tables *t)
{
	t->magic = CONF_MAGIC;
	t->size = sizeof(*t);
	t->number = 3;
	t->on_failure = CONF_FAILURE_CLOSED;
	t->workers = WAYSIDE_TEST_WORKERS;
	t->max_flows = 5000;
	t->ring_size = 16U << 20;
	t->connect_timeout_ms = 10000;
	t->drain_ms = 30000;
	t->client_bits_v4 = 32;
	t->client_bits_v6 = 64;
	t->udp_timeout_ms = 300000;
	t->max_udp_flows = 2000;
	t->listen_port = 15001;
	(void)snprintf(t->log_dir, sizeof(t->log_dir), "/var/log/wayside");
	t->n_rules = 2;
	t->n_dests = 1;
	assert_true(base_net_parse(&t->dests[0].net, "192.0.2.0/24"));
	t->dests[0].port_first = t->dests[0].port_last = 7700;
	for (uint32_t i = 0; i < t->n_rules; i++) {
		(void)snprintf(t->rules[i].name, CONF_NAME_LEN,
			       i ? "watches" : "tkstar");
		(void)snprintf(t->rules[i].observe, CONF_NAME_LEN, "none");
		t->rules[i].to.n = 1;
	}
}

static inline int wayside_test_setup(void **state)
{
	struct wayside_lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("TZ", "UTC", 1), 0);
	lab->result = calloc(1, sizeof(*lab->result));
	assert_non_null(lab->result);
	lab->result->reply.n_workers = WAYSIDE_TEST_WORKERS;
	lab->result->reply.n_readers = 1;
	lab->state = wayside_test_memory(lab, sizeof(*lab->state));
	lab->state->magic = CONTROL_MAGIC;
	lab->state->version = CONTROL_VERSION;
	lab->conf = wayside_test_memory(lab, sizeof(*lab->conf));
	wayside_test_conf(lab->conf);
	for (unsigned i = 0; i < WAYSIDE_TEST_WORKERS; i++) {
		uint8_t *table = wayside_test_memory(lab, WAYSIDE_TEST_TABLE);
		uint8_t *page;

		lab->control[i] = (struct ring_control *)(void *)table;
		lab->control[i]->magic = RING_MAGIC;
		lab->control[i]->version = RING_LAYOUT_VERSION;
		atomic_store(&lab->control[i]->n_used, WAYSIDE_TEST_SLOTS);
		lab->slots[i] = (struct ring_slot *)(void *)(table + RING_PAGE);
		page = wayside_test_memory(lab, WAYSIDE_TEST_CURSOR);
		lab->cursor[i] = (struct ring_cursor *)(void *)page;
		lab->notes[i] = (struct ring_note *)(void *)(page + RING_PAGE);
	}
	*state = lab;
	return 0;
}

static inline int wayside_test_teardown(void **state)
{
	struct wayside_lab *lab = *state;

	wayside_view_close(&lab->view);
	for (unsigned i = 0; i < WAYSIDE_TEST_WORKERS; i++) {
		(void)munmap(lab->control[i], WAYSIDE_TEST_TABLE);
		(void)munmap(lab->cursor[i], WAYSIDE_TEST_CURSOR);
	}
	(void)munmap(lab->conf, sizeof(*lab->conf));
	(void)munmap(lab->state, sizeof(*lab->state));
	control_client_free(lab->result);
	free(lab);
	return 0;
}

static inline void wayside_test_map(struct wayside_lab *lab)
{
	assert_int_equal(wayside_view_map(&lab->view, lab->result), 0);
}

/* Noise that is the same on every run: xorshift64 (Marsaglia 2003). */
static inline void wayside_test_noise(void *out, size_t len, uint64_t *seed)
{
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++) {
		*seed ^= *seed << 13;
		*seed ^= *seed >> 7;
		*seed ^= *seed << 17;
		p[i] = (uint8_t)(*seed >> 24);
	}
}

/* What was printed is lines of printable ASCII. */
static inline void wayside_test_printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		assert_true(text[i] == '\n' ||
			    (text[i] >= 0x20 && text[i] <= 0x7e));
}

#define WAYSIDE_TEST(test)                                        \
	cmocka_unit_test_setup_teardown(test, wayside_test_setup, \
					wayside_test_teardown)

#endif
