/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wayside_view.h - the daemon's shared memory, as the tool sees it
 *
 * Theory of operation. The supervisor hands out descriptors (control.h), and
 * what they hold is mapped read-only: no worker and no recorder is asked, so a
 * worker that hangs hides nothing. What workers and readers write is not
 * trusted: sizes come from the sealed descriptors, never from the pages; a slot
 * is copied before it is looked at; every number from it is checked before it
 * is used as an index. Their words may change at any time.
 */
#ifndef WAYSIDE_VIEW_H
#define WAYSIDE_VIEW_H

#include "conf_tables.h"
#include "control.h"
#include "nft.h"
#include "ring_layout.h"
#include "ring_note.h"
#include "wayside_command.h"

struct control_result;

struct wayside_worker {
	const struct ring_control *control;
	const struct ring_slot *slots;
	size_t table_size;
	uint32_t n_slots; /* that the mapping holds */
	bool sane;        /* the page says that it is a table as we know it */
	const struct ring_cursor *cursors[RING_READER_ROOM];
	const struct ring_note *notes[RING_READER_ROOM]; /* n_slots each */
};

/* Owned by the caller; wayside_view_close() unmaps. */
struct wayside_view {
	const struct control_state *state;
	const struct conf_tables *conf; /* in force */
	unsigned n_workers, n_readers;
	struct wayside_worker workers[CONF_WORKERS_MAX];
};

/*
 * Asks the daemon that `o` names: --control, or the socket that the
 * configuration's file names; without both that of CONF_DEFAULT_FILE if it can
 * be read, else CONTROL_PATH.
 * Return: a reply without error, which the caller frees; NULL after the failure
 * was printed in one line, and *status says what it was.
 */
WS_MUST_USE struct control_result *
wayside_ask(const struct wayside_options *o,
	    const struct control_request *request, enum wayside_status *status);

/* Maps what a status brought; the descriptors stay the caller's.
 * Return: 0, -EBADMSG: not what it should be, or another -errno. */
WS_MUST_USE int wayside_view_map(struct wayside_view *v,
				 const struct control_result *result);
void wayside_view_close(struct wayside_view *v);

/* Both in one: asks for a status and maps it. */
enum wayside_status wayside_view_open(const struct wayside_options *o,
				      struct wayside_view *v);

/* In which state the rules are that a daemon holds. Return: NFT_STATE_MAX when
 * there are none yet, or no more. */
enum nft_state wayside_view_rules(const struct wayside_view *v);

/* Slots to look at: those beyond were never used. */
uint32_t wayside_view_slots(const struct wayside_worker *w);

/* Copies slot i (< wayside_view_slots()) of one moment, as far as it stands
 * still. Return: false when it is free. */
bool wayside_view_slot(const struct wayside_worker *w, uint32_t i,
		       struct ring_slot *copy);

/* What the recorder knows of the flow of which slot i held `serial`; two empty
 * texts when that is nothing. Printable. */
void wayside_view_note(const struct wayside_worker *w, uint32_t i,
		       uint32_t serial, struct ring_note_text *note);

/* The word of a state or transport of a slot; "?" for what is none. */
const char *wayside_view_state(uint32_t state);
const char *wayside_view_transport(uint32_t transport);

/* What worker and readers count; a reader counts in its pages of all rings. */
uint64_t wayside_view_worker_counter(const struct wayside_view *v,
				     unsigned worker, enum stat_id id);
uint64_t wayside_view_reader_counter(const struct wayside_view *v,
				     unsigned reader, enum stat_id id);

#endif
