//! Brokers that are down, come back, or answer with errors.

use std::time::Duration;

use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use serde_json::{Value, json};

use crate::broker::{Broker, numbered};
use crate::catalog::Configured;
use crate::harness::{Connector, Running};
use crate::protocol::Status;
use crate::run::redacted;

/// Batches of ten, one fetch each.
fn slow_topic(messages: u32) -> Broker {
    let broker = Broker::with_producer(&[("batch.num.messages", "10")]);
    broker.filled("orders", numbered(0..messages));
    broker
}

/// The client looks for its brokers every second, so that it soon notices when they are down.
fn curious() -> Value {
    json!([{"name": "topic.metadata.refresh.interval.ms", "value": "1000"}])
}

#[test]
fn brokers_that_are_down_at_the_start_are_a_transient_error() {
    let broker = slow_topic(10);
    broker.down();
    let connector = Connector::to(&broker).with("request_timeout_ms", 1_000);
    let catalog = Configured::numbers(&["orders"]);
    let run = connector.read_from(&catalog, "[]").fails();
    insta::assert_snapshot!(redacted(&run.error("transient_error")), @"TCP failed at `BROKER`: connection refused, nothing listens there; correct the port in `bootstrap_servers`, or start the broker");
    assert!(run.elapsed < Duration::from_secs(5), "{:?}", run.elapsed);
    assert_eq!(run.statuses("orders"), [Status::Started, Status::Incomplete]);

    let run = connector.discover().fails();
    insta::assert_snapshot!(redacted(&run.error("transient_error")), @"TCP failed at `BROKER`: connection refused, nothing listens there; correct the port in `bootstrap_servers`, or start the broker");
    assert!(run.elapsed < Duration::from_secs(5), "{:?}", run.elapsed);
}

#[test]
fn an_address_that_cannot_be_resolved_is_named() {
    let connector = Connector::at("no-such-host.invalid:9092").with("request_timeout_ms", 1_000);
    let run = connector.discover().fails();
    let message = run.error("transient_error");
    assert!(message.contains("no-such-host.invalid:9092") && message.contains("bootstrap_servers"), "{message}");
}

#[test]
fn brokers_that_go_down_while_reading_are_a_transient_error() {
    let broker = slow_topic(2_000);
    let connector = Connector::to(&broker).with("request_timeout_ms", 1_000);
    let catalog = Configured::numbers(&["orders"]);
    broker.slow(Duration::from_millis(30));
    let mut running = connector.start_read(&catalog, None);
    running.take_until("RECORD");
    broker.down();
    let run = running.finish_read(&catalog).fails();
    let message = run.error("transient_error");
    assert!(message.contains("still to come"), "{message}");
    assert!(run.elapsed < Duration::from_secs(20), "{:?}", run.elapsed);
    let read = run.records("orders").len();
    assert_eq!(run.next_offsets("orders"), [(0, i64::try_from(read).unwrap())].into());
    // With the brokers back, the next attempt goes on from there.
    broker.slow(Duration::ZERO);
    broker.up();
    let rest = connector.read_from(&catalog, &run.state_file()).succeeds();
    assert_eq!(read + rest.records("orders").len(), 2_000);
}

#[test]
fn brokers_that_come_back_in_time_are_no_error() {
    let broker = Broker::with_producer(&[("batch.num.messages", "10")]);
    let connector = Connector::to(&broker).with("kafka_properties", curious()).with_environment("LOG_LEVEL", "debug");
    let (mut running, catalog) = begun(&broker, &connector);
    broker.down();
    // It has noticed, and has tried to come back.
    running.take_until("refused");
    broker.slow(Duration::ZERO);
    broker.up();
    let run = running.finish_read(&catalog).succeeds();
    let offsets: Vec<i64> = run.places("orders").into_iter().map(|(_, offset)| offset).collect();
    assert_eq!(offsets, (0..1_000).collect::<Vec<_>>());
}

/// The messages of `healthy` come from one broker, those of `sick` from another.
fn two_leaders() -> (Broker, Configured) {
    let broker = Broker::several(2, &[("batch.num.messages", "10")]);
    for (leader, topic) in [(1, "healthy"), (2, "sick")] {
        broker.topic_led_by(leader, topic);
        broker.produce(topic, 0, numbered(0..500));
    }
    (broker, Configured::numbers(&["sick", "healthy"]))
}

