/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_edit_test.c - an edit is as if the file had said so, or it is refused */
#include "conf_edit.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base_test.h"
#include "conf_tables.h"
#include "conf_test.h"

/* `text` as tables, to be freed. */
static struct conf_tables *tables(const char *text)
{
	struct conf_tables *t = calloc(1, sizeof(*t));
	char *got;

	assert_non_null(t);
	if (!run(&file_input, text, strlen(text), t, &got))
		fail_msg("%s: %s", text, got);
	free(got);
	return t;
}

/* Return: what was said, to be freed; *t is the outcome. */
static char *edit(const struct conf_edit *e, bool fine, struct conf_tables *t)
{
	const struct conf_env env = env_of(&file_input);
	struct conf_errors errors = { .n = 0 };
	char name[CONF_EDIT_LEN], *said = NULL;
	size_t len;
	FILE *f = open_memstream(&said, &len);

	assert_non_null(f);
	errors.origin = conf_edit_name(e, name);
	assert_int_equal(conf_edit(&env, e, t, &errors), fine);
	conf_errors_print(&errors, "f", f);
	assert_int_equal(fclose(f), 0);
	conf_errors_done(&errors);
	return said;
}

/* Three rules; the first and the last have all lists. */
#define FILE_OF(c1, t1, t2, i3, c3, t3)                                    \
	"rules:\n"                                                         \
	"- {name: a, interfaces: [eth0, wg*], clients: [" c1 "], to: [" t1 \
	"]}\n"                                                             \
	"- {name: b, to: [" t2 "]}\n"                                      \
	"- {name: c, interfaces: [" i3 "], clients: [" c3 "], to: [" t3 "]}\n"
#define TO(host, port) "\"192.0.2." #host ":" #port "\""

static const char base_text[] = FILE_OF("10.0.0.0/8, 172.16.0.0/12", TO(1, 1),
					TO(2, 2), "eth0", "192.168.0.0/16",
					TO(3, 3) ", \"[2001:db8::7]:7-9\"");

/* What the edit makes is what the file would have made: byte by byte. */
static void as_if_the_file_had_said_so(void **state)
{
	static const struct {
		struct conf_edit e;
		const char *text;
	} rows[] = {
		{ { NULL, CONF_KEY_RULE_TO, true, "a", "192.0.2.9:9" },
		  FILE_OF("10.0.0.0/8, 172.16.0.0/12", TO(1, 1) ", " TO(9, 9),
			  TO(2, 2), "eth0", "192.168.0.0/16",
			  TO(3, 3) ", \"[2001:db8::7]:7-9\"") },
		{ { NULL, CONF_KEY_RULE_TO, true, "b", "192.0.2.9:9" },
		  FILE_OF("10.0.0.0/8, 172.16.0.0/12", TO(1, 1),
			  TO(2, 2) ", " TO(9, 9), "eth0", "192.168.0.0/16",
			  TO(3, 3) ", \"[2001:db8::7]:7-9\"") },
		{ { NULL, CONF_KEY_RULE_TO, true, "c", "192.0.2.9:9" },
		  FILE_OF("10.0.0.0/8, 172.16.0.0/12", TO(1, 1), TO(2, 2),
			  "eth0", "192.168.0.0/16",
			  TO(3, 3) ", \"[2001:db8::7]:7-9\", " TO(9, 9)) },
		{ { NULL, CONF_KEY_RULE_TO, false, "c", "192.0.2.3:3" },
		  FILE_OF("10.0.0.0/8, 172.16.0.0/12", TO(1, 1), TO(2, 2),
			  "eth0", "192.168.0.0/16", "\"[2001:db8::7]:7-9\"") },
		/* written in another way */
		{ { NULL, CONF_KEY_RULE_TO, false, "c",
		    "[2001:0db8:0::7/128]:7-9" },
		  FILE_OF("10.0.0.0/8, 172.16.0.0/12", TO(1, 1), TO(2, 2),
			  "eth0", "192.168.0.0/16", TO(3, 3)) },
		{ { NULL, CONF_KEY_RULE_CLIENTS, true, "a", "192.0.2.0/24" },
		  FILE_OF("10.0.0.0/8, 172.16.0.0/12, 192.0.2.0/24", TO(1, 1),
			  TO(2, 2), "eth0", "192.168.0.0/16",
			  TO(3, 3) ", \"[2001:db8::7]:7-9\"") },
		{ { NULL, CONF_KEY_RULE_CLIENTS, false, "a", "10.0.0.0/8" },
		  FILE_OF("172.16.0.0/12", TO(1, 1), TO(2, 2), "eth0",
			  "192.168.0.0/16",
			  TO(3, 3) ", \"[2001:db8::7]:7-9\"") },
		{ { NULL, CONF_KEY_RULE_INTERFACES, true, "c", "br*" },
		  FILE_OF("10.0.0.0/8, 172.16.0.0/12", TO(1, 1), TO(2, 2),
			  "eth0, \"br*\"", "192.168.0.0/16",
			  TO(3, 3) ", \"[2001:db8::7]:7-9\"") },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct conf_tables *base = tables(base_text);
		struct conf_tables *want = tables(rows[i].text);
		struct conf_tables *got = calloc(1, sizeof(*got));
		struct conf_edit e = rows[i].e;
		char *said;

		assert_non_null(got);
		e.base = base;
		said = edit(&e, true, got);
		if (memcmp(got, want, sizeof(*got)) != 0)
			fail_msg("row %zu: %s", i, said);
		assert_true(conf_tables_valid(got, sizeof(*got)));
		free(said);
		free(got);
		free(want);
		free(base);
	}
}

