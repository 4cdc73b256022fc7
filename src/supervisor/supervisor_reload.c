/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_reload.c - another configuration, in all processes or in none */
#include "supervisor_reload.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_die.h"
#include "base_fd.h"
#include "base_log.h"
#include "base_time.h"
#include "conf_change.h"
#include "conf_edit.h"
#include "control.h"
#include "role_channel.h"
#include "role_title.h"
#include "supervisor_internal.h"
#include "supervisor_notify.h"

/* Roles in the order of the arrays: the recorder, then the workers. */
static struct supervisor_child *role_at(struct supervisor *s, unsigned i)
{
	return i ? &s->workers[i - 1] : &s->recorder;
}

static bool is_edit(const struct supervisor_reload *r)
{
	return r->edit.rule[0];
}

static unsigned index_of(const struct supervisor_child *c)
{
	return c->kind == SUPERVISOR_RECORDER ? 0 : 1 + c->index;
}

/* One line more for who asked. Without memory, what there was is all. */
WS_PRINTF(2, 3)
static void say(struct supervisor_reload *r, const char *fmt, ...)
{
	char *line = NULL, *both = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&line, fmt, args) < 0)
		line = NULL;
	va_end(args);
	if (line &&
	    asprintf(&both, "%s%s\n", r->said ? r->said : "", line) > 0) {
		free(r->said);
		r->said = both;
	}
	free(line);
}

static void answer(const struct supervisor_reload_asker *asker, int error,
		   const char *text)
{
	if (asker && asker->answer)
		asker->answer(asker->arg, error, text ? text : "");
}

/* A refusal is logged when nobody is told of it, and once in a while: whoever
 * may ask must not be able to fill the log. */
static bool logs_refusal(struct supervisor *s,
			 const struct supervisor_reload_asker *asker)
{
	const uint64_t now = loop_now_ms(&s->loop);

	if ((asker && asker->answer) || now < s->reload.quiet_ms)
		return false;
	s->reload.quiet_ms = now + SUPERVISOR_RELOAD_QUIET_MS;
	return true;
}

/* A request that does not get as far as to change our step. */
static void turn_down(struct supervisor *s,
		      const struct supervisor_reload_asker *asker, int error,
		      const char *text)
{
	char line[128];

	(void)snprintf(line, sizeof(line), "%s\n", text);
	if (logs_refusal(s, asker))
		base_warn("the configuration is not loaded again: %s", text);
	answer(asker, error, line);
}

/* The last line, which always fits: of what was said before, the last lines are
 * left out for it. */
static void say_verdict(struct supervisor_reload *r, const char *text)
{
	const size_t most = CONTROL_TEXT_MAX - strlen(text) - 1;

	if (r->said && strlen(r->said) > most) {
		char *end;

		r->said[most] = '\0';
		end = strrchr(r->said, '\n');
		*(end ? end + 1 : r->said) = '\0';
	}
	say(r, "%s", text);
}

static void refuse(struct supervisor *s)
{
	struct supervisor_reload *r = &s->reload;
	char text[80];

	(void)snprintf(text, sizeof(text),
		       "refused: configuration %u stays in force",
		       (unsigned)s->conf->number);
	if (!is_edit(r))
		atomic_fetch_add(&s->state->reloads_refused, 1);
	if (logs_refusal(s, &r->asker)) {
		conf_load_log(r->said);
		base_err("the new configuration is %s", text);
	}
	say_verdict(r, text);
	conf_load_unmap(r->next);
	conf_load_forget(r->next_secrets);
	base_fd_close(&r->next_fd);
}

static void accept_it(struct supervisor *s)
{
	static const char *const lists[CONTROL_LIST_MAX] = {
		[CONTROL_LIST_TO] = "to",
		[CONTROL_LIST_CLIENTS] = "clients",
		[CONTROL_LIST_INTERFACES] = "interfaces",
	};
	struct supervisor_reload *r = &s->reload;
	const struct control_edit *e = &r->edit;
	char text[256];
	int n;

	n = snprintf(text, sizeof(text), "configuration %u is in force",
		     (unsigned)s->conf->number);
	/* which is a rule's name and an item, now that it was taken */
	if (is_edit(r))
		(void)snprintf(text + n, sizeof(text) - (size_t)n,
			       ": rule \"%s\" has %s %s in %s", e->rule,
			       e->add ? "got" : "lost", e->item,
			       lists[e->list]);
	conf_load_log(r->said);
	base_notice("%s", text);
	say_verdict(r, text);
}

