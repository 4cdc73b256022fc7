/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_load.c - command line and file to validated tables
 *
 * Theory of operation: the parent opens the file and makes three empty memfds;
 * the child gives up its rights and every other descriptor, parses, writes what
 * is wrong into one, or the tables and the secrets into the others, and ends.
 * Only then, with no other writer left, the parent seals these and looks at
 * them: what it has checked cannot change any more. The child's alarm clock
 * bounds its work, a longer limit in the parent bounds a child that got out of
 * hand. Between begin and end the parent is free: a reload must not hold up a
 * supervisor.
 */
#include "conf_load.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <pwd.h>
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

#include "base_die.h"
#include "base_fd.h"
#include "base_log.h"
#include "base_map.h"
#include "base_time.h"
#include "conf_edit.h"
#include "conf_hide.h"
#include "conf_load_internal.h"
#include "conf_parse.h"
#include "conf_text.h"
#include "conf_value.h"
#include "conf_yaml.h"

#define CHILD_MS 5000
#define WHY_LEN  128
#define SEALS    (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK)

/* What a child may say; more is cut. */
#define SAID_MAX 65536

/* The largest file that it may make. */
#define WRITE_MAX (sizeof(struct conf_tables) + SAID_MAX)
static_assert(sizeof(struct conf_secrets) <= WRITE_MAX, "fits");

/* How the child ends. */
enum {
	CHILD_DONE = 0,
	CHILD_REFUSED = 2, /* what is wrong was said */
	CHILD_BROKEN = 3,  /* could not do its work; was said */
};

/* Where the child has its descriptors; all others are closed. */
enum {
	CHILD_TABLES = 3,
	CHILD_SECRETS = 4,
	CHILD_SAID = 5,
	CHILD_FILE = 6
};
#define CHILD_FDS 4

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

/* getpwnam(3): several errors say that there is none. */
static const char *find_user(const char *name, uint32_t *uid)
{
	char text[12288];
	struct passwd entry, *found = NULL;
	int r;

	set_alarm(CONF_LOAD_RESOLVE_MS); /* it may be a directory server's */
	r = getpwnam_r(name, &entry, text, sizeof(text), &found);
	if (!found)
		return r && r != ENOENT && r != ESRCH && r != EBADF &&
				       r != EPERM
			       ? strerrordesc_np(r)
			       : "not found";
	*uid = found->pw_uid;
	return NULL;
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

static int check_file(const char *path, int mode)
{
	struct stat st;

	if (stat(path, &st))
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return faccessat(AT_FDCWD, path, mode, AT_EACCESS) ? -errno : 0;
}

/* From `fds` to CHILD_TABLES and on; the last one may be -1. */
static int place(int fds[static CHILD_FDS])
{
	const bool file = fds[CHILD_FDS - 1] >= 0;
	const int n = file ? CHILD_FDS : CHILD_FDS - 1;

	/* out of each other's way first */
	for (int i = 0; i < n; i++)
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, CHILD_FILE + 1);
	for (int i = 0; i < n; i++) {
		if (dup3(fds[i], CHILD_TABLES + i, O_CLOEXEC) < 0)
			return -errno;
	}
	closefrom(CHILD_TABLES + n);
	return 0;
}

/* What the parsing child may do from here on: nothing but its work. */
static int confine(pid_t parent)
{
	const struct rlimit no_core = { 0, 0 };
	const struct rlimit size = { WRITE_MAX, WRITE_MAX };
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
	    setrlimit(RLIMIT_FSIZE, &size) || prctl(PR_SET_PDEATHSIG, SIGKILL))
		return -errno;
	return getppid() == parent ? 0 : -ESRCH;
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

/* What lines about the whole begin with. */
static const char *name_of(const struct conf_input *in)
{
	if (in->edit)
		return "edit";
	return in->path ? in->path : "command line";
}

/* One line about the whole. */
static void say(const struct conf_input *in, const char *text,
		const char *detail)
{
	(void)dprintf(CHILD_SAID, "%s: %s%s\n", name_of(in), text, detail);
}

