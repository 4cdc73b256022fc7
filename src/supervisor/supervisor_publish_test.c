/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * supervisor_publish_test.c - the life of publishers, who are actors
 *
 * First in a daemon of its own; then a supervisor in the test's process, which
 * gives it one configuration after the other.
 */
#include "supervisor_actor_test.h"

#include "conf_load.h"
#include "supervisor_internal.h"

/* Sinks s0 to s9, as many as `names` has digits: "02" = s0 and s2. */
static void set_sinks(struct conf_tables *conf, const char *names)
{
	memset(conf->sinks, 0, sizeof(conf->sinks));
	conf->n_sinks = (uint32_t)strlen(names);
	assert_true(conf->n_sinks <= CONF_SINKS_MAX);
	for (uint32_t i = 0; i < conf->n_sinks; i++)
		(void)snprintf(conf->sinks[i].name, CONF_NAME_LEN, "s%c",
			       names[i]);
}

/* The password of s3 is "secret 3". */
static struct conf_secrets *make_secrets(const char *names)
{
	struct conf_secrets *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(s, MAP_FAILED);
	for (size_t i = 0; names[i]; i++)
		(void)snprintf(s->sinks[i].password,
			       sizeof(s->sinks[i].password), "secret %c",
			       names[i]);
	return s;
}

static void hide_secrets(void)
{
	if (conf_load_lend(secrets_place, false))
		_exit(99);
}

static const struct control_role *role_page(const struct control_state *page,
					    int place)
{
	return &page->roles[CONTROL_PUBLISHERS + place];
}

static void await_state(const struct control_state *page, int place,
			enum control_role_state state)
{
	const uint64_t limit = deadline();

	while (atomic_load(&role_page(page, place)->state) != state)
		look_again(limit);
}

/* --- in a daemon ---------------------------------------------------------- */

static const struct control_state *start_with(struct lab *lab,
					      const char *names)
{
	struct conf_secrets *secrets = make_secrets(names);
	const struct control_state *page;

	set_sinks(lab->conf, names);
	lab->setup.secrets = secrets_place = secrets;
	lab->prepare = hide_secrets; /* it keeps nothing of ours open, too */
	start(lab);
	await_line(lab, "ready");
	page = state_page(lab);
	for (int i = 0; names[i]; i++)
		await_starts(PUBLISHER(names[i] - '0'), 1);
	return page;
}

static void done(const struct control_state *page)
{
	drop_page(page);
	conf_load_forget(secrets_place);
	secrets_place = NULL;
}

static void each_sink_has_a_publisher(void **state)
{
	struct lab *lab = *state;
	const struct control_state *page = start_with(lab, "31");

	for (int i = 0; i < 2; i++)
		await_state(page, i, CONTROL_ROLE_READY);
	assert_string_equal(role_page(page, 0)->name, "publisher/s3");
	assert_string_equal(role_page(page, 1)->name, "publisher/s1");
	assert_int_equal(role_page(page, 0)->pid, stage[PUBLISHER(3)].pid);
	assert_int_equal(role_page(page, 1)->pid, stage[PUBLISHER(1)].pid);
	assert_int_equal(role_page(page, 2)->state, CONTROL_ROLE_UNUSED);
	/* what wakes them is the recorder's to write to */
	assert_int_equal(stage[PUBLISHER(3)].kicks, 1);
	assert_int_equal(stage[PUBLISHER(1)].kicks, 1);
	stop(lab);
	assert_int_equal(stage[PUBLISHER(3)].heard[ROLE_STOP], 1);
	assert_int_equal(stage[PUBLISHER(1)].heard[ROLE_STOP], 1);
	done(page);
}

