//! Tests of the whole module through its two functions.

/// Login lines of Java's clients.
mod jaas;
/// Configurations that were written for Airbyte's Java connector.
mod legacy;
/// Every other message a user can meet here.
mod messages;
/// Properties that hold for any input.
mod properties;
/// Encryption and authentication.
mod security;
/// What the fields mean.
mod settings;
/// The rules that Airbyte's form builder and test suites have for a specification.
mod specification;
/// Messages about topics, partitions and expressions.
mod topics;

use serde_json::{Value, json};

use super::{ConfigError, Parsed, parse};

/// The smallest configuration, with the fields of `changes` put over it.
fn with(changes: Value) -> Value {
    let mut config = json!({
        "bootstrap_servers": "localhost:9092",
        "protocol": {"security_protocol": "PLAINTEXT"},
        "subscription": {"subscription_type": "topics", "topics": ["orders"]},
    });
    let Value::Object(changes) = changes else { panic!("changes must be an object") };
    config.as_object_mut().unwrap().extend(changes);
    config
}

fn read(config: &Value) -> Result<Parsed, ConfigError> {
    parse(&config.to_string())
}

/// The same for each configuration, one line per outcome.
fn outcomes(configs: impl IntoIterator<Item = Value>) -> String {
    let line = |config| match read(&config) {
        Ok(parsed) if parsed.warnings.is_empty() => "fine".to_owned(),
        Ok(parsed) => format!("WARN {}", parsed.warnings.join("\nWARN ")),
        Err(error) => error.to_string(),
    };
    configs.into_iter().map(line).collect::<Vec<_>>().join("\n")
}
