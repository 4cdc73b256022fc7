/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_firewall.h - which firewall blocks, and the line that it needs */
#ifndef PROBE_FIREWALL_H
#define PROBE_FIREWALL_H

#include <stdbool.h>

#include "probe.h"

struct probe_chains;

/* What is known of this host's firewalls. */
struct probe_firewalls {
	const struct probe_chains *chains;
	bool legacy[2]; /* IPv4, IPv6: legacy iptables has a table "filter" */
};

/* Says it. Pure: the kernel has been asked before. */
void probe_firewall_explain(const struct probe_result *result,
			    const struct probe_firewalls *f,
			    void (*line)(void *arg, const char *text),
			    void *arg);

/* Does the list of legacy iptables' tables (/proc/net/ip_tables_names) have
 * "filter"? Pure. */
bool probe_firewall_legacy(const char *names);

#endif
