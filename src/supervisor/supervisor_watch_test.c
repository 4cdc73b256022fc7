/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * supervisor_watch_test.c - what follows when others change nftables
 *
 * The kernel, the firewall and the clock are the test's; the processes of
 * self-tests are real ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_test.h"
#include "control.h"
#include "nft_nat.h"
#include "nft_watch.h"
#include "supervisor_internal.h"

#define LOOK_MS     200
#define AGAIN_MS    10000
#define PUT_BACK_MS 1000
#define HOUR_MS     3600000

static const struct supervisor_times times = {
	.look_ms = LOOK_MS,
	.put_back_ms = PUT_BACK_MS,
	.again_ms = AGAIN_MS,
	.absent_ms = 2000,
};

struct lab {
	struct supervisor *s;
	struct conf_tables *conf;
	int log; /* what was logged, and our own stderr */
	int err;
};

static uint64_t clock_now;
/* What a look at the kernel takes, finds and returns. */
static unsigned looks, nat_takes_ms, nat_interrupted;
/* What is in the kernel, and what installing it returns. */
static enum nft_state installed;
static unsigned installs;
static int install_result;
/* What a firewall does by now. */
static enum probe_verdict firewall;

static uint64_t test_clock(void)
{
	return clock_now;
}

int __wrap_nft_nat_source(struct nft_link *link, const struct conf_tables *conf,
			  struct nft_nat *out, struct nft_error *why);
int __wrap_nft_check(struct nft_link *link, const struct conf_tables *conf,
		     enum nft_state state,
		     void (*line)(void *arg, const char *text), void *arg,
		     struct nft_error *why);
int __wrap_nft_install(struct nft_link *link, const struct conf_tables *conf,
		       enum nft_state state, struct nft_error *why);
int __wrap_nft_keeping(struct nft_link *link, enum nft_keep *keep,
		       struct nft_error *why);
bool __wrap_nft_watch_drain(int fd, const struct nft_link *own);
enum probe_verdict __wrap_probe_input(uint16_t port,
				      struct probe_result *result);
void __wrap_probe_explain(const struct probe_result *result,
			  void (*line)(void *arg, const char *text), void *arg);

int __wrap_nft_nat_source(struct nft_link *link, const struct conf_tables *conf,
			  struct nft_nat *out, struct nft_error *why)
{
	(void)link;
	(void)conf;
	looks++;
	clock_now += nat_takes_ms;
	(void)snprintf(why->text, sizeof(why->text), "interrupted");
	if (nat_interrupted) {
		nat_interrupted--;
		return -EINTR;
	}
	*out = (struct nft_nat){ .source = false, .why = "the test's" };
	return 0;
}

int __wrap_nft_check(struct nft_link *link, const struct conf_tables *conf,
		     enum nft_state state,
		     void (*line)(void *arg, const char *text), void *arg,
		     struct nft_error *why)
{
	(void)link;
	(void)conf;
	(void)line;
	(void)arg;
	(void)why;
	assert_int_equal(state, installed);
	return 0;
}

int __wrap_nft_install(struct nft_link *link, const struct conf_tables *conf,
		       enum nft_state state, struct nft_error *why)
{
	(void)link;
	(void)conf;
	installs++;
	(void)snprintf(why->text, sizeof(why->text), "the kernel says no");
	if (!install_result)
		installed = state;
	return install_result;
}

int __wrap_nft_keeping(struct nft_link *link, enum nft_keep *keep,
		       struct nft_error *why)
{
	(void)link;
	(void)why;
	*keep = NFT_KEEP_PERSISTS;
	return 0;
}

bool __wrap_nft_watch_drain(int fd, const struct nft_link *own)
{
	(void)fd;
	(void)own;
	return true;
}

enum probe_verdict __wrap_probe_input(uint16_t port,
				      struct probe_result *result)
{
	if (port != 7700)
		_exit(99);
	if (firewall == PROBE_VERDICT_MAX) /* it hangs */
		(void)pause();
	*result = (struct probe_result){ .verdict = firewall,
					 .why = "no namespace" };
	return firewall;
}

void __wrap_probe_explain(const struct probe_result *result,
			  void (*line)(void *arg, const char *text), void *arg)
{
	(void)result;
	line(arg, "run: the line that mends it");
}

