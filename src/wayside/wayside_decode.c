/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_decode.c - `wayside decode`: what recorded bytes say */
#include "wayside_decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf_load.h"
#include "conf_tables.h"
#include "wayside_protocols.h"

static void print_json(struct wayside_decoder *d, const struct event *e)
{
	char *text = event_json(e);

	if (!text) {
		d->no_memory = true;
		return;
	}
	(void)fprintf(d->view.out, "%s%s%s", d->separator, text, d->end);
	free(text);
}

static void take_event(void *arg, const struct track_message *m,
		       const struct track_record *r)
{
	struct wayside_decoder *d = arg;
	const struct wayside_decode_flow *f = d->at;
	struct event e = { .flow = f->number, .message = m, .record = r };

	if (d->json) {
		print_json(d, &e);
		d->separator = *d->end ? "" : ",";
		return;
	}
	e.origin = f->has_origin ? &f->origin : NULL;
	wayside_event_print(&d->view, &e);
}

void wayside_decode_begin(struct wayside_decoder *d,
			  struct wayside_decode_flow *f,
			  const struct event_origin *origin)
{
	*f = (struct wayside_decode_flow){ .number = ++d->flows };
	if (origin) {
		f->has_origin = true;
		f->origin = *origin;
	}
	track_flow_init(&f->track, d->protocol,
			origin ? origin->server.port : 0);
}

void wayside_decode_feed(struct wayside_decoder *d,
			 struct wayside_decode_flow *f,
			 enum base_direction direction,
			 const struct track_chunk *chunk)
{
	d->at = f;
	if (track_flow_feed(&f->track, direction, chunk, &d->events))
		d->no_memory = true;
}

void wayside_decode_cut(struct wayside_decoder *d,
			struct wayside_decode_flow *f,
			enum base_direction direction)
{
	d->at = f;
	track_flow_cut(&f->track, direction, &d->events);
}

void wayside_decode_end(struct wayside_decoder *d,
			struct wayside_decode_flow *f)
{
	d->at = f;
	track_flow_end(&f->track, &d->events);
}

/* The habits of the owner's trackers, for a while. Return: false, after what is
 * wrong with the file was said. */
static bool read_habits(struct track_habits habits[static TRACK_PROTOCOLS_MAX],
			const char *path)
{
	const struct conf_input in = { .path = path,
				       .protocols = track_protocol_names(),
				       .usual_zone = track_protocol_zone };
	const struct conf_tables *conf;

	if (conf_load(&in, &conf, NULL, NULL))
		return false;
	for (size_t i = 0; i < conf->n_protocols; i++)
		habits[i].zone_min = (int16_t)conf->protocols[i].zone_min;
	conf_load_unmap(conf);
	return true;
}

static void print_summary(const struct wayside_decoder *d)
{
	const struct track_counts *c = &d->counts;

	(void)fprintf(
		stderr,
		"wayside: %llu flows, %llu messages, %llu positions, %llu bytes "
		"in no message, %llu gaps\n",
		(unsigned long long)d->flows, (unsigned long long)c->messages,
		(unsigned long long)c->positions,
		(unsigned long long)c->skipped, (unsigned long long)c->gaps);
}

static enum wayside_status decode(struct wayside_decoder *d,
				  const struct wayside_options *o)
{
	const bool standard = !o->file || !strcmp(o->file, "-");
	const char *name = standard ? "standard input" : o->file;
	FILE *in = standard ? stdin : fopen(o->file, "re");
	enum wayside_status s;

	if (!in) {
		(void)fprintf(stderr, "wayside: %s: %s\n", name,
			      strerrordesc_np(errno));
		return WAYSIDE_FAILED;
	}
	s = o->hex ? wayside_decode_hex(d, in, name)
		   : wayside_decode_file(d, in, name);
	if (d->no_memory)
		s = wayside_complain("out of memory: events are missing");
	if (!d->json)
		print_summary(d);
	return s;
}

enum wayside_status wayside_decode_run(const struct wayside_options *o)
{
	struct wayside_decoder d = {
		.json = o->json,
		.separator = "",
		.end = o->hex ? "" : "\n",
	};
	struct track_habits habits[TRACK_PROTOCOLS_MAX] = { { 0 } };
	enum wayside_status s = WAYSIDE_FAILED;

	if (!wayside_protocol_known(o->protocol) ||
	    (o->config && !read_habits(habits, o->config)))
		return WAYSIDE_USAGE;
	if (o->protocol)
		d.protocol = track_protocol_find(o->protocol);
	wayside_event_view_init(&d.view, stdout);
	d.events = (struct track_events){
		.event = take_event,
		.arg = &d,
		.counts = &d.counts,
		.record = track_record_new(),
		.habits = o->config ? habits : NULL,
	};
	if (d.events.record)
		s = decode(&d, o);
	else
		(void)wayside_complain("out of memory");
	track_record_free(d.events.record);
	return s;
}
