use std::num::NonZeroU64;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::{
    CommittedFallback, Format, IsolationLevel, OnBadMessage, OnLostOffsets, RecordShape, Settings, StartFrom,
    Subscription, shape, specification,
};
use super::{read, with};

fn settings(changes: Value) -> Settings {
    let parsed = read(&with(changes)).unwrap();
    assert_eq!(parsed.warnings, Vec::<String>::new());
    parsed.settings
}

fn subscription(changes: &Value) -> Subscription {
    settings(json!({"subscription": changes})).subscription
}

fn start(changes: &Value) -> StartFrom {
    settings(json!({"start_from": changes, "group_id": "g"})).start_from
}

#[test]
fn defaults() {
    let settings = settings(json!({}));
    assert_eq!((settings.value_format, settings.key_format), (Format::Auto, Format::Auto));
    assert_eq!(settings.record_shape, RecordShape::Flattened);
    assert_eq!(settings.on_bad_message, OnBadMessage::Fail);
    assert_eq!(settings.on_lost_offsets, OnLostOffsets::Fail);
    assert_eq!(settings.start_from, StartFrom::Earliest);
    assert_eq!((settings.max_records, settings.max_sync), (None, None));
    assert_eq!(settings.idle_limit, Duration::from_secs(10));
    assert_eq!(settings.isolation_level, IsolationLevel::ReadCommitted);
    assert_eq!((settings.group_id, settings.client_id, settings.test_topic), (None, None, None));
    assert!(!settings.enable_auto_commit);
    assert_eq!(settings.request_timeout, Duration::from_secs(30));
    assert!(settings.client_properties.is_empty());
    assert_eq!(settings.schema_sample_messages, 100);
}

#[test]
fn every_choice_can_be_made() {
    let settings = settings(json!({
        "MessageFormat": {"deserialization_type": "TEXT"},
        "key_format": {"deserialization_type": "BINARY"},
        "record_shape": "wrapped",
        "on_bad_message": "rescue",
        "on_lost_offsets": "latest",
        "max_records_process": 7.0,
        "max_sync_seconds": 3600,
        "polling_time": 5000,
        "repeated_calls": 3,
        "isolation_level": "read_uncommitted",
        "enable_auto_commit": true,
        "schema_sample_messages": 0,
    }));
    assert_eq!((settings.value_format, settings.key_format), (Format::Text(encoding_rs::UTF_8), Format::Binary));
    assert_eq!(settings.record_shape, RecordShape::Wrapped);
    assert_eq!(settings.on_bad_message, OnBadMessage::Rescue);
    assert_eq!(settings.on_lost_offsets, OnLostOffsets::Latest);
    assert_eq!(settings.max_records, NonZeroU64::new(7));
    assert_eq!(settings.max_sync, Some(Duration::from_hours(1)));
    assert_eq!(settings.idle_limit, Duration::from_secs(20));
    assert_eq!(settings.isolation_level, IsolationLevel::ReadUncommitted);
    assert!(settings.enable_auto_commit);
    assert_eq!(settings.schema_sample_messages, 0);
}

#[test]
fn null_and_blank_are_absent() {
    let settings = settings(json!({
        "group_id": " \t", "client_id": null, "polling_time": null, "request_timeout_ms": "", "start_from": null,
        "MessageFormat": null, "kafka_properties": null, "record_shape": "", "transforms": [null],
    }));
    assert_eq!((settings.group_id, settings.client_id), (None, None));
    assert_eq!(settings.record_shape, RecordShape::Flattened);
    assert_eq!(settings.idle_limit, Duration::from_secs(10));
}

#[test]
fn an_optional_choice_that_is_blank_is_absent() {
    let settings = settings(json!({
        "start_from": "", "MessageFormat": " ", "key_format": "", "schema_registry": "\t", "kafka_properties": "",
    }));
    assert_eq!(settings.start_from, StartFrom::Earliest);
    assert!(matches!((settings.value_format, settings.key_format), (Format::Auto, Format::Auto)));
    assert_eq!(settings.client_properties, []);
    for field in ["protocol", "subscription"] {
        let message = super::parse(&with(json!({ field: "" })).to_string()).unwrap_err().to_string();
        assert!(message.contains(&format!("`{field}` is missing or empty; choose ")), "{message}");
    }
}

