/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capture_check.c - are captures what a crowd sent and got?
 *
 * capture_check MESSAGE-LENGTH DIRECTORY
 * Reads all text captures (*.log) there. Each record must be a piece of the
 * stream of one device (crowd_message.h), the same in the whole file, and lie
 * behind the record before it in its direction. Reports peer=captures files=N
 * client_bytes=N server_bytes=N client_gap=N server_gap=N gap: bytes that are
 * missing before or between records. Status 1: what is there is not as it must
 * be; the first such place is said.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_fd.h"
#include "crowd_message.h"

#define STAMP_LEN 19 /* YYYY-MM-DD HH:MM:SS */

static const char *const directions[] = { "client", "server" };
#define N_DIRECTIONS 2

struct totals {
	uint64_t files;
	uint64_t bytes[N_DIRECTIONS];
	uint64_t gap[N_DIRECTIONS];
};

/* One file while it is read. */
struct file {
	size_t message;
	bool named; /* the device is known */
	uint32_t device;
	uint64_t next[N_DIRECTIONS]; /* offset after the last record */
};

/* Return: the direction, or -1: no record. */
static int record(struct base_rd *r, struct base_span *bytes)
{
	struct base_span word;

	(void)base_rd_take(r, STAMP_LEN);
	base_rd_expect(r, '\t');
	word = base_rd_until(r, '\t');
	*bytes = base_rd_until(r, '\n');
	for (int d = 0; d < N_DIRECTIONS && base_rd_ok(r); d++) {
		if (word.len == strlen(directions[d]) &&
		    !memcmp(word.ptr, directions[d], word.len))
			return d;
	}
	return -1;
}

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

static bool check(struct totals *t, size_t message, const char *name,
		  struct base_span text)
{
	struct file f = { .message = message };
	struct base_rd r;

	base_rd_init(&r, text.ptr, text.len);
	while (base_rd_left(&r)) {
		const uint8_t *at = r.pos;
		struct base_span bytes;
		const int d = record(&r, &bytes);
		uint64_t offset = 0;

		if (d < 0 || !place(&f, d, bytes, &offset)) {
			(void)fprintf(stderr, "%s: at byte %td: %s\n", name,
				      at - text.ptr,
				      d < 0 ? "no record"
					    : "not what was sent");
			return false;
		}
		t->gap[d] += offset - f.next[d];
		t->bytes[d] += bytes.len;
		f.next[d] = offset + bytes.len;
	}
	t->files++;
	return true;
}

static bool check_file(struct totals *t, size_t message, int dir,
		       const char *name)
{
	WS_CLEAN(base_fd_close)
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	struct stat st = { .st_size = 0 };
	char *text = NULL;
	size_t len = 0;
	bool ok;
	int r = fd < 0 || fstat(fd, &st) ? -errno : 0;

	if (!r)
		r = base_fd_read_all(fd, (size_t)st.st_size, &text, &len);
	if (r) {
		(void)fprintf(stderr, "%s: %s\n", name, strerrordesc_np(-r));
		return false;
	}
	ok = check(t, message, name,
		   (struct base_span){ (const uint8_t *)text, len });
	free(text);
	return ok;
}

int main(int argc, char **argv)
{
	const size_t message = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	DIR *dir = argc == 3 ? opendir(argv[2]) : NULL;
	struct totals t = { 0 };
	const struct dirent *e;
	bool ok = true;

	if (!dir || message < CROWD_MESSAGE_MIN ||
	    message > CROWD_MESSAGE_MAX) {
		(void)fprintf(stderr, "usage: %s MESSAGE-LENGTH DIRECTORY\n",
			      argv[0]);
		return 2;
	}
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): the program has one thread */
	while ((e = readdir(dir))) {
		if (!fnmatch("*.log", e->d_name, 0) &&
		    strcmp(e->d_name, "errors.log") != 0)
			ok = check_file(&t, message, dirfd(dir), e->d_name) &&
			     ok;
	}
	(void)closedir(dir);
	printf("peer=captures files=%" PRIu64 " client_bytes=%" PRIu64
	       " server_bytes=%" PRIu64 " client_gap=%" PRIu64
	       " server_gap=%" PRIu64 "\n",
	       t.files, t.bytes[0], t.bytes[1], t.gap[0], t.gap[1]);
	return ok ? 0 : 1;
}
