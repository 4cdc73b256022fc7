/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor_try.h - does the kernel take a statement? */
#ifndef DOCTOR_TRY_H
#define DOCTOR_TRY_H

#include "base_attr.h"

enum doctor_try {
	DOCTOR_TRY_TPROXY,
	DOCTOR_TRY_SOCKET,
	DOCTOR_TRY_MAX
};

/*
 * Puts a rule with it into a table of its own, in a chain that no packet
 * passes, and takes the table away in the same batch: nobody ever sees it.
 * Return: 0 or what the kernel said, -errno.
 */
WS_MUST_USE int doctor_try(enum doctor_try what);

#endif
