/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loop.c - one event loop a process: descriptors and timers */
#include "loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_time.h"

int loop_init(struct loop *l, const struct loop_ops *ops, void *owner)
{
	const int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0)
		return -errno;
	*l = (struct loop){ .epoll_fd = fd,
			    .ops = ops,
			    .owner = owner,
			    .clock_ms = base_time_mono_ms,
			    .now_ms = base_time_mono_ms() };
	return 0;
}

void loop_done(struct loop *l)
{
	base_fd_close(&l->epoll_fd);
}

static int control(struct loop *l, int op, int fd, uint64_t data,
		   uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.u64 = data };

	return epoll_ctl(l->epoll_fd, op, fd, &ev) ? -errno : 0;
}

int loop_watch_add(struct loop *l, struct loop_watch *w, uint32_t events)
{
	uint16_t i = 0;
	int r;

	while (i < LOOP_WATCHES_MAX && l->watches[i])
		i++;
	if (i == LOOP_WATCHES_MAX)
		return -ENOSPC;
	r = control(l, EPOLL_CTL_ADD, w->fd, i, events);
	if (r)
		return r;
	w->index = i;
	l->watches[i] = w;
	return 0;
}

int loop_watch_set(struct loop *l, struct loop_watch *w, uint32_t events)
{
	assert(l->watches[w->index] == w);
	return control(l, EPOLL_CTL_MOD, w->fd, w->index, events);
}

void loop_watch_remove(struct loop *l, struct loop_watch *w)
{
	assert(l->watches[w->index] == w);
	/* fails only for a descriptor that is closed: out of the set by then */
	(void)control(l, EPOLL_CTL_DEL, w->fd, 0, 0);
	l->watches[w->index] = NULL;
	/* an event that waits in the running batch would meet the next owner of
	 * the index */
	for (int i = l->next; i < l->n_events; i++) {
		if (l->batch[i].data.u64 == w->index)
			l->batch[i].events = 0;
	}
}

int loop_flow_add(struct loop *l, int fd, uint64_t token, uint32_t events)
{
	assert(l->ops && l->ops->flow_ready && (token & LOOP_FLOW_BIT));
	return control(l, EPOLL_CTL_ADD, fd, token, events);
}

int loop_flow_set(struct loop *l, int fd, uint64_t token, uint32_t events)
{
	assert(token & LOOP_FLOW_BIT);
	return control(l, EPOLL_CTL_MOD, fd, token, events);
}

void loop_flow_remove(struct loop *l, int fd)
{
	(void)control(l, EPOLL_CTL_DEL, fd, 0, 0);
}

uint64_t loop_now_ms(const struct loop *l)
{
	return l->now_ms;
}

void loop_timer_set(struct loop *l, struct loop_timer *t, uint64_t at_ms)
{
	struct loop_timer **at = &l->timers;

	loop_timer_clear(l, t);
	while (*at && (*at)->at_ms <= at_ms)
		at = &(*at)->next;
	t->at_ms = at_ms;
	t->armed = true;
	t->next = *at;
	*at = t;
}

void loop_timer_clear(struct loop *l, struct loop_timer *t)
{
	struct loop_timer **at = &l->timers;

	if (!t->armed)
		return;
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	t->next = NULL;
	t->armed = false;
}

/* How long epoll may wait: until the first timer, at most max_wait_ms. */
static int wait_ms(const struct loop *l, int max_wait_ms)
{
	const uint64_t now = l->clock_ms();
	uint64_t left;

	if (!l->timers)
		return max_wait_ms;
	if (l->timers->at_ms <= now)
		return 0;
	left = l->timers->at_ms - now;
	if (max_wait_ms >= 0 && left > (uint64_t)max_wait_ms)
		return max_wait_ms;
	return left > INT_MAX ? INT_MAX : (int)left;
}

static int handle_batch(struct loop *l)
{
	int n = 0;

	for (l->next = 0; l->next < l->n_events;) {
		const struct epoll_event ev = l->batch[l->next++];
		const uint64_t data = ev.data.u64;

		if (!ev.events)
			continue;
		if (data & LOOP_FLOW_BIT)
			l->ops->flow_ready(l->owner, data, ev.events);
		else
			l->watches[data]->ready(l->watches[data], ev.events);
		n++;
	}
	l->n_events = 0;
	return n;
}

static int fire_timers(struct loop *l)
{
	int due = 0, n = 0;

	for (const struct loop_timer *t = l->timers; t && t->at_ms <= l->now_ms;
	     t = t->next)
		due++;
	while (n < due && l->timers && l->timers->at_ms <= l->now_ms) {
		struct loop_timer *t = l->timers;

		loop_timer_clear(l, t);
		t->fire(t, l->now_ms);
		n++;
	}
	return n;
}

int loop_step(struct loop *l, int max_wait_ms)
{
	int n = epoll_wait(l->epoll_fd, l->batch, LOOP_BATCH,
			   wait_ms(l, max_wait_ms));

	if (n < 0 && errno != EINTR)
		return -errno;
	l->n_events = n > 0 ? n : 0;
	l->now_ms = l->clock_ms();
	n = handle_batch(l);
	n += fire_timers(l);
	if (l->ops && l->ops->batch_done)
		l->ops->batch_done(l->owner);
	return n;
}

int loop_run(struct loop *l)
{
	while (!l->stopped) {
		const int n = loop_step(l, -1);

		if (n < 0)
			return n;
	}
	return 0;
}

void loop_stop(struct loop *l)
{
	l->stopped = true;
}
