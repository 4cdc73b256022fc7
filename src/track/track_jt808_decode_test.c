/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_jt808_decode_test.c - what messages of JT/T 808 say
 *
 * The bodies are written as the standard and the makers describe them; values
 * are computed beside them.
 */
#include "track_jt808_test.h"

#include "track_text.h"

static void test_location(void **state)
{
	const struct track_record *r = decode("0200", POINT);
	const struct track_position *p = only(r);

	(void)state;
	assert_string_equal(r->keyword, "0200");
	assert_int_equal(r->device.len, strlen(DEVICE));
	assert_memory_equal(r->device.ptr, DEVICE, strlen(DEVICE));
	is_place(p, 22.5, 114.25);
	assert_true(p->valid);
	assert_true(p->altitude == 100 && p->course == 271);
	assert_true(fabs(p->speed - 60.5) < 1e-9);
	assert_int_equal(p->time_ms, DATE_MS);
	assert_int_equal(p->satellites, -1);
	is_bool(r, "ignition", true);
	is_bool(r, "blocked", false);
	is_bool(r, "charge", false);
	is_absent(r, "alarm");
}

/* status: 4 south, 8 west, 2 valid, 400 blocked, 4000000 charging */
static void test_location_mutated(void **state)
{
	const struct track_record *r = decode(
		"0200", "00000000 04000404" LAT LON "ffce 0000 0000" DATE);

	(void)state;
	is_place(only(r), -22.5, 114.25);
	assert_false(only(r)->valid);
	assert_true(only(r)->altitude == -50); /* ffce */
	is_bool(r, "ignition", false);
	is_bool(r, "blocked", true);
	is_bool(r, "charge", true);
	r = decode("0200", "00000000 0000000a" LAT LON MOTION DATE);
	is_place(only(r), 22.5, -114.25);
	/* a day later, a year later (365 days) */
	r = decode("0200", "00000000 00000003" LAT LON MOTION "260103030405");
	assert_int_equal(only(r)->time_ms, DATE_MS + 86400000LL);
	r = decode("0200", "00000000 00000003" LAT LON MOTION "270102030405");
	assert_int_equal(only(r)->time_ms, DATE_MS + 365 * 86400000LL);
	/* no date: day 10925, 1999-11-30, eight hours west; no digits */
	r = decode("0200", "00000000 00000003" LAT LON MOTION "000000000000");
	assert_int_equal(only(r)->time_ms, (10925LL * 24 - 8) * 3600000);
	r = decode("0200", "00000000 00000003" LAT LON MOTION "26010203040f");
	assert_int_equal(only(r)->time_ms, TRACK_TIME_NONE);
	/* 90.000001 = 055d4a81 */
	r = decode("0200", "00000000 00000003 055d4a81" LON MOTION DATE);
	assert_true(isnan(only(r)->lat) && isnan(only(r)->lon));
	/* a byte is missing */
	r = decode("0200", "00000000 00000003" LAT LON MOTION "2601020304");
	assert_int_equal(r->n_positions, 0);
}

static void test_zone(void **state)
{
	struct track_habits habits = { .zone_min = -90 };
	struct track_session session = { 0 };
	struct track_record *r = test_record();
	struct bytes w = { 0 };
	struct track_message m = { .protocol = &track_jt808 };

	(void)state;
	put_message(&w, "0200", POINT);
	m.bytes = bytes_span(&w);
	track_record_clear(r);
	track_jt808.decode(&m, &habits, &session, r);
	/* from 8 hours before to 1.5 hours behind */
	assert_int_equal(only(r)->time_ms, DATE_MS + 570 * 60000LL);
}

static void test_alarms(void **state)
{
	static const struct {
		const char *bits, *alarm;
	} rows[] = {
		{ "00000001", "sos" },
		{ "00000002", "overspeed" },
		{ "00000004", "fatigueDriving" },
		{ "00000010", "fault" },
		{ "00000020", "gpsAntennaCut" },
		{ "00000080", "lowBattery" },
		{ "00000100", "powerOff" },
		{ "00000181", "sos,lowBattery,powerOff" },
		{ "00000e00", "fault" },
		{ "00008000", "vibration" },
		{ "00020000", "tampering" },
		{ "00040000", "lowBattery" },
		{ "00080000", "parking" },
		{ "00100000", "geofence" },
		{ "04000000", "general" },
		{ "10000000", "movement" },
		{ "60000000", "accident" },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		char body[128];

		(void)snprintf(body, sizeof(body), "%s%s", rows[i].bits,
			       "00000003" LAT LON MOTION DATE);
		is_text(decode("0200", body), "alarm", rows[i].alarm);
	}
}

