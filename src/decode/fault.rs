//! What can be wrong with a message's bytes.

use std::fmt;

/// How deep objects and arrays may nest. Other readers downstream stop at 1 000 (Jackson), `serde_json` at 128.
pub const MAX_DEPTH: usize = 512;

/// A value or key that cannot be decoded in its configured format: what is wrong, and where.
///
/// Eight bytes, so that the scanner's results travel in registers. Kafka's own length field is an `i32`: a position
/// always fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault} at byte {at}")]
pub struct BadMessage {
    /// what is wrong
    pub fault: Fault,
    /// the position, counted from 0, of the first byte that cannot be right
    pub at: u32,
}

impl BadMessage {
    #[cold]
    pub(super) fn new(fault: Fault, at: usize) -> Self {
        Self { fault, at: u32::try_from(at).unwrap_or(u32::MAX) }
    }
}

/// The kinds of [`BadMessage`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// no byte at all, or only white space, where JSON is expected
    Empty,
    /// the JSON text stops in the middle
    UnexpectedEnd,
    /// a value has to start here
    ExpectedValue,
    /// a field name in quotes has to start here
    ExpectedKey,
    /// a colon has to follow the field name
    ExpectedColon,
    /// a comma or the closing brace has to follow
    ExpectedCommaOrBrace,
    /// a comma or the closing bracket has to follow
    ExpectedCommaOrBracket,
    /// a digit has to stand here
    ExpectedDigit,
    /// not one of JSON's escapes
    InvalidEscape,
    /// a control character inside a string that is not escaped
    ControlCharacter,
    /// objects and arrays nest deeper than [`MAX_DEPTH`]
    TooDeep,
    /// something follows the JSON text
    Trailing,
    /// not UTF-8
    InvalidUtf8,
    /// not text in the configured encoding
    InvalidText,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("invalid JSON, nothing but white space"),
            Self::UnexpectedEnd => f.write_str("invalid JSON, ends too early"),
            Self::ExpectedValue => f.write_str("invalid JSON, expected a value"),
            Self::ExpectedKey => f.write_str("invalid JSON, expected a field name in quotes"),
            Self::ExpectedColon => f.write_str("invalid JSON, expected `:`"),
            Self::ExpectedCommaOrBrace => f.write_str("invalid JSON, expected `,` or `}`"),
            Self::ExpectedCommaOrBracket => f.write_str("invalid JSON, expected `,` or `]`"),
            Self::ExpectedDigit => f.write_str("invalid JSON, expected a digit"),
            Self::InvalidEscape => f.write_str("invalid JSON, unknown escape"),
            Self::ControlCharacter => f.write_str("invalid JSON, control character in a string"),
            Self::TooDeep => write!(f, "JSON nests deeper than {MAX_DEPTH}"),
            Self::Trailing => f.write_str("invalid JSON, something follows the value"),
            Self::InvalidUtf8 => f.write_str("invalid UTF-8"),
            Self::InvalidText => f.write_str("not text in the configured encoding"),
        }
    }
}
