/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wayside_decode_test.c - the command as its users run it
 *
 * Events are of the watch family here; what each protocol says is tested beside
 * it in src/track.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "base_fd.h"
#include "event_test.h"
#include "packet_build.h"
#include "packet_file.h"

#define WORDS_MAX 6
#define BEFORE    125 /* exit status: the tool was not begun */

/* [SG*1234567890*0002*LK], and the end of a message without its bracket */
#define LK_HEX "5b53472a313233343536373839302a303030322a4c4b5d"
#define LK     "[SG*1234567890*0002*LK]"
#define HALF   "5b53472a313233343536373839302a303030322a4c4b"
#define LK_JSON(flow)                                                       \
	"{\"flow\":\"000000000000000" flow "\",\"direction\":\"client\","   \
	"\"protocol\":\"watch\",\"device_id\":\"1234567890\","              \
	"\"type\":\"heartbeat\",\"keyword\":\"LK\",\"payload\":\"" LK "\"," \
	"\"length_ok\":true}"

struct outcome {
	int status;
	char *out, *err;
};

static void write_all(int fd, const void *bytes, size_t len)
{
	assert_int_equal(base_fd_write_all(fd, bytes, len, NULL), 0);
}

static char *read_back(int *fd)
{
	char *text;
	size_t len;

	assert_true(lseek(*fd, 0, SEEK_SET) == 0);
	assert_int_equal(base_fd_read_all(*fd, 1 << 20, &text, &len), 0);
	base_fd_close(fd);
	return text;
}

/* Runs `wayside decode WORDS...` with these bytes as its standard input; out:
 * -1 = kept. setting: of its environment, NULL = none. */
static struct outcome decode_set(const char *const *words, const void *bytes,
				 size_t len, int terminal, const char *setting)
{
	int in = memfd_create("in", MFD_CLOEXEC);
	int out = memfd_create("out", MFD_CLOEXEC);
	int err = memfd_create("err", MFD_CLOEXEC);
	char *argv[WORDS_MAX + 3] = { (char[]){ "wayside" },
				      (char[]){ "decode" } };
	char *env[] = { (char[]){ "TZ=UTC" },
			(char[]){ "ASAN_OPTIONS=detect_leaks=0" },
			setting ? strdup(setting) : NULL, NULL };
	struct outcome o;
	pid_t pid;

	assert_true(in >= 0 && out >= 0 && err >= 0);
	write_all(in, bytes, len);
	assert_true(lseek(in, 0, SEEK_SET) == 0);
	for (size_t i = 0; words[i]; i++) {
		argv[i + 2] = strdup(words[i]);
		assert_non_null(argv[i + 2]);
	}
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (dup2(in, STDIN_FILENO) >= 0 &&
		    dup2(terminal < 0 ? out : terminal, STDOUT_FILENO) >= 0 &&
		    dup2(err, STDERR_FILENO) >= 0)
			(void)execve(WAYSIDE_TOOL, argv, env);
		_exit(BEFORE);
	}
	for (size_t i = 0; words[i]; i++)
		free(argv[i + 2]);
	free(env[2]);
	assert_int_equal(waitpid(pid, &o.status, 0), pid);
	assert_true(WIFEXITED(o.status));
	o.status = WEXITSTATUS(o.status);
	assert_int_not_equal(o.status, BEFORE);
	o.out = read_back(&out);
	o.err = read_back(&err);
	base_fd_close(&in);
	return o;
}

static struct outcome decode(const char *const *words, const void *bytes,
			     size_t len, int terminal)
{
	return decode_set(words, bytes, len, terminal, NULL);
}

static void free_outcome(struct outcome *o)
{
	free(o->out);
	free(o->err);
}

static struct outcome decode_text(const char *const *words, const char *text)
{
	return decode(words, text, strlen(text), -1);
}

static void outcome_is(const char *const *words, const char *text, int status,
		       const char *out, const char *err)
{
	struct outcome o = decode_text(words, text);

	assert_string_equal(o.out, out);
	assert_string_equal(o.err, err);
	assert_int_equal(o.status, status);
	event_test_keep_lines(out);
	free_outcome(&o);
}

static const char *const hex[] = { "--hex", "--json", NULL };
static const char *const no_words[] = { NULL };

