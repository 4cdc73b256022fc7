/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event_fuzz.c - whatever a tracker sends, its events are JSON
 *
 * The first byte chooses the direction and the protocol, or that the bytes
 * choose it; what follows is fed as it is and, to see that the choice does not
 * depend on chunks, in pieces.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "track_fuzz.h"

static void check_event(void *arg, const struct track_message *m,
			const struct track_record *r)
{
	const struct event_origin origin = { .connection_id =
						     "2025-11-03_142501" };
	const struct event e = {
		.flow = 1, .origin = &origin, .message = m, .record = r
	};
	char *text = event_json(&e);
	json_t *v = text ? json_loads(text, 0, NULL) : NULL;

	(void)arg;
	if (!v || strchr(text, '\n'))
		abort();
	json_decref(v);
	free(text);
}

static void write_events(const struct track_protocol *p,
			 enum base_direction direction, struct base_span bytes)
{
	static struct track_record record;
	struct track_counts counts = { .messages = 0 };
	const struct track_events events = { .event = check_event,
					     .counts = &counts,
					     .record = &record };
	const struct track_chunk chunk = { .bytes = bytes };
	struct track_flow f;

	track_flow_init(&f, p, 0);
	if (track_flow_feed(&f, direction, &chunk, &events))
		abort();
	track_flow_end(&f, &events);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const struct track_protocol *const *table = track_protocols();
	const struct track_protocol *p = NULL;
	size_t n = 0, i;

	if (!len)
		return 0;
	while (table[n])
		n++;
	i = (bytes[0] >> 1) % (n + 1);
	if (i)
		p = table[i - 1];
	write_events(p, bytes[0] & 1 ? BASE_SERVER : BASE_CLIENT,
		     (struct base_span){ bytes + 1, len - 1 });
	return fuzz_protocol(p, bytes, len);
}
