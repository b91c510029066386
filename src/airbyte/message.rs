//! The wire types of the Airbyte protocol, as far as a source writes them: borrowed, and never parsed back.
//!
//! RECORD lines are not here: `record` writes them byte by byte, because they are the hot path.

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::catalog::Stream;
use super::redaction::{self, Redacted};

/// One line of standard output.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub enum Message<'a> {
    /// what can be configured
    #[serde(rename = "SPEC")]
    Spec {
        /// the whole specification
        spec: &'a Value,
    },
    /// the outcome of `check`
    #[serde(rename = "CONNECTION_STATUS")]
    ConnectionStatus {
        /// the outcome
        #[serde(rename = "connectionStatus")]
        status: ConnectionStatus<'a>,
    },
    /// what can be read
    #[serde(rename = "CATALOG")]
    Catalog {
        /// the streams
        catalog: Catalog<'a>,
    },
    /// how far a stream has been read
    #[serde(rename = "STATE")]
    State {
        /// the checkpoint
        state: StateMessage<'a>,
    },
    /// a line for the log
    #[serde(rename = "LOG")]
    Log {
        /// the line
        log: Log<'a>,
    },
    /// a status, an estimate or an error
    #[serde(rename = "TRACE")]
    Trace {
        /// which of them
        trace: TraceMessage<'a>,
    },
}

impl<'a> Message<'a> {
    /// A TRACE with the time of its making.
    #[must_use]
    pub fn trace(trace: Trace<'a>, emitted_at: i64) -> Self {
        Self::Trace { trace: TraceMessage { emitted_at, trace } }
    }

    /// The outcome of `check`.
    #[must_use]
    pub fn connection_status(status: CheckStatus, message: Option<&'a str>) -> Self {
        Self::ConnectionStatus { status: ConnectionStatus { status, message: message.map(Redacted) } }
    }

    /// The catalog.
    #[must_use]
    pub fn catalog(streams: &'a [Stream]) -> Self {
        Self::Catalog { catalog: Catalog { streams } }
    }

    pub(super) fn log(level: &'static str, message: &'a str) -> Self {
        Self::Log { log: Log { level, message } }
    }
}

/// See [`Message::ConnectionStatus`].
#[derive(Debug, Serialize)]
pub struct ConnectionStatus<'a> {
    status: CheckStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Redacted<'a>>,
}

/// Whether `check` succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum CheckStatus {
    /// it did
    Succeeded,
    /// it did not
    Failed,
}

/// See [`Message::Catalog`].
#[derive(Debug, Serialize)]
pub struct Catalog<'a> {
    streams: &'a [Stream],
}

/// See [`Message::Log`].
#[derive(Debug, Serialize)]
pub struct Log<'a> {
    level: &'static str,
    #[serde(serialize_with = "redaction::serialize")]
    message: &'a str,
}

/// Names a stream.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StreamDescriptor<'a> {
    /// its name
    pub name: &'a str,
    /// its namespace, as the configured catalog has it
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<&'a str>,
}

/// See [`Message::State`].
#[derive(Debug, Serialize)]
pub struct StateMessage<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    stream: StreamState<'a>,
    #[serde(rename = "sourceStats")]
    source_stats: SourceStats,
}

impl<'a> StateMessage<'a> {
    /// A checkpoint of one stream, with the exact number of records since the one before.
    #[must_use]
    pub fn new(stream: StreamState<'a>, source_stats: SourceStats) -> Self {
        Self { kind: "STREAM", stream, source_stats }
    }
}

/// A stream and how far it has been read.
#[derive(Debug, Serialize)]
pub struct StreamState<'a> {
    /// the stream
    pub stream_descriptor: StreamDescriptor<'a>,
    /// the state, which only this connector understands
    pub stream_state: &'a serde_json::value::RawValue,
}

/// What lies between two checkpoints of a stream.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SourceStats {
    /// the RECORD lines of the stream since its last STATE
    #[serde(rename = "recordCount", serialize_with = "as_decimal")]
    pub record_count: u64,
}

/// The protocol declares the count as a decimal number; below 2^53 it is exact.
#[expect(clippy::cast_precision_loss, clippy::trivially_copy_pass_by_ref, reason = "serde's signature; see above")]
fn as_decimal<S: Serializer>(count: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(*count as f64)
}

/// See [`Message::Trace`].
#[derive(Debug, Serialize)]
pub struct TraceMessage<'a> {
    emitted_at: i64,
    #[serde(flatten)]
    trace: Trace<'a>,
}

/// What a TRACE carries.
#[derive(Debug, Serialize)]
#[serde(tag = "type")]
pub enum Trace<'a> {
    /// where a stream stands
    #[serde(rename = "STREAM_STATUS")]
    StreamStatus {
        /// the stream and its status
        stream_status: StreamStatusMessage<'a>,
    },
    /// how much is to come
    #[serde(rename = "ESTIMATE")]
    Estimate {
        /// the number of rows
        estimate: Estimate<'a>,
    },
    /// why it failed
    #[serde(rename = "ERROR")]
    Error {
        /// the failure
        error: ErrorMessage<'a>,
    },
}

impl<'a> Trace<'a> {
    /// Where a stream stands.
    #[must_use]
    pub fn status(stream_descriptor: StreamDescriptor<'a>, status: StreamStatus) -> Self {
        Self::StreamStatus { stream_status: StreamStatusMessage { stream_descriptor, status } }
    }

    /// How many rows a stream will have, at most.
    #[must_use]
    pub fn estimate(stream: StreamDescriptor<'a>, rows: u64) -> Self {
        Self::Estimate { estimate: Estimate { name: stream.name, namespace: stream.namespace, kind: "STREAM", rows } }
    }

    /// Why a stream, or everything, failed.
    #[must_use]
    pub fn error(
        message: &'a str,
        internal_message: &'a str,
        failure_type: &'static str,
        stream_descriptor: Option<StreamDescriptor<'a>>,
    ) -> Self {
        Self::Error { error: ErrorMessage { message, internal_message, failure_type, stream_descriptor } }
    }
}

/// See [`Trace::StreamStatus`].
#[derive(Debug, Serialize)]
pub struct StreamStatusMessage<'a> {
    stream_descriptor: StreamDescriptor<'a>,
    status: StreamStatus,
}

/// The life of a stream within a sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum StreamStatus {
    /// it is about to be read
    Started,
    /// it is being read
    Running,
    /// everything has been written, the last STATE included
    Complete,
    /// it ended early
    Incomplete,
}

/// See [`Trace::Estimate`].
#[derive(Debug, Serialize)]
pub struct Estimate<'a> {
    #[serde(rename = "row_estimate")]
    rows: u64,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// See [`Trace::Error`].
#[derive(Debug, Serialize)]
pub struct ErrorMessage<'a> {
    #[serde(serialize_with = "redaction::serialize")]
    message: &'a str,
    #[serde(serialize_with = "redaction::serialize")]
    internal_message: &'a str,
    failure_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_descriptor: Option<StreamDescriptor<'a>>,
}
