//! Routing the fields of one object, as the scanner finds them, into the output and into `_kafka_extra`.
//!
//! Fields that are spliced and stand side by side leave as one copy. Names are guessed: the field that followed last
//! time probably follows again, so that its name is compared and never looked up.

#![expect(clippy::inline_always, reason = "called once per field from the scanner's loop, from one place")]

use std::collections::HashMap;

use super::escape::unescape;
use super::projection::{Projection, Route};
use super::scan::{Field, Fields, Scan};
use super::text;
use super::token::Token;

/// Memory that is kept from message to message.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    /// the members of `_kafka_extra`
    pub extra: Vec<u8>,
    /// the meaning of an escaped name, or the JSON text of a value
    scratch: Vec<u8>,
    /// fingerprints of this record's names that have no slot
    strangers: Vec<u64>,
    /// counts the records
    epoch: u64,
}

/// The fields of one record on their way.
pub(super) struct Router<'a> {
    projection: &'a mut Projection,
    work: &'a mut Workspace,
    out: &'a mut Vec<u8>,
    /// the slot of the field before
    previous: usize,
    /// the slot that is expected next
    expected: usize,
    /// the run of spliced fields that is not copied yet; empty when start = end
    run: (usize, usize),
    /// by the field's number, those that a later one of the same name overrules; empty on the normal path
    overruled: &'a [bool],
    count: usize,
    has_duplicate: bool,
}

impl<'a> Router<'a> {
    pub(super) fn new(
        projection: &'a mut Projection,
        work: &'a mut Workspace,
        out: &'a mut Vec<u8>,
        overruled: &'a [bool],
    ) -> Self {
        work.epoch += 1;
        work.extra.clear();
        work.strangers.clear();
        let expected = projection.slots.first().map_or(0, |start| start.next);
        Self { projection, work, out, previous: 0, expected, run: (0, 0), overruled, count: 0, has_duplicate: false }
    }

    /// Copies what is left. False if a name stood twice: then the output is void and the record has to be done again,
    /// with what [`Repeats`] finds.
    ///
    /// By reference: moving the router would read back in sixteens what was just written in eights, and stall.
    #[inline]
    pub(super) fn finish(&mut self, scan: &Scan<'_>) -> bool {
        self.flush(scan);
        if self.work.strangers.len() > 1 {
            self.work.strangers.sort_unstable();
            self.has_duplicate |= self.work.strangers.array_windows().any(|[one, next]| one == next);
        }
        !self.has_duplicate
    }

    #[inline]
    fn flush(&mut self, scan: &Scan<'_>) {
        let (start, end) = self.run;
        if start < end {
            scan.copy(start, end, self.out);
            self.out.push(b',');
            self.run = (end, end);
        }
    }

    /// The slot of a name that was not the expected one; it will be next time.
    #[inline(never)]
    fn look_up(&mut self, name: &[u8]) -> Option<usize> {
        let mut unescaped = std::mem::take(&mut self.work.scratch);
        let name = if name.contains(&b'\\') {
            unescape(name, &mut unescaped);
            unescaped.as_slice()
        } else {
            name
        };
        let slot = self.projection.slot(name).or_else(|| self.projection.meet(name));
        match slot.and_then(|_| self.projection.slots.get_mut(self.previous)) {
            Some(previous) => previous.next = slot.unwrap_or(0),
            None => self.work.strangers.push(self.projection.fingerprint(name)),
        }
        self.work.scratch = unescaped;
        slot
    }

    /// Everything but splicing.
    #[inline(never)]
    fn divert(&mut self, scan: &Scan<'_>, field: &Field, route: Route) {
        self.flush(scan);
        match route {
            Route::JsonText => self.write_json_text(scan, field),
            Route::Extra if self.projection.keeps_extra => self.keep(scan, field),
            Route::Extra | Route::Splice | Route::Drop => {}
        }
    }

    fn keep(&mut self, scan: &Scan<'_>, field: &Field) {
        if !self.work.extra.is_empty() {
            self.work.extra.push(b',');
        }
        scan.copy(field.start, field.end, &mut self.work.extra);
    }

    fn write_json_text(&mut self, scan: &Scan<'_>, field: &Field) {
        scan.copy(field.start, field.value, self.out);
        self.work.scratch.clear();
        scan.copy(field.value, field.end, &mut self.work.scratch);
        text::write_string(&self.work.scratch, self.out);
        self.out.push(b',');
    }
}

impl Fields for Router<'_> {
    #[inline(always)]
    fn expected(&self) -> Option<&Token> {
        self.projection.slots.get(self.expected).map(|slot| &slot.token)
    }

    #[inline(always)]
    fn field(&mut self, scan: &Scan<'_>, field: &Field) {
        let slot = match field.name {
            None => Some(self.expected),
            Some((start, end)) => self.look_up(scan.raw(start, end)),
        };
        let mut route = Route::Extra;
        if let Some(index) = slot
            && let Some(slot) = self.projection.slots.get_mut(index)
        {
            route = slot.route(field.kind);
            self.has_duplicate |= slot.seen == self.work.epoch;
            slot.seen = self.work.epoch;
            (self.previous, self.expected) = (index, slot.next);
        }
        if !self.overruled.is_empty() {
            if self.overruled.get(self.count) == Some(&true) {
                route = Route::Drop;
            }
            self.count += 1;
        }
        if route != Route::Splice {
            return self.divert(scan, field, route);
        }
        if self.run.0 == self.run.1 {
            self.run.0 = field.start;
        }
        self.run.1 = field.end;
    }
}

/// Finds the fields that a later one of the same name overrules: the slow path, for records that repeat a name.
#[derive(Default)]
pub(super) struct Repeats {
    last: HashMap<Vec<u8>, usize>,
    overruled: Vec<bool>,
}

impl Repeats {
    /// By the field's number, whether it is overruled.
    pub(super) fn overruled(self) -> Vec<bool> {
        self.overruled
    }
}

impl Fields for Repeats {
    fn field(&mut self, scan: &Scan<'_>, field: &Field) {
        let mut name = Vec::new();
        let (start, end) = field.name.unwrap_or_default();
        unescape(scan.raw(start, end), &mut name);
        if let Some(earlier) = self.last.insert(name, self.overruled.len())
            && let Some(overruled) = self.overruled.get_mut(earlier)
        {
            *overruled = true;
        }
        self.overruled.push(false);
    }
}
