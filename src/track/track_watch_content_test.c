/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_watch_content_test.c - what messages of the watch family say
 *
 * Messages are written by hand from the description of the fields; times are
 * days since 1970 by the calendar, as the comments count them.
 */
#include "track_watch.h"

#include <math.h>
#include <stdio.h>

#include "track_test.h"
#include "track_text.h"

#define ID "1234567890"

/* A message around the content, with its length. */
static const struct track_record *says(enum base_direction d,
				       struct base_span content)
{
	static uint8_t bytes[8192];
	char head[64];
	const int n =
		snprintf(head, sizeof(head), "[3G*" ID "*%04zx*", content.len);
	struct track_frame frame;
	const struct track_record *r;

	assert_true(n > 0 && (size_t)n + content.len < sizeof(bytes));
	memcpy(bytes, head, (size_t)n);
	memcpy(bytes + n, content.ptr, content.len);
	bytes[(size_t)n + content.len] = ']';
	r = decoded(&track_watch, d,
		    (struct base_span){ bytes, (size_t)n + content.len + 1 },
		    &frame);
	assert_int_equal(frame.length, TRACK_CHECK_OK);
	assert_int_equal(frame.checksum, TRACK_CHECK_NONE);
	assert_true(track_text_is(r->device, ID));
	return r;
}

static const struct track_record *client_says(const char *content)
{
	return says(BASE_CLIENT, (struct base_span){ (const uint8_t *)content,
						     strlen(content) });
}

static const struct track_record *server_says(const char *content)
{
	return says(BASE_SERVER, (struct base_span){ (const uint8_t *)content,
						     strlen(content) });
}

/* 2024-03-01 is day 19783: 54 years of 365 days, leap days of 1972 to 2020: 13,
 * January and February of 2024: 60; 54 * 365 + 13 + 60 */
#define MARCH_1_2024 (19783 * 86400000LL)

static void every_field_of_a_position(void **state)
{
	const struct track_record *r = client_says(
		"UD,010324,010203,A,22.571707,N,113.861397,E,0.1,152.5,100.5,7,"
		"60,90,1000,50,00000010,2,1,460,2,9360,4082,131,9361,4092,,2,"
		"Home,00:1a:2B:3c:4d:5e,-57,,a0:b1:c2:d3:e4:f5,-90,24.5");
	const struct track_position *p = &r->positions[0];

	(void)state;
	assert_string_equal(r->keyword, "UD");
	assert_int_equal(r->type, TRACK_TYPE_POSITION);
	assert_int_equal(r->n_positions, 1);
	assert_true(p->time_ms == MARCH_1_2024 + 3723000);
	assert_true(p->valid);
	near(p->lat, 22.571707);
	near(p->lon, 113.861397);
	near(p->speed, 0.1);
	near(p->course, 152.5);
	near(p->altitude, 100.5);
	near(p->accuracy, 24.5);
	assert_int_equal(p->satellites, 7);
	has_int(r, TRACK_RSSI, 60);
	has_int(r, TRACK_BATTERY_LEVEL, 90);
	has_int(r, TRACK_STEPS, 1000);
	has_int(r, TRACK_TUMBLES, 50);
	has_int(r, TRACK_STATUS, 16);
	has_bool(r, TRACK_MOTION, true);
	assert_null(attr_of(r, TRACK_ALARM));
	assert_int_equal(p->cells.n, 2);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(r->cell[i].mcc, 460);
		assert_int_equal(r->cell[i].mnc, 2);
	}
	assert_int_equal(r->cell[0].lac, 9360);
	assert_int_equal(r->cell[0].cid, 4082);
	assert_int_equal(r->cell[0].rssi, 131);
	assert_int_equal(r->cell[1].lac, 9361);
	assert_int_equal(r->cell[1].cid, 4092);
	assert_int_equal(r->cell[1].rssi, TRACK_RSSI_NONE);
	assert_int_equal(p->wifi.n, 2);
	assert_true(track_text_is(r->wifis[0].mac, "00:1a:2b:3c:4d:5e"));
	assert_int_equal(r->wifis[0].rssi, -57);
	assert_true(track_text_is(r->wifis[1].mac, "a0:b1:c2:d3:e4:f5"));
	assert_int_equal(r->wifis[1].rssi, -90);
}

