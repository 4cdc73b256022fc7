/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_h02_decode_test.c - what messages of h02 say */
#include "track_h02_test.h"

#include <math.h>

#include "track_text.h"

static const struct track_record *said_by(const char *notation,
					  enum base_direction d)
{
	struct track_frame frame;

	return decoded(&track_h02, d, bytes_of(notation), &frame);
}

static const struct track_record *said(const char *notation)
{
	return said_by(notation, BASE_CLIENT);
}

static bool span_is(struct base_span s, const char *text)
{
	return track_text_is(s, text);
}

static void cell_is(const struct track_record *r, uint32_t i,
		    struct track_cell want)
{
	assert_true(i < r->n_cells);
	assert_int_equal(r->cell[i].mcc, want.mcc);
	assert_int_equal(r->cell[i].mnc, want.mnc);
	assert_int_equal(r->cell[i].lac, want.lac);
	assert_int_equal(r->cell[i].cid, want.cid);
	assert_int_equal(r->cell[i].rssi, want.rssi);
}

static void is_the_place(const struct track_record *r)
{
	assert_int_equal(r->n_positions, 1);
	near(r->positions[0].lat, LAT);
	near(r->positions[0].lon, LON);
	assert_true(r->positions[0].valid);
	assert_int_equal(r->positions[0].time_ms, TIME_MS);
}

static void fields_of_a_position(void **state)
{
	const struct track_record *r = said(V1);

	(void)state;
	assert_string_equal(r->keyword, "V1");
	assert_int_equal(r->type, TRACK_TYPE_POSITION);
	assert_true(span_is(r->device, ID));
	is_the_place(r);
	near(r->positions[0].speed, 0.1852); /* 0.1 knots */
	near(r->positions[0].course, 158);
	assert_int_equal(r->positions[0].satellites, -1);
	/* fffffbff: bit 10 is 0 */
	has_int(r, TRACK_STATUS, 0xfffffbff);
	assert_false(attr_of(r, TRACK_IGNITION)->yes);
	assert_null(attr_of(r, TRACK_ALARM));
	assert_int_equal(r->positions[0].attrs.n, 2);
}

