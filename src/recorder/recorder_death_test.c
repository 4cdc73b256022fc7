/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * recorder_death_test.c - a recorder dies anywhere, and nothing shows it
 *
 * A model of two workers writes what flows do into two rings, and keeps for
 * itself what has to become of it: each capture byte for byte, each event, each
 * line of errors.log, each counter. A recorder reads along and dies, at every
 * point of base_die.h that it has and at several passes of each, or of a
 * SIGKILL at any moment; successors go on. At the end the files and counters
 * must be just what they are when nobody dies.
 */
#include "base_die.h"
#include "recorder_test.h"

#define TEXT_LEN 160 /* of a message */
#define FLOWS    8   /* slots in use, a ring */
#define STEPS    420 /* things that happen in one half of a script */
#define FILES    600 /* flows of a script, at most */

/* What must be in one flow's files. */
struct truth {
	uint64_t connection, flow_id;
	bool captured, observed;
	char *capture, *events, *json;
	size_t capture_len, events_len, json_len;
	const char *error; /* its line's message; NULL = none */
	uint64_t error_ns;
};

/* A direction: an endless row of messages, cut anywhere. */
struct talk {
	uint32_t n;      /* number of the message at hand */
	uint32_t at;     /* bytes of it that were sent */
	uint64_t offset; /* in the stream */
};

struct model_flow {
	struct truth *truth; /* NULL = the slot is free */
	struct talk talk[RING_SIDES];
};

struct script {
	struct lab *lab;
	uint64_t random;
	uint64_t now_ns;
	uint32_t number; /* of the last connection */
	struct model_flow flows[LAB_RINGS_MAX][FLOWS];
	struct truth truths[FILES];
	size_t n_truths;
	uint64_t events, capture_bytes, gap_bytes, skipped;
	bool rotates;
	bool jumps; /* the rings go back to their beginning now and then */
	unsigned bursts;
	uint64_t filled[LAB_RINGS_MAX]; /* bytes of the fillers */
	unsigned rotations;
	unsigned deaths;
};

static uint32_t draw(struct script *s, uint32_t below)
{
	/* Knuth's MMIX generator; the high bits are the good ones */
	s->random = s->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(s->random >> 33) % below;
}

/* Message n of a direction: its length is right, as the framer wants it. */
static size_t message_text(uint32_t n, enum ring_side side, char out[TEXT_LEN])
{
	char content[TEXT_LEN - 24];
	const char who = side == RING_CLIENT ? 'c' : 's';
	int len;

	if (n % 5 == 0)
		len = snprintf(content, sizeof(content),
			       "UD,220414,134652,A,22.571707,N,113.8613968,E,"
			       "0.1,0.0,100,7,60,90,%u,50,0000,%c",
			       n, who);
	else
		len = snprintf(content, sizeof(content), "QQ%c,%u%.*s", who, n,
			       (int)(n % 20), ",22.5,1,0,11,22.571,");
	return (size_t)snprintf(out, TEXT_LEN, "[3G*1234567890*%04X*%s]",
				(unsigned)len, content);
}

static void append(char **text, size_t *len, const void *bytes_, size_t n)
{
	*text = realloc(*text, *len + n + 1);
	assert_non_null(*text);
	memcpy(*text + *len, bytes_, n);
	*len += n;
	(*text)[*len] = '\0';
}

/* The script's clock stays in one hour: 14:25:01 and so many seconds. */
static void stamp(uint64_t ns, char out[32])
{
	const unsigned s = (unsigned)(25 * 60 + 1 + (ns - NOW) / 1000000000);

	(void)snprintf(out, 32, "2025-11-03 14:%02u:%02u", s / 60 % 60, s % 60);
}

static void name_of(const struct truth *t, char out[32])
{
	const unsigned n = (unsigned)(t->connection & 0xfffff);

	if (n)
		(void)snprintf(out, 32, ID "-%u", n + 1);
	else
		(void)snprintf(out, 32, ID);
}

static void put(struct script *s, unsigned ring, const struct ring_entry *e,
		const void *payload)
{
	assert_true(ring_tap_put(&s->lab->taps[ring], e, payload, 1));
}

