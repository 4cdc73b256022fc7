/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_test.h - cmocka with the headers that it wants before it, in order */
#ifndef BASE_TEST_H
#define BASE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
