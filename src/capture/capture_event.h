/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capture_event.h - the classic event line: one a message
 *
 *   YYYY-MM-DD HH:MM:SS TAB client|server TAB client-ip TAB connection-id TAB
 *   message LF
 * in local time. In the message every byte outside 0x20-0x7e and the backslash
 * are \xHH, so a line always has five fields and never more than its own LF.
 */
#ifndef CAPTURE_EVENT_H
#define CAPTURE_EVENT_H

#include <stdint.h>

#include "base_addr.h"
#include "base_direction.h"
#include "base_rd.h"
#include "capture_id.h"

struct capture_lines;

struct capture_event {
	uint64_t wall_ns;
	enum base_direction direction;
	struct capture_id id;
	struct base_addr client;
	struct base_span message;
};

/* Gathers its line for the files of the set that get this form; lost there when
 * memory is. */
void capture_event_add(struct capture_lines *l, unsigned form,
		       const struct capture_event *v);

#endif
