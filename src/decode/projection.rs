//! Which field goes where: into its column, into `_kafka_extra`, or nowhere.

use std::collections::HashMap;

use super::text;
use crate::kind::{Kind, Kinds};

/// What a message's value becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// the top-level fields of the value are columns; a value that is no object is the column `value`
    Flattened,
    /// the value is the column `value`
    Wrapped,
}

/// A column that the configured catalog asks for.
#[derive(Clone, Debug)]
pub struct Column {
    /// the field's name
    pub name: String,
    /// the kinds that are passed as they are; null always is
    pub accepts: Kinds,
    /// a string column that carries the JSON text of what it does not accept
    pub json_text: bool,
}

/// Fields with these names would be mistaken for columns of ours or of the platform's: they are never columns.
/// (`schema` has the same list for discover; the two do not know each other.)
const RESERVED: [&str; 3] = ["_kafka_", "_ab_cdc_", "_airbyte_"];

/// The one column of the wrapped shape, and of what is no object.
pub(super) const VALUE: &str = "value";

/// Where a field goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// into the output as it stands
    Splice,
    /// into the output, as a string that holds its JSON text
    JsonText,
    /// into `_kafka_extra`
    Extra,
    /// nowhere: deselected by the user, or nobody asks for extra
    Drop,
}

/// A name that is known beforehand.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    /// the name in quotes and the colon, as most producers write it
    pub token: Box<[u8]>,
    accepts: Kinds,
    json_text: bool,
    /// offered by discover and deselected
    deselected: bool,
    /// the slot of the field that followed last time; 0 = none
    pub next: usize,
    /// the last record in which the field was seen
    pub seen: u64,
}

impl Slot {
    fn new(name: &str, accepts: Kinds, json_text: bool, deselected: bool) -> Self {
        let mut token = Vec::new();
        text::write_string(name.as_bytes(), &mut token);
        token.push(b':');
        let accepts = accepts.with(Kind::Null);
        Self { token: token.into(), accepts, json_text, deselected, next: 0, seen: 0 }
    }
}

/// The configured columns of a stream, and what discover offered beside them.
#[derive(Clone, Debug)]
pub struct Projection {
    pub(super) shape: Shape,
    /// The first stands for the start of a record: its `next` is the first field.
    pub(super) slots: Vec<Slot>,
    by_name: HashMap<Box<[u8]>, usize>,
    pub(super) keeps_extra: bool,
}

impl Projection {
    /// `columns` are produced; fields in `known` that are no columns were offered and deselected: they are dropped;
    /// every other field is new and, like one that does not fit its column, goes to `_kafka_extra` if `keeps_extra`.
    /// Names that cannot be columns of a payload are left out of both.
    pub fn new(shape: Shape, columns: Vec<Column>, known: impl IntoIterator<Item = String>, keeps_extra: bool) -> Self {
        let start = Slot::new("", Kinds::NONE, false, true);
        let mut projection = Self { shape, slots: vec![start], by_name: HashMap::new(), keeps_extra };
        for column in columns {
            projection.add(&column.name, column.accepts, column.json_text, false);
        }
        for name in known {
            projection.add(&name, Kinds::NONE, false, true);
        }
        for (index, slot) in projection.slots.iter_mut().enumerate() {
            slot.next = index + 1;
        }
        projection
    }

    fn add(&mut self, name: &str, accepts: Kinds, json_text: bool, deselected: bool) {
        let is_taken = name.is_empty() || RESERVED.iter().any(|prefix| name.starts_with(prefix));
        if !is_taken && !self.by_name.contains_key(name.as_bytes()) {
            self.by_name.insert(name.as_bytes().into(), self.slots.len());
            self.slots.push(Slot::new(name, accepts, json_text, deselected));
        }
    }

    /// The slot of a name, given by its meaning.
    pub(super) fn slot(&self, name: &[u8]) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Where a value of this kind goes.
    #[inline]
    pub(super) fn route(&self, slot: Option<usize>, kind: Kind) -> Route {
        match slot.and_then(|slot| self.slots.get(slot)) {
            Some(slot) if slot.deselected => Route::Drop,
            Some(slot) if slot.accepts.contains(kind) => Route::Splice,
            Some(slot) if slot.json_text => Route::JsonText,
            _ if self.keeps_extra => Route::Extra,
            _ => Route::Drop,
        }
    }

    /// A number for a name that has no slot, to tell names apart within a record. Keyed at random: a producer cannot
    /// aim at collisions.
    pub(super) fn fingerprint(&self, name: &[u8]) -> u64 {
        use std::hash::BuildHasher as _;
        self.by_name.hasher().hash_one(name)
    }
}
