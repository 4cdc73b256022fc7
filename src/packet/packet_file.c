/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packet_file.c - files of packets: pcap and pcapng, read by libpcap */
#include "packet_file.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <string.h>

#include "base_time.h"
#include "packet_streams.h"

bool packet_file_built(void)
{
	return true;
}

static int read_all(pcap_t *pcap, struct packet_streams *s,
		    struct packet_file_counts *counts)
{
	const int link = pcap_datalink(pcap);
	struct pcap_pkthdr *h;
	const u_char *bytes;
	int r;

	while ((r = pcap_next_ex(pcap, &h, &bytes)) == 1) {
		const struct base_span frame = { bytes, h->caplen };
		/* nanoseconds: that was asked for */
		const uint64_t time_ns =
			(uint64_t)h->ts.tv_sec * BASE_TIME_NS_PER_S +
			(uint64_t)h->ts.tv_usec;
		struct packet p;
		const enum packet_verdict v = packet_parse(link, frame, &p);

		counts->packets[v]++;
		if (v != PACKET_OK)
			continue;
		counts->cut += p.cut;
		packet_streams_feed(s, &p, time_ns);
	}
	return r == PCAP_ERROR_BREAK ? 0 : -EBADMSG;
}

int packet_file_read(FILE *f, struct packet_streams *s,
		     struct packet_file_counts *counts,
		     char error[static PACKET_FILE_ERROR_LEN])
{
	char why[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_fopen_offline_with_tstamp_precision(
		f, PCAP_TSTAMP_PRECISION_NANO, why);
	int r;

	if (!pcap) {
		(void)snprintf(error, PACKET_FILE_ERROR_LEN, "%s", why);
		(void)fclose(f); /* was only read */
		return -EBADMSG;
	}
	if (!packet_link_known(pcap_datalink(pcap))) {
		const char *name =
			pcap_datalink_val_to_name(pcap_datalink(pcap));

		(void)snprintf(error, PACKET_FILE_ERROR_LEN,
			       "link type %s (%d) is not read",
			       name ? name : "unknown", pcap_datalink(pcap));
		pcap_close(pcap);
		return -ENOTSUP;
	}
	r = read_all(pcap, s, counts);
	if (r)
		(void)snprintf(error, PACKET_FILE_ERROR_LEN, "%s",
			       pcap_geterr(pcap));
	pcap_close(pcap);
	return r;
}
