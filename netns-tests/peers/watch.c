/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watch.c - messages of the watch protocol, sent and strictly received */
#include "watch.h"

#include <errno.h>
#include <string.h>

#include "base_rd.h"

#define HEADER      "[3G*" WATCH_ID "*"
#define HEADER_LEN  (sizeof(HEADER) - 1)
#define LENGTH_LEN  5 /* four hexadecimal digits and a star */
#define MESSAGE_MAX (HEADER_LEN + LENGTH_LEN + WATCH_CONTENT_MAX + 1)

int watch_send(struct peer *p, const char *content)
{
	char text[MESSAGE_MAX + 1];
	const int n = snprintf(text, sizeof(text), HEADER "%04zX*%s]",
			       strlen(content), content);

	if (n < 0 || (size_t)n >= sizeof(text))
		return -EMSGSIZE;
	printf("sent %s\n", text);
	return peer_send(p, text, (size_t)n);
}

/* Return: 1, 0 when the stream ended before the first byte, -EBADMSG when it
 * ended later, or another -errno. */
static int recv_exactly(struct peer *p, char *buf, size_t len)
{
	size_t got = 0;

	while (got < len) {
		const ssize_t n = peer_recv(p, buf + got, len - got);

		if (n < 0)
			return (int)n;
		if (n == 0)
			return got ? -EBADMSG : 0;
		got += (size_t)n;
	}
	return 1;
}

/* The length that a whole header announces; false when it is not one. */
static bool parse_header(const char *bytes, size_t *length)
{
	struct base_span start;
	struct base_rd r;

	base_rd_init(&r, bytes, HEADER_LEN + LENGTH_LEN);
	start = base_rd_take(&r, HEADER_LEN);
	*length = base_rd_hex(&r, 4);
	base_rd_expect(&r, '*');
	return base_rd_ok(&r) && *length <= WATCH_CONTENT_MAX &&
	       !memcmp(start.ptr, HEADER, HEADER_LEN);
}

int watch_next(struct peer *p, struct watch_message *m)
{
	char header[HEADER_LEN + LENGTH_LEN], end;
	size_t length;
	int r = recv_exactly(p, header, sizeof(header));

	if (r <= 0)
		return r;
	if (!parse_header(header, &length))
		return -EBADMSG;
	if (length) {
		r = recv_exactly(p, m->content, length);
		if (r <= 0)
			return r ? r : -EBADMSG;
	}
	m->content[length] = '\0';
	r = recv_exactly(p, &end, 1);
	if (r <= 0 || end != ']')
		return r < 0 ? r : -EBADMSG;
	printf("got %.*s%s]\n", (int)sizeof(header), header, m->content);
	return 1;
}

bool watch_is(const struct watch_message *m, const char *keyword)
{
	const size_t len = strcspn(m->content, ",");

	return strlen(keyword) == len && !strncmp(m->content, keyword, len);
}

int watch_expect(struct peer *p, const char *keyword)
{
	struct watch_message m;
	const int r = watch_next(p, &m);

	if (r <= 0)
		return r ? r : -ENODATA;
	return watch_is(&m, keyword) ? 0 : -EBADMSG;
}