#[test]
fn a_byte_order_mark_is_no_mistake() {
    let text = format!("\u{feff}{}", with(json!({})));
    assert!(super::parse(&text).is_ok());
}

#[test]
fn servers_are_normalised() {
    let servers = |list: &str| settings(json!({"bootstrap_servers": list})).bootstrap_servers;
    assert_eq!(servers(" a:1 , b_c.d-e:65535,,a:1 "), "a:1,b_c.d-e:65535");
    assert_eq!(
        servers("[2001:db8::1]:9092,[fe80::1%eth0]:1,127.0.0.1:09092"),
        "[2001:db8::1]:9092,[fe80::1%eth0]:1,127.0.0.1:9092"
    );
    assert_eq!(servers("SASL_SSL://a:1,plaintext://[::1]:2"), "a:1,[::1]:2");
}

#[test]
fn a_list_takes_wildcards_and_exclusions() {
    let subscription = subscription(&json!({
        "subscription_type": "topics",
        "topics": ["orders", " customers-* ", "a.?", "orders", "_schemas", "old"],
        "exclude": ["*-dlq", "old"],
    }));
    for topic in ["orders", "customers-", "customers-eu", "a.b", "_schemas"] {
        assert!(subscription.matches(topic), "{topic}");
    }
    for topic in ["order", "orders2", "xorders", "customers-dlq", "axb", "a.", "a.bc", "old", "__consumer_offsets", ""]
    {
        assert!(!subscription.matches(topic), "{topic}");
    }
    assert_eq!(subscription.literal_topics(), ["orders", "_schemas"]);
    assert!(subscription.has_patterns());
    assert_eq!(subscription.partitions("orders"), None);
    assert_eq!(subscription.describe(), "`subscription.topics` `orders,customers-*,a.?,_schemas,old`");
}

#[test]
fn wildcards_leave_internal_topics_alone() {
    let all = subscription(&json!({"subscription_type": "topics", "topics": "*"}));
    assert!(all.matches("orders") && all.matches("_orders"));
    assert!(!all.matches("__consumer_offsets") && !all.matches("_schemas"));
    let one = subscription(&json!({"subscription_type": "topics", "topics": "__consumer_offsets, orders"}));
    assert!(one.matches("__consumer_offsets") && !one.has_patterns());
    assert_eq!(one.literal_topics(), ["__consumer_offsets", "orders"]);
}

#[test]
fn an_expression_matches_whole_names() {
    let of = |pattern: &str| subscription(&json!({"subscription_type": "subscribe", "topic_pattern": pattern}));
    let orders = of("ord.*|a");
    assert!(orders.matches("orders") && orders.matches("a") && orders.has_patterns());
    assert!(!orders.matches("ab") && !orders.matches("xorders") && !orders.matches("orders\n"));
    assert!(orders.literal_topics().is_empty() && orders.partitions("orders").is_none());
    assert_eq!(orders.describe(), "`subscription.topic_pattern` `ord.*|a`");
    assert!(!of(".*").matches("__consumer_offsets") && !of("_.*").matches("_schemas"));
    assert!(of("^(orders|__consumer_offsets)$").matches("__consumer_offsets") && of("_schemas").matches("_schemas"));
    // What Java's expressions have as well.
    for pattern in
        [r"\p{Lu}+\d", "[a-z&&[^b]]+", "(?i)ORDERS", "(?x) orders # all of them", "a{1,2}?", "(?<n>x)", r"[\[\]+*?]+"]
    {
        of(pattern);
    }
    assert!(of("(?x) orders # all of them").matches("orders"));
    assert!(of(r"\p{L}+").matches("orders"));
}

#[test]
fn partitions_are_read_by_number() {
    let subscription = subscription(&json!({
        "subscription_type": "assign", "topic_partitions": " b:2 , a.b:0, b : 0,__x:1,",
    }));
    assert_eq!(subscription.literal_topics(), ["__x", "a.b", "b"]);
    assert!(subscription.matches("b") && subscription.matches("__x") && !subscription.matches("c"));
    assert_eq!(subscription.partitions("b").unwrap().iter().collect::<Vec<_>>(), [&0, &2]);
    assert!(subscription.partitions("c").is_none() && !subscription.has_patterns());
    assert_eq!(subscription.describe(), "`subscription.topic_partitions` `__x:1,a.b:0,b:0,b:2`");
}

