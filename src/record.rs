//! One Kafka message → the RECORD line around its decoded value.
//!
//! The line is written in three steps into the caller's buffer: [`RecordWriter::open`], then the members of the decoded
//! value and key, each followed by a comma, then [`RecordWriter::close`] with the metadata columns. What is the same for
//! many messages (head, partition, second, type of timestamp, emission time) is kept as text.

mod clock;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::fmt::Display;

use serde_json::value::RawValue;

use crate::kafka::{Header, Message, Timestamp};
use crate::text;
use clock::{Clock, Second};

/// The metadata columns that the configured catalog asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the columns are independent of each other")]
pub struct MetaColumns {
    /// `_kafka_partition`
    pub partition: bool,
    /// `_kafka_offset`
    pub offset: bool,
    /// `_kafka_timestamp`
    pub timestamp: bool,
    /// `_kafka_timestamp_type`
    pub timestamp_type: bool,
    /// `_kafka_key`
    pub key: bool,
    /// `_kafka_headers`
    pub headers: bool,
    /// `_kafka_extra`
    pub extra: bool,
    /// `_kafka_error`
    pub error: bool,
}

/// What is known of a message that could not be decoded.
#[derive(Clone, Copy)]
pub struct Rescued<'a> {
    /// why not, for `_kafka_error`
    pub reason: &'a dyn Display,
    /// the value's bytes, for `raw` in `_kafka_extra`
    pub raw: Option<&'a [u8]>,
    /// the key's bytes if the key is bad, for `raw_key` in `_kafka_extra`
    pub raw_key: Option<&'a [u8]>,
}

/// Writes the RECORD lines of one stream.
#[derive(Debug)]
pub struct RecordWriter {
    columns: MetaColumns,
    head: Vec<u8>,
    partition: Option<i32>,
    /// everything up to the offset
    place: Vec<u8>,
    clock: Clock,
    emitted_at: Option<i64>,
    /// everything from the end of `data`
    tail: Vec<u8>,
    /// members of `_kafka_extra` that are ours
    extra: Vec<u8>,
    ending: Ending,
}

/// What the last plain line had behind its offset. Most lines are plain (no headers, nothing extra, a timestamp that can
/// be written) and share all of it with the line before but the milliseconds.
#[derive(Debug, Default)]
struct Ending {
    text: Vec<u8>,
    /// the second and type of the timestamp, and the time of emission, that the text holds
    holds: Option<(Second, i64)>,
}

impl Ending {
    /// Appends the text again, with these milliseconds. False if the line has to be written anew.
    #[inline]
    fn repeat(&self, clock: &Clock, timestamp: Option<Timestamp>, emitted_at_ms: i64, out: &mut Vec<u8>) -> bool {
        let Some(timestamp) = timestamp else { return false };
        if self.holds != Some((Second::of(timestamp), emitted_at_ms)) {
            return false;
        }
        let start = out.len();
        out.extend_from_slice(&self.text);
        clock.put_milliseconds(timestamp, out.get_mut(start..).unwrap_or_default());
        true
    }

    /// Keeps what stands behind `start` in a plain line, which the timestamp begins if it has one.
    fn keep(&mut self, timestamp: Option<Timestamp>, emitted_at_ms: i64, out: &[u8], start: usize) {
        self.text.clear();
        self.text.extend_from_slice(out.get(start..).unwrap_or_default());
        // Without a column of ours behind it, the comma in front has been taken away: then nothing can be repeated.
        let is_whole = self.text.first() == Some(&b'"') && !self.text.ends_with(NULLED_TIMESTAMP);
        self.holds = timestamp.filter(|_| is_whole).map(|timestamp| (Second::of(timestamp), emitted_at_ms));
    }
}

