//! How values and keys are decoded.

use encoding_rs::Encoding;

use super::error::shown;
use super::form::MessageFormat;
use super::{ConfigError, not_built};

/// The format of the values or keys of all topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Found per message.
    Auto,
    /// JSON text.
    Json,
    /// Text in this encoding.
    Text(&'static Encoding),
    /// Bytes.
    Binary,
}

impl Format {
    /// `field` is the field of the form that says so.
    pub(super) fn from_form(form: Option<&MessageFormat>, field: &str) -> Result<Self, ConfigError> {
        Ok(match form {
            None | Some(MessageFormat::Auto) => Self::Auto,
            Some(MessageFormat::Json) => Self::Json,
            Some(MessageFormat::Text(text)) => Self::Text(encoding(&text.encoding, field)?),
            Some(MessageFormat::Binary) => Self::Binary,
            Some(MessageFormat::Avro(_)) => return Err(not_built::needs_schema(field, "AVRO")),
            Some(MessageFormat::Protobuf(_)) => return Err(not_built::needs_schema(field, "PROTOBUF")),
            Some(MessageFormat::JsonSchema) => return Err(not_built::needs_schema(field, "JSON_SCHEMA")),
        })
    }
}

fn encoding(label: &str, field: &str) -> Result<&'static Encoding, ConfigError> {
    // `UTF_8` is how Java and Python spell it; `Shift_JIS` has its underscore in the standard.
    let spellings = [label.to_owned(), label.replace('_', "-"), label.replace('_', "")];
    spellings
        .iter()
        .find_map(|label| Encoding::for_label_no_replacement(label.as_bytes()))
        .ok_or_else(|| ConfigError::UnknownEncoding { field: format!("{field}.encoding"), value: shown(label) })
}
