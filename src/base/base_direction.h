/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base_direction.h - the two directions of a flow, named after the sender */
#ifndef BASE_DIRECTION_H
#define BASE_DIRECTION_H

enum base_direction {
	BASE_CLIENT, /* bytes that the client (tracker) sent */
	BASE_SERVER, /* bytes that the server (vendor) sent */
	BASE_DIRECTIONS
};

/* "client", "server": as files, events and metrics say it. */
static inline const char *base_direction_name(enum base_direction d)
{
	return d == BASE_SERVER ? "server" : "client";
}

#endif
