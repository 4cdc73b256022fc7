/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_gps103.h - Coban GPS103, TK103B, GPS303 ... and their clones
 *
 * From the tracker; each ends with a semicolon, or a star or line feed:
 *   ##,imei:IMEI,A;           log on
 *   IMEI;                     heartbeat, 15 digits
 *   imei:IMEI,EVENT,DATE,RFID,F,UTC,A|V,LATITUDE,N|S,LONGITUDE,E|W,SPEED,
 *     COURSE,ALTITUDE,IGNITION,DOOR,FUEL,FUEL,TEMPERATURE;
 *   imei:IMEI,EVENT,DATE,RFID,L,,,LAC,,CID,,...;
 *   imei:IMEI,OBD,...;        imei:IMEI,vr,PICTURE;
 *   imei:IMEI,NAME,EVENT,...*
 * To it; not all servers send the semicolon:
 *   LOAD                      answer to ##
 *   ON                        answer to a heartbeat
 *   **,imei:IMEI,CODE,...;    command
 * DATE is that of the tracker's clock, whose zone follows from UTC.
 *
 * Sources: "GPRS Data Protocol" TK102/TK103 and "GPRS PROTOCOL" of Coban
 * (2014-12-12), Traccar's gps103.
 */
#ifndef TRACK_GPS103_H
#define TRACK_GPS103_H

#include "track.h"

#define TRACK_GPS103_NAME "gps103"

extern const struct track_protocol track_gps103;

#endif
