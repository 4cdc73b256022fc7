/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_uri.c - what an AMQP or a Redis URI says */
#include "conf_uri.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "conf_near.h"
#include "conf_tables.h"
#include "conf_text.h"
#include "conf_value.h"

#define AMQP_PORT      5672
#define AMQPS_PORT     5671
#define AMQP_HEARTBEAT 60 /* s; what RabbitMQ itself proposes */
#define REDIS_PORT     6379

/* Pieces of the text, not decoded. */
struct parts {
	struct base_span scheme, user, password, host, path, query;
	bool has_user, has_password;
	uint16_t port; /* 0 = not given */
};

enum query_kind {
	QUERY_TEXT,     /* char[CONF_SHORT_LEN], no { or } */
	QUERY_KEY,      /* the same, any character */
	QUERY_TEMPLATE, /* the same with placeholders */
	QUERY_COUNT,    /* uint32_t */
	QUERY_LARGE,    /* uint64_t */
	QUERY_IGNORED   /* pika's, of no use here */
};

struct query_key {
	const char *name;
	enum query_kind kind;
	size_t offset; /* in struct conf_sink */
	uint64_t max;  /* of a number */
};

#define SINK(member) offsetof(struct conf_sink, member)

static const struct query_key amqp_keys[] = {
	{ "exchange", QUERY_TEXT, SINK(exchange), 0 },
	{ "routing_key", QUERY_TEMPLATE, SINK(routing_key), 0 },
	{ "queue", QUERY_TEXT, SINK(queue), 0 },
	{ "heartbeat", QUERY_COUNT, SINK(heartbeat_s), UINT16_MAX },
	{ "connection_attempts", QUERY_IGNORED, 0, 0 },
	{ "retry_delay", QUERY_IGNORED, 0, 0 },
	{ "socket_timeout", QUERY_IGNORED, 0, 0 },
	{ "blocked_connection_timeout", QUERY_IGNORED, 0, 0 },
};

enum {
	REDIS_KEY_STREAM,
	REDIS_KEY_LIST,
	REDIS_KEY_MAXLEN,
	REDIS_KEY_DB
};

static const struct query_key redis_keys[] = {
	[REDIS_KEY_STREAM] = { "stream", QUERY_KEY, SINK(redis_key), 0 },
	[REDIS_KEY_LIST] = { "list", QUERY_KEY, SINK(redis_key), 0 },
	[REDIS_KEY_MAXLEN] = { "maxlen", QUERY_LARGE, SINK(maxlen), INT64_MAX },
	[REDIS_KEY_DB] = { "db", QUERY_COUNT, SINK(db), INT32_MAX },
};

/* Return: false. */
WS_PRINTF(2, 3)
static bool fail(struct conf_uri *u, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(u->why, sizeof(u->why), fmt, args);
	va_end(args);
	return false;
}

static struct base_span span_of(const char *text)
{
	return (struct base_span){ (const uint8_t *)text, strlen(text) };
}

static bool is_word(struct base_span text, const char *word)
{
	return text.len == strlen(word) &&
	       !strncasecmp((const char *)text.ptr, word, text.len);
}

/* Takes what stands before the first byte of `set`, or all. */
static struct base_span take_to(struct base_rd *r, const char *set)
{
	struct base_span s = { r->pos, 0 };
	int c;

	while ((c = base_rd_peek(r)) > 0 && !strchr(set, c)) {
		(void)base_rd_u8(r);
		s.len++;
	}
	return s;
}

static struct base_span take_rest(struct base_rd *r)
{
	return base_rd_take(r, base_rd_left(r));
}

/* Return: was it there, and taken? */
static bool take_byte(struct base_rd *r, uint8_t c)
{
	if (base_rd_peek(r) != c)
		return false;
	(void)base_rd_u8(r);
	return true;
}

static void split_user(struct base_span info, struct parts *p)
{
	struct base_rd r;

	base_rd_init(&r, info.ptr, info.len);
	p->has_user = true;
	p->user = take_to(&r, ":");
	p->has_password = take_byte(&r, ':');
	p->password = take_rest(&r);
}

