//! The way to the cluster: the client connects while its addresses are looked at, so that a failure is explained as soon as
//! it is certain, and success waits for nothing.

use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::{Duration, Instant};

use super::diagnosis;
use crate::config::{Authentication, Settings};
use crate::error::Error;
use crate::kafka::{Broker, Client, Complaint, Options};
use crate::probe::Crowd;

/// How long one question to the brokers may take: at first; while no address is known to be usable; at most. Between two of
/// them the looks are looked at.
const SHORTEST_QUESTION: Duration = Duration::from_millis(250);
const SHORT_QUESTION: Duration = Duration::from_secs(1);
const LONGEST_QUESTION: Duration = Duration::from_secs(4);
/// Addresses that can be used lead to an answer within this time, or something is wrong behind them.
const PATIENCE: Duration = Duration::from_secs(1);
/// What is left for the explanation when nothing has come.
const RESERVE: Duration = Duration::from_millis(2_500);
/// How long to wait for the other addresses when the client is there.
const COURTESY: Duration = Duration::from_millis(300);

/// A connection that has been answered.
pub(super) struct Connected {
    pub(super) client: Client,
    pub(super) brokers: Vec<Broker>,
    looks: Crowd,
    started: Instant,
}

/// Connects. A failure that `is_final` ends it at once, with its explanation; others may heal until the deadline.
pub(super) fn connect(
    settings: &Settings,
    options: Options,
    deadline: Instant,
    is_final: impl Fn(&Error) -> bool,
) -> Result<Connected, Error> {
    let started = Instant::now();
    let mut looks = diagnosis::look(settings, deadline);
    let client = client(settings, options, deadline)?;
    let brokers = answered(settings, &client, &mut looks, deadline, is_final)?;
    Ok(Connected { client, brokers, looks, started })
}

/// Tickets and tokens are fetched by code that has its own idea of time: whoever waits for them is somebody else.
fn client(settings: &Settings, options: Options, deadline: Instant) -> Result<Client, Error> {
    let Some(Authentication::Gssapi(_) | Authentication::OauthBearer(_) | Authentication::AwsMskIam(_)) =
        &settings.security.authentication
    else {
        return Ok(Client::new(options)?);
    };
    let (sender, receiver) = sync_channel(1);
    let make = move || sender.send(Client::new(options));
    let spawned = thread::Builder::new().name("login".to_owned()).spawn(make);
    spawned.map_err(|error| Error::Internal(format!("cannot start a thread: {error}")))?;
    let client = receiver.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    let client = client.map_err(|_| diagnosis::slow_login(settings))?;
    client.map_err(|error| diagnosis::explained_by(settings, error.into(), deadline))
}

fn answered(
    settings: &Settings,
    client: &Client,
    crowd: &mut Crowd,
    deadline: Instant,
    is_final: impl Fn(&Error) -> bool,
) -> Result<Vec<Broker>, Error> {
    let mut complaints: Vec<Complaint> = Vec::new();
    let (mut question, mut is_asked) = (SHORTEST_QUESTION, false);
    let patience = Instant::now() + PATIENCE;
    loop {
        if let Some(brokers) = client.brokers(question)? {
            return Ok(brokers);
        }
        let is_usable = diagnosis::any_usable(crowd.reports());
        question = (question * 2).min(if is_usable { LONGEST_QUESTION } else { SHORT_QUESTION });
        complaints.append(&mut client.recent_complaints());
        let is_over = Instant::now() + RESERVE >= deadline;
        let is_refused = complaints.iter().any(Complaint::is_refusal);
        let is_late = !is_asked && Instant::now() >= patience && crowd.is_complete();
        if is_over || is_refused || is_late || diagnosis::all_failed(crowd.reports()) {
            is_asked = true;
            let reports =
                if is_usable { crowd.reports() } else { crowd.wait(deadline.checked_sub(RESERVE).unwrap_or(deadline)) };
            if let Some(error) = diagnosis::connection(settings, reports, &complaints, deadline)
                && (is_over || is_final(&error))
            {
                return Err(error);
            }
        }
        if is_over {
            return Err(client.unreachable(complaints).into());
        }
    }
}

impl Connected {
    /// Says what was found on the way: steps that worked, and addresses that do not, which others make up for.
    pub(super) fn say(&mut self, settings: &Settings) {
        for (address, report) in self.looks.wait(Instant::now() + COURTESY) {
            let Some(report) = report else {
                log::warn!(target: "check", "`bootstrap_servers`: `{address}` has not answered yet; the other servers have");
                continue;
            };
            for (step, time) in &report.passed {
                log::info!(target: "check", "{step}: `{address}` ({} ms)", time.as_millis());
            }
            if let Some(fault) = &report.fault {
                let error = diagnosis::address_fault(settings, address, fault);
                log::warn!(target: "check", "one of `bootstrap_servers` cannot be used, but others can: {error}");
            }
        }
        let time = self.started.elapsed().as_millis();
        if let Some(authentication) = &settings.security.authentication {
            log::info!(target: "check", "SASL: logged in with `{}` ({time} ms)", authentication.mechanism());
        }
        let count = self.brokers.len();
        log::info!(target: "check", "metadata: {count} {} ({time} ms)", if count == 1 { "broker" } else { "brokers" });
    }
}
