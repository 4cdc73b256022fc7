/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake_accept.c - taking a connection from a listener */
#include "intake_accept.h"

#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base_fd.h"
#include "intake_connect.h"
#include "intake_internal.h"

/*
 * The interface that the connection came in on: a connected TCP socket keeps
 * its index and tells it as "packet options" (IP_PKTOPTIONS, RFC 2292 7.1 for
 * IPv6) while packet info is switched on. Seen to be right under TPROXY, with
 * SYN cookies too. Switched on for this moment only: otherwise the kernel
 * clones every later IPv6 packet of the connection (tcp_v6_do_rcv()), and one
 * that stays idle holds on to a packet of its handshake, 832 bytes on 6.18. So
 * it is no option of the listener, which would hand it down.
 * Return: the index or -errno.
 */
static int incoming_index(int fd, uint16_t family)
{
	const bool v4 = family == AF_INET;
	const int level = v4 ? SOL_IP : SOL_IPV6;
	const int info = v4 ? IP_PKTINFO : IPV6_2292PKTINFO;
	union {
		char bytes[256];
		struct cmsghdr align;
	} buf;
	socklen_t len = sizeof(buf);
	struct msghdr msg = { .msg_control = buf.bytes };
	int r;

	r = intake_option(fd, level, info, 1);
	if (r)
		return r;
	if (getsockopt(fd, level, v4 ? IP_PKTOPTIONS : IPV6_2292PKTOPTIONS,
		       buf.bytes, &len))
		return -errno;
	r = intake_option(fd, level, info, 0);
	if (r)
		return r;
	msg.msg_controllen = len;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c;
	     c = CMSG_NXTHDR(&msg, c)) {
		struct in_pktinfo in;
		struct in6_pktinfo in6;

		if (c->cmsg_level != level || c->cmsg_type != info)
			continue;
		if (v4) {
			memcpy(&in, CMSG_DATA(c), sizeof(in));
			return in.ipi_ifindex;
		}
		memcpy(&in6, CMSG_DATA(c), sizeof(in6));
		return (int)in6.ipi6_ifindex;
	}
	return -ENODEV;
}

/* SIOCGIFNAME on the socket itself: if_indextoname() would open one more, and
 * there may be no descriptor left (netdevice(7)). */
int intake_interface(int fd, int index, char *name)
{
	struct ifreq req = { .ifr_ifindex = index };

	if (ioctl(fd, SIOCGIFNAME, &req))
		return -errno;
	memcpy(name, req.ifr_name, IF_NAMESIZE);
	name[IF_NAMESIZE - 1] = '\0';
	return 0;
}

static int incoming_name(int fd, uint16_t family, char name[IF_NAMESIZE])
{
	const int index = incoming_index(fd, family);

	return index < 0 ? index : intake_interface(fd, index, name);
}

int intake_accept(int listener_fd, const struct intake_listener *l,
		  struct intake_conn *conn)
{
	struct intake_conn c = { .fd = -1 };
	struct sockaddr_storage ss;
	socklen_t len;
	int r;

	do {
		len = sizeof(ss);
		c.fd = accept4(listener_fd, (struct sockaddr *)&ss, &len,
			       SOCK_NONBLOCK | SOCK_CLOEXEC);
	} while (c.fd < 0 && errno == EINTR);
	if (c.fd < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (!base_addr_from_sockaddr(&c.client, (struct sockaddr *)&ss)) {
		r = -EAFNOSUPPORT;
		goto reset;
	}
	r = intake_engine_fits(l->engine, c.fd, c.client.family);
	if (!r)
		r = l->engine->lookup(c.fd, l, &c.server);
	if (!r)
		r = incoming_name(c.fd, c.client.family, c.ifname);
	if (!r)
		r = intake_option(c.fd, SOL_TCP, TCP_NODELAY, 1);
	if (r)
		goto reset;
	*conn = c;
	return 1;

reset:
	intake_reset(c.fd);
	return r;
}

enum intake_failure intake_accept_failure(int result)
{
	switch (-result) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		return INTAKE_FAILURE_EXHAUSTED;
	case EBADF:
	case EFAULT:
	case EINVAL:
	case ENOTSOCK:
	case EOPNOTSUPP:
		return INTAKE_FAILURE_LISTENER;
	}
	/* accept(2) hands out what the network said of this connection
	 * (ECONNABORTED, EPROTO, EHOSTUNREACH ...) */
	return INTAKE_FAILURE_CONNECTION;
}
