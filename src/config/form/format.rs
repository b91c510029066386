//! The `MessageFormat` and `key_format` fields: how values and keys are written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::Secret;

/// The formats of a value or key.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(tag = "deserialization_type", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MessageFormat {
    /// Found per message: what a schema registry knows, else JSON, else UTF-8 text, else base64. Never fails on
    /// content. Keys are not read as JSON.
    #[schemars(title = "Automatic")]
    Auto,
    /// JSON text; a message that is none is a bad message.
    #[schemars(title = "JSON")]
    Json,
    /// Avro, with schemas from the schema registry or the one given here.
    #[schemars(title = "Avro")]
    Avro(Avro),
    /// Protobuf, with schemas from the schema registry or the one given here.
    #[schemars(title = "Protobuf")]
    Protobuf(Protobuf),
    /// JSON with schemas from the schema registry.
    #[schemars(title = "JSON Schema")]
    JsonSchema,
    /// Text in one character encoding.
    #[schemars(title = "Text")]
    Text(Text),
    /// Bytes, delivered as base64.
    #[schemars(title = "Binary")]
    Binary,
}

/// Avro.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Avro {
    /// Under which name the registry keeps the schema of a topic. It only chooses the schema from which columns are
    /// found; each message says which schema it was written with.
    #[serde(default)]
    #[schemars(title = "Subject name strategy", extend("order" = 1))]
    pub deserialization_strategy: DeserializationStrategy,

    /// The schema, as JSON, of messages that were written without a registry.
    #[schemars(title = "Avro schema", extend("order" = 2, "multiline" = true))]
    pub schema: Option<String>,

    /// The older place of the registry's address, used when `schema_registry` is absent.
    #[schemars(title = "Schema registry URL", extend("order" = 3, "airbyte_hidden" = true))]
    pub schema_registry_url: Option<String>,

    /// The older place of the registry's user name, used when `schema_registry` is absent.
    #[schemars(title = "Schema registry user name", extend("order" = 4, "airbyte_hidden" = true))]
    pub schema_registry_username: Option<String>,

    /// The older place of the registry's password, used when `schema_registry` is absent.
    #[schemars(title = "Schema registry password", extend("order" = 5, "airbyte_hidden" = true))]
    pub schema_registry_password: Option<Secret>,
}

/// Protobuf.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Protobuf {
    /// The text of the `.proto` file, for messages that were written without a registry.
    #[schemars(title = "Protobuf schema", extend("order" = 1, "multiline" = true))]
    pub schema: Option<String>,

    /// The full name of the message type in that schema. Empty: its first one.
    #[schemars(title = "Message type", extend("order" = 2, "examples" = ["shop.v1.Order"]))]
    pub message: Option<String>,
}

/// Text.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Text {
    /// The character encoding, under a name that web browsers know: `utf-8`, `iso-8859-1`, `gb18030`, `shift_jis`.
    #[serde(default = "utf8")]
    #[schemars(title = "Encoding", extend("order" = 1))]
    pub encoding: String,
}

fn utf8() -> String {
    "utf-8".to_owned()
}

/// How the subject of a topic's schema is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum DeserializationStrategy {
    /// After the topic.
    #[default]
    #[serde(rename = "TopicNameStrategy")]
    TopicName,
    /// After the Avro record.
    #[serde(rename = "RecordNameStrategy")]
    RecordName,
    /// After both.
    #[serde(rename = "TopicRecordNameStrategy")]
    TopicRecordName,
}
