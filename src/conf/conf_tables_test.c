/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_tables_test.c - hostile tables are refused; rules match by the book */
#include "conf_tables.h"

#include <stdlib.h>
#include <string.h>

#include "base_test.h"

/* Two rules, one with all lists; every array in use. To be freed. */
static struct conf_tables *good_tables(void)
{
	static const char *const ifaces[] = { "br-lan", "wg*" };
	struct conf_tables *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->magic = CONF_MAGIC;
	t->size = sizeof(*t);
	t->number = 1;
	t->workers = 2;
	t->max_flows = 10000;
	t->ring_size = 1U << 24;
	t->connect_timeout_ms = 10000;
	t->listen_port = 15001;
	t->client_bits_v4 = 32;
	t->client_bits_v6 = 64;
	t->udp_timeout_ms = 300000;
	t->max_udp_flows = 2000;
	memcpy(t->log_dir, "/l", 3);
	memcpy(t->pidfile, "/p", 3);
	memcpy(t->control, "/c", 3);
	memcpy(t->events[0], "/e", 3);
	t->n_events = 1;
	memcpy(t->protocols[0].name, "watch", 6);
	t->protocols[0].zone_min = -840;
	t->n_protocols = 1;
	t->users[0] = UINT32_MAX - 1;
	t->n_users = 1;
	for (size_t i = 0; i < WS_ARRAY_LEN(ifaces); i++)
		memcpy(t->ifaces[t->n_ifaces++], ifaces[i],
		       strlen(ifaces[i]) + 1);
	assert_true(base_net_parse(&t->nets[t->n_nets++], "10.0.0.0/8"));
	assert_true(base_net_parse(&t->nets[t->n_nets++], "2001:db8::/32"));
	assert_true(base_net_parse(&t->dests[0].net, "47.88.85.196"));
	t->dests[0].port_first = 7700;
	t->dests[0].port_last = 7710;
	assert_true(base_net_parse(&t->dests[1].net, "2001:db8:1::/48"));
	t->dests[1].port_first = t->dests[1].port_last = 80;
	assert_true(base_net_parse(&t->dests[2].net, "192.0.2.0/24"));
	t->dests[2].port_first = t->dests[2].port_last = 90;
	t->n_dests = 3;
	memcpy(t->store, "/s", 3);
	t->commit_delay_ms = 50;
	for (uint32_t i = 0; i < CONF_SINK_KIND_MAX; i++) {
		struct conf_sink *sink = &t->sinks[t->n_sinks++];

		sink->name[0] = (char)('a' + i);
		sink->kind = i;
		sink->timeout_ms = 100;
		memcpy(sink->target, "/t", 3);
		memcpy(sink->host, "h", 2);
		sink->port = 1;
		memcpy(sink->vhost, "/", 2);
		memcpy(sink->routing_key, "k", 2);
		memcpy(sink->redis_key, "k", 2);
	}
	memcpy(t->rules[0].name, "a", 2);
	memcpy(t->rules[0].observe, "auto", 5);
	t->rules[0].interfaces = (struct conf_list){ 0, 2 };
	t->rules[0].clients = (struct conf_list){ 0, 2 };
	t->rules[0].to = (struct conf_list){ 0, 2 };
	memcpy(t->rules[1].name, "b", 2);
	memcpy(t->rules[1].observe, "none", 5);
	t->rules[1].to = (struct conf_list){ 2, 1 };
	t->n_rules = 2;
	return t;
}

static struct conf_tables *fixed_tables(void)
{
	struct conf_tables *t = good_tables();

	assert_true(base_addr_parse(&t->listen, "[::1]:7700"));
	assert_true(base_addr_parse(&t->remote, "192.0.2.1:7700"));
	t->n_rules = 1;
	t->rules[0].to.n = 0;
	return t;
}

