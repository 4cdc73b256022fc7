/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * packet_streams_fuzz.c - any packets in any order
 *
 * The input is a script, six bytes a packet: who sends to whom, flags, time,
 * where its bytes are and how many. Each byte of a stream is its sequence
 * number's last one, so whatever comes out must fit its offset; it comes in
 * order, once, between the flow's opening and its closing.
 */
#include <stdlib.h>
#include <string.h>

#include "packet_streams.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Of the flow at hand; packet_flow.user. */
struct watch {
	bool any[BASE_DIRECTIONS];
	uint8_t first[BASE_DIRECTIONS]; /* the byte at offset 0 */
	uint64_t next[BASE_DIRECTIONS];
};

static int n_open;

static void opened(void *arg, struct packet_flow *f, uint64_t time_ns)
{
	(void)arg;
	(void)time_ns;
	f->user = calloc(1, sizeof(struct watch));
	if (!f->user)
		abort();
	n_open++;
}

static void chunk(void *arg, struct packet_flow *f,
		  const struct packet_chunk *c)
{
	struct watch *w = f->user;

	(void)arg;
	if (!w || !c->bytes.len || c->offset < w->next[c->direction])
		abort();
	w->next[c->direction] = c->offset + c->bytes.len;
	if (f->transport == PACKET_UDP)
		return;
	if (!w->any[c->direction])
		w->first[c->direction] =
			(uint8_t)(c->bytes.ptr[0] - (uint8_t)c->offset);
	w->any[c->direction] = true;
	for (size_t i = 0; i < c->bytes.len; i++) {
		if (c->bytes.ptr[i] !=
		    (uint8_t)(w->first[c->direction] + c->offset + i))
			abort();
	}
}

static void closed(void *arg, struct packet_flow *f, enum packet_end how,
		   uint64_t time_ns)
{
	(void)arg;
	(void)how;
	(void)time_ns;
	if (!f->user)
		abort();
	free(f->user);
	f->user = NULL;
	n_open--;
}

static struct base_addr host(unsigned i)
{
	struct base_addr a = { .family = AF_INET,
			       .port = (uint16_t)(1000 + i % 3) };

	a.ip[10] = a.ip[11] = 0xff;
	a.ip[12] = 10;
	a.ip[15] = (uint8_t)(i % 3);
	return a;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct packet_streams_ops ops = { opened, chunk, closed };
	const struct packet_streams_setup setup = { .ops = &ops,
						    .max_flows = 3 };
	struct packet_streams *s = packet_streams_new(&setup);
	uint64_t time_ns = 1;
	struct base_rd r;

	if (!s)
		abort();
	base_rd_init(&r, bytes, len);
	while (base_rd_left(&r) >= 6) {
		const uint8_t who = base_rd_u8(&r), flags = base_rd_u8(&r);
		const uint8_t times = base_rd_u8(&r), size = base_rd_u8(&r);
		const uint16_t at = base_rd_be16(&r);
		static uint8_t payload[256 * 16];
		struct packet p = {
			.from = host(who % 4U),
			.to = host(who / 4U % 4U),
			.transport = who & 128 ? PACKET_UDP : PACKET_TCP,
			.flags = flags & 31,
			/* also where they wrap */
			.seq = at + (who & 64 ? 0xffff8000U : 0),
			.ack = (uint32_t)size * 257,
			.payload = { payload,
				     size * (size_t)(flags & 128 ? 16 : 1) },
		};

		for (size_t i = 0; i < p.payload.len; i++)
			payload[i] =
				(uint8_t)(p.seq + i + !!(flags & PACKET_SYN));
		time_ns += (uint64_t)times * times * 20000000;
		packet_streams_feed(s, &p, time_ns);
	}
	packet_streams_end(s);
	packet_streams_free(s);
	if (n_open)
		abort();
	return 0;
}
