/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ring_shared.c - what all workers of a daemon share */
#include "ring_shared.h"

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "base_time.h"

#define PLACES_MIN 64U
#define COUNT_BITS 24
#define COUNT_MASK ((1ULL << COUNT_BITS) - 1)
/* A count that is there but always just where we do not look: not seen, and
 * looking for ever would be worse. */
#define LEAVE_TRIES 4

static size_t bytes_for(uint32_t n_places)
{
	return sizeof(struct ring_shared) + 2UL * n_places * sizeof(uint64_t);
}

struct ring_shared *ring_shared_new(uint64_t second, uint32_t number,
				    uint32_t max_flows)
{
	uint32_t n = PLACES_MIN;
	struct ring_shared *s;

	/* half of the places stay empty: few are looked at in vain */
	while (n / 2 < max_flows)
		n *= 2;
	s = mmap(NULL, bytes_for(n), PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		return NULL;
	s->n_places = n;
	if (getrandom(s->key, sizeof(s->key), 0) != (ssize_t)sizeof(s->key)) {
		ring_shared_free(s);
		return NULL;
	}
	/* one below the first: that is what comes next */
	atomic_init(&s->connection,
		    (second << RING_CONNECTION_BITS) + number - 1);
	return s;
}

void ring_shared_free(struct ring_shared *s)
{
	if (s)
		(void)munmap(s, bytes_for(s->n_places));
}

uint64_t ring_shared_help(struct ring_shared *s)
{
	return atomic_load(&s->dead) | atomic_load(&s->full);
}

static bool set_bit(_Atomic uint64_t *word, unsigned bit, bool on)
{
	const uint64_t mask = 1ULL << bit;
	const uint64_t old = on ? atomic_fetch_or(word, mask)
				: atomic_fetch_and(word, ~mask);

	return !(old & mask) == on;
}

void ring_shared_set_dead(struct ring_shared *s, unsigned worker, bool dead)
{
	(void)set_bit(&s->dead, worker, dead);
}

bool ring_shared_set_full(struct ring_shared *s, unsigned worker, bool full)
{
	return set_bit(&s->full, worker, full);
}

uint64_t ring_shared_dead(struct ring_shared *s)
{
	return atomic_load(&s->dead);
}

static uint32_t sum_of(const _Atomic uint32_t counts[RING_WORKERS_MAX])
{
	uint32_t n = 0;

	for (int i = 0; i < RING_WORKERS_MAX; i++)
		n += atomic_load(&counts[i]);
	return n;
}

uint32_t ring_shared_flows(const struct ring_shared *s)
{
	return sum_of(s->flows);
}

void ring_shared_set_flows(struct ring_shared *s, unsigned worker, uint32_t n)
{
	atomic_store(&s->flows[worker], n);
}

/* Announced first, then added up: of two workers that take the last place, both
 * see it and at most one keeps it. */
static bool try_count(_Atomic uint32_t counts[RING_WORKERS_MAX],
		      unsigned worker, uint32_t n, uint32_t most)
{
	const uint32_t before = atomic_exchange(&counts[worker], n);

	if (sum_of(counts) <= most)
		return true;
	atomic_store(&counts[worker], before);
	return false;
}

bool ring_shared_try_flows(struct ring_shared *s, unsigned worker, uint32_t n,
			   uint32_t most)
{
	return try_count(s->flows, worker, n, most);
}

void ring_shared_set_udp_flows(struct ring_shared *s, unsigned worker,
			       uint32_t n)
{
	atomic_store(&s->udp_flows[worker], n);
}

bool ring_shared_try_udp_flows(struct ring_shared *s, unsigned worker,
			       uint32_t n, uint32_t most)
{
	return try_count(s->udp_flows, worker, n, most);
}

static uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

/* SipHash-2-4 (Aumasson and Bernstein, 2012) of n words: clients choose their
 * addresses, but not where they are counted. */
static uint64_t hash(const uint64_t key[2], const uint64_t *words, unsigned n)
{
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575U,
			  key[1] ^ 0x646f72616e646f6dU,
			  key[0] ^ 0x6c7967656e657261U,
			  key[1] ^ 0x7465646279746573U };

	for (unsigned i = 0; i <= n; i++) {
		/* the last one is what the paper calls b: only the length */
		const uint64_t m = i < n ? words[i] : 8ULL * n << 56;

		v[3] ^= m;
		sip_round(v);
		sip_round(v);
		v[0] ^= m;
	}
	v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t ring_shared_network(const struct ring_shared *s,
			     const struct base_addr *client, unsigned bits)
{
	const unsigned n = client->family == AF_INET ? 96 + bits : bits;
	uint8_t ip[16];
	uint64_t words[3] = { 0, 0, n };

	for (unsigned i = 0; i < sizeof(ip); i++) {
		const unsigned kept = n > 8 * i ? n - 8 * i : 0;

		ip[i] = kept >= 8 ? client->ip[i]
				  : (uint8_t)(client->ip[i] & 0xff00U >> kept);
	}
	memcpy(words, ip, sizeof(ip));
	return hash(s->key, words, WS_ARRAY_LEN(words));
}

/* A network's hash: its upper bits are in the word, its lower ones say where
 * the window begins. */
static _Atomic uint64_t *place_of(struct ring_shared *s, uint64_t network,
				  uint32_t i)
{
	return &s->places[(network + i) & (s->n_places - 1)];
}

static bool is_of(uint64_t word, uint64_t network)
{
	return (word & COUNT_MASK) && (word ^ network) >> COUNT_BITS == 0;
}

static uint64_t flows_of(struct ring_shared *s, uint64_t network)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < RING_PLACES; i++) {
		const uint64_t word = atomic_load(place_of(s, network, i));

		if (is_of(word, network))
			n += word & COUNT_MASK;
	}
	return n;
}

