/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ring_note.h - what a reader found out about a flow
 *
 * One writer, the reader whose memory it is; anybody may look, at any time. A
 * writer that dies in between leaves a note that says nothing, until its
 * successor writes it anew.
 */
#ifndef RING_NOTE_H
#define RING_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base_attr.h"
#include "ring_layout.h"

/* Texts end with a NUL, and all behind that is 0. */
struct ring_note_text {
	char protocol[24]; /* a tracker protocol's name, "raw"; "" = undecided
			    */
	char device[32];   /* "" = not said yet */
};
_Static_assert(sizeof(struct ring_note_text) ==
		       sizeof(((struct ring_note *)0)->words),
	       "a note holds it");

/* serial: the flow's, not 0. Costs little when it says so already. */
void ring_note_put(struct ring_note *n, uint32_t serial,
		   const struct ring_note_text *text);

/* Return: false, there is nothing about this flow. The texts have an end, but
 * may be any bytes. */
WS_MUST_USE bool ring_note_get(const struct ring_note *n, uint32_t serial,
			       struct ring_note_text *out);

#endif
