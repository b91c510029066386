//! Every secret that a configuration holds, valid or not, for whoever has to keep it out of the log.

use std::collections::BTreeSet;

use serde_json::Value;

use super::jaas::Line;
use super::specification::connection_specification;

/// The values of all fields that the form calls secret, wherever in the configuration a field of that name stands.
#[must_use]
pub fn secrets(text: &str) -> Vec<String> {
    let Ok(config) = serde_json::from_str(text.trim_start_matches('\u{feff}')) else { return Vec::new() };
    let mut names = BTreeSet::new();
    collect_names(connection_specification(), &mut names);
    let mut found = Vec::new();
    collect_values(&config, false, &names, &mut found);
    found
}

fn collect_names<'s>(schema: &'s Value, names: &mut BTreeSet<&'s str>) {
    match schema {
        Value::Object(node) => {
            for (name, property) in node {
                if property.get("airbyte_secret").is_some() {
                    names.insert(name);
                }
                collect_names(property, names);
            }
        }
        Value::Array(nodes) => nodes.iter().for_each(|node| collect_names(node, names)),
        _ => {}
    }
}

fn collect_values(value: &Value, is_secret: bool, names: &BTreeSet<&str>, found: &mut Vec<String>) {
    match value {
        Value::String(text) if is_secret => {
            found.push(text.trim().to_owned());
            // A login line holds secrets beside harmless words.
            let line = Line::parse(text).ok();
            let values = line.iter().flat_map(Line::values).filter(|(name, _)| is_secret_option(name));
            found.extend(values.map(|(_, value)| value.to_owned()));
        }
        // Somebody's password is a number.
        Value::Number(number) if is_secret => found.push(number.to_string()),
        Value::Object(fields) => {
            for (name, value) in fields {
                collect_values(value, names.contains(name.as_str()), names, found);
            }
        }
        Value::Array(entries) => entries.iter().for_each(|entry| collect_values(entry, is_secret, names, found)),
        _ => {}
    }
}

fn is_secret_option(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "secret", "token"].iter().any(|word| name.contains(word))
}
