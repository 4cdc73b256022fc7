/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_budget.c - what a configuration needs of the machine, and what it gets
 */
#include "conf_budget.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "conf_tables.h"

uint64_t conf_budget_flows(uint64_t nofile)
{
	return nofile > CONF_FDS_WORKER
		       ? (nofile - CONF_FDS_WORKER) / CONF_FDS_FLOW
		       : 0;
}

uint64_t conf_budget_supervisor(uint32_t workers)
{
	return CONF_FDS_SUPERVISOR +
	       (uint64_t)CONF_FDS_SUPERVISOR_WORKER * workers;
}

void conf_budget_look(struct conf_machine *m)
{
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	struct rlimit limit;
	char line[64] = "", *rest;

	*m = (struct conf_machine){ 0 };
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
		m->nofile = limit.rlim_max;
	if (!f)
		return;
	if (fgets(line, sizeof(line), f)) {
		const unsigned long first = strtoul(line, &rest, 10);
		const unsigned long last = strtoul(rest, NULL, 10);

		if (first && first <= last && last <= UINT16_MAX) {
			m->port_first = (uint32_t)first;
			m->port_last = (uint32_t)last;
		}
	}
	(void)fclose(f);
}

static uint64_t times(uint64_t a, uint64_t b)
{
	uint64_t product;

	return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* Addresses with port that a rule takes connections to. */
static uint64_t servers_of(const struct conf_tables *t,
			   const struct conf_rule *r)
{
	uint64_t n = 0;

	if (conf_tables_fixed(t))
		return 1;
	for (uint32_t i = r->to.first; i < r->to.first + r->to.n; i++) {
		const struct conf_dest *d = &t->dests[i];
		const unsigned width = d->net.family == AF_INET ? 32 : 128;
		const unsigned free_bits = width - d->net.bits;

		n = plus(n,
			 times(free_bits < 64 ? 1ULL << free_bits : UINT64_MAX,
			       (uint64_t)d->port_last - d->port_first + 1));
	}
	return n;
}

/* Does it connect from the gateway's own address, or may it at any time? */
static bool from_gateway(const struct conf_rule *r)
{
	return r->source == CONF_SOURCE_GATEWAY ||
	       r->source == CONF_SOURCE_AUTO;
}

/* Flows for which there are source addresses with port: each server sees one of
 * our own only once. Clients bring addresses of their own. */
static uint64_t flows_by_ports(const struct conf_tables *t, uint32_t n_ports)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < t->n_rules; i++) {
		const struct conf_rule *r = &t->rules[i];

		if (!from_gateway(r))
			return UINT64_MAX;
		n = plus(n, times(servers_of(t, r), n_ports));
	}
	return n;
}

static bool any_from_gateway(const struct conf_tables *t)
{
	for (uint32_t i = 0; i < t->n_rules; i++) {
		if (from_gateway(&t->rules[i]))
			return true;
	}
	return false;
}

static void row(FILE *out, const char *what, uint64_t n, const char *about)
{
	(void)fprintf(out, "%-16s%8llu %s\n", what, (unsigned long long)n,
		      about);
}

uint32_t conf_budget_print(FILE *out, const struct conf_tables *t,
			   const struct conf_machine *m)
{
	const uint64_t by_descriptors =
		times(conf_budget_flows(m->nofile), t->workers);
	const bool ports = m->port_first && any_from_gateway(t);
	const uint32_t n_ports = m->port_last - m->port_first + 1;
	uint64_t possible = t->max_flows;

	if (by_descriptors < possible)
		possible = by_descriptors;
	if (ports && flows_by_ports(t, n_ports) < possible)
		possible = flows_by_ports(t, n_ports);
	row(out, "process limit", m->nofile, "descriptors (ulimit -Hn)");
	row(out, "workers", t->workers, "processes");
	row(out, "supervisor", conf_budget_supervisor(t->workers),
	    "descriptors at most, with workers and who asks");
	row(out, "each worker", CONF_FDS_WORKER,
	    "descriptors for listeners, rings and spare");
	row(out, "each flow", CONF_FDS_FLOW, "descriptors of its worker");
	row(out, "recorder", CONF_FDS_RECORDER, "descriptors at most");
	if (ports)
		row(out, "source ports", n_ports,
		    "towards one server, all workers together");
	(void)fprintf(out, "%-16s%8llu of %u (max_flows)\n", "flows possible",
		      (unsigned long long)possible, t->max_flows);
	return (uint32_t)possible;
}