/* The end of an attempt, good or bad; `error` says which. */
static void finish(struct supervisor *s, int error)
{
	struct supervisor_reload *r = &s->reload;
	const struct supervisor_reload_asker asker = r->asker;
	char *said;

	loop_timer_clear(&s->loop, &r->limit);
	if (error)
		refuse(s);
	else
		accept_it(s);
	r->next = NULL;
	r->next_secrets = NULL;
	memset(&r->edit, 0, sizeof(r->edit));
	r->step = SUPERVISOR_RELOAD_IDLE;
	said = r->said;
	r->said = NULL;
	supervisor_notify_ready();
	answer(&asker, error, said);
	free(said);
}

static int tell(const struct supervisor *s, const struct supervisor_child *c,
		enum role_message_type type, int with)
{
	const struct role_message m = { .type = type,
					.number = s->reload.number };

	return c->channel.fd < 0 ? -EPIPE
				 : role_channel_send(c->channel.fd, &m, with);
}

/* Nothing changes: roles forget what they were given. One that cannot be told
 * forgets it when the next tables come. */
static void discard(struct supervisor *s, int error)
{
	for (unsigned i = 0; i <= s->n_workers; i++) {
		if (s->reload.asked[i])
			(void)tell(s, role_at(s, i), ROLE_DISCARD, -1);
	}
	finish(s, error);
}

static void count(struct supervisor *s)
{
	struct control_state *state = s->state;

	atomic_store(&state->config_number, s->conf->number);
	if (is_edit(&s->reload)) {
		atomic_fetch_add(&state->edits, 1);
		return;
	}
	atomic_store(&state->edits, 0);
	atomic_store(&state->reloaded_ns, base_time_wall_ns());
	atomic_fetch_add(&state->reloads, 1);
}

/* The new tables, and what belongs to them, are ours. An edit has changed no
 * sink, and brings no secrets. */
static void swap(struct supervisor *s)
{
	struct supervisor_reload *r = &s->reload;
	const struct conf_tables *old = r->mapped ? s->conf : NULL;

	supervisor_publish_change(s, r->next,
				  is_edit(r) ? s->secrets : r->next_secrets);
	s->conf = r->next;
	base_fd_close(&s->conf_fd);
	s->conf_fd = base_fd_take(&r->next_fd);
	r->mapped = true;
	conf_load_unmap(old); /* roles have mappings of their own */
	if (is_edit(r))
		return;
	conf_load_forget(s->secrets);
	s->secrets = r->next_secrets;
}

/* All have prepared, the kernel too: no way back from here. */
static void activate(struct supervisor *s)
{
	struct supervisor_reload *r = &s->reload;
	char name[SUPERVISOR_NAME_LEN];

	swap(s);
	for (unsigned i = 0; i <= s->n_workers; i++) {
		struct supervisor_child *c = role_at(s, i);

		if (!r->asked[i] || !tell(s, c, ROLE_ACTIVATE, -1))
			continue;
		/* its successor begins with the new tables */
		supervisor_child_name(c, name);
		base_err("%s cannot be told of the new configuration: it is "
			 "replaced",
			 name);
		supervisor_child_end(c);
	}
	supervisor_publish_begin(s);
	count(s);
	finish(s, 0);
}

/* Asks those that have not been asked yet. Return: how many answers are still
 * to come, or -errno after it was said. */
