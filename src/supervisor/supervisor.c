/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor.c - starting, watching and stopping the whole */
#include "supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_log.h"
#include "base_time.h"
#include "ring_pool.h"
#include "role.h"
#include "role_channel.h"
#include "stat.h"
#include "supervisor_internal.h"
#include "supervisor_pidfile.h"

/* Descriptors of a worker that are not flows; two a flow come on top. */
#define WORKER_FDS 200
/* Pending bytes of one worker at most: design, flow table. */
#define POOL_BLOCKS (64U << 20)

static bool workers_gone(const struct supervisor *s)
{
	for (unsigned i = 0; i < s->n_workers; i++) {
		if (s->workers[i].pid)
			return false;
	}
	return true;
}

static void finished(struct supervisor *s)
{
	supervisor_phase(s, SUPERVISOR_STOPPED);
	loop_stop(&s->loop);
}

/* One that has just died is started once more: the rings are still full. */
static void stop_recorder(struct supervisor *s)
{
	supervisor_phase(s, SUPERVISOR_STOPPING_RECORDER);
	if (!s->recorder.pid &&
	    (!s->was_ready || supervisor_child_start(&s->recorder)))
		finished(s);
	else
		supervisor_child_stop(&s->recorder);
}

/* New connections go direct from here on: nobody listens any more. */
static void stop(struct supervisor *s, int status)
{
	if (s->phase >= SUPERVISOR_STOPPING_WORKERS)
		return;
	supervisor_phase(s, SUPERVISOR_STOPPING_WORKERS);
	s->status = status;
	if (s->was_ready)
		base_notice("stopping");
	supervisor_listen_close(s);
	loop_timer_clear(&s->loop, &s->recorder.restart);
	for (unsigned i = 0; i < s->n_workers; i++)
		supervisor_child_stop(&s->workers[i]);
	loop_timer_set(&s->loop, &s->limit,
		       loop_now_ms(&s->loop) + SUPERVISOR_STOP_MS);
	if (workers_gone(s))
		stop_recorder(s);
}

static void kill_workers(struct supervisor *s)
{
	for (unsigned i = 0; i < s->n_workers; i++) {
		if (s->workers[i].pid)
			(void)kill(s->workers[i].pid, SIGKILL);
	}
}

static void kill_all(struct supervisor *s)
{
	kill_workers(s);
	if (s->recorder.pid)
		(void)kill(s->recorder.pid, SIGKILL);
}

/* Starting or stopping took too long. */
static void limit_reached(struct loop_timer *t, uint64_t now_ms)
{
	struct supervisor *s = WS_CONTAINER(t, struct supervisor, limit);

	if (s->phase == SUPERVISOR_STARTING) {
		base_err("not all processes were ready after %d ms",
			 SUPERVISOR_START_MS);
		stop(s, 1);
		return;
	}
	base_err("processes that did not stop in %d ms are killed",
		 SUPERVISOR_STOP_MS);
	s->status = 1;
	/* the recorder still has to empty the rings of the workers */
	if (s->phase == SUPERVISOR_STOPPING_WORKERS)
		kill_workers(s);
	else
		kill_all(s);
	loop_timer_set(&s->loop, t, now_ms + SUPERVISOR_STOP_MS);
}

static bool all_ready(const struct supervisor *s)
{
	for (unsigned i = 0; i < s->n_workers; i++) {
		if (!s->workers[i].ready)
			return false;
	}
	return s->recorder.ready;
}

static void run(struct supervisor *s)
{
	loop_timer_clear(&s->loop, &s->limit);
	if (supervisor_rules_install(s)) {
		stop(s, 1);
		return;
	}
	supervisor_phase(s, SUPERVISOR_RUNNING);
	s->was_ready = true;
	base_notice("ready: %u workers, %s", s->n_workers,
		    s->nft ? "rules installed" : "fixed-remote mode");
}

void supervisor_child_spoke(struct loop_watch *watch, uint32_t events)
{
	struct supervisor_child *c =
		WS_CONTAINER(watch, struct supervisor_child, channel);
	struct supervisor *s = c->supervisor;
	struct role_message message;
	const int r = role_channel_receive(watch->fd, &message, NULL);
	char name[32];

	(void)events;
	if (r < 0) { /* it is ending: SIGCHLD says how */
		loop_watch_remove(&s->loop, watch);
		base_fd_close(&watch->fd);
		return;
	}
	if (r == 0 || message.type != ROLE_READY)
		return;
	c->ready = true;
	supervisor_state_ready(c);
	if (s->phase == SUPERVISOR_STARTING && all_ready(s)) {
		run(s);
	} else if (s->phase == SUPERVISOR_RUNNING) {
		supervisor_child_name(c, name);
		base_notice("%s is back restarts=%u", name, c->restarts);
	}
}

