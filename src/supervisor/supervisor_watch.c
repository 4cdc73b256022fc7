/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * supervisor_watch.c - what others do to nftables and to the routing
 *
 * Theory of operation. The kernel says that something has changed, not what.
 * Then we look, at once, but not more often than every times.look_ms, and for
 * a tenth of the time at most, since others may have many rules: has
 * `source: auto` another answer, and are our rules still what they should be?
 * If not they are put back: new connections went direct in the meantime, and
 * those that were handed over live on (the sockets are found before any rule is
 * asked). Somebody who removes them again and again wins most of the time:
 * between two times that we put them back there is times.put_back_ms.
 */
#include <errno.h>
#include <string.h>

#include "base_fd.h"
#include "base_log.h"
#include "nft_watch.h"
#include "supervisor_internal.h"

#define PAUSE 10 /* times as long as the look before it */

static void look_at(struct supervisor *s, uint64_t at_ms)
{
	if (!s->look.armed || s->look.at_ms > at_ms)
		loop_timer_set(&s->loop, &s->look, at_ms);
}

void supervisor_watch_look(struct supervisor *s)
{
	const uint64_t now = loop_now_ms(&s->loop);

	look_at(s, now > s->next_look_ms ? now : s->next_look_ms);
}

static void changed(struct loop_watch *watch, uint32_t events)
{
	struct supervisor *s = WS_CONTAINER(watch, struct supervisor, others);

	(void)events;
	if (!nft_watch_drain(watch->fd, s->nft))
		return;
	supervisor_watch_look(s);
	supervisor_firewall_changed(s);
}

static void routing_changed(struct loop_watch *watch, uint32_t events)
{
	(void)events;
	if (nft_watch_routing_drain(watch->fd))
		supervisor_watch_look(
			WS_CONTAINER(watch, struct supervisor, routing));
}

/* The first difference is the one that is told. */
static void remember(void *arg, const char *text)
{
	struct nft_error *first = arg;

	if (!first->text[0])
		(void)snprintf(first->text, sizeof(first->text), "%s", text);
}

static void put_back(struct supervisor *s, uint64_t now_ms)
{
	struct nft_error why, first = { "" };
	int n;

	if (s->rules == NFT_STATE_STOPPED)
		return;
	n = nft_check(s->nft, s->conf, s->rules, remember, &first, &why);
	if (n == 0)
		return;
	if (now_ms < s->put_back_ms) {
		look_at(s, s->put_back_ms);
		return;
	}
	s->put_back_ms = now_ms + s->times->put_back_ms;
	if (n > 0)
		n = nft_install(s->nft, s->conf, s->rules, &why);
	if (n < 0) {
		base_err("rules that somebody changed cannot be put back: %s",
			 why.text);
		look_at(s, s->put_back_ms);
		return;
	}
	supervisor_state_rules(s);
	base_warn("somebody changed our rules, they are put back: %s times=%u",
		  first.text,
		  (unsigned)atomic_fetch_add(&s->state->lost, 1) + 1);
}

static void look(struct loop_timer *t, uint64_t now_ms)
{
	struct supervisor *s = WS_CONTAINER(t, struct supervisor, look);
	uint64_t end, pause;

	supervisor_source_decide(s, s->conf);
	put_back(s, now_ms);
	end = s->loop.clock_ms();
	pause = PAUSE * (end - now_ms);
	if (pause < s->times->look_ms)
		pause = s->times->look_ms;
	s->next_look_ms = end + pause;
	/* one of them wants another look */
	if (t->armed && t->at_ms < s->next_look_ms)
		loop_timer_set(&s->loop, t, s->next_look_ms);
}

void supervisor_watch_init(struct supervisor *s)
{
	s->others.fd = s->routing.fd = -1;
	s->others.ready = changed;
	s->routing.ready = routing_changed;
	s->look.fire = look;
}

int supervisor_watch_open(struct supervisor *s)
{
	struct nft_error why;
	int r;

	if (!s->nft)
		return 0;
	r = nft_watch_open(&s->others.fd, &why);
	if (!r)
		r = nft_watch_routing_open(&s->routing.fd, &why);
	if (r) {
		base_err("%s", why.text);
		return r;
	}
	r = loop_watch_add(&s->loop, &s->others, EPOLLIN);
	if (!r)
		r = loop_watch_add(&s->loop, &s->routing, EPOLLIN);
	if (r)
		base_err("cannot watch nftables and the routing: %s",
			 strerrordesc_np(-r));
	return r;
}

static void close_watch(struct supervisor *s, struct loop_watch *watch)
{
	if (watch->fd >= 0)
		loop_watch_remove(&s->loop, watch);
	base_fd_close(&watch->fd);
}

void supervisor_watch_close(struct supervisor *s)
{
	loop_timer_clear(&s->loop, &s->look);
	close_watch(s, &s->others);
	close_watch(s, &s->routing);
}
