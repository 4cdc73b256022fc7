/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sink_redis.c - events to Redis: a stream (XADD) or a list (RPUSH)
 *
 * Theory of operation
 *
 * A batch is one transaction, MULTI ... EXEC, sent as one piece: all of it is
 * there, or nothing. Without it a server that refuses one event for a moment
 * (no memory) and takes the next would change their order. Redis confirms what
 * it has in memory; whether that outlives it is its configuration's matter
 * (appendfsync).
 *
 * An entry of a stream has the fields id, protocol, type, device_id (where it
 * is known) and event, which is the body; an element of a list is the body.
 * What comes again has the same id.
 *
 * hiredis formats and parses. The socket does not block: waiting is
 * sink_wait()'s job, so a stop is heard meanwhile. Connecting does block, for
 * conf->timeout_ms a server's address at most.
 *
 * Sources: redis.io/docs: XADD, transactions, AUTH.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <hiredis.h>

#include "base_attr.h"
#include "base_die.h"
#include "base_time.h"
#include "conf_tables.h"
#include "sink.h"

#define IDLE_MS  15000 /* a peer that is gone without a word is noticed */
#define ARGS_MAX 20

static void free_reply(redisReply **r)
{
	if (*r)
		freeReplyObject(*r);
}

/* hiredis has seen what cannot be gone on with. */
static int broken(struct sink *s)
{
	const redisContext *c = s->state;

	sink_say(s, "%s", c->errstr[0] ? c->errstr : "out of memory");
	return -EPIPE;
}

/* What the server says with an error reply. Those that only somebody changes
 * are hopeless. */
static int refused(struct sink *s, const redisReply *r)
{
	static const char *const hopeless[] = { "ERR ", "NOAUTH ", "NOPERM ",
						"WRONGPASS ", "WRONGTYPE " };
	const char *words;

	if (r->type != REDIS_REPLY_ERROR) {
		sink_say(s, "an answer that makes no sense");
		return -EPROTO;
	}
	/* of a command that it does not know it repeats the words, a part of
	 * a long one, too: AUTH's are credentials */
	words = strstr(r->str, ", with args");
	sink_say(s, "%.*s", (int)(words ? words - r->str : (ptrdiff_t)r->len),
		 r->str);
	for (size_t i = 0; i < WS_ARRAY_LEN(hopeless); i++) {
		if (!strncmp(r->str, hopeless[i], strlen(hopeless[i])))
			return -EINVAL;
	}
	return -EBUSY;
}

/* Return: 0, all is written; -errno. What is answered meanwhile is little. */
static int flush(struct sink *s, uint64_t deadline)
{
	redisContext *c = s->state;

	for (;;) {
		int done = 0, r;

		if (redisBufferWrite(c, &done) != REDIS_OK)
			return broken(s);
		if (done)
			return 0;
		r = sink_wait(s, c->fd, POLLOUT, deadline);
		if (r == -ETIMEDOUT)
			sink_say(s, "it takes nothing for %u ms",
				 (unsigned)s->conf->timeout_ms);
		if (r)
			return r;
	}
}

/* The next answer. Return: 0 and *out, to be freed; -errno. */
static int answer(struct sink *s, uint64_t deadline, redisReply **out)
{
	redisContext *c = s->state;
	void *reply = NULL;

	for (;;) {
		int r;

		if (redisGetReplyFromReader(c, &reply) != REDIS_OK)
			return broken(s);
		if (reply)
			break;
		r = sink_wait(s, c->fd, POLLIN, deadline);
		if (r == -ETIMEDOUT)
			sink_say(s, "no answer for %u ms",
				 (unsigned)s->conf->timeout_ms);
		if (r)
			return r;
		if (redisBufferRead(c) != REDIS_OK)
			return broken(s);
	}
	*out = reply;
	return 0;
}

static uint64_t deadline_of(const struct sink *s)
{
	return base_time_mono_ms() + s->conf->timeout_ms;
}

/* A command that is answered with a status. Return: 0 or -errno. */
static int command(struct sink *s, int n, const char **args)
{
	WS_CLEAN(free_reply) redisReply *reply = NULL;
	const uint64_t deadline = deadline_of(s);
	int r;

	if (redisAppendCommandArgv(s->state, n, args, NULL) != REDIS_OK)
		return broken(s);
	r = flush(s, deadline);
	if (!r)
		r = answer(s, deadline, &reply);
	if (!r && reply->type != REDIS_REPLY_STATUS)
		r = refused(s, reply);
	return r;
}

/* --- its life ------------------------------------------------------------- */

static void redis_close(struct sink *s)
{
	if (s->state)
		redisFree(s->state);
	s->state = NULL;
	s->fd = -1;
}

static int log_in(struct sink *s)
{
	const struct conf_secret *secret = s->secret;
	const char *args[3] = { "AUTH" };
	int n = 1;

	if (secret->user[0])
		args[n++] = secret->user;
	if (secret->password[0])
		args[n++] = secret->password;
	return n > 1 ? command(s, n, args) : 0;
}