/* A place of this network, else the first free one; NULL: no room. */
static _Atomic uint64_t *find_place(struct ring_shared *s, uint64_t network)
{
	_Atomic uint64_t *unused = NULL;

	for (uint32_t i = 0; i < RING_PLACES; i++) {
		_Atomic uint64_t *place = place_of(s, network, i);
		const uint64_t word = atomic_load(place);

		if (is_of(word, network))
			return place;
		if (!unused && !(word & COUNT_MASK))
			unused = place;
	}
	return unused;
}

static bool count_one(struct ring_shared *s, uint64_t network)
{
	for (;;) {
		_Atomic uint64_t *place = find_place(s, network);
		uint64_t word, next;

		if (!place)
			return false;
		word = atomic_load(place);
		if (is_of(word, network))
			next = word + 1;
		else if (!(word & COUNT_MASK))
			next = (network & ~COUNT_MASK) | 1;
		else
			continue; /* another network was faster */
		if (atomic_compare_exchange_strong(place, &word, next))
			return true;
	}
}

bool ring_shared_is_full(struct ring_shared *s, uint64_t network, uint32_t most)
{
	return flows_of(s, network) >= most;
}

enum ring_enter ring_shared_enter(struct ring_shared *s, uint64_t network,
				  uint32_t most)
{
	if (flows_of(s, network) >= most)
		return RING_ENTER_LIMIT;
	if (!count_one(s, network))
		return RING_ENTER_UNCOUNTED;
	/* as with all flows: announced first, then added up */
	if (flows_of(s, network) <= most)
		return RING_ENTER_COUNTED;
	ring_shared_leave(s, network);
	return RING_ENTER_LIMIT;
}

void ring_shared_leave(struct ring_shared *s, uint64_t network)
{
	for (uint32_t i = 0; i < LEAVE_TRIES * RING_PLACES; i++) {
		_Atomic uint64_t *place = place_of(s, network, i % RING_PLACES);
		uint64_t word = atomic_load(place);

		while (is_of(word, network)) {
			if (atomic_compare_exchange_weak(place, &word,
							 word - 1))
				return;
		}
	}
}

uint64_t ring_shared_pair(const struct ring_shared *s,
			  const struct base_addr *client,
			  const struct base_addr *server)
{
	uint64_t words[5] = { [4] = server->port };

	memcpy(words, client->ip, sizeof(client->ip));
	memcpy(words + 2, server->ip, sizeof(server->ip));
	return hash(s->key, words, WS_ARRAY_LEN(words));
}

static _Atomic uint64_t *pair_place(struct ring_shared *s, uint64_t pair,
				    uint32_t i)
{
	return &s->places[s->n_places + ((pair + i) & (s->n_places - 1))];
}

/* Half of the hash is in the word, and its lowest bits are the place. */
static bool is_pair(uint64_t word, uint64_t pair)
{
	return (word ^ pair) >> 32 == 0;
}

static uint32_t second_of(uint64_t connection)
{
	return (uint32_t)ring_connection_second(connection);
}

/* The pair's place, else the oldest of its window. */
static _Atomic uint64_t *find_pair(struct ring_shared *s, uint64_t pair)
{
	_Atomic uint64_t *oldest = NULL;
	uint32_t least = UINT32_MAX;

	for (uint32_t i = 0; i < RING_PLACES; i++) {
		_Atomic uint64_t *place = pair_place(s, pair, i);
		const uint64_t word = atomic_load(place);

		if (is_pair(word, pair))
			return place;
		if (!oldest || (uint32_t)word < least) {
			oldest = place;
			least = (uint32_t)word;
		}
	}
	return oldest;
}

void ring_shared_came(struct ring_shared *s, uint64_t pair, uint64_t connection)
{
	const uint64_t mine = (pair >> 32 << 32) | second_of(connection);

	for (;;) {
		_Atomic uint64_t *place = find_pair(s, pair);
		uint64_t word = atomic_load(place);

		if (is_pair(word, pair) && word >= mine)
			return; /* another worker had a newer one */
		if (atomic_compare_exchange_strong(place, &word, mine))
			return;
	}
}

bool ring_shared_came_anew(struct ring_shared *s, uint64_t pair,
			   uint64_t connection)
{
	for (uint32_t i = 0; i < RING_PLACES; i++) {
		const uint64_t word = atomic_load(pair_place(s, pair, i));

		if (is_pair(word, pair) &&
		    (uint32_t)word > second_of(connection))
			return true;
	}
	return false;
}

uint64_t ring_shared_connect(struct ring_shared *s, uint64_t now_ns,
			     uint32_t rate)
{
	const uint64_t interval = BASE_TIME_NS_PER_S / rate;
	uint64_t next = atomic_load(&s->next_connect_ns);
	uint64_t from;

	do {
		if (next > now_ns)
			return next;
		from = next + RING_RATE_SLACK_NS > now_ns
			       ? next
			       : now_ns - RING_RATE_SLACK_NS;
	} while (!atomic_compare_exchange_weak(&s->next_connect_ns, &next,
					       from + interval));
	return 0;
}

void ring_shared_connect_undo(struct ring_shared *s, uint32_t rate)
{
	atomic_fetch_sub(&s->next_connect_ns, BASE_TIME_NS_PER_S / rate);
}

uint64_t ring_shared_connection(struct ring_shared *s, uint64_t wall_ns)
{
	const uint64_t first = wall_ns / BASE_TIME_NS_PER_S
			       << RING_CONNECTION_BITS;
	uint64_t last = atomic_load(&s->connection);
	uint64_t mine;

	do {
		mine = last + 1 > first ? last + 1 : first;
	} while (!atomic_compare_exchange_weak(&s->connection, &last, mine));
	return mine;
}
