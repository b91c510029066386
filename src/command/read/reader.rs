//! The read loop: from the data queue to the output, until every partition is done or something ends the sync.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::budget::{self, Wish};
use super::patience::{Patience, Verdict};
use super::plan::{self, PartitionPlan, Plan};
use super::stream::StreamWriter;
use crate::airbyte::{Output, StreamStatus};
use crate::command::{Outcome, now_ms, topics};
use crate::config::Settings;
use crate::error::Error;
use crate::kafka::{Assignment, Client, Consumer, Event, Headers, Message, Position, TopicPartition};
use crate::offsets::{self, Log, OnLost, Range};

/// How long to wait for a message before looking at the clock and at signals.
const TICK: Duration = Duration::from_millis(100);

/// A partition while it is read.
struct Partition {
    stream: usize,
    partition: TopicPartition,
    range: Range,
    /// How many records it may still emit.
    allowance: u64,
    reading: bool,
}

/// Why a sync ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    CapturedEnd,
    MaxRecords,
    MaxTime,
    Idle,
    Terminated,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CapturedEnd => "everything up to the captured end has been read",
            Self::MaxRecords => "`max_records_process` is reached",
            Self::MaxTime => "`max_sync_seconds` is over",
            Self::Idle => "the brokers are well, but nothing arrived for the idle limit (`polling_time`, `repeated_calls`)",
            Self::Terminated => "the process was told to end",
        })
    }
}

/// What a batch leaves to be done when it has been destroyed: calls into the client must not happen inside it.
#[derive(Default)]
struct Pending {
    /// Partitions that need no more messages.
    finished: Vec<usize>,
    /// Partitions whose next offset is not in the log.
    out_of_range: Vec<usize>,
    /// Streams that cannot go on.
    failed: Vec<(usize, Error)>,
}

/// Reads all streams of a sync.
pub(super) struct Reader<'a> {
    streams: &'a mut [StreamWriter],
    output: &'a mut Output,
    partitions: Vec<Partition>,
    /// Which of the partitions belong to each stream.
    slots: Vec<std::ops::Range<usize>>,
    consumer: Option<Consumer>,
    patience: Patience,
    pending: Pending,
    on_lost: OnLost,
    request_timeout: Duration,
    max_sync: Option<Duration>,
    /// Records that the sync may still emit, beyond what is allotted to partitions.
    max_records: Option<NonZeroU64>,
    emitted: u64,
    failed: usize,
}

impl<'a> Reader<'a> {
    /// Announces what is to come and starts to fetch.
    pub(super) fn new(
        settings: &Settings,
        plan: Plan,
        client: Client,
        streams: &'a mut [StreamWriter],
        output: &'a mut Output,
    ) -> Result<Self, Error> {
        let mut reader = Self {
            streams,
            output,
            partitions: Vec::new(),
            slots: Vec::new(),
            consumer: None,
            patience: Patience::new(settings),
            pending: Pending::default(),
            on_lost: plan::on_lost(settings),
            request_timeout: settings.request_timeout,
            max_sync: settings.max_sync,
            max_records: settings.max_records,
            emitted: 0,
            failed: 0,
        };
        for (stream, partitions) in plan.streams.into_iter().enumerate() {
            let first = reader.partitions.len();
            let failure = match partitions {
                Ok(partitions) => reader.add_stream(stream, partitions).map(|()| None)?,
                Err(error) => Some(error),
            };
            reader.slots.push(first..reader.partitions.len());
            if let Some(error) = failure {
                reader.fail(stream, &error)?;
            }
        }
        if !reader.partitions.is_empty() {
            let assignments: Vec<Assignment> = reader
                .partitions
                .iter()
                .map(|run| Assignment { partition: run.partition.clone(), offset: run.range.next })
                .collect();
            reader.consumer = Some(Consumer::assign(client, &assignments)?);
        }
        Ok(reader)
    }

