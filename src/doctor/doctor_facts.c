/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_facts.c - what the doctor knows of this gateway, gathered */
#include "doctor_facts.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <unistd.h>

#include "base_fd.h"
#include "doctor_try.h"

#define VALUE_MAX 64 /* bytes of a number in /proc/sys */

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

/* A number below /proc/sys/net, which everybody may read. */
static int sysctl(const char *name)
{
	char path[128], *text = NULL, *end;
	WS_CLEAN(base_fd_close) int fd = -1;
	int value = DOCTOR_UNKNOWN;
	size_t len;
	long n;

	(void)snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || base_fd_read_all(fd, VALUE_MAX, &text, &len))
		return DOCTOR_UNKNOWN;
	n = strtol(text, &end, 10);
	if (end > text && n >= 0 && n <= INT32_MAX)
		value = (int)n;
	free(text);
	return value;
}

static void look_at_sysctls(struct doctor_sysctls *s)
{
	s->ip_forward = sysctl("ipv4/ip_forward");
	s->ip6_forward = sysctl("ipv6/conf/all/forwarding");
}

struct doctor_facts *doctor_facts_new(const struct conf_tables *conf)
{
	struct doctor_facts *f = calloc(1, sizeof(*f));

	(void)conf;
	if (!f)
		return NULL;
	look_at_rights(f);
	look_at_sysctls(&f->sysctls);
	f->tproxy = doctor_try(DOCTOR_TRY_TPROXY);
	f->socket = doctor_try(DOCTOR_TRY_SOCKET);
	return f;
}

void doctor_facts_free(struct doctor_facts *f)
{
	free(f);
}
