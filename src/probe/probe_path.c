/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_path.c - a whole interception, there and back */
#include "probe_path.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base_addr.h"
#include "base_die.h"
#include "base_fd.h"
#include "nft_check.h"
#include "nft_link.h"
#include "nft_route.h"
#include "probe_guard.h"
#include "probe_link.h"
#include "probe_socket.h"
#include "probe_space.h"
#include "probe_table.h"
#include "probe_trace.h"

#define LIMIT_MS  2500 /* for a step: a lost packet comes again after 1 s */
#define BYTES_LEN 64

#ifndef IP_BIND_ADDRESS_NO_PORT
#	define IP_BIND_ADDRESS_NO_PORT 24
#endif

enum side {
	CLIENT,
	SERVER,
	SIDES
};

struct path {
	struct probe_path_result *result;
	uint16_t port;
	struct probe_cable cables[SIDES];
	struct probe_space spaces[SIDES];
	struct probe_guard guard;
	struct nft_link *route, *nft, *watch;
	struct probe_trace trace;
	struct probe_table table;
	int listeners[PROBE_FAMILIES];
};

enum step {
	STEP_ADDRESS, /* take the cable up */
	STEP_LISTEN,
	STEP_CALL,   /* begin to connect to the server */
	STEP_ACCEPT, /* ... it has, and from the client's address */
	STEP_SEND,   /* the bytes */
	STEP_HEAR,   /* the same bytes */
};

/* What a child is told; held[0] is its connection, held[1] a listener. */
struct order {
	enum step step;
	enum probe_family family;
	enum side side;
	uint16_t port;
	struct probe_cable cables[SIDES];
	uint8_t bytes[BYTES_LEN];
};
_Static_assert(sizeof(struct order) <= PROBE_ORDER_MAX, "it is one word");

const char *probe_stage_text(enum probe_stage stage)
{
	static const char *const texts[] = {
		"the probe is set up",
		"a client's connection gets to its listener",
		"the listener is told the server's address",
		"the server is reached with the client's address",
		"the server sees the client's address",
		"the client's bytes arrive at the server",
		"the server's bytes arrive at the client",
		"all of it works",
	};

	_Static_assert(WS_ARRAY_LEN(texts) == PROBE_STAGE_MAX, "one a stage");
	return texts[stage];
}

/* Return: 0, -ETIMEDOUT or -errno. */
static int await(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };
	int r;

	do {
		r = poll(&p, 1, (int)base_die_probe_ms(LIMIT_MS));
	} while (r < 0 && errno == EINTR);
	return r > 0 ? 0 : r ? -errno : -ETIMEDOUT;
}

static int await_connected(int fd)
{
	socklen_t len = sizeof(int);
	int error = 0, r = await(fd, POLLOUT);

	if (!r && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len))
		r = -errno;
	return r ? r : -error;
}

static int send_bytes(int fd, const uint8_t bytes[BYTES_LEN])
{
	const int r = await_connected(fd);

	if (r)
		return r;
	/* they fit into an empty buffer */
	return send(fd, bytes, BYTES_LEN, MSG_NOSIGNAL) == BYTES_LEN ? 0
								     : -errno;
}

static int hear_bytes(int fd, const uint8_t bytes[BYTES_LEN])
{
	uint8_t got[BYTES_LEN];
	size_t n = 0;

	while (n < BYTES_LEN) {
		const int r = await(fd, POLLIN);
		ssize_t len;

		if (r)
			return r;
		len = base_fd_recv(fd, got + n, BYTES_LEN - n);
		if (len < 0)
			return (int)len;
		n += (size_t)len;
	}
	return memcmp(got, bytes, BYTES_LEN) ? -EBADMSG : 0;
}

static bool same_host(const struct sockaddr_storage *a,
		      const struct sockaddr_storage *b)
{
	struct base_addr x, y;

	if (!base_addr_from_sockaddr(&x, (const struct sockaddr *)a) ||
	    !base_addr_from_sockaddr(&y, (const struct sockaddr *)b))
		return false;
	return !memcmp(x.ip, y.ip, sizeof(x.ip));
}

