//! Bytes of a message → members of the record's `data`, as JSON text in the caller's buffer.
//!
//! JSON is validated and spliced in one pass (`scan`): no tree, no allocation, no second look at the payload. Where its
//! fields go is decided by the [`Projection`]. Text and bytes become JSON strings. The module knows neither Kafka nor
//! Airbyte: bytes in, bytes out.

mod brackets;
mod escape;
mod fault;
mod nested;
mod plain;
mod projection;
mod route;
mod scan;
mod skeleton;
#[cfg(test)]
mod tests;
mod token;

use encoding_rs::Encoding;

pub use fault::{BadMessage, Fault, MAX_DEPTH};
pub use projection::{Column, Projection, Shape};

use crate::kind::{Kind, Kinds};
use crate::text;
use plain::PlainText;
use projection::{Route, VALUE};
use route::{Repeats, Router, Workspace};
use scan::{Field, Fields, Memory, Scan};

/// How the bytes of a value or key are to be read.
#[derive(Clone, Copy, Debug)]
pub enum Format {
    /// per message: JSON (not for keys), else UTF-8 text, else base64; nothing is ever bad
    Auto,
    /// one JSON text; a byte order mark in front of it is ignored
    Json,
    /// text in this encoding; a byte order mark of that encoding is ignored
    Text(&'static Encoding),
    /// any bytes, as base64
    Binary,
}

/// Decodes the values of one stream.
#[derive(Debug)]
pub struct ValueDecoder {
    format: Format,
    projection: Projection,
    memory: Memory,
    work: Workspace,
    plain: PlainText,
}

impl ValueDecoder {
    /// A decoder for values of this format and these columns.
    #[must_use]
    pub fn new(format: Format, projection: Projection) -> Self {
        let (memory, work, plain) = (Memory::default(), Workspace::default(), PlainText::default());
        Self { format, projection, memory, work, plain }
    }

    /// Appends the members that the value becomes, each followed by a comma; none for a tombstone or `null` unless the
    /// shape is wrapped. Of a bad message nothing is appended.
    pub fn decode(&mut self, value: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), BadMessage> {
        let mark = out.len();
        let result = match (value, self.format) {
            (None, _) => {
                self.work.extra.clear();
                self.decode_null(out);
                return Ok(());
            }
            (Some(value), Format::Json) => self.decode_json(value, out),
            (Some(value), Format::Auto) => self.decode_json(value, out).or_else(|_| {
                out.truncate(mark);
                self.decode_plain(value, out)
            }),
            (Some(value), Format::Text(_) | Format::Binary) => self.decode_plain(value, out),
        };
        if result.is_err() {
            out.truncate(mark);
            self.work.extra.clear();
        }
        result
    }

    /// What the last value had beside its columns: the members of `_kafka_extra` without braces and without a comma at
    /// the end; empty when there is nothing to keep.
    #[must_use]
    pub fn extra(&self) -> &[u8] {
        &self.work.extra
    }

    #[inline]
    fn decode_json(&mut self, value: &[u8], out: &mut Vec<u8>) -> Result<(), BadMessage> {
        if self.projection.shape == Shape::Wrapped {
            return self.decode_wrapped(value, out);
        }
        let mark = out.len();
        let mut scan = Scan::new(value, &mut self.memory);
        let mut router = Router::new(&mut self.projection, &mut self.work, out, &[]);
        let (start, end, kind) = scan.document(Some(&mut router))?;
        if kind == Kind::Object {
            if router.finish(&scan) {
                return Ok(());
            }
            out.truncate(mark);
            return self.decode_repeating(value, out);
        }
        let mut json = self.plain.take_buffer();
        scan.copy(start, end, &mut json);
        self.write_value(kind, &json, out);
        self.plain.give_back(json);
        Ok(())
    }

    /// An object that repeats a name.
    #[cold]
    fn decode_repeating(&mut self, value: &[u8], out: &mut Vec<u8>) -> Result<(), BadMessage> {
        let mut repeats = Repeats::default();
        Scan::new(value, &mut self.memory).document(Some(&mut repeats))?;
        let overruled = repeats.overruled();
        let mut scan = Scan::new(value, &mut self.memory);
        let mut router = Router::new(&mut self.projection, &mut self.work, out, &overruled);
        scan.document(Some(&mut router))?;
        router.finish(&scan);
        Ok(())
    }

    fn decode_wrapped(&mut self, value: &[u8], out: &mut Vec<u8>) -> Result<(), BadMessage> {
        self.work.extra.clear();
        let mut scan = Scan::new(value, &mut self.memory);
        let (start, end, kind) = scan.document(None::<&mut Repeats>)?;
        if self.projection.route_value(kind) == Route::Splice {
            out.extend_from_slice(b"\"value\":");
            scan.copy(start, end, out);
            out.push(b',');
            return Ok(());
        }
        let mut json = self.plain.take_buffer();
        scan.copy(start, end, &mut json);
        self.write_value(kind, &json, out);
        self.plain.give_back(json);
        Ok(())
    }

    fn decode_plain(&mut self, value: &[u8], out: &mut Vec<u8>) -> Result<(), BadMessage> {
        self.work.extra.clear();
        let mut json = self.plain.take_buffer();
        let result = self.plain.write(self.format, value, &mut json);
        if result.is_ok() {
            self.write_value(Kind::String, &json, out);
        }
        self.plain.give_back(json);
        result
    }