/* One thing after the other is changed, and what it says with it. */
static void changed_positions(void **state)
{
	const struct track_record *r;

	(void)state;
	r = said("*XY,9876,V5,121557,A,2335.3408,S,04802.8926,W,0.1,158,"
		 "241115,FFFFFFFF#");
	assert_string_equal(r->keyword, "V5");
	assert_true(span_is(r->device, "9876"));
	is_the_place(r);
	assert_true(attr_of(r, TRACK_IGNITION)->yes);
	/* north, east; invalid; 100.5 knots; 97 days later: 7 days of November,
	 * 31, 31, 28 and one of February; one second less */
	r = said("*HQ,1,V1,121556,V,2335.3408,N,04802.8926,E,100.5,9,290216,"
		 "FFFFFBFF#");
	assert_false(r->positions[0].valid);
	near(r->positions[0].lat, -LAT);
	near(r->positions[0].lon, -LON);
	near(r->positions[0].speed, 186.126);
	near(r->positions[0].course, 9);
	assert_int_equal(r->positions[0].time_ms,
			 TIME_MS + 97 * 86400000LL - 1000);
	/* a fix of BeiDou; a scheme instead of A; nothing */
	assert_true(said("*HQ,1,V1,121557,B,2335.3408,S,04802.8926,W,0,0,"
			 "241115,FFFFFBFF#")
			    ->positions[0]
			    .valid);
	assert_true(said("*HQ,1,VI1,121557,0,2335.3408,S,04802.8926,W,0,0,"
			 "241115,FFFFFBFF#")
			    ->positions[0]
			    .valid);
	assert_false(said("*HQ,1,V1,121557,,2335.3408,S,04802.8926,W,0,0,"
			  "241115,FFFFFBFF#")
			     ->positions[0]
			     .valid);
	/* no time of day is midnight, no date is no time, and day 32 of
	 * November is December 2, eight days after the 24th */
	r = said("*HQ,1,V1,,A,2335.3408,S,04802.8926,W,0,0,241115,FFFFFBFF#");
	assert_int_equal(r->positions[0].time_ms, 16763 * 86400000LL);
	r = said("*HQ,1,V1,121557,A,2335.3408,S,04802.8926,W,0,0,,FFFFFBFF#");
	assert_int_equal(r->positions[0].time_ms, TRACK_TIME_NONE);
	has_int(r, TRACK_STATUS, 0xfffffbff);
	r = said("*HQ,1,V1,121557,A,2335.3408,S,04802.8926,W,0,0,321115#");
	assert_int_equal(r->positions[0].time_ms, TIME_MS + 8 * 86400000LL);
	r = said("*HQ,1,V1,121557,V,2335.3408,S,04802.8926,W,0,0,000000,"
		 "FFFFFBFF#");
	assert_int_equal(r->positions[0].time_ms,
			 TIME_MS + (10925 - 16763) * 86400000LL);
	near(r->positions[0].lat, LAT);
	/* a battery before the date: 4 of 6 */
	r = said("*HQ,1,V1,121557,A,2335.3408,S,04802.8926,W,0,0,4,241115,"
		 "FFFFFBFF#");
	is_the_place(r);
	has_int(r, TRACK_BATTERY_LEVEL, 60);
	has_int(r, TRACK_STATUS, 0xfffffbff);
	/* ... and no date */
	r = said("*HQ,1,V1,121557,A,2335.3408,S,04802.8926,W,0,0,4,,FFFFFBFF#");
	near(r->positions[0].lat, LAT);
	assert_int_equal(r->positions[0].time_ms, TRACK_TIME_NONE);
	has_int(r, TRACK_BATTERY_LEVEL, 60);
	has_int(r, TRACK_STATUS, 0xfffffbff);
	/* no speed, no course, a type that nobody has described */
	r = said("*HQ,1,Q7,121557,A,2335.3408,S,04802.8926,W,,,241115#");
	is_the_place(r);
	assert_true(isnan(r->positions[0].speed));
	assert_true(isnan(r->positions[0].course));
	assert_int_equal(r->type, TRACK_TYPE_UNKNOWN);
	/* no fix: a cell alone, 0x25c = 604, 0xa, 0x154 = 340, 0xb04c = 45132
	 */
	r = said("*HQ,1,V1,,V,,N,,E,0.00,0,,FFFFF7FF,25c,a, 154,b04c#");
	assert_int_equal(r->n_positions, 1);
	assert_true(isnan(r->positions[0].lat));
	assert_false(r->positions[0].valid);
	cell_is(r, 0,
		(struct track_cell){ 604, 10, 340, 45132, TRACK_RSSI_NONE });
}

static void forms_of_degrees(void **state)
{
	static const struct {
		const char *lat, *lon;
		double degrees_lat, degrees_lon;
	} forms[] = {
		{ "2335.3408,S", "04802.8926,W", LAT, LON },
		{ "335.3408,S", "802.8926,E", -(3 + 35.3408 / 60),
		  8 + 2.8926 / 60 },
		{ "35.3408,N", "2.8926,W", 35.3408 / 60, -2.8926 / 60 },
		{ "23353408,S", "048028926,W", LAT, LON },
		{ "3353408,S", "8028926,E", -(3 + 35.3408 / 60),
		  8 + 2.8926 / 60 },
		{ "-23-35.3408,S", "-48-2.8926,W", LAT, LON },
		{ "-23-35.3408,N", "-48-2.8926,E", -LAT, -LON },
		{ "2335.34081,S", "04802.89261,W", -(23 + 35.34081 / 60),
		  -(48 + 2.89261 / 60) },
		{ "0000.0000,N", "00000.0000,E", 0, 0 },
		{ "12,N", "13,E", (double)NAN, (double)NAN },
		{ "2335.3408,N", "x,E", (double)NAN, (double)NAN },
		{ "-,N", "--,E", (double)NAN, (double)NAN },
		{ "9135.3408,N", "00000.0000,E", (double)NAN, (double)NAN },
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(forms); i++) {
		const struct track_record *r;

		(void)snprintf(text, sizeof(text),
			       "*HQ,1,V1,121557,A,%s,%s,0,0,241115#",
			       forms[i].lat, forms[i].lon);
		r = said(text);
		assert_int_equal(r->n_positions, 1);
		if (isnan(forms[i].degrees_lat)) {
			assert_true(isnan(r->positions[0].lat));
			assert_true(isnan(r->positions[0].lon));
			continue;
		}
		near(r->positions[0].lat, forms[i].degrees_lat);
		near(r->positions[0].lon, forms[i].degrees_lon);
	}
}

