/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_scalar.c - one value of a key: text to tables and back */
#include "conf_scalar.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "conf_load.h"
#include "conf_parse.h"
#include "conf_text.h"
#include "conf_value.h"

/* One parse in progress. */
struct job {
	const struct conf_key *k;
	const struct conf_env *env;
	struct base_span text;
	void *out;
	char *why; /* CONF_WHY_LEN; on entry "is not ..." of the type's row */
};

/* What a type is: its row. Numbers have value and format, the others parse
 * and print. */
struct type_row {
	const char *what;
	bool (*parse)(const struct job *j);
	void (*print)(const void *value, char buf[static CONF_PRINTED_LEN]);
	bool (*value)(struct base_span text, uint64_t *out);
	void (*format)(uint64_t v, char buf[static CONF_NUMBER_LEN]);
	size_t width; /* of a number or choice */
};

/* The types' own members: only their rows know the width. */
static uint64_t get_number(const void *from, size_t width)
{
	uint64_t v64;
	uint32_t v32;
	uint16_t v16;

	if (width == sizeof(v64)) {
		memcpy(&v64, from, sizeof(v64));
		return v64;
	}
	if (width == sizeof(v32)) {
		memcpy(&v32, from, sizeof(v32));
		return v32;
	}
	assert(width == sizeof(v16));
	memcpy(&v16, from, sizeof(v16));
	return v16;
}

static void put_number(void *to, size_t width, uint64_t v)
{
	const uint32_t v32 = (uint32_t)v;
	const uint16_t v16 = (uint16_t)v;

	if (width == sizeof(v))
		memcpy(to, &v, sizeof(v));
	else if (width == sizeof(v32))
		memcpy(to, &v32, sizeof(v32));
	else
		memcpy(to, &v16, sizeof(v16));
}

static bool is_word(struct base_span text, const char *word)
{
	return word && text.len == strlen(word) &&
	       !memcmp(text.ptr, word, text.len);
}

static void complain(const struct job *j, const char *text)
{
	(void)snprintf(j->why, CONF_WHY_LEN, "%s", text);
}

static bool parse_choice(const struct job *j)
{
	const char *word;
	size_t n = 0;

	for (unsigned i = 0; (word = j->k->choice(i)); i++) {
		if (is_word(j->text, word)) {
			put_number(j->out, sizeof(uint32_t), i);
			return true;
		}
	}
	n = (size_t)snprintf(j->why, CONF_WHY_LEN, "is not one of ");
	for (unsigned i = 0; (word = j->k->choice(i)); i++)
		n += (size_t)snprintf(j->why + n, CONF_WHY_LEN - n, "%s%s",
				      i ? ", " : "", word);
	return false;
}

static bool parse_name(const struct job *j)
{
	return conf_value_name(j->text, j->out);
}

static bool parse_protocol(const struct job *j)
{
	const char *const *p = j->env->in->protocols;
	bool known = is_word(j->text, "auto") || is_word(j->text, "none");
	size_t n;

	for (size_t i = 0; p && p[i]; i++)
		known = known || is_word(j->text, p[i]);
	if (known)
		return conf_value_name(j->text, j->out);
	n = (size_t)snprintf(j->why, CONF_WHY_LEN,
			     "is not auto, none or a protocol");
	for (size_t i = 0; p && p[i] && n < CONF_WHY_LEN; i++)
		n += (size_t)snprintf(j->why + n, CONF_WHY_LEN - n, "%s%s%s",
				      i ? ", " : " (", p[i],
				      p[i + 1] ? "" : ")");
	return false;
}

/* One spelling a path: without "//" and "/./". The rest stays zero. */
static void squeeze(char path[static CONF_PATH_LEN])
{
	char *to = path;

	for (const char *from = path; *from; from++) {
		while (from[0] == '/' &&
		       (from[1] == '/' || (from[1] == '.' && from[2] == '/')))
			from += from[1] == '/' ? 1 : 2;
		*to++ = *from;
	}
	memset(to, 0, (size_t)(path + CONF_PATH_LEN - to));
}

/* An absolute path; the text may be relative to env->cwd. */
static bool parse_path(const struct job *j, struct base_span text)
{
	const size_t size = j->k->max ? j->k->max + 1 : CONF_PATH_LEN;
	char path[CONF_PATH_LEN] = "";
	size_t n = 0;

	if (text.len == 0) {
		complain(j, "is empty");
		return false;
	}
	if (!conf_text_all_printable(text)) {
		complain(j, "has a character that no path should have");
		return false;
	}
	if (text.ptr[0] != '/') {
		const char *cwd = j->env->cwd;

		if (!cwd) {
			complain(j, "is relative, but the current directory is "
				    "gone");
			return false;
		}
		n = (size_t)snprintf(path, sizeof(path), "%s/",
				     strcmp(cwd, "/") ? cwd : "");
	}
	if (n >= size || text.len >= size - n) {
		(void)snprintf(j->why, CONF_WHY_LEN,
			       "is too long: %u bytes at most, from / on",
			       (unsigned)size - 1);
		return false;
	}
	memcpy(path + n, text.ptr, text.len);
	squeeze(path);
	memcpy(j->out, path, sizeof(path));
	return true;
}

