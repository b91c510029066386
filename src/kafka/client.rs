//! Connecting: from plain options to a librdkafka client, with the reason for every property.

use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;

use super::context::Context;
use super::error::{self, Complaint, Error};
use super::token::{self, TokenSource};
use super::{kerberos, security};
use crate::config::{Authentication, Security};

/// How long to wait for the complaint that explains a failed call.
const EXPLANATION_DELAY: Duration = Duration::from_millis(500);

/// What a connection needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// `host:port,host:port`
    pub bootstrap_servers: String,
    /// how the connection is protected
    pub security: Security,
    /// where tokens come from, for `OAUTHBEARER`
    pub tokens: Option<TokenSource>,
    /// a consumer group, only for a client that asks for committed offsets or commits: reading needs none
    pub group_id: Option<String>,
    /// a label in the brokers' logs
    pub client_id: Option<String>,
    /// hide messages of open and aborted transactions
    pub read_committed: bool,
    /// the user's own properties, in librdkafka's names
    pub properties: Vec<(String, String)>,
    /// how long one request to the brokers may take
    pub request_timeout: Duration,
}

/// A connection to a cluster.
///
/// It is never destroyed: a command needs one or two and the process ends with them, while destroying one waits for its
/// threads, for ever if messages are outstanding.
pub struct Client {
    pub(super) consumer: Arc<ManuallyDrop<BaseConsumer<Context>>>,
    /// for error messages
    bootstrap_servers: String,
}

impl Client {
    /// Makes a client, with the ticket or the token that it needs. The first request connects it.
    pub fn new(options: Options) -> Result<Self, Error> {
        if let Some(Authentication::Gssapi(kerberos)) = &options.security.authentication {
            kerberos::log_in(kerberos)?;
        }
        let first = options.tokens.as_ref().map(token::first).transpose()?;
        let consumer: BaseConsumer<Context> = properties(&options)
            .create_with_context(Context::default())
            .map_err(|error| Error::Settings(creation_cause(&error)))?;
        let consumer = Arc::new(ManuallyDrop::new(consumer));
        if let (Some(tokens), Some(first)) = (&options.tokens, first) {
            token::keep_fresh(Arc::clone(&consumer), tokens.clone(), first)?;
        }
        Ok(Self { consumer, bootstrap_servers: options.bootstrap_servers })
    }

    pub(super) fn bootstrap_servers(&self) -> &str {
        &self.bootstrap_servers
    }

    /// Serves librdkafka's callbacks, and returns what it complained of since the last call.
    pub fn complaints(&self) -> Result<Vec<Complaint>, Error> {
        while self.serve_callback(Duration::ZERO)? {}
        Ok(self.consumer.client().context().take_complaints())
    }

    /// Serves one callback. False is no proof that none is left: a log line counts for nothing here.
    fn serve_callback(&self, timeout: Duration) -> Result<bool, Error> {
        use rdkafka::message::Message as _;
        match self.consumer.poll(timeout) {
            None => Ok(false),
            Some(Ok(message)) => Err(Error::Misrouted {
                topic: message.topic().to_owned(),
                partition: message.partition(),
                offset: message.offset(),
            }),
            Some(Err(KafkaError::MessageConsumptionFatal(code))) => {
                Err(Error::Fatal { attempt: "reading".to_owned(), cause: code.to_string() })
            }
            Some(Err(error)) => {
                // The context has taken note of everything but what belongs to consumer groups.
                if error.rdkafka_error_code() == Some(RDKafkaErrorCode::GroupAuthorizationFailed) {
                    self.consumer
                        .client()
                        .context()
                        .note(RDKafkaErrorCode::GroupAuthorizationFailed, &error.to_string());
                }
                Ok(true)
            }
        }
    }

    /// Turns the error of a call into ours, with the most specific thing that librdkafka said meanwhile.
    pub(super) fn error(&self, error: &KafkaError, attempt: &str) -> Error {
        let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
        let complaints = if error::says_nothing(code) { self.explanation() } else { Vec::new() };
        Error::of_call(code, attempt, &self.bootstrap_servers, complaints)
    }

