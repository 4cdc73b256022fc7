/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * supervisor_held.h - listeners that somebody else keeps: on_failure: hold
 *
 * Theory of operation. A connection that comes while no Wayside runs can wait
 * only in a listener that is still open. So with `hold` the TCP listeners are
 * opened by somebody who outlives us, systemd's wayside.socket, and come by the
 * protocol of sd_listen_fds(3): descriptors from 3 on, $LISTEN_FDS of them, for
 * the process $LISTEN_PID. Every worker gets a duplicate, so all of them accept
 * from one queue. Ours are closed at the end like any other; none is ever shut
 * down, which would reach the keeper's, too.
 *
 * Process: supervisor.
 */
#ifndef SUPERVISOR_HELD_H
#define SUPERVISOR_HELD_H

#include "base_attr.h"

struct supervisor;

/*
 * Takes what was passed, before a start opens any IP socket. Such a one that
 * the configuration has no use for is closed, with a warning: as long as its
 * keeper has it, packets find a listener that nobody serves. Return: 0; -errno
 * after one logged line: `hold` without the listeners that it needs.
 */
WS_MUST_USE int supervisor_held_take(struct supervisor *s);

/* Duplicates of the listener number i of supervisor_listen_plan(), one a
 * worker. Return: 0; -ENOENT: none was passed; -errno. */
WS_MUST_USE int supervisor_held_dup(const struct supervisor *s, unsigned i,
				    int *fds);
void supervisor_held_close(struct supervisor *s);

#endif
