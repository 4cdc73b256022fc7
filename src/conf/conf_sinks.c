/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_sinks.c - the store, and the sinks that it feeds: values and checks */
#include "conf_sinks.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf_load.h"
#include "conf_parse.h"
#include "conf_text.h"
#include "conf_uri.h"

#define FLASH_DELAY_MS 1000

static const char *const libraries[] = {
	[CONF_SINK_AMQP] = "librabbitmq",
	[CONF_SINK_EXEC] = "",
	[CONF_SINK_REDIS] = "hiredis",
};
static_assert(WS_ARRAY_LEN(libraries) == CONF_SINK_KIND_MAX, "libraries");

enum conf_key_id conf_sinks_key(enum conf_sink_kind kind)
{
	static const enum conf_key_id keys[] = {
		[CONF_SINK_AMQP] = CONF_KEY_SINK_AMQP,
		[CONF_SINK_EXEC] = CONF_KEY_SINK_EXEC,
		[CONF_SINK_REDIS] = CONF_KEY_SINK_REDIS,
	};

	static_assert(WS_ARRAY_LEN(keys) == CONF_SINK_KIND_MAX, "keys");
	return keys[kind];
}

static void warn_placeholder(struct conf_draft *d, struct conf_mark at,
			     const char *key, const char *what,
			     const char *text)
{
	if (!strcmp(text, CONF_SINKS_HIDDEN))
		conf_errors_warn(d->errors, at,
				 "%s: the %s is " CONF_SINKS_HIDDEN
				 ", which --print-config writes in place of "
				 "the real one",
				 key, what);
}

void conf_sinks_uri(struct conf_draft *d, enum conf_sink_kind kind,
		    struct conf_mark at, struct base_span text)
{
	const uint32_t n = d->t->n_sinks - 1;
	const char *key = conf_keys[conf_sinks_key(kind)].name;
	struct conf_uri u = { .sink = &d->t->sinks[n],
			      .secret = &d->secrets->sinks[n] };
	const bool fine = kind == CONF_SINK_AMQP ? conf_uri_amqp(text, &u)
						 : conf_uri_redis(text, &u);

	u.sink->kind = kind;
	d->sink_password[n] = u.password;
	if (!fine) {
		conf_errors_add(d->errors, at, "%s: %s", key, u.why);
		return;
	}
	if (*u.warning)
		conf_errors_warn(d->errors, at, "%s: %s", key, u.warning);
	warn_placeholder(d, at, key, "password", u.secret->password);
}

/* Behind the arguments that are there. */
static size_t args_len(const struct conf_secret *s)
{
	size_t len = 0;

	for (uint32_t i = 0; i < s->n_args; i++)
		len += strlen(s->args + len) + 1;
	return len;
}

bool conf_sinks_argument(struct conf_draft *d, struct conf_mark at,
			 struct base_span text)
{
	static const char key[] = "exec";
	const uint32_t n = d->t->n_sinks - 1;
	struct conf_sink *sink = &d->t->sinks[n];
	struct conf_secret *s = &d->secrets->sinks[n];
	const bool program = s->n_args == 0;
	const size_t len = args_len(s);
	const char *why = NULL;

	sink->kind = CONF_SINK_EXEC;
	if (text.len && memchr(text.ptr, '\0', text.len))
		why = "has a NUL";
	else if (program && (!text.len || *text.ptr != '/' ||
			     text.ptr[text.len - 1] == '/'))
		why = "is not the path of a program, from / on";
	else if (program && !conf_text_all_printable(text))
		why = "has a character that no path should have";
	else if (program && text.len >= sizeof(sink->target))
		why = "is too long";
	if (why) { /* an argument may be a credential */
		char quoted[CONF_QUOTE_LEN];

		conf_errors_add(
			d->errors, at, "%s: %s %s", key,
			program ? conf_text_quote(text, quoted, sizeof(quoted))
				: "an argument",
			why);
		return false;
	}
	if (s->n_args == CONF_ARGS_MAX || text.len >= sizeof(s->args) - len) {
		conf_errors_add(d->errors, at,
				"%s: more than %d words, or than %zu bytes in "
				"all",
				key, CONF_ARGS_MAX, sizeof(s->args));
		return false;
	}
	if (text.len)
		memcpy(s->args + len, text.ptr, text.len);
	s->args[len + text.len] = '\0'; /* as it was */
	s->n_args++;
	if (program)
		memcpy(sink->target, s->args, text.len + 1);
	else
		warn_placeholder(d, at, key, "argument", s->args + len);
	return true;
}