static void put_hint(struct script *s, unsigned ring, uint32_t slot,
		     uint32_t type, enum ring_close reason, uint32_t error)
{
	const struct ring_slot *table = &s->lab->maps[ring].slots[slot];

	put(s, ring,
	    &(struct ring_entry){ .type = type,
				  .len = sizeof(*table),
				  .slot = slot,
				  .serial = table->serial,
				  .reason = (uint8_t)reason,
				  .error = error,
				  .flow_id = table->flow_id,
				  .time_ns = s->now_ns },
	    table);
}

static void begin_flow(struct script *s, unsigned ring, uint32_t slot)
{
	struct ring_slot *table = &s->lab->maps[ring].slots[slot];
	struct truth *t = &s->truths[s->n_truths++];
	const uint32_t serial = table->serial + 1;
	/* half a message holds the ring: no flow is framed while it jumps */
	const uint32_t drawn = draw(s, 8), kind = s->jumps ? 1 : drawn;

	assert_true(s->n_truths <= FILES);
	memset(table, 0, sizeof(*table));
	table->flow_id = 0x1000 + s->number;
	table->serial = serial;
	table->state = RING_STATE_OPEN;
	table->flags = RING_SLOT_OBSERVED;
	table->capture = kind == 0 ? CONF_CAPTURE_NONE : CONF_CAPTURE_TEXT;
	table->observe = kind == 1  ? CONF_OBSERVE_NONE
			 : kind < 5 ? CONF_OBSERVE_AUTO
				    : CONF_OBSERVE_PROTOCOL;
	table->connection = SECOND << 20 | s->number++;
	assert_true(base_addr_parse(&table->client, "192.0.2.10:4711"));
	assert_true(base_addr_parse(&table->server, "198.51.100.7:7700"));
	*t = (struct truth){ .connection = table->connection,
			     .flow_id = table->flow_id,
			     .captured = kind != 0,
			     .observed = kind != 1 };
	s->flows[ring][slot] = (struct model_flow){ .truth = t };
	put_hint(s, ring, slot, RING_ENTRY_OPEN, 0, 0);
}

/* What the framer holds of this direction will never be a message. */
static void tear(struct script *s, const struct model_flow *f,
		 const struct talk *t)
{
	if (f->truth->observed)
		s->skipped += t->at;
}

/* What is compared of an event: see heads_of(). */
static void count_json(const struct script *s, struct truth *t,
		       const char *side, uint64_t offset, const char *text)
{
	const unsigned ds = (unsigned)((s->now_ns - NOW) / 100000000);
	char line[TEXT_LEN + 128];
	const int n = snprintf(
		line, sizeof(line),
		"{\"id\":\"%016llx-%c-%llu\",\"flow\":\"%016llx\","
		"\"time\":\"2025-11-03T14:%02u:%02u.%u00Z\"|%s\n",
		(unsigned long long)t->flow_id, *side,
		(unsigned long long)offset, (unsigned long long)t->flow_id,
		25 + (ds + 10) / 600, (ds + 10) / 10 % 60, ds % 10, text);

	append(&t->json, &t->json_len, line, (size_t)n);
}

/* It ends at that offset. */
static void count_message(struct script *s, struct model_flow *f,
			  enum ring_side side, uint64_t end, const char *text)
{
	static const char *const sides[] = { "client", "server" };
	const size_t len = strlen(text);
	char line[TEXT_LEN + 128], when[32], id[32];
	int n;

	if (!f->truth->observed)
		return;
	s->events++;
	stamp(s->now_ns, when);
	name_of(f->truth, id);
	n = snprintf(line, sizeof(line), "%s\t%s\t192.0.2.10\t%s\t%.*s\n", when,
		     sides[side], id, (int)len, text);
	append(&f->truth->events, &f->truth->events_len, line, (size_t)n);
	count_json(s, f->truth, sides[side], end - len, text);
}

