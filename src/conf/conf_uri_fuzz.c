/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_uri_fuzz.c - any bytes: refused with a reason, or a sink
 *
 * What is taken is the same again when it is read from what people see of it,
 * where *** stands for the password; what is said of either is printable.
 */
#include <stdlib.h>
#include <string.h>

#include "conf_tables.h"
#include "conf_text.h"
#include "conf_uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void require(bool what)
{
	if (!what)
		abort();
}

struct outcome {
	struct conf_sink sink;
	struct conf_secret secret;
	struct conf_uri uri;
};

static void check_text(const char *text, size_t size)
{
	const struct base_span s = { (const uint8_t *)text,
				     strnlen(text, size) };

	require(s.len < size && conf_text_all_printable(s));
}

/* Return: taken. */
static bool read_uri(struct outcome *o, bool redis, struct base_span text)
{
	bool fine;

	memset(o, 0, sizeof(*o));
	o->uri.sink = &o->sink;
	o->uri.secret = &o->secret;
	fine = redis ? conf_uri_redis(text, &o->uri)
		     : conf_uri_amqp(text, &o->uri);
	require(fine == !*o->uri.why);
	check_text(o->uri.why, sizeof(o->uri.why));
	check_text(o->uri.warning, sizeof(o->uri.warning));
	return fine;
}

static void check_sink(const struct outcome *o, bool redis)
{
	const struct conf_sink *s = &o->sink;

	check_text(s->target, sizeof(s->target));
	check_text(s->host, sizeof(s->host));
	check_text(s->vhost, sizeof(s->vhost));
	check_text(s->exchange, sizeof(s->exchange));
	check_text(s->routing_key, sizeof(s->routing_key));
	check_text(s->queue, sizeof(s->queue));
	check_text(s->redis_key, sizeof(s->redis_key));
	check_text(s->socket, sizeof(s->socket));
	require(redis ? *s->redis_key && (*s->host || *s->socket == '/')
		      : *s->host && *s->vhost && *s->routing_key);
	require(*s->socket || (s->port >= 1 && s->port <= UINT16_MAX));
	require(strnlen(o->secret.user, CONF_SHORT_LEN) < CONF_SHORT_LEN);
	require(strnlen(o->secret.password, CONF_SHORT_LEN) < CONF_SHORT_LEN);
	require(!o->uri.password || *o->secret.password);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	for (int redis = 0; redis < 2; redis++) {
		struct outcome *a = malloc(sizeof(*a)), *b = malloc(sizeof(*b));

		require(a && b);
		if (read_uri(a, redis, (struct base_span){ bytes, len })) {
			check_sink(a, redis);
			require(read_uri(
				b, redis,
				(struct base_span){ (uint8_t *)a->sink.target,
						    strlen(a->sink.target) }));
			require(!memcmp(&a->sink, &b->sink, sizeof(a->sink)));
			require(!strcmp(a->secret.user, b->secret.user));
			require(!a->uri.password ||
				!strcmp(b->secret.password, "***"));
		}
		free(b);
		free(a);
	}
	return 0;
}
