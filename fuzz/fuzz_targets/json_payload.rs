//! Any bytes as JSON value: the decoder and its oracle must agree on what is bad, and on every column of what is not.
//!
//! The input is a series of payloads with NUL between them. One decoder sees the series twice and a fixed payload in
//! between, so that what it has learned is right, wrong and stale.
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

fuzz_target!(|input: &[u8]| {
    let known = KNOWN.map(str::to_owned);
    let mut decoder = ValueDecoder::new(Format::Json, Projection::new(Shape::Flattened, columns(), known, true));
    for _ in 0..2 {
        for payload in input.split(|byte| *byte == 0) {
            compare(&mut decoder, payload);
        }
        decoder.decode(Some(br#"{"name":1,"x":2,"a":3}"#), &mut Vec::new()).expect("valid");
    }
    decoder.decode(None, &mut Vec::new()).expect("valid");
});

fn compare(decoder: &mut ValueDecoder, payload: &[u8]) {
    let expected = oracle::flatten(payload, &columns(), &KNOWN);
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
    let mut auto = ValueDecoder::new(Format::Auto, Projection::new(Shape::Wrapped, columns(), [], true));
    auto.decode(Some(payload), &mut Vec::new()).expect("AUTO takes anything");
    let seen = decode::kinds(Format::Json, Shape::Flattened, Some(payload), |_, _| {});
    assert_eq!(seen.is_ok(), expected.is_some());
}
