/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * supervisor_reload_test.h - a supervisor whose roles are played by the test
 *
 * The supervisor is a struct of the test, which holds its roles' ends of the
 * channels and says what they say. The parsing child is a real one. Time is the
 * test's own, and so is what the kernel says to new rules.
 */
#ifndef SUPERVISOR_RELOAD_TEST_H
#define SUPERVISOR_RELOAD_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_die.h"
#include "base_fd.h"
#include "base_test.h"
#include "base_time.h"
#include "control.h"
#include "role_channel.h"
#include "supervisor_internal.h"

#define N_ROLES 3 /* recorder, worker/0, worker/1 */

/* What the file says at the start, of a port and the test's directory. A test
 * that needs rules has its own. */
#ifndef BASE
#	define BASE                                             \
		"listen: 127.0.0.1:%u\nremote: 192.0.2.1:7700\n" \
		"log_dir: %s\npidfile: none\ncontrol: none\n"    \
		"workers: 2\nmax_flows: 64\nring_size: 1M\n"     \
		"connect_timeout: 1s\ndrain: 0s\n"
#endif

static const struct supervisor_times times = {
	.start_ms = 10000,
	.stop_ms = 10000,
	.lived_ms = 5000,
	.delay_min_ms = 10,
	.delay_max_ms = 100,
	.prepare_ms = 2000,
	.absent_ms = 2000,
};

struct lab {
	struct supervisor *s;
	char dir[64], path[96];
	unsigned port;
	struct conf_input input;
	const struct conf_tables *start;
	int roles[N_ROLES]; /* their ends of the channels */
	/* what was answered */
	int answers, error;
	char *text;
};

static uint64_t clock_now;
/* What the kernel does with the rules, and when it was asked. */
static int rules_result;
static unsigned rules_asked;

static inline uint64_t test_clock(void)
{
	return clock_now;
}

int __wrap_supervisor_rules_renew(struct supervisor *s,
				  const struct conf_tables *conf,
				  struct nft_error *why);

int __wrap_supervisor_rules_renew(struct supervisor *s,
				  const struct conf_tables *conf,
				  struct nft_error *why)
{
	assert_ptr_not_equal(s->conf, conf);
	rules_asked++;
	(void)snprintf(why->text, sizeof(why->text), "the kernel says no");
	return rules_result;
}

/* The file is BASE with a line after it. */
static inline void write_file(const struct lab *lab, const char *more)
{
	FILE *f = fopen(lab->path, "we");

	assert_non_null(f);
	(void)fprintf(f, BASE "%s", lab->port, lab->dir, more);
	assert_int_equal(fclose(f), 0);
}

/* BASE with another value for one key, which is there. */
static inline void write_changed(const struct lab *lab, const char *key,
				 const char *line)
{
	char text[512], *from, *rest;
	FILE *f = fopen(lab->path, "we");

	assert_non_null(f);
	(void)snprintf(text, sizeof(text), BASE, lab->port, lab->dir);
	from = strstr(text, key);
	assert_non_null(from);
	rest = strchr(from, '\n');
	(void)fprintf(f, "%.*s%s%s", (int)(from - text), text, line, rest);
	assert_int_equal(fclose(f), 0);
}

/* When this returns, it has no copy of a channel's end any more. */
static inline pid_t sleeper(void)
{
	int closed[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(closed, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		closefrom(STDERR_FILENO + 1);
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
			(void)pause();
		_exit(99);
	}
	base_fd_close(&closed[1]);
	assert_int_equal(read(closed[0], &byte, 1), 0);
	base_fd_close(&closed[0]);
	return pid;
}

static inline struct supervisor_child *role(const struct lab *lab, int i)
{
	return i ? &lab->s->workers[i - 1] : &lab->s->recorder;
}

/* The process of role i begins: its end of the channel is ours. */
static inline void begin_role(struct lab *lab, int i)
{
	struct supervisor_child *c = role(lab, i);
	int ends[2];

	assert_int_equal(role_channel_open(ends), 0);
	c->pid = sleeper();
	c->ready = true;
	c->channel.fd = ends[0];
	lab->roles[i] = ends[1];
	assert_int_equal(loop_watch_add(&lab->s->loop, &c->channel, EPOLLIN),
			 0);
}

static inline int setup(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	struct supervisor *s = calloc(1, sizeof(*s));

	assert_non_null(lab);
	assert_non_null(s);
	lab->s = s;
	(void)snprintf(lab->dir, sizeof(lab->dir),
		       "/tmp/supervisor_reload_test.XXXXXX");
	assert_non_null(mkdtemp(lab->dir));
	(void)snprintf(lab->path, sizeof(lab->path), "%s/w.yaml", lab->dir);
	lab->port = 7700; /* nobody listens there */
	write_file(lab, "");
	/* the parsing child is a real one */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("WAYSIDE_LIMIT_MS", "60000", 1), 0);
	assert_true(base_die_init());
	lab->input = (struct conf_input){ .path = lab->path };
	assert_int_equal(conf_load(&lab->input, &lab->start, &s->conf_fd, NULL),
			 0);
	s->conf = lab->start;
	s->input = &lab->input;
	s->times = &times;
	s->n_workers = N_ROLES - 1;
	for (unsigned i = 0; i < s->n_workers; i++)
		ring_map_init(&s->maps[i]);
	assert_int_equal(loop_init(&s->loop, NULL, NULL), 0);
	clock_now = 1000;
	s->loop.clock_ms = test_clock;
	assert_int_equal(loop_step(&s->loop, 0), 0); /* looks at the clock */
	assert_int_equal(supervisor_state_open(s), 0);
	assert_int_equal(supervisor_memory_make(s), 0);
	for (int i = 0; i < N_ROLES; i++) {
		supervisor_child_init(s, role(lab, i),
				      i ? SUPERVISOR_WORKER
					: SUPERVISOR_RECORDER,
				      i ? (unsigned)i - 1 : 0);
		begin_role(lab, i);
	}
	supervisor_publish_init(s);
	supervisor_reload_init(s);
	supervisor_phase(s, SUPERVISOR_RUNNING);
	rules_result = 0;
	rules_asked = 0;
	*state = lab;
	return 0;
}

