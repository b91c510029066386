//! The `subscription` field: which topics to read.

use schemars::JsonSchema;
use serde::Deserialize;

/// The ways to select topics.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(tag = "subscription_type", rename_all = "snake_case")]
pub enum TopicSelection {
    /// Topics by name, with `*` and `?` as wildcards.
    #[schemars(title = "List of topics")]
    Topics(TopicList),
    /// All topics whose whole name matches a regular expression.
    #[schemars(title = "Regular expression")]
    Subscribe(TopicPattern),
    /// Single partitions of topics.
    #[schemars(title = "List of partitions")]
    Assign(AssignedPartitions),
}

/// Topics by name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct TopicList {
    /// Names of topics. `*` stands for any characters, `?` for one. A name without wildcards must exist.
    #[schemars(title = "Topics", extend("order" = 1, "examples" = ["orders", "customers-*"]))]
    pub topics: Vec<String>,

    /// Topics to leave out although the list above covers them; wildcards as above.
    #[serde(default)]
    #[schemars(title = "Except", extend("order" = 2, "examples" = ["*-dlq"]))]
    pub exclude: Vec<String>,
}

/// Topics by regular expression.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct TopicPattern {
    /// A regular expression that has to match the whole name: `orders` is that topic only, `orders.*` all that begin
    /// with it.
    #[schemars(title = "Topic pattern", extend("order" = 1, "examples" = ["orders|customers-.*"]))]
    pub topic_pattern: String,
}

/// Partitions by number.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct AssignedPartitions {
    /// `topic:partition`, separated by commas. A topic with several of its partitions in the list is one stream.
    #[schemars(title = "Topic partitions", extend("order" = 1, "examples" = ["orders:0,orders:1,customers:0"]))]
    pub topic_partitions: String,
}
