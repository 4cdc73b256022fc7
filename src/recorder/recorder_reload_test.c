/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder_reload_test.c - another configuration while flows are recorded */
#include "base_die.h"
#include "recorder_test.h"

static struct conf_tables *next_tables(const struct lab *lab)
{
	struct conf_tables *t = malloc(sizeof(*t));

	assert_non_null(t);
	*t = *lab->conf;
	t->magic = CONF_MAGIC;
	t->size = sizeof(*t);
	t->number = 2;
	t->workers = 1;
	t->max_flows = LAB_SLOTS;
	t->ring_size = RING_SIZE_MIN;
	t->connect_timeout_ms = 10000;
	t->udp_timeout_ms = 300000;
	t->max_udp_flows = 1;
	t->listen_port = 15001;
	t->client_bits_v4 = 32;
	t->client_bits_v6 = 64;
	assert_true(base_addr_parse(&t->listen, "192.0.2.1:7700"));
	assert_true(base_addr_parse(&t->remote, "198.51.100.7:7700"));
	t->n_rules = 1;
	(void)snprintf(t->rules[0].name, CONF_NAME_LEN, "fixed");
	(void)snprintf(t->rules[0].observe, CONF_NAME_LEN, "auto");
	assert_true(conf_tables_valid(t, sizeof(*t)));
	return t;
}

static void set_event_file(const struct lab *lab, struct conf_tables *t,
			   uint32_t i, const char *name)
{
	(void)snprintf(t->events[i], CONF_PATH_LEN, "%s/%s", lab->dir, name);
	if (t->n_events <= i)
		t->n_events = i + 1;
}

static int memfd_of(const struct conf_tables *t, int seals)
{
	const int fd = memfd_create("tables", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, t, sizeof(*t)), sizeof(*t));
	if (seals)
		assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static void say(struct lab *lab, enum role_message_type type, uint32_t number,
		int with)
{
	const struct role_message m = { .type = type, .number = number };

	assert_int_equal(role_channel_send(lab->channel, &m, with), 0);
}

/* Return: the error that the recorder answers with. */
static int prepare_fd(struct lab *lab, uint32_t number, int fd)
{
	struct role_message m;

	say(lab, ROLE_PREPARE, number, fd);
	assert_int_equal(close(fd), 0);
	assert_int_equal(role_channel_receive(lab->channel, &m, NULL), 1);
	assert_int_equal(m.type, ROLE_PREPARED);
	assert_int_equal(m.number, number);
	return m.error;
}

static int prepare(struct lab *lab, const struct conf_tables *t)
{
	return prepare_fd(lab, t->number, memfd_of(t, SEALS));
}

static void message_in_flow(struct lab *lab, uint32_t slot)
{
	const struct ring_map *m = &lab->maps[0];

	flow(lab, slot, slot);
	hint(lab, slot, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, slot, RING_CLIENT, 0, LK);
	ring_tap_kick(&lab->taps[0]);
	await_count(&m->cursors[RING_READER_RECORDER]->pos,
		    atomic_load(&m->control->head));
}

#define LINE(n) STAMP "\tclient\t192.0.2.10\t" ID n "\t" LK "\n"

static void event_files_are_swapped(void **state)
{
	struct lab *lab = *state;
	struct conf_tables *t = next_tables(lab);

	lab->conf->n_events = 2;
	set_event_file(lab, lab->conf, 1, "old");
	set_event_file(lab, t, 0, "new");
	set_event_file(lab, t, 1, "events");
	start(lab);
	await_ready(lab);
	message_in_flow(lab, 0);
	assert_int_equal(prepare(lab, t), 0);
	/* it is not in force yet */
	message_in_flow(lab, 1);
	assert_file(lab, "new", "");
	say(lab, ROLE_ACTIVATE, 2, -1);
	message_in_flow(lab, 2);
	stop(lab);
	assert_file(lab, "old", LINE("") LINE("-2"));
	assert_file(lab, "events", LINE("") LINE("-2") LINE("-3"));
	assert_file(lab, "new", LINE("-3"));
	free(t);
}

/* Events that wait for others are for the store as it was, and for its delay:
 * they do not wait an hour after the configuration says otherwise. */
