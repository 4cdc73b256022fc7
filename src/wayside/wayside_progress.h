/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wayside_progress.h - how far a long work has come, on a terminal
 *
 * A line on standard error that is written over itself, five times a second at
 * most, and taken away at the end. Nothing where standard error is no terminal
 * or the file's size is not known.
 */
#ifndef WAYSIDE_PROGRESS_H
#define WAYSIDE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct wayside_progress {
	FILE *in;      /* whose position counts; borrowed */
	uint64_t size; /* 0 = nothing is shown */
	uint64_t shown_ms;
	unsigned skipped; /* calls since the clock was asked */
	bool shown;
};

void wayside_progress_begin(struct wayside_progress *p, FILE *in);
/* Cheap: may be called for every few bytes. */
void wayside_progress_step(struct wayside_progress *p);
void wayside_progress_end(struct wayside_progress *p);

#endif
