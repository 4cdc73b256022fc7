/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_record_test.c - what decoders put into a record, and checksums */
#include "track_record.h"

#include <math.h>
#include <string.h>

#include "base_test.h"
#include "track_sum.h"
#include "track_text.h"

static struct track_record *record; /* made by setup() for each test */

static int setup(void **state)
{
	(void)state;
	record = track_record_new();
	return record ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	track_record_free(record);
	return 0;
}

static void is(struct base_span s, const char *text)
{
	if (!track_text_is(s, text))
		fail_msg("%.*s is not %s", (int)s.len, (const char *)s.ptr,
			 text);
}

static void keywords_are_printable(void **state)
{
	(void)state;
	track_record_keyword(record, TRACK_SPAN("UD2"));
	assert_string_equal(record->keyword, "UD2");
	track_record_keyword(record, TRACK_SPAN("a b\x7f\x1f\xff~"));
	assert_string_equal(record->keyword, "a b???~");
	/* 31 of 33 bytes */
	track_record_keyword(record,
			     TRACK_SPAN("0123456789012345678901234567890ab"));
	assert_string_equal(record->keyword, "0123456789012345678901234567890");
	track_record_keyword(record, TRACK_SPAN(""));
	assert_string_equal(record->keyword, "");
}

static void devices_are_words(void **state)
{
	(void)state;
	/* 23 characters fit, 24 do not */
	track_record_device(record, TRACK_SPAN("abcdefghijklmnopqrstuvw"));
	is(record->device, "abcdefghijklmnopqrstuvw");
	track_record_device(record, TRACK_SPAN("aA-_09"));
	is(record->device, "aA-_09");
	track_record_device(record, TRACK_SPAN("abcdefghijklmnopqrstuvwx"));
	track_record_device(record, TRACK_SPAN(""));
	track_record_device(record, TRACK_SPAN("a b"));
	track_record_device(record, TRACK_SPAN("a\xe4"));
	is(record->device, "aA-_09");
}

static void attributes_belong_to_the_last_position(void **state)
{
	static const struct track_cell cell = { 1, 2, 3, 4, TRACK_RSSI_NONE };
	const struct track_position *p;

	(void)state;
	track_record_int(record, TRACK_STEPS, 1);
	track_record_cell(record, &cell);
	assert_int_equal(record->attrs.n, 1);
	assert_int_equal(record->cells.n, 1);
	/* what came before the first is the first's */
	p = track_record_position(record);
	assert_int_equal(record->attrs.n, 0);
	assert_int_equal(record->cells.n, 0);
	assert_int_equal(p->attrs.n, 1);
	assert_int_equal(p->cells.n, 1);
	assert_true(p->time_ms == TRACK_TIME_NONE);
	assert_true(isnan(p->lat) && isnan(p->lon) && isnan(p->altitude));
	assert_true(isnan(p->speed) && isnan(p->course) && isnan(p->accuracy));
	assert_int_equal(p->satellites, -1);
	assert_false(p->valid);
	track_record_bool(record, TRACK_MOTION, true);
	assert_int_equal(p->attrs.n, 2);
	/* ... and not the second's */
	p = track_record_position(record);
	assert_int_equal(p->attrs.n, 0);
	track_record_wifi(record, TRACK_SPAN("00:11:22:33:44:55"), -5);
	assert_int_equal(p->attrs.first, 2);
	assert_int_equal(p->wifi.n, 1);
	assert_int_equal(record->positions[0].wifi.n, 0);

	track_record_clear(record);
	assert_int_equal(record->n_positions, 0);
	assert_int_equal(record->n_attrs, 0);
	assert_int_equal(record->attrs.n, 0);
}

static void values_of_attributes(void **state)
{
	static const struct base_span bytes = TRACK_SPAN("\x00\xff");

	(void)state;
	track_record_bool(record, TRACK_CHARGE, false);
	track_record_int(record, TRACK_N(TRACK_ADC, 3), INT64_MIN);
	track_record_real(record, TRACK_POWER, 12.5);
	track_record_text(record, TRACK_RESULT, TRACK_SPAN("ok"));
	track_record_word(record, TRACK_GPS, "cold");
	track_record_hex(record, TRACK_DATA, bytes);
	assert_int_equal(record->attrs.n, 6);
	assert_int_equal(record->attr[0].kind, TRACK_KIND_BOOL);
	assert_false(record->attr[0].yes);
	assert_int_equal(record->attr[1].kind, TRACK_KIND_INT);
	assert_true(record->attr[1].number == INT64_MIN);
	assert_int_equal(TRACK_KEY_NAME(record->attr[1].key), TRACK_ADC);
	assert_int_equal(TRACK_KEY_NUMBER(record->attr[1].key), 3);
	assert_int_equal(record->attr[2].kind, TRACK_KIND_REAL);
	assert_true(record->attr[2].real == 12.5);
	assert_int_equal(TRACK_KEY_NUMBER(record->attr[2].key), -1);
	is(record->attr[3].text, "ok");
	is(record->attr[4].text, "cold");
	assert_int_equal(record->attr[4].kind, TRACK_KIND_TEXT);
	assert_int_equal(record->attr[5].kind, TRACK_KIND_HEX);
	assert_ptr_equal(record->attr[5].text.ptr, bytes.ptr);

	/* what says nothing is left out */
	track_record_real(record, TRACK_POWER, (double)NAN);
	track_record_real(record, TRACK_POWER, (double)INFINITY);
	track_record_text(record, TRACK_RESULT, TRACK_SPAN(""));
	track_record_hex(record, TRACK_DATA, TRACK_SPAN(""));
	track_record_word(record, TRACK_GPS, "");
	assert_int_equal(record->attrs.n, 6);
	assert_int_equal(record->left_out, 0);
}

