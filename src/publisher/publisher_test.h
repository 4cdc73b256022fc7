/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * publisher_test.h - a real store, a real publisher, and a sink with a script
 *
 * The test is recorder, supervisor and the other side: it writes the store,
 * runs publisher_main() as a child, and reads what came in shared memory. The
 * program is linked with --wrap for sink_init(), so the sink's functions are
 * those of the script below, and for poll() and base_time_mono_ms(): time is
 * the test's. Where the publisher would sleep, the clock jumps to when it would
 * wake, but for the millisecond in which somebody else may have come first.
 */
#ifndef PUBLISHER_TEST_H
#define PUBLISHER_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base_attr.h"
#include "base_die.h"
#include "base_fd.h"
#include "base_test.h"
#include "base_test_dir.h"
#include "base_time.h"
#include "conf_tables.h"
#include "publisher.h"
#include "role_channel.h"
#include "sink.h"
#include "store.h"
#include "store_cursor.h"

#define WRITER    0x77
#define START_MS  1762179901000ULL /* 2025-11-03 14:25:01 UTC */
#define PLAN_MAX  64
#define CAME_MAX  65536
#define OPENS_MAX 64
#define ALL       0 /* in a plan: all are confirmed */

/* Shared by the test and all its publishers. */
struct page {
	_Atomic uint64_t clock_ms;
	/* the script */
	_Atomic int open_result;    /* 0 or -errno */
	_Atomic int plan[PLAN_MAX]; /* of each put: ALL, so many, or -errno */
	_Atomic unsigned put_ms;    /* a put takes so long */
	_Atomic unsigned idle_ms;   /* of the sink */
	_Atomic int idle_result;
	_Atomic bool open_hangs;
	_Atomic bool said_connected; /* at the last put, by the cursor's file */
	_Atomic unsigned returned;   /* of each put */
	/* what came */
	_Atomic unsigned opens, closes, idles, puts, renames, syncs;
	_Atomic uint64_t opened_ms[OPENS_MAX];
	_Atomic unsigned largest; /* put */
	_Atomic unsigned n_came;
	_Atomic uint32_t came[CAME_MAX]; /* numbers of events, in order */
	_Atomic unsigned wrong;          /* not what was put into the store */
};

struct lab {
	char dir[64], store_path[96];
	struct page *page;
	struct conf_sink conf;
	struct conf_secret secret;
	struct store *store;
	struct store_options options;
	uint64_t seq;
	unsigned events; /* added so far */
	size_t padding;  /* of each event */
	int kick, channel, sink_fd;
	bool flash;
	unsigned deaths;
	pid_t publisher;
};

static struct lab *lab; /* for the functions that the linker wraps */

/* --- time ----------------------------------------------------------------- */

