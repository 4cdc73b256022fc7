/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_batch.c - one atomic nftables transaction, and the kernel's answers */
#include "nft_batch.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <assert.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define HEADROOM   (NFT_MESSAGE_MAX + 4096)
#define ANSWER_LEN 8192 /* one answer is below 1 KiB */
/* What an answer costs of the receive buffer: the kernel counts its memory, not
 * its bytes. */
#define ANSWER_COST 1280

struct label {
	char text[NFT_LABEL_LEN];
};

struct nft_batch {
	char *buf;
	size_t size, used; /* used: without the message being built */
	struct nlmsghdr *open;
	uint32_t seq; /* of the begin; then one a message, in order */
	uint32_t n, n_room;
	struct label *labels; /* labels[i] is of message seq + 1 + i */
	size_t *starts;       /* its offset in buf */
};

struct nft_batch *nft_batch_new(void)
{
	struct nft_batch *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->size = (size_t)4 * HEADROOM;
	b->buf = malloc(b->size);
	if (!b->buf) {
		free(b);
		return NULL;
	}
	b->seq = (uint32_t)time(NULL);
	nftnl_batch_begin(b->buf, b->seq);
	b->open = (struct nlmsghdr *)(void *)b->buf;
	return b;
}

void nft_batch_free(struct nft_batch *b)
{
	if (!b)
		return;
	free(b->labels);
	free(b->starts);
	free(b->buf);
	free(b);
}

static void close_message(struct nft_batch *b)
{
	assert(b->open->nlmsg_len <= HEADROOM);
	b->used += NLMSG_ALIGN(b->open->nlmsg_len);
	b->open = NULL;
}

static bool make_room(struct nft_batch *b)
{
	if (b->size - b->used < (size_t)2 * HEADROOM) {
		char *buf = realloc(b->buf, b->size * 2);

		if (!buf)
			return false;
		b->buf = buf;
		b->size *= 2;
	}
	if (b->n == b->n_room) {
		const uint32_t n = b->n_room ? b->n_room * 2 : 64;
		struct label *labels = realloc(b->labels, n * sizeof(*labels));
		size_t *starts;

		if (!labels)
			return false;
		b->labels = labels;
		starts = realloc(b->starts, n * sizeof(*starts));
		if (!starts)
			return false;
		b->starts = starts;
		b->n_room = n;
	}
	return true;
}

struct nlmsghdr *nft_batch_add(struct nft_batch *b, uint16_t type,
			       uint16_t flags, const char *label, ...)
{
	va_list args;

	if (b->open)
		close_message(b);
	if (!make_room(b))
		return NULL;
	va_start(args, label);
	(void)vsnprintf(b->labels[b->n].text, NFT_LABEL_LEN, label, args);
	va_end(args);
	b->starts[b->n] = b->used;
	b->n++;
	b->open = nftnl_nlmsg_build_hdr(b->buf + b->used, type, NFPROTO_INET,
					flags | NLM_F_ACK, b->seq + b->n);
	return b->open;
}

