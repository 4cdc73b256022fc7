/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_test.c - the whole daemon in fixed-remote mode, and its pid file
 */
#include "supervisor_test.h"

#include "role_title.h"
#include "supervisor_pidfile.h"

static void pid_file_lives_as_long_as_the_daemon(void **state)
{
	struct lab *lab = *state;
	char text[32] = "", expected[32];
	FILE *f;

	start(lab);
	await_line(lab, "ready");
	converse(lab); /* the end of a flow does not end the file */
	f = fopen(lab->conf->pidfile, "re");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	assert_int_equal(fclose(f), 0);
	(void)snprintf(expected, sizeof(expected), "%d\n", lab->daemon);
	assert_string_equal(text, expected);
	stop(lab);
	assert_int_equal(access(lab->conf->pidfile, F_OK), -1);
	/* what happened in all is the last that it says */
	await_line(lab, "stopped flows_opened=1 flows_closed=1 client_bytes=1");
}

static void the_pid_files_directory_is_made(void **state)
{
	struct lab *lab = *state;
	char dir[CONF_PATH_LEN];

	(void)snprintf(dir, sizeof(dir), "%s/run", lab->dir);
	(void)snprintf(lab->conf->pidfile, CONF_PATH_LEN, "%s/run/pid",
		       lab->dir);
	start(lab);
	await_line(lab, "ready");
	assert_int_equal(access(lab->conf->pidfile, F_OK), 0);
	stop(lab);
	assert_int_equal(rmdir(dir), 0);
	/* but not one above it: that would be a slip of the pen */
	assert_int_equal(fclose(lab->log), 0);
	(void)snprintf(lab->conf->pidfile, CONF_PATH_LEN, "%s/a/b/pid",
		       lab->dir);
	start(lab);
	await_line(lab, "pid: No such file or directory");
	assert_int_equal(end_of_daemon(lab), 1);
}

static void a_dead_worker_is_replaced(void **state)
{
	struct lab *lab = *state;
	pid_t keeper;

	start(lab);
	await_line(lab, "ready");
	keeper = child_named(lab->daemon, "wayside-keeper/1");
	assert_int_equal(kill(child_named(keeper, "wayside-worker/1"), SIGKILL),
			 0);
	await_line(lab, "worker/1 died of signal 9");
	await_line(lab, "worker/1 ended with status 1: restarting");
	await_line(lab, "worker/1 is back");
	for (int i = 0; i < 16; i++) /* both workers get their share */
		converse(lab);
	stop(lab);
}

static void a_dead_keeper_takes_its_worker_along(void **state)
{
	struct lab *lab = *state;

	start(lab);
	await_line(lab, "ready");
	assert_int_equal(
		kill(child_named(lab->daemon, "wayside-keeper/0"), SIGKILL), 0);
	await_line(lab, "worker/0 is back");
	for (int i = 0; i < 16; i++)
		converse(lab);
	stop(lab);
}

static void the_others_serve_a_dead_workers_share(void **state)
{
	struct lab *lab = *state;

	lab->times.delay_min_ms = HOUR_MS; /* it stays dead */
	start(lab);
	await_line(lab, "ready");
	assert_int_equal(
		kill(child_named(lab->daemon, "wayside-keeper/0"), SIGKILL), 0);
	await_line(lab, "worker/0 died of signal 9: restarting");
	for (int i = 0; i < 16; i++)
		converse(lab);
	stop(lab);
}

static void a_dead_recorder_is_replaced(void **state)
{
	struct lab *lab = *state;

	start(lab);
	await_line(lab, "ready");
	assert_int_equal(
		kill(child_named(lab->daemon, "wayside-recorder"), SIGKILL), 0);
	await_line(lab, "recorder is back");
	converse(lab);
	stop(lab);
}

static void only_a_request_to_stop_stops_it(void **state)
{
	struct lab *lab = *state;

	start(lab);
	await_line(lab, "ready");
	assert_int_equal(kill(lab->daemon, SIGHUP), 0);
	await_line(lab, "not loaded again: it was started without");
	converse(lab);
	assert_int_equal(kill(lab->daemon, SIGINT), 0);
	assert_int_equal(end_of_daemon(lab), 0);
}

