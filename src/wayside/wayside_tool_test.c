/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wayside_tool_test.c - the program itself: what goes wrong is one line
 *
 * Each case starts the tool as an operator does, and compares its exit status
 * and all that it says. In place of a daemon stands a socket that is not there,
 * belongs to others, or has somebody behind it who answers as the case wants.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_attr.h"
#include "base_fd.h"
#include "base_test.h"
#include "control.h"
#include "wayside_json.h"

#define WORDS_MAX 8
#define TEXT_MAX  4096
#define NOBODY    65534
#define CANNOT    90 /* become another: no root, or one without others */
#define BEFORE    91 /* the tool: something of ours failed */
/* For an answer: when none comes, and when one does. */
#define SHORT "WAYSIDE_LIMIT_MS=200"
#define LONG  "WAYSIDE_LIMIT_MS=100000"

/* Who is at the other end of the control socket. */
enum world {
	WORLD_NOBODY,    /* there is no socket */
	WORLD_LEFT,      /* its daemon is dead */
	WORLD_FORBIDDEN, /* the socket is not for us */
	WORLD_SILENT,    /* takes connections and does nothing: SIGSTOP */
	WORLD_FULL,      /* ... and has no room for more of them */
	WORLD_HANGUP,
	WORLD_GARBAGE,
	WORLD_REFUSES,
	WORLD_DOES, /* says so in two lines */
	WORLD_MAX
};

/* Where what the tool prints goes. */
enum output {
	OUTPUT_KEPT,
	OUTPUT_FULL,   /* /dev/full */
	OUTPUT_CLOSED, /* no descriptor 1 */
	OUTPUT_PIPE,   /* whose reader is gone; SIGPIPE is ignored */
};

struct lab {
	char dir[64], path[80];
	int listener;
	pid_t servant;
	int clients[4]; /* FULL */
};

/* What the tool did. */
struct outcome {
	int status; /* exit status; -1: it was killed */
	char out[TEXT_MAX], err[TEXT_MAX];
};

static int setup(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	(void)snprintf(lab->dir, sizeof(lab->dir), "/tmp/wayside_tool.XXXXXX");
	assert_non_null(mkdtemp(lab->dir));
	/* others may look for the socket */
	assert_int_equal(chmod(lab->dir, 0711), 0);
	(void)snprintf(lab->path, sizeof(lab->path), "%s/c", lab->dir);
	lab->listener = -1;
	for (size_t i = 0; i < WS_ARRAY_LEN(lab->clients); i++)
		lab->clients[i] = -1;
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;

	(void)rmdir(lab->dir);
	free(lab);
	return 0;
}

static struct sockaddr_un address(const struct lab *lab)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", lab->path);
	return a;
}

/* Until no more fit into the backlog. */
static void fill(struct lab *lab)
{
	const struct sockaddr_un a = address(lab);
	size_t n = 0;

	for (;;) {
		const int fd = socket(
			AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0);

		assert_true(fd >= 0 && n < WS_ARRAY_LEN(lab->clients));
		lab->clients[n++] = fd;
		if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0) {
			assert_int_equal(errno, EAGAIN);
			return;
		}
	}
}

/* The answer to `request`. Return: its length, which is 0 for none. */
static size_t answer(enum world world, const struct control_request *request,
		     uint8_t *bytes)
{
	struct control_reply reply = { .magic = CONTROL_MAGIC,
				       .version = CONTROL_VERSION,
				       .type = request->type };
	const char *text = world == WORLD_DOES ? "done\nand well\n"
					       : "not today";

	if (world == WORLD_HANGUP)
		return 0;
	if (world == WORLD_REFUSES)
		reply.error = -EPERM;
	if (world == WORLD_GARBAGE)
		reply.magic++;
	reply.text_len = (uint32_t)strlen(text);
	memcpy(bytes, &reply, sizeof(reply));
	memcpy(bytes + sizeof(reply), text, reply.text_len);
	return sizeof(reply) + reply.text_len;
}

