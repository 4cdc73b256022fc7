/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * supervisor_reload_load_test.c - what is not even given to the roles
 *
 * At the end, a whole daemon with roles of ours, and signals.
 */
#include "supervisor_reload.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_die.h"
#include "base_fd.h"
#include "base_test.h"
#include "base_time.h"
#include "recorder.h"
#include "role_channel.h"
#include "supervisor_reload_test.h"
#include "worker.h"

#define LIMIT_S BASE_TEST_LIMIT_S

static void what_needs_a_restart(void **state)
{
	static const struct {
		const char *key, *line, *told;
	} rows[] = {
		{ "workers", "workers: 3",
		  "workers: 2 is in force, 3 needs a restart\n" },
		{ "ring_size", "ring_size: 2M",
		  "ring_size: 1M is in force, 2M needs a restart\n" },
		{ "max_flows", "max_flows: 65",
		  "max_flows: 64 is in force, 65 needs a restart\n" },
		{ "listen", "listen_port: 1\nlisten: 127.0.0.1:7700",
		  "listen_port: 15001 is in force, 1 needs a restart\n" },
		{ "listen", "listen: 127.0.0.1:7701",
		  "listen: \"127.0.0.1:7700\" is in force, \"127.0.0.1:7701\" "
		  "needs a restart\n" },
		{ "remote", "remote: 192.0.2.2:7700",
		  "remote: \"192.0.2.1:7700\" is in force, \"192.0.2.2:7700\" "
		  "needs a restart\n" },
		{ "pidfile", "pidfile: /p",
		  "pidfile: none is in force, \"/p\" needs a restart\n" },
		{ "control", "control: /c",
		  "control: none is in force, \"/c\" needs a restart\n" },
	};
	struct lab *lab = *state;
	char want[512];

	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		write_changed(lab, rows[i].key, rows[i].line);
		lab->answers = 0;
		ask(lab);
		parser_ends(lab);
		(void)snprintf(want, sizeof(want),
			       "%srefused: configuration 1 stays in force\n",
			       rows[i].told);
		expect_answer(lab, -EINVAL, want);
		unchanged(lab, (uint32_t)i + 1);
		for (int j = 0; j < N_ROLES; j++)
			told_nothing(lab, j);
	}
	write_changed(lab, "log_dir", "log_dir: /tmp");
	lab->answers = 0;
	ask(lab);
	parser_ends(lab);
	(void)snprintf(want, sizeof(want),
		       "log_dir: \"%s\" is in force, \"/tmp\" needs a restart\n"
		       "refused: configuration 1 stays in force\n",
		       lab->dir);
	expect_answer(lab, -EINVAL, want);
	/* all at once are all told, in the order of the schema */
	write_changed(lab, "ring_size", "listen_port: 9\nring_size: 4M");
	lab->answers = 0;
	ask(lab);
	parser_ends(lab);
	expect_answer(lab, -EINVAL,
		      "ring_size: 1M is in force, 4M needs a restart\n"
		      "listen_port: 15001 is in force, 9 needs a restart\n"
		      "refused: configuration 1 stays in force\n");
}

static void a_bad_file_changes_nothing(void **state)
{
	struct lab *lab = *state;
	char want[256];

	write_changed(lab, "connect_timeout", "connect_timeout: 7");
	ask(lab);
	parser_ends(lab);
	(void)snprintf(want, sizeof(want),
		       "%s:9:18: connect_timeout: \"7\" is not a duration "
		       "(write 500ms, 10s, 2m or 1h)\n"
		       "refused: configuration 1 stays in force\n",
		       lab->path);
	expect_answer(lab, -EINVAL, want);
	unchanged(lab, 1);
	/* no file at all: known at once */
	assert_int_equal(unlink(lab->path), 0);
	lab->answers = 0;
	ask(lab);
	(void)snprintf(want, sizeof(want),
		       "%s: No such file or directory\n"
		       "refused: configuration 1 stays in force\n",
		       lab->path);
	expect_answer(lab, -EINVAL, want);
	unchanged(lab, 2);
	for (int i = 0; i < N_ROLES; i++)
		told_nothing(lab, i);
	/* a number that no role has seen is used again */
	write_file(lab, "");
	reload_well(lab, 2);
}