static bool parse_file(const struct job *j)
{
	if (is_word(j->text, j->k->word)) {
		memset(j->out, 0, CONF_PATH_LEN);
		return true;
	}
	if (j->text.len > 0 && j->text.ptr[j->text.len - 1] == '/') {
		complain(j, "is a directory, not a file");
		return false;
	}
	return parse_path(j, j->text);
}

static bool parse_directory(const struct job *j)
{
	struct base_span text = j->text;

	while (text.len > 1 && text.ptr[text.len - 1] == '/')
		text.len--;
	return parse_path(j, text);
}

/* Addresses that cannot be what a key asks for. */
enum role {
	ROLE_TO = 1,     /* of a connection that goes to another host */
	ROLE_CLIENT = 2, /* ... or comes from one */
	ROLE_END = 4,    /* to listen on, or to connect to */
};

/* Return: what all of the network is and nothing in that role can be, or
 * NULL. */
static const char *cannot_be(const struct base_net *net, enum role role)
{
	static const struct {
		const char *net, *what;
		unsigned roles;
	} never[] = {
		{ "0.0.0.0", "no host's address", ROLE_TO | ROLE_CLIENT },
		{ "::", "no host's address", ROLE_TO | ROLE_CLIENT },
		{ "127.0.0.0/8", "loopback", ROLE_TO | ROLE_CLIENT },
		{ "::1", "loopback", ROLE_TO | ROLE_CLIENT },
		{ "224.0.0.0/4", "multicast",
		  ROLE_TO | ROLE_CLIENT | ROLE_END },
		{ "ff00::/8", "multicast", ROLE_TO | ROLE_CLIENT | ROLE_END },
		{ "255.255.255.255", "broadcast",
		  ROLE_TO | ROLE_CLIENT | ROLE_END },
		/* no router passes it on (RFC 4291 2.5.6), and alone it does
		 * not say by which interface */
		{ "fe80::/10", "link-local", ROLE_TO | ROLE_END },
	};
	struct base_net n;

	for (size_t i = 0; i < WS_ARRAY_LEN(never); i++) {
		if ((never[i].roles & role) &&
		    base_net_parse(&n, never[i].net) && net->bits >= n.bits &&
		    base_net_overlap(net, &n))
			return never[i].what;
	}
	return NULL;
}

/* Return: false after it was said why the network cannot be that. */
static bool can_be(const struct job *j, const struct base_net *net,
		   enum role role, const char *instead)
{
	const char *what = cannot_be(net, role);

	if (what)
		(void)snprintf(j->why, CONF_WHY_LEN, "is %s: %s", what,
			       instead);
	return !what;
}

static bool parse_service(const struct job *j)
{
	struct conf_service s;
	struct base_addr addr;
	struct base_net net;
	const char *problem;

	if (!conf_value_service(j->text, &s))
		return false;
	problem = j->env->resolve(&s, &addr);
	if (problem) {
		(void)snprintf(j->why, CONF_WHY_LEN, "has no address: %s",
			       problem);
		return false;
	}
	net = (struct base_net){ .family = addr.family,
				 .bits = addr.family == AF_INET ? 32 : 128 };
	memcpy(net.ip, addr.ip, sizeof(net.ip));
	if (!can_be(j, &net, ROLE_END, "write an address of one host"))
		return false;
	memcpy(j->out, &addr, sizeof(addr));
	return true;
}

static bool parse_iface(const struct job *j)
{
	if (is_word(j->text, "lo")) {
		complain(j, "is the loopback: rules take connections from "
			    "other hosts only");
		return false;
	}
	return conf_value_iface(j->text, j->out);
}

static bool parse_net(const struct job *j)
{
	struct base_net net;

	if (!conf_value_net(j->text, &net) ||
	    !can_be(j, &net, ROLE_CLIENT, "no connection comes from there"))
		return false;
	memcpy(j->out, &net, sizeof(net));
	return true;
}

static bool parse_dest(const struct job *j)
{
	struct conf_dest dest;

	if (!conf_value_dest(j->text, &dest) ||
	    !can_be(j, &dest.net, ROLE_TO,
		    "rules take connections to other hosts only"))
		return false;
	memcpy(j->out, &dest, sizeof(dest));
	return true;
}

