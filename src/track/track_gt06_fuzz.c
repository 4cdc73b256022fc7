/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_gt06_fuzz.c - any bytes as messages of the GT06 family */
#include "track_fuzz.h"
#include "track_gt06.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	return fuzz_protocol(&track_gt06, bytes, len);
}
