/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * intake_proxy.h - tells a server whose connection it gets
 *
 * The header of the PROXY protocol, version 2 (HAProxy's proxy-protocol.txt,
 * section 2.2): signature, command PROXY, family, and the two addresses of the
 * client's connection: who came, and what he reached. Both are addresses of one
 * socket of ours and so of one family; that of the server's connection does not
 * matter. Process: worker.
 */
#ifndef INTAKE_PROXY_H
#define INTAKE_PROXY_H

#include <stddef.h>
#include <stdint.h>

#include "base_addr.h"
#include "base_attr.h"
#include "base_call.h"

#define INTAKE_PROXY_MAX 52 /* IPv6; IPv4 takes 28 */

/* Return: bytes of the header. Addresses of two families are told as unknown
 * (UNSPEC). */
size_t intake_proxy_header(uint8_t header[static INTAKE_PROXY_MAX],
			   const struct base_addr *client,
			   const struct base_addr *reached);

/* Sends it to a server that has just been connected to; `client_fd`: the
 * client's connection. Return: 0, or -errno and the *call that failed. */
WS_MUST_USE int intake_proxy_introduce(int server_fd, int client_fd,
				       const struct base_addr *client,
				       enum base_call *call);

#endif
