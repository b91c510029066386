//! Why a sync ends, and what is said about it.

use std::fmt;

use super::stream::StreamWriter;

/// Why a sync ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    CapturedEnd,
    MaxRecords,
    MaxTime,
    Idle,
    Terminated,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CapturedEnd => "everything that is there up to the captured end has been read",
            Self::MaxRecords => "`max_records_process` is reached",
            Self::MaxTime => "`max_sync_seconds` is over",
            Self::Idle => {
                "the brokers are well, but nothing arrived for the idle limit (`polling_time`, `repeated_calls`)"
            }
            Self::Terminated => "the process was told to end",
        })
    }
}

/// Says what became of a stream.
pub(super) fn summarize(stream: &StreamWriter, remaining: i64, stop: Stop) {
    let (name, records, skipped) = (stream.name(), stream.records(), stream.skipped());
    let skipped = if skipped > 0 { format!(", {skipped} bad messages skipped") } else { String::new() };
    if remaining > 0 {
        let consequence =
            if stream.is_full_refresh() { "the copy is partial" } else { "the next sync goes on from there" };
        log::warn!(
            target: "read",
            "stream `{name}`: {records} records{skipped}; {stop}; at most {remaining} messages are left, {consequence}"
        );
    } else {
        log::info!(target: "read", "stream `{name}`: {records} records{skipped}; {stop}");
    }
}
