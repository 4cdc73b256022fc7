/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_gps103_internal.h - what the parts of gps103 say to each other */
#ifndef TRACK_GPS103_INTERNAL_H
#define TRACK_GPS103_INTERNAL_H

#include "track.h"

/* An `imei:` message. */
struct gps103_body {
	struct base_span text; /* behind the IMEI's comma, without the end */
	bool star;             /* it ended with a star */
	int zone_min;
};

/* Puts what the body says into the record: keyword, positions, attributes. */
void track_gps103_body(const struct gps103_body *body,
		       struct track_record *record);

extern const struct track_keyword track_gps103_keywords[];

#endif
