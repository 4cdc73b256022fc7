/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_tables.c - the validated configuration: bounds, matching, names */
#include "conf_tables.h"

#include <assert.h>
#include <string.h>

#include "conf_scalar.h"
#include "conf_schema.h"
#include "conf_value.h"

static const char *const failure_names[] = {
	[CONF_FAILURE_OPEN_STAY] = "open-stay",
	[CONF_FAILURE_OPEN] = "open",
	[CONF_FAILURE_CLOSED] = "closed",
	[CONF_FAILURE_HOLD] = "hold",
};
static_assert(WS_ARRAY_LEN(failure_names) == CONF_FAILURE_MAX, "names");

static const char *const source_names[] = {
	[CONF_SOURCE_GATEWAY] = "gateway",
	[CONF_SOURCE_CLIENT] = "client",
	[CONF_SOURCE_CLIENT_PORT] = "client-port",
	[CONF_SOURCE_AUTO] = "auto",
};
static_assert(WS_ARRAY_LEN(source_names) == CONF_SOURCE_MAX, "names");

static const char *const answer_names[] = {
	[CONF_NO] = "no",
	[CONF_YES] = "yes",
};
static_assert(WS_ARRAY_LEN(answer_names) == CONF_ANSWER_MAX, "names");

static const char *const intercept_names[] = {
	[CONF_INTERCEPT_TPROXY] = "tproxy",
	[CONF_INTERCEPT_REDIRECT] = "redirect",
};
static_assert(WS_ARRAY_LEN(intercept_names) == CONF_INTERCEPT_MAX, "names");

static const char *const proxy_protocol_names[] = {
	[CONF_PROXY_PROTOCOL_NONE] = "none",
	[CONF_PROXY_PROTOCOL_V2] = "v2",
};
static_assert(WS_ARRAY_LEN(proxy_protocol_names) == CONF_PROXY_PROTOCOL_MAX,
	      "names");

static const char *const transport_names[] = {
	[CONF_TRANSPORT_TCP] = "tcp",
	[CONF_TRANSPORT_UDP] = "udp",
};
static_assert(WS_ARRAY_LEN(transport_names) == CONF_TRANSPORT_MAX, "names");

static const char *const capture_names[] = {
	[CONF_CAPTURE_TEXT] = "text",
	[CONF_CAPTURE_PCAP] = "pcap",
	[CONF_CAPTURE_NONE] = "none",
};
static_assert(WS_ARRAY_LEN(capture_names) == CONF_CAPTURE_MAX, "names");

static const char *const when_full_names[] = {
	[CONF_WHEN_FULL_BRIEF] = "brief",
	[CONF_WHEN_FULL_DROP] = "drop",
	[CONF_WHEN_FULL_WAIT] = "wait",
};
static_assert(WS_ARRAY_LEN(when_full_names) == CONF_WHEN_FULL_MAX, "names");

static const char *const event_format_names[] = {
	[CONF_EVENT_FORMAT_CLASSIC] = "classic",
	[CONF_EVENT_FORMAT_JSON] = "json",
};
static_assert(WS_ARRAY_LEN(event_format_names) == CONF_EVENT_FORMAT_MAX,
	      "names");

static const char *const sink_kind_names[] = {
	[CONF_SINK_AMQP] = "amqp",
	[CONF_SINK_EXEC] = "exec",
	[CONF_SINK_REDIS] = "redis",
};
static_assert(WS_ARRAY_LEN(sink_kind_names) == CONF_SINK_KIND_MAX, "names");

static const char *const sink_from_names[] = {
	[CONF_SINK_FROM_OLDEST] = "oldest",
	[CONF_SINK_FROM_NEWEST] = "newest",
};
static_assert(WS_ARRAY_LEN(sink_from_names) == CONF_SINK_FROM_MAX, "names");

const char *conf_failure_name(enum conf_failure v)
{
	return v < CONF_FAILURE_MAX ? failure_names[v] : NULL;
}

const char *conf_source_name(enum conf_source v)
{
	return v < CONF_SOURCE_MAX ? source_names[v] : NULL;
}

const char *conf_answer_name(enum conf_answer v)
{
	return v < CONF_ANSWER_MAX ? answer_names[v] : NULL;
}

const char *conf_intercept_name(enum conf_intercept v)
{
	return v < CONF_INTERCEPT_MAX ? intercept_names[v] : NULL;
}

