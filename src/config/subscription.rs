//! Which topics, and which of their partitions, are read.

use std::collections::{BTreeMap, BTreeSet};

use regex::{Regex, RegexSet};

use super::error::shown;
use super::form::{TopicList, TopicSelection};
use super::{ConfigError, TopicFault, pattern};

/// The longest name Kafka gives a topic.
const LONGEST_NAME: usize = 249;

/// Which topics, and which of their partitions, are read.
#[derive(Clone, Debug)]
pub struct Subscription(Selection);

#[derive(Clone, Debug)]
enum Selection {
    List { entries: Vec<String>, wildcards: RegexSet, exclude: RegexSet },
    Pattern { text: String, regex: Regex },
    Partitions(BTreeMap<String, BTreeSet<i32>>),
}

impl Subscription {
    pub(super) fn from_form(form: &TopicSelection) -> Result<Self, ConfigError> {
        match form {
            TopicSelection::Topics(list) => from_list(list),
            TopicSelection::Subscribe(form) => {
                let text = form.topic_pattern.clone();
                let regex = pattern::whole_name("subscription.topic_pattern", &text)?;
                Ok(Self(Selection::Pattern { text, regex }))
            }
            TopicSelection::Assign(form) => from_partitions(&form.topic_partitions),
        }
    }

    /// Whether the topic is read, if it exists.
    #[must_use]
    pub fn matches(&self, topic: &str) -> bool {
        match &self.0 {
            Selection::List { entries, wildcards, exclude } => {
                let is_listed = entries.iter().any(|entry| entry == topic);
                (is_listed || wildcards.is_match(topic) && !is_internal(topic)) && !exclude.is_match(topic)
            }
            Selection::Pattern { text, regex } => {
                regex.is_match(topic) && (!is_internal(topic) || spells_out(text, topic))
            }
            Selection::Partitions(partitions) => partitions.contains_key(topic),
        }
    }

    /// The topics named in full; each of them must exist.
    #[must_use]
    pub fn literal_topics(&self) -> Vec<&str> {
        match &self.0 {
            Selection::List { entries, exclude, .. } => {
                let named = entries.iter().filter(|entry| !has_wildcards(entry) && !exclude.is_match(entry));
                named.map(String::as_str).collect()
            }
            Selection::Pattern { .. } => Vec::new(),
            Selection::Partitions(partitions) => partitions.keys().map(String::as_str).collect(),
        }
    }

    /// Whether the list of all topics is needed to know which are read.
    #[must_use]
    pub fn has_patterns(&self) -> bool {
        match &self.0 {
            Selection::List { wildcards, .. } => !wildcards.is_empty(),
            Selection::Pattern { .. } => true,
            Selection::Partitions(_) => false,
        }
    }

    /// The patterns that choose none of these topics, each as field and text.
    #[must_use]
    pub fn unmatched(&self, topics: &[&str]) -> Vec<String> {
        let chosen = || topics.iter().filter(|topic| self.matches(topic));
        match &self.0 {
            Selection::List { entries, wildcards, .. } => {
                let matched: BTreeSet<usize> = chosen().flat_map(|topic| wildcards.matches(topic)).collect();
                let patterns = entries.iter().filter(|entry| has_wildcards(entry)).enumerate();
                let unmatched = patterns.filter(|(index, _)| !matched.contains(index));
                unmatched.map(|(_, entry)| format!("`subscription.topics` `{}`", shown(entry))).collect()
            }
            Selection::Pattern { .. } if chosen().next().is_none() => vec![self.describe()],
            Selection::Pattern { .. } | Selection::Partitions(_) => Vec::new(),
        }
    }

    /// The partitions of the topic to read; `None`: all.
    #[must_use]
    pub fn partitions(&self, topic: &str) -> Option<&BTreeSet<i32>> {
        match &self.0 {
            Selection::Partitions(partitions) => partitions.get(topic),
            Selection::List { .. } | Selection::Pattern { .. } => None,
        }
    }

