/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_edit_test.c - an operator's edit goes the way of a reload */
#define BASE                                                          \
	"listen_port: %u\nlog_dir: %s\npidfile: none\n"               \
	"control: none\nworkers: 2\nmax_flows: 64\n"                  \
	"ring_size: 1M\n"                                             \
	"rules:\n"                                                    \
	"- {name: a, clients: [10.0.0.0/8], to: [\"192.0.2.1:1\"]}\n" \
	"- {name: b, to: [\"192.0.2.2:2\"]}\n"

#include "supervisor_reload.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "supervisor_reload_test.h"

static struct control_edit edit_of(const char *rule, uint32_t list,
				   const char *item, bool add)
{
	struct control_edit e = { .list = list, .add = add };

	(void)snprintf(e.rule, sizeof(e.rule), "%s", rule);
	(void)snprintf(e.item, sizeof(e.item), "%s", item);
	return e;
}

/* The texts are copied: what they lay in is overwritten at once. */
static void ask_edit(struct lab *lab, const char *rule, uint32_t list,
		     const char *item, bool add)
{
	const struct supervisor_reload_asker asker = { answered, lab };
	struct control_edit e = edit_of(rule, list, item, add);

	lab->answers = 0;
	supervisor_reload_edit(lab->s, &asker, &e);
	memset(&e, 'x', sizeof(e));
}

/* Up to the moment at which it is in force, as number `number`. */
static void edit_well(struct lab *lab, const char *rule, uint32_t list,
		      const char *item, bool add, uint32_t number)
{
	ask_edit(lab, rule, list, item, add);
	parser_ends(lab);
	assert_int_equal(lab->s->reload.step, SUPERVISOR_RELOAD_PREPARING);
	all_told(lab, ROLE_PREPARE, number);
	for (int i = 0; i < N_ROLES; i++)
		says(lab, i, number, 0);
	all_told(lab, ROLE_ACTIVATE, number);
	assert_int_equal(lab->error, 0);
	assert_int_equal(lab->s->conf->number, number);
}

/* All of the daemon's counts of it. */
static void counts(const struct lab *lab, uint32_t number, uint32_t reloads,
		   uint32_t edits, uint32_t refused)
{
	struct control_state *state = lab->s->state;

	assert_int_equal(atomic_load(&state->config_number), number);
	assert_int_equal(atomic_load(&state->reloads), reloads);
	assert_int_equal(atomic_load(&state->edits), edits);
	assert_int_equal(atomic_load(&state->reloads_refused), refused);
}

static void in_force_until_the_next_reload(void **state)
{
	struct lab *lab = *state;

	edit_well(lab, "b", CONTROL_LIST_TO, "192.0.2.3:3-4", true, 2);
	expect_answer(lab, 0,
		      "configuration 2 is in force: rule \"b\" has got "
		      "192.0.2.3:3-4 in to\n");
	counts(lab, 2, 0, 1, 0);
	assert_int_equal(atomic_load(&lab->s->state->reloaded_ns), 0);
	assert_int_equal(rules_asked, 1);
	assert_int_equal(lab->s->conf->rules[1].to.n, 2);
	assert_int_equal(lab->s->conf->dests[2].port_last, 4);
	/* the next one starts from there */
	edit_well(lab, "b", CONTROL_LIST_TO, "192.0.2.2:2", false, 3);
	expect_answer(lab, 0,
		      "configuration 3 is in force: rule \"b\" has lost "
		      "192.0.2.2:2 in to\n");
	counts(lab, 3, 0, 2, 0);
	assert_int_equal(lab->s->conf->rules[1].to.n, 1);
	assert_int_equal(lab->s->conf->dests[1].port_first, 3);
	/* and the file, which knows of neither, undoes both */
	reload_well(lab, 4);
	counts(lab, 4, 1, 0, 0);
	assert_int_equal(lab->s->conf->n_dests, 2);
	assert_int_equal(lab->s->conf->dests[1].port_first, 2);
}

/* No file is read for it: there may be none, or a broken one. */
static void without_the_file(void **state)
{
	struct lab *lab = *state;
	FILE *f = fopen(lab->path, "we");

	assert_non_null(f);
	assert_true(fprintf(f, "rules: [\n") > 0);
	assert_int_equal(fclose(f), 0);
	edit_well(lab, "a", CONTROL_LIST_CLIENTS, "192.168.0.0/16", true, 2);
	assert_int_equal(lab->s->conf->n_nets, 2);
	/* a daemon that was started without one */
	lab->s->input = NULL;
	edit_well(lab, "a", CONTROL_LIST_CLIENTS, "10.0.0.0/8", false, 3);
	assert_int_equal(lab->s->conf->n_nets, 1);
	counts(lab, 3, 0, 2, 0);
	lab->s->input = &lab->input;
}

