/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sink_amqp.c - events to an AMQP 0-9-1 broker, with publisher confirms
 *
 * Theory of operation
 *
 *	events --publish, as the socket takes them--> broker
 *	       <--ack N, ack up to N-----------------
 *
 * All events of a batch are published without waiting for one another,
 *mandatory and persistent; then, or as they come, their confirmations are
 *collected. The broker numbers what it gets on a channel from 1, and so do we:
 *`first` is the oldest number that is not confirmed, `handed` is how many from
 *there on were published, `confirmed` says which of them are confirmed out of
 *turn. So the next event of a put is e[handed], whatever came between two
 *calls.
 *
 * Publishing would block in librabbitmq without a limit once the socket is
 *full. So it is asked before each event (POLLOUT), and frames that came are
 *read first: a broker short of memory says connection.blocked and reads no
 *more; then nothing is published until it says connection.unblocked, or the
 * connection ends, however long it takes.
 *
 *   basic.ack           the front of what is confirmed moves
 *   basic.nack          failed
 *   basic.return        nobody takes it: with a queue of ours failed (it was
 *                       deleted, and is made again at the next open), else it
 *                       counts as confirmed, and as returned
 *   channel.close, connection.close   failed
 *   silence             for conf->timeout_ms, with events out: failed; for two
 *                       heartbeats: failed
 *
 * What fails ends the connection (publisher.h closes and opens). What was
 * confirmed before is told first, the failure by the next call.
 *
 * Source: AMQP 0-9-1 specification; rabbitmq.com/confirms.html,
 * /connection-blocked.html, /heartbeats.html.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_die.h"
#include "base_log.h"
#include "base_time.h"
#include "conf_tables.h"
#include "sink.h"
#include "sink_amqp_internal.h"
#include "sink_template.h"

#define BLOCKED_MS 1000  /* a put that is blocked says so */
#define CLOSE_MS   1000  /* for a farewell */
#define WARN_MS    60000 /* between two lines about the same */
#define PERSISTENT 2     /* delivery mode */

static int sink_amqp_open(struct sink *s)
{
	struct sink_amqp *a = calloc(1, sizeof(*a));
	int r;

	s->state = a;
	if (a)
		a->conn = amqp_new_connection();
	if (!a || !a->conn) {
		sink_say(s, "out of memory");
		return -ENOMEM;
	}
	a->first = 1;
	r = sink_amqp_connect(s);
	if (r)
		return r == -EACCES ? -EINVAL : r;
	s->fd = amqp_get_sockfd(a->conn);
	s->idle_ms = s->conf->heartbeat_s * 250;
	return 0;
}

static void sink_amqp_close(struct sink *s)
{
	struct sink_amqp *a = s->state;
	const struct timeval limit = { .tv_usec = CLOSE_MS * 1000 - 1 };

	s->state = NULL;
	s->fd = -1;
	if (!a)
		return;
	/* One that is blocked would not read it. */
	if (a->conn && a->sound && !a->blocked &&
	    !amqp_set_rpc_timeout(a->conn, &limit))
		(void)amqp_connection_close(a->conn, AMQP_REPLY_SUCCESS);
	if (a->conn)
		(void)amqp_destroy_connection(a->conn);
	free(a);
}

/* --- what the broker says ------------------------------------------------ */

static int on_ack(struct sink *s, uint64_t tag, bool multiple)
{
	struct sink_amqp *a = s->state;
	const uint64_t end = a->first + a->handed;

	if (!tag && multiple)
		tag = end - 1; /* all */
	/* what is confirmed twice stays so */
	if (tag >= end || !tag) {
		a->sound = false;
		sink_say(s, "the broker confirms what it was not given");
		return -EPROTO;
	}
	for (uint64_t t = multiple ? a->first : tag; t <= tag; t++) {
		if (t >= a->first)
			a->confirmed[t % SINK_AMQP_WINDOW] = true;
	}
	return 0;
}

