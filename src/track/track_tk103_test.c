/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_tk103_test.c - where messages of tk103 begin and end, and what they say
 *
 * 2024-03-23 12:35:19 is day 19805: 54 years of 365 days, 13 leap days, 31 and
 * 29 days, and 22; 12:35:19 are 45319 seconds.
 */
#include "track_tk103.h"

#include <math.h>
#include <stdio.h>

#include "track_test.h"
#include "track_text.h"

#define ID      "012345678901"
#define TIME_MS ((19805LL * 86400 + 45319) * 1000)

#define BEAT    "(" ID "BP00HSO)" /* 1 + 12 + 4 + 3 + 1 = 21 bytes */
/* 22 degrees 32.9806 minutes, 114 degrees 4.9355 minutes, 40.5 km/h */
#define PLACE "A2232.9806N11404.9355E040.5123519158.25"
#define LAT   (22 + 32.9806 / 60)
#define LON   (114 + 4.9355 / 60)
/*
 * 0 = main power, 1 = ignition, f = in2, panic, out2, blocked; 9 = hs3, door;
 * e = ls1, ls2, ls3; 1a0 = 416 of fuel; 1e240 = 123456 m
 */
#define INPUTS "01F9E1A0L0001E240"
#define FULL   "(" ID "BR00240323" PLACE INPUTS ")"
/* the same in the other form, whose date begins with the day */
#define COMMAS                                                                \
	"(864768011069660,DW3B,230324,A,2232.9806N,11404.9355E,40.50,123519," \
	"158.25,-12.5,9)"

struct vector {
	const char *stream;
	size_t n;               /* messages */
	const char *message[3]; /* their bytes */
	size_t skipped;
};

static const struct vector vectors[] = {
	{ BEAT, 1, { BEAT }, 0 },
	{ FULL COMMAS BEAT, 3, { FULL, COMMAS, BEAT }, 0 },
	{ BEAT "\r\n" BEAT, 2, { BEAT, BEAT }, 2 },
	{ "garbage%@#*^$-+<>?$)))$$--" BEAT, 1, { BEAT }, 26 },
	{ "(((" BEAT "(", 1, { BEAT }, 4 },
	/* devices of other lengths, and with letters */
	{ "(01234567890BP00HSO)", 1, { "(01234567890BP00HSO)" }, 0 },
	{ "(123456789012345AV001)", 1, { "(123456789012345AV001)" }, 0 },
	{ "(0A2b4C6d8E0fBP00HSO)", 1, { "(0A2b4C6d8E0fBP00HSO)" }, 0 },
	{ "(864768,ZC20)", 1, { "(864768,ZC20)" }, 0 },
	/* free text, with both parentheses and a dollar sign that is alone */
	{ "(864768,ZC03,1,2,$a) (b)$)" BEAT,
	  2,
	  { "(864768,ZC03,1,2,$a) (b)$)", BEAT },
	  0 },
	{ "(864768,ZC03,1,2,$)s 1(0).\r\nv))" BEAT,
	  2,
	  { "(864768,ZC03,1,2,$)s 1(0).\r\nv))", BEAT },
	  0 },
	{ "(864768,ZC03,1,2,$a)bc" BEAT,
	  2,
	  { "(864768,ZC03,1,2,$a)", BEAT },
	  2 },
	{ BEAT "(864768,ZC03,1,2,$a)b",
	  2,
	  { BEAT, "(864768,ZC03,1,2,$a)" },
	  1 },
	/* torn before the next, and before the end: 27, 21 and 6 bytes */
	{ "(" ID "BR00240323A223" BEAT, 1, { BEAT }, 27 },
	{ "(864768,ZC03,240323,$ab" BEAT, 1, { BEAT }, 23 },
	{ BEAT "(" ID "BR002403", 1, { BEAT }, 21 },
	{ BEAT "(01234", 1, { BEAT }, 6 },
	{ "(" ID "BR00(0123", 0, { 0 }, 22 },
	/* other families, and what is no header */
	{ "(3460311327,@JT)" BEAT, 1, { BEAT }, 16 },
	{ "(794104004140,1,001,BASE,2,TIME)" BEAT, 1, { BEAT }, 32 },
	{ "(4104012070,W01,02553.3555,E)" BEAT, 1, { BEAT }, 29 },
	{ "(ABCDEFGHIJKLBP00)" BEAT, 1, { BEAT }, 18 },
	{ "(12345BP00)(1234567890123456789012BP00)" BEAT, 1, { BEAT }, 39 },
	{ "(" ID "bP00)(" ID "BPx0)(" ID ",BP00x)" BEAT, 1, { BEAT }, 56 },
	/* the other commands */
	{ "[begin]sms2,*getposl*,[end]" BEAT,
	  2,
	  { "[begin]sms2,*getposl*,[end]", BEAT },
	  0 },
	{ "[begin]sms2,$(a)],[end]", 1, { "[begin]sms2,$(a)],[end]" }, 0 },
	{ "[begin]sms2,*a" BEAT "[begin]", 1, { BEAT }, 21 },
	{ "[begin]mms2,*a*,[end]" BEAT, 1, { BEAT }, 21 },
};

