//! What the rdkafka crate does not offer: librdkafka's batch consumption of many partitions on one queue, and the ids of
//! topics. The only unsafe code we have.
//!
//! The rdkafka crate offers messages one by one, with a lock, an event and an allocation each; taking them in batches
//! from one queue costs two thirds of that (`docs/performance.md`) and keeps the client's bounds on what it holds ahead
//! in force over any number of partitions, because those bounds look at the queue that the partitions share.
//!
//! Partitions are started *on the queue*, by librdkafka's simple consumer, and never assigned: that needs no consumer
//! group and no right to one, and looks for no coordinator, which would create the brokers' offsets topic on a cluster
//! without groups. It also leaves no moment in which a partition is fetched for another queue: forwarding a partition that
//! is assigned already loses the messages of its first fetches without a word.
//!
//! What has to hold here, and what breaks otherwise:
//! - Each message is destroyed exactly once: [`Batch`] does so when dropped, also in a panic. Messages that are
//!   outstanding would make the destruction of the client hang.
//! - The queue and the topics need their client alive: they hold references to it.
#![allow(unsafe_code)]

mod brokers;
mod login;

use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::bindings as c;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::types::RDKafkaErrorCode;

pub(super) use self::brokers::brokers;
pub(super) use self::login::{set_token, set_variable, token_failed};
use super::context::Context;
use super::message::{Header, Message, Timestamp, TimestampType};

/// One queue that receives the messages, ends and errors of every partition started on it.
pub(super) struct DataQueue {
    queue: *mut c::rd_kafka_queue_t,
    topics: HashMap<String, *mut c::rd_kafka_topic_t>,
    /// Room for the largest batch; empty between batches.
    messages: Vec<*mut c::rd_kafka_message_t>,
    consumer: Arc<ManuallyDrop<BaseConsumer<Context>>>,
}

impl DataQueue {
    /// Makes a queue on the consumer, for batches of at most `capacity` messages.
    pub(super) fn new(consumer: Arc<ManuallyDrop<BaseConsumer<Context>>>, capacity: usize) -> Self {
        // SAFETY: the client outlives the queue, whose `Drop` runs before that of `consumer`.
        let queue = unsafe { c::rd_kafka_queue_new(consumer.client().native_ptr()) };
        Self { queue, topics: HashMap::new(), messages: Vec::with_capacity(capacity), consumer }
    }

    /// Fetches a partition from this offset on into this queue.
    pub(super) fn start(&mut self, topic: &str, partition: i32, offset: i64) -> Result<(), RDKafkaErrorCode> {
        let topic = self.topic(topic)?;
        // SAFETY: topic and queue are alive, and belong to the same client.
        unsafe {
            if c::rd_kafka_consume_start_queue(topic, partition, offset, self.queue) == 0 {
                Ok(())
            } else {
                Err(c::rd_kafka_last_error().into())
            }
        }
    }

    fn topic(&mut self, name: &str) -> Result<*mut c::rd_kafka_topic_t, RDKafkaErrorCode> {
        if let Some(&topic) = self.topics.get(name) {
            return Ok(topic);
        }
        let text = CString::new(name).map_err(|_| RDKafkaErrorCode::InvalidTopic)?;
        // SAFETY: the client is alive; without a configuration of its own the topic has the client's.
        let topic =
            unsafe { c::rd_kafka_topic_new(self.consumer.client().native_ptr(), text.as_ptr(), ptr::null_mut()) };
        if topic.is_null() {
            // SAFETY: reads the thread's last error.
            return Err(unsafe { c::rd_kafka_last_error() }.into());
        }
        self.topics.insert(name.to_owned(), topic);
        Ok(topic)
    }

    /// Takes up to `max` messages, waiting at most `timeout` *for the batch to be full*.
    pub(super) fn consume(&mut self, max: usize, timeout: Duration) -> Batch<'_> {
        let max = max.min(self.messages.capacity());
        let timeout = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: `messages` is empty and has room for `max` pointers; librdkafka fills in as many as it returns, and
        // each of them is ours to destroy, which `Batch` does.
        unsafe {
            let taken = c::rd_kafka_consume_batch_queue(self.queue, timeout, self.messages.as_mut_ptr(), max);
            self.messages.set_len(usize::try_from(taken).unwrap_or(0));
        }
        Batch { messages: &mut self.messages }
    }
}

impl Drop for DataQueue {
    fn drop(&mut self) {
        for topic in self.topics.values() {
            // SAFETY: made in `topic`, given back once, while `consumer` still keeps the client alive.
            unsafe { c::rd_kafka_topic_destroy(*topic) }
        }
        // SAFETY: made in `new`, and likewise.
        unsafe { c::rd_kafka_queue_destroy(self.queue) }
    }
}

