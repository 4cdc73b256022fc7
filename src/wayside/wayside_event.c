/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_event.c - events for people to read */
#include "wayside_event.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base_escape.h"
#include "base_time.h"
#include "track_text.h"

/* Of a message: longer ones are cut. */
#define PAYLOAD_MAX 512

/* ECMA-48, SGR. */
#define PLAIN  "\033[0m"
#define BOLD   "\033[1m"
#define RED    "\033[31m"
#define GREEN  "\033[32m"
#define YELLOW "\033[33m"
#define CYAN   "\033[36m"

void wayside_event_view_init(struct wayside_event_view *v, FILE *out)
{
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	const char *no_color = getenv("NO_COLOR");

	*v = (struct wayside_event_view){
		.out = out,
		.coloured = isatty(fileno(out)) && !(no_color && *no_color),
	};
}

static void paint(const struct wayside_event_view *v, const char *colour)
{
	if (v->coloured)
		(void)fputs(colour, v->out);
}

static void print_rest(FILE *out, struct base_span all)
{
	if (all.len > PAYLOAD_MAX)
		(void)fprintf(out, " ... %zu bytes", all.len);
}

static void print_escaped(FILE *out, struct base_span s)
{
	char text[PAYLOAD_MAX * BASE_ESCAPE_LEN];
	const size_t n = base_escape(text, track_text_head(s, PAYLOAD_MAX));

	(void)fprintf(out, "%.*s", (int)n, text);
	print_rest(out, s);
}

static void print_hex(FILE *out, struct base_span s)
{
	const struct base_span shown = track_text_head(s, PAYLOAD_MAX);
	char text[PAYLOAD_MAX * 2];

	base_escape_hex(text, shown);
	(void)fprintf(out, "%.*s", (int)shown.len * 2, text);
	print_rest(out, s);
}

static void print_attribute(FILE *out, const struct track_attr *a)
{
	char name[TRACK_KEY_LEN];

	(void)fprintf(out, "  %s=", track_key_text(a->key, name));
	switch (a->kind) {
	case TRACK_KIND_BOOL:
		(void)fputs(a->yes ? "true" : "false", out);
		return;
	case TRACK_KIND_INT:
		(void)fprintf(out, "%lld", (long long)a->number);
		return;
	case TRACK_KIND_REAL:
		(void)fprintf(out, "%.10g", a->real);
		return;
	case TRACK_KIND_TEXT:
		print_escaped(out, a->text);
		return;
	case TRACK_KIND_HEX:
		print_hex(out, a->text);
		return;
	}
}

static void print_attributes(FILE *out, const struct track_record *r,
			     struct track_range range)
{
	for (uint32_t i = range.first; i < range.first + range.n; i++)
		print_attribute(out, &r->attr[i]);
}

static void print_networks(FILE *out, const struct track_record *r,
			   const struct track_position *p)
{
	for (uint32_t i = p->cells.first; i < p->cells.first + p->cells.n;
	     i++) {
		const struct track_cell *c = &r->cell[i];

		(void)fprintf(out, "  cell=%d-%d-%lld-%lld", c->mcc, c->mnc,
			      (long long)c->lac, (long long)c->cid);
	}
	for (uint32_t i = p->wifi.first; i < p->wifi.first + p->wifi.n; i++) {
		(void)fputs("  wifi=", out);
		print_escaped(out, r->wifis[i].mac);
	}
}

static void print_real(FILE *out, const char *before, double v,
		       const char *after)
{
	if (!isnan(v))
		(void)fprintf(out, "  %s%.10g%s", before, v, after);
}

