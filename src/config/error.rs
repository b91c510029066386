//! What can be wrong with a configuration.

use std::fmt;

use super::{JaasFault, LoginFault, PemFault, suggestion};

/// Why a configuration cannot be used. Names the field by its path in the form and never shows a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The text is not JSON. Nothing of it is shown: it may hold secrets.
    #[error("the configuration is not valid JSON: {fault} at line {line}, column {column}")]
    NotJson {
        /// what is wrong there
        fault: JsonFault,
        /// from 1
        line: usize,
        /// from 1; 0 stands before the line's first byte
        column: usize,
    },
    /// The text is JSON but no object.
    #[error("the configuration must be a JSON object with the fields of the form, not {found}")]
    NotAnObject {
        /// the kind of value it is
        found: &'static str,
    },
    /// A required field is absent, null or empty.
    #[error(
        "`{field}` is missing or empty{}{}",
        Allowed("; choose ", .allowed),
        Shown("; give it a value like ", .example)
    )]
    Missing {
        /// its path
        field: String,
        /// the choices there are, if the form has a list of them
        allowed: Vec<String>,
        /// a value it could have, if the form shows one
        example: Option<String>,
    },
    /// A field holds another kind of JSON value than it should.
    #[error("`{field}` must be {expected}, not {found}{}", Shown(" ", .value))]
    WrongType {
        /// its path
        field: String,
        /// the kind it should be
        expected: String,
        /// the kind it is
        found: &'static str,
        /// what it is, unless that is secret or long
        value: Option<String>,
    },
    /// A field with a fixed list of values holds none of them.
    #[error("`{field}` cannot be {}{}", OrThis(.value), Allowed("; choose ", .allowed))]
    UnknownValue {
        /// its path
        field: String,
        /// what it is, unless secret
        value: Option<String>,
        /// the values there are
        allowed: Vec<String>,
    },
    /// A number is too small or too large.
    #[error("`{field}` is {value}, which is out of range; give a number {}", Range(.minimum, .maximum))]
    OutOfRange {
        /// its path
        field: String,
        /// what it is
        value: String,
        /// the smallest number allowed
        minimum: Option<i64>,
        /// the largest number allowed
        maximum: Option<i64>,
    },
    /// An entry of `bootstrap_servers` is no address.
    #[error("`bootstrap_servers` entry `{entry}` {fault}; write `host:port`, with commas between brokers")]
    BadServer {
        /// the entry
        entry: String,
        /// what is wrong with it
        fault: ServerFault,
    },
    /// A topic or partition entry cannot be one.
    #[error("`{field}` entry `{entry}` {fault}")]
    BadTopic {
        /// the path of the list
        field: &'static str,
        /// the entry
        entry: String,
        /// what is wrong with it
        fault: TopicFault,
    },
    /// The regular expression for topics cannot be used.
    #[error("`{field}` `{pattern}` {fault}")]
    BadPattern {
        /// the path of the expression
        field: &'static str,
        /// the expression
        pattern: String,
        /// what is wrong with it
        fault: PatternFault,
    },
    /// The start time is none.
    #[error(
        "`start_from.timestamp` `{value}` is not a point in time since 1970; write a date and time like \
         `2026-11-21T09:00:00Z`, a date, or milliseconds since 1970"
    )]
    BadTimestamp {
        /// what it is
        value: String,
    },
    /// The start span is none.
    #[error(
        "`start_from.duration` `{value}` is not a span of time; write one like `7d`, `12h`, `30m`, `90s` or `1d12h`"
    )]
    BadDuration {
        /// what it is
        value: String,
    },
    /// Committed offsets are asked for without a group to take them from.
    #[error("`{field}` is `{value}`, which reads the committed offsets of a consumer group, but `group_id` is missing")]
    NoGroup {
        /// the path of the field that asks
        field: &'static str,
        /// its value
        value: &'static str,
    },
    /// The character encoding is not known.
    #[error(
        "`{field}` does not know the character encoding `{value}`; write a name like `utf-8`, `iso-8859-1` or `gb18030`"
    )]
    UnknownEncoding {
        /// its path
        field: String,
        /// what it is
        value: String,
    },
    /// A client property has its own field, or is none of the user's business.
    #[error("`kafka_properties` cannot set `{name}`: {instead}")]
    OwnedProperty {
        /// the property
        name: String,
        /// what to do, in words
        instead: &'static str,
    },
    /// A client property is set twice.
    #[error("`kafka_properties` sets `{name}` twice; keep one of the two")]
    RepeatedProperty {
        /// the property
        name: String,
    },
    /// A PEM text cannot be used.
    #[error("`{field}` {fault}")]
    BadPem {
        /// its path
        field: String,
        /// what is wrong with it
        fault: PemFault,
    },
    /// A field of the login cannot be used.
    #[error("`{field}` {fault}")]
    BadLogin {
        /// its path
        field: String,
        /// what is wrong with it
        fault: LoginFault,
    },
    /// The login line of an older configuration cannot be used.
    #[error("`protocol.sasl_jaas_config` {fault}")]
    BadJaas {
        /// what is wrong with it
        fault: JaasFault,
    },
    /// The field is right, but this version cannot do it.
    #[error("`{field}` `{value}` is not supported by this version of the connector yet; {instead}")]
    NotBuilt {
        /// its path
        field: String,
        /// what was asked for
        value: &'static str,
        /// what works today, in words
        instead: &'static str,
    },
    /// The form and the check of its shape disagree: a bug of ours.
    #[error("the configuration passed every check but cannot be read; please report this as a bug")]
    FormMismatch,
}