static int setup(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	struct supervisor *s = calloc(1, sizeof(*s));
	struct conf_tables *c = calloc(1, sizeof(*c));

	assert_non_null(lab);
	assert_non_null(s);
	assert_non_null(c);
	lab->s = s;
	lab->conf = c;
	c->n_rules = 1;
	c->rules[0].source = CONF_SOURCE_AUTO;
	c->n_dests = 1;
	c->dests[0].port_first = c->dests[0].port_last = 7700;
	c->rules[0].to.n = 1;
	c->self_test = CONF_YES;
	c->on_failure = CONF_FAILURE_OPEN_STAY;
	s->conf = c;
	s->times = &times;
	s->nft = (struct nft_link *)lab; /* only ever handed to the above */
	s->rules = installed = NFT_STATE_RUNNING;
	clock_now = 100000;
	looks = nat_takes_ms = nat_interrupted = installs = 0;
	install_result = 0;
	firewall = PROBE_PASSED;
	assert_int_equal(loop_init(&s->loop, NULL, NULL), 0);
	s->loop.clock_ms = test_clock;
	assert_int_equal(loop_step(&s->loop, 0), 0); /* looks at the clock */
	assert_int_equal(supervisor_state_open(s), 0);
	s->shared = ring_shared_new(1, 0, 64);
	assert_non_null(s->shared);
	supervisor_phase(s, SUPERVISOR_RUNNING);
	supervisor_watch_init(s);
	supervisor_firewall_init(s);
	lab->err = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	lab->log = memfd_create("log", MFD_CLOEXEC);
	assert_true(lab->log >= 0);
	assert_int_equal(dup2(lab->log, STDERR_FILENO), STDERR_FILENO);
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;
	struct supervisor *s = lab->s;

	assert_int_equal(dup2(lab->err, STDERR_FILENO), STDERR_FILENO);
	base_fd_close(&lab->err);
	base_fd_close(&lab->log);
	supervisor_firewall_close(s);
	ring_shared_free(s->shared);
	supervisor_state_close(s);
	loop_done(&s->loop);
	free(lab->conf);
	free(s);
	free(lab);
	return 0;
}

/* How often a line with `text` was logged. */
static unsigned said(const struct lab *lab, const char *text)
{
	char buf[8192];
	const ssize_t len = pread(lab->log, buf, sizeof(buf) - 1, 0);
	unsigned n = 0;

	assert_true(len >= 0);
	buf[len] = '\0';
	for (const char *p = buf; (p = strstr(p, text)); p++)
		n++;
	return n;
}

/* The clock goes on, and the loop does what is due then. */
static void pass_ms(const struct lab *lab, uint64_t ms)
{
	clock_now += ms;
	assert_true(loop_step(&lab->s->loop, 0) >= 0);
}

static void somebody_changes(const struct lab *lab)
{
	pass_ms(lab, 0);
	lab->s->others.ready(&lab->s->others, EPOLLIN);
}

/* The process of the self-test that is under way ends. */
static void test_ends(const struct lab *lab)
{
	const pid_t pid = lab->s->firewall.pid;
	siginfo_t info;

	assert_true(pid > 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	supervisor_role_reap(lab->s);
	assert_int_equal(lab->s->firewall.pid, 0);
}

/* Somebody makes the firewall such, and a self-test finds it. */
static void find(const struct lab *lab, enum probe_verdict verdict)
{
	firewall = verdict;
	somebody_changes(lab);
	pass_ms(lab, AGAIN_MS + LOOK_MS);
	test_ends(lab);
}

static void expect(const struct lab *lab, enum nft_state state, bool blocked)
{
	assert_int_equal(installed, state);
	assert_int_equal(lab->s->rules, state);
	assert_int_equal(atomic_load(&lab->s->state->blocked), blocked);
}

/* Looking takes 30 ms: 10 * 30 = 300 more than the 200 ms; 10 ms: 200. */
static void a_tenth_of_the_time(void **state)
{
	static const struct {
		unsigned takes, pause;
	} rows[] = { { 30, 300 }, { 10, LOOK_MS } };
	struct lab *lab = *state;

	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		nat_takes_ms = rows[i].takes;
		pass_ms(lab, HOUR_MS);
		looks = 0;
		somebody_changes(lab);
		pass_ms(lab, 0); /* at once */
		assert_int_equal(looks, 1);
		somebody_changes(lab);
		pass_ms(lab, rows[i].pause - 1);
		assert_int_equal(looks, 1);
		pass_ms(lab, 1);
		assert_int_equal(looks, 2);
		pass_ms(lab, HOUR_MS); /* that was all */
		assert_int_equal(looks, 2);
	}
}

static void interrupted_is_asked_again(void **state)
{
	struct lab *lab = *state;

	nat_interrupted = 2;
	somebody_changes(lab);
	pass_ms(lab, 0);
	assert_int_equal(looks, 1);
	assert_int_equal(ring_shared_source(lab->s->shared), 0);
	pass_ms(lab, LOOK_MS - 1);
	assert_int_equal(looks, 1);
	pass_ms(lab, 1);
	assert_int_equal(looks, 2);
	pass_ms(lab, LOOK_MS);
	assert_int_equal(looks, 3);
	assert_int_equal(ring_shared_source(lab->s->shared),
			 CONF_SOURCE_CLIENT);
	assert_int_equal(said(lab, "source: auto stays"), 0);
	assert_int_equal(said(lab, "source: auto is client: the test's"), 1);
	pass_ms(lab, HOUR_MS);
	assert_int_equal(looks, 3);
}

