/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_gt06_extended_test.c - what 79 79 messages of the GT06 family say, and
 * what a login says for the messages behind it
 */
#include "track_gt06.h"

#include "track_gt06_decode_test.h"

#define TEXT "43757272656e7420706f736974696f6e21"

static const struct row rows[] = {
	{ "answer", 0x79, "21 00000001 01 4f4b21",
	  "'type':'reply','keyword':'21','attributes':{'result':'OK!'}" },
	/* O, e acute = 0xe9, euro = 0x20ac, half of a pair that is left out;
	 * UTF-8, which events escape */
	{ "answer of any characters", 0x79,
	  "21 00000001 02 004f 00e9 20ac d83d",
	  "'type':'reply','keyword':'21','attributes':{'result':'O\\\\xc3\\\\xa9\\\\xe2\\\\x82\\\\xac'}" },
	/* "Lat:S23.5,Lon:W113.25,Course:270.5,Speed:69.5,
	 * DateTime:2026-11-21  08:30:15" */
	{ "answer with a place", 0x79,
	  "21 00000000 01" TEXT "4c61743a5332332e352c4c6f6e3a573131332e32352c"
	  "436f757273653a3237302e352c53706565643a36392e352c"
	  "4461746554696d653a323032362d31312d3231202030383a33303a3135",
	  "'type':'reply','keyword':'21','positions':[{" WHEN ",'valid':true,"
	  "'lat':-23.5,'lon':-113.25,'course_deg':270.5,'speed_kmh':69.5}]" },
	/* "Lat:S23.5,Lon:" */
	{ "... that is cut", 0x79,
	  "21 00000000 01" TEXT "4c61743a5332332e352c4c6f6e3a",
	  "'type':'reply','keyword':'21','attributes':{'result':"
	  "'Current position!Lat:S23.5,Lon:'}" },
	{ "voltage", 0x79, "94 00 04e3",
	  STATUS("94") ",'attributes':{'adc1':12.51}" },
	/* "ALM1=45;STA1=C0;DYD=01;SOS=1;ICCID=89;MODE=X" */
	{ "settings", 0x79,
	  "94 04 414c4d313d34353b535441313d43303b4459443d30313b534f533d313b"
	  "49434349443d38393b4d4f44453d58",
	  STATUS("94") ",'attributes':{'alarm1Status':69,'otherStatus':192,"
		       "'engineStatus':1,'iccid':'89'}" },
	{ "door", 0x79, "94 05 05",
	  STATUS("94") ",'attributes':{'door':true,'io1':true}" },
	{ "door and time", 0x79, "94 05" TIME "04",
	  STATUS("94") ",'positions':[{" WHEN "," NOT
		       ",'attributes':{'door':false,"
		       "'io1':true}}]" },
	{ "numbers", 0x79,
	  "94 0a" IMEI "0460001234567890"
	  "89860012345678901234",
	  "'device_id':" ID
	  "," STATUS("94") ",'attributes':{'imsi':'460001234567890',"
			   "'iccid':'89860012345678901234'}" },
	{ "... an odd one", 0x79,
	  "94 0a" IMEI "0460001234567890"
	  "8986001234567890123f",
	  "'device_id':" ID
	  "," STATUS("94") ",'attributes':{'imsi':'460001234567890',"
			   "'iccid':'8986001234567890123'}" },
	{ "network", 0x79, "94 0b 01",
	  STATUS("94") ",'attributes':{'networkTechnology':'4G'}" },
	{ "network", 0x79, "94 0b 00",
	  STATUS("94") ",'attributes':{'networkTechnology':'2G'}" },
	{ "power", 0x79, "94 0b 04e3",
	  STATUS("94") ",'attributes':{'power':12.51}" },
	/* "!AIOIL,01,001.500,025.500,100A,0100,007.250,0,00,11" */
	{ "fuel", 0x79,
	  "94 0d 2141494f494c2c30312c3030312e3530302c3032352e3530302c31303041"
	  "2c303130302c3030372e3235302c302c30302c3131",
	  STATUS("94") ",'attributes':{'temp1':25.5,'fuel':7.25}" },
	{ "fuel behind a time", 0x79,
	  "94 0d" TIME "2141494f494c2c312c322e302c2d332e352c782c302c342e35",
	  STATUS("94") ",'attributes':{'temp1':-3.5,'fuel':4.5}" },
	{ "card", 0x79, "94 1b 02 08 a1b2c3d4 35 03",
	  STATUS("94") ",'attributes':{'driverUniqueId':'a1b2c3d4'}" },
	{ "serial text", 0x79, "94 1b 41424320",
	  STATUS("94") ",'attributes':{'serial':'ABC'}" },
	/* 251 and 525 tenths, and 50 below zero */
	{ "climate", 0x79, "94 1e 000000fb 0000020d",
	  STATUS("94") ",'attributes':{'temp1':25.1,'humidity':52.5}" },
	{ "cold", 0x79, "94 1e ffffffce 00000000",
	  STATUS("94") ",'attributes':{'temp1':-5.0,'humidity':0.0}" },
	{ "not described", 0x79, "94 77 0102", STATUS("94") },
	{ "AZ735", 0x79,
	  "32" TIME "0c cc 02857260 0c268110 45 150e 09" CELL "20"
	  "0c 25ef40e88d41 000000000000 07 0102030405ff 4d 00 00",
	  POSITION("32L") SAYS
	  ",'attributes':{'rssi':32,'status':0},'cells':[{"
	  "'mcc':460,'mnc':2,'lac':9711,'cid':4253836},{'mcc':460,'mnc':2,'lac':9711,"
	  "'cid':4253837,'rssi':-65}],'wifi':[{'mac':'01:02:03:04:05:ff','rssi':-77}]}]" },
	{ "AZ735 without fix", 0x79, "32" TIME "00 09" CELL "20 00 00 05 00",
	  POSITION("32L") WHEN
	  "," NOT ",'attributes':{'rssi':32,'status':5}" LBS "}]" },
	{ "AZ735 alarm", 0x79, "33" TIME "00 00 00 00 a0 00",
	  ALARM("33L") WHEN "," NOT
			    ",'attributes':{'status':160,'armed':true}}]" },
	{ "AZ735 alarm", 0x79, "33" TIME "00 00 00 00 a1 00",
	  ALARM("33L") WHEN "," NOT
			    ",'attributes':{'status':161,'armed':false}}]" },
	{ "AZ735 alarm", 0x79, "33" TIME "00 00 00 00 a5 00",
	  ALARM("33L") WHEN "," NOT
			    ",'attributes':{'status':165,'alarm':'door'}}]" },
	/* "283=3e8,2B3=64,353=17d4,4A=VIN1,77=1", then 12 bytes */
	{ "vehicle", 0x79,
	  "8c" TIME "01 3238333d3365382c3242333d36342c3335333d313764342c"
	  "34413d56494e312c37373d31 c0041df0940f89c067000000",
	  STATUS("8C") ",'positions':[{" WHEN "," NOT
		       ",'attributes':{'ignition':true,"
		       "'odometer':10.0,'fuel':1.0,'obdSpeed':61.0,'vin':'VIN1'}}]" },
	/* 1795249815 s since 1970 is 0x6b015697; 232 = 0xe8 m */
	{ "modules", 0x79,
	  "70 0033 0012 6b015697 0c 00e8 02857260 0c268110 45 150e"
	  "0011 000a 01cc 0002 25ef 40e88c 40 0009 0001 08 000a 0001 0b"
	  "0003 000a 89860012345678901234 0018 0002 017d 002b 0001 16"
	  "0028 0001 0b 002e 0004 e8030000 002a 0001 11 0029 0004 000000be"
	  "0034 0006 21 6278ea00 00 0001 0002 ffff",
	  POSITION("70") SAYS
	  ",'altitude_m':232.0,'attributes':{'sat':8,"
	  "'satVisible':11,'iccid':'89860012345678901234','battery':3.81,"
	  "'bootReason':22,'hdop':1.1,'odometer':1000,'door':true,'tamper':true,"
	  "'index':190,'event':33,'alarm':'powerCut'},'cells':[{'mcc':460,'mnc':2,"
	  "'lac':9711,'cid':4253836,'rssi':-64}]}]" },
	{ "modules without fix, and a tag", 0x79,
	  "70 0018 0002 0190 007f 000e 0102030405ff 0bb8 55 ffce 0032 01",
	  "'type':'position','keyword':'70','attributes':{'battery':4.0,"
	  "'tag1Id':'0102030405ff','tag1Battery':3.0,'tag1BatteryLevel':85,"
	  "'tag1Temp':-5.0,'tag1Humidity':50,'tag1Status':1}" },
	/* a module that is there twice says it once: the last */
	{ "a module twice", 0x79, "70 0018 0002 0190 0018 0002 0191",
	  "'type':'position','keyword':'70','attributes':{'battery':4.01}" },
	{ "a module too long", 0x79, "70 0018 0002 0190 0018 00ff 0191",
	  "'type':'position','keyword':'70','attributes':{'battery':4.0}" },
	{ "serial line", 0x79, "9b 03 4b45595f3132330d0a",
	  STATUS("9B") ",'attributes':{'result':'KEY_123'}" },
	{ "serial line, bytes", 0x79, "9b 03 0102ff",
	  STATUS("9B") ",'attributes':{'result':'0102ff'}" },
	{ "state of the device", 0x79,
	  "f1 6b015697 0001 01 02 0002 01 01 0003 01 00 0004 01 00 0005 02 04e3"
	  "0007 01 01 000a 02 0010 000b 02 00fa",
	  STATUS("F1") ",'positions':[{" WHEN "," NOT
		       ",'attributes':{'motion':true,"
		       "'armed':true,'ignition':false,'power':12.51,'charge':true,"
		       "'chargeVoltage':16,'batteryTemp':25.0}}]" },
	{ "external battery", 0x79,
	  "f2 6b015697 000c 0a 2a 01 0002 000000000000",
	  STATUS("F2") ",'positions':[{" WHEN "," NOT ",'attributes':{"
		       "'externalBatteryLevel':42,'externalBatteryCharge':true,"
		       "'externalBatteryCycles':2}}]" },
	{ "sensor", 0x79, "f2 6b015697 000a 000c 01 0102030405ff 02 03 04 aabb",
	  STATUS("F2") ",'positions':[{" WHEN "," NOT ",'attributes':{"
		       "'mac':'0102030405ff','event':2,'eventData':3,'dataType':4,"
		       "'dataDetails':'aabb'}}]" },
	/* what 79 79 has no other meaning for is read as 78 78 is */
	{ "heartbeat", 0x79, "13" STATE "0002",
	  "'type':'heartbeat','keyword':'13','attributes':{'type':19," STATE_SAYS
	  "}" },
	/* ... and the other way, but for 32, 33, 36 and 94 */
	{ "answer in 78 78", 0x78, "21 00000001 01 4f4b21",
	  "'type':'reply','keyword':'21','attributes':{'result':'OK!'}" },
	{ "modules in 78 78", 0x78, "70 0018 0002 0190",
	  "'type':'position','keyword':'70','attributes':{'battery':4.0}" },
	{ "picture", 0x79, "36 00000001 00000000 0004 ffd8ffe0",
	  "'type':'media','keyword':'36L'" },
	{ "picture", 0x79, "41 0000000000000000 6b015697",
	  "'type':'media','keyword':'41'" },
};

