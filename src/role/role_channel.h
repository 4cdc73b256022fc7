/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * role_channel.h - the supervisor and a role talk
 *
 * A SOCK_SEQPACKET pair with messages of one fixed size. End of stream means
 * that the other side is gone.
 */
#ifndef ROLE_CHANNEL_H
#define ROLE_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"

enum role_message {
	ROLE_READY = 1, /* role -> supervisor: at work */
	ROLE_STOP,      /* supervisor -> role: finish and exit 0 */
	ROLE_MESSAGE_MAX
};

/* fds[0] the supervisor's end, fds[1] the role's; both CLOEXEC and
 * non-blocking. Return: 0 or -errno. */
WS_MUST_USE int role_channel_open(int fds[2]);

/* Return: 0 or -errno. */
WS_MUST_USE int role_channel_send(int fd, enum role_message message);

/* Return: 1 and *message; 0 nothing there; -EPIPE the other side is gone;
 * -EBADMSG; another -errno. */
WS_MUST_USE int role_channel_receive(int fd, enum role_message *message);

/* A role's question when its end is readable: has it to stop? Also when the
 * supervisor is gone, or its end is broken, which is logged. */
WS_MUST_USE bool role_channel_says_stop(int fd);

#endif
