//! Questions to the cluster: its topics, and where their partitions begin and end.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{CommitMode, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::types::{RDKafkaErrorCode, RDKafkaRespErr};
use rdkafka::{Offset, TopicPartitionList};

use super::client::Client;
use super::error::Error;
use super::native;

/// A question that a change of leaders leaves without an answer is asked again after so long.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// Leaders are elected within seconds; a partition that has none for longer has lost its brokers.
const SETTLING_LIMIT: Duration = Duration::from_secs(10);
/// How long to wait for the ids of topics, which are good to have and no more.
const TOPIC_ID_TIMEOUT: Duration = Duration::from_secs(5);

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
}

/// What the cluster said.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// how many brokers it has
    pub brokers: usize,
    /// the topics asked for
    pub topics: Vec<Topic>,
}

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
    /// All topics, or one of them.
    pub fn cluster(&self, topic: Option<&str>, timeout: Duration) -> Result<Cluster, Error> {
        let attempt =
            topic.map_or_else(|| "listing the topics".to_owned(), |name| format!("describing topic `{name}`"));
        let metadata = self.consumer.fetch_metadata(topic, timeout).map_err(|error| self.error(&error, &attempt))?;
        let topics = metadata
            .topics()
            .iter()
            .map(|topic| {
                let mut partitions: Vec<i32> =
                    topic.partitions().iter().map(rdkafka::metadata::MetadataPartition::id).collect();
                partitions.sort_unstable();
                Topic { name: topic.name().to_owned(), partitions, error: topic.error().and_then(topic_error) }
            })
            .collect();
        Ok(Cluster { brokers: metadata.brokers().len(), topics })
    }

    /// Where these partitions begin, end, or reach a time: one request per broker, whatever their number. The answer
    /// has the order of the question; `None` where no message is that young. While partitions change their leader, the
    /// question is repeated.
    pub fn offsets(
        &self,
        partitions: &[TopicPartition],
        position: Position,
        timeout: Duration,
    ) -> Result<Vec<Result<Option<i64>, RDKafkaErrorCode>>, Error> {
        let deadline = Instant::now() + timeout;
        let settled = deadline.min(Instant::now() + SETTLING_LIMIT);
        loop {
            let left = deadline.saturating_duration_since(Instant::now()).max(RETRY_PAUSE);
            let list = partition_list(partitions, position.timestamp())?;
            let answer = self.consumer.offsets_for_times(list, left);
            let is_last = Instant::now() + RETRY_PAUSE >= settled;
            match answer {
                Ok(list) => {
                    let offsets = in_order(&list, partitions);
                    if is_last || !offsets.iter().any(|offset| offset.is_err_and(is_settling)) {
                        return Ok(offsets);
                    }
                }
                Err(error) => {
                    if is_last || !error.rdkafka_error_code().is_some_and(is_settling) {
                        return Err(self.error(&error, "asking for the offsets of the partitions"));
                    }
                }
            }
            std::thread::sleep(RETRY_PAUSE);
        }
    }

    /// What the user's consumer group has committed; `None` where it has nothing.
    pub fn committed(
        &self,
        partitions: &[TopicPartition],
        timeout: Duration,
    ) -> Result<Vec<Result<Option<i64>, RDKafkaErrorCode>>, Error> {
        let list = partition_list(partitions, Offset::Invalid)?;
        let list = self
            .consumer
            .committed_offsets(list, timeout)
            .map_err(|error| self.error(&error, "asking for the committed offsets of `group_id`"))?;
        Ok(in_order(&list, partitions))
    }
}

impl Client {
    /// The ids of these topics, which a topic that is deleted and created again does not keep. Clusters before Kafka 2.8
    /// have none.
    pub fn topic_ids(&self, topics: &[&str], timeout: Duration) -> Result<HashMap<String, String>, Error> {
        let attempt = "asking for the ids of the topics";
        let timeout = timeout.min(TOPIC_ID_TIMEOUT);
        let Some(&first) = topics.first() else { return Ok(HashMap::new()) };
        let metadata =
            self.consumer.fetch_metadata(Some(first), timeout).map_err(|error| self.error(&error, attempt))?;
        native::topic_ids(&self.consumer, topics, metadata.orig_broker_id(), timeout)
            .map_err(|code| self.error(&KafkaError::MetadataFetch(code), attempt))
    }

    /// Commits these offsets to the user's consumer group, and waits for the answer.
    pub fn commit(&self, offsets: &[(TopicPartition, i64)]) -> Result<(), Error> {
        let attempt = "committing the offsets of the state to `group_id`";
        let mut list = TopicPartitionList::with_capacity(offsets.len());
        for (partition, offset) in offsets {
            list.add_partition_offset(&partition.topic, partition.partition, Offset::Offset(*offset))
                .map_err(|error| self.error(&error, attempt))?;
        }
        self.consumer.commit(&list, CommitMode::Sync).map_err(|error| self.error(&error, attempt))
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

pub(super) fn partition_list(partitions: &[TopicPartition], offset: Offset) -> Result<TopicPartitionList, Error> {
    let mut list = TopicPartitionList::with_capacity(partitions.len());
    for partition in partitions {
        list.add_partition_offset(&partition.topic, partition.partition, offset).map_err(|_| {
            // Only a name with a zero byte or a negative number gets here, and no cluster has those.
            Error::UnknownTopic { topic: partition.topic.clone() }
        })?;
    }
    Ok(list)
}

/// librdkafka may reorder the list: answers are found by name.
fn in_order(list: &TopicPartitionList, partitions: &[TopicPartition]) -> Vec<Result<Option<i64>, RDKafkaErrorCode>> {
    let elements = list.elements();
    let answers: HashMap<(&str, i32), Result<Option<i64>, RDKafkaErrorCode>> = elements
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
