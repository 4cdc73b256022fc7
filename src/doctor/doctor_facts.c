/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_facts.c - what the doctor knows of this gateway, gathered */
#include "doctor_facts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_bridge.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base_die.h"
#include "base_fd.h"
#include "conf_tables.h"
#include "doctor.h"
#include "doctor_try.h"
#include "nft.h"

#define PORT_ANY    7700  /* of a probe, where no rule says one */
#define LISTEN      15001 /* where no configuration says it */
#define PORTS_TRIED 100   /* behind one that is in use */
#define VALUE_MAX   65536 /* bytes of a value in /proc/sys: a list of ports */

static bool have(cap_t caps, cap_value_t cap)
{
	cap_flag_value_t on = CAP_CLEAR;

	return caps && cap_get_flag(caps, cap, CAP_EFFECTIVE, &on) == 0 &&
	       on == CAP_SET;
}

static void look_at_rights(struct doctor_facts *f)
{
	cap_t caps = cap_get_proc();

	f->net_admin = have(caps, CAP_NET_ADMIN);
	f->net_raw = have(caps, CAP_NET_RAW);
	(void)cap_free(caps);
}

/* What stands below /proc/sys/net, to be freed; NULL: nothing to be read. */
static char *text_of(const char *name)
{
	char path[512], *text = NULL;
	WS_CLEAN(base_fd_close) int fd = -1;
	size_t len;

	(void)snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || base_fd_read_all(fd, VALUE_MAX, &text, &len))
		return NULL;
	return text;
}

static int number_of(const char *name)
{
	char *text = text_of(name), *end;
	int value = DOCTOR_UNKNOWN;
	long n;

	if (!text)
		return DOCTOR_UNKNOWN;
	n = strtol(text, &end, 10);
	if (end > text && n >= 0 && n <= INT32_MAX)
		value = (int)n;
	free(text);
	return value;
}

/* The largest that an interface, "all" or "default" has. */
static int largest_of(const char *name)
{
	DIR *d = opendir("/proc/sys/net/ipv4/conf");
	int largest = DOCTOR_UNKNOWN;
	const struct dirent *e;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread, own stream */
	while (d && (e = readdir(d))) {
		char path[512];
		int n;

		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "ipv4/conf/%s/%s", e->d_name,
			       name);
		n = number_of(path);
		if (n > largest)
			largest = n;
	}
	if (d)
		(void)closedir(d);
	return largest;
}

static int smaller(int a, int b)
{
	return a < b ? a : b;
}

static void look_at_sysctls(struct doctor_sysctls *s)
{
	s->ip_forward = number_of("ipv4/ip_forward");
	s->ip6_forward = number_of("ipv6/conf/all/forwarding");
	s->rp_filter = largest_of("rp_filter");
	s->src_valid_mark = largest_of("src_valid_mark");
	s->bridge4 = number_of("bridge/bridge-nf-call-iptables");
	s->bridge6 = number_of("bridge/bridge-nf-call-ip6tables");
	s->early_demux = smaller(number_of("ipv4/ip_early_demux"),
				 number_of("ipv4/tcp_early_demux"));
}

/* linux/if_bridge.h: the one question that needs neither rights nor sysfs. One
 * that has gone since has no name, and is none. */
static void look_at_bridges(struct doctor_facts *f)
{
	int indices[DOCTOR_BRIDGES_MAX] = { 0 };
	unsigned long question[] = { BRCTL_GET_BRIDGES,
				     (unsigned long)(uintptr_t)indices,
				     DOCTOR_BRIDGES_MAX };
	WS_CLEAN(base_fd_close)
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const int n = fd < 0 ? -1 : ioctl(fd, SIOCGIFBR, question);

	for (int i = 0; i < n && i < DOCTOR_BRIDGES_MAX; i++) {
		if (if_indextoname((unsigned)indices[i],
				   f->bridges[f->n_bridges]))
			f->n_bridges++;
	}
}

static void look_at_rules(struct doctor_facts *f)
{
	struct nft_error why;
	struct nft_link *l;
	int r = nft_open(&l, false, &why);

	f->no_routing = doctor_routing_read(&f->routing);
	if (r) {
		f->no_ruleset = f->no_nat = r;
		return;
	}
	f->no_ruleset = probe_chains_read(l, &f->chains);
	if (!f->no_ruleset)
		f->no_ruleset = doctor_ruleset_read(l, &f->rules);
	f->no_nat = nft_nat_source(l, NULL, &f->nat, &why);
	f->daemon = nft_lock(l, &why) == -EADDRINUSE;
	base_die_at(BASE_DIE_DOCTOR_LOCKED);
	nft_close(l);
}

