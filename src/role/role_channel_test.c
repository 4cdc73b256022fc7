/* SPDX-License-Identifier: GPL-3.0-or-later */
/* role_channel_test.c - both ends of a channel in one process */
#include "role_channel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base_fd.h"
#include "base_test.h"

/* None of the messages. */
#define UNTOUCHED ROLE_MESSAGE_MAX
/* Descriptors in one message. */
#define MANY 3

static void open_channel(int ends[2])
{
	assert_int_equal(role_channel_open(ends), 0);
}

static void close_channel(int ends[2])
{
	base_fd_close(&ends[0]);
	base_fd_close(&ends[1]);
}

static void expect(int fd, int result, enum role_message_type type)
{
	struct role_message m = { .type = UNTOUCHED };
	int with = -1;

	assert_int_equal(role_channel_receive(fd, &m, &with), result);
	assert_int_equal(m.type, type);
	assert_int_equal(with, -1);
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
	assert_int_equal(role_channel_say(ends[1], ROLE_READY), 0);
	assert_int_equal(role_channel_say(ends[1], ROLE_STOP), 0);
	assert_int_equal(role_channel_say(ends[0], ROLE_STOP), 0);
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
	assert_int_equal(role_channel_say(ends[1], ROLE_READY), 0);
	base_fd_close(&ends[1]);
	expect(ends[0], 1, ROLE_READY);
	expect(ends[0], -EPIPE, UNTOUCHED);
	/* and no SIGPIPE, which would end this test */
	assert_int_equal(role_channel_say(ends[0], ROLE_STOP), -EPIPE);
	close_channel(ends);
}

static void what_is_no_message_is_refused(void **state)
{
	static const struct {
		uint32_t type;
		size_t len;
	} rows[] = {
		{ 0, sizeof(struct role_message) },
		{ ROLE_MESSAGE_MAX, sizeof(struct role_message) },
		{ UINT32_MAX, sizeof(struct role_message) },
		{ ROLE_READY, sizeof(struct role_message) - 1 },
		/* not cut to what would be one */
		{ ROLE_READY, sizeof(struct role_message) + 1 },
	};
	int ends[2];

	(void)state;
	open_channel(ends);
	for (size_t i = 0; i < WS_ARRAY_LEN(rows); i++) {
		struct role_message m[2] = { { .type = rows[i].type } };

		assert_int_equal(send(ends[1], m, rows[i].len, 0), rows[i].len);
		expect(ends[0], -EBADMSG, UNTOUCHED);
	}
	/* and takes nothing of the next one */
	assert_int_equal(role_channel_say(ends[1], ROLE_READY), 0);
	expect(ends[0], 1, ROLE_READY);
	close_channel(ends);
}

static void all_of_a_message_arrives(void **state)
{
	const struct role_message sent = { .type = ROLE_CLOSE,
					   .number = 1,
					   .slot = 2,
					   .serial = 3,
					   .worker = 4,
					   .error = -5 };
	struct role_message m = { .type = 0 };
	int ends[2], with = -1;

	(void)state;
	open_channel(ends);
	assert_int_equal(role_channel_send(ends[0], &sent, -1), 0);
	assert_int_equal(role_channel_receive(ends[1], &m, &with), 1);
	assert_memory_equal(&m, &sent, sizeof(m));
	assert_int_equal(with, -1);
	close_channel(ends);
}

/* A descriptor is the very file, closes itself at an exec, and nothing is left
 * open when nobody wants it. */
static void a_descriptor_comes_along(void **state)
{
	const struct role_message sent = { .type = ROLE_PREPARE };
	struct role_message m;
	int ends[2], pair[2], with = -1;
	char byte = 0;

	(void)state;
	open_channel(ends);
	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	assert_int_equal(role_channel_send(ends[0], &sent, pair[1]), 0);
	assert_int_equal(role_channel_receive(ends[1], &m, &with), 1);
	assert_true(fcntl(with, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(write(with, "x", 1), 1);
	assert_int_equal(read(pair[0], &byte, 1), 1);
	assert_int_equal(byte, 'x');
	base_fd_close(&with);
	assert_int_equal(role_channel_send(ends[0], &sent, pair[1]), 0);
	assert_int_equal(role_channel_receive(ends[1], &m, NULL), 1);
	base_fd_close(&pair[1]);
	assert_int_equal(read(pair[0], &byte, 1), 0); /* no writer is left */
	base_fd_close(&pair[0]);
	close_channel(ends);
}

static unsigned open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
	while (readdir(d))
		n++;
	assert_int_equal(closedir(d), 0);
	return n;
}

/* As a hostile role may: one message with `n` descriptors. */
static void send_descriptors(int fd, int n)
{
	struct role_message m = { .type = ROLE_READY };
	struct iovec iov = { .iov_base = &m, .iov_len = sizeof(m) };
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(MANY * sizeof(int))];
	} control = { .room = { 0 } };
	const struct msghdr msg = { .msg_iov = &iov,
				    .msg_iovlen = 1,
				    .msg_control = control.room,
				    .msg_controllen = CMSG_SPACE((size_t)n *
								 sizeof(int)) };
	int fds[MANY];

	for (int i = 0; i < n; i++)
		fds[i] = fd;
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN((size_t)n * sizeof(int));
	memcpy(CMSG_DATA(&control.header), fds, (size_t)n * sizeof(int));
	assert_int_equal(sendmsg(fd, &msg, 0), sizeof(m));
}

static void no_more_descriptors_stay_than_are_wanted(void **state)
{
	struct role_message m;
	unsigned before;
	int ends[2], with;

	(void)state;
	open_channel(ends);
	before = open_descriptors();
	for (int n = 1; n <= MANY; n++) {
		send_descriptors(ends[1], n);
		assert_int_equal(role_channel_receive(ends[0], &m, &with), 1);
		assert_true(with >= 0);
		assert_int_equal(open_descriptors(), before + 1);
		base_fd_close(&with);
		send_descriptors(ends[1], n);
		assert_int_equal(role_channel_receive(ends[0], &m, NULL), 1);
		assert_int_equal(open_descriptors(), before);
	}
	close_channel(ends);
}

static void a_full_channel_is_an_error_and_not_a_wait(void **state)
{
	int ends[2], r;

	(void)state;
	open_channel(ends);
	do {
		r = role_channel_say(ends[0], ROLE_STOP);
	} while (!r);
	assert_int_equal(r, -EAGAIN);
	close_channel(ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_are_not_inherited_and_never_block),
		cmocka_unit_test(messages_go_both_ways_one_at_a_time),
		cmocka_unit_test(
			an_end_that_is_gone_is_told_after_its_last_message),
		cmocka_unit_test(all_of_a_message_arrives),
		cmocka_unit_test(a_descriptor_comes_along),
		cmocka_unit_test(no_more_descriptors_stay_than_are_wanted),
		cmocka_unit_test(what_is_no_message_is_refused),
		cmocka_unit_test(a_full_channel_is_an_error_and_not_a_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
