"""State is a person's to edit, the platform's to carry, and the truth about where a sync goes on."""

import pathlib

import pytest
from connector import configured, state_of


@pytest.fixture
def topic(cluster) -> str:
    """Two partitions of ten records: `n` even in partition 0, odd in partition 1."""
    name = cluster.topic("state", 2)
    cluster.numbers(name, 20, partitions=2)
    return name


EVEN, ODD = list(range(0, 20, 2)), list(range(1, 20, 2))


def read(source, topic, state) -> list[int]:
    return sorted(source.read(source.config(topic), state=state).numbers())


def test_a_second_sync_reads_only_what_is_new(cluster, source, topic):
    first = source.read(source.config(topic))
    cluster.numbers(topic, 4, partitions=2, first=20)
    second = source.read(source.config(topic), state=first.state)
    assert sorted(first.numbers()) == list(range(20))
    assert sorted(second.numbers()) == [20, 21, 22, 23]
    assert first.offsets(topic) == {0: 10, 1: 10} and second.offsets(topic) == {0: 12, 1: 12}


def test_a_hand_edited_state_is_obeyed(source, topic):
    assert read(source, topic, [state_of(topic, {0: 7, 1: 10})]) == EVEN[7:]


def test_a_partition_missing_in_the_state_starts_at_earliest(source, topic):
    assert read(source, topic, [state_of(topic, {0: 10})]) == ODD


FRESH = {
    "absent": None,
    "list": [],
    "object": {},
    "empty": b"",
    "null": b"null",
    "blank": b" \n",
    # Airbyte's acceptance test names a file that it has not written.
    "missing-file": pathlib.Path("/nonexistent/state.json"),
}


@pytest.mark.parametrize("state", [*FRESH.values(), "null blob"], ids=[*FRESH, "null-blob"])
def test_no_state_in_any_form_is_a_fresh_start(source, topic, state):
    if state == "null blob":
        state = [state_of(topic, None)]
    assert read(source, topic, state) == list(range(20))


def test_unknown_keys_and_foreign_streams_are_tolerated(source, topic):
    own = state_of(topic, {0: 10, 1: 9}, note="edited by hand", cluster=None)
    own["id"] = 7
    assert read(source, topic, [state_of("another.stream", {0: 1}), own]) == ODD[9:]


def test_the_form_in_which_pyairbyte_returns_state_is_understood(source, topic):
    message = state_of(topic, {0: 10, 1: 8})
    message["stream"]["stream_descriptor"]["namespace"] = None
    stats = {"sourceStats": {"recordCount": 1.0, "rejectedRecordCount": None}, "destinationStats": None}
    assert read(source, topic, [{**message, "global_": None, "data": None, **stats}]) == ODD[8:]


def test_legacy_state_is_understood(source, topic):
    blob = {"partitions": {"0": 10, "1": 6}}
    assert read(source, topic, [{"type": "LEGACY", "data": {topic: blob}}]) == ODD[6:]


def test_global_state_is_understood_and_answered_by_stream_state(source, topic):
    inner = state_of(topic, {0: 10, 1: 5})["stream"]
    run = source.read(source.config(topic), state=[{"type": "GLOBAL", "global": {"shared_state": {}, "stream_states": [inner]}}])
    assert sorted(run.numbers()) == ODD[5:]
    assert {state["type"] for state in run.states()} == {"STREAM"}


def test_each_stream_goes_on_from_its_own_state(cluster, source, topic):
    other = cluster.topic("other")
    cluster.numbers(other, 5, first=100)
    state = [state_of(topic, {0: 10, 1: 10}), state_of(other, {0: 3})]
    run = source.read(source.config(topic, other), state=state)
    assert run.numbers(topic) == [] and run.numbers(other) == [103, 104]
    assert run.offsets(topic) == {0: 10, 1: 10} and run.offsets(other) == {0: 5}


def test_only_configured_streams_are_read(cluster, source, topic):
    other = cluster.topic("unselected")
    cluster.numbers(other, 5)
    config = source.config(topic, other)
    streams = source.discover(config)
    assert set(streams) == {topic, other}
    run = source.read(config, catalog=configured({topic: streams[topic]}))
    assert len(run.records(topic)) == 20 and run.records(other) == [] and run.states(other) == []


