/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_text_test.c - the text equals the files written by hand */
#include "nft.h"

#include "base_test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_fd.h"
#include "conf_load.h"
#include "conf_tables.h"
#include "nft_golden.h"
#include "nft_model.h"

#define TEXT_MAX 65536

static char *read_golden(const char *name)
{
	char path[512], *text;
	size_t len;
	WS_CLEAN(base_fd_close) int fd = -1;

	(void)snprintf(path, sizeof(path), "%s/golden/%s.nft", WAYSIDE_TEST_DIR,
		       name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(base_fd_read_all(fd, TEXT_MAX, &text, &len), 0);
	return text;
}

static char *print(const struct conf_tables *conf, enum nft_state state)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(nft_print(out, conf, state), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static const struct conf_tables *load(const char *name)
{
	static const char *const protocols[] = { NULL };
	char path[512];
	const struct conf_input in = { .path = path, .protocols = protocols };
	const struct conf_tables *conf;

	(void)snprintf(path, sizeof(path), "%s/golden/%s.yaml",
		       WAYSIDE_TEST_DIR, name);
	assert_int_equal(conf_load(&in, &conf, NULL, NULL), 0);
	return conf;
}

static void test_golden(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(nft_golden); i++) {
		const struct nft_golden *g = &nft_golden[i];
		char *want = read_golden(g->file);
		char *got = print(load(g->config), g->state);

		assert_string_equal(got, want);
		free(got);
		free(want);
	}
}

static void test_nothing_stays(void **state)
{
	char *text = print(load("lan"), NFT_STATE_STOPPED);

	(void)state;
	/* nothing but a comment: nft -f takes it and does nothing */
	assert_int_equal(text[0], '#');
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	free(text);
}

static void test_full_device(void **state)
{
	FILE *full = fopen("/dev/full", "we");

	(void)state;
	assert_non_null(full);
	assert_int_equal(nft_print(full, load("any"), NFT_STATE_RUNNING), -EIO);
	(void)fclose(full); /* fails again, which is not the matter here */
}

/* A rule in `conf`, with the lists at the end of what is there already. */
static struct conf_rule *add_rule(struct conf_tables *conf, const char *name)
{
	struct conf_rule *r = &conf->rules[conf->n_rules++];

	(void)snprintf(r->name, sizeof(r->name), "%s", name);
	r->to.first = conf->n_dests;
	r->clients.first = conf->n_nets;
	r->interfaces.first = conf->n_ifaces;
	return r;
}

static void add_dest(struct conf_tables *conf, struct conf_rule *r,
		     const char *net, uint16_t first, uint16_t last)
{
	struct conf_dest *d = &conf->dests[conf->n_dests++];

	assert_true(base_net_parse(&d->net, net));
	d->port_first = first;
	d->port_last = last;
	r->to.n++;
}

static void add_client(struct conf_tables *conf, struct conf_rule *r,
		       const char *net)
{
	assert_true(base_net_parse(&conf->nets[conf->n_nets++], net));
	r->clients.n++;
}

static void add_interface(struct conf_tables *conf, struct conf_rule *r,
			  const char *name)
{
	(void)snprintf(conf->ifaces[conf->n_ifaces++], CONF_IFNAME_LEN, "%s",
		       name);
	r->interfaces.n++;
}

/* With all lists, in both families. */
static struct conf_rule *add_full_rule(struct conf_tables *conf,
				       const char *name)
{
	struct conf_rule *r = add_rule(conf, name);

	add_dest(conf, r, "192.0.2.1", 7700, 7700);
	add_dest(conf, r, "2001:db8::1", 7700, 7700);
	add_client(conf, r, "10.0.0.0/8");
	add_client(conf, r, "2001:db8::/32");
	add_interface(conf, r, "lan");
	return r;
}

/* A configuration without rules, and what is made of it. */
struct lab {
	struct conf_tables *conf;
	struct nft_model *m;
};

static int setup(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	lab->conf = calloc(1, sizeof(*lab->conf));
	assert_non_null(lab->conf);
	lab->conf->listen_port = 15001;
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;

	nft_model_free(lab->m);
	free(lab->conf);
	free(lab);
	return 0;
}

static struct nft_model *make(struct lab *lab)
{
	nft_model_free(lab->m);
	lab->m = nft_model_new(lab->conf, NFT_STATE_RUNNING);
	assert_non_null(lab->m);
	return lab->m;
}

static const struct nft_set *set_named(const struct nft_model *m,
				       const char *name)
{
	for (uint32_t i = 0; i < m->n_sets; i++) {
		if (!strcmp(m->sets[i].name, name))
			return &m->sets[i];
	}
	fail_msg("no set %s", name);
	return NULL;
}

/* Ranges worked out from the definition of a prefix: the bits after it are all
 * 0 in the first address and all 1 in the last one. */
static void test_elements(void **state)
{
	static const struct {
		const char *set;
		uint8_t first[NFT_KEY_LEN], last[NFT_KEY_LEN];
	} cases[] = {
		{ "r_to4",
		  { 10, 1, 2, 128, 0x1e, 0x14 }, /* 7700 = 0x1e14 */
		  { 10, 1, 2, 191, 0x1e, 0x1e } },
		{ "r_to6",
		  { 0x20, 1, 0xd, 0xb8, [16] = 0, 1 },
		  { 0x20, 1, 0xd, 0xb8, 0x7f, 255, 255, 255, 255, 255, 255, 255,
		    255, 255, 255, 255, 255, 255 } },
		{ "r_clients4", { 0 }, { 255, 255, 255, 255 } },
		{ "r_clients6", { [15] = 1 }, { [15] = 1 } },
		{ "r_interfaces",
		  { 'w', 'g' },
		  { 'w', 'g', 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
		    255, 255, 255, 255 } },
	};
	struct lab *lab = *state;
	struct conf_tables *conf = lab->conf;
	struct conf_rule *r = add_rule(conf, "r");
	struct nft_model *m;

	add_dest(conf, r, "10.1.2.128/26", 7700, 7710);
	add_dest(conf, r, "2001:db8::/33", 1, 65535);
	add_client(conf, r, "0.0.0.0/0");
	add_client(conf, r, "::1");
	add_interface(conf, r, "wg*");
	m = make(lab);
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		const struct nft_set *s = set_named(m, cases[i].set);
		struct nft_elem e;
		uint32_t at = 0;

		assert_true(nft_model_elem(m, s, &at, &e));
		assert_memory_equal(e.first, cases[i].first, NFT_KEY_LEN);
		assert_memory_equal(e.last, cases[i].last, NFT_KEY_LEN);
		assert_false(nft_model_elem(m, s, &at, &e));
	}
}

