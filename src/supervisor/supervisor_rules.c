/* SPDX-License-Identifier: GPL-3.0-or-later */
/* supervisor_rules.c - kernel rules and routes, for as long as we run */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_bridge.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base_die.h"
#include "base_fd.h"
#include "base_log.h"
#include "base_time.h"
#include "supervisor_internal.h"
#include "supervisor_timewait.h"

#define LOCK_MS      5000
#define LOCK_LOOK_MS 50

static bool have(cap_t caps, cap_value_t cap)
{
	cap_flag_value_t on = CAP_CLEAR;

	return cap_get_flag(caps, cap, CAP_EFFECTIVE, &on) == 0 &&
	       on == CAP_SET;
}

/* Asked first, so that what is missing is one line and not a start that is
 * taken back: rules and routes need the one, foreign addresses the other. */
static int check_rights(void)
{
	cap_t caps = cap_get_proc();
	const bool fine = caps && have(caps, CAP_NET_ADMIN) &&
			  have(caps, CAP_NET_RAW);

	(void)cap_free(caps);
	if (fine)
		return 0;
	base_err("interception needs CAP_NET_ADMIN and CAP_NET_RAW: "
		 "run it as root, or give it both");
	return -EPERM;
}

/* Is there any bridge in this network namespace? (linux/if_bridge.h: the one
 * question that needs neither rights nor sysfs) */
static bool has_bridge(void)
{
	int index;
	unsigned long question[] = { BRCTL_GET_BRIDGES,
				     (unsigned long)(uintptr_t)&index, 1 };
	WS_CLEAN(base_fd_close)
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && ioctl(fd, SIOCGIFBR, question) > 0;
}

/* With br_netfilter, what crosses a bridge goes through the IP hooks before it
 * is routed, and tproxy's socket is lost on the way: every intercepted
 * connection behind a bridge times out, and no rule can help (measured). */
static void warn_of_bridges(const char *sysctl)
{
	char path[64], value = '0';
	WS_CLEAN(base_fd_close) int fd = -1;

	(void)snprintf(path, sizeof(path), "/proc/sys/net/bridge/%s", sysctl);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, &value, 1) == 1 && value == '1')
		base_warn("trackers behind a bridge will be cut off: set "
			  "net.bridge.%s=0",
			  sysctl);
}

/* A doctor that tries the gateway out, or a tool that changes rules, holds the
 * lock for a moment: no reason not to start. */
static int lock(struct nft_link *nft, struct nft_error *why)
{
	const uint64_t end = base_time_mono_ms() + LOCK_MS;
	int r = nft_lock(nft, why);

	while (r == -EADDRINUSE && base_time_mono_ms() < end) {
		(void)poll(NULL, 0, LOCK_LOOK_MS);
		r = nft_lock(nft, why);
	}
	return r;
}

int supervisor_rules_open(struct supervisor *s)
{
	struct nft_error why;
	int r;

	if (conf_tables_fixed(s->conf))
		return 0;
	r = check_rights();
	if (r)
		return r;
	/* without br_netfilter there is nothing to ask for */
	if (access("/proc/sys/net/bridge", F_OK) == 0 && has_bridge()) {
		warn_of_bridges("bridge-nf-call-iptables");
		warn_of_bridges("bridge-nf-call-ip6tables");
	}
	r = nft_open(&s->nft, true, &why);
	if (!r)
		r = lock(s->nft, &why);
	if (r) {
		base_err("%s", why.text);
		return r;
	}
	/* rules in front of a firewall that drops what they hand over would
	 * cut every tracker off */
	r = supervisor_firewall_start(s);
	if (!r)
		supervisor_source_decide(s, s->conf);
	return r;
}

static void in_kernel(struct supervisor *s, enum nft_state state)
{
	s->rules = state;
	supervisor_state_rules(s);
}