static void not_two_at_once(void **state)
{
	struct lab *lab = *state;
	struct supervisor *s = lab->s;

	supervisor_reload(s, NULL);
	assert_int_equal(s->reload.step, SUPERVISOR_RELOAD_LOADING);
	ask(lab);
	expect_answer(lab, -EBUSY, "a reload is under way\n");
	parser_ends(lab);
	assert_int_equal(s->reload.step, SUPERVISOR_RELOAD_PREPARING);
	lab->answers = 0;
	ask(lab);
	expect_answer(lab, -EBUSY, "a reload is under way\n");
	assert_int_equal(atomic_load(&s->state->reloads_refused), 2);
	/* the first one goes on */
	all_told(lab, ROLE_PREPARE, 2);
	for (int i = 0; i < N_ROLES; i++)
		says(lab, i, 2, 0);
	assert_int_equal(s->conf->number, 2);
	/* nobody asked for it but a signal */
	assert_int_equal(lab->answers, 1);
}

static void only_a_running_daemon_with_a_file(void **state)
{
	static const enum supervisor_phase phases[] = {
		SUPERVISOR_STARTING, SUPERVISOR_DRAINING,
		SUPERVISOR_STOPPING_WORKERS, SUPERVISOR_STOPPING_RECORDER
	};
	const struct conf_input without = { .path = NULL };
	struct lab *lab = *state;
	struct supervisor *s = lab->s;

	for (size_t i = 0; i < WS_ARRAY_LEN(phases); i++) {
		lab->answers = 0;
		supervisor_phase(s, phases[i]);
		ask(lab);
		expect_answer(lab, -EAGAIN, "the daemon starts or stops\n");
	}
	supervisor_phase(s, SUPERVISOR_RUNNING);
	s->input = &without;
	lab->answers = 0;
	ask(lab);
	expect_answer(lab, -ENOENT,
		      "it was started without a configuration file\n");
	unchanged(lab, WS_ARRAY_LEN(phases) + 1);
}

/* How it ended is told, however much is wrong. */
static void the_verdict_always_fits(void **state)
{
	/* after a whole line: `file:line:column: unknown key "no_key_number"`
	 */
	static const char verdict[] =
		"\"\nrefused: configuration 1 stays in force\n";
	struct lab *lab = *state;
	size_t len, line;
	FILE *f;

	write_file(lab, "");
	f = fopen(lab->path, "ae");
	assert_non_null(f);
	for (int i = 0; i < 999; i++)
		assert_true(fprintf(f, "no_key_%03d: 1\n", i) > 0);
	assert_int_equal(fclose(f), 0);
	ask(lab);
	parser_ends(lab);
	len = strlen(lab->text);
	line = strcspn(lab->text, "\n") + 1;
	assert_int_equal(lab->error, -EINVAL);
	/* there was more, and no line more would have fitted */
	assert_in_range(len, CONTROL_TEXT_MAX - 2 * line, CONTROL_TEXT_MAX);
	assert_string_equal(lab->text + len - strlen(verdict), verdict);
	unchanged(lab, 1);
}

/* Calls `f` and counts the lines of the log meanwhile. */
static unsigned lines_logged(struct lab *lab, void (*f)(struct lab *lab))
{
	const int log = memfd_create("log", MFD_CLOEXEC);
	const int before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	char text[4096];
	unsigned n = 0;
	ssize_t len;

	assert_true(log >= 0 && before >= 0);
	assert_int_equal(dup2(log, STDERR_FILENO), STDERR_FILENO);
	f(lab);
	assert_int_equal(dup2(before, STDERR_FILENO), STDERR_FILENO);
	len = pread(log, text, sizeof(text), 0);
	for (ssize_t i = 0; i < len; i++)
		n += text[i] == '\n';
	assert_int_equal(close(log), 0);
	assert_int_equal(close(before), 0);
	return n;
}

static void ask_and_be_refused(struct lab *lab)
{
	ask(lab);
	parser_ends(lab);
	supervisor_phase(lab->s, SUPERVISOR_DRAINING);
	ask(lab);
	supervisor_phase(lab->s, SUPERVISOR_RUNNING);
}

static void hang_up_and_be_refused(struct lab *lab)
{
	for (int i = 0; i < 3; i++) {
		supervisor_reload(lab->s, NULL);
		parser_ends(lab);
	}
}

static void hang_up_while_starting(struct lab *lab)
{
	supervisor_phase(lab->s, SUPERVISOR_STARTING);
	for (int i = 0; i < 3; i++)
		supervisor_reload(lab->s, NULL);
	supervisor_phase(lab->s, SUPERVISOR_RUNNING);
}

