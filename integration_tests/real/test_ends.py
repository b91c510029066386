"""A sync ends at the offsets captured at its start, whatever stands at the tail of the log."""

import json
import threading

import kcat
import pytest
from cluster import wait
from connector import configured

ISOLATIONS = ["read_committed", "read_uncommitted"]


def values(prefix: str, count: int) -> list[bytes]:
    return [json.dumps({"v": f"{prefix}{n}"}).encode() for n in range(count)]


def assert_same_as_kcat(cluster, source, topic: str, isolation: str) -> list[str]:
    """Our records are those that kcat sees at this isolation level; their `v`."""
    run = source.read(source.config(topic, isolation_level=isolation))
    oracle = kcat.read(cluster.bootstrap, topic, isolation)
    assert run.positions() == [(m.partition, m.offset) for m in oracle]
    got = [record["v"] for record in run.records()]
    assert got == [json.loads(m.value)["v"] for m in oracle]
    # And the end is remembered: what follows has nothing left to read.
    again = source.read(source.config(topic, isolation_level=isolation), state=run.state)
    assert again.records() == [] and again.offsets(topic) == run.offsets(topic)
    return got


def test_a_topic_with_a_live_producer_ends_where_it_ended_at_the_start(cluster, source):
    topic = cluster.topic("busy", 2)
    cluster.numbers(topic, 2000, partitions=2)
    config = source.config(topic)
    catalog = configured(source.discover(config))
    stop = threading.Event()

    def produce_on():
        with cluster.producer() as send:
            n = 2000
            while not stop.is_set():
                for n in range(n, n + 200):
                    send(topic, {"value": json.dumps({"n": n}).encode(), "partition": n % 2})
                n += 1
                stop.wait(0.005)

    producer = threading.Thread(target=produce_on)
    producer.start()
    try:
        start = cluster.high(topic) + cluster.high(topic, 1)
        run = source.read(config, catalog=catalog, seconds=60)
        after = cluster.high(topic) + cluster.high(topic, 1)
        wait(lambda: cluster.high(topic) + cluster.high(topic, 1) > after, "further messages")
    finally:
        stop.set()
        producer.join()
    assert max(2000, start) <= len(run.records()) <= after
    rest = source.read(config, state=run.state, catalog=catalog)
    oracle = [json.loads(m.value)["n"] for m in kcat.read(cluster.bootstrap, topic)]
    assert sorted(run.numbers() + rest.numbers()) == sorted(oracle)


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_committed_and_aborted_transactions_are_told_apart(cluster, source, isolation):
    topic = cluster.topic("transactions")
    producer = cluster.transaction(topic, values("a", 5))
    cluster.transaction(topic, values("b", 5), "abort", producer)
    cluster.transaction(topic, values("c", 5), "commit", producer)
    cluster.produce(topic, values("d", 2))
    got = assert_same_as_kcat(cluster, source, topic, isolation)
    assert len(got) == (12 if isolation == "read_committed" else 17)
    assert ("b0" in got) == (isolation == "read_uncommitted")


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_a_log_that_ends_in_an_aborted_transaction_ends(cluster, source, isolation):
    topic = cluster.topic("aborted-tail")
    producer = cluster.transaction(topic, values("a", 5))
    cluster.transaction(topic, values("b", 3), "abort", producer)
    got = assert_same_as_kcat(cluster, source, topic, isolation)
    assert len(got) == (5 if isolation == "read_committed" else 8)


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_a_log_of_aborted_transactions_only_ends(cluster, source, isolation):
    topic = cluster.topic("only-aborted")
    cluster.produce(topic, values("shape", 1))
    cluster.delete_records(topic, 1)
    cluster.transaction(topic, values("b", 4), "abort")
    got = assert_same_as_kcat(cluster, source, topic, isolation)
    assert len(got) == (0 if isolation == "read_committed" else 4)


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_a_log_that_ends_in_a_control_record_ends(cluster, source, isolation):
    topic = cluster.topic("marker-tail")
    cluster.transaction(topic, values("a", 5))
    assert cluster.high(topic) == 6
    assert len(assert_same_as_kcat(cluster, source, topic, isolation)) == 5


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_an_open_transaction_at_the_tail_does_not_hold_the_sync(cluster, source, isolation):
    topic = cluster.topic("open-tail")
    cluster.transaction(topic, values("a", 4))
    open_one = cluster.transaction(topic, values("open", 3), "leave open")
    got = assert_same_as_kcat(cluster, source, topic, isolation)
    assert len(got) == (4 if isolation == "read_committed" else 7)
    del open_one


