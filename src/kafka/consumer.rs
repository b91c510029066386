//! Reading: partitions are started at offsets, and what arrives on the data queue is told apart.

use std::collections::HashMap;
use std::time::Duration;

use rdkafka::consumer::Consumer as _;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};

use super::client::Client;
use super::error::{self, Error};
use super::message::Message;
use super::metadata::TopicPartition;
use super::native::{DataQueue, Headers, Item};
use crate::error::FailureType;

/// The largest batch, in messages; more than this gains nothing (`docs/performance.md`).
const MAX_BATCH: usize = 1000;
/// The largest batch, in bytes: what a batch holds is outside the bounds of the client's queue.
const MAX_BATCH_BYTES: usize = 256 * 1024;
/// How long a seek may take. It is answered by the client itself, not by a broker.
const SEEK_TIMEOUT: Duration = Duration::from_secs(10);

/// A partition, and the offset at which to begin.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// what to read
    pub partition: TopicPartition,
    /// where to begin
    pub offset: i64,
}

/// What arrives. `slot` is the place of the partition in the list that was assigned.
pub enum Event<'b> {
    /// A message.
    Message {
        /// the partition
        slot: usize,
        /// the message
        message: Message<'b>,
        /// its headers
        headers: Headers<'b>,
    },
    /// All there is has been delivered; repeats when more has been written and delivered.
    EndOfPartition {
        /// the partition
        slot: usize,
        /// where the next message will stand, past everything that is hidden or compacted away
        offset: i64,
    },
    /// The offset to be fetched is not in the log.
    OffsetOutOfRange {
        /// the partition
        slot: usize,
    },
    /// The partition cannot be read, and waiting does not help.
    Broken {
        /// the partition
        slot: usize,
        /// who can help
        failure_type: FailureType,
        /// librdkafka's or the broker's own words
        cause: String,
        /// whether the user lacks the right to read it
        is_denied: bool,
    },
    /// Something that heals by itself.
    Complaint {
        /// librdkafka's own words
        cause: String,
    },
}

/// Reads partitions from one data queue.
pub struct Consumer {
    queue: DataQueue,
    client: Client,
    partitions: Vec<TopicPartition>,
    slots: Slots,
    batch: usize,
}

impl Consumer {
    /// Starts to read.
    pub fn assign(client: Client, assignments: &[Assignment]) -> Result<Self, Error> {
        let mut queue = DataQueue::new(client.consumer.clone(), MAX_BATCH);
        for Assignment { partition: TopicPartition { topic, partition }, offset } in assignments {
            queue.start(topic, *partition, *offset).map_err(|code| {
                let attempt = format!("starting to read topic `{topic}`, partition {partition}");
                client.error(&KafkaError::MessageConsumption(code), &attempt)
            })?;
        }
        let partitions: Vec<_> = assignments.iter().map(|assignment| assignment.partition.clone()).collect();
        let slots = Slots::new(&partitions);
        Ok(Self { queue, client, partitions, slots, batch: 1 })
    }

    /// The connection.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The partition of a slot.
    #[must_use]
    pub fn partition(&self, slot: usize) -> Option<&TopicPartition> {
        self.partitions.get(slot)
    }

