/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_attr.h - attributes that let the compiler check a contract */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#include <stddef.h>

/* The result says whether the call worked: looking away is a bug. */
#define WS_MUST_USE __attribute__((warn_unused_result))
/* The numbered pointer parameters are never NULL. */
#define WS_NONNULL(...) __attribute__((nonnull(__VA_ARGS__)))
/* Parameter FMT is a printf format, its values begin at ARG. */
#define WS_PRINTF(fmt, arg) __attribute__((format(printf, fmt, arg)))
/* Call FN with the variable's address when it goes out of scope. */
#define WS_CLEAN(fn)    __attribute__((cleanup(fn)))

#define WS_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The struct that embeds `member` at address ptr. */
#define WS_CONTAINER(ptr, type, member) \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
