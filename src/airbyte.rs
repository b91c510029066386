//! The Airbyte protocol: its messages, its catalog, and standard output. It knows nothing of Kafka.

mod catalog;
mod log;
mod message;
mod output;
mod redaction;

pub use self::catalog::{CatalogError, ConfiguredCatalog, ConfiguredStream, Stream, SyncMode};
pub use self::log::install as install_log;
pub use self::message::{
    CheckStatus, Estimate, Message, SourceStats, StateMessage, StreamDescriptor, StreamState, StreamStatus, Trace,
};
pub use self::output::{Output, OutputError};
pub use self::redaction::{hide, redacted};
