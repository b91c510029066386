//! The `protocol.authentication` field: SASL mechanisms.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::Secret;

/// The mechanisms.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(tag = "mechanism")]
pub enum Mechanism {
    /// User name and password, sent as they are: use it with `SASL_SSL`. Confluent Cloud, Azure Event Hubs and others.
    #[serde(rename = "PLAIN")]
    #[schemars(title = "PLAIN")]
    Plain(Login),
    /// User name and password, proven without sending the password.
    #[serde(rename = "SCRAM-SHA-256")]
    #[schemars(title = "SCRAM-SHA-256")]
    ScramSha256(Login),
    /// User name and password, proven without sending the password.
    #[serde(rename = "SCRAM-SHA-512")]
    #[schemars(title = "SCRAM-SHA-512")]
    ScramSha512(Login),
    /// A Kerberos ticket, fetched with a keytab.
    #[serde(rename = "GSSAPI")]
    #[schemars(title = "GSSAPI (Kerberos)")]
    Gssapi(Gssapi),
    /// A token of an OAuth 2.0 or OIDC server, fetched with client credentials.
    #[serde(rename = "OAUTHBEARER")]
    #[schemars(title = "OAUTHBEARER")]
    OauthBearer(OauthBearer),
    /// An AWS identity, for Amazon MSK with IAM access control. Empty keys: those of the environment, the web
    /// identity, the container or the instance, in that order.
    #[serde(rename = "AWS_MSK_IAM")]
    #[schemars(title = "AWS_MSK_IAM")]
    AwsMskIam(AwsCredentials),
}

/// User name and password.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Login {
    /// The user, or the API key.
    #[schemars(title = "User name", extend("order" = 1))]
    pub username: String,

    /// The user's password, or the API key's secret.
    #[schemars(title = "Password", extend("order" = 2))]
    pub password: Secret,
}

/// Kerberos.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Gssapi {
    /// The name of this client in Kerberos.
    #[schemars(title = "Principal", extend("order" = 1, "examples" = ["airbyte@EXAMPLE.COM"]))]
    pub principal: String,

    /// The keytab file of the principal, as base64 text (`base64 -w0 airbyte.keytab`).
    #[schemars(title = "Keytab", extend("order" = 2, "multiline" = true))]
    pub keytab: Secret,

    /// The file `krb5.conf`, as it is or as base64 text. Empty: realms are found through DNS.
    #[schemars(title = "krb5.conf", extend("order" = 3, "multiline" = true))]
    pub krb5_conf: Option<String>,

    /// The first part of the brokers' own principals.
    #[serde(default = "kafka")]
    #[schemars(title = "Service name", extend("order" = 4))]
    pub service_name: String,
}

fn kafka() -> String {
    "kafka".to_owned()
}

/// OAuth 2.0 client credentials.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct OauthBearer {
    /// Where tokens are asked for.
    #[schemars(
        title = "Token endpoint URL",
        extend("order" = 1, "examples" = ["https://login.example.com/oauth2/token"])
    )]
    pub token_endpoint_url: String,

    /// The name of this client at the token endpoint.
    #[schemars(title = "Client ID", extend("order" = 2))]
    pub client_id: String,

    /// The secret of this client at the token endpoint.
    #[schemars(title = "Client secret", extend("order" = 3))]
    pub client_secret: Secret,

    /// The scopes to ask for, separated by blanks.
    #[schemars(title = "Scope", extend("order" = 4))]
    pub scope: Option<String>,

    /// SASL extensions, as `name=value`, separated by commas. Confluent Cloud wants two.
    #[schemars(
        title = "Extensions",
        extend("order" = 5, "examples" = ["logicalCluster=lkc-abc123,identityPoolId=pool-xyz"])
    )]
    pub extensions: Option<String>,

    /// The certificates of the authorities that signed the token endpoint's certificate, as PEM text. Empty: the
    /// public authorities.
    #[schemars(title = "CA certificates of the token endpoint", extend("order" = 6, "multiline" = true))]
    pub ca: Option<String>,
}

/// An AWS identity.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct AwsCredentials {
    /// The region. Empty: that of the environment.
    #[schemars(title = "Region", extend("order" = 1, "examples" = ["eu-central-1"]))]
    pub region: Option<String>,

    /// The access key, if you do not use the identity of the machine.
    #[schemars(title = "Access key ID", extend("order" = 2))]
    pub access_key_id: Option<String>,

    /// The secret of the access key.
    #[schemars(title = "Secret access key", extend("order" = 3))]
    pub secret_access_key: Option<Secret>,

    /// The session token, if the access key is a temporary one.
    #[schemars(title = "Session token", extend("order" = 4))]
    pub session_token: Option<Secret>,

    /// A role to assume with the identity above.
    #[schemars(title = "Role ARN", extend("order" = 5, "examples" = ["arn:aws:iam::123456789012:role/kafka-reader"]))]
    pub role_arn: Option<String>,

    /// The external ID that the role demands.
    #[schemars(title = "External ID", extend("order" = 6))]
    pub external_id: Option<String>,
}
