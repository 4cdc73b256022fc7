/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_gps103_test.c - where messages of gps103 begin and end, and what they
 * say
 *
 * 2024-03-23 12:35:19 is day 19805: 54 years of 365 days, 13 leap days, 31 and
 * 29 days, and 22; 12:35:19 are 45319 seconds.
 */
#include "track_gps103.h"

#include <math.h>
#include <stdio.h>

#include "track_test.h"
#include "track_text.h"

#define IMEI    "359586015829802"
#define TIME_MS ((19805LL * 86400 + 45319) * 1000)

#define LOGIN                                                          \
	"##,imei:" IMEI ",A;" /* 2 + 1 + 5 + 15 + 1 + 1 + 1 = 26 bytes \
			       */
#define BEAT IMEI ";"         /* 16 */
#define HEAD "imei:" IMEI "," /* 21 */
/* 22 degrees 32.9806 minutes, 114 degrees 4.9355 minutes, 21.87 knots */
#define PLACE "A,2232.9806,N,11404.9355,E,21.87,158.25"
#define LAT   (22 + 32.9806 / 60)
#define LON   (114 + 4.9355 / 60)
/* a clock two hours ahead */
#define WHEN "2403231435,,F,123519.397,"
#define FULL HEAD "tracker," WHEN PLACE ",-12.5,1,0,12.50%,0.5,+25;"

/* 2 + 1 + 5 + 15 + 1 = 24 bytes */
#define TO "**,imei:" IMEI ","

struct vector {
	const char *stream;
	enum base_direction direction;
	size_t n;               /* messages */
	const char *message[4]; /* their bytes */
	size_t skipped;
};

#define C BASE_CLIENT
#define S BASE_SERVER

static const struct vector vectors[] = {
	{ LOGIN BEAT FULL, C, 3, { LOGIN, BEAT, FULL }, 0 },
	{ BEAT "\r\n" BEAT, C, 2, { BEAT, BEAT }, 2 },
	/* the other ends */
	{ HEAD "tracker\r\n" IMEI "\r\n" IMEI "\n",
	  C,
	  3,
	  { HEAD "tracker\r\n", IMEI "\r\n", IMEI "\n" },
	  0 },
	{ HEAD "Van,---*" BEAT, C, 2, { HEAD "Van,---*", BEAT }, 0 },
	{ HEAD "Van,---**" BEAT, C, 2, { HEAD "Van,---*", BEAT }, 1 },
	/* an end is lost */
	{ IMEI FULL, C, 2, { IMEI, FULL }, 0 },
	{ HEAD "tracker,24" FULL, C, 2, { HEAD "tracker,24", FULL }, 0 },
	{ HEAD "tracker,24" LOGIN, C, 2, { HEAD "tracker,24", LOGIN }, 0 },
	/* ... and nothing follows: 31, 22, 15 and 3 bytes */
	{ BEAT HEAD "tracker,24", C, 1, { BEAT }, 31 },
	{ BEAT HEAD "i", C, 1, { BEAT }, 22 },
	{ BEAT IMEI, C, 1, { BEAT }, 15 },
	{ BEAT "ime", C, 1, { BEAT }, 3 },
	/* what is around is skipped */
	{ "xx99,12;i#*LON" BEAT, C, 1, { BEAT }, 14 },
	{ "imei:,tracker;" BEAT, C, 1, { BEAT }, 14 },
	{ "##,imei:7,A;7;imei:7,a;", C, 2, { "##,imei:7,A;", "imei:7,a;" }, 2 },
	{ "imei:" IMEI ";" FULL, C, 2, { BEAT, FULL }, 5 },
	{ "imei:123456789012345678901,a;" BEAT, C, 1, { BEAT }, 29 },
	{ "1" BEAT, C, 1, { BEAT }, 1 },
	{ "59586015829802;" BEAT, C, 1, { BEAT }, 15 },
	{ IMEI "," BEAT, C, 1, { BEAT }, 16 },
	{ "LOAD" BEAT "ON", C, 1, { BEAT }, 6 },
	{ TO "B;" BEAT, C, 2, { TO "B;", BEAT }, 0 },

	{ "LOADONON", S, 3, { "LOAD", "ON", "ON" }, 0 },
	{ "LOAD;\r\nxyON", S, 2, { "LOAD", "ON" }, 5 },
	{ TO "E;" TO "C,05m\r\n" TO "J\n",
	  S,
	  3,
	  { TO "E;", TO "C,05m\r\n", TO "J\n" },
	  0 },
	/* without an end */
	{ TO "C,05m", S, 1, { TO "C,05m" }, 0 },
	{ TO "C,05m" TO "B" TO "K;", S, 3, { TO "C,05m", TO "B", TO "K;" }, 0 },
	{ TO "C,05mON" TO "LLOAD",
	  S,
	  4,
	  { TO "C,05m", "ON", TO "L", "LOAD" },
	  0 },
	{ TO "LONON", S, 3, { TO "L", "ON", "ON" }, 0 },
	{ TO "LL", S, 1, { TO "LL" }, 0 },
	{ TO "C,05m*", S, 1, { TO "C,05m*" }, 0 },
	/* corners of a fence */
	{ TO "O,22.5,113.9;20.5,114.9;ON",
	  S,
	  2,
	  { TO "O,22.5,113.9;20.5,114.9;", "ON" },
	  0 },
	{ TO "114,22.5,113.9;-20.5,114.9;",
	  S,
	  1,
	  { TO "114,22.5,113.9;-20.5,114.9;" },
	  0 },
	{ TO "121,1,2;3,4", S, 1, { TO "121,1,2;3,4" }, 0 },
	{ TO "C,1;2;ON", S, 2, { TO "C,1;", "ON" }, 2 },
	/* words of a text */
	{ TO "180,LOAD it ON;ON", S, 2, { TO "180,LOAD it ON;", "ON" }, 0 },
	{ TO "180,a1ON;", S, 1, { TO "180,a1ON;" }, 0 },
	{ TO "122,10.0.0.1,5001;", S, 1, { TO "122,10.0.0.1,5001;" }, 0 },
	{ FULL "L", S, 0, { 0 }, sizeof(FULL) },
};

