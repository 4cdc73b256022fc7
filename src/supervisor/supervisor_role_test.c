/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_role_test.c - restarts, who helps whom, nonsense: with actors */
#include "supervisor_actor_test.h"

#include "role_title.h"

/* Keepers have a real process, so their titles tell them apart. */
static pid_t keeper(const struct lab *lab, int worker)
{
	char title[32];

	(void)snprintf(title, sizeof(title), "wayside-keeper/%d", worker);
	return child_named(lab->daemon, title);
}

static void one_that_lived_is_restarted_at_once(void **state)
{
	struct lab *lab = *state;

	lab->times.lived_ms = 0;
	lab->times.delay_min_ms = lab->times.delay_max_ms = HOUR_MS;
	start(lab);
	await_line(lab, "ready");
	for (int i = 0; i < 3; i++) {
		kill_actor(RECORDER, SIGKILL);
		await_line(lab, "recorder is back");
		assert_int_equal(kill(keeper(lab, 1), SIGKILL), 0);
		await_line(lab, "worker/1 is back");
	}
	stop(lab);
}

/* Waits double from the least to the most: 20, 40 and then 50 ms, twice. */
static void others_wait_longer_and_longer(void **state)
{
	struct lab *lab = *state;
	uint64_t began;

	lab->times.lived_ms = HOUR_MS;
	lab->times.delay_min_ms = 20;
	lab->times.delay_max_ms = 50;
	start(lab);
	await_line(lab, "ready");
	began = base_time_mono_ms();
	for (int i = 0; i < 4; i++) {
		kill_actor(RECORDER, SIGKILL);
		await_line(lab, "recorder is back");
	}
	assert_true(base_time_mono_ms() - began >= 20 + 40 + 50 + 50);
	stop(lab);
}

static void a_recorder_knows_that_the_one_before_crashed(void **state)
{
	static const struct {
		int sig;
		uint32_t crashed;
	} ends[] = {
		{ SIGSYS, 1 }, { SIGKILL, 0 }, { SIGSEGV, 1 }, { SIGTERM, 0 }
	};
	struct lab *lab = *state;

	lab->times.lived_ms = 0;
	start(lab);
	await_line(lab, "ready");
	assert_int_equal(stage[RECORDER].crashed, 0);
	for (size_t i = 0; i < WS_ARRAY_LEN(ends); i++) {
		kill_actor(RECORDER, ends[i].sig);
		await_line(lab, "recorder is back");
		assert_int_equal(stage[RECORDER].crashed, ends[i].crashed);
	}
	stop(lab);
}

static void the_others_help_while_one_is_dead(void **state)
{
	struct lab *lab = *state;

	lab->times.lived_ms = 0;
	start(lab);
	await_line(lab, "ready");
	atomic_store(&stage[1].mute, 1); /* its successor takes its time */
	assert_int_equal(kill(keeper(lab, 0), SIGKILL), 0);
	await_heard(2, ROLE_LEND, 1);
	assert_int_equal(stage[2].help, 1 << 0);
	await_starts(1, 2);
	assert_int_equal(stage[2].heard[ROLE_LEND], 1);
	let_say_type(1, ROLE_READY);
	await_line(lab, "worker/0 is back restarts=1");
	await_heard(2, ROLE_LEND, 2);
	assert_int_equal(stage[2].help, 0);
	/* who is meant is not told */
	assert_int_equal(stage[1].heard[ROLE_LEND], 0);
	assert_int_equal(stage[RECORDER].heard[ROLE_LEND], 0);
	stop(lab);
}

static void a_worker_that_is_full_tells_the_others(void **state)
{
	const struct control_state *page;
	struct lab *lab = *state;

	start(lab);
	await_line(lab, "ready");
	page = state_page(lab);
	let_say_type(RECORDER, ROLE_LEND); /* has no listeners */
	let_say_type(2, ROLE_LEND);
	await_heard(1, ROLE_LEND, 1);
	assert_int_equal(page->help, 1);
	stop(lab);
	assert_int_equal(stage[2].heard[ROLE_LEND], 0);
	assert_int_equal(stage[1].heard[ROLE_LEND], 1);
	drop_page(page);
}