static void a_publisher_knows_its_own_secret_alone(void **state)
{
	struct lab *lab = *state;
	const struct control_state *page = start_with(lab, "31");

	assert_string_equal(stage[PUBLISHER(3)].password, "secret 3");
	assert_string_equal(stage[PUBLISHER(1)].password, "secret 1");
	kill_actor(PUBLISHER(3), SIGKILL);
	await_line(lab, "publisher/s3 is back");
	assert_string_equal(stage[PUBLISHER(3)].password, "secret 3");
	kill_actor(RECORDER, SIGKILL); /* this one begins after a publisher */
	await_line(lab, "recorder is back");
	for (int i = 0; i < ACTORS; i++)
		assert_int_equal(stage[i].secrets, 0);
	assert_int_equal(stage[PUBLISHER(1)].secrets, 0);
	assert_int_equal(stage[PUBLISHER(3)].secrets, 0);
	stop(lab);
	done(page);
}

/* Which is what the test above would see. */
static void the_daemon_has_all_secrets(void **state)
{
	(void)state;
	secrets_place = make_secrets("1");
	assert_true(sees_secrets());
	conf_load_forget(secrets_place);
	assert_false(sees_secrets());
	secrets_place = NULL;
}

static void a_start_does_not_wait_for_them(void **state)
{
	struct lab *lab = *state;
	const struct control_state *page;

	stage[PUBLISHER(0)].mute = 1;
	page = start_with(lab, "0");
	assert_int_equal(page->phase, CONTROL_PHASE_RUNNING);
	await_state(page, 0, CONTROL_ROLE_STARTING);
	let_say_type(PUBLISHER(0), ROLE_READY);
	await_state(page, 0, CONTROL_ROLE_READY);
	stop(lab);
	done(page);
}

static void one_that_dies_hurts_nobody(void **state)
{
	struct lab *lab = *state;
	const struct control_state *page = start_with(lab, "0");
	const pid_t first = stage[PUBLISHER(0)].pid;

	kill_actor(PUBLISHER(0), SIGSEGV);
	await_line(lab, "publisher/s0 died of signal 11: restarting");
	await_line(lab, "publisher/s0 is back restarts=1");
	assert_int_not_equal(stage[PUBLISHER(0)].pid, first);
	assert_int_equal(role_page(page, 0)->restarts, 1);
	assert_int_equal(role_page(page, 0)->last_end, SIGSEGV);
	assert_int_equal(page->phase, CONTROL_PHASE_RUNNING);
	for (int i = 0; i < ACTORS; i++) {
		assert_int_equal(stage[i].starts, 1);
		assert_int_equal(stage[i].heard[ROLE_LEND], 0);
	}
	stop(lab); /* with status 0 */
	done(page);
}

/* The back-off has a limit of its own: 10, 20 and then 30 ms, twice. */
static void one_that_dies_again_waits(void **state)
{
	struct lab *lab = *state;
	const struct control_state *page;
	uint64_t began;

	lab->times.delay_min_ms = 10;
	lab->times.delay_max_ms = 5; /* the others' */
	lab->times.delay_publisher_ms = 30;
	page = start_with(lab, "0");
	began = base_time_mono_ms();
	for (int i = 0; i < 4; i++) {
		kill_actor(PUBLISHER(0), SIGKILL);
		await_line(lab, "publisher/s0 is back");
	}
	assert_true(base_time_mono_ms() - began >= 10 + 20 + 30 + 30);
	stop(lab);
	done(page);
}

/* Words that others may say are nothing from a publisher. */
static void its_word_counts_for_nothing(void **state)
{
	static const struct role_message words[] = {
		{ .type = ROLE_LEND },
		{ .type = ROLE_DRAINED },
		{ .type = ROLE_NONSENSE, .worker = 0 },
		{ .type = ROLE_PREPARED, .number = 1 },
		{ .type = ROLE_STORE, .error = -ENOSPC },
		{ .type = ROLE_STOP },
	};
	struct lab *lab = *state;
	const struct control_state *page;

	lab->conf->drain_ms = HOUR_MS;
	page = start_with(lab, "0");
	for (size_t i = 0; i < WS_ARRAY_LEN(words); i++)
		let_say(PUBLISHER(0), 1, &words[i]);
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	for (int i = 1; i < ACTORS; i++)
		await_heard(i, ROLE_DRAIN, 1);
	let_say_type(PUBLISHER(0), ROLE_DRAINED);
	for (int i = 1; i < ACTORS; i++) {
		assert_int_equal(stage[i].heard[ROLE_STOP], 0);
		assert_int_equal(stage[i].heard[ROLE_LEND], 0);
		assert_int_equal(stage[i].starts, 1);
	}
	assert_int_equal(page->store_error, 0);
	assert_int_equal(page->nonsense, 0);
	for (int i = 1; i < ACTORS; i++)
		let_say_type(i, ROLE_DRAINED);
	assert_int_equal(end_of_daemon(lab), 0);
	done(page);
}

