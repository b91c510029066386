use std::num::NonZeroU64;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::{CommittedFallback, Format, RecordShape, Settings, StartFrom, specification};
use super::{outcomes, read};

/// What the Java connector's form stores when the user fills in the required fields only.
fn with_defaults(changes: Value) -> Value {
    let mut config = json!({
        "MessageFormat": {"deserialization_type": "JSON"},
        "bootstrap_servers": "kafka-broker1:9092,kafka-broker2:9092",
        "subscription": {"subscription_type": "subscribe", "topic_pattern": "sample.topic"},
        "max_poll_records": 500,
        "polling_time": 100,
        "protocol": {"security_protocol": "PLAINTEXT"},
        "enable_auto_commit": true,
        "auto_commit_interval_ms": 5000,
        "client_dns_lookup": "use_all_dns_ips",
        "retry_backoff_ms": 100,
        "request_timeout_ms": 30000,
        "receive_buffer_bytes": 32768,
        "auto_offset_reset": "latest",
        "repeated_calls": 3,
        "max_records_process": 100_000,
    });
    let Value::Object(changes) = changes else { panic!("changes must be an object") };
    config.as_object_mut().unwrap().extend(changes);
    config
}

fn plain() -> Vec<Value> {
    vec![
        with_defaults(json!({"test_topic": "sample.topic", "group_id": "group.id", "client_id": "airbyte-consumer"})),
        // Texts that the user emptied again.
        with_defaults(json!({"test_topic": "", "group_id": " ", "client_id": ""})),
        with_defaults(json!({
            "subscription": {"subscription_type": "assign", "topic_partitions": "sample.topic:0, sample.topic:1"},
            "auto_offset_reset": "earliest",
        })),
        // Written by hand for PyAirbyte: no optional key at all.
        json!({
            "bootstrap_servers": "PLAINTEXT://kafka:29092",
            "protocol": {"security_protocol": "PLAINTEXT"},
            "subscription": {"subscription_type": "subscribe", "topic_pattern": "(?i)orders|customers.*"},
        }),
        // A group's offsets are the only place to start from.
        with_defaults(json!({"auto_offset_reset": "none", "group_id": "billing"})),
        // Values that Java's client takes and librdkafka does not, and the old DNS setting.
        with_defaults(json!({
            "receive_buffer_bytes": -1, "retry_backoff_ms": 0, "request_timeout_ms": 600_000,
            "client_dns_lookup": "default", "repeated_calls": 0, "polling_time": 5000,
        })),
    ]
}

fn sasl(protocol: &Value) -> Value {
    with_defaults(json!({"protocol": protocol}))
}

const PLAIN_JAAS: &str = "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"api-key\" \
                          password=\"s3cret-Value1\";";

