/* SPDX-License-Identifier: GPL-3.0-or-later */
/* publisher.c - the process that brings events from the store to one sink */
#include "publisher.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base_die.h"
#include "base_fd.h"
#include "base_log.h"
#include "base_time.h"
#include "conf_tables.h"
#include "publisher_batch.h"
#include "role.h"
#include "role_channel.h"
#include "sink.h"
#include "sink_backoff.h"
#include "store.h"
#include "store_cursor.h"
#include "store_read.h"

#define AGAIN_MS 1000  /* a store that cannot be read is asked again */
#define TELL_MS  60000 /* the same failure is said so often */

/* SQLite, the resolver, a connection, and OpenSSL. */
static const char *const syscalls[] = {
	"access",
	"bind",
	"clock_nanosleep",
	"connect",
	"epoll_create1",
	"epoll_ctl",
	"epoll_pwait",
	"epoll_wait",
	"faccessat",
	"faccessat2",
	"fchmod",
	"fchown",
	"fcntl",
	"fdatasync",
	"fstatfs",
	"fsync",
	"ftruncate",
	"getcwd",
	"getdents64",
	"getegid",
	"geteuid",
	"getgid",
	"getpeername",
	"getppid",
	"getsockname",
	"getsockopt",
	"getuid",
	"ioctl",
	"lstat",
	"nanosleep",
	"open",
	"openat",
	"pread64",
	"prlimit64",
	"pselect6",
	"pwrite64",
	"readlink",
	"readlinkat",
	"recvfrom",
	"recvmmsg",
	"recvmsg",
	"rename",
	"renameat",
	"renameat2",
	"sched_getaffinity",
	"sched_yield",
	"select",
	"sendmmsg",
	"sendmsg",
	"sendto",
	"setsockopt",
	"shutdown",
	"socket",
	"stat",
	"statfs",
	"sysinfo",
	"uname",
	"unlink",
	NULL,
};

/* What was said last of one kind of failure. */
struct told {
	char text[256];
	uint64_t again_ms;
};

/* What the cursor's file was at the start. */
enum begun {
	BEGUN_NEW,
	BEGUN_BROKEN,
	BEGUN_KNOWN
};

struct publisher {
	const struct publisher_setup *setup;
	struct sink sink;
	bool open;
	struct sink_backoff backoff;
	uint64_t open_at_ms; /* it is tried again */
	uint64_t idle_at_ms; /* it wants to be served */
	uint64_t returned;   /* sink.returned that is in the cursor */
	struct store_reader *reader;
	uint64_t store_at_ms; /* the store is tried again */
	bool more;            /* it may have more than the batch */
	struct publisher_batch *batch;
	int64_t put_to;   /* the last event that was handed over */
	int64_t again_to; /* those up to it are handed over again */
	struct store_cursor cursor;
	enum begun begun;
	bool dirty; /* the cursor's file is behind it */
	uint64_t keep_at_ms;
	bool stopping;
	uint64_t stop_at_ms;
	struct told told_sink, told_store, told_cursor;
	bool failed; /* said, and nothing confirmed since */
};

/* --- words ---------------------------------------------------------------- */

/* A new failure, or the same for long: it may be said. */
static bool may_tell(struct told *t, const char *text)
{
	const uint64_t now = base_time_mono_ms();

	if (!strcmp(t->text, text) && now < t->again_ms)
		return false;
	(void)snprintf(t->text, sizeof(t->text), "%s", text);
	t->again_ms = now + TELL_MS;
	return true;
}

static void keep(struct publisher *p, bool now_or_never)
{
	const struct publisher_setup *setup = p->setup;
	const uint64_t now = base_time_mono_ms();
	uint64_t pause = setup->flash ? PUBLISHER_FLASH_MS : PUBLISHER_KEEP_MS;
	int r;

	if (!p->dirty || !p->reader || (now < p->keep_at_ms && !now_or_never))
		return;
	p->cursor.changed_ms = base_time_wall_ns() / 1000000;
	r = store_cursor_write(setup->store, setup->sink->name, &p->cursor,
			       !setup->flash);
	p->dirty = r != 0;
	if (r && may_tell(&p->told_cursor, strerrordesc_np(-r)))
		base_err("cannot write the cursor of %s: %s: retrying",
			 setup->sink->name, strerrordesc_np(-r));
	if (r)
		pause = AGAIN_MS;
	p->keep_at_ms = now + pause;
}