static void a_log_that_nobody_reads_ends_nothing(void **state)
{
	struct lab *lab = *state;
	pid_t keeper;
	int worker;

	start(lab);
	await_line(lab, "ready");
	assert_int_equal(fclose(lab->log), 0);
	lab->log = NULL;
	/* it has something to say to a broken pipe */
	keeper = child_named(lab->daemon, "wayside-keeper/0");
	worker = watch_end(child_named(keeper, "wayside-worker/0"));
	assert_int_equal(kill(keeper, SIGKILL), 0);
	assert_true(has_ended(worker, LIMIT_S * 1000));
	assert_int_equal(close(worker), 0);
	for (int i = 0; i < 16; i++)
		converse(lab);
	stop(lab);
}

/* Opens n connections at a time and waits for the line that says that no more
 * are taken. */
static void await_limit(struct lab *lab, int n, const char *line)
{
	int *clients = calloc((size_t)n, sizeof(*clients));

	assert_non_null(clients);
	start(lab);
	await_line(lab, "ready");
	for (int i = 0; i < n; i++) {
		clients[i] = new_client();
		assert_int_equal(try_connect(lab, clients[i]), 0);
	}
	await_line(lab, line);
	for (int i = 0; i < n; i++)
		assert_int_equal(close(clients[i]), 0);
	free(clients);
	stop(lab);
}

static void workers_share_max_flows(void **state)
{
	struct lab *lab = *state;

	lab->conf->max_flows = 2;
	await_limit(lab, 3,
		    "max_flows is reached: connections wait until a flow ends");
}

static void a_worker_takes_what_its_descriptors_allow(void **state)
{
	struct lab *lab = *state;

	/* design: two a flow, 200 for the rest */
	lab->conf->workers = 1;
	lab->files = (struct rlimit){ 216, 216 };
	await_limit(lab, 9,
		    "slots are in use: connections wait until a "
		    "flow ends flows=8");
}

static void the_soft_limit_of_descriptors_is_raised(void **state)
{
	struct lab *lab = *state;
	int ends[2 * 40];

	lab->conf->workers = 1;
	lab->files = (struct rlimit){ 64, 1024 };
	start(lab);
	await_line(lab, "ready");
	for (size_t i = 0; i < WS_ARRAY_LEN(ends); i += 2) {
		ends[i] = new_client();
		assert_int_equal(try_connect(lab, ends[i]), 0);
		ends[i + 1] = accept_server(lab);
	}
	for (size_t i = 0; i < WS_ARRAY_LEN(ends); i++)
		assert_int_equal(close(ends[i]), 0);
	stop(lab);
}

static void children_die_with_the_supervisor(void **state)
{
	struct lab *lab = *state;
	int status, ended = 0;

	/* orphans become ours, so that we can wait for them */
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	start(lab);
	await_line(lab, "ready");
	assert_int_equal(kill(lab->daemon, SIGKILL), 0);
	/* supervisor, recorder, two keepers; a worker may have been waited for
	 * by its keeper. One that lives on lets us wait for ever. */
	while (waitpid(-1, &status, 0) > 0)
		ended++;
	assert_int_equal(errno, ECHILD);
	assert_in_range(ended, 4, 6);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
	/* the file of a killed daemon is taken over by the next one */
	assert_int_equal(fclose(lab->log), 0);
	start(lab);
	await_line(lab, "ready");
	stop(lab);
}

static void a_role_that_cannot_start_ends_the_start(void **state)
{
	struct lab *lab = *state;
	char line[1024];

	(void)snprintf(lab->conf->log_dir, CONF_PATH_LEN, "%s/none", lab->dir);
	start(lab);
	await_line(lab, "none: No such file or directory");
	assert_int_equal(end_of_daemon(lab), 1);
	/* it was not ready, so it does not say that it stops */
	while (fgets(line, sizeof(line), lab->log))
		assert_null(strstr(line, "stop"));
}

