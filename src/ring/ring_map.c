/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ring_map.c - making, mapping and sealing one worker's memory */
#include "ring_map.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_map.h"

#ifndef F_SEAL_FUTURE_WRITE
#	define F_SEAL_FUTURE_WRITE 0x0010 /* Linux 5.1 */
#endif

static int make_memfd(const char *name, uint32_t worker, size_t size)
{
	char full[32];
	int fd;

	(void)snprintf(full, sizeof(full), "wayside-%s/%u", name, worker);
	fd = memfd_create(full, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)size) < 0) {
		const int r = -errno;

		base_fd_close(&fd);
		return r;
	}
	return fd;
}

static void *map_shared(int fd, size_t size, int prot)
{
	void *p = mmap(NULL, size, prot, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return NULL;
	return p;
}

/* The same bytes twice in a row, so that an entry may cross the end. */
static uint8_t *map_twice(int fd, size_t size, int prot)
{
	uint8_t *base = mmap(NULL, 2 * size, PROT_NONE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			     0);

	if (base == MAP_FAILED)
		return NULL;
	for (int i = 0; i < 2; i++) {
		const void *half = mmap(base + (size_t)i * size, size, prot,
					MAP_SHARED | MAP_FIXED, fd, 0);

		if (half == MAP_FAILED) {
			base_unmap(base, 2 * size);
			return NULL;
		}
	}
	return base;
}

static int make_descriptors(struct ring_map *m, uint32_t worker)
{
	const struct {
		const char *name;
		size_t size;
		int *fd;
	} rows[] = {
		{ "table", m->table_size, &m->table_fd },
		{ "ring", m->ring_size, &m->data_fd },
		{ "pool", m->pool_size, &m->pool_fd },
	};

	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		*rows[i].fd = make_memfd(rows[i].name, worker, rows[i].size);
		if (*rows[i].fd < 0)
			return *rows[i].fd;
	}
	for (uint32_t i = 0; i < m->n_readers; i++) {
		m->cursor_fd[i] = make_memfd("cursor", worker,
					     ring_cursor_size(m->n_slots));
		if (m->cursor_fd[i] < 0)
			return m->cursor_fd[i];
		/* a memfd begins open to all, and it can be opened anew by
		 * whoever is given a descriptor to read it */
		if (fchmod(m->cursor_fd[i], S_IRUSR | S_IWUSR) < 0)
			return -errno;
		m->kick_fd[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (m->kick_fd[i] < 0)
			return -errno;
	}
	return 0;
}

static int map_for_writing(struct ring_map *m)
{
	uint8_t *table =
		map_shared(m->table_fd, m->table_size, PROT_READ | PROT_WRITE);

	m->control = (struct ring_control *)(void *)table;
	m->slots = table ? (struct ring_slot *)(void *)(table + RING_PAGE)
			 : NULL;
	m->data = map_twice(m->data_fd, m->ring_size, PROT_READ | PROT_WRITE);
	m->pool = map_shared(m->pool_fd, m->pool_size, PROT_READ | PROT_WRITE);
	for (uint32_t i = 0; i < m->n_readers; i++) {
		m->cursors[i] =
			map_shared(m->cursor_fd[i], RING_PAGE, PROT_READ);
		if (!m->cursors[i])
			return -ENOMEM;
	}
	return table && m->data && m->pool ? 0 : -ENOMEM;
}

/* From here on no new writable mapping can be made of what workers write. */
static int seal(const struct ring_map *m)
{
	const int fds[] = { m->table_fd, m->data_fd, m->pool_fd };
	const int sizes = F_SEAL_SHRINK | F_SEAL_GROW;

	for (size_t i = 0; i < WS_ARRAY_LEN(fds); i++) {
		if (fcntl(fds[i], F_ADD_SEALS,
			  sizes | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) < 0)
			return -errno;
	}
	for (uint32_t i = 0; i < m->n_readers; i++) {
		if (fcntl(m->cursor_fd[i], F_ADD_SEALS, sizes | F_SEAL_SEAL) <
		    0)
			return -errno;
	}
	return 0;
}

static int fill_control(struct ring_map *m, uint32_t worker)
{
	struct ring_control *c = m->control;

	c->magic = RING_MAGIC;
	c->version = RING_LAYOUT_VERSION;
	c->ring_size = m->ring_size;
	c->pool_size = m->pool_size;
	c->n_slots = m->n_slots;
	c->worker = worker;
	if (getrandom(&c->ring_id, sizeof(c->ring_id), 0) !=
	    (ssize_t)sizeof(c->ring_id))
		return -EIO;
	/* known readers have read nothing yet; others are not there */
	for (uint32_t i = m->n_readers; i < RING_READER_ROOM; i++)
		atomic_init(&c->reader_epoch[i], 1);
	return 0;
}

void ring_map_init(struct ring_map *m)
{
	memset(m, 0, sizeof(*m));
	m->table_fd = m->data_fd = m->pool_fd = -1;
	for (int i = 0; i < RING_READER_ROOM; i++)
		m->cursor_fd[i] = m->kick_fd[i] = -1;
}

int ring_map_create(struct ring_map *m, const struct ring_map_size *size)
{
	int r;

	ring_map_init(m);
	if (!size->n_readers || size->n_readers > RING_READER_ROOM)
		return -EINVAL;
	m->n_slots = size->n_slots;
	m->n_readers = size->n_readers;
	m->table_size =
		RING_PAGE + (size_t)size->n_slots * sizeof(struct ring_slot);
	m->ring_size = size->ring_size;
	m->pool_size = size->pool_size;
	r = make_descriptors(m, size->worker);
	if (!r)
		r = map_for_writing(m);
	if (!r)
		r = seal(m);
	if (!r)
		r = fill_control(m, size->worker);
	if (r)
		ring_map_destroy(m);
	return r;
}

void ring_map_forget(struct ring_map *m)
{
	base_unmap(m->control, m->table_size);
	if (m->data)
		base_unmap(m->data, 2 * m->ring_size);
	base_unmap(m->pool, m->pool_size);
	for (uint32_t i = 0; i < m->n_readers; i++) {
		base_unmap(m->cursors[i], RING_PAGE);
		m->cursors[i] = NULL;
	}
	m->control = NULL;
	m->slots = NULL;
	m->data = NULL;
	m->pool = NULL;
}

void ring_map_destroy(struct ring_map *m)
{
	ring_map_forget(m);
	base_fd_close(&m->table_fd);
	base_fd_close(&m->data_fd);
	base_fd_close(&m->pool_fd);
	for (uint32_t i = 0; i < m->n_readers; i++) {
		base_fd_close(&m->cursor_fd[i]);
		base_fd_close(&m->kick_fd[i]);
	}
}

int ring_map_cursor_readonly(const struct ring_map *m, unsigned reader)
{
	char path[32];
	int fd;

	if (reader >= m->n_readers)
		return -EINVAL;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d",
		       m->cursor_fd[reader]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return fd;
}

static bool has_size(int fd, size_t size)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (size_t)st.st_size == size;
}

