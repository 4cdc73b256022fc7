/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake_proxy.c - tells a server whose connection it gets */
#include "intake_proxy.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static const uint8_t signature[12] = { 0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
				       0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a };

#define VERSION_2_PROXY 0x21
#define UNSPEC          0x00
#define TCP_OVER_IPV4   0x11
#define TCP_OVER_IPV6   0x21

static uint8_t *put_be16(uint8_t *to, size_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
	return to + 2;
}

/* An address without its port; IPv4 is the tail of ip[]. */
static uint8_t *put_ip(uint8_t *to, const struct base_addr *a)
{
	const size_t len = a->family == AF_INET ? 4 : 16;

	memcpy(to, a->ip + sizeof(a->ip) - len, len);
	return to + len;
}

size_t intake_proxy_header(uint8_t header[static INTAKE_PROXY_MAX],
			   const struct base_addr *client,
			   const struct base_addr *reached)
{
	const bool v4 = client->family == AF_INET;
	uint8_t *to = header;

	memcpy(to, signature, sizeof(signature));
	to += sizeof(signature);
	*to++ = VERSION_2_PROXY;
	if (client->family != reached->family) {
		*to++ = UNSPEC;
		return (size_t)(put_be16(to, 0) - header);
	}
	*to++ = v4 ? TCP_OVER_IPV4 : TCP_OVER_IPV6;
	to = put_be16(to, v4 ? 4 + 4 + 2 + 2 : 16 + 16 + 2 + 2);
	to = put_ip(to, client);
	to = put_ip(to, reached);
	to = put_be16(to, client->port);
	to = put_be16(to, reached->port);
	return (size_t)(to - header);
}

int intake_proxy_introduce(int server_fd, int client_fd,
			   const struct base_addr *client, enum base_call *call)
{
	struct base_addr reached = { .family = 0 };
	uint8_t header[INTAKE_PROXY_MAX];
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	ssize_t sent;
	size_t n;

	*call = BASE_CALL_GETSOCKNAME;
	if (getsockname(client_fd, (struct sockaddr *)&ss, &len))
		return -errno;
	if (!base_addr_from_sockaddr(&reached, (struct sockaddr *)&ss))
		return -EAFNOSUPPORT;
	n = intake_proxy_header(header, client, &reached);
	*call = BASE_CALL_SEND;
	/* the first bytes of a connection always fit into its buffer */
	sent = send(server_fd, header, n, MSG_NOSIGNAL);
	if (sent < 0)
		return -errno;
	return (size_t)sent == n ? 0 : -EMSGSIZE;
}
