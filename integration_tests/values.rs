//! What becomes of values and keys in every format, and of messages that are bad.

use serde_json::{Value, json};

use crate::broker::{Broker, Message};
use crate::catalog::Configured;
use crate::harness::Connector;
use crate::protocol::Status;

/// One topic with these messages, read as discover declares it.
fn read(connector: impl Fn(&Broker) -> Connector, messages: Vec<Message>) -> crate::run::Run {
    let broker = Broker::start();
    broker.filled("orders", messages);
    let connector = connector(&broker);
    connector.read(&connector.catalog())
}

#[test]
fn json_keeps_its_digits() {
    let numbers = r#"{"a":9223372036854775808,"b":1e400,"c":-0.0,"d":1.500,"e":1234567890123456789012345678901234567890,"f":{"g":1.10}}"#;
    let run = {
        let broker = Broker::start();
        broker.filled("orders", [numbers]);
        let connector = Connector::to(&broker).with_format("JSON");
        // Standard JSON readers take 1e400 for no number, so this line is looked at as text.
        let catalog = connector.catalog().without_column("b");
        connector.read(&catalog).succeeds()
    };
    let line = run.record_lines()[0].to_owned();
    for digits in [
        r#""a":9223372036854775808"#,
        r#""c":-0.0"#,
        r#""d":1.500"#,
        r#""e":1234567890123456789012345678901234567890"#,
        r#""f":{"g":1.10}"#,
    ] {
        assert!(line.contains(digits), "{digits} in {line}");
    }
}

#[test]
fn white_space_and_lone_surrogates_do_not_break_lines() {
    let value = "{ \"a\" :\r\n\t\"x\\ud800y\",\n \"b\" : [ 1 ,\n 2 ] }\n";
    let run = read(|broker| Connector::to(broker).with_format("JSON"), vec![value.into()]).succeeds();
    let record = run.only_record("orders");
    assert_eq!((&record["a"], &record["b"]), (&json!("x\u{fffd}y"), &json!([1, 2])));
}

