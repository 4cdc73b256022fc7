/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sink_amqp_fake.c - a broker that does what a test says */
#include "sink_amqp_fake.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <signal.h>

#define FRAME_END 0xce
#define LIMIT_S   60 /* ends a script that hangs */

struct fake fake_start(fake_script *script)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct fake f = { .pid = -1 };

	if (bind(listener, (struct sockaddr *)&at, len) ||
	    listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&at, &len)) {
		close(listener);
		return f;
	}
	f.port = ntohs(at.sin_port);
	f.pid = fork();
	if (!f.pid) {
		int fd;

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)alarm(LIMIT_S);
		fd = accept4(listener, (struct sockaddr *)&at, &len,
			     SOCK_CLOEXEC);
		close(listener);
		script(fd);
		_exit(0);
	}
	close(listener);
	return f;
}

bool fake_join(const struct fake *f)
{
	int status = -1;

	return f->pid > 0 && waitpid(f->pid, &status, 0) == f->pid && !status;
}

void fake_demand(bool is, const char *what)
{
	if (is)
		return;
	(void)fprintf(stderr, "fake broker: not so: %s\n", what);
	_exit(1);
}

/* Return: all len bytes came. */
static bool read_all(int fd, void *to, size_t len)
{
	return !len || recv(fd, to, len, MSG_WAITALL) == (ssize_t)len;
}

static uint64_t number(const uint8_t *at, unsigned bytes)
{
	uint64_t v = 0;

	while (bytes--)
		v = v << 8 | *at++;
	return v;
}

bool fake_read(int fd, const struct fake_frame **out, bool heartbeats)
{
	static struct fake_frame f;
	uint8_t head[7], end;

	do {
		if (!read_all(fd, head, sizeof(head)))
			return false;
		f.type = head[0];
		f.channel = (uint16_t)number(head + 1, 2);
		f.len = number(head + 3, 4);
		f.id = 0;
		fake_demand(f.len <= sizeof(f.bytes), "a frame's size");
		if (f.type == FAKE_METHOD) {
			uint8_t id[4];

			fake_demand(f.len >= 4 && read_all(fd, id, 4), "an id");
			f.id = (uint32_t)number(id, 4);
			f.len -= 4;
		}
		if (!read_all(fd, f.bytes, f.len) || !read_all(fd, &end, 1))
			return false;
		fake_demand(end == FRAME_END, "a frame's end");
	} while (f.type == FAKE_HEARTBEAT && !heartbeats);
	*out = &f;
	return true;
}

const struct fake_frame *fake_expect(int fd, uint32_t id)
{
	const struct fake_frame *f = NULL;
	char what[48];

	(void)snprintf(what, sizeof(what), "method %u.%u comes", id >> 16,
		       id & 0xffff);
	fake_demand(fake_read(fd, &f, false), what);
	if (f->id != id)
		(void)fprintf(stderr, "fake broker: got %u.%u\n", f->id >> 16,
			      f->id & 0xffff);
	fake_demand(f->type == FAKE_METHOD && f->id == id, what);
	return f;
}

bool fake_has(const struct fake_frame *f, const void *bytes, size_t len)
{
	return memmem(f->bytes, f->len, bytes, len);
}

void fake_number(struct fake_args *a, uint64_t v, unsigned bytes)
{
	while (bytes--)
		a->bytes[a->len++] = (uint8_t)(v >> 8 * bytes);
}

static void text(struct fake_args *a, const char *t)
{
	memcpy(a->bytes + a->len, t, strlen(t));
	a->len += strlen(t);
}

void fake_short(struct fake_args *a, const char *t)
{
	fake_number(a, strlen(t), 1);
	text(a, t);
}

void fake_long(struct fake_args *a, const char *t)
{
	fake_number(a, strlen(t), 4);
	text(a, t);
}

static void frame(int fd, uint8_t type, uint16_t channel,
		  const struct fake_args *payload)
{
	struct fake_args f = { 0 };

	fake_number(&f, type, 1);
	fake_number(&f, channel, 2);
	fake_number(&f, payload->len, 4);
	memcpy(f.bytes + f.len, payload->bytes, payload->len);
	f.len += payload->len;
	fake_number(&f, FRAME_END, 1);
	fake_demand(send(fd, f.bytes, f.len, MSG_NOSIGNAL) == (ssize_t)f.len,
		    "it can be sent");
}

void fake_send(int fd, uint16_t channel, uint32_t id, const struct fake_args *a)
{
	struct fake_args m = { 0 };

	fake_number(&m, id, 4);
	if (a) {
		memcpy(m.bytes + m.len, a->bytes, a->len);
		m.len += a->len;
	}
	frame(fd, FAKE_METHOD, channel, &m);
}

void fake_content(int fd, uint16_t channel, const char *body)
{
	struct fake_args header = { 0 }, payload = { 0 };

	fake_number(&header, 60, 2); /* class basic */
	fake_number(&header, 0, 2);
	fake_number(&header, strlen(body), 8);
	fake_number(&header, 0, 2); /* no properties */
	frame(fd, FAKE_HEADER, channel, &header);
	text(&payload, body);
	frame(fd, FAKE_BODY, channel, &payload);
}

