/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * control.h - how the tool asks the daemon
 *
 * Theory of operation
 *
 *   wayside --request--> control socket --> supervisor
 *           <--reply, descriptors of the shared memory--
 *
 * A unix SEQPACKET socket (config: control) that root, the daemon's own user
 * and the group `wayside` may talk to (control_server.h). One request of fixed
 * size, one reply; then the daemon closes. Nothing is parsed but these structs.
 *
 * For a status the daemon only hands out what it keeps anyway: its state page,
 * the configuration, the flow tables and the readers' pages. The tool reads
 * them by itself, so the answer needs no worker and costs none, and it is the
 * truth that a successor would find. None of the descriptors lets anybody
 * write: tables and state are sealed, pages of readers are opened for reading
 * only.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_attr.h"

#define CONTROL_MAGIC       0x57435443U /* "WCTC" */
#define CONTROL_VERSION     3
#define CONTROL_PATH        "/run/wayside/control" /* unless configured */
#define CONTROL_GROUP       "wayside"
#define CONTROL_TEXT_MAX    32768
#define CONTROL_ROLES_MAX   80  /* recorder, workers, publishers; room */
#define CONTROL_PUBLISHERS  65  /* the place of the first of them */
#define CONTROL_FDS_MAX     250 /* below SCM_MAX_FD of the kernel, 253 */
#define CONTROL_PROGRAM_LEN 16

enum control_type {
	CONTROL_STATUS = 1, /* descriptors: see struct control_reply */
	CONTROL_RELOAD,     /* answered when it is in force or refused */
	CONTROL_CLOSE,      /* end one flow; answered when it was passed on */
	CONTROL_BYPASS,     /* `on` or not; answered when it is in force */
	CONTROL_EDIT,       /* one item of a rule; answered as a RELOAD */
	CONTROL_TYPE_MAX
};

/* What an EDIT changes: one item of one list of a rule, until the next reload.
 * The texts are the operator's, and are parsed by who parses a configuration.
 */
enum control_list {
	CONTROL_LIST_TO,
	CONTROL_LIST_CLIENTS,
	CONTROL_LIST_INTERFACES,
	CONTROL_LIST_MAX
};

struct control_edit {
	char rule[32]; /* its name; ends with NUL */
	char item[88]; /* as in the file; ends with NUL */
	uint32_t list; /* enum control_list */
	uint32_t add;  /* 1, or 0 to delete */
};
_Static_assert(sizeof(struct control_edit) == 128, "one packet");

struct control_request {
	uint32_t magic;
	uint16_t version;
	uint16_t type; /* enum control_type */
	/* CLOSE: the place that the tool found the flow in. A slot that lives
	 * another life by then is left alone. */
	uint32_t worker;
	uint32_t slot;
	uint32_t serial;
	uint32_t on;              /* BYPASS: 1 or 0 */
	struct control_edit edit; /* EDIT */
};
_Static_assert(sizeof(struct control_request) == 152, "one packet");

/* Followed by text_len bytes of text for the user, lines with LF. For a STATUS
 * it brings the descriptors: state page, tables of the configuration in force,
 * then for each worker its flow table and n_readers pages of its readers. */
struct control_reply {
	uint32_t magic;
	uint16_t version;
	uint16_t type;     /* of the request; 0: it was none, or not allowed */
	int32_t error;     /* 0 or -errno; the text says more */
	uint32_t text_len; /* <= CONTROL_TEXT_MAX */
	uint32_t n_workers;
	uint32_t n_readers;
};
_Static_assert(sizeof(struct control_reply) == 24, "one packet");

enum control_phase {
	CONTROL_PHASE_STARTING,
	CONTROL_PHASE_RUNNING,
	CONTROL_PHASE_DRAINING,
	CONTROL_PHASE_STOPPING,
	CONTROL_PHASE_MAX
};

enum control_rules {
	CONTROL_RULES_NONE,      /* fixed-remote mode, or not yet installed */
	CONTROL_RULES_INSTALLED, /* connections are handed to Wayside */
	CONTROL_RULES_DRAINING,  /* only those that it has already */
	CONTROL_RULES_ABSENT,    /* no worker is there: none are */
	CONTROL_RULES_BYPASS,    /* the operator wants none */
	CONTROL_RULES_MAX
};

/* Who keeps the table of the rules, and so what becomes of it without us. */
enum control_keep {
	CONTROL_KEEP_NOTHING,  /* there is no table */
	CONTROL_KEEP_OWNED,    /* ours; it ends with us */
	CONTROL_KEEP_PERSISTS, /* ours, safe from others; it stays after us */
	CONTROL_KEEP_PLAIN,    /* anybody's; it stays after us */
	CONTROL_KEEP_MAX
};

