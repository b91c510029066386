//! Many partitions and large messages, in bounded memory.

use std::collections::BTreeMap;

use serde_json::json;

use crate::broker::{Broker, numbered};
use crate::catalog::Configured;
use crate::harness::Connector;

const MIB: u64 = 1024 * 1024;

#[test]
fn a_thousand_partitions_are_read_in_little_memory() {
    let broker = Broker::start();
    broker.topic("orders", 1_000);
    for partition in 0..1_000 {
        broker.produce_soon("orders", partition, numbered(0..20));
    }
    broker.flush();
    let run = Connector::to(&broker).read(&Configured::numbers(&["orders"])).succeeds();
    assert_eq!(run.records("orders").len(), 20_000);
    assert_eq!(run.next_offsets("orders"), (0..1_000).map(|partition| (partition, 20)).collect::<BTreeMap<_, _>>());
    assert!(run.peak_memory > 0 && run.peak_memory <= 64 * MIB, "{} MiB", run.peak_memory / MIB);
}

#[test]
fn a_large_message_is_read_whole() {
    let broker = Broker::start();
    let text = "x".repeat(8_000_000);
    broker.filled("orders", [format!(r#"{{"text":"{text}"}}"#)]);
    let connector = Connector::to(&broker);
    let run = connector.read(&connector.catalog()).succeeds();
    assert!(run.only_record("orders")["text"] == json!(text));
    assert!(run.peak_memory <= 64 * MIB, "{} MiB", run.peak_memory / MIB);
}

#[test]
fn many_topics_are_discovered_and_read() {
    let broker = Broker::start();
    for topic in 0..100 {
        broker.topic(&format!("topic-{topic:03}"), 2);
        broker.produce_soon(&format!("topic-{topic:03}"), 1, numbered(0..3));
    }
    broker.flush();
    let connector = Connector::to(&broker);
    let catalog = connector.catalog();
    assert_eq!(catalog.streams().len(), 100);
    let run = connector.read(&catalog).succeeds();
    assert_eq!(run.all_records().count(), 300);
}
