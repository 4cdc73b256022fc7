/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_h02_fuzz.c - any bytes as messages of h02 */
#include "track_fuzz.h"
#include "track_h02.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	return fuzz_protocol(&track_h02, bytes, len);
}
