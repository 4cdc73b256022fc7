/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_record.h - what one message says, in typed fields
 *
 * Theory of operation
 *
 * A decoder fills a record from left to right: keyword, type, device, then
 * attributes, positions, cells, Wi-Fi. What is added belongs to the position
 * that was begun last; what came before the first position belongs to that one,
 * too. A record without positions has attributes of its own.
 *
 * The record is one block of fixed size, made once for a process and used for
 * one message after the other. Its bounds are beyond what a message of
 * max_frame bytes can hold, but for hostile ones: what goes beyond is left out
 * and counted in `left_out`.
 *
 * Units: degrees (WGS 84), metres, km/h, UTC; attributes as track_names.h says.
 * Spans point into the message or into the record: borrowed until the next
 * message.
 */
#ifndef TRACK_RECORD_H
#define TRACK_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_rd.h"
#include "track_names.h"

enum track_type {
	TRACK_TYPE_UNKNOWN,
	TRACK_TYPE_LOGIN,
	TRACK_TYPE_HEARTBEAT,
	TRACK_TYPE_POSITION,
	TRACK_TYPE_ALARM,
	TRACK_TYPE_STATUS,
	TRACK_TYPE_COMMAND, /* asks the other side to do something */
	TRACK_TYPE_REPLY,   /* answers what the other side sent */
	TRACK_TYPE_MEDIA,   /* voice, pictures */
	TRACK_TYPE_MAX
};

/* A length or a checksum that a message carries. */
enum track_check {
	TRACK_CHECK_NONE, /* its protocol has none */
	TRACK_CHECK_OK,
	TRACK_CHECK_WRONG,
};

enum track_kind {
	TRACK_KIND_BOOL,
	TRACK_KIND_INT,
	TRACK_KIND_REAL, /* finite */
	TRACK_KIND_TEXT, /* any bytes; the writer escapes */
	TRACK_KIND_HEX,  /* bytes that are shown as hexadecimal digits */
};

/* Which attribute: a name, and for families like temp1, temp2 a number. */
typedef uint32_t track_key;
#define TRACK_N(name, number) \
	((track_key)(name) | ((track_key)(number) + 1) << TRACK_NAME_BITS)
#define TRACK_NAME_BITS     12
#define TRACK_KEY_NAME(key) ((enum track_name)((key)&0xfff))
/* -1 = none. */
#define TRACK_KEY_NUMBER(key) ((int)((key) >> TRACK_NAME_BITS) - 1)

/* As events say it: "temp1". Return: `to`. */
#define TRACK_KEY_LEN 48 /* with the final NUL */
const char *track_key_text(track_key key, char to[static TRACK_KEY_LEN]);

struct track_attr {
	track_key key;
	enum track_kind kind;
	union {
		bool yes;
		int64_t number;
		double real;
		struct base_span text; /* TEXT, HEX */
	};
};

/* -1 = absent. */
struct track_cell {
	int32_t mcc, mnc;
	int64_t lac, cid;
	int32_t rssi; /* as sent: dBm or a level; INT32_MIN = absent */
};

struct track_wifi {
	struct base_span mac; /* "aa:bb:cc:dd:ee:ff" */
	int32_t rssi;         /* INT32_MIN = absent */
};

#define TRACK_RSSI_NONE INT32_MIN
#define TRACK_TIME_NONE INT64_MIN

/* A piece of one of the record's arrays. */
struct track_range {
	uint32_t first, n;
};

/* NAN = absent, but for what says otherwise. */
struct track_position {
	int64_t time_ms; /* since 1970; TRACK_TIME_NONE */
	bool valid;      /* the tracker says that it has a fix */
	double lat, lon; /* both or neither */
	double altitude; /* m */
	double speed;    /* km/h */
	double course;   /* degrees from north, 0 to 360 */
	double accuracy; /* m */
	int satellites;  /* -1 */
	struct track_range attrs, cells, wifi;
};

#define TRACK_POSITIONS_MAX 256
#define TRACK_ATTRS_MAX     16384
#define TRACK_CELLS_MAX     1024
#define TRACK_WIFI_MAX      1024
#define TRACK_TEXT_MAX      65536
#define TRACK_KEYWORD_LEN   32 /* with the final NUL */

struct track_record {
	enum track_type type;
	char keyword[TRACK_KEYWORD_LEN]; /* printable ASCII */
	struct base_span device;         /* printable ASCII; empty = unknown */
	struct track_range attrs, cells, wifi; /* without positions */
	uint32_t n_positions, n_attrs, n_cells, n_wifi, n_text;
	uint32_t left_out; /* things for which there was no room */
	struct track_position positions[TRACK_POSITIONS_MAX];
	struct track_attr attr[TRACK_ATTRS_MAX];
	struct track_cell cell[TRACK_CELLS_MAX];
	struct track_wifi wifis[TRACK_WIFI_MAX];
	uint8_t text[TRACK_TEXT_MAX]; /* bytes that a decoder made */
};

/* Owned by the caller: track_record_free(). NULL: no memory. */
struct track_record *track_record_new(void);
void track_record_free(struct track_record *r);
/* Costs nothing beyond the heads. */
void track_record_clear(struct track_record *r);

/* Bytes outside 0x20-0x7e become '?', and too long a word is cut. */
void track_record_keyword(struct track_record *r, struct base_span keyword);
/* Ignored unless it is 1 to TRACK_DEVICE_LEN - 1 letters, digits, - or _. */
void track_record_device(struct track_record *r, struct base_span device);

/* Begins a position with everything absent and valid = false. Never NULL: one
 * for which there is no room is not counted in n_positions. */
struct track_position *track_record_position(struct track_record *r);

void track_record_bool(struct track_record *r, track_key key, bool yes);
void track_record_int(struct track_record *r, track_key key, int64_t number);
/* What is not finite is left out. */
void track_record_real(struct track_record *r, track_key key, double real);
/* An empty text is left out. */
void track_record_text(struct track_record *r, track_key key,
		       struct base_span text);
void track_record_word(struct track_record *r, track_key key, const char *word);
void track_record_hex(struct track_record *r, track_key key,
		      struct base_span bytes);
/* One alarm more of the position or message; each is there once. */
void track_record_alarm(struct track_record *r, enum track_alarm alarm);
void track_record_cell(struct track_record *r, const struct track_cell *cell);
/* mac: 12 hexadecimal digits, with or without : or - between pairs; else it is
 * left out. rssi: TRACK_RSSI_NONE = absent. */
void track_record_wifi(struct track_record *r, struct base_span mac,
		       int32_t rssi);
/* The same from six bytes. */
void track_record_wifi_bytes(struct track_record *r, struct base_span mac,
			     int32_t rssi);

/* Room for `len` bytes that live as long as the record; NULL: none left. */
uint8_t *track_record_room(struct track_record *r, size_t len);
/* BCD as digits ("0359..." stays as it is); empty when a nibble is no digit. */
struct base_span track_record_bcd(struct track_record *r,
				  struct base_span bytes);
/* Lower-case hexadecimal digits. */
struct base_span track_record_digits(struct track_record *r,
				     struct base_span bytes);

/* After decode(): values that cannot be (a latitude of 200) become absent, and
 * cells or Wi-Fi alone a position without a place. */
void track_record_end(struct track_record *r);

/* "login", "heartbeat" ... as events say it. */
const char *track_type_name(enum track_type type);

#endif
