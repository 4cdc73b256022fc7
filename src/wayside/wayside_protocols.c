/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_protocols.c - `wayside protocols`: what is understood */
#include "wayside_protocols.h"

#include <stdio.h>

#include "track.h"
#include "wayside_json.h"
#include "wayside_text.h"

static const char *sender(unsigned from)
{
	if (from == TRACK_FROM_BOTH)
		return "both";
	return from == TRACK_FROM_CLIENT ? "client" : "server";
}

static void fill(struct wayside_row *row, const struct track_protocol *p,
		 const struct track_keyword *k)
{
	const char *const cells[] = { p->name, k->name, sender(k->from),
				      track_type_name(k->type), k->what };

	for (size_t i = 0; i < WS_ARRAY_LEN(cells); i++)
		(void)snprintf(row->cell[i], WAYSIDE_CELL_LEN, "%s", cells[i]);
}

static void print_table(FILE *out)
{
	static const struct wayside_column columns[] = {
		{ "PROTOCOL", false }, { "KEYWORD", false }, { "FROM", false },
		{ "TYPE", false },     { "WHAT", false },
	};
	const struct track_protocol *const *p;
	struct wayside_table t;
	struct wayside_row row;

	wayside_table_init(&t, columns, WS_ARRAY_LEN(columns));
	for (p = track_protocols(); *p; p++) {
		for (const struct track_keyword *k = (*p)->keywords; k->name;
		     k++) {
			fill(&row, *p, k);
			wayside_table_measure(&t, &row);
		}
	}
	wayside_table_titles(&t, out);
	for (p = track_protocols(); *p; p++) {
		for (const struct track_keyword *k = (*p)->keywords; k->name;
		     k++) {
			fill(&row, *p, k);
			wayside_table_print(&t, out, &row);
		}
	}
}

static json_t *keywords_of(const struct track_protocol *p)
{
	json_t *list = json_array();

	for (const struct track_keyword *k = p->keywords; k->name; k++)
		(void)json_array_append_new(
			list,
			json_pack("{s:s,s:s,s:s,s:s}", "keyword", k->name,
				  "from", sender(k->from), "type",
				  track_type_name(k->type), "what", k->what));
	return list;
}

static json_t *document(void)
{
	json_t *list = json_array();

	for (const struct track_protocol *const *p = track_protocols(); *p;
	     p++) {
		json_t *ports = json_array();

		for (const uint16_t *port = (*p)->ports; *port; port++)
			(void)json_array_append_new(ports, json_integer(*port));
		(void)json_array_append_new(
			list,
			json_pack("{s:s,s:o,s:o}", "protocol", (*p)->name,
				  "ports", ports, "keywords", keywords_of(*p)));
	}
	return list;
}

enum wayside_status wayside_protocols_run(const struct wayside_options *o)
{
	if (o->json)
		return wayside_json_print(stdout, document());
	print_table(stdout);
	return WAYSIDE_OK;
}

bool wayside_protocol_known(const char *name)
{
	const char *const *known = track_protocol_names();

	if (!name || track_protocol_find(name))
		return true;
	(void)fprintf(stderr, "wayside: unknown protocol: %s; there are", name);
	for (; *known; known++)
		(void)fprintf(stderr, " %s", *known);
	(void)fputc('\n', stderr);
	return false;
}
