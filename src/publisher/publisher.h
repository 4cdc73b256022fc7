/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * publisher.h - the process that brings events from the store to one sink
 *
 * Theory of operation
 *
 *   store --read a batch, end the statement--> put --confirmed--> cursor
 *
 * One process a sink; libraries may block in it. It keeps nothing: what it has
 * not confirmed in its cursor file is put again by its successor, so every
 * event arrives at least once, with the same id. It sleeps until the recorder
 * says that there is more (kick), the sink wants to be served, or the
 * supervisor speaks.
 *
 *   CLOSED   the sink is opened; fails: waits, twice as long each time
 *            (sink_backoff.h), and tries again
 *   OPEN     a batch is put, its confirmed front goes into the cursor; nothing
 *            there: idle. Fails: CLOSED
 *   STOPPING what the store has is still put, for a short time, if the sink is
 *            open; then it ends
 *
 * ROLE_READY is said before the sink is opened for the first time. With
 * ROLE_STOP comes SIGTERM: it is blocked, as in all roles, but while the sink
 * is being opened. So one that cannot be reached holds up no stop and no
 * reload.
 *
 * The cursor is written at most every PUBLISHER_KEEP_MS (a longer time with
 * `flash`), and before it ends. Events that were deleted before they were read
 * are a jump in their numbers: counted as lost, as is a row that is no event.
 * Where the cursor makes no sense, or the store has another identity, it begins
 * at the oldest event. A cursor beyond the last event (a power cut took what
 * had been put already) goes back to it.
 */
#ifndef PUBLISHER_H
#define PUBLISHER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base_attr.h"

struct conf_secret;
struct conf_sink;

#define PUBLISHER_BATCH       512 /* events */
#define PUBLISHER_BATCH_BYTES (1U << 20)
#define PUBLISHER_KEEP_MS     100
#define PUBLISHER_FLASH_MS    10000 /* in place of PUBLISHER_KEEP_MS */
#define PUBLISHER_STOP_MS     5000

struct publisher_setup {
	const struct conf_sink *sink;     /* outlives it */
	const struct conf_secret *secret; /* the same */
	const char *store;                /* path of the database */
	bool flash;  /* the cursor is written seldom, without fdatasync */
	int kick;    /* eventfd, readable: the store has more */
	int channel; /* to the supervisor */
};

/* Return: exit status. */
WS_MUST_USE int publisher_main(const struct publisher_setup *setup,
			       pid_t parent);

#endif
