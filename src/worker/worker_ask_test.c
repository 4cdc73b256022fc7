/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker_ask_test.c - of which flows the kernel is asked, and how many */
#include "worker_steps_test.h"

#include "intake_peer.h"

/* The linker puts it in place of intake_peer_ask(). */
int __wrap_intake_peer_ask(int fd, struct intake_peer *p);

static struct intake_peer answer;
static unsigned n_asked;

int __wrap_intake_peer_ask(int fd, struct intake_peer *p)
{
	assert_true(fd >= 0);
	n_asked++;
	*p = answer;
	return 0;
}

/* Between two looks for half-open flows: a sixth of half a minute. */
static unsigned asked_in_a_look(struct steps *s)
{
	n_asked = 0;
	steps_jump_ms(s, WORKER_HALF_OPEN_MS / 6);
	return n_asked;
}

/* A client of one address. */
struct pair {
	int client, server;
};

static struct pair open_pair(struct steps *s)
{
	struct pair p = { .client = steps_client(s, 0, 1, 0) };

	say(p.client, "a");
	p.server = steps_server(s, "a");
	return p;
}

static void say_to_client(struct steps *s, const struct pair *p)
{
	say(p->server, "s");
	(void)steps_settle(s);
	hear(p->client, "s");
}

static void close_pair(struct pair *p)
{
	assert_int_equal(close(p->client), 0);
	assert_int_equal(close(p->server), 0);
}

static int setup(void **state)
{
	(void)state;
	answer = (struct intake_peer){ .heard = 5, .done = true };
	return 0;
}

/* It costs a call for each flow. */
static void few_are_asked(void **state)
{
	struct steps *s = steps_new(4);
	struct pair old = open_pair(s), anew;

	(void)state;
	say_to_client(s, &old);
	assert_int_equal(asked_in_a_look(s), 0); /* nobody came anew */
	steps_hour_later(s);
	anew = open_pair(s);
	say_to_client(s, &anew);
	assert_int_equal(asked_in_a_look(s), 1);
	assert_int_equal(asked_in_a_look(s), 0); /* it has got all */
	say_to_client(s, &old);
	answer = (struct intake_peer){ .heard = 6 };
	for (int i = 0; i < 20; i++)
		assert_int_equal(asked_in_a_look(s), 1); /* not yet */
	answer = (struct intake_peer){ .heard = 7, .unanswered = true };
	assert_int_equal(asked_in_a_look(s), 1);
	answer = (struct intake_peer){ .heard = 8, .done = true };
	assert_int_equal(asked_in_a_look(s), 1);
	assert_int_equal(asked_in_a_look(s), 0);
	close_pair(&old);
	close_pair(&anew);
	steps_free(s);
}

/* As many segments were heard as bytes were sent: two things in one word. */
static void stuck_is_stuck(void **state)
{
	struct steps *s = steps_new(4);
	struct pair old = open_pair(s), anew;

	(void)state;
	say_to_client(s, &old);
	steps_hour_later(s);
	anew = open_pair(s);
	answer = (struct intake_peer){ .heard = 1, .unanswered = true };
	for (int i = 0; i < 6; i++) {
		assert_int_equal(asked_in_a_look(s), 1);
		assert_int_equal(s->w[0].map.slots[0].state, RING_STATE_OPEN);
	}
	assert_int_equal(asked_in_a_look(s), 1);
	assert_int_equal(s->w[0].map.slots[0].state, RING_STATE_FREE);
	close_pair(&old);
	close_pair(&anew);
	steps_free(s);
}

/* What was noted of a flow is not of the next one with its slot. */
static void a_new_flow_is_not_stuck(void **state)
{
	struct steps *s = steps_new(4);
	struct worker_link *l = &s->w[0].worker->links[0];
	struct pair p;

	(void)state;
	l->stuck = true;
	l->seen = 5;
	p = open_pair(s);
	assert_false(l->stuck);
	assert_int_equal(l->seen, 0);
	close_pair(&p);
	steps_free(s);
}

#define MANY (2 * WORKER_ASKED_MAX + 10)

static unsigned n_stuck(const struct steps *s)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < MANY; i++)
		n += s->w[0].worker->links[i].stuck;
	return n;
}

/* Copies of one flow in all slots: the kernel is asked for each at its turn. */
static void many_are_asked_one_after_another(void **state)
{
	struct steps *s = steps_new(MANY);
	struct ring_map *m = &s->w[0].map;
	struct pair old = open_pair(s), anew;

	(void)state;
	say_to_client(s, &old);
	steps_hour_later(s);
	anew = open_pair(s);
	for (uint32_t i = 2; i < MANY; i++)
		m->slots[i] = m->slots[0];
	m->control->n_used = MANY;
	answer.done = false;
	answer.unanswered = true;
	assert_int_equal(asked_in_a_look(s), WORKER_ASKED_MAX);
	assert_int_equal(n_stuck(s), WORKER_ASKED_MAX);
	assert_int_equal(asked_in_a_look(s), WORKER_ASKED_MAX);
	assert_int_equal(n_stuck(s), 2 * WORKER_ASKED_MAX);
	assert_int_equal(asked_in_a_look(s), WORKER_ASKED_MAX);
	assert_int_equal(n_stuck(s), MANY - 1); /* but the new one */
	for (uint32_t i = 2; i < MANY; i++)
		m->slots[i].state = RING_STATE_FREE;
	close_pair(&old);
	close_pair(&anew);
	steps_free(s);
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(few_are_asked),
		CASE(stuck_is_stuck),
		CASE(a_new_flow_is_not_stuck),
		CASE(many_are_asked_one_after_another),
	};

	return cmocka_run_group_tests(tests, steps_enter, NULL);
}
