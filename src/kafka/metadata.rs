//! Questions to the cluster: its topics, and where their partitions begin and end.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::metadata::{Metadata, MetadataPartition, MetadataTopic};
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use rdkafka::{Offset, TopicPartitionList};

use super::client::Client;
use super::error::Error;
use super::native;

/// A question that a change of leaders leaves without an answer is asked again after so long.
const RETRY_PAUSE: Duration = Duration::from_millis(200);
/// Leaders are elected within seconds; a partition that has none for longer has lost its brokers.
const SETTLING_LIMIT: Duration = Duration::from_secs(10);
/// A question to all leaders at once has no answer until the last of them has answered. After so long they are asked
/// one by one.
const JOINT_LIMIT: Duration = Duration::from_secs(2);
/// Up to so many topics are asked for by name; beyond that one list of all of them is cheaper.
const ASKED_BY_NAME: usize = 8;
/// How long to wait for the ids of topics, which are good to have and no more.
const TOPIC_ID_LIMIT: Duration = Duration::from_secs(5);

/// A partition of a topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicPartition {
    /// the topic's name
    pub topic: String,
    /// the partition's number
    pub partition: i32,
}

/// Why the cluster says nothing about a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicError {
    /// it does not exist, or must not be seen
    Unknown,
    /// it may not be described
    Denied,
    /// anything else, such as a leader election
    Other(RDKafkaErrorCode),
}

/// A topic as the cluster describes it.
#[derive(Clone, Debug)]
pub struct Topic {
    /// its name
    pub name: String,
    /// the numbers of its partitions, ascending
    pub partitions: Vec<i32>,
    /// why nothing is known of it
    pub error: Option<TopicError>,
    /// the broker that described it
    pub described_by: i32,
    /// the brokers that lead its partitions
    pub leaders: BTreeSet<i32>,
}

/// What the cluster answered of one partition; `None` where there is no such offset.
pub type Answer = Result<Option<i64>, RDKafkaErrorCode>;

/// A place in a partition, in Kafka's own terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// the oldest message
    Beginning,
    /// behind the newest message (under `read_committed`: the newest that is decided)
    End,
    /// the first message of that time or later, in milliseconds
    Time(i64),
}

impl Position {
    /// `ListOffsets` takes the first two as special timestamps.
    fn timestamp(self) -> Offset {
        match self {
            Self::Beginning => Offset::Beginning,
            Self::End => Offset::End,
            Self::Time(ms) => Offset::Offset(ms),
        }
    }
}

impl Client {
    /// All topics.
    pub fn all_topics(&self, deadline: Instant) -> Result<Vec<Topic>, Error> {
        let metadata = self.metadata(None, deadline).map_err(|error| self.error(&error, "listing the topics"))?;
        Ok(metadata.topics().iter().map(|topic| described(topic, &metadata)).collect())
    }

    /// These topics, in this order, each with its own error. While the leaders of one of them are being elected, the
    /// question is repeated.
    pub fn topics(&self, names: &[&str], deadline: Instant) -> Result<Vec<Topic>, Error> {
        let is_settling = |topic: &Topic| matches!(topic.error, Some(TopicError::Other(_)));
        until_settled(
            deadline,
            || self.topics_now(names, deadline),
            |answer| answer.as_ref().is_ok_and(|topics| topics.iter().any(is_settling)),
        )
    }

    fn topics_now(&self, names: &[&str], deadline: Instant) -> Result<Vec<Topic>, Error> {
        let all = if names.len() > ASKED_BY_NAME { self.all_topics(deadline)? } else { Vec::new() };
        let by_name: HashMap<&str, &Topic> = all.iter().map(|topic| (topic.name.as_str(), topic)).collect();
        names
            .iter()
            .map(|&name| by_name.get(name).map_or_else(|| self.topic(name, deadline), |&topic| Ok(topic.clone())))
            .collect()
    }

    fn topic(&self, name: &str, deadline: Instant) -> Result<Topic, Error> {
        let attempt = format!("describing topic `{name}`");
        let metadata = self.metadata(Some(name), deadline).map_err(|error| self.error(&error, &attempt))?;
        let unknown = || Topic {
            name: name.to_owned(),
            partitions: Vec::new(),
            error: Some(TopicError::Unknown),
            described_by: metadata.orig_broker_id(),
            leaders: BTreeSet::new(),
        };
        Ok(metadata.topics().first().map_or_else(unknown, |topic| described(topic, &metadata)))
    }

    fn metadata(&self, topic: Option<&str>, deadline: Instant) -> Result<Metadata, KafkaError> {
        self.consumer.fetch_metadata(topic, left(deadline))
    }

