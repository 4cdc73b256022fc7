/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_status_rules.h - the interception's part of a status */
#ifndef WAYSIDE_STATUS_RULES_H
#define WAYSIDE_STATUS_RULES_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct wayside_view;

/* A text of the state page that changes (struct control_line), cleaned; "?"
 * when it does not stand still. Return: buf. */
const char *wayside_status_text(const _Atomic uint32_t *seq, const char *text,
				char *buf, size_t size);

/* Policy, what becomes of new connections now, who keeps the kernel's table. */
void wayside_status_rules_head(FILE *out, const struct wayside_view *v);
/* Packets by rule; nothing in fixed-remote mode. */
void wayside_status_rules_table(FILE *out, const struct wayside_view *v);

/* The same. NULL: no memory. */
json_t *wayside_status_rules_json(const struct wayside_view *v);

#endif