#[test]
fn a_dead_leader_fails_its_stream_only() {
    // Its port is closed, or it takes connections and says nothing.
    for hangs in [false, true] {
        let (broker, catalog) = two_leaders();
        if hangs {
            broker.one_slow(2, Duration::from_mins(1));
        } else {
            broker.one_down(2);
        }
        let run = Connector::to(&broker).with("request_timeout_ms", 3_000).read(&catalog).fails();
        assert_eq!(run.errors().next().unwrap().stream_descriptor.as_ref().unwrap().name, "sick");
        let message = run.error("transient_error");
        assert!(message.contains("topic `sick`, partition 0"), "{message}");
        assert_eq!(run.statuses("sick"), [Status::Started, Status::Incomplete]);
        assert_eq!(run.records("healthy").len(), 500);
        assert_eq!(run.statuses("healthy").last(), Some(&Status::Complete));
        // One question is not answered, and no other waits for it.
        assert!(run.elapsed < Duration::from_secs(8), "{:?}", run.elapsed);
    }
}

const NOT_LEADER: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;

/// Large enough messages to be written out early, and a read of them that has begun.
fn begun(broker: &Broker, connector: &Connector) -> (Running, Configured) {
    let text = "x".repeat(2_000);
    broker.filled("orders", (0..1_000).map(|number| format!(r#"{{"n":{number},"text":"{text}"}}"#)));
    let catalog = Configured::of(&["orders"], &json!({"n": {"type": "integer"}, "text": {"type": "string"}}));
    broker.slow(Duration::from_millis(20));
    let mut running = connector.start_read(&catalog, None);
    running.take_until("RECORD");
    (running, catalog)
}

/// Any broker describes the topic; whether there is more to come only its leader knows.
#[test]
fn a_leader_that_falls_silent_is_no_idle_topic() {
    let broker = Broker::with_producer(&[("batch.num.messages", "10")]);
    let connector = Connector::to(&broker).with("request_timeout_ms", 1_000);
    let (running, catalog) = begun(&broker, &connector);
    broker.errors(RDKafkaApiKey::ListOffsets, &vec![NOT_LEADER; 5_000]);
    broker.errors(RDKafkaApiKey::Fetch, &vec![NOT_LEADER; 5_000]);
    broker.slow(Duration::ZERO);
    let run = running.finish_read(&catalog).fails();
    let message = run.error("transient_error");
    assert!(message.contains("still to come") && message.contains("asking for the offsets"), "{message}");
    assert_eq!(run.next_offsets("orders"), [(0, i64::try_from(run.records("orders").len()).unwrap())].into());
}

#[test]
fn a_leader_that_never_delivers_is_no_empty_topic() {
    let broker = slow_topic(10);
    broker.errors(RDKafkaApiKey::Fetch, &vec![NOT_LEADER; 5_000]);
    let run = Connector::to(&broker).with("request_timeout_ms", 1_000).read(&Configured::numbers(&["orders"])).fails();
    insta::assert_snapshot!(redacted(&run.error("transient_error")), @"no message for some s, and 10 are still to come: the brokers do not answer; the next sync goes on from here");
}

#[test]
fn a_complaint_that_healed_is_no_error_of_an_idle_topic() {
    let broker = Broker::with_producer(&[("batch.num.messages", "10")]);
    let connector = Connector::to(&broker).with("kafka_properties", curious()).with_environment("LOG_LEVEL", "debug");
    let (mut running, catalog) = begun(&broker, &connector.with("request_timeout_ms", 1_000));
    broker.down();
    running.take_until("refused");
    // They come back and answer everything, but hand out nothing more.
    broker.errors(RDKafkaApiKey::Fetch, &vec![NOT_LEADER; 5_000]);
    broker.slow(Duration::ZERO);
    broker.up();
    let run = running.finish_read(&catalog).succeeds();
    let read = run.records("orders").len();
    assert!((1..1_000).contains(&read), "{read}");
    assert_eq!(run.next_offsets("orders"), [(0, i64::try_from(read).unwrap())].into());
    assert!(run.log_text("WARN").contains("the brokers are well, but nothing arrived"), "{}", run.log_text("WARN"));
}

#[test]
fn errors_that_heal_are_not_noticed_in_the_records() {
    use RDKafkaRespErr as E;
    for (request, errors) in [
        (RDKafkaApiKey::Fetch, vec![E::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION; 1]),
        (RDKafkaApiKey::Fetch, vec![E::RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE; 1]),
        (RDKafkaApiKey::Fetch, vec![E::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT; 1]),
        (RDKafkaApiKey::Fetch, vec![E::RD_KAFKA_RESP_ERR__TRANSPORT; 3]),
        (RDKafkaApiKey::Metadata, vec![E::RD_KAFKA_RESP_ERR__TRANSPORT; 2]),
    ] {
        let broker = slow_topic(200);
        let description = format!("{errors:?}");
        broker.errors(request, &errors);
        let run = Connector::to(&broker).read(&Configured::numbers(&["orders"])).succeeds();
        assert_eq!(run.records("orders").len(), 200, "{description}");
    }
}

#[test]
fn a_leader_that_moves_while_offsets_are_asked_for_is_asked_again() {
    let broker = slow_topic(200);
    broker.errors(RDKafkaApiKey::ListOffsets, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION; 2]);
    let run = Connector::to(&broker).read(&Configured::numbers(&["orders"])).succeeds();
    assert_eq!(run.records("orders").len(), 200);
}

/// The mock broker names a controller that does not exist, as a cluster may that elects a new one. What only the
/// controller could tell must not hold up a sync that can do without.
#[test]
fn a_cluster_without_a_controller_is_read_without_delay() {
    let broker = slow_topic(10);
    let run = Connector::to(&broker).read(&Configured::numbers(&["orders"])).succeeds();
    assert_eq!(run.records("orders").len(), 10);
    assert!(run.elapsed < Duration::from_secs(5), "{:?}", run.elapsed);
}

#[test]
fn a_topic_that_may_not_be_read_fails_alone() {
    let broker = slow_topic(10);
    broker.topic("secret", 1);
    broker.topic_error("secret", RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    let run = Connector::to(&broker).read(&Configured::numbers(&["secret", "orders"])).fails();
    insta::assert_snapshot!(run.error("config_error"), @"authorization failed: topic `secret` may not be described by this user, or does not exist (Topic authorization failed); grant DESCRIBE and READ on it to this user, or correct the name in `subscription`");
    assert_eq!(run.statuses("secret").last(), Some(&Status::Incomplete));
    assert_eq!(run.records("orders").len(), 10);
    assert_eq!(run.statuses("orders").last(), Some(&Status::Complete));
}

#[test]
fn a_topic_that_does_not_exist_fails_alone() {
    let broker = slow_topic(10);
    let run = Connector::to(&broker).read(&Configured::numbers(&["gone", "orders"])).fails();
    insta::assert_snapshot!(run.error("config_error"), @"topic `gone` does not exist on the cluster, or this user may not describe it; check `subscription` and the topic's access rights");
    let error = run.errors().next().unwrap();
    assert_eq!(error.stream_descriptor.as_ref().unwrap().name, "gone");
    assert_eq!(run.statuses("gone"), [Status::Started, Status::Incomplete]);
    assert_eq!(run.records("orders").len(), 10);
    assert_eq!(run.statuses("orders").last(), Some(&Status::Complete));
}

#[test]
fn a_partition_that_loses_its_rights_while_reading_fails_its_stream_only() {
    let broker = slow_topic(10);
    let denied = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED; 1_000];
    broker.errors(RDKafkaApiKey::Fetch, &denied);
    let run = Connector::to(&broker).read(&Configured::numbers(&["orders"])).fails();
    insta::assert_snapshot!(run.error("config_error"), @"authorization failed: topic `orders` may be described, but not read (Fetch from broker 1 failed: Broker: Topic authorization failed); grant READ on it to this user, or take it out of `subscription`");
}

#[test]
fn a_broken_topic_is_left_out_of_a_pattern() {
    let broker = slow_topic(10);
    broker.topic("secret", 1);
    broker.topic_error("secret", RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    let run = Connector::to(&broker).discover().succeeds();
    assert_eq!(run.catalog().streams.len(), 1);
    assert!(run.log_text("WARN").contains("`secret`"), "{}", run.log_text("WARN"));
    let named = json!({"subscription_type": "topics", "topics": ["*", "secret"]});
    let run = Connector::to(&broker).with("subscription", named).discover().fails();
    insta::assert_snapshot!(run.error("config_error"), @"authorization failed: topic `secret` may not be described by this user, or does not exist (Topic authorization failed); grant DESCRIBE and READ on it to this user, or correct the name in `subscription`");
}