static void pass_ms(const struct lab *lab, uint64_t ms)
{
	clock_now += ms;
	assert_int_equal(loop_step(&lab->s->loop, 0), 0); /* looks at it */
}

/* Whoever may ask, or send a signal, cannot fill the log with refusals. */
static void refusals_do_not_fill_the_log(void **state)
{
	struct lab *lab = *state;

	write_changed(lab, "workers", "workers: many");
	assert_int_equal(lines_logged(lab, ask_and_be_refused), 0);
	assert_int_equal(lab->answers, 2);
	/* what is wrong, and that it is refused */
	assert_int_equal(lines_logged(lab, hang_up_and_be_refused), 2);
	pass_ms(lab, SUPERVISOR_RELOAD_QUIET_MS - 1);
	assert_int_equal(lines_logged(lab, hang_up_while_starting), 0);
	pass_ms(lab, 1);
	assert_int_equal(lines_logged(lab, hang_up_while_starting), 1);
	unchanged(lab, 2 + 3 + 3 + 3);
}

/* Makes the file a pipe that nobody has written to yet: the parser waits, as
 * long as it may. Return: its other end. */
static int make_pipe(const struct lab *lab)
{
	int fd;

	assert_int_equal(unlink(lab->path), 0);
	assert_int_equal(mkfifo(lab->path, 0600), 0);
	fd = open(lab->path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* It was ended: it has not given up by itself. */
static void parser_was_killed(pid_t parser)
{
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)parser, &info, WEXITED | WNOWAIT),
			 0);
	assert_int_equal(info.si_code, CLD_KILLED);
	assert_int_equal(info.si_status, SIGKILL);
}

/* The daemon is told to stop, once in each step. */
static void a_stop_ends_it(void **state)
{
	static const char text[] = "the daemon is stopping\n"
				   "refused: configuration 1 stays in force\n";
	struct lab *lab = *state;
	pid_t parser;
	int writer;

	load(lab);
	all_told(lab, ROLE_PREPARE, 2);
	supervisor_reload_stop(lab->s);
	all_told(lab, ROLE_DISCARD, 2);
	expect_answer(lab, -ESHUTDOWN, text);
	unchanged(lab, 1);
	lab->answers = 0;
	writer = make_pipe(lab);
	ask(lab);
	parser = lab->s->reload.loading.pid;
	supervisor_reload_stop(lab->s);
	expect_answer(lab, -ESHUTDOWN, text);
	unchanged(lab, 2);
	/* what is reaped later is nobody's */
	parser_was_killed(parser);
	supervisor_role_reap(lab->s);
	assert_int_equal(lab->answers, 1);
	/* and with nothing under way there is nothing to end */
	supervisor_reload_stop(lab->s);
	unchanged(lab, 2);
	base_fd_close(&writer);
}

static void a_parser_that_hangs_is_ended(void **state)
{
	struct lab *lab = *state;
	int writer = make_pipe(lab);
	char want[256];

	ask(lab);
	clock_now += base_die_limit_ms(CONF_LOAD_LIMIT_MS) - 1;
	assert_int_equal(loop_step(&lab->s->loop, 0), 0);
	clock_now++;
	assert_int_equal(loop_step(&lab->s->loop, 0), 1);
	parser_was_killed(lab->s->reload.loading.pid);
	parser_ends(lab);
	(void)snprintf(want, sizeof(want),
		       "%s: reading it took too long\n"
		       "refused: configuration 1 stays in force\n",
		       lab->path);
	expect_answer(lab, -ETIMEDOUT, want);
	unchanged(lab, 1);
	base_fd_close(&writer);
}

/* Has the process shared memory that it may write? */
static bool may_write_shared(pid_t pid)
{
	char path[64], line[512];
	bool may = false, ended = true;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		may = may || strstr(line, " rw-s ");
		ended = false; /* then it has no memory at all */
	}
	assert_int_equal(fclose(f), 0);
	assert_false(ended);
	return may;
}

