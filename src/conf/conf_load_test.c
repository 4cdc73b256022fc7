/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_load_test.c - the parsing child: its rights, its ends, its tables */
#include "conf_load.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_die.h"
#include "base_fd.h"
#include "base_log.h"
#include "base_test.h"
#include "conf_load_internal.h"
#include "conf_parse.h"
#include "conf_tables.h"
#include "conf_value.h"

#define OUTPUT_MAX 65536
#define SHORT_MS   50
#define LONG_MS    (BASE_TEST_LIMIT_S * 1000)

static const struct conf_limits patient = { LONG_MS, LONG_MS };

/* conf_load() is as patient: thousands of problems take a sanitizer on a busy
 * machine longer than an operator waits. */
static int be_patient(void **state)
{
	char ms[16];

	(void)state;
	(void)snprintf(ms, sizeof(ms), "%d", LONG_MS);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	return setenv("WAYSIDE_LIMIT_MS", ms, 1) || !base_die_init();
}

/* Standard error goes into a file in memory from start to stop. */
struct capture {
	int saved, file;
};

static void capture_start(struct capture *c)
{
	c->file = memfd_create("stderr", MFD_CLOEXEC);
	c->saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	assert_true(c->file >= 0 && c->saved >= 0);
	assert_int_equal(dup2(c->file, STDERR_FILENO), STDERR_FILENO);
}

/* Return: what was written, to be freed. */
static char *capture_stop(struct capture *c)
{
	char *text;
	size_t len;

	assert_int_equal(dup2(c->saved, STDERR_FILENO), STDERR_FILENO);
	base_fd_close(&c->saved);
	assert_int_equal(lseek(c->file, 0, SEEK_SET), 0);
	assert_int_equal(base_fd_read_all(c->file, OUTPUT_MAX, &text, &len), 0);
	base_fd_close(&c->file);
	return text;
}

/* A pipe that holds `text`, as /proc/self/fd/N; its writing end stays open
 * where `writer` is not NULL. */
static int pipe_of(const char *text, char path[static 64], int *writer)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(base_fd_write_all(ends[1], text, strlen(text), NULL),
			 0);
	(void)snprintf(path, 64, "/proc/self/fd/%d", ends[0]);
	if (writer)
		*writer = ends[1];
	else
		base_fd_close(&ends[1]);
	return ends[0];
}

static int load(const char *path, const struct conf_tables **t, int *fd,
		char **told)
{
	const struct conf_input in = { .path = path, .surroundings = true };
	struct capture c;
	int r;

	capture_start(&c);
	r = conf_load(&in, t, fd, NULL);
	*told = capture_stop(&c);
	return r;
}

static const char good_text[] = "log_dir: /tmp\n"
				"rules: [{name: a, to: [\"192.0.2.1:1\"]}]\n";

static void tables_are_sealed(void **state)
{
	const struct conf_tables *t = NULL;
	char path[64], *told;
	int fd = -1, file = pipe_of(good_text, path, NULL);

	(void)state;
	assert_int_equal(load(path, &t, &fd, &told), 0);
	assert_string_equal(told, "");
	assert_true(conf_tables_valid(t, sizeof(*t)));
	assert_string_equal(t->rules[0].name, "a");
	assert_true(t->workers >= 1);
	assert_int_equal(fcntl(fd, F_GET_SEALS), F_SEAL_WRITE | F_SEAL_GROW |
							 F_SEAL_SHRINK |
							 F_SEAL_SEAL);
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(errno, EPERM);
	assert_ptr_equal(mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE,
			      MAP_SHARED, fd, 0),
			 MAP_FAILED);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	base_fd_close(&fd);
	base_fd_close(&file);
	free(told);
}

static void file_that_is_none(void **state)
{
	static const struct {
		const char *path, *told;
	} rows[] = {
		{ "/nonexistent/w.yaml",
		  "/nonexistent/w.yaml: No such file or directory\n" },
		{ "/", "/: is neither a file nor a pipe\n" },
		{ "/dev/null", "/dev/null: is neither a file nor a pipe\n" },
	};
	const struct conf_tables *t = NULL;
	char *told;

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		assert_int_equal(load(rows[i].path, &t, NULL, &told), -EINVAL);
		assert_string_equal(told, rows[i].told);
		assert_null(t);
		free(told);
	}
}

