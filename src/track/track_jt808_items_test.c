/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_jt808_items_test.c - items of locations of JT/T 808
 *
 * One message for each item, written as its maker describes it.
 */
#include "track_jt808_test.h"

enum kind {
	END,
	NUMBER,
	TEXT,
	HEX,
	YES,
	NO,
	ABSENT
};

struct item {
	const char *hex; /* NULL: of the items of the row before */
	const char *name;
	enum kind kind;
	double number;
	const char *text;
};

static const struct item items[] = {
	{ "0104 00001234", "odometer", NUMBER, 466000, NULL }, /* 1234 = 4660 */
	{ "0202 007d", "fuel", NUMBER, 12.5, NULL },
	{ "0202 8032", "fuel", NUMBER, 50, NULL },
	{ "0601 37", "batteryLevel", NUMBER, 55, NULL },
	{ "0b06 02 0000002a 01", "lockCommand", NUMBER, 2, NULL },
	{ NULL, "lockCard", NUMBER, 42, NULL },
	{ NULL, "unlockResult", NUMBER, 1, NULL },
	{ "0b07 03 313233343536", "lockPassword", TEXT, 0, "123456" },
	{ NULL, "unlockResult", ABSENT, 0, NULL },
	/* out of area 7 */
	{ "1206 01 00000007 01", "alarm", TEXT, 0, "geofenceExit" },
	{ NULL, "geofence", NUMBER, 7, NULL },
	{ "1404 00000009", "videoAlarm", NUMBER, 9, NULL },
	{ "2504 00000003", "input", NUMBER, 3, NULL },
	{ "2b04 04d2 000a", "adc1", NUMBER, 12.34, NULL },
	{ NULL, "adc2", NUMBER, 0.1, NULL },
	{ "3001 1f", "rssi", NUMBER, 31, NULL },
	{ "3301 02", "mode", NUMBER, 2, NULL },
	/* *M00,45,11389..: 3.89 V at the eleventh letter */
	{ "330f 2a4d30302c34352c31313338394230", "battery", NUMBER, 3.89,
	  NULL },
	/* -1.5 degrees; 20.0; none; five times 0 */
	{ "5110 800f 00c8 ffff 0000000000000000 0001", "temp1", NUMBER, -1.5,
	  NULL },
	{ NULL, "temp2", NUMBER, 20, NULL },
	{ NULL, "temp3", ABSENT, 0, NULL },
	{ NULL, "temp8", NUMBER, 0.1, NULL },
	{ "5602 0700", "batteryLevel", NUMBER, 70, NULL },
	{ "5708 0600 0000 00000000", "alarm", TEXT, 0,
	  "hardBraking,hardCornering" },
	{ "6002 0061", "event", NUMBER, 97, NULL },
	{ "6010 0062 112233445566 4142434445464748", "driverUniqueId", TEXT, 0,
	  "ABCDEFGH" },
	{ "6316 a1a2a3a4a5a6 1068 31 00 00 b1b2b3b4b5b6 0fa0 30 00 00",
	  "lock1Id", HEX, 0, "a1a2a3a4a5a6" },
	{ NULL, "lock1Battery", NUMBER, 4.2, NULL },
	{ NULL, "lock1Seal", YES, 0, NULL },
	{ NULL, "lock2Battery", NUMBER, 4, NULL },
	{ NULL, "lock2Seal", NO, 0, NULL },
	{ "642f 00000001 01 05 "
	  "0000000000000000000000000000000000000000000000000000000000000000"
	  "000102030405060708",
	  "adasAlarm", NUMBER, 5, NULL },
	{ "6506 00000001 01 02", "dmsAlarm", NUMBER, 2, NULL },
	{ NULL, "alarmLabel", ABSENT, 0, NULL },
	{ "6708 3132333435363738", "password", TEXT, 0, "12345678" },
	{ "6802 1e61", "batteryLevel", NUMBER, 77.77, NULL },
	{ "6902 019a", "battery", NUMBER, 4.1, NULL },
	{ "7006 00000001 01 16", "alarm", TEXT, 0, "accident" },
	/* 80 / 40 = 2 bar, 75 - 50 degrees */
	{ "7708 02 aabbcc 0050 4b 08", "tire2SensorId", HEX, 0, "aabbcc" },
	{ NULL, "tire2Pressure", NUMBER, 2, NULL },
	{ NULL, "tire2Temp", NUMBER, 25, NULL },
	{ NULL, "tire2Status", NUMBER, 8, NULL },
	{ "8202 007b", "power", NUMBER, 12.3, NULL },
	/* 24.1 V, 1500, 80 km/h, 51*100/255, 102*100/255, 90-40 */
	{ "9116 00f1 05dc 50 33 66 5a 0000 0352 0000000000000000 04d2",
	  "battery", NUMBER, 24.1, NULL },
	{ NULL, "rpm", NUMBER, 1500, NULL },
	{ NULL, "obdSpeed", NUMBER, 80, NULL },
	{ NULL, "throttle", NUMBER, 20, NULL },
	{ NULL, "engineLoad", NUMBER, 40, NULL },
	{ NULL, "coolantTemp", NUMBER, 50, NULL },
	{ NULL, "fuelConsumption", NUMBER, 8.5, NULL },
	{ NULL, "fuelUsed", NUMBER, 12.34, NULL },
	{ "9403 414243", "vin", TEXT, 0, "ABC" },
	{ "ac04 00000064", "odometer", NUMBER, 100, NULL },
	{ "bc04 4a6f6500", "driver", TEXT, 0, "Joe" },
	{ "bd02 3132", "driverUniqueId", TEXT, 0, "12" },
	{ "d004 00000008", "alarm", TEXT, 0, "vibration" },
	{ "d302 0027", "power", NUMBER, 3.9, NULL },
	{ "d401 3f", "batteryLevel", NUMBER, 63, NULL },
	{ "d401 ff", "charge", YES, 0, NULL },
	{ "d404 00003039", "driverUniqueId", TEXT, 0, "12345" },
	{ "d502 01a2", "battery", NUMBER, 4.18, NULL },
	{ "d50e 01 0102030405 0607080900 55 0020", "lock1Id", HEX, 0,
	  "0102030405" },
	{ NULL, "lock1Card", HEX, 0, "0607080900" },
	{ NULL, "lock1Battery", NUMBER, 85, NULL },
	{ NULL, "lock1Locked", NO, 0, NULL },
	{ "da03 0001 0d", "string", YES, 0, NULL },
	{ NULL, "motion", YES, 0, NULL },
	{ NULL, "cover", YES, 0, NULL },
	{ "e102 0072", "power", NUMBER, 11.4, NULL },
	{ "e204 0000007d", "fuel", NUMBER, 12.5, NULL },
	{ "e304 00 58 019f", "batteryLevel", NUMBER, 88, NULL },
	{ NULL, "battery", NUMBER, 4.15, NULL },
	{ "e402 00 56", "charge", YES, 0, NULL },
	{ NULL, "batteryLevel", NUMBER, 86, NULL },
	{ "e501 01", "motion", YES, 0, NULL },
	/* sensor 3: -5 and 51/255; 0 and 255/255 */
	{ "e60b 03 112233445566 fb33 00ff", "temp3", NUMBER, -5.2, NULL },
	{ NULL, "humidity3", NUMBER, 1, NULL },
	/* $OBD-RT,12.5,,7 */
	{ "e60f 244f42442d52542c31322e352c2c37", "power", NUMBER, 12.5, NULL },
	{ NULL, "rpm", ABSENT, 0, NULL },
	{ NULL, "obdSpeed", NUMBER, 7, NULL },
	{ "e708 0004 000000000000", "alarm", TEXT, 0, "sos" },
	{ "e803 010203", "lockStatus", NUMBER, 66051, NULL },
	/* 2003: not charging, 3 of 6, 4.10 V, 20, 12.30 V */
	{ "e80a 2003 07 00 03 019a 14 04ce", "batteryLevel", NUMBER, 50, NULL },
	{ NULL, "charge", NO, 0, NULL },
	{ NULL, "power", NUMBER, 12.3, NULL },
	{ "e804 0402 01 00", "alarm", TEXT, 0, "hardCornering" },
	{ "e80d 2005 0a 0007 02 000c 2001 02 0079", "hdop", NUMBER, 1.2, NULL },
	{ NULL, "power", NUMBER, 12.1, NULL },
	/* 755/10 - 50 */
	{ "ea05 00 16 02 02f3", "externalTemp", NUMBER, 25.5, NULL },
	{ "ea09 00 13 02 0064 15 02 0190", "externalIlluminance", NUMBER, 100,
	  NULL },
	{ NULL, "externalHumidity", NUMBER, 40, NULL },
	{ "eb09 5554432b30383a3030", "timezone", TEXT, 0, "UTC+08:00" },
	{ "eb07 0005 0001 0377 00", "fuel1", NUMBER, 88.7, NULL },
	{ "eb09 0007 0023 31322e3530", "fuel2", NUMBER, 12.5, NULL },
	{ "eb06 0004 002d 0fa5", "battery", NUMBER, 4.005, NULL },
	{ "eb08 0006 002d 00002ee0", "power", NUMBER, 12, NULL },
	{ "eb08 0006 0089 ffffeffe", "alarm", TEXT, 0, "powerOff,removing" },
	{ "eb08 0006 0089 ffffffff", "alarm", ABSENT, 0, NULL },
	{ "eb0e 000c 00b2 8950604201407522798f", "iccid", TEXT, 0,
	  "8950604201407522798" },
	{ "eb08 0006 00c5 ff7fffff", "motion", ABSENT, 0, NULL },
	{ "eb08 0006 00c5 feffffbf", "motion", NO, 0, NULL },
	{ NULL, "alarm", TEXT, 0, "vibration" },
	{ "eb08 0006 00c5 fe7fffff", "motion", YES, 0, NULL },
	{ "eb05 0003 00c6 03", "alarm", TEXT, 0, "lowBattery" },
	{ NULL, "batteryAlarm", NUMBER, 3, NULL },
	{ "eb06 0004 00ce 04d3", "power", NUMBER, 12.35, NULL },
	{ "eb05 0003 00a8 5c", "batteryLevel", NUMBER, 92, NULL },
	{ "eb05 0003 00e1 51", "batteryLevel", NUMBER, 81, NULL },
	{ "ed04 31323300", "card", TEXT, 0, "123" },
	{ "ee06 14 3039 1004 0b", "rssi", NUMBER, 20, NULL },
	{ NULL, "power", NUMBER, 12.345, NULL },
	{ NULL, "battery", NUMBER, 4.1, NULL },
	{ "f104 0000308c", "power", NUMBER, 12.428, NULL },
	{ "f203 563132", "versionFw", TEXT, 0, "V12" },
	{ "f30f 0002 02 0321 0003 02 0384 000e 02 0033", "obdSpeed", NUMBER,
	  80.1, NULL },
	{ NULL, "rpm", NUMBER, 900, NULL },
	{ NULL, "throttle", NUMBER, 20, NULL },
	{ "f502 0064", "illuminance", NUMBER, 100, NULL },
	{ "f602 03f5", "airPressure", NUMBER, 1013, NULL },
	{ "f608 0867567041100769", "imei", TEXT, 0, "867567041100769" },
	/* event 7; light 42, -10.8, 60.9, axes */
	{ "f60e 07 0f 002a ff94 0261 0001 fffe 0003", "temp1", NUMBER, -10.8,
	  NULL },
	{ NULL, "lightSensor", NUMBER, 42, NULL },
	{ NULL, "humidity", NUMBER, 60.9, NULL },
	{ NULL, "gSensor", TEXT, 0, "[1,-2,3]" },
	{ NULL, "event", NUMBER, 7, NULL },
	{ "f702 01f4", "humidity", NUMBER, 50, NULL },
	{ "f706 00000f62 02 50", "battery", NUMBER, 3.938, NULL },
	{ NULL, "charge", YES, 0, NULL },
	{ NULL, "batteryLevel", NUMBER, 80, NULL },
	{ "f802 02bc", "temp2", NUMBER, 20, NULL },
	{ "f912 000f 00000000 00000000 0010 102408242349", "hdop", NUMBER, 1.6,
	  NULL },
	{ "fb03 414243", "container", TEXT, 0, "ABC" },
	{ "fc01 05", "geofence", NUMBER, 5, NULL },
	{ "fe01 40", "batteryLevel", NUMBER, 64, NULL },
	{ "fe02 001e", "power", NUMBER, 3, NULL },
	{ "fe04 00000090", "odometer", NUMBER, 144, NULL },
	{ "fe07 7c 01 04 00000012", "alarm", TEXT, 0, "hardBraking,tampering" },
	/* behind 80 the ids have another meaning */
	{ "8001 aa 8101 00 8002 3c00", "power", ABSENT, 0, NULL },
	{ "8001 aa 8102 1388 8201 00 8401 82 8d02 0082 a005 50312c5032", "rpm",
	  NUMBER, 5000, NULL },
	{ NULL, "coolantTemp", NUMBER, 90, NULL },
	{ NULL, "tripOdometer", NUMBER, 130000, NULL },
	{ NULL, "dtcs", TEXT, 0, "P1 P2" },
	{ "8005 aa 8102 1388 8401 82", "rpm", NUMBER, 5000, NULL },
	{ NULL, "coolantTemp", NUMBER, 90, NULL },
	/* one that is too long ends them: what was before stays */
	{ "3001 09 0104 0000", "rssi", NUMBER, 9, NULL },
	{ NULL, "odometer", ABSENT, 0, NULL },
	/* one that is too short for its value says nothing */
	{ "0101 05 3001 07", "odometer", ABSENT, 0, NULL },
	{ NULL, "rssi", NUMBER, 7, NULL },
	/* ids without a meaning are passed over */
	{ "7a02 ffff 3001 07", "rssi", NUMBER, 7, NULL },
};