static int ask_all(struct supervisor *s)
{
	struct supervisor_reload *r = &s->reload;
	char name[SUPERVISOR_NAME_LEN];
	int waiting = 0;

	for (unsigned i = 0; i <= s->n_workers; i++) {
		const struct supervisor_child *c = role_at(s, i);
		int error = 0;

		if (!c->pid)
			continue;
		if (!r->asked[i])
			error = tell(s, c, ROLE_PREPARE, r->next_fd);
		if (error) {
			supervisor_child_name(c, name);
			say(r, "%s cannot be asked: %s", name,
			    strerrordesc_np(-error));
			return error;
		}
		r->asked[i] = true;
		waiting += !r->prepared[i];
	}
	return waiting;
}

/* Goes on as far as it can. */
static void proceed(struct supervisor *s)
{
	struct nft_error why;
	int r = ask_all(s);

	if (r > 0)
		return;
	if (r == 0) {
		r = supervisor_rules_renew(s, s->reload.next, &why);
		if (r)
			say(&s->reload, "%s", why.text);
	}
	if (r)
		discard(s, r);
	else
		activate(s);
}

/* What only a restart can change. Return: 0, or -EINVAL after it was said. */
static int check_change(struct supervisor *s)
{
	char *lines = NULL;
	size_t len;
	unsigned n;
	FILE *f = open_memstream(&lines, &len);

	if (!f)
		return -ENOMEM;
	n = conf_change_refused(s->conf, s->reload.next, f);
	if (fclose(f) || !lines)
		n = 1;
	if (n && lines && len)
		say(&s->reload, "%.*s", (int)len - 1, lines);
	free(lines);
	return n ? -EINVAL : 0;
}

static void loaded(struct supervisor *s, int status)
{
	struct supervisor_reload *r = &s->reload;
	int error = conf_load_end(&r->loading, status, &r->next, &r->next_fd,
				  &r->next_secrets, &r->said);

	if (!error)
		error = check_change(s);
	if (error) {
		finish(s, error);
		return;
	}
	r->step = SUPERVISOR_RELOAD_PREPARING;
	r->number = r->next->number;
	memset(r->asked, 0, sizeof(r->asked));
	memset(r->prepared, 0, sizeof(r->prepared));
	loop_timer_set(&s->loop, &r->limit,
		       loop_now_ms(&s->loop) + s->times->prepare_ms);
	proceed(s);
}

static void limit_reached(struct loop_timer *t, uint64_t now_ms)
{
	struct supervisor *s = WS_CONTAINER(t, struct supervisor, reload.limit);
	struct supervisor_reload *r = &s->reload;
	char name[SUPERVISOR_NAME_LEN];

	(void)now_ms;
	if (r->step == SUPERVISOR_RELOAD_LOADING) {
		conf_load_kill(&r->loading); /* SIGCHLD goes on from here */
		return;
	}
	for (unsigned i = 0; i <= s->n_workers; i++) {
		if (!r->asked[i] || r->prepared[i])
			continue;
		supervisor_child_name(role_at(s, i), name);
		say(r, "%s has not answered within %u ms", name,
		    (unsigned)s->times->prepare_ms);
	}
	discard(s, -ETIMEDOUT);
}

/* In the parsing child: nobody but a worker may write what a worker sends. */
static void give_back(void *arg)
{
	struct supervisor *s = arg;

	role_title("wayside-parser");
	supervisor_memory_free(s);
	supervisor_state_close(s);
}

void supervisor_reload_init(struct supervisor *s)
{
	s->reload = (struct supervisor_reload){
		.next_fd = -1,
		.number = s->conf->number,
		.limit = { .fire = limit_reached },
	};
}

/* Is another one under way, or this not the time? */
static bool busy(struct supervisor *s,
		 const struct supervisor_reload_asker *asker)
{
	if (s->reload.step != SUPERVISOR_RELOAD_IDLE)
		turn_down(s, asker, -EBUSY, "a reload is under way");
	else if (s->phase != SUPERVISOR_RUNNING)
		turn_down(s, asker, -EAGAIN, "the daemon starts or stops");
	else
		return false;
	return true;
}

/* `input` is what to load, but for what every child of ours gets. */
static void begin(struct supervisor *s,
		  const struct supervisor_reload_asker *asker,
		  struct conf_input *input)
{
	struct supervisor_reload *r = &s->reload;

