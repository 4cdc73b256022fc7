/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft_batch_test.c - what the kernel answers, and what people read of it */
#include "nft_batch.h"

#include "base_test.h"

#include <netinet/in.h> /* before linux/in.h, which then gives way */

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

/* Answers are built byte by byte from the kernel's documents: netlink(7) for
 * the header and nlmsgerr, Documentation/userspace-api/netlink/intro.rst for
 * the extended part. */
struct answer {
	struct nlmsghdr h;
	struct nlmsgerr e;
	struct nlattr offset_attr;
	uint32_t offset;
};

#define NO_OFFSET 0U

static struct answer answer(uint32_t seq, int error, uint32_t offset)
{
	struct answer a = {
		.h = { .nlmsg_len = sizeof(a.h) + sizeof(a.e),
		       .nlmsg_type = NLMSG_ERROR,
		       .nlmsg_flags = NLM_F_CAPPED,
		       .nlmsg_seq = seq },
		.e = { .error = -error },
		.offset_attr = { .nla_len = 8, .nla_type = NLMSGERR_ATTR_OFFS },
		.offset = offset,
	};

	if (offset != NO_OFFSET) {
		a.h.nlmsg_len = sizeof(a);
		a.h.nlmsg_flags |= NLM_F_ACK_TLVS;
	}
	return a;
}

/* A batch of a table and a rule with two expressions. With headers of 16 bytes
 * (message), 4 (nfgenmsg) and 4 (attribute), and names padded to 4, the list of
 * expressions begins at 20, its first element at 24; that holds a name of
 * 4 + 8 bytes ("counter"), so the second begins at 24 + 4 + 12 = 40. Numbers
 * go up by one a message, from the begin on. */
#define FIRST_EXPRESSION  24U
#define SECOND_EXPRESSION 40U

static void put_expression(struct nlmsghdr *h, const char *name)
{
	struct nlattr *elem = mnl_attr_nest_start(h, NFTA_LIST_ELEM);

	mnl_attr_put_strz(h, NFTA_EXPR_NAME, name);
	mnl_attr_nest_end(h, elem);
}

static struct nft_batch *batch(uint32_t *begin)
{
	struct nft_batch *b = nft_batch_new();
	struct nlmsghdr *h;
	struct nlattr *list;

	assert_non_null(b);
	h = nft_batch_add(b, NFT_MSG_NEWTABLE, 0, "table inet %s", "t");
	assert_non_null(h);
	*begin = h->nlmsg_seq - 1;
	h = nft_batch_add(b, NFT_MSG_NEWRULE, 0, "rule \"%s\"", "tkstar v4");
	assert_non_null(h);
	list = mnl_attr_nest_start(h, NFTA_RULE_EXPRESSIONS);
	put_expression(h, "counter");
	put_expression(h, "tproxy");
	mnl_attr_nest_end(h, list);
	return b;
}

/* What one answer to batch() gives; it is for message `which` (0: begin). */
static int read_one(uint32_t which, int error, uint32_t offset,
		    struct nft_error *why)
{
	uint32_t begin, n_acks = 0;
	struct nft_batch *b = batch(&begin);
	const struct answer a = answer(begin + which, error, offset);
	const int r = nft_batch_answers(b, &a, a.h.nlmsg_len, &n_acks, why);

	assert_int_equal(n_acks, !error && which >= 1 && which <= 2);
	nft_batch_free(b);
	return r;
}

static void test_acknowledged(void **state)
{
	struct nft_error why;

	(void)state;
	assert_int_equal(read_one(1, 0, NO_OFFSET, &why), 0);
	assert_int_equal(read_one(2, 0, NO_OFFSET, &why), 0);
	/* neither the begin nor what is not of this batch counts */
	assert_int_equal(read_one(0, 0, NO_OFFSET, &why), 0);
	assert_int_equal(read_one(3, 0, NO_OFFSET, &why), 0);
	assert_int_equal(read_one(3, EPERM, NO_OFFSET, &why), 0);
}

