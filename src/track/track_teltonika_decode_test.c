/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_teltonika_decode_test.c - what messages of Teltonika say
 *
 * Contents are written by hand from the description of the codecs; what they
 * must become is JSON with ' for ".
 */
#include "track_teltonika.h"

#include <jansson.h>

#include "track_teltonika_test.h"

/*
 * 2026-11-21 is 20778 days after 1970-01-01, and 08:30:15 is 30615 s:
 * 20778 * 86400 + 30615 = 1795249815 s, and .250 s: 0x1a1fd3a3ed2 ms.
 * 25 degrees east: 250000000 = 0x0ee6b280. 33.5 degrees south:
 * 2^32 - 335000000 = 0xec084e40. 180 m, 270 degrees, 11 satellites, 69 km/h.
 */
#define TIME  "000001a1fd3a3ed2"
#define PLACE "0ee6b280 ec084e40 00b4 010e 0b 0045"
#define TIME_AND_PLACE                                                      \
	"'time':'2026-11-21T08:30:15.250Z','valid':true,'lat':-33.5,"       \
	"'lon':25.0,'altitude_m':180.0,'course_deg':270.0,'satellites':11," \
	"'speed_kmh':69.0"
#define OK          "'length_ok':true,'checksum_ok':true"
#define IMEI_DIGITS "352093081452251"
#define IMEI_ASCII  "33 35 32 30 39 33 30 38 31 34 35 32 32 35 31"

/* Numbers 1, 239, 21; 66 is 12345 mV, 25 is -200 hundredths; 241 is 0x601a =
 * 24602; 78 comes with its least byte first. */
#define VALUES                                                         \
	"07  03 01 01 ef 01 15 04  02 42 3039 19 ff38  01 f1 0000601a" \
	"01 4e 0807060504030201"
#define VALUES_JSON                                                           \
	"'in1':true,'ignition':true,'rssi':4,'power':12.345,'bleTemp1':-2.0," \
	"'operator':24602,'driverUniqueId':'0102030405060708'"
#define RECORD "08 01" TIME "01" PLACE "42" VALUES "01"

/* 1795250000 s is 2026-11-21 08:33:20, as seconds from 1970: 0x6b015750; from
 * 2007: 0x25690850. Above bit 30 there is the priority. */
#define TEXT_TIME "6b015750"
#define GH_TIME   "65690850"

struct row {
	const char *what;
	enum base_direction direction;
	bool packet; /* a content; else the whole message */
	const char *hex;
	const char *json;
};

