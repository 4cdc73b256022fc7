/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_view.c - the daemon's shared memory, as the tool sees it */
#include "wayside_view.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_die.h"
#include "base_map.h"
#include "conf_load.h"
#include "conf_options.h"
#include "control_client.h"
#include "track.h"
#include "wayside_text.h"

/* Copies of a slot that moves, until the last one is taken as it is. */
#define COPY_TRIES 8

/* Return: NULL after one printed line. */
static const char *path_from_file(const char *file)
{
	const struct conf_input in = { .path = file,
				       .protocols = track_protocol_names() };
	const struct conf_tables *conf;

	if (conf_load(&in, &conf, NULL, NULL))
		return NULL;
	if (!conf->control[0]) {
		(void)fprintf(stderr, "wayside: %s: control is none\n", file);
		return NULL;
	}
	return conf->control; /* mapped for our life */
}

/* Return: the socket to ask, or NULL after it was said why there is none. */
static const char *socket_of(const struct wayside_options *o)
{
	const char *path;

	if (o->control)
		return o->control;
	if (o->config)
		return path_from_file(o->config);
	/* whoever may ask need not be allowed to read it */
	if (access(CONF_DEFAULT_FILE, R_OK) < 0)
		return CONTROL_PATH;
	path = path_from_file(CONF_DEFAULT_FILE);
	if (!path)
		(void)wayside_complain("--control PATH asks without the file");
	return path;
}

static void complain_of(const struct control_result *got, int error)
{
	if (error)
		(void)wayside_complain(got->why);
	else if (got->text[0])
		(void)wayside_complain(got->text);
	else
		(void)wayside_complain(wayside_text_error(-got->reply.error));
}

struct control_result *wayside_ask(const struct wayside_options *o,
				   const struct control_request *request,
				   enum wayside_status *status)
{
	const bool reload = request->type == CONTROL_RELOAD ||
			    request->type == CONTROL_EDIT;
	const unsigned limit_ms = base_die_limit_ms(reload ? CONTROL_RELOAD_MS
							   : CONTROL_CLIENT_MS);
	const char *path = socket_of(o);
	struct control_result *got;
	int r;

	if (!path) {
		*status = WAYSIDE_USAGE;
		return NULL;
	}
	got = control_client_ask(path, request, limit_ms, &r);
	if (got && !r && !got->reply.error) {
		*status = WAYSIDE_OK;
		return got;
	}
	if (got)
		complain_of(got, r);
	else
		(void)wayside_complain("out of memory");
	control_client_free(got);
	*status = WAYSIDE_FAILED;
	return NULL;
}

/* Sealed against shrinking: otherwise reading could end in SIGBUS. What nobody
 * can write any more is mapped as conf_load_map() does, and why. */
static const void *map(int fd, size_t *size)
{
	const int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;
	const void *p;

	if (seals < 0 || !(seals & F_SEAL_SHRINK) || fstat(fd, &st) < 0 ||
	    st.st_size <= 0)
		return NULL;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ,
		 (seals & F_SEAL_WRITE) ? MAP_PRIVATE : MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return NULL;
	*size = (size_t)st.st_size;
	return p;
}

/* Something of just this size. */
static const void *map_whole(int fd, size_t size)
{
	size_t is = 0;
	const void *p = map(fd, &is);

	if (is == size)
		return p;
	base_unmap(p, is);
	return NULL;
}

static int map_worker(struct wayside_worker *w, const int *fds,
		      unsigned n_readers)
{
	const uint8_t *table = map(fds[0], &w->table_size);
	size_t n_slots;

	w->control = (const struct ring_control *)(const void *)table;
	if (!table || w->table_size < RING_PAGE)
		return -EBADMSG;
	w->slots = (const struct ring_slot *)(const void *)(table + RING_PAGE);
	n_slots = (w->table_size - RING_PAGE) / sizeof(struct ring_slot);
	w->n_slots = n_slots < UINT32_MAX ? (uint32_t)n_slots : UINT32_MAX;
	w->sane = w->control->magic == RING_MAGIC &&
		  w->control->version == RING_LAYOUT_VERSION;
	for (unsigned i = 0; i < n_readers; i++) {
		const uint8_t *page =
			map_whole(fds[1 + i], ring_cursor_size(w->n_slots));

		if (!page)
			return -EBADMSG;
		w->cursors[i] = (const struct ring_cursor *)(const void *)page;
		w->notes[i] =
			(const struct ring_note *)(const void *)(page +
								 RING_PAGE);
	}
	return 0;
}

static int map_all(struct wayside_view *v, const struct control_result *result)
{
	const int *fds = result->fds;
	int r = 0;

	v->state = map_whole(fds[0], sizeof(*v->state));
	v->conf = map_whole(fds[1], sizeof(*v->conf));
	if (!v->state || v->state->magic != CONTROL_MAGIC ||
	    v->state->version != CONTROL_VERSION || !v->conf ||
	    !conf_tables_valid(v->conf, sizeof(*v->conf)))
		return -EBADMSG;
	fds += 2;
	for (unsigned i = 0; !r && i < v->n_workers; i++) {
		r = map_worker(&v->workers[i], fds, v->n_readers);
		fds += 1 + v->n_readers;
	}
	return r;
}

