//! `discover`: one stream per topic, with columns from a bounded sample of its oldest and newest messages.

use std::time::{Duration, Instant};

use super::topics::Chosen;
use super::{Outcome, client_options, columns, connect, diagnosis, request_deadline, topics};
use crate::airbyte::{Message, Output, Stream};
use crate::config::{self, RecordShape, Settings};
use crate::decode::{self, Format, Shape};
use crate::error::{Error, FailureType};
use crate::kafka::{self, Assignment, Client, Consumer, Event, Position, TopicPartition};
use crate::kind::Kind;
use crate::offsets::Range;
use crate::schema::{ColumnType, MAX_COLUMNS, Sample};

/// How long sampling may take; what has not arrived by then is declared without a sample.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// How long to wait for a message before looking at the clock.
const TICK: Duration = Duration::from_millis(100);
/// How much of a partition is fetched at once. A sample is a few messages; the default of 1 MiB, times 2 000 topics,
/// would be mostly thrown away. Larger messages arrive all the same.
const PARTITION_FETCH_BYTES: &str = "65536";

pub(super) fn run(settings: &Settings, output: &mut Output) -> Result<Outcome, Error> {
    let mut options = client_options(settings);
    options.properties.insert(0, ("max.partition.fetch.bytes".to_owned(), PARTITION_FETCH_BYTES.to_owned()));
    // A broker that restarts is waited for, a wrong password is not.
    let is_final = |error: &Error| error.failure_type() == FailureType::Config;
    let client = connect::connect(settings, options, request_deadline(settings), is_final)?.client;
    let Chosen { topics, unmatched } = topics::chosen(&client, &settings.subscription, request_deadline(settings))?;
    for error in unmatched {
        if topics.is_empty() {
            return Err(error);
        }
        log::warn!(target: "discover", "{error}");
    }
    let mut partitions = Vec::with_capacity(topics.len());
    for topic in &topics {
        partitions.push(topics::partitions(topic, &settings.subscription)?);
    }
    let mut samples = Samples::new(settings, topics.iter().map(|topic| topic.name.clone()));
    if settings.schema_sample_messages > 0 {
        samples.take(client, &partitions)?;
        samples.leave_out_denied()?;
    }
    let streams: Vec<Stream> = samples.topics.into_iter().map(|topic| stream(settings, &topic)).collect();
    output.send(&Message::catalog(&streams))?;
    Ok(Outcome::Success)
}

fn stream(settings: &Settings, topic: &TopicSample) -> Stream {
    // Only JSON keys have a type that depends on the topic.
    let key = topic.key.columns().next().map_or(ColumnType::String, |(_, column)| column);
    if topic.value.is_full() {
        log::warn!(
            target: "discover",
            "topic `{}`: only the first {MAX_COLUMNS} fields are columns, the others go to `_kafka_extra`", topic.name
        );
    }
    Stream {
        name: topic.name.clone(),
        json_schema: columns::json_schema(settings, &topic.value, key),
        supported_sync_modes: ["full_refresh", "incremental"],
        source_defined_cursor: true,
        default_cursor_field: vec![columns::CURSOR],
        source_defined_primary_key: columns::PRIMARY_KEY.map(|column| vec![column]).to_vec(),
        is_resumable: true,
    }
}

/// What was seen of a topic.
struct TopicSample {
    name: String,
    value: Sample,
    key: Sample,
    messages: u64,
    bad: u64,
    /// The broker's words, if this user may not read it.
    denied: Option<String>,
}

/// Samples of all topics, in the catalog's order.
struct Samples<'a> {
    settings: &'a Settings,
    topics: Vec<TopicSample>,
}

/// A partition while it is sampled.
struct Sampled {
    topic: usize,
    range: Range,
    wanted: u64,
    /// What is sampled after that.
    newest: Option<Range>,
    open: bool,
}

impl<'a> Samples<'a> {
    fn new(settings: &'a Settings, names: impl Iterator<Item = String>) -> Self {
        let value = expected(settings);
        let topics = names
            .map(|name| TopicSample {
                name,
                value: value.clone(),
                key: Sample::default(),
                messages: 0,
                bad: 0,
                denied: None,
            })
            .collect();
        Self { settings, topics }
    }

    /// Reads the oldest and the newest messages of every partition, all partitions at once.
    fn take(&mut self, client: Client, partitions: &[Vec<TopicPartition>]) -> Result<(), Error> {
        let (assignments, sampled) = self.plan(&client, partitions)?;
        if !assignments.is_empty() {
            let partitions: Vec<TopicPartition> =
                assignments.iter().map(|assignment| assignment.partition.clone()).collect();
            self.read(Consumer::assign(client, &assignments)?, &partitions, sampled)?;
        }
        for topic in self.topics.iter().filter(|topic| topic.bad > 0) {
            log::warn!(
                target: "discover",
                "topic `{}`: {} sampled messages do not have the configured format and were left out", topic.name, topic.bad
            );
        }
        Ok(())
    }

