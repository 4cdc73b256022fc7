/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loop_test.c - eventfds as descriptors, a clock that only the test moves */
#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_test.h"

#define TOKEN (LOOP_FLOW_BIT | 0x0123456789abcdefULL)

static uint64_t clock_now;

static uint64_t test_clock(void)
{
	return clock_now;
}

/* What the handlers saw. */
struct fixture {
	struct loop loop;
	uint64_t tokens[4];
	int n_flow_calls, n_batches;
	int calls_at_batch_end;
};

static void on_flow(void *owner, uint64_t token, uint32_t events)
{
	struct fixture *f = owner;

	assert_int_equal(events, EPOLLIN);
	f->tokens[f->n_flow_calls++ % 4] = token;
}

static void on_batch_done(void *owner)
{
	struct fixture *f = owner;

	f->n_batches++;
	f->calls_at_batch_end = f->n_flow_calls;
}

static const struct loop_ops ops = { on_flow, on_batch_done };

static int setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	clock_now = 1000;
	if (loop_init(&f.loop, &ops, &f))
		return -1;
	f.loop.clock_ms = test_clock;
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	loop_done(&f->loop);
	assert_int_equal(f->loop.epoll_fd, -1);
	loop_done(&f->loop); /* a second time does nothing */
	return 0;
}

/* A readable descriptor with a watch; `other` is removed when it is called. */
struct ear {
	struct loop_watch watch;
	struct loop *loop;
	struct ear *other, *newcomer;
	int n_calls;
	uint32_t events;
};

static void on_ear(struct loop_watch *w, uint32_t events)
{
	struct ear *e = (struct ear *)w; /* the first member */

	e->n_calls++;
	e->events = events;
	if (!e->other)
		return;
	/* both ears of a pair are ready in one batch: the first one called
	 * takes the other out, and its index goes to the newcomer */
	loop_watch_remove(e->loop, &e->other->watch);
	if (e->newcomer)
		assert_int_equal(
			loop_watch_add(e->loop, &e->newcomer->watch, EPOLLIN),
			0);
	e->other->other = NULL;
	e->other = NULL;
}

