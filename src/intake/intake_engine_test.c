/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * intake_engine_test.c - each engine on each kind of connection
 *
 * The gateway hands over what goes to the vendor's port 7700 with tproxy, and
 * what goes to 7701 with nat's redirect, both to port 15001; the third kind
 * connects to that port itself.
 */
#include "intake_engine.h"

#include "intake_accept.h"
#include "intake_listen.h"
#include "intake_test.h"

#define PORT 15001

enum how {
	TPROXYED,
	REDIRECTED,
	PLAIN,
	N_HOW
};

struct family {
	const char *loopback, *any, *vendor, *lan;
};

static const struct family families[] = {
	{ "127.0.0.1", "0.0.0.0", VENDOR4, "10.7.0.1" },
	{ "::1", "::", VENDOR6, "2001:db8:7::1" },
};

/* The rest of the gateway's rules: conntrack looks at all from now on. */
static void redirect_7701(void)
{
	run_script("nft -f - <<'EOF'\n"
		   "table inet redirected\n"
		   "delete table inet redirected\n"
		   "table inet redirected {\n"
		   "  chain prerouting {\n"
		   "    type nat hook prerouting priority dstnat\n"
		   "    iifname br-lan tcp dport 7701 redirect to :15001\n"
		   "  }\n"
		   "}\n"
		   "EOF\n");
}

/* A listener on all addresses, so that all kinds reach it. `transparent`:
 * whatever its engine needs. */
static int listener_for(const struct family *f, const char *engine,
			bool transparent, struct intake_listener *l)
{
	int fd;

	*l = (struct intake_listener){ .engine = intake_engine_find(engine),
				       .addr = addr_of(f->any, PORT),
				       .remote = addr_of(f->vendor, 7709) };
	assert_non_null(l->engine);
	assert_int_equal(intake_listen(l, 1, &fd), 0);
	if (l->addr.family == AF_INET)
		assert_int_equal(setsockopt(fd, SOL_IP, IP_TRANSPARENT,
					    &(int){ transparent }, sizeof(int)),
				 0);
	else
		assert_int_equal(setsockopt(fd, SOL_IPV6, IPV6_TRANSPARENT,
					    &(int){ transparent }, sizeof(int)),
				 0);
	return fd;
}

static struct base_addr asked_for(const struct family *f, enum how how)
{
	switch (how) {
	case TPROXYED:
		return addr_of(f->vendor, 7700);
	case REDIRECTED:
		return addr_of(f->vendor, 7701);
	case PLAIN:
	case N_HOW:
		break;
	}
	return addr_of(f->lan, PORT);
}

/* What the engine says of such a connection. */
static int answer(const struct family *f, const char *engine, bool transparent,
		  enum how how, struct base_addr *server)
{
	const struct base_addr to = asked_for(f, how);
	struct intake_listener l;
	const int fd = listener_for(f, engine, transparent, &l);
	const int t = socket_in("tracker", to.family);
	struct intake_conn c = { .fd = -1 };
	int r;

	assert_int_equal(connect_to(t, &to), 0);
	wait_for(fd, POLLIN);
	r = intake_accept(fd, &l, &c);
	if (r == 1) {
		*server = c.server;
		close(c.fd);
	} else {
		assert_int_equal(end_of(t), -ECONNRESET);
	}
	close(t);
	close(fd);
	return r;
}

/* The table of intake_engine.h; 1: the server, 2: the remote. */
static void what_each_engine_says(void **state)
{
	static const struct {
		const char *engine;
		bool transparent; /* the listener is */
		int says[N_HOW];
	} rows[] = {
		{ "tproxy-tcp", true, { 1, -ELOOP, -ELOOP } },
		{ "tproxy-tcp", false, { 0, -EPROTOTYPE, -EPROTOTYPE } },
		{ "redirect", false, { 0, 1, -ELOOP } },
		{ "redirect", true, { -EPROTOTYPE, -EPROTOTYPE, -EPROTOTYPE } },
		{ "fixed", false, { 0, 2, 2 } },
		{ "fixed", true, { -EPROTOTYPE, -EPROTOTYPE, -EPROTOTYPE } },
	};

	need_gateway(state);
	redirect_7701();
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		for (int n = 0; n < N_HOW * 2; n++) {
			const struct family *f = &families[n / N_HOW];
			const enum how how = (enum how)(n % N_HOW);
			struct base_addr server, want = asked_for(f, how);
			const int says = rows[i].says[how];
			int r;

			/* the kernel hands over to transparent listeners only:
			 * such a connection goes direct */
			if (!says)
				continue;
			r = answer(f, rows[i].engine, rows[i].transparent, how,
				   &server);
			assert_int_equal(r, says > 0 ? 1 : says);
			if (says == 2)
				want = addr_of(f->vendor, 7709);
			if (says > 0)
				assert_addr(&server, &want);
		}
	}
}

/* Without conntrack nobody knows where a connection was going. */
static void redirect_needs_conntrack(void **state)
{
	struct base_addr server;

	need_gateway(state);
	run_script("nft delete table inet redirected");
	for (size_t i = 0; i < WS_ARRAY_LEN(families); i++)
		assert_int_equal(
			answer(&families[i], "redirect", false, PLAIN, &server),
			-ENOENT);
}

static void check(const char *engine, int fd, const struct base_addr *addr,
		  int want)
{
	const struct intake_listener l = { .engine = intake_engine_find(engine),
					   .addr = *addr };

	assert_non_null(l.engine);
	assert_int_equal(intake_listen_check(&l, fd), want);
}

/* A listener from outside that does not fit is refused before anything is. */
static void the_wrong_engine_is_refused_at_start(void **state)
{
	need_gateway(state);
	for (size_t i = 0; i < WS_ARRAY_LEN(families); i++) {
		const struct base_addr at = addr_of(families[i].any, PORT);
		const struct base_addr other = addr_of(families[i].any, 15002);
		struct intake_listener l;
		int fd = listener_for(&families[i], "tproxy-tcp", true, &l);

		check("tproxy-tcp", fd, &at, 0);
		check("redirect", fd, &at, -EPROTOTYPE);
		check("fixed", fd, &at, -EPROTOTYPE);
		check("tproxy-udp", fd, &at, -EINVAL);
		check("tproxy-tcp", fd, &other, -EADDRNOTAVAIL);
		close(fd);
		fd = listener_for(&families[i], "redirect", false, &l);
		check("redirect", fd, &at, 0);
		check("fixed", fd, &at, 0);
		check("tproxy-tcp", fd, &at, -EPROTOTYPE);
		close(fd);
		fd = socket(at.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR,
					    &(int){ 1 }, sizeof(int)),
				 0);
		assert_int_equal(bind_to(fd, &at), 0);
		check("redirect", fd, &at, -EINVAL); /* does not listen */
		close(fd);
		fd = socket(at.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		assert_int_equal(bind_to(fd, &at), 0);
		check("redirect", fd, &at, -EINVAL);
		check("tproxy-udp", fd, &at, -EPROTOTYPE); /* not transparent */
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_each_engine_says),
		cmocka_unit_test(redirect_needs_conntrack),
		cmocka_unit_test(the_wrong_engine_is_refused_at_start),
	};

	return cmocka_run_group_tests(tests, setup_gateway, NULL);
}
