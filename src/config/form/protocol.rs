//! The `protocol` field: transport security.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::Secret;
use super::Mechanism;

/// The security protocols of a Kafka listener.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(tag = "security_protocol", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Protocol {
    /// Neither encryption nor authentication.
    #[schemars(title = "PLAINTEXT")]
    Plaintext,
    /// Encryption and authentication by user, ticket or token.
    #[schemars(title = "SASL_SSL")]
    SaslSsl(SaslTls),
    /// Authentication by user, ticket or token, without encryption.
    #[schemars(title = "SASL_PLAINTEXT")]
    SaslPlaintext(Sasl),
    /// Encryption, and authentication by client certificate if the brokers ask for one.
    #[schemars(title = "SSL")]
    Ssl(Tls),
}

/// Encryption and authentication.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct SaslTls {
    /// Who you are.
    #[serde(flatten)]
    pub sasl: Sasl,
    /// Whom you trust.
    #[serde(flatten)]
    pub tls: Tls,
}

/// Authentication.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Sasl {
    /// How this client proves who it is.
    #[schemars(title = "Authentication", extend("order" = 1))]
    pub authentication: Option<Mechanism>,

    /// The older form of `authentication`, used when that is absent: the name of the mechanism.
    #[schemars(title = "SASL mechanism", extend("order" = 20, "airbyte_hidden" = true))]
    pub sasl_mechanism: Option<String>,

    /// The older form of `authentication`, used when that is absent: a Java login line.
    #[schemars(title = "SASL JAAS config", extend("order" = 21, "airbyte_hidden" = true))]
    pub sasl_jaas_config: Option<Secret>,

    /// The older form of `authentication`, used when that is absent: where tokens are asked for.
    #[schemars(title = "OAUTHBEARER token endpoint URL", extend("order" = 22, "airbyte_hidden" = true))]
    pub oauthbearer_token_endpoint_url: Option<String>,
}

/// Encryption.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Tls {
    /// The certificates of the authorities that signed the brokers' certificates, as PEM text. Empty: the public
    /// authorities.
    #[schemars(
        title = "CA certificates",
        extend("order" = 10, "multiline" = true, "examples" = ["-----BEGIN CERTIFICATE-----…"])
    )]
    pub ssl_ca: Option<String>,

    /// The certificate of this client and those between it and its authority, as PEM text. Needed only when the
    /// brokers ask for one, and then with its key.
    #[schemars(
        title = "Client certificate",
        extend("order" = 11, "multiline" = true, "examples" = ["-----BEGIN CERTIFICATE-----…"])
    )]
    pub ssl_certificate: Option<String>,

    /// The private key of the client certificate, as PEM text.
    #[schemars(title = "Client key", extend("order" = 12, "multiline" = true))]
    pub ssl_key: Option<Secret>,

    /// The password of the client key, if it has one.
    #[schemars(title = "Client key password", extend("order" = 13))]
    pub ssl_key_password: Option<Secret>,

    /// Check that a broker's certificate is made out for its host name. Without the check anybody with a certificate
    /// of the same authority can pose as a broker and read what you send: leave it on.
    #[serde(default = "yes")]
    #[schemars(title = "Verify host names", extend("order" = 14))]
    pub ssl_verify_hostname: bool,
}

fn yes() -> bool {
    true
}
