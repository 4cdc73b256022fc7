/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * probe.h - does intercepted traffic get through? Asked with a real packet
 *
 * Theory of operation. A packet that is intercepted goes to this host itself,
 * so the host's own firewall is asked about it, and no rule of ours can answer
 * in its place: one with an input policy of drop black-holes every tracker.
 * Instead of reading firewalls, of which there are too many, a connection is
 * made that looks like an intercepted one:
 *
 *   throw-away network namespace          this network namespace
 *   child: connect() ---- veth pair ----> prerouting: tproxy, NFT_MARK
 *                                         whatever firewalls there are
 *                                         parent: listener, accept()
 *
 * Its destination is the veth's own address, so neither routes nor routing
 * rules are needed, and forwarded traffic meets nothing of it. The rules stand
 * in a table of their own that belongs to the probe's netlink socket
 * (NFT_TABLE_F_OWNER) and match the veth's name alone.
 *
 * What says "blocked" is no time limit: the probe's rules count the packet when
 * it was marked, and again behind every firewall. Only a packet that was seen
 * at the one place and not at the other was blocked. Which chain took it is
 * asked of the kernel (meta nftrace).
 *
 * All of it goes with its processes, also when they are killed at any step: the
 * child has a parent-death signal, the namespace goes with the child, both ends
 * of the veth with the namespace, the table with its socket. Names have a
 * random part, so two probes at once do not meet. Addresses are of the ranges
 * that RFC 2544 and RFC 5180 set aside for such measurements, without a route
 * here.
 *
 * It needs CAP_NET_ADMIN and CAP_NET_RAW, and for the namespace CAP_SYS_ADMIN
 * or a kernel that lets anybody make user namespaces.
 *
 * Process: supervisor, before there are rules and roles; later a child of it,
 * for each time; the doctor. One thread; blocking, a tenth of a second, up to
 * two where packets vanish.
 */
#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"

enum probe_verdict {
	PROBE_PASSED,
	PROBE_IMPOSSIBLE,  /* it could not be tried: result.why */
	PROBE_BLOCKED_OUT, /* it came in, but its answer does not get out */
	PROBE_BLOCKED_IN,  /* it does not get to a socket of this host */
	PROBE_VERDICT_MAX
};

#define PROBE_NAME_LEN 64 /* of tables and chains that can be told */

/* Where a packet ended, as the kernel's trace says; table "" = not known. */
struct probe_place {
	uint8_t family; /* NFPROTO_* */
	char table[PROBE_NAME_LEN];
	char chain[PROBE_NAME_LEN];
};

struct probe_result {
	enum probe_verdict verdict;  /* the worst of the families' */
	enum probe_verdict of[2];    /* IPv4, IPv6; PASSED where not tried */
	struct probe_place place[2]; /* BLOCKED_*: who took it */
	bool traced; /* nft chains told: a place not known is none of theirs */
	char why[256]; /* IMPOSSIBLE: one line, no newline */
};

/*
 * Tries it with TCP to `port` (of a rule: a firewall may let some ports in),
 * IPv4 and, where there is IPv6, IPv6. Nothing is left behind.
 * Return: the verdict.
 */
WS_MUST_USE enum probe_verdict probe_input(uint16_t port,
					   struct probe_result *result);

/*
 * For a result that is blocked: says what blocks, as well as can be said, and
 * the exact line to add for that firewall, and how to keep it. `line` is called
 * for each line of text, without newline; commands stand alone in lines that
 * begin with PROBE_RUN and can be run as they are; what keeps it over a reboot
 * begins with PROBE_KEEP.
 */
#define PROBE_RUN  "run: "
#define PROBE_KEEP "to keep it: "
void probe_explain(const struct probe_result *result,
		   void (*line)(void *arg, const char *text), void *arg);

#endif
