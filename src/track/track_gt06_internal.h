/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_gt06_internal.h - what the files of the GT06 family share */
#ifndef TRACK_GT06_INTERNAL_H
#define TRACK_GT06_INTERNAL_H

#include "track.h"

/* Behind the content: serial, CRC, tail. */
#define GT06_SERIAL_LEN 2
#define GT06_CRC_LEN    2
#define GT06_TAIL_LEN   2

/* What stands before the content. */
struct gt06_head {
	bool extended;   /* 79 79 */
	size_t len;      /* of 78 78 LENGTH or 79 79 LENGTH */
	size_t declared; /* LENGTH */
	uint8_t type;
};

/* A message that is being read. */
struct gt06 {
	const struct track_message *message;
	struct gt06_head head;
	struct track_record *record;
	struct track_position *position; /* NULL: none begun yet */
	int zone_min;
	/*
	 * At the content. Where length or checksum are wrong, it ends behind
	 * the checksum, so that fields of fixed size are found in a message
	 * that is some bytes short; `foot` bytes of it are no content then.
	 */
	size_t foot;
	struct base_rd rd;
};

/* Bytes of content left. */
size_t gt06_left(const struct gt06 *g);

/* The position that is being filled; begins one where there is none. */
struct track_position *gt06_position(struct gt06 *g);

uint32_t gt06_be24(struct base_rd *r);
bool gt06_bit(uint64_t bits, unsigned n);
/* Without what stands behind the first NUL, and blanks around it. */
struct base_span gt06_trim(struct base_span s);

/* Six bytes, a number each: year to second. */
int64_t gt06_time(struct gt06 *g, struct base_rd *r);
/* What a 32-bit number of seconds since 1970 says. */
int64_t gt06_epoch(struct base_rd *r);
/* lat and lon as sent; the flags tell course, sides, and whether it is valid,
 * and of some devices the ignition. */
void gt06_place(struct gt06 *g, uint32_t lat, uint32_t lon, unsigned flags);
/* -80 for 80 and for 0xb0; TRACK_RSSI_NONE for 0. */
int32_t gt06_dbm(uint8_t strength);
/* n access points of an address and a strength. */
void gt06_wifi(struct gt06 *g, struct base_rd *r, size_t n);

/* An attribute, if what was read for it is there; in the place of one that is
 * there already. */
void gt06_int(struct gt06 *g, track_key key, int64_t v);
void gt06_real(struct gt06 *g, track_key key, double v);
void gt06_bool(struct gt06 *g, track_key key, bool yes);
/* ... if it is not empty. */
void gt06_text(struct gt06 *g, track_key key, struct base_span text);
void gt06_hex(struct gt06 *g, track_key key, struct base_span bytes);

struct gt06_alarm {
	uint16_t code;
	uint8_t alarm; /* enum track_alarm */
};
void gt06_alarm_of(struct gt06 *g, const struct gt06_alarm *rows, size_t n,
		   unsigned code);
/* By the table of most types. */
void gt06_alarm_code(struct gt06 *g, unsigned code);

/* Parts of a content; `how` chooses among their forms. */

/* Passes over `how` bytes. */
void gt06_skip(struct gt06 *g, unsigned how);

/* When; for what has no fix. */
void gt06_when(struct gt06 *g, unsigned how);

#define GT06_GPS_COUNTED 1U /* a length behind the time: 0 = no fix */
#define GT06_GPS_SHORT   2U /* no satellites and no speed */
#define GT06_GPS_JC400   4U /* speed of two bytes behind the flags */
/* A fix: time, satellites, place, speed, flags. */
void gt06_gps(struct gt06 *g, unsigned how);

#define GT06_CELL_COUNTED 1U  /* its length before it, which tells the sizes */
#define GT06_CELL_TEN     2U  /* ... of 10 bytes: cell of four, then its kind */
#define GT06_CELL_MNC16   4U  /* network of two bytes */
#define GT06_CELL_LAC32   8U  /* area of four */
#define GT06_CELL_CID32   16U /* cell of four */
#define GT06_CELL_CID64   32U /* ... or eight; else three */
#define GT06_CELL_KIND    64U /* kind before it, strength behind it */
#define GT06_CELL_RSSI    128U /* strength behind it */
#define GT06_CELL_4G      (GT06_CELL_LAC32 | GT06_CELL_CID64)
/* The cell that serves: network, area, cell. */
void gt06_lbs(struct gt06 *g, unsigned how);
/* Its halves. */
void gt06_network(struct gt06 *g, unsigned how, struct track_cell *c);
void gt06_cell(struct gt06 *g, unsigned how, struct track_cell *c);

#define GT06_CELLS_MANY   256U  /* a count before them; else seven */
#define GT06_CELLS_SIX    512U  /* six */
#define GT06_CELLS_TA     1024U /* timing advance before them; else behind */
#define GT06_CELLS_WIFI   2048U /* access points behind them */
#define GT06_CELLS_CHOOSE 4096U /* a byte says whether they are of 4G */
/* Cells that are heard, and access points. */
void gt06_cells(struct gt06 *g, unsigned how);

#define GT06_STATUS_VXT01 1U /* the highest alarm is another */
void gt06_status(struct gt06 *g, unsigned how);

/* A level of 0 to 6, or per cent. */
void gt06_battery(struct gt06 *g, unsigned how);
void gt06_percent(struct gt06 *g, unsigned how);
void gt06_rssi(struct gt06 *g, unsigned how);
/* Two bytes of 0.01 V; `how` is what of. */
void gt06_volts(struct gt06 *g, unsigned how);
/* Four bytes; `how` is what. */
void gt06_number(struct gt06 *g, unsigned how);
/* `how` bytes. */
void gt06_driver_number(struct gt06 *g, unsigned how);
/* Text of `len` bytes, NULs and blanks behind it. */
void gt06_text_of(struct gt06 *g, track_key key, size_t len);

/* Rests of a content that one type has. */
void gt06_obd6(struct gt06 *g, unsigned how);
void gt06_modules(struct gt06 *g, unsigned how);
void gt06_heartbeat(struct gt06 *g, unsigned how);
void gt06_x1(struct gt06 *g, unsigned how);
void gt06_counted_wifi(struct gt06 *g, unsigned how);
void gt06_plain_wifi(struct gt06 *g, unsigned how);
void gt06_answer(struct gt06 *g, unsigned how);
void gt06_bms(struct gt06 *g, unsigned how);
void gt06_radio_clock(struct gt06 *g, unsigned how);
void gt06_event(struct gt06 *g, unsigned how);

/* The content of what a tracker sends, but for the login. */
void gt06_read(struct gt06 *g);
/* ... of types that are usual in 79 79 messages. Return: false: of another. */
bool gt06_read_extended(struct gt06 *g);
/* The content of what a server sends. */
void gt06_read_server(struct gt06 *g);

extern const struct track_keyword gt06_keywords[];

#endif
