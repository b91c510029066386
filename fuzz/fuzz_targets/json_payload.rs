//! Any bytes as JSON value: the decoder and its oracle must agree on what is bad, and on every column of what is not.
//!
//! One decoder per run sees the payload twice and a fixed one in between, so that guesses are right, wrong and stale.
#![no_main]

use libfuzzer_sys::fuzz_target;
use source_kafka::decode::{self, Column, Format, Projection, Shape, ValueDecoder};
use source_kafka::kind::{self, Kind, Kinds};

#[path = "../../src/decode/tests/oracle.rs"]
mod oracle;

const KNOWN: [&str; 2] = ["gone", "g"];

fn columns() -> Vec<Column> {
    let column = |name: &str, accepts: Kinds, json_text| Column { name: name.to_owned(), accepts, json_text };
    vec![
        column("a", Kinds::of(Kind::Integer), false),
        column("b", Kinds::of(Kind::String), true),
        column("value", Kinds::of(Kind::Array).with(Kind::Object), false),
        column("name", Kinds::ALL, false),
        column("d\u{e9}", Kinds::of(Kind::Number).with(Kind::Integer), false),
    ]
}

fuzz_target!(|payload: &[u8]| {
    let known = KNOWN.map(str::to_owned);
    let mut decoder = ValueDecoder::new(Format::Json, Projection::new(Shape::Flattened, columns(), known, true));
    let expected = oracle::flatten(payload, &columns(), &KNOWN);
    for other in [Some(br#"{"name":1,"x":2,"a":3}"#.as_slice()), None] {
        let mut out = Vec::new();
        let result = decoder.decode(Some(payload), &mut out);
        match &expected {
            None => assert!(result.is_err(), "a bad payload was accepted"),
            Some((members, extra)) => {
                assert_eq!(result, Ok(()));
                assert_eq!(&oracle::parse(&out), members);
                assert_eq!(&oracle::parse(decoder.extra()), extra);
                assert!(!out.contains(&b'\n') && !decoder.extra().contains(&b'\n'));
            }
        }
        decoder.decode(other, &mut Vec::new()).expect("valid");
    }
    let mut auto = ValueDecoder::new(Format::Auto, Projection::new(Shape::Wrapped, columns(), [], true));
    auto.decode(Some(payload), &mut Vec::new()).expect("AUTO takes anything");
    let seen = decode::kinds(Format::Json, Shape::Flattened, Some(payload), |_, _| {});
    assert_eq!(seen.is_ok(), expected.is_some());
});