static void good_is_valid(void **state)
{
	struct conf_tables *t = good_tables(), *f = fixed_tables();

	(void)state;
	assert_true(conf_tables_valid(t, sizeof(*t)));
	assert_false(conf_tables_valid(t, sizeof(*t) - 1));
	t->pidfile[0] = t->control[0] = '\0';
	t->drain_ms = 3600000;
	t->max_flows_per_client = t->connect_rate = 1000000;
	t->client_bits_v4 = t->client_bits_v6 = 1;
	t->rules[0].observe_code = CONF_OBSERVE_LIMIT - 1;
	assert_true(conf_tables_valid(t, sizeof(*t)));
	assert_true(conf_tables_valid(f, sizeof(*f)));
	free(t);
	free(f);
}

#define BAD(member, value)                                                   \
	{                                                                    \
		offsetof(struct conf_tables, member),                        \
			sizeof(((struct conf_tables *)NULL)->member), value, \
			#member                                              \
	}

/* One member wrong at a time. */
static const struct {
	size_t offset, size;
	uint64_t value;
	const char *name;
} hostile[] = {
	BAD(magic, 0),
	BAD(size, 8),
	BAD(number, 0),
	BAD(on_failure, CONF_FAILURE_MAX),
	BAD(on_failure, UINT32_MAX),
	BAD(intercept, CONF_INTERCEPT_MAX),
	BAD(self_test, CONF_ANSWER_MAX),
	BAD(proxy_protocol, CONF_PROXY_PROTOCOL_MAX),
	BAD(workers, 0),
	BAD(workers, CONF_WORKERS_MAX + 1),
	BAD(max_flows, 0),
	BAD(max_flows, 1000001),
	BAD(ring_size, 0),
	BAD(ring_size, (1U << 24) + 4096),
	BAD(ring_size, 1U << 29),
	BAD(ring_size, 1U << 19),
	BAD(connect_timeout_ms, 99),
	BAD(connect_timeout_ms, 120001),
	BAD(listen_port, 0),
	BAD(drain_ms, 3600001),
	BAD(max_flows_per_client, 1000001),
	BAD(client_bits_v4, 0),
	BAD(client_bits_v4, 33),
	BAD(client_bits_v6, 0),
	BAD(client_bits_v6, 129),
	BAD(connect_rate, 1000001),
	BAD(keepalive_client_ms, 999),
	BAD(keepalive_server_ms, 32400001),
	BAD(user_timeout_ms, 1),
	BAD(idle_timeout_ms, 604800001),
	BAD(udp_timeout_ms, 0),
	BAD(udp_timeout_ms, 999),
	BAD(udp_timeout_ms, 86400001),
	BAD(max_udp_flows, 0),
	BAD(max_udp_flows, 1000001),
	BAD(listen.family, AF_INET6), /* without a port or remote */
	BAD(remote.family, AF_INET),
	BAD(log_dir[0], 0),
	BAD(log_dir[0], 'l'),
	BAD(pidfile[0], 'p'),
	BAD(control[0], 'c'),
	BAD(events[0][0], 'e'),
	BAD(events[0][0], 0),
	BAD(n_events, 2), /* the second is empty */
	BAD(capture_rotate_size, 4095),
	BAD(capture_rotate_time_ms, 999),
	BAD(n_events, CONF_EVENTS_MAX + 1),
	BAD(events_format[0], CONF_EVENT_FORMAT_MAX),
	BAD(n_protocols, 2), /* the second has no name */
	BAD(n_protocols, CONF_PROTOCOLS_MAX + 1),
	BAD(protocols[0].zone_min, 841),
	BAD(protocols[0].zone_min, (uint32_t)-841),
	BAD(store[0], 0), /* with sinks */
	BAD(store[0], 's'),
	BAD(commit_delay_ms, 0),
	BAD(commit_delay_ms, 60001),
	BAD(store_durable, CONF_ANSWER_MAX),
	BAD(store_flash, CONF_ANSWER_MAX),
	BAD(store_max_age_s, 59),
	BAD(store_max_size, (1U << 20) - 1),
	BAD(store_max_size_hard, (1ULL << 44) + 1),
	BAD(n_sinks, 4), /* the fourth has no name */
	BAD(n_sinks, CONF_SINKS_MAX + 1),
	BAD(sinks[0].name[0], 0),
	BAD(sinks[0].name[0], '/'),
	BAD(sinks[0].name[0], '.'),
	BAD(sinks[1].name[0], 'a'), /* as the first */
	BAD(sinks[0].kind, CONF_SINK_KIND_MAX),
	BAD(sinks[0].format, CONF_EVENT_FORMAT_MAX),
	BAD(sinks[0].from, CONF_SINK_FROM_MAX),
	BAD(sinks[0].timeout_ms, 99),
	BAD(sinks[0].timeout_ms, 600001),
	BAD(sinks[0].target[0], 0),
	BAD(sinks[1].target[0], 't'),
	BAD(sinks[0].host[0], 0),
	BAD(sinks[2].host[0], 0), /* nor a socket */
	BAD(sinks[0].port, 0),
	BAD(sinks[0].port, 65536),
	BAD(sinks[0].tls, CONF_ANSWER_MAX),
	BAD(sinks[0].ca[0], 'c'),
	BAD(sinks[0].certificate[0], 'c'),
	BAD(sinks[0].key[0], 'k'),
	BAD(sinks[0].vhost[0], 0),
	BAD(sinks[0].routing_key[0], 0),
	BAD(sinks[0].heartbeat_s, 65536),
	BAD(sinks[2].db, 1U << 31),
	BAD(sinks[2].redis_type, CONF_REDIS_TYPE_MAX),
	BAD(sinks[2].maxlen, 1ULL << 63),
	BAD(sinks[2].redis_key[0], 0),
	BAD(sinks[2].socket[0], 's'),
	BAD(n_rules, 0),
	BAD(n_rules, 3),
	BAD(n_rules, CONF_RULES_MAX + 1),
	BAD(n_dests, 2),
	BAD(n_dests, CONF_DESTS_MAX + 1),
	BAD(n_nets, 1),
	BAD(n_nets, CONF_NETS_MAX + 1),
	BAD(n_ifaces, 1),
	BAD(n_ifaces, 3),
	BAD(n_ifaces, CONF_IFACES_MAX + 1),
	BAD(n_users, CONF_USERS_MAX + 1),
	BAD(users[0], UINT32_MAX),
	BAD(rules[0].name[0], 0),
	BAD(rules[0].observe[0], 0),
	BAD(rules[0].interfaces.first, 1),
	BAD(rules[0].interfaces.first, UINT32_MAX),
	BAD(rules[0].interfaces.n, 3),
	BAD(rules[0].interfaces.n, UINT32_MAX),
	BAD(rules[0].clients.first, UINT32_MAX),
	BAD(rules[0].clients.n, 3),
	BAD(rules[0].to.n, 0),
	BAD(rules[0].to.n, 4),
	BAD(rules[1].to.first, 3),
	BAD(rules[0].observe_code, CONF_OBSERVE_LIMIT),
	BAD(rules[0].transport, CONF_TRANSPORT_MAX),
	BAD(rules[1].local, CONF_ANSWER_MAX),
	BAD(rules[0].source, CONF_SOURCE_MAX),
	BAD(rules[0].capture, CONF_CAPTURE_MAX),
	BAD(rules[1].when_full, CONF_WHEN_FULL_MAX),
	BAD(dests[0].net.bits, 33),
	BAD(dests[1].net.bits, 129),
	BAD(dests[2].net.family, 0),
	BAD(dests[0].port_first, 0),
	BAD(dests[0].port_first, 7711),
	BAD(nets[0].bits, 33),
	BAD(nets[1].family, 1),
	BAD(ifaces[1][0], 0),
};

