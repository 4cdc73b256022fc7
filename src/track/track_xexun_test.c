/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_xexun_test.c - Xexun TK102, TK103 and their likes
 *
 * The sentence is the well-known example of NMEA 0183
 *   $GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A
 * of another year. A changed digit changes the sum by the exclusive or of both:
 * 9 -> 2 is 0x39 ^ 0x32 = 0x0b, and 0x6a ^ 0x0b = 0x61. Lengths are counted by
 * hand; CRCs are those that Python's binascii.crc_hqx(bytes, 0) gives.
 */
#include "track_xexun.h"

#include <math.h>

#include "track_test.h"
#include "track_text.h"

#define ID       "123456789012345"
#define PLACE    "4807.038,N,01131.000,E,022.4,084.4,"
#define SENTENCE "GPRMC,123519,A," PLACE "230324,003.1,W*61" /* 67 bytes */
#define SHORT    SENTENCE ",F,,imei:" ID ","
/* 12 + 1 + 11 + 1 + 67 + 2 + 1 + 8 + 1 + 6 + 15 + 1 = 126, and
 * 05,481.2,F:4.15V,1, are 19 */
#define PREFIX "240323123519,+4930123456,"
#define FRONT  PREFIX SENTENCE ",F,help me!, imei:" ID ","
#define CELL   "262,03,2725,0576"
#define FULL   FRONT "05,481.2,F:4.15V,1,145,43965," CELL
/* 1 + 11 + 2 + 2 + 1 + 6 + 15 + 1 = 39, and ,,F:4.28V/ADC1=0.25V,0, are 23 */
#define NO_FIX \
	",+4930123456,,L,, imei:" ID ",,,F:4.28V/ADC1=0.25V,0,62,62691," CELL

#define NONE  TRACK_CHECK_NONE
#define OK    TRACK_CHECK_OK
#define WRONG TRACK_CHECK_WRONG

struct vector {
	const char *stream;
	size_t n;
	const char *message[3];
	enum track_check length[3], checksum[3];
	size_t skipped;
};