static void note_error(struct publisher *p)
{
	struct store_cursor *c = &p->cursor;

	(void)snprintf(c->error, sizeof(c->error), "%s", p->sink.why);
	c->error_ms = base_time_wall_ns() / 1000000;
	p->dirty = true;
}

/* --- the supervisor ------------------------------------------------------- */

static void stop(struct publisher *p)
{
	if (!p->stopping)
		p->stop_at_ms = base_time_mono_ms() + PUBLISHER_STOP_MS;
	p->stopping = true;
}

static void supervisor_spoke(struct publisher *p)
{
	WS_CLEAN(base_fd_close) int with = -1;
	struct role_message m;
	int n;

	if (p->stopping)
		return;
	n = role_channel_receive(p->setup->channel, &m, &with);
	if (n < 0 || (n > 0 && m.type == ROLE_STOP))
		stop(p);
}

/* The sink asks while it waits. */
static bool hurried(void *arg)
{
	struct publisher *p = arg;

	supervisor_spoke(p);
	return p->stopping &&
	       (!p->open || base_time_mono_ms() >= p->stop_at_ms);
}

/* --- the store ------------------------------------------------------------ */

static void detach(struct publisher *p)
{
	store_reader_close(p->reader);
	p->reader = NULL;
}

static void trouble(struct publisher *p, int r, const struct store_error *why)
{
	const char *text = why->text[0] ? why->text : strerrordesc_np(-r);

	keep(p, true);
	detach(p);
	p->store_at_ms = base_time_mono_ms() + AGAIN_MS;
	/* there is none before the recorder has made it */
	if (r != -ENOENT && may_tell(&p->told_store, text))
		base_err("cannot read the store: %s: retrying", text);
}

/* Where in this store? */
static void begin(struct publisher *p, const struct store_extent *x)
{
	const int64_t oldest = x->first <= x->last ? x->first - 1 : x->last;
	struct store_cursor *c = &p->cursor;

	if (p->begun == BEGUN_NEW) {
		c->event = p->setup->sink->from == CONF_SINK_FROM_NEWEST
				   ? x->last
				   : oldest;
	} else if (p->begun == BEGUN_BROKEN || c->store != x->store) {
		if (p->begun == BEGUN_BROKEN)
			base_err("the cursor of %s makes no sense: beginning "
				 "at the oldest event",
				 p->setup->sink->name);
		else
			base_warn("the store is another one: beginning at its "
				  "oldest event");
		c->event = oldest;
		c->anew++;
	} else if (c->event > x->last) {
		base_warn("the store has lost events that %s already has: "
			  "going on behind event %" PRId64,
			  p->setup->sink->name, x->last);
		c->event = x->last;
	} else if (p->begun == BEGUN_KNOWN) {
		return;
	}
	p->begun = BEGUN_KNOWN;
	p->put_to = p->again_to = 0; /* numbers of another row */
	c->store = x->store;
	p->dirty = true;
}

static void attach(struct publisher *p)
{
	struct store_error why = { "" };
	struct store_extent x;
	int r = store_reader_open(p->setup->store, &p->reader, &why);

	if (!r)
		r = store_read_extent(p->reader, &x, &why);
	if (r) {
		trouble(p, r, &why);
		return;
	}
	begin(p, &x);
	p->more = true;
}

/* Up to number `to` all is confirmed, or lost. */
static void advance(struct publisher *p, int64_t to, bool lost)
{
	struct store_cursor *c = &p->cursor;

	c->lost += (uint64_t)(to - c->event) - !lost;
	c->confirmed += !lost;
	c->event = to;
	p->dirty = true;
}

/* No row is behind the cursor: is that the end, or were they deleted? */
static void at_end(struct publisher *p)
{
	struct store_error why = { "" };
	struct store_extent x;
	const int r = store_read_extent(p->reader, &x, &why);

	if (r) {
		trouble(p, r, &why);
		return;
	}
	if (x.first > x.last && x.last > p->cursor.event)
		advance(p, x.last, true);
	p->more = x.last > p->cursor.event;
}

