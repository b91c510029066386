//! `read` when nothing goes wrong: records, counts, order, statuses, states.

use std::collections::BTreeMap;

use serde_json::json;

use crate::broker::{Broker, Message, numbered};
use crate::catalog::Configured;
use crate::harness::Connector;
use crate::protocol::{Message as Line, Status, Trace};
use crate::run::Run;

/// Offsets by partition, in the order in which they came.
fn offsets(run: &Run, stream: &str) -> BTreeMap<i64, Vec<i64>> {
    let mut offsets = BTreeMap::<i64, Vec<i64>>::new();
    for (partition, offset) in run.places(stream) {
        offsets.entry(partition).or_default().push(offset);
    }
    offsets
}

#[test]
fn everything_of_several_topics_and_partitions_comes_in_order() {
    let broker = Broker::start();
    let sizes = [("orders", 3, 1_500), ("customers", 1, 700), ("events", 5, 40)];
    for (topic, partitions, messages) in sizes {
        broker.topic(topic, partitions);
        for partition in 0..partitions {
            broker.produce(topic, partition, numbered(0..messages));
        }
    }
    let connector = Connector::to(&broker);
    let catalog = connector.catalog();
    let run = connector.read(&catalog).succeeds();
    for (topic, partitions, messages) in sizes {
        let expected: BTreeMap<_, Vec<_>> =
            (0..i64::from(partitions)).map(|partition| (partition, (0..i64::from(messages)).collect())).collect();
        assert_eq!(offsets(&run, topic), expected, "{topic}");
        // What was written at an offset is what comes with it.
        assert!(run.records(topic).iter().all(|record| record.data["n"] == record.data["_kafka_offset"]));
        let next: BTreeMap<i32, i64> = (0..partitions).map(|partition| (partition, i64::from(messages))).collect();
        assert_eq!(run.next_offsets(topic), next);
    }
}

#[test]
fn the_lines_of_a_stream_come_in_the_order_of_the_protocol() {
    let broker = Broker::start();
    broker.filled("orders", numbered(0..3));
    let catalog = Configured::numbers(&["orders"]);
    let run = Connector::to(&broker).read(&catalog).succeeds();
    let kinds: Vec<String> = run
        .messages
        .iter()
        .filter_map(|line| match line {
            Line::Record { .. } => Some("RECORD".to_owned()),
            Line::State { state } => Some(format!("STATE of {}", state.source_stats.record_count)),
            Line::Trace { trace: Trace::StreamStatus { stream_status, .. } } => {
                Some(format!("{:?}", stream_status.status))
            }
            Line::Trace { trace: Trace::Estimate { estimate, .. } } => {
                Some(format!("ESTIMATE of {}", estimate.row_estimate))
            }
            _ => None,
        })
        .collect();
    let expected = ["Started", "ESTIMATE of 3", "Running", "RECORD", "RECORD", "RECORD", "STATE of 3", "Complete"];
    assert_eq!(kinds, expected);
}

#[test]
fn an_empty_topic_has_a_state_all_the_same() {
    let broker = Broker::start();
    broker.topic("orders", 2);
    let run = Connector::to(&broker).read(&Configured::numbers(&["orders"])).succeeds();
    assert_eq!(run.all_records().count(), 0);
    assert_eq!(run.statuses("orders"), [Status::Started, Status::Running, Status::Complete]);
    assert_eq!(run.states("orders").len(), 1);
    assert_eq!(run.next_offsets("orders"), BTreeMap::from([(0, 0), (1, 0)]));
}

#[test]
fn the_counts_of_all_states_add_up() {
    let broker = Broker::start();
    broker.topic("orders", 2);
    // Enough for several checkpoints. The exact count of each state is checked for every run of every test.
    for partition in 0..2 {
        broker.produce("orders", partition, numbered(0..22_500));
    }
    let run = Connector::to(&broker).read(&Configured::numbers(&["orders"])).succeeds();
    assert_eq!(run.records("orders").len(), 45_000);
    let states = run.states("orders");
    assert!(states.len() >= 3, "{} states", states.len());
    #[expect(clippy::cast_possible_truncation, reason = "tests count to thousands")]
    let counted: i64 = states.iter().map(|state| state.source_stats.record_count as i64).sum();
    assert_eq!(counted, 45_000);
}

