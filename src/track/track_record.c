/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_record.c - what one message says, in typed fields */
#include "track_record.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_escape.h"
#include "track.h"

_Static_assert(TRACK_NAME_MAX <= 1 << TRACK_NAME_BITS, "a name fits its bits");

const char *track_key_text(track_key key, char to[static TRACK_KEY_LEN])
{
	const char *name = track_name_row(TRACK_KEY_NAME(key))->name;
	const int number = TRACK_KEY_NUMBER(key);
	const char *place = strchr(name, '#');
	const int front = (int)(place ? (size_t)(place - name) : strlen(name));

	if (number < 0)
		(void)snprintf(to, TRACK_KEY_LEN, "%s", name);
	else
		(void)snprintf(to, TRACK_KEY_LEN, "%.*s%d%s", front, name,
			       number, place ? place + 1 : "");
	return to;
}

struct track_record *track_record_new(void)
{
	return calloc(1, sizeof(struct track_record));
}

void track_record_free(struct track_record *r)
{
	free(r);
}

void track_record_clear(struct track_record *r)
{
	memset(r, 0, offsetof(struct track_record, positions));
}

void track_record_keyword(struct track_record *r, struct base_span keyword)
{
	size_t n = 0;

	for (; n < keyword.len && n < TRACK_KEYWORD_LEN - 1; n++) {
		const uint8_t c = keyword.ptr[n];

		r->keyword[n] = '?';
		if (c >= 0x20 && c < 0x7f)
			r->keyword[n] = (char)c;
	}
	r->keyword[n] = '\0';
}

static bool is_word(uint8_t c)
{
	return c < 0x80 && (isalnum(c) || c == '-' || c == '_');
}

void track_record_device(struct track_record *r, struct base_span device)
{
	if (!device.len || device.len >= TRACK_DEVICE_LEN)
		return;
	for (size_t i = 0; i < device.len; i++) {
		if (!is_word(device.ptr[i]))
			return;
	}
	r->device = device;
}

/* Where what is added now belongs. */
static struct track_position *current(struct track_record *r)
{
	return r->n_positions ? &r->positions[r->n_positions - 1] : NULL;
}

struct track_position *track_record_position(struct track_record *r)
{
	struct track_position *p;

	if (r->n_positions == TRACK_POSITIONS_MAX) {
		/* its place is the last one's, which stays the last */
		r->left_out++;
		r->n_positions--;
	}
	p = &r->positions[r->n_positions];
	*p = (struct track_position){
		.time_ms = TRACK_TIME_NONE,
		.lat = (double)NAN,
		.lon = (double)NAN,
		.altitude = (double)NAN,
		.speed = (double)NAN,
		.course = (double)NAN,
		.accuracy = (double)NAN,
		.satellites = -1,
		.attrs = { r->n_attrs, 0 },
		.cells = { r->n_cells, 0 },
		.wifi = { r->n_wifi, 0 },
	};
	if (!r->n_positions++) {
		p->attrs = r->attrs;
		p->cells = r->cells;
		p->wifi = r->wifi;
		r->attrs = r->cells = r->wifi = (struct track_range){ 0, 0 };
	}
	return p;
}

static struct track_attr *add(struct track_record *r, track_key key,
			      enum track_kind kind)
{
	struct track_position *p = current(r);
	struct track_attr *a;

	if (r->n_attrs == TRACK_ATTRS_MAX) {
		r->left_out++;
		return NULL;
	}
	a = &r->attr[r->n_attrs++];
	(p ? &p->attrs : &r->attrs)->n++;
	a->key = key;
	a->kind = kind;
	return a;
}

void track_record_bool(struct track_record *r, track_key key, bool yes)
{
	struct track_attr *a = add(r, key, TRACK_KIND_BOOL);

	if (a)
		a->yes = yes;
}

void track_record_int(struct track_record *r, track_key key, int64_t number)
{
	struct track_attr *a = add(r, key, TRACK_KIND_INT);

	if (a)
		a->number = number;
}

void track_record_real(struct track_record *r, track_key key, double real)
{
	struct track_attr *a = isfinite(real) ? add(r, key, TRACK_KIND_REAL)
					      : NULL;

	if (a)
		a->real = real;
}

static void add_text(struct track_record *r, track_key key,
		     enum track_kind kind, struct base_span text)
{
	struct track_attr *a = text.len ? add(r, key, kind) : NULL;

	if (a)
		a->text = text;
}

void track_record_text(struct track_record *r, track_key key,
		       struct base_span text)
{
	add_text(r, key, TRACK_KIND_TEXT, text);
}

static struct base_span span_of(const char *word)
{
	return (struct base_span){ (const uint8_t *)word, strlen(word) };
}

void track_record_word(struct track_record *r, track_key key, const char *word)
{
	add_text(r, key, TRACK_KIND_TEXT, span_of(word));
}

void track_record_hex(struct track_record *r, track_key key,
		      struct base_span bytes)
{
	add_text(r, key, TRACK_KIND_HEX, bytes);
}

/* Is the word one of those in the list, which commas part? */
static bool has_word(struct base_span list, struct base_span word)
{
	struct base_rd r;

	base_rd_init(&r, list.ptr, list.len);
	for (;;) {
		struct base_rd rest = r;
		struct base_span one = base_rd_until(&r, ',');

		if (!base_rd_ok(&r))
			one = base_rd_take(&rest, base_rd_left(&rest));
		if (one.len == word.len && !memcmp(one.ptr, word.ptr, word.len))
			return true;
		if (!base_rd_ok(&r))
			return false;
	}
}