/* The same report with another date, place and so on. */
static void places_and_times(void **state)
{
	static const struct {
		const char *front; /* up to the speed */
		bool valid;
		double lat, lon;
		int64_t time_ms; /* since 2024-03-01 */
	} cases[] = {
		{ "010324,000000,A,22.5,N,113.25,E", true, 22.5, 113.25, 0 },
		{ "010324,000000,V,22.5,N,113.25,E", false, 22.5, 113.25, 0 },
		{ "010324,000000,A,22.5,S,113.25,W", true, -22.5, -113.25, 0 },
		/* leap day: a day earlier, and its last second */
		{ "290224,235959,A,0.5,N,0.25,W", true, 0.5, -0.25, -1000 },
		/* no hemisphere, and a blank */
		{ "010324,000000,A, 9.5,N, 8.25,", true, 9.5, 8.25, 0 },
		{ "010324,000000,A,9.5,,8.25,W", true, 9.5, -8.25, 0 },
		/* a sign counts, whatever the hemisphere */
		{ "010324,000000,A,-33.5,N,-70.5,E", true, -33.5, -70.5, 0 },
		{ "010324,000000,A,-33.5,S,-70.5,W", true, -33.5, -70.5, 0 },
		/* no fix: what it says is what it says */
		{ "010324,000000,V,00.000000,N,000.000000,E", false, 0, 0, 0 },
		/* no such place, and no number: no place */
		{ "010324,000000,A,91,N,113.25,E", true, (double)NAN,
		  (double)NAN, 0 },
		{ "010324,000000,A,,N,113.25,E", true, (double)NAN, (double)NAN,
		  0 },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		const struct track_record *r;
		const struct track_position *p;
		char text[128];

		assert_true(snprintf(text, sizeof(text), "UD2,%s,3.5",
				     cases[i].front) > 0);
		r = client_says(text);
		p = &r->positions[0];
		assert_int_equal(r->n_positions, 1);
		assert_int_equal(p->valid, cases[i].valid);
		assert_true(p->time_ms == MARCH_1_2024 + cases[i].time_ms);
		if (isnan(cases[i].lat)) {
			assert_true(isnan(p->lat) && isnan(p->lon));
		} else {
			near(p->lat, cases[i].lat);
			near(p->lon, cases[i].lon);
		}
		near(p->speed, 3.5);
		/* nothing is made up for what is missing behind it */
		assert_true(isnan(p->course) && isnan(p->altitude));
		assert_int_equal(p->satellites, -1);
		assert_int_equal(p->attrs.n, 0);
	}
	/* February 30 of 2024 is March 1: 19723 days to 2024, 31 + 29 in it;
	 * no date: none */
	assert_true(client_says("UD,300224,000000,A,1.5,N,2.5,E")
			    ->positions[0]
			    .time_ms == 19783 * 86400000LL);
	assert_int_equal(client_says("UD,,,A,1.5,N,2.5,E")->n_positions, 0);
	assert_int_equal(client_says("UD")->n_positions, 0);
	assert_int_equal(client_says("UD")->type, TRACK_TYPE_POSITION);
}

/* 01:00 in a zone two hours east of UTC is 23:00 the day before. */
static void another_zone(void **state)
{
	struct track_protocol p = track_watch;
	struct track_frame frame;
	const struct track_record *r;

	(void)state;
	p.habits.zone_min = 120;
	/* from UD to E it is 34 = 0x22 bytes */
	r = decoded(&p, BASE_CLIENT,
		    TRACK_SPAN("[3G*" ID "*0022*"
			       "UD,010324,010000,A,22.5,N,113.25,E]"),
		    &frame);
	assert_true(r->positions[0].time_ms == MARCH_1_2024 - 3600000);
}

