//! `check`: tries the configuration against the cluster in stages, within a few seconds. Each stage that passes is logged;
//! the first that fails is the answer, with what to change.

mod access;
mod brokers;

use std::path::Path;
use std::time::{Duration, Instant};

use super::connect::{self, Connected};
use super::topics::Chosen;
use super::{Outcome, client_options, diagnosis, settings, topics};
use crate::airbyte::{CheckStatus, Message, Output};
use crate::config::Settings;
use crate::error::Error;
use crate::kafka::{self, Client, Topic, TopicPartition};

/// How long a check may take in all. The platform waits longer, people do not.
const TIME_LIMIT: Duration = Duration::from_secs(9);

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
    let started = Instant::now();
    let deadline = started + TIME_LIMIT;
    let result = steps(settings, deadline);
    log::info!(target: "check", "the check took {} ms", started.elapsed().as_millis());
    result.map_err(|error| diagnosis::explained_by(settings, error, deadline))
}

fn steps(settings: &Settings, deadline: Instant) -> Result<(), Error> {
    log::info!(target: "check", "config: valid");
    let mut connected = connect::connect(settings, client_options(settings), deadline, |_| true)?;
    connected.say(settings);
    let Connected { client, brokers, .. } = connected;
    let started = Instant::now();
    let Chosen { topics: chosen, unmatched } = topics::chosen(&client, &settings.subscription, deadline)?;
    if let Some(error) = unmatched.into_iter().next() {
        return Err(error);
    }
    log::info!(target: "check", "metadata: {} chosen ({})", counted(chosen.len(), "topic"), took(started));
    brokers::reach(&brokers, &chosen, deadline)?;
    let mut partitions = first_partitions(&chosen, settings)?;
    let mut required = settings.subscription.literal_topics();
    if let Some(name) = &settings.test_topic {
        let topic = test_topic(&client, name, &chosen, deadline)?;
        partitions.retain(|partition| partition.topic != topic.name);
        partitions
            .insert(0, TopicPartition { partition: topic.partitions.first().copied().unwrap_or(0), topic: topic.name });
        required.push(name);
    }
    access::group(settings, &partitions, deadline)?;
    let places = access::places(&client, &partitions, deadline)?;
    access::fetch(settings, client, places, &|topic| required.contains(&topic), deadline)
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// The time since then, for the log.
fn took(started: Instant) -> String {
    format!("{} ms", started.elapsed().as_millis())
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
