//! One partition while it is read: which of its messages become records, and when it has had enough.

use super::stream::StreamWriter;
use crate::airbyte::Output;
use crate::error::Error;
use crate::kafka::{Headers, Message, TopicPartition};
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
        message: &Message<'_>,
        headers: Headers<'_>,
        emitted_at: i64,
        stream: &mut StreamWriter,
        output: &mut Output,
    ) -> Result<bool, Error> {
        let mut written = false;
        if self.range.contains(message.offset) {
            match stream.write(message, headers, emitted_at, output.buffer()) {
                Ok(is_record) => written = is_record,
                Err(error) => {
                    self.reading = false;
                    return Err(error);
                }
            }
            self.range.pass(message.offset);
            self.allowance -= u64::from(written);
        } else {
            // Behind the end: everything before it has been delivered.
            self.range.reach(message.offset);
        }
        self.reading = !self.range.is_done() && self.allowance > 0;
        Ok(written)
    }
}