/* Not while a script may be half way, nor more often than it may be. */
static void once_in_a_while(void **state)
{
	struct lab *lab = *state;
	struct supervisor_firewall *f = &lab->s->firewall;

	somebody_changes(lab);
	pass_ms(lab, LOOK_MS - 1);
	assert_int_equal(f->pid, 0);
	pass_ms(lab, 1);
	test_ends(lab);
	for (int i = 0; i < 10; i++) {
		somebody_changes(lab);
		pass_ms(lab, AGAIN_MS / 10 - 1);
		assert_int_equal(f->pid, 0);
	}
	pass_ms(lab, 10);
	test_ends(lab);
	pass_ms(lab, HOUR_MS); /* nothing has changed since */
	assert_int_equal(f->pid, 0);
	assert_int_equal(said(lab, "self-test"), 0);
	assert_int_equal(installs, 0);
}

/* One that takes as long as that is waited for. */
static void one_at_a_time(void **state)
{
	struct lab *lab = *state;
	pid_t pid;

	firewall = PROBE_VERDICT_MAX; /* it hangs */
	somebody_changes(lab);
	pass_ms(lab, LOOK_MS);
	pid = lab->s->firewall.pid;
	firewall = PROBE_BLOCKED_IN;
	somebody_changes(lab);
	pass_ms(lab, AGAIN_MS);
	assert_int_equal(lab->s->firewall.pid, pid);
	assert_int_equal(kill(pid, SIGKILL), 0);
	test_ends(lab);
	pass_ms(lab, AGAIN_MS);
	test_ends(lab);
	expect(lab, NFT_STATE_BYPASS, true);
}

static void blocked_goes_direct(void **state)
{
	static const enum conf_failure failures[] = { CONF_FAILURE_OPEN,
						      CONF_FAILURE_OPEN_STAY };
	static const enum probe_verdict blocked[] = { PROBE_BLOCKED_IN,
						      PROBE_BLOCKED_OUT };
	struct lab *lab = *state;

	for (unsigned i = 0; i < WS_ARRAY_LEN(failures); i++) {
		lab->conf->on_failure = failures[i];
		find(lab, blocked[i]);
		expect(lab, NFT_STATE_BYPASS, true);
		assert_int_equal(said(lab, "run: the line"), i + 1);
		assert_int_equal(said(lab, "new connections go direct until"),
				 i + 1);
		/* without a change, as long as it is so; said once */
		for (int j = 0; j < 3; j++) {
			pass_ms(lab, AGAIN_MS);
			test_ends(lab);
		}
		expect(lab, NFT_STATE_BYPASS, true);
		firewall = PROBE_PASSED;
		pass_ms(lab, AGAIN_MS);
		test_ends(lab);
		expect(lab, NFT_STATE_RUNNING, false);
		assert_int_equal(said(lab, "run: the line"), i + 1);
		assert_int_equal(said(lab, "new connections go direct until"),
				 i + 1);
		assert_int_equal(said(lab, "new ones are taken"), i + 1);
		assert_int_equal(installs, 2 * (i + 1));
		pass_ms(lab, HOUR_MS);
		assert_int_equal(lab->s->firewall.pid, 0);
	}
}

/* They promise that nothing goes direct. */
static void blocked_is_said_only(void **state)
{
	static const enum conf_failure failures[] = { CONF_FAILURE_CLOSED,
						      CONF_FAILURE_HOLD };
	struct lab *lab = *state;

	for (unsigned i = 0; i < WS_ARRAY_LEN(failures); i++) {
		lab->conf->on_failure = failures[i];
		find(lab, PROBE_BLOCKED_IN);
		expect(lab, NFT_STATE_RUNNING, true);
		find(lab, PROBE_PASSED);
		expect(lab, NFT_STATE_RUNNING, false);
	}
	assert_int_equal(said(lab, "new connections are cut off"), 2);
	assert_int_equal(said(lab, "on_failure: closed"), 1);
	assert_int_equal(said(lab, "on_failure: hold"), 1);
	assert_int_equal(installs, 0);
}