/* A role's process has gone already: then there is nobody to end. */
static inline void end_role(struct lab *lab, int i)
{
	struct supervisor_child *c = role(lab, i);

	if (c->pid) {
		assert_int_equal(kill(c->pid, SIGKILL), 0);
		assert_int_equal(waitpid(c->pid, NULL, 0), c->pid);
		supervisor_child_gone(c, 0);
	}
	base_fd_close(&lab->roles[i]);
}

static inline int teardown(void **state)
{
	struct lab *lab = *state;
	struct supervisor *s = lab->s;

	for (int i = 0; i < N_ROLES; i++)
		end_role(lab, i);
	assert_int_equal(s->reload.step, SUPERVISOR_RELOAD_IDLE);
	assert_int_equal(s->reload.next_fd, -1);
	assert_null(s->reload.said);
	if (s->reload.mapped)
		conf_load_unmap(s->conf);
	conf_load_unmap(lab->start);
	base_fd_close(&s->conf_fd);
	supervisor_memory_free(s);
	supervisor_state_close(s);
	loop_done(&s->loop);
	assert_int_equal(unlink(lab->path), 0);
	assert_int_equal(rmdir(lab->dir), 0);
	free(lab->text);
	free(s);
	free(lab);
	return 0;
}

static inline void answered(void *arg, int error, const char *text)
{
	struct lab *lab = arg;

	lab->answers++;
	lab->error = error;
	free(lab->text);
	lab->text = strdup(text);
	assert_non_null(lab->text);
}

static inline void ask(struct lab *lab)
{
	const struct supervisor_reload_asker asker = { answered, lab };

	supervisor_reload(lab->s, &asker);
}

/* As the supervisor does it when SIGCHLD comes. */
static inline void parser_ends(struct lab *lab)
{
	const pid_t pid = lab->s->reload.loading.pid;
	siginfo_t info;

	assert_true(pid > 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	supervisor_role_reap(lab->s);
}

/* Up to the moment at which all roles are asked. */
static inline void load(struct lab *lab)
{
	ask(lab);
	parser_ends(lab);
	assert_int_equal(lab->s->reload.step, SUPERVISOR_RELOAD_PREPARING);
}

/* What role i is told next. Return: the descriptor that came along, or -1. */
static inline int told(const struct lab *lab, int i,
		       enum role_message_type type, uint32_t number)
{
	struct role_message m;
	int with = -1;

	assert_int_equal(role_channel_receive(lab->roles[i], &m, &with), 1);
	assert_int_equal(m.type, type);
	assert_int_equal(m.number, number);
	return with;
}

static inline void told_nothing(const struct lab *lab, int i)
{
	struct role_message m;

	assert_int_equal(role_channel_receive(lab->roles[i], &m, NULL), 0);
}

static inline void all_told(const struct lab *lab, enum role_message_type type,
			    uint32_t number)
{
	for (int i = 0; i < N_ROLES; i++) {
		int with = told(lab, i, type, number);

		assert_int_equal(with >= 0, type == ROLE_PREPARE);
		base_fd_close(&with);
		told_nothing(lab, i);
	}
}

/* Role i answers, and the supervisor hears it. */
static inline void says(const struct lab *lab, int i, uint32_t number,
			int error)
{
	const struct role_message m = { .type = ROLE_PREPARED,
					.number = number,
					.error = error };

	assert_int_equal(role_channel_send(lab->roles[i], &m, -1), 0);
	assert_true(loop_step(&lab->s->loop, 0) >= 1);
}

static inline void expect_answer(const struct lab *lab, int error,
				 const char *text)
{
	assert_int_equal(lab->answers, 1);
	assert_int_equal(lab->error, error);
	assert_string_equal(lab->text, text);
}

/* Nothing has changed: tables, kernel, state; `refused` attempts are counted.
 */
static inline void unchanged(const struct lab *lab, uint32_t refused)
{
	const struct supervisor *s = lab->s;

	assert_ptr_equal(s->conf, lab->start);
	assert_int_equal(s->reload.step, SUPERVISOR_RELOAD_IDLE);
	assert_int_equal(atomic_load(&s->state->config_number), 1);
	assert_int_equal(atomic_load(&s->state->reloads), 0);
	assert_int_equal(atomic_load(&s->state->reloads_refused), refused);
	assert_int_equal(atomic_load(&s->state->reloaded_ns), 0);
}

/* One whole reload, from the file to number `number` in force. */
static inline void reload_well(struct lab *lab, uint32_t number)
{
	load(lab);
	all_told(lab, ROLE_PREPARE, number);
	for (int i = 0; i < N_ROLES; i++)
		says(lab, i, number, 0);
	all_told(lab, ROLE_ACTIVATE, number);
	assert_int_equal(lab->error, 0);
	assert_int_equal(lab->s->conf->number, number);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
