/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_tk103_fuzz.c - any bytes as messages of tk103 */
#include "track_fuzz.h"
#include "track_tk103.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	return fuzz_protocol(&track_tk103, bytes, len);
}
