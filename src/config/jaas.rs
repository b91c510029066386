//! The login lines of Java's clients: `module required option="value" …;`.
//!
//! Java reads them with its `StreamTokenizer`; every line that it takes is taken here and means the same. A little more
//! is taken, too: a missing semicolon, paths and numbers without quotes, and the block of a `jaas.conf` file around the
//! line. A line is a secret: no message shows any of its values.

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

/// Why a login line cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JaasFault {
    /// It is not a login line at all.
    #[error(
        "is not a login line; write it like `org.apache.kafka.common.security.plain.PlainLoginModule required \
         username=\"…\" password=\"…\";`"
    )]
    NotALine,
    /// A quoted value does not end.
    #[error("has a value of `{0}` whose closing quote is missing on its line")]
    OpenQuote(String),
    /// An option without a value.
    #[error("has no value after `{0}`; write `{0}=\"…\"`")]
    NoValue(String),
    /// More than one module.
    #[error("has {0} login modules; the client uses exactly one, so remove the others")]
    SeveralModules(usize),
    /// A module that is not known.
    #[error(
        "has the login module `{0}`, which is not supported; use `PlainLoginModule`, `ScramLoginModule`, `Krb5LoginModule`, \
         `OAuthBearerLoginModule` or `IAMLoginModule`"
    )]
    UnknownModule(String),
    /// An option that is needed.
    #[error("has no `{0}`, which {1} needs")]
    Missing(&'static str, &'static str),
    /// An option that cannot be expressed.
    #[error("has the option `{option}`, which is not supported; {instead}")]
    Unsupported {
        /// its name
        option: String,
        /// what to do, in words
        instead: &'static str,
    },
    /// A value that cannot be used.
    #[error("has an option `{option}` that {fault}")]
    BadValue {
        /// its name
        option: &'static str,
        /// what is wrong with it
        fault: String,
    },
    /// The module belongs to another mechanism.
    #[error("has a `{module}`, but `protocol.sasl_mechanism` is `{mechanism}`; change one of the two")]
    OtherMechanism {
        /// the simple name of the module
        module: &'static str,
        /// the mechanism
        mechanism: String,
    },
}

/// The options of these modules. A message names no other: what looks like an option may be the half of a password whose
/// quotes are wrong.
const OPTIONS: [&str; 34] = [
    "username",
    "password",
    "tokenauth",
    "serviceName",
    "principal",
    "keyTab",
    "useKeyTab",
    "storeKey",
    "useTicketCache",
    "ticketCache",
    "renewTGT",
    "doNotPrompt",
    "refreshKrb5Config",
    "isInitiator",
    "useFirstPass",
    "tryFirstPass",
    "storePass",
    "clearPass",
    "debug",
    "useDNS",
    "credsType",
    "useKeytab",
    "clientId",
    "clientSecret",
    "scope",
    "awsProfileName",
    "awsRoleArn",
    "awsRoleSessionName",
    "awsRoleExternalId",
    "awsStsRegion",
    "awsRoleAccessKeyId",
    "awsRoleSecretAccessKey",
    "awsRoleSessionToken",
    "awsDebugCreds",
];

/// The name of an option as a message may show it.
#[must_use]
pub fn shown_option(name: &str) -> &str {
    if OPTIONS.contains(&name) { name } else { "…" }
}

/// The login modules that mean something to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Module {
    /// user and password
    Plain,
    /// user and password
    Scram,
    /// Kerberos
    Kerberos,
    /// OAuth
    OauthBearer,
    /// Amazon MSK
    Iam,
}

impl Module {
    /// Some products move the classes to packages of their own: the simple name decides.
    fn of(class: &str) -> Option<Self> {
        match class.rsplit('.').next()? {
            "PlainLoginModule" => Some(Self::Plain),
            "ScramLoginModule" => Some(Self::Scram),
            "Krb5LoginModule" => Some(Self::Kerberos),
            "OAuthBearerLoginModule" => Some(Self::OauthBearer),
            "IAMLoginModule" => Some(Self::Iam),
            _ => None,
        }
    }

    /// The simple name of its class.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PlainLoginModule",
            Self::Scram => "ScramLoginModule",
            Self::Kerberos => "Krb5LoginModule",
            Self::OauthBearer => "OAuthBearerLoginModule",
            Self::Iam => "IAMLoginModule",
        }
    }
}

/// A login line.
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// its module
    pub module: Module,
    /// its options, the last of a name last
    options: Vec<(String, String)>,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("module", &self.module).field("options", &self.names()).finish()
    }
}

impl Line {
    /// Reads the one login line of a text.
    pub fn parse(text: &str) -> Result<Self, JaasFault> {
        let mut words = Words { chars: text.chars().peekable() };
        let mut lines: Vec<(String, Vec<(String, String)>)> = Vec::new();
        while let Some(first) = words.next(None)? {
            match first {
                Word::Text(class) => lines.extend(line(class, &mut words)?),
                // What is left of the block of a file, or one semicolon too many.
                Word::Sign(';' | '}') => {}
                Word::Sign(_) => return Err(JaasFault::NotALine),
            }
        }
        let count = lines.len();
        let (Some((class, options)), None) = (lines.pop(), lines.pop()) else {
            return Err(if count == 0 { JaasFault::NotALine } else { JaasFault::SeveralModules(count) });
        };
        match Module::of(&class) {
            Some(module) => Ok(Self { module, options }),
            None if is_class(&class) => Err(JaasFault::UnknownModule(class)),
            None => Err(JaasFault::NotALine),
        }
    }

