//! Any text as login line, alone and in a configuration: it is read or refused, and a refusal shows none of its values.
#![no_main]

use libfuzzer_sys::fuzz_target;
use source_kafka::config::{self, jaas::Line};

/// A value that no complaint may repeat; the fuzzer puts its text around it.
const SECRET: &str = "s3cret-Value1";

fuzz_target!(|text: &str| {
    let _ = Line::parse(text);
    let line = format!("{text} password=\"{SECRET}\" {text}");
    if let Err(fault) = Line::parse(&line) {
        assert!(text.contains(SECRET) || !fault.to_string().contains(SECRET), "{fault}");
    }
    let config = serde_json::json!({
        "bootstrap_servers": "localhost:9092",
        "subscription": {"subscription_type": "topics", "topics": ["orders"]},
        "protocol": {"security_protocol": "SASL_SSL", "sasl_jaas_config": line},
    });
    if let Err(error) = config::parse(&config.to_string()) {
        assert!(text.contains(SECRET) || !error.to_string().contains(SECRET), "{error}");
    }
});
