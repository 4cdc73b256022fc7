/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_sinks.h - the store, and the sinks that it feeds: values and checks */
#ifndef CONF_SINKS_H
#define CONF_SINKS_H

#include <stdbool.h>

#include "base_rd.h"
#include "conf_errors.h"
#include "conf_schema.h"
#include "conf_tables.h"

struct conf_draft;

/* What is printed in place of a credential. */
#define CONF_SINKS_HIDDEN "***"

/* The key that makes a sink of this kind. */
enum conf_key_id conf_sinks_key(enum conf_sink_kind kind);

/* These give the draft's last sink its value, or say what is wrong with it. */
void conf_sinks_uri(struct conf_draft *d, enum conf_sink_kind kind,
		    struct conf_mark at, struct base_span text);
/* The program, or its next argument. Return: false after a complaint. */
bool conf_sinks_argument(struct conf_draft *d, struct conf_mark at,
			 struct base_span text);
/* The program of TCPPROXY_AMQP_HELPER, as tcpproxy called it with a URI. */
void conf_sinks_helper(struct conf_draft *d, struct base_span uri);

/* Store and sinks as a whole, and what follows from it. */
void conf_sinks_check(struct conf_draft *d);

#endif