static int take_expression_name(const struct nlattr *a, void *arg)
{
	const char **name = arg;

	if (mnl_attr_get_type(a) == NFTA_EXPR_NAME &&
	    mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
		*name = mnl_attr_get_str(a);
	return MNL_CB_OK;
}

/*
 * The name of the expression of our message that the kernel points at: an
 * offset from the start of the message to a list element {name, data}. Empty
 * when it points at nothing of the kind.
 */
static const char *expression_at(const struct nft_batch *b, uint32_t i,
				 uint32_t offset)
{
	const char *start = b->buf + b->starts[i];
	const struct nlmsghdr *h = (const void *)start;
	const struct nlattr *elem = (const void *)(start + offset);
	const char *name = "";

	if (offset % NLA_ALIGNTO ||
	    offset < NLMSG_HDRLEN + sizeof(struct nfgenmsg) ||
	    offset > h->nlmsg_len ||
	    !mnl_attr_ok(elem, (int)(h->nlmsg_len - offset)) ||
	    mnl_attr_get_type(elem) != NFTA_LIST_ELEM)
		return "";
	(void)mnl_attr_parse_nested(elem, take_expression_name, &name);
	return name;
}

struct refusal {
	const char *message; /* the kernel's, or "" */
	uint32_t offset;     /* of the attribute that it means, or 0 */
};

static int take_extended(const struct nlattr *a, void *arg)
{
	struct refusal *r = arg;

	if (mnl_attr_get_type(a) == NLMSGERR_ATTR_MSG &&
	    mnl_attr_validate(a, MNL_TYPE_NUL_STRING) >= 0)
		r->message = mnl_attr_get_str(a);
	else if (mnl_attr_get_type(a) == NLMSGERR_ATTR_OFFS &&
		 mnl_attr_validate(a, MNL_TYPE_U32) >= 0)
		r->offset = mnl_attr_get_u32(a);
	return MNL_CB_OK;
}

/* The extended part of an answer (kernel: netlink_ack_tlv_fill). */
static struct refusal read_extended(const struct nlmsghdr *h,
				    const struct nlmsgerr *e)
{
	struct refusal r = { .message = "" };
	size_t skip = sizeof(*e);

	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		skip += e->msg.nlmsg_len - NLMSG_HDRLEN;
	if (h->nlmsg_flags & NLM_F_ACK_TLVS &&
	    skip < mnl_nlmsg_get_payload_len(h))
		(void)mnl_attr_parse(h, (unsigned)skip, take_extended, &r);
	return r;
}

/* Writes why message i was refused. */
static void explain(const struct nft_batch *b, uint32_t i, int error,
		    const struct refusal *r, struct nft_error *why)
{
	const char *expr = expression_at(b, i, r->offset);
	char where[32] = "", hint[64] = "";

	if (expr[0])
		(void)snprintf(where, sizeof(where), " (%.24s)", expr);
	if (error == ENOENT && expr[0])
		(void)snprintf(hint, sizeof(hint),
			       ": does this kernel have nft_%.24s?", expr);
	else if (r->message[0])
		(void)snprintf(hint, sizeof(hint), ": %.60s", r->message);
	(void)snprintf(why->text, sizeof(why->text), "%s%s: %s%s",
		       b->labels[i].text, where, strerrordesc_np(error), hint);
}

/* The kernel answers the begin itself when it refuses all of the batch. */
static int explain_batch(int error, struct nft_error *why)
{
	(void)snprintf(why->text, sizeof(why->text), "nft rules: %s%s",
		       strerrordesc_np(error),
		       error == EPERM ? ": CAP_NET_ADMIN is needed" : "");
	return -error;
}

int nft_batch_answers(const struct nft_batch *b, const void *bytes, size_t len,
		      uint32_t *n_acks, struct nft_error *why)
{
	const struct nlmsghdr *h = bytes;
	int left = (int)len;

	for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
		const uint32_t i = h->nlmsg_seq - b->seq - 1;
		const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);
		struct refusal r;

		if (h->nlmsg_type != NLMSG_ERROR ||
		    mnl_nlmsg_get_payload_len(h) < sizeof(*e))
			continue;
		if (h->nlmsg_seq == b->seq && e->error)
			return explain_batch(-e->error, why);
		if (i >= b->n)
			continue;
		if (e->error) {
			r = read_extended(h, e);
			explain(b, i, -e->error, &r, why);
			return e->error;
		}
		++*n_acks;
	}
	return 0;
}

/* Beyond the limit for all users where we may, as much as allowed elsewhere. */
static void set_buffer(int fd, int force, int plain, size_t len)
{
	const int value = (int)len;

	if (setsockopt(fd, SOL_SOCKET, force, &value, sizeof(value)) < 0)
		(void)setsockopt(fd, SOL_SOCKET, plain, &value, sizeof(value));
}

static int unanswered(const struct nft_batch *b, uint32_t n_acks, int error,
		      struct nft_error *why)
{
	(void)snprintf(why->text, sizeof(why->text),
		       "nft rules: %u of %u objects unanswered: %s",
		       b->n - n_acks, b->n, strerrordesc_np(error));
	return -error;
}

/*
 * Reads until nothing is left, beyond a refusal too: what stayed in the socket
 * would be taken for the answer to the next question. The kernel has answered
 * when sendto() returns, so nothing is waited for, and an answer that is not
 * there was lost for want of room (ENOBUFS).
 */
static int read_answers(const struct nft_batch *b, int fd,
			struct nft_error *why)
{
	char answer[ANSWER_LEN] __attribute__((aligned(NLMSG_ALIGNTO)));
	uint32_t n_acks = 0;
	int refused = 0, lost = EPROTO;

	for (;;) {
		const ssize_t len = recv(fd, answer, sizeof(answer),
					 MSG_DONTWAIT | MSG_TRUNC);

		if (len < 0 && errno == EAGAIN)
			break;
		if (len < 0 && errno != EINTR && errno != ENOBUFS)
			return unanswered(b, n_acks, errno, why);
		if (len < 0 && errno == ENOBUFS)
			lost = ENOBUFS;
		if (len < 0 || len > (ssize_t)sizeof(answer) || refused)
			continue;
		refused =
			nft_batch_answers(b, answer, (size_t)len, &n_acks, why);
	}
	if (refused)
		return refused;
	return n_acks == b->n ? 0 : unanswered(b, n_acks, lost, why);
}

int nft_batch_send(struct nft_batch *b, struct mnl_socket *s,
		   struct nft_error *why)
{
	const int fd = mnl_socket_get_fd(s);

	close_message(b);
	nftnl_batch_end(b->buf + b->used, b->seq + b->n + 1);
	b->open = (struct nlmsghdr *)(void *)(b->buf + b->used);
	close_message(b);
	set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, b->used * 2);
	set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, (size_t)b->n * ANSWER_COST);
	if (mnl_socket_sendto(s, b->buf, b->used) < 0)
		return explain_batch(errno, why);
	return read_answers(b, fd, why);
}
