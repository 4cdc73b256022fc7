/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base_die.h - places where a test lets a process die
 *
 * Every step after which memory or files differ from what the step before left
 * has a point here. A build with WAYSIDE_TEST_POINTS (presets dev, asan, tsan)
 * kills itself there when the environment says so, any other build has no code
 * for it:
 *
 *   WAYSIDE_DIE=POINT=N[:stop][,...]
 *
 * The N-th pass of a point, counted over all processes of the daemon, ends in
 * SIGKILL (with :stop in SIGSTOP, a disk or a peer that hangs). The counters
 * lie in memory shared by all children, so a successor does not die again.
 *
 *   WAYSIDE_RESTART_MS=N
 *
 * A role that died is started again after N ms, whatever it did before.
 *
 *   WAYSIDE_RESTART_HOLD=PATH
 *
 * ... but not while there is such a file: the test says when it comes back.
 *
 *   WAYSIDE_LIMIT_MS=N
 *   WAYSIDE_RELOAD_MS=N
 *
 * Processes get N ms in place of the few seconds after which one that does not
 * start, stop, parse or answer is taken for broken; and as long to take in a
 * reload. Where a machine is so busy that they get no processor for seconds,
 * nothing is broken.
 *
 *   WAYSIDE_HALF_OPEN_MS=N
 *
 * So long bytes stay unacknowledged until a flow counts as half-open.
 *
 *   WAYSIDE_UNANSWERED_MS=N
 *
 * So long a UDP flow lives whose server was never heard.
 *
 *   WAYSIDE_PROBE_MS=N
 *
 * So long a probe waits for a packet until it is taken for lost.
 *
 *   WAYSIDE_AGAIN_MS=N
 *
 * So long nothing is asked again by a self-test that just was.
 *
 *   WAYSIDE_SETTLE_MS=N
 *
 * So long a stop waits for connections to come to their end.
 */
#ifndef BASE_DIE_H
#define BASE_DIE_H

#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"

/* name in the environment: what has just happened */
#define BASE_DIE_POINTS(X)                                                    \
	/* recorder, in the order of a batch */                               \
	X(RECORDER_READ, "recorder.read")     /* an entry is copied */        \
	X(RECORDER_FRAMED, "recorder.framed") /* ... and decoded */           \
	X(CAPTURE_HALF, "capture.half")       /* half a write */              \
	X(CAPTURE_WRITTEN, "capture.written") /* one file of a batch */       \
	X(EVENTS_HALF, "events.half")                                         \
	X(EVENTS_WRITTEN, "events.written")                                   \
	X(RECORDER_FLUSHED, "recorder.flushed") /* all files */               \
	X(RECORDER_NOTED, "recorder.noted")     /* commit is prepared */      \
	X(STORE_BEGUN, "store.begun")           /* a transaction */           \
	X(STORE_INSERTED, "store.inserted")     /* ... with all its rows */   \
	X(STORE_COMMITTED, "store.committed")   /* ... which is the commit */ \
	X(RECORDER_COMMITTED, "recorder.committed") /* and in force */        \
	X(RECORDER_RELEASED, "recorder.released")   /* ring bytes are back */ \
	X(RECORDER_CUT, "recorder.cut")             /* a file cut back */     \
	X(STORE_EXPIRED, "store.expired")           /* old rows deleted */    \
	X(STORE_CHECKPOINT, "store.checkpoint")     /* the log is emptied */  \
	/* publisher, in the order of a batch */                              \
	X(SINK_READ, "sink.read")           /* from the store */              \
	X(SINK_PUT, "sink.put")             /* handed over, unconfirmed */    \
	X(SINK_CONFIRMED, "sink.confirmed") /* the cursor is behind */        \
	X(CURSOR_WRITTEN, "cursor.written") /* the file beside the old one */ \
	X(CURSOR_KEPT, "cursor.kept")                                         \
	/* worker, in the order of a flow */                                  \
	X(WORKER_ACCEPTED, "worker.accepted")                                 \
	X(WORKER_SLOT, "worker.slot")                                         \
	X(WORKER_CONNECT, "worker.connect")                                   \
	X(WORKER_OPEN, "worker.open")                                         \
	X(WORKER_INTENT, "worker.intent")                                     \
	X(WORKER_RECEIVED, "worker.received")                                 \
	X(WORKER_TAPPED, "worker.tapped")                                     \
	X(WORKER_SENT, "worker.sent")                                         \
	X(WORKER_KEPT, "worker.kept")                                         \
	X(WORKER_FIN, "worker.fin")                                           \
	X(WORKER_CLOSED, "worker.closed")                                     \
	X(WORKER_FREED, "worker.freed")                                       \
	/* a reload, in each role */                                          \
	X(RELOAD_PREPARED, "reload.prepared")                                 \
	X(RELOAD_ACTIVE, "reload.active")                                     \
	/* the self-test, in its order; the child: space, calling */          \
	X(PROBE_SPACE, "probe.space")                                         \
	X(PROBE_CABLE, "probe.cable")                                         \
	X(PROBE_ADDRESSED, "probe.addressed")                                 \
	X(PROBE_RULES, "probe.rules")                                         \
	X(PROBE_CALLING, "probe.calling")                                     \
	X(PROBE_CALLED, "probe.called")                                       \
	/* ... and of the doctor's; guard is the one that guards routing */   \
	X(PROBE_GUARD, "path.guard")                                          \
	X(PATH_ROUTED, "path.routed")                                         \
	X(PATH_SPACE, "path.space")                                           \
	X(PATH_CABLE, "path.cable")                                           \
	X(PATH_RULES, "path.rules")                                           \
	X(PATH_TAKEN, "path.taken")                                           \
	X(PATH_RELAYED, "path.relayed")                                       \
	/* the doctor before it tries; bound, locked: and not yet let go */   \
	X(DOCTOR_ASKED, "doctor.asked") /* the daemon */                      \
	X(DOCTOR_TRIED, "doctor.tried") /* a statement */                     \
	X(DOCTOR_LOCKED, "doctor.locked")                                     \
	X(DOCTOR_BOUND, "doctor.bound")                                       \
	/* supervisor: the steps of a start, then of a stop */                \
	X(SUPERVISOR_OPENED, "supervisor.opened") /* control socket */        \
	X(SUPERVISOR_LOCKED, "supervisor.locked") /* self-test is over */     \
	X(SUPERVISOR_LISTENING, "supervisor.listening")                       \
	X(SUPERVISOR_STARTED, "supervisor.started") /* all roles */           \
	X(NFT_ROUTED, "supervisor.routed")          /* ... without rules */   \
	X(SUPERVISOR_INSTALLED, "supervisor.installed")                       \
	X(SUPERVISOR_DRAINING, "supervisor.draining") /* nothing new comes */ \
	X(SUPERVISOR_CLOSED, "supervisor.closed")     /* its listeners */     \
	X(SUPERVISOR_WORKERS, "supervisor.workers")   /* ... have ended */    \
	X(SUPERVISOR_RECORDER, "supervisor.recorder") /* ... too */           \
	X(SUPERVISOR_PUBLISHERS, "supervisor.publishers")                     \
	X(SUPERVISOR_FORGOTTEN, "supervisor.forgotten") /* TIME_WAIT */       \
	X(SUPERVISOR_REMOVED, "supervisor.removed")     /* rules, routes */   \
	/* no death: the worker puts an entry into its ring that is none */   \
	X(GARBAGE, "garbage")