    fn decode_null(&mut self, out: &mut Vec<u8>) {
        self.write_value(Kind::Null, b"null", out);
    }

    /// Routes a value that is no set of fields: it is the field `value`.
    fn write_value(&mut self, kind: Kind, json: &[u8], out: &mut Vec<u8>) {
        let slot = self.projection.slot(VALUE.as_bytes());
        if kind == Kind::Null && (self.projection.shape == Shape::Flattened || slot.is_none()) {
            return;
        }
        match self.projection.route_value(kind) {
            Route::Splice => {
                out.extend_from_slice(b"\"value\":");
                out.extend_from_slice(json);
                out.push(b',');
            }
            Route::JsonText => {
                out.extend_from_slice(b"\"value\":");
                text::write_string(json, out);
                out.push(b',');
            }
            Route::Extra => {
                self.work.extra.extend_from_slice(b"\"value\":");
                self.work.extra.extend_from_slice(json);
            }
            Route::Drop => {}
        }
    }
}

/// Decodes the keys of one stream.
#[derive(Debug)]
pub struct KeyDecoder {
    format: Format,
    accepts: Kinds,
    json_text: bool,
    memory: Memory,
    extra: Vec<u8>,
    json: Vec<u8>,
    plain: PlainText,
}

impl KeyDecoder {
    /// A decoder for keys of this format; `accepts` and `json_text` describe `_kafka_key` as they do a [`Column`].
    #[must_use]
    pub fn new(format: Format, accepts: Kinds, json_text: bool) -> Self {
        let accepts = accepts.with(Kind::Null);
        let (memory, extra, json, plain) = (Memory::default(), Vec::new(), Vec::new(), PlainText::default());
        Self { format, accepts, json_text, memory, extra, json, plain }
    }

    /// Appends one JSON value: `null` for no key, and for a key that the column does not accept (see
    /// [`extra`](Self::extra)). Of a bad key nothing is appended.
    pub fn decode(&mut self, key: Option<&[u8]>, out: &mut Vec<u8>) -> Result<(), BadMessage> {
        self.extra.clear();
        self.json.clear();
        let kind = match (key, self.format) {
            (None, _) => {
                out.extend_from_slice(b"null");
                return Ok(());
            }
            (Some(key), Format::Json) => {
                let mut scan = Scan::new(key, &mut self.memory);
                let (start, end, kind) = scan.document(None::<&mut Repeats>)?;
                scan.copy(start, end, &mut self.json);
                kind
            }
            (Some(key), format) => {
                self.plain.write(format, key, &mut self.json)?;
                Kind::String
            }
        };
        if self.accepts.contains(kind) {
            out.extend_from_slice(&self.json);
        } else if self.json_text {
            text::write_string(&self.json, out);
        } else {
            out.extend_from_slice(b"null");
            self.extra.extend_from_slice(b"\"_kafka_key\":");
            self.extra.extend_from_slice(&self.json);
        }
        Ok(())
    }

    /// The member of `_kafka_extra` that keeps a key which its column does not accept; empty otherwise.
    #[must_use]
    pub fn extra(&self) -> &[u8] {
        &self.extra
    }
}

/// Tells the names and kinds of the columns that a value would become if all of them were accepted: for discover, by the
/// scanner that reads.
pub fn kinds(
    format: Format,
    shape: Shape,
    value: Option<&[u8]>,
    mut visit: impl FnMut(&str, Kind),
) -> Result<(), BadMessage> {
    let kind = match (value, format) {
        (None, _) => Kind::Null,
        (Some(value), Format::Json | Format::Auto) => match json_kind(value, shape, &mut visit) {
            Ok(Some(kind)) => kind,
            Ok(None) => return Ok(()),
            Err(_) if matches!(format, Format::Auto) => Kind::String,
            Err(bad) => return Err(bad),
        },
        (Some(value), _) => {
            PlainText::default().write(format, value, &mut Vec::new())?;
            Kind::String
        }
    };
    if kind != Kind::Null || shape == Shape::Wrapped {
        visit(VALUE, kind);
    }
    Ok(())
}

/// The kind of a JSON text; `None` when it is a flattened object, whose fields have been visited.
fn json_kind(value: &[u8], shape: Shape, visit: impl FnMut(&str, Kind)) -> Result<Option<Kind>, BadMessage> {
    let mut memory = Memory::default();
    let mut repeats = Repeats::default();
    let (_, _, kind) = Scan::new(value, &mut memory).document(Some(&mut repeats))?;
    if kind != Kind::Object || shape == Shape::Wrapped {
        return Ok(Some(kind));
    }
    let mut visitor = Visitor { overruled: repeats.overruled().into_iter(), name: Vec::new(), visit };
    Scan::new(value, &mut memory).document(Some(&mut visitor))?;
    Ok(None)
}

/// Reports the fields that no later one of the same name overrules.
struct Visitor<F> {
    overruled: std::vec::IntoIter<bool>,
    name: Vec<u8>,
    visit: F,
}

impl<F: FnMut(&str, Kind)> Fields for Visitor<F> {
    fn field(&mut self, scan: &Scan<'_>, field: &Field) {
        let (start, end) = field.name.unwrap_or_default();
        escape::unescape(scan.raw(start, end), &mut self.name);
        if self.overruled.next() == Some(false)
            && let Ok(name) = str::from_utf8(&self.name)
        {
            (self.visit)(name, field.kind);
        }
    }
}
