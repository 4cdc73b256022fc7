/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_protocols.h - `wayside protocols`: what is understood */
#ifndef WAYSIDE_PROTOCOLS_H
#define WAYSIDE_PROTOCOLS_H

#include <stdbool.h>

#include "wayside_command.h"

/* Every protocol's keywords: who sends them, and the type of their events.
 * A final * stands for any ending; the first row that fits counts. */
enum wayside_status wayside_protocols_run(const struct wayside_options *o);

/* NULL is; what is not is said, with those that are. */
bool wayside_protocol_known(const char *name);

#endif
