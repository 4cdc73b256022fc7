/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sink_exec.c - events to a program that reads lines
 *
 * Theory of operation
 *
 * The program gets a pipe as its standard input, one event a line. It gives
 * nothing back: its standard output is /dev/null, its standard error the
 * daemon's. What it has read is confirmed, and the pipe tells how much that is:
 *
 *	sent = all bytes that were written     held = FIONREAD, not read yet
 *	read = sent - held; an event is confirmed when its LF is read
 *
 * No program of ours can know what it does then: one that is killed in the
 * middle of a message that it had read does not get it again.
 *
 * No shell; no descriptor but those three; a process group of its own, which is
 * killed as a whole; a minimal environment; no capability, and no way to get
 * one (role.h). It is killed when the publisher dies. That it does not read is
 * said by a deadline, that it ended by waitpid(): at every look, and while idle
 * by the error that the pipe has then.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_attr.h"
#include "base_die.h"
#include "base_fd.h"
#include "base_time.h"
#include "conf_tables.h"
#include "sink.h"

#define IDLE_MS  1000
#define GRACE_MS 2000 /* to end when there is nothing more to read */
/* Between the end of its pipe and its own. */
#define ENDING_MS 200
/* Nothing says that a pipe was read, so it is asked again and again. */
#define LOOK_MIN_MS 1
#define LOOK_MAX_MS 20

/* Owned by the sink; sink_open() to sink_close(). */
struct program {
	pid_t pid; /* 0: it has ended, and is reaped */
	int pipe;
	uint64_t sent, read; /* bytes */
	int failed;          /* -errno: nothing more is written to it */
	int status;          /* when it has ended */
};

/* --- the child ------------------------------------------------------------ */

static char *const *environment(const struct sink *s, char *env[static 8],
				char name[static 64])
{
	static const char *const kept[] = { "PATH", "HOME", "LANG", "TZ" };
	unsigned n = 0;

	for (size_t i = 0; i < WS_ARRAY_LEN(kept); i++) {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
		const char *v = getenv(kept[i]);
		char *text;

		if (v && asprintf(&text, "%s=%s", kept[i], v) > 0)
			env[n++] = text;
	}
	(void)snprintf(name, 64, "WAYSIDE_SINK=%s", s->conf->name);
	env[n++] = name;
	env[n] = NULL;
	return env;
}

/* The strings lie behind each other, each with its NUL. */
static void arguments(const struct conf_secret *secret,
		      char *args[static CONF_ARGS_MAX + 1],
		      char room[static CONF_ARGS_LEN])
{
	unsigned n = 0;
	size_t at = 0;

	memcpy(room, secret->args, CONF_ARGS_LEN);
	room[CONF_ARGS_LEN - 1] = '\0';
	while (n < secret->n_args && n < CONF_ARGS_MAX && at < CONF_ARGS_LEN) {
		args[n++] = room + at;
		at += strlen(room + at) + 1;
	}
	args[n] = NULL;
}

/* Signals as every program expects them. */
static void plain_signals(void)
{
	const struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, &plain, NULL); /* not SIGKILL, SIGSTOP */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Between fork() and execve(). `fail` gets the errno. */
_Noreturn static void become(const struct sink *s, int in, int fail,
			     pid_t parent)
{
	char *args[CONF_ARGS_MAX + 1], room[CONF_ARGS_LEN];
	const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int err;

	plain_signals();
	(void)setsid(); /* cannot fail in a fresh child */
	arguments(s->secret, args, room);
	errno = 0;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 &&
	    getppid() == parent && null >= 0 && args[0] &&
	    dup2(in, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0) {
		char *env[8], name[64];

		/* all are CLOEXEC; this is for those of a library */
		(void)syscall(SYS_close_range, STDERR_FILENO + 1, ~0U,
			      1U << 2 /* CLOSE_RANGE_CLOEXEC */);
		(void)execve(args[0], args, environment(s, env, name));
	}
	err = errno ? errno : ESRCH; /* else the publisher is gone */
	(void)!write(fail, &err, sizeof(err));
	_exit(127);
}

