//! What a sync reads: for each stream the ranges of its partitions, from the cluster, the state and the configuration.

use std::collections::HashMap;
use std::time::Duration;

use crate::airbyte::{ConfiguredCatalog, ConfiguredStream, SyncMode};
use crate::command::{client_options, now_ms, request_deadline, topics};
use crate::config::{CommittedFallback, OnLostOffsets, Settings, StartFrom};
use crate::error::Error;
use crate::kafka::{Answer, Client, Options, Position, Topic, TopicPartition};
use crate::offsets::{self, Log, Lost, OnLost, Range};
use crate::state::{State, StreamState};

/// One partition to be read.
#[derive(Debug)]
pub(super) struct PartitionPlan {
    pub(super) partition: TopicPartition,
    pub(super) range: Range,
    /// Offsets that are gone, and that the configuration allows to go without.
    pub(super) lost: Option<Lost>,
}

/// What to read of a stream.
#[derive(Debug)]
pub(super) struct StreamPlan {
    pub(super) partitions: Vec<PartitionPlan>,
    /// Partitions of the state that the topic does not have (any more), and that the configuration allows to forget.
    pub(super) vanished: Vec<i32>,
    /// The topic's id, for the state.
    pub(super) topic_id: Option<String>,
}

/// What to read of each stream of the catalog, in its order; or why that stream cannot be read.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) streams: Vec<Result<StreamPlan, Error>>,
}

/// What the cluster says of a partition.
type Logs = HashMap<TopicPartition, Result<Log, Error>>;

impl Plan {
    /// Asks the cluster, in a fixed number of requests whatever the number of partitions.
    pub(super) fn new(
        client: &Client,
        settings: &Settings,
        catalog: &ConfiguredCatalog,
        state: &State,
    ) -> Result<Self, Error> {
        let chosen = chosen(client, settings, &catalog.streams)?;
        let topics: Vec<&Topic> = chosen.iter().flatten().map(|(_, topic)| topic).collect();
        let ids = topic_ids(client, settings, &topics);
        let all: Vec<TopicPartition> =
            chosen.iter().flatten().flat_map(|(partitions, _)| partitions).cloned().collect();
        let mut logs = logs(client, settings, &all)?;
        let readable = |partition: &TopicPartition| matches!(logs.get(partition), Some(Ok(_)));
        let readable: Vec<&TopicPartition> = all.iter().filter(|partition| readable(partition)).collect();
        let starts = Starts::new(client, settings, &catalog.streams, state, &readable)?;
        let known = |partition: &TopicPartition| match state.of(&partition.topic) {
            Some(state) => state.next_offsets.get(&partition.partition).copied(),
            None => starts.committed(partition),
        };
        find_high_watermarks(settings, &mut logs, known)?;
        let streams = catalog
            .streams
            .iter()
            .zip(chosen)
            .map(|(stream, chosen)| {
                let (partitions, topic) = chosen?;
                let policy = on_lost(settings, stream.sync_mode);
                let known = Known::new(state.of(&stream.name), ids.get(&stream.name), &stream.name, policy)?;
                let vanished = vanished(&topic, &known, policy)?;
                let partitions: Result<_, Error> =
                    partitions.into_iter().map(|partition| starts.plan(partition, stream, &known, &mut logs)).collect();
                Ok(StreamPlan { partitions: partitions?, vanished, topic_id: known.topic_id })
            })
            .collect();
        Ok(Self { streams })
    }
}

/// The topic of each stream and what is chosen of it, or why it cannot be read.
type Chosen = Vec<Result<(Vec<TopicPartition>, Topic), Error>>;

fn chosen(client: &Client, settings: &Settings, streams: &[ConfiguredStream]) -> Result<Chosen, Error> {
    let subscription = &settings.subscription;
    let is_subscribed = |name: &&str| subscription.matches(name);
    let names: Vec<&str> = streams.iter().map(|stream| stream.name.as_str()).filter(is_subscribed).collect();
    let mut topics = topics::described(client, &names, request_deadline(settings))?.into_iter();
    let mut topic_of = |stream: &str| {
        let not_subscribed =
            || Error::NotSubscribed { stream: stream.to_owned(), subscription: subscription.describe() };
        let topic = if is_subscribed(&stream) { topics.next() } else { None };
        let topic = topic.unwrap_or_else(|| Err(not_subscribed()))?;
        Ok((topics::partitions(&topic, subscription)?, topic))
    };
    Ok(streams.iter().map(|stream| topic_of(&stream.name)).collect())
}

/// The ids of the topics. Without them the read goes on; only a recreated topic may go unnoticed, as on old clusters.
fn topic_ids(client: &Client, settings: &Settings, topics: &[&Topic]) -> HashMap<String, String> {
    client.topic_ids(topics, request_deadline(settings)).unwrap_or_else(|error| {
        log::warn!(target: "read", "a topic that was deleted and created again will not be noticed: {error}");
        HashMap::new()
    })
}

