//! Airbyte's state and the offsets in it: `{"partitions": {"0": 42}}` per stream, 42 being the next offset to read, and
//! beside it the id of the topic, to notice another topic of the same name.
//!
//! People edit it by hand, platforms wrap it in three generations of messages, and all of that is understood.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Why a state is not valid.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no JSON.
    #[error("it is no JSON: {0}")]
    Json(serde_json::Error),
    /// It is no state message.
    #[error("{0} is neither a state message nor a list of them")]
    Form(&'static str),
    /// A message lacks what it is about.
    #[error("a {kind} message has no `{field}`")]
    Missing {
        /// the message's type
        kind: &'static str,
        /// what is missing
        field: &'static str,
    },
    /// Partitions are not a map.
    #[error("stream `{stream}`: `partitions` has to be an object such as {{\"0\": 42}}")]
    Partitions {
        /// the stream
        stream: String,
    },
    /// Not the number of a partition.
    #[error("stream `{stream}`: `partitions` names `{partition}`, which is no partition number")]
    Partition {
        /// the stream
        stream: String,
        /// what stands there
        partition: String,
    },
    /// Not an offset.
    #[error(
        "stream `{stream}`, partition {partition}: {value} is no offset; it has to be an integer from 0, the next offset to read"
    )]
    Offset {
        /// the stream
        stream: String,
        /// the partition
        partition: i32,
        /// what stands there
        value: String,
    },
}

/// Next offsets by partition.
pub type NextOffsets = BTreeMap<i32, i64>;

/// What is known of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamState {
    /// where to go on
    pub next_offsets: NextOffsets,
    /// the id of the topic that these offsets are of; absent when it was written by hand or the cluster has no ids
    pub topic_id: Option<String>,
}

/// The state that a sync is given.
#[derive(Debug, Default)]
pub struct State {
    streams: HashMap<String, StreamState>,
}

impl State {
    /// Reads the file that the platform passes. Nothing, `null`, `{}` and `[]` are no state.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let mut state = Self::default();
        match serde_json::from_str(text).map_err(Error::Json)? {
            Value::Null => {}
            Value::Array(messages) => {
                for message in &messages {
                    state.add_message(message)?;
                }
            }
            message @ Value::Object(_) => state.add_message(&message)?,
            other => return Err(Error::Form(kind_of(&other))),
        }
        Ok(state)
    }

    /// What is known of a stream; `None` if it has no state.
    #[must_use]
    pub fn of(&self, stream: &str) -> Option<&StreamState> {
        self.streams.get(stream)
    }

    fn add_message(&mut self, message: &Value) -> Result<(), Error> {
        if message.is_null() {
            return Ok(());
        }
        let Value::Object(fields) = message else { return Err(Error::Form(kind_of(message))) };
        // Messages may be wrapped as lines of the protocol are.
        if let Some(inner @ Value::Object(_)) = fields.get("state") {
            return self.add_message(inner);
        }
        match fields.get("type").and_then(Value::as_str) {
            Some("GLOBAL") => self.add_global(fields),
            Some("LEGACY") => match fields.get("data") {
                Some(Value::Object(streams)) => self.add_legacy(streams),
                _ => Ok(()),
            },
            _ => match fields.get("stream") {
                Some(stream @ Value::Object(_)) => self.add_stream(stream),
                // The oldest form is a bare map from stream to state.
                _ => self.add_legacy(fields),
            },
        }
    }

    fn add_global(&mut self, fields: &Map<String, Value>) -> Result<(), Error> {
        let global = fields.get("global").filter(|global| global.is_object());
        // PyAirbyte writes a Python name.
        let global =
            global.or_else(|| fields.get("global_")).ok_or(Error::Missing { kind: "GLOBAL", field: "global" })?;
        for stream in global.get("stream_states").and_then(Value::as_array).into_iter().flatten() {
            self.add_stream(stream)?;
        }
        Ok(())
    }

    fn add_legacy(&mut self, streams: &Map<String, Value>) -> Result<(), Error> {
        for (name, blob) in streams {
            // Other keys beside the streams are not ours to judge.
            if blob.get("partitions").is_some() {
                self.add_blob(name, blob)?;
            }
        }
        Ok(())
    }

    fn add_stream(&mut self, stream: &Value) -> Result<(), Error> {
        let name = stream
            .get("stream_descriptor")
            .and_then(|descriptor| descriptor.get("name"))
            .and_then(Value::as_str)
            .ok_or(Error::Missing { kind: "STREAM", field: "stream_descriptor.name" })?;
        match stream.get("stream_state") {
            None | Some(Value::Null) => Ok(()),
            Some(blob) => self.add_blob(name, blob),
        }
    }

    fn add_blob(&mut self, stream: &str, blob: &Value) -> Result<(), Error> {
        let partitions = match blob.get("partitions") {
            Some(Value::Object(partitions)) => partitions,
            None | Some(Value::Null) => {
                if blob.as_object().is_some_and(|blob| !blob.is_empty()) {
                    log::warn!(target: "state", "state of stream `{stream}` has no `partitions`: the stream starts anew");
                }
                return Ok(());
            }
            Some(_) => return Err(Error::Partitions { stream: stream.to_owned() }),
        };
        let mut next_offsets = NextOffsets::new();
        for (partition, offset) in partitions {
            let Some(number) = partition.parse::<i32>().ok().filter(|&number| number >= 0) else {
                return Err(Error::Partition { stream: stream.to_owned(), partition: partition.clone() });
            };
            let Some(offset) = offset.as_i64().filter(|&offset| offset >= 0) else {
                return Err(Error::Offset { stream: stream.to_owned(), partition: number, value: offset.to_string() });
            };
            next_offsets.insert(number, offset);
        }
        let topic_id = blob.get("topic_id").and_then(Value::as_str).map(str::to_owned);
        self.streams.insert(stream.to_owned(), StreamState { next_offsets, topic_id });
        Ok(())
    }
}