#[test]
fn starts() {
    let timestamp = |text: &str| start(&json!({"start_type": "timestamp", "timestamp": text}));
    for text in [
        "2026-11-21T09:00:00Z",
        "2026-11-21T10:00:00+01:00",
        "2026-11-21T09:00:00",
        "2026-11-21 09:00",
        "1795251600000",
    ] {
        assert_eq!(timestamp(text), StartFrom::Timestamp(1_795_251_600_000), "{text}");
    }
    assert_eq!(timestamp("2026-11-21"), StartFrom::Timestamp(1_795_219_200_000));
    assert_eq!(timestamp("2026-11-21T09:00:00.123Z"), StartFrom::Timestamp(1_795_251_600_123));
    let relative = |text: &str| start(&json!({"start_type": "relative", "duration": text}));
    for (text, seconds) in [
        ("7d", 604_800),
        ("12h", 43_200),
        ("30m", 1_800),
        ("90s", 90),
        ("1d12h", 129_600),
        ("1d 2h", 93_600),
        ("2w", 1_209_600),
    ] {
        assert_eq!(relative(text), StartFrom::Relative(Duration::from_secs(seconds)), "{text}");
    }
    assert_eq!(start(&json!({"start_type": "latest"})), StartFrom::Latest);
    assert_eq!(
        start(&json!({"start_type": "committed"})),
        StartFrom::Committed { fallback: CommittedFallback::Earliest }
    );
    let both = settings(json!({"start_from": {"start_type": "earliest"}, "auto_offset_reset": "latest"}));
    assert_eq!(both.start_from, StartFrom::Earliest);
}

#[test]
fn encodings_have_many_names() {
    let encoding = |label: &str| {
        settings(json!({"MessageFormat": {"deserialization_type": "TEXT", "encoding": label}})).value_format
    };
    for (label, expected) in [
        ("UTF_8", encoding_rs::UTF_8),
        ("utf8", encoding_rs::UTF_8),
        ("GBK", encoding_rs::GBK),
        ("GB18030", encoding_rs::GB18030),
        ("GB_18030", encoding_rs::GB18030),
        ("BIG5", encoding_rs::BIG5),
        ("ISO_8859_1", encoding_rs::WINDOWS_1252),
        ("Shift_JIS", encoding_rs::SHIFT_JIS),
        ("UTF_16LE", encoding_rs::UTF_16LE),
    ] {
        assert_eq!(encoding(label), Format::Text(expected), "{label}");
    }
}

#[test]
fn the_users_properties_come_last() {
    let settings = settings(json!({
        "request_timeout_ms": 5000,
        "retry_backoff_ms": 2000,
        "kafka_properties": [{"name": " socket.timeout.ms ", "value": "7000"}, {"name": "check.crcs", "value": "true"}],
    }));
    let given: Vec<String> = settings.client_properties.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(
        given,
        [
            "retry.backoff.ms=2000",
            "retry.backoff.max.ms=2000",
            "socket.timeout.ms=5000",
            "socket.timeout.ms=7000",
            "check.crcs=true"
        ]
    );
    let shown = format!("{settings:?}");
    assert!(shown.contains("check.crcs") && !shown.contains("7000"));
}

#[test]
fn a_form_shows_no_secret_when_debugged() {
    let json = json!({
        "security_protocol": "SASL_SSL", "ssl_key": "s3cret", "ssl_key_password": "s3cret", "sasl_jaas_config": "s3cret",
        "authentication": {"mechanism": "AWS_MSK_IAM", "secret_access_key": "s3cret", "session_token": "s3cret"},
    });
    let protocol: super::super::form::Protocol = serde_json::from_value(json).unwrap();
    let shown = format!("{protocol:?}");
    assert!(shown.contains("Secret(…)") && !shown.contains("s3cret"));
}

#[test]
fn pem_text_may_have_lost_its_line_breaks() {
    let config = with(
        json!({"protocol": {"security_protocol": "SSL", "ssl_ca": " -----BEGIN CERTIFICATE-----\\r\\nMIIB\\n-----END CERTIFICATE-----"}}),
    );
    let (cleaned, _) = shape::check(&specification()["connectionSpecification"], config).unwrap();
    assert_eq!(cleaned["protocol"]["ssl_ca"], "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----");
}