static void check_item(const struct track_record *r, const struct item *i)
{
	switch (i->kind) {
	case NUMBER:
		is_number(r, i->name, i->number);
		return;
	case TEXT:
		is_text(r, i->name, i->text);
		return;
	case HEX:
		is_hex(r, i->name, i->text);
		return;
	case YES:
	case NO:
		is_bool(r, i->name, i->kind == YES);
		return;
	case ABSENT:
		is_absent(r, i->name);
		return;
	case END:
		break;
	}
	fail();
}

static void test_items(void **state)
{
	const struct track_record *r = test_record();

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(items); i++) {
		char body[512];

		if (items[i].hex) {
			(void)snprintf(body, sizeof(body), "%s%s", POINT,
				       items[i].hex);
			r = decode("0200", body);
		}
		is_place(only(r), 22.5, 114.25);
		check_item(r, &items[i]);
	}
}

static void test_satellites(void **state)
{
	(void)state;
	assert_int_equal(only(decode("0200", POINT "3101 0c"))->satellites, 12);
	assert_int_equal(
		only(decode("0200", POINT "ee06 14 3039 1004 0b"))->satellites,
		11);
}

static void is_mac(const struct track_record *r, uint32_t i, const char *mac,
		   int rssi)
{
	assert_true(i < only(r)->wifi.n);
	assert_int_equal(r->wifis[i].mac.len, 17);
	assert_memory_equal(r->wifis[i].mac.ptr, mac, 17);
	assert_int_equal(r->wifis[i].rssi, rssi);
}

