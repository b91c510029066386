//! What is wrong with a server's certificate.

use openssl::asn1::Asn1TimeRef;
use openssl::nid::Nid;
use openssl::x509::{X509NameRef, X509Ref, X509StoreContextRef};

/// A certificate that cannot be trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFault {
    /// whose it is
    pub subject: String,
    /// who signed it
    pub issuer: String,
    /// why it cannot be trusted
    pub mistrust: Mistrust,
    /// OpenSSL's words
    pub words: String,
}

/// Why a certificate cannot be trusted. The worst first: it decides what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mistrust {
    /// It is signed by an authority that is not trusted.
    UnknownAuthority,
    /// It is signed by itself, and not trusted.
    SelfSigned,
    /// It has ended then.
    Expired(String),
    /// It begins then.
    NotYetValid(String),
    /// It is made out for these hosts only.
    OtherHost(Vec<String>),
    /// Anything else.
    Other,
}

/// Numbers of OpenSSL's `X509_V_ERR_…`.
const NO_ISSUER: [i32; 4] = [2, 19, 20, 21];
const NOT_YET_VALID: i32 = 9;
const HAS_EXPIRED: i32 = 10;
const SELF_SIGNED: i32 = 18;
const OTHER_HOST: [i32; 2] = [62, 64];

/// The fault that decides what to do.
pub(super) fn worst(mut faults: Vec<CertificateFault>) -> Option<CertificateFault> {
    faults.sort_by(|a, b| a.mistrust.cmp(&b.mistrust));
    faults.into_iter().next()
}

impl CertificateFault {
    pub(super) fn of(context: &X509StoreContextRef) -> Self {
        let result = context.error();
        let words = result.error_string().to_owned();
        let Some(certificate) = context.current_cert() else {
            return Self { subject: String::new(), issuer: String::new(), mistrust: Mistrust::Other, words };
        };
        let mistrust = match result.as_raw() {
            code if NO_ISSUER.contains(&code) => Mistrust::UnknownAuthority,
            SELF_SIGNED => Mistrust::SelfSigned,
            HAS_EXPIRED => Mistrust::Expired(time(certificate.not_after())),
            NOT_YET_VALID => Mistrust::NotYetValid(time(certificate.not_before())),
            code if OTHER_HOST.contains(&code) => Mistrust::OtherHost(hosts(certificate)),
            _ => Mistrust::Other,
        };
        let (subject, issuer) = (name(certificate.subject_name()), name(certificate.issuer_name()));
        Self { subject, issuer, mistrust, words }
    }
}

fn time(time: &Asn1TimeRef) -> String {
    time.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The hosts that a certificate is made out for; the common name counts where nothing else is said.
fn hosts(certificate: &X509Ref) -> Vec<String> {
    let alternatives = certificate.subject_alt_names();
    let named: Vec<String> = alternatives
        .iter()
        .flatten()
        .filter_map(|name| name.dnsname().map(str::to_owned).or_else(|| name.ipaddress().and_then(number)))
        .collect();
    if !named.is_empty() {
        return named;
    }
    let common = certificate.subject_name().entries_by_nid(Nid::COMMONNAME);
    common.filter_map(|entry| entry.data().to_string().ok()).collect()
}

fn number(bytes: &[u8]) -> Option<String> {
    let four = <[u8; 4]>::try_from(bytes).ok().map(|bytes| std::net::IpAddr::from(bytes).to_string());
    four.or_else(|| <[u8; 16]>::try_from(bytes).ok().map(|bytes| std::net::IpAddr::from(bytes).to_string()))
}

fn name(name: &X509NameRef) -> String {
    let entries = name.entries().filter_map(|entry| {
        let key = entry.object().nid().short_name().ok()?;
        Some(format!("{key}={}", entry.data().to_string().ok()?))
    });
    entries.collect::<Vec<_>>().join(", ")
}

/// When the first certificate of a PEM text has ended, if it has.
#[must_use]
pub fn ended(pem: &str) -> Option<String> {
    let certificate = openssl::x509::X509::from_pem(pem.as_bytes()).ok()?;
    let now = openssl::asn1::Asn1Time::days_from_now(0).ok()?;
    (certificate.not_after() < &*now).then(|| time(certificate.not_after()))
}
