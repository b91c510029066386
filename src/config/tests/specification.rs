use std::collections::HashSet;

use serde_json::Value;

use super::super::specification;

const SPEC_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/spec.json");

/// Every schema in the specification with its path, the root first.
fn schemas() -> Vec<(String, Value)> {
    let root = specification()["connectionSpecification"].clone();
    let mut found = Vec::new();
    let mut open = vec![(String::new(), root)];
    while let Some((path, schema)) = open.pop() {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            open.push((format!("{path}.{name}"), property.clone()));
        }
        for (index, variant) in schema["oneOf"].as_array().into_iter().flatten().enumerate() {
            open.push((format!("{path}<{index}>"), variant.clone()));
        }
        if let Some(items) = schema.get("items") {
            open.push((format!("{path}[]"), items.clone()));
        }
        found.push((path, schema));
    }
    found
}

fn name(path: &str) -> &str {
    path.rsplit('.').next().unwrap()
}

#[test]
fn the_file_in_the_repository_is_current() {
    let current = format!("{}\n", serde_json::to_string_pretty(&specification()).unwrap());
    if std::env::var_os("UPDATE_SPEC").is_some() {
        std::fs::write(SPEC_FILE, &current).unwrap();
    }
    let stored = std::fs::read_to_string(SPEC_FILE).unwrap_or_default();
    assert!(stored == current, "spec.json is stale: run the test with UPDATE_SPEC=1 and commit the file");
}

#[test]
fn it_is_a_json_schema_with_the_required_fields_of_the_java_connector() {
    let root = &specification()["connectionSpecification"];
    jsonschema::draft7::meta::validate(root).unwrap();
    let mut required: Vec<&str> = root["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    required.sort_unstable();
    assert_eq!(required, ["bootstrap_servers", "protocol", "subscription"]);
    assert!(specification().get("protocol_version").is_none());
}

#[test]
fn it_keeps_to_airbytes_dialect() {
    const FORBIDDEN: [&str; 14] = [
        "$ref",
        "$defs",
        "definitions",
        "anyOf",
        "allOf",
        "not",
        "if",
        "then",
        "else",
        "patternProperties",
        "prefixItems",
        "dependentSchemas",
        "dependentRequired",
        "nullable",
    ];
    for (path, schema) in schemas() {
        let keywords = schema.as_object().unwrap();
        for keyword in FORBIDDEN {
            assert!(!keywords.contains_key(keyword), "{path} has {keyword}");
        }
        assert!(schema["type"].is_string(), "{path} has no single type");
        assert!(keywords.get("additionalProperties").is_none_or(|value| *value == true), "{path}");
        let is_number = schema["type"] == "integer" || schema["type"] == "number";
        assert!(!is_number || !keywords.contains_key("format"), "{path}");
        if schema["type"] == "object" {
            assert!(keywords.contains_key("properties") || keywords.contains_key("oneOf"), "{path} is empty");
        }
        if schema["type"] == "array" {
            assert!(schema["items"]["type"].is_string(), "{path} has no single kind of items");
        }
        if let Some(values) = schema["enum"].as_array() {
            let distinct: HashSet<&Value> = values.iter().collect();
            assert_eq!(distinct.len(), values.len(), "{path} repeats a value");
        }
    }
}

#[test]
fn alternatives_are_told_apart_by_one_constant() {
    for (path, schema) in schemas() {
        let Some(variants) = schema["oneOf"].as_array() else { continue };
        assert_eq!(schema["type"], "object", "{path}");
        let mut tags = HashSet::new();
        let mut values = HashSet::new();
        for variant in variants {
            assert!(variant["title"].is_string() && variant["description"].is_string(), "{path}: {variant}");
            assert_eq!(variant["type"], "object", "{path}");
            let constants: Vec<_> = variant["properties"]
                .as_object()
                .unwrap()
                .iter()
                .filter(|(_, property)| property.get("const").is_some())
                .collect();
            let [(tag, property)] = constants[..] else { panic!("{path} has {} constants", constants.len()) };
            assert_eq!(property["order"], 0, "{path}");
            assert_eq!(property["default"], property["const"], "{path}");
            assert!(property.get("enum").is_none(), "{path}");
            assert!(variant["required"].as_array().unwrap().contains(&Value::from(tag.as_str())), "{path}");
            tags.insert(tag.clone());
            assert!(values.insert(property["const"].to_string()), "{path} repeats {}", property["const"]);
        }
        assert_eq!(tags.len(), 1, "{path}");
    }
}

#[test]
fn groups_and_orders_make_one_form() {
    let root = specification()["connectionSpecification"].clone();
    let groups: Vec<&str> =
        root["groups"].as_array().unwrap().iter().filter_map(|group| group["id"].as_str()).collect();
    for (path, schema) in schemas() {
        let is_top = path.matches('.').count() == 1 && !path.contains(['<', '[']);
        match schema.get("group") {
            Some(group) => assert!(is_top && groups.contains(&group.as_str().unwrap()), "{path}"),
            None => assert!(!is_top, "{path} is in no group"),
        }
        let mut places = HashSet::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            assert!(property["order"].is_u64(), "{path}.{name} has no order");
            let place = (property["group"].to_string(), property["order"].to_string());
            assert!(places.insert(place), "{path}.{name} shares its order");
        }
    }
}

