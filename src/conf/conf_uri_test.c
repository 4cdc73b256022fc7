/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_uri_test.c - URIs as pika and RFC 3986 read them, and wrong ones
 *
 * What is expected was worked out by hand: the classic's rules for exchange,
 * routing key and queue, pika's defaults (URLParameters), RFC 3986 for the
 * rest.
 */
#include "conf_uri.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_test.h"
#include "conf_tables.h"

/* One URI and all that came of it. */
struct outcome {
	struct conf_sink sink;
	struct conf_secret secret;
	struct conf_uri uri;
	bool fine;
};

/* To be freed. The text has no NUL behind it, and nothing of ours. */
static struct outcome *read_uri(const char *text, bool redis)
{
	struct outcome *o = calloc(1, sizeof(*o));
	uint8_t *copy = malloc(strlen(text) ? strlen(text) : 1);
	const struct base_span s = { copy, strlen(text) };

	assert_non_null(o);
	assert_non_null(copy);
	memcpy(copy, text, s.len);
	o->uri = (struct conf_uri){ .sink = &o->sink, .secret = &o->secret };
	o->fine = redis ? conf_uri_redis(s, &o->uri)
			: conf_uri_amqp(s, &o->uri);
	free(copy);
	return o;
}

static void amqp_forms(void **state)
{
	static const struct {
		const char *text, *user, *password, *host;
		unsigned port;
		bool tls;
		const char *vhost, *exchange, *key, *queue;
		unsigned heartbeat;
	} rows[] = {
		/* all defaults: pika's guest, guest, localhost, 5672, "/" */
		{ "amqp://", "guest", "guest", "localhost", 5672, false, "/",
		  "", "observer.event", "", 60 },
		{ "amqp://host", "guest", "guest", "host", 5672, false, "/", "",
		  "observer.event", "", 60 },
		{ "amqp://host/", "guest", "guest", "host", 5672, false, "/",
		  "", "observer.event", "", 60 },
		{ "amqps://host", "guest", "guest", "host", 5671, true, "/", "",
		  "observer.event", "", 60 },
		{ "AmqpS://host:1/%2f?heartbeat=0", "guest", "guest", "host", 1,
		  true, "/", "", "observer.event", "", 0 },
		/* the README's own examples of the classic */
		{ "amqp://guest:guest@127.0.0.1:5672/%2F?exchange=tcpproxy."
		  "events&routing_key=tracker.raw",
		  "guest", "guest", "127.0.0.1", 5672, false, "/",
		  "tcpproxy.events", "tracker.raw", "", 60 },
		{ "amqp://guest:guest@127.0.0.1:5672/%2F?queue=tcpproxy.events&"
		  "routing_key=tcpproxy.events",
		  "guest", "guest", "127.0.0.1", 5672, false, "/", "",
		  "tcpproxy.events", "tcpproxy.events", 60 },
		/* queue without exchange: the key is the queue, whatever */
		{ "amqp://h?queue=q&routing_key=longer.than.q", "guest",
		  "guest", "h", 5672, false, "/", "", "q", "q", 60 },
		/* both: routing_key, or else the queue */
		{ "amqp://h?queue=q&exchange=x&routing_key=k", "guest", "guest",
		  "h", 5672, false, "/", "x", "k", "q", 60 },
		{ "amqp://h?queue=q&exchange=x", "guest", "guest", "h", 5672,
		  false, "/", "x", "q", "q", 60 },
		{ "amqp://h?exchange=x", "guest", "guest", "h", 5672, false,
		  "/", "x", "observer.event", "", 60 },
		/* without exchange and queue: a queue of somebody else's */
		{ "amqp://h?routing_key=k", "guest", "guest", "h", 5672, false,
		  "/", "", "k", "", 60 },
		/* each part decoded; + is a blank in the query alone */
		{ "amqp://u%40v:p%2Fq%3a%25+@[2001:db8::1]:7/v%2fw+x?exchange="
		  "a+b%2Bc&routing_key=%7Btype%7D.{device_id}{protocol}",
		  "u@v", "p/q:%+", "2001:db8::1", 7, false, "v/w+x", "a b+c",
		  "{type}.{device_id}{protocol}", "", 60 },
		/* as urllib: the last @ ends the user's part, the first : the
		 * user; what is empty is not there */
		{ "amqp://u@v:p:q@h?&&queue=&exchange=x&&", "u@v", "p:q", "h",
		  5672, false, "/", "x", "observer.event", "", 60 },
		{ "amqp://u@h?exchange=x", "u", "", "h", 5672, false, "/", "x",
		  "observer.event", "", 60 },
		{ "amqp://u:@h:/?exchange=x&heartbeat=65535", "u", "", "h",
		  5672, false, "/", "x", "observer.event", "", 65535 },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct outcome *o = read_uri(rows[i].text, false);
		const struct conf_sink *s = &o->sink;

		if (!o->fine)
			fail_msg("%s: %s", rows[i].text, o->uri.why);
		assert_string_equal(o->secret.user, rows[i].user);
		assert_string_equal(o->secret.password, rows[i].password);
		assert_string_equal(s->host, rows[i].host);
		assert_int_equal(s->port, rows[i].port);
		assert_int_equal(s->tls, rows[i].tls);
		assert_string_equal(s->vhost, rows[i].vhost);
		assert_string_equal(s->exchange, rows[i].exchange);
		assert_string_equal(s->routing_key, rows[i].key);
		assert_string_equal(s->queue, rows[i].queue);
		assert_int_equal(s->heartbeat_s, rows[i].heartbeat);
		free(o);
	}
}

