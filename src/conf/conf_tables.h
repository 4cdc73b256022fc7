/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_tables.h - the validated configuration, as every process sees it
 *
 * One fixed-layout block without pointers: the parsing child writes it, the
 * supervisor seals it in a memfd, all roles map it read-only. Lists lie in the
 * arrays at the end; an owner holds {first, n}. conf_tables_valid() checks all
 * indices, lengths and enum values: call it on whatever came from another
 * process.
 */
#ifndef CONF_TABLES_H
#define CONF_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_addr.h"
#include "base_attr.h"

#define CONF_MAGIC         0x57435446U /* "WCTF" */
#define CONF_WORKERS_MAX   64
#define CONF_RULES_MAX     64
#define CONF_DESTS_MAX     1024
#define CONF_NETS_MAX      1024
#define CONF_IFACES_MAX    256
#define CONF_EVENTS_MAX    8
#define CONF_PROTOCOLS_MAX 16
#define CONF_SINKS_MAX     8
#define CONF_SHORT_LEN     256  /* AMQP's short string, with a NUL */
#define CONF_ARGS_LEN      4096 /* of a program, each with its NUL */
#define CONF_ARGS_MAX      64
#define CONF_ZONE_MAX      (14 * 60) /* minutes: no clock is further from UTC */
#define CONF_USERS_MAX     16
#define CONF_USER_MAX      (UINT32_MAX - 1) /* UINT32_MAX is no user */
#define CONF_NAME_LEN      32               /* with the final NUL */
#define CONF_IFNAME_LEN    16               /* IFNAMSIZ */
#define CONF_PATH_LEN      1024             /* with the final NUL */
#define CONF_CONTROL_MAX   107 /* bytes of a socket's path: sun_path, unix(7) */
#define CONF_STORE_MAX     959 /* bytes: it gets endings such as .NAME.cursor */
#define CONF_RULE_NONE     0xffffU

enum conf_failure { /* on_failure */
	CONF_FAILURE_OPEN_STAY,
	CONF_FAILURE_OPEN,
	CONF_FAILURE_CLOSED,
	CONF_FAILURE_HOLD, /* somebody else keeps the listener: they wait */
	CONF_FAILURE_MAX
};

enum conf_answer {
	CONF_NO,
	CONF_YES,
	CONF_ANSWER_MAX
};

enum conf_intercept { /* intercept: how the kernel hands connections over */
	CONF_INTERCEPT_TPROXY,
	CONF_INTERCEPT_REDIRECT, /* nat, for kernels without TPROXY */
	CONF_INTERCEPT_MAX
};

enum conf_proxy_protocol { /* proxy_protocol, in fixed-remote mode */
	CONF_PROXY_PROTOCOL_NONE,
	CONF_PROXY_PROTOCOL_V2,
	CONF_PROXY_PROTOCOL_MAX
};

enum conf_transport { /* rule.transport */
	CONF_TRANSPORT_TCP,
	CONF_TRANSPORT_UDP,
	CONF_TRANSPORT_MAX
};

enum conf_source { /* rule.source: whose address the server sees */
	CONF_SOURCE_GATEWAY,
	CONF_SOURCE_CLIENT,      /* its address, another port */
	CONF_SOURCE_CLIENT_PORT, /* its address and port */
	CONF_SOURCE_AUTO, /* GATEWAY or CLIENT: ring_shared_source() says it */
	CONF_SOURCE_MAX
};

enum conf_capture { /* rule.capture */
	CONF_CAPTURE_TEXT,
	CONF_CAPTURE_PCAP, /* in a build with libpcap */
	CONF_CAPTURE_NONE,
	CONF_CAPTURE_MAX
};

enum conf_event_format {
	CONF_EVENT_FORMAT_CLASSIC, /* tcpproxy's lines */
	CONF_EVENT_FORMAT_JSON,    /* event.schema.json, one a line */
	CONF_EVENT_FORMAT_MAX
};