static void check(const struct vector *v, const struct seen *seen)
{
	if (seen->n != v->n)
		fail_msg("%zu messages in %s", seen->n, v->stream);
	for (size_t i = 0; i < v->n; i++) {
		seen_is(seen, i, v->message[i]);
		assert_int_equal(seen->m[i].length, TRACK_CHECK_NONE);
		assert_int_equal(seen->m[i].checksum, TRACK_CHECK_NONE);
		/* bare words come first, if they come */
		if (v->message[0][0] != 'L')
			assert_string_equal(
				seen->m[i].device,
				strstr(v->stream, "imei:7,") ? "7" : IMEI);
	}
	if (seen->counts.skipped != v->skipped)
		fail_msg("%llu skipped in %s",
			 (unsigned long long)seen->counts.skipped, v->stream);
}

static void vectors_in_any_chunks(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(vectors); i++) {
		struct seen *seen = feed_any_chunks(&track_gps103,
						    vectors[i].direction,
						    span(vectors[i].stream));

		check(&vectors[i], seen);
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
	feed_random_streams(&track_gps103, C, &pool, 350, 500);
	feed_random_streams(&track_gps103, S, &pool, 350, 500);
}

static void garbage_then_a_message(void **state)
{
	static const char *const few[] = { "imei:0123456789,#*", NULL };

	(void)state;
	feed_garbages(&track_gps103, few, FULL);
}

/* A command without an end: silence is one. */
static void silence_ends_a_command(void **state)
{
	const struct track_chunk first = { 0, 5, span(TO "C,0") };
	const struct track_chunk more = { first.bytes.len, 9, span("5m") };
	const struct track_chunk last = { first.bytes.len + 2,
					  9 + TRACK_SILENCE_NS, span("ON") };
	struct seen *seen = seen_new();
	struct track_flow f;

	(void)state;
	track_flow_init(&f, &track_gps103, 0);
	assert_int_equal(track_flow_feed(&f, S, &first, &seen->events), 0);
	assert_int_equal(track_flow_due(&f), 5 + TRACK_SILENCE_NS);
	assert_int_equal(track_flow_feed(&f, S, &more, &seen->events), 0);
	assert_int_equal(track_flow_due(&f), 9 + TRACK_SILENCE_NS);
	track_flow_expire(&f, 8 + TRACK_SILENCE_NS, &seen->events);
	assert_int_equal(seen->n, 0);
	assert_int_equal(track_flow_feed(&f, S, &last, &seen->events), 0);
	assert_int_equal(seen->n, 2);
	seen_is(seen, 0, TO "C,05m");
	assert_int_equal(seen->m[0].wall_ns, 9);
	seen_is(seen, 1, "ON");
	track_flow_end(&f, &seen->events);
	free(seen);
}

