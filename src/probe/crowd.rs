//! Many addresses at once, each on a thread of its own: resolving a name cannot be given a time limit, so whoever waits
//! has to be somebody else.

use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use super::{Address, Report};

/// What is known so far of some addresses.
pub struct Crowd {
    reports: Vec<(Address, Option<Report>)>,
    arriving: Receiver<(usize, Report)>,
}

impl Crowd {
    /// Starts to look at all of them.
    pub fn start(addresses: Vec<Address>, look: impl Fn(&Address) -> Report + Clone + Send + 'static) -> Self {
        let (done, arriving) = channel();
        for (index, address) in addresses.iter().cloned().enumerate() {
            let (done, look) = (done.clone(), look.clone());
            // Without a thread, this address stays without a report.
            let _ =
                thread::Builder::new().name("probe".to_owned()).spawn(move || drop(done.send((index, look(&address)))));
        }
        Self { reports: addresses.into_iter().map(|address| (address, None)).collect(), arriving }
    }

    /// What is known by now.
    pub fn reports(&mut self) -> &[(Address, Option<Report>)] {
        while let Ok(report) = self.arriving.try_recv() {
            self.note(report);
        }
        &self.reports
    }

    /// Whether all is known.
    pub fn is_complete(&mut self) -> bool {
        self.reports().iter().all(|(_, report)| report.is_some())
    }

    /// Waits until all is known, but no longer than that.
    pub fn wait(&mut self, deadline: Instant) -> &[(Address, Option<Report>)] {
        while self.reports.iter().any(|(_, report)| report.is_none()) {
            match self.arriving.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(report) => self.note(report),
                Err(_) => break,
            }
        }
        &self.reports
    }

    fn note(&mut self, (index, report): (usize, Report)) {
        if let Some((_, slot)) = self.reports.get_mut(index) {
            *slot = Some(report);
        }
    }
}