static void all_problems_are_told(void **state)
{
	const struct conf_tables *t = NULL;
	char path[64], want[512], *told;
	int file = pipe_of("workers: x\nlog_dir: /nonexistent\n", path, NULL);

	(void)state;
	assert_int_equal(load(path, &t, NULL, &told), -EINVAL);
	(void)snprintf(want, sizeof(want),
		       "%s:1:1: nothing to do: write rules (which connections "
		       "to take), or listen and remote\n"
		       "%s:1:10: workers: \"x\" is not auto or a whole number\n"
		       "%s:2:10: log_dir: /nonexistent: No such file or "
		       "directory\n",
		       path, path, path);
	assert_string_equal(told, want);
	assert_null(t);
	base_fd_close(&file);
	free(told);
}

static void warnings_are_told(void **state)
{
	const struct conf_tables *t = NULL;
	char path[64], want[256], *told;
	int file = pipe_of("log_dir: /tmp\n"
			   "rules: [{name: a, clients: [\"::/0\"], to: "
			   "[\"192.0.2.1:1\"]}]\n",
			   path, NULL);

	(void)state;
	assert_int_equal(load(path, &t, NULL, &told), 0);
	(void)snprintf(want, sizeof(want),
		       "%s:2:43: warning: to: 192.0.2.1:1 in rule \"a\" takes "
		       "nothing: none of its clients is an IPv4 network\n",
		       path);
	assert_string_equal(told, want);
	assert_non_null(t);
	base_fd_close(&file);
	free(told);
}

/* Even for root: the recorder has no right but its user's. */
static void log_dir_takes_files(void **state)
{
	static const struct {
		mode_t mode;
		bool fine;
	} rows[] = { { 0700, true },
		     { 0300, false },
		     { 0500, false },
		     { 0600, false } };
	char dir[] = "/tmp/wayside-conf-XXXXXX", path[64], text[128];
	char want[128], *told;
	const struct conf_tables *t = NULL;

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		int file;

		assert_int_equal(chmod(dir, rows[i].mode), 0);
		(void)snprintf(text, sizeof(text),
			       "pidfile: none\nlog_dir: %s\n"
			       "rules: [{name: a, to: [\"192.0.2.1:1\"]}]\n",
			       dir);
		file = pipe_of(text, path, NULL);
		(void)snprintf(want, sizeof(want),
			       "%s:2:10: log_dir: %s: Permission denied\n",
			       path, dir);
		assert_int_equal(load(path, &t, NULL, &told),
				 rows[i].fine ? 0 : -EINVAL);
		assert_string_equal(told, rows[i].fine ? "" : want);
		base_fd_close(&file);
		free(told);
	}
	assert_int_equal(rmdir(dir), 0);
}

