/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_control.c - what the tool asks for */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_fd.h"
#include "control_server.h"
#include "nft.h"
#include "role_channel.h"
#include "supervisor_internal.h"
#include "wayside_version.h"

_Static_assert(2 + CONF_WORKERS_MAX * (1 + RING_READER_MAX) <= CONTROL_FDS_MAX,
	       "the answer to a status fits one message");

static void answer_text(struct control_connection *c, int error,
			const char *text)
{
	const struct control_answer a = { .error = error, .text = text };

	control_server_answer(c, &a);
}

static void ignore_line(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

static void compare_rules(struct supervisor *s)
{
	struct nft_error why;
	int n = 0;

	if (s->nft && s->rules != NFT_STATE_STOPPED)
		n = nft_check(s->nft, s->conf, s->rules, ignore_line, NULL,
			      &why);
	atomic_store(&s->state->rules_differ, n);
}

/* Return: 0 or -errno; the pages of readers, the last of each worker's, are
 * new descriptors. */
static int collect(const struct supervisor *s, struct control_answer *a,
		   int fds[static CONTROL_FDS_MAX])
{
	fds[a->n_fds++] = s->state_fd;
	fds[a->n_fds++] = s->conf_fd;
	for (unsigned i = 0; i < s->n_workers; i++) {
		fds[a->n_fds++] = s->maps[i].table_fd;
		for (unsigned j = 0; j < RING_READER_MAX; j++) {
			const int fd = ring_map_cursor_readonly(&s->maps[i], j);

			if (fd < 0)
				return fd;
			fds[a->n_fds++] = fd;
		}
	}
	return 0;
}

static void close_pages(int *fds, size_t n_fds)
{
	for (size_t i = 2; i < n_fds; i++) {
		if ((i - 2) % (1 + RING_READER_MAX) != 0)
			base_fd_close(&fds[i]);
	}
}

static void status(struct supervisor *s, struct control_connection *c)
{
	int fds[CONTROL_FDS_MAX];
	struct control_answer a = { .fds = fds };
	int r;

	compare_rules(s);
	supervisor_state_counts(s);
	r = s->conf_fd < 0 ? -ENOENT : collect(s, &a, fds);
	if (r) {
		answer_text(c, r, "the status cannot be handed out\n");
	} else {
		a.n_workers = s->n_workers;
		a.n_readers = RING_READER_MAX;
		control_server_answer(c, &a);
	}
	close_pages(fds, a.n_fds);
}

static void close_flow(struct supervisor *s, struct control_connection *c,
		       const struct control_request *q)
{
	const struct role_message m = { .type = ROLE_CLOSE,
					.slot = q->slot,
					.serial = q->serial };
	char text[96];
	int r;

	if (q->worker >= s->n_workers ||
	    q->slot >= s->maps[q->worker].n_slots ||
	    q->serial > RING_SERIAL_MAX) {
		answer_text(c, -EINVAL, "there is no such place of a flow\n");
		return;
	}
	if (!s->workers[q->worker].ready) {
		(void)snprintf(text, sizeof(text),
			       "worker/%u is not there to close it\n",
			       (unsigned)q->worker);
		answer_text(c, -ESRCH, text);
		return;
	}
	r = role_channel_send(s->workers[q->worker].channel.fd, &m, -1);
	if (r)
		(void)snprintf(text, sizeof(text),
			       "worker/%u does not listen: %s\n",
			       (unsigned)q->worker, strerrordesc_np(-r));
	answer_text(c, r, r ? text : NULL);
}

static void bypass(struct supervisor *s, struct control_connection *c, bool on)
{
	struct nft_error why;
	char text[sizeof(why.text) + 1];
	const int r = supervisor_rules_bypass(s, on, &why);

	(void)snprintf(text, sizeof(text), "%s\n", why.text);
	answer_text(c, r, text);
}

static void reloaded(void *arg, int error, const char *text)
{
	answer_text(arg, error, text);
}

static void asked(struct control_server *server, struct control_connection *c,
		  const struct control_request *q)
{
	struct supervisor *s = WS_CONTAINER(server, struct supervisor, control);
	const struct supervisor_reload_asker asker = { reloaded, c };

	switch ((enum control_type)q->type) {
	case CONTROL_STATUS:
		status(s, c);
		return;
	case CONTROL_RELOAD:
		supervisor_reload(s, &asker);
		return;
	case CONTROL_CLOSE:
		close_flow(s, c, q);
		return;
	case CONTROL_BYPASS:
		bypass(s, c, q->on);
		return;
	case CONTROL_EDIT:
		supervisor_reload_edit(s, &asker, &q->edit);
		return;
	case CONTROL_TYPE_MAX: /* not valid */
		return;
	}
}

void supervisor_control_init(struct supervisor *s)
{
	control_server_init(&s->control);
	s->control.asked = asked;
}

int supervisor_control_open(struct supervisor *s)
{
	(void)snprintf(s->state->program, sizeof(s->state->program), "%s",
		       WAYSIDE_VERSION);
	if (!s->conf->control[0])
		return 0;
	return control_server_open(&s->control, s->conf->control, &s->loop);
}

void supervisor_control_close(struct supervisor *s)
{
	control_server_close(&s->control);
}
