/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base_fd.h - descriptors: closing, handing over, non-blocking steps
 *
 * An I/O step returns >0 progress, 0 "would block", <0 -errno; EINTR is
 * retried inside. A descriptor that is closed holds -1.
 */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "base_attr.h"

/* For WS_CLEAN: closes *fd if it is open and sets it to -1; keeps errno. */
void base_fd_close(int *fd);

/* Gives the descriptor away: returns it and leaves -1 behind. */
WS_MUST_USE int base_fd_take(int *fd);

/*
 * Opens those of 0-2 that are closed, as /dev/null: what comes later must not
 * land there, or text would go into a socket or shared memory. A standard
 * output that was closed cannot be written to (EBADF), as before. Return:
 * false, and nobody can be told: the place for it may be what is missing.
 */
WS_MUST_USE bool base_fd_standard(void);

/* End of stream is -ESHUTDOWN, so that 0 stays "would block"; len > 0. */
ssize_t base_fd_recv(int fd, void *buf, size_t len);
ssize_t base_fd_sendv(int fd, struct iovec *iov, int n_iov);

/* Writes all of it to a regular file. Return: 0 or -errno, and *written (may be
 * NULL) holds what got there either way. */
WS_MUST_USE int base_fd_write_all(int fd, const void *buf, size_t len,
				  size_t *written);

/* Reads a file of at most max bytes into a fresh buffer with a NUL after it;
 * the caller frees *text. Return: 0, -EFBIG or -errno. */
WS_MUST_USE int base_fd_read_all(int fd, size_t max, char **text, size_t *len);

#endif