static void test_refused(void **state)
{
	static const struct {
		uint32_t which, offset;
		int error;
		const char *text;
	} cases[] = {
		{ 1, NO_OFFSET, EEXIST, "table inet t: File exists" },
		{ 2, NO_OFFSET, ENOENT,
		  "rule \"tkstar v4\": No such file or directory" },
		{ 2, SECOND_EXPRESSION, ENOENT,
		  "rule \"tkstar v4\" (tproxy): No such file or directory: "
		  "does this kernel have nft_tproxy?" },
		{ 2, FIRST_EXPRESSION, EINVAL,
		  "rule \"tkstar v4\" (counter): Invalid argument" },
		/* the list itself, the middle of it, past the message */
		{ 2, 20, EINVAL, "rule \"tkstar v4\": Invalid argument" },
		{ 2, 41, EINVAL, "rule \"tkstar v4\": Invalid argument" },
		{ 2, 56, EINVAL, "rule \"tkstar v4\": Invalid argument" },
		{ 2, 4096, EINVAL, "rule \"tkstar v4\": Invalid argument" },
		{ 0, NO_OFFSET, EPERM,
		  "nft rules: Operation not permitted: CAP_NET_ADMIN is "
		  "needed" },
	};

	(void)state;
	for (size_t i = 0; i < WS_ARRAY_LEN(cases); i++) {
		struct nft_error why;

		assert_int_equal(read_one(cases[i].which, cases[i].error,
					  cases[i].offset, &why),
				 -cases[i].error);
		assert_string_equal(why.text, cases[i].text);
	}
}

/* Without NLM_F_CAPPED our own message stands between. */
static void test_uncapped(void **state)
{
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
		uint8_t ours[12];
		struct nlattr message_attr;
		char message[12];
	} a = {
		.h = { .nlmsg_len = sizeof(a),
		       .nlmsg_type = NLMSG_ERROR,
		       .nlmsg_flags = NLM_F_ACK_TLVS },
		.e = { .error = -EINVAL,
		       .msg.nlmsg_len = sizeof(a.e.msg) + sizeof(a.ours) },
		.message_attr = { .nla_len = 4 + 10,
				  .nla_type = NLMSGERR_ATTR_MSG },
		.message = "too small",
	};
	uint32_t begin, n_acks = 0;
	struct nft_batch *b = batch(&begin);
	struct nft_error why;

	(void)state;
	a.h.nlmsg_seq = begin + 1;
	assert_int_equal(nft_batch_answers(b, &a, sizeof(a), &n_acks, &why),
			 -EINVAL);
	assert_string_equal(why.text,
			    "table inet t: Invalid argument: too small");
	nft_batch_free(b);
}

/* An answer that is not whole is none. */
static void test_cut(void **state)
{
	uint32_t begin, n_acks = 0;
	struct nft_batch *b = batch(&begin);
	const struct answer a = answer(begin + 1, EINVAL, NO_OFFSET);
	struct nft_error why;

	(void)state;
	for (size_t len = 0; len < a.h.nlmsg_len; len++)
		assert_int_equal(nft_batch_answers(b, &a, len, &n_acks, &why),
				 0);
	assert_int_equal(n_acks, 0);
	nft_batch_free(b);
}

/* Many messages of the largest size: the buffer grows, labels stay theirs. */
static void test_growth(void **state)
{
	static const uint8_t bytes[NFT_MESSAGE_MAX - 4];
	struct nft_batch *b = nft_batch_new();
	struct nft_error why;
	struct answer a;
	uint32_t seq_137 = 0, n_acks = 0;

	(void)state;
	assert_non_null(b);
	for (unsigned i = 0; i < 200; i++) {
		struct nlmsghdr *h =
			nft_batch_add(b, NFT_MSG_NEWSET, 0, "set \"%u\"", i);

		assert_non_null(h);
		if (i == 137)
			seq_137 = h->nlmsg_seq;
		mnl_attr_put(h, NFTA_SET_USERDATA, sizeof(bytes), bytes);
	}
	a = answer(seq_137, EEXIST, NO_OFFSET);
	assert_int_equal(nft_batch_answers(b, &a, a.h.nlmsg_len, &n_acks, &why),
			 -EEXIST);
	assert_string_equal(why.text, "set \"137\": File exists");
	nft_batch_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_acknowledged),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_uncapped),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_growth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
