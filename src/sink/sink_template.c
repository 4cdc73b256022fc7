/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sink_template.c - routing keys that name device, protocol and type */
#include "sink_template.h"

#include <string.h>

#include "sink.h"

enum name {
	NAME_DEVICE,
	NAME_PROTOCOL,
	NAME_TYPE,
	NAME_MAX
};

static const char *const names[NAME_MAX] = {
	[NAME_DEVICE] = "{device_id}",
	[NAME_PROTOCOL] = "{protocol}",
	[NAME_TYPE] = "{type}",
};

/* The name that `at` begins with, or NAME_MAX. */
static enum name name_at(const char *at)
{
	enum name n = NAME_DEVICE;

	while (n < NAME_MAX && strncmp(at, names[n], strlen(names[n])) != 0)
		n++;
	return n;
}

static char plain(char c)
{
	if (c > 0x20 && c < 0x7f && !strchr(".*#", c))
		return c;
	return '_';
}

const char *sink_template_expand(const char *template,
				 const struct sink_event *e, char *out,
				 size_t size)
{
	const char *const values[NAME_MAX] = {
		[NAME_DEVICE] = e->device ? e->device : "unknown",
		[NAME_PROTOCOL] = e->protocol,
		[NAME_TYPE] = e->type,
	};
	size_t len = 0;

	while (*template && len < size) {
		const enum name n = name_at(template);

		if (n == NAME_MAX) {
			out[len++] = *template ++;
			continue;
		}
		for (const char *v = values[n]; *v && len < size; v++)
			out[len++] = plain(*v);
		template += strlen(names[n]);
	}
	if (len >= size)
		return NULL;
	out[len] = '\0';
	return out;
}

bool sink_template_any(const char *template)
{
	while (*template && name_at(template) == NAME_MAX)
		template ++;
	return *template;
}

const char *sink_template_binding(const char *template, char *out, size_t size)
{
	size_t len = 0, word = 0; /* of what is there; where its word begins */

	while (*template && len < size) {
		const enum name n = name_at(template);

		if (n != NAME_MAX) { /* and so is the whole word */
			len = word;
			out[len++] = '*';
			template += strlen(names[n]);
			template += strcspn(template, ".");
			continue;
		}
		if (*template == '.')
			word = len + 1;
		out[len++] = *template ++;
	}
	if (len >= size)
		return NULL;
	out[len] = '\0';
	return out;
}
