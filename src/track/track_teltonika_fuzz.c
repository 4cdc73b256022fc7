/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_teltonika_fuzz.c - any bytes as messages of Teltonika */
#include "track_fuzz.h"
#include "track_teltonika.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	return fuzz_protocol(&track_teltonika, bytes, len);
}