static void bits_of_the_status(void **state)
{
	static const struct {
		const char *status;
		const char *alarm; /* NULL: none */
		bool ignition, armed, blocked;
	} rows[] = {
		{ "FFFFFFFF", NULL, true, false, false },
		{ "fffffbff", NULL, false, false, false },
		{ "FFFFFFFE", "vibration", true, false, false },
		{ "FFFFFFFD", "sos", true, false, false },
		{ "FFFBFFFF", "sos", true, false, false },
		{ "FFFBFFFD", "sos", true, false, false },
		{ "FFFFFFFB", "overspeed", true, false, false },
		{ "FFF7FFFF", "powerCut", true, false, false },
		{ "FFF7FFFC", "vibration,sos,powerCut", true, false, false },
		{ "FFFFB9FF", NULL, false, true, false },
		{ "F7FFBBFF", NULL, false, false, true },
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		const struct track_record *r;

		(void)snprintf(text, sizeof(text), "*HQ,1,V1," PLACE ",%s#",
			       rows[i].status);
		r = said(text);
		if (rows[i].alarm)
			has_text(r, TRACK_ALARM, rows[i].alarm);
		else
			assert_null(attr_of(r, TRACK_ALARM));
		assert_int_equal(attr_of(r, TRACK_IGNITION)->yes,
				 rows[i].ignition);
		assert_int_equal(attr_of(r, TRACK_ARMED) != NULL,
				 rows[i].armed);
		assert_int_equal(attr_of(r, TRACK_BLOCKED) != NULL,
				 rows[i].blocked);
	}
}

#define WITH(type, tail) "*HQ,1," type "," PLACE ",FFFFFBFF" tail "#"

