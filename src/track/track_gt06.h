/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_gt06.h - the GT06 family: Concox, Jimi, and the many that follow them
 *
 *   78 78 LENGTH TYPE CONTENT SERIAL CRC 0D 0A
 *   79 79 LENGTH TYPE CONTENT SERIAL CRC 0D 0A   LENGTH of two bytes
 *   78 78 COUNT 17|69 CONTENT 0D 0A              access points and cells
 *
 * TYPE is a byte, SERIAL and CRC are two each; all numbers are big endian.
 * LENGTH counts from TYPE to CRC. The CRC is CRC-16/X-25 over LENGTH to SERIAL.
 * Both directions look alike: a server acknowledges a message by one without
 * content that has its TYPE and SERIAL, and sends commands as TYPE 80.
 *
 * The keyword of a message is its TYPE as two hexadecimal digits: "01", "9B". A
 * few types mean something else in a 79 79 message than in a 78 78 message;
 * those of 79 79 have an L behind the digits: "32" and "32L".
 *
 * Only the login tells the device id, and perhaps a time zone, for the whole
 * connection. Sources: Concox, "GPS Tracker Communication Protocol" of
 * JM-VL03 (V1.1.2); ISO/IEC 13239 (CRC). What these do not tell (other
 * makers' types) and the names of attributes are as Traccar has them.
 */
#ifndef TRACK_GT06_H
#define TRACK_GT06_H

#include "track.h"

#define TRACK_GT06_NAME "gt06"

extern const struct track_protocol track_gt06;

#endif
