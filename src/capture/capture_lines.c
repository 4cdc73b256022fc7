/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_lines.c - lines that are gathered, and the files that get them */
#include "capture_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base_fd.h"

/* Gathered lines are written at this size. */
#define GATHER_LEN (64U << 10)

void capture_lines_init(struct capture_lines *l,
			const struct capture_lines_ops *ops, void *arg)
{
	*l = (struct capture_lines){ .ops = ops, .arg = arg };
}

struct capture_lines_file *
capture_lines_add_file(struct capture_lines *l, unsigned form, int dir,
		       const char *path, const struct capture_mark *mark)
{
	struct capture_lines_file *f = &l->files[l->n_files];

	if (l->n_files == CAPTURE_LINES_FILES_MAX)
		return NULL;
	*f = (struct capture_lines_file){
		.path = path, .form = form, .dir = dir, .fd = -1
	};
	if (mark) {
		f->mark = *mark;
		f->unsure = true;
	}
	l->n_files++;
	return f;
}

/* A pipe or a terminal takes nothing back: half a line is ended. */
static int end_half(struct capture_lines_file *f)
{
	struct iovec end = capture_write_part(
		(struct base_span){ (const uint8_t *)"\n", 1 });
	size_t written;
	int r;

	if (!f->half)
		return 0;
	r = capture_write_all(f->fd, &end, 1, BASE_DIE_EVENTS_HALF, &written);
	f->half = r != 0;
	return r;
}

int capture_lines_settle(struct capture_lines_file *f)
{
	int r;

	if (f->fd >= 0 && !capture_write_is_at(f->fd, f->dir, f->path)) {
		base_fd_close(&f->fd);
		f->half = false;
	}
	if (f->fd < 0) {
		r = capture_write_open(f->dir, f->path, f->flags);
		if (r < 0)
			return r;
		f->fd = r;
	}
	r = end_half(f);
	return r ? r
		 : capture_write_settle(f->fd, f->dir, f->path, &f->mark,
					&f->unsure);
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

/* Not all of it was written: keeps whole lines. Return: bytes of them. */
static size_t keep_whole_lines(struct capture_lines_file *f, const char *text,
			       size_t written)
{
	const char *last = memrchr(text, '\n', written);
	const size_t whole = last ? (size_t)(last - text) + 1 : 0;

	f->mark.len += f->mark.ino ? whole : 0;
	if (written > whole && capture_write_undo(f->fd, &f->mark)) {
		f->unsure = f->mark.ino != 0;
		f->half = !f->mark.ino;
	}
	return whole;
}

static void write_lines(struct capture_lines *l, struct capture_lines_file *f)
{
	const struct capture_lines_text *t = &l->texts[f->form];
	const uint8_t *text = (const uint8_t *)t->bytes;
	struct iovec part =
		capture_write_part((struct base_span){ text, t->len });
	size_t written, whole;
	int r;

	f->begun = true;
	r = capture_write_all(f->fd, &part, 1, BASE_DIE_EVENTS_HALF, &written);
	if (!r) {
		f->mark.len += f->mark.ino ? t->len : 0;
		base_die_at(BASE_DIE_EVENTS_WRITTEN);
		return;
	}
	whole = keep_whole_lines(f, t->bytes, written);
	l->ops->lost(l->arg, f->path, -r,
		     t->n - count_lines((struct base_span){ text, whole }));
}

/* Return: 0 or -errno; *news: a mark has changed. */
static int settle(struct capture_lines_file *f, bool *news)
{
	int r;

	if (f->begun && f->fd >= 0 && !f->unsure && !f->half)
		return 0;
	r = capture_lines_settle(f);
	if (r <= 0)
		return r;
	f->begun = false;
	*news = true;
	return 0;
}

void capture_lines_flush(struct capture_lines *l)
{
	int r[CAPTURE_LINES_FILES_MAX] = { 0 };
	bool news = false;

	for (int i = 0; i < l->n_files; i++) {
		if (l->texts[l->files[i].form].n)
			r[i] = settle(&l->files[i], &news);
	}
	if (news && l->ops->keep)
		l->ops->keep(l->arg);
	for (int i = 0; i < l->n_files; i++) {
		const uint64_t n = l->texts[l->files[i].form].n;

		if (r[i])
			l->ops->lost(l->arg, l->files[i].path, -r[i], n);
		else if (n)
			write_lines(l, &l->files[i]);
	}
	for (int i = 0; i < CAPTURE_LINES_FORMS; i++)
		l->texts[i].len = l->texts[i].n = 0;
}

void capture_lines_committed(struct capture_lines *l)
{
	for (int i = 0; i < l->n_files; i++)
		l->files[i].begun = false;
}

bool capture_lines_wants(const struct capture_lines *l, unsigned form)
{
	for (int i = 0; i < l->n_files; i++) {
		if (l->files[i].form == form)
			return true;
	}
	return false;
}

bool capture_lines_any(const struct capture_lines *l)
{
	for (int i = 0; i < CAPTURE_LINES_FORMS; i++) {
		if (l->texts[i].n)
			return true;
	}
	return false;
}

char *capture_lines_reserve(struct capture_lines *l, unsigned form, size_t max)
{
	const size_t room = max > GATHER_LEN ? max : GATHER_LEN;
	struct capture_lines_text *t = &l->texts[form];
	char *bytes;

	if (t->len + max > GATHER_LEN)
		capture_lines_flush(l);
	if (t->len + max > t->room) {
		bytes = realloc(t->bytes, room);
		if (!bytes) {
			capture_lines_lose(l, form, ENOMEM);
			return NULL;
		}
		t->bytes = bytes;
		t->room = room;
	}
	return t->bytes + t->len;
}

void capture_lines_commit(struct capture_lines *l, unsigned form, size_t len)
{
	l->texts[form].len += len;
	l->texts[form].n++;
}

void capture_lines_lose(struct capture_lines *l, unsigned form, int err)
{
	for (int i = 0; i < l->n_files; i++) {
		if (l->files[i].form == form)
			l->ops->lost(l->arg, l->files[i].path, err, 1);
	}
}

void capture_lines_done(struct capture_lines *l)
{
	capture_lines_flush(l);
	for (int i = 0; i < l->n_files; i++)
		base_fd_close(&l->files[i].fd);
	for (int i = 0; i < CAPTURE_LINES_FORMS; i++) {
		free(l->texts[i].bytes);
		l->texts[i] = (struct capture_lines_text){ .bytes = NULL };
	}
	l->n_files = 0;
}
