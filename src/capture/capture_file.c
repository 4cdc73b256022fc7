/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_file.c - one capture for each connection */
#include "capture_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "base_fd.h"
#include "base_hash.h"
#include "base_time.h"
#include "capture_write.h"

#define ARENA_LEN  (1U << 20)
#define CHUNKS_MAX 8192U
#define NONE       CAPTURE_SLOT_NONE
#define NAMES      16384U /* buckets */
/* Pieces of one writev(). */
#define PARTS_MAX 64
/* Stamp, TAB, "client" or "server", TAB; and the NUL that snprintf adds. */
#define HEAD_LEN (BASE_TIME_STAMP_LEN - 1 + 1 + 6 + 1)

static_assert(HEAD_LEN + CAPTURE_RECORD_MAX + 1 <= ARENA_LEN,
	      "any record finds room in an empty arena");

static void unlink_slot(struct capture_files *s, uint32_t i)
{
	const struct capture_slot *slot = &s->slots[i];

	s->slots[slot->older].newer = slot->newer;
	s->slots[slot->newer].older = slot->older;
}

/* Puts slot i between `older` and what was newer than that. */
static void link_slot(struct capture_files *s, uint32_t i, uint32_t older)
{
	const uint32_t newer = s->slots[older].newer;

	s->slots[i].older = older;
	s->slots[i].newer = newer;
	s->slots[older].newer = i;
	s->slots[newer].older = i;
}

static void touch_slot(struct capture_files *s, uint32_t i)
{
	unlink_slot(s, i);
	link_slot(s, i, s->slots[s->max_open].older);
}

static void free_slot(struct capture_files *s, uint32_t i)
{
	struct capture_slot *slot = &s->slots[i];

	if (slot->file)
		slot->file->slot = CAPTURE_SLOT_NONE;
	slot->file = NULL;
	base_fd_close(&slot->fd);
	unlink_slot(s, i);
	link_slot(s, i, s->max_open);
}

int capture_files_init(struct capture_files *s, int dir, uint32_t max_open,
		       const struct capture_files_ops *ops, void *arg)
{
	assert(max_open > 0);
	*s = (struct capture_files){
		.dir = dir,
		.max_open = max_open,
		.ops = ops,
		.arg = arg,
		.searches = CAPTURE_SEARCHES,
	};
	s->end = &s->first;
	s->slots = calloc((size_t)max_open + 1, sizeof(*s->slots));
	s->arena = malloc(ARENA_LEN);
	s->chunks = malloc(CHUNKS_MAX * sizeof(*s->chunks));
	s->names = calloc(NAMES, sizeof(struct capture_file *));
	s->pcap = capture_pcap_new();
	if (!s->slots || !s->arena || !s->chunks || !s->names ||
	    (!s->pcap && capture_pcap_built())) {
		capture_pcap_free(s->pcap);
		free(s->slots);
		free(s->arena);
		free(s->chunks);
		free(s->names);
		*s = (struct capture_files){ .dir = dir };
		return -ENOMEM;
	}
	s->slots[max_open].older = max_open;
	s->slots[max_open].newer = max_open;
	for (uint32_t i = 0; i < max_open; i++) {
		s->slots[i].fd = -1;
		link_slot(s, i, max_open);
	}
	return 0;
}

static void close_all(struct capture_files *s)
{
	for (uint32_t i = 0; i < s->max_open; i++)
		free_slot(s, i);
}

void capture_files_done(struct capture_files *s)
{
	if (!s->slots)
		return;
	capture_files_flush(s);
	close_all(s);
	capture_pcap_free(s->pcap);
	free(s->slots);
	free(s->arena);
	free(s->chunks);
	free(s->names);
	*s = (struct capture_files){ .dir = s->dir };
}

void capture_files_set_dir(struct capture_files *s, int dir)
{
	close_all(s);
	s->dir = dir;
}

