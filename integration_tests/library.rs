//! The library's reader itself, for what the binary would show only now and then: lost first fetches, events of the wrong
//! partition, processes that do not end.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use source_kafka::config::Security;
use source_kafka::kafka::{Assignment, Client, Consumer, Event, Options, TopicPartition};

use crate::broker::{Broker, numbered};
use crate::harness::Running;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
const TICK: Duration = Duration::from_millis(50);
/// Where the child process of a test finds the broker.
const SERVERS: &str = "SOURCE_KAFKA_TEST_SERVERS";

fn client(servers: &str) -> Client {
    Client::new(Options {
        bootstrap_servers: servers.to_owned(),
        security: Security::default(),
        tokens: None,
        group_id: None,
        client_id: None,
        read_committed: true,
        // How long the broker holds back the answer that there is nothing more, which is how the end is noticed.
        properties: vec![("fetch.wait.max.ms".to_owned(), "10".to_owned())],
        request_timeout: PATIENCE,
    })
    .unwrap()
}

fn assignment(topic: &str, partition: i32, offset: i64) -> Assignment {
    Assignment { partition: TopicPartition { topic: topic.to_owned(), partition }, offset }
}

/// Something that happened, as plain values.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Message(usize, i64),
    End(usize, i64),
    OutOfRange(usize),
}

/// Consumes until so much has been seen.
fn consume_until(consumer: &mut Consumer, mut is_enough: impl FnMut(&[Seen]) -> bool) -> Vec<Seen> {
    let (mut seen, deadline) = (Vec::new(), Instant::now() + PATIENCE);
    while !is_enough(&seen) {
        assert!(Instant::now() < deadline, "not enough: {seen:?}");
        consumer
            .consume(TICK, |event| -> Result<(), String> {
                seen.push(match event {
                    Event::Message { slot, message, .. } => Seen::Message(slot, message.offset),
                    Event::EndOfPartition { slot, offset } => Seen::End(slot, offset),
                    Event::OffsetOutOfRange { slot } => Seen::OutOfRange(slot),
                    Event::Broken { cause, .. } => return Err(cause),
                    Event::Complaint { .. } => return Ok(()),
                });
                Ok(())
            })
            .unwrap();
        consumer.client().complaints().expect("nothing arrives beside the data queue");
    }
    seen
}

/// The offsets of the messages of each slot.
fn offsets(seen: &[Seen]) -> BTreeMap<usize, Vec<i64>> {
    let mut offsets = BTreeMap::<usize, Vec<i64>>::new();
    for event in seen {
        if let Seen::Message(slot, offset) = event {
            offsets.entry(*slot).or_default().push(*offset);
        }
    }
    offsets
}

fn ends(seen: &[Seen]) -> usize {
    seen.iter().filter(|event| matches!(event, Seen::End(..))).count()
}

/// Partitions that are forwarded after they were assigned lose what was fetched in between, without a word.
#[test]
fn nothing_is_lost_when_consuming_begins_late() {
    let broker = Broker::start();
    broker.topic("orders", 3);
    for partition in 0..3 {
        broker.produce("orders", partition, numbered(0..200));
    }
    let all: Vec<i64> = (0..200).collect();
    for run in 0..20 {
        let assignments: Vec<_> = (0..3).map(|partition| assignment("orders", partition, 0)).collect();
        let mut consumer = Consumer::assign(client(&broker.servers()), &assignments).unwrap();
        // Not a wait: this is the pause in which first fetches would go astray.
        thread::sleep(Duration::from_millis(50));
        let seen = consume_until(&mut consumer, |seen| ends(seen) == 3);
        for (slot, offsets) in offsets(&seen) {
            assert_eq!(offsets, all, "run {run}, slot {slot}");
        }
        assert_eq!(offsets(&seen).len(), 3, "run {run}");
    }
}

#[test]
fn events_belong_to_the_slot_of_their_partition() {
    let broker = Broker::start();
    let sizes = [("a", 0, 3), ("b", 1, 5), ("a", 1, 7), ("b", 0, 11)];
    broker.topic("a", 2);
    broker.topic("b", 2);
    for (topic, partition, size) in sizes {
        broker.produce(topic, partition, numbered(0..size));
    }
    let assignments: Vec<_> = sizes.iter().map(|(topic, partition, _)| assignment(topic, *partition, 0)).collect();
    let mut consumer = Consumer::assign(client(&broker.servers()), &assignments).unwrap();
    let seen = consume_until(&mut consumer, |seen| ends(seen) == 4);
    for (slot, (topic, partition, size)) in sizes.into_iter().enumerate() {
        assert_eq!(offsets(&seen)[&slot].len(), usize::try_from(size).unwrap(), "slot {slot}");
        assert!(seen.contains(&Seen::End(slot, i64::from(size))), "slot {slot}: {seen:?}");
        let found = consumer.partition(slot).unwrap();
        assert_eq!((found.topic.as_str(), found.partition), (topic, partition));
    }
}

