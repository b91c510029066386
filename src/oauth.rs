//! Tokens of an OAuth 2.0 server, asked for with client credentials (RFC 6749, section 4.4).

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider};
use ureq::{Agent, http};

use crate::config::ClientCredentials;
use crate::error::FailureType;

/// Long enough for any server, short enough for a connection test.
const TIMEOUT: Duration = Duration::from_secs(8);
/// Tokens have a few kilobytes; error pages may have more.
const MAX_ANSWER_BYTES: u64 = 1024 * 1024;
/// What a message shows of an answer that is not understood.
const SHOWN_CHARACTERS: usize = 200;
/// The life of a token that says nothing of it.
const UNKNOWN_LIFE_MS: i64 = 300_000;

/// A token.
pub struct Token {
    /// the token itself
    pub value: String,
    /// whose it is, if it says so
    pub subject: Option<String>,
    /// when it ends, in milliseconds since 1970
    pub expires_at_ms: i64,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("expires_at_ms", &self.expires_at_ms).finish_non_exhaustive()
    }
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The certificates of the authorities cannot be used.
    #[error("the authorities for `{url}` cannot be used: {cause}")]
    Authorities {
        /// the endpoint
        url: String,
        /// the library's words
        cause: String,
    },
    /// The connection failed.
    #[error("`{url}` cannot be reached: {cause}")]
    Unreachable {
        /// the endpoint
        url: String,
        /// the library's words
        cause: String,
    },
    /// The endpoint's certificate cannot be trusted.
    #[error("the certificate of `{url}` is not trusted: {cause}; give its authority in `ca`")]
    Untrusted {
        /// the endpoint
        url: String,
        /// the library's words
        cause: String,
    },
    /// The endpoint refused.
    #[error("`{url}` answered {status}: {cause}")]
    Refused {
        /// the endpoint
        url: String,
        /// the HTTP status
        status: u16,
        /// the endpoint's own words
        cause: String,
    },
    /// The answer holds no token.
    #[error("`{url}` answered without a token: {cause}")]
    NoToken {
        /// the endpoint
        url: String,
        /// what it answered
        cause: String,
    },
    /// The token is of no use.
    #[error("`{url}` gave a token that ended {seconds} s ago; compare the clocks of the two machines")]
    Expired {
        /// the endpoint
        url: String,
        /// how long ago
        seconds: i64,
    },
}

impl Error {
    /// Who can help.
    #[must_use]
    pub fn failure_type(&self) -> FailureType {
        match self {
            Self::Unreachable { .. } | Self::Refused { status: 408 | 425 | 429 | 500.., .. } => FailureType::Transient,
            Self::Authorities { .. }
            | Self::Untrusted { .. }
            | Self::Refused { .. }
            | Self::NoToken { .. }
            | Self::Expired { .. } => FailureType::Config,
        }
    }
}

/// A token endpoint.
pub struct Endpoint {
    agent: Agent,
    credentials: ClientCredentials,
    /// as messages show it: a query may hold anything
    url: String,
}

impl Endpoint {
    /// Prepares the connection; nothing is asked yet.
    pub fn new(credentials: ClientCredentials) -> Result<Self, Error> {
        let url = credentials.token_endpoint_url.split(['?', '#']).next().unwrap_or_default().to_owned();
        let roots = match &credentials.ca {
            None => RootCerts::PlatformVerifier,
            Some(pem) => RootCerts::Specific(Arc::new(
                authorities(pem).map_err(|cause| Error::Authorities { url: url.clone(), cause })?,
            )),
        };
        let tls = TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(roots).build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            // The secret is for this endpoint only.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("source-kafka/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self { agent: config.into(), credentials, url })
    }

