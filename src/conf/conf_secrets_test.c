/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_secrets_test.c - who gets the sinks' secrets, and who does not */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_test.h"
#include "conf_edit.h"
#include "conf_hide.h"
#include "conf_load.h"
#include "conf_load_internal.h"
#include "conf_schema.h"
#include "conf_tables.h"

#define TEXT                                          \
	"log_dir: /tmp\n"                             \
	"rules: [{name: a, to: [\"192.0.2.1:1\"]}]\n" \
	"store: {file: /tmp/wayside.db}\n"            \
	"sinks:\n"                                    \
	"- {name: b, exec: [/proc/self/exe, one]}\n"  \
	"- {name: c, redis: \"redis+unix://:pass@/run/r\"}\n"

/* What a load came to; `path` is of a file of its own. */
struct lab {
	char path[64];
	const struct conf_tables *t;
	const struct conf_secrets *s;
	char *said;
};

/* As in a build that has every kind of sink. */
static int run(struct lab *l, const struct conf_input *in)
{
	char cwd[PATH_MAX];
	struct conf_env env = conf_load_env(in, cwd);
	struct conf_loading loading;
	int status = 0;

	l->t = NULL;
	l->s = NULL;
	env.kinds = (1U << CONF_SINK_KIND_MAX) - 1;
	conf_load_begin_with(&env, BASE_TEST_LIMIT_S * 1000, &loading);
	if (loading.pid)
		assert_int_equal(waitpid(loading.pid, &status, 0), loading.pid);
	return conf_load_end(&loading, status, &l->t, NULL, &l->s, &l->said);
}