static void check(const struct vector *v, const struct seen *seen)
{
	if (seen->n != v->n)
		fail_msg("%zu messages in %s", seen->n, v->stream);
	for (size_t i = 0; i < v->n; i++) {
		seen_is(seen, i, v->message[i]);
		assert_int_equal(seen->m[i].length, TRACK_CHECK_NONE);
		assert_int_equal(seen->m[i].checksum, TRACK_CHECK_NONE);
	}
	if (seen->counts.skipped != v->skipped)
		fail_msg("%llu skipped in %s",
			 (unsigned long long)seen->counts.skipped, v->stream);
}

static void vectors_in_any_chunks(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * WS_ARRAY_LEN(vectors); i++) {
		const struct vector *v = &vectors[i / 2];
		struct seen *seen = feed_any_chunks(
			&track_tk103, i & 1 ? BASE_SERVER : BASE_CLIENT,
			span(v->stream));

		check(v, seen);
		free(seen);
	}
}

static void random_streams_in_any_chunks(void **state)
{
	struct base_span pieces[WS_ARRAY_LEN(vectors)];
	const struct pool pool = { pieces, WS_ARRAY_LEN(pieces) };

	(void)state;
	for (size_t i = 0; i < pool.n; i++)
		pieces[i] = span(vectors[i].stream);
	feed_random_streams(&track_tk103, BASE_CLIENT, &pool, 350, 1000);
}

static void garbage_then_a_message(void **state)
{
	static const char *const few[] = { "()$,0123[BP[", NULL };

	(void)state;
	feed_garbages(&track_tk103, few, FULL);
}

#define OPEN "(864768,ZC03,1,2,$a)"

/* A text that was not closed: silence behind a parenthesis ends it. */
static void silence_ends_a_text(void **state)
{
	const struct track_chunk first = { 0, 5, span(OPEN) };
	const struct track_chunk more = { first.bytes.len, 9, span("b") };
	const struct track_chunk last = { first.bytes.len + 1, 11, span(")") };
	struct seen *seen = seen_new();
	struct track_flow f;

	(void)state;
	track_flow_init(&f, &track_tk103, 0);
	assert_int_equal(
		track_flow_feed(&f, BASE_CLIENT, &first, &seen->events), 0);
	assert_int_equal(track_flow_due(&f), 5 + TRACK_SILENCE_NS);
	assert_int_equal(track_flow_feed(&f, BASE_CLIENT, &more, &seen->events),
			 0);
	assert_int_equal(track_flow_due(&f), 0);
	assert_int_equal(track_flow_feed(&f, BASE_CLIENT, &last, &seen->events),
			 0);
	track_flow_expire(&f, 10 + TRACK_SILENCE_NS, &seen->events);
	assert_int_equal(seen->n, 0);
	track_flow_expire(&f, 11 + TRACK_SILENCE_NS, &seen->events);
	assert_int_equal(seen->n, 1);
	seen_is(seen, 0, OPEN "b)");
	track_flow_end(&f, &seen->events);
	free(seen);
}