/* --- its life ------------------------------------------------------------- */

/* With all that it has started: its group is known as long as it is not
 * reaped. */
static void kill_it(struct program *p)
{
	if (!p->pid)
		return;
	if (kill(-p->pid, SIGKILL) < 0) /* it has not made it yet */
		(void)kill(p->pid, SIGKILL);
	while (waitpid(p->pid, &p->status, 0) < 0 && errno == EINTR)
		;
	p->pid = 0;
}

static bool has_ended(struct program *p)
{
	siginfo_t info = { .si_pid = 0 };

	if (p->pid &&
	    waitid(P_PID, (id_t)p->pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
		    0 &&
	    info.si_pid == p->pid)
		kill_it(p);
	return !p->pid;
}

/* It ends, or `ms` are over. */
static void wait_for_end(struct sink *s, uint64_t ms)
{
	const uint64_t until = base_time_mono_ms() + ms;

	while (!has_ended(s->state) && base_time_mono_ms() < until &&
	       !(s->hurried && s->hurried(s->arg)))
		(void)poll(NULL, 0, LOOK_MAX_MS);
}

/* Nobody reads the pipe any more. */
static int say_ended(struct sink *s)
{
	struct program *p = s->state;

	wait_for_end(s, ENDING_MS);
	if (p->pid)
		sink_say(s, "the program has closed its standard input");
	else if (WIFSIGNALED(p->status))
		sink_say(s, "the program died of signal %d",
			 WTERMSIG(p->status));
	else
		sink_say(s, "the program ended with status %d",
			 WEXITSTATUS(p->status));
	return -EPIPE;
}

static void exec_close(struct sink *s)
{
	struct program *p = s->state;

	if (!p)
		return;
	base_fd_close(&p->pipe);
	s->fd = -1;
	if (!p->failed)
		wait_for_end(s, GRACE_MS);
	kill_it(p);
	free(p);
	s->state = NULL;
}

/* Return: the errno with which it could not be started; 0: it was. */
static int start(struct sink *s, int in, int fail[2])
{
	struct program *p = s->state;
	const pid_t self = getpid();
	int err = 0;
	ssize_t n;

	p->pid = fork();
	if (p->pid < 0) {
		p->pid = 0;
		return errno;
	}
	if (p->pid == 0)
		become(s, in, fail[1], self);
	base_fd_close(&fail[1]);
	do { /* ends with execve(), which closes the other end */
		n = read(fail[0], &err, sizeof(err));
	} while (n < 0 && errno == EINTR);
	return n == sizeof(err) ? err : 0;
}

static int exec_open(struct sink *s)
{
	WS_CLEAN(base_fd_close) int in = -1;
	int ends[2], fail[2], err;
	struct program *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->pipe = -1;
	s->state = p;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		sink_say(s, "pipe: %s", strerrordesc_np(errno));
		return -errno;
	}
	in = ends[0];
	p->pipe = ends[1];
	if (fcntl(p->pipe, F_SETFL, O_NONBLOCK) < 0 ||
	    pipe2(fail, O_CLOEXEC) < 0) {
		sink_say(s, "pipe: %s", strerrordesc_np(errno));
		return -errno;
	}
	err = start(s, in, fail);
	base_fd_close(&fail[0]);
	base_fd_close(&fail[1]);
	if (err) {
		p->failed = -err;
		sink_say(s, "cannot run %s: %s", s->secret->args,
			 strerrordesc_np(err));
		return -err;
	}
	s->fd = p->pipe;
	s->idle_ms = IDLE_MS;
	return 0;
}

/* --- events --------------------------------------------------------------- */

/* How far it has read. Return: true, further than before. */
static bool look(struct program *p)
{
	int held = 0;
	uint64_t read_now;

	if (ioctl(p->pipe, FIONREAD, &held) < 0)
		return false;
	read_now = p->sent - (uint64_t)held;
	if (read_now == p->read)
		return false;
	p->read = read_now;
	return true;
}

