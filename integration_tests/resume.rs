//! Where a sync begins: states of every kind, and the configured start.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rdkafka::Offset;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use serde_json::{Value, json};

use crate::broker::{Broker, numbered};
use crate::catalog::Configured;
use crate::harness::Connector;
use crate::protocol::{Message, Status};
use crate::run::{next_offsets_file, state_file, stream_state};

/// Five messages in each of two partitions.
fn orders() -> (Broker, Configured) {
    let broker = Broker::start();
    broker.topic("orders", 2);
    for partition in 0..2 {
        broker.produce("orders", partition, numbered(0..5));
    }
    (broker, Configured::numbers(&["orders"]))
}

/// The places of the last three messages of partition 0 and of all of partition 1.
const AFTER_TWO: [(i64, i64); 8] = [(0, 2), (0, 3), (0, 4), (1, 0), (1, 1), (1, 2), (1, 3), (1, 4)];

fn sorted(mut places: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    places.sort_unstable();
    places
}

#[test]
fn every_state_of_a_run_can_be_resumed_from() {
    let broker = Broker::start();
    for topic in ["a", "b"] {
        broker.topic(topic, 3);
        for partition in 0..3 {
            broker.produce(topic, partition, numbered(0..7_500));
        }
    }
    let connector = Connector::to(&broker);
    let catalog = Configured::numbers(&["a", "b"]);
    let whole = connector.read(&catalog).succeeds();
    let all: BTreeSet<(i64, i64)> = (0..3).flat_map(|p| (0..7_500).map(move |offset| (p, offset))).collect();
    let places = |messages: &[Message], stream: &str| -> Vec<(i64, i64)> {
        let records = messages.iter().filter_map(|message| match message {
            Message::Record { record } if record.stream == stream => Some(&record.data),
            _ => None,
        });
        records
            .map(|data| (data["_kafka_partition"].as_i64().unwrap(), data["_kafka_offset"].as_i64().unwrap()))
            .collect()
    };
    let ends: Vec<usize> =
        (0..whole.messages.len()).filter(|&index| matches!(whole.messages[index], Message::State { .. })).collect();
    assert!(ends.len() >= 4, "{} states", ends.len());
    for end in ends {
        let before = &whole.messages[..=end];
        let rest = connector.read_from(&catalog, &state_file(before)).succeeds();
        for stream in ["a", "b"] {
            // What the destination has accepted: the records of a stream before its last state.
            let accepted = before
                .iter()
                .rposition(|message| matches!(message, Message::State { state } if state.stream.stream_descriptor.name == stream))
                .map_or(&[][..], |last| &before[..last]);
            let both: Vec<_> = places(accepted, stream).into_iter().chain(rest.places(stream)).collect();
            assert_eq!(both.len(), 22_500, "state {end}, stream {stream}");
            assert_eq!(both.into_iter().collect::<BTreeSet<_>>(), all, "state {end}, stream {stream}");
        }
    }
}

#[test]
fn a_state_at_the_end_reads_nothing_and_stays_as_it_is() {
    let (broker, catalog) = orders();
    let connector = Connector::to(&broker);
    let first = connector.read(&catalog).succeeds();
    let second = connector.read_from(&catalog, &first.state_file()).succeeds();
    assert_eq!(second.all_records().count(), 0);
    assert_eq!(second.statuses("orders"), [Status::Started, Status::Running, Status::Complete]);
    assert_eq!(second.state_file(), first.state_file());
    let third = connector.read_from(&catalog.full_refresh(), &first.state_file()).succeeds();
    assert_eq!(third.all_records().count(), 0, "a full refresh, too, goes on from the state that it is given");
}

#[test]
fn every_kind_of_state_message_is_understood() {
    let (broker, catalog) = orders();
    let connector = Connector::to(&broker);
    let blob = json!({"partitions": {"0": 2, "1": 0}});
    let stream = stream_state("orders", &blob);
    let pyairbyte = json!([{
        "type": "STREAM",
        "stream": {"stream_descriptor": {"name": "orders", "namespace": null}, "stream_state": blob},
        "global_": null, "data": null, "destinationStats": null,
        "sourceStats": {"recordCount": 1.0, "rejectedRecordCount": null},
    }]);
    for state in [
        json!([stream]),
        stream.clone(),
        pyairbyte,
        json!([{"type": "GLOBAL", "global": {"shared_state": {}, "stream_states": [stream["stream"]]}}]),
        json!([{"type": "LEGACY", "data": {"orders": blob, "other": 1}}]),
        json!({"orders": blob}),
        // Other streams, keys of other versions, ids of the platform.
        json!([stream_state("gone", &blob), {"id": 7, "type": "STREAM", "stream": {
            "stream_descriptor": {"name": "orders"},
            "stream_state": {"partitions": {"0": 2, "1": 0}, "cluster_id": "x", "future": {"a": 1}},
        }}]),
    ] {
        let run = connector.read_from(&catalog, &state.to_string()).succeeds();
        assert_eq!(sorted(run.places("orders")), AFTER_TWO, "{state}");
    }
}

