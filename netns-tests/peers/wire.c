/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wire.c - prints what passes an Ethernet interface
 *
 * wire INTERFACE [FILTER...]
 * Prints "ready" when it captures, then one line a packet:
 *   SRC > DST FLAGS seq=N ack=N len=N      (TCP; FLAGS of S A F R P, or "-")
 *   SRC > DST udp len=N                    (UDP; of a fragment: rubbish)
 *   SRC > DST proto=N                      (else)
 * until SIGTERM; then it drains what was captured, prints
 * "seen=N dropped=N" and ends, with status 1 if packets were lost: a check on
 * the wire must not pass because a packet was overlooked.
 */
#include <errno.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base_addr.h"
#include "base_rd.h"

#define SNAP_LEN     256 /* headers: Ethernet 14, IPv6 40, TCP 60 */
#define MAX_SECONDS  900
#define BUFFER_BYTES (16 << 20)

struct wire {
	pcap_t *pcap;
	int signals; /* signalfd: SIGTERM, SIGALRM */
	unsigned long seen;
};

struct packet {
	struct base_addr src;
	struct base_addr dst;
	uint8_t proto;
	size_t payload; /* bytes after the IP header, as its length field says
			 */
};

static void take_ip(struct base_rd *r, struct base_addr *a, uint16_t family)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	const size_t len = family == AF_INET ? 4 : 16;
	const struct base_span s = base_rd_take(r, len);

	*a = (struct base_addr){ .family = family };
	if (len == 4)
		memcpy(a->ip, mapped, sizeof(mapped));
	if (s.len == len)
		memcpy(a->ip + 16 - len, s.ptr, len);
}

/* RFC 791 3.1; options are skipped. */
static void read_ipv4(struct base_rd *r, struct packet *p)
{
	const size_t header = (size_t)(base_rd_u8(r) & 0x0f) * 4;
	uint16_t total;

	(void)base_rd_u8(r);
	total = base_rd_be16(r);
	(void)base_rd_take(r, 5);
	p->proto = base_rd_u8(r);
	(void)base_rd_take(r, 2);
	take_ip(r, &p->src, AF_INET);
	take_ip(r, &p->dst, AF_INET);
	if (header < 20 || total < header)
		base_rd_fail(r);
	else
		(void)base_rd_take(r, header - 20);
	p->payload = (size_t)total - header;
}

/* RFC 8200 3; extension headers do not occur in these tests. */
static void read_ipv6(struct base_rd *r, struct packet *p)
{
	(void)base_rd_be32(r);
	p->payload = base_rd_be16(r);
	p->proto = base_rd_u8(r);
	(void)base_rd_u8(r);
	take_ip(r, &p->src, AF_INET6);
	take_ip(r, &p->dst, AF_INET6);
}

/* RFC 9293 3.1 */
static void print_tcp(struct base_rd *r, struct packet *p)
{
	static const char letters[] = "FSRPA"; /* bits 0 to 4 */
	char src[BASE_ADDR_STRLEN], dst[BASE_ADDR_STRLEN], flags[8] = "-";
	uint32_t seq, ack;
	uint16_t word;
	size_t header, n = 0;

	p->src.port = base_rd_be16(r);
	p->dst.port = base_rd_be16(r);
	seq = base_rd_be32(r);
	ack = base_rd_be32(r);
	word = base_rd_be16(r);
	header = (size_t)(word >> 12) * 4;
	for (unsigned bit = 0; bit < 5; bit++) {
		if (word & (1U << bit))
			flags[n++] = letters[bit];
	}
	if (!base_rd_ok(r) || header > p->payload) {
		printf("malformed\n");
		return;
	}
	printf("%s > %s %s seq=%u ack=%u len=%zu\n",
	       base_addr_format(&p->src, src), base_addr_format(&p->dst, dst),
	       flags, seq, ack, p->payload - header);
}

/* RFC 768 */
static void print_udp(struct base_rd *r, struct packet *p)
{
	char src[BASE_ADDR_STRLEN], dst[BASE_ADDR_STRLEN];

	p->src.port = base_rd_be16(r);
	p->dst.port = base_rd_be16(r);
	if (!base_rd_ok(r) || p->payload < 8) {
		printf("malformed\n");
		return;
	}
	printf("%s > %s udp len=%zu\n", base_addr_format(&p->src, src),
	       base_addr_format(&p->dst, dst), p->payload - 8);
}

