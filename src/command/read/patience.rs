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
    /// give up: the brokers complain again and again, or have not answered at all
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
    /// The cluster has been asked since the last arrival, and what was complained of turned out to be mended.
    excused: bool,
}

impl Patience {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            idle_limit: settings.idle_limit,
            outage_limit: settings.idle_limit.max(settings.request_timeout),
            silence: Duration::ZERO,
            answered: false,
            complaint: None,
            excused: false,
        }
    }

    /// Something arrived.
    pub(super) fn arrived(&mut self) {
        self.silence = Duration::ZERO;
        self.answered = true;
        self.complaint = None;
        self.excused = false;
    }

    /// The cluster answered a question, but had been unwell: it gets another chance, and nobody more than one on top of a
    /// complaint.
    pub(super) fn recovered(&mut self) {
        self.silence = Duration::ZERO;
        self.excused |= self.complaint.take().is_some();
    }

    /// Whether the silence followed a complaint.
    pub(super) fn is_complained_of(&self) -> bool {
        self.complaint.is_some()
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
        let is_unwell = !self.answered || self.complaint.is_some();
        let limit = if is_unwell { self.outage_limit } else { self.idle_limit };
        match () {
            () if self.silence < limit => Verdict::Wait,
            () if !is_unwell => Verdict::Ask,
            // A broker that went away and came back complains, too.
            () if self.answered && !self.excused => Verdict::Ask,
            () => Verdict::GiveUp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: Duration = Duration::from_secs(10);
    const LONGER: Duration = Duration::from_secs(20);

    fn patience() -> Patience {
        Patience {
            idle_limit: IDLE,
            outage_limit: IDLE + LONGER,
            silence: Duration::ZERO,
            answered: false,
            complaint: None,
            excused: false,
        }
    }

    #[test]
    fn silence_of_brokers_that_are_well_is_asked_about_after_the_idle_limit() {
        let mut patience = patience();
        patience.arrived();
        patience.waited(Duration::from_millis(9_999));
        assert_eq!(patience.verdict(), Verdict::Wait);
        patience.waited(Duration::from_millis(1));
        assert_eq!(patience.verdict(), Verdict::Ask);
    }

    #[test]
    fn brokers_that_have_never_answered_are_given_up_after_the_outage_limit() {
        let mut patience = patience();
        patience.waited(IDLE);
        assert_eq!(patience.verdict(), Verdict::Wait);
        patience.waited(IDLE + LONGER);
        assert_eq!(patience.verdict(), Verdict::GiveUp);
    }

    #[test]
    fn a_complaint_that_healed_is_excused_once() {
        let mut patience = patience();
        patience.arrived();
        patience.complained("connection refused".to_owned());
        patience.waited(IDLE);
        assert_eq!(patience.verdict(), Verdict::Wait);
        patience.waited(LONGER);
        assert_eq!(patience.verdict(), Verdict::Ask);
        patience.recovered();
        assert_eq!(patience.verdict(), Verdict::Wait);
        // Nothing came, and nobody complained: the topic has nothing more.
        patience.waited(IDLE);
        assert_eq!(patience.verdict(), Verdict::Ask);
        // Somebody did complain again: another round would prove nothing.
        patience.complained("connection refused".to_owned());
        patience.waited(LONGER);
        assert_eq!(patience.verdict(), Verdict::GiveUp);
        // What arrives wipes all of it out.
        patience.arrived();
        patience.complained("connection refused".to_owned());
        patience.waited(IDLE + LONGER);
        assert_eq!(patience.verdict(), Verdict::Ask);
    }
}
