/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stat.c - names of the counters */
#include "stat.h"

_Static_assert(STAT_MAX <= STAT_ROOM, "the block has room for every counter");

const struct stat_desc stat_table[STAT_MAX] = {
	[STAT_FLOWS_OPENED] = { "flows_opened", "Connections taken" },
	[STAT_FLOWS_CLOSED] = { "flows_closed", "Connections ended" },
	[STAT_CLIENT_BYTES] = { "client_bytes", "Bytes received from clients" },
	[STAT_SERVER_BYTES] = { "server_bytes", "Bytes received from servers" },
	[STAT_UNOBSERVED_BYTES] = { "unobserved_bytes",
				    "Bytes relayed that the tap ring had no "
				    "room for" },
	[STAT_CONNECT_FAILED] = { "connect_failed",
				  "Servers that refused or were unreachable" },
	[STAT_CONNECT_TIMEOUT] = { "connect_timeout",
				   "Servers that did not answer in time" },
	[STAT_RESETS] = { "resets", "Connections ended by a reset" },
	[STAT_REFUSED_SELF] = { "refused_self",
				"Connections to the listener itself" },
	[STAT_REFUSED_NO_RULE] = { "refused_no_rule",
				   "Connections that no rule takes" },
	[STAT_ACCEPT_ERRORS] = { "accept_errors",
				 "Connections lost while being accepted" },
	[STAT_ACCEPT_PAUSES] = { "accept_pauses",
				 "Times that a limit left connections in the "
				 "backlog" },
	[STAT_RING_WAITS] = { "ring_waits",
			      "Times that a flow waited for room in the tap "
			      "ring" },
	[STAT_RING_DETACHED] = { "ring_detached",
				 "Readers left behind because they stood "
				 "still and held others up" },
	[STAT_HINTS_LOST] = { "hints_lost",
			      "Open or close entries that the ring had no "
			      "room for" },
	[STAT_POOL_WAITS] = { "pool_waits",
			      "Times that a side was not read because the "
			      "pending pool was empty" },
	[STAT_FLOWS_DIED] = { "flows_died",
			      "Connections that ended because their worker "
			      "did" },
	[STAT_FLOWS_OPERATOR] = { "flows_operator",
				  "Connections ended by wayside close" },
	[STAT_LIMIT_WAITS] = { "limit_waits",
			       "Connections that a limit made wait" },
	[STAT_LIMIT_CLIENT] = { "limit_client",
				"... because of max_flows_per_client" },
	[STAT_LIMIT_RATE] = { "limit_rate", "... because of connect_rate" },
	[STAT_LIMIT_PORTS] = { "limit_ports",
			       "... because no source port was free" },
	[STAT_LIMIT_REFUSED] = { "limit_refused",
				 "Connections refused after waiting" },
	[STAT_LENT] = { "lent",
			"Connections taken for a worker that could not" },
	[STAT_FLOWS_IDLE] = { "flows_idle",
			      "Connections ended because nothing came" },
	[STAT_FLOWS_SUPERSEDED] = { "flows_superseded",
				    "Half-open connections ended when their "
				    "client came anew" },
	[STAT_UDP_FLOWS] = { "udp_flows", "UDP flows, of flows_opened" },
	[STAT_UDP_DROPPED] = { "udp_dropped",
			       "Datagrams that could not be passed on" },
	[STAT_UDP_LIMIT] = { "udp_limit",
			     "Datagrams dropped because of a limit on flows" },
	[STAT_UDP_ERRORS] = { "udp_errors",
			      "What the network said of datagrams (ICMP)" },
	[STAT_EVENTS] = { "events", "Tracker messages observed" },
	[STAT_LENGTH_WRONG] = { "length_wrong",
				"Messages whose announced length is wrong" },
	[STAT_CHECKSUM_WRONG] = { "checksum_wrong",
				  "Messages whose checksum is wrong" },
	[STAT_POSITIONS] = { "positions", "Positions in messages" },
	[STAT_UNKNOWN_MESSAGES] = { "unknown_messages",
				    "Messages of a kind that is not known" },
	[STAT_RAW] = { "raw", "Directions of flows that are of no known "
			      "protocol" },
	[STAT_SKIPPED_BYTES] = { "skipped_bytes",
				 "Bytes between messages that belong to none" },
	[STAT_GAP_BYTES] = { "gap_bytes", "Bytes missing in flows that the "
					  "recorder knows" },
	[STAT_CAPTURE_BYTES] = { "capture_bytes", "Bytes captured" },
	[STAT_CAPTURE_LOST_BYTES] = { "capture_lost_bytes",
				      "Bytes that could not be written to a "
				      "capture" },
	[STAT_EVENTS_LOST] = { "events_lost",
			       "Events that could not be written" },
	[STAT_UNKNOWN_FLOWS] = { "unknown_flows",
				 "Entries of flows that were gone" },
	[STAT_NO_MEMORY] = { "no_memory",
			     "Times that a partial message was lost because "
			     "too many are held" },
	[STAT_DECODER_DEATHS] = { "decoder_deaths",
				  "Records kept raw because decoding them "
				  "killed the recorder twice" },
	[STAT_STORED] = { "stored", "Events committed to the store" },
	[STAT_STORE_LOST] = { "store_lost",
			      "Events that the store did not take" },
	[STAT_STORE_RETRIES] = { "store_retries",
				 "Transactions of the store that failed" },
	[STAT_STORE_EXPIRED] = { "store_expired",
				 "Events deleted for their age or the store's "
				 "size" },
	[STAT_STORE_UNSENT] = { "store_unsent",
				"... of them, not confirmed by each sink" },
	[STAT_STORE_WAL_FULL] = { "store_wal_full",
				  "Times that the store's log was at its "
				  "limit" },
	[STAT_NONSENSE] = { "nonsense", "Ring entries that make no sense" },
};