static void hostile_members(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(hostile); i++) {
		struct conf_tables *t = good_tables();

		/* little-endian, as all machines we build for */
		memcpy((char *)t + hostile[i].offset, &hostile[i].value,
		       hostile[i].size);
		if (conf_tables_valid(t, sizeof(*t)))
			fail_msg("%s = %llu is taken", hostile[i].name,
				 (unsigned long long)hostile[i].value);
		free(t);
	}
}

static void strings_without_end(void **state)
{
	static const struct {
		size_t offset, size;
	} rows[] = {
		{ offsetof(struct conf_tables, log_dir), CONF_PATH_LEN },
		{ offsetof(struct conf_tables, pidfile), CONF_PATH_LEN },
		{ offsetof(struct conf_tables, events[0]), CONF_PATH_LEN },
		{ offsetof(struct conf_tables, rules[0].name), CONF_NAME_LEN },
		{ offsetof(struct conf_tables, protocols[0].name),
		  CONF_NAME_LEN },
		{ offsetof(struct conf_tables, rules[1].observe),
		  CONF_NAME_LEN },
		{ offsetof(struct conf_tables, ifaces[0]), CONF_IFNAME_LEN },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct conf_tables *t = good_tables();

		memset((char *)t + rows[i].offset, '/', rows[i].size);
		assert_false(conf_tables_valid(t, sizeof(*t)));
		((char *)t)[rows[i].offset + rows[i].size - 1] = '\0';
		assert_true(conf_tables_valid(t, sizeof(*t)));
		free(t);
	}
}

