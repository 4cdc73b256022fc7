/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sink_format.h - what an event's JSON becomes for a sink
 *
 * classic is the message of tcpproxy's AMQP observer, byte for byte:
 *
 *   {"timestamp": "2025-11-03 14:25:01", "direction": "client",
 *    "client_ip": "192.0.2.7", "connection_id": "2025-11-03_142500",
 *    "payload": "[3G*1234567890*0002*LK]"}
 *
 * in one line, as Python's json.dumps() writes it: these five keys in this
 * order, ", " and ": " between. Times are local. In the payload every byte
 * outside 0x20-0x7e and the backslash are \xHH, as in the classic event line;
 * JSON then doubles that backslash.
 */
#ifndef SINK_FORMAT_H
#define SINK_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "base_attr.h"

#define SINK_FORMAT_ID_LEN 64 /* with its NUL */

/* The event's id, with which its JSON begins. */
WS_MUST_USE bool sink_format_id(const char *json,
				char id[static SINK_FORMAT_ID_LEN]);

/* To be freed; *len without its NUL. NULL: no event, or no memory. */
WS_MUST_USE char *sink_format_classic(const char *json, size_t json_len,
				      size_t *len);

#endif
