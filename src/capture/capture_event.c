/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_event.c - the classic event file: one line a message */
#include "capture_event.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_fd.h"
#include "base_time.h"
#include "capture_write.h"

/* Gathered lines are written at this size. */
#define GATHER_LEN (64U << 10)
#define HEAD_MAX   (BASE_TIME_STAMP_LEN + BASE_ADDR_STRLEN + CAPTURE_ID_LEN + 16)
#define ESCAPE_LEN 4 /* \xHH */

void capture_events_init(struct capture_events *e, capture_event_lost_fn *lost,
			 void *arg)
{
	*e = (struct capture_events){ .lost = lost, .arg = arg };
}

/* Return: 0, and half a line of the past is gone or ended, or -errno. */
static int ready(struct capture_event_file *f)
{
	static const struct base_span end = { (const uint8_t *)"\n", 1 };
	size_t written;
	int r;

	if (f->fd >= 0 && !capture_write_is_at(f->fd, f->path)) {
		base_fd_close(&f->fd);
		f->torn = 0;
	}
	if (f->fd < 0) {
		r = capture_write_open(AT_FDCWD, f->path, 0);
		if (r < 0)
			return r;
		f->fd = r;
	}
	if (!f->torn)
		return 0;
	r = capture_write_cut(f->fd, f->torn);
	if (r == -EINVAL) /* a pipe or a terminal takes nothing back */
		r = capture_write_all(f->fd, &end, 1, &written);
	if (!r)
		f->torn = 0;
	return r;
}

int capture_events_add_file(struct capture_events *e, const char *path)
{
	struct capture_event_file *f = &e->files[e->n_files];

	if (e->n_files == CAPTURE_EVENT_FILES_MAX)
		return -EMFILE;
	*f = (struct capture_event_file){ .path = path, .fd = -1 };
	e->n_files++;
	return ready(f);
}

static uint64_t count_lines(struct base_span lines)
{
	struct base_rd r;
	uint64_t n = 0;

	base_rd_init(&r, lines.ptr, lines.len);
	while (base_rd_until(&r, '\n').ptr)
		n++;
	return n;
}

static void write_lines(struct capture_events *e, struct capture_event_file *f)
{
	const struct base_span lines = { (const uint8_t *)e->lines, e->len };
	size_t written = 0, whole = 0;
	const char *last;
	int r;

	r = ready(f);
	if (!r)
		r = capture_write_all(f->fd, &lines, 1, &written);
	if (!r)
		return;
	last = memrchr(e->lines, '\n', written);
	if (last)
		whole = (size_t)(last - e->lines) + 1;
	if (written > whole && capture_write_cut(f->fd, written - whole))
		f->torn = (uint32_t)(written - whole);
	e->lost(e->arg, f->path, -r,
		e->n - count_lines((struct base_span){ lines.ptr, whole }));
}

void capture_events_flush(struct capture_events *e)
{
	if (!e->n)
		return;
	for (int i = 0; i < e->n_files; i++)
		write_lines(e, &e->files[i]);
	e->len = 0;
	e->n = 0;
}

static bool make_room(struct capture_events *e, size_t more)
{
	const size_t need = e->len + more;
	const size_t room = need > GATHER_LEN ? need : GATHER_LEN;
	char *lines;

	if (need <= e->room)
		return true;
	lines = realloc(e->lines, room);
	if (!lines)
		return false;
	e->lines = lines;
	e->room = room;
	return true;
}

/* Return: bytes written to out. */
static size_t escape(char *out, struct base_span text)
{
	static const char hex[] = "0123456789abcdef";
	char *p = out;

	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.ptr[i];

		if (c >= 0x20 && c <= 0x7e && c != '\\') {
			*p++ = (char)c;
			continue;
		}
		*p++ = '\\';
		*p++ = 'x';
		*p++ = hex[c >> 4];
		*p++ = hex[c & 15];
	}
	return (size_t)(p - out);
}

void capture_events_add(struct capture_events *e, const struct capture_event *v)
{
	char stamp[BASE_TIME_STAMP_LEN], ip[BASE_ADDR_STRLEN];
	char id[CAPTURE_ID_LEN];
	const size_t room = HEAD_MAX + v->message.len * ESCAPE_LEN + 1;

	if (e->len + room > GATHER_LEN)
		capture_events_flush(e);
	if (!make_room(e, room)) {
		for (int i = 0; i < e->n_files; i++)
			e->lost(e->arg, e->files[i].path, ENOMEM, 1);
		return;
	}
	e->len += (size_t)snprintf(e->lines + e->len, HEAD_MAX,
				   "%s\t%s\t%s\t%s\t",
				   base_time_stamp(v->wall_ns, stamp),
				   base_direction_name(v->direction),
				   base_addr_format_ip(&v->client, ip),
				   capture_id_format(&v->id, id));
	e->len += escape(e->lines + e->len, v->message);
	e->lines[e->len++] = '\n';
	e->n++;
}

void capture_events_done(struct capture_events *e)
{
	capture_events_flush(e);
	for (int i = 0; i < e->n_files; i++)
		base_fd_close(&e->files[i].fd);
	free(e->lines);
	e->lines = NULL;
	e->len = 0;
	e->room = 0;
	e->n_files = 0;
}