    /// Hands what has arrived to `handle`, waiting at most `timeout` for the first of it. Returns how many events there
    /// were; an error of `handle` ends the batch.
    pub fn consume<E>(
        &mut self,
        timeout: Duration,
        mut handle: impl FnMut(Event<'_>) -> Result<(), E>,
    ) -> Result<usize, E> {
        // librdkafka waits until the batch is full, not until something is there: so take what is there, and only wait
        // for a single message when that is nothing.
        let mut batch = self.queue.consume(self.batch, Duration::ZERO);
        if batch.len() == 0 {
            drop(batch);
            batch = self.queue.consume(1, timeout);
        }
        let mut bytes = 0;
        for item in batch.iter() {
            if let Some(event) = event(item, &mut self.slots, &mut bytes) {
                handle(event)?;
            }
        }
        let taken = batch.len();
        drop(batch);
        self.batch = next_batch(self.batch, taken, bytes);
        Ok(taken)
    }

    /// Stops fetching these partitions; what the client holds of them is thrown away.
    pub fn pause(&self, slots: &[usize]) -> Result<(), Error> {
        let mut list = TopicPartitionList::with_capacity(slots.len());
        for partition in slots.iter().filter_map(|&slot| self.partitions.get(slot)) {
            list.add_partition(&partition.topic, partition.partition);
        }
        self.client.consumer.pause(&list).map_err(|error| self.client.error(&error, "pausing partitions"))
    }

    /// Goes on with a partition at this offset, whatever has been fetched of it.
    pub fn restart(&self, slot: usize, offset: i64) -> Result<(), Error> {
        let Some(partition) = self.partitions.get(slot) else { return Ok(()) };
        let attempt = "seeking in a partition";
        let consumer = &self.client.consumer;
        consumer
            .seek(&partition.topic, partition.partition, Offset::Offset(offset), SEEK_TIMEOUT)
            .map_err(|error| self.client.error(&error, attempt))?;
        let mut list = TopicPartitionList::with_capacity(1);
        list.add_partition(&partition.topic, partition.partition);
        consumer.resume(&list).map_err(|error| self.client.error(&error, attempt))
    }
}

/// Small batches of large messages, large batches of small ones; doubling at most, so that a change from small to large
/// messages is noticed in time.
fn next_batch(current: usize, taken: usize, bytes: usize) -> usize {
    if taken == 0 {
        return current;
    }
    let mean = (bytes / taken).max(1);
    (MAX_BATCH_BYTES / mean).clamp(1, MAX_BATCH).min(current * 2)
}

fn event<'b>(item: Item<'b>, slots: &mut Slots, bytes: &mut usize) -> Option<Event<'b>> {
    let Some(code) = item.error() else {
        *bytes += item.size();
        let slot = slots.of(item)?;
        return Some(Event::Message { slot, message: item.message(), headers: item.headers() });
    };
    let Some(slot) = slots.of(item) else {
        return Some(Event::Complaint { cause: item.error_text() });
    };
    Some(match code {
        RDKafkaErrorCode::PartitionEOF => Event::EndOfPartition { slot, offset: item.offset() },
        RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange => Event::OffsetOutOfRange { slot },
        code if error::heals(code) => Event::Complaint { cause: item.error_text() },
        code => Event::Broken {
            slot,
            failure_type: error::who_can_help(code),
            cause: item.error_text(),
            is_denied: code == RDKafkaErrorCode::TopicAuthorizationFailed,
        },
    })
}

/// Finds the slot of a message. Messages come in runs of one partition, so the last answer is nearly always the next.
struct Slots {
    last: ((usize, i32), usize),
    by_handle: HashMap<(usize, i32), usize>,
    by_name: HashMap<TopicPartition, usize>,
}

impl Slots {
    fn new(partitions: &[TopicPartition]) -> Self {
        let by_name = partitions.iter().cloned().enumerate().map(|(slot, partition)| (partition, slot)).collect();
        // No message has this partition.
        Self { last: ((0, i32::MIN), 0), by_handle: HashMap::new(), by_name }
    }

    fn of(&mut self, item: Item<'_>) -> Option<usize> {
        let key = (item.topic_handle(), item.partition());
        if self.last.0 == key {
            return Some(self.last.1);
        }
        let slot = if let Some(&slot) = self.by_handle.get(&key) {
            slot
        } else {
            let name = TopicPartition { topic: item.topic()?, partition: item.partition() };
            let slot = *self.by_name.get(&name)?;
            self.by_handle.insert(key, slot);
            slot
        };
        self.last = (key, slot);
        Some(slot)
    }
}
