//! Where the first sync of a stream begins.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::error::shown;
use super::form::{AutoOffsetReset, Form, Start};
use super::{ConfigError, duration};

/// Where the first sync of a stream begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartFrom {
    /// With the oldest message.
    Earliest,
    /// With messages that arrive from now on.
    Latest,
    /// With the first message whose timestamp is this or newer, in milliseconds since 1970.
    Timestamp(i64),
    /// With the first message that is at most this old.
    Relative(Duration),
    /// With the offsets that the consumer group has committed.
    Committed {
        /// for a partition that the group has no offset of
        fallback: CommittedFallback,
    },
}

/// What to do with a partition that the consumer group has no offset of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommittedFallback {
    /// Start with its oldest message.
    Earliest,
    /// Fail, as Java's `auto_offset_reset` `none` does.
    Fail,
}

impl StartFrom {
    pub(super) fn from_form(form: &Form) -> Result<Self, ConfigError> {
        match (&form.start_from, form.auto_offset_reset) {
            (Some(Start::Earliest), _) | (None, None | Some(AutoOffsetReset::Earliest)) => Ok(Self::Earliest),
            (Some(Start::Latest), _) | (None, Some(AutoOffsetReset::Latest)) => Ok(Self::Latest),
            (Some(Start::Timestamp(start)), _) => timestamp(&start.timestamp),
            (Some(Start::Relative(start)), _) => match duration::parse(&start.duration) {
                Some(length) => Ok(Self::Relative(length)),
                None => Err(ConfigError::BadDuration { value: shown(&start.duration) }),
            },
            (Some(Start::Committed), _) => {
                committed(form, CommittedFallback::Earliest, "start_from.start_type", "committed")
            }
            (None, Some(AutoOffsetReset::None)) => {
                committed(form, CommittedFallback::Fail, "auto_offset_reset", "none")
            }
        }
    }
}

fn committed(
    form: &Form,
    fallback: CommittedFallback,
    field: &'static str,
    value: &'static str,
) -> Result<StartFrom, ConfigError> {
    match form.group_id {
        Some(_) => Ok(StartFrom::Committed { fallback }),
        None => Err(ConfigError::NoGroup { field, value }),
    }
}

fn timestamp(text: &str) -> Result<StartFrom, ConfigError> {
    let milliseconds = if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { instant(text) };
    // Before 1970 there are no messages, and the client reads negative numbers as "earliest" and "latest".
    match milliseconds {
        Some(milliseconds) if milliseconds >= 0 => Ok(StartFrom::Timestamp(milliseconds)),
        _ => Err(ConfigError::BadTimestamp { value: shown(text) }),
    }
}

fn instant(text: &str) -> Option<i64> {
    let instant = text.parse::<Timestamp>().or_else(|_| {
        let civil: DateTime = text.parse()?;
        Ok::<_, jiff::Error>(civil.to_zoned(TimeZone::UTC)?.timestamp())
    });
    Some(instant.ok()?.as_millisecond())
}