static void test_batch(void **state)
{
	const struct track_record *r = decode(
		"0704", "0002 01"
			"001f" POINT "3001 11"
			"001c 00000001 00000002" LAT LON MOTION "260102030406");

	(void)state;
	assert_int_equal(r->n_positions, 2);
	is_place(&r->positions[0], 22.5, 114.25);
	assert_int_equal(r->positions[1].time_ms, DATE_MS + 1000);
	is_text(r, "alarm", "sos");
	is_bool(r, "archive", true);
	is_absent(r, "rssi");
	/* live ones, and the second is torn */
	r = decode("0704", "0002 00 001c" POINT "001c 0000");
	assert_int_equal(r->n_positions, 1);
	is_absent(r, "archive");
	/* lengths of one byte; the battery alone */
	r = decode("0210", "1c" POINT "1c" POINT "1c" POINT);
	assert_int_equal(r->n_positions, 3);
	r = decode("0210", "4b" DATE);
	assert_int_equal(only(r)->time_ms, DATE_MS);
	assert_true(isnan(only(r)->lat));
	is_number(r, "batteryLevel", 75);
}

/* 01-05-22 12:30:45; 22 34.5678 N, 114 04.5000 E: 22.57613, 114.075; 10 kn,
 * 45 * 2 degrees; rssi 1c, 6 satellites, 7 km, 78 %, cell 5ded0001, lac 1c */
#define LOCK                                                                  \
	"010522123045 22345678 114045000 7 10 2d 1c 06 00000007 4e 5ded0001 " \
	"001c"

static void test_lock(void **state)
{
	struct bytes w = { 0 }, plain = { 0 };
	const struct track_record *r;

	(void)state;
	bytes_add(&plain, "5501 0039" PHONE "05" LOCK "03 0020 0004"
			  "0202 0014 0a03 02dc65 0b06 03 0000002a 65"
			  "0c06 005a ffb5 fffe");
	put_plain(&w, &plain, 0x7e, 0);
	r = decode_wire(&w, BASE_CLIENT);
	assert_string_equal(r->keyword, "5501");
	is_place(only(r), 22 + 34.5678 / 60, 114 + 4.5 / 60);
	assert_true(only(r)->valid);
	assert_true(fabs(only(r)->speed - 18.52) < 1e-9);
	assert_true(only(r)->course == 90 && only(r)->altitude == 20);
	assert_int_equal(only(r)->satellites, 6);
	/* 2022-05-01 is 52 years of 365 days, 13 leap days, 120 days after
	 * 1970: 19113; UTC */
	assert_int_equal(only(r)->time_ms,
			 (((19113LL * 24 + 12) * 60 + 30) * 60 + 45) * 1000);
	is_number(r, "rssi", 28);
	is_number(r, "odometer", 7000);
	is_number(r, "batteryLevel", 78);
	is_bool(r, "blocked", true);
	is_number(r, "status", 32);
	is_text(r, "alarm", "vibration");
	is_text(r, "tilt", "[90,-75,-2]");
	is_number(r, "lockCard", 42);
	is_number(r, "unlockResult", 101);
	is_cell(r, 0, 732, 101, 0x1c, 0x5ded0001);
}

/* The flags are a nibble: 2 north, 4 east. */
static void test_lock_mutated(void **state)
{
	struct bytes w = { 0 }, plain = { 0 };
	const struct track_record *r;

	(void)state;
	bytes_add(&plain, "5502 0023" PHONE
			  "05 010522123045 22345678 114045000 9 10 2d 1c 06 "
			  "00000007 aa 00000000 0000 01 0000 0001");
	put_plain(&w, &plain, 0x7e, 0);
	r = decode_wire(&w, BASE_CLIENT);
	is_place(only(r), -22 - 34.5678 / 60, -114 - 4.5 / 60);
	assert_false(only(r)->valid);
	assert_int_equal(only(r)->cells.n, 0);
	is_bool(r, "charge", true);
	is_text(r, "alarm", "lowPower");
	is_absent(r, "blocked");
}