#[test]
fn of_repeated_fields_the_last_counts_and_stands_once() {
    let run =
        read(|broker| Connector::to(broker).with_format("JSON"), vec![r#"{"a":1,"b":2,"a":3}"#.into()]).succeeds();
    assert_eq!(run.only_record("orders")["a"], 3);
    assert_eq!(run.record_lines()[0].matches(r#""a":"#).count(), 1);
}

#[test]
fn text_is_read_in_many_encodings() {
    for (encoding, bytes, text) in [
        ("utf-8", "gr\u{fc}n \u{1f600}".as_bytes().to_vec(), "gr\u{fc}n \u{1f600}"),
        ("iso-8859-1", b"gr\xfcn".to_vec(), "gr\u{fc}n"),
        ("windows-1252", b"\x80 5".to_vec(), "\u{20ac} 5"),
        ("gb18030", b"\xc4\xe3\xba\xc3".to_vec(), "\u{4f60}\u{597d}"),
        ("shift_jis", b"\x93\xfa\x96\x7b".to_vec(), "\u{65e5}\u{672c}"),
        ("utf-16le", b"a\0\xfc\0".to_vec(), "a\u{fc}"),
    ] {
        let format = json!({"deserialization_type": "TEXT", "encoding": encoding});
        let run =
            read(|broker| Connector::to(broker).with("MessageFormat", format.clone()), vec![Message::value(bytes)]);
        assert_eq!(run.succeeds().only_record("orders")["value"], text, "{encoding}");
    }
}

#[test]
fn bytes_are_base64() {
    let messages = vec![Message::value(b"\0\xff\x10".to_vec()), Message::value("")];
    let run = read(|broker| Connector::to(broker).with_format("BINARY"), messages).succeeds();
    assert_eq!(run.column("orders", "value"), ["AP8Q", ""]);
}

#[test]
fn auto_takes_everything() {
    let messages = vec![
        Message::value(r#"{"id":1}"#),
        Message::value("plain text"),
        Message::value(b"\xff\xfe\x01".to_vec()),
        Message::value("{\"id\":"),
    ];
    let run = read(Connector::to, messages).succeeds();
    assert_eq!(run.column("orders", "id"), [json!(1), Value::Null, Value::Null, Value::Null]);
    assert_eq!(run.column("orders", "value"), [Value::Null, json!("plain text"), json!("//4B"), json!("{\"id\":")]);
}

#[test]
fn tombstones_and_json_null_have_metadata_only() {
    let messages = vec![Message::value(r#"{"id":1}"#), Message::tombstone("k"), Message::value("null")];
    let run = read(|broker| Connector::to(broker).with_format("JSON"), messages.clone()).succeeds();
    for record in &run.records("orders")[1..] {
        assert!(record.data.keys().all(|column| column.starts_with("_kafka_")), "{record:?}");
    }
    assert_eq!(run.column("orders", "_kafka_key"), [Value::Null, json!("k"), Value::Null]);
    let wrapped = |broker: &Broker| Connector::to(broker).with_format("JSON").with("record_shape", "wrapped");
    let run = read(wrapped, messages).succeeds();
    assert_eq!(run.column("orders", "value"), [json!({"id": 1}), Value::Null, Value::Null]);
    assert!(run.records("orders").iter().all(|record| record.data.contains_key("value")));
}

#[test]
fn a_missing_key_is_null_and_an_empty_one_is_empty() {
    let messages = vec![Message::value("{}"), Message::value("{}").with_key(""), Message::value("{}").with_key("k")];
    let run = read(Connector::to, messages).succeeds();
    assert_eq!(run.column("orders", "_kafka_key"), [Value::Null, json!(""), json!("k")]);
}

#[test]
fn keys_are_read_in_their_own_format() {
    let key = |format: &str, key: &[u8]| {
        let connector =
            |broker: &Broker| Connector::to(broker).with("key_format", json!({"deserialization_type": format}));
        let run = read(connector, vec![Message::value("{}").with_key(key)]).succeeds();
        run.only_record("orders")["_kafka_key"].clone()
    };
    assert_eq!(key("AUTO", b"{\"id\":1}"), json!("{\"id\":1}"));
    assert_eq!(key("AUTO", b"\xff\x00"), json!("/wA="));
    assert_eq!(key("JSON", b"{\"id\":1}"), json!({"id": 1}));
    assert_eq!(key("JSON", b"7"), json!(7));
    assert_eq!(key("TEXT", b"k"), json!("k"));
    assert_eq!(key("BINARY", b"k"), json!("aw=="));
}

/// One message of each bad kind, good ones around them.
fn bad_and_good() -> (Vec<Message>, Vec<i64>) {
    let bad: [Vec<u8>; 5] =
        [b"{".to_vec(), b"{\"a\":\"\xff\"}".to_vec(), b"{} x".to_vec(), Vec::new(), "[".repeat(600).into_bytes()];
    let mut messages = Vec::new();
    for value in bad {
        messages.push(r#"{"id":1}"#.into());
        messages.push(Message::value(value));
    }
    messages.push(r#"{"id":1}"#.into());
    let good = (0..messages.len()).step_by(2).map(|offset| i64::try_from(offset).unwrap()).collect();
    (messages, good)
}

#[test]
fn a_bad_message_fails_the_stream_behind_the_good_ones() {
    let broker = Broker::start();
    broker.filled("orders", [r#"{"id":1}"#, r#"{"id":2}"#, r#"{"id":"#, r#"{"id":4}"#]);
    broker.filled("customers", [r#"{"id":1}"#, r#"{"id":2}"#, r#"{"id":3}"#]);
    let connector = Connector::to(&broker).with_format("JSON");
    let run = connector.read(&connector.catalog()).fails();
    insta::assert_snapshot!(run.error("config_error"), @"topic `orders`, partition 0, offset 2: invalid JSON, ends too early at byte 6; the value begins with hex 7b226964223a. Choose `on_bad_message` `skip` or `rescue` to go on, or another format");
    assert_eq!(run.errors().next().unwrap().stream_descriptor.as_ref().unwrap().name, "orders");
    assert_eq!(run.places("orders"), [(0, 0), (0, 1)]);
    assert_eq!(run.next_offsets("orders"), [(0, 2)].into());
    assert_eq!(run.statuses("orders").last(), Some(&Status::Incomplete));
    // The others are not held back.
    assert_eq!(run.records("customers").len(), 3);
    assert_eq!(run.statuses("customers").last(), Some(&Status::Complete));
}

#[test]
fn skipped_messages_are_logged_and_leave_a_gap() {
    let (messages, good) = bad_and_good();
    let run =
        read(|broker| Connector::to(broker).with_format("JSON").with("on_bad_message", "skip"), messages).succeeds();
    let offsets: Vec<i64> = run.places("orders").into_iter().map(|(_, offset)| offset).collect();
    assert_eq!(offsets, good);
    assert_eq!(run.next_offsets("orders"), [(0, 11)].into());
    let warnings: Vec<_> = run.logs().filter(|log| log.level == "WARN" && log.message.contains("skipped")).collect();
    assert!(warnings.len() >= 5, "{}", run.log_text("WARN"));
    assert!(run.log_text("INFO").contains("5 bad messages skipped"), "{}", run.log_text("INFO"));
}

#[test]
fn rescued_messages_keep_their_bytes_and_the_reason() {
    let (messages, good) = bad_and_good();
    let count = messages.len();
    let run =
        read(|broker| Connector::to(broker).with_format("JSON").with("on_bad_message", "rescue"), messages).succeeds();
    let records = run.records("orders");
    assert_eq!(records.len(), count);
    for record in &records {
        let is_good = good.contains(&record.data["_kafka_offset"].as_i64().unwrap());
        assert_eq!(record.data["_kafka_error"].is_null(), is_good, "{record:?}");
    }
    assert_eq!(records[1].data["_kafka_extra"], json!({"raw": "ew=="}));
    assert_eq!(records[3].data["_kafka_extra"], json!({"raw": "eyJhIjoi/yJ9"}));
    assert_eq!(records[7].data["_kafka_extra"], json!({"raw": ""}));
    insta::assert_snapshot!(records[1].data["_kafka_error"].as_str().unwrap(), @"value: invalid JSON, ends too early at byte 1");
}

#[test]
fn a_bad_key_is_a_bad_message() {
    let connector = |policy: &'static str| {
        move |broker: &Broker| {
            let key_format = json!({"deserialization_type": "JSON"});
            Connector::to(broker).with("key_format", key_format).with("on_bad_message", policy)
        }
    };
    let messages = || vec![Message::value("{}").with_key("7"), Message::value(r#"{"a":1}"#).with_key("{")];
    let run = read(connector("fail"), messages()).fails();
    insta::assert_snapshot!(run.error("config_error"), @"topic `orders`, partition 0, offset 1: invalid JSON, ends too early at byte 1; the key begins with hex 7b. Choose `on_bad_message` `skip` or `rescue` to go on, or another format");
    let run = read(connector("rescue"), messages()).succeeds();
    let extra = &run.records("orders")[1].data["_kafka_extra"];
    assert_eq!(extra, &json!({"raw": "eyJhIjoxfQ==", "raw_key": "ew=="}));
}

#[test]
fn a_bad_text_is_a_bad_message() {
    let run = read(
        |broker| Connector::to(broker).with_format("TEXT").with("on_bad_message", "skip"),
        vec![Message::value("good"), Message::value(b"b\xffd".to_vec()), Message::value("good")],
    );
    assert_eq!(run.succeeds().places("orders"), [(0, 0), (0, 2)]);
}

#[test]
fn a_type_in_the_catalog_that_nobody_knows_takes_everything() {
    let broker = Broker::start();
    broker.filled("orders", [r#"{"id":{"a":1}}"#, r#"{"id":1}"#]);
    let catalog = Configured::of(&["orders"], &json!({"id": {}}));
    let run = Connector::to(&broker).read(&catalog).succeeds();
    assert_eq!(run.column("orders", "id"), [json!({"a": 1}), json!(1)]);
}