static bool add_word(struct conf_draft *d, const char *word)
{
	return conf_sinks_argument(
		d, (struct conf_mark){ 0 },
		(struct base_span){ (const uint8_t *)word, strlen(word) });
}

void conf_sinks_helper(struct conf_draft *d, struct base_span uri)
{
	const struct conf_mark nowhere = { 0 };
	const char *helper = d->env->in->overrides.amqp_helper;
	int r = *helper == '/' ? 0 : -ENOENT;

	d->t->sinks[d->t->n_sinks - 1].format = CONF_EVENT_FORMAT_CLASSIC;
	if (!r && d->env->in->surroundings)
		r = d->env->check_file(helper, R_OK);
	if (r) {
		conf_errors_add(d->errors, nowhere,
				"observer: TCPPROXY_AMQP_HELPER: %s",
				*helper == '/' ? strerrordesc_np(-r)
					       : "must be an absolute path");
		return;
	}
	/* tcpproxy had python3 run it */
	if (d->env->check_file(helper, X_OK) != 0 &&
	    (!add_word(d, "/usr/bin/env") || !add_word(d, "python3")))
		return;
	if (!add_word(d, helper) || !add_word(d, "--config") ||
	    !conf_sinks_argument(d, nowhere, uri))
		return;
	conf_errors_warn(d->errors, nowhere,
			 "observer: the program of TCPPROXY_AMQP_HELPER gets "
			 "the URI as an argument, which every user can see "
			 "(ps): without the variable none can");
}

/* Where the store was asked for. */
static struct conf_mark store_at(const struct conf_draft *d)
{
	static const enum conf_key_id keys[] = { CONF_KEY_STORE_FILE,
						 CONF_KEY_STORE,
						 CONF_KEY_SINKS };

	for (size_t i = 0; i < WS_ARRAY_LEN(keys); i++) {
		if (d->given[keys[i]])
			return d->key_at[keys[i]];
	}
	return d->key_at[CONF_KEY_STORE];
}

/* What follows from what was said of the store. */
static void settle_store(struct conf_draft *d)
{
	struct conf_tables *t = d->t;

	if (!d->given[CONF_KEY_STORE] && !d->given[CONF_KEY_STORE_FILE] &&
	    !t->n_sinks)
		memset(t->store, 0, sizeof(t->store));
	if (t->store_flash && !d->given[CONF_KEY_STORE_COMMIT_DELAY])
		t->commit_delay_ms = FLASH_DELAY_MS;
	if (!d->given[CONF_KEY_STORE_MAX_SIZE_HARD] &&
	    t->store_max_size > t->store_max_size_hard)
		t->store_max_size_hard = 4 * t->store_max_size;
}

static void check_store(struct conf_draft *d)
{
	const struct conf_tables *t = d->t;

	if (t->n_sinks && !*t->store && !d->key_bad[CONF_KEY_STORE_FILE])
		conf_errors_add(d->errors, store_at(d),
				"store.file: sinks need a store");
	if (t->store_max_size_hard &&
	    t->store_max_size > t->store_max_size_hard)
		conf_errors_add(d->errors,
				d->key_at[CONF_KEY_STORE_MAX_SIZE_HARD],
				"store.max_size_hard: is less than max_size");
}

static bool given(const struct conf_draft *d, uint32_t sink,
		  enum conf_key_id key)
{
	return d->sink_given[sink][key];
}

/* Exactly one, and one that this build has. */
static void check_kind(struct conf_draft *d, uint32_t i)
{
	const struct conf_sink *s = &d->t->sinks[i];
	unsigned n = 0;

	for (uint32_t k = 0; k < CONF_SINK_KIND_MAX; k++)
		n += given(d, i, conf_sinks_key((enum conf_sink_kind)k));
	if (n != 1)
		conf_errors_add(d->errors, d->sink_at[i],
				"sink \"%s\" needs one of amqp, exec and "
				"redis%s",
				s->name, n ? ", not more" : "");
	else if (!(d->env->kinds & 1U << s->kind))
		conf_errors_add(
			d->errors,
			d->sink_key_at[i][conf_sinks_key(
				(enum conf_sink_kind)s->kind)],
			"%s: this build has no %s",
			conf_sink_kind_name((enum conf_sink_kind)s->kind),
			libraries[s->kind]);
}