#[test]
fn fields_have_titles_and_texts() {
    for (path, schema) in schemas() {
        let is_field = path.contains('.') && !path.ends_with(['>', ']']);
        if !is_field || schema.get("const").is_some() {
            continue;
        }
        assert!(schema["title"].is_string(), "{path} has no title");
        let text = schema["description"].as_str().unwrap_or_default();
        assert!(text.ends_with(['.', '?']) && !text.contains(['`', '\n']), "{path}: {text:?}");
        assert_eq!(text.matches("<code>").count(), text.matches("</code>").count(), "{path}: {text}");
    }
}

#[test]
fn secrets_are_marked_and_nothing_else_looks_like_one() {
    const EXACT: [&str; 22] = [
        "access_token",
        "api_token",
        "app_id",
        "appid",
        "certificate",
        "client_secret",
        "client_token",
        "credentials",
        "jwt",
        "key",
        "keytab",
        "password",
        "refresh_token",
        "sasl_jaas_config",
        "secret",
        "secret_access_key",
        "service_account",
        "service_account_info",
        "ssl_key",
        "tenant_id",
        "token",
        "ssl_key_password",
    ];
    const ENDS: [&str; 8] =
        ["_token", "_secret", "password", "api_key", "apikey", "secret_key", "private_key", "secret_access_key"];
    let mut marked = 0;
    for (path, schema) in schemas() {
        let name = name(&path);
        let looks_secret = EXACT.contains(&name) || ENDS.iter().any(|end| name.ends_with(end));
        let is_secret = schema.get("airbyte_secret");
        assert!(is_secret.is_none_or(|flag| *flag == true), "{path}: the flag hides a field whatever its value is");
        assert!(is_secret.is_none() || !path.contains('['), "{path} is in a list");
        assert_eq!(looks_secret, is_secret.is_some(), "{path}");
        assert!(!looks_secret || schema["type"] == "string", "{path}");
        assert!(is_secret.is_none() || schema.get("examples").is_none(), "{path} shows an example of a secret");
        marked += usize::from(is_secret.is_some());
    }
    assert!(marked >= 15, "only {marked} secrets");
}

#[test]
fn defaults_fit_their_fields() {
    for (path, schema) in schemas() {
        for value in schema.get("default").into_iter().chain(schema["examples"].as_array().into_iter().flatten()) {
            let fits = schema["type"] == "array" || jsonschema::draft7::is_valid(&schema, value);
            assert!(fits, "{path}: {value}");
        }
        assert!(schema.get("oneOf").is_none() || schema.get("default").is_none(), "{path}");
        assert!(schema.get("display_type").is_none() || schema.get("oneOf").is_some(), "{path}");
    }
}