static void what_waits_is_stored_before(void **state)
{
	struct lab *lab = *state;
	const struct ring_map *m = &lab->maps[0];
	struct conf_tables *t;

	lab_store(lab, 5);
	t = next_tables(lab);
	lab->conf->commit_delay_ms = 3600000;
	start(lab);
	await_ready(lab);
	flow(lab, 0, 0);
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	bytes(lab, 0, RING_CLIENT, 0, LK);
	lab_await_read(lab);
	assert_int_equal(atomic_load(&m->cursors[RING_READER_RECORDER]->pos),
			 0);
	assert_int_equal(prepare(lab, t), 0);
	assert_int_equal(count(lab, STAT_STORED), 0);
	say(lab, ROLE_ACTIVATE, 2, -1);
	lab_await_given(lab, atomic_load(&m->control->head));
	assert_int_equal(count(lab, STAT_STORED), 1);
	message_in_flow(lab, 1);
	assert_int_equal(count(lab, STAT_STORED), 2);
	stop(lab);
	free(t);
}

static void another_store_is_refused(void **state)
{
	struct lab *lab = *state;
	struct conf_tables *t;

	lab_store(lab, 5);
	t = next_tables(lab);
	(void)snprintf(t->store, CONF_PATH_LEN, "%s/other.db", lab->dir);
	start(lab);
	await_ready(lab);
	assert_int_equal(prepare(lab, t), -EINVAL);
	message_in_flow(lab, 0);
	stop(lab);
	assert_int_equal(count(lab, STAT_STORED), 1);
	assert_file(lab, "other.db", NULL);
	free(t);
}

static void what_is_discarded_never_counts(void **state)
{
	struct lab *lab = *state;
	struct conf_tables *t = next_tables(lab);

	set_event_file(lab, t, 0, "new");
	start(lab);
	await_ready(lab);
	assert_int_equal(prepare(lab, t), 0);
	say(lab, ROLE_DISCARD, 2, -1);
	say(lab, ROLE_ACTIVATE, 2, -1);
	message_in_flow(lab, 0);
	/* a second one takes the place of a first */
	assert_int_equal(prepare(lab, t), 0);
	t->number = 3;
	set_event_file(lab, t, 0, "newer");
	assert_int_equal(prepare(lab, t), 0);
	say(lab, ROLE_ACTIVATE, 2, -1);
	message_in_flow(lab, 1);
	say(lab, ROLE_ACTIVATE, 3, -1);
	message_in_flow(lab, 2);
	stop(lab);
	assert_file(lab, "events", LINE("") LINE("-2"));
	assert_file(lab, "new", "");
	assert_file(lab, "newer", LINE("-3"));
	free(t);
}

static void bad_tables_are_refused(void **state)
{
	struct lab *lab = *state;
	struct conf_tables *t = next_tables(lab);

	start(lab);
	await_ready(lab);
	assert_int_equal(prepare_fd(lab, 2, memfd_of(t, 0)), -EPERM);
	assert_int_equal(
		prepare_fd(lab, 2, memfd_of(t, F_SEAL_SHRINK | F_SEAL_GROW)),
		-EPERM);
	assert_int_equal(prepare_fd(lab, 3, memfd_of(t, SEALS)), -EBADMSG);
	assert_int_equal(
		prepare_fd(lab, 2, open("/dev/null", O_RDONLY | O_CLOEXEC)),
		-EINVAL);
	t->n_rules = CONF_RULES_MAX + 1;
	assert_int_equal(prepare(lab, t), -EBADMSG);
	t->n_rules = 1;
	set_event_file(lab, t, 1, "none/there");
	assert_int_equal(prepare(lab, t), -ENOENT);
	t->n_events = 1;
	(void)snprintf(t->log_dir, CONF_PATH_LEN, "/elsewhere");
	assert_int_equal(prepare(lab, t), -EINVAL);
	message_in_flow(lab, 0);
	stop(lab);
	assert_file(lab, "events", LINE(""));
	free(t);
}

/* Nothing came along. */
static void no_tables_are_refused(void **state)
{
	struct lab *lab = *state;
	struct role_message m;

	start(lab);
	await_ready(lab);
	say(lab, ROLE_PREPARE, 2, -1);
	assert_int_equal(role_channel_receive(lab->channel, &m, NULL), 1);
	assert_int_equal(m.type, ROLE_PREPARED);
	assert_int_equal(m.error, -EBADF);
	stop(lab);
}

