"""Which topics and partitions become streams."""

import pytest
from connector import configured


@pytest.fixture(scope="module")
def topics(cluster) -> dict[str, str]:
    """Four topics of one family and one outside it, each with one record that says its name."""
    family = cluster.name("family")
    names = {short: f"{family}.{short}" for short in ("orders", "orders-old", "items")}
    names |= {"outside": cluster.name("outside"), "Upper_lower-9.x": f"{family}.Upper_lower-9.x"}
    for name in names.values():
        cluster.create(name, 2)
        cluster.produce(name, [{"value": b'{"topic": "%s"}' % name.encode(), "partition": 0}])
    return {"family": family, **names}


def topic_list(*names: str, **fields) -> dict:
    return {"subscription": {"subscription_type": "topics", "topics": list(names), **fields}}


def pattern(text: str) -> dict:
    return {"subscription": {"subscription_type": "subscribe", "topic_pattern": text}}


def assign(text: str) -> dict:
    return {"subscription": {"subscription_type": "assign", "topic_partitions": text}}


def streams(source, subscription: dict) -> set[str]:
    """What discover offers, after checking that read emits exactly these streams."""
    run = source.read({**source.config(), **subscription})
    names = {record["stream"] for record in run.bodies("RECORD")}
    offered = {s["stream"]["name"] for s in run.catalog["streams"]}
    assert names == offered
    return offered


def test_a_list_of_names_is_taken_literally(source, topics):
    wanted = {topics["orders"], topics["outside"]}
    assert streams(source, topic_list(*wanted)) == wanted


def test_wildcards_match_and_exclusions_take_out(source, topics):
    family = topics["family"]
    assert streams(source, topic_list(f"{family}.orders*")) == {topics["orders"], topics["orders-old"]}
    assert streams(source, topic_list(f"{family}.item?")) == {topics["items"]}
    rest = {topics["items"], topics["Upper_lower-9.x"]}
    assert streams(source, topic_list(f"{family}.*", exclude=[f"{family}.orders*"])) == rest
    assert streams(source, topic_list(f"{family}.*", exclude=[topics["orders"], f"{family}.U*"])) == {
        topics["orders-old"],
        topics["items"],
    }


def test_a_dot_in_a_wildcard_name_is_no_wildcard(cluster, source):
    stem = cluster.name("dots")
    for name in (f"{stem}.a.b", f"{stem}.axb"):
        cluster.create(name)
        cluster.produce(name, [b"{}"])
    assert streams(source, topic_list(f"{stem}.a.*")) == {f"{stem}.a.b"}


def test_a_regular_expression_matches_whole_names(source, topics):
    family = topics["family"].replace(".", r"\.")
    assert streams(source, pattern(rf"{family}\.orders")) == {topics["orders"]}
    assert streams(source, pattern(rf"{family}\.(orders.*|items)")) == {topics["orders"], topics["orders-old"], topics["items"]}
    assert streams(source, pattern(rf"{family}\.[A-Z].*")) == {topics["Upper_lower-9.x"]}


def test_an_assigned_partition_list_reads_these_partitions_only(cluster, source):
    topic, other = cluster.topic("assign", 3), cluster.topic("assign", 2)
    cluster.numbers(topic, 30, partitions=3)
    cluster.numbers(other, 20, partitions=2, first=100)
    run = source.read({**source.config(), **assign(f"{topic}:0,{topic}:2, {other}:1")})
    assert sorted(run.numbers(topic)) == [n for n in range(30) if n % 3 != 1]
    assert sorted(run.numbers(other)) == list(range(101, 120, 2))
    assert run.offsets(topic) == {0: 10, 2: 10} and run.offsets(other) == {1: 10}


@pytest.mark.parametrize(
    "choice",
    [
        topic_list("no.such.topic"),
        topic_list("no.such.*"),
        pattern("(unclosed"),
        pattern(""),
        assign("no.such.topic:0"),
        assign("without-partition"),
        assign("a:0,a:0"),
        topic_list(),
    ],
    ids=["unknown-name", "empty-wildcard", "bad-regex", "empty-regex", "unknown-assigned", "no-partition", "duplicate", "no-topics"],
)
def test_check_refuses_a_subscription_that_cannot_work(source, choice):
    status = source.check({**source.config(), **choice})
    assert status["status"] == "FAILED" and status["message"], status


def test_check_refuses_a_list_of_which_one_wildcard_matches_nothing(source, topics):
    status = source.check({**source.config(), **topic_list(topics["orders"], "no.such.*")})
    assert status["status"] == "FAILED" and "no.such.*" in status["message"]


def test_check_names_the_partition_that_does_not_exist(source, topics):
    status = source.check({**source.config(), **assign(f"{topics['orders']}:0,{topics['orders']}:9")})
    assert status["status"] == "FAILED" and topics["orders"] in status["message"] and "9" in status["message"]


def test_a_wildcard_without_a_match_is_a_warning_in_read(source, topics):
    config = {**source.config(), **topic_list(topics["orders"], "no.such.*")}
    catalog = configured(source.discover({**source.config(), **topic_list(topics["orders"])}))
    run = source.read(config, catalog=catalog)
    assert len(run.records()) == 1 and "no.such.*" in run.warnings


def test_internal_topics_are_hidden_unless_named(cluster, source, topics):
    # A commit makes the broker create its internal topic.
    cluster.commit(cluster.name("group"), topics["orders"], {0: 1})
    internal = "__consumer_offsets"
    assert internal in cluster.topics()
    assert internal not in source.discover({**source.config(), **topic_list("*")})
    assert internal not in source.discover({**source.config(), **pattern(".*")})
    named = {**source.config(internal, format="BINARY")}
    assert set(source.discover(named)) == {internal}
    assert source.read(named).records(internal)


def test_a_configured_stream_whose_topic_is_gone_is_a_config_error_that_names_it(cluster, source):
    topic, gone = cluster.topic("stays"), cluster.topic("gone")
    cluster.numbers(topic, 3)
    cluster.numbers(gone, 3)
    config = {**source.config(), **topic_list(f"{topic}*", f"{gone}*")}
    catalog = configured(source.discover(config))
    cluster.delete(gone)
    assert gone in source.fail(config, "config_error", catalog=catalog)["message"]


def test_discover_declares_keys_and_modes_that_platforms_need(source, topics):
    stream = source.discover({**source.config(), **topic_list(topics["orders"])})[topics["orders"]]
    assert stream["supported_sync_modes"] == ["full_refresh", "incremental"] and stream["is_resumable"] is True
    assert stream["source_defined_cursor"] is True and len(stream["default_cursor_field"]) == 1
    assert stream["source_defined_primary_key"] == [["_kafka_partition"], ["_kafka_offset"]]
    columns = stream["json_schema"]["properties"]
    assert set(stream["default_cursor_field"]) <= set(columns)
    assert {"_kafka_partition", "_kafka_offset", "_kafka_timestamp", "_kafka_key", "_kafka_headers", "topic"} <= set(columns)
