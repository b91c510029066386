//! Everything that talks to Kafka: the only module that knows rdkafka. What it hands out is plain.
//!
//! `client` connects, `metadata` and `offsets` ask questions, `consumer` reads. It knows nothing of Airbyte.

mod client;
mod consumer;
mod context;
mod error;
mod message;
mod metadata;
mod native;

pub use client::{Client, Options};
pub use consumer::{Assignment, Consumer, Event};
pub use error::{Complaint, Error};
pub use message::{Header, Message, Timestamp, TimestampType};
pub use metadata::{Cluster, Position, Topic, TopicError, TopicPartition};
pub use native::Headers;