void supervisor_child_restart(struct loop_timer *t, uint64_t now_ms)
{
	struct supervisor_child *c =
		WS_CONTAINER(t, struct supervisor_child, restart);

	(void)now_ms;
	c->restarts++;
	if (supervisor_child_start(c))
		loop_timer_set(&c->supervisor->loop, t,
			       now_ms + RESTART_DELAY_MAX_MS);
}

static void schedule_restart(struct supervisor_child *c, uint64_t now)
{
	uint32_t delay = 0;

	if (now - c->started_ms >= RESTART_LIVED_MS) {
		c->delay_ms = RESTART_DELAY_MIN_MS;
	} else {
		delay = c->delay_ms;
		c->delay_ms = delay < RESTART_DELAY_MAX_MS / 2
				      ? 2 * delay
				      : RESTART_DELAY_MAX_MS;
	}
	loop_timer_set(&c->supervisor->loop, &c->restart, now + delay);
}

static void describe(int status, char buf[static 48])
{
	if (WIFSIGNALED(status))
		(void)snprintf(buf, 48, "died of signal %d", WTERMSIG(status));
	else
		(void)snprintf(buf, 48, "ended with status %d",
			       WEXITSTATUS(status));
}

static void child_ended(struct supervisor *s, struct supervisor_child *c,
			int status)
{
	char name[32], how[48];

	supervisor_child_name(c, name);
	describe(status, how);
	supervisor_child_gone(c, status);
	switch (s->phase) {
	case SUPERVISOR_STARTING:
		/* one that ended by itself has said why */
		if (!WIFEXITED(status))
			base_err("%s %s: cannot start", name, how);
		stop(s, 1);
		return;
	case SUPERVISOR_RUNNING:
	case SUPERVISOR_DRAINING:
		base_err("%s %s: restarting", name, how);
		schedule_restart(c, base_time_mono_ms());
		return;
	case SUPERVISOR_STOPPING_WORKERS:
	case SUPERVISOR_STOPPING_RECORDER:
		if (status) {
			base_err("%s %s while stopping", name, how);
			s->status = 1;
		}
		if (c == &s->recorder &&
		    s->phase == SUPERVISOR_STOPPING_RECORDER)
			finished(s);
		else if (s->phase == SUPERVISOR_STOPPING_WORKERS &&
			 workers_gone(s))
			stop_recorder(s);
		return;
	case SUPERVISOR_STOPPED:
		return;
	}
}

static void reap_children(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == s->recorder.pid) {
			child_ended(s, &s->recorder, status);
			continue;
		}
		for (unsigned i = 0; i < s->n_workers; i++) {
			if (s->workers[i].pid == pid)
				child_ended(s, &s->workers[i], status);
		}
	}
}

static void signal_came(struct loop_watch *watch, uint32_t events)
{
	struct supervisor *s = WS_CONTAINER(watch, struct supervisor, signals);
	struct signalfd_siginfo info;

	(void)events;
	if (read(watch->fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGCHLD:
		reap_children(s);
		return;
	case SIGHUP:
		base_warn("SIGHUP: this version cannot reload; restart it to "
			  "change the configuration");
		return;
	default:
		stop(s, 0);
		return;
	}
}

/* Children inherit the blocked signals: a terminal's Ctrl-C reaches the whole
 * group, but only the supervisor decides in which order to end. */
static int watch_signals(struct supervisor *s)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	/* these two come back as errno: EPIPE, EFBIG */
	(void)sigaddset(&set, SIGPIPE);
	(void)sigaddset(&set, SIGXFSZ);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	(void)sigdelset(&set, SIGPIPE);
	(void)sigdelset(&set, SIGXFSZ);
	s->signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals.fd < 0)
		return -errno;
	s->signals.ready = signal_came;
	return loop_watch_add(&s->loop, &s->signals, EPOLLIN);
}

/* Slots of each worker: any one may hold all of max_flows, as far as its
 * descriptors go; 0: there are too few for a single flow. */
static uint32_t slots_per_worker(const struct supervisor *s)
{
	struct rlimit limit;
	const uint64_t all = s->conf->max_flows;
	uint64_t most;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	most = limit.rlim_cur > WORKER_FDS ? (limit.rlim_cur - WORKER_FDS) / 2
					   : 0;
	if (most * s->n_workers >= all || !most)
		return (uint32_t)(all < most ? all : most);
	base_warn("%u flows of max_flows are possible: %u workers of %llu "
		  "descriptors each",
		  (unsigned)(most * s->n_workers), s->n_workers,
		  (unsigned long long)limit.rlim_cur);
	return (uint32_t)most;
}

/*
 * Connection ids name capture files. When a file was made in the log directory
 * in this very second, a predecessor may have used ids of it: we then count
 * from the microsecond, beyond whatever it can have counted to.
 */
static struct ring_shared *new_shared(const struct supervisor *s)
{
	const uint64_t now = base_time_wall_ns();
	const uint64_t second = now / BASE_TIME_NS_PER_S;
	struct stat st;