static void a_port_in_use_is_one_clear_line(void **state)
{
	struct lab *lab = *state;
	const int one = 1;
	const int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* even one that would share the port with us */
	assert_int_equal(
		setsockopt(other, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)),
		0);
	lab->conf->listen = bind_loopback(other);
	assert_int_equal(listen(other, 1), 0);
	start(lab);
	await_line(lab, "Address already in use");
	assert_int_equal(end_of_daemon(lab), 1);
	assert_int_equal(close(other), 0);
}

static void a_pid_file_that_is_held_stops_the_start(void **state)
{
	struct lab *lab = *state;
	int status;
	const pid_t other = fork(); /* fcntl() locks belong to a process */

	assert_true(other >= 0);
	if (other == 0) {
		if (supervisor_pidfile_open(lab->conf->pidfile) < 0)
			_exit(1);
		(void)raise(SIGSTOP);
		_exit(0);
	}
	assert_int_equal(waitpid(other, &status, WUNTRACED), other);
	assert_true(WIFSTOPPED(status));
	start(lab);
	await_line(lab, "another daemon holds it");
	assert_int_equal(end_of_daemon(lab), 1);
	assert_int_equal(access(lab->conf->pidfile, F_OK), 0);
	assert_int_equal(kill(other, SIGKILL), 0);
	assert_int_equal(waitpid(other, &status, 0), other);
	assert_int_equal(unlink(lab->conf->pidfile), 0);
}

static void a_stale_pid_file_is_overwritten(void **state)
{
	struct lab *lab = *state;
	char text[64] = "", expected[32];
	FILE *f = fopen(lab->conf->pidfile, "we");
	int fd;

	assert_non_null(f);
	assert_true(fputs("12345678901234567890\n", f) >= 0);
	assert_int_equal(fclose(f), 0);
	fd = supervisor_pidfile_open(lab->conf->pidfile);
	assert_true(fd >= 0);
	assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
	(void)snprintf(expected, sizeof(expected), "%d\n", getpid());
	assert_string_equal(text, expected);
	supervisor_pidfile_close(lab->conf->pidfile, &fd);
	assert_int_equal(fd, -1);
	assert_int_equal(access(lab->conf->pidfile, F_OK), -1);
}

static void a_pid_file_of_another_is_left_alone(void **state)
{
	struct lab *lab = *state;
	int fd = supervisor_pidfile_open(lab->conf->pidfile), other;

	assert_true(fd >= 0);
	assert_int_equal(unlink(lab->conf->pidfile), 0);
	other = open(lab->conf->pidfile, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(other >= 0);
	assert_int_equal(close(other), 0);
	supervisor_pidfile_close(lab->conf->pidfile, &fd);
	assert_int_equal(unlink(lab->conf->pidfile), 0); /* it is there */
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CASE(pid_file_lives_as_long_as_the_daemon),
		CASE(the_pid_files_directory_is_made),
		CASE(a_dead_worker_is_replaced),
		CASE(a_dead_keeper_takes_its_worker_along),
		CASE(the_others_serve_a_dead_workers_share),
		CASE(a_dead_recorder_is_replaced),
		CASE(only_a_request_to_stop_stops_it),
		CASE(a_log_that_nobody_reads_ends_nothing),
		CASE(workers_share_max_flows),
		CASE(a_worker_takes_what_its_descriptors_allow),
		CASE(the_soft_limit_of_descriptors_is_raised),
		CASE(children_die_with_the_supervisor),
		CASE(a_role_that_cannot_start_ends_the_start),
		CASE(a_port_in_use_is_one_clear_line),
		CASE(a_pid_file_that_is_held_stops_the_start),
		CASE(a_stale_pid_file_is_overwritten),
		CASE(a_pid_file_of_another_is_left_alone),
	};

	/* children are found by the title that ps shows */
	if (role_title_init(argc, argv))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