/* 0104 = 260, 01cc = 460, 02d4 = 724; af = -81 */
static void test_networks(void **state)
{
	const struct track_record *r =
		decode("0200", POINT "e114 0104 0006 00bbe4 001ada29 00 ffffff "
				     "00000001 00");

	(void)state;
	assert_int_equal(only(r)->cells.n, 1);
	is_cell(r, 0, 260, 6, 48100, 1759785);
	r = decode("0200", POINT "f01a 02d4 0003 01080509 000079c9 af"
				 "01cc 0000 00000002 00000001 2a");
	assert_int_equal(only(r)->cells.n, 2);
	is_cell(r, 0, 724, 3, 31177, 17302793);
	assert_int_equal(r->cell[0].rssi, -81);
	is_cell(r, 1, 460, 0, 1, 2);
	r = decode("0200", POINT "eb08 01cc 00 2499 099b 29");
	is_cell(r, 0, 460, 0, 0x2499, 0x099b);
	assert_int_equal(r->cell[0].rssi, 41);
	r = decode("0200", POINT "eb0d 000b 00d8 0104 1e df34 0000306b");
	is_cell(r, 0, 260, 30, 57140, 12395);
	r = decode("0200", POINT "f40e 001122334455 c4 aabbccddeeff a6");
	assert_int_equal(only(r)->wifi.n, 2);
	is_mac(r, 0, "00:11:22:33:44:55", -60);
	is_mac(r, 1, "aa:bb:cc:dd:ee:ff", -90);
	/* 54:B1:21:66:C9:E0,-51 */
	r = decode("0200", POINT "eb1a 0018 00b9 01 35343a42313a32313a36363a43"
				 "393a45302c2d3531");
	is_mac(r, 0, "54:b1:21:66:c9:e0", -51);
}

