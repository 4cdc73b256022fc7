/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_teltonika.h - trackers of Teltonika
 *
 * From the tracker, over TCP:
 *   00 0f IMEI                        login: 15 digits of ASCII
 *   ff                                ping
 *   00 00 00 00 LENGTH(4) CONTENT 00 00 CRC(2)
 * From the server:
 *   01 or 00                          answers the login: yes, no
 *   RECORDS(4)                        answers a packet: so many are kept
 *   00 00 00 00 LENGTH(4) CONTENT 00 00 CRC(2)
 * Over UDP, each in one datagram:
 *   LENGTH(2) ID(2) 01 NUMBER 00 0f IMEI CONTENT
 *   00 05 ID(2) 01 NUMBER RECORDS
 * CONTENT is CODEC, COUNT, so many records or texts, and COUNT again. LENGTH
 * counts the bytes of CONTENT, or all of a datagram that follow it. CRC is
 * CRC-16/ARC of CONTENT. All numbers are big-endian.
 *
 * Keywords: the codec as two hexadecimal digits; "imei" is the login, "ping"
 * the byte ff, "ack" what the server answers to a login or records.
 *
 * Sources: Teltonika's "Data Sending Protocols" (codecs 8, 8 Extended, 12 to
 * 16); Traccar's decoder for codec 7, pictures and the names of values.
 */
#ifndef TRACK_TELTONIKA_H
#define TRACK_TELTONIKA_H

#include "track.h"

#define TRACK_TELTONIKA_NAME "teltonika"

extern const struct track_protocol track_teltonika;

#endif
