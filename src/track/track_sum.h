/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_sum.h - checksums of tracker messages */
#ifndef TRACK_SUM_H
#define TRACK_SUM_H

#include <stdint.h>

#include "base_rd.h"

/* CRC-16/X-25, also CRC-16/IBM-SDLC: reflected polynomial 0x1021, from 0xffff,
 * inverted (ISO/IEC 13239). Of "123456789": 0x906e. */
uint16_t track_sum_x25(struct base_span bytes);
/* CRC-16/ARC, also CRC-16/IBM: reflected polynomial 0x8005, from 0. Of
 * "123456789": 0xbb3d. */
uint16_t track_sum_arc(struct base_span bytes);
/* CRC-16/XMODEM: polynomial 0x1021, from 0. Of "123456789": 0x31c3. */
uint16_t track_sum_xmodem(struct base_span bytes);
/* All bytes, exclusive or. */
uint8_t track_sum_xor(struct base_span bytes);

#endif