/* More than its channel holds: those that are queued are enough. */
static void a_worker_that_stands_still_holds_nobody_up(void **state)
{
	const struct role_message lend = { .type = ROLE_LEND };
	const struct control_state *page;
	struct lab *lab = *state;
	const uint64_t limit = deadline();

	start(lab);
	await_line(lab, "ready");
	page = state_page(lab);
	kill_actor(1, SIGSTOP);
	let_say(2, 2000, &lend);
	while (page->help != 2000)
		look_again(limit);
	kill_actor(RECORDER, SIGKILL);
	await_line(lab, "recorder is back");
	assert_int_equal(stage[1].heard[ROLE_LEND], 0);
	kill_actor(1, SIGCONT);
	while (!atomic_load(&stage[1].heard[ROLE_LEND]))
		look_again(limit);
	drop_page(page);
	stop(lab);
}

/* What it says all the time goes on once, and once more at the end. */
static void a_worker_cannot_keep_the_others_busy(void **state)
{
	const struct role_message lend = { .type = ROLE_LEND };
	const struct role_message no_word = { .type = ROLE_MESSAGE_MAX };
	const struct control_state *page;
	struct lab *lab = *state;

	lab->times.lived_ms = 0;
	lab->times.lend_ms = HOUR_MS;
	start(lab);
	await_line(lab, "ready");
	page = state_page(lab);
	let_say(2, 100, &lend);
	let_say(2, 1, &no_word); /* all of them were heard before this one */
	await_line(lab, "worker/1 is back");
	/* the first LEND, its end, its return */
	assert_int_equal(page->help, 3);
	drop_page(page);
	stop(lab);
}

static void the_last_word_of_many_is_passed_on(void **state)
{
	const struct role_message lend = { .type = ROLE_LEND };
	struct lab *lab = *state;
	const uint64_t limit = deadline();

	lab->times.lend_ms = 20;
	start(lab);
	await_line(lab, "ready");
	let_say(2, 2, &lend);
	while (atomic_load(&stage[1].heard[ROLE_LEND]) < 2)
		look_again(limit);
	stop(lab);
}

/* It does not end when it finds its channel closed. */
static void a_role_that_says_what_is_no_word_is_ended(void **state)
{
	const struct role_message no_word = { .type = ROLE_MESSAGE_MAX };
	struct lab *lab = *state;

	lab->times.lived_ms = 0;
	start(lab);
	await_line(lab, "ready");
	stage[RECORDER].deaf = stage[1].deaf = 1;
	let_say(RECORDER, 1, &no_word);
	await_line(lab, "recorder says what is no word: it is ended");
	await_line(lab, "recorder died of signal 9: restarting");
	await_line(lab, "recorder is back");
	let_say(1, 1, &no_word);
	await_line(lab, "worker/0 says what is no word: it is ended");
	/* by its keeper, which ends the flows */
	await_line(lab, "worker/0 ended with status 1: restarting");
	await_line(lab, "worker/0 is back");
	stage[RECORDER].deaf = stage[1].deaf = 0;
	stop(lab);
}

static void a_role_that_hangs_up_is_ended(void **state)
{
	struct lab *lab = *state;

	lab->times.lived_ms = 0;
	start(lab);
	await_line(lab, "ready");
	lab->times.stop_ms = 1000;
	stage[1].deaf = stage[1].hang_up = 1;
	kill_actor(1, SIGUSR1);
	await_line(lab, "worker/0 has closed its channel: it is replaced");
	await_line(lab, "worker/0 is back");
	lab->times.stop_ms = LIMIT_S * 1000;
	stage[1].deaf = 0;
	stop(lab);
}

static void one_that_does_not_get_ready_is_ended(void **state)
{
	struct lab *lab = *state;
	uint32_t starts;
	int recorder;

	lab->times.lived_ms = 0;
	start(lab);
	await_line(lab, "ready");
	stage[RECORDER].mute = stage[1].mute = 1;
	lab->times.start_ms = 100;
	kill_actor(RECORDER, SIGKILL);
	await_line(lab, "recorder was not ready in 100 ms: it is replaced");
	/* the next one need not be as fast; or the one after it */
	lab->times.start_ms = 1000;
	await_line(lab, "recorder is back");
	recorder = watch_end(atomic_load(&stage[RECORDER].pid));
	starts = stage[RECORDER].starts;
	assert_true(starts >= 3);
	lab->times.start_ms = 100;
	kill_actor(1, SIGKILL);
	await_line(lab, "worker/0 was not ready in 100 ms: it is replaced");
	lab->times.start_ms = LIMIT_S * 1000;
	await_line(lab, "worker/0 is back");
	/* and that was all: those that are ready have no limit */
	assert_false(has_ended(recorder, 1100));
	assert_int_equal(close(recorder), 0);
	stop(lab);
	assert_int_equal(stage[RECORDER].starts, starts);
}