void fake_beat(int fd)
{
	const struct fake_args none = { 0 };

	frame(fd, FAKE_HEARTBEAT, 0, &none);
}

void fake_login(int fd, uint16_t heartbeat)
{
	struct fake_args start = { 0 }, tune = { 0 };
	const struct fake_frame *f;
	char header[8];

	fake_demand(read_all(fd, header, 8) &&
			    !memcmp(header, "AMQP\0\0\x09\x01", 8),
		    "a protocol header");
	fake_number(&start, 0, 1); /* version 0-9 */
	fake_number(&start, 9, 1);
	fake_number(&start, 0, 4); /* an empty table */
	fake_long(&start, "PLAIN AMQPLAIN");
	fake_long(&start, "en_US");
	fake_send(fd, 0, FAKE_START, &start);
	f = fake_expect(fd, FAKE_START_OK);
	/* a boolean that is true, in the table of what the client can */
	fake_demand(fake_has(f,
			     "\x12"
			     "connection.blockedt\x01",
			     21),
		    "it wants to be told when it is blocked");
	fake_demand(fake_has(f, "\0user\0tarnhelm", 14), "user, password");
	fake_number(&tune, 2047, 2);
	fake_number(&tune, 131072, 4);
	fake_number(&tune, heartbeat, 2);
	fake_send(fd, 0, FAKE_TUNE, &tune);
	(void)fake_expect(fd, FAKE_TUNE_OK);
}

/* Return: that was the last question. */
static bool grant(int fd, const struct fake_frame *f)
{
	struct fake_args a = { 0 };

	switch (f->id) {
	case FAKE_OPEN:
		fake_short(&a, "");
		fake_send(fd, 0, FAKE_OPEN_OK, &a);
		return false;
	case FAKE_CHANNEL_OPEN:
		fake_long(&a, "");
		fake_send(fd, f->channel, FAKE_CHANNEL_OPEN_OK, &a);
		return false;
	case FAKE_CHANNEL_CLOSE:
		fake_send(fd, f->channel, FAKE_CHANNEL_CLOSE_OK, NULL);
		return false;
	case FAKE_EXCHANGE_DECLARE:
		fake_send(fd, f->channel, FAKE_EXCHANGE_DECLARE_OK, NULL);
		return false;
	case FAKE_QUEUE_DECLARE:
		fake_short(&a, "q");
		fake_number(&a, 0, 4);
		fake_number(&a, 0, 4);
		fake_send(fd, f->channel, FAKE_QUEUE_DECLARE_OK, &a);
		return false;
	case FAKE_QUEUE_BIND:
		fake_send(fd, f->channel, FAKE_QUEUE_BIND_OK, NULL);
		return false;
	case FAKE_CONFIRM_SELECT:
		fake_send(fd, f->channel, FAKE_CONFIRM_SELECT_OK, NULL);
		return true;
	default:
		fake_demand(false, "a question that is known");
		return true;
	}
}

void fake_grant(int fd, uint16_t heartbeat)
{
	const struct fake_frame *f;

	fake_login(fd, heartbeat);
	do
		fake_demand(fake_read(fd, &f, false), "it asks on");
	while (!grant(fd, f));
}

void fake_take(int fd, unsigned n)
{
	const struct fake_frame *f = NULL;

	while (n--) {
		uint64_t left;

		(void)fake_expect(fd, FAKE_PUBLISH);
		fake_demand(fake_read(fd, &f, false) && f->type == FAKE_HEADER,
			    "a header");
		left = number(f->bytes + 4, 8);
		while (left) {
			fake_demand(fake_read(fd, &f, false) &&
					    f->type == FAKE_BODY,
				    "a body");
			left -= f->len;
		}
	}
}

void fake_ack(int fd, uint64_t tag, bool multiple)
{
	struct fake_args a = { 0 };

	fake_number(&a, tag, 8);
	fake_number(&a, multiple, 1);
	fake_send(fd, 1, FAKE_ACK, &a);
}

void fake_refuse(int fd, uint16_t channel, uint16_t code, const char *t)
{
	struct fake_args a = { 0 };

	fake_number(&a, code, 2);
	fake_short(&a, t);
	fake_number(&a, 0, 4); /* of no method */
	fake_send(fd, channel, channel ? FAKE_CHANNEL_CLOSE : FAKE_CLOSE, &a);
	(void)fake_expect(fd, channel ? FAKE_CHANNEL_CLOSE_OK : FAKE_CLOSE_OK);
}

unsigned fake_end(int fd)
{
	const struct fake_frame *f;
	unsigned n = 0;

	while (fake_read(fd, &f, true)) {
		n += f->id == FAKE_PUBLISH;
		if (f->id == FAKE_CLOSE)
			fake_send(fd, 0, FAKE_CLOSE_OK, NULL);
	}
	return n;
}
