/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * supervisor_control_test.c - what the supervisor answers the tool
 *
 * A supervisor without processes: its memory is real, its workers are the other
 * ends of their channels. Requests come through a real socket; each reply is
 * complete before the test looks for it, so nobody waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base_test.h"
#include "ring_pool.h"
#include "supervisor_internal.h"

#define N_WORKERS 3
#define N_SLOTS   5
/* state, configuration, and a table and a page for each worker */
#define N_FDS (2 + N_WORKERS * (1 + RING_READER_MAX))

struct lab {
	struct supervisor s;
	struct conf_tables conf;
	char dir[64];
	int worker[N_WORKERS]; /* the workers' ends */
	/* of the last reply */
	struct control_reply reply;
	char text[1024];
	int fds[CONTROL_FDS_MAX];
	size_t n_fds;
};

static const struct supervisor_times times = { .stop_ms = 1000 };

static int setup(void **state)
{
	const struct ring_map_size size = {
		.n_slots = N_SLOTS,
		.n_readers = RING_READER_MAX,
		.ring_size = RING_SIZE_MIN,
		.pool_size = ring_pool_bytes(RING_BLOCK),
	};
	struct lab *lab = calloc(1, sizeof(*lab));
	struct supervisor *s;

	assert_non_null(lab);
	s = &lab->s;
	(void)snprintf(lab->dir, sizeof(lab->dir),
		       "/tmp/supervisor_control_test.XXXXXX");
	assert_non_null(mkdtemp(lab->dir));
	(void)snprintf(lab->conf.control, sizeof(lab->conf.control),
		       "%s/control", lab->dir);
	lab->conf.number = 4;
	s->conf = &lab->conf;
	s->times = &times;
	s->n_workers = N_WORKERS;
	s->rules = NFT_STATE_STOPPED;
	s->conf_fd = memfd_create("supervisor_control_test",
				  MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_true(s->conf_fd >= 0);
	assert_int_equal(ftruncate(s->conf_fd, sizeof(lab->conf)), 0);
	assert_int_equal(fcntl(s->conf_fd, F_ADD_SEALS,
			       F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW),
			 0);
	assert_int_equal(loop_init(&s->loop, NULL, NULL), 0);
	supervisor_reload_init(s);
	for (unsigned i = 0; i < N_WORKERS; i++) {
		int ends[2];

		assert_int_equal(ring_map_create(&s->maps[i], &size), 0);
		supervisor_child_init(s, &s->workers[i], SUPERVISOR_WORKER, i);
		assert_int_equal(role_channel_open(ends), 0);
		s->workers[i].channel.fd = ends[0];
		s->workers[i].ready = true;
		lab->worker[i] = ends[1];
	}
	assert_int_equal(supervisor_state_open(s), 0);
	supervisor_control_init(s);
	assert_int_equal(supervisor_control_open(s), 0);
	*state = lab;
	return 0;
}

static void drop_descriptors(struct lab *lab)
{
	for (size_t i = 0; i < lab->n_fds; i++)
		assert_int_equal(close(lab->fds[i]), 0);
	lab->n_fds = 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;
	struct supervisor *s = &lab->s;

	drop_descriptors(lab);
	supervisor_control_close(s);
	supervisor_state_close(s);
	for (unsigned i = 0; i < N_WORKERS; i++) {
		ring_map_destroy(&s->maps[i]);
		assert_int_equal(close(s->workers[i].channel.fd), 0);
		assert_int_equal(close(lab->worker[i]), 0);
	}
	loop_done(&s->loop);
	assert_int_equal(close(s->conf_fd), 0);
	assert_int_equal(rmdir(lab->dir), 0);
	free(lab);
	return 0;
}

static unsigned open_descriptors(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void take_reply(struct lab *lab, int fd)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(CONTROL_FDS_MAX * sizeof(int))];
	} control = { .room = { 0 } };
	struct iovec iov[] = {
		{ .iov_base = &lab->reply, .iov_len = sizeof(lab->reply) },
		{ .iov_base = lab->text, .iov_len = sizeof(lab->text) - 1 },
	};
	struct msghdr msg = { .msg_iov = iov,
			      .msg_iovlen = 2,
			      .msg_control = control.room,
			      .msg_controllen = sizeof(control.room) };
	const ssize_t n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	const struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	assert_true(n >= (ssize_t)sizeof(lab->reply));
	lab->text[(size_t)n - sizeof(lab->reply)] = '\0';
	if (c) {
		lab->n_fds = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(lab->fds, CMSG_DATA(c), lab->n_fds * sizeof(int));
	}
}