int ring_map_view(struct ring_view_map *v, const struct ring_map *m,
		  unsigned reader)
{
	const uint8_t *table;
	uint8_t *cursor;

	memset(v, 0, sizeof(*v));
	if (reader >= m->n_readers)
		return -EINVAL;
	v->table_size = m->table_size;
	v->ring_size = m->ring_size;
	v->n_slots = m->n_slots;
	if (!has_size(m->table_fd, m->table_size) ||
	    !has_size(m->data_fd, m->ring_size) ||
	    !has_size(m->cursor_fd[reader], ring_cursor_size(m->n_slots)))
		return -EBADMSG;
	table = map_shared(m->table_fd, m->table_size, PROT_READ);
	v->control = (const struct ring_control *)(const void *)table;
	v->slots = table ? (const struct ring_slot *)(const void *)(table +
								    RING_PAGE)
			 : NULL;
	v->data = map_twice(m->data_fd, m->ring_size, PROT_READ);
	cursor = map_shared(m->cursor_fd[reader], ring_cursor_size(v->n_slots),
			    PROT_READ | PROT_WRITE);
	v->cursor = (struct ring_cursor *)(void *)cursor;
	v->notes = cursor ? (struct ring_note *)(void *)(cursor + RING_PAGE)
			  : NULL;
	if (!table || !v->data || !cursor) {
		ring_map_unview(v);
		return -ENOMEM;
	}
	return 0;
}

void ring_map_unview(struct ring_view_map *v)
{
	base_unmap(v->control, v->table_size);
	if (v->data)
		base_unmap(v->data, 2 * v->ring_size);
	base_unmap(v->cursor, ring_cursor_size(v->n_slots));
	memset(v, 0, sizeof(*v));
}
