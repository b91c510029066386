//! One stream of a sync: writes its records, states and statuses, and keeps the counts that have to be exact.

use std::time::{Duration, Instant};

use super::plan;
use crate::airbyte::{
    ConfiguredStream, Message, Output, OutputError, SourceStats, StateMessage, StreamDescriptor, StreamState,
    StreamStatus, SyncMode, Trace,
};
use crate::command::columns::{self, Columns};
use crate::command::now_ms;
use crate::config::{OnBadMessage, Settings};
use crate::decode::BadMessage;
use crate::error::Error;
use crate::kafka::{self, Headers};
use crate::offsets::OnLost;
use crate::record::{RecordWriter, Rescued};
use crate::state;

/// A STATE after at most so many records.
const CHECKPOINT_RECORDS: u64 = 20_000;
/// A STATE after at most this long, so that the platform sees that we live.
const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(30);
/// How many skipped messages are logged one by one.
const LOGGED_SKIPS: u64 = 10;
/// How many bytes of a bad message are shown.
const PREVIEW_BYTES: usize = 64;

/// A message that is to become a record.
pub(super) struct Arrival<'b> {
    pub(super) message: kafka::Message<'b>,
    pub(super) headers: Headers<'b>,
    pub(super) emitted_at: i64,
}

/// Why it cannot.
struct Bad {
    /// key or value
    part: &'static str,
    reason: BadMessage,
}

/// Writes one stream.
pub(super) struct StreamWriter {
    name: String,
    namespace: Option<String>,
    columns: Columns,
    record: RecordWriter,
    on_bad_message: OnBadMessage,
    on_lost: OnLost,
    /// What the next STATE will say: partitions that are not read this time keep their place.
    pub(super) state: state::StreamState,
    records: u64,
    skipped: u64,
    records_since_state: u64,
    last_state: Instant,
    /// Its last status has not been written.
    open: bool,
    sync_mode: SyncMode,
}