static void serve(const struct lab *lab, enum world world)
{
	for (;;) {
		struct control_request request;
		uint8_t bytes[256];
		const int fd = accept4(lab->listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			_exit(1);
		if (recv(fd, &request, sizeof(request), 0) ==
		    (ssize_t)sizeof(request)) {
			const size_t len = answer(world, &request, bytes);

			if (len &&
			    send(fd, bytes, len, MSG_NOSIGNAL) != (ssize_t)len)
				_exit(1);
		}
		(void)close(fd);
	}
}

static void begin(struct lab *lab, enum world world)
{
	const struct sockaddr_un a = address(lab);
	const pid_t test = getpid();

	if (world == WORLD_NOBODY)
		return;
	lab->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	assert_true(lab->listener >= 0);
	assert_int_equal(
		bind(lab->listener, (const struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(chmod(lab->path, world == WORLD_FORBIDDEN ? 0 : 0666),
			 0);
	assert_int_equal(listen(lab->listener, world == WORLD_FULL ? 0 : 8), 0);
	if (world == WORLD_LEFT)
		base_fd_close(&lab->listener);
	if (world == WORLD_FULL)
		fill(lab);
	if (world < WORLD_HANGUP)
		return;
	lab->servant = fork();
	assert_true(lab->servant >= 0);
	if (lab->servant == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == test)
			serve(lab, world);
		_exit(1);
	}
}

static void end(struct lab *lab)
{
	base_fd_close(&lab->listener);
	for (size_t i = 0; i < WS_ARRAY_LEN(lab->clients); i++)
		base_fd_close(&lab->clients[i]);
	if (lab->servant > 0) {
		assert_int_equal(kill(lab->servant, SIGKILL), 0);
		assert_int_equal(waitpid(lab->servant, NULL, 0), lab->servant);
		lab->servant = 0;
	}
	(void)unlink(lab->path);
}

/* Descriptor 1 of the tool. */
static bool direct(enum output output, int out)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	int pipe_fds[2];

	switch (output) {
	case OUTPUT_KEPT:
		return dup2(out, STDOUT_FILENO) >= 0;
	case OUTPUT_FULL:
		out = open("/dev/full", O_WRONLY | O_CLOEXEC);
		return out >= 0 && dup2(out, STDOUT_FILENO) >= 0;
	case OUTPUT_CLOSED:
		return close(STDOUT_FILENO) == 0;
	case OUTPUT_PIPE:
		(void)sigaction(SIGPIPE, &ignore, NULL);
		return pipe2(pipe_fds, O_CLOEXEC) == 0 &&
		       dup2(pipe_fds[1], STDOUT_FILENO) >= 0 &&
		       close(pipe_fds[0]) == 0;
	}
	return false;
}

/* Never returns. `words`: of the command line, ends with NULL. */
static void be_tool(const char *const *words, enum output output,
		    enum world world, int out, int err)
{
	const bool answers = world != WORLD_SILENT && world != WORLD_FULL;
	/* opened before: another user may not get there */
	const int fd = open(WAYSIDE_TOOL, O_PATH | O_CLOEXEC);
	char *argv[WORDS_MAX + 4] = { (char[]){ "wayside" } };
	char *env[] = { answers ? (char[]){ LONG } : (char[]){ SHORT },
			(char[]){ "ASAN_OPTIONS=detect_leaks=0" }, NULL };

	for (size_t i = 0; words[i]; i++)
		argv[i + 1] = strdup(words[i]);
	if (fd < 0 || dup2(err, STDERR_FILENO) < 0 || !direct(output, out))
		_exit(BEFORE);
	if (world == WORLD_FORBIDDEN && geteuid() == 0 &&
	    (setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	     setresuid(NOBODY, NOBODY, NOBODY) < 0))
		_exit(CANNOT);
	(void)fexecve(fd, argv, env);
	_exit(BEFORE);
}

static void read_back(int *fd, char text[static TEXT_MAX])
{
	const ssize_t n = pread(*fd, text, TEXT_MAX - 1, 0);

	assert_true(n >= 0);
	text[n] = '\0';
	base_fd_close(fd);
}

static void run_tool(const char *const *words, enum output output,
		     enum world world, struct outcome *o)
{
	int out = memfd_create("out", MFD_CLOEXEC);
	int err = memfd_create("err", MFD_CLOEXEC);
	int status;
	pid_t pid;

	assert_true(out >= 0 && err >= 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		be_tool(words, output, world, out, err);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	o->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	assert_int_not_equal(o->status, BEFORE);
	read_back(&out, o->out);
	read_back(&err, o->err);
}

/* A letter more than there can be: 32 and 88. */
static const char long_name[] = "a2345678901234567890123456789012";
static const char long_item[] = "1234567890123456789012345678901234567890"
				"1234567890123456789012345678901234567890"
				"12345678";

/* Wrong words: nothing is asked and nothing done. */
static const struct {
	const char *words[WORDS_MAX];
	/* after "wayside: "; at the end ~: see --help, @4: words[4] */
	const char *said;
} misuse[] = {
	{ { NULL }, "a command is needed~" },
	{ { "frobnicate" }, "unknown command: frobnicate~" },
	{ { "" }, "unknown command: ~" },
	{ { "--version", "x" }, "unknown command: --version~" },
	{ { "rules" }, "a command is needed: rules~" },
	{ { "rules", "frobnicate" }, "unknown command: frobnicate~" },
	{ { "bypass" }, "a command is needed: bypass~" },
	{ { "bypass", "maybe" }, "unknown command: maybe~" },
	{ { "bypass", "on", "off" }, "unknown argument: off~" },
	{ { "bypass", "off", "--json" }, "unknown argument: --json~" },
	{ { "status", "x" }, "unknown argument: x~" },
	{ { "status", "--stopped" }, "unknown argument: --stopped~" },
	{ { "status", "-c" }, "a file must follow: -c~" },
	{ { "status", "--config=" }, "a file must follow: --config=~" },
	{ { "flows", "--control" }, "a path must follow: --control~" },
	{ { "flows", "--control=" }, "a path must follow: --control=~" },
	{ { "flows", "--control", "" }, "a path must follow: --control~" },
	{ { "flows", "-c", "a", "--control", "b" },
	  "either --config or --control~" },
	{ { "close" }, "more is needed: ID~" },
	{ { "close", "--stopped" }, "unknown argument: --stopped~" },
	{ { "close", "1", "2" }, "unknown argument: 2~" },
	{ { "close", "1", "--json" }, "unknown argument: --json~" },
	{ { "reload", "now" }, "unknown argument: now~" },
	{ { "doctor", "x" }, "unknown argument: x~" },
	{ { "doctor", "--stopped" }, "unknown argument: --stopped~" },
	{ { "decode", "a", "b" }, "unknown argument: b~" },
	{ { "decode", "--stopped" }, "unknown argument: --stopped~" },
	{ { "decode", "--protocol" }, "a protocol must follow: --protocol~" },
	{ { "protocols", "watch" }, "unknown argument: watch~" },
	{ { "events", "x" }, "unknown argument: x~" },
	{ { "events", "--gpx" }, "unknown argument: --gpx~" },
	{ { "events", "--store" }, "a file must follow: --store~" },
	{ { "events", "--since=" }, "a time must follow: --since=~" },
	{ { "events", "--control", "c" }, "unknown argument: --control~" },
	{ { "events", "-c", "a", "--store", "b" },
	  "either --config or --store~" },
	{ { "events", "--follow", "--until", "1h" },
	  "either --follow or --until" },
	{ { "events", "--protocol", "gt6" },
	  "unknown protocol: gt6; there are watch h02 gt06 gps103 tk103 jt808 "
	  "teltonika xexun" },
	{ { "events", "--type", "login2" },
	  "unknown type: login2; there are unknown login heartbeat position "
	  "alarm status command reply media" },
	{ { "events", "--limit", "-1" },
	  "--limit: no number: -1; 0 is no limit" },
	{ { "events", "--limit", "1234567890" },
	  "--limit: no number: 1234567890; 0 is no limit" },
	{ { "positions", "--follow" }, "unknown argument: --follow~" },
	{ { "positions", "--json", "--gpx" },
	  "one of --json, --geojson and --gpx" },
	{ { "positions", "--until", "soon" },
	  "--until: no time: soon; write YYYY-MM-DD[ HH:MM[:SS]] or "
	  "YYYY-MM-DDTHH:MM:SSZ, or for so long ago 90s, 15m, 2h, 3d, 1w" },
	{ { "devices", "--until", "1h" }, "unknown argument: --until~" },
	{ { "sinks", "--device", "a" }, "unknown argument: --device~" },
	{ { "rules", "show", "--json" }, "unknown argument: --json~" },
	{ { "rules", "install", "x" }, "unknown argument: x~" },
	{ { "rules", "check", "--control", "c" },
	  "unknown argument: --control~" },
	{ { "rules", "remove", "-c", "f" }, "unknown argument: -c~" },
	{ { "rules", "add" }, "more is needed: RULE~" },
	{ { "rules", "add", "a" }, "more is needed: to|clients|interfaces~" },
	{ { "rules", "del", "a", "to" }, "more is needed: ITEM~" },
	{ { "rules", "del", "a", "to", "b", "c" }, "unknown argument: c~" },
	{ { "rules", "add", "a", "from", "b" },
	  "to, clients or interfaces are to be changed, not: from" },
	{ { "rules", "add", "a", "", "b" },
	  "to, clients or interfaces are to be changed, not: " },
	{ { "rules", "add", "", "to", "b" }, "no rule can have this name: " },
	{ { "rules", "add", long_name, "to", "b" },
	  "no rule can have this name: @2" },
	{ { "rules", "del", "a", "clients", "" },
	  "nothing in a rule is so long, or so short: " },
	{ { "rules", "del", "a", "clients", long_item },
	  "nothing in a rule is so long, or so short: @4" },
};

static void wrong_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(misuse); i++) {
		const char *said = misuse[i].said;
		const size_t len = strcspn(said, "~@");
		const char *rest = "";
		struct outcome o;
		char want[512];

		if (said[len] == '~')
			rest = "; see wayside --help";
		else if (said[len])
			rest = misuse[i].words[said[len + 1] - '0'];
		(void)snprintf(want, sizeof(want), "wayside: %.*s%s\n",
			       (int)len, said, rest);
		run_tool(misuse[i].words, OUTPUT_KEPT, WORLD_NOBODY, &o);
		assert_string_equal(o.err, want);
		assert_string_equal(o.out, "");
		assert_int_equal(o.status, 2);
	}
}

/* Every command that asks a daemon. */
static const char *const askers[][WORDS_MAX] = {
	{ "status" },
	{ "status", "--json" },
	{ "flows" },
	{ "flows", "--json" },
	{ "close", "2025-11-03_142501" },
	{ "reload" },
	{ "bypass", "on" },
	{ "bypass", "off" },
	{ "rules", "add", "a", "to", "192.0.2.1:1" },
	{ "rules", "del", "a", "interfaces", "wg*" },
};

static void expect_failure(const struct lab *lab, const char *const *command,
			   const char *said, enum world world)
{
	const bool with_path = world != WORLD_REFUSES;
	const char *words[WORDS_MAX + 3] = { NULL };
	struct outcome o;
	char want[512];
	size_t n = 0;

	for (; command[n]; n++)
		words[n] = command[n];
	words[n++] = "--control";
	words[n] = lab->path;
	(void)snprintf(want, sizeof(want), "wayside: %s%s%s\n",
		       with_path ? lab->path : "", with_path ? ": " : "", said);
	run_tool(words, OUTPUT_KEPT, world, &o);
	if (o.status == CANNOT)
		return;
	assert_string_equal(o.err, want);
	assert_string_equal(o.out, "");
	assert_int_equal(o.status, 1);
}

static void nobody_who_answers(void **state)
{
	static const char *const said[WORLD_MAX] = {
		[WORLD_NOBODY] = "no waysided runs here",
		[WORLD_LEFT] = "no waysided runs here",
		[WORLD_FORBIDDEN] = "only root, the user of waysided and "
				    "members of group wayside may ask",
		[WORLD_SILENT] = "waysided does not answer",
		[WORLD_FULL] = "waysided does not answer",
		[WORLD_HANGUP] = "waysided closed the connection without an "
				 "answer",
		[WORLD_GARBAGE] = "what answers there is no waysided of this "
				  "version",
		[WORLD_REFUSES] = "not today",
	};
	struct lab *lab = *state;

	for (enum world w = 0; w < WORLD_DOES; w++) {
		begin(lab, w);
		for (size_t i = 0; i < WS_ARRAY_LEN(askers); i++)
			expect_failure(lab, askers[i], said[w], w);
		end(lab);
	}
}

static const char cannot[] = "wayside: cannot write to standard output\n";

/* A daemon that did what it should, and nobody who hears of it. */
static void nobody_who_reads(void **state)
{
	static const struct {
		enum output output;
		int status;
		const char *out, *err;
	} rows[] = {
		{ OUTPUT_KEPT, 0, "done\nand well\n", "" },
		{ OUTPUT_FULL, 1, "", cannot },
		{ OUTPUT_CLOSED, 1, "", cannot },
		{ OUTPUT_PIPE, 1, "", cannot },
	};
	struct lab *lab = *state;
	const char *const commands[][WORDS_MAX] = {
		{ "bypass", "on", "--control", lab->path },
		{ "reload", "--control", lab->path },
		{ "rules", "add", "a", "to", "b", "--control", lab->path },
	};

	begin(lab, WORLD_DOES);
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		for (size_t j = 0; j < WS_ARRAY_LEN(commands); j++) {
			struct outcome o;

			run_tool(commands[j], rows[i].output, WORLD_DOES, &o);
			assert_string_equal(o.err, rows[i].err);
			assert_string_equal(o.out, rows[i].out);
			assert_int_equal(o.status, rows[i].status);
		}
	}
	end(lab);
}

