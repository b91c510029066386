//! Looks at the address of a broker step by step, as a client would, and names the step that fails: its name, its port,
//! its certificate, and what is spoken there.
//!
//! It explains failures and never decides whether a cluster can be used: that is the Kafka client's business. It knows
//! nothing of librdkafka, whose own words are the same for many of these faults.

mod certificate;
mod crowd;
mod tls;
mod wire;

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

pub use certificate::{CertificateFault, Mistrust, ended};
pub use crowd::Crowd;
pub use wire::Mechanisms;

use crate::config::Tls;

/// How long one address may take to accept a connection, and a server to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// The same for questions that are asked only to find out what is spoken there.
const CURIOSITY: Duration = Duration::from_millis(750);

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// a name or a number, IPv6 without brackets
    pub host: String,
    /// its port
    pub port: u16,
}

/// The steps on the way to a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// the name is resolved
    Dns,
    /// a connection is accepted
    Tcp,
    /// encryption is agreed on, and the certificate is trusted
    Tls,
    /// Kafka is spoken
    Kafka,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// the steps that worked, with the time that they took
    pub passed: Vec<(Step, Duration)>,
    /// the first that did not
    pub fault: Option<Fault>,
}

/// Why a step does not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The name is unknown.
    Unresolved(String),
    /// Nobody listens there.
    Refused,
    /// No connection comes about.
    Unreachable(String),
    /// The certificate cannot be trusted.
    Untrusted(CertificateFault),
    /// TLS was tried, and is not spoken there.
    NotTls(Option<Spoken>),
    /// The server broke off the handshake.
    TlsRefused(String),
    /// The server does not let us in without a (better) certificate.
    ClientCertificate(String),
    /// Something else than Kafka answered, or TLS where plain text was tried.
    NotKafka(Spoken),
    /// The connection is accepted, and nothing more is heard.
    Silent,
    /// The connection is closed as soon as something is asked.
    Closed,
}

/// What a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoken {
    /// Kafka, unencrypted
    Kafka,
    /// TLS
    Tls,
    /// HTTP
    Http,
}

impl Address {
    /// Reads `host:port`, as `bootstrap_servers` has it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Some(Self { host: host.to_owned(), port: port.parse().ok()? })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "DNS",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Kafka => "Kafka",
        })
    }
}

impl Fault {
    /// The step that it belongs to.
    #[must_use]
    pub fn step(&self) -> Step {
        match self {
            Self::Unresolved(_) => Step::Dns,
            Self::Refused | Self::Unreachable(_) => Step::Tcp,
            Self::Untrusted(_) | Self::NotTls(_) | Self::TlsRefused(_) | Self::ClientCertificate(_) => Step::Tls,
            Self::NotKafka(_) | Self::Silent | Self::Closed => Step::Kafka,
        }
    }
}

/// Goes as far as a broker can be asked for the versions it speaks, which every listener answers before any login.
#[must_use]
pub fn look(address: &Address, tls: Option<&Tls>, deadline: Instant) -> Report {
    let mut report = Report::default();
    report.fault = walk(address, tls, deadline, &mut report.passed).err();
    report
}

/// As far as a connection.
#[must_use]
pub fn reach(address: &Address, deadline: Instant) -> Report {
    let mut report = Report::default();
    report.fault = connected(address, deadline, &mut report.passed).err();
    report
}

/// Which mechanisms of SASL a listener has, which it tells before any login; nothing when it does not say.
#[must_use]
pub fn mechanisms(address: &Address, tls: Option<&Tls>, mechanism: &str, deadline: Instant) -> Option<Mechanisms> {
    let stream = connected(address, deadline, &mut Vec::new()).ok()?;
    match tls {
        None => wire::mechanisms(stream, mechanism),
        Some(tls) => wire::mechanisms(tls::handshake(stream, &address.host, tls).ok()?, mechanism),
    }
}

type Passed = Vec<(Step, Duration)>;

