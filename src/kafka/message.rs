//! One Kafka message as plain borrowed values: what the rest of the program sees instead of rdkafka's types.

/// Where a message's timestamp comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampType {
    /// set by the producer
    CreateTime,
    /// set by the broker when it appended the message
    LogAppendTime,
}

impl TimestampType {
    /// Kafka's own name of the type.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreateTime => "CreateTime",
            Self::LogAppendTime => "LogAppendTime",
        }
    }
}

/// A message's timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// milliseconds since 1970-01-01T00:00:00Z; any 64-bit value can arrive
    pub ms: i64,
    /// who set it
    pub kind: TimestampType,
}

/// One message of a topic, borrowed from the client's buffers.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// the partition's number within its topic
    pub partition: i32,
    /// the message's offset
    pub offset: i64,
    /// absent when the broker has none (message format 0, or −1 from the producer)
    pub timestamp: Option<Timestamp>,
    /// the key; `None` and empty are different
    pub key: Option<&'a [u8]>,
    /// the value; `None` is a tombstone, empty is not
    pub value: Option<&'a [u8]>,
}

/// One header of a message. Names are text in Kafka's protocol, but nobody checks.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// the name; may repeat within a message
    pub key: &'a [u8],
    /// the value; `None` and empty are different
    pub value: Option<&'a [u8]>,
}
