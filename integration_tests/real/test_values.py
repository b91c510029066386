"""Keys, values, headers and timestamps arrive as they are in the topic: compared with kcat and with what was produced."""

import base64
import json

import checks
import kcat
import messages
import pytest
from connector import configured

AWKWARD_TEXT = ["", " ", "plain", "Grüße, 世界 🦀", 'quote " backslash \\ slash /', "line\nbreak\ttab\r", "\u0000\u0001\u001f\u007f", "\u2028"]
ALL_BYTES = bytes(range(256))


def expected(source_messages: list[kcat.Message]) -> list[tuple]:
    return [(m.partition, m.offset, kcat.timestamp_text(m.timestamp_ms)) for m in source_messages]


def metadata(records: list[dict]) -> list[tuple]:
    return sorted((r["_kafka_partition"], r["_kafka_offset"], r["_kafka_timestamp"]) for r in records)


def by_position(records: list[dict]) -> list[dict]:
    return sorted(records, key=lambda r: (r["_kafka_partition"], r["_kafka_offset"]))


def test_json_values_of_three_partitions_equal_kcats(cluster, source):
    topic = cluster.topic("json", 3)
    cluster.numbers(topic, 5000, partitions=3)
    run = source.read(source.config(topic))
    oracle = kcat.read(cluster.bootstrap, topic)
    assert len(run.records()) == len(oracle) == 5000
    assert metadata(run.records()) == expected(oracle)
    assert checks.values(by_position(run.records())) == [json.loads(m.value) for m in oracle]


def test_wrapped_values_stand_in_one_column(cluster, source):
    topic = cluster.topic("wrapped")
    values = [{"a": 1, "nested": {"b": [1, None, "x"]}}, {}, None, {"a": "two"}]
    cluster.produce(topic, [json.dumps(value).encode() for value in values])
    run = source.read(source.config(topic, record_shape="wrapped"))
    assert [record["value"] for record in run.records()] == values
    assert not any("a" in record for record in run.records())


def test_a_column_of_several_types_carries_text_and_json_text(cluster, source):
    topic = cluster.topic("mixed")
    values = [{"a": [1, 2.50]}, [1, "x"], "text", 7, True, None]
    cluster.produce(topic, [json.dumps(value).encode() for value in values])
    got = [record["value"] for record in source.read(source.config(topic, record_shape="wrapped")).records()]
    assert [json.loads(text) for text in got[:2] + got[3:5]] == values[:2] + values[3:5]
    assert (got[2], got[5]) == ("text", None)


def test_json_numbers_keep_every_digit(cluster, source):
    topic = cluster.topic("digits")
    literals = ["9223372036854775808", "1e400", "-0.0", "1.500", "1234567890123456789012345678901234567890", "0", "-1E-7"]
    values = [b'{"number": {"inside": %s}}' % literal.encode() for literal in literals]
    cluster.produce(topic, values)
    run = source.read(source.config(topic))
    lines = [line for line in run.stdout.splitlines() if b'"RECORD"' in line]
    assert [messages.exact(line)["record"]["data"]["number"]["inside"] for line in lines] == literals


def test_json_text_survives_escapes_unicode_and_white_space(cluster, source):
    topic = cluster.topic("escapes")
    values = [json.dumps({"t": text}, ensure_ascii=ascii).encode() for text in AWKWARD_TEXT for ascii in (True, False)]
    values += [b' {\r\n "t" :\t"x" ,\n"list":[ 1 , 2 ] } \n', b'{"t": "first", "t": "last"}', b'{"t": "lone \\ud800 surrogate"}']
    cluster.produce(topic, values)
    got = [record["t"] for record in source.read(source.config(topic)).records()]
    assert got == [text for text in AWKWARD_TEXT for _ in range(2)] + ["x", "last", "lone \ufffd surrogate"]


def test_text_values_equal_kcats(cluster, source):
    topic = cluster.topic("text")
    cluster.produce(topic, [text.encode() for text in AWKWARD_TEXT])
    run = source.read(source.config(topic, format="TEXT"))
    oracle = [m.value.decode() for m in kcat.read(cluster.bootstrap, topic)]
    assert [record["value"] for record in run.records()] == oracle == AWKWARD_TEXT


def test_text_values_in_another_encoding_are_decoded(cluster, source):
    topic = cluster.topic("latin")
    cluster.produce(topic, ["Grüße".encode("iso-8859-1")])
    config = source.config(topic)
    config["MessageFormat"] = {"deserialization_type": "TEXT", "encoding": "iso-8859-1"}
    assert [record["value"] for record in source.read(config).records()] == ["Grüße"]


