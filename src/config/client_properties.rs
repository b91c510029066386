//! The properties of librdkafka that the form sets or hands through.

use super::ConfigError;
use super::error::shown;
use super::form::{ClientDnsLookup, Form};

/// librdkafka's limits.
const RETRY_BACKOFF_MS: (u64, u64) = (1, 300_000);
const SOCKET_TIMEOUT_MS: (u64, u64) = (10, 300_000);
const RECEIVE_BUFFER_BYTES: (i64, i64) = (0, 100_000_000);
/// librdkafka's default of `retry.backoff.max.ms`, which must not be below `retry.backoff.ms`.
const RETRY_BACKOFF_MAX_MS: u64 = 1_000;

/// What the user gave, older fields first, so that a property named by the user has the last word.
pub(super) fn from_form(form: &Form, warnings: &mut Vec<String>) -> Result<Vec<(String, String)>, ConfigError> {
    let mut properties = Vec::new();
    let mut set = |name: &str, value: String| properties.push((name.to_owned(), value));
    if let Some(lookup) = form.client_dns_lookup {
        set("client.dns.lookup", dns_lookup(lookup).to_owned());
    }
    if let Some(bytes) = form.receive_buffer_bytes {
        // -1 is Java's word for what the operating system chooses, 0 librdkafka's.
        let bytes = within(RECEIVE_BUFFER_BYTES, bytes.max(0), "receive_buffer_bytes", warnings);
        set("socket.receive.buffer.bytes", bytes.to_string());
    }
    if let Some(backoff) = form.retry_backoff_ms {
        let backoff = within(RETRY_BACKOFF_MS, backoff, "retry_backoff_ms", warnings);
        set("retry.backoff.ms", backoff.to_string());
        if backoff > RETRY_BACKOFF_MAX_MS {
            set("retry.backoff.max.ms", backoff.to_string());
        }
    }
    if let Some(timeout) = form.request_timeout_ms {
        let timeout = within(SOCKET_TIMEOUT_MS, timeout, "request_timeout_ms", warnings);
        set("socket.timeout.ms", timeout.to_string());
    }
    let given = properties.len();
    for property in &form.kafka_properties {
        let name = property.name.as_str();
        if let Some(instead) = owned(name) {
            return Err(ConfigError::OwnedProperty { name: shown(name), instead });
        }
        if properties.iter().skip(given).any(|(other, _)| other == name) {
            return Err(ConfigError::RepeatedProperty { name: shown(name) });
        }
        properties.push((name.to_owned(), property.value.clone()));
    }
    Ok(properties)
}

fn dns_lookup(lookup: ClientDnsLookup) -> &'static str {
    match lookup {
        ClientDnsLookup::UseAllDnsIps | ClientDnsLookup::Default => "use_all_dns_ips",
        ClientDnsLookup::ResolveCanonicalBootstrapServersOnly => "resolve_canonical_bootstrap_servers_only",
    }
}

/// Java's client takes values that librdkafka refuses; a configuration that worked there goes on to work.
fn within<N: Ord + Copy + ToString>(limits: (N, N), value: N, field: &str, warnings: &mut Vec<String>) -> N {
    let used = value.clamp(limits.0, limits.1);
    if used != value {
        let (value, used) = (value.to_string(), used.to_string());
        warnings.push(format!("`{field}` is {value}, which the client does not take; it uses {used}"));
    }
    used
}

/// Names, or beginnings of names (ending in a dot), of properties that are not set here, and what to do instead. The
/// names of Java's client are among them: users bring whole property files.
const OWNED: &[(&str, &str)] = &[
    ("bootstrap.servers", "use the field `bootstrap_servers`"),
    ("metadata.broker.list", "use the field `bootstrap_servers`"),
    ("client.id", "use the field `client_id`"),
    ("group.id", "use the field `group_id`"),
    ("group.protocol", "partitions are assigned by the connector, not by a group"),
    ("group.protocol.type", "partitions are assigned by the connector, not by a group"),
    ("group.instance.id", "partitions are assigned by the connector, not by a group"),
    ("group.remote.assignor", "partitions are assigned by the connector, not by a group"),
    ("partition.assignment.strategy", "partitions are assigned by the connector, not by a group"),
    ("enable.auto.commit", "use the field `enable_auto_commit`"),
    ("auto.commit.enable", "use the field `enable_auto_commit`"),
    ("auto.commit.", "offsets are committed once per sync"),
    ("enable.auto.offset.store", "offsets are kept by the connector"),
    ("offset.store.", "offsets are kept by the connector"),
    ("auto.offset.reset", "use the field `start_from`, and `on_lost_offsets` for offsets that are gone"),
    ("isolation.level", "use the field `isolation_level`"),
    ("enable.partition.eof", "the connector needs it as it is"),
    ("allow.auto.create.topics", "the connector never creates topics"),
    ("topic.blacklist", "use the field `subscription.exclude`"),
    // Requests of old versions leave out headers, and show messages of aborted transactions.
    ("api.version.request", "the brokers are always asked what they can do; remove it"),
    ("api.version.fallback.ms", "the brokers are always asked what they can do; remove it"),
    ("broker.version.fallback", "the brokers are always asked what they can do; remove it"),
    ("security.protocol", "use the field `protocol`"),
    ("sasl.", "use the field `protocol.authentication`"),
    ("ssl.ca.", "use the field `protocol.ssl_ca`"),
    ("ssl.truststore.", "use the field `protocol.ssl_ca`, with PEM text"),
    ("https.ca.", "use the field `protocol.authentication.ca`"),
    ("ssl.certificate.", "use the field `protocol.ssl_certificate`, with PEM text"),
    ("ssl.keystore.", "use the fields `protocol.ssl_certificate` and `protocol.ssl_key`, with PEM text"),
    ("ssl.key.password", "use the field `protocol.ssl_key_password`"),
    ("ssl.key.", "use the field `protocol.ssl_key`, with PEM text"),
    ("ssl_", "use the fields of `protocol`"),
    ("ssl.endpoint.identification.algorithm", "use the field `protocol.ssl_verify_hostname`"),
    (
        "enable.ssl.certificate.verification",
        "certificates are always verified; give the authority in `protocol.ssl_ca`",
    ),
    ("ssl.engine.", "the connector loads no code from files"),
    ("enable.sasl.oauthbearer.unsecure.jwt", "use the field `protocol.authentication`"),
    ("plugin.library.paths", "the connector loads no code from files"),
    ("interceptors", "the connector loads no code from files"),
    ("interceptor.classes", "the connector loads no code from files"),
    ("key.deserializer", "use the field `key_format`"),
    ("value.deserializer", "use the field `MessageFormat`"),
    ("schema.registry.", "use the field `schema_registry`"),
    ("basic.auth.", "use the field `schema_registry`"),
    ("max.poll.records", "it has no effect here; remove it"),
    ("request.timeout.ms", "use the field `request_timeout_ms`"),
    ("opaque", "the connector sets it itself"),
    ("default_topic_conf", "name its properties one by one"),
    ("enabled_events", "the connector sets it itself"),
    ("log.queue", "the connector writes the client's log itself; choose its content with `debug`"),
    ("internal.termination.signal", "the connector deals with signals itself"),
    ("test.", "it replaces the brokers by simulated ones; use the field `bootstrap_servers`"),
];

fn owned(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    if name.ends_with("_cb") {
        return Some("the connector sets it itself");
    }
    let is_meant = |owned: &str| name == owned || owned.ends_with(['.', '_']) && name.starts_with(owned);
    OWNED.iter().find(|(owned, _)| is_meant(owned)).map(|(_, instead)| *instead)
}
