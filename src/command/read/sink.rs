//! What becomes of each event: records into the output, progress into the partitions, and a note of everything that has
//! to wait until the batch is gone.

use std::ops::Range as Slots;

use super::super::diagnosis;
use super::partition::Partition;
use super::plan::{PartitionPlan, StreamPlan};
use super::stop::{Stop, summarize};
use super::stream::{Arrival, StreamWriter};
use crate::airbyte::{Output, StreamStatus};
use crate::error::Error;
use crate::kafka::{Event, TopicPartition};

/// What a batch leaves to be done when it has been destroyed: calls into the client must not happen inside it.
#[derive(Default)]
pub(super) struct Pending {
    /// Partitions that need no more messages.
    pub(super) finished: Vec<usize>,
    /// Partitions whose next offset is not in the log.
    pub(super) out_of_range: Vec<usize>,
    /// Streams that cannot go on.
    pub(super) failed: Vec<(usize, Error)>,
    /// What was complained of last.
    pub(super) complaint: Option<String>,
    /// Whether a broker delivered anything.
    pub(super) arrived: bool,
}

/// The streams of a sync and the partitions being read for them.
pub(super) struct Sink<'a> {
    pub(super) streams: &'a mut [StreamWriter],
    pub(super) output: &'a mut Output,
    /// In the order of the assignment: the place is the slot.
    pub(super) partitions: Vec<Partition>,
    /// Which of the partitions belong to each stream.
    slots: Vec<Slots<usize>>,
    pub(super) pending: Pending,
    /// Records so far, over all streams.
    pub(super) emitted: u64,
    /// Streams that failed.
    pub(super) failed: usize,
}

impl<'a> Sink<'a> {
    pub(super) fn new(streams: &'a mut [StreamWriter], output: &'a mut Output) -> Self {
        let (partitions, slots) = (Vec::new(), Vec::new());
        Self { streams, output, partitions, slots, pending: Pending::default(), emitted: 0, failed: 0 }
    }

    /// Announces the next stream of the plan, or reports why it cannot be read.
    pub(super) fn add(&mut self, plan: Result<StreamPlan, Error>) -> Result<(), Error> {
        let index = self.slots.len();
        let first = self.partitions.len();
        match plan {
            Ok(plan) => self.announce(index, plan)?,
            Err(error) => self.pending.failed.push((index, error)),
        }
        self.slots.push(first..self.partitions.len());
        Ok(())
    }

    fn announce(&mut self, index: usize, plan: StreamPlan) -> Result<(), Error> {
        let StreamPlan { partitions, vanished, topic_id } = plan;
        let Some(stream) = self.streams.get_mut(index) else { return Ok(()) };
        let estimate: i64 = partitions.iter().map(|partition| partition.range.remaining()).sum();
        stream.estimate(estimate.unsigned_abs(), self.output)?;
        stream.status(StreamStatus::Running, self.output)?;
        stream.state.topic_id = topic_id;
        for partition in vanished {
            stream.state.next_offsets.remove(&partition);
        }
        for PartitionPlan { partition, range, lost } in partitions {
            if let Some(lost) = lost {
                let TopicPartition { topic, partition } = &partition;
                log::warn!(target: "read", "topic `{topic}`, partition {partition}: {lost}. Going on at {}", range.next);
            }
            stream.state.next_offsets.insert(partition.partition, range.next);
            if !range.is_done() {
                self.partitions.push(Partition::new(index, partition, range));
            }
        }
        Ok(())
    }

    /// Whether any partition is being read.
    pub(super) fn is_reading(&self) -> bool {
        self.partitions.iter().any(|partition| partition.reading)
    }

    /// How many messages are to come, at most.
    pub(super) fn remaining(&self) -> i64 {
        self.partitions.iter().map(|partition| partition.range.remaining()).sum()
    }

