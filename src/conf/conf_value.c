/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_value.c - strict values of the configuration, from and to text */
#include "conf_value.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

struct unit {
	const char *name;
	uint64_t factor;
};

/* All from large to small: formatting takes the first that divides. */
static const struct unit durations[] = {
	{ "h", 3600000 },
	{ "m", 60000 },
	{ "s", 1000 },
	{ "ms", 1 },
};
static const struct unit ages[] = {
	{ "d", 86400 },
	{ "h", 3600 },
	{ "m", 60 },
	{ "s", 1 },
};
static const struct unit sizes[] = {
	{ "G", 1U << 30 },
	{ "M", 1U << 20 },
	{ "K", 1U << 10 },
	{ "", 1 },
};

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* A piece of text as a C string: only bytes of `allowed`, 1 to size - 1. */
static bool copy(struct base_span text, const char *allowed, char *out,
		 size_t size)
{
	if (text.len == 0 || text.len >= size)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (!text.ptr[i] || !strchr(allowed, text.ptr[i]))
			return false;
	}
	memcpy(out, text.ptr, text.len);
	out[text.len] = '\0';
	return true;
}

static uint64_t take_number(struct base_rd *r)
{
	const bool zero = base_rd_peek(r) == '0';
	uint64_t v = 0;
	int c;

	if (!is_digit(base_rd_peek(r)))
		base_rd_fail(r);
	while (is_digit(c = base_rd_peek(r))) {
		if (__builtin_mul_overflow(v, 10U, &v) ||
		    __builtin_add_overflow(v, (unsigned)(c - '0'), &v))
			base_rd_fail(r);
		(void)base_rd_u8(r);
		if (zero && is_digit(base_rd_peek(r)))
			base_rd_fail(r);
	}
	return v;
}

static bool ended(const struct base_rd *r)
{
	return base_rd_ok(r) && base_rd_left(r) == 0;
}

static bool with_unit(struct base_span text, const struct unit *units, size_t n,
		      uint64_t *out)
{
	struct base_span rest;
	struct base_rd r;
	uint64_t v;

	base_rd_init(&r, text.ptr, text.len);
	v = take_number(&r);
	rest = base_rd_take(&r, base_rd_left(&r));
	if (!base_rd_ok(&r))
		return false;
	for (size_t i = 0; i < n; i++) {
		const size_t len = strlen(units[i].name);

		if (len != rest.len ||
		    (len > 0 && memcmp(units[i].name, rest.ptr, len) != 0))
			continue;
		if (__builtin_mul_overflow(v, units[i].factor, &v))
			return false;
		*out = v;
		return true;
	}
	return false;
}

bool conf_value_count(struct base_span text, uint64_t *out)
{
	struct base_rd r;
	uint64_t v;

	base_rd_init(&r, text.ptr, text.len);
	v = take_number(&r);
	if (!ended(&r))
		return false;
	*out = v;
	return true;
}

bool conf_value_duration(struct base_span text, uint64_t *out)
{
	return with_unit(text, durations, WS_ARRAY_LEN(durations), out);
}

bool conf_value_age(struct base_span text, uint64_t *out)
{
	return with_unit(text, ages, WS_ARRAY_LEN(ages), out);
}

bool conf_value_size(struct base_span text, uint64_t *out)
{
	return with_unit(text, sizes, WS_ARRAY_LEN(sizes), out);
}

static void format(uint64_t v, const struct unit *units,
		   char buf[static CONF_NUMBER_LEN])
{
	while (v % units->factor || (v == 0 && units->factor > 1))
		units++;
	(void)snprintf(buf, CONF_NUMBER_LEN, "%" PRIu64 "%s", v / units->factor,
		       units->name);
}

void conf_value_format_count(uint64_t v, char buf[static CONF_NUMBER_LEN])
{
	(void)snprintf(buf, CONF_NUMBER_LEN, "%" PRIu64, v);
}

void conf_value_format_duration(uint64_t v, char buf[static CONF_NUMBER_LEN])
{
	format(v, durations, buf);
}

void conf_value_format_age(uint64_t v, char buf[static CONF_NUMBER_LEN])
{
	format(v, ages, buf);
}

void conf_value_format_size(uint64_t v, char buf[static CONF_NUMBER_LEN])
{
	format(v, sizes, buf);
}

/* Takes HOST: or [HOST]: and says which. */
static struct base_span take_host(struct base_rd *r, bool *bracketed)
{
	struct base_span host;

	*bracketed = base_rd_peek(r) == '[';
	if (!*bracketed)
		return base_rd_until(r, ':');
	base_rd_expect(r, '[');
	host = base_rd_until(r, ']');
	base_rd_expect(r, ':');
	return host;
}

static uint16_t take_port(struct base_rd *r)
{
	const uint64_t v = take_number(r);

	if (v < 1 || v > UINT16_MAX)
		base_rd_fail(r);
	return (uint16_t)v;
}

bool conf_value_net(struct base_span text, struct base_net *out)
{
	char host[BASE_ADDR_STRLEN];

	return copy(text, DIGITS LETTERS ".:/", host, sizeof(host)) &&
	       base_net_parse(out, host);
}

