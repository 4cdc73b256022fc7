/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * supervisor_test.c - the whole daemon in fixed-remote mode, and its pid file
 *
 * The daemon runs as a child with its log on a pipe. The test waits for log
 * lines and for ends of processes, never for time.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_test.h"
#include "base_time.h"
#include "conf_tables.h"
#include "ring_layout.h"
#include "role_title.h"
#include "supervisor.h"
#include "supervisor_pidfile.h"

#define LIMIT_S 10 /* ends a broken run */

struct lab {
	struct conf_tables *conf;
	char dir[64];
	int server; /* the test's listening socket: the remote */
	FILE *log;
	pid_t daemon;
	struct rlimit files; /* of the daemon; 0 = as many as we */
};

static struct base_addr bind_loopback(int fd)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(in);
	struct base_addr addr;

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	assert_true(base_addr_from_sockaddr(&addr, (struct sockaddr *)&in));
	return addr;
}

/* A port that was free a moment ago. */
static struct base_addr free_port(void)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct base_addr addr = bind_loopback(fd);

	assert_int_equal(close(fd), 0);
	return addr;
}

static int setup(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	struct conf_tables *conf = calloc(1, sizeof(*conf));

	assert_non_null(lab);
	assert_non_null(conf);
	(void)snprintf(lab->dir, sizeof(lab->dir),
		       "/tmp/supervisor_test.XXXXXX");
	assert_non_null(mkdtemp(lab->dir));
	lab->server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	conf->remote = bind_loopback(lab->server);
	assert_int_equal(listen(lab->server, 8), 0);
	conf->listen = free_port();
	conf->n_rules = 1;
	conf->number = 1;
	conf->workers = 2;
	conf->max_flows = 64;
	conf->ring_size = RING_SIZE_MIN;
	conf->connect_timeout_ms = 10000;
	conf->rules[0].capture = CONF_CAPTURE_NONE;
	(void)snprintf(conf->rules[0].observe, CONF_NAME_LEN, "none");
	(void)snprintf(conf->log_dir, CONF_PATH_LEN, "%s", lab->dir);
	(void)snprintf(conf->pidfile, CONF_PATH_LEN, "%s/pid", lab->dir);
	lab->conf = conf;
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;

	if (lab->log)
		assert_int_equal(fclose(lab->log), 0);
	assert_int_equal(close(lab->server), 0);
	/* also says that the daemon left nothing in it */
	assert_int_equal(rmdir(lab->dir), 0);
	free(lab->conf);
	free(lab);
	return 0;
}

static void start(struct lab *lab)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	lab->daemon = fork();
	assert_true(lab->daemon >= 0);
	if (lab->daemon == 0) {
		/* a test that fails leaves no daemon behind */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
		    dup2(ends[1], STDERR_FILENO) < 0 || close(ends[0]) < 0)
			_exit(99);
		if (lab->files.rlim_max &&
		    setrlimit(RLIMIT_NOFILE, &lab->files) < 0)
			_exit(99);
		_exit(supervisor_run(&(const struct supervisor_setup){
			.conf = lab->conf, .conf_fd = -1 }));
	}
	assert_int_equal(close(ends[1]), 0);
	lab->log = fdopen(ends[0], "r");
	assert_non_null(lab->log);
}

/* Reads the log up to a line with `text`. */
static void await_line(struct lab *lab, const char *text)
{
	char line[1024];

	while (fgets(line, sizeof(line), lab->log)) {
		if (strstr(line, text))
			return;
	}
	fail_msg("the log ended without \"%s\"", text);
}

static int end_of_daemon(struct lab *lab)
{
	int status;

	assert_int_equal(waitpid(lab->daemon, &status, 0), lab->daemon);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void stop(struct lab *lab)
{
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	assert_int_equal(end_of_daemon(lab), 0);
}

/* The first child of a process whose title begins with `title`; 0: none. */
static pid_t find_child(pid_t parent, const char *title)
{
	char path[64], list[512] = "", name[64];
	FILE *f;
	pid_t found = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent,
		       parent);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_non_null(fgets(list, sizeof(list), f));
	assert_int_equal(fclose(f), 0);
	for (char *p = list; !found && *p;) {
		const pid_t pid = (pid_t)strtol(p, &p, 10);

		while (*p == ' ')
			p++;
		(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fgets(name, sizeof(name), f) &&
		    !strncmp(name, title, strlen(title)))
			found = pid;
		assert_int_equal(fclose(f), 0);
	}
	return found;
}