static void messages(void **state)
{
	(void)state;
	check_rows(rows, WS_ARRAY_LEN(rows), BASE_CLIENT);
}

/* A zone in hundreds of hours and minutes, west if bit 3 is set. */
static const struct {
	const char *zone, *time;
} zones[] = {
	{ "0000", "'2026-11-21T08:30:15.000Z'" },
	/* 8:00 east: 800 = 0x320 */
	{ "3201", "'2026-11-21T00:30:15.000Z'" },
	/* 5:30 east: 530 = 0x212; 12:45 west: 1245 = 0x4dd */
	{ "2120", "'2026-11-21T03:00:15.000Z'" },
	{ "4dd8", "'2026-11-21T21:15:15.000Z'" },
	/* 10:00 east is the day before: 1000 = 0x3e8 */
	{ "3e80", "'2026-11-20T22:30:15.000Z'" },
	/* 99:99 is none */
	{ "fff0", "'2026-11-21T08:30:15.000Z'" },
	{ "", "'2026-11-21T08:30:15.000Z'" },
};

static void a_login_tells_device_and_zone(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(zones); i++) {
		struct bytes *b = bytes_new();
		char login[64], want_text[160];
		json_t *got, *want;

		assert_true(snprintf(login, sizeof(login), "01 %s 7000 %s",
				     IMEI, zones[i].zone) < (int)sizeof(login));
		bytes_message(b, 0x78, login);
		bytes_message(b, 0x78, "94 04e3");
		bytes_message(b, 0x78, "95" TIME "00");
		assert_true(snprintf(want_text, sizeof(want_text),
				     "'device_id':" ID ",'time':%s",
				     zones[i].time) < (int)sizeof(want_text));
		want = expected(want_text);
		got = document_of(bytes_span(b), BASE_CLIENT);
		assert_true(json_equal(json_object_get(got, "device_id"),
				       json_object_get(want, "device_id")));
		if (!json_equal(
			    json_object_get(
				    json_array_get(
					    json_object_get(got, "positions"),
					    0),
				    "time"),
			    json_object_get(want, "time")))
			fail_msg("%s: %s", zones[i].zone,
				 json_dumps(got, JSON_COMPACT));
		json_decref(got);
		json_decref(want);
	}
}

