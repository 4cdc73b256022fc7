/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * recorder_parts_test.c - parts of captures, wherever the recorder dies
 *
 * Where a part ends is a function of what is recorded. So whoever dies, and at
 * whatever point, the log directory is in the end what it is when nobody does:
 * the same files with the same bytes. That one is checked by itself.
 */
#include "base_die.h"
#include "capture_id.h"
#include "packet_file.h"
#include "packet_streams.h"
#include "recorder_test.h"

#define ENTRIES 220 /* of each flow; more than a batch together */
#define FLOWS   3   /* text, pcap, pcap of datagrams */
#define STEP_NS 10000000ULL

/* What a limit makes of it. */
static uint64_t size_limit;
static uint32_t time_limit_ms;

/* The bytes of each flow and direction, and the text capture. */
static char sent[FLOWS][2][ENTRIES * 512];
static size_t sent_len[FLOWS][2];
static char text[ENTRIES * 600];
static size_t text_len;

static void send_some(struct lab *lab, uint32_t slot, int i)
{
	const struct ring_slot *s = &lab->maps[0].slots[slot];
	const enum ring_side side = i % 3 ? RING_CLIENT : RING_SERVER;
	const uint32_t len = 1 + (uint32_t)(i * 37 + (int)slot) % 500;
	const uint64_t time_ns = NOW + (uint64_t)i * STEP_NS;
	char *at = &sent[slot][side][sent_len[slot][side]];
	const struct ring_entry e = { .type = RING_ENTRY_DATA,
				      .len = len,
				      .slot = slot,
				      .serial = s->serial,
				      .direction = (uint8_t)side,
				      .flow_id = s->flow_id,
				      .offset = sent_len[slot][side],
				      .time_ns = time_ns };
	char stamp[BASE_TIME_STAMP_LEN];

	memset(at, 'a' + i % 26, len);
	sent_len[slot][side] += len;
	assert_true(ring_tap_put(&lab->taps[0], &e, at, 1));
	if (slot != 0)
		return;
	text_len += (size_t)snprintf(
		text + text_len, sizeof(text) - text_len, "%s\t%s\t%.*s\n",
		base_time_stamp(time_ns, stamp),
		side == RING_CLIENT ? "client" : "server", (int)len, at);
}

static void end_flow(struct lab *lab, uint32_t slot)
{
	struct ring_slot *s = &lab->maps[0].slots[slot];

	for (int d = 0; d < 2; d++)
		s->dir[d].bytes_in = sent_len[slot][d];
	hint(lab, slot, RING_ENTRY_CLOSE, RING_CLOSE_NORMAL, 0);
	ring_slot_free(s);
}

/* All that is to be recorded, in the ring before anybody reads it. */
static void fill(struct lab *lab)
{
	memset(sent_len, 0, sizeof(sent_len));
	text_len = 0;
	for (uint32_t slot = 0; slot < FLOWS; slot++) {
		struct ring_slot *s = flow(lab, slot, slot);

		s->observe = CONF_OBSERVE_NONE;
		s->flags = RING_SLOT_OBSERVED;
		s->opened_ns = NOW;
		if (slot)
			s->capture = CONF_CAPTURE_PCAP;
		if (slot == 2)
			s->transport = RING_TRANSPORT_UDP;
		hint(lab, slot, RING_ENTRY_OPEN, RING_CLOSE_NORMAL, 0);
	}
	for (int i = 0; i < ENTRIES; i++) {
		for (uint32_t slot = 0; slot < FLOWS; slot++)
			send_some(lab, slot, i);
	}
	for (uint32_t slot = 0; slot < FLOWS; slot++)
		end_flow(lab, slot);
}

/* Return: how often one died until all was done. */
static unsigned run(struct lab *lab)
{
	unsigned deaths = 0;

	for (;; deaths++) {
		int status;

		start(lab);
		/* one that is dead already does not hear it */
		(void)!role_channel_say(lab->channel, ROLE_STOP);
		status = wait_for(lab->recorder);
		base_fd_close(&lab->channel);
		if (WIFEXITED(status)) {
			assert_int_equal(WEXITSTATUS(status), 0);
			return deaths;
		}
		assert_int_equal(WTERMSIG(status), SIGKILL);
	}
}

