/* SPDX-License-Identifier: GPL-3.0-or-later */
/* role.c - what every child process does at birth */
#include "role.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base_log.h"
#include "role_title.h"

/* What the C library and every role need. Nothing here opens a file or a
 * socket, starts a program or reaches another process. */
static const char *const common_syscalls[] = {
	/* memory */
	"brk",
	"madvise",
	"mmap",
	"mprotect",
	"mremap",
	"munmap",
	/* descriptors that are open already */
	"close",
	"fstat",
	"newfstatat", /* fstat() of glibc 2.33 and later, with "" */
	"lseek",
	"read",
	"readv",
	"write",
	"writev",
	"poll",  /* base_log asks before it writes */
	"ppoll", /* poll() where there is no such system call */
	/* clocks, mostly answered without the kernel */
	"clock_getres",
	"clock_gettime",
	"gettimeofday",
	/* signals, and abort() for assert() and the stack protector */
	"getpid",
	"gettid",
	"restart_syscall",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"tgkill",
	/* the rest of the C library */
	"exit",
	"exit_group",
	"futex",
	"getrandom",
	"rseq",
	NULL,
};

#ifdef WAYSIDE_SANITIZED
/* The sanitizers' runtimes: alternative signal stacks; /proc/self/maps and the
 * program itself for a report, in which another program names the places; the
 * leak check at exit() is a clone of the process that stops the others with
 * ptrace(). */
static const char *const sanitizer_syscalls[] = {
	"access",
	"arch_prctl",
	"clock_nanosleep",
	"clone",
	"clone3",
	"dup",
	"dup2",
	"execve",
	"fcntl",
	"fork",
	"getdents",
	"getdents64",
	"getppid",
	"getrlimit",
	"getuid",
	"ioctl",
	"kill",
	"nanosleep",
	"open",
	"openat",
	"pipe",
	"pipe2",
	"prctl",
	"pread64",
	"prlimit64",
	"process_vm_readv",
	"ptrace",
	"readlink",
	"readlinkat",
	"sched_getaffinity",
	"sched_yield",
	"set_robust_list",
	"set_tid_address",
	"sigaltstack",
	"stat",
	"sysinfo",
	"uname",
	"wait4",
	NULL,
};
#endif

static int check(int failed, const char *what)
{
	const int err = errno;

	if (!failed)
		return 0;
	base_err("%s: %s", what, strerrordesc_np(err));
	return -err;
}

static void free_caps(cap_t *caps)
{
	if (*caps)
		(void)cap_free(*caps); /* fails only for what is none */
}

/* Sets the kept ones in `want`; a kept one that we do not have is named. */
static int keep_caps(cap_t want, cap_t have, uint64_t kept)
{
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++) {
		cap_flag_value_t on = CAP_CLEAR;

		if (!(kept & ROLE_CAP(cap)))
			continue;
		if (cap_get_flag(have, cap, CAP_PERMITTED, &on) ||
		    on != CAP_SET) {
			char *name = cap_to_name(cap);

			base_err("the capability %s is missing",
				 name ? name : "?");
			(void)cap_free(name);
			return -EPERM;
		}
		if (cap_set_flag(want, CAP_PERMITTED, 1, &cap, CAP_SET) ||
		    cap_set_flag(want, CAP_EFFECTIVE, 1, &cap, CAP_SET))
			return check(-1, "cannot choose capabilities");
	}
	return 0;
}

/* Without CAP_SETPCAP the bounding set stays as it is; it only limits what an
 * execve() could give, and no_new_privs lets that give nothing. The ambient set
 * needs no call: it is never more than the inheritable one. */
static bool drop_bounding(void)
{
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++) {
		if (cap_drop_bound(cap) && errno != EPERM)
			return false;
	}
	return true;
}

static int drop_caps(uint64_t kept)
{
	WS_CLEAN(free_caps) cap_t have = cap_get_proc();
	WS_CLEAN(free_caps) cap_t want = cap_init();
	int r;

	if (!have || !want)
		return check(-1, "cannot read the capabilities");
	r = keep_caps(want, have, kept);
	if (r)
		return r;
	return check(!drop_bounding() || cap_set_proc(want),
		     "cannot drop capabilities");
}

static int follow_parent(pid_t parent)
{
	int r = check(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0),
		      "cannot follow the parent");

	if (r)
		return r;
	if (getppid() != parent) {
		base_err("the parent process is gone");
		return -ESRCH;
	}
	return 0;
}

static int limit(void)
{
	const struct rlimit none = { 0, 0 };
	int r = check(setrlimit(RLIMIT_CORE, &none),
		      "cannot forbid core files");

#ifndef WAYSIDE_SANITIZED /* the leak check is a ptrace() of ourselves */
	if (!r)
		r = check(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0),
			  "cannot forbid tracing");
#endif
	return r;
}

static int allow(scmp_filter_ctx filter, const char *const *syscalls)
{
	for (; *syscalls; syscalls++) {
		/* negative but known: this architecture has no such call */
		const int nr = seccomp_syscall_resolve_name(*syscalls);
		int r;

		if (nr == __NR_SCMP_ERROR) {
			base_err("there is no system call %s", *syscalls);
			return -EINVAL;
		}
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, nr, 0);
		if (r)
			return r;
	}
	return 0;
}

static int allow_only(const char *const *syscalls)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r;

	if (!filter)
		return -ENOMEM;
	/* libseccomp sets no_new_privs itself when it loads the filter */
	r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH,
			     SCMP_ACT_KILL_PROCESS);
	if (!r)
		r = allow(filter, common_syscalls);
#ifdef WAYSIDE_SANITIZED
	if (!r)
		r = allow(filter, sanitizer_syscalls);
#endif
	if (!r)
		r = allow(filter, syscalls);
	if (!r)
		r = seccomp_load(filter);
	seccomp_release(filter);
	if (r)
		base_err("cannot limit the system calls: %s",
			 strerrordesc_np(-r));
	return r;
}

static int renounce(void)
{
	return check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
		     "cannot renounce new privileges");
}

int role_keep(uint64_t caps)
{
	const int r = drop_caps(caps);

	return r ? r : renounce();
}

int role_enter(const struct role *role, pid_t parent)
{
	char title[64];
	int r;

	base_log_set_role(role->name);
	(void)snprintf(title, sizeof(title), "wayside-%s", role->name);
	role_title(title);
	/* localtime_r() reads the zone file at its first use: now or never */
	tzset();
	r = drop_caps(role->caps);
	if (!r)
		r = follow_parent(parent);
	if (!r)
		r = limit();
	if (!r)
		r = role->syscalls ? allow_only(role->syscalls) : renounce();
	return r;
}
