//! `spec`: what can be configured.

use super::Outcome;
use crate::airbyte::{Message, Output};
use crate::config;
use crate::error::Error;

pub(super) fn run(output: &mut Output) -> Result<Outcome, Error> {
    output.send(&Message::Spec { spec: &config::specification() })?;
    Ok(Outcome::Success)
}
