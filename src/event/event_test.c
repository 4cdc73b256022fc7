/* SPDX-License-Identifier: GPL-3.0-or-later */
/* event_test.c - the JSON of an event, member by member */
#include "event.h"

#include <string.h>

#include <jansson.h>

#include "event_test.h"
#include "track_text.h"

static const struct track_protocol protocol = { .name = "watch" };

struct lab {
	struct track_record *record;
	struct track_message message;
	struct event event;
	json_t *json;
};

static int setup(void **state)
{
	struct lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	lab->record = track_record_new();
	assert_non_null(lab->record);
	track_record_keyword(lab->record, TRACK_SPAN("UD"));
	lab->record->type = TRACK_TYPE_POSITION;
	lab->message = (struct track_message){
		.protocol = &protocol,
		.bytes = TRACK_SPAN("[SG*1*0002*UD]"),
		.offset = 1234,
		/* 2025-11-03 14:25:01.042, see base_time_test.c */
		.wall_ns = 1762179901042999999ULL,
	};
	lab->event = (struct event){ .flow = 0xabc,
				     .message = &lab->message,
				     .record = lab->record };
	*state = lab;
	return 0;
}

static int teardown(void **state)
{
	struct lab *lab = *state;

	json_decref(lab->json);
	track_record_free(lab->record);
	free(lab);
	return 0;
}

/* The document, as it would be read back. */
static const json_t *made(struct lab *lab)
{
	char *text;

	track_record_end(lab->record);
	event_test_note(&lab->message, lab->record);
	text = event_json(&lab->event);
	assert_non_null(text);
	json_decref(lab->json);
	lab->json = json_loads(text, 0, NULL);
	free(text);
	assert_non_null(lab->json);
	return lab->json;
}

/* The member of this path ("positions.0.lat") has this JSON; NULL: it is not
 * there. */
static void member_is(const json_t *v, const char *path, const char *want)
{
	json_t *expected = want ? json_loads(want, JSON_DECODE_ANY, NULL)
				: NULL;
	char *text = strdup(path), *rest = text, *key;

	assert_non_null(text);
	assert_true(!want || expected);
	while (v && (key = strsep(&rest, ".")))
		v = json_is_array(v) ? json_array_get(v, (size_t)*key - '0')
				     : json_object_get(v, key);
	if (!v != !expected || (v && !json_equal(v, expected))) {
		char *got = v ? json_dumps(v, JSON_ENCODE_ANY) : NULL;

		fail_msg("%s is %s, not %s", path, got ? got : "absent",
			 want ? want : "absent");
	}
	json_decref(expected);
	free(text);
}

static void who_when_and_where(void **state)
{
	struct event_origin origin = { .connection_id = "2025-11-03_142501" };
	struct lab *lab = *state;
	const json_t *v;

	assert_true(base_addr_parse(&origin.client, "192.0.2.7:40000"));
	assert_true(base_addr_parse(&origin.server, "[2001:db8::1]:7700"));
	lab->event.origin = &origin;
	v = made(lab);
	member_is(v, "id", "\"0000000000000abc-c-1234\"");
	member_is(v, "flow", "\"0000000000000abc\"");
	member_is(v, "time", "\"2025-11-03T14:25:01.042Z\"");
	member_is(v, "direction", "\"client\"");
	member_is(v, "client", "\"192.0.2.7:40000\"");
	member_is(v, "server", "\"[2001:db8::1]:7700\"");
	member_is(v, "connection_id", "\"2025-11-03_142501\"");
	lab->message.direction = BASE_SERVER;
	v = made(lab);
	member_is(v, "id", "\"0000000000000abc-s-1234\"");
	member_is(v, "direction", "\"server\"");
}

static void without_an_origin(void **state)
{
	static const char *const absent[] = { "id", "time", "client", "server",
					      "connection_id" };
	const json_t *v = made(*state);

	for (size_t i = 0; i < WS_ARRAY_LEN(absent); i++)
		member_is(v, absent[i], NULL);
	member_is(v, "flow", "\"0000000000000abc\"");
	member_is(v, "protocol", "\"watch\"");
}

static void what_it_is(void **state)
{
	struct lab *lab = *state;
	const json_t *v = made(lab);

	member_is(v, "protocol", "\"watch\"");
	member_is(v, "type", "\"position\"");
	member_is(v, "keyword", "\"UD\"");
	member_is(v, "device_id", "null");
	member_is(v, "payload", "\"[SG*1*0002*UD]\"");
	member_is(v, "payload_hex", NULL);
	member_is(v, "length_ok", NULL);
	member_is(v, "checksum_ok", NULL);
	member_is(v, "positions", NULL);
	member_is(v, "attributes", NULL);
	track_record_device(lab->record, TRACK_SPAN("356823033219834"));
	lab->message.length = TRACK_CHECK_OK;
	lab->message.checksum = TRACK_CHECK_WRONG;
	lab->message.bytes = TRACK_SPAN("\x78\x7e\x7f");
	v = made(lab);
	member_is(v, "device_id", "\"356823033219834\"");
	member_is(v, "length_ok", "true");
	member_is(v, "checksum_ok", "false");
	member_is(v, "payload", NULL);
	member_is(v, "payload_hex", "\"787e7f\"");
	/* the first and the last byte of a payload */
	lab->message.bytes = TRACK_SPAN(" ~\"\\");
	member_is(made(lab), "payload", "\" ~\\\"\\\\\"");
	lab->message.bytes = TRACK_SPAN("\x1f");
	member_is(made(lab), "payload_hex", "\"1f\"");
}

