/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_uri.h - what an AMQP or a Redis URI says
 *
 * Pure. SCHEME://[USER[:PASSWORD]@]HOST[:PORT][/PATH][?KEY=VALUE&...] as
 * RFC 3986 has it; each part is percent-decoded, and in the query a + is a
 * blank, as it is for the classic's urllib. What is said about a URI holds
 * nothing of it but names of keys and placeholders: no credential.
 */
#ifndef CONF_URI_H
#define CONF_URI_H

#include <stdbool.h>

#include "base_attr.h"
#include "base_rd.h"

struct conf_secret;
struct conf_sink;

/* Room for what is wrong, or strange, to be read after the key's name. */
#define CONF_URI_WHY_LEN 256

/* One URI; without a credential in it AMQP's are guest and guest, Redis has
 * none. */
struct conf_uri {
	struct conf_sink *sink; /* its members of this kind; all zero before */
	struct conf_secret *secret; /* user and password; the same */
	bool password;              /* the URI has one */
	char why[CONF_URI_WHY_LEN];
	char warning[CONF_URI_WHY_LEN]; /* "": none */
};

/*
 * amqp, amqps; keys exchange, routing_key, queue, heartbeat. The routing key
 * is set in any case: without one it is the queue, else observer.event, and
 * with a queue and no exchange it is the queue whatever was given.
 * Return: false with `why`.
 */
WS_MUST_USE bool conf_uri_amqp(struct base_span text, struct conf_uri *u);

/* redis with HOST and /DB, redis+unix with a socket's path; keys stream (with
 * maxlen) or list, and db of redis+unix. Return: the same. */
WS_MUST_USE bool conf_uri_redis(struct base_span text, struct conf_uri *u);

#endif
