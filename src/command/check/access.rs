//! Whether the chosen topics can be read: a fetch of each, because nothing else tells, and one message decoded.

use std::time::{Duration, Instant};

use super::super::{client_options, columns, diagnosis, topics};
use super::{counted, took};
use crate::config::{OnBadMessage, Settings, StartFrom};
use crate::decode;
use crate::error::Error;
use crate::kafka::{self, Assignment, Client, Consumer, Event, Message, Options, Position, TopicPartition};

/// How long to wait for a message before looking at the clock.
const TICK: Duration = Duration::from_millis(50);
/// A group whose coordinator cannot be found, or may not be asked, is silent.
const GROUP_LIMIT: Duration = Duration::from_secs(3);
/// So many topics are fetched from; the rights of others are very likely the same.
const FETCHED_TOPICS: usize = 100;

/// Where to fetch: a partition, its oldest offset, and whether it holds anything.
pub(super) struct Place {
    assignment: Assignment,
    is_filled: bool,
}

/// Reads the watermarks of the partitions.
pub(super) fn places(client: &Client, partitions: &[TopicPartition], deadline: Instant) -> Result<Vec<Place>, Error> {
    let started = Instant::now();
    let ends = client.offsets(partitions, Position::End, deadline)?;
    let lows = client.offsets(partitions, Position::Beginning, deadline)?;
    let mut places = Vec::with_capacity(partitions.len());
    for (partition, (low, end)) in partitions.iter().zip(lows.into_iter().zip(ends)) {
        let (offset, end) = (topics::told(partition, low)?, topics::told(partition, end)?);
        let assignment = Assignment { partition: partition.clone(), offset };
        places.push(Place { assignment, is_filled: offset < end });
    }
    log::info!(target: "check", "watermarks: of {} ({})", counted(partitions.len(), "topic"), took(started));
    Ok(places)
}

/// Rights on a consumer group are needed by nobody but those who start from its offsets.
pub(super) fn group(settings: &Settings, partitions: &[TopicPartition], deadline: Instant) -> Result<(), Error> {
    let (Some(group_id), StartFrom::Committed { .. }) = (&settings.group_id, settings.start_from) else {
        return Ok(());
    };
    let started = Instant::now();
    let options = Options { group_id: Some(group_id.clone()), ..client_options(settings) };
    let answers = Client::new(options)?.committed(partitions, deadline.min(started + GROUP_LIMIT))?;
    let committed = answers.iter().filter(|answer| matches!(answer, Ok(Some(_)))).count();
    log::info!(
        target: "check",
        "group: `{group_id}` has offsets of {committed} of {} asked ({})", counted(partitions.len(), "partition"), took(started)
    );
    Ok(())
}

/// What a fetch of each place has brought so far.
struct Fetch<'a> {
    settings: &'a Settings,
    is_required: &'a dyn Fn(&str) -> bool,
    places: Vec<Place>,
    /// places without an answer
    open: Vec<bool>,
    denied: Vec<(String, String)>,
    is_decoded: bool,
}

/// Fetches from each place. Topics that were named have to be readable; of those that a pattern chose, one.
pub(super) fn fetch(
    settings: &Settings,
    client: Client,
    mut places: Vec<Place>,
    is_required: &dyn Fn(&str) -> bool,
    deadline: Instant,
) -> Result<(), Error> {
    let (started, all) = (Instant::now(), places.len());
    places.truncate(FETCHED_TOPICS);
    let assignments: Vec<Assignment> = places.iter().map(|place| place.assignment.clone()).collect();
    let mut consumer = Consumer::assign(client, &assignments)?;
    let open = vec![true; places.len()];
    let mut fetch = Fetch { settings, is_required, places, open, denied: Vec::new(), is_decoded: false };
    let mut complaint = None;
    while fetch.open.contains(&true) && Instant::now() < deadline {
        let mut answered = Vec::new();
        consumer.consume(TICK, |event| fetch.take(event, &mut answered, &mut complaint))?;
        consumer.pause(&answered)?;
        if let Some(last) = consumer.client().complaints()?.pop() {
            complaint = Some(last.text);
        }
    }
    fetch.judge(complaint)?;
    let readable = fetch.places.len() - fetch.denied.len();
    log::info!(target: "check", "authorization: {readable} of {} can be read ({})", counted(all, "topic"), took(started));
    if !fetch.is_decoded {
        log::info!(target: "check", "message: there was none to be decoded");
    }
    Ok(())
}

