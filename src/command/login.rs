//! What a connection needs beside its settings: tokens, and files that must not outlive the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::airbyte;
use crate::config::{Authentication, ClientCredentials, Settings};
use crate::error::Error;
use crate::kafka::{self, Token, TokenError, TokenSource};
use crate::oauth;

/// Whether SIGTERM ends the command in an orderly way, by itself.
static IS_ORDERLY: AtomicBool = AtomicBool::new(false);

/// To be called before anything connects: a signal that ends the process removes its files first.
pub(super) fn guard_files(settings: &Settings) -> Result<(), Error> {
    if !matches!(settings.security.authentication, Some(Authentication::Gssapi(_))) {
        return Ok(());
    }
    let cannot = |error: std::io::Error| Error::Internal(format!("cannot handle signals: {error}"));
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP]).map_err(cannot)?;
    let guard = move || {
        for signal in signals.forever() {
            // A second SIGTERM ends an orderly end, too, and then it is too late.
            kafka::remove_files();
            if signal == SIGTERM && IS_ORDERLY.load(Ordering::SeqCst) {
                continue;
            }
            // It ends the process as if nobody had listened.
            let _ = emulate_default_handler(signal);
        }
    };
    thread::Builder::new().name("signals".to_owned()).spawn(guard).map(|_| ()).map_err(cannot)
}

/// Set by SIGTERM from now on; before, there is nothing to be secured and the process just ends. A second one ends it at
/// once, should the first find us stuck in a write.
pub(super) fn terminated_flag() -> Result<Arc<AtomicBool>, Error> {
    let terminated = Arc::new(AtomicBool::new(false));
    flag::register_conditional_default(SIGTERM, Arc::clone(&terminated))
        .and_then(|_| flag::register(SIGTERM, Arc::clone(&terminated)))
        .map_err(|error| Error::Internal(format!("cannot handle SIGTERM: {error}")))?;
    IS_ORDERLY.store(true, Ordering::SeqCst);
    Ok(terminated)
}

/// Where the tokens of these settings come from, if they need any.
pub(super) fn tokens(settings: &Settings) -> Option<TokenSource> {
    match &settings.security.authentication {
        Some(Authentication::OauthBearer(credentials)) => Some(of_client_credentials(credentials)),
        _ => None,
    }
}

fn of_client_credentials(credentials: &ClientCredentials) -> TokenSource {
    let endpoint = oauth::Endpoint::new(credentials.clone());
    let (client_id, extensions) = (credentials.client_id.clone(), credentials.extensions.clone());
    let failed = |error: &oauth::Error| TokenError { cause: error.to_string(), failure_type: error.failure_type() };
    TokenSource::new(move || {
        let token = endpoint.as_ref().map_err(failed)?.token().map_err(|error| failed(&error))?;
        airbyte::hide([&token.value]);
        Ok(Token {
            value: token.value,
            principal: token.subject.unwrap_or_else(|| client_id.clone()),
            expires_at_ms: token.expires_at_ms,
            extensions: extensions.clone(),
        })
    })
}
