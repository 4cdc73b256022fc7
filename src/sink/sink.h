/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sink.h - where events go: one table of kinds
 *
 * A kind is a row of functions. Its publisher (publisher.h) alone calls them,
 * one after the other, and they may block, for conf->timeout_ms at most. What
 * fails says why in sink->why, without a credential; then the publisher closes
 * the sink and opens it again later.
 */
#ifndef SINK_H
#define SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_attr.h"

struct conf_secret;
struct conf_sink;
struct sink;

/* One event for a sink; strings are borrowed and end with NUL. */
struct sink_event {
	const char *id;     /* of the JSON: the same at every repetition */
	const char *device; /* NULL: not known */
	const char *protocol, *type;
	const char *body; /* in the sink's format, without LF */
	size_t len;
};

struct sink_ops {
	/* Return: 0 or -errno. -EINVAL: no use to try soon again (a wrong
	 * password, a refused certificate). */
	int (*open)(struct sink *s);
	/* Hands over n events in this order, and waits until the other side has
	 * confirmed them. Return: how many from the front are confirmed (>= 1),
	 * or -errno and none is known to be. What is behind the confirmed ones
	 * may have arrived; it comes again: the next events are those behind
	 * the confirmed ones. -EAGAIN: nothing failed, the other side lets us
	 * wait and `why` says so: put the same events again, the sink stays
	 * open and knows which of them it has handed over. */
	int (*put)(struct sink *s, const struct sink_event *e, unsigned n);
	/* Nothing to put; called whenever `fd` is readable and at least every
	 * sink->idle_ms. Return: 0 or -errno. */
	int (*idle)(struct sink *s);
	void (*close)(struct sink *s); /* also what is half open */
};

struct sink {
	const struct sink_ops *ops;
	const struct conf_sink *conf;
	const struct conf_secret *secret;
	void *state;       /* of the kind */
	int fd;            /* to watch while idle, or -1 */
	uint32_t idle_ms;  /* 0: never */
	uint64_t returned; /* events that the other side had no place for */
	char why[160];     /* of the last failure */
	/* Is there no time left to wait? Asked while a call waits; NULL: never.
	 */
	bool (*hurried)(void *arg);
	void *arg; /* for it */
};

/* Return: 0, or -EPROTONOSUPPORT: this build has no such kind. */
WS_MUST_USE int sink_init(struct sink *s, const struct conf_sink *conf,
			  const struct conf_secret *secret);

/* For the kinds. The text of `why`; bytes outside 0x20-0x7e become '?', and the
 * password ***: the other side may repeat it. */
void sink_say(struct sink *s, const char *fmt, ...) WS_PRINTF(2, 3);

/* Waits until `fd` is ready for `events` (poll(2)). Return: 0; -ETIMEDOUT: it
 * was not by deadline_ms, of base_time_mono_ms(); -ECANCELED: s->hurried(). */
WS_MUST_USE int sink_wait(struct sink *s, int fd, short events,
			  uint64_t deadline_ms);

/* The rows; NULL in a build without the library. */
extern const struct sink_ops *const sink_amqp;
extern const struct sink_ops *const sink_redis;
extern const struct sink_ops *const sink_exec;

#endif