impl Fetch<'_> {
    fn take(
        &mut self,
        event: Event<'_>,
        answered: &mut Vec<usize>,
        complaint: &mut Option<String>,
    ) -> Result<(), Error> {
        let slot = match event {
            Event::Message { slot, message, .. } => {
                if !self.is_decoded {
                    self.decode(slot, &message)?;
                }
                slot
            }
            // Nothing but hidden messages, or messages deleted just now: the fetch itself was answered.
            Event::EndOfPartition { slot, .. } | Event::OffsetOutOfRange { slot } => slot,
            Event::Broken { slot, cause, is_denied: true, .. } => {
                if let Some(topic) = self.topic(slot).map(str::to_owned) {
                    self.denied.push((topic, cause));
                }
                slot
            }
            Event::Broken { slot, cause, failure_type, .. } => {
                let Some(place) = self.places.get(slot) else { return Ok(()) };
                let TopicPartition { topic, partition } = place.assignment.partition.clone();
                return Err(Error::Partition { topic, partition, cause, failure_type });
            }
            Event::Complaint { cause } => {
                *complaint = Some(cause);
                return Ok(());
            }
        };
        if let Some(open) = self.open.get_mut(slot).filter(|open| **open) {
            *open = false;
            answered.push(slot);
        }
        Ok(())
    }

    fn topic(&self, slot: usize) -> Option<&str> {
        self.places.get(slot).map(|place| place.assignment.partition.topic.as_str())
    }

    /// A message that the sync would fail at is a failure here, if the sync gets to see it.
    fn decode(&mut self, slot: usize, message: &Message<'_>) -> Result<(), Error> {
        let Some(place) = self.places.get(slot) else { return Ok(()) };
        let TopicPartition { topic, partition } = place.assignment.partition.clone();
        let offset = message.offset;
        self.is_decoded = true;
        let format = columns::format(self.settings.value_format);
        let shape = columns::shape(self.settings.record_shape);
        let Err(bad) = decode::kinds(format, shape, message.value, |_, _| {}) else {
            log::info!(target: "check", "message: topic `{topic}`, partition {partition}, offset {offset} can be decoded");
            return Ok(());
        };
        let error = topics::bad_value(&topic, partition, offset, bad, message.value);
        if self.settings.on_bad_message == OnBadMessage::Fail && self.settings.start_from == StartFrom::Earliest {
            return Err(error);
        }
        log::warn!(target: "check", "{error}");
        Ok(())
    }

    fn judge(&self, complaint: Option<String>) -> Result<(), Error> {
        let said = |(_, cause): &(String, String)| cause.clone();
        let all: Vec<String> = self.denied.iter().map(|(topic, _)| topic.clone()).collect();
        let required: Vec<String> = all.iter().filter(|topic| (self.is_required)(topic)).cloned().collect();
        let words = self.denied.first().map(said).unwrap_or_default();
        if !required.is_empty() {
            return Err(diagnosis::unreadable(&required, &words));
        }
        if !all.is_empty() {
            let error = diagnosis::unreadable(&all, &words);
            if all.len() == self.places.len() {
                return Err(error);
            }
            log::warn!(target: "check", "left out: {error}");
        }
        let silent = self.open.iter().zip(&self.places).find(|(open, place)| **open && place.is_filled);
        match silent {
            None => Ok(()),
            Some((_, place)) => {
                let cause = complaint.unwrap_or_else(|| "nothing arrived in time".to_owned());
                let attempt = format!("fetching a message of topic `{}`", place.assignment.partition.topic);
                Err(kafka::Error::Unavailable { attempt, cause }.into())
            }
        }
    }
}