static int ready_fd(void)
{
	const int fd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void ear_init(struct ear *e, struct loop *l, int fd)
{
	*e = (struct ear){ .watch = { .fd = fd, .ready = on_ear }, .loop = l };
}

static void test_watch(void **state)
{
	struct fixture *f = *state;
	struct ear e;

	ear_init(&e, &f->loop, ready_fd());
	assert_int_equal(loop_watch_add(&f->loop, &e.watch, EPOLLIN), 0);
	assert_int_equal(loop_step(&f->loop, 0), 1);
	assert_int_equal(e.n_calls, 1);
	assert_int_equal(e.events, EPOLLIN);
	/* level-triggered: still readable, so called again */
	assert_int_equal(loop_step(&f->loop, 0), 1);
	assert_int_equal(e.n_calls, 2);
	/* the mask is passed on as it is: edge-triggered speaks once */
	assert_int_equal(loop_watch_set(&f->loop, &e.watch, EPOLLIN | EPOLLET),
			 0);
	assert_int_equal(loop_step(&f->loop, 0), 1);
	assert_int_equal(loop_step(&f->loop, 0), 0);
	assert_int_equal(loop_watch_set(&f->loop, &e.watch, EPOLLOUT), 0);
	assert_int_equal(loop_step(&f->loop, 0), 1);
	assert_int_equal(e.events, EPOLLOUT);
	loop_watch_remove(&f->loop, &e.watch);
	assert_int_equal(loop_step(&f->loop, 0), 0);
	assert_int_equal(e.n_calls, 4);
	assert_int_equal(f->n_batches, 6);
	base_fd_close(&e.watch.fd);
}

static void test_watch_errors(void **state)
{
	struct fixture *f = *state;
	struct ear e;

	ear_init(&e, &f->loop, -1);
	assert_int_equal(loop_watch_add(&f->loop, &e.watch, EPOLLIN), -EBADF);
	/* the failed one took no place: the table still holds all it can */
	static struct ear ears[LOOP_WATCHES_MAX];

	for (int i = 0; i < LOOP_WATCHES_MAX; i++) {
		ear_init(&ears[i], &f->loop, ready_fd());
		assert_int_equal(loop_watch_add(&f->loop, &ears[i].watch,
						EPOLLIN | EPOLLET),
				 0);
	}
	e.watch.fd = ready_fd();
	assert_int_equal(loop_watch_add(&f->loop, &e.watch, EPOLLIN), -ENOSPC);
	/* more ready descriptors than one batch holds: all get their turn */
	for (int left = LOOP_WATCHES_MAX; left > 0; left -= LOOP_BATCH)
		assert_int_equal(loop_step(&f->loop, 0), LOOP_BATCH);
	for (int i = 0; i < LOOP_WATCHES_MAX; i++) {
		assert_int_equal(ears[i].n_calls, 1);
		loop_watch_remove(&f->loop, &ears[i].watch);
		base_fd_close(&ears[i].watch.fd);
	}
	assert_int_equal(loop_watch_add(&f->loop, &e.watch, EPOLLIN), 0);
	loop_watch_remove(&f->loop, &e.watch);
	base_fd_close(&e.watch.fd);
}

static void test_removed_in_batch(void **state)
{
	struct fixture *f = *state;
	struct ear a, b, newcomer;

	ear_init(&a, &f->loop, ready_fd());
	ear_init(&b, &f->loop, ready_fd());
	ear_init(&newcomer, &f->loop, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
	a.other = &b;
	b.other = &a;
	a.newcomer = b.newcomer = &newcomer;
	assert_int_equal(loop_watch_add(&f->loop, &a.watch, EPOLLIN), 0);
	assert_int_equal(loop_watch_add(&f->loop, &b.watch, EPOLLIN), 0);
	assert_int_equal(loop_step(&f->loop, 0), 1);
	assert_int_equal(a.n_calls + b.n_calls, 1);
	/* it has the removed one's index, and its descriptor is not ready */
	assert_int_equal(newcomer.watch.index,
			 a.n_calls ? b.watch.index : a.watch.index);
	assert_int_equal(newcomer.n_calls, 0);
	assert_int_equal(loop_step(&f->loop, 0), 1);
	assert_int_equal(newcomer.n_calls, 0);
	assert_int_equal(eventfd_write(newcomer.watch.fd, 1), 0);
	assert_int_equal(loop_step(&f->loop, 0), 2);
	assert_int_equal(newcomer.n_calls, 1);
	close(a.watch.fd);
	close(b.watch.fd);
	close(newcomer.watch.fd);
}

/* A copy of the descriptor (the keeper holds one) keeps the description alive:
 * only loop_flow_remove() ends its events. */
static void test_flow(void **state)
{
	struct fixture *f = *state;
	const int fd = ready_fd(), copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	assert_int_equal(loop_flow_add(&f->loop, fd, TOKEN, EPOLLIN), 0);
	assert_int_equal(loop_flow_add(&f->loop, fd, TOKEN, EPOLLIN), -EEXIST);
	assert_int_equal(loop_step(&f->loop, 0), 1);
	assert_true(f->tokens[0] == TOKEN);
	/* batch_done() came after the handlers */
	assert_int_equal(f->n_batches, 1);
	assert_int_equal(f->calls_at_batch_end, 1);
	assert_int_equal(loop_flow_set(&f->loop, fd, TOKEN + 1, EPOLLIN), 0);
	assert_int_equal(loop_step(&f->loop, 0), 1);
	assert_true(f->tokens[1] == TOKEN + 1);
	assert_int_equal(loop_flow_set(&f->loop, fd, TOKEN + 1, 0), 0);
	assert_int_equal(loop_step(&f->loop, 0), 0);
	assert_int_equal(loop_flow_set(&f->loop, fd, TOKEN + 1, EPOLLIN), 0);
	loop_flow_remove(&f->loop, fd);
	close(fd);
	assert_int_equal(loop_step(&f->loop, 0), 0);
	assert_int_equal(f->n_flow_calls, 2);
	close(copy);
}

struct alarm {
	struct loop_timer timer;
	struct loop *loop;
	struct alarm *clears; /* cleared when this one fires */
	uint64_t again_in_ms; /* set again at fire time; 0 = no */
	bool again;
	int n_fired;
	uint64_t fired_at;
	int order;
};

static int n_fired_in_all;

static void on_alarm(struct loop_timer *t, uint64_t now_ms)
{
	struct alarm *a = (struct alarm *)t; /* the first member */

	assert_false(t->armed);
	a->n_fired++;
	a->fired_at = now_ms;
	a->order = ++n_fired_in_all;
	if (a->clears)
		loop_timer_clear(a->loop, &a->clears->timer);
	if (a->again)
		loop_timer_set(a->loop, t, now_ms + a->again_in_ms);
}

static void alarms_init(struct alarm *a, int n, struct loop *l)
{
	n_fired_in_all = 0;
	memset(a, 0, sizeof(*a) * (size_t)n);
	for (int i = 0; i < n; i++) {
		a[i].timer.fire = on_alarm;
		a[i].loop = l;
	}
}

static void test_timers_in_order(void **state)
{
	struct fixture *f = *state;
	struct alarm a[4];

	alarms_init(a, 4, &f->loop);
	loop_timer_set(&f->loop, &a[0].timer, 1030);
	loop_timer_set(&f->loop, &a[1].timer, 1010);
	loop_timer_set(&f->loop, &a[2].timer, 1010);
	loop_timer_set(&f->loop, &a[3].timer, 1005);
	loop_timer_set(&f->loop, &a[3].timer, 1020); /* moved, not doubled */
	clock_now = 1009;
	assert_int_equal(loop_step(&f->loop, 0), 0);
	clock_now = 1020;
	assert_int_equal(loop_step(&f->loop, 0), 3);
	assert_int_equal(loop_now_ms(&f->loop), 1020);
	assert_int_equal(a[1].order, 1);
	assert_int_equal(a[2].order, 2);
	assert_int_equal(a[3].order, 3);
	assert_int_equal(a[3].fired_at, 1020);
	assert_int_equal(a[0].n_fired, 0);
	assert_true(a[0].timer.armed);
	loop_timer_clear(&f->loop, &a[0].timer);
	loop_timer_clear(&f->loop, &a[0].timer);
	clock_now = 2000;
	assert_int_equal(loop_step(&f->loop, 0), 0);
	assert_int_equal(a[0].n_fired, 0);
	assert_int_equal(a[1].n_fired, 1);
}

static void test_timer_clears_and_repeats(void **state)
{
	struct fixture *f = *state;
	struct alarm a[3];

	alarms_init(a, 3, &f->loop);
	/* two are due together; the first takes the second back */
	a[0].clears = &a[1];
	loop_timer_set(&f->loop, &a[0].timer, 1000);
	loop_timer_set(&f->loop, &a[1].timer, 1000);
	assert_int_equal(loop_step(&f->loop, 0), 1);
	assert_int_equal(a[1].n_fired, 0);
	/* one that sets itself to now: once a step, and the step ends */
	a[2].again = true;
	loop_timer_set(&f->loop, &a[2].timer, 1000);
	assert_int_equal(loop_step(&f->loop, 0), 1);
	assert_int_equal(loop_step(&f->loop, -1), 1);
	assert_int_equal(a[2].n_fired, 2);
	a[2].again_in_ms = 5;
	assert_int_equal(loop_step(&f->loop, -1), 1);
	assert_int_equal(loop_step(&f->loop, 0), 0);
	clock_now = 1005;
	assert_int_equal(loop_step(&f->loop, -1), 1);
	assert_int_equal(a[2].n_fired, 4);
	/* overdue: the wait ends at once, and fire() hears the real time */
	a[2].again = false;
	clock_now = 1500;
	assert_int_equal(loop_step(&f->loop, -1), 1);
	assert_int_equal(a[2].fired_at, 1500);
}

static uint64_t stepping_clock(void)
{
	return clock_now++;
}

/* The wait ends by itself when the first timer is due: with a clock that has
 * reached 1000 at the first look, 1001 at the second. */
static void test_wait_ends_for_timer(void **state)
{
	struct fixture *f = *state;
	struct alarm a[2];

	alarms_init(a, 2, &f->loop);
	f->loop.clock_ms = stepping_clock;
	loop_timer_set(&f->loop, &a[0].timer, 1001);
	loop_timer_set(&f->loop, &a[1].timer, UINT64_MAX);
	assert_int_equal(loop_step(&f->loop, -1), 1);
	assert_int_equal(a[0].n_fired, 1);
	/* the far one does not stretch a limit that the caller set */
	assert_int_equal(loop_step(&f->loop, 1), 0);
	assert_int_equal(a[1].n_fired, 0);
}

struct stopper {
	struct loop_watch watch;
	struct loop *loop;
	int calls_left;
};

static void on_stopper(struct loop_watch *w, uint32_t events)
{
	struct stopper *s = (struct stopper *)w; /* the first member */

	(void)events;
	if (--s->calls_left == 0)
		loop_stop(s->loop);
}

static void test_run_and_stop(void **state)
{
	struct fixture *f = *state;
	struct stopper s = { .watch = { .fd = ready_fd(), .ready = on_stopper },
			     .loop = &f->loop,
			     .calls_left = 3 };

	assert_int_equal(loop_watch_add(&f->loop, &s.watch, EPOLLIN), 0);
	assert_int_equal(loop_run(&f->loop), 0);
	assert_int_equal(s.calls_left, 0);
	assert_int_equal(f->n_batches, 3);
	/* stopped already: returns without a step */
	assert_int_equal(loop_run(&f->loop), 0);
	assert_int_equal(f->n_batches, 3);
	loop_watch_remove(&f->loop, &s.watch);
	close(s.watch.fd);
}

static void on_signal(int sig)
{
	(void)sig;
}

/* A signal that only interrupts the wait is not an error. */
static void test_signal(void **state)
{
	struct fixture *f = *state;
	const struct sigaction act = { .sa_handler = on_signal };
	const struct itimerval soon = { .it_value = { .tv_usec = 1000 },
					.it_interval = { .tv_usec = 1000 } };
	const struct itimerval off = { .it_value = { 0 } };
	struct sigaction old;

	assert_int_equal(sigaction(SIGALRM, &act, &old), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
	assert_int_equal(loop_step(&f->loop, -1), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &off, NULL), 0);
	assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(test_watch),
		T(test_watch_errors),
		T(test_removed_in_batch),
		T(test_flow),
		T(test_timers_in_order),
		T(test_timer_clears_and_repeats),
		T(test_wait_ends_for_timer),
		T(test_run_and_stop),
		T(test_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
