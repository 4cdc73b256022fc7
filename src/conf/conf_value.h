/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conf_value.h - strict values of the configuration, from and to text
 *
 * Pure. A value is the whole text: no blanks, no sign, nothing behind it; a
 * number has no leading zero, because YAML 1.1 reads 010 as eight; a duration
 * has a unit, because a bare number means seconds to one reader and
 * milliseconds to the next. On failure nothing is changed.
 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"
#include "base_rd.h"
#include "conf_tables.h"

/* Room for a number with its unit, and for a destination. */
#define CONF_NUMBER_LEN 24
#define CONF_DEST_LEN   80

WS_MUST_USE bool conf_value_count(struct base_span text, uint64_t *out);
/* "500ms", "10s", "2m", "1h", in milliseconds. */
WS_MUST_USE bool conf_value_duration(struct base_span text, uint64_t *out);
/* "90s", "10m", "12h", "30d", in seconds. */
WS_MUST_USE bool conf_value_age(struct base_span text, uint64_t *out);
/* "64K", "16M", "1G" (powers of 1024) or bytes. */
WS_MUST_USE bool conf_value_size(struct base_span text, uint64_t *out);

/* With the largest unit that says it exactly. */
void conf_value_format_count(uint64_t v, char buf[static CONF_NUMBER_LEN]);
void conf_value_format_duration(uint64_t v, char buf[static CONF_NUMBER_LEN]);
void conf_value_format_age(uint64_t v, char buf[static CONF_NUMBER_LEN]);
void conf_value_format_size(uint64_t v, char buf[static CONF_NUMBER_LEN]);

/* "ADDR:PORT", "ADDR/BITS:PORT-PORT", IPv6 as "[ADDR/BITS]:PORT". */
WS_MUST_USE bool conf_value_dest(struct base_span text, struct conf_dest *out);
void conf_value_format_dest(const struct conf_dest *d,
			    char buf[static CONF_DEST_LEN]);

WS_MUST_USE bool conf_value_net(struct base_span text, struct base_net *out);

/* A rule's name: [A-Za-z0-9_-], 1 to 31. */
WS_MUST_USE bool conf_value_name(struct base_span text,
				 char out[static CONF_NAME_LEN]);

/* "+08:00", "-03:30": minutes east of UTC. */
#define CONF_ZONE_LEN 8
WS_MUST_USE bool conf_value_zone(struct base_span text, int32_t *out);
void conf_value_format_zone(int32_t v, char buf[static CONF_ZONE_LEN]);

/* A user's name: [A-Za-z0-9_.@$-], 1 to 63. */
#define CONF_USER_LEN 64
WS_MUST_USE bool conf_value_user(struct base_span text,
				 char out[static CONF_USER_LEN]);

/* An interface's name as the kernel takes it (dev_valid_name(): 1 to 15
 * bytes, no blank, '/' or ':', not "." or ".."); a final '*' stands for any
 * ending, but not alone. */
WS_MUST_USE bool conf_value_iface(struct base_span text,
				  char out[static CONF_IFNAME_LEN]);

/* An endpoint that may have to be looked up. */
struct conf_service {
	char host[256];   /* a name, or an address without brackets */
	char service[32]; /* a port 1-65535 or a service's name */
	bool literal;     /* host is an address */
};

/* "ADDR:SERVICE", "[ADDR]:SERVICE", "NAME:SERVICE". The short and octal forms
 * that getaddrinfo() takes for an IPv4 address ("127.1", "0x7f.1") are
 * refused. */
WS_MUST_USE bool conf_value_service(struct base_span text,
				    struct conf_service *out);

#endif
