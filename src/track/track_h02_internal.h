/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_h02_internal.h - what the two forms of h02 share */
#ifndef TRACK_H02_INTERNAL_H
#define TRACK_H02_INTERNAL_H

#include "track.h"

/* The four bytes "vehicle_status", in which 0 means yes. */
void track_h02_status(struct track_record *r, uint32_t status);

/* A battery: six steps, or per cent. What is neither is left out. */
void track_h02_battery(struct track_record *r, int64_t level);

/* A text message, which begins with a whole header. */
void track_h02_text(const struct track_message *m,
		    const struct track_habits *habits, struct track_record *r);

#define TRACK_H02_KNOT 1.852 /* km/h */

#endif