static const char hint[] = "(in a user or a password write / as %2F, @ as "
			   "%40, : as %3A, ? as %3F)";

/* HOST or [HOST], then :PORT */
static bool split_host(struct conf_uri *u, struct base_span text,
		       struct parts *p)
{
	struct base_span port;
	uint64_t number;
	struct base_rd r;

	base_rd_init(&r, text.ptr, text.len);
	if (base_rd_peek(&r) == '[') {
		p->host = take_to(&r, "]");
		p->host.len += take_byte(&r, ']');
	} else {
		p->host = take_to(&r, ":");
	}
	if (base_rd_left(&r) && !take_byte(&r, ':'))
		return fail(u, "the address in brackets is followed by no "
			       "port");
	port = take_rest(&r);
	if (!port.len)
		return true;
	if (!conf_value_count(port, &number) || number < 1 ||
	    number > UINT16_MAX)
		return fail(u, "the port is not within 1 to %d %s", UINT16_MAX,
			    hint);
	p->port = (uint16_t)number;
	return true;
}

static bool has_at(struct base_span text)
{
	return text.len && memchr(text.ptr, '@', text.len);
}

static bool split(struct conf_uri *u, struct base_span text, struct parts *p)
{
	struct base_span authority;
	const uint8_t *at;
	struct base_rd r;

	*p = (struct parts){ .port = 0 };
	if (text.len >= CONF_PATH_LEN)
		return fail(u, "is longer than %d bytes", CONF_PATH_LEN - 1);
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] <= ' ' || text.ptr[i] == 0x7f)
			return fail(u, "has a blank or a control character: "
				       "write it %%HH");
	}
	if (text.len && memchr(text.ptr, '#', text.len))
		return fail(u, "has a #: write it %%23");
	base_rd_init(&r, text.ptr, text.len);
	p->scheme = take_to(&r, ":");
	if (!take_byte(&r, ':') || !take_byte(&r, '/') || !take_byte(&r, '/')) {
		p->scheme.len = 0; /* no URI at all */
		return true;
	}
	authority = take_to(&r, "/?");
	p->path = take_to(&r, "?");
	(void)take_byte(&r, '?');
	p->query = take_rest(&r);
	/* the last one, as urllib has it */
	at = authority.len ? memrchr(authority.ptr, '@', authority.len) : NULL;
	if (at) {
		const size_t len = (size_t)(at - authority.ptr);

		split_user((struct base_span){ authority.ptr, len }, p);
		authority.ptr += len + 1;
		authority.len -= len + 1;
	}
	if (!split_host(u, authority, p))
		return false;
	/* what stands before it would be of a password, and be told */
	if (p->host.len &&
	    (has_at(p->path) || (!p->has_user && has_at(p->query))))
		return fail(u, "has an @ behind the host: write it %%40 %s",
			    hint);
	return true;
}