    fn add_stream(&mut self, index: usize, partitions: Vec<PartitionPlan>) -> Result<(), Error> {
        let Some(stream) = self.streams.get_mut(index) else { return Ok(()) };
        let estimate: i64 = partitions.iter().map(|partition| partition.range.remaining()).sum();
        stream.estimate(estimate.unsigned_abs(), self.output)?;
        stream.status(StreamStatus::Running, self.output)?;
        for PartitionPlan { partition, range, lost } in partitions {
            if let Some(lost) = lost {
                let next = range.next;
                log::warn!(target: "read", "topic `{}`, partition {}: {lost}. Going on at {next}", partition.topic, partition.partition);
            }
            stream.next_offsets.insert(partition.partition, range.next);
            if !range.is_done() {
                self.partitions.push(Partition { stream: index, partition, range, allowance: u64::MAX, reading: true });
            }
        }
        Ok(())
    }

    /// Reads until something ends the sync.
    pub(super) fn run(mut self, started: Instant, terminated: &AtomicBool) -> Result<Outcome, Error> {
        self.complete_if_done(0..self.streams.len())?;
        self.allot()?;
        let stop = loop {
            if terminated.load(Ordering::Relaxed) {
                break Stop::Terminated;
            }
            if !self.partitions.iter().any(|run| run.reading) && !self.allot()? {
                break if self.budget_is_spent() { Stop::MaxRecords } else { Stop::CapturedEnd };
            }
            if self.max_sync.is_some_and(|limit| started.elapsed() >= limit) {
                break Stop::MaxTime;
            }
            if self.consume()? == 0 && self.give_up()? {
                break Stop::Idle;
            }
            self.settle()?;
        };
        self.finish(stop)
    }

    /// Takes what has arrived, and writes it.
    fn consume(&mut self) -> Result<usize, Error> {
        let Some(consumer) = self.consumer.as_mut() else { return Ok(0) };
        let emitted_at = now_ms();
        let (partitions, slots) = (&mut self.partitions, &self.slots);
        let (streams, output) = (&mut *self.streams, &mut *self.output);
        let (pending, patience, emitted) = (&mut self.pending, &mut self.patience, &mut self.emitted);
        let taken = consumer.consume(TICK, |event| -> Result<(), Error> {
            match event {
                Event::Message { slot, message, headers } => {
                    let Some(run) = partitions.get_mut(slot).filter(|run| run.reading) else { return Ok(()) };
                    let Some(stream) = streams.get_mut(run.stream) else { return Ok(()) };
                    let written = run.write(&message, headers, emitted_at, stream, output);
                    match written {
                        Ok(written) => *emitted += u64::from(written),
                        Err(error) => pending.failed.push((run.stream, error)),
                    }
                    if !run.reading {
                        pending.finished.push(slot);
                    }
                    if stream.wants_checkpoint() {
                        let slots = slots.get(run.stream).cloned().unwrap_or_default();
                        note_offsets(stream, partitions.get(slots).unwrap_or_default());
                        stream.checkpoint(output)?;
                    }
                    output.write_if_full()?;
                }
                Event::EndOfPartition { slot, offset } => {
                    let Some(run) = partitions.get_mut(slot).filter(|run| run.reading) else { return Ok(()) };
                    run.range.reach(offset);
                    if run.range.is_done() {
                        run.reading = false;
                        pending.finished.push(slot);
                    }
                }
                Event::OffsetOutOfRange { slot } => pending.out_of_range.push(slot),
                Event::Broken { slot, failure_type, cause } => {
                    if let Some(run) = partitions.get(slot).filter(|run| run.reading) {
                        let TopicPartition { topic, partition } = run.partition.clone();
                        pending.failed.push((run.stream, Error::Partition { topic, partition, cause, failure_type }));
                    }
                }
                Event::Complaint { cause } => patience.complained(cause),
            }
            Ok(())
        })?;
        if taken > 0 {
            self.patience.arrived();
        } else {
            self.output.write_if_due()?;
        }
        if let Some(complaint) = consumer.client().complaints()?.pop() {
            self.patience.complained(complaint.text);
        }
        Ok(taken)
    }

    /// Does what the last batch has left to do.
    fn settle(&mut self) -> Result<(), Error> {
        let Pending { finished, out_of_range, failed } = std::mem::take(&mut self.pending);
        for (stream, error) in failed {
            // One bad message after the other may come from the same batch.
            if self.streams.get(stream).is_some_and(StreamWriter::is_open) {
                self.fail(stream, &error)?;
            }
        }
        for slot in out_of_range {
            self.find_lost(slot)?;
        }
        if !finished.is_empty() {
            if let Some(consumer) = &self.consumer {
                consumer.pause(&finished)?;
            }
            let mut streams: Vec<usize> =
                finished.iter().filter_map(|&slot| self.partitions.get(slot)).map(|run| run.stream).collect();
            streams.dedup();
            self.complete_if_done(streams.into_iter())?;
        }
        for index in 0..self.streams.len() {
            if self.streams.get(index).is_some_and(StreamWriter::is_overdue) {
                self.checkpoint(index)?;
            }
        }
        Ok(())
    }