uint32_t doctor_facts_reserved(const char *list, uint32_t first, uint32_t last)
{
	uint32_t n = 0;

	while (*list >= '0' && *list <= '9') {
		char *end;
		unsigned long from = strtoul(list, &end, 10), to = from;

		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		if (from < first)
			from = first;
		if (to > last)
			to = last;
		if (from <= to)
			n += (uint32_t)(to - from + 1);
		list = *end == ',' ? end + 1 : end;
	}
	return n;
}

static void look_at_limits(struct doctor_facts *f)
{
	char *list = text_of("ipv4/ip_local_reserved_ports");

	conf_budget_look(&f->machine);
	if (list)
		f->ports_reserved = doctor_facts_reserved(
			list, f->machine.port_first, f->machine.port_last);
	free(list);
}

static int try_bind(int fd, int family, uint16_t port)
{
	const struct sockaddr_in in = { .sin_family = AF_INET,
					.sin_port = htons(port),
					.sin_addr = {
						htonl(INADDR_LOOPBACK) } };
	const struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
					  .sin6_port = htons(port),
					  .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	const bool v4 = family == AF_INET;
	const int r = bind(fd,
			   v4 ? (const struct sockaddr *)&in
			      : (const struct sockaddr *)&in6,
			   v4 ? sizeof(in) : sizeof(in6))
			      ? -errno
			      : 0;

	base_die_at(BASE_DIE_DOCTOR_BOUND);
	return r;
}

/* Could we listen there? One that is bound and does not listen takes nothing
 * from anybody. */
static int try_listen(int family, uint16_t port)
{
	const int on = 1;
	WS_CLEAN(base_fd_close)
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		return -errno;
	return try_bind(fd, family, port);
}

static void look_at_port(struct doctor_facts *f, uint16_t port)
{
	f->listen[0] = try_listen(AF_INET, port);
	f->listen[1] = try_listen(AF_INET6, port);
	if (f->listen[0] != -EADDRINUSE && f->listen[1] != -EADDRINUSE)
		return;
	for (uint32_t p = port + 1U; !f->free_port && p <= UINT16_MAX &&
				     p <= (uint32_t)port + PORTS_TRIED;
	     p++) {
		if (try_listen(AF_INET, (uint16_t)p) != -EADDRINUSE &&
		    try_listen(AF_INET6, (uint16_t)p) != -EADDRINUSE)
			f->free_port = (uint16_t)p;
	}
}

static void keep_line(void *arg, const char *text)
{
	struct doctor_facts *f = arg;

	if (f->n_lines < DOCTOR_LINES_MAX)
		(void)snprintf(f->lines[f->n_lines++], sizeof(f->lines[0]),
			       "%s", text);
}

static uint16_t port_of(const struct conf_tables *conf)
{
	return conf && conf->n_dests ? conf->dests[0].port_first : PORT_ANY;
}

/* With a firewall in the way the whole way would only be waiting. */
static void try_out(struct doctor_facts *f, const struct conf_tables *conf)
{
	if (!f->net_admin || !f->net_raw ||
	    (conf && (conf_tables_fixed(conf) ||
		      conf->intercept != CONF_INTERCEPT_TPROXY)))
		return;
	f->probed = true;
	switch (probe_input(port_of(conf), &f->input)) {
	case PROBE_PASSED:
		f->walked = true;
		if (probe_path(port_of(conf), &f->path) ||
		    !f->path.blocked.traced)
			return;
		probe_explain(&f->path.blocked, keep_line, f);
		return;
	case PROBE_BLOCKED_IN:
	case PROBE_BLOCKED_OUT:
		probe_explain(&f->input, keep_line, f);
		return;
	case PROBE_IMPOSSIBLE:
	case PROBE_VERDICT_MAX:
		return;
	}
}

struct doctor_facts *doctor_facts_new(const struct conf_tables *conf,
				      const struct doctor_daemon *daemon)
{
	const uint16_t listen_port = conf ? conf->listen_port : LISTEN;
	struct doctor_facts *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	/* first: what comes later makes a daemon look after its rules */
	doctor_installed_look(&f->installed, conf, daemon);
	look_at_rights(f);
	look_at_sysctls(&f->sysctls);
	look_at_bridges(f);
	f->tproxy = doctor_try(DOCTOR_TRY_TPROXY);
	f->socket = doctor_try(DOCTOR_TRY_SOCKET);
	look_at_rules(f);
	look_at_limits(f);
	look_at_port(f, listen_port);
	try_out(f, conf);
	return f;
}

void doctor_facts_free(struct doctor_facts *f)
{
	if (f)
		doctor_ruleset_clear(&f->rules);
	free(f);
}
