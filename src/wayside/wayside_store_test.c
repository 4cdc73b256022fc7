/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_store_test.c - rows of a store as people and programs get them */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_test.h"
#include "base_test_dir.h"
#include "conf_tables.h"
#include "wayside_devices.h"
#include "wayside_events.h"
#include "wayside_positions.h"
#include "wayside_sinks.h"
#include "wayside_store.h"

/* 2025-11-03 14:25:01 UTC; the tests run five and a half hours east of it */
#define NOW_MS 1762179901000ULL

static char *text;
static size_t len;

static FILE *begin(void)
{
	FILE *f = open_memstream(&text, &len);

	assert_non_null(f);
	return f;
}

/* What was printed is this. */
static void printed(FILE *f, const char *want)
{
	assert_int_equal(fclose(f), 0);
	assert_string_equal(text, want);
	free(text);
}

/* ... as JSON, whose members' order and blanks do not count. */
static void is_json(json_t *is, const char *want)
{
	json_t *w = json_loads(want, 0, NULL);
	char *got;

	assert_non_null(w);
	got = json_dumps(is, 0);
	if (!json_equal(is, w))
		fail_msg("%s", got);
	free(got);
	json_decref(w);
	json_decref(is);
}

static void print_event(const char *json, const char *want)
{
	const struct store_event_row row = {
		.id = 5,
		.flow = 7,
		.time_ms = NOW_MS + 42,
		.direction = "client",
		.protocol = "watch",
		.device = "1234567890",
		.type = "position",
		.json = json,
		.json_len = strlen(json),
	};
	struct wayside_events_view v;
	FILE *f = begin();

	wayside_events_view_init(&v, f, false);
	assert_int_equal(wayside_events_print(&v, &row), 0);
	assert_int_equal(v.last, 5);
	printed(f, want);
}

#define HEAD \
	"2025-11-03 19:55:01  client  watch      1234567890       position   "

static void events(void **state)
{
	(void)state;
	print_event("{\"keyword\":\"UD\",\"payload\":\"[3G*]\","
		    "\"positions\":[{\"valid\":true,\"lat\":22.571707,"
		    "\"lon\":-113.5,\"speed_kmh\":5.4,\"attributes\":"
		    "{\"alarm\":\"sos\",\"steps\":1000,\"lock\":true}}]}",
		    HEAD "UD       22.571707 -113.5  5.4 km/h  alarm=sos  "
			 "steps=1000  lock=true\n");
	print_event("{\"keyword\":\"UD\",\"payload\":\"[3G*]\",\"positions\":"
		    "[{\"valid\":false},{\"valid\":true}]}",
		    HEAD "UD       no fix  1 of 2\n");
	print_event("{\"keyword\":\"TKQ\",\"payload\":\"[3G*TKQ]\","
		    "\"attributes\":{\"batteryLevel\":90.5}}",
		    HEAD "TKQ      batteryLevel=90.5\n");
	print_event("{\"keyword\":\"LK\",\"payload\":\"[3G*LK]\"}",
		    HEAD "LK       [3G*LK]\n");
	print_event("{\"keyword\":\"01\",\"payload_hex\":\"7878\"}",
		    HEAD "01       7878\n");
	/* 95 letters fit; three points are the last of them */
	print_event("{\"keyword\":\"LK\",\"payload\":\""
		    "0123456789012345678901234567890123456789"
		    "0123456789012345678901234567890123456789"
		    "0123456789012345\"}",
		    HEAD "LK       "
			 "0123456789012345678901234567890123456789"
			 "0123456789012345678901234567890123456789"
			 "012345678901...\n");
	/* nothing that steers a terminal, and nothing that is no event */
	print_event("{\"keyword\":\"\\u001b[31m\",\"payload\":"
		    "\"\\n\\u001b[2J\\u00e9\"}",
		    HEAD "?[31m    ??[2J??\n");
	print_event("no event", HEAD "         \n");
}

static int put(struct wayside_positions_view *v, const char *device, double lat,
	       double altitude, bool valid, int64_t time_ms)
{
	const struct store_position_row row = {
		.event = 5,
		.event_time_ms = NOW_MS + 42,
		.time_ms = time_ms,
		.device = device,
		.protocol = "watch",
		.valid = valid,
		.lat = lat,
		.lon = -113.8613968,
		.altitude = altitude,
		.speed = 5.4,
		.course = (double)NAN,
	};

	return wayside_positions_print(v, &row);
}

