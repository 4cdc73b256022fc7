/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_notify_test.c - what systemd hears: the test is its socket */
#include "supervisor_actor_test.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "role_title.h"
#include "supervisor_notify.h"

#define TEXT_MAX 256

struct systemd {
	struct lab *lab;
	struct sockaddr_un name;
	int fd;
};

static int setup_systemd(void **state)
{
	const struct timeval limit = { .tv_sec = LIMIT_S };
	struct systemd *sd = calloc(1, sizeof(*sd));
	void *lab;

	assert_non_null(sd);
	(void)setup_actors(&lab);
	sd->lab = lab;
	sd->name.sun_family = AF_UNIX;
	(void)snprintf(sd->name.sun_path, sizeof(sd->name.sun_path),
		       "%s/notify", sd->lab->dir);
	sd->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(sd->fd >= 0);
	assert_int_equal(bind(sd->fd, (const struct sockaddr *)&sd->name,
			      sizeof(sd->name)),
			 0);
	assert_int_equal(setsockopt(sd->fd, SOL_SOCKET, SO_RCVTIMEO, &limit,
				    sizeof(limit)),
			 0);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("NOTIFY_SOCKET", sd->name.sun_path, 1), 0);
	*state = sd;
	return 0;
}

static int teardown_systemd(void **state)
{
	struct systemd *sd = *state;
	void *lab = sd->lab;

	/* NOLINTBEGIN(concurrency-mt-unsafe): one thread */
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
	assert_int_equal(unsetenv("WATCHDOG_PID"), 0);
	/* NOLINTEND(concurrency-mt-unsafe) */
	assert_int_equal(close(sd->fd), 0);
	assert_int_equal(unlink(sd->name.sun_path), 0);
	free(sd);
	return teardown_actors(&lab);
}

static void set_watchdog(const char *usec)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("WATCHDOG_USEC", usec, 1), 0);
}

static void need_libsystemd(void)
{
#ifndef WAYSIDE_SYSTEMD
	skip();
#endif
}

/* The next message. */
static void hear(const struct systemd *sd, char text[static TEXT_MAX])
{
	const ssize_t n = recv(sd->fd, text, TEXT_MAX - 1, 0);

	assert_true(n > 0);
	text[n] = '\0';
}

static void await(const struct systemd *sd, const char *message)
{
	char text[TEXT_MAX];

	do {
		hear(sd, text);
	} while (strcmp(text, message) != 0);
}

static void it_hears_of_start_and_end(void **state)
{
	const struct control_state *page;
	struct systemd *sd = *state;
	struct lab *lab = sd->lab;
	char text[TEXT_MAX];

	need_libsystemd();
	lab->conf->drain_ms = HOUR_MS;
	lab->times.lived_ms = 0;
	stage[2].mute = 2;
	start(lab);
	await_starts(2, 1);
	/* nothing yet: one is not ready */
	assert_int_equal(recv(sd->fd, text, sizeof(text), MSG_DONTWAIT), -1);
	let_say_type(2, ROLE_READY);
	await_line(lab, "ready");
	hear(sd, text);
	assert_string_equal(text, "STATUS=2 of 2 workers");
	hear(sd, text);
	assert_string_equal(text, "READY=1");
	kill_actor(2, SIGKILL); /* its successor is mute, too */
	await(sd, "STATUS=1 of 2 workers");
	await_starts(2, 2);
	page = state_page(lab);
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	hear(sd, text);
	assert_string_equal(text, "STOPPING=1");
	assert_int_equal(page->phase, CONTROL_PHASE_DRAINING);
	hear(sd, text);
	assert_string_equal(text, "STATUS=draining, 0 flows at its begin");
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	hear(sd, text);
	assert_string_equal(text, "STATUS=stopping");
	assert_int_equal(end_of_daemon(lab), 0);
	assert_int_equal(recv(sd->fd, text, sizeof(text), MSG_DONTWAIT), -1);
	drop_page(page);
}

