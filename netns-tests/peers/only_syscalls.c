/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * only_syscalls.c - runs a program that may do no other system calls
 *
 *   only_syscalls PROGRAM [ARGUMENT...] <NAMES
 *
 * As systemd's SystemCallFilter= with SystemCallErrorNumber=EPERM. NAMES, one a
 * line, are what `systemd-analyze syscall-filter` prints: those of groups are
 * to be expanded before, and names that this machine does not know are left
 * out.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One filter takes them all: no more than a kernel has. */
static int allow_names(scmp_filter_ctx filter, FILE *names)
{
	char name[64];

	while (fgets(name, sizeof(name), names)) {
		int nr;

		name[strcspn(name, "\n")] = '\0';
		nr = seccomp_syscall_resolve_name(name);
		if (nr == __NR_SCMP_ERROR)
			continue;
		const int r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, nr, 0);

		if (r)
			return r;
	}
	return 0;
}

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r;

	if (argc < 2 || !filter)
		return 2;
	r = allow_names(filter, stdin);
	if (!r)
		r = seccomp_load(filter);
	seccomp_release(filter);
	if (r) {
		(void)fprintf(stderr, "only_syscalls: %s\n",
			      strerrordesc_np(-r));
		return 1;
	}
	(void)execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 1;
}
