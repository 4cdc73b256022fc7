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
	enum wayside_status s;
	struct control_result *result = wayside_ask(o, &request, &s);

	if (result)
		wayside_text_lines(stdout, result->text);
	control_client_free(result);
	return s;
}