const char *conf_proxy_protocol_name(enum conf_proxy_protocol v)
{
	return v < CONF_PROXY_PROTOCOL_MAX ? proxy_protocol_names[v] : NULL;
}

const char *conf_transport_name(enum conf_transport v)
{
	return v < CONF_TRANSPORT_MAX ? transport_names[v] : NULL;
}

const char *conf_capture_name(enum conf_capture v)
{
	return v < CONF_CAPTURE_MAX ? capture_names[v] : NULL;
}

const char *conf_when_full_name(enum conf_when_full v)
{
	return v < CONF_WHEN_FULL_MAX ? when_full_names[v] : NULL;
}

const char *conf_event_format_name(enum conf_event_format v)
{
	return v < CONF_EVENT_FORMAT_MAX ? event_format_names[v] : NULL;
}

const char *conf_sink_kind_name(enum conf_sink_kind v)
{
	return v < CONF_SINK_KIND_MAX ? sink_kind_names[v] : NULL;
}

const char *conf_sink_from_name(enum conf_sink_from v)
{
	return v < CONF_SINK_FROM_MAX ? sink_from_names[v] : NULL;
}

static bool ended(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

static bool valid_path(const char path[CONF_PATH_LEN])
{
	return ended(path, CONF_PATH_LEN) && path[0] == '/';
}

static bool valid_name(const char name[CONF_NAME_LEN])
{
	return ended(name, CONF_NAME_LEN) && name[0];
}

static bool valid_list(const struct conf_list *l, uint32_t n)
{
	return l->first <= n && l->n <= n - l->first;
}

static bool valid_net(const struct base_net *n)
{
	return (n->family == AF_INET && n->bits <= 32) ||
	       (n->family == AF_INET6 && n->bits <= 128);
}

static bool valid_endpoint(const struct base_addr *a)
{
	return (a->family == AF_INET || a->family == AF_INET6) && a->port;
}

static bool valid_or_none(const char *path)
{
	return ended(path, CONF_PATH_LEN) && (!*path || *path == '/');
}

/* Choices and numbers, in all these scopes, as the schema bounds them. */
static bool valid_scalars(enum conf_scope scope, const void *base)
{
	for (size_t i = 0; i < CONF_KEY_MAX; i++) {
		const struct conf_key *k = &conf_keys[i];

		if (k->scope == scope && !conf_scalar_within(k, base))
			return false;
	}
	return true;
}

static bool valid_rule(const struct conf_tables *t, const struct conf_rule *r)
{
	return valid_name(r->name) && valid_name(r->observe) &&
	       valid_scalars(CONF_SCOPE_RULE, r) &&
	       r->observe_code < CONF_OBSERVE_LIMIT &&
	       valid_list(&r->interfaces, t->n_ifaces) &&
	       valid_list(&r->clients, t->n_nets) &&
	       valid_list(&r->to, t->n_dests) &&
	       (r->to.n > 0) != conf_tables_fixed(t);
}

static bool valid_protocol(const struct conf_protocol *p)
{
	return valid_name(p->name) && p->zone_min >= -CONF_ZONE_MAX &&
	       p->zone_min <= CONF_ZONE_MAX;
}

static bool valid_short(const char text[CONF_SHORT_LEN])
{
	return ended(text, CONF_SHORT_LEN);
}

/* What each kind cannot do without. */
static bool valid_kind(const struct conf_sink *s)
{
	const bool host = *s->host && s->port >= 1 && s->port <= UINT16_MAX;

	switch ((enum conf_sink_kind)s->kind) {
	case CONF_SINK_AMQP:
		return host && *s->vhost && *s->routing_key;
	case CONF_SINK_EXEC:
		return *s->target == '/';
	case CONF_SINK_REDIS:
		return *s->redis_key && (host || *s->socket == '/');
	case CONF_SINK_KIND_MAX:
		break;
	}
	return false;
}

/* It becomes part of a file's name: one of its own, in the store's directory.
 */
static bool valid_sink_name(const struct conf_sink *sinks, uint32_t i)
{
	const char *name = sinks[i].name;
	char copy[CONF_NAME_LEN];

	for (uint32_t j = 0; j < i; j++) {
		if (!strcmp(sinks[j].name, name))
			return false;
	}
	return conf_value_name(
		(struct base_span){ (const uint8_t *)name, strlen(name) },
		copy);
}

static bool valid_sink(const struct conf_sink *s)
{
	return valid_scalars(CONF_SCOPE_SINK, s) &&
	       ended(s->target, CONF_PATH_LEN) && *s->target &&
	       valid_short(s->host) && s->tls < CONF_ANSWER_MAX &&
	       valid_or_none(s->ca) && valid_or_none(s->certificate) &&
	       valid_or_none(s->key) && valid_short(s->vhost) &&
	       valid_short(s->exchange) && valid_short(s->routing_key) &&
	       valid_short(s->queue) && s->heartbeat_s <= UINT16_MAX &&
	       s->db <= INT32_MAX && s->redis_type < CONF_REDIS_TYPE_MAX &&
	       s->maxlen <= INT64_MAX && valid_short(s->redis_key) &&
	       valid_or_none(s->socket) &&
	       strlen(s->socket) <= CONF_CONTROL_MAX && valid_kind(s);
}

static bool valid_store(const struct conf_tables *t)
{
	if (!valid_or_none(t->store) || strlen(t->store) > CONF_STORE_MAX ||
	    (*t->store && !valid_scalars(CONF_SCOPE_STORE, t)))
		return false;
	for (uint32_t i = 0; i < t->n_sinks; i++) {
		if (!valid_name(t->sinks[i].name) ||
		    !valid_sink_name(t->sinks, i) || !valid_sink(&t->sinks[i]))
			return false;
	}
	return !t->n_sinks || *t->store;
}

static bool valid_arrays(const struct conf_tables *t)
{
	for (uint32_t i = 0; i < t->n_events; i++) {
		if (!valid_path(t->events[i]) ||
		    t->events_format[i] >= CONF_EVENT_FORMAT_MAX)
			return false;
	}
	for (uint32_t i = 0; i < t->n_protocols; i++) {
		if (!valid_protocol(&t->protocols[i]))
			return false;
	}
	for (uint32_t i = 0; i < t->n_users; i++) {
		if (t->users[i] > CONF_USER_MAX)
			return false;
	}
	for (uint32_t i = 0; i < t->n_dests; i++) {
		const struct conf_dest *d = &t->dests[i];

		if (!valid_net(&d->net) || !d->port_first ||
		    d->port_last < d->port_first)
			return false;
	}
	for (uint32_t i = 0; i < t->n_nets; i++) {
		if (!valid_net(&t->nets[i]))
			return false;
	}
	for (uint32_t i = 0; i < t->n_ifaces; i++) {
		if (!ended(t->ifaces[i], CONF_IFNAME_LEN) || !t->ifaces[i][0])
			return false;
	}
	for (uint32_t i = 0; i < t->n_rules; i++) {
		if (!valid_rule(t, &t->rules[i]))
			return false;
	}
	return true;
}

bool conf_tables_valid(const struct conf_tables *t, size_t len)
{
	if (len < sizeof(*t) || t->magic != CONF_MAGIC ||
	    t->size != sizeof(*t) || t->number == 0)
		return false;
	if (t->n_events > CONF_EVENTS_MAX || t->n_rules > CONF_RULES_MAX ||
	    t->n_dests > CONF_DESTS_MAX || t->n_nets > CONF_NETS_MAX ||
	    t->n_ifaces > CONF_IFACES_MAX || t->n_users > CONF_USERS_MAX ||
	    t->n_protocols > CONF_PROTOCOLS_MAX || t->n_sinks > CONF_SINKS_MAX)
		return false;
	if (!valid_scalars(CONF_SCOPE_TOP, t) || !t->workers ||
	    t->ring_size & (t->ring_size - 1))
		return false;
	if (!valid_path(t->log_dir) || !valid_or_none(t->pidfile) ||
	    !valid_or_none(t->control) || strlen(t->control) > CONF_CONTROL_MAX)
		return false;
	if (t->listen.family || t->remote.family) {
		if (!valid_endpoint(&t->listen) ||
		    !valid_endpoint(&t->remote) || t->n_rules != 1)
			return false;
	}
	return t->n_rules > 0 && valid_arrays(t) && valid_store(t);
}

/* Each with its NUL, and nothing behind them. */
static bool valid_args(const struct conf_secret *s)
{
	size_t end = 0;

	for (uint32_t i = 0; i < s->n_args; i++) {
		const char *nul = end < sizeof(s->args)
					  ? memchr(s->args + end, '\0',
						   sizeof(s->args) - end)
					  : NULL;

		if (!nul)
			return false;
		end = (size_t)(nul - s->args) + 1;
	}
	return true;
}

static bool valid_secret(const struct conf_secret *s, bool exec)
{
	return ended(s->user, sizeof(s->user)) &&
	       ended(s->password, sizeof(s->password)) &&
	       s->n_args <= CONF_ARGS_MAX && (s->n_args > 0) == exec &&
	       valid_args(s) && (!exec || s->args[0] == '/');
}

bool conf_secrets_valid(const struct conf_secrets *s, size_t len,
			const struct conf_tables *t)
{
	if (len < sizeof(*s) || s->magic != CONF_SECRETS_MAGIC ||
	    s->size != sizeof(*s) || s->number != t->number)
		return false;
	for (uint32_t i = 0; i < CONF_SINKS_MAX; i++) {
		const bool exec = i < t->n_sinks &&
				  t->sinks[i].kind == CONF_SINK_EXEC;

		if (!valid_secret(&s->sinks[i], exec))
			return false;
	}
	return true;
}

bool conf_tables_same_sinks(const struct conf_tables *a,
			    const struct conf_tables *b)
{
	/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): no padding */
	return a->n_sinks == b->n_sinks &&
	       memcmp(a->sinks, b->sinks, sizeof(a->sinks)) == 0;
}

