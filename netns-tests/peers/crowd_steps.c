/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crowd_steps.c - the steps of a crowd's script */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base_time.h"
#include "crowd.h"

/* Sends until it is told to stop. */
#define ENDLESS (1ULL << 62)

/* One step. `number` is its argument, if that is one. Return: 0 or -errno. */
struct step {
	const char *name;
	bool number;
	bool path;
	const char *help;
	int (*run)(struct crowd *c, uint64_t number, const char *path);
};

static void each(struct crowd *c,
		 void (*act)(struct crowd *c, struct crowd_conn *conn))
{
	for (unsigned i = 0; i < c->o->connections; i++)
		act(c, &c->conns[i]);
}

static uint64_t count(struct crowd *c,
		      bool (*is)(const struct crowd_conn *conn))
{
	uint64_t n = 0;

	for (unsigned i = 0; i < c->o->connections; i++)
		n += is(&c->conns[i]);
	return n;
}

static bool is_connecting(const struct crowd_conn *conn)
{
	return conn->state == CROWD_CONNECTING;
}

static bool is_ended(const struct crowd_conn *conn)
{
	return conn->state == CROWD_ENDED;
}

/* It lives, and its echo is still to come. */
static bool is_waiting(const struct crowd_conn *conn)
{
	return conn->state == CROWD_CONNECTING ||
	       (conn->state == CROWD_OPEN && conn->received < conn->budget);
}

static bool all_connected(struct crowd *c, const void *arg)
{
	(void)arg;
	return !count(c, is_connecting);
}

static bool all_answered(struct crowd *c, const void *arg)
{
	(void)arg;
	return !count(c, is_waiting);
}

static bool some_answered(struct crowd *c, const void *arg)
{
	return count(c, crowd_answered) >= *(const uint64_t *)arg;
}

static bool some_ended(struct crowd *c, const void *arg)
{
	return count(c, is_ended) >= *(const uint64_t *)arg;
}

static bool file_is_there(struct crowd *c, const void *arg)
{
	(void)c;
	return access(arg, F_OK) == 0;
}

static int step_open(struct crowd *c, uint64_t number, const char *path)
{
	(void)number;
	(void)path;
	each(c, crowd_connect);
	return crowd_until(c, all_connected, NULL);
}

static void more(struct crowd *c, struct crowd_conn *conn)
{
	conn->budget += c->o->message;
	crowd_go(c, conn);
}

static int step_send(struct crowd *c, uint64_t number, const char *path)
{
	(void)path;
	for (uint64_t i = 0; i < number; i++)
		each(c, more);
	return 0;
}

static int step_ping(struct crowd *c, uint64_t number, const char *path)
{
	int r = 0;

	(void)path;
	for (uint64_t i = 0; i < number && !r; i++) {
		each(c, more);
		r = crowd_until(c, all_answered, NULL);
	}
	return r;
}

static int step_answered(struct crowd *c, uint64_t number, const char *path)
{
	(void)path;
	return crowd_until(c, some_answered, &number);
}

static int step_ended(struct crowd *c, uint64_t number, const char *path)
{
	(void)path;
	return crowd_until(c, some_ended, &number);
}

static int step_hold(struct crowd *c, uint64_t number, const char *path)
{
	(void)number;
	return crowd_until(c, file_is_there, path);
}

static void endless(struct crowd *c, struct crowd_conn *conn)
{
	conn->budget = ENDLESS;
	crowd_go(c, conn);
}

/* The message that is begun is the last one. */
static void last(struct crowd *c, struct crowd_conn *conn)
{
	const uint64_t len = c->o->message;

	if (conn->budget == ENDLESS)
		conn->budget = (conn->sent + len - 1) / len * len;
	crowd_go(c, conn);
}

struct pace {
	const char *path;
	uint64_t began_ms;
	uint64_t sent; /* messages, by all in turn */
};

/* Has it as many messages ahead of the echo as it may? */
static bool is_busy(const struct crowd *c, const struct crowd_conn *conn)
{
	return conn->budget - conn->received >=
	       (uint64_t)c->o->window * c->o->message;
}

/* As many messages as are due by now. Where the others are slower than that,
 * fewer: none is owed, or a busy machine would never be done with them. */
static bool paced(struct crowd *c, const void *arg)
{
	struct pace *p = *(struct pace *const *)arg;
	const uint64_t due =
		(base_time_mono_ms() - p->began_ms) * c->o->rate / 1000;

	for (; p->sent < due; p->sent++) {
		struct crowd_conn *conn =
			&c->conns[p->sent % c->o->connections];

		if (!is_busy(c, conn))
			more(c, conn);
	}
	return file_is_there(c, p->path);
}

static int step_stream(struct crowd *c, uint64_t number, const char *path)
{
	struct pace pace = { .path = path, .began_ms = base_time_mono_ms() };
	struct pace *p = &pace;
	int r;

	(void)number;
	if (c->o->rate) {
		r = crowd_until(c, paced, &p);
	} else {
		each(c, endless);
		r = crowd_until(c, file_is_there, path);
		each(c, last);
	}
	return r ? r : crowd_until(c, all_answered, NULL);
}