/* Once the recorder has brought what it had into the store. */
static void publishers_stop_after_the_recorder(void **state)
{
	struct lab *lab = *state;
	const struct control_state *page = start_with(lab, "0");
	int publisher = watch_end(stage[PUBLISHER(0)].pid);

	stage[RECORDER].deaf = 1;
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	await_heard(RECORDER, ROLE_STOP, 1);
	assert_int_equal(stage[PUBLISHER(0)].heard[ROLE_STOP], 0);
	/* one that dies now is back for the rest */
	kill_actor(PUBLISHER(0), SIGKILL);
	await_starts(PUBLISHER(0), 2);
	base_fd_close(&publisher);
	kill_actor(RECORDER, SIGTERM);
	assert_int_equal(end_of_daemon(lab), 1); /* the recorder's doing */
	assert_int_equal(stage[PUBLISHER(0)].heard[ROLE_STOP], 1);
	assert_int_equal(page->phase, CONTROL_PHASE_STOPPING);
	done(page);
}

static void one_that_does_not_stop_is_killed(void **state)
{
	struct lab *lab = *state;
	const struct control_state *page;

	lab->times.publish_ms = 50;
	page = start_with(lab, "01");
	stage[PUBLISHER(0)].deaf = 1;
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	await_line(lab, "publisher/s0 did not end in 50 ms: it is killed");
	assert_int_equal(end_of_daemon(lab), 0);
	await_line(lab, "stopped");
	assert_int_equal(stage[PUBLISHER(1)].heard[ROLE_STOP], 1);
	done(page);
}

static void one_that_opens_its_sink_holds_up_no_stop(void **state)
{
	struct lab *lab = *state;
	const struct control_state *page;

	lab->times.publish_ms = HOUR_MS;
	stage[PUBLISHER(0)].opens = stage[PUBLISHER(0)].deaf = 1;
	page = start_with(lab, "0");
	stop(lab);
	done(page);
}

static void a_second_signal_ends_them(void **state)
{
	struct lab *lab = *state;
	const struct control_state *page;

	lab->times.publish_ms = HOUR_MS;
	stage[PUBLISHER(0)].deaf = 1;
	page = start_with(lab, "0");
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	await_heard(PUBLISHER(0), ROLE_STOP, 1);
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	assert_int_equal(end_of_daemon(lab), 0);
	done(page);
}

/* Nothing waits for the restart of one that is dead at that time. */
static void one_that_waits_for_its_restart_is_not_waited_for(void **state)
{
	struct lab *lab = *state;
	const struct control_state *page;

	lab->times.delay_min_ms = lab->times.delay_publisher_ms = HOUR_MS;
	page = start_with(lab, "0");
	kill_actor(PUBLISHER(0), SIGKILL);
	await_line(lab, "publisher/s0 died");
	stop(lab);
	assert_int_equal(stage[PUBLISHER(0)].starts, 1);
	done(page);
}

