//! Secrets never appear: every text that somebody may read goes through here before it is written.
//!
//! Configuration types hide their secrets themselves; this is for words that others made, such as librdkafka's log, the
//! answer of a token endpoint, or an error of the JSON parser.

use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde::{Serialize, Serializer};

/// What stands in the place of a secret.
const MASK: &str = "***";
/// Shorter texts stand in every sentence: hiding them would leave nothing to read, and guessing them takes no log.
const SHORTEST: usize = 4;
/// Lines of keys and certificates are hidden one by one, because others may break them up.
const SHORTEST_LINE: usize = 16;

/// Longest first, so that no part of a secret is replaced before the whole.
static HIDDEN: RwLock<Vec<String>> = RwLock::new(Vec::new());

/// Hides these texts from now on, in every form in which they may turn up.
pub fn hide<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) {
    let mut hidden = HIDDEN.write().unwrap_or_else(PoisonError::into_inner);
    let mut all: BTreeSet<String> = hidden.drain(..).collect();
    for secret in secrets {
        let secret = secret.as_ref();
        all.extend(forms(secret));
        let lines =
            secret.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE && !line.starts_with("-----"));
        all.extend(lines.flat_map(forms));
    }
    *hidden = all.into_iter().collect();
    hidden.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
}

/// The text without what is hidden.
#[must_use]
pub fn redacted(text: &str) -> String {
    let mut text = text.to_owned();
    for hidden in HIDDEN.read().unwrap_or_else(PoisonError::into_inner).iter() {
        if text.contains(hidden.as_str()) {
            text = text.replace(hidden.as_str(), MASK);
        }
    }
    text
}

/// For fields of messages that people read.
pub(super) fn serialize<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&redacted(text))
}

/// A text that people read, where the field's type has to say so.
#[derive(Debug)]
pub(super) struct Redacted<'a>(pub(super) &'a str);

impl Serialize for Redacted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(self.0, serializer)
    }
}

/// A secret as it is, inside JSON (once and twice), in a web address or a form, and as base64, alone or behind a user name.
fn forms(secret: &str) -> Vec<String> {
    if secret.len() < SHORTEST {
        return Vec::new();
    }
    let json = |text: &str| serde_json::to_string(text).unwrap_or_default().trim_matches('"').to_owned();
    let once = json(secret);
    let mut forms = vec![json(&once), once];
    for percent in [percent_encoded(secret, true), percent_encoded(secret, false)] {
        forms.push(percent.replace("%20", "+"));
        forms.push(percent);
    }
    for shift in 0..3 {
        forms.push(encoded(&STANDARD_NO_PAD, secret, shift));
        forms.push(encoded(&URL_SAFE_NO_PAD, secret, shift));
    }
    forms.push(secret.to_owned());
    forms.retain(|form| form.len() >= SHORTEST);
    forms
}

/// The characters of a base64 text that belong to the secret alone, when it begins at this place of a group of three.
fn encoded(engine: &impl base64::Engine, secret: &str, shift: usize) -> String {
    let mut bytes = vec![0; shift];
    bytes.extend_from_slice(secret.as_bytes());
    let text = engine.encode(&bytes);
    let first = (shift * 8).div_ceil(6);
    let last = bytes.len() * 8 / 6;
    text.get(first..last).unwrap_or_default().to_owned()
}

fn percent_encoded(text: &str, is_upper_case: bool) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = if is_upper_case { write!(encoded, "%{byte:02X}") } else { write!(encoded, "%{byte:02x}") };
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::super::message::{CheckStatus, Message, Trace};
    use super::*;

    #[test]
    fn a_secret_is_hidden_in_every_form() {
        let secret = r#"P@ss "wörd"\/+1"#;
        hide([secret]);
        let json = serde_json::to_string(secret).unwrap();
        let twice = serde_json::to_string(&json).unwrap();
        let texts = [
            secret.to_owned(),
            json,
            twice,
            STANDARD_NO_PAD.encode(secret),
            STANDARD_NO_PAD.encode(format!("a:{secret}")),
            STANDARD_NO_PAD.encode(format!("ab:{secret}")),
            STANDARD_NO_PAD.encode(format!("abc:{secret}")),
            URL_SAFE_NO_PAD.encode(secret),
            "P%40ss%20%22w%C3%B6rd%22%5C%2F%2B1".to_owned(),
            "P%40ss+%22w%c3%b6rd%22%5c%2f%2b1".to_owned(),
        ];
        for text in texts {
            let shown = redacted(&format!("before {text} after"));
            assert!(shown.starts_with("before ") && shown.ends_with(" after") && shown.contains(MASK), "{shown}");
            assert!(shown.len() < "before  after".len() + MASK.len() + 12, "{shown}");
        }
    }

    #[test]
    fn lines_of_a_key_are_hidden_one_by_one_and_its_marker_is_not() {
        hide([
            "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQDVYxC2\n-----END PRIVATE KEY-----",
        ]);
        assert_eq!(
            redacted("line BKcwggSjAgEAAoIBAQDVYxC2 of -----BEGIN PRIVATE KEY-----"),
            "line *** of -----BEGIN PRIVATE KEY-----"
        );
    }

    #[test]
    fn every_message_that_people_read_is_clean() {
        let secret = "hunter2-hunter2";
        hide([secret]);
        let words = format!("the broker said {secret}");
        let messages = [
            Message::log("INFO", &words),
            Message::connection_status(CheckStatus::Failed, Some(&words)),
            Message::trace(Trace::error(&words, &words, "system_error", None), 0),
        ];
        for message in messages {
            let line = serde_json::to_string(&message).unwrap();
            assert!(line.contains("the broker said ***") && !line.contains("hunter2"), "{line}");
        }
        let silent = serde_json::to_string(&Message::connection_status(CheckStatus::Succeeded, None)).unwrap();
        assert!(!silent.contains("message"), "{silent}");
    }

    #[test]
    fn words_are_not_shredded_by_a_short_secret() {
        hide(["abc", ""]);
        assert_eq!(redacted("abc is the alphabet"), "abc is the alphabet");
    }
}