/* IPv4 servers for IPv6 clients only: no packet can match. */
static void test_takes_nothing(void **state)
{
	struct lab *lab = *state;
	struct conf_tables *conf = lab->conf;
	struct conf_rule *r = add_rule(conf, "r");
	struct nft_model *m;

	add_dest(conf, r, "192.0.2.1", 7700, 7700);
	add_client(conf, r, "2001:db8::/32");
	add_interface(conf, r, "lan");
	m = make(lab);
	/* "return" with its protocols, and where it leads */
	assert_int_equal(m->n_rules, 3);
	assert_int_equal(m->n_sets, 1);
	assert_string_equal(m->rules[2].comment, "return");
}

/* Five sets and four rules for each rule, beside "return", the two where it
 * leads, and one "handed over" a family: as many as a configuration can ask
 * for. */
static void test_largest(void **state)
{
	struct lab *lab = *state;
	struct conf_tables *conf = lab->conf;
	struct nft_model *m;

	conf->on_failure = CONF_FAILURE_CLOSED;
	for (unsigned i = 0; i < CONF_RULES_MAX; i++) {
		char name[CONF_NAME_LEN];

		(void)snprintf(name, sizeof(name), "%02u%.29s", i,
			       "abcdefghijklmnopqrstuvwxyz-_A");
		(void)add_full_rule(conf, name);
	}
	m = make(lab);
	assert_int_equal(m->n_sets, CONF_RULES_MAX * 5 + 1);
	assert_int_equal(m->n_rules, CONF_RULES_MAX * 4 + 5);
	/* nothing of the longest name is cut off; 128 rules that take,
	 * "return" and the two, then two for each that reject */
	set_named(m, ".63abcdefghijklmnopqrstuvwxyz-_A_interfaces");
	assert_string_equal(m->rules[128 + 3 + 2 * 63].comment,
			    "63abcdefghijklmnopqrstuvwxyz-_A v4 closed");
}

