//! Configured catalogs, made of what discover offers, as the platform makes them.

use std::collections::HashMap;
use std::fmt;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::protocol::{Catalog, Record, Stream};

/// What is to be read.
#[derive(Clone, Debug)]
pub struct Configured(pub Value);

impl Configured {
    /// All streams, with all columns.
    pub fn all_of(catalog: &Catalog) -> Self {
        Self(json!({"streams": catalog.streams.iter().map(configured).collect::<Vec<_>>()}))
    }

    /// Streams with the metadata columns and these of their own, for whoever does not want to discover first.
    pub fn of(streams: &[&str], properties: &Value) -> Self {
        let mut all = json!({
            "_kafka_partition": {"type": "integer"},
            "_kafka_offset": {"type": "integer"},
            "_kafka_extra": {"type": ["null", "object"]},
        });
        all.as_object_mut().unwrap().extend(properties.as_object().unwrap().clone());
        let stream = |name: &&str| Stream {
            name: (*name).to_owned(),
            json_schema: json!({"type": "object", "properties": all}),
            supported_sync_modes: vec!["full_refresh".to_owned(), "incremental".to_owned()],
            source_defined_cursor: true,
            default_cursor_field: vec!["_kafka_offset".to_owned()],
            source_defined_primary_key: vec![vec!["_kafka_partition".to_owned()], vec!["_kafka_offset".to_owned()]],
            is_resumable: true,
        };
        Self::all_of(&Catalog { streams: streams.iter().map(stream).collect() })
    }

    /// Numbered messages.
    pub fn numbers(streams: &[&str]) -> Self {
        Self::of(streams, &json!({"n": {"type": "integer"}}))
    }

    pub fn streams(&self) -> &Vec<Value> {
        self.0["streams"].as_array().unwrap()
    }

    fn streams_mut(&mut self) -> &mut Vec<Value> {
        self.0["streams"].as_array_mut().unwrap()
    }

    /// Only this stream.
    pub fn only(mut self, name: &str) -> Self {
        self.streams_mut().retain(|stream| stream["stream"]["name"] == name);
        assert_eq!(self.streams().len(), 1, "no stream `{name}`");
        self
    }

    /// All streams without this column.
    pub fn without_column(mut self, column: &str) -> Self {
        for stream in self.streams_mut() {
            stream["stream"]["json_schema"]["properties"].as_object_mut().unwrap().remove(column).unwrap();
        }
        self
    }

    /// Everything, wherever incremental reading would begin.
    pub fn full_refresh(mut self) -> Self {
        for stream in self.streams_mut() {
            stream["sync_mode"] = "full_refresh".into();
            stream["destination_sync_mode"] = "overwrite".into();
        }
        self
    }

    pub fn with_namespace(mut self, namespace: &str) -> Self {
        for stream in self.streams_mut() {
            stream["stream"]["namespace"] = namespace.into();
        }
        self
    }

    /// The columns of a stream.
    pub fn columns(&self, stream: &str) -> Vec<String> {
        let stream = self.streams().iter().find(|configured| configured["stream"]["name"] == stream).unwrap();
        stream["stream"]["json_schema"]["properties"].as_object().unwrap().keys().cloned().collect()
    }

    /// Checks each record against the schema of its stream, as destinations and the platform do: what is not declared is
    /// lost on its way.
    pub fn check<'a>(&self, records: impl Iterator<Item = &'a Record>) -> Result<(), String> {
        let schemas: HashMap<&str, (&Value, Validator)> = self
            .streams()
            .iter()
            .map(|configured| {
                let stream = &configured["stream"];
                let validator = jsonschema::draft7::new(&stream["json_schema"]).unwrap();
                (stream["name"].as_str().unwrap(), (stream, validator))
            })
            .collect();
        for record in records {
            let (stream, validator) =
                schemas.get(record.stream.as_str()).ok_or_else(|| format!("nobody asked for `{}`", record.stream))?;
            if stream["namespace"].as_str() != record.namespace.as_deref() {
                return Err(format!("namespace {:?} is not that of the catalog", record.namespace));
            }
            if let Some(column) =
                record.data.keys().find(|column| stream["json_schema"]["properties"].get(column).is_none())
            {
                return Err(format!("column `{column}` is not in the catalog: {record:?}"));
            }
            let data = Value::Object(record.data.clone());
            if let Some(error) = validator.iter_errors(&data).next() {
                return Err(format!("not what is declared: {error}, at `{}` of {record:?}", error.instance_path()));
            }
        }
        Ok(())
    }
}

fn configured(stream: &Stream) -> Value {
    json!({
        "stream": {
            "name": stream.name,
            "json_schema": stream.json_schema,
            "supported_sync_modes": stream.supported_sync_modes,
            "source_defined_cursor": stream.source_defined_cursor,
            "default_cursor_field": stream.default_cursor_field,
            "source_defined_primary_key": stream.source_defined_primary_key,
            "is_resumable": stream.is_resumable,
        },
        "sync_mode": "incremental",
        "destination_sync_mode": "append_dedup",
        "cursor_field": stream.default_cursor_field,
        "primary_key": stream.source_defined_primary_key,
        "generation_id": 1,
        "minimum_generation_id": 1,
        "sync_id": 1,
    })
}

impl fmt::Display for Configured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