#[test]
fn the_end_of_a_partition_repeats_when_more_was_written() {
    let broker = Broker::start();
    broker.filled("orders", numbered(0..3));
    let mut consumer = Consumer::assign(client(&broker.servers()), &[assignment("orders", 0, 0)]).unwrap();
    let first = consume_until(&mut consumer, |seen| ends(seen) == 1);
    assert_eq!(first.last(), Some(&Seen::End(0, 3)));
    broker.produce("orders", 0, numbered(3..5));
    let second = consume_until(&mut consumer, |seen| seen.contains(&Seen::End(0, 5)));
    assert_eq!(offsets(&second)[&0], [3, 4]);
}

#[test]
fn a_restarted_partition_goes_on_exactly_where_it_is_told() {
    let broker = Broker::with_producer(&[("batch.num.messages", "20")]);
    broker.topic("orders", 2);
    for partition in 0..2 {
        broker.produce("orders", partition, numbered(0..400));
    }
    let assignments = [assignment("orders", 0, 0), assignment("orders", 1, 0)];
    let mut consumer = Consumer::assign(client(&broker.servers()), &assignments).unwrap();
    consume_until(&mut consumer, |seen| seen.len() > 10);
    // What the client holds of it, ahead of and behind this place, must not come any more.
    for offset in [7, 150, 3] {
        consumer.pause(&[0]).unwrap();
        consumer.restart(0, offset).unwrap();
        let seen = consume_until(&mut consumer, |seen| offsets(seen).get(&0).is_some_and(|offsets| offsets.len() > 30));
        let offsets = &offsets(&seen)[&0];
        let expected: Vec<i64> = (offset..).take(offsets.len()).collect();
        assert_eq!(*offsets, expected);
    }
}

#[test]
fn an_offset_that_is_not_in_the_log_is_reported_and_not_reset() {
    let broker = Broker::start();
    broker.filled("orders", numbered(0..3));
    let mut consumer = Consumer::assign(client(&broker.servers()), &[assignment("orders", 0, 9)]).unwrap();
    let seen = consume_until(&mut consumer, |seen| !seen.is_empty());
    assert_eq!(seen, [Seen::OutOfRange(0)]);
}

#[test]
fn an_error_of_the_handler_ends_the_batch_and_destroys_the_rest() {
    let broker = Broker::start();
    broker.filled("orders", numbered(0..1_000));
    let mut consumer = Consumer::assign(client(&broker.servers()), &[assignment("orders", 0, 0)]).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while consumer.consume(TICK, |_| Err("stop")).is_ok() {
        assert!(Instant::now() < deadline);
    }
    // The consumer can still be used.
    let seen = consume_until(&mut consumer, |seen| ends(seen) == 1);
    assert!(seen.len() > 1);
}

/// Destroying a client with messages outstanding hung for ever; so the process must not, whatever happens inside.
#[test]
fn a_process_whose_handler_panics_ends_promptly() {
    let broker = Broker::start();
    broker.filled("orders", numbered(0..5_000));
    for _ in 0..3 {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["library::panics_in_a_handler", "--exact", "--ignored", "--nocapture"]);
        command.env(SERVERS, broker.servers()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let directory = tempfile::tempdir().unwrap();
        let ended = Running::start(command, directory.path()).wait();
        let stdout = String::from_utf8_lossy(&ended.stdout);
        assert!(ended.status.success() && stdout.contains("1 passed"), "{}: {stdout}\n{}", ended.status, ended.stderr);
        assert!(ended.elapsed < Duration::from_secs(10), "{:?}", ended.elapsed);
    }
}

#[test]
#[ignore = "the child process of the test above"]
fn panics_in_a_handler() {
    let Ok(servers) = std::env::var(SERVERS) else { return };
    let mut consumer = Consumer::assign(client(&servers), &[assignment("orders", 0, 0)]).unwrap();
    // Behind this, the batches are large and the client holds thousands of messages.
    consume_until(&mut consumer, |seen| seen.len() > 100);
    let deadline = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < deadline);
        let result = catch_unwind(AssertUnwindSafe(|| {
            consumer.consume(TICK, |_| -> Result<(), String> { panic!("mid-batch") })
        }));
        if result.is_err() {
            break;
        }
    }
    drop(consumer);
}