/* The answer for every first part, and that it stays. */
static void probes(void **state)
{
	static const struct {
		const char *bytes;
		enum track_probe answer;
		size_t decided; /* bytes that the answer takes */
	} cases[] = {
		{ BEAT, TRACK_PROBE_YES, 17 },
		{ COMMAS, TRACK_PROBE_YES, 22 },
		{ "(0A2b4C6d8E0fBP00", TRACK_PROBE_YES, 17 },
		{ "[begin]sms2,", TRACK_PROBE_YES, 10 },
		{ "(01234567890", TRACK_PROBE_MAYBE, 0 },
		{ "(012345678901BP0", TRACK_PROBE_MAYBE, 0 },
		{ "[beg", TRACK_PROBE_MAYBE, 0 },
		{ "(794104004140,1,001,BASE,2,TIME)", TRACK_PROBE_NO, 15 },
		{ "(3460311327,@JT)", TRACK_PROBE_NO, 13 },
		{ "(hello", TRACK_PROBE_NO, 2 },
		{ "[3G*1", TRACK_PROBE_NO, 2 },
		{ "imei:", TRACK_PROBE_NO, 1 },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++)
		probes_as(&track_tk103, BASE_CLIENT, cases[i].bytes,
			  cases[i].answer, cases[i].decided);
}

static const struct track_record *said_by(const char *text,
					  enum base_direction d)
{
	struct track_frame frame;

	return decoded(&track_tk103, d, span(text), &frame);
}

static const struct track_record *said(const char *text)
{
	return said_by(text, BASE_CLIENT);
}

static void is_the_place(const struct track_record *r)
{
	const struct track_position *p = &r->positions[0];

	assert_int_equal(r->n_positions, 1);
	assert_true(p->valid);
	near(p->lat, LAT);
	near(p->lon, LON);
	near(p->speed, 40.5);
	near(p->course, 158.25);
	assert_true(p->time_ms == TIME_MS);
}

static void every_field(void **state)
{
	const struct track_record *r = said(FULL);

	(void)state;
	assert_string_equal(r->keyword, "BR00");
	assert_int_equal(r->type, TRACK_TYPE_POSITION);
	assert_true(track_text_is(r->device, ID));
	is_the_place(r);
	has_bool(r, TRACK_CHARGE, true);
	has_bool(r, TRACK_IGNITION, true);
	has_bool(r, TRACK_N(TRACK_IN, 2), true);
	has_bool(r, TRACK_PANIC, true);
	has_bool(r, TRACK_N(TRACK_OUT, 2), true);
	has_bool(r, TRACK_BLOCKED, true);
	has_bool(r, TRACK_N(TRACK_HIGH_SENSOR, 3), true);
	has_bool(r, TRACK_DOOR, true);
	for (int i = 1; i <= 3; i++)
		has_bool(r, TRACK_N(TRACK_LOW_SENSOR, i), true);
	has_int(r, TRACK_FUEL, 416);
	has_int(r, TRACK_ODOMETER, 123456);
	assert_int_equal(r->positions[0].attrs.n, 13);

	r = said(COMMAS);
	assert_string_equal(r->keyword, "DW3B");
	assert_int_equal(r->type, TRACK_TYPE_POSITION);
	assert_true(track_text_is(r->device, "864768011069660"));
	is_the_place(r);
	near(r->positions[0].altitude, -12.5);
	assert_int_equal(r->positions[0].satellites, 9);
	assert_int_equal(r->positions[0].attrs.n, 0);
}

/* One input after the other. */
static void inputs(void **state)
{
	static const struct {
		const char *bits;
		track_key key;
	} cases[] = {
		{ "11000000", TRACK_IGNITION },
		{ "10100000", TRACK_N(TRACK_IN, 2) },
		{ "10200000", TRACK_PANIC },
		{ "10400000", TRACK_N(TRACK_OUT, 2) },
		{ "10800000", TRACK_BLOCKED },
		{ "10010000", TRACK_N(TRACK_HIGH_SENSOR, 3) },
		{ "10020000", TRACK_N(TRACK_HIGH_SENSOR, 2) },
		{ "10040000", TRACK_N(TRACK_HIGH_SENSOR, 1) },
		{ "10080000", TRACK_DOOR },
		{ "10002000", TRACK_N(TRACK_LOW_SENSOR, 3) },
		{ "10004000", TRACK_N(TRACK_LOW_SENSOR, 2) },
		{ "10008000", TRACK_N(TRACK_LOW_SENSOR, 1) },
		{ "00000000", TRACK_CHARGE },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		const struct track_record *r;
		uint32_t yes = 0;
		char text[128];

		assert_true(snprintf(text, sizeof(text),
				     "(" ID "BR00240323" PLACE "%sL0)",
				     cases[i].bits) > 0);
		r = said(text);
		has_bool(r, cases[i].key, true);
		for (uint32_t k = 0; k < r->n_attrs; k++)
			yes += r->attr[k].kind == TRACK_KIND_BOOL &&
			       r->attr[k].yes;
		assert_int_equal(yes, 1);
	}
}