def test_binary_values_and_keys_equal_kcats_byte_for_byte(cluster, source):
    topic = cluster.topic("binary")
    blobs = [ALL_BYTES, b"", b"\x00", b"\xff\xfe\n\r\n", b"ascii"]
    cluster.produce(topic, [{"value": blob, "key": blob[::-1]} for blob in blobs])
    config = source.config(topic, format="BINARY", key_format={"deserialization_type": "BINARY"})
    run = source.read(config)
    oracle = kcat.read(cluster.bootstrap, topic)
    got = [(base64.b64decode(r["_kafka_key"], validate=True), base64.b64decode(r["value"], validate=True)) for r in run.records()]
    assert got == [(m.key, m.value) for m in oracle] == [(blob[::-1], blob) for blob in blobs]


def test_automatic_format_takes_json_text_and_bytes_as_they_come(cluster, source):
    topic = cluster.topic("auto")
    cluster.produce(topic, [b'{"a": 1}', b"just text", b"\xff\xfe", b'{"a": 2}'])
    run = source.read(source.config(topic, format="AUTO", record_shape="wrapped"))
    assert len(run.records()) == 4
    texts = [value if isinstance(value, str) else json.dumps(value) for value in (r["value"] for r in run.records())]
    assert [json.loads(texts[0]), texts[1], texts[2]] == [{"a": 1}, "just text", base64.b64encode(b"\xff\xfe").decode()]


def test_keys_are_text_or_base64_and_null_differs_from_empty(cluster, source):
    topic = cluster.topic("keys")
    keys = [b"key", "ключ".encode(), b"", None, b"\xff\x00", b'{"id": 1}']
    cluster.produce(topic, [{"value": b"{}", "key": key} for key in keys])
    run = source.read(source.config(topic, key_format={"deserialization_type": "AUTO"}))
    assert [m.key for m in kcat.read(cluster.bootstrap, topic)] == keys
    got = [record["_kafka_key"] for record in run.records()]
    assert got == ["key", "ключ", "", None, base64.b64encode(b"\xff\x00").decode(), '{"id": 1}']


def test_json_keys_are_json(cluster, source):
    topic = cluster.topic("json-keys")
    cluster.produce(topic, [{"value": b"{}", "key": b'{"id": 1}'}, {"value": b"{}", "key": b'{"id": 2}'}, {"value": b"{}"}])
    run = source.read(source.config(topic, key_format={"deserialization_type": "JSON"}))
    assert [record["_kafka_key"] for record in run.records()] == [{"id": 1}, {"id": 2}, None]


@pytest.mark.parametrize("format", ["JSON", "TEXT", "BINARY", "AUTO"])
def test_a_tombstone_is_a_record_with_metadata_only(cluster, source, format):
    topic = cluster.topic("tombstone")
    cluster.produce(topic, [{"value": b'{"a": 1}', "key": b"k"}, {"value": None, "key": b"k"}, {"value": None}])
    run = source.read(source.config(topic, format=format))
    assert [m.value for m in kcat.read(cluster.bootstrap, topic)] == [b'{"a": 1}', None, None]
    records = run.records()
    keys = [record["_kafka_key"] for record in records]
    assert [record["_kafka_offset"] for record in records] == [0, 1, 2]
    assert [key is None for key in keys] == [False, False, True]
    assert all(value is None for record in checks.values(records[1:]) for value in record.values())


def test_a_tombstone_is_a_null_value_when_wrapped(cluster, source):
    topic = cluster.topic("tombstone-wrapped")
    cluster.produce(topic, [{"value": b'{"a": 1}', "key": b"k"}, {"value": None, "key": b"k"}])
    run = source.read(source.config(topic, record_shape="wrapped"))
    assert [record["value"] for record in run.records()] == [{"a": 1}, None]


def test_an_empty_text_differs_from_a_tombstone(cluster, source):
    topic = cluster.topic("empty-text")
    cluster.produce(topic, [{"value": b"", "key": b"a"}, {"value": None, "key": b"b"}, {"value": b"x", "key": b"c"}])
    run = source.read(source.config(topic, format="TEXT"))
    assert [record.get("value") for record in run.records()] == ["", None, "x"]


