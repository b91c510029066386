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
            Self::Denied { .. } => Some("grant READ and DESCRIBE on the topic"),
            Self::Token(_) | Self::Unavailable { .. } | Self::Fatal { .. } | Self::Misrouted { .. } => None,
        }
    }

    /// Sorts an error code that a call returned into its category.
    pub(super) fn of_call(code: RDKafkaErrorCode, attempt: &str, servers: &str, complaint: Option<&Complaint>) -> Self {
        let attempt = attempt.to_owned();
        let cause = complaint.map_or_else(|| code.to_string(), |complaint| complaint.text.clone());
        match code {
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed => Self::Denied { attempt, cause: code.to_string() },
            code if says_nothing(code) => Self::Unreachable { servers: servers.to_owned(), attempt, cause },
            RDKafkaErrorCode::Fatal => Self::Fatal { attempt, cause },
            _ => Self::Unavailable { attempt, cause: code.to_string() },
        }
    }
}

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
