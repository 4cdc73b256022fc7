/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_pcap.c - bytes of a flow as packets of a pcap file */
#include "capture_pcap.h"

#include <assert.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_time.h"
#include "capture_file.h"
#include "packet_build.h"

/* Of IPv6 with the largest payload: its length does not count the header. */
#define PACKET_MAX  (PACKET_HEAD_MAX + PACKET_UDP6_MAX)
#define HEADER_LEN  24 /* of a file, and of a packet in it: pcap-savefile(5) */
#define RECORD_HEAD 16
/* A handshake has three packets, an end at most as many. */
#define EMPTY_MAX 3

struct capture_pcap {
	pcap_t *dead;
	FILE *file; /* whatever is written to it goes to `to` */
	pcap_dumper_t *dumper;
	char *to;
	size_t len, room;
	char header[HEADER_LEN];
	uint8_t packet[PACKET_MAX];
};

static ssize_t put(void *cookie, const char *bytes, size_t len)
{
	struct capture_pcap *p = cookie;

	assert(len <= p->room - p->len); /* capture_pcap_room() said so */
	memcpy(p->to + p->len, bytes, len);
	p->len += len;
	return (ssize_t)len;
}

bool capture_pcap_built(void)
{
	return true;
}

struct capture_pcap *capture_pcap_new(void)
{
	static const cookie_io_functions_t functions = { .write = put };
	struct capture_pcap *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->to = p->header;
	p->room = sizeof(p->header);
	p->dead = pcap_open_dead_with_tstamp_precision(
		DLT_RAW, PACKET_MAX, PCAP_TSTAMP_PRECISION_NANO);
	p->file = fopencookie(p, "w", functions);
	if (p->dead && p->file && !setvbuf(p->file, NULL, _IONBF, 0))
		p->dumper = pcap_dump_fopen(p->dead, p->file);
	if (p->dumper && p->len == sizeof(p->header))
		return p;
	capture_pcap_free(p);
	return NULL;
}

void capture_pcap_free(struct capture_pcap *p)
{
	if (!p)
		return;
	if (p->dumper)
		pcap_dump_close(p->dumper); /* the file, too */
	else if (p->file)
		(void)fclose(p->file); /* has nothing to write */
	if (p->dead)
		pcap_close(p->dead);
	free(p);
}

struct base_span capture_pcap_header(const struct capture_pcap *p)
{
	return (struct base_span){ (const uint8_t *)p->header,
				   sizeof(p->header) };
}

size_t capture_pcap_room(size_t len)
{
	size_t n = len / PACKET_TCP_MAX + 1;

	if (n < EMPTY_MAX)
		n = EMPTY_MAX;
	return n * (RECORD_HEAD + PACKET_HEAD_MAX) + len;
}

static void begin(struct capture_pcap *p, size_t len, char *to)
{
	p->to = to;
	p->len = 0;
	p->room = capture_pcap_room(len);
}

static void dump(struct capture_pcap *p, const struct packet *packet,
		 uint64_t wall_ns)
{
	const size_t head = packet_build(packet, p->packet);
	const size_t len = head + packet->payload.len;
	const struct pcap_pkthdr h = {
		.ts = { .tv_sec = (time_t)(wall_ns / BASE_TIME_NS_PER_S),
			.tv_usec =
				(suseconds_t)(wall_ns % BASE_TIME_NS_PER_S) },
		.caplen = (bpf_u_int32)len,
		.len = (bpf_u_int32)len,
	};

	if (packet->payload.len)
		memcpy(p->packet + head, packet->payload.ptr,
		       packet->payload.len);
	pcap_dump((u_char *)p->dumper, &h, p->packet);
}

/* Without sequence numbers, flags and payload. */
static struct packet packet_of(const struct capture_file *f,
			       enum base_direction d)
{
	const bool client = d == BASE_CLIENT;

	return (struct packet){
		.from = client ? f->client : f->server,
		.to = client ? f->server : f->client,
		.transport = f->datagrams ? PACKET_UDP : PACKET_TCP,
	};
}

size_t capture_pcap_piece(struct capture_pcap *p, const struct capture_file *f,
			  const struct capture_piece *piece, char *to)
{
	struct packet packet = packet_of(f, piece->direction);
	const size_t max = packet_build_max(&packet);
	uint64_t offset = piece->offset;
	struct base_rd r;

	begin(p, piece->bytes.len, to);
	packet.flags = PACKET_PSH | PACKET_ACK;
	packet.ack = (uint32_t)piece->acked + 1;
	base_rd_init(&r, piece->bytes.ptr, piece->bytes.len);
	while (base_rd_left(&r)) {
		const size_t left = base_rd_left(&r);

		packet.payload = base_rd_take(&r, left < max ? left : max);
		packet.seq = (uint32_t)offset + 1;
		offset += packet.payload.len;
		dump(p, &packet, piece->wall_ns);
	}
	return p->len;
}

static void dump_empty(struct capture_pcap *p, const struct capture_file *f,
		       enum base_direction d, uint8_t flags,
		       const uint32_t next[BASE_DIRECTIONS], uint64_t wall_ns)
{
	struct packet packet = packet_of(f, d);

	packet.flags = flags;
	packet.seq = next[d];
	if (flags & PACKET_ACK)
		packet.ack = next[!d];
	dump(p, &packet, wall_ns);
}

size_t capture_pcap_opened(struct capture_pcap *p, const struct capture_file *f,
			   uint64_t wall_ns, char *to)
{
	uint32_t next[BASE_DIRECTIONS] = { 0 };

	begin(p, 0, to);
	if (f->datagrams)
		return 0;
	dump_empty(p, f, BASE_CLIENT, PACKET_SYN, next, wall_ns);
	next[BASE_CLIENT]++;
	dump_empty(p, f, BASE_SERVER, PACKET_SYN | PACKET_ACK, next, wall_ns);
	next[BASE_SERVER]++;
	dump_empty(p, f, BASE_CLIENT, PACKET_ACK, next, wall_ns);
	return p->len;
}

size_t capture_pcap_ended(struct capture_pcap *p, const struct capture_file *f,
			  const struct capture_end *end, char *to)
{
	uint32_t next[BASE_DIRECTIONS];

	begin(p, 0, to);
	if (f->datagrams)
		return 0;
	for (int d = 0; d < BASE_DIRECTIONS; d++)
		next[d] = (uint32_t)end->length[d] + 1;
	for (int d = 0; d < BASE_DIRECTIONS; d++) {
		if (!end->fin[d])
			continue;
		dump_empty(p, f, (enum base_direction)d,
			   PACKET_FIN | PACKET_ACK, next, end->wall_ns);
		next[d]++;
	}
	if (end->reset)
		dump_empty(p, f, end->reset_by, PACKET_RST | PACKET_ACK, next,
			   end->wall_ns);
	else if (end->fin[BASE_CLIENT] && end->fin[BASE_SERVER])
		dump_empty(p, f, BASE_CLIENT, PACKET_ACK, next, end->wall_ns);
	return p->len;
}