/* A successor is given the new tables, and finds the marks of the old ones. */
static void a_death_between_changes_no_line(void **state)
{
	static const char *const points[] = { "reload.prepared=1",
					      "reload.active=1" };
	for (size_t i = 0; i < WS_ARRAY_LEN(points); i++) {
		struct lab *lab = i ? lab_new(1, LAB_SLOTS) : *state;
		struct conf_tables *t = next_tables(lab);
		const bool active = i == 1;
		struct role_message m;

		/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
		assert_int_equal(setenv("WAYSIDE_DIE", points[i], 1), 0);
		assert_true(base_die_init());
		set_event_file(lab, t, 0, "new");
		set_event_file(lab, t, 1, "events");
		start(lab);
		await_ready(lab);
		message_in_flow(lab, 0);
		say(lab, ROLE_PREPARE, 2, memfd_of(t, SEALS));
		if (active) {
			assert_int_equal(
				role_channel_receive(lab->channel, &m, NULL),
				1);
			say(lab, ROLE_ACTIVATE, 2, -1);
		}
		assert_true(WIFSIGNALED(wait_for(lab->recorder)));
		base_fd_close(&lab->channel);
		/* the supervisor's decision */
		if (active)
			*lab->conf = *t;
		start(lab);
		await_ready(lab);
		message_in_flow(lab, 1);
		stop(lab);
		assert_file(lab, "events", LINE("") LINE("-2"));
		assert_file(lab, "new", active ? LINE("-2") : "");
		free(t);
		if (i)
			lab_free(lab);
	}
}

/* Lines that are there already stay what they are. */
static void a_file_changes_its_format(void **state)
{
	struct lab *lab = *state;
	struct conf_tables *t = next_tables(lab);
	static const char json[] = LINE("") "{\"id\":\"";
	char *text;

	t->events_format[0] = CONF_EVENT_FORMAT_JSON;
	start(lab);
	await_ready(lab);
	message_in_flow(lab, 0);
	assert_int_equal(prepare(lab, t), 0);
	say(lab, ROLE_ACTIVATE, 2, -1);
	message_in_flow(lab, 1);
	stop(lab);
	text = lab_read(lab, "events");
	assert_memory_equal(text, json, sizeof(json) - 1);
	free(text);
	free(t);
}

/*
 * A location of jt808 (0x0200, 28 bytes), of the phone 013912345678:
 *   00000000 00000003            no alarm; status: ignition, located
 *   01dc89d0 073d8aa5            31.230416 N, 121.473701 E
 *   000a 0258 005a               10 m, 60 km/h (of 0.1), 90 degrees
 *   251103222501                 2025-11-03 22:25:01
 * and the exclusive or of all between the two 7e.
 */
#define LOCATION                                                     \
	"7e0200001c0139123456780001000000000000000301dc89d0073d8aa5" \
	"000a0258005a251103222501867e"

static void location_in_flow(struct lab *lab, uint64_t offset)
{
	const struct ring_map *m = &lab->maps[0];

	hex_bytes(lab, 0, RING_CLIENT, offset, LOCATION);
	ring_tap_kick(&lab->taps[0]);
	await_count(&m->cursors[RING_READER_RECORDER]->pos,
		    atomic_load(&m->control->head));
}

/* Of a running flow, too: jt808's own zone is +08:00, so 22:25 there is 14:25;
 * with +02:00 it is 20:25, with -03:30 it is 01:55 of the next day. */
static void time_zones_change_at_once(void **state)
{
	static const char *const times[] = { "2025-11-03T14:25:01.000Z",
					     "2025-11-03T20:25:01.000Z",
					     "2025-11-04T01:55:01.000Z" };
	static const int32_t zones[] = { 0, 120, -210 };
	struct lab *lab = *state;
	struct conf_tables *t = next_tables(lab);
	char *text;
	const char *p;

	lab->conf->events_format[0] = CONF_EVENT_FORMAT_JSON;
	t->events_format[0] = CONF_EVENT_FORMAT_JSON;
	start(lab);
	await_ready(lab);
	flow(lab, 0, 0);
	hint(lab, 0, RING_ENTRY_OPEN, 0, 0);
	location_in_flow(lab, 0);
	(void)snprintf(t->protocols[0].name, CONF_NAME_LEN, "jt808");
	t->n_protocols = 1;
	for (uint32_t i = 1; i < WS_ARRAY_LEN(zones); i++) {
		t->number = i + 1;
		t->protocols[0].zone_min = zones[i];
		assert_int_equal(prepare(lab, t), 0);
		say(lab, ROLE_ACTIVATE, t->number, -1);
		location_in_flow(lab, 43ULL * i);
	}
	stop(lab);
	p = text = lab_read(lab, "events");
	for (size_t i = 0; i < WS_ARRAY_LEN(times); i++) {
		static const char key[] = "\"positions\":[{\"time\":\"";

		p = strstr(p, key);
		assert_non_null(p);
		p += sizeof(key) - 1;
		assert_memory_equal(p, times[i], strlen(times[i]));
	}
	free(text);
	free(t);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(event_files_are_swapped),
		CASE(what_waits_is_stored_before),
		CASE(another_store_is_refused),
		CASE(what_is_discarded_never_counts),
		CASE(bad_tables_are_refused),
		CASE(no_tables_are_refused),
		CASE(a_death_between_changes_no_line),
		CASE(a_file_changes_its_format),
		CASE(time_zones_change_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