static void test_registration(void **state)
{
	const struct track_record *r =
		decode("0100", "0000 0000 3730313037 "
			       "48422d5230334742440000000000000000000000 "
			       "33323631303420 02 41424331");
	struct bytes w = { 0 };

	(void)state;
	is_text(r, "manufacturer", "70107");
	is_text(r, "model", "HB-R03GBD");
	is_text(r, "terminalId", "326104");
	is_text(r, "plateNumber", "ABC1");
	/* of 2011: a model of 8 bytes */
	r = decode("0100", "0000 0000 3730313037 4d31000000000000 "
			   "31323334353637 02 4142");
	is_text(r, "model", "M1");
	is_text(r, "terminalId", "1234567");
	is_text(r, "plateNumber", "AB");
	/* of 2019: 11, 30, 30 */
	put_message_as(&w, "0100", "01 00000000" PHONE,
		       "0000 0000 4d43303000000000000000 "
		       "4d31000000000000000000000000000000000000000000000000"
		       "00000000 "
		       "3836363439360000000000000000000000000000000000000000"
		       "00000000 00",
		       0x4000);
	r = decode_wire(&w, BASE_CLIENT);
	is_text(r, "manufacturer", "MC00");
	is_text(r, "model", "M1");
	is_text(r, "terminalId", "866496");
}

static void test_properties(void **state)
{
	const struct track_record *r =
		decode("0107", "0005 3730313037 "
			       "4d31000000000000000000000000000000000000 "
			       "31323334353637 89883030000131882455 "
			       "02 4831 03 463132 01 00");

	(void)state;
	is_text(r, "model", "M1");
	is_hex(r, "iccid", "89883030000131882455");
	is_text(r, "versionHw", "H1");
	is_text(r, "versionFw", "F12");
	/* "Set OK" in UTF-16, and what follows: an umlaut, and a Han sign */
	r = decode("1300", "0109 0053 0065 0074 00fc 4e2d");
	is_text(r, "result", "Set\xc3\xbc\xe4\xb8\xad");
	is_number(r, "index", 265);
	r = decode("6006", "01 4f4b00");
	is_text(r, "result", "OK");
	r = decode("0701", "00000003 4f4b21 ff");
	is_text(r, "result", "OK!");
	r = decode("0002", "55 1c 01");
	is_number(r, "batteryLevel", 85);
	is_number(r, "rssi", 28);
	is_number(r, "status", 1);
}

static void test_driver(void **state)
{
	const struct track_record *r =
		decode("0702", "01" DATE "00 03 4a6f65 "
			       "3132333400000000000000000000000000000000 "
			       "02 4141 20301231");

	(void)state;
	is_number(r, "cardStatus", 1);
	is_number(r, "cardResult", 0);
	is_text(r, "driver", "Joe");
	is_text(r, "cardCode", "1234");
	is_text(r, "cardAgency", "AA");
	is_hex(r, "cardValidity", "20301231");
	assert_int_equal(only(r)->time_ms, DATE_MS);
}

static void test_parameters(void **state)
{
	static const char body[] = "03 00000001 04 0000001e "
				   "00000013 04 312e322e 00000080 04 00000064";
	const struct track_record *r;
	char told[128];
	struct bytes w = { 0 };

	(void)state;
	(void)snprintf(told, sizeof(told), "0007%s", body);
	r = decode("0104", told);
	is_number(r, "index", 7);
	is_number(r, "heartbeatInterval", 30);
	is_text(r, "server", "1.2.");
	is_number(r, "odometer", 10000);
	put_message(&w, "8103", body);
	r = decode_wire(&w, BASE_SERVER);
	assert_int_equal(r->type, TRACK_TYPE_COMMAND);
	is_number(r, "heartbeatInterval", 30);
}

static void test_replies(void **state)
{
	const struct track_record *r = decode("0001", "0102 8103 00");

	(void)state;
	is_number(r, "index", 258);
	is_text(r, "command", "8103");
	is_number(r, "result", 0);
	r = decode("8100", "0005 03");
	is_number(r, "index", 5);
	is_number(r, "result", 3);
	r = decode("8105", "f0");
	is_number(r, "command", 240);
	r = decode("8300", "01 5265626f6f74");
	is_text(r, "command", "Reboot");
	r = decode("a006", "01 260102030405");
	is_bool(r, "blocked", true);
	r = decode("0201", "0009" POINT);
	is_place(only(r), 22.5, 114.25);
	is_number(r, "index", 9);
}

