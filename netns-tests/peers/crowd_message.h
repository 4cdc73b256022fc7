/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crowd_message.h - the bytes that each connection of a crowd sends
 *
 * An endless row of watch messages of one length, made of cells that tell whose
 * they are, the how many-th message and cell: so every byte of the stream can
 * be foretold, and a piece of it found in a capture tells where it belongs. No
 * message holds a line end.
 *
 *   [3G*0000000007*002B*LK,000070000041000.000070000041001....]
 *       device     length  |    |      cell
 *                          device, number of the message
 */
#ifndef CROWD_MESSAGE_H
#define CROWD_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base_attr.h"
#include "base_rd.h"

#define CROWD_MESSAGE_MIN 48
#define CROWD_MESSAGE_MAX 8192
#define CROWD_DEVICES_MAX 100000 /* their numbers are below */

/* The n bytes at `offset` of a device's stream of messages of `len` bytes. */
void crowd_message_fill(uint8_t *buf, size_t n, uint32_t device, size_t len,
			uint64_t offset);

/* Are these the bytes at `offset`? */
bool crowd_message_is(struct base_span bytes, uint32_t device, size_t len,
		      uint64_t offset);

/* Finds the first whole cell in a piece of a stream. Return: false = none; else
 * whose it is and the offset of the piece's first byte. */
WS_MUST_USE bool crowd_message_find(struct base_span bytes, size_t len,
				    uint32_t *device, uint64_t *offset);

#endif