/* Two of a device whose name is none, the later one first; one of nobody, at a
 * time that no clock has. */
static void three(struct wayside_positions_view *v,
		  const struct wayside_positions_form *form, FILE *f)
{
	wayside_positions_begin(v, form, f);
	assert_int_equal(put(v, "<\"&'>\033\303\251", 22.571707, (double)NAN,
			     true, NOW_MS),
			 0);
	assert_int_equal(put(v, NULL, 1, 2, true, -1), 0);
	assert_int_equal(put(v, "<\"&'>\033\303\251", -22.5, 12.25, false,
			     NOW_MS - 2000),
			 0);
	assert_int_equal(v->n, 3);
	wayside_positions_end(v);
}

static void positions_table(void **state)
{
	struct wayside_positions_view v;
	FILE *f = begin();

	(void)state;
	three(&v, &wayside_positions_table, f);
	printed(f,
		"TIME                 DEVICE           PROTOCOL     LATITUDE  "
		"  LONGITUDE   KM/H  COURSE  ALTITUDE  FIX\n"
		"2025-11-03 19:55:01  <\"&'>???         watch       22.571707  "
		"-113.861397    5.4       -         -  yes\n"
		"-                    -                watch        1.000000  "
		"-113.861397    5.4       -       2.0  yes\n"
		"2025-11-03 19:54:59  <\"&'>???         watch      -22.500000  "
		"-113.861397    5.4       -      12.2  no\n");
}

static const char *next_line(char *from, char **rest)
{
	char *end = strchr(from, '\n');

	assert_non_null(end);
	*end = '\0';
	*rest = end + 1;
	return from;
}

static void positions_json(void **state)
{
	struct wayside_positions_view v;
	FILE *f = begin();
	const char *line;
	char *rest;

	(void)state;
	three(&v, &wayside_positions_json, f);
	assert_int_equal(fclose(f), 0);
	line = next_line(text, &rest);
	is_json(json_loads(line, 0, NULL),
		"{\"device_id\":\"<\\\"&'>???\",\"protocol\":\"watch\","
		"\"time\":\"2025-11-03T14:25:01.000Z\","
		"\"received\":\"2025-11-03T14:25:01.042Z\",\"valid\":true,"
		"\"lat\":22.571707,\"lon\":-113.8613968,\"speed_kmh\":5.4}");
	line = next_line(rest, &rest);
	is_json(json_loads(line, 0, NULL),
		"{\"device_id\":null,\"protocol\":\"watch\",\"time\":null,"
		"\"received\":\"2025-11-03T14:25:01.042Z\",\"valid\":true,"
		"\"lat\":1.0,\"lon\":-113.8613968,\"speed_kmh\":5.4,"
		"\"altitude_m\":2.0}");
	free(text);
}

static void positions_geojson(void **state)
{
	struct wayside_positions_view v;
	FILE *f = begin();
	json_t *all;

	(void)state;
	three(&v, &wayside_positions_geojson, f);
	assert_int_equal(fclose(f), 0);
	all = json_loads(text, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(all, "features")), 3);
	is_json(json_incref(
			json_array_get(json_object_get(all, "features"), 2)),
		"{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\","
		"\"coordinates\":[-113.8613968,-22.5,12.25]},\"properties\":{"
		"\"device_id\":\"<\\\"&'>???\",\"protocol\":\"watch\","
		"\"time\":\"2025-11-03T14:24:59.000Z\","
		"\"received\":\"2025-11-03T14:25:01.042Z\",\"valid\":false,"
		"\"altitude_m\":12.25,\"speed_kmh\":5.4}}");
	json_decref(all);
	free(text);

	f = begin();
	wayside_positions_begin(&v, &wayside_positions_geojson, f);
	wayside_positions_end(&v);
	printed(f, "{\"type\":\"FeatureCollection\",\"features\":[\n]}\n");
}

