//! What happens to the process: killed, terminated, its output closed or full.

use std::collections::BTreeSet;
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::broker::{Broker, Message as Produced};
use crate::catalog::Configured;
use crate::harness::Connector;
use crate::protocol::{self, Message, Status};
use crate::run::{state_file, whole_lines};

/// Twice the longest time that the process needs to notice, on a busy machine.
const PROMPT: Duration = Duration::from_secs(5);

/// Messages that fill the pipe many times over.
fn large_topic(partitions: i32, messages: u32) -> (Broker, Configured) {
    let broker = Broker::with_producer(&[("batch.num.messages", "50")]);
    broker.topic("orders", partitions);
    for partition in 0..partitions {
        let text = "x".repeat(1_000);
        let message = |number| Produced::value(format!(r#"{{"n":{number},"text":"{text}"}}"#));
        broker.produce("orders", partition, (0..messages).map(message));
    }
    let properties = json!({"n": {"type": "integer"}, "text": {"type": "string"}});
    (broker, Configured::of(&["orders"], &properties))
}

fn place(data: &serde_json::Map<String, Value>) -> (i64, i64) {
    (data["_kafka_partition"].as_i64().unwrap(), data["_kafka_offset"].as_i64().unwrap())
}

#[test]
fn a_kill_at_any_byte_loses_nothing() {
    let broker = Broker::start();
    broker.topic("orders", 2);
    let messages = 11_500_u32;
    for partition in 0..2 {
        broker.produce("orders", partition, crate::broker::numbered(0..messages));
    }
    let catalog = Configured::numbers(&["orders"]);
    let connector = Connector::to(&broker);
    let whole = connector.read(&catalog).succeeds();
    let length = whole.stdout.len();
    let first_state = String::from_utf8_lossy(&whole.stdout).find(r#"{"type":"STATE""#).unwrap();
    let all: BTreeSet<(i64, i64)> =
        (0..2).flat_map(|partition| (0..i64::from(messages)).map(move |offset| (partition, offset))).collect();
    let random = RandomState::new();
    let mut resumed = 0;
    for round in 0..20_u64 {
        // Half of them around and behind the first STATE, where something is to be resumed.
        let from = if round % 2 == 0 { 0 } else { first_state };
        let at = from + usize::try_from(random.hash_one(round) % u64::try_from(length - from).unwrap()).unwrap();
        let mut running = connector.start_read(&catalog, None);
        running.take_bytes(at);
        running.kill();
        // The destination has seen exactly so much.
        let seen = running.taken()[..at.min(running.taken().len())].to_vec();
        drop(running);
        let lines: Vec<Message> =
            whole_lines(&seen).map(|line| protocol::parse(str::from_utf8(line).unwrap()).unwrap()).collect();
        protocol::check_read(&lines).unwrap();
        let last = lines.iter().rposition(|line| matches!(line, Message::State { .. }));
        let accepted: BTreeSet<_> = lines[..last.unwrap_or(0)]
            .iter()
            .filter_map(|line| match line {
                Message::Record { record } => Some(place(&record.data)),
                _ => None,
            })
            .collect();
        if let Some(Message::State { state }) = last.map(|last| &lines[last]) {
            resumed += 1;
            let partitions = &state.stream.stream_state.partitions;
            let covered: i64 = partitions.values().sum();
            assert_eq!(
                covered,
                i64::try_from(accepted.len()).unwrap(),
                "killed at {at}: the state is ahead of the records"
            );
        }
        let rest = connector.read_from(&catalog, &state_file(&lines)).succeeds();
        let union: BTreeSet<_> = accepted.iter().copied().chain(rest.places("orders")).collect();
        assert!(union == all, "killed at {at}: {} of {} records", union.len(), all.len());
        assert_eq!(accepted.len() + rest.places("orders").len(), all.len(), "killed at {at}: something came twice");
    }
    assert!(resumed >= 5, "only {resumed} kills came behind a state");
}

#[test]
fn sigterm_secures_what_was_read_and_exits_with_143() {
    let (broker, catalog) = large_topic(2, 2_000);
    let connector = Connector::to(&broker);
    let mut running = connector.start_read(&catalog, None);
    // Mid-read for sure: the output does not fit into the pipe, and nobody takes more of it.
    running.take_until("RECORD");
    running.terminate();
    let run = running.finish();
    assert_eq!((run.code(), run.stderr.as_str()), (143, ""));
    run.check_read(&catalog);
    assert_eq!(run.statuses("orders").last(), Some(&Status::Incomplete));
    let read = run.records("orders").len();
    assert!(read < 4_000, "all was read before the signal");
    let rest = connector.read_from(&catalog, &run.state_file()).succeeds();
    let union: BTreeSet<_> = run.places("orders").into_iter().chain(rest.places("orders")).collect();
    assert_eq!((union.len(), rest.records("orders").len()), (4_000, 4_000 - read));
}

#[test]
fn sigterm_ends_a_wait_for_the_brokers() {
    let (broker, catalog) = large_topic(1, 10);
    let connector = Connector::to(&broker);
    broker.errors(
        rdkafka::types::RDKafkaApiKey::Fetch,
        &[rdkafka::types::RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION; 1_000],
    );
    let mut running = connector.start_read(&catalog, None);
    running.take_until("RUNNING");
    let asked = Instant::now();
    running.terminate();
    let run = running.finish_read(&catalog);
    assert_eq!(run.code(), 143);
    assert!(asked.elapsed() < PROMPT, "{:?}", asked.elapsed());
}

#[test]
fn a_second_sigterm_ends_a_process_that_is_stuck_in_a_write() {
    let (broker, catalog) = large_topic(1, 1_000);
    let connector = Connector::to(&broker);
    let mut running = connector.start_read(&catalog, None);
    running.take_until("RECORD");
    running.terminate();
    running.terminate();
    let run = running.finish();
    assert!([143, 1000 + 15].contains(&run.code()), "{}", run.code());
    assert_eq!(run.stderr, "");
}

#[test]
fn a_closed_pipe_ends_the_process_quickly_and_quietly() {
    // Again and again: what is in librdkafka's queues differs each time, and a hang would be rare.
    let (broker, catalog) = large_topic(4, 500);
    let connector = Connector::to(&broker);
    for bytes in [0, 1, 20_000, 100_000, 300_000, 600_000] {
        let mut running = connector.start_read(&catalog, None);
        running.take_bytes(bytes);
        running.close();
        let closed = Instant::now();
        let run = running.finish();
        assert!(closed.elapsed() < PROMPT, "{:?} after {bytes} bytes", closed.elapsed());
        assert_eq!(run.stderr, "", "after {bytes} bytes");
        assert_eq!(run.code(), 1, "after {bytes} bytes");
    }
}

#[test]
fn a_full_disk_is_one_line_on_standard_error() {
    let (broker, catalog) = large_topic(1, 500);
    let connector = Connector::to(&broker);
    let arguments = connector.read_arguments(&catalog);
    for arguments in
        [arguments.iter().map(String::as_str).collect(), vec!["spec"], vec!["check", "--config", &arguments[2]]]
    {
        let mut command = connector.command(&arguments);
        command.stdout(File::options().write(true).open("/dev/full").unwrap());
        let run = connector.start(command).finish();
        assert_eq!(run.code(), 1, "{arguments:?}");
        assert_eq!(
            run.stderr,
            "source-kafka: cannot write to standard output: No space left on device (os error 28)\n"
        );
    }
}