static void values_keep_their_kind(void **state)
{
	struct lab *lab = *state;
	const json_t *v;

	track_record_int(lab->record, TRACK_BATTERY_LEVEL, -7);
	track_record_bool(lab->record, TRACK_IGNITION, true);
	track_record_real(lab->record, TRACK_BATTERY, 4.05);
	track_record_real(lab->record, TRACK_N(TRACK_TEMPERATURE, 12), -0.5);
	track_record_int(lab->record, TRACK_N(TRACK_IO, 0), INT64_MAX);
	track_record_text(lab->record, TRACK_OPERATOR,
			  TRACK_SPAN("a\\b\"\xc3\x28\n"));
	track_record_hex(lab->record, TRACK_IMAGE, TRACK_SPAN("\xff\xd8"));
	track_record_text(lab->record, TRACK_RESULT, TRACK_SPAN(""));
	v = made(lab);
	member_is(v, "attributes.batteryLevel", "-7");
	member_is(v, "attributes.ignition", "true");
	member_is(v, "attributes.battery", "4.05");
	member_is(v, "attributes.temp12", "-0.5");
	member_is(v, "attributes.io0", "9223372036854775807");
	member_is(v, "attributes.operator", "\"a\\\\x5cb\\\"\\\\xc3(\\\\x0a\"");
	member_is(v, "attributes.image", "\"ffd8\"");
	member_is(v, "attributes.result", NULL);
	member_is(v, "positions", NULL);
}

static void positions_have_what_is_known(void **state)
{
	static const char *const absent[] = {
		"time",       "lat",        "lon",        "altitude_m",
		"speed_kmh",  "course_deg", "satellites", "accuracy_m",
		"attributes", "cells",      "wifi",
	};
	struct lab *lab = *state;
	struct track_position *p;
	const json_t *v;
	char path[64];

	track_record_int(lab->record, TRACK_STEPS, 5);
	p = track_record_position(lab->record);
	p->time_ms = 1762179901042;
	p->valid = true;
	p->lat = -22.5717071;
	p->lon = 113.8609371;
	p->altitude = 0;
	p->speed = 5.3 * 1.852; /* 9.8156 */
	p->course = 360;
	p->satellites = 0;
	p->accuracy = 12.5;
	track_record_cell(lab->record, &(struct track_cell){ 460, 0, -1, 9,
							     TRACK_RSSI_NONE });
	track_record_wifi(lab->record, TRACK_SPAN("AA-bb:0C1d2e3f"), -60);
	(void)track_record_position(lab->record);
	v = made(lab);
	member_is(v, "attributes", NULL);
	member_is(v, "positions.0.time", "\"2025-11-03T14:25:01.042Z\"");
	member_is(v, "positions.0.valid", "true");
	member_is(v, "positions.0.lat", "-22.5717071");
	member_is(v, "positions.0.lon", "113.8609371");
	member_is(v, "positions.0.altitude_m", "0.0");
	member_is(v, "positions.0.speed_kmh", "9.8156");
	member_is(v, "positions.0.course_deg", "360.0");
	member_is(v, "positions.0.satellites", "0");
	member_is(v, "positions.0.accuracy_m", "12.5");
	member_is(v, "positions.0.attributes", "{\"steps\": 5}");
	member_is(v, "positions.0.cells",
		  "[{\"mcc\": 460, \"mnc\": 0, \"cid\": 9}]");
	member_is(v, "positions.0.wifi",
		  "[{\"mac\": \"aa:bb:0c:1d:2e:3f\", \"rssi\": -60}]");
	member_is(v, "positions.1.valid", "false");
	for (size_t i = 0; i < WS_ARRAY_LEN(absent); i++) {
		(void)snprintf(path, sizeof(path), "positions.1.%s", absent[i]);
		member_is(v, path, NULL);
	}
	member_is(v, "positions.2", NULL);
}

/* Every name, with a number behind it or where its # is. */
static char *pattern_of_names(void)
{
	char *text, between = '(';
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	(void)fputc('^', out);
	for (int i = 0; i < TRACK_NAME_MAX; i++) {
		const char *name = track_name_row((enum track_name)i)->name;
		const char *place = strchr(name, '#');

		(void)fputc(between, out);
		between = '|';
		if (place)
			(void)fprintf(out, "%.*s[0-9]+%s", (int)(place - name),
				      name, place + 1);
		else
			(void)fprintf(out, "%s[0-9]*", name);
	}
	(void)fputs(")$", out);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* What the schema says is what there is. */
static void the_schema_has_every_word(void **state)
{
	json_t *schema = json_load_file(WAYSIDE_SCHEMA, 0, NULL);
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *words =
		json_object_get(json_object_get(properties, "type"), "enum");
	const char *const *names = track_protocol_names();
	const char *pattern = json_string_value(json_object_get(
		json_object_get(
			json_object_get(json_object_get(schema, "$defs"),
					"attributes"),
			"propertyNames"),
		"pattern"));
	char *expected;
	size_t n = 0;

	(void)state;
	assert_int_equal(json_array_size(words), TRACK_TYPE_MAX);
	words = json_object_get(json_object_get(properties, "protocol"),
				"enum");
	for (; names[n]; n++)
		assert_string_equal(json_string_value(json_array_get(words, n)),
				    names[n]);
	assert_int_equal(json_array_size(words), n);
	assert_non_null(pattern);
	expected = pattern_of_names();
	assert_string_equal(pattern, expected);
	free(expected);
	json_decref(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_when_and_where, setup,
						teardown),
		cmocka_unit_test_setup_teardown(without_an_origin, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_it_is, setup, teardown),
		cmocka_unit_test_setup_teardown(values_keep_their_kind, setup,
						teardown),
		cmocka_unit_test_setup_teardown(positions_have_what_is_known,
						setup, teardown),
		cmocka_unit_test(the_schema_has_every_word),
	};

	return event_test_run(tests);
}
