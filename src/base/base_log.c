/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_log.c - one log, on standard error */
#include "base_log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TEXT_MAX_LEN 1024
#define SAFE_MAX_LEN (TEXT_MAX_LEN * 2)
#define LINE_MAX_LEN (SAFE_MAX_LEN + 128)
/* pipe(7): only what is not longer goes in whole; and Linux calls a pipe
 * writable once as much has room, see standard_error_takes() */
_Static_assert(LINE_MAX_LEN <= PIPE_BUF, "a line is one write()");

static const char *const level_names[] = {
	[BASE_LOG_ERR] = "err",       [BASE_LOG_WARN] = "warn",
	[BASE_LOG_NOTICE] = "notice", [BASE_LOG_INFO] = "info",
	[BASE_LOG_DEBUG] = "debug",
};

static const char *const format_names[] = {
	[BASE_LOG_CONSOLE] = "console",
	[BASE_LOG_JSON] = "json",
	[BASE_LOG_JOURNAL] = "journal",
};

/* The log target: the one mutable global of a role. */
static struct {
	enum base_log_level level;
	enum base_log_format format;
	char role[32];
	unsigned long long lost; /* lines since the last one that got through */
} target = { BASE_LOG_NOTICE, BASE_LOG_CONSOLE, "waysided", 0 };

void base_log_set_level(enum base_log_level level)
{
	target.level = level;
}

void base_log_set_format(enum base_log_format format)
{
	target.format = format;
}

enum base_log_format base_log_get_format(void)
{
	return target.format;
}

void base_log_set_role(const char *role)
{
	(void)snprintf(target.role, sizeof(target.role), "%s", role);
	/* a child of fork(): these are its parent's to tell */
	target.lost = 0;
}

static int find(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(names[i], name))
			return (int)i;
	}
	return -1;
}

/* A shell in a service inherits the variable, but has a standard error of its
 * own: so it names which it is of. */
static bool is_journal(void)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread */
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st))
		return false;
	(void)snprintf(ours, sizeof(ours), "%llu:%llu",
		       (unsigned long long)st.st_dev,
		       (unsigned long long)st.st_ino);
	return !strcmp(stream, ours);
}

bool base_log_from_env(void)
{
	/* secure_getenv is not wanted: the caller's environment is trusted */
	const char *level =
		getenv("LOG_LEVEL"); /* NOLINT(concurrency-mt-unsafe):
					before any thread */
	const char *format =
		getenv("LOG_FORMAT"); /* NOLINT(concurrency-mt-unsafe):
					 before any thread */
	int i;

	if (level && *level) {
		i = find(level_names, WS_ARRAY_LEN(level_names), level);
		if (i < 0) {
			base_err("LOG_LEVEL is \"%s\": use err, warn, notice, "
				 "info or debug",
				 level);
			return false;
		}
		target.level = (enum base_log_level)i;
	}
	if (format && *format) {
		i = find(format_names, WS_ARRAY_LEN(format_names), format);
		if (i < 0) {
			base_err("LOG_FORMAT is \"%s\": use console, json or "
				 "journal",
				 format);
			return false;
		}
		target.format = (enum base_log_format)i;
	} else if (is_journal()) {
		target.format = BASE_LOG_JOURNAL;
	}
	return true;
}

bool base_log_on(enum base_log_level level)
{
	return level <= target.level;
}

/* Copies text into out, in ASCII and on one line; for JSON it also becomes the
 * inside of a string. */
static void escape(char *out, size_t size, const char *text, bool json)
{
	size_t n = 0;

	for (const unsigned char *p = (const unsigned char *)text;
	     *p && n + 8 < size; p++) {
		if (*p < 0x20 || *p > 0x7e) {
			n += (size_t)snprintf(out + n, size - n,
					      json ? "\\\\x%02x" : "\\x%02x",
					      (unsigned)*p);
			continue;
		}
		if (json && (*p == '"' || *p == '\\'))
			out[n++] = '\\';
		out[n++] = (char)*p;
	}
	out[n] = '\0';
}

void base_log_own_stderr(void)
{
	struct stat st;
	int fd;

	if (fstat(STDERR_FILENO, &st) < 0 ||
	    (!S_ISFIFO(st.st_mode) && !isatty(STDERR_FILENO)))
		return;
	fd = open("/proc/self/fd/2",
		  O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	/* 2 is what all children log to: it has to stay open in them */
	(void)dup3(fd, STDERR_FILENO, 0);
	(void)close(fd);
}

/* Never O_NONBLOCK on what we were given: that belongs to the open file, and so
 * to everybody who shares our standard error. */
static bool standard_error_takes(const char *line, size_t len)
{
	struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && p.revents & POLLOUT &&
	       write(STDERR_FILENO, line, len) == (ssize_t)len;
}

static void now_text(char *out, size_t size)
{
	struct timespec now;
	struct tm tm;

	*out = '\0';
	if (clock_gettime(CLOCK_REALTIME, &now) == 0 &&
	    gmtime_r(&now.tv_sec, &tm))
		(void)strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* Return: false when the line is lost. */
static bool put(enum base_log_level level, const char *text)
{
	/* syslog(3): LOG_ERR is 3, and so on in the same order */
	const int priority = 3 + (int)level;
	char safe[SAFE_MAX_LEN], line[LINE_MAX_LEN], stamp[32];
	int n = 0;

	escape(safe, sizeof(safe), text, target.format == BASE_LOG_JSON);
	now_text(stamp, sizeof(stamp));
	switch (target.format) {
	case BASE_LOG_CONSOLE:
		n = snprintf(line, sizeof(line), "%s %s %s: %s\n", stamp,
			     level_names[level], target.role, safe);
		break;
	case BASE_LOG_JSON:
		n = snprintf(line, sizeof(line),
			     "{\"time\":\"%s\",\"level\":\"%s\","
			     "\"role\":\"%s\",\"message\":\"%s\"}\n",
			     stamp, level_names[level], target.role, safe);
		break;
	case BASE_LOG_JOURNAL:
		n = snprintf(line, sizeof(line), "<%d>%s: %s\n", priority,
			     target.role, safe);
		break;
	}
	return n > 0 && standard_error_takes(line, (size_t)n);
}

static void tell_lost(void)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "log lines were lost lines=%llu",
		       target.lost);
	if (put(BASE_LOG_WARN, text))
		target.lost = 0;
}

void base_log(enum base_log_level level, const char *fmt, ...)
{
	const int saved = errno;
	char text[TEXT_MAX_LEN];
	va_list args;

	if (!base_log_on(level))
		return;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!put(level, text))
		target.lost++;
	else if (target.lost)
		tell_lost();
	errno = saved;
}
