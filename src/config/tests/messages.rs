use serde_json::{Value, json};

use super::super::parse;
use super::{outcomes, with};

fn subscription(changes: &Value) -> Value {
    with(json!({"subscription": changes}))
}

#[test]
fn text_that_is_no_json_is_not_repeated() {
    let texts = [
        "",
        "{\"bootstrap_servers\": \"s3cret\"",
        "{\n  \"password\": s3cret\n}",
        "[1]",
        "\"s3cret\"",
        "null",
        "{} {}",
    ];
    let messages: Vec<_> = texts.iter().map(|text| parse(text).unwrap_err().to_string()).collect();
    assert!(!messages.concat().contains("s3cret"));
    insta::assert_snapshot!(messages.join("\n"), @r"
    the configuration is not valid JSON: it ends too early at line 1, column 0
    the configuration is not valid JSON: it ends too early at line 1, column 30
    the configuration is not valid JSON: syntax error at line 2, column 15
    the configuration must be a JSON object with the fields of the form, not a list
    the configuration must be a JSON object with the fields of the form, not text
    the configuration must be a JSON object with the fields of the form, not null
    the configuration is not valid JSON: syntax error at line 1, column 4
    ");
}

#[test]
fn missing_fields() {
    insta::assert_snapshot!(outcomes([
        json!({}),
        with(json!({"bootstrap_servers": " "})),
        with(json!({"protocol": null})),
        with(json!({"protocol": {}})),
        with(json!({"protocol": {"security_protocol": ""}})),
        with(json!({"subscription": null})),
        subscription(&json!({"subscription_type": "topics"})),
        subscription(&json!({"subscription_type": "topics", "topics": ["", null]})),
        subscription(&json!({"subscription_type": "topics", "topics": " , "})),
        subscription(&json!({"subscription_type": "subscribe"})),
        subscription(&json!({"subscription_type": "assign", "topic_partitions": ","})),
        with(json!({"protocol": {"security_protocol": "SASL_SSL",
                                 "authentication": {"mechanism": "PLAIN", "username": "u", "password": ""}}})),
        with(json!({"start_from": {"start_type": "timestamp"}})),
        with(json!({"kafka_properties": [{"name": "fetch.wait.max.ms", "value": "5"}, {"value": "s3cret"}]})),
    ]), @r"
    `bootstrap_servers` is missing or empty; give it a value like `kafka-1.example.com:9092,kafka-2.example.com:9092`
    `bootstrap_servers` is missing or empty; give it a value like `kafka-1.example.com:9092,kafka-2.example.com:9092`
    `protocol` is missing or empty; choose `PLAINTEXT`, `SASL_SSL`, `SASL_PLAINTEXT` or `SSL`
    `protocol.security_protocol` is missing or empty; choose `PLAINTEXT`, `SASL_SSL`, `SASL_PLAINTEXT` or `SSL`
    `protocol.security_protocol` is missing or empty; choose `PLAINTEXT`, `SASL_SSL`, `SASL_PLAINTEXT` or `SSL`
    `subscription` is missing or empty; choose `topics`, `subscribe` or `assign`
    `subscription.topics` is missing or empty; give it a value like `orders`
    `subscription.topics` is missing or empty; give it a value like `orders`
    `subscription.topics` is missing or empty; give it a value like `orders`
    `subscription.topic_pattern` is missing or empty; give it a value like `orders|customers-.*`
    `subscription.topic_partitions` is missing or empty; give it a value like `orders:0,orders:1`
    `protocol.authentication.password` is missing or empty
    `start_from.timestamp` is missing or empty; give it a value like `2026-11-21T09:00:00Z`
    `kafka_properties[1].name` is missing or empty; give it a value like `fetch.wait.max.ms`
    ");
}

#[test]
fn wrong_types() {
    insta::assert_snapshot!(outcomes([
        with(json!({"bootstrap_servers": ["a:1"]})),
        with(json!({"protocol": "PLAINTEXT"})),
        with(json!({"protocol": {"security_protocol": 7}})),
        with(json!({"protocol": {"security_protocol": "SSL", "ssl_key_password": 1_234_567}})),
        with(json!({"protocol": {"security_protocol": "SSL", "ssl_key": {"a": "s3cret"}}})),
        with(json!({"polling_time": "100"})),
        with(json!({"polling_time": 1.5})),
        with(json!({"enable_auto_commit": "yes"})),
        with(json!({"client_id": 5})),
        with(json!({"record_shape": true})),
        with(json!({"kafka_properties": {"fetch.wait.max.ms": "s3cret"}})),
        with(json!({"kafka_properties": ["fetch.wait.max.ms=5"]})),
        with(json!({"kafka_properties": [{"name": "fetch.wait.max.ms", "value": 5}]})),
        subscription(&json!({"subscription_type": "topics", "topics": ["a", 1]})),
        subscription(&json!({"subscription_type": "topics", "topics": 1})),
        with(json!({"transforms": "."})),
        with(json!({"protocol": "{\"sasl_jaas_config\": \"s3cret\"}"})),
        with(json!({"kafka_properties": "ssl.key.password=s3cret"})),
    ]), @r"
    `bootstrap_servers` must be text, not a list
    `protocol` must be an object with the field `security_protocol`, not text
    `protocol.security_protocol` must be text, not a number `7`
    `protocol.ssl_key_password` must be text, not a number
    `protocol.ssl_key` must be text, not an object
    `polling_time` must be a whole number, not text `100`
    `polling_time` must be a whole number, not a number `1.5`
    `enable_auto_commit` must be true or false, not text `yes`
    `client_id` must be text, not a number `5`
    `record_shape` must be text, not true or false `true`
    `kafka_properties` must be a list, not an object
    `kafka_properties[0]` must be an object, not text
    `kafka_properties[0].value` must be text, not a number `5`
    `subscription.topics[1]` must be text, not a number `1`
    `subscription.topics` must be a list, not a number
    `transforms` must be a list, not text
    `protocol` must be an object with the field `security_protocol`, not text
    `kafka_properties` must be a list, not text
    ");
}

#[test]
fn values_that_are_not_in_the_list() {
    insta::assert_snapshot!(outcomes([
        with(json!({"protocol": {"security_protocol": "plaintext"}})),
        with(json!({"protocol": {"security_protocol": "SASL_SSL", "authentication": {"mechanism": "NTLM"}}})),
        with(json!({"MessageFormat": {"deserialization_type": "XML"}})),
        with(json!({"record_shape": "flat"})),
        with(json!({"auto_offset_reset": "oldest\n\u{7}"})),
        with(json!({"isolation_level": "x".repeat(200)})),
    ]), @r"
    `protocol.security_protocol` cannot be `plaintext`; choose `PLAINTEXT`, `SASL_SSL`, `SASL_PLAINTEXT` or `SSL`
    `protocol.authentication.mechanism` cannot be `NTLM`; choose `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512`, `GSSAPI`, `OAUTHBEARER` or `AWS_MSK_IAM`
    `MessageFormat.deserialization_type` cannot be `XML`; choose `AUTO`, `JSON`, `AVRO`, `PROTOBUF`, `JSON_SCHEMA`, `TEXT` or `BINARY`
    `record_shape` cannot be `flat`; choose `flattened` or `wrapped`
    `auto_offset_reset` cannot be `oldest��`; choose `latest`, `earliest` or `none`
    `isolation_level` cannot be `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…`; choose `read_committed` or `read_uncommitted`
    ");
}

#[test]
fn numbers_out_of_range() {
    insta::assert_snapshot!(outcomes([
        with(json!({"polling_time": -5})),
        with(json!({"max_records_process": -1})),
        with(json!({"max_records_process": 18_446_744_073_709_551_615_u64})),
        with(json!({"schema_sample_messages": 10_001})),
        with(json!({"request_timeout_ms": 0})),
        with(json!({"receive_buffer_bytes": -2})),
        with(json!({"max_sync_seconds": 1e300})),
    ]), @r"
    `polling_time` is -5, which is out of range; give a number of at least 0
    `max_records_process` is -1, which is out of range; give a number of at least 0
    `max_records_process` is 18446744073709551615, which is out of range; give a number from 0 to 9223372036854775807
    `schema_sample_messages` is 10001, which is out of range; give a number from 0 to 10000
    `request_timeout_ms` is 0, which is out of range; give a number of at least 1
    `receive_buffer_bytes` is -2, which is out of range; give a number of at least -1
    `max_sync_seconds` must be a whole number, not a number `1e+300`
    ");
}

#[test]
fn bad_servers() {
    let servers = [
        "kafka",
        "kafka:",
        "kafka:x",
        "kafka:0",
        "kafka:65536",
        "kafka:+1",
        ":9092",
        "a:1,b c:2",
        "a:1;b:2",
        "::1:9092",
        "[::1]",
        "[kafka]:9092",
        "[::1:9092",
        "http://kafka:9092",
        "https://user:s3cret@kafka:9092",
        "kafkä:9092",
        ",",
        "[fe80::1%]:9092",
        "a:1 b:2",
        "a\r\n:1",
    ];
    insta::assert_snapshot!(outcomes(servers.map(|servers| with(json!({"bootstrap_servers": servers})))), @r"
    `bootstrap_servers` entry `kafka` has no port; write `host:port`, with commas between brokers
    `bootstrap_servers` entry `kafka:` has no port; write `host:port`, with commas between brokers
    `bootstrap_servers` entry `kafka:x` has no port between 1 and 65535 after the last colon; write `host:port`, with commas between brokers
    `bootstrap_servers` entry `kafka:0` has no port between 1 and 65535 after the last colon; write `host:port`, with commas between brokers
    `bootstrap_servers` entry `kafka:65536` has no port between 1 and 65535 after the last colon; write `host:port`, with commas between brokers
    `bootstrap_servers` entry `kafka:+1` has no port between 1 and 65535 after the last colon; write `host:port`, with commas between brokers
    `bootstrap_servers` entry `:9092` has no host; write `host:port`, with commas between brokers
    `bootstrap_servers` entry `b c:2` has the character ` ` in its host name; write `host:port`, with commas between brokers
    `bootstrap_servers` entry `a:1;b:2` has the character `;` in its host name; write `host:port`, with commas between brokers
    `bootstrap_servers` entry `::1:9092` has several colons (an IPv6 address stands in brackets, `[::1]:9092`); write `host:port`, with commas between brokers
    `bootstrap_servers` entry `[::1]` has no port; write `host:port`, with commas between brokers
    `bootstrap_servers` entry `[kafka]:9092` has no IPv6 address in its brackets; write `host:port`, with commas between brokers
    `bootstrap_servers` entry `[::1:9092` has no IPv6 address in its brackets; write `host:port`, with commas between brokers
    `bootstrap_servers` entry `http://kafka:9092` is a web address, which brokers do not have; write `host:port`, with commas between brokers
    `bootstrap_servers` entry `…@kafka:9092` is a web address, which brokers do not have; write `host:port`, with commas between brokers
    `bootstrap_servers` entry `kafkä:9092` has the character `ä` in its host name; write `host:port`, with commas between brokers
    `bootstrap_servers` entry `,` names no broker; write `host:port`, with commas between brokers
    `bootstrap_servers` entry `[fe80::1%]:9092` has no IPv6 address in its brackets; write `host:port`, with commas between brokers
    `bootstrap_servers` entry `a:1 b:2` has the character ` ` in its host name; write `host:port`, with commas between brokers
    `bootstrap_servers` entry `a��:1` has the character `\r` in its host name; write `host:port`, with commas between brokers
    ");
}

#[test]
fn bad_starts() {
    let times = ["yesterday", "2026-13-01", "1969-12-31T23:59:59Z", "-1", "99999999999999999999", "21.11.2026"];
    insta::assert_snapshot!(
        outcomes(times.map(|time| with(json!({"start_from": {"start_type": "timestamp", "timestamp": time}})))), @r"
    `start_from.timestamp` `yesterday` is not a point in time since 1970; write a date and time like `2026-11-21T09:00:00Z`, a date, or milliseconds since 1970
    `start_from.timestamp` `2026-13-01` is not a point in time since 1970; write a date and time like `2026-11-21T09:00:00Z`, a date, or milliseconds since 1970
    `start_from.timestamp` `1969-12-31T23:59:59Z` is not a point in time since 1970; write a date and time like `2026-11-21T09:00:00Z`, a date, or milliseconds since 1970
    `start_from.timestamp` `-1` is not a point in time since 1970; write a date and time like `2026-11-21T09:00:00Z`, a date, or milliseconds since 1970
    `start_from.timestamp` `99999999999999999999` is not a point in time since 1970; write a date and time like `2026-11-21T09:00:00Z`, a date, or milliseconds since 1970
    `start_from.timestamp` `21.11.2026` is not a point in time since 1970; write a date and time like `2026-11-21T09:00:00Z`, a date, or milliseconds since 1970
    ");
    let spans = ["7", "0s", "-1d", "1 month", "soon", "99999999999d", "1d 25", "P1Y"];
    insta::assert_snapshot!(
        outcomes(spans.map(|span| with(json!({"start_from": {"start_type": "relative", "duration": span}})))), @r"
    `start_from.duration` `7` is not a span of time; write one like `7d`, `12h`, `30m`, `90s` or `1d12h`
    `start_from.duration` `0s` is not a span of time; write one like `7d`, `12h`, `30m`, `90s` or `1d12h`
    `start_from.duration` `-1d` is not a span of time; write one like `7d`, `12h`, `30m`, `90s` or `1d12h`
    `start_from.duration` `1 month` is not a span of time; write one like `7d`, `12h`, `30m`, `90s` or `1d12h`
    `start_from.duration` `soon` is not a span of time; write one like `7d`, `12h`, `30m`, `90s` or `1d12h`
    `start_from.duration` `99999999999d` is not a span of time; write one like `7d`, `12h`, `30m`, `90s` or `1d12h`
    `start_from.duration` `1d 25` is not a span of time; write one like `7d`, `12h`, `30m`, `90s` or `1d12h`
    `start_from.duration` `P1Y` is not a span of time; write one like `7d`, `12h`, `30m`, `90s` or `1d12h`
    ");
    insta::assert_snapshot!(outcomes([
        with(json!({"start_from": {"start_type": "committed"}})),
        with(json!({"auto_offset_reset": "none", "group_id": ""})),
    ]), @r"
    `start_from.start_type` is `committed`, which reads the committed offsets of a consumer group, but `group_id` is missing
    `auto_offset_reset` is `none`, which reads the committed offsets of a consumer group, but `group_id` is missing
    ");
}

#[test]
fn bad_encodings() {
    insta::assert_snapshot!(outcomes([
        with(json!({"MessageFormat": {"deserialization_type": "TEXT", "encoding": "EBCDIC"}})),
        with(json!({"key_format": {"deserialization_type": "TEXT", "encoding": "replacement"}})),
    ]), @r"
    `MessageFormat.encoding` does not know the character encoding `EBCDIC`; write a name like `utf-8`, `iso-8859-1` or `gb18030`
    `key_format.encoding` does not know the character encoding `replacement`; write a name like `utf-8`, `iso-8859-1` or `gb18030`
    ");
}

#[test]
fn properties_that_the_connector_owns() {
    let names = [
        "enable.auto.commit",
        "enable.auto.offset.store",
        "auto.offset.reset",
        "group.id",
        "enable.partition.eof",
        "isolation.level",
        "bootstrap.servers",
        "metadata.broker.list",
        "client.id",
        "security.protocol",
        "sasl.mechanism",
        "sasl.jaas.config",
        "SSL.CA.location",
        "ssl.key.pem",
        "ssl.key.password",
        "ssl.endpoint.identification.algorithm",
        "ssl.truststore.password",
        "allow.auto.create.topics",
        "group.protocol",
        "error_cb",
        "oauthbearer_token_refresh_cb",
        "plugin.library.paths",
        "max.poll.records",
        "auto.commit.enable",
        "partition.assignment.strategy",
        "topic.blacklist",
        "api.version.request",
        "broker.version.fallback",
        "interceptors",
        "default_topic_conf",
        "enabled_events",
        "log.queue",
        "internal.termination.signal",
        "test.mock.num.brokers",
    ];
    let config = |name| with(json!({"kafka_properties": [{"name": name, "value": "s3cret"}]}));
    insta::assert_snapshot!(outcomes(names.map(config)), @r"
    `kafka_properties` cannot set `enable.auto.commit`: use the field `enable_auto_commit`
    `kafka_properties` cannot set `enable.auto.offset.store`: offsets are kept by the connector
    `kafka_properties` cannot set `auto.offset.reset`: use the field `start_from`, and `on_lost_offsets` for offsets that are gone
    `kafka_properties` cannot set `group.id`: use the field `group_id`
    `kafka_properties` cannot set `enable.partition.eof`: the connector needs it as it is
    `kafka_properties` cannot set `isolation.level`: use the field `isolation_level`
    `kafka_properties` cannot set `bootstrap.servers`: use the field `bootstrap_servers`
    `kafka_properties` cannot set `metadata.broker.list`: use the field `bootstrap_servers`
    `kafka_properties` cannot set `client.id`: use the field `client_id`
    `kafka_properties` cannot set `security.protocol`: use the field `protocol`
    `kafka_properties` cannot set `sasl.mechanism`: use the field `protocol.authentication`
    `kafka_properties` cannot set `sasl.jaas.config`: use the field `protocol.authentication`
    `kafka_properties` cannot set `SSL.CA.location`: use the field `protocol.ssl_ca`
    `kafka_properties` cannot set `ssl.key.pem`: use the field `protocol.ssl_key`, with PEM text
    `kafka_properties` cannot set `ssl.key.password`: use the field `protocol.ssl_key_password`
    `kafka_properties` cannot set `ssl.endpoint.identification.algorithm`: use the field `protocol.ssl_verify_hostname`
    `kafka_properties` cannot set `ssl.truststore.password`: use the field `protocol.ssl_ca`, with PEM text
    `kafka_properties` cannot set `allow.auto.create.topics`: the connector never creates topics
    `kafka_properties` cannot set `group.protocol`: partitions are assigned by the connector, not by a group
    `kafka_properties` cannot set `error_cb`: the connector sets it itself
    `kafka_properties` cannot set `oauthbearer_token_refresh_cb`: the connector sets it itself
    `kafka_properties` cannot set `plugin.library.paths`: the connector loads no code from files
    `kafka_properties` cannot set `max.poll.records`: it has no effect here; remove it
    `kafka_properties` cannot set `auto.commit.enable`: use the field `enable_auto_commit`
    `kafka_properties` cannot set `partition.assignment.strategy`: partitions are assigned by the connector, not by a group
    `kafka_properties` cannot set `topic.blacklist`: use the field `subscription.exclude`
    `kafka_properties` cannot set `api.version.request`: the brokers are always asked what they can do; remove it
    `kafka_properties` cannot set `broker.version.fallback`: the brokers are always asked what they can do; remove it
    `kafka_properties` cannot set `interceptors`: the connector loads no code from files
    `kafka_properties` cannot set `default_topic_conf`: name its properties one by one
    `kafka_properties` cannot set `enabled_events`: the connector sets it itself
    `kafka_properties` cannot set `log.queue`: the connector writes the client's log itself; choose its content with `debug`
    `kafka_properties` cannot set `internal.termination.signal`: the connector deals with signals itself
    `kafka_properties` cannot set `test.mock.num.brokers`: it replaces the brokers by simulated ones; use the field `bootstrap_servers`
    ");
    insta::assert_snapshot!(outcomes([
        with(json!({"kafka_properties": [{"name": "check.crcs", "value": "true"}, {"name": " check.crcs ", "value": "false"}]})),
    ]), @"`kafka_properties` sets `check.crcs` twice; keep one of the two");
}

#[test]
fn what_is_not_built_yet() {
    insta::assert_snapshot!(outcomes([
        with(json!({"protocol": {"security_protocol": "SASL_SSL", "authentication": {"mechanism": "AWS_MSK_IAM"}}})),
        with(json!({"MessageFormat": {"deserialization_type": "AVRO"}})),
        with(json!({"MessageFormat": {"deserialization_type": "PROTOBUF"}})),
        with(json!({"key_format": {"deserialization_type": "JSON_SCHEMA"}})),
        with(json!({"schema_registry": {"registry_type": "NONE"}})),
        with(json!({"schema_registry": {"registry_type": "CONFLUENT", "url": "http://localhost:8081"}})),
        with(json!({"schema_registry": {"registry_type": "APICURIO", "url": "http://localhost:8080"}})),
        with(json!({"schema_registry": {"registry_type": "AWS_GLUE"}})),
        with(json!({"primary_key": "message_key"})),
        with(json!({"transforms": []})),
        with(json!({"transforms": [{"program": "."}]})),
    ]), @r"
    `protocol.authentication.mechanism` `AWS_MSK_IAM` is not supported by this version of the connector yet; choose another mechanism of the cluster, such as `SCRAM-SHA-512`
    `MessageFormat.deserialization_type` `AVRO` is not supported by this version of the connector yet; choose `AUTO`, `JSON`, `TEXT` or `BINARY`
    `MessageFormat.deserialization_type` `PROTOBUF` is not supported by this version of the connector yet; choose `AUTO`, `JSON`, `TEXT` or `BINARY`
    `key_format.deserialization_type` `JSON_SCHEMA` is not supported by this version of the connector yet; choose `AUTO`, `JSON`, `TEXT` or `BINARY`
    fine
    `schema_registry.registry_type` `CONFLUENT` is not supported by this version of the connector yet; choose `NONE`
    `schema_registry.registry_type` `APICURIO` is not supported by this version of the connector yet; choose `NONE`
    `schema_registry.registry_type` `AWS_GLUE` is not supported by this version of the connector yet; choose `NONE`
    `primary_key` `message_key` is not supported by this version of the connector yet; choose `offset`
    fine
    `transforms` `jq` is not supported by this version of the connector yet; remove the entries
    ");
}

#[test]
fn unknown_fields_are_named_and_ignored() {
    insta::assert_snapshot!(outcomes([
        with(json!({"max_record_process": 5})),
        with(json!({"maxRecordsProcess": 5, "message_format": {"deserialization_type": "XML"}})),
        with(json!({"topic_pattern": "a", "password": "s3cret", "unheard_of": null})),
        subscription(&json!({"subscription_type": "topics", "topics": "a", "topic_pattern": "a"})),
        subscription(&json!({"subscription_type": "topics", "topics": "a", "excludes": ["b"]})),
        with(json!({"protocol": {"security_protocol": "PLAINTEXT", "sasl_mechanism": "PLAIN", "ssl_ca": "x"}})),
        with(json!({"kafka_properties": [{"name": "check.crcs", "value": "true", "scope": "s3cret"}]})),
        with(json!({"a\nb": 1})),
    ]), @r"
    WARN field `max_record_process` is unknown and ignored; did you mean `max_records_process`?
    WARN field `maxRecordsProcess` is unknown and ignored; did you mean `max_records_process`?
    WARN field `message_format` is unknown and ignored; did you mean `MessageFormat`?
    WARN field `password` is unknown and ignored; did you mean `protocol.authentication.password`?
    WARN field `topic_pattern` is unknown and ignored; did you mean `subscription.topic_pattern`?
    WARN field `unheard_of` is unknown and ignored
    WARN field `subscription.topic_pattern` is ignored: it belongs to `subscribe`
    WARN field `subscription.excludes` is unknown and ignored; did you mean `subscription.exclude`?
    WARN field `protocol.sasl_mechanism` is ignored: it belongs to `SASL_SSL` or `SASL_PLAINTEXT`
    WARN field `protocol.ssl_ca` is ignored: it belongs to `SASL_SSL` or `SSL`
    WARN field `kafka_properties[0].scope` is unknown and ignored; did you mean `protocol.authentication.scope`?
    WARN field `a�b` is unknown and ignored
    ");
}

#[test]
fn adjusted_values_are_named() {
    insta::assert_snapshot!(outcomes([
        with(json!({"retry_backoff_ms": 0})),
        with(json!({"request_timeout_ms": 5})),
        with(json!({"receive_buffer_bytes": 1_000_000_000})),
    ]), @r"
    WARN `retry_backoff_ms` is 0, which the client does not take; it uses 1
    WARN `request_timeout_ms` is 5, which the client does not take; it uses 10
    WARN `receive_buffer_bytes` is 1000000000, which the client does not take; it uses 100000000
    ");
}
