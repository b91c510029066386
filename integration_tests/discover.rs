//! `discover`: one stream per topic, columns from a sample of messages.

use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use serde_json::{Value, json};

use crate::broker::{Broker, Message, numbered};
use crate::catalog::Configured;
use crate::harness::Connector;
use crate::protocol::Catalog;

fn names(catalog: &Catalog) -> Vec<&str> {
    catalog.streams.iter().map(|stream| stream.name.as_str()).collect()
}

/// The type of each column that is no metadata.
fn types(catalog: &Catalog, stream: &str) -> Value {
    let stream = catalog.streams.iter().find(|candidate| candidate.name == stream).unwrap();
    let properties = stream.json_schema["properties"].as_object().unwrap();
    let own = properties.iter().filter(|(name, _)| !name.starts_with("_kafka_"));
    own.map(|(name, property)| (name.clone(), property["type"].clone())).collect()
}

#[test]
fn each_topic_is_a_stream_with_all_that_the_platform_needs() {
    let broker = Broker::start();
    broker.filled("orders", [r#"{"id":1,"note":"x"}"#]);
    broker.topic("empty", 2);
    let run = Connector::to(&broker).discover().succeeds();
    let catalog = run.catalog();
    assert_eq!(names(&catalog), ["empty", "orders"]);
    for stream in &catalog.streams {
        assert_eq!(stream.supported_sync_modes, ["full_refresh", "incremental"]);
        assert!(stream.source_defined_cursor && stream.is_resumable);
        let columns = stream.json_schema["properties"].as_object().unwrap();
        let keys = stream.source_defined_primary_key.iter().flatten().chain(&stream.default_cursor_field);
        for key in keys {
            assert_eq!(columns[key]["type"], "integer", "{key}");
        }
        jsonschema::draft7::meta::validate(&stream.json_schema).unwrap();
    }
    assert_eq!(catalog.streams[1].source_defined_primary_key, [["_kafka_partition"], ["_kafka_offset"]]);
    assert_eq!(catalog.streams[1].default_cursor_field, ["_kafka_offset"]);
}

#[test]
fn a_schema_has_the_fields_and_the_metadata() {
    let broker = Broker::start();
    broker.filled("orders", [r#"{"id":1,"note":"x"}"#]);
    let catalog = Connector::to(&broker).discover().succeeds().catalog();
    let orders = serde_json::to_string_pretty(&catalog.streams[0].json_schema).unwrap();
    insta::assert_snapshot!(orders, @r#"
{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "additionalProperties": true,
  "properties": {
    "_kafka_extra": {
      "additionalProperties": true,
      "type": [
        "null",
        "object"
      ],
      "x-known-fields": [
        "id",
        "note"
      ]
    },
    "_kafka_headers": {
      "items": {
        "additionalProperties": true,
        "properties": {
          "encoding": {
            "type": [
              "null",
              "string"
            ]
          },
          "key": {
            "type": "string"
          },
          "value": {
            "type": [
              "null",
              "string"
            ]
          }
        },
        "type": "object"
      },
      "type": [
        "null",
        "array"
      ]
    },
    "_kafka_key": {
      "type": [
        "null",
        "string"
      ]
    },
    "_kafka_offset": {
      "type": "integer"
    },
    "_kafka_partition": {
      "type": "integer"
    },
    "_kafka_timestamp": {
      "airbyte_type": "timestamp_with_timezone",
      "format": "date-time",
      "type": [
        "null",
        "string"
      ]
    },
    "_kafka_timestamp_type": {
      "type": [
        "null",
        "string"
      ]
    },
    "id": {
      "type": [
        "null",
        "integer"
      ]
    },
    "note": {
      "type": [
        "null",
        "string"
      ]
    }
  },
  "type": "object"
}
"#);
}

#[test]
fn internal_topics_are_left_out_unless_named() {
    let broker = Broker::start();
    for topic in ["orders", "__consumer_offsets", "_schemas"] {
        broker.topic(topic, 1);
    }
    assert_eq!(names(&Connector::to(&broker).discover().succeeds().catalog()), ["orders"]);
    let connector = Connector::to(&broker).with_topics(&["*", "__consumer_offsets"]);
    assert_eq!(names(&connector.discover().succeeds().catalog()), ["__consumer_offsets", "orders"]);
}

#[test]
fn each_kind_of_subscription_chooses_its_topics() {
    let broker = Broker::start();
    for topic in ["orders", "orders-eu", "orders-us", "other"] {
        broker.topic(topic, 2);
    }
    for (subscription, expected) in [
        (json!({"subscription_type": "topics", "topics": ["orders*"]}), vec!["orders", "orders-eu", "orders-us"]),
        (json!({"subscription_type": "topics", "topics": ["orders-??"]}), vec!["orders-eu", "orders-us"]),
        (json!({"subscription_type": "topics", "topics": ["*"], "exclude": ["orders-*"]}), vec!["orders", "other"]),
        (json!({"subscription_type": "subscribe", "topic_pattern": "orders"}), vec!["orders"]),
        (json!({"subscription_type": "subscribe", "topic_pattern": "o.*r"}), vec!["other"]),
        (json!({"subscription_type": "assign", "topic_partitions": "other:1, orders:0"}), vec!["orders", "other"]),
    ] {
        let run = Connector::to(&broker).with("subscription", subscription.clone()).discover().succeeds();
        assert_eq!(names(&run.catalog()), expected, "{subscription}");
    }
}

#[test]
fn the_types_of_columns_are_those_of_the_sample() {
    let broker = Broker::start();
    broker.filled(
        "orders",
        [
            r#"{"i":1,"f":1,"b":true,"s":"x","o":{"a":1},"a":[1],"n":null,"mixed":"x","nullable":null}"#,
            r#"{"i":-2,"f":1.5,"b":false,"s":"","o":{},"a":[],"n":null,"mixed":{"x":1},"nullable":7}"#,
        ],
    );
    let run = Connector::to(&broker).with_format("JSON").discover().succeeds();
    let nullable = |kind: &str| json!(["null", kind]);
    assert_eq!(
        types(&run.catalog(), "orders"),
        json!({
            "i": nullable("integer"), "f": nullable("number"), "b": nullable("boolean"), "s": nullable("string"),
            "o": nullable("object"), "a": nullable("array"), "n": nullable("string"), "mixed": nullable("string"),
            "nullable": nullable("integer"),
        })
    );
}

#[test]
fn the_oldest_and_the_newest_messages_are_sampled() {
    let broker = Broker::start();
    let middle = (0..300).map(|_| r#"{"middle":1}"#);
    broker.filled("orders", [r#"{"oldest":1}"#].into_iter().chain(middle).chain([r#"{"newest":1}"#]));
    let connector = Connector::to(&broker).with("schema_sample_messages", 2);
    assert_eq!(
        types(&connector.discover().succeeds().catalog(), "orders"),
        json!({
            "oldest": ["null", "integer"], "newest": ["null", "integer"],
        })
    );
}

#[test]
fn every_partition_is_sampled() {
    let broker = Broker::start();
    broker.topic("orders", 3);
    for partition in 0..3 {
        broker.produce("orders", partition, [format!(r#"{{"of_{partition}":1}}"#)]);
    }
    let run = Connector::to(&broker).discover().succeeds();
    let columns = types(&run.catalog(), "orders");
    assert_eq!(columns.as_object().unwrap().len(), 3, "{columns}");
}

#[test]
fn without_a_sample_there_are_metadata_columns_only() {
    let broker = Broker::start();
    broker.filled("orders", numbered(0..3));
    let run = Connector::to(&broker).with("schema_sample_messages", 0).discover().succeeds();
    assert_eq!(types(&run.catalog(), "orders"), json!({}));
}

#[test]
fn the_wrapped_shape_has_one_column() {
    let broker = Broker::start();
    broker.filled("orders", [r#"{"id":1}"#]);
    broker.filled("texts", ["plain"]);
    let run = Connector::to(&broker).with("record_shape", "wrapped").discover().succeeds();
    assert_eq!(types(&run.catalog(), "orders"), json!({"value": ["null", "object"]}));
    assert_eq!(types(&run.catalog(), "texts"), json!({"value": ["null", "string"]}));
}

#[test]
fn rescue_declares_its_column() {
    let broker = Broker::start();
    broker.topic("orders", 1);
    let columns =
        |connector: Connector| Configured::all_of(&connector.discover().succeeds().catalog()).columns("orders");
    assert!(!columns(Connector::to(&broker)).contains(&"_kafka_error".to_owned()));
    assert!(columns(Connector::to(&broker).with("on_bad_message", "rescue")).contains(&"_kafka_error".to_owned()));
}

#[test]
fn bad_messages_and_tombstones_do_not_disturb_the_sample() {
    let broker = Broker::start();
    broker.filled("orders", ["{".into(), Message::tombstone("k"), Message::value(""), r#"{"n":1}"#.into()]);
    let run = Connector::to(&broker).with_format("JSON").discover().succeeds();
    assert_eq!(types(&run.catalog(), "orders"), json!({"n": ["null", "integer"]}));
    assert!(run.log_text("WARN").contains("orders"), "{}", run.log_text("WARN"));
}

#[test]
fn a_thousand_columns_are_enough() {
    let broker = Broker::start();
    let fields: Vec<String> = (0..1200).map(|number| format!(r#""f{number}":1"#)).collect();
    broker.filled("orders", [format!("{{{}}}", fields.join(","))]);
    let run = Connector::to(&broker).discover().succeeds();
    assert_eq!(types(&run.catalog(), "orders").as_object().unwrap().len(), 1000);
    assert!(run.log_text("WARN").contains("_kafka_extra"), "{}", run.log_text("WARN"));
}

#[test]
fn topics_that_may_be_listed_but_not_read_fail() {
    let broker = Broker::start();
    broker.filled("orders", numbered(0..3));
    broker.errors(RDKafkaApiKey::Fetch, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED; 50]);
    let run = Connector::to(&broker).discover().fails();
    insta::assert_snapshot!(run.error("config_error"), @"authorization failed: topic `orders` may be described, but not read (Fetch from broker 1 failed: Broker: Topic authorization failed); grant READ on it to this user, or take it out of `subscription`");
}

#[test]
fn batches_that_are_damaged_fail() {
    let broker = Broker::start();
    broker.filled("orders", numbered(0..3));
    broker.errors(RDKafkaApiKey::Fetch, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_INVALID_MSG; 50]);
    let run = Connector::to(&broker).discover().fails();
    insta::assert_snapshot!(run.error("transient_error"), @"topic `orders`, partition 0 cannot be read: Fetch from broker 1 failed at offset 0 (leader epoch -1): Broker: Invalid message");
}
