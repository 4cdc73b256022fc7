/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_call.h - which system call failed, where one errno has many causes */
#ifndef BASE_CALL_H
#define BASE_CALL_H

enum base_call {
	BASE_CALL_CONNECT,
	BASE_CALL_SOCKET,
	BASE_CALL_SETSOCKOPT,
	BASE_CALL_BIND,
	BASE_CALL_GETSOCKNAME,
	BASE_CALL_SEND,
	BASE_CALL_EPOLL_CTL,
	BASE_CALL_MAX
};

#endif