static void redis_forms(void **state)
{
	static const struct {
		const char *text, *user, *password, *host;
		unsigned port;
		const char *socket;
		unsigned db;
		enum conf_redis_type type;
		const char *key;
		uint64_t maxlen;
	} rows[] = {
		{ "redis://", "", "", "localhost", 6379, "", 0,
		  CONF_REDIS_STREAM, "wayside", 0 },
		{ "redis://:pw@r.example:7000/12?maxlen=100000", "", "pw",
		  "r.example", 7000, "", 12, CONF_REDIS_STREAM, "wayside",
		  100000 },
		{ "redis://me:p%40w@h/?stream=a{b}", "me", "p@w", "h", 6379, "",
		  0, CONF_REDIS_STREAM, "a{b}", 0 },
		{ "redis://h?list=a%20b", "", "", "h", 6379, "", 0,
		  CONF_REDIS_LIST, "a b", 0 },
		{ "redis+unix:///run/r%2A.sock?db=3&stream=s&maxlen=1", "", "",
		  "", 0, "/run/r*.sock", 3, CONF_REDIS_STREAM, "s", 1 },
		{ "redis+unix://u:p@/r", "u", "p", "", 0, "/r", 0,
		  CONF_REDIS_STREAM, "wayside", 0 },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct outcome *o = read_uri(rows[i].text, true);
		const struct conf_sink *s = &o->sink;

		if (!o->fine)
			fail_msg("%s: %s", rows[i].text, o->uri.why);
		assert_string_equal(o->secret.user, rows[i].user);
		assert_string_equal(o->secret.password, rows[i].password);
		assert_string_equal(s->host, rows[i].host);
		assert_int_equal(s->port, rows[i].port);
		assert_string_equal(s->socket, rows[i].socket);
		assert_int_equal(s->db, rows[i].db);
		assert_int_equal(s->redis_type, rows[i].type);
		assert_string_equal(s->redis_key, rows[i].key);
		assert_true(s->maxlen == rows[i].maxlen);
		assert_int_equal(s->tls, CONF_NO);
		free(o);
	}
}

#define HINT                                                                  \
	" (in a user or a password write / as %2F, @ as %40, : as %3A, ? as " \
	"%3F)"
#define AMQP_FORM                                                             \
	"is no AMQP URI (write amqp://USER:PASSWORD@HOST/VHOST?exchange=NAME" \
	"&queue=NAME, or amqps://)"
#define REDIS_FORM                                                          \
	"is no Redis URI (write redis://USER:PASSWORD@HOST/DB?stream=NAME&" \
	"maxlen=N, or ?list=NAME, or redis+unix:///PATH)"
#define HOST    "the host is neither a name nor an address (IPv6 in brackets)"
#define NONE_OF "which is none of {device_id}, {protocol} and {type}"

struct wrong {
	bool redis;
	const char *text, *why;
};