static void size_limit(void **state)
{
	const size_t max = 1U << 20;
	const struct conf_tables *t = NULL;
	char *text = malloc(max + 2), *told, want[128], path[64];
	int fd = memfd_create("big", MFD_CLOEXEC);

	(void)state;
	assert_non_null(text);
	assert_true(fd >= 0);
	memset(text, '\n', max + 2);
	memcpy(text, good_text, sizeof(good_text) - 1);
	assert_int_equal(base_fd_write_all(fd, text, max, NULL), 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(load(path, &t, NULL, &told), 0);
	free(told);
	assert_int_equal(base_fd_write_all(fd, "\n", 1, NULL), 0);
	assert_int_equal(load(path, &t, NULL, &told), -EINVAL);
	(void)snprintf(want, sizeof(want), "%s: is larger than 1 MiB\n", path);
	assert_string_equal(told, want);
	free(told);
	free(text);
	base_fd_close(&fd);
}

static void classic_without_a_file(void **state)
{
	const struct conf_input in = {
		.overrides = { .listen = "127.0.0.1:7700",
			       .remote = "[::1]:7701",
			       .log_dir = "/tmp" },
	};
	const struct conf_tables *t = NULL;
	char text[BASE_ADDR_STRLEN];

	(void)state;
	assert_int_equal(conf_load(&in, &t, NULL, NULL), 0);
	assert_string_equal(base_addr_format(&t->listen, text),
			    "127.0.0.1:7700");
	assert_string_equal(base_addr_format(&t->remote, text), "[::1]:7701");
	assert_int_equal(t->listen.family, AF_INET);
}

/* What a child meets when it looks a name up: each stands for a bug or an
 * attack in the parser. */
static const char *die(const struct conf_service *s, struct base_addr *out)
{
	(void)s;
	(void)out;
	(void)raise(SIGKILL);
	return "still alive";
}

static const char *end_early(const struct conf_service *s,
			     struct base_addr *out)
{
	(void)s;
	(void)out;
	_exit(0);
}

static const char *end_oddly(const struct conf_service *s,
			     struct base_addr *out)
{
	(void)s;
	(void)out;
	_exit(77);
}

static const char *hang(const struct conf_service *s, struct base_addr *out)
{
	(void)s;
	(void)out;
	(void)pause();
	return "no longer waiting";
}

static const char *hang_deaf(const struct conf_service *s,
			     struct base_addr *out)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	return hang(s, out);
}

/* Every name has this address; the directory is there. */
static int any_dir(const char *path, bool writable)
{
	(void)path;
	(void)writable;
	return 0;
}

static int load_with(const char *(*resolve)(const struct conf_service *,
					    struct base_addr *),
		     const struct conf_limits *limits, char **told)
{
	const struct conf_input in = {
		.overrides = { .listen = "a:1", .remote = "b:2" },
	};
	const struct conf_env env = {
		.in = &in,
		.cwd = "/",
		.cores = 1,
		.nofile = 1024,
		.resolve = resolve,
		.check_dir = any_dir,
	};
	const struct conf_tables *t = NULL;
	struct capture c;
	int r;

	capture_start(&c);
	r = conf_load_with(&env, limits, &t, NULL, NULL);
	*told = capture_stop(&c);
	assert_true(r < 0);
	assert_null(t);
	return r;
}

static void bad_ends(void **state)
{
	static const struct conf_limits hasty = { SHORT_MS, LONG_MS };
	static const struct conf_limits strict = { LONG_MS, SHORT_MS };
	static const struct {
		const char *(*resolve)(const struct conf_service *,
				       struct base_addr *);
		const struct conf_limits *limits;
		int result;
		const char *told;
	} rows[] = {
		{ die, &patient, -EIO, "was killed by signal 9 (Killed)" },
		{ end_early, &patient, -EBADMSG, "are not usable" },
		{ end_oddly, &patient, -EIO, "ended with status 77" },
		{ hang, &hasty, -ETIMEDOUT, "took too long" },
		{ hang_deaf, &strict, -ETIMEDOUT, "took too long" },
	};
	char *told;

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		assert_int_equal(
			load_with(rows[i].resolve, rows[i].limits, &told),
			rows[i].result);
		if (!strstr(told, rows[i].told))
			fail_msg("row %zu: %s", i, told);
		free(told);
	}
}

/* A writer that says nothing holds up the child, and the child not us. */
static void silent_pipe(void **state)
{
	static const struct conf_limits hasty = { SHORT_MS, LONG_MS };
	char path[64], *told;
	int writer, file = pipe_of("", path, &writer);
	const struct conf_input in = { .path = path };
	const struct conf_env env = { .in = &in };
	const struct conf_tables *t = NULL;
	struct capture c;

	(void)state;
	capture_start(&c);
	assert_int_equal(conf_load_with(&env, &hasty, &t, NULL, NULL),
			 -ETIMEDOUT);
	told = capture_stop(&c);
	assert_non_null(strstr(told, "took too long"));
	free(told);
	base_fd_close(&writer);
	base_fd_close(&file);
}

/* In a directory of its own. */
static void make_fifo(char path[static 64])
{
	char dir[] = "/tmp/wayside-conf-XXXXXX";

	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, 64, "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
}