#define BASE_DIE_ENUM(name, text) BASE_DIE_##name,
enum base_die_point {
	BASE_DIE_POINTS(BASE_DIE_ENUM) BASE_DIE_MAX
};
#undef BASE_DIE_ENUM

#ifdef WAYSIDE_TEST_POINTS

/* Before the first fork(). Reads the environment. Return: false after one
 * logged line: no such point, no number, or no memory. */
WS_MUST_USE bool base_die_init(void);

/* Counts this pass, and dies or stops when it is the one. */
void base_die_at(enum base_die_point point);

/* Counts this pass. True: do half of what comes next, then base_die_now(). */
WS_MUST_USE bool base_die_due(enum base_die_point point);
void base_die_now(enum base_die_point point);

/* Its name; for tests that loop over all. */
const char *base_die_name(enum base_die_point point);

/* How long a role stays away: `real`, if the environment says nothing else. */
uint32_t base_die_restart_ms(uint32_t real);
/* When a flow is half-open: `real`, as above. */
uint32_t base_die_half_open_ms(uint32_t real);
/* How long a UDP flow waits for its server: the same. */
uint32_t base_die_unanswered_ms(uint32_t real);
/* When a probe's packet is lost, and a stop waits no longer: the same. */
uint32_t base_die_probe_ms(uint32_t real);
uint32_t base_die_settle_ms(uint32_t real);
/* Between two self-tests of a running daemon: the same. */
uint32_t base_die_again_ms(uint32_t real);
/* May none come back yet? */
bool base_die_restart_held(void);

/* For how long processes are waited for: `real`, or what the environment says.
 */
uint32_t base_die_limit_ms(uint32_t real);
uint32_t base_die_reload_ms(uint32_t real);

#else

static inline bool base_die_init(void)
{
	return true;
}

static inline void base_die_at(enum base_die_point point)
{
	(void)point;
}

static inline bool base_die_due(enum base_die_point point)
{
	(void)point;
	return false;
}

static inline void base_die_now(enum base_die_point point)
{
	(void)point;
}

static inline uint32_t base_die_restart_ms(uint32_t real)
{
	return real;
}

static inline uint32_t base_die_half_open_ms(uint32_t real)
{
	return real;
}

static inline uint32_t base_die_unanswered_ms(uint32_t real)
{
	return real;
}

static inline uint32_t base_die_probe_ms(uint32_t real)
{
	return real;
}

static inline uint32_t base_die_settle_ms(uint32_t real)
{
	return real;
}

static inline uint32_t base_die_again_ms(uint32_t real)
{
	return real;
}

static inline bool base_die_restart_held(void)
{
	return false;
}

static inline uint32_t base_die_limit_ms(uint32_t real)
{
	return real;
}

static inline uint32_t base_die_reload_ms(uint32_t real)
{
	return real;
}

#endif

#endif