static const struct vector vectors[] = {
	{ SHORT, 1, { SHORT }, { NONE }, { OK }, 0 },
	{ SHORT SHORT "\r\n" SHORT "\n",
	  3,
	  { SHORT, SHORT, SHORT },
	  { NONE, NONE, NONE },
	  { OK, OK, OK },
	  3 },
	{ FULL "\r\n", 1, { FULL }, { OK }, { OK }, 2 },
	{ FULL "\n\r" NO_FIX "\n\r" FULL "\n",
	  3,
	  { FULL, NO_FIX, FULL },
	  { OK, OK, OK },
	  { OK, OK, OK },
	  5 },
	/* no line end: at the end of all, and before what begins anew */
	{ FULL, 1, { FULL }, { OK }, { OK }, 0 },
	{ NO_FIX, 1, { NO_FIX }, { OK }, { OK }, 0 },
	{ FULL SHORT, 2, { FULL, SHORT }, { OK, NONE }, { OK, OK }, 0 },
	{ FRONT FRONT, 2, { FRONT, FRONT }, { NONE, NONE }, { OK, OK }, 0 },
	{ FRONT "122I", 1, { FRONT "122I" }, { NONE }, { OK }, 0 },
	/* digits before the next clock: they cannot be told apart from it,
	 * but it has no more than twelve */
	{ FRONT "A5" FULL "\n",
	  2,
	  { FRONT "A5", FULL },
	  { NONE, OK },
	  { OK, OK },
	  1 },
	/* GNRMC: P -> N is 0x50 ^ 0x4e = 0x1e, 0x61 ^ 0x1e = 0x7f */
	{ "GNRMC,123519,A," PLACE "230324,003.1,W*7f,L,imei:1,",
	  1,
	  { "GNRMC,123519,A," PLACE "230324,003.1,W*7f,L,imei:1," },
	  { NONE },
	  { OK },
	  0 },
	/* wrong sums, and none */
	{ "GPRMC,123519,A," PLACE "230325,003.1,W*61,F,,imei:" ID ",",
	  1,
	  { "GPRMC,123519,A," PLACE "230325,003.1,W*61,F,,imei:" ID "," },
	  { NONE },
	  { WRONG },
	  0 },
	{ "GPRMC,1,F,,imei:1,",
	  1,
	  { "GPRMC,1,F,,imei:1," },
	  { NONE },
	  { NONE },
	  0 },
	{ FRONT "05,481.2,F:4.15V,1,144,43965," CELL "\n",
	  1,
	  { FRONT "05,481.2,F:4.15V,1,144,43965," CELL },
	  { WRONG },
	  { WRONG }, /* the length is under the CRC */
	  1 },
	{ FRONT "05,481.2,F:4.15V,1,145,43964," CELL "\n",
	  1,
	  { FRONT "05,481.2,F:4.15V,1,145,43964," CELL },
	  { OK },
	  { WRONG },
	  1 },
	{ FRONT "05,481.2,F:4.15V,1,145,," CELL "\n",
	  1,
	  { FRONT "05,481.2,F:4.15V,1,145,," CELL },
	  { OK },
	  { OK }, /* that of the sentence */
	  1 },
	/* a line end behind the sentence, and one instead of the comma */
	{ SENTENCE "\r\n,F,,imei:" ID ",",
	  1,
	  { SENTENCE "\r\n,F,,imei:" ID "," },
	  { NONE },
	  { OK },
	  0 },
	{ SENTENCE ",F,,imei:" ID "\r\n" SHORT,
	  2,
	  { SENTENCE ",F,,imei:" ID, SHORT },
	  { NONE, NONE },
	  { OK, OK },
	  2 },
	/* torn: 8 bytes; 67 and a line end that ends nothing; a letter behind
	 * imei: */
	{ "GPRMC,12" SHORT, 1, { SHORT }, { NONE }, { OK }, 8 },
	{ SENTENCE "\r\n" SHORT, 1, { SHORT }, { NONE }, { OK }, 69 },
	{ "GPRMC,12\r\n" SHORT, 1, { SHORT }, { NONE }, { OK }, 10 },
	{ "GPRMC,12\x01" SHORT, 1, { SHORT }, { NONE }, { OK }, 9 },
	{ "GPRMC,imei:1x," SHORT, 1, { SHORT }, { NONE }, { OK }, 14 },
	{ "GPRMC,\x01,F,,imei:1,", 0, { 0 }, { NONE }, { NONE }, 18 },
	/* what never ends is no message */
	{ SENTENCE ",F,,imei:" ID, 0, { 0 }, { NONE }, { NONE }, 91 },
	{ SHORT "GPR", 1, { SHORT }, { NONE }, { OK }, 3 },
	{ SHORT "2403", 1, { SHORT }, { NONE }, { OK }, 4 },
	/* what is around is skipped */
	{ "x\xff$$," SHORT "0123456789" FULL "\nimei:1,",
	  2,
	  { SHORT, FULL },
	  { NONE, OK },
	  { OK, OK },
	  5 + 10 + 8 },
	{ "$GPGGA,1*00\r\n$" SHORT, 1, { SHORT }, { NONE }, { OK }, 14 },
};

static void check(const struct vector *v, const struct seen *seen)
{
	if (seen->n != v->n)
		fail_msg("%zu messages in %s", seen->n, v->stream);
	for (size_t i = 0; i < v->n; i++) {
		seen_is(seen, i, v->message[i]);
		if (seen->m[i].length != v->length[i] ||
		    seen->m[i].checksum != v->checksum[i])
			fail_msg("flags of %s", v->message[i]);
	}
	if (seen->counts.skipped != v->skipped)
		fail_msg("%llu skipped in %s",
			 (unsigned long long)seen->counts.skipped, v->stream);
}

