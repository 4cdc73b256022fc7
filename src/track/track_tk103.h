/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_tk103.h - the TK103 family in parentheses
 *
 * From the tracker and to it:
 *   (DEVICECMNDdata)          (013612345678BP05000013612345678080524A...)
 *   (DEVICE,CMND,data,...)    (864768011069660,ZC17,250517,A,3211.7118N,...)
 * DEVICE is 12 letters and digits, or digits of another number; CMND is two
 * capital letters and two hexadecimal digits. Free text stands between dollar
 * signs and may hold parentheses. To trackers of the T580W kind also:
 *   [begin]sms2,TEXT,[end]    [begin]sms2,*getposl*,[end]
 *
 * Sources: "GPRS Communication Protocol" 1.5 (KX402) and its later versions
 * ("GPS Tracker Communication Protocol"), Traccar's tk103.
 */
#ifndef TRACK_TK103_H
#define TRACK_TK103_H

#include "track.h"

#define TRACK_TK103_NAME "tk103"

extern const struct track_protocol track_tk103;

#endif
