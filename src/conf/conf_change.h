/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_change.h - what a reload cannot change */
#ifndef CONF_CHANGE_H
#define CONF_CHANGE_H

#include <stdio.h>

struct conf_tables;

/*
 * Writes one line for each key that differs and that only a restart can change:
 *   workers: 2 is in force, 3 needs a restart
 * Some keys can change, but not in each way: on_failure to or from hold, the
 * first rule of a transport, source to or from gateway for a server that stays,
 * the last rule with local: yes.
 * Return: how many.
 */
unsigned conf_change_refused(const struct conf_tables *now,
			     const struct conf_tables *next, FILE *out);

#endif