/* With all that a rule can ask for at once: nine sets, and in each family the
 * six rules of the zone, taken, rejected, refused and taken from programs of
 * this host. Beside them the users twice, the protocols and the handshakes of
 * both families; the errors, the done and the forgotten of the zone, and where
 * "errors" and "known" lead; "handed over" and
 * "take" a family, "return" and the two where it leads, "taken" and "excepted"
 * in front of what is refused, "own", "handed over" and "excepted" for programs
 * of this host. */
static void test_most(void **state)
{
	struct lab *lab = *state;
	struct conf_tables *conf = lab->conf;
	struct nft_model *m;

	conf->on_failure = CONF_FAILURE_CLOSED;
	conf->n_users = 1;
	for (unsigned i = 0; i < CONF_RULES_MAX; i++) {
		char name[CONF_NAME_LEN];
		struct conf_rule *r;

		(void)snprintf(name, sizeof(name), "r%u", i);
		r = add_full_rule(conf, name);
		r->local = CONF_YES;
		r->source = CONF_SOURCE_CLIENT_PORT;
	}
	m = make(lab);
	assert_int_equal(m->n_sets, CONF_RULES_MAX * 9 + 5);
	assert_int_equal(m->n_rules,
			 CONF_RULES_MAX * 2 * 10 + 6 + 4 + 2 + 2 + 3 + 2 + 3);
}

/* Both legs look alike, or may do so by chance, unless the gateway's address is
 * on one of them. */
static void test_zones(void **state)
{
	static const struct {
		enum conf_source source;
		bool zones;
	} cases[] = {
		{ CONF_SOURCE_GATEWAY, false },
		{ CONF_SOURCE_CLIENT, true },
		{ CONF_SOURCE_CLIENT_PORT, true },
		{ CONF_SOURCE_AUTO, true },
	};
	struct lab *lab = *state;
	struct conf_rule *r = add_rule(lab->conf, "r");

	add_dest(lab->conf, r, "192.0.2.1", 7700, 7700);
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		const struct nft_model *m;

		r->source = cases[i].source;
		m = make(lab);
		assert_int_equal(m->chains[NFT_CHAIN_ZONE_IN], cases[i].zones);
		assert_int_equal(m->chains[NFT_CHAIN_ZONE_OUT], cases[i].zones);
	}
}

/* What has to be routed here, by state; see the states in nft.h. */
static void test_routing(void **state)
{
	static const struct {
		const char *config;
		enum nft_routing routing[NFT_STATE_MAX];
	} cases[] = {
		{ "any",
		  { NFT_ROUTING_TAKEN, NFT_ROUTING_TAKEN, NFT_ROUTING_TAKEN,
		    NFT_ROUTING_TAKEN, NFT_ROUTING_NONE } },
		{ "local",
		  { NFT_ROUTING_LOCAL, NFT_ROUTING_LOCAL, NFT_ROUTING_LOCAL,
		    NFT_ROUTING_LOCAL, NFT_ROUTING_NONE } },
		{ "hold",
		  { NFT_ROUTING_TAKEN, NFT_ROUTING_TAKEN, NFT_ROUTING_TAKEN,
		    NFT_ROUTING_TAKEN, NFT_ROUTING_TAKEN } },
		{ "redirect", { NFT_ROUTING_NONE } },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		const struct conf_tables *conf = load(cases[i].config);

		for (enum nft_state s = 0; s < NFT_STATE_MAX; s++)
			assert_int_equal(nft_model_routing(conf, s),
					 cases[i].routing[s]);
	}
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_nothing_stays),
		cmocka_unit_test(test_full_device),
		CASE(test_elements),
		CASE(test_takes_nothing),
		CASE(test_largest),
		CASE(test_most),
		CASE(test_zones),
		cmocka_unit_test(test_routing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
