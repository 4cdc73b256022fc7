/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * supervisor_actor_test.h - roles that do what a test tells them
 *
 * Actors are forked by the daemon in place of recorder, workers (a worker's
 * under a real keeper) and publishers. Memory that all share is their stage:
 * there a test leaves words for an actor to say to the supervisor, and reads
 * what the actor has heard. A signal tells the actor to look.
 */
#ifndef SUPERVISOR_ACTOR_TEST_H
#define SUPERVISOR_ACTOR_TEST_H

#include <stdatomic.h>
#include <sys/eventfd.h>

#include "publisher.h"
#include "recorder.h"
#include "ring_shared.h"
#include "role_channel.h"
#include "supervisor_test.h"
#include "worker.h"

#define ACTORS       3 /* 0: the recorder; 1 + i: worker i */
#define RECORDER     0
#define PUBLISHER(n) (ACTORS + (n)) /* of the sink "s0", "s1" ... "s9" */
#define STAGE_SIZE   (PUBLISHER(10) * sizeof(*stage))

struct actor {
	_Atomic int pid; /* of the last one */
	_Atomic uint32_t starts;
	_Atomic uint32_t heard[ROLE_MESSAGE_MAX];
	_Atomic uint32_t mute;    /* so many do not say READY by themselves */
	_Atomic uint32_t deaf;    /* does not end when it hears STOP, or when
				     there is nothing more to hear */
	_Atomic uint32_t hang_up; /* ends what it has to say */
	_Atomic uint64_t help;    /* as it was at the last LEND */
	_Atomic uint32_t crashed; /* the recorder was told */
	/* a publisher: SIGTERM ends it, as while it opens its sink */
	_Atomic uint32_t opens;
	_Atomic uint64_t kicks;        /* it was given, when it began */
	_Atomic uint32_t secrets;      /* all of them were in its memory */
	char password[CONF_SHORT_LEN]; /* its own, as its setup has it */
	/* said so many times when it is looked at, which takes it away */
	_Atomic uint32_t times;
	struct role_message say;
	/* called when it hears DRAIN */
	uint32_t (*drain)(void);
	_Atomic uint32_t drain_result;
};

/* One stage a test program; NULL: not yet. */
static struct actor *stage;
/* Where all secrets are in the daemon; NULL: nowhere. */
static const void *secrets_place;

static inline void actor_looks(int sig)
{
	(void)sig; /* it ends ppoll() */
}

/* Return: false = to exit. */
static inline bool actor_hears(struct actor *a, int channel,
			       struct ring_shared *shared)
{
	struct role_message m;
	const int n = role_channel_receive(channel, &m, NULL);

	while (n < 0 && atomic_load(&a->deaf))
		(void)pause();
	if (n < 0)
		return false;
	if (n == 0)
		return true;
	if (m.type == ROLE_LEND && shared)
		atomic_store(&a->help, ring_shared_help(shared));
	if (m.type == ROLE_DRAIN && a->drain)
		atomic_store(&a->drain_result, a->drain());
	atomic_fetch_add(&a->heard[m.type], 1);
	return m.type != ROLE_STOP || atomic_load(&a->deaf);
}

/* Is something mapped there? mincore(2): ENOMEM otherwise. */
static inline bool sees_secrets(void)
{
	unsigned char pages[16];
	const size_t len = sizeof(struct conf_secrets);

	assert_true(len <= sizeof(pages) * (size_t)getpagesize());
	if (!secrets_place)
		return false;
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): drops const */
	return mincore((void *)(uintptr_t)secrets_place, len, pages) == 0;
}

