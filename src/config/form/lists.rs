//! The entries of list fields.

use schemars::JsonSchema;
use serde::Deserialize;

/// One property of the client library.
#[derive(Clone, Deserialize, JsonSchema)]
#[schemars(title = "Property")]
pub struct KafkaProperty {
    /// The property's name in librdkafka.
    #[schemars(title = "Name", extend("order" = 0, "examples" = ["fetch.wait.max.ms"]))]
    pub name: String,

    /// Its value, as text.
    #[schemars(title = "Value", extend("order" = 1, "examples" = ["500"]))]
    pub value: String,
}

/// Shows the name only: users paste passwords into such lists.
impl std::fmt::Debug for KafkaProperty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaProperty").field("name", &self.name).finish_non_exhaustive()
    }
}

/// One jq program and the topics it is for.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(title = "Transform")]
pub struct Transform {
    /// A topic, or a pattern with `*` and `?`. Empty: all topics.
    #[schemars(title = "Topics", extend("order" = 0, "examples" = ["orders-*"]))]
    pub topics: Option<String>,

    /// A jq program. Its input is the value of a message; each output becomes a record, no output drops the message.
    #[schemars(title = "jq program", extend("order" = 1, "multiline" = true, "examples" = [".items[]"]))]
    pub program: String,
}
