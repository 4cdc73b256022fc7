/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_check.c - what does not go together, and what follows from the whole */
#include <errno.h>
#include <string.h>

#include "conf_budget.h"
#include "conf_load.h"
#include "conf_parse.h"
#include "conf_scalar.h"
#include "conf_sinks.h"

/* Silence that a tracker may well mean. */
#define IDLE_LEAST_MS (2 * 3600000)

static void check_ring_size(struct conf_draft *d)
{
	const uint64_t size = d->t->ring_size;

	if (size & (size - 1))
		conf_errors_add(d->errors, d->key_at[CONF_KEY_RING_SIZE],
				"ring_size: must be a power of two, such as "
				"16M");
}

/* Leaves the directory of an absolute path. */
static void cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	slash[slash == path] = '\0';
}

/* A file that the daemon will make: is there a place for it? */
static void check_file(struct conf_draft *d, enum conf_key_id id,
		       struct conf_mark at, const char *path)
{
	const char *name = conf_keys[id].name;
	char dir[CONF_PATH_LEN];
	int r;

	if (d->env->check_dir(path, false) == 0) {
		conf_errors_add(d->errors, at, "%s: %s: %s", name, path,
				strerrordesc_np(EISDIR));
		return;
	}
	(void)snprintf(dir, sizeof(dir), "%s", path);
	cut_last(dir);
	r = d->env->check_dir(dir, false);
	/* the supervisor makes the directory of its own files, but not two */
	if (id != CONF_KEY_EVENTS_FILE && r == -ENOENT) {
		cut_last(dir);
		r = d->env->check_dir(dir, false);
	}
	/* and it has more rights than we have here */
	if (r && (id == CONF_KEY_EVENTS_FILE || r != -EACCES))
		conf_errors_add(d->errors, at, "%s: %s: %s", name, dir,
				strerrordesc_np(-r));
}

/* As the child without rights sees them, and so as the recorder will. */
static void check_surroundings(struct conf_draft *d)
{
	const struct conf_tables *t = d->t;
	int r = 0;

	if (!d->key_bad[CONF_KEY_LOG_DIR])
		r = d->env->check_dir(t->log_dir, true);
	if (r)
		conf_errors_add(d->errors, d->key_at[CONF_KEY_LOG_DIR],
				"log_dir: %s: %s", t->log_dir,
				strerrordesc_np(-r));
	if (*t->pidfile && !d->key_bad[CONF_KEY_PIDFILE])
		check_file(d, CONF_KEY_PIDFILE, d->key_at[CONF_KEY_PIDFILE],
			   t->pidfile);
	if (*t->control && !d->key_bad[CONF_KEY_CONTROL])
		check_file(d, CONF_KEY_CONTROL, d->key_at[CONF_KEY_CONTROL],
			   t->control);
	for (uint32_t i = 0; i < t->n_events; i++)
		check_file(d, CONF_KEY_EVENTS_FILE,
			   d->item_at[CONF_TYPE_FILES][i], t->events[i]);
}

/* Rules, or listen and remote: exactly one of the two. */
static void check_mode(struct conf_draft *d)
{
	const bool listen = d->given[CONF_KEY_LISTEN];
	const bool remote = d->given[CONF_KEY_REMOTE];

	if (d->given[CONF_KEY_RULES] && (listen || remote))
		conf_errors_add(d->errors, d->key_at[CONF_KEY_RULES],
				"rules: cannot stand beside listen and remote, "
				"which take every connection");
	else if (!d->given[CONF_KEY_RULES] && !listen && !remote)
		conf_errors_add(d->errors, d->key_at[CONF_KEY_RULES],
				"nothing to do: write rules (which connections "
				"to take), or listen and remote");
	if (listen && !remote)
		conf_errors_add(d->errors, d->key_at[CONF_KEY_LISTEN],
				"listen: needs remote (-r) too");
	if (remote && !listen)
		conf_errors_add(d->errors, d->key_at[CONF_KEY_REMOTE],
				"remote: needs listen (-l) too");
	if (listen && remote && d->t->listen.family &&
	    base_addr_equal(&d->t->listen, &d->t->remote))
		conf_errors_add(d->errors, d->key_at[CONF_KEY_REMOTE],
				"remote: is the same address as listen");
	if (d->given[CONF_KEY_RULES] && !d->t->n_rules &&
	    !d->key_bad[CONF_KEY_RULES])
		conf_errors_add(d->errors, d->key_at[CONF_KEY_RULES],
				"rules: the list is empty");
}