    /// Where these partitions begin, end, or reach a time: one request per broker, whatever their number. The answer
    /// has the order of the question; `None` where no message is that young. While partitions change their leader, the
    /// question is repeated. A leader that does not answer holds up nobody for longer than it takes to be sure of that.
    pub fn offsets(
        &self,
        partitions: &[TopicPartition],
        position: Position,
        deadline: Instant,
    ) -> Result<Vec<Answer>, Error> {
        let answers = until_settled(
            deadline,
            || self.offsets_now(partitions, position, deadline),
            |answer| match answer {
                Ok(answers) => answers.iter().any(|answer| answer.is_err_and(is_settling)),
                Err(error) => error.rdkafka_error_code().is_some_and(is_settling),
            },
        );
        answers.map_err(|error| self.error(&error, "asking for the offsets of the partitions"))
    }

    fn offsets_now(
        &self,
        partitions: &[TopicPartition],
        position: Position,
        deadline: Instant,
    ) -> Result<Vec<Answer>, KafkaError> {
        let joint = deadline.min(Instant::now() + JOINT_LIMIT.min(left(deadline) / 2));
        match self.joint_offsets(partitions, position, joint) {
            Err(error) if error.rdkafka_error_code() == Some(RDKafkaErrorCode::OperationTimedOut) => {
                self.offsets_by_leader(partitions, position, deadline).or(Err(error))
            }
            answer => answer,
        }
    }

    fn joint_offsets(
        &self,
        partitions: &[TopicPartition],
        position: Position,
        deadline: Instant,
    ) -> Result<Vec<Answer>, KafkaError> {
        let list = partition_list(partitions.iter().map(|partition| (partition, position.timestamp())))?;
        let list = self.consumer.offsets_for_times(list, left(deadline))?;
        Ok(in_order(&list, partitions))
    }

    /// Asks each leader on a thread of its own. An error if none of them answers.
    fn offsets_by_leader(
        &self,
        partitions: &[TopicPartition],
        position: Position,
        deadline: Instant,
    ) -> Result<Vec<Answer>, KafkaError> {
        let by_leader = self.by_leader(partitions, deadline)?;
        let deadline = deadline.min(Instant::now() + SETTLING_LIMIT);
        let mut answers = HashMap::new();
        let mut failure = None;
        std::thread::scope(|scope| -> Result<(), KafkaError> {
            let ask =
                |led: Vec<TopicPartition>| scope.spawn(move || (self.joint_offsets(&led, position, deadline), led));
            let asked: Vec<_> = by_leader.into_values().map(ask).collect();
            for (answer, led) in asked.into_iter().filter_map(|thread| thread.join().ok()) {
                match answer {
                    Ok(offsets) => answers.extend(led.into_iter().zip(offsets)),
                    Err(error) => {
                        let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
                        answers.extend(led.into_iter().map(|partition| (partition, Err(code))));
                        failure = Some(error);
                    }
                }
            }
            Ok(())
        })?;
        match failure {
            Some(error) if answers.values().all(Result::is_err) => Err(error),
            _ => Ok(partitions
                .iter()
                .map(|partition| answers.get(partition).copied().unwrap_or(Err(RDKafkaErrorCode::LeaderNotAvailable)))
                .collect()),
        }
    }

    /// The partitions of each leader; those without one are left out.
    fn by_leader(
        &self,
        partitions: &[TopicPartition],
        deadline: Instant,
    ) -> Result<HashMap<i32, Vec<TopicPartition>>, KafkaError> {
        let name = partitions.first().map(|first| first.topic.as_str());
        let only = name.filter(|name| partitions.iter().all(|partition| partition.topic == *name));
        let metadata = self.metadata(only, deadline)?;
        let leaders: HashMap<(&str, i32), i32> = metadata
            .topics()
            .iter()
            .flat_map(|topic| {
                topic.partitions().iter().map(|partition| ((topic.name(), partition.id()), partition.leader()))
            })
            .collect();
        let mut led: HashMap<i32, Vec<TopicPartition>> = HashMap::new();
        for partition in partitions {
            match leaders.get(&(partition.topic.as_str(), partition.partition)) {
                Some(&leader) if leader >= 0 => led.entry(leader).or_default().push(partition.clone()),
                _ => {}
            }
        }
        Ok(led)
    }

    /// What the user's consumer group has committed; `None` where it has nothing.
    pub fn committed(&self, partitions: &[TopicPartition], deadline: Instant) -> Result<Vec<Answer>, Error> {
        let answer = partition_list(partitions.iter().map(|partition| (partition, Offset::Invalid)))
            .and_then(|list| self.consumer.committed_offsets(list, left(deadline)));
        let list = answer.map_err(|error| self.error(&error, "asking for the committed offsets of `group_id`"))?;
        Ok(in_order(&list, partitions))
    }

