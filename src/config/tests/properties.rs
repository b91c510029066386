use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::{ConfigError, parse};
use super::{legacy, with};

/// Where secrets stand in the configurations below; nothing else contains this text.
const SECRET: &str = "s3cret-Value1";

/// Configurations that use most of the form.
fn seeds() -> Vec<Value> {
    let mut seeds = legacy::all();
    seeds.push(with(json!({
        "protocol": {
            "security_protocol": "SASL_SSL", "ssl_ca": "-----BEGIN CERTIFICATE-----\\nx", "ssl_key": SECRET,
            "ssl_key_password": SECRET, "ssl_verify_hostname": true,
            "authentication": {"mechanism": "OAUTHBEARER", "token_endpoint_url": "https://x", "client_id": "c",
                               "client_secret": SECRET, "scope": "s"},
        },
        "schema_registry": {"registry_type": "CONFLUENT", "url": "https://x", "username": "u", "password": SECRET,
                            "token": SECRET, "ssl_key": SECRET},
    })));
    seeds.push(with(json!({
        "subscription": {"subscription_type": "topics", "topics": ["a", "b-*"], "exclude": ["*c"]},
        "MessageFormat": {"deserialization_type": "TEXT", "encoding": "utf-8"},
        "key_format": {"deserialization_type": "BINARY"},
        "start_from": {"start_type": "relative", "duration": "1d12h"},
        "kafka_properties": [{"name": "check.crcs", "value": SECRET}],
        "max_sync_seconds": 5,
    })));
    seeds.push(with(json!({
        "subscription": {"subscription_type": "subscribe", "topic_pattern": "a[b-c]+|\\p{L}{2}"},
        "start_from": {"start_type": "timestamp", "timestamp": "2026-11-21T09:00:00Z"},
        "bootstrap_servers": "[::1]:9092,kafka:9092",
    })));
    seeds
}

/// The JSON pointers of all values below the root.
fn pointers(value: &Value, path: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(entries) => entries.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (name, child) in children {
        let pointer = format!("{path}/{name}");
        pointers(child, &pointer, found);
        found.push(pointer);
    }
}

#[derive(Clone, Debug)]
enum Mutation {
    Replace(Value),
    Remove,
    Rename(String),
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[a-z0-9.:*?,_\\[\\](){}|+\\\\^$-]{0,12}".prop_map(Value::from),
        "[0-9dhms:TZ. -]{0,16}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,8}", inner, 0..4).prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

fn any_mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        6 => any_value().prop_map(Mutation::Replace),
        1 => Just(Mutation::Remove),
        1 => ".{0,8}".prop_map(Mutation::Rename),
    ]
}

fn mutate(config: &mut Value, pointer: &str, mutation: Mutation) {
    if let Mutation::Replace(value) = mutation {
        if let Some(place) = config.pointer_mut(pointer) {
            *place = value;
        }
        return;
    }
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    if let Some(fields) = config.pointer_mut(parent).and_then(Value::as_object_mut)
        && let Some(value) = fields.remove(name)
        && let Mutation::Rename(name) = mutation
    {
        fields.insert(name, value);
    }
}

/// A message is one line of the house's grammar and gives no secret away.
fn check_message(message: &str) {
    assert!(!message.is_empty() && !message.contains(['\n', '\r']), "{message:?}");
    assert!(!message.ends_with('.') && !message.starts_with(|c: char| c.is_uppercase()), "{message:?}");
    assert!(!message.contains(SECRET), "{message:?}");
}

fn check(text: &str) {
    match parse(text) {
        Ok(parsed) => {
            parsed.warnings.iter().for_each(|warning| check_message(warning));
            assert!(!format!("{:?}", parsed.settings).contains(SECRET));
        }
        Err(error) => {
            assert_ne!(error, ConfigError::FormMismatch, "the schema lets pass what the form cannot hold: {text}");
            check_message(&error.to_string());
            assert!(!format!("{error:?}").contains(SECRET));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_configuration_gives_one_clean_answer(
        seed in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any_mutation()), 1..4),
    ) {
        let seeds = seeds();
        let mut config = seed.get(&seeds).clone();
        for (place, mutation) in changes {
            let mut places = Vec::new();
            pointers(&config, "", &mut places);
            if !places.is_empty() {
                let pointer = place.get(&places).clone();
                mutate(&mut config, &pointer, mutation);
            }
        }
        check(&config.to_string());
    }

    #[test]
    fn a_damaged_text_gives_one_clean_answer(seed in any::<prop::sample::Index>(), end in any::<prop::sample::Index>(), junk in ".{0,4}") {
        let seeds = seeds();
        let text = seed.get(&seeds).to_string();
        let end = text.floor_char_boundary(end.index(text.len()));
        let (head, tail) = text.split_at(end);
        check(head);
        check(&format!("{head}{junk}{tail}"));
    }

    #[test]
    fn any_text_gives_one_clean_answer(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn any_expression_gives_one_clean_answer(pattern in "[a-c.*+?{}()\\[\\]|\\\\^$QEpP<>=!:&0-9é -]{0,16}") {
        check(&with(json!({"subscription": {"subscription_type": "subscribe", "topic_pattern": pattern}})).to_string());
    }
}