/// Messages taken from the queue; destroyed together when dropped.
pub(super) struct Batch<'q> {
    messages: &'q mut Vec<*mut c::rd_kafka_message_t>,
}

impl Batch<'_> {
    /// What was taken, in the order of arrival.
    pub(super) fn iter(&self) -> impl Iterator<Item = Item<'_>> {
        self.messages.iter().map(|&pointer| Item { pointer, batch: PhantomData })
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        for pointer in self.messages.drain(..) {
            // SAFETY: librdkafka gave us the message, and `drain` makes sure that it is given back once.
            unsafe { c::rd_kafka_message_destroy(pointer) }
        }
    }
}

/// One entry of a batch: a message, the end of a partition, or an error.
#[derive(Clone, Copy)]
pub(super) struct Item<'b> {
    pointer: *const c::rd_kafka_message_t,
    batch: PhantomData<&'b ()>,
}

impl<'b> Item<'b> {
    fn raw(self) -> &'b c::rd_kafka_message_t {
        // SAFETY: the batch owns the message and lives for 'b.
        unsafe { &*self.pointer }
    }

    /// The error, if the entry is not a message.
    pub(super) fn error(self) -> Option<RDKafkaErrorCode> {
        let code = self.raw().err;
        (code != c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR).then(|| code.into())
    }

    /// librdkafka's words on the error.
    pub(super) fn error_text(self) -> String {
        // SAFETY: the message is alive; the text belongs to it, ends with a zero, and is copied here.
        unsafe {
            let text = c::rd_kafka_message_errstr(self.pointer);
            if text.is_null() { String::new() } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
        }
    }

    /// Tells topics apart without comparing names: the same for every message of a topic while it is read.
    pub(super) fn topic_handle(self) -> usize {
        self.raw().rkt as usize
    }

    /// The topic's name; `None` for errors that concern no topic.
    pub(super) fn topic(self) -> Option<String> {
        let topic = self.raw().rkt;
        // SAFETY: the message holds a reference to its topic, whose name ends with a zero and is copied here.
        (!topic.is_null())
            .then(|| unsafe { CStr::from_ptr(c::rd_kafka_topic_name(topic)).to_string_lossy().into_owned() })
    }

    /// The partition's number.
    pub(super) fn partition(self) -> i32 {
        self.raw().partition
    }

    /// The message's offset; for the end of a partition the offset at which the next message will stand.
    pub(super) fn offset(self) -> i64 {
        self.raw().offset
    }

    /// The sizes of key and value together.
    pub(super) fn size(self) -> usize {
        self.raw().len + self.raw().key_len
    }

    /// The message as plain borrowed values.
    pub(super) fn message(self) -> Message<'b> {
        let raw = self.raw();
        // SAFETY: for a message, key and payload are null or point to that many bytes, which live as long as the batch.
        let (key, value) = unsafe { (bytes(raw.key, raw.key_len), bytes(raw.payload, raw.len)) };
        Message { partition: raw.partition, offset: raw.offset, timestamp: self.timestamp(), key, value }
    }

    fn timestamp(self) -> Option<Timestamp> {
        let mut kind = c::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
        // SAFETY: the message is alive, `kind` is a place to write to.
        let ms = unsafe { c::rd_kafka_message_timestamp(self.pointer, &raw mut kind) };
        let kind = match kind {
            c::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_NOT_AVAILABLE => return None,
            c::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_CREATE_TIME => TimestampType::CreateTime,
            c::rd_kafka_timestamp_type_t::RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME => TimestampType::LogAppendTime,
        };
        // −1 is how producers and brokers say that there is none.
        (ms != -1).then_some(Timestamp { ms, kind })
    }

    /// The message's headers; librdkafka parses them when the first is asked for.
    pub(super) fn headers(self) -> Headers<'b> {
        Headers { message: self.pointer, list: None, next: 0, batch: PhantomData }
    }
}

/// The headers of a message, in order, duplicates included.
#[derive(Clone)]
pub struct Headers<'b> {
    message: *const c::rd_kafka_message_t,
    /// Null when the message has none; `None` until asked for.
    list: Option<*const c::rd_kafka_headers_t>,
    next: usize,
    batch: PhantomData<&'b ()>,
}

impl Headers<'_> {
    fn list(&mut self) -> *const c::rd_kafka_headers_t {
        *self.list.get_or_insert_with(|| {
            let mut list = ptr::null_mut();
            // SAFETY: the message belongs to the living batch and owns the headers; on an error nothing is written.
            let result = unsafe { c::rd_kafka_message_headers(self.message, &raw mut list) };
            if result == c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR { list } else { ptr::null_mut() }
        })
    }
}

