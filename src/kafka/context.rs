//! librdkafka's callbacks: its log lines go to our log, its complaints are kept for whoever has to explain a failure.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::error::Complaint;

/// How many complaints are kept; a broker that is down repeats itself every second.
const MAX_COMPLAINTS: usize = 32;

/// Receives librdkafka's log lines and errors. It is called from `poll` only, on the thread that polls.
#[derive(Debug, Default)]
pub(super) struct Context {
    complaints: Mutex<Vec<Complaint>>,
}

impl Context {
    fn complaints(&self) -> MutexGuard<'_, Vec<Complaint>> {
        self.complaints.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of a complaint.
    pub(super) fn note(&self, code: RDKafkaErrorCode, text: &str) {
        let complaint = Complaint { code, text: text.to_owned() };
        let mut complaints = self.complaints();
        if complaints.last() != Some(&complaint) {
            log::debug!(target: "kafka", "{text}");
            if complaints.len() == MAX_COMPLAINTS {
                complaints.remove(0);
            }
            complaints.push(complaint);
        }
    }

    /// Takes what was complained of since the last call, oldest first.
    pub(super) fn take_complaints(&self) -> Vec<Complaint> {
        std::mem::take(&mut *self.complaints())
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        let level = match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error => {
                log::Level::Warn
            }
            // What librdkafka heals by itself is no news to the reader of a sync log.
            RDKafkaLogLevel::Warning | RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug => {
                log::Level::Debug
            }
        };
        log::log!(target: "librdkafka", level, "{facility}: {message}");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
        // The end of a partition is not an error.
        if code == RDKafkaErrorCode::PartitionEOF {
            return;
        }
        self.note(code, reason);
    }
}

impl ConsumerContext for Context {}
