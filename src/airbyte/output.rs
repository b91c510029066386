//! Standard output and its only writer: whole lines, in large pieces, flushed with every STATE.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use super::log;
use super::message::Message;

/// How much is collected before it is written. Larger gains nothing (`docs/performance.md`).
const CAPACITY: usize = 128 * 1024;
/// How long a line waits at most while nothing else is written.
const MAX_DELAY: Duration = Duration::from_secs(1);
/// A buffer that one huge record has grown beyond this is given back. Records of a megabyte are no exception: growing for
/// each of them anew costs more than reading it.
const MAX_KEPT: usize = 4 * 1024 * 1024;

/// Why a line could not be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The reader has gone. Nobody is left to tell.
    #[error("the reader has closed it")]
    Closed,
    /// Anything else, such as a full disk.
    #[error("{0}")]
    Io(io::Error),
}

impl From<io::Error> for OutputError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::Closed } else { Self::Io(error) }
    }
}

/// The writer of standard output.
#[derive(Debug)]
pub struct Output {
    file: File,
    buffer: Vec<u8>,
    flushed: Instant,
}

impl Output {
    /// Takes standard output, past the standard library's line buffer.
    pub fn stdout() -> Result<Self, OutputError> {
        #[expect(clippy::disallowed_methods, reason = "the one place that may")]
        let file = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        Ok(Self { file, buffer: Vec::with_capacity(CAPACITY + CAPACITY / 4), flushed: Instant::now() })
    }

    /// Where records are appended, as whole lines.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// To be called after whole lines were appended to the buffer: writes it out when it is full.
    pub fn write_if_full(&mut self) -> Result<(), OutputError> {
        if self.buffer.len() >= CAPACITY { self.flush() } else { Ok(()) }
    }

    /// To be called while nothing is appended: nothing waits for ever.
    pub fn write_if_due(&mut self) -> Result<(), OutputError> {
        self.take_log();
        if self.flushed.elapsed() >= MAX_DELAY { self.flush() } else { Ok(()) }
    }

    /// Appends one message.
    pub fn send(&mut self, message: &Message<'_>) -> Result<(), OutputError> {
        self.take_log();
        self.append(message);
        self.write_if_full()
    }

    /// Writes out everything, the log included.
    pub fn flush(&mut self) -> Result<(), OutputError> {
        self.take_log();
        let result = self.file.write_all(&self.buffer);
        self.buffer.clear();
        if self.buffer.capacity() > MAX_KEPT {
            self.buffer.shrink_to(CAPACITY);
        }
        self.flushed = Instant::now();
        Ok(result?)
    }

    fn take_log(&mut self) {
        for (level, line) in log::take() {
            self.append(&Message::log(log::name(level), &line));
        }
    }

    fn append(&mut self, message: &Message<'_>) {
        // Strings, numbers and maps with string keys always serialize, and a Vec takes everything.
        if serde_json::to_writer(&mut self.buffer, message).is_ok() {
            self.buffer.push(b'\n');
        }
    }
}
