/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track.c - the table of tracker protocols */
#include "track.h"

#include <string.h>

#include "track_gps103.h"
#include "track_gt06.h"
#include "track_h02.h"
#include "track_jt808.h"
#include "track_teltonika.h"
#include "track_text.h"
#include "track_tk103.h"
#include "track_watch.h"
#include "track_xexun.h"

static const struct track_protocol *const protocols[] = {
	&track_watch,     &track_h02,   &track_gt06,
	&track_gps103,    &track_tk103, &track_jt808,
	&track_teltonika, &track_xexun, NULL,
};

static const char *const names[] = {
	TRACK_WATCH_NAME,     TRACK_H02_NAME,   TRACK_GT06_NAME,
	TRACK_GPS103_NAME,    TRACK_TK103_NAME, TRACK_JT808_NAME,
	TRACK_TELTONIKA_NAME, TRACK_XEXUN_NAME, NULL,
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

int track_protocol_zone(const char *name)
{
	const struct track_protocol *p = track_protocol_find(name);

	return p ? p->habits.zone_min : 0;
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
		      const struct track_front *front, bool *maybe)
{
	const bool last = front->after == TRACK_AFTER_NOTHING;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; table[i]; i++) {
			enum track_probe answer = TRACK_PROBE_NO;

			if (has_port(table[i], port) == (pass == 0))
				answer = table[i]->probe(front->bytes,
							 front->direction);
			if (answer == TRACK_PROBE_YES)
				return table[i];
			if (answer == TRACK_PROBE_MAYBE && !last) {
				*maybe = true;
				return NULL;
			}
		}
	}
	return NULL;
}

enum track_type track_keyword_type(const struct track_protocol *p,
				   enum base_direction direction,
				   struct base_span keyword)
{
	for (const struct track_keyword *k = p->keywords; k->name; k++) {
		if (k->from & 1U << direction &&
		    track_text_fits(keyword, k->name))
			return k->type;
	}
	return TRACK_TYPE_UNKNOWN;
}