    /// The value of an option, if it has one that is not empty. Names count as they are written.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.options.iter().rev().find(|(option, _)| option == name)?;
        Some(value.as_str()).filter(|value| !value.is_empty())
    }

    /// The names of its options, in their order.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        self.options.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The values of its options, which may be secrets.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.options.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Words and dots: what may be repeated in a message, since a class name is no secret.
fn is_class(text: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "_$".contains(c));
    text.len() < 200 && text.ends_with("Module") && text.split('.').all(is_part)
}

/// A class, and its options by name.
type Login = (String, Vec<(String, String)>);

/// The rest of a login line, after its class; nothing where the word was the name of a file's block.
fn line(class: String, words: &mut Words<'_>) -> Result<Option<Login>, JaasFault> {
    match words.next(None)? {
        Some(Word::Sign('{')) => return Ok(None),
        Some(Word::Text(flag)) if is_flag(&flag) => {}
        _ => return Err(JaasFault::NotALine),
    }
    let mut options = Vec::new();
    loop {
        let name = match words.next(None)? {
            None | Some(Word::Sign(';' | '}')) => return Ok(Some((class, options))),
            Some(Word::Text(name)) if is_name(&name) => name,
            Some(_) => return Err(JaasFault::NotALine),
        };
        match (words.next(Some(&name))?, words.value(&name)) {
            (Some(Word::Sign('=')), Ok(Some(value))) => options.push((name, value)),
            (Some(Word::Sign('=')), Err(fault)) => return Err(fault),
            _ => return Err(JaasFault::NoValue(shown_option(&name).to_owned())),
        }
    }
}

fn is_flag(word: &str) -> bool {
    ["required", "requisite", "sufficient", "optional"].iter().any(|flag| word.eq_ignore_ascii_case(flag))
}

/// A name of an option may be repeated in a message: something that only looks like one may be half a password.
fn is_name(word: &str) -> bool {
    word.len() <= 64 && word.chars().all(|c| c.is_ascii_alphanumeric() || "_.-$".contains(c))
}

/// A piece of a login line.
enum Word {
    Text(String),
    Sign(char),
}

struct Words<'a> {
    chars: Peekable<Chars<'a>>,
}

impl Words<'_> {
    /// `option` is what a complaint about the next word names.
    fn next(&mut self, option: Option<&str>) -> Result<Option<Word>, JaasFault> {
        self.skip_blanks();
        let Some(&c) = self.chars.peek() else { return Ok(None) };
        match c {
            '"' | '\'' => self.quoted(option.unwrap_or_default()).map(|text| Some(Word::Text(text))),
            '=' | ';' | '{' | '}' => {
                self.chars.next();
                Ok(Some(Word::Sign(c)))
            }
            _ => Ok(Some(Word::Text(self.bare(|c| "=;{}\"'".contains(c))))),
        }
    }

    /// What stands after a `=`. Without quotes it ends at a blank or a semicolon.
    fn value(&mut self, option: &str) -> Result<Option<String>, JaasFault> {
        while self.chars.next_if(|c| c.is_whitespace()).is_some() {}
        match self.chars.peek() {
            None | Some(';' | '}') => Ok(None),
            Some('"' | '\'') => self.quoted(option).map(Some),
            Some(_) => Ok(Some(self.bare(|c| c == ';'))),
        }
    }

    fn bare(&mut self, ends: impl Fn(char) -> bool) -> String {
        let mut text = String::new();
        while let Some(c) = self.chars.next_if(|&c| !c.is_whitespace() && !ends(c)) {
            text.push(c);
        }
        text
    }

    /// With C's escapes, as Java reads them; a quote ends with its line.
    fn quoted(&mut self, option: &str) -> Result<String, JaasFault> {
        let open = || JaasFault::OpenQuote(shown_option(option).to_owned());
        let quote = self.chars.next();
        let mut text = String::new();
        loop {
            match self.chars.next() {
                None | Some('\n' | '\r') => return Err(open()),
                c if c == quote => return Ok(text),
                Some('\\') => text.push(self.escaped().ok_or_else(open)?),
                Some(c) => text.push(c),
            }
        }
    }

    fn escaped(&mut self) -> Option<char> {
        Some(match self.chars.next()? {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            first @ '0'..='7' => self.octal(first),
            '\n' | '\r' => return None,
            c => c,
        })
    }

    /// Up to three digits, the third only while the number stays below 256.
    fn octal(&mut self, first: char) -> char {
        let mut number = first.to_digit(8).unwrap_or(0);
        let more = if first <= '3' { 2 } else { 1 };
        for _ in 0..more {
            let Some(digit) = self.chars.next_if(|c| c.is_digit(8)).and_then(|c| c.to_digit(8)) else { break };
            number = number * 8 + digit;
        }
        char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    /// Blanks and comments.
    fn skip_blanks(&mut self) {
        loop {
            while self.chars.next_if(|c| c.is_whitespace()).is_some() {}
            if self.chars.peek() != Some(&'/') {
                return;
            }
            self.chars.next();
            if self.chars.next_if_eq(&'*').is_some() {
                let mut last = ' ';
                for c in self.chars.by_ref() {
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
            } else {
                // `//`; Java takes a single slash for the same.
                while self.chars.next_if(|&c| c != '\n').is_some() {}
            }
        }
    }
}
