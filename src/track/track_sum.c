/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_sum.c - checksums of tracker messages */
#include "track_sum.h"

/* Half a byte at a time: half[i] is i shifted out through the polynomial. */
static uint16_t crc(const uint16_t half[static 16], uint16_t sum,
		    struct base_span bytes)
{
	for (size_t i = 0; i < bytes.len; i++) {
		sum ^= bytes.ptr[i];
		sum = (uint16_t)(sum >> 4 ^ half[sum & 15]);
		sum = (uint16_t)(sum >> 4 ^ half[sum & 15]);
	}
	return sum;
}

uint16_t track_sum_x25(struct base_span bytes)
{
	static const uint16_t half[16] = {
		0x0000, 0x1081, 0x2102, 0x3183, 0x4204, 0x5285, 0x6306, 0x7387,
		0x8408, 0x9489, 0xa50a, 0xb58b, 0xc60c, 0xd68d, 0xe70e, 0xf78f,
	};

	return (uint16_t)~crc(half, 0xffff, bytes);
}

uint16_t track_sum_arc(struct base_span bytes)
{
	static const uint16_t half[16] = {
		0x0000, 0xcc01, 0xd801, 0x1400, 0xf001, 0x3c00, 0x2800, 0xe401,
		0xa001, 0x6c00, 0x7800, 0xb401, 0x5000, 0x9c01, 0x8801, 0x4400,
	};

	return crc(half, 0, bytes);
}

uint16_t track_sum_xmodem(struct base_span bytes)
{
	/* the other way round: the highest bit comes first */
	static const uint16_t half[16] = {
		0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7,
		0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef,
	};
	uint16_t sum = 0;

	for (size_t i = 0; i < bytes.len; i++) {
		const uint8_t byte = bytes.ptr[i];

		sum = (uint16_t)(sum << 4 ^ half[sum >> 12 ^ byte >> 4]);
		sum = (uint16_t)(sum << 4 ^ half[sum >> 12 ^ (byte & 15)]);
	}
	return sum;
}

uint8_t track_sum_xor(struct base_span bytes)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < bytes.len; i++)
		sum ^= bytes.ptr[i];
	return sum;
}