static int is_capture(const struct dirent *e)
{
	struct capture_name name;

	return capture_id_parse_name(e->d_name, &name);
}

/* Every capture with its name, length and bytes; to be freed. */
static char *snapshot(const struct lab *lab, size_t *len)
{
	struct dirent **names;
	const int n = scandir(lab->dir, &names, is_capture, alphasort);
	char *out = NULL;
	FILE *f = open_memstream(&out, len);

	assert_true(n > 0);
	assert_non_null(f);
	for (int i = 0; i < n; i++) {
		struct stat st;
		char path[400];
		int fd;

		(void)snprintf(path, sizeof(path), "%s/%s", lab->dir,
			       names[i]->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		assert_int_equal(fstat(fd, &st), 0);
		(void)fprintf(f, "%s %lld\n", names[i]->d_name,
			      (long long)st.st_size);
		for (off_t at = 0; at < st.st_size;) {
			char some[4096];
			const ssize_t got = read(fd, some, sizeof(some));

			assert_true(got > 0);
			(void)fwrite(some, 1, (size_t)got, f);
			at += got;
		}
		base_fd_close(&fd);
		free(names[i]);
	}
	free(names);
	assert_int_equal(fclose(f), 0);
	return out;
}

/* Return: the snapshot, to be freed; *deaths of those who made it. */
static char *play(const char *die, size_t *len, unsigned *deaths)
{
	struct lab *lab = lab_new(1, LAB_SLOTS);
	char *out;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("WAYSIDE_DIE", die, 1), 0);
	assert_true(base_die_init());
	lab->conf->n_events = 0;
	lab->conf->capture_rotate_size = size_limit;
	lab->conf->capture_rotate_time_ms = time_limit_ms;
	lab_store(lab, 1000); /* the end of a part comes first */
	fill(lab);
	*deaths = run(lab);
	out = snapshot(lab, len);
	lab_free(lab);
	return out;
}

static void at_each_point(void)
{
	size_t len, want_len;
	unsigned deaths;
	char *want = play("", &want_len, &deaths);

	assert_int_equal(deaths, 0);
	for (int p = BASE_DIE_RECORDER_READ; p <= BASE_DIE_RECORDER_CUT; p++) {
		/* a file has to be left too long before it can be cut */
		const bool cut = p == BASE_DIE_RECORDER_CUT;
		char die[128];

		if (p == BASE_DIE_RECORDER_FRAMED ||
		    p == BASE_DIE_EVENTS_HALF || p == BASE_DIE_EVENTS_WRITTEN)
			continue;
		for (unsigned n = 1;; n = n < 5 ? n + 1 : n * 3 / 2) {
			char *got;

			(void)snprintf(die, sizeof(die), "%s%s=%u",
				       cut ? "capture.written=4," : "",
				       base_die_name((enum base_die_point)p),
				       n);
			got = play(die, &len, &deaths);
			if (len != want_len || memcmp(got, want, len) != 0)
				fail_msg("%s: other files", die);
			free(got);
			if (deaths == (cut ? 1 : 0)) {
				assert_true(n > 1);
				break;
			}
		}
	}
	free(want);
}

static void parts_by_size(void **state)
{
	(void)state;
	size_limit = 4096;
	time_limit_ms = 0;
	at_each_point();
}

static void parts_by_time(void **state)
{
	(void)state;
	size_limit = 0;
	time_limit_ms = 250;
	at_each_point();
}

/* What the parts of a pcap capture say. */
static char got[2][sizeof(sent[0][0])];
static size_t got_len[2];

static void take(void *arg, struct packet_flow *f, const struct packet_chunk *c)
{
	(void)f;
	(void)arg;
	assert_int_equal(c->offset, got_len[c->direction]);
	memcpy(got[c->direction] + c->offset, c->bytes.ptr, c->bytes.len);
	got_len[c->direction] += c->bytes.len;
}

static void ends_by_fin(void *arg, struct packet_flow *f, enum packet_end how,
			uint64_t time_ns)
{
	(void)f;
	(void)time_ns;
	assert_int_equal(how, arg ? PACKET_END_CUT : PACKET_END_FIN);
}