	r->asker = asker ? *asker
			 : (struct supervisor_reload_asker){ NULL, NULL };
	r->step = SUPERVISOR_RELOAD_LOADING;
	input->number = r->number + 1;
	input->in_child = give_back;
	input->in_child_arg = s;
	supervisor_notify_reloading();
	conf_load_begin(input, &r->loading);
	if (r->loading.pid)
		loop_timer_set(&s->loop, &r->limit,
			       loop_now_ms(&s->loop) +
				       base_die_limit_ms(CONF_LOAD_LIMIT_MS));
	else
		loaded(s, 0);
}

void supervisor_reload(struct supervisor *s,
		       const struct supervisor_reload_asker *asker)
{
	struct conf_input input;
	const bool fine = !busy(s, asker);

	if (fine && s->input && s->input->path) {
		input = *s->input;
		begin(s, asker, &input);
		return;
	}
	atomic_fetch_add(&s->state->reloads_refused, 1);
	if (fine)
		turn_down(s, asker, -ENOENT,
			  "it was started without a configuration file");
}

void supervisor_reload_edit(struct supervisor *s,
			    const struct supervisor_reload_asker *asker,
			    const struct control_edit *edit)
{
	static const enum conf_key_id keys[CONTROL_LIST_MAX] = {
		[CONTROL_LIST_TO] = CONF_KEY_RULE_TO,
		[CONTROL_LIST_CLIENTS] = CONF_KEY_RULE_CLIENTS,
		[CONTROL_LIST_INTERFACES] = CONF_KEY_RULE_INTERFACES,
	};
	struct supervisor_reload *r = &s->reload;
	struct conf_input input = { .edit = &r->change };

	if (busy(s, asker))
		return;
	r->edit = *edit;
	r->change = (struct conf_edit){ .base = s->conf,
					.key = keys[edit->list],
					.add = edit->add,
					.rule = r->edit.rule,
					.item = r->edit.item };
	begin(s, asker, &input);
}

void supervisor_reload_stop(struct supervisor *s)
{
	struct supervisor_reload *r = &s->reload;

	if (r->step == SUPERVISOR_RELOAD_IDLE)
		return;
	say(r, "the daemon is stopping");
	if (r->step == SUPERVISOR_RELOAD_PREPARING) {
		discard(s, -ESHUTDOWN);
		return;
	}
	conf_load_drop(&r->loading);
	finish(s, -ESHUTDOWN);
}

/* A role may say anything. */
static int known_error(int error)
{
	return error < 0 && error > -4096 && strerrordesc_np(-error) ? error
								     : -EPROTO;
}

bool supervisor_reload_reaped(struct supervisor *s, pid_t pid, int status)
{
	if (s->reload.step != SUPERVISOR_RELOAD_LOADING ||
	    pid != s->reload.loading.pid)
		return false;
	loaded(s, status);
	return true;
}

void supervisor_reload_prepared(struct supervisor_child *c,
				const struct role_message *m)
{
	struct supervisor *s = c->supervisor;
	struct supervisor_reload *r = &s->reload;
	const unsigned i = index_of(c);

	if (r->step != SUPERVISOR_RELOAD_PREPARING || !r->asked[i] ||
	    r->prepared[i] || m->number != r->number)
		return;
	if (m->error) {
		const int error = known_error(m->error);
		char name[SUPERVISOR_NAME_LEN];

		supervisor_child_name(c, name);
		say(r, "%s refuses it: %s", name, strerrordesc_np(-error));
		discard(s, error);
		return;
	}
	r->prepared[i] = true;
	proceed(s);
}

void supervisor_reload_gone(struct supervisor_child *c)
{
	struct supervisor *s = c->supervisor;
	struct supervisor_reload *r = &s->reload;
	char name[SUPERVISOR_NAME_LEN];

	if (r->step != SUPERVISOR_RELOAD_PREPARING || !r->asked[index_of(c)])
		return;
	supervisor_child_name(c, name);
	say(r, "%s has ended meanwhile", name);
	discard(s, -EPIPE);
}