static void remove_fifo(char path[static 64])
{
	assert_int_equal(unlink(path), 0);
	*strrchr(path, '/') = '\0';
	assert_int_equal(rmdir(path), 0);
}

/* No writer yet is not an empty file. */
static void fifo_without_a_writer(void **state)
{
	char path[64], *said;
	const struct conf_input in = { .path = path };
	const struct conf_env env = { .in = &in };
	const struct conf_tables *t = NULL;
	struct conf_loading l;
	int status;

	(void)state;
	make_fifo(path);
	conf_load_begin_with(&env, SHORT_MS, &l);
	assert_int_equal(waitpid(l.pid, &status, 0), l.pid);
	assert_int_equal(conf_load_end(&l, status, &t, NULL, NULL, &said),
			 -ETIMEDOUT);
	assert_non_null(strstr(said, "took too long"));
	free(said);
	remove_fifo(path);
}

static void fifo_with_a_late_writer(void **state)
{
	char path[64], *said;
	const struct conf_input in = { .path = path };
	const struct conf_tables *t = NULL;
	struct conf_loading l;
	int status, writer;

	(void)state;
	make_fifo(path);
	conf_load_begin(&in, &l);
	/* it is open for reading: this neither waits nor fails */
	writer = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	if (writer >= 0) {
		assert_int_equal(base_fd_write_all(writer, good_text,
						   strlen(good_text), NULL),
				 0);
		base_fd_close(&writer);
	}
	assert_int_equal(waitpid(l.pid, &status, 0), l.pid);
	assert_int_equal(conf_load_end(&l, status, &t, NULL, NULL, &said), 0);
	assert_null(said);
	assert_string_equal(t->rules[0].name, "a");
	conf_load_unmap(t);
	remove_fifo(path);
}

/* The value of a line of /proc/self/status. */
static bool status_is(const char *key, const char *want)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[256];
	bool is = false;

	while (f && fgets(line, sizeof(line), f)) {
		const size_t len = strlen(key);

		if (!strncmp(line, key, len))
			is = !strncmp(line + len + strspn(line + len, ": \t"),
				      want, strlen(want));
	}
	if (f)
		(void)fclose(f);
	return is;
}

static const char *inspect(const struct conf_service *s, struct base_addr *out)
{
	struct rlimit limit;

	(void)s;
	(void)out;
	if (!status_is("CapPrm", "0000000000000000") ||
	    !status_is("CapEff", "0000000000000000") ||
	    !status_is("CapInh", "0000000000000000") ||
	    !status_is("CapAmb", "0000000000000000"))
		return "capabilities left";
	if (!status_is("NoNewPrivs", "1"))
		return "new privileges possible";
	if (getrlimit(RLIMIT_CORE, &limit) || limit.rlim_max)
		return "core dumps possible";
	if (getrlimit(RLIMIT_FSIZE, &limit) || limit.rlim_max > 1U << 20)
		return "may fill the memory";
	/* tables, secrets and what is said; there is no file here */
	for (int fd = 6; fd < 1024; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			return "descriptors left";
	}
	return "confined";
}

static void child_has_no_rights(void **state)
{
	char *told;

	(void)state;
	/* the captured standard error alone makes two descriptors */
	assert_int_equal(load_with(inspect, &patient, &told), -EINVAL);
	assert_string_equal(
		told, "command line: listen: \"a:1\" has no address: confined\n"
		      "command line: remote: \"b:2\" has no address: "
		      "confined\n");
	free(told);
}

/* A parser in a stranger's hands: it says what it likes where it can. */
static const char *shout(const struct conf_service *s, struct base_addr *out)
{
	(void)s;
	(void)out;
	(void)dprintf(5, "a\x1b[31mb\xc2\x9b\xff\n");
	_exit(2);
}

static const char *shout_on(const struct conf_service *s, struct base_addr *out)
{
	(void)s;
	(void)out;
	for (int i = 0; i < 70000; i++)
		(void)dprintf(5, "x");
	_exit(2);
}

