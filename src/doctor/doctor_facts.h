/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_facts.h - what the doctor knows of this gateway */
#ifndef DOCTOR_FACTS_H
#define DOCTOR_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"
#include "conf_budget.h"
#include "doctor_installed.h"
#include "doctor_routing.h"
#include "doctor_ruleset.h"
#include "nft_nat.h"
#include "probe.h"
#include "probe_chains.h"
#include "probe_path.h"

#define DOCTOR_UNKNOWN     (-1) /* of a sysctl: there is none, or it is hidden */
#define DOCTOR_BRIDGES_MAX 64

/* Below /proc/sys/net. Of what each interface has, the largest is kept. */
struct doctor_sysctls {
	int ip_forward;     /* ipv4/ip_forward */
	int ip6_forward;    /* ipv6/conf/all/forwarding */
	int rp_filter;      /* ipv4/conf/X/rp_filter */
	int src_valid_mark; /* ipv4/conf/X/src_valid_mark */
	int bridge4;        /* bridge/bridge-nf-call-iptables */
	int bridge6;        /* bridge/bridge-nf-call-ip6tables */
	int early_demux;    /* ipv4/ip_early_demux and tcp_early_demux */
};

struct doctor_facts {
	bool net_admin, net_raw; /* we have these capabilities */
	struct doctor_sysctls sysctls;
	unsigned n_bridges; /* here; names of the first ones */
	char bridges[DOCTOR_BRIDGES_MAX][16];

	/* What the kernel says to a rule with that statement, in a table that
	 * is gone at once: 0 or -errno. */
	int tproxy, socket;

	/* Why it could not be asked, -errno; 0: it was. */
	int no_ruleset, no_routing, no_nat;
	struct probe_chains chains;
	struct doctor_ruleset rules;
	struct doctor_routing routing;
	struct nft_nat nat;

	struct conf_machine machine;
	uint32_t ports_reserved; /* of machine.port_first to port_last */
	bool daemon;             /* somebody holds the lock of the rules */
	int listen[2];           /* of listen_port, IPv4, IPv6: 0 or -errno */
	uint16_t free_port;      /* for one that is in use; 0: none was found */
	struct doctor_installed installed;

	bool probed;               /* the two below were tried */
	struct probe_result input; /* is a firewall in the way? */
	unsigned n_lines;          /* what probe_explain() says */
	char lines[DOCTOR_LINES_MAX][512];
	bool walked; /* ... and the whole way */
	struct probe_path_result path;
};

/* How many ports of first to last are in a list as in
 * ip_local_reserved_ports ("8080,9148-9150"); pure. */
uint32_t doctor_facts_reserved(const char *list, uint32_t first, uint32_t last);

#endif
