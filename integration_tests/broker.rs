//! The broker of the tests: librdkafka's own mock cluster, inside the test's process. It knows no transactions' control
//! records, no compaction and no times (the tests against real brokers do), and hands out one produced batch per fetch.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _};
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

/// How long producing may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A cluster that lives as long as the test, on the test's thread, and a producer to fill it.
pub struct Broker {
    cluster: MockCluster<'static, DefaultProducerContext>,
    producer: BaseProducer,
}

/// Held while a process is started, and while a broker goes down. It binds its port anew then, and aborts everything when
/// that fails; and the child of another test has our sockets between its fork and its exec.
static STARTING: Mutex<()> = Mutex::new(());

pub fn no_process_starts() -> MutexGuard<'static, ()> {
    STARTING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A message to be produced.
#[derive(Clone, Debug, Default)]
pub struct Message {
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    pub timestamp: Option<i64>,
}

impl Message {
    pub fn value(value: impl Into<Vec<u8>>) -> Self {
        Self { value: Some(value.into()), ..Self::default() }
    }

    pub fn tombstone(key: impl Into<Vec<u8>>) -> Self {
        Self { key: Some(key.into()), ..Self::default() }
    }

    pub fn with_key(self, key: impl Into<Vec<u8>>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    pub fn with_header(mut self, name: &str, value: Option<&[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.map(<[u8]>::to_vec)));
        self
    }

    pub fn at(self, timestamp: i64) -> Self {
        Self { timestamp: Some(timestamp), ..self }
    }
}

impl From<&str> for Message {
    fn from(value: &str) -> Self {
        Self::value(value)
    }
}

impl From<String> for Message {
    fn from(value: String) -> Self {
        Self::value(value)
    }
}

impl Broker {
    pub fn start() -> Self {
        Self::with_producer(&[])
    }

    /// With properties of the producer, such as the codec or the size of batches.
    pub fn with_producer(properties: &[(&str, &str)]) -> Self {
        Self::several(1, properties)
    }

    /// Several brokers, numbered from 1.
    pub fn several(brokers: i32, properties: &[(&str, &str)]) -> Self {
        let cluster = MockCluster::new(brokers).unwrap();
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", cluster.bootstrap_servers());
        config.set("message.max.bytes", "20000000").set("linger.ms", "1").set("batch.num.messages", "500");
        // librdkafka reports a broker that is down on standard error, where it would stand between the tests' names.
        config.set("log_level", "0");
        for (name, value) in properties {
            config.set(*name, *value);
        }
        Self { cluster, producer: config.create().unwrap() }
    }

    pub fn servers(&self) -> String {
        self.cluster.bootstrap_servers()
    }

    pub fn topic(&self, name: &str, partitions: i32) {
        self.cluster.create_topic(name, partitions, 1).unwrap();
    }

    /// A topic with one partition, which this broker leads.
    pub fn topic_led_by(&self, broker: i32, name: &str) {
        self.topic(name, 1);
        self.cluster.partition_leader(name, 0, Some(broker)).unwrap();
    }

    /// Writes messages to a partition, in this order. The topic has to exist.
    pub fn produce<M: Into<Message>>(&self, topic: &str, partition: i32, messages: impl IntoIterator<Item = M>) {
        self.produce_soon(topic, partition, messages);
        self.flush();
    }

    /// Writes messages that are there after [`flush`](Self::flush).
    pub fn produce_soon<M: Into<Message>>(&self, topic: &str, partition: i32, messages: impl IntoIterator<Item = M>) {
        for message in messages {
            let Message { key, value, headers, timestamp } = message.into();
            let mut record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(topic).partition(partition);
            if let Some(key) = &key {
                record = record.key(key);
            }
            if let Some(value) = &value {
                record = record.payload(value);
            }
            if let Some(timestamp) = timestamp {
                record = record.timestamp(timestamp);
            }
            if !headers.is_empty() {
                let list = headers
                    .iter()
                    .fold(OwnedHeaders::new(), |list, (key, value)| list.insert(Header { key, value: value.as_ref() }));
                record = record.headers(list);
            }
            self.producer.send(record).map_err(|(error, _)| error).unwrap();
            self.producer.poll(Duration::ZERO);
        }
    }

    pub fn flush(&self) {
        self.producer.flush(PATIENCE).unwrap();
    }

    /// A topic with one partition that holds these messages.
    pub fn filled<M: Into<Message>>(&self, topic: &str, messages: impl IntoIterator<Item = M>) {
        self.topic(topic, 1);
        self.produce(topic, 0, messages);
    }

    /// What a consumer group has committed, by partition of a topic.
    pub fn committed(&self, group: &str, topic: &str, partitions: i32) -> Vec<Offset> {
        let mut list = TopicPartitionList::new();
        list.add_partition_range(topic, 0, partitions - 1);
        let committed = self.member_of(group).committed_offsets(list, PATIENCE).unwrap();
        committed.elements().iter().map(rdkafka::topic_partition_list::TopicPartitionListElem::offset).collect()
    }

    /// Commits the next offset of a partition for a consumer group.
    pub fn commit(&self, group: &str, topic: &str, partition: i32, next: i64) {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic, partition, Offset::Offset(next)).unwrap();
        self.member_of(group).commit(&list, CommitMode::Sync).unwrap();
    }

    fn member_of(&self, group: &str) -> BaseConsumer {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.servers()).set("group.id", group).set("log_level", "0");
        config.create().unwrap()
    }

    /// Cuts all connections and takes no new ones.
    pub fn down(&self) {
        self.one_down(-1);
    }

    /// The same of one of several brokers.
    pub fn one_down(&self, broker: i32) {
        let _guard = no_process_starts();
        self.cluster.broker_down(broker).unwrap();
    }

    /// Takes connections again.
    pub fn up(&self) {
        self.cluster.broker_up(-1).unwrap();
    }

    /// How long every answer is held back.
    pub fn slow(&self, round_trip: Duration) {
        self.one_slow(-1, round_trip);
    }

    /// The same of one of several brokers.
    pub fn one_slow(&self, broker: i32, round_trip: Duration) {
        self.cluster.broker_round_trip_time(broker, round_trip).unwrap();
    }

    /// The next requests of this kind get these errors.
    pub fn errors(&self, request: RDKafkaApiKey, errors: &[RDKafkaRespErr]) {
        self.cluster.request_errors(request, errors);
    }

    /// Metadata requests for this topic get this error.
    pub fn topic_error(&self, topic: &str, error: RDKafkaRespErr) {
        self.cluster.topic_error(topic, error).unwrap();
    }
}

/// Numbered JSON objects.
pub fn numbered(numbers: impl IntoIterator<Item = u32>) -> impl Iterator<Item = String> {
    numbers.into_iter().map(|number| format!(r#"{{"n":{number}}}"#))
}
