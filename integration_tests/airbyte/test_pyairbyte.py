"""PyAirbyte, offline, into DuckDB: every message a row, none twice, and only the news the second time."""

import uuid

import airbyte
import pytest
from airbyte.caches import DuckDBCache

import connector


@pytest.fixture
def topic():
    name = f"events-{uuid.uuid4().hex[:8]}"
    connector.create(name)
    return name


def source_of(topic):
    """After the first messages: naming streams makes PyAirbyte discover at once."""
    config = connector.fixture("config.json")
    config["subscription"]["topics"] = [topic]
    return airbyte.get_source(connector.NAME, local_executable=connector.BINARY, config=config, streams="*")


@pytest.fixture
def cache(tmp_path):
    return DuckDBCache(db_path=tmp_path / "cache.duckdb")


def rows(result, topic) -> int:
    """The rows of the table; each place in the topic once."""
    frame = result[topic].to_pandas()
    assert not frame.duplicated(["_kafka_partition", "_kafka_offset"]).any()
    return len(frame)


def test_incremental_and_full_refresh(topic, cache):
    connector.produce(topic, [connector.order(n) for n in range(50)])
    source = source_of(topic)
    source.check()
    assert source.get_available_streams() == [topic]

    first = source.read(cache=cache)
    assert (first.processed_records, rows(first, topic)) == (50, 50)

    nothing = source.read(cache=cache)
    assert (nothing.processed_records, rows(nothing, topic)) == (0, 50)

    connector.produce(topic, [connector.order(n) for n in range(50, 83)])
    news = source.read(cache=cache)
    assert (news.processed_records, rows(news, topic)) == (33, 83)

    again = source.read(cache=cache, force_full_refresh=True)
    assert (again.processed_records, rows(again, topic)) == (83, 83)


def test_values_arrive(topic, cache):
    key, value = connector.order(41)
    connector.produce(topic, [(key, value)], partition=2)
    row = source_of(topic).read(cache=cache)[topic].to_pandas().iloc[0]
    assert (row["_kafka_partition"], row["_kafka_offset"], row["_kafka_key"]) == (2, 0, key)
    assert (row["id"], row["customer"], bool(row["paid"])) == (value["id"], value["customer"], value["paid"])
    assert float(row["amount"]) == value["amount"]


def test_records_without_a_cache(topic):
    connector.produce(topic, [connector.order(n) for n in range(20)])
    dataset = source_of(topic).get_records(topic)
    assert sorted(record["id"] for record in dataset) == list(range(20))
