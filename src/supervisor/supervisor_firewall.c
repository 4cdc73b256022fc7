/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * supervisor_firewall.c - does the host let in what is handed to us?
 *
 * Theory of operation. The self-test (probe.h) is made before there are rules,
 * and again whenever somebody has changed nftables, not more often than every
 * times.again_ms: whoever loads the host's firewall anew may lose the line that
 * lets our packets in, and from then on each new tracker would be cut off. It
 * takes a second where packets vanish, so a child makes it: it logs what it
 * found, and its exit status is the verdict. After "blocked" it is made again
 * and again, since not every firewall says when it changes.
 *
 *   verdict      open, open-stay                 closed, hold
 *   blocked      new connections go direct       only said: they promise that
 *                (NFT_STATE_BYPASS), what runs   none does
 *                goes on
 *   passed       all as it was
 *   impossible   nothing is known, nothing changes
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base_die.h"
#include "base_log.h"
#include "probe.h"
#include "role_title.h"
#include "supervisor_internal.h"

#define LIMIT_S 60 /* of a self-test that hangs */

static void log_line(void *arg, const char *text)
{
	(void)arg;
	base_err("%s", text);
}

/* Any port that a rule asks for. */
static uint16_t any_port(const struct conf_tables *c)
{
	return c->dests[c->rules[0].to.first].port_first;
}

/* Makes it, and says what was not `known` before; `blocked` is the first line
 * about a firewall. */
static enum probe_verdict test(const struct conf_tables *c,
			       enum probe_verdict known, const char *blocked)
{
	struct probe_result result;
	const enum probe_verdict v = probe_input(any_port(c), &result);

	switch (v) {
	case PROBE_PASSED:
		break;
	case PROBE_IMPOSSIBLE:
		if (known != PROBE_IMPOSSIBLE)
			base_notice("self-test not possible here: %s",
				    result.why);
		break;
	case PROBE_BLOCKED_OUT:
	case PROBE_BLOCKED_IN:
	case PROBE_VERDICT_MAX:
		if (known >= PROBE_BLOCKED_OUT)
			break;
		base_err("%s", blocked);
		probe_explain(&result, log_line, NULL);
		break;
	}
	return v;
}

int supervisor_firewall_start(struct supervisor *s)
{
	if (s->conf->self_test == CONF_NO)
		return 0;
	if (s->conf->intercept == CONF_INTERCEPT_REDIRECT) {
		base_notice("self-test not possible here: intercept: redirect");
		return 0;
	}
	s->firewall.verdict =
		test(s->conf, PROBE_PASSED,
		     "self-test: intercepted connections would be cut off here "
		     "(self_test: no starts all the same)");
	return s->firewall.verdict >= PROBE_BLOCKED_OUT ? -EACCES : 0;
}

bool supervisor_firewall_avoided(const struct supervisor *s)
{
	return s->firewall.verdict >= PROBE_BLOCKED_OUT &&
	       (s->conf->on_failure == CONF_FAILURE_OPEN ||
		s->conf->on_failure == CONF_FAILURE_OPEN_STAY);
}

/* In the child. Return: exit status, which is the verdict. */
static int be_tester(struct supervisor *s, pid_t parent)
{
	role_title("wayside-probe");
	/* nobody but a worker may write what a worker sends */
	supervisor_memory_free(s);
	supervisor_state_close(s);
	/* the netlink socket above all: an owned table would outlive us */
	(void)close_range(STDERR_FILENO + 1, ~0U, 0);
	(void)alarm(base_die_limit_ms(LIMIT_S * 1000) / 1000);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		return PROBE_IMPOSSIBLE;
	return (int)test(s->conf, s->firewall.verdict,
			 "self-test: a firewall of this host drops intercepted "
			 "connections by now");
}

static void again(struct supervisor *s)
{
	loop_timer_set(&s->loop, &s->firewall.next, s->firewall.next_ms);
}

static bool is_asked(const struct supervisor *s)
{
	return s->nft && s->conf->self_test != CONF_NO &&
	       s->conf->intercept != CONF_INTERCEPT_REDIRECT;
}

void supervisor_firewall_changed(struct supervisor *s)
{
	struct supervisor_firewall *f = &s->firewall;
	const uint64_t soon = loop_now_ms(&s->loop) + s->times->look_ms;

	if (!is_asked(s) || f->next.armed)
		return;
	/* a firewall's script may be half way */
	if (f->next_ms < soon)
		f->next_ms = soon;
	again(s);
}

static void say(const struct supervisor *s, bool blocked)
{
	if (!blocked)
		base_notice("the firewall lets intercepted connections in "
			    "again: new ones are taken");
	else if (supervisor_firewall_avoided(s))
		base_warn("new connections go direct until the firewall lets "
			  "intercepted ones in");
	else
		base_warn("new connections are cut off until the firewall lets "
			  "them in: on_failure: %s does not let them go "
			  "direct",
			  conf_failure_name(s->conf->on_failure));
}

/* The rules follow. */
static void judged(struct supervisor *s, enum probe_verdict verdict)
{
	struct supervisor_firewall *f = &s->firewall;
	const bool was = f->verdict >= PROBE_BLOCKED_OUT;
	const bool is = verdict >= PROBE_BLOCKED_OUT;
	int r = 0;

	if (s->phase > SUPERVISOR_RUNNING)
		return;
	if (was && verdict == PROBE_IMPOSSIBLE) {
		again(s);
		return;
	}
	f->verdict = verdict;
	atomic_store(&s->state->blocked, is);
	if (s->phase == SUPERVISOR_RUNNING &&
	    s->rules != supervisor_rules_wanted(s))
		r = supervisor_rules_set(s, supervisor_rules_wanted(s));
	if (is || r)
		again(s);
	if (is != was)
		say(s, is);
}

static void begin(struct loop_timer *t, uint64_t now_ms)
{
	struct supervisor *s =
		WS_CONTAINER(t, struct supervisor, firewall.next);
	struct supervisor_firewall *f = &s->firewall;
	const pid_t self = getpid();

	if (s->phase > SUPERVISOR_RUNNING)
		return;
	f->next_ms = now_ms + s->times->again_ms;
	if (!is_asked(s)) { /* a reload wants none */
		judged(s, PROBE_PASSED);
		return;
	}
	if (f->pid) {
		again(s);
		return;
	}
	f->pid = fork();
	if (f->pid == 0)
		_exit(be_tester(s, self));
	if (f->pid > 0)
		return;
	f->pid = 0;
	base_warn("the self-test cannot be made again: %s",
		  strerrordesc_np(errno));
	again(s);
}

void supervisor_firewall_init(struct supervisor *s)
{
	s->firewall.next.fire = begin;
}

bool supervisor_firewall_reaped(struct supervisor *s, pid_t pid, int status)
{
	struct supervisor_firewall *f = &s->firewall;

	if (!f->pid || pid != f->pid)
		return false;
	f->pid = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) < PROBE_VERDICT_MAX)
		judged(s, (enum probe_verdict)WEXITSTATUS(status));
	else
		again(s);
	return true;
}

void supervisor_firewall_close(struct supervisor *s)
{
	struct supervisor_firewall *f = &s->firewall;

	if (!f->pid)
		return;
	(void)kill(f->pid, SIGKILL); /* our child: it is there */
	while (waitpid(f->pid, NULL, 0) < 0 && errno == EINTR)
		;
	f->pid = 0;
}
