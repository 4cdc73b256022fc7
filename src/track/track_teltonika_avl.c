/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_teltonika_avl.c - records of place and values, as the codecs lay them
 * out */
#include <math.h>
#include <string.h>

#include "track_teltonika_internal.h"

/* Where the layouts differ. */
struct layout {
	uint8_t codec;
	bool gh3000;     /* everything does */
	bool wide_event; /* two bytes instead of one */
	bool wide_count;
	bool wide_id;
	bool generation; /* a byte that says how the record came about */
	bool variable;   /* values that tell their length */
};

static const struct layout layouts[] = {
	{ .codec = TELTONIKA_7, .gh3000 = true },
	{ .codec = TELTONIKA_8 },
	{ .codec = TELTONIKA_8E,
	  .wide_event = true,
	  .wide_count = true,
	  .wide_id = true,
	  .variable = true },
	{ .codec = TELTONIKA_16,
	  .wide_event = true,
	  .wide_id = true,
	  .generation = true },
};

static const struct layout *layout_of(uint8_t codec)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(layouts); i++) {
		if (layouts[i].codec == codec)
			return &layouts[i];
	}
	return NULL;
}

bool track_teltonika_has_records(uint8_t codec)
{
	return layout_of(codec) != NULL;
}

static uint16_t number(struct base_rd *r, bool wide)
{
	return wide ? base_rd_be16(r) : base_rd_u8(r);
}

/* A group of values of `size` bytes. record: NULL = they are passed over. */
static void read_values(struct base_rd *r, const struct layout *l, size_t size,
			struct track_record *record)
{
	const uint16_t n = number(r, l->wide_count);

	if (!record) {
		(void)base_rd_take(r, n * ((l->wide_id ? 2 : 1) + size));
		return;
	}
	for (uint16_t i = 0; i < n; i++) {
		const uint16_t id = number(r, l->wide_id);
		const struct base_span value = base_rd_take(r, size);

		if (!base_rd_ok(r))
			return;
		if (size <= 8)
			track_teltonika_value(record, id, value, l->gh3000);
		else
			track_teltonika_bytes(record, id, value);
	}
}

static void read_variable(struct base_rd *r, struct track_record *record)
{
	const uint16_t n = base_rd_be16(r);

	for (uint16_t i = 0; i < n && base_rd_ok(r); i++) {
		const uint16_t id = base_rd_be16(r);
		const struct base_span bytes = base_rd_take(r, base_rd_be16(r));

		if (record && base_rd_ok(r))
			track_teltonika_bytes(record, id, bytes);
	}
}

/* Until the year 2200; later ones are no times. */
#define TIME_MAX_MS 7258118400000ULL

static void read_place(struct base_rd *r, const struct layout *l,
		       struct track_record *record)
{
	const uint64_t time_ms = base_rd_be64(r);
	const uint8_t priority = base_rd_u8(r);
	const int32_t lon = (int32_t)base_rd_be32(r);
	const int32_t lat = (int32_t)base_rd_be32(r);
	const int16_t altitude = (int16_t)base_rd_be16(r);
	const uint16_t course = base_rd_be16(r);
	const uint8_t satellites = base_rd_u8(r);
	const uint16_t speed = base_rd_be16(r);
	const uint16_t event = number(r, l->wide_event);
	struct track_position *p;

	if (l->generation)
		(void)base_rd_u8(r);
	(void)number(r, l->wide_count); /* of all values */
	if (!record || !base_rd_ok(r))
		return;
	p = track_record_position(record);
	if (time_ms < TIME_MAX_MS)
		p->time_ms = (int64_t)time_ms;
	p->valid = satellites > 0;
	p->lat = lat / 1e7;
	p->lon = lon / 1e7;
	p->altitude = altitude;
	p->course = course;
	p->satellites = satellites;
	p->speed = speed;
	track_record_int(record, TRACK_PRIORITY, priority);
	track_record_int(record, TRACK_EVENT, event);
}

static double real_of(uint32_t bits)
{
	float v;

	_Static_assert(sizeof(v) == sizeof(bits), "IEEE 754");
	memcpy(&v, &bits, sizeof(v));
	return (double)v;
}

/* What a record of codec 7 says of its place: a bit and so many bytes each. */
enum gh3000_part {
	GH_PLACE,
	GH_ALTITUDE,
	GH_COURSE,
	GH_SPEED,
	GH_SATELLITES,
	GH_CELL,
	GH_RSSI,
	GH_OPERATOR,
	GH_PARTS
};

