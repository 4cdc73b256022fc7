/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_hide.h - memory that fork() does not hand on */
#ifndef CONF_HIDE_H
#define CONF_HIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "base_attr.h"

struct conf_overrides;

/* A whole mapping, from here on: neither handed on nor in a core dump, or
 * handed on. NULL is nothing. Return: 0 or -errno. */
int conf_hide(const void *mapping, size_t size, bool hidden);

/* When one of -O's is a URI, moves them all into such a mapping, which lives as
 * long as the process, and wipes them where they were. Return: 1: done; 0: none
 * is; or -errno: nothing has changed. */
WS_MUST_USE int conf_hide_observers(struct conf_overrides *o);

#endif
