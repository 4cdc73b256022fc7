/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_watch_internal.h - framing hands over to what reads the content */
#ifndef TRACK_WATCH_INTERNAL_H
#define TRACK_WATCH_INTERNAL_H

#include "track.h"

/* Ends with a NULL name. */
extern const struct track_keyword track_watch_keywords[];

/* Fills the record with what stands between the header and the bracket.
 * zone_min: of its times, minutes east of UTC. */
void track_watch_content(const struct track_message *m,
			 struct base_span content, int zone_min,
			 struct track_record *record);

#endif
