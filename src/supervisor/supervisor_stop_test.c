/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_stop_test.c - draining and stopping: real roles, then actors */
#include "supervisor_actor_test.h"

#include <glob.h>

#include "role_title.h"

/* Stops the daemon while its recorder does not answer. Return: the recorder,
 * when the workers are gone. */
static pid_t stop_with_a_still_recorder(struct lab *lab)
{
	int keepers[2];
	pid_t recorder;

	start(lab);
	await_line(lab, "ready");
	recorder = child_named(lab->daemon, "wayside-recorder");
	keepers[0] = watch_end(child_named(lab->daemon, "wayside-keeper/0"));
	keepers[1] = watch_end(child_named(lab->daemon, "wayside-keeper/1"));
	assert_int_equal(kill(recorder, SIGSTOP), 0);
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	for (int i = 0; i < 2; i++) {
		assert_true(has_ended(keepers[i], LIMIT_S * 1000));
		assert_int_equal(close(keepers[i]), 0);
	}
	return recorder;
}

static void a_stop_closes_the_listeners_first(void **state)
{
	struct lab *lab = *state;
	const pid_t recorder = stop_with_a_still_recorder(lab);
	const int client = new_client();

	assert_int_equal(try_connect(lab, client), -1);
	assert_int_equal(errno, ECONNREFUSED);
	assert_int_equal(close(client), 0);
	/* it still ends, so the pid file is still there */
	assert_int_equal(access(lab->conf->pidfile, F_OK), 0);
	assert_int_equal(kill(recorder, SIGCONT), 0);
	assert_int_equal(end_of_daemon(lab), 0);
}

static void a_death_while_stopping_is_a_failure(void **state)
{
	struct lab *lab = *state;
	const pid_t recorder = stop_with_a_still_recorder(lab);

	assert_int_equal(kill(recorder, SIGKILL), 0);
	await_line(lab, "recorder died of signal 9 while stopping");
	assert_int_equal(end_of_daemon(lab), 1);
}

#define LK "[3G*1234567890*0002*LK]"