enum conf_sink_kind {
	CONF_SINK_AMQP,
	CONF_SINK_EXEC,
	CONF_SINK_REDIS,
	CONF_SINK_KIND_MAX
};

enum conf_sink_from {          /* sink.from: where a new sink begins */
	CONF_SINK_FROM_OLDEST, /* all that the store has */
	CONF_SINK_FROM_NEWEST, /* what comes from now on */
	CONF_SINK_FROM_MAX
};

enum conf_redis_type {
	CONF_REDIS_STREAM, /* XADD */
	CONF_REDIS_LIST,   /* RPUSH */
	CONF_REDIS_TYPE_MAX
};

enum conf_when_full {         /* rule.when_full: the ring is full, what now */
	CONF_WHEN_FULL_BRIEF, /* not read for at most 100 ms, then drop */
	CONF_WHEN_FULL_DROP,  /* relay on, the observer misses bytes */
	CONF_WHEN_FULL_WAIT,  /* not read until there is room */
	CONF_WHEN_FULL_MAX
};

/* rule.observe as a number: CONF_OBSERVE_PROTOCOL + i is the i-th of the names
 * in conf_input.protocols. */
enum conf_observe {
	CONF_OBSERVE_NONE,
	CONF_OBSERVE_AUTO,
	CONF_OBSERVE_PROTOCOL
};
#define CONF_OBSERVE_LIMIT 256 /* it fits a byte */

struct conf_list {
	uint32_t first; /* index into its array */
	uint32_t n;
};

/* Destinations: every address of `net`, ports first to last inclusive. */
struct conf_dest {
	struct base_net net;
	uint16_t port_first; /* 1-65535 */
	uint16_t port_last;
};

/*
 * A rule: interfaces x clients x destinations, and what to do with it. No two
 * rules' products meet. In fixed-remote mode there is one rule, named "fixed",
 * with no lists: every connection to `listen` is its.
 */
struct conf_rule {
	char name[CONF_NAME_LEN];    /* [A-Za-z0-9_-]+, unique */
	struct conf_list interfaces; /* in ifaces; n = 0: any but loopback */
	struct conf_list clients;    /* in nets; n = 0: any */
	struct conf_list to;         /* in dests */
	uint32_t transport;          /* enum conf_transport */
	uint32_t local;     /* enum conf_answer: programs of the gateway, too */
	uint32_t source;    /* enum conf_source */
	uint32_t capture;   /* enum conf_capture */
	uint32_t when_full; /* enum conf_when_full */
	char observe[CONF_NAME_LEN]; /* "auto", "none" or a protocol's name */
	uint32_t observe_code;       /* the same: enum conf_observe */
};

/* What the owner's trackers make of a protocol. All that the program knows are
 * there, in the order of conf_input.protocols. */
struct conf_protocol {
	char name[CONF_NAME_LEN];
	int32_t zone_min; /* times without a zone: minutes east of UTC */
};

/*
 * Where events go. What is no use to a kind is 0. Credentials are not here but
 * in struct conf_secrets: these tables are handed to who asks for a status.
 */
struct conf_sink {
	char name[CONF_NAME_LEN]; /* [A-Za-z0-9_-]+, unique */
	uint32_t kind;            /* enum conf_sink_kind */
	uint32_t format;          /* enum conf_event_format */
	uint32_t from;            /* enum conf_sink_from */
	uint32_t timeout_ms;      /* to connect, to confirm, to read a batch */
	/* for people: the URI with *** for its password, or the program */
	char target[CONF_PATH_LEN];
	/* AMQP and Redis */
	char host[CONF_SHORT_LEN]; /* name or address; Redis: "" = `socket` */
	uint32_t port;
	uint32_t tls;           /* enum conf_answer; verified, always */
	char ca[CONF_PATH_LEN]; /* "": the system's */
	char certificate[CONF_PATH_LEN]; /* the client's; "": none */
	char key[CONF_PATH_LEN];
	/* AMQP */
	char vhost[CONF_SHORT_LEN];
	char exchange[CONF_SHORT_LEN]; /* "": the default one, or none given */
	char routing_key[CONF_SHORT_LEN]; /* template: sink_template.h */
	char queue[CONF_SHORT_LEN];       /* "": none is declared */
	uint32_t heartbeat_s;             /* 0 = none */
	/* Redis */
	uint32_t db;
	uint32_t redis_type; /* enum conf_redis_type */
	uint32_t reserved;
	uint64_t maxlen; /* entries kept, about; 0 = all */
	char redis_key[CONF_SHORT_LEN];
	char socket[CONF_PATH_LEN];
};