/* One thing after the other is changed, and what it says with it. */
static void changed_places(void **state)
{
	struct track_protocol p = track_tk103;
	const struct track_record *r;
	struct track_frame frame;

	(void)state;
	/* another device; south and west; invalid; blanks for zeros */
	r = said("(0A2b4C6d8E0fBR01240323V2232.9806S11404.9355W 40.5123519"
		 "158.2510000000L00000000)");
	assert_true(track_text_is(r->device, "0A2b4C6d8E0f"));
	assert_string_equal(r->keyword, "BR01");
	assert_false(r->positions[0].valid);
	near(r->positions[0].lat, -LAT);
	near(r->positions[0].lon, -LON);
	near(r->positions[0].speed, 40.5);
	has_bool(r, TRACK_CHARGE, false);
	has_bool(r, TRACK_IGNITION, false);
	has_bool(r, TRACK_PANIC, false);
	has_int(r, TRACK_FUEL, 0);
	assert_null(attr_of(r, TRACK_DOOR));
	assert_null(attr_of(r, TRACK_BLOCKED));
	assert_null(attr_of(r, TRACK_N(TRACK_HIGH_SENSOR, 3)));
	/* an IMEI before the date; a course of two digits; the largest
	 * odometer; a temperature at the end */
	r = said("(" ID "BP05354188048003342240324A2232.9806N 1404.9355E"
		 "000.0003519  9.00000B0000LFFFFFFFF-017.5)");
	assert_int_equal(r->type, TRACK_TYPE_LOGIN);
	assert_true(r->positions[0].time_ms ==
		    TIME_MS + (86400 - 12 * 3600) * 1000LL);
	near(r->positions[0].lon, LON - 100);
	near(r->positions[0].course, 9);
	has_int(r, TRACK_ODOMETER, 4294967295);
	has_real(r, TRACK_N(TRACK_TEMPERATURE, 1), -17.5);
	has_bool(r, TRACK_N(TRACK_HIGH_SENSOR, 2), true);
	has_bool(r, TRACK_N(TRACK_HIGH_SENSOR, 3), true);
	has_bool(r, TRACK_DOOR, true);
	r = said("(" ID "BR00240323A2232.9806N11404.9355E040.512351915,"
		 "00000000L00000001T113)");
	near(r->positions[0].course, 15);
	has_int(r, TRACK_ODOMETER, 1);
	assert_null(attr_of(r, TRACK_N(TRACK_TEMPERATURE, 1)));
	/* minutes without degrees; a number of six characters is cut */
	r = said("(864768,ZC11,230324,A,15.00000S,30.00000W,112.345,123519,"
		 "008.5)");
	near(r->positions[0].lat, -0.25);
	near(r->positions[0].lon, -0.5);
	near(r->positions[0].speed, 112.3);
	near(r->positions[0].course, 8.5);
	assert_true(isnan(r->positions[0].altitude));
	assert_int_equal(r->positions[0].satellites, -1);
	/* inputs in the form with commas */
	r = said("(864768,BP05,230324,A,2232.9806N,11404.9355E,040.5,123519,"
		 "158.25,01000000,L0000000A)");
	is_the_place(r);
	has_bool(r, TRACK_IGNITION, true);
	has_int(r, TRACK_ODOMETER, 10);
	assert_true(isnan(r->positions[0].altitude));
	/* month 15 is March of the next year; month 0 is December of the
	 * year before, which is 8 + 31 + 29 + 23 days before */
	r = said("(" ID "BR00231523" PLACE INPUTS ")");
	is_the_place(r);
	r = said("(" ID "BR00240023" PLACE INPUTS ")");
	assert_int_equal(r->positions[0].time_ms, TIME_MS - 91 * 86400000LL);
	near(r->positions[0].lat, LAT);
	/* a clock that is two hours ahead */
	p.habits.zone_min = 120;
	r = decoded(&p, BASE_CLIENT, span(FULL), &frame);
	assert_true(r->positions[0].time_ms == TIME_MS - 7200000);
}

