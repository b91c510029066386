//! The one error that ends a command: who can help, what the user reads, and the chain of causes for the log.

use std::error::Error as StdError;
use std::path::PathBuf;

use crate::{airbyte, config, kafka, offsets, state};

/// Who can help with a failure, in Airbyte's words. A `config_error` is not retried by the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureType {
    /// the user has to change something
    Config,
    /// trying again may help
    Transient,
    /// we made a mistake
    System,
}

impl FailureType {
    /// Airbyte's name of the type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Config => "config_error",
            Self::Transient => "transient_error",
            Self::System => "system_error",
        }
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command line lacks something.
    #[error("invalid command line: {0}")]
    Usage(String),

    /// A file that was named on the command line cannot be read.
    #[error("cannot read the {kind} file `{path}`")]
    File {
        /// config, catalog or state
        kind: &'static str,
        /// its path
        path: PathBuf,
        /// why
        source: std::io::Error,
    },

    /// The configuration is not valid.
    #[error("invalid configuration: {0}")]
    Config(#[from] config::ConfigError),

    /// The configured catalog is not valid.
    #[error("invalid configured catalog: {0}")]
    Catalog(#[from] airbyte::CatalogError),

    /// The incoming state is not valid.
    #[error("invalid state: {0}")]
    State(#[from] state::Error),

    /// The catalog asks for a topic that the configuration does not choose.
    #[error(
        "stream `{stream}` is not chosen by {subscription}; change the subscription or take the stream out of the catalog"
    )]
    NotSubscribed {
        /// the stream
        stream: String,
        /// the configured choice
        subscription: String,
    },

    /// Nothing on the cluster fits a configured pattern.
    #[error("{pattern} chooses no topic; the cluster shows this user {seen}, internal ones included")]
    NoTopics {
        /// the field and its pattern
        pattern: String,
        /// how many topics there are
        seen: usize,
    },

    /// The exclusions leave nothing of what is named.
    #[error("`subscription.exclude` takes out every topic of {subscription}; take an entry out of one of the two")]
    AllExcluded {
        /// the configured choice
        subscription: String,
    },

    /// The configuration names a partition that the topic does not have.
    #[error(
        "`subscription.topic_partitions`: topic `{topic}` has no partition {partition}, its partitions are 0 to {last}"
    )]
    NoPartition {
        /// topic
        topic: String,
        /// the partition asked for
        partition: i32,
        /// the highest that exists
        last: i32,
    },

    /// Offsets that the sync needs are gone.
    #[error("topic `{topic}`, partition {partition}: {lost}")]
    LostOffsets {
        /// topic
        topic: String,
        /// partition
        partition: i32,
        /// what is gone
        lost: offsets::Lost,
    },

    /// Another topic has the name of the one that the state is of.
    #[error(
        "topic `{topic}` was deleted and created again since the last sync (its id was `{known}` and is `{found}`): the \
         offsets of the state are not of this topic; choose `on_lost_offsets` `earliest` or `latest` to read the new one, \
         or clear the stream's state"
    )]
    Recreated {
        /// topic
        topic: String,
        /// the id in the state
        known: String,
        /// the id on the cluster
        found: String,
    },

    /// Start from committed offsets was asked for, and there is none.
    #[error(
        "topic `{topic}`, partition {partition}: `group_id` `{group_id}` has no committed offset, and `auto_offset_reset` is `none`; \
         choose where to start with `start_from`"
    )]
    NothingCommitted {
        /// topic
        topic: String,
        /// partition
        partition: i32,
        /// consumer group
        group_id: String,
    },

    /// A message cannot be decoded, and the policy is to fail.
    #[error(
        "topic `{topic}`, partition {partition}, offset {offset}: {reason}; the {part} begins with {preview}. \
         Choose `on_bad_message` `skip` or `rescue` to go on, or another format"
    )]
    BadMessage {
        /// topic
        topic: String,
        /// partition
        partition: i32,
        /// offset
        offset: i64,
        /// key or value
        part: &'static str,
        /// what is wrong with it
        reason: String,
        /// its first bytes as hex
        preview: String,
    },

    /// The Kafka client failed.
    #[error("{0}")]
    Kafka(#[from] kafka::Error),

    /// A step on the way to the messages does not work, and it is known why.
    #[error("{step} failed{place}: {cause}{}{advice}", if advice.is_empty() { "" } else { "; " })]
    Step {
        /// which one
        step: &'static str,
        /// ` at` the address, if it is about one
        place: String,
        /// what was said or seen
        cause: String,
        /// what to change; empty where the cause says it
        advice: String,
        /// who can help
        failure_type: FailureType,
    },

    /// A partition cannot be read.
    #[error("topic `{topic}`, partition {partition} cannot be read: {cause}")]
    Partition {
        /// topic
        topic: String,
        /// partition
        partition: i32,
        /// librdkafka's or the broker's own words
        cause: String,
        /// who can help
        failure_type: FailureType,
    },

    /// No messages arrive although there are more.
    #[error("no message for {seconds} s, and {remaining} are still to come: {cause}")]
    Stalled {
        /// how long
        seconds: u64,
        /// messages missing, at most
        remaining: i64,
        /// the last complaint
        cause: String,
    },

    /// Standard output cannot be written.
    #[error("cannot write to standard output: {0}")]
    Output(#[from] airbyte::OutputError),

    /// Our own mistake.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    /// Who can help. Exhaustive on purpose: a new variant has to choose.
    #[must_use]
    pub fn failure_type(&self) -> FailureType {
        match self {
            Self::Usage(_)
            | Self::File { .. }
            | Self::Config(_)
            | Self::Catalog(_)
            | Self::State(_)
            | Self::NotSubscribed { .. }
            | Self::NoTopics { .. }
            | Self::AllExcluded { .. }
            | Self::NoPartition { .. }
            | Self::LostOffsets { .. }
            | Self::Recreated { .. }
            | Self::NothingCommitted { .. }
            | Self::BadMessage { .. } => FailureType::Config,
            Self::Kafka(error) => error.failure_type(),
            Self::Step { failure_type, .. } | Self::Partition { failure_type, .. } => *failure_type,
            Self::Stalled { .. } => FailureType::Transient,
            Self::Output(_) | Self::Internal(_) => FailureType::System,
        }
    }

    /// What the user reads: the error, and what to do about it where that is known.
    #[must_use]
    pub fn user_message(&self) -> String {
        let hint = match self {
            Self::Kafka(error) => error.hint(),
            Self::Stalled { .. } => Some("the next sync goes on from here"),
            Self::NoTopics { seen: 0, .. } => {
                Some("topics that a user may not describe are not shown: grant DESCRIBE and READ on them to this user")
            }
            _ => None,
        };
        match (hint, self.source().filter(|_| matches!(self, Self::File { .. }))) {
            (Some(hint), _) => format!("{self}; {hint}"),
            (None, Some(source)) => format!("{self}: {source}"),
            (None, None) => self.to_string(),
        }
    }

    /// The whole chain of causes, for the log.
    #[must_use]
    pub fn internal_message(&self) -> String {
        let mut text = self.to_string();
        let mut source = self.source();
        while let Some(cause) = source {
            let words = cause.to_string();
            // Some errors show their cause themselves.
            if !text.ends_with(&words) {
                text.push_str(": ");
                text.push_str(&words);
            }
            source = cause.source();
        }
        text
    }
}