bool conf_value_dest(struct base_span text, struct conf_dest *out)
{
	struct conf_dest d = { .port_first = 0 };
	struct base_span host;
	struct base_rd r;
	bool bracketed;

	base_rd_init(&r, text.ptr, text.len);
	host = take_host(&r, &bracketed);
	d.port_first = d.port_last = take_port(&r);
	if (base_rd_left(&r) > 0) {
		base_rd_expect(&r, '-');
		d.port_last = take_port(&r);
	}
	if (!ended(&r) || d.port_last < d.port_first ||
	    !conf_value_net(host, &d.net) ||
	    bracketed != !!memchr(host.ptr, ':', host.len))
		return false;
	*out = d;
	return true;
}

void conf_value_format_dest(const struct conf_dest *d,
			    char buf[static CONF_DEST_LEN])
{
	const unsigned whole = d->net.family == AF_INET6 ? 128 : 32;
	char net[BASE_ADDR_STRLEN], last[8] = "";

	base_net_format(&d->net, net);
	if (d->net.bits == whole)
		net[strcspn(net, "/")] = '\0';
	if (d->port_last != d->port_first)
		(void)snprintf(last, sizeof(last), "-%u",
			       (unsigned)d->port_last);
	(void)snprintf(buf, CONF_DEST_LEN,
		       whole == 128 ? "[%s]:%u%s" : "%s:%u%s", net,
		       (unsigned)d->port_first, last);
}

bool conf_value_name(struct base_span text, char out[static CONF_NAME_LEN])
{
	return copy(text, DIGITS LETTERS "_-", out, CONF_NAME_LEN);
}

/* Two digits. */
static unsigned take_two(struct base_rd *r)
{
	unsigned v = 0;

	for (int i = 0; i < 2; i++) {
		const int c = base_rd_peek(r);

		if (!is_digit(c))
			base_rd_fail(r);
		v = v * 10 + (unsigned)(c - '0');
		(void)base_rd_u8(r);
	}
	return v;
}

bool conf_value_zone(struct base_span text, int32_t *out)
{
	unsigned hours, minutes;
	bool west;
	struct base_rd r;

	base_rd_init(&r, text.ptr, text.len);
	west = base_rd_peek(&r) == '-';
	base_rd_expect(&r, west ? '-' : '+');
	hours = take_two(&r);
	base_rd_expect(&r, ':');
	minutes = take_two(&r);
	if (!ended(&r) || minutes > 59 || hours * 60 + minutes > CONF_ZONE_MAX)
		return false;
	*out = (int32_t)(hours * 60 + minutes) * (west ? -1 : 1);
	return true;
}

void conf_value_format_zone(int32_t v, char buf[static CONF_ZONE_LEN])
{
	const unsigned m = (unsigned)(v < 0 ? -v : v) % 6000;

	(void)snprintf(buf, CONF_ZONE_LEN, "%c%02u:%02u", v < 0 ? '-' : '+',
		       m / 60, m % 60);
}

bool conf_value_user(struct base_span text, char out[static CONF_USER_LEN])
{
	return copy(text, DIGITS LETTERS "_.@$-", out, CONF_USER_LEN);
}

bool conf_value_iface(struct base_span text, char out[static CONF_IFNAME_LEN])
{
	char name[CONF_IFNAME_LEN];

	if (text.len == 0 || text.len >= sizeof(name))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.ptr[i];
		const bool wildcard = c == '*' && i > 0 && i + 1 == text.len;

		if (c <= ' ' || c >= 0x7f ||
		    (strchr("*/:\"\\", c) && !wildcard))
			return false;
	}
	memcpy(name, text.ptr, text.len);
	name[text.len] = '\0';
	if (!strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	memcpy(out, name, text.len + 1);
	return true;
}

static bool valid_host(const char *host, bool bracketed, bool *literal)
{
	struct in6_addr addr6;
	struct in_addr addr;

	if (bracketed) {
		*literal = true;
		return inet_pton(AF_INET6, host, &addr6) == 1;
	}
	*literal = inet_pton(AF_INET, host, &addr) == 1;
	return *literal || inet_aton(host, &addr) == 0;
}

bool conf_value_service(struct base_span text, struct conf_service *out)
{
	struct conf_service s = { .literal = false };
	struct base_span host, service;
	struct base_rd r;
	bool bracketed;
	uint64_t port;

	base_rd_init(&r, text.ptr, text.len);
	host = take_host(&r, &bracketed);
	service = base_rd_take(&r, base_rd_left(&r));
	if (!base_rd_ok(&r) ||
	    !copy(host, bracketed ? DIGITS LETTERS ".:" : DIGITS LETTERS "._-",
		  s.host, sizeof(s.host)) ||
	    !copy(service, DIGITS LETTERS "_-", s.service, sizeof(s.service)) ||
	    !valid_host(s.host, bracketed, &s.literal))
		return false;
	/* getaddrinfo() would cut 70000 to 4464 */
	if (strspn(s.service, DIGITS) == service.len &&
	    (!conf_value_count(service, &port) || port < 1 ||
	     port > UINT16_MAX))
		return false;
	*out = s;
	return true;
}
