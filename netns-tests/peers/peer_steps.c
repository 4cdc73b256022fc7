/* SPDX-License-Identifier: GPL-3.0-or-later */
/* peer_steps.c - the steps of a script */
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base_fd.h"
#include "peer.h"

#define CHUNK_LEN     8192
#define SEND_FILE_MAX (64U << 20)

/* One step. `args` points at its first argument. Return: 0 or -errno. */
struct step {
	const char *name;
	int n_args;
	const char *help;
	int (*run)(struct peer *p, char **args);
};

static bool parse_bytes(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return !errno && end != text && !*end;
}

/* The pattern: no period, so a piece that is lost, doubled or moved changes
 * the sum. (The factor is 2^64 divided by the golden ratio.) */
static void pattern_fill(uint8_t *buf, size_t len, uint64_t at)
{
	for (size_t i = 0; i < len; i++)
		buf[i] = (uint8_t)((at + i) * 0x9e3779b97f4a7c15ULL >> 56);
}

static size_t at_most(uint64_t left, size_t size)
{
	return left < size ? (size_t)left : size;
}

static int step_send(struct peer *p, char **args)
{
	return peer_send(p, args[0], strlen(args[0]));
}

static int read_file(const char *path, char **text, size_t *len)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = base_fd_read_all(fd, SEND_FILE_MAX, text, len);
	(void)close(fd); /* it was only read from */
	return r;
}

static int step_send_file(struct peer *p, char **args)
{
	char *text = NULL;
	size_t len = 0;
	int r = read_file(args[0], &text, &len);

	if (r)
		return r;
	r = peer_send(p, text, len);
	free(text);
	return r;
}

/* Waits until the other end's kernel has acknowledged all that was sent, so
 * that the next byte cannot share a segment with the last one. */
static int wait_acked(struct peer *p)
{
	int unacked;

	for (;;) {
		struct pollfd pfd = { .fd = p->fd };

		if (ioctl(p->fd, SIOCOUTQ, &unacked))
			return -errno;
		if (!unacked)
			return 0;
		if (peer_expired(p))
			return -ETIMEDOUT;
		/* acknowledgements wake nobody: ask again after 1 ms */
		if (poll(&pfd, 1, 1) > 0 && (pfd.revents & POLLERR))
			return -ECONNRESET;
	}
}

static int step_send_each(struct peer *p, char **args)
{
	char *text = NULL;
	size_t len = 0;
	int r = read_file(args[0], &text, &len);

	if (r)
		return r;
	for (size_t i = 0; i < len && !r; i++) {
		r = peer_send(p, text + i, 1);
		if (!r)
			r = wait_acked(p);
	}
	free(text);
	return r;
}

static int step_send_pattern(struct peer *p, char **args)
{
	uint8_t buf[CHUNK_LEN];
	uint64_t len, at = 0;
	int r = 0;

	if (!parse_bytes(args[0], &len))
		return -EINVAL;
	while (at < len && !r) {
		const size_t n = at_most(len - at, sizeof(buf));

		pattern_fill(buf, n, at);
		r = peer_send(p, buf, n);
		at += n;
	}
	return r;
}

/* Receives exactly len bytes, and fails at an earlier end. */
static int recv_exactly(struct peer *p, uint64_t len)
{
	uint8_t buf[CHUNK_LEN];

	while (len) {
		const ssize_t n = peer_recv(p, buf, at_most(len, sizeof(buf)));

		if (n <= 0)
			return n ? (int)n : -ENODATA;
		len -= (uint64_t)n;
	}
	return 0;
}

static int step_recv(struct peer *p, char **args)
{
	uint64_t len;

	return parse_bytes(args[0], &len) ? recv_exactly(p, len) : -EINVAL;
}

static int touch(const char *path)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : close(fd) ? -errno : 0;
}

/* Takes what is there to be received, at most `left` bytes. */
static int duplex_recv(struct peer *p, uint64_t *left)
{
	uint8_t buf[CHUNK_LEN];
	const ssize_t n = peer_recv(p, buf, at_most(*left, sizeof(buf)));

	if (n <= 0)
		return n ? (int)n : -ENODATA;
	*left -= (uint64_t)n;
	return 0;
}

/* Sends what the socket takes at once: it has just said that it takes some. */
static int duplex_send(struct peer *p, uint64_t *at, uint64_t out)
{
	uint8_t buf[512];
	const size_t n = at_most(out - *at, sizeof(buf));

	pattern_fill(buf, n, *at);
	*at += n;
	return peer_send(p, buf, n);
}

static int step_duplex(struct peer *p, char **args)
{
	uint64_t out, left, at = 0;

	if (!parse_bytes(args[0], &out) || !parse_bytes(args[1], &left))
		return -EINVAL;
	while (at < out || left) {
		const int wanted = (left ? POLLIN : 0) |
				   (at < out ? POLLOUT : 0);
		const int got = peer_wait(p, (short)wanted);
		int r = 0;

		if (got < 0)
			return got;
		if (left && (got & ~POLLOUT)) {
			r = duplex_recv(p, &left);
			if (!r && !left)
				r = touch(args[2]);
		} else if (got & POLLOUT) {
			r = duplex_send(p, &at, out);
		}
		if (r)
			return r;
	}
	return 0;
}

static int step_expect(struct peer *p, char **args)
{
	const char *want = args[0];
	char got[512];

	while (*want) {
		const size_t len = at_most(strlen(want), sizeof(got));
		const ssize_t n = peer_recv(p, got, len);

		if (n <= 0)
			return n ? (int)n : -ENODATA;
		if (memcmp(got, want, (size_t)n) != 0) {
			(void)fprintf(stderr, "got \"%.*s\", not \"%s\"\n",
				      (int)n, got, want);
			return -EBADMSG;
		}
		want += n;
	}
	return 0;
}

