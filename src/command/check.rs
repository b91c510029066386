//! `check`: tries the configuration against the cluster, within a few seconds.

use std::path::Path;
use std::time::{Duration, Instant};

use super::topics::Chosen;
use super::{Outcome, client_options, settings, topics};
use crate::airbyte::{CheckStatus, Message, Output};
use crate::config::Settings;
use crate::error::Error;
use crate::kafka::{self, Assignment, Client, Consumer, Event, Position, Topic, TopicPartition};

/// How long a check may take in all. The platform waits longer, people do not.
const TIME_LIMIT: Duration = Duration::from_secs(9);
/// How long to wait for a message before looking at the clock.
const TICK: Duration = Duration::from_millis(100);

pub(super) fn run(path: &Path, output: &mut Output) -> Result<Outcome, Error> {
    let result = settings(path).and_then(|settings| check(&settings));
    match result {
        Ok(()) => output.send(&Message::connection_status(CheckStatus::Succeeded, None))?,
        Err(error) => {
            log::debug!(target: "check", "{}", error.internal_message());
            output.send(&Message::connection_status(CheckStatus::Failed, Some(&error.user_message())))?;
        }
    }
    Ok(Outcome::Success)
}

fn check(settings: &Settings) -> Result<(), Error> {
    let deadline = Instant::now() + TIME_LIMIT;
    let client = Client::new(client_options(settings))?;
    let Chosen { topics: chosen, unmatched } = topics::chosen(&client, &settings.subscription, deadline)?;
    if let Some(error) = unmatched.into_iter().next() {
        return Err(error);
    }
    log::info!(target: "check", "{} are chosen", counted(chosen.len(), "topic"));
    let mut partitions = first_partitions(&chosen, settings)?;
    if let Some(name) = &settings.test_topic {
        let topic = test_topic(&client, name, &chosen, deadline)?;
        partitions.retain(|partition| partition.topic != topic.name);
        partitions
            .insert(0, TopicPartition { partition: topic.partitions.first().copied().unwrap_or(0), topic: topic.name });
    }
    let filled = filled(&client, &partitions, deadline)?;
    log::info!(target: "check", "the low and high watermarks of a partition of each topic can be read");
    if let Some(assignment) = filled {
        return fetch_one(client, assignment, deadline);
    }
    log::info!(target: "check", "no message was there to be fetched");
    Ok(())
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn first_partitions(chosen: &[Topic], settings: &Settings) -> Result<Vec<TopicPartition>, Error> {
    let mut first = Vec::with_capacity(chosen.len());
    for topic in chosen {
        first.extend(topics::partitions(topic, &settings.subscription)?.into_iter().next());
    }
    Ok(first)
}

/// The Java connector's field: a topic, or a pattern of topics, that has to exist.
fn test_topic(client: &Client, name: &str, chosen: &[Topic], deadline: Instant) -> Result<Topic, Error> {
    if let Some(topic) = chosen.iter().find(|topic| topic.name == name) {
        return Ok(topic.clone());
    }
    let whole_name = regex::Regex::new(&format!("^(?:{name})$"));
    if let Some(topic) = whole_name.ok().and_then(|pattern| chosen.iter().find(|topic| pattern.is_match(&topic.name))) {
        return Ok(topic.clone());
    }
    let mut described = topics::described(client, &[name], deadline)?;
    described.pop().unwrap_or_else(|| Err(kafka::Error::UnknownTopic { topic: name.to_owned() }.into()))
}

/// Reads the watermarks of the partitions, and returns the first that holds a message.
fn filled(client: &Client, partitions: &[TopicPartition], deadline: Instant) -> Result<Option<Assignment>, Error> {
    let ends = client.offsets(partitions, Position::End, deadline)?;
    let lows = client.offsets(partitions, Position::Beginning, deadline)?;
    let mut filled = None;
    for (partition, (low, end)) in partitions.iter().zip(lows.into_iter().zip(ends)) {
        let (low, end) = (topics::told(partition, low)?, topics::told(partition, end)?);
        if low < end && filled.is_none() {
            filled = Some(Assignment { partition: partition.clone(), offset: low });
        }
    }
    Ok(filled)
}

/// Proves that messages can be fetched.
fn fetch_one(client: Client, assignment: Assignment, deadline: Instant) -> Result<(), Error> {
    let partition = assignment.partition.clone();
    let mut consumer = Consumer::assign(client, &[assignment])?;
    let mut found = false;
    let mut complaint = None;
    while !found && Instant::now() < deadline {
        consumer.consume(TICK, |event| {
            match event {
                // Nothing but hidden messages, or messages deleted just now: the fetch itself was answered.
                Event::Message { .. } | Event::EndOfPartition { .. } | Event::OffsetOutOfRange { .. } => found = true,
                Event::Broken { failure_type, cause, .. } => {
                    let TopicPartition { topic, partition } = partition.clone();
                    return Err(Error::Partition { topic, partition, cause, failure_type });
                }
                Event::Complaint { cause } => complaint = Some(cause),
            }
            Ok(())
        })?;
        if let Some(last) = consumer.client().complaints()?.pop() {
            complaint = Some(last.text);
        }
    }
    if found {
        log::info!(target: "check", "a message of topic `{}`, partition {} can be fetched", partition.topic, partition.partition);
        return Ok(());
    }
    let cause = complaint.unwrap_or_else(|| format!("nothing arrived within {} s", TIME_LIMIT.as_secs()));
    Err(kafka::Error::Unavailable { attempt: format!("fetching a message of topic `{}`", partition.topic), cause }
        .into())
}
