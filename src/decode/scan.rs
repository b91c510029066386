//! The JSON scanner: one pass that validates, finds the top-level fields and tells the kind of each value.
//!
//! It copies nothing. What must not reach the output as it stands (white space between tokens, lone surrogates) is noted
//! as an [`Edit`]; between edits the input is the output. Strict RFC 8259, with two differences that `config.md` asks for:
//! nesting ends at [`MAX_DEPTH`](super::MAX_DEPTH), and a lone surrogate escape is read as U+FFFD instead of being refused.

#![expect(clippy::inline_always, reason = "the loop over a payload is one function; calls cost a quarter of it")]

use simdutf8::{basic, compat};
use wide::u8x16;

use super::escape::{REPLACEMENT, code_unit, is_high, is_low};
use super::fault::{BadMessage, Fault};
use super::skeleton::Skeleton;
use super::text;
use super::token::Token;
use crate::kind::Kind;

/// A stretch of input that is left out, or replaced.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edit {
    pub(super) start: usize,
    pub(super) end: usize,
    /// a lone surrogate: U+FFFD takes its place
    pub(super) replaced: bool,
}

/// One top-level field, as positions in the input.
pub(super) struct Field {
    /// the opening quote of the name
    pub start: usize,
    /// the name between its quotes, as it is written; `None` when it is the expected one
    pub name: Option<(usize, usize)>,
    /// the first byte of the value
    pub value: usize,
    /// the byte behind the value
    pub end: usize,
    /// the value's kind
    pub kind: Kind,
}

/// Who receives the top-level fields.
pub(super) trait Fields {
    /// How the next field probably starts.
    fn expected(&self) -> Option<&Token> {
        None
    }

    /// Takes the next field.
    fn field(&mut self, scan: &Scan<'_>, field: &Field);
}

/// What a scan leaves to the next one.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// only for its capacity
    edits: Vec<Edit>,
    skeleton: Skeleton,
}

/// One payload and what has been noted about it.
pub(super) struct Scan<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) edits: &'a mut Vec<Edit>,
    pub(super) skeleton: &'a mut Skeleton,
    /// every byte inside strings, or-ed together: the top bits tell whether any of them is not ASCII
    seen: u8x16,
}

impl<'a> Scan<'a> {
    /// Starts on a payload.
    pub(super) fn new(bytes: &'a [u8], memory: &'a mut Memory) -> Self {
        let Memory { edits, skeleton } = memory;
        edits.clear();
        Self { bytes, edits, skeleton, seen: u8x16::ZERO }
    }