static struct track_attr *find(struct track_record *r, track_key key)
{
	const struct track_position *p = current(r);
	const struct track_range all = p ? p->attrs : r->attrs;

	for (uint32_t i = all.first; i < all.first + all.n; i++) {
		if (r->attr[i].key == key)
			return &r->attr[i];
	}
	return NULL;
}

void track_record_alarm(struct track_record *r, enum track_alarm alarm)
{
	const struct base_span word = span_of(track_alarm_name(alarm));
	struct track_attr *a = find(r, TRACK_ALARM);
	uint8_t *both;

	if (!a) {
		track_record_text(r, TRACK_ALARM, word);
		return;
	}
	if (has_word(a->text, word))
		return;
	both = track_record_room(r, a->text.len + 1 + word.len);
	if (!both)
		return;
	memcpy(both, a->text.ptr, a->text.len);
	both[a->text.len] = ',';
	memcpy(both + a->text.len + 1, word.ptr, word.len);
	a->text = (struct base_span){ both, a->text.len + 1 + word.len };
}

void track_record_cell(struct track_record *r, const struct track_cell *cell)
{
	struct track_position *p = current(r);

	if (r->n_cells == TRACK_CELLS_MAX) {
		r->left_out++;
		return;
	}
	r->cell[r->n_cells++] = *cell;
	(p ? &p->cells : &r->cells)->n++;
}

static void add_wifi(struct track_record *r, const uint8_t digits[static 12],
		     int32_t rssi)
{
	struct track_position *p = current(r);
	uint8_t *mac = r->n_wifi < TRACK_WIFI_MAX ? track_record_room(r, 17)
						  : NULL;

	if (!mac) {
		r->left_out++;
		return;
	}
	for (int i = 0; i < 17; i++)
		mac[i] = i % 3 == 2 ? ':' : (uint8_t)tolower(digits[i - i / 3]);
	r->wifis[r->n_wifi++] = (struct track_wifi){ { mac, 17 }, rssi };
	(p ? &p->wifi : &r->wifi)->n++;
}

void track_record_wifi(struct track_record *r, struct base_span mac,
		       int32_t rssi)
{
	uint8_t digits[12];
	size_t n = 0;

	for (size_t i = 0; i < mac.len; i++) {
		const uint8_t c = mac.ptr[i];

		if ((c == ':' || c == '-') && n % 2 == 0)
			continue;
		if (n == sizeof(digits) || c >= 0x80 || !isxdigit(c))
			return;
		digits[n++] = c;
	}
	if (n == sizeof(digits))
		add_wifi(r, digits, rssi);
}

void track_record_wifi_bytes(struct track_record *r, struct base_span mac,
			     int32_t rssi)
{
	uint8_t digits[12];

	if (mac.len != 6)
		return;
	base_escape_hex((char *)digits, mac);
	add_wifi(r, digits, rssi);
}

uint8_t *track_record_room(struct track_record *r, size_t len)
{
	uint8_t *room = r->text + r->n_text;

	if (len > TRACK_TEXT_MAX - r->n_text) {
		r->left_out++;
		return NULL;
	}
	r->n_text += (uint32_t)len;
	return room;
}

struct base_span track_record_digits(struct track_record *r,
				     struct base_span bytes)
{
	uint8_t *to = track_record_room(r, 2 * bytes.len);

	if (!to)
		return (struct base_span){ NULL, 0 };
	base_escape_hex((char *)to, bytes);
	return (struct base_span){ to, 2 * bytes.len };
}

struct base_span track_record_bcd(struct track_record *r,
				  struct base_span bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		if (bytes.ptr[i] >> 4 > 9 || (bytes.ptr[i] & 15) > 9)
			return (struct base_span){ NULL, 0 };
	}
	return track_record_digits(r, bytes);
}

/* NAN unless the value is possible. */
static double within(double v, double min, double max)
{
	return v >= min && v <= max ? v : (double)NAN;
}

void track_record_end(struct track_record *r)
{
	/* where a phone network is, the tracker is */
	if (r->cells.n || r->wifi.n)
		(void)track_record_position(r);
	for (uint32_t i = 0; i < r->n_positions; i++) {
		struct track_position *p = &r->positions[i];

		p->lat = within(p->lat, -90, 90);
		p->lon = within(p->lon, -180, 180);
		if (isnan(p->lat) || isnan(p->lon))
			p->lat = p->lon = (double)NAN;
		p->altitude = within(p->altitude, -20000, 100000);
		p->speed = within(p->speed, 0, 10000);
		p->course = within(p->course, 0, 360);
		p->accuracy = within(p->accuracy, 0, 1e8);
		if (p->satellites > 255)
			p->satellites = -1;
		if (p->time_ms < 0)
			p->time_ms = TRACK_TIME_NONE;
	}
}

const char *track_type_name(enum track_type type)
{
	static const char *const names[TRACK_TYPE_MAX] = {
		[TRACK_TYPE_UNKNOWN] = "unknown",
		[TRACK_TYPE_LOGIN] = "login",
		[TRACK_TYPE_HEARTBEAT] = "heartbeat",
		[TRACK_TYPE_POSITION] = "position",
		[TRACK_TYPE_ALARM] = "alarm",
		[TRACK_TYPE_STATUS] = "status",
		[TRACK_TYPE_COMMAND] = "command",
		[TRACK_TYPE_REPLY] = "reply",
		[TRACK_TYPE_MEDIA] = "media",
	};

	return names[type];
}
