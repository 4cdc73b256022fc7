/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_decode_input.c - lines of digits, captures, pcap files, raw bytes */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "track_text.h"
#include "wayside_decode.h"

#define PIECE 65536 /* of raw bytes at a time */

static enum wayside_status cannot_read(const char *name)
{
	(void)fprintf(stderr, "wayside: %s: %s\n", name,
		      strerrordesc_np(errno));
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
	return ferror(in) ? cannot_read(name) : s;
}

static enum wayside_status decode_raw(struct wayside_decoder *d, FILE *in,
				      const char *name)
{
	uint8_t *piece = malloc(PIECE);
	struct track_chunk chunk = { .bytes = { piece, 0 } };
	struct wayside_decode_flow f;

	if (!piece)
		return wayside_complain("out of memory");
	wayside_decode_begin(d, &f, NULL);
	while ((chunk.bytes.len = fread(piece, 1, PIECE, in)) > 0) {
		wayside_decode_feed(d, &f, BASE_CLIENT, &chunk);
		chunk.offset += chunk.bytes.len;
	}
	wayside_decode_end(d, &f);
	free(piece);
	return ferror(in) ? cannot_read(name) : WAYSIDE_OK;
}

enum wayside_status wayside_decode_file(struct wayside_decoder *d, FILE *in,
					const char *name)
{
	return decode_raw(d, in, name);
}