/* A number is a number, also where a user is called so. */
static bool parse_user(const struct job *j)
{
	uint64_t number;
	uint32_t uid;

	if (conf_value_count(j->text, &number)) {
		if (number > CONF_USER_MAX) {
			(void)snprintf(j->why, CONF_WHY_LEN,
				       "is not within 0 to %u", CONF_USER_MAX);
			return false;
		}
		uid = (uint32_t)number;
	} else {
		char name[CONF_USER_LEN];
		const char *problem;

		if (!conf_value_user(j->text, name))
			return false;
		problem = j->env->find_user(name, &uid);
		if (problem) {
			(void)snprintf(j->why, CONF_WHY_LEN,
				       "is no user here: %s", problem);
			return false;
		}
	}
	put_number(j->out, sizeof(uid), uid);
	return true;
}

static void quote(const char *text, char buf[static CONF_PRINTED_LEN])
{
	const struct base_span s = { (const uint8_t *)text, strlen(text) };

	conf_text_quote(s, buf, CONF_PRINTED_LEN);
}

static void print_text(const void *value, char buf[static CONF_PRINTED_LEN])
{
	quote(value, buf);
}

static void print_service(const void *value, char buf[static CONF_PRINTED_LEN])
{
	char text[BASE_ADDR_STRLEN];

	quote(base_addr_format(value, text), buf);
}

static void print_net(const void *value, char buf[static CONF_PRINTED_LEN])
{
	char text[BASE_ADDR_STRLEN];

	quote(base_net_format(value, text), buf);
}

static void print_dest(const void *value, char buf[static CONF_PRINTED_LEN])
{
	char text[CONF_DEST_LEN];

	conf_value_format_dest(value, text);
	quote(text, buf);
}

static bool parse_zone(const struct job *j)
{
	int32_t zone;

	if (!conf_value_zone(j->text, &zone))
		return false;
	memcpy(j->out, &zone, sizeof(zone));
	return true;
}

static void print_zone(const void *value, char buf[static CONF_PRINTED_LEN])
{
	char text[CONF_ZONE_LEN];
	int32_t zone;

	memcpy(&zone, value, sizeof(zone));
	conf_value_format_zone(zone, text);
	quote(text, buf);
}

static void print_user(const void *value, char buf[static CONF_PRINTED_LEN])
{
	char text[CONF_NUMBER_LEN];

	conf_value_format_count(get_number(value, sizeof(uint32_t)), text);
	(void)snprintf(buf, CONF_PRINTED_LEN, "%s", text);
}

/* RULES, EVENTS, PROTOCOLS, STORE and SINKS hold no scalar, and what URI and
 * COMMAND hold is more than one: they have no row. */
static const struct type_row rows[CONF_TYPE_MAX] = {
	[CONF_TYPE_CHOICE] = {
		.parse = parse_choice,
		.width = sizeof(uint32_t),
	},
	[CONF_TYPE_COUNT] = {
		.what = "a whole number",
		.value = conf_value_count,
		.format = conf_value_format_count,
		.width = sizeof(uint32_t),
	},
	[CONF_TYPE_PORT] = {
		.what = "a port",
		.value = conf_value_count,
		.format = conf_value_format_count,
		.width = sizeof(uint16_t),
	},
	[CONF_TYPE_SIZE] = {
		.what = "a size (write 64K, 16M or 1G)",
		.value = conf_value_size,
		.format = conf_value_format_size,
		.width = sizeof(uint64_t),
	},
	[CONF_TYPE_DURATION] = {
		.what = "a duration (write 500ms, 10s, 2m or 1h)",
		.value = conf_value_duration,
		.format = conf_value_format_duration,
		.width = sizeof(uint32_t),
	},
	[CONF_TYPE_AGE] = {
		.what = "an age (write 12h or 30d)",
		.value = conf_value_age,
		.format = conf_value_format_age,
		.width = sizeof(uint32_t),
	},
	[CONF_TYPE_ZONE] = {
		.what = "a zone (write \"+08:00\"; -14:00 to +14:00)",
		.parse = parse_zone,
		.print = print_zone,
	},
	[CONF_TYPE_NAME] = {
		.what = "a name (1 to 31 letters, digits, _ or -)",
		.parse = parse_name,
		.print = print_text,
	},
	[CONF_TYPE_PROTOCOL] = {
		.parse = parse_protocol, .print = print_text,
	},
	[CONF_TYPE_FILE] = {
		.what = "a file's path",
		.parse = parse_file,
		.print = print_text,
	},
	[CONF_TYPE_DIRECTORY] = {
		.what = "a directory's path",
		.parse = parse_directory,
		.print = print_text,
	},
	[CONF_TYPE_SERVICE] = {
		.what = "an address with a port (write 192.0.2.1:7700, "
			"[2001:db8::1]:7700 or NAME:SERVICE)",
		.parse = parse_service,
		.print = print_service,
	},
	[CONF_TYPE_INTERFACES] = {
		.what = "an interface's name (write br-lan, or wg* for all "
			"that begin with wg)",
		.parse = parse_iface,
		.print = print_text,
	},
	[CONF_TYPE_NETWORKS] = {
		.what = "a network (write 192.0.2.7, 192.0.2.0/24 or "
			"2001:db8::/32; the bits after the prefix are 0)",
		.parse = parse_net,
		.print = print_net,
	},
	[CONF_TYPE_TO] = {
		.what = "a destination (write 192.0.2.1:7700, "
			"192.0.2.0/24:7700-7710 or [2001:db8::1]:7700; the "
			"bits after the prefix are 0)",
		.parse = parse_dest,
		.print = print_dest,
	},
	[CONF_TYPE_FILES] = {
		.what = "a file's path",
		.parse = parse_file,
		.print = print_text,
	},
	[CONF_TYPE_USERS] = {
		.what = "a user's name or number",
		.parse = parse_user,
		.print = print_user,
	},
};