/* Packets that the kernel counted at the rules of one rule of the
 * configuration, both families together. */
struct control_count {
	_Atomic uint64_t met;      /* first packets that were meant for us */
	_Atomic uint64_t taken;    /* ... that a listener took */
	_Atomic uint64_t rejected; /* ... that were refused: closed */
};

/* A line for people that changes: odd while it is written. Copy it, and look
 * whether seq is the same before and after, and even. */
struct control_line {
	_Atomic uint32_t seq;
	char text[124]; /* ends with NUL */
};

enum control_role_state {
	CONTROL_ROLE_UNUSED,
	CONTROL_ROLE_DOWN, /* waits for its restart */
	CONTROL_ROLE_STARTING,
	CONTROL_ROLE_READY,
	CONTROL_ROLE_MAX
};

struct control_role {
	/* "recorder", "worker/0", "publisher/NAME"; ends with NUL. A place may
	 * get another sink's: copy it as the text of a control_line. */
	char name[44];
	_Atomic uint32_t seq;   /* of the name */
	_Atomic uint32_t state; /* enum control_role_state */
	_Atomic uint32_t pid;   /* of the child: a worker's is its keeper's */
	_Atomic uint64_t started_ns; /* wall clock */
	_Atomic uint32_t restarts;
	_Atomic uint32_t last_end; /* wait status of the one before */
};
_Static_assert(sizeof(struct control_role) == 72, "shared layout");

/* The supervisor's page: it alone writes, anybody who has it may read at any
 * time. Each word is the truth by itself; two of them need not be of the same
 * moment. */
struct control_state {
	uint32_t magic;
	uint32_t version;
	char program[CONTROL_PROGRAM_LEN]; /* its version; ends with NUL */
	uint64_t started_ns;               /* wall clock */
	uint32_t pid;
	uint32_t n_workers;
	_Atomic uint32_t phase;         /* enum control_phase */
	_Atomic uint32_t config_number; /* in force */
	_Atomic uint32_t reloads;
	_Atomic uint32_t reloads_refused;
	_Atomic uint64_t reloaded_ns; /* the last one; 0 = never */
	_Atomic uint32_t rules;       /* enum control_rules */
	/* found when the status was asked for: differences between kernel and
	 * configuration, or -errno of looking */
	_Atomic int32_t rules_differ;
	_Atomic uint32_t listeners; /* listening sockets held */
	_Atomic uint32_t nonsense;  /* times that a worker wrote nonsense */
	_Atomic uint32_t help;      /* ROLE_LEND passed on */
	_Atomic uint32_t bypass;    /* 1: the operator has switched it on */
	_Atomic uint32_t keep;      /* enum control_keep */
	_Atomic uint32_t held;   /* listeners that somebody else keeps, too */
	_Atomic uint32_t edits;  /* in force since the last reload */
	_Atomic uint32_t source; /* what source: auto is: enum conf_source */
	_Atomic uint32_t lost;   /* times that rules were put back */
	/* 1: a firewall of this host drops what is handed to Wayside, as the
	 * last self-test found */
	_Atomic uint32_t blocked;
	/* 0, or why the store takes nothing: -errno; and since when, in wall
	 * clock time */
	_Atomic int32_t store_error;
	uint32_t reserved;
	_Atomic uint64_t store_failed_ns;
	struct control_line source_why;
	/* as of when the status was asked for, by rule of the configuration */
	struct control_count counts[64];
	/* 0: the recorder, then the workers; CONTROL_PUBLISHERS: a place for
	 * each sink */
	struct control_role roles[CONTROL_ROLES_MAX];
};
_Static_assert(sizeof(struct control_state) ==
		       240 + CONTROL_PROGRAM_LEN +
			       64 * sizeof(struct control_count) +
			       CONTROL_ROLES_MAX * sizeof(struct control_role),
	       "shared layout");

/*
 * Pure: are these bytes one request that this version knows? What a type has no
 * use for must be zero, so that it can get a meaning later. Whether there is
 * such a worker and slot is for the daemon to say. Nothing is changed on
 * failure.
 */
WS_MUST_USE bool control_request_valid(const void *bytes, size_t len,
				       struct control_request *request);

/*
 * The same for a packet that came back with n_fds descriptors: error is 0 or
 * -errno, the text fills what is left of the packet, and a STATUS that worked
 * brings just the descriptors that it announces. `type`: of the request.
 */
WS_MUST_USE bool control_reply_valid(const void *bytes, size_t len,
				     enum control_type type, size_t n_fds,
				     struct control_reply *reply);

#endif