/* The answer for every first part, and that it stays. */
static void probes(void **state)
{
	static const struct {
		const char *bytes;
		enum base_direction direction;
		enum track_probe answer;
		size_t decided; /* bytes that the answer takes */
	} cases[] = {
		{ LOGIN, C, TRACK_PROBE_YES, 24 },
		{ BEAT, C, TRACK_PROBE_YES, 16 },
		{ FULL, C, TRACK_PROBE_YES, 22 },
		{ HEAD "001,24", C, TRACK_PROBE_YES, 25 },
		{ HEAD ",24", C, TRACK_PROBE_YES, 22 },
		{ IMEI FULL, C, TRACK_PROBE_YES, 20 },
		{ TO "B", C, TRACK_PROBE_YES, 24 },
		{ TO "B", S, TRACK_PROBE_YES, 24 },
		{ HEAD "00", C, TRACK_PROBE_MAYBE, 0 },
		{ "12345678901234", C, TRACK_PROBE_MAYBE, 0 },
		/* of xexun */
		{ HEAD "05,264.5", C, TRACK_PROBE_NO, 24 },
		{ HEAD "1125", C, TRACK_PROBE_NO, 25 },
		{ "090723164830,+13616959853", C, TRACK_PROBE_NO, 13 },
		{ IMEI "\r\n", C, TRACK_PROBE_NO, 17 },
		{ IMEI "1", C, TRACK_PROBE_NO, 16 },
		{ "LOAD", S, TRACK_PROBE_NO, 1 },
		{ "ON", S, TRACK_PROBE_NO, 1 },
		{ FULL, S, TRACK_PROBE_NO, 1 },
		{ "*HQ,1", S, TRACK_PROBE_NO, 2 },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++)
		probes_as(&track_gps103, cases[i].direction, cases[i].bytes,
			  cases[i].answer, cases[i].decided);
}

static const struct track_record *said_by(const char *text,
					  enum base_direction d)
{
	struct track_frame frame;

	return decoded(&track_gps103, d, span(text), &frame);
}

/* A tracker's message behind its IMEI. */
static const struct track_record *said(const char *text)
{
	static char message[512];
	const struct track_record *r;

	assert_true(snprintf(message, sizeof(message), HEAD "%s", text) <
		    (int)sizeof(message));
	r = said_by(message, C);
	assert_true(track_text_is(r->device, IMEI));
	return r;
}

static void is_the_place(const struct track_record *r)
{
	const struct track_position *p = &r->positions[0];

	assert_int_equal(r->n_positions, 1);
	assert_true(p->valid);
	near(p->lat, LAT);
	near(p->lon, LON);
	near(p->speed, 40.50324); /* 21.87 * 1.852 */
	near(p->course, 158.25);
	assert_true(p->time_ms == TIME_MS);
}

static void every_field(void **state)
{
	const struct track_record *r = said_by(FULL, C);

	(void)state;
	assert_string_equal(r->keyword, "tracker");
	assert_int_equal(r->type, TRACK_TYPE_POSITION);
	assert_true(track_text_is(r->device, IMEI));
	is_the_place(r);
	near(r->positions[0].altitude, -12.5);
	has_bool(r, TRACK_IGNITION, true);
	has_bool(r, TRACK_DOOR, false);
	has_real(r, TRACK_N(TRACK_FUEL, 1), 12.5);
	has_real(r, TRACK_N(TRACK_FUEL, 2), 0.5);
	has_real(r, TRACK_N(TRACK_TEMPERATURE, 1), 25);
	assert_int_equal(r->positions[0].attrs.n, 5);
}

