//! Everything that talks to Kafka: the only module that knows rdkafka. What it hands out is plain.
//!
//! `client` connects (with `security`, `kerberos` and `token`), `metadata` and `offsets` ask questions, `consumer` reads. It knows nothing of Airbyte.

mod broker;
mod client;
mod consumer;
mod context;
mod error;
mod kerberos;
mod message;
mod metadata;
mod native;
mod security;
mod token;

pub use broker::Broker;
pub use client::{Client, Options};
pub use consumer::{Assignment, Consumer, Event};
pub use error::{Complaint, Error};
pub use kerberos::remove_files;
pub use message::{Header, Message, Timestamp, TimestampType};
pub use metadata::{Answer, Position, Topic, TopicError, TopicPartition};
pub use native::Headers;
pub use token::{Token, TokenError, TokenSource};