static void print_position(const struct wayside_event_view *v,
			   const struct track_record *r,
			   const struct track_position *p)
{
	char time[BASE_TIME_UTC_LEN];

	(void)fprintf(
		v->out, "  %-24s",
		p->time_ms == TRACK_TIME_NONE
			? "-"
			: base_time_utc((uint64_t)p->time_ms * 1000000, time));
	if (!isnan(p->lat)) {
		paint(v, BOLD);
		(void)fprintf(v->out, "  %.10g %.10g", p->lat, p->lon);
		paint(v, PLAIN);
	}
	if (!p->valid)
		(void)fputs("  no fix", v->out);
	print_real(v->out, "", p->speed, " km/h");
	print_real(v->out, "course ", p->course, "");
	print_real(v->out, "altitude ", p->altitude, " m");
	print_real(v->out, "accuracy ", p->accuracy, " m");
	if (p->satellites >= 0)
		(void)fprintf(v->out, "  satellites %d", p->satellites);
	print_attributes(v->out, r, p->attrs);
	print_networks(v->out, r, p);
	(void)fputc('\n', v->out);
}

static const char *colour_of(enum track_type type)
{
	switch (type) {
	case TRACK_TYPE_ALARM:
		return RED;
	case TRACK_TYPE_POSITION:
		return GREEN;
	case TRACK_TYPE_COMMAND:
	case TRACK_TYPE_REPLY:
		return CYAN;
	case TRACK_TYPE_UNKNOWN:
		return YELLOW;
	case TRACK_TYPE_LOGIN:
	case TRACK_TYPE_HEARTBEAT:
	case TRACK_TYPE_STATUS:
	case TRACK_TYPE_MEDIA:
	case TRACK_TYPE_MAX:
		return "";
	}
	return "";
}

static void print_flow(struct wayside_event_view *v, const struct event *e)
{
	if (v->any && v->flow == e->flow)
		return;
	(void)fprintf(v->out, "%sflow %llu", v->any ? "\n" : "",
		      (unsigned long long)e->flow);
	if (e->origin) {
		char client[BASE_ADDR_STRLEN], server[BASE_ADDR_STRLEN];

		(void)fprintf(v->out, "  %s > %s",
			      base_addr_format(&e->origin->client, client),
			      base_addr_format(&e->origin->server, server));
	}
	(void)fputc('\n', v->out);
	v->any = true;
	v->flow = e->flow;
}

static void print_head(const struct wayside_event_view *v,
		       const struct event *e)
{
	const struct track_message *m = e->message;
	const struct track_record *r = e->record;
	char time[BASE_TIME_UTC_LEN];

	(void)fprintf(v->out, "%-24s  %s  %-9s  %-*.*s  ",
		      m->wall_ns ? base_time_utc(m->wall_ns, time) : "-",
		      base_direction_name(m->direction), m->protocol->name, 15,
		      r->device.len ? (int)r->device.len : 1,
		      r->device.len ? (const char *)r->device.ptr : "-");
	paint(v, colour_of(r->type));
	(void)fprintf(v->out, "%-9s", track_type_name(r->type));
	paint(v, PLAIN);
	(void)fprintf(v->out, "  %s", r->keyword);
	paint(v, RED);
	if (m->length == TRACK_CHECK_WRONG)
		(void)fputs("  length wrong", v->out);
	if (m->checksum == TRACK_CHECK_WRONG)
		(void)fputs("  checksum wrong", v->out);
	paint(v, PLAIN);
	(void)fputc('\n', v->out);
}

void wayside_event_print(struct wayside_event_view *v, const struct event *e)
{
	const struct track_record *r = e->record;

	print_flow(v, e);
	print_head(v, e);
	for (uint32_t i = 0; i < r->n_positions; i++)
		print_position(v, r, &r->positions[i]);
	if (!r->n_positions && r->attrs.n) {
		print_attributes(v->out, r, r->attrs);
		(void)fputc('\n', v->out);
	}
	(void)fputs("  ", v->out);
	if (base_escape_plain(e->message->bytes))
		print_escaped(v->out, e->message->bytes);
	else
		print_hex(v->out, e->message->bytes);
	(void)fputc('\n', v->out);
}
