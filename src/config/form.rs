//! The form: exactly what the user wrote, field by field, and the source of `spec.json`.
//!
//! The doc comment of a field is the text under it in the form, its `order` and `group` are its place there. Nothing
//! here is resolved or defaulted beyond what the form itself pre-fills; that is the work of [`super::Settings`].

mod authentication;
mod choices;
mod format;
mod lists;
mod protocol;
mod registry;
mod start;
mod topics;

use schemars::JsonSchema;
use serde::Deserialize;

pub use authentication::{AwsCredentials, Gssapi, Login, Mechanism, OauthBearer};
pub use choices::{
    AutoOffsetReset, ClientDnsLookup, IsolationLevel, OnBadMessage, OnLostOffsets, PrimaryKey, RecordShape,
};
pub use format::{Avro, DeserializationStrategy, MessageFormat, Protobuf, Text};
pub use lists::{KafkaProperty, Transform};
pub use protocol::{Protocol, Sasl, SaslTls, Tls};
pub use registry::{AwsGlue, RegistryServer, SchemaRegistry};
pub use start::{RelativeStart, Start, TimestampStart};
pub use topics::{AssignedPartitions, TopicList, TopicPattern, TopicSelection};

/// How to reach a Kafka cluster, which topics to read, and how.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(title = "Kafka")]
pub struct Form {
    /// The brokers to contact first, as `host:port`, separated by commas. The rest of the cluster is found through
    /// them, so one is enough; name two or three and a sync still starts while one of them is down. IPv6 addresses
    /// stand in brackets: `[2001:db8::1]:9092`.
    #[schemars(
        title = "Bootstrap servers",
        extend("group" = "connection", "order" = 0, "examples" = ["kafka-1.example.com:9092,kafka-2.example.com:9092"])
    )]
    pub bootstrap_servers: String,

    /// How the connection to the brokers is protected. It must match the listener behind the bootstrap servers.
    #[schemars(title = "Security protocol", extend("group" = "connection", "order" = 1))]
    pub protocol: Protocol,

    /// Which topics become streams. Internal topics (names that begin with `__`, and `_schemas`) are read only when
    /// you name them in full.
    #[schemars(title = "Topics to read", extend("group" = "topics", "order" = 0))]
    pub subscription: TopicSelection,

    /// How message values are written.
    #[serde(rename = "MessageFormat")]
    #[schemars(title = "Value format", extend("group" = "messages", "order" = 0))]
    pub message_format: Option<MessageFormat>,

    /// Where the schemas of Avro, Protobuf and JSON Schema messages are kept.
    #[schemars(title = "Schema registry", extend("group" = "messages", "order" = 1))]
    pub schema_registry: Option<SchemaRegistry>,

    /// How message keys are written. They arrive in the column `_kafka_key`.
    #[schemars(title = "Key format", extend("group" = "messages", "order" = 2))]
    pub key_format: Option<MessageFormat>,

    /// `flattened`: each top-level field of a message is a column. `wrapped`: the whole message is in one column,
    /// `value`. Partition, offset, timestamp, key and headers are columns of their own in both.
    #[serde(default)]
    #[schemars(title = "Record shape", extend("group" = "records", "order" = 0))]
    pub record_shape: RecordShape,

    /// `offset`: every message is a row of its own; partition and offset are its key. `message_key`: the newest
    /// message of each key is the row, and a message without value (a tombstone) deletes it; for changelog and
    /// compacted topics.
    #[serde(default)]
    #[schemars(title = "Primary key", extend("group" = "records", "order" = 1))]
    pub primary_key: PrimaryKey,

    /// What to do with a message that cannot be decoded. `fail`: stop and name it. `skip`: leave it out, count it and
    /// log it. `rescue`: deliver it with the reason in `_kafka_error` and its bytes in `_kafka_extra`.
    #[serde(default)]
    #[schemars(title = "On a bad message", extend("group" = "records", "order" = 2))]
    pub on_bad_message: OnBadMessage,

    /// What to do when messages were deleted by the broker before they could be read, or a topic was recreated.
    /// `fail`: stop and name the lost range. `earliest`: go on with the oldest message there is. `latest`: go on with
    /// new messages only. The lost range is logged in either case.
    #[serde(default)]
    #[schemars(title = "On lost offsets", extend("group" = "records", "order" = 3))]
    pub on_lost_offsets: OnLostOffsets,

    /// jq programs that filter, split or reshape the messages of some topics before they become records.
    #[serde(default)]
    #[schemars(title = "Transforms", extend("group" = "records", "order" = 4))]
    pub transforms: Vec<Transform>,

    /// Where the first sync of a stream begins. Later syncs go on where the last one stopped.
    #[schemars(title = "Start from", extend("group" = "reading", "order" = 0))]
    pub start_from: Option<Start>,

    /// The largest number of records one sync delivers, over all streams together; the next sync goes on from there.
    /// 0: no limit.
    #[serde(default)]
    #[schemars(title = "Maximum records per sync", extend("group" = "reading", "order" = 1))]
    pub max_records_process: u64,

    /// After this many seconds a sync ends at its next checkpoint; the next sync goes on from there. 0: no limit.
    #[serde(default)]
    #[schemars(title = "Maximum seconds per sync", extend("group" = "reading", "order" = 2))]
    pub max_sync_seconds: u64,

    /// A sync ends when everything that was in the topics at its start has been read. When brokers stop delivering
    /// before that, it waits for this many milliseconds, times the repeated calls plus one, and at least 10 seconds.
    #[serde(default = "polling_time")]
    #[schemars(title = "Polling time, ms", extend("group" = "reading", "order" = 3))]
    pub polling_time: u64,

    /// How many times the polling time is repeated while no message arrives.
    #[serde(default = "repeated_calls")]
    #[schemars(title = "Repeated calls", extend("group" = "reading", "order" = 4))]
    pub repeated_calls: u64,

    /// `read_committed`: messages of open and aborted transactions are left out. `read_uncommitted`: all messages.
    #[serde(default)]
    #[schemars(title = "Isolation level", extend("group" = "reading", "order" = 5))]
    pub isolation_level: IsolationLevel,

    /// A consumer group. Reading does not need one: progress is kept in the state of the connection. Give one to
    /// start from its committed offsets, or to see the lag of this connection in your Kafka tools.
    #[schemars(title = "Group ID", extend("group" = "advanced", "order" = 0, "examples" = ["airbyte-orders"]))]
    pub group_id: Option<String>,

    /// Commit what the destination has accepted to the consumer group, so that tools show the lag. Reading never
    /// depends on these commits.
    #[serde(default)]
    #[schemars(title = "Commit offsets to the group", extend("group" = "advanced", "order" = 1))]
    pub enable_auto_commit: bool,

    /// The name under which the brokers log and throttle this client.
    #[schemars(title = "Client ID", extend("group" = "advanced", "order" = 2, "examples" = ["airbyte"]))]
    pub client_id: Option<String>,

    /// A topic that the connection test reads a message from. Empty: the test looks at the selected topics.
    #[schemars(title = "Test topic", extend("group" = "advanced", "order" = 3, "examples" = ["orders"]))]
    pub test_topic: Option<String>,

    /// How many messages of each topic are looked at to find its columns. 0: none; all fields of a message are then
    /// delivered in `_kafka_extra`.
    #[serde(default = "schema_sample_messages")]
    #[schemars(title = "Messages sampled per topic", range(max = 10_000), extend("group" = "advanced", "order" = 4))]
    pub schema_sample_messages: u32,

    /// How host names are resolved.
    #[schemars(title = "Client DNS lookup", extend("group" = "advanced", "order" = 5, "default" = "use_all_dns_ips"))]
    pub client_dns_lookup: Option<ClientDnsLookup>,

    /// How many milliseconds to wait before a failed request is repeated.
    #[schemars(title = "Retry backoff, ms", extend("group" = "advanced", "order" = 6, "default" = 100))]
    pub retry_backoff_ms: Option<u64>,

    /// How many milliseconds to wait for the answer to a request.
    #[schemars(
        title = "Request timeout, ms", range(min = 1),
        extend("group" = "advanced", "order" = 7, "default" = 30_000)
    )]
    pub request_timeout_ms: Option<u64>,

    /// The size of the TCP receive buffer. Empty, 0 or -1: what the operating system chooses, which is best for most
    /// networks.
    #[schemars(title = "Receive buffer, bytes", range(min = -1), extend("group" = "advanced", "order" = 8))]
    pub receive_buffer_bytes: Option<i64>,

    /// Properties of the Kafka client library, under the names that librdkafka documents. Properties that have a field
    /// in this form are set there.
    #[serde(default)]
    #[schemars(title = "Kafka client properties", extend("group" = "advanced", "order" = 9))]
    pub kafka_properties: Vec<KafkaProperty>,

    /// Accepted from older configurations, without effect: records are written as they arrive.
    #[schemars(title = "Max poll records", extend("group" = "advanced", "order" = 10, "airbyte_hidden" = true))]
    pub max_poll_records: Option<u64>,

    /// Accepted from older configurations, without effect: offsets are committed once per sync.
    #[schemars(title = "Auto commit interval, ms", extend("group" = "advanced", "order" = 11, "airbyte_hidden" = true))]
    pub auto_commit_interval_ms: Option<u64>,

    /// The older form of `start_from`, used when that is absent.
    #[schemars(title = "Auto offset reset", extend("group" = "advanced", "order" = 12, "airbyte_hidden" = true))]
    pub auto_offset_reset: Option<AutoOffsetReset>,
}

fn polling_time() -> u64 {
    100
}

fn repeated_calls() -> u64 {
    3
}

fn schema_sample_messages() -> u32 {
    100
}