    /// The field and what it says, for messages: `` `subscription.topic_pattern` `ord.*` ``.
    #[must_use]
    pub fn describe(&self) -> String {
        let (field, text) = match &self.0 {
            Selection::List { entries, .. } => ("topics", entries.join(",")),
            Selection::Pattern { text, .. } => ("topic_pattern", text.clone()),
            Selection::Partitions(partitions) => {
                let entries = partitions
                    .iter()
                    .flat_map(|(topic, numbers)| numbers.iter().map(move |partition| format!("{topic}:{partition}")));
                ("topic_partitions", entries.collect::<Vec<_>>().join(","))
            }
        };
        format!("`subscription.{field}` `{}`", shown(&text))
    }
}

fn from_list(list: &TopicList) -> Result<Subscription, ConfigError> {
    let entries = checked("subscription.topics", &list.topics)?;
    let exclude = checked("subscription.exclude", &list.exclude)?;
    if entries.is_empty() {
        return Err(missing("subscription.topics", "orders"));
    }
    let patterns: Vec<&String> = entries.iter().filter(|entry| has_wildcards(entry)).collect();
    let wildcards = pattern::wildcards("subscription.topics", &patterns)?;
    let exclude = pattern::wildcards("subscription.exclude", &exclude)?;
    Ok(Subscription(Selection::List { entries, wildcards, exclude }))
}

/// The entries, each once.
fn checked(field: &'static str, entries: &[String]) -> Result<Vec<String>, ConfigError> {
    let mut checked = Vec::with_capacity(entries.len());
    for entry in entries {
        let name = entry.replace(['*', '?'], "x");
        check_name(&name).map_err(|fault| ConfigError::BadTopic { field, entry: shown(entry), fault })?;
        if !checked.contains(entry) {
            checked.push(entry.clone());
        }
    }
    Ok(checked)
}

fn from_partitions(list: &str) -> Result<Subscription, ConfigError> {
    const FIELD: &str = "subscription.topic_partitions";
    let mut partitions: BTreeMap<String, BTreeSet<i32>> = BTreeMap::new();
    for entry in list.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        let bad = |fault| ConfigError::BadTopic { field: FIELD, entry: shown(entry), fault };
        let (topic, partition) = topic_partition(entry).map_err(bad)?;
        if !partitions.entry(topic.to_owned()).or_default().insert(partition) {
            return Err(bad(TopicFault::Repeated));
        }
    }
    if partitions.is_empty() {
        return Err(missing(FIELD, "orders:0,orders:1"));
    }
    Ok(Subscription(Selection::Partitions(partitions)))
}

fn missing(field: &str, example: &str) -> ConfigError {
    ConfigError::Missing { field: field.to_owned(), allowed: Vec::new(), example: Some(example.to_owned()) }
}

fn topic_partition(entry: &str) -> Result<(&str, i32), TopicFault> {
    let (topic, partition) = entry.rsplit_once(':').ok_or(TopicFault::NoPartition)?;
    let (topic, partition) = (topic.trim(), partition.trim());
    if topic.is_empty() {
        return Err(TopicFault::NoTopic);
    }
    check_name(topic)?;
    // `parse` would take `-1` and `+1`.
    if !partition.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(TopicFault::BadPartition);
    }
    let partition = partition.parse().map_err(|_| TopicFault::BadPartition)?;
    Ok((topic, partition))
}

fn check_name(name: &str) -> Result<(), TopicFault> {
    if let Some(bad) = name.chars().find(|c| !c.is_ascii_alphanumeric() && !"._-".contains(*c)) {
        return Err(TopicFault::BadCharacter(bad));
    }
    match name {
        "." | ".." => Err(TopicFault::Reserved),
        _ if name.len() > LONGEST_NAME => Err(TopicFault::TooLong),
        _ => Ok(()),
    }
}

fn has_wildcards(entry: &str) -> bool {
    entry.contains(['*', '?'])
}

/// Topics that belong to Kafka itself or to a schema registry.
fn is_internal(topic: &str) -> bool {
    topic.starts_with("__") || topic == "_schemas"
}

/// Whether one of the alternatives of an expression is this very name.
fn spells_out(pattern: &str, topic: &str) -> bool {
    let alternatives = pattern.trim_start_matches(['^', '(']).trim_end_matches(['$', ')']).split('|');
    alternatives.map(|name| name.replace('\\', "")).any(|name| name == topic)
}
