//! Tokens for `OAUTHBEARER`: asked for by us, handed to librdkafka, renewed by a thread of their own for as long as the
//! client lives.
//!
//! Neither librdkafka's token endpoint client nor its callback is used. The first is silent about an endpoint that
//! answers 500, takes no token that is not a JWT, and brings curl; the second needs a caller that polls all the time, which
//! a read that waits for a slow destination is not, and knows no extensions in the rdkafka crate.

use std::fmt;
use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rdkafka::consumer::BaseConsumer;

use super::context::Context;
use super::error::Error;
use super::native;
use crate::error::FailureType;

/// How often the first token is asked for, while the failure may pass.
const FIRST_ATTEMPTS: u32 = 3;
const SHORTEST_PAUSE: Duration = Duration::from_millis(500);
/// A failed renewal is repeated after so long at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// A token as the brokers take it.
#[derive(Clone)]
pub struct Token {
    /// the token itself
    pub value: String,
    /// whose it is; only for librdkafka's log
    pub principal: String,
    /// when it ends, in milliseconds since 1970
    pub expires_at_ms: i64,
    /// what goes to the brokers beside it
    pub extensions: Vec<(String, String)>,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("expires_at_ms", &self.expires_at_ms).finish_non_exhaustive()
    }
}

/// Why there is no token.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{cause}")]
pub struct TokenError {
    /// in words that name the endpoint and the field to look at
    pub cause: String,
    /// who can help
    pub failure_type: FailureType,
}

/// Where tokens come from: a function that fetches or signs one, each time it is called.
#[derive(Clone)]
pub struct TokenSource(Arc<dyn Fn() -> Result<Token, TokenError> + Send + Sync>);

impl TokenSource {
    /// Makes a source of a function.
    pub fn new(fetch: impl Fn() -> Result<Token, TokenError> + Send + Sync + 'static) -> Self {
        Self(Arc::new(fetch))
    }

    /// Gets a token.
    pub fn fetch(&self) -> Result<Token, TokenError> {
        (self.0)()
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSource")
    }
}

/// The first token. Without one, nothing can be connected.
pub(super) fn first(source: &TokenSource) -> Result<Token, Error> {
    let mut pause = SHORTEST_PAUSE;
    for _ in 1..FIRST_ATTEMPTS {
        match (source.0)() {
            Err(error) if error.failure_type == FailureType::Transient => {
                log::debug!(target: "kafka", "no token yet: {error}");
                thread::sleep(pause);
                pause *= 2;
            }
            answer => return answer.map_err(Error::Token),
        }
    }
    (source.0)().map_err(Error::Token)
}

/// Gives the client its first token, and the next ones in time.
pub(super) fn keep_fresh(
    consumer: Arc<ManuallyDrop<BaseConsumer<Context>>>,
    source: TokenSource,
    first: Token,
) -> Result<(), Error> {
    native::set_token(&consumer, &first).map_err(|cause| {
        Error::Token(TokenError {
            cause: format!("the client does not take the one it was given: {cause}"),
            failure_type: FailureType::Config,
        })
    })?;
    let refresh = move || {
        let mut token = first;
        loop {
            thread::sleep(until_renewal(&token));
            token = renewed(&consumer, &source);
        }
    };
    let spawned = thread::Builder::new().name("tokens".to_owned()).spawn(refresh);
    spawned
        .map(|_| ())
        .map_err(|error| Error::Fatal { attempt: "renewing tokens".to_owned(), cause: error.to_string() })
}

/// The next token, however long it takes to get one: until the old one ends, nobody misses it, and then the brokers and
/// the reader's patience have their say.
fn renewed(consumer: &BaseConsumer<Context>, source: &TokenSource) -> Token {
    let mut pause = SHORTEST_PAUSE;
    loop {
        let answer = (source.0)().map_err(|error| error.cause);
        match answer.and_then(|token| native::set_token(consumer, &token).map(|()| token)) {
            Ok(token) => {
                log::debug!(target: "kafka", "the token was renewed");
                return token;
            }
            Err(cause) => {
                log::warn!(target: "kafka", "the token could not be renewed: {cause}");
                native::token_failed(consumer, &cause);
            }
        }
        thread::sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// A fifth of its life is kept for failed attempts.
fn until_renewal(token: &Token) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let left = u64::try_from(token.expires_at_ms).map(Duration::from_millis).unwrap_or_default().saturating_sub(now);
    (left * 4 / 5).max(SHORTEST_PAUSE)
}