static void what_is_said_is_tame(void **state)
{
	char *told;

	(void)state;
	/* escape, U+009B (a terminal's CSI too) and no UTF-8: one ? a byte */
	assert_int_equal(load_with(shout, &patient, &told), -EINVAL);
	assert_string_equal(told, "a?[31mb???\n");
	free(told);
	assert_int_equal(load_with(shout_on, &patient, &told), -EINVAL);
	assert_int_equal(strspn(told, "x"), 65536);
	assert_int_equal(strlen(told), 65536);
	free(told);
}

/* More than there is room for ends behind a whole line, and says so. */
static void too_many_problems(void **state)
{
	static const char more[] = "there are more problems than can be told\n";
	const struct conf_tables *t = NULL;
	char *text = NULL, *told, path[64];
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int fd = memfd_create("many", MFD_CLOEXEC);

	(void)state;
	assert_non_null(f);
	for (int i = 0; i < 4000; i++)
		(void)fprintf(f, "unknown%d: 1\n", i);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(base_fd_write_all(fd, text, len, NULL), 0);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(load(path, &t, NULL, &told), -EINVAL);
	len = strlen(told);
	assert_in_range(len, 65536 - 200, 65536);
	assert_string_equal(told + len - strlen(more), more);
	assert_memory_equal(told + len - strlen(more) - 2, "\"\n", 2);
	free(told);
	free(text);
	base_fd_close(&fd);
}

/* Called in the child, once, before it reads a byte. */
static void note_pid(void *arg)
{
	int *pids = arg;

	pids[pids[0] ? 1 : 0] = (int)getpid();
}

static void begin_does_not_wait(void **state)
{
	int *pids = mmap(NULL, sizeof(*pids) * 2, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char path[64], *said = NULL;
	int writer, file = pipe_of("", path, &writer), status, free_fd[2];
	const struct conf_input in = { .path = path,
				       .number = 7,
				       .in_child = note_pid,
				       .in_child_arg = pids };
	const struct conf_tables *t = NULL;
	struct conf_loading l;

	(void)state;
	assert_ptr_not_equal(pids, MAP_FAILED);
	free_fd[0] = fcntl(file, F_DUPFD_CLOEXEC, 0);
	base_fd_close(&free_fd[0]);
	conf_load_begin(&in, &l);
	/* the file has no end yet: the child waits, we do not */
	assert_true(l.pid > 0);
	assert_int_equal(waitpid(l.pid, &status, WNOHANG), 0);
	assert_int_equal(base_fd_write_all(writer, good_text,
					   sizeof(good_text) - 1, NULL),
			 0);
	base_fd_close(&writer);
	assert_int_equal(waitpid(l.pid, &status, 0), l.pid);
	assert_int_equal(conf_load_end(&l, status, &t, NULL, NULL, &said), 0);
	assert_null(said);
	assert_int_equal(t->number, 7);
	assert_int_equal(pids[0], l.pid);
	assert_int_equal(pids[1], 0);
	conf_load_unmap(t);
	/* nothing is left open */
	free_fd[1] = fcntl(file, F_DUPFD_CLOEXEC, 0);
	assert_int_equal(free_fd[1], file + 1);
	base_fd_close(&free_fd[1]);
	base_fd_close(&file);
	assert_int_equal(munmap(pids, sizeof(*pids) * 2), 0);
}

static void one_that_takes_too_long_is_ended(void **state)
{
	char path[64], want[128], *said;
	int writer, file = pipe_of("", path, &writer), status;
	const struct conf_input in = { .path = path };
	const struct conf_tables *t = NULL;
	struct conf_loading l;

	(void)state;
	conf_load_begin(&in, &l);
	assert_true(l.pid > 0);
	conf_load_kill(&l);
	assert_int_equal(waitpid(l.pid, &status, 0), l.pid);
	assert_int_equal(conf_load_end(&l, status, &t, NULL, NULL, &said),
			 -ETIMEDOUT);
	(void)snprintf(want, sizeof(want), "%s: reading it took too long\n",
		       path);
	assert_string_equal(said, want);
	assert_null(t);
	free(said);
	base_fd_close(&writer);
	base_fd_close(&file);
}

static void no_child_for_no_file(void **state)
{
	const struct conf_input in = { .path = "/nonexistent/w.yaml" };
	const struct conf_tables *t = NULL;
	struct conf_loading l;
	char *said;

	(void)state;
	conf_load_begin(&in, &l);
	assert_int_equal(l.pid, 0);
	assert_int_equal(conf_load_end(&l, 0, &t, NULL, NULL, &said), -EINVAL);
	assert_string_equal(said,
			    "/nonexistent/w.yaml: No such file or directory\n");
	free(said);
}

/* Where the log has a form, problems are lines of the log. */
/* root is 0 on each machine; what the other one is, is asked for. */
static void users_are_looked_up(void **state)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	const struct passwd *nobody = getpwnam("nobody");
	const struct conf_tables *t = NULL;
	char path[64], *told;
	int file = pipe_of("log_dir: /tmp\nlocal_except: [root, nobody, 77]\n"
			   "rules: [{name: a, to: [\"192.0.2.1:1\"]}]\n",
			   path, NULL);

	(void)state;
	assert_non_null(nobody);
	assert_int_equal(load(path, &t, NULL, &told), 0);
	assert_string_equal(told, "");
	assert_int_equal(t->n_users, 3);
	assert_int_equal(t->users[0], 0);
	assert_int_equal(t->users[1], nobody->pw_uid);
	assert_int_equal(t->users[2], 77);
	conf_load_unmap(t);
	free(told);
	base_fd_close(&file);
	file = pipe_of("log_dir: /tmp\nlocal_except: no.such.user\n"
		       "rules: [{name: a, to: [\"192.0.2.1:1\"]}]\n",
		       path, NULL);
	assert_int_equal(load(path, &t, NULL, &told), -EINVAL);
	assert_non_null(strstr(told, ":2:15: local_except: \"no.such.user\" is "
				     "no user here: not found\n"));
	free(told);
	base_fd_close(&file);
}