/* Return: the connection; -EADDRNOTAVAIL: it came from elsewhere; -errno. */
static int accept_there(const struct order *o, int listener)
{
	struct sockaddr_storage from, client;
	socklen_t len = sizeof(from);
	const int r = await(listener, POLLIN);
	WS_CLEAN(base_fd_close) int fd = -1;

	if (r)
		return r;
	fd = accept4(listener, (struct sockaddr *)&from, &len,
		     SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return -errno;
	(void)probe_socket_address(&client, &o->cables[CLIENT], o->family,
				   PROBE_THERE, 0);
	return same_host(&from, &client) ? base_fd_take(&fd) : -EADDRNOTAVAIL;
}

static int keep(int fd, int *held)
{
	if (fd < 0)
		return fd;
	base_fd_close(held);
	*held = fd;
	return 0;
}

static int obey(const void *word, int *held)
{
	const struct order *o = word;

	switch (o->step) {
	case STEP_ADDRESS:
		return probe_link_live(&o->cables[o->side]);
	case STEP_LISTEN:
		return keep(probe_socket_serve(&o->cables[SERVER], o->family,
					       PROBE_THERE, o->port),
			    &held[1]);
	case STEP_CALL:
		return keep(probe_socket_call(&o->cables[SERVER], o->family,
					      PROBE_THERE, o->port),
			    &held[0]);
	case STEP_ACCEPT:
		return keep(accept_there(o, held[1]), &held[0]);
	case STEP_SEND:
		return send_bytes(held[0], o->bytes);
	case STEP_HEAR:
		return hear_bytes(held[0], o->bytes);
	}
	return -EINVAL;
}

static int tell(struct path *p, enum side side, enum step step,
		enum probe_family family, const uint8_t *bytes)
{
	struct order o = { .step = step,
			   .family = family,
			   .side = side,
			   .port = p->port,
			   .cables = { p->cables[CLIENT], p->cables[SERVER] } };

	if (bytes)
		memcpy(o.bytes, bytes, sizeof(o.bytes));
	return probe_space_order(&p->spaces[side], &o, sizeof(o));
}

static int impossible(struct path *p, const char *what, int error)
{
	(void)snprintf(p->result->why, sizeof(p->result->why), "%s: %s", what,
		       strerrordesc_np(-error));
	return error;
}

static int lay_cable(struct path *p, enum side side)
{
	struct probe_cable *c = &p->cables[side];
	int r = probe_link_plan(p->route, c);

	if (r)
		return impossible(p, "addresses for the probe", r);
	r = probe_space_start(&p->spaces[side], obey);
	if (r)
		return impossible(p,
				  "a network namespace (CAP_SYS_ADMIN, or user "
				  "namespaces for all)",
				  r);
	base_die_at(BASE_DIE_PATH_SPACE);
	r = probe_link_make(p->route, c, p->spaces[side].pid);
	base_die_at(BASE_DIE_PATH_CABLE);
	if (!r)
		r = probe_link_address(p->route, c, PROBE_HERE);
	if (!r)
		r = tell(p, side, STEP_ADDRESS, PROBE_V4, NULL);
	if (!r)
		r = probe_link_await(p->route, c, PROBE_HERE);
	return r ? impossible(p, "a veth pair", r) : 0;
}

static void count_line(void *arg, const char *text)
{
	(void)arg;
	(void)text; /* the report counts */
}

/* Is all of the routing there (0), nothing of it (-ENOENT), or something that
 * is not as it should be (-EEXIST)? */
static int look_at_routing(struct nft_error *why)
{
	struct nft_report taken = { .line = count_line };
	struct nft_report local = { .line = count_line };
	struct nft_report none = { .line = count_line };
	int r = nft_route_check(NFT_ROUTING_TAKEN, &taken, why);

	if (!r)
		r = nft_route_check(NFT_ROUTING_LOCAL, &local, why);
	if (!r)
		r = nft_route_check(NFT_ROUTING_NONE, &none, why);
	if (r)
		return r;
	if (taken.n == 0 || local.n == 0)
		return 0;
	return none.n == 0 ? -ENOENT : -EEXIST;
}

static int have_routing(struct path *p)
{
	struct nft_error why;
	int r = look_at_routing(&why);

	p->result->routed = r == 0;
	if (r == -EEXIST)
		(void)snprintf(why.text, sizeof(why.text),
			       "the policy routing is there, but not as it "
			       "should be: `wayside rules check`");
	if (r == -ENOENT)
		r = probe_guard_start(&p->guard, &why);
	if (r)
		(void)snprintf(p->result->why, sizeof(p->result->why), "%s",
			       why.text);
	base_die_at(BASE_DIE_PATH_ROUTED);
	return r;
}

static int have_listeners(struct path *p)
{
	const bool six = p->cables[CLIENT].has_ipv6 &&
			 p->cables[SERVER].has_ipv6;

	p->listeners[PROBE_V4] = probe_socket_listen(PROBE_V4, &p->table.port4);
	if (p->listeners[PROBE_V4] < 0)
		return impossible(p, "a transparent listener",
				  p->listeners[PROBE_V4]);
	if (six)
		p->listeners[PROBE_V6] =
			probe_socket_listen(PROBE_V6, &p->table.port6);
	return 0;
}

static int have_rules(struct path *p)
{
	struct nft_error why;
	int r;

	p->table.cable = &p->cables[CLIENT];
	p->table.server = &p->cables[SERVER];
	r = probe_table_add(p->nft, &p->table, &why);
	if (r)
		(void)snprintf(p->result->why, sizeof(p->result->why), "%s",
			       why.text);
	base_die_at(BASE_DIE_PATH_RULES);
	probe_table_name(p->trace.table, &p->cables[CLIENT]);
	if (!r && probe_trace_open(&p->watch))
		p->watch = NULL; /* there is just less to tell */
	return r;
}

static int set_up(struct path *p)
{
	struct nft_error why;
	int r = nft_link_open(&p->route, NETLINK_ROUTE);

	if (!r)
		r = nft_open(&p->nft, true, &why);
	if (r)
		return impossible(p, "netlink", r);
	r = have_routing(p);
	for (int side = CLIENT; !r && side < SIDES; side++)
		r = lay_cable(p, (enum side)side);
	if (!r)
		r = have_listeners(p);
	return r ? r : have_rules(p);
}

static void take_down(struct path *p)
{
	if (p->table.cable)
		probe_table_remove(p->nft, &p->table);
	for (int side = CLIENT; side < SIDES; side++) {
		if (p->spaces[side].pid)
			probe_link_remove(p->route, &p->cables[side]);
		probe_space_end(&p->spaces[side]);
	}
	for (int f = PROBE_V4; f < PROBE_FAMILIES; f++)
		base_fd_close(&p->listeners[f]);
	probe_guard_end(&p->guard);
	nft_link_close(p->watch);
	nft_close(p->nft);
	nft_link_close(p->route);
}

/* One connection under way. */
struct call {
	struct path *path;
	enum probe_family family;
	int client, server; /* its two legs here; -1: not there */
	uint8_t there[BYTES_LEN], back[BYTES_LEN];
};

static int be_taken(struct call *c)
{
	const int listener = c->path->listeners[c->family];
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	int r = tell(c->path, CLIENT, STEP_CALL, c->family, NULL);

	if (!r)
		r = await(listener, POLLIN);
	if (r)
		return r;
	c->client = accept4(listener, (struct sockaddr *)&from, &len,
			    SOCK_NONBLOCK | SOCK_CLOEXEC);
	base_die_at(BASE_DIE_PATH_TAKEN);
	return c->client < 0 ? -errno : 0;
}

static int learn_server(struct call *c)
{
	struct sockaddr_storage is, should;
	socklen_t len = sizeof(is);
	struct base_addr x, y;

	if (getsockname(c->client, (struct sockaddr *)&is, &len))
		return -errno;
	(void)probe_socket_address(&should, &c->path->cables[SERVER], c->family,
				   PROBE_THERE, c->path->port);
	return base_addr_from_sockaddr(&x, (struct sockaddr *)&is) &&
			       base_addr_from_sockaddr(
				       &y, (struct sockaddr *)&should) &&
			       base_addr_equal(&x, &y)
		       ? 0
		       : -EADDRNOTAVAIL;
}

/* As a worker does it for `source: client`. */
static int connect_as_client(struct call *c)
{
	struct probe_cable *cables = c->path->cables;
	const uint32_t mark = NFT_MARK;
	const int on = 1;
	struct sockaddr_storage from, to;
	const socklen_t len = probe_socket_address(&from, &cables[CLIENT],
						   c->family, PROBE_THERE, 0);
	WS_CLEAN(base_fd_close)
	int fd = socket(from.ss_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int r = fd < 0 ? -errno : probe_socket_transparent(fd, c->family);

	if (!r)
		r = probe_socket_reset_at_end(fd);
	if (r)
		return r;
	(void)probe_socket_address(&to, &cables[SERVER], c->family, PROBE_THERE,
				   c->path->port);
	if (setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on)) ||
	    setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) ||
	    bind(fd, (struct sockaddr *)&from, len) ||
	    (connect(fd, (struct sockaddr *)&to, len) && errno != EINPROGRESS))
		return -errno;
	r = await_connected(fd);
	if (!r)
		c->server = base_fd_take(&fd);
	return r;
}