static void say_errors(struct conf_errors *e, const char *path)
{
	static const char more[] = "there are more problems than can be told\n";
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return;
	conf_errors_print(e, path, f);
	if (fclose(f) == 0) {
		const bool cut = len > SAID_MAX - sizeof(more);
		if (cut) /* behind a whole line: all end within it */
			len = (size_t)((char *)memrchr(text, '\n',
						       SAID_MAX -
							       sizeof(more)) -
				       text) +
			      1;
		if (base_fd_write_all(CHILD_SAID, text, len, NULL) == 0 && cut)
			(void)dprintf(CHILD_SAID, "%s", more);
	}
	free(text);
}

/* Until there is something to read, or its end. A FIFO is open before it has a
 * writer; reading it would then give an end of file, but poll() waits for the
 * first one (fifo_open() and pipe_poll() of fs/pipe.c). */
static int await_text(void)
{
	struct pollfd p = { .fd = CHILD_FILE, .events = POLLIN };

	return poll(&p, 1, -1) < 0 ? -errno : 0;
}

/* Return: false after it was said why. */
static bool read_file(const struct conf_input *in, char **text, size_t *len)
{
	int r = await_text();

	if (!r)
		r = base_fd_read_all(CHILD_FILE, CONF_YAML_SIZE_MAX, text, len);
	if (r)
		say(in, r == -EFBIG ? "is larger than 1 MiB" : "",
		    r == -EFBIG ? "" : strerrordesc_np(-r));
	return !r;
}

static bool is_public(void)
{
	struct stat st;

	return fstat(CHILD_FILE, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_mode & S_IROTH);
}

/* Return: how the child ends. */
static int parse(const struct conf_env *env, struct conf_tables *t,
		 struct conf_secrets *s)
{
	const struct conf_input *in = env->in;
	struct conf_errors errors = { .n = 0 };
	/* cppcheck-suppress variableScope ; errors points at it */
	char origin[CONF_EDIT_LEN];
	char *text = NULL;
	size_t len = 0;
	bool ok;

	if (in->edit) {
		errors.origin = conf_edit_name(in->edit, origin);
		ok = conf_edit(env, in->edit, t, &errors);
	} else {
		struct conf_env here = *env;

		if (in->path && !read_file(in, &text, &len))
			return CHILD_REFUSED;
		here.public_file = in->path && is_public();
		ok = conf_parse(
			&here, (struct base_span){ (const uint8_t *)text, len },
			t, s, &errors);
	}
	say_errors(&errors, in->path); /* or warnings */
	conf_errors_done(&errors);
	free(text);
	return ok ? CHILD_DONE : CHILD_REFUSED;
}

/* `fds`: tables, secrets, said, file or -1. Return: how the child ends. */
static int child(const struct conf_env *env, unsigned limit_ms, pid_t parent,
		 int fds[static CHILD_FDS])
{
	const char *step = "giving up rights: ";
	struct conf_secrets *s;
	struct conf_tables *t;
	int r;

	if (env->in->in_child)
		env->in->in_child(env->in->in_child_arg);
	t = calloc(1, sizeof(*t));
	s = calloc(1, sizeof(*s));
	r = t && s ? place(fds) : -ENOMEM;
	if (r) /* nowhere to say it */
		goto done;
	r = arm();
	if (!r)
		r = confine(parent);
	if (!r) {
		int end;

		set_alarm(limit_ms);
		end = parse(env, t, s);
		if (end != CHILD_DONE) {
			free(s);
			free(t);
			return end;
		}
		step = "writing the tables: ";
		r = base_fd_write_all(CHILD_TABLES, t, sizeof(*t), NULL);
		if (!r && !env->in->edit)
			r = base_fd_write_all(CHILD_SECRETS, s, sizeof(*s),
					      NULL);
	}
	if (r)
		say(env->in, step, strerrordesc_np(-r));

done:
	free(s);
	free(t);
	return r ? CHILD_BROKEN : CHILD_DONE;
}

