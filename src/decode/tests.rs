//! The decoder against examples, a conformance list, and an oracle that takes the slow road through `serde_json`.

mod conformance;
mod examples;
mod oracle;
mod properties;

use super::*;

/// A column that accepts these kinds.
fn column(name: &str, kinds: &[Kind]) -> Column {
    let accepts = kinds.iter().fold(Kinds::NONE, |set, kind| set.with(*kind));
    Column { name: name.to_owned(), accepts, json_text: false }
}

/// A string column that carries the JSON text of what is no string.
fn json_text(name: &str) -> Column {
    Column { json_text: true, ..column(name, &[Kind::String]) }
}

/// A decoder of flattened JSON that keeps extra.
fn decoder(format: Format, columns: Vec<Column>) -> ValueDecoder {
    ValueDecoder::new(format, Projection::new(Shape::Flattened, columns, [], true))
}

/// Members and extra of one value, as text.
fn decode(decoder: &mut ValueDecoder, value: &[u8]) -> Result<(String, String), BadMessage> {
    let mut out = b"before".to_vec();
    let result = decoder.decode(Some(value), &mut out);
    let members = String::from_utf8(out).unwrap();
    let members = members.strip_prefix("before").unwrap().to_owned();
    if result.is_err() {
        assert_eq!((members.as_str(), decoder.extra()), ("", b"".as_slice()), "nothing is left of a bad message");
    }
    result.map(|()| (members, String::from_utf8(decoder.extra().to_vec()).unwrap()))
}
