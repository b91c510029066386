//! The log: what anybody logs waits here until the writer of standard output fetches it between two lines.
//!
//! `log` macros may be used by any module and on any thread (librdkafka's lines come through here too), while only
//! [`Output`](super::Output) writes. That keeps lines whole without a lock per record.

use std::sync::{Mutex, PoisonError};

use log::{Level, LevelFilter, Log, Metadata, Record};

/// How many lines wait at most. Nobody logs that much between two lines; if so, the rest is counted, not kept.
const CAPACITY: usize = 10_000;

struct Queue {
    lines: Vec<(Level, String)>,
    dropped: usize,
}

static QUEUE: Mutex<Queue> = Mutex::new(Queue { lines: Vec::new(), dropped: 0 });

struct Logger;

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let mut queue = QUEUE.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.lines.len() < CAPACITY {
            queue.lines.push((record.level(), record.args().to_string()));
        } else {
            queue.dropped += 1;
        }
    }

    fn flush(&self) {}
}

/// Starts to collect, at the level of the environment's `LOG_LEVEL` (default INFO).
pub fn install(level: Option<&str>) {
    let level = match level.map(str::trim).map(str::to_ascii_lowercase).as_deref() {
        Some("trace") => LevelFilter::Trace,
        Some("debug") => LevelFilter::Debug,
        Some("warn" | "warning") => LevelFilter::Warn,
        Some("error" | "fatal") => LevelFilter::Error,
        Some("off") => LevelFilter::Off,
        _ => LevelFilter::Info,
    };
    // Fails only when a logger is there already, which then is this one.
    if log::set_logger(&Logger).is_ok() {
        log::set_max_level(level);
    }
}

/// Takes the lines that wait.
pub(super) fn take() -> Vec<(Level, String)> {
    let mut queue = QUEUE.lock().unwrap_or_else(PoisonError::into_inner);
    if queue.lines.is_empty() {
        return Vec::new();
    }
    let mut lines = std::mem::take(&mut queue.lines);
    if queue.dropped > 0 {
        lines.push((Level::Warn, format!("{} more log lines were dropped", queue.dropped)));
        queue.dropped = 0;
    }
    lines
}

/// Airbyte's name of a level.
pub(super) const fn name(level: Level) -> &'static str {
    match level {
        Level::Error => "ERROR",
        Level::Warn => "WARN",
        Level::Info => "INFO",
        Level::Debug => "DEBUG",
        Level::Trace => "TRACE",
    }
}
