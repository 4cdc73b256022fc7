/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * control_server_test.c - server and client over a socket in a directory
 *
 * The loop has a clock that only the test moves. The client blocks, so it runs
 * in a child process where it has to wait for the server.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_log.h"
#include "base_test.h"
#include "control_client.h"
#include "control_server.h"

#define TEST_GROUP 54321
#define TEST_UID   54322
#define CANNOT     90 /* become another: no root, or one without others */

static uint64_t clock_now;

static uint64_t test_clock(void)
{
	return clock_now;
}

/* The group that the system has by name; CONTROL_NO_GROUP: it has none. */
static gid_t system_group = CONTROL_NO_GROUP;

int __wrap_getgrnam_r(const char *name, struct group *entry, char *buf,
		      size_t size, struct group **found);

/* NOLINTNEXTLINE(readability-non-const-parameter): the type is of libc */
int __wrap_getgrnam_r(const char *name, struct group *entry, char *buf,
		      size_t size, struct group **found)
{
	(void)buf;
	(void)size;
	assert_string_equal(name, "wayside");
	entry->gr_gid = system_group;
	*found = system_group == CONTROL_NO_GROUP ? NULL : entry;
	return 0;
}

struct lab {
	char dir[64], path[80];
	struct loop loop;
	struct control_server server;
	struct control_request asked; /* the last one */
	unsigned n_asked;
	bool hold; /* requests stay unanswered: `held` */
	struct control_connection *held;
	struct control_answer answer;
};

static void asked(struct control_server *s, struct control_connection *c,
		  const struct control_request *q)
{
	struct lab *lab = WS_CONTAINER(s, struct lab, server);

	lab->asked = *q;
	lab->n_asked++;
	if (lab->hold)
		lab->held = c;
	else
		control_server_answer(c, &lab->answer);
}

static int setup(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	(void)snprintf(lab->dir, sizeof(lab->dir),
		       "/tmp/control_server_test.XXXXXX");
	assert_non_null(mkdtemp(lab->dir));
	/* one directory below: it is not there yet */
	(void)snprintf(lab->path, sizeof(lab->path), "%s/run/control",
		       lab->dir);
	assert_int_equal(loop_init(&lab->loop, NULL, NULL), 0);
	clock_now = 1000;
	system_group = CONTROL_NO_GROUP;
	lab->loop.clock_ms = test_clock;
	control_server_init(&lab->server);
	lab->server.asked = asked;
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;
	char run[72];

	control_server_close(&lab->server);
	assert_null(lab->loop.timers); /* nothing fires on what is gone */
	loop_done(&lab->loop);
	(void)snprintf(run, sizeof(run), "%s/run", lab->dir);
	/* also says that no socket is left behind */
	assert_true(rmdir(run) == 0 || errno == ENOENT);
	assert_int_equal(rmdir(lab->dir), 0);
	free(lab);
	return 0;
}

static void open_server(struct lab *lab)
{
	assert_int_equal(
		control_server_open(&lab->server, lab->path, &lab->loop), 0);
}

/* All that can be done without waiting. */
static void serve(struct lab *lab)
{
	int n;

	do {
		n = loop_step(&lab->loop, 0);
	} while (n > 0);
	assert_int_equal(n, 0);
}

