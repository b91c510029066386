//! `read`: topics into records and states, up to the ends captured at the start.
//!
//! `plan` decides what to read; `reader` reads it into the `sink`, where each `partition` picks its messages and each
//! `stream` writes its lines. `patience` knows when silence is no longer normal, `budget` divides a limited number of
//! records, `stop` says why it ended.

mod budget;
mod mirror;
mod partition;
mod patience;
mod plan;
mod reader;
mod sink;
mod stop;
mod stream;

use std::time::Instant;

pub(super) use self::stream::preview;
use super::{Outcome, client_options, login, request_deadline, topics};
use crate::airbyte::{ConfiguredCatalog, Output, StreamStatus};
use crate::config::Settings;
use crate::error::Error;
use crate::kafka::Client;
use crate::state::State;
use plan::Plan;
use reader::Reader;
use stream::StreamWriter;

pub(super) fn run(settings: &Settings, catalog: &str, state: &str, output: &mut Output) -> Result<Outcome, Error> {
    let started = Instant::now();
    let catalog = ConfiguredCatalog::parse(catalog)?;
    let state = State::parse(state)?;
    let mut streams: Vec<StreamWriter> =
        catalog.streams.iter().map(|stream| StreamWriter::new(settings, stream, state.of(&stream.name))).collect();
    for stream in &streams {
        stream.status(StreamStatus::Started, output)?;
    }
    let result = read(settings, &catalog, &state, &mut streams, output, started);
    match result {
        Ok(outcome) => Ok(outcome),
        // Without an output there is nobody to tell.
        Err(error @ Error::Output(_)) => Err(error),
        Err(error) => {
            for stream in streams.iter_mut().filter(|stream| stream.is_open()) {
                stream.interrupt(output)?;
            }
            Err(error)
        }
    }
}

fn read(
    settings: &Settings,
    catalog: &ConfiguredCatalog,
    state: &State,
    streams: &mut [StreamWriter],
    output: &mut Output,
    started: Instant,
) -> Result<Outcome, Error> {
    let client = Client::new(client_options(settings))?;
    topics::warn_unmatched(&client, &settings.subscription, request_deadline(settings))?;
    let plan = Plan::new(&client, settings, catalog, state)?;
    mirror::commit(settings, &plan, state);
    Reader::new(settings, plan, client, streams, output)?.run(started, &*login::terminated_flag()?)
}
