/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_space.h - a child in a network namespace of its own */
#ifndef PROBE_SPACE_H
#define PROBE_SPACE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base_attr.h"

#define PROBE_ORDER_MAX 1024 /* bytes; nothing in it may point */

#define PROBE_HELD_MAX  4

/*
 * Owned by who started it; ended by probe_space_end(). The namespace is gone
 * soon after the child, and the child dies with its parent.
 */
struct probe_space {
	pid_t pid;   /* 0: there is none */
	int channel; /* one datagram a word, SOCK_SEQPACKET */
};

/*
 * The child does `job` in its namespace for each order, and says how that went:
 * 0 or -errno. Between them, and after the last, it only waits: its namespace
 * and its sockets stay until its end. Return: 0, or -errno: without
 * CAP_SYS_ADMIN a user namespace was refused, or whatever else; there is no
 * child then.
 */
WS_MUST_USE int probe_space_start(struct probe_space *s,
				  int (*job)(const void *order, int *held));
/* Gives the order and waits until it is done. Return: 0 or -errno. */
WS_MUST_USE int probe_space_order(struct probe_space *s, const void *order,
				  size_t len);
/* For a child: closes all that it has from its parent but standard input,
 * output and error, and this. Some of it must go with the parent alone. */
void probe_space_alone(int fd);

void probe_space_end(struct probe_space *s); /* twice is a no-op */

#endif
