#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""load.py - trackers that send as fast as they can, and a vendor who listens

    load.py vendor ADDR:PORT
    load.py trackers ADDR:PORT PROTOCOL CONNECTIONS MESSAGES

The vendor says "ready" and takes what comes until it is killed. Each tracker has
a device id of its own, logs in where its protocol wants it, sends MESSAGES
positions, half-closes and waits for the end. Prints the messages sent in all.
"""

import selectors
import socket
import struct
import sys

CHUNK = 200  # messages a send


def crc16(data, poly, start, out):
    """Reflected CRC-16: X.25 for gt06, IBM for teltonika."""
    crc = start
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (poly if crc & 1 else 0)
    return crc ^ out


def gt06(kind, content, serial):
    body = bytes([len(content) + 5, kind]) + content + struct.pack(">H", serial)
    crc = crc16(body, 0x8408, 0xFFFF, 0xFFFF)
    return b"\x78\x78" + body + struct.pack(">H", crc) + b"\r\n"


def watch_messages(device):
    content = (
        "UD,031125,142459,A,49.500000,N,008.4000000,E,5.4,274.0,12,7,60,90,1000,0,"
        "00010000,1,0,460,0,9360,4082,131,1,home,1c:fa:68:13:a5:b4,-61,10.5"
    )
    text = f"[SG*{device:010d}*{len(content):04X}*{content}]"
    return b"", text.encode()


def h02_messages(device):
    text = (
        f"*HQ,{device:010d},V1,142501,A,4930.0000,N,00824.0000,E,010.00,090,"
        "031125,FFFFFBFF#"
    )
    return b"", text.encode()


def gt06_messages(device):
    login = gt06(0x01, bytes.fromhex(f"{device:016d}"), 1)
    place = bytes.fromhex("190b030e183bc7054f8ee000e6b68013145a01cc00286a00b5c0")
    return login, gt06(0x12, place, 2)


def jt808_messages(device):
    body = bytes.fromhex("000000000000000301dc89d0073d8aa5000a0258005a251103222501")
    head = struct.pack(">HH", 0x0200, len(body)) + bytes.fromhex(f"{device:012d}")
    message = head + struct.pack(">H", 1) + body
    check = 0
    for byte in message:
        check ^= byte
    message += bytes([check])
    message = message.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02")
    return b"", b"\x7e" + message + b"\x7e"


def teltonika_messages(device):
    login = struct.pack(">H", 15) + f"{device:015d}".encode()
    data = bytes.fromhex(
        "08010000019a4a1b6648000501bd001d8119c00078005a0900240000000000000100"
    )[:-1]
    data += b"\x01"
    crc = crc16(data, 0xA001, 0, 0)
    return login, struct.pack(">II", 0, len(data)) + data + struct.pack(">I", crc)


PROTOCOLS = {
    "watch": watch_messages,
    "h02": h02_messages,
    "gt06": gt06_messages,
    "jt808": jt808_messages,
    "teltonika": teltonika_messages,
}


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


def vendor(where):
    selector = selectors.DefaultSelector()
    listener = socket.create_server(address(where), backlog=1024)
    selector.register(listener, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                connection, _ = listener.accept()
                selector.register(connection, selectors.EVENT_READ)
            elif not key.fileobj.recv(1 << 20):
                selector.unregister(key.fileobj)
                key.fileobj.close()


class Tracker:
    """One connection: `left` bytes blocks to send, then its end."""

    def __init__(self, where, protocol, device, messages):
        login, message = PROTOCOLS[protocol](device)
        self.socket = socket.create_connection(address(where))
        self.socket.setblocking(False)
        self.pending = memoryview(login)
        self.block = message * CHUNK
        self.size = len(message)
        self.left = messages
        self.sent = messages + (1 if login else 0)

    def send(self):
        """True when all is sent."""
        while True:
            if not self.pending:
                if not self.left:
                    return True
                n = min(self.left, CHUNK)
                self.left -= n
                self.pending = memoryview(self.block)[: n * self.size]
            try:
                self.pending = self.pending[self.socket.send(self.pending) :]
            except BlockingIOError:
                return False


def trackers(where, protocol, connections, messages):
    selector = selectors.DefaultSelector()
    crowd = [
        Tracker(where, protocol, 1000000001 + i, messages) for i in range(connections)
    ]
    for tracker in crowd:
        selector.register(tracker.socket, selectors.EVENT_WRITE, tracker)
    while selector.get_map():
        for key, events in selector.select():
            if events & selectors.EVENT_READ:
                if not key.fileobj.recv(4096):
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
            elif key.data.send():
                key.fileobj.shutdown(socket.SHUT_WR)
                selector.modify(key.fileobj, selectors.EVENT_READ, key.data)
    print(sum(tracker.sent for tracker in crowd))


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "vendor":
        vendor(sys.argv[2])
    elif len(sys.argv) == 6 and sys.argv[1] == "trackers":
        trackers(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
    else:
        sys.exit(__doc__)


main()
