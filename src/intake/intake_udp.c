/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake_udp.c - datagrams, and the sockets of an association */
#include "intake_udp.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "base_fd.h"
#include "intake_internal.h"

int intake_udp_prepare(int fd, uint16_t family)
{
	const bool v4 = family == AF_INET;
	const int level = v4 ? SOL_IP : SOL_IPV6;
	int r = intake_transparent(fd, family);

	if (!r)
		r = intake_option(
			fd, level,
			v4 ? IP_RECVORIGDSTADDR : IPV6_RECVORIGDSTADDR, 1);
	if (!r)
		r = intake_option(fd, level, v4 ? IP_PKTINFO : IPV6_RECVPKTINFO,
				  1);
	return r;
}

/* Copies a control message that is just as long as it must be. */
static bool read_control(const struct cmsghdr *c, int level, int type, void *to,
			 size_t len)
{
	if (c->cmsg_level != level || c->cmsg_type != type ||
	    c->cmsg_len != CMSG_LEN(len))
		return false;
	memcpy(to, CMSG_DATA(c), len);
	return true;
}

static bool read_destination(const struct cmsghdr *c, struct base_addr *a)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (read_control(c, SOL_IP, IP_ORIGDSTADDR, &in, sizeof(in)))
		return base_addr_from_sockaddr(a, (struct sockaddr *)&in);
	if (read_control(c, SOL_IPV6, IPV6_ORIGDSTADDR, &in6, sizeof(in6)))
		return base_addr_from_sockaddr(a, (struct sockaddr *)&in6);
	return false;
}

int intake_udp_datagram(struct msghdr *msg, const struct intake_listener *l,
			struct base_addr *server)
{
	struct base_addr a = { .family = 0 };

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c && !a.family;
	     c = CMSG_NXTHDR(msg, c))
		(void)read_destination(c, &a); /* most are another message */
	if (!a.family)
		return -ENOMSG;
	if (intake_is_at(&a, &l->addr))
		return -ELOOP;
	*server = a;
	return 0;
}

/* Return: the index, or 0: no message says it. */
static int incoming_index(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c;
	     c = CMSG_NXTHDR(msg, c)) {
		struct in_pktinfo in;
		struct in6_pktinfo in6;

		if (read_control(c, SOL_IP, IP_PKTINFO, &in, sizeof(in)))
			return in.ipi_ifindex;
		if (read_control(c, SOL_IPV6, IPV6_PKTINFO, &in6, sizeof(in6)))
			return (int)in6.ipi6_ifindex;
	}
	return 0;
}

/* IPv6 only: the kernel drops such a packet of IPv4. */
static bool is_nobody(const struct base_addr *a)
{
	static const uint8_t none[sizeof(a->ip)];

	return !memcmp(a->ip, none, sizeof(none));
}

int intake_udp_take(int listener_fd, const struct intake_listener *l, void *buf,
		    struct intake_datagram *d)
{
	struct intake_datagram got = { .len = 0 };
	struct sockaddr_storage ss;
	struct iovec iov = { .iov_base = buf, .iov_len = INTAKE_UDP_MAX };
	union {
		char bytes[256];
		struct cmsghdr align;
	} control;
	struct msghdr msg = { .msg_name = &ss,
			      .msg_namelen = sizeof(ss),
			      .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	ssize_t n;
	int r;

	do {
		n = recvmsg(listener_fd, &msg, MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	got.len = (size_t)n;
	if (!base_addr_from_sockaddr(&got.client, (struct sockaddr *)&ss))
		return -EAFNOSUPPORT;
	r = l->engine->datagram(&msg, l, &got.server);
	if (r)
		return r;
	/* connect() to no port would take the datagrams of all clients, and to
	 * no address it goes to the loopback, to this host's own services */
	if (!got.client.port || is_nobody(&got.client) ||
	    base_addr_equal(&got.client, &got.server))
		return -EADDRNOTAVAIL;
	got.interface = incoming_index(&msg);
	*d = got;
	return 1;
}

int intake_udp_interface(int fd, int index, char name[IF_NAMESIZE])
{
	return intake_interface(fd, index, name);
}

/* Without "don't fragment", which Linux sets else: where a path is narrow the
 * first datagram would be lost, to find that out, and lost anew whenever the
 * route's memory of it has ended. IPv6 has no such choice. */
static int new_socket(uint16_t family)
{
	WS_CLEAN(base_fd_close)
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (family == AF_INET)
		r = intake_option(fd, SOL_IP, IP_MTU_DISCOVER,
				  IP_PMTUDISC_DONT);
	return r ? r : base_fd_take(&fd);
}

static int connect_to(int fd, const struct base_addr *to)
{
	struct sockaddr_storage ss;
	const socklen_t len = base_addr_to_sockaddr(to, &ss);

	return connect(fd, (struct sockaddr *)&ss, len) ? -errno : 0;
}

int intake_udp_client(const struct base_addr *client,
		      const struct base_addr *server)
{
	WS_CLEAN(base_fd_close) int fd = new_socket(server->family);
	struct sockaddr_storage ss;
	const socklen_t len = base_addr_to_sockaddr(server, &ss);
	int r;

	if (fd < 0)
		return fd;
	r = intake_transparent(fd, server->family);
	/* with the sockets of the server's other clients */
	if (!r)
		r = intake_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!r && bind(fd, (struct sockaddr *)&ss, len))
		r = -errno;
	if (!r)
		r = connect_to(fd, client);
	return r ? r : base_fd_take(&fd);
}

int intake_udp_server(enum conf_source source, uint32_t mark,
		      const struct base_addr *client,
		      const struct base_addr *server)
{
	WS_CLEAN(base_fd_close) int fd = new_socket(server->family);
	int r;

	if (fd < 0)
		return fd;
	r = mark ? intake_option(fd, SOL_SOCKET, SO_MARK, (int)mark) : 0;
	if (!r && source != CONF_SOURCE_GATEWAY)
		r = intake_bind_options(fd, source, client->family);
	if (!r && source != CONF_SOURCE_GATEWAY)
		r = intake_bind_client(fd, source, client);
	if (!r)
		r = connect_to(fd, server);
	return r ? r : base_fd_take(&fd);
}

int intake_udp_receive(int fd, const struct base_addr *peer, void *buf,
		       size_t *len)
{
	struct base_addr from = { .family = 0 };
	struct sockaddr_storage ss;
	socklen_t ss_len;
	ssize_t n;

	do {
		ss_len = sizeof(ss);
		n = recvfrom(fd, buf, INTAKE_UDP_MAX, MSG_DONTWAIT,
			     (struct sockaddr *)&ss, &ss_len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (!base_addr_from_sockaddr(&from, (struct sockaddr *)&ss) ||
	    !base_addr_equal(&from, peer))
		return -EBADMSG;
	*len = (size_t)n;
	return 1;
}

int intake_udp_send(int fd, const void *buf, size_t len)
{
	ssize_t n;

	do {
		n = send(fd, buf, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}