/* The value of a hexadecimal digit, or -1. */
static int digit_of(char c)
{
	const char *const digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static int step_expect_hex(struct peer *p, char **args)
{
	uint8_t want[256], got;
	size_t n = 0;

	for (const char *text = args[0]; *text; text += 2) {
		const int high = digit_of(text[0]);
		const int low = high < 0 ? -1 : digit_of(text[1]);

		if (low < 0 || n == sizeof(want))
			return -EINVAL;
		want[n++] = (uint8_t)(high << 4 | low);
	}
	for (size_t i = 0; i < n; i++) {
		const ssize_t r = peer_recv(p, &got, 1);

		if (r <= 0)
			return r ? (int)r : -ENODATA;
		if (got != want[i]) {
			(void)fprintf(stderr, "byte %zu is %02x, not %02x\n", i,
				      got, want[i]);
			return -EBADMSG;
		}
	}
	return 0;
}

/* Reads on to the end. Return: 0 or the error that ended it. */
static int recv_to_end(struct peer *p)
{
	uint8_t buf[CHUNK_LEN];
	ssize_t n;

	if (p->end == PEER_END_RST)
		return -ECONNRESET;
	do {
		n = peer_recv(p, buf, sizeof(buf));
	} while (n > 0);
	return (int)n;
}

static int step_recv_all(struct peer *p, char **args)
{
	(void)args;
	return recv_to_end(p);
}

static int step_expect_reset(struct peer *p, char **args)
{
	const int r = recv_to_end(p);

	(void)args;
	if (r == -ECONNRESET)
		return 0;
	return r ? r : -ESHUTDOWN;
}

static int step_expect_end(struct peer *p, char **args)
{
	const int r = recv_to_end(p);

	(void)args;
	return r == -ECONNRESET ? 0 : r;
}

static int step_echo(struct peer *p, char **args)
{
	uint8_t buf[CHUNK_LEN];
	ssize_t n;

	(void)args;
	while ((n = peer_recv(p, buf, sizeof(buf))) > 0) {
		const int r = peer_send(p, buf, (size_t)n);

		if (r)
			return r;
	}
	return (int)n;
}

static int step_shutdown_write(struct peer *p, char **args)
{
	(void)args;
	return shutdown(p->fd, SHUT_WR) ? -errno : 0;
}

static int step_reset(struct peer *p, char **args)
{
	/* linger for 0 seconds: close() sends RST, not FIN; socket(7) */
	const struct linger now = { .l_onoff = 1 };

	(void)args;
	if (setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)))
		return -errno;
	peer_done(p);
	return 0;
}

static int step_close(struct peer *p, char **args)
{
	(void)args;
	peer_done(p);
	return 0;
}

static int step_wait_file(struct peer *p, char **args)
{
	return peer_wait_file(p, args[0]);
}

static int step_touch(struct peer *p, char **args)
{
	(void)p;
	return touch(args[0]);
}

static const struct step steps[] = {
	{ "send", 1, "TEXT", step_send },
	{ "send-file", 1, "PATH", step_send_file },
	{ "send-each", 1, "PATH: every byte in a segment of its own",
	  step_send_each },
	{ "send-pattern", 1, "BYTES", step_send_pattern },
	{ "duplex", 3,
	  "OUT IN PATH: send OUT bytes of the pattern and receive IN bytes at "
	  "the same time; PATH is made when IN have come",
	  step_duplex },
	{ "expect", 1, "TEXT: receive just this", step_expect },
	{ "expect-hex", 1, "HEX: the same, each byte as two digits",
	  step_expect_hex },
	{ "recv", 1, "BYTES: receive that many", step_recv },
	{ "recv-all", 0, ": receive until FIN", step_recv_all },
	{ "expect-reset", 0, ": receive until RST", step_expect_reset },
	{ "expect-end", 0, ": receive until FIN or RST", step_expect_end },
	{ "echo", 0, ": send back what comes, until FIN", step_echo },
	{ "shutdown-write", 0, ": send FIN, read on", step_shutdown_write },
	{ "reset", 0, ": close with RST", step_reset },
	{ "close", 0, ": close", step_close },
	{ "wait-file", 1, "PATH: neither read nor send until it is there",
	  step_wait_file },
	{ "touch", 1, "PATH: make the file", step_touch },
};

void peer_steps_print(FILE *out)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(steps); i++)
		(void)fprintf(out, "  %s %s\n", steps[i].name, steps[i].help);
}

static const struct step *find(char **words)
{
	for (size_t i = 0; i < WS_ARRAY_LEN(steps); i++) {
		if (strcmp(steps[i].name, words[0]) != 0)
			continue;
		for (int a = 1; a <= steps[i].n_args; a++) {
			if (!words[a])
				return NULL;
		}
		return &steps[i];
	}
	return NULL;
}

bool peer_run(struct peer *p, char **words)
{
	while (*words) {
		const struct step *s = find(words);
		int r;

		if (!s) {
			(void)fprintf(stderr,
				      "step \"%s\": no such step, or "
				      "its arguments are missing\n",
				      *words);
			return false;
		}
		r = s->run(p, words + 1);
		if (r) {
			(void)fprintf(stderr, "step \"%s%s%.60s\": %s\n",
				      *words, s->n_args ? " " : "",
				      s->n_args ? words[1] : "",
				      strerrordesc_np(-r));
			return false;
		}
		words += 1 + s->n_args;
	}
	return true;
}