static bool iface_matches(const char *pattern, const char *ifname)
{
	const size_t len = strlen(pattern);

	if (pattern[len - 1] == '*')
		return !strncmp(pattern, ifname, len - 1);
	return !strcmp(pattern, ifname);
}

static bool takes_iface(const struct conf_tables *t, const struct conf_rule *r,
			const char *ifname)
{
	const struct conf_list *l = &r->interfaces;

	if (!strcmp(ifname, "lo"))
		return r->local == CONF_YES;
	for (uint32_t i = 0; i < l->n; i++) {
		if (iface_matches(t->ifaces[l->first + i], ifname))
			return true;
	}
	return l->n == 0;
}

static bool takes_client(const struct conf_tables *t, const struct conf_list *l,
			 const struct base_addr *client)
{
	for (uint32_t i = 0; i < l->n; i++) {
		if (base_net_contains(&t->nets[l->first + i], client))
			return true;
	}
	return l->n == 0;
}

static bool takes_server(const struct conf_tables *t, const struct conf_list *l,
			 const struct base_addr *server)
{
	for (uint32_t i = 0; i < l->n; i++) {
		const struct conf_dest *d = &t->dests[l->first + i];

		if (server->port >= d->port_first &&
		    server->port <= d->port_last &&
		    base_net_contains(&d->net, server))
			return true;
	}
	return false;
}

