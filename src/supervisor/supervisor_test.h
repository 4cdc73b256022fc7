/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * supervisor_test.h - the whole daemon in fixed-remote mode, under a test
 *
 * The daemon runs as a child with its log on a pipe. Tests wait for log lines,
 * for ends of processes and for words of the state page, never for time; a time
 * limit only ends a broken run.
 */
#ifndef SUPERVISOR_TEST_H
#define SUPERVISOR_TEST_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_test.h"
#include "base_time.h"
#include "conf_tables.h"
#include "control.h"
#include "ring_layout.h"
#include "supervisor.h"

#define LIMIT_S BASE_TEST_LIMIT_S
#define HOUR_MS 3600000

/* In memory that the daemon shares: what a test makes of `times` later counts
 * from then on. */
struct lab {
	struct conf_tables *conf;
	struct supervisor_setup setup;
	struct supervisor_times times; /* generous, but for the test's own */
	char dir[64];
	int server;   /* the test's listening socket: the remote */
	int reserved; /* keeps the daemon's port for it */
	FILE *log;
	pid_t daemon;
	struct rlimit files; /* of the daemon; 0 = as many as we */
	/* of the daemon, which gets nothing else that we have open; or NULL */
	void (*prepare)(void);
};

static inline uint64_t deadline(void)
{
	return base_time_mono_ms() + LIMIT_S * 1000ULL;
}

/* Between two looks at what has no event of its own. */
static inline void look_again(uint64_t until)
{
	assert_true(base_time_mono_ms() < until);
	(void)sched_yield(); /* cannot fail on Linux */
}

static inline struct base_addr bind_loopback(int fd)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(in);
	struct base_addr addr;

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	assert_true(base_addr_from_sockaddr(&addr, (struct sockaddr *)&in));
	return addr;
}

/* A port that nobody else gets, but a listener can have it as long as *fd is
 * open: it does not listen, and both have SO_REUSEADDR (socket(7)). */
static inline struct base_addr reserve_port(int *fd)
{
	const int one = 1;

	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
		setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)),
		0);
	return bind_loopback(*fd);
}

static inline int setup(void **state)
{
	struct lab *lab = mmap(NULL, sizeof(*lab), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct conf_tables *conf = calloc(1, sizeof(*conf));

	assert_ptr_not_equal(lab, MAP_FAILED);
	assert_non_null(conf);
	(void)snprintf(lab->dir, sizeof(lab->dir),
		       "/tmp/supervisor_test.XXXXXX");
	assert_non_null(mkdtemp(lab->dir));
	lab->server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	conf->remote = bind_loopback(lab->server);
	assert_int_equal(listen(lab->server, 8), 0);
	conf->listen = reserve_port(&lab->reserved);
	conf->n_rules = 1;
	conf->number = 1;
	conf->workers = 2;
	conf->max_flows = 64;
	conf->ring_size = RING_SIZE_MIN;
	conf->connect_timeout_ms = LIMIT_S * 1000;
	conf->rules[0].capture = CONF_CAPTURE_NONE;
	(void)snprintf(conf->rules[0].observe, CONF_NAME_LEN, "none");
	(void)snprintf(conf->log_dir, CONF_PATH_LEN, "%s", lab->dir);
	(void)snprintf(conf->pidfile, CONF_PATH_LEN, "%s/pid", lab->dir);
	lab->conf = conf;
	lab->times = (struct supervisor_times){
		.start_ms = LIMIT_S * 1000,
		.stop_ms = LIMIT_S * 1000,
		.lived_ms = HOUR_MS,
		.delay_min_ms = 100,
		.delay_max_ms = 1000,
		.prepare_ms = LIMIT_S * 1000,
		.absent_ms = 2000,
		.publish_ms = LIMIT_S * 1000,
		.delay_publisher_ms = 1000,
	};
	lab->setup = (struct supervisor_setup){
		.conf = conf,
		.conf_fd = -1,
		.times = &lab->times,
	};
	*state = lab;
	return 0;
}

static inline int teardown(void **state)
{
	struct lab *lab = *state;

	if (lab->log)
		assert_int_equal(fclose(lab->log), 0);
	assert_int_equal(close(lab->server), 0);
	assert_int_equal(close(lab->reserved), 0);
	/* also says that the daemon left nothing in it */
	assert_int_equal(rmdir(lab->dir), 0);
	free(lab->conf);
	assert_int_equal(munmap(lab, sizeof(*lab)), 0);
	return 0;
}

static inline void start(struct lab *lab)
{
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		/* a test that fails leaves no daemon behind */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
		    dup2(ends[1], STDERR_FILENO) < 0 || close(ends[0]) < 0)
			_exit(99);
		if (lab->files.rlim_max &&
		    setrlimit(RLIMIT_NOFILE, &lab->files) < 0)
			_exit(99);
		if (lab->prepare) {
			closefrom(STDERR_FILENO + 1);
			lab->prepare();
		}
		_exit(supervisor_run(&lab->setup));
	}
	lab->daemon = pid;
	assert_int_equal(close(ends[1]), 0);
	lab->log = fdopen(ends[0], "r");
	assert_non_null(lab->log);
}