static void test_media(void **state)
{
	const struct track_record *r = decode(
		"0801", "00000010 00 00 01 02" POINT "ffd8ffe0 7e7d 7e01 7d02");
	struct bytes w = { 0 };

	(void)state;
	is_number(r, "mediaId", 16);
	is_number(r, "channel", 2);
	is_place(only(r), 22.5, 114.25);
	/* of 2011: no place; what follows is no date either */
	r = decode("0801", "00000010 00 00 01 02 ffd8ffe0 00104a46494600010101"
			   "00480048 0000ffdb00430001 02");
	is_number(r, "mediaId", 16);
	assert_int_equal(r->n_positions, 0);
	/* part 2 of 3 has no head; the number of parts is no part of the
	 * body's length */
	put_message_as(&w, "0801", PHONE, "0003 0002 01020304 05060708",
		       0x2000 - 4);
	r = decode_wire(&w, BASE_CLIENT);
	is_number(r, "packages", 3);
	is_number(r, "package", 2);
	is_absent(r, "mediaId");
}

static void test_encrypted(void **state)
{
	struct bytes w = { 0 };

	(void)state;
	put_message_as(&w, "0200", PHONE, POINT, 0x400);
	assert_int_equal(decode_wire(&w, BASE_CLIENT)->n_positions, 0);
	assert_string_equal(test_record()->keyword, "0200");
}

/* A body of 1032 = 408 bytes: bit 10 is its length's, nothing is encrypted.
 * 28 of the point, 3 of the signal, 7 items of 143. */
static void test_long_body(void **state)
{
	static char body[2 * 1032 + 16] = POINT "300111";
	struct bytes w = { 0 };
	size_t n = strlen(body);

	(void)state;
	for (int i = 0; i < 7; i++) {
		n += (size_t)snprintf(body + n, sizeof(body) - n, "7a8d%0282d",
				      0);
	}
	put_message(&w, "0200", body);
	assert_int_equal(w.at[3] << 8 | w.at[4], 0x408);
	is_number(decode_wire(&w, BASE_CLIENT), "rssi", 17);
}

static void test_bus(void **state)
{
	const struct track_record *r =
		decode("0900", "f0" DATE "00 02 01 05 052b 01 50 052d 01 6b "
			       "0535 02 0321 0545 04 0000001e 0546 04 00000064"
			       "00000003" LAT LON);

	(void)state;
	is_place(only(r), 22.5, 114.25);
	assert_int_equal(only(r)->time_ms, DATE_MS);
	is_number(r, "fuel", 80);
	is_number(r, "coolantTemp", 67);
	is_number(r, "obdSpeed", 80.1);
	is_number(r, "io1349", 30);
	is_number(r, "odometer", 10000);
	is_bool(r, "ignition", true);
	is_absent(r, "archive");
	/* two units: P0101 and P0102 */
	r = decode("0900", "f0" DATE "01 02 02 0002 "
			   "00000001 0001 00000000 00000000 0005 5030313031 "
			   "00000002 0001 00000000 00000000 0005 5030313032 "
			   "0000000b" LAT LON);
	is_text(r, "dtcs", "P0101 P0102");
	is_bool(r, "archive", true);
	is_place(only(r), 22.5, -114.25);
	r = decode("0900", "f0" DATE "00 02 03 02 1a 00 26 02 0000"
			   "00000003" LAT LON);
	is_text(r, "alarm", "hardAcceleration,accident");
	is_place(only(r), 22.5, 114.25);
	r = decode("0900",
		   "f0" DATE "00 02 04 02 00000009" DATE DATE LAT LON LAT LON
		   "00 0003 003c 007b 04d2");
	is_number(r, "tripNumber", 9);
	is_number(r, "idlingCount", 3);
	is_number(r, "idlingTime", 60);
	is_number(r, "tripOdometer", 12300);
	is_number(r, "tripFuel", 12.34);
	assert_true(isnan(only(r)->lat));
	r = decode("0900", "f0" DATE "00 02 0b 01 "
			   "4142434445464748494a4b4c4d4e4f5051");
	is_text(r, "vin", "ABCDEFGHIJKLMNOPQ");
	r = decode("0900", "f0" DATE "00 02 15 00000034");
	is_text(r, "alarm", "hardBraking");
	r = decode("0900", "f0" DATE "00 02 15 00000037");
	is_number(r, "event", 55);
	/* two are told, and the second has no length: no alarm */
	r = decode("0900", "f0" DATE "00 02 03 02 1a 00 26");
	is_text(r, "alarm", "hardAcceleration");
	/* ... or one that cannot be: what follows is no place */
	r = decode("0900", "f0" DATE "00 02 01 02 052b 01 50 "
			   "052b ff 00 00000001 00000002");
	is_number(r, "fuel", 80);
	assert_true(isnan(only(r)->lat));
	/* five are told and one is there */
	r = decode("0900", "f0" DATE "00 02 01 05 052b 01 50");
	is_number(r, "fuel", 80);
	assert_true(isnan(only(r)->lat));
}

