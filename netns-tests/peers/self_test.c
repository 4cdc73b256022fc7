/* SPDX-License-Identifier: GPL-3.0-or-later */
/* self_test.c - the self-test alone: prints its verdict, as a start would */
#include <stdio.h>

#include "base_attr.h"
#include "base_die.h"
#include "probe.h"

static void print_line(void *arg, const char *text)
{
	(void)fprintf(arg, "%s\n", text);
}

int main(void)
{
	static const char *const words[PROBE_VERDICT_MAX] = {
		[PROBE_PASSED] = "passed",
		[PROBE_IMPOSSIBLE] = "impossible",
		[PROBE_BLOCKED_OUT] = "blocked-out",
		[PROBE_BLOCKED_IN] = "blocked-in",
	};
	struct probe_result result;

	if (!base_die_init())
		return 2;
	(void)printf("%s\n", words[probe_input(7700, &result)]);
	if (result.verdict == PROBE_IMPOSSIBLE)
		(void)printf("%s\n", result.why);
	if (result.verdict > PROBE_IMPOSSIBLE)
		probe_explain(&result, print_line, stdout);
	return 0;
}