/* Of a sink: what is not its kind's is not trusted either. */
static void strings_of_a_sink(void **state)
{
#define TEXT(member)                                               \
	{                                                          \
		offsetof(struct conf_sink, member),                \
			sizeof(((struct conf_sink *)NULL)->member) \
	}
	static const struct {
		size_t offset, size;
	} rows[] = {
		TEXT(target),    TEXT(host),        TEXT(ca),
		TEXT(key),       TEXT(certificate), TEXT(vhost),
		TEXT(exchange),  TEXT(routing_key), TEXT(queue),
		TEXT(redis_key),
	};
#undef TEXT

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		for (int kind = 0; kind < CONF_SINK_KIND_MAX; kind++) {
			struct conf_tables *t = good_tables();
			char *text = (char *)&t->sinks[kind] + rows[i].offset;

			memset(text, '/', rows[i].size);
			assert_false(conf_tables_valid(t, sizeof(*t)));
			text[rows[i].size - 1] = '\0';
			assert_true(conf_tables_valid(t, sizeof(*t)));
			free(t);
		}
	}
}

/* Names that become parts of paths, and that of a socket. */
static void lengths_of_a_store(void **state)
{
	struct conf_tables *t = good_tables();

	(void)state;
	memset(t->sinks[0].name, 'x', CONF_NAME_LEN);
	assert_false(conf_tables_valid(t, sizeof(*t)));
	t->sinks[0].name[CONF_NAME_LEN - 1] = '\0';
	assert_true(conf_tables_valid(t, sizeof(*t)));
	memset(t->store, '/', 959);
	assert_true(conf_tables_valid(t, sizeof(*t)));
	t->store[959] = '/';
	assert_false(conf_tables_valid(t, sizeof(*t)));
	t->store[1] = '\0';
	memset(t->sinks[2].socket, '/', 107);
	assert_true(conf_tables_valid(t, sizeof(*t)));
	t->sinks[2].socket[107] = '/';
	assert_false(conf_tables_valid(t, sizeof(*t)));
	free(t);
}

/* Of these tables: the second sink is a program with two words. */
static struct conf_secrets *good_secrets(void)
{
	struct conf_secrets *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->magic = CONF_SECRETS_MAGIC;
	s->size = sizeof(*s);
	s->number = 1;
	memcpy(s->sinks[0].user, "u", 2);
	memcpy(s->sinks[0].password, "p", 2);
	memcpy(s->sinks[1].args, "/t\0a", 5);
	s->sinks[1].n_args = 2;
	return s;
}

#define SECRET(member, value)                                                 \
	{                                                                     \
		offsetof(struct conf_secrets, member),                        \
			sizeof(((struct conf_secrets *)NULL)->member), value, \
			#member                                               \
	}

