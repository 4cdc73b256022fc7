/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_tk103_internal.h - what the parts of tk103 say to each other */
#ifndef TRACK_TK103_INTERNAL_H
#define TRACK_TK103_INTERNAL_H

#include "track.h"

/* A tracker's message. */
struct tk103_body {
	struct base_span command; /* four characters */
	struct base_span data;    /* behind it and a comma, to the end */
	bool commas;              /* the form with commas: dates begin with
				     the day */
	int zone_min;
};

/* Puts what the body says into the record: positions, attributes. */
void track_tk103_body(const struct tk103_body *body,
		      struct track_record *record);

extern const struct track_keyword track_tk103_keywords[];

#endif
