//! What can go wrong with Kafka, in the categories that decide what happens next.

use rdkafka::types::RDKafkaErrorCode;

use super::token::TokenError;
use crate::error::FailureType;

/// Something librdkafka complained of outside a call: the callback's error, with the text that names the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// librdkafka's error code
    pub code: RDKafkaErrorCode,
    /// librdkafka's own words
    pub text: String,
}

impl Complaint {
    /// Whether it says more than "all brokers are down", which accompanies nearly every other complaint.
    pub(super) fn is_specific(&self) -> bool {
        self.code != RDKafkaErrorCode::AllBrokersDown
    }

    /// Whether a broker, or the Kerberos library, did not accept the login.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        self.code == RDKafkaErrorCode::Authentication
    }

    /// The address that it is about: the text begins with `sasl_ssl://host:port/broker: `, the scheme and the broker being
    /// optional.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        let (name, _) = self.text.split_once(": ")?;
        let name = name.split_once("://").map_or(name, |(_, name)| name);
        let address = name.split_once('/').map_or(name, |(address, _)| address);
        address.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map(|_| address)
    }

    /// The number of the broker that it is about; none: an address of the configuration.
    #[must_use]
    pub fn broker(&self) -> Option<i32> {
        let (name, _) = self.text.split_once(": ")?;
        name.rsplit_once('/')?.1.parse().ok()
    }

    /// What was said, without librdkafka's frame: its address, its own preface, and how long it took.
    #[must_use]
    pub fn words(&self) -> &str {
        let words = match self.address() {
            Some(_) => self.text.split_once(": ").map_or(self.text.as_str(), |(_, words)| words),
            None => &self.text,
        };
        let words = words.split_once(" (after ").map_or(words, |(words, _)| words);
        words.strip_prefix("SASL authentication error: ").unwrap_or(words)
    }
}

/// An error of the Kafka client.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// librdkafka refused a property or its value.
    #[error("the Kafka client refused its settings: {0}")]
    Settings(String),

    /// Kerberos gave no ticket.
    #[error("no Kerberos ticket for `{principal}`: {cause}")]
    Ticket {
        /// who asked for it
        principal: String,
        /// kinit's own words
        cause: String,
        /// who can help
        failure_type: FailureType,
    },

    /// There is no token to show to the brokers.
    #[error("no token for the brokers: {0}")]
    Token(#[source] TokenError),

    /// No broker answered.
    #[error("no answer from a broker at `{servers}` while {attempt}: {cause}")]
    Unreachable {
        /// the configured addresses
        servers: String,
        /// what was tried
        attempt: String,
        /// the most specific thing librdkafka said
        cause: String,
        /// everything that it said
        complaints: Vec<Complaint>,
    },

    /// A broker answered, but could not serve the request now.
    #[error("the brokers could not answer while {attempt}: {cause}")]
    Unavailable {
        /// what was tried
        attempt: String,
        /// the broker's or the library's own words
        cause: String,
    },

    /// The topic does not exist, or may not be seen.
    #[error("topic `{topic}` does not exist on the cluster, or this user may not describe it")]
    UnknownTopic {
        /// its name
        topic: String,
    },

    /// The user may not do what is needed.
    #[error("the brokers deny access while {attempt}: {cause}")]
    Denied {
        /// what was tried
        attempt: String,
        /// the broker's own words
        cause: String,
    },

    /// The client gave up for good.
    #[error("the Kafka client failed while {attempt}: {cause}")]
    Fatal {
        /// what was tried
        attempt: String,
        /// librdkafka's own words
        cause: String,
    },

    /// Messages arrived outside the data queue: the client is used wrongly, and some would be lost.
    #[error("a message of topic `{topic}`, partition {partition}, offset {offset} arrived outside the data queue")]
    Misrouted {
        /// topic
        topic: String,
        /// partition
        partition: i32,
        /// offset
        offset: i64,
    },
}

impl Error {
    /// Who can help.
    #[must_use]
    pub fn failure_type(&self) -> FailureType {
        match self {
            Self::Ticket { failure_type, .. } => *failure_type,
            Self::Token(error) => error.failure_type,
            Self::Settings(_) | Self::UnknownTopic { .. } | Self::Denied { .. } => FailureType::Config,
            Self::Unreachable { .. } | Self::Unavailable { .. } => FailureType::Transient,
            Self::Fatal { .. } | Self::Misrouted { .. } => FailureType::System,
        }
    }

