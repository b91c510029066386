//! The whole line, and that it is total over whatever a broker may send.

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::kafka::{Timestamp, TimestampType};

const ALL: MetaColumns = MetaColumns {
    partition: true,
    offset: true,
    timestamp: true,
    timestamp_type: true,
    key: true,
    headers: true,
    extra: true,
    error: true,
};
const NONE: MetaColumns = MetaColumns {
    partition: false,
    offset: false,
    timestamp: false,
    timestamp_type: false,
    key: false,
    headers: false,
    extra: false,
    error: false,
};

fn at(ms: i64) -> Message<'static> {
    let timestamp = Some(Timestamp { ms, kind: TimestampType::CreateTime });
    Message { partition: 3, offset: 42, timestamp, key: None, value: None }
}

fn line(
    writer: &mut RecordWriter,
    message: &Message<'_>,
    headers: &[Header<'_>],
    members: &str,
    extra: &[&[u8]],
) -> String {
    let mut out = Vec::new();
    writer.open(&mut out);
    out.extend_from_slice(members.as_bytes());
    writer.close(&mut out, message, headers.iter().copied(), extra, 1_000);
    let line = String::from_utf8(out).unwrap();
    assert_eq!(line.find('\n'), Some(line.len() - 1), "one line");
    line
}

fn data(line: &str) -> Value {
    serde_json::from_str::<Value>(line).unwrap()["record"]["data"].take()
}

#[test]
fn writes_the_line_to_the_letter() {
    let mut writer = RecordWriter::new("orders", None, ALL);
    let extra: [&[u8]; 3] = [br#""new":1"#, b"", br#""_kafka_key":2"#];
    assert_eq!(
        line(&mut writer, &at(1_795_251_600_123), &[], "\"id\":1,\"_kafka_key\":\"k\",", &extra),
        concat!(
            r#"{"type":"RECORD","record":{"stream":"orders","data":{"id":1,"_kafka_key":"k","_kafka_partition":3,"#,
            r#""_kafka_offset":42,"_kafka_timestamp":"2026-11-21T09:00:00.123Z","_kafka_timestamp_type":"CreateTime","#,
            r#""_kafka_headers":[],"_kafka_extra":{"new":1,"_kafka_key":2},"_kafka_error":null},"emitted_at":1000}}"#,
            "\n"
        )
    );
}

#[test]
fn fields_of_the_message_keep_their_names_in_extra() {
    let extra_of = |fields: &str, ours: &str, ms: i64| {
        let mut writer = RecordWriter::new("orders", None, ALL);
        let extra = [fields.as_bytes(), ours.as_bytes()];
        let line = line(&mut writer, &at(ms), &[], "", &extra);
        let start = line.find(r#""_kafka_extra":"#).unwrap();
        let end = line.find(r#","_kafka_error""#).unwrap();
        line[start + r#""_kafka_extra":"#.len()..end].to_owned()
    };
    assert_eq!(extra_of(r#""_kafka_key":1"#, r#""_kafka_key":2"#, 0), r#"{"_kafka_key":1,"_kafka_key_":2}"#);
    // An escaped name is the same name, and the name that gives way may be taken, too.
    assert_eq!(
        extra_of(r#""\u005fkafka_key":1,"_kafka_key_":[{"a":1.50}]"#, r#""_kafka_key":{"b" : 1e400}"#, 0),
        r#"{"\u005fkafka_key":1,"_kafka_key_":[{"a":1.50}],"_kafka_key__":{"b" : 1e400}}"#
    );
    assert_eq!(
        extra_of(r#""_kafka_timestamp":"x""#, r#""_kafka_key":2"#, i64::MAX),
        format!(r#"{{"_kafka_timestamp":"x","_kafka_key":2,"_kafka_timestamp_":{}}}"#, i64::MAX)
    );
    assert_eq!(extra_of("", r#""_kafka_key":2"#, 0), r#"{"_kafka_key":2}"#);
    // Nested as deeply as a message may be.
    let deep = format!(r#""_kafka_key":{}{}"#, "[".repeat(511), "]".repeat(511));
    assert!(extra_of(&deep, r#""_kafka_key":2"#, 0).ends_with(r#"],"_kafka_key_":2}"#));
}

#[test]
fn only_wanted_columns_are_written() {
    let mut writer = RecordWriter::new("a\"b", Some("n\\s"), NONE);
    let expected = "{\"type\":\"RECORD\",\"record\":{\"stream\":\"a\\\"b\",\"namespace\":\"n\\\\s\",\"data\":{},\"emitted_at\":1000}}\n";
    assert_eq!(line(&mut writer, &at(0), &[], "", &[b"\"new\":1"]), expected);
    assert!(!writer.wants_key());
    let mut writer = RecordWriter::new("s", None, MetaColumns { offset: true, ..NONE });
    assert!(line(&mut writer, &at(0), &[], "", &[]).contains("\"data\":{\"_kafka_offset\":42},"));
    let mut writer = RecordWriter::new("s", None, MetaColumns { timestamp_type: true, ..NONE });
    assert!(
        line(&mut writer, &at(i64::MAX), &[], "", &[]).contains("\"data\":{\"_kafka_timestamp_type\":\"CreateTime\"},")
    );
}

#[test]
fn what_is_absent_is_null() {
    let mut writer = RecordWriter::new("s", None, ALL);
    let message = Message { timestamp: None, ..at(0) };
    let line = line(&mut writer, &message, &[], "", &[]);
    assert!(
        line.contains(
            r#""_kafka_timestamp":null,"_kafka_timestamp_type":null,"_kafka_headers":[],"_kafka_error":null}"#
        )
    );
}

#[test]
fn the_columns_follow_partition_second_type_and_emission() {
    let mut writer = RecordWriter::new("s", None, ALL);
    let appended = Some(Timestamp { ms: 999, kind: TimestampType::LogAppendTime });
    let expected = [
        (at(0), "3 1970-01-01T00:00:00.000Z CreateTime"),
        (at(999), "3 1970-01-01T00:00:00.999Z CreateTime"),
        (Message { timestamp: appended, ..at(0) }, "3 1970-01-01T00:00:00.999Z LogAppendTime"),
        (Message { partition: 0, ..at(1_000) }, "0 1970-01-01T00:00:01.000Z CreateTime"),
        (at(-1), "3 1969-12-31T23:59:59.999Z CreateTime"),
    ];
    for (message, expected) in expected {
        let data = data(&line(&mut writer, &message, &[], "", &[]));
        let text = |name: &str| data[name].as_str().unwrap().to_owned();
        let seen =
            format!("{} {} {}", data["_kafka_partition"], text("_kafka_timestamp"), text("_kafka_timestamp_type"));
        assert_eq!(seen, expected);
    }
    let mut out = Vec::new();
    writer.close(&mut out, &at(0), [], &[], 2_000);
    assert!(out.ends_with(b"},\"emitted_at\":2000}}\n"));
}

#[test]
fn headers_keep_order_duplicates_and_bytes() {
    let header = |key, value| Header { key, value };
    let headers: [Header<'_>; 5] = [
        header(b"a", Some(b"text \"\n")),
        header(b"a", None),
        header(b"", Some(b"")),
        header(b"b\xff", Some(b"\xff\0")),
        header("\u{e9}".as_bytes(), Some("\u{e9}".as_bytes())),
    ];
    let mut writer = RecordWriter::new("s", None, MetaColumns { headers: true, ..NONE });
    let line = line(&mut writer, &at(0), &headers, "", &[]);
    let expected = serde_json::json!([
        {"key": "a", "value": "text \"\n"}, {"key": "a", "value": null}, {"key": "", "value": ""},
        {"key": "b\u{fffd}", "value": "/wA=", "encoding": "base64"}, {"key": "\u{e9}", "value": "\u{e9}"},
    ]);
    assert_eq!(data(&line)["_kafka_headers"], expected);
}

#[test]
fn times_outside_the_calendar_are_nulled_and_kept() {
    let mut writer = RecordWriter::new("s", None, ALL);
    let (first, last) = (-62_135_596_800_000, 253_402_300_799_999);
    for (ms, text) in [(first, "0001-01-01T00:00:00.000Z"), (last, "9999-12-31T23:59:59.999Z")] {
        assert_eq!(data(&line(&mut writer, &at(ms), &[], "", &[]))["_kafka_timestamp"], text);
    }
    for ms in [first - 1, last + 1, i64::MIN, i64::MAX] {
        let line = line(&mut writer, &at(ms), &[], "", &[b"\"new\":1"]);
        let record = serde_json::from_str::<Value>(&line).unwrap()["record"].take();
        assert_eq!(record["data"]["_kafka_timestamp"], Value::Null);
        assert_eq!(record["data"]["_kafka_timestamp_type"], "CreateTime");
        assert_eq!(record["data"]["_kafka_extra"], serde_json::json!({"new": 1, "_kafka_timestamp": ms}));
        let change = serde_json::json!({"field": "_kafka_timestamp", "change": "NULLED", "reason": "SOURCE_SERIALIZATION_ERROR"});
        assert_eq!(record["meta"]["changes"], serde_json::json!([change]));
        assert_eq!(record["emitted_at"], 1_000);
    }
    // The next message has nothing of it.
    assert!(!line(&mut writer, &at(0), &[], "", &[]).contains("meta"));
}

#[test]
fn rescued_messages_keep_reason_and_bytes() {
    let mut writer = RecordWriter::new("s", None, ALL);
    let mut rescue = |raw, raw_key| {
        let mut out = Vec::new();
        writer.open(&mut out);
        let rescued = Rescued { reason: &"bad \"value\"", raw, raw_key };
        writer.close_rescued(&mut out, &at(i64::MAX), [], &rescued, 1_000);
        data(str::from_utf8(&out).unwrap())
    };
    let both = rescue(Some(b"{\xff".as_slice()), Some(b"k".as_slice()));
    assert_eq!(both["_kafka_error"], "bad \"value\"");
    assert_eq!(both["_kafka_offset"], 42);
    assert_eq!(
        both["_kafka_extra"],
        serde_json::json!({"raw": "e/8=", "raw_key": "aw==", "_kafka_timestamp": i64::MAX})
    );
    assert_eq!(rescue(None, None)["_kafka_extra"], serde_json::json!({"_kafka_timestamp": i64::MAX}));
}

/// A message with little to tell it from others, whether it has a header, an extra member and a column, and when it is
/// emitted.
fn any_message() -> impl Strategy<Value = (Message<'static>, bool, bool, bool, i64)> {
    let kind = prop::bool::ANY
        .prop_map(|is_create| if is_create { TimestampType::CreateTime } else { TimestampType::LogAppendTime });
    let ms = prop_oneof![8 => 0..2_000_i64, 1 => Just(i64::MAX)];
    let timestamp = prop::option::weighted(0.9, (ms, kind).prop_map(|(ms, kind)| Timestamp { ms, kind }));
    let message = (0..2, 0..200_i64, timestamp).prop_map(|(partition, offset, timestamp)| Message {
        partition,
        offset,
        timestamp,
        ..at(0)
    });
    (message, prop::bool::weighted(0.1), prop::bool::weighted(0.1), prop::bool::weighted(0.9), 1_000..1_002_i64)
}

proptest! {
    #[test]
    fn any_message_is_one_valid_line(
        partition in any::<i32>(), offset in any::<i64>(), ms in prop::option::of(any::<i64>()),
        headers in prop::collection::vec((any::<Vec<u8>>(), prop::option::of(any::<Vec<u8>>())), 0..4),
    ) {
        let mut writer = RecordWriter::new("s", None, ALL);
        let timestamp = ms.map(|ms| Timestamp { ms, kind: TimestampType::CreateTime });
        let headers = headers.iter().map(|(key, value)| Header { key, value: value.as_deref() }).collect::<Vec<_>>();
        let message = Message { partition, offset, timestamp, ..at(0) };
        let data = data(&line(&mut writer, &message, &headers, "\"_kafka_key\":null,", &[]));
        prop_assert_eq!(&data["_kafka_offset"], &offset);
        prop_assert_eq!(&data["_kafka_partition"], &partition);
        prop_assert_eq!(data["_kafka_headers"].as_array().map(Vec::len), Some(headers.len()));
    }

    /// What a writer keeps from line to line never shows.
    #[test]
    fn a_line_does_not_depend_on_those_before(
        columns in prop::array::uniform8(any::<bool>()), messages in prop::collection::vec(any_message(), 1..20),
    ) {
        let [partition, offset, timestamp, timestamp_type, key, headers, extra, error] = columns;
        let columns = MetaColumns { partition, offset, timestamp, timestamp_type, key, headers, extra, error };
        let mut writer = RecordWriter::new("s", None, columns);
        for (message, has_header, has_extra, has_member, emitted_at) in messages {
            let lines = [&mut writer, &mut RecordWriter::new("s", None, columns)].map(|writer| {
                let mut out = Vec::new();
                writer.open(&mut out);
                out.extend_from_slice(if has_member { b"\"id\":1," } else { b"" });
                let header = has_header.then_some(Header { key: b"h", value: None });
                writer.close(&mut out, &message, header, &[if has_extra { b"\"x\":1" } else { b"" }], emitted_at);
                String::from_utf8(out).unwrap()
            });
            let [kept, fresh] = lines;
            prop_assert_eq!(kept, fresh);
        }
    }

    #[test]
    fn times_are_what_jiff_says(ms in -62_135_596_800_000..253_402_207_200_000_i64) {
        let mut writer = RecordWriter::new("s", None, ALL);
        let data = data(&line(&mut writer, &at(ms), &[], "", &[]));
        let text = data["_kafka_timestamp"].as_str().unwrap();
        prop_assert_eq!(text.len(), 24);
        prop_assert_eq!(text.parse::<jiff::Timestamp>().unwrap().as_millisecond(), ms);
    }
}
