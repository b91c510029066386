//! What users read when something is wrong: every error of `check`, `discover` and `read` that is not shown by another
//! test. (Those of the configuration, of states and of lost offsets are snapshots beside their code.)

use serde_json::{Value, json};

use source_kafka::error::{Error, FailureType};
use source_kafka::kafka;

use crate::broker::{Broker, numbered};
use crate::catalog::Configured;
use crate::harness::Connector;
use crate::protocol::Status;
use crate::run::redacted;

/// Nothing listens there, and nothing needs to.
fn nowhere() -> Connector {
    Connector::at("localhost:1")
}

#[test]
fn usage() {
    let message = |arguments: &[&str]| nowhere().run(arguments).fails().error("config_error");
    insta::assert_snapshot!(message(&[]), @"invalid command line: a command is missing: spec, check, discover or read");
    insta::assert_snapshot!(message(&["write"]), @"invalid command line: unrecognized subcommand 'write'  Usage: source-kafka <COMMAND>  For more information, try '--help'.");
    insta::assert_snapshot!(message(&["check"]), @"invalid command line: the following required arguments were not provided:   --config <FILE>  Usage: source-kafka check --config <FILE>  For more information, try '--help'.");
    insta::assert_snapshot!(message(&["read", "--config", "c.json"]), @"invalid command line: the following required arguments were not provided:   --catalog <FILE>  Usage: source-kafka read --config <FILE> --catalog <FILE>  For more information, try '--help'.");
    insta::assert_snapshot!(message(&["read", "--config", "c.json", "--catalog"]), @"invalid command line: a value is required for '--catalog <FILE>' but none was supplied  For more information, try '--help'.");
}

#[test]
fn files() {
    let connector = nowhere();
    let [_, _, config, _, catalog] = connector.read_arguments(&Configured::numbers(&["orders"]));
    std::fs::write(connector.path("latin-1.json"), b"{\"caf\xe9\":1}").unwrap();
    let message = |arguments: &[&str]| redacted(&connector.run(arguments).fails().error("config_error"));
    insta::assert_snapshot!(message(&["discover", "--config", "gone.json"]), @"cannot read the config file `gone.json`: No such file or directory (os error 2)");
    insta::assert_snapshot!(message(&["read", "--config", &config, "--catalog", "gone.json"]), @"cannot read the catalog file `gone.json`: No such file or directory (os error 2)");
    insta::assert_snapshot!(message(&["read", "--config", ".", "--catalog", &catalog]), @"cannot read the config file `.`: Is a directory (os error 21)");
    insta::assert_snapshot!(message(&["read", "--config", &config, "--catalog", &catalog, "--state", "."]), @"cannot read the state file `.`: Is a directory (os error 21)");
    insta::assert_snapshot!(message(&["read", "--config", &config, "--catalog", "latin-1.json"]), @"cannot read the catalog file `latin-1.json`: stream did not contain valid UTF-8");
}

