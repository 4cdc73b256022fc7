/* SPDX-License-Identifier: GPL-3.0-or-later */
/* control.c - are these bytes a request, are those its reply? */
#include "control.h"

#include <string.h>

#include "base_rd.h"

/* Both sides run on one machine: structs travel as they lie in memory. */
static bool take(struct base_rd *r, void *out, size_t len)
{
	const struct base_span bytes = base_rd_take(r, len);

	if (!base_rd_ok(r))
		return false;
	memcpy(out, bytes.ptr, len);
	return true;
}

/* Is all zero that a request of this type has no use for? */
static bool is_bare(const struct control_request *q)
{
	struct control_request used = { .magic = q->magic,
					.version = q->version,
					.type = q->type };

	if (q->type == CONTROL_CLOSE) {
		used.worker = q->worker;
		used.slot = q->slot;
		used.serial = q->serial;
	} else if (q->type == CONTROL_BYPASS) {
		used.on = q->on;
	} else if (q->type == CONTROL_EDIT) {
		used.edit = q->edit;
	}
	return !memcmp(q, &used, sizeof(used));
}

static bool ended(const char *text, size_t size)
{
	return text[0] && memchr(text, '\0', size);
}

bool control_request_valid(const void *bytes, size_t len,
			   struct control_request *request)
{
	struct control_request q;
	struct base_rd r;

	base_rd_init(&r, bytes, len);
	if (!take(&r, &q, sizeof(q)) || base_rd_left(&r))
		return false;
	if (q.magic != CONTROL_MAGIC || q.version != CONTROL_VERSION ||
	    !is_bare(&q))
		return false;
	switch (q.type) {
	case CONTROL_STATUS:
	case CONTROL_RELOAD:
		break;
	case CONTROL_CLOSE:
		if (!q.serial)
			return false;
		break;
	case CONTROL_BYPASS:
		if (q.on > 1)
			return false;
		break;
	case CONTROL_EDIT:
		if (!ended(q.edit.rule, sizeof(q.edit.rule)) ||
		    !ended(q.edit.item, sizeof(q.edit.item)) ||
		    q.edit.list >= CONTROL_LIST_MAX || q.edit.add > 1)
			return false;
		break;
	default: /* a number from outside, not an enum of ours */
		return false;
	}
	*request = q;
	return true;
}

static bool brings_what_it_says(const struct control_reply *p, size_t n_fds)
{
	if (p->type != CONTROL_STATUS || p->error)
		return !n_fds && !p->n_workers && !p->n_readers;
	return p->n_workers > 0 && p->n_workers <= CONTROL_FDS_MAX &&
	       p->n_readers <= CONTROL_FDS_MAX &&
	       n_fds == 2 + (size_t)p->n_workers * (1 + p->n_readers);
}

bool control_reply_valid(const void *bytes, size_t len, enum control_type type,
			 size_t n_fds, struct control_reply *reply)
{
	struct control_reply p;
	struct base_rd r;

	base_rd_init(&r, bytes, len);
	if (!take(&r, &p, sizeof(p)))
		return false;
	if (p.magic != CONTROL_MAGIC || p.version != CONTROL_VERSION ||
	    p.error > 0 || p.text_len > CONTROL_TEXT_MAX ||
	    p.text_len != base_rd_left(&r))
		return false;
	if (p.type != type && (p.type || !p.error))
		return false;
	if (!brings_what_it_says(&p, n_fds))
		return false;
	*reply = p;
	return true;
}
