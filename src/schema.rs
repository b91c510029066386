//! What discover declares: the kinds that a sample of messages had, merged into one type per column, and the way back
//! from a configured catalog's property to the kinds that a column accepts.
//!
//! `decode` reports the kinds and `decode` obeys them; this module only does the sums, so that what is declared is what
//! is read. Types inside objects and arrays are not declared, because reading does not check them.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::kind::{Kind, Kinds};
use crate::name::can_be_column;

/// How many columns a stream may have: the limit of common destinations is near 1 000 (Postgres 1 600, `MySQL` 1 017,
/// SQL Server 1 024), and objects used as maps would otherwise make a column of every key.
pub const MAX_COLUMNS: usize = 1_000;

/// A property with this keyword set carries the JSON text of whatever is no string.
pub const JSON_TEXT: &str = "x-json-text";

/// The type of a column, as far as we declare one. Every type is nullable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// only numbers without fraction and exponent
    Integer,
    /// numbers
    Number,
    /// `true` and `false`
    Boolean,
    /// strings
    String,
    /// objects of any content
    Object,
    /// arrays of any content
    Array,
    /// kinds that no other type covers: strings as they are, anything else as its JSON text
    JsonText,
}

impl ColumnType {
    /// The narrowest type for all of these kinds. When nothing or only null was seen, the one that fits everything.
    #[must_use]
    pub fn of(kinds: Kinds) -> Self {
        let kinds = kinds.without(Kind::Null);
        let number = Kinds::of(Kind::Number);
        match kinds {
            _ if kinds == Kinds::of(Kind::Integer) => Self::Integer,
            _ if kinds == number || kinds == number.with(Kind::Integer) => Self::Number,
            _ if kinds == Kinds::of(Kind::Boolean) => Self::Boolean,
            _ if kinds == Kinds::of(Kind::String) => Self::String,
            _ if kinds == Kinds::of(Kind::Object) => Self::Object,
            _ if kinds == Kinds::of(Kind::Array) => Self::Array,
            _ => Self::JsonText,
        }
    }

    /// The column's JSON schema.
    #[must_use]
    pub fn property(self) -> Value {
        match self {
            Self::Integer => json!({"type": ["null", "integer"]}),
            Self::Number => json!({"type": ["null", "number"]}),
            Self::Boolean => json!({"type": ["null", "boolean"]}),
            Self::String => json!({"type": ["null", "string"]}),
            Self::Object => json!({"type": ["null", "object"], "additionalProperties": true}),
            Self::Array => json!({"type": ["null", "array"], "items": {}}),
            Self::JsonText => json!({"type": ["null", "string"], JSON_TEXT: true}),
        }
    }
}

/// The columns seen in a sample of messages.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    columns: Vec<(String, Kinds)>,
    by_name: HashMap<String, usize>,
    is_full: bool,
}

impl Sample {
    /// Takes note of a field. Names that cannot be columns are passed over, as are new ones behind [`MAX_COLUMNS`].
    pub fn add(&mut self, name: &str, kind: Kind) {
        if let Some(column) = self.by_name.get(name).and_then(|index| self.columns.get_mut(*index)) {
            column.1 = column.1.with(kind);
        } else if can_be_column(name) {
            if self.columns.len() < MAX_COLUMNS {
                self.by_name.insert(name.to_owned(), self.columns.len());
                self.columns.push((name.to_owned(), Kinds::of(kind)));
            } else {
                self.is_full = true;
            }
        }
    }

    /// The columns in the order in which they were first seen.
    #[must_use]
    pub fn columns(&self) -> impl ExactSizeIterator<Item = (&str, ColumnType)> {
        self.columns.iter().map(|(name, kinds)| (name.as_str(), ColumnType::of(*kinds)))
    }

    /// Whether there were more than [`MAX_COLUMNS`], so that some are missing.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.is_full
    }
}

/// The kinds that a property of a configured catalog accepts, null always among them, and whether the column carries the
/// JSON text of the others. A property whose type is missing or unknown accepts everything: what the user wrote there is
/// no reason to keep data back.
#[must_use]
pub fn accepts(property: &Value) -> (Kinds, bool) {
    let Some(kinds) = declared(property) else { return (Kinds::ALL, false) };
    let is_string = kinds == Kinds::of(Kind::String).with(Kind::Null);
    (kinds, is_string && property.get(JSON_TEXT) == Some(&Value::Bool(true)))
}

fn declared(property: &Value) -> Option<Kinds> {
    let is_integer = property.get("airbyte_type").is_some_and(|name| name == "integer");
    let names = match property.get("type")? {
        Value::Array(names) => names.as_slice(),
        name => std::slice::from_ref(name),
    };
    let mut kinds = Kinds::of(Kind::Null);
    for name in names {
        kinds = kinds.union(match name.as_str()? {
            "null" => Kinds::of(Kind::Null),
            "boolean" => Kinds::of(Kind::Boolean),
            "integer" => Kinds::of(Kind::Integer),
            "number" if is_integer => Kinds::of(Kind::Integer),
            "number" => Kinds::of(Kind::Integer).with(Kind::Number),
            "string" => Kinds::of(Kind::String),
            "array" => Kinds::of(Kind::Array),
            "object" => Kinds::of(Kind::Object),
            _ => return None,
        });
    }
    (!names.is_empty()).then_some(kinds)
}
