/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_elem.c - what the sets of the model hold */
#include "nft_model.h"

#include <netinet/in.h>

#include <stdio.h>
#include <string.h>

#include "base_addr.h"

#define V4_FIRST 12 /* of the bytes of a v4-mapped address */

static const uint8_t protocols[NFT_PROTOCOLS] = { IPPROTO_TCP, IPPROTO_UDP,
						  IPPROTO_ICMP,
						  IPPROTO_ICMPV6 };

static bool item_is(const struct conf_tables *c, const struct nft_set *s,
		    uint32_t i)
{
	switch (s->kind) {
	case NFT_SET_TO:
		return c->dests[s->items.first + i].net.family == s->family;
	case NFT_SET_CLIENTS:
		return c->nets[s->items.first + i].family == s->family;
	case NFT_SET_INTERFACES:
	case NFT_SET_USERS:
	case NFT_SET_PROTOCOLS:
		return true;
	case NFT_SET_HANDSHAKES:
	case NFT_SET_KIND_MAX:
		break;
	}
	return false;
}

bool nft_model_has_elem(const struct conf_tables *c, const struct nft_set *s)
{
	uint32_t i = 0;

	while (i < s->items.n && !item_is(c, s, i))
		i++;
	return i < s->items.n;
}

/* First and last address of a network. Return: their length. */
static size_t net_range(const struct base_net *n, struct nft_elem *e)
{
	const size_t skip = n->family == AF_INET ? V4_FIRST : 0;
	const size_t len = sizeof(n->ip) - skip;

	memcpy(e->first, n->ip + skip, len);
	memcpy(e->last, n->ip + skip, len);
	for (size_t bit = n->bits; bit < len * 8; bit++)
		e->last[bit / 8] |= (uint8_t)(0x80U >> bit % 8);
	return len;
}

static void put_port(uint8_t *at, uint16_t port)
{
	at[0] = (uint8_t)(port >> 8);
	at[1] = (uint8_t)(port & 0xff);
}

static void elem_dest(const struct conf_dest *d, struct nft_elem *e)
{
	const size_t len = net_range(&d->net, e);
	char net[BASE_ADDR_STRLEN];

	put_port(e->first + len, d->port_first);
	put_port(e->last + len, d->port_last);
	base_net_format(&d->net, net);
	if (d->port_first == d->port_last)
		(void)snprintf(e->text, sizeof(e->text), "%s . %u", net,
			       (unsigned)d->port_first);
	else
		(void)snprintf(e->text, sizeof(e->text), "%s . %u-%u", net,
			       (unsigned)d->port_first, (unsigned)d->port_last);
}

static void elem_client(const struct base_net *n, struct nft_elem *e)
{
	net_range(n, e);
	base_net_format(n, e->text);
}

/* "wg*" is every name from "wg" to "wg\xff\xff...". */
static void elem_interface(const char *name, struct nft_elem *e)
{
	const size_t len = strcspn(name, "*");

	memcpy(e->first, name, len);
	memcpy(e->last, name, len);
	if (name[len] == '*')
		memset(e->last + len, 0xff, CONF_IFNAME_LEN - len);
	(void)snprintf(e->text, sizeof(e->text), "\"%.15s\"", name);
}

/* Its number in the kernel is in host order. */
static void elem_user(uint32_t user, struct nft_elem *e)
{
	memcpy(e->first, &user, sizeof(user));
	memcpy(e->last, &user, sizeof(user));
	(void)snprintf(e->text, sizeof(e->text), "%u", user);
}

bool nft_model_elem(const struct nft_model *m, const struct nft_set *s,
		    uint32_t *i, struct nft_elem *e)
{
	const struct conf_tables *c = m->conf;
	uint32_t at;

	while (*i < s->items.n && !item_is(c, s, *i))
		++*i;
	if (*i == s->items.n)
		return false;
	at = s->items.first + (*i)++;
	memset(e, 0, sizeof(*e));
	switch (s->kind) {
	case NFT_SET_TO:
		elem_dest(&c->dests[at], e);
		break;
	case NFT_SET_CLIENTS:
		elem_client(&c->nets[at], e);
		break;
	case NFT_SET_INTERFACES:
		elem_interface(c->ifaces[at], e);
		break;
	case NFT_SET_USERS:
		elem_user(c->users[at], e);
		break;
	case NFT_SET_PROTOCOLS:
		e->first[0] = protocols[at];
		e->last[0] = protocols[at];
		break;
	case NFT_SET_HANDSHAKES:
	case NFT_SET_KIND_MAX:
		break;
	}
	return true;
}
