/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sink.c - where events go: one table of kinds */
#include "sink.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_time.h"
#include "conf_tables.h"

/* s->hurried() is asked so often. */
#define ASK_MS 100

int sink_init(struct sink *s, const struct conf_sink *conf,
	      const struct conf_secret *secret)
{
	/* values are known when the program is loaded, not before */
	const struct sink_ops *const kinds[CONF_SINK_KIND_MAX] = {
		[CONF_SINK_AMQP] = sink_amqp,
		[CONF_SINK_EXEC] = sink_exec,
		[CONF_SINK_REDIS] = sink_redis,
	};
	const struct sink_ops *ops =
		conf->kind < CONF_SINK_KIND_MAX ? kinds[conf->kind] : NULL;

	if (!ops)
		return -EPROTONOSUPPORT;
	*s = (struct sink){
		.ops = ops, .conf = conf, .secret = secret, .fd = -1
	};
	return 0;
}

/* *** in place of a password: the other side may repeat what it was told. */
static void put_hidden(char *out, size_t size, const char *text,
		       const char *password)
{
	const size_t len = strlen(password);
	size_t n = 0;

	while (*text && n + 1 < size) {
		if (len && !strncmp(text, password, len)) {
			n += (size_t)snprintf(out + n, size - n, "***");
			text += len;
		} else {
			out[n++] = *text++;
		}
	}
	out[n < size ? n : size - 1] = '\0';
}

void sink_say(struct sink *s, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	/* hidden before it is cut: a part of it is no password */
	put_hidden(s->why, sizeof(s->why), n < 0 ? "out of memory" : text,
		   s->secret->password);
	if (n >= 0)
		free(text);
	for (char *c = s->why; *c; c++) {
		if (*c < 0x20 || *c > 0x7e)
			*c = '?';
	}
}

int sink_wait(struct sink *s, int fd, short events, uint64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		const uint64_t now = base_time_mono_ms();
		const uint64_t left = deadline_ms > now ? deadline_ms - now : 0;
		const int n = poll(&p, 1, left < ASK_MS ? (int)left : ASK_MS);

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (s->hurried && s->hurried(s->arg))
			return -ECANCELED;
		if (now >= deadline_ms)
			return -ETIMEDOUT;
	}
}
