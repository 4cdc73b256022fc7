/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_gps103_fuzz.c - any bytes as messages of gps103 */
#include "track_fuzz.h"
#include "track_gps103.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	return fuzz_protocol(&track_gps103, bytes, len);
}
