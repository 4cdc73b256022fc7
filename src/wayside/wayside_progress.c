/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_progress.c - how far a long work has come, on a terminal */
#include "wayside_progress.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base_time.h"

#define SHOW_MS  200
#define CLOCK_AT 64 /* calls */

void wayside_progress_begin(struct wayside_progress *p, FILE *in)
{
	struct stat st;

	*p = (struct wayside_progress){ .in = in,
					.shown_ms = base_time_mono_ms() };
	if (isatty(STDERR_FILENO) && fstat(fileno(in), &st) == 0 &&
	    S_ISREG(st.st_mode) && st.st_size > 0)
		p->size = (uint64_t)st.st_size;
}

void wayside_progress_step(struct wayside_progress *p)
{
	uint64_t now;
	off_t at;

	if (!p->size || ++p->skipped < CLOCK_AT)
		return;
	p->skipped = 0;
	now = base_time_mono_ms();
	at = ftello(p->in);
	if (now - p->shown_ms < SHOW_MS || at < 0)
		return;
	p->shown_ms = now;
	p->shown = true;
	(void)fprintf(stderr, "\r%3llu %% of %llu MB",
		      (unsigned long long)((uint64_t)at * 100 / p->size),
		      (unsigned long long)(p->size >> 20));
}

void wayside_progress_end(struct wayside_progress *p)
{
	if (p->shown)
		(void)fputs("\r\033[K", stderr); /* ECMA-48: erase the line */
}
