/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_rules.c - `wayside rules ...`: the kernel's rules without a daemon */
#include "wayside_rules.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base_addr.h"
#include "base_fd.h"
#include "conf_load.h"
#include "conf_tables.h"
#include "nft.h"
#include "track.h"

/* The listeners' addresses, held while the rules are changed. */
struct hold {
	int fds[2];
};

static enum wayside_status complain(const char *text)
{
	(void)fprintf(stderr, "wayside: %s\n", text);
	return WAYSIDE_FAILED;
}

static const struct conf_tables *load(const struct wayside_options *o)
{
	const struct conf_input in = { .path = o->config,
				       .protocols = track_protocol_names() };
	const struct conf_tables *conf;

	return conf_load(&in, &conf, NULL) ? NULL : conf;
}

/* The same for what only makes sense with rules. */
static const struct conf_tables *load_rules(const struct wayside_options *o)
{
	const struct conf_tables *conf = load(o);

	if (conf && conf_tables_fixed(conf)) {
		(void)fprintf(stderr,
			      "wayside: %s: fixed-remote mode has no rules\n",
			      o->config);
		return NULL;
	}
	return conf;
}

static enum nft_state state_of(const struct wayside_options *o)
{
	return o->stopped ? NFT_STATE_STOPPED : NFT_STATE_RUNNING;
}

/* A descriptor that is bound to `a`, -EADDRNOTAVAIL without such a family, or
 * -errno. Not shared (no SO_REUSEPORT), so a listener there is in the way. */
static int bind_alone(const struct base_addr *a)
{
	struct sockaddr_storage ss;
	const socklen_t len = base_addr_to_sockaddr(a, &ss);
	int r, fd = socket(a->family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return errno == EAFNOSUPPORT ? -EADDRNOTAVAIL : -errno;
	if (bind(fd, (const struct sockaddr *)&ss, len) == 0)
		return fd;
	r = -errno;
	base_fd_close(&fd);
	return r;
}

static void hold_done(struct hold *h)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(h->fds); i++)
		base_fd_close(&h->fds[i]);
}

/* Return: true when no daemon listens, and none can until hold_done(). */
static bool hold_init(struct hold *h, const struct conf_tables *conf)
{
	static const char *const hosts[] = { "127.0.0.1:1", "[::1]:1" };
	char text[BASE_ADDR_STRLEN];

	*h = (struct hold){ { -1, -1 } };
	for (size_t i = 0; i < WS_ARRAY_LEN(h->fds); i++) {
		struct base_addr a;

		if (!base_addr_parse(&a, hosts[i]))
			continue;
		a.port = conf->listen_port;
		h->fds[i] = bind_alone(&a);
		if (h->fds[i] >= 0 || h->fds[i] == -EADDRNOTAVAIL)
			continue;
		base_addr_format(&a, text);
		if (h->fds[i] == -EADDRINUSE)
			(void)fprintf(stderr,
				      "wayside: a daemon is listening on %s: "
				      "stop it first\n",
				      text);
		else
			(void)fprintf(stderr, "wayside: %s: %s\n", text,
				      strerrordesc_np(-h->fds[i]));
		hold_done(h);
		return false;
	}
	return true;
}

enum wayside_status wayside_rules_show(const struct wayside_options *o)
{
	const struct conf_tables *conf = load_rules(o);

	if (!conf)
		return WAYSIDE_USAGE;
	if (nft_print(stdout, conf, state_of(o)))
		return complain("cannot print the rules");
	return WAYSIDE_OK;
}

/* What changes the kernel, with no daemon in the way. */
static enum wayside_status
change(const struct conf_tables *conf,
       int (*what)(struct nft_link *link, const struct conf_tables *conf,
		   const struct wayside_options *o, struct nft_error *why),
       const struct wayside_options *o)
{
	struct nft_error why;
	struct nft_link *link;
	struct hold h;
	int r;

	if (!hold_init(&h, conf))
		return WAYSIDE_FAILED;
	r = nft_open(&link, false, &why);
	if (!r) {
		r = what(link, conf, o, &why);
		nft_close(link);
	}
	hold_done(&h);
	return r ? complain(why.text) : WAYSIDE_OK;
}

static int do_install(struct nft_link *link, const struct conf_tables *conf,
		      const struct wayside_options *o, struct nft_error *why)
{
	return nft_install(link, conf, state_of(o), why);
}

static int do_remove(struct nft_link *link, const struct conf_tables *conf,
		     const struct wayside_options *o, struct nft_error *why)
{
	(void)conf;
	(void)o;
	return nft_remove(link, why);
}

enum wayside_status wayside_rules_install(const struct wayside_options *o)
{
	const struct conf_tables *conf = load_rules(o);
	enum wayside_status s;

	if (!conf)
		return WAYSIDE_USAGE;
	s = change(conf, do_install, o);
	if (s == WAYSIDE_OK && conf->on_failure == CONF_FAILURE_OPEN &&
	    !o->stopped)
		(void)fprintf(stderr,
			      "wayside: on_failure is open, but no daemon "
			      "holds these rules: they stay until a daemon "
			      "takes them over or `wayside rules remove`\n");
	return s;
}

enum wayside_status wayside_rules_remove(const struct wayside_options *o)
{
	const struct conf_tables *conf = load(o);

	return conf ? change(conf, do_remove, o) : WAYSIDE_USAGE;
}

static void print_line(void *arg, const char *text)
{
	(void)fprintf(arg, "%s\n", text);
}

enum wayside_status wayside_rules_check(const struct wayside_options *o)
{
	const struct conf_tables *conf = load_rules(o);
	struct nft_error why;
	struct nft_link *link;
	int n;

	if (!conf)
		return WAYSIDE_USAGE;
	n = nft_open(&link, false, &why);
	if (n < 0)
		return complain(why.text);
	n = nft_check(link, conf, state_of(o), print_line, stdout, &why);
	nft_close(link);
	if (n < 0)
		return complain(why.text);
	if (n == 0)
		(void)printf("the kernel has what %s says\n", o->config);
	return n == 0 ? WAYSIDE_OK : WAYSIDE_FAILED;
}
