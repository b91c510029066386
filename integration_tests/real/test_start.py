"""Where a first sync starts."""

import time
from datetime import UTC, datetime

import pytest
from connector import configured


def start(kind: str, **fields) -> dict:
    return {"start_from": {"start_type": kind, **fields}}


@pytest.fixture
def topic(cluster) -> str:
    """Ten records, one a day, the last of them an hour ago."""
    name = cluster.topic("start", message__timestamp__type="CreateTime")
    newest = int(time.time() * 1000) - 3_600_000
    days = ({"value": b'{"n": %d}' % n, "timestamp": newest - (9 - n) * 86_400_000} for n in range(10))
    cluster.produce(name, days)
    return name


def date_time(days_ago: float) -> str:
    return datetime.fromtimestamp(time.time() - days_ago * 86_400, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_earliest_reads_everything(source, topic):
    assert source.read(source.config(topic, **start("earliest"))).numbers() == list(range(10))


def test_without_a_start_everything_is_read(source, topic):
    config = source.config(topic)
    del config["start_from"]
    assert source.read(config).numbers() == list(range(10))


def test_latest_reads_nothing_but_remembers_the_place(cluster, source, topic):
    config = source.config(topic, **start("latest"))
    first = source.read(config)
    assert first.records() == [] and first.offsets(topic) == {0: 10}
    cluster.numbers(topic, 5, first=10)
    assert source.read(config, state=first.state).numbers() == [10, 11, 12, 13, 14]


def test_the_legacy_start_is_honoured_when_ours_is_absent(source, topic):
    config = source.config(topic, auto_offset_reset="latest")
    del config["start_from"]
    assert source.read(config).numbers() == []


def test_a_timestamp_starts_at_the_first_record_that_is_not_older(source, topic):
    assert source.read(source.config(topic, **start("timestamp", timestamp=date_time(3.5)))).numbers() == [6, 7, 8, 9]


def test_a_timestamp_is_exact_to_the_millisecond(cluster, source):
    topic = cluster.topic("millisecond", message__timestamp__type="CreateTime")
    at = 1_763_720_000_500
    cluster.produce(topic, [{"value": b'{"n": %d}' % n, "timestamp": at + n} for n in (-1, 0, 1)])
    moment = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + "500Z"
    assert source.read(source.config(topic, **start("timestamp", timestamp=moment))).numbers() == [0, 1]


def test_a_timestamp_after_the_last_record_starts_at_the_end(source, topic):
    run = source.read(source.config(topic, **start("timestamp", timestamp=date_time(0))))
    assert run.records() == [] and run.offsets(topic) == {0: 10}


@pytest.mark.parametrize(("duration", "numbers"), [("36h", [8, 9]), ("3d", [7, 8, 9]), ("30m", [])])
def test_a_relative_start_counts_back_from_now(source, topic, duration, numbers):
    assert source.read(source.config(topic, **start("relative", duration=duration))).numbers() == numbers


def test_committed_offsets_of_a_group_are_taken_over(cluster, source):
    topic = cluster.topic("committed", 3)
    cluster.numbers(topic, 30, partitions=3)
    group = cluster.name("group")
    cluster.commit(group, topic, {0: 4, 1: 10})
    run = source.read(source.config(topic, group_id=group, **start("committed")))
    # Partition 2 has no committed offset: earliest.
    assert sorted(run.numbers()) == sorted([3 * n for n in range(4, 10)] + [3 * n + 2 for n in range(10)])


@pytest.mark.parametrize("kind", ["latest", "committed", "timestamp"])
def test_state_goes_before_any_start(cluster, source, topic, kind):
    group = cluster.name("group")
    cluster.commit(group, topic, {0: 10})
    fields = {"timestamp": {"timestamp": date_time(0)}}.get(kind, {})
    state = [{"type": "STREAM", "stream": {"stream_descriptor": {"name": topic}, "stream_state": {"partitions": {"0": 8}}}}]
    assert source.read(source.config(topic, group_id=group, **start(kind, **fields)), state=state).numbers() == [8, 9]


def test_a_full_refresh_starts_at_earliest_whatever_a_group_committed(cluster, source, topic):
    group = cluster.name("group")
    cluster.commit(group, topic, {0: 10})
    config = source.config(topic, group_id=group, **start("committed"))
    catalog = configured(source.discover(config), "full_refresh")
    assert source.read(config, catalog=catalog).numbers() == list(range(10))
