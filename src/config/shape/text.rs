//! Text fields.

use serde_json::Value;

use super::super::ConfigError;
use super::super::error::shown;
use super::{is_secret, keyword, tag_of, variants};

/// The trimmed text, or nothing when it is blank.
pub(super) fn check(schema: &Value, text: &str, path: &str) -> Result<Option<Value>, ConfigError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let allowed = choices(schema);
    if !allowed.is_empty() && !allowed.iter().any(|choice| choice == text) {
        let value = (!is_secret(schema)).then(|| shown(text));
        return Err(ConfigError::UnknownValue { field: path.to_owned(), value, allowed });
    }
    let text = if schema.get("multiline").is_some() { with_line_breaks(text) } else { text.to_owned() };
    Ok(Some(text.into()))
}

/// PEM text that went through a shell or an environment variable often has `\n` as two characters.
fn with_line_breaks(text: &str) -> String {
    if text.contains("-----BEGIN ") && !text.contains('\n') {
        text.replace("\\r\\n", "\n").replace("\\n", "\n")
    } else {
        text.to_owned()
    }
}

/// The values there are to choose from, if the field has a list of them.
pub(super) fn choices(schema: &Value) -> Vec<String> {
    let fixed = schema.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let tagged = variants(schema).iter().filter_map(|variant| tag_of(variant)).map(|(_, name)| name);
    // A text field's constant is the one value it can have.
    let constant = Some(keyword(schema, "const")).filter(|constant| !constant.is_empty());
    fixed.chain(tagged).chain(constant).map(str::to_owned).collect()
}

/// The complaint about a required field without value.
pub(super) fn missing(schema: &Value, field: String) -> ConfigError {
    let examples = schema.get("examples").and_then(Value::as_array);
    let example = examples.and_then(|examples| examples.first()?.as_str()).map(str::to_owned);
    ConfigError::Missing { field, allowed: choices(schema), example }
}

/// A value as messages show it. What has parts is not shown: a secret may be one of them.
pub(super) fn displayed(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(shown(text)),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