static void status_bits(void **state)
{
	static const struct {
		const char *bits;
		const char *alarms; /* "" = none */
		bool motion;
	} cases[] = {
		{ "00000000", "", false },
		{ "0001", "lowBattery", false },
		{ "00000002", "geofenceExit", false },
		{ "00000004", "geofenceEnter", false },
		{ "00000008", "", false }, /* it is worn, or is not */
		{ "00000010", "", true },
		{ "00004000", "powerCut", false },
		{ "00010000", "sos", false },
		{ "00020000", "lowBattery", false },
		{ "00040000", "geofenceExit", false },
		{ "00080000", "geofenceEnter", false },
		{ "00100000", "removing", false },
		{ "00200000", "fallDown", false },
		{ "00400000", "fallDown", false },
		/* several; the two of low battery are one */
		{ "00030011", "lowBattery,sos", true },
		{ "FFFFFFFF",
		  "lowBattery,geofenceExit,geofenceEnter,powerCut,sos,removing,"
		  "fallDown",
		  true },
		{ "", "", false },
		{ "x", "", false },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		const struct track_record *r;
		char text[128];

		assert_true(snprintf(text, sizeof(text),
				     "AL,010324,000000,A,1.5,N,2.5,E,0,0,0,5,"
				     "100,99,0,0,%s,0,0",
				     cases[i].bits) > 0);
		r = client_says(text);
		assert_int_equal(r->type, TRACK_TYPE_ALARM);
		if (*cases[i].alarms)
			has_text(r, TRACK_ALARM, cases[i].alarms);
		else
			assert_null(attr_of(r, TRACK_ALARM));
		assert_int_equal(attr_of(r, TRACK_MOTION) != NULL,
				 cases[i].motion);
		assert_int_equal(r->positions[0].cells.n, 0);
	}
}

/* What is behind the status bits, with no fix. */
static const struct track_record *network(const char *end)
{
	char text[1024];

	assert_true(
		snprintf(text, sizeof(text),
			 "UD_LTE,010324,000000,V,0.0,N,0.0,E,0,0,0,0,100,99,"
			 "0,0,00000000,%s",
			 end) > 0);
	return client_says(text);
}

static void is_cell(const struct track_cell *c, int64_t lac, int64_t cid)
{
	assert_int_equal(c->mcc, 310);
	assert_int_equal(c->mnc, 26);
	assert_int_equal(c->lac, lac);
	assert_int_equal(c->cid, cid);
	assert_int_equal(c->rssi, 9);
}

static void cells(void **state)
{
	const struct track_record *r = network("1,0,310,26,1091,30082,9");

	(void)state;
	assert_int_equal(r->n_cells, 1);
	is_cell(&r->cell[0], 1091, 30082);
	/* one is written in hexadecimal digits, so all are: 0x1091, 0xfffe,
	 * 0x10, 0x3b882a2 */
	r = network("2,0,310,26,1091,FFFE,9,10,3B882A2,9");
	assert_int_equal(r->n_cells, 2);
	is_cell(&r->cell[0], 4241, 65534);
	is_cell(&r->cell[1], 16, 62423714);
	/* fewer than it says, more than it says */
	assert_int_equal(network("3,0,310,26,1,2,9")->n_cells, 1);
	assert_int_equal(network("1,0,310,26,1,2,9,3,4,9")->n_cells, 1);
	/* no network is known, or no number of cells */
	assert_int_equal(network("1,0,FFFF,FFFF,1,2,9")->n_cells, 0);
	assert_int_equal(network("1,0,,,1,2,9")->n_cells, 0);
	assert_int_equal(network("x,0,310,26,1,2,9")->n_cells, 0);
	assert_int_equal(network("")->n_cells, 0);
	/* what follows is found all the same */
	r = network("1,0,FFFF,FFFF,1,2,9,1,Home,00:11:22:33:44:55,-5,7");
	assert_int_equal(r->n_cells, 0);
	assert_int_equal(r->n_wifi, 1);
	near(r->positions[0].accuracy, 7);
}

#define MAC_A "00:11:22:33:44:5a"
#define MAC_B "00:11:22:33:44:5b"