#[test]
fn no_state_is_a_fresh_start() {
    let (broker, catalog) = orders();
    let connector = Connector::to(&broker);
    let null = json!([stream_state("orders", &Value::Null)]).to_string();
    let reset = json!([stream_state("orders", &json!({}))]).to_string();
    for state in ["", "null", "[]", "{}", "\n", &null, &reset] {
        assert_eq!(connector.read_from(&catalog, state).succeeds().all_records().count(), 10, "{state:?}");
    }
}

#[test]
fn a_state_file_that_is_not_there_is_no_state() {
    let (broker, catalog) = orders();
    let connector = Connector::to(&broker);
    let arguments = connector.read_arguments(&catalog);
    let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    arguments.extend(["--state", "no-such-file.json"]);
    assert_eq!(connector.run(&arguments).succeeds().all_records().count(), 10);
}

#[test]
fn a_partition_that_the_state_does_not_know_is_new_and_read_from_its_beginning() {
    let (broker, catalog) = orders();
    // Whatever the configured start: messages were written there before anybody could know of it.
    let connector = Connector::to(&broker).with("start_from", json!({"start_type": "latest"}));
    let run = connector.read_from(&catalog, &next_offsets_file("orders", &json!({"0": 5}))).succeeds();
    assert_eq!(run.places("orders"), [(1, 0), (1, 1), (1, 2), (1, 3), (1, 4)]);
    assert_eq!(run.next_offsets("orders"), BTreeMap::from([(0, 5), (1, 5)]));
}

#[test]
fn a_partition_that_is_gone_from_the_choice_keeps_its_place() {
    let (broker, catalog) = orders();
    let subscription = json!({"subscription_type": "assign", "topic_partitions": "orders:0"});
    let connector = Connector::to(&broker).with("subscription", subscription);
    let run = connector.read_from(&catalog, &next_offsets_file("orders", &json!({"0": 2, "1": 3}))).succeeds();
    assert_eq!(run.places("orders"), AFTER_TWO[..3]);
    assert_eq!(run.next_offsets("orders"), BTreeMap::from([(0, 5), (1, 3)]));
}

#[test]
fn latest_is_resolved_once_and_kept() {
    let (broker, catalog) = orders();
    let connector = Connector::to(&broker).with("start_from", json!({"start_type": "latest"}));
    let first = connector.read(&catalog).succeeds();
    assert_eq!(first.all_records().count(), 0);
    assert_eq!(first.next_offsets("orders"), BTreeMap::from([(0, 5), (1, 5)]));
    broker.produce("orders", 1, numbered(5..7));
    let second = connector.read_from(&catalog, &first.state_file()).succeeds();
    assert_eq!(second.places("orders"), [(1, 5), (1, 6)]);
}

#[test]
fn the_field_of_the_java_connector_for_the_start_is_honoured() {
    let (broker, catalog) = orders();
    let records = |reset: &str| {
        Connector::to(&broker).with("auto_offset_reset", reset).read(&catalog).succeeds().all_records().count()
    };
    assert_eq!((records("latest"), records("earliest")), (0, 10));
}

#[test]
fn a_group_without_committed_offsets_starts_at_the_beginning() {
    let (broker, catalog) = orders();
    let connector = Connector::to(&broker).with("start_from", json!({"start_type": "committed"})).with("group_id", "g");
    assert_eq!(connector.read(&catalog).succeeds().all_records().count(), 10);
}

#[test]
fn a_first_sync_can_go_on_from_what_a_group_has_committed() {
    let (broker, catalog) = orders();
    broker.commit("billing", "orders", 0, 2);
    let connector =
        Connector::to(&broker).with("start_from", json!({"start_type": "committed"})).with("group_id", "billing");
    let run = connector.read(&catalog).succeeds();
    assert_eq!(sorted(run.places("orders")), AFTER_TWO);
    // The group's offsets are looked up, not moved.
    assert_eq!(broker.committed("billing", "orders", 2), [Offset::Offset(2), Offset::Invalid]);
    // From then on the state is the truth, whatever the group says.
    broker.commit("billing", "orders", 0, 0);
    assert_eq!(connector.read_from(&catalog, &run.state_file()).succeeds().all_records().count(), 0);
}

