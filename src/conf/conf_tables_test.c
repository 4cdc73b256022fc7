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
		cmocka_unit_test(control_path_fits_a_socket),
		cmocka_unit_test(hostile_fixed),
		cmocka_unit_test(matching),
		cmocka_unit_test(fixed_takes_all),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