impl RecordWriter {
    /// A writer for a stream with these metadata columns.
    #[must_use]
    pub fn new(stream: &str, namespace: Option<&str>, columns: MetaColumns) -> Self {
        let mut head = br#"{"type":"RECORD","record":{"stream":"#.to_vec();
        text::write_string(stream.as_bytes(), &mut head);
        if let Some(namespace) = namespace {
            head.extend_from_slice(br#","namespace":"#);
            text::write_string(namespace.as_bytes(), &mut head);
        }
        head.extend_from_slice(br#","data":{"#);
        let clock = Clock::new(columns.timestamp, columns.timestamp_type);
        let (place, tail, extra) = (Vec::new(), Vec::new(), Vec::new());
        let ending = Ending::default();
        Self { columns, head, partition: None, place, clock, emitted_at: None, tail, extra, ending }
    }

    /// Starts a line, up to and with the opening brace of `data`.
    #[inline]
    pub fn open(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head);
    }

    /// Whether the decoded key has to be written, as member `_kafka_key`, before the line is closed.
    #[must_use]
    pub fn wants_key(&self) -> bool {
        self.columns.key
    }

    /// Ends the line: metadata columns, what `extra` has gathered (groups of members without braces, some or all of them
    /// empty, the message's own fields in the first), the time of emission in milliseconds since 1970, line feed.
    #[inline]
    pub fn close<'a>(
        &mut self,
        out: &mut Vec<u8>,
        message: &Message<'_>,
        headers: impl IntoIterator<Item = Header<'a>>,
        extra: &[&[u8]],
        emitted_at_ms: i64,
    ) {
        self.write_place(out, message);
        let mut headers = headers.into_iter();
        let header = if self.columns.headers { headers.next() } else { None };
        let is_plain = header.is_none() && (!self.columns.extra || extra.iter().all(|group| group.is_empty()));
        if !(is_plain && self.ending.repeat(&self.clock, message.timestamp, emitted_at_ms, out)) {
            let start = out.len();
            self.close_anew(out, message, header.into_iter().chain(headers), extra, emitted_at_ms);
            if is_plain {
                self.ending.keep(message.timestamp, emitted_at_ms, out, start);
            }
        }
    }