/* `plus`: a + is a blank. `size` with the NUL. */
static bool decode(struct conf_uri *u, const char *what, struct base_span text,
		   bool plus, char *out, size_t size)
{
	struct base_rd r;
	size_t n = 0;

	base_rd_init(&r, text.ptr, text.len);
	while (base_rd_left(&r)) {
		uint8_t c = base_rd_u8(&r);

		if (c == '%')
			c = (uint8_t)base_rd_hex(&r, 2);
		else if (c == '+' && plus)
			c = ' ';
		if (!base_rd_ok(&r))
			return fail(u,
				    "the %s has a %% that two hexadecimal "
				    "digits do not follow: write it %%25",
				    what);
		if (!c)
			return fail(u, "the %s has a NUL", what);
		if (n + 1 == size)
			return fail(u, "the %s is longer than %zu bytes", what,
				    size - 1);
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return true;
}

/* The same of what people and logs see. */
static bool decode_name(struct conf_uri *u, const char *what,
			struct base_span text, bool plus, char *out,
			size_t size)
{
	if (!decode(u, what, text, plus, out, size))
		return false;
	if (!conf_text_all_printable(span_of(out)))
		return fail(u, "the %s has a character that cannot be shown",
			    what);
	return true;
}

/* "" or " (nearest: "word")" */
struct near_text {
	char text[48];
};

static struct near_text near_text(const struct conf_near *n, const char *open,
				  const char *close)
{
	struct near_text t = { "" };

	if (n->best)
		(void)snprintf(t.text, sizeof(t.text), " (nearest: %s%s%s)",
			       open, n->best, close);
	return t;
}

/* Only what the publisher fills in stands in braces. */
static bool check_template(struct conf_uri *u, const char *what,
			   const char *text)
{
	static const char *const names[] = { "device_id", "protocol", "type" };
	const struct base_span all = span_of(text);
	char quoted[CONF_QUOTE_LEN];
	struct base_rd r;

	base_rd_init(&r, all.ptr, all.len);
	while (base_rd_left(&r)) {
		struct base_span name;
		struct conf_near near;
		bool known = false;

		(void)take_to(&r, "{}");
		if (take_byte(&r, '}'))
			return fail(u, "the %s has a } without a {", what);
		if (!take_byte(&r, '{'))
			continue;
		name = take_to(&r, "{}");
		if (!take_byte(&r, '}'))
			return fail(u, "the %s has a { without a }", what);
		conf_near_init(&near, name);
		for (size_t i = 0; i < WS_ARRAY_LEN(names); i++) {
			known = known ||
				(name.len == strlen(names[i]) &&
				 !memcmp(name.ptr, names[i], name.len));
			(void)conf_near_try(&near, names[i]);
		}
		if (!known)
			return fail(
				u,
				"the %s has a placeholder %s, which is "
				"none of {device_id}, {protocol} and "
				"{type}%s",
				what,
				conf_text_quote(name, quoted, sizeof(quoted)),
				near_text(&near, "{", "}").text);
	}
	return true;
}

static bool take_count(struct conf_uri *u, const struct query_key *k,
		       struct base_span value, void *out)
{
	uint64_t v;

	if (!conf_value_count(value, &v) || v > k->max)
		return fail(u, "%s is not a whole number up to %" PRIu64,
			    k->name, k->max);
	if (k->kind == QUERY_LARGE)
		memcpy(out, &v, sizeof(v));
	else
		memcpy(out, &(uint32_t){ (uint32_t)v }, sizeof(uint32_t));
	return true;
}

static bool take_value(struct conf_uri *u, const struct query_key *k,
		       struct base_span value)
{
	char *out = (char *)u->sink + k->offset;
	const size_t len = strlen(u->warning);

	switch (k->kind) {
	case QUERY_TEXT:
	case QUERY_KEY:
	case QUERY_TEMPLATE:
		if (!decode_name(u, k->name, value, true, out, CONF_SHORT_LEN))
			return false;
		if (k->kind == QUERY_TEXT && strpbrk(out, "{}"))
			return fail(u,
				    "the %s has a { or }: only routing_key "
				    "may have them",
				    k->name);
		return k->kind != QUERY_TEMPLATE ||
		       check_template(u, k->name, out);
	case QUERY_COUNT:
	case QUERY_LARGE:
		return take_count(u, k, value, out);
	case QUERY_IGNORED:
		(void)snprintf(u->warning + len, sizeof(u->warning) - len,
			       "%s%s", len ? ", " : "not used here: ", k->name);
		return true;
	}
	return false;
}

/* `seen`: a bit for each key that has a value. */
static bool take_query(struct conf_uri *u, struct base_span query,
		       const struct query_key *keys, size_t n, uint32_t *seen)
{
	char quoted[CONF_QUOTE_LEN];
	struct base_rd r;

	*seen = 0;
	base_rd_init(&r, query.ptr, query.len);
	while (base_rd_left(&r)) {
		const struct base_span name = take_to(&r, "=&");
		struct base_span value = { NULL, 0 };
		struct conf_near near;
		size_t i = 0;

		if (take_byte(&r, '='))
			value = take_to(&r, "&");
		(void)take_byte(&r, '&');
		conf_near_init(&near, name);
		while (i < n && (name.len != strlen(keys[i].name) ||
				 memcmp(name.ptr, keys[i].name, name.len) != 0))
			(void)conf_near_try(&near, keys[i++].name);
		if (i == n && !name.len && !value.len)
			continue;
		if (i == n)
			return fail(
				u, "unknown key %s in the query%s",
				conf_text_quote(name, quoted, sizeof(quoted)),
				near_text(&near, "\"", "\"").text);
		if (!value.len) /* as if it were not there, as for urllib */
			continue;
		if (*seen & 1U << i)
			return fail(u, "%s is given twice", keys[i].name);
		*seen |= 1U << i;
		if (!take_value(u, &keys[i], value))
			return false;
	}
	return true;
}

/* What every kind has: credentials, and what people see of it all. */
static bool take_common(struct conf_uri *u, struct base_span text,
			const struct parts *p)
{
	struct conf_sink *s = u->sink;
	const char *start = (const char *)text.ptr;
	const char *hidden = start + text.len;
	size_t len = 0;

	if (!decode(u, "user", p->user, false, u->secret->user,
		    sizeof(u->secret->user)) ||
	    !decode(u, "password", p->password, false, u->secret->password,
		    sizeof(u->secret->password)))
		return false;
	u->password = p->password.len > 0;
	if (u->password) {
		hidden = (const char *)p->password.ptr;
		len = p->password.len;
	}
	if (text.len - len + (len ? strlen("***") : 0) >= sizeof(s->target))
		return fail(u, "is longer than %zu bytes",
			    sizeof(s->target) - 1);
	(void)snprintf(s->target, sizeof(s->target), "%.*s%s%.*s",
		       (int)(hidden - start), start, len ? "***" : "",
		       (int)(start + text.len - hidden - len), hidden + len);
	if (!conf_text_all_printable(span_of(s->target)))
		return fail(u, "has a character that cannot be shown: write it "
			       "%%HH");
	return true;
}

static bool take_host(struct conf_uri *u, const struct parts *p, uint16_t port)
{
	char text[CONF_SHORT_LEN + 16];
	struct conf_service s;

	u->sink->port = p->port ? p->port : port;
	if (!p->host.len) { /* as pika has it */
		(void)snprintf(u->sink->host, sizeof(u->sink->host),
			       "localhost");
		return true;
	}
	(void)snprintf(text, sizeof(text), "%.*s:%u",
		       (int)(p->host.len < CONF_SHORT_LEN ? p->host.len
							  : CONF_SHORT_LEN),
		       (const char *)p->host.ptr, (unsigned)u->sink->port);
	if (p->host.len >= CONF_SHORT_LEN ||
	    !conf_value_service(span_of(text), &s))
		return fail(u, "the host is neither a name nor an address "
			       "(IPv6 in brackets)");
	(void)snprintf(u->sink->host, sizeof(u->sink->host), "%s", s.host);
	return true;
}

/* What the classic would publish with. */
static void set_routing_key(struct conf_uri *u)
{
	struct conf_sink *s = u->sink;
	const char *warning = NULL;

	if (*s->queue && !*s->exchange) {
		if (*s->routing_key && strcmp(s->routing_key, s->queue) != 0)
			warning = "routing_key is not used: with a queue and "
				  "no exchange, messages go to the queue "
				  "itself";
		memset(s->routing_key, 0, sizeof(s->routing_key));
		(void)snprintf(s->routing_key, sizeof(s->routing_key), "%s",
			       s->queue);
	} else if (!*s->routing_key) {
		if (!*s->queue && !*s->exchange)
			warning = "neither exchange nor queue: messages go to "
				  "the queue observer.event, if there is one";
		(void)snprintf(s->routing_key, sizeof(s->routing_key), "%s",
			       *s->queue ? s->queue : "observer.event");
	}
	if (warning && !*u->warning)
		(void)snprintf(u->warning, sizeof(u->warning), "%s", warning);
}

bool conf_uri_amqp(struct base_span text, struct conf_uri *u)
{
	struct conf_sink *s = u->sink;
	struct base_span vhost;
	struct parts p;
	uint32_t seen;

	if (!split(u, text, &p))
		return false;
	s->tls = is_word(p.scheme, "amqps") ? CONF_YES : CONF_NO;
	if (!s->tls && !is_word(p.scheme, "amqp"))
		return fail(u, "is no AMQP URI (write amqp://USER:PASSWORD@"
			       "HOST/VHOST?exchange=NAME&queue=NAME, or "
			       "amqps://)");
	if (!take_common(u, text, &p) ||
	    !take_host(u, &p, s->tls ? AMQPS_PORT : AMQP_PORT))
		return false;
	if (!p.has_user) {
		(void)snprintf(u->secret->user, sizeof(u->secret->user),
			       "guest");
		(void)snprintf(u->secret->password, sizeof(u->secret->password),
			       "guest");
	}
	vhost = p.path;
	if (vhost.len > 1) {
		vhost = (struct base_span){ vhost.ptr + 1, vhost.len - 1 };
		if (memchr(vhost.ptr, '/', vhost.len))
			return fail(u, "the vhost has a /: write it %%2F");
	} else {
		vhost = span_of("/");
	}
	s->heartbeat_s = AMQP_HEARTBEAT;
	if (!decode_name(u, "vhost", vhost, false, s->vhost,
			 sizeof(s->vhost)) ||
	    !take_query(u, p.query, amqp_keys, WS_ARRAY_LEN(amqp_keys), &seen))
		return false;
	set_routing_key(u);
	return true;
}

/* redis+unix: the path is a socket's. */
static bool take_socket(struct conf_uri *u, const struct parts *p)
{
	if (p->host.len || p->port || p->path.len < 2)
		return fail(u, "names no socket (write redis+unix:///PATH)");
	return decode_name(u, "path of the socket", p->path, false,
			   u->sink->socket, CONF_CONTROL_MAX + 1);
}

/* redis: the path is a database's number. */
static bool take_database(struct conf_uri *u, const struct parts *p)
{
	const struct base_span text =
		p->path.len > 1
			? (struct base_span){ p->path.ptr + 1, p->path.len - 1 }
			: span_of("0");
	uint64_t v;

	if (!conf_value_count(text, &v) || v > redis_keys[REDIS_KEY_DB].max)
		return fail(u, "the database is not a whole number");
	u->sink->db = (uint32_t)v;
	return true;
}

bool conf_uri_redis(struct base_span text, struct conf_uri *u)
{
	const uint32_t stream = 1U << REDIS_KEY_STREAM,
		       list = 1U << REDIS_KEY_LIST,
		       maxlen = 1U << REDIS_KEY_MAXLEN, db = 1U << REDIS_KEY_DB;
	struct conf_sink *s = u->sink;
	struct parts p;
	uint32_t seen;
	bool local;

	if (!split(u, text, &p))
		return false;
	if (is_word(p.scheme, "rediss"))
		return fail(u, "rediss: the Redis client library cannot do "
			       "TLS: use redis+unix, or a tunnel");
	local = is_word(p.scheme, "redis+unix");
	if (!local && !is_word(p.scheme, "redis"))
		return fail(u, "is no Redis URI (write redis://USER:PASSWORD@"
			       "HOST/DB?stream=NAME&maxlen=N, or ?list=NAME, "
			       "or redis+unix:///PATH)");
	if (!take_common(u, text, &p) ||
	    !(local ? take_socket(u, &p)
		    : take_host(u, &p, REDIS_PORT) && take_database(u, &p)) ||
	    !take_query(u, p.query, redis_keys, WS_ARRAY_LEN(redis_keys),
			&seen))
		return false;
	if ((seen & db) && !local)
		return fail(u, "db is of redis+unix: write redis://HOST/DB");
	if ((seen & stream) && (seen & list))
		return fail(u, "stream and list cannot stand together");
	if ((seen & maxlen) && (seen & list))
		return fail(u, "maxlen is of a stream, not of a list");
	s->redis_type = (seen & list) ? CONF_REDIS_LIST : CONF_REDIS_STREAM;
	if (!(seen & (stream | list)))
		(void)snprintf(s->redis_key, sizeof(s->redis_key), "wayside");
	return true;
}