/* The batch is empty. */
static void fill(struct publisher *p)
{
	const struct sink_event *events;
	struct store_error why = { "" };
	int64_t last;
	int r;

	if (!store_reader_current(p->reader)) { /* it was set aside */
		keep(p, true);
		detach(p);
		p->store_at_ms = 0;
		return;
	}
	r = publisher_batch_read(p->batch, p->reader, p->cursor.event, &last,
				 &why);
	if (r) {
		trouble(p, r, &why);
		return;
	}
	base_die_at(BASE_DIE_SINK_READ);
	if (publisher_batch_left(p->batch, &events))
		return;
	if (last > p->cursor.event)
		advance(p, last, true);
	else
		at_end(p);
}

/* --- the sink ------------------------------------------------------------- */

static void close_sink(struct publisher *p)
{
	p->sink.ops->close(&p->sink);
	p->open = false;
	p->cursor.connected = false;
	p->dirty = true;
}

static void failed(struct publisher *p, int error)
{
	const char *target = p->setup->sink->target, *why = p->sink.why;
	const uint32_t delay = sink_backoff_failed(
		&p->backoff, error == -EINVAL, base_time_mono_ms());

	close_sink(p);
	p->open_at_ms = base_time_mono_ms() + delay;
	if (error == -ECANCELED)
		return;
	if (!why[0])
		sink_say(&p->sink, "%s", strerrordesc_np(-error));
	note_error(p);
	if (may_tell(&p->told_sink, why)) {
		base_warn("cannot publish to %s: %s: retrying", target, why);
		p->failed = true;
	}
}

/* SIGTERM ends us in it, since it may take long (publisher.h). */
static int open_sink(struct publisher *p)
{
	sigset_t term;
	int r;

	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	p->sink.why[0] = '\0';
	(void)sigprocmask(SIG_UNBLOCK, &term, NULL);
	r = p->sink.ops->open(&p->sink);
	(void)sigprocmask(SIG_BLOCK, &term, NULL);
	return r;
}

static void try_open(struct publisher *p)
{
	int r;

	keep(p, true);
	r = open_sink(p);
	if (r) {
		failed(p, r);
		return;
	}
	p->open = true;
	p->idle_at_ms = base_time_mono_ms() + p->sink.idle_ms;
	p->again_to = p->put_to;
	p->cursor.connected = true;
	p->dirty = true;
	keep(p, true); /* the first answer may take long */
	sink_backoff_opened(&p->backoff, base_time_mono_ms());
}

static void confirmed(struct publisher *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		advance(p, publisher_batch_number(p->batch, i), false);
	publisher_batch_drop(p->batch, n);
	sink_backoff_worked(&p->backoff);
	if (p->failed)
		base_notice("publishing to %s again", p->setup->sink->target);
	p->failed = false;
	base_die_at(BASE_DIE_SINK_CONFIRMED);
}

/* Those that it had handed over before the sink failed. */
static void count_again(struct publisher *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p->cursor.retried += publisher_batch_number(p->batch, i) <=
				     p->again_to;
	p->again_to = 0;
	p->put_to = publisher_batch_number(p->batch, n - 1);
}

static void put(struct publisher *p)
{
	struct sink *s = &p->sink;
	const struct sink_event *events;
	const unsigned n = publisher_batch_left(p->batch, &events);
	int r;

	if (!n)
		return;
	count_again(p, n);
	r = s->ops->put(s, events, n);
	p->cursor.returned += s->returned - p->returned;
	p->returned = s->returned;
	p->idle_at_ms = base_time_mono_ms() + s->idle_ms;
	if (r > 0) {
		confirmed(p, (unsigned)r < n ? (unsigned)r : n);
	} else if (r == -EAGAIN) {
		note_error(p);
		if (may_tell(&p->told_sink, s->why)) {
			base_warn("%s lets us wait: %s", p->setup->sink->target,
				  s->why);
			p->failed = true;
		}
	} else {
		failed(p, r ? r : -EPROTO);
	}
}

static void serve(struct publisher *p)
{
	int r;

	r = p->sink.ops->idle(&p->sink);
	p->idle_at_ms = base_time_mono_ms() + p->sink.idle_ms;
	if (r < 0)
		failed(p, r);
}

/* --- the loop ------------------------------------------------------------- */

static unsigned left(const struct publisher *p)
{
	const struct sink_event *events;

	return publisher_batch_left(p->batch, &events);
}

static bool busy(const struct publisher *p)
{
	return p->open && (left(p) || (p->reader && p->more));
}

static void soonest(uint64_t *until, bool when, uint64_t at)
{
	if (when && at < *until)
		*until = at;
}

