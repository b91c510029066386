"""Fixtures: the shared broker of `rig/rig run`, private brokers to break, our binary."""

import os
import pathlib
import sys

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(pathlib.Path(__file__).parent), str(REPOSITORY)]

from cluster import Cluster  # noqa: E402
from connector import Connector  # noqa: E402

from rig import Kafka  # noqa: E402


@pytest.fixture(scope="session")
def bootstrap() -> str:
    address = os.environ.get("KAFKA_BOOTSTRAP")
    assert address, "no broker: start the suite with `rig/rig run -- python -m pytest integration_tests/real`"
    return address


@pytest.fixture(scope="session")
def cluster(bootstrap) -> Cluster:
    return Cluster(bootstrap)


@pytest.fixture
def source(tmp_path, bootstrap) -> Connector:
    return Connector(tmp_path, bootstrap)


@pytest.fixture
def broker():
    """A broker of the test's own, to be killed and paused."""
    with Kafka() as kafka:
        yield kafka


@pytest.fixture(scope="module")
def eager_broker():
    """A broker that creates any topic that somebody asks for, untouched by other tests."""
    with Kafka(settings={"auto.create.topics.enable": "true"}) as kafka:
        yield kafka


@pytest.fixture(scope="module")
def roomy_broker():
    """A broker for thousands of partitions."""
    with Kafka(heap="1g") as kafka:
        yield kafka