/* Waits for the child's end and reaps it, however long it takes to die.
 * Return: its wait status. */
static int await(struct conf_loading *l, unsigned limit_ms)
{
	const uint64_t end = base_time_mono_ms() + limit_ms;
	WS_CLEAN(base_fd_close) int pidfd = pidfd_open(l->pid, 0);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int status = 0, n = 0;

	while (n == 0 || (n < 0 && errno == EINTR)) {
		const uint64_t now = base_time_mono_ms();

		if (now >= end)
			break;
		n = poll(&p, 1, (int)(end - now));
	}
	if (n <= 0)
		conf_load_kill(l);
	while (waitpid(l->pid, &status, 0) < 0 && errno == EINTR) {
	}
	return status;
}

/* Return: 0, or -errno and why in `why`; "" where the child has said it. */
static int judge(const struct conf_loading *l, int status,
		 char why[static WHY_LEN])
{
	int r = -EIO;

	*why = '\0';
	if (!l->pid) {
		(void)snprintf(why, WHY_LEN, "%s", l->problem);
		return l->error;
	}
	if (WIFEXITED(status)) {
		switch (WEXITSTATUS(status)) {
		case CHILD_DONE:
			return 0;
		case CHILD_REFUSED:
			return -EINVAL;
		case CHILD_BROKEN:
			return -EIO;
		default: /* not one of ours: a sanitizer's, for one */
			(void)snprintf(why, WHY_LEN,
				       "its parser ended with status %d",
				       WEXITSTATUS(status));
			return -EIO;
		}
	}
	if (l->late || WTERMSIG(status) == SIGALRM) {
		(void)snprintf(why, WHY_LEN, "reading it took too long");
		r = -ETIMEDOUT;
	} else {
		(void)snprintf(why, WHY_LEN,
			       "its parser was killed by signal %d (%s)",
			       WTERMSIG(status), sigdescr_np(WTERMSIG(status)));
	}
	return r;
}

/* MAP_PRIVATE: before Linux 6.7 a memfd sealed against writing could not be
 * mapped shared, not even to be read (mapping_map_writable()); and nobody can
 * write to it. */
static int map_sealed(int fd, size_t size, const void **out)
{
	const int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;
	void *p;

	if (seals < 0 || fstat(fd, &st))
		return -errno;
	if ((seals & SEALS) != SEALS)
		return -EPERM;
	if (st.st_size != (off_t)size)
		return -EBADMSG;
	p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	*out = p;
	return 0;
}

int conf_load_map(int fd, const struct conf_tables **tables)
{
	const void *t = NULL;
	int r = map_sealed(fd, sizeof(**tables), &t);

	if (r)
		return r;
	if (!conf_tables_valid(t, sizeof(**tables))) {
		conf_load_unmap(t);
		return -EBADMSG;
	}
	*tables = t;
	return 0;
}

static int map_secrets(int fd, const struct conf_tables *t,
		       const struct conf_secrets **secrets)
{
	const void *s = NULL;
	int r = map_sealed(fd, sizeof(**secrets), &s);

	if (r)
		return r;
	r = conf_hide(s, sizeof(**secrets), true);
	if (!r && !conf_secrets_valid(s, sizeof(**secrets), t))
		r = -EBADMSG;
	if (r)
		conf_load_forget(s);
	else
		*secrets = s;
	return r;
}

static int seal(int memfd)
{
	return fcntl(memfd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) ? -errno : 0;
}

/* Seals first, then looks: nothing can change after the check. `secrets` may
 * be NULL. */