/* Gives the file the slot that was used least recently. */
static int open_slot(struct capture_files *s, struct capture_file *f,
		     const char *name)
{
	const uint32_t i = s->slots[s->max_open].newer;
	int fd;

	if (s->slots[i].file)
		free_slot(s, i);
	fd = capture_write_open(s->dir, name, O_NOFOLLOW);
	if (fd < 0)
		return fd;
	s->slots[i].fd = fd;
	s->slots[i].file = f;
	f->slot = i;
	return 0;
}

static const char *name_of(const struct capture_file *f,
			   char buf[static CAPTURE_NAME_LEN])
{
	return capture_id_file_name(&f->id, &f->client, f->format, f->part,
				    buf);
}

/* Return: 0, and the file is open and as its mark says, or -errno; *news: the
 * owner has to keep the mark. */
static int settle(struct capture_files *s, struct capture_file *f, bool *news)
{
	char name[CAPTURE_NAME_LEN];
	int r = 0;

	(void)name_of(f, name);
	if (f->slot != NONE && !capture_write_has_name(s->slots[f->slot].fd))
		free_slot(s, f->slot);
	if (f->slot == NONE)
		r = open_slot(s, f, name);
	if (r)
		return r;
	touch_slot(s, f->slot);
	r = capture_write_settle(s->slots[f->slot].fd, s->dir, name, &f->mark,
				 &f->unsure);
	if (r <= 0)
		return r;
	s->ops->moved(s->arg, f);
	*news = true;
	return 0;
}

/* The next parts of a chain; records that lie side by side are one part.
 * Return: their number; *i becomes the first chunk that is left. */
static int gather_parts(const struct capture_files *s, uint32_t *i,
			struct iovec parts[PARTS_MAX])
{
	uint32_t end = 0;
	int n = 0;

	for (; *i != NONE; *i = s->chunks[*i].next) {
		const struct capture_chunk *c = &s->chunks[*i];

		if (n && c->at == end) {
			parts[n - 1].iov_len += c->len;
		} else {
			if (n == PARTS_MAX)
				return n;
			parts[n++] = (struct iovec){ s->arena + c->at, c->len };
		}
		end = c->at + c->len;
	}
	return n;
}

/* Does it begin with a header that is not there yet? */
static bool wants_header(const struct capture_file *f)
{
	return f->format == CAPTURE_PCAP && !f->mark.len;
}

/* Return: 0 or -errno; *len grows by the bytes that got there. */
static int append_parts(const struct capture_files *s,
			const struct capture_file *f, uint64_t *len)
{
	const int fd = s->slots[f->slot].fd;
	struct iovec parts[PARTS_MAX];
	uint32_t i = f->first;
	size_t written;
	int r = 0;

	if (wants_header(f)) {
		parts[0] = capture_write_part(capture_pcap_header(s->pcap));
		r = capture_write_all(fd, parts, 1, BASE_DIE_CAPTURE_HALF,
				      &written);
		*len += written;
	}
	while (!r && i != NONE) {
		const int n = gather_parts(s, &i, parts);

		r = capture_write_all(fd, parts, n, BASE_DIE_CAPTURE_HALF,
				      &written);
		*len += written;
	}
	return r;
}

/* All of the file's records or none. Return: 0 or -errno. */
static int append(struct capture_files *s, struct capture_file *f)
{
	uint64_t len = 0;
	const int r = append_parts(s, f, &len);

	if (r) {
		f->unsure =
			capture_write_undo(s->slots[f->slot].fd, &f->mark) != 0;
		/* a file that is opened anew may be a better one */
		free_slot(s, f->slot);
		return r;
	}
	f->mark.len += f->mark.ino ? len : 0;
	if (len)
		base_die_at(BASE_DIE_CAPTURE_WRITTEN);
	return 0;
}

static void tell_lost(struct capture_files *s, struct capture_file *f, int err)
{
	uint64_t bytes[BASE_DIRECTIONS] = { 0 };

	for (uint32_t i = f->first; i != NONE; i = s->chunks[i].next)
		bytes[s->chunks[i].direction] += s->chunks[i].payload;
	if (f->first != NONE)
		s->ops->lost(s->arg, f, err, bytes);
	f->first = NONE;
}

