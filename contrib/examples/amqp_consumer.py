#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""amqp_consumer.py - read Wayside's events from a RabbitMQ queue

  amqp_consumer.py amqp://user:password@broker.example/%2f fleet
  amqp_consumer.py amqps://user:password@broker.example/%2f fleet --ca ca.pem

Prints one line per event: its time, device, type and, where it has one, its
first position. Begin your own program with it: put your work into handle().

What it shows:
- An event is acknowledged after it was handled. A consumer that dies gets it again.
- An event may come twice (after a crash of Wayside, of the broker, of this
  program), always with the same message id. So ids that were seen are remembered;
  a database would have them as a unique key.
- The queue is looked for, not made: the sink of Wayside makes it
  (amqp://...?exchange=trackers&queue=fleet), and its owner says what it is like.
- A broker that goes away is waited for.
"""
import argparse
import collections
import json
import signal
import ssl
import sys
import time

import pika

REMEMBERED = 100_000  # ids; Wayside repeats what it sent within the last moments
AHEAD = 200           # messages that the broker sends before the first is acknowledged
PAUSE_S = 2


class Seen:
    """The ids that came last."""

    def __init__(self, size):
        self.size = size
        self.ids = collections.OrderedDict()

    def add(self, message_id):
        """True when it is new."""
        if message_id in self.ids:
            return False
        self.ids[message_id] = None
        if len(self.ids) > self.size:
            self.ids.popitem(last=False)
        return True


def handle(event):
    """Your work: here it is a line for people."""
    line = [event["time"], event["device_id"] or "-", event["type"]]
    for position in event.get("positions", [])[:1]:
        line.append(f"{position['lat']:.6f},{position['lon']:.6f}")
    print("\t".join(line), flush=True)


def parameters(options):
    """How to connect."""
    result = pika.URLParameters(options.uri)
    if options.uri.startswith("amqps:"):
        context = ssl.create_default_context(cafile=options.ca)
        if options.certificate:
            context.load_cert_chain(options.certificate, options.key)
        result.ssl_options = pika.SSLOptions(context, result.host)
    return result


def consume(options, seen):
    """One connection. Returns when --count events were handled."""
    with pika.BlockingConnection(parameters(options)) as connection:
        channel = connection.channel()
        channel.basic_qos(prefetch_count=AHEAD)
        for method, properties, body in channel.consume(options.queue):
            if seen.add(properties.message_id):
                if options.raw:
                    print(body.decode(), flush=True)
                else:
                    handle(json.loads(body))
                options.count -= 1
            channel.basic_ack(method.delivery_tag)
            if options.count == 0:
                channel.cancel()
                return


def main():
    """Reads the command line; goes on until --count, or a signal."""
    parser = argparse.ArgumentParser(
        description="Reads Wayside's events from a RabbitMQ queue.")
    parser.add_argument("uri", help="amqp://... or amqps://...")
    parser.add_argument("queue")
    parser.add_argument("--count", type=int, default=-1,
                        help="end after so many different events")
    parser.add_argument("--raw", action="store_true",
                        help="print each event as it came")
    parser.add_argument("--ca", help="file with the CAs to trust "
                        "(default: the system's)")
    parser.add_argument("--certificate", help="ours, for the broker")
    parser.add_argument("--key", help="of --certificate")
    options = parser.parse_args()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    seen = Seen(REMEMBERED)
    while options.count != 0:
        try:
            consume(options, seen)
        except (pika.exceptions.ProbableAuthenticationError,
                pika.exceptions.ProbableAccessDeniedError) as error:
            sys.exit(f"the broker refuses us: {error}")
        except (pika.exceptions.AMQPError, OSError) as error:
            print(f"the broker is not there, waiting: {error!r}",
                  file=sys.stderr)
            time.sleep(PAUSE_S)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
