"""Free loopback ports that stay free while a broker is down."""

import random
import socket

# Below Linux' range for outgoing connections (32768 and up): a client that keeps trying to reach a stopped broker can
# then not be given the broker's own port, which on loopback would even connect it to itself.
LOWEST, HIGHEST = 20_000, 31_999


def free(count: int) -> list[int]:
    ports: list[int] = []
    while len(ports) < count:
        port = random.randint(LOWEST, HIGHEST)
        if port not in ports and _is_free(port):
            ports.append(port)
    return ports


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