static void resolve_workers(struct conf_draft *d)
{
	const uint64_t nofile = d->env->nofile;
	struct conf_tables *t = d->t;
	const uint64_t flows = conf_budget_flows(nofile);
	uint64_t n;

	if (t->workers)
		return;
	if (!flows) {
		conf_errors_add(d->errors, d->key_at[CONF_KEY_WORKERS],
				"workers: a descriptor limit of %u is too low "
				"(ulimit -Hn)",
				(unsigned)nofile);
		return;
	}
	n = (t->max_flows + flows - 1) / flows;
	if (n > CONF_WORKERS_MAX) {
		conf_errors_add(d->errors, d->key_at[CONF_KEY_MAX_FLOWS],
				"max_flows: %u need %u workers at %u "
				"descriptors each, and %d is the most: raise "
				"the limit (ulimit -Hn)",
				t->max_flows, (unsigned)n, (unsigned)nofile,
				CONF_WORKERS_MAX);
		return;
	}
	if (n < d->env->cores)
		n = d->env->cores;
	t->workers = (uint32_t)(n < CONF_WORKERS_MAX ? n : CONF_WORKERS_MAX);
}

/* Where there is a path, is it one of the first n of these? */
static void check_path(struct conf_draft *d, enum conf_key_id id,
		       struct conf_mark at, const char *path, size_t n)
{
	const struct conf_tables *t = d->t;
	char errors[CONF_PATH_LEN + 16];
	const struct {
		const char *path, *what;
	} others[] = {
		{ errors, "errors.log of log_dir" },
		{ t->pidfile, "pidfile" },
		{ t->control, "control socket" },
		{ t->store, "store" },
	};

	(void)snprintf(errors, sizeof(errors), "%s/errors.log",
		       strcmp(t->log_dir, "/") != 0 ? t->log_dir : "");
	for (size_t i = 0; *path && i < n; i++) {
		if (strcmp(path, others[i].path) != 0)
			continue;
		conf_errors_add(
			d->errors, at, "%s%s: %s is the %s too",
			conf_keys[id].scope == CONF_SCOPE_STORE ? "store." : "",
			conf_keys[id].name, path, others[i].what);
		return;
	}
}

/* One path, one purpose. */
static void check_paths(struct conf_draft *d)
{
	const struct conf_tables *t = d->t;

	check_path(d, CONF_KEY_PIDFILE, d->key_at[CONF_KEY_PIDFILE], t->pidfile,
		   1);
	check_path(d, CONF_KEY_CONTROL, d->key_at[CONF_KEY_CONTROL], t->control,
		   2);
	check_path(d, CONF_KEY_STORE_FILE, d->key_at[CONF_KEY_STORE_FILE],
		   t->store, 3);
	for (uint32_t i = 0; i < t->n_events; i++)
		check_path(d, CONF_KEY_EVENTS_FILE,
			   d->item_at[CONF_TYPE_FILES][i], t->events[i], 4);
}

static uint32_t observe_code(const struct conf_draft *d, const char *name)
{
	const char *const *p = d->env->in->protocols;
	uint32_t i = 0;

	if (!strcmp(name, "none"))
		return CONF_OBSERVE_NONE;
	if (!strcmp(name, "auto"))
		return CONF_OBSERVE_AUTO;
	while (p[i] && strcmp(p[i], name) != 0)
		i++;
	return CONF_OBSERVE_PROTOCOL + i;
}

static bool is_fixed(const struct conf_draft *d)
{
	return d->given[CONF_KEY_LISTEN] || d->given[CONF_KEY_REMOTE];
}

/* What nat can do for a rule: the value that each of these keys must have. */
static void check_redirect(struct conf_draft *d)
{
	static const struct {
		enum conf_key_id id;
		uint32_t value;
	} needs[] = {
		{ CONF_KEY_RULE_TRANSPORT, CONF_TRANSPORT_TCP },
		{ CONF_KEY_RULE_LOCAL, CONF_NO },
		{ CONF_KEY_RULE_SOURCE, CONF_SOURCE_GATEWAY },
	};
	const struct conf_tables *t = d->t;

	if (t->intercept != CONF_INTERCEPT_REDIRECT || is_fixed(d))
		return;
	if (t->on_failure != CONF_FAILURE_OPEN &&
	    t->on_failure != CONF_FAILURE_CLOSED)
		conf_errors_add(d->errors, d->key_at[CONF_KEY_INTERCEPT],
				"intercept: redirect needs on_failure open or "
				"closed, not %s",
				conf_failure_name(t->on_failure));
	for (uint32_t i = 0; i < t->n_rules; i++) {
		for (size_t j = 0; j < WS_ARRAY_LEN(needs); j++) {
			const struct conf_key *k = &conf_keys[needs[j].id];
			const uint32_t *is =
				(const void *)((const char *)&t->rules[i] +
					       k->offset);

			if (*is == needs[j].value)
				continue;
			conf_errors_add(d->errors,
					d->rule_key_at[i][needs[j].id],
					"%s: intercept: redirect needs %s, not "
					"%s",
					k->name, k->choice(needs[j].value),
					k->choice(*is));
		}
	}
}

