/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_xexun_fuzz.c - any bytes as messages of Xexun trackers */
#include "track_fuzz.h"
#include "track_xexun.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	return fuzz_protocol(&track_xexun, bytes, len);
}
