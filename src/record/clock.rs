//! Timestamps as text: the second is formatted once, each message only puts in its milliseconds.

use jiff::SignedDuration;
use jiff::civil::{Date, date};

use crate::kafka::{Timestamp, TimestampType};

/// Writes `_kafka_timestamp` and `_kafka_timestamp_type`.
#[derive(Debug)]
pub(super) struct Clock {
    has_timestamp: bool,
    has_type: bool,
    /// what `text` holds: the second, and the type that follows
    known: Option<(i64, TimestampType)>,
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
    #[inline]
    pub(super) fn write(&mut self, timestamp: Option<Timestamp>, out: &mut Vec<u8>) -> bool {
        let Some(Timestamp { ms, kind }) = timestamp else {
            out.extend_from_slice(&self.absent);
            return true;
        };
        let second = ms.div_euclid(1_000);
        if self.known != Some((second, kind)) && !self.enter(second, kind) {
            return self.write_out_of_range(kind, out);
        }
        let start = out.len();
        out.extend_from_slice(&self.text);
        if self.has_timestamp
            && let Some(digits) = out.get_mut(start + self.millis..).and_then(<[u8]>::first_chunk_mut::<3>)
        {
            *digits = three_digits(ms.rem_euclid(1_000));
        }
        true
    }

    /// Prepares the text of a second; false if it has none.
    #[cold]
    fn enter(&mut self, second: i64, kind: TimestampType) -> bool {
        self.known = None;
        self.text.clear();
        if self.has_timestamp {
            let epoch = date(1970, 1, 1).at(0, 0, 0, 0);
            let Ok(time) = epoch.checked_add(SignedDuration::from_secs(second)) else { return false };
            if time.date() < Date::constant(1, 1, 1) {
                return false;
            }
            self.text.extend_from_slice(br#""_kafka_timestamp":""#);
            self.text.extend_from_slice(time.to_string().as_bytes());
            self.millis = self.text.len() + 1;
            self.text.extend_from_slice(br#".000Z","#);
        }
        self.write_type(kind);
        self.known = Some((second, kind));
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
