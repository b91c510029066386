"""kcat, the independent reader: what a topic holds, byte for byte."""

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Message:
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None


def read(bootstrap: str, topic: str, isolation: str = "read_committed", partition: int | None = None) -> list[Message]:
    """Everything in the topic now, ordered by partition and offset."""
    command = ["kcat", "-b", bootstrap, "-C", "-e", "-q", "-o", "beginning", "-t", topic]
    # Lengths first, so that no byte of key or value needs an escape; -1 stands for null.
    command += ["-f", "%p %o %T %K %S\n%k%s\n", "-X", f"isolation.level={isolation}", "-X", "check.crcs=true"]
    if partition is not None:
        command += ["-p", str(partition)]
    result = subprocess.run(command, capture_output=True, timeout=120)
    assert result.returncode == 0, result.stderr.decode(errors="replace")
    return sorted(_messages(result.stdout), key=lambda m: (m.partition, m.offset))


def count(bootstrap: str, topic: str, isolation: str = "read_committed") -> int:
    return len(read(bootstrap, topic, isolation))


def _messages(output: bytes):
    at = 0
    while at < len(output):
        end = output.index(b"\n", at)
        partition, offset, timestamp, key_length, value_length = map(int, output[at:end].split(b" "))
        at = end + 1
        key, at = _bytes(output, at, key_length)
        value, at = _bytes(output, at, value_length)
        assert output[at : at + 1] == b"\n", "kcat's output is out of step"
        at += 1
        yield Message(partition, offset, timestamp, key, value)


def _bytes(output: bytes, at: int, length: int) -> tuple[bytes | None, int]:
    if length < 0:
        return None, at
    return output[at : at + length], at + length


def timestamp_text(milliseconds: int) -> str:
    """A Kafka timestamp as our column `_kafka_timestamp` writes it."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
