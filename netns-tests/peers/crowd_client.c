/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crowd_client.c - a crowd of trackers follows a script, and reports */
#include <string.h>

#include "crowd.h"
#include "crowd_message.h"

int main(int argc, char **argv)
{
	struct peer_options o;
	struct crowd c;
	bool ok = false;
	int r;

	if (!peer_options_parse(&o, argc, argv))
		return 2;
	if (o.message < CROWD_MESSAGE_MIN || o.message > CROWD_MESSAGE_MAX) {
		(void)fprintf(stderr, "-m: %d to %d bytes; steps:\n",
			      CROWD_MESSAGE_MIN, CROWD_MESSAGE_MAX);
		crowd_steps_print(stderr);
		return 2;
	}
	r = crowd_init(&c, &o);
	if (r)
		(void)fprintf(stderr, "crowd: %s\n", strerrordesc_np(-r));
	else
		ok = crowd_run(&c, o.steps);
	if (c.conns)
		crowd_report(&c, ok);
	crowd_done(&c);
	return ok ? 0 : 1;
}