/* Reads the log up to a line with `text`. */
static inline void await_line(struct lab *lab, const char *text)
{
	char line[1024];

	while (fgets(line, sizeof(line), lab->log)) {
		if (strstr(line, text))
			return;
	}
	fail_msg("the log ended without \"%s\"", text);
}

static inline int end_of_daemon(struct lab *lab)
{
	int status;

	assert_int_equal(waitpid(lab->daemon, &status, 0), lab->daemon);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static inline void stop(struct lab *lab)
{
	assert_int_equal(kill(lab->daemon, SIGTERM), 0);
	assert_int_equal(end_of_daemon(lab), 0);
}

/* The first child of a process whose title begins with `title`; 0: none. */
static inline pid_t find_child(pid_t parent, const char *title)
{
	char path[64], list[512] = "", name[64];
	FILE *f;
	pid_t found = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent,
		       parent);
	f = fopen(path, "re");
	assert_non_null(f);
	assert_non_null(fgets(list, sizeof(list), f));
	assert_int_equal(fclose(f), 0);
	for (char *p = list; !found && *p;) {
		const pid_t pid = (pid_t)strtol(p, &p, 10);

		while (*p == ' ')
			p++;
		(void)snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fgets(name, sizeof(name), f) &&
		    !strncmp(name, title, strlen(title)))
			found = pid;
		assert_int_equal(fclose(f), 0);
	}
	return found;
}

/* A keeper names itself only after it has started its worker, which may be
 * ready by then. */
static inline pid_t child_named(pid_t parent, const char *title)
{
	const uint64_t limit = deadline();
	pid_t found = find_child(parent, title);

	while (!found) {
		look_again(limit);
		found = find_child(parent, title);
	}
	return found;
}

/* Return: as connect(). */
static inline int try_connect(const struct lab *lab, int client)
{
	struct sockaddr_storage ss;
	const socklen_t len = base_addr_to_sockaddr(&lab->conf->listen, &ss);

	return connect(client, (struct sockaddr *)&ss, len);
}

static inline int new_client(void)
{
	const struct timeval limit = { .tv_sec = LIMIT_S };
	const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(client >= 0);
	assert_int_equal(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit,
				    sizeof(limit)),
			 0);
	return client;
}

static inline int accept_server(const struct lab *lab)
{
	const struct timeval limit = { .tv_sec = LIMIT_S };
	int server;

	assert_int_equal(setsockopt(lab->server, SOL_SOCKET, SO_RCVTIMEO,
				    &limit, sizeof(limit)),
			 0);
	server = accept4(lab->server, NULL, NULL, SOCK_CLOEXEC);
	assert_true(server >= 0);
	return server;
}

/* One conversation through the daemon. */
static inline void converse(struct lab *lab)
{
	const int client = new_client();
	char byte = 'x';
	int server;

	assert_int_equal(try_connect(lab, client), 0);
	server = accept_server(lab);
	assert_int_equal(send(client, &byte, 1, 0), 1);
	assert_int_equal(recv(server, &byte, 1, 0), 1);
	assert_int_equal(close(server), 0);
	assert_int_equal(recv(client, &byte, 1, 0), 0);
	assert_int_equal(close(client), 0);
}

static inline int watch_end(pid_t pid)
{
	const int fd = pidfd_open(pid, 0);

	assert_true(fd >= 0);
	return fd;
}

static inline bool has_ended(int pidfd, int wait_ms)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, wait_ms) == 1;
}

/* The daemon's page, as one who was given its descriptor sees it. */
static inline const struct control_state *state_page(const struct lab *lab)
{
	char path[64], name[64];
	const void *page = MAP_FAILED;
	const struct dirent *e;
	DIR *d;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", lab->daemon);
	d = opendir(path);
	assert_non_null(d);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	while (page == MAP_FAILED && (e = readdir(d))) {
		const ssize_t n =
			readlinkat(dirfd(d), e->d_name, name, sizeof(name) - 1);
		int fd;

		if (n < 0)
			continue;
		name[n] = '\0';
		if (!strstr(name, "wayside-state"))
			continue;
		/* reading and writing: the seal must hold all the same */
		fd = openat(dirfd(d), e->d_name, O_RDWR | O_CLOEXEC);
		assert_true(fd >= 0);
		assert_ptr_equal(mmap(NULL, sizeof(struct control_state),
				      PROT_READ | PROT_WRITE, MAP_SHARED, fd,
				      0),
				 MAP_FAILED);
		assert_int_equal(errno, EPERM);
		page = mmap(NULL, sizeof(struct control_state), PROT_READ,
			    MAP_SHARED, fd, 0);
		assert_int_equal(close(fd), 0);
	}
	assert_int_equal(closedir(d), 0);
	assert_ptr_not_equal(page, MAP_FAILED);
	return page;
}

static inline void drop_page(const struct control_state *page)
{
	/* munmap() does not write; its parameter is just not const */
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): drops const */
	assert_int_equal(munmap((void *)(uintptr_t)page, sizeof(*page)), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
