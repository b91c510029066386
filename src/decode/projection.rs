//! Which field goes where: into its column, into `_kafka_extra`, or nowhere.

#![expect(clippy::inline_always, reason = "asked once per field from the scanner's loop")]

use std::collections::HashMap;

use super::token::Token;
use crate::kind::{Kind, Kinds};
use crate::name::can_be_column;

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

/// How many names have slots, and how long one may be that is only met: what a topic with names at random costs in memory.
const MAX_SLOTS: usize = 4_096;
const MAX_MET_NAME: usize = 64;

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

/// A name that is known: configured, offered, or met before.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    /// the name in quotes and the colon, as most producers write it
    pub token: Token,
    accepts: Kinds,
    json_text: bool,
    /// offered by discover and deselected
    deselected: bool,
    /// the slot of the field that followed last time
    pub next: usize,
    /// the last record in which the field was seen
    pub seen: u64,
}

impl Slot {
    fn new(name: &str, accepts: Kinds) -> Self {
        Self { token: Token::new(name), accepts, json_text: false, deselected: false, next: 0, seen: 0 }
    }

    /// Where a value of this kind goes.
    #[inline(always)]
    pub(super) fn route(&self, kind: Kind) -> Route {
        match self {
            _ if self.accepts.contains(kind) => Route::Splice,
            _ if self.json_text => Route::JsonText,
            _ if self.deselected => Route::Drop,
            _ => Route::Extra,
        }
    }
}

/// The configured columns of a stream, and what discover offered beside them.
#[derive(Clone, Debug)]
pub struct Projection {
    pub(super) shape: Shape,
    /// The first stands for the start of a record: its `next` is the first field. It has no name.
    pub(super) slots: Vec<Slot>,
    by_name: HashMap<Box<[u8]>, usize>,
    pub(super) keeps_extra: bool,
}

impl Projection {
    /// `columns` are produced; fields in `known` that are no columns were offered and deselected: they are dropped;
    /// every other field is new and, like one that does not fit its column, goes to `_kafka_extra` if `keeps_extra`.
    /// Names that cannot be columns of a payload are left out of both.
    pub fn new(shape: Shape, columns: Vec<Column>, known: impl IntoIterator<Item = String>, keeps_extra: bool) -> Self {
        let mut projection = Self { shape, slots: Vec::new(), by_name: HashMap::new(), keeps_extra };
        projection.slots.push(Slot { token: Token::never(), ..Slot::new("", Kinds::NONE) });
        for Column { name, accepts, json_text } in columns {
            let accepts = accepts.with(Kind::Null);
            projection.offer(Slot { json_text, ..Slot::new(&name, accepts) }, &name);
        }
        for name in known {
            projection.offer(Slot { deselected: true, ..Slot::new(&name, Kinds::NONE) }, &name);
        }
        // The first guess: fields come in the order of the columns. Nothing is expected behind the last.
        let slots = projection.slots.len();
        for (index, slot) in projection.slots.iter_mut().enumerate() {
            slot.next = (index + 1) % slots;
        }
        projection
    }

    fn offer(&mut self, slot: Slot, name: &str) {
        if can_be_column(name) && !self.by_name.contains_key(name.as_bytes()) {
            self.add(slot, name.as_bytes());
        }
    }

    fn add(&mut self, slot: Slot, name: &[u8]) -> usize {
        let index = self.slots.len();
        self.by_name.insert(name.into(), index);
        self.slots.push(slot);
        index
    }

    /// Gives a new field a slot of its own, so that it costs no more than a column from now on; `None` when enough have
    /// been met. A name that is not UTF-8 gets none: what equals a token is never validated again.
    pub(super) fn meet(&mut self, name: &[u8]) -> Option<usize> {
        let has_room = self.slots.len() < MAX_SLOTS && name.len() <= MAX_MET_NAME;
        let text = str::from_utf8(name).ok().filter(|_| has_room)?;
        Some(self.add(Slot::new(text, Kinds::NONE), name))
    }

    /// The slot of a name, given by its meaning.
    pub(super) fn slot(&self, name: &[u8]) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Where a value of this kind goes if it stands for the whole message.
    pub(super) fn route_value(&self, kind: Kind) -> Route {
        let slot = self.slot(VALUE.as_bytes()).and_then(|slot| self.slots.get(slot));
        match slot.map_or(Route::Extra, |slot| slot.route(kind)) {
            Route::Extra if !self.keeps_extra => Route::Drop,
            route => route,
        }
    }

    /// A number for a name that has no slot, to tell names apart within a record. Keyed at random: a producer cannot
    /// aim at collisions.
    pub(super) fn fingerprint(&self, name: &[u8]) -> u64 {
        use std::hash::BuildHasher as _;
        self.by_name.hasher().hash_one(name)
    }
}