static void changed_places(void **state)
{
	static const char *const same[] = {
		/* letters before the numbers; nothing instead of E */
		"A,N,2232.9806,E,11404.9355,21.87,158.25;",
		"A,2232.9806,N,11404.9355,,21.87,158.25,;",
		"A,2232.9806,11404.9355,21.87,158.25;",
	};
	const struct track_record *r;

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(same); i++) {
		char text[256];

		assert_true(snprintf(text, sizeof(text), "tracker," WHEN "%s",
				     same[i]) > 0);
		is_the_place(said(text));
	}
	r = said("001," WHEN "V,2232.9806,S,11404.9355,W,0.5;");
	assert_string_equal(r->keyword, "001");
	assert_int_equal(r->type, TRACK_TYPE_POSITION);
	has_text(r, TRACK_EVENT, "001");
	assert_false(r->positions[0].valid);
	near(r->positions[0].lat, -LAT);
	near(r->positions[0].lon, -LON);
	near(r->positions[0].speed, 0.926);
	assert_true(isnan(r->positions[0].course));
	/* a letter behind the number counts more */
	r = said("x," WHEN "A,N,2232.9806,S,E,11404.9355,W,,,;");
	assert_int_equal(r->type, TRACK_TYPE_POSITION);
	near(r->positions[0].lat, -LAT);
	near(r->positions[0].lon, -LON);
	assert_true(isnan(r->positions[0].speed));
	/* no place */
	r = said("tracker," WHEN "A,,N,,E,0.00,0;");
	assert_int_equal(r->n_positions, 0);
	r = said("tracker," WHEN "X,2232.9806,N,11404.9355,E,0.00,0;");
	assert_int_equal(r->n_positions, 0);
	assert_int_equal(said("tracker;")->n_positions, 0);
}

static void times(void **state)
{
	static const struct {
		const char *date, *utc;
		int64_t ahead_s; /* INT64_MIN = no time */
	} cases[] = {
		{ "2403231435", "123519.397", 0 },
		{ "240323143559", "123519", 0 },
		{ "24/03/23 14:35", "123519.000", 0 },
		{ "2403231235", "123519", 0 },
		/* 11:30 h ahead, 7:30 h, 11 h behind, 12 h ahead */
		{ "2403240005", "123519", 0 },
		{ "2403230505", "123519", 0 },
		{ "2403230135", "123519", 0 },
		{ "2403240035", "123519", 0 },
		/* 10:30 h behind 00:05:19, which is 12:30 h before */
		{ "2403221335", "000519", -45000 },
		/* another day, another second */
		{ "2403221435", "123520", 1 - 86400 },
		/* without UTC: 14:35:00 is 7181 s later */
		{ "2403231435", "", 7181 },
		{ "240323143559", "31.0", 7181 },
		/* April 54 is May 24: 62 days later */
		{ "2404541435", "123519", 62LL * 86400 },
		/* March 0 is February 29: 23 days before */
		{ "2403001435", "123519", -23LL * 86400 },
		/* no date: 1999-11-30, 11:25 h ahead */
		{ "000000000", "123519", (10925 - 19805 - 1) * 86400LL },
		{ "0000000000", "123519", (10925 - 19805 - 1) * 86400LL },
		{ "24032314x5", "123519", INT64_MIN },
		{ "2403231435597", "123519", (10925 - 19805 - 1) * 86400LL },
		{ "", "123519", (10925 - 19805 - 1) * 86400LL },
	};
	struct track_protocol p = track_gps103;
	const struct track_record *r;
	struct track_frame frame;

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		char text[256];

		assert_true(snprintf(text, sizeof(text),
				     "tracker,%s,,F,%s," PLACE ";",
				     cases[i].date, cases[i].utc) > 0);
		r = said(text);
		assert_int_equal(r->n_positions, 1);
		if (cases[i].ahead_s == INT64_MIN)
			assert_true(r->positions[0].time_ms == TRACK_TIME_NONE);
		else if (r->positions[0].time_ms !=
			 TIME_MS + cases[i].ahead_s * 1000)
			fail_msg("%s %s", cases[i].date, cases[i].utc);
	}
	/* the configuration's zone is for dates without UTC */
	p.habits.zone_min = 120;
	r = decoded(&p, C, span(FULL), &frame);
	assert_true(r->positions[0].time_ms == TIME_MS);
	r = decoded(&p, C, span(HEAD "tracker,2403231435,,F,," PLACE ";"),
		    &frame);
	assert_true(r->positions[0].time_ms == TIME_MS - 19000);
}