int supervisor_rules_set(struct supervisor *s, enum nft_state state)
{
	struct nft_error why;
	int r;

	if (!s->nft)
		return 0;
	r = nft_install(s->nft, s->conf, state, &why);
	if (r) {
		base_err("%s", why.text);
		return r;
	}
	in_kernel(s, state);
	return 0;
}

enum nft_state supervisor_rules_wanted(const struct supervisor *s)
{
	if (s->bypass)
		return NFT_STATE_BYPASS;
	if (s->alone)
		return NFT_STATE_ABSENT;
	return supervisor_firewall_avoided(s) ? NFT_STATE_BYPASS
					      : NFT_STATE_RUNNING;
}

/* Return: NULL, or why there is nothing to switch. */
static const char *no_switch(const struct supervisor *s, int *error)
{
	if (!s->nft) {
		*error = -EOPNOTSUPP;
		return "fixed-remote mode has no rules: there is nothing to "
		       "bypass";
	}
	*error = -EAGAIN;
	if (s->phase == SUPERVISOR_STARTING)
		return "the daemon is starting";
	return s->phase == SUPERVISOR_RUNNING ? NULL : "the daemon is stopping";
}

static const char *bypass_text(const struct supervisor *s)
{
	if (s->bypass)
		return "bypass is on: new connections go direct, those that "
		       "Wayside has live on";
	if (s->alone)
		return "bypass is off, but no worker is there: connections are "
		       "not taken until one is back";
	return supervisor_firewall_avoided(s)
		       ? "bypass is off, but a firewall of this host would cut "
			 "off what is taken: new connections go direct until "
			 "it lets them in"
		       : "bypass is off: new connections are taken";
}

int supervisor_rules_bypass(struct supervisor *s, bool on,
			    struct nft_error *text)
{
	const bool before = s->bypass;
	int r = 0;
	const char *refused = no_switch(s, &r);

	if (refused) {
		(void)snprintf(text->text, sizeof(text->text), "%s", refused);
		return r;
	}
	s->bypass = on;
	/* also when it was on: an earlier install may have failed */
	r = nft_install(s->nft, s->conf, supervisor_rules_wanted(s), text);
	if (r) {
		s->bypass = before;
		base_err("bypass stays %s: %s", before ? "on" : "off",
			 text->text);
		return r;
	}
	in_kernel(s, supervisor_rules_wanted(s));
	(void)snprintf(text->text, sizeof(text->text), "%s", bypass_text(s));
	if (on != before)
		base_notice("%s", text->text);
	return 0;
}

int supervisor_rules_renew(struct supervisor *s, const struct conf_tables *conf,
			   struct nft_error *why)
{
	const int r = s->nft ? nft_install(s->nft, conf, s->rules, why) : 0;

	if (!r) {
		supervisor_state_rules(s);
		supervisor_source_decide(s, conf);
	}
	return r;
}

/* See supervisor_timewait.c. */
static void forget(const struct supervisor *s)
{
	const int r = supervisor_timewait_forget(s->conf);

	if (r < 0)
		base_warn("clients that come again from the same port within a "
			  "minute find nobody: connections that have ended "
			  "cannot be forgotten: %s",
			  strerrordesc_np(-r));
}

void supervisor_rules_remove(struct supervisor *s)
{
	/* what was installed, and does not stay */
	const bool go = s->rules != NFT_STATE_STOPPED &&
			s->conf->on_failure != CONF_FAILURE_HOLD;
	struct nft_error why;

	if (go)
		forget(s);
	base_die_at(BASE_DIE_SUPERVISOR_FORGOTTEN);
	if (s->rules != NFT_STATE_STOPPED &&
	    nft_install(s->nft, s->conf, NFT_STATE_STOPPED, &why)) {
		base_err("rules stay behind: %s", why.text);
		s->status = 1;
	}
	if (go) /* those that came to their end meanwhile */
		forget(s);
	base_die_at(BASE_DIE_SUPERVISOR_REMOVED);
	s->rules = NFT_STATE_STOPPED;
	nft_close(s->nft);
	s->nft = NULL;
}
