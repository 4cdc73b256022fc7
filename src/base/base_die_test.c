/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base_die_test.c - the N-th pass of a point, in whichever process
 *
 * Each daemon is a child, since its environment is read once.
 */
#include "base_die.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_test.h"

/* How a child of ours ended. */
static int status_of(pid_t pid, int options)
{
	int status;

	assert_int_equal(waitpid(pid, &status, options), pid);
	return status;
}

/* A child with this in its environment; 0 in it. */
static pid_t begin(const char *die)
{
	const pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
		if (die && setenv("WAYSIDE_DIE", die, 1))
			_exit(99);
	}
	return pid;
}

#ifdef WAYSIDE_TEST_POINTS

static void bad_forms_are_refused(void **state)
{
	static const char *const forms[] = {
		"nowhere=1",
		"recorder=1",
		"recorder.reader=1",
		"recorder.read",
		"recorder.read=",
		"recorder.read=0",
		"recorder.read=-1",
		"recorder.read=x",
		"recorder.read=1x",
		"recorder.read=1:",
		"recorder.read=1:go",
		"recorder.read=1:stopped",
		"recorder.read=1:stop:stop",
		"recorder.read=1,",
		",recorder.read=1",
		"recorder.read=1,nowhere=1",
		"recorder.read=1 events.half=1",
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(forms); i++) {
		const pid_t pid = begin(forms[i]);

		if (pid == 0) {
			(void)close(STDERR_FILENO); /* it says why */
			_exit(base_die_init() ? 1 : 0);
		}
		if (status_of(pid, 0))
			fail_msg("\"%s\" is taken", forms[i]);
	}
}

static void nothing_asked_for(void **state)
{
	static const char *const forms[] = { NULL, "" };

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(forms); i++) {
		const pid_t pid = begin(forms[i]);

		if (pid == 0) {
			if (!base_die_init())
				_exit(1);
			for (int point = 0; point < BASE_DIE_MAX; point++)
				base_die_at((enum base_die_point)point);
			_exit(0);
		}
		assert_int_equal(status_of(pid, 0), 0);
	}
}

/* Each by its own name, which is unique: the other points do nothing. */
static void every_point_has_a_name(void **state)
{
	(void)state;
	for (int i = 0; i < BASE_DIE_MAX; i++) {
		char text[64];
		int status;
		pid_t pid;

		(void)snprintf(text, sizeof(text), "%s=1",
			       base_die_name((enum base_die_point)i));
		pid = begin(text);
		if (pid == 0) {
			if (!base_die_init())
				_exit(1);
			for (int k = 0; k < BASE_DIE_MAX; k++) {
				if (k != i)
					base_die_at((enum base_die_point)k);
			}
			base_die_at((enum base_die_point)i);
			_exit(2);
		}
		status = status_of(pid, 0);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
			fail_msg("%s: status %d", text, status);
	}
}

/* The third pass, though each is in another process; the fourth lives. */
static void passes_are_counted_over_processes(void **state)
{
	pid_t pid = begin("worker.sent=3");
	int status;

	(void)state;
	if (pid == 0) {
		if (!base_die_init())
			_exit(1);
		base_die_at(BASE_DIE_WORKER_SENT);
		for (int pass = 2; pass <= 4; pass++) {
			const pid_t child = fork();

			if (child == 0) {
				base_die_at(BASE_DIE_WORKER_SENT);
				_exit(pass);
			}
			if (child < 0 || waitpid(child, &status, 0) != child)
				_exit(1);
			if (pass == 3 && !WIFSIGNALED(status))
				_exit(20);
			if (pass != 3 && status != pass << 8)
				_exit(20 + pass);
		}
		_exit(0);
	}
	assert_int_equal(status_of(pid, 0), 0);
}