    /// Allots what is left of `max_records_process` to the partitions that want more. Returns whether any may go on.
    fn allot(&mut self) -> Result<bool, Error> {
        let Some(max) = self.max_records else { return Ok(self.partitions.iter().any(|run| run.reading)) };
        let open = |run: &Partition, streams: &[StreamWriter]| {
            !run.range.is_done() && streams.get(run.stream).is_some_and(StreamWriter::is_open)
        };
        let slots: Vec<usize> =
            (0..self.partitions.len()).filter(|&slot| open(&self.partitions[slot], self.streams)).collect();
        let wishes: Vec<Wish> = slots
            .iter()
            .map(|&slot| &self.partitions[slot])
            .map(|run| Wish { stream: run.stream, messages: run.range.remaining().unsigned_abs() })
            .collect();
        let left = max.get().saturating_sub(self.emitted);
        let allowances = budget::allowances(left, self.streams.len(), &wishes);
        let mut waiting = Vec::new();
        for (slot, allowance) in slots.into_iter().zip(allowances) {
            let run = &mut self.partitions[slot];
            run.allowance = allowance;
            match (run.reading, allowance > 0) {
                (true, false) => waiting.push(slot),
                // What was fetched of it when it had to stop has been thrown away.
                (false, true) => {
                    if let Some(consumer) = &self.consumer {
                        consumer.restart(slot, run.range.next)?;
                    }
                }
                _ => {}
            }
            run.reading = allowance > 0;
        }
        if let Some(consumer) = self.consumer.as_ref().filter(|_| !waiting.is_empty()) {
            consumer.pause(&waiting)?;
        }
        Ok(self.partitions.iter().any(|run| run.reading))
    }

    fn budget_is_spent(&self) -> bool {
        self.max_records.is_some_and(|max| self.emitted >= max.get())
            && self.partitions.iter().any(|run| !run.range.is_done())
    }

    /// Whether silence has gone on for so long that the sync ends; an error if the brokers are to blame.
    fn give_up(&mut self) -> Result<bool, Error> {
        match self.patience.verdict() {
            Verdict::Wait => Ok(false),
            Verdict::GiveUp => Err(self.stalled(self.patience.cause())),
            Verdict::Ask => {
                let Some(consumer) = &self.consumer else { return Ok(true) };
                let topic = self.partitions.iter().find(|run| run.reading).map(|run| run.partition.topic.clone());
                match consumer.client().cluster(topic.as_deref(), self.request_timeout) {
                    Ok(_) => Ok(true),
                    Err(error) => Err(self.stalled(error.to_string())),
                }
            }
        }
    }

    fn stalled(&self, cause: String) -> Error {
        let remaining = self.partitions.iter().map(|run| run.range.remaining()).sum();
        Error::Stalled { seconds: self.patience.silence().as_secs(), remaining, cause }
    }

    /// The offset that a partition goes on at has left the log while we read: retention was faster.
    fn find_lost(&mut self, slot: usize) -> Result<(), Error> {
        let Some(consumer) = &self.consumer else { return Ok(()) };
        let Some(run) = self.partitions.get_mut(slot).filter(|run| run.reading) else { return Ok(()) };
        let asked = std::slice::from_ref(&run.partition);
        let client = consumer.client();
        let mut log = Log { low: 0, end: run.range.end, high: 0 };
        for (position, place) in [(Position::Beginning, &mut log.low), (Position::End, &mut log.high)] {
            match client.offsets(asked, position, self.request_timeout)?.pop() {
                Some(Ok(Some(offset))) => *place = offset,
                Some(Err(code)) => return Err(topics::partition_error(&run.partition, &code)),
                _ => return Err(topics::partition_error(&run.partition, &"the broker did not tell its offsets")),
            }
        }
        match offsets::resume(run.range.next, log, self.on_lost) {
            Ok((range, lost)) => {
                if let Some(lost) = lost {
                    let TopicPartition { topic, partition } = &run.partition;
                    log::warn!(target: "read", "topic `{topic}`, partition {partition}: {lost}. Going on at {}", range.next);
                }
                run.range = Range { next: range.next, end: run.range.end };
                if run.range.is_done() {
                    run.reading = false;
                    self.pending.finished.push(slot);
                } else {
                    consumer.restart(slot, run.range.next)?;
                }
                Ok(())
            }
            Err(lost) => {
                let TopicPartition { topic, partition } = run.partition.clone();
                let stream = run.stream;
                self.fail(stream, &Error::LostOffsets { topic, partition, lost })
            }
        }
    }

