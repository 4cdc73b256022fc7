/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_die.c - places where a test lets a process die */
#include "base_die.h"

#ifdef WAYSIDE_TEST_POINTS

#	include <errno.h>
#	include <signal.h>
#	include <stdatomic.h>
#	include <stdlib.h>
#	include <string.h>
#	include <sys/mman.h>
#	include <unistd.h>

#	include "base_log.h"

#	define NAME(name, text) text,
static const char *const names[BASE_DIE_MAX] = { BASE_DIE_POINTS(NAME) };
#	undef NAME

struct die_page {
	_Atomic long left[BASE_DIE_MAX]; /* passes until it happens; 0: never */
	bool stops[BASE_DIE_MAX];        /* SIGSTOP in place of SIGKILL */
};

/* Shared with all children; NULL: nothing was asked for. */
static struct die_page *page;
/* 0, NULL: nothing was asked for */
static uint32_t restart_ms, half_open_ms, unanswered_ms, limit_ms, reload_ms,
	probe_ms, settle_ms, again_ms;
static const char *restart_hold;

const char *base_die_name(enum base_die_point point)
{
	return names[point];
}

/* "POINT=N" or "POINT=N:stop". */
static bool set_point(const char *text, size_t len)
{
	const char *is = memchr(text, '=', len);
	char *end;
	long n;

	if (!is)
		return false;
	n = strtol(is + 1, &end, 10);
	if (n <= 0)
		return false;
	for (int i = 0; i < BASE_DIE_MAX; i++) {
		if (strlen(names[i]) != (size_t)(is - text) ||
		    strncmp(names[i], text, (size_t)(is - text)) != 0)
			continue;
		atomic_store(&page->left[i], n);
		page->stops[i] = strncmp(end, ":stop", 5) == 0;
		return end + (page->stops[i] ? 5 : 0) == text + len;
	}
	return false;
}

/* Return: false after one logged line: no number of milliseconds. */
static bool set_ms(const char *name, uint32_t *ms)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	const char *text = getenv(name);
	char *end;
	long n;

	if (!text)
		return true;
	n = strtol(text, &end, 10);
	*ms = (uint32_t)n;
	if (n > 0 && n <= INT32_MAX && !*end)
		return true;
	base_err("%s: not a number of milliseconds", name);
	return false;
}

uint32_t base_die_restart_ms(uint32_t real)
{
	return restart_ms ? restart_ms : real;
}

uint32_t base_die_half_open_ms(uint32_t real)
{
	return half_open_ms ? half_open_ms : real;
}

uint32_t base_die_unanswered_ms(uint32_t real)
{
	return unanswered_ms ? unanswered_ms : real;
}

uint32_t base_die_probe_ms(uint32_t real)
{
	return probe_ms ? probe_ms : real;
}

uint32_t base_die_settle_ms(uint32_t real)
{
	return settle_ms ? settle_ms : real;
}

uint32_t base_die_again_ms(uint32_t real)
{
	return again_ms ? again_ms : real;
}

bool base_die_restart_held(void)
{
	return restart_hold && access(restart_hold, F_OK) == 0;
}

uint32_t base_die_limit_ms(uint32_t real)
{
	return limit_ms ? limit_ms : real;
}

uint32_t base_die_reload_ms(uint32_t real)
{
	return reload_ms ? reload_ms : real;
}

bool base_die_init(void)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	const char *text = getenv("WAYSIDE_DIE");

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	restart_hold = getenv("WAYSIDE_RESTART_HOLD");
	if (!set_ms("WAYSIDE_RESTART_MS", &restart_ms) ||
	    !set_ms("WAYSIDE_HALF_OPEN_MS", &half_open_ms) ||
	    !set_ms("WAYSIDE_UNANSWERED_MS", &unanswered_ms) ||
	    !set_ms("WAYSIDE_LIMIT_MS", &limit_ms) ||
	    !set_ms("WAYSIDE_RELOAD_MS", &reload_ms) ||
	    !set_ms("WAYSIDE_PROBE_MS", &probe_ms) ||
	    !set_ms("WAYSIDE_SETTLE_MS", &settle_ms) ||
	    !set_ms("WAYSIDE_AGAIN_MS", &again_ms))
		return false;
	if (!text || !*text)
		return true;
	page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED) {
		page = NULL;
		base_err("WAYSIDE_DIE: %s", strerrordesc_np(errno));
		return false;
	}
	for (;;) {
		const size_t len = strcspn(text, ",");

		if (!set_point(text, len)) {
			base_err("WAYSIDE_DIE: %s: not POINT=N[:stop]", text);
			return false;
		}
		if (!text[len])
			return true;
		text += len + 1;
	}
}

bool base_die_due(enum base_die_point point)
{
	return page && atomic_load(&page->left[point]) > 0 &&
	       atomic_fetch_sub(&page->left[point], 1) == 1;
}

void base_die_now(enum base_die_point point)
{
	(void)raise(page->stops[point] ? SIGSTOP : SIGKILL);
}

void base_die_at(enum base_die_point point)
{
	if (base_die_due(point))
		base_die_now(point);
}

#endif
