/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sink_amqp_fake.h - a broker that does what a test says, at the moment it says
 *
 * A child process on a port of 127.0.0.1; it takes one connection and runs the
 * test's script on it. What it gets is checked in the script: fake_demand()
 * that does not hold ends the child with status 1. Frames and methods are made
 * by hand, as the AMQP 0-9-1 specification has them (2.3.5, 4.2; the ids are
 * class and method): nothing of librabbitmq is in here.
 */
#ifndef SINK_AMQP_FAKE_H
#define SINK_AMQP_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FAKE_ID(class, method) ((uint32_t)(class) << 16 | (method))

enum fake_id {
	FAKE_START = FAKE_ID(10, 10),
	FAKE_START_OK = FAKE_ID(10, 11),
	FAKE_TUNE = FAKE_ID(10, 30),
	FAKE_TUNE_OK = FAKE_ID(10, 31),
	FAKE_OPEN = FAKE_ID(10, 40),
	FAKE_OPEN_OK = FAKE_ID(10, 41),
	FAKE_CLOSE = FAKE_ID(10, 50),
	FAKE_CLOSE_OK = FAKE_ID(10, 51),
	FAKE_BLOCKED = FAKE_ID(10, 60),
	FAKE_UNBLOCKED = FAKE_ID(10, 61),
	FAKE_CHANNEL_OPEN = FAKE_ID(20, 10),
	FAKE_CHANNEL_OPEN_OK = FAKE_ID(20, 11),
	FAKE_CHANNEL_CLOSE = FAKE_ID(20, 40),
	FAKE_CHANNEL_CLOSE_OK = FAKE_ID(20, 41),
	FAKE_EXCHANGE_DECLARE = FAKE_ID(40, 10),
	FAKE_EXCHANGE_DECLARE_OK = FAKE_ID(40, 11),
	FAKE_QUEUE_DECLARE = FAKE_ID(50, 10),
	FAKE_QUEUE_DECLARE_OK = FAKE_ID(50, 11),
	FAKE_QUEUE_BIND = FAKE_ID(50, 20),
	FAKE_QUEUE_BIND_OK = FAKE_ID(50, 21),
	FAKE_PUBLISH = FAKE_ID(60, 40),
	FAKE_RETURN = FAKE_ID(60, 50),
	FAKE_ACK = FAKE_ID(60, 80),
	FAKE_NACK = FAKE_ID(60, 120),
	FAKE_CONFIRM_SELECT = FAKE_ID(85, 10),
	FAKE_CONFIRM_SELECT_OK = FAKE_ID(85, 11),
};

/* Frame types. */
#define FAKE_METHOD    1
#define FAKE_HEADER    2
#define FAKE_BODY      3
#define FAKE_HEARTBEAT 8

struct fake_frame {
	uint8_t type;
	uint16_t channel;
	uint32_t id; /* of a method */
	size_t len;  /* of what follows the id, or of all */
	uint8_t bytes[1 << 17];
};

struct fake {
	pid_t pid;
	uint16_t port;
};

typedef void fake_script(int fd);

/* In the test. */
struct fake fake_start(fake_script *script);
/* Return: all that it demanded was so. */
bool fake_join(const struct fake *f);

/* In the script. */
void fake_demand(bool is, const char *what);
/* The next frame but heartbeats; valid until the next call. False: the
 * connection has ended. */
bool fake_read(int fd, const struct fake_frame **out, bool heartbeats);
/* ... which is this method. */
const struct fake_frame *fake_expect(int fd, uint32_t id);
bool fake_has(const struct fake_frame *f, const void *bytes, size_t len);

/* Arguments of a method, made one after the other. */
struct fake_args {
	size_t len;
	uint8_t bytes[1024];
};
void fake_number(struct fake_args *a, uint64_t v, unsigned bytes);
void fake_short(struct fake_args *a, const char *text); /* shortstr */
void fake_long(struct fake_args *a, const char *text);  /* longstr */
/* a: NULL for none. */
void fake_send(int fd, uint16_t channel, uint32_t id,
	       const struct fake_args *a);
void fake_content(int fd, uint16_t channel, const char *body);

void fake_beat(int fd); /* a heartbeat */

/* Up to connection.tune-ok. */
void fake_login(int fd, uint16_t heartbeat);
/* All up to the answer to confirm.select, and every declaration is granted. */
void fake_grant(int fd, uint16_t heartbeat);
/* n events: each publish, header and body. Keeps the last one's. */
void fake_take(int fd, unsigned n);
void fake_ack(int fd, uint64_t tag, bool multiple);
/* channel.close or connection.close, and its answer. */
void fake_refuse(int fd, uint16_t channel, uint16_t code, const char *text);
/* Until the other end has gone; answers its connection.close. Return: the
 * events that came meanwhile. */
unsigned fake_end(int fd);

#endif
