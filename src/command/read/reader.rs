//! The read loop: from the data queue to the sink, until every partition is done or something else ends the sync.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::budget::{self, Wish};
use super::patience::{Patience, Verdict};
use super::plan::Plan;
use super::sink::{Pending, Sink};
use super::stop::Stop;
use super::stream::StreamWriter;
use crate::airbyte::Output;
use crate::command::{Outcome, now_ms, topics};
use crate::config::Settings;
use crate::error::Error;
use crate::kafka::{Assignment, Client, Consumer, Position, TopicPartition};
use crate::offsets::{Log, OnLost, Range};

/// How long to wait for a message before looking at the clock and at signals.
const TICK: Duration = Duration::from_millis(100);

/// How long brokers that were complained of may take to answer: they have had the time of an outage already.
const LAST_QUESTION: Duration = Duration::from_secs(10);

/// A cluster that takes longer to answer is not well.
const PROMPT_ANSWER: Duration = Duration::from_secs(1);

/// Reads all streams of a sync.
pub(super) struct Reader<'a> {
    sink: Sink<'a>,
    /// None when there is nothing to fetch.
    consumer: Option<Consumer>,
    patience: Patience,
    request_timeout: Duration,
    max_sync: Option<Duration>,
    max_records: Option<NonZeroU64>,
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
        let mut sink = Sink::new(streams, output);
        for stream in plan.streams {
            sink.add(stream)?;
        }
        let assignments: Vec<Assignment> = sink
            .partitions
            .iter()
            .map(|partition| Assignment { partition: partition.id.clone(), offset: partition.range.next })
            .collect();
        let consumer = if assignments.is_empty() { None } else { Some(Consumer::assign(client, &assignments)?) };
        Ok(Self {
            sink,
            consumer,
            patience: Patience::new(settings),
            request_timeout: settings.request_timeout,
            max_sync: settings.max_sync,
            max_records: settings.max_records,
        })
    }

    /// Reads until something ends the sync.
    pub(super) fn run(mut self, started: Instant, terminated: &AtomicBool) -> Result<Outcome, Error> {
        let stop = match self.read(started, terminated) {
            Ok(stop) => stop,
            Err(error) => {
                self.sink.note_all();
                return Err(error);
            }
        };
        self.sink.finish(stop)?;
        Ok(match stop {
            Stop::Terminated => Outcome::Terminated,
            _ if self.sink.failed > 0 => Outcome::Failure,
            _ => Outcome::Success,
        })
    }

    fn read(&mut self, started: Instant, terminated: &AtomicBool) -> Result<Stop, Error> {
        self.settle()?;
        self.sink.complete_if_done(0..self.sink.streams.len())?;
        self.allot()?;
        loop {
            if terminated.load(Ordering::Relaxed) {
                return Ok(Stop::Terminated);
            }
            if !self.sink.is_reading() && !self.allot()? {
                return Ok(if self.budget_is_spent() { Stop::MaxRecords } else { Stop::CapturedEnd });
            }
            self.consume()?;
            self.settle()?;
            // At least one batch is read in each sync, however short the limit.
            if self.sink.is_reading() && self.max_sync.is_some_and(|limit| started.elapsed() >= limit) {
                return Ok(Stop::MaxTime);
            }
            if self.is_over()? {
                return Ok(Stop::Idle);
            }
        }
    }

    /// Takes what has arrived, and writes it.
    fn consume(&mut self) -> Result<(), Error> {
        let Some(consumer) = self.consumer.as_mut() else { return Ok(()) };
        let emitted_at = now_ms();
        let sink = &mut self.sink;
        let asked = Instant::now();
        consumer.consume(TICK, |event| sink.take(event, emitted_at))?;
        if !sink.pending.arrived {
            // Longer than it may take only when the process itself stood still.
            self.patience.waited(asked.elapsed().min(2 * TICK));
        }
        sink.output.write_if_due()?;
        if let Some(complaint) = consumer.client().complaints()?.pop() {
            sink.pending.complaint = Some(complaint.text);
        }
        Ok(())
    }

    /// Does what the last batch has left to do.
    fn settle(&mut self) -> Result<(), Error> {
        let Pending { finished, out_of_range, failed, complaint, arrived } = std::mem::take(&mut self.sink.pending);
        if arrived {
            self.patience.arrived();
        }
        if let Some(cause) = complaint {
            self.patience.complained(cause);
        }
        for (stream, error) in failed {
            self.fail(stream, &error)?;
        }
        for slot in out_of_range {
            self.find_lost(slot)?;
        }
        if !finished.is_empty() {
            if let Some(consumer) = &self.consumer {
                consumer.pause(&finished)?;
            }
            let streams = self.sink.streams_of(&finished);
            self.sink.complete_if_done(streams)?;
        }
        self.sink.checkpoint_overdue()
    }

    fn fail(&mut self, stream: usize, error: &Error) -> Result<(), Error> {
        let slots: Vec<usize> = self.sink.fail(stream, error)?.collect();
        match &self.consumer {
            Some(consumer) if !slots.is_empty() => Ok(consumer.pause(&slots)?),
            _ => Ok(()),
        }
    }

    /// Allots what is left of `max_records_process` to the partitions that want more. Returns whether any may go on.
    fn allot(&mut self) -> Result<bool, Error> {
        let Some(max) = self.max_records else { return Ok(self.sink.is_reading()) };
        let streams = &*self.sink.streams;
        let wishes: Vec<Wish> = self
            .sink
            .partitions
            .iter()
            .map(|partition| {
                let is_open = streams.get(partition.stream).is_some_and(StreamWriter::is_open);
                let messages = if is_open { partition.range.remaining().unsigned_abs() } else { 0 };
                Wish { stream: partition.stream, messages }
            })
            .collect();
        let left = max.get().saturating_sub(self.sink.emitted);
        let allowances = budget::allowances(left, streams.len(), &wishes);
        let mut waiting = Vec::new();
        for (slot, (partition, allowance)) in self.sink.partitions.iter_mut().zip(allowances).enumerate() {
            match (partition.reading, allowance > 0) {
                (true, false) => waiting.push(slot),
                // What was fetched of it when it had to stop has been thrown away.
                (false, true) => {
                    if let Some(consumer) = &self.consumer {
                        consumer.restart(slot, partition.range.next)?;
                    }
                }
                _ => {}
            }
            partition.allowance = allowance;
            partition.reading = allowance > 0;
        }
        if let Some(consumer) = self.consumer.as_ref().filter(|_| !waiting.is_empty()) {
            consumer.pause(&waiting)?;
        }
        Ok(self.sink.is_reading())
    }

    fn budget_is_spent(&self) -> bool {
        self.max_records.is_some_and(|max| self.sink.emitted >= max.get()) && self.sink.remaining() > 0
    }

    /// Whether silence has gone on for so long that the sync ends; an error if the brokers are to blame.
    fn is_over(&mut self) -> Result<bool, Error> {
        match self.patience.verdict() {
            Verdict::Wait => Ok(false),
            Verdict::GiveUp => Err(self.stalled(self.patience.cause())),
            Verdict::Ask => self.ask(),
        }
    }

    /// Asks the cluster about the topics that are silent. One that is gone fails its stream; if all are well, the sync
    /// ends with what it has.
    fn ask(&mut self) -> Result<bool, Error> {
        let Some(consumer) = &self.consumer else { return Ok(true) };
        let asked = Instant::now();
        let streams = self.silent_streams();
        let names: Vec<&str> =
            streams.iter().filter_map(|&stream| self.sink.streams.get(stream)).map(StreamWriter::name).collect();
        let described = topics::described(consumer.client(), &names, self.request_deadline());
        let topics = described.map_err(|error| self.stalled(error.to_string()))?;
        // Any broker describes a topic; whether the silent partitions can be read only their leaders know.
        if topics.iter().all(Result::is_ok)
            && let Some(cause) = self.complaint_of_leaders(consumer.client())
        {
            return Err(self.stalled(cause));
        }
        let is_well = !self.patience.is_complained_of() && asked.elapsed() <= PROMPT_ANSWER;
        let gone: Vec<(usize, Error)> =
            streams.into_iter().zip(topics).filter_map(|(stream, topic)| Some((stream, topic.err()?))).collect();
        let is_over = is_well && gone.is_empty();
        for (stream, error) in gone {
            self.fail(stream, &error)?;
        }
        if !is_over {
            self.patience.recovered();
        }
        Ok(is_over)
    }

    /// The streams of which more is to come.
    fn silent_streams(&self) -> Vec<usize> {
        let reading = self.sink.partitions.iter().filter(|partition| partition.reading);
        let mut streams: Vec<usize> = reading.map(|partition| partition.stream).collect();
        streams.dedup();
        streams
    }

    /// Why one of the leaders of the partitions being read does not answer.
    fn complaint_of_leaders(&self, client: &Client) -> Option<String> {
        let reading = self.sink.partitions.iter().filter(|partition| partition.reading);
        let silent: Vec<TopicPartition> = reading.map(|partition| partition.id.clone()).collect();
        match client.offsets(&silent, Position::End, self.request_deadline()) {
            Ok(answers) => answers.into_iter().find_map(Result::err).map(|code| code.to_string()),
            Err(error) => Some(error.to_string()),
        }
    }

    fn request_deadline(&self) -> Instant {
        let limit = if self.patience.is_complained_of() { LAST_QUESTION } else { Duration::MAX };
        Instant::now() + self.request_timeout.min(limit)
    }

    fn stalled(&self, cause: String) -> Error {
        Error::Stalled { seconds: self.patience.silence().as_secs(), remaining: self.sink.remaining(), cause }
    }

    /// The offset that a partition goes on at has left the log while we read: retention was faster.
    fn find_lost(&mut self, slot: usize) -> Result<(), Error> {
        let Some(consumer) = &self.consumer else { return Ok(()) };
        let Some(partition) = self.sink.partitions.get_mut(slot).filter(|partition| partition.reading) else {
            return Ok(());
        };
        let log = log_now(consumer.client(), &partition.id, partition.range, self.request_timeout)?;
        let policy = self.sink.streams.get(partition.stream).map_or(OnLost::Fail, StreamWriter::on_lost);
        match partition.range.recover(log, policy) {
            Ok(lost) => {
                let Range { next, end } = partition.range;
                if let Some(lost) = lost {
                    let TopicPartition { topic, partition } = &partition.id;
                    log::warn!(target: "read", "topic `{topic}`, partition {partition}: {lost}. Going on at {next}");
                }
                if next >= end {
                    partition.reading = false;
                    self.sink.pending.finished.push(slot);
                    return Ok(());
                }
                Ok(consumer.restart(slot, next)?)
            }
            Err(lost) => {
                let TopicPartition { topic, partition: number } = partition.id.clone();
                let stream = partition.stream;
                self.fail(stream, &Error::LostOffsets { topic, partition: number, lost })
            }
        }
    }
}

/// What a partition's log holds now, of what this sync reads.
fn log_now(client: &Client, partition: &TopicPartition, range: Range, timeout: Duration) -> Result<Log, Error> {
    let ask = |position| {
        let answer = client.offsets(std::slice::from_ref(partition), position, Instant::now() + timeout)?.pop();
        topics::told(partition, answer.unwrap_or(Ok(None)))
    };
    Ok(Log { low: ask(Position::Beginning)?, end: range.end, high: ask(Position::End)? })
}