/* How long nothing has to be done by itself. */
static int quiet_ms(const struct publisher *p)
{
	const uint64_t now = base_time_mono_ms();
	uint64_t until = UINT64_MAX;

	if (busy(p))
		return 0;
	soonest(&until, !p->open, p->open_at_ms);
	soonest(&until, p->open && p->sink.idle_ms, p->idle_at_ms);
	soonest(&until, p->dirty && p->reader, p->keep_at_ms);
	soonest(&until, !p->reader && !left(p), p->store_at_ms);
	soonest(&until, p->stopping, p->stop_at_ms);
	if (until <= now)
		return 0;
	return until - now < INT32_MAX ? (int)(until - now) : -1;
}

/* Waits until there is something to do. */
static int listen_to_all(struct publisher *p)
{
	struct pollfd fds[] = {
		{ .fd = p->stopping ? -1 : p->setup->channel,
		  .events = POLLIN },
		{ .fd = p->setup->kick, .events = POLLIN },
		{ .fd = p->open ? p->sink.fd : -1, .events = POLLIN },
	};
	uint64_t n;

	if (poll(fds, WS_ARRAY_LEN(fds), quiet_ms(p)) < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[0].revents)
		supervisor_spoke(p);
	if (fds[1].revents) {
		/* fails when our successor was quicker: it is the same */
		(void)!read(p->setup->kick, &n, sizeof(n));
		p->more = true;
	}
	if (p->open && !busy(p) &&
	    (fds[2].revents ||
	     (p->sink.idle_ms && base_time_mono_ms() >= p->idle_at_ms)))
		serve(p);
	return 0;
}

static bool finished(const struct publisher *p)
{
	return p->stopping &&
	       (!busy(p) || base_time_mono_ms() >= p->stop_at_ms);
}

static int run(struct publisher *p)
{
	int r = role_channel_say(p->setup->channel, ROLE_READY);

	while (!r && !finished(p)) {
		if (!p->reader && !left(p) &&
		    base_time_mono_ms() >= p->store_at_ms)
			attach(p);
		if (!p->open && base_time_mono_ms() >= p->open_at_ms)
			try_open(p);
		if (busy(p) && !left(p))
			fill(p);
		if (busy(p))
			put(p);
		keep(p, false);
		r = listen_to_all(p);
	}
	keep(p, true); /* before what may take time */
	if (p->open)
		close_sink(p);
	keep(p, true);
	detach(p);
	return r;
}

static uint32_t chance(void)
{
	uint32_t v = 0;

	(void)!getrandom(&v, sizeof(v), GRND_NONBLOCK);
	return v;
}

/* How far did the predecessor come? */
static int take_over(struct publisher *p)
{
	const int r = store_cursor_read(p->setup->store, p->setup->sink->name,
					&p->cursor);

	p->cursor.connected = false;
	if (r == -ENOENT)
		p->begun = BEGUN_NEW;
	else if (r == -EBADMSG)
		p->begun = BEGUN_BROKEN;
	else if (r)
		base_err("cannot read the cursor of %s: %s",
			 p->setup->sink->name, strerrordesc_np(-r));
	else
		p->begun = BEGUN_KNOWN;
	return r == -ENOENT || r == -EBADMSG ? 0 : r;
}

int publisher_main(const struct publisher_setup *setup, pid_t parent)
{
	struct publisher p = { .setup = setup };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	char name[CONF_NAME_LEN + 16];
	/* a filter would be the program's, too (role.h) */
	const struct role role = {
		.name = name,
		.syscalls = setup->sink->kind == CONF_SINK_EXEC ? NULL
								: syscalls,
	};
	int r;

	(void)snprintf(name, sizeof(name), "publisher/%s", setup->sink->name);
	(void)sigaction(SIGPIPE, &ignore, NULL);
	if (role_enter(&role, parent))
		return 1;
	sink_backoff_init(&p.backoff, chance);
	r = sink_init(&p.sink, setup->sink, setup->secret);
	if (r) {
		base_err("this build cannot publish to %s",
			 setup->sink->target);
		return 1;
	}
	p.sink.hurried = hurried;
	p.sink.arg = &p;
	p.batch = publisher_batch_new(setup->sink->format);
	if (!p.batch) {
		base_err("out of memory");
		return 1;
	}
	r = take_over(&p);
	if (!r)
		r = run(&p);
	publisher_batch_free(p.batch);
	return r ? 1 : 0;
}
