/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * packet_parse_fuzz.c - any frame of any link
 *
 * The first byte chooses the link, the rest is the frame. What is found lies in
 * it, and what is built of it is found again.
 */
#include <stdlib.h>
#include <string.h>

#include "packet_build.h"
#include "packet_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void build_again(const struct packet *p)
{
	static uint8_t frame[PACKET_HEAD_MAX + 65536];
	const size_t max = packet_build_max(p);
	struct packet q = *p, got;
	size_t head;

	if (q.payload.len > max)
		q.payload.len = max;
	head = packet_build(&q, frame);
	if (q.payload.len)
		memcpy(frame + head, q.payload.ptr, q.payload.len);
	if (packet_parse(PACKET_LINK_RAW,
			 (struct base_span){ frame, head + q.payload.len },
			 &got) != PACKET_OK ||
	    !base_addr_equal(&got.from, &q.from) ||
	    !base_addr_equal(&got.to, &q.to) || got.seq != q.seq ||
	    got.ack != q.ack || got.flags != q.flags || got.cut ||
	    got.transport != q.transport || got.payload.len != q.payload.len ||
	    (q.payload.len &&
	     memcmp(got.payload.ptr, q.payload.ptr, q.payload.len) != 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const int links[] = {
		PACKET_LINK_RAW,    PACKET_LINK_ETHERNET, PACKET_LINK_NULL,
		PACKET_LINK_COOKED, PACKET_LINK_COOKED2,  PACKET_LINK_LOOP,
	};
	const struct base_span frame = { bytes + 1, len - 1 };
	struct packet p;

	if (!len || packet_parse(links[bytes[0] % WS_ARRAY_LEN(links)], frame,
				 &p) != PACKET_OK)
		return 0;
	if (p.payload.len &&
	    (p.payload.ptr < frame.ptr ||
	     p.payload.ptr + p.payload.len > frame.ptr + frame.len))
		abort();
	build_again(&p);
	return 0;
}