/* There and back again, the other way round too. */
static void undone(void **state)
{
	struct conf_tables *base = tables(base_text);
	struct conf_tables *more = calloc(1, sizeof(*more));
	struct conf_tables *back = calloc(1, sizeof(*back));
	struct conf_edit e = { base, CONF_KEY_RULE_TO, true, "b",
			       "198.51.100.0/24:1-65535" };

	(void)state;
	assert_non_null(more);
	assert_non_null(back);
	free(edit(&e, true, more));
	e.base = more;
	e.add = false;
	free(edit(&e, true, back));
	assert_memory_equal(back, base, sizeof(*base));
	free(back);
	free(more);
	free(base);
}

/* The number is that of the attempt. */
static void has_its_number(void **state)
{
	struct conf_input in = file_input;
	struct conf_env env = env_of(&in);
	struct conf_errors errors = { .n = 0 };
	struct conf_tables *base = tables(base_text);
	struct conf_tables *t = calloc(1, sizeof(*t));
	const struct conf_edit e = { base, CONF_KEY_RULE_TO, true, "a",
				     "192.0.2.9:9" };

	(void)state;
	assert_non_null(t);
	in.number = 17;
	assert_true(conf_edit(&env, &e, t, &errors));
	assert_int_equal(t->number, 17);
	free(t);
	free(base);
}

