/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_rules.h - `wayside rules ...`: the kernel's rules without a daemon */
#ifndef WAYSIDE_RULES_H
#define WAYSIDE_RULES_H

#include "wayside_command.h"

/*
 * `install` and `remove` hold nft_lock(): they refuse while a daemon owns the
 * rules of this network namespace, and no other can start meanwhile. `remove`
 * reads no configuration: its file may be gone, or be another one by now. Each
 * prints its errors, one line each, on standard error. `check` asks a running
 * daemon in which state its rules are: what it let go for a time is no
 * difference.
 */
enum wayside_status wayside_rules_show(const struct wayside_options *o);
enum wayside_status wayside_rules_install(const struct wayside_options *o);
enum wayside_status wayside_rules_remove(const struct wayside_options *o);
enum wayside_status wayside_rules_check(const struct wayside_options *o);

#endif
