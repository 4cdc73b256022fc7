/* SPDX-License-Identifier: GPL-3.0-or-later */
/* control_test.c - which bytes are a request, which a reply, who may ask */
#include <string.h>

#include "base_test.h"
#include "control_server.h"

static const struct control_request closing = { .magic = CONTROL_MAGIC,
						.version = CONTROL_VERSION,
						.type = CONTROL_CLOSE,
						.worker = 3,
						.slot = 0xfffffffe,
						.serial = 1 };

static const struct control_request editing = {
	.magic = CONTROL_MAGIC,
	.version = CONTROL_VERSION,
	.type = CONTROL_EDIT,
	.edit = { .rule = "tkstar",
		  .item = "192.0.2.1:7700",
		  .list = CONTROL_LIST_INTERFACES,
		  .add = 1 },
};

static bool valid(const struct control_request *q)
{
	struct control_request out;

	return control_request_valid(q, sizeof(*q), &out);
}

static void requests(void **state)
{
	struct control_request q = closing, out;

	(void)state;
	assert_true(control_request_valid(&q, sizeof(q), &out));
	assert_memory_equal(&out, &q, sizeof(q));
	q = (struct control_request){ .magic = CONTROL_MAGIC,
				      .version = CONTROL_VERSION };
	for (int type = 0; type < CONTROL_TYPE_MAX + 2; type++) {
		q.type = (uint16_t)type;
		/* a CLOSE without a serial names no life of a slot, an EDIT
		 * without texts no rule; a BYPASS is off */
		assert_int_equal(valid(&q), type == CONTROL_STATUS ||
						    type == CONTROL_RELOAD ||
						    type == CONTROL_BYPASS);
	}
	q.type = CONTROL_BYPASS;
	q.on = 1;
	assert_true(valid(&q));
	q.on = 2;
	assert_false(valid(&q));
}

static void edits(void **state)
{
	struct control_request q = editing;

	(void)state;
	assert_true(valid(&q));
	q.edit.add = 0;
	assert_true(valid(&q));
	q.edit.add = 2;
	assert_false(valid(&q));
	q = editing;
	q.edit.list = CONTROL_LIST_MAX;
	assert_false(valid(&q));
	/* texts: some, and with their end */
	q = editing;
	memset(q.edit.rule, 'r', sizeof(q.edit.rule));
	assert_false(valid(&q));
	q.edit.rule[sizeof(q.edit.rule) - 1] = '\0';
	assert_true(valid(&q));
	q.edit.rule[0] = '\0';
	assert_false(valid(&q));
	q = editing;
	memset(q.edit.item, '1', sizeof(q.edit.item));
	assert_false(valid(&q));
	q.edit.item[sizeof(q.edit.item) - 1] = '\0';
	assert_true(valid(&q));
	memset(q.edit.item, 0, sizeof(q.edit.item));
	assert_false(valid(&q));
	/* what belongs to other types */
	q = editing;
	q.on = 1;
	assert_false(valid(&q));
	q = editing;
	q.serial = 1;
	assert_false(valid(&q));
	q = editing;
	q.type = CONTROL_RELOAD;
	assert_false(valid(&q));
}

/* Each member, one at a time. */
static void wrong_requests(void **state)
{
	static const struct control_request untouched = { .slot = 77 };
	struct control_request q = closing, out = untouched;
	uint8_t bytes[sizeof(q) + 1] = { 0 };

	(void)state;
	q.magic ^= 1;
	assert_false(valid(&q));
	q = closing;
	q.version++;
	assert_false(valid(&q));
	q = closing;
	q.type = 0x8000 | CONTROL_CLOSE;
	assert_false(valid(&q));
	q = closing;
	q.on = 1;
	assert_false(valid(&q));
	/* a place where the type has no use for one */
	q = closing;
	q.type = CONTROL_STATUS;
	assert_false(valid(&q));
	q.worker = q.slot = q.serial = 0;
	assert_true(valid(&q));
	/* every wrong size */
	memcpy(bytes, &closing, sizeof(closing));
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		if (len != sizeof(closing))
			assert_false(control_request_valid(bytes, len, &out));
	}
	assert_memory_equal(&out, &untouched, sizeof(out));
}

