//! Kerberos: a ticket for this process, fetched by `kinit` with the user's keytab and renewed before it ends.
//!
//! The Kerberos library under librdkafka finds tickets and its own configuration through two environment variables, and
//! keys in files only. Those files live in a folder that nobody else may look into, in memory where the system has a file
//! system for that, and go when the process ends.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

use super::error::Error;
use super::native;
use crate::config::{Kerberos, Keytab};
use crate::error::FailureType;

/// A key distribution center that does not answer is given up after so long.
const KINIT_TIMEOUT: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(20);
/// Limits of the time between two tickets: below, the center would be flooded; above, a clock that was set would be noticed
/// too late.
const SHORTEST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

/// The folder of this process. Every client uses the same ticket.
static FOLDER: Mutex<Option<TempDir>> = Mutex::new(None);

/// Gets the ticket and sees to its renewal, once per process.
pub(super) fn log_in(kerberos: &Kerberos) -> Result<(), Error> {
    let mut folder = FOLDER.lock().unwrap_or_else(PoisonError::into_inner);
    if folder.is_some() {
        return Ok(());
    }
    let broken = |error: io::Error| Error::Fatal {
        attempt: "preparing the Kerberos login".to_owned(),
        cause: error.to_string(),
    };
    let private = private_folder().map_err(broken)?;
    let path = private.path().to_owned();
    // From here on whoever ends the process removes it.
    *folder = Some(private);
    drop(folder);
    let login = Login::prepare(kerberos, &path).map_err(broken)?;
    let pause = login.renew()?;
    let spawned = thread::Builder::new().name("tickets".to_owned()).spawn(move || login.keep_fresh(pause));
    spawned.map(|_| ()).map_err(broken)
}

/// Removes the files of this process, if it has any. To be called when it ends, however it ends.
pub fn remove_files() {
    // The lock is held for moments only; whoever holds it while the process ends has not written anything yet.
    if let Ok(mut folder) = FOLDER.try_lock() {
        folder.take();
    }
}

fn private_folder() -> io::Result<TempDir> {
    let in_memory = PathBuf::from("/dev/shm");
    let mut last = None;
    for parent in [in_memory, std::env::temp_dir(), PathBuf::from("/tmp")] {
        let mode = std::fs::Permissions::from_mode(0o700);
        match tempfile::Builder::new().prefix("source-kafka-").permissions(mode).tempdir_in(parent) {
            Ok(folder) => return Ok(folder),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| io::Error::from(io::ErrorKind::NotFound)))
}

/// What `kinit` has to be told.
struct Login {
    principal: String,
    keytab: PathBuf,
    cache: PathBuf,
}

impl Login {
    fn prepare(kerberos: &Kerberos, folder: &Path) -> io::Result<Self> {
        let keytab = match &kerberos.keytab {
            Keytab::Bytes(bytes) => write(folder.join("keytab"), bytes)?,
            Keytab::File(path) => PathBuf::from(path),
        };
        if let Some(text) = &kerberos.krb5_conf {
            // The parser wants a line break at the end.
            native::set_variable("KRB5_CONFIG", &write(folder.join("krb5.conf"), format!("{text}\n").as_bytes())?);
        }
        let cache = folder.join("tickets");
        native::set_variable("KRB5CCNAME", &cache);
        Ok(Self { principal: kerberos.principal.clone(), keytab, cache })
    }

    /// Gets a ticket, and says after how long to get the next.
    fn renew(&self) -> Result<Duration, Error> {
        // No shell, so nothing has to be quoted, and no word of it on our standard error.
        let mut command = Command::new("kinit");
        command.arg("-k").arg("-t").arg(&self.keytab).arg("-c").arg(&self.cache).arg("--").arg(&self.principal);
        command.env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let outcome = command.spawn().and_then(finished);
        match outcome {
            Ok(None) => {
                log::debug!(target: "kafka", "got a Kerberos ticket for `{}`", self.principal);
                Ok(half_life(&self.cache).clamp(SHORTEST_PAUSE, LONGEST_PAUSE))
            }
            Ok(Some(words)) => Err(self.error(failure_type(&words), words)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(self
                    .error(FailureType::System, "the program `kinit` is not installed (Debian: krb5-user)".to_owned()))
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                let seconds = KINIT_TIMEOUT.as_secs();
                Err(self.error(FailureType::Transient, format!("the KDC does not answer within {seconds} s")))
            }
            Err(error) => Err(self.error(FailureType::System, format!("kinit cannot run: {error}"))),
        }
    }