/* What stands behind the speed may be missing anywhere. */
static void tails(void **state)
{
	static const struct {
		const char *tail;
		int ignition, door; /* -1 = nothing said */
		double fuel1, fuel2, temperature;
	} cases[] = {
		{ ",0,0,0.00%,0,+11", 0, 0, 0, (double)NAN, 11 },
		{ ",,,51.6,41.7,", -1, -1, 51.6, 41.7, (double)NAN },
		{ ",51.6%,41.7%,-8", -1, -1, 51.6, 41.7, -8 },
		{ ",1,1,0.0,0.0,23.0,", 1, 1, 0, 0, 23 },
		{ ",0,0,25", 0, 0, (double)NAN, (double)NAN, 25 },
		{ ",1,,,,", 1, -1, (double)NAN, (double)NAN, (double)NAN },
		{ ",2,0,x", -1, -1, (double)NAN, (double)NAN, 2 },
		{ ",", -1, -1, (double)NAN, (double)NAN, (double)NAN },
		{ "", -1, -1, (double)NAN, (double)NAN, (double)NAN },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		const double reals[] = { cases[i].fuel1, cases[i].fuel2,
					 cases[i].temperature };
		const track_key keys[] = { TRACK_N(TRACK_FUEL, 1),
					   TRACK_N(TRACK_FUEL, 2),
					   TRACK_N(TRACK_TEMPERATURE, 1) };
		const struct track_record *r;
		char text[256];

		assert_true(snprintf(text, sizeof(text),
				     "tracker," WHEN PLACE ",%s;",
				     cases[i].tail) > 0);
		r = said(text);
		is_the_place(r);
		if (cases[i].ignition < 0)
			assert_null(attr_of(r, TRACK_IGNITION));
		else
			has_bool(r, TRACK_IGNITION, cases[i].ignition);
		if (cases[i].door < 0)
			assert_null(attr_of(r, TRACK_DOOR));
		else
			has_bool(r, TRACK_DOOR, cases[i].door);
		for (size_t k = 0; k < WS_ARRAY_LEN(keys); k++) {
			if (isnan(reals[k]))
				assert_null(attr_of(r, keys[k]));
			else
				has_real(r, keys[k], reals[k]);
		}
	}
}

