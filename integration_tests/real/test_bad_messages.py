"""Messages that cannot be decoded: an error, or a documented choice, never a silent gap."""

import base64

import pytest
from connector import state_of

BAD = {
    "not-json": b"not json",
    "torn": b'{"n": 1',
    "trailing": b'{"n": 1} x',
    "bad-utf8": b'{"t": "\xff"}',
    "deep": b'{"n":' * 600 + b"1" + b"}" * 600,
    "empty": b"",
    "nan": b'{"n": NaN}',
    "control": b'{"t": "a\nb"}',
}


@pytest.fixture(params=BAD.values(), ids=BAD.keys())
def bad(request) -> bytes:
    return request.param


@pytest.fixture
def topic(cluster, bad) -> str:
    """Good, bad, good."""
    name = cluster.topic("bad")
    cluster.produce(name, [b'{"n": 0}', bad, b'{"n": 2}'])
    return name


def test_fail_writes_what_was_good_and_names_the_place(source, topic, bad):
    error = source.fail(source.config(topic), "config_error")
    run = error["run"]
    assert run.numbers() == [0] and run.offsets(topic) == {0: 1}
    message = error["message"]
    assert topic in message and "partition 0" in message and "offset 1" in message, message
    shown = bad[:64].hex()
    assert shown in message.replace(" ", "").lower(), message
    if len(bad) > 64:
        assert bad[:65].hex() not in message.replace(" ", "").lower()


def test_skip_reads_on_and_counts_what_it_skipped(source, topic):
    run = source.read(source.config(topic, on_bad_message="skip"))
    assert run.numbers() == [0, 2] and run.offsets(topic) == {0: 3}
    assert topic in run.warnings and "1" in run.warnings, run.warnings


def test_rescue_keeps_the_bytes_and_the_reason(source, topic, bad):
    first, rescued, last = source.read(source.config(topic, on_bad_message="rescue")).records()
    assert (first["n"], last["n"]) == (0, 2)
    assert not first.get("_kafka_error") and not last.get("_kafka_error")
    assert rescued["_kafka_error"] and rescued["_kafka_offset"] == 1
    assert base64.b64decode(rescued["_kafka_extra"]["raw"], validate=True) == bad


def test_after_a_failure_the_state_points_at_the_bad_message_and_skipping_it_by_hand_works(cluster, source):
    topic = cluster.topic("step-over")
    cluster.produce(topic, [b'{"n": 0}', b"bad", b'{"n": 2}'])
    run = source.fail(source.config(topic), "config_error")["run"]
    again = source.fail(source.config(topic), "config_error", run.state)["run"]
    assert again.records() == []
    assert source.read(source.config(topic), state=[state_of(topic, {0: 2})]).numbers() == [2]


def test_a_bad_message_in_one_partition_loses_nothing_of_the_others(cluster, source):
    topic = cluster.topic("one-bad", 2)
    cluster.produce(topic, [{"value": b"bad", "partition": 0}])
    cluster.numbers(topic, 1000, partitions=1)
    cluster.produce(topic, [{"value": b'{"n": %d}' % n, "partition": 1} for n in range(5000, 6000)])
    run = source.fail(source.config(topic), "config_error")["run"]
    rest = source.read(source.config(topic, on_bad_message="skip"), state=run.state)
    both = run.numbers() + rest.numbers()
    assert sorted(both) == [*range(1000), *range(5000, 6000)]
