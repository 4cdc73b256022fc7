/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store_schema.h - the schema, step by step
 *
 * PRAGMA user_version is the number of steps that a file has had. A new file
 * gets all of them, so what migrates is what makes. A step that was released is
 * never changed.
 *
 * Units: times are milliseconds since 1970 UTC; degrees, metres, km/h. Flow ids
 * are 64 bits as SQLite has them, signed: printf('%016x', id) is the `flow` of
 * the JSON.
 */
#ifndef STORE_SCHEMA_H
#define STORE_SCHEMA_H

#define STORE_APPLICATION_ID 0x57535945 /* "WSYE" */

#define STORE_SCHEMA_VERSION 2

/* SQL of each step, NULL at the end. */
extern const char *const store_schema_steps[];

#endif
