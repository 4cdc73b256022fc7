/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_frame.h - what framers ask about the bytes behind those they have
 *
 * For frame() of a protocol, see track.h.
 */
#ifndef TRACK_FRAME_H
#define TRACK_FRAME_H

#include "track.h"

/* Will bytes to come tell whether a header stands where `header` was answered?
 * Then the step is MORE; else MAYBE is no better than NO. */
static inline bool track_frame_waits(enum track_probe header,
				     enum track_after after)
{
	return header == TRACK_PROBE_MAYBE && after != TRACK_AFTER_NOTHING;
}

/* All bytes were scanned and the message goes on: will it end no more? Then it
 * ended at scan->end, or was torn; else the step is MORE. */
static inline bool track_frame_over(enum track_after after,
				    const struct track_scan *scan)
{
	return after == TRACK_AFTER_NOTHING ||
	       (after == TRACK_AFTER_SILENCE && scan->quiet);
}

#endif
