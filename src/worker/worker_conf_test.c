/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker_conf_test.c - a reload, as a worker sees it */
#include "worker_steps_test.h"

#include <stdio.h>
#include <sys/mman.h>

#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

/* Tables that pass conf_tables_valid(): one rule for local clients of
 * 127.0.0.`h`. */
static void fill(struct conf_tables *t, uint32_t number, unsigned host)
{
	struct conf_rule *r = &t->rules[0];
	char net[32];

	memset(t, 0, sizeof(*t));
	t->magic = CONF_MAGIC;
	t->size = sizeof(*t);
	t->number = number;
	t->workers = STEPS_WORKERS;
	t->max_flows = 16;
	t->ring_size = RING_SIZE_MIN;
	t->connect_timeout_ms = 1000;
	t->udp_timeout_ms = 300000;
	t->max_udp_flows = 16;
	t->drain_ms = 30000;
	t->client_bits_v4 = 32;
	t->client_bits_v6 = 64;
	t->listen_port = 15001;
	memcpy(t->log_dir, "/var/log", sizeof("/var/log"));
	t->n_rules = t->n_nets = t->n_dests = 1;
	memcpy(r->name, "r", sizeof("r"));
	memcpy(r->observe, "auto", sizeof("auto"));
	r->observe_code = CONF_OBSERVE_AUTO;
	r->local = CONF_YES;
	r->clients.n = r->to.n = 1;
	(void)snprintf(net, sizeof(net), "127.0.0.%u/32", host);
	assert_true(base_net_parse(&t->nets[0], net));
	assert_true(base_net_parse(&t->dests[0].net, "127.0.0.1/32"));
	t->dests[0].port_first = 1;
	t->dests[0].port_last = 65535;
	assert_true(conf_tables_valid(t, sizeof(*t)));
}

