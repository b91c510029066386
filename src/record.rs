//! One Kafka message → the RECORD line around its decoded value.
//!
//! The line is written in three steps into the caller's buffer: [`RecordWriter::open`], then the members of the decoded
//! value and key, each followed by a comma, then [`RecordWriter::close`] with the metadata columns. What is the same for
//! many messages (head, partition, second, type of timestamp, emission time) is kept as text.

mod clock;
#[cfg(test)]
mod tests;

use std::fmt::Display;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::kafka::{Header, Message, Timestamp};
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
        write_text(stream, &mut head);
        if let Some(namespace) = namespace {
            head.extend_from_slice(br#","namespace":"#);
            write_text(namespace, &mut head);
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
    /// empty), the time of emission in milliseconds since 1970, line feed.
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
        for (name, bytes) in [(br#""raw":""#.as_slice(), rescued.raw), (br#""raw_key":""#, rescued.raw_key)] {
            let Some(bytes) = bytes else { continue };
            separate(&mut self.extra);
            self.extra.extend_from_slice(name);
            write_base64(bytes, &mut self.extra);
            self.extra.push(b'"');
        }
        let is_nulled = self.write_columns(out, message, headers);
        if self.columns.extra {
            write_extra([self.extra.as_slice()], out);
        }
        if self.columns.error {
            out.extend_from_slice(br#""_kafka_error":"#);
            write_text(&rescued.reason.to_string(), out);
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
    let mut is_open = false;
    for group in groups {
        if group.is_empty() {
            continue;
        }
        out.extend_from_slice(if is_open { b"," } else { br#""_kafka_extra":{"# });
        out.extend_from_slice(group);
        is_open = true;
    }
    if is_open {
        out.extend_from_slice(b"},");
    }
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
        Ok(name) => write_text(name, out),
        Err(_) => write_text(&String::from_utf8_lossy(header.key), out),
    }
    out.extend_from_slice(br#","value":"#);
    match header.value.map(|value| simdutf8::basic::from_utf8(value).map_err(|_| value)) {
        None => out.extend_from_slice(b"null"),
        Some(Ok(text)) => write_text(text, out),
        Some(Err(bytes)) => {
            out.push(b'"');
            write_base64(bytes, out);
            out.extend_from_slice(br#"","encoding":"base64"#);
            out.push(b'"');
        }
    }
    out.extend_from_slice(b"},");
}

fn separate(members: &mut Vec<u8>) {
    if !members.is_empty() {
        members.push(b',');
    }
}

fn write_base64(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let written = STANDARD.encode_slice(bytes, out.get_mut(start..).unwrap_or_default()).unwrap_or(0);
    debug_assert_eq!(start + written, out.len(), "base64 takes four bytes for every three");
}

/// A JSON string. Names and header values are short, and this module may not borrow `decode`'s writer.
fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut plain = 0;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        if !matches!(byte, b'"' | b'\\' | ..=0x1f) {
            continue;
        }
        out.extend_from_slice(bytes.get(plain..at).unwrap_or_default());
        plain = at + 1;
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            _ => {
                let hex = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte & 15)]);
            }
        }
    }
    out.extend_from_slice(bytes.get(plain..).unwrap_or_default());
    out.push(b'"');
}