    #[inline(never)]
    fn close_anew<'a>(
        &mut self,
        out: &mut Vec<u8>,
        message: &Message<'_>,
        headers: impl Iterator<Item = Header<'a>>,
        extra: &[&[u8]],
        emitted_at_ms: i64,
    ) {
        self.extra.clear();
        let is_nulled = self.write_columns(out, message, headers);
        if self.columns.extra {
            let ours = std::mem::take(&mut self.extra);
            write_extra(extra.iter().copied().chain([ours.as_slice()]), out);
            self.extra = ours;
        }
        if self.columns.error {
            out.extend_from_slice(br#""_kafka_error":null,"#);
        }
        self.end(out, is_nulled, emitted_at_ms);
    }

    /// Ends the line of a message that could not be decoded: like [`close`](Self::close), with the reason and the bytes.
    pub fn close_rescued<'a>(
        &mut self,
        out: &mut Vec<u8>,
        message: &Message<'_>,
        headers: impl IntoIterator<Item = Header<'a>>,
        rescued: &Rescued<'_>,
        emitted_at_ms: i64,
    ) {
        self.write_place(out, message);
        self.extra.clear();
        for (name, bytes) in [(br#""raw":"#.as_slice(), rescued.raw), (br#""raw_key":"#, rescued.raw_key)] {
            let Some(bytes) = bytes else { continue };
            separate(&mut self.extra);
            self.extra.extend_from_slice(name);
            text::write_base64(bytes, &mut self.extra);
        }
        let is_nulled = self.write_columns(out, message, headers);
        if self.columns.extra {
            write_extra([self.extra.as_slice()], out);
        }
        if self.columns.error {
            out.extend_from_slice(br#""_kafka_error":"#);
            text::write_string(rescued.reason.to_string().as_bytes(), out);
            out.push(b',');
        }
        self.end(out, is_nulled, emitted_at_ms);
    }

    /// The columns of the primary key.
    #[inline]
    fn write_place(&mut self, out: &mut Vec<u8>, message: &Message<'_>) {
        if self.partition != Some(message.partition) {
            self.enter_partition(message.partition);
        }
        out.extend_from_slice(&self.place);
        if self.columns.offset {
            out.extend_from_slice(itoa::Buffer::new().format(message.offset).as_bytes());
            out.push(b',');
        }
    }

    /// Timestamp and headers. Whether the timestamp had to be nulled returns.
    fn write_columns<'a>(
        &mut self,
        out: &mut Vec<u8>,
        message: &Message<'_>,
        headers: impl IntoIterator<Item = Header<'a>>,
    ) -> bool {
        let is_nulled = !self.clock.write(message.timestamp, out);
        if let (true, Some(timestamp)) = (is_nulled, message.timestamp) {
            separate(&mut self.extra);
            self.extra.extend_from_slice(br#""_kafka_timestamp":"#);
            self.extra.extend_from_slice(itoa::Buffer::new().format(timestamp.ms).as_bytes());
        }
        if self.columns.headers {
            write_headers(headers, out);
        }
        is_nulled
    }

    #[cold]
    fn enter_partition(&mut self, partition: i32) {
        self.partition = Some(partition);
        self.place.clear();
        if self.columns.partition {
            self.place.extend_from_slice(br#""_kafka_partition":"#);
            self.place.extend_from_slice(itoa::Buffer::new().format(partition).as_bytes());
            self.place.push(b',');
        }
        if self.columns.offset {
            self.place.extend_from_slice(br#""_kafka_offset":"#);
        }
    }

    #[inline]
    fn end(&mut self, out: &mut Vec<u8>, is_nulled: bool, emitted_at_ms: i64) {
        if self.emitted_at != Some(emitted_at_ms) {
            self.emitted_at = Some(emitted_at_ms);
            self.tail.clear();
            self.tail.extend_from_slice(br#"},"emitted_at":"#);
            self.tail.extend_from_slice(itoa::Buffer::new().format(emitted_at_ms).as_bytes());
            self.tail.extend_from_slice(b"}}\n");
        }
        if out.last() == Some(&b',') {
            out.pop();
        }
        out.extend_from_slice(&self.tail);
        if is_nulled {
            out.truncate(out.len() - b"}}\n".len());
            out.extend_from_slice(NULLED_TIMESTAMP);
        }
    }
}

/// What ends a line whose timestamp is no date that anyone can read.
const NULLED_TIMESTAMP: &[u8] = concat!(
    r#","meta":{"changes":[{"field":"_kafka_timestamp","change":"NULLED","#,
    r#""reason":"SOURCE_SERIALIZATION_ERROR"}]}}}"#,
    "\n"
)
.as_bytes();

/// `_kafka_extra` from groups of members; absent when all of them are empty.
#[inline]
fn write_extra<'a>(groups: impl IntoIterator<Item = &'a [u8]>, out: &mut Vec<u8>) {
    let mut groups = groups.into_iter().filter(|group| !group.is_empty());
    let Some(first) = groups.next() else { return };
    out.extend_from_slice(br#""_kafka_extra":{"#);
    out.extend_from_slice(first);
    if let Some(second) = groups.next() {
        write_more(first, [second].into_iter().chain(groups), out);
    }
    out.extend_from_slice(b"},");
}

/// Members of ours behind fields of the message, which keep their names: ours give way.
#[cold]
fn write_more<'a>(fields: &[u8], groups: impl Iterator<Item = &'a [u8]>, out: &mut Vec<u8>) {
    let mut taken: HashSet<String> = members(fields).into_iter().map(|(name, _)| name).collect();
    for (mut name, value) in groups.flat_map(members) {
        while taken.contains(&name) {
            name.push('_');
        }
        out.push(b',');
        text::write_string(name.as_bytes(), out);
        out.push(b':');
        out.extend_from_slice(value.get().as_bytes());
        taken.insert(name);
    }
}

/// What stands in a group, which is an object without its braces.
fn members(group: &[u8]) -> Vec<(String, Box<RawValue>)> {
    let object = [b"{", group, b"}"].concat();
    let members: Result<BTreeMap<String, Box<RawValue>>, _> = serde_json::from_slice(&object);
    debug_assert!(members.is_ok(), "what is written has been validated");
    members.unwrap_or_default().into_iter().collect()
}

/// `_kafka_headers`, in order, duplicates kept.
#[inline]
fn write_headers<'a>(headers: impl IntoIterator<Item = Header<'a>>, out: &mut Vec<u8>) {
    out.extend_from_slice(br#""_kafka_headers":["#);
    for header in headers {
        write_header(&header, out);
    }
    if out.last() == Some(&b',') {
        out.pop();
    }
    out.extend_from_slice(b"],");
}

fn write_header(header: &Header<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"key":"#);
    match simdutf8::basic::from_utf8(header.key) {
        Ok(name) => text::write_string(name.as_bytes(), out),
        Err(_) => text::write_string(String::from_utf8_lossy(header.key).as_bytes(), out),
    }
    out.extend_from_slice(br#","value":"#);
    match header.value.map(|value| simdutf8::basic::from_utf8(value).map_err(|_| value)) {
        None => out.extend_from_slice(b"null"),
        Some(Ok(value)) => text::write_string(value.as_bytes(), out),
        Some(Err(bytes)) => {
            text::write_base64(bytes, out);
            out.extend_from_slice(br#","encoding":"base64""#);
        }
    }
    out.extend_from_slice(b"},");
}

fn separate(members: &mut Vec<u8>) {
    if !members.is_empty() {
        members.push(b',');
    }
}
