/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * doctor_installed.h - our own rules: does the kernel have what it should?
 *
 * While a daemon runs, its state page says in which state its rules are, and in
 * how many ways the kernel's differ from that. Without a daemon nothing has to
 * be there; what one that was killed has left is whole, or somebody changed it.
 */
#ifndef DOCTOR_INSTALLED_H
#define DOCTOR_INSTALLED_H

#include <stdbool.h>

#include "base_attr.h"
#include "doctor.h"

#define DOCTOR_DIFFERENCES_MAX 3 /* that are told */

struct doctor_installed {
	struct doctor_daemon daemon;
	char control[108]; /* its socket; "": none */
	int error;         /* -errno: could not be looked at */
	bool fixed;        /* the daemon has none, nor should it */
	bool there;        /* table inet wayside */
	bool dormant;      /* ... which means that it does nothing */
	/* in which state the rules are; without a daemon: as what they were
	 * left, NFT_STATE_MAX: as nothing that a daemon leaves */
	enum nft_state state;
	unsigned differences; /* the first ones: */
	char lines[DOCTOR_DIFFERENCES_MAX][256];
};

/* Looks. `conf` may be NULL. */
void doctor_installed_look(struct doctor_installed *i,
			   const struct conf_tables *conf,
			   const struct doctor_daemon *daemon);

#endif
