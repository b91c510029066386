//! Compares a configuration with the form's own schema, field by field, and cleans it up on the way.
//!
//! The schema that draws the form also judges what comes back from it, so the two cannot disagree. Blank texts and
//! nulls are taken out, texts trimmed; what remains deserialises into the form.

mod text;
mod unknown;

use serde_json::{Map, Value};

use super::ConfigError;
use super::error::shown;

/// The cleaned configuration and one warning per unknown field.
pub(super) fn check(schema: &Value, config: Value) -> Result<(Value, Vec<String>), ConfigError> {
    let Value::Object(config) = config else {
        return Err(ConfigError::NotAnObject { found: kind_of(&config) });
    };
    let mut check = Check { root: schema, warnings: Vec::new() };
    let config = check.object(schema, None, config, "")?;
    Ok((config, check.warnings))
}

struct Check<'s> {
    root: &'s Value,
    warnings: Vec<String>,
}

impl<'s> Check<'s> {
    /// The cleaned value, or nothing when it is as good as absent.
    fn value(&mut self, schema: &'s Value, value: Value, path: &str) -> Result<Option<Value>, ConfigError> {
        if is_blank(&value) {
            return Ok(None);
        }
        if schema.get("oneOf").is_some() {
            return self.tagged(schema, value, path).map(Some);
        }
        match (keyword(schema, "type"), value) {
            ("object", Value::Object(value)) => self.object(schema, None, value, path).map(Some),
            ("array", Value::Array(entries)) => self.array(schema, entries, path).map(Some),
            // Lists of names are written as one text in many tools.
            ("array", Value::String(list)) if entries_are_texts(schema) => {
                let entries = list.split(',').map(Value::from).collect();
                self.array(schema, entries, path).map(Some)
            }
            ("string", Value::String(value)) => text::check(schema, &value, path),
            ("integer", Value::Number(value)) => integer(schema, &value, path).map(Some),
            ("boolean", Value::Bool(value)) => Ok(Some(value.into())),
            (_, value) => Err(wrong_type(schema, &value, path)),
        }
    }

    /// An object whose constant field chooses one of several forms.
    fn tagged(&mut self, schema: &'s Value, value: Value, path: &str) -> Result<Value, ConfigError> {
        let Value::Object(value) = value else {
            return Err(wrong_type(schema, &value, path));
        };
        let variants = variants(schema);
        let Some((tag, _)) = variants.first().and_then(|variant| tag_of(variant)) else {
            return Err(ConfigError::FormMismatch);
        };
        let field = join(path, tag);
        let allowed =
            || variants.iter().filter_map(|variant| tag_of(variant)).map(|(_, name)| name.to_owned()).collect();
        let chosen = match value.get(tag) {
            None | Some(Value::Null) => None,
            Some(Value::String(name)) => Some(name.trim()).filter(|name| !name.is_empty()),
            Some(other) => {
                let (expected, value) = ("text".to_owned(), text::displayed(other));
                return Err(ConfigError::WrongType { field, expected, found: kind_of(other), value });
            }
        };
        let Some(chosen) = chosen else {
            return Err(ConfigError::Missing { field, allowed: allowed(), example: None });
        };
        match variants.iter().find(|variant| tag_of(variant).is_some_and(|(_, name)| name == chosen)) {
            Some(variant) => self.object(variant, Some(schema), value, path),
            None => Err(ConfigError::UnknownValue { field, value: Some(shown(chosen)), allowed: allowed() }),
        }
    }

    /// `choice` is the field whose variant this is, if it is one.
    fn object(
        &mut self,
        schema: &'s Value,
        choice: Option<&'s Value>,
        mut value: Map<String, Value>,
        path: &str,
    ) -> Result<Value, ConfigError> {
        let mut cleaned = Map::new();
        for (name, property) in properties(schema) {
            let field = join(path, name);
            let given = match value.remove(name) {
                Some(given) => self.value(property, given, &field)?,
                None => None,
            };
            if let Some(given) = given {
                cleaned.insert(name.clone(), given);
            } else if is_required(schema, name) {
                return Err(text::missing(property, field));
            }
        }
        for name in value.keys() {
            self.warnings.push(unknown::warning(self.root, schema, choice, path, name));
        }
        Ok(cleaned.into())
    }

