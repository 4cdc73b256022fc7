/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_schema.h - the one table of all configuration keys
 *
 * Parser, bounds check, --print-config and the sample file follow it: a new
 * key is a row here and a member in conf_tables.h.
 */
#ifndef CONF_SCHEMA_H
#define CONF_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_attr.h"
#include "base_rd.h"

enum conf_key_id {
	CONF_KEY_ON_FAILURE,
	CONF_KEY_INTERCEPT,
	CONF_KEY_SELF_TEST,
	CONF_KEY_LOCAL_EXCEPT,
	CONF_KEY_WORKERS,
	CONF_KEY_MAX_FLOWS,
	CONF_KEY_RING_SIZE,
	CONF_KEY_CONNECT_TIMEOUT,
	CONF_KEY_LISTEN_PORT,
	CONF_KEY_DRAIN,
	CONF_KEY_MAX_FLOWS_PER_CLIENT,
	CONF_KEY_CLIENT_BITS_V4,
	CONF_KEY_CLIENT_BITS_V6,
	CONF_KEY_CONNECT_RATE,
	CONF_KEY_KEEPALIVE_CLIENT,
	CONF_KEY_KEEPALIVE_SERVER,
	CONF_KEY_USER_TIMEOUT,
	CONF_KEY_IDLE_TIMEOUT,
	CONF_KEY_UDP_TIMEOUT,
	CONF_KEY_MAX_UDP_FLOWS,
	CONF_KEY_LOG_DIR,
	CONF_KEY_CAPTURE_ROTATE_SIZE,
	CONF_KEY_CAPTURE_ROTATE_TIME,
	CONF_KEY_PIDFILE,
	CONF_KEY_CONTROL,
	CONF_KEY_LISTEN,
	CONF_KEY_REMOTE,
	CONF_KEY_PROXY_PROTOCOL,
	CONF_KEY_RULES,
	CONF_KEY_EVENTS,
	CONF_KEY_PROTOCOLS,
	CONF_KEY_STORE,
	CONF_KEY_SINKS,
	CONF_KEY_RULE_NAME,
	CONF_KEY_RULE_INTERFACES,
	CONF_KEY_RULE_CLIENTS,
	CONF_KEY_RULE_TO,
	CONF_KEY_RULE_TRANSPORT,
	CONF_KEY_RULE_LOCAL,
	CONF_KEY_RULE_SOURCE,
	CONF_KEY_RULE_CAPTURE,
	CONF_KEY_RULE_WHEN_FULL,
	CONF_KEY_RULE_OBSERVE,
	CONF_KEY_EVENTS_FILE,
	CONF_KEY_EVENTS_FORMAT,
	CONF_KEY_PROTOCOL_ZONE,
	CONF_KEY_STORE_FILE,
	CONF_KEY_STORE_COMMIT_DELAY,
	CONF_KEY_STORE_FLASH,
	CONF_KEY_STORE_DURABLE,
	CONF_KEY_STORE_MAX_AGE,
	CONF_KEY_STORE_MAX_SIZE,
	CONF_KEY_STORE_MAX_SIZE_HARD,
	CONF_KEY_SINK_NAME,
	CONF_KEY_SINK_AMQP, /* the kinds, in the order of conf_sink_kind */
	CONF_KEY_SINK_EXEC,
	CONF_KEY_SINK_REDIS,
	CONF_KEY_SINK_FORMAT,
	CONF_KEY_SINK_FROM,
	CONF_KEY_SINK_TIMEOUT,
	CONF_KEY_SINK_CA,
	CONF_KEY_SINK_CERTIFICATE,
	CONF_KEY_SINK_KEY,
	CONF_KEY_MAX
};

/* The mapping that a key stands in. */
enum conf_scope {
	CONF_SCOPE_TOP,
	CONF_SCOPE_RULE,
	CONF_SCOPE_EVENTS,
	CONF_SCOPE_PROTOCOL,
	CONF_SCOPE_STORE, /* its struct is the top's */
	CONF_SCOPE_SINK,
	CONF_SCOPE_MAX
};

enum conf_type {
	CONF_TYPE_CHOICE,     /* uint32_t: index into words */
	CONF_TYPE_COUNT,      /* uint32_t */
	CONF_TYPE_PORT,       /* uint16_t */
	CONF_TYPE_SIZE,       /* uint64_t, bytes */
	CONF_TYPE_DURATION,   /* uint32_t, milliseconds */
	CONF_TYPE_AGE,        /* uint32_t, seconds */
	CONF_TYPE_ZONE,       /* int32_t, minutes east of UTC */
	CONF_TYPE_NAME,       /* char[CONF_NAME_LEN] */
	CONF_TYPE_PROTOCOL,   /* char[CONF_NAME_LEN] */
	CONF_TYPE_FILE,       /* char[CONF_PATH_LEN], absolute */
	CONF_TYPE_DIRECTORY,  /* the same */
	CONF_TYPE_SERVICE,    /* struct base_addr */
	CONF_TYPE_INTERFACES, /* struct conf_list in ifaces */
	CONF_TYPE_NETWORKS,   /* struct conf_list in nets */
	CONF_TYPE_TO,         /* struct conf_list in dests */
	CONF_TYPE_FILES,      /* one or a list; the array `events` */
	CONF_TYPE_USERS,      /* one or a list; the array `users` */
	CONF_TYPE_RULES,      /* list of mappings */
	CONF_TYPE_EVENTS,     /* mapping, or a list of mappings */
	CONF_TYPE_PROTOCOLS,  /* mapping of names to mappings */
	CONF_TYPE_STORE,      /* mapping */
	CONF_TYPE_SINKS,      /* list of mappings */
	CONF_TYPE_URI,        /* of a sink: members of its kind, and a secret */
	CONF_TYPE_COMMAND,    /* one or a list: a sink's target, and a secret */
	CONF_TYPE_MAX
};

struct conf_key {
	enum conf_scope scope;
	const char *name;
	enum conf_type type;
	bool required;
	bool restart;        /* a reload cannot change it */
	const char *initial; /* the default as it would be written, or NULL */
	const char *example; /* of a key without a default, for the sample */
	const char *word;    /* stands for 0 or for no file */
	uint64_t min, max;   /* of numbers, inclusive; max: bytes of a path */
	const char *(*choice)(unsigned i); /* the i-th word, NULL at the end */
	size_t offset;                     /* in the struct of its scope */
	const char *help;
};

extern const struct conf_key conf_keys[CONF_KEY_MAX];

/* NULL = no such key there. */
const struct conf_key *conf_key_find(enum conf_scope scope,
				     struct base_span name);

/* The key of the scope that `name` was probably meant to be; NULL = none is
 * near. */
const struct conf_key *conf_key_nearest(enum conf_scope scope,
					struct base_span name);

#endif
