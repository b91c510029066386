//! Which columns a record has: the shape, the metadata, what the configured catalog asks for, and what becomes of the rest.

use serde_json::{Value, json};

use crate::broker::{Broker, Message};
use crate::catalog::Configured;
use crate::harness::Connector;

#[test]
fn the_flattened_shape_has_the_fields_and_the_metadata_as_columns() {
    let broker = Broker::start();
    let message = Message::value(r#"{"id":7,"note":"x","nested":{"a":[1,2]}}"#).with_key("k").at(1_700_000_000_123);
    broker.filled("orders", [message.with_header("trace", Some(b"abc"))]);
    let connector = Connector::to(&broker);
    let run = connector.read(&connector.catalog()).succeeds();
    let expected = json!({
        "id": 7, "note": "x", "nested": {"a": [1, 2]},
        "_kafka_partition": 0, "_kafka_offset": 0, "_kafka_key": "k",
        "_kafka_timestamp": "2023-11-14T22:13:20.123Z", "_kafka_timestamp_type": "CreateTime",
        "_kafka_headers": [{"key": "trace", "value": "abc"}],
    });
    assert_eq!(Value::Object(run.only_record("orders").clone()), expected);
}

#[test]
fn a_field_may_have_any_name() {
    let broker = Broker::start();
    broker.filled("orders", [r#"{"\u0000":7,"\u001f":8,"\"=":9}"#]);
    let connector = Connector::to(&broker);
    let run = connector.read(&connector.catalog()).succeeds();
    let record = run.only_record("orders");
    assert_eq!((&record["\0"], &record["\u{1f}"], &record["\"="]), (&json!(7), &json!(8), &json!(9)));
    assert!(!record.contains_key("_kafka_extra"));
}

#[test]
fn what_has_no_column_of_its_own_is_kept_under_unique_names() {
    let broker = Broker::start();
    broker.filled("orders", [Message::value(r#"{"_kafka_key":"theirs"}"#).with_key(r#"{"ours":1}"#)]);
    let connector = Connector::to(&broker).with("key_format", json!({"deserialization_type": "JSON"}));
    let catalog = Configured::of(&["orders"], &json!({"_kafka_key": {"type": ["null", "integer"]}}));
    let run = connector.read(&catalog).succeeds();
    let line = run.record_lines()[0];
    assert!(line.contains(r#""_kafka_extra":{"_kafka_key":"theirs","_kafka_key_":{"ours":1}}"#), "{line}");
}

#[test]
fn the_wrapped_shape_has_the_value_as_one_column() {
    let broker = Broker::start();
    broker.filled("orders", [r#"{"id":7,"nested":{"a":1}}"#]);
    let connector = Connector::to(&broker).with("record_shape", "wrapped");
    let run = connector.read(&connector.catalog()).succeeds();
    let record = run.only_record("orders");
    assert_eq!(record["value"], json!({"id": 7, "nested": {"a": 1}}));
    assert!(!record.contains_key("id"));
}

#[test]
fn a_value_that_is_no_object_is_the_column_value() {
    let broker = Broker::start();
    for (topic, text, value) in
        [("list", "[1,2]", json!([1, 2])), ("number", "7", json!(7)), ("text", "\"x\"", json!("x"))]
    {
        broker.filled(topic, [text]);
        let connector = Connector::to(&broker).with_topics(&[topic]).with_format("JSON");
        let run = connector.read(&connector.catalog()).succeeds();
        assert_eq!(run.only_record(topic)["value"], value, "{topic}");
    }
}

#[test]
fn columns_that_the_catalog_lacks_are_not_written() {
    let broker = Broker::start();
    let message = Message::value(r#"{"id":7,"note":"x"}"#).with_key("k").with_header("h", Some(b"v"));
    broker.filled("orders", [message]);
    let connector = Connector::to(&broker);
    let mut catalog = connector.catalog();
    for column in ["note", "_kafka_key", "_kafka_headers", "_kafka_timestamp", "_kafka_timestamp_type"] {
        catalog = catalog.without_column(column);
    }
    let run = connector.read(&catalog).succeeds();
    let expected = json!({"id": 7, "_kafka_partition": 0, "_kafka_offset": 0});
    // A deselected field is not a new one: it does not come back through `_kafka_extra`.
    assert_eq!(Value::Object(run.only_record("orders").clone()), expected);
}

#[test]
fn a_new_field_goes_to_extra() {
    let broker = Broker::start();
    broker.filled("orders", [r#"{"id":7}"#]);
    let connector = Connector::to(&broker);
    let catalog = connector.catalog();
    broker.produce("orders", 0, [r#"{"id":8,"new":{"deep":[1]},"other":null}"#]);
    let run = connector.read(&catalog).succeeds();
    let extra = json!({"new": {"deep": [1]}, "other": null});
    assert_eq!(run.column("orders", "_kafka_extra"), [Value::Null, extra]);
    assert_eq!(run.column("orders", "id"), [7, 8]);
    // The next discover makes columns of them.
    assert!(connector.catalog().columns("orders").contains(&"new".to_owned()));
}

#[test]
fn without_extra_new_fields_have_no_place() {
    let broker = Broker::start();
    broker.filled("orders", [r#"{"id":7}"#]);
    let connector = Connector::to(&broker);
    let catalog = connector.catalog().without_column("_kafka_extra");
    broker.produce("orders", 0, [r#"{"id":8,"new":1}"#]);
    let run = connector.read(&catalog).succeeds();
    assert!(run.records("orders").iter().all(|record| !record.data.contains_key("new")));
}

#[test]
fn a_value_of_another_kind_goes_to_extra() {
    let broker = Broker::start();
    broker.filled("orders", [r#"{"id":7,"note":"x"}"#]);
    let connector = Connector::to(&broker);
    let catalog = connector.catalog();
    broker.produce("orders", 0, [r#"{"id":"seven","note":null}"#, r#"{"id":7.5,"note":{"a":1}}"#]);
    let run = connector.read(&catalog).succeeds();
    let extra = [Value::Null, json!({"id": "seven"}), json!({"id": 7.5, "note": {"a": 1}})];
    assert_eq!(run.column("orders", "_kafka_extra"), extra);
    assert_eq!(run.column("orders", "id"), [json!(7), Value::Null, Value::Null]);
}

#[test]
fn a_column_of_mixed_kinds_carries_json_text() {
    let broker = Broker::start();
    broker.filled("orders", [r#"{"m":"text"}"#, r#"{"m":{"a": 1}}"#, r#"{"m":[1]}"#, r#"{"m":null}"#]);
    let connector = Connector::to(&broker);
    let run = connector.read(&connector.catalog()).succeeds();
    assert_eq!(run.column("orders", "m"), [json!("text"), json!(r#"{"a":1}"#), json!("[1]"), Value::Null]);
}

#[test]
fn fields_that_look_like_our_columns_go_to_extra() {
    let broker = Broker::start();
    broker.filled("orders", [r#"{"_kafka_offset":"mine","_ab_cdc_deleted_at":"mine","id":1}"#]);
    let connector = Connector::to(&broker);
    let run = connector.read(&connector.catalog()).succeeds();
    let record = run.only_record("orders");
    assert_eq!(record["_kafka_offset"], 0);
    assert_eq!(record["_kafka_extra"], json!({"_kafka_offset": "mine", "_ab_cdc_deleted_at": "mine"}));
}

#[test]
fn headers_keep_their_order_duplicates_nulls_and_bytes() {
    let broker = Broker::start();
    let message = Message::value("{}")
        .with_header("a", Some(b"1"))
        .with_header("b", None)
        .with_header("a", Some(b""))
        .with_header("a", Some(b"\xff\xfe"))
        .with_header("\u{e4}\"", Some("\u{1f600}\n".as_bytes()));
    broker.filled("orders", [message, Message::value("{}")]);
    let connector = Connector::to(&broker);
    let run = connector.read(&connector.catalog()).succeeds();
    let headers = json!([
        {"key": "a", "value": "1"},
        {"key": "b", "value": null},
        {"key": "a", "value": ""},
        {"key": "a", "value": "//4=", "encoding": "base64"},
        {"key": "\u{e4}\"", "value": "\u{1f600}\n"},
    ]);
    let column = run.column("orders", "_kafka_headers");
    assert_eq!(column[0], headers);
    assert!(column[1].is_null() || column[1] == json!([]), "{}", column[1]);
}

#[test]
fn timestamps_are_total() {
    let broker = Broker::start();
    let times = [0, 1, 951_782_400_000, 253_402_300_799_999];
    broker.filled("orders", times.map(|time| Message::value("{}").at(time)));
    let connector = Connector::to(&broker);
    let run = connector.read(&connector.catalog()).succeeds();
    let expected = ["1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.001Z", "2000-02-29T00:00:00.000Z"];
    let column = run.column("orders", "_kafka_timestamp");
    // The producer takes 0 for "now".
    assert_eq!(column[1..3], expected[1..3]);
    assert_eq!(column[3], "9999-12-31T23:59:59.999Z");
}

#[test]
fn a_timestamp_that_no_date_can_show_is_kept_elsewhere() {
    let broker = Broker::start();
    broker.filled("orders", [Message::value("{}").at(i64::MAX)]);
    let connector = Connector::to(&broker);
    let run = connector.read(&connector.catalog()).succeeds();
    let record = &run.records("orders")[0];
    assert_eq!(record.data.get("_kafka_timestamp"), Some(&Value::Null));
    assert!(record.data["_kafka_extra"].to_string().contains("9223372036854775807"), "{record:?}");
    let changes = &record.meta.as_ref().unwrap().changes;
    assert_eq!((changes[0].field.as_str(), changes[0].change.as_str()), ("_kafka_timestamp", "NULLED"));
}

#[test]
fn a_catalog_without_the_primary_key_is_warned_of() {
    let broker = Broker::start();
    broker.filled("orders", [r#"{"id":7}"#]);
    let catalog = Configured::of(&["orders"], &json!({"id": {"type": "integer"}})).without_column("_kafka_offset");
    let run = Connector::to(&broker).read(&catalog).succeeds();
    assert!(run.log_text("WARN").contains("_kafka_offset"), "{}", run.log_text("WARN"));
    assert!(!run.only_record("orders").contains_key("_kafka_offset"));
}