/* One DATA entry: up to `most` bytes, over the ends of messages. */
static void talk(struct script *s, unsigned ring, uint32_t slot,
		 enum ring_side side, uint32_t most)
{
	static const char *const sides[] = { "client", "server" };
	struct model_flow *f = &s->flows[ring][slot];
	struct talk *t = &f->talk[side];
	struct ring_slot *table = &s->lab->maps[ring].slots[slot];
	char chunk[512], text[TEXT_LEN], when[32];
	size_t len = 0;
	const uint64_t from = t->offset;

	while (len < most) {
		const size_t whole = message_text(t->n, side, text);
		size_t n = whole - t->at;

		if (n > most - len)
			n = most - len;
		memcpy(chunk + len, text + t->at, n);
		len += n;
		t->at += (uint32_t)n;
		if (t->at < whole)
			continue;
		count_message(s, f, side, from + len, text);
		t->at = 0;
		t->n++;
	}
	t->offset += len;
	table->dir[side].bytes_in = t->offset;
	put(s, ring,
	    &(struct ring_entry){ .type = RING_ENTRY_DATA,
				  .len = (uint32_t)len,
				  .slot = slot,
				  .serial = table->serial,
				  .direction = (uint8_t)side,
				  .flow_id = table->flow_id,
				  .offset = from,
				  .time_ns = s->now_ns },
	    chunk);
	if (!f->truth->captured)
		return;
	s->capture_bytes += len;
	stamp(s->now_ns, when);
	append(&f->truth->capture, &f->truth->capture_len, when, strlen(when));
	append(&f->truth->capture, &f->truth->capture_len, "\t", 1);
	append(&f->truth->capture, &f->truth->capture_len, sides[side], 6);
	append(&f->truth->capture, &f->truth->capture_len, "\t", 1);
	append(&f->truth->capture, &f->truth->capture_len, chunk, len);
	append(&f->truth->capture, &f->truth->capture_len, "\n", 1);
}

/* The worker found no room: the rest of the message, and the next, are gone. */
static void lose(struct script *s, unsigned ring, uint32_t slot,
		 enum ring_side side)
{
	struct model_flow *f = &s->flows[ring][slot];
	struct talk *t = &f->talk[side];
	char text[TEXT_LEN];
	uint64_t gone = message_text(t->n, side, text) - t->at;

	gone += message_text(t->n + 1, side, text);
	tear(s, f, t);
	*t = (struct talk){ .n = t->n + 2, .offset = t->offset + gone };
	s->gap_bytes += gone;
	s->lab->maps[ring].slots[slot].dir[side].bytes_in = t->offset;
}

static void end_flow(struct script *s, unsigned ring, uint32_t slot)
{
	static const struct {
		enum ring_close reason;
		uint32_t error;
		const char *line;
	} ends[] = {
		{ RING_CLOSE_NORMAL, 0, NULL },
		{ RING_CLOSE_CLIENT_RESET, ECONNRESET,
		  "Broken connection (client side) "
		  "(errno=104: Connection reset by peer)" },
		{ RING_CLOSE_WORKER_DIED, 0, "Worker died (no errno)" },
	};
	struct model_flow *f = &s->flows[ring][slot];
	const uint32_t how = draw(s, 3);

	for (int i = 0; i < RING_SIDES; i++)
		tear(s, f, &f->talk[i]);
	if (draw(s, 3) == 0) { /* a gap that only the CLOSE tells of */
		s->lab->maps[ring].slots[slot].dir[RING_SERVER].bytes_in += 77;
		s->gap_bytes += 77;
	}
	f->truth->error = ends[how].line;
	f->truth->error_ns = s->now_ns;
	put_hint(s, ring, slot, RING_ENTRY_CLOSE, ends[how].reason,
		 ends[how].error);
	ring_slot_free(&s->lab->maps[ring].slots[slot]);
	f->truth = NULL;
}

static void step(struct script *s)
{
	const unsigned ring = draw(s, s->lab->n_rings);
	const uint32_t slot = draw(s, FLOWS);
	const enum ring_side side = draw(s, 3) ? RING_CLIENT : RING_SERVER;
	const uint32_t what = draw(s, 32);

	s->now_ns += 100000000;
	if (!s->flows[ring][slot].truth) {
		begin_flow(s, ring, slot);
	} else if (what < 2) {
		end_flow(s, ring, slot);
	} else if (what < 4) {
		lose(s, ring, slot, side);
		talk(s, ring, slot, side, 30);
	} else {
		talk(s, ring, slot, side, 1 + draw(s, 90));
	}
}