int wayside_view_map(struct wayside_view *v,
		     const struct control_result *result)
{
	int r;

	memset(v, 0, sizeof(*v));
	/* the number of descriptors fits these: control_reply_valid() */
	if (result->reply.n_workers > CONF_WORKERS_MAX ||
	    result->reply.n_readers > RING_READER_ROOM)
		return -EBADMSG;
	v->n_workers = result->reply.n_workers;
	v->n_readers = result->reply.n_readers;
	r = map_all(v, result);
	if (r)
		wayside_view_close(v);
	return r;
}

void wayside_view_close(struct wayside_view *v)
{
	for (unsigned i = 0; i < v->n_workers; i++) {
		struct wayside_worker *w = &v->workers[i];

		base_unmap(w->control, w->table_size);
		for (unsigned j = 0; j < v->n_readers; j++)
			base_unmap(w->cursors[j], ring_cursor_size(w->n_slots));
	}
	base_unmap(v->state, sizeof(*v->state));
	base_unmap(v->conf, sizeof(*v->conf));
	memset(v, 0, sizeof(*v));
}

enum wayside_status wayside_view_open(const struct wayside_options *o,
				      struct wayside_view *v)
{
	const struct control_request request = { .magic = CONTROL_MAGIC,
						 .version = CONTROL_VERSION,
						 .type = CONTROL_STATUS };
	enum wayside_status s;
	struct control_result *result = wayside_ask(o, &request, &s);

	if (result && wayside_view_map(v, result))
		s = wayside_complain("the daemon's memory is not as this "
				     "version knows it");
	control_client_free(result);
	return s;
}

enum nft_state wayside_view_rules(const struct wayside_view *v)
{
	static const enum nft_state states[CONTROL_RULES_MAX] = {
		[CONTROL_RULES_NONE] = NFT_STATE_MAX,
		[CONTROL_RULES_INSTALLED] = NFT_STATE_RUNNING,
		[CONTROL_RULES_DRAINING] = NFT_STATE_DRAINING,
		[CONTROL_RULES_ABSENT] = NFT_STATE_ABSENT,
		[CONTROL_RULES_BYPASS] = NFT_STATE_BYPASS,
	};
	const uint32_t rules = atomic_load(&v->state->rules);

	return rules < CONTROL_RULES_MAX ? states[rules] : NFT_STATE_MAX;
}

uint32_t wayside_view_slots(const struct wayside_worker *w)
{
	const uint32_t used = atomic_load(&w->control->n_used);

	return used < w->n_slots ? used : w->n_slots;
}

bool wayside_view_slot(const struct wayside_worker *w, uint32_t i,
		       struct ring_slot *copy)
{
	const struct ring_slot *slot = &w->slots[i];

	for (int tries = 0; tries < COPY_TRIES; tries++) {
		const uint32_t serial =
			__atomic_load_n(&slot->serial, __ATOMIC_ACQUIRE);

		memcpy(copy, slot, sizeof(*copy));
		atomic_thread_fence(memory_order_acquire);
		if (__atomic_load_n(&slot->serial, __ATOMIC_RELAXED) ==
			    serial &&
		    __atomic_load_n(&slot->state, __ATOMIC_RELAXED) ==
			    copy->state)
			break;
	}
	return copy->state != RING_STATE_FREE;
}

void wayside_view_note(const struct wayside_worker *w, uint32_t i,
		       uint32_t serial, struct ring_note_text *note)
{
	const struct ring_note *notes = w->notes[RING_READER_RECORDER];
	struct ring_note_text raw;

	*note = (struct ring_note_text){ .protocol = "" };
	if (!notes || i >= w->n_slots ||
	    !ring_note_get(&notes[i], serial, &raw))
		return;
	(void)wayside_text_clean(note->protocol, sizeof(note->protocol),
				 raw.protocol);
	(void)wayside_text_clean(note->device, sizeof(note->device),
				 raw.device);
}

const char *wayside_view_state(uint32_t state)
{
	static const char *const names[RING_STATE_MAX] = {
		[RING_STATE_FREE] = "free",
		[RING_STATE_CONNECTING] = "connecting",
		[RING_STATE_OPEN] = "open",
		[RING_STATE_CLOSING] = "closing",
		[RING_STATE_HELD] = "held",
	};

	return state < RING_STATE_MAX ? names[state] : "?";
}

const char *wayside_view_transport(uint32_t transport)
{
	switch (transport) {
	case RING_TRANSPORT_TCP:
		return "tcp";
	case RING_TRANSPORT_UDP:
		return "udp";
	default: /* of a slot's byte, not an enum of ours */
		return "?";
	}
}

uint64_t wayside_view_worker_counter(const struct wayside_view *v,
				     unsigned worker, enum stat_id id)
{
	return stat_get(&v->workers[worker].control->stat, id);
}

uint64_t wayside_view_reader_counter(const struct wayside_view *v,
				     unsigned reader, enum stat_id id)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < v->n_workers; i++)
		n += stat_get(&v->workers[i].cursors[reader]->stat, id);
	return n;
}
