/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ring_map_test.c - the memory has its layout and is sealed against others */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_fd.h"
#include "ring_test.h"

/* Added up by hand from the members' sizes: no padding that nobody named, and
 * what different processes write lies in different cache lines. */
_Static_assert(sizeof(struct ring_dir) == 40 + 20 + 2 + 2, "no padding");
_Static_assert(sizeof(struct ring_slot) ==
		       8 + 12 + 4 + 8 + 72 + 16 + 4 + 4 + 128,
	       "no padding");
/* What a successor of a dead worker lives on. */
_Static_assert(offsetof(struct ring_slot, flow_id) == 0, "layout");
_Static_assert(offsetof(struct ring_slot, serial) == 8, "layout");
_Static_assert(offsetof(struct ring_slot, state) == 12, "layout");
_Static_assert(offsetof(struct ring_slot, fd) == 24, "layout");
_Static_assert(offsetof(struct ring_slot, client) == 32, "layout");
_Static_assert(offsetof(struct ring_slot, opened_ns) == 104, "layout");
_Static_assert(offsetof(struct ring_slot, dir) == 128, "layout");
_Static_assert(offsetof(struct ring_dir, bytes_in) == 0, "layout");
_Static_assert(offsetof(struct ring_dir, bytes_out) == 8, "layout");
_Static_assert(offsetof(struct ring_dir, acked_base) == 24, "layout");
_Static_assert(offsetof(struct ring_dir, pend_first) == 40, "layout");
_Static_assert(offsetof(struct ring_dir, pend_last) == 44, "layout");
_Static_assert(offsetof(struct ring_dir, pend_off) == 48, "layout");
_Static_assert(offsetof(struct ring_dir, pend_len) == 52, "layout");
_Static_assert(offsetof(struct ring_dir, flags) == 60, "layout");
_Static_assert(offsetof(struct ring_intent, direction) == 4, "layout");
_Static_assert(offsetof(struct ring_intent, moving) == 6, "layout");
_Static_assert(offsetof(struct ring_intent, offset) == 8, "layout");
_Static_assert(offsetof(struct ring_intent, head) == 16, "layout");
_Static_assert(sizeof(struct ring_entry) == 20 + 4 + 24 + 8 + 8, "no padding");
_Static_assert(offsetof(struct ring_entry, flow_id) == 24, "layout");
_Static_assert(sizeof(struct ring_intent) == 24, "no padding");
_Static_assert(offsetof(struct ring_control, head) == 64, "own line");
_Static_assert(offsetof(struct ring_control, rewind_to) == 96, "layout");
_Static_assert(offsetof(struct ring_control, intent) == 128, "own line");
_Static_assert(offsetof(struct ring_control, reader_epoch) == 192, "own line");
_Static_assert(offsetof(struct ring_control, stat) == 256, "own line");
_Static_assert(offsetof(struct ring_control, reader_missed) == 768, "own line");
_Static_assert(offsetof(struct ring_cursor, epoch) == 12, "layout");
_Static_assert(offsetof(struct ring_cursor, read) == 16, "layout");
_Static_assert(offsetof(struct ring_cursor, stat) == 64, "own line");

