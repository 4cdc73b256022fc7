/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sink_amqp_open.c - from nothing to a channel that events can go through
 *
 * Exchange and queue are looked for first, passively: whoever may not make them
 * (configure is refused with 403) can still use those that are there, whatever
 * their type. What is not found (404) is made: a topic exchange, a queue, both
 * durable, and the queue is bound. A refusal closes its channel (AMQP 0-9-1,
 * 1.4.2.4), so all this has a channel of its own.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <amqp_tcp_socket.h>

#include "base_time.h"
#include "conf_tables.h"
#include "sink.h"
#include "sink_amqp_internal.h"
#include "sink_template.h"

/* librabbitmq's send buffer: what POLLOUT promises, a third of it, takes any
 * event that is not huge, so that publishing does not block. */
#define SEND_BUFFER (1 << 20)
#define FRAME_MAX   131072

/* reply codes: AMQP 0-9-1, 1.2 */
#define CODE_REFUSED      403
#define CODE_NOT_FOUND    404
#define CODE_LOCKED       405
#define CODE_PRECONDITION 406
#define CODE_NOT_ALLOWED  530
#define CODE_FORCED       320

static struct timeval left(const struct sink_amqp *a)
{
	const uint64_t now = base_time_mono_ms();
	const uint64_t ms = a->deadline > now ? a->deadline - now : 1;

	return (struct timeval){ .tv_sec = (time_t)(ms / 1000),
				 .tv_usec = (suseconds_t)(ms % 1000 * 1000) };
}

static int code_errno(int code)
{
	switch (code) {
	case CODE_REFUSED:
		return -EACCES;
	case CODE_PRECONDITION:
	case CODE_NOT_ALLOWED:
		return -EINVAL;
	case CODE_NOT_FOUND:
		return -ENOENT;
	case CODE_LOCKED:
		return -EBUSY;
	case CODE_FORCED:
		return -ECONNRESET;
	default:
		return -EIO;
	}
}

/* The broker's words, without the full stop. */
static void say_bytes(struct sink *s, amqp_bytes_t words)
{
	const char *text = words.bytes;
	const size_t len = words.len;

	sink_say(s, "%.*s", (int)(len && text[len - 1] == '.' ? len - 1 : len),
		 text);
}

int sink_amqp_closed(struct sink *s, amqp_channel_t channel,
		     const amqp_method_t *m)
{
	struct sink_amqp *a = s->state;

	if (m->id == AMQP_CHANNEL_CLOSE_METHOD) {
		const amqp_channel_close_t *c = m->decoded;
		amqp_channel_close_ok_t ok = { 0 };

		say_bytes(s, c->reply_text);
		if (amqp_send_method(a->conn, channel,
				     AMQP_CHANNEL_CLOSE_OK_METHOD, &ok))
			a->sound = false;
		return code_errno(c->reply_code);
	}
	a->sound = false;
	if (m->id == AMQP_CONNECTION_CLOSE_METHOD) {
		const amqp_connection_close_t *c = m->decoded;
		amqp_connection_close_ok_t ok = { 0 };

		say_bytes(s, c->reply_text);
		/* it is going to end, whether this arrives or not */
		(void)amqp_send_method(a->conn, 0,
				       AMQP_CONNECTION_CLOSE_OK_METHOD, &ok);
		return code_errno(c->reply_code);
	}
	sink_say(s, "the broker answers something else than was asked");
	return -EPROTO;
}

int sink_amqp_status(struct sink *s, const char *doing, int status)
{
	struct sink_amqp *a = s->state;
	const int err = errno;

	a->sound = false;
	switch (status) {
	case AMQP_STATUS_TIMEOUT:
		sink_say(s, "%s: no answer in time", doing);
		return -ETIMEDOUT;
	case AMQP_STATUS_HEARTBEAT_TIMEOUT:
		sink_say(s, "%s: not even heartbeats come from the broker",
			 doing);
		return -ETIMEDOUT;
	case AMQP_STATUS_CONNECTION_CLOSED:
	case AMQP_STATUS_SOCKET_CLOSED:
		sink_say(s, "%s: the broker has closed the connection", doing);
		return -ECONNRESET;
	case AMQP_STATUS_HOSTNAME_RESOLUTION_FAILED:
		sink_say(s, "%s: the name is not known", doing);
		return -EHOSTUNREACH;
	case AMQP_STATUS_NO_MEMORY:
		sink_say(s, "%s: out of memory", doing);
		return -ENOMEM;
	case AMQP_STATUS_SOCKET_ERROR:
		sink_say(s, "%s: %s", doing, strerrordesc_np(err ? err : EIO));
		return err ? -err : -EIO;
	default:
		if (s->conf->tls && sink_amqp_tls_why(s))
			return -EINVAL;
		/* TLS 1.3 tells a client that its certificate is missing only
		 * after the handshake, and often the end comes first */
		sink_say(
			s, "%s: %s", doing,
			status == AMQP_STATUS_SSL_ERROR
				? "the broker has ended the connection, does it "
				  "ask for a certificate?"
				: amqp_error_string2(status));
		return -EIO;
	}
}