static void print_packet(u_char *user, const struct pcap_pkthdr *h,
			 const u_char *bytes)
{
	char src[BASE_ADDR_STRLEN], dst[BASE_ADDR_STRLEN];
	struct wire *w = (struct wire *)(void *)user;
	struct packet p = { .proto = 0 };
	struct base_rd r;
	uint16_t type;

	w->seen++;
	base_rd_init(&r, bytes, h->caplen);
	(void)base_rd_take(&r, 12); /* the two Ethernet addresses */
	type = base_rd_be16(&r);
	if (type == 0x0800)
		read_ipv4(&r, &p);
	else if (type == 0x86dd)
		read_ipv6(&r, &p);
	else
		base_rd_fail(&r);
	if (!base_rd_ok(&r))
		printf("malformed or no IP: type=%#x\n", (unsigned)type);
	else if (p.proto == IPPROTO_TCP)
		print_tcp(&r, &p);
	else if (p.proto == IPPROTO_UDP)
		print_udp(&r, &p);
	else
		printf("%s > %s proto=%u\n", base_addr_format_ip(&p.src, src),
		       base_addr_format_ip(&p.dst, dst), (unsigned)p.proto);
	(void)fflush(stdout);
}

/* The words of the filter, joined by blanks. */
static bool set_filter(pcap_t *pcap, char **words)
{
	char text[1024] = "";
	struct bpf_program program;
	size_t len = 0;
	bool ok;

	for (; *words; words++) {
		const int n =
			snprintf(text + len, sizeof(text) - len, "%s ", *words);

		if (n < 0 || (size_t)n >= sizeof(text) - len)
			return false;
		len += (size_t)n;
	}
	if (pcap_compile(pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN))
		return false;
	ok = !pcap_setfilter(pcap, &program);
	pcap_freecode(&program);
	return ok;
}

static bool open_capture(struct wire *w, char **argv)
{
	char error[PCAP_ERRBUF_SIZE] = "";

	w->pcap = pcap_create(argv[1], error);
	if (!w->pcap) {
		(void)fprintf(stderr, "wire: %s\n", error);
		return false;
	}
	if (pcap_set_snaplen(w->pcap, SNAP_LEN) ||
	    pcap_set_immediate_mode(w->pcap, 1) ||
	    pcap_set_buffer_size(w->pcap, BUFFER_BYTES) ||
	    pcap_activate(w->pcap) || !set_filter(w->pcap, argv + 2) ||
	    pcap_setnonblock(w->pcap, 1, error)) {
		(void)fprintf(stderr, "wire: %s: %s\n", argv[1],
			      pcap_geterr(w->pcap));
		return false;
	}
	if (pcap_datalink(w->pcap) != DLT_EN10MB) {
		(void)fprintf(stderr, "wire: %s is not Ethernet\n", argv[1]);
		return false;
	}
	return true;
}

static bool open_signals(struct wire *w)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGALRM);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return false;
	w->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	(void)alarm(MAX_SECONDS);
	return w->signals >= 0;
}

/* Return: did the capture go well until a signal came? */
static bool capture(struct wire *w)
{
	struct pollfd fds[2] = {
		{ .fd = pcap_get_selectable_fd(w->pcap), .events = POLLIN },
		{ .fd = w->signals, .events = POLLIN },
	};

	for (;;) {
		int n;

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return false;
		do {
			n = pcap_dispatch(w->pcap, -1, print_packet,
					  (u_char *)w);
		} while (n > 0);
		if (n < 0)
			return false;
		if (fds[1].revents)
			return true;
	}
}

int main(int argc, char **argv)
{
	struct wire w = { .signals = -1 };
	struct pcap_stat stat = { 0 };
	bool ok = false;

	if (argc < 2) {
		(void)fprintf(stderr, "usage: wire INTERFACE [FILTER...]\n");
		return 2;
	}
	if (open_capture(&w, argv) && open_signals(&w)) {
		printf("ready\n");
		(void)fflush(stdout);
		ok = capture(&w) && !pcap_stats(w.pcap, &stat) && !stat.ps_drop;
		printf("seen=%lu dropped=%u\n", w.seen, stat.ps_drop);
	}
	if (w.signals >= 0)
		(void)close(w.signals);
	if (w.pcap)
		pcap_close(w.pcap);
	return ok ? 0 : 1;
}
