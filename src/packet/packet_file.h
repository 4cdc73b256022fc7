/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * packet_file.h - files of packets: pcap and pcapng, read by libpcap
 *
 * A build without libpcap reads none and says so. Times are nanoseconds,
 * whatever the file has.
 */
#ifndef PACKET_FILE_H
#define PACKET_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base_attr.h"
#include "base_rd.h"
#include "packet_parse.h"

struct packet_streams;

#define PACKET_FILE_MAGIC_LEN 4
#define PACKET_FILE_ERROR_LEN 300

/* Has this build libpcap? */
bool packet_file_built(void);

/* Do these first bytes, PACKET_FILE_MAGIC_LEN or more, begin such a file? */
bool packet_file_is(struct base_span start);

/* Packets by what became of them. */
struct packet_file_counts {
	uint64_t packets[PACKET_VERDICT_MAX];
	uint64_t cut; /* of PACKET_OK: not all of the payload is there */
};

/*
 * Feeds all packets of `f`, which it closes; a pipe will do. Does not end the
 * streams. *counts grows. Return: 0; -ENOTSUP: a build without libpcap, or a
 * link layer that is not read; -EBADMSG: the file is broken or ends too soon,
 * and what was before that place was fed. `error` then says what, in one line.
 */
WS_MUST_USE int packet_file_read(FILE *f, struct packet_streams *s,
				 struct packet_file_counts *counts,
				 char error[static PACKET_FILE_ERROR_LEN]);

#endif