/* The configuration's zone is that of a login that tells none. */
static void habits(void **state)
{
	static const int16_t zones_min[] = { 0, 480, -225 };
	struct track_session with = { 0 }, without = { 0 };
	struct bytes *b = bytes_new();
	struct track_message m = { .protocol = &track_gt06 };
	struct track_record *r = test_record();

	(void)state;
	bytes_message(b, 0x78, "01" IMEI "7000 3201");
	m.bytes = bytes_span(b);
	track_record_clear(r);
	track_gt06.decode(&m, &track_gt06.habits, &with, r);
	b = bytes_new();
	bytes_message(b, 0x78, "10" FIX);
	m.bytes = bytes_span(b);
	for (size_t i = 0; i < WS_ARRAY_LEN(zones_min); i++) {
		const struct track_habits habits = { .zone_min = zones_min[i] };

		track_record_clear(r);
		track_gt06.decode(&m, &habits, &without, r);
		assert_int_equal(r->positions[0].time_ms,
				 1795249815000LL - zones_min[i] * 60000LL);
		track_record_clear(r);
		track_gt06.decode(&m, &habits, &with, r);
		assert_int_equal(r->positions[0].time_ms,
				 1795249815000LL - 480 * 60000LL);
	}
}

/* What flags, state and report tell alike is an attribute once: the last. */
static void an_attribute_is_there_once(void **state)
{
	struct track_frame frame;
	struct bytes *b = bytes_new();

	(void)state;
	bytes_message(b, 0x78,
		      "16" TIME "cc 02857260 0c268110 45 550e"
		      "00" STATE "00 02");
	has_bool(decoded(&track_gt06, BASE_CLIENT, bytes_span(b), &frame),
		 TRACK_IGNITION, true);
	b = bytes_new();
	bytes_message(b, 0x79, "70 0018 0002 0190 0018 0002 0191");
	has_real(decoded(&track_gt06, BASE_CLIENT, bytes_span(b), &frame),
		 TRACK_BATTERY, 4.01);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages),
		cmocka_unit_test(a_login_tells_device_and_zone),
		cmocka_unit_test(habits),
		cmocka_unit_test(an_attribute_is_there_once),
	};

	return event_test_run(tests);
}
