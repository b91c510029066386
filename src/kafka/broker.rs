//! The brokers, as the cluster tells clients to find them.

use std::time::Duration;

use rdkafka::error::KafkaError;

use super::client::Client;
use super::error::{self, Error};
use super::native;

/// Complaints follow a call's failure this soon; log lines come before them.
const MOMENT: Duration = Duration::from_millis(50);

/// A broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// its number
    pub id: i32,
    /// the host that it advertises
    pub host: String,
    /// the port that it advertises
    pub port: u16,
}

impl Client {
    /// The brokers; nothing if none has answered in that time.
    pub fn brokers(&self, timeout: Duration) -> Result<Option<Vec<Broker>>, Error> {
        match native::brokers(&self.consumer, timeout) {
            // Kafka's own type of ports is wider than any port.
            Ok(brokers) => Ok(Some(
                brokers
                    .into_iter()
                    .map(|(id, host, port)| Broker { id, host, port: u16::try_from(port).unwrap_or(0) })
                    .collect(),
            )),
            Err(code) if error::says_nothing(code) => Ok(None),
            Err(code) => Err(self.error(&KafkaError::MetadataFetch(code), "asking for the brokers")),
        }
    }

    /// What librdkafka complains of within a moment.
    #[must_use]
    pub fn recent_complaints(&self) -> Vec<error::Complaint> {
        self.complaints_within(MOMENT)
    }

    /// The error of a cluster that does not answer at all, with what librdkafka said meanwhile.
    #[must_use]
    pub fn unreachable(&self, complaints: Vec<error::Complaint>) -> Error {
        Error::of_call(error::SILENCE, "connecting", self.bootstrap_servers(), complaints)
    }
}
