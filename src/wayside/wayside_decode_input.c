/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_decode_input.c - lines of digits, captures, pcap files, raw bytes */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture_id.h"
#include "capture_read.h"
#include "packet_file.h"
#include "packet_streams.h"
#include "track_text.h"
#include "wayside_decode.h"
#include "wayside_progress.h"

#define PIECE 65536 /* of raw bytes at a time */

static enum wayside_status cannot_read(const char *name)
{
	(void)fprintf(stderr, "wayside: %s: %s\n", name,
		      strerrordesc_np(errno));
	return WAYSIDE_FAILED;
}

static enum wayside_status cannot_be(const char *name)
{
	(void)fprintf(stderr, "wayside: %s: not a capture any more\n", name);
	return WAYSIDE_FAILED;
}

/* In place. Return: false, these are no pairs of hexadecimal digits. */
static bool unhex(char *text, size_t *len)
{
	const struct base_span digits = track_text_trim(
		(struct base_span){ (const uint8_t *)text, *len });
	struct base_rd r;
	size_t n = 0;

	base_rd_init(&r, digits.ptr, digits.len);
	while (base_rd_left(&r))
		text[n++] = (char)base_rd_hex(&r, 2);
	*len = n;
	return base_rd_ok(&r);
}

static void decode_bytes(struct wayside_decoder *d, const char *bytes,
			 size_t len)
{
	const struct track_chunk chunk = {
		.bytes = { (const uint8_t *)bytes, len },
	};
	struct wayside_decode_flow f;

	wayside_decode_begin(d, &f, NULL);
	wayside_decode_feed(d, &f, BASE_CLIENT, &chunk);
	wayside_decode_end(d, &f);
}

enum wayside_status wayside_decode_hex(struct wayside_decoder *d, FILE *in,
				       const char *name)
{
	enum wayside_status s = WAYSIDE_OK;
	unsigned long long number = 0;
	char *line = NULL;
	size_t room = 0;
	ssize_t got;

	while ((got = getline(&line, &room, in)) >= 0) {
		size_t len = (size_t)got;
		const bool good = unhex(line, &len);

		number++;
		d->separator = "";
		if (d->json)
			(void)fputc('[', d->view.out);
		if (good) {
			decode_bytes(d, line, len);
		} else {
			(void)fprintf(stderr,
				      "wayside: %s:%llu: not hexadecimal\n",
				      name, number);
			s = WAYSIDE_FAILED;
		}
		/* who feeds it line by line waits for the answer */
		if (d->json &&
		    (fputs("]\n", d->view.out) < 0 || fflush(d->view.out)))
			break;
	}
	free(line);
	if (ferror(in))
		s = cannot_read(name);
	(void)fclose(in); /* was only read */
	return s;
}

/* What is shared by the kinds of a file. */
struct input {
	struct wayside_decoder *decoder;
	FILE *in;
	const char *name;
	struct wayside_progress progress;
	struct wayside_decode_flow flow; /* of raw bytes, of a text capture */
};

/* Calls take() with piece after piece. Return: false, it said no. */
static bool each_piece(struct input *i,
		       bool (*take)(void *arg, struct base_span piece),
		       void *arg)
{
	uint8_t *bytes = malloc(PIECE);
	struct base_span piece = { bytes, 0 };
	bool good = true;

	if (!bytes) {
		i->decoder->no_memory = true;
		return true;
	}
	while (good && (piece.len = fread(bytes, 1, PIECE, i->in)) > 0) {
		wayside_progress_step(&i->progress);
		good = take(arg, piece);
	}
	free(bytes);
	return good;
}

static bool take_raw(void *arg, struct base_span piece)
{
	struct input *i = arg;
	const struct track_stream *s = &i->flow.track.streams[BASE_CLIENT];
	const struct track_chunk chunk = { .offset = s->offset + s->len,
					   .bytes = piece };

	wayside_decode_feed(i->decoder, &i->flow, BASE_CLIENT, &chunk);
	return true;
}

static enum wayside_status decode_raw(struct input *i)
{
	wayside_decode_begin(i->decoder, &i->flow, NULL);
	(void)each_piece(i, take_raw, i);
	wayside_decode_end(i->decoder, &i->flow);
	return ferror(i->in) ? cannot_read(i->name) : WAYSIDE_OK;
}

static void take_record(void *arg, const struct capture_read_chunk *c)
{
	struct input *i = arg;
	const struct track_chunk chunk = { c->offset, c->wall_ns, c->bytes };

	wayside_decode_feed(i->decoder, &i->flow, c->direction, &chunk);
}