    fn fail(&mut self, index: usize, error: &Error) -> Result<(), Error> {
        self.failed += 1;
        let slots = self.slots.get(index).cloned().unwrap_or_default();
        let runs = self.partitions.get_mut(slots.clone()).unwrap_or_default();
        runs.iter_mut().for_each(|run| run.reading = false);
        if let Some(consumer) = self.consumer.as_ref().filter(|_| !slots.is_empty()) {
            consumer.pause(&slots.collect::<Vec<_>>())?;
        }
        if let Some(stream) = self.streams.get_mut(index) {
            note_offsets(stream, runs);
            stream.fail(error, self.output)?;
        }
        Ok(())
    }

    /// Completes these streams, if they are open and all their partitions are done.
    fn complete_if_done(&mut self, streams: impl Iterator<Item = usize>) -> Result<(), Error> {
        for index in streams {
            let (Some(stream), Some(slots)) = (self.streams.get_mut(index), self.slots.get(index)) else { continue };
            let runs = self.partitions.get(slots.clone()).unwrap_or_default();
            if stream.is_open() && runs.iter().all(|run| run.range.is_done()) {
                note_offsets(stream, runs);
                summarize(stream, 0, Stop::CapturedEnd);
                stream.complete(self.output)?;
            }
        }
        Ok(())
    }

    fn checkpoint(&mut self, index: usize) -> Result<(), Error> {
        if let (Some(stream), Some(slots)) = (self.streams.get_mut(index), self.slots.get(index)) {
            note_offsets(stream, self.partitions.get(slots.clone()).unwrap_or_default());
            stream.checkpoint(self.output)?;
        }
        Ok(())
    }

    fn finish(mut self, stop: Stop) -> Result<Outcome, Error> {
        for (stream, slots) in self.streams.iter_mut().zip(&self.slots).filter(|(stream, _)| stream.is_open()) {
            let runs = self.partitions.get(slots.clone()).unwrap_or_default();
            note_offsets(stream, runs);
            let remaining: i64 = runs.iter().map(|run| run.range.remaining()).sum();
            summarize(stream, remaining, stop);
            if stop == Stop::Terminated {
                stream.interrupt(self.output)?;
            } else {
                stream.complete(self.output)?;
            }
        }
        self.output.flush()?;
        // Destroying the client waits for its threads; nothing is left for them to do.
        if let Some(consumer) = self.consumer.take() {
            std::mem::forget(consumer);
        }
        Ok(match stop {
            Stop::Terminated => Outcome::Terminated,
            _ if self.failed > 0 => Outcome::Failure,
            _ => Outcome::Success,
        })
    }
}

impl Partition {
    /// Writes the record of a message, if it is one of this sync's. Returns whether there is a record.
    fn write(
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

/// Brings the stream's next offsets up to date.
fn note_offsets(stream: &mut StreamWriter, runs: &[Partition]) {
    for run in runs {
        stream.next_offsets.insert(run.partition.partition, run.range.next);
    }
}

fn summarize(stream: &StreamWriter, remaining: i64, stop: Stop) {
    let (name, records, skipped) = (stream.name(), stream.records(), stream.skipped());
    let skipped = if skipped > 0 { format!(", {skipped} bad messages skipped") } else { String::new() };
    if remaining > 0 {
        log::warn!(
            target: "read",
            "stream `{name}`: {records} records{skipped}; {stop}; at most {remaining} messages are left for the next sync"
        );
    } else {
        log::info!(target: "read", "stream `{name}`: {records} records{skipped}; {stop}");
    }
}