/// What the state knows of a stream's topic.
struct Known<'a> {
    state: Option<&'a StreamState>,
    /// Its offsets are of another topic of that name.
    recreated: bool,
    topic_id: Option<String>,
}

impl<'a> Known<'a> {
    fn new(state: Option<&'a StreamState>, found: Option<&String>, topic: &str, policy: OnLost) -> Result<Self, Error> {
        let known = state.and_then(|state| state.topic_id.as_ref());
        let topic_id = found.or(known).cloned();
        let (Some(known), Some(found)) = (known, found) else { return Ok(Self { state, recreated: false, topic_id }) };
        if known == found {
            return Ok(Self { state, recreated: false, topic_id });
        }
        let error = Error::Recreated { topic: topic.to_owned(), known: known.clone(), found: found.clone() };
        if policy == OnLost::Fail {
            return Err(error);
        }
        log::warn!(target: "read", "{error}");
        Ok(Self { state, recreated: true, topic_id })
    }
}

/// Partitions never go away: a state that knows more of them than the topic has is that of another topic.
fn vanished(topic: &Topic, known: &Known<'_>, policy: OnLost) -> Result<Vec<i32>, Error> {
    let mut vanished = Vec::new();
    for (&partition, &next) in known.state.into_iter().flat_map(|state| &state.next_offsets) {
        if known.recreated {
            vanished.push(partition);
        } else if topic.partitions.binary_search(&partition).is_err() {
            let lost = Lost::Partition { next };
            if policy == OnLost::Fail {
                return Err(Error::LostOffsets { topic: topic.name.clone(), partition, lost });
            }
            log::warn!(target: "read", "topic `{}`, partition {partition}: {lost}. It is forgotten", topic.name);
            vanished.push(partition);
        }
    }
    Ok(vanished)
}

/// Where each partition's log begins and ends. A partition without an answer is asked about once, so that it does not
/// hold up the others.
fn logs(client: &Client, settings: &Settings, partitions: &[TopicPartition]) -> Result<Logs, Error> {
    let mut logs = Logs::new();
    let mut ended = Vec::new();
    // The end first: what is deleted meanwhile then makes the range smaller, never larger.
    for (partition, end) in partitions.iter().zip(offsets(client, settings, partitions, Position::End)?) {
        match topics::told(partition, end) {
            Ok(end) => ended.push((partition.clone(), end)),
            Err(error) => drop(logs.insert(partition.clone(), Err(error))),
        }
    }
    let (ended, ends): (Vec<_>, Vec<_>) = ended.into_iter().unzip();
    let beginnings = offsets(client, settings, &ended, Position::Beginning)?;
    for ((partition, end), low) in ended.into_iter().zip(ends).zip(beginnings) {
        let log = topics::told(&partition, low).map(|low| Log { low, end: end.max(low), high: end.max(low) });
        logs.insert(partition, log);
    }
    Ok(logs)
}

fn offsets(
    client: &Client,
    settings: &Settings,
    partitions: &[TopicPartition],
    position: Position,
) -> Result<Vec<Answer>, Error> {
    if partitions.is_empty() {
        return Ok(Vec::new());
    }
    Ok(client.offsets(partitions, position, request_deadline(settings))?)
}

/// Under `read_committed` the cluster tells the last stable offset. A known offset behind it is either right, because it
/// comes from somebody who read uncommitted messages, or behind the end of the log: only the high watermark tells. That
/// takes a client of its own, so it is asked for in this case only.
fn find_high_watermarks(
    settings: &Settings,
    logs: &mut Logs,
    known: impl Fn(&TopicPartition) -> Option<i64>,
) -> Result<(), Error> {
    let options = client_options(settings);
    let behind: Vec<TopicPartition> = logs
        .iter()
        .filter(|(partition, log)| log.as_ref().is_ok_and(|log| known(partition) > Some(log.end)))
        .map(|(partition, _)| partition.clone())
        .collect();
    if behind.is_empty() || !options.read_committed {
        return Ok(());
    }
    let uncommitted = Client::new(Options { read_committed: false, ..options })?;
    for (partition, high) in behind.iter().zip(offsets(&uncommitted, settings, &behind, Position::End)?) {
        if let (Some(Ok(log)), Ok(Some(high))) = (logs.get_mut(partition), high) {
            log.high = log.high.max(high);
        }
    }
    Ok(())
}

/// Where streams without a state begin.
struct Starts<'a> {
    settings: &'a Settings,
    /// Found offsets, where the configured start asks the cluster for them.
    offsets: HashMap<TopicPartition, Result<Option<i64>, Error>>,
}