static void the_recorder_says_whether_its_store_works(void **state)
{
	const struct role_message full = { .type = ROLE_STORE,
					   .error = -ENOSPC };
	const struct role_message works = { .type = ROLE_STORE };
	struct role_message silly = { .type = ROLE_STORE, .error = 1 };
	struct lab *lab = *state;
	const struct control_state *page = start_with(lab, "");
	const uint64_t limit = deadline(), now = base_time_wall_ns();

	assert_int_equal(page->store_error, 0);
	assert_int_equal(page->store_failed_ns, 0);
	let_say(RECORDER, 1, &full);
	while (atomic_load(&page->store_error) != -ENOSPC)
		look_again(limit);
	assert_true(page->store_failed_ns >= now);
	let_say(RECORDER, 1, &works);
	while (atomic_load(&page->store_error))
		look_again(limit);
	let_say(RECORDER, 1, &silly);
	while (atomic_load(&page->store_error) != -EPROTO)
		look_again(limit);
	/* its successor has said nothing yet */
	atomic_store(&stage[RECORDER].mute, 1);
	kill_actor(RECORDER, SIGKILL);
	await_starts(RECORDER, 2);
	while (atomic_load(&page->store_error))
		look_again(limit);
	let_say_type(RECORDER, ROLE_READY);
	await_line(lab, "recorder is back");
	stop(lab);
	done(page);
}

/* --- a supervisor in this process ----------------------------------------- */

struct house {
	struct supervisor s;
	struct supervisor_times times;
	struct conf_tables tables[2]; /* in turns */
	int now;                      /* which are in force */
};

static int setup_house(void **state)
{
	struct house *h = calloc(1, sizeof(*h));
	struct supervisor *s = &h->s;
	sigset_t blocked;

	assert_non_null(h);
	set_stage();
	(void)sigemptyset(&blocked); /* as the real one does for its children */
	(void)sigaddset(&blocked, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, NULL), 0);
	h->times = (struct supervisor_times){
		.stop_ms = LIMIT_S * 1000,
		.lived_ms = HOUR_MS,
		.delay_min_ms = 1,
		.delay_publisher_ms = 1,
		.publish_ms = LIMIT_S * 1000,
	};
	s->times = &h->times;
	s->roles = &actors;
	s->conf = &h->tables[0];
	assert_int_equal(loop_init(&s->loop, NULL, NULL), 0);
	assert_int_equal(supervisor_state_open(s), 0);
	supervisor_publish_init(s);
	assert_int_equal(supervisor_publish_open(s), 0);
	supervisor_phase(s, SUPERVISOR_RUNNING);
	*state = h;
	return 0;
}

/* What the loop does, and what SIGCHLD would. */
static void step(struct house *h)
{
	assert_true(loop_step(&h->s.loop, 1) >= 0);
	supervisor_role_reap(&h->s);
}

static int teardown_house(void **state)
{
	struct house *h = *state;

	supervisor_phase(&h->s, SUPERVISOR_STOPPING_RECORDER);
	supervisor_publish_kill(&h->s);
	supervisor_publish_stop(&h->s);
	supervisor_phase(&h->s, SUPERVISOR_STOPPED);
	while (supervisor_publish_any(&h->s))
		step(h);
	supervisor_publish_close(&h->s);
	supervisor_state_close(&h->s);
	loop_done(&h->s.loop);
	conf_load_forget(h->s.secrets);
	clear_stage();
	free(h);
	return 0;
}

/* As a reload does it: `change` gets the new tables. */
static void reload(struct house *h, const char *names,
		   void (*change)(struct conf_tables *, struct conf_secrets *))
{
	struct supervisor *s = &h->s;
	struct conf_tables *next = &h->tables[!h->now];
	struct conf_secrets *secrets = make_secrets(names);

	*next = h->tables[h->now];
	set_sinks(next, names);
	if (change)
		change(next, secrets);
	supervisor_publish_change(s, next, secrets);
	h->now = !h->now;
	s->conf = next;
	conf_load_forget(s->secrets);
	s->secrets = secrets;
	/* what nobody may look at any more */
	memset(&h->tables[!h->now], 0xff, sizeof(h->tables[0]));
	supervisor_publish_begin(s);
}