static const struct row rows[] = {
	{ "login", BASE_CLIENT, false, "000f" IMEI_ASCII,
	  "{'device_id':'" IMEI_DIGITS "','type':'login','keyword':'imei',"
	  "'length_ok':true}" },
	{ "ping", BASE_CLIENT, false, "ff",
	  "{'device_id':null,'type':'heartbeat','keyword':'ping'}" },
	{ "yes", BASE_SERVER, false, "01",
	  "{'device_id':null,'type':'reply','keyword':'ack',"
	  "'attributes':{'result':1}}" },
	{ "no", BASE_SERVER, false, "00",
	  "{'device_id':null,'type':'reply','keyword':'ack',"
	  "'attributes':{'result':0}}" },
	{ "records", BASE_SERVER, false, "0000001e",
	  "{'device_id':null,'type':'reply','keyword':'ack',"
	  "'attributes':{'result':30}}" },
	{ "no records", BASE_SERVER, false, "00000000",
	  "{'device_id':null,'type':'reply','keyword':'ack',"
	  "'attributes':{'result':0}}" },
	{ "records of a datagram", BASE_SERVER, false, "0005 cafe 01 07 02",
	  "{'device_id':null,'type':'reply','keyword':'ack',"
	  "'length_ok':true,'attributes':{'result':2}}" },
	{ "codec 8", BASE_CLIENT, true, RECORD,
	  "{'device_id':null,'type':'position','keyword':'08'," OK ","
	  "'positions':[{" TIME_AND_PLACE ",'attributes':{'priority':1,"
	  "'event':66," VALUES_JSON "}}]}" },
	/* 2 + 2 + 1 + 1 + 2 + 15 behind the length are 21 bytes, and a content
	 * of 2 + 8 + 1 + 15 + 1 + 1 + 7 + 7 + 6 + 10 + 1 = 59: 80 = 0x50 */
	{ "a datagram", BASE_CLIENT, false,
	  "0050 cafe 01 07 000f" IMEI_ASCII RECORD,
	  "{'device_id':'" IMEI_DIGITS "','type':'position','keyword':'08',"
	  "'length_ok':true,'positions':[{" TIME_AND_PLACE
	  ",'attributes':{'priority':1,'event':66," VALUES_JSON "}}]}" },
	/* all with a sign, or without one where it has no name */
	{ "signs", BASE_CLIENT, true,
	  "08 01" TIME "00" PLACE "00"
	  "09 02 15 ff c8 ff 04 11 ffff 12 8000 13 7fff c9 ffff"
	  "01 cb ffffffff 02 ca ffffffffffffffff 4e 0000000000000000 01",
	  "{'device_id':null,'type':'position','keyword':'08'," OK ","
	  "'positions':[{" TIME_AND_PLACE ",'attributes':{'priority':0,"
	  "'event':0,'rssi':255,'io200':255,'axisX':-1,'axisY':-32768,"
	  "'axisZ':32767,'io203':4294967295,'io202':-1,"
	  "'io201':65535}}]}" },
	{ "alarms", BASE_CLIENT, true,
	  "08 03" TIME "02" PLACE "ec 03 03 ec 01 fd 02 f0 00 00 00 00" TIME
	  "00" PLACE "00 01 01 ec 00 00 00 00" TIME "00" PLACE
	  "00 01 01 fd 09 00 00 00 03",
	  "{'device_id':null,'type':'alarm','keyword':'08'," OK ",'positions':["
	  "{" TIME_AND_PLACE ",'attributes':{'priority':2,'event':236,"
	  "'alarm':'general,hardBraking','motion':false}},"
	  "{" TIME_AND_PLACE ",'attributes':{'priority':0,'event':0}},"
	  "{" TIME_AND_PLACE ",'attributes':{'priority':0,'event':0}}]}" },
	/* the place is the last one known */
	{ "no fix", BASE_CLIENT, true,
	  "08 01" TIME "00 0ee6b280 ec084e40 00b4 0000 00 0000"
	  "00 00 00 00 00 00 01",
	  "{'device_id':null,'type':'position','keyword':'08'," OK ","
	  "'positions':[{'time':'2026-11-21T08:30:15.250Z','valid':false,"
	  "'lat':-33.5,'lon':25.0,'altitude_m':180.0,'course_deg':0.0,"
	  "'satellites':0,'speed_kmh':0.0,"
	  "'attributes':{'priority':0,'event':0}}]}" },
	/* values of 16 bytes, which a setting adds to codec 8 */
	{ "sixteen", BASE_CLIENT, true,
	  "08 01" TIME "00" PLACE "00 01 00 00 00 00"
	  "01 cb 000102030405060708090a0b0c0d0e0f 01",
	  "{'device_id':null,'type':'position','keyword':'08'," OK ","
	  "'positions':[{" TIME_AND_PLACE ",'attributes':{'priority':0,"
	  "'event':0,'io203':'000102030405060708090a0b0c0d0e0f'}}]}" },
	{ "codec 8 Extended", BASE_CLIENT, true,
	  "8e 01" TIME "00" PLACE "2af8 0008"
	  "0001 0001 00  0001 00b5 000f  0001 0010 00010000"
	  "0001 2af8 ffffffffffffffff  0004"
	  "0100 0011 314847434d38323633334130303433 3532"
	  "0119 000b 50303330302c5030343230"
	  "0145 0000  2710 0002 beef 01",
	  "{'device_id':null,'type':'position','keyword':'8E'," OK ","
	  "'positions':[{" TIME_AND_PLACE ",'attributes':{'priority':0,"
	  "'event':11000,'in1':false,'pdop':1.5,'odometer':65536,"
	  "'io11000':-1,'vin':'1HGCM82633A004352','dtcs':'P0300 P0420',"
	  "'io10000':'beef'}}]}" },
	/* -60 dBm, 3 V, 23; -40 dBm */
	{ "beacons", BASE_CLIENT, true,
	  "8e 01" TIME "00" PLACE "0181 0001 0000 0000 0000 0000 0001"
	  "0181 002d 11"
	  "26 000102030405060708090a0b0c0d0e0f 0102 0304 c4 012c 0017"
	  "01 00112233445566778899 aabbccddeeff d8 01",
	  "{'device_id':null,'type':'position','keyword':'8E'," OK ","
	  "'positions':[{" TIME_AND_PLACE ",'attributes':{'priority':0,"
	  "'event':385,'beacon1Uuid':'000102030405060708090a0b0c0d0e0f',"
	  "'beacon1Major':258,'beacon1Minor':772,'beacon1Rssi':-60,"
	  "'beacon1Battery':3.0,'beacon1Temp':23,"
	  "'beacon2Namespace':'00112233445566778899',"
	  "'beacon2Instance':'aabbccddeeff','beacon2Rssi':-40}}]}" },
	/* 3 + 8 + 4 = 15 bytes, and 5 + 4 + 3 + 3 + 3 + 4 + 3 + 4 + 3 + 4 + 8 +
	 * 3 = 47; 2000 + 90 * 10 mV */
	{ "tags", BASE_CLIENT, true,
	  "8e 01" TIME "00" PLACE "0224 0001 0000 0000 0000 0000 0001"
	  "0224 0041 01"
	  "0f 00 01 c6 01 06 aabbccddeeff 02 02 c05a"
	  "2f 05 03 426f78 06 02 fff6 07 01 37 08 01 01 09 01 00 0a 02 0102"
	  "0b 01 f6 0c 02 ff9c 0d 01 00 0e 02 0bd6 0f 06 112233445566"
	  "63 01 00 01",
	  "{'device_id':null,'type':'position','keyword':'8E'," OK ","
	  "'positions':[{" TIME_AND_PLACE ",'attributes':{'priority':0,"
	  "'event':548,'tag1Rssi':-58,'tag1Id':'aabbccddeeff',"
	  "'tag1LowBattery':true,'tag1Voltage':2900,'tag2Name':'Box',"
	  "'tag2Temp':-10,'tag2Humidity':55,'tag2Magnet':true,"
	  "'tag2Motion':false,'tag2MotionCount':258,'tag2Pitch':-10,"
	  "'tag2AngleRoll':-100,'tag2LowBattery':0,'tag2Battery':3030,"
	  "'tag2Mac':'112233445566'}}]}" },
	{ "codec 16", BASE_CLIENT, true,
	  "10 01" TIME "00" PLACE "00ef 05 03"
	  "01 00ef 01 01 0120 0001 01 00f1 0000601a 00 01",
	  "{'device_id':null,'type':'position','keyword':'10'," OK ","
	  "'positions':[{" TIME_AND_PLACE ",'attributes':{'priority':0,"
	  "'event':239,'ignition':true,'io288':1,'operator':24602}}]}" },
	/* 40.5 and -20.25 as IEEE 754: 1.265625 * 2^5, -1.265625 * 2^4; 64 of
	 * 256 are 90 degrees; the second has no place, and a
	 * group that is not known; the third has no values */
	{ "codec 7", BASE_CLIENT, true,
	  "07 03" GH_TIME
	  "0f ff 42220000 c1a20000 0078 40 32 08 1234 0567 16 0000601a"
	  "02 01 5a 02 01 01 43 0f3c 01 05 00000e10" GH_TIME
	  "12 01 de 01" GH_TIME "01 c0 16 0000601a 03",
	  "{'device_id':null,'type':'alarm','keyword':'07'," OK ",'positions':["
	  "{'time':'2026-11-21T08:33:20.000Z','valid':true,'lat':40.5,"
	  "'lon':-20.25,'altitude_m':120.0,'course_deg':90.0,"
	  "'speed_kmh':50.0,'satellites':8,'cells':[{'mcc':246,'mnc':2,"
	  "'lac':4660,'cid':1383,'rssi':22}],'attributes':{'batteryLevel':90,"
	  "'usbConnected':true,'battery':3.9,'uptime':3600}},"
	  "{'time':'2026-11-21T08:33:20.000Z','valid':false,"
	  "'attributes':{'alarm':'sos'}},"
	  "{'time':'2026-11-21T08:33:20.000Z','valid':false,"
	  "'attributes':{'rssi':22,'operator':24602}}]}" },
	{ "an answer", BASE_CLIENT, true,
	  "0c 01 06 00000009 5665723a312e320d0a 01",
	  "{'device_id':null,'type':'reply','keyword':'0C'," OK ","
	  "'attributes':{'type':6,'result':'Ver:1.2'}}" },
	{ "two answers", BASE_CLIENT, true,
	  "0c 02 06 00000002 4f4b 06 00000002 4e4f 02",
	  "{'device_id':null,'type':'reply','keyword':'0C'," OK ","
	  "'attributes':{'type':6,'result':'OK','type2':6,'result2':'NO'}}" },
	{ "a binary answer", BASE_CLIENT, true, "0c 01 06 00000003 4142ff 01",
	  "{'device_id':null,'type':'reply','keyword':'0C'," OK ","
	  "'attributes':{'type':6,'result':'4142ff'}}" },
	/* UUUUww01.5;02.5;03;04;05;06;07;08;09;10;11;12;SSS */
	{ "weights", BASE_CLIENT, true,
	  "0c 01 06 00000031 55555555777730312e353b30322e353b30333b30343b3035"
	  "3b30363b30373b30383b30393b31303b31313b31323b535353 01",
	  "{'device_id':null,'type':'reply','keyword':'0C'," OK ","
	  "'attributes':{'type':6,'axle1':1.5,'axle2':2.5,'axle3':3.0,"
	  "'axle4':4.0,'axle5':5.0,'axle6':6.0,'axle7':7.0,'axle8':8.0,"
	  "'loadTruck':9.0,'loadTrailer':10.0,'totalTruck':11.0,"
	  "'totalTrailer':12.0}}" },
	{ "a command", BASE_SERVER, true,
	  "0c 01 05 00000008 6765747665720d0a 01",
	  "{'device_id':null,'type':'command','keyword':'0C'," OK ","
	  "'attributes':{'type':5,'command':'getver'}}" },
	{ "a picture begins", BASE_CLIENT, true,
	  "0c 01 0d 00000009 01 00000102 00004000 01",
	  "{'device_id':null,'type':'media','keyword':'0C'," OK ","
	  "'attributes':{'type':13,'mediaId':258}}" },
	{ "a part of it", BASE_CLIENT, true,
	  "0c 01 0d 0000000f 02 00000102 00000800 0004 ffd8ffe0 01",
	  "{'device_id':null,'type':'media','keyword':'0C'," OK ","
	  "'attributes':{'type':13,'mediaId':258,'index':2048}}" },
	{ "a part is asked for", BASE_SERVER, true,
	  "0c 01 0d 0000000b 02 00000102 00001000 0800 01",
	  "{'device_id':null,'type':'command','keyword':'0C'," OK ","
	  "'attributes':{'type':13,'mediaId':258,'index':4096}}" },
	{ "a line with its time", BASE_CLIENT, true,
	  "0d 01 06 00000006" TEXT_TIME "4f4b 01",
	  "{'device_id':null,'type':'status','keyword':'0D'," OK ","
	  "'positions':[{'time':'2026-11-21T08:33:20.000Z','valid':false,"
	  "'attributes':{'type':6,'result':'OK'}}]}" },
	/* GTSL|1|0|0|A1B2C3|9 */
	{ "a card", BASE_CLIENT, true,
	  "0d 01 06 00000017" TEXT_TIME
	  "4754534c7c317c307c307c4131423243337c39 01",
	  "{'device_id':null,'type':'status','keyword':'0D'," OK ","
	  "'positions':[{'time':'2026-11-21T08:33:20.000Z','valid':false,"
	  "'attributes':{'type':6,'driverUniqueId':'A1B2C3'}}]}" },
	{ "an answer with the number", BASE_CLIENT, true,
	  "0e 01 06 0000000a 0" IMEI_DIGITS "4f4b 01",
	  "{'device_id':'" IMEI_DIGITS "','type':'reply','keyword':'0E'," OK ","
	  "'attributes':{'type':6,'result':'OK'}}" },
	{ "not for this one", BASE_CLIENT, true,
	  "0e 01 11 00000008 0" IMEI_DIGITS "01",
	  "{'device_id':'" IMEI_DIGITS "','type':'reply','keyword':'0E'," OK ","
	  "'attributes':{'type':17}}" },
	{ "a command with the number", BASE_SERVER, true,
	  "0e 01 05 0000000e 0" IMEI_DIGITS "676574766572 01",
	  "{'device_id':'" IMEI_DIGITS "','type':'command','keyword':'0E'," OK
	  ",'attributes':{'type':5,'command':'getver'}}" },
	{ "a line with both", BASE_CLIENT, true,
	  "0f 01 0b 0000000e" TEXT_TIME "0" IMEI_DIGITS "4f4b 01",
	  "{'device_id':'" IMEI_DIGITS "','type':'status','keyword':'0F'," OK
	  ",'positions':[{'time':'2026-11-21T08:33:20.000Z','valid':false,"
	  "'attributes':{'type':11,'result':'OK'}}]}" },
};

