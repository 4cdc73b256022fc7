/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_sysctl.c - checks: settings below /proc/sys/net */
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
		doctor_mend(d, "run: sysctl -w net.ipv4.ip_forward=1");
		doctor_mend(d, "to keep it: net.ipv4.ip_forward=1 in a file "
			       "below /etc/sysctl.d");
	}
	if (s->ip6_forward == 0 && any_destination(d->conf, AF_INET6)) {
		doctor_find(d, DOCTOR_DEGRADED, "IPv6 is not forwarded");
		doctor_mend(d, "run: sysctl -w net.ipv6.conf.all.forwarding=1");
		doctor_mend(d, "to keep it: net.ipv6.conf.all.forwarding=1 in "
			       "a file below /etc/sysctl.d");
	}
}