/* Settles and then writes up to max_open files. */
static void flush_group(struct capture_files *s)
{
	struct capture_file *f, *end = s->first;
	bool news = false;

	for (uint32_t n = 0; end && n < s->max_open; n++, end = end->next) {
		const int r = settle(s, end, &news);

		if (r)
			tell_lost(s, end, -r);
		end->settled = !r;
	}
	if (news)
		s->ops->keep(s->arg);
	for (f = s->first; f != end; f = f->next) {
		const bool some = f->first != NONE || wants_header(f);
		const int r = f->settled && some ? append(s, f) : 0;

		if (r)
			tell_lost(s, f, -r);
		f->first = f->last = NONE;
		f->pending = 0;
		f->gathered = false;
	}
	s->first = end;
}

void capture_files_flush(struct capture_files *s)
{
	while (s->first)
		flush_group(s);
	s->end = &s->first;
	s->used = 0;
	s->n_chunks = 0;
}

static void to_be_written(struct capture_files *s, struct capture_file *f)
{
	if (f->gathered)
		return;
	f->gathered = true;
	f->next = NULL;
	*s->end = f;
	s->end = &f->next;
}

/* All parts of a connection are known by the first one's name. */
static const char *first_name(const struct capture_file *f,
			      char buf[static CAPTURE_NAME_LEN])
{
	return capture_id_file_name(&f->id, &f->client, f->format, 1, buf);
}

/* The link to the file of that name that is in use, or to NULL. */
static struct capture_file **find_name(const struct capture_files *s,
				       const char *name)
{
	const uint64_t hash = base_hash(BASE_HASH_NONE, name, strlen(name));
	char other[CAPTURE_NAME_LEN];
	struct capture_file **at;

	for (at = &s->names[hash % NAMES]; *at; at = &(*at)->next_name) {
		if (!strcmp(first_name(*at, other), name))
			break;
	}
	return at;
}

bool capture_file_begin(struct capture_files *s, struct capture_file *f,
			const struct capture_mark *mark)
{
	char name[CAPTURE_NAME_LEN];
	struct capture_file **at = find_name(s, first_name(f, name));

	if (*at)
		return false;
	*f = (struct capture_file){ .id = f->id,
				    .client = f->client,
				    .server = f->server,
				    .format = f->format,
				    .datagrams = f->datagrams,
				    .part = f->part ? f->part : 1,
				    .began_ns = f->began_ns,
				    .slot = NONE,
				    .first = NONE,
				    .last = NONE };
	*at = f;
	if (mark) {
		f->mark = *mark;
		f->unsure = true;
	} else {
		to_be_written(s, f);
	}
	return true;
}

/* Room for a record in the arena. */
static char *reserve(struct capture_files *s, size_t len)
{
	if (len > ARENA_LEN - s->used || s->n_chunks == CHUNKS_MAX)
		capture_files_flush(s);
	return s->arena + s->used;
}

/* Bytes of what is there and what is to come. */
static uint64_t length(const struct capture_file *f)
{
	return f->mark.len + f->pending;
}

/* Takes the record that was made in what reserve() gave; none, if it is empty.
 */
static void gather(struct capture_files *s, struct capture_file *f,
		   const struct capture_chunk *chunk, uint64_t wall_ns)
{
	if (!chunk->len)
		return;
	/* a clock that was set back must not make a part endless */
	if (!length(f) || wall_ns < f->began_ns)
		f->began_ns = wall_ns;
	s->chunks[s->n_chunks] = *chunk;
	s->chunks[s->n_chunks].at = s->used;
	s->chunks[s->n_chunks].next = NONE;
	*(f->first == NONE ? &f->first : &s->chunks[f->last].next) =
		s->n_chunks;
	f->last = s->n_chunks++;
	f->pending += chunk->len;
	s->used += chunk->len;
	to_be_written(s, f);
}

static size_t room_of(const struct capture_file *f, size_t len)
{
	return f->format == CAPTURE_PCAP ? capture_pcap_room(len)
					 : HEAD_LEN + len + 1;
}