static void end_all(struct script *s)
{
	for (unsigned ring = 0; ring < s->lab->n_rings; ring++) {
		for (uint32_t slot = 0; slot < FLOWS; slot++) {
			if (s->flows[ring][slot].truth)
				end_flow(s, ring, slot);
		}
	}
}

/* Moves event file and errors.log away, as logrotate does without `create`. */
static void rotate(struct script *s)
{
	static const char *const names[] = { "events", "json", "errors.log" };
	char from[128], to[128];

	for (size_t i = 0; i < WS_ARRAY_LEN(names); i++) {
		(void)snprintf(from, sizeof(from), "%s/%s", s->lab->dir,
			       names[i]);
		(void)snprintf(to, sizeof(to), "%s/%s.%u", s->lab->dir,
			       names[i], s->rotations);
		if (rename(from, to) < 0)
			assert_int_equal(errno, ENOENT);
	}
	s->rotations++;
}

/* Has it died? Then the next one takes over. */
static bool replaced(struct script *s, int flags)
{
	struct lab *lab = s->lab;
	int status;
	const pid_t pid = waitpid(lab->recorder, &status, flags);

	if (pid == 0)
		return false;
	assert_int_equal(pid, lab->recorder);
	base_fd_close(&lab->channel);
	if (WIFEXITED(status)) {
		assert_int_equal(WEXITSTATUS(status), 0);
		return false;
	}
	assert_int_equal(WTERMSIG(status), SIGKILL);
	s->deaths++;
	if (s->rotates)
		rotate(s);
	start(lab);
	return true;
}

static void kick(struct script *s)
{
	for (unsigned i = 0; i < s->lab->n_rings; i++)
		ring_tap_kick(&s->lab->taps[i]);
}

/* Until all that was written is read, by whomever. */
static void await_read(struct script *s)
{
	const uint64_t limit =
		base_time_mono_ms() + BASE_TEST_LIMIT_S * 1000ULL;

	kick(s);
	for (unsigned i = 0; i < s->lab->n_rings;) {
		const struct ring_map *m = &s->lab->maps[i];

		if (atomic_load(&m->cursors[RING_READER_RECORDER]->read) ==
		    atomic_load(&m->control->head)) {
			i++;
			continue;
		}
		assert_true(base_time_mono_ms() < limit);
		if (!replaced(s, WNOHANG))
			(void)sched_yield(); /* cannot fail on Linux */
	}
}

/* Until all that was read is given back, too: no message is half there. */
static void await_given(struct script *s)
{
	const uint64_t limit =
		base_time_mono_ms() + BASE_TEST_LIMIT_S * 1000ULL;

	for (unsigned i = 0; i < s->lab->n_rings;) {
		const struct ring_map *m = &s->lab->maps[i];

		if (atomic_load(&m->cursors[RING_READER_RECORDER]->pos) ==
		    atomic_load(&m->control->head)) {
			i++;
			continue;
		}
		assert_true(base_time_mono_ms() < limit);
		if (!replaced(s, WNOHANG))
			(void)sched_yield(); /* cannot fail on Linux */
	}
}

/* Many bytes of a flow that nobody records. */
static void fill(struct script *s, unsigned ring, unsigned n)
{
	static const char text[4096];
	struct ring_slot *table = &s->lab->maps[ring].slots[FLOWS];
	const struct ring_entry open = { .type = RING_ENTRY_OPEN,
					 .len = sizeof(*table),
					 .slot = FLOWS,
					 .serial = 1,
					 .time_ns = s->now_ns };
	struct ring_entry e = { .type = RING_ENTRY_DATA,
				.len = sizeof(text),
				.slot = FLOWS,
				.serial = 1,
				.time_ns = s->now_ns };

	if (!table->serial) {
		table->serial = 1;
		table->state = RING_STATE_OPEN;
		table->capture = CONF_CAPTURE_NONE;
		table->observe = CONF_OBSERVE_NONE;
		put(s, ring, &open, table);
	}
	for (; n; n--) {
		e.offset = s->filled[ring];
		put(s, ring, &e, text);
		s->filled[ring] += sizeof(text);
	}
}