#[test]
fn a_group_shows_what_the_destination_has_accepted_and_no_more() {
    let (broker, catalog) = orders();
    let connector = Connector::to(&broker).with("enable_auto_commit", true).with("group_id", "lag");
    let state = next_offsets_file("orders", &json!({"0": 2, "1": 3}));
    connector.read(&catalog).succeeds();
    assert_eq!(broker.committed("lag", "orders", 2), [Offset::Invalid, Offset::Invalid]);
    let run = connector.read_from(&catalog, &state).succeeds();
    assert_eq!(run.records("orders").len(), 5);
    assert_eq!(broker.committed("lag", "orders", 2), [Offset::Offset(2), Offset::Offset(3)]);
    // Without the field nothing is committed.
    Connector::to(&broker).with("group_id", "other").read_from(&catalog, &state).succeeds();
    assert_eq!(broker.committed("other", "orders", 2), [Offset::Invalid, Offset::Invalid]);
}

#[test]
fn a_state_beyond_the_end_fails_unless_chosen_otherwise() {
    let (broker, catalog) = orders();
    broker.filled("customers", numbered(0..3));
    let state = next_offsets_file("orders", &json!({"0": 9, "1": 2}));
    let catalog = catalog_with_customers(&catalog);

    let run = Connector::to(&broker).read_from(&catalog, &state).fails();
    let message = run.error("config_error");
    assert!(message.contains("topic `orders`, partition 0") && message.contains('9'), "{message}");
    assert_eq!(run.statuses("orders").last(), Some(&Status::Incomplete));
    assert_eq!(run.records("orders").len(), 0);
    // The state is not lost, and the other stream is read.
    assert_eq!(run.next_offsets("orders"), BTreeMap::from([(0, 9), (1, 2)]));
    assert_eq!(run.records("customers").len(), 3);

    let run = Connector::to(&broker).with("on_lost_offsets", "earliest").read_from(&catalog, &state).succeeds();
    assert_eq!(sorted(run.places("orders")), [(0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (1, 2), (1, 3), (1, 4)]);
    assert!(run.log_text("WARN").contains("topic `orders`, partition 0"), "{}", run.log_text("WARN"));

    let run = Connector::to(&broker).with("on_lost_offsets", "latest").read_from(&catalog, &state).succeeds();
    assert_eq!(run.places("orders"), [(1, 2), (1, 3), (1, 4)]);
    assert_eq!(run.next_offsets("orders"), BTreeMap::from([(0, 5), (1, 5)]));
}

fn catalog_with_customers(catalog: &Configured) -> Configured {
    let mut both = catalog.clone();
    let customers = Configured::numbers(&["customers"]);
    both.0["streams"].as_array_mut().unwrap().extend(customers.streams().clone());
    both
}

#[test]
fn a_state_of_another_topic_of_that_name_fails_unless_chosen_otherwise() {
    let (broker, catalog) = orders();
    let partitions = json!({"0": 2, "1": 3});
    let blob = json!({"partitions": partitions, "topic_id": "cf0qkoq9SfSIz-GPDDSfKg"});
    let state = json!([stream_state("orders", &blob)]).to_string();
    let run = Connector::to(&broker).read_from(&catalog, &state).fails();
    let message = run.error("config_error");
    assert!(message.contains("`orders`") && message.contains("cf0qkoq9SfSIz-GPDDSfKg"), "{message}");
    assert_eq!(run.all_records().count(), 0);

    let run = Connector::to(&broker).with("on_lost_offsets", "earliest").read_from(&catalog, &state).succeeds();
    assert_eq!(run.records("orders").len(), 10);
    assert!(run.log_text("WARN").contains("`orders`"), "{}", run.log_text("WARN"));
    // From then on it is the topic of the state.
    assert_eq!(Connector::to(&broker).read_from(&catalog, &run.state_file()).succeeds().all_records().count(), 0);

    let latest = Connector::to(&broker).with("on_lost_offsets", "latest");
    let run = latest.read_from(&catalog, &state).succeeds();
    assert_eq!(run.all_records().count(), 0);
    assert_eq!(run.next_offsets("orders"), BTreeMap::from([(0, 5), (1, 5)]));
    // A full refresh is a copy of what is there.
    assert_eq!(latest.read_from(&catalog.full_refresh(), &state).succeeds().all_records().count(), 10);
}

#[test]
fn a_group_does_not_show_offsets_of_another_topic() {
    let (broker, catalog) = orders();
    let blob = json!({"partitions": {"0": 2, "1": 0}, "topic_id": "cf0qkoq9SfSIz-GPDDSfKg"});
    let state = json!([stream_state("orders", &blob)]).to_string();
    let connector = Connector::to(&broker).with("enable_auto_commit", true).with("group_id", "lag");
    // The second partition of the new topic is read from where the state stands by chance.
    let run = connector.with("on_lost_offsets", "earliest").read_from(&catalog, &state).succeeds();
    assert_eq!(run.all_records().count(), 10);
    assert_eq!(broker.committed("lag", "orders", 2), [Offset::Invalid, Offset::Invalid]);
}

#[test]
fn a_group_without_a_coordinator_holds_up_nobody() {
    let (broker, catalog) = orders();
    let state = next_offsets_file("orders", &json!({"0": 2, "1": 3}));
    let none = [RDKafkaRespErr::RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE; 2_000];
    broker.errors(RDKafkaApiKey::FindCoordinator, &none);
    let connector = Connector::to(&broker).with("enable_auto_commit", true).with("group_id", "lag");
    let run = connector.read_from(&catalog, &state).succeeds();
    assert_eq!(run.records("orders").len(), 5);
    assert!(run.elapsed < Duration::from_secs(10), "{:?}", run.elapsed);
    assert!(run.log_text("WARN").contains("group `lag` does not show"), "{}", run.log_text("WARN"));
}

#[test]
fn offsets_that_retention_took_are_an_error_unless_chosen_otherwise() {
    // The mock broker keeps 5 MB a partition.
    let broker = Broker::with_producer(&[("batch.num.messages", "100")]);
    let text = "x".repeat(10_000);
    broker.filled("orders", (0..1_000).map(|number| format!(r#"{{"n":{number},"text":"{text}"}}"#)));
    let catalog = Configured::of(&["orders"], &json!({"n": {"type": "integer"}}));
    let first = Connector::to(&broker).read(&catalog).succeeds();
    let low = first.places("orders")[0].1;
    assert!((1..1_000).contains(&low), "{low}");

    let state = next_offsets_file("orders", &json!({"0": 1}));
    let run = Connector::to(&broker).read_from(&catalog, &state).fails();
    let message = run.error("config_error");
    assert!(message.contains(&format!("offsets 1 to {}", low - 1)), "{message}");
    assert_eq!(run.next_offsets("orders"), BTreeMap::from([(0, 1)]));

    let run = Connector::to(&broker).with("on_lost_offsets", "earliest").read_from(&catalog, &state).succeeds();
    assert_eq!(run.places("orders"), first.places("orders"));
    let latest = Connector::to(&broker).with("on_lost_offsets", "latest");
    let run = latest.read_from(&catalog, &state).succeeds();
    assert_eq!(run.places("orders"), []);
    assert_eq!(run.next_offsets("orders"), BTreeMap::from([(0, 1_000)]));
    // A full refresh is a copy of what is there.
    assert_eq!(latest.read_from(&catalog.full_refresh(), &state).succeeds().places("orders"), first.places("orders"));
}

#[test]
fn offsets_that_retention_takes_while_we_read_are_an_error_too() {
    let broker = Broker::with_producer(&[("batch.num.messages", "10")]);
    let text = "x".repeat(10_000);
    let messages = |numbers: std::ops::Range<u32>| {
        let text = text.clone();
        numbers.map(move |number| format!(r#"{{"n":{number},"text":"{text}"}}"#))
    };
    broker.filled("orders", messages(0..450));
    let connector = Connector::to(&broker);
    let catalog = Configured::of(&["orders"], &json!({"n": {"type": "integer"}, "text": {"type": "string"}}));
    // With a reader that stops, the connector has fetched no more than its queue holds: less than the topic.
    broker.slow(Duration::from_millis(20));
    let mut running = connector.start_read(&catalog, None);
    running.take_until("RECORD");
    broker.slow(Duration::ZERO);
    broker.produce("orders", 0, messages(450..1_000));
    let run = running.finish_read(&catalog);
    assert_eq!(run.code(), 1);
    let message = run.error("config_error");
    assert!(message.contains("no longer in the log"), "{message}");
    // What came is secured, and nothing is claimed beyond it.
    let read = i64::try_from(run.records("orders").len()).unwrap();
    assert!(read > 0);
    assert_eq!(run.next_offsets("orders"), BTreeMap::from([(0, read)]));
}
