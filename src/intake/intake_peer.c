/* SPDX-License-Identifier: GPL-3.0-or-later */
/* intake_peer.c - is the other end of a connection still there? */
#include "intake_peer.h"

#include <linux/tcp.h>
#include <stddef.h>

#include "intake_internal.h"

int intake_peer_guard(int fd, uint32_t keepalive_ms, uint32_t user_timeout_ms)
{
	const struct {
		int level, name;
		uint32_t value;
	} options[] = {
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, user_timeout_ms },
		{ IPPROTO_TCP, TCP_KEEPIDLE, (keepalive_ms + 999) / 1000 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, INTAKE_KEEPALIVE_INTERVAL_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, INTAKE_KEEPALIVE_PROBES },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
	};
	const size_t first = user_timeout_ms ? 0 : 1;
	const size_t end = keepalive_ms ? WS_ARRAY_LEN(options) : 1;

	for (size_t i = first; i < end; i++) {
		const int r = intake_option(fd, options[i].level,
					    options[i].name,
					    (int)options[i].value);

		if (r)
			return r;
	}
	return 0;
}

int intake_peer_ask(int fd, struct intake_peer *p)
{
	struct tcp_info info = { .tcpi_state = 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return -errno;
	/* a receiver that ran out of memory drops what it had a window for, so
	 * bytes that stay on their way prove nothing by themselves */
	*p = (struct intake_peer){
		.heard = info.tcpi_segs_in,
		.done = !info.tcpi_unacked && !info.tcpi_notsent_bytes,
		.unanswered = info.tcpi_unacked &&
			      info.tcpi_last_ack_recv >
				      info.tcpi_last_data_sent,
	};
	return 0;
}
