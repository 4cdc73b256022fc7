/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_schema.c - the one table of all configuration keys */
#include "conf_schema.h"

#include <stdlib.h>
#include <string.h>

#include "conf_near.h"
#include "conf_tables.h"

#define TOP(member) \
	CONF_SCOPE_TOP, .offset = offsetof(struct conf_tables, member)
#define PROTOCOL(member) \
	CONF_SCOPE_PROTOCOL, .offset = offsetof(struct conf_protocol, member)
#define RULE(member) \
	CONF_SCOPE_RULE, .offset = offsetof(struct conf_rule, member)
#define STORE(member) \
	CONF_SCOPE_STORE, .offset = offsetof(struct conf_tables, member)
#define SINK(member) \
	CONF_SCOPE_SINK, .offset = offsetof(struct conf_sink, member)

static const char *failure_word(unsigned i)
{
	return conf_failure_name((enum conf_failure)i);
}

static const char *answer_word(unsigned i)
{
	return conf_answer_name((enum conf_answer)i);
}

static const char *intercept_word(unsigned i)
{
	return conf_intercept_name((enum conf_intercept)i);
}

static const char *proxy_protocol_word(unsigned i)
{
	return conf_proxy_protocol_name((enum conf_proxy_protocol)i);
}

static const char *transport_word(unsigned i)
{
	return conf_transport_name((enum conf_transport)i);
}

static const char *source_word(unsigned i)
{
	return conf_source_name((enum conf_source)i);
}

static const char *capture_word(unsigned i)
{
	return conf_capture_name((enum conf_capture)i);
}

static const char *when_full_word(unsigned i)
{
	return conf_when_full_name((enum conf_when_full)i);
}

static const char *event_format_word(unsigned i)
{
	return conf_event_format_name((enum conf_event_format)i);
}

static const char *sink_from_word(unsigned i)
{
	return conf_sink_from_name((enum conf_sink_from)i);
}