/* What each edit is refused with. */
static const struct {
	struct conf_edit e;
	const char *said;
} bad[] = {
	{ { NULL, CONF_KEY_RULE_TO, true, "nobody", "192.0.2.9:9" },
	  "rule \"nobody\": there is none of this name\n" },
	{ { NULL, CONF_KEY_RULE_TO, true, "a\n\x1b[1m", "192.0.2.9:9" },
	  "rule \"a\\x0a\\x1b[1m\": there is none of this name\n" },
	{ { NULL, CONF_KEY_RULE_TO, true, "a", "192.0.2.9" },
	  "rule \"a\": to: \"192.0.2.9\" is not a destination (write "
	  "192.0.2.1:7700, 192.0.2.0/24:7700-7710 or "
	  "[2001:db8::1]:7700; the bits after the prefix are 0)\n" },
	{ { NULL, CONF_KEY_RULE_TO, true, "a", "127.0.0.1:1" },
	  "rule \"a\": to: \"127.0.0.1:1\" is loopback: rules take "
	  "connections to other hosts only\n" },
	{ { NULL, CONF_KEY_RULE_CLIENTS, true, "a", "10.0.0.1/8" },
	  "rule \"a\": clients: \"10.0.0.1/8\" is not a network (write "
	  "192.0.2.7, 192.0.2.0/24 or 2001:db8::/32; the bits after "
	  "the prefix are 0)\n" },
	{ { NULL, CONF_KEY_RULE_INTERFACES, true, "a", "lo" },
	  "rule \"a\": interfaces: \"lo\" is the loopback: rules take "
	  "connections from other hosts only\n" },
	/* there already, or part of what is */
	{ { NULL, CONF_KEY_RULE_TO, true, "a", "192.0.2.1:1" },
	  "rule \"a\": to: \"192.0.2.1:1\" overlaps \"192.0.2.1:1\"\n" },
	{ { NULL, CONF_KEY_RULE_CLIENTS, true, "a", "10.7.0.0/16" },
	  "rule \"a\": clients: \"10.7.0.0/16\" overlaps "
	  "\"10.0.0.0/8\"\n" },
	{ { NULL, CONF_KEY_RULE_INTERFACES, true, "a", "wg0" },
	  "rule \"a\": interfaces: \"wg0\" overlaps \"wg*\"\n" },
	/* another rule's, before it and behind it */
	{ { NULL, CONF_KEY_RULE_TO, true, "a", "192.0.2.0/30:2" },
	  "rule \"a\": to: 192.0.2.0/30:2 in rule \"a\" meets "
	  "192.0.2.2:2 in rule \"b\": no two rules may take one "
	  "connection\n" },
	{ { NULL, CONF_KEY_RULE_TO, true, "b", "192.0.2.1:1" },
	  "rule \"b\": to: 192.0.2.1:1 in rule \"b\" meets 192.0.2.1:1 "
	  "in rule \"a\": no two rules may take one connection\n" },
	/* not there */
	{ { NULL, CONF_KEY_RULE_TO, false, "a", "192.0.2.1:2" },
	  "rule \"a\": to: \"192.0.2.1:2\" is not in the rule's "
	  "list\n" },
	/* of another rule */
	{ { NULL, CONF_KEY_RULE_TO, false, "c", "192.0.2.2:2" },
	  "rule \"c\": to: \"192.0.2.2:2\" is not in the rule's "
	  "list\n" },
	/* the last of its list */
	{ { NULL, CONF_KEY_RULE_TO, false, "a", "192.0.2.1:1" },
	  "rule \"a\": to: \"192.0.2.1:1\" is the last one, and "
	  "without any the rule takes nothing: take the rule out of "
	  "the file\n" },
	{ { NULL, CONF_KEY_RULE_CLIENTS, false, "c", "192.168.0.0/16" },
	  "rule \"c\": clients: \"192.168.0.0/16\" is the last one, "
	  "and without any the rule takes all: take the list out of "
	  "the file\n" },
	{ { NULL, CONF_KEY_RULE_INTERFACES, false, "c", "eth0" },
	  "rule \"c\": interfaces: \"eth0\" is the last one, and "
	  "without any the rule takes all: take the list out of the "
	  "file\n" },
	/* no list is any */
	{ { NULL, CONF_KEY_RULE_CLIENTS, true, "b", "10.0.0.0/8" },
	  "rule \"b\": clients: \"10.0.0.0/8\" is taken already: the "
	  "rule has no such list, which means any\n" },
	{ { NULL, CONF_KEY_RULE_INTERFACES, false, "b", "eth0" },
	  "rule \"b\": interfaces: \"eth0\" cannot be taken out: the "
	  "rule has no such list, which means any\n" },
};

static void refused(void **state)
{
	struct conf_tables *base = tables(base_text);
	struct conf_tables *got = calloc(1, sizeof(*got));

	(void)state;
	assert_non_null(got);
	for (size_t i = 0; i < WS_ARRAY_LEN(bad); i++) {
		struct conf_edit e = bad[i].e;
		char *said;

		e.base = base;
		said = edit(&e, false, got);
		assert_string_equal(said, bad[i].said);
		free(said);
	}
	free(got);
	free(base);
}

/* Warned of is what the edit brought about, and nothing of other rules. */
static void warned(void **state)
{
	struct conf_tables *base =
		tables("rules:\n"
		       "- {name: a, clients: [10.0.0.0/8], to: [" TO(
			       1, 1) "]}\n"
				     "- {name: b, clients: [10.0.0.0/8], to: "
				     "[" TO(2, 2) ", \"[2001:db8::1]:1\"]}\n");
	struct conf_tables *got = calloc(1, sizeof(*got));
	const struct conf_edit e = { base, CONF_KEY_RULE_TO, true, "a",
				     "[2001:db8::2]:2" };
	char *said;

	(void)state;
	assert_non_null(got);
	said = edit(&e, true, got);
	assert_string_equal(said,
			    "rule \"a\": warning: to: [2001:db8::2]:2 in rule "
			    "\"a\" takes nothing: none of its clients is an "
			    "IPv6 network\n");
	free(said);
	free(got);
	free(base);
}