static void tails(void **state)
{
	const struct track_record *r;

	(void)state;
	/* 0x5141 = 20801, 0x5a20 = 23072 */
	r = said(WITH("V1", ",69129336,-5,100.0,18,5141,5A20"));
	is_the_place(r);
	has_int(r, TRACK_ODOMETER, 69129336);
	has_int(r, TRACK_N(TRACK_TEMPERATURE, 1), -5);
	has_real(r, TRACK_FUEL, 100);
	near(r->positions[0].altitude, 18);
	cell_is(r, 0,
		(struct track_cell){ -1, -1, 20801, 23072, TRACK_RSSI_NONE });
	assert_null(attr_of(r, TRACK_N(TRACK_IO, 1)));
	/* the same with a whole number of litres is none */
	r = said(WITH("V1", ",69129336,-5,100,18,5141,5A20"));
	assert_null(attr_of(r, TRACK_ODOMETER));
	has_text(r, TRACK_N(TRACK_IO, 3), "100");

	/* ... as is one with a field more */
	r = said(WITH("V1", ",69129336,-5,100.0,18,5141,5A20,1"));
	assert_null(attr_of(r, TRACK_ODOMETER));
	has_text(r, TRACK_N(TRACK_IO, 7), "1");

	r = said(WITH("V1", ",310,260,49101,1753,5"));
	cell_is(r, 0,
		(struct track_cell){ 310, 260, 49101, 1753, TRACK_RSSI_NONE });
	has_int(r, TRACK_BATTERY_LEVEL, 80);
	has_text(r, TRACK_N(TRACK_IO, 4), "1753");
	has_text(r, TRACK_N(TRACK_IO, 5), "5");
	/* 194 is no country's code, 0x194 = 404 is; 0x71 = 113 */
	r = said(WITH("V1", ",194,35,  71,1009"));
	cell_is(r, 0,
		(struct track_cell){ 404, 0x35, 113, 0x1009, TRACK_RSSI_NONE });
	has_text(r, TRACK_N(TRACK_IO, 3), "71");
	r = said(WITH("V1", ",310,260,0,0,6"));
	assert_int_equal(r->n_cells, 0);
	r = said(WITH("V1", ",,,9059e2c,8232,4"));
	assert_int_equal(r->n_cells, 0);
	assert_null(attr_of(r, TRACK_N(TRACK_IO, 1)));
	has_text(r, TRACK_N(TRACK_IO, 3), "9059e2c");
	r = said(WITH("V1", ",4261193,0"));
	has_text(r, TRACK_N(TRACK_IO, 2), "0");

	r = said(WITH("V1", ",90,3,460,0,9376,8532,9876,4357,0,0"));
	has_int(r, TRACK_BATTERY_LEVEL, 90);
	assert_int_equal(r->positions[0].cells.n, 2);
	cell_is(r, 1,
		(struct track_cell){ 460, 0, 9876, 4357, TRACK_RSSI_NONE });
	r = said(WITH("V1", ",100,2,214,003,2120,450,0,2126,573,38"));
	has_int(r, TRACK_BATTERY_LEVEL, 100);
	assert_int_equal(r->positions[0].cells.n, 2);
	cell_is(r, 0, (struct track_cell){ 214, 3, 2120, 450, 0 });
	cell_is(r, 1, (struct track_cell){ 214, 3, 2126, 573, -38 });
	/* two cells are announced, three are there */
	r = said(WITH("V1", ",90,2,460,0,9376,8532,9876,4357,0,0"));
	assert_int_equal(r->n_cells, 0);
	has_text(r, TRACK_N(TRACK_IO, 10), "0");
}

static void tails_by_type(void **state)
{
	const struct track_record *r;

	(void)state;
	r = said(WITH("V6", ",250,1,6303,50173,89701010068690251659,"));
	cell_is(r, 0,
		(struct track_cell){ 250, 1, 6303, 50173, TRACK_RSSI_NONE });
	has_text(r, TRACK_ICCID, "89701010068690251659");
	assert_null(attr_of(r, TRACK_BATTERY_LEVEL));

	r = said(WITH("V8", ",460,00,10342,3721,22,31,122,85"));
	cell_is(r, 0,
		(struct track_cell){ 460, 0, 10342, 3721, TRACK_RSSI_NONE });
	assert_int_equal(r->positions[0].satellites, 22);
	has_int(r, TRACK_RSSI, 31);
	has_real(r, TRACK_POWER, 12.2);
	has_int(r, TRACK_BATTERY_LEVEL, 85);
	assert_int_equal(r->n_wifi, 0);
	/* 0x3a - 110 = -52 */
	r = said(WITH("V8", ",460,00,10342,3721,d076e794d03c,3a,D076E794D03D,"
			    "-60,d076e794d03e,,22,31,122,5"));
	assert_int_equal(r->positions[0].wifi.n, 3);
	assert_true(span_is(r->wifis[1].mac, "d0:76:e7:94:d0:3d"));
	assert_int_equal(r->wifis[0].rssi, -52);
	assert_int_equal(r->wifis[1].rssi, -60);
	assert_int_equal(r->wifis[2].rssi, TRACK_RSSI_NONE);
	has_int(r, TRACK_BATTERY_LEVEL, 5);

	r = said("*HQ,1,V19," PLACE
		 ",0151,195.63.13.195,89480610500392633029,BFFFFBFF#");
	is_the_place(r);
	has_text(r, TRACK_PHONE, "0151");
	has_text(r, TRACK_IP, "195.63.13.195");
	has_text(r, TRACK_ICCID, "89480610500392633029");
	has_int(r, TRACK_STATUS, 0xbffffbff);

	r = said("*HQ,1,VI1,121557,0,2335.3408,S,04802.8926,W,0,0,241115,"
		 "FFFFFFFF,1CC,0,25FC,F48,90,  25FC-F48-10|#");
	is_the_place(r);
	cell_is(r, 0,
		(struct track_cell){ 0x1cc, 0, 0x25fc, 0xf48,
				     TRACK_RSSI_NONE });
	has_int(r, TRACK_BATTERY_LEVEL, 90);
}

