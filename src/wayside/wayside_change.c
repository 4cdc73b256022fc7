/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_change.c - commands that change what a running daemon does */
#include <stdio.h>
#include <string.h>

#include "base_attr.h"
#include "control_client.h"
#include "wayside_command.h"
#include "wayside_text.h"
#include "wayside_view.h"

/* Asks, and prints what the daemon says about it. */
static enum wayside_status change(const struct wayside_options *o,
				  struct control_request *request)
{
	enum wayside_status s;
	struct control_result *result;

	request->magic = CONTROL_MAGIC;
	request->version = CONTROL_VERSION;
	result = wayside_ask(o, request, &s);
	if (result)
		wayside_text_lines(stdout, result->text);
	control_client_free(result);
	return s;
}

enum wayside_status wayside_reload_run(const struct wayside_options *o)
{
	return change(o, &(struct control_request){ .type = CONTROL_RELOAD });
}

enum wayside_status wayside_bypass_on(const struct wayside_options *o)
{
	return change(o, &(struct control_request){ .type = CONTROL_BYPASS,
						    .on = 1 });
}

enum wayside_status wayside_bypass_off(const struct wayside_options *o)
{
	return change(o, &(struct control_request){ .type = CONTROL_BYPASS });
}

static bool copy(char *to, size_t size, const char *text)
{
	return *text && (size_t)snprintf(to, size, "%s", text) < size;
}

static enum wayside_status misused(const char *what, const char *word)
{
	(void)fprintf(stderr, "wayside: %s: %s\n", what, word);
	return WAYSIDE_USAGE;
}

static enum wayside_status edit(const struct wayside_options *o, bool add)
{
	static const char *const lists[CONTROL_LIST_MAX] = {
		[CONTROL_LIST_TO] = "to",
		[CONTROL_LIST_CLIENTS] = "clients",
		[CONTROL_LIST_INTERFACES] = "interfaces",
	};
	struct control_request request = { .type = CONTROL_EDIT,
					   .edit = { .add = add } };
	struct control_edit *e = &request.edit;

	while (e->list < CONTROL_LIST_MAX &&
	       strcmp(lists[e->list], o->list) != 0)
		e->list++;
	if (e->list == CONTROL_LIST_MAX)
		return misused("to, clients or interfaces are to be changed, "
			       "not",
			       o->list);
	if (!copy(e->rule, sizeof(e->rule), o->rule))
		return misused("no rule can have this name", o->rule);
	if (!copy(e->item, sizeof(e->item), o->item))
		return misused("nothing in a rule is so long, or so short",
			       o->item);
	return change(o, &request);
}

enum wayside_status wayside_rules_add(const struct wayside_options *o)
{
	return edit(o, true);
}

enum wayside_status wayside_rules_del(const struct wayside_options *o)
{
	return edit(o, false);
}
