"""One secured broker for all tests of the rig, and clients for it that are not ours."""

import pathlib
import sys

import pytest

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(pathlib.Path(__file__).parent), str(REPOSITORY)]

from clients import Clients  # noqa: E402

from rig import SecureKafka  # noqa: E402


@pytest.fixture(scope="session")
def kafka():
    with SecureKafka() as kafka:
        yield kafka


@pytest.fixture
def clients(kafka, tmp_path) -> Clients:
    return Clients(kafka, tmp_path)