#define GPX                                            \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" \
	"<gpx version=\"1.1\" creator=\"wayside\" "    \
	"xmlns=\"http://www.topografix.com/GPX/1/1\">\n"

static void positions_gpx(void **state)
{
	struct wayside_positions_view v;
	FILE *f = begin();

	(void)state;
	three(&v, &wayside_positions_gpx, f);
	printed(f, GPX "<trk><trkseg>\n"
		       "<trkpt lat=\"1.0000000\" lon=\"-113.8613968\">"
		       "<ele>2.00</ele></trkpt>\n"
		       "</trkseg></trk>\n"
		       "<trk><name>&#60;&#34;&#38;&#39;&#62;??"
		       "?</name><trkseg>\n"
		       "<trkpt lat=\"-22.5000000\" lon=\"-113.8613968\">"
		       "<ele>12.25</ele><time>2025-11-03T14:24:59.000Z</time>"
		       "<fix>none</fix></trkpt>\n"
		       "<trkpt lat=\"22.5717070\" lon=\"-113.8613968\">"
		       "<time>2025-11-03T14:25:01.000Z</time></trkpt>\n"
		       "</trkseg></trk>\n"
		       "</gpx>\n");

	f = begin();
	wayside_positions_begin(&v, &wayside_positions_gpx, f);
	wayside_positions_end(&v);
	printed(f, GPX "</gpx>\n");

	/* there it is another name of -180 */
	f = begin();
	wayside_positions_begin(&v, &wayside_positions_gpx, f);
	assert_int_equal(
		wayside_positions_print(&v,
					&(struct store_position_row){
						.protocol = "watch",
						.valid = true,
						.lat = 90,
						.lon = 180,
						.altitude = (double)NAN }),
		0);
	wayside_positions_end(&v);
	printed(f, GPX "<trk><trkseg>\n"
		       "<trkpt lat=\"90.0000000\" lon=\"-180.0000000\">"
		       "</trkpt>\n"
		       "</trkseg></trk>\n"
		       "</gpx>\n");
}

/* Nobody takes what is printed: the first row ends it. */
static void nobody_reads(void **state)
{
	struct wayside_positions_view v;
	FILE *f = fopen("/dev/full", "we");

	(void)state;
	assert_non_null(f);
	assert_int_equal(setvbuf(f, NULL, _IONBF, 0), 0);
	wayside_positions_begin(&v, &wayside_positions_json, f);
	assert_int_equal(put(&v, "a", 1, 2, true, NOW_MS), 1);
	wayside_positions_end(&v);
	(void)fclose(f);
}

static void devices(void **state)
{
	const struct store_device_row rows[] = {
		{ .id = "1234567890",
		  .protocol = "watch",
		  .first_seen_ms = NOW_MS - 86400000,
		  .last_seen_ms = NOW_MS - 65000,
		  .events = 12,
		  .flows = 3,
		  .live_flow = 0xfedcba9876543210,
		  .client = "192.0.2.7:40000",
		  .open = true,
		  .located = true,
		  .position_ms = NOW_MS - 70000,
		  .lat = 22.571707,
		  .lon = 113.8613968,
		  .speed = 5.4,
		  .course = 274 },
		{ .id = "2\n",
		  .protocol = "gt06",
		  .first_seen_ms = NOW_MS,
		  .last_seen_ms = NOW_MS,
		  .events = 1,
		  .live_flow = 1,
		  .client = "-",
		  .lat = (double)NAN,
		  .lon = (double)NAN,
		  .speed = (double)NAN,
		  .course = (double)NAN },
	};
	struct wayside_devices d = { .n = 0 };
	FILE *f = begin();

	(void)state;
	assert_int_equal(wayside_devices_add(&d, &rows[0]), 0);
	assert_int_equal(wayside_devices_add(&d, &rows[1]), 0);
	wayside_devices_print(f, &d, NOW_MS);
	printed(f,
		"DEVICE      PROTOCOL  LAST SEEN                  AGO  EVENTS  "
		"FLOWS  LIVE  CLIENT           POSITION              LATITUDE  "
		" LONGITUDE  KM/H  COURSE\n"
		"1234567890  watch     2025-11-03 19:53:56  1 min 5 s      12  "
		"    3  yes   192.0.2.7:40000  2025-11-03 19:53:51  22.571707  "
		"113.861397   5.4   274.0\n"
		"2?          gt06      2025-11-03 19:55:01        0 s       1  "
		"    0  no    -                -                            -  "
		"         -     -       -\n");
	is_json(wayside_devices_json(&d),
		"[{\"device_id\":\"1234567890\",\"protocol\":\"watch\","
		"\"first_seen\":\"2025-11-02T14:25:01.000Z\","
		"\"last_seen\":\"2025-11-03T14:23:56.000Z\",\"events\":12,"
		"\"flows\":3,\"live\":true,\"flow\":\"fedcba9876543210\","
		"\"client\":\"192.0.2.7:40000\",\"position\":{"
		"\"time\":\"2025-11-03T14:23:51.000Z\",\"lat\":22.571707,"
		"\"lon\":113.8613968,\"speed_kmh\":5.4,\"course_deg\":274.0}},"
		"{\"device_id\":\"2?\",\"protocol\":\"gt06\","
		"\"first_seen\":\"2025-11-03T14:25:01.000Z\","
		"\"last_seen\":\"2025-11-03T14:25:01.000Z\",\"events\":1,"
		"\"flows\":0,\"live\":false,\"flow\":\"0000000000000001\","
		"\"client\":null,\"position\":null}]");
	wayside_devices_free(&d);
}

