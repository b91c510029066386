//! What `protocol` means: encryption, and who this client is.
//!
//! Everything that can be judged without a network is judged here, so that its message names the field. The older fields
//! of Java's client end in the same types.

mod authentication;
mod kerberos;
mod legacy;
mod oauth;
mod pem;
mod tls;

pub use authentication::{Authentication, LoginFault, ScramHash};
pub use kerberos::{Kerberos, Keytab};
pub use oauth::ClientCredentials;
pub use pem::PemFault;
pub use tls::{ClientCertificate, Tls};

use super::ConfigError;
use super::form::Protocol;

/// How a connection to the brokers is protected.
#[derive(Clone, Debug, Default)]
pub struct Security {
    /// Encryption; none: plain text.
    pub tls: Option<Tls>,
    /// What the brokers are told about this client; none: nothing, unless its certificate does.
    pub authentication: Option<Authentication>,
}

impl Security {
    pub(super) fn from_form(protocol: &Protocol, warnings: &mut Vec<String>) -> Result<Self, ConfigError> {
        let (tls, sasl) = match protocol {
            Protocol::Plaintext => (None, None),
            Protocol::Ssl(tls) => (Some(tls), None),
            Protocol::SaslPlaintext(sasl) => (None, Some(sasl)),
            Protocol::SaslSsl(both) => (Some(&both.tls), Some(&both.sasl)),
        };
        let tls = tls.map(|tls| Tls::from_form(tls, "protocol")).transpose()?;
        let authentication = sasl.map(|sasl| Authentication::from_form(sasl, warnings)).transpose()?;
        if let (None, Some(Authentication::Plain(_))) = (&tls, &authentication) {
            warnings.push(
                "`protocol` is `SASL_PLAINTEXT` with the mechanism `PLAIN`: the password travels unencrypted"
                    .to_owned(),
            );
        }
        Ok(Self { tls, authentication })
    }
}