impl<'b> Iterator for Headers<'b> {
    type Item = Header<'b>;

    fn next(&mut self) -> Option<Header<'b>> {
        let list = self.list();
        if list.is_null() {
            return None;
        }
        let (mut name, mut value, mut size) = (ptr::null(), ptr::null(), 0);
        // SAFETY: the list belongs to a message of the living batch; past its end librdkafka says so and writes
        // nothing. A name ends with a zero, a value is null or has `size` bytes.
        unsafe {
            let found = c::rd_kafka_header_get_all(list, self.next, &raw mut name, &raw mut value, &raw mut size);
            if found != c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
                return None;
            }
            self.next += 1;
            Some(Header { key: CStr::from_ptr(name).to_bytes(), value: bytes(value.cast_mut(), size) })
        }
    }
}

/// The bytes at `start`, or nothing when it is null. Null and empty are different to Kafka.
///
/// # Safety
/// `start` is null or points to `length` bytes that live for `'b`.
unsafe fn bytes<'b>(start: *mut std::ffi::c_void, length: usize) -> Option<&'b [u8]> {
    // SAFETY: the caller's promise.
    (!start.is_null()).then(|| unsafe { std::slice::from_raw_parts(start.cast::<u8>(), length) })
}

/// The ids of these topics, which a topic that is deleted and created again does not keep. Topics that have none (before
/// Kafka 2.8) or that may not be described are left out.
pub(super) fn topic_ids(
    consumer: &BaseConsumer<Context>,
    topics: &[&str],
    broker: i32,
    timeout: Duration,
) -> Result<HashMap<String, String>, RDKafkaErrorCode> {
    let names: Vec<CString> = topics.iter().filter_map(|topic| CString::new(*topic).ok()).collect();
    let mut pointers: Vec<_> = names.iter().map(|name| name.as_ptr()).collect();
    let timeout = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    let client = consumer.client().native_ptr();
    // SAFETY: the client is alive; the collection copies the names; every object made here is destroyed here, the event
    // last of those that the answer points into.
    unsafe {
        let queue = c::rd_kafka_queue_new(client);
        let collection = c::rd_kafka_TopicCollection_of_topic_names(pointers.as_mut_ptr(), pointers.len());
        let options = c::rd_kafka_AdminOptions_new(client, c::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS);
        c::rd_kafka_AdminOptions_set_request_timeout(options, timeout, ptr::null_mut(), 0);
        // Any broker knows; left alone, librdkafka asks the controller, and waits while there is none.
        c::rd_kafka_AdminOptions_set_broker(options, broker, ptr::null_mut(), 0);
        c::rd_kafka_DescribeTopics(client, collection, options, queue);
        let event = c::rd_kafka_queue_poll(queue, timeout);
        let ids = if event.is_null() { Err(RDKafkaErrorCode::OperationTimedOut) } else { ids_of(event) };
        if !event.is_null() {
            c::rd_kafka_event_destroy(event);
        }
        c::rd_kafka_AdminOptions_destroy(options);
        c::rd_kafka_TopicCollection_destroy(collection);
        c::rd_kafka_queue_destroy(queue);
        ids
    }
}

/// # Safety
/// `event` is the answer to a description of topics.
unsafe fn ids_of(event: *mut c::rd_kafka_event_t) -> Result<HashMap<String, String>, RDKafkaErrorCode> {
    let mut ids = HashMap::new();
    // SAFETY: the caller's promise; the result and all it holds live as long as the event, texts end with a zero.
    unsafe {
        let error = c::rd_kafka_event_error(event);
        let result = c::rd_kafka_event_DescribeTopics_result(event);
        if error != c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR || result.is_null() {
            return Err(error.into());
        }
        let mut count = 0;
        let topics = c::rd_kafka_DescribeTopics_result_topics(result, &raw mut count);
        for index in 0..count {
            let topic = *topics.add(index);
            let id = c::rd_kafka_TopicDescription_topic_id(topic);
            let is_failed = c::rd_kafka_error_code(c::rd_kafka_TopicDescription_error(topic))
                != c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR;
            let is_zero =
                c::rd_kafka_Uuid_most_significant_bits(id) == 0 && c::rd_kafka_Uuid_least_significant_bits(id) == 0;
            if !is_failed && !is_zero {
                let text = |text| CStr::from_ptr(text).to_string_lossy().into_owned();
                ids.insert(text(c::rd_kafka_TopicDescription_name(topic)), text(c::rd_kafka_Uuid_base64str(id)));
            }
        }
    }
    Ok(ids)
}
