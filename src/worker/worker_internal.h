/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker_internal.h - what the files of the worker share */
#ifndef WORKER_INTERNAL_H
#define WORKER_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

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
/* Accepted in one batch, so that flows get their turn. */
#define WORKER_ACCEPT_BATCH 64
/* Flows that wait for room in ring or pool are looked at this often. */
#define WORKER_WAIT_TICK_MS 2
/* Out of descriptors or memory: the next try, if no flow ends before. */
#define WORKER_RESUME_MS 100
/* A limit is logged this often at most. */
#define WORKER_TELL_MS 10000
/* Full as long as a limit was met within that time: flows that come and go at
 * the limit are no news to the others. */
#define WORKER_FULL_MS 1000
/* Taken from one backlog when the worker drains: more does not fit into it. */
#define WORKER_DRAIN_MAX SOMAXCONN
/* Datagrams of one socket, before others get their turn. */
#define WORKER_UDP_BATCH 32
/* Client's bytes that stay unacknowledged so long: half-open (base_die.h). */
#define WORKER_HALF_OPEN_MS 30000
/* A UDP flow whose server was never heard lives so long at most, as Linux's
 * connection tracking has it (nf_conntrack_udp_timeout: 30 s, and 120 s for a
 * stream, in nf_conntrack-sysctl.rst), and for so long without giving way. */
#define WORKER_UNANSWERED_MS 30000
#define WORKER_GIVE_WAY_MS   2000
/* Between two looks at the open flows, so that much an idle one is ended too
 * late at most; and of how many flows the kernel is asked in one. */
#define WORKER_SWEEP_MS  1000
#define WORKER_ASKED_MAX 1024
/* Held flows: an eighth of the slots, at least 16, of those that wait for their
 * own network, and as many of the others. */
#define WORKER_HELD_SHARE 8
#define WORKER_HELD_MIN   16U

struct worker;

struct worker_listener {
	struct loop_watch watch;
	struct worker *worker;
	const struct worker_socket *socket;
	bool watched; /* in the loop: ours, or lent to us */
};

/* Why a flow is held. */
enum worker_hold {
	WORKER_HOLD_NONE, /* it is not */
	WORKER_HOLD_NEW,  /* not decided yet: others were there before */
	WORKER_HOLD_CLIENT,
	WORKER_HOLD_RATE,
	WORKER_HOLD_PORTS,
	WORKER_HOLD_FILES, /* no descriptor, or no memory, for the server's leg
			    */
};

/* What a slot needs beside the shared 256 bytes. A slot is in one list at a
 * time: free, held, connecting, unanswered, or to be reaped. */
struct worker_link {
	uint32_t prev, next;
	uint32_t deadline_ms; /* held, connecting: low 32 bits of the time */
	uint32_t timeout_ms;  /* of its configuration: connect_timeout, for
			       * UDP udp_timeout */
	/* On the list of those that wait for room. Cleared by the list alone:
	 * a slot that lives again meanwhile is still on it. */
	uint8_t waiting;
	uint8_t hold;   /* enum worker_hold */
	uint8_t source; /* enum conf_source of its rule */
	uint8_t opened; /* its OPEN is in the ring */
	uint8_t call;   /* enum base_call: what failed, if connecting does */
	/* held for its own port: not tried before that */
	uint32_t retry_ms;
	/* worker_sweep.c, of an open flow */
	uint32_t idle_ms;   /* so long it may be silent; 0 = for ever */
	uint32_t active_ms; /* when a pump last ran */
	uint32_t seen;      /* stuck: segments heard of the client; else what
			     * it was sent when all of it was acknowledged */
	uint32_t stuck_ms;  /* since when */
	bool stuck;         /* bytes were unanswered at the last look */
	bool unanswered;    /* UDP: on the list of those */
};

/* A list through the links: first in, first out. */
struct worker_list {
	uint32_t first, last;
};

/* Associations by client and server: chains of slots, each link slot + 1, 0 at
 * the end. */
