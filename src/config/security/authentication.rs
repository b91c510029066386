//! Who this client is: the mechanisms of SASL.

use super::super::form::{AwsCredentials, Login, Mechanism, Sasl};
use super::super::{ConfigError, JaasFault};
use super::{ClientCredentials, Kerberos, PemFault, legacy};

/// A mechanism of SASL, with what it needs.
#[derive(Clone, Debug)]
pub enum Authentication {
    /// user and password, as they are
    Plain(Login),
    /// user and password, proven without sending the password
    Scram(ScramHash, Login),
    /// a ticket of Kerberos
    Gssapi(Kerberos),
    /// a token, fetched with client credentials
    OauthBearer(ClientCredentials),
    /// a token that an AWS identity signs
    AwsMskIam(AwsCredentials),
}

/// The hash functions of SCRAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScramHash {
    /// SHA-256
    Sha256,
    /// SHA-512
    Sha512,
}

/// What is wrong with a field of a login.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoginFault {
    /// It is not base64.
    #[error("is not base64 text; write the file with `base64 -w0`")]
    NotBase64,
    /// It is no keytab.
    #[error("is not a keytab; give the file that `ktutil` or `kadmin` wrote, as base64 text")]
    NotAKeytab,
    /// The principal is not in the keytab.
    #[error("has no key for the principal `{wanted}`; it has keys for {found}")]
    OtherPrincipal {
        /// the configured one
        wanted: String,
        /// those it has
        found: String,
    },
    /// It is no krb5.conf.
    #[error(
        "is neither the text of a `krb5.conf`, which has a `[libdefaults]` or `[realms]` section, nor base64 of one"
    )]
    NotKrb5Conf,
    /// A character that is not allowed there.
    #[error("has a character that cannot stand there; write it like `{0}`")]
    BadCharacter(&'static str),
    /// It is no web address.
    #[error("is not a web address; write one like `https://login.example.com/oauth2/token`")]
    NotAUrl,
    /// The address has a user or a password in it.
    #[error("has a user name or a password in the address; use `client_id` and `client_secret`")]
    Userinfo,
    /// The extensions are not a list of names and values.
    #[error("has the entry `{0}`, which is not `name=value` with a name of letters only")]
    BadExtension(String),
    /// The name is taken.
    #[error("cannot set `auth`, which is the token itself")]
    ReservedExtension,
    /// Certificates that cannot be used.
    #[error("{0}")]
    Pem(#[from] PemFault),
}

impl Authentication {
    pub(super) fn from_form(sasl: &Sasl, warnings: &mut Vec<String>) -> Result<Self, ConfigError> {
        let authentication = match &sasl.authentication {
            Some(mechanism) => Self::of_mechanism(mechanism, warnings)?,
            None => legacy::authentication(sasl, warnings)?,
        };
        if sasl.authentication.is_some() && sasl.sasl_jaas_config.is_some() {
            warnings.push("`protocol.sasl_jaas_config` is ignored: `protocol.authentication` is given".to_owned());
        }
        match authentication {
            Self::AwsMskIam(_) => Err(ConfigError::NotBuilt {
                field: "protocol.authentication.mechanism".to_owned(),
                value: "AWS_MSK_IAM",
                instead: "choose another mechanism of the cluster, such as `SCRAM-SHA-512`",
            }),
            authentication => Ok(authentication),
        }
    }

    fn of_mechanism(mechanism: &Mechanism, warnings: &mut Vec<String>) -> Result<Self, ConfigError> {
        let bad = |field: &str| {
            let field = format!("protocol.authentication.{field}");
            move |fault| ConfigError::BadLogin { field, fault }
        };
        Ok(match mechanism {
            Mechanism::Plain(login) => Self::Plain(login.clone()),
            Mechanism::ScramSha256(login) => Self::Scram(ScramHash::Sha256, login.clone()),
            Mechanism::ScramSha512(login) => Self::Scram(ScramHash::Sha512, login.clone()),
            Mechanism::Gssapi(form) => {
                Self::Gssapi(Kerberos::from_form(form).map_err(|(field, fault)| bad(field)(fault))?)
            }
            Mechanism::OauthBearer(form) => {
                let credentials = ClientCredentials::from_form(form).map_err(|(field, fault)| bad(field)(fault))?;
                credentials.warn_of_plain_text("protocol.authentication.token_endpoint_url", warnings);
                Self::OauthBearer(credentials)
            }
            Mechanism::AwsMskIam(form) => Self::AwsMskIam(form.clone()),
        })
    }

    /// The name that SASL has for it.
    #[must_use]
    pub const fn mechanism(&self) -> &'static str {
        match self {
            Self::Plain(_) => "PLAIN",
            Self::Scram(ScramHash::Sha256, _) => "SCRAM-SHA-256",
            Self::Scram(ScramHash::Sha512, _) => "SCRAM-SHA-512",
            Self::Gssapi(_) => "GSSAPI",
            // Clients other than Java's speak to MSK with a token.
            Self::OauthBearer(_) | Self::AwsMskIam(_) => "OAUTHBEARER",
        }
    }
}

impl From<JaasFault> for ConfigError {
    fn from(fault: JaasFault) -> Self {
        Self::BadJaas { fault }
    }
}
