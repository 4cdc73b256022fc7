/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wayside_store.h - which store a command reads, and what of it
 *
 * --store FILE, or the one that the configuration's file names, or without both
 * that of CONF_DEFAULT_FILE, or where this cannot be read WAYSIDE_STORE.
 */
#ifndef WAYSIDE_STORE_H
#define WAYSIDE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"
#include "base_time.h"
#include "store.h"
#include "store_read.h"
#include "wayside_command.h"

#define WAYSIDE_STORE "/var/lib/wayside/wayside.db"

/* Where neither a limit nor a time is given: so many, the newest. */
#define WAYSIDE_STORE_NEWEST 100U

struct conf_tables;

/* Owned by the caller; wayside_store_close(). */
struct wayside_store {
	const char *path;
	const struct conf_tables *conf; /* NULL: no file was read */
	const char *control; /* of its daemon; NULL: it is not known */
	struct store_reader *reader;
};

/* Finds and opens it, or says in one line what is wrong, and what to do. */
enum wayside_status wayside_store_open(const struct wayside_options *o,
				       struct wayside_store *s);
/* Also where it was not opened. */
void wayside_store_close(struct wayside_store *s);

/* A store that was not opened, or a call that failed with -errno. */
enum wayside_status wayside_store_complain(int error,
					   const struct store_error *why);

/* Certainly no daemon runs here: what was left open is not. */
bool wayside_store_quiet(const struct wayside_store *s);

/* What the options ask for; q->after is 0. */
enum wayside_status wayside_store_query(const struct wayside_options *o,
					struct store_query *q);
/* Says on standard error that there may be more, if `n` rows came and nobody
 * asked for so many. */
void wayside_store_hint(const struct wayside_options *o, uint64_t n);

/* The store's times: 0 is one that cannot be written. */
uint64_t wayside_store_ns(int64_t ms);
/* Local, in seconds; "-". Return: buf. */
const char *wayside_store_local(int64_t ms,
				char buf[static BASE_TIME_STAMP_LEN]);

#endif