static int dial(const struct lab *lab)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX,
			      SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", lab->path);
	assert_int_equal(
		connect(fd, (const struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static const struct control_request status = { .magic = CONTROL_MAGIC,
					       .version = CONTROL_VERSION,
					       .type = CONTROL_STATUS };
static const struct control_request closing = { .magic = CONTROL_MAGIC,
						.version = CONTROL_VERSION,
						.type = CONTROL_CLOSE,
						.worker = 1,
						.slot = 2,
						.serial = 3 };

static void say(int fd, const void *bytes, size_t len)
{
	assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
}

/* Return: what recv() says, -1 with EAGAIN when there is nothing yet. */
static ssize_t hear(int fd, struct control_reply *reply)
{
	memset(reply, 0, sizeof(*reply));
	return recv(fd, reply, sizeof(*reply), 0);
}

static void nothing_yet(int fd)
{
	struct control_reply reply;

	assert_int_equal(hear(fd, &reply), -1);
	assert_int_equal(errno, EAGAIN);
}

static unsigned open_descriptors(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void one_request_one_reply(void **state)
{
	struct lab *lab = *state;
	struct control_reply reply;
	unsigned before;
	int fd;

	open_server(lab);
	before = open_descriptors();
	lab->answer.error = -ESRCH;
	fd = dial(lab);
	say(fd, &closing, sizeof(closing));
	serve(lab);
	assert_int_equal(lab->n_asked, 1);
	assert_memory_equal(&lab->asked, &closing, sizeof(closing));
	assert_int_equal(hear(fd, &reply), sizeof(reply));
	assert_int_equal(reply.type, CONTROL_CLOSE);
	assert_int_equal(reply.error, -ESRCH);
	assert_int_equal(hear(fd, &reply), 0); /* then it closes */
	assert_int_equal(close(fd), 0);
	assert_int_equal(open_descriptors(), before);
}

static void refused(struct lab *lab, const void *bytes, size_t len)
{
	struct control_reply reply;
	const int fd = dial(lab);

	say(fd, bytes, len);
	serve(lab);
	assert_int_equal(hear(fd, &reply), sizeof(reply));
	assert_int_equal(reply.magic, CONTROL_MAGIC);
	assert_int_equal(reply.type, 0);
	assert_int_equal(reply.error, -EBADMSG);
	assert_int_equal(close(fd), 0);
}

static void what_is_no_request(void **state)
{
	struct lab *lab = *state;
	struct control_request magic = status, version = status;
	const struct {
		struct control_request request;
		char more;
	} longer = { .request = status };

	open_server(lab);
	magic.magic++;
	version.version++;
	refused(lab, &magic, sizeof(magic));
	refused(lab, &version, sizeof(version));
	refused(lab, &status, sizeof(status) - 1);
	refused(lab, &longer, sizeof(status) + 1);
	assert_int_equal(lab->n_asked, 0);
}

static void one_that_says_nothing(void **state)
{
	struct lab *lab = *state;
	struct control_reply reply;
	int fd;

	open_server(lab);
	fd = dial(lab);
	serve(lab);
	clock_now += CONTROL_ASK_MS - 1;
	serve(lab);
	nothing_yet(fd);
	clock_now += 1;
	serve(lab);
	assert_int_equal(hear(fd, &reply), 0);
	assert_int_equal(close(fd), 0);
	/* its place is free, and another is served */
	fd = dial(lab);
	say(fd, &status, sizeof(status));
	serve(lab);
	assert_int_equal(lab->n_asked, 1);
	assert_int_equal(close(fd), 0);
}

/* More than there are places: the others wait in the backlog, cost no
 * descriptor and no wake-up, and are served when one ends. */
static void many_at_once(void **state)
{
	struct lab *lab = *state;
	int fds[CONTROL_CONNECTIONS_MAX + 2];
	struct control_reply reply;
	unsigned before;

	open_server(lab);
	before = open_descriptors();
	for (size_t i = 0; i < WS_ARRAY_LEN(fds); i++) {
		fds[i] = dial(lab);
		serve(lab);
	}
	assert_int_equal(open_descriptors(),
			 before + WS_ARRAY_LEN(fds) + CONTROL_CONNECTIONS_MAX);
	assert_int_equal(loop_step(&lab->loop, 0), 0); /* no busy loop */
	say(fds[CONTROL_CONNECTIONS_MAX], &status, sizeof(status));
	serve(lab);
	assert_int_equal(lab->n_asked, 0);
	/* one goes without a word */
	assert_int_equal(close(fds[0]), 0);
	serve(lab);
	assert_int_equal(lab->n_asked, 1);
	assert_int_equal(hear(fds[CONTROL_CONNECTIONS_MAX], &reply),
			 sizeof(reply));
	/* the last one has that place now; all are closed by the limit */
	clock_now += CONTROL_ASK_MS;
	serve(lab);
	for (size_t i = 1; i < WS_ARRAY_LEN(fds); i++) {
		assert_int_equal(hear(fds[i], &reply), 0);
		assert_int_equal(close(fds[i]), 0);
	}
}

/* An answer that takes its time has no limit here, and a peer that has gone
 * meanwhile wakes nobody and breaks nothing. */
static void answered_later(void **state)
{
	struct lab *lab = *state;
	struct control_reply reply;
	struct control_connection *first;
	int fd;

	open_server(lab);
	lab->hold = true;
	fd = dial(lab);
	say(fd, &status, sizeof(status));
	serve(lab);
	clock_now += 10ULL * CONTROL_ASK_MS;
	serve(lab);
	nothing_yet(fd);
	control_server_answer(lab->held, &lab->answer);
	assert_int_equal(hear(fd, &reply), sizeof(reply));
	assert_int_equal(close(fd), 0);

	fd = dial(lab);
	say(fd, &status, sizeof(status));
	serve(lab);
	first = lab->held;
	assert_int_equal(close(fd), 0);
	assert_int_equal(loop_step(&lab->loop, 0), 0);
	control_server_answer(first, &lab->answer);
	assert_int_equal(first->watch.fd, -1);

	/* the daemon stops first */
	fd = dial(lab);
	say(fd, &status, sizeof(status));
	serve(lab);
	control_server_close(&lab->server);
	assert_int_equal(hear(fd, &reply), 0);
	control_server_answer(lab->held, &lab->answer);
	assert_int_equal(close(fd), 0);
}

static void directory_mode_and_end(void **state)
{
	struct lab *lab = *state;
	struct stat st;

	open_server(lab);
	assert_int_equal(lstat(lab->path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_true(lab->server.group == CONTROL_NO_GROUP);
	control_server_close(&lab->server);
	assert_int_equal(lstat(lab->path, &st), -1);
	assert_int_equal(errno, ENOENT);
}

/* Group `wayside` may connect, if the file can be given to it: root can, others
 * only if they are members. */
static void shared_with_the_group(void **state)
{
	struct lab *lab = *state;
	const bool able = chown(lab->dir, (uid_t)-1, TEST_GROUP) == 0;
	struct stat st;

	system_group = TEST_GROUP;
	open_server(lab);
	assert_int_equal(lstat(lab->path, &st), 0);
	assert_int_equal(st.st_uid, geteuid());
	assert_int_equal(st.st_mode & 07777, able ? 0660 : 0600);
	assert_int_equal(st.st_gid, able ? TEST_GROUP : getegid());
	assert_true(lab->server.group ==
		    (able ? TEST_GROUP : CONTROL_NO_GROUP));
}

/* Closed without being removed, as by SIGKILL. */
static void abandon(struct lab *lab)
{
	loop_watch_remove(&lab->loop, &lab->server.listener);
	base_fd_close(&lab->server.listener.fd);
}

static void taken_over(void **state)
{
	struct lab *lab = *state;
	struct control_server other;
	struct stat st;
	ino_t ino;

	open_server(lab);
	assert_int_equal(lstat(lab->path, &st), 0);
	ino = st.st_ino;
	/* its daemon lives */
	control_server_init(&other);
	assert_int_equal(control_server_open(&other, lab->path, &lab->loop),
			 -EADDRINUSE);
	control_server_close(&other);
	assert_int_equal(lstat(lab->path, &st), 0);
	assert_true(st.st_ino == ino);
	serve(lab); /* sees the probe off */
	/* it is dead */
	abandon(lab);
	open_server(lab);
	/* whoever lost the name does not remove the other's */
	control_server_init(&other);
	other.loop = &lab->loop;
	(void)snprintf(other.path, sizeof(other.path), "%s", lab->path);
	other.ino = lab->server.ino + 1;
	other.dev = lab->server.dev;
	other.listener.fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_int_equal(loop_watch_add(&lab->loop, &other.listener, 0), 0);
	control_server_close(&other);
	assert_int_equal(lstat(lab->path, &st), 0);
}

static void what_is_no_socket(void **state)
{
	struct lab *lab = *state;
	struct stat st;
	int fd;

	open_server(lab); /* makes the directory */
	control_server_close(&lab->server);
	fd = open(lab->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(
		control_server_open(&lab->server, lab->path, &lab->loop),
		-EEXIST);
	assert_int_equal(lstat(lab->path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(unlink(lab->path), 0);
}

/* Somebody else's, and alive: it speaks another language. */
static void another_kind_of_socket(void **state)
{
	struct lab *lab = *state;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;

	open_server(lab); /* makes the directory */
	control_server_close(&lab->server);
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", lab->path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)),
			 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(
		control_server_open(&lab->server, lab->path, &lab->loop),
		-EPROTOTYPE);
	assert_int_equal(lstat(lab->path, &st), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(unlink(lab->path), 0);
}

/* No descriptor for a peer: it waits, nothing spins, and it is served later. */
static void out_of_descriptors(void **state)
{
	struct lab *lab = *state;
	struct control_reply reply;
	struct rlimit limit, none;
	int fd;

	open_server(lab);
	fd = dial(lab);
	say(fd, &status, sizeof(status));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(loop_step(&lab->loop, 0), 1);
	assert_int_equal(loop_step(&lab->loop, 0), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	clock_now += CONTROL_PAUSE_MS - 1;
	serve(lab);
	assert_int_equal(lab->n_asked, 0);
	clock_now += 1;
	serve(lab);
	assert_int_equal(hear(fd, &reply), sizeof(reply));
	assert_int_equal(close(fd), 0);
}

static void places_that_are_none(void **state)
{
	struct lab *lab = *state;
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/a/b/control", lab->dir);
	assert_int_equal(control_server_open(&lab->server, path, &lab->loop),
			 -ENOENT);
	(void)snprintf(path, sizeof(path), "%s/%0120d", lab->dir, 0);
	assert_int_equal(control_server_open(&lab->server, path, &lab->loop),
			 -ENAMETOOLONG);
}

/* Runs `client` in a child while the server serves. Return: its status. */
static int with_client(struct lab *lab, int (*client)(const struct lab *lab))
{
	const pid_t pid = fork();
	int status_of = -1;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
			_exit(99);
		_exit(client(lab));
	}
	for (;;) {
		const pid_t gone = waitpid(pid, &status_of, WNOHANG);

		if (gone) {
			assert_int_equal(gone, pid);
			break;
		}
		assert_true(loop_step(&lab->loop, 10) >= 0);
	}
	assert_true(WIFEXITED(status_of));
	return WEXITSTATUS(status_of);
}

/* The i-th of the server's descriptors holds the byte 'a' + i % 26. */
static int check_status(const struct lab *lab)
{
	const unsigned before = open_descriptors();
	int error, bad = 0;
	struct control_result *r = control_client_ask(
		lab->path, &status, BASE_TEST_LIMIT_S * 1000, &error);

	if (!r || error || r->reply.error || r->n_fds != CONTROL_FDS_MAX ||
	    strcmp(r->text, "one\ntwo\n") != 0)
		return 1;
	for (size_t i = 0; i < r->n_fds; i++) {
		char byte = 0;

		bad += pread(r->fds[i], &byte, 1, 0) != 1 ||
		       byte != (char)('a' + i % 26) ||
		       !(fcntl(r->fds[i], F_GETFD) & FD_CLOEXEC);
	}
	control_client_free(r);
	return bad ? 2 : open_descriptors() != before;
}

/* As many as can be: 2 + 31 x (1 + 7) = 250. */
static void descriptors_travel(void **state)
{
	struct lab *lab = *state;
	int fds[CONTROL_FDS_MAX];

	open_server(lab);
	for (size_t i = 0; i < CONTROL_FDS_MAX; i++) {
		const char byte = (char)('a' + i % 26);

		fds[i] = memfd_create("control_server_test", MFD_CLOEXEC);
		assert_true(fds[i] >= 0);
		assert_int_equal(write(fds[i], &byte, 1), 1);
	}
	lab->answer = (struct control_answer){ .text = "one\ntwo\n",
					       .fds = fds,
					       .n_fds = CONTROL_FDS_MAX,
					       .n_workers = 31,
					       .n_readers = 7 };
	assert_int_equal(with_client(lab, check_status), 0);
	for (size_t i = 0; i < CONTROL_FDS_MAX; i++)
		assert_int_equal(close(fds[i]), 0);
}

/* Asked for a CLOSE, it gets the type, the error and the text. */
static int check_close(const struct lab *lab)
{
	int error, bad;
	struct control_result *r = control_client_ask(
		lab->path, &closing, BASE_TEST_LIMIT_S * 1000, &error);

	if (!r)
		return 1;
	bad = error || r->n_fds || r->reply.type != CONTROL_CLOSE ||
	      r->reply.error != -ESRCH || strlen(r->text) != CONTROL_TEXT_MAX;
	control_client_free(r);
	return bad ? 2 : 0;
}

static void text_is_cut(void **state)
{
	struct lab *lab = *state;
	char *text = malloc(CONTROL_TEXT_MAX + 2);

	assert_non_null(text);
	memset(text, 'x', CONTROL_TEXT_MAX + 1);
	text[CONTROL_TEXT_MAX + 1] = '\0';
	open_server(lab);
	lab->answer = (struct control_answer){ .error = -ESRCH, .text = text };
	assert_int_equal(with_client(lab, check_close), 0);
	free(text);
}

static int ask_now(const struct lab *lab, unsigned limit_ms, const char *why)
{
	int error;
	struct control_result *r =
		control_client_ask(lab->path, &status, limit_ms, &error);

	assert_non_null(r);
	assert_true(error < 0);
	assert_non_null(strstr(r->why, why));
	assert_memory_equal(r->why, lab->path, strlen(lab->path));
	control_client_free(r);
	return error;
}

static void clear_errors(void **state)
{
	struct lab *lab = *state;

	assert_int_equal(ask_now(lab, 1, "no waysided runs here"), -ENOENT);
	open_server(lab);
	/* it is there but never gets to us: SIGSTOP */
	assert_int_equal(ask_now(lab, 1, "does not answer"), -EAGAIN);
	abandon(lab);
	assert_int_equal(ask_now(lab, 1, "no waysided runs here"),
			 -ECONNREFUSED);
	open_server(lab); /* takes it over, so that teardown removes it */
}

static int check_nonsense(const struct lab *lab)
{
	int error;
	struct control_result *r = control_client_ask(
		lab->path, &status, BASE_TEST_LIMIT_S * 1000, &error);
	const bool bad = !r || error != -EBADMSG ||
			 !strstr(r->why, "no waysided of this version");

	control_client_free(r);
	return bad;
}

/* A server that announces other descriptors than it brings. */
static void reply_of_somebody_else(void **state)
{
	struct lab *lab = *state;

	open_server(lab);
	lab->answer = (struct control_answer){ .n_workers = 1 };
	assert_int_equal(with_client(lab, check_nonsense), 0);
}

static int ask_as(const struct lab *lab, gid_t gid, const gid_t *groups,
		  size_t n_groups)
{
	struct control_result *r;
	int error = 0;

	if (setgroups(n_groups, groups) < 0 || setgid(gid) < 0 ||
	    setuid(TEST_UID) < 0)
		return CANNOT;
	r = control_client_ask(lab->path, &status, BASE_TEST_LIMIT_S * 1000,
			       &error);
	if (!r || error)
		return 91;
	error = r->reply.error;
	control_client_free(r);
	return -error;
}

static int as_stranger(const struct lab *lab)
{
	return ask_as(lab, 1, (gid_t[]){ 2, 3 }, 2);
}

static int as_first_group(const struct lab *lab)
{
	return ask_as(lab, TEST_GROUP, NULL, 0);
}

static int as_last_group(const struct lab *lab)
{
	return ask_as(lab, 1, (gid_t[]){ 2, 3, TEST_GROUP }, 3);
}

/* Somebody has opened the socket's file for all: members are served, and nobody
 * else. Needs root, who alone can become others. */
static void who_may_ask(void **state)
{
	struct lab *lab = *state;

	open_server(lab);
	lab->server.group = TEST_GROUP;
	lab->answer = (struct control_answer){ .error = -ESRCH };
	assert_int_equal(chmod(lab->dir, 0755), 0);
	assert_int_equal(chmod(lab->path, 0666), 0);
	assert_int_equal(with_client(lab, as_stranger), EACCES);
	assert_int_equal(lab->n_asked, 0);
	assert_int_equal(with_client(lab, as_first_group), ESRCH);
	assert_int_equal(with_client(lab, as_last_group), ESRCH);
	assert_int_equal(lab->n_asked, 2);
	lab->server.group = CONTROL_NO_GROUP;
	assert_int_equal(with_client(lab, as_last_group), EACCES);
	/* and with the mode that we gave it, the kernel keeps them out */
	assert_int_equal(chmod(lab->path, 0600), 0);
	assert_int_equal(with_client(lab, as_last_group), 91);
}

/* With an argument: what needs root. */
int main(int argc, char **argv)
{
#define LAB(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		LAB(one_request_one_reply),
		LAB(what_is_no_request),
		LAB(one_that_says_nothing),
		LAB(many_at_once),
		LAB(answered_later),
		LAB(directory_mode_and_end),
		LAB(taken_over),
		LAB(what_is_no_socket),
		LAB(places_that_are_none),
		LAB(descriptors_travel),
		LAB(text_is_cut),
		LAB(clear_errors),
		LAB(reply_of_somebody_else),
		LAB(shared_with_the_group),
		LAB(another_kind_of_socket),
		LAB(out_of_descriptors),
	};
	const struct CMUnitTest root_tests[] = { LAB(who_may_ask) };

	(void)argv;
	if (argc > 1)
		return cmocka_run_group_tests(root_tests, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