uint64_t __wrap_base_time_mono_ms(void);
int __real_poll(struct pollfd *fds, nfds_t n, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_sink_init(struct sink *s, const struct conf_sink *conf,
		     const struct conf_secret *secret);

uint64_t __wrap_base_time_mono_ms(void)
{
	return lab ? lab->page->clock_ms : 1;
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	int r;

	if (timeout <= 0)
		return __real_poll(fds, n, timeout);
	r = __real_poll(fds, n, 1);
	if (r == 0)
		lab->page->clock_ms += (unsigned)timeout;
	return r;
}

int __wrap_rename(const char *from, const char *to)
{
	lab->page->renames++;
	return __real_rename(from, to);
}

int __wrap_fdatasync(int fd)
{
	lab->page->syncs++;
	return __real_fdatasync(fd);
}

/* --- the sink ------------------------------------------------------------- */

static int script_open(struct sink *s)
{
	struct page *p = lab->page;
	const unsigned n = p->opens++;

	if (n < OPENS_MAX)
		p->opened_ms[n] = p->clock_ms;
	while (p->open_hangs)
		(void)__real_poll(NULL, 0, 1000);
	s->idle_ms = p->idle_ms;
	s->fd = lab->sink_fd;
	if (p->open_result)
		sink_say(s, "the script does not open");
	return p->open_result;
}

static void event_text(char *out, size_t size, unsigned number)
{
	(void)snprintf(out, size,
		       "{\"id\":\"00000000000000f0-c-%u\",\"n\":%u,"
		       "\"padding\":\"%0*d\"}",
		       number, number, (int)lab->padding, 0);
}

static bool differ(const char *a, const char *b)
{
	return strcmp(a, b) != 0;
}

static void came(struct page *p, const struct sink_event *e)
{
	static const char before[] = "00000000000000f0-c-";
	const char *digits = e->id + strlen(before);
	const bool mine = !strncmp(e->id, before, strlen(before));
	const unsigned number = mine ? (unsigned)strtoul(digits, NULL, 10) : 0;
	char want[512];

	if (lab->padding < sizeof(want) / 2) {
		event_text(want, sizeof(want), number);
		p->wrong += strlen(want) != e->len || differ(want, e->body);
	}
	p->wrong += strlen(e->body) != e->len || differ(e->protocol, "watch") ||
		    differ(e->type, "position");
	/* every third has no device */
	p->wrong += number % 3 ? !e->device || differ(e->device, "77")
			       : e->device != NULL;
	if (p->n_came < CAME_MAX) {
		p->came[p->n_came] = number;
		p->n_came++; /* a SIGKILL may come between the two */
	}
}

static struct store_cursor cursor(struct lab *l);

static int script_put(struct sink *s, const struct sink_event *e, unsigned n)
{
	struct page *p = lab->page;
	const unsigned i = p->puts++;
	const int plan = i < PLAN_MAX ? p->plan[i] : ALL;

	p->said_connected = cursor(lab).connected;
	for (unsigned j = 0; j < n; j++)
		came(p, &e[j]);
	if (n > p->largest)
		p->largest = n;
	p->clock_ms += p->put_ms;
	base_die_at(BASE_DIE_SINK_PUT);
	if (plan < 0) {
		sink_say(s, "the script says %d", -plan);
		return plan;
	}
	s->returned += p->returned;
	return plan == ALL || plan > (int)n ? (int)n : plan;
}

static int script_idle(struct sink *s)
{
	uint64_t n;

	lab->page->idles++;
	(void)!read(s->fd, &n, sizeof(n));
	sink_say(s, "the script is not served");
	return lab->page->idle_result;
}

static void script_close(struct sink *s)
{
	(void)s;
	lab->page->closes++;
}

static const struct sink_ops script_ops = { .open = script_open,
					    .put = script_put,
					    .idle = script_idle,
					    .close = script_close };

int __wrap_sink_init(struct sink *s, const struct conf_sink *conf,
		     const struct conf_secret *secret)
{
	*s = (struct sink){
		.ops = &script_ops, .conf = conf, .secret = secret, .fd = -1
	};
	return 0;
}

/* --- the recorder --------------------------------------------------------- */

static void open_store(struct lab *l)
{
	struct store_error why;

	l->options = (struct store_options){ .path = l->store_path };
	assert_int_equal(store_open(&l->options, &l->store, &why), 0);
	l->seq = 0;
}

static void kick(struct lab *l)
{
	const uint64_t one = 1;

	assert_int_equal(write(l->kick, &one, sizeof(one)), sizeof(one));
}

/* n events in one transaction, then the kick. */
static void add(struct lab *l, unsigned n)
{
	struct store_error why;
	const size_t size = l->padding + 128;
	char *text = malloc(size);

	assert_non_null(text);
	while (n--) {
		const unsigned number = ++l->events;
		struct store_event e = {
			.flow = 0xf0,
			.opened_ns = START_MS * 1000000,
			.wall_ns = (START_MS + number) * 1000000,
			.protocol = "watch",
			.type = "position",
		};

		if (number % 3)
			e.device =
				(struct base_span){ (const uint8_t *)"77", 2 };
		event_text(text, size, number);
		e.json = (struct base_span){ (const uint8_t *)text,
					     strlen(text) };
		assert_int_equal(store_add_event(l->store, &e), 0);
	}
	free(text);
	assert_int_equal(store_commit(l->store, WRITER, ++l->seq, &why), 0);
	kick(l);
}

/* By other hands. */
static inline void sql(struct lab *l, const char *statement)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(l->store_path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_busy_timeout(db, 10000), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, statement, NULL, NULL, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* --- the supervisor ------------------------------------------------------- */

static void start(struct lab *l)
{
	int fds[2];

	assert_int_equal(role_channel_open(fds), 0);
	l->publisher = fork();
	assert_true(l->publisher >= 0);
	if (l->publisher == 0) {
		const struct publisher_setup setup = {
			.sink = &l->conf,
			.secret = &l->secret,
			.store = l->store_path,
			.flash = l->flash,
			.kick = l->kick,
			.channel = fds[1],
		};

		(void)close(fds[0]);
		_exit(publisher_main(&setup, getppid()));
	}
	(void)close(fds[1]);
	l->channel = fds[0];
}

static int ended(struct lab *l)
{
	int status;

	assert_int_equal(waitpid(l->publisher, &status, 0), l->publisher);
	l->publisher = 0;
	base_fd_close(&l->channel);
	return status;
}

static inline void ask_to_stop(struct lab *l)
{
	assert_int_equal(role_channel_say(l->channel, ROLE_STOP), 0);
	assert_int_equal(kill(l->publisher, SIGTERM), 0);
}

static void stop(struct lab *l)
{
	ask_to_stop(l);
	assert_int_equal(ended(l), 0);
}

/* ... while it may be opening the sink: then it ends of the signal. */
static inline void stop_opening(struct lab *l)
{
	int status;

	ask_to_stop(l);
	status = ended(l);
	assert_true(status == 0 ||
		    (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM));
}

/* What the file says; zeroes when there is none yet. */
static struct store_cursor cursor(struct lab *l)
{
	struct store_cursor c = { .store = 0 };
	const int r = store_cursor_read(l->store_path, l->conf.name, &c);

	assert_true(r == 0 || r == -ENOENT);
	return c;
}

/* Has it died? Then the next one takes over. */
static void replace_dead(struct lab *l)
{
	int status;

	if (waitpid(l->publisher, &status, WNOHANG) != l->publisher)
		return;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	l->deaths++;
	base_fd_close(&l->channel);
	start(l);
}

#define await(l, condition)                                          \
	do {                                                         \
		const time_t until = time(NULL) + BASE_TEST_LIMIT_S; \
                                                                     \
		while (!(condition)) {                               \
			assert_true(time(NULL) < until);             \
			replace_dead(l);                             \
			(void)__real_poll(NULL, 0, 1);               \
		}                                                    \
	} while (0)

/* Until the cursor is at the last event. */
static void await_all(struct lab *l)
{
	await(l, cursor(l).event == l->events);
}

/* --- verdicts ------------------------------------------------------------- */

/* Each event came, from `first` to the last one; a step forward is to the next
 * one: what came again went back, and then on in order. Return: how many came
 * more than once. */
static unsigned expect_in_order(const struct lab *l, unsigned first)
{
	const struct page *p = l->page;
	unsigned last = first - 1, n = p->n_came;

	assert_true(n < CAME_MAX);
	assert_int_equal(p->wrong, 0);
	for (unsigned i = 0; i < n; i++) {
		assert_in_range(p->came[i], first, last + 1);
		if (p->came[i] > last)
			last = p->came[i];
		if (i && p->came[i] != p->came[i - 1] + 1)
			assert_true(p->came[i] <= p->came[i - 1]);
	}
	assert_int_equal(last, l->events);
	return n - (last - (first - 1));
}

static int setup(void **state)
{
	struct lab *l = calloc(1, sizeof(*l));
	sigset_t term;

	assert_non_null(l);
	(void)snprintf(l->dir, sizeof(l->dir), "/tmp/publisher_test.XXXXXX");
	assert_non_null(mkdtemp(l->dir));
	(void)snprintf(l->store_path, sizeof(l->store_path), "%s/w.db", l->dir);
	l->page = mmap(NULL, sizeof(*l->page), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(l->page != MAP_FAILED);
	l->page->clock_ms = 1000000;
	l->conf = (struct conf_sink){ .name = "fleet",
				      /* with a filter of system calls */
				      .kind = CONF_SINK_REDIS,
				      .format = CONF_EVENT_FORMAT_JSON,
				      .target = "redis://broker",
				      .timeout_ms = 1000 };
	l->padding = 10;
	l->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->sink_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->channel = -1;
	/* as the supervisor does */
	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &term, NULL), 0);
	lab = l;
	*state = l;
	return 0;
}

static int teardown(void **state)
{
	struct lab *l = *state;

	if (l->publisher) { /* a test failed */
		(void)kill(l->publisher, SIGKILL);
		(void)waitpid(l->publisher, NULL, 0);
	}
	base_fd_close(&l->channel);
	base_fd_close(&l->kick);
	base_fd_close(&l->sink_fd);
	store_close(l->store);
	base_test_remove(l->dir);
	lab = NULL;
	assert_int_equal(munmap(l->page, sizeof(*l->page)), 0);
	free(l);
	return 0;
}

#endif
