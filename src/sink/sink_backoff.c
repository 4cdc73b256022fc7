/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sink_backoff.c - how long a sink that failed is left alone */
#include "sink_backoff.h"

void sink_backoff_init(struct sink_backoff *b, uint32_t (*chance)(void))
{
	*b = (struct sink_backoff){ .chance = chance,
				    .delay_ms = SINK_BACKOFF_MIN_MS };
}

void sink_backoff_opened(struct sink_backoff *b, uint64_t now_ms)
{
	b->opened_ms = now_ms;
}

void sink_backoff_worked(struct sink_backoff *b)
{
	b->delay_ms = SINK_BACKOFF_MIN_MS;
}

uint32_t sink_backoff_failed(struct sink_backoff *b, bool hopeless,
			     uint64_t now_ms)
{
	uint32_t delay;

	if (b->opened_ms && now_ms - b->opened_ms >= SINK_BACKOFF_LAST_MS)
		sink_backoff_worked(b);
	b->opened_ms = 0;
	if (hopeless)
		b->delay_ms = SINK_BACKOFF_MAX_MS;
	delay = b->delay_ms;
	b->delay_ms = delay < SINK_BACKOFF_MAX_MS / 2 ? 2 * delay
						      : SINK_BACKOFF_MAX_MS;
	return delay / 2 + b->chance() % (delay - delay / 2 + 1);
}
