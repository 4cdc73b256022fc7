/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_load.c - command line and file to validated tables
 *
 * Theory of operation: the parent opens the file and makes an empty memfd; the
 * child gives up its rights and every other descriptor, parses, prints what is
 * wrong or writes the tables, and ends. Only then, with no other writer left,
 * the parent seals the memfd and looks at it: what it has checked cannot
 * change any more. The child's alarm clock bounds its work, a longer limit in
 * the parent bounds a child that got out of hand.
 */
#include "conf_load.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_log.h"
#include "base_time.h"
#include "conf_load_internal.h"
#include "conf_parse.h"
#include "conf_value.h"
#include "conf_yaml.h"

#define SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL)

/* How the child ends. */
enum {
	CHILD_DONE = 0,
	CHILD_REFUSED = 2, /* what is wrong was printed */
	CHILD_BROKEN = 3,  /* could not do its work; was printed */
};

/* Where the child has its two descriptors; all others are closed. */
enum {
	CHILD_TABLES = 3,
	CHILD_FILE = 4
};

static void set_alarm(unsigned ms)
{
	const struct itimerval t = {
		.it_value = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 },
	};

	(void)setitimer(ITIMER_REAL, &t, NULL); /* fails on bad times only */
}

static const char *resolve(const struct conf_service *s, struct base_addr *out)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = s->literal ? AI_NUMERICHOST : 0,
	};
	struct addrinfo *list = NULL;
	const char *problem = NULL;
	int r;

	/* a name server that is down takes its time */
	set_alarm(CONF_LOAD_RESOLVE_MS);
	r = getaddrinfo(s->host, s->service, &hints, &list);
	if (r)
		return r == EAI_SYSTEM ? strerrordesc_np(errno)
				       : gai_strerror(r);
	if (!base_addr_from_sockaddr(out, list->ai_addr))
		problem = "neither IPv4 nor IPv6";
	freeaddrinfo(list);
	return problem;
}

static int check_dir(const char *path, bool writable)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	if (writable &&
	    faccessat(AT_FDCWD, path, R_OK | W_OK | X_OK, AT_EACCESS))
		return -errno;
	return 0;
}

/* What the parsing child may do from here on: nothing but its work. */
static int confine(pid_t parent, int file, int tables)
{
	const struct rlimit no_core = { 0, 0 };
	const bool has_file = file >= 0;
	cap_t none = cap_init();
	int r;

	if (!none)
		return -errno;
	r = cap_set_proc(none) ? -errno : 0;
	(void)cap_free(none); /* fails on a bad pointer only */
	if (r)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    setrlimit(RLIMIT_CORE, &no_core) ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL))
		return -errno;
	if (getppid() != parent)
		return -ESRCH;
	/* out of each other's way first */
	tables = fcntl(tables, F_DUPFD_CLOEXEC, CHILD_FILE + 1);
	if (has_file)
		file = fcntl(file, F_DUPFD_CLOEXEC, CHILD_FILE + 1);
	if (dup3(tables, CHILD_TABLES, O_CLOEXEC) < 0 ||
	    (has_file && dup3(file, CHILD_FILE, O_CLOEXEC) < 0))
		return -errno;
	closefrom(has_file ? CHILD_FILE + 1 : CHILD_FILE);
	return 0;
}

/* The parent may have SIGALRM blocked or handled. */
static int arm(void)
{
	const struct sigaction sa = { .sa_handler = SIG_DFL };
	sigset_t set;

	if (sigaction(SIGALRM, &sa, NULL) || sigemptyset(&set) ||
	    sigaddset(&set, SIGALRM) || sigprocmask(SIG_UNBLOCK, &set, NULL))
		return -errno;
	return 0;
}

/* One write, so that the lines stay together. */
static void print_errors(struct conf_errors *e, const char *path)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return;
	conf_errors_print(e, path, f);
	if (fclose(f) == 0 &&
	    base_fd_write_all(STDERR_FILENO, text, len, NULL)) {
		/* nobody is left to tell */
	}
	free(text);
}

static int complain(const char *path, const char *text)
{
	(void)dprintf(STDERR_FILENO, "%s: %s\n", path, text);
	return -EINVAL;
}

/* Return: how the child ends. */
static int parse(const struct conf_env *env, struct conf_tables *t)
{
	const char *path = env->in->path;
	struct conf_errors errors = { .n = 0 };
	char *text = NULL;
	size_t len = 0;
	bool ok;
	int r = 0;

	if (path)
		r = base_fd_read_all(CHILD_FILE, CONF_YAML_SIZE_MAX, &text,
				     &len);
	if (r) {
		(void)complain(path, r == -EFBIG ? "is larger than 1 MiB"
						 : strerrordesc_np(-r));
		return CHILD_REFUSED;
	}
	ok = conf_parse(env, (struct base_span){ (const uint8_t *)text, len },
			t, &errors);
	print_errors(&errors, path); /* or warnings */
	conf_errors_done(&errors);
	free(text);
	return ok ? CHILD_DONE : CHILD_REFUSED;
}