static void answers_and_alarms(void **state)
{
	const struct track_record *r;

	(void)state;
	r = said(WITH("V4,S14,100,10,1,3,130305", ""));
	is_the_place(r);
	assert_string_equal(r->keyword, "V4");
	assert_int_equal(r->type, TRACK_TYPE_REPLY);
	has_text(r, TRACK_RESULT, "S14,100,10,1,3,130305");
	r = said(WITH("V4,SCF,061837", ",460,00,10342,3721"));
	has_text(r, TRACK_RESULT, "SCF,061837");
	cell_is(r, 0,
		(struct track_cell){ 460, 0, 10342, 3721, TRACK_RSSI_NONE });
	r = said("*HQ,1,V4,UR#");
	has_text(r, TRACK_RESULT, "UR");
	assert_int_equal(r->n_positions, 0);
	/* a place alone: nothing was answered */
	r = said(WITH("V4", ""));
	is_the_place(r);
	assert_null(attr_of(r, TRACK_RESULT));
	r = said("*HQ,1,SMS,SET OK, 12V#");
	has_text(r, TRACK_RESULT, "SET OK, 12V");
	assert_int_equal(r->type, TRACK_TYPE_REPLY);

	r = said(WITH("ALRM,1", ",460,0,1,2"));
	assert_int_equal(r->type, TRACK_TYPE_ALARM);
	is_the_place(r);
	has_text(r, TRACK_ALARM, "sos");
	r = said(WITH("ALRM,2", ""));
	has_text(r, TRACK_ALARM, "lowBattery");
	r = said("*HQ,1,ALRM,3,121557#");
	has_text(r, TRACK_ALARM, "geofence");
	assert_int_equal(r->n_positions, 0);
	assert_null(attr_of(said("*HQ,1,ALRM,4,121557#"), TRACK_ALARM));

	r = said_by("*HQ," ID ",V4,V1,20151124121600#", BASE_SERVER);
	assert_int_equal(r->type, TRACK_TYPE_REPLY);
	has_text(r, TRACK_RESULT, "V1,20151124121600");
	assert_true(span_is(r->device, ID));
	r = said_by("*HQ," ID ",S20,010203,1,1#", BASE_SERVER);
	assert_int_equal(r->type, TRACK_TYPE_COMMAND);
	assert_string_equal(r->keyword, "S20");
	/* a vendor has no place to tell */
	r = said_by(V1, BASE_SERVER);
	assert_int_equal(r->n_positions, 0);
}

