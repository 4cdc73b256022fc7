/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder_event_test.c - a message becomes a line of each format */
#include "event_test.h"
#include "recorder_test.h"
#include "ring_note.h"

static void add_file(struct lab *lab, const char *name,
		     enum conf_event_format format)
{
	struct conf_tables *t = lab->conf;

	(void)snprintf(t->events[t->n_events], CONF_PATH_LEN, "%s/%s", lab->dir,
		       name);
	t->events_format[t->n_events++] = format;
}

/* For the judge of all events. */
static void keep_events(const struct lab *lab)
{
	char *text = lab_read(lab, "json");

	event_test_keep_lines(text);
	free(text);
}

/* Message `offset` of the flow in slot 3, as event.schema.json says it; LK has
 * nothing to tell, and its length, 2, is right. */
#define JSON(side, word, kind, offset)                                \
	"{\"id\":\"0000000000001003-" side "-" offset "\","           \
	"\"flow\":\"0000000000001003\","                              \
	"\"time\":\"2025-11-03T14:25:01.000Z\",\"direction\":\"" word \
	"\",\"client\":\"192.0.2.10:4711\",\"server\":"               \
	"\"198.51.100.7:7700\",\"connection_id\":\"" ID "\","         \
	"\"protocol\":\"watch\",\"device_id\":\"1234567890\","        \
	"\"type\":\"" kind "\",\"keyword\":\"LK\",\"payload\":\"" LK  \
	"\",\"length_ok\":true}\n"
#define CLASSIC(word) STAMP "\t" word "\t192.0.2.10\t" ID "\t" LK "\n"

static void each_file_has_its_format(void **state)
{
	struct lab *lab = *state;

	add_file(lab, "json", CONF_EVENT_FORMAT_JSON);
	add_file(lab, "classic", CONF_EVENT_FORMAT_CLASSIC);
	add_file(lab, "more_json", CONF_EVENT_FORMAT_JSON);
	flow(lab, 3, 0);
	hint(lab, 3, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 3, RING_CLIENT, 0, LK "[3G*1234567890");
	bytes(lab, 3, RING_CLIENT, 37, "*0002*LK]");
	bytes(lab, 3, RING_SERVER, 0, LK);
	start(lab);
	stop(lab);
	/* LK has 23 bytes */
	for (int i = 0; i < 2; i++)
		assert_file(lab, i ? "more_json" : "json",
			    JSON("c", "client", "heartbeat", "0")
				    JSON("c", "client", "heartbeat", "23")
					    JSON("s", "server", "reply", "0"));
	keep_events(lab);
	for (int i = 0; i < 2; i++)
		assert_file(lab, i ? "classic" : "events",
			    CLASSIC("client") CLASSIC("client")
				    CLASSIC("server"));
	assert_int_equal(count(lab, STAT_EVENTS), 3);
	assert_int_equal(count(lab, STAT_EVENTS_LOST), 0);
}

/* One file that cannot be written takes no line from the others. */
static void one_format_fails_alone(void **state)
{
	struct lab *lab = *state;

	add_file(lab, "json", CONF_EVENT_FORMAT_JSON);
	(void)snprintf(lab->conf->events[0], CONF_PATH_LEN, "/dev/full");
	flow(lab, 3, 0);
	hint(lab, 3, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 3, RING_CLIENT, 0, LK);
	start(lab);
	stop(lab);
	assert_file(lab, "json", JSON("c", "client", "heartbeat", "0"));
	assert_int_equal(count(lab, STAT_EVENTS), 1);
	assert_int_equal(count(lab, STAT_EVENTS_LOST), 1);
}

/* Teltonika's login: 15 digits, and their number before them. */
#define IMEI  "350317177312182"
#define LOGIN "000f333530333137313737333132313832"
/* One record of codec 8, as the wiki of Teltonika describes it:
 *   00000000 00000021 08 01      33 bytes from 08 to the second 01
 *   0000019a4a1b6648 00          1762179901000 ms, priority
 *   0501bd00 1d8119c0 0078       8.4 E, 49.5 N (of 1e-7 degrees), 120 m
 *   005a 09 0024                 90 degrees, satellites, 36 km/h
 *   00 00 00 00 00 00            no I/O
 *   01 0000f253                  CRC-16/IBM of these 33
 */
#define AVL_BEGIN "000000000000002108010000019a4a1b6648000501bd"
#define AVL_END   "001d8119c00078005a090024000000000000010000f253"

/* From UD to 0000 it is 77 = 0x4D bytes. */
#define UD                                                                  \
	"[3G*1234567890*004D*UD,220414,134652,A,22.571707,N,113.8613968,E," \
	"0.1,0.0,100,7,60,90,1000,50,0000]"

