//! A handshake of our own. librdkafka has one text for an unknown authority, another host name and an expired certificate.

use std::io;
use std::net::{IpAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::ssl::{HandshakeError, Ssl, SslContext, SslContextBuilder, SslMethod, SslStream, SslVerifyMode};
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;

use super::Fault;
use super::certificate::{self, CertificateFault};
use crate::config::Tls;

/// Why there is no encrypted connection.
pub(super) enum Failure {
    Fault(Fault),
    /// The other side does not speak TLS, or closes the connection.
    NotTls,
    Timeout,
}

impl From<ErrorStack> for Failure {
    fn from(error: ErrorStack) -> Self {
        Self::Fault(Fault::TlsRefused(reason(&error).unwrap_or_else(|| error.to_string())))
    }
}

/// Shakes hands with the settings of the client. A certificate that cannot be trusted does not end the handshake, so that
/// all of its faults are known.
pub(super) fn handshake(stream: TcpStream, host: &str, tls: &Tls) -> Result<SslStream<TcpStream>, Failure> {
    let context = context(tls)?;
    let mut ssl = Ssl::new(&context)?;
    match host.parse::<IpAddr>() {
        Ok(number) if tls.verify_hostname => ssl.param_mut().set_ip(number)?,
        Ok(_) => {}
        Err(_) => {
            ssl.set_hostname(host)?;
            if tls.verify_hostname {
                ssl.param_mut().set_host(host)?;
            }
        }
    }
    let faults = Arc::new(Mutex::new(Vec::new()));
    let found = Arc::clone(&faults);
    ssl.set_verify_callback(SslVerifyMode::PEER, move |is_fine, context| {
        if !is_fine {
            found.lock().unwrap_or_else(PoisonError::into_inner).push(CertificateFault::of(context));
        }
        true
    });
    let shaken = ssl.connect(stream);
    let faults = std::mem::take(&mut *faults.lock().unwrap_or_else(PoisonError::into_inner));
    if let Some(worst) = certificate::worst(faults) {
        return Err(Failure::Fault(Fault::Untrusted(worst)));
    }
    shaken.map_err(|error| failure(&error))
}

/// Whether anything answers as TLS does, whatever its certificate.
pub(super) fn is_spoken(stream: TcpStream) -> bool {
    let any = || -> Result<Ssl, ErrorStack> {
        let mut builder = SslContextBuilder::new(SslMethod::tls_client())?;
        builder.set_verify(SslVerifyMode::NONE);
        Ssl::new(&builder.build())
    };
    let Ok(ssl) = any() else { return false };
    match ssl.connect(stream) {
        Ok(_) => true,
        // Only TLS has alerts.
        Err(error) => matches!(failure(&error), Failure::Fault(_)),
    }
}

/// Whether these words are about the certificate of a client: nobody else's can be refused by a server.
pub(super) fn is_about_certificate(words: &str) -> bool {
    words.contains("certificate") || words.contains("unknown ca")
}

/// OpenSSL's words of an error that came through a stream.
pub(super) fn words(error: &io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<openssl::ssl::Error>());
    inner.and_then(|error| reason(error.ssl_error()?)).unwrap_or_else(|| super::words(error))
}

fn context(tls: &Tls) -> Result<SslContext, ErrorStack> {
    let mut builder = SslContextBuilder::new(SslMethod::tls_client())?;
    match &tls.ca {
        Some(pem) => {
            let mut store = X509StoreBuilder::new()?;
            for authority in X509::stack_from_pem(pem.as_bytes())? {
                store.add_cert(authority)?;
            }
            builder.set_cert_store(store.build());
        }
        None => public_authorities(&mut builder)?,
    }
    if let Some(client) = &tls.client {
        let mut chain = X509::stack_from_pem(client.chain.as_bytes())?.into_iter();
        if let Some(own) = chain.next() {
            builder.set_certificate(&own)?;
        }
        for above in chain {
            builder.add_extra_chain_cert(above)?;
        }
        let key = PKey::private_key_from_pem(client.key.expose().as_bytes())?;
        builder.set_private_key(&key)?;
    }
    Ok(builder.build())
}

/// Where this system keeps them: what OpenSSL was compiled with may be another system's place.
fn public_authorities(builder: &mut SslContextBuilder) -> Result<(), ErrorStack> {
    let found = openssl_probe::probe();
    match (found.cert_file, found.cert_dir.into_iter().next()) {
        (None, None) => builder.set_default_verify_paths(),
        (file, folder) => builder.load_verify_locations(file.as_deref(), folder.as_deref()),
    }
}

fn failure(error: &HandshakeError<TcpStream>) -> Failure {
    let error = match error {
        HandshakeError::SetupFailure(error) => return Failure::Fault(Fault::TlsRefused(error.to_string())),
        HandshakeError::WouldBlock(_) => return Failure::Timeout,
        HandshakeError::Failure(stream) => stream.error(),
    };
    // An alert is an answer; everything else is what another protocol looks like.
    match error.ssl_error().and_then(reason) {
        Some(words) if words.contains("alert") && is_about_certificate(&words) => {
            Failure::Fault(Fault::ClientCertificate(words))
        }
        Some(words) if words.contains("alert") || words.contains("unsupported protocol") => {
            Failure::Fault(Fault::TlsRefused(words))
        }
        _ => Failure::NotTls,
    }
}

fn reason(error: &ErrorStack) -> Option<String> {
    error.errors().iter().find_map(openssl::error::Error::reason).map(str::to_owned)
}
