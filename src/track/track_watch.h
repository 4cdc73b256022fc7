/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_watch.h - the watch family
 *
 * TKSTAR 3G/4G trackers, SeTracker/Wonlex/Beesure watches:
 *   [MAKER*DEVICE*LENGTH*CONTENT]         [SG*1234567890*0002*LK]
 *   [MAKER*DEVICE*INDEX*LENGTH*CONTENT]   [ZJ*1234567890*0001*0002*LK]
 * and both with 32 hexadecimal digits right behind the bracket. LENGTH is four
 * hexadecimal digits and counts the bytes of CONTENT as they are on the wire.
 * CONTENT is a keyword, and fields with commas between. A position is
 *   UD,ddmmyy,HHMMSS,A,LAT,N,LON,E,KMH,COURSE,ALTITUDE,SATELLITES,SIGNAL,
 *   BATTERY,STEPS,TUMBLES,STATUS, and cells and Wi-Fi
 * in degrees with decimals and UTC. Voice and pictures escape five bytes.
 *
 * Sources: "Beesure GPS SeTracker Server Protocol" of 4P-Touch, "Communication
 * protocol" of Shenzhen Sanjitongchuang, Traccar, kidtracker.
 */
#ifndef TRACK_WATCH_H
#define TRACK_WATCH_H

#include "track.h"

#define TRACK_WATCH_NAME "watch"

extern const struct track_protocol track_watch;

#endif
