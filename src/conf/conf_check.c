/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_check.c - what does not go together, and what follows from the whole */
#include <errno.h>
#include <string.h>

#include "conf_budget.h"
#include "conf_load.h"
#include "conf_parse.h"
#include "conf_scalar.h"
#include "conf_value.h"

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

static bool dests_meet(const struct conf_dest *a, const struct conf_dest *b)
{
	return a->port_first <= b->port_last && b->port_first <= a->port_last &&
	       base_net_overlap(&a->net, &b->net);
}

/* Is there a name that both patterns match? */
static bool names_meet(const char *a, const char *b)
{
	const size_t len_a = strcspn(a, "*"), len_b = strcspn(b, "*");

	if (a[len_a] && b[len_b])
		return !strncmp(a, b, len_a < len_b ? len_a : len_b);
	if (a[len_a])
		return !strncmp(a, b, len_a);
	if (b[len_b])
		return !strncmp(a, b, len_b);
	return !strcmp(a, b);
}

static bool interfaces_meet(const struct conf_tables *t,
			    const struct conf_list *a,
			    const struct conf_list *b)
{
	if (!a->n || !b->n)
		return true;
	for (uint32_t i = 0; i < a->n; i++) {
		for (uint32_t j = 0; j < b->n; j++) {
			if (names_meet(t->ifaces[a->first + i],
				       t->ifaces[b->first + j]))
				return true;
		}
	}
	return false;
}

static bool has_family(const struct conf_tables *t, const struct conf_list *l,
		       uint16_t family)
{
	for (uint32_t i = 0; i < l->n; i++) {
		if (t->nets[l->first + i].family == family)
			return true;
	}
	return l->n == 0;
}

/* Is there a client of this family that both lists take? */
static bool clients_meet(const struct conf_tables *t, const struct conf_list *a,
			 const struct conf_list *b, uint16_t family)
{
	if (!a->n || !b->n)
		return has_family(t, a->n ? a : b, family);
	for (uint32_t i = 0; i < a->n; i++) {
		const struct base_net *x = &t->nets[a->first + i];

		for (uint32_t j = 0; x->family == family && j < b->n; j++) {
			if (base_net_overlap(x, &t->nets[b->first + j]))
				return true;
		}
	}
	return false;
}

static void check_names(struct conf_draft *d, uint32_t first, uint32_t second)
{
	const char *name = d->t->rules[second].name;

	if (*name && !strcmp(name, d->t->rules[first].name))
		conf_errors_add(d->errors, d->rule_at[second],
				"name: there is a rule \"%s\" on line %u "
				"already",
				name, d->rule_at[first].line);
}

static void check_pair(struct conf_draft *d, uint32_t first, uint32_t second)
{
	const struct conf_tables *t = d->t;
	const struct conf_rule *a = &t->rules[first], *b = &t->rules[second];
	const struct conf_mark *at = d->item_at[CONF_TYPE_TO];
	char text_a[CONF_DEST_LEN], text_b[CONF_DEST_LEN];

	if (!interfaces_meet(t, &a->interfaces, &b->interfaces))
		return;
	for (uint32_t j = b->to.first; j < b->to.first + b->to.n; j++) {
		const uint16_t family = t->dests[j].net.family;

		for (uint32_t i = a->to.first; i < a->to.first + a->to.n; i++) {
			if (!dests_meet(&t->dests[i], &t->dests[j]) ||
			    !clients_meet(t, &a->clients, &b->clients, family))
				continue;
			conf_value_format_dest(&t->dests[i], text_a);
			conf_value_format_dest(&t->dests[j], text_b);
			conf_errors_add(d->errors, at[j],
					"to: %s in rule \"%s\" meets %s in "
					"rule \"%s\" on line %u: no two rules "
					"may take one connection",
					text_b, b->name, text_a, a->name,
					at[i].line);
			return; /* one meeting a pair is enough */
		}
	}
}

/* One list key of a rule: its items, and how to compare two of them. */
struct item_row {
	enum conf_key_id id;
	bool (*meet)(const struct conf_tables *t, uint32_t i, uint32_t j);
};

static bool meet_interfaces(const struct conf_tables *t, uint32_t i, uint32_t j)
{
	return names_meet(t->ifaces[i], t->ifaces[j]);
}

static bool meet_clients(const struct conf_tables *t, uint32_t i, uint32_t j)
{
	return base_net_overlap(&t->nets[i], &t->nets[j]);
}

