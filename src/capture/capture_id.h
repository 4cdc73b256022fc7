/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capture_id.h - connection ids and the names of capture files
 *
 * A connection id is the local second in which the connection came, as tcpproxy
 * wrote it; the second and later ones of one second carry -2, -3 ...
 */
#ifndef CAPTURE_ID_H
#define CAPTURE_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "base_addr.h"
#include "base_attr.h"

struct capture_id {
	uint64_t second; /* since 1970 */
	uint32_t number; /* 0 = the first of its second */
};

enum capture_format {
	CAPTURE_TEXT,
	CAPTURE_PCAP,
};

/* "YYYY-MM-DD_HHMMSS-4294967296" and a NUL. */
#define CAPTURE_ID_LEN   32
#define CAPTURE_NAME_LEN (CAPTURE_ID_LEN + BASE_ADDR_STRLEN + 20)
/* A part's number has six digits in its name. */
#define CAPTURE_PARTS_MAX 999999U

/* "2025-11-03_142501", "2025-11-03_142501-2". Return: buf. */
const char *capture_id_format(const struct capture_id *id,
			      char buf[static CAPTURE_ID_LEN]);

/* What a file's name says. */
struct capture_name {
	char id[CAPTURE_ID_LEN];
	struct capture_id when;  /* the same: its second by the local zone */
	struct base_addr client; /* port 0 */
	enum capture_format format;
	uint32_t part; /* 1 = the first */
};

/* "<id>_<client-ip>.log", or .pcap; later parts of a connection sort behind it:
 * "<id>_<client-ip>.rot000002.log". Return: buf. */
const char *capture_id_file_name(const struct capture_id *id,
				 const struct base_addr *client,
				 enum capture_format format, uint32_t part,
				 char buf[static CAPTURE_NAME_LEN]);

/* False: no name that capture_id_file_name() makes, and *out is unchanged. */
WS_MUST_USE bool capture_id_parse_name(const char *name,
				       struct capture_name *out);

#endif
