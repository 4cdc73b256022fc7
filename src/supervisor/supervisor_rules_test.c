/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * supervisor_rules_test.c - what is in the kernel, and when
 *
 * In a network namespace of its own, with actors: nothing is ever intercepted.
 */
#include "supervisor_actor_test.h"

#include "intake_test.h"
#include "nft.h"
#include "role_title.h"

/* For an actor, which has not the test's variables. */
static struct conf_tables *tables;

static void count(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

/* Return: number of differences between kernel and `state`. */
static uint32_t differences(enum nft_state state)
{
	struct nft_link *l;
	struct nft_error why;
	int n;

	if (nft_open(&l, false, &why))
		return UINT32_MAX;
	n = nft_check(l, tables, state, count, NULL, &why);
	nft_close(l);
	return (uint32_t)n;
}

/* Connections to the documentation's network, refused where they are not
 * taken. */
static void intercept(struct lab *lab)
{
	struct conf_tables *c = lab->conf;

	memset(&c->listen, 0, sizeof(c->listen));
	memset(&c->remote, 0, sizeof(c->remote));
	c->listen_port = 15001;
	c->on_failure = CONF_FAILURE_CLOSED;
	(void)snprintf(c->rules[0].name, CONF_NAME_LEN, "r");
	c->n_dests = 1;
	assert_true(base_net_parse(&c->dests[0].net, "192.0.2.0/24"));
	c->dests[0].port_first = c->dests[0].port_last = 7700;
	c->rules[0].to.n = 1;
	tables = c;
}

static int setup_namespace(void **state)
{
	static bool inside;

	if (!enter_namespaces())
		return 0;
	run_script("ip link set lo up");
	inside = true;
	*state = &inside;
	return 0;
}

static int setup_rules(void **state)
{
	if (!*state)
		return 0;
	(void)setup_actors(state);
	intercept(*state);
	return 0;
}

static int teardown_rules(void **state)
{
	return *state ? teardown_actors(state) : 0;
}

static struct lab *need_namespace(void **state)
{
	if (!*state)
		skip();
	return *state;
}

static void await_rules(const struct control_state *page,
			enum control_rules rules)
{
	const uint64_t limit = deadline();

	while (page->rules != rules)
		look_again(limit);
}

/* None is ready until the test lets its successor say so. */
static void lose_workers(struct lab *lab)
{
	atomic_store(&stage[1].mute, 1);
	atomic_store(&stage[2].mute, 1);
	kill_actor(1, SIGKILL);
	kill_actor(2, SIGKILL);
	for (int i = 0; i < 2; i++)
		await_line(lab, "ended with status 1: restarting");
	await_starts(1, 2);
}

static void rules_go_when_no_worker_is_there(void **state)
{
	struct lab *lab = need_namespace(state);
	const struct control_state *page;

	lab->times.lived_ms = 0;
	lab->times.absent_ms = 50;
	start(lab);
	await_line(lab, "ready: 2 workers, rules installed");
	page = state_page(lab);
	assert_int_equal(page->rules, CONTROL_RULES_INSTALLED);
	assert_int_equal(differences(NFT_STATE_RUNNING), 0);
	lose_workers(lab);
	await_line(lab, "no worker is there");
	await_rules(page, CONTROL_RULES_ABSENT);
	assert_int_equal(differences(NFT_STATE_ABSENT), 0);
	assert_int_equal(page->listeners, 4); /* v4 and v6, one a worker */
	let_say_type(1, ROLE_READY);          /* one is enough */
	await_rules(page, CONTROL_RULES_INSTALLED);
	assert_int_equal(differences(NFT_STATE_RUNNING), 0);
	drop_page(page);
	stop(lab);
	assert_int_equal(differences(NFT_STATE_STOPPED), 0);
}

static void rules_stay_while_one_worker_is_there(void **state)
{
	struct lab *lab = need_namespace(state);
	const struct control_state *page;

	lab->times.lived_ms = 0;
	lab->times.absent_ms = 1;
	start(lab);
	await_line(lab, "ready");
	page = state_page(lab);
	atomic_store(&stage[1].mute, 1);
	kill_actor(1, SIGKILL);
	await_starts(1, 2);
	/* well after the limit: a few rounds of the daemon's loop */
	for (uint32_t i = 0; i < 3; i++) {
		kill_actor(RECORDER, SIGKILL);
		await_line(lab, "recorder is back");
	}
	assert_int_equal(page->rules, CONTROL_RULES_INSTALLED);
	assert_int_equal(differences(NFT_STATE_RUNNING), 0);
	drop_page(page);
	stop(lab);
}

static void one_back_in_time_changes_nothing(void **state)
{
	struct lab *lab = need_namespace(state);
	const struct control_state *page;
	char line[1024];

	lab->times.lived_ms = 0;
	lab->times.absent_ms = HOUR_MS;
	start(lab);
	await_line(lab, "ready");
	page = state_page(lab);
	lose_workers(lab);
	let_say_type(1, ROLE_READY);
	await_line(lab, "worker/0 is back");
	assert_int_equal(page->rules, CONTROL_RULES_INSTALLED);
	drop_page(page);
	stop(lab);
	while (fgets(line, sizeof(line), lab->log))
		assert_null(strstr(line, "no worker"));
}

/* The second time without a worker has its own limit. */
static void each_absence_has_the_whole_limit(void **state)
{
	struct lab *lab = need_namespace(state);
	const struct control_state *page;
	uint64_t began;

	lab->times.lived_ms = 0;
	lab->times.absent_ms = 400;
	start(lab);
	await_line(lab, "ready");
	page = state_page(lab);
	lose_workers(lab);
	/* half of the first limit is over, more than the rules take */
	began = base_time_mono_ms();
	while (base_time_mono_ms() - began < 200)
		look_again(began + LIMIT_S * 1000ULL);
	let_say_type(1, ROLE_READY);
	await_line(lab, "worker/0 is back");
	/* where all of it was over before we came to say so */
	await_rules(page, CONTROL_RULES_INSTALLED);
	atomic_store(&stage[1].mute, 1);
	began = base_time_mono_ms();
	kill_actor(1, SIGKILL);
	await_rules(page, CONTROL_RULES_ABSENT);
	assert_true(base_time_mono_ms() - began >= 400);
	drop_page(page);
	stop(lab);
}

static uint32_t look_at_draining(void)
{
	return differences(NFT_STATE_DRAINING);
}

/* When a worker hears that it is to empty its backlog, nothing new can come
 * into it. */
static void draining_begins_with_the_rules(void **state)
{
	struct lab *lab = need_namespace(state);
	const struct control_state *page;

	lab->conf->drain_ms = HOUR_MS;
	stage[1].drain = stage[2].drain = look_at_draining;
	stage[1].drain_result = stage[2].drain_result = UINT32_MAX;
	start(lab);
	await_line(lab, "ready");
	page = state_page(lab);
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	for (int i = 1; i < ACTORS; i++) {
		await_heard(i, ROLE_DRAIN, 1);
		assert_int_equal(stage[i].drain_result, 0);
	}
	assert_int_equal(page->rules, CONTROL_RULES_DRAINING);
	for (int i = 1; i < ACTORS; i++)
		let_say_type(i, ROLE_DRAINED);
	assert_int_equal(end_of_daemon(lab), 0);
	assert_int_equal(differences(NFT_STATE_STOPPED), 0);
	drop_page(page);
}

#define RULES(name) \
	cmocka_unit_test_setup_teardown(name, setup_rules, teardown_rules)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		RULES(rules_go_when_no_worker_is_there),
		RULES(rules_stay_while_one_worker_is_there),
		RULES(one_back_in_time_changes_nothing),
		RULES(each_absence_has_the_whole_limit),
		RULES(draining_begins_with_the_rules),
	};

	/* children are found by the title that ps shows */
	if (role_title_init(argc, argv))
		return 1;
	return cmocka_run_group_tests(tests, setup_namespace, NULL);
}
