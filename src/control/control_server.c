/* SPDX-License-Identifier: GPL-3.0-or-later */
/* control_server.c - the daemon's end of the control socket */
#include "control_server.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base_die.h"
#include "base_fd.h"
#include "base_log.h"
#include "base_path.h"

static int open_socket(void)
{
	const int fd = socket(AF_UNIX,
			      SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	return fd;
}

/* Mode 0600 from birth. */
static int bind_private(int fd, const struct sockaddr_un *addr)
{
	const mode_t before = umask(0177);
	const int r = bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0
			      ? -errno
			      : 0;

	(void)umask(before); /* cannot fail */
	return r;
}

/* Removes the socket that nobody listens on any more. A file that is no socket
 * refuses a connection too, but was not left by a daemon. */
static int remove_stale(const struct sockaddr_un *addr)
{
	WS_CLEAN(base_fd_close) int fd = open_socket();
	struct stat st;

	if (fd < 0)
		return fd;
	if (lstat(addr->sun_path, &st) < 0)
		return -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	if (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 ||
	    errno == EAGAIN) /* its backlog is full */
		return -EADDRINUSE;
	if (errno != ECONNREFUSED)
		return -errno;
	return unlink(addr->sun_path) < 0 ? -errno : 0;
}

static int bind_anew(int fd, const struct sockaddr_un *addr)
{
	int r = bind_private(fd, addr);

	if (r == -ENOENT) {
		r = base_path_make_directory(addr->sun_path);
		if (!r)
			r = bind_private(fd, addr);
	} else if (r == -EADDRINUSE) {
		r = remove_stale(addr);
		if (!r)
			r = bind_private(fd, addr);
	}
	return r;
}

static gid_t find_group(void)
{
	char text[12288]; /* with the names of its members */
	struct group entry, *found = NULL;
	const int r =
		getgrnam_r(CONTROL_GROUP, &entry, text, sizeof(text), &found);

	if (r)
		base_warn("group %s: %s: only root and this user may use the "
			  "control socket",
			  CONTROL_GROUP, strerrordesc_np(r));
	return r || !found ? CONTROL_NO_GROUP : entry.gr_gid;
}

/* The group first: until it is the right one, the mode lets none in. */
static gid_t share_with_group(const char *path)
{
	const gid_t group = find_group();

	if (group == CONTROL_NO_GROUP)
		return group;
	if (lchown(path, (uid_t)-1, group) < 0 ||
	    fchmodat(AT_FDCWD, path, 0660, AT_SYMLINK_NOFOLLOW) < 0) {
		base_warn("control socket %s: not for group %s: %s", path,
			  CONTROL_GROUP, strerrordesc_np(errno));
		return CONTROL_NO_GROUP;
	}
	return group;
}

bool control_peer_allowed(const struct control_peer *peer, uid_t own,
			  gid_t group)
{
	if (peer->uid == 0 || peer->uid == own)
		return true;
	if (group == CONTROL_NO_GROUP)
		return false;
	for (size_t i = 0; i < peer->n_groups; i++) {
		if (peer->groups[i] == group)
			return true;
	}
	return peer->gid == group;
}

static bool may_ask(int fd, gid_t group)
{
	struct control_peer peer = { .n_groups = 0 };
	struct ucred cred;
	socklen_t len = sizeof(cred);
	gid_t none, *groups = NULL;
	bool allowed;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return false;
	peer.uid = cred.uid;
	peer.gid = cred.gid;
	/* asked without room it says how much it needs (net/core/sock.c) */
	len = 0;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, &none, &len) < 0 &&
	    errno == ERANGE)
		groups = malloc(len);
	if (groups &&
	    getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) == 0) {
		peer.groups = groups;
		peer.n_groups = len / sizeof(*groups);
	}
	allowed = control_peer_allowed(&peer, geteuid(), group);
	free(groups);
	return allowed;
}

