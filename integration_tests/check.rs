//! `check`: one connection status, exit code 0, and no TRACE, whatever is wrong.

use std::time::Duration;

use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use serde_json::json;

use crate::broker::{Broker, numbered};
use crate::harness::Connector;
use crate::run::{Run, redacted};

/// The message of a check that failed as checks do.
#[track_caller]
fn failure(run: Run) -> String {
    let run = run.succeeds();
    let (status, message) = run.outcome();
    assert_eq!(status, "FAILED");
    message
}

#[track_caller]
fn success(run: Run) {
    let run = run.succeeds();
    assert_eq!(run.outcome(), ("SUCCEEDED".to_owned(), String::new()));
}

#[test]
fn a_topic_with_messages_is_fine() {
    let broker = Broker::start();
    broker.filled("orders", numbered(0..3));
    success(Connector::to(&broker).check());
}

#[test]
fn an_empty_topic_is_fine() {
    let broker = Broker::start();
    broker.topic("orders", 3);
    success(Connector::to(&broker).check());
}

#[test]
fn a_topic_that_does_not_exist_fails() {
    let broker = Broker::start();
    broker.topic("orders", 1);
    let message = failure(Connector::to(&broker).with_topics(&["orders", "no-such-topic"]).check());
    insta::assert_snapshot!(message, @"topic `no-such-topic` does not exist on the cluster, or this user may not describe it; check `subscription` and the topic's access rights");
}

#[test]
fn asking_for_a_topic_does_not_create_it() {
    let broker = Broker::start();
    broker.topic("orders", 1);
    failure(Connector::to(&broker).with_topics(&["no-such-topic"]).check());
    failure(Connector::to(&broker).with_topics(&["no-such-topic"]).check());
    let catalog = Connector::to(&broker).discover().succeeds().catalog();
    assert_eq!(catalog.streams.len(), 1);
}

#[test]
fn a_pattern_that_matches_nothing_fails() {
    let broker = Broker::start();
    broker.topic("orders", 1);
    let message = failure(Connector::to(&broker).with_topics(&["customers-*"]).check());
    insta::assert_snapshot!(message, @"`subscription.topics` `customers-*` chooses no topic; the cluster shows this user 1, internal ones included");
}

#[test]
fn a_partition_that_does_not_exist_fails() {
    let broker = Broker::start();
    broker.topic("orders", 2);
    let subscription = json!({"subscription_type": "assign", "topic_partitions": "orders:0,orders:2"});
    let message = failure(Connector::to(&broker).with("subscription", subscription).check());
    insta::assert_snapshot!(message, @"`subscription.topic_partitions`: topic `orders` has no partition 2, its partitions are 0 to 1");
}

#[test]
fn the_test_topic_has_to_exist() {
    let broker = Broker::start();
    broker.topic("orders", 1);
    broker.filled("probe", numbered(0..1));
    let connector = |topic: &str| Connector::to(&broker).with_topics(&["orders"]).with("test_topic", topic);
    success(connector("orders").check());
    success(connector("probe").check());
    let message = failure(connector("no-such-topic").check());
    insta::assert_snapshot!(message, @"topic `no-such-topic` does not exist on the cluster, or this user may not describe it; check `subscription` and the topic's access rights");
}

#[test]
fn a_broker_that_is_not_there_fails_in_time() {
    let broker = Broker::start();
    broker.down();
    let run = Connector::to(&broker).check();
    assert!(run.elapsed < Duration::from_secs(15), "{:?}", run.elapsed);
    let message = failure(run);
    insta::assert_snapshot!(redacted(&message), @"TCP failed at `BROKER`: connection refused, nothing listens there; correct the port in `bootstrap_servers`, or start the broker");
}

/// Each question is answered in time, but there are many.
#[test]
fn brokers_that_are_slow_fail_in_time() {
    let broker = Broker::start();
    let topics = ["a", "b", "c", "d", "e", "f", "g", "h"];
    for topic in topics {
        broker.topic(topic, 1);
    }
    broker.slow(Duration::from_millis(2_500));
    let run = Connector::to(&broker).with_topics(&topics).check();
    assert!(run.elapsed < Duration::from_secs(14), "{:?}", run.elapsed);
    let message = failure(run);
    assert!(message.contains("no answer from a broker at `127.0.0.1:"), "{message}");
}

#[test]
fn a_dead_leader_fails_in_time() {
    for hangs in [false, true] {
        let broker = Broker::several(2, &[]);
        broker.topic_led_by(1, "healthy");
        broker.topic_led_by(2, "dead");
        if hangs {
            broker.one_slow(2, Duration::from_mins(1));
        } else {
            broker.one_down(2);
        }
        let run = Connector::to(&broker).check();
        assert!(run.elapsed < Duration::from_secs(14), "{:?}", run.elapsed);
        let message = failure(run);
        assert!(message.contains("topic `dead`, partition 0"), "{message}");
    }
}

#[test]
fn topics_that_may_be_listed_but_not_read_fail() {
    let broker = Broker::start();
    broker.filled("orders", numbered(0..3));
    let denied = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED; 50];
    broker.errors(RDKafkaApiKey::Fetch, &denied);
    let message = failure(Connector::to(&broker).check());
    insta::assert_snapshot!(message, @"authorization failed: topic `orders` may be described, but not read (Fetch from broker 1 failed: Broker: Topic authorization failed); grant READ on it to this user, or take it out of `subscription`");
}

#[test]
fn a_configuration_that_is_not_valid_fails() {
    let broker = Broker::start();
    let message = failure(Connector::to(&broker).with("bootstrap_servers", "").check());
    insta::assert_snapshot!(message, @"invalid configuration: `bootstrap_servers` is missing or empty; give it a value like `kafka-1.example.com:9092,kafka-2.example.com:9092`");
    let connector = Connector::to(&broker);
    let message = failure(connector.run(&["check", "--config", "no-such-file.json"]));
    insta::assert_snapshot!(message, @"cannot read the config file `no-such-file.json`: No such file or directory (os error 2)");
}

#[test]
fn what_the_client_does_not_take_is_named() {
    let broker = Broker::start();
    let check = |name: &str, value: &str| {
        let properties = json!([{"name": name, "value": value}]);
        failure(Connector::to(&broker).with("kafka_properties", properties).check())
    };
    insta::assert_snapshot!(check("no.such.property", "1"), @r#"the Kafka client refused its settings: `no.such.property`: No such configuration property: "no.such.property"; check the entries of `kafka_properties`"#);
    insta::assert_snapshot!(check("socket.timeout.ms", "soon"), @r#"the Kafka client refused its settings: `socket.timeout.ms`: Invalid value for configuration property "socket.timeout.ms"; check the entries of `kafka_properties`"#);
    insta::assert_snapshot!(check("fetch.max.bytes", "1"), @"the Kafka client refused its settings: `fetch.max.bytes` must be >= `message.max.bytes`; check the entries of `kafka_properties`");
}
