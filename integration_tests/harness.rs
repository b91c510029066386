//! Runs the built binary as the platform does, in a fresh directory per test. When a test fails, everything that is needed
//! to understand why is printed: command, files, exit status, standard output and standard error of every run.

use std::fmt::Write as _;
use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::broker::{Broker, no_process_starts};
use crate::catalog::Configured;
use crate::run::Run;

/// No run of these tests takes that long; the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(40);
/// How much of the output is taken at once. With a reader that stops, about this and the pipe's 64 KiB are taken.
const PIECE: usize = 8 * 1024;

/// The connector with a configuration.
pub struct Connector {
    directory: TempDir,
    pub config: Map<String, Value>,
    environment: Vec<(&'static str, String)>,
    more_arguments: Vec<&'static str>,
}

impl Connector {
    /// Reads all topics of this broker.
    pub fn to(broker: &Broker) -> Self {
        Self::at(&broker.servers())
    }

    pub fn at(servers: &str) -> Self {
        let config = json!({
            "bootstrap_servers": servers,
            "protocol": {"security_protocol": "PLAINTEXT"},
            "subscription": {"subscription_type": "topics", "topics": ["*"]},
        });
        let Value::Object(config) = config else { unreachable!() };
        let directory = tempfile::Builder::new().prefix("test-of-source-kafka-").tempdir().unwrap();
        Self { directory, config, environment: Vec::new(), more_arguments: Vec::new() }
    }

    /// With a field of the form.
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.set(field, value);
        self
    }

    pub fn set(&mut self, field: &str, value: impl Into<Value>) {
        self.config.insert(field.to_owned(), value.into());
    }

    /// With a format of values.
    pub fn with_format(self, format: &str) -> Self {
        self.with("MessageFormat", json!({"deserialization_type": format}))
    }

    /// With a list of topics.
    pub fn with_topics(self, topics: &[&str]) -> Self {
        self.with("subscription", json!({"subscription_type": "topics", "topics": topics}))
    }