/* Accepting waits while all places are taken, and after a failure. */
static void update_listener(struct control_server *s)
{
	uint32_t events = 0;

	if (s->listener.fd < 0)
		return;
	for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++) {
		if (s->connections[i].watch.fd < 0 && !s->pause.armed)
			events = EPOLLIN;
	}
	if (loop_watch_set(s->loop, &s->listener, events))
		base_warn("the control socket is out of order");
}

static void drop(struct control_connection *c)
{
	struct control_server *s = c->server;

	if (c->limit.armed) { /* it waits for the request */
		loop_timer_clear(s->loop, &c->limit);
		loop_watch_remove(s->loop, &c->watch);
	}
	base_fd_close(&c->watch.fd);
	update_listener(s);
}

static ssize_t send_packet(int fd, const struct control_reply *reply,
			   const struct control_answer *a)
{
	struct control_reply head = *reply;
	/* sendmsg() does not write; its iovec is just not const */
	struct iovec iov[] = {
		{ .iov_base = &head, .iov_len = sizeof(head) },
		/* NOLINTNEXTLINE(performance-no-int-to-ptr): drops const */
		{ .iov_base = (void *)(uintptr_t)a->text,
		  .iov_len = reply->text_len },
	};
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(CONTROL_FDS_MAX * sizeof(int))];
	} control = { .room = { 0 } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };

	if (a->n_fds) {
		struct cmsghdr *c;

		msg.msg_control = control.room;
		msg.msg_controllen = CMSG_SPACE(a->n_fds * sizeof(int));
		c = &control.align; /* the first one: cmsg(3) */
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(a->n_fds * sizeof(int));
		memcpy(CMSG_DATA(c), a->fds, a->n_fds * sizeof(int));
	}
	return sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void reply(struct control_connection *c, uint16_t type,
		  const struct control_answer *a)
{
	const size_t len = a->text ? strlen(a->text) : 0;
	const struct control_reply head = {
		.magic = CONTROL_MAGIC,
		.version = CONTROL_VERSION,
		.type = type,
		.error = a->error,
		.text_len = (uint32_t)(len < CONTROL_TEXT_MAX
					       ? len
					       : CONTROL_TEXT_MAX),
		.n_workers = a->n_workers,
		.n_readers = a->n_readers,
	};

	/* EPIPE: it did not wait; anything else it sees as an end of stream */
	if (send_packet(c->watch.fd, &head, a) < 0 && errno != EPIPE)
		base_warn("control socket: cannot answer: %s",
			  strerrordesc_np(errno));
	drop(c);
}

void control_server_answer(struct control_connection *c,
			   const struct control_answer *answer)
{
	if (c->watch.fd >= 0) /* else the server has closed meanwhile */
		reply(c, c->type, answer);
}

static void refuse(struct control_connection *c, int error, const char *text)
{
	const struct control_answer a = { .error = error, .text = text };

	reply(c, 0, &a);
}

static void request_came(struct loop_watch *watch, uint32_t events)
{
	struct control_connection *c =
		WS_CONTAINER(watch, struct control_connection, watch);
	uint8_t bytes[sizeof(struct control_request) + 1];
	struct control_request q;
	const ssize_t n = base_fd_recv(watch->fd, bytes, sizeof(bytes));

	(void)events;
	if (n == 0)
		return;
	if (n < 0) {
		drop(c);
		return;
	}
	if (!control_request_valid(bytes, (size_t)n, &q)) {
		refuse(c, -EBADMSG,
		       "waysided does not understand this request: is the "
		       "tool of another version?\n");
		return;
	}
	/* from here on the peer is not looked at: it may wait or go */
	loop_timer_clear(c->server->loop, &c->limit);
	loop_watch_remove(c->server->loop, &c->watch);
	c->type = q.type;
	c->server->asked(c->server, c, &q);
}

static void too_late(struct loop_timer *t, uint64_t now_ms)
{
	struct control_connection *c =
		WS_CONTAINER(t, struct control_connection, limit);

	(void)now_ms;
	/* fired: out of the loop's list, so drop() would take it for ASKED */
	loop_watch_remove(c->server->loop, &c->watch);
	drop(c);
}

