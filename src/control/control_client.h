/* SPDX-License-Identifier: GPL-3.0-or-later */
/* control_client.h - the tool's end of the control socket */
#ifndef CONTROL_CLIENT_H
#define CONTROL_CLIENT_H

#include "control.h"

#define CONTROL_CLIENT_MS 5000
/* A reload looks names up and waits for every role; an edit does, too. */
#define CONTROL_RELOAD_MS 60000

/* What came back. Owned by the caller, freed with control_client_free(). */
struct control_result {
	struct control_reply reply;
	char text[CONTROL_TEXT_MAX + 1]; /* ends with NUL; not yet escaped */
	int fds[CONTROL_FDS_MAX];        /* CLOEXEC */
	size_t n_fds;
	char why[256]; /* when asking failed: one line without LF */
};

/*
 * Connects, asks, receives. Blocks at most limit_ms for each of these steps.
 * Return: a fresh result, or NULL: no memory. *error becomes 0 (look at
 * reply.error then) or -errno: there is no reply, `why` says why in one line.
 */
WS_MUST_USE struct control_result *
control_client_ask(const char *path, const struct control_request *request,
		   unsigned limit_ms, int *error);

/* Closes the descriptors that are left; NULL is a no-op. */
void control_client_free(struct control_result *result);

#endif