    /// Deals with one event.
    pub(super) fn take(&mut self, event: Event<'_>, emitted_at: i64) -> Result<(), Error> {
        match event {
            Event::Message { slot, message, headers } => {
                self.pending.arrived = true;
                let Some(partition) = self.partitions.get_mut(slot).filter(|partition| partition.reading) else {
                    return Ok(());
                };
                let index = partition.stream;
                let Some(stream) = self.streams.get_mut(index) else { return Ok(()) };
                match partition.write(&Arrival { message, headers, emitted_at }, stream, self.output) {
                    Ok(written) => self.emitted += u64::from(written),
                    Err(error) => self.pending.failed.push((index, error)),
                }
                if !partition.reading {
                    self.pending.finished.push(slot);
                }
                if stream.wants_checkpoint() {
                    self.checkpoint(index)?;
                }
                self.output.write_if_full()?;
            }
            Event::EndOfPartition { slot, offset } => {
                self.pending.arrived = true;
                if let Some(partition) = self.partitions.get_mut(slot).filter(|partition| partition.reading) {
                    partition.range.reach(offset);
                    partition.reading = !partition.range.is_done();
                    if !partition.reading {
                        self.pending.finished.push(slot);
                    }
                }
            }
            Event::OffsetOutOfRange { slot } => self.pending.out_of_range.push(slot),
            Event::Broken { slot, failure_type, cause, is_denied } => {
                if let Some(partition) = self.partitions.get(slot).filter(|partition| partition.reading) {
                    let index = partition.stream;
                    let TopicPartition { topic, partition } = partition.id.clone();
                    let error = if is_denied {
                        diagnosis::unreadable(&[topic], &cause)
                    } else {
                        Error::Partition { topic, partition, cause, failure_type }
                    };
                    self.pending.failed.push((index, error));
                }
            }
            Event::Complaint { cause } => self.pending.complaint = Some(cause),
        }
        Ok(())
    }

    /// The streams that these partitions belong to.
    pub(super) fn streams_of(&self, slots: &[usize]) -> Vec<usize> {
        let mut streams: Vec<usize> =
            slots.iter().filter_map(|&slot| self.partitions.get(slot)).map(|partition| partition.stream).collect();
        streams.sort_unstable();
        streams.dedup();
        streams
    }

    /// Writes a STATE of every stream that has gone long without one.
    pub(super) fn checkpoint_overdue(&mut self) -> Result<(), Error> {
        for index in 0..self.streams.len() {
            if self.streams.get(index).is_some_and(StreamWriter::is_overdue) {
                self.checkpoint(index)?;
            }
        }
        Ok(())
    }

    fn checkpoint(&mut self, index: usize) -> Result<(), Error> {
        match self.noted(index) {
            Some((stream, output, _)) => Ok(stream.checkpoint(output)?),
            None => Ok(()),
        }
    }

    /// Completes these streams, if they are open and all their partitions are done.
    pub(super) fn complete_if_done(&mut self, streams: impl IntoIterator<Item = usize>) -> Result<(), Error> {
        for index in streams {
            if let Some((stream, output, 0)) = self.noted(index) {
                summarize(stream, 0, Stop::CapturedEnd);
                stream.complete(output)?;
            }
        }
        Ok(())
    }

    /// Ends one stream with an error. Returns its slots, which need no more messages.
    pub(super) fn fail(&mut self, index: usize, error: &Error) -> Result<Slots<usize>, Error> {
        let slots = self.slots.get(index).cloned().unwrap_or_default();
        let Some((stream, output, _)) = self.noted(index) else { return Ok(slots) };
        stream.fail(error, output)?;
        self.failed += 1;
        for partition in self.partitions.get_mut(slots.clone()).unwrap_or_default() {
            partition.reading = false;
        }
        Ok(slots)
    }

    /// Ends all streams that are open.
    pub(super) fn finish(&mut self, stop: Stop) -> Result<(), Error> {
        for index in 0..self.streams.len() {
            let Some((stream, output, remaining)) = self.noted(index) else { continue };
            summarize(stream, remaining, stop);
            if stop == Stop::Terminated {
                stream.interrupt(output)?;
            } else {
                stream.complete(output)?;
            }
        }
        Ok(self.output.flush()?)
    }

    /// Brings the next offsets of all streams up to date.
    pub(super) fn note_all(&mut self) {
        for index in 0..self.streams.len() {
            self.noted(index);
        }
    }

    /// An open stream with its next offsets brought up to date, where it writes to, and how many of its messages are to
    /// come at most.
    fn noted(&mut self, index: usize) -> Option<(&mut StreamWriter, &mut Output, i64)> {
        let stream = self.streams.get_mut(index).filter(|stream| stream.is_open())?;
        let partitions = self.partitions.get(self.slots.get(index)?.clone())?;
        let mut remaining = 0;
        for partition in partitions {
            stream.state.next_offsets.insert(partition.id.partition, partition.range.next);
            remaining += partition.range.remaining();
        }
        Some((stream, self.output, remaining))
    }
}