static bool take_capture(void *arg, struct base_span piece)
{
	return capture_read_feed(arg, piece);
}

static enum wayside_status decode_capture(struct input *i)
{
	struct capture_read *r = capture_read_new(take_record, i);
	bool good;

	if (!r) {
		i->decoder->no_memory = true;
		return WAYSIDE_FAILED;
	}
	wayside_decode_begin(i->decoder, &i->flow, NULL);
	good = each_piece(i, take_capture, r) && capture_read_end(r);
	wayside_decode_end(i->decoder, &i->flow);
	capture_read_free(r);
	if (ferror(i->in))
		return cannot_read(i->name);
	return good ? WAYSIDE_OK : cannot_be(i->name);
}

static void open_flow(void *arg, struct packet_flow *flow, uint64_t time_ns)
{
	struct input *i = arg;
	const struct event_origin origin = { .client = flow->client,
					     .server = flow->server };
	struct wayside_decode_flow *f = malloc(sizeof(*f));

	(void)time_ns;
	flow->user = f;
	if (f)
		wayside_decode_begin(i->decoder, f, &origin);
	else
		i->decoder->no_memory = true;
}

static void take_chunk(void *arg, struct packet_flow *flow,
		       const struct packet_chunk *c)
{
	struct input *i = arg;
	struct wayside_decode_flow *f = flow->user;
	const struct track_chunk chunk = { c->offset, c->time_ns, c->bytes };

	wayside_progress_step(&i->progress);
	if (!f)
		return;
	wayside_decode_feed(i->decoder, f, c->direction, &chunk);
	if (flow->transport == PACKET_UDP)
		wayside_decode_cut(i->decoder, f, c->direction);
}

static void close_flow(void *arg, struct packet_flow *flow, enum packet_end how,
		       uint64_t time_ns)
{
	struct input *i = arg;
	struct wayside_decode_flow *f = flow->user;

	(void)how;
	(void)time_ns;
	if (f)
		wayside_decode_end(i->decoder, f);
	free(f);
}

/* A capture of ours has the client in its name; a later part of it has no
 * handshake that would tell. */
static struct base_addr client_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct capture_name name;

	if (!capture_id_parse_name(slash ? slash + 1 : path, &name))
		return (struct base_addr){ .family = 0 };
	return name.client;
}

static enum wayside_status decode_packets(struct input *i)
{
	static const struct packet_streams_ops ops = { open_flow, take_chunk,
						       close_flow };
	const struct packet_streams_setup setup = {
		.ops = &ops,
		.arg = i,
		.client = client_of(i->name),
	};
	struct packet_streams *s = packet_streams_new(&setup);
	struct packet_file_counts counts = { .cut = 0 };
	char error[PACKET_FILE_ERROR_LEN];
	int r;

	if (!s) {
		i->decoder->no_memory = true;
		return WAYSIDE_FAILED;
	}
	r = packet_file_read(i->in, s, &counts, error);
	i->in = NULL;
	packet_streams_end(s);
	if (packet_streams_counts(s)->no_memory)
		i->decoder->no_memory = true;
	packet_streams_free(s);
	if (r)
		(void)fprintf(stderr, "wayside: %s: %s\n", i->name, error);
	return r ? WAYSIDE_FAILED : WAYSIDE_OK;
}

/* The file's first bytes, which stay in it. Return: how many, at most `max`. */
static size_t look(FILE *in, uint8_t *bytes, size_t max)
{
	const size_t n = fread(bytes, 1, max, in);

	for (size_t i = n; i > 0; i--) {
		if (ungetc(bytes[i - 1], in) == EOF)
			return 0;
	}
	return n;
}

enum wayside_status wayside_decode_file(struct wayside_decoder *d, FILE *in,
					const char *name)
{
	struct input i = { .decoder = d, .in = in, .name = name };
	uint8_t bytes[CAPTURE_READ_HEAD];
	const struct base_span start = { bytes,
					 look(in, bytes, sizeof(bytes)) };
	enum wayside_status s;

	wayside_progress_begin(&i.progress, in);
	if (start.len >= PACKET_FILE_MAGIC_LEN && packet_file_is(start))
		s = decode_packets(&i);
	else if (start.len && capture_read_is(start))
		s = decode_capture(&i);
	else
		s = decode_raw(&i);
	wayside_progress_end(&i.progress);
	if (i.in)
		(void)fclose(i.in); /* was only read */
	return s;
}