static const struct wrong wrong[] = {
	{ false, "", AMQP_FORM },
	{ false, "amqp", AMQP_FORM },
	{ false, "amqp:", AMQP_FORM },
	{ false, "amqp:/h", AMQP_FORM },
	{ false, "//u:SECRET@h", AMQP_FORM },
	{ false, "http://u:SECRET@h/", AMQP_FORM },
	{ false, "redis://u:SECRET@h/", AMQP_FORM },
	{ true, "amqp://u:SECRET@h/", REDIS_FORM },
	{ true, "rediss://u:SECRET@h/",
	  "rediss: the Redis client library cannot do TLS: use redis+unix, or "
	  "a tunnel" },
	/* a password that was written as it is */
	{ false, "amqp://u:SEC/RET@h/",
	  "the port is not within 1 to 65535" HINT },
	{ false, "amqp://u:SEC?RET@h/",
	  "the port is not within 1 to 65535" HINT },
	{ false, "amqp://u:12/SECRET@h/",
	  "has an @ behind the host: write it %40" HINT },
	{ false, "amqp://u:12?SECRET@h/",
	  "has an @ behind the host: write it %40" HINT },
	{ true, "redis://u:12?SECRET@h/",
	  "has an @ behind the host: write it %40" HINT },
	{ false, "amqp://u:SEC#RET@h/", "has a #: write it %23" },
	{ false, "amqp://u:SEC%RET@h/",
	  "the password has a % that two hexadecimal digits do not follow: "
	  "write it %25" },
	{ false, "amqp://u:SECRET%2@h/",
	  "the password has a % that two hexadecimal digits do not follow: "
	  "write it %25" },
	{ false, "amqp://u:SEC RET@h/",
	  "has a blank or a control character: write it %HH" },
	{ false, "amqp://u:SEC\177RET@h/",
	  "has a blank or a control character: write it %HH" },
	{ false, "amqp://u:SECRET%00@h/", "the password has a NUL" },
	{ false, "amqp://u%00:SECRET@h/", "the user has a NUL" },
	/* hosts and ports */
	{ false, "amqp://h:0", "the port is not within 1 to 65535" HINT },
	{ false, "amqp://h:65536", "the port is not within 1 to 65535" HINT },
	{ false, "amqp://h:05672", "the port is not within 1 to 65535" HINT },
	{ false, "amqp://h:amqp", "the port is not within 1 to 65535" HINT },
	{ false, "amqp://::1", "the port is not within 1 to 65535" HINT },
	{ false, "amqp://[::1]5672",
	  "the address in brackets is followed by no port" },
	{ false, "amqp://[::1", HOST },
	{ false, "amqp://[h]", HOST },
	{ false, "amqp://h_%41", HOST },
	{ false, "amqp://127.1", HOST },
	{ false, "amqp://h,i", HOST },
	/* vhost */
	{ false, "amqp://h/a/b", "the vhost has a /: write it %2F" },
	{ false, "amqp://h//", "the vhost has a /: write it %2F" },
	{ false, "amqp://h/%0a",
	  "the vhost has a character that cannot be shown" },
	{ false, "amqp://h/%ff",
	  "the vhost has a character that cannot be shown" },
	/* keys of the query */
	{ false, "amqp://h?exchnge=a",
	  "unknown key \"exchnge\" in the query (nearest: \"exchange\")" },
	{ false, "amqp://h?ssl_options=a",
	  "unknown key \"ssl_options\" in the query" },
	{ false, "amqp://h?Queue=a",
	  "unknown key \"Queue\" in the query "
	  "(nearest: \"queue\")" },
	{ false, "amqp://h?=a", "unknown key \"\" in the query" },
	{ false, "amqp://h?stream=a", "unknown key \"stream\" in the query" },
	{ false, "amqp://h?queue=a&queue=a", "queue is given twice" },
	{ false, "amqp://h?heartbeat=65536",
	  "heartbeat is not a whole number up to 65535" },
	{ false, "amqp://h?heartbeat=5s",
	  "heartbeat is not a whole number up to 65535" },
	{ false, "amqp://h?queue=a%00", "the queue has a NUL" },
	{ false, "amqp://h?queue=a%0A",
	  "the queue has a character that cannot be shown" },
	{ false, "amqp://h?queue={type}",
	  "the queue has a { or }: only routing_key may have them" },
	{ false, "amqp://h?exchange=a}",
	  "the exchange has a { or }: only routing_key may have them" },
	/* templates */
	{ false, "amqp://h?routing_key=a.{device",
	  "the routing_key has a { without a }" },
	{ false, "amqp://h?routing_key={{type}}",
	  "the routing_key has a { without a }" },
	{ false, "amqp://h?routing_key={type}}",
	  "the routing_key has a } without a {" },
	{ false, "amqp://h?routing_key=}{",
	  "the routing_key has a } without a {" },
	{ false, "amqp://h?routing_key={devce_id}",
	  "the routing_key has a placeholder \"devce_id\", " NONE_OF
	  " (nearest: {device_id})" },
	{ false, "amqp://h?routing_key={}",
	  "the routing_key has a placeholder \"\", " NONE_OF },
	{ false, "amqp://h?routing_key={ type}",
	  "has a blank or a control character: write it %HH" },
	{ false, "amqp://h?routing_key={Type}",
	  "the routing_key has a placeholder \"Type\", " NONE_OF
	  " (nearest: {type})" },
	/* Redis */
	{ true, "redis://h/x", "the database is not a whole number" },
	{ true, "redis://h/1/2", "the database is not a whole number" },
	{ true, "redis://h/2147483648", "the database is not a whole number" },
	{ true, "redis://h?db=1",
	  "db is of redis+unix: write redis://HOST/DB" },
	{ true, "redis://h?stream=a&list=b",
	  "stream and list cannot stand together" },
	{ true, "redis://h?list=b&maxlen=1",
	  "maxlen is of a stream, not of a list" },
	{ true, "redis://h?maxlen=9223372036854775808",
	  "maxlen is not a whole number up to 9223372036854775807" },
	{ true, "redis://h?steam=a",
	  "unknown key \"steam\" in the query (nearest: \"stream\")" },
	{ true, "redis+unix://h/r",
	  "names no socket (write "
	  "redis+unix:///PATH)" },
	{ true, "redis+unix:///",
	  "names no socket (write "
	  "redis+unix:///PATH)" },
	{ true, "redis+unix://?db=1",
	  "names no socket (write "
	  "redis+unix:///PATH)" },
};

