/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * amqp_put.c - events to a broker through the AMQP sink, without a daemon
 *
 *   amqp_put KEY=VALUE...
 *
 * Keys are the sink's: host, port, user, password, vhost, exchange,
 * routing_key, queue, tls (yes), ca, certificate, key, heartbeat (seconds),
 * timeout (ms); and
 *   events   how many; their bodies are {"n":0}, {"n":1} ..., their ids n-0
 * ..., their devices d0 to d9 in turn (1) batch    how many a put (512) size
 * bytes of a body, filled up with blanks (what it needs) idle     seconds that
 * the sink is then served without events (0) retries  how often it may fail, is
 * closed and opened again after 200 ms (0)
 *
 * Prints lines: "open", "waits WHY" (each time), "failed ERRNO WHY",
 * "confirmed=N put=N returned=N ms=N", "idle over". Status 0: all confirmed.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base_time.h"
#include "conf_tables.h"
#include "sink.h"

#define BATCH_MAX 1024
#define BODY_MAX  65536

struct run {
	struct conf_sink conf;
	struct conf_secret secret;
	char gate[CONF_PATH_LEN], last[CONF_PATH_LEN];
	unsigned events, batch, size, idle, retries, pause;
};

struct text_key {
	const char *name;
	char *at;
	size_t size;
};

struct number_key {
	const char *name;
	uint32_t *at;
};

static int set(struct run *r, const char *arg)
{
	const struct text_key texts[] = {
		{ "host", r->conf.host, sizeof(r->conf.host) },
		{ "user", r->secret.user, sizeof(r->secret.user) },
		{ "password", r->secret.password, sizeof(r->secret.password) },
		{ "vhost", r->conf.vhost, sizeof(r->conf.vhost) },
		{ "exchange", r->conf.exchange, sizeof(r->conf.exchange) },
		{ "routing_key", r->conf.routing_key,
		  sizeof(r->conf.routing_key) },
		{ "queue", r->conf.queue, sizeof(r->conf.queue) },
		{ "ca", r->conf.ca, sizeof(r->conf.ca) },
		{ "certificate", r->conf.certificate,
		  sizeof(r->conf.certificate) },
		{ "key", r->conf.key, sizeof(r->conf.key) },
		{ "gate", r->gate, sizeof(r->gate) },
		{ "last", r->last, sizeof(r->last) },
	};
	const struct number_key numbers[] = {
		{ "port", &r->conf.port },
		{ "heartbeat", &r->conf.heartbeat_s },
		{ "timeout", &r->conf.timeout_ms },
		{ "events", &r->events },
		{ "batch", &r->batch },
		{ "size", &r->size },
		{ "idle", &r->idle },
		{ "retries", &r->retries },
		{ "pause", &r->pause },
	};
	const char *value = strchr(arg, '=');
	const size_t len = value ? (size_t)(value - arg) : 0;

	if (!value)
		return -EINVAL;
	value++;
	if (len == 3 && !strncmp(arg, "tls", len)) {
		r->conf.tls = strcmp(value, "yes") ? CONF_NO : CONF_YES;
		return 0;
	}
	for (size_t i = 0; i < WS_ARRAY_LEN(texts); i++) {
		if (strlen(texts[i].name) == len &&
		    !strncmp(arg, texts[i].name, len)) {
			(void)snprintf(texts[i].at, texts[i].size, "%s", value);
			return 0;
		}
	}
	for (size_t i = 0; i < WS_ARRAY_LEN(numbers); i++) {
		if (strlen(numbers[i].name) == len &&
		    !strncmp(arg, numbers[i].name, len)) {
			*numbers[i].at = (uint32_t)strtoul(value, NULL, 10);
			return 0;
		}
	}
	return -EINVAL;
}