_Static_assert(offsetof(struct conf_sink, maxlen) ==
		       offsetof(struct conf_sink, reserved) + sizeof(uint32_t),
	       "no padding: sinks are compared as bytes");

/* What only the sink's publisher sees (conf_load.h); all zero where a kind has
 * none. Compared as bytes. */
struct conf_secret {
	char user[CONF_SHORT_LEN];
	char password[CONF_SHORT_LEN];
	uint32_t n_args; /* exec: program and arguments */
	char args[CONF_ARGS_LEN];
};

struct conf_secrets {
	uint32_t magic;
	uint32_t size;   /* sizeof(struct conf_secrets) */
	uint32_t number; /* of the tables that it was read with */
	struct conf_secret sinks[CONF_SINKS_MAX]; /* in the tables' order */
};
#define CONF_SECRETS_MAGIC 0x57535243U /* "WSRC" */

struct conf_tables {
	uint32_t magic;
	uint32_t size;   /* sizeof(struct conf_tables) */
	uint32_t number; /* the config number: 1 at start, grows */

	uint32_t on_failure;           /* enum conf_failure */
	uint32_t intercept;            /* enum conf_intercept */
	uint32_t self_test;            /* enum conf_answer */
	uint32_t proxy_protocol;       /* enum conf_proxy_protocol */
	uint32_t workers;              /* >= 1: "auto" is resolved */
	uint32_t max_flows;            /* all workers together */
	uint32_t connect_timeout_ms;   /* towards the server */
	uint64_t ring_size;            /* bytes a worker, a power of two */
	uint32_t drain_ms;             /* at a stop, running flows may end */
	uint32_t max_flows_per_client; /* of one client network; 0 = no limit */
	uint32_t client_bits_v4;       /* what one client network is */
	uint32_t client_bits_v6;
	uint32_t
		connect_rate; /* connects a second, all workers; 0 = no limit */
	/* Dead peers; 0 = none. */
	uint32_t keepalive_client_ms; /* silence before the first probe */
	uint32_t keepalive_server_ms;
	uint32_t user_timeout_ms; /* bytes unacknowledged: the peer is dead */
	uint32_t idle_timeout_ms; /* no byte either way: the flow is ended */
	uint32_t udp_timeout_ms;  /* the same of a UDP flow; never 0 */
	uint32_t max_udp_flows;   /* of max_flows, all workers together */
	uint16_t listen_port;     /* of the transparent listeners */
	uint16_t reserved;

	/* Fixed-remote mode: both or neither have a family. */
	struct base_addr listen;
	struct base_addr remote;

	/* The next part of a capture begins; 0 = none. */
	uint64_t capture_rotate_size;
	uint32_t capture_rotate_time_ms;
	uint32_t reserved2;

	char log_dir[CONF_PATH_LEN]; /* absolute */
	char pidfile[CONF_PATH_LEN]; /* absolute; "" = none */
	char control[CONF_PATH_LEN]; /* control socket; absolute; "" = none */
	char events[CONF_EVENTS_MAX][CONF_PATH_LEN]; /* event files, absolute */
	uint32_t events_format[CONF_EVENTS_MAX]; /* enum conf_event_format */
	uint32_t n_events;
	uint32_t reserved3;