static int be_seen(struct call *c)
{
	return tell(c->path, SERVER, STEP_ACCEPT, c->family, NULL);
}

static int go_there(struct call *c)
{
	int r = tell(c->path, CLIENT, STEP_SEND, c->family, c->there);

	if (!r)
		r = hear_bytes(c->client, c->there);
	if (!r)
		r = send_bytes(c->server, c->there);
	return r ? r : tell(c->path, SERVER, STEP_HEAR, c->family, c->there);
}

static int come_back(struct call *c)
{
	int r = tell(c->path, SERVER, STEP_SEND, c->family, c->back);

	if (!r)
		r = hear_bytes(c->server, c->back);
	if (!r)
		r = send_bytes(c->client, c->back);
	if (!r)
		r = tell(c->path, CLIENT, STEP_HEAR, c->family, c->back);
	base_die_at(BASE_DIE_PATH_RELAYED);
	return r;
}

static int (*const stages[PROBE_STAGE_MAX])(struct call *c) = {
	[PROBE_STAGE_TAKEN] = be_taken,
	[PROBE_STAGE_SERVER] = learn_server,
	[PROBE_STAGE_CONNECT] = connect_as_client,
	[PROBE_STAGE_CLIENT] = be_seen,
	[PROBE_STAGE_THERE] = go_there,
	[PROBE_STAGE_BACK] = come_back,
};

