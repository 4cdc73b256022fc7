/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * control_request_fuzz.c - any bytes: a request, a reply, or neither
 *
 * What is taken for a request has one size and says nothing but what it may;
 * what is taken for a reply accounts for every byte. The first byte chooses the
 * request that the reply would be to, the second the number of descriptors.
 */
#include <stdlib.h>
#include <string.h>

#include "control.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check_request(const uint8_t *bytes, size_t len)
{
	static const struct control_request untouched = { .serial = 0xa5 };
	struct control_request q = untouched;

	if (!control_request_valid(bytes, len, &q)) {
		if (memcmp(&q, &untouched, sizeof(q)) != 0)
			abort();
		return;
	}
	if (len != sizeof(q) || memcmp(&q, bytes, len) != 0)
		abort();
	if (q.magic != CONTROL_MAGIC || q.version != CONTROL_VERSION ||
	    q.type == 0 || q.type >= CONTROL_TYPE_MAX)
		abort();
	if ((q.type == CONTROL_CLOSE) != (q.serial != 0) ||
	    (q.type != CONTROL_CLOSE && (q.worker || q.slot)) ||
	    q.on > (q.type == CONTROL_BYPASS))
		abort();
	/* who then prints or parses the texts stays within them */
	if (q.type == CONTROL_EDIT &&
	    (strnlen(q.edit.rule, sizeof(q.edit.rule)) == sizeof(q.edit.rule) ||
	     strnlen(q.edit.item, sizeof(q.edit.item)) == sizeof(q.edit.item) ||
	     q.edit.list >= CONTROL_LIST_MAX))
		abort();
}

static void check_reply(const uint8_t *bytes, size_t len,
			enum control_type type, size_t n_fds)
{
	struct control_reply p;

	if (!control_reply_valid(bytes, len, type, n_fds, &p))
		return;
	if (len != sizeof(p) + p.text_len || p.error > 0 ||
	    (p.type != type && !p.error))
		abort();
	/* who then walks the descriptors stays among them */
	if (n_fds && 2 + p.n_workers * (1 + (uint64_t)p.n_readers) != n_fds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	check_request(bytes, len);
	if (len >= 2)
		check_reply(bytes + 2, len - 2,
			    (enum control_type)(
				    1 + bytes[0] % (CONTROL_TYPE_MAX - 1)),
			    bytes[1]);
	return 0;
}