    fn plan(
        &self,
        client: &Client,
        partitions: &[Vec<TopicPartition>],
    ) -> Result<(Vec<Assignment>, Vec<Sampled>), Error> {
        let all: Vec<TopicPartition> = partitions.iter().flatten().cloned().collect();
        let ends = client.offsets(&all, Position::End, request_deadline(self.settings))?;
        let lows = client.offsets(&all, Position::Beginning, request_deadline(self.settings))?;
        let mut ranges = Vec::with_capacity(all.len());
        for (partition, (low, end)) in all.iter().zip(lows.into_iter().zip(ends)) {
            let range = Range { next: topics::told(partition, low)?, end: topics::told(partition, end)? };
            ranges.push((!range.is_done()).then_some(range));
        }
        let mut ranges = ranges.into_iter();
        let (mut assignments, mut sampled) = (Vec::new(), Vec::new());
        for (topic, partitions) in partitions.iter().enumerate() {
            let filled: Vec<(&TopicPartition, Range)> = partitions
                .iter()
                .zip(ranges.by_ref().take(partitions.len()))
                .filter_map(|(partition, range)| Some((partition, range?)))
                .collect();
            // Half of the sample from the oldest messages, half from the newest, at least one of each a partition.
            let wanted = u64::from(self.settings.schema_sample_messages).div_ceil(2 * filled.len().max(1) as u64);
            for (partition, range) in filled {
                assignments.push(Assignment { partition: partition.clone(), offset: range.next });
                sampled.push(Sampled::new(topic, range, wanted));
            }
        }
        Ok((assignments, sampled))
    }

    fn read(
        &mut self,
        mut consumer: Consumer,
        partitions: &[TopicPartition],
        mut sampled: Vec<Sampled>,
    ) -> Result<(), Error> {
        let deadline = Instant::now() + TIME_LIMIT;
        let mut open = sampled.len();
        while open > 0 && Instant::now() < deadline {
            let mut reached = Vec::new();
            consumer.consume(TICK, |event| -> Result<(), Error> {
                let (slot, done) = match event {
                    Event::Message { slot, message, .. } => {
                        let Some(sampled) = sampled.get_mut(slot).filter(|sampled| sampled.open) else { return Ok(()) };
                        if sampled.takes(message.offset) {
                            self.observe(sampled.topic, &message);
                        }
                        (slot, sampled.is_done())
                    }
                    Event::EndOfPartition { slot, .. } | Event::OffsetOutOfRange { slot } => (slot, true),
                    Event::Broken { slot, cause, is_denied: true, .. } => {
                        let Some(sampled) = sampled.get_mut(slot) else { return Ok(()) };
                        sampled.newest = None;
                        if let Some(topic) = self.topics.get_mut(sampled.topic) {
                            topic.denied = Some(cause);
                        }
                        (slot, true)
                    }
                    Event::Broken { slot, failure_type, cause, .. } => {
                        let Some(TopicPartition { topic, partition }) = partitions.get(slot).cloned() else {
                            return Ok(());
                        };
                        return Err(Error::Partition { topic, partition, cause, failure_type });
                    }
                    Event::Complaint { .. } => return Ok(()),
                };
                if done && reached.last() != Some(&slot) {
                    reached.push(slot);
                }
                Ok(())
            })?;
            consumer.client().complaints()?;
            open -= turn_or_close(&consumer, &mut sampled, reached)?;
        }
        if open > 0 {
            return self.incomplete(&sampled, open);
        }
        Ok(())
    }

    /// A topic that was named has to be readable; of those that a pattern chose, one.
    fn leave_out_denied(&mut self) -> Result<(), Error> {
        let denied = |topic: &TopicSample| topic.denied.as_ref().map(|words| (topic.name.clone(), words.clone()));
        let (all, words): (Vec<String>, Vec<String>) = self.topics.iter().filter_map(denied).unzip();
        let Some(words) = words.first() else { return Ok(()) };
        let named = self.settings.subscription.literal_topics();
        let required: Vec<String> = all.iter().filter(|name| named.contains(&name.as_str())).cloned().collect();
        if !required.is_empty() {
            return Err(diagnosis::unreadable(&required, words));
        }
        if all.len() == self.topics.len() {
            return Err(diagnosis::unreadable(&all, words));
        }
        log::warn!(target: "discover", "left out: {}", diagnosis::unreadable(&all, words));
        self.topics.retain(|topic| topic.denied.is_none());
        Ok(())
    }