static void await_ready(struct house *h, int sink, uint32_t starts)
{
	const uint64_t limit = deadline();
	bool there = false;

	while (!there) {
		step(h);
		there = atomic_load(&stage[PUBLISHER(sink)].starts) == starts;
		for (int i = 0; there && i < CONF_SINKS_MAX; i++) {
			const struct supervisor_publisher *p =
				&h->s.publishers[i];

			if (p->name[1] == '0' + sink && p->child.pid)
				there = p->child.ready;
		}
		look_again(limit);
	}
}

static void await_processes(struct house *h, unsigned n)
{
	const uint64_t limit = deadline();
	unsigned found = n + 1;

	while (found != n) {
		step(h);
		found = 0;
		for (int i = 0; i < CONF_SINKS_MAX; i++)
			found += h->s.publishers[i].child.pid != 0;
		look_again(limit);
	}
}

static void sinks_come_and_go_alone(void **state)
{
	struct house *h = *state;
	int s1, s2;

	reload(h, "12", NULL);
	await_ready(h, 1, 1);
	await_ready(h, 2, 1);
	s1 = stage[PUBLISHER(1)].pid;
	s2 = stage[PUBLISHER(2)].pid;
	/* the others' order is nothing that counts */
	reload(h, "321", NULL);
	await_ready(h, 3, 1);
	assert_string_equal(stage[PUBLISHER(3)].password, "secret 3");
	reload(h, "23", NULL);
	await_processes(h, 2);
	assert_int_equal(stage[PUBLISHER(1)].heard[ROLE_STOP], 1);
	assert_int_equal(role_page(h->s.state, 0)->state, CONTROL_ROLE_UNUSED);
	assert_int_equal(role_page(h->s.state, 1)->pid, s2);
	reload(h, "", NULL);
	await_processes(h, 0);
	reload(h, "1", NULL);
	await_ready(h, 1, 2);
	assert_int_not_equal(stage[PUBLISHER(1)].pid, s1);
	assert_int_equal(role_page(h->s.state, 0)->restarts, 0);
	for (int i = 2; i <= 3; i++) {
		assert_int_equal(stage[PUBLISHER(i)].starts, 1);
		assert_int_equal(stage[PUBLISHER(i)].heard[ROLE_STOP], 1);
	}
}

static void change_format(struct conf_tables *t, struct conf_secrets *secrets)
{
	(void)secrets;
	t->sinks[0].format = CONF_EVENT_FORMAT_JSON;
}

static void change_store(struct conf_tables *t, struct conf_secrets *secrets)
{
	(void)secrets;
	(void)snprintf(t->store, sizeof(t->store), "/another");
}

static void change_flash(struct conf_tables *t, struct conf_secrets *secrets)
{
	(void)secrets;
	t->store_flash = CONF_YES;
}

static void change_password(struct conf_tables *t, struct conf_secrets *secrets)
{
	(void)t;
	secrets->sinks[0].password[0] = 'S';
}

static void change_others(struct conf_tables *t, struct conf_secrets *secrets)
{
	(void)secrets;
	t->max_flows++;
	t->number++;
}

/* Whatever its publisher was given. */
static void a_sink_that_changes_is_replaced(void **state)
{
	static const struct {
		void (*change)(struct conf_tables *t, struct conf_secrets *s);
		uint32_t starts; /* of s1, then */
		uint32_t others; /* of s2 */
	} rows[] = {
		{ NULL, 1, 1 },          { change_others, 1, 1 },
		{ change_format, 2, 1 }, { change_format, 2, 1 },
		{ NULL, 3, 1 },          { change_password, 4, 1 },
		{ change_others, 5, 1 }, /* the password is the old one */
		{ change_store, 6, 2 },  { NULL, 6, 2 },
		{ change_flash, 7, 3 },
	};
	struct house *h = *state;

	reload(h, "12", NULL);
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		await_ready(h, 1, i ? rows[i - 1].starts : 1);
		await_ready(h, 2, i ? rows[i - 1].others : 1);
		reload(h, "12", rows[i].change);
		await_ready(h, 1, rows[i].starts);
		await_ready(h, 2, rows[i].others);
		await_processes(h, 2);
	}
	assert_string_equal(stage[PUBLISHER(1)].password, "secret 1");
}

