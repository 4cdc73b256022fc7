/* SPDX-License-Identifier: GPL-3.0-or-later */
/* role_channel_test.c - both ends of a channel in one process */
#include "role_channel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_test.h"

/* Neither of the messages. */
#define UNTOUCHED ROLE_MESSAGE_MAX

static void open_channel(int ends[2])
{
	assert_int_equal(role_channel_open(ends), 0);
}

static void close_channel(int ends[2])
{
	base_fd_close(&ends[0]);
	base_fd_close(&ends[1]);
}

static void expect(int fd, int result, enum role_message message)
{
	enum role_message m = UNTOUCHED;

	assert_int_equal(role_channel_receive(fd, &m), result);
	assert_int_equal(m, message);
}

static void ends_are_not_inherited_and_never_block(void **state)
{
	int ends[2];

	(void)state;
	open_channel(ends);
	for (int i = 0; i < 2; i++) {
		assert_true(fcntl(ends[i], F_GETFD) & FD_CLOEXEC);
		assert_true(fcntl(ends[i], F_GETFL) & O_NONBLOCK);
		expect(ends[i], 0, UNTOUCHED);
	}
	close_channel(ends);
}

static void messages_go_both_ways_one_at_a_time(void **state)
{
	int ends[2];

	(void)state;
	open_channel(ends);
	assert_int_equal(role_channel_send(ends[1], ROLE_READY), 0);
	assert_int_equal(role_channel_send(ends[1], ROLE_STOP), 0);
	assert_int_equal(role_channel_send(ends[0], ROLE_STOP), 0);
	expect(ends[0], 1, ROLE_READY);
	expect(ends[0], 1, ROLE_STOP);
	expect(ends[0], 0, UNTOUCHED);
	expect(ends[1], 1, ROLE_STOP);
	expect(ends[1], 0, UNTOUCHED);
	close_channel(ends);
}

static void an_end_that_is_gone_is_told_after_its_last_message(void **state)
{
	int ends[2];

	(void)state;
	open_channel(ends);
	assert_int_equal(role_channel_send(ends[1], ROLE_READY), 0);
	base_fd_close(&ends[1]);
	expect(ends[0], 1, ROLE_READY);
	expect(ends[0], -EPIPE, UNTOUCHED);
	/* and no SIGPIPE, which would end this test */
	assert_int_equal(role_channel_send(ends[0], ROLE_STOP), -EPIPE);
	close_channel(ends);
}

static void what_is_no_message_is_refused(void **state)
{
	static const struct {
		uint32_t words[2];
		size_t len;
	} rows[] = {
		{ { 0 }, 4 },          { { ROLE_MESSAGE_MAX }, 4 },
		{ { UINT32_MAX }, 4 }, { { ROLE_READY }, 3 },
		{ { ROLE_READY }, 8 }, /* not cut to what would be one */
	};
	int ends[2];

	(void)state;
	open_channel(ends);
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		assert_int_equal(send(ends[1], rows[i].words, rows[i].len, 0),
				 rows[i].len);
		expect(ends[0], -EBADMSG, UNTOUCHED);
	}
	/* and takes nothing of the next one */
	assert_int_equal(role_channel_send(ends[1], ROLE_READY), 0);
	expect(ends[0], 1, ROLE_READY);
	close_channel(ends);
}

static void a_full_channel_is_an_error_and_not_a_wait(void **state)
{
	int ends[2], r;

	(void)state;
	open_channel(ends);
	do {
		r = role_channel_send(ends[0], ROLE_STOP);
	} while (!r);
	assert_int_equal(r, -EAGAIN);
	close_channel(ends);
}

static void stop_is_said_by_word_or_by_leaving(void **state)
{
	const uint32_t nonsense = ROLE_MESSAGE_MAX;
	int ends[2];

	(void)state;
	open_channel(ends);
	assert_false(role_channel_says_stop(ends[1])); /* nothing said */
	assert_int_equal(role_channel_send(ends[0], ROLE_READY), 0);
	assert_false(role_channel_says_stop(ends[1]));
	assert_int_equal(role_channel_send(ends[0], ROLE_STOP), 0);
	assert_true(role_channel_says_stop(ends[1]));
	assert_int_equal(send(ends[0], &nonsense, sizeof(nonsense), 0),
			 sizeof(nonsense));
	assert_true(role_channel_says_stop(ends[1]));
	base_fd_close(&ends[0]);
	assert_true(role_channel_says_stop(ends[1]));
	close_channel(ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_are_not_inherited_and_never_block),
		cmocka_unit_test(messages_go_both_ways_one_at_a_time),
		cmocka_unit_test(
			an_end_that_is_gone_is_told_after_its_last_message),
		cmocka_unit_test(stop_is_said_by_word_or_by_leaving),
		cmocka_unit_test(what_is_no_message_is_refused),
		cmocka_unit_test(a_full_channel_is_an_error_and_not_a_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
