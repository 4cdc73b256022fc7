/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_schema.c - the schema, step by step */
#include "store_schema.h"

#include <stddef.h>

#include "base_attr.h"

/*
 * The table `store` has one row: the file's identity (random), the mark of the
 * last commit, and the number of the last event, which outlives the event.
 *
 * Events that have no device yet are found by a partial index, which costs the
 * others nothing. The only other index on much is that of positions.
 */
static const char first[] =
	"CREATE TABLE store("
	" one INTEGER PRIMARY KEY CHECK(one = 1),"
	" id INTEGER NOT NULL,"
	" writer INTEGER NOT NULL,"
	" seq INTEGER NOT NULL,"
	" last_event INTEGER NOT NULL);"
	"INSERT INTO store VALUES(1, random(), 0, 0, 0);"
	"CREATE TABLE flows("
	" id INTEGER PRIMARY KEY,"
	" opened INTEGER NOT NULL,"
	" closed INTEGER,"
	" client TEXT NOT NULL,"
	" server TEXT NOT NULL,"
	" connection_id TEXT NOT NULL,"
	" protocol TEXT,"
	" device TEXT,"
	" reason TEXT,"
	" client_bytes INTEGER,"
	" server_bytes INTEGER);"
	"CREATE INDEX flows_closed ON flows(closed) WHERE closed IS NOT NULL;"
	"CREATE TABLE events("
	" id INTEGER PRIMARY KEY,"
	" flow INTEGER NOT NULL,"
	" time INTEGER NOT NULL,"
	" direction TEXT NOT NULL,"
	" protocol TEXT NOT NULL,"
	" device TEXT,"
	" type TEXT NOT NULL,"
	" event TEXT NOT NULL);"
	"CREATE INDEX events_nameless ON events(flow) WHERE device IS NULL;"
	"CREATE TABLE positions("
	" event INTEGER NOT NULL,"
	" n INTEGER NOT NULL,"
	" device TEXT,"
	" time INTEGER NOT NULL,"
	" valid INTEGER NOT NULL,"
	" lat REAL,"
	" lon REAL,"
	" altitude REAL,"
	" speed REAL,"
	" course REAL,"
	" PRIMARY KEY(event, n)) WITHOUT ROWID;"
	"CREATE INDEX positions_device_time ON positions(device, time);";

/* One logical device across its connections; `flow` is the newest one, by when
 * it was opened. It goes with its last event. */
static const char devices[] = "CREATE TABLE devices("
			      " id TEXT PRIMARY KEY,"
			      " protocol TEXT NOT NULL,"
			      " first_seen INTEGER NOT NULL,"
			      " last_seen INTEGER NOT NULL,"
			      " flow INTEGER NOT NULL,"
			      " flow_opened INTEGER NOT NULL,"
			      " events INTEGER NOT NULL,"
			      " last_event INTEGER NOT NULL) WITHOUT ROWID;"
			      "INSERT INTO devices " STORE_SCHEMA_DEVICES ";";

const char *const store_schema_steps[] = { first, devices, NULL };

_Static_assert(WS_ARRAY_LEN(store_schema_steps) == STORE_SCHEMA_VERSION + 1,
	       "the version is the number of steps");