    /// Asks for a token.
    pub fn token(&self) -> Result<Token, Error> {
        let (status, body) = self.ask().map_err(|error| self.transport_error(&error))?;
        if !(200..300).contains(&status) {
            return Err(Error::Refused { url: self.url.clone(), status, cause: refusal(&body) });
        }
        let answer: Answer =
            serde_json::from_str(&body).map_err(|_| self.no_token("it is not JSON with an `access_token`"))?;
        let value = answer.access_token.filter(|token| !token.is_empty());
        let value = value.ok_or_else(|| self.no_token("`access_token` is missing or empty"))?;
        let claims = claims(&value);
        let now = now_ms();
        let stated = claims.expires_at.map(seconds_to_ms);
        if let Some(end) = stated.filter(|&end| end <= now) {
            return Err(Error::Expired { url: self.url.clone(), seconds: (now - end) / 1000 });
        }
        let life = answer.expires_in.map(Seconds::number).map(seconds_to_ms).filter(|&life| life > 0);
        // The life counts from now on our clock, whatever the server's says.
        let expires_at_ms = life.map(|life| now.saturating_add(life)).or(stated);
        Ok(Token {
            value,
            subject: claims.subject,
            expires_at_ms: expires_at_ms.unwrap_or(now.saturating_add(UNKNOWN_LIFE_MS)),
        })
    }

    fn ask(&self) -> Result<(u16, String), ureq::Error> {
        let ClientCredentials { client_id, client_secret, scope, .. } = &self.credentials;
        // As they are, which is what Java's client and librdkafka send, and servers expect of Kafka clients.
        let basic = STANDARD.encode(format!("{client_id}:{}", client_secret.expose()));
        let mut form = vec![("grant_type", "client_credentials")];
        form.extend(scope.as_deref().map(|scope| ("scope", scope)));
        let mut answer = self
            .agent
            .post(&self.credentials.token_endpoint_url)
            .header(http::header::AUTHORIZATION, format!("Basic {basic}"))
            .header(http::header::ACCEPT, "application/json")
            .send_form(form)?;
        let body = answer.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec()?;
        Ok((answer.status().as_u16(), String::from_utf8_lossy(&body).into_owned()))
    }

    fn transport_error(&self, error: &ureq::Error) -> Error {
        let (url, cause) = (self.url.clone(), error.to_string());
        if cause.contains("certificate") { Error::Untrusted { url, cause } } else { Error::Unreachable { url, cause } }
    }

    fn no_token(&self, cause: &str) -> Error {
        Error::NoToken { url: self.url.clone(), cause: cause.to_owned() }
    }
}

fn authorities(pem: &str) -> Result<Vec<Certificate<'static>>, String> {
    ureq::tls::parse_pem(pem.as_bytes())
        .map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Ok(certificate),
            Ok(_) => Err("there is something else than certificates".to_owned()),
            Err(error) => Err(error.to_string()),
        })
        .collect()
}

/// A successful answer.
#[derive(Deserialize)]
struct Answer {
    access_token: Option<String>,
    expires_in: Option<Seconds>,
}

/// A refusal, as RFC 6749 has it.
#[derive(Deserialize)]
struct Refusal {
    error: String,
    error_description: Option<String>,
}

/// Some servers write the number as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(f64),
    Text(String),
}

impl Seconds {
    fn number(self) -> f64 {
        match self {
            Self::Number(number) => number,
            Self::Text(text) => text.trim().parse().unwrap_or(0.0),
        }
    }
}

/// What a JWT says of itself. The brokers judge it; here it only helps to explain.
#[derive(Default, Deserialize)]
struct Claims {
    #[serde(rename = "sub")]
    subject: Option<String>,
    #[serde(rename = "exp")]
    expires_at: Option<f64>,
}

fn claims(token: &str) -> Claims {
    let payload = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok());
    payload.and_then(|payload| serde_json::from_slice(&payload).ok()).unwrap_or_default()
}

fn refusal(body: &str) -> String {
    match serde_json::from_str(body) {
        Ok(Refusal { error, error_description: Some(description) }) => format!("{error}: {description}"),
        Ok(Refusal { error, error_description: None }) => error,
        Err(_) => {
            let line = body.split_whitespace().collect::<Vec<_>>().join(" ");
            if line.is_empty() { "nothing more".to_owned() } else { line.chars().take(SHOWN_CHARACTERS).collect() }
        }
    }
}

fn seconds_to_ms(seconds: f64) -> i64 {
    #[allow(clippy::cast_possible_truncation, reason = "`as` stays within the limits of the type, and nan is 0")]
    let ms = (seconds * 1000.0) as i64;
    ms
}

fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|now| i64::try_from(now.as_millis()).ok()).unwrap_or(0)
}