    fn error(&self, failure_type: FailureType, cause: String) -> Error {
        Error::Ticket { principal: self.principal.clone(), cause, failure_type }
    }

    fn keep_fresh(&self, mut pause: Duration) {
        loop {
            thread::sleep(pause);
            pause = self.renew().unwrap_or_else(|error| {
                log::warn!(target: "kafka", "{error}");
                SHORTEST_PAUSE
            });
        }
    }
}

fn write(path: PathBuf, bytes: &[u8]) -> io::Result<PathBuf> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?.write_all(bytes)?;
    Ok(path)
}

/// Waits for the child: nothing when it succeeded, else its words.
fn finished(mut child: Child) -> io::Result<Option<String>> {
    let deadline = Instant::now() + KINIT_TIMEOUT;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() >= deadline {
            child.kill()?;
            child.wait()?;
            return Err(io::ErrorKind::TimedOut.into());
        }
        thread::sleep(TICK);
    };
    // What it says fits into the pipes.
    let mut words = String::new();
    if let Some(mut pipe) = child.stderr.take() {
        pipe.read_to_string(&mut words)?;
    }
    if status.success() {
        if !words.trim().is_empty() {
            log::info!(target: "kafka", "{}", words.trim().replace('\n', " "));
        }
        return Ok(None);
    }
    let first = words.lines().map(str::trim).find(|line| !line.is_empty());
    Ok(Some(first.map_or_else(|| format!("kinit ended with {status}"), str::to_owned)))
}

/// A center that cannot be reached may be reached later; everything else is for the user to change.
fn failure_type(words: &str) -> FailureType {
    let may_pass = words.contains("Cannot contact any KDC") || words.contains("Resource temporarily unavailable");
    if may_pass { FailureType::Transient } else { FailureType::Config }
}

/// Half of what is left of the ticket; a short while where that cannot be told.
fn half_life(cache: &Path) -> Duration {
    let end = std::fs::read(cache).ok().and_then(|bytes| ticket_end(&bytes));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    end.map_or(Duration::from_mins(1), |end| Duration::from_secs(end.into()).saturating_sub(now) / 2)
}

/// When the last ticket of a cache ends, in seconds since 1970. The cache of MIT's library, version 4: a header, the
/// default principal, then the tickets. Settings stand between them as tickets that end in 1970.
fn ticket_end(bytes: &[u8]) -> Option<u32> {
    let mut rest = Fields(bytes.strip_prefix(&[5, 4])?);
    let header = rest.short()?;
    rest.take(header)?;
    rest.principal()?;
    let mut last = None;
    while let Some(end) = rest.ticket() {
        last = last.max(Some(end));
    }
    last.filter(|&end| end > 0)
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn short(&mut self) -> Option<usize> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?).into())
    }

    fn long(&mut self) -> Option<usize> {
        usize::try_from(u32::from_be_bytes(self.take(4)?.try_into().ok()?)).ok()
    }

    fn block(&mut self) -> Option<()> {
        let length = self.long()?;
        self.take(length).map(|_| ())
    }

    /// Client, server, key, four times, two kinds of flags, two lists, and the ticket itself.
    fn ticket(&mut self) -> Option<u32> {
        self.principal()?;
        self.principal()?;
        self.short()?;
        self.block()?;
        self.take(8)?;
        let end = self.take(4).and_then(|end| Some(u32::from_be_bytes(end.try_into().ok()?)))?;
        self.take(9)?;
        for _list in 0..2 {
            for _ in 0..self.long()? {
                self.short()?;
                self.block()?;
            }
        }
        self.block()?;
        self.block()?;
        Some(end)
    }

    /// Its type, the number of its parts, its realm and its parts.
    fn principal(&mut self) -> Option<()> {
        self.take(4)?;
        let parts = self.long()?;
        for _ in 0..=parts {
            self.block()?;
        }
        Some(())
    }
}