	/* The store. Sizes and ages: 0 = no limit. */
	char store[CONF_PATH_LEN]; /* absolute; "" = none */
	uint32_t commit_delay_ms;  /* an event waits for its transaction */
	uint32_t store_durable;    /* enum conf_answer */
	uint32_t store_flash;      /* enum conf_answer */
	uint32_t store_max_age_s;
	uint64_t store_max_size;      /* confirmed events go beyond it */
	uint64_t store_max_size_hard; /* any go beyond it */

	uint32_t n_sinks;
	uint32_t reserved4;
	struct conf_sink sinks[CONF_SINKS_MAX];

	uint32_t n_protocols;
	struct conf_protocol protocols[CONF_PROTOCOLS_MAX];

	/* local_except: users whose connections no rule takes */
	uint32_t n_users;
	uint32_t users[CONF_USERS_MAX];

	uint32_t n_rules;
	uint32_t n_dests;
	uint32_t n_nets;
	uint32_t n_ifaces;
	struct conf_rule rules[CONF_RULES_MAX];
	struct conf_dest dests[CONF_DESTS_MAX];
	struct base_net nets[CONF_NETS_MAX];
	char ifaces[CONF_IFACES_MAX][CONF_IFNAME_LEN]; /* "br-lan", "wg*" */
};
_Static_assert(sizeof(struct conf_tables) ==
		       offsetof(struct conf_tables, ifaces) +
			       sizeof(((struct conf_tables *)0)->ifaces),
	       "no padding: tables are compared as bytes");

/* True when every index, string, enum and size in `t` is within bounds.
 * `len`: bytes that are really there. */
WS_MUST_USE bool conf_tables_valid(const struct conf_tables *t, size_t len);

/* The same of secrets, and they belong to these valid tables. */
WS_MUST_USE bool conf_secrets_valid(const struct conf_secrets *s, size_t len,
				    const struct conf_tables *t);

/* The same sinks in the same order? Then what is secret of them is the same. */
bool conf_tables_same_sinks(const struct conf_tables *a,
			    const struct conf_tables *b);

/* In fixed-remote mode? */
static inline bool conf_tables_fixed(const struct conf_tables *t)
{
	return t->listen.family != 0;
}

/*
 * The rule that takes a connection from `client` to `server` that came in on
 * interface `ifname` ("lo": from a program of the gateway); CONF_RULE_NONE when
 * no rule does. Linear in the rules: asked once a connection.
 */
uint16_t conf_tables_match(const struct conf_tables *t,
			   enum conf_transport transport,
			   const struct base_addr *client,
			   const struct base_addr *server, const char *ifname);

bool conf_dest_overlap(const struct conf_dest *a, const struct conf_dest *b);

/*
 * Clients' connections to a server are all tracked in a conntrack zone of their
 * own, or none is (nft_model.c): of TCP those whose rule has another source
 * than gateway. Return: a destination of rule b of tb for which rule a of ta
 * wants the other, or NULL.
 */
const struct conf_dest *conf_tables_zone_conflict(const struct conf_tables *ta,
						  const struct conf_rule *a,
						  const struct conf_tables *tb,
						  const struct conf_rule *b);

/* Words of the enums, as in the file: for printing. */
const char *conf_failure_name(enum conf_failure v);
const char *conf_source_name(enum conf_source v);
const char *conf_answer_name(enum conf_answer v);
const char *conf_intercept_name(enum conf_intercept v);
const char *conf_proxy_protocol_name(enum conf_proxy_protocol v);
const char *conf_transport_name(enum conf_transport v);
const char *conf_capture_name(enum conf_capture v);
const char *conf_when_full_name(enum conf_when_full v);
const char *conf_event_format_name(enum conf_event_format v);
const char *conf_sink_kind_name(enum conf_sink_kind v);
const char *conf_sink_from_name(enum conf_sink_from v);

#endif