/* The document of the last event; the test frees it. */
static json_t *document;

static void note(void *arg, const struct track_message *m,
		 const struct track_record *r)
{
	const struct event e = { .message = m, .record = r };
	char *text = event_json(&e);
	size_t *n = arg;

	event_test_note(m, r);
	json_decref(document);
	document = json_loads(text, 0, NULL);
	free(text);
	assert_non_null(document);
	(*n)++;
}

/* The message's document, but for its bytes and what is the same in all. */
static json_t *document_of(struct base_span bytes,
			   enum base_direction direction)
{
	static const char *const common[] = { "flow", "direction", "protocol",
					      "payload", "payload_hex" };
	const struct track_chunk chunk = { 0, 1, bytes };
	struct track_counts counts = { 0 };
	size_t n = 0;
	const struct track_events events = { .event = note,
					     .arg = &n,
					     .counts = &counts,
					     .record = test_record() };
	struct track_flow f;

	track_flow_init(&f, &track_teltonika, 0);
	assert_int_equal(track_flow_feed(&f, direction, &chunk, &events), 0);
	track_flow_end(&f, &events);
	assert_int_equal(n, 1);
	assert_int_equal(counts.skipped, 0);
	for (size_t i = 0; i < WS_ARRAY_LEN(common); i++)
		(void)json_object_del(document, common[i]);
	return document;
}