static int memfd_of(const void *bytes, size_t len, int seals)
{
	const int fd = memfd_create("tables", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

static void order(struct steps *s, enum role_message_type type, uint32_t number)
{
	const struct role_message m = { .type = type, .number = number };

	steps_order(s, 0, &m, -1);
}

/* Hands the descriptor over; the worker's answer is checked. */
static void prepare_fd(struct steps *s, uint32_t number, int fd, int expected)
{
	const struct role_message m = { .type = ROLE_PREPARE,
					.number = number };
	struct role_message answer;

	steps_order(s, 0, &m, fd);
	answer = steps_said(s, 0);
	assert_int_equal(answer.type, ROLE_PREPARED);
	assert_int_equal(answer.number, number);
	assert_int_equal(answer.error, expected);
	base_fd_close(&fd);
}

static void prepare(struct steps *s, uint32_t number, unsigned host)
{
	struct conf_tables *t = malloc(sizeof(*t));

	assert_non_null(t);
	fill(t, number, host);
	prepare_fd(s, number, memfd_of(t, sizeof(*t), SEALS), 0);
	free(t);
}

/* In force: number 1, for 127.0.0.1. */
static struct steps *new_steps(void)
{
	struct steps *s = steps_new(16);

	fill(s->conf, 1, 1);
	return s;
}

/* A client of 127.0.0.`host`. `number`: of the tables that take it; 0: none. */
static void expect(struct steps *s, unsigned host, uint32_t number)
{
	const uint64_t refused = steps_count(s, 0, STAT_REFUSED_NO_RULE);
	const int client = steps_client(s, 0, host, 0);
	int server;

	say(client, "x");
	(void)steps_settle(s);
	if (number) {
		server = steps_server(s, "x");
		assert_int_equal(s->w[0].map.slots[0].config_number, number);
		assert_int_equal(close(server), 0);
	} else {
		hear_reset(client);
		assert_int_equal(steps_count(s, 0, STAT_REFUSED_NO_RULE),
				 refused + 1);
	}
	assert_int_equal(close(client), 0);
	(void)steps_settle(s);
	assert_int_equal(s->w[0].map.slots[0].state, RING_STATE_FREE);
}

static void nobody_is_refused_in_between(void **state)
{
	struct steps *s = new_steps();

	(void)state;
	expect(s, 1, 1);
	expect(s, 2, 0);
	prepare(s, 2, 2);
	/* the kernel's rules change now: both kinds come */
	expect(s, 1, 1);
	expect(s, 2, 2);
	order(s, ROLE_ACTIVATE, 2);
	expect(s, 2, 2);
	expect(s, 1, 1); /* handed over before, and taken now */
	/* the next reload: the oldest is gone */
	prepare(s, 3, 3);
	expect(s, 1, 0);
	expect(s, 2, 2);
	expect(s, 3, 3);
	order(s, ROLE_ACTIVATE, 3);
	expect(s, 2, 2);
	expect(s, 3, 3);
	steps_free(s);
}

static void what_both_take_is_the_newer_ones(void **state)
{
	struct steps *s = new_steps();

	(void)state;
	prepare(s, 2, 1);
	expect(s, 1, 1);
	order(s, ROLE_ACTIVATE, 2);
	expect(s, 1, 2);
	steps_free(s);
}

static void a_flow_keeps_the_number_it_began_with(void **state)
{
	struct steps *s = new_steps();
	const int client = steps_client(s, 0, 1, 0);
	int server;

	(void)state;
	say(client, "x");
	server = steps_server(s, "x");
	for (uint32_t n = 2; n <= 5; n++) {
		prepare(s, n, n);
		order(s, ROLE_ACTIVATE, n);
	}
	say(client, "still");
	(void)steps_settle(s);
	hear(server, "still");
	assert_int_equal(s->w[0].map.slots[0].config_number, 1);
	assert_int_equal(close(client), 0);
	assert_int_equal(close(server), 0);
	steps_free(s);
}

static void a_discarded_one_is_forgotten(void **state)
{
	struct steps *s = new_steps();

	(void)state;
	prepare(s, 2, 2);
	order(s, ROLE_DISCARD, 2);
	expect(s, 2, 0);
	expect(s, 1, 1);
	order(s, ROLE_ACTIVATE, 2); /* is not there any more */
	expect(s, 1, 1);
	prepare(s, 3, 3); /* and the next one is taken in */
	order(s, ROLE_ACTIVATE, 3);
	expect(s, 3, 3);
	steps_free(s);
}

static void a_wrong_number_changes_nothing(void **state)
{
	struct steps *s = new_steps();

	(void)state;
	order(s, ROLE_ACTIVATE, 2); /* nothing is prepared */
	order(s, ROLE_DISCARD, 1);  /* in force */
	expect(s, 1, 1);
	prepare(s, 2, 2);
	order(s, ROLE_ACTIVATE, 3);
	order(s, ROLE_DISCARD, 3);
	expect(s, 1, 1);
	expect(s, 2, 2);
	order(s, ROLE_ACTIVATE, 2);
	order(s, ROLE_DISCARD, 2); /* in force now */
	expect(s, 2, 2);
	steps_free(s);
}

/* Each is refused with a reason, and what was there is there. */
static void what_is_not_sealed_tables_is_refused(void **state)
{
	struct steps *s = new_steps();
	struct conf_tables *t = malloc(sizeof(*t) + 1);
	int ends[2];

	(void)state;
	assert_non_null(t);
	prepare(s, 2, 2);
	fill(t, 3, 3);
	((char *)t)[sizeof(*t)] = 0;
	prepare_fd(s, 3, memfd_of(t, sizeof(*t), 0), -EPERM);
	prepare_fd(s, 3, memfd_of(t, sizeof(*t), SEALS & ~F_SEAL_WRITE),
		   -EPERM);
	prepare_fd(s, 3, memfd_of(t, sizeof(*t), SEALS & ~F_SEAL_SHRINK),
		   -EPERM);
	prepare_fd(s, 3, memfd_of(t, sizeof(*t), SEALS & ~F_SEAL_GROW), -EPERM);
	prepare_fd(s, 3, memfd_of(t, sizeof(*t) + 1, SEALS), -EBADMSG);
	prepare_fd(s, 3, memfd_of(t, sizeof(*t) - 1, SEALS), -EBADMSG);
	prepare_fd(s, 3, memfd_of(t, 0, SEALS), -EBADMSG);
	prepare_fd(s, 4, memfd_of(t, sizeof(*t), SEALS), -EBADMSG); /* is 3 */
	prepare_fd(s, 3, -1, -EBADF);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(close(ends[1]), 0);
	prepare_fd(s, 3, ends[0], -EINVAL); /* has no seals: fcntl(2) */
	t->rules[0].to.first = CONF_DESTS_MAX;
	prepare_fd(s, 3, memfd_of(t, sizeof(*t), SEALS), -EBADMSG);
	expect(s, 1, 1);
	expect(s, 2, 2);
	free(t);
	steps_free(s);
}

/* Servers that do not answer: the limit of the one is shorter than what is left
 * of the other, so the later flow is given up first. */
static void each_flow_has_the_limit_of_its_tables(void **state)
{
	struct steps *s = new_steps();
	struct conf_tables *t = malloc(sizeof(*t));
	struct sockaddr_storage ss;
	const socklen_t len = base_addr_to_sockaddr(&s->remote, &ss);
	const int filler = new_socket();
	int slow[2], quick[2];

	(void)state;
	assert_non_null(t);
	/* listen(2): a backlog of one that is full drops each SYN */
	assert_int_equal(listen(s->server, 0), 0);
	assert_int_equal(connect(filler, (struct sockaddr *)&ss, len), 0);
	slow[0] = steps_client(s, 0, 1, 0);
	(void)steps_settle(s);
	fill(t, 2, 2);
	t->connect_timeout_ms = 100;
	prepare_fd(s, 2, memfd_of(t, sizeof(*t), SEALS), 0);
	quick[0] = steps_client(s, 0, 2, 0);
	(void)steps_settle(s);
	(void)steps_pass_ms(s, 50);
	slow[1] = steps_client(s, 0, 1, 0);
	(void)steps_settle(s);
	quick[1] = steps_client(s, 0, 2, 0);
	(void)steps_settle(s);
	(void)steps_pass_ms(s, 49);
	assert_int_equal(steps_count(s, 0, STAT_CONNECT_TIMEOUT), 0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(s->w[0].map.slots[i].state,
				 RING_STATE_CONNECTING);
	(void)steps_pass_ms(s, 1); /* 100 */
	hear_reset(quick[0]);
	(void)steps_pass_ms(s, 49);
	assert_int_equal(steps_count(s, 0, STAT_CONNECT_TIMEOUT), 1);
	(void)steps_pass_ms(s, 1); /* 150 */
	hear_reset(quick[1]);
	(void)steps_pass_ms(s, 849);
	assert_int_equal(steps_count(s, 0, STAT_CONNECT_TIMEOUT), 2);
	(void)steps_pass_ms(s, 1); /* 1000 */
	hear_reset(slow[0]);
	(void)steps_pass_ms(s, 49);
	assert_int_equal(steps_count(s, 0, STAT_CONNECT_TIMEOUT), 3);
	(void)steps_pass_ms(s, 1); /* 1050 */
	hear_reset(slow[1]);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(close(slow[i]), 0);
		assert_int_equal(close(quick[i]), 0);
	}
	assert_int_equal(close(filler), 0);
	free(t);
	steps_free(s);
}

/* Mappings of tables in this process. */
static int n_mapped(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char *line = NULL;
	size_t size = 0;
	int n = 0;

	assert_non_null(maps);
	while (getline(&line, &size, maps) > 0)
		n += strstr(line, "memfd:tables") != NULL;
	free(line);
	assert_int_equal(fclose(maps), 0);
	return n;
}

static void many_reloads_leave_nothing(void **state)
{
	struct steps *s = new_steps();

	(void)state;
	for (uint32_t n = 2; n < 200; n++) {
		prepare(s, n, 2);
		order(s, n % 3 ? ROLE_ACTIVATE : ROLE_DISCARD, n);
		/* in force, and the former ones: not the supervisor's first */
		assert_in_range(n_mapped(), 1, 2);
	}
	steps_free(s);
	assert_int_equal(n_mapped(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_refused_in_between),
		cmocka_unit_test(what_both_take_is_the_newer_ones),
		cmocka_unit_test(a_flow_keeps_the_number_it_began_with),
		cmocka_unit_test(a_discarded_one_is_forgotten),
		cmocka_unit_test(a_wrong_number_changes_nothing),
		cmocka_unit_test(what_is_not_sealed_tables_is_refused),
		cmocka_unit_test(each_flow_has_the_limit_of_its_tables),
		cmocka_unit_test(many_reloads_leave_nothing),
	};

	return cmocka_run_group_tests(tests, steps_enter, NULL);
}