/* The n-th event; `body` has BODY_MAX bytes, `id` 32. */
static struct sink_event event(const struct run *r, unsigned n, char *id,
			       char *body)
{
	static const char *const devices[] = { "d0", "d1", "d2", "d3", "d4",
					       "d5", "d6", "d7", "d8", "d9" };
	const int len = snprintf(body, 32, "{\"n\":%u}", n);
	size_t total = (size_t)len;

	(void)snprintf(id, 32, "n-%u", n);
	if (r->size > total && r->size < BODY_MAX) {
		memset(body + len, ' ', r->size - total);
		total = r->size;
	}
	body[total] = '\0';
	return (struct sink_event){ .id = id,
				    .device = devices[n % 10],
				    .protocol = "watch",
				    .type = "position",
				    .body = body,
				    .len = total };
}

static void pause_ms(int ms)
{
	(void)poll(NULL, 0, ms);
}

/* "": at once. */
static void wait_file(const char *path)
{
	while (path[0] && access(path, F_OK))
		pause_ms(20);
}

/* One put. Return: what it returned. */
static int put(struct sink *s, const struct run *r, unsigned from)
{
	static struct sink_event events[BATCH_MAX];
	static char ids[BATCH_MAX][32];
	static char bodies[BATCH_MAX][BODY_MAX];
	unsigned n = r->events - from;

	if (n == 1)
		wait_file(r->last);
	else if (r->last[0])
		n--;
	if (n > r->batch)
		n = r->batch;
	for (unsigned i = 0; i < n; i++)
		events[i] = event(r, from + i, ids[i], bodies[i]);
	return s->ops->put(s, events, n);
}

/* Opens, puts from *done on. Return: 0 or -errno. */
static int all(struct sink *s, const struct run *r, unsigned *done)
{
	int n = s->ops->open(s);

	if (n)
		return n;
	(void)printf("open\n");
	wait_file(r->gate);
	while (*done < r->events) {
		n = put(s, r, *done);
		if (n > 0) {
			*done += (unsigned)n;
			pause_ms((int)r->pause);
		} else if (n == -EAGAIN) {
			(void)printf("waits %s\n", s->why);
		} else {
			return n;
		}
	}
	return 0;
}

static int idle(struct sink *s, const struct run *r)
{
	const uint64_t end = base_time_mono_ms() + r->idle * 1000ULL;
	int n = 0;

	while (!n && base_time_mono_ms() < end) {
		struct pollfd p = { .fd = s->fd, .events = POLLIN };

		(void)poll(&p, 1, s->idle_ms ? (int)s->idle_ms : 1000);
		n = s->ops->idle(s);
	}
	return n;
}

int main(int argc, char **argv)
{
	static struct run r = { .conf = { .kind = CONF_SINK_AMQP,
					  .name = "test",
					  .host = "127.0.0.1",
					  .port = 5672,
					  .vhost = "/",
					  .timeout_ms = 10000,
					  .heartbeat_s = 60 },
				.events = 1,
				.batch = 512 };
	const uint64_t began = base_time_mono_ms();
	unsigned done = 0, failed = 0;
	struct sink s;
	int n;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++) {
		if (set(&r, argv[i])) {
			(void)fprintf(stderr, "amqp_put: %s?\n", argv[i]);
			return 2;
		}
	}
	if (r.batch > BATCH_MAX || sink_init(&s, &r.conf, &r.secret))
		return 2;
	for (;;) {
		n = all(&s, &r, &done);
		if (!n)
			break;
		(void)printf("failed %d %s\n", -n, s.why);
		s.ops->close(&s);
		if (failed++ >= r.retries)
			break;
		pause_ms(200);
	}
	(void)printf("confirmed=%u returned=%llu ms=%llu\n", done,
		     (unsigned long long)s.returned,
		     (unsigned long long)(base_time_mono_ms() - began));
	if (n)
		return 1;
	n = idle(&s, &r);
	if (n)
		(void)printf("failed %d %s\n", -n, s.why);
	else if (r.idle)
		(void)printf("idle over\n");
	s.ops->close(&s);
	return n ? 1 : 0;
}
