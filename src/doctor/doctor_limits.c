/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_limits.c - checks: ports and descriptors */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_internal.h"

#define PORT_FIRST 10000 /* of the widest range that is advised */

/* Flows that are possible with these limits; what conf_budget says besides is
 * for `waysided --check`. */
static uint32_t possible(const struct conf_tables *conf,
			 const struct conf_machine *m)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	uint32_t n;

	if (!out)
		return conf->max_flows;
	n = conf_budget_print(out, conf, m);
	(void)fclose(out);
	free(text);
	return n;
}

/* ... with the ports of a range, `reserved` of which nobody is given. */
static uint32_t possible_by_ports(const struct doctor *d, uint32_t first,
				  uint32_t last, uint32_t reserved)
{
	const uint32_t n = last - first + 1;
	const struct conf_machine m = {
		.nofile = UINT64_MAX,
		.port_first = first,
		/* at least one port, so that the rest is arithmetic */
		.port_last = last - (reserved < n ? reserved : n - 1),
	};

	return possible(d->conf, &m);
}

void doctor_check_ports(struct doctor *d)
{
	const struct conf_machine *m = &d->f->machine;
	const uint32_t reserved = d->f->ports_reserved;
	uint32_t n;

	if (!d->conf || !m->port_first)
		return;
	n = possible_by_ports(d, m->port_first, m->port_last, reserved);
	if (n >= d->conf->max_flows)
		return;
	doctor_find(d, DOCTOR_DEGRADED,
		    "free source ports let %u flows through at a time, "
		    "max_flows is %u",
		    n, d->conf->max_flows);
	if (possible_by_ports(d, PORT_FIRST, UINT16_MAX, reserved) >=
	    d->conf->max_flows) {
		doctor_say(d, DOCTOR_MEND,
			   "sysctl -w net.ipv4.ip_local_port_range=\"%d %d\"",
			   PORT_FIRST, UINT16_MAX);
		doctor_say(d, DOCTOR_KEEP,
			   "net.ipv4.ip_local_port_range=%d %d in a file below "
			   "/etc/sysctl.d",
			   PORT_FIRST, UINT16_MAX);
	}
	doctor_say(d, DOCTOR_CONFIG, "max_flows: %u", n);
	doctor_say(d, DOCTOR_NOTE,
		   "a rule with source: client needs no ports of the gateway");
}

/* Descriptors a process with which every flow has its two. */
static uint64_t enough(const struct conf_tables *conf)
{
	const uint64_t flows = (conf->max_flows + conf->workers - 1) /
			       (conf->workers ? conf->workers : 1);
	const uint64_t worker = CONF_FDS_WORKER + CONF_FDS_FLOW * flows;
	const uint64_t supervisor = conf_budget_supervisor(conf->workers);

	return worker > supervisor ? worker : supervisor;
}

void doctor_check_nofile(struct doctor *d)
{
	const uint64_t limit = d->f->machine.nofile;
	struct conf_machine m = { .nofile = limit };
	uint64_t need;
	uint32_t n;

	if (!d->conf)
		return;
	need = conf_budget_supervisor(d->conf->workers);
	n = possible(d->conf, &m);
	if (limit >= need && n >= d->conf->max_flows)
		return;
	if (limit < need)
		doctor_find(d, DOCTOR_BROKEN,
			    "the supervisor needs %llu descriptors, the limit "
			    "is %llu",
			    (unsigned long long)need,
			    (unsigned long long)limit);
	else
		doctor_find(d, DOCTOR_DEGRADED,
			    "%llu descriptors a process let %u flows through "
			    "at a time, max_flows is %u",
			    (unsigned long long)limit, n, d->conf->max_flows);
	doctor_say(d, DOCTOR_MEND, "ulimit -n %llu",
		   (unsigned long long)enough(d->conf));
	doctor_say(d, DOCTOR_KEEP, "systemd: LimitNOFILE=%llu of the unit",
		   (unsigned long long)enough(d->conf));
	if (limit >= need && n)
		doctor_say(d, DOCTOR_CONFIG, "max_flows: %u", n);
	doctor_say(d, DOCTOR_NOTE,
		   "this is the limit here; the daemon may have another");
}

void doctor_check_listen(struct doctor *d)
{
	static const char *const names[] = { "127.0.0.1", "[::1]" };
	const unsigned port = d->conf ? d->conf->listen_port : 15001;

	/* with `hold` somebody else has it, and should */
	if (d->f->daemon ||
	    (d->conf && (conf_tables_fixed(d->conf) ||
			 d->conf->on_failure == CONF_FAILURE_HOLD)))
		return;
	for (size_t i = 0; i < WS_ARRAY_LEN(names); i++) {
		if (d->f->listen[i] != -EADDRINUSE)
			continue;
		doctor_find(d, DOCTOR_BROKEN, "%s:%u is in use", names[i],
			    port);
		if (d->f->free_port)
			doctor_say(d, DOCTOR_CONFIG, "listen_port: %u",
				   d->f->free_port);
		doctor_say(d, DOCTOR_NOTE,
			   "or stop what this shows: ss -tlnp sport = :%u",
			   port);
	}
}