static bool quiet_answered(struct crowd *c, const void *arg)
{
	(void)arg;
	return count(c, is_waiting) <= is_waiting(c->loud);
}

static int step_loud(struct crowd *c, uint64_t number, const char *path)
{
	int r = 0;

	(void)path;
	c->loud = &c->conns[0];
	endless(c, c->loud);
	for (uint64_t i = 0; i < number && !r; i++) {
		for (unsigned j = 1; j < c->o->connections; j++)
			more(c, &c->conns[j]);
		r = crowd_until(c, quiet_answered, NULL);
	}
	printf("loud moved=%llu\n",
	       (unsigned long long)(c->loud->received / c->o->message));
	last(c, c->loud);
	return r ? r : crowd_until(c, all_answered, NULL);
}

static int step_fin(struct crowd *c, uint64_t number, const char *path)
{
	const uint64_t all = c->o->connections;

	(void)number;
	(void)path;
	each(c, crowd_shut);
	return crowd_until(c, some_ended, &all);
}

/* FIN from the first `number` that have their answers. */
static int step_fin_some(struct crowd *c, uint64_t number, const char *path)
{
	uint64_t n = count(c, is_ended), shut = 0;

	(void)path;
	for (unsigned i = 0; i < c->o->connections && shut < number; i++) {
		struct crowd_conn *conn = &c->conns[i];

		if (conn->state != CROWD_OPEN || !crowd_answered(conn))
			continue;
		crowd_shut(c, conn);
		shut++;
	}
	if (shut < number)
		return -ENODATA;
	n += number;
	return crowd_until(c, some_ended, &n);
}

/* Whoever has ended comes anew, and whoever is answered ends, until `number`
 * connections have been made in all. */
static bool churned(struct crowd *c, const void *arg)
{
	const uint64_t *number = arg;

	for (unsigned i = 0; i < c->o->connections; i++) {
		struct crowd_conn *conn = &c->conns[i];

		if (conn->state == CROWD_ENDED && c->devices < *number)
			crowd_connect(c, conn);
		else if (conn->state == CROWD_OPEN && !conn->budget)
			more(c, conn);
		else if (crowd_answered(conn))
			crowd_shut(c, conn);
	}
	return c->devices >= *number && count(c, is_ended) == c->o->connections;
}

static int step_churn(struct crowd *c, uint64_t number, const char *path)
{
	(void)path;
	each(c, crowd_connect);
	return crowd_until(c, churned, &number);
}

static int step_touch(struct crowd *c, uint64_t number, const char *path)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	(void)c;
	(void)number;
	return fd < 0 ? -errno : close(fd) ? -errno : 0;
}

static const struct step steps[] = {
	{ "open", false, false, ": connect all, wait for each", step_open },
	{ "send", true, false, "N: each sends N messages; no waiting",
	  step_send },
	{ "ping", true, false, "N: N times each sends a message, and all wait",
	  step_ping },
	{ "answered", true, false, "N: wait until N have all their answers",
	  step_answered },
	{ "ended", true, false, "N: wait until N have ended", step_ended },
	{ "hold", false, true, "PATH: go on until it is there", step_hold },
	{ "stream", false, true,
	  "PATH: each sends message after message until it is there (-r of "
	  "them a second at most), and gets all answers",
	  step_stream },
	{ "loud", true, false,
	  "N: N times all but the first send a message and wait for the "
	  "answer; the first sends as fast as it can. loud_max: messages that "
	  "it got back while another waited, at most",
	  step_loud },
	{ "fin", false, false, ": end all, wait for each", step_fin },
	{ "fin-some", true, false, "N: end N of the answered, wait for each",
	  step_fin_some },
	{ "churn", true, false,
	  "N: connect, a message, its answer, end; N connections in all",
	  step_churn },
	{ "touch", false, true, "PATH: make the file", step_touch },
};

void crowd_steps_print(FILE *out)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(steps); i++)
		(void)fprintf(out, "  %s %s\n", steps[i].name, steps[i].help);
}

static const struct step *find(char **words)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(steps); i++) {
		const struct step *s = &steps[i];

		if (strcmp(s->name, words[0]) == 0)
			return (s->number || s->path) && !words[1] ? NULL : s;
	}
	return NULL;
}

static int run_step(struct crowd *c, const struct step *s, const char *argument)
{
	uint64_t number = 0;
	char *rest;

	if (s->number) {
		errno = 0;
		number = strtoull(argument, &rest, 10);
		if (errno || rest == argument || *rest)
			return -EINVAL;
	}
	return s->run(c, number, argument);
}

bool crowd_run(struct crowd *c, char **words)
{
	while (*words) {
		const struct step *s = find(words);
		int r;

		if (!s) {
			(void)fprintf(stderr,
				      "step \"%s\": no such step, or its "
				      "argument is missing\n",
				      *words);
			return false;
		}
		r = run_step(c, s, words[1]);
		if (r) {
			(void)fprintf(stderr, "step \"%s\": %s\n", *words,
				      strerrordesc_np(-r));
			return false;
		}
		words += s->number || s->path ? 2 : 1;
	}
	return true;
}