/* Who took the packet that did not come. */
static void find_culprit(struct path *p, enum probe_family family)
{
	struct probe_result *b = &p->result->blocked;

	if (!p->watch)
		return;
	probe_trace_read(p->watch, &p->trace);
	if (!p->trace.dropped[family])
		return;
	b->verdict = PROBE_BLOCKED_IN;
	b->of[family] = PROBE_BLOCKED_IN;
	b->place[family] = p->trace.where[family];
	b->traced = true;
}

static void try_family(struct path *p, enum probe_family family)
{
	struct probe_path_result *result = p->result;
	struct call c = {
		.path = p, .family = family, .client = -1, .server = -1
	};
	int r = 0;

	result->tried[family] = true;
	if (getrandom(c.there, sizeof(c.there), 0) < 0 ||
	    getrandom(c.back, sizeof(c.back), 0) < 0)
		r = -errno;
	if (!r)
		r = tell(p, SERVER, STEP_LISTEN, family, NULL);
	for (int s = PROBE_STAGE_TAKEN; !r && s < PROBE_STAGE_PASSED; s++) {
		result->stage[family] = (enum probe_stage)s;
		r = stages[s](&c);
	}
	result->error[family] = r;
	if (r)
		find_culprit(p, family);
	else
		result->stage[family] = PROBE_STAGE_PASSED;
	base_fd_close(&c.client);
	base_fd_close(&c.server);
}

/* Without it nothing that was tried says anything: a Wayside has ended since,
 * or another doctor that had put it in. */
static bool lost_routing(struct path *p)
{
	struct nft_error why;

	if (!p->result->routed || look_at_routing(&why) == 0)
		return false;
	for (int f = PROBE_V4; f < PROBE_FAMILIES; f++)
		p->result->tried[f] = false;
	(void)snprintf(p->result->why, sizeof(p->result->why),
		       "the policy routing went away meanwhile: ask again");
	return true;
}

bool probe_path(uint16_t port, struct probe_path_result *result)
{
	struct path p = { .result = result,
			  .port = port,
			  .spaces = { { .channel = -1 }, { .channel = -1 } },
			  .guard = { .channel = -1 },
			  .listeners = { -1, -1 } };
	bool passed = true;

	*result = (struct probe_path_result){ .error = { 0 } };
	if (set_up(&p) == 0) {
		for (int f = PROBE_V4; f < PROBE_FAMILIES; f++) {
			if (p.listeners[f] < 0)
				continue;
			try_family(&p, (enum probe_family)f);
			passed = passed &&
				 result->stage[f] == PROBE_STAGE_PASSED;
		}
		if (!passed && lost_routing(&p))
			result->blocked.traced = false;
	} else {
		passed = false;
	}
	take_down(&p);
	return passed;
}