/* The firmware's name tells whose F3, F6 and F8 these are. */
static void test_aovx(void **state)
{
	const struct track_record *r =
		decode("0200", "00018000 00000003" LAT LON MOTION DATE
			       "f206 414f56585f31"
			       "f30a 04 112233445566 c8 0bb8"
			       "f608 00 08 ffff fffd 0009"
			       "f813 04 0865413051529609 898604a6102181622843");

	(void)state;
	is_text(r, "alarm", "movement");
	is_text(r, "gSensor", "[-1,-3,9]");
	is_hex(r, "iccid", "898604a6102181622843");
	is_absent(r, "temp2");
	is_absent(r, "imei");
	is_hex(r, "tag1Mac", "112233445566");
	is_number(r, "tag1Rssi", -56);
	is_number(r, "tag1Battery", 3);
}

/* 18 bytes that are items, and 18 that are none */
static void test_tail(void **state)
{
	const struct track_record *r = decode(
		"0200", POINT "0104 00000001 2504 00000002 3001 1f 3101 0c");

	(void)state;
	is_number(r, "odometer", 100);
	is_number(r, "input", 2);
	assert_int_equal(only(r)->satellites, 12);
	/* 258 km, 12.0 V, signal 24 */
	r = decode("0200", POINT "00000000 00000102 0078 00000000 18 000000");
	is_number(r, "odometer", 258000);
	is_number(r, "battery", 12);
	is_number(r, "rssi", 24);
	assert_int_equal(only(r)->satellites, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_satellites),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_aovx),
		cmocka_unit_test(test_tail),
	};

	return event_test_run(tests);
}
