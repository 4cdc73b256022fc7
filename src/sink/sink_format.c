/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sink_format.c - what an event's JSON becomes for a sink */
#include "sink_format.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "base_attr.h"
#include "base_escape.h"
#include "base_rd.h"
#include "base_time.h"

bool sink_format_id(const char *json, char id[static SINK_FORMAT_ID_LEN])
{
	static const char before[] = "{\"id\":\"";
	size_t len;

	if (strncmp(json, before, strlen(before)) != 0)
		return false;
	json += strlen(before);
	len = strspn(json, "0123456789abcdef-cs");
	if (len == 0 || len >= SINK_FORMAT_ID_LEN || json[len] != '"')
		return false;
	memcpy(id, json, len);
	id[len] = '\0';
	return true;
}

static void free_json(json_t **o)
{
	json_decref(*o);
}

/* RFC 3339, UTC, as base_time_utc() writes it. */
static bool local_time(const char *utc, char stamp[static BASE_TIME_STAMP_LEN])
{
	struct tm tm = { .tm_isdst = 0 };
	const char *end = strptime(utc, "%Y-%m-%dT%H:%M:%S", &tm);
	time_t t;

	if (!end || *end != '.')
		return false;
	t = timegm(&tm);
	if (t < 0)
		return false;
	base_time_stamp((uint64_t)t * BASE_TIME_NS_PER_S, stamp);
	return true;
}

/* "192.0.2.7:7700", "[2001:db8::7]:7700": without the port. */
static struct base_span ip_of(const char *address)
{
	const char *end;

	if (*address == '[') {
		address++;
		end = strchr(address, ']');
	} else {
		end = strrchr(address, ':');
	}
	return (struct base_span){ .ptr = (const uint8_t *)address,
				   .len = end ? (size_t)(end - address) : 0 };
}

/* Digits to bytes, in place. */
static bool unhex(char *text, struct base_span *bytes)
{
	struct base_rd r;
	size_t n = 0;

	base_rd_init(&r, text, bytes->len);
	while (base_rd_left(&r) > 0 && base_rd_ok(&r))
		text[n++] = (char)base_rd_hex(&r, 2);
	*bytes = (struct base_span){ .ptr = (const uint8_t *)text, .len = n };
	return base_rd_ok(&r);
}

/* The message's bytes as the classic line has them; to be freed. */
static char *payload_of(const json_t *o)
{
	const json_t *plain = json_object_get(o, "payload");
	const json_t *v = plain ? plain : json_object_get(o, "payload_hex");
	struct base_span bytes = { .len = json_string_length(v) };
	char *raw = json_is_string(v) ? strdup(json_string_value(v)) : NULL;
	char *out = malloc(BASE_ESCAPE_LEN * bytes.len + 1);

	bytes.ptr = (const uint8_t *)raw;
	if (raw && out && (plain || unhex(raw, &bytes))) {
		out[base_escape(out, bytes)] = '\0';
	} else {
		free(out);
		out = NULL;
	}
	free(raw);
	return out;
}

char *sink_format_classic(const char *json, size_t json_len, size_t *len)
{
	WS_CLEAN(free_json) json_t *o = json_loadb(json, json_len, 0, NULL);
	const char *time = json_string_value(json_object_get(o, "time"));
	const char *client = json_string_value(json_object_get(o, "client"));
	char *payload = payload_of(o), *out = NULL;
	char stamp[BASE_TIME_STAMP_LEN];
	json_t *five = NULL;

	if (payload && client && time && local_time(time, stamp)) {
		const struct base_span ip = ip_of(client);

		five = json_pack("{s:s, s:O, s:s%, s:O, s:s}", "timestamp",
				 stamp, "direction",
				 json_object_get(o, "direction"), "client_ip",
				 (const char *)ip.ptr, ip.len, "connection_id",
				 json_object_get(o, "connection_id"), "payload",
				 payload);
	}
	/* without a flag, jansson puts ", " and ": " as Python does */
	if (five)
		out = json_dumps(five, JSON_ENSURE_ASCII);
	json_decref(five);
	free(payload);
	if (out)
		*len = strlen(out);
	return out;
}