/* With all given back, a burst lets the ring jump, and each is larger than the
 * one before: what is committed behind the jump is further from the cursor,
 * which still stands before it, than the ring is long. It must be in one batch,
 * so the recorder stands still. */
static void burst(struct script *s)
{
	await_read(s);
	await_given(s);
	kick(s);
	/* one that is dead does not mind */
	assert_int_equal(kill(s->lab->recorder, SIGSTOP), 0);
	s->bursts++;
	for (unsigned i = 0; i < LAB_RINGS_MAX; i++) {
		fill(s, i, 20 * s->bursts);
		assert_true(s->bursts < 2 ||
			    atomic_load(&s->lab->maps[i].control->rewind_to));
	}
	for (int i = 0; i < 8; i++)
		step(s);
	assert_int_equal(kill(s->lab->recorder, SIGCONT), 0);
}

static void stop_last(struct script *s)
{
	do {
		/* one that is dead already does not hear it */
		(void)!role_channel_say(s->lab->channel, ROLE_STOP);
	} while (replaced(s, 0));
}

static struct script *script_new(uint64_t seed)
{
	struct script *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->lab = lab_new(LAB_RINGS_MAX, LAB_SLOTS);
	(void)snprintf(s->lab->conf->events[1], CONF_PATH_LEN, "%s/json",
		       s->lab->dir);
	s->lab->conf->events_format[1] = CONF_EVENT_FORMAT_JSON;
	s->lab->conf->n_events = 2;
	s->random = seed;
	s->now_ns = NOW;
	return s;
}

static void script_free(struct script *s)
{
	for (size_t i = 0; i < s->n_truths; i++) {
		free(s->truths[i].capture);
		free(s->truths[i].events);
		free(s->truths[i].json);
	}
	lab_free(s->lab);
	free(s);
}

static char *read_file(const struct lab *lab, const char *name, size_t *len)
{
	char path[160], *text;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", lab->dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	*len = 0;
	if (fd < 0)
		return NULL;
	assert_int_equal(base_fd_read_all(fd, 1 << 24, &text, len), 0);
	base_fd_close(&fd);
	return text;
}

/* A file with all that was rotated away, oldest first. */
static char *read_rotated(const struct script *s, const char *name)
{
	char *all = calloc(1, 1), *text, old[64];
	size_t all_len = 0, len;

	assert_non_null(all);
	for (unsigned i = 0; i <= s->rotations; i++) {
		(void)snprintf(old, sizeof(old), "%s.%u", name, i);
		text = read_file(s->lab, i < s->rotations ? old : name, &len);
		if (!text)
			continue;
		/* no file ends in half a line */
		assert_true(len == 0 || text[len - 1] == '\n');
		append(&all, &all_len, text, len);
		free(text);
	}
	return all;
}

/* The lines of `all` that hold `key`, in their order. */
static char *lines_with(const char *all, const char *key)
{
	char *found = calloc(1, 1);
	size_t len = 0;

	assert_non_null(found);
	for (const char *p = all; *p;) {
		const size_t n = strcspn(p, "\n") + 1;
		const char *hit = memmem(p, n, key, strlen(key));

		if (hit)
			append(&found, &len, p, n);
		p += n;
	}
	return found;
}

/* Of JSON lines: what comes before the direction, and the payload. */
static char *heads_of(const char *lines)
{
	static const char to[] = ",\"direction\"", from[] = "\"payload\":\"";
	char *heads = calloc(1, 1);
	size_t len = 0;

	assert_non_null(heads);
	for (const char *p = lines; *p; p += strcspn(p, "\n") + 1) {
		const char *head_end = strstr(p, to);
		const char *payload = strstr(p, from);

		assert_non_null(head_end);
		assert_non_null(payload);
		payload += sizeof(from) - 1;
		append(&heads, &len, p, (size_t)(head_end - p));
		append(&heads, &len, "|", 1);
		append(&heads, &len, payload, strcspn(payload, "\""));
		append(&heads, &len, "\n", 1);
	}
	return heads;
}