/* It sees hostile bytes: rings and tables are given back before. */
static void the_parser_can_write_nothing_of_ours(void **state)
{
	const uint64_t limit = base_time_mono_ms() + LIMIT_S * 1000ULL;
	struct lab *lab = *state;
	int writer = make_pipe(lab);

	assert_true(may_write_shared(getpid()));
	ask(lab);
	while (may_write_shared(lab->s->reload.loading.pid)) {
		assert_true(base_time_mono_ms() < limit);
		(void)sched_yield(); /* cannot fail on Linux */
	}
	/* ours are still there */
	assert_true(may_write_shared(getpid()));
	base_fd_close(&writer);
	parser_ends(lab);
	assert_int_equal(lab->answers, 1);
	unchanged(lab, 1);
}

/* A role that takes in whatever it is given. */
static int agree(int channel)
{
	struct pollfd p = { .fd = channel, .events = POLLIN };
	struct role_message m;

	if (role_channel_say(channel, ROLE_READY))
		return 1;
	while (poll(&p, 1, -1) == 1) {
		if (role_channel_receive(channel, &m, NULL) <= 0)
			return 1;
		if (m.type == ROLE_STOP)
			return 0;
		if (m.type != ROLE_PREPARE)
			continue;
		m.type = ROLE_PREPARED;
		if (role_channel_send(channel, &m, -1))
			return 1;
	}
	return 1;
}

static int agreeing_recorder(const struct recorder_setup *setup, pid_t parent)
{
	(void)parent;
	return agree(setup->channel);
}

static int agreeing_worker(const struct worker_setup *setup, pid_t parent)
{
	(void)parent;
	return agree(setup->channel);
}

/* The whole daemon, in a child. */
static int be_daemon(const struct conf_input *input)
{
	static const struct supervisor_roles roles = {
		.recorder = agreeing_recorder,
		.worker = agreeing_worker,
	};
	struct supervisor_times patient = times;
	struct supervisor_setup daemon = { .conf_fd = -1,
					   .input = input,
					   .times = &patient,
					   .roles = &roles };

	patient.start_ms = patient.stop_ms = patient.prepare_ms =
		LIMIT_S * 1000;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
	    conf_load(input, &daemon.conf, &daemon.conf_fd, NULL))
		return 99;
	return supervisor_run(&daemon);
}

static void await_line(FILE *log, const char *text)
{
	char line[1024];

	while (fgets(line, sizeof(line), log)) {
		if (strstr(line, text))
			return;
	}
	fail_msg("the log ended without \"%s\"", text);
}

/* One that only a listener can have as long as *fd is open: it does not listen,
 * and both have SO_REUSEADDR (socket(7)). */
static unsigned reserve_port(int *fd)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(in);
	const int one = 1;

	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
		setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)),
		0);
	assert_int_equal(bind(*fd, (struct sockaddr *)&in, len), 0);
	assert_int_equal(getsockname(*fd, (struct sockaddr *)&in, &len), 0);
	return ntohs(in.sin_port);
}

/* SIGHUP and SIGCHLD find their way. */
static void a_signal_reloads(void **state)
{
	struct lab *lab = *state;
	int ends[2], status, reserved;
	pid_t pid;
	FILE *log;

	lab->port = reserve_port(&reserved);
	write_file(lab, "");
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(dup2(ends[1], STDERR_FILENO) < 0 || close(ends[0]) < 0
			      ? 99
			      : be_daemon(&lab->input));
	base_fd_close(&ends[1]);
	log = fdopen(ends[0], "r");
	assert_non_null(log);
	await_line(log, "ready");
	assert_int_equal(kill(pid, SIGHUP), 0);
	await_line(log, "configuration 2 is in force");
	write_changed(lab, "workers", "workers: many");
	assert_int_equal(kill(pid, SIGHUP), 0);
	await_line(log, "workers: \"many\" is not auto or a whole number");
	await_line(log, "configuration 2 stays in force");
	write_changed(lab, "connect_timeout", "connect_timeout: 2s");
	assert_int_equal(kill(pid, SIGHUP), 0);
	await_line(log, "configuration 3 is in force");
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(fclose(log), 0);
	base_fd_close(&reserved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_needs_a_restart),
		TEST(a_bad_file_changes_nothing),
		TEST(not_two_at_once),
		TEST(only_a_running_daemon_with_a_file),
		TEST(the_verdict_always_fits),
		TEST(refusals_do_not_fill_the_log),
		TEST(a_stop_ends_it),
		TEST(a_parser_that_hangs_is_ended),
		TEST(the_parser_can_write_nothing_of_ours),
		TEST(a_signal_reloads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
