"""What a run leaves on the cluster (nothing), and what it takes of machine and time (little)."""

import pathlib
import statistics
import tempfile

import checks
import jsonschema
import pytest
from cluster import Cluster
from connector import Connector, configured

from rig import Kafka

KIB_LIMIT = 64 * 1024
INTERNAL = {"__consumer_offsets"}


@pytest.fixture
def eager(eager_broker, tmp_path):
    """Cluster and connector on a broker with automatic topic creation."""
    return Cluster(eager_broker.bootstrap), Connector(tmp_path, eager_broker.bootstrap)


def test_no_group_and_no_topic_is_ever_created(eager):
    cluster, source = eager
    topic = cluster.topic("orders", 2)
    cluster.numbers(topic, 20, partitions=2)
    before = (cluster.topics() - INTERNAL, cluster.groups())
    for config in (source.config(topic), source.config(topic, group_id="a-group")):
        assert source.check(config)["status"] == "SUCCEEDED"
        first = source.read(config)
        source.read(config, first.state)
    assert (cluster.topics() - INTERNAL, cluster.groups()) == before


def test_not_even_the_brokers_own_offsets_topic_is_created():
    # A client with a `group.id` looks for its coordinator, and by that a broker that has none yet makes the topic.
    with Kafka() as kafka, tempfile.TemporaryDirectory() as folder:
        cluster, source = Cluster(kafka.bootstrap), Connector(pathlib.Path(folder), kafka.bootstrap)
        topic = cluster.topic("orders")
        cluster.numbers(topic, 20)
        config = source.config(topic)
        assert source.check(config)["status"] == "SUCCEEDED"
        source.read(config)
        assert cluster.topics() == {topic}


def test_a_wrong_topic_name_is_not_created_by_asking_for_it(eager):
    cluster, source = eager
    topic = cluster.topic("right")
    cluster.numbers(topic, 3)
    before = (cluster.topics() - INTERNAL, cluster.groups())
    assert source.check(source.config("wrong"))["status"] == "FAILED"
    assert source.check(source.config(topic, test_topic="wrong.test"))["status"] in ("FAILED", "SUCCEEDED")
    assigned = {"subscription": {"subscription_type": "assign", "topic_partitions": "wrong:0"}}
    assert source.check({**source.config(), **assigned})["status"] == "FAILED"
    assert source.run("discover", source.config("wrong")).exit_code == 1
    catalog = configured(source.discover(source.config(topic)))
    catalog["streams"][0]["stream"]["name"] = "wrong"
    assert source.run("read", source.config("wrong"), catalog).exit_code == 1
    assert (cluster.topics() - INTERNAL, cluster.groups()) == before


@pytest.fixture
def roomy(roomy_broker, tmp_path):
    return Cluster(roomy_broker.bootstrap), Connector(tmp_path, roomy_broker.bootstrap)


@pytest.mark.timeout(300)
def test_a_thousand_partitions_fit_into_64_mib(roomy):
    cluster, source = roomy
    topic = cluster.topic("wide", 1000)
    cluster.orders(topic, 200_000, partitions=1000, compression__type="lz4")
    config = source.config(topic)
    peak, run = source.peak_rss_kib("read", config, configured(source.discover(config)))
    checks.successful(run)
    assert sorted(run.numbers()) == list(range(200_000))
    assert run.offsets(topic) == {p: 200 for p in range(1000)}
    assert peak <= KIB_LIMIT, f"{peak} KiB"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("codec", ["none", "lz4", "zstd"])
def test_an_ordinary_sync_fits_into_64_mib(cluster, source, codec):
    topic = cluster.topic("ordinary", 4)
    cluster.orders(topic, 200_000, partitions=4, compression__type=codec)
    config = source.config(topic)
    peak, run = source.peak_rss_kib("read", config, configured(source.discover(config)))
    checks.successful(run)
    assert len(run.records()) == 200_000
    assert peak <= KIB_LIMIT, f"{peak} KiB"


@pytest.mark.parametrize(("size", "limit_kib"), [(1_000_000, KIB_LIMIT), (8_000_000, 2 * KIB_LIMIT)])
def test_large_messages_do_not_pile_up(cluster, source, size, limit_kib):
    topic = cluster.topic("large", 6, max__message__bytes="10000000")
    count = 100_000_000 // size
    cluster.numbers(topic, count, partitions=6, pad=size)
    config = source.config(topic)
    peak, run = source.peak_rss_kib("read", config, configured(source.discover(config)))
    checks.successful(run)
    assert sorted(run.numbers()) == list(range(count))
    assert peak <= limit_kib, f"{peak} KiB"


def test_messages_that_compress_fifty_times_stay_within_twice_that(cluster, source):
    topic = cluster.topic("compressed")
    cluster.numbers(topic, 200_000, pad=300, compression__type="lz4")
    config = source.config(topic)
    peak, run = source.peak_rss_kib("read", config, configured(source.discover(config)))
    assert len(run.records()) == 200_000
    assert peak <= 2 * KIB_LIMIT, f"{peak} KiB"


@pytest.mark.timeout(400)
def test_discover_of_two_thousand_topics_takes_less_than_20_seconds(roomy):
    cluster, source = roomy
    stem = cluster.name("many")
    names = [f"{stem}.{n}" for n in range(2000)]
    for at in range(0, 2000, 250):
        cluster.create_many(names[at : at + 250])
    with cluster.producer() as send:
        for n, name in enumerate(names):
            send(name, b'{"id": %d, "column_%d": "x"}' % (n, n))
    peak, run = source.peak_rss_kib("discover", source.config(f"{stem}.*"))
    assert run.exit_code == 0, run.explain()
    streams = {s["name"]: s for s in run.bodies("CATALOG")[0]["streams"]}
    assert set(streams) == set(names)
    columns = [streams[f"{stem}.{n}"]["json_schema"]["properties"] for n in range(2000)]
    assert all(f"column_{n}" in columns[n] for n in range(2000))
    assert run.seconds < 20, f"{run.seconds:.1f} s"
    assert peak <= 2 * KIB_LIMIT, f"{peak} KiB"


# The fastest of several runs shows what the binary can do, the median that it mostly does; a busy machine doubles it.


def test_spec_takes_less_than_20_milliseconds(source):
    seconds = [source.spec().seconds for _ in range(15)]
    assert min(seconds) < 0.020 and statistics.median(seconds) < 0.040, seconds


def test_check_takes_less_than_300_milliseconds(cluster, source):
    topic = cluster.topic("quick")
    cluster.numbers(topic, 10)
    config = source.config(topic)
    seconds = []
    for _ in range(9):
        run = source.run("check", config)
        assert run.connection_status["status"] == "SUCCEEDED"
        seconds.append(run.seconds)
    assert min(seconds) < 0.3 and statistics.median(seconds) < 0.6, seconds


def test_spec_is_one_message_that_validates_a_config(source):
    run = source.spec()
    assert run.exit_code == 0 and [m["type"] for m in run.messages] == ["SPEC"]
    schema = run.bodies("SPEC")[0]["connectionSpecification"]
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(source.config("orders"), schema)