/* What is said of messages is counted. */
static void kinds_of_messages_are_counted(void **state)
{
	struct lab *lab = *state;

	flow(lab, 3, 0);
	hint(lab, 3, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 3, RING_CLIENT, 0, LK "[3G*1234567890*0005*QWERT]" UD);
	/* nothing of a known protocol in as much as is looked at: 256 bytes */
	flow(lab, 4, 1);
	hint(lab, 4, RING_ENTRY_OPEN, 0, 0);
	for (uint64_t i = 0; i < 256; i += 16)
		bytes(lab, 4, RING_SERVER, i, "................");
	bytes(lab, 4, RING_SERVER, 256, LK);
	/* and a checksum that is wrong in its last bit */
	flow(lab, 5, 2);
	hint(lab, 5, RING_ENTRY_OPEN, 0, 0);
	hex_bytes(lab, 5, RING_CLIENT, 0, LOGIN AVL_BEGIN);
	hex_bytes(lab, 5, RING_CLIENT, 17 + 22,
		  "001d8119c00078005a090024000000000000010000f252");
	start(lab);
	stop(lab);
	assert_int_equal(count(lab, STAT_EVENTS), 5);
	assert_int_equal(count(lab, STAT_UNKNOWN_MESSAGES), 1);
	assert_int_equal(count(lab, STAT_POSITIONS), 2);
	assert_int_equal(count(lab, STAT_RAW), 1);
	assert_int_equal(count(lab, STAT_SKIPPED_BYTES), 256 + 23);
	assert_int_equal(count(lab, STAT_CHECKSUM_WRONG), 1);
}

/* A record does not say whose it is. The recorder that heard the login is dead
 * by then, between two messages, and in the middle of one. */
static void a_device_outlives_a_death(void **state)
{
	struct lab *lab = *state;
	char *text;
	unsigned n = 0;

	add_file(lab, "json", CONF_EVENT_FORMAT_JSON);
	flow(lab, 3, 0);
	hint(lab, 3, RING_ENTRY_OPEN, 0, 0);
	hex_bytes(lab, 3, RING_CLIENT, 0, LOGIN);
	start(lab);
	await_ready(lab);
	lab_await_read(lab);
	kill_it(lab);
	hex_bytes(lab, 3, RING_CLIENT, 17, AVL_BEGIN AVL_END AVL_BEGIN);
	start(lab);
	await_ready(lab);
	lab_await_read(lab);
	kill_it(lab);
	hex_bytes(lab, 3, RING_CLIENT, 17 + 45 + 22, AVL_END);
	start(lab);
	stop(lab);
	keep_events(lab);
	text = lab_read(lab, "json");
	for (const char *p = text;
	     (p = strstr(p, "\"device_id\":\"" IMEI "\"")); p++)
		n++;
	assert_int_equal(n, 3);
	assert_non_null(strstr(text, "-c-0\","));
	assert_non_null(strstr(text, "-c-17\","));
	assert_non_null(strstr(text, "-c-62\","));
	free(text);
	assert_int_equal(count(lab, STAT_EVENTS), 3);
	assert_int_equal(count(lab, STAT_POSITIONS), 2);
	assert_int_equal(count(lab, STAT_CHECKSUM_WRONG), 0);
}

/* The notes of ring 0, as the recorder's own mapping would be. */
static struct ring_note *notes_of(const struct lab *lab)
{
	uint8_t *p = mmap(NULL, ring_cursor_size(LAB_SLOTS),
			  PROT_READ | PROT_WRITE, MAP_SHARED,
			  lab->maps[0].cursor_fd[RING_READER_RECORDER], 0);

	assert_true(p != MAP_FAILED);
	return (struct ring_note *)(void *)(p + RING_PAGE);
}

static void expect_note(const struct ring_note *n, const char *protocol,
			const char *device)
{
	struct ring_note_text text;

	assert_true(ring_note_get(n, 1, &text));
	assert_string_equal(text.protocol, protocol);
	assert_string_equal(text.device, device);
}

/* What is known of each flow can be looked at, also after a death. */
static void notes_tell_of_flows(void **state)
{
	struct lab *lab = *state;
	struct ring_note *notes = notes_of(lab);
	struct ring_note_text text;

	for (uint32_t i = 0; i < 5; i++) {
		flow(lab, i, i);
		lab->maps[0].slots[i].observe = i == 3   ? CONF_OBSERVE_NONE
						: i == 4 ? CONF_OBSERVE_PROTOCOL
							 : CONF_OBSERVE_AUTO;
		hint(lab, i, RING_ENTRY_OPEN, 0, 0);
	}
	bytes(lab, 0, RING_CLIENT, 0, LK);
	for (uint64_t i = 0; i < 256; i += 16)
		bytes(lab, 1, RING_CLIENT, i, "................");
	start(lab);
	await_ready(lab);
	lab_await_read(lab);
	expect_note(&notes[0], "watch", "1234567890");
	expect_note(&notes[1], "raw", "");
	expect_note(&notes[2], "", "");
	kill_it(lab);
	/* it died in the middle of a note */
	notes[0].version |= 1;
	assert_false(ring_note_get(&notes[0], 1, &text));
	start(lab);
	await_ready(lab);
	expect_note(&notes[0], "watch", "1234567890");
	expect_note(&notes[1], "raw", "");
	expect_note(&notes[2], "", "");
	expect_note(&notes[3], "", "");
	expect_note(&notes[4], "watch", "");
	stop(lab);
	assert_false(ring_note_get(&notes[5], 1, &text));
	assert_int_equal(munmap((uint8_t *)notes - RING_PAGE,
				ring_cursor_size(LAB_SLOTS)),
			 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_file_has_its_format),
		CASE(one_format_fails_alone),
		CASE(kinds_of_messages_are_counted),
		CASE(a_device_outlives_a_death),
		CASE(notes_tell_of_flows),
	};

	return event_test_run(tests);
}
