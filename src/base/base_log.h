/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base_log.h - one log, on standard error
 *
 * One line a call: text first, then key=value. Levels: err = the daemon cannot
 * do its job; warn = degraded, says "ignoring" or "retrying"; notice = life
 * cycle; info = per flow, off by default; debug = free. Never payload bytes or
 * keys above debug. Bytes outside 0x20-0x7e are written as \xHH: a string from
 * the network can neither forge a second line, nor steer a terminal, nor spoil
 * the JSON.
 * LOG_LEVEL (err, warn, notice, info, debug) and LOG_FORMAT (console, json,
 * journal) are the classic environment names; where standard error is systemd's
 * journal, journal is the default. Each line is one write(): lines of several
 * processes stay whole.
 *
 * A log never waits. A line that standard error does not take (a pipe that
 * nobody reads, a full disk) is dropped; the next one that gets through is
 * followed by one, of level warn, that says how many of this process were lost.
 * One gap is left: where several processes share a pipe and each sees its last
 * free page, the slower one waits for the reader.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base_attr.h"

enum base_log_level {
	BASE_LOG_ERR,
	BASE_LOG_WARN,
	BASE_LOG_NOTICE,
	BASE_LOG_INFO,
	BASE_LOG_DEBUG,
};

enum base_log_format {
	BASE_LOG_CONSOLE,
	BASE_LOG_JSON,
	BASE_LOG_JOURNAL, /* "<N>", the priority of sd-daemon(3); no time */
};

/* Start-up values: level notice, format console, role "waysided". */
void base_log_set_level(enum base_log_level level);
void base_log_set_format(enum base_log_format format);
enum base_log_format base_log_get_format(void);
/* Who speaks ("supervisor", "worker/0"); copied, at most 31 bytes. Lines lost
 * so far are not told any more: a child calls this after fork(). */
void base_log_set_role(const char *role);

/* Takes LOG_LEVEL and LOG_FORMAT, and JOURNAL_STREAM, which names the device
 * and inode of the journal's socket (systemd.exec(5)). A value that is none of
 * theirs is an error: one line is logged. Return: false then. */
WS_MUST_USE bool base_log_from_env(void);

/*
 * For a daemon, once, before it has children: when standard error is a terminal
 * or a pipe, opens it anew, so that O_NONBLOCK on it is ours alone. A terminal
 * that nobody reads, or a pipe that several processes fill, then costs lines
 * and never time. Where it cannot be opened (another user's), it stays as it
 * is.
 */
void base_log_own_stderr(void);

bool base_log_on(enum base_log_level level);
void base_log(enum base_log_level level, const char *fmt, ...) WS_PRINTF(2, 3);

#define base_err(...)    base_log(BASE_LOG_ERR, __VA_ARGS__)
#define base_warn(...)   base_log(BASE_LOG_WARN, __VA_ARGS__)
#define base_notice(...) base_log(BASE_LOG_NOTICE, __VA_ARGS__)
#define base_info(...)   base_log(BASE_LOG_INFO, __VA_ARGS__)
#define base_debug(...)                                        \
	do {                                                   \
		if (base_log_on(BASE_LOG_DEBUG))               \
			base_log(BASE_LOG_DEBUG, __VA_ARGS__); \
	} while (0)

#endif
