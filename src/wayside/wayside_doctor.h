/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_doctor.h - `wayside doctor`: what stands in the way, and the mend */
#ifndef WAYSIDE_DOCTOR_H
#define WAYSIDE_DOCTOR_H

#include <stdio.h>

#include "wayside_command.h"

struct doctor_report;

/*
 * Looks, tries, and prints. Without -c and without the default file it says
 * what can be said without a configuration.
 * Return: WAYSIDE_OK, WAYSIDE_DEGRADED or WAYSIDE_BROKEN; WAYSIDE_USAGE: the
 * configuration is refused; WAYSIDE_FAILED: it could not look.
 */
enum wayside_status wayside_doctor_run(const struct wayside_options *o);

/* For people; exported for its test. */
void wayside_doctor_print(FILE *out, const struct doctor_report *report);

#endif
