//! The Airbyte specification, generated from the form.
//!
//! Airbyte's form builder and its test suites read a dialect of JSON Schema: no references, no `anyOf`, one type per
//! field, alternatives told apart by one constant. The passes below turn what schemars writes into that dialect.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::form::Form;

/// The cards of the form, in their order. A field says in `group` which card it is on.
const GROUPS: [(&str, &str); 6] = [
    ("connection", "Cluster"),
    ("topics", "Topics"),
    ("messages", "Message format"),
    ("records", "Records"),
    ("reading", "Reading"),
    ("advanced", "Advanced"),
];

/// The `spec` object of the SPEC message.
#[must_use]
pub fn specification() -> Value {
    json!({
        "documentationUrl": "https://github.com/source-kafka/source-kafka/blob/main/docs/config.md",
        "connectionSpecification": connection_specification(),
        "supportsIncremental": true,
        "supported_destination_sync_modes": ["overwrite", "append", "append_dedup"],
    })
}

/// The schema of the configuration.
pub(super) fn connection_specification() -> &'static Value {
    static SCHEMA: LazyLock<Value> = LazyLock::new(generate);
    &SCHEMA
}

fn generate() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<Form>().to_value();
    to_dialect(&mut schema);
    if let Some(root) = schema.as_object_mut() {
        let groups: Vec<Value> = GROUPS.iter().map(|(id, title)| json!({ "id": id, "title": title })).collect();
        root.insert("groups".to_owned(), groups.into());
        // A field of a newer or older version in a stored configuration must not block it.
        root.insert("additionalProperties".to_owned(), true.into());
    }
    schema
}

fn to_dialect(schema: &mut Value) {
    let Some(node) = schema.as_object_mut() else { return };
    unwrap_optional(node);
    name_single_type(node);
    constants_to_enum(node);
    tidy(node);
    for variant in variants(node) {
        to_dialect(variant);
    }
    for property in node.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        to_dialect(property.1);
    }
    if let Some(items) = node.get_mut("items") {
        to_dialect(items);
    }
}

fn variants(node: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    node.get_mut("oneOf").and_then(Value::as_array_mut).into_iter().flatten()
}

/// `anyOf` of a schema and null, which is how schemars writes an optional field, becomes that schema.
fn unwrap_optional(node: &mut Map<String, Value>) {
    let Some(Value::Array(choices)) = node.remove("anyOf") else { return };
    let given = choices.into_iter().find(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
    if let Some(Value::Object(given)) = given {
        // The texts of the field say more than those of its type.
        for (keyword, value) in given {
            node.entry(keyword).or_insert(value);
        }
    }
}

/// `["string", "null"]` becomes `"string"`.
fn name_single_type(node: &mut Map<String, Value>) {
    if let Some(Value::Array(kinds)) = node.get("type")
        && let Some(kind) = kinds.iter().find(|kind| *kind != "null").cloned()
    {
        node.insert("type".to_owned(), kind);
    }
}

/// Alternatives that are plain constants become an `enum`; alternatives that are objects get what the form builder
/// wants of them.
fn constants_to_enum(node: &mut Map<String, Value>) {
    let constants: Option<Vec<Value>> = variants(node).map(|variant| variant.get("const").cloned()).collect();
    match constants {
        Some(constants) if !constants.is_empty() => {
            node.remove("oneOf");
            node.insert("type".to_owned(), "string".into());
            node.insert("enum".to_owned(), constants.into());
        }
        _ if node.contains_key("oneOf") => {
            node.insert("type".to_owned(), "object".into());
            variants(node).for_each(first_the_constant);
        }
        _ => {}
    }
}

fn first_the_constant(variant: &mut Value) {
    let properties = variant.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten();
    for (_, property) in properties {
        if let Some(property) = property.as_object_mut()
            && let Some(constant) = property.get("const").cloned()
        {
            property.insert("order".to_owned(), 0.into());
            property.insert("default".to_owned(), constant);
        }
    }
}

/// Takes out what says nothing to a form, and makes its texts HTML.
fn tidy(node: &mut Map<String, Value>) {
    let is_number = node.get("type").is_some_and(|kind| kind == "integer" || kind == "number");
    // `uint64` and the like.
    if is_number {
        node.remove("format");
    }
    if node.get("default").is_some_and(|default| default.is_null() || *default == json!([])) {
        node.remove("default");
    }
    if let Some(Value::String(description)) = node.get_mut("description") {
        *description = to_html(description);
    }
}

/// Lines become one, code spans become `<code>`.
fn to_html(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut html = String::with_capacity(line.len());
    for (number, part) in line.split('`').enumerate() {
        if number > 0 {
            html.push_str(if number % 2 == 1 { "<code>" } else { "</code>" });
        }
        html.push_str(part);
    }
    html
}