fn secured() -> Vec<Value> {
    let scram =
        "org.apache.kafka.common.security.scram.ScramLoginModule required username='u' password='s3cret-Value1';";
    let krb5 = "com.sun.security.auth.module.Krb5LoginModule required\n  useKeyTab=true\n  \
                keyTab=\"/etc/airbyte.keytab\"\n  principal=\"airbyte@EXAMPLE.COM\";";
    let token = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required clientId=\"c\" \
                 clientSecret=\"s3cret-Value1\";";
    vec![
        sasl(
            &json!({"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "PLAIN", "sasl_jaas_config": PLAIN_JAAS}),
        ),
        sasl(&json!({"security_protocol": "SASL_SSL", "sasl_mechanism": "PLAIN", "sasl_jaas_config": PLAIN_JAAS,
                     "oauthbearer_token_endpoint_url": ""})),
        sasl(&json!({"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-512", "sasl_jaas_config": scram})),
        sasl(&json!({"security_protocol": "SASL_SSL", "sasl_mechanism": "GSSAPI", "sasl_jaas_config": krb5})),
        sasl(&json!({"security_protocol": "SASL_SSL", "sasl_mechanism": "OAUTHBEARER", "sasl_jaas_config": token,
                     "oauthbearer_token_endpoint_url": "https://login.example.com/token"})),
        sasl(&json!({"security_protocol": "SASL_SSL", "sasl_mechanism": "AWS_MSK_IAM",
                     "sasl_jaas_config": "software.amazon.msk.auth.iam.IAMLoginModule required;"})),
    ]
}

fn avro() -> Vec<Value> {
    vec![
        with_defaults(json!({"MessageFormat": {
            "deserialization_type": "AVRO", "deserialization_strategy": "TopicNameStrategy",
            "schema_registry_url": "http://localhost:8081", "schema_registry_username": "",
            "schema_registry_password": "",
        }})),
        with_defaults(json!({"MessageFormat": {
            "deserialization_type": "AVRO", "deserialization_strategy": "TopicRecordNameStrategy",
            "schema_registry_url": "https://registry.example.com", "schema_registry_username": "key",
            "schema_registry_password": "s3cret-Value1",
        }})),
    ]
}

/// The client properties, one per line.
fn properties(settings: &Settings) -> String {
    settings.client_properties.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("\n")
}

pub(super) fn all() -> Vec<Value> {
    [plain(), secured(), avro()].concat()
}

#[test]
fn the_form_accepts_all_of_them() {
    let schema = specification()["connectionSpecification"].clone();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    for config in all() {
        let errors: Vec<_> = validator.iter_errors(&config).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{config}: {errors:?}");
    }
}

#[test]
fn the_connector_accepts_those_without_security_and_registry() {
    insta::assert_snapshot!(outcomes(plain()), @r"
    fine
    fine
    fine
    fine
    fine
    WARN `retry_backoff_ms` is 0, which the client does not take; it uses 1
    WARN `request_timeout_ms` is 600000, which the client does not take; it uses 300000
    ");
}

#[test]
fn the_others_are_refused_for_what_is_not_built_only() {
    insta::assert_snapshot!(outcomes(secured()), @r"
    WARN `protocol` is `SASL_PLAINTEXT` with the mechanism `PLAIN`: the password travels unencrypted
    fine
    fine
    fine
    fine
    `protocol.authentication.mechanism` `AWS_MSK_IAM` is not supported by this version of the connector yet; choose another mechanism of the cluster, such as `SCRAM-SHA-512`
    ");
    insta::assert_snapshot!(outcomes(avro()), @r"
    `MessageFormat.deserialization_type` `AVRO` is not supported by this version of the connector yet; choose `AUTO`, `JSON`, `TEXT` or `BINARY`
    `MessageFormat.deserialization_type` `AVRO` is not supported by this version of the connector yet; choose `AUTO`, `JSON`, `TEXT` or `BINARY`
    ");
}

#[test]
fn every_field_keeps_its_meaning() {
    let config = &plain()[0];
    let settings = read(config).unwrap().settings;
    assert_eq!(settings.bootstrap_servers, "kafka-broker1:9092,kafka-broker2:9092");
    assert!(settings.subscription.matches("sample.topic") && !settings.subscription.matches("sample.topic2"));
    assert_eq!(settings.value_format, Format::Json);
    assert_eq!(settings.key_format, Format::Auto);
    assert_eq!(settings.record_shape, RecordShape::Flattened);
    assert_eq!(settings.start_from, StartFrom::Latest);
    assert_eq!(settings.max_records, NonZeroU64::new(100_000));
    assert_eq!(settings.idle_limit, Duration::from_secs(10));
    assert_eq!(settings.request_timeout, Duration::from_secs(30));
    assert_eq!(settings.group_id.as_deref(), Some("group.id"));
    assert_eq!(settings.client_id.as_deref(), Some("airbyte-consumer"));
    assert_eq!(settings.test_topic.as_deref(), Some("sample.topic"));
    assert!(settings.enable_auto_commit);
    insta::assert_snapshot!(properties(&settings), @r"
    client.dns.lookup=use_all_dns_ips
    socket.receive.buffer.bytes=32768
    retry.backoff.ms=100
    socket.timeout.ms=30000
    ");
}

#[test]
fn the_odd_values_find_an_equal() {
    let configs = plain();
    let settings = read(&configs[1]).unwrap().settings;
    assert_eq!((settings.group_id, settings.client_id, settings.test_topic), (None, None, None));
    let settings = read(&configs[2]).unwrap().settings;
    assert_eq!(settings.start_from, StartFrom::Earliest);
    assert_eq!(settings.subscription.partitions("sample.topic").unwrap().iter().collect::<Vec<_>>(), [&0, &1]);
    let settings = read(&configs[3]).unwrap().settings;
    assert_eq!(settings.bootstrap_servers, "kafka:29092");
    assert!(settings.subscription.matches("ORDERS"));
    assert_eq!(settings.start_from, StartFrom::Earliest);
    assert_eq!(settings.value_format, Format::Auto);
    let settings = read(&configs[4]).unwrap().settings;
    assert_eq!(settings.start_from, StartFrom::Committed { fallback: CommittedFallback::Fail });
    let settings = read(&configs[5]).unwrap().settings;
    assert_eq!(settings.request_timeout, Duration::from_mins(5));
    assert_eq!(settings.idle_limit, Duration::from_secs(10));
    insta::assert_snapshot!(properties(&settings), @r"
    client.dns.lookup=use_all_dns_ips
    socket.receive.buffer.bytes=0
    retry.backoff.ms=1
    socket.timeout.ms=300000
    ");
}
