/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sink_template.h - routing keys that name device, protocol and type
 *
 * {device_id}, {protocol} and {type} stand for the event's; all else is as it
 * stands there. A device that is not known is `unknown`. In a value a dot, * or
 * #, which topic exchanges read (a dot parts words, the others stand for some),
 * and what is no printable ASCII become _: a value is one word always.
 */
#ifndef SINK_TEMPLATE_H
#define SINK_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base_attr.h"

struct sink_event;

/* Return: out; NULL: it is longer than `size` with its NUL. */
WS_MUST_USE const char *sink_template_expand(const char *template,
					     const struct sink_event *e,
					     char *out, size_t size);

/* What a queue is bound with, so that all keys of the template get into it: a
 * word that has one of the names in it is *. Return: as above. */
WS_MUST_USE const char *sink_template_binding(const char *template, char *out,
					      size_t size);

/* Is there one of the names in it? */
WS_MUST_USE bool sink_template_any(const char *template);

#endif
