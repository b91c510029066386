//! The four commands: the only code that knows both Kafka and Airbyte.

mod check;
mod columns;
mod connect;
mod diagnosis;
mod discover;
mod login;
mod read;
mod spec;
mod topics;

use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::airbyte::{self, Output};
use crate::cli::Command;
use crate::config::{self, IsolationLevel, Settings};
use crate::error::Error;
use crate::kafka;

/// How a command ended that has reported everything itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// as it should
    Success,
    /// something failed, and has been reported
    Failure,
    /// on request, by SIGTERM
    Terminated,
}

/// Runs a command.
pub fn run(command: &Command, output: &mut Output) -> Result<Outcome, Error> {
    match command {
        Command::Spec => spec::run(output),
        Command::Check(config) => check::run(&config.path, output),
        Command::Discover(config) => {
            let settings = settings(&config.path)?;
            discover::run(&settings, output).map_err(|error| diagnosis::explained(&settings, error))
        }
        Command::Read { config, catalog, state } => {
            let settings = settings(&config.path)?;
            let (catalog, state) = (file("catalog", catalog)?, state_file(state.as_deref())?);
            read::run(&settings, &catalog, &state, output).map_err(|error| diagnosis::explained(&settings, error))
        }
    }
}

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    // A clock before 1970 or beyond the year 292 million is taken for 1970.
    SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|now| i64::try_from(now.as_millis()).ok()).unwrap_or(0)
}

fn settings(path: &Path) -> Result<Settings, Error> {
    let text = file("config", path)?;
    // First of all: even the complaint that it cannot be read must not show any.
    airbyte::hide(config::secrets(&text));
    let parsed = config::parse(&text)?;
    for warning in parsed.warnings {
        log::warn!(target: "config", "{warning}");
    }
    login::guard_files(&parsed.settings)?;
    Ok(parsed.settings)
}

fn file(kind: &'static str, path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::File { kind, path: path.to_owned(), source })
}

/// A state file that is not there is no state: test suites pass the option all the same.
fn state_file(path: Option<&Path>) -> Result<String, Error> {
    match path {
        Some(path) if path.exists() => file("state", path),
        _ => Ok(String::new()),
    }
}

/// How to connect.
fn client_options(settings: &Settings) -> kafka::Options {
    kafka::Options {
        bootstrap_servers: settings.bootstrap_servers.clone(),
        security: settings.security.clone(),
        tokens: login::tokens(settings),
        group_id: None,
        client_id: settings.client_id.clone(),
        read_committed: settings.isolation_level == IsolationLevel::ReadCommitted,
        properties: settings.client_properties.clone(),
        request_timeout: settings.request_timeout,
    }
}

/// When a request that is made now has taken too long.
fn request_deadline(settings: &Settings) -> Instant {
    Instant::now() + settings.request_timeout
}