static void a_stop_without_drain_is_said(void **state)
{
	struct systemd *sd = *state;

	need_libsystemd();
	start(sd->lab);
	await(sd, "READY=1");
	assert_int_equal(kill(sd->lab->daemon, SIGTERM), 0);
	await(sd, "STOPPING=1");
	assert_int_equal(end_of_daemon(sd->lab), 0);
}

static void the_watchdog_is_fed(void **state)
{
	struct systemd *sd = *state;
	const uint64_t began = base_time_mono_ms();

	need_libsystemd();
	set_watchdog("40000");
	start(sd->lab);
	/* at once, and then every 20 ms; we may be late, it may not be early */
	for (int i = 0; i < 5; i++)
		await(sd, "WATCHDOG=1");
	assert_true(base_time_mono_ms() - began >= 4UL * 20);
	stop(sd->lab);
}

static void half_of_the_watchdogs_time(void **state)
{
	(void)state;
	need_libsystemd();
	assert_int_equal(supervisor_notify_period_ms(), 0);
	set_watchdog("3000000");
	assert_int_equal(supervisor_notify_period_ms(), 1500);
	/* meant for another process */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0);
	assert_int_equal(supervisor_notify_period_ms(), 0);
}

static uint64_t mono_us(void)
{
	struct timespec t;

	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* sd_notify(3): with the time at which it began, in microseconds. */
static void a_reload_says_since_when(void **state)
{
	struct systemd *sd = *state;
	const uint64_t before = mono_us();
	char text[TEXT_MAX], *end;

	need_libsystemd();
	supervisor_notify_reloading();
	hear(sd, text);
	assert_memory_equal(text, "RELOADING=1\nMONOTONIC_USEC=", 27);
	assert_in_range(strtoull(text + 27, &end, 10), before, mono_us());
	assert_true(*end == '\0' || *end == '\n');
}

/* Descriptors from 3 on are meant for us, which the daemon opens itself. */
static void lie(void)
{
	char pid[16];

	(void)snprintf(pid, sizeof(pid), "%d", getpid());
	/* NOLINTBEGIN(concurrency-mt-unsafe): one thread */
	if (setenv("LISTEN_FDS", "6", 1) || setenv("LISTEN_PID", pid, 1))
		_exit(99);
	/* NOLINTEND(concurrency-mt-unsafe) */
}

/* The first of them is there, and nobody has a use for it. */
static void pass_one_and_lie(void)
{
	if (socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) != 3)
		_exit(99);
	lie();
}

/* Read to its end. Return: has the log a line with `text`? */
static bool logged(struct lab *lab, const char *text)
{
	char line[1024];
	bool found = false;

	while (fgets(line, sizeof(line), lab->log))
		found |= strstr(line, text) != NULL;
	return found;
}

/* The variables may be somebody else's, and count what is ours. */
static void what_was_not_passed_stays(void **state)
{
	struct systemd *sd = *state;

	need_libsystemd();
	sd->lab->prepare = lie;
	start(sd->lab);
	await_line(sd->lab, "ready");
	stop(sd->lab);
	assert_false(logged(sd->lab, "passed"));
}

static void only_what_was_passed_is_closed(void **state)
{
	struct systemd *sd = *state;

	need_libsystemd();
	sd->lab->prepare = pass_one_and_lie;
	start(sd->lab);
	await_line(sd->lab, "Stop that sockets=1");
	await_line(sd->lab, "ready");
	stop(sd->lab);
}

#define NOTIFY(name) \
	cmocka_unit_test_setup_teardown(name, setup_systemd, teardown_systemd)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		NOTIFY(it_hears_of_start_and_end),
		NOTIFY(a_stop_without_drain_is_said),
		NOTIFY(the_watchdog_is_fed),
		NOTIFY(half_of_the_watchdogs_time),
		NOTIFY(a_reload_says_since_when),
		NOTIFY(what_was_not_passed_stays),
		NOTIFY(only_what_was_passed_is_closed),
	};

	/* children are found by the title that ps shows */
	if (role_title_init(argc, argv))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
