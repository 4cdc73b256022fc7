/* SPDX-License-Identifier: GPL-3.0-or-later */
/* track_watch_fuzz.c - any bytes as messages of the watch family */
#include "track_fuzz.h"
#include "track_watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	return fuzz_protocol(&track_watch, bytes, len);
}