static void test_transparent(void **state)
{
	const struct track_record *r =
		decode("0900", "54 00000002" LAT LON MOTION DATE "001f" DATE
			       "0c41 00f4 011c 00f3 000000000000 03fe");

	(void)state;
	is_place(only(r), 22.5, 114.25);
	assert_int_equal(only(r)->time_ms, DATE_MS);
	is_number(r, "lightSensor", 3137);
	is_number(r, "deviceTemp", 24.4);
	is_number(r, "humidity", 28.4);
	is_number(r, "temp3", 24.3);
	is_number(r, "airPressure", 1022);
	r = decode("0900", "53 00000002" LAT LON MOTION DATE
			   "02 00 112233445566 c8 02 abcd "
			   "01 aabbccddeeff c7 00");
	is_hex(r, "tag1Mac", "112233445566");
	is_number(r, "tag1Rssi", -56);
	is_hex(r, "tag1Data", "abcd");
	is_number(r, "tag2Rssi", -57);
	/* $OBD-RT,12.3,0,20, and a new line */
	r = decode("0900", "41 244f42442d52542c31322e332c302c32302c 0d0a");
	is_number(r, "power", 12.3);
	is_number(r, "rpm", 0);
	is_number(r, "obdSpeed", 20);
	/* GTSL|a|b|c|77|d */
	r = decode("0900", "40 4754534c7c617c627c637c37377c64");
	is_text(r, "driverUniqueId", "77");
	r = decode("0900", "40 48656c6c6f");
	is_text(r, "data", "Hello");
	/* -22.5: two's complement of 015752a0 */
	r = decode("0900", "ff" DATE "fea8ad60" LON MOTION);
	is_place(only(r), -22.5, 114.25);
	assert_int_equal(only(r)->time_ms, DATE_MS);
	/* 25600 / 256 / 100 */
	r = decode("0900", "f3 0002 0002 6400 0006 0006" DATE);
	is_number(r, "collision", 1);
	assert_int_equal(only(r)->time_ms, DATE_MS);
	r = decode("0900", "0b 0102");
	is_number(r, "type", 11);
}

/* Two seconds; 8001 is -1 */
static void test_acceleration(void **state)
{
	(void)state;
	is_text(decode("2070", DATE "0010 002d 80ac" DATE "8001 0000 0002"),
		"gSensor", "[[16,45,-172],[-1,0,2]]");
	is_absent(decode("2070", ""), "gSensor");
}

static void test_words(void **state)
{
	static const char text[] = "(700160818000,1,001,RFID,3,5294399)";
	struct bytes w = { 0 };
	const struct track_record *r;

	(void)state;
	w.len = (size_t)(put_text(w.at, text) - w.at);
	r = decode_wire(&w, BASE_CLIENT);
	assert_string_equal(r->keyword, "RFID");
	assert_int_equal(r->type, TRACK_TYPE_REPLY);
	is_text(r, "result", text);
	r = decode_wire(&w, BASE_SERVER);
	assert_int_equal(r->type, TRACK_TYPE_COMMAND);
	is_text(r, "command", text);
}

/* Each id once, as four digits, in order. */
static void test_keywords(void **state)
{
	const char *before = "";

	(void)state;
	for (const struct track_keyword *k = track_jt808.keywords; k->name;
	     k++) {
		const size_t n = strlen(k->name);

		assert_true(k->from && k->what && k->type);
		if (n != 4 || !track_text_hex_digits((struct base_span){
				      (const uint8_t *)k->name, n }))
			continue;
		assert_true(strcmp(before, k->name) < 0);
		before = k->name;
	}
	assert_string_equal(before, "A006");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_location),
		cmocka_unit_test(test_location_mutated),
		cmocka_unit_test(test_zone),
		cmocka_unit_test(test_alarms),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_lock_mutated),
		cmocka_unit_test(test_registration),
		cmocka_unit_test(test_properties),
		cmocka_unit_test(test_driver),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_media),
		cmocka_unit_test(test_encrypted),
		cmocka_unit_test(test_long_body),
		cmocka_unit_test(test_bus),
		cmocka_unit_test(test_transparent),
		cmocka_unit_test(test_acceleration),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_keywords),
	};

	return event_test_run(tests);
}
