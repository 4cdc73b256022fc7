/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ring_shared.h - what all workers of a daemon share
 *
 * Connection ids. A connection id is the local second in which the connection
 * came, as tcpproxy wrote it; the second and later ones of a second carry a
 * number. The workers draw {second, number} from one word, so that the flow
 * table, the capture's name, the status and a restarted recorder all say the
 * same. The word never goes back, not even when the clock does: a clock set
 * back stays at the last second and counts on.
 *
 * Help. The listeners of a worker that is dead, or full, are served by the
 * others: they look at the two words after a ROLE_LEND.
 *
 * Limits over all workers: flows in all, flows of one client network, connects
 * a second. Each worker writes its own count of flows, so a worker that dies
 * leaves no count behind that nobody takes back.
 *
 * Client networks. A place is one word {40 bits of a keyed hash of the network,
 * count}; count 0 = free. A network's places lie in the window of RING_PLACES
 * words that its hash begins; two workers that meet a network at the same time
 * may each take one, so the words of a window are summed. A window without room
 * does not limit: a network that cannot be counted is let through. A worker
 * marks its flow as counted before it counts, and takes the mark away after it
 * has given the count back: if it dies in between, its successor gives back one
 * count too many, so the error of one flow is to the client's favour, and is
 * gone when that network has no flow any more.
 *
 * Newest flow of a client: a word {32 bits of a keyed hash of the client's
 * address and its server, second of the newest flow's connection id}, so that a
 * half-open flow finds out whether its client has come anew, with whatever
 * worker. The words of a pair lie in a window as above; in a full one the
 * oldest makes room, so what is forgotten is that somebody came anew, and never
 * the other way round. Two clients behind one address are one pair: this says
 * only when it is worth to look whether the older flow is dead.
 *
 * Connect rate: the generic cell rate algorithm in one word, the time from
 * which on the next connect may begin (ITU-T I.371, A.1). Connects keep an
 * equal distance; a worker that comes late may catch up RING_RATE_SLACK_NS,
 * since its timers count milliseconds.
 */
#ifndef RING_SHARED_H
#define RING_SHARED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base_addr.h"
#include "base_attr.h"

/* second << 20 | number; number 0 is the first of its second. More than a
 * million in one second run over into the next. */
#define RING_CONNECTION_BITS 20
#define RING_WORKERS_MAX     64 /* one bit each */
#define RING_PLACES          16 /* looked at for one client network */
#define RING_RATE_SLACK_NS   10000000U

struct ring_shared {
	_Atomic uint64_t connection; /* the last one handed out */
	_Atomic uint64_t dead; /* bit i: worker i is not there; supervisor */
	_Atomic uint64_t full; /* bit i: worker i takes no more; that worker */
	_Atomic uint64_t next_connect_ns; /* when connect_rate allows one */
	_Atomic uint32_t flows[RING_WORKERS_MAX];     /* of worker i; by it */
	_Atomic uint32_t udp_flows[RING_WORKERS_MAX]; /* of these */
	uint64_t key[2];                              /* of the hash; random */
	/* of client networks, and as many behind them of pairs; a power of two
	 */
	uint32_t n_places;
	_Atomic uint32_t source; /* what source: auto is; supervisor */
	_Atomic uint64_t places[];
};

/* Pages shared with all children of the caller; NULL: no memory. The first id
 * is {second, number}, or a later one. Room for max_flows client networks. */
struct ring_shared *ring_shared_new(uint64_t second, uint32_t number,
				    uint32_t max_flows);
void ring_shared_free(struct ring_shared *s);

uint64_t ring_shared_connection(struct ring_shared *s, uint64_t wall_ns);

/* Whose listeners are to be served by others: bit i = worker i. */
uint64_t ring_shared_help(struct ring_shared *s);
/* Those that are dead: the only help that UDP needs. */
uint64_t ring_shared_dead(struct ring_shared *s);
void ring_shared_set_dead(struct ring_shared *s, unsigned worker, bool dead);
/* Return: it was different before, so the others have to be told. */
bool ring_shared_set_full(struct ring_shared *s, unsigned worker, bool full);

/* What `source: auto` is at the moment (enum conf_source). */
static inline uint32_t ring_shared_source(const struct ring_shared *s)
{
	return atomic_load_explicit(&s->source, memory_order_relaxed);
}

static inline void ring_shared_set_source(struct ring_shared *s,
					  uint32_t source)
{
	atomic_store_explicit(&s->source, source, memory_order_relaxed);
}

/* Flows of all workers; each sets its own. */
uint32_t ring_shared_flows(const struct ring_shared *s);
void ring_shared_set_flows(struct ring_shared *s, unsigned worker, uint32_t n);
/* The same for one flow more than before. Return: false and nothing set when
 * all together would be more than `most`. */
WS_MUST_USE bool ring_shared_try_flows(struct ring_shared *s, unsigned worker,
				       uint32_t n, uint32_t most);
/* Both for UDP flows. */
void ring_shared_set_udp_flows(struct ring_shared *s, unsigned worker,
			       uint32_t n);
WS_MUST_USE bool ring_shared_try_udp_flows(struct ring_shared *s,
					   unsigned worker, uint32_t n,
					   uint32_t most);

enum ring_enter {
	RING_ENTER_COUNTED,
	RING_ENTER_UNCOUNTED, /* no room: not limited, nothing to give back */
	RING_ENTER_LIMIT,     /* the network has `most` flows */
};

/* The client's network: the first `bits` of its address, counted in its own
 * family, as the number that the next two take. */
uint64_t ring_shared_network(const struct ring_shared *s,
			     const struct base_addr *client, unsigned bits);
WS_MUST_USE enum ring_enter ring_shared_enter(struct ring_shared *s,
					      uint64_t network, uint32_t most);
/* Gives one count back; does nothing when there is none. */
void ring_shared_leave(struct ring_shared *s, uint64_t network);
/* Would it be refused now? */
bool ring_shared_is_full(struct ring_shared *s, uint64_t network,
			 uint32_t most);

/* A client's address, whatever its port, and its server. */
uint64_t ring_shared_pair(const struct ring_shared *s,
			  const struct base_addr *client,
			  const struct base_addr *server);
/* A flow of the pair begins, and this is its connection id. */
void ring_shared_came(struct ring_shared *s, uint64_t pair,
		      uint64_t connection);
/* Did another flow of the pair begin in a later second than this one? */
bool ring_shared_came_anew(struct ring_shared *s, uint64_t pair,
			   uint64_t connection);

/* May a connect begin, `rate` a second? Times are CLOCK_MONOTONIC, which all
 * workers share. Return: 0 yes, it is counted; or when to ask again, > now_ns.
 */
WS_MUST_USE uint64_t ring_shared_connect(struct ring_shared *s, uint64_t now_ns,
					 uint32_t rate);
/* The one that was just allowed did not begin. */
void ring_shared_connect_undo(struct ring_shared *s, uint32_t rate);

static inline uint64_t ring_connection_second(uint64_t connection)
{
	return connection >> RING_CONNECTION_BITS;
}

static inline uint32_t ring_connection_number(uint64_t connection)
{
	return (uint32_t)(connection & ((1U << RING_CONNECTION_BITS) - 1));
}

#endif