    fn array(&mut self, schema: &'s Value, entries: Vec<Value>, path: &str) -> Result<Value, ConfigError> {
        let items = schema.get("items").ok_or(ConfigError::FormMismatch)?;
        let mut cleaned = Vec::with_capacity(entries.len());
        for (index, entry) in entries.into_iter().enumerate() {
            cleaned.extend(self.value(items, entry, &format!("{path}[{index}]"))?);
        }
        Ok(cleaned.into())
    }
}

/// What forms leave behind where nothing was entered, whatever the field's type.
fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn integer(schema: &Value, value: &serde_json::Number, path: &str) -> Result<Value, ConfigError> {
    let bound = |name| schema.get(name).and_then(Value::as_i64);
    let (minimum, maximum) = (bound("minimum"), bound("maximum"));
    let whole = value.as_i128().or_else(|| whole(value.as_f64()?));
    let Some(whole) = whole else {
        return Err(wrong_type(schema, &Value::Number(value.clone()), path));
    };
    let fits =
        minimum.is_none_or(|minimum| whole >= minimum.into()) && maximum.is_none_or(|maximum| whole <= maximum.into());
    match i64::try_from(whole) {
        Ok(number) if fits => Ok(number.into()),
        // The largest number that a field can hold is as good as any larger one.
        _ => {
            let maximum = maximum.or(Some(i64::MAX)).filter(|maximum| whole > (*maximum).into());
            Err(ConfigError::OutOfRange { field: path.to_owned(), value: value.to_string(), minimum, maximum })
        }
    }
}

/// JSON Schema counts `100.0` as an integer, and some tools write one so.
fn whole(value: f64) -> Option<i128> {
    #[allow(clippy::cast_possible_truncation, reason = "the value is whole and small")]
    (value.fract() == 0.0 && value.abs() < 1e18).then_some(value as i128)
}

fn wrong_type(schema: &Value, value: &Value, path: &str) -> ConfigError {
    let kind = keyword(schema, "type");
    let tag = variants(schema).first().and_then(tag_of);
    let expected = match (kind, tag) {
        ("object", Some((tag, _))) => format!("an object with the field `{tag}`"),
        ("object", None) => "an object".to_owned(),
        ("array", _) => "a list".to_owned(),
        ("integer", _) => "a whole number".to_owned(),
        ("boolean", _) => "true or false".to_owned(),
        _ => "text".to_owned(),
    };
    // Text in the place of something with parts may be all of its parts, secrets included.
    let may_show = !is_secret(schema) && !matches!(kind, "object" | "array");
    let shown = may_show.then(|| text::displayed(value)).flatten();
    ConfigError::WrongType { field: path.to_owned(), expected, found: kind_of(value), value: shown }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn keyword<'s>(schema: &'s Value, name: &str) -> &'s str {
    schema.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn is_secret(schema: &Value) -> bool {
    schema.get("airbyte_secret").is_some()
}

fn entries_are_texts(schema: &Value) -> bool {
    schema.get("items").is_some_and(|items| keyword(items, "type") == "string")
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

fn is_required(schema: &Value, name: &str) -> bool {
    schema.get("required").and_then(Value::as_array).is_some_and(|names| names.iter().any(|required| required == name))
}

fn variants(schema: &Value) -> &[Value] {
    schema.get("oneOf").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The field that tells a variant from the others, and its value.
fn tag_of(variant: &Value) -> Option<(&str, &str)> {
    properties(variant).find_map(|(name, property)| Some((name.as_str(), property.get("const")?.as_str()?)))
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}
