//! Spans of time as people write them: `7d`, `12h`, `1d12h`.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};

/// The span, if it is one and longer than nothing. A day is 24 hours; months and years have no fixed length and are
/// none.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let span: Span = text.parse().ok()?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(length).ok().filter(|length| !length.is_zero())
}
