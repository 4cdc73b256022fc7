/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_store.c - which store a command reads, and what of it */
#include "wayside_store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base_fd.h"
#include "conf_load.h"
#include "conf_options.h"
#include "conf_tables.h"
#include "control.h"
#include "track.h"
#include "wayside_protocols.h"
#include "wayside_text.h"
#include "wayside_when.h"

#define NS_PER_MS 1000000ULL

static enum wayside_status find(const struct wayside_options *o,
				struct wayside_store *s)
{
	const struct conf_input in = {
		.path = o->config ? o->config : CONF_DEFAULT_FILE,
		.protocols = track_protocol_names(),
		.usual_zone = track_protocol_zone,
	};

	*s = (struct wayside_store){ .path = o->store };
	if (o->store)
		return WAYSIDE_OK;
	/* whoever may read the store need not be allowed to read it */
	if (!o->config && access(in.path, R_OK) < 0) {
		s->path = WAYSIDE_STORE;
		s->control = CONTROL_PATH;
		return WAYSIDE_OK;
	}
	if (conf_load(&in, &s->conf, NULL, NULL)) {
		if (!o->config)
			(void)wayside_complain("--store FILE reads without it");
		return WAYSIDE_USAGE;
	}
	s->path = s->conf->store;
	s->control = *s->conf->control ? s->conf->control : NULL;
	if (*s->path)
		return WAYSIDE_OK;
	(void)fprintf(stderr,
		      "wayside: %s: there is neither a store nor a sink in it; "
		      "--store FILE reads another\n",
		      in.path);
	return WAYSIDE_USAGE;
}

enum wayside_status wayside_store_complain(int error,
					   const struct store_error *why)
{
	const char *advice = "";
	char text[sizeof(why->text) + 128];

	if (error == -ENOENT)
		advice = ": waysided makes it when its configuration has "
			 "`store` or a sink; --store FILE reads another";
	else if (error == -EACCES)
		advice = ": its owner and the members of its group may read it";
	(void)snprintf(text, sizeof(text), "%s%s", why->text, advice);
	return wayside_complain(text);
}

enum wayside_status wayside_store_open(const struct wayside_options *o,
				       struct wayside_store *s)
{
	const enum wayside_status found = find(o, s);
	struct store_error why = { "" };
	int error;

	if (found != WAYSIDE_OK)
		return found;
	error = store_reader_open(s->path, &s->reader, &why);
	return error ? wayside_store_complain(error, &why) : WAYSIDE_OK;
}

void wayside_store_close(struct wayside_store *s)
{
	store_reader_close(s->reader);
	s->reader = NULL;
	conf_load_unmap(s->conf);
	s->conf = NULL;
}

bool wayside_store_quiet(const struct wayside_store *s)
{
	WS_CLEAN(base_fd_close)
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0);
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (fd < 0 || !s->control || strlen(s->control) >= sizeof(a.sun_path))
		return false;
	memcpy(a.sun_path, s->control, strlen(s->control));
	return connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0 &&
	       (errno == ENOENT || errno == ECONNREFUSED);
}

static bool parse_time(const char *option, const char *text, uint64_t *ms)
{
	if (!text ||
	    wayside_when_parse(text, base_time_wall_ns() / NS_PER_MS, ms))
		return true;
	(void)fprintf(stderr,
		      "wayside: %s: no time: %s; write YYYY-MM-DD[ HH:MM[:SS]] "
		      "or YYYY-MM-DDTHH:MM:SSZ, or for so long ago 90s, 15m, "
		      "2h, 3d, 1w\n",
		      option, text);
	return false;
}

/* 1 to 9 digits. */
static bool parse_limit(const char *text, uint32_t *limit)
{
	const size_t len = strlen(text);
	uint32_t n = 0;

	for (size_t i = 0; i < len && len < 10; i++) {
		if (text[i] < '0' || text[i] > '9')
			break;
		n = n * 10 + (uint32_t)(text[i] - '0');
		if (i + 1 < len)
			continue;
		*limit = n;
		return true;
	}
	(void)fprintf(stderr,
		      "wayside: --limit: no number: %s; 0 is no limit\n", text);
	return false;
}

static bool known_type(const char *type)
{
	if (!type)
		return true;
	for (enum track_type t = 0; t < TRACK_TYPE_MAX; t++) {
		if (strcmp(type, track_type_name(t)) == 0)
			return true;
	}
	(void)fprintf(stderr, "wayside: unknown type: %s; there are", type);
	for (enum track_type t = 0; t < TRACK_TYPE_MAX; t++)
		(void)fprintf(stderr, " %s", track_type_name(t));
	(void)fputc('\n', stderr);
	return false;
}

static bool is_newest(const struct wayside_options *o)
{
	return !o->since && !o->until && !o->limit;
}

enum wayside_status wayside_store_query(const struct wayside_options *o,
					struct store_query *q)
{
	*q = (struct store_query){ .device = o->device,
				   .type = o->type,
				   .protocol = o->protocol,
				   .newest = true };
	if (is_newest(o))
		q->limit = WAYSIDE_STORE_NEWEST;
	return parse_time("--since", o->since, &q->since_ms) &&
			       parse_time("--until", o->until, &q->until_ms) &&
			       (!o->limit ||
				parse_limit(o->limit, &q->limit)) &&
			       known_type(o->type) &&
			       wayside_protocol_known(o->protocol)
		       ? WAYSIDE_OK
		       : WAYSIDE_USAGE;
}

void wayside_store_hint(const struct wayside_options *o, uint64_t n)
{
	if (is_newest(o) && n >= WAYSIDE_STORE_NEWEST)
		(void)fprintf(stderr,
			      "wayside: the newest %u; --since or --limit "
			      "gives others\n",
			      WAYSIDE_STORE_NEWEST);
}

uint64_t wayside_store_ns(int64_t ms)
{
	return ms > 0 && (uint64_t)ms < UINT64_MAX / NS_PER_MS
		       ? (uint64_t)ms * NS_PER_MS
		       : 0;
}

const char *wayside_store_local(int64_t ms,
				char buf[static BASE_TIME_STAMP_LEN])
{
	const uint64_t ns = wayside_store_ns(ms);

	if (ns)
		return base_time_stamp(ns, buf);
	memcpy(buf, "-", 2);
	return buf;
}
