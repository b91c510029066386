//! How long silence is normal, and what it means when it is not.
//!
//! Only the time spent waiting for messages counts: a destination that pauses keeps us in a write, and that says nothing
//! about the brokers.

use std::time::Duration;

use crate::config::Settings;

/// What to do about the present silence.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// go on waiting
    Wait,
    /// ask the cluster whether it is there: if so, the sync ends with what it has
    Ask,
    /// give up: the brokers complain, or have not answered at all
    GiveUp,
}

/// Watches how long was waited since something last arrived.
#[derive(Debug)]
pub(super) struct Patience {
    /// how long nothing may arrive from brokers that are well
    idle_limit: Duration,
    /// how long nothing may arrive from brokers that are not
    outage_limit: Duration,
    /// How long was waited since something last arrived.
    silence: Duration,
    /// Before the first answer silence proves nothing about the topic.
    answered: bool,
    /// What was complained of since the last arrival.
    complaint: Option<String>,
}

impl Patience {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            idle_limit: settings.idle_limit,
            outage_limit: settings.idle_limit.max(settings.request_timeout),
            silence: Duration::ZERO,
            answered: false,
            complaint: None,
        }
    }

    /// Something arrived.
    pub(super) fn arrived(&mut self) {
        self.silence = Duration::ZERO;
        self.answered = true;
        self.complaint = None;
    }

    /// The cluster answered a question, but only after it had been unwell: it gets another chance.
    pub(super) fn recovered(&mut self) {
        self.silence = Duration::ZERO;
    }

    /// A broker cannot be reached, or the like.
    pub(super) fn complained(&mut self, cause: String) {
        self.complaint = Some(cause);
    }

    /// Nothing arrived although it was waited for so long.
    pub(super) fn waited(&mut self, time: Duration) {
        self.silence += time;
    }

    pub(super) fn silence(&self) -> Duration {
        self.silence
    }

    /// The last complaint, for the error.
    pub(super) fn cause(&self) -> String {
        self.complaint.clone().unwrap_or_else(|| "the brokers do not answer".to_owned())
    }

    pub(super) fn verdict(&self) -> Verdict {
        let silence = self.silence();
        if self.answered && self.complaint.is_none() {
            return if silence >= self.idle_limit { Verdict::Ask } else { Verdict::Wait };
        }
        if silence >= self.outage_limit { Verdict::GiveUp } else { Verdict::Wait }
    }
}
