//! What the user wrote, checked: the form, its `spec.json`, and the [`Settings`] the rest of the program works with.
//!
//! Part of the shared floor: no side effects, no clock, no network, nothing of Kafka's client or of Airbyte's messages.
//! A configuration passes three stages, each in a module of its own: `shape` compares it with the form and names the
//! first field that does not fit, [`form`] gives it types, `settings` resolves it.

mod client_properties;
mod duration;
mod error;
pub mod form;
mod format;
mod hidden;
pub mod jaas;
mod not_built;
mod pattern;
mod secret;
mod security;
mod servers;
mod settings;
mod shape;
mod specification;
mod start;
mod subscription;
mod suggestion;

#[cfg(test)]
mod tests;

pub use error::{ConfigError, JsonFault, PatternFault, ServerFault, TopicFault};
pub use form::{IsolationLevel, OnBadMessage, OnLostOffsets, RecordShape};
pub use format::Format;
pub use hidden::secrets;
pub use jaas::JaasFault;
pub use secret::Secret;
pub use security::{
    Authentication, ClientCertificate, ClientCredentials, Kerberos, Keytab, LoginFault, PemFault, ScramHash, Security,
    Tls,
};
pub use settings::Settings;
pub use specification::specification;
pub use start::{CommittedFallback, StartFrom};
pub use subscription::Subscription;

use form::Form;

/// A configuration that can be used.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// What it says.
    pub settings: Settings,
    /// What the user should know about it, one sentence each: fields that are unknown, values that were adjusted.
    pub warnings: Vec<String>,
}

/// Reads the text of a configuration file.
///
/// ```
/// let parsed = source_kafka::config::parse(
///     r#"{
///         "bootstrap_servers": "localhost:9092",
///         "protocol": {"security_protocol": "PLAINTEXT"},
///         "subscription": {"subscription_type": "topics", "topics": ["orders", "customers-*"]}
///     }"#,
/// )?;
/// assert!(parsed.settings.subscription.matches("customers-eu"));
/// # Ok::<(), source_kafka::config::ConfigError>(())
/// ```
pub fn parse(text: &str) -> Result<Parsed, ConfigError> {
    // Editors on Windows begin a file with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let value = serde_json::from_str(text).map_err(|error| ConfigError::not_json(&error))?;
    let (value, mut warnings) = shape::check(specification::connection_specification(), value)?;
    let form: Form = serde_json::from_value(value).map_err(|_| ConfigError::FormMismatch)?;
    not_built::refuse(&form)?;
    let settings = Settings::from_form(form, &mut warnings)?;
    Ok(Parsed { settings, warnings })
}
