//! PEM texts: what users paste, told apart and put in order.

use openssl::pkey::{PKey, Private};
use openssl::x509::X509;

/// What is wrong with a PEM text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PemFault {
    /// No marker anywhere.
    #[error("is not PEM text; paste it from `-----BEGIN …-----` to `-----END …-----`")]
    NotPem,
    /// The name of a file.
    #[error("is the path of a file; paste what the file contains")]
    Path,
    /// Java's own format.
    #[error(
        "is a Java or PKCS#12 keystore; write it as PEM text (`keytool -importkeystore … -deststoretype PKCS12`, then \
         `openssl pkcs12 -in … -nodes`)"
    )]
    Keystore,
    /// A block without an end.
    #[error("is cut off: a block has no `-----END …-----` line; paste it as a whole")]
    CutOff,
    /// Something else than certificates.
    #[error("holds {0}, not a certificate")]
    NotACertificate(&'static str),
    /// Something else than a key.
    #[error("holds {0}, not a private key")]
    NotAKey(&'static str),
    /// A certificate that cannot be read.
    #[error("has a certificate that cannot be read (number {0}); paste it again as a whole")]
    BadCertificate(usize),
    /// A key that cannot be read.
    #[error("has a private key that cannot be read; paste it again as a whole")]
    BadKey,
    /// The format of ssh.
    #[error("is a key in OpenSSH's format; convert it (`ssh-keygen -p -m PKCS8 -f …`)")]
    OpenSsh,
    /// A password is needed.
    #[error("is encrypted; give its password in `ssl_key_password`")]
    Encrypted,
    /// The password is another.
    #[error("does not open the private key")]
    WrongPassword,
    /// Key and certificate do not belong together.
    #[error("is not the key of the certificate in `ssl_certificate`")]
    OtherKey,
    /// One of the two is missing.
    #[error("is empty, but `{0}` is given; a client certificate needs both")]
    Half(&'static str),
}

/// One block: what its marker says it is, and its text, markers included.
struct Block {
    label: String,
    text: String,
}

/// The certificates of a text.
pub(super) fn certificates(text: &str) -> Result<Vec<X509>, PemFault> {
    let blocks = blocks(text)?;
    let mut certificates = Vec::with_capacity(blocks.len());
    for block in &blocks {
        if !matches!(block.label.as_str(), "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE") {
            return Err(PemFault::NotACertificate(kind(&block.label)));
        }
        let certificate = X509::from_pem(block.text.as_bytes());
        certificates.push(certificate.map_err(|_| PemFault::BadCertificate(certificates.len() + 1))?);
    }
    Ok(certificates)
}

/// The private key of a text, decrypted.
pub(super) fn private_key(text: &str, password: Option<&str>) -> Result<PKey<Private>, PemFault> {
    let blocks = blocks(text)?;
    // The parameters of an elliptic curve may stand before the key.
    let Some(block) = blocks.iter().find(|block| block.label.ends_with("PRIVATE KEY")) else {
        let label = blocks.first().map_or("", |block| block.label.as_str());
        return Err(PemFault::NotAKey(kind(label)));
    };
    if block.label == "OPENSSH PRIVATE KEY" {
        return Err(PemFault::OpenSsh);
    }
    let is_encrypted = block.label == "ENCRYPTED PRIVATE KEY" || block.text.contains("Proc-Type: 4,ENCRYPTED");
    let password = match password {
        None if is_encrypted => return Err(PemFault::Encrypted),
        // Without one, OpenSSL would ask the terminal.
        password => password.unwrap_or_default(),
    };
    PKey::private_key_from_pem_passphrase(block.text.as_bytes(), password.as_bytes())
        .map_err(|_| if is_encrypted { PemFault::WrongPassword } else { PemFault::BadKey })
}

/// The blocks of a text, with the line breaks that PEM demands: forms of one line turn them into blanks.
fn blocks(text: &str) -> Result<Vec<Block>, PemFault> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("-----BEGIN ") {
        let (label, after) = after.split_once("-----").ok_or(PemFault::CutOff)?;
        let end = format!("-----END {label}-----");
        let (body, after) = after.split_once(end.as_str()).ok_or(PemFault::CutOff)?;
        // Headers have blanks of their own and came with their lines.
        let body = if body.contains(':') {
            body.trim().to_owned()
        } else {
            body.split_whitespace().collect::<Vec<_>>().join("\n")
        };
        // A blank line may have to follow the headers, and one behind the base64 text does no harm.
        blocks.push(Block { label: label.to_owned(), text: format!("-----BEGIN {label}-----\n{body}\n{end}\n") });
        rest = after;
    }
    if blocks.is_empty() { Err(not_pem(text)) } else { Ok(blocks) }
}

fn not_pem(text: &str) -> PemFault {
    // The first bytes of a Java keystore and of PKCS#12, as base64.
    let is_keystore = ["/u3+7Q", "zs7Ozg"].iter().any(|magic| text.starts_with(magic));
    let is_path =
        text.len() < 4096 && !text.contains(char::is_whitespace) && text.rsplit('/').next().is_some_and(is_file);
    match (is_keystore, is_path) {
        (true, _) => PemFault::Keystore,
        (_, true) => PemFault::Path,
        _ => PemFault::NotPem,
    }
}

fn is_file(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    extension.is_some_and(|extension| {
        ["pem", "crt", "cer", "cert", "key", "p12", "pfx", "jks", "der", "txt"].contains(&extension.as_str())
    })
}

fn kind(label: &str) -> &'static str {
    match label {
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => "a certificate",
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => "a certificate request",
        "PUBLIC KEY" | "RSA PUBLIC KEY" => "a public key",
        "X509 CRL" => "a revocation list",
        "PKCS7" => "a PKCS#7 bundle",
        label if label.ends_with("PRIVATE KEY") => "a private key",
        _ => "something else",
    }
}
