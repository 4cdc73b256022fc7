/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * watch_vendor.c - a simulated vendor's server for one tracker
 *
 * watch_vendor [-t SECONDS] ADDR:PORT
 * Answers what is to be answered; an alarm makes it ask for the position, and
 * the position after that makes it ask for one every ten minutes.
 */
#include <string.h>
#include <unistd.h>

#include "watch.h"

struct vendor {
	bool asked_position; /* CR was sent */
	bool asked_interval; /* UPLOAD was sent */
};

static int handle(struct vendor *v, struct peer *p,
		  const struct watch_message *m)
{
	static const char *const answered[] = { "LK", "AL", "TKQ" };
	int r = 0;

	for (size_t i = 0; i < WS_ARRAY_LEN(answered) && !r; i++) {
		if (watch_is(m, answered[i]))
			r = watch_send(p, answered[i]);
	}
	if (!r && watch_is(m, "AL") && !v->asked_position) {
		v->asked_position = true;
		r = watch_send(p, "CR");
	} else if (!r && watch_is(m, "UD") && v->asked_position &&
		   !v->asked_interval) {
		v->asked_interval = true;
		r = watch_send(p, "UPLOAD,600");
	}
	return r;
}

static int converse(struct peer *p)
{
	struct vendor v = { .asked_position = false };
	struct watch_message m;
	int r;

	while ((r = watch_next(p, &m)) > 0) {
		r = handle(&v, p, &m);
		if (r)
			break;
	}
	return r;
}

int main(int argc, char **argv)
{
	struct peer_options o;
	struct peer p;
	int listener, fd, r;

	if (!peer_options_parse(&o, argc, argv))
		return 2;
	listener = peer_listen(&o);
	fd = listener < 0 ? listener : peer_accept(listener);
	if (fd < 0) {
		(void)fprintf(stderr, "vendor: %s\n", strerrordesc_np(-fd));
		return 1;
	}
	(void)close(listener); /* nothing was written to it */
	r = peer_init(&p, fd, o.seconds);
	if (!r)
		r = converse(&p);
	if (r)
		(void)fprintf(stderr, "vendor: %s\n", strerrordesc_np(-r));
	peer_report(&p, !r);
	peer_done(&p);
	return r ? 1 : 0;
}