static void wrong_ones(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(wrong); i++) {
		struct outcome *o = read_uri(wrong[i].text, wrong[i].redis);

		if (o->fine || strcmp(o->uri.why, wrong[i].why) != 0)
			fail_msg("%s: %s", wrong[i].text,
				 o->fine ? "taken" : o->uri.why);
		assert_null(strstr(o->uri.why, "SEC"));
		assert_null(strstr(o->uri.why, "RET"));
		free(o);
	}
}

/* What people see is what was written, but for the password. */
static void targets(void **state)
{
	static const struct {
		bool redis;
		const char *text, *target;
	} rows[] = {
		{ false, "amqp://h?queue=q", "amqp://h?queue=q" },
		{ false, "amqp://u@h?queue=q", "amqp://u@h?queue=q" },
		{ false, "amqp://u:@h?queue=q", "amqp://u:@h?queue=q" },
		{ false, "amqp://u:p@h?queue=q", "amqp://u:***@h?queue=q" },
		{ false, "amqps://u:secr%65t@h:5671/%2F?queue=a@b",
		  "amqps://u:***@h:5671/%2F?queue=a@b" },
		{ false, "amqp://u:a@b:c@h?queue=q", "amqp://u:***@h?queue=q" },
		{ true, "redis://:secret@h/1", "redis://:***@h/1" },
		{ true, "redis+unix://u:secret@/r", "redis+unix://u:***@/r" },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct outcome *o = read_uri(rows[i].text, rows[i].redis);
		struct outcome *again;

		assert_true(o->fine);
		assert_string_equal(o->sink.target, rows[i].target);
		assert_int_equal(o->uri.password,
				 strstr(rows[i].target, "***") != NULL);
		again = read_uri(o->sink.target, rows[i].redis);
		assert_true(again->fine);
		assert_memory_equal(&o->sink, &again->sink, sizeof(o->sink));
		free(again);
		free(o);
	}
}

