//! A run that has ended: its messages, and what tests ask of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use serde_json::{Value, json};

use crate::catalog::Configured;
use crate::harness::Ended;
use crate::protocol::{self, Blob, Catalog, Log, Message, Record, State, Status, Trace, TraceError};

/// Lines longer than that are cut when they are printed.
const SHOWN: usize = 400;
/// So many lines are printed from either end.
const SHOWN_LINES: usize = 60;

/// A run that has ended. If the test fails, it prints itself.
pub struct Run {
    description: String,
    status: ExitStatus,
    is_cut: bool,
    pub stdout: Vec<u8>,
    pub stderr: String,
    pub messages: Vec<Message>,
    pub elapsed: Duration,
    /// The largest resident size while it wrote, in bytes.
    pub peak_memory: u64,
}

impl Run {
    #[track_caller]
    pub fn new(ended: Ended) -> Self {
        let Ended { description, status, stdout, stderr, is_cut, elapsed, peak_memory } = ended;
        let mut run = Self { description, status, is_cut, stdout, stderr, messages: Vec::new(), elapsed, peak_memory };
        run.messages = run.parsed();
        run
    }

    /// Every line, checked.
    #[track_caller]
    fn parsed(&self) -> Vec<Message> {
        let is_whole = self.stdout.is_empty() || self.stdout.ends_with(b"\n");
        assert!(is_whole || self.is_cut, "the last line has no end");
        whole_lines(&self.stdout)
            .map(|line| match str::from_utf8(line).map_err(|error| error.to_string()).and_then(protocol::parse) {
                Ok(message) => message,
                Err(error) => panic!("{error}: {}", String::from_utf8_lossy(line)),
            })
            .collect()
    }