static void no_place(void **state)
{
	static const char *const cases[] = {
		"(" ID "BP00HSO)",
		"(" ID "BR00)",
		"(" ID "BR0024032" PLACE INPUTS ")",
		"(" ID "BR00240323X2232.9806N11404.9355E040.5123519158.25)",
		"(" ID "BR00240323A2232.9806X11404.9355E040.5123519158.25)",
		"(" ID "BR00240323A2232.9806N11404.9355N040.5123519158.25)",
		"(" ID "BR00240323AN11404.9355E040.5123519158.25)",
		"(" ID "BR00240323A2232.9806N)",
		"(" ID "BV00A)",
		"(" ID "BZ00,262,3,xyz,576)",
		"(" ID "BZ00,262)",
		"(864768,DW5B,262,3,10021,0x57,0,230324,123519)",
		"(864768,DW5B,262,3)",
		"(" ID "BZ00,{262,3,10021},{})",
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		const struct track_record *r = said(cases[i]);

		if (r->n_positions || r->n_attrs || r->n_cells)
			fail_msg("%s", cases[i]);
	}
}

static void alarms(void **state)
{
	static const struct {
		const char *command, *alarm;
		int ignition; /* -1 = it tells none */
		enum track_type type;
	} cases[] = {
		{ "ZC11", "movement", -1, TRACK_TYPE_ALARM },
		{ "DW31", "movement", -1, TRACK_TYPE_ALARM },
		{ "ZC12", "lowBattery", -1, TRACK_TYPE_ALARM },
		{ "DW32", "lowBattery", -1, TRACK_TYPE_ALARM },
		{ "ZC13", "powerCut", -1, TRACK_TYPE_ALARM },
		{ "DW33", "powerCut", -1, TRACK_TYPE_ALARM },
		{ "ZC15", NULL, 1, TRACK_TYPE_STATUS },
		{ "DW36", NULL, 0, TRACK_TYPE_STATUS },
		{ "ZC29", NULL, 1, TRACK_TYPE_STATUS },
		{ "ZC17", "removing", -1, TRACK_TYPE_ALARM },
		{ "DW3E", "sos", -1, TRACK_TYPE_ALARM },
		{ "ZC26", "tampering", -1, TRACK_TYPE_ALARM },
		{ "DW40", "lowPower", -1, TRACK_TYPE_ALARM },
		{ "BO010", "powerCut", -1, TRACK_TYPE_ALARM },
		{ "BO011", "accident", -1, TRACK_TYPE_ALARM },
		{ "BO012", "sos", -1, TRACK_TYPE_ALARM },
		{ "BO013", "vibration", -1, TRACK_TYPE_ALARM },
		{ "BO014", "lowspeed", -1, TRACK_TYPE_ALARM },
		{ "BO015", "overspeed", -1, TRACK_TYPE_ALARM },
		{ "BO0169", "geofenceExit", -1, TRACK_TYPE_ALARM },
		{ "BO017", NULL, -1, TRACK_TYPE_ALARM },
		{ "BQ810", "lowBattery", -1, TRACK_TYPE_ALARM },
		{ "BQ811", "overspeed", -1, TRACK_TYPE_ALARM },
		{ "BQ812", "idle", -1, TRACK_TYPE_ALARM },
		{ "BQ813", "hardAcceleration", -1, TRACK_TYPE_ALARM },
		{ "BQ814", "hardBraking", -1, TRACK_TYPE_ALARM },
		{ "BQ8105", "temperature", -1, TRACK_TYPE_ALARM },
		{ "BQ816", NULL, -1, TRACK_TYPE_ALARM },
		{ "BO01,ALARM,5,1,", "overspeed", -1, TRACK_TYPE_ALARM },
		{ "DW30,ALARM,2,1,", "sos", -1, TRACK_TYPE_POSITION },
		{ "DW30", NULL, -1, TRACK_TYPE_POSITION },
		{ "XY12", NULL, -1, TRACK_TYPE_POSITION },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		const struct track_record *r;
		char text[256];

		assert_true(snprintf(text, sizeof(text),
				     "(" ID "%s240323A2232.9806N11404.9355E"
				     "040.5123519158.25)",
				     cases[i].command) > 0);
		r = said(text);
		is_the_place(r);
		assert_int_equal(r->type, cases[i].type);
		if (cases[i].alarm)
			has_text(r, TRACK_ALARM, cases[i].alarm);
		else
			assert_null(attr_of(r, TRACK_ALARM));
		if (cases[i].ignition >= 0)
			has_bool(r, TRACK_IGNITION, cases[i].ignition);
		else
			assert_null(attr_of(r, TRACK_IGNITION));
	}
}

