/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sink_amqp_none.c - a build without librabbitmq: no sink is of this kind */
#include "sink.h"

const struct sink_ops *const sink_amqp = NULL;