static void heartbeats(void **state)
{
	const struct track_record *r;

	(void)state;
	r = said(HTBT);
	assert_int_equal(r->type, TRACK_TYPE_HEARTBEAT);
	assert_int_equal(r->n_positions, 0);
	has_int(r, TRACK_BATTERY_LEVEL, 100);
	assert_null(attr_of(said("*HQ,1,V0#"), TRACK_BATTERY_LEVEL));
	assert_int_equal(said("*HQ,1,XT,1,100#")->type, TRACK_TYPE_HEARTBEAT);

	r = said("*HQ,1,LINK,180902,15,7,84,1200,3,240517,FFFFFBFD#");
	assert_int_equal(r->type, TRACK_TYPE_HEARTBEAT);
	assert_int_equal(r->n_positions, 0);
	has_int(r, TRACK_RSSI, 15);
	has_int(r, TRACK_SATELLITES, 7);
	has_int(r, TRACK_BATTERY_LEVEL, 84);
	has_int(r, TRACK_STEPS, 1200);
	has_int(r, TRACK_TURNOVERS, 3);
	has_int(r, TRACK_STATUS, 0xfffffbfd);
	has_text(r, TRACK_ALARM, "sos");
}

static void cells_without_a_place(void **state)
{
	const struct track_record *r;

	(void)state;
	/* two cells said to be three */
	r = said("*HQ,1,NBR,121557,722,310,0,3,8106,32010,23,8101,22007,-25,"
		 "241115,FFFFFBFF,5#");
	assert_int_equal(r->type, TRACK_TYPE_POSITION);
	assert_int_equal(r->n_positions, 1);
	assert_true(isnan(r->positions[0].lat));
	assert_int_equal(r->positions[0].time_ms, TIME_MS);
	assert_int_equal(r->positions[0].cells.n, 2);
	cell_is(r, 0, (struct track_cell){ 722, 310, 8106, 32010, -23 });
	cell_is(r, 1, (struct track_cell){ 722, 310, 8101, 22007, -25 });
	has_int(r, TRACK_STATUS, 0xfffffbff);
	has_int(r, TRACK_BATTERY_LEVEL, 80);
	/* none at all */
	r = said("*HQ,1,NBR,121557,722,310,0,0,241115,FFFFFBFF#");
	assert_int_equal(r->n_cells, 0);
	assert_int_equal(r->positions[0].time_ms, TIME_MS);

	/* 0x02dd = 733; the cells' third and fourth fields are not read */
	r = said("*HQ,1,V3,121557,74001,02,010278,045142,128,-92,010278,026311,"
		 "125,,02DD,0,X,241115,FFFFFBFF#");
	assert_int_equal(r->n_positions, 1);
	cell_is(r, 0,
		(struct track_cell){ 740, 1, 10278, 45142, TRACK_RSSI_NONE });
	cell_is(r, 1,
		(struct track_cell){ 740, 1, 10278, 26311, TRACK_RSSI_NONE });
	has_int(r, TRACK_BATTERY, 733);
	has_int(r, TRACK_STATUS, 0xfffffbff);
	assert_int_equal(r->positions[0].time_ms, TIME_MS);
	/* the type's other use */
	/* no cell in sight */
	r = said("*HQ,1,V3,121557,74001,00,,02DD,0,X,241115,FFFFFBFF#");
	has_int(r, TRACK_BATTERY, 0x2dd);
	has_int(r, TRACK_STATUS, 0xfffffbff);
	assert_int_equal(r->n_cells, 0);
	r = said(WITH("V3", ",460,01,43559,34422"));
	is_the_place(r);
	cell_is(r, 0,
		(struct track_cell){ 460, 1, 43559, 34422, TRACK_RSSI_NONE });

	r = said("*hq,1,VP1,V,470,002,92,3565,0Y92,19433,30Y0,0,99Y#");
	assert_int_equal(r->n_positions, 1);
	assert_int_equal(r->positions[0].time_ms, TRACK_TIME_NONE);
	assert_int_equal(r->n_cells, 2);
	cell_is(r, 0, (struct track_cell){ 470, 2, 92, 3565, 0 });
	cell_is(r, 1, (struct track_cell){ 470, 2, 92, 19433, -30 });
	r = said("*HQ,1,VP1,A,2335.3408,S,04802.8926,W,0.1,158,241115,FFFFFFFF,"
		 "90#");
	near(r->positions[0].lat, LAT);
	assert_int_equal(r->positions[0].time_ms, 16763 * 86400000LL);
	has_int(r, TRACK_STATUS, 0xffffffff);
}

