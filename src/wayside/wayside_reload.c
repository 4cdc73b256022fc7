/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wayside_reload.c - `wayside reload`: the daemon reads its configuration */
#include "wayside_command.h"

#include <stdio.h>

#include "control_client.h"
#include "wayside_text.h"
#include "wayside_view.h"

enum wayside_status wayside_reload_run(const struct wayside_options *o)
{
	const struct control_request request = { .magic = CONTROL_MAGIC,
						 .version = CONTROL_VERSION,
						 .type = CONTROL_RELOAD };
	struct control_result *result;
	const enum wayside_status s = wayside_ask(o, &request, &result);

	if (s == WAYSIDE_OK)
		wayside_text_lines(stdout, result->text);
	control_client_free(result);
	return s;
}
