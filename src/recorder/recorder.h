/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * recorder.h - the process that keeps what was seen
 *
 * Theory of operation
 *
 *   tap ring x N --> flow --+--> capture file (raw bytes, both directions)
 *                           +--> track --+--> event file (a line a message)
 *                           |            '--> store (a row, and its JSON)
 *                           +--> store (flows) --kick--> publishers
 *                           +--> errors.log (what ended a flow badly)
 *
 * It has the log directory, the store and no network. It reads all rings in
 * turn, at most RECORDER_BATCH entries of each; then it writes what gathered,
 * commits, and gives the bytes back to the workers. While something comes it
 * looks every 20 ms; after that it declares itself idle and the workers wake
 * it.
 *
 * A batch with rows for the store lasts longer: until commit_delay after its
 * first row, or until it is large (recorder_store.c). Its rows, its files and
 * what is held of partial messages come into force with the store's
 * transaction. Without rows each round is a batch. A store that fails holds up
 * a batch for a while, and never the workers: as much of a ring as it takes is
 * bounded. An entry that a commit has to come before (below) is held then, and
 * nothing is read.
 *
 * A flow is known by worker, slot and serial, and recorded as its slot says: it
 * keeps what it began with, whatever configuration is in force by now. OPEN and
 * CLOSE are hints: a DATA entry of an unknown flow is looked up in the flow
 * table, and a flow whose slot has moved on has ended.
 *
 * Dying. What a recorder has done lies in the commit memory, which outlives it;
 * recorder_commit.h says how a batch counts exactly once. Three positions of a
 * ring matter to a successor:
 *
 *      cursor          committed              head
 *   ------|----------------|-------------------|------
 *         : framed again   : as never read     :
 *
 *   from the committed one on, everything is done as if for the first time; the
 *   files were cut back to what they were then;
 *
 *   before it, everything is done but one thing: messages that were incomplete
 *   when the batch ended. They are stored nowhere. The ring still has them,
 *   since a cursor is held back to the entry in which the oldest of them
 *   begins. The successor reads those entries again and gives the framer just
 *   the bytes behind the last message that it had emitted (record.held bytes
 *   before record.next). Framing is a function of the bytes, so it then holds
 *   what its predecessor held. No byte is captured, counted or reported twice.
 *
 * One tracker that stops in the middle of a message must not fill the ring: no
 * more than a quarter of it is held back. What lay further back costs its
 * successor that one message, which is counted as skipped bytes.
 *
 * So counters are exact across deaths, too: they are part of the commit, and
 * the cursor page only shows them. A gap is counted from the stream offset that
 * the record of the flow holds.
 *
 * Of a UDP flow each DATA entry is a datagram: a record of its own in the
 * capture, and the end of a message, so nothing is held for the next one. An
 * empty datagram has no entry and so no record.
 *
 * A slot that lives again within a batch ends the batch first: a record holds
 * one flow. So do a capture's next part and what was passed over because it
 * kills the decoder. A flow that ended is forgotten when its end is committed.
 *
 * Events of a flow whose device nobody knows yet are stored without one. When a
 * message names it, they all get it, wherever they are by then: the record says
 * that there are some.
 *
 * Bytes that kill the decoder are in recorder_guard.c, other configurations in
 * recorder_reload.c. Whatever cannot be written is counted, said once a minute
 * and never stops the rings; a disk that hangs stops this process, and then
 * the policy of the ring decides what the workers do.
 *
 * What is not seen has two counts. gap_bytes is what is missing in the flows
 * that the recorder knows. The exact number, also for flows of which it never
 * heard, is the sum of the worker's: unobserved_bytes, which never came into
 * the ring, and reader_missed (ring_layout.h), which was not given to a reader
 * left behind.
 *
 * What is left out: how much lies behind the nonsense of a worker, whose ring
 * and table cannot be believed: flows whose entries were skipped there are
 * counted in nothing; a power cut; the unread bytes of a flow whose CLOSE found
 * no room, whose slot lives again and whose recorder died (nothing says any
 * more whose they are: counted as unknown); lines that a copytruncate copied
 * between a write and a death before its commit; a store that is replaced by
 * hand while a transaction is tried.
 */
#ifndef RECORDER_H
#define RECORDER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base_attr.h"

struct conf_tables;
struct recorder_commit;
struct ring_map;

struct recorder_setup {
	const struct conf_tables *conf;
	struct ring_map *maps; /* one a worker; forgotten mappings */
	unsigned n_workers;
	struct recorder_commit *commit; /* of all recorders, one by one */
	/* The predecessor died of a signal that nobody sent: not of SIGKILL,
	 * not of SIGTERM. */
	bool crashed;
	/* eventfds, one a sink's place: written to after each commit with rows;
	 * they block nobody */
	const int *kicks;
	unsigned n_kicks;
	int channel; /* to the supervisor; ROLE_STORE, when that changes */
};

/* What a recorder leaves to its successor: see recorder_commit.h. Made by the
 * supervisor before the first recorder; pages that are not used cost nothing.
 * NULL: no memory. */
struct recorder_commit *recorder_commit_new(unsigned n_workers,
					    uint32_t n_slots);
/* Gives back this process's mapping; NULL is fine. */
void recorder_commit_free(struct recorder_commit *c);

/* Runs until the supervisor says stop; then empties the rings first. Return:
 * exit status. */
WS_MUST_USE int recorder_main(const struct recorder_setup *setup, pid_t parent);

#endif
