/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sink_amqp_internal.h - what the files of the AMQP sink share */
#ifndef SINK_AMQP_INTERNAL_H
#define SINK_AMQP_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <amqp.h>

#include "base_attr.h"
#include "sink.h"

#define SINK_AMQP_CHANNEL 1    /* events are published on it */
#define SINK_AMQP_LOOK    2    /* what exists is asked for on it */
#define SINK_AMQP_WINDOW  1024 /* events that wait for their confirmation */

/* Owned by sink->state, from open to close. */
struct sink_amqp {
	amqp_connection_state_t conn;
	bool sound; /* both ends still speak AMQP with each other */
	int error;  /* met behind confirmed events: the next call's */
	char error_why[sizeof(((struct sink *)0)->why)];
	uint64_t deadline; /* of what is being done, base_time_mono_ms() */
	/* Events are confirmed by their number on the channel, from 1. */
	uint64_t first;  /* the oldest that is not */
	unsigned handed; /* so many were published, from that one on */
	bool confirmed[SINK_AMQP_WINDOW]; /* at their number modulo the size */
	bool blocked;                     /* the broker reads no events */
	char blocked_why[96];
	uint64_t warned_ms; /* of events that nobody takes */
	long verify_error;  /* X509_V_..., of the broker's certificate */
};

/* Makes the connection's TLS socket. Return: it, or NULL with sink->why: the
 * files of the configuration are no good. */
amqp_socket_t *sink_amqp_tls(struct sink *s);
/* Why TLS was refused, into sink->why; false when it knows nothing of it. */
WS_MUST_USE bool sink_amqp_tls_why(struct sink *s);

/* Connects, logs in, looks for exchange and queue, makes what is not there.
 * Return: 0, or -errno with sink->why. */
WS_MUST_USE int sink_amqp_connect(struct sink *s);

/* What went wrong, into sink->why. Return: -errno. */
int sink_amqp_status(struct sink *s, const char *doing, int status);
/* The same of a connection.close or channel.close (what else it is, is
 * nonsense), which is answered. */
int sink_amqp_closed(struct sink *s, amqp_channel_t channel,
		     const amqp_method_t *m);

#endif
