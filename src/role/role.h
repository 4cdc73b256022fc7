/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * role.h - what every child process does at birth
 *
 * Theory of operation
 * Each process has one job and keeps only the rights that the job needs. A
 * child calls role_enter() first thing after fork(), before it reads a byte
 * from outside. The steps stand in this order because each needs the one
 * before:
 *	1. name         title and log lines tell who speaks, errors included
 *	2. capabilities bounding set emptied while CAP_SETPCAP is still there,
 *then permitted and effective cut to the kept ones, inheritable (and ambient
 *with it) to none
 *	3. parent	PR_SET_PDEATHSIG after the last change of credentials,
 *			which may clear it (commit_creds() in kernel/cred.c),
 *and only then getppid(): a parent that died before is noticed, one that dies
 *later kills
 *	4. limits	no core file, not traceable by others of its uid: memory
 *			holds what trackers sent
 *	5. seccomp	no_new_privs, so that no execve() brings a right back;
 *any system call outside the lists kills the process It works as root, as the
 *one mapped uid of a user namespace, and as a plain user for roles that keep no
 *capability; what the process never had needs no dropping. Changing the uid is
 *not its job.
 */
#ifndef ROLE_H
#define ROLE_H

#include <stdint.h>
#include <sys/types.h>

#include "base_attr.h"

/* Bit of a capability (CAP_NET_RAW ...) in struct role. */
#define ROLE_CAP(cap) (1ULL << (cap))

struct role {
	const char *name; /* "worker/0": log role; title "wayside-worker/0" */
	uint64_t caps;    /* kept capabilities, ROLE_CAP() bits */
	/* Names of the system calls that it needs beyond the common ones of
	 * role.c (memory, clock, read, write, signals, exit), NULL at the end.
	 * No list at all: no filter, since the programs that it starts would be
	 * under it, too; a filter cannot be taken off. */
	const char *const *syscalls;
};

/*
 * Makes the calling process `role`, for good. `parent` is the parent's
 * getpid(), taken before fork(). Parent and child share one pid namespace: a
 * parent outside (getppid() is 0) cannot be watched, so it counts as gone.
 * Return: 0; after one logged line -EPERM (a kept capability is missing),
 * -ESRCH (the parent is gone), -EINVAL (no such system call), -errno. After an
 * error the process is half changed and has to exit.
 */
WS_MUST_USE int role_enter(const struct role *role, pid_t parent);

/*
 * For the supervisor, which is nobody's child and makes the others: keeps just
 * these capabilities, and no_new_privs, for good. Children cannot have more.
 * Return: 0 or, after one logged line, -errno as above.
 */
WS_MUST_USE int role_keep(uint64_t caps);

#endif
