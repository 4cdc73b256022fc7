/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_jt808_fuzz.c - any bytes as messages of JT/T 808 */
#include "track_fuzz.h"
#include "track_jt808.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	return fuzz_protocol(&track_jt808, bytes, len);
}
