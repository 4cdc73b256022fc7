/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * intake_udp.h - datagrams, and the sockets of an association. Process: worker.
 *
 * Theory of operation
 *
 * A UDP listener gets the first datagram of each client to each server, from
 * all of them. A control message of the kernel says whom the client wanted to
 * reach (IP_ORIGDSTADDR, IPV6_ORIGDSTADDR), another one where it came in
 * (IP_PKTINFO, IPV6_PKTINFO). What belongs together from then on, an
 * association, has two connected sockets of its own:
 *
 *   client -> [bound to the server's address, connected to the client]
 *             [bound to ours or the client's, connected to the server] ->
 * server
 *
 * The first is transparent, so what it sends comes from the server. It is
 * connected because only then the kernel prefers it to the listener
 * (nf_tproxy_get_sock_v4()), and because many of them are bound to one server.
 */
#ifndef INTAKE_UDP_H
#define INTAKE_UDP_H

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

#include "base_addr.h"
#include "base_attr.h"
#include "conf_tables.h"
#include "intake_engine.h"

/* No datagram is longer (RFC 768: 16 bits with a header of 8 bytes). */
#define INTAKE_UDP_MAX 65535

/* Where a datagram came from; plain values. */
struct intake_datagram {
	struct base_addr client;
	struct base_addr server; /* whom the client wanted to reach */
	int interface;           /* index of where it came in */
	size_t len;              /* bytes; may be 0 */
};

/*
 * Takes one datagram from `listener_fd`, which was opened for `l`; `buf` has
 * INTAKE_UDP_MAX bytes. Return: 1 and *d; 0 there is none; -errno: this one is
 * lost, and others may wait. -ENOMSG: the kernel does not say whom it was for;
 * -ELOOP: it was for the listener itself; -EADDRNOTAVAIL: nobody could answer
 * it, since it has no port, no address, or the server's own.
 */
WS_MUST_USE int intake_udp_take(int listener_fd,
				const struct intake_listener *l, void *buf,
				struct intake_datagram *d);

/* The name of interface `index`; fd: any socket. Return: 0 or -errno. */
WS_MUST_USE int intake_udp_interface(int fd, int index, char name[IF_NAMESIZE]);

/*
 * The two sockets, non-blocking and close-on-exec. It takes CAP_NET_RAW.
 * Return: the descriptor, the caller's to close; -errno. -EADDRINUSE: a service
 * of the gateway has the server's port on all addresses, and does not share it
 * (SO_REUSEADDR).
 */
WS_MUST_USE int intake_udp_client(const struct base_addr *client,
				  const struct base_addr *server);
/* `source` and `mark` as for intake_connect(). */
WS_MUST_USE int intake_udp_server(enum conf_source source, uint32_t mark,
				  const struct base_addr *client,
				  const struct base_addr *server);

/*
 * One datagram of a connected socket, whose peer is `peer`; `buf` has
 * INTAKE_UDP_MAX bytes. Return: 1 and *len, which may be 0; 0 there is none;
 * -EBADMSG one of somebody else, which came before the socket was connected, is
 * lost; other -errno: what the network said of an earlier one (ICMP).
 */
WS_MUST_USE int intake_udp_receive(int fd, const struct base_addr *peer,
				   void *buf, size_t *len);

/* Return: 0; -errno, and then it is not sent. That may be what the network said
 * of an earlier one: which the next call does not say again. */
WS_MUST_USE int intake_udp_send(int fd, const void *buf, size_t len);

#endif
