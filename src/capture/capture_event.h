/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capture_event.h - the classic event file: one line a message
 *
 *   YYYY-MM-DD HH:MM:SS TAB client|server TAB client-ip TAB connection-id TAB
 *   message LF
 * in local time. In the message every byte outside 0x20-0x7e and the backslash
 * are \xHH, so a line always has five fields and never more than its own LF.
 *
 * Lines are gathered and written in whole, the same to every file, at the
 * latest by capture_events_flush(). A file that was moved away or deleted is
 * made again. What fails is told through lost(); a file does not keep half a
 * line, and the next flush tries anew.
 */
#ifndef CAPTURE_EVENT_H
#define CAPTURE_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "base_addr.h"
#include "base_attr.h"
#include "base_direction.h"
#include "base_rd.h"
#include "capture_id.h"

#define CAPTURE_EVENT_FILES_MAX 8

struct capture_event {
	uint64_t wall_ns;
	enum base_direction direction;
	struct capture_id id;
	struct base_addr client;
	struct base_span message;
};

/* n events are not in the file. */
typedef void capture_event_lost_fn(void *arg, const char *path, int err,
				   uint64_t n);

struct capture_event_file {
	const char *path; /* borrowed */
	int fd;           /* -1 = not open */
	uint32_t torn;    /* bytes of half a line still at its end */
};

/* Owned by the recorder. */
struct capture_events {
	struct capture_event_file files[CAPTURE_EVENT_FILES_MAX];
	int n_files;
	char *lines; /* gathered; heap */
	size_t len, room;
	uint64_t n; /* events in `lines` */
	capture_event_lost_fn *lost;
	void *arg;
};

void capture_events_init(struct capture_events *e, capture_event_lost_fn *lost,
			 void *arg);

/* Adds a file; the path stays the caller's and must outlive the set. Return: 0,
 * -EMFILE beyond the maximum, or -errno of opening it: then it stays in the
 * set, and every flush tries again. */
WS_MUST_USE int capture_events_add_file(struct capture_events *e,
					const char *path);

void capture_events_add(struct capture_events *e,
			const struct capture_event *v);
void capture_events_flush(struct capture_events *e);

/* Flushes and closes. */
void capture_events_done(struct capture_events *e);

#endif
