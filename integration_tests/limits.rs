//! Where a sync ends before the captured end: `max_records_process`, `max_sync_seconds`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::json;

use crate::broker::{Broker, numbered};
use crate::catalog::Configured;
use crate::harness::Connector;
use crate::run::Run;

/// Records by partition.
fn by_partition(run: &Run, stream: &str) -> BTreeMap<i64, usize> {
    let mut counts = BTreeMap::new();
    for (partition, _) in run.places(stream) {
        *counts.entry(partition).or_default() += 1;
    }
    counts
}

/// Syncs with the same configuration, each from the state of the one before, until one reads nothing.
fn until_nothing_is_left(connector: &Connector, catalog: &Configured) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut state = "[]".to_owned();
    loop {
        let run = connector.read_from(catalog, &state).succeeds();
        state = run.state_file();
        let is_over = run.all_records().next().is_none();
        runs.push(run);
        if is_over {
            return runs;
        }
        assert!(runs.len() < 50, "no end");
    }
}

/// The places of all records of these runs, each once.
#[track_caller]
fn union(runs: &[Run], stream: &str) -> BTreeSet<(i64, i64)> {
    let places: Vec<_> = runs.iter().flat_map(|run| run.places(stream)).collect();
    let union: BTreeSet<_> = places.iter().copied().collect();
    assert_eq!(union.len(), places.len(), "something came twice");
    union
}

#[test]
fn the_number_of_records_is_exact_and_fairly_divided() {
    let broker = Broker::start();
    broker.topic("orders", 3);
    for partition in 0..3 {
        broker.produce("orders", partition, numbered(0..50));
    }
    let connector = Connector::to(&broker).with("max_records_process", 20);
    let catalog = Configured::numbers(&["orders"]);
    let run = connector.read(&catalog).succeeds();
    let mut counts: Vec<usize> = by_partition(&run, "orders").into_values().collect();
    counts.sort_unstable();
    assert_eq!(counts, [6, 7, 7]);
    assert!(run.log_text("WARN").contains("max_records_process"), "{}", run.log_text("WARN"));

    let runs = until_nothing_is_left(&connector, &catalog);
    assert_eq!(
        runs.iter().map(|run| run.all_records().count()).collect::<Vec<_>>(),
        [20, 20, 20, 20, 20, 20, 20, 10, 0]
    );
    assert_eq!(union(&runs, "orders").len(), 150);
}

#[test]
fn streams_are_served_fairly_whatever_their_partitions() {
    let broker = Broker::start();
    broker.filled("small", numbered(0..50));
    broker.topic("large", 5);
    for partition in 0..5 {
        broker.produce("large", partition, numbered(0..50));
    }
    broker.filled("tiny", numbered(0..2));
    let connector = Connector::to(&broker).with("max_records_process", 22);
    let run = connector.read(&Configured::numbers(&["small", "large", "tiny"])).succeeds();
    let counts = ["small", "large", "tiny"].map(|stream| run.records(stream).len());
    assert_eq!(counts, [10, 10, 2]);
    assert_eq!(by_partition(&run, "large").into_values().collect::<Vec<_>>(), [2; 5]);
}

#[test]
fn skipped_messages_do_not_count_and_their_share_is_used_by_others() {
    let broker = Broker::with_producer(&[("batch.num.messages", "7")]);
    broker.topic("orders", 3);
    // The first partition is nearly all bad, so its share goes round again, to partitions that had to stop.
    broker.produce("orders", 0, (0..40).map(|number| if number % 20 == 0 { "{}" } else { "{" }));
    for partition in 1..3 {
        broker.produce("orders", partition, numbered(0..40));
    }
    let connector =
        Connector::to(&broker).with_format("JSON").with("on_bad_message", "skip").with("max_records_process", 60);
    let catalog = Configured::numbers(&["orders"]);
    let run = connector.read(&catalog).succeeds();
    assert_eq!(run.all_records().count(), 60);
    assert_eq!(by_partition(&run, "orders"), BTreeMap::from([(0, 2), (1, 29), (2, 29)]));

    let runs = until_nothing_is_left(&connector, &catalog);
    let expected: BTreeSet<(i64, i64)> =
        [(0, 0), (0, 20)].into_iter().chain((1..3).flat_map(|p| (0..40).map(move |offset| (p, offset)))).collect();
    assert_eq!(union(&runs, "orders"), expected);
}

#[test]
fn more_records_than_there_are_is_no_limit() {
    let broker = Broker::start();
    broker.filled("orders", numbered(0..5));
    let run = Connector::to(&broker).with("max_records_process", 5).read(&Configured::numbers(&["orders"])).succeeds();
    assert_eq!(run.all_records().count(), 5);
    assert_eq!(run.log_text("WARN"), "");
}

#[test]
fn a_full_refresh_that_is_cut_short_goes_on_from_its_state() {
    let broker = Broker::start();
    broker.filled("orders", numbered(0..10));
    let connector = Connector::to(&broker).with("max_records_process", 6);
    let catalog = Configured::numbers(&["orders"]).full_refresh();
    let runs = until_nothing_is_left(&connector, &catalog);
    assert_eq!(runs.iter().map(|run| run.all_records().count()).collect::<Vec<_>>(), [6, 4, 0]);
    assert!(runs[0].log_text("WARN").contains("partial"), "{}", runs[0].log_text("WARN"));
}

#[test]
fn the_time_of_a_sync_is_limited() {
    let broker = Broker::with_producer(&[("batch.num.messages", "10")]);
    broker.filled("orders", numbered(0..2_000));
    // 200 batches, one each 50 ms: 10 s in all.
    broker.slow(Duration::from_millis(50));
    let connector = Connector::to(&broker).with("max_sync_seconds", 2);
    let catalog = Configured::of(&["orders"], &json!({"n": {"type": "integer"}}));
    let run = connector.read(&catalog).succeeds();
    assert!((2..6).contains(&run.elapsed.as_secs()), "{:?}", run.elapsed);
    let read = run.records("orders").len();
    assert!((1..2_000).contains(&read), "{read} records");
    assert_eq!(run.next_offsets("orders"), BTreeMap::from([(0, i64::try_from(read).unwrap())]));
    assert!(run.log_text("WARN").contains("max_sync_seconds"), "{}", run.log_text("WARN"));
    broker.slow(Duration::ZERO);
    let rest = Connector::to(&broker).read_from(&catalog, &run.state_file()).succeeds();
    assert_eq!(rest.records("orders").len(), 2_000 - read);
}
