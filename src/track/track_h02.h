/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_h02.h - the h02 family: SinoTrack, RF-V16, LK and many clones
 *
 * Text, both directions: maker (two letters), device, type, fields
 *   *HQ,1234567890,V1,121557,A,2335.3408,S,04802.8926,W,0.1,158,241115,FFFFFBFF#
 *   *HQ,1234567890,V4,V1,20151124121600#
 * Binary, from the tracker: device (5 bytes, or 8), time and date, latitude,
 * battery, longitude with flags in its last nibble, speed and course, status,
 * all but battery and status in BCD. Behind it stand 3 bytes or more, how many
 * nothing says:
 *   24 1234567890 121557 241115 23353408 06 048028926e 000158 fffffbff 000001
 * The same from its mileage memory: a mileage for the device, 32 bytes:
 *   58 0000130502 121557 241115 23353408 31 048028926e 000158 fffffbff 000001
 * None has a checksum or a length.
 *
 * Sources: SinoTrack's "Protocol" for ST-901 to ST-907 and its sheet of V6 and
 * V8; "GPS tracker communication protocol" V1.0.5 (HuaSunTeK); notes on RF-V16
 * (Reachfar); issues of Traccar about h02.
 */
#ifndef TRACK_H02_H
#define TRACK_H02_H

#include "track.h"

#define TRACK_H02_NAME "h02"

extern const struct track_protocol track_h02;

#endif