static void kept_positions(void **state)
{
	const struct track_record *r = said(
		"*HQ,1,BC,052825,138,A,2335.3408,S,04802.8926,W,0.1,158,"
		"03182512,FFFFFFFF,1CC,0,25FC,F48; V,2335.3408,N,04802.8926,E,"
		"2,9, 03182612,FFFFFFFE,1CC,0,25FC,F49#");

	(void)state;
	assert_int_equal(r->n_positions, 2);
	near(r->positions[0].lat, LAT);
	near(r->positions[1].lat, -LAT);
	near(r->positions[1].speed, 3.704);
	assert_true(r->positions[0].valid);
	assert_false(r->positions[1].valid);
	assert_int_equal(r->positions[0].time_ms, TRACK_TIME_NONE);
	has_text(r, TRACK_ALARM, "vibration");
	assert_true(attr_of(r, TRACK_ARCHIVE)->yes);
	cell_is(r, 1,
		(struct track_cell){ 0x1cc, 0, 0x25fc, 0xf49,
				     TRACK_RSSI_NONE });
	assert_int_equal(r->positions[1].cells.n, 1);
}

static void fields_of_binary(void **state)
{
	const struct track_record *r = said("<" BIN ">");

	(void)state;
	assert_string_equal(r->keyword, "$");
	assert_int_equal(r->type, TRACK_TYPE_POSITION);
	assert_true(span_is(r->device, ID));
	is_the_place(r);
	near(r->positions[0].speed, 25.928); /* 14 knots */
	near(r->positions[0].course, 158);
	has_int(r, TRACK_BATTERY_LEVEL, 100);
	has_int(r, TRACK_STATUS, 0xfffffbff);
	assert_int_equal(r->n_cells, 0);

	/* another device, a day later, one minute north; course 359 */
	r = said("<24 9876543210 121557 251115 23363408 64 048028926e 014359 "
		 "fffbfbff 000001>");
	assert_true(span_is(r->device, "9876543210"));
	assert_int_equal(r->positions[0].time_ms, TIME_MS + 86400000LL);
	near(r->positions[0].lat, 23 + 36.3408 / 60);
	near(r->positions[0].lon, -LON);
	near(r->positions[0].course, 359);
	has_int(r, TRACK_BATTERY_LEVEL, 100); /* 0x64 */
	has_text(r, TRACK_ALARM, "sos");
	/* south, east; not valid */
	r = said("<24" ID CORE_HEX "8014158fffffbff000001>");
	near(r->positions[0].lat, LAT);
	near(r->positions[0].lon, -LON);
	assert_false(r->positions[0].valid);
	/* never had a date: zeros are 1999-11-30, 29 days of November, 304 of
	 * January to October, 10592 from 1970 to 1998 */
	r = said("<24" ID "000000000000 00000000 00 0000000004 000000 fffffbff "
		 "000001>");
	assert_int_equal(r->positions[0].time_ms, 10925 * 86400000LL);
	assert_null(attr_of(r, TRACK_BATTERY_LEVEL));

	r = said("<" BIN_45 ">");
	is_the_place(r);
	cell_is(r, 0,
		(struct track_cell){ 470, 1, 25036, 19354, TRACK_RSSI_NONE });
	/* the cell is read where its place is known alone */
	assert_int_equal(said("<" BIN_45 "00>")->n_cells, 0);

	r = said("<" LONG ">");
	assert_true(span_is(r->device, LONG_ID));
	is_the_place(r);
	near(r->positions[0].speed, 25.928);

	/* 42 bytes have a long device, though the last digits of this one look
	 * like 09:44:30, and so on: 27 + 2.1630 / 60 degrees north */
	r = said("<24 8097964838094430 010613 080600 27021630 05 1120034186 "
		 "032005 fff7bbff ff600101000000000000>");
	assert_true(span_is(r->device, "809796483809443"));
	near(r->positions[0].lat, 27 + 2.163 / 60);
	near(r->positions[0].course, 5);
	/* of 43 bytes nothing is known */
	r = said("<24 8097964838094430 010613 080600 27021630 05 1120034186 "
		 "032005 fff7bbff ff60010100000000000000>");
	assert_true(span_is(r->device, "8097964838"));

	r = said("<" MILEAGE ">");
	assert_string_equal(r->keyword, "X");
	assert_int_equal(r->device.len, 0);
	is_the_place(r);
	assert_true(fabs(attr_of(r, TRACK_ODOMETER)->real - 67136.03) < 0.1);
	assert_null(attr_of(r, TRACK_BATTERY_LEVEL));
}

