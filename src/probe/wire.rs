//! Two questions of the Kafka protocol that every listener answers before a login: which versions it speaks, and which
//! mechanisms of SASL it has. Both have had the same form since Kafka 0.10.

use std::io::{self, ErrorKind, Read, Write};

use super::{Fault, Spoken, tls};

const API_VERSIONS: (i16, i16) = (18, 0);
const SASL_HANDSHAKE: (i16, i16) = (17, 1);
/// Any number: the answer repeats it.
const CORRELATION_ID: i32 = 0x50_52_4F_42;
const CLIENT_ID: &str = "source-kafka-check";
/// Answers to these questions have a few hundred bytes.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// Codes of the protocol.
const UNSUPPORTED_SASL_MECHANISM: i16 = 33;
const ILLEGAL_SASL_STATE: i16 = 34;

/// What a listener says of SASL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mechanisms {
    /// the mechanism can be used
    Enabled,
    /// it cannot, but these can
    Others(Vec<String>),
    /// the listener has no SASL
    NoSasl,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Silence {
    Timeout,
    Closed,
    /// bytes that are no answer
    Foreign([u8; 4]),
    /// an alert, or another end of an encrypted connection
    Broken(String),
}

impl Silence {
    pub(super) fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout)
    }

    /// What the first bytes tell.
    pub(super) fn spoken(&self) -> Option<Spoken> {
        match self {
            Self::Foreign([b'H', b'T', b'T', b'P']) => Some(Spoken::Http),
            // An alert of TLS.
            Self::Foreign([0x15, 3, ..]) => Some(Spoken::Tls),
            _ => None,
        }
    }

    /// What it means on a connection whose handshake has gone well.
    pub(super) fn encrypted_fault(self) -> Fault {
        match (self.spoken(), self) {
            (Some(spoken), _) => Fault::NotKafka(spoken),
            (None, Self::Timeout) => Fault::Silent,
            // With TLS 1.3 a server judges the client's certificate after the client is done.
            (None, Self::Broken(words)) if tls::is_about_certificate(&words) => Fault::ClientCertificate(words),
            (None, Self::Broken(words)) => Fault::TlsRefused(words),
            (None, Self::Closed | Self::Foreign(_)) => Fault::Closed,
        }
    }
}

impl From<io::Error> for Silence {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Self::Timeout,
            ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Self::Closed,
            _ if error.to_string().contains("unexpected eof") => Self::Closed,
            _ => Self::Broken(tls::words(&error)),
        }
    }
}

/// Asks which versions are spoken; that there is an answer is all that matters.
pub(super) fn versions(mut stream: impl Read + Write) -> Result<(), Silence> {
    ask(&mut stream, API_VERSIONS, &[]).map(|_| ())
}

/// Asks for a mechanism.
pub(super) fn mechanisms(mut stream: impl Read + Write, mechanism: &str) -> Option<Mechanisms> {
    let mut body = Vec::new();
    string(&mut body, mechanism);
    let answer = ask(&mut stream, SASL_HANDSHAKE, &body).ok()?;
    let mut rest = Answer(&answer);
    match rest.short()? {
        0 => Some(Mechanisms::Enabled),
        ILLEGAL_SASL_STATE => Some(Mechanisms::NoSasl),
        UNSUPPORTED_SASL_MECHANISM => {
            let count = rest.long()?;
            let mut others = (0..count).map(|_| rest.string()).collect::<Option<Vec<_>>>()?;
            // Brokers have no order of their own.
            others.sort();
            Some(Mechanisms::Others(others))
        }
        _ => None,
    }
}

/// Whether an HTTP server is there.
pub(super) fn is_http(mut stream: impl Read + Write) -> bool {
    let mut first = [0; 4];
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").is_ok() && stream.read_exact(&mut first).is_ok() && &first == b"HTTP"
}