static void problems_follow_the_log_format(void **state)
{
	const struct conf_tables *t = NULL;
	char path[64], *told, *line, *end;
	int file = pipe_of("log_dir: /tmp\nworkers: x\n"
			   "rules: [{name: a, clients: [\"::/0\"], to: "
			   "[\"192.0.2.1:1\"]}]\n",
			   path, NULL);

	(void)state;
	base_log_set_format(BASE_LOG_JSON);
	assert_int_equal(load(path, &t, NULL, &told), -EINVAL);
	base_log_set_format(BASE_LOG_CONSOLE);
	line = told;
	end = strchr(line, '\n');
	assert_non_null(end);
	*end = '\0';
	assert_non_null(strstr(line, ":2:10: workers: \\\"x\\\" is not auto"));
	assert_non_null(strstr(line, "\"level\":\"err\""));
	line = end + 1;
	assert_non_null(strstr(line, ":3:43: warning: to: "));
	assert_non_null(strstr(line, "\"level\":\"warn\""));
	assert_string_equal(line + strlen(line) - 3, "\"}\n");
	assert_int_equal(strcspn(line, "\n"), strlen(line) - 1);
	free(told);
	base_fd_close(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_sealed),
		cmocka_unit_test(file_that_is_none),
		cmocka_unit_test(all_problems_are_told),
		cmocka_unit_test(warnings_are_told),
		cmocka_unit_test(log_dir_takes_files),
		cmocka_unit_test(size_limit),
		cmocka_unit_test(classic_without_a_file),
		cmocka_unit_test(bad_ends),
		cmocka_unit_test(silent_pipe),
		cmocka_unit_test(fifo_without_a_writer),
		cmocka_unit_test(fifo_with_a_late_writer),
		cmocka_unit_test(child_has_no_rights),
		cmocka_unit_test(what_is_said_is_tame),
		cmocka_unit_test(too_many_problems),
		cmocka_unit_test(begin_does_not_wait),
		cmocka_unit_test(one_that_takes_too_long_is_ended),
		cmocka_unit_test(no_child_for_no_file),
		cmocka_unit_test(users_are_looked_up),
		cmocka_unit_test(problems_follow_the_log_format),
	};

	return cmocka_run_group_tests(tests, be_patient, NULL);
}