static void refused_and_nothing_changes(void **state)
{
	static const struct {
		const char *rule, *item, *said;
		uint32_t list;
		bool add;
	} rows[] = {
		{ "c", "192.0.2.3:3",
		  "rule \"c\": there is none of this name\n", CONTROL_LIST_TO,
		  true },
		{ "a", "192.0.2.2:2",
		  "rule \"a\": to: 192.0.2.2:2 in rule \"a\" meets "
		  "192.0.2.2:2 in rule \"b\": no two rules may take one "
		  "connection\n",
		  CONTROL_LIST_TO, true },
		{ "a", "eth0",
		  "rule \"a\": interfaces: \"eth0\" is taken already: the rule "
		  "has no such list, which means any\n",
		  CONTROL_LIST_INTERFACES, true },
		{ "a", "10.0.0.0/8",
		  "rule \"a\": clients: \"10.0.0.0/8\" is the last one, and "
		  "without any the rule takes all: take the list out of the "
		  "file\n",
		  CONTROL_LIST_CLIENTS, false },
	};
	struct lab *lab = *state;

	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		char want[512];

		ask_edit(lab, rows[i].rule, rows[i].list, rows[i].item,
			 rows[i].add);
		parser_ends(lab);
		(void)snprintf(want, sizeof(want),
			       "%srefused: configuration 1 stays in force\n",
			       rows[i].said);
		expect_answer(lab, -EINVAL, want);
		/* no reload was refused */
		unchanged(lab, 0);
		counts(lab, 1, 0, 0, 0);
		for (int j = 0; j < N_ROLES; j++)
			told_nothing(lab, j);
	}
	assert_int_equal(rules_asked, 0);
}

/* The kernel and the roles have a say, too. */
static void refused_by_others(void **state)
{
	struct lab *lab = *state;

	rules_result = -EINVAL;
	ask_edit(lab, "b", CONTROL_LIST_TO, "192.0.2.3:3", true);
	parser_ends(lab);
	all_told(lab, ROLE_PREPARE, 2);
	for (int i = 0; i < N_ROLES; i++)
		says(lab, i, 2, 0);
	all_told(lab, ROLE_DISCARD, 2);
	expect_answer(lab, -EINVAL,
		      "the kernel says no\n"
		      "refused: configuration 1 stays in force\n");
	counts(lab, 1, 0, 0, 0);
	rules_result = 0;
	ask_edit(lab, "b", CONTROL_LIST_TO, "192.0.2.3:3", true);
	parser_ends(lab);
	all_told(lab, ROLE_PREPARE, 3);
	says(lab, 1, 3, -ENOMEM);
	expect_answer(lab, -ENOMEM,
		      "worker/0 refuses it: Cannot allocate memory\n"
		      "refused: configuration 1 stays in force\n");
	all_told(lab, ROLE_DISCARD, 3);
	unchanged(lab, 0);
}

static void not_beside_a_reload(void **state)
{
	struct lab *lab = *state;
	struct supervisor *s = lab->s;

	supervisor_reload(s, NULL);
	ask_edit(lab, "b", CONTROL_LIST_TO, "192.0.2.3:3", true);
	expect_answer(lab, -EBUSY, "a reload is under way\n");
	parser_ends(lab);
	ask_edit(lab, "b", CONTROL_LIST_TO, "192.0.2.3:3", true);
	expect_answer(lab, -EBUSY, "a reload is under way\n");
	all_told(lab, ROLE_PREPARE, 2);
	for (int i = 0; i < N_ROLES; i++)
		says(lab, i, 2, 0);
	/* what was not taken leaves no trace in what was */
	counts(lab, 2, 1, 0, 0);
	all_told(lab, ROLE_ACTIVATE, 2);
	/* nor a reload beside an edit */
	ask_edit(lab, "b", CONTROL_LIST_TO, "192.0.2.3:3", true);
	ask(lab);
	expect_answer(lab, -EBUSY, "a reload is under way\n");
	counts(lab, 2, 1, 0, 1);
	lab->answers = 0;
	parser_ends(lab);
	for (int i = 0; i < N_ROLES; i++)
		says(lab, i, 3, 0);
	expect_answer(lab, 0,
		      "configuration 3 is in force: rule \"b\" has got "
		      "192.0.2.3:3 in to\n");
	/* nor while the daemon ends */
	supervisor_phase(s, SUPERVISOR_DRAINING);
	ask_edit(lab, "b", CONTROL_LIST_TO, "192.0.2.3:3", false);
	expect_answer(lab, -EAGAIN, "the daemon starts or stops\n");
	counts(lab, 3, 1, 1, 1);
}

/* A stop in the middle of it. */
static void stopped(void **state)
{
	struct lab *lab = *state;
	struct supervisor *s = lab->s;
	pid_t parser;

	ask_edit(lab, "b", CONTROL_LIST_TO, "192.0.2.3:3", true);
	parser = s->reload.loading.pid;
	supervisor_reload_stop(s);
	expect_answer(lab, -ESHUTDOWN,
		      "the daemon is stopping\n"
		      "refused: configuration 1 stays in force\n");
	assert_int_equal(waitpid(parser, NULL, 0), parser);
	unchanged(lab, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(in_force_until_the_next_reload),
		TEST(without_the_file),
		TEST(refused_and_nothing_changes),
		TEST(refused_by_others),
		TEST(not_beside_a_reload),
		TEST(stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
