/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_sysctl.c - checks: settings below /proc/sys/net */
#include <string.h>

#include "doctor_internal.h"

static bool any_destination(const struct conf_tables *conf, uint16_t family)
{
	for (uint32_t i = 0; conf && i < conf->n_dests; i++) {
		if (conf->dests[i].net.family == family)
			return true;
	}
	return false;
}

void doctor_check_forward(struct doctor *d)
{
	const struct doctor_sysctls *s = &d->f->sysctls;

	if (s->ip_forward == 0) {
		doctor_find(d, DOCTOR_BROKEN, "IPv4 is not forwarded");
		doctor_mend_sysctl(d, "net.ipv4.ip_forward", 1);
	}
	if (s->ip6_forward == 0 && any_destination(d->conf, AF_INET6)) {
		doctor_find(d, DOCTOR_DEGRADED, "IPv6 is not forwarded");
		doctor_mend_sysctl(d, "net.ipv6.conf.all.forwarding", 1);
	}
}

void doctor_check_rp_filter(struct doctor *d)
{
	if (d->f->sysctls.rp_filter == 1)
		doctor_find(d, DOCTOR_NOTICE,
			    "rp_filter is strict on an interface");
}

void doctor_check_src_valid_mark(struct doctor *d)
{
	if (d->f->sysctls.src_valid_mark == 1)
		doctor_find(d, DOCTOR_NOTICE,
			    "src_valid_mark is set (wg-quick does it)");
}

/* Does it name this bridge, or a VLAN on it? "br-lan", "br*", "br-lan.7". */
static bool names(const char *iface, const char *bridge)
{
	const size_t len = strcspn(iface, "*"), n = strlen(bridge);

	if (!strncmp(iface, bridge, n) && iface[n] == '.')
		return true;
	return iface[len] ? strncmp(iface, bridge, len) == 0
			  : strcmp(iface, bridge) == 0;
}

/* May trackers of this rule be behind a bridge? */
static bool rule_has_bridge(const struct doctor *d, const struct conf_list *l)
{
	for (uint32_t i = 0; i < l->n; i++) {
		for (unsigned j = 0; j < d->f->n_bridges; j++) {
			if (names(d->conf->ifaces[l->first + i],
				  d->f->bridges[j]))
				return true;
		}
	}
	return l->n == 0;
}

/* Docker's bridge is no matter where trackers come in elsewhere. */
static bool any_bridge(const struct doctor *d)
{
	for (uint32_t i = 0; d->conf && i < d->conf->n_rules; i++) {
		if (rule_has_bridge(d, &d->conf->rules[i].interfaces))
			return true;
	}
	return !d->conf;
}

/* With br_netfilter, what crosses a bridge goes through the IP hooks before it
 * is routed, and tproxy's socket is lost on the way (measured). */
void doctor_check_bridge(struct doctor *d)
{
	const struct doctor_sysctls *s = &d->f->sysctls;
	const bool hit = d->f->n_bridges && any_bridge(d);
	const enum doctor_level level = hit ? DOCTOR_BROKEN : DOCTOR_NOTICE;
	const char *there = hit               ? ", and there is a bridge"
			    : d->f->n_bridges ? ", but no rule names a bridge"
					      : ", but there is no bridge";

	if (s->bridge4 == 1) {
		doctor_find(d, level, "bridge-nf-call-iptables is 1%s", there);
		doctor_mend_sysctl(d, "net.bridge.bridge-nf-call-iptables", 0);
	}
	if (s->bridge6 == 1) {
		doctor_find(d, level, "bridge-nf-call-ip6tables is 1%s", there);
		doctor_mend_sysctl(d, "net.bridge.bridge-nf-call-ip6tables", 0);
	}
}

void doctor_check_early_demux(struct doctor *d)
{
	if (d->f->sysctls.early_demux != 0)
		return;
	doctor_find(d, DOCTOR_NOTICE, "ip_early_demux or tcp_early_demux is 0");
	doctor_mend_sysctl(d, "net.ipv4.ip_early_demux", 1);
	doctor_mend_sysctl(d, "net.ipv4.tcp_early_demux", 1);
}