static bool meet_to(const struct conf_tables *t, uint32_t i, uint32_t j)
{
	return dests_meet(&t->dests[i], &t->dests[j]);
}

static bool meet_events(const struct conf_tables *t, uint32_t i, uint32_t j)
{
	return !strcmp(t->events[i], t->events[j]);
}

static void check_items(struct conf_draft *d, const struct item_row *row,
			const struct conf_list *l)
{
	const struct conf_key *k = &conf_keys[row->id];
	const struct conf_mark *at = d->item_at[k->type];
	const struct conf_array *a = conf_array_of(k->type);
	const char *items = (const char *)d->t + a->items;
	char text_i[CONF_PRINTED_LEN], text_j[CONF_PRINTED_LEN];
	char line[24] = ""; /* the command line has none */

	for (uint32_t j = l->first + 1; j < l->first + l->n; j++) {
		uint32_t i = l->first;

		while (i < j && !row->meet(d->t, i, j))
			i++;
		if (i == j)
			continue;
		if (at[i].line)
			(void)snprintf(line, sizeof(line), " on line %u",
				       at[i].line);
		conf_scalar_format(k, items + i * a->item_size, text_i);
		conf_scalar_format(k, items + j * a->item_size, text_j);
		conf_errors_add(d->errors, at[j], "%s: %s overlaps %s%s",
				k->name, text_j, text_i, line);
	}
}

/* The kernel's sets refuse intervals that overlap, and a name given twice is
 * a slip: both are found here, where there are lines to name. */
static void check_lists(struct conf_draft *d)
{
	static const struct item_row interfaces = { CONF_KEY_RULE_INTERFACES,
						    meet_interfaces };
	static const struct item_row clients = { CONF_KEY_RULE_CLIENTS,
						 meet_clients };
	static const struct item_row to = { CONF_KEY_RULE_TO, meet_to };
	static const struct item_row events = { CONF_KEY_EVENTS_FILE,
						meet_events };
	const struct conf_list files = { 0, d->t->n_events };

	for (uint32_t i = 0; i < d->t->n_rules; i++) {
		const struct conf_rule *r = &d->t->rules[i];

		check_items(d, &interfaces, &r->interfaces);
		check_items(d, &clients, &r->clients);
		check_items(d, &to, &r->to);
	}
	check_items(d, &events, &files);
}

/* One path, one purpose. */
static void check_paths(struct conf_draft *d)
{
	const struct conf_tables *t = d->t;

	if (*t->control && !strcmp(t->control, t->pidfile))
		conf_errors_add(d->errors, d->key_at[CONF_KEY_CONTROL],
				"control: %s is the pidfile too", t->control);
	for (uint32_t i = 0; i < t->n_events; i++) {
		const bool control = !strcmp(t->events[i], t->control);

		if (control || !strcmp(t->events[i], t->pidfile))
			conf_errors_add(d->errors,
					d->item_at[CONF_TYPE_FILES][i],
					"file: %s is the %s too", t->events[i],
					control ? "control socket" : "pidfile");
	}
}

/* What the kernel would never find is written, and likely not meant. */
static void check_reach(struct conf_draft *d, const struct conf_rule *r)
{
	const struct conf_mark *at = d->item_at[CONF_TYPE_TO];
	char text[CONF_DEST_LEN];

	for (uint32_t i = r->to.first; i < r->to.first + r->to.n; i++) {
		const struct conf_dest *dest = &d->t->dests[i];

		if (has_family(d->t, &r->clients, dest->net.family))
			continue;
		conf_value_format_dest(dest, text);
		conf_errors_warn(d->errors, at[i],
				 "to: %s in rule \"%s\" takes nothing: none of "
				 "its clients is an %s network",
				 text, r->name,
				 dest->net.family == AF_INET ? "IPv4" : "IPv6");
	}
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

void conf_check(struct conf_draft *d)
{
	check_ring_size(d);
	if (d->env->in->surroundings)
		check_surroundings(d);
	check_mode(d);
	resolve_workers(d);
	check_lists(d);
	check_paths(d);
	for (uint32_t j = 0; j < d->t->n_rules; j++) {
		struct conf_rule *r = &d->t->rules[j];

		r->observe_code = observe_code(d, r->observe);
		if (!d->rule_bad[j])
			check_reach(d, &d->t->rules[j]);
		for (uint32_t i = 0; i < j; i++) {
			check_names(d, i, j);
			if (!d->rule_bad[i] && !d->rule_bad[j])
				check_pair(d, i, j);
		}
	}
}
