/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * role_channel.h - the supervisor and a role talk
 *
 * A SOCK_SEQPACKET pair with messages of one fixed size, each with at most one
 * descriptor. End of stream means that the other side is gone. A role may say
 * anything: the supervisor checks every number before it uses it.
 */
#ifndef ROLE_CHANNEL_H
#define ROLE_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"

enum role_message_type {
	ROLE_READY = 1, /* role: at work */
	ROLE_STOP,      /* supervisor: finish and exit 0 */
	/* to a worker: take what the backlog holds, then close the listeners;
	 * running flows go on */
	ROLE_DRAIN,
	ROLE_DRAINED, /* worker: that is done, and no flow is left */
	/* both ways: who wants help has changed, see ring_shared.h; the
	 * supervisor passes it on to the other workers */
	ROLE_LEND,
	ROLE_PREPARE, /* to a role, with sealed tables `number`: take them in */
	ROLE_PREPARED, /* role: `number` is taken in, or `error` says why not */
	ROLE_ACTIVATE, /* to a role: `number` is in force from now on */
	ROLE_DISCARD,  /* to a role: `number` is forgotten */
	ROLE_CLOSE,    /* to a worker: end the flow in `slot` with `serial` */
	ROLE_NONSENSE, /* recorder: what `worker` writes makes no sense */
	/* recorder: the store takes what comes (error 0, as at the start), or
	 * `error` says why not; once a change */
	ROLE_STORE,
	ROLE_MESSAGE_MAX
};

/* Zero where the type has no use for it. */
struct role_message {
	uint32_t type; /* enum role_message_type */
	uint32_t number;
	uint32_t slot;
	uint32_t serial;
	uint32_t worker;
	int32_t error; /* 0 or -errno */
};

/* fds[0] the supervisor's end, fds[1] the role's; both CLOEXEC and
 * non-blocking. Return: 0 or -errno. */
WS_MUST_USE int role_channel_open(int fds[2]);

/* `with`: a descriptor to send a copy of, or -1. Return: 0 or -errno. */
WS_MUST_USE int role_channel_send(int fd, const struct role_message *m,
				  int with);

/* The same, for a message that is only its type. */
WS_MUST_USE int role_channel_say(int fd, enum role_message_type type);

/* *with becomes the descriptor that came along (the caller's, CLOEXEC), or -1;
 * NULL: none is taken in, as from a role that is not trusted. More than that
 * never gets into this process. Return: 1 and *m; 0 nothing there; -EPIPE the
 * other side is gone; -EBADMSG; another -errno. */
WS_MUST_USE int role_channel_receive(int fd, struct role_message *m, int *with);

#endif
