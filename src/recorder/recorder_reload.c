/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder_reload.c - another configuration, while the rings are read on */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base_die.h"
#include "base_fd.h"
#include "base_log.h"
#include "conf_load.h"
#include "recorder_internal.h"
#include "role_channel.h"

static struct capture_lines_file *find_file(struct capture_lines *l,
					    const char *path)
{
	for (int i = 0; i < l->n_files; i++) {
		if (!strcmp(l->files[i].path, path))
			return &l->files[i];
	}
	return NULL;
}

/* Those that are open already stay what they are until it is activated. */
static int open_new_files(struct recorder *r)
{
	const struct conf_tables *t = r->next_conf;

	for (uint32_t i = 0; i < t->n_events; i++) {
		struct capture_lines_file *f = capture_lines_add_file(
			&r->next_events, t->events_format[i], AT_FDCWD,
			t->events[i], NULL);
		int err = -EMFILE;

		if (f && find_file(&r->events, t->events[i]))
			continue;
		if (f)
			err = capture_lines_settle(f);
		if (err < 0) {
			base_err("event file %s: %s", t->events[i],
				 strerrordesc_np(-err));
			return err;
		}
	}
	return 0;
}

static int prepare(struct recorder *r, uint32_t number, int fd)
{
	const int err = conf_load_map(fd, &r->next_conf);
	const struct conf_tables *t = r->next_conf;

	if (err)
		return err;
	if (t->number != number)
		return -EBADMSG;
	/* captures of running flows lie there, and rows that wait are for it */
	if (strcmp(t->log_dir, r->conf->log_dir) != 0 ||
	    strcmp(t->store, r->conf->store) != 0)
		return -EINVAL;
	return open_new_files(r);
}

void recorder_reload_discard(struct recorder *r)
{
	capture_lines_done(&r->next_events);
	conf_load_unmap(r->next_conf);
	r->next_conf = NULL;
}

void recorder_reload_prepare(struct recorder *r, uint32_t number, int fd)
{
	struct role_message answer = { .type = ROLE_PREPARED,
				       .number = number };
	int err;

	recorder_reload_discard(r);
	capture_lines_init(&r->next_events, &recorder_files_event_ops, r);
	answer.error = prepare(r, number, fd);
	base_fd_close(&fd);
	if (answer.error)
		recorder_reload_discard(r);
	else
		base_die_at(BASE_DIE_RELOAD_PREPARED);
	err = role_channel_send(r->setup->channel, &answer, -1);
	if (err) /* the supervisor takes silence for a refusal */
		base_err("cannot answer a reload: %s", strerrordesc_np(-err));
}

void recorder_reload_activate(struct recorder *r, uint32_t number)
{
	if (!r->next_conf || r->next_conf->number != number) {
		base_err("configuration %u was never prepared: going on with "
			 "%u",
			 number, r->conf->number);
		return;
	}
	/* lines that wait are for the files that were in force */
	r->store.hurried = true;
	(void)recorder_files_commit(r); /* so that it waits, or gives up */
	r->store.hurried = r->stopping;
	assert(!capture_lines_any(&r->events));
	for (int i = 0; i < r->next_events.n_files; i++) {
		struct capture_lines_file *to = &r->next_events.files[i];
		struct capture_lines_file *from =
			find_file(&r->events, to->path);
		const struct capture_lines_file mine = *to;

		if (!from)
			continue;
		*to = *from;
		to->path = mine.path;
		to->form = mine.form;
		from->fd = -1;
	}
	capture_lines_done(&r->events);
	r->events = r->next_events;
	capture_lines_init(&r->next_events, &recorder_files_event_ops, r);
	conf_load_unmap(r->own_conf);
	r->conf = r->own_conf = r->next_conf;
	recorder_event_habits(r);
	r->next_conf = NULL;
	/* their marks, before a byte is written to them */
	r->dirty = true;
	recorder_store_set(r);
	(void)recorder_files_commit(r); /* nothing waits that may fail */
	base_die_at(BASE_DIE_RELOAD_ACTIVE);
}