static int adopt(const struct conf_loading *l,
		 const struct conf_tables **tables,
		 const struct conf_secrets **secrets)
{
	const struct conf_secrets *s = NULL;
	const struct conf_tables *t = NULL;
	int r = seal(l->tables);

	if (!r)
		r = conf_load_map(l->tables, &t);
	if (r)
		return r;
	if (l->edit) {
		/* who gave its text is not to say where passwords go */
		r = conf_tables_same_sinks(t, l->edit->base) ? 0 : -EBADMSG;
	} else if (secrets) {
		r = seal(l->secrets);
		if (!r)
			r = map_secrets(l->secrets, t, &s);
	}
	if (r) {
		conf_load_unmap(t);
		return r;
	}
	*tables = t;
	if (secrets)
		*secrets = s;
	return 0;
}

/* What the child has said. It may be anything: no character in it steers a
 * terminal. Return: to be freed, or NULL. */
static char *collect(int memfd)
{
	char *text = calloc(1, SAID_MAX + 1);
	struct base_rd r;
	ssize_t n;

	if (!text)
		return NULL;
	n = pread(memfd, text, SAID_MAX, 0); /* of memory: all at once */
	base_rd_init(&r, (const uint8_t *)text, n > 0 ? (size_t)n : 0);
	while (base_rd_left(&r)) {
		char *from = text + n - base_rd_left(&r);
		const int32_t c = conf_text_next(&r);

		if (c != '\n' && !conf_text_printable(c))
			memset(from, '?',
			       (size_t)(text + n - from) - base_rd_left(&r));
	}
	if (*text)
		return text;
	free(text);
	return NULL;
}

/* Adds a line of ours. Without memory, what there was is all. */
static char *add_line(char *said, const char *name, const char *why)
{
	char *both;

	if (asprintf(&both, "%s%s: %s\n", said ? said : "", name, why) < 0)
		return said;
	free(said);
	return both;
}

/* Return: is it one that can be read? Otherwise l->problem says why. */
static bool can_read(struct conf_loading *l, int fd)
{
	struct stat st;
	bool fine = fd >= 0 && fstat(fd, &st) == 0;

	if (fine && !S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode)) {
		l->problem = "is neither a file nor a pipe";
		fine = false;
	} else {
		/* the child may wait for what is written */
		fine = fine && fcntl(fd, F_SETFL, 0) == 0;
		l->problem = fine ? NULL : strerrordesc_np(errno);
	}
	l->error = fine ? 0 : -EINVAL;
	return fine;
}

void conf_load_begin_with(const struct conf_env *env, unsigned limit_ms,
			  struct conf_loading *l)
{
	const struct conf_overrides *o = &env->in->overrides;
	const pid_t self = getpid();
	WS_CLEAN(base_fd_close) int file = -1;

