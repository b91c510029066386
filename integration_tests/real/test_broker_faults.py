"""The broker dies, comes back, or falls silent while we read."""

import time

import checks
import pytest
from cluster import Cluster
from connector import Connector, configured, kill, read_until

# Far more than the bounded queue of the consumer holds, so that the broker is needed to the end.
RECORDS, PAD = 120_000, 1000


@pytest.fixture
def faulty(broker, tmp_path):
    """A private broker with a large topic: broker, our connector, config, catalog."""
    cluster = Cluster(broker.bootstrap)
    topic = cluster.topic("large")
    cluster.numbers(topic, RECORDS, pad=PAD, compression__type="lz4")
    source = Connector(tmp_path, broker.bootstrap)
    config = source.config(topic)
    return broker, source, config, configured(source.discover(config))


def test_a_broker_that_dies_and_stays_away_is_a_transient_error(faulty):
    broker, source, config, catalog = faulty
    process = source.start("read", config, catalog)
    printed = read_until(process, b'"RECORD"')
    broker.kill()
    started = time.monotonic()
    run = source.ended(process, printed, seconds=90)
    assert time.monotonic() - started < 60
    checks.failed(run, "transient_error")
    got = run.numbers()
    assert 0 < len(got) < RECORDS and got == list(range(len(got)))
    assert run.offsets(config["subscription"]["topics"][0]) == {0: len(got)}
    broker.start()
    rest = source.read(config, run.state, catalog)
    assert rest.numbers()[0] == len(got) and rest.numbers()[-1] == RECORDS - 1


def test_a_broker_that_comes_back_in_time_is_waited_for(faulty):
    broker, source, config, catalog = faulty
    # An idle limit of a minute: the time in which a broker may come back.
    process = source.start("read", {**config, "polling_time": 15_000, "repeated_calls": 3}, catalog)
    printed = read_until(process, b'"RECORD"')
    broker.kill()
    broker.start()
    run = source.ended(process, printed, seconds=120)
    run.catalog = catalog
    assert run.exit_code == 0 and not run.errors, run.explain()
    checks.successful(run)
    assert run.numbers() == list(range(RECORDS))


def test_a_broker_that_pauses_for_a_moment_is_waited_for(faulty):
    broker, source, config, catalog = faulty
    process = source.start("read", config, catalog)
    printed = read_until(process, b'"RECORD"')
    broker.pause()
    time.sleep(3)  # the fault itself, no wait for an event
    broker.resume()
    run = source.ended(process, printed, seconds=120)
    run.catalog = catalog
    assert run.exit_code == 0 and not run.errors, run.explain()
    checks.successful(run)
    assert run.numbers() == list(range(RECORDS))


def test_a_cluster_that_cannot_be_reached_is_told_in_time(cluster, source):
    topic = cluster.topic("down")
    cluster.numbers(topic, 3)
    config = source.config(topic)
    catalog = configured(source.discover(config))
    commands = [("check", None), ("discover", None), ("read", catalog)]
    addresses = ["127.0.0.1:9", "no-such-host.invalid:9092"]
    # All at once: each only waits.
    processes = {
        (command, address): source.start(command, {**config, "bootstrap_servers": address}, catalog)
        for command, catalog in commands
        for address in addresses
    }
    for (command, address), process in processes.items():
        run = source.ended(process, seconds=60)
        if command == "check":
            assert run.exit_code == 0 and run.connection_status["status"] == "FAILED", run.explain()
            message = run.connection_status["message"]
        else:
            checks.failed(run, "transient_error")
            assert not run.records() and not run.bodies("CATALOG")
            message = run.errors[0]["message"]
        assert address.split(":")[0] in message, message


def test_one_dead_address_beside_a_living_one_does_no_harm(cluster, source):
    topic = cluster.topic("two-addresses")
    cluster.numbers(topic, 10)
    config = {**source.config(topic), "bootstrap_servers": f" 127.0.0.1:9 , {cluster.bootstrap} "}
    assert source.check(config)["status"] == "SUCCEEDED"
    assert source.read(config).numbers() == list(range(10))


def test_a_topic_deleted_while_it_is_read_is_no_success(broker, tmp_path):
    cluster = Cluster(broker.bootstrap)
    topic = cluster.topic("deleted")
    cluster.numbers(topic, RECORDS, pad=PAD, compression__type="lz4")
    source = Connector(tmp_path, broker.bootstrap)
    config = source.config(topic)
    process = source.start("read", config, configured(source.discover(config)))
    printed = read_until(process, b'"RECORD"')
    cluster.delete(topic)
    try:
        run = source.ended(process, printed, seconds=90)
    except AssertionError:
        kill(process)
        raise
    if len(run.records()) < RECORDS:
        assert run.exit_code == 1 and len(run.errors) == 1, run.explain()
        checks.accountable(run)