static void check_json(const struct truth *t, const char *json)
{
	char key[64], id[32], *lines, *heads;

	name_of(t, id);
	(void)snprintf(key, sizeof(key), "\"connection_id\":\"%s\"", id);
	lines = lines_with(json, key);
	heads = heads_of(lines);
	assert_string_equal(heads, t->json ? t->json : "");
	free(heads);
	free(lines);
}

/* Counters of what messages hold, against the events. */
static void check_counts(const struct script *s, const char *json)
{
	static const struct {
		enum stat_id id;
		const char *has;
	} rows[] = {
		{ STAT_POSITIONS, "\"positions\":[{" },
		{ STAT_UNKNOWN_MESSAGES, "\"type\":\"unknown\"" },
	};

	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		uint64_t n = 0;

		for (const char *p = json; (p = strstr(p, rows[i].has)); p++)
			n++;
		assert_true(n > 0 || s->jumps);
		assert_int_equal(count(s->lab, rows[i].id), n);
	}
}

static void check_flow(const struct script *s, const struct truth *t,
		       const char *events, const char *errors)
{
	char id[32], key[80], name[96], want[256], when[32], *got;
	size_t len;

	name_of(t, id);
	(void)snprintf(name, sizeof(name), "%s_192.0.2.10.log", id);
	got = read_file(s->lab, name, &len);
	if (!t->captured) {
		assert_null(got);
	} else {
		assert_non_null(got);
		assert_int_equal(len, t->capture_len);
		assert_memory_equal(got, t->capture ? t->capture : "", len);
	}
	free(got);

	(void)snprintf(key, sizeof(key), "\t%s\t", id);
	got = lines_with(events, key);
	assert_string_equal(got, t->events ? t->events : "");
	free(got);

	(void)snprintf(key, sizeof(key), "conn=%s ", id);
	got = lines_with(errors, key);
	stamp(t->error_ns, when);
	(void)snprintf(want, sizeof(want),
		       "%s\t%sclient=192.0.2.10:4711 "
		       "remote=198.51.100.7:7700\t%s\n",
		       when, key, t->error ? t->error : "");
	assert_string_equal(got, t->error ? want : "");
	free(got);
}

static void check(const struct script *s)
{
	char *events = read_rotated(s, "events");
	char *errors = read_rotated(s, "errors.log");
	char *json = read_rotated(s, "json");

	for (size_t i = 0; i < s->n_truths; i++) {
		check_flow(s, &s->truths[i], events, errors);
		check_json(&s->truths[i], json);
	}
	check_counts(s, json);
	free(json);
	free(events);
	free(errors);
	assert_int_equal(count(s->lab, STAT_EVENTS), s->events);
	assert_int_equal(count(s->lab, STAT_CAPTURE_BYTES), s->capture_bytes);
	assert_int_equal(count(s->lab, STAT_GAP_BYTES), s->gap_bytes);
	assert_int_equal(count(s->lab, STAT_SKIPPED_BYTES), s->skipped);
	assert_int_equal(count(s->lab, STAT_LENGTH_WRONG), 0);
	assert_int_equal(count(s->lab, STAT_CAPTURE_LOST_BYTES), 0);
	assert_int_equal(count(s->lab, STAT_EVENTS_LOST), 0);
	assert_int_equal(count(s->lab, STAT_UNKNOWN_FLOWS), 0);
	assert_int_equal(count(s->lab, STAT_NONSENSE), 0);
	assert_int_equal(count(s->lab, STAT_DECODER_DEATHS), 0);
}

/* Half a script. Rings jump only while a recorder reads them. */
static void go_on(struct script *s)
{
	if (s->jumps) {
		for (int i = 0; i < 4 && s->lab->recorder; i++)
			burst(s);
		return;
	}
	for (int i = 0; i < STEPS; i++)
		step(s);
}

enum manner {
	PLAIN,
	ROTATING,
	JUMPING,
};

/* Two halves, so that a recorder meets messages that the last one began.
 * Return: how often it died. */