static void ask(struct lab *lab, const struct control_request *q)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	drop_descriptors(lab);
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%.100s",
		       lab->conf.control);
	assert_int_equal(
		connect(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(send(fd, q, sizeof(*q), MSG_NOSIGNAL), sizeof(*q));
	while (loop_step(&lab->s.loop, 0) > 0)
		;
	take_reply(lab, fd);
	assert_int_equal(close(fd), 0);
}

static const struct control_request status = { .magic = CONTROL_MAGIC,
					       .version = CONTROL_VERSION,
					       .type = CONTROL_STATUS };

/* The descriptors are the memory itself, and let nobody write. */
static void status_hands_out_memory(void **state)
{
	struct lab *lab = *state;
	struct control_state *page;
	unsigned before;
	size_t at = 2;

	ask(lab, &status);
	assert_int_equal(lab->reply.error, 0);
	assert_int_equal(lab->reply.n_workers, N_WORKERS);
	assert_int_equal(lab->reply.n_readers, RING_READER_MAX);
	assert_int_equal(lab->n_fds, N_FDS);
	page = mmap(NULL, sizeof(*page), PROT_READ, MAP_SHARED, lab->fds[0], 0);
	assert_true(page != MAP_FAILED);
	assert_int_equal(page->pid, getpid());
	assert_true(page->program[0]);
	/* it is shared: what happens later is seen */
	supervisor_phase(&lab->s, SUPERVISOR_DRAINING);
	assert_int_equal(atomic_load(&page->phase), CONTROL_PHASE_DRAINING);
	assert_int_equal(munmap(page, sizeof(*page)), 0);
	for (unsigned i = 0; i < N_WORKERS; i++) {
		struct ring_slot slot;
		const off_t place =
			RING_PAGE + (off_t)(i * sizeof(struct ring_slot));

		lab->s.maps[i].slots[i].flow_id = 100 + i;
		assert_int_equal(
			pread(lab->fds[at], &slot, sizeof(slot), place),
			sizeof(slot));
		assert_int_equal(slot.flow_id, 100 + i);
		at += 1 + RING_READER_MAX;
	}
	for (size_t i = 0; i < N_FDS; i++) {
		assert_true(mmap(NULL, RING_PAGE, PROT_READ | PROT_WRITE,
				 MAP_SHARED, lab->fds[i], 0) == MAP_FAILED);
		assert_int_equal(pwrite(lab->fds[i], "x", 1, 0), -1);
	}
	/* and nothing is left open here */
	drop_descriptors(lab);
	before = open_descriptors();
	ask(lab, &status);
	drop_descriptors(lab);
	assert_int_equal(open_descriptors(), before);
}

static void status_without_tables(void **state)
{
	struct lab *lab = *state;
	const int fd = lab->s.conf_fd;

	lab->s.conf_fd = -1;
	ask(lab, &status);
	lab->s.conf_fd = fd;
	assert_int_equal(lab->reply.error, -ENOENT);
	assert_int_equal(lab->n_fds, 0);
	assert_non_null(strchr(lab->text, '\n'));
}

static struct control_request closing(uint32_t worker, uint32_t slot,
				      uint32_t serial)
{
	return (struct control_request){ .magic = CONTROL_MAGIC,
					 .version = CONTROL_VERSION,
					 .type = CONTROL_CLOSE,
					 .worker = worker,
					 .slot = slot,
					 .serial = serial };
}

/* Return: what the worker was told, 0: nothing. */
static int told(struct lab *lab, unsigned worker, struct role_message *m)
{
	return role_channel_receive(lab->worker[worker], m, NULL);
}

static void close_is_passed_on(void **state)
{
	struct lab *lab = *state;
	const struct control_request q =
		closing(2, N_SLOTS - 1, RING_SERIAL_MAX);
	struct role_message m;

	ask(lab, &q);
	assert_int_equal(lab->reply.error, 0);
	assert_int_equal(lab->reply.type, CONTROL_CLOSE);
	assert_int_equal(told(lab, 2, &m), 1);
	assert_int_equal(m.type, ROLE_CLOSE);
	assert_int_equal(m.slot, N_SLOTS - 1);
	assert_int_equal(m.serial, RING_SERIAL_MAX);
	assert_int_equal(told(lab, 2, &m), 0);
	assert_int_equal(told(lab, 0, &m), 0);
}

static void close_of_no_place(void **state)
{
	struct lab *lab = *state;
	const struct control_request rows[] = {
		closing(N_WORKERS, 0, 1),
		closing(UINT32_MAX, 0, 1),
		closing(0, N_SLOTS, 1),
		closing(0, UINT32_MAX, 1),
		closing(0, 0, RING_SERIAL_MAX + 1),
	};
	struct role_message m;

	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		ask(lab, &rows[i]);
		assert_int_equal(lab->reply.error, -EINVAL);
		for (unsigned j = 0; j < N_WORKERS; j++)
			assert_int_equal(told(lab, j, &m), 0);
	}
}

/* A worker that is dead, and one that does not read its channel. */
static void close_that_nobody_hears(void **state)
{
	struct lab *lab = *state;
	const struct control_request q = closing(1, 0, 1);
	unsigned n = 0;

	lab->s.workers[1].ready = false;
	ask(lab, &q);
	assert_int_equal(lab->reply.error, -ESRCH);
	assert_string_equal(lab->text, "worker/1 is not there to close it\n");
	lab->s.workers[1].ready = true;
	do {
		ask(lab, &q);
		assert_in_range(++n, 1, 100000);
	} while (!lab->reply.error);
	assert_int_equal(lab->reply.error, -EAGAIN);
	assert_non_null(strstr(lab->text, "worker/1 does not listen"));
}

/* Started without a file: there is nothing to read again, and it says so. */
static void reload_is_answered(void **state)
{
	struct lab *lab = *state;
	const struct control_request q = { .magic = CONTROL_MAGIC,
					   .version = CONTROL_VERSION,
					   .type = CONTROL_RELOAD };

	supervisor_phase(&lab->s, SUPERVISOR_RUNNING);
	ask(lab, &q);
	assert_int_equal(lab->reply.type, CONTROL_RELOAD);
	assert_int_equal(lab->reply.error, -ENOENT);
	assert_int_equal(lab->reply.text_len, strlen(lab->text));
	assert_non_null(strstr(lab->text, "without a configuration file"));
}

int main(void)
{
#define LAB(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		LAB(status_hands_out_memory), LAB(status_without_tables),
		LAB(close_is_passed_on),      LAB(close_of_no_place),
		LAB(close_that_nobody_hears), LAB(reload_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