static void cell_is(const struct track_record *r, uint32_t i,
		    struct track_cell want)
{
	assert_true(i < r->n_cells);
	assert_int_equal(r->cell[i].mcc, want.mcc);
	assert_int_equal(r->cell[i].mnc, want.mnc);
	assert_int_equal(r->cell[i].lac, want.lac);
	assert_int_equal(r->cell[i].cid, want.cid);
	assert_int_equal(r->cell[i].rssi, TRACK_RSSI_NONE);
}

static void networks(void **state)
{
	const struct track_record *r;

	(void)state;
	r = said("(864768,DW51,262,3,10021,1398,2,00:11:22:aa:BB:cc*-61*11,"
		 "10:20:30:40:50:60*-70*1,230324,123519)");
	assert_int_equal(r->type, TRACK_TYPE_ALARM);
	assert_int_equal(r->n_positions, 1);
	assert_true(isnan(r->positions[0].lat));
	assert_false(r->positions[0].valid);
	assert_true(r->positions[0].time_ms == TIME_MS);
	assert_int_equal(r->positions[0].cells.n, 1);
	cell_is(r, 0, (struct track_cell){ 262, 3, 10021, 1398, 0 });
	assert_int_equal(r->positions[0].wifi.n, 2);
	assert_true(track_text_is(r->wifis[0].mac, "00:11:22:aa:bb:cc"));
	assert_int_equal(r->wifis[0].rssi, -61);
	assert_true(track_text_is(r->wifis[1].mac, "10:20:30:40:50:60"));
	assert_int_equal(r->wifis[1].rssi, -70);
	has_text(r, TRACK_ALARM, "movement");

	/* none in sight, and fewer than announced */
	r = said("(864768,DW62,262,3,10021,1398,0,230324,123519)");
	assert_int_equal(r->n_wifi, 0);
	assert_true(r->positions[0].time_ms == TIME_MS);
	has_bool(r, TRACK_IGNITION, true);
	r = said("(864768,DW5B,262,3,10021,1398,9,00:11:22:aa:BB:cc*-61*11,"
		 "230324,123519)");
	assert_int_equal(r->n_wifi, 1);
	assert_true(r->positions[0].time_ms == TIME_MS);
	assert_int_equal(r->type, TRACK_TYPE_POSITION);

	/* one cell: 2725 = 10021, 576 = 1398 */
	r = said("(" ID "BZ00,262,3,2725,576,1)");
	assert_int_equal(r->n_positions, 1);
	assert_true(r->positions[0].time_ms == TRACK_TIME_NONE);
	cell_is(r, 0, (struct track_cell){ 262, 3, 10021, 1398, 0 });
	/* several, and 0x12 m */
	r = said("(" ID "BP05354188048003342,{262,3,10021,1398}\n"
		 "{262,1,7,8}\n,00000012)");
	assert_int_equal(r->type, TRACK_TYPE_LOGIN);
	assert_int_equal(r->positions[0].cells.n, 2);
	cell_is(r, 1, (struct track_cell){ 262, 1, 7, 8, 0 });
	has_int(r, TRACK_ODOMETER, 18);
}

static void states(void **state)
{
	static const struct {
		const char *values;
		int percent; /* -1 = none */
		double battery, power;
	} cases[] = {
		{ "6,392,65535", 100, 3.92, (double)NAN },
		{ "5,421,112", 80, 4.21, 11.2 },
		{ "4,42,240", 50, 0.42, 24 },
		{ "3,370,0", 20, 3.7, 0 },
		{ "2,65535,120", 10, (double)NAN, 12 },
		{ "1,360,120", -1, 3.6, 12 },
		{ "255,360,120", -1, 3.6, 12 },
	};
	const struct track_record *r;

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		char text[128];

		assert_true(snprintf(text, sizeof(text),
				     "(864768,ZC20,230324,123519,%s,255)",
				     cases[i].values) > 0);
		r = said(text);
		assert_int_equal(r->type, TRACK_TYPE_STATUS);
		assert_int_equal(r->n_positions, 1);
		assert_true(r->positions[0].time_ms == TIME_MS);
		assert_true(isnan(r->positions[0].lat));
		if (cases[i].percent < 0)
			assert_null(attr_of(r, TRACK_BATTERY_LEVEL));
		else
			has_int(r, TRACK_BATTERY_LEVEL, cases[i].percent);
		if (isnan(cases[i].battery))
			assert_null(attr_of(r, TRACK_BATTERY));
		else
			has_real(r, TRACK_BATTERY, cases[i].battery);
		if (isnan(cases[i].power))
			assert_null(attr_of(r, TRACK_POWER));
		else
			has_real(r, TRACK_POWER, cases[i].power);
	}
	r = said("(864768,ZC03,230324,123519,$1. {a}\r\n2. b (c)$)");
	assert_int_equal(r->type, TRACK_TYPE_REPLY);
	assert_true(r->positions[0].time_ms == TIME_MS);
	has_text(r, TRACK_RESULT, "1. {a}\r\n2. b (c)");
	r = said("(864768,ZC03,230324,123519,$)a))");
	has_text(r, TRACK_RESULT, ")a)");
	r = said("(" ID "BV00ABCDEFGH123456789)");
	assert_int_equal(r->type, TRACK_TYPE_STATUS);
	assert_int_equal(r->n_positions, 0);
	has_text(r, TRACK_VIN, "ABCDEFGH123456789");
}

