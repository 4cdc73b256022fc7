/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * recorder_capture.c - the captures of flows, and where their parts end
 *
 * A part that is full ends between two commits. What was recorded until then is
 * committed before the entry at hand; the next part's mark is kept before its
 * first byte, as any new file's. A successor that finds the old part does the
 * same with the same entry, one that finds the new one cuts that back: see
 * capture_file.h.
 */
#include "base_log.h"
#include "base_time.h"
#include "recorder_internal.h"

bool recorder_capture_possible(const struct ring_slot *s)
{
	if (s->capture != CONF_CAPTURE_PCAP)
		return s->capture < CONF_CAPTURE_MAX;
	return capture_pcap_built() && s->client.family == s->server.family &&
	       (s->client.family == AF_INET || s->client.family == AF_INET6);
}

void recorder_capture_begin(struct recorder_flow *f, const struct ring_slot *s,
			    const struct recorder_record *rec)
{
	struct recorder *r = f->ring->recorder;

	if (s->capture == CONF_CAPTURE_NONE)
		return;
	f->file.server = s->server;
	f->file.format = s->capture == CONF_CAPTURE_PCAP ? CAPTURE_PCAP
							 : CAPTURE_TEXT;
	f->file.datagrams = f->datagrams;
	if (rec) {
		f->file.part = rec->part;
		f->file.began_ns = rec->part_began_ns;
	}
	f->captured = !(rec && rec->flags & RECORDER_RECORD_REFUSED) &&
		      capture_file_begin(&r->captures, &f->file,
					 rec ? &rec->capture : NULL);
	f->refused = !f->captured;
	if (f->refused && recorder_may_tell(&r->told_name))
		base_err("a live flow has the same id and client: this one is "
			 "not captured, its bytes are counted flow=%016llx",
			 (unsigned long long)f->flow_id);
	if (f->captured && !(rec && rec->flags & RECORDER_RECORD_BEGUN))
		capture_file_opened(&r->captures, &f->file, s->opened_ns);
}

bool recorder_capture_data(struct recorder_flow *f, const struct ring_entry *e,
			   const uint8_t *payload)
{
	struct recorder *r = f->ring->recorder;
	const enum base_direction d = (enum base_direction)e->direction;
	const struct capture_piece piece = {
		.direction = d,
		.wall_ns = e->time_ns,
		.offset = e->offset,
		.acked = f->next[!d],
		.bytes = { payload, e->len },
	};
	const struct capture_limits limits = {
		.size = r->conf->capture_rotate_size,
		.time_ns = r->conf->capture_rotate_time_ms *
			   (BASE_TIME_NS_PER_S / 1000),
	};

	if (capture_file_is_full(&f->file, &piece, &limits)) {
		if (r->dirty)
			return false;
		capture_file_next_part(&r->captures, &f->file);
	}
	capture_file_record(&r->captures, &f->file, &piece);
	stat_add(&r->stat, STAT_CAPTURE_BYTES, e->len);
	return true;
}

void recorder_capture_ended(struct recorder_flow *f, const struct ring_entry *e,
			    const struct ring_slot *s)
{
	struct capture_end end = {
		.wall_ns = e->time_ns,
		.reset = e->reason != RING_CLOSE_NORMAL,
		.reset_by = e->reason == RING_CLOSE_CLIENT_RESET ? BASE_CLIENT
								 : BASE_SERVER,
	};

	if (!f->captured)
		return;
	for (int d = 0; d < BASE_DIRECTIONS; d++) {
		end.length[d] = s->dir[d].bytes_in > f->next[d]
					? s->dir[d].bytes_in
					: f->next[d];
		end.fin[d] = !end.reset || s->dir[d].flags & RING_DIR_EOF_SEEN;
	}
	capture_file_ended(&f->ring->recorder->captures, &f->file, &end);
}