static void events(void **state)
{
	static const struct {
		const char *event, *keyword, *alarm; /* NULL = none */
		bool told;
		enum track_type type;
	} cases[] = {
		{ "help me", "help me", "sos", false, TRACK_TYPE_ALARM },
		{ "low battery", "low battery", "lowBattery", false,
		  TRACK_TYPE_ALARM },
		{ "stockade", "stockade", "geofence", false, TRACK_TYPE_ALARM },
		{ "move", "move", "movement", false, TRACK_TYPE_ALARM },
		{ "speed", "speed", "overspeed", false, TRACK_TYPE_ALARM },
		{ "door alarm", "door alarm", "door", false, TRACK_TYPE_ALARM },
		{ "ac alarm", "ac alarm", "powerCut", false, TRACK_TYPE_ALARM },
		{ "accident alarm", "accident alarm", "accident", false,
		  TRACK_TYPE_ALARM },
		{ "sensor alarm", "sensor alarm", "vibration", false,
		  TRACK_TYPE_ALARM },
		{ "bonnet alarm", "bonnet alarm", "bonnet", false,
		  TRACK_TYPE_ALARM },
		{ "footbrake alarm", "footbrake alarm", "footBrake", false,
		  TRACK_TYPE_ALARM },
		{ "brake alarm", "brake alarm", "hardBraking", true,
		  TRACK_TYPE_ALARM },
		{ "acc alarm", "acc alarm", NULL, true, TRACK_TYPE_ALARM },
		{ "oil1", "oil1", "fuelLeak", false, TRACK_TYPE_ALARM },
		{ "oil 51.67", "oil", "fuelLeak", false, TRACK_TYPE_ALARM },
		{ "T:-5.5", "T:", "temperature", false, TRACK_TYPE_ALARM },
		{ "DTC P0137", "DTC", "fault", false, TRACK_TYPE_ALARM },
		{ "acc on", "acc on", NULL, false, TRACK_TYPE_STATUS },
		{ "acc off", "acc off", NULL, false, TRACK_TYPE_STATUS },
		{ "rfid", "rfid", NULL, true, TRACK_TYPE_STATUS },
		{ "vt12", "vt", NULL, false, TRACK_TYPE_MEDIA },
		{ "109", "109", NULL, true, TRACK_TYPE_REPLY },
		{ "511", "511", NULL, true, TRACK_TYPE_REPLY },
		{ "jt", "jt", NULL, true, TRACK_TYPE_REPLY },
		{ "lf", "lf", NULL, true, TRACK_TYPE_REPLY },
		{ "unheard of", "unheard of", NULL, true, TRACK_TYPE_POSITION },
	};
	const struct track_record *r;

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		char text[256];

		assert_true(snprintf(text, sizeof(text), "%s," WHEN PLACE ";",
				     cases[i].event) > 0);
		r = said(text);
		is_the_place(r);
		assert_string_equal(r->keyword, cases[i].keyword);
		assert_int_equal(r->type, cases[i].type);
		if (cases[i].alarm)
			has_text(r, TRACK_ALARM, cases[i].alarm);
		else
			assert_null(attr_of(r, TRACK_ALARM));
		if (cases[i].told)
			has_text(r, TRACK_EVENT, cases[i].event);
		else
			assert_null(attr_of(r, TRACK_EVENT));
	}
	has_real(said("oil 51.67," WHEN PLACE ";"), TRACK_FUEL, 51.67);
	has_real(said("T:-5.5," WHEN PLACE ";"), TRACK_N(TRACK_TEMPERATURE, 1),
		 -5.5);
	has_text(said("DTC P0137," WHEN PLACE ";"), TRACK_DTCS, "P0137");
	has_int(said("vt12," WHEN PLACE ";"), TRACK_PACKAGES, 12);
	has_bool(said("acc on," WHEN PLACE ";"), TRACK_IGNITION, true);
	has_bool(said("acc off," WHEN PLACE ";"), TRACK_IGNITION, false);
	/* the field knows better */
	has_bool(said("acc off," WHEN PLACE ",,1;"), TRACK_IGNITION, true);
	r = said("rfid,2403231435,49121185,F,123519," PLACE ";");
	has_text(r, TRACK_DRIVER, "49121185");
	r = said("tracker,2403231435,49121185,F,123519," PLACE ";");
	assert_null(attr_of(r, TRACK_DRIVER));
}

static void cells(void **state)
{
	/* fa8 = 4008, c9af = 51631; 12:35:00 is 19 s before */
	const struct track_record *r =
		said("tracker,2403231235,,L,,,fa8,,c9af,,,,,1,0,2.50%,,;");

	(void)state;
	assert_int_equal(r->type, TRACK_TYPE_POSITION);
	assert_int_equal(r->n_positions, 1);
	assert_true(isnan(r->positions[0].lat));
	assert_false(r->positions[0].valid);
	assert_true(r->positions[0].time_ms == TIME_MS - 19000);
	assert_int_equal(r->positions[0].cells.n, 1);
	assert_int_equal(r->cell[0].lac, 4008);
	assert_int_equal(r->cell[0].cid, 51631);
	assert_int_equal(r->cell[0].mcc, -1);
	assert_int_equal(r->cell[0].mnc, -1);
	has_bool(r, TRACK_IGNITION, true);
	has_bool(r, TRACK_DOOR, false);
	has_real(r, TRACK_N(TRACK_FUEL, 1), 2.5);

	r = said("help me,000000000,,L,,,FFFFFFFF,,1,,;");
	assert_int_equal(r->type, TRACK_TYPE_ALARM);
	assert_true(r->positions[0].time_ms == TRACK_TIME_NONE);
	assert_int_equal(r->cell[0].lac, 4294967295);
	/* no cell, and not even a time */
	r = said("sensor alarm,2403231235,,L,;");
	assert_int_equal(r->n_positions, 1);
	assert_int_equal(r->n_cells, 0);
	assert_true(r->positions[0].time_ms == TIME_MS - 19000);
	has_text(r, TRACK_ALARM, "vibration");
	r = said("help me,0000000011,13554900601,L,;");
	assert_int_equal(r->n_positions, 0);
	has_text(r, TRACK_ALARM, "sos");
	r = said("tracker,000000000,,L,,,xyz,,c9af,,;");
	assert_int_equal(r->n_positions, 0);
}