    /// Scans the whole payload. An object's fields go to `fields` when it wants them; the value's place and kind return.
    pub(super) fn document<F: Fields>(&mut self, fields: Option<&mut F>) -> Result<(usize, usize, Kind), BadMessage> {
        // A byte order mark in front is no JSON, but Windows tools write it and it carries nothing.
        let start = self.space(if self.bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 });
        if start == self.bytes.len() {
            return Err(BadMessage::new(Fault::Empty, start));
        }
        let (end, kind) = match (fields, self.byte(start)) {
            (Some(fields), b'{') => (self.object(start + 1, fields)?, Kind::Object),
            _ => self.value(start, 0)?,
        };
        let rest = self.space(end);
        if rest < self.bytes.len() {
            return Err(BadMessage::new(Fault::Trailing, rest));
        }
        self.check_utf8()?;
        Ok((start, end, kind))
    }

    /// The bytes as they were written.
    pub(super) fn raw(&self, start: usize, end: usize) -> &'a [u8] {
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// Appends what the bytes of a token, value or run of fields are in the output.
    #[inline]
    pub(super) fn copy(&self, start: usize, end: usize, out: &mut Vec<u8>) {
        if self.edits.is_empty() {
            out.extend_from_slice(self.raw(start, end));
        } else {
            self.copy_edited(start, end, out);
        }
    }

    fn copy_edited(&self, mut start: usize, end: usize, out: &mut Vec<u8>) {
        let first = self.edits.partition_point(|edit| edit.start < start);
        let edits = self.edits.get(first..).unwrap_or_default();
        for edit in edits.iter().take_while(|edit| edit.end <= end) {
            self.copy_piece(start, edit.start, out);
            if edit.replaced {
                out.extend_from_slice(REPLACEMENT);
            }
            start = edit.end;
        }
        out.extend_from_slice(self.raw(start, end));
    }

    /// Copies a piece between two edits. Most are a few bytes: sixteen are copied with one load and one store, and what
    /// was too much is taken back.
    #[inline(always)]
    fn copy_piece(&self, start: usize, end: usize, out: &mut Vec<u8>) {
        match self.bytes.get(start..).and_then(|rest| rest.first_chunk::<16>()) {
            Some(chunk) if end - start <= 16 => {
                let length = out.len() + (end - start);
                out.extend_from_slice(chunk);
                out.truncate(length);
            }
            _ => out.extend_from_slice(self.raw(start, end)),
        }
    }

    /// The byte at a position, 0 behind the end: JSON knows no place where a NUL would be right.
    #[inline(always)]
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }

    #[cold]
    pub(super) fn bad<T>(&self, fault: Fault, at: usize) -> Result<T, BadMessage> {
        Err(BadMessage::new(if at < self.bytes.len() { fault } else { Fault::UnexpectedEnd }, at))
    }

    /// Where the next token starts; white space before it is cut.
    #[inline(always)]
    pub(super) fn space(&mut self, at: usize) -> usize {
        if self.byte(at) > b' ' { at } else { self.cut_space(at) }
    }

    fn cut_space(&mut self, start: usize) -> usize {
        let rest = self.bytes.get(start..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
        if length > 0 {
            self.edits.push(Edit { start, end: start + length, replaced: false });
        }
        start + length
    }

    /// The fields of the top-level object whose brace stands before `at`.
    #[inline(always)]
    fn object<F: Fields>(&mut self, at: usize, fields: &mut F) -> Result<usize, BadMessage> {
        let mut at = self.space(at);
        if self.byte(at) == b'}' {
            return Ok(at + 1);
        }
        loop {
            let start = at;
            let name = if let Some(length) = fields.expected().and_then(|token| token.matches(self.bytes, at)) {
                at += length;
                None
            } else {
                let end = self.name(at)?;
                at = self.colon(end)?;
                Some((start + 1, end - 1))
            };
            let value = self.space(at);
            let (end, kind) = self.value(value, 1)?;
            fields.field(self, &Field { start, name, value, end, kind });
            at = self.space(end);
            match self.byte(at) {
                b',' => at = self.space(at + 1),
                b'}' => return Ok(at + 1),
                _ => return self.bad(Fault::ExpectedCommaOrBrace, at),
            }
        }
    }

    /// The end of the name that has to start here.
    #[inline(always)]
    pub(super) fn name(&mut self, at: usize) -> Result<usize, BadMessage> {
        if self.byte(at) == b'"' { self.string(at + 1) } else { self.bad(Fault::ExpectedKey, at) }
    }

    /// The position behind the colon that has to come next.
    #[inline(always)]
    pub(super) fn colon(&mut self, at: usize) -> Result<usize, BadMessage> {
        let at = self.space(at);
        if self.byte(at) == b':' { Ok(at + 1) } else { self.bad(Fault::ExpectedColon, at) }
    }

    /// The end and kind of the value that has to start here, `depth` objects deep.
    #[inline(always)]
    fn value(&mut self, at: usize, depth: usize) -> Result<(usize, Kind), BadMessage> {
        match self.byte(at) {
            b'"' => Ok((self.string(at + 1)?, Kind::String)),
            b'{' => Ok((self.nested(at, depth)?, Kind::Object)),
            b'[' => Ok((self.nested(at, depth)?, Kind::Array)),
            byte => self.scalar(at, byte),
        }
    }

    /// A number, `true`, `false` or `null`.
    #[inline(always)]
    pub(super) fn scalar(&self, at: usize, byte: u8) -> Result<(usize, Kind), BadMessage> {
        match byte {
            b'-' | b'0'..=b'9' => self.number(at),
            b't' => Ok((self.word(at, b"true")?, Kind::Boolean)),
            b'f' => Ok((self.word(at, b"false")?, Kind::Boolean)),
            b'n' => Ok((self.word(at, b"null")?, Kind::Null)),
            _ => self.bad(Fault::ExpectedValue, at),
        }
    }

    #[inline(always)]
    fn word(&self, at: usize, word: &[u8]) -> Result<usize, BadMessage> {
        if self.raw(at, at + word.len()) == word { Ok(at + word.len()) } else { self.bad_word(at, word) }
    }

    #[cold]
    fn bad_word(&self, at: usize, word: &[u8]) -> Result<usize, BadMessage> {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let same = rest.iter().zip(word).take_while(|(is, should)| is == should).count();
        self.bad(Fault::ExpectedValue, at + same)
    }

    #[inline(always)]
    fn number(&self, at: usize) -> Result<(usize, Kind), BadMessage> {
        let first = at + usize::from(self.byte(at) == b'-');
        let end = match self.byte(first) {
            b'0' => first + 1,
            b'1'..=b'9' => self.digits(first + 1),
            _ => return self.bad(Fault::ExpectedDigit, first),
        };
        if matches!(self.byte(end), b'.' | b'e' | b'E') {
            Ok((self.fraction(end)?, Kind::Number))
        } else {
            Ok((end, Kind::Integer))
        }
    }

    fn fraction(&self, mut at: usize) -> Result<usize, BadMessage> {
        if self.byte(at) == b'.' {
            at = self.some_digits(at + 1)?;
        }
        if matches!(self.byte(at), b'e' | b'E') {
            at = self.some_digits(at + 1 + usize::from(matches!(self.byte(at + 1), b'+' | b'-')))?;
        }
        Ok(at)
    }

    fn some_digits(&self, at: usize) -> Result<usize, BadMessage> {
        let end = self.digits(at);
        if end > at { Ok(end) } else { self.bad(Fault::ExpectedDigit, at) }
    }

    #[inline(always)]
    fn digits(&self, mut at: usize) -> usize {
        // Short numbers one by one: the processor guesses where they end and runs ahead. Longer ones eight at a time,
        // because a loop that ends elsewhere each time is guessed wrong each time.
        for _ in 0..2 {
            if !self.byte(at).is_ascii_digit() {
                return at;
            }
            at += 1;
        }
        while let Some(chunk) = self.bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
            let nibbles = u64::from_le_bytes(*chunk) ^ 0x3030_3030_3030_3030;
            let too_big = ((nibbles & 0x7f7f_7f7f_7f7f_7f7f) + 0x7676_7676_7676_7676) | nibbles;
            let others = too_big & 0x8080_8080_8080_8080;
            if others != 0 {
                return at + others.trailing_zeros() as usize / 8;
            }
            at += 8;
        }
        while self.byte(at).is_ascii_digit() {
            at += 1;
        }
        at
    }

    /// The position behind the closing quote of the string whose text starts here.
    #[inline(always)]
    pub(super) fn string(&mut self, at: usize) -> Result<usize, BadMessage> {
        let end = text::special(self.bytes, at, &mut self.seen);
        if self.byte(end) == b'"' { Ok(end + 1) } else { self.escaped_string(end) }
    }

    fn escaped_string(&mut self, mut at: usize) -> Result<usize, BadMessage> {
        loop {
            match self.byte(at) {
                b'"' => return Ok(at + 1),
                b'\\' => at = self.escape(at)?,
                _ => return self.bad(Fault::ControlCharacter, at),
            }
            at = text::special(self.bytes, at, &mut self.seen);
        }
    }

    fn escape(&mut self, at: usize) -> Result<usize, BadMessage> {
        match self.byte(at + 1) {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 2),
            b'u' => self.unicode_escape(at),
            _ => self.bad(Fault::InvalidEscape, at + 1),
        }
    }

    fn unicode_escape(&mut self, at: usize) -> Result<usize, BadMessage> {
        let end = at + 6;
        let Some(unit) = code_unit(self.bytes, at) else {
            let hex = self.bytes.get(at + 2..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_hexdigit());
            return self.bad(Fault::InvalidEscape, at + 2 + hex.count());
        };
        let paired = is_high(unit) && code_unit(self.bytes, end).is_some_and(is_low);
        if paired {
            return Ok(end + 6);
        }
        if is_high(unit) || is_low(unit) {
            self.edits.push(Edit { start: at, end, replaced: true });
        }
        Ok(end)
    }

    /// Outside strings every byte has been compared with ASCII, so only what strings held is in question.
    fn check_utf8(&self) -> Result<(), BadMessage> {
        if self.seen.to_bitmask() == 0 || basic::from_utf8(self.bytes).is_ok() {
            return Ok(());
        }
        let at = compat::from_utf8(self.bytes).map_or_else(|error| error.valid_up_to(), str::len);
        Err(BadMessage::new(Fault::InvalidUtf8, at))
    }
}
