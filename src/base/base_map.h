/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_map.h - giving a mapping back */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

/* Also what was mapped for reading only: munmap() does not write, its parameter
 * is just not const. NULL is nothing. */
static inline void base_unmap(const void *p, size_t size)
{
	if (p) /* NOLINTNEXTLINE(performance-no-int-to-ptr): drops const */
		(void)munmap((void *)(uintptr_t)p, size);
}

#endif
