/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_captures.c - `wayside captures`: what lies in the log directory */
#include "wayside_captures.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base_time.h"
#include "conf_load.h"
#include "conf_tables.h"
#include "track.h"
#include "wayside_json.h"
#include "wayside_text.h"

static const struct wayside_column columns[] = {
	{ "CONNECTION", false }, { "CLIENT", false }, { "FORMAT", false },
	{ "PARTS", true },       { "BYTES", true },   { "FIRST", false },
	{ "LAST", false },
};

/* All parts of a connection, added up. */
struct capture {
	const struct capture_name *name; /* of its first part here */
	size_t n;
	uint64_t bytes, first_ns, last_ns;
};

static const char *format_word(enum capture_format f)
{
	return f == CAPTURE_PCAP ? "pcap" : "text";
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* The same connection and format give 0. */
static int compare_names(const struct capture_name *a,
			 const struct capture_name *b)
{
	int d = compare_numbers(a->when.second, b->when.second);

	if (!d)
		d = compare_numbers(a->when.number, b->when.number);
	if (!d) /* in the hour that came twice, or of no date */
		d = strcmp(a->id, b->id);
	if (!d)
		d = memcmp(a->client.ip, b->client.ip, sizeof(a->client.ip));
	if (!d)
		d = compare_numbers(a->format, b->format);
	return d;
}

static int compare(const void *a, const void *b)
{
	const struct wayside_capture_part *p = a, *q = b;
	const int d = compare_names(&p->name, &q->name);

	return d ? d : compare_numbers(p->name.part, q->name.part);
}

static int add(struct wayside_captures *c, size_t *room,
	       const struct wayside_capture_part *part)
{
	if (c->n == *room) {
		const size_t more = *room ? *room * 2 : 64;
		struct wayside_capture_part *parts =
			reallocarray(c->parts, more, sizeof(*parts));

		if (!parts)
			return -ENOMEM;
		c->parts = parts;
		*room = more;
	}
	c->parts[c->n++] = *part;
	return 0;
}

/* If it is a capture. */
static int add_file(struct wayside_captures *c, size_t *room, int dir,
		    const char *name)
{
	struct wayside_capture_part part;
	struct stat st;

	if (!capture_id_parse_name(name, &part.name) ||
	    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) ||
	    !S_ISREG(st.st_mode))
		return 0;
	part.bytes = (uint64_t)st.st_size;
	part.last_ns = (uint64_t)st.st_mtim.tv_sec * BASE_TIME_NS_PER_S +
		       (uint64_t)st.st_mtim.tv_nsec;
	return add(c, room, &part);
}

int wayside_captures_read(DIR *dir, struct wayside_captures *out)
{
	struct wayside_captures c = { .n = 0 };
	const struct dirent *entry;
	size_t room = 0;
	int r;

	do {
		errno = 0;
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
		entry = readdir(dir);
		r = entry ? add_file(&c, &room, dirfd(dir), entry->d_name)
			  : -errno;
	} while (entry && !r);
	if (r) {
		free(c.parts);
		return r;
	}
	if (c.n)
		qsort(c.parts, c.n, sizeof(*c.parts), compare);
	*out = c;
	return 0;
}

void wayside_captures_free(struct wayside_captures *c)
{
	free(c->parts);
	*c = (struct wayside_captures){ .n = 0 };
}

/* The capture whose first part is the i-th. */
static struct capture capture_at(const struct wayside_captures *c, size_t i)
{
	const struct wayside_capture_part *p = &c->parts[i];
	struct capture all = { .name = &p->name };

	all.first_ns = p->name.when.second * BASE_TIME_NS_PER_S;
	for (; i < c->n && !compare_names(&c->parts[i].name, all.name); i++) {
		all.n++;
		all.bytes += c->parts[i].bytes;
		if (c->parts[i].last_ns > all.last_ns)
			all.last_ns = c->parts[i].last_ns;
	}
	return all;
}

static void fill_row(struct wayside_row *row, const struct capture *all)
{
	char ip[BASE_ADDR_STRLEN], first[BASE_TIME_STAMP_LEN] = "-",
				   last[BASE_TIME_STAMP_LEN];
	int i = 0;

	if (all->first_ns)
		(void)base_time_stamp(all->first_ns, first);
	(void)snprintf(row->cell[i++], WAYSIDE_CELL_LEN, "%s", all->name->id);
	(void)snprintf(row->cell[i++], WAYSIDE_CELL_LEN, "%s",
		       base_addr_format_ip(&all->name->client, ip));
	(void)snprintf(row->cell[i++], WAYSIDE_CELL_LEN, "%s",
		       format_word(all->name->format));
	(void)snprintf(row->cell[i++], WAYSIDE_CELL_LEN, "%zu", all->n);
	(void)snprintf(row->cell[i++], WAYSIDE_CELL_LEN, "%" PRIu64,
		       all->bytes);
	(void)snprintf(row->cell[i++], WAYSIDE_CELL_LEN, "%s", first);
	(void)snprintf(row->cell[i], WAYSIDE_CELL_LEN, "%s",
		       base_time_stamp(all->last_ns, last));
}

void wayside_captures_print(FILE *out, const struct wayside_captures *c)
{
	struct wayside_table t;
	struct wayside_row row;
	struct capture all;

	wayside_table_init(&t, columns, WS_ARRAY_LEN(columns));
	for (size_t i = 0; i < c->n; i += all.n) {
		all = capture_at(c, i);
		fill_row(&row, &all);
		wayside_table_measure(&t, &row);
	}
	wayside_table_titles(&t, out);
	for (size_t i = 0; i < c->n; i += all.n) {
		all = capture_at(c, i);
		fill_row(&row, &all);
		wayside_table_print(&t, out, &row);
	}
}

static json_t *capture_json(const struct capture *all)
{
	char ip[BASE_ADDR_STRLEN];

	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:o, s:o}", "connection_id",
			 all->name->id, "client",
			 base_addr_format_ip(&all->name->client, ip), "format",
			 format_word(all->name->format), "parts",
			 (json_int_t)all->n, "bytes",
			 wayside_json_number(all->bytes), "first",
			 wayside_json_time(all->first_ns), "last",
			 wayside_json_time(all->last_ns));
}

json_t *wayside_captures_json(const struct wayside_captures *c)
{
	json_t *list = json_array();
	struct capture all;

	for (size_t i = 0; list && i < c->n; i += all.n) {
		all = capture_at(c, i);
		if (json_array_append_new(list, capture_json(&all))) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

enum wayside_status wayside_captures_run(const struct wayside_options *o)
{
	const struct conf_input in = { .path = o->config,
				       .protocols = track_protocol_names() };
	enum wayside_status s = WAYSIDE_OK;
	struct wayside_captures c = { .n = 0 };
	const struct conf_tables *conf;
	DIR *dir;
	int r;

	if (conf_load(&in, &conf, NULL, NULL))
		return WAYSIDE_USAGE;
	dir = opendir(conf->log_dir);
	r = dir ? wayside_captures_read(dir, &c) : -errno;
	if (dir)
		(void)closedir(dir); /* read only: nothing can be lost */
	if (r) {
		char text[CONF_PATH_LEN + 128];

		(void)snprintf(text, sizeof(text), "log_dir %s: %s",
			       conf->log_dir, strerrordesc_np(-r));
		return wayside_complain(text);
	}
	if (o->json)
		s = wayside_json_print(stdout, wayside_captures_json(&c));
	else
		wayside_captures_print(stdout, &c);
	wayside_captures_free(&c);
	return s;
}
