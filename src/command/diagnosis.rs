//! Why a cluster cannot be reached: the one place that knows, for `check`, `discover` and `read`.
//!
//! librdkafka's calls fail with the same words for nearly every cause. What explains them is gathered here: its complaints,
//! a look of our own at the addresses (`probe`), and the words of KDC and token endpoint. The explanation names the step,
//! the address, what was said, and the field to change.

mod address;
mod login;
mod token;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::config::{Authentication, Settings};
use crate::error::{Error, FailureType};
use crate::kafka::{self, Complaint};
use crate::probe::{self, Address, Crowd, Mechanisms, Report};

/// How long the explanation of a failure may take.
const TIME_LIMIT: Duration = Duration::from_secs(7);
/// In less time than this nothing can be found out.
const SHORTEST_LOOK: Duration = Duration::from_secs(1);
/// How long a listener may take to tell its mechanisms.
const QUESTION_LIMIT: Duration = Duration::from_secs(2);
/// No broker has a mechanism of this name, so the answer lists those it has.
const NO_MECHANISM: &str = "NONE";
/// Kafka's words for a topic that may not be read.
const DENIED: &str = "Topic authorization failed";

/// The words for one step that failed.
struct Words {
    cause: String,
    advice: String,
    failure_type: FailureType,
}

impl Words {
    fn config(cause: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { cause: cause.into(), advice: advice.into(), failure_type: FailureType::Config }
    }

    fn transient(cause: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { failure_type: FailureType::Transient, ..Self::config(cause, advice) }
    }

    fn error(self, step: &'static str, address: Option<&str>) -> Error {
        Error::Step {
            step,
            place: address.map_or_else(String::new, |address| format!(" at `{address}`")),
            cause: self.cause,
            advice: self.advice,
            failure_type: self.failure_type,
        }
    }
}

/// The error with its explanation, if there is a better one than its own. May look at the network for some seconds.
pub(super) fn explained(settings: &Settings, error: Error) -> Error {
    explained_by(settings, error, Instant::now() + TIME_LIMIT)
}

/// The same, with a time limit.
pub(super) fn explained_by(settings: &Settings, error: Error, deadline: Instant) -> Error {
    match &error {
        Error::Kafka(kafka::Error::Ticket { principal, cause, failure_type }) => {
            login::ticket(principal, cause, *failure_type).error("SASL", None)
        }
        Error::Kafka(kafka::Error::Token(token)) => match &settings.security.authentication {
            Some(Authentication::OauthBearer(_)) => login::token(token).error("SASL", None),
            _ => error,
        },
        // Without the time to look, its own words are all there is.
        Error::Kafka(kafka::Error::Unreachable { .. }) if deadline < Instant::now() + SHORTEST_LOOK => error,
        Error::Kafka(kafka::Error::Unreachable { complaints, .. }) => {
            let mut crowd = look(settings, deadline);
            let looked = deadline.checked_sub(QUESTION_LIMIT).unwrap_or(deadline);
            let reports = crowd.wait(looked.max(Instant::now() + SHORTEST_LOOK / 2));
            connection(settings, reports, complaints, deadline).unwrap_or(error)
        }
        Error::Partition { topic, cause, .. } if cause.contains(DENIED) => {
            unreadable(std::slice::from_ref(topic), cause)
        }
        _ => error,
    }
}

/// Starts to look at the addresses of `bootstrap_servers`.
pub(super) fn look(settings: &Settings, deadline: Instant) -> Crowd {
    let servers = settings.bootstrap_servers.split(',').filter_map(Address::parse).collect();
    let tls = settings.security.tls.clone();
    Crowd::start(servers, move |server| probe::look(server, tls.as_ref(), deadline))
}

/// Whether no address of them can be used.
pub(super) fn all_failed(reports: &[(Address, Option<Report>)]) -> bool {
    reports.iter().all(|(_, report)| report.as_ref().is_some_and(|report| report.fault.is_some()))
}

/// Whether an address of them can be used.
pub(super) fn any_usable(reports: &[(Address, Option<Report>)]) -> bool {
    reports.iter().any(|(_, report)| report.as_ref().is_some_and(|report| report.fault.is_none()))
}

