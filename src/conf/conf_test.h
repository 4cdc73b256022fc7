/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_test.h - a little world for tests that parse */
#ifndef CONF_TEST_H
#define CONF_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_test.h"
#include "conf_load.h"
#include "conf_parse.h"
#include "conf_value.h"

#define TEXT_MAX (1U << 20)

static const char *const protocols[] = { "watch", "gt06", "jt808", NULL };

static inline int test_usual_zone(const char *protocol)
{
	return !strcmp(protocol, "jt808") ? 480 : 0;
}

/* A little world: what there is, and no more. */
static inline const char *test_resolve(const struct conf_service *s,
				       struct base_addr *out)
{
	const bool known = !strcmp(s->host, "tracker.example");
	const char *port = !strcmp(s->service, "gps") ? "7700" : s->service;
	char text[320];

	if (!known && !s->literal)
		return "Name or service not known";
	(void)snprintf(text, sizeof(text),
		       strchr(s->host, ':') ? "[%s]:%s" : "%s:%s",
		       known ? "192.0.2.99" : s->host, port);
	return base_addr_parse(out, text) ? NULL : "Servname not supported";
}

static inline const char *test_find_user(const char *name, uint32_t *uid)
{
	if (strcmp(name, "root") != 0 && strcmp(name, "proxy") != 0)
		return "not found";
	*uid = *name == 'r' ? 0 : 13;
	return NULL;
}

static inline int test_check_dir(const char *path, bool writable)
{
	static const struct {
		const char *path;
		int exists, takes_files;
	} places[] = {
		{ "/", 0, -EACCES },
		{ "/cwd", 0, 0 },
		{ "/etc/passwd", -ENOTDIR, -ENOTDIR },
		{ "/root", -EACCES, -EACCES },
		{ "/run", 0, -EACCES },
		{ "/var/lib", 0, -EACCES },
		{ "/var/lib/wayside", 0, 0 },
		{ "/var/log", 0, -EACCES },
		{ "/var/log/wayside", 0, 0 },
	};

	for (size_t i = 0; i < WS_ARRAY_LEN(places); i++) {
		if (!strcmp(path, places[i].path))
			return writable ? places[i].takes_files
					: places[i].exists;
	}
	return -ENOENT;
}

static inline int test_check_file(const char *path, int mode)
{
	static const struct {
		const char *path;
		int readable, executable;
	} files[] = {
		{ "/etc/wayside/ca.pem", 0, -EACCES },
		{ "/etc/wayside/client.pem", 0, -EACCES },
		{ "/etc/wayside/client.key", 0, -EACCES },
		{ "/etc/wayside/secret.key", -EACCES, -EACCES },
		{ "/usr/local/bin/read-events", 0, 0 },
		{ "/opt/helper.py", 0, -EACCES },
		{ "/var/lib", -EISDIR, -EISDIR },
	};

	for (size_t i = 0; i < WS_ARRAY_LEN(files); i++) {
		if (!strcmp(path, files[i].path))
			return mode == X_OK ? files[i].executable
					    : files[i].readable;
	}
	return -ENOENT;
}

static const struct conf_input file_input = { .path = "f",
					      .protocols = protocols,
					      .usual_zone = test_usual_zone,
					      .surroundings = true };

static inline struct conf_env env_of(const struct conf_input *in)
{
	/* (20200 - 200) / 2 = 10000 flows a worker */
	return (struct conf_env){ .in = in,
				  .cwd = "/cwd",
				  .cores = 4,
				  .nofile = 20200,
				  .resolve = test_resolve,
				  .find_user = test_find_user,
				  .check_dir = test_check_dir,
				  .check_file = test_check_file,
				  .kinds = (1U << CONF_SINK_KIND_MAX) - 1 };
}

/* Return: parsed well; *output is what was printed, to be freed. */
static inline bool run_in(const struct conf_env *env, struct base_span text,
			  struct conf_tables *t, char **output)
{
	struct conf_errors errors = { .n = 0 };
	struct conf_secrets *secrets = calloc(1, sizeof(*secrets));
	size_t output_len;
	FILE *f = open_memstream(output, &output_len);
	bool ok;

	assert_non_null(f);
	assert_non_null(secrets);
	ok = conf_parse(env, text, t, secrets, &errors);
	assert_true(!ok || conf_secrets_valid(secrets, sizeof(*secrets), t));
	free(secrets);
	conf_errors_print(&errors, env->in->path, f);
	assert_int_equal(fclose(f), 0);
	conf_errors_done(&errors);
	assert_true(ok || output_len > 0);
	return ok;
}

static inline bool run(const struct conf_input *in, const char *text,
		       size_t len, struct conf_tables *t, char **output)
{
	const struct conf_env env = env_of(in);

	return run_in(&env, (struct base_span){ (const uint8_t *)text, len }, t,
		      output);
}

static inline char *slurp(const char *path, size_t *len)
{
	WS_CLEAN(base_fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = NULL;

	*len = 0;
	if (fd < 0 || base_fd_read_all(fd, TEXT_MAX, &text, len))
		fail_msg("%s: cannot be read", path);
	return text;
}

/* Parses `text` and returns what is printed about it, to be freed. */
static inline char *outcome(const struct conf_input *in, const char *text,
			    struct conf_tables *t)
{
	char *got;

	(void)run(in, text, strlen(text), t, &got);
	return got;
}

#endif
