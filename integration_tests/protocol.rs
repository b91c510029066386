//! The Airbyte protocol as its reader sees it: our own owned mirrors of every message, with unknown fields denied, so that
//! a new or renamed field cannot slip out unnoticed; and what has to hold of every run.
#![allow(
    dead_code,
    clippy::struct_field_names,
    reason = "the fields are the protocol's, and not every one is looked at"
)]

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use jsonschema::Validator;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// One line of standard output.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum Message {
    #[serde(rename = "SPEC")]
    Spec { spec: Spec },
    #[serde(rename = "CONNECTION_STATUS")]
    ConnectionStatus {
        #[serde(rename = "connectionStatus")]
        status: ConnectionStatus,
    },
    #[serde(rename = "CATALOG")]
    Catalog { catalog: Catalog },
    #[serde(rename = "RECORD")]
    Record { record: Record },
    #[serde(rename = "STATE")]
    State { state: State },
    #[serde(rename = "LOG")]
    Log { log: Log },
    #[serde(rename = "TRACE")]
    Trace { trace: Trace },
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    #[serde(rename = "connectionSpecification")]
    pub connection_specification: Value,
    #[serde(rename = "documentationUrl")]
    pub documentation_url: Option<String>,
    #[serde(rename = "supportsIncremental")]
    pub supports_incremental: Option<bool>,
    pub supported_destination_sync_modes: Option<Vec<String>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConnectionStatus {
    pub status: String,
    pub message: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    pub streams: Vec<Stream>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    pub name: String,
    pub json_schema: Value,
    pub supported_sync_modes: Vec<String>,
    pub source_defined_cursor: bool,
    pub default_cursor_field: Vec<String>,
    pub source_defined_primary_key: Vec<Vec<String>>,
    pub is_resumable: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    pub stream: String,
    pub namespace: Option<String>,
    pub data: Map<String, Value>,
    pub emitted_at: i64,
    pub meta: Option<Meta>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meta {
    pub changes: Vec<Change>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    pub field: String,
    pub change: String,
    pub reason: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    #[serde(rename = "type")]
    pub kind: String,
    pub stream: StreamState,
    #[serde(rename = "sourceStats")]
    pub source_stats: SourceStats,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamState {
    pub stream_descriptor: StreamDescriptor,
    pub stream_state: Blob,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamDescriptor {
    pub name: String,
    pub namespace: Option<String>,
}

/// What we put into a state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blob {
    #[serde(deserialize_with = "numbered")]
    pub partitions: BTreeMap<i32, i64>,
    /// What a topic that is deleted and created again does not keep.
    pub topic_id: Option<String>,
}

/// JSON's keys are texts; the numbers in them are ours.
fn numbered<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<i32, i64>, D::Error> {
    let texts = BTreeMap::<String, i64>::deserialize(deserializer)?;
    let number = |(text, next): (String, i64)| Ok((text.parse().map_err(D::Error::custom)?, next));
    texts.into_iter().map(number).collect()
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceStats {
    #[serde(rename = "recordCount")]
    pub record_count: f64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub level: String,
    pub message: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum Trace {
    #[serde(rename = "STREAM_STATUS")]
    StreamStatus { emitted_at: i64, stream_status: StreamStatus },
    #[serde(rename = "ESTIMATE")]
    Estimate { emitted_at: i64, estimate: Estimate },
    #[serde(rename = "ERROR")]
    Error { emitted_at: i64, error: TraceError },
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamStatus {
    pub stream_descriptor: StreamDescriptor,
    pub status: Status,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    Started,
    Running,
    Complete,
    Incomplete,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    pub name: String,
    pub namespace: Option<String>,
    #[serde(rename = "type")]
    pub kind: String,
    pub row_estimate: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TraceError {
    pub message: String,
    pub internal_message: String,
    pub failure_type: String,
    pub stream_descriptor: Option<StreamDescriptor>,
}

static PROTOCOL: LazyLock<Validator> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(include_str!("protocol.schema.json")).unwrap();
    jsonschema::draft7::new(&schema).unwrap()
});

/// Reads one line, against the mirrors and against the protocol's schema.
pub fn parse(line: &str) -> Result<Message, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| format!("no JSON: {error}"))?;
    if let Some(error) = PROTOCOL.iter_errors(&value).next() {
        return Err(format!("not of the protocol: {error}, at `{}`", error.instance_path()));
    }
    serde_json::from_str(line).map_err(|error| format!("not as we know it: {error}"))
}

/// What is known of a stream half-way through a transcript.
#[derive(Default)]
struct Course {
    statuses: Vec<Status>,
    records: u64,
    since_state: u64,
    next_offsets: BTreeMap<i64, i64>,
    has_state: bool,
}

/// Checks what holds of every `read`, whatever happens to it, as far as the lines go.
pub fn check_read(messages: &[Message]) -> Result<(), String> {
    let mut courses: HashMap<&str, Course> = HashMap::new();
    for message in messages {
        match message {
            Message::Record { record } => {
                on_record(courses.entry(&record.stream).or_default(), record)?;
            }
            Message::State { state } => {
                let name = &state.stream.stream_descriptor.name;
                on_state(courses.entry(name).or_default(), state).map_err(|error| format!("`{name}`: {error}"))?;
            }
            Message::Trace { trace: Trace::StreamStatus { stream_status, .. } } => {
                let name = &stream_status.stream_descriptor.name;
                let course = courses.entry(name).or_default();
                on_status(course, stream_status.status).map_err(|error| format!("`{name}`: {error}"))?;
            }
            Message::Trace { trace: Trace::Estimate { estimate, .. } } => {
                let course = courses.entry(&estimate.name).or_default();
                if estimate.kind != "STREAM" || course.statuses != [Status::Started] {
                    return Err(format!("an estimate of a stream does not come after STARTED: {estimate:?}"));
                }
            }
            Message::Trace { trace: Trace::Error { .. } } | Message::Log { .. } => {}
            other => return Err(format!("`read` does not write {other:?}")),
        }
    }
    Ok(())
}

fn on_record(course: &mut Course, record: &Record) -> Result<(), String> {
    if course.statuses.last() != Some(&Status::Running) {
        return Err(format!("a record outside RUNNING: {record:?}"));
    }
    course.records += 1;
    course.since_state += 1;
    let place = |column: &str| record.data.get(column).and_then(Value::as_i64);
    if let (Some(partition), Some(offset)) = (place("_kafka_partition"), place("_kafka_offset"))
        && let Some(last) = course.next_offsets.insert(partition, offset + 1)
        && last > offset
    {
        return Err(format!("offset {offset} of partition {partition} after {}", last - 1));
    }
    Ok(())
}

fn on_state(course: &mut Course, state: &State) -> Result<(), String> {
    if state.kind != "STREAM" {
        return Err(format!("state of type {}", state.kind));
    }
    #[expect(clippy::cast_precision_loss, reason = "tests count to thousands")]
    let counted = course.since_state as f64;
    if state.source_stats.record_count.to_bits() != counted.to_bits() {
        return Err(format!("recordCount is {}, but {counted} records came", state.source_stats.record_count));
    }
    if matches!(course.statuses.last(), None | Some(Status::Complete | Status::Incomplete)) {
        return Err("a state outside STARTED … COMPLETE".to_owned());
    }
    for (partition, &next) in &course.next_offsets {
        let covered =
            i32::try_from(*partition).ok().and_then(|partition| state.stream.stream_state.partitions.get(&partition));
        if covered.is_none_or(|&covered| covered < next) {
            return Err(format!("partition {partition} was read up to {next}, its state says {covered:?}"));
        }
    }
    course.since_state = 0;
    course.has_state = true;
    Ok(())
}

fn on_status(course: &mut Course, status: Status) -> Result<(), String> {
    let is_in_order = match (course.statuses.last(), status) {
        (None, Status::Started) | (Some(Status::Started | Status::Running), Status::Running | Status::Incomplete) => {
            true
        }
        (Some(Status::Running), Status::Complete) => course.has_state,
        _ => false,
    };
    if !is_in_order {
        return Err(format!("{status:?} after {:?}, state written: {}", course.statuses, course.has_state));
    }
    if matches!(status, Status::Complete | Status::Incomplete) && course.since_state > 0 {
        return Err(format!("{status:?} with {} records that no state covers", course.since_state));
    }
    course.statuses.push(status);
    Ok(())
}

#[test]
fn unknown_and_missing_fields_are_noticed() {
    parse(r#"{"type":"LOG","log":{"level":"INFO","message":"x"}}"#).unwrap();
    for line in [
        r#"{"type":"LOG","log":{"level":"INFO","message":"x","more":1}}"#,
        r#"{"type":"LOG","log":{"level":"INFO","message":"x"},"more":1}"#,
        r#"{"type":"LOG","log":{"level":"LOUD","message":"x"}}"#,
        r#"{"type":"LOG","log":{"level":"INFO"}}"#,
        r#"{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1,"stream_status":{"stream_descriptor":{"name":"a"},"status":"RUNNING"},"more":1}}"#,
        r#"{"type":"TRACE","trace":{"type":"ERROR","error":{"message":"a","internal_message":"a","failure_type":"config_error"}}}"#,
        r#"{"type":"RECORD","record":{"stream":"a","data":[],"emitted_at":1}}"#,
        r#"{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"a"},"stream_state":{"partitions":{"0":1},"x":1}},"sourceStats":{"recordCount":1.0}}}"#,
        r#"{"type":"RECORD"}"#,
        "plain text",
    ] {
        assert!(parse(line).is_err(), "{line}");
    }
}