static size_t put_text(const struct capture_piece *piece, char *at)
{
	char stamp[BASE_TIME_STAMP_LEN];
	struct base_span bytes = piece->bytes;

	(void)snprintf(at, HEAD_LEN + 1, "%s\t%s\t",
		       base_time_stamp(piece->wall_ns, stamp),
		       base_direction_name(piece->direction));
	memcpy(at + HEAD_LEN, bytes.ptr, bytes.len);
	at[HEAD_LEN + bytes.len] = '\n';
	return HEAD_LEN + bytes.len + 1;
}

void capture_file_record(struct capture_files *s, struct capture_file *f,
			 const struct capture_piece *piece)
{
	struct capture_chunk chunk = {
		.payload = (uint32_t)piece->bytes.len,
		.direction = piece->direction,
	};
	char *at;

	assert(piece->bytes.len <= CAPTURE_RECORD_MAX);
	at = reserve(s, room_of(f, piece->bytes.len));
	if (f->format == CAPTURE_PCAP)
		chunk.len = (uint32_t)capture_pcap_piece(s->pcap, f, piece, at);
	else
		chunk.len = (uint32_t)put_text(piece, at);
	gather(s, f, &chunk, piece->wall_ns);
}

void capture_file_opened(struct capture_files *s, struct capture_file *f,
			 uint64_t wall_ns)
{
	struct capture_chunk chunk = { .direction = BASE_CLIENT };
	char *at;

	if (f->format != CAPTURE_PCAP)
		return;
	at = reserve(s, capture_pcap_room(0));
	chunk.len = (uint32_t)capture_pcap_opened(s->pcap, f, wall_ns, at);
	gather(s, f, &chunk, wall_ns);
}

void capture_file_ended(struct capture_files *s, struct capture_file *f,
			const struct capture_end *end)
{
	struct capture_chunk chunk = { .direction = BASE_CLIENT };
	char *at;

	if (f->format != CAPTURE_PCAP)
		return;
	at = reserve(s, capture_pcap_room(0));
	chunk.len = (uint32_t)capture_pcap_ended(s->pcap, f, end, at);
	gather(s, f, &chunk, end->wall_ns);
}

bool capture_file_is_full(const struct capture_file *f,
			  const struct capture_piece *piece,
			  const struct capture_limits *limits)
{
	if (!length(f) || f->part >= CAPTURE_PARTS_MAX)
		return false;
	if (limits->time_ns && piece->wall_ns > f->began_ns &&
	    piece->wall_ns - f->began_ns >= limits->time_ns)
		return true;
	return limits->size &&
	       length(f) + room_of(f, piece->bytes.len) > limits->size;
}

void capture_file_next_part(struct capture_files *s, struct capture_file *f)
{
	assert(!f->gathered);
	capture_file_check(s, f);
	if (f->slot != NONE)
		free_slot(s, f->slot);
	f->mark = (struct capture_mark){ .ino = 0 };
	f->unsure = false;
	f->part++;
}

void capture_file_check(struct capture_files *s, struct capture_file *f)
{
	struct capture_mark mark = f->mark;
	char name[CAPTURE_NAME_LEN];
	WS_CLEAN(base_fd_close) int fd = -1;

	if (!f->unsure || f->gathered || !mark.ino)
		return;
	(void)name_of(f, name);
	fd = openat(s->dir, name,
		    O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
			    O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT && s->searches) {
		s->searches--;
		capture_write_cut_moved(s->dir, name, &mark);
		f->unsure = false;
	}
	/* what is new about it is kept with its next record */
	if (fd >= 0 &&
	    capture_write_settle(fd, s->dir, name, &mark, &f->unsure) < 0)
		return;
}

void capture_file_close(struct capture_files *s, struct capture_file *f)
{
	char name[CAPTURE_NAME_LEN];
	struct capture_file **at = find_name(s, first_name(f, name));

	assert(!f->gathered);
	if (*at == f)
		*at = f->next_name;
	if (f->slot != NONE)
		free_slot(s, f->slot);
}
