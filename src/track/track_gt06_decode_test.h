/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * track_gt06_decode_test.h - pieces of contents of the GT06 family, and what
 * they must become: JSON with ' for "
 */
#ifndef TRACK_GT06_DECODE_TEST_H
#define TRACK_GT06_DECODE_TEST_H

#include <stdio.h>

#include <jansson.h>

#include "track_gt06_test.h"

/*
 * 23.5 degrees are 23.5 * 1800000 = 42300000 = 0x02857260, 113.25 degrees
 * 203850000 = 0x0c268110. 12 satellites, 69 km/h = 0x45. Flags: bit 12 valid,
 * bit 10 north, 270 = 0x10e degrees.
 */
#define TIME "1a0b15081e0f"
#define FIX  TIME "cc 02857260 0c268110 45 150e"
#define WHEN "'time':'2026-11-21T08:30:15.000Z'"
#define SAYS_WITH(sat) \
	WHEN ",'valid':true,'lat':23.5,'lon':113.25,'course_deg':270.0" sat
#define SAYS SAYS_WITH(",'satellites':12,'speed_kmh':69.0")
#define NOT  "'valid':false"
/* mcc 0x1cc = 460, mnc 2, lac 0x25ef = 9711, cell 0x40e88c = 4253836 */
#define CELL "01cc 02 25ef 40e88c"
#define LBS  ",'cells':[{'mcc':460,'mnc':2,'lac':9711,'cid':4253836}]"
/* ... of 4G: mnc 0x104 = 260 as bit 15 says, lac 0x12345 = 74565, cell
 * 0x0a6f2401 = 175055873 */
#define CELL_4G "81cc 0104 00012345 000000000a6f2401"
#define LBS_4G  ",'cells':[{'mcc':460,'mnc':260,'lac':74565,'cid':175055873}]"
/* bits 2 and 1 and 6: charging, ignition; battery 3 of 6, signal 4 */
#define STATE "46 03 04"
#define STATE_SAYS                                                   \
	"'status':70,'ignition':true,'charge':true,'blocked':false," \
	"'batteryLevel':50,'rssi':4"
#define IMEI "0123456789012345" /* 123456789012345 */
#define ID   "'123456789012345'"
#define OK   "'length_ok':true,'checksum_ok':true"

struct row {
	const char *what;
	unsigned start; /* 0x78, 0x79; 0: the hex is the whole message */
	const char *hex;
	const char *json; /* but for device_id where that is null, and flags
			     where they are right */
};

#define POSITION(k) "'type':'position','keyword':'" k "','positions':[{"
#define ALARM(k)    "'type':'alarm','keyword':'" k "','positions':[{"
#define STATUS(k)   "'type':'status','keyword':'" k "'"

static inline void keep(void *arg, const struct track_message *m,
			const struct track_record *r)
{
	const struct event e = { .message = m, .record = r };
	char *text = event_json(&e);
	json_t **document = arg;

	event_test_note(m, r);
	json_decref(*document);
	*document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(*document);
	free(text);
}

/* The last of the messages of a flow, without what is the same in all. Owned
 * by the caller. */
static inline json_t *document_of(struct base_span bytes,
				  enum base_direction direction)
{
	static const char *const common[] = { "flow", "direction", "protocol",
					      "payload_hex", "payload" };
	const struct track_chunk chunk = { .bytes = bytes };
	struct track_counts counts = { 0 };
	json_t *document = NULL;
	const struct track_events events = { .event = keep,
					     .arg = &document,
					     .counts = &counts,
					     .record = test_record() };
	struct track_flow f;

	track_flow_init(&f, &track_gt06, 0);
	assert_int_equal(track_flow_feed(&f, direction, &chunk, &events), 0);
	track_flow_end(&f, &events);
	assert_non_null(document);
	assert_int_equal(counts.skipped, 0);
	for (size_t i = 0; i < WS_ARRAY_LEN(common); i++)
		(void)json_object_del(document, common[i]);
	return document;
}

static inline json_t *expected(const char *text)
{
	json_t *v;
	char *json = NULL;

	assert_true(asprintf(&json, "{%s}", text) > 0);
	for (char *p = json; *p; p++)
		if (*p == '\'')
			*p = '"';
	v = json_loads(json, 0, NULL);
	if (!v)
		fail_msg("%s", json);
	free(json);
	return v;
}

static inline void check_rows(const struct row *row, size_t n,
			      enum base_direction direction)
{
	for (; n--; row++) {
		json_t *want = expected(row->json), *got;
		json_t *usual = expected("'device_id':null," OK);
		struct bytes *b = bytes_new();

		if (row->start)
			bytes_message(b, row->start, row->hex);
		else
			bytes_add(b, row->hex);
		assert_int_equal(json_object_update_missing(want, usual), 0);
		json_decref(usual);
		got = document_of(bytes_span(b), direction);
		if (!json_equal(want, got))
			fail_msg("%s: %s", row->what,
				 json_dumps(got, JSON_COMPACT));
		json_decref(got);
		json_decref(want);
	}
}

#endif