	*l = (struct conf_loading){ .tables = -1,
				    .secrets = -1,
				    .said = -1,
				    .edit = env->in->edit,
				    .name = name_of(env->in) };
	if (env->in->path && !env->in->edit) {
		/* a FIFO that nobody writes to must not hold us up */
		file = open(env->in->path,
			    O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (!can_read(l, file))
			return;
	}
	l->tables =
		memfd_create("wayside-conf", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	l->secrets = memfd_create("wayside-secrets",
				  MFD_CLOEXEC | MFD_ALLOW_SEALING);
	l->said = memfd_create("wayside-said", MFD_CLOEXEC);
	l->pid = l->tables < 0 || l->secrets < 0 || l->said < 0 ||
				 conf_hide(o->hidden, o->hidden_size, false)
			 ? -1
			 : fork();
	if (l->pid < 0) {
		l->error = -errno;
		l->problem = strerrordesc_np(errno);
		l->pid = 0;
		return;
	}
	if (l->pid == 0)
		_exit(child(env, limit_ms, self,
			    (int[]){ l->tables, l->secrets, l->said, file }));
	/* what could be turned off can be turned on */
	(void)conf_hide(o->hidden, o->hidden_size, true);
}

void conf_load_kill(struct conf_loading *l)
{
	l->late = true;
	(void)kill(l->pid, SIGKILL); /* it may have ended just now */
}

static void close_all(struct conf_loading *l)
{
	base_fd_close(&l->tables);
	base_fd_close(&l->secrets);
	base_fd_close(&l->said);
}

void conf_load_drop(struct conf_loading *l)
{
	conf_load_kill(l);
	close_all(l);
}

int conf_load_end(struct conf_loading *l, int wait_status,
		  const struct conf_tables **tables, int *fd,
		  const struct conf_secrets **secrets, char **said)
{
	char why[WHY_LEN];
	int r = judge(l, wait_status, why);

	*said = l->said < 0 ? NULL : collect(l->said);
	if (!r) {
		r = adopt(l, tables, secrets);
		if (r)
			(void)snprintf(why, sizeof(why),
				       "its parser's tables are not usable: %s",
				       strerrordesc_np(-r));
	}
	if (*why)
		*said = add_line(*said, l->name, why);
	if (!r && fd)
		*fd = base_fd_take(&l->tables);
	close_all(l);
	return r;
}

void conf_load_unmap(const struct conf_tables *tables)
{
	base_unmap(tables, sizeof(*tables));
}

void conf_load_forget(const struct conf_secrets *secrets)
{
	base_unmap(secrets, sizeof(*secrets));
}

int conf_load_lend(const struct conf_secrets *secrets, bool lent)
{
	return conf_hide(secrets, sizeof(*secrets), !lent);
}

void conf_load_log(const char *said)
{
	while (said && *said) {
		const int len = (int)strcspn(said, "\n");
		const char *warning = strstr(said, ": warning: ");

		base_log(warning && warning < said + len ? BASE_LOG_WARN
							 : BASE_LOG_ERR,
			 "%.*s", len, said);
		said += len + (said[len] == '\n');
	}
}

int conf_load_with(const struct conf_env *env, const struct conf_limits *limits,
		   const struct conf_tables **tables, int *fd,
		   const struct conf_secrets **secrets)
{
	struct conf_loading l;
	char *said;
	int r;

	conf_load_begin_with(env, limits->child_ms, &l);
	r = conf_load_end(&l, l.pid ? await(&l, limits->parent_ms) : 0, tables,
			  fd, secrets, &said);
	if (base_log_get_format() != BASE_LOG_CONSOLE)
		conf_load_log(said);
	else if (said &&
		 base_fd_write_all(STDERR_FILENO, said, strlen(said), NULL)) {
		/* nobody is left to tell */
	}
	free(said);
	return r;
}

struct conf_env conf_load_env(const struct conf_input *in,
			      char cwd[static PATH_MAX])
{
	const long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct rlimit nofile;

	return (struct conf_env){
		.in = in,
		.cwd = getcwd(cwd, PATH_MAX),
		.cores = cores > 0 ? (unsigned)cores : 1,
		.nofile = getrlimit(RLIMIT_NOFILE, &nofile) ? 0
							    : nofile.rlim_max,
		.resolve = resolve,
		.find_user = find_user,
		.check_dir = check_dir,
		.check_file = check_file,
		.kinds = 1U << CONF_SINK_EXEC |
			 (uint32_t)WAYSIDE_AMQP << CONF_SINK_AMQP |
			 (uint32_t)WAYSIDE_REDIS << CONF_SINK_REDIS,
	};
}

void conf_load_begin(const struct conf_input *in, struct conf_loading *l)
{
	char cwd[PATH_MAX];
	const struct conf_env env = conf_load_env(in, cwd);

	conf_load_begin_with(&env, base_die_limit_ms(CHILD_MS), l);
}

int conf_load(const struct conf_input *in, const struct conf_tables **tables,
	      int *fd, const struct conf_secrets **secrets)
{
	const struct conf_limits limits = {
		.child_ms = base_die_limit_ms(CHILD_MS),
		.parent_ms = base_die_limit_ms(CONF_LOAD_LIMIT_MS),
	};
	char cwd[PATH_MAX];
	const struct conf_env env = conf_load_env(in, cwd);

	return conf_load_with(&env, &limits, tables, fd, secrets);
}
