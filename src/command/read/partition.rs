//! One partition while it is read: which of its messages become records, and when it has had enough.

use super::stream::{Arrival, StreamWriter};
use crate::airbyte::Output;
use crate::error::Error;
use crate::kafka::TopicPartition;
use crate::offsets::Range;

/// A partition being read.
pub(super) struct Partition {
    /// The place of its stream in the catalog.
    pub(super) stream: usize,
    pub(super) id: TopicPartition,
    pub(super) range: Range,
    /// How many records it may still emit.
    pub(super) allowance: u64,
    pub(super) reading: bool,
}

impl Partition {
    pub(super) fn new(stream: usize, id: TopicPartition, range: Range) -> Self {
        Self { stream, id, range, allowance: u64::MAX, reading: true }
    }

    /// Writes the record of a message, if it is one of this sync's. Returns whether there is a record.
    pub(super) fn write(
        &mut self,
        arrival: &Arrival<'_>,
        stream: &mut StreamWriter,
        output: &mut Output,
    ) -> Result<bool, Error> {
        let mut written = false;
        let offset = arrival.message.offset;
        if self.range.contains(offset) {
            match stream.write(arrival, output.buffer()) {
                Ok(is_record) => written = is_record,
                Err(error) => {
                    self.reading = false;
                    return Err(error);
                }
            }
            self.range.pass(offset);
            self.allowance -= u64::from(written);
        } else {
            // Behind the end: everything before it has been delivered.
            self.range.reach(offset);
        }
        self.reading = !self.range.is_done() && self.allowance > 0;
        Ok(written)
    }
}