struct worker_udp {
	uint32_t *heads; /* mask + 1 */
	uint32_t *next;  /* n_slots */
	uint32_t mask;
	uint32_t n;       /* associations */
	uint64_t told_ms; /* when one that cannot be was last logged */
	/* those whose server was not heard yet; first the one whose client is
	 * silent for longest */
	struct worker_list unanswered;
	uint32_t unanswered_ms; /* WORKER_UNANSWERED_MS */
};

struct worker {
	const struct worker_setup *setup;
	const struct conf_tables *conf;  /* in force */
	const struct conf_tables *other; /* prepared, or just replaced */
	struct ring_control *control;
	struct ring_slot *slots;
	struct worker_link *links; /* n_slots */
	uint32_t *waiting;         /* slots that wait for room; n_slots */
	uint32_t n_waiting;
	uint32_t n_slots;
	uint32_t n_flows;
	struct worker_list free, held, connecting, reap;

	struct loop loop;
	struct ring_tap tap;
	struct ring_pool pool;
	struct relay_env env;
	struct worker_listener listeners[WORKER_SOCKETS_MAX];
	unsigned n_listeners;
	bool paused;   /* the listeners are out of epoll */
	bool draining; /* there are no listeners any more */
	bool drained;  /* ... and the supervisor knows that no flow is left */
	bool lend_unsaid; /* the supervisor has to hear about `full` yet */
	uint64_t told_ms; /* when a pause was last logged */

	/* worker_hold.c */
	uint32_t n_held;
	uint32_t n_queued;      /* of these, not because of their own network */
	uint64_t hold_look_ms;  /* when all of them are looked at again */
	uint64_t hold_ports_ms; /* no port is looked for before that */
	bool hold_due;          /* a look at the end of this batch */

	struct worker_udp udp;

	/* worker_sweep.c */
	uint32_t half_open_ms; /* WORKER_HALF_OPEN_MS */
	uint32_t sweep_first;  /* the slot that the next one begins with */
	uint64_t half_look_ms; /* half-open flows are not looked for before */

	struct loop_watch channel;
	struct loop_timer connect_timer;
	struct loop_timer wait_timer;
	struct loop_timer resume_timer;
	struct loop_timer full_timer;
	struct loop_timer hold_timer;
	struct loop_timer sweep_timer;
};

/* worker.c: the parts of its life, for worker_main() and for tests that take
 * the steps of the loop themselves. worker_init(): 0 or -errno; worker_done()
 * is called either way. */
WS_MUST_USE int worker_init(struct worker *w, const struct worker_setup *setup);
void worker_done(struct worker *w);
/* The clocks of what follows: every entry and every limit uses the same. Called
 * where the loop enters the worker. */
void worker_clock(struct worker *w);

/* worker_slots.c: lists and slots */
void worker_slots_init(struct worker *w);
/* Behind `after`; WORKER_NONE: in front of all. */
void worker_list_insert(struct worker *w, struct worker_list *list,
			uint32_t slot, uint32_t after);
void worker_list_push(struct worker *w, struct worker_list *list,
		      uint32_t slot);
void worker_list_remove(struct worker *w, struct worker_list *list,
			uint32_t slot);
/* A slot with a new serial and no addresses; WORKER_NONE: all are in use. */
uint32_t worker_slot_take(struct worker *w);
void worker_slot_give(struct worker *w, uint32_t slot);

/* worker_accept.c: listeners */
WS_MUST_USE int worker_accept_start(struct worker *w);
/* Who wants help has changed. */
void worker_accept_lend(struct worker *w);
/* Takes what the backlogs hold, and closes all listeners for good. */
void worker_accept_drain(struct worker *w);
void worker_accept_stop(struct worker *w);
void worker_accept_resume(struct worker *w);
void worker_accept_retry(struct loop_timer *t, uint64_t now_ms);
void worker_accept_full(struct loop_timer *t, uint64_t now_ms);

