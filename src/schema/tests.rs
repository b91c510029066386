//! What is declared fits what was seen, and reading the declaration gives the same kinds back.

use super::*;

const KINDS: [Kind; 7] =
    [Kind::Null, Kind::Boolean, Kind::Integer, Kind::Number, Kind::String, Kind::Array, Kind::Object];

fn set(kinds: &[Kind]) -> Kinds {
    kinds.iter().fold(Kinds::NONE, |set, kind| set.with(*kind))
}

#[test]
fn one_kind_is_its_own_type_and_differing_kinds_are_json_text() {
    let cases = [
        (vec![Kind::Integer], ColumnType::Integer),
        (vec![Kind::Integer, Kind::Number], ColumnType::Number),
        (vec![Kind::Number], ColumnType::Number),
        (vec![Kind::Boolean], ColumnType::Boolean),
        (vec![Kind::String], ColumnType::String),
        (vec![Kind::Array], ColumnType::Array),
        (vec![Kind::Object], ColumnType::Object),
        (vec![], ColumnType::JsonText),
        (vec![Kind::String, Kind::Object], ColumnType::JsonText),
        (vec![Kind::Array, Kind::Object], ColumnType::JsonText),
        (vec![Kind::Integer, Kind::Boolean], ColumnType::JsonText),
    ];
    for (kinds, expected) in cases {
        assert_eq!(ColumnType::of(set(&kinds)), expected, "{kinds:?}");
        assert_eq!(ColumnType::of(set(&kinds).with(Kind::Null)), expected, "{kinds:?} and null");
    }
}

#[test]
fn a_declared_column_takes_every_kind_that_was_seen() {
    for bits in 0..1_u8 << KINDS.len() {
        let seen = KINDS.iter().copied().filter(|kind| bits & 1 << *kind as u8 != 0).collect::<Vec<_>>();
        let (accepted, json_text) = accepts(&ColumnType::of(set(&seen)).property());
        assert!(seen.iter().all(|kind| json_text || accepted.contains(*kind)), "{seen:?}");
        assert!(accepted.contains(Kind::Null));
    }
}

#[test]
fn properties_are_to_the_letter() {
    let cases = [
        (ColumnType::Integer, json!({"type": ["null", "integer"]})),
        (ColumnType::Number, json!({"type": ["null", "number"]})),
        (ColumnType::Boolean, json!({"type": ["null", "boolean"]})),
        (ColumnType::String, json!({"type": ["null", "string"]})),
        (ColumnType::Object, json!({"type": ["null", "object"], "additionalProperties": true})),
        (ColumnType::Array, json!({"type": ["null", "array"], "items": {}})),
        (ColumnType::JsonText, json!({"type": ["null", "string"], "x-json-text": true})),
    ];
    for (column, property) in cases {
        assert_eq!(column.property(), property);
    }
}

#[test]
fn configured_properties_tell_what_they_accept() {
    let null = |kinds: &[Kind]| set(kinds).with(Kind::Null);
    let cases = [
        (json!({"type": "integer"}), null(&[Kind::Integer]), false),
        (json!({"type": ["null", "number"]}), null(&[Kind::Integer, Kind::Number]), false),
        (json!({"type": "number", "airbyte_type": "integer"}), null(&[Kind::Integer]), false),
        (json!({"type": "string", "format": "date-time"}), null(&[Kind::String]), false),
        (json!({"type": ["string", "object"]}), null(&[Kind::String, Kind::Object]), false),
        (json!({"type": ["null", "string"], "x-json-text": true}), null(&[Kind::String]), true),
        (json!({"type": ["null", "string"], "x-json-text": false}), null(&[Kind::String]), false),
        (json!({"type": "array", "x-json-text": true}), null(&[Kind::Array]), false),
        (json!({}), Kinds::ALL, false),
        (json!(true), Kinds::ALL, false),
        (json!({"type": []}), Kinds::ALL, false),
        (json!({"type": "decimal"}), Kinds::ALL, false),
        (json!({"type": ["null", 7]}), Kinds::ALL, false),
        (json!({"oneOf": [{"type": "string"}]}), Kinds::ALL, false),
    ];
    for (property, kinds, json_text) in cases {
        assert_eq!(accepts(&property), (kinds, json_text), "{property}");
    }
}

#[test]
fn columns_stand_in_the_order_of_first_sight() {
    let mut sample = Sample::default();
    for (name, kind) in [("b", Kind::Integer), ("a", Kind::Null), ("b", Kind::Number), ("a", Kind::Null)] {
        sample.add(name, kind);
    }
    for name in ["", "_kafka_offset", "_ab_cdc_lsn", "_airbyte_raw_id"] {
        sample.add(name, Kind::Integer);
    }
    let columns = sample.columns().collect::<Vec<_>>();
    assert_eq!(columns, [("b", ColumnType::Number), ("a", ColumnType::JsonText)]);
    assert!(!sample.is_full());
}

#[test]
fn there_are_no_more_than_a_thousand_columns() {
    let mut sample = Sample::default();
    for index in 0..2 * MAX_COLUMNS {
        sample.add(&format!("c{index}"), Kind::Integer);
    }
    sample.add("c0", Kind::Number);
    assert_eq!(sample.columns().len(), MAX_COLUMNS);
    assert_eq!(sample.columns().next(), Some(("c0", ColumnType::Number)));
    assert!(sample.is_full());
}
