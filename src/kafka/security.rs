//! What librdkafka is told of encryption and authentication.

use std::path::PathBuf;

use crate::config::{Authentication, Security, Tls};

/// The properties of a client that connects like this.
pub(super) fn properties(security: &Security) -> Vec<(&'static str, String)> {
    let protocol = match (&security.tls, &security.authentication) {
        (None, None) => "plaintext",
        (Some(_), None) => "ssl",
        (None, Some(_)) => "sasl_plaintext",
        (Some(_), Some(_)) => "sasl_ssl",
    };
    let mut properties = vec![("security.protocol", protocol.to_owned())];
    if let Some(tls) = &security.tls {
        encryption(tls, &mut properties);
    }
    if let Some(authentication) = &security.authentication {
        login(authentication, &mut properties);
    }
    properties
}

/// Everything as text: no key is ever a file.
fn encryption(tls: &Tls, properties: &mut Vec<(&'static str, String)>) {
    match (&tls.ca, public_authorities()) {
        (Some(ca), _) => properties.push(("ssl.ca.pem", ca.clone())),
        (None, Some(path)) => properties.push(("ssl.ca.location", path.to_string_lossy().into_owned())),
        // librdkafka's own search says that it has found none.
        (None, None) => properties.push(("ssl.ca.location", "probe".to_owned())),
    }
    if let Some(client) = &tls.client {
        properties.push(("ssl.certificate.pem", client.chain.clone()));
        properties.push(("ssl.key.pem", client.key.expose().to_owned()));
    }
    let verified = if tls.verify_hostname { "https" } else { "none" };
    properties.push(("ssl.endpoint.identification.algorithm", verified.to_owned()));
}

/// Where this system keeps the public authorities: what OpenSSL was compiled with may be another system's place.
fn public_authorities() -> Option<PathBuf> {
    let found = openssl_probe::probe();
    found.cert_file.or_else(|| found.cert_dir.into_iter().next())
}

fn login(authentication: &Authentication, properties: &mut Vec<(&'static str, String)>) {
    properties.push(("sasl.mechanisms", authentication.mechanism().to_owned()));
    match authentication {
        Authentication::Plain(login) | Authentication::Scram(_, login) => {
            properties.push(("sasl.username", login.username.clone()));
            properties.push(("sasl.password", login.password.expose().to_owned()));
        }
        Authentication::Gssapi(kerberos) => {
            properties.push(("sasl.kerberos.service.name", kerberos.service_name.clone()));
            properties.push(("sasl.kerberos.principal", kerberos.principal.clone()));
            // Its own calls of kinit go through a shell, and their words to standard error: `kerberos` makes them instead.
            properties.push(("sasl.kerberos.min.time.before.relogin", "0".to_owned()));
        }
        // The token itself is handed over when the client is there.
        Authentication::OauthBearer(_) | Authentication::AwsMskIam(_) => {}
    }
}
