/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_file.c - one text capture for each connection */
#include "capture_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_fd.h"
#include "base_time.h"
#include "capture_write.h"

/* Room for gathered records. Larger chunks gain nothing by being copied. */
#define GATHER_MAX (64U << 10)
#define COPY_MAX   (16U << 10)
/* Stamp, TAB, "client" or "server", TAB, and the NUL that snprintf adds. */
#define HEAD_LEN (BASE_TIME_STAMP_LEN - 1 + 1 + 6 + 1 + 1)

static void unlink_slot(struct capture_files *s, uint32_t i)
{
	const struct capture_slot *slot = &s->slots[i];

	s->slots[slot->older].newer = slot->newer;
	s->slots[slot->newer].older = slot->older;
}

/* Puts slot i between `older` and what was newer than that. */
static void link_slot(struct capture_files *s, uint32_t i, uint32_t older)
{
	const uint32_t newer = s->slots[older].newer;

	s->slots[i].older = older;
	s->slots[i].newer = newer;
	s->slots[older].newer = i;
	s->slots[newer].older = i;
}

static void touch_slot(struct capture_files *s, uint32_t i)
{
	unlink_slot(s, i);
	link_slot(s, i, s->slots[s->max_open].older);
}

static void free_slot(struct capture_files *s, uint32_t i)
{
	struct capture_slot *slot = &s->slots[i];

	if (slot->file)
		slot->file->slot = CAPTURE_SLOT_NONE;
	slot->file = NULL;
	base_fd_close(&slot->fd);
	unlink_slot(s, i);
	link_slot(s, i, s->max_open);
}

int capture_files_init(struct capture_files *s, int dir, uint32_t max_open,
		       capture_lost_fn *lost, void *arg)
{
	assert(max_open > 0);
	*s = (struct capture_files){
		.dir = dir, .max_open = max_open, .lost = lost, .arg = arg
	};
	s->slots = calloc((size_t)max_open + 1, sizeof(*s->slots));
	s->gathered = malloc(GATHER_MAX);
	if (!s->slots || !s->gathered) {
		capture_files_done(s);
		return -ENOMEM;
	}
	s->slots[max_open].older = max_open;
	s->slots[max_open].newer = max_open;
	for (uint32_t i = 0; i < max_open; i++) {
		s->slots[i].fd = -1;
		link_slot(s, i, max_open);
	}
	return 0;
}

void capture_files_done(struct capture_files *s)
{
	if (s->slots && s->gathered) {
		capture_files_flush(s);
		for (uint32_t i = 0; i < s->max_open; i++)
			free_slot(s, i);
	}
	free(s->slots);
	free(s->gathered);
	s->slots = NULL;
	s->gathered = NULL;
}

/* Gives the file the slot that was used least recently. */
static int open_slot(struct capture_files *s, struct capture_file *f)
{
	const uint32_t i = s->slots[s->max_open].newer;
	char name[CAPTURE_NAME_LEN];
	int fd;

	if (s->slots[i].file)
		free_slot(s, i);
	fd = capture_write_open(s->dir,
				capture_id_file_name(&f->id, &f->client, name),
				O_NOFOLLOW);
	if (fd < 0)
		return fd;
	s->slots[i].fd = fd;
	s->slots[i].file = f;
	f->slot = i;
	return 0;
}

/* A descriptor at the end of the last whole record. Return: it or -errno. */
static int descriptor(struct capture_files *s, struct capture_file *f)
{
	int r = 0;

	if (f->slot != CAPTURE_SLOT_NONE &&
	    !capture_write_has_name(s->slots[f->slot].fd)) {
		free_slot(s, f->slot);
		f->torn = 0;
	}
	if (f->slot == CAPTURE_SLOT_NONE)
		r = open_slot(s, f);
	if (r)
		return r;
	touch_slot(s, f->slot);
	if (f->torn)
		r = capture_write_cut(s->slots[f->slot].fd, f->torn);
	if (r)
		return r;
	f->torn = 0;
	return s->slots[f->slot].fd;
}

/* Appends all parts or nothing. Return: 0 or -errno. */
static int append(struct capture_files *s, struct capture_file *f,
		  const struct base_span *parts, int n_parts)
{
	const int fd = descriptor(s, f);
	size_t written;
	int r;

	if (fd < 0)
		return fd;
	r = capture_write_all(fd, parts, n_parts, &written);
	if (!r)
		return 0;
	if (written && capture_write_cut(fd, written))
		f->torn = (uint32_t)written;
	/* a file that is opened anew may be a better one */
	free_slot(s, f->slot);
	return r;
}

/* Writes what is gathered and the parts behind it, all of s->file. */
static void write_out(struct capture_files *s, struct base_span payload,
		      struct base_span end)
{
	const struct base_span parts[] = {
		{ (const uint8_t *)s->gathered, s->len }, payload, end
	};
	struct capture_file *f = s->file;
	uint64_t lost[BASE_DIRECTIONS];
	int r;

	r = append(s, f, parts, WS_ARRAY_LEN(parts));
	memcpy(lost, s->payload, sizeof(lost));
	memset(s->payload, 0, sizeof(s->payload));
	s->len = 0;
	s->file = NULL;
	if (r)
		s->lost(s->arg, f, -r, lost);
}

void capture_files_flush(struct capture_files *s)
{
	static const struct base_span none = { NULL, 0 };

	if (s->file)
		write_out(s, none, none);
}

static void gather(struct capture_files *s, struct base_span bytes)
{
	memcpy(s->gathered + s->len, bytes.ptr, bytes.len);
	s->len += bytes.len;
}

int capture_file_open(struct capture_files *s, struct capture_file *f,
		      const struct capture_id *id,
		      const struct base_addr *client)
{
	int fd;

	*f = (struct capture_file){ .id = *id,
				    .client = *client,
				    .slot = CAPTURE_SLOT_NONE };
	fd = descriptor(s, f);
	return fd < 0 ? fd : 0;
}

void capture_file_record(struct capture_files *s, struct capture_file *f,
			 uint64_t wall_ns, enum base_direction d,
			 struct base_span bytes)
{
	static const struct base_span end = { (const uint8_t *)"\n", 1 };
	const bool copy = bytes.len <= COPY_MAX;
	char stamp[BASE_TIME_STAMP_LEN], head[HEAD_LEN];
	const int n = snprintf(head, sizeof(head), "%s\t%s\t",
			       base_time_stamp(wall_ns, stamp),
			       base_direction_name(d));
	const size_t need = (size_t)n + (copy ? bytes.len + end.len : 0);

	if (s->file != f || need > GATHER_MAX - s->len)
		capture_files_flush(s);
	s->file = f;
	s->payload[d] += bytes.len;
	gather(s, (struct base_span){ (const uint8_t *)head, (size_t)n });
	if (!copy) {
		write_out(s, bytes, end);
		return;
	}
	gather(s, bytes);
	gather(s, end);
}

void capture_file_close(struct capture_files *s, struct capture_file *f)
{
	if (s->file == f)
		capture_files_flush(s);
	if (f->slot != CAPTURE_SLOT_NONE)
		free_slot(s, f->slot);
}