/* One that cannot be made, or is killed, says nothing of a firewall. */
static void not_known_changes_nothing(void **state)
{
	struct lab *lab = *state;

	find(lab, PROBE_IMPOSSIBLE);
	find(lab, PROBE_IMPOSSIBLE);
	expect(lab, NFT_STATE_RUNNING, false);
	assert_int_equal(said(lab, "self-test not possible here: no name"), 1);
	find(lab, PROBE_BLOCKED_IN);
	find(lab, PROBE_IMPOSSIBLE);
	expect(lab, NFT_STATE_BYPASS, true);
	firewall = PROBE_VERDICT_MAX;
	pass_ms(lab, AGAIN_MS);
	assert_int_equal(kill(lab->s->firewall.pid, SIGKILL), 0);
	test_ends(lab);
	expect(lab, NFT_STATE_BYPASS, true);
	/* it is made again all the same */
	firewall = PROBE_PASSED;
	pass_ms(lab, AGAIN_MS);
	test_ends(lab);
	expect(lab, NFT_STATE_RUNNING, false);
}

static void a_kernel_that_refuses_is_asked_again(void **state)
{
	struct lab *lab = *state;

	install_result = -EBUSY;
	find(lab, PROBE_BLOCKED_IN);
	assert_int_equal(installed, NFT_STATE_RUNNING);
	install_result = 0;
	pass_ms(lab, AGAIN_MS);
	test_ends(lab);
	expect(lab, NFT_STATE_BYPASS, true);
	install_result = -EBUSY;
	find(lab, PROBE_PASSED);
	assert_int_equal(installed, NFT_STATE_BYPASS);
	install_result = 0;
	pass_ms(lab, AGAIN_MS);
	test_ends(lab);
	expect(lab, NFT_STATE_RUNNING, false);
}

/* The operator's switch and missing workers come first, and last longer. */
static void what_else_stops_new_ones(void **state)
{
	struct lab *lab = *state;
	struct nft_error text;

	assert_int_equal(supervisor_rules_bypass(lab->s, true, &text), 0);
	find(lab, PROBE_BLOCKED_IN);
	assert_int_equal(supervisor_rules_bypass(lab->s, false, &text), 0);
	assert_non_null(strstr(text.text, "until it lets them in"));
	expect(lab, NFT_STATE_BYPASS, true);
	lab->s->alone = true;
	assert_int_equal(supervisor_rules_wanted(lab->s), NFT_STATE_ABSENT);
	find(lab, PROBE_PASSED);
	expect(lab, NFT_STATE_ABSENT, false);
}

static void not_asked_for(void **state)
{
	struct lab *lab = *state;

	lab->conf->self_test = CONF_NO;
	somebody_changes(lab);
	pass_ms(lab, HOUR_MS);
	assert_int_equal(lab->s->firewall.pid, 0);
	lab->conf->self_test = CONF_YES;
	lab->conf->intercept = CONF_INTERCEPT_REDIRECT;
	somebody_changes(lab);
	pass_ms(lab, HOUR_MS);
	assert_int_equal(lab->s->firewall.pid, 0);
	/* nor any more: what it found does not count */
	lab->conf->intercept = CONF_INTERCEPT_TPROXY;
	find(lab, PROBE_BLOCKED_IN);
	expect(lab, NFT_STATE_BYPASS, true);
	lab->conf->self_test = CONF_NO;
	pass_ms(lab, AGAIN_MS);
	assert_int_equal(lab->s->firewall.pid, 0);
	expect(lab, NFT_STATE_RUNNING, false);
}

/* One under way is ended with the daemon, and what it finds is nothing. */
static void not_while_stopping(void **state)
{
	struct lab *lab = *state;

	firewall = PROBE_BLOCKED_IN;
	somebody_changes(lab);
	pass_ms(lab, LOOK_MS);
	supervisor_phase(lab->s, SUPERVISOR_DRAINING);
	test_ends(lab);
	expect(lab, NFT_STATE_RUNNING, false);
	somebody_changes(lab);
	pass_ms(lab, HOUR_MS);
	assert_int_equal(lab->s->firewall.pid, 0);
	supervisor_phase(lab->s, SUPERVISOR_RUNNING);
	firewall = PROBE_VERDICT_MAX; /* it hangs */
	somebody_changes(lab);
	pass_ms(lab, HOUR_MS);
	assert_true(lab->s->firewall.pid > 0);
	supervisor_firewall_close(lab->s);
	assert_int_equal(waitpid(-1, NULL, 0), -1);
	assert_int_equal(errno, ECHILD);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_tenth_of_the_time),
		CASE(interrupted_is_asked_again),
		CASE(once_in_a_while),
		CASE(one_at_a_time),
		CASE(blocked_goes_direct),
		CASE(blocked_is_said_only),
		CASE(not_known_changes_nothing),
		CASE(a_kernel_that_refuses_is_asked_again),
		CASE(what_else_stops_new_ones),
		CASE(not_asked_for),
		CASE(not_while_stopping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
