//! Fields that the form does not have: what the user may have meant.

use serde_json::Value;

use super::super::error::shown;
use super::super::suggestion::{either, nearest};
use super::{join, properties, tag_of, variants};

/// The sentence about one unknown field of an object. Its value is never looked at.
pub(super) fn warning(root: &Value, schema: &Value, choice: Option<&Value>, path: &str, name: &str) -> String {
    let field = shown(&join(path, name));
    let owners = owners(choice, name);
    if !owners.is_empty() {
        return format!("field `{field}` is ignored: it belongs to {}", either(&owners));
    }
    let is_unknown = format!("field `{field}` is unknown and ignored");
    if let Some(known) = nearest(name, properties(schema).map(|(known, _)| known.as_str())) {
        return format!("{is_unknown}; did you mean `{}`?", join(path, known));
    }
    let mut elsewhere = Vec::new();
    collect(root, "", &mut elsewhere);
    let last_names = elsewhere.iter().map(|known| known.rsplit('.').next().unwrap_or(known));
    let Some(known) = nearest(name, last_names) else { return is_unknown };
    match elsewhere.iter().find(|path| path.rsplit('.').next() == Some(known)) {
        Some(known) => format!("{is_unknown}; did you mean `{known}`?"),
        None => is_unknown,
    }
}

/// The other variants of the same choice that have a field of this name.
fn owners<'s>(choice: Option<&'s Value>, name: &str) -> Vec<&'s str> {
    let all = choice.map(variants).unwrap_or_default();
    all.iter()
        .filter(|variant| properties(variant).any(|(known, _)| known == name))
        .filter_map(|variant| Some(tag_of(variant)?.1))
        .collect()
}

/// The paths of all fields below this one.
fn collect(schema: &Value, path: &str, found: &mut Vec<String>) {
    for (name, property) in properties(schema) {
        let field = join(path, name);
        collect(property, &field, found);
        found.push(field);
    }
    for variant in variants(schema) {
        collect(variant, path, found);
    }
}
