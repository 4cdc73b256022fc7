/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker_internal.h - what the files of the worker share */
#ifndef WORKER_INTERNAL_H
#define WORKER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "conf_tables.h"
#include "intake_accept.h"
#include "loop.h"
#include "relay.h"
#include "ring_map.h"
#include "ring_pool.h"
#include "ring_shared.h"
#include "ring_tap.h"
#include "worker.h"

#define WORKER_NONE UINT32_MAX
/* Listeners of one worker: transparent IPv4 and IPv6, or one fixed. */
#define WORKER_LISTENERS_MAX 8
/* Accepted in one batch, so that flows get their turn. */
#define WORKER_ACCEPT_BATCH 64
/* Flows that wait for room in ring or pool are looked at this often. */
#define WORKER_WAIT_TICK_MS 2
/* Out of descriptors or memory: the next try, if no flow ends before. */
#define WORKER_RESUME_MS 100
/* A limit is logged this often at most. */
#define WORKER_TELL_MS 10000

struct worker;

struct worker_listener {
	struct loop_watch watch; /* fd: this worker's socket of the group */
	struct worker *worker;
	const struct intake_listener *listener;
};

/* What a slot needs beside the shared 256 bytes. A slot is in one list at a
 * time: free, connecting, or to be reaped. */
struct worker_link {
	uint32_t prev, next;
	uint32_t deadline_ms; /* connecting: low 32 bits of the time */
	/* On the list of those that wait for room. Cleared by the list alone:
	 * a slot that lives again meanwhile is still on it. */
	uint8_t waiting;
};

/* A list through the links: first in, first out. */
struct worker_list {
	uint32_t first, last;
};

struct worker {
	const struct worker_setup *setup;
	const struct conf_tables *conf;
	struct ring_control *control;
	struct ring_slot *slots;
	struct worker_link *links; /* n_slots */
	uint32_t *waiting;         /* slots that wait for room; n_slots */
	uint32_t n_waiting;
	uint32_t n_slots;
	uint32_t n_flows;
	struct worker_list free, connecting, reap;

	struct loop loop;
	struct ring_tap tap;
	struct ring_pool pool;
	struct relay_env env;
	struct worker_listener listeners[WORKER_LISTENERS_MAX];
	unsigned n_listeners;
	bool paused;      /* the listeners are out of epoll */
	uint64_t told_ms; /* when that was last logged */
	struct loop_watch channel;
	struct loop_timer connect_timer;
	struct loop_timer wait_timer;
	struct loop_timer resume_timer;
};

/* The clocks of what follows: every entry and every limit uses the same. Called
 * where the loop enters the worker. */
void worker_clock(struct worker *w);

/* worker_slots.c: lists and slots */
void worker_slots_init(struct worker *w);
void worker_list_push(struct worker *w, struct worker_list *list,
		      uint32_t slot);
void worker_list_remove(struct worker *w, struct worker_list *list,
			uint32_t slot);
/* A slot with a new serial and no addresses; WORKER_NONE: all are in use. */
uint32_t worker_slot_take(struct worker *w);
void worker_slot_give(struct worker *w, uint32_t slot);

/* worker_accept.c: listeners */
WS_MUST_USE int worker_accept_start(struct worker *w);
void worker_accept_stop(struct worker *w);
void worker_accept_resume(struct worker *w);
void worker_accept_retry(struct loop_timer *t, uint64_t now_ms);

/* worker_flow.c: the life of a flow */
/* Takes an accepted connection over, its descriptor included. */
void worker_flow_begin(struct worker *w, uint32_t slot,
		       const struct intake_conn *in, uint16_t rule);
void worker_flow_ready(void *owner, uint64_t token, uint32_t events);
/* Unhooks the flow; the slot is freed when the batch ends. */
void worker_flow_close(struct worker *w, uint32_t slot, enum ring_close reason,
		       int error);
/* The daemon stops: what can still be passed on is, then the flow is closed. */
void worker_flow_stop(struct worker *w, uint32_t slot);
void worker_flow_reap(struct worker *w);
void worker_flow_expire(struct loop_timer *t, uint64_t now_ms);
void worker_flow_retry(struct loop_timer *t, uint64_t now_ms);

#endif