static int choose_db(struct sink *s)
{
	char db[16];
	const char *args[] = { "SELECT", db };

	(void)snprintf(db, sizeof(db), "%u", (unsigned)s->conf->db);
	return s->conf->db ? command(s, 2, args) : 0;
}

static int redis_open(struct sink *s)
{
	const struct conf_sink *conf = s->conf;
	const struct timeval limit = {
		.tv_sec = conf->timeout_ms / 1000,
		.tv_usec = (suseconds_t)(conf->timeout_ms % 1000) * 1000,
	};
	redisContext *c =
		conf->host[0]
			? redisConnectWithTimeout(conf->host, (int)conf->port,
						  limit)
			: redisConnectUnixWithTimeout(conf->socket, limit);
	int r;

	s->state = c;
	if (!c) {
		sink_say(s, "out of memory");
		return -ENOMEM;
	}
	if (c->err) {
		(void)broken(s);
		return -ENOTCONN;
	}
	c->flags &= ~REDIS_BLOCK;
	if (fcntl(c->fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	if (conf->host[0] && redisEnableKeepAlive(c) != REDIS_OK)
		return broken(s);
	r = log_in(s);
	if (!r)
		r = choose_db(s);
	s->fd = c->fd;
	s->idle_ms = IDLE_MS;
	return r;
}

static int redis_idle(struct sink *s)
{
	const char *args[] = { "PING" };

	return command(s, 1, args);
}

/* --- events --------------------------------------------------------------- */

struct args {
	int n;
	const char *v[ARGS_MAX];
	size_t len[ARGS_MAX];
};

static void arg(struct args *a, const char *v, size_t len)
{
	a->v[a->n] = v;
	a->len[a->n++] = len;
}

static void word(struct args *a, const char *v)
{
	arg(a, v, strlen(v));
}

static void field(struct args *a, const char *name, const char *v)
{
	word(a, name);
	word(a, v);
}

static int append(struct sink *s, const struct sink_event *e)
{
	const struct conf_sink *conf = s->conf;
	struct args a = { .n = 0 };
	/* cppcheck-suppress variableScope ; a points at it */
	char maxlen[32];

	if (conf->redis_type == CONF_REDIS_LIST) {
		field(&a, "RPUSH", conf->redis_key);
	} else {
		field(&a, "XADD", conf->redis_key);
		if (conf->maxlen) {
			(void)snprintf(maxlen, sizeof(maxlen), "%llu",
				       (unsigned long long)conf->maxlen);
			field(&a, "MAXLEN", "~");
			word(&a, maxlen);
		}
		word(&a, "*");
		field(&a, "id", e->id);
		field(&a, "protocol", e->protocol);
		field(&a, "type", e->type);
		if (e->device)
			field(&a, "device_id", e->device);
		word(&a, "event");
	}
	arg(&a, e->body, e->len);
	return redisAppendCommandArgv(s->state, a.n, a.v, a.len) == REDIS_OK
		       ? 0
		       : broken(s);
}

static int append_all(struct sink *s, const struct sink_event *e, unsigned n)
{
	int r = redisAppendCommand(s->state, "MULTI") == REDIS_OK ? 0
								  : broken(s);

	for (unsigned i = 0; !r && i < n; i++)
		r = append(s, &e[i]);
	if (!r && redisAppendCommand(s->state, "EXEC") != REDIS_OK)
		r = broken(s);
	return r;
}

/* Each is in: an integer is a list's length, a string a stream's entry. */
static int judge(struct sink *s, const redisReply *exec, unsigned n)
{
	if (exec->type != REDIS_REPLY_ARRAY || exec->elements != n)
		return refused(s, exec);
	for (unsigned i = 0; i < n; i++) {
		const int type = exec->element[i]->type;

		if (type != REDIS_REPLY_INTEGER && type != REDIS_REPLY_STRING)
			return refused(s, exec->element[i]);
	}
	return 0;
}

/* MULTI and each event are answered with a status, EXEC with an array. The
 * first refusal says why; EXEC then says just that there was one. */
static int answers(struct sink *s, unsigned n, uint64_t deadline)
{
	int first = 0;

	for (unsigned i = 0; i < n + 2; i++) {
		WS_CLEAN(free_reply) redisReply *reply = NULL;
		int r = answer(s, deadline, &reply);

		if (r)
			return r;
		if (first)
			continue;
		if (i == n + 1)
			first = judge(s, reply, n);
		else if (reply->type != REDIS_REPLY_STATUS)
			first = refused(s, reply);
	}
	return first;
}

static int redis_put(struct sink *s, const struct sink_event *e, unsigned n)
{
	const uint64_t deadline = deadline_of(s);
	int r = append_all(s, e, n);

	if (!r)
		r = flush(s, deadline);
	if (r)
		return r;
	base_die_at(BASE_DIE_SINK_PUT);
	r = answers(s, n, deadline);
	return r ? r : (int)n;
}

static const struct sink_ops ops = {
	.open = redis_open,
	.put = redis_put,
	.idle = redis_idle,
	.close = redis_close,
};

const struct sink_ops *const sink_redis = &ops;
