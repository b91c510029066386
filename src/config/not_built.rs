//! What the form offers and this version cannot do yet. Each entry goes when its feature comes.

use super::ConfigError;
use super::form::{Form, PrimaryKey, SchemaRegistry};

/// Refuses a form that asks for any of it.
pub(super) fn refuse(form: &Form) -> Result<(), ConfigError> {
    let registry = match form.schema_registry {
        None | Some(SchemaRegistry::None) => None,
        Some(SchemaRegistry::Confluent(_)) => Some("CONFLUENT"),
        Some(SchemaRegistry::Apicurio(_)) => Some("APICURIO"),
        Some(SchemaRegistry::AwsGlue(_)) => Some("AWS_GLUE"),
    };
    refuse_if("schema_registry.registry_type", registry, "choose `NONE`")?;
    let key = (form.primary_key == PrimaryKey::MessageKey).then_some("message_key");
    refuse_if("primary_key", key, "choose `offset`")?;
    let transforms = (!form.transforms.is_empty()).then_some("jq");
    refuse_if("transforms", transforms, "remove the entries")
}

/// The refusal of a format whose messages need a schema.
pub(super) fn needs_schema(field: &str, format: &'static str) -> ConfigError {
    let field = format!("{field}.deserialization_type");
    ConfigError::NotBuilt { field, value: format, instead: "choose `AUTO`, `JSON`, `TEXT` or `BINARY`" }
}

fn refuse_if(field: &str, value: Option<&'static str>, instead: &'static str) -> Result<(), ConfigError> {
    match value {
        Some(value) => Err(ConfigError::NotBuilt { field: field.to_owned(), value, instead }),
        None => Ok(()),
    }
}