/* Return: how the child ends. */
static int child(const struct conf_env *env, const struct conf_limits *limits,
		 pid_t parent, int file, int tables)
{
	const char *step = "giving up rights";
	struct conf_tables *t = calloc(1, sizeof(*t));
	int r = t ? arm() : -ENOMEM;

	if (!r)
		r = confine(parent, file, tables);
	if (!r) {
		int end;

		set_alarm(limits->child_ms);
		end = parse(env, t);
		if (end != CHILD_DONE) {
			free(t);
			return end;
		}
		step = "writing the tables";
		r = base_fd_write_all(CHILD_TABLES, t, sizeof(*t), NULL);
	}
	free(t);
	if (!r)
		return CHILD_DONE;
	base_err("cannot read the configuration: %s: %s", step,
		 strerrordesc_np(-r));
	return CHILD_BROKEN;
}

/* Waits for the child's end. Return: 0 with *status, -ETIMEDOUT after it was
 * killed, or -errno. */
static int await(pid_t pid, unsigned limit_ms, int *status)
{
	const uint64_t end = base_time_mono_ms() + limit_ms;
	WS_CLEAN(base_fd_close) int pidfd = pidfd_open(pid, 0);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int r = pidfd < 0 ? -errno : 0, n = 0;

	while (!r && n <= 0) {
		const uint64_t now = base_time_mono_ms();

		if (now >= end) {
			r = -ETIMEDOUT;
			break;
		}
		n = poll(&p, 1, (int)(end - now));
		if (n < 0 && errno != EINTR)
			r = -errno;
	}
	if (r)
		(void)kill(pid, SIGKILL); /* it may have ended just now */
	while (waitpid(pid, status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return r;
}

/* What the child's end means. Return: 0, or -errno after it was told. */
static int judge(int status)
{
	if (WIFEXITED(status)) {
		switch (WEXITSTATUS(status)) {
		case CHILD_DONE:
			return 0;
		case CHILD_REFUSED:
			return -EINVAL;
		case CHILD_BROKEN:
			return -EIO;
		default: /* not one of ours: a sanitizer's, for one */
			base_err("the parser of the configuration ended with "
				 "status %d",
				 WEXITSTATUS(status));
			return -EIO;
		}
	}
	if (WTERMSIG(status) == SIGALRM) {
		base_err("reading the configuration took too long");
		return -ETIMEDOUT;
	}
	base_err("the parser of the configuration was killed by signal %d "
		 "(%s)",
		 WTERMSIG(status), sigdescr_np(WTERMSIG(status)));
	return -EIO;
}

/* Seals first, then looks: nothing can change after the check. */
static int adopt(int memfd, const struct conf_tables **tables)
{
	struct stat st;
	void *t;

	if (fcntl(memfd, F_ADD_SEALS, SEALS) || fstat(memfd, &st))
		return -errno;
	if (st.st_size != sizeof(**tables))
		return -EBADMSG;
	t = mmap(NULL, sizeof(**tables), PROT_READ, MAP_SHARED, memfd, 0);
	if (t == MAP_FAILED)
		return -errno;
	if (!conf_tables_valid(t, sizeof(**tables))) {
		(void)munmap(t, sizeof(**tables));
		return -EBADMSG;
	}
	*tables = t;
	return 0;
}

/* Return: 0, or -EINVAL after the reason was printed. */
static int check_file(int fd, const char *path)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return complain(path, strerrordesc_np(errno));
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		return complain(path, "is neither a file nor a pipe");
	/* the child waits for a pipe's writer, as long as it may */
	if (fcntl(fd, F_SETFL, 0))
		return complain(path, strerrordesc_np(errno));
	return 0;
}

int conf_load_with(const struct conf_env *env, const struct conf_limits *limits,
		   const struct conf_tables **tables, int *fd)
{
	const pid_t self = getpid();
	WS_CLEAN(base_fd_close) int file = -1;
	WS_CLEAN(base_fd_close) int memfd = -1;
	int status, r;
	pid_t pid;

	if (env->in->path) {
		/* a FIFO that nobody writes to must not hold up the parent */
		file = open(env->in->path,
			    O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		r = check_file(file, env->in->path);
		if (r)
			return r;
	}
	memfd = memfd_create("wayside-conf", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	pid = memfd < 0 ? -1 : fork();
	if (pid < 0) {
		r = -errno;
		base_err("cannot start the parser of the configuration: %s",
			 strerrordesc_np(-r));
		return r;
	}
	if (pid == 0)
		_exit(child(env, limits, self, file, memfd));
	r = await(pid, limits->parent_ms, &status);
	if (r) {
		base_err("waiting for the parser of the configuration: %s",
			 strerrordesc_np(-r));
		return r;
	}
	r = judge(status);
	if (r)
		return r;
	r = adopt(memfd, tables);
	if (r) {
		base_err("the parser's tables are not usable: %s",
			 strerrordesc_np(-r));
		return r;
	}
	if (fd)
		*fd = base_fd_take(&memfd);
	return 0;
}

int conf_load(const struct conf_input *in, const struct conf_tables **tables,
	      int *fd)
{
	static const struct conf_limits limits = {
		.child_ms = 5000,
		.parent_ms = CONF_LOAD_RESOLVE_MS + 10000,
	};
	char cwd[PATH_MAX];
	const long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct rlimit nofile;
	const struct conf_env env = {
		.in = in,
		.cwd = getcwd(cwd, sizeof(cwd)),
		.cores = cores > 0 ? (unsigned)cores : 1,
		.nofile = getrlimit(RLIMIT_NOFILE, &nofile) ? 0
							    : nofile.rlim_max,
		.resolve = resolve,
		.check_dir = check_dir,
	};

	return conf_load_with(&env, &limits, tables, fd);
}