static void check_pcap(const struct lab *lab, uint32_t slot, unsigned parts)
{
	static const struct packet_streams_ops ops = { .chunk = take,
						       .close = ends_by_fin };
	const struct ring_slot *s = &lab->maps[0].slots[slot];
	const struct packet_streams_setup setup_ = {
		.ops = &ops,
		.arg = slot == 2 ? &got : NULL,
		.client = s->client,
	};
	struct packet_streams *streams = packet_streams_new(&setup_);
	struct packet_file_counts counts = { .cut = 0 };
	char error[PACKET_FILE_ERROR_LEN], name[CAPTURE_NAME_LEN], path[200];

	assert_non_null(streams);
	memset(got_len, 0, sizeof(got_len));
	for (unsigned part = 1; part <= parts; part++) {
		(void)capture_id_file_name(&(struct capture_id){ SECOND, slot },
					   &s->client, CAPTURE_PCAP, part,
					   name);
		(void)snprintf(path, sizeof(path), "%s/%s", lab->dir, name);
		if (packet_file_read(fopen(path, "re"), streams, &counts,
				     error))
			fail_msg("%s: %s", name, error);
	}
	packet_streams_end(streams);
	packet_streams_free(streams);
	assert_int_equal(counts.packets[PACKET_OK],
			 ENTRIES + (slot == 2 ? 0 : 6));
	for (int d = 0; d < 2; d++) {
		assert_int_equal(got_len[d], sent_len[slot][d]);
		assert_memory_equal(got[d], sent[slot][d], got_len[d]);
	}
}

/* Return: the number of parts; `all` gets their bytes one behind the other. */
static unsigned join_parts(const struct lab *lab, uint32_t slot,
			   enum capture_format format, char *all, size_t *len)
{
	const struct ring_slot *s = &lab->maps[0].slots[slot];
	char name[CAPTURE_NAME_LEN], path[200];
	unsigned part = 1;

	*len = 0;
	for (;; part++) {
		ssize_t n;
		int fd;

		(void)capture_id_file_name(&(struct capture_id){ SECOND, slot },
					   &s->client, format, part, name);
		(void)snprintf(path, sizeof(path), "%s/%s", lab->dir, name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return part - 1;
		n = read(fd, all + *len, 1 << 16);
		assert_true(n > 0);
		if (size_limit)
			assert_in_range(n, 1, size_limit);
		*len += (size_t)n;
		base_fd_close(&fd);
	}
}

static void parts_are_all_of_it(void **state)
{
	static char all[1 << 18];
	struct lab *lab = *state;
	size_t len;
	unsigned n;

	size_limit = 4096;
	lab->conf->n_events = 0;
	lab->conf->capture_rotate_size = size_limit;
	fill(lab);
	assert_int_equal(run(lab), 0);
	n = join_parts(lab, 0, CAPTURE_TEXT, all, &len);
	assert_int_equal(len, text_len);
	assert_memory_equal(all, text, len);
	/* none is closed while the next record, of 528 bytes at most, fits */
	assert_in_range(n, len / 4096 + 1, len / (4096 - 528) + 1);
	for (uint32_t slot = 1; slot < FLOWS; slot++) {
		n = join_parts(lab, slot, CAPTURE_PCAP, all, &len);
		assert_true(n > 10);
		check_pcap(lab, slot, n);
	}
}

/* 220 records, 10 ms apart: what comes 110 ms after a part's first record is
 * the next one's, so a part has 11. */
static void time_ends_a_part(void **state)
{
	static char all[1 << 18];
	struct lab *lab = *state;
	size_t len;

	size_limit = 0;
	lab->conf->n_events = 0;
	lab->conf->capture_rotate_time_ms = 110;
	fill(lab);
	assert_int_equal(run(lab), 0);
	assert_int_equal(join_parts(lab, 0, CAPTURE_TEXT, all, &len), 20);
	assert_int_equal(len, text_len);
	assert_memory_equal(all, text, len);
	assert_int_equal(join_parts(lab, 1, CAPTURE_PCAP, all, &len), 20);
	check_pcap(lab, 1, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(parts_are_all_of_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(time_ends_a_part, setup,
						teardown),
		cmocka_unit_test(parts_by_size),
		cmocka_unit_test(parts_by_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