#[test]
fn only_what_is_chosen_is_read() {
    let broker = Broker::start();
    broker.topic("orders", 3);
    for partition in 0..3 {
        broker.produce("orders", partition, numbered(0..5));
    }
    broker.filled("customers", numbered(0..5));
    let subscription = json!({"subscription_type": "assign", "topic_partitions": "orders:0,orders:2,customers:0"});
    let connector = Connector::to(&broker).with("subscription", subscription);
    let run = connector.read(&connector.catalog().only("orders")).succeeds();
    assert_eq!(offsets(&run, "orders").into_keys().collect::<Vec<_>>(), [0, 2]);
    assert_eq!(run.all_records().count(), 10);
}

#[test]
fn a_namespace_of_the_catalog_is_repeated() {
    let broker = Broker::start();
    broker.filled("orders", numbered(0..3));
    let catalog = Configured::numbers(&["orders"]).with_namespace("shop");
    let run = Connector::to(&broker).read(&catalog).succeeds();
    assert_eq!(run.records("orders").len(), 3);
    for line in &run.messages {
        let descriptor = match line {
            Line::State { state } => &state.stream.stream_descriptor,
            Line::Trace { trace: Trace::StreamStatus { stream_status, .. } } => &stream_status.stream_descriptor,
            _ => continue,
        };
        assert_eq!(descriptor.namespace.as_deref(), Some("shop"), "{line:?}");
    }
}

#[test]
fn messages_written_after_the_start_are_left_for_the_next_sync() {
    let broker = Broker::with_producer(&[("batch.num.messages", "10")]);
    broker.filled("orders", (0..400).map(|_| Message::value(format!(r#"{{"text":"{}"}}"#, "x".repeat(1_000)))));
    let connector = Connector::to(&broker);
    let catalog = Configured::of(&["orders"], &json!({"text": {"type": "string"}}));
    let mut running = connector.start_read(&catalog, None);
    // The end is captured before the first record is written, and with a slow reader nothing is over then.
    running.take_until("RECORD");
    broker.produce("orders", 0, numbered(0..5));
    let run = running.finish_read(&catalog).succeeds();
    assert_eq!(run.records("orders").len(), 400);
    assert_eq!(run.next_offsets("orders"), BTreeMap::from([(0, 400)]));
    assert_eq!(connector.read_from(&catalog, &run.state_file()).succeeds().records("orders").len(), 5);
}

#[test]
fn a_full_refresh_reads_everything_wherever_the_start_is() {
    let broker = Broker::start();
    broker.filled("orders", numbered(0..5));
    let catalog = Configured::numbers(&["orders"]);
    let connector = Connector::to(&broker).with("start_from", json!({"start_type": "latest"}));
    assert_eq!(connector.read(&catalog).succeeds().records("orders").len(), 0);
    assert_eq!(connector.read(&catalog.full_refresh()).succeeds().records("orders").len(), 5);
}

#[test]
fn every_codec_is_read() {
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let broker = Broker::with_producer(&[("compression.type", codec)]);
        broker.filled("orders", numbered(0..1_000));
        let run = Connector::to(&broker).read(&Configured::numbers(&["orders"])).succeeds();
        assert_eq!(run.records("orders").len(), 1_000, "{codec}");
    }
}

#[test]
fn emitted_at_is_the_time_of_reading() {
    let broker = Broker::start();
    broker.filled("orders", [Message::value("{}").at(1_000)]);
    let now = || i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    let before = now();
    let run = Connector::to(&broker).read(&Configured::numbers(&["orders"])).succeeds();
    let emitted_at = run.records("orders")[0].emitted_at;
    assert!((before..=now()).contains(&emitted_at), "{emitted_at}");
}
