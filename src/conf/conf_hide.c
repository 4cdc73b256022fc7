/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_hide.c - memory that fork() does not hand on */
#include "conf_hide.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "conf_load.h"

/* Drops const: for what is only advised of, or wiped. */
static void *writable(const void *p)
{
	/* NOLINTNEXTLINE(performance-no-int-to-ptr): drops const */
	return (void *)(uintptr_t)p;
}

int conf_hide(const void *mapping, size_t size, bool hidden)
{
	void *p = writable(mapping);

	if (!p)
		return 0;
	if (madvise(p, size, hidden ? MADV_DONTFORK : MADV_DOFORK) ||
	    madvise(p, size, MADV_DONTDUMP))
		return -errno;
	return 0;
}

int conf_hide_observers(struct conf_overrides *o)
{
	size_t size = 0, n = 0;
	bool uri = false;
	char *p;
	int r;

	for (int i = 0; i < o->n_observers; i++) {
		size += strlen(o->observers[i]) + 1;
		uri = uri || strstr(o->observers[i], "://");
	}
	if (!uri)
		return 0;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	r = conf_hide(p, size, true);
	if (r) {
		(void)munmap(p, size);
		return r;
	}
	for (int i = 0; i < o->n_observers; i++) {
		const size_t len = strlen(o->observers[i]) + 1;

		memcpy(p + n, o->observers[i], len);
		explicit_bzero(writable(o->observers[i]), len);
		o->observers[i] = p + n;
		n += len;
	}
	o->hidden = p;
	o->hidden_size = size;
	return 1;
}