fn walk(address: &Address, tls: Option<&Tls>, deadline: Instant, passed: &mut Passed) -> Result<(), Fault> {
    let stream = connected(address, deadline, passed)?;
    let again = || connected(address, deadline.min(Instant::now() + CURIOSITY), &mut Vec::new()).ok();
    let Some(tls) = tls else {
        let answer = timed(Step::Kafka, passed, || wire::versions(stream));
        return answer.map_err(|silence| plain_fault(&silence, &again));
    };
    let stream = timed(Step::Tls, passed, || tls::handshake(stream, &address.host, tls))
        .map_err(|failure| tls_fault(failure, &again))?;
    timed(Step::Kafka, passed, || wire::versions(stream)).map_err(|silence| {
        let shaken = || again().and_then(|stream| tls::handshake(stream, &address.host, tls).ok());
        match silence.encrypted_fault() {
            Fault::Silent | Fault::Closed if shaken().is_some_and(wire::is_http) => Fault::NotKafka(Spoken::Http),
            fault => fault,
        }
    })
}

fn timed<T, E>(step: Step, passed: &mut Passed, act: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let started = Instant::now();
    let done = act()?;
    passed.push((step, started.elapsed()));
    Ok(done)
}

fn connected(address: &Address, deadline: Instant, passed: &mut Passed) -> Result<TcpStream, Fault> {
    let addresses = timed(Step::Dns, passed, || resolved(address))?;
    timed(Step::Tcp, passed, || connect(&addresses, deadline))
}

fn resolved(address: &Address) -> Result<Vec<SocketAddr>, Fault> {
    let found = (address.host.as_str(), address.port).to_socket_addrs();
    let found: Vec<SocketAddr> = found.map_err(|error| Fault::Unresolved(words(&error)))?.collect();
    if found.is_empty() { Err(Fault::Unresolved("the name has no address".to_owned())) } else { Ok(found) }
}

fn connect(addresses: &[SocketAddr], deadline: Instant) -> Result<TcpStream, Fault> {
    let mut fault = Fault::Unreachable("no time left".to_owned());
    for address in addresses {
        let patience = deadline.saturating_duration_since(Instant::now()).min(PATIENCE);
        if patience.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(address, patience).and_then(|stream| impatient(stream, patience)) {
            Ok(stream) => return Ok(stream),
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => fault = Fault::Refused,
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                fault = Fault::Unreachable(format!("no answer within {patience:.0?}"));
            }
            Err(error) => fault = Fault::Unreachable(words(&error)),
        }
    }
    Err(fault)
}

fn impatient(stream: TcpStream, patience: Duration) -> io::Result<TcpStream> {
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The system's words, without the number and Rust's preface.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
    text.split(" (os error").next().unwrap_or(text).to_owned()
}

/// Plain text was tried: what is spoken instead?
fn plain_fault(silence: &wire::Silence, again: &dyn Fn() -> Option<TcpStream>) -> Fault {
    if let Some(spoken) = silence.spoken() {
        return Fault::NotKafka(spoken);
    }
    if again().is_some_and(tls::is_spoken) {
        return Fault::NotKafka(Spoken::Tls);
    }
    if again().is_some_and(wire::is_http) {
        return Fault::NotKafka(Spoken::Http);
    }
    if silence.is_timeout() { Fault::Silent } else { Fault::Closed }
}

/// TLS was tried: is it spoken at all?
fn tls_fault(failure: tls::Failure, again: &dyn Fn() -> Option<TcpStream>) -> Fault {
    let is_timeout = match failure {
        tls::Failure::Fault(fault) => return fault,
        tls::Failure::Timeout => true,
        tls::Failure::NotTls => false,
    };
    if again().is_some_and(|stream| wire::versions(stream).is_ok()) {
        return Fault::NotTls(Some(Spoken::Kafka));
    }
    if again().is_some_and(wire::is_http) {
        return Fault::NotTls(Some(Spoken::Http));
    }
    if is_timeout { Fault::Silent } else { Fault::NotTls(None) }
}
