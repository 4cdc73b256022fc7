/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capture_check.c - are captures what a crowd sent and got?
 *
 * capture_check MESSAGE-LENGTH DIRECTORY
 * Reads all captures there, text and pcap, the parts of a connection one behind
 * the other. Each piece must be one of the stream of one device
 * (crowd_message.h), the same in the whole capture, and lie behind the piece
 * before it in its direction, in a pcap capture just where its sequence numbers
 * say. Reports peer=captures files=N client_bytes=N server_bytes=N client_gap=N
 * server_gap=N gap: bytes that are missing before or between pieces. Status 1:
 * what is there is not as it must be; the first such place is said.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base_fd.h"
#include "capture_id.h"
#include "capture_read.h"
#include "crowd_message.h"
#include "packet_file.h"
#include "packet_streams.h"

struct totals {
	uint64_t files;
	uint64_t bytes[BASE_DIRECTIONS];
	uint64_t gap[BASE_DIRECTIONS];
};

/* One capture while it is read. */
struct file {
	struct totals *totals;
	const char *name;
	size_t message;
	bool bad;
	bool named; /* the device is known */
	uint32_t device;
	uint64_t next[BASE_DIRECTIONS]; /* offset after the last piece */
};

/* Where in the stream is it? false: nowhere behind the one before. */
static bool place(struct file *f, int direction, struct base_span bytes,
		  uint64_t *offset)
{
	uint32_t device;

	*offset = f->next[direction];
	if (f->named && crowd_message_is(bytes, f->device, f->message, *offset))
		return true;
	if (!crowd_message_find(bytes, f->message, &device, offset))
		return false;
	if (!f->named)
		f->device = device;
	f->named = true;
	return device == f->device && *offset >= f->next[direction] &&
	       crowd_message_is(bytes, device, f->message, *offset);
}

static void is_bad(struct file *f, const char *why)
{
	if (!f->bad)
		(void)fprintf(stderr,
			      "%s: behind %" PRIu64 " and %" PRIu64
			      " bytes: %s\n",
			      f->name, f->next[BASE_CLIENT],
			      f->next[BASE_SERVER], why);
	f->bad = true;
}

/* Return: the offset that its content says. */
static uint64_t check(struct file *f, enum base_direction d,
		      struct base_span bytes)
{
	uint64_t offset = 0;

	if (f->bad)
		return 0;
	if (!place(f, (int)d, bytes, &offset)) {
		is_bad(f, "not what was sent");
		return 0;
	}
	f->totals->gap[d] += offset - f->next[d];
	f->totals->bytes[d] += bytes.len;
	f->next[d] = offset + bytes.len;
	return offset;
}

static void text_chunk(void *arg, const struct capture_read_chunk *c)
{
	(void)check(arg, c->direction, c->bytes);
}

static void packet_chunk(void *arg, struct packet_flow *flow,
			 const struct packet_chunk *c)
{
	(void)flow;
	if (check(arg, c->direction, c->bytes) != c->offset)
		is_bad(arg, "not where its sequence numbers say");
}

/* What reads one capture. */
struct reader {
	struct capture_read *text;
	struct packet_streams *packets;
};

static void read_text(struct file *f, const struct reader *r, int fd)
{
	uint8_t buf[4096];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		if (!capture_read_feed(r->text,
				       (struct base_span){ buf, (size_t)n }))
			break;
	}
	if (n < 0 || !capture_read_end(r->text))
		is_bad(f, "no text capture");
}

static void read_packets(struct file *f, const struct reader *r, int fd)
{
	char error[PACKET_FILE_ERROR_LEN] = "cannot be opened";
	struct packet_file_counts counts = { .cut = 0 };
	FILE *file = fdopen(fcntl(fd, F_DUPFD_CLOEXEC, 0), "r");

	if (!file || packet_file_read(file, r->packets, &counts, error))
		is_bad(f, error);
	if (counts.packets[PACKET_OTHER] || counts.packets[PACKET_FRAGMENT] ||
	    counts.packets[PACKET_MALFORMED] || counts.cut)
		is_bad(f, "packets that are none of ours");
}

static void check_part(struct file *f, const struct reader *r, int dir,
		       const struct capture_name *name)
{
	WS_CLEAN(base_fd_close)
	int fd = openat(dir, f->name, O_RDONLY | O_CLOEXEC);

	f->totals->files++;
	if (fd < 0)
		is_bad(f, strerrordesc_np(errno));
	else if (name->format == CAPTURE_PCAP)
		read_packets(f, r, fd);
	else
		read_text(f, r, fd);
}

static bool new_reader(struct reader *r, struct file *f)
{
	static const struct packet_streams_ops ops = { .chunk = packet_chunk };
	const struct packet_streams_setup setup = { .ops = &ops, .arg = f };

	r->text = capture_read_new(text_chunk, f);
	r->packets = packet_streams_new(&setup);
	return r->text && r->packets;
}

static void free_reader(struct reader *r)
{
	if (r->packets)
		packet_streams_end(r->packets);
	packet_streams_free(r->packets);
	capture_read_free(r->text);
}

/* entries[*i] and what follows it of the same connection: in the order of
 * names the parts stand one behind the other. */
static bool check_capture(struct totals *t, size_t message, int dir,
			  struct dirent **entries, int n, int *i)
{
	struct file f = { .totals = t, .message = message };
	struct capture_name name, next;
	struct reader r;

	if (!new_reader(&r, &f) ||
	    !capture_id_parse_name(entries[*i]->d_name, &name))
		return false;
	next = name;
	do {
		f.name = entries[*i]->d_name;
		check_part(&f, &r, dir, &next);
		++*i;
	} while (*i < n && capture_id_parse_name(entries[*i]->d_name, &next) &&
		 !strcmp(name.id, next.id) && name.format == next.format &&
		 base_addr_equal(&name.client, &next.client));
	free_reader(&r);
	return !f.bad;
}

static int is_capture(const struct dirent *e)
{
	struct capture_name name;

	return capture_id_parse_name(e->d_name, &name);
}

int main(int argc, char **argv)
{
	const size_t message = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	const int dir = argc == 3 ? open(argv[2], O_DIRECTORY | O_CLOEXEC) : -1;
	struct dirent **entries;
	struct totals t = { 0 };
	bool ok = true;
	int n;

	if (dir < 0 || message < CROWD_MESSAGE_MIN ||
	    message > CROWD_MESSAGE_MAX) {
		(void)fprintf(stderr, "usage: %s MESSAGE-LENGTH DIRECTORY\n",
			      argv[0]);
		return 2;
	}
	n = scandir(argv[2], &entries, is_capture, alphasort);
	for (int i = 0; i < n;)
		ok = check_capture(&t, message, dir, entries, n, &i) && ok;
	for (int i = 0; i < n; i++)
		free(entries[i]);
	if (n >= 0)
		free(entries);
	printf("peer=captures files=%" PRIu64 " client_bytes=%" PRIu64
	       " server_bytes=%" PRIu64 " client_gap=%" PRIu64
	       " server_gap=%" PRIu64 "\n",
	       t.files, t.bytes[0], t.bytes[1], t.gap[0], t.gap[1]);
	return ok ? 0 : 1;
}
