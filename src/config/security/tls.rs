//! Encryption.

use super::super::form;
use super::super::{ConfigError, Secret};
use super::PemFault;
use super::pem;

/// Whom to trust, and by which certificate to be known.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The trusted authorities as PEM text; none: the public ones.
    pub ca: Option<String>,
    /// What the server is shown when it asks.
    pub client: Option<ClientCertificate>,
    /// Whether a certificate has to be made out for the server's host name.
    pub verify_hostname: bool,
}

/// A certificate and its key.
#[derive(Clone, Debug)]
pub struct ClientCertificate {
    /// The client's own certificate, then those between it and its authority, as PEM text.
    pub chain: String,
    /// The key of the first of them, as PEM text (PKCS#8, not encrypted).
    pub key: Secret,
}

impl Tls {
    /// `path` is the part of the form that the fields are in.
    pub(in crate::config) fn from_form(form: &form::Tls, path: &'static str) -> Result<Self, ConfigError> {
        let bad = |field: &str| {
            let field = format!("{path}.{field}");
            move |fault| ConfigError::BadPem { field, fault }
        };
        let ca = form.ssl_ca.as_deref().map(ca_text).transpose().map_err(bad("ssl_ca"))?;
        let client = match (&form.ssl_certificate, &form.ssl_key) {
            (None, None) => None,
            (None, Some(_)) => return Err(bad("ssl_certificate")(PemFault::Half("ssl_key"))),
            (Some(_), None) => return Err(bad("ssl_key")(PemFault::Half("ssl_certificate"))),
            (Some(certificate), Some(key)) => {
                let chain = pem::certificates(certificate).map_err(bad("ssl_certificate"))?;
                let password = form.ssl_key_password.as_ref().map(Secret::expose);
                let key = pem::private_key(key.expose(), password).map_err(|fault| match fault {
                    PemFault::WrongPassword => bad("ssl_key_password")(fault),
                    _ => bad("ssl_key")(fault),
                })?;
                Some(ClientCertificate::new(chain, &key).map_err(bad("ssl_key"))?)
            }
        };
        Ok(Self { ca, client, verify_hostname: form.ssl_verify_hostname })
    }
}

/// The authorities of a bundle as the client takes them.
pub(super) fn ca_text(text: &str) -> Result<String, PemFault> {
    to_pem(&pem::certificates(text)?)
}

impl ClientCertificate {
    /// The certificate of the key goes to the front, wherever it stood.
    fn new(
        mut chain: Vec<openssl::x509::X509>,
        key: &openssl::pkey::PKey<openssl::pkey::Private>,
    ) -> Result<Self, PemFault> {
        let is_of_key =
            |certificate: &openssl::x509::X509| certificate.public_key().is_ok_and(|public| public.public_eq(key));
        let own = chain.iter().position(is_of_key).ok_or(PemFault::OtherKey)?;
        let own = chain.remove(own);
        chain.insert(0, own);
        let key = key.private_key_to_pem_pkcs8().ok().and_then(|pem| String::from_utf8(pem).ok());
        Ok(Self { chain: to_pem(&chain)?, key: Secret::new(key.ok_or(PemFault::BadKey)?) })
    }
}

fn to_pem(certificates: &[openssl::x509::X509]) -> Result<String, PemFault> {
    let mut text = String::new();
    for (index, certificate) in certificates.iter().enumerate() {
        let pem = certificate.to_pem().ok().and_then(|pem| String::from_utf8(pem).ok());
        text.push_str(&pem.ok_or(PemFault::BadCertificate(index + 1))?);
    }
    Ok(text)
}
