//! What a configuration means, resolved and checked, for the rest of the program.

use std::fmt;
use std::num::NonZeroU64;
use std::time::Duration;

use super::form::Form;
use super::{
    ConfigError, Format, IsolationLevel, OnBadMessage, OnLostOffsets, RecordShape, Security, StartFrom, Subscription,
    client_properties, servers,
};

/// Short polling times are what older configurations have, and end a sync over any network that is not idle.
const SHORTEST_IDLE_LIMIT: Duration = Duration::from_secs(10);
const DEFAULT_REQUEST_TIMEOUT_MS: u64 = 30_000;

/// What a configuration means.
#[derive(Clone)]
pub struct Settings {
    /// `host:port,host:port`
    pub bootstrap_servers: String,
    /// How the connection to them is protected.
    pub security: Security,
    /// Which topics are read.
    pub subscription: Subscription,
    /// How values are decoded.
    pub value_format: Format,
    /// How keys are decoded.
    pub key_format: Format,
    /// What a record looks like.
    pub record_shape: RecordShape,
    /// What happens to a message that cannot be decoded.
    pub on_bad_message: OnBadMessage,
    /// What happens when the next offset is not in the log any more.
    pub on_lost_offsets: OnLostOffsets,
    /// Where the first sync of a stream begins.
    pub start_from: StartFrom,
    /// The largest number of records in one sync.
    pub max_records: Option<NonZeroU64>,
    /// The longest time one sync may take.
    pub max_sync: Option<Duration>,
    /// How long a sync waits for messages that it knows to exist.
    pub idle_limit: Duration,
    /// Which messages of transactions are read.
    pub isolation_level: IsolationLevel,
    /// The consumer group to start from and to show the lag in.
    pub group_id: Option<String>,
    /// Whether offsets are committed to that group.
    pub enable_auto_commit: bool,
    /// The name of this client in the brokers' logs.
    pub client_id: Option<String>,
    /// The topic that `check` reads from.
    pub test_topic: Option<String>,
    /// How long to wait for the answer to a request.
    pub request_timeout: Duration,
    /// Properties of librdkafka that the user gave, in the order in which they are to be set.
    pub client_properties: Vec<(String, String)>,
    /// How many messages per topic `discover` looks at; 0: none.
    pub schema_sample_messages: u32,
}

impl Settings {
    pub(super) fn from_form(form: Form, warnings: &mut Vec<String>) -> Result<Self, ConfigError> {
        Ok(Self {
            bootstrap_servers: servers::normalise(&form.bootstrap_servers)?,
            security: Security::from_form(&form.protocol, warnings)?,
            subscription: Subscription::from_form(&form.subscription)?,
            value_format: Format::from_form(form.message_format.as_ref(), "MessageFormat")?,
            key_format: Format::from_form(form.key_format.as_ref(), "key_format")?,
            record_shape: form.record_shape,
            on_bad_message: form.on_bad_message,
            on_lost_offsets: form.on_lost_offsets,
            start_from: StartFrom::from_form(&form)?,
            max_records: NonZeroU64::new(form.max_records_process),
            max_sync: (form.max_sync_seconds > 0).then(|| Duration::from_secs(form.max_sync_seconds)),
            idle_limit: idle_limit(&form),
            isolation_level: form.isolation_level,
            enable_auto_commit: form.enable_auto_commit,
            // The range of librdkafka's `socket.timeout.ms`, which takes the same value.
            request_timeout: Duration::from_millis(
                form.request_timeout_ms.unwrap_or(DEFAULT_REQUEST_TIMEOUT_MS).clamp(10, 300_000),
            ),
            client_properties: client_properties::from_form(&form, warnings)?,
            schema_sample_messages: form.schema_sample_messages,
            group_id: form.group_id,
            client_id: form.client_id,
            test_topic: form.test_topic,
        })
    }
}

fn idle_limit(form: &Form) -> Duration {
    let polls = form.repeated_calls.saturating_add(1);
    Duration::from_millis(form.polling_time.saturating_mul(polls)).max(SHORTEST_IDLE_LIMIT)
}

/// Shows of the client properties the names only: nobody knows what users put there.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.client_properties.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Settings")
            .field("bootstrap_servers", &self.bootstrap_servers)
            .field("security", &self.security)
            .field("subscription", &self.subscription)
            .field("value_format", &self.value_format)
            .field("key_format", &self.key_format)
            .field("record_shape", &self.record_shape)
            .field("on_bad_message", &self.on_bad_message)
            .field("on_lost_offsets", &self.on_lost_offsets)
            .field("start_from", &self.start_from)
            .field("max_records", &self.max_records)
            .field("max_sync", &self.max_sync)
            .field("idle_limit", &self.idle_limit)
            .field("isolation_level", &self.isolation_level)
            .field("group_id", &self.group_id)
            .field("enable_auto_commit", &self.enable_auto_commit)
            .field("client_id", &self.client_id)
            .field("test_topic", &self.test_topic)
            .field("request_timeout", &self.request_timeout)
            .field("client_properties", &names)
            .field("schema_sample_messages", &self.schema_sample_messages)
            .finish()
    }
}
