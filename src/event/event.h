/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event.h - a message, plus who, when and where: the JSON that every sink gets
 *
 * The contract is contrib/schema/event.schema.json. Members that are not known
 * are left out, but for device_id, which is null then. Text from a tracker is
 * escaped: in attributes every byte outside 0x20-0x7e and the backslash are
 * \xHH; a message with such a byte is given as payload_hex.
 */
#ifndef EVENT_H
#define EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "base_addr.h"
#include "track.h"

/* A flow of the daemon. */
struct event_origin {
	struct base_addr client, server;
	const char *connection_id;
};

/* Borrowed. */
struct event {
	uint64_t flow;
	/* NULL: decoded from a file, so `id`, `time`, `client`, `server` and
	 * `connection_id` are left out. */
	const struct event_origin *origin;
	const struct track_message *message;
	const struct track_record *record;
};

/* One line of compact JSON without its LF, to be freed. NULL: no memory. */
char *event_json(const struct event *e);

#endif
