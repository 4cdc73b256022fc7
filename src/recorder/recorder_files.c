/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder_files.c - the files, when they fail, and the end of a batch */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_log.h"
#include "base_time.h"
#include "capture_error.h"
#include "recorder_internal.h"

/* errors.log comes after the event files. */
#define ERRORS (RECORDER_FILES_MAX - 1)

bool recorder_may_tell(uint64_t *told_ms)
{
	const uint64_t now = base_time_mono_ms();

	if (*told_ms && now - *told_ms < RECORDER_TELL_MS)
		return false;
	*told_ms = now;
	return true;
}

/* The marks of all files, into what is to be committed; those that are written
 * to in this batch only when `all`. */
static void put_marks(const struct recorder *r, struct recorder_globals *g,
		      bool all)
{
	for (int i = 0; i < r->events.n_files; i++) {
		if (all || !r->events.files[i].begun)
			g->files[i] = r->events.files[i].mark;
	}
	if (all || !r->errors.files[0].begun)
		g->files[ERRORS] = r->errors.files[0].mark;
}

/* A commit of nothing but marks: where the next bytes go. */
static void keep_marks(void *arg)
{
	const struct recorder *r = arg;
	struct recorder_globals g = *recorder_commit_globals(r->setup->commit);

	put_marks(r, &g, false);
	recorder_commit_prepare(r->setup->commit, &g, false);
	recorder_commit_force(r->setup->commit);
}

static void capture_moved(void *arg, struct capture_file *file)
{
	const struct recorder *r = arg;
	const struct recorder_flow *f =
		WS_CONTAINER(file, struct recorder_flow, file);
	struct recorder_record rec;

	if (!recorder_commit_get(r->setup->commit, f->ring->index, f->slot,
				 &rec) ||
	    rec.serial != f->serial)
		rec = (struct recorder_record){ .serial = f->serial };
	rec.capture = file->mark;
	rec.part = file->part;
	recorder_commit_put(r->setup->commit, f->ring->index, f->slot, &rec);
}

static void capture_lost(void *arg, struct capture_file *file, int err,
			 const uint64_t bytes[BASE_DIRECTIONS])
{
	struct recorder *r = arg;
	const uint64_t n = bytes[BASE_CLIENT] + bytes[BASE_SERVER];

	(void)file;
	stat_add(&r->stat, STAT_CAPTURE_LOST_BYTES, n);
	/* they were counted when they were handed over */
	stat_add(&r->stat, STAT_CAPTURE_BYTES, 0 - n);
	if (recorder_may_tell(&r->told_capture))
		base_err("captures cannot be written: %s; lost bytes are "
			 "counted log_dir=%s",
			 strerrordesc_np(r->log_dir_err ? r->log_dir_err : err),
			 r->conf->log_dir);
}

static const struct capture_files_ops capture_ops = {
	.lost = capture_lost,
	.moved = capture_moved,
	.keep = keep_marks,
};

static void events_lost(void *arg, const char *path, int err, uint64_t n)
{
	struct recorder *r = arg;

	stat_add(&r->stat, STAT_EVENTS_LOST, n);
	if (recorder_may_tell(&r->told_event))
		base_err("events cannot be written: %s; lost ones are counted "
			 "file=%s",
			 strerrordesc_np(err), path);
}

const struct capture_lines_ops recorder_files_event_ops = {
	.lost = events_lost,
	.keep = keep_marks,
};

static void errors_lost(void *arg, const char *path, int err, uint64_t n)
{
	struct recorder *r = arg;

	(void)n;
	if (recorder_may_tell(&r->told_error))
		base_err("%s cannot be written: %s log_dir=%s", path,
			 strerrordesc_np(r->log_dir_err ? r->log_dir_err : err),
			 r->conf->log_dir);
}

static const struct capture_lines_ops error_ops = {
	.lost = errors_lost,
	.keep = keep_marks,
};

/* What a predecessor left of the file, or NULL. */
static const struct capture_mark *left_of(const struct recorder *r, int i)
{
	if (recorder_is_first(r))
		return NULL;
	return &recorder_commit_globals(r->setup->commit)->files[i];
}

