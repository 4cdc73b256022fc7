/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_kernel.c - checks: rights, and what the kernel can do */
#include <errno.h>
#include <string.h>

#include "doctor_internal.h"

void doctor_check_rights(struct doctor *d)
{
	const struct doctor_facts *f = d->f;

	if ((f->net_admin && f->net_raw) ||
	    (d->conf && conf_tables_fixed(d->conf)))
		return;
	doctor_find(d, DOCTOR_BROKEN, "missing here: %s%s%s",
		    f->net_admin ? "" : "CAP_NET_ADMIN",
		    f->net_admin || f->net_raw ? "" : " and ",
		    f->net_raw ? "" : "CAP_NET_RAW");
	doctor_say(d, DOCTOR_NOTE,
		   "run it, and the daemon, as root; in a container with "
		   "--cap-add=NET_ADMIN --cap-add=NET_RAW");
}

/* Without rights the kernel says nothing about what it can do. */
static void judge_statement(struct doctor *d, int error, const char *module)
{
	if (!doctor_wants_tproxy(d))
		return;
	if (error == -EPERM) {
		(void)doctor_known(d, error);
		return;
	}
	if (!error)
		return;
	doctor_find(d, DOCTOR_BROKEN, "the kernel refuses it: %s",
		    strerrordesc_np(-error));
	if (error == -ENOENT) {
		doctor_say(d, DOCTOR_MEND, "modprobe %s", module);
		doctor_say(d, DOCTOR_NOTE, "OpenWrt: opkg install kmod-%s",
			   !strcmp(module, "nft_tproxy") ? "nft-tproxy"
							 : "nft-socket");
	} else {
		doctor_say(d, DOCTOR_NOTE,
			   "a kernel with nf_tables and %s is needed", module);
	}
}

void doctor_check_tproxy(struct doctor *d)
{
	judge_statement(d, d->f->tproxy, "nft_tproxy");
}

void doctor_check_socket(struct doctor *d)
{
	judge_statement(d, d->f->socket, "nft_socket");
}