static void engines(void **state)
{
	const struct track_record *r =
		said("OBD,240323123519,195874,1.5,370.8,808,066,30.0%,+87,"
		     "13.5%,02444,14.3,P0137,P0430,,;");

	(void)state;
	assert_string_equal(r->keyword, "OBD");
	assert_int_equal(r->type, TRACK_TYPE_STATUS);
	assert_int_equal(r->n_positions, 1);
	assert_true(isnan(r->positions[0].lat));
	assert_true(r->positions[0].time_ms == TIME_MS);
	has_int(r, TRACK_ODOMETER, 195874);
	has_real(r, TRACK_FUEL_CONSUMPTION, 370.8);
	has_int(r, TRACK_HOURS, 2908800000); /* 808 * 3600000 */
	has_int(r, TRACK_OBD_SPEED, 66);
	has_real(r, TRACK_ENGINE_LOAD, 30);
	has_int(r, TRACK_COOLANT_TEMP, 87);
	has_real(r, TRACK_THROTTLE, 13.5);
	has_int(r, TRACK_RPM, 2444);
	has_real(r, TRACK_BATTERY, 14.3);
	has_text(r, TRACK_DTCS, "P0137 P0430");
	/* what is not there is not told */
	r = said("OBD,240323123519,,,,,0,0.0%,-,0.0%,0,0.00,,,,;");
	assert_null(attr_of(r, TRACK_ODOMETER));
	assert_null(attr_of(r, TRACK_HOURS));
	assert_null(attr_of(r, TRACK_COOLANT_TEMP));
	assert_null(attr_of(r, TRACK_DTCS));
	has_int(r, TRACK_RPM, 0);
	assert_int_equal(said("OBD,x;")->n_positions, 0);
}

static void pictures(void **state)
{
	/* 0c01 = 268 */
	const struct track_record *r = said("vr,0c01fa01ffd8ffe0;");

	(void)state;
	assert_string_equal(r->keyword, "vr");
	assert_int_equal(r->type, TRACK_TYPE_MEDIA);
	has_int(r, TRACK_PACKAGE, 268);
	assert_int_equal(r->attrs.n, 1);
	assert_null(attr_of(said("vr,0c0;"), TRACK_PACKAGE));
	assert_null(attr_of(said("vr;"), TRACK_PACKAGE));
}

static void forms_with_a_star(void **state)
{
	const struct track_record *r =
		said("Van 1,door,S1,3.25,123519,230324,14,1,-33.42317,"
		     "-70.61930,040,158,-0012,0.9,08,1,0,E5*");
	const struct track_position *p = &r->positions[0];

	(void)state;
	assert_string_equal(r->keyword, "door");
	assert_int_equal(r->type, TRACK_TYPE_POSITION);
	assert_int_equal(r->n_positions, 1);
	assert_true(p->valid);
	assert_true(p->time_ms == TIME_MS);
	near(p->lat, -33.42317);
	near(p->lon, -70.6193);
	near(p->speed, 40);
	near(p->course, 158);
	near(p->altitude, -12);
	assert_int_equal(p->satellites, 8);
	has_text(r, TRACK_EVENT, "door");
	has_text(r, TRACK_SENSOR_ID, "S1");
	has_real(r, TRACK_SENSOR_VOLTAGE, 3.25);
	has_int(r, TRACK_RSSI, 14);
	has_real(r, TRACK_HDOP, 0.9);
	has_bool(r, TRACK_IGNITION, true);
	has_bool(r, TRACK_CHARGE, false);
	has_text(r, TRACK_ERROR, "E5");

	r = said("Van 1,---,------,----,123519,230324,0,0,33.4,70.6,000,000,"
		 "0000,99.9,00,0,1,---*");
	assert_string_equal(r->keyword, "---");
	assert_int_equal(r->type, TRACK_TYPE_POSITION);
	assert_false(r->positions[0].valid);
	near(r->positions[0].lat, 33.4);
	has_bool(r, TRACK_CHARGE, true);
	has_real(r, TRACK_HDOP, 99.9);
	has_bool(r, TRACK_IGNITION, false);
	assert_int_equal(r->positions[0].attrs.n, 4);
	/* a star alone does not make the form */
	is_the_place(said("tracker," WHEN PLACE "*"));
}

