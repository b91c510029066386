//! The brokers alone: the rdkafka crate can ask only for all topics or for one, and a cluster may have very many.

use std::ffi::CStr;
use std::ptr;
use std::time::Duration;

use rdkafka::bindings as c;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::types::RDKafkaErrorCode;

use super::super::context::Context;

/// Numbers, hosts and ports, as the cluster advertises them.
pub fn brokers(
    consumer: &BaseConsumer<Context>,
    timeout: Duration,
) -> Result<Vec<(i32, String, i32)>, RDKafkaErrorCode> {
    let timeout = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX);
    let mut metadata: *const c::rd_kafka_metadata = ptr::null();
    // SAFETY: the client is alive. The answer is ours until we destroy it, its brokers are as many as it says, and
    // each host is a text that ends in a zero.
    unsafe {
        let client = consumer.client().native_ptr();
        // No topic, and not all of them.
        let code = c::rd_kafka_metadata(client, 0, ptr::null_mut(), &raw mut metadata, timeout);
        if code != c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            return Err(code.into());
        }
        let Some(answer) = metadata.as_ref() else { return Ok(Vec::new()) };
        let count = if answer.brokers.is_null() { 0 } else { usize::try_from(answer.broker_cnt).unwrap_or(0) };
        let mut brokers = Vec::with_capacity(count);
        for index in 0..count {
            let broker = &*answer.brokers.add(index);
            brokers.push((broker.id, CStr::from_ptr(broker.host).to_string_lossy().into_owned(), broker.port));
        }
        c::rd_kafka_metadata_destroy(metadata);
        Ok(brokers)
    }
}