static int load(struct lab *l, const char *text, mode_t mode)
{
	const struct conf_input in = { .path = l->path,
				       .number = 4,
				       .surroundings = true };
	WS_CLEAN(base_fd_close) int fd = -1;
	int r;

	(void)snprintf(l->path, sizeof(l->path), "/tmp/wayside-secrets-XXXXXX");
	fd = mkostemp(l->path, O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(base_fd_write_all(fd, text, strlen(text), NULL), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	r = run(l, &in);
	assert_int_equal(unlink(l->path), 0);
	return r;
}

static void done(struct lab *l)
{
	conf_load_unmap(l->t);
	conf_load_forget(l->s);
	free(l->said);
}

/* Does a child of ours have this memory? */
static bool inherited(const void *p)
{
	const pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		const long page = sysconf(_SC_PAGESIZE);
		unsigned char in_core;

		/* NOLINTBEGIN(performance-no-int-to-ptr): drops const */
		/* ENOMEM: nothing is mapped there (mincore(2)) */
		_exit(mincore((char *)(uintptr_t)p -
				      (uintptr_t)p % (size_t)page,
			      1, &in_core) == 0);
		/* NOLINTEND(performance-no-int-to-ptr) */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* VmFlags of the mapping that begins at p (proc(5), smaps). */
static bool has_flag(const void *p, const char *flag)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	char line[512], start[32];
	bool here = false, has = false;

	assert_non_null(f);
	(void)snprintf(start, sizeof(start), "%lx-", (unsigned long)p);
	while (fgets(line, sizeof(line), f)) {
		if (!strncmp(line, start, strlen(start)))
			here = true;
		if (here && !strncmp(line, "VmFlags:", 8)) {
			has = strstr(line, flag) != NULL;
			break;
		}
	}
	assert_int_equal(fclose(f), 0);
	assert_true(here);
	return has;
}

static void come_beside_the_tables(void **state)
{
	struct lab l;

	(void)state;
	assert_int_equal(load(&l, TEXT, 0600), 0);
	assert_null(l.said);
	assert_int_equal(l.t->number, 4);
	assert_int_equal(l.s->number, 4);
	assert_int_equal(l.s->sinks[0].n_args, 2);
	assert_memory_equal(l.s->sinks[0].args, "/proc/self/exe\0one", 19);
	assert_string_equal(l.s->sinks[1].password, "pass");
	assert_null(memmem(l.t, sizeof(*l.t), "pass", 4));
	done(&l);
}

static void are_not_handed_on(void **state)
{
	struct lab l;

	(void)state;
	assert_int_equal(load(&l, TEXT, 0600), 0);
	assert_true(inherited(l.t));
	assert_false(inherited(l.s));
	assert_true(has_flag(l.s, " dd")); /* no core dump has it */
	assert_int_equal(conf_load_lend(l.s, true), 0);
	assert_true(inherited(l.s));
	assert_true(has_flag(l.s, " dd"));
	assert_int_equal(conf_load_lend(l.s, false), 0);
	assert_false(inherited(l.s));
	assert_int_equal(conf_load_lend(NULL, true), 0);
	done(&l);
}

#define WARNED \
	": every user can read this file, and it has a password: chmod o-r\n"

static void file_for_everybody(void **state)
{
	char want[256];
	struct lab l;

	(void)state;
	assert_int_equal(load(&l, TEXT, 0644), 0);
	(void)snprintf(want, sizeof(want),
		       "%s:6:20: warning: sink \"c\"" WARNED, l.path);
	assert_string_equal(l.said, want);
	done(&l);
	assert_int_equal(load(&l, TEXT, 0640), 0);
	assert_null(l.said);
	done(&l);
}

static void programs_and_files_are_there(void **state)
{
	static const struct {
		const char *sink, *want;
	} rows[] = {
		{ "exec: /etc/passwd", "4:27: exec: /etc/passwd: Permission "
				       "denied\n" },
		{ "exec: /dev/null", "4:27: exec: /dev/null: Permission "
				     "denied\n" },
		{ "exec: /proc/self", "4:27: exec: /proc/self: Is a "
				      "directory\n" },
		{ "exec: /nonexistent/x", "4:27: exec: /nonexistent/x: No such "
					  "file or directory\n" },
		{ "amqp: \"amqps://h?queue=q\", ca: /nonexistent/x",
		  "4:52: ca: /nonexistent/x: No such file or directory\n" },
		{ "amqp: \"amqps://h?queue=q\", ca: /dev",
		  "4:52: ca: /dev: Is a directory\n" },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		char text[512], want[256];
		struct lab l;

		(void)snprintf(text, sizeof(text),
			       "log_dir: /tmp\n"
			       "rules: [{name: a, to: [\"192.0.2.1:1\"]}]\n"
			       "store: {file: /tmp/x.db}\n"
			       "sinks: [{name: abc, %s}]\n",
			       rows[i].sink);
		assert_int_equal(load(&l, text, 0600), -EINVAL);
		(void)snprintf(want, sizeof(want), "%s:%s", l.path,
			       rows[i].want);
		assert_string_equal(l.said, want);
		free(l.said);
	}
}

/* An edit keeps the sinks: what belongs to them does not go through its
 * parser. */
static void none_of_an_edit(void **state)
{
	struct lab first, l;
	struct conf_edit e = { .key = CONF_KEY_RULE_TO,
			       .add = true,
			       .rule = "a",
			       .item = "192.0.2.9:9" };
	const struct conf_input in = { .edit = &e, .number = 5 };

	(void)state;
	assert_int_equal(load(&first, TEXT, 0600), 0);
	e.base = first.t;
	assert_int_equal(run(&l, &in), 0);
	assert_null(l.s);
	assert_int_equal(l.t->number, 5);
	assert_int_equal(l.t->n_sinks, 2);
	assert_memory_equal(l.t->sinks, first.t->sinks, sizeof(first.t->sinks));
	assert_string_equal(l.t->store, "/tmp/wayside.db");
	done(&l);
	done(&first);
}

static int memfd_of(const void *bytes, size_t len)
{
	const int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(base_fd_write_all(fd, bytes, len, NULL), 0);
	return fd;
}

/* A child of a stranger's ended well, and left this. */
static int adopt(const struct conf_tables *t, const struct conf_secrets *s,
		 size_t len, const struct conf_edit *e)
{
	struct conf_loading loading = { .tables = memfd_of(t, sizeof(*t)),
					.secrets = memfd_of(s, len),
					.said = -1,
					.edit = e,
					.name = "f",
					.problem = "" };
	const struct conf_secrets *secrets = NULL;
	const struct conf_tables *tables = NULL;
	char *said;
	const int r =
		conf_load_end(&loading, 0, &tables, NULL, &secrets, &said);

	assert_int_equal(r == 0, tables != NULL);
	assert_true(r == 0 || !secrets);
	conf_load_unmap(tables);
	conf_load_forget(secrets);
	free(said);
	return r;
}

static void hostile_parser(void **state)
{
	struct conf_tables *t = malloc(sizeof(*t));
	struct conf_secrets *s = malloc(sizeof(*s));
	const size_t len = sizeof(*s);
	struct conf_edit e = { .base = NULL };
	struct lab l;

	(void)state;
	assert_non_null(t);
	assert_non_null(s);
	assert_int_equal(load(&l, TEXT, 0600), 0);
	memcpy(t, l.t, sizeof(*t));
	memcpy(s, l.s, sizeof(*s));
	assert_int_equal(adopt(t, s, len, NULL), 0);
	assert_int_equal(adopt(t, s, len - 1, NULL), -EBADMSG);
	assert_int_equal(adopt(t, s, 0, NULL), -EBADMSG);
	s->number++;
	assert_int_equal(adopt(t, s, len, NULL), -EBADMSG);
	s->number--;
	s->sinks[0].n_args = 3; /* the third is empty, and there */
	assert_int_equal(adopt(t, s, len, NULL), 0);
	s->sinks[0].n_args = 0;
	assert_int_equal(adopt(t, s, len, NULL), -EBADMSG);
	/* an edit has none: what lies there is not looked at */
	e.base = l.t;
	assert_int_equal(adopt(t, s, len, &e), 0);
	t->sinks[1].socket[1] = 'x'; /* the password would go there */
	assert_int_equal(adopt(t, s, len, &e), -EBADMSG);
	done(&l);
	free(t);
	free(s);
}

/* As argv has them: writable. */
struct words {
	char plain[32], uri[64];
	struct conf_overrides o;
};

static void give(struct words *w, const char *second)
{
	*w = (struct words){ .plain = "/tmp/e" };
	(void)snprintf(w->uri, sizeof(w->uri), "%s", second);
	w->o.observers[0] = w->plain;
	w->o.observers[1] = w->uri;
	w->o.n_observers = 2;
}

static void command_line_is_wiped(void **state)
{
	static const char zero[64];
	struct words w;
	struct conf_input in = { .number = 1 };
	struct lab l;

	(void)state;
	give(&w, "/tmp/f");
	assert_int_equal(conf_hide_observers(&w.o), 0);
	assert_ptr_equal(w.o.observers[1], w.uri);
	assert_null(w.o.hidden);
	give(&w, "amqp=amqp://u:pass@h?queue=q");
	w.o.listen = "127.0.0.1:1";
	w.o.remote = "192.0.2.1:1";
	w.o.log_dir = "/tmp";
	assert_int_equal(conf_hide_observers(&w.o), 1);
	assert_memory_equal(w.uri, zero, sizeof(w.uri));
	assert_string_equal(w.o.observers[0], "/tmp/e");
	assert_string_equal(w.o.observers[1], "amqp=amqp://u:pass@h?queue=q");
	assert_false(inherited(w.o.observers[1]));
	assert_true(has_flag(w.o.hidden, " dd"));
	in.overrides = w.o;
	for (int i = 0; i < 2; i++) { /* a start, and a reload */
		assert_int_equal(run(&l, &in), 0);
		assert_string_equal(l.s->sinks[0].password, "pass");
		assert_string_equal(l.t->events[0], "/tmp/e");
		assert_false(inherited(w.o.observers[1]));
		done(&l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(come_beside_the_tables),
		cmocka_unit_test(are_not_handed_on),
		cmocka_unit_test(file_for_everybody),
		cmocka_unit_test(programs_and_files_are_there),
		cmocka_unit_test(none_of_an_edit),
		cmocka_unit_test(hostile_parser),
		cmocka_unit_test(command_line_is_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
