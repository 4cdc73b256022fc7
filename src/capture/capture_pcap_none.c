/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_pcap_none.c - a build without libpcap: no file is of this format */
#include "capture_pcap.h"

bool capture_pcap_built(void)
{
	return false;
}

struct capture_pcap *capture_pcap_new(void)
{
	return NULL;
}

void capture_pcap_free(struct capture_pcap *p)
{
	(void)p;
}

struct base_span capture_pcap_header(const struct capture_pcap *p)
{
	(void)p;
	return (struct base_span){ .len = 0 };
}

size_t capture_pcap_room(size_t len)
{
	(void)len;
	return 0;
}

size_t capture_pcap_piece(struct capture_pcap *p, const struct capture_file *f,
			  const struct capture_piece *piece, char *to)
{
	(void)p;
	(void)f;
	(void)piece;
	(void)to;
	return 0;
}

size_t capture_pcap_opened(struct capture_pcap *p, const struct capture_file *f,
			   uint64_t wall_ns, char *to)
{
	(void)p;
	(void)f;
	(void)wall_ns;
	(void)to;
	return 0;
}

size_t capture_pcap_ended(struct capture_pcap *p, const struct capture_file *f,
			  const struct capture_end *end, char *to)
{
	(void)p;
	(void)f;
	(void)end;
	(void)to;
	return 0;
}