impl ConfigError {
    pub(super) fn not_json(error: &serde_json::Error) -> Self {
        let fault = if error.is_eof() { JsonFault::Truncated } else { JsonFault::Syntax };
        Self::NotJson { fault, line: error.line(), column: error.column() }
    }
}

/// What is wrong with a text that should be JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonFault {
    /// It ends too early.
    #[error("it ends too early")]
    Truncated,
    /// It cannot be read further.
    #[error("syntax error")]
    Syntax,
}

/// What is wrong with the address of a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServerFault {
    /// There is none at all.
    #[error("names no broker")]
    Empty,
    /// No port.
    #[error("has no port")]
    NoPort,
    /// Something else where the port should be.
    #[error("has no port between 1 and 65535 after the last colon")]
    BadPort,
    /// Nothing before the port.
    #[error("has no host")]
    NoHost,
    /// A character that no host name has.
    #[error("has the character `{}` in its host name", .0.escape_debug())]
    BadHost(char),
    /// An IPv6 address without brackets.
    #[error("has several colons (an IPv6 address stands in brackets, `[::1]:9092`)")]
    Colons,
    /// Brackets around something else.
    #[error("has no IPv6 address in its brackets")]
    BadIpv6,
    /// A web address.
    #[error("is a web address, which brokers do not have")]
    Url,
}

/// What is wrong with a topic or partition entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicFault {
    /// No topic has this character.
    #[error(
        "has the character `{}`; names of topics have letters, digits, `.`, `_` and `-` only \
         (for a regular expression, choose the subscription type `subscribe`)",
        .0.escape_debug()
    )]
    BadCharacter(char),
    /// No topic has so long a name.
    #[error("is longer than the 249 characters that names of topics can have")]
    TooLong,
    /// Kafka reserves these two.
    #[error("cannot be the name of a topic")]
    Reserved,
    /// No `:`.
    #[error("has no partition; write `topic:partition`")]
    NoPartition,
    /// Something else after the last `:`.
    #[error("has no partition number after its last colon; write `topic:0`")]
    BadPartition,
    /// Nothing before the `:`.
    #[error("has no topic; write `topic:partition`")]
    NoTopic,
    /// The same partition twice.
    #[error("stands twice in the list; remove one")]
    Repeated,
}

/// What is wrong with a regular expression.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternFault {
    /// It uses what only other engines know.
    #[error("uses {what} (`{text}`) at position {position}, which is not supported; {instead}")]
    OtherEngine {
        /// the construct
        what: &'static str,
        /// its text
        text: String,
        /// the number of its first character, from 1
        position: usize,
        /// what to write
        instead: &'static str,
    },
    /// It is no regular expression.
    #[error("is not a regular expression: {reason} at position {position}")]
    Syntax {
        /// the complaint of the parser
        reason: String,
        /// the number of the character, from 1
        position: usize,
    },
    /// It needs too much memory.
    #[error("is too large; shorten it or its repetition counts")]
    TooLarge,
}

/// The longest text of the user that a message repeats.
const SHOWN_CHARACTERS: usize = 100;

/// The user's text as a message repeats it: one line, no control characters, not too long.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String =
        text.chars().take(SHOWN_CHARACTERS).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(SHOWN_CHARACTERS).is_some() {
        shown.push('…');
    }
    shown
}

/// The value after some text, or nothing.
struct Shown<'a>(&'a str, &'a Option<String>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(value) => write!(f, "{}`{value}`", self.0),
            None => Ok(()),
        }
    }
}

/// The value, or a word in its place.
struct OrThis<'a>(&'a Option<String>);

impl fmt::Display for OrThis<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(value) => write!(f, "`{value}`"),
            None => f.write_str("what it is"),
        }
    }
}

/// The list of choices after some text, or nothing.
struct Allowed<'a>(&'a str, &'a Vec<String>);

impl fmt::Display for Allowed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.1.is_empty() { Ok(()) } else { write!(f, "{}{}", self.0, suggestion::either(self.1)) }
    }
}

struct Range<'a>(&'a Option<i64>, &'a Option<i64>);

impl fmt::Display for Range<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.1) {
            (Some(minimum), Some(maximum)) => write!(f, "from {minimum} to {maximum}"),
            (Some(minimum), None) => write!(f, "of at least {minimum}"),
            (None, Some(maximum)) => write!(f, "of at most {maximum}"),
            (None, None) => f.write_str("that fits"),
        }
    }
}