def test_headers_keep_order_duplicates_nulls_and_bytes(cluster, source):
    topic = cluster.topic("headers")
    headers = [("a", b"1"), ("b", b""), ("a", b"2"), ("c", None), ("", b"no name"), ("ü", "ö".encode()), ("bytes", b"\xff\x00")]
    cluster.produce(topic, [{"value": b"{}", "headers": headers}, {"value": b"{}"}])
    first, second = source.read(source.config(topic)).records()
    assert first["_kafka_headers"] == [
        {"key": "a", "value": "1"},
        {"key": "b", "value": ""},
        {"key": "a", "value": "2"},
        {"key": "c", "value": None},
        {"key": "", "value": "no name"},
        {"key": "ü", "value": "ö"},
        {"key": "bytes", "value": base64.b64encode(b"\xff\x00").decode(), "encoding": "base64"},
    ]
    assert not second.get("_kafka_headers")


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_every_codec_is_read(cluster, source, codec):
    topic = cluster.topic(f"codec-{codec}")
    cluster.numbers(topic, 2000, pad=200, compression__type=codec)
    run = source.read(source.config(topic))
    assert [m.value for m in kcat.read(cluster.bootstrap, topic)] == [
        json.dumps({"n": n, "pad": "x" * 200}).encode() for n in range(2000)
    ]
    assert checks.values(run.records()) == [{"n": n, "pad": "x" * 200} for n in range(2000)]


def test_producer_timestamps_arrive_to_the_millisecond(cluster, source):
    topic = cluster.topic("create-time", message__timestamp__type="CreateTime")
    moments = [1, 999, 1_000_000_000_123, 1_763_720_000_999, 253_402_300_799_999, 86_400_000]
    cluster.produce(topic, [{"value": b"{}", "timestamp": moment} for moment in moments])
    records = source.read(source.config(topic)).records()
    assert [m.timestamp_ms for m in kcat.read(cluster.bootstrap, topic)] == moments
    assert [r["_kafka_timestamp"] for r in records] == [kcat.timestamp_text(moment) for moment in moments]
    assert {r["_kafka_timestamp_type"] for r in records} == {"CreateTime"}


def test_timestamps_of_the_broker_are_told_apart(cluster, source):
    topic = cluster.topic("append-time", message__timestamp__type="LogAppendTime")
    cluster.produce(topic, [{"value": b"{}", "timestamp": 1}] * 3)
    records = source.read(source.config(topic)).records()
    oracle = [kcat.timestamp_text(m.timestamp_ms) for m in kcat.read(cluster.bootstrap, topic)]
    assert [r["_kafka_timestamp"] for r in records] == oracle
    assert oracle[0] > "2025" and {r["_kafka_timestamp_type"] for r in records} == {"LogAppendTime"}


def test_a_message_of_eight_megabytes_arrives_whole(cluster, source):
    topic = cluster.topic("big", max__message__bytes=10_000_000)
    texts = ["x" * 8_000_000, "small", "y" * 7_900_000]
    cluster.produce(topic, [json.dumps({"text": text}).encode() for text in texts])
    run = source.read(source.config(topic))
    assert [record["text"] == text for record, text in zip(run.records(), texts, strict=True)] == [True] * 3


def test_deselected_columns_stay_out_and_new_fields_are_rescued(cluster, source):
    topic = cluster.topic("columns")
    cluster.produce(topic, [b'{"id": 1, "name": "a", "secret": "s"}'])
    config = source.config(topic)
    catalog = configured(source.discover(config), without=("secret", "_kafka_headers"))
    cluster.produce(topic, [b'{"id": 2, "name": "b", "secret": "t", "new": {"deep": [1]}}', b'{"id": 3, "_kafka_offset": "mine"}'])
    first, second, third = source.read(config, catalog=catalog).records()
    assert not first.get("_kafka_extra") and first["id"] == 1
    assert second["_kafka_extra"] == {"new": {"deep": [1]}}
    assert third["_kafka_extra"] == {"_kafka_offset": "mine"} and third["_kafka_offset"] == 2
    assert not any({"secret", "_kafka_headers"} & set(record) for record in (first, second, third))


def test_a_value_that_does_not_fit_its_declared_type_is_rescued(cluster, source):
    topic = cluster.topic("types")
    cluster.produce(topic, [b'{"n": 1}'])
    config = source.config(topic)
    catalog = configured(source.discover(config))
    cluster.produce(topic, [b'{"n": "one"}', b'{"n": 1.5}', b'{"n": null}', b'{"n": 2}'])
    records = source.read(config, catalog=catalog).records()
    assert [record.get("n") for record in records] == [1, None, None, None, 2]
    assert [record.get("_kafka_extra") or {} for record in records] == [{}, {"n": "one"}, {"n": 1.5}, {}, {}]
