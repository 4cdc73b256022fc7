/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch.h - a simulated end of the watch protocol: [3G*ID*LLLL*CONTENT]
 *
 * Receives as strictly as a tracker's firmware does: everything must stand at
 * its announced place. So whatever the gateway did to the bytes would be seen.
 * Each message is printed as "sent MESSAGE" or "got MESSAGE".
 */
#ifndef WATCH_H
#define WATCH_H

#include "base_attr.h"
#include "peer.h"

#define WATCH_ID          "9705141740"
#define WATCH_CONTENT_MAX 512

struct watch_message {
	char content[WATCH_CONTENT_MAX + 1]; /* keyword and fields, as text */
};

/* Sends the content in a message of the right length. Return: 0 or -errno. */
WS_MUST_USE int watch_send(struct peer *p, const char *content);

/* Return: 1 and the next message, 0 at the end of the stream, -EBADMSG when
 * what came is no message, or another -errno. */
WS_MUST_USE int watch_next(struct peer *p, struct watch_message *m);

/* Is this the keyword of the message: LK for "LK,0,0,100"? */
bool watch_is(const struct watch_message *m, const char *keyword);

/* Receives the message with this keyword, which must be the next one. Return: 0
 * or -errno. */
WS_MUST_USE int watch_expect(struct peer *p, const char *keyword);

#endif