static json_t *expected(const char *text)
{
	char *json = strdup(text);
	json_t *v;

	assert_non_null(json);
	for (char *p = json; *p; p++) {
		if (*p == '\'')
			*p = '"';
	}
	v = json_loads(json, JSON_DECODE_ANY, NULL);
	if (!v)
		fail_msg("%s", json);
	free(json);
	return v;
}

static void messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		const struct row *row = &rows[i];
		json_t *want = expected(row->json), *got;
		struct bytes b = { 0 };

		if (row->packet)
			bytes_packet(&b, row->hex);
		else
			bytes_add(&b, row->hex);
		got = document_of(bytes_span(&b), row->direction);
		if (!json_equal(want, got))
			fail_msg("%s: %s", row->what,
				 json_dumps(got, JSON_COMPACT));
		json_decref(want);
	}
}

/* The member of this path of the first position. */
static const json_t *member(const json_t *v, const char *path)
{
	char copy[64], *rest = copy, *key;

	assert_true(snprintf(copy, sizeof(copy), "%s", path) <
		    (int)sizeof(copy));
	v = json_array_get(json_object_get(v, "positions"), 0);
	while (v && (key = strsep(&rest, ".")))
		v = json_object_get(v, key);
	return v;
}

/* RECORD with other bytes from `at` on, which counts in the content. */
static const struct {
	size_t at;
	const char *hex, *path, *json;
} mutations[] = {
	/* 2026-12-31 is 40 days and 15:28:43.750 later: 0x1a2ce8bd018 */
	{ 2, "000001a2ce8bd018", "time", "'2026-12-31T23:59:59.000Z'" },
	/* a leap day: 18321 days, 0x1708e3e1c00 */
	{ 2, "000001708e3e1c00", "time", "'2020-02-29T00:00:00.000Z'" },
	{ 2, "0000000000000000", "time", "'1970-01-01T00:00:00.000Z'" },
	{ 10, "02", "attributes.priority", "2" },
	/* 25 degrees west: 2^32 - 250000000 */
	{ 11, "f1194d80", "lon", "-25.0" },
	/* 515000000: 51.5 degrees north; 1e-7 degrees south */
	{ 15, "1eb246c0", "lat", "51.5" },
	{ 15, "ffffffff", "lat", "-1e-7" },
	{ 19, "ffff", "altitude_m", "-1.0" },
	{ 21, "0000", "course_deg", "0.0" },
	{ 23, "00", "valid", "false" },
	{ 23, "01", "valid", "true" },
	{ 23, "20", "satellites", "32" },
	{ 24, "0100", "speed_kmh", "256.0" },
	{ 26, "fd", "attributes.event", "253" },
	{ 30, "00", "attributes.in1", "false" },
	{ 29, "02", "attributes.in2", "true" },
	{ 36, "42 fffe", "attributes.power", "65.534" },
	{ 36, "43 0001", "attributes.battery", "0.001" },
	{ 39, "1c 0064", "attributes.bleTemp4", "1.0" },
};

