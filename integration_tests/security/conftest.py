"""Fixtures: the secured broker of `rig/rig run --security`, our binary."""

import json
import os
import pathlib
import sys

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(pathlib.Path(__file__).parent), str(REPOSITORY / "integration_tests/real"), str(REPOSITORY)]

from connector import Connector  # noqa: E402
from secured import Secured  # noqa: E402


@pytest.fixture(scope="session")
def secured() -> Secured:
    description = os.environ.get("RIG_SECURITY")
    assert description, "no secured broker: `rig/rig run --security -- python -m pytest integration_tests/security`"
    return Secured(json.loads(pathlib.Path(description).read_text()), pathlib.Path(os.environ["RIG_DIR"]))


@pytest.fixture
def source(tmp_path) -> Connector:
    return Connector(tmp_path, "")


@pytest.fixture(scope="session")
def long_topic(secured) -> tuple[str, int]:
    """A topic that takes a slow reader long enough for several tokens and tickets: its name and its size."""
    from confluent_kafka import Producer
    from confluent_kafka.admin import AdminClient, NewTopic

    name, count = "open.long", 60_000
    plaintext = {"bootstrap.servers": secured.plaintext}
    # Kept in a variable: the answer dies with its client.
    admin = AdminClient(plaintext)
    admin.create_topics([NewTopic(name, 1, 1)])[name].result(30)
    producer = Producer({**plaintext, "queue.buffering.max.messages": count + 1})
    for number in range(count):
        producer.produce(name, json.dumps({"n": number, "filler": "x" * 200}), partition=0)
    assert producer.flush(60) == 0
    return name, count
