/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track.c - the table of tracker protocols */
#include "track.h"

#include <string.h>

#include "track_watch.h"

static const struct track_protocol *const protocols[] = {
	&track_watch,
	NULL,
};

static const char *const names[] = {
	TRACK_WATCH_NAME,
	NULL,
};
_Static_assert(sizeof(names) == sizeof(protocols), "one name a protocol");

const struct track_protocol *const *track_protocols(void)
{
	return protocols;
}

const char *const *track_protocol_names(void)
{
	return names;
}

const struct track_protocol *track_protocol_find(const char *name)
{
	for (size_t i = 0; protocols[i]; i++) {
		if (!strcmp(protocols[i]->name, name))
			return protocols[i];
	}
	return NULL;
}

static bool has_port(const struct track_protocol *p, uint16_t port)
{
	for (const uint16_t *q = p->ports; *q; q++) {
		if (*q == port)
			return true;
	}
	return false;
}

const struct track_protocol *
track_protocol_choose(const struct track_protocol *const *table, uint16_t port,
		      struct base_span bytes)
{
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; table[i]; i++) {
			if (has_port(table[i], port) == (pass == 0) &&
			    table[i]->probe(bytes))
				return table[i];
		}
	}
	return NULL;
}