static void a_worker_that_writes_nonsense_is_replaced(void **state)
{
	const struct role_message about_1 = { .type = ROLE_NONSENSE,
					      .worker = 1 };
	const struct role_message nobody = { .type = ROLE_NONSENSE,
					     .worker = UINT32_MAX };
	const struct control_state *page;
	struct lab *lab = *state;

	lab->times.lived_ms = 0;
	start(lab);
	await_line(lab, "ready");
	page = state_page(lab);
	let_say(1, 1, &about_1); /* only the recorder may say so */
	let_say(RECORDER, 1, &nobody);
	let_say(RECORDER, 1, &about_1);
	await_line(lab, "worker/1 writes nonsense");
	await_line(lab, "worker/1 is back restarts=1");
	assert_int_equal(page->nonsense, 1);
	assert_int_equal(stage[1].starts, 1);
	assert_int_equal(stage[2].starts, 2);
	let_say(RECORDER, 1, &about_1); /* once more, a new one */
	await_line(lab, "worker/1 is back restarts=2");
	assert_int_equal(page->nonsense, 2);
	drop_page(page);
	stop(lab);
}

/* Else a recorder could keep workers from working. */
static void but_not_all_the_time(void **state)
{
	const struct role_message about_0 = { .type = ROLE_NONSENSE };
	const struct role_message about_1 = { .type = ROLE_NONSENSE,
					      .worker = 1 };
	const struct control_state *page;
	struct lab *lab = *state;
	char line[1024];
	int again = 0;

	lab->times.lived_ms = 0;
	lab->times.nonsense_ms = HOUR_MS;
	start(lab);
	await_line(lab, "ready");
	page = state_page(lab);
	let_say(RECORDER, 1, &about_1);
	await_line(lab, "worker/1 is back restarts=1");
	let_say(RECORDER, 2, &about_1);
	let_say(RECORDER, 1, &about_0); /* which has an hour of its own */
	do {
		assert_non_null(fgets(line, sizeof(line), lab->log));
		again += strstr(line, "worker/1 writes nonsense again") != NULL;
	} while (!strstr(line, "worker/0 is back restarts=1"));
	assert_int_equal(again, 1);
	assert_int_equal(stage[2].starts, 2);
	assert_int_equal(page->nonsense, 4);
	drop_page(page);
	stop(lab);
}

static void a_keeper_that_does_not_end_is_killed(void **state)
{
	const struct role_message about_0 = { .type = ROLE_NONSENSE };
	const struct control_state *page;
	struct lab *lab = *state;

	lab->times.lived_ms = 0;
	start(lab);
	await_line(lab, "ready");
	lab->times.stop_ms = 1000;
	page = state_page(lab);
	assert_int_equal(kill(keeper(lab, 0), SIGSTOP), 0);
	let_say(RECORDER, 2, &about_0); /* one replacement at a time */
	await_line(lab, "worker/0 did not end in 1000 ms: it is killed");
	await_line(lab, "worker/0 died of signal 9: restarting");
	await_line(lab, "worker/0 is back");
	assert_int_equal(page->nonsense, 1);
	drop_page(page);
	lab->times.stop_ms = LIMIT_S * 1000;
	stop(lab);
}

