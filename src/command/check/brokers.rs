//! Every broker is asked at the address that it advertises: messages come from there, not from `bootstrap_servers`.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::super::diagnosis;
use super::took;
use crate::error::Error;
use crate::kafka::{Broker, Topic};
use crate::probe::{self, Address, Crowd};

/// How long a broker may take to accept a connection.
const LIMIT: Duration = Duration::from_secs(3);

/// A broker that leads a chosen topic has to be reachable; any other one is warned about.
pub(super) fn reach(brokers: &[Broker], chosen: &[Topic], deadline: Instant) -> Result<(), Error> {
    let started = Instant::now();
    let deadline = deadline.min(started + LIMIT);
    let address = |broker: &Broker| Address { host: broker.host.clone(), port: broker.port };
    let addresses = brokers.iter().map(address).collect();
    let mut crowd = Crowd::start(addresses, move |address| probe::reach(address, deadline));
    let leaders: BTreeSet<i32> = chosen.iter().flat_map(|topic| &topic.leaders).copied().collect();
    let mut error = None;
    for (broker, (address, report)) in brokers.iter().zip(crowd.wait(deadline)) {
        let silence = probe::Fault::Unresolved("the name service does not answer".to_owned());
        let fault = report.as_ref().map_or(Some(&silence), |report| report.fault.as_ref());
        let Some(fault) = fault else { continue };
        let fault = diagnosis::broker_fault(broker.id, address, fault);
        if error.is_none() && leaders.contains(&broker.id) {
            error = Some(fault);
        } else {
            log::warn!(target: "check", "{fault}");
        }
    }
    if let Some(error) = error {
        return Err(error);
    }
    log::info!(target: "check", "advertised addresses: asked: {} ({})", brokers.len(), took(started));
    Ok(())
}
