/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder_event.c - a message becomes a line of each format */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "recorder_internal.h"

_Static_assert((int)CONF_EVENT_FORMAT_MAX <= CAPTURE_LINES_FORMS,
	       "a format is a form of the set of event files");

static void classic_line(struct recorder *r, const struct track_message *m)
{
	const struct recorder_flow *f = r->current;
	const struct capture_event e = {
		.wall_ns = m->wall_ns,
		.direction = m->direction,
		.id = f->file.id,
		.client = f->file.client,
		.message = m->bytes,
	};

	capture_event_add(&r->events, CONF_EVENT_FORMAT_CLASSIC, &e);
}

/* To be freed; NULL: no memory. */
static char *json_of(const struct recorder *r, const struct track_message *m,
		     const struct track_record *record)
{
	const struct recorder_flow *f = r->current;
	char id[CAPTURE_ID_LEN];
	const struct event_origin origin = {
		.client = f->file.client,
		.server = f->server,
		.connection_id = capture_id_format(&f->file.id, id),
	};
	const struct event e = { .flow = f->flow_id,
				 .origin = &origin,
				 .message = m,
				 .record = record };

	return event_json(&e);
}

static void json_line(struct recorder *r, struct base_span json)
{
	char *line;

	if (!json.len) {
		capture_lines_lose(&r->events, CONF_EVENT_FORMAT_JSON, ENOMEM);
		return;
	}
	line = capture_lines_reserve(&r->events, CONF_EVENT_FORMAT_JSON,
				     json.len + 1);
	if (!line)
		return;
	memcpy(line, json.ptr, json.len);
	line[json.len] = '\n';
	capture_lines_commit(&r->events, CONF_EVENT_FORMAT_JSON, json.len + 1);
}

void recorder_event(void *arg, const struct track_message *m,
		    const struct track_record *record)
{
	struct recorder *r = arg;
	const bool line =
		capture_lines_wants(&r->events, CONF_EVENT_FORMAT_JSON);
	const bool store = recorder_store_wants(r);
	struct base_span json = { .len = 0 };
	char *text = NULL;

	if (capture_lines_wants(&r->events, CONF_EVENT_FORMAT_CLASSIC))
		classic_line(r, m);
	/* dear, so made once for all that want it */
	if (line || store)
		text = json_of(r, m, record);
	if (text)
		json = (struct base_span){ (const uint8_t *)text,
					   strlen(text) };
	if (line)
		json_line(r, json);
	if (store)
		recorder_store_event(r, m, record, json);
	free(text);
}

void recorder_event_habits(struct recorder *r)
{
	const struct track_protocol *const *p = track_protocols();
	const struct conf_tables *t = r->conf;

	for (size_t i = 0; p[i]; i++) {
		r->habits[i] = p[i]->habits;
		for (uint32_t j = 0; j < t->n_protocols; j++) {
			if (!strcmp(t->protocols[j].name, p[i]->name))
				r->habits[i].zone_min =
					(int16_t)t->protocols[j].zone_min;
		}
	}
}
