//! Regular expressions and wildcards for names of topics.

use regex::{Regex, RegexSet};
use regex_syntax::ast::ErrorKind;

use super::error::shown;
use super::{ConfigError, PatternFault};

/// The expression, matching whole names only.
pub(super) fn whole_name(field: &'static str, pattern: &str) -> Result<Regex, ConfigError> {
    let bad = |fault| ConfigError::BadPattern { field, pattern: shown(pattern), fault };
    if let Some(fault) = other_engine(pattern) {
        return Err(bad(fault));
    }
    // Alone first: `a)|(b` must not become valid through the parentheses below.
    if let Err(error) = regex_syntax::Parser::new().parse(pattern) {
        return Err(bad(syntax(pattern, &error)));
    }
    // The line break ends a comment under `(?x)`, and stands for nothing there; elsewhere it must not be.
    let anchored =
        Regex::new(&format!(r"\A(?:{pattern})\z")).or_else(|_| Regex::new(&format!("\\A(?:{pattern}\n)\\z")));
    anchored.map_err(|_| bad(PatternFault::TooLarge))
}

/// A set of names with `*` and `?`, matching whole names only.
pub(super) fn wildcards<S: AsRef<str>>(field: &'static str, names: &[S]) -> Result<RegexSet, ConfigError> {
    let patterns = names.iter().map(|name| {
        let pattern = regex::escape(name.as_ref()).replace(r"\*", ".*").replace(r"\?", ".");
        format!(r"\A(?:{pattern})\z")
    });
    RegexSet::new(patterns).map_err(|_| ConfigError::BadPattern {
        field,
        pattern: shown(&names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(",")),
        fault: PatternFault::TooLarge,
    })
}

fn syntax(pattern: &str, error: &regex_syntax::Error) -> PatternFault {
    let (reason, byte) = match error {
        regex_syntax::Error::Parse(error) => {
            let reason = match error.kind() {
                ErrorKind::RepetitionMissing => "there is nothing to repeat (any text is `.*`)".to_owned(),
                kind => kind.to_string(),
            };
            (reason, error.span().start.offset)
        }
        regex_syntax::Error::Translate(error) => (error.kind().to_string(), error.span().start.offset),
        _ => ("it cannot be read".to_owned(), 0),
    };
    PatternFault::Syntax { reason, position: position(pattern, byte) }
}

fn position(pattern: &str, byte: usize) -> usize {
    1 + pattern.char_indices().take_while(|(start, _)| *start < byte).count()
}

/// Groups that look around or do not backtrack.
const GROUPS: [(&str, &str); 5] = [
    ("(?=", "a look-ahead"),
    ("(?!", "a negative look-ahead"),
    ("(?<=", "a look-behind"),
    ("(?<!", "a negative look-behind"),
    ("(?>", "an atomic group"),
];

/// The first construct of Java's expressions that has no equal here. Some of them would be read as something else
/// without complaint, `a*+` for one.
fn other_engine(pattern: &str) -> Option<PatternFault> {
    let mut class_depth = 0_usize;
    let mut after_quantifier = false;
    let mut start = 0;
    while let Some(rest) = pattern.get(start..).filter(|rest| !rest.is_empty()) {
        let in_class = class_depth > 0;
        if let Some((what, length, instead)) = construct(rest, in_class, after_quantifier) {
            let text = rest.chars().take(length).collect();
            return Some(PatternFault::OtherEngine { what, text, position: position(pattern, start), instead });
        }
        let first = rest.chars().next().unwrap_or_default();
        match first {
            '[' => class_depth += 1,
            ']' => class_depth = class_depth.saturating_sub(1),
            _ => {}
        }
        after_quantifier = !in_class && matches!(first, '*' | '+' | '?' | '}');
        start += if first == '\\' { escape_length(rest) } else { first.len_utf8() };
    }
    None
}

/// What begins here, how many characters to show of it, and what to write instead.
fn construct(rest: &str, in_class: bool, after_quantifier: bool) -> Option<(&'static str, usize, &'static str)> {
    if let Some(escaped) = rest.strip_prefix('\\').and_then(|escaped| escaped.chars().next()) {
        return match escaped {
            'Q' | 'E' => Some(("quotation", 2, "write a backslash before each special character")),
            '1'..='9' | 'k' if !in_class => Some(("a back-reference", 2, "write the repeated text out")),
            _ => None,
        };
    }
    if in_class {
        return None;
    }
    if after_quantifier && rest.starts_with('+') {
        return Some(("a possessive quantifier", 1, "remove this `+`"));
    }
    let (group, what) = GROUPS.iter().find(|(group, _)| rest.starts_with(group))?;
    Some((what, group.len(), "choose the subscription type `topics` and list what to leave out under `exclude`"))
}

/// `\p{…}` and `\x{…}` have braces that are no quantifier.
fn escape_length(rest: &str) -> usize {
    let escaped = rest.chars().nth(1).map_or(0, char::len_utf8);
    let braces = rest.get(2..).filter(|after| after.starts_with('{'));
    match braces.and_then(|after| after.find('}')) {
        Some(end) if rest.get(1..2).is_some_and(|letter| "pPxuU".contains(letter)) => 2 + end + 1,
        _ => 1 + escaped,
    }
}