    /// With a variable of the environment.
    pub fn with_environment(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    /// With arguments behind all others.
    pub fn with_arguments(mut self, arguments: &[&'static str]) -> Self {
        self.more_arguments.extend(arguments);
        self
    }

    /// The test's own directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn write_config(&self) -> PathBuf {
        self.write("config.json", &Value::Object(self.config.clone()).to_string())
    }

    pub fn check(&self) -> Run {
        self.start_command(&["check", "--config", text(&self.write_config())]).finish()
    }

    pub fn discover(&self) -> Run {
        self.start_command(&["discover", "--config", text(&self.write_config())]).finish()
    }

    /// What discover offers, all of it chosen.
    pub fn catalog(&self) -> Configured {
        Configured::all_of(&self.discover().succeeds().catalog())
    }

    pub fn read(&self, catalog: &Configured) -> Run {
        self.start_read(catalog, None).finish_read(catalog)
    }

    /// With a state, as the text of its file.
    pub fn read_from(&self, catalog: &Configured, state: &str) -> Run {
        self.start_read(catalog, Some(state)).finish_read(catalog)
    }

    pub fn start_read(&self, catalog: &Configured, state: Option<&str>) -> Running {
        let config = self.write_config();
        let catalog = self.write("catalog.json", &catalog.to_string());
        let mut arguments = vec!["read", "--config", text(&config), "--catalog", text(&catalog)];
        let state = state.map(|state| self.write("state.json", state));
        if let Some(state) = &state {
            arguments.extend(["--state", text(state)]);
        }
        self.start_command(&arguments)
    }

    /// Any command line, in the test's directory.
    pub fn run(&self, arguments: &[&str]) -> Run {
        self.start_command(arguments).finish()
    }

    pub fn start_command(&self, arguments: &[&str]) -> Running {
        let mut command = self.command(arguments);
        command.stdout(Stdio::piped());
        Running::start(command, self.directory.path())
    }

    /// The command itself, for those who do something else with its output.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_source-kafka"));
        command.args(arguments).args(&self.more_arguments).current_dir(self.directory.path());
        command.env_remove("LOG_LEVEL").env("RUST_BACKTRACE", "1");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// For a command whose standard output goes elsewhere.
    pub fn start(&self, command: Command) -> Running {
        Running::start(command, self.directory.path())
    }

    /// Arguments of a read, files written.
    pub fn read_arguments(&self, catalog: &Configured) -> [String; 5] {
        let config = text(&self.write_config()).to_owned();
        let catalog = text(&self.write("catalog.json", &catalog.to_string())).to_owned();
        ["read".to_owned(), "--config".to_owned(), config, "--catalog".to_owned(), catalog]
    }
}

fn spawned(command: &mut Command) -> Child {
    let _guard = no_process_starts();
    command.spawn().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A process at work. Its output is only taken when somebody asks for it.
pub struct Running {
    child: Child,
    /// Pieces of standard output; none without a pipe, or after it was closed.
    pieces: Option<Receiver<Vec<u8>>>,
    taken: Vec<u8>,
    /// Standard error, when it ends, which is when the process does.
    stderr: Receiver<Vec<u8>>,
    description: String,
    started: Instant,
    peak_memory: u64,
    is_closed: bool,
}

/// What is left of a process that has ended.
pub struct Ended {
    pub description: String,
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    pub stderr: String,
    /// It was killed, or nobody read on: the last line may lack its end.
    pub is_cut: bool,
    pub elapsed: Duration,
    /// The largest resident size while it wrote, in bytes.
    pub peak_memory: u64,
}

impl Running {
    pub fn start(mut command: Command, directory: &Path) -> Self {
        let description = describe(&command, directory);
        let started = Instant::now();
        let mut child = spawned(&mut command);
        // The pipe would stay open with the command.
        drop(command);
        let pieces = child.stdout.take().map(|mut pipe| {
            let (sender, receiver) = sync_channel(0);
            thread::spawn(move || {
                let mut piece = vec![0; PIECE];
                while let Ok(length @ 1..) = pipe.read(&mut piece) {
                    if sender.send(piece[..length].to_vec()).is_err() {
                        break;
                    }
                }
            });
            receiver
        });
        let (sender, stderr) = sync_channel(1);
        let mut pipe = child.stderr.take().unwrap();
        thread::spawn(move || {
            let mut text = Vec::new();
            // Nobody may be left to take it.
            let _ = pipe.read_to_end(&mut text).map(|_| sender.send(text));
        });
        Self { child, pieces, taken: Vec::new(), stderr, description, started, peak_memory: 0, is_closed: false }
    }

    /// What has been taken of standard output.
    pub fn taken(&self) -> &[u8] {
        &self.taken
    }

    /// Takes one more piece of standard output; false at its end.
    #[track_caller]
    pub fn take(&mut self) -> bool {
        let left = PATIENCE.saturating_sub(self.started.elapsed());
        let Some(pieces) = &self.pieces else { return false };
        match pieces.recv_timeout(left) {
            Ok(piece) => {
                self.taken.extend(piece);
                self.peak_memory = self.peak_memory.max(peak_memory(self.child.id()).unwrap_or(0));
                true
            }
            Err(RecvTimeoutError::Disconnected) => false,
            Err(RecvTimeoutError::Timeout) => self.too_slow("standard output"),
        }
    }

    /// Takes standard output until this stands in it; panics if it ends before.
    #[track_caller]
    pub fn take_until(&mut self, needle: &str) {
        while !String::from_utf8_lossy(&self.taken).contains(needle) {
            assert!(self.take(), "it ended without `{needle}`: {}", String::from_utf8_lossy(&self.taken));
        }
    }

    /// Takes at least so many bytes of standard output, if there are.
    #[track_caller]
    pub fn take_bytes(&mut self, length: usize) {
        while self.taken.len() < length && self.take() {}
    }

    /// Closes the reading end of standard output.
    pub fn close(&mut self) {
        self.pieces = None;
        self.is_closed = true;
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
    }

    pub fn terminate(&self) {
        let mut kill = Command::new("sh");
        kill.args(["-c", &format!("kill -TERM {}", self.child.id())]);
        assert!(spawned(&mut kill).wait().unwrap().success());
    }

    /// Lets it run to its end.
    #[track_caller]
    pub fn finish(self) -> Run {
        Run::new(self.wait())
    }

    /// Lets it run to its end, whatever it writes.
    #[track_caller]
    pub fn wait(mut self) -> Ended {
        while self.take() {}
        let left = PATIENCE.saturating_sub(self.started.elapsed());
        let Ok(stderr) = self.stderr.recv_timeout(left) else { self.too_slow("the end of the process") };
        let status = self.child.wait().unwrap();
        Ended {
            description: std::mem::take(&mut self.description),
            status,
            stdout: std::mem::take(&mut self.taken),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            is_cut: self.is_closed || status.signal().is_some(),
            elapsed: self.started.elapsed(),
            peak_memory: self.peak_memory,
        }
    }

    /// Lets it run to its end, and checks what holds of every read.
    #[track_caller]
    pub fn finish_read(self, catalog: &Configured) -> Run {
        let run = self.finish();
        run.check_read(catalog);
        run
    }

    #[track_caller]
    fn too_slow(&mut self, what: &str) -> ! {
        self.child.kill().unwrap();
        panic!(
            "waited {PATIENCE:?} for {what} of\n{}\nstandard output so far:\n{}",
            self.description,
            String::from_utf8_lossy(&self.taken)
        );
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Whoever forgets a process does not leave it behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The largest resident size that the process has had, in bytes.
fn peak_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes * 1024)
}

fn describe(command: &Command, directory: &Path) -> String {
    let mut text = format!("command: {command:?}\ndirectory: {}\n", directory.display());
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let _ = writeln!(text, "{name}: {}", std::fs::read_to_string(&path).unwrap_or_default());
    }
    text
}