/* 0 says nothing; six steps; per cent; 0xf1 to 0xf6 are 1 to 6 per cent. */
static void steps_of_a_battery(void **state)
{
	static const struct {
		unsigned code;
		int64_t level; /* -1: none */
	} rows[] = {
		{ 0x00, -1 }, { 0x01, 0 },   { 0x02, 10 },  { 0x03, 20 },
		{ 0x04, 60 }, { 0x05, 80 },  { 0x06, 100 }, { 0x07, 7 },
		{ 0x32, 50 }, { 0x64, 100 }, { 0x65, -1 },  { 0xf0, -1 },
		{ 0xf1, 1 },  { 0xf6, 6 },   { 0xf7, -1 },  { 0xff, -1 },
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		const struct track_record *r;

		(void)snprintf(text, sizeof(text),
			       "<24" ID "12155724111523353408%02x0480289262"
			       "014158fffffbff000001>",
			       rows[i].code);
		r = said(text);
		is_the_place(r);
		if (rows[i].level < 0)
			assert_null(attr_of(r, TRACK_BATTERY_LEVEL));
		else
			has_int(r, TRACK_BATTERY_LEVEL, rows[i].level);
	}
}

/* More fields, cells and positions than there is room for. */
static void more_than_there_is_room(void **state)
{
	static char text[16000];
	const char *const end = text + sizeof(text) - 64;
	uint64_t seed = 1;
	struct seen *seen;
	char *p = text;

	(void)state;
	p += snprintf(p, 64, "*HQ,1,NBR,121557,722,310,0,9");
	while (p < end)
		p += snprintf(p, 32, ",8106,32010,23");
	(void)snprintf(p, 32, ",241115,FFFFFBFF#");
	seen = feed_flow(&track_h02, BASE_CLIENT, bytes_of(text), 0, &seed);
	assert_int_equal(seen->n, 1);
	assert_in_range(test_record()->n_cells, 32, TRACK_CELLS_MAX);
	free(seen);
	p = text + snprintf(text, 64, "*HQ,1,BC,121557,9,");
	while (p < end)
		p += snprintf(p, 48, "A,2335.3408,S,4802.8926,W,,,;");
	(void)snprintf(p, 32, "#");
	seen = feed_flow(&track_h02, BASE_CLIENT, bytes_of(text), 0, &seed);
	assert_int_equal(test_record()->n_positions, TRACK_POSITIONS_MAX);
	assert_true(test_record()->left_out > 0);
	free(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_of_a_position),
		cmocka_unit_test(changed_positions),
		cmocka_unit_test(forms_of_degrees),
		cmocka_unit_test(bits_of_the_status),
		cmocka_unit_test(tails),
		cmocka_unit_test(tails_by_type),
		cmocka_unit_test(answers_and_alarms),
		cmocka_unit_test(heartbeats),
		cmocka_unit_test(cells_without_a_place),
		cmocka_unit_test(kept_positions),
		cmocka_unit_test(fields_of_binary),
		cmocka_unit_test(steps_of_a_battery),
		cmocka_unit_test(more_than_there_is_room),
	};

	return event_test_run(tests);
}
