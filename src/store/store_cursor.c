/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_cursor.c - how far a sink is: a small file of its own */
#include "store_cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base_die.h"
#include "base_escape.h"
#include "base_fd.h"

#define FILE_MAX 4096

static bool path_of(char path[static PATH_MAX], const char *store,
		    const char *sink, const char *after)
{
	const int n =
		snprintf(path, PATH_MAX, "%s.%s.cursor%s", store, sink, after);

	return n > 0 && n < PATH_MAX;
}

static void free_json(json_t **o)
{
	json_decref(*o);
}

/* --- reading -------------------------------------------------------------- */

/* Members are read in a row; `ok` says whether all were as they must be. */
struct members {
	const json_t *object;
	size_t n;
	bool ok;
};

static const json_t *member(struct members *m, const char *key, json_type type)
{
	const json_t *v = json_object_get(m->object, key);

	m->n++;
	if (v && json_typeof(v) == type)
		return v;
	m->ok = false;
	return NULL;
}

static uint64_t count(struct members *m, const char *key)
{
	const json_int_t v = json_integer_value(member(m, key, JSON_INTEGER));

	m->ok &= v >= 0;
	return (uint64_t)v;
}

static bool truth(struct members *m, const char *key)
{
	const json_t *v = json_object_get(m->object, key);

	m->n++;
	m->ok &= json_is_boolean(v);
	return json_is_true(v);
}

static uint64_t identity(struct members *m, const char *key)
{
	const char *v = json_string_value(member(m, key, JSON_STRING));

	if (!v || strlen(v) != 16 || strspn(v, "0123456789abcdef") != 16)
		m->ok = false;
	return m->ok ? strtoull(v, NULL, 16) : 0;
}

static void text(struct members *m, const char *key,
		 char out[static STORE_CURSOR_ERROR_LEN])
{
	const char *v = json_string_value(member(m, key, JSON_STRING));
	const struct base_span bytes = { .ptr = (const uint8_t *)v,
					 .len = v ? strlen(v) : 0 };

	if (bytes.len < STORE_CURSOR_ERROR_LEN && base_escape_plain(bytes))
		(void)snprintf(out, STORE_CURSOR_ERROR_LEN, "%s", v ? v : "");
	else
		m->ok = false;
}

static bool parse(const char *file, size_t len, struct store_cursor *out)
{
	WS_CLEAN(free_json)
	json_t *o = json_loadb(file, len, JSON_REJECT_DUPLICATES, NULL);
	struct members m = { .object = o, .ok = json_is_object(o) };
	struct store_cursor c = { .store = identity(&m, "store") };

	c.event = (int64_t)count(&m, "event");
	c.confirmed = count(&m, "confirmed");
	c.retried = count(&m, "retried");
	c.lost = count(&m, "lost");
	c.returned = count(&m, "returned");
	c.anew = count(&m, "anew");
	c.changed_ms = count(&m, "changed_ms");
	c.connected = truth(&m, "connected");
	c.error_ms = count(&m, "error_ms");
	text(&m, "error", c.error);
	if (!m.ok || json_object_size(o) != m.n)
		return false;
	*out = c;
	return true;
}

int store_cursor_read(const char *store, const char *sink,
		      struct store_cursor *out)
{
	WS_CLEAN(base_fd_close) int fd = -1;
	char path[PATH_MAX], *file;
	size_t len;
	bool ok;
	int r;

	if (!path_of(path, store, sink, ""))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ELOOP ? -EBADMSG : -errno;
	r = base_fd_read_all(fd, FILE_MAX, &file, &len);
	if (r) /* too long, or a directory: no cursor */
		return r == -EFBIG || r == -EISDIR ? -EBADMSG : r;
	ok = parse(file, len, out);
	free(file);
	return ok ? 0 : -EBADMSG;
}

/* --- writing -------------------------------------------------------------- */

static json_t *integer(uint64_t v)
{
	return json_integer((json_int_t)v);
}

/* One line, to be freed; NULL: no memory, or `error` is no ASCII. */
static char *line_of(const struct store_cursor *c)
{
	WS_CLEAN(free_json) json_t *o = NULL;
	char id[17];

	(void)snprintf(id, sizeof(id), "%016" PRIx64, c->store);
	o = json_pack("{s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:s}",
		      "store", id, "event", (json_int_t)c->event, "confirmed",
		      integer(c->confirmed), "retried", integer(c->retried),
		      "lost", integer(c->lost), "returned",
		      integer(c->returned), "anew", integer(c->anew),
		      "changed_ms", integer(c->changed_ms), "connected",
		      (int)c->connected, "error_ms", integer(c->error_ms),
		      "error", c->error);
	return o ? json_dumps(o, 0) : NULL;
}

static int write_file(const char *path, char *line, bool durable)
{
	WS_CLEAN(base_fd_close)
	int fd = open(path,
		      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		      0640);
	const size_t len = strlen(line);
	int r;

	if (fd < 0)
		return -errno;
	line[len] = '\n'; /* its end is not needed any more */
	r = base_fd_write_all(fd, line, len + 1, NULL);
	if (!r && durable && fdatasync(fd) < 0)
		r = -errno;
	return r;
}

int store_cursor_write(const char *store, const char *sink,
		       const struct store_cursor *c, bool durable)
{
	char path[PATH_MAX], beside[PATH_MAX], *line;
	int r;

	if (!path_of(path, store, sink, "") ||
	    !path_of(beside, store, sink, ".new"))
		return -ENAMETOOLONG;
	line = line_of(c);
	if (!line)
		return -ENOMEM;
	r = write_file(beside, line, durable);
	free(line);
	if (r)
		return r;
	base_die_at(BASE_DIE_CURSOR_WRITTEN);
	if (rename(beside, path) < 0)
		return -errno;
	base_die_at(BASE_DIE_CURSOR_KEPT);
	return 0;
}
