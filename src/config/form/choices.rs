//! Fields with a fixed list of values.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a record looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordShape {
    /// Each top-level field of the value is a column.
    #[default]
    Flattened,
    /// The value is one column.
    Wrapped,
}

/// What identifies a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrimaryKey {
    /// Partition and offset: one row per message.
    #[default]
    Offset,
    /// The message key: one row per key, deleted by a tombstone.
    MessageKey,
}

/// What happens to a message that cannot be decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnBadMessage {
    /// The sync fails and names it.
    #[default]
    Fail,
    /// It is left out, counted and logged.
    Skip,
    /// It becomes a record that carries the reason and the raw bytes.
    Rescue,
}

/// What happens when the next offset to read is not in the log any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnLostOffsets {
    /// The sync fails and names the lost range.
    #[default]
    Fail,
    /// Reading goes on at the oldest offset.
    Earliest,
    /// Reading goes on at the newest offset.
    Latest,
}

/// Which messages of transactions are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IsolationLevel {
    /// Those of committed ones.
    #[default]
    ReadCommitted,
    /// All.
    ReadUncommitted,
}

/// How host names are resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientDnsLookup {
    /// Try every address of a name.
    UseAllDnsIps,
    /// Replace the bootstrap names by their canonical names first.
    ResolveCanonicalBootstrapServersOnly,
    /// An old name of the first.
    Default,
}

/// The Java client's word for where a consumer without offsets starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AutoOffsetReset {
    /// At the newest offset.
    Latest,
    /// At the oldest offset.
    Earliest,
    /// Nowhere: the consumer group must have one.
    None,
}