static unsigned count_fds(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static bool is_mapped(const void *p)
{
	int fd = memfd_create("copy", MFD_CLOEXEC);
	const ssize_t n = pwrite(fd, p, 1, 0); /* unmapped: EFAULT */

	base_fd_close(&fd);
	return n == 1;
}

static void control_page_says_what_was_made(void **state)
{
	const struct ring_fixture *f = *state;
	const struct ring_control *c = f->map.control;

	assert_int_equal(c->magic, 0x57524e47);
	assert_int_equal(c->version, RING_LAYOUT_VERSION);
	assert_int_equal(c->ring_size, RING_TEST_SIZE);
	assert_int_equal(c->n_slots, RING_TEST_SLOTS);
	assert_ptr_equal(f->map.slots, (const char *)c + 4096);
	for (int i = 0; i < RING_READER_ROOM; i++)
		assert_int_equal(c->reader_epoch[i], i >= 1);
}

static void the_end_is_the_beginning(void **state)
{
	struct ring_fixture *f = *state;

	for (size_t i = 0; i < RING_TEST_SIZE; i += RING_PAGE - 1) {
		f->map.data[RING_TEST_SIZE + i] = (uint8_t)(i % 251 + 1);
		assert_int_equal(f->map.data[i], i % 251 + 1);
		assert_int_equal(f->view.data[i], i % 251 + 1);
		assert_int_equal(f->view.data[RING_TEST_SIZE + i], i % 251 + 1);
	}
}

/* No way to a second writable mapping of what the worker sends. */
static void assert_sealed(int fd)
{
	char path[32];
	int again;
	void *p;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDWR | O_CLOEXEC);
	for (int i = 0; i < 2; i++) {
		const int which = i ? again : fd;

		if (which < 0)
			continue;
		p = mmap(NULL, RING_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			 which, 0);
		assert_ptr_equal(p, MAP_FAILED);
		assert_int_equal(pwrite(which, "x", 1, 0), -1);
		assert_int_equal(errno, EPERM);
		assert_int_equal(ftruncate(which, 0), -1);
		assert_int_equal(errno, EPERM);
	}
	base_fd_close(&again);
	p = mmap(NULL, RING_PAGE, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	assert_int_equal(mprotect(p, RING_PAGE, PROT_READ | PROT_WRITE), -1);
	(void)munmap(p, RING_PAGE);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
}

static void nobody_else_can_write(void **state)
{
	const struct ring_fixture *f = *state;

	assert_sealed(f->map.table_fd);
	assert_sealed(f->map.data_fd);
	assert_sealed(f->map.pool_fd);
}

/* A seal against writers is one against giving pages back, too: mm/shmem.c
 * refuses to punch holes into what is sealed. Should a kernel ever allow it,
 * idle pages of the ring could be given back. */
static void sealed_pages_cannot_be_given_back(void **state)
{
	const struct ring_fixture *f = *state;

	f->map.data[RING_PAGE] = 42;
	assert_int_equal(
		madvise(f->map.data + RING_PAGE, RING_PAGE, MADV_REMOVE), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(fallocate(f->map.data_fd,
				   FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				   RING_PAGE, RING_PAGE),
			 -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(f->map.data[RING_PAGE], 42);
}

static void a_child_inherits_the_writers_mapping(void **state)
{
	struct ring_fixture *f = *state;
	const pid_t child = fork();
	int status;

	if (child == 0) {
		f->map.control->intent.offset = 4711;
		f->map.data[0] = 42;
		f->map.pool[0] = 43;
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(f->view.control->intent.offset, 4711);
	assert_int_equal(f->view.data[0], 42);
	assert_int_equal(f->map.pool[0], 43);
}

static void the_reader_writes_its_cursor_page_only(void **state)
{
	struct ring_fixture *f = *state;

	f->view.cursor->pos = 128;
	assert_int_equal(f->map.cursors[RING_READER_RECORDER]->pos, 128);
	assert_int_equal(ftruncate(f->map.cursor_fd[RING_READER_RECORDER], 0),
			 -1);
}

static void a_view_refuses_wrong_sizes(void **state)
{
	const struct ring_fixture *f = *state;
	int short_fd = memfd_create("short", MFD_CLOEXEC);
	const struct {
		long table, ring;
		bool short_cursor;
	} rows[] = {
		{ .table = sizeof(struct ring_slot) },
		{ .table = -(long)sizeof(struct ring_slot) },
		{ .ring = RING_TEST_SIZE },
		{ .ring = -(long)(RING_TEST_SIZE / 2) },
		{ .short_cursor = true },
	};

	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct ring_map claimed = f->map;
		struct ring_view_map v;

		claimed.table_size += (size_t)rows[i].table;
		claimed.ring_size += (size_t)rows[i].ring;
		if (rows[i].short_cursor)
			claimed.cursor_fd[RING_READER_RECORDER] = short_fd;
		assert_int_equal(
			ring_map_view(&v, &claimed, RING_READER_RECORDER),
			-EBADMSG);
	}
	base_fd_close(&short_fd);
}

static void a_view_does_not_trust_the_control_page(void **state)
{
	struct ring_fixture *f = *state;
	struct ring_view_map v;

	f->map.control->ring_size = 1ULL << 40;
	f->map.control->n_slots = UINT32_MAX;
	assert_int_equal(ring_map_view(&v, &f->map, RING_READER_RECORDER), 0);
	assert_int_equal(v.ring_size, RING_TEST_SIZE);
	assert_int_equal(v.n_slots, RING_TEST_SLOTS);
	ring_map_unview(&v);
}

static void forget_unmaps_and_keeps_the_descriptors(void **state)
{
	struct ring_fixture *f = *state;
	const struct ring_map was = f->map;
	const unsigned fds = count_fds();

	assert_true(is_mapped(was.data + RING_TEST_SIZE));
	ring_map_forget(&f->map);
	assert_false(is_mapped(was.control));
	assert_false(is_mapped(was.data));
	assert_false(is_mapped(was.data + RING_TEST_SIZE));
	assert_false(is_mapped(was.pool));
	assert_false(is_mapped(was.cursors[RING_READER_RECORDER]));
	assert_null(f->map.control);
	assert_int_equal(count_fds(), fds);
}

static const struct ring_map_size small = { .n_slots = 1,
					    .n_readers = 3,
					    .ring_size = RING_SIZE_MIN,
					    .pool_size = RING_CHUNK_MAX };

static void destroy_leaves_no_descriptor(void **state)
{
	const unsigned fds = count_fds();
	struct ring_map m;

	(void)state;
	assert_int_equal(ring_map_create(&m, &small), 0);
	/* table, ring, pool; a cursor and an eventfd for each reader */
	assert_int_equal(count_fds(), fds + 3 + 2 * small.n_readers);
	for (size_t i = 0; i < small.n_readers; i++) {
		assert_int_equal(fcntl(m.cursor_fd[i], F_GETFD), FD_CLOEXEC);
		assert_int_equal(fcntl(m.kick_fd[i], F_GETFD), FD_CLOEXEC);
	}
	assert_int_equal(fcntl(m.table_fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(m.data_fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(m.pool_fd, F_GETFD), FD_CLOEXEC);
	ring_map_destroy(&m);
	assert_int_equal(count_fds(), fds);
	ring_map_destroy(&m);
	assert_int_equal(count_fds(), fds);
}

static void a_failure_says_why_and_leaves_nothing(void **state)
{
	const unsigned fds = count_fds();
	int spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct rlimit was, now;
	struct ring_map m;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	now = was;
	for (unsigned n = 0; n < 3 + 2 * small.n_readers; n++) {
		/* so many descriptors from the lowest free one on, no more */
		now.rlim_cur = (rlim_t)spare + n;
		base_fd_close(&spare);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
		assert_int_equal(ring_map_create(&m, &small), -EMFILE);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
		assert_int_equal(count_fds(), fds);
		spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
	base_fd_close(&spare);
}

static void a_ring_has_one_to_eight_readers(void **state)
{
	const struct {
		uint32_t n_readers;
		int want;
	} rows[] = {
		{ 0, -EINVAL }, { 1, 0 },       { 2, 0 },
		{ 8, 0 },       { 9, -EINVAL }, { UINT32_MAX, -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct ring_map_size size = small;
		struct ring_view_map v;
		struct ring_map m;

		size.n_readers = rows[i].n_readers;
		assert_int_equal(ring_map_create(&m, &size), rows[i].want);
		if (rows[i].want)
			continue;
		/* the epochs of those that are not there are odd */
		for (uint32_t k = 0; k < RING_READER_ROOM; k++)
			assert_int_equal(m.control->reader_epoch[k],
					 k >= size.n_readers);
		assert_int_equal(ring_map_view(&v, &m, size.n_readers - 1), 0);
		ring_map_unview(&v);
		assert_int_equal(ring_map_view(&v, &m, size.n_readers),
				 -EINVAL);
		ring_map_destroy(&m);
	}
}

/* Who is given a reader's page to look at can only look: the page's mode keeps
 * another user from opening it again. */
static void a_cursor_page_can_be_lent_to_look_at(void **state)
{
	const struct ring_fixture *f = *state;
	const struct ring_cursor *page;
	void *map;
	struct stat st;
	int fd = ring_map_cursor_readonly(&f->map, RING_READER_RECORDER);

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_ptr_equal(mmap(NULL, RING_PAGE, PROT_READ | PROT_WRITE,
			      MAP_SHARED, fd, 0),
			 MAP_FAILED);
	map = mmap(NULL, RING_PAGE, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	page = map;
	f->view.cursor->pos = 4711;
	assert_int_equal(page->pos, 4711);
	(void)munmap(map, RING_PAGE);
	base_fd_close(&fd);
	assert_int_equal(ring_map_cursor_readonly(&f->map, 1), -EINVAL);
}

static void each_ring_has_an_id_of_its_own(void **state)
{
	const struct ring_fixture *f = *state;
	struct ring_map m;

	assert_int_equal(ring_map_create(&m, &small), 0);
	assert_true(m.control->ring_id != f->map.control->ring_id);
	ring_map_destroy(&m);
}

static void the_pool_has_the_blocks_it_was_made_for(void **state)
{
	const struct ring_fixture *f = *state;
	struct ring_pool p;

	ring_pool_init(&p, &f->map);
	assert_int_equal(p.n_blocks, RING_TEST_BLOCKS);
	/* 256 KiB of scratch, one page for 128 words of next[], 128 blocks */
	assert_int_equal(f->map.pool_size, 262144 + 4096 + 128 * 4096);
	assert_int_equal(p.blocks - f->map.pool, 262144 + 4096);
}

#define WITH_RING(t)                                           \
	cmocka_unit_test_setup_teardown(t, ring_fixture_setup, \
					ring_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_RING(control_page_says_what_was_made),
		WITH_RING(the_end_is_the_beginning),
		WITH_RING(nobody_else_can_write),
		WITH_RING(sealed_pages_cannot_be_given_back),
		WITH_RING(a_child_inherits_the_writers_mapping),
		WITH_RING(the_reader_writes_its_cursor_page_only),
		WITH_RING(a_view_refuses_wrong_sizes),
		WITH_RING(a_view_does_not_trust_the_control_page),
		WITH_RING(forget_unmaps_and_keeps_the_descriptors),
		cmocka_unit_test(destroy_leaves_no_descriptor),
		cmocka_unit_test(a_failure_says_why_and_leaves_nothing),
		cmocka_unit_test(a_ring_has_one_to_eight_readers),
		WITH_RING(a_cursor_page_can_be_lent_to_look_at),
		WITH_RING(each_ring_has_an_id_of_its_own),
		WITH_RING(the_pool_has_the_blocks_it_was_made_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