#[test]
fn configured_catalogs() {
    let message = |catalog: &str| {
        let catalog: Value = serde_json::from_str(catalog).unwrap_or(Value::String(catalog.to_owned()));
        nowhere().start_read(&Configured(catalog), None).finish().fails().error("config_error")
    };
    let stream = |schema: &str, sync_mode: &str| {
        format!(r#"{{"stream":{{"name":"orders","json_schema":{schema}}},"sync_mode":"{sync_mode}"}}"#)
    };
    let good = stream(r#"{"properties":{}}"#, "incremental");
    insta::assert_snapshot!(message("text"), @r#"invalid configured catalog: invalid type: string "text", expected an object with a list `streams` at line 1 column 6"#);
    insta::assert_snapshot!(message("{}"), @"invalid configured catalog: missing field `streams` at line 1 column 2");
    insta::assert_snapshot!(message(r#"{"streams":[]}"#), @"invalid configured catalog: `streams` is empty; select at least one stream");
    insta::assert_snapshot!(message(r#"{"streams":[{"sync_mode":"incremental"}]}"#), @"invalid configured catalog: missing field `stream` at line 1 column 39");
    insta::assert_snapshot!(message(&format!(r#"{{"streams":[{}]}}"#, stream("{}", "incremental"))), @"invalid configured catalog: stream `orders`: `json_schema` has no object `properties`; refresh the connection's schema");
    insta::assert_snapshot!(message(&format!(r#"{{"streams":[{}]}}"#, stream(r#"{"properties":{}}"#, "INVALID"))), @"invalid configured catalog: stream `orders`: `sync_mode` is `INVALID`, but has to be `full_refresh` or `incremental`");
    insta::assert_snapshot!(message(&format!(r#"{{"streams":[{good},{good}]}}"#)), @"invalid configured catalog: stream `orders` stands twice in `streams`");
}

#[test]
fn a_catalog_that_is_cut_off() {
    let connector = nowhere();
    let [_, _, config, _, _] = connector.read_arguments(&Configured::numbers(&["orders"]));
    std::fs::write(connector.path("cut.json"), r#"{"streams":["#).unwrap();
    let run = connector.run(&["read", "--config", &config, "--catalog", "cut.json"]).fails();
    insta::assert_snapshot!(run.error("config_error"), @"invalid configured catalog: EOF while parsing a list at line 1 column 12");
}

#[test]
fn a_state_that_is_none() {
    let run = nowhere().read_from(&Configured::numbers(&["orders"]), "{").fails();
    insta::assert_snapshot!(run.error("config_error"), @"invalid state: it is no JSON: EOF while parsing an object at line 1 column 1");
}

#[test]
fn a_configuration_that_is_none() {
    let run = nowhere().with("record_shape", "round").discover().fails();
    insta::assert_snapshot!(run.error("config_error"), @"invalid configuration: `record_shape` cannot be `round`; choose `flattened` or `wrapped`");
}

#[test]
fn a_stream_that_the_subscription_does_not_choose() {
    let broker = Broker::start();
    broker.filled("orders", numbered(0..3));
    let connector = Connector::to(&broker).with_topics(&["orders", "customers-*"]);
    let run = connector.read(&Configured::numbers(&["events", "orders"])).fails();
    // Only that stream fails.
    assert_eq!(run.errors().next().unwrap().stream_descriptor.as_ref().unwrap().name, "events");
    assert_eq!(run.statuses("events"), [Status::Started, Status::Incomplete]);
    assert_eq!(run.records("orders").len(), 3);
    assert_eq!(run.statuses("orders").last(), Some(&Status::Complete));
    insta::assert_snapshot!(run.error("config_error"), @"stream `events` is not chosen by `subscription.topics` `orders,customers-*`; change the subscription or take the stream out of the catalog");
}

#[test]
fn topics_that_are_not_there() {
    let broker = Broker::start();
    broker.topic("orders", 2);
    let message = |subscription: Value| {
        Connector::to(&broker).with("subscription", subscription).discover().fails().error("config_error")
    };
    let topics = |names: &[&str]| json!({"subscription_type": "topics", "topics": names});
    insta::assert_snapshot!(message(topics(&["gone"])), @"topic `gone` does not exist on the cluster, or this user may not describe it; check `subscription` and the topic's access rights");
    insta::assert_snapshot!(message(topics(&["gone", "ord*"])), @"topic `gone` does not exist on the cluster, or this user may not describe it; check `subscription` and the topic's access rights");
    insta::assert_snapshot!(message(topics(&["customers-*"])), @"`subscription.topics` `customers-*` chooses no topic; the cluster shows this user 1, internal ones included");
    insta::assert_snapshot!(message(json!({"subscription_type": "subscribe", "topic_pattern": "cust.*"})), @"`subscription.topic_pattern` `cust.*` chooses no topic; the cluster shows this user 1, internal ones included");
    insta::assert_snapshot!(message(json!({"subscription_type": "assign", "topic_partitions": "orders:0,gone:0"})), @"topic `gone` does not exist on the cluster, or this user may not describe it; check `subscription` and the topic's access rights");
    insta::assert_snapshot!(message(json!({"subscription_type": "assign", "topic_partitions": "orders:0,orders:7"})), @"`subscription.topic_partitions`: topic `orders` has no partition 7, its partitions are 0 to 1");
}

#[test]
fn everything_is_excluded() {
    let broker = Broker::start();
    broker.topic("orders", 1);
    let message = |topics: &[&str]| {
        let subscription = json!({"subscription_type": "topics", "topics": topics, "exclude": ["*"]});
        let connector = Connector::to(&broker).with("subscription", subscription);
        let message = connector.discover().fails().error("config_error");
        assert_eq!(connector.check().succeeds().outcome(), ("FAILED".to_owned(), message.clone()));
        message
    };
    insta::assert_snapshot!(message(&["orders"]), @"`subscription.exclude` takes out every topic of `subscription.topics` `orders`; take an entry out of one of the two");
    insta::assert_snapshot!(message(&["orders", "o*"]), @"`subscription.topics` `o*` chooses no topic; the cluster shows this user 1, internal ones included");
}

#[test]
fn a_partition_that_is_gone_when_it_is_read() {
    let broker = Broker::start();
    broker.topic("orders", 2);
    let subscription = json!({"subscription_type": "assign", "topic_partitions": "orders:7"});
    let run = Connector::to(&broker).with("subscription", subscription).read(&Configured::numbers(&["orders"])).fails();
    insta::assert_snapshot!(run.error("config_error"), @"`subscription.topic_partitions`: topic `orders` has no partition 7, its partitions are 0 to 1");
}

#[test]
fn nothing_is_committed() {
    let broker = Broker::start();
    broker.filled("orders", numbered(0..3));
    let connector = Connector::to(&broker).with("auto_offset_reset", "none").with("group_id", "billing");
    let run = connector.read(&Configured::numbers(&["orders"])).fails();
    insta::assert_snapshot!(run.error("config_error"), @"topic `orders`, partition 0: `group_id` `billing` has no committed offset, and `auto_offset_reset` is `none`; choose where to start with `start_from`");
}

#[test]
fn lost_offsets() {
    let broker = Broker::start();
    broker.filled("orders", numbered(0..3));
    let state = crate::run::next_offsets_file("orders", &json!({"0": 8}));
    let run = Connector::to(&broker).read_from(&Configured::numbers(&["orders"]), &state).fails();
    insta::assert_snapshot!(run.error("config_error"), @"topic `orders`, partition 0: the state goes on at offset 8, but the log ends at 3 (it begins at 0): the topic was recreated or truncated, or this is another cluster; choose `on_lost_offsets` `earliest` or `latest` to go on with what is there, or clear the stream's state");
}

/// What no test can bring about from outside.
#[test]
fn the_rest() {
    let shown = |error: Error| format!("{} ({})", error.user_message(), error.failure_type().name());
    let (attempt, cause) = ("reading".to_owned(), "librdkafka's words".to_owned());
    let fatal = kafka::Error::Fatal { attempt: attempt.clone(), cause: cause.clone() };
    insta::assert_snapshot!(shown(fatal.into()), @"the Kafka client failed while reading: librdkafka's words (system_error)");
    let unavailable = kafka::Error::Unavailable { attempt, cause: cause.clone() };
    insta::assert_snapshot!(shown(unavailable.into()), @"the brokers could not answer while reading: librdkafka's words (transient_error)");
    let misrouted = kafka::Error::Misrouted { topic: "orders".to_owned(), partition: 3, offset: 42 };
    insta::assert_snapshot!(shown(misrouted.into()), @"a message of topic `orders`, partition 3, offset 42 arrived outside the data queue (system_error)");
    let stalled = Error::Stalled { seconds: 30, remaining: 7, cause: cause.clone() };
    insta::assert_snapshot!(shown(stalled), @"no message for 30 s, and 7 are still to come: librdkafka's words; the next sync goes on from here (transient_error)");
    let failure_type = FailureType::Transient;
    let partition = Error::Partition { topic: "orders".to_owned(), partition: 3, cause, failure_type };
    insta::assert_snapshot!(shown(partition), @"topic `orders`, partition 3 cannot be read: librdkafka's words (transient_error)");
    insta::assert_snapshot!(shown(Error::Internal("panicked at src/x.rs:1:1".to_owned())), @"internal error: panicked at src/x.rs:1:1 (system_error)");
}
