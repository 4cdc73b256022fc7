/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * die_points.c - names of the places where a process can be made to die
 *
 * die_points PREFIX...
 * One a line, in the order of base_die.h. Status 77 when the build has none.
 */
#include <stdio.h>
#include <string.h>

#include "base_die.h"

int main(int argc, char **argv)
{
#ifdef WAYSIDE_TEST_POINTS
	for (int i = 0; i < BASE_DIE_MAX; i++) {
		const char *name = base_die_name((enum base_die_point)i);

		for (int a = 1; a < argc; a++) {
			if (!strncmp(name, argv[a], strlen(argv[a])))
				puts(name);
		}
	}
	return 0;
#else
	(void)argc;
	(void)argv;
	return 77;
#endif
}