/* What came of a remote call. Return: 0 or -errno. */
static int answered(struct sink *s, const char *doing, amqp_channel_t channel,
		    amqp_rpc_reply_t reply)
{
	switch (reply.reply_type) {
	case AMQP_RESPONSE_NORMAL:
		return 0;
	case AMQP_RESPONSE_SERVER_EXCEPTION:
		return sink_amqp_closed(s, channel, &reply.reply);
	case AMQP_RESPONSE_LIBRARY_EXCEPTION:
	case AMQP_RESPONSE_NONE:
		break;
	}
	return sink_amqp_status(s, doing, reply.library_error);
}

/* librabbitmq tells the reason of a connect that failed only when it failed at
 * once. Return: errno of one more. */
static int connect_errno(const struct sink *s)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	char port[8];
	int err = EIO;

	(void)snprintf(port, sizeof(port), "%u", s->conf->port);
	if (getaddrinfo(s->conf->host, port, &hints, &list))
		return err;
	for (const struct addrinfo *i = list; i; i = i->ai_next) {
		const int fd =
			socket(i->ai_family,
			       SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		struct pollfd p = { .fd = fd, .events = POLLOUT };
		socklen_t len = sizeof(err);

		if (fd < 0)
			continue;
		if (!connect(fd, i->ai_addr, i->ai_addrlen))
			err = EAGAIN; /* this one would not have failed */
		else if (errno != EINPROGRESS)
			err = errno;
		else if (poll(&p, 1, 1000) != 1 ||
			 getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len))
			err = ETIMEDOUT;
		close(fd);
	}
	freeaddrinfo(list);
	return err;
}

static int dial(struct sink *s)
{
	struct sink_amqp *a = s->state;
	const struct timeval limit = left(a);
	amqp_socket_t *sock = s->conf->tls ? sink_amqp_tls(s)
					   : amqp_tcp_socket_new(a->conn);
	char doing[CONF_SHORT_LEN + 32];
	const int size = SEND_BUFFER;
	int status;

	if (!sock) {
		if (!s->conf->tls)
			sink_say(s, "out of memory");
		return -EINVAL;
	}
	(void)snprintf(doing, sizeof(doing), "connect to %.200s:%u",
		       s->conf->host, s->conf->port);
	errno = 0;
	status = amqp_socket_open_noblock(sock, s->conf->host,
					  (int)s->conf->port, &limit);
	if (status) {
		if (status == AMQP_STATUS_SOCKET_ERROR && errno == EINPROGRESS)
			errno = connect_errno(s);
		return sink_amqp_status(s, doing, status);
	}
	/* less than asked for is fine */
	(void)setsockopt(amqp_get_sockfd(a->conn), SOL_SOCKET, SO_SNDBUF, &size,
			 sizeof(size));
	return 0;
}

static amqp_table_entry_t entry_bool(const char *key)
{
	return (amqp_table_entry_t){
		.key = amqp_cstring_bytes(key),
		.value = { .kind = AMQP_FIELD_KIND_BOOLEAN,
			   .value.boolean = 1 },
	};
}

static amqp_table_entry_t entry_text(const char *key, const char *text)
{
	return (amqp_table_entry_t){
		.key = amqp_cstring_bytes(key),
		.value = { .kind = AMQP_FIELD_KIND_UTF8,
			   .value.bytes = amqp_cstring_bytes(text) },
	};
}

/* name: ours, in the broker's list of connections. */
static int login_as(struct sink *s, const char *name)
{
	struct sink_amqp *a = s->state;
	const struct timeval limit = left(a);
	amqp_table_entry_t can[] = {
		entry_bool("connection.blocked"), /* else nobody tells us */
		entry_bool("publisher_confirms"),
		entry_bool("basic.nack"),
	};
	amqp_table_entry_t us[] = {
		entry_text("connection_name", name),
		{ .key = amqp_cstring_bytes("capabilities"),
		  .value = { .kind = AMQP_FIELD_KIND_TABLE,
			     .value.table = { .num_entries = WS_ARRAY_LEN(can),
					      .entries = can } } },
	};
	const amqp_table_t properties = { .num_entries = WS_ARRAY_LEN(us),
					  .entries = us };

	if (amqp_set_handshake_timeout(a->conn, &limit)) {
		sink_say(s, "out of memory");
		return -ENOMEM;
	}
	errno = 0;
	return answered(s, "log in", 0,
			amqp_login_with_properties(
				a->conn, s->conf->vhost, 0, FRAME_MAX,
				(int)s->conf->heartbeat_s, &properties,
				AMQP_SASL_METHOD_PLAIN, s->secret->user,
				s->secret->password));
}