static void help_says_all(void **state)
{
	static const char *const help[] = { "--help", NULL };
	static const char *const texts[] = {
		"  bypass on [-c FILE | --control PATH]\n",
		"  rules add RULE to|clients|interfaces ITEM",
		"  doctor [--json] [-c FILE]\n",
		"  sinks [--json] [-c FILE | --store FILE]\n",
		"else /var/lib/wayside/wayside.db\n",
		"Exit status: 0 done, 1 not done, 2 usage or configuration;\n",
		"             of doctor also 3 degraded, 4 broken\n",
	};
	struct outcome o;

	(void)state;
	run_tool(help, OUTPUT_KEPT, WORLD_NOBODY, &o);
	assert_int_equal(o.status, 0);
	assert_string_equal(o.err, "");
	for (size_t i = 0; i < WS_ARRAY_LEN(texts); i++)
		assert_non_null(strstr(o.out, texts[i]));
}

/* What needs no daemon is told once, too, that nobody reads it. */
static void nobody_who_reads_what_is_here(void **state)
{
	static const char conf[] =
		"rules: [{name: a, to: [\"192.0.2.1:1\"]}]\n";
	struct lab *lab = *state;
	const char *const commands[][WORDS_MAX] = {
		{ "--help" },
		{ "--version" },
		{ "rules", "show", "-c", lab->path },
	};
	WS_CLEAN(base_fd_close)
	int fd = open(lab->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_int_equal(base_fd_write_all(fd, conf, strlen(conf), NULL), 0);
	for (enum output w = OUTPUT_KEPT; w <= OUTPUT_PIPE; w++) {
		for (size_t i = 0; i < WS_ARRAY_LEN(commands); i++) {
			const bool kept = w == OUTPUT_KEPT;
			struct outcome o;

			run_tool(commands[i], w, WORLD_NOBODY, &o);
			assert_string_equal(o.err, kept ? "" : cannot);
			assert_int_equal(!*o.out, !kept);
			assert_int_equal(o.status, !kept);
		}
	}
	assert_int_equal(unlink(lab->path), 0);
}

/* JSON that is longer than a buffer finds it out by itself, and says nothing.
 */
static void json_is_told_by_its_stream(void **state)
{
	FILE *f = fopen("/dev/full", "we");

	(void)state;
	assert_non_null(f);
	assert_int_equal(setvbuf(f, NULL, _IONBF, 0), 0);
	assert_int_equal(wayside_json_print(f, json_pack("{s:i}", "a", 1)),
			 WAYSIDE_OK);
	assert_true(ferror(f));
	(void)fclose(f);
	f = fopen("/dev/null", "we");
	assert_non_null(f);
	assert_int_equal(wayside_json_print(f, NULL), WAYSIDE_FAILED);
	(void)fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_words),
		cmocka_unit_test_setup_teardown(nobody_who_answers, setup,
						teardown),
		cmocka_unit_test_setup_teardown(nobody_who_reads, setup,
						teardown),
		cmocka_unit_test(help_says_all),
		cmocka_unit_test_setup_teardown(nobody_who_reads_what_is_here,
						setup, teardown),
		cmocka_unit_test(json_is_told_by_its_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