/* The program's own socket has the addresses and ports that ours would need. */
static void check_local(struct conf_draft *d)
{
	for (uint32_t i = 0; i < d->t->n_rules; i++) {
		const struct conf_rule *r = &d->t->rules[i];

		if (r->local && r->source == CONF_SOURCE_CLIENT_PORT)
			conf_errors_add(d->errors,
					d->rule_key_at[i][CONF_KEY_RULE_SOURCE],
					"source: client-port cannot stand with "
					"local: yes, where the client's port "
					"is in use here");
	}
}

static void check_fixed(struct conf_draft *d)
{
	static const char why[] = "is for rules: beside listen and remote "
				  "leave it out";

	if (!is_fixed(d))
		return;
	if (d->t->intercept == CONF_INTERCEPT_REDIRECT)
		conf_errors_add(d->errors, d->key_at[CONF_KEY_INTERCEPT],
				"intercept: redirect %s", why);
	if (d->t->on_failure == CONF_FAILURE_HOLD)
		conf_errors_add(d->errors, d->key_at[CONF_KEY_ON_FAILURE],
				"on_failure: hold %s", why);
}

/* A socket of somebody else's keeps connections only. */
static void check_hold(struct conf_draft *d)
{
	for (uint32_t i = 0; i < d->t->n_rules; i++) {
		const struct conf_rule *r = &d->t->rules[i];

		if (d->t->on_failure == CONF_FAILURE_HOLD &&
		    r->transport == CONF_TRANSPORT_UDP)
			conf_errors_warn(
				d->errors,
				d->rule_key_at[i][CONF_KEY_RULE_TRANSPORT],
				"transport: with on_failure hold only "
				"connections wait: the datagrams of rule "
				"\"%s\" go direct while Wayside is down",
				r->name);
	}
}

static void check_pcap(struct conf_draft *d)
{
	static const bool built = WAYSIDE_PCAP;

	for (uint32_t i = 0; !built && i < d->t->n_rules; i++) {
		if (d->t->rules[i].capture == CONF_CAPTURE_PCAP)
			conf_errors_add(
				d->errors,
				d->rule_key_at[i][CONF_KEY_RULE_CAPTURE],
				"capture: pcap: this build has no "
				"libpcap; it can write text");
	}
}

static void check_proxy_protocol(struct conf_draft *d)
{
	if (d->t->proxy_protocol && !is_fixed(d))
		conf_errors_add(d->errors, d->key_at[CONF_KEY_PROXY_PROTOCOL],
				"proxy_protocol: only with listen and remote: "
				"what a rule takes goes to servers that do not "
				"expect it");
}

/* One that nobody asked for is no reason to refuse a small max_flows. */
static void check_udp_flows(struct conf_draft *d)
{
	struct conf_tables *t = d->t;
	const uint32_t half = t->max_flows / 2 + t->max_flows % 2;

	if (!d->given[CONF_KEY_MAX_UDP_FLOWS] && t->max_udp_flows > half)
		t->max_udp_flows = half;
	if (t->max_udp_flows <= t->max_flows)
		return;
	conf_errors_add(d->errors, d->key_at[CONF_KEY_MAX_UDP_FLOWS],
			"max_udp_flows: %u are more than max_flows, %u, which "
			"they are part of",
			t->max_udp_flows, t->max_flows);
	t->max_udp_flows = t->max_flows;
}

static void check_idle_timeout(struct conf_draft *d)
{
	const struct conf_key *k = &conf_keys[CONF_KEY_IDLE_TIMEOUT];
	char text[CONF_PRINTED_LEN];

	if (!d->t->idle_timeout_ms || d->t->idle_timeout_ms >= IDLE_LEAST_MS)
		return;
	conf_scalar_format(k, &d->t->idle_timeout_ms, text);
	conf_errors_warn(d->errors, d->key_at[CONF_KEY_IDLE_TIMEOUT],
			 "idle_timeout: with less than 2h, as %s, trackers "
			 "that sleep are cut off",
			 text);
}

void conf_check(struct conf_draft *d)
{
	check_ring_size(d);
	conf_sinks_check(d);
	if (d->env->in->surroundings)
		check_surroundings(d);
	check_mode(d);
	resolve_workers(d);
	check_paths(d);
	check_fixed(d);
	check_redirect(d);
	check_hold(d);
	check_local(d);
	check_pcap(d);
	check_proxy_protocol(d);
	check_udp_flows(d);
	check_idle_timeout(d);
	for (uint32_t i = 0; i < d->t->n_rules; i++)
		d->t->rules[i].observe_code =
			observe_code(d, d->t->rules[i].observe);
	conf_check_rules(d);
}