static void hostile_secrets(void **state)
{
	static const struct {
		size_t offset, size;
		uint64_t value;
		const char *name;
	} rows[] = {
		SECRET(magic, CONF_MAGIC),
		SECRET(size, 8),
		SECRET(number, 2),
		SECRET(sinks[0].n_args, 1),
		SECRET(sinks[1].n_args, 0),
		SECRET(sinks[1].n_args, CONF_ARGS_MAX + 1),
		SECRET(sinks[1].args[0], 't'),
		SECRET(sinks[3].n_args, 1), /* of no sink */
	};
	struct conf_tables *t = good_tables();
	struct conf_secrets *s = good_secrets();

	(void)state;
	assert_true(conf_secrets_valid(s, sizeof(*s), t));
	assert_false(conf_secrets_valid(s, sizeof(*s) - 1, t));
	/* 2 words, 62 empty ones, and 64 in all */
	s->sinks[1].n_args = CONF_ARGS_MAX;
	assert_true(conf_secrets_valid(s, sizeof(*s), t));
	memset(s->sinks[1].args, '/', sizeof(s->sinks[1].args));
	s->sinks[1].args[CONF_ARGS_LEN - 1] = '\0';
	assert_false(conf_secrets_valid(s, sizeof(*s), t));
	s->sinks[1].n_args = 1;
	assert_true(conf_secrets_valid(s, sizeof(*s), t));
	s->sinks[1].args[CONF_ARGS_LEN - 1] = '/';
	assert_false(conf_secrets_valid(s, sizeof(*s), t));
	free(s);
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		s = good_secrets();
		memcpy((char *)s + rows[i].offset, &rows[i].value,
		       rows[i].size);
		if (conf_secrets_valid(s, sizeof(*s), t))
			fail_msg("%s = %llu is taken", rows[i].name,
				 (unsigned long long)rows[i].value);
		free(s);
	}
	s = good_secrets();
	memset(s->sinks[0].user, 'x', sizeof(s->sinks[0].user));
	assert_false(conf_secrets_valid(s, sizeof(*s), t));
	free(s);
	s = good_secrets();
	memset(s->sinks[7].password, 'x', sizeof(s->sinks[7].password));
	assert_false(conf_secrets_valid(s, sizeof(*s), t));
	free(s);
	free(t);
}

/* A socket's address has room for 107 bytes and a NUL: unix(7). */
static void control_path_fits_a_socket(void **state)
{
	struct conf_tables *t = good_tables();

	(void)state;
	memset(t->control, '/', 107);
	assert_true(conf_tables_valid(t, sizeof(*t)));
	memset(t->control, '/', 108);
	assert_false(conf_tables_valid(t, sizeof(*t)));
	memset(t->control, '/', sizeof(t->control));
	assert_false(conf_tables_valid(t, sizeof(*t)));
	free(t);
}

static void hostile_fixed(void **state)
{
	struct conf_tables *t = fixed_tables();

	(void)state;
	t->remote.port = 0;
	assert_false(conf_tables_valid(t, sizeof(*t)));
	t->remote.port = 1;
	t->listen.family = AF_UNIX;
	assert_false(conf_tables_valid(t, sizeof(*t)));
	t->listen.family = AF_INET6;
	t->n_rules = 2;
	assert_false(conf_tables_valid(t, sizeof(*t)));
	t->n_rules = 1;
	t->rules[0].to.n = 1;
	assert_false(conf_tables_valid(t, sizeof(*t)));
	free(t);
}

static uint16_t match(const struct conf_tables *t, const char *client,
		      const char *server, const char *ifname)
{
	struct base_addr c, s;

	assert_true(base_addr_parse(&c, client));
	assert_true(base_addr_parse(&s, server));
	return conf_tables_match(t, CONF_TRANSPORT_TCP, &c, &s, ifname);
}