uint16_t conf_tables_match(const struct conf_tables *t,
			   enum conf_transport transport,
			   const struct base_addr *client,
			   const struct base_addr *server, const char *ifname)
{
	if (conf_tables_fixed(t))
		return 0;
	for (uint32_t i = 0; i < t->n_rules; i++) {
		const struct conf_rule *r = &t->rules[i];

		if (r->transport == (uint32_t)transport &&
		    takes_server(t, &r->to, server) &&
		    takes_client(t, &r->clients, client) &&
		    takes_iface(t, r, ifname))
			return (uint16_t)i;
	}
	return CONF_RULE_NONE;
}

bool conf_dest_overlap(const struct conf_dest *a, const struct conf_dest *b)
{
	return a->port_first <= b->port_last && b->port_first <= a->port_last &&
	       base_net_overlap(&a->net, &b->net);
}

const struct conf_dest *conf_tables_zone_conflict(const struct conf_tables *ta,
						  const struct conf_rule *a,
						  const struct conf_tables *tb,
						  const struct conf_rule *b)
{
	if (a->transport != CONF_TRANSPORT_TCP ||
	    b->transport != CONF_TRANSPORT_TCP ||
	    (a->source == CONF_SOURCE_GATEWAY) ==
		    (b->source == CONF_SOURCE_GATEWAY))
		return NULL;
	for (uint32_t j = b->to.first; j < b->to.first + b->to.n; j++) {
		for (uint32_t i = a->to.first; i < a->to.first + a->to.n; i++) {
			if (conf_dest_overlap(&ta->dests[i], &tb->dests[j]))
				return &tb->dests[j];
		}
	}
	return NULL;
}
