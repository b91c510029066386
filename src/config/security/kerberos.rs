//! What Kerberos needs: a principal, its keytab, and where the realm is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::Secret;
use super::super::form::Gssapi;
use super::LoginFault;

/// A login to Kerberos.
#[derive(Clone, Debug)]
pub struct Kerberos {
    /// the name of this client
    pub principal: String,
    /// where its keys are
    pub keytab: Keytab,
    /// the text of `krb5.conf`; none: that of the system, or DNS
    pub krb5_conf: Option<String>,
    /// the first part of the brokers' principals
    pub service_name: String,
}

/// A keytab.
#[derive(Clone)]
pub enum Keytab {
    /// its bytes
    Bytes(Vec<u8>),
    /// a file in the container, which only an older configuration can name
    File(String),
}

/// The keys are secrets.
impl std::fmt::Debug for Keytab {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keytab(…)")
    }
}

type Fault = (&'static str, LoginFault);

impl Kerberos {
    pub(super) fn from_form(form: &Gssapi) -> Result<Self, Fault> {
        let principal = name(&form.principal, "airbyte@EXAMPLE.COM").map_err(|fault| ("principal", fault))?;
        let service_name = name(&form.service_name, "kafka").map_err(|fault| ("service_name", fault))?;
        let bytes = keytab(&form.keytab, &principal).map_err(|fault| ("keytab", fault))?;
        let krb5_conf = form.krb5_conf.as_deref().map(krb5_conf).transpose().map_err(|fault| ("krb5_conf", fault))?;
        Ok(Self { principal, keytab: Keytab::Bytes(bytes), krb5_conf, service_name })
    }
}

/// A name that goes to other programs as an argument: never an option, never a second line.
pub(super) fn name(text: &str, example: &'static str) -> Result<String, LoginFault> {
    let is_allowed = |c: char| !c.is_whitespace() && !c.is_control() && !"'\"`$;&|<>".contains(c);
    if text.starts_with('-') || !text.chars().all(is_allowed) {
        return Err(LoginFault::BadCharacter(example));
    }
    Ok(text.to_owned())
}

fn keytab(text: &Secret, principal: &str) -> Result<Vec<u8>, LoginFault> {
    let bytes = from_base64(text.expose()).ok_or(LoginFault::NotBase64)?;
    let found = principals(&bytes).ok_or(LoginFault::NotAKeytab)?;
    // Without a realm it is that of krb5.conf.
    let is_meant = |name: &String| {
        name == principal
            || !principal.contains('@') && name.rsplit_once('@').is_some_and(|(name, _)| name == principal)
    };
    if found.is_empty() || found.iter().any(is_meant) {
        return if found.is_empty() { Err(LoginFault::NotAKeytab) } else { Ok(bytes) };
    }
    let found = found.iter().map(|name| format!("`{}`", super::super::error::shown(name))).collect::<Vec<_>>();
    Err(LoginFault::OtherPrincipal { wanted: principal.to_owned(), found: found.join(", ") })
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_whitespace().collect();
    STANDARD.decode(text).ok()
}

/// The principals that a keytab has keys of; nothing when it is none. Only version 2 is written today: one of version 1
/// is not looked into.
fn principals(bytes: &[u8]) -> Option<Vec<String>> {
    let mut rest = Bytes(bytes.strip_prefix(&[5, 2])?);
    let mut found: Vec<String> = Vec::new();
    while let Some(size) = rest.number(4) {
        // A negative size is a hole; the file may end in zeros.
        let size = i32::from_be_bytes(u32::try_from(size).ok()?.to_be_bytes());
        if size == 0 {
            break;
        }
        let entry = rest.take(usize::try_from(size.unsigned_abs()).ok()?)?;
        if size > 0 {
            let name = principal(Bytes(entry))?;
            if !found.contains(&name) {
                found.push(name);
            }
        }
    }
    Some(found)
}

fn principal(mut entry: Bytes<'_>) -> Option<String> {
    let components = entry.number(2)?;
    let realm = entry.text()?;
    let mut parts = Vec::new();
    for _ in 0..components {
        parts.push(entry.text()?);
    }
    Some(format!("{}@{realm}", parts.join("/")))
}

/// Bytes that are read from the front.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self, bytes: usize) -> Option<u64> {
        Some(self.take(bytes)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.number(2)?).ok()?;
        Some(String::from_utf8_lossy(self.take(length)?).into_owned())
    }
}

/// The text of the file, which may have come as base64 or with its line breaks written out.
fn krb5_conf(text: &str) -> Result<String, LoginFault> {
    let is_one = |text: &str| text.contains("[libdefaults]") || text.contains("[realms]");
    if is_one(text) {
        return Ok(if text.contains('\n') { text.to_owned() } else { text.replace("\\n", "\n") });
    }
    let decoded = from_base64(text).and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.filter(|text| is_one(text)).ok_or(LoginFault::NotKrb5Conf)
}