static void vectors_in_any_chunks(void **state)
{
	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(vectors); i++) {
		struct seen *seen = feed_any_chunks(&track_xexun, BASE_CLIENT,
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
	feed_random_streams(&track_xexun, BASE_CLIENT, &pool, 1100, 500);
}

static void garbage_then_a_message(void **state)
{
	static const char *const few[] = { ",,12+GPRMC,F*imei:\n", NULL };

	(void)state;
	feed_garbages(&track_xexun, few, SHORT);
}

static void silence_ends_a_line(void **state)
{
	const struct track_chunk first = { 0, 5, span(FRONT "05,48") };
	const struct track_chunk more = { first.bytes.len, 9, span("1.2") };
	struct seen *seen = seen_new();
	struct track_flow f;

	(void)state;
	track_flow_init(&f, &track_xexun, 0);
	assert_int_equal(
		track_flow_feed(&f, BASE_CLIENT, &first, &seen->events), 0);
	assert_int_equal(track_flow_due(&f), 5 + TRACK_SILENCE_NS);
	assert_int_equal(track_flow_feed(&f, BASE_CLIENT, &more, &seen->events),
			 0);
	assert_int_equal(track_flow_due(&f), 9 + TRACK_SILENCE_NS);
	track_flow_expire(&f, 8 + TRACK_SILENCE_NS, &seen->events);
	assert_int_equal(seen->n, 0);
	track_flow_expire(&f, 9 + TRACK_SILENCE_NS, &seen->events);
	assert_int_equal(seen->n, 1);
	seen_is(seen, 0, FRONT "05,481.2");
	track_flow_end(&f, &seen->events);
	free(seen);
}

static const struct track_record *says(const char *text)
{
	struct track_frame frame;
	const struct track_record *r =
		decoded(&track_xexun, BASE_CLIENT, span(text), &frame);

	assert_true(track_text_is(r->device, ID));
	return r;
}

static void every_field(void **state)
{
	const struct track_record *r = says(FULL);
	const struct track_position *p = &r->positions[0];

	(void)state;
	assert_string_equal(r->keyword, "help me!");
	assert_int_equal(r->type, TRACK_TYPE_ALARM);
	assert_int_equal(r->n_positions, 1);
	/* 2024-03-23: 19783 days to March (54 * 365 + 13 leap days + 60), and
	 * 22; 12:35:19 are 45319 s */
	assert_true(p->time_ms == (19805 * 86400LL + 45319) * 1000);
	assert_true(p->valid);
	near(p->lat, 48 + 7.038 / 60);
	near(p->lon, 11.0 + 31.0 / 60);
	near(p->speed, 41.4848); /* 22.4 * 1.852 */
	near(p->course, 84.4);
	near(p->altitude, 481.2);
	assert_int_equal(p->satellites, 5);
	has_text(r, TRACK_ALARM, "sos");
	has_text(r, TRACK_SIGNAL, "F");
	has_text(r, TRACK_PHONE, "+4930123456");
	has_real(r, TRACK_POWER, 4.15);
	has_bool(r, TRACK_CHARGE, true);
	assert_int_equal(p->cells.n, 1);
	assert_int_equal(r->cell[0].mcc, 262);
	assert_int_equal(r->cell[0].mnc, 3);
	assert_int_equal(r->cell[0].lac, 0x2725);
	assert_int_equal(r->cell[0].cid, 0x576);
	assert_int_equal(r->cell[0].rssi, TRACK_RSSI_NONE);

	/* the name of an operator in the place of a number */
	r = says("240323123519,AT&T (U.S./'1')," SENTENCE ",F,, imei:" ID
		 ",05,481.2");
	has_text(r, TRACK_PHONE, "AT&T (U.S./'1')");
	near(r->positions[0].altitude, 481.2);

	r = says(NO_FIX);
	p = &r->positions[0];
	assert_string_equal(r->keyword, "imei");
	assert_int_equal(r->type, TRACK_TYPE_STATUS);
	assert_int_equal(r->n_positions, 1);
	assert_false(p->valid);
	assert_true(isnan(p->lat) && p->time_ms == TRACK_TIME_NONE);
	assert_int_equal(p->cells.n, 1);
	has_real(r, TRACK_POWER, 4.28);
	has_real(r, TRACK_N(TRACK_ADC, 1), 0.25);
	has_bool(r, TRACK_CHARGE, false);
	has_text(r, TRACK_SIGNAL, "L");

	/* no cell either: no position at all */
	assert_int_equal(says(",,,L,, imei:" ID ",")->n_positions, 0);

	r = says(FRONT "05,-8.5,L:3.5V,0,1,1," CELL ",6.25km");
	near(r->positions[0].altitude, -8.5);
	has_real(r, TRACK_POWER, 3.5);
	has_real(r, TRACK_ODOMETER, 6250);
	/* the tail is what it may be, or nothing */
	r = says(FRONT "122I");
	assert_int_equal(r->n_cells, 0);
	assert_int_equal(r->positions[0].satellites, -1);
	assert_null(attr_of(r, TRACK_CHARGE));
	assert_int_equal(says(FRONT "132,40512")->positions[0].satellites, -1);
}

static void places_and_times(void **state)
{
	static const struct {
		const char *text;
		bool valid;
		double lat, lon;
		int64_t time_s; /* since 2024-03-23 */
	} cases[] = {
		{ "GPRMC,000001,A,0130.00,N,00215.00,E,0,0,230324", true, 1.5,
		  2.25, 1 },
		{ "GPRMC,000001.999,V,0130.00,S,00215.00,W,0,0,230324", false,
		  -1.5, -2.25, 1 },
		{ "GPRMC,000000,A,0130.00,N,00215.00,,0,,240324", true, 1.5,
		  2.25, 86400 },
		/* minutes alone: 15 / 60; degrees of one digit */
		{ "GNRMC,000000,A,15.00,N,230.00,W,0,0,230324", true, 0.25,
		  -2.5, 0 },
		/* no date: the 30th of November 1999 is 19805 - 10925 days
		 * before (29 * 365 + 7 leap days + 333 = 10925); no time */
		{ "GPRMC,000002,A,0130.00,N,00215.00,E,0,0,", true, 1.5, 2.25,
		  (10925 - 19805) * 86400 + 2 },
		{ "GPRMC,000002,A,0130.00,N,00215.00,E,0,0,000000", true, 1.5,
		  2.25, (10925 - 19805) * 86400 + 2 },
		/* the 54th of February is the 25th of March */
		{ "GPRMC,000002,A,0130.00,N,00215.00,E,0,0,540224", true, 1.5,
		  2.25, 2 * 86400 + 2 },
		{ "GPRMC,.000,A,0.000000,S,0.0000,W,0,0,230324", true, 0, 0,
		  0 },
		/* no place; nothing at all */
		{ "GPRMC,000000,V,,,,,,,230324", false, (double)NAN,
		  (double)NAN, 0 },
		{ "GPRMC,000000,V,,,,,,,", false, (double)NAN, (double)NAN,
		  INT64_MIN },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		const struct track_record *r;
		const struct track_position *p;
		char text[256];

		assert_true(snprintf(text, sizeof(text),
				     "%s,,,A*00,F,,imei:" ID ",",
				     cases[i].text) > 0);
		r = says(text);
		p = &r->positions[0];
		assert_string_equal(r->keyword, i == 3 ? "GNRMC" : "GPRMC");
		assert_int_equal(r->type, TRACK_TYPE_POSITION);
		assert_int_equal(r->n_positions, 1);
		assert_int_equal(p->valid, cases[i].valid);
		if (isnan(cases[i].lat)) {
			assert_true(isnan(p->lat) && isnan(p->lon));
		} else {
			near(p->lat, cases[i].lat);
			near(p->lon, cases[i].lon);
		}
		if (cases[i].time_s == INT64_MIN)
			assert_true(p->time_ms == TRACK_TIME_NONE);
		else
			assert_true(p->time_ms ==
				    (19805 * 86400LL + cases[i].time_s) * 1000);
	}
}

/* A clock that is two hours ahead; see every_field(). */
static void another_zone(void **state)
{
	struct track_protocol p = track_xexun;
	struct track_frame frame;
	const struct track_record *r;

	(void)state;
	p.habits.zone_min = 120;
	r = decoded(&p, BASE_CLIENT, span(FULL), &frame);
	assert_true(r->positions[0].time_ms ==
		    (19805 * 86400LL + 45319 - 7200) * 1000);
}

static void statuses(void **state)
{
	static const struct {
		const char *status, *alarm;
		int ignition; /* -1 = nothing said */
		enum track_type type;
	} cases[] = {
		{ "help me", "sos", -1, TRACK_TYPE_ALARM },
		{ "Help me!", "sos", -1, TRACK_TYPE_ALARM },
		{ "low battery", "lowBattery", -1, TRACK_TYPE_ALARM },
		{ "move!", "movement", -1, TRACK_TYPE_ALARM },
		{ "moved!", "movement", -1, TRACK_TYPE_ALARM },
		{ "speed!", "overspeed", -1, TRACK_TYPE_ALARM },
		{ "stockade!", "geofence", -1, TRACK_TYPE_ALARM },
		{ "ACC On", NULL, 1, TRACK_TYPE_POSITION },
		{ "ACCStart", NULL, 1, TRACK_TYPE_POSITION },
		{ "acc off", NULL, 0, TRACK_TYPE_POSITION },
		{ "ACCStop", NULL, 0, TRACK_TYPE_POSITION },
		{ "who knows", NULL, -1, TRACK_TYPE_POSITION },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		const struct track_record *r;
		char text[256];

		assert_true(snprintf(text, sizeof(text),
				     SENTENCE ",F,%s, imei:" ID ",",
				     cases[i].status) > 0);
		r = says(text);
		assert_string_equal(r->keyword, cases[i].status);
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

static void commands(void **state)
{
	static const char stream[] = "powercar123456 11\r\n\xff\xff"
				     "time zone123456 8\nfly123456";
	static const char *const keywords[] = { "powercar", "time zone",
						"fly" };
	uint64_t seed = 4;

	(void)state;
	for (int chunk = -9; chunk <= 1; chunk++) {
		struct seen *seen = feed_flow(&track_xexun, BASE_SERVER,
					      span(stream), chunk, &seed);

		assert_int_equal(seen->n, 3);
		assert_int_equal(seen->counts.skipped, 5);
		seen_is(seen, 0, "powercar123456 11");
		for (size_t i = 0; i < 3; i++) {
			assert_string_equal(seen->m[i].keyword, keywords[i]);
			assert_int_equal(seen->m[i].type,
					 i < 2 ? TRACK_TYPE_COMMAND
					       : TRACK_TYPE_UNKNOWN);
			assert_int_equal(seen->m[i].checksum, TRACK_CHECK_NONE);
		}
		free(seen);
	}
}

static void probes(void **state)
{
	static const struct {
		const char *bytes;
		enum track_probe answer;
	} cases[] = {
		{ "", TRACK_PROBE_NO },
		{ "G", TRACK_PROBE_MAYBE },
		{ "GPRMC,", TRACK_PROBE_MAYBE },
		{ "GLRMC,", TRACK_PROBE_NO },
		{ SENTENCE, TRACK_PROBE_MAYBE },
		{ SENTENCE ",F", TRACK_PROBE_MAYBE },
		{ SENTENCE ",F,", TRACK_PROBE_YES },
		{ SENTENCE "\r\n,L,", TRACK_PROBE_YES },
		/* NMEA 0183 as it is */
		{ SENTENCE "\r\n$GPGGA,", TRACK_PROBE_NO },
		{ "$" SENTENCE "\r\n", TRACK_PROBE_NO },
		{ SENTENCE ",X,", TRACK_PROBE_NO },
		{ "GPRMC,1\r\n", TRACK_PROBE_NO },
		{ "GPRMC,1*0x", TRACK_PROBE_NO },
		{ "2403", TRACK_PROBE_MAYBE },
		{ "2403,+49,GP", TRACK_PROBE_MAYBE },
		{ PREFIX SENTENCE ",F,", TRACK_PROBE_YES },
		{ "0123456789012,", TRACK_PROBE_NO },   /* 13 digits */
		{ "123456789012345;", TRACK_PROBE_NO }, /* gps103 */
		{ "1,1234567890123456789012345,", TRACK_PROBE_NO },
		{ "1,2,3,", TRACK_PROBE_NO },
		{ NO_FIX, TRACK_PROBE_YES },
		{ ",,,L,, imei:", TRACK_PROBE_MAYBE },
		{ ",,,L,, imei:1", TRACK_PROBE_YES },
		{ ",,,L,,1", TRACK_PROBE_NO },
		{ ",,,X", TRACK_PROBE_NO },
		{ "powercar123456 11", TRACK_PROBE_NO },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		const struct base_span bytes = span(cases[i].bytes);
		enum track_probe last = TRACK_PROBE_MAYBE;

		if (track_xexun.probe(bytes, BASE_CLIENT) != cases[i].answer)
			fail_msg("%s", cases[i].bytes);
		assert_int_equal(track_xexun.probe(bytes, BASE_SERVER),
				 TRACK_PROBE_NO);
		/* an answer stays */
		for (size_t n = 1; n <= bytes.len; n++) {
			const enum track_probe now = track_xexun.probe(
				track_text_head(bytes, n), BASE_CLIENT);

			assert_true(last == TRACK_PROBE_MAYBE || now == last);
			last = now;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_in_any_chunks),
		cmocka_unit_test(random_streams_in_any_chunks),
		cmocka_unit_test(garbage_then_a_message),
		cmocka_unit_test(silence_ends_a_line),
		cmocka_unit_test(every_field),
		cmocka_unit_test(places_and_times),
		cmocka_unit_test(another_zone),
		cmocka_unit_test(statuses),
		cmocka_unit_test(commands),
		cmocka_unit_test(probes),
	};

	return event_test_run(tests);
}