static void names_of_wifi(void **state)
{
	static const struct {
		const char *end;
		size_t n;
		double accuracy; /* 0 = none */
	} cases[] = {
		{ "0,2,a," MAC_A ",-1,b," MAC_B ",-2,9.5", 2, 9.5 },
		{ "0,2,a," MAC_A ",-1,b," MAC_B ",-2", 2, 0 },
		{ "0,2,a," MAC_A ",-1,b," MAC_B ",-2,0.0", 2, 0 },
		/* commas, numbers and addresses in names; no name */
		{ "0,2,a,b,-1,c," MAC_A ",-1,,b," MAC_B ",-2,9.5", 2, 9.5 },
		{ "0,2," MAC_B "," MAC_A ",-1,,b," MAC_B ",-2,9.5", 2, 9.5 },
		{ "0,2,," MAC_A ",-1,," MAC_B ",-2,9.5", 2, 9.5 },
		/* brackets: this one is found by its length */
		{ "0,2,[a]," MAC_A ",-1,b]c[," MAC_B ",-2,9.5", 2, 9.5 },
		/* a number of its own, and timing advance before it */
		{ "0,5,a," MAC_A ",-1,b," MAC_B ",-2,9.5", 2, 9.5 },
		{ "0,1,2,a," MAC_A ",-1,b," MAC_B ",-2,9.5", 2, 9.5 },
		{ "0,0,58.0", 0, 58 },
		{ "0,0", 0, 0 },
		{ "0", 0, 0 },
		/* the last field of SG firmware, which is no accuracy */
		{ "0,,10", 0, 0 },
		{ "0,x,5,8.5", 0, 0 },
		{ "0,1,a," MAC_A ",x", 0, 0 },
		{ "0,1,a,00:11:22:33:44:5,-1", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		const struct track_record *r = network(cases[i].end);

		if (r->n_wifi != cases[i].n)
			fail_msg("%u in %s", r->n_wifi, cases[i].end);
		for (size_t k = 0; k < cases[i].n; k++) {
			assert_true(track_text_is(r->wifis[k].mac,
						  k ? MAC_B : MAC_A));
			assert_int_equal(r->wifis[k].rssi, k ? -2 : -1);
		}
		if (cases[i].accuracy > 0)
			near(r->positions[0].accuracy, cases[i].accuracy);
		else
			assert_true(isnan(r->positions[0].accuracy));
	}
}

static void links_and_logins(void **state)
{
	const struct track_record *r = client_says("LK,1000,50,84");

	(void)state;
	assert_int_equal(r->type, TRACK_TYPE_HEARTBEAT);
	assert_int_equal(r->n_positions, 0);
	has_int(r, TRACK_STEPS, 1000);
	has_int(r, TRACK_TUMBLES, 50);
	has_int(r, TRACK_BATTERY_LEVEL, 84);
	r = client_says("LK");
	assert_int_equal(r->type, TRACK_TYPE_HEARTBEAT);
	assert_int_equal(r->attrs.n, 0);
	assert_int_equal(client_says("LK,1000,50")->attrs.n, 0);
	assert_int_equal(server_says("LK")->type, TRACK_TYPE_REPLY);
	assert_int_equal(client_says("INIT,13800000000")->type,
			 TRACK_TYPE_LOGIN);
	assert_int_equal(server_says("INIT,1")->type, TRACK_TYPE_REPLY);
}

static void health(void **state)
{
	static const track_key temp = TRACK_N(TRACK_TEMPERATURE, 1);
	const struct track_record *r;

	(void)state;
	has_int(client_says("heart,71"), TRACK_HEART_RATE, 71);
	has_int(client_says("PULSE,72"), TRACK_HEART_RATE, 72);
	r = client_says("BLOOD,120,80");
	has_int(r, TRACK_PRESSURE_HIGH, 120);
	has_int(r, TRACK_PRESSURE_LOW, 80);
	assert_null(attr_of(r, TRACK_HEART_RATE));
	r = client_says("bphrt,121,81,71,,,,");
	assert_string_equal(r->keyword, "bphrt");
	assert_int_equal(r->type, TRACK_TYPE_STATUS);
	has_int(r, TRACK_PRESSURE_HIGH, 121);
	has_int(r, TRACK_PRESSURE_LOW, 81);
	has_int(r, TRACK_HEART_RATE, 71);
	assert_int_equal(r->attrs.n, 3);
	has_int(client_says("oxygen,0,97"), TRACK_BLOOD_OXYGEN, 97);
	has_int(client_says("oxygen,96"), TRACK_BLOOD_OXYGEN, 96);
	assert_int_equal(client_says("oxygen,0,197")->attrs.n, 0);
	has_real(client_says("btemp2,1,36.5"), temp, 36.5);
	assert_int_equal(client_says("btemp2,0,0.0")->attrs.n, 0);
	has_real(client_says("TEMP,36.6"), temp, 36.6);
	has_real(client_says("TEMP,1,36.7"), temp, 36.7);
	has_real(client_says("TEMP,36.8,1"), temp, 36.8);
	assert_int_equal(client_says("TEMP")->attrs.n, 0);
	assert_int_equal(client_says("heart")->attrs.n, 0);
	assert_int_equal(client_says("heart,x")->attrs.n, 0);
}

static void voice_and_pictures(void **state)
{
	/* all five escapes, a byte that only looks like one, and the rest */
	static const struct base_span
		voice = TRACK_SPAN("TK,#!AMR\n\x7d\x01\x7d\x02\x7d\x03\x7d\x04"
				   "\x7d\x05\x7d\x06\xff\0\x7d"),
		part = TRACK_SPAN("JXTK,x,240301,2,6,ab\x7d\x05"),
		picture = TRACK_SPAN("img,5,240301010203,\xff\xd8\x7d\x04\xd9");
	static const char plain[] = "#!AMR\n}[],*\x7d\x06\xff\0\x7d";
	const struct track_record *r = says(BASE_CLIENT, voice);

	(void)state;
	assert_int_equal(r->type, TRACK_TYPE_MEDIA);
	has_hex(r, TRACK_AUDIO, plain, sizeof(plain) - 1);
	r = says(BASE_SERVER, voice);
	assert_int_equal(r->type, TRACK_TYPE_MEDIA);
	has_hex(r, TRACK_AUDIO, plain, sizeof(plain) - 1);

	r = says(BASE_CLIENT, part);
	assert_int_equal(r->type, TRACK_TYPE_MEDIA);
	has_int(r, TRACK_PACKAGE, 2);
	has_int(r, TRACK_PACKAGES, 6);
	has_hex(r, TRACK_AUDIO, "ab*", 3);
	assert_int_equal(server_says("JXTKR,1")->type, TRACK_TYPE_REPLY);

	r = says(BASE_CLIENT, picture);
	assert_int_equal(r->type, TRACK_TYPE_MEDIA);
	has_int(r, TRACK_TYPE, 5);
	has_hex(r, TRACK_IMAGE, "\xff\xd8,\xd9", 4);
	assert_int_equal(server_says("img")->type, TRACK_TYPE_REPLY);

	/* how it arrived */
	r = client_says("TK,1");
	assert_int_equal(r->type, TRACK_TYPE_REPLY);
	has_text(r, TRACK_RESULT, "1");
	assert_int_equal(server_says("TK")->type, TRACK_TYPE_REPLY);
	assert_int_equal(client_says("TKQ")->type, TRACK_TYPE_COMMAND);
	assert_int_equal(server_says("TKQ")->type, TRACK_TYPE_REPLY);
}

static void words_both_ways(void **state)
{
	static const char *const commands[] = {
		"CR",       "UPLOAD",    "WORKTIME",   "WORK",
		"LZ",       "IP",        "RESET",      "POWEROFF",
		"FACTORY",  "PW",        "FIND",       "MESSAGE",
		"SMS",      "CALL",      "MONITOR",    "CENTER",
		"SLAVE",    "SOS1",      "SOS2",       "SOS3",
		"PHB",      "PHB2",      "WHITELIST1", "WHITELIST2",
		"RCAPTURE", "RECORD",    "REMIND",     "SILENCETIME",
		"WALKTIME", "SLEEPTIME", "BOOTOFF",    "PEDO",
		"SOSSMS",   "LOWBAT",    "REMOVE",     "REMOVESMS",
		"SMSONOFF", "TKONOFF",   "PHBONOFF",   "MAKEFRIEND",
		"PROFILE",  "FLOWER",    "BT",         "BTNAME",
		"BIGTIME",  "WIFI",      "VERNO",      "ZONE",
		"TIMECALI", "DEBUG",     "DEBUGCLOSE",
	};
	const struct track_record *r;
	char text[64];

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(commands); i++) {
		assert_true(snprintf(text, sizeof(text), "%s,1", commands[i]) >
			    0);
		r = server_says(text);
		if (r->type != TRACK_TYPE_COMMAND)
			fail_msg("%s", text);
		assert_string_equal(r->keyword, commands[i]);
		assert_int_equal(r->attrs.n, 0);
		if (client_says(commands[i])->type != TRACK_TYPE_REPLY)
			fail_msg("%s", commands[i]);
	}
	/* in either case, with what it says */
	r = client_says("upload,1");
	assert_string_equal(r->keyword, "upload");
	assert_int_equal(r->type, TRACK_TYPE_REPLY);
	has_text(r, TRACK_RESULT, "1");
	has_text(client_says("VERNO,G36_V4.0,x"), TRACK_VERSION_FW,
		 "G36_V4.0,x");
	r = client_says("ICCID,89860000000000000001,359614000000001,"
			"460010000000001,");
	has_text(r, TRACK_ICCID, "89860000000000000001");
	has_text(r, TRACK_IMEI, "359614000000001");
	has_text(r, TRACK_IMSI, "460010000000001");
	assert_int_equal(r->attrs.n, 3);
	has_text(client_says("CCID,89860000000000000001"), TRACK_ICCID,
		 "89860000000000000001");
	r = client_says("GS1,2,5,310,26,9126,50317,9,9127,50318,10");
	assert_int_equal(r->type, TRACK_TYPE_POSITION);
	assert_int_equal(r->n_cells, 2);
	is_cell(&r->cell[0], 9126, 50317);
	r = client_says("TS,ver:G36_V4.0;\r\nID:1234567890;\r\n"
			"imei:359614000000001;\r\nbat level:87;\r\nport:8001;");
	assert_int_equal(r->type, TRACK_TYPE_STATUS);
	has_text(r, TRACK_VERSION_FW, "G36_V4.0");
	has_text(r, TRACK_IMEI, "359614000000001");
	has_int(r, TRACK_BATTERY_LEVEL, 87);
	assert_int_equal(r->attrs.n, 3);

	/* the weather: where, or just asked for */
	assert_int_equal(client_says("WT,010324,000000,A,1.5,N,2.5,E")->type,
			 TRACK_TYPE_POSITION);
	assert_int_equal(client_says("WT")->type, TRACK_TYPE_COMMAND);
	assert_int_equal(server_says("WT,2024,1")->type, TRACK_TYPE_REPLY);
	assert_int_equal(server_says("AL")->type, TRACK_TYPE_REPLY);
	assert_int_equal(server_says("UD")->n_positions, 0);

	r = client_says("NOSUCHKEYWORDINANYTABLE,1");
	assert_int_equal(r->type, TRACK_TYPE_UNKNOWN);
	assert_string_equal(r->keyword, "NOSUCHKEYWORDINANYTABLE");
	assert_int_equal(r->attrs.n, 0);
	assert_int_equal(client_says("")->type, TRACK_TYPE_UNKNOWN);
}

static void garbage_then_a_message(void **state)
{
	static const char *const few[] = { "[]*3G,", "[3G*1*0001*x]", NULL };

	(void)state;
	feed_garbages(&track_watch, few, "[3G*" ID "*0008*heart,71]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_of_a_position),
		cmocka_unit_test(places_and_times),
		cmocka_unit_test(another_zone),
		cmocka_unit_test(status_bits),
		cmocka_unit_test(cells),
		cmocka_unit_test(names_of_wifi),
		cmocka_unit_test(links_and_logins),
		cmocka_unit_test(health),
		cmocka_unit_test(voice_and_pictures),
		cmocka_unit_test(words_both_ways),
		cmocka_unit_test(garbage_then_a_message),
	};

	return event_test_run(tests);
}