/* worker_conf.c: a reload */
/* Takes `fd` over. Return: 0, or -errno and nothing changed. */
WS_MUST_USE int worker_conf_prepare(struct worker *w, uint32_t number, int fd);
/* A number that is not there changes nothing. */
void worker_conf_activate(struct worker *w, uint32_t number);
void worker_conf_discard(struct worker *w, uint32_t number);
/* The tables and the rule that take the connection; NULL: none do. */
const struct conf_tables *worker_conf_match(const struct worker *w,
					    const struct intake_conn *c,
					    uint16_t *rule);
void worker_conf_done(struct worker *w);

/* worker_hold.c: limits on what may be connected */
/* Connects a new flow, or holds it. */
void worker_hold_begin(struct worker *w, uint32_t slot);
/* Takes the flow off the list, if it is on it. */
void worker_hold_forget(struct worker *w, uint32_t slot);
/* Counts the flow in its client network. Return: false = that has enough. */
WS_MUST_USE bool worker_hold_enter(struct worker *w, uint32_t slot);
/* Has the client's network enough flows? */
bool worker_hold_is_full(const struct worker *w,
			 const struct base_addr *client);
/* `auto` is what the supervisor made of the rules for NAT at this moment. */
enum conf_source worker_hold_source(const struct worker *w,
				    enum conf_source source);
/* The flow is over: its network has one less, if it was counted. */
void worker_hold_leave(struct worker *w, uint32_t slot);
/* A look at those that are held. */
void worker_hold_look(struct worker *w);
void worker_hold_retry(struct loop_timer *t, uint64_t now_ms);

/* worker_sweep.c: flows that nobody hears of any more */
/* A flow has been opened, and its first bytes come next; its idle_ms is set. */
void worker_sweep_open(struct worker *w, uint32_t slot);
/* Has it bytes that we have not come to? */
bool worker_sweep_is_unread(const struct ring_slot *s);
void worker_sweep_fire(struct loop_timer *t, uint64_t now_ms);

/* worker_udp.c: UDP flows. worker_udp_init(): 0 or -errno; worker_udp_done() is
 * called either way. */
WS_MUST_USE int worker_udp_init(struct worker *w);
void worker_udp_done(struct worker *w);
/* Takes datagrams from a listener, `most` of them. */
void worker_udp_listen(struct worker_listener *l, int most);
void worker_udp_ready(struct worker *w, uint32_t slot, enum ring_side side,
		      uint32_t events);
/* Passes on what has come. */
void worker_udp_pass(struct worker *w, uint32_t slot);
/* The flow ends. */
void worker_udp_forget(struct worker *w, uint32_t slot);

/* worker_flow.c: the life of a flow */
/* What the slot says of the flow for all its life. */
void worker_flow_describe(struct worker *w, uint32_t slot,
			  const struct intake_conn *in,
			  const struct conf_tables *conf, uint16_t rule);
/* A side's socket goes into the loop, the server's after it was attached.
 * Return: 0 or -errno. */
WS_MUST_USE int worker_flow_hook(struct worker *w, uint32_t slot,
				 enum ring_side side);
WS_MUST_USE int worker_flow_attach(struct worker *w, uint32_t slot, int fd);
/* Takes an accepted connection over, its descriptor included. */
void worker_flow_begin(struct worker *w, uint32_t slot,
		       const struct intake_conn *in,
		       const struct conf_tables *conf, uint16_t rule);
/* `fd`, `call`: what intake_connect() said. The flow connects, or is closed. */
void worker_flow_connect(struct worker *w, uint32_t slot, int fd,
			 enum base_call call);
/* Its OPEN, which comes once, before all else. */
void worker_flow_tell(struct worker *w, uint32_t slot);
void worker_flow_ready(void *owner, uint64_t token, uint32_t events);
/* Unhooks the flow; the slot is freed when the batch ends. */
void worker_flow_close(struct worker *w, uint32_t slot, enum ring_close reason,
		       int error);
/* We end it: what can still be passed on is, then the flow is closed. */
void worker_flow_stop(struct worker *w, uint32_t slot, enum ring_close reason);
/* Return: was there a flow to free? */
bool worker_flow_reap(struct worker *w);
void worker_flow_expire(struct loop_timer *t, uint64_t now_ms);
void worker_flow_retry(struct loop_timer *t, uint64_t now_ms);

#endif