const struct conf_key conf_keys[CONF_KEY_MAX] = {
	[CONF_KEY_ON_FAILURE] = {
		.scope = TOP(on_failure),
		.name = "on_failure",
		.type = CONF_TYPE_CHOICE,
		.initial = "open-stay",
		.choice = failure_word,
		.help = "What happens to new connections while Wayside is not "
			"running: open-stay (they go direct; after a crash the "
			"rules stay and do nothing, a clean stop removes "
			"them), open (they go direct; the rules go with the "
			"daemon, however it ends), closed (they are refused) "
			"or hold (they wait in a listener that wayside.socket "
			"keeps; datagrams go direct). Trackers are to go on "
			"without Wayside, and after a crash under open one "
			"that comes back from the same port can be held up for "
			"a minute: so open-stay. To or from hold needs a "
			"restart.",
	},
	[CONF_KEY_INTERCEPT] = {
		.scope = TOP(intercept),
		.name = "intercept",
		.restart = true,
		.type = CONF_TYPE_CHOICE,
		.initial = "tproxy",
		.choice = intercept_word,
		.help = "How the kernel hands connections over: tproxy, which "
			"can do all that rules say, or redirect (nat) where "
			"the kernel has no TPROXY: only TCP, only source: "
			"gateway, no local, and on_failure open or closed.",
	},
	[CONF_KEY_SELF_TEST] = {
		.scope = TOP(self_test),
		.name = "self_test",
		.type = CONF_TYPE_CHOICE,
		.initial = "yes",
		.choice = answer_word,
		.help = "Before the rules are installed, and again when "
			"somebody has changed nftables: does a connection of a "
			"throw-away namespace get through the gateway's own "
			"firewall? If not, Wayside says what to add and does "
			"not start; while it runs, new connections go direct "
			"until it does, with on_failure open and open-stay. "
			"yes or no. Not with intercept: redirect.",
	},
	[CONF_KEY_LOCAL_EXCEPT] = {
		.scope = CONF_SCOPE_TOP,
		.name = "local_except",
		.type = CONF_TYPE_USERS,
		.example = "[root, 1000]",
		.help = "Users, by name or number, whose connections a rule "
			"with local: yes does not take, at most 16. Default: "
			"nobody; Wayside's own are never taken.",
	},
	[CONF_KEY_WORKERS] = {
		.scope = TOP(workers),
		.name = "workers",
		.restart = true,
		.type = CONF_TYPE_COUNT,
		.initial = "auto",
		.word = "auto",
		.min = 1,
		.max = CONF_WORKERS_MAX,
		.help = "Number of worker processes, 1 to 64. auto: one a "
			"core, or more when max_flows needs more descriptors "
			"than one process may have.",
	},
	/* 10,000: two descriptors each are well within systemd's hard limit
	 * of 524,288 a process */
	[CONF_KEY_MAX_FLOWS] = {
		.scope = TOP(max_flows),
		.name = "max_flows",
		.restart = true,
		.type = CONF_TYPE_COUNT,
		.initial = "10000",
		.min = 1,
		.max = 1000000,
		.help = "Connections at one time, all workers together, 1 to "
			"1000000. Above it new ones wait.",
	},
	/* 16 MiB: measured to lose nothing at 10 Gbit/s with `brief` */
	[CONF_KEY_RING_SIZE] = {
		.scope = TOP(ring_size),
		.name = "ring_size",
		.restart = true,
		.type = CONF_TYPE_SIZE,
		.initial = "16M",
		.min = 1U << 20,
		.max = 1U << 28,
		.help = "Memory a worker for bytes that wait to be recorded: a "
			"power of two, 1M to 256M.",
	},
	[CONF_KEY_CONNECT_TIMEOUT] = {
		.scope = TOP(connect_timeout_ms),
		.name = "connect_timeout",
		.type = CONF_TYPE_DURATION,
		.initial = "10s",
		.min = 100,
		.max = 120000,
		.help = "How long a server may take to accept before the "
			"tracker's connection is reset, 100ms to 2m.",
	},
	[CONF_KEY_LISTEN_PORT] = {
		.scope = TOP(listen_port),
		.name = "listen_port",
		.restart = true,
		.type = CONF_TYPE_PORT,
		.initial = "15001",
		.min = 1,
		.max = 65535,
		.help = "Port of the transparent listeners on the loopback "
			"interface.",
	},
	/* 30 s: a tracker that talks at all has said what it had to */
	[CONF_KEY_DRAIN] = {
		.scope = TOP(drain_ms),
		.name = "drain",
		.type = CONF_TYPE_DURATION,
		.initial = "30s",
		.min = 0,
		.max = 3600000,
		.help = "At a stop: how long running connections may go on, "
			"while new ones are no longer taken, 0s to 1h.",
	},
	[CONF_KEY_MAX_FLOWS_PER_CLIENT] = {
		.scope = TOP(max_flows_per_client),
		.name = "max_flows_per_client",
		.type = CONF_TYPE_COUNT,
		.initial = "none",
		.word = "none",
		.min = 1,
		.max = 1000000,
		.help = "Connections at one time of one client network, or "
			"none for no limit. Above it new ones wait.",
	},
	[CONF_KEY_CLIENT_BITS_V4] = {
		.scope = TOP(client_bits_v4),
		.name = "client_bits_v4",
		.type = CONF_TYPE_COUNT,
		.initial = "32",
		.min = 1,
		.max = 32,
		.help = "Size of a client network for max_flows_per_client: "
			"leading bits of an IPv4 address, 1 to 32.",
	},
	[CONF_KEY_CLIENT_BITS_V6] = {
		.scope = TOP(client_bits_v6),
		.name = "client_bits_v6",
		.type = CONF_TYPE_COUNT,
		.initial = "64",
		.min = 1,
		.max = 128,
		.help = "The same of an IPv6 address, 1 to 128.",
	},
	[CONF_KEY_CONNECT_RATE] = {
		.scope = TOP(connect_rate),
		.name = "connect_rate",
		.type = CONF_TYPE_COUNT,
		.initial = "none",
		.word = "none",
		.min = 1,
		.max = 1000000,
		.help = "Connections to servers begun in a second, all workers "
			"together, or none for no limit. Above it they wait.",
	},
	[CONF_KEY_KEEPALIVE_CLIENT] = {
		.scope = TOP(keepalive_client_ms),
		.name = "keepalive_client",
		.type = CONF_TYPE_DURATION,
		.initial = "none",
		.word = "none",
		.min = 1000,
		.max = 32400000, /* MAX_TCP_KEEPIDLE: 32767 s */
		.help = "Silence of a tracker after which the gateway's kernel "
			"asks whether it is still there, 1s to 9h (whole "
			"seconds, rounded up), or none. After three questions "
			"without an answer, 10 s apart, the connection ends, "
			"and the server sees a reset. Each answer costs the "
			"device's battery, and some watches stop their own "
			"messages when they are asked: so none.",
	},
	[CONF_KEY_KEEPALIVE_SERVER] = {
		.scope = TOP(keepalive_server_ms),
		.name = "keepalive_server",
		.type = CONF_TYPE_DURATION,
		.initial = "2m",
		.word = "none",
		.min = 1000,
		.max = 32400000, /* MAX_TCP_KEEPIDLE: 32767 s */
		.help = "The same towards servers. What a tracker asks ends at "
			"the gateway, so only the gateway can see that a "
			"server is gone. Most NATs on the way keep a quiet "
			"connection for longer than 2m.",
	},
	/* none: what the tracker would have without Wayside */
	[CONF_KEY_USER_TIMEOUT] = {
		.scope = TOP(user_timeout_ms),
		.name = "user_timeout",
		.type = CONF_TYPE_DURATION,
		.initial = "none",
		.word = "none",
		.min = 1000,
		.max = 86400000,
		.help = "How long bytes may stay unacknowledged before the "
			"connection is broken (TCP_USER_TIMEOUT), 1s to 24h, "
			"or none: the kernel gives up after about 15 minutes. "
			"A time also breaks connections whose receiver is "
			"there, but reads nothing for so long, and keepalive "
			"then gives up after it, not after three questions: "
			"so none is the default.",
	},
	[CONF_KEY_IDLE_TIMEOUT] = {
		.scope = TOP(idle_timeout_ms),
		.name = "idle_timeout",
		.type = CONF_TYPE_DURATION,
		.initial = "none",
		.word = "none",
		.min = 1000,
		.max = 604800000,
		.help = "Ends connections on which no byte came either way for "
			"so long, 1s to 168h, or none. A tracker may sleep for "
			"a day and go on with the same connection: so none, "
			"and a warning below 2h. UDP has udp_timeout.",
	},
	[CONF_KEY_UDP_TIMEOUT] = {
		.scope = TOP(udp_timeout_ms),
		.name = "udp_timeout",
		.type = CONF_TYPE_DURATION,
		.initial = "5m",
		.min = 1000,
		.max = 86400000,
		.help = "Ends UDP flows on which no datagram came either way "
			"for so long, 1s to 24h (5m: longer than trackers "
			"pause between heartbeats); those whose server never "
			"answered after 30s at most, since an address in a "
			"datagram proves nothing.",
	},
	[CONF_KEY_MAX_UDP_FLOWS] = {
		.scope = TOP(max_udp_flows),
		.name = "max_udp_flows",
		.type = CONF_TYPE_COUNT,
		.initial = "2000",
		.min = 1,
		.max = 1000000,
		.help = "UDP flows at one time, of max_flows. At that number "
			"a flow that was never answered gives way after 2s, "
			"or datagrams of new ones are dropped. Fewer than "
			"max_flows, and by default half of it at most, so that "
			"a flood of false addresses leaves places for TCP.",
	},
	[CONF_KEY_LOG_DIR] = {
		.scope = TOP(log_dir),
		.name = "log_dir",
		.restart = true,
		.type = CONF_TYPE_DIRECTORY,
		.initial = "/var/log/wayside",
		.help = "Directory of the captures and of errors.log. It must "
			"exist and be writable for the user that runs "
			"Wayside.",
	},
	[CONF_KEY_CAPTURE_ROTATE_SIZE] = {
		.scope = TOP(capture_rotate_size),
		.name = "capture_rotate_size",
		.type = CONF_TYPE_SIZE,
		.initial = "none",
		.word = "none",
		.min = 4U << 10,
		.max = 1ULL << 40,
		.help = "Largest size of a capture file, 4K to 1024G, or none. "
			"What would go beyond it begins the connection's next "
			"file, whose name ends in .rot000002.log and so on; "
			"only a single piece that is larger by itself makes a "
			"larger one. Running connections follow a change. "
			"None: one file a connection.",
	},
	[CONF_KEY_CAPTURE_ROTATE_TIME] = {
		.scope = TOP(capture_rotate_time_ms),
		.name = "capture_rotate_time",
		.type = CONF_TYPE_DURATION,
		.initial = "none",
		.word = "none",
		.min = 1000,
		.max = 2592000000, /* 30 days: it fits 32 bits */
		.help = "The same by time: bytes that come so long after a "
			"file's first ones begin the next file, 1s to 720h, or "
			"none.",
	},
	[CONF_KEY_PIDFILE] = {
		.scope = TOP(pidfile),
		.name = "pidfile",
		.restart = true,
		.type = CONF_TYPE_FILE,
		.initial = "/run/wayside/pid",
		.word = "none",
		.help = "File that holds the daemon's process id while it "
			"runs, or none. Without a configuration file the "
			"default is none.",
	},
	[CONF_KEY_CONTROL] = {
		.scope = TOP(control),
		.name = "control",
		.restart = true,
		.type = CONF_TYPE_FILE,
		.initial = "/run/wayside/control",
		.word = "none",
		.max = CONF_CONTROL_MAX,
		.help = "Socket for wayside status, flows, close, reload, "
			"bypass and rules add|del, or none. Without a "
			"configuration file the default is none.",
	},
	[CONF_KEY_LISTEN] = {
		.scope = TOP(listen),
		.name = "listen",
		.restart = true,
		.type = CONF_TYPE_SERVICE,
		.example = "0.0.0.0:7700",
		.help = "Fixed-remote mode, in place of rules: where to "
			"listen, as 0.0.0.0:7700, [::1]:7700 or NAME:SERVICE.",
	},
	[CONF_KEY_REMOTE] = {
		.scope = TOP(remote),
		.name = "remote",
		.restart = true,
		.type = CONF_TYPE_SERVICE,
		.example = "47.88.85.196:7700",
		.help = "Fixed-remote mode: the server that every connection "
			"to listen is relayed to, in the same forms. A name is "
			"looked up once, at start.",
	},
	[CONF_KEY_PROXY_PROTOCOL] = {
		.scope = TOP(proxy_protocol),
		.name = "proxy_protocol",
		.restart = true,
		.type = CONF_TYPE_CHOICE,
		.initial = "none",
		.choice = proxy_protocol_word,
		.help = "Fixed-remote mode: none, or v2 to tell the remote the "
			"tracker's address in a PROXY protocol header. None, "
			"because a remote that does not expect one takes it "
			"for the tracker's first bytes.",
	},
	[CONF_KEY_RULES] = {
		.scope = CONF_SCOPE_TOP,
		.name = "rules",
		.type = CONF_TYPE_RULES,
		.help = "Which connections Wayside takes, and what it does "
			"with them. No two rules may take the same connection.",
	},
	[CONF_KEY_EVENTS] = {
		.scope = CONF_SCOPE_TOP,
		.name = "events",
		.type = CONF_TYPE_EVENTS,
		.help = "Where the trackers' messages are written: a mapping, "
			"or a list of them.",
	},
	[CONF_KEY_PROTOCOLS] = {
		.scope = CONF_SCOPE_TOP,
		.name = "protocols",
		.type = CONF_TYPE_PROTOCOLS,
		.example = "jt808",
		.help = "How the trackers use a protocol, where that is not as "
			"usual; by its name. A reload changes it for all "
			"connections, from the next message on.",
	},
	[CONF_KEY_STORE] = {
		.scope = CONF_SCOPE_TOP,
		.name = "store",
		.type = CONF_TYPE_STORE,
		.help = "The database of events and positions: what wayside "
			"events reads, and what sinks are fed from. Without "
			"this key there is one only if there are sinks.",
	},
	[CONF_KEY_SINKS] = {
		.scope = CONF_SCOPE_TOP,
		.name = "sinks",
		.type = CONF_TYPE_SINKS,
		.help = "Where events go from the store, at most 8. Each event "
			"arrives at least once, with the same id if it comes "
			"again. Each sink has one of amqp, exec and redis. A "
			"password stands in this file: let only its owner and "
			"group read it.",
	},
	[CONF_KEY_RULE_NAME] = {
		.scope = RULE(name),
		.name = "name",
		.type = CONF_TYPE_NAME,
		.required = true,
		.example = "tkstar",
		.help = "The rule's name, unique: letters, digits, _ and -, at "
			"most 31.",
	},
	[CONF_KEY_RULE_INTERFACES] = {
		.scope = RULE(interfaces),
		.name = "interfaces",
		.type = CONF_TYPE_INTERFACES,
		.example = "[br-lan, wg*]",
		.help = "Interfaces that the connection comes in on; a final * "
			"stands for any ending. Default: any but the loopback.",
	},
	[CONF_KEY_RULE_CLIENTS] = {
		.scope = RULE(clients),
		.name = "clients",
		.type = CONF_TYPE_NETWORKS,
		.example = "[192.168.1.0/24, 2001:db8:1::/64]",
		.help = "Networks of the trackers, ADDR or ADDR/BITS. Default: "
			"any.",
	},
	[CONF_KEY_RULE_TO] = {
		.scope = RULE(to),
		.name = "to",
		.type = CONF_TYPE_TO,
		.required = true,
		.example = "[\"47.88.85.196:7700\", "
			   "\"[2001:db8::7]:7700-7710\"]",
		.help = "Servers that the trackers talk to: ADDR:PORT, "
			"ADDR:PORT-PORT, ADDR/BITS:PORT, IPv6 in brackets.",
	},
	[CONF_KEY_RULE_TRANSPORT] = {
		.scope = RULE(transport),
		.name = "transport",
		.type = CONF_TYPE_CHOICE,
		.initial = "tcp",
		.choice = transport_word,
		.help = "What the trackers speak: tcp, as most do, or udp.",
	},
	[CONF_KEY_RULE_LOCAL] = {
		.scope = RULE(local),
		.name = "local",
		.type = CONF_TYPE_CHOICE,
		.initial = "no",
		.choice = answer_word,
		.help = "Are connections of programs on the gateway itself "
			"taken, too: yes, or no, since a gateway's own are "
			"seldom a tracker's. What clients says holds for "
			"them, what interfaces says does not. While Wayside "
			"is down they are refused with on_failure: closed, "
			"else they go direct. Not with source: client-port.",
	},
	[CONF_KEY_RULE_SOURCE] = {
		.scope = RULE(source),
		.name = "source",
		.type = CONF_TYPE_CHOICE,
		.initial = "gateway",
		.choice = source_word,
		.help = "Whose address the server sees: gateway, client (with "
			"another port), client-port (with its own port) or "
			"auto (gateway where the gateway masquerades, else "
			"client). gateway works on every network, with as many "
			"connections at a time to one server as there are "
			"ports (28232, unless ip_local_port_range says "
			"otherwise); more wait for one, connect_timeout at "
			"most. For one TCP server all rules say gateway or "
			"none does, and a change of that needs a restart.",
	},
	[CONF_KEY_RULE_CAPTURE] = {
		.scope = RULE(capture),
		.name = "capture",
		.type = CONF_TYPE_CHOICE,
		.initial = "text",
		.choice = capture_word,
		.help = "Form of the capture, one file a connection in "
			"log_dir: text, pcap (for Wireshark and its like: the "
			"bytes in packets with the real addresses; in a build "
			"with libpcap) or none.",
	},
	[CONF_KEY_RULE_WHEN_FULL] = {
		.scope = RULE(when_full),
		.name = "when_full",
		.type = CONF_TYPE_CHOICE,
		.initial = "brief",
		.choice = when_full_word,
		.help = "When recording cannot keep up: brief (the connection "
			"waits at most 100 ms, then bytes go unrecorded), drop "
			"(it never waits) or wait (it waits as long as it "
			"takes). UDP never waits.",
	},
	[CONF_KEY_RULE_OBSERVE] = {
		.scope = RULE(observe),
		.name = "observe",
		.type = CONF_TYPE_PROTOCOL,
		.initial = "auto",
		.help = "The trackers' protocol, auto to recognise it, or none "
			"to write no events.",
	},
	[CONF_KEY_EVENTS_FILE] = {
		.scope = CONF_SCOPE_EVENTS,
		.name = "file",
		.type = CONF_TYPE_FILES,
		.required = true,
		.example = "/var/log/wayside/events.log",
		.help = "File that gets one line a message; or a list of "
			"files.",
	},
	[CONF_KEY_EVENTS_FORMAT] = {
		.scope = CONF_SCOPE_EVENTS,
		.name = "format",
		.type = CONF_TYPE_CHOICE,
		.initial = "classic",
		.choice = event_format_word,
		.help = "Form of the line: classic (five fields, as tcpproxy "
			"writes them) or json (all that the message says, as "
			"event.schema.json has it).",
	},
	[CONF_KEY_PROTOCOL_ZONE] = {
		.scope = PROTOCOL(zone_min),
		.name = "time_zone",
		.type = CONF_TYPE_ZONE,
		.example = "\"+08:00\"",
		.help = "Zone of the times that a message gives without one, "
			"-14:00 to +14:00, east of UTC. Default: the "
			"protocol's; --print-config shows it.",
	},
	[CONF_KEY_STORE_FILE] = {
		.scope = STORE(store),
		.name = "file",
		.restart = true,
		.type = CONF_TYPE_FILE,
		.initial = "/var/lib/wayside/wayside.db",
		.word = "none",
		.max = CONF_STORE_MAX,
		.help = "The database's file, or none for no store. Its "
			"directory must exist and be writable for the user "
			"that runs Wayside; sinks have small files beside it.",
	},
	/* 50 ms: hardly a delay, and many events a transaction */
	[CONF_KEY_STORE_COMMIT_DELAY] = {
		.scope = STORE(commit_delay_ms),
		.name = "commit_delay",
		.type = CONF_TYPE_DURATION,
		.initial = "50ms",
		.min = 1,
		.max = 60000,
		.help = "How long an event may wait for others before it is "
			"written, 1ms to 1m. With flash: yes the default is "
			"1s.",
	},
	[CONF_KEY_STORE_FLASH] = {
		.scope = STORE(store_flash),
		.name = "flash",
		.type = CONF_TYPE_CHOICE,
		.initial = "no",
		.choice = answer_word,
		.help = "The file lies on flash memory that wears out: few, "
			"large writes. yes or no.",
	},
	[CONF_KEY_STORE_DURABLE] = {
		.scope = STORE(store_durable),
		.name = "durable",
		.type = CONF_TYPE_CHOICE,
		.initial = "no",
		.choice = answer_word,
		.help = "Each transaction is on the disk before the next one "
			"(fsync). yes, or no: a power cut loses the last "
			"moments, and a crash of Wayside loses nothing.",
	},
	[CONF_KEY_STORE_MAX_AGE] = {
		.scope = STORE(store_max_age_s),
		.name = "max_age",
		.type = CONF_TYPE_AGE,
		.initial = "none",
		.word = "none",
		.min = 60,
		.max = 315360000, /* ten years */
		.help = "Events older than this are deleted, once all sinks "
			"have confirmed them: 1m to 3650d, or none.",
	},
	[CONF_KEY_STORE_MAX_SIZE] = {
		.scope = STORE(store_max_size),
		.name = "max_size",
		.type = CONF_TYPE_SIZE,
		.initial = "1G",
		.word = "none",
		.min = 1U << 20,
		.max = 1ULL << 44,
		.help = "Beyond this size the oldest events are deleted, once "
			"all sinks have confirmed them: 1M to 16384G, or none.",
	},
	[CONF_KEY_STORE_MAX_SIZE_HARD] = {
		.scope = STORE(store_max_size_hard),
		.name = "max_size_hard",
		.type = CONF_TYPE_SIZE,
		.initial = "4G",
		.word = "none",
		.min = 1U << 20,
		.max = 1ULL << 44,
		.help = "Beyond this size the oldest events are deleted "
			"whether they are confirmed or not, and counted: 1M "
			"to 16384G, or none. Not less than max_size, and by "
			"default four times that if it is more than 4G.",
	},
	[CONF_KEY_SINK_NAME] = {
		.scope = SINK(name),
		.name = "name",
		.type = CONF_TYPE_NAME,
		.required = true,
		.example = "fleet",
		.help = "The sink's name, unique: letters, digits, _ and -, at "
			"most 31. How far a sink is belongs to its name.",
	},
	[CONF_KEY_SINK_AMQP] = {
		.scope = CONF_SCOPE_SINK,
		.name = "amqp",
		.type = CONF_TYPE_URI,
		.example = "\"amqps://USER:PASSWORD@broker.example/%2F"
			   "?exchange=trackers\"",
		.help = "A broker of AMQP 0-9-1, such as RabbitMQ: amqp or "
			"amqps://USER:PASSWORD@HOST:PORT/VHOST?KEY=VALUE&..., "
			"with keys exchange, queue, routing_key and heartbeat "
			"(in seconds). What is not there is declared, durable; "
			"the exchange as a topic exchange. In routing_key "
			"{device_id}, {protocol} and {type} stand for the "
			"event's. Without routing_key it is the queue's name, "
			"else observer.event. In a user or a password write "
			"/@:?#% as %2F %40 %3A %3F %23 %25. In a build with "
			"librabbitmq.",
	},
	[CONF_KEY_SINK_EXEC] = {
		.scope = CONF_SCOPE_SINK,
		.name = "exec",
		.type = CONF_TYPE_COMMAND,
		.example = "[/usr/local/bin/read-events, --quiet]",
		.help = "Or a program, absolute, or a list of it and its "
			"arguments: it reads one event a line. One that ends "
			"is started again.",
	},
	[CONF_KEY_SINK_REDIS] = {
		.scope = CONF_SCOPE_SINK,
		.name = "redis",
		.type = CONF_TYPE_URI,
		.example = "\"redis://USER:PASSWORD@redis.example/0"
			   "?stream=wayside\"",
		.help = "Or a Redis server: redis://USER:PASSWORD@HOST:PORT/DB"
			"?stream=NAME&maxlen=N (the stream wayside by default, "
			"which maxlen keeps short), or ?list=NAME, or "
			"redis+unix:///PATH/OF/SOCKET?db=N&... In a build with "
			"hiredis.",
	},
	[CONF_KEY_SINK_FORMAT] = {
		.scope = SINK(format),
		.name = "format",
		.type = CONF_TYPE_CHOICE,
		.initial = "json",
		.choice = event_format_word,
		.help = "Form of an event: json (all that the message says, as "
			"event.schema.json has it) or classic (the five keys "
			"of tcpproxy's JSON).",
	},
	[CONF_KEY_SINK_FROM] = {
		.scope = SINK(from),
		.name = "from",
		.type = CONF_TYPE_CHOICE,
		.initial = "oldest",
		.choice = sink_from_word,
		.help = "Where a sink of a new name begins: oldest (all that "
			"the store has) or newest (what comes from now on).",
	},
	[CONF_KEY_SINK_TIMEOUT] = {
		.scope = SINK(timeout_ms),
		.name = "timeout",
		.type = CONF_TYPE_DURATION,
		.initial = "10s",
		.min = 100,
		.max = 600000,
		.help = "How long the other side may take to answer, or a "
			"program to read, before it is tried anew, 100ms to "
			"10m.",
	},
	[CONF_KEY_SINK_CA] = {
		.scope = SINK(ca),
		.name = "ca",
		.type = CONF_TYPE_FILE,
		.example = "/etc/wayside/ca.pem",
		.word = "none",
		.help = "amqps: file of the authorities that may vouch for "
			"the broker (PEM). Default: the system's.",
	},
	[CONF_KEY_SINK_CERTIFICATE] = {
		.scope = SINK(certificate),
		.name = "certificate",
		.type = CONF_TYPE_FILE,
		.example = "/etc/wayside/client.pem",
		.word = "none",
		.help = "amqps: our own certificate, where the broker asks for "
			"one (PEM); with key.",
	},
	[CONF_KEY_SINK_KEY] = {
		.scope = SINK(key),
		.name = "key",
		.type = CONF_TYPE_FILE,
		.example = "/etc/wayside/client.key",
		.word = "none",
		.help = "The certificate's private key (PEM, without a "
			"passphrase).",
	},
};

static bool equal(const char *name, struct base_span text)
{
	return strlen(name) == text.len &&
	       (!text.len || !memcmp(name, text.ptr, text.len));
}

const struct conf_key *conf_key_find(enum conf_scope scope,
				     struct base_span name)
{
	for (size_t i = 0; i < CONF_KEY_MAX; i++) {
		if (conf_keys[i].scope == scope &&
		    equal(conf_keys[i].name, name))
			return &conf_keys[i];
	}
	return NULL;
}

const struct conf_key *conf_key_nearest(enum conf_scope scope,
					struct base_span name)
{
	const struct conf_key *best = NULL;
	struct conf_near near;

	conf_near_init(&near, name);
	for (size_t i = 0; i < CONF_KEY_MAX; i++) {
		const struct conf_key *k = &conf_keys[i];

		if (k->scope == scope && conf_near_try(&near, k->name))
			best = k;
	}
	return best;
}
