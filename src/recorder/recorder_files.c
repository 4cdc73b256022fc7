/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recorder_files.c - captures, event files, errors.log; and when they fail */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_log.h"
#include "base_time.h"
#include "capture_error.h"
#include "recorder_internal.h"

bool recorder_may_tell(uint64_t *told_ms)
{
	const uint64_t now = base_time_mono_ms();

	if (*told_ms && now - *told_ms < RECORDER_TELL_MS)
		return false;
	*told_ms = now;
	return true;
}

static void capture_lost(void *arg, struct capture_file *file, int err,
			 const uint64_t bytes[BASE_DIRECTIONS])
{
	struct recorder *r = arg;
	const uint64_t n = bytes[BASE_CLIENT] + bytes[BASE_SERVER];

	(void)file;
	stat_add(r->stat, STAT_CAPTURE_LOST_BYTES, n);
	/* they were counted when they were handed over */
	stat_add(r->stat, STAT_CAPTURE_BYTES, 0 - n);
	if (recorder_may_tell(&r->told_capture))
		base_err("captures cannot be written: %s; lost bytes are "
			 "counted log_dir=%s",
			 strerrordesc_np(err < 0 ? -err : err),
			 r->conf->log_dir);
}

static void events_lost(void *arg, const char *path, int err, uint64_t n)
{
	struct recorder *r = arg;

	stat_add(r->stat, STAT_EVENTS_LOST, n);
	if (recorder_may_tell(&r->told_event))
		base_err("events cannot be written: %s; lost ones are counted "
			 "file=%s",
			 strerrordesc_np(err < 0 ? -err : err), path);
}

int recorder_files_open(struct recorder *r)
{
	int err;

	r->log_dir = open(r->conf->log_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->log_dir < 0) {
		err = -errno;
		base_err("log_dir %s: %s", r->conf->log_dir,
			 strerrordesc_np(-err));
		return err;
	}
	err = faccessat(r->log_dir, ".", W_OK, AT_EACCESS) ? -errno : 0;
	if (err) {
		base_err("log_dir %s: %s", r->conf->log_dir,
			 strerrordesc_np(-err));
		return err;
	}
	err = capture_files_init(&r->captures, r->log_dir, RECORDER_OPEN_MAX,
				 capture_lost, r);
	if (err)
		return err;
	capture_events_init(&r->events, events_lost, r);
	for (uint32_t i = 0; i < r->conf->n_events; i++) {
		err = capture_events_add_file(&r->events, r->conf->events[i]);
		if (err) {
			base_err("event file %s: %s", r->conf->events[i],
				 strerrordesc_np(-err));
			return err;
		}
	}
	return 0;
}

void recorder_files_close(struct recorder *r)
{
	capture_files_done(&r->captures);
	capture_events_done(&r->events);
	base_fd_close(&r->log_dir);
}

/* What track counted since the last time goes to the page that others read. */
static void publish_counts(struct recorder *r)
{
	const struct track_counts *now = &r->counts, *old = &r->counted;

	stat_add(r->stat, STAT_EVENTS, now->messages - old->messages);
	stat_add(r->stat, STAT_LENGTH_WRONG,
		 now->wrong_lengths - old->wrong_lengths);
	stat_add(r->stat, STAT_SKIPPED_BYTES, now->skipped - old->skipped);
	stat_add(r->stat, STAT_NO_MEMORY, now->no_memory - old->no_memory);
	r->counted = r->counts;
}

void recorder_files_flush(struct recorder *r)
{
	capture_files_flush(&r->captures);
	capture_events_flush(&r->events);
	publish_counts(r);
}

/* What ended a connection badly, in tcpproxy's words where it has them. */
static const char *const messages[RING_CLOSE_MAX] = {
	[RING_CLOSE_CLIENT_RESET] = "Broken connection (client side)",
	[RING_CLOSE_SERVER_RESET] = "Broken connection (server side)",
	[RING_CLOSE_CONNECT_FAILED] = "connect()",
	[RING_CLOSE_CONNECT_TIMEOUT] = "connect()",
	[RING_CLOSE_WORKER_DIED] = "Worker died",
};

void recorder_files_error(struct recorder *r, const struct recorder_flow *f,
			  const struct ring_entry *close)
{
	char context[CAPTURE_CONTEXT_LEN];
	int err;

	if (!messages[close->reason])
		return;
	capture_error_connection(&f->id, &f->client, &f->server, context);
	err = capture_error_write(r->log_dir, close->time_ns, context,
				  messages[close->reason],
				  (int)(close->error & INT32_MAX));
	if (err && recorder_may_tell(&r->told_error))
		base_err("errors.log cannot be written: %s log_dir=%s",
			 strerrordesc_np(-err), r->conf->log_dir);
}