    /// A catalog without columns would make the platform drop them: a topic of which nothing was seen is an error.
    fn incomplete(&self, sampled: &[Sampled], open: usize) -> Result<(), Error> {
        let seconds = TIME_LIMIT.as_secs();
        let unseen = sampled.iter().filter(|sampled| sampled.open).find_map(|sampled| {
            let topic = self.topics.get(sampled.topic)?;
            (topic.messages == 0).then_some(topic)
        });
        if let Some(topic) = unseen {
            let attempt = format!("sampling topic `{}`", topic.name);
            let cause = format!("none of its messages arrived within {seconds} s");
            return Err(kafka::Error::Unavailable { attempt, cause }.into());
        }
        log::warn!(target: "discover", "{open} partitions were not sampled completely within {seconds} s");
        Ok(())
    }

    fn observe(&mut self, topic: usize, message: &kafka::Message<'_>) {
        let Some(topic) = self.topics.get_mut(topic) else { return };
        let (format, shape) = (columns::format(self.settings.value_format), columns::shape(self.settings.record_shape));
        let mut seen = decode::kinds(format, shape, message.value, |name, kind| topic.value.add(name, kind));
        if self.settings.key_format == config::Format::Json {
            let key = decode::kinds(Format::Json, Shape::Wrapped, message.key, |name, kind| topic.key.add(name, kind));
            seen = seen.and(key);
        }
        topic.messages += 1;
        topic.bad += u64::from(seen.is_err());
    }
}

impl Sampled {
    fn new(topic: usize, range: Range, wanted: u64) -> Self {
        let (oldest, newest) = halves(range, wanted);
        let wanted = if newest.is_some() { wanted } else { 2 * wanted };
        Self { topic, range: oldest, wanted, newest, open: true }
    }

    /// Takes note of a message, and says whether it belongs to the sample.
    fn takes(&mut self, offset: i64) -> bool {
        let takes = self.wanted > 0 && self.range.contains(offset);
        if takes {
            self.range.pass(offset);
            self.wanted -= 1;
        } else {
            self.range.reach(offset);
        }
        takes
    }

    fn is_done(&self) -> bool {
        self.wanted == 0 || self.range.is_done()
    }
}

/// What is known of a topic's columns without looking: the one column of text, bytes and wrapped values.
fn expected(settings: &Settings) -> Sample {
    let mut sample = Sample::default();
    match (settings.value_format, settings.record_shape) {
        (config::Format::Text(_) | config::Format::Binary, _) => sample.add("value", Kind::String),
        (_, RecordShape::Wrapped) => sample.add("value", Kind::Null),
        (_, RecordShape::Flattened) => {}
    }
    sample
}

/// Turns partitions whose oldest messages have been seen to their newest, and closes the others. Returns how many it
/// closed.
fn turn_or_close(consumer: &Consumer, sampled: &mut [Sampled], reached: Vec<usize>) -> Result<usize, Error> {
    let mut closed = Vec::new();
    for slot in reached {
        let Some(sampled) = sampled.get_mut(slot).filter(|sampled| sampled.open) else { continue };
        if let Some(newest) = sampled.newest.take() {
            sampled.wanted = newest.remaining().unsigned_abs();
            sampled.range = newest;
            consumer.restart(slot, newest.next)?;
        } else {
            sampled.open = false;
            closed.push(slot);
        }
    }
    if !closed.is_empty() {
        consumer.pause(&closed)?;
    }
    Ok(closed.len())
}

/// The oldest and the newest `wanted` offsets of a range; one range when they meet.
fn halves(range: Range, wanted: u64) -> (Range, Option<Range>) {
    let wanted = i64::try_from(wanted).unwrap_or(i64::MAX);
    if range.remaining() <= wanted.saturating_mul(2) {
        return (range, None);
    }
    (Range { next: range.next, end: range.next + wanted }, Some(Range { next: range.end - wanted, end: range.end }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"{
        "bootstrap_servers": "localhost:9092", "protocol": {"security_protocol": "PLAINTEXT"},
        "subscription": {"subscription_type": "topics", "topics": ["*"]}
    }"#;

    #[test]
    fn a_topic_of_which_nothing_was_seen_is_an_error() {
        let settings = config::parse(CONFIG).unwrap().settings;
        let mut samples = Samples::new(&settings, ["empty", "seen", "unseen"].map(str::to_owned).into_iter());
        samples.topics[1].messages = 1;
        let partition = |topic, open| Sampled { open, ..Sampled::new(topic, Range { next: 0, end: 9 }, 1) };
        // The empty topic has no partition to be sampled, the second one is seen in part.
        assert!(samples.incomplete(&[partition(1, false), partition(1, true)], 1).is_ok());
        let error = samples.incomplete(&[partition(1, false), partition(2, true)], 1).unwrap_err();
        insta::assert_snapshot!(error.user_message(), @"the brokers could not answer while sampling topic `unseen`: none of its messages arrived within 30 s");
    }
}
