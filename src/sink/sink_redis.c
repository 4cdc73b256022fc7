/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sink_redis_none.c - a build without hiredis: no sink is of this kind */
#include "sink.h"

const struct sink_ops *const sink_redis = NULL;
