//! The columns of a stream: as discover declares them, and as a configured catalog asks for them.

use serde_json::{Map, Value, json};

use crate::config::{self, OnBadMessage, RecordShape, Settings};
use crate::decode::{self, Column, KeyDecoder, Projection, Shape, ValueDecoder};
use crate::kind::Kinds;
use crate::record::MetaColumns;
use crate::schema::{self, ColumnType, Sample};

/// The keyword that lists the fields that discover offered: one of them that the configured catalog lacks was taken out
/// by the user, any other is new. Platforms keep keywords that they do not know.
const KNOWN_FIELDS: &str = "x-known-fields";

/// The metadata columns that identify a message: the primary key.
pub(super) const PRIMARY_KEY: [&str; 2] = ["_kafka_partition", "_kafka_offset"];
/// The metadata column that orders the messages of a partition.
pub(super) const CURSOR: &str = "_kafka_offset";

/// The JSON schema of a stream with these columns of its own.
pub(super) fn json_schema(settings: &Settings, value: &Sample, key: ColumnType) -> Value {
    let known: Vec<&str> = value.columns().map(|(name, _)| name).collect();
    let mut properties: Map<String, Value> =
        value.columns().map(|(name, column)| (name.to_owned(), column.property())).collect();
    let text = || json!({"type": ["null", "string"]});
    let metadata = [
        ("_kafka_partition", json!({"type": "integer"})),
        ("_kafka_offset", json!({"type": "integer"})),
        (
            "_kafka_timestamp",
            json!({"type": ["null", "string"], "format": "date-time", "airbyte_type": "timestamp_with_timezone"}),
        ),
        ("_kafka_timestamp_type", text()),
        ("_kafka_key", key.property()),
        ("_kafka_headers", headers_property()),
        ("_kafka_extra", json!({"type": ["null", "object"], "additionalProperties": true, (KNOWN_FIELDS): known})),
    ];
    properties.extend(metadata.map(|(name, property)| (name.to_owned(), property)));
    if settings.on_bad_message == OnBadMessage::Rescue {
        properties.insert("_kafka_error".to_owned(), text());
    }
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "additionalProperties": true,
        "properties": properties,
    })
}

fn headers_property() -> Value {
    json!({
        "type": ["null", "array"],
        "items": {
            "type": "object",
            "additionalProperties": true,
            "properties": {
                "key": {"type": "string"},
                "value": {"type": ["null", "string"]},
                "encoding": {"type": ["null", "string"]},
            },
        },
    })
}

/// What writes the records of a stream: its metadata columns and its decoders.
pub(super) struct Columns {
    pub(super) metadata: MetaColumns,
    pub(super) value: ValueDecoder,
    pub(super) key: KeyDecoder,
}

/// Only what the configured catalog asks for is written.
pub(super) fn configured(settings: &Settings, properties: &Map<String, Value>) -> Columns {
    let has = |name: &str| properties.contains_key(name);
    let metadata = MetaColumns {
        partition: has("_kafka_partition"),
        offset: has("_kafka_offset"),
        timestamp: has("_kafka_timestamp"),
        timestamp_type: has("_kafka_timestamp_type"),
        key: has("_kafka_key"),
        headers: has("_kafka_headers"),
        extra: has("_kafka_extra"),
        error: has("_kafka_error"),
    };
    let columns = properties
        .iter()
        .map(|(name, property)| {
            let (accepts, json_text) = schema::accepts(property);
            Column { name: name.clone(), accepts, json_text }
        })
        .collect();
    let known = properties
        .get("_kafka_extra")
        .and_then(|extra| extra.get(KNOWN_FIELDS))
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned);
    let projection = Projection::new(shape(settings.record_shape), columns, known, metadata.extra);
    let (key_accepts, key_json_text) = properties.get("_kafka_key").map_or((Kinds::ALL, false), schema::accepts);
    Columns {
        metadata,
        value: ValueDecoder::new(format(settings.value_format), projection),
        key: KeyDecoder::new(format(settings.key_format), key_accepts, key_json_text),
    }
}

/// The configured format as the decoders know it.
pub(super) fn format(format: config::Format) -> decode::Format {
    match format {
        config::Format::Auto => decode::Format::Auto,
        config::Format::Json => decode::Format::Json,
        config::Format::Text(encoding) => decode::Format::Text(encoding),
        config::Format::Binary => decode::Format::Binary,
    }
}

/// The configured shape as the decoders know it.
pub(super) fn shape(shape: RecordShape) -> Shape {
    match shape {
        RecordShape::Flattened => Shape::Flattened,
        RecordShape::Wrapped => Shape::Wrapped,
    }
}