static void the_page_says_how_the_roles_are(void **state)
{
	const struct control_state *page;
	const struct control_role *r;
	struct lab *lab = *state;
	const uint64_t limit = deadline();
	uint64_t started;
	pid_t old;

	lab->conf->number = 7;
	lab->times.lived_ms = 0;
	start(lab);
	await_line(lab, "ready");
	page = state_page(lab);
	assert_int_equal(page->magic, CONTROL_MAGIC);
	assert_int_equal(page->pid, lab->daemon);
	assert_int_equal(page->n_workers, 2);
	assert_int_equal(page->phase, CONTROL_PHASE_RUNNING);
	assert_int_equal(page->config_number, 7);
	assert_int_equal(page->rules, CONTROL_RULES_NONE);
	assert_int_equal(page->listeners, 2); /* one a worker */
	for (int i = 0; i < ACTORS; i++)
		assert_int_equal(page->roles[i].state, CONTROL_ROLE_READY);
	assert_string_equal(page->roles[0].name, "recorder");
	assert_string_equal(page->roles[2].name, "worker/1");
	assert_int_equal(page->roles[0].pid, stage[RECORDER].pid);
	r = &page->roles[2];
	old = keeper(lab, 1);
	assert_int_equal(r->pid, old);
	assert_in_range(r->started_ns, page->started_ns, base_time_wall_ns());
	started = r->started_ns;
	atomic_store(&stage[2].mute, 1);
	assert_int_equal(kill(old, SIGKILL), 0);
	await_starts(2, 2);
	while (r->state != CONTROL_ROLE_STARTING) /* it may run before us */
		look_again(limit);
	assert_int_equal(r->restarts, 1);
	assert_int_equal(r->last_end, SIGKILL); /* a wait status: no core */
	assert_true(r->started_ns > started);
	assert_int_not_equal(r->pid, old);
	stop(lab);
	assert_int_equal(page->phase, CONTROL_PHASE_STOPPING);
	assert_int_equal(page->listeners, 0);
	assert_int_equal(r->state, CONTROL_ROLE_DOWN);
	assert_int_equal(r->pid, 0);
	drop_page(page);
}

static void a_role_that_is_never_ready_ends_the_start(void **state)
{
	struct lab *lab = *state;

	lab->times.start_ms = 50;
	stage[2].mute = 1;
	start(lab);
	await_line(lab, "not all processes were ready after 50 ms");
	assert_int_equal(end_of_daemon(lab), 1);
}

/* A daemon whose recorder and first worker do not stop. Return: were the others
 * as fast as they had to be, and the keeper too? */
static bool stop_the_deaf(struct lab *lab)
{
	char first[64], line[1024];
	const char *const lines[] = {
		first,
		"worker/0 ended with status 1 while stopping",
		"recorder died of signal 9 while stopping",
	};
	size_t seen = 0;

	(void)snprintf(first, sizeof(first),
		       "processes that did not stop in %u ms are killed",
		       (unsigned)lab->times.stop_ms);
	memset(stage, 0, ACTORS * sizeof(*stage));
	start(lab);
	await_line(lab, "ready");
	stage[RECORDER].deaf = 1;
	stage[1].deaf = 1;
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	while (fgets(line, sizeof(line), lab->log))
		seen += seen < WS_ARRAY_LEN(lines) &&
			strstr(line, lines[seen]) != NULL;
	assert_int_equal(end_of_daemon(lab), 1);
	return seen == WS_ARRAY_LEN(lines) && stage[1].starts >= 2 &&
	       stage[2].starts == 1 && stage[RECORDER].heard[ROLE_STOP] == 1;
}

/* Again with more time, where somebody did not get the processor to do within
 * it what he does. */
static void one_that_does_not_stop_is_killed(void **state)
{
	struct lab *lab = *state;

	lab->times.stop_ms = 50;
	while (!stop_the_deaf(lab)) {
		assert_int_equal(fclose(lab->log), 0);
		lab->log = NULL;
		lab->times.stop_ms *= 2;
		assert_true(lab->times.stop_ms < 10000);
	}
	/* the one that closes the books does not stop either; no third one */
	assert_int_equal(stage[1].starts, 2);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		ACT(one_that_lived_is_restarted_at_once),
		ACT(others_wait_longer_and_longer),
		ACT(a_recorder_knows_that_the_one_before_crashed),
		ACT(the_others_help_while_one_is_dead),
		ACT(a_worker_that_is_full_tells_the_others),
		ACT(a_worker_that_stands_still_holds_nobody_up),
		ACT(a_worker_cannot_keep_the_others_busy),
		ACT(the_last_word_of_many_is_passed_on),
		ACT(a_role_that_says_what_is_no_word_is_ended),
		ACT(a_role_that_hangs_up_is_ended),
		ACT(one_that_does_not_get_ready_is_ended),
		ACT(a_worker_that_writes_nonsense_is_replaced),
		ACT(but_not_all_the_time),
		ACT(a_keeper_that_does_not_end_is_killed),
		ACT(the_page_says_how_the_roles_are),
		ACT(a_role_that_is_never_ready_ends_the_start),
		ACT(one_that_does_not_stop_is_killed),
	};

	/* children are found by the title that ps shows */
	if (role_title_init(argc, argv))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
