"""The explicit ways to stop early: exact, fair, and without loss."""

import os
import time

import checks
import pytest
from connector import configured


def syncs(source, config, count: int) -> list:
    """That many syncs in a row, each going on from the one before."""
    runs, state = [], None
    catalog = configured(source.discover(config))
    for _ in range(count):
        runs.append(source.read(config, state=state, catalog=catalog))
        state = runs[-1].state
    return runs


@pytest.mark.parametrize("partitions", [1, 3])
def test_a_record_limit_is_exact_and_three_syncs_equal_one(cluster, source, partitions):
    topic = cluster.topic("limited", partitions)
    cluster.numbers(topic, 20, partitions=partitions)
    runs = syncs(source, source.config(topic, max_records_process=7), 4)
    assert [len(run.records()) for run in runs] == [7, 7, 6, 0]
    pieces = [position for run in runs for position in run.positions()]
    assert sorted(pieces) == sorted(source.read(source.config(topic)).positions())


def test_a_record_limit_serves_partitions_fairly(cluster, source):
    topic = cluster.topic("fair", 4)
    cluster.numbers(topic, 40_000, partitions=4)
    run = source.read(source.config(topic, max_records_process=400))
    assert len(run.records()) == 400
    assert run.offsets(topic) == {0: 100, 1: 100, 2: 100, 3: 100}


def test_a_record_limit_gives_what_a_short_partition_leaves_to_the_others(cluster, source):
    topic = cluster.topic("uneven", 2)
    cluster.produce(topic, [{"value": b"{}", "partition": 0}] * 3 + [{"value": b"{}", "partition": 1}] * 50)
    run = source.read(source.config(topic, max_records_process=20))
    assert run.offsets(topic) == {0: 3, 1: 17}


def test_a_record_limit_counts_over_all_streams_and_serves_each(cluster, source):
    topics = [cluster.topic("stream") for _ in range(3)]
    for topic in topics:
        cluster.numbers(topic, 100)
    run = source.read(source.config(*topics, max_records_process=30))
    assert len(run.records()) == 30
    assert [len(run.records(topic)) for topic in topics] == [10, 10, 10]
    runs = syncs(source, source.config(*topics, max_records_process=130), 3)
    assert [len(run.records()) for run in runs] == [130, 130, 40]
    for topic in topics:
        assert [n for run in runs for n in run.numbers(topic)] == list(range(100))


def test_a_limit_above_the_topic_reads_all_of_it(cluster, source):
    topic = cluster.topic("below-limit")
    cluster.numbers(topic, 20)
    for limit in (0, 20, 21):
        assert source.read(source.config(topic, max_records_process=limit)).numbers() == list(range(20))


def test_a_limited_full_refresh_warns_that_the_copy_is_partial(cluster, source):
    topic = cluster.topic("limited-refresh")
    cluster.numbers(topic, 20)
    config = source.config(topic, max_records_process=7)
    catalog = configured(source.discover(config), "full_refresh")
    run = source.read(config, catalog=catalog)
    assert len(run.records()) == 7 and run.warnings


def test_a_time_budget_ends_cleanly_and_loses_nothing(cluster, source):
    topic = cluster.topic("budget")
    cluster.numbers(topic, 600_000, pad=300, compression__type="lz4")
    config = source.config(topic, max_sync_seconds=1)
    catalog = configured(source.discover(config))
    # A reader that does not keep up, so that a second is not enough on any machine.
    process = source.start("read", config, catalog)
    parts = _slowly(process, 0.01, 300)
    first = source.ended(process, parts)
    first.catalog = catalog
    assert first.exit_code == 0 and not first.errors, first.explain()
    checks.successful(first)
    place = first.offsets(topic)[0]
    assert first.numbers() == list(range(place)) and place < 600_000
    second = source.read(source.config(topic, max_records_process=10), state=first.state, catalog=catalog)
    assert second.numbers() == list(range(place, place + 10))


def _slowly(process, pause: float, reads: int) -> bytes:
    parts = bytearray()
    for _ in range(reads):
        part = os.read(process.stdout.fileno(), 65536)
        if not part:
            break
        parts += part
        time.sleep(pause)
    return bytes(parts)