static void check_name(struct conf_draft *d, uint32_t i)
{
	for (uint32_t j = 0; j < i; j++) {
		if (!*d->t->sinks[i].name ||
		    strcmp(d->t->sinks[j].name, d->t->sinks[i].name) != 0)
			continue;
		conf_errors_add(d->errors,
				d->sink_key_at[i][CONF_KEY_SINK_NAME],
				"name: sink \"%s\" is there already (line %u)",
				d->t->sinks[i].name,
				d->sink_key_at[j][CONF_KEY_SINK_NAME].line);
		return;
	}
}

static void check_tls(struct conf_draft *d, uint32_t i)
{
	const struct conf_sink *s = &d->t->sinks[i];
	const struct {
		enum conf_key_id key;
		const char *path;
	} files[] = {
		{ CONF_KEY_SINK_CA, s->ca },
		{ CONF_KEY_SINK_CERTIFICATE, s->certificate },
		{ CONF_KEY_SINK_KEY, s->key },
	};

	for (size_t k = 0; k < WS_ARRAY_LEN(files); k++) {
		const struct conf_mark at = d->sink_key_at[i][files[k].key];
		const char *name = conf_keys[files[k].key].name;
		int r;

		if (!*files[k].path)
			continue;
		if (!s->tls) {
			conf_errors_add(d->errors, at,
					"%s: is of amqps, and this sink is "
					"not encrypted",
					name);
			continue;
		}
		r = d->env->in->surroundings
			    ? d->env->check_file(files[k].path, R_OK)
			    : 0;
		if (r)
			conf_errors_add(d->errors, at, "%s: %s: %s", name,
					files[k].path, strerrordesc_np(-r));
	}
	if (s->tls && !*s->certificate != !*s->key)
		conf_errors_add(
			d->errors,
			d->sink_key_at[i][*s->key ? CONF_KEY_SINK_KEY
						  : CONF_KEY_SINK_CERTIFICATE],
			"%s: needs %s, too", *s->key ? "key" : "certificate",
			*s->key ? "certificate" : "key");
}

/* As the publisher will find it. */
static void check_around(struct conf_draft *d, uint32_t i)
{
	const struct conf_sink *s = &d->t->sinks[i];
	int r = 0;

	if (s->kind == CONF_SINK_EXEC && *s->target)
		r = d->env->check_file(s->target, X_OK);
	if (r)
		conf_errors_add(d->errors,
				d->sink_key_at[i][CONF_KEY_SINK_EXEC],
				"exec: %s: %s", s->target, strerrordesc_np(-r));
	if (d->sink_password[i] && d->env->public_file && d->sink_at[i].line)
		conf_errors_warn(d->errors,
				 d->sink_key_at[i][conf_sinks_key(
					 (enum conf_sink_kind)s->kind)],
				 "sink \"%s\": every user can read this file, "
				 "and it has a password: chmod o-r",
				 s->name);
}

static void check_place(struct conf_draft *d)
{
	const struct conf_tables *t = d->t;
	char dir[CONF_PATH_LEN];
	char *slash;
	int r;

	if (!*t->store || d->key_bad[CONF_KEY_STORE_FILE])
		return;
	(void)snprintf(dir, sizeof(dir), "%s", t->store);
	slash = strrchr(dir, '/');
	slash[slash == dir] = '\0';
	r = d->env->check_dir(dir, true);
	if (r)
		conf_errors_add(d->errors, store_at(d), "store.file: %s: %s%s",
				dir, strerrordesc_np(-r),
				d->given[CONF_KEY_STORE_FILE]
					? ""
					: " (the default; --store FILE is "
					  "another)");
	else if (d->env->check_dir(t->store, false) == 0)
		conf_errors_add(d->errors, store_at(d), "store.file: %s: %s",
				t->store, strerrordesc_np(EISDIR));
}

void conf_sinks_check(struct conf_draft *d)
{
	settle_store(d);
	check_store(d);
	for (uint32_t i = 0; i < d->t->n_sinks; i++) {
		check_kind(d, i);
		check_name(d, i);
		check_tls(d, i);
		if (d->env->in->surroundings)
			check_around(d, i);
	}
	if (d->env->in->surroundings)
		check_place(d);
}