def test_a_full_refresh_gives_the_same_set_twice(source, topic):
    config = source.config(topic)
    catalog = configured(source.discover(config), "full_refresh")
    first, second = (source.read(config, catalog=catalog) for _ in range(2))
    assert sorted(first.positions()) == sorted(second.positions()) and len(first.records()) == 20


def test_a_full_refresh_goes_on_from_the_state_of_its_own_job(source, topic):
    config = source.config(topic)
    catalog = configured(source.discover(config), "full_refresh")
    assert sorted(source.read(config, state=[state_of(topic, {0: 10, 1: 4})], catalog=catalog).numbers()) == ODD[4:]


# Lost offsets: what the state wants to read is no longer, or not yet, in the log.


@pytest.fixture
def gap(cluster) -> str:
    """Records 60 to 99 of a hundred."""
    name = cluster.topic("gap")
    cluster.numbers(name, 100)
    cluster.delete_records(name, 60)
    return name


def test_a_state_below_the_log_fails_and_names_the_range(source, gap):
    error = source.fail(source.config(gap), "config_error", [state_of(gap, {0: 10})])
    assert gap in error["message"] and "10" in error["message"] and "59" in error["message"], error["message"]
    assert error["run"].records() == []


@pytest.mark.parametrize(("policy", "numbers"), [("earliest", list(range(60, 100))), ("latest", [])])
def test_a_state_below_the_log_goes_on_where_the_policy_says(source, gap, policy, numbers):
    run = source.read(source.config(gap, on_lost_offsets=policy), state=[state_of(gap, {0: 10})])
    assert run.numbers() == numbers and run.offsets(gap) == {0: 100}
    assert "10" in run.warnings and "59" in run.warnings, run.warnings


def test_a_state_beyond_the_end_fails_and_names_the_range(source, gap):
    error = source.fail(source.config(gap), "config_error", [state_of(gap, {0: 150})])
    assert gap in error["message"] and "150" in error["message"] and "100" in error["message"], error["message"]


@pytest.mark.parametrize(("policy", "numbers"), [("earliest", list(range(60, 100))), ("latest", [])])
def test_a_state_beyond_the_end_goes_on_where_the_policy_says(source, gap, policy, numbers):
    run = source.read(source.config(gap, on_lost_offsets=policy), state=[state_of(gap, {0: 150})])
    assert run.numbers() == numbers and run.offsets(gap) == {0: 100}
    assert "150" in run.warnings, run.warnings


def test_a_state_at_the_very_start_or_end_of_the_log_loses_nothing(source, gap):
    assert source.read(source.config(gap), state=[state_of(gap, {0: 60})]).numbers() == list(range(60, 100))
    assert source.read(source.config(gap), state=[state_of(gap, {0: 100})]).numbers() == []


@pytest.mark.parametrize("count", [3, 50], ids=["shorter", "longer"])
def test_a_topic_recreated_under_the_same_name_is_noticed(cluster, source, count):
    topic = cluster.topic("recreated")
    cluster.numbers(topic, 20)
    state = source.read(source.config(topic)).state
    cluster.delete(topic)
    cluster.create(topic)
    cluster.numbers(topic, count, first=1000)
    error = source.fail(source.config(topic), "config_error", state)
    assert topic in error["message"]
    run = source.read(source.config(topic, on_lost_offsets="earliest"), state=state)
    assert run.numbers() == list(range(1000, 1000 + count))


# Partitions that come later.


def test_a_partition_added_between_syncs_starts_at_earliest_even_with_start_latest(cluster, source):
    topic = cluster.topic("grown")
    cluster.numbers(topic, 5)
    config = source.config(topic, start_from={"start_type": "latest"})
    first = source.read(config)
    assert first.records() == [] and first.offsets(topic) == {0: 5}
    cluster.grow(topic, 3)
    cluster.produce(topic, [{"value": b'{"n": %d}' % n, "partition": n % 3} for n in range(100, 106)])
    second = source.read(config, state=first.state)
    assert sorted(second.numbers()) == list(range(100, 106))
    assert second.offsets(topic) == {0: 7, 1: 2, 2: 2}