    /// What holds of every read, whatever happened to it.
    #[track_caller]
    pub fn check_read(&self, catalog: &Configured) {
        if let Err(error) = protocol::check_read(&self.messages).and_then(|()| catalog.check(self.all_records())) {
            panic!("{error}");
        }
        if self.status.success() {
            for stream in catalog.streams() {
                let name = stream["stream"]["name"].as_str().unwrap();
                assert_eq!(self.statuses(name).last(), Some(&Status::Complete), "exit code 0, but `{name}`");
            }
        }
        let failed = self.errors().next().is_some();
        assert!(
            self.status.signal().is_some() || failed == (self.code() == 1),
            "TRACE ERROR and exit code 1 go together"
        );
    }

    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| 1000 + self.status.signal().unwrap_or(0))
    }

    /// Exit code 0, nothing on standard error, no error.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        assert_eq!(self.code(), 0, "exit code");
        assert_eq!(self.stderr, "", "standard error");
        assert_eq!(self.errors().count(), 0, "errors");
        self
    }

    /// Exit code 1, nothing on standard error, one error.
    #[track_caller]
    pub fn fails(self) -> Self {
        assert_eq!(self.code(), 1, "exit code");
        assert_eq!(self.stderr, "", "standard error");
        assert_eq!(self.errors().count(), 1, "errors");
        self
    }

    /// The message of the only error, which has this type.
    #[track_caller]
    pub fn error(&self, failure_type: &str) -> String {
        let errors: Vec<&TraceError> = self.errors().collect();
        assert_eq!(errors.len(), 1, "errors");
        assert_eq!(errors[0].failure_type, failure_type, "{}", errors[0].message);
        errors[0].message.clone()
    }

    pub fn all_records(&self) -> impl Iterator<Item = &Record> {
        self.messages.iter().filter_map(|message| match message {
            Message::Record { record } => Some(record),
            _ => None,
        })
    }

    pub fn records(&self, stream: &str) -> Vec<&Record> {
        self.all_records().filter(|record| record.stream == stream).collect()
    }

    /// The data of a stream's only record.
    #[track_caller]
    pub fn only_record(&self, stream: &str) -> &serde_json::Map<String, Value> {
        let records = self.records(stream);
        assert_eq!(records.len(), 1, "records of `{stream}`");
        &records[0].data
    }

    /// A column of a stream's records, in the order in which they came; missing ones are null.
    pub fn column(&self, stream: &str, column: &str) -> Vec<Value> {
        let value = |record: &Record| record.data.get(column).cloned().unwrap_or_default();
        self.records(stream).into_iter().map(value).collect()
    }

    /// The lines of records, as they were written.
    pub fn record_lines(&self) -> Vec<&str> {
        let text = str::from_utf8(&self.stdout).unwrap();
        text.lines().filter(|line| line.starts_with(r#"{"type":"RECORD""#)).collect()
    }

    /// Partition and offset of each record.
    pub fn places(&self, stream: &str) -> Vec<(i64, i64)> {
        let place = |record: &Record| {
            let number = |column: &str| record.data[column].as_i64().unwrap();
            (number("_kafka_partition"), number("_kafka_offset"))
        };
        self.records(stream).into_iter().map(place).collect()
    }

    pub fn states(&self, stream: &str) -> Vec<&State> {
        let states = self.messages.iter().filter_map(|message| match message {
            Message::State { state } => Some(state),
            _ => None,
        });
        states.filter(|state| state.stream.stream_descriptor.name == stream).collect()
    }

    /// The next offsets of a stream's last state.
    #[track_caller]
    pub fn next_offsets(&self, stream: &str) -> BTreeMap<i32, i64> {
        let states = self.states(stream);
        states.last().expect("a state").stream.stream_state.partitions.clone()
    }

    /// The state file that the platform makes of this run.
    pub fn state_file(&self) -> String {
        state_file(&self.messages)
    }

    pub fn statuses(&self, stream: &str) -> Vec<Status> {
        let statuses = self.messages.iter().filter_map(|message| match message {
            Message::Trace { trace: Trace::StreamStatus { stream_status, .. } } => Some(stream_status),
            _ => None,
        });
        statuses.filter(|status| status.stream_descriptor.name == stream).map(|status| status.status).collect()
    }

    pub fn errors(&self) -> impl Iterator<Item = &TraceError> {
        self.messages.iter().filter_map(|message| match message {
            Message::Trace { trace: Trace::Error { error, .. } } => Some(error),
            _ => None,
        })
    }

    pub fn logs(&self) -> impl Iterator<Item = &Log> {
        self.messages.iter().filter_map(|message| match message {
            Message::Log { log } => Some(log),
            _ => None,
        })
    }

    /// Log lines of a level, joined.
    pub fn log_text(&self, level: &str) -> String {
        self.logs().filter(|log| log.level == level).map(|log| log.message.as_str()).collect::<Vec<_>>().join("\n")
    }

    #[track_caller]
    pub fn catalog(&self) -> Catalog {
        let mut catalogs = self.messages.iter().filter_map(|message| match message {
            Message::Catalog { catalog } => Some(catalog),
            _ => None,
        });
        let catalog = catalogs.next().expect("a catalog");
        assert!(catalogs.next().is_none(), "one catalog");
        catalog.clone()
    }

    /// The outcome of `check`, and its message.
    #[track_caller]
    pub fn outcome(&self) -> (String, String) {
        let mut outcomes = self.messages.iter().filter_map(|message| match message {
            Message::ConnectionStatus { status } => Some(status),
            _ => None,
        });
        let outcome = outcomes.next().expect("a connection status").clone();
        assert!(outcomes.next().is_none(), "one connection status");
        (outcome.status, outcome.message.unwrap_or_default())
    }
}

/// The state file that the platform makes of these messages: the last state of each stream, as it came.
pub fn state_file(messages: &[Message]) -> String {
    let mut last = BTreeMap::new();
    for message in messages {
        if let Message::State { state } = message {
            let stream = &state.stream;
            let Blob { partitions, topic_id } = &stream.stream_state;
            let offsets: BTreeMap<String, i64> =
                partitions.iter().map(|(number, next)| (number.to_string(), *next)).collect();
            let mut blob = json!({"partitions": offsets});
            if let Some(id) = topic_id {
                blob["topic_id"] = id.as_str().into();
            }
            let name = &stream.stream_descriptor.name;
            last.insert(name.clone(), stream_state(name, &blob));
        }
    }
    Value::Array(last.into_values().collect()).to_string()
}

/// One entry of a state file.
pub fn stream_state(stream: &str, blob: &Value) -> Value {
    json!({"type": "STREAM", "stream": {"stream_descriptor": {"name": stream}, "stream_state": blob}})
}

/// A state file with one stream and these next offsets.
pub fn next_offsets_file(stream: &str, next: &Value) -> String {
    Value::Array(vec![stream_state(stream, &json!({"partitions": next}))]).to_string()
}

/// The lines that have an end.
pub fn whole_lines(stdout: &[u8]) -> impl Iterator<Item = &[u8]> {
    stdout.split_inclusive(|&byte| byte == b'\n').filter_map(|line| line.strip_suffix(b"\n"))
}

/// A message without what differs from run to run: addresses, times, directories.
pub fn redacted(message: &str) -> String {
    [
        (r"(localhost|127\.0\.0\.1|\[::1\]):\d+", "BROKER"),
        (r" \(after \d+ms in state \w+(, \d+ identical error\(s\) suppressed)?\)", ""),
        (r"\bfor \d+ s\b", "for some s"),
        (r"/\S*/test-of-source-kafka-\w+/", "/DIRECTORY/"),
    ]
    .into_iter()
    .fold(message.to_owned(), |text, (pattern, replacement)| {
        regex::Regex::new(pattern).unwrap().replace_all(&text, replacement).into_owned()
    })
}

impl Drop for Run {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let mut text = format!(
            "\n---- a run of this test ----\n{}status: {}, after {:?}\n",
            self.description, self.status, self.elapsed
        );
        let _ = writeln!(text, "standard error: {}\nstandard output ({} bytes):", self.stderr, self.stdout.len());
        let lines: Vec<&[u8]> = self.stdout.split(|&byte| byte == b'\n').collect();
        for (number, line) in lines.iter().enumerate() {
            if number == SHOWN_LINES && lines.len() > 2 * SHOWN_LINES {
                let _ = writeln!(text, "… {} lines …", lines.len() - 2 * SHOWN_LINES);
            }
            if number < SHOWN_LINES || number + SHOWN_LINES >= lines.len() {
                let _ = writeln!(text, "{}", String::from_utf8_lossy(&line[..line.len().min(SHOWN)]));
            }
        }
        eprintln!("{text}");
    }
}
