//! What the decoder should do, the slow and obvious way: `serde_json` judges the text, a map finds the last of each name.
//!
//! The fuzz target includes this file too.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::decode::{Column, MAX_DEPTH};
use crate::kind::Kind;

/// Names by their meaning, values as compact JSON text.
pub type Members = Vec<(String, String)>;

/// The members and the extra members of a flattened value; `None` if it is bad.
pub fn flatten(value: &[u8], columns: &[Column], known: &[&str]) -> Option<(Members, Members)> {
    let text = str::from_utf8(value).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    let text = compact(&replace_lone_surrogates(text));
    if depth(&text) > MAX_DEPTH {
        return None;
    }
    let fields = match kind(&text) {
        Kind::Null => Vec::new(),
        Kind::Object => fields(&text),
        _ => vec![("value".to_owned(), text)],
    };
    let (mut members, mut extra) = (Vec::new(), Vec::new());
    let last = fields.iter().enumerate().map(|(index, (name, _))| (name, index)).collect::<BTreeMap<_, _>>();
    let last = last.into_values().collect::<BTreeSet<_>>();
    for (_, (name, value)) in fields.iter().enumerate().filter(|(index, _)| last.contains(index)) {
        let kind = kind(value);
        match columns.iter().find(|column| column.name == *name) {
            Some(column) if kind == Kind::Null || column.accepts.contains(kind) => {
                members.push((name.clone(), value.clone()));
            }
            Some(column) if column.json_text => {
                members.push((name.clone(), serde_json::to_string(value).ok()?));
            }
            None if known.contains(&name.as_str()) => {}
            _ => extra.push((name.clone(), value.clone())),
        }
    }
    Some((members, extra))
}

/// The decoder's own output in the same form.
pub fn parse(members: &[u8]) -> Members {
    let text = str::from_utf8(members).expect("the output is UTF-8");
    fields(&format!("{{{}}}", text.strip_suffix(',').unwrap_or(text)))
}

fn fields(object: &str) -> Members {
    struct InOrder;
    impl<'de> Visitor<'de> for InOrder {
        type Value = Members;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
            let mut fields = Vec::new();
            while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                fields.push((name, value.get().to_owned()));
            }
            Ok(fields)
        }
    }
    serde_json::Deserializer::from_str(object).deserialize_map(InOrder).expect("an object of valid JSON")
}

fn kind(value: &str) -> Kind {
    match value.as_bytes().first() {
        Some(b'{') => Kind::Object,
        Some(b'[') => Kind::Array,
        Some(b'"') => Kind::String,
        Some(b't' | b'f') => Kind::Boolean,
        Some(b'n') => Kind::Null,
        _ if value.contains(['.', 'e', 'E']) => Kind::Number,
        _ => Kind::Integer,
    }
}

/// The characters of a valid text, each with whether it belongs to a string; escapes stay in one piece.
fn pieces(text: &str) -> Vec<(&str, bool)> {
    let (mut pieces, mut rest, mut in_string) = (Vec::new(), text, false);
    while let Some(character) = rest.chars().next() {
        let length = match character {
            '\\' if rest[1..].starts_with('u') => 6,
            '\\' => 2,
            other => other.len_utf8(),
        };
        let (piece, behind) = rest.split_at(length);
        in_string ^= piece == "\"";
        pieces.push((piece, in_string));
        rest = behind;
    }
    pieces
}

fn compact(text: &str) -> String {
    let kept = pieces(text).into_iter().filter(|(piece, in_string)| *in_string || !" \t\r\n".contains(piece));
    kept.map(|(piece, _)| piece).collect()
}

fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for (piece, in_string) in pieces(text) {
        match piece {
            "{" | "[" if !in_string => depth += 1,
            "}" | "]" if !in_string => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

fn replace_lone_surrogates(text: &str) -> String {
    let unit = |piece: &str| u32::from_str_radix(piece.strip_prefix("\\u")?, 16).ok();
    let pieces = pieces(text);
    let mut result = String::new();
    let mut at = 0;
    while let Some((piece, _)) = pieces.get(at) {
        let next = pieces.get(at + 1).and_then(|(piece, _)| unit(piece));
        match (unit(piece), next) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => {
                result.push_str(piece);
                result.push_str(pieces[at + 1].0);
                at += 1;
            }
            (Some(0xd800..0xe000), _) => result.push('\u{fffd}'),
            _ => result.push_str(piece),
        }
        at += 1;
    }
    result
}
