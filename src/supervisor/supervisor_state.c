/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_state.c - the page that says how the daemon is */
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_log.h"
#include "base_time.h"
#include "control.h"
#include "supervisor_internal.h"

#define MAX_ERRNO 4095 /* of the kernel: include/linux/err.h */

#ifndef F_SEAL_FUTURE_WRITE
#	define F_SEAL_FUTURE_WRITE 0x0010 /* Linux 5.1 */
#endif

_Static_assert(CONTROL_PUBLISHERS == 1 + CONF_WORKERS_MAX &&
		       CONTROL_ROLES_MAX >= CONTROL_PUBLISHERS + CONF_SINKS_MAX,
	       "all have a place");
_Static_assert(SUPERVISOR_NAME_LEN >= sizeof("publisher/") + CONF_NAME_LEN,
	       "all have a name");

static struct control_role *role_of(const struct supervisor_child *c)
{
	static const unsigned first[] = {
		[SUPERVISOR_RECORDER] = 0,
		[SUPERVISOR_WORKER] = 1,
		[SUPERVISOR_PUBLISHER] = CONTROL_PUBLISHERS,
	};

	return &c->supervisor->state->roles[first[c->kind] + c->index];
}

static void name_it(const struct supervisor_child *c)
{
	struct control_role *r = role_of(c);
	char name[SUPERVISOR_NAME_LEN];

	supervisor_child_name(c, name);
	atomic_fetch_add(&r->seq, 1);
	memcpy(r->name, name, sizeof(r->name));
	atomic_fetch_add(&r->seq, 1);
}

static void fill(struct supervisor *s)
{
	struct control_state *state = s->state;

	state->magic = CONTROL_MAGIC;
	state->version = CONTROL_VERSION;
	state->started_ns = base_time_wall_ns();
	state->pid = (uint32_t)getpid();
	state->n_workers = s->n_workers;
	atomic_store(&state->config_number, s->conf->number);
	(void)snprintf(state->roles[0].name, sizeof(state->roles[0].name),
		       "recorder");
	for (unsigned i = 0; i < s->n_workers; i++) {
		struct control_role *r = &state->roles[1 + i];

		(void)snprintf(r->name, sizeof(r->name), "worker/%u",
			       (unsigned)(uint8_t)i);
	}
	for (unsigned i = 0; i < 1 + s->n_workers; i++)
		atomic_store(&state->roles[i].state, CONTROL_ROLE_DOWN);
}

/* Our mapping is the only one that can ever write: ring_map.h. */
static void *map_and_seal(int fd)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE |
			  F_SEAL_SEAL;
	void *page;

	if (ftruncate(fd, sizeof(struct control_state)) < 0)
		return NULL;
	page = mmap(NULL, sizeof(struct control_state), PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		return NULL;
	if (fcntl(fd, F_ADD_SEALS, seals) < 0) {
		(void)munmap(page, sizeof(struct control_state));
		return NULL;
	}
	return page;
}

