/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * role_title.c - the name under which ps shows the process
 *
 * The kernel puts the strings of argv and, right after them, those of the
 * environment on the stack, and /proc/PID/cmdline is read from there. When the
 * last byte of the argv part is not NUL, the kernel takes that as a title set
 * by setproctitle() and gives just the one string at the start, even when it
 * runs on into the environment's part (get_mm_cmdline() in fs/proc/base.c). So
 * a title shows without a tail of the old arguments.
 */
#include "role_title.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* The strings' old place on the stack: there is one in a process. */
static struct {
	char *start;
	size_t args_len; /* argv's part, with its last NUL */
	size_t len;      /* with the environment's part */
	char *copy;      /* of all, where argv and environ point now */
} area;

/* Where the strings from `end` on stop lying one after the other. */
static char *contiguous_end(char *end, char *const *strings)
{
	for (; *strings && *strings == end; strings++)
		end += strlen(end) + 1;
	return end;
}

/* The same string in the copy; one that lies elsewhere stays where it is. */
static char *moved(char *string)
{
	if (string < area.start || string >= area.start + area.len)
		return string;
	return area.copy + (string - area.start);
}

int role_title_init(int argc, char **argv)
{
	char *const start = argv[0];
	char *const args_end = contiguous_end(start, argv);
	const size_t len = (size_t)(contiguous_end(args_end, environ) - start);
	char *copy;

	if (argc < 1 || len == 0)
		return 0; /* no argument, no place for a title */
	copy = malloc(len);
	if (!copy)
		return -ENOMEM;
	area.start = start;
	area.args_len = (size_t)(args_end - start);
	area.len = len;
	area.copy = copy;
	memcpy(copy, start, len);
	for (char **s = argv; *s; s++)
		*s = moved(*s);
	for (char **s = environ; *s; s++)
		*s = moved(*s);
	/* glibc's own pointers to argv[0]: assert() prints one */
	program_invocation_name = moved(program_invocation_name);
	program_invocation_short_name = moved(program_invocation_short_name);
	return 0;
}

void role_title(const char *title)
{
	size_t n = strlen(title);

	/* fails for a bad address only; the kernel cuts at 15 bytes */
	(void)prctl(PR_SET_NAME, title, 0, 0, 0);
	if (!area.start)
		return;
	if (n >= area.len)
		n = area.len - 1;
	memset(area.start, 0, area.len);
	area.start[area.args_len - 1] = ' ';
	memcpy(area.start, title, n);
	area.start[n] = '\0';
}
