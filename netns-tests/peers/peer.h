/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * peer.h - one end of a TCP connection that follows a script
 *
 * A script is a list of words on the command line, a step and its arguments
 * after it; peer_steps_print() lists them. A step waits on its socket or on a
 * file until the deadline, never for a time. What was seen is summed up in one
 * line:
 *   peer=ADDR:PORT local=ADDR:PORT bytes_in=N in_sum=HEX bytes_out=N
 *   out_sum=HEX end=none|fin|rst|timeout ms=N result=ok|failed
 * The sums depend on every byte and its place, so out_sum on one side equals
 * in_sum on the other only if all bytes arrived unchanged and in order.
 */
#ifndef PEER_H
#define PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base_addr.h"

/* Seconds after its deadline, at which a peer that hangs is ended: one that
 * does not get the processor still says that it was too late. */
#define PEER_ALARM_S 120

/* How the other side's direction ended, as far as this side has read. */
enum peer_end {
	PEER_END_NONE,
	PEER_END_FIN,
	PEER_END_RST,
	PEER_END_TIMEOUT,
};

struct peer_sum {
	uint64_t bytes;
	uint64_t sum; /* FNV-1a, 64 bits */
};

/* Owned by main(); the socket is non-blocking, closed by peer_done(). */
struct peer {
	int fd; /* -1: closed */
	struct base_addr peer;
	struct base_addr local;
	struct peer_sum in;
	struct peer_sum out;
	enum peer_end end;
	uint64_t began_ms; /* monotonic: when the connection was asked for */
	uint64_t ended_ms; /* when `end` was seen */
	uint64_t deadline_ms;
};

/* What both programs take before the script. */
struct peer_options {
	struct base_addr addr; /* to connect to or to listen on */
	struct base_addr bind; /* client: the source, -b ADDR:PORT */
	unsigned seconds;      /* -t, the deadline; 580 */
	unsigned connections;  /* server, crowd: -n; 1 */
	unsigned rcvbuf;       /* -R BYTES; 0 = the system's */
	unsigned message;      /* crowd: -m, bytes of a message; 64 */
	unsigned window;       /* crowd: -w, messages ahead of the echo; 4 */
	unsigned rate;         /* crowd: -r, messages a second; 0 = no limit */
	unsigned device;       /* crowd: -d, number of the first one; 0 */
	bool nonblocking;      /* the listener; set by the program */
	char **steps;          /* ends with NULL */
};

/* Prints what is wrong, and the usage; also arms an alarm as the last resort
 * that ends the process after the deadline. */
WS_MUST_USE bool peer_options_parse(struct peer_options *o, int argc,
				    char **argv);

/* A connected, non-blocking fd becomes p's, also on failure (0 or -errno). */
WS_MUST_USE int peer_init(struct peer *p, int fd, unsigned seconds);
void peer_done(struct peer *p);

/*
 * Connects to o->addr. Return: 0 or -errno; p is to be reported and done either
 * way. A reset that comes right after the handshake is an end that a step may
 * expect, so it is none of the failures.
 */
WS_MUST_USE int peer_connect(struct peer *p, const struct peer_options *o);

/* Listens on o->addr and prints "ready ADDR:PORT". Return: fd or -errno. */
WS_MUST_USE int peer_listen(const struct peer_options *o);
/* Waits for a connection. Return: an fd for peer_init(), or -errno. */
WS_MUST_USE int peer_accept(int listener);

/* Sends FIN and reads to the end. Return: 0 or -errno. */
WS_MUST_USE int peer_finish(struct peer *p);

bool peer_expired(const struct peer *p);

/* Waits for poll events. Return: those that came, -ETIMEDOUT (end is then
 * timeout) or -errno. */
WS_MUST_USE int peer_wait(struct peer *p, short events);

/* Sends all, counted. Return: 0 or -errno. */
WS_MUST_USE int peer_send(struct peer *p, const void *bytes, size_t len);

/* Receives up to len bytes, at least one. Return: their number, 0 at the end
 * of the stream (end is then fin), or -errno. */
WS_MUST_USE ssize_t peer_recv(struct peer *p, void *bytes, size_t len);

/* Waits until the file is there. Return: 0 or -ETIMEDOUT. */
WS_MUST_USE int peer_wait_file(struct peer *p, const char *path);

/* Runs the script; what fails is said on standard error. Return: did all steps
 * go as written? */
WS_MUST_USE bool peer_run(struct peer *p, char **steps);

/* The line that is promised above. */
void peer_report(const struct peer *p, bool ok);

/* Usage lines of all steps. */
void peer_steps_print(FILE *out);

#endif