static void nobody_is_live_without_a_daemon(void **state)
{
	const struct store_device_row row = { .id = "1",
					      .protocol = "watch",
					      .client = "192.0.2.7:1",
					      .open = true };
	struct wayside_devices d = { .quiet = true };
	json_t *all;

	(void)state;
	assert_int_equal(wayside_devices_add(&d, &row), 0);
	all = wayside_devices_json(&d);
	assert_true(
		json_is_false(json_object_get(json_array_get(all, 0), "live")));
	json_decref(all);
	wayside_devices_free(&d);
}

struct place {
	char dir[64], path[96];
	struct conf_tables *conf;
};

static int setup(void **state)
{
	static struct place p;

	(void)snprintf(p.dir, sizeof(p.dir), "/tmp/wayside_store_test.XXXXXX");
	assert_non_null(mkdtemp(p.dir));
	(void)snprintf(p.path, sizeof(p.path), "%s/a.db", p.dir);
	p.conf = calloc(1, sizeof(*p.conf));
	assert_non_null(p.conf);
	*state = &p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	base_test_remove(p->dir);
	free(p->conf);
	return 0;
}

static void add_sink(struct place *p, const char *name, enum conf_sink_kind k,
		     enum conf_sink_from from)
{
	struct conf_sink *sink = &p->conf->sinks[p->conf->n_sinks++];

	(void)snprintf(sink->name, sizeof(sink->name), "%s", name);
	(void)snprintf(sink->target, sizeof(sink->target), "to/%s", name);
	sink->kind = k;
	sink->from = from;
}

static void add_cursor(const struct place *p, const char *store,
		       const char *name, uint64_t identity)
{
	const struct store_cursor c = { .store = identity,
					.event = 95,
					.confirmed = 80,
					.retried = 3,
					.lost = 15,
					.returned = 1,
					.anew = 2,
					.changed_ms = NOW_MS,
					.connected = true,
					.error_ms = NOW_MS - 1000,
					.error = "broker went away" };
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", p->dir, store);
	assert_int_equal(store_cursor_write(path, name, &c, false), 0);
}

static void add_broken(const struct place *p)
{
	char path[128];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/a.db.broken.cursor", p->dir);
	f = fopen(path, "we");
	assert_non_null(f);
	(void)fputs("{}", f);
	(void)fclose(f);
}

