/* SPDX-License-Identifier: GPL-3.0-or-later */
/* peer_client.c - connects, follows a script, reports */
#include <string.h>

#include "peer.h"

int main(int argc, char **argv)
{
	struct peer_options o;
	struct peer p;
	bool ok = false;
	int r;

	if (!peer_options_parse(&o, argc, argv))
		return 2;
	r = peer_connect(&p, &o);
	if (r)
		(void)fprintf(stderr, "connect: %s\n", strerrordesc_np(-r));
	else
		ok = peer_run(&p, o.steps);
	peer_report(&p, ok);
	peer_done(&p);
	return ok ? 0 : 1;
}