static int on_return(struct sink *s, const amqp_basic_return_t *m)
{
	struct sink_amqp *a = s->state;
	const uint64_t now = base_time_mono_ms();

	if (s->conf->queue[0]) {
		sink_say(s, "returned, no queue takes key %.*s: %.*s",
			 (int)m->routing_key.len,
			 (const char *)m->routing_key.bytes,
			 (int)m->reply_text.len,
			 (const char *)m->reply_text.bytes);
		return -ENOENT;
	}
	s->returned++;
	if (a->warned_ms && now - a->warned_ms < WARN_MS)
		return 0;
	a->warned_ms = now;
	base_warn("events returned by the broker, no queue takes them "
		  "sink=%s exchange=%s key=%.*s returned=%llu",
		  s->conf->name, s->conf->exchange, (int)m->routing_key.len,
		  (const char *)m->routing_key.bytes,
		  (unsigned long long)s->returned);
	return 0;
}

static void on_blocked(struct sink *s, const amqp_connection_blocked_t *m)
{
	struct sink_amqp *a = s->state;

	a->blocked = true;
	(void)snprintf(a->blocked_why, sizeof(a->blocked_why), "%.*s",
		       (int)m->reason.len, (const char *)m->reason.bytes);
}

static int on_frame(struct sink *s, const amqp_frame_t *f)
{
	struct sink_amqp *a = s->state;
	const amqp_method_t *m = &f->payload.method;
	const amqp_basic_ack_t *ack = m->decoded;

	if (f->frame_type != AMQP_FRAME_METHOD)
		return 0; /* header and body of what was returned */
	switch (m->id) {
	case AMQP_BASIC_ACK_METHOD:
		return on_ack(s, ack->delivery_tag, ack->multiple);
	case AMQP_BASIC_NACK_METHOD:
		sink_say(s, "the broker could not take an event (nack)");
		return -EIO;
	case AMQP_BASIC_RETURN_METHOD:
		return on_return(s, m->decoded);
	case AMQP_CONNECTION_BLOCKED_METHOD:
		on_blocked(s, m->decoded);
		return 0;
	case AMQP_CONNECTION_UNBLOCKED_METHOD:
		a->blocked = false;
		return 0;
	default: /* a number: the two closes, or nonsense */
		return sink_amqp_closed(s, f->channel, m);
	}
}

/* Reads what has come, and sends a heartbeat when it is time. */
static int take(struct sink *s)
{
	struct sink_amqp *a = s->state;
	const struct timeval at_once = { 0 };
	amqp_frame_t frame;

	for (;;) {
		int r;

		errno = 0;
		r = amqp_simple_wait_frame_noblock(a->conn, &frame, &at_once);
		if (r == AMQP_STATUS_TIMEOUT)
			break;
		if (r)
			return sink_amqp_status(s, "connection", r);
		r = on_frame(s, &frame);
		if (r)
			return r;
	}
	amqp_maybe_release_buffers(a->conn);
	return 0;
}

/* --- what we say ---------------------------------------------------------- */

static int publish(struct sink *s, const struct sink_event *e)
{
	struct sink_amqp *a = s->state;
	const amqp_basic_properties_t properties = {
		._flags = AMQP_BASIC_CONTENT_TYPE_FLAG |
			  AMQP_BASIC_DELIVERY_MODE_FLAG |
			  AMQP_BASIC_MESSAGE_ID_FLAG,
		.content_type = amqp_cstring_bytes("application/json"),
		.delivery_mode = PERSISTENT,
		.message_id = amqp_cstring_bytes(e->id),
	};
	amqp_bytes_t body = { .len = e->len };
	char key[CONF_SHORT_LEN];
	int r;

	memcpy(&body.bytes, &e->body, sizeof(body.bytes)); /* it has no const */
	if (!s->conf->exchange[0] && s->conf->queue[0])
		memcpy(key, s->conf->queue, sizeof(key));
	else if (!sink_template_expand(s->conf->routing_key, e, key,
				       sizeof(key)))
		key[sizeof(key) - 1] = '\0'; /* as much as AMQP takes */
	errno = 0;
	r = amqp_basic_publish(a->conn, SINK_AMQP_CHANNEL,
			       amqp_cstring_bytes(s->conf->exchange),
			       amqp_cstring_bytes(key), 1, 0, &properties,
			       body);
	if (r)
		return sink_amqp_status(s, "publish", r);
	a->confirmed[(a->first + a->handed) % SINK_AMQP_WINDOW] = false;
	a->handed++;
	return 0;
}