/* A keeper names itself only after it has started its worker, which may be
 * ready by then. */
static pid_t child_named(pid_t parent, const char *title)
{
	const uint64_t limit = base_time_mono_ms() + LIMIT_S * 1000ULL;
	pid_t found = find_child(parent, title);

	while (!found) {
		assert_true(base_time_mono_ms() < limit);
		(void)sched_yield(); /* cannot fail on Linux */
		found = find_child(parent, title);
	}
	return found;
}

/* Return: as connect(). */
static int try_connect(const struct lab *lab, int client)
{
	struct sockaddr_storage ss;
	const socklen_t len = base_addr_to_sockaddr(&lab->conf->listen, &ss);

	return connect(client, (struct sockaddr *)&ss, len);
}

static int new_client(void)
{
	const struct timeval limit = { .tv_sec = LIMIT_S };
	const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(client >= 0);
	assert_int_equal(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit,
				    sizeof(limit)),
			 0);
	return client;
}

static int accept_server(const struct lab *lab)
{
	const struct timeval limit = { .tv_sec = LIMIT_S };
	int server;

	assert_int_equal(setsockopt(lab->server, SOL_SOCKET, SO_RCVTIMEO,
				    &limit, sizeof(limit)),
			 0);
	server = accept4(lab->server, NULL, NULL, SOCK_CLOEXEC);
	assert_true(server >= 0);
	return server;
}

/* One conversation through the daemon. */
static void converse(struct lab *lab)
{
	const int client = new_client();
	char byte = 'x';
	int server;

	assert_int_equal(try_connect(lab, client), 0);
	server = accept_server(lab);
	assert_int_equal(send(client, &byte, 1, 0), 1);
	assert_int_equal(recv(server, &byte, 1, 0), 1);
	assert_int_equal(close(server), 0);
	assert_int_equal(recv(client, &byte, 1, 0), 0);
	assert_int_equal(close(client), 0);
}

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

/* The second death in a row is waited after for 100 ms, the third for 200 ms:
 * a worker that cannot live does not keep the machine busy. */
static void restarts_wait_longer_and_longer(void **state)
{
	struct lab *lab = *state;
	uint64_t began;

	start(lab);
	await_line(lab, "ready");
	began = base_time_mono_ms();
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			kill(child_named(lab->daemon, "wayside-keeper/0"),
			     SIGKILL),
			0);
		await_line(lab, "worker/0 is back");
	}
	assert_true(base_time_mono_ms() - began >= 100 + 200);
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

static int watch_end(pid_t pid)
{
	const int fd = pidfd_open(pid, 0);

	assert_true(fd >= 0);
	return fd;
}

static bool has_ended(int pidfd, int wait_ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, wait_ms) == 1;
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

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CASE(pid_file_lives_as_long_as_the_daemon),
		CASE(the_pid_files_directory_is_made),
		CASE(a_dead_worker_is_replaced),
		CASE(a_dead_keeper_takes_its_worker_along),
		CASE(a_dead_recorder_is_replaced),
		CASE(restarts_wait_longer_and_longer),
		CASE(only_a_request_to_stop_stops_it),
		CASE(a_log_that_nobody_reads_ends_nothing),
		CASE(a_stop_closes_the_listeners_first),
		CASE(a_death_while_stopping_is_a_failure),
		CASE(the_recorder_ends_after_the_workers),
		CASE(workers_share_max_flows),
		CASE(a_worker_takes_what_its_descriptors_allow),
		CASE(the_soft_limit_of_descriptors_is_raised),
		CASE(a_stop_without_recorder_still_empties_the_rings),
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