/* Return: exit status. */
static inline int act(int index, int channel, struct ring_shared *shared)
{
	const struct rlimit no_core = { 0, 0 };
	/* cmocka catches these, so that a test that crashes is a red one */
	const struct sigaction crash = { .sa_handler = SIG_DFL };
	const struct sigaction look = { .sa_handler = actor_looks };
	struct actor *a = &stage[index];
	struct pollfd p = { .fd = channel, .events = POLLIN };
	sigset_t blocked, open;

	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGUSR1);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
	    setrlimit(RLIMIT_CORE, &no_core) < 0 ||
	    sigprocmask(SIG_BLOCK, &blocked, &open) < 0 ||
	    sigaction(SIGUSR1, &look, NULL) < 0 ||
	    sigaction(SIGSEGV, &crash, NULL) < 0 ||
	    sigaction(SIGSYS, &crash, NULL) < 0)
		return 99;
	(void)sigdelset(&open, SIGUSR1);
	/* ends the recorder, as by default; a publisher blocks it */
	if (index < ACTORS || atomic_load(&a->opens))
		(void)sigdelset(&open, SIGTERM);
	/* one that was ended for its last word has not counted it */
	atomic_store(&a->times, 0);
	atomic_store(&a->pid, getpid());
	atomic_store(&a->secrets, sees_secrets());
	atomic_fetch_add(&a->starts, 1);
	if (atomic_load(&a->mute))
		atomic_fetch_sub(&a->mute, 1);
	else if (role_channel_say(channel, ROLE_READY))
		return 99;
	for (;;) {
		if (atomic_exchange(&a->hang_up, 0))
			(void)shutdown(channel, SHUT_RDWR);
		while (atomic_load(&a->times)) {
			if (role_channel_send(channel, &a->say, -1) == 0)
				atomic_fetch_sub(&a->times, 1);
			else
				(void)poll(
					&(struct pollfd){ .fd = channel,
							  .events = POLLOUT },
					1, -1);
		}
		if (ppoll(&p, 1, NULL, &open) == 1 &&
		    !actor_hears(a, channel, shared))
			return 0;
	}
}

static inline int play_recorder(const struct recorder_setup *setup,
				pid_t parent)
{
	(void)parent;
	atomic_store(&stage[RECORDER].crashed, setup->crashed);
	for (unsigned i = 0; i < setup->n_kicks; i++) {
		if (eventfd_write(setup->kicks[i], 1))
			return 99;
	}
	return act(RECORDER, setup->channel, NULL);
}

static inline int play_worker(const struct worker_setup *setup, pid_t parent)
{
	(void)parent;
	return act(1 + (int)setup->index, setup->channel, setup->shared);
}

static inline int play_publisher(const struct publisher_setup *setup,
				 pid_t parent)
{
	struct actor *a = &stage[PUBLISHER(setup->sink->name[1] - '0')];
	eventfd_t kicks = 0;

	(void)parent;
	(void)eventfd_read(setup->kick, &kicks); /* none: 0 */
	atomic_store(&a->kicks, kicks);
	(void)snprintf(a->password, sizeof(a->password), "%s",
		       setup->secret->password);
	return act((int)(a - stage), setup->channel, NULL);
}

static const struct supervisor_roles actors = { play_recorder, play_worker,
						play_publisher };

static inline void set_stage(void)
{
	stage = mmap(NULL, STAGE_SIZE, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(stage, MAP_FAILED);
}

static inline void clear_stage(void)
{
	assert_int_equal(munmap(stage, STAGE_SIZE), 0);
}

static inline int setup_actors(void **state)
{
	struct lab *lab;

	set_stage();
	(void)setup(state);
	lab = *state;
	lab->setup.roles = &actors;
	return 0;
}

static inline int teardown_actors(void **state)
{
	clear_stage();
	return teardown(state);
}

/* Waits until `actor` has heard `type` so many times. */
static inline void await_heard(int actor, enum role_message_type type,
			       uint32_t n)
{
	const uint64_t limit = deadline();

	while (atomic_load(&stage[actor].heard[type]) != n)
		look_again(limit);
}

static inline void await_starts(int actor, uint32_t n)
{
	const uint64_t limit = deadline();

	while (atomic_load(&stage[actor].starts) != n)
		look_again(limit);
}

/* Lets it say `m` so many times; returns when all is said. */
static inline void let_say(int actor, uint32_t times,
			   const struct role_message *m)
{
	const uint64_t limit = deadline();
	struct actor *a = &stage[actor];

	a->say = *m;
	atomic_store(&a->times, times);
	assert_int_equal(kill(atomic_load(&a->pid), SIGUSR1), 0);
	while (atomic_load(&a->times))
		look_again(limit);
}

static inline void let_say_type(int actor, enum role_message_type type)
{
	let_say(actor, 1, &(const struct role_message){ .type = type });
}

static inline void kill_actor(int actor, int sig)
{
	assert_int_equal(kill(atomic_load(&stage[actor].pid), sig), 0);
}

#define ACT(name) \
	cmocka_unit_test_setup_teardown(name, setup_actors, teardown_actors)

#endif
