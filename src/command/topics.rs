//! Which topics the configuration chooses: its subscription, applied to what the cluster has.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::config::Subscription;
use crate::error::{Error, FailureType};
use crate::kafka::{self, Client, Topic, TopicError, TopicPartition};

/// Up to so many topics are asked for by name; beyond that one list of all of them is cheaper.
const ASKED_BY_NAME: usize = 8;
/// A topic whose leaders are being elected is asked for again after so long.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// What the configuration chooses.
pub(super) struct Chosen {
    pub(super) topics: Vec<Topic>,
    /// The error of each pattern that chooses nothing.
    pub(super) unmatched: Vec<Error>,
}

/// The topics that are chosen. A name that stands literally in the configuration has to exist; what a pattern matches
/// and cannot be seen is left out with a warning.
pub(super) fn chosen(client: &Client, subscription: &Subscription, timeout: Duration) -> Result<Chosen, Error> {
    let literal = subscription.literal_topics();
    let mut topics: Vec<Topic> = described(client, &literal, timeout)?.into_iter().collect::<Result<_, _>>()?;
    if !subscription.has_patterns() {
        none_left(&topics, &[], subscription, topics.len())?;
        return Ok(Chosen { topics, unmatched: Vec::new() });
    }
    let all = client.cluster(None, timeout)?.topics;
    let seen = all.len();
    let unmatched = unmatched(subscription, &all);
    for topic in all.into_iter().filter(|topic| subscription.matches(&topic.name)) {
        match topic.error {
            _ if literal.contains(&topic.name.as_str()) => {}
            Some(error) => log::warn!(target: "discover", "topic `{}` is left out: {}", topic.name, words(error)),
            None => topics.push(topic),
        }
    }
    topics.sort_by(|a, b| a.name.cmp(&b.name));
    none_left(&topics, &unmatched, subscription, seen)?;
    Ok(Chosen { topics, unmatched })
}

/// `subscription.exclude` may leave nothing of what was named.
fn none_left(topics: &[Topic], unmatched: &[Error], subscription: &Subscription, seen: usize) -> Result<(), Error> {
    if topics.is_empty() && unmatched.is_empty() {
        let pattern = format!("{} without `subscription.exclude`", subscription.describe());
        return Err(Error::NoTopics { pattern, seen });
    }
    Ok(())
}

fn unmatched(subscription: &Subscription, all: &[Topic]) -> Vec<Error> {
    let names: Vec<&str> = all.iter().map(|topic| topic.name.as_str()).collect();
    let seen = names.len();
    subscription.unmatched(&names).into_iter().map(|pattern| Error::NoTopics { pattern, seen }).collect()
}

/// Says which patterns of the configuration choose nothing.
pub(super) fn warn_unmatched(client: &Client, subscription: &Subscription, timeout: Duration) -> Result<(), Error> {
    if subscription.has_patterns() {
        for error in unmatched(subscription, &client.cluster(None, timeout)?.topics) {
            log::warn!(target: "read", "{error}");
        }
    }
    Ok(())
}

/// These topics, in this order, each with its own error.
pub(super) fn described(
    client: &Client,
    names: &[&str],
    timeout: Duration,
) -> Result<Vec<Result<Topic, Error>>, Error> {
    let deadline = Instant::now() + timeout;
    loop {
        let topics = described_once(client, names, timeout)?;
        let unsettled = topics.iter().any(|topic| matches!(topic.error, Some(TopicError::Other(_))));
        if !unsettled || Instant::now() + RETRY_PAUSE >= deadline {
            return Ok(topics.into_iter().map(usable).collect());
        }
        std::thread::sleep(RETRY_PAUSE);
    }
}

fn described_once(client: &Client, names: &[&str], timeout: Duration) -> Result<Vec<Topic>, Error> {
    let mut topics = Vec::with_capacity(names.len());
    let all = if names.len() > ASKED_BY_NAME { client.cluster(None, timeout)?.topics } else { Vec::new() };
    for &name in names {
        let found = match all.iter().find(|topic| topic.name == name) {
            Some(topic) => Some(topic.clone()),
            None => client.cluster(Some(name), timeout)?.topics.pop(),
        };
        let unknown = || Topic { name: name.to_owned(), partitions: Vec::new(), error: Some(TopicError::Unknown) };
        topics.push(found.unwrap_or_else(unknown));
    }
    Ok(topics)
}

fn usable(topic: Topic) -> Result<Topic, Error> {
    let attempt = || format!("describing topic `{}`", topic.name);
    match topic.error {
        None if topic.partitions.is_empty() => Err(kafka::Error::UnknownTopic { topic: topic.name }.into()),
        None => Ok(topic),
        Some(TopicError::Unknown) => Err(kafka::Error::UnknownTopic { topic: topic.name }.into()),
        Some(error @ TopicError::Denied) => {
            Err(kafka::Error::Denied { attempt: attempt(), cause: words(error) }.into())
        }
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

/// The error of a partition whose offsets the cluster does not tell.
pub(super) fn partition_error(partition: &TopicPartition, cause: &impl std::fmt::Display) -> Error {
    Error::Partition {
        topic: partition.topic.clone(),
        partition: partition.partition,
        cause: cause.to_string(),
        failure_type: FailureType::Transient,
    }
}
