/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capture_lines.h - lines that are gathered, and the files that get them
 *
 * Theory of operation
 *
 * Event files and errors.log are the same thing: whole lines at the end of a
 * file that others may move away, cut short or delete at any time. The lines of
 * a batch are gathered and written at once, at the latest by
 * capture_lines_flush(). A set may gather lines of several forms; each file
 * gets those of one form, all of them.
 *
 * Where a file stands is looked at once a batch, before its first line: one
 * that was moved away or deleted is made again, one that became shorter is
 * continued (logrotate's create and copytruncate, without a signal). What is
 * new about it goes to keep() before anything is written: see capture_write.h.
 *
 * What fails is told through lost(); a file does not keep half a line, and the
 * next flush tries anew.
 */
#ifndef CAPTURE_LINES_H
#define CAPTURE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_attr.h"
#include "capture_write.h"

#define CAPTURE_LINES_FILES_MAX 8
#define CAPTURE_LINES_FORMS     2

struct capture_lines_ops {
	/* n lines are not in the file. */
	void (*lost)(void *arg, const char *path, int err, uint64_t n);
	/* The marks of files that have not `begun` are to be kept now: then
	 * they are written to. May be NULL. */
	void (*keep)(void *arg);
};

struct capture_lines_file {
	const char *path; /* borrowed */
	unsigned form;    /* of its lines */
	int dir;          /* what a relative path starts from; borrowed */
	int flags; /* further flags of open(); the owner's, after adding it */
	int fd;    /* -1 = not open */
	struct capture_mark mark; /* as far as whole lines are written */
	bool unsure;              /* more than that may be there */
	bool half;                /* a pipe that got half a line */
	bool begun;               /* written to since the owner's last commit */
};

/* What is gathered of a form. */
struct capture_lines_text {
	char *bytes; /* heap */
	size_t len, room;
	uint64_t n; /* lines */
};

/* Owned by the recorder. */
struct capture_lines {
	struct capture_lines_file files[CAPTURE_LINES_FILES_MAX];
	int n_files;
	struct capture_lines_text texts[CAPTURE_LINES_FORMS];
	const struct capture_lines_ops *ops;
	void *arg;
};

void capture_lines_init(struct capture_lines *l,
			const struct capture_lines_ops *ops, void *arg);

/* Adds a file, which is not opened yet. The path stays the caller's and must
 * outlive the set. mark: what a predecessor left, or NULL. Return: the file;
 * NULL beyond the maximum. */
struct capture_lines_file *
capture_lines_add_file(struct capture_lines *l, unsigned form, int dir,
		       const char *path, const struct capture_mark *mark);

/* Opens the file if it is not open, makes it if it is not there, and settles
 * it. Return: 0; 1 when the mark has changed; -errno: every flush tries again.
 */
WS_MUST_USE int capture_lines_settle(struct capture_lines_file *f);

/* Does a file get lines of this form? */
WS_MUST_USE bool capture_lines_wants(const struct capture_lines *l,
				     unsigned form);
/* Is anything gathered? */
WS_MUST_USE bool capture_lines_any(const struct capture_lines *l);

/* A place for at most `max` bytes at the end of what is gathered of this form;
 * NULL: no memory, and one line is lost. */
char *capture_lines_reserve(struct capture_lines *l, unsigned form, size_t max);
/* So much of it was used: a whole line with its LF. */
void capture_lines_commit(struct capture_lines *l, unsigned form, size_t len);
/* Instead of a line of this form that cannot be made: it is lost. */
void capture_lines_lose(struct capture_lines *l, unsigned form, int err);

void capture_lines_flush(struct capture_lines *l);
/* The owner has committed: the next flush looks at the files again. */
void capture_lines_committed(struct capture_lines *l);

/* Flushes and closes. */
void capture_lines_done(struct capture_lines *l);

#endif
