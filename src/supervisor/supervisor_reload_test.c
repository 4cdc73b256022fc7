/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_reload_test.c - all processes change, or none: roles and rules */
#include "supervisor_reload.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base_test.h"
#include "supervisor_reload_test.h"

static void a_good_one_is_in_force(void **state)
{
	struct lab *lab = *state;
	struct supervisor *s = lab->s;
	const struct conf_tables *second;
	const uint64_t before = base_time_wall_ns();

	write_changed(lab, "connect_timeout", "connect_timeout: 7s");
	load(lab);
	/* each role gets the tables themselves, sealed */
	for (int i = 0; i < N_ROLES; i++) {
		int fd = told(lab, i, ROLE_PREPARE, 2);
		const struct conf_tables *t =
			mmap(NULL, sizeof(*t), PROT_READ, MAP_SHARED, fd, 0);

		assert_ptr_not_equal(t, MAP_FAILED);
		assert_int_equal(t->connect_timeout_ms, 7000);
		assert_int_equal(t->number, 2);
		conf_load_unmap(t);
		assert_true(fcntl(fd, F_GET_SEALS) & F_SEAL_WRITE);
		base_fd_close(&fd);
	}
	/* not before the last one is prepared */
	says(lab, 0, 2, 0);
	says(lab, 2, 2, 0);
	for (int i = 0; i < N_ROLES; i++)
		told_nothing(lab, i);
	assert_ptr_equal(s->conf, lab->start);
	assert_int_equal(rules_asked, 0);
	assert_int_equal(lab->answers, 0);
	says(lab, 1, 2, 0);
	assert_int_equal(rules_asked, 1);
	all_told(lab, ROLE_ACTIVATE, 2);
	expect_answer(lab, 0, "configuration 2 is in force\n");
	assert_int_equal(s->conf->connect_timeout_ms, 7000);
	assert_int_equal(atomic_load(&s->state->config_number), 2);
	assert_int_equal(atomic_load(&s->state->reloads), 1);
	assert_int_equal(atomic_load(&s->state->reloads_refused), 0);
	assert_in_range(atomic_load(&s->state->reloaded_ns), before,
			base_time_wall_ns());
	/* the one of the start stays, later ones go when they are replaced */
	assert_int_equal(lab->start->connect_timeout_ms, 1000);
	second = s->conf;
	reload_well(lab, 3);
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): msync() has no const */
	assert_int_equal(msync((void *)(uintptr_t)second, 4096, MS_ASYNC), -1);
	assert_int_equal(errno, ENOMEM);
	assert_int_equal(atomic_load(&s->state->reloads), 2);
}

static void a_role_that_refuses(void **state)
{
	static const struct {
		int said, error;
		const char *text;
	} rows[] = {
		{ -ENOSPC, -ENOSPC,
		  "worker/1 refuses it: No space left on device\n" },
		/* what no kernel and no role of ours says */
		{ 7, -EPROTO, "worker/1 refuses it: Protocol error\n" },
		{ -4000, -EPROTO, "worker/1 refuses it: Protocol error\n" },
		{ INT32_MIN, -EPROTO, "worker/1 refuses it: Protocol error\n" },
	};
	struct lab *lab = *state;
	char want[256];
	uint32_t n = 0;

	for (; n < WS_ARRAY_LEN(rows); n++) {
		lab->answers = 0;
		load(lab);
		all_told(lab, ROLE_PREPARE, 2 + n);
		says(lab, 0, 2 + n, 0);
		says(lab, 2, 2 + n, rows[n].said);
		all_told(lab, ROLE_DISCARD, 2 + n);
		(void)snprintf(want, sizeof(want),
			       "%srefused: configuration 1 stays in force\n",
			       rows[n].text);
		expect_answer(lab, rows[n].error, want);
		unchanged(lab, n + 1);
		/* it comes too late */
		says(lab, 1, 2 + n, 0);
	}
	assert_int_equal(rules_asked, 0);
	reload_well(lab, 2 + n);
}

