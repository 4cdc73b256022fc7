/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch_tracker.c - a simulated tracker: logs in, reports, alarms, obeys
 *
 * watch_tracker [-t SECONDS] ADDR:PORT
 * Waits for every answer before it goes on, as the devices do.
 */
#include <string.h>

#include "watch.h"

/* date, time (UTC), fix, latitude, longitude, km/h, course, altitude,
 * satellites, signal, battery, steps, tumbles, status, one radio cell, no
 * Wi-Fi, accuracy */
#define POSITION(time, status)                                               \
	"220925," time ",A,59.331567,N,18.064508,E,3.20,152.0,23.0,9,80,75," \
	"1204,0," status ",1,1,240,1,4301,21057,142,0,5.0"

/* Sends a request and receives the answer of the same keyword. */
static int ask(struct peer *p, const char *content, const char *keyword)
{
	const int r = watch_send(p, content);

	return r ? r : watch_expect(p, keyword);
}

/* The two commands of the server: each is confirmed by its keyword. */
static int obey(struct peer *p)
{
	int r = watch_expect(p, "CR"); /* locate now */

	if (!r)
		r = watch_send(p, "CR");
	if (!r)
		r = watch_send(p, "UD," POSITION("101602", "00000000"));
	if (!r)
		r = watch_expect(p, "UPLOAD"); /* report every N seconds */
	if (!r)
		r = watch_send(p, "UPLOAD");
	return r;
}

static int converse(struct peer *p)
{
	int r = ask(p, "LK,1204,0,75", "LK");

	if (!r)
		r = watch_send(p, "UD," POSITION("101530", "00000000"));
	if (!r) /* status bit 16: SOS */
		r = ask(p, "AL," POSITION("101548", "00010000"), "AL");
	if (!r)
		r = obey(p);
	if (!r)
		r = ask(p, "TKQ", "TKQ");
	if (!r)
		r = ask(p, "LK,1204,0,74", "LK");
	return r;
}

int main(int argc, char **argv)
{
	struct peer_options o;
	struct peer p;
	int r;

	if (!peer_options_parse(&o, argc, argv))
		return 2;
	r = peer_connect(&p, &o);
	if (!r)
		r = converse(&p);
	if (!r)
		r = peer_finish(&p);
	if (r)
		(void)fprintf(stderr, "tracker: %s\n", strerrordesc_np(-r));
	peer_report(&p, !r);
	peer_done(&p);
	return r ? 1 : 0;
}
