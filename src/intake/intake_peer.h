/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake_peer.h - is the other end of a connection still there? Process:
 * worker. */
#ifndef INTAKE_PEER_H
#define INTAKE_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"

/* Between two questions of keepalive, and how many may stay unanswered. */
#define INTAKE_KEEPALIVE_INTERVAL_S 10
#define INTAKE_KEEPALIVE_PROBES     3

/*
 * How a connection finds out that its peer is gone; 0 = not. After keepalive_ms
 * of silence, in whole seconds, the kernel asks. user_timeout_ms: bytes may
 * stay unacknowledged, or unsent because the peer's window is closed, so long,
 * and so may keepalive's questions, however many (RFC 5482, tcp(7)). The
 * connection then breaks with ETIMEDOUT. Return: 0 or -errno.
 */
WS_MUST_USE int intake_peer_guard(int fd, uint32_t keepalive_ms,
				  uint32_t user_timeout_ms);

/* What is known of the peer. */
struct intake_peer {
	uint32_t heard;  /* segments that came from it, of any kind */
	bool done;       /* it has acknowledged all that was written, FIN too */
	bool unanswered; /* it has not, and was sent bytes since it was last
			  * heard. Not so of one that closes its window: it
			  * answers each time */
};

/* Return: 0 or -errno. */
WS_MUST_USE int intake_peer_ask(int fd, struct intake_peer *p);

#endif