static int open_log_dir(struct recorder *r)
{
	r->log_dir = open(r->conf->log_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r->log_dir_err = r->log_dir < 0 ? errno : 0;
	if (r->log_dir >= 0 && faccessat(r->log_dir, ".", W_OK, AT_EACCESS) &&
	    recorder_is_first(r)) {
		r->log_dir_err = errno;
		base_fd_close(&r->log_dir);
	}
	if (r->log_dir_err)
		base_err("log_dir %s: %s", r->conf->log_dir,
			 strerrordesc_np(r->log_dir_err));
	return r->log_dir_err && recorder_is_first(r) ? -r->log_dir_err : 0;
}

/* After a reload that it did not live to see, files can stand elsewhere in the
 * list than their marks: a file is known by what it is. */
static const struct capture_mark *mark_of_file(const struct recorder *r, int i)
{
	const struct capture_mark *marks = left_of(r, 0);
	struct stat st;

	if (!marks || stat(r->conf->events[i], &st))
		return left_of(r, i);
	for (int j = 0; j < ERRORS; j++) {
		if (marks[j].dev == st.st_dev && marks[j].ino == st.st_ino)
			return &marks[j];
	}
	return &marks[i];
}

static int open_event_files(struct recorder *r)
{
	capture_lines_init(&r->events, &recorder_files_event_ops, r);
	for (uint32_t i = 0; i < r->conf->n_events; i++) {
		struct capture_lines_file *f = capture_lines_add_file(
			&r->events, r->conf->events_format[i], AT_FDCWD,
			r->conf->events[i], mark_of_file(r, (int)i));
		const int err = f ? capture_lines_settle(f) : -EMFILE;

		if (err >= 0)
			continue;
		base_err("event file %s: %s", r->conf->events[i],
			 strerrordesc_np(-err));
		if (recorder_is_first(r))
			return err;
	}
	return 0;
}

/* It is there only when there was an error. */
static void open_errors(struct recorder *r)
{
	const struct capture_mark *mark = left_of(r, ERRORS);
	struct capture_lines_file *f;

	capture_lines_init(&r->errors, &error_ops, r);
	f = capture_lines_add_file(&r->errors, 0, r->log_dir,
				   CAPTURE_ERROR_FILE, mark);
	f->flags = O_NOFOLLOW;
	/* what fails now is told when there is a line to write */
	if (mark && mark->ino && capture_lines_settle(f) < 0)
		return;
}

int recorder_files_open(struct recorder *r)
{
	int err = open_log_dir(r);

	if (err)
		return err;
	r->looked_ms = base_time_mono_ms();
	err = capture_files_init(&r->captures, r->log_dir, RECORDER_OPEN_MAX,
				 &capture_ops, r);
	if (err)
		return err;
	err = open_event_files(r);
	if (err)
		return err;
	open_errors(r);
	keep_marks(r);
	return 0;
}

void recorder_files_close(struct recorder *r)
{
	capture_files_done(&r->captures);
	capture_lines_done(&r->events);
	capture_lines_done(&r->errors);
	base_fd_close(&r->log_dir);
}

/* Somebody may have moved the log directory away and made it anew: what is
 * written to the old one would be found by nobody. */
static void follow_log_dir(struct recorder *r)
{
	const uint64_t now = base_time_mono_ms();
	struct stat a, b;
	int dir;

	if ((!r->captures.first && !capture_lines_any(&r->errors)) ||
	    now - r->looked_ms < RECORDER_LOOK_MS)
		return;
	r->looked_ms = now;
	if (stat(r->conf->log_dir, &a))
		return;
	if (r->log_dir >= 0 && fstat(r->log_dir, &b) == 0 &&
	    a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return;
	dir = open(r->conf->log_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return;
	base_notice("log_dir is another directory now: going on there "
		    "log_dir=%s",
		    r->conf->log_dir);
	base_fd_close(&r->log_dir);
	r->log_dir = dir;
	r->log_dir_err = 0;
	capture_files_set_dir(&r->captures, dir);
	r->errors.files[0].dir = dir;
}

static void write_all(struct recorder *r)
{
	follow_log_dir(r);
	capture_files_flush(&r->captures);
	capture_lines_flush(&r->events);
	capture_lines_flush(&r->errors);
	base_die_at(BASE_DIE_RECORDER_FLUSHED);
}

/* What track counted since the last time. */
static void take_counts(struct recorder *r)
{
	const struct track_counts *now = &r->counts, *old = &r->counted;

	stat_add(&r->stat, STAT_EVENTS, now->messages - old->messages);
	stat_add(&r->stat, STAT_LENGTH_WRONG,
		 now->wrong_lengths - old->wrong_lengths);
	stat_add(&r->stat, STAT_CHECKSUM_WRONG,
		 now->wrong_checksums - old->wrong_checksums);
	stat_add(&r->stat, STAT_POSITIONS, now->positions - old->positions);
	stat_add(&r->stat, STAT_UNKNOWN_MESSAGES, now->unknown - old->unknown);
	stat_add(&r->stat, STAT_RAW, now->raw - old->raw);
	stat_add(&r->stat, STAT_SKIPPED_BYTES, now->skipped - old->skipped);
	stat_add(&r->stat, STAT_NO_MEMORY, now->no_memory - old->no_memory);
	r->counted = r->counts;
}

static void put(struct recorder *r, struct recorder_globals *g)
{
	struct recorder_commit *c = r->setup->commit;
	struct recorder_record rec;

	for (const struct recorder_flow *f = r->changed; f;
	     f = f->next_changed) {
		recorder_flow_record(f, &rec);
		recorder_commit_put(c, f->ring->index, f->slot, &rec);
	}
	for (unsigned i = 0; i < r->setup->n_workers; i++) {
		const struct recorder_ring *ring = &r->rings[i];

		g->pos[i] = ring->done > ring->replay_to ? ring->done
							 : ring->replay_to;
	}
	for (int i = 0; i < STAT_MAX; i++)
		g->stat[i] = stat_get(&r->stat, i);
	put_marks(r, g, true);
	recorder_store_put(r, g);
}

static void take_back(struct recorder *r)
{
	struct recorder_commit *c = r->setup->commit;

	for (const struct recorder_flow *f = r->changed; f; f = f->next_changed)
		recorder_commit_take_back(c, f->ring->index, f->slot);
	recorder_commit_failed(c);
}

/* Return: false, the store has not taken what waits, and nothing is changed. */
static bool commit(struct recorder *r)
{
	struct recorder_commit *c = r->setup->commit;
	const struct store_waiting rows = recorder_store_waiting(r);
	struct recorder_globals g = *recorder_commit_globals(c);

	stat_add(&r->stat, STAT_STORED, rows.events);
	put(r, &g);
	recorder_commit_prepare(c, &g, rows.rows);
	if (rows.rows && !recorder_store_commit(r)) {
		stat_add(&r->stat, STAT_STORED, 0 - (uint64_t)rows.events);
		take_back(r);
		return false;
	}
	recorder_commit_force(c);
	if (rows.rows)
		recorder_store_committed(r);
	return true;
}

static bool try_commit(struct recorder *r)
{
	if (!recorder_store_may_try(r))
		return false;
	write_all(r);
	take_counts(r);
	while (!commit(r)) {
		if (!recorder_store_give_up(r))
			return false;
	}
	return true;
}

bool recorder_files_commit(struct recorder *r)
{
	while (r->dirty && !try_commit(r)) {
		if (!r->store.hurried)
			return false;
		(void)poll(NULL, 0, RECORDER_TICK_MS);
	}
	r->commit_soon = false;
	if (!r->dirty)
		return true;
	r->dirty = false;
	capture_lines_committed(&r->events);
	capture_lines_committed(&r->errors);
	recorder_flow_committed(r);
	recorder_files_publish(r);
	for (unsigned i = 0; i < r->setup->n_workers; i++) {
		struct recorder_ring *ring = &r->rings[i];

		ring_reader_release_to(&ring->reader,
				       recorder_partial_floor(ring));
	}
	base_die_at(BASE_DIE_RECORDER_RELEASED);
	return true;
}

void recorder_files_commit_due(struct recorder *r)
{
	const uint64_t due = recorder_store_due(r);

	if (r->commit_soon || due == UINT64_MAX || due <= base_time_mono_ms())
		(void)recorder_files_commit(r); /* else it comes again */
}

void recorder_files_show(const struct recorder *r, enum stat_id id)
{
	struct stat_block *page = &r->rings[0].reader.map.cursor->stat;

	atomic_store_explicit(&page->v[id], stat_get(&r->stat, id),
			      memory_order_relaxed);
}

void recorder_files_publish(const struct recorder *r)
{
	for (int i = 0; i < STAT_MAX; i++)
		recorder_files_show(r, (enum stat_id)i);
}

/* What ended a connection badly, in tcpproxy's words where it has them. */
static const char *const messages[RING_CLOSE_MAX] = {
	[RING_CLOSE_CLIENT_RESET] = "Broken connection (client side)",
	[RING_CLOSE_SERVER_RESET] = "Broken connection (server side)",
	[RING_CLOSE_CONNECT_TIMEOUT] = "connect()",
	[RING_CLOSE_WORKER_DIED] = "Worker died",
	[RING_CLOSE_LIMIT] = "Held by a limit for too long",
};

/* ... RING_CLOSE_CONNECT_FAILED: the call that failed. */
static const char *const calls[BASE_CALL_MAX] = {
	[BASE_CALL_CONNECT] = "connect()",
	[BASE_CALL_SOCKET] = "socket()",
	[BASE_CALL_SETSOCKOPT] = "setsockopt()",
	[BASE_CALL_BIND] = "bind()",
	[BASE_CALL_GETSOCKNAME] = "getsockname()",
	[BASE_CALL_SEND] = "send()",
	[BASE_CALL_EPOLL_CTL] = "epoll_ctl()",
};

/* NULL: that was no bad end. */
static const char *message_of(const struct ring_entry *close)
{
	return close->reason == RING_CLOSE_CONNECT_FAILED
		       ? calls[close->call]
		       : messages[close->reason];
}

void recorder_files_error(struct recorder *r, const struct recorder_flow *f,
			  const struct ring_entry *close)
{
	const char *message = message_of(close);
	char context[CAPTURE_CONTEXT_LEN];

	if (!message)
		return;
	capture_error_connection(&f->file.id, &f->file.client, &f->server,
				 context);
	capture_error_add(&r->errors, close->time_ns, context, message,
			  (int)(close->error & INT32_MAX));
}