/* May the next of n events be published? */
static bool more(const struct sink_amqp *a, unsigned n)
{
	return a->handed < n && a->handed < SINK_AMQP_WINDOW && !a->blocked;
}

/* Publishes as long as the socket takes it, reads in between. */
static int exchange(struct sink *s, const struct sink_event *e, unsigned n)
{
	struct sink_amqp *a = s->state;
	int r = 0;

	while (!r) {
		struct pollfd p = { .fd = s->fd, .events = POLLIN | POLLOUT };

		if (poll(&p, 1, 0) < 0)
			return errno == EINTR ? 0 : -errno;
		if ((p.revents & ~POLLOUT) || amqp_frames_enqueued(a->conn))
			r = take(s);
		if (r || !more(a, n) || !(p.revents & POLLOUT))
			break;
		r = publish(s, &e[a->handed]);
	}
	return r;
}

/* Return: how many from the front are confirmed; they are forgotten. */
static unsigned confirmed(struct sink_amqp *a)
{
	unsigned n = 0;

	while (a->handed && a->confirmed[a->first % SINK_AMQP_WINDOW]) {
		a->first++;
		a->handed--;
		n++;
	}
	return n;
}

/* Nothing can be done but wait. Return: 0 or -errno. */
static int await(struct sink *s, unsigned n, uint64_t since, uint64_t until)
{
	struct sink_amqp *a = s->state;
	const uint64_t now = base_time_mono_ms();
	const short room = more(a, n) ? POLLOUT : 0;
	int r;

	base_die_at(BASE_DIE_SINK_PUT);
	if (a->blocked && now - since >= BLOCKED_MS) {
		sink_say(s, "blocked by the broker: %s", a->blocked_why);
		return -EAGAIN;
	}
	if (!a->blocked && now >= until) {
		a->sound = false;
		sink_say(s, "%u events not confirmed within %u ms", a->handed,
			 s->conf->timeout_ms);
		return -ETIMEDOUT;
	}
	if (a->blocked)
		until = since + BLOCKED_MS;
	if (s->idle_ms && until > now + s->idle_ms)
		until = now + s->idle_ms;
	r = sink_wait(s, s->fd, (short)(POLLIN | room), until);
	if (r == -ECANCELED)
		sink_say(s, "stopped before all was confirmed");
	if (r && r != -ETIMEDOUT)
		return r;
	return take(s);
}

static int sink_amqp_put(struct sink *s, const struct sink_event *e, unsigned n)
{
	struct sink_amqp *a = s->state;
	const uint64_t since = base_time_mono_ms();
	uint64_t until = since + s->conf->timeout_ms;
	unsigned done = 0;
	int r = a->error;

	if (r)
		sink_say(s, "%s", a->error_why);
	while (!r && done < n) {
		const bool blocked = a->blocked;
		unsigned k;

		r = exchange(s, e + done, n - done);
		k = confirmed(a);
		done += k;
		if (k || (blocked && !a->blocked))
			until = base_time_mono_ms() + s->conf->timeout_ms;
		if (!r && done < n && !k)
			r = await(s, n - done, since, until);
	}
	done += confirmed(a); /* what came with the failure */
	if (r && r != -EAGAIN && r != -ECANCELED) {
		a->error = r;
		memcpy(a->error_why, s->why, sizeof(a->error_why));
	}
	return done ? (int)done : r;
}

static int sink_amqp_idle(struct sink *s)
{
	struct sink_amqp *a = s->state;

	if (!a->error)
		return take(s);
	sink_say(s, "%s", a->error_why);
	return a->error;
}

static const struct sink_ops ops = {
	.open = sink_amqp_open,
	.put = sink_amqp_put,
	.idle = sink_amqp_idle,
	.close = sink_amqp_close,
};

const struct sink_ops *const sink_amqp = &ops;