impl StreamWriter {
    pub(super) fn new(settings: &Settings, stream: &ConfiguredStream, known: Option<&state::StreamState>) -> Self {
        let columns = columns::configured(settings, &stream.properties);
        if !columns.metadata.partition || !columns.metadata.offset {
            log::warn!(
                target: "read",
                "stream `{}`: the configured catalog lacks `_kafka_partition` or `_kafka_offset`, so repeated records \
                 cannot be told apart; refresh the connection's schema",
                stream.name
            );
        }
        let record = RecordWriter::new(&stream.name, stream.namespace.as_deref(), columns.metadata);
        Self {
            name: stream.name.clone(),
            namespace: stream.namespace.clone(),
            columns,
            record,
            on_bad_message: settings.on_bad_message,
            on_lost: plan::on_lost(settings, stream.sync_mode),
            state: known.cloned().unwrap_or_default(),
            records: 0,
            skipped: 0,
            records_since_state: 0,
            last_state: Instant::now(),
            open: true,
            sync_mode: stream.sync_mode,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn records(&self) -> u64 {
        self.records
    }

    pub(super) fn is_full_refresh(&self) -> bool {
        self.sync_mode == SyncMode::FullRefresh
    }

    pub(super) fn on_lost(&self) -> OnLost {
        self.on_lost
    }

    pub(super) fn skipped(&self) -> u64 {
        self.skipped
    }

    pub(super) fn is_open(&self) -> bool {
        self.open
    }

    fn descriptor(&self) -> StreamDescriptor<'_> {
        StreamDescriptor { name: &self.name, namespace: self.namespace.as_deref() }
    }

    /// Appends the record of a message, or deals with it as the policy for bad messages says. Returns whether there is a
    /// record.
    pub(super) fn write(&mut self, arrival: &Arrival<'_>, out: &mut Vec<u8>) -> Result<bool, Error> {
        let mark = out.len();
        let written = match self.append(arrival, out) {
            Ok(()) => true,
            Err(bad) => {
                out.truncate(mark);
                self.deal_with(arrival, &bad, out)?
            }
        };
        let count = u64::from(written);
        self.records += count;
        self.records_since_state += count;
        Ok(written)
    }

    fn append(&mut self, arrival: &Arrival<'_>, out: &mut Vec<u8>) -> Result<(), Bad> {
        self.record.open(out);
        self.columns.value.decode(arrival.message.value, out).map_err(|reason| Bad { part: "value", reason })?;
        self.append_key(arrival, out).map_err(|reason| Bad { part: "key", reason })?;
        let extra = [self.columns.value.extra(), self.columns.key.extra()];
        self.record.close(out, &arrival.message, arrival.headers.clone(), &extra, arrival.emitted_at);
        Ok(())
    }

    /// The key's column, null if the key is bad.
    #[inline]
    fn append_key(&mut self, arrival: &Arrival<'_>, out: &mut Vec<u8>) -> Result<(), BadMessage> {
        if !self.record.wants_key() {
            return Ok(());
        }
        out.extend_from_slice(b"\"_kafka_key\":");
        let decoded = self.columns.key.decode(arrival.message.key, out);
        if decoded.is_err() {
            out.extend_from_slice(b"null");
        }
        out.push(b',');
        decoded
    }

    #[cold]
    fn deal_with(&mut self, arrival: &Arrival<'_>, bad: &Bad, out: &mut Vec<u8>) -> Result<bool, Error> {
        let Arrival { message, .. } = arrival;
        let bytes = if bad.part == "key" { message.key } else { message.value };
        let error = Error::BadMessage {
            topic: self.name.clone(),
            partition: message.partition,
            offset: message.offset,
            part: bad.part,
            reason: bad.reason.to_string(),
            preview: preview(bytes.unwrap_or_default()),
        };
        match self.on_bad_message {
            OnBadMessage::Fail => Err(error),
            OnBadMessage::Skip => {
                self.skipped += 1;
                if self.skipped <= LOGGED_SKIPS {
                    log::warn!(target: "decode", "skipped: {error}");
                }
                Ok(false)
            }
            OnBadMessage::Rescue => {
                self.rescue(arrival, bad, out);
                Ok(true)
            }
        }
    }

    fn rescue(&mut self, arrival: &Arrival<'_>, bad: &Bad, out: &mut Vec<u8>) {
        let Arrival { message, headers, emitted_at } = arrival;
        self.record.open(out);
        let raw_key = if self.append_key(arrival, out).is_err() { message.key } else { None };
        let Bad { part, reason } = bad;
        let rescued = Rescued { reason: &format_args!("{part}: {reason}"), raw: message.value, raw_key };
        self.record.close_rescued(out, message, headers.clone(), &rescued, *emitted_at);
    }

    /// Whether it is time for a STATE.
    pub(super) fn wants_checkpoint(&self) -> bool {
        self.records_since_state >= CHECKPOINT_RECORDS
    }

    /// Whether it is time for a STATE although few records came.
    pub(super) fn is_overdue(&self) -> bool {
        self.is_open() && self.last_state.elapsed() >= CHECKPOINT_INTERVAL
    }

    /// Writes a STATE, and everything before it. `state` has to be up to date.
    pub(super) fn checkpoint(&mut self, output: &mut Output) -> Result<(), OutputError> {
        let blob = state::to_json(&self.state);
        let stream = StreamState { stream_descriptor: self.descriptor(), stream_state: &blob };
        let stats = SourceStats { record_count: self.records_since_state };
        output.send(&Message::State { state: StateMessage::new(stream, stats) })?;
        output.flush()?;
        self.records_since_state = 0;
        self.last_state = Instant::now();
        Ok(())
    }

    /// Writes a status.
    pub(super) fn status(&self, status: StreamStatus, output: &mut Output) -> Result<(), OutputError> {
        output.send(&Message::trace(Trace::status(self.descriptor(), status), now_ms()))
    }

    /// Writes how many records there will be, at most.
    pub(super) fn estimate(&self, rows: u64, output: &mut Output) -> Result<(), OutputError> {
        output.send(&Message::trace(Trace::estimate(self.descriptor(), rows), now_ms()))
    }

    /// The stream has been read as far as this sync goes.
    pub(super) fn complete(&mut self, output: &mut Output) -> Result<(), OutputError> {
        self.checkpoint(output)?;
        self.open = false;
        self.status(StreamStatus::Complete, output)
    }

    /// The stream ends early: what has been written is secured.
    pub(super) fn interrupt(&mut self, output: &mut Output) -> Result<(), OutputError> {
        if self.records_since_state > 0 || !self.state.next_offsets.is_empty() {
            self.checkpoint(output)?;
        }
        self.open = false;
        self.status(StreamStatus::Incomplete, output)
    }

    /// The stream failed, and only this one.
    pub(super) fn fail(&mut self, error: &Error, output: &mut Output) -> Result<(), OutputError> {
        self.interrupt(output)?;
        let (message, internal) = (error.user_message(), error.internal_message());
        let trace = Trace::error(&message, &internal, error.failure_type().name(), Some(self.descriptor()));
        output.send(&Message::trace(trace, now_ms()))?;
        output.flush()
    }
}

/// The first bytes, for a message.
pub(in crate::command) fn preview(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    if bytes.is_empty() {
        return "nothing".to_owned();
    }
    let mut text = String::from("hex ");
    for byte in bytes.iter().take(PREVIEW_BYTES) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
