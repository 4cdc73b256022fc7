/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * loop.h - one event loop a process: descriptors and timers
 *
 * Theory of operation
 * Two kinds of descriptors come in. A *watch* is for the few long-lived ones
 * (listener, control socket, signalfd): it is embedded in its owner, and its
 * epoll data is a small index into the loop's table. A *flow's* descriptor is
 * one of many thousands: its epoll data is a 64-bit token that the owner chose
 * (slot and serial, bit 63 set), and all of them end in one function. Epoll
 * data is never a pointer, because the epoll set outlives the process: the
 * successor of a dead worker goes on with it and knows slots, not addresses.
 *
 * A step is: wait, call the handlers of one batch, fire the due timers, call
 * batch_done(). Handlers may add and remove any watch or timer. A watch that
 * was removed is never called again, even when the running batch held an event
 * for it and its index was given away meanwhile. For flows that promise is the
 * owner's: a token of an older serial is stale. So a flow's handler frees
 * nothing; it marks, and batch_done() reaps.
 *
 *	armed timer:   set -> in the list, sorted by time -> fired or cleared
 *	fired timer:   out of the list before fire() runs, which may set it
 *again
 *
 * At most LOOP_BATCH events a step, and at most as many timers as were due when
 * firing began: neither a busy descriptor nor a timer that sets itself to "now"
 * keeps the others waiting. Level-triggered unless the caller says EPOLLET.
 * Not thread-safe; a handler must not call loop_step() or loop_run().
 * Event masks are the EPOLL* constants of <sys/epoll.h>; no other module calls
 * epoll itself.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "base_attr.h"

#define LOOP_WATCHES_MAX 512
#define LOOP_BATCH       64
#define LOOP_FLOW_BIT    (1ULL << 63) /* set in every flow's token */

/* Owned by the struct that embeds it, which sets fd and ready; the descriptor
 * stays the owner's and is closed after loop_watch_remove(). */
struct loop_watch {
	int fd;
	uint16_t index; /* the loop's */
	void (*ready)(struct loop_watch *w, uint32_t events);
};

/* Owned by the struct that embeds it, which sets fire; starts zeroed. */
struct loop_timer {
	uint64_t at_ms;
	void (*fire)(struct loop_timer *t, uint64_t now_ms);
	struct loop_timer *next; /* the loop's */
	bool armed;
};

struct loop_ops { /* both may be NULL */
	void (*flow_ready)(void *owner, uint64_t token, uint32_t events);
	void (*batch_done)(void *owner); /* at the end of each step: reap */
};

/* Owned by the role that runs it; loop_init() to loop_done(). */
struct loop {
	int epoll_fd;
	bool stopped;
	const struct loop_ops *ops;
	void *owner;
	uint64_t (*clock_ms)(void); /* base_time_mono_ms; tests set their own */
	uint64_t now_ms;
	struct loop_timer *timers; /* sorted, soonest first */
	struct loop_watch *watches[LOOP_WATCHES_MAX];
	/* the running batch: events next..n are still to be handled */
	int next;
	int n_events;
	struct epoll_event batch[LOOP_BATCH];
};

/* `ops` is kept, not copied; `owner` is handed to its functions.
 * Return: 0 or -errno. */
WS_MUST_USE int loop_init(struct loop *l, const struct loop_ops *ops,
			  void *owner);
/* Closes the epoll descriptor; watches and timers are forgotten. Does nothing
 * to a loop that is done already. */
void loop_done(struct loop *l);

/* Return: 0; -ENOSPC when LOOP_WATCHES_MAX are in use; -errno. */
WS_MUST_USE int loop_watch_add(struct loop *l, struct loop_watch *w,
			       uint32_t events);
WS_MUST_USE int loop_watch_set(struct loop *l, struct loop_watch *w,
			       uint32_t events);
/* Before the descriptor is closed. */
void loop_watch_remove(struct loop *l, struct loop_watch *w);

/* `token` has LOOP_FLOW_BIT set. Return: 0 or -errno. */
WS_MUST_USE int loop_flow_add(struct loop *l, int fd, uint64_t token,
			      uint32_t events);
WS_MUST_USE int loop_flow_set(struct loop *l, int fd, uint64_t token,
			      uint32_t events);
/* Before the descriptor is closed: another process may hold a copy of it (the
 * keeper does), and then closing alone does not take it out of the set. */
void loop_flow_remove(struct loop *l, int fd);

/* Monotonic time at which the running batch began: what handlers take as now,
 * without asking the clock again. */
uint64_t loop_now_ms(const struct loop *l);

/* (Re)arms; a time in the past fires in the next step. Timers of one time fire
 * in the order they were set. Linear in the number of timers: for a few. */
void loop_timer_set(struct loop *l, struct loop_timer *t, uint64_t at_ms);
/* Does nothing to a timer that is not armed. */
void loop_timer_clear(struct loop *l, struct loop_timer *t);

/*
 * One step. Waits at most max_wait_ms (-1: no limit of its own), less when a
 * timer is due earlier.
 * Return: number of descriptors and timers handled; 0 when there was none or a
 * signal came; -errno.
 */
int loop_step(struct loop *l, int max_wait_ms);

/* Steps until loop_stop(), which may come first. Return: 0 or -errno. */
WS_MUST_USE int loop_run(struct loop *l);
/* loop_run() returns after the running step. */
void loop_stop(struct loop *l);

#endif
