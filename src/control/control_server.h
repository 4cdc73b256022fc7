/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * control_server.h - the daemon's end of the control socket
 *
 * Theory of operation
 *
 *   free -> WAITS (accepted, allowed) -> ASKED (a valid request) -> free
 *
 * At most CONTROL_CONNECTIONS_MAX connections are taken at once; others stay in
 * the backlog, where they cost no descriptor. One that has not sent its request
 * after CONTROL_ASK_MS is closed. A request is handed to asked(), which answers
 * at once or later; the reply is one packet into an empty socket, so it never
 * waits for the peer.
 *
 * Who may ask: the socket belongs to the daemon's user and group `wayside` with
 * mode 0660, without that group it has mode 0600, so the kernel refuses others
 * at connect(). Besides, each peer is looked at (SO_PEERCRED, SO_PEERGROUPS):
 * uid 0, our own uid, or the group among all of its groups, not just the first.
 * A mode that somebody has changed opens nothing by that.
 *
 * In the supervisor. Owned by the struct that embeds it.
 */
#ifndef CONTROL_SERVER_H
#define CONTROL_SERVER_H

#include <sys/types.h>

#include "control.h"
#include "loop.h"

#define CONTROL_CONNECTIONS_MAX 8
#define CONTROL_ASK_MS          2000
/* Accepting failed (no descriptors): the next attempt. */
#define CONTROL_PAUSE_MS 1000
#define CONTROL_NO_GROUP ((gid_t)-1)
#define CONTROL_PATH_LEN 108 /* sun_path of unix(7) */

struct control_server;

/* The server's. */
struct control_connection {
	struct control_server *server;
	struct loop_watch watch; /* fd -1: free */
	struct loop_timer limit; /* armed: WAITS */
	uint16_t type;           /* ASKED: of its request */
};

struct control_server {
	struct loop *loop;
	char path[CONTROL_PATH_LEN];
	struct loop_watch listener; /* fd -1: closed */
	struct loop_timer pause;
	dev_t dev; /* of the socket's file: what we unlink */
	ino_t ino;
	gid_t group; /* CONTROL_NO_GROUP: there is none */
	struct control_connection connections[CONTROL_CONNECTIONS_MAX];
	/* Has to lead to one control_server_answer(), now or later. */
	void (*asked)(struct control_server *s, struct control_connection *c,
		      const struct control_request *request);
};

/* Empty: what close() may be called on. */
void control_server_init(struct control_server *s);

/*
 * Makes the socket and serves it in `loop`. The directory is made if only that
 * is missing. The file of a dead daemon is taken over; two daemons that start
 * at the same time are kept apart by their pid file. Needs the rights of the
 * start (CAP_CHOWN for the group).
 * Return: 0 or, after one logged line, -EADDRINUSE when a living daemon holds
 * it, or -errno.
 */
WS_MUST_USE int control_server_open(struct control_server *s, const char *path,
				    struct loop *loop);

/* Ends connections, closes, and removes the file if it is still ours. */
void control_server_close(struct control_server *s);

struct control_answer {
	int error; /* 0 or -errno */
	uint32_t n_workers, n_readers;
	const char *text; /* NULL: none; cut at CONTROL_TEXT_MAX */
	const int *fds;   /* stay the caller's */
	size_t n_fds;     /* <= CONTROL_FDS_MAX */
};

/* Replies and closes the connection. A peer that has gone misses it. */
void control_server_answer(struct control_connection *c,
			   const struct control_answer *answer);

struct control_peer {
	uid_t uid;
	gid_t gid;
	const gid_t *groups; /* the supplementary ones */
	size_t n_groups;
};

/* Pure: may it ask a daemon of uid `own`? */
WS_MUST_USE bool control_peer_allowed(const struct control_peer *peer,
				      uid_t own, gid_t group);

#endif