static void sinks(void **state)
{
	struct place *p = *state;
	struct wayside_sinks s;
	json_t *all;
	FILE *f;

	add_sink(p, "fleet", CONF_SINK_AMQP, CONF_SINK_FROM_OLDEST);
	add_sink(p, "broken", CONF_SINK_EXEC, CONF_SINK_FROM_OLDEST);
	add_sink(p, "fresh", CONF_SINK_REDIS, CONF_SINK_FROM_OLDEST);
	add_sink(p, "late", CONF_SINK_REDIS, CONF_SINK_FROM_NEWEST);
	add_cursor(p, "a.db", "fleet", 77);
	add_cursor(p, "a.db", "old", 78);
	add_cursor(p, "b.db", "other", 77);
	add_cursor(p, "a.db", "x.y", 77);
	add_broken(p);
	assert_int_equal(wayside_sinks_collect(p->path, p->conf, &s), 0);
	/* 21 to 100 are there: 5 are behind 95, and 80 for who begins anew */
	s.extent =
		(struct store_extent){ .store = 77, .first = 21, .last = 100 };
	f = begin();
	wayside_sinks_print(f, &s);
	printed(f,
		"SINK    KIND   STATE           EVENT  LAG  CONFIRMED  RETRIED "
		" LOST  RETURNED  CHANGED              ERROR AT             "
		"LAST ERROR\n"
		"fleet   amqp   connected          95    5         80        3 "
		"   15         1  2025-11-03 19:55:01  2025-11-03 19:55:00  "
		"broker went away\n"
		"broken  exec   unreadable          -    -          -        - "
		"    -         -  -                    -                    "
		"its cursor file makes no sense\n"
		"fresh   redis  new                 -   80          -        - "
		"    -         -  -                    -                    -\n"
		"late    redis  new                 -    -          -        - "
		"    -         -  -                    -                    -\n"
		"old     -      not configured     95   80         80        3 "
		"   15         1  2025-11-03 19:55:01  2025-11-03 19:55:00  "
		"broker went away\n");
	s.quiet = true;
	all = wayside_sinks_json(&s);
	is_json(json_incref(json_array_get(all, 0)),
		"{\"name\":\"fleet\",\"kind\":\"amqp\",\"target\":\"to/fleet\","
		"\"state\":\"not connected\",\"event\":95,\"lag\":5,"
		"\"confirmed\":80,\"retried\":3,\"lost\":15,\"returned\":1,"
		"\"anew\":2,\"changed\":\"2025-11-03T14:25:01.000Z\","
		"\"error\":\"broker went away\","
		"\"error_time\":\"2025-11-03T14:25:00.000Z\"}");
	is_json(json_incref(json_array_get(all, 3)),
		"{\"name\":\"late\",\"kind\":\"redis\",\"target\":\"to/late\","
		"\"state\":\"new\",\"event\":null,\"lag\":null,"
		"\"confirmed\":null,\"retried\":null,\"lost\":null,"
		"\"returned\":null,\"anew\":null,\"changed\":null,"
		"\"error\":null,\"error_time\":null}");
	json_decref(all);
	wayside_sinks_free(&s);
}

/* Without a configuration: what lies there. */
static void sinks_that_are_left(void **state)
{
	struct place *p = *state;
	struct wayside_sinks s;
	json_t *all;

	add_cursor(p, "a.db", "old", 77);
	add_cursor(p, "a.db", "fleet", 77);
	assert_int_equal(wayside_sinks_collect(p->path, NULL, &s), 0);
	s.extent =
		(struct store_extent){ .store = 77, .first = 98, .last = 97 };
	assert_int_equal(s.n, 2);
	assert_string_equal(s.list[0].name, "fleet");
	assert_string_equal(s.list[1].name, "old");
	all = wayside_sinks_json(&s);
	/* all that it has not seen is gone */
	assert_int_equal(json_integer_value(json_object_get(
				 json_array_get(all, 0), "lag")),
			 0);
	json_decref(all);
	wayside_sinks_free(&s);
	(void)snprintf(p->path, sizeof(p->path), "%s/none/a.db", p->dir);
	assert_int_equal(wayside_sinks_collect(p->path, NULL, &s), -ENOENT);
}

#define PLACE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events),
		cmocka_unit_test(positions_table),
		cmocka_unit_test(positions_json),
		cmocka_unit_test(positions_geojson),
		cmocka_unit_test(positions_gpx),
		cmocka_unit_test(nobody_reads),
		cmocka_unit_test(devices),
		cmocka_unit_test(nobody_is_live_without_a_daemon),
		PLACE_TEST(sinks),
		PLACE_TEST(sinks_that_are_left),
	};

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	if (setenv("TZ", "TST-5:30", 1))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
