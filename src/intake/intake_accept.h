/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake_accept.h - taking a connection from a listener. Process: worker. */
#ifndef INTAKE_ACCEPT_H
#define INTAKE_ACCEPT_H

#include <net/if.h>

#include "base_attr.h"
#include "conf_tables.h"
#include "intake_engine.h"

/* Plain values; the descriptor is the taker's to close. */
struct intake_conn {
	int fd; /* non-blocking, close-on-exec, TCP_NODELAY */
	enum conf_transport transport;
	struct base_addr client;
	struct base_addr server;  /* whom the client wanted to reach */
	char ifname[IF_NAMESIZE]; /* where it came in; "lo" for local ones */
};

/*
 * Takes one connection from `listener_fd`, which was opened for `l`.
 * Return: 1 and *conn; 0 nobody waits; -errno, of which
 * intake_accept_failure() says what to do. A connection that was taken but
 * cannot be used (-ELOOP and others) has been reset.
 */
WS_MUST_USE int intake_accept(int listener_fd, const struct intake_listener *l,
			      struct intake_conn *conn);

enum intake_failure {
	INTAKE_FAILURE_CONNECTION, /* this one is lost: count, take the next */
	INTAKE_FAILURE_EXHAUSTED,  /* out of descriptors or memory: leave the
				    * others in the backlog, try again later */
	INTAKE_FAILURE_LISTENER,   /* the listener is unusable */
};

/* What a negative result of intake_accept() means. */
enum intake_failure intake_accept_failure(int result);

#endif