static void names_of_attributes(void **state)
{
	char to[TRACK_KEY_LEN];

	(void)state;
	assert_string_equal(track_key_text(TRACK_MOTION, to), "motion");
	assert_string_equal(track_key_text(TRACK_N(TRACK_TEMPERATURE, 1), to),
			    "temp1");
	assert_string_equal(track_key_text(TRACK_N(TRACK_IO, 65535), to),
			    "io65535");
	assert_string_equal(track_key_text(TRACK_N(TRACK_LOCK_BATTERY, 2), to),
			    "lock2Battery");
	for (int i = 0; i < TRACK_NAME_MAX; i++) {
		const struct track_name_row *row =
			track_name_row((enum track_name)i);

		assert_non_null(row->name);
		assert_non_null(row->what);
		/* with the longest number and the NUL */
		assert_true(strlen(row->name) + 10 < TRACK_KEY_LEN);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(
				row->name,
				track_name_row((enum track_name)k)->name);
	}
	for (int i = 0; i < TRACK_ALARM_MAX; i++)
		assert_non_null(track_alarm_name((enum track_alarm)i));
	for (int i = 0; i < TRACK_TYPE_MAX; i++)
		assert_non_null(track_type_name((enum track_type)i));
}

static void an_alarm_is_there_once(void **state)
{
	(void)state;
	track_record_alarm(record, TRACK_ALARM_GEOFENCE_EXIT);
	track_record_alarm(record, TRACK_ALARM_GEOFENCE); /* a part of it */
	track_record_alarm(record, TRACK_ALARM_SOS);
	track_record_alarm(record, TRACK_ALARM_GEOFENCE_EXIT);
	track_record_alarm(record, TRACK_ALARM_SOS);
	assert_int_equal(record->attrs.n, 1);
	is(record->attr[0].text, "geofenceExit,geofence,sos");
	/* each position has its own */
	(void)track_record_position(record);
	(void)track_record_position(record);
	track_record_alarm(record, TRACK_ALARM_SOS);
	assert_int_equal(record->positions[1].attrs.n, 1);
	is(record->attr[1].text, "sos");
}

static void forms_of_a_mac(void **state)
{
	static const uint8_t bytes[] = { 0, 0x1a, 0xff, 9, 0xa0, 0x0b };

	(void)state;
	track_record_wifi(record, TRACK_SPAN("A0:b1:C2:d3:E4:f5"), -70);
	track_record_wifi(record, TRACK_SPAN("a0-B1-c2-d3-e4-f5"), 0);
	track_record_wifi(record, TRACK_SPAN("a0b1c2d3e4f5"), TRACK_RSSI_NONE);
	track_record_wifi_bytes(record, (struct base_span){ bytes, 6 }, -1);
	assert_int_equal(record->wifi.n, 4);
	for (int i = 0; i < 3; i++)
		is(record->wifis[i].mac, "a0:b1:c2:d3:e4:f5");
	assert_int_equal(record->wifis[0].rssi, -70);
	assert_int_equal(record->wifis[2].rssi, TRACK_RSSI_NONE);
	is(record->wifis[3].mac, "00:1a:ff:09:a0:0b");

	track_record_wifi(record, TRACK_SPAN("a0:b1:c2:d3:e4:f"), 0);
	track_record_wifi(record, TRACK_SPAN("a0:b1:c2:d3:e4:f55"), 0);
	track_record_wifi(record, TRACK_SPAN("a0:b1:c2:d3:e4:g5"), 0);
	track_record_wifi(record, TRACK_SPAN("a:0b1:c2:d3:e4:f5"), 0);
	track_record_wifi(record, TRACK_SPAN(""), 0);
	track_record_wifi_bytes(record, (struct base_span){ bytes, 5 }, 0);
	assert_int_equal(record->wifi.n, 4);
}

static void bytes_as_digits(void **state)
{
	(void)state;
	is(track_record_bcd(record, TRACK_SPAN("\x03\x59\x10")), "035910");
	is(track_record_bcd(record, TRACK_SPAN("\x03\x5a")), "");
	is(track_record_bcd(record, TRACK_SPAN("\x03\xf1")), "");
	is(track_record_digits(record, TRACK_SPAN("\x03\x5a\xff")), "035aff");
}