/* What a worker relays at the very end is still recorded. */
static void the_recorder_ends_after_the_workers(void **state)
{
	struct lab *lab = *state;
	char bytes[sizeof(LK)], path[128], line[128] = "";
	int client, server, recorder;
	pid_t keeper, worker;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/events", lab->dir);
	(void)snprintf(lab->conf->events[0], CONF_PATH_LEN, "%s", path);
	(void)snprintf(lab->conf->rules[0].observe, CONF_NAME_LEN, "auto");
	lab->conf->rules[0].observe_code = CONF_OBSERVE_AUTO;
	lab->conf->n_events = 1;
	lab->conf->workers = 1;
	start(lab);
	await_line(lab, "ready");
	client = new_client();
	assert_int_equal(try_connect(lab, client), 0);
	server = accept_server(lab);
	keeper = child_named(lab->daemon, "wayside-keeper/0");
	worker = child_named(keeper, "wayside-worker/0");
	recorder = watch_end(child_named(lab->daemon, "wayside-recorder"));
	assert_int_equal(kill(worker, SIGSTOP), 0);
	assert_int_equal(send(client, LK, strlen(LK), 0), strlen(LK));
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	await_line(lab, "stopping");
	assert_false(has_ended(recorder, 100));
	assert_int_equal(kill(worker, SIGCONT), 0);
	assert_int_equal(recv(server, bytes, strlen(LK), MSG_WAITALL),
			 strlen(LK));
	assert_int_equal(end_of_daemon(lab), 0);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_non_null(strstr(line, LK));
	assert_int_equal(fclose(f), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(close(recorder), 0);
	assert_int_equal(close(client), 0);
	assert_int_equal(close(server), 0);
}

/* It died a moment ago, and its back-off is not over when the daemon stops. */
static void a_stop_without_recorder_still_empties_the_rings(void **state)
{
	struct lab *lab = *state;
	char pattern[80];
	struct stat st;
	glob_t found;

	lab->conf->rules[0].capture = CONF_CAPTURE_TEXT;
	start(lab);
	await_line(lab, "ready");
	assert_int_equal(
		kill(child_named(lab->daemon, "wayside-recorder"), SIGKILL), 0);
	await_line(lab, "recorder died of signal 9: restarting");
	converse(lab);
	stop(lab);
	(void)snprintf(pattern, sizeof(pattern), "%s/*_127.0.0.1.log",
		       lab->dir);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_int_equal(stat(found.gl_pathv[0], &st), 0);
	/* stamp, "client" between tabs, the byte, a line feed */
	assert_int_equal(st.st_size, 19 + 8 + 1 + 1);
	assert_int_equal(unlink(found.gl_pathv[0]), 0);
	globfree(&found);
}

/* A connection through the daemon, both its ends. */
static void open_flow(struct lab *lab, int ends[2])
{
	ends[0] = new_client();
	assert_int_equal(try_connect(lab, ends[0]), 0);
	ends[1] = accept_server(lab);
}

static void pass_byte(int from, int to)
{
	char byte = 'x';

	assert_int_equal(send(from, &byte, 1, 0), 1);
	assert_int_equal(recv(to, &byte, 1, MSG_WAITALL), 1);
}

static void close_flow(const int ends[2])
{
	char byte;

	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(recv(ends[1], &byte, 1, 0), 0);
	assert_int_equal(close(ends[1]), 0);
}

/* Until nobody listens any more; what comes before is taken, and reset. */
static void await_refusal(struct lab *lab)
{
	const struct linger reset = { .l_onoff = 1 };
	const uint64_t limit = deadline();
	bool refused;

	do {
		const int client = new_client();
		const int r = try_connect(lab, client);

		refused = r < 0 && errno == ECONNREFUSED;
		/* or it came while the listener closed: no rules keep it out */
		assert_true(r == 0 || refused || errno == ECONNRESET);
		assert_int_equal(setsockopt(client, SOL_SOCKET, SO_LINGER,
					    &reset, sizeof(reset)),
				 0);
		assert_int_equal(close(client), 0);
		look_again(limit);
	} while (!refused);
}

static void running_flows_may_end(void **state)
{
	struct lab *lab = *state;
	char errors[80];
	int flow[2];

	lab->conf->drain_ms = 90000;
	start(lab);
	await_line(lab, "ready");
	open_flow(lab, flow);
	pass_byte(flow[0], flow[1]);
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	await_line(lab, "draining: running flows may end within 90.0 s, a "
			"second signal ends them flows=1");
	await_refusal(lab);
	pass_byte(flow[0], flow[1]);
	pass_byte(flow[1], flow[0]);
	close_flow(flow);
	assert_int_equal(end_of_daemon(lab), 0);
	/* of the resets, if there were any */
	(void)snprintf(errors, sizeof(errors), "%s/errors.log", lab->dir);
	assert_true(unlink(errors) == 0 || errno == ENOENT);
}

/* Until it has done what it had to do. */
static void await_sleep(pid_t pid)
{
	const uint64_t limit = deadline();
	char path[64], state = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	while (state != 'S') {
		FILE *f = fopen(path, "re");

		assert_non_null(f);
		assert_int_equal(fscanf(f, "%*d (%*[^)]) %c", &state), 1);
		assert_int_equal(fclose(f), 0);
		look_again(limit);
	}
}

/* `n` connections that nobody has accepted when the signal comes: they are in
 * the kernel's hands. */
static void clients_in_the_backlog(struct lab *lab, int *clients, int n)
{
	pid_t workers[CONF_WORKERS_MAX];

	start(lab);
	await_line(lab, "ready");
	for (unsigned i = 0; i < lab->conf->workers; i++) {
		char title[32];
		pid_t keeper;

		(void)snprintf(title, sizeof(title), "wayside-keeper/%u", i);
		keeper = child_named(lab->daemon, title);
		(void)snprintf(title, sizeof(title), "wayside-worker/%u", i);
		workers[i] = child_named(keeper, title);
		assert_int_equal(kill(workers[i], SIGSTOP), 0);
	}
	for (int i = 0; i < n; i++) {
		clients[i] = new_client();
		assert_int_equal(try_connect(lab, clients[i]), 0);
	}
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	await_line(lab, lab->conf->drain_ms ? "draining" : "stopping");
	await_sleep(lab->daemon); /* it has told the workers */
	for (unsigned i = 0; i < lab->conf->workers; i++)
		assert_int_equal(kill(workers[i], SIGCONT), 0);
}

static void what_waits_in_the_backlog_is_taken(void **state)
{
	struct lab *lab = *state;
	int flow[2];

	lab->conf->drain_ms = 90000;
	clients_in_the_backlog(lab, &flow[0], 1);
	flow[1] = accept_server(lab);
	pass_byte(flow[0], flow[1]);
	close_flow(flow);
	assert_int_equal(end_of_daemon(lab), 0);
}

/* More than a worker takes at a time while it serves. */
static void it_is_not_reset_without_a_drain_either(void **state)
{
	struct lab *lab = *state;
	int clients[100];
	char byte;

	lab->conf->workers = 1;
	lab->conf->max_flows = WS_ARRAY_LEN(clients);
	clients_in_the_backlog(lab, clients, WS_ARRAY_LEN(clients));
	for (size_t i = 0; i < WS_ARRAY_LEN(clients); i++) {
		assert_int_equal(recv(clients[i], &byte, 1, 0), 0);
		assert_int_equal(close(clients[i]), 0);
	}
	assert_int_equal(end_of_daemon(lab), 0);
	await_line(lab, "stopped flows_opened=100 flows_closed=100");
}

/* The flow ends with FIN. */
static void await_end(const int flow[2])
{
	char byte;

	for (int i = 0; i < 2; i++) {
		assert_int_equal(recv(flow[i], &byte, 1, 0), 0);
		assert_int_equal(close(flow[i]), 0);
	}
}

static void a_second_signal_ends_the_flows(void **state)
{
	struct lab *lab = *state;
	int flow[2];

	lab->conf->drain_ms = HOUR_MS;
	start(lab);
	await_line(lab, "ready");
	open_flow(lab, flow);
	pass_byte(flow[0], flow[1]);
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	await_line(lab, "draining");
	assert_int_equal(kill(lab->daemon, SIGINT), 0);
	await_end(flow);
	assert_int_equal(end_of_daemon(lab), 0);
}

static void draining_has_a_limit(void **state)
{
	struct lab *lab = *state;
	int flow[2];

	lab->conf->drain_ms = 50;
	start(lab);
	await_line(lab, "ready");
	open_flow(lab, flow);
	pass_byte(flow[0], flow[1]);
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	await_line(lab, "draining took too long: the rest is ended flows=1");
	await_end(flow);
	assert_int_equal(end_of_daemon(lab), 0);
}

static void without_drain_it_stops_at_once(void **state)
{
	struct lab *lab = *state;
	char line[1024];
	int flow[2];

	start(lab);
	await_line(lab, "ready");
	open_flow(lab, flow);
	pass_byte(flow[0], flow[1]);
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	await_end(flow);
	assert_int_equal(end_of_daemon(lab), 0);
	while (fgets(line, sizeof(line), lab->log))
		assert_null(strstr(line, "draining"));
}

/* A flow of the only worker. Return: the worker. */
static pid_t one_worker_with_a_flow(struct lab *lab, int flow[2])
{
	lab->conf->workers = 1;
	start(lab);
	await_line(lab, "ready");
	open_flow(lab, flow);
	pass_byte(flow[0], flow[1]);
	return child_named(child_named(lab->daemon, "wayside-keeper/0"),
			   "wayside-worker/0");
}

/* The books are closed on a flow that its worker did not end: it is counted,
 * and the recorder has heard of it. */
static void expect_died(struct lab *lab, int status)
{
	char path[80], line[256];
	FILE *f;

	assert_int_equal(end_of_daemon(lab), status);
	await_line(lab, "stopped flows_opened=1 flows_closed=1 client_bytes=1 "
			"flows_died=1");
	(void)snprintf(path, sizeof(path), "%s/errors.log", lab->dir);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	assert_non_null(strstr(line, "Worker died"));
	assert_int_equal(fclose(f), 0);
	assert_int_equal(unlink(path), 0);
}

static void flows_that_die_while_draining_are_counted(void **state)
{
	struct lab *lab = *state;
	pid_t worker;
	int flow[2];

	lab->conf->drain_ms = HOUR_MS;
	worker = one_worker_with_a_flow(lab, flow);
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	await_line(lab, "draining");
	assert_int_equal(kill(worker, SIGKILL), 0);
	await_end(flow);
	await_line(lab, "worker/0 is back restarts=1");
	expect_died(lab, 0); /* nothing is left to drain */
}

static void flows_that_died_before_a_stop_are_counted(void **state)
{
	struct lab *lab = *state;
	pid_t worker;
	int flow[2];

	lab->times.delay_min_ms = HOUR_MS;
	worker = one_worker_with_a_flow(lab, flow);
	assert_int_equal(kill(worker, SIGKILL), 0);
	await_line(lab, "worker/0 ended with status 1: restarting");
	await_end(flow);
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	expect_died(lab, 0);
}

/* It holds bytes that it has not read: a socket that is just closed would be
 * reset. Its keeper ends it, and the flow with FIN. */
static void flows_of_a_worker_that_does_not_stop_end(void **state)
{
	struct lab *lab = *state;
	pid_t worker;
	int flow[2];

	lab->times.stop_ms = 1000;
	worker = one_worker_with_a_flow(lab, flow);
	assert_int_equal(kill(worker, SIGSTOP), 0);
	assert_int_equal(send(flow[0], "x", 1, 0), 1);
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	await_line(lab, "stopping");
	await_sleep(lab->daemon);            /* the worker has its 1000 ms */
	lab->times.stop_ms = LIMIT_S * 1000; /* who comes after it has more */
	await_line(lab, "processes that did not stop in");
	await_end(flow);
	expect_died(lab, 1);
}

/* The recorder's time begins when the workers have ended. */
static void a_recorder_has_a_limit_of_its_own(void **state)
{
	struct lab *lab = *state;
	uint64_t began;
	int recorder;

	lab->times.stop_ms = HOUR_MS;
	start(lab);
	await_line(lab, "ready");
	stage[RECORDER].deaf = 1;
	recorder = watch_end(atomic_load(&stage[RECORDER].pid));
	kill_actor(1, SIGSTOP);
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	await_line(lab, "stopping");
	await_sleep(lab->daemon); /* the workers have their hour */
	lab->times.stop_ms = 400;
	assert_false(has_ended(recorder, 500)); /* of the workers' time */
	began = base_time_mono_ms();
	kill_actor(1, SIGCONT);
	assert_int_equal(end_of_daemon(lab), 1);
	assert_true(base_time_mono_ms() - began >= 400);
	assert_int_equal(close(recorder), 0);
}

static void a_worker_that_dies_while_draining_is_restarted(void **state)
{
	const struct control_state *page;
	struct lab *lab = *state;

	lab->conf->drain_ms = HOUR_MS;
	lab->times.lived_ms = 0;
	start(lab);
	await_line(lab, "ready");
	page = state_page(lab);
	let_say_type(1, ROLE_DRAINED); /* nobody has asked yet */
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	await_heard(1, ROLE_DRAIN, 1);
	await_heard(2, ROLE_DRAIN, 1);
	assert_int_equal(page->phase, CONTROL_PHASE_DRAINING);
	kill_actor(1, SIGKILL);
	await_line(lab, "worker/0 ended with status 1: restarting");
	await_line(lab, "worker/0 is back");
	await_heard(1, ROLE_DRAIN, 2);
	await_heard(2, ROLE_LEND, 2);
	let_say_type(2, ROLE_DRAINED);
	kill_actor(RECORDER, SIGKILL);
	await_line(lab, "recorder is back");
	/* its own are closed, the workers' are the last */
	assert_int_equal(page->listeners, 0);
	assert_int_equal(page->phase, CONTROL_PHASE_DRAINING);
	let_say_type(1, ROLE_DRAINED);
	assert_int_equal(end_of_daemon(lab), 0);
	assert_int_equal(stage[1].starts, 2);
	assert_int_equal(stage[RECORDER].starts, 2);
	assert_int_equal(stage[RECORDER].heard[ROLE_DRAIN], 0);
	drop_page(page);
}

/* Its channel is full, so it cannot be told: its keeper ends it, and the flows
 * with it, before the limit of stopping. */
static void one_that_cannot_be_told_is_ended_by_its_keeper(void **state)
{
	const struct role_message lend = { .type = ROLE_LEND };
	const struct control_state *page;
	struct lab *lab = *state;
	const uint64_t limit = deadline();

	lab->times.stop_ms = HOUR_MS;
	start(lab);
	await_line(lab, "ready");
	page = state_page(lab);
	kill_actor(1, SIGSTOP);
	let_say(2, 2000, &lend);
	while (page->help != 2000)
		look_again(limit);
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	await_line(lab, "worker/0 ended with status 1 while stopping");
	assert_int_equal(end_of_daemon(lab), 1);
	drop_page(page);
}

/* Their restarts do not wait any longer. */
static void the_dead_come_back_to_drain(void **state)
{
	struct lab *lab = *state;

	lab->conf->drain_ms = HOUR_MS;
	lab->times.delay_min_ms = HOUR_MS; /* of a restart */
	start(lab);
	await_line(lab, "ready");
	kill_actor(1, SIGKILL);
	kill_actor(2, SIGKILL);
	for (int i = 0; i < 2; i++)
		await_line(lab, "ended with status 1: restarting");
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	for (int i = 1; i <= 2; i++) {
		await_heard(i, ROLE_DRAIN, 1);
		let_say_type(i, ROLE_DRAINED);
	}
	assert_int_equal(end_of_daemon(lab), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CASE(a_stop_closes_the_listeners_first),
		CASE(a_death_while_stopping_is_a_failure),
		CASE(the_recorder_ends_after_the_workers),
		CASE(a_stop_without_recorder_still_empties_the_rings),
		CASE(running_flows_may_end),
		CASE(what_waits_in_the_backlog_is_taken),
		CASE(it_is_not_reset_without_a_drain_either),
		CASE(a_second_signal_ends_the_flows),
		CASE(draining_has_a_limit),
		CASE(without_drain_it_stops_at_once),
		CASE(flows_that_die_while_draining_are_counted),
		CASE(flows_that_died_before_a_stop_are_counted),
		CASE(flows_of_a_worker_that_does_not_stop_end),
		ACT(a_recorder_has_a_limit_of_its_own),
		ACT(a_worker_that_dies_while_draining_is_restarted),
		ACT(one_that_cannot_be_told_is_ended_by_its_keeper),
		ACT(the_dead_come_back_to_drain),
	};

	/* children are found by the title that ps shows */
	if (role_title_init(argc, argv))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
