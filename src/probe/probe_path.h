/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * probe_path.h - a whole interception, there and back: the form for the doctor
 *
 *   client's namespace        here                      server's namespace
 *   connect() -- cable --> tproxy, mark, routing
 *                          listener, accept()
 *                          connect() as the client -- cable --> accept()
 *                    <-- bytes both ways, compared at each end -->
 *
 * The rules are the probe's own, for these cables alone; the policy routing is
 * the one that is installed. Where none is, it is put in for the time of the
 * probe by a guardian, a process that takes it out again when the probe has
 * ended in whatever way. Meanwhile it holds the lock of the rules, so a daemon
 * that starts waits for its end. Routing that was installed by somebody else
 * may go with him meanwhile: then nothing was tried.
 */
#ifndef PROBE_PATH_H
#define PROBE_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"
#include "probe.h"

/* In the order in which they are passed. */
enum probe_stage {
	PROBE_STAGE_SET_UP,  /* it could not be tried */
	PROBE_STAGE_TAKEN,   /* the client's connection gets to the listener */
	PROBE_STAGE_SERVER,  /* ... which is told the server's address */
	PROBE_STAGE_CONNECT, /* the server is reached with client's address */
	PROBE_STAGE_CLIENT,  /* ... and sees the client's address */
	PROBE_STAGE_THERE,   /* bytes arrive at the server */
	PROBE_STAGE_BACK,    /* its answer arrives at the client */
	PROBE_STAGE_PASSED,
	PROBE_STAGE_MAX
};

struct probe_path_result {
	enum probe_stage stage[2];   /* IPv4, IPv6: where it failed */
	bool tried[2];               /* there is such a family here */
	int error[2];                /* 0 or -errno: what was said there */
	bool routed;                 /* the routing was installed already */
	struct probe_result blocked; /* who took the packet, if that is known */
	char why[256];               /* SET_UP: one line */
};

/* What a stage is, in words: "the client's connection gets to the listener". */
const char *probe_stage_text(enum probe_stage stage);

/* Does it. `port` of the server. Return: has every family that was tried
 * passed?
 */
WS_MUST_USE bool probe_path(uint16_t port, struct probe_path_result *result);

#endif
