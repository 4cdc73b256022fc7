/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capture_id.h - connection ids and the names of capture files
 *
 * A connection id is the local second in which the connection came, as tcpproxy
 * wrote it; the second and later ones of one second carry -2, -3 ...
 */
#ifndef CAPTURE_ID_H
#define CAPTURE_ID_H

#include <stdint.h>

#include "base_addr.h"

struct capture_id {
	uint64_t second; /* since 1970 */
	uint32_t number; /* 0 = the first of its second */
};

/* "YYYY-MM-DD_HHMMSS-4294967296" and a NUL. */
#define CAPTURE_ID_LEN   32
#define CAPTURE_NAME_LEN (CAPTURE_ID_LEN + BASE_ADDR_STRLEN + 8)

/* "2025-11-03_142501", "2025-11-03_142501-2". Return: buf. */
const char *capture_id_format(const struct capture_id *id,
			      char buf[static CAPTURE_ID_LEN]);

/* "<id>_<client-ip>.log". Return: buf. */
const char *capture_id_file_name(const struct capture_id *id,
				 const struct base_addr *client,
				 char buf[static CAPTURE_NAME_LEN]);

#endif
