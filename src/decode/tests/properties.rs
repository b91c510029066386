//! Arbitrary documents and damaged ones, compared with the oracle.

use proptest::prelude::*;

use super::oracle::{flatten, parse};
use super::*;

const NAMES: [&str; 12] = [
    "\"id\"",
    "\"name\"",
    "\"n\"",
    "\"text\"",
    "\"value\"",
    "\"gone\"",
    "\"gr\u{f6}\u{df}e\"",
    "\"gr\\u00f6\\u00dfe\"",
    "\"i\\u0064\"",
    "\"_kafka_offset\"",
    "\"new\"",
    "\"\"",
];

fn columns() -> Vec<Column> {
    let scalars = [Kind::Boolean, Kind::Integer, Kind::Number, Kind::String];
    vec![
        column("id", &[Kind::Integer]),
        column("name", &[Kind::String]),
        column("n", &[Kind::Integer, Kind::Number]),
        json_text("text"),
        column("value", &[Kind::Array, Kind::String]),
        column("gr\u{f6}\u{df}e", &scalars),
        column("nested", &[Kind::Object, Kind::Array]),
        column("a name that is longer than any vector is wide", &scalars),
    ]
}

const KNOWN: [&str; 2] = ["gone", "id"];

fn space() -> impl Strategy<Value = String> {
    prop_oneof![6 => Just(String::new()), 1 => "[ \t\n\r]{1,3}"]
}

fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z0-9 ,:{}\\[\\]]{0,20}",
        1 => "[\u{80}-\u{ffff}]{0,6}",
        1 => Just("\u{1f600}".to_owned()),
        1 => "(\\\\[\"\\\\/bfnrt]){1,3}",
        1 => "\\\\u[0-9a-fA-F]{4}",
        1 => "\\\\u[dD][89a-fA-F][0-9a-f]{2}",
        1 => Just("\\ud83d\\ude00".to_owned()),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(NAMES.as_slice()).prop_map(str::to_owned),
        1 => Just("\"nested\"".to_owned()),
        1 => Just("\"a name that is longer than any vector is wide\"".to_owned()),
        1 => string(),
    ]
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        "-?(0|[1-9][0-9]{0,40})",
        "-?(0|[1-9][0-9]{0,5})(\\.[0-9]{1,12})?([eE][+-]?[0-9]{1,4})?",
        string(),
    ]
}

fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let field = (space(), name(), space(), space(), value, space());
    let field = field.prop_map(|(a, name, b, c, value, d)| format!("{a}{name}{b}:{c}{value}{d}"));
    (space(), prop::collection::vec(field, 0..8)).prop_map(|(space, fields)| format!("{{{space}{}}}", fields.join(",")))
}

fn value() -> impl Strategy<Value = String> {
    scalar().prop_recursive(5, 40, 6, |inner| {
        let item = (space(), inner.clone(), space()).prop_map(|(a, item, b)| format!("{a}{item}{b}"));
        let items = prop::collection::vec(item, 0..6).prop_map(|items| items.join(","));
        prop_oneof![(space(), items).prop_map(|(space, items)| format!("[{space}{items}]")), object(inner),]
    })
}

fn document() -> impl Strategy<Value = String> {
    let value = prop_oneof![5 => object(value()).boxed(), 1 => value().boxed()];
    (space(), value, space(), prop::bool::weighted(0.05))
        .prop_map(|(a, value, b, bom)| format!("{}{a}{value}{b}", if bom { "\u{feff}" } else { "" }))
}

/// Nested values of few different texts, some of them broken.
fn shape() -> impl Strategy<Value = String> {
    let scalar =
        prop::sample::select(["1", "-2.5e3", "\"x\"", "true", "null", "", "x"].as_slice()).prop_map(str::to_owned);
    scalar.prop_recursive(70, 100, 3, |inner| {
        let between = prop::sample::select([",", ",", ",", ", ", " ,\n", ""].as_slice());
        let names = prop::sample::select(
            ["\"a\":", "\"a\":", "\"b\": ", "\"\u{f6}\":", "\"a \\n name of more than thirty-two bytes\":"].as_slice(),
        );
        let items = prop::collection::vec(inner.clone(), 0..3);
        let members = prop::collection::vec((names, inner), 0..3);
        prop_oneof![
            (items, between.clone()).prop_map(|(items, between)| format!("[{}]", items.join(between))),
            (members, between).prop_map(|(members, between)| {
                let members: Vec<String> = members.iter().map(|(name, value)| format!("{name}{value}")).collect();
                format!("{{{}}}", members.join(between))
            }),
        ]
    })
}