#define ZEROS_22                                       \
	"00000000000000000000000000000000000000000000" \
	"00000000000000000000000000000000000000000000"

static void batteries(void **state)
{
	/* e40c = 3300, ee0c = 3310 and 22 cells that are not there; 7d00 = 125,
	 * 6e14 = 5230, 4b = 75; 2c01 = 300; 3 temperatures, of which each is
	 * 40 more; 1027 = 10000; 40420f00 = 1000000 */
	const struct track_record *r = said(
		"(" ID "BS50AA550102E40CEE0C" ZEROS_22 "007D006E144B0100020000"
		"2C0107000000000000"
		"03462841424300000000"
		"102740420F00)");

	(void)state;
	assert_int_equal(r->type, TRACK_TYPE_STATUS);
	assert_int_equal(r->n_positions, 0);
	has_real(r, TRACK_N(TRACK_BATTERY, 1), 3.3);
	has_real(r, TRACK_N(TRACK_BATTERY, 2), 3.31);
	assert_null(attr_of(r, TRACK_N(TRACK_BATTERY, 3)));
	has_bool(r, TRACK_CHARGE, true);
	has_real(r, TRACK_CURRENT, 12.5);
	has_real(r, TRACK_BATTERY, 52.3);
	has_int(r, TRACK_BATTERY_LEVEL, 75);
	has_bool(r, TRACK_BATTERY_OVERHEAT, true);
	has_bool(r, TRACK_CHARGE_PROTECTION, false);
	has_bool(r, TRACK_DISCHARGE_PROTECTION, true);
	has_int(r, TRACK_CYCLES, 300);
	has_int(r, TRACK_FAULT_ALARM, 7);
	has_int(r, TRACK_POWER_TEMP, 30);
	has_int(r, TRACK_EQUILIBRIUM_TEMP, 0);
	has_int(r, TRACK_N(TRACK_BATTERY_TEMP, 1), 25);
	has_int(r, TRACK_N(TRACK_BATTERY_TEMP, 3), 27);
	assert_null(attr_of(r, TRACK_N(TRACK_BATTERY_TEMP, 4)));
	has_real(r, TRACK_CALIBRATION_CAPACITY, 100);
	has_int(r, TRACK_DISCHARGE_CAPACITY, 1000000);

	/* 1a02 = 538; 3c75 = 30012; e803 = 1000; e20c = 3298; 11 = 17 */
	r = said("(" ID "BS5190:1A0200003C75E803,91:E40C05E20C11,93:00,"
		 "92:46023C03,96:014142,9x:1,:)");
	has_real(r, TRACK_CUMULATIVE_VOLTAGE, 53.8);
	has_real(r, TRACK_GATHER_VOLTAGE, 0);
	has_real(r, TRACK_CURRENT, 1.2);
	has_real(r, TRACK_SOC, 100);
	has_real(r, TRACK_MAX_CELL_VOLTAGE, 3.3);
	has_int(r, TRACK_MAX_CELL_VOLTAGE_COUNT, 5);
	has_real(r, TRACK_MIN_CELL_VOLTAGE, 3.298);
	has_int(r, TRACK_MIN_CELL_VOLTAGE_COUNT, 17);
	has_int(r, TRACK_MAX_TEMP, 30);
	has_int(r, TRACK_MAX_TEMP_COUNT, 2);
	has_int(r, TRACK_MIN_TEMP, 20);
	has_int(r, TRACK_MIN_TEMP_COUNT, 3);
	has_int(r, TRACK_N(TRACK_CELL_TEMP, 1), 25);
	has_int(r, TRACK_N(TRACK_CELL_TEMP, 2), 26);
	assert_int_equal(r->attrs.n, 14);
	/* cut in the middle of a number */
	r = said("(" ID "BS5190:1A0200003C)");
	has_real(r, TRACK_CUMULATIVE_VOLTAGE, 53.8);
	assert_null(attr_of(r, TRACK_CURRENT));
}