    /// What the user can do about it, if there is something to say.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Settings(_) => Some("check the entries of `kafka_properties`"),
            Self::Ticket { .. } => Some("check `principal`, `keytab` and `krb5_conf` of `protocol.authentication`"),
            Self::Unreachable { .. } => Some(
                "check `bootstrap_servers`, `protocol`, and that every broker's advertised address can be reached from here",
            ),
            Self::UnknownTopic { .. } => Some("check `subscription` and the topic's access rights"),
            Self::Denied { attempt, .. } if attempt.contains("`group_id`") => {
                Some("grant READ on that group to this user")
            }
            Self::Denied { .. } => Some("grant READ and DESCRIBE on the topic"),
            Self::Token(_) | Self::Unavailable { .. } | Self::Fatal { .. } | Self::Misrouted { .. } => None,
        }
    }

    /// Sorts an error code that a call returned into its category.
    pub(super) fn of_call(code: RDKafkaErrorCode, attempt: &str, servers: &str, complaints: Vec<Complaint>) -> Self {
        let attempt = attempt.to_owned();
        // Whoever asks a group that is not theirs is told by a complaint; the call itself runs out of time.
        let is_denied = |complaint: &Complaint| complaint.code == RDKafkaErrorCode::GroupAuthorizationFailed;
        let code = complaints.iter().find(|complaint| is_denied(complaint)).map_or(code, |complaint| complaint.code);
        let specific = complaints.iter().rev().find(|complaint| complaint.is_specific());
        let cause = specific.map_or_else(|| code.to_string(), |complaint| complaint.text.clone());
        match code {
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed => Self::Denied { attempt, cause: code.to_string() },
            code if says_nothing(code) => Self::Unreachable { servers: servers.to_owned(), attempt, cause, complaints },
            RDKafkaErrorCode::Fatal => Self::Fatal { attempt, cause },
            _ => Self::Unavailable { attempt, cause: code.to_string() },
        }
    }
}

/// The code of a call that nobody answered.
pub(super) const SILENCE: RDKafkaErrorCode = RDKafkaErrorCode::BrokerTransportFailure;

/// Whether a call that fails with this code only says that no broker answered, while the reason is in a callback.
pub(super) fn says_nothing(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::BrokerTransportFailure
            | RDKafkaErrorCode::AllBrokersDown
            | RDKafkaErrorCode::Resolve
            | RDKafkaErrorCode::OperationTimedOut
            | RDKafkaErrorCode::RequestTimedOut
            | RDKafkaErrorCode::Authentication
            | RDKafkaErrorCode::SSL
    )
}

/// Whether an error that arrives between messages heals by itself: librdkafka goes on trying, and so do we.
///
/// Everything that is not the user's to mend or fatal is left to heal; a read without progress ends by its own clock.
pub(super) fn heals(code: RDKafkaErrorCode) -> bool {
    !matches!(
        code,
        RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::UnknownTopic
            | RDKafkaErrorCode::UnknownPartition
            | RDKafkaErrorCode::BadMessage
            | RDKafkaErrorCode::InvalidMessage
            | RDKafkaErrorCode::BadCompression
            | RDKafkaErrorCode::NotImplemented
            | RDKafkaErrorCode::Fatal
    )
}

/// Who can help with an error that does not heal.
pub(super) fn who_can_help(code: RDKafkaErrorCode) -> FailureType {
    match code {
        RDKafkaErrorCode::TopicAuthorizationFailed
        | RDKafkaErrorCode::UnknownTopicOrPartition
        | RDKafkaErrorCode::UnknownTopic
        | RDKafkaErrorCode::UnknownPartition => FailureType::Config,
        // A damaged batch may be whole on another replica.
        RDKafkaErrorCode::BadMessage | RDKafkaErrorCode::InvalidMessage | RDKafkaErrorCode::BadCompression => {
            FailureType::Transient
        }
        _ => FailureType::System,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_taken_apart() {
        let complaint = |text: &str| Complaint { code: RDKafkaErrorCode::Authentication, text: text.to_owned() };
        let parts = |text: &str| {
            let complaint = complaint(text);
            (complaint.address().map(str::to_owned), complaint.broker(), complaint.words().to_owned())
        };
        let of = |address: Option<&str>, broker, words: &str| (address.map(str::to_owned), broker, words.to_owned());
        let refused = "sasl_ssl://b-1.example:9096/bootstrap: SASL authentication error: Authentication failed: Invalid \
                       username or password (after 5ms in state AUTH_REQ)";
        assert_eq!(
            parts(refused),
            of(Some("b-1.example:9096"), None, "Authentication failed: Invalid username or password")
        );
        let unknown =
            "kafka-2:9092/2: Failed to resolve 'kafka-2:9092': Name or service not known (after 3ms in state CONNECT)";
        assert_eq!(
            parts(unknown),
            of(Some("kafka-2:9092"), Some(2), "Failed to resolve 'kafka-2:9092': Name or service not known")
        );
        assert_eq!(parts("1/1 brokers are down"), of(None, None, "1/1 brokers are down"));
        assert_eq!(parts("fetch failed: Broker: timed out"), of(None, None, "fetch failed: Broker: timed out"));
    }
}