static void a_role_that_does_not_answer(void **state)
{
	struct lab *lab = *state;
	struct supervisor *s = lab->s;

	load(lab);
	all_told(lab, ROLE_PREPARE, 2);
	says(lab, 0, 2, 0);
	says(lab, 2, 2, 0);
	clock_now += times.prepare_ms - 1;
	assert_int_equal(loop_step(&s->loop, 0), 0);
	assert_int_equal(lab->answers, 0);
	clock_now++;
	assert_int_equal(loop_step(&s->loop, 0), 1);
	expect_answer(lab, -ETIMEDOUT,
		      "worker/0 has not answered within 2000 ms\n"
		      "refused: configuration 1 stays in force\n");
	all_told(lab, ROLE_DISCARD, 2);
	unchanged(lab, 1);
	/* the answer to the last attempt is none to the next */
	load(lab);
	all_told(lab, ROLE_PREPARE, 3);
	says(lab, 0, 3, 0);
	says(lab, 2, 3, 0);
	says(lab, 1, 2, 0);
	assert_int_equal(s->reload.step, SUPERVISOR_RELOAD_PREPARING);
	says(lab, 1, 3, 0);
	assert_int_equal(s->conf->number, 3);
}

static void a_role_that_dies_in_between(void **state)
{
	struct lab *lab = *state;
	const pid_t pid = role(lab, 1)->pid;
	siginfo_t info;

	load(lab);
	all_told(lab, ROLE_PREPARE, 2);
	says(lab, 0, 2, 0);
	says(lab, 1, 2, 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	supervisor_role_reap(lab->s);
	expect_answer(lab, -EPIPE,
		      "worker/0 has ended meanwhile\n"
		      "refused: configuration 1 stays in force\n");
	unchanged(lab, 1);
	/* all that lived on forget it */
	assert_int_equal(told(lab, 0, ROLE_DISCARD, 2), -1);
	assert_int_equal(told(lab, 2, ROLE_DISCARD, 2), -1);
}

static void discard_fd(int fd)
{
	assert_true(fd >= 0);
	base_fd_close(&fd);
}

static void one_that_begins_meanwhile_is_asked_too(void **state)
{
	struct lab *lab = *state;

	end_role(lab, 1);
	load(lab);
	discard_fd(told(lab, 0, ROLE_PREPARE, 2));
	discard_fd(told(lab, 2, ROLE_PREPARE, 2));
	says(lab, 0, 2, 0);
	begin_role(lab, 1); /* with the tables that are in force */
	told_nothing(lab, 1);
	/* all have answered but the new one: it is asked now */
	says(lab, 2, 2, 0);
	discard_fd(told(lab, 1, ROLE_PREPARE, 2));
	told_nothing(lab, 0);
	assert_int_equal(lab->answers, 0);
	says(lab, 1, 2, 0);
	all_told(lab, ROLE_ACTIVATE, 2);
	expect_answer(lab, 0, "configuration 2 is in force\n");
}

/* It has prepared, and then its end of the channel is gone. */
static void one_that_cannot_be_told_is_replaced(void **state)
{
	struct lab *lab = *state;
	siginfo_t info;

	load(lab);
	says(lab, 1, 2, 0);
	says(lab, 2, 2, 0);
	base_fd_close(&lab->roles[1]);
	says(lab, 0, 2, 0);
	expect_answer(lab, 0, "configuration 2 is in force\n");
	assert_int_equal(waitid(P_PID, (id_t)role(lab, 1)->pid, &info,
				WEXITED | WNOWAIT),
			 0);
	/* not killed: its keeper ends the flows */
	assert_int_equal(info.si_status, SIGTERM);
	/* the others live on */
	assert_int_equal(waitid(P_PID, (id_t)role(lab, 2)->pid, &info,
				WEXITED | WNOWAIT | WNOHANG),
			 0);
	assert_int_equal(role(lab, 1)->restart.armed, 0);
}

static void a_kernel_that_refuses_the_rules(void **state)
{
	struct lab *lab = *state;

	rules_result = -EPERM;
	load(lab);
	all_told(lab, ROLE_PREPARE, 2);
	for (int i = 0; i < N_ROLES; i++)
		says(lab, i, 2, 0);
	assert_int_equal(rules_asked, 1);
	all_told(lab, ROLE_DISCARD, 2);
	expect_answer(lab, -EPERM,
		      "the kernel says no\n"
		      "refused: configuration 1 stays in force\n");
	unchanged(lab, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_good_one_is_in_force),
		TEST(a_role_that_refuses),
		TEST(a_role_that_does_not_answer),
		TEST(a_role_that_dies_in_between),
		TEST(one_that_begins_meanwhile_is_asked_too),
		TEST(one_that_cannot_be_told_is_replaced),
		TEST(a_kernel_that_refuses_the_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