int supervisor_state_open(struct supervisor *s)
{
	s->state_fd =
		memfd_create("wayside-state", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (s->state_fd < 0)
		return -errno;
	s->state = map_and_seal(s->state_fd);
	if (!s->state)
		return -errno;
	fill(s);
	return 0;
}

void supervisor_state_close(struct supervisor *s)
{
	if (s->state)
		(void)munmap(s->state, sizeof(*s->state));
	s->state = NULL;
	base_fd_close(&s->state_fd);
}

void supervisor_phase(struct supervisor *s, enum supervisor_phase phase)
{
	static const enum control_phase words[] = {
		[SUPERVISOR_STARTING] = CONTROL_PHASE_STARTING,
		[SUPERVISOR_RUNNING] = CONTROL_PHASE_RUNNING,
		[SUPERVISOR_DRAINING] = CONTROL_PHASE_DRAINING,
		[SUPERVISOR_STOPPING_WORKERS] = CONTROL_PHASE_STOPPING,
		[SUPERVISOR_STOPPING_RECORDER] = CONTROL_PHASE_STOPPING,
		[SUPERVISOR_STOPPING_PUBLISHERS] = CONTROL_PHASE_STOPPING,
		[SUPERVISOR_SETTLING] = CONTROL_PHASE_STOPPING,
		[SUPERVISOR_STOPPED] = CONTROL_PHASE_STOPPING,
	};

	s->phase = phase;
	atomic_store(&s->state->phase, words[phase]);
}

void supervisor_state_started(const struct supervisor_child *c)
{
	struct control_role *r = role_of(c);

	if (c->kind == SUPERVISOR_PUBLISHER)
		name_it(c);
	if (c->kind == SUPERVISOR_RECORDER)
		supervisor_state_store(c->supervisor, 0);
	atomic_store(&r->last_end, (uint32_t)c->last_end);
	atomic_store(&r->pid, (uint32_t)c->pid);
	atomic_store(&r->started_ns, base_time_wall_ns());
	atomic_store(&r->restarts, c->restarts);
	atomic_store(&r->state, CONTROL_ROLE_STARTING);
}

void supervisor_state_ready(const struct supervisor_child *c)
{
	atomic_store(&role_of(c)->state, CONTROL_ROLE_READY);
}

void supervisor_state_ended(const struct supervisor_child *c, int status)
{
	struct control_role *r = role_of(c);

	atomic_store(&r->state, CONTROL_ROLE_DOWN);
	atomic_store(&r->pid, 0);
	atomic_store(&r->last_end, (uint32_t)status);
}

void supervisor_state_unused(const struct supervisor_child *c)
{
	atomic_store(&role_of(c)->state, CONTROL_ROLE_UNUSED);
}

/* A role may say anything. */
void supervisor_state_store(struct supervisor *s, int error)
{
	struct control_state *state = s->state;

	if (error > 0 || error < -MAX_ERRNO)
		error = -EPROTO;
	if (error && !atomic_load(&state->store_error))
		atomic_store(&state->store_failed_ns, base_time_wall_ns());
	atomic_store(&state->store_error, error);
}

void supervisor_state_listeners(struct supervisor *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->n_listeners; i++) {
		for (unsigned j = 0; j < s->n_workers; j++)
			n += s->listeners[i].fds[j] >= 0;
	}
	atomic_store(&s->state->listeners, n);
}

void supervisor_state_rules(struct supervisor *s)
{
	static const enum control_rules words[NFT_STATE_MAX] = {
		[NFT_STATE_RUNNING] = CONTROL_RULES_INSTALLED,
		[NFT_STATE_BYPASS] = CONTROL_RULES_BYPASS,
		[NFT_STATE_DRAINING] = CONTROL_RULES_DRAINING,
		[NFT_STATE_ABSENT] = CONTROL_RULES_ABSENT,
		[NFT_STATE_STOPPED] = CONTROL_RULES_NONE,
	};

	static const enum control_keep keeps[NFT_KEEP_MAX] = {
		[NFT_KEEP_NOTHING] = CONTROL_KEEP_NOTHING,
		[NFT_KEEP_OWNED] = CONTROL_KEEP_OWNED,
		[NFT_KEEP_PERSISTS] = CONTROL_KEEP_PERSISTS,
		[NFT_KEEP_PLAIN] = CONTROL_KEEP_PLAIN,
	};
	enum nft_keep keep = NFT_KEEP_NOTHING;
	struct nft_error why;

	atomic_store(&s->state->rules, words[s->rules]);
	atomic_store(&s->state->bypass, s->bypass);
	if (s->nft && nft_keeping(s->nft, &keep, &why))
		base_warn("%s", why.text);
	atomic_store(&s->state->keep, keeps[keep]);
}

void supervisor_state_source(struct supervisor *s, uint32_t source,
			     const char *why)
{
	struct control_line *line = &s->state->source_why;

	atomic_store(&s->state->source, source);
	atomic_fetch_add(&line->seq, 1);
	(void)snprintf(line->text, sizeof(line->text), "%s", why);
	atomic_fetch_add(&line->seq, 1);
}

void supervisor_state_counts(struct supervisor *s)
{
	struct nft_count counts[CONF_RULES_MAX] = { { 0 } };
	struct nft_error why;

	if (!s->nft || s->rules == NFT_STATE_STOPPED ||
	    nft_counts(s->nft, s->conf, counts, &why))
		return;
	for (uint32_t i = 0; i < s->conf->n_rules; i++) {
		struct control_count *c = &s->state->counts[i];

		atomic_store(&c->met, counts[i].met);
		atomic_store(&c->taken, counts[i].taken);
		atomic_store(&c->rejected, counts[i].rejected);
	}
}