fn ask(stream: &mut (impl Read + Write), (key, version): (i16, i16), body: &[u8]) -> Result<Vec<u8>, Silence> {
    let mut request = Vec::with_capacity(64);
    request.extend_from_slice(&key.to_be_bytes());
    request.extend_from_slice(&version.to_be_bytes());
    request.extend_from_slice(&CORRELATION_ID.to_be_bytes());
    string(&mut request, CLIENT_ID);
    request.extend_from_slice(body);
    let mut framed = u32::try_from(request.len()).unwrap_or(0).to_be_bytes().to_vec();
    framed.append(&mut request);
    stream.write_all(&framed)?;
    stream.flush()?;
    let mut first = [0; 4];
    stream.read_exact(&mut first)?;
    let size = usize::try_from(u32::from_be_bytes(first)).unwrap_or(usize::MAX);
    if !(4..=MAX_ANSWER_BYTES).contains(&size) {
        return Err(Silence::Foreign(first));
    }
    let mut answer = vec![0; size];
    stream.read_exact(&mut answer)?;
    match answer.strip_prefix(&CORRELATION_ID.to_be_bytes()) {
        Some(answer) => Ok(answer.to_vec()),
        None => Err(Silence::Foreign(first)),
    }
}

fn string(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&u16::try_from(text.len()).unwrap_or(0).to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

/// The rest of an answer.
struct Answer<'a>(&'a [u8]);

impl<'a> Answer<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn short(&mut self) -> Option<i16> {
        Some(i16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    fn long(&mut self) -> Option<i32> {
        Some(i32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    fn string(&mut self) -> Option<String> {
        let length = usize::try_from(self.short()?).ok()?;
        Some(String::from_utf8_lossy(self.take(length)?).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that has written its answer already.
    struct Server<'a>(&'a [u8]);

    impl Read for Server<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }
    }

    impl Write for Server<'_> {
        fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
            Ok(buffer.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn answer(body: &[u8]) -> Vec<u8> {
        let size = u32::try_from(body.len() + 4).unwrap();
        [&size.to_be_bytes(), &CORRELATION_ID.to_be_bytes()[..], body].concat()
    }

    #[test]
    fn mechanisms_are_told() {
        let others = answer(b"\0\x21\0\0\0\x02\0\x05PLAIN\0\x06GSSAPI");
        let told = mechanisms(Server(&others), "PLAIN");
        assert_eq!(told, Some(Mechanisms::Others(vec!["GSSAPI".to_owned(), "PLAIN".to_owned()])));
        assert_eq!(mechanisms(Server(&answer(b"\0\x22\0\0\0\0")), "PLAIN"), Some(Mechanisms::NoSasl));
        assert_eq!(mechanisms(Server(&answer(b"\0\0\0\0\0\0")), "PLAIN"), Some(Mechanisms::Enabled));
    }

    #[test]
    fn an_answer_that_is_cut_off_or_lies_about_its_length_is_none() {
        let whole = answer(b"\0\x21\0\0\0\x02\0\x05PLAIN\0\x06GSSAPI");
        for end in 0..whole.len() {
            assert_eq!(mechanisms(Server(&whole[..end]), "PLAIN"), None);
        }
        assert_eq!(mechanisms(Server(&answer(b"\0\x21\x7f\xff\xff\xff")), "PLAIN"), None);
        assert_eq!(mechanisms(Server(&answer(b"\0\x21\0\0\0\x01\xff\xff")), "PLAIN"), None);
    }

    #[test]
    fn other_protocols_are_known_by_their_first_bytes() {
        let spoken = |bytes: &[u8]| versions(Server(bytes)).unwrap_err().spoken();
        assert_eq!(spoken(b"HTTP/1.1 400 Bad Request"), Some(Spoken::Http));
        assert_eq!(spoken(b"\x15\x03\x03\0\x02\x02\x46"), Some(Spoken::Tls));
        assert_eq!(spoken(b"SSH-2.0-OpenSSH"), None);
        assert_eq!(spoken(b"\0\0\0\x06other!"), None);
        assert!(matches!(versions(Server(b"")), Err(Silence::Closed)));
    }
}