static void fixed_mode_has_no_rules(void **state)
{
	struct conf_tables *base =
		tables("listen: 127.0.0.1:1\nremote: 192.0.2.1:1\n");
	struct conf_tables *got = calloc(1, sizeof(*got));
	const struct conf_edit e = { base, CONF_KEY_RULE_TO, true, "fixed",
				     "192.0.2.1:2" };
	char *said;

	(void)state;
	assert_non_null(got);
	said = edit(&e, false, got);
	assert_string_equal(said,
			    "rule \"fixed\": there is none of this name\n");
	free(said);
	free(got);
	free(base);
}

/* One item more than there is room for, at each kind of list. */
static void full(void **state)
{
	struct conf_tables *base = tables(base_text);
	struct conf_tables *got = calloc(1, sizeof(*got));
	struct conf_edit e = { base, CONF_KEY_RULE_INTERFACES, true, "c",
			       "eth9" };
	char *said;

	(void)state;
	assert_non_null(got);
	/* rule a has two, rule c one: 253 are left of 256 */
	for (unsigned i = 0; i < 253; i++) {
		char name[CONF_IFNAME_LEN];

		(void)snprintf(name, sizeof(name), "new%u", i);
		e.item = name;
		free(edit(&e, true, got));
		memcpy(base, got, sizeof(*base));
	}
	assert_int_equal(base->n_ifaces, CONF_IFACES_MAX);
	assert_string_equal(base->ifaces[CONF_IFACES_MAX - 1], "new252");
	e.item = "eth9";
	e.rule = "a"; /* whose list lies before the other */
	said = edit(&e, false, got);
	assert_string_equal(said, "rule \"a\": interfaces: more than 256 "
				  "interfaces in all\n");
	free(said);
	free(got);
	free(base);
}

/* In a child, as a supervisor does it. Return: as conf_load_end(). */
static int load(const struct conf_input *in, const struct conf_tables **t,
		int *fd, char **said)
{
	struct conf_loading l;
	int status;

	conf_load_begin(in, &l);
	assert_int_equal(waitpid(l.pid, &status, 0), l.pid);
	return conf_load_end(&l, status, t, fd, NULL, said);
}

static void is_killed(void *arg)
{
	(void)arg;
	(void)raise(SIGKILL);
}

/* No file is read for an edit, whatever the path says. */
static void in_a_child(void **state)
{
	struct conf_tables *base = tables(base_text);
	const struct conf_tables *t = NULL;
	struct conf_edit e = { base, CONF_KEY_RULE_TO, true, "b",
			       "192.0.2.9:9" };
	struct conf_input in = { .path = "/nonexistent/w.yaml",
				 .edit = &e,
				 .number = 9 };
	char *said;
	int fd = -1;

	(void)state;
	assert_int_equal(load(&in, &t, &fd, &said), 0);
	assert_null(said);
	assert_int_equal(t->number, 9);
	assert_int_equal(t->n_dests, base->n_dests + 1);
	/* they are as good as those of a file */
	conf_load_unmap(t);
	assert_int_equal(conf_load_map(fd, &t), 0);
	assert_int_equal(t->dests[2].port_last, 9);
	conf_load_unmap(t);
	base_fd_close(&fd);
	e.item = "192.0.2.2:2";
	assert_int_equal(load(&in, &t, NULL, &said), -EINVAL);
	assert_string_equal(said, "rule \"b\": to: \"192.0.2.2:2\" overlaps "
				  "\"192.0.2.2:2\"\n");
	free(said);
	in.in_child = is_killed;
	assert_int_equal(load(&in, &t, NULL, &said), -EIO);
	assert_string_equal(said, "edit: its parser was killed by signal 9 "
				  "(Killed)\n");
	free(said);
	free(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_if_the_file_had_said_so),
		cmocka_unit_test(undone),
		cmocka_unit_test(has_its_number),
		cmocka_unit_test(refused),
		cmocka_unit_test(warned),
		cmocka_unit_test(fixed_mode_has_no_rules),
		cmocka_unit_test(full),
		cmocka_unit_test(in_a_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