static const uint8_t gh3000_sizes[GH_PARTS] = { 8, 2, 1, 1, 1, 4, 1, 4 };

static size_t gh3000_size(uint8_t parts)
{
	size_t size = 0;

	for (int i = 0; i < GH_PARTS; i++)
		size += (parts & 1U << i) ? gh3000_sizes[i] : 0;
	return size;
}

/* 24602: three digits of the country, the rest is the network's. */
static void split_operator(uint32_t digits, struct track_cell *c)
{
	uint32_t networks = 1;

	while (digits / networks > 999)
		networks *= 10;
	if (digits < 1000 || networks > 1000)
		return;
	c->mcc = (int32_t)(digits / networks);
	c->mnc = (int32_t)(digits % networks);
}

static void read_gh3000_network(struct base_rd *r, uint8_t parts,
				struct track_record *record)
{
	struct track_cell c = { -1, -1, -1, -1, TRACK_RSSI_NONE };
	uint32_t network = 0;

	if (parts & 1U << GH_CELL) {
		c.lac = base_rd_be16(r);
		c.cid = base_rd_be16(r);
	}
	if (parts & 1U << GH_RSSI)
		c.rssi = base_rd_u8(r);
	if (parts & 1U << GH_OPERATOR)
		network = base_rd_be32(r);
	if (parts & 1U << GH_CELL) {
		split_operator(network, &c);
		track_record_cell(record, &c);
		return;
	}
	if (parts & 1U << GH_RSSI)
		track_record_int(record, TRACK_RSSI, c.rssi);
	if (parts & 1U << GH_OPERATOR)
		track_record_int(record, TRACK_OPERATOR, network);
}

static void read_gh3000_place(struct base_rd *r, uint8_t parts,
			      struct track_position *p)
{
	if (parts & 1U << GH_PLACE) {
		p->lat = real_of(base_rd_be32(r));
		p->lon = real_of(base_rd_be32(r));
		p->valid = true;
	}
	if (parts & 1U << GH_ALTITUDE)
		p->altitude = base_rd_be16(r);
	if (parts & 1U << GH_COURSE)
		p->course = base_rd_u8(r) * 360.0 / 256;
	if (parts & 1U << GH_SPEED)
		p->speed = base_rd_u8(r);
	if (parts & 1U << GH_SATELLITES)
		p->satellites = base_rd_u8(r);
}

/* Seconds from 1970 to 2007-01-01: 13,514 days. */
#define GH_EPOCH (13514 * 86400LL)
/* Above it: the record's priority. */
#define GH_TIME 0x3fffffffU

/* Return: which groups of values follow, the smallest in the lowest bit. */
static unsigned read_gh3000(struct base_rd *r, struct track_record *record)
{
	const int64_t time_s = GH_EPOCH + (base_rd_be32(r) & GH_TIME);
	const uint8_t groups = base_rd_u8(r);
	const uint8_t parts = groups & 1 ? base_rd_u8(r) : 0;
	const size_t size = gh3000_size(parts);
	struct track_position *p;

	if (!record || !base_rd_ok(r) || base_rd_left(r) < size) {
		(void)base_rd_take(r, size);
		return groups >> 1;
	}
	p = track_record_position(record);
	p->time_ms = time_s * 1000;
	read_gh3000_place(r, parts, p);
	read_gh3000_network(r, parts, record);
	return groups >> 1;
}

/* record: NULL = it is passed over. */
static void read_record(struct base_rd *r, const struct layout *l, bool sixteen,
			struct track_record *record)
{
	unsigned groups = 0xf; /* values of 1, 2, 4 and 8 bytes */

	if (l->gh3000)
		groups = read_gh3000(r, record) & 0x7;
	else
		read_place(r, l, record);
	for (unsigned i = 0; i < 4; i++) {
		if (groups & 1U << i)
			read_values(r, l, (size_t)1 << i, record);
	}
	if (sixteen)
		read_values(r, l, 16, record);
	if (l->variable)
		read_variable(r, record);
}

void track_teltonika_records(struct base_rd *r, uint8_t codec, uint8_t count,
			     bool sixteen, struct track_record *record)
{
	const struct layout *l = layout_of(codec);

	for (uint8_t i = 0; l && i < count && base_rd_ok(r); i++)
		read_record(r, l, sixteen, record);
}