static void points_of_a_list_count_alone(void **state)
{
	const pid_t pid = begin("worker.fin=2,capture.half=1:stop");
	int status;

	(void)state;
	if (pid == 0) {
		if (!base_die_init())
			_exit(1);
		base_die_at(BASE_DIE_WORKER_FIN);
		base_die_at(BASE_DIE_CAPTURE_HALF);
		base_die_at(BASE_DIE_WORKER_FIN);
		_exit(2);
	}
	/* it stops, and goes on from there to the other one */
	status = status_of(pid, WUNTRACED);
	assert_true(WIFSTOPPED(status));
	assert_int_equal(WSTOPSIG(status), SIGSTOP);
	assert_int_equal(kill(pid, SIGCONT), 0);
	status = status_of(pid, 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

/* Half of a step, then the end: the caller is asked to do it. */
static void half_a_step(void **state)
{
	const pid_t pid = begin("events.half=2");
	int status;

	(void)state;
	if (pid == 0) {
		if (!base_die_init() || base_die_due(BASE_DIE_EVENTS_HALF) ||
		    base_die_due(BASE_DIE_CAPTURE_HALF) ||
		    !base_die_due(BASE_DIE_EVENTS_HALF))
			_exit(1);
		base_die_now(BASE_DIE_EVENTS_HALF);
		_exit(2);
	}
	status = status_of(pid, 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
}

/* Return: what a daemon with this in its environment ends with. */
static int ask_with(const char *name, const char *value, int (*ask)(void))
{
	const pid_t pid = begin(NULL);

	if (pid == 0) {
		(void)close(STDERR_FILENO); /* it says what is wrong */
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
		if (setenv(name, value, 1) || !base_die_init())
			_exit(98);
		_exit(ask());
	}
	return WEXITSTATUS(status_of(pid, 0));
}

static const struct {
	const char *name;
	uint32_t (*ms)(uint32_t real);
} times[] = {
	{ "WAYSIDE_RESTART_MS", base_die_restart_ms },
	{ "WAYSIDE_LIMIT_MS", base_die_limit_ms },
	{ "WAYSIDE_RELOAD_MS", base_die_reload_ms },
	{ "WAYSIDE_HALF_OPEN_MS", base_die_half_open_ms },
	{ "WAYSIDE_UNANSWERED_MS", base_die_unanswered_ms },
	{ "WAYSIDE_PROBE_MS", base_die_probe_ms },
	{ "WAYSIDE_SETTLE_MS", base_die_settle_ms },
	{ "WAYSIDE_AGAIN_MS", base_die_again_ms },
};

/* A bit for each that is not what it really is. */
static int changed(void)
{
	int bits = 0;

	for (size_t i = 0; i < WS_ARRAY_LEN(times); i++) {
		const uint32_t ms = times[i].ms(7);

		if (ms != 7)
			bits |= ms == 5 ? 1 << i : 0xff;
	}
	return bits;
}

static int is_held(void)
{
	return base_die_restart_held();
}

/* Each is its own, and what is not asked for stays. */
static void times_are_those_asked_for(void **state)
{
	static const char *const bad[] = { "",   "0",  "-1",        "x",
					   "5x", "5 ", "4294967296" };

	(void)state;
	assert_int_equal(ask_with("NOTHING", "5", changed), 0);
	for (size_t i = 0; i < WS_ARRAY_LEN(times); i++) {
		assert_int_equal(ask_with(times[i].name, "5", changed), 1 << i);
		for (size_t j = 0; j < WS_ARRAY_LEN(bad); j++) {
			if (ask_with(times[i].name, bad[j], changed) != 98)
				fail_msg("%s=%s is taken", times[i].name,
					 bad[j]);
		}
	}
}

static void held_while_there_is_the_file(void **state)
{
	static const char name[] = "WAYSIDE_RESTART_HOLD";

	(void)state;
	assert_int_equal(ask_with(name, "/dev/null", is_held), 1);
	assert_int_equal(ask_with(name, "/dev/null/none", is_held), 0);
	assert_int_equal(ask_with("NOTHING", "", is_held), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_forms_are_refused),
		cmocka_unit_test(nothing_asked_for),
		cmocka_unit_test(every_point_has_a_name),
		cmocka_unit_test(passes_are_counted_over_processes),
		cmocka_unit_test(points_of_a_list_count_alone),
		cmocka_unit_test(half_a_step),
		cmocka_unit_test(times_are_those_asked_for),
		cmocka_unit_test(held_while_there_is_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

/* A build for users does not even look at the environment. */
static void there_are_no_points(void **state)
{
	const pid_t pid = begin("worker.sent=1");

	(void)state;
	if (pid == 0) {
		if (!base_die_init() || base_die_due(BASE_DIE_WORKER_SENT))
			_exit(1);
		base_die_at(BASE_DIE_WORKER_SENT);
		base_die_now(BASE_DIE_WORKER_SENT);
		_exit(0);
	}
	assert_int_equal(status_of(pid, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_are_no_points),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