/// The state of a stream as it is written.
#[must_use]
pub fn to_json(state: &StreamState) -> Box<RawValue> {
    #[derive(Serialize)]
    struct Blob<'a> {
        partitions: &'a NextOffsets,
        #[serde(skip_serializing_if = "Option::is_none")]
        topic_id: Option<&'a str>,
    }
    let blob = Blob { partitions: &state.next_offsets, topic_id: state.topic_id.as_deref() };
    // Integers as keys and values always serialize.
    serde_json::value::to_raw_value(&blob).unwrap_or_default()
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offsets(text: &str, stream: &str) -> Option<Vec<(i32, i64)>> {
        let state = State::parse(text).unwrap();
        state
            .of(stream)
            .map(|state| state.next_offsets.iter().map(|(&partition, &offset)| (partition, offset)).collect())
    }

    #[test]
    fn nothing_is_no_state() {
        for text in
            ["", " \n", "null", "{}", "[]", r#"[{"type":"STREAM","stream":{"stream_descriptor":{"name":"a"}}}]"#]
        {
            assert_eq!(offsets(text, "a"), None, "{text}");
        }
        let null = r#"[{"type":"STREAM","stream":{"stream_descriptor":{"name":"a"},"stream_state":null}}]"#;
        assert_eq!(offsets(null, "a"), None);
        let reset = r#"[{"type":"STREAM","stream":{"stream_descriptor":{"name":"a"},"stream_state":{}}}]"#;
        assert_eq!(offsets(reset, "a"), None);
    }

    #[test]
    fn every_generation_of_messages_is_understood() {
        let blob = r#"{"partitions":{"0":42,"7":0},"cluster_id":"x"}"#;
        let expected = Some(vec![(0, 42), (7, 0)]);
        let stream = format!(r#"{{"stream_descriptor":{{"name":"a","namespace":null}},"stream_state":{blob}}}"#);
        for text in [
            format!(r#"[{{"type":"STREAM","stream":{stream},"id":3}}]"#),
            format!(r#"{{"type":"STREAM","stream":{stream}}}"#),
            format!(r#"[{{"stream":{stream},"global_":null,"data":null}}]"#),
            format!(r#"[{{"type":"STATE","state":{{"type":"STREAM","stream":{stream}}}}}]"#),
            format!(r#"[{{"type":"GLOBAL","global":{{"shared_state":{{}},"stream_states":[{stream}]}}}}]"#),
            format!(r#"[{{"type":"GLOBAL","global":null,"global_":{{"stream_states":[{stream}]}}}}]"#),
            format!(r#"[{{"type":"LEGACY","data":{{"a":{blob},"other":1}}}}]"#),
            format!(r#"{{"a":{blob}}}"#),
        ] {
            assert_eq!(offsets(&text, "a"), expected, "{text}");
        }
    }

    #[test]
    fn a_known_stream_without_partitions_is_known() {
        let text = r#"{"type":"STREAM","stream":{"stream_descriptor":{"name":"a"},"stream_state":{"partitions":{}}}}"#;
        assert_eq!(offsets(text, "a"), Some(vec![]));
    }

    #[test]
    fn errors_name_the_place() {
        let message = |blob: &str| {
            let text = format!(
                r#"[{{"type":"STREAM","stream":{{"stream_descriptor":{{"name":"a"}},"stream_state":{blob}}}}}]"#
            );
            State::parse(&text).unwrap_err().to_string()
        };
        insta::assert_snapshot!(message(r#"{"partitions":[1]}"#), @r#"stream `a`: `partitions` has to be an object such as {"0": 42}"#);
        insta::assert_snapshot!(message(r#"{"partitions":{"x":1}}"#), @"stream `a`: `partitions` names `x`, which is no partition number");
        insta::assert_snapshot!(message(r#"{"partitions":{"-1":1}}"#), @"stream `a`: `partitions` names `-1`, which is no partition number");
        insta::assert_snapshot!(message(r#"{"partitions":{"3":"x"}}"#), @r#"stream `a`, partition 3: "x" is no offset; it has to be an integer from 0, the next offset to read"#);
        insta::assert_snapshot!(message(r#"{"partitions":{"3":-5}}"#), @"stream `a`, partition 3: -5 is no offset; it has to be an integer from 0, the next offset to read");
        insta::assert_snapshot!(message(r#"{"partitions":{"3":1.5}}"#), @"stream `a`, partition 3: 1.5 is no offset; it has to be an integer from 0, the next offset to read");
        insta::assert_snapshot!(State::parse("{").unwrap_err(), @"it is no JSON: EOF while parsing an object at line 1 column 1");
        insta::assert_snapshot!(State::parse("5").unwrap_err(), @"a number is neither a state message nor a list of them");
        insta::assert_snapshot!(State::parse(r#"[{"type":"STREAM","stream":{}}]"#).unwrap_err(), @"a STREAM message has no `stream_descriptor.name`");
        insta::assert_snapshot!(State::parse(r#"[{"type":"GLOBAL"}]"#).unwrap_err(), @"a GLOBAL message has no `global`");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let next_offsets = NextOffsets::from([(0, 42), (11, 9_223_372_036_854_775_807)]);
        let written = StreamState { next_offsets, topic_id: Some("cf0qkoq9SfSIz-GPDDSfKg".to_owned()) };
        let json = to_json(&written);
        assert_eq!(
            json.get(),
            r#"{"partitions":{"0":42,"11":9223372036854775807},"topic_id":"cf0qkoq9SfSIz-GPDDSfKg"}"#
        );
        let text = format!(r#"{{"stream":{{"stream_descriptor":{{"name":"a"}},"stream_state":{json}}}}}"#);
        assert_eq!(State::parse(&text).unwrap().of("a"), Some(&written));
    }
}