struct packet {
	struct control_reply reply;
	char text[8];
};

static void replies(void **state)
{
	static const struct control_reply ok = { .magic = CONTROL_MAGIC,
						 .version = CONTROL_VERSION,
						 .type = CONTROL_STATUS,
						 .n_workers = 4,
						 .n_readers = 2 };
	struct packet p = { .reply = ok };
	struct control_reply out;
	const size_t head = sizeof(p.reply);

	(void)state;
	/* state and configuration, then a table and two pages for each */
	assert_true(control_reply_valid(&p, head, CONTROL_STATUS, 14, &out));
	assert_false(control_reply_valid(&p, head, CONTROL_STATUS, 13, &out));
	assert_false(control_reply_valid(&p, head, CONTROL_STATUS, 0, &out));
	assert_false(control_reply_valid(&p, head, CONTROL_CLOSE, 14, &out));
	/* a failure brings nothing */
	p.reply.error = -5;
	assert_false(control_reply_valid(&p, head, CONTROL_STATUS, 14, &out));
	p.reply.n_workers = p.reply.n_readers = 0;
	assert_true(control_reply_valid(&p, head, CONTROL_STATUS, 0, &out));
	p.reply.error = 5;
	assert_false(control_reply_valid(&p, head, CONTROL_STATUS, 0, &out));
	/* no type is known: only a refusal */
	p.reply.type = 0;
	assert_false(control_reply_valid(&p, head, CONTROL_STATUS, 0, &out));
	p.reply.error = -13;
	assert_true(control_reply_valid(&p, head, CONTROL_STATUS, 0, &out));
	/* numbers of workers and readers whose product wraps around to 0 */
	p.reply = ok;
	p.reply.n_workers = 0x80000000U;
	p.reply.n_readers = 1;
	assert_false(control_reply_valid(&p, head, CONTROL_STATUS, 2, &out));
	p.reply.n_workers = 1;
	p.reply.n_readers = UINT32_MAX;
	assert_false(control_reply_valid(&p, head, CONTROL_STATUS, 2, &out));
	/* the text fills the packet */
	p.reply = ok;
	p.reply.type = CONTROL_RELOAD;
	p.reply.n_workers = p.reply.n_readers = 0;
	p.reply.text_len = 8;
	assert_true(control_reply_valid(&p, head + 8, CONTROL_RELOAD, 0, &out));
	assert_false(
		control_reply_valid(&p, head + 7, CONTROL_RELOAD, 0, &out));
	p.reply.text_len = 7;
	assert_false(
		control_reply_valid(&p, head + 8, CONTROL_RELOAD, 0, &out));
	assert_false(control_reply_valid(&p, 23, CONTROL_RELOAD, 0, &out));
}

static void peers(void **state)
{
	static const gid_t groups[] = { 10, 20, 30 };
	struct control_peer peer = { .uid = 1000, .gid = 100 };

	(void)state;
	/* root and the daemon's own user, with a group and without */
	assert_true(control_peer_allowed(&peer, 1000, CONTROL_NO_GROUP));
	assert_false(control_peer_allowed(&peer, 999, CONTROL_NO_GROUP));
	assert_false(control_peer_allowed(&peer, 999, 20));
	peer.uid = 0;
	assert_true(control_peer_allowed(&peer, 999, CONTROL_NO_GROUP));
	/* the group, as the first one or as one of the others */
	peer.uid = 1000;
	assert_true(control_peer_allowed(&peer, 999, 100));
	peer.groups = groups;
	peer.n_groups = 3;
	assert_true(control_peer_allowed(&peer, 999, 30));
	assert_false(control_peer_allowed(&peer, 999, 40));
	peer.n_groups = 2;
	assert_false(control_peer_allowed(&peer, 999, 30));
	/* nobody is a member of the group that does not exist */
	peer.gid = CONTROL_NO_GROUP;
	assert_false(control_peer_allowed(&peer, 999, CONTROL_NO_GROUP));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests),       cmocka_unit_test(edits),
		cmocka_unit_test(wrong_requests), cmocka_unit_test(replies),
		cmocka_unit_test(peers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
