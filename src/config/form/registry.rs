//! The `schema_registry` field.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::Secret;
use super::{AwsCredentials, Tls};

/// The kinds of registry.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(tag = "registry_type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SchemaRegistry {
    /// Messages carry no reference to a registry.
    #[schemars(title = "None")]
    None,
    /// Confluent Schema Registry, or one that speaks its language: Karapace, Redpanda, Apicurio's `ccompat` address.
    #[schemars(title = "Confluent")]
    Confluent(Box<RegistryServer>),
    /// Apicurio Registry.
    #[schemars(title = "Apicurio")]
    Apicurio(Box<RegistryServer>),
    /// AWS Glue Schema Registry. Empty keys: those of the environment, the web identity, the container or the
    /// instance, in that order.
    #[schemars(title = "AWS Glue")]
    AwsGlue(AwsGlue),
}

/// A registry that is reached by URL.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct RegistryServer {
    /// The address of the registry, or several of one registry, separated by commas.
    #[schemars(title = "URL", extend("order" = 1, "examples" = ["https://registry.example.com:8081"]))]
    pub url: String,

    /// The user, or the API key.
    #[schemars(title = "User name", extend("order" = 2))]
    pub username: Option<String>,

    /// The user's password, or the API key's secret.
    #[schemars(title = "Password", extend("order" = 3))]
    pub password: Option<Secret>,

    /// A bearer token, instead of user name and password.
    #[schemars(title = "Token", extend("order" = 4))]
    pub token: Option<Secret>,

    /// Where bearer tokens are asked for, instead of a fixed one.
    #[schemars(title = "OAuth token endpoint URL", extend("order" = 5))]
    pub oauth_token_endpoint_url: Option<String>,

    /// The name of this client at the token endpoint.
    #[schemars(title = "OAuth client ID", extend("order" = 6))]
    pub oauth_client_id: Option<String>,

    /// The secret of this client at the token endpoint.
    #[schemars(title = "OAuth client secret", extend("order" = 7))]
    pub oauth_client_secret: Option<Secret>,

    /// The scopes to ask for, separated by blanks.
    #[schemars(title = "OAuth scope", extend("order" = 8))]
    pub oauth_scope: Option<String>,

    /// Encryption.
    #[serde(flatten)]
    pub tls: Tls,
}

/// AWS Glue.
pub type AwsGlue = AwsCredentials;