fn check(decoder: &mut ValueDecoder, value: &[u8]) {
    let expected = flatten(value, &columns(), &KNOWN);
    let mut out = Vec::new();
    let result = decoder.decode(Some(value), &mut out);
    let shown = String::from_utf8_lossy(value);
    match expected {
        None => assert!(result.is_err(), "accepted: {shown}"),
        Some((members, extra)) => {
            assert_eq!(result, Ok(()), "refused: {shown}");
            assert_eq!(parse(&out), members, "members of {shown}");
            assert_eq!(parse(decoder.extra()), extra, "extra of {shown}");
            assert!(out.is_empty() || out.ends_with(b","), "{shown}");
            assert!(!decoder.extra().ends_with(b","), "{shown}");
        }
    }
}

fn fresh() -> ValueDecoder {
    let known = KNOWN.map(str::to_owned);
    ValueDecoder::new(Format::Json, Projection::new(Shape::Flattened, columns(), known, true))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    /// One decoder for the whole series: what it has learned from one document must not show in the next.
    #[test]
    fn decodes_like_the_oracle(documents in prop::collection::vec(document(), 1..6)) {
        let mut decoder = fresh();
        for document in &documents {
            check(&mut decoder, document.as_bytes());
            check(&mut decoder, document.as_bytes());
        }
    }

    #[test]
    fn judges_damaged_documents_like_the_oracle(
        document in document(),
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..4),
    ) {
        let mut bytes = document.clone().into_bytes();
        for (place, byte, how) in flips {
            if bytes.is_empty() {
                break;
            }
            let place = place.index(bytes.len());
            match how {
                0 => bytes[place] = byte,
                1 => bytes[place] ^= 1 << (byte % 8),
                _ => drop(bytes.remove(place)),
            }
        }
        check(&mut fresh(), &bytes);
        let mut learned = fresh();
        check(&mut learned, document.as_bytes());
        check(&mut learned, document.as_bytes());
        check(&mut learned, &bytes);
    }

    /// Few texts and many shapes, so that much of what is learned stands elsewhere, too.
    #[test]
    fn learns_no_shape_by_heart(shapes in prop::collection::vec(shape(), 2..8), order in prop::collection::vec(0..8_usize, 8)) {
        let mut decoder = fresh();
        for shape in order.iter().filter_map(|&index| shapes.get(index)) {
            check(&mut decoder, format!("{{\"nested\":{shape}}}").as_bytes());
        }
    }

    #[test]
    fn judges_any_bytes_like_the_oracle(bytes in "[\\[\\]{}:,\"\\\\u0-9a-f.eE+\\- ntrl]{0,30}") {
        check(&mut fresh(), bytes.as_bytes());
    }

    #[test]
    fn wraps_what_the_oracle_accepts(document in document()) {
        let all = Column { name: "value".to_owned(), accepts: Kinds::ALL, json_text: false };
        let projection = Projection::new(Shape::Wrapped, vec![all], [], true);
        let mut wrapped = ValueDecoder::new(Format::Json, projection);
        let (members, extra) = decode(&mut wrapped, document.as_bytes()).unwrap();
        prop_assert_eq!(extra, "");
        // Wrapped in one more object, the oracle's single field is what has to come out.
        let value = document.trim_start_matches('\u{feff}');
        let any = [Column { name: "value".to_owned(), accepts: Kinds::ALL, json_text: false }];
        let (expected, _) = flatten(format!("{{\"value\":{value}}}").as_bytes(), &any, &[]).unwrap();
        prop_assert_eq!(parse(members.as_bytes()), expected);
    }

    #[test]
    fn discover_sees_the_columns_that_read_fills(document in document()) {
        let mut seen = Vec::new();
        kinds(Format::Json, Shape::Flattened, Some(document.as_bytes()), |name, kind| {
            seen.push((name.to_owned(), kind));
        }).unwrap();
        let columns = seen.iter().map(|(name, kind)| column(name, &[*kind])).collect();
        let (members, extra) = decode(&mut decoder(Format::Json, columns), document.as_bytes()).unwrap();
        let taken = ["_kafka_", "_ab_cdc_", "_airbyte_"];
        let (extra_names, names): (Vec<_>, Vec<_>) = seen.into_iter().map(|(name, _)| name)
            .partition(|name| name.is_empty() || taken.iter().any(|prefix| name.starts_with(prefix)));
        prop_assert_eq!(parse(members.as_bytes()).into_iter().map(|(name, _)| name).collect::<Vec<_>>(), names);
        prop_assert_eq!(parse(extra.as_bytes()).into_iter().map(|(name, _)| name).collect::<Vec<_>>(), extra_names);
    }

    #[test]
    fn strings_survive(text in any::<String>()) {
        let mut json = Vec::new();
        text::write_string(text.as_bytes(), &mut json);
        prop_assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), text);
    }
}