static void mutated(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(mutations); i++) {
		struct bytes b = { 0 }, other = { 0 };
		json_t *want = expected(mutations[i].json);
		const json_t *got;
		uint16_t sum;

		bytes_packet(&b, RECORD);
		bytes_add(&other, mutations[i].hex);
		memcpy(b.at + 8 + mutations[i].at, other.at, other.len);
		sum = bitwise_crc(b.at + 8, b.len - 12);
		b.at[b.len - 2] = (uint8_t)(sum >> 8);
		b.at[b.len - 1] = (uint8_t)sum;
		got = member(document_of(bytes_span(&b), BASE_CLIENT),
			     mutations[i].path);
		assert_true(
			json_is_true(json_object_get(document, "checksum_ok")));
		if (!json_equal(got, want))
			fail_msg("%s %s", mutations[i].path, mutations[i].json);
		json_decref(want);
	}
}

/* A time after the year 2199 is none. */
static void no_time(void **state)
{
	struct bytes b = { 0 };

	(void)state;
	bytes_packet(&b,
		     "08 01 7fffffffffffffff 00" PLACE "00 00 00 00 00 00 01");
	assert_null(member(document_of(bytes_span(&b), BASE_CLIENT), "time"));
	assert_non_null(member(document, "lat"));
}

/* As many positions as the content has, and what there is of the last one. */
static void records_that_are_cut(void **state)
{
	struct bytes whole = { 0 };

	(void)state;
	bytes_add(&whole, "08 02" TIME "01" PLACE "42" VALUES TIME "01" PLACE
			  "42" VALUES "02");
	/* a record is 8 + 1 + 15 + 1 + 1 + 7 + 7 + 6 + 10 = 56 bytes, and its
	 * place is there after 26 */
	assert_int_equal(whole.len, 2 + 2 * 56 + 1);
	for (size_t len = 3; len < whole.len; len++) {
		const size_t n = (len >= 2 + 26) + (len >= 2 + 56 + 26);
		struct bytes b = { 0 };

		bytes_number(&b, 0, 4);
		bytes_number(&b, len, 4);
		memcpy(b.at + 8, whole.at, len);
		b.len += len;
		bytes_number(&b, bitwise_crc(whole.at, len), 4);
		assert_int_equal(
			json_array_size(json_object_get(
				document_of(bytes_span(&b), BASE_CLIENT),
				"positions")),
			n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages),
		cmocka_unit_test(mutated),
		cmocka_unit_test(no_time),
		cmocka_unit_test(records_that_are_cut),
	};
	const int status = event_test_run(tests);

	json_decref(document);
	return status;
}