    /// The complaints that explain a failed call. They may come a moment after the call's own error.
    fn explanation(&self) -> Vec<Complaint> {
        self.complaints_within(EXPLANATION_DELAY)
    }

    /// What librdkafka complains of, waiting so long for something that says more than that all brokers are down.
    pub(super) fn complaints_within(&self, time: Duration) -> Vec<Complaint> {
        let deadline = Instant::now() + time;
        let mut complaints = Vec::new();
        loop {
            let broken = self.serve_callback(Duration::from_millis(10)).is_err();
            complaints.append(&mut self.consumer.client().context().take_complaints());
            if complaints.iter().any(Complaint::is_specific) || broken || Instant::now() >= deadline {
                return complaints;
            }
        }
    }
}

fn creation_cause(error: &KafkaError) -> String {
    match error {
        KafkaError::ClientConfig(_, cause, name, _) => format!("`{name}`: {cause}"),
        KafkaError::ClientCreation(cause) => cause.clone(),
        other => other.to_string(),
    }
}

/// The properties of every client. The user's own come before those that correctness depends on, and after the others.
fn properties(options: &Options) -> ClientConfig {
    let mut config = ClientConfig::new();
    let is_debugged = options.properties.iter().any(|(name, _)| name == "debug");
    config.set_log_level(if is_debugged { RDKafkaLogLevel::Debug } else { RDKafkaLogLevel::Info });
    let request_timeout = options.request_timeout.as_millis().clamp(10, 300_000).to_string();
    let defaults = [
        // Default 50 MiB. Smaller responses stay in the processor's caches and halve the memory; the cost is at most
        // this much per round trip and broker.
        ("fetch.max.bytes", "1048576"),
        // Default 1000. After the queue was full, the client waits so long before it fetches again.
        ("fetch.queue.backoff.ms", "1"),
        // Default 65536. Counts payload only, over all partitions, because they share one queue.
        ("queued.max.messages.kbytes", "4096"),
        // Default 100000. The bound that matters for small messages: each has an overhead of some hundred bytes.
        ("queued.min.messages", "10000"),
        // Default false. Costs 1 %, and a flipped bit must not reach a warehouse.
        ("check.crcs", "true"),
        // Default true. Brokers close idle connections all the time; that is no news.
        ("log.connection.close", "false"),
        // Default 1000. Restarted brokers are back sooner than that.
        ("reconnect.backoff.max.ms", "1000"),
        // Default off. A connection that a firewall dropped is noticed.
        ("socket.keepalive.enable", "true"),
        // Default 60000. A broker that hangs is noticed when a request takes longer than the user allows.
        ("socket.timeout.ms", request_timeout.as_str()),
        // Default 30000. A topic that is not there is reported sooner.
        ("topic.metadata.propagation.max.ms", "10000"),
    ];
    for (name, value) in defaults {
        config.set(name, value);
    }
    for (name, value) in &options.properties {
        config.set(name, value);
    }
    let owned = [
        ("bootstrap.servers", options.bootstrap_servers.as_str()),
        // Airbyte's state is the truth; the group's offsets are never moved behind its back.
        ("enable.auto.commit", "false"),
        ("enable.auto.offset.store", "false"),
        // An offset that is gone is an error for us to decide on, never a silent jump.
        ("auto.offset.reset", "error"),
        // The end of a partition is how a sync passes compacted and aborted messages at the tail.
        ("enable.partition.eof", "true"),
        ("isolation.level", if options.read_committed { "read_committed" } else { "read_uncommitted" }),
        // Asking for a topic must not create it.
        ("allow.auto.create.topics", "false"),
    ];
    for (name, value) in owned {
        config.set(name, value);
    }
    for (name, value) in security::properties(&options.security) {
        config.set(name, value);
    }
    for (name, value) in [("client.id", &options.client_id), ("group.id", &options.group_id)] {
        if let Some(value) = value {
            config.set(name, value);
        }
    }
    config
}
