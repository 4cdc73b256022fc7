/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor.c - starting, watching and stopping the whole */
#include "supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base_die.h"
#include "base_fd.h"
#include "base_log.h"
#include "base_time.h"
#include "conf_load.h"
#include "publisher.h"
#include "recorder.h"
#include "role.h"
#include "supervisor_held.h"
#include "supervisor_internal.h"
#include "supervisor_notify.h"
#include "supervisor_pidfile.h"
#include "worker.h"

static const struct supervisor_times real_times = {
	.start_ms = 10000,
	.stop_ms = 10000,
	.settle_ms = 2000,
	.lived_ms = 5000,
	.delay_min_ms = 100,
	.delay_max_ms = 1000,
	.prepare_ms = 2000,
	.absent_ms = 2000,
	.nonsense_ms = 60000,
	.look_ms = 200,
	.put_back_ms = 1000,
	.lend_ms = 10,
	.again_ms = 10000,
	.publish_ms = PUBLISHER_STOP_MS + 1000,
	.delay_publisher_ms = 10000,
};

/* As long as a test says, where it says so. */
static struct supervisor_times times_of_now(void)
{
	struct supervisor_times t = real_times;

	t.start_ms = base_die_limit_ms(t.start_ms);
	t.stop_ms = base_die_limit_ms(t.stop_ms);
	t.settle_ms = base_die_settle_ms(t.settle_ms);
	t.prepare_ms = base_die_reload_ms(t.prepare_ms);
	t.again_ms = base_die_again_ms(t.again_ms);
	t.publish_ms = base_die_limit_ms(t.publish_ms);
	return t;
}

static const struct supervisor_roles real_roles = {
	.recorder = recorder_main,
	.worker = worker_main,
	.publisher = publisher_main,
};

static void signal_came(struct loop_watch *watch, uint32_t events)
{
	struct supervisor *s = WS_CONTAINER(watch, struct supervisor, signals);
	struct signalfd_siginfo info;

	(void)events;
	if (read(watch->fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGCHLD:
		supervisor_role_reap(s);
		return;
	case SIGHUP:
		supervisor_reload(s, NULL);
		return;
	default:
		supervisor_stop_asked(s);
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

static void watchdog_due(struct loop_timer *t, uint64_t now_ms)
{
	struct supervisor *s = WS_CONTAINER(t, struct supervisor, watchdog);

	supervisor_notify_alive();
	loop_timer_set(&s->loop, t, now_ms + supervisor_notify_period_ms());
}

static int start_roles(struct supervisor *s)
{
	int r;

	supervisor_child_init(s, &s->recorder, SUPERVISOR_RECORDER, 0);
	for (unsigned i = 0; i < s->n_workers; i++)
		supervisor_child_init(s, &s->workers[i], SUPERVISOR_WORKER, i);
	loop_timer_set(&s->loop, &s->limit,
		       base_time_mono_ms() + s->times->start_ms);
	if (supervisor_notify_period_ms())
		loop_timer_set(&s->loop, &s->watchdog, 0);
	r = supervisor_child_start(&s->recorder);
	for (unsigned i = 0; !r && i < s->n_workers; i++)
		r = supervisor_child_start(&s->workers[i]);
	base_die_at(BASE_DIE_SUPERVISOR_STARTED);
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
		r = supervisor_memory_make(s);
	if (!r)
		r = supervisor_publish_open(s);
	if (r) {
		base_err("cannot start: %s", strerrordesc_np(-r));
		return r;
	}
	r = supervisor_held_take(s);
	if (r)
		return r;
	if (s->conf->pidfile[0]) {
		s->pidfile = supervisor_pidfile_open(s->conf->pidfile);
		if (s->pidfile < 0)
			return s->pidfile;
	}
	r = supervisor_control_open(s);
	base_die_at(BASE_DIE_SUPERVISOR_OPENED);
	if (!r)
		r = supervisor_rules_open(s);
	if (!r)
		r = supervisor_watch_open(s);
	base_die_at(BASE_DIE_SUPERVISOR_LOCKED);
	if (!r)
		r = supervisor_listen(s);
	base_die_at(BASE_DIE_SUPERVISOR_LISTENING);
	return r ? r : drop_rights(s);
}

static void take_back(struct supervisor *s)
{
	supervisor_watch_close(s);
	supervisor_firewall_close(s);
	supervisor_rules_remove(s);
	if (s->state)
		supervisor_listen_close(s);
	supervisor_control_close(s);
	if (s->conf->pidfile[0])
		supervisor_pidfile_close(s->conf->pidfile, &s->pidfile);
	supervisor_held_close(s);
	supervisor_publish_close(s);
	loop_done(&s->loop);
	base_fd_close(&s->signals.fd);
}

static void init(struct supervisor *s, const struct supervisor_setup *setup)
{
	s->conf = setup->conf;
	s->conf_fd = setup->conf_fd;
	s->secrets = setup->secrets;
	s->input = setup->input;
	s->real = times_of_now();
	s->times = setup->times ? setup->times : &s->real;
	s->roles = setup->roles ? setup->roles : &real_roles;
	s->n_workers = s->conf->workers;
	s->rules = NFT_STATE_STOPPED;
	s->pidfile = s->signals.fd = s->loop.epoll_fd = s->state_fd = -1;
	s->limit.fire = supervisor_stop_limit;
	s->absent.fire = supervisor_role_absent;
	s->watchdog.fire = watchdog_due;
	s->lend.fire = supervisor_role_lend;
	for (size_t i = 0; i < WS_ARRAY_LEN(s->held); i++)
		s->held[i] = -1;
	for (unsigned i = 0; i < s->n_workers; i++)
		ring_map_init(&s->maps[i]);
	supervisor_reload_init(s);
	supervisor_control_init(s);
	supervisor_watch_init(s);
	supervisor_firewall_init(s);
	supervisor_publish_init(s);
}

int supervisor_run(const struct supervisor_setup *setup)
{
	struct supervisor *s = calloc(1, sizeof(*s));
	int status;

	if (!s) {
		base_err("out of memory");
		return 1;
	}
	init(s, setup);
	if (prepare(s) == 0) {
		if (start_roles(s))
			supervisor_stop(s, 1);
		if (loop_run(&s->loop)) {
			supervisor_stop_kill(s);
			s->status = 1;
		}
	} else {
		s->status = 1;
	}
	take_back(s);
	if (s->was_ready)
		supervisor_memory_totals(s);
	supervisor_memory_free(s);
	supervisor_state_close(s);
	base_fd_close(&s->conf_fd);
	conf_load_forget(s->secrets);
	status = s->status;
	free(s);
	return status;
}