/// What keeps the client from connecting, as far as it can be told.
pub(super) fn connection(
    settings: &Settings,
    reports: &[(Address, Option<Report>)],
    complaints: &[Complaint],
    deadline: Instant,
) -> Option<Error> {
    let usable = || {
        let is_usable = |report: &Option<Report>| report.as_ref().is_some_and(|report| report.fault.is_none());
        reports.iter().filter(move |(_, report)| is_usable(report)).map(|(address, _)| address)
    };
    if usable().next().is_none() {
        return unusable(settings, reports);
    }
    let deadline = deadline.min(Instant::now() + QUESTION_LIMIT);
    usable()
        .find_map(|address| mechanism_fault(settings, address, deadline))
        .or_else(|| {
            let refusal = complaints.iter().rev().find(|complaint| complaint.is_refusal())?;
            let words = match settings.security.authentication.as_ref()? {
                Authentication::OauthBearer(_) => token::refused(settings, refusal.words()),
                authentication => login::refusal(authentication, refusal.words()),
            };
            Some(words.error("SASL", refusal.address()))
        })
        .or_else(|| complaints.iter().rev().find_map(advertised))
}

/// The fault of the address that got furthest.
fn unusable(settings: &Settings, reports: &[(Address, Option<Report>)]) -> Option<Error> {
    let faults = reports.iter().filter_map(|(address, report)| Some((address, report.as_ref()?.fault.as_ref()?)));
    if let Some((address, fault)) = faults.max_by_key(|(_, fault)| fault.step()) {
        return Some(address_fault(settings, address, fault));
    }
    // Everything but the name service of the system has a time limit, and an address that is a number needs none.
    let (address, _) = reports.iter().find(|(address, _)| address.to_string().parse::<SocketAddr>().is_err())?;
    let words = Words::transient(
        "the name service does not answer in time",
        "check the DNS of the place where this connector runs, or try again if the machine is busy",
    );
    Some(words.error("DNS", Some(&address.to_string())))
}

/// The words for an address that cannot be used.
pub(super) fn address_fault(settings: &Settings, address: &Address, fault: &probe::Fault) -> Error {
    address::words(&settings.security, address, fault).error(address::step(fault), Some(&address.to_string()))
}

/// The words for a broker that was met through another one, and cannot be reached.
pub(super) fn broker_fault(id: i32, address: &Address, fault: &probe::Fault) -> Error {
    address::of_broker(id, fault).error("advertised address", Some(&address.to_string()))
}

/// The words for a ticket or a token that does not come.
pub(super) fn slow_login(settings: &Settings) -> Error {
    login::slow(settings.security.authentication.as_ref()).error("SASL", None)
}

/// The words for a topic that the client may not even see.
pub(super) fn undescribable(topic: &str) -> Error {
    Words::config(
        format!("topic `{topic}` may not be described by this user, or does not exist ({DENIED})"),
        "grant DESCRIBE and READ on it to this user, or correct the name in `subscription`",
    )
    .error("authorization", None)
}

/// The words for a topic that the client may see and not read.
pub(super) fn unreadable(topics: &[String], said: &str) -> Error {
    let names = topics.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let (noun, it) = if topics.len() == 1 { ("topic", "it") } else { ("topics", "them") };
    Words::config(
        format!("{noun} {names} may be described, but not read ({said})"),
        format!("grant READ on {it} to this user, or take {it} out of `subscription`"),
    )
    .error("authorization", None)
}

fn mechanism_fault(settings: &Settings, address: &Address, deadline: Instant) -> Option<Error> {
    let wanted = settings.security.authentication.as_ref().map(Authentication::mechanism);
    let asked = wanted.unwrap_or(NO_MECHANISM);
    let told = probe::mechanisms(address, settings.security.tls.as_ref(), asked, deadline)?;
    let is_encrypted = settings.security.tls.is_some();
    let words = match (wanted, told) {
        (Some(_), Mechanisms::Enabled) | (None, Mechanisms::NoSasl) => return None,
        (Some(_), Mechanisms::NoSasl) => login::no_sasl(is_encrypted),
        (Some(wanted), Mechanisms::Others(others)) => login::other_mechanisms(wanted, &others),
        (None, Mechanisms::Enabled) => login::login_needed(is_encrypted, &[]),
        (None, Mechanisms::Others(others)) => login::login_needed(is_encrypted, &others),
    };
    Some(words.error("SASL", Some(&address.to_string())))
}

/// A complaint of a broker that was met through another one.
fn advertised(complaint: &Complaint) -> Option<Error> {
    let (id, address) = (complaint.broker()?, complaint.address().and_then(Address::parse)?);
    // The complaint itself may be about a moment; the look at the address is about now.
    let fault = probe::reach(&address, Instant::now() + QUESTION_LIMIT).fault?;
    Some(broker_fault(id, &address, &fault))
}
