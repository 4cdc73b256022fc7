/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crowd.h - many connections in one process
 *
 * A crowd connects to a server that echoes, follows a script, and sums up what
 * it saw in one line:
 *   peer=crowd connections=N established=N refused=N fin=N rst=N closed=N
 *   answered=N bytes_out=N bytes_in=N bad=N loud_max=N result=ok|failed
 * Every connection ends in one way: refused, fin (the other side ended it), rst
 * or closed (FIN both ways, ours first). `bad` counts connections whose echo
 * was not what they had sent (see crowd_message.h). An end is no failure: the
 * script goes on with those that are left, and the case looks at the numbers.
 */
#ifndef CROWD_H
#define CROWD_H

#include <stdbool.h>
#include <stdint.h>

#include "loop.h"
#include "peer.h"

enum crowd_state {
	CROWD_NEW,
	CROWD_CONNECTING,
	CROWD_OPEN,
	CROWD_ENDED,
};

struct crowd_conn {
	int fd; /* -1: closed */
	enum crowd_state state;
	uint32_t device;
	uint32_t serial;   /* grows when the place is used again */
	bool shut;         /* our FIN is out */
	uint32_t interest; /* what the loop was told */
	uint64_t budget;   /* bytes to be sent in all */
	uint64_t sent;
	uint64_t received;
	uint64_t loud_at; /* what the loud one had moved when this one sent */
};

struct crowd_counts {
	uint64_t established, refused, fin, rst, closed, bad;
	uint64_t bytes_out, bytes_in;
	uint64_t loud_max; /* messages, see step "loud" */
};

/* Owned by main(). */
struct crowd {
	const struct peer_options *o;
	struct loop loop;
	struct crowd_conn *conns; /* o->connections of them */
	uint32_t devices;         /* numbers given out */
	struct crowd_counts n;
	struct crowd_conn *loud; /* NULL = none is */
	int error;               /* of a socket call that must not fail */
	uint64_t deadline_ms;
};

/* Return: 0 or -errno; done either way. */
WS_MUST_USE int crowd_init(struct crowd *c, const struct peer_options *o);
void crowd_done(struct crowd *c);

/* Asks for a connection. */
void crowd_connect(struct crowd *c, struct crowd_conn *conn);
/* Lets it send up to its budget, as the echo comes back. */
void crowd_go(struct crowd *c, struct crowd_conn *conn);
/* Sends FIN; the connection ends when the other side's has come. */
void crowd_shut(struct crowd *c, struct crowd_conn *conn);

/* Has it got everything back that it was to send? */
static inline bool crowd_answered(const struct crowd_conn *conn)
{
	return conn->budget && conn->received == conn->budget;
}

/* Serves all connections until `done` says so. Return: 0, -ETIMEDOUT or another
 * -errno. */
WS_MUST_USE int crowd_until(struct crowd *c,
			    bool (*done)(struct crowd *c, const void *arg),
			    const void *arg);

/* Runs the script; what fails is said on standard error. */
WS_MUST_USE bool crowd_run(struct crowd *c, char **words);
void crowd_report(const struct crowd *c, bool ok);
void crowd_steps_print(FILE *out);

#endif
