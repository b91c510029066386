//! Which topics the configuration chooses: its subscription, applied to what the cluster has.

use std::collections::BTreeSet;
use std::time::Instant;

use super::diagnosis;
use super::read::preview;
use crate::config::Subscription;
use crate::decode::BadMessage;
use crate::error::{Error, FailureType};
use crate::kafka::{self, Answer, Client, Topic, TopicError, TopicPartition};

/// What the configuration chooses.
pub(super) struct Chosen {
    pub(super) topics: Vec<Topic>,
    /// The error of each pattern that chooses nothing.
    pub(super) unmatched: Vec<Error>,
}

/// The topics that are chosen. A name that stands literally in the configuration has to exist; what a pattern matches
/// and cannot be seen is left out with a warning.
pub(super) fn chosen(client: &Client, subscription: &Subscription, deadline: Instant) -> Result<Chosen, Error> {
    let literal = subscription.literal_topics();
    let mut topics: Vec<Topic> = described(client, &literal, deadline)?.into_iter().collect::<Result<_, _>>()?;
    if !subscription.has_patterns() {
        none_left(&topics, &[], subscription)?;
        return Ok(Chosen { topics, unmatched: Vec::new() });
    }
    let all = client.all_topics(deadline)?;
    let unmatched = unmatched(subscription, &all);
    for topic in all.into_iter().filter(|topic| subscription.matches(&topic.name)) {
        match topic.error {
            _ if literal.contains(&topic.name.as_str()) => {}
            Some(error) => log::warn!(target: "discover", "topic `{}` is left out: {}", topic.name, words(error)),
            None => topics.push(topic),
        }
    }
    topics.sort_by(|a, b| a.name.cmp(&b.name));
    none_left(&topics, &unmatched, subscription)?;
    Ok(Chosen { topics, unmatched })
}

/// `subscription.exclude` may leave nothing of what was named.
fn none_left(topics: &[Topic], unmatched: &[Error], subscription: &Subscription) -> Result<(), Error> {
    if topics.is_empty() && unmatched.is_empty() {
        return Err(Error::AllExcluded { subscription: subscription.describe() });
    }
    Ok(())
}

fn unmatched(subscription: &Subscription, all: &[Topic]) -> Vec<Error> {
    let names: Vec<&str> = all.iter().map(|topic| topic.name.as_str()).collect();
    let seen = names.len();
    subscription.unmatched(&names).into_iter().map(|pattern| Error::NoTopics { pattern, seen }).collect()
}

/// Says which patterns of the configuration choose nothing.
pub(super) fn warn_unmatched(client: &Client, subscription: &Subscription, deadline: Instant) -> Result<(), Error> {
    if subscription.has_patterns() {
        for error in unmatched(subscription, &client.all_topics(deadline)?) {
            log::warn!(target: "read", "{error}");
        }
    }
    Ok(())
}

/// These topics, in this order, each with its own error.
pub(super) fn described(
    client: &Client,
    names: &[&str],
    deadline: Instant,
) -> Result<Vec<Result<Topic, Error>>, Error> {
    Ok(client.topics(names, deadline)?.into_iter().map(usable).collect())
}

fn usable(topic: Topic) -> Result<Topic, Error> {
    let attempt = || format!("describing topic `{}`", topic.name);
    match topic.error {
        None if topic.partitions.is_empty() => Err(kafka::Error::UnknownTopic { topic: topic.name }.into()),
        None => Ok(topic),
        Some(TopicError::Unknown) => Err(kafka::Error::UnknownTopic { topic: topic.name }.into()),
        Some(TopicError::Denied) => Err(diagnosis::undescribable(&topic.name)),
        Some(error @ TopicError::Other(_)) => {
            Err(kafka::Error::Unavailable { attempt: attempt(), cause: words(error) }.into())
        }
    }
}

fn words(error: TopicError) -> String {
    match error {
        TopicError::Unknown => "it does not exist".to_owned(),
        TopicError::Denied => "topic authorization failed".to_owned(),
        TopicError::Other(code) => code.to_string(),
    }
}

/// The partitions that are chosen of a topic, which all have to exist.
pub(super) fn partitions(topic: &Topic, subscription: &Subscription) -> Result<Vec<TopicPartition>, Error> {
    let partition = |&partition: &i32| TopicPartition { topic: topic.name.clone(), partition };
    let Some(chosen) = subscription.partitions(&topic.name) else {
        return Ok(topic.partitions.iter().map(partition).collect());
    };
    let existing: BTreeSet<i32> = topic.partitions.iter().copied().collect();
    match chosen.difference(&existing).next() {
        Some(&missing) => Err(Error::NoPartition {
            topic: topic.name.clone(),
            partition: missing,
            last: existing.last().copied().unwrap_or(0),
        }),
        None => Ok(chosen.iter().map(partition).collect()),
    }
}

/// The offset that the cluster told.
pub(super) fn told(partition: &TopicPartition, answer: Answer) -> Result<i64, Error> {
    match answer {
        Ok(Some(offset)) => Ok(offset),
        Ok(None) => Err(partition_error(partition, &"the broker did not tell its offsets")),
        Err(code) => Err(partition_error(partition, &code)),
    }
}

/// The error of a partition whose offsets the cluster does not tell.
pub(super) fn partition_error(partition: &TopicPartition, cause: &impl std::fmt::Display) -> Error {
    Error::Partition {
        topic: partition.topic.clone(),
        partition: partition.partition,
        cause: cause.to_string(),
        failure_type: FailureType::Transient,
    }
}

/// The error of a value that does not have the configured format.
pub(super) fn bad_value(topic: &str, partition: i32, offset: i64, bad: BadMessage, value: Option<&[u8]>) -> Error {
    Error::BadMessage {
        topic: topic.to_owned(),
        partition,
        offset,
        part: "value",
        reason: bad.to_string(),
        preview: preview(value.unwrap_or_default()),
    }
}