#define ARRAY(member, counter)                                        \
	.items = offsetof(struct conf_tables, member),                \
	.item_size = sizeof(((struct conf_tables *)NULL)->member[0]), \
	.count = offsetof(struct conf_tables, counter)

const struct conf_array *conf_array_of(enum conf_type type)
{
	static const struct conf_array arrays[CONF_TYPE_MAX] = {
		[CONF_TYPE_INTERFACES] = { ARRAY(ifaces, n_ifaces),
					   .max = CONF_IFACES_MAX,
					   .what = "interfaces",
					   .such = "br-lan" },
		[CONF_TYPE_NETWORKS] = { ARRAY(nets, n_nets),
					 .max = CONF_NETS_MAX,
					 .what = "networks",
					 .such = "192.0.2.0/24" },
		[CONF_TYPE_TO] = { ARRAY(dests, n_dests), .max = CONF_DESTS_MAX,
				   .what = "destinations",
				   .such = "192.0.2.1:7700" },
		[CONF_TYPE_FILES] = { ARRAY(events, n_events),
				      .max = CONF_EVENTS_MAX,
				      .what = "event files",
				      .such = "/var/log/wayside/events.log" },
		[CONF_TYPE_USERS] = { ARRAY(users, n_users),
				      .max = CONF_USERS_MAX, .what = "users",
				      .such = "root" },
	};

	return arrays[type].max ? &arrays[type] : NULL;
}

static bool within(const struct conf_key *k, uint64_t v)
{
	if (k->type == CONF_TYPE_CHOICE)
		return v < UINT32_MAX && k->choice((unsigned)v);
	return v >= k->min && v <= k->max;
}

static void complain_range(const struct job *j, const struct type_row *row)
{
	char min[CONF_NUMBER_LEN], max[CONF_NUMBER_LEN];

	row->format(j->k->min, min);
	row->format(j->k->max, max);
	(void)snprintf(j->why, CONF_WHY_LEN, "is not within %s to %s", min,
		       max);
}

static bool parse_number(const struct job *j, const struct type_row *row)
{
	uint64_t v;

	if (is_word(j->text, j->k->word)) {
		put_number(j->out, row->width, 0);
		return true;
	}
	if (!row->value(j->text, &v))
		return false;
	if (!within(j->k, v)) {
		complain_range(j, row);
		return false;
	}
	put_number(j->out, row->width, v);
	return true;
}

bool conf_scalar_parse(const struct conf_key *k, const struct conf_env *env,
		       struct base_span text, void *out,
		       char why[static CONF_WHY_LEN])
{
	const struct type_row *row = &rows[k->type];
	const struct job j = { k, env, text, out, why };

	assert(row->parse || row->value);
	(void)snprintf(why, CONF_WHY_LEN, "is not %s%s%s",
		       k->word ? k->word : "", k->word ? " or " : "",
		       row->what ? row->what : "");
	return row->parse ? row->parse(&j) : parse_number(&j, row);
}

void conf_scalar_format(const struct conf_key *k, const void *value,
			char buf[static CONF_PRINTED_LEN])
{
	const struct type_row *row = &rows[k->type];
	char number[CONF_NUMBER_LEN];
	const char *text = number;

	if (row->print && !(k->word && !*(const char *)value)) {
		row->print(value, buf);
		return;
	}
	if (row->print || (k->word && !get_number(value, row->width)))
		text = k->word;
	else if (k->type == CONF_TYPE_CHOICE)
		text = k->choice((unsigned)get_number(value, row->width));
	else
		row->format(get_number(value, row->width), number);
	(void)snprintf(buf, CONF_PRINTED_LEN, "%s", text);
}

bool conf_scalar_within(const struct conf_key *k, const void *base)
{
	const size_t width = rows[k->type].width;

	uint64_t v;

	if (!width)
		return true;
	v = get_number((const char *)base + k->offset, width);
	return (k->word && !v) || within(k, v);
}