static void a_line_is_a_flow(void **state)
{
	(void)state;
	outcome_is(hex, "", 0, "", "");
	outcome_is(hex, LK_HEX "\n", 0, "[" LK_JSON("1") "]\n", "");
	/* upper case, blanks around, CR LF, the last line without its end */
	outcome_is(
		hex,
		"5B53472A313233343536373839302A303030322A4C4B5D\r\n  " LK_HEX
		" \n" LK_HEX,
		0,
		"[" LK_JSON("1") "]\n[" LK_JSON("2") "]\n[" LK_JSON("3") "]\n",
		"");
	/* two events, in their order */
	outcome_is(hex, LK_HEX LK_HEX "\n", 0,
		   "[" LK_JSON("1") "," LK_JSON("1") "]\n", "");
	/* a message does not go on in the next line */
	outcome_is(hex, HALF "\n5d\n", 0, "[]\n[]\n", "");
	outcome_is(hex, "\n00ff\n", 0, "[]\n[]\n", "");
	outcome_is(hex, LK_HEX HALF "\n", 0, "[" LK_JSON("1") "]\n", "");
}

/* Who feeds it line by line gets each answer before the next line. */
static void a_line_is_answered_at_once(void **state)
{
	static const char line[] = LK_HEX "\n", want[] = "[" LK_JSON("1") "]\n";
	char *argv[] = { (char[]){ "wayside" }, (char[]){ "decode" },
			 (char[]){ "--hex" }, (char[]){ "--json" }, NULL };
	char *env[] = { (char[]){ "ASAN_OPTIONS=detect_leaks=0" }, NULL };
	char got[sizeof(want)];
	int in[2], out[2], status;
	struct pollfd p;
	size_t len = 0;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (dup2(in[0], STDIN_FILENO) >= 0 &&
		    dup2(out[1], STDOUT_FILENO) >= 0)
			(void)execve(WAYSIDE_TOOL, argv, env);
		_exit(BEFORE);
	}
	base_fd_close(&in[0]);
	base_fd_close(&out[1]);
	write_all(in[1], line, strlen(line));
	p = (struct pollfd){ .fd = out[0], .events = POLLIN };
	while (len < strlen(want)) {
		ssize_t n;

		assert_int_equal(poll(&p, 1, BASE_TEST_LIMIT_S * 1000), 1);
		n = read(out[0], got + len, strlen(want) - len);
		assert_true(n > 0);
		len += (size_t)n;
	}
	assert_memory_equal(got, want, strlen(want));
	base_fd_close(&in[1]);
	base_fd_close(&out[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void what_is_no_digit_is_said(void **state)
{
	(void)state;
	outcome_is(hex, "xy\n" LK_HEX "\n123\n12 34\n0x12\n", 1,
		   "[]\n[" LK_JSON("1") "]\n[]\n[]\n[]\n",
		   "wayside: standard input:1: not hexadecimal\n"
		   "wayside: standard input:3: not hexadecimal\n"
		   "wayside: standard input:4: not hexadecimal\n"
		   "wayside: standard input:5: not hexadecimal\n");
}

static void the_protocol_may_be_said(void **state)
{
	static const char *const watch[] = { "--hex", "--json", "--protocol",
					     "watch", NULL };
	static const char *const other[] = { "--hex", "--json",
					     "--protocol=h02", NULL };
	static const char *const none[] = { "--protocol", "watches", NULL };
	struct outcome o;

	(void)state;
	outcome_is(watch, LK_HEX "\n", 0, "[" LK_JSON("1") "]\n", "");
	outcome_is(other, LK_HEX "\n", 0, "[]\n", "");
	o = decode_text(none, "");
	assert_int_equal(o.status, 2);
	assert_string_equal(o.out, "");
	assert_non_null(strstr(o.err, "unknown protocol: watches; there are "
				      "watch h02 "));
	free_outcome(&o);
}

static void files_that_are_not_there(void **state)
{
	static const char *const absent[] = { "/nowhere/at/all", NULL };
	static const char *const directory[] = { "--json", "/", NULL };
	static const char *const lines[] = { "--hex", "--json", "/", NULL };

	(void)state;
	outcome_is(lines, "", 1, "", "wayside: /: Is a directory\n");
	outcome_is(absent, "", 1, "",
		   "wayside: /nowhere/at/all: No such file or directory\n");
	outcome_is(directory, "", 1, "", "wayside: /: Is a directory\n");
}

/* A line an event, from any chunking: longer than what is read at a time. */
static void bytes_of_a_client(void **state)
{
	static const char *const json[] = { "--json", "-", NULL };
	const size_t n = 5000;
	char *bytes, *line, *rest;
	struct outcome o;
	size_t lines = 0, len;
	FILE *out = open_memstream(&bytes, &len);

	(void)state;
	assert_non_null(out);
	for (size_t i = 0; i < n; i++)
		(void)fputs(LK, out);
	assert_int_equal(fclose(out), 0);
	o = decode(json, bytes, len, -1);
	assert_int_equal(o.status, 0);
	rest = o.out;
	while ((line = strsep(&rest, "\n")) && *line) {
		assert_string_equal(line, LK_JSON("1"));
		lines++;
	}
	assert_int_equal(lines, n);
	free_outcome(&o);
	free(bytes);
}

#define STAMP "2025-11-03 14:25:01\t"

/* Both directions; a message in two records, a LF within one. */
static const char capture[] = STAMP
	"client\t[SG*1234567890*0002*L\n" STAMP "client\tK]\n" STAMP
	"server\t\n[SG*1234567890*0002*LK]\n"
	"2025-11-03 14:25:02\tclient\t[SG*1234567890*0002*LK]\n";

static void a_text_capture(void **state)
{
	static const char *const json[] = { "--json", NULL };
	struct outcome o = decode_text(json, capture);
	const char *p;

	(void)state;
	assert_int_equal(o.status, 0);
	p = strstr(o.out, LK_JSON("1") "\n");
	assert_ptr_equal(p, o.out);
	p += strlen(LK_JSON("1") "\n");
	assert_non_null(strstr(p, "\"direction\":\"server\""));
	p = strchr(p, '\n') + 1;
	assert_string_equal(p, LK_JSON("1") "\n");
	free_outcome(&o);
}

static void people_read_it_aligned(void **state)
{
	(void)state;
	outcome_is(no_words, capture, 0,
		   "flow 1\n"
		   "2025-11-03T14:25:01.000Z  client  watch      1234567890"
		   "       heartbeat  LK\n"
		   "  [SG*1234567890*0002*LK]\n"
		   "2025-11-03T14:25:01.000Z  server  watch      1234567890"
		   "       reply      LK\n"
		   "  [SG*1234567890*0002*LK]\n"
		   "2025-11-03T14:25:02.000Z  client  watch      1234567890"
		   "       heartbeat  LK\n"
		   "  [SG*1234567890*0002*LK]\n",
		   "wayside: 1 flows, 3 messages, 0 positions, 1 bytes in no "
		   "message, 0 gaps\n");
}

/* The position of README.md, in the order in which people ask: when, where, how
 * fast; then what else was said. */
static void people_read_positions(void **state)
{
	(void)state;
	outcome_is(
		no_words,
		"[SG*1234567890*0080*UD,031125,142459,A,22.571707,N,"
		"113.8613968,E,5.4,274.0,12,7,60,90,1000,0,00010000,1,0,460,"
		"0,9360,4082,131,1,home,1c:fa:68:13:a5:b4,-61,10.5]"
		"[SG*1234567890*0022*UD,031125,142459,V,0,N,0,E,0,0,0,0]",
		0,
		"flow 1\n"
		"-                         client  watch      1234567890"
		"       position   UD  length wrong\n"
		"  2025-11-03T14:24:59.000Z  22.571707 113.8613968"
		"  5.4 km/h  course 274  altitude 12 m  accuracy 10.5 m"
		"  satellites 7  rssi=60  batteryLevel=90  steps=1000"
		"  tumbles=0  status=65536  alarm=sos  cell=460-0-9360-4082"
		"  wifi=1c:fa:68:13:a5:b4\n"
		"  [SG*1234567890*0080*UD,031125,142459,A,22.571707,N,"
		"113.8613968,E,5.4,274.0,12,7,60,90,1000,0,00010000,1,0,460,"
		"0,9360,4082,131,1,home,1c:fa:68:13:a5:b4,-61,10.5]\n"
		"-                         client  watch      1234567890"
		"       position   UD\n"
		"  2025-11-03T14:24:59.000Z  0 0  no fix  0 km/h  course 0"
		"  altitude 0 m  satellites 0\n"
		"  [SG*1234567890*0022*UD,031125,142459,V,0,N,0,E,0,0,0,0]\n",
		"wayside: 1 flows, 2 messages, 2 positions, 0 bytes in no "
		"message, 0 gaps\n");
}

/* A file of packets, little-endian with nanoseconds, raw IP: see
 * www.tcpdump.org/manpages/pcap-savefile.5.html. */
struct dump {
	uint8_t bytes[4096];
	size_t len;
};

static void put32(struct dump *d, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		d->bytes[d->len++] = (uint8_t)(v >> 8 * i);
}

static void dump_begin(struct dump *d)
{
	d->len = 0;
	put32(d, 0xa1b23c4d);
	put32(d, 4U << 16 | 2); /* version 2.4 */
	put32(d, 0);
	put32(d, 0);
	put32(d, 262144);
	put32(d, PACKET_LINK_RAW_FILE);
}

#define CLIENT "192.0.2.7:40000"

static void dump_packet(struct dump *d, const char *client, struct packet p,
			const char *text)
{
	uint8_t head[PACKET_HEAD_MAX];
	size_t n;

	p.payload = (struct base_span){ (const uint8_t *)text, strlen(text) };
	assert_true(base_addr_parse(&p.from, client));
	assert_true(base_addr_parse(&p.to, "47.88.85.196:7700"));
	n = packet_build(&p, head);
	put32(d, 1762179901 + p.seq);
	put32(d, 42000000);
	put32(d, (uint32_t)(n + p.payload.len));
	put32(d, (uint32_t)(n + p.payload.len));
	memcpy(d->bytes + d->len, head, n);
	d->len += n;
	memcpy(d->bytes + d->len, text, p.payload.len);
	d->len += p.payload.len;
}

/* A segment of the client with these bytes, at a second of its own. */
static void dump_segment_of(struct dump *d, const char *client, uint8_t flags,
			    uint32_t seq, const char *text)
{
	dump_packet(d, client,
		    (struct packet){ .transport = PACKET_TCP,
				     .flags = flags,
				     .seq = seq },
		    text);
}

static void dump_segment(struct dump *d, uint8_t flags, uint32_t seq,
			 const char *text)
{
	dump_segment_of(d, CLIENT, flags, seq, text);
}

/* The second half first, the first half twice. */
static void dump_message(struct dump *d)
{
	dump_begin(d);
	dump_segment(d, PACKET_SYN, 0, "");
	dump_segment(d, PACKET_ACK, 11, "7890*0002*LK]");
	dump_segment(d, PACKET_ACK, 1, "[SG*123456");
	dump_segment(d, PACKET_ACK, 1, "[SG*123456");
	dump_segment(d, PACKET_ACK | PACKET_FIN, 24, "");
}

static void a_file_of_packets(void **state)
{
	static const char *const json[] = { "--json", NULL };
	struct dump d;
	struct outcome o;

	(void)state;
	dump_message(&d);
	o = decode(json, d.bytes, d.len, -1);
	if (!packet_file_built()) {
		assert_int_equal(o.status, 1);
		assert_non_null(strstr(o.err, "libpcap"));
		free_outcome(&o);
		return;
	}
	assert_string_equal(o.err, "");
	assert_string_equal(o.out, LK_JSON("1") "\n");
	assert_int_equal(o.status, 0);
	free_outcome(&o);
	/* whose, when */
	o = decode(no_words, d.bytes, d.len, -1);
	assert_ptr_equal(strstr(o.out,
				"flow 1  192.0.2.7:40000 > 47.88.85.196:7700\n"
				"2025-11-03T14:25:"),
			 o.out);
	assert_non_null(strstr(o.out, ".042Z  client  watch "));
	free_outcome(&o);
	/* one that is too short: only the end says that it is all */
	dump_begin(&d);
	dump_segment(&d, PACKET_SYN, 0, "");
	dump_segment(&d, PACKET_ACK, 1, "[SG*1234567890*0009*LK]");
	o = decode(json, d.bytes, d.len, -1);
	assert_non_null(strstr(o.out, "\"length_ok\":false"));
	free_outcome(&o);
}

/* A message does not go on in the next one. */
static void a_file_of_datagrams(void **state)
{
	static const char *const texts[] = { "[SG*1234567890*0002*L", "K]",
					     LK };
	static const char *const json[] = { "--json", NULL };
	struct outcome o;
	struct dump d;

	(void)state;
	if (!packet_file_built())
		return;
	dump_begin(&d);
	for (size_t i = 0; i < WS_ARRAY_LEN(texts); i++)
		dump_packet(&d, CLIENT,
			    (struct packet){ .transport = PACKET_UDP },
			    texts[i]);
	o = decode(json, d.bytes, d.len, -1);
	assert_string_equal(o.out, LK_JSON("1") "\n");
	assert_int_equal(o.status, 0);
	free_outcome(&o);
}

/* No handshake in it, and the client's port is the lower one: its name alone
 * says whose bytes these are. */
static void a_later_part_of_a_capture(void **state)
{
	char dir[] = "/tmp/wayside_decode_test.XXXXXX", path[128];
	const char *const words[] = { "--json", path, NULL };
	struct outcome o;
	struct dump d;
	int fd;

	(void)state;
	if (!packet_file_built())
		return;
	dump_begin(&d);
	dump_segment_of(&d, "192.0.2.7:4711", PACKET_ACK, 1000, LK);
	assert_non_null(mkdtemp(dir));
	(void)snprintf(path, sizeof(path),
		       "%s/2025-11-03_152455_192.0.2.7.rot000002.pcap", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	write_all(fd, d.bytes, d.len);
	base_fd_close(&fd);
	o = decode_text(words, "");
	assert_string_equal(o.out, LK_JSON("1") "\n");
	free_outcome(&o);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

static void a_file_of_packets_that_breaks_off(void **state)
{
	static const char *const json[] = { "--json", NULL };
	struct dump d;
	struct outcome o;

	(void)state;
	if (!packet_file_built())
		return;
	dump_message(&d);
	o = decode(json, d.bytes, d.len - 1, -1);
	assert_int_equal(o.status, 1);
	assert_non_null(strstr(o.err, "wayside: standard input: "));
	/* what was before is not lost */
	assert_string_equal(o.out, LK_JSON("1") "\n");
	free_outcome(&o);
}

/* ESC [ 2 J in a message, and in an attribute. */
static void nothing_steers_the_terminal(void **state)
{
	static const char *const none[] = { NULL };
	struct outcome o = decode_text(none,
				       "[SG*1234567890*0007*VERNO,\033[2J]"
				       "[SG*1234567890*0006*\033[2J]]");

	(void)state;
	assert_null(strchr(o.out, '\033'));
	assert_non_null(strstr(o.out, "\\x1b") ? o.out
					       : strstr(o.out, "1b5b324a"));
	free_outcome(&o);
}

/* Return: what the tool writes to a terminal. */
static char *on_a_terminal(const char *text, const char *setting)
{
	static char seen[4096];
	char name[64];
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), terminal;
	struct outcome o;
	ssize_t n;

	assert_true(master >= 0);
	assert_int_equal(grantpt(master), 0);
	assert_int_equal(unlockpt(master), 0);
	assert_int_equal(ptsname_r(master, name, sizeof(name)), 0);
	terminal = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(terminal >= 0);
	o = decode_set(no_words, text, strlen(text), terminal, setting);
	n = read(master, seen, sizeof(seen) - 1);
	assert_true(n > 0);
	seen[n] = '\0';
	base_fd_close(&terminal);
	base_fd_close(&master);
	free_outcome(&o);
	return seen;
}

static void colours_are_for_terminals(void **state)
{
	(void)state;
	assert_non_null(strchr(on_a_terminal(LK, NULL), '\033'));
	assert_non_null(strchr(on_a_terminal(LK, "NO_COLOR="), '\033'));
	assert_null(strchr(on_a_terminal(LK, "NO_COLOR=1"), '\033'));
	/* here the pipe decides */
	people_read_it_aligned(state);
}

/* A position of a GT06 at 14:24:59 (0e 18 3b) on 2025-11-03 (19 0b 03): type
 * 12, seven satellites, 0 degrees, no speed, a fix (bit 12), one cell; its
 * checksum is wrong. */
#define GT06_HEX                   \
	"78781f12"                 \
	"190b030e183b"             \
	"c70000000000000000001000" \
	"01cc00286a00b5c0"         \
	"00010000"                 \
	"0d0a"

/* Two hours east of UTC it was 12:24:59 there. */
static void the_zone_of_the_configuration(void **state)
{
	static const char text[] =
		"rules: [{name: a, to: ['192.0.2.1:7700']}]\n"
		"protocols: {gt06: {time_zone: '+02:00'}}\n";
	char path[] = "/tmp/wayside_decode_test.XXXXXX";
	const char *const here[] = { "--hex", "--json", "-c", path, NULL };
	int fd = mkostemp(path, O_CLOEXEC);
	struct outcome o;

	(void)state;
	assert_true(fd >= 0);
	write_all(fd, text, strlen(text));
	base_fd_close(&fd);
	o = decode_text(here, GT06_HEX "\n");
	assert_non_null(strstr(o.out, "\"2025-11-03T12:24:59.000Z\""));
	free_outcome(&o);
	o = decode_text(hex, GT06_HEX "\n");
	assert_non_null(strstr(o.out, "\"2025-11-03T14:24:59.000Z\""));
	free_outcome(&o);
	assert_int_equal(unlink(path), 0);
	/* a file that is not there is no configuration */
	o = decode_text(here, "");
	assert_int_equal(o.status, 2);
	free_outcome(&o);
}

/* Members that only the daemon knows: README says so. */
static const char *const of_the_gateway[] = { "id",     "flow",
					      "time",   "client",
					      "server", "connection_id" };

/* The first block of JSON in README.md is what its payload decodes to. */
static void the_event_of_the_readme(void **state)
{
	static const char *const json[] = { "--json", NULL };
	int fd = open(WAYSIDE_README, O_RDONLY | O_CLOEXEC);
	char *text = read_back(&fd);
	char *block = strstr(text, "```json\n"), *payload;
	json_t *event, *decoded;
	struct outcome o;

	(void)state;
	assert_non_null(block);
	event = json_loads(block + strlen("```json\n"), JSON_DISABLE_EOF_CHECK,
			   NULL);
	assert_non_null(event);
	event_test_keep(json_dumps(event, JSON_COMPACT));
	payload = strdup(json_string_value(json_object_get(event, "payload")));
	assert_non_null(payload);
	o = decode_text(json, payload);
	decoded = json_loads(o.out, 0, NULL);
	assert_non_null(decoded);
	assert_int_equal(json_object_del(decoded, "flow"), 0);
	for (size_t i = 0; i < WS_ARRAY_LEN(of_the_gateway); i++)
		assert_int_equal(json_object_del(event, of_the_gateway[i]), 0);
	if (!json_equal(event, decoded))
		fail_msg("README.md has another event than %s", o.out);
	json_decref(event);
	json_decref(decoded);
	free_outcome(&o);
	free(payload);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_a_flow),
		cmocka_unit_test(a_line_is_answered_at_once),
		cmocka_unit_test(what_is_no_digit_is_said),
		cmocka_unit_test(the_protocol_may_be_said),
		cmocka_unit_test(files_that_are_not_there),
		cmocka_unit_test(bytes_of_a_client),
		cmocka_unit_test(a_text_capture),
		cmocka_unit_test(people_read_positions),
		cmocka_unit_test(a_file_of_packets),
		cmocka_unit_test(a_later_part_of_a_capture),
		cmocka_unit_test(a_file_of_datagrams),
		cmocka_unit_test(a_file_of_packets_that_breaks_off),
		cmocka_unit_test(people_read_it_aligned),
		cmocka_unit_test(nothing_steers_the_terminal),
		cmocka_unit_test(colours_are_for_terminals),
		cmocka_unit_test(the_zone_of_the_configuration),
		cmocka_unit_test(the_event_of_the_readme),
	};

	return event_test_run(tests);
}