static unsigned play(const char *die, enum manner manner)
{
	struct script *s = script_new(1);
	unsigned deaths;

	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("WAYSIDE_DIE", die, 1), 0);
	assert_true(base_die_init());
	s->rotates = manner == ROTATING;
	s->jumps = manner == JUMPING;
	go_on(s);
	start(s->lab);
	await_read(s);
	go_on(s);
	end_all(s);
	await_read(s);
	stop_last(s);
	check(s);
	deaths = s->deaths;
	script_free(s);
	return deaths;
}

static void nobody_dies(void **state)
{
	(void)state;
	assert_int_equal(play("", PLAIN), 0);
}

/* Every point of the recorder, at its 1st, 2nd and 3rd pass, and `times` as
 * late again and again, until there are no more passes. */
static void at_each_point(unsigned times, enum manner manner)
{
	for (int p = BASE_DIE_RECORDER_READ; p <= BASE_DIE_RECORDER_CUT; p++) {
		/* a file has to be left too long before it can be cut */
		const bool cut = p == BASE_DIE_RECORDER_CUT;
		const unsigned before = cut ? 1 : 0;
		unsigned passes = 0;
		char die[128];

		for (unsigned n = 1;; n = n < 3 ? n + 1 : n * times) {
			(void)snprintf(die, sizeof(die), "%s%s=%u",
				       cut ? "recorder.flushed=2," : "",
				       base_die_name((enum base_die_point)p),
				       n);
			if (play(die, manner) == before)
				break;
			passes++;
		}
		assert_true(passes > 0);
		print_message("%s: %u passes\n",
			      base_die_name((enum base_die_point)p), passes);
	}
}

static void dies_at_each_point(void **state)
{
	(void)state;
	at_each_point(2, PLAIN);
}

static void dies_at_each_point_while_files_are_rotated(void **state)
{
	(void)state;
	at_each_point(4, ROTATING);
}

/* Each of the few commits may be the one behind a jump. */
static void dies_at_each_commit_while_the_rings_jump(void **state)
{
	(void)state;
	for (int p = BASE_DIE_RECORDER_NOTED; p <= BASE_DIE_RECORDER_RELEASED;
	     p++) {
		unsigned n = 0, deaths;
		char die[64];

		do {
			(void)snprintf(die, sizeof(die), "%s=%u",
				       base_die_name((enum base_die_point)p),
				       ++n);
			deaths = play(die, JUMPING);
		} while (deaths);
		/* a burst ends in one */
		assert_true(n > 4);
		print_message("%s: %u passes\n",
			      base_die_name((enum base_die_point)p), n - 1);
	}
}

static void dies_again_and_again(void **state)
{
	(void)state;
	assert_int_equal(play("recorder.read=100,recorder.framed=300,"
			      "capture.half=7,events.half=2,"
			      "recorder.noted=3,recorder.committed=5,"
			      "recorder.released=4,recorder.flushed=6,"
			      "capture.written=40,recorder.cut=3",
			      PLAIN),
			 10);
}

static void killed_at_any_moment(void **state)
{
	struct script *s = script_new(7);

	(void)state;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	assert_int_equal(setenv("WAYSIDE_DIE", "", 1), 0);
	assert_true(base_die_init());
	start(s->lab);
	while (s->deaths < 50) {
		const uint64_t until =
			base_time_wall_ns() + draw(s, 2000) * 1000ULL;

		for (uint32_t i = draw(s, 60); i; i--)
			step(s);
		kick(s);
		/* not a wait for anything: it is somewhere in its work */
		while (base_time_wall_ns() < until)
			(void)sched_yield(); /* cannot fail on Linux */
		assert_int_equal(kill(s->lab->recorder, SIGKILL), 0);
		assert_true(replaced(s, 0));
	}
	end_all(s);
	await_read(s);
	stop_last(s);
	check(s);
	assert_int_equal(s->deaths, 50);
	script_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_dies),
		cmocka_unit_test(dies_at_each_point),
		cmocka_unit_test(dies_at_each_point_while_files_are_rotated),
		cmocka_unit_test(dies_at_each_commit_while_the_rings_jump),
		cmocka_unit_test(dies_again_and_again),
		cmocka_unit_test(killed_at_any_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
