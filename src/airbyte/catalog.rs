//! The catalog that `discover` writes, and the configured catalog that `read` is given.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// One stream of the catalog.
#[derive(Debug, Serialize)]
pub struct Stream {
    /// its name
    pub name: String,
    /// its columns
    pub json_schema: Value,
    /// always both
    pub supported_sync_modes: [&'static str; 2],
    /// we know where to go on
    pub source_defined_cursor: bool,
    /// which column orders the records
    pub default_cursor_field: Vec<&'static str>,
    /// which columns identify a record
    pub source_defined_primary_key: Vec<Vec<&'static str>>,
    /// an interrupted full refresh goes on
    pub is_resumable: bool,
}

/// How a stream is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncMode {
    /// from the beginning to the end
    FullRefresh,
    /// from where the state ends
    Incremental,
}

/// What the user chose to read.
#[derive(Debug)]
pub struct ConfiguredCatalog {
    /// the streams, in the catalog's order
    pub streams: Vec<ConfiguredStream>,
}

/// One chosen stream.
#[derive(Debug)]
pub struct ConfiguredStream {
    /// its name, which is the topic's
    pub name: String,
    /// normally none; repeated in everything that names the stream, because the platform compares it
    pub namespace: Option<String>,
    /// the chosen columns and their schemas
    pub properties: Map<String, Value>,
    /// how to read it
    pub sync_mode: SyncMode,
}

/// Why a configured catalog is not valid.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// It is no JSON, or not of a catalog's form.
    #[error("{0}")]
    Form(serde_json::Error),
    /// Nothing to read.
    #[error("`streams` is empty; select at least one stream")]
    Empty,
    /// A sync mode that does not exist.
    #[error("stream `{stream}`: `sync_mode` is `{sync_mode}`, but has to be `full_refresh` or `incremental`")]
    SyncMode {
        /// the stream
        stream: String,
        /// what was asked for
        sync_mode: String,
    },
    /// A stream without columns.
    #[error("stream `{stream}`: `json_schema` has no object `properties`; refresh the connection's schema")]
    NoProperties {
        /// the stream
        stream: String,
    },
    /// The same stream twice.
    #[error("stream `{stream}` stands twice in `streams`")]
    Twice {
        /// the stream
        stream: String,
    },
}

#[derive(Deserialize)]
#[serde(expecting = "an object with a list `streams`")]
struct CatalogForm {
    streams: Vec<ConfiguredStreamForm>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `stream` and `sync_mode`")]
struct ConfiguredStreamForm {
    stream: StreamForm,
    sync_mode: String,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `name` and `json_schema`")]
struct StreamForm {
    name: String,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    json_schema: Value,
}

impl ConfiguredCatalog {
    /// Reads a configured catalog. What we do not know of is ignored: platforms add fields.
    pub fn parse(text: &str) -> Result<Self, CatalogError> {
        let form: CatalogForm = serde_json::from_str(text).map_err(CatalogError::Form)?;
        if form.streams.is_empty() {
            return Err(CatalogError::Empty);
        }
        let mut names = HashSet::new();
        let mut streams = Vec::with_capacity(form.streams.len());
        for ConfiguredStreamForm { stream, sync_mode } in form.streams {
            if !names.insert(stream.name.clone()) {
                return Err(CatalogError::Twice { stream: stream.name });
            }
            streams.push(configured_stream(stream, &sync_mode)?);
        }
        Ok(Self { streams })
    }
}

fn configured_stream(stream: StreamForm, sync_mode: &str) -> Result<ConfiguredStream, CatalogError> {
    let StreamForm { name, namespace, mut json_schema } = stream;
    let sync_mode = match sync_mode {
        "full_refresh" => SyncMode::FullRefresh,
        "incremental" => SyncMode::Incremental,
        other => return Err(CatalogError::SyncMode { stream: name, sync_mode: other.to_owned() }),
    };
    match json_schema.get_mut("properties").map(Value::take) {
        Some(Value::Object(properties)) => Ok(ConfiguredStream { name, namespace, properties, sync_mode }),
        _ => Err(CatalogError::NoProperties { stream: name }),
    }
}