static void take_peer(struct control_server *s, int fd)
{
	struct control_connection *c = s->connections;

	while (c->watch.fd >= 0) /* there is one: update_listener() */
		c++;
	c->watch.fd = fd;
	if (!may_ask(fd, s->group)) {
		refuse(c, -EACCES,
		       "only root, the user of waysided and members of "
		       "group " CONTROL_GROUP " may ask\n");
		return;
	}
	if (loop_watch_add(s->loop, &c->watch, EPOLLIN)) {
		drop(c);
		return;
	}
	loop_timer_set(s->loop, &c->limit,
		       loop_now_ms(s->loop) +
			       base_die_limit_ms(CONTROL_ASK_MS));
	update_listener(s);
}

static void peer_came(struct loop_watch *watch, uint32_t events)
{
	struct control_server *s =
		WS_CONTAINER(watch, struct control_server, listener);
	struct sockaddr_un peer; /* has no name that would tell anything */
	socklen_t len = sizeof(peer);
	const int fd = accept4(watch->fd, (struct sockaddr *)&peer, &len,
			       SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd >= 0) {
		take_peer(s, fd);
		return;
	}
	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return;
	base_warn("control socket: %s: retrying", strerrordesc_np(errno));
	loop_timer_set(s->loop, &s->pause,
		       loop_now_ms(s->loop) + CONTROL_PAUSE_MS);
	update_listener(s);
}

static void pause_over(struct loop_timer *t, uint64_t now_ms)
{
	(void)now_ms;
	update_listener(WS_CONTAINER(t, struct control_server, pause));
}

void control_server_init(struct control_server *s)
{
	memset(s, 0, sizeof(*s));
	s->group = CONTROL_NO_GROUP;
	s->listener.fd = -1;
	s->listener.ready = peer_came;
	s->pause.fire = pause_over;
	for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++) {
		struct control_connection *c = &s->connections[i];

		c->server = s;
		c->watch.fd = -1;
		c->watch.ready = request_came;
		c->limit.fire = too_late;
	}
}

/* After bind(). */
static int serve(struct control_server *s)
{
	struct stat st;

	s->group = share_with_group(s->path);
	if (lstat(s->path, &st) < 0 ||
	    listen(s->listener.fd, CONTROL_CONNECTIONS_MAX) < 0)
		return -errno;
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	return loop_watch_add(s->loop, &s->listener, EPOLLIN);
}

static int open_listener(struct control_server *s, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int r;

	if ((size_t)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s",
			     path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	r = open_socket();
	if (r < 0)
		return r;
	s->listener.fd = r;
	r = bind_anew(s->listener.fd, &addr);
	if (!r) {
		(void)snprintf(s->path, sizeof(s->path), "%s", path);
		r = serve(s);
		if (r)
			(void)unlink(path);
	}
	if (r)
		base_fd_close(&s->listener.fd);
	return r;
}

int control_server_open(struct control_server *s, const char *path,
			struct loop *loop)
{
	int r;

	s->loop = loop;
	r = open_listener(s, path);
	if (r)
		base_err("control socket %s: %s", path,
			 r == -EADDRINUSE ? "another daemon holds it"
					  : strerrordesc_np(-r));
	return r;
}

void control_server_close(struct control_server *s)
{
	struct stat st;

	if (s->listener.fd < 0)
		return;
	for (size_t i = 0; i < CONTROL_CONNECTIONS_MAX; i++) {
		if (s->connections[i].watch.fd >= 0)
			drop(&s->connections[i]);
	}
	loop_timer_clear(s->loop, &s->pause);
	loop_watch_remove(s->loop, &s->listener);
	base_fd_close(&s->listener.fd);
	/* a directory of another user does not let us any more: the next
	 * daemon takes the file over */
	if (lstat(s->path, &st) == 0 && st.st_dev == s->dev &&
	    st.st_ino == s->ino && unlink(s->path) < 0)
		base_warn("control socket %s stays behind: %s", s->path,
			  strerrordesc_np(errno));
}