static void commands(void **state)
{
	static const struct {
		const char *text, *device, *keyword;
		enum track_type type;
	} cases[] = {
		{ "(" ID "AP01HSO)", ID, "AP01", TRACK_TYPE_REPLY },
		{ "(" ID "AP05)", ID, "AP05", TRACK_TYPE_REPLY },
		{ "(" ID "AS012)", ID, "AS01", TRACK_TYPE_REPLY },
		{ "(" ID "AP00)", ID, "AP00", TRACK_TYPE_COMMAND },
		{ "(123456789012345AR00003C0000)", "123456789012345", "AR00",
		  TRACK_TYPE_COMMAND },
		{ "(" ID "AV011)", ID, "AV01", TRACK_TYPE_COMMAND },
		{ "(" ID "AT00)", ID, "AT00", TRACK_TYPE_COMMAND },
		{ "(" ID "AQ99)", ID, "AQ99", TRACK_TYPE_COMMAND },
		{ "[begin]sms2,*setip*1*2*3*4*5555*,[end]", "", "setip",
		  TRACK_TYPE_COMMAND },
		{ "[begin]sms2,*routetrackoff*,[end]", "", "routetrackoff",
		  TRACK_TYPE_COMMAND },
		{ "[begin]sms2,88888888,[end]", "", "88888888",
		  TRACK_TYPE_COMMAND },
		/* not a position when a server says it */
		{ FULL, ID, "BR00", TRACK_TYPE_COMMAND },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		const struct track_record *r =
			said_by(cases[i].text, BASE_SERVER);

		assert_true(track_text_is(r->device, cases[i].device));
		assert_string_equal(r->keyword, cases[i].keyword);
		assert_int_equal(r->type, cases[i].type);
		assert_int_equal(r->n_positions, 0);
	}
}

/* Every message, cut after each byte behind its header and closed there. */
static void cut_anywhere(void **state)
{
	static const char *const messages[] = {
		FULL,
		COMMAS,
		"(" ID "BS50AA550102E40CEE0C" ZEROS_22 "007D006E144B010002)",
		"(" ID "BS5190:1A0200003C75E803,91:E40C05E20C11,96:0141)",
		"(" ID "BZ00,{262,3,10021,1398}\n{262,1,7,8}\n,00000012)",
		("(864768,DW51,262,3,10021,1398,1,00:11:22:aa:BB:cc*-61*11,"
		 "230324,123519)"),
		"(864768,ZC20,230324,123519,6,392,65535,255)",
		"(864768,ZC03,230324,123519,$a$)",
	};
	uint64_t seed = 4;

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(messages); i++) {
		for (size_t n = 22; n < strlen(messages[i]); n++) {
			char text[256];
			struct seen *seen;

			assert_true(snprintf(text, sizeof(text), "%.*s$)$)",
					     (int)n, messages[i]) > 0);
			seen = feed_flow(&track_tk103, BASE_CLIENT, span(text),
					 0, &seed);
			assert_int_equal(seen->n, 1);
			assert_memory_equal(seen->m[0].device, messages[i] + 1,
					    6);
			free(seen);
		}
	}
}

#define TEST(f) cmocka_unit_test(f)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(vectors_in_any_chunks),
		TEST(random_streams_in_any_chunks),
		TEST(garbage_then_a_message),
		TEST(silence_ends_a_text),
		TEST(probes),
		TEST(every_field),
		TEST(inputs),
		TEST(changed_places),
		TEST(no_place),
		TEST(alarms),
		TEST(networks),
		TEST(states),
		TEST(batteries),
		TEST(commands),
		TEST(cut_anywhere),
	};

	return event_test_run(tests);
}