static void what_cannot_be_is_absent(void **state)
{
	struct track_position *p = track_record_position(record);

	(void)state;
	p->lat = 90;
	p->lon = -180;
	p->speed = 0;
	p->course = 360;
	p->satellites = 255;
	p->time_ms = 0;
	p = track_record_position(record);
	p->lat = 10;
	p->lon = 180.01; /* and the latitude goes with it */
	p->altitude = 1e6;
	p->speed = -1;
	p->course = 360.5;
	p->accuracy = -1;
	p->satellites = 256;
	p->time_ms = -1;
	track_record_end(record);
	p = &record->positions[0];
	assert_true(p->lat == 90 && p->lon == -180);
	assert_true(p->speed == 0 && p->course == 360);
	assert_int_equal(p->satellites, 255);
	assert_int_equal(p->time_ms, 0);
	p++;
	assert_true(isnan(p->lat) && isnan(p->lon));
	assert_true(isnan(p->altitude) && isnan(p->speed));
	assert_true(isnan(p->course) && isnan(p->accuracy));
	assert_int_equal(p->satellites, -1);
	assert_true(p->time_ms == TRACK_TIME_NONE);
}

static void a_network_alone_is_a_position(void **state)
{
	(void)state;
	track_record_int(record, TRACK_STEPS, 1);
	track_record_wifi(record, TRACK_SPAN("a0b1c2d3e4f5"), -1);
	track_record_end(record);
	assert_int_equal(record->n_positions, 1);
	assert_true(isnan(record->positions[0].lat));
	assert_int_equal(record->positions[0].wifi.n, 1);
	assert_int_equal(record->positions[0].attrs.n, 1);
	/* and nothing is none */
	track_record_clear(record);
	track_record_int(record, TRACK_STEPS, 1);
	track_record_end(record);
	assert_int_equal(record->n_positions, 0);
}

static void what_has_no_room_is_counted(void **state)
{
	static const struct track_cell cell;
	uint32_t left_out = 0;

	(void)state;
	for (int i = 0; i <= TRACK_POSITIONS_MAX; i++)
		track_record_position(record)->satellites = i;
	assert_int_equal(record->n_positions, TRACK_POSITIONS_MAX);
	assert_int_equal(record->left_out, ++left_out);
	for (int i = 0; i <= TRACK_ATTRS_MAX; i++)
		track_record_int(record, TRACK_STEPS, i);
	assert_int_equal(record->n_attrs, TRACK_ATTRS_MAX);
	assert_int_equal(record->left_out, ++left_out);
	for (int i = 0; i <= TRACK_CELLS_MAX; i++)
		track_record_cell(record, &cell);
	assert_int_equal(record->n_cells, TRACK_CELLS_MAX);
	assert_int_equal(record->left_out, ++left_out);
	for (int i = 0; i <= TRACK_WIFI_MAX; i++)
		track_record_wifi(record, TRACK_SPAN("001122334455"), i);
	assert_int_equal(record->n_wifi, TRACK_WIFI_MAX);
	assert_int_equal(record->left_out, ++left_out);
	assert_non_null(
		track_record_room(record, TRACK_TEXT_MAX - record->n_text));
	assert_null(track_record_room(record, 1));
	assert_int_equal(record->left_out, ++left_out);
	is(track_record_digits(record, TRACK_SPAN("\x01")), "");
	assert_int_equal(record->left_out, ++left_out);
}

/* The check values that the catalogues of CRCs give for these nine bytes. */
static void published_check_values(void **state)
{
	static const struct base_span check = TRACK_SPAN("123456789");
	static const struct base_span none = { NULL, 0 };

	(void)state;
	assert_int_equal(track_sum_x25(check), 0x906e);
	assert_int_equal(track_sum_arc(check), 0xbb3d);
	assert_int_equal(track_sum_xmodem(check), 0x31c3);
	/* 1^2^3 = 0, 4^5^6^7 = 0, 8^9 = 1; nine times 0x30 leaves 0x30 */
	assert_int_equal(track_sum_xor(check), 0x31);
	assert_int_equal(track_sum_x25(none), 0);
	assert_int_equal(track_sum_arc(none), 0);
	assert_int_equal(track_sum_xmodem(none), 0);
	assert_int_equal(track_sum_xor(none), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(keywords_are_printable),
		TEST(devices_are_words),
		TEST(attributes_belong_to_the_last_position),
		TEST(values_of_attributes),
		TEST(names_of_attributes),
		TEST(an_alarm_is_there_once),
		TEST(forms_of_a_mac),
		TEST(bytes_as_digits),
		TEST(what_cannot_be_is_absent),
		TEST(a_network_alone_is_a_position),
		TEST(what_has_no_room_is_counted),
		cmocka_unit_test(published_check_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
