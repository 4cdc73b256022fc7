/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe.c - does intercepted traffic get through? The form for a start */
#include "probe.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base_die.h"
#include "base_fd.h"
#include "base_time.h"
#include "nft.h"
#include "nft_link.h"
#include "probe_link.h"
#include "probe_socket.h"
#include "probe_space.h"
#include "probe_table.h"
#include "probe_trace.h"

#define LIMIT_MS 1500 /* the first SYN, and another after a second */

struct probe {
	struct probe_result *result;
	struct probe_cable cable;
	struct probe_space space;
	struct nft_link *route; /* NETLINK_ROUTE */
	struct nft_link *nft;   /* owner of the table */
	struct nft_link *watch; /* of the trace; NULL: there is none */
	struct probe_trace trace;
	struct probe_table table;
	int listeners[PROBE_FAMILIES]; /* -1: none */
	bool accepted[PROBE_FAMILIES];
};

enum step {
	STEP_ADDRESS, /* take the cable up */
	STEP_CALL,    /* send the SYNs */
};

/* What the child is told. */
struct order {
	enum step step;
	struct probe_cable cable;
	uint16_t port;
};

static int impossible(struct probe *p, const char *what, int error)
{
	p->result->verdict = PROBE_IMPOSSIBLE;
	(void)snprintf(p->result->why, sizeof(p->result->why), "%s: %s", what,
		       strerrordesc_np(-error));
	return error;
}

/* In the child; the sockets stay until its end. */
static int call(const struct probe_cable *c, uint16_t port, int *held)
{
	const int families = c->has_ipv6 ? PROBE_FAMILIES : PROBE_V6;

	for (int f = PROBE_V4; f < families; f++) {
		held[f] = probe_socket_call(c, (enum probe_family)f, PROBE_HERE,
					    port);
		if (held[f] < 0)
			return held[f];
	}
	return 0;
}

static int obey(const void *word, int *held)
{
	const struct order *order = word;

	switch (order->step) {
	case STEP_ADDRESS:
		return probe_link_live(&order->cable);
	case STEP_CALL:
		base_die_at(BASE_DIE_PROBE_CALLING);
		return call(&order->cable, order->port, held);
	}
	return -EINVAL;
}

/* What the probe needs of this namespace. Return: 0 or -errno, noted. */
static int set_up(struct probe *p)
{
	struct nft_error why;
	int r = nft_link_open(&p->route, NETLINK_ROUTE);

	if (!r)
		r = nft_open(&p->nft, true, &why);
	if (r)
		return impossible(p, "netlink", r);
	r = probe_link_plan(p->route, &p->cable);
	if (r)
		return impossible(p, "addresses for the probe", r);
	r = probe_space_start(&p->space, obey);
	if (r)
		return impossible(p,
				  "a network namespace (CAP_SYS_ADMIN, or user "
				  "namespaces for all)",
				  r);
	r = probe_link_make(p->route, &p->cable, p->space.pid);
	base_die_at(BASE_DIE_PROBE_CABLE);
	if (!r)
		r = probe_link_address(p->route, &p->cable, PROBE_HERE);
	if (r)
		return impossible(p, "a veth pair", r);
	base_die_at(BASE_DIE_PROBE_ADDRESSED);
	p->listeners[PROBE_V4] = probe_socket_listen(PROBE_V4, &p->table.port4);
	if (p->listeners[PROBE_V4] < 0)
		return impossible(p, "a transparent listener",
				  p->listeners[PROBE_V4]);
	if (p->cable.has_ipv6)
		p->listeners[PROBE_V6] =
			probe_socket_listen(PROBE_V6, &p->table.port6);
	p->cable.has_ipv6 = p->listeners[PROBE_V6] >= 0;
	p->table.cable = &p->cable;
	r = probe_table_add(p->nft, &p->table, &why);
	if (r) {
		(void)impossible(p, "nft", r);
		(void)snprintf(p->result->why, sizeof(p->result->why), "%s",
			       why.text);
	}
	base_die_at(BASE_DIE_PROBE_RULES);
	return r;
}

static void take_down(struct probe *p)
{
	if (p->table.cable)
		probe_table_remove(p->nft, &p->table);
	if (p->space.pid)
		probe_link_remove(p->route, &p->cable);
	probe_space_end(&p->space);
	for (int f = PROBE_V4; f < PROBE_FAMILIES; f++)
		base_fd_close(&p->listeners[f]);
	nft_link_close(p->watch);
	nft_close(p->nft);
	nft_link_close(p->route);
}

