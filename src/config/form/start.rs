//! The `start_from` field: where the first sync begins.

use schemars::JsonSchema;
use serde::Deserialize;

/// The places to start from.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(tag = "start_type", rename_all = "snake_case")]
pub enum Start {
    /// With the oldest message the brokers have.
    #[schemars(title = "Earliest")]
    Earliest,
    /// With messages that arrive from now on.
    #[schemars(title = "Latest")]
    Latest,
    /// With the first message that is as new as a point in time.
    #[schemars(title = "Point in time")]
    Timestamp(TimestampStart),
    /// With messages of the last hours or days.
    #[schemars(title = "Time span before now")]
    Relative(RelativeStart),
    /// With the offsets that the consumer group (see "Group ID") has committed; a partition without one starts with its
    /// oldest message. For moving from another consumer to this connector.
    #[schemars(title = "Committed offsets of the group")]
    Committed,
}

/// A point in time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct TimestampStart {
    /// A date and time, UTC unless it names an offset; a date alone is its midnight. Milliseconds since 1970 are
    /// understood as well.
    #[schemars(title = "Timestamp", extend("order" = 1, "format" = "date-time", "examples" = ["2026-11-21T09:00:00Z"]))]
    pub timestamp: String,
}

/// A span of time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct RelativeStart {
    /// How far to go back from now: `7d`, `12h`, `30m`, `90s`, `1d12h`.
    #[schemars(title = "Duration", extend("order" = 1, "examples" = ["7d", "12h"]))]
    pub duration: String,
}