impl<'a> Starts<'a> {
    fn new(
        client: &Client,
        settings: &'a Settings,
        streams: &[ConfiguredStream],
        state: &State,
        partitions: &[&TopicPartition],
    ) -> Result<Self, Error> {
        let mut found = Self { settings, offsets: HashMap::new() };
        let fresh: Vec<TopicPartition> = streams
            .iter()
            .filter(|stream| begins_as_configured(stream, state.of(&stream.name)))
            .flat_map(|stream| partitions.iter().filter(|partition| partition.topic == stream.name))
            .map(|&partition| partition.clone())
            .collect();
        if fresh.is_empty() {
            return Ok(found);
        }
        let answers = match settings.start_from {
            StartFrom::Earliest | StartFrom::Latest => return Ok(found),
            StartFrom::Timestamp(ms) => offsets(client, settings, &fresh, Position::Time(ms.max(0)))?,
            StartFrom::Relative(ago) => offsets(client, settings, &fresh, Position::Time(before(ago)))?,
            StartFrom::Committed { .. } => {
                let options = Options { group_id: settings.group_id.clone(), ..client_options(settings) };
                Client::new(options)?.committed(&fresh, request_deadline(settings))?
            }
        };
        found.offsets = fresh
            .into_iter()
            .zip(answers)
            .map(|(partition, offset)| {
                let offset = offset.map_err(|code| topics::partition_error(&partition, &code));
                (partition, offset)
            })
            .collect();
        Ok(found)
    }

    /// What the user's group has committed, if that is where to begin.
    fn committed(&self, partition: &TopicPartition) -> Option<i64> {
        match (self.settings.start_from, self.offsets.get(partition)?) {
            (StartFrom::Committed { .. }, Ok(offset)) => *offset,
            _ => None,
        }
    }

    fn plan(
        &self,
        partition: TopicPartition,
        stream: &ConfiguredStream,
        known: &Known<'_>,
        logs: &mut Logs,
    ) -> Result<PartitionPlan, Error> {
        let log =
            logs.remove(&partition).unwrap_or_else(|| Err(topics::partition_error(&partition, &"not described")))?;
        let policy = on_lost(self.settings, stream.sync_mode);
        let lost = |lost| Error::LostOffsets { topic: partition.topic.clone(), partition: partition.partition, lost };
        let next = known.state.map(|state| state.next_offsets.get(&partition.partition));
        let (range, gone) = match next {
            Some(_) if known.recreated && policy == OnLost::Latest => (Range::from(log.end, log), None),
            Some(_) if known.recreated => (Range::from(log.low, log), None),
            Some(Some(&next)) => offsets::resume(next, log, policy).map_err(lost)?,
            // A partition that appeared since the state was written: all of it is new, whatever the configured start.
            Some(None) => (Range::from(log.low, log), None),
            None => match self.configured(&partition, stream, log)? {
                Start::At(offset) => (Range::from(offset, log), None),
                Start::Committed(next) => offsets::resume(next, log, policy).map_err(lost)?,
            },
        };
        Ok(PartitionPlan { partition, range, lost: gone })
    }

    fn configured(&self, partition: &TopicPartition, stream: &ConfiguredStream, log: Log) -> Result<Start, Error> {
        if stream.sync_mode == SyncMode::FullRefresh {
            return Ok(Start::At(log.low));
        }
        let found = match self.offsets.get(partition) {
            None => None,
            Some(Ok(offset)) => *offset,
            Some(Err(error)) => return Err(topics::partition_error(partition, error)),
        };
        Ok(match self.settings.start_from {
            StartFrom::Earliest => Start::At(log.low),
            StartFrom::Latest => Start::At(log.end),
            // No message is that young: what comes next is.
            StartFrom::Timestamp(_) | StartFrom::Relative(_) => Start::At(found.unwrap_or(log.end).max(log.low)),
            StartFrom::Committed { fallback } => match (found, fallback) {
                (Some(next), _) => Start::Committed(next),
                (None, CommittedFallback::Earliest) => Start::At(log.low),
                (None, CommittedFallback::Fail) => {
                    return Err(Error::NothingCommitted {
                        topic: partition.topic.clone(),
                        partition: partition.partition,
                        group_id: self.settings.group_id.clone().unwrap_or_default(),
                    });
                }
            },
        })
    }
}

enum Start {
    At(i64),
    /// A committed offset may be gone, just like that of a state.
    Committed(i64),
}

/// A full refresh is a copy of everything, wherever incremental reading would begin.
fn begins_as_configured(stream: &ConfiguredStream, known: Option<&StreamState>) -> bool {
    known.is_none() && stream.sync_mode == SyncMode::Incremental
}

fn before(ago: Duration) -> i64 {
    let ago = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
    now_ms().saturating_sub(ago).max(0)
}

/// The configured policy as `offsets` knows it. A full refresh is a copy of everything that is there, so it never jumps to
/// what comes later.
pub(super) fn on_lost(settings: &Settings, sync_mode: SyncMode) -> OnLost {
    match (settings.on_lost_offsets, sync_mode) {
        (OnLostOffsets::Fail, _) => OnLost::Fail,
        (OnLostOffsets::Latest, SyncMode::Incremental) => OnLost::Latest,
        (OnLostOffsets::Earliest | OnLostOffsets::Latest, _) => OnLost::Earliest,
    }
}