    /// The ids of these topics, which a topic that is deleted and created again does not keep. Clusters before Kafka 2.8
    /// have none.
    pub fn topic_ids(&self, topics: &[&Topic], deadline: Instant) -> Result<HashMap<String, String>, Error> {
        let Some(first) = topics.first() else { return Ok(HashMap::new()) };
        let names: Vec<&str> = topics.iter().map(|topic| topic.name.as_str()).collect();
        native::topic_ids(&self.consumer, &names, first.described_by, left(deadline).min(TOPIC_ID_LIMIT))
            .map_err(|code| self.error(&KafkaError::MetadataFetch(code), "asking for the ids of the topics"))
    }

    /// Commits these offsets to the user's consumer group, and waits for the answer.
    pub fn commit(&self, offsets: &[(TopicPartition, i64)], deadline: Instant) -> Result<(), Error> {
        let committed = partition_list(offsets.iter().map(|(partition, next)| (partition, Offset::Offset(*next))))
            .and_then(|list| self.commit_by(list, deadline));
        committed.map_err(|error| self.error(&error, "committing the offsets of the state to `group_id`"))
    }

    /// librdkafka's call waits for as long as the group has no coordinator: it is left behind on a thread of its own.
    fn commit_by(&self, list: TopicPartitionList, deadline: Instant) -> Result<(), KafkaError> {
        let consumer = Arc::clone(&self.consumer);
        let (done, answer) = sync_channel(1);
        // Nobody may be left to hear it.
        std::thread::spawn(move || done.send(consumer.commit(&list, CommitMode::Sync)));
        let too_late = || KafkaError::ConsumerCommit(RDKafkaErrorCode::OperationTimedOut);
        answer.recv_timeout(left(deadline)).unwrap_or_else(|_| Err(too_late()))
    }
}

/// Asks again while the answer says that partitions are about to find a (new) leader.
fn until_settled<T>(deadline: Instant, ask: impl Fn() -> T, is_settling: impl Fn(&T) -> bool) -> T {
    let settled = deadline.min(Instant::now() + SETTLING_LIMIT);
    loop {
        let answer = ask();
        if !is_settling(&answer) || Instant::now() + RETRY_PAUSE >= settled {
            return answer;
        }
        std::thread::sleep(RETRY_PAUSE);
    }
}

/// The time until then. A call without any would not even be tried.
fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(100))
}

fn described(topic: &MetadataTopic, metadata: &Metadata) -> Topic {
    let mut partitions: Vec<i32> = topic.partitions().iter().map(MetadataPartition::id).collect();
    partitions.sort_unstable();
    Topic {
        name: topic.name().to_owned(),
        partitions,
        error: topic.error().and_then(topic_error),
        described_by: metadata.orig_broker_id(),
        leaders: topic.partitions().iter().map(MetadataPartition::leader).filter(|&leader| leader >= 0).collect(),
    }
}

/// Whether an error says that partitions are about to find a (new) leader.
fn is_settling(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::NotLeaderForPartition
            | RDKafkaErrorCode::LeaderNotAvailable
            | RDKafkaErrorCode::ReplicaNotAvailable
            | RDKafkaErrorCode::FencedLeaderEpoch
            | RDKafkaErrorCode::UnknownLeaderEpoch
            | RDKafkaErrorCode::OffsetNotAvailable
    )
}

fn topic_error(code: RDKafkaRespErr) -> Option<TopicError> {
    match code.into() {
        RDKafkaErrorCode::NoError => None,
        RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::InvalidTopic => {
            Some(TopicError::Unknown)
        }
        RDKafkaErrorCode::TopicAuthorizationFailed => Some(TopicError::Denied),
        other => Some(TopicError::Other(other)),
    }
}

fn partition_list<'a>(
    partitions: impl IntoIterator<Item = (&'a TopicPartition, Offset)>,
) -> Result<TopicPartitionList, KafkaError> {
    let mut list = TopicPartitionList::new();
    for (partition, offset) in partitions {
        list.add_partition_offset(&partition.topic, partition.partition, offset)?;
    }
    Ok(list)
}

/// librdkafka may reorder the list: answers are found by name.
fn in_order(list: &TopicPartitionList, partitions: &[TopicPartition]) -> Vec<Answer> {
    let elements = list.elements();
    let answers: HashMap<(&str, i32), Answer> = elements
        .iter()
        .map(|element| {
            let answer = match element.error() {
                Err(error) => Err(error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown)),
                Ok(()) => Ok(match element.offset() {
                    Offset::Offset(offset) if offset >= 0 => Some(offset),
                    _ => None,
                }),
            };
            ((element.topic(), element.partition()), answer)
        })
        .collect();
    partitions
        .iter()
        .map(|partition| {
            answers
                .get(&(partition.topic.as_str(), partition.partition))
                .copied()
                .unwrap_or(Err(RDKafkaErrorCode::UnknownPartition))
        })
        .collect()
}
