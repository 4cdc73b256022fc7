/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_facts.h - what the doctor knows of this gateway */
#ifndef DOCTOR_FACTS_H
#define DOCTOR_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"

struct conf_tables;

#define DOCTOR_UNKNOWN (-1) /* of a sysctl: there is none, or it is hidden */

/* Below /proc/sys/net. */
struct doctor_sysctls {
	int ip_forward;  /* ipv4/ip_forward */
	int ip6_forward; /* ipv6/conf/all/forwarding */
};

struct doctor_facts {
	bool net_admin, net_raw; /* we have these capabilities */
	struct doctor_sysctls sysctls;
	/* What the kernel says to a rule with that statement, in a table that
	 * is gone at once: 0 or -errno. */
	int tproxy, socket;
};

/* Gathers them. Return: NULL = no memory; to be freed with
 * doctor_facts_free(). */
struct doctor_facts *doctor_facts_new(const struct conf_tables *conf);
void doctor_facts_free(struct doctor_facts *f); /* NULL is a no-op */

#endif