def test_an_open_transaction_is_read_by_a_later_sync_once_committed(cluster, source):
    topic = cluster.topic("open-then-committed")
    producer = cluster.transaction(topic, values("a", 4))
    cluster.transaction(topic, values("open", 3), "leave open", producer)
    first = source.read(source.config(topic))
    producer.commit_transaction(60)
    wait(lambda: kcat.count(cluster.bootstrap, topic) == 7, "committed records")
    second = source.read(source.config(topic), state=first.state)
    got = [record["v"] for record in first.records() + second.records()]
    assert got == ["a0", "a1", "a2", "a3", "open0", "open1", "open2"]


def test_holes_of_compaction_do_not_hold_the_sync(cluster, source):
    topic = cluster.topic(
        "compacted",
        cleanup__policy="compact",
        segment__ms=100,
        min__cleanable__dirty__ratio=0.01,
        delete__retention__ms=100,
    )
    rounds = iter(range(1000))

    def one_more_round_leaves_holes() -> bool:
        n = next(rounds)
        # The active segment is never cleaned: each round rolls it.
        cluster.produce(topic, [{"key": b"%d" % (k % 3), "value": b'{"v": "%d-%d"}' % (n, k)} for k in range(30)])
        return kcat.count(cluster.bootstrap, topic) < cluster.high(topic) - 20

    wait(one_more_round_leaves_holes, "compaction")
    cluster.produce(topic, [{"key": b"x", "value": b'{"v": "last"}'}])
    for _ in range(3):
        # Cleaning may go on between kcat and us: the newest record of every key is there in any case.
        run = source.read(source.config(topic))
        newest = {m.key: m.offset for m in kcat.read(cluster.bootstrap, topic)}
        offsets = [offset for _, offset in run.positions()]
        assert set(newest.values()) <= set(offsets)
        assert len(offsets) < cluster.high(topic), "no hole was read over"
    assert run.offsets(topic) == {0: cluster.high(topic)}


def test_a_topic_emptied_by_delete_records_ends(cluster, source):
    topic = cluster.topic("emptied")
    cluster.numbers(topic, 30)
    catalog = configured(source.discover(source.config(topic)))
    cluster.delete_records(topic, 30)
    run = source.read(source.config(topic), catalog=catalog)
    assert run.records() == [] and run.offsets(topic) == {0: 30}


def test_a_truncated_topic_is_read_from_its_first_record(cluster, source):
    topic = cluster.topic("truncated")
    cluster.numbers(topic, 100)
    cluster.delete_records(topic, 60)
    run = source.read(source.config(topic))
    assert run.numbers() == list(range(60, 100)) and run.offsets(topic) == {0: 100}


def test_a_topic_without_data_gives_one_state(cluster, source):
    topic = cluster.topic("empty", 3)
    run = source.read(source.config(topic))
    assert run.records() == [] and len(run.states()) == 1
    assert run.offsets(topic) == {0: 0, 1: 0, 2: 0}
    assert run.seconds < 10


def test_partitions_without_data_do_not_hold_those_with(cluster, source):
    topic = cluster.topic("sparse", 10)
    cluster.produce(topic, [{"value": b'{"n": 1}', "partition": 3}, {"value": b'{"n": 2}', "partition": 7}])
    run = source.read(source.config(topic))
    assert sorted(run.numbers()) == [1, 2]
    assert run.offsets(topic) == {p: int(p in (3, 7)) for p in range(10)}
    assert run.seconds < 10