	if (stat(s->conf->log_dir, &st) == 0 &&
	    (uint64_t)st.st_mtim.tv_sec < second)
		return ring_shared_new(second, 0, s->conf->max_flows);
	return ring_shared_new(second,
			       (uint32_t)(now % BASE_TIME_NS_PER_S / 1000),
			       s->conf->max_flows);
}

static int make_memory(struct supervisor *s)
{
	const uint32_t n_slots = slots_per_worker(s);

	if (!n_slots)
		return -EMFILE;
	s->shared = new_shared(s);
	if (!s->shared)
		return -ENOMEM;
	for (unsigned i = 0; i < s->n_workers; i++) {
		const struct ring_map_size size = {
			.worker = i,
			.n_slots = n_slots,
			.n_readers = RING_READER_MAX,
			.ring_size = s->conf->ring_size,
			.pool_size = ring_pool_bytes(POOL_BLOCKS),
		};
		const int r = ring_map_create(&s->maps[i], &size);

		if (r)
			return r;
	}
	return 0;
}

static int start_roles(struct supervisor *s)
{
	int r;

	supervisor_child_init(s, &s->recorder, -1);
	for (unsigned i = 0; i < s->n_workers; i++)
		supervisor_child_init(s, &s->workers[i], (int)i);
	loop_timer_set(&s->loop, &s->limit,
		       base_time_mono_ms() + SUPERVISOR_START_MS);
	r = supervisor_child_start(&s->recorder);
	for (unsigned i = 0; !r && i < s->n_workers; i++)
		r = supervisor_child_start(&s->workers[i]);
	return r;
}

/* What rules and workers need, once all is open. */
static int drop_rights(const struct supervisor *s)
{
	return role_keep(
		s->nft ? ROLE_CAP(CAP_NET_ADMIN) | ROLE_CAP(CAP_NET_RAW) : 0);
}

/* Everything that can fail before a process is started. */
static int prepare(struct supervisor *s)
{
	int r = loop_init(&s->loop, NULL, NULL);

	if (!r)
		r = supervisor_state_open(s);
	if (!r)
		r = watch_signals(s);
	if (!r)
		r = make_memory(s);
	if (r) {
		base_err("cannot start: %s", strerrordesc_np(-r));
		return r;
	}
	if (s->conf->pidfile[0]) {
		s->pidfile = supervisor_pidfile_open(s->conf->pidfile);
		if (s->pidfile < 0)
			return s->pidfile;
	}
	r = supervisor_rules_open(s);
	if (!r)
		r = supervisor_listen(s);
	return r ? r : drop_rights(s);
}

/* What happened in all, from the shared pages: zeros are left out. */
static void log_totals(const struct supervisor *s)
{
	char line[900] = "";
	size_t len = 0;

	for (int id = 0; id < STAT_MAX; id++) {
		uint64_t n = 0;

		for (unsigned i = 0; i < s->n_workers; i++) {
			const struct ring_map *m = &s->maps[i];

			n += stat_get(&m->control->stat, id);
			for (uint32_t j = 0; j < m->n_readers; j++)
				n += stat_get(&m->cursors[j]->stat, id);
		}
		if (n && len < sizeof(line))
			len += (size_t)snprintf(line + len, sizeof(line) - len,
						" %s=%llu", stat_table[id].name,
						(unsigned long long)n);
	}
	base_notice("stopped%s", line);
}

static void take_back(struct supervisor *s)
{
	supervisor_rules_remove(s);
	if (s->state)
		supervisor_listen_close(s);
	if (s->conf->pidfile[0])
		supervisor_pidfile_close(s->conf->pidfile, &s->pidfile);
	loop_done(&s->loop);
	base_fd_close(&s->signals.fd);
}

static void free_memory(struct supervisor *s)
{
	for (unsigned i = 0; i < s->n_workers; i++)
		ring_map_destroy(&s->maps[i]);
	ring_shared_free(s->shared);
	supervisor_state_close(s);
	base_fd_close(&s->conf_fd);
}

int supervisor_run(const struct supervisor_setup *setup)
{
	struct supervisor *s = calloc(1, sizeof(*s));
	int status;

	if (!s) {
		base_err("out of memory");
		return 1;
	}
	s->conf = setup->conf;
	s->conf_fd = setup->conf_fd;
	s->input = setup->input;
	s->n_workers = s->conf->workers;
	s->pidfile = s->signals.fd = s->loop.epoll_fd = s->state_fd = -1;
	s->limit.fire = limit_reached;
	for (unsigned i = 0; i < s->n_workers; i++)
		ring_map_init(&s->maps[i]);
	if (prepare(s) == 0) {
		if (start_roles(s))
			stop(s, 1);
		if (loop_run(&s->loop)) {
			kill_all(s);
			s->status = 1;
		}
	} else {
		s->status = 1;
	}
	take_back(s);
	if (s->was_ready)
		log_totals(s);
	free_memory(s);
	status = s->status;
	free(s);
	return status;
}
