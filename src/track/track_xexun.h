/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_xexun.h - Xexun TK102, TK103 and their likes
 *
 * A sentence of NMEA 0183 without its $, and what the tracker adds to it:
 *   GPRMC,TIME,A,LAT,N,LON,E,KNOTS,COURSE,DATE,,,A*SUM,F,STATUS,imei:IMEI,
 * SUM is the sentence's own checksum; F or L, full or low, is the signal of the
 * satellites. The full form has the tracker's clock and a phone number before
 * it and more behind it, up to the end of the line:
 *   CLOCK,PHONE,GPRMC,...,imei:IMEI,SATELLITES,ALTITUDE,F:VOLTSV,CHARGING,
 *   LENGTH,CRC,MCC,MNC,LAC,CELL
 * and without a position nothing stands between the commas in the place of the
 * sentence. LENGTH counts the bytes before it, CRC is the CRC-16/XMODEM of the
 * bytes before it (found by trial over real messages), both decimal.
 *
 * The server sends the commands that are known from short messages, a line
 * each: a word, the tracker's password right behind it, and perhaps more.
 *
 * Sources: the vendor's description in the TK102's manual, as told in
 * GpsTracker's servers/tk103/readme.md; Traccar.
 */
#ifndef TRACK_XEXUN_H
#define TRACK_XEXUN_H

#include "track.h"

#define TRACK_XEXUN_NAME "xexun"

extern const struct track_protocol track_xexun;

#endif
