//! An Airbyte source for Apache Kafka.
//!
//! The modules stand in the order in which a message travels:
//!
//! ```text
//! broker → kafka → decode → record → airbyte → standard output
//!          offsets, state: where a partition starts, stands and ends
//!          schema: what discover says of what decode will write
//!          command: the four commands; the only code that knows both Kafka and Airbyte
//! ```
//!
//! `docs/architecture.md` tells more.

pub mod airbyte;
pub mod cli;
mod command;
pub mod config;
pub mod decode;
pub mod error;
pub mod kafka;
pub mod kind;
pub mod name;
pub mod oauth;
pub mod offsets;
pub mod probe;
pub mod record;
pub mod schema;
pub mod state;
mod text;

use std::ffi::OsString;
use std::io::Write as _;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use airbyte::{Message, Output, OutputError, Trace};
use command::Outcome;
use error::Error;

/// What a shell reports of a process that SIGTERM ended, which the platform expects.
const TERMINATED: u8 = 143;

/// Runs the command line: everything goes to standard output as Airbyte messages, failures included.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    airbyte::install_log(std::env::var("LOG_LEVEL").ok().as_deref());
    let mut output = match Output::stdout() {
        Ok(output) => output,
        Err(error) => return without_output(&error),
    };
    let code = run_with(&mut output, arguments);
    kafka::remove_files();
    code
}

fn run_with(output: &mut Output, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let outcome = match cli::parse(arguments) {
        Ok(cli) => guarded(|| command::run(&cli.command, output)),
        Err(error) if !error.use_stderr() => {
            // `--help` and `--version` are for people: they print as they are.
            output.buffer().extend_from_slice(error.to_string().as_bytes());
            Ok(Outcome::Success)
        }
        Err(error) => Err(Error::Usage(usage(&error))),
    };
    match outcome.and_then(|outcome| output.flush().map(|()| outcome).map_err(Error::from)) {
        Ok(Outcome::Success) => ExitCode::SUCCESS,
        Ok(Outcome::Failure) => ExitCode::FAILURE,
        Ok(Outcome::Terminated) => ExitCode::from(TERMINATED),
        Err(Error::Output(error)) => without_output(&error),
        Err(error) => match report(output, &error) {
            Ok(()) => ExitCode::FAILURE,
            Err(error) => without_output(&error),
        },
    }
}

/// What is wrong with the command line, in one line.
fn usage(error: &clap::Error) -> String {
    if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return "a command is missing: spec, check, discover or read".to_owned();
    }
    error.to_string().trim().trim_start_matches("error: ").replace('\n', " ")
}

/// Writes the error that ends the command.
fn report(output: &mut Output, error: &Error) -> Result<(), OutputError> {
    let (message, internal) = (error.user_message(), error.internal_message());
    let trace = Trace::error(&message, &internal, error.failure_type().name(), None);
    output.send(&Message::trace(trace, command::now_ms()))?;
    output.flush()
}

/// Standard error is for the case that standard output is broken. A reader that has gone wants to hear nothing.
fn without_output(error: &OutputError) -> ExitCode {
    if !matches!(error, OutputError::Closed) {
        // Where this fails, too, the exit code is all there is.
        let _ = writeln!(std::io::stderr(), "source-kafka: cannot write to standard output: {error}");
    }
    ExitCode::FAILURE
}

/// A panic is our mistake; it is reported like any other failure, and nowhere else.
fn guarded(command: impl FnOnce() -> Result<Outcome, Error>) -> Result<Outcome, Error> {
    let place = Arc::new(Mutex::new(String::new()));
    let hook_place = Arc::clone(&place);
    panic::set_hook(Box::new(move |panic| {
        *hook_place.lock().unwrap_or_else(PoisonError::into_inner) = panic.to_string();
    }));
    panic::catch_unwind(AssertUnwindSafe(command)).unwrap_or_else(|_| {
        Err(Error::Internal(place.lock().unwrap_or_else(PoisonError::into_inner).replace('\n', " ")))
    })
}
