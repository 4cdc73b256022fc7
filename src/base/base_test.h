/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_test.h - cmocka with the headers that it wants before it, in order */
#ifndef BASE_TEST_H
#define BASE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Whoever waits that long, waits in vain: it only ends a broken run. Machines
 * that let a test stand still for half a minute have been seen. */
#define BASE_TEST_LIMIT_S 60

#endif