static void matching(void **state)
{
	static const struct {
		const char *client, *server, *ifname;
		uint16_t want;
	} rows[] = {
		{ "10.1.2.3:4000", "47.88.85.196:7700", "br-lan", 0 },
		{ "10.1.2.3:4000", "47.88.85.196:7710", "wg0", 0 },
		{ "10.1.2.3:4000", "47.88.85.196:7705", "wg", 0 },
		{ "[2001:db8::1]:4000", "[2001:db8:1::5]:80", "wg12", 0 },
		/* each one step outside */
		{ "10.1.2.3:4000", "47.88.85.196:7699", "br-lan",
		  CONF_RULE_NONE },
		{ "10.1.2.3:4000", "47.88.85.196:7711", "br-lan",
		  CONF_RULE_NONE },
		{ "10.1.2.3:4000", "47.88.85.197:7700", "br-lan",
		  CONF_RULE_NONE },
		{ "11.0.0.0:4000", "47.88.85.196:7700", "br-lan",
		  CONF_RULE_NONE },
		{ "10.1.2.3:4000", "47.88.85.196:7700", "br-lan2",
		  CONF_RULE_NONE },
		{ "10.1.2.3:4000", "47.88.85.196:7700", "w", CONF_RULE_NONE },
		{ "[2001:db8::1]:4000", "[2001:db8:2::5]:80", "wg12",
		  CONF_RULE_NONE },
		/* no lists: any client, any interface but the loopback */
		{ "203.0.113.9:1", "192.0.2.255:90", "eth0", 1 },
		{ "203.0.113.9:1", "192.0.2.255:90", "lo0", 1 },
		{ "127.0.0.1:1", "192.0.2.255:90", "lo", CONF_RULE_NONE },
		{ "203.0.113.9:1", "192.0.3.0:90", "eth0", CONF_RULE_NONE },
	};
	struct conf_tables *t = good_tables();

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		const uint16_t got = match(t, rows[i].client, rows[i].server,
					   rows[i].ifname);

		if (got != rows[i].want)
			fail_msg("%s to %s on %s gave %u", rows[i].client,
				 rows[i].server, rows[i].ifname, (unsigned)got);
	}
	free(t);
}

static void fixed_takes_all(void **state)
{
	struct conf_tables *t = fixed_tables();

	(void)state;
	assert_int_equal(match(t, "[::1]:5", "[::1]:7700", "lo"), 0);
	free(t);
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(conf_failure_name(CONF_FAILURE_OPEN_STAY),
			    "open-stay");
	assert_string_equal(conf_failure_name(CONF_FAILURE_OPEN), "open");
	assert_string_equal(conf_failure_name(CONF_FAILURE_CLOSED), "closed");
	assert_string_equal(conf_source_name(CONF_SOURCE_GATEWAY), "gateway");
	assert_string_equal(conf_source_name(CONF_SOURCE_CLIENT), "client");
	assert_string_equal(conf_capture_name(CONF_CAPTURE_TEXT), "text");
	assert_string_equal(conf_capture_name(CONF_CAPTURE_PCAP), "pcap");
	assert_string_equal(conf_capture_name(CONF_CAPTURE_NONE), "none");
	assert_string_equal(conf_when_full_name(CONF_WHEN_FULL_BRIEF), "brief");
	assert_string_equal(conf_when_full_name(CONF_WHEN_FULL_DROP), "drop");
	assert_string_equal(conf_when_full_name(CONF_WHEN_FULL_WAIT), "wait");
	assert_null(conf_failure_name(CONF_FAILURE_MAX));
	assert_null(conf_when_full_name(CONF_WHEN_FULL_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_is_valid),
		cmocka_unit_test(hostile_members),
		cmocka_unit_test(strings_without_end),
		cmocka_unit_test(strings_of_a_sink),
		cmocka_unit_test(lengths_of_a_store),
		cmocka_unit_test(hostile_secrets),
		cmocka_unit_test(control_path_fits_a_socket),
		cmocka_unit_test(hostile_fixed),
		cmocka_unit_test(matching),
		cmocka_unit_test(fixed_takes_all),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
