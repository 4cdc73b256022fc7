/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_jt808.h - JT/T 808, trackers of vehicles
 *
 * The Chinese transport standard JT/T 808 of 2011, 2013 and 2019 and what
 * makers all over the world have made of it. On the wire, big-endian:
 *
 *   7E id(2) attributes(2) [version(1)] phone(6, or 10 with a version)
 *      serial(2) [packages(2) package(2)] body xor(1) 7E
 *
 * Between the delimiters 7E is sent as 7D 02 and 7D as 7D 01. The attributes:
 * bits 0-9 length of the body, 10-12 encryption, 13 one package of several,
 * 14 form of 2019. xor: of all bytes before it. Some makers:
 *
 *   E7 ... E7   with E7, E6, 3E, 3D as E6 02, E6 01, 3E 01, 3E 02 and a phone
 *               of 7 bytes
 *   id 5501, 5502, 4401: a serial of one byte
 *   phone: six bytes that are no decimal digits are the first 14 digits of an
 *               IMEI as a number
 *   (DEVICE,1,SERIAL,WORD,...)   text of locks
 *
 * Sources: JT/T 808-2011, -2013, -2019 and JT/T 1078-2016 as their public
 * summaries tell them; Traccar's reading of makers' additions.
 */
#ifndef TRACK_JT808_H
#define TRACK_JT808_H

#include "track.h"

#define TRACK_JT808_NAME "jt808"

extern const struct track_protocol track_jt808;

#endif
