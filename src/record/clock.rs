//! Timestamps as text: the second is formatted once, each message only puts in its milliseconds.

use jiff::SignedDuration;
use jiff::civil::{Date, date};

use crate::kafka::{Timestamp, TimestampType};

/// What the text of timestamps has in common that differ in their milliseconds only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Second {
    since_1970: i64,
    kind: TimestampType,
}

impl Second {
    #[inline]
    pub(super) fn of(timestamp: Timestamp) -> Self {
        Self { since_1970: timestamp.ms.div_euclid(1_000), kind: timestamp.kind }
    }
}

/// Writes `_kafka_timestamp` and `_kafka_timestamp_type`.
#[derive(Debug)]
pub(super) struct Clock {
    has_timestamp: bool,
    has_type: bool,
    /// what `text` holds
    known: Option<Second>,
    /// the members, with milliseconds that are to be replaced
    text: Vec<u8>,
    /// where the milliseconds are
    millis: usize,
    /// the members for a message without timestamp
    absent: Vec<u8>,
}

impl Clock {
    /// For these columns.
    pub(super) fn new(has_timestamp: bool, has_type: bool) -> Self {
        let mut absent = Vec::new();
        if has_timestamp {
            absent.extend_from_slice(br#""_kafka_timestamp":null,"#);
        }
        if has_type {
            absent.extend_from_slice(br#""_kafka_timestamp_type":null,"#);
        }
        Self { has_timestamp, has_type, known: None, text: Vec::new(), millis: 0, absent }
    }

    /// Appends the members. False if the timestamp exists but is outside the years 1 to 9999, which is all that
    /// ISO 8601 and destinations agree on: then it is null, and the caller keeps the number elsewhere.
    pub(super) fn write(&mut self, timestamp: Option<Timestamp>, out: &mut Vec<u8>) -> bool {
        let Some(timestamp) = timestamp else {
            out.extend_from_slice(&self.absent);
            return true;
        };
        let second = Second::of(timestamp);
        if self.known != Some(second) && !self.enter(second) {
            return self.write_out_of_range(timestamp.kind, out);
        }
        let start = out.len();
        out.extend_from_slice(&self.text);
        self.put_milliseconds(timestamp, out.get_mut(start..).unwrap_or_default());
        true
    }

    /// Corrects the milliseconds in members that were written for the same second.
    #[inline]
    pub(super) fn put_milliseconds(&self, timestamp: Timestamp, members: &mut [u8]) {
        if self.has_timestamp
            && let Some(digits) = members.get_mut(self.millis..).and_then(<[u8]>::first_chunk_mut::<3>)
        {
            *digits = three_digits(timestamp.ms.rem_euclid(1_000));
        }
    }

    /// Prepares the text of a second; false if it has none.
    #[cold]
    fn enter(&mut self, second: Second) -> bool {
        self.known = None;
        self.text.clear();
        if self.has_timestamp {
            let epoch = date(1970, 1, 1).at(0, 0, 0, 0);
            let Ok(time) = epoch.checked_add(SignedDuration::from_secs(second.since_1970)) else { return false };
            if time.date() < Date::constant(1, 1, 1) {
                return false;
            }
            self.text.extend_from_slice(br#""_kafka_timestamp":""#);
            self.text.extend_from_slice(time.to_string().as_bytes());
            self.millis = self.text.len() + 1;
            self.text.extend_from_slice(br#".000Z","#);
        }
        self.write_type(second.kind);
        self.known = Some(second);
        true
    }

    fn write_type(&mut self, kind: TimestampType) {
        if self.has_type {
            self.text.extend_from_slice(br#""_kafka_timestamp_type":""#);
            self.text.extend_from_slice(kind.name().as_bytes());
            self.text.extend_from_slice(br#"","#);
        }
    }

    #[cold]
    fn write_out_of_range(&mut self, kind: TimestampType, out: &mut Vec<u8>) -> bool {
        self.text.clear();
        self.text.extend_from_slice(br#""_kafka_timestamp":null,"#);
        self.write_type(kind);
        out.extend_from_slice(&self.text);
        false
    }
}

fn three_digits(number: i64) -> [u8; 3] {
    [number / 100, number / 10 % 10, number % 10].map(|digit| b'0' + u8::try_from(digit).unwrap_or(0))
}