/* Two of a sink would write one cursor: the next one waits for the end of the
 * one before, in whatever place that is. */
static void there_is_never_a_second_of_a_sink(void **state)
{
	struct house *h = *state;
	int s1;

	h->times.publish_ms = HOUR_MS;
	stage[PUBLISHER(1)].deaf = 1;
	reload(h, "1", NULL);
	await_ready(h, 1, 1);
	s1 = stage[PUBLISHER(1)].pid;
	reload(h, "1", change_format);
	reload(h, "", NULL);
	/* the other sinks take all places, and that of s1 waits for it, too */
	reload(h, "23456780", NULL);
	for (int i = 2; i <= 8; i++)
		await_ready(h, i, 1);
	await_processes(h, CONF_SINKS_MAX);
	reload(h, "0123456", NULL);
	await_processes(h, CONF_SINKS_MAX - 2);
	assert_int_equal(stage[PUBLISHER(0)].starts, 0);
	assert_int_equal(stage[PUBLISHER(1)].starts, 1);
	assert_int_equal(stage[PUBLISHER(1)].heard[ROLE_STOP], 1);
	assert_int_equal(kill(s1, SIGKILL), 0);
	stage[PUBLISHER(1)].deaf = 0;
	await_ready(h, 0, 1);
	await_ready(h, 1, 2);
	await_processes(h, CONF_SINKS_MAX - 1);
	for (int i = 2; i <= 6; i++)
		assert_int_equal(stage[PUBLISHER(i)].starts, 1);
}

static void one_that_does_not_leave_is_killed(void **state)
{
	struct house *h = *state;

	h->times.publish_ms = 20;
	stage[PUBLISHER(1)].deaf = 1;
	reload(h, "1", NULL);
	await_ready(h, 1, 1);
	reload(h, "1", change_format);
	await_ready(h, 1, 2);
}

/* One that waits for its restart is changed, and begins at once, or goes. */
static void what_is_not_there_changes_at_once(void **state)
{
	struct house *h = *state;

	h->times.delay_min_ms = h->times.delay_publisher_ms = HOUR_MS;
	reload(h, "12", NULL);
	await_ready(h, 1, 1);
	await_ready(h, 2, 1);
	kill_actor(PUBLISHER(1), SIGKILL);
	kill_actor(PUBLISHER(2), SIGKILL);
	await_processes(h, 0);
	assert_int_equal(role_page(h->s.state, 0)->state, CONTROL_ROLE_DOWN);
	reload(h, "12", NULL); /* it waits on */
	reload(h, "1", change_format);
	await_ready(h, 1, 2);
	assert_int_equal(role_page(h->s.state, 1)->state, CONTROL_ROLE_UNUSED);
	assert_int_equal(stage[PUBLISHER(2)].starts, 1);
	assert_int_equal(role_page(h->s.state, 0)->restarts, 0);
}

#define HOUSE(name) \
	cmocka_unit_test_setup_teardown(name, setup_house, teardown_house)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_daemon_has_all_secrets),
		ACT(each_sink_has_a_publisher),
		ACT(a_publisher_knows_its_own_secret_alone),
		ACT(a_start_does_not_wait_for_them),
		ACT(one_that_dies_hurts_nobody),
		ACT(one_that_dies_again_waits),
		ACT(its_word_counts_for_nothing),
		ACT(publishers_stop_after_the_recorder),
		ACT(one_that_does_not_stop_is_killed),
		ACT(one_that_opens_its_sink_holds_up_no_stop),
		ACT(a_second_signal_ends_them),
		ACT(one_that_waits_for_its_restart_is_not_waited_for),
		ACT(the_recorder_says_whether_its_store_works),
		HOUSE(sinks_come_and_go_alone),
		HOUSE(a_sink_that_changes_is_replaced),
		HOUSE(there_is_never_a_second_of_a_sink),
		HOUSE(one_that_does_not_leave_is_killed),
		HOUSE(what_is_not_there_changes_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