static void short_messages_and_commands(void **state)
{
	static const struct {
		const char *text, *device, *keyword;
		enum base_direction direction;
		enum track_type type;
	} cases[] = {
		{ LOGIN, IMEI, "##", C, TRACK_TYPE_LOGIN },
		{ BEAT, IMEI, "imei", C, TRACK_TYPE_HEARTBEAT },
		{ "LOAD", "", "LOAD", S, TRACK_TYPE_REPLY },
		{ "ON", "", "ON", S, TRACK_TYPE_REPLY },
		{ TO "E;", IMEI, "E", S, TRACK_TYPE_REPLY },
		{ TO "B", IMEI, "B", S, TRACK_TYPE_COMMAND },
		{ TO "C,05m", IMEI, "C", S, TRACK_TYPE_COMMAND },
		{ TO "160\r\n", IMEI, "160", S, TRACK_TYPE_COMMAND },
		{ TO "114,1,2;3,4;", IMEI, "114", S, TRACK_TYPE_COMMAND },
		{ TO "175,x;", IMEI, "175", S, TRACK_TYPE_COMMAND },
		{ TO "Z;", IMEI, "Z", S, TRACK_TYPE_COMMAND },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		const struct track_record *r =
			said_by(cases[i].text, cases[i].direction);

		assert_true(track_text_is(r->device, cases[i].device));
		assert_string_equal(r->keyword, cases[i].keyword);
		assert_int_equal(r->type, cases[i].type);
		assert_int_equal(r->n_positions, 0);
	}
}

/* A login's device is that of the flow, also the server's way. */
static void device_of_the_flow(void **state)
{
	const struct track_chunk login = { 0, 1, span(LOGIN) };
	const struct track_chunk load = { 0, 2, span("LOAD") };
	struct seen *seen = seen_new();
	struct track_flow f;

	(void)state;
	track_flow_init(&f, NULL, 0);
	assert_int_equal(track_flow_feed(&f, C, &login, &seen->events), 0);
	assert_int_equal(track_flow_feed(&f, S, &load, &seen->events), 0);
	track_flow_end(&f, &seen->events);
	assert_int_equal(seen->n, 2);
	assert_string_equal(seen->m[1].keyword, "LOAD");
	assert_string_equal(seen->m[1].device, IMEI);
	free(seen);
}

/* Every message, cut after each byte behind its header and closed there. */
static void cut_anywhere(void **state)
{
	static const char *const messages[] = {
		FULL,
		HEAD "tracker,2403231235,,L,,,fa8,,c9af,,,,,1,0,2.50%,,;",
		HEAD "OBD,240323123519,195874,1.5,370.8,808,066,30.0%,+87,"
		     "13.5%,02444,14.3,P0137,P0430,,;",
		HEAD "Van 1,door,S1,3.25,123519,230324,14,1,-33.42317,"
		     "-70.61930,040,158,-0012,0.9,08,1,0,E5*",
		HEAD "vr,0c01fa01ffd8ffe0;",
	};
	uint64_t seed = 4;

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(messages); i++) {
		for (size_t n = 21; n < strlen(messages[i]); n++) {
			char text[256];
			struct seen *seen;

			assert_true(snprintf(text, sizeof(text), "%.*s%c",
					     (int)n, messages[i],
					     n & 1 ? ';' : '*') > 0);
			seen = feed_flow(&track_gps103, C, span(text), 0,
					 &seed);
			assert_int_equal(seen->n, 1);
			assert_string_equal(seen->m[0].device, IMEI);
			free(seen);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_in_any_chunks),
		cmocka_unit_test(random_streams_in_any_chunks),
		cmocka_unit_test(garbage_then_a_message),
		cmocka_unit_test(silence_ends_a_command),
		cmocka_unit_test(probes),
		cmocka_unit_test(every_field),
		cmocka_unit_test(changed_places),
		cmocka_unit_test(times),
		cmocka_unit_test(tails),
		cmocka_unit_test(events),
		cmocka_unit_test(cells),
		cmocka_unit_test(engines),
		cmocka_unit_test(pictures),
		cmocka_unit_test(forms_with_a_star),
		cmocka_unit_test(short_messages_and_commands),
		cmocka_unit_test(device_of_the_flow),
		cmocka_unit_test(cut_anywhere),
	};

	return event_test_run(tests);
}
