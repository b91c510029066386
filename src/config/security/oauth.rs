//! OAuth 2.0 client credentials.

use super::super::Secret;
use super::super::error::shown;
use super::super::form::OauthBearer;
use super::LoginFault;
use super::tls::ca_text;

/// What a token endpoint has to be told.
#[derive(Clone, Debug)]
pub struct ClientCredentials {
    /// where tokens are asked for
    pub token_endpoint_url: String,
    /// the name of this client there
    pub client_id: String,
    /// its secret there
    pub client_secret: Secret,
    /// the scopes to ask for, separated by blanks
    pub scope: Option<String>,
    /// what goes to the brokers beside the token
    pub extensions: Vec<(String, String)>,
    /// the authorities of the token endpoint's certificate as PEM text; none: the public ones
    pub ca: Option<String>,
}

type Fault = (&'static str, LoginFault);

impl ClientCredentials {
    pub(super) fn from_form(form: &OauthBearer) -> Result<Self, Fault> {
        let url = url(&form.token_endpoint_url).map_err(|fault| ("token_endpoint_url", fault))?;
        let ca = form.ca.as_deref().map(ca_text).transpose().map_err(|fault| ("ca", fault.into()))?;
        let listed = form.extensions.iter().flat_map(|list| list.split(',')).map(str::trim);
        let extensions = listed
            .filter(|entry| !entry.is_empty())
            .map(|entry| {
                let (name, value) = entry.split_once('=').ok_or_else(|| LoginFault::BadExtension(shown(entry)))?;
                extension(name.trim(), value.trim())
            })
            .collect::<Result<_, _>>()
            .map_err(|fault| ("extensions", fault))?;
        Ok(Self {
            token_endpoint_url: url,
            client_id: form.client_id.clone(),
            client_secret: form.client_secret.clone(),
            scope: form.scope.clone(),
            extensions,
            ca,
        })
    }

    /// Inside a cluster it may be right, and it is what there is: allowed, but said.
    pub(super) fn warn_of_plain_text(&self, field: &str, warnings: &mut Vec<String>) {
        let Some(rest) = self.token_endpoint_url.strip_prefix("http://") else { return };
        let host = rest.split(['/', '?']).next().unwrap_or_default();
        let is_here = ["localhost", "127.0.0.1", "[::1]"]
            .iter()
            .any(|name| host.rsplit_once(':').map_or(host, |(host, _)| host) == *name || host == *name);
        if !is_here {
            warnings.push(format!("`{field}` is not `https`: the client secret travels unencrypted"));
        }
    }
}

/// An extension as RFC 7628 has it.
pub(super) fn extension(name: &str, value: &str) -> Result<(String, String), LoginFault> {
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_value = value.bytes().all(|byte| matches!(byte, 0x20..=0x7e | b'\t'));
    if name == "auth" {
        return Err(LoginFault::ReservedExtension);
    }
    if !is_name || !is_value {
        return Err(LoginFault::BadExtension(shown(name)));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// A web address, its scheme in small letters.
pub(super) fn url(text: &str) -> Result<String, LoginFault> {
    let (scheme, rest) = text.split_once("://").ok_or(LoginFault::NotAUrl)?;
    let scheme = scheme.to_ascii_lowercase();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(LoginFault::Userinfo);
    }
    let is_web = matches!(scheme.as_str(), "http" | "https");
    if !is_web || authority.is_empty() || rest.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(LoginFault::NotAUrl);
    }
    Ok(format!("{scheme}://{rest}"))
}