static bool is_settled(const struct probe *p)
{
	for (int f = PROBE_V4; f < PROBE_FAMILIES; f++) {
		if (p->listeners[f] >= 0 && !p->accepted[f] &&
		    !p->trace.dropped[f])
			return false;
	}
	return true;
}

/* Return: has one come now? */
static bool take_connection(struct probe *p, int family)
{
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	int fd = -1;

	if (p->listeners[family] >= 0 && !p->accepted[family])
		fd = accept4(p->listeners[family], (struct sockaddr *)&from,
			     &len, SOCK_CLOEXEC);
	if (fd < 0)
		return false;
	p->accepted[family] = true;
	base_fd_close(&fd);
	return true;
}

/* Until all has come or is known to be lost, or time is up. */
static void watch(struct probe *p)
{
	const uint64_t end = base_time_mono_ms() + base_die_probe_ms(LIMIT_MS);
	bool over = false;
	struct pollfd polls[] = {
		{ .fd = p->listeners[PROBE_V4], .events = POLLIN },
		{ .fd = p->listeners[PROBE_V6], .events = POLLIN },
		{ .fd = p->watch ? mnl_socket_get_fd(p->watch->socket) : -1,
		  .events = POLLIN },
	};

	/* what has come until then is seen, also by one that slept through it
	 */
	while (!is_settled(p) && !over) {
		const uint64_t now = base_time_mono_ms();

		over = now >= end;
		if (poll(polls, WS_ARRAY_LEN(polls),
			 over ? 0 : (int)(end - now)) < 0 &&
		    errno != EINTR)
			return;
		for (int f = PROBE_V4; f < PROBE_FAMILIES; f++) {
			if (take_connection(p, f))
				polls[f].fd = -1;
		}
		if (p->watch)
			probe_trace_read(p->watch, &p->trace);
	}
}

static enum probe_verdict judge_family(const struct probe *p, int f,
				       const struct probe_counts *counts)
{
	if (p->accepted[f])
		return PROBE_PASSED;
	if (counts->arrived[f])
		return PROBE_BLOCKED_OUT;
	return counts->marked[f] ? PROBE_BLOCKED_IN : PROBE_IMPOSSIBLE;
}

static void judge(struct probe *p)
{
	struct probe_result *result = p->result;
	struct probe_counts counts;
	const int r = probe_table_count(p->nft, &p->table, &counts);

	if (r) {
		(void)impossible(p, "counters of the probe", r);
		return;
	}
	for (int f = PROBE_V4; f < PROBE_FAMILIES; f++) {
		enum probe_verdict v;

		if (p->listeners[f] < 0)
			continue;
		v = judge_family(p, f, &counts);
		result->of[f] = v;
		result->place[f] = p->trace.where[f];
		result->traced = p->trace.n_ids > 0;
		if (v > result->verdict)
			result->verdict = v;
	}
	if (result->verdict == PROBE_IMPOSSIBLE)
		(void)snprintf(result->why, sizeof(result->why),
			       "packets of a new interface do not get to the "
			       "nft hook of our rules");
}

/* Return: 0 or -errno, noted. */
static int send_probe(struct probe *p, uint16_t port)
{
	struct order order = { .step = STEP_ADDRESS,
			       .cable = p->cable,
			       .port = port };
	int r = probe_space_order(&p->space, &order, sizeof(order));

	if (!r)
		r = probe_link_await(p->route, &p->cable, PROBE_HERE);
	if (r)
		return impossible(p, "a veth pair", r);
	order.step = STEP_CALL;
	r = probe_space_order(&p->space, &order, sizeof(order));
	return r ? impossible(p, "a connection from a namespace", r) : 0;
}

enum probe_verdict probe_input(uint16_t port, struct probe_result *result)
{
	struct probe p = { .result = result,
			   .space = { .channel = -1 },
			   .listeners = { -1, -1 } };
	int r;

	*result = (struct probe_result){ .verdict = PROBE_PASSED };
	r = set_up(&p);
	if (!r) {
		probe_table_name(p.trace.table, &p.cable);
		/* without it there is just less to tell */
		if (probe_trace_open(&p.watch))
			p.watch = NULL;
		r = send_probe(&p, port);
	}
	base_die_at(BASE_DIE_PROBE_CALLED);
	if (!r) {
		watch(&p);
		judge(&p);
	}
	take_down(&p);
	return result->verdict;
}
