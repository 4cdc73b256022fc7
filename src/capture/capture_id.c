/* SPDX-License-Identifier: GPL-3.0-or-later */
/* capture_id.c - connection ids and the names of capture files */
#include "capture_id.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base_time.h"

const char *capture_id_format(const struct capture_id *id,
			      char buf[static CAPTURE_ID_LEN])
{
	char stem[BASE_TIME_STAMP_LEN];

	(void)base_time_id(id->second * BASE_TIME_NS_PER_S, stem);
	if (id->number)
		(void)snprintf(buf, CAPTURE_ID_LEN, "%s-%llu", stem,
			       (unsigned long long)id->number + 1);
	else
		(void)snprintf(buf, CAPTURE_ID_LEN, "%s", stem);
	return buf;
}

static const char *const endings[] = {
	[CAPTURE_TEXT] = "log",
	[CAPTURE_PCAP] = "pcap",
};

/* In front of a part's number: behind both endings in any order of letters. */
#define PART        ".rot"
#define PART_DIGITS 6

const char *capture_id_file_name(const struct capture_id *id,
				 const struct base_addr *client,
				 enum capture_format format, uint32_t part,
				 char buf[static CAPTURE_NAME_LEN])
{
	char text[CAPTURE_ID_LEN], ip[BASE_ADDR_STRLEN], number[16] = "";

	if (part > 1)
		(void)snprintf(number, sizeof(number), PART "%0*u", PART_DIGITS,
			       part);
	(void)snprintf(buf, CAPTURE_NAME_LEN, "%s_%s%s.%s",
		       capture_id_format(id, text),
		       base_addr_format_ip(client, ip), number,
		       endings[format]);
	return buf;
}

/* As "2025-11-03_142501-12": 'd' is a digit. Return: its length, or 0. */
static size_t id_len(const char *name)
{
	static const char form[] = "dddd-dd-dd_dddddd";
	size_t len = sizeof(form) - 1;
	size_t digits;

	for (size_t i = 0; i < len; i++) {
		const bool digit = name[i] >= '0' && name[i] <= '9';

		if (form[i] == 'd' ? !digit : name[i] != form[i])
			return 0;
	}
	if (name[len] != '-')
		return len;
	digits = strspn(name + len + 1, "0123456789");
	/* the first has no number, and the last is 2^32 */
	if (!digits || digits > 10 || name[len + 1] == '0' ||
	    (digits == 1 && name[len + 1] == '1'))
		return 0;
	return len + 1 + digits;
}

/* What an id of this form says. */
static struct capture_id read_id(const char *id)
{
	struct tm tm = { .tm_isdst = -1 };
	struct capture_id when = { .number = 0 };
	const char *rest = strptime(id, "%Y-%m-%d_%H%M%S", &tm);
	const time_t t = rest ? mktime(&tm) : 0;
	unsigned long long number = 0;

	when.second = t > 0 ? (uint64_t)t : 0;
	for (rest = rest && *rest == '-' ? rest + 1 : ""; *rest; rest++)
		number = number * 10 + (unsigned)(*rest - '0');
	if (number && number - 1 <= UINT32_MAX)
		when.number = (uint32_t)(number - 1);
	return when;
}

/* Takes `text` off the end of name[0] to name[*len]. */
static bool take_end(const char *name, size_t *len, const char *text)
{
	const size_t n = strlen(text);

	if (*len < n || memcmp(name + *len - n, text, n) != 0)
		return false;
	*len -= n;
	return true;
}

/* The same with a part's number. Return: it, or 1, or 0: such is no part. */
static uint32_t take_part(const char *name, size_t *len)
{
	const size_t n = sizeof(PART) - 1 + PART_DIGITS;
	uint32_t part = 0;

	if (*len < n || memcmp(name + *len - n, PART, sizeof(PART) - 1) != 0)
		return 1;
	for (size_t i = *len - PART_DIGITS; i < *len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return 0;
		part = part * 10 + (uint32_t)(name[i] - '0');
	}
	*len -= n;
	return part > 1 ? part : 0;
}

bool capture_id_parse_name(const char *name, struct capture_name *out)
{
	struct capture_name n = { .format = CAPTURE_TEXT };
	char ip[BASE_ADDR_STRLEN], endpoint[BASE_ADDR_STRLEN + 8];
	const size_t id = id_len(name);
	size_t len = strlen(name);

	if (!id || id >= sizeof(n.id) || name[id] != '_')
		return false;
	if (!take_end(name, &len, ".log")) {
		n.format = CAPTURE_PCAP;
		if (!take_end(name, &len, ".pcap"))
			return false;
	}
	n.part = take_part(name, &len);
	if (!n.part || len <= id + 1 || len - id - 1 >= sizeof(ip))
		return false;
	memcpy(n.id, name, id);
	memcpy(ip, name + id + 1, len - id - 1);
	ip[len - id - 1] = '\0';
	n.when = read_id(n.id);
	(void)snprintf(endpoint, sizeof(endpoint),
		       strchr(ip, ':') ? "[%s]:1" : "%s:1", ip);
	if (!base_addr_parse(&n.client, endpoint))
		return false;
	n.client.port = 0;
	*out = n;
	return true;
}