static int login(struct sink *s)
{
	char name[CONF_NAME_LEN + 16];

	(void)snprintf(name, sizeof(name), "wayside %s", s->conf->name);
	return login_as(s, name);
}

static int open_channel(struct sink *s, amqp_channel_t channel)
{
	struct sink_amqp *a = s->state;
	const struct timeval limit = left(a);

	if (amqp_set_rpc_timeout(a->conn, &limit)) {
		sink_say(s, "out of memory");
		return -ENOMEM;
	}
	(void)amqp_channel_open(a->conn, channel);
	return answered(s, "open a channel", channel,
			amqp_get_rpc_reply(a->conn));
}

static int declare_exchange(struct sink *s, bool passive)
{
	struct sink_amqp *a = s->state;

	(void)amqp_exchange_declare(a->conn, SINK_AMQP_LOOK,
				    amqp_cstring_bytes(s->conf->exchange),
				    amqp_cstring_bytes("topic"), passive, 1, 0,
				    0, amqp_empty_table);
	return answered(s, "declare the exchange", SINK_AMQP_LOOK,
			amqp_get_rpc_reply(a->conn));
}

static int declare_queue(struct sink *s, bool passive)
{
	struct sink_amqp *a = s->state;

	(void)amqp_queue_declare(a->conn, SINK_AMQP_LOOK,
				 amqp_cstring_bytes(s->conf->queue), passive, 1,
				 0, 0, amqp_empty_table);
	return answered(s, "declare the queue", SINK_AMQP_LOOK,
			amqp_get_rpc_reply(a->conn));
}

static int bind_queue(struct sink *s)
{
	struct sink_amqp *a = s->state;
	char key[CONF_SHORT_LEN];

	/* never longer than the template */
	if (!sink_template_binding(s->conf->routing_key, key, sizeof(key)))
		return -EINVAL;
	(void)amqp_queue_bind(a->conn, SINK_AMQP_LOOK,
			      amqp_cstring_bytes(s->conf->queue),
			      amqp_cstring_bytes(s->conf->exchange),
			      amqp_cstring_bytes(key), amqp_empty_table);
	return answered(s, "bind the queue", SINK_AMQP_LOOK,
			amqp_get_rpc_reply(a->conn));
}

/* Does one thing on a channel for it, which a refusal closes. */
static int one(struct sink *s, int (*step)(struct sink *s, bool passive),
	       bool passive)
{
	struct sink_amqp *a = s->state;
	int r = open_channel(s, SINK_AMQP_LOOK);

	if (!r)
		r = step(s, passive);
	if (r)
		return r;
	return answered(s, "close a channel", SINK_AMQP_LOOK,
			amqp_channel_close(a->conn, SINK_AMQP_LOOK,
					   AMQP_REPLY_SUCCESS));
}

static int make_sure(struct sink *s, int (*declare)(struct sink *s, bool))
{
	const struct sink_amqp *a = s->state;
	int r = one(s, declare, true);

	if (r == -ENOENT && a->sound)
		r = one(s, declare, false);
	else if (r == -EACCES && a->sound)
		r = 0; /* may not be asked for: events will show it */
	return r;
}

static int bound(struct sink *s, bool passive)
{
	(void)passive;
	return bind_queue(s);
}

static int objects(struct sink *s)
{
	const struct sink_amqp *a = s->state;
	const bool exchange = s->conf->exchange[0], queue = s->conf->queue[0];
	int r = 0;

	if (exchange)
		r = make_sure(s, declare_exchange);
	if (!r && queue)
		r = make_sure(s, declare_queue);
	if (!r && exchange && queue) {
		r = one(s, bound, false);
		/* may not be bound by us: perhaps it is, events will show it */
		if (r == -EACCES && a->sound)
			r = 0;
	}
	return r;
}

int sink_amqp_connect(struct sink *s)
{
	struct sink_amqp *a = s->state;
	int r;

	a->deadline = base_time_mono_ms() + s->conf->timeout_ms;
	r = dial(s);
	if (r)
		return r;
	r = login(s);
	if (r)
		return r;
	a->sound = true;
	r = objects(s);
	if (!r)
		r = open_channel(s, SINK_AMQP_CHANNEL);
	if (r)
		return r;
	(void)amqp_confirm_select(a->conn, SINK_AMQP_CHANNEL);
	return answered(s, "ask for confirms", SINK_AMQP_CHANNEL,
			amqp_get_rpc_reply(a->conn));
}