static void warnings(void **state)
{
	static const struct {
		const char *text, *warning;
	} rows[] = {
		{ "amqp://h?queue=q", "" },
		{ "amqp://h?queue=q&routing_key=q", "" },
		{ "amqp://h?routing_key=k", "" },
		{ "amqp://h?queue=q&routing_key=k",
		  "routing_key is not used: with a queue and no exchange, "
		  "messages go to the queue itself" },
		{ "amqp://h", "neither exchange nor queue: messages go to the "
			      "queue observer.event, if there is one" },
		{ "amqp://h?connection_attempts=3&queue=q&retry_delay=5&"
		  "socket_timeout=1&blocked_connection_timeout=%zz",
		  "not used here: connection_attempts, retry_delay, "
		  "socket_timeout, blocked_connection_timeout" },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct outcome *o = read_uri(rows[i].text, false);

		assert_true(o->fine);
		assert_string_equal(o->uri.warning, rows[i].warning);
		free(o);
	}
}

/* AMQP's short strings have 255 bytes at most, decoded; a target 1023. */
static void limits(void **state)
{
	static const struct {
		const char *before, *after, *what;
	} parts[] = {
		{ "amqp://", "@h", "user" },
		{ "amqp://u:", "@h", "password" },
		{ "amqp://h/", "", "vhost" },
		{ "amqp://h?queue=", "", "queue" },
		{ "amqp://h?exchange=", "", "exchange" },
		{ "amqp://h?routing_key=", "", "routing_key" },
	};
	char text[2048], why[80], x[256];

	(void)state;
	memset(x, 'x', sizeof(x));
	for (size_t i = 0; i < WS_ARRAY_LEN(parts); i++) {
		struct outcome *o;

		/* the last one is written as three bytes */
		(void)snprintf(text, sizeof(text), "%s%.254s%%78%s",
			       parts[i].before, x, parts[i].after);
		o = read_uri(text, false);
		if (!o->fine)
			fail_msg("%s: %s", parts[i].what, o->uri.why);
		free(o);
		(void)snprintf(text, sizeof(text), "%s%.255s%%78%s",
			       parts[i].before, x, parts[i].after);
		(void)snprintf(why, sizeof(why),
			       "the %s is longer than 255 "
			       "bytes",
			       parts[i].what);
		o = read_uri(text, false);
		assert_false(o->fine);
		assert_string_equal(o->uri.why, why);
		free(o);
	}
}

/* The target has room for 1023 bytes: with *** for a password of one byte it is
 * longer than the URI. */
static void whole_uri(void **state)
{
	static const struct {
		const char *start;
		size_t len;
		bool fine;
	} rows[] = {
		{ "amqp://u:***@h?", 1023, true },
		{ "amqp://u:***@h?", 1024, false },
		{ "amqp://u:p@h?", 1021, true },
		{ "amqp://u:p@h?", 1022, false },
		{ "amqp://u:longer@h?", 1023, true },
	};
	char text[2048];

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct outcome *o;

		memset(text, '&', sizeof(text));
		memcpy(text, rows[i].start, strlen(rows[i].start));
		text[rows[i].len] = '\0';
		o = read_uri(text, false);
		assert_int_equal(o->fine, rows[i].fine);
		if (!o->fine)
			assert_string_equal(o->uri.why,
					    "is longer than 1023 bytes");
		free(o);
	}
}

/* unix(7): a socket's path has 107 bytes at most. */
static void socket_path(void **state)
{
	char text[256] = "redis+unix:///", x[108];

	(void)state;
	memset(x, 'x', sizeof(x));
	for (int n = 106; n <= 107; n++) {
		struct outcome *o;

		(void)snprintf(text, sizeof(text), "redis+unix:///%.*s", n, x);
		o = read_uri(text, true);
		assert_int_equal(o->fine, n == 106);
		if (!o->fine)
			assert_string_equal(o->uri.why,
					    "the path of the socket is longer "
					    "than 107 bytes");
		free(o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amqp_forms), cmocka_unit_test(redis_forms),
		cmocka_unit_test(wrong_ones), cmocka_unit_test(targets),
		cmocka_unit_test(warnings),   cmocka_unit_test(limits),
		cmocka_unit_test(whole_uri),  cmocka_unit_test(socket_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
