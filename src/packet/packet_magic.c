/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packet_magic.c - is it a file of packets? */
#include <stddef.h>

#include "base_attr.h"
#include "packet_file.h"

bool packet_file_is(struct base_span start)
{
	/* pcap in either byte order, with micro- and nanoseconds; pcapng */
	static const uint32_t magics[] = { 0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d,
					   0x4d3cb2a1, 0x0a0d0d0a };
	uint32_t magic;
	struct base_rd r;

	base_rd_init(&r, start.ptr, start.len);
	magic = base_rd_be32(&r);
	for (size_t i = 0; i < WS_ARRAY_LEN(magics); i++) {
		if (base_rd_ok(&r) && magic == magics[i])
			return true;
	}
	return false;
}
