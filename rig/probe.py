"""Readiness over a plain socket: a Metadata request, because an open port says little about a broker."""

import socket
import struct

METADATA, VERSION = 3, 4  # version 4 exists from Kafka 1.0 to 4.2


def broker_ids(host: str, port: int, timeout: float = 2.0) -> list[int]:
    """The brokers in that broker's metadata; raises `OSError` or `ValueError` when there is no proper answer."""
    client = b"rig"
    # No topics (0, where null means all), and none created by asking.
    body = struct.pack(">hhih", METADATA, VERSION, 1, len(client)) + client + struct.pack(">ib", 0, 0)
    with socket.create_connection((host, port), timeout) as connection:
        connection.settimeout(timeout)
        connection.sendall(struct.pack(">i", len(body)) + body)
        (length,) = struct.unpack(">i", _exactly(connection, 4))
        if not 0 < length < 1_000_000:
            raise ValueError(f"{host}:{port} is not a Kafka broker")
        return _brokers(_exactly(connection, length))


def _exactly(connection: socket.socket, count: int) -> bytes:
    parts = b""
    while len(parts) < count:
        part = connection.recv(count - len(parts))
        if not part:
            raise ConnectionError("closed before the answer was complete")
        parts += part
    return parts


def _brokers(answer: bytes) -> list[int]:
    at = 8  # correlation id, throttle time
    (count,) = struct.unpack_from(">i", answer, at)
    at += 4
    ids = []
    for _ in range(count):
        node, host = struct.unpack_from(">ih", answer, at)
        at += 6 + host + 4
        (rack,) = struct.unpack_from(">h", answer, at)
        at += 2 + max(rack, 0)
        ids.append(node)
    return ids