/* Writes what the pipe takes of e[*i...]; *at bytes of e[*i] and its LF are
 * written. Return: 0 all, -EAGAIN, -errno. */
static int push(struct program *p, const struct sink_event *e, unsigned n,
		unsigned *i, size_t *at)
{
	char lf[] = "\n";

	while (*i < n) {
		/* POSIX just leaves out the const: they are not changed */
		const size_t from = *at < e[*i].len ? *at : e[*i].len;
		const struct iovec iov[2] = {
			/* NOLINTNEXTLINE(performance-no-int-to-ptr): const */
			{ .iov_base = (void *)(uintptr_t)(e[*i].body + from),
			  .iov_len = e[*i].len - from },
			{ .iov_base = lf, .iov_len = 1 },
		};
		const ssize_t done = writev(p->pipe, iov, 2);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		p->sent += (size_t)done;
		*at += (size_t)done;
		if (*at > e[*i].len) {
			*at = 0;
			++*i;
		}
	}
	return 0;
}

/* How many of the events lie before p->read. */
static unsigned confirmed(const struct program *p, uint64_t before,
			  const struct sink_event *e, unsigned n)
{
	unsigned i = 0;

	while (i < n && before + e[i].len + 1 <= p->read)
		before += e[i++].len + 1;
	return i;
}

/* Until the pipe takes more (`full`), or is asked again. Return: 0, or -EPIPE:
 * nobody will read on. */
static int pause_until(struct sink *s, bool full, int ms)
{
	struct program *p = s->state;
	struct pollfd fd = { .fd = p->pipe, .events = full ? POLLOUT : 0 };

	if (poll(&fd, 1, ms) > 0 && (fd.revents & POLLERR))
		return -EPIPE;
	return has_ended(p) ? -EPIPE : 0;
}

/* Writes, and waits until all is read. Return: 0 or -errno. */
static int feed(struct sink *s, const struct sink_event *e, unsigned n)
{
	struct program *p = s->state;
	uint64_t until = base_time_mono_ms() + s->conf->timeout_ms;
	int ms = LOOK_MIN_MS, r;
	unsigned i = 0;
	size_t at = 0;

	do {
		r = push(p, e, n, &i, &at);
		if (r && r != -EAGAIN)
			return r;
		if (!r)
			base_die_at(BASE_DIE_SINK_PUT);
		if (look(p)) {
			until = base_time_mono_ms() + s->conf->timeout_ms;
			ms = LOOK_MIN_MS;
		}
		if (!r && p->read == p->sent)
			return 0;
		if (s->hurried && s->hurried(s->arg))
			return -ECANCELED;
		if (base_time_mono_ms() >= until)
			return -ETIMEDOUT;
		r = pause_until(s, r == -EAGAIN, ms);
		ms = ms < LOOK_MAX_MS / 2 ? 2 * ms : LOOK_MAX_MS;
	} while (!r);
	return r;
}

static int exec_put(struct sink *s, const struct sink_event *e, unsigned n)
{
	struct program *p = s->state;
	const uint64_t before = p->sent;
	unsigned done;

	if (p->failed)
		return p->failed;
	p->failed = feed(s, e, n);
	if (!p->failed)
		return (int)n;
	if (p->failed == -EPIPE)
		(void)say_ended(s);
	else if (p->failed == -ETIMEDOUT)
		sink_say(s, "the program has read nothing for %u ms",
			 (unsigned)s->conf->timeout_ms);
	else
		sink_say(s, "pipe: %s", strerrordesc_np(-p->failed));
	(void)look(p); /* it may have read on, and then ended */
	done = confirmed(p, before, e, n);
	return done ? (int)done : p->failed;
}

static int exec_idle(struct sink *s)
{
	struct program *p = s->state;

	if (!p->failed && pause_until(s, false, 0))
		p->failed = say_ended(s);
	return p->failed;
}

static const struct sink_ops ops = {
	.open = exec_open,
	.put = exec_put,
	.idle = exec_idle,
	.close = exec_close,
};

const struct sink_ops *const sink_exec = &ops;
