//! What becomes of a message, by example.

use super::*;

fn orders() -> Vec<Column> {
    vec![column("id", &[Kind::Integer]), column("name", &[Kind::String]), json_text("text")]
}

#[track_caller]
fn becomes(value: &[u8], members: &str, extra: &str) {
    let mut decoder = decoder(Format::Json, orders());
    for _ in 0..2 {
        assert_eq!(decode(&mut decoder, value), Ok((members.to_owned(), extra.to_owned())));
    }
}

#[test]
fn declared_fields_are_spliced() {
    becomes(br#"{"id":1,"name":"x"}"#, r#""id":1,"name":"x","#, "");
    becomes(br#"{"name":"x","id":1}"#, r#""name":"x","id":1,"#, "");
    becomes(b"{}", "", "");
}

#[test]
fn null_fits_every_column() {
    becomes(br#"{"id":null,"name":null,"text":null}"#, r#""id":null,"name":null,"text":null,"#, "");
}

#[test]
fn new_fields_and_those_that_do_not_fit_are_kept() {
    becomes(br#"{"id":1.5,"new":[1, 2],"name":"x"}"#, r#""name":"x","#, r#""id":1.5,"new":[1,2]"#);
    becomes(
        br#"{"_kafka_offset":7,"_ab_cdc_x":8,"_airbyte_y":9}"#,
        "",
        r#""_kafka_offset":7,"_ab_cdc_x":8,"_airbyte_y":9"#,
    );
}

#[test]
fn names_of_ours_are_no_columns_even_if_they_are_configured() {
    let columns = vec![column("_kafka_offset", &[Kind::Integer]), column("", &[Kind::Integer])];
    let known = ["_kafka_partition".to_owned()];
    let mut decoder = ValueDecoder::new(Format::Json, Projection::new(Shape::Flattened, columns, known, true));
    let value = br#"{"_kafka_offset":7,"_kafka_partition":8,"":9}"#;
    let extra = r#""_kafka_offset":7,"_kafka_partition":8,"":9"#;
    assert_eq!(decode(&mut decoder, value), Ok((String::new(), extra.to_owned())));
}

#[test]
fn every_name_can_be_a_column() {
    for (name, text) in [("\0", "\\u0000"), ("\u{1f}", "\\u001f"), ("=", "="), ("\"", "\\\"")] {
        let columns = vec![column(name, &[Kind::Integer])];
        let mut decoder = ValueDecoder::new(Format::Json, Projection::new(Shape::Flattened, columns, [], true));
        for value in [format!(r#"{{"{text}":1}}"#), format!(r#"{{"new":2,"{text}":1}}"#)] {
            let (members, _) = decode(&mut decoder, value.as_bytes()).unwrap();
            assert_eq!(members, format!(r#""{text}":1,"#), "{value}");
        }
        // As discover sees it.
        let mut seen = Vec::new();
        let value = format!(r#"{{"{text}":1}}"#);
        kinds(Format::Json, Shape::Flattened, Some(value.as_bytes()), |name, _| seen.push(name.to_owned())).unwrap();
        assert_eq!(seen, [name]);
    }
}

#[test]
fn deselected_fields_stay_out() {
    let known = ["id", "secret"].map(str::to_owned);
    let mut decoder = ValueDecoder::new(Format::Json, Projection::new(Shape::Flattened, orders(), known, true));
    let kept = decode(&mut decoder, br#"{"secret":1,"id":2,"secret":3,"new":4}"#);
    assert_eq!(kept, Ok(("\"id\":2,".to_owned(), "\"new\":4".to_owned())));
}

#[test]
fn without_extra_nothing_is_gathered() {
    let mut decoder = ValueDecoder::new(Format::Json, Projection::new(Shape::Flattened, orders(), [], false));
    let kept = decode(&mut decoder, br#"{"id":"x","new":4,"new":4,"name":"n"}"#);
    assert_eq!(kept, Ok(("\"name\":\"n\",".to_owned(), String::new())));
}

#[test]
fn json_text_columns_carry_the_text_of_what_is_no_string() {
    becomes(br#"{"text":"a"}"#, r#""text":"a","#, "");
    becomes(br#"{"text": {"a": "b\n\"", "c": [1]}}"#, r#""text":"{\"a\":\"b\\n\\\"\",\"c\":[1]}","#, "");
    becomes(br#"{"id":1,"text":1e400,"name":"n"}"#, r#""id":1,"text":"1e400","name":"n","#, "");
}

#[test]
fn the_last_of_repeated_names_counts() {
    becomes(br#"{"id":1,"name":"a","id":2}"#, r#""name":"a","id":2,"#, "");
    becomes(br#"{"id":1,"name":"a","\u0069d":2}"#, r#""name":"a","\u0069d":2,"#, "");
    becomes(br#"{"id":1,"id":"x"}"#, "", r#""id":"x""#);
    becomes(br#"{"id":"x","id":1}"#, r#""id":1,"#, "");
    becomes(br#"{"new":1,"id":1,"n\u0065w":2}"#, r#""id":1,"#, r#""n\u0065w":2"#);
    becomes(br#"{"id":1,"new":{"a":1,"a":2}}"#, r#""id":1,"#, r#""new":{"a":1,"a":2}"#);
}

/// Names are compared sixteen bytes at a time and numbers eight: each byte has to count.
#[test]
fn a_name_that_differs_in_one_byte_is_another_name() {
    for name in ["id", "name", "twelve_bytes", "thirteen_byte", "fourteen_bytes", "a name that is longer than a vector"]
    {
        let mut decoder = decoder(Format::Json, vec![column(name, &[Kind::Integer])]);
        for place in 0..name.len() {
            for byte in (b' '..0x7f).filter(|byte| !b"\"\\".contains(byte)) {
                let mut other = name.as_bytes().to_vec();
                other[place] = byte;
                let other = String::from_utf8(other).unwrap();
                let field = format!("\"{other}\":1");
                let expected =
                    if other == name { (format!("{field},"), String::new()) } else { (String::new(), field) };
                // Behind the field there are enough bytes for a vector, or not.
                for space in ["", "                    "] {
                    let value = format!("{{\"{other}\":1{space}}}");
                    // The column's own name is the expected one again.
                    decode(&mut decoder, format!("{{\"{name}\":1}}").as_bytes()).unwrap();
                    assert_eq!(decode(&mut decoder, value.as_bytes()).as_ref(), Ok(&expected), "{value}");
                }
            }
        }
    }
}

#[test]
fn every_byte_of_a_number_counts() {
    for length in 1..26 {
        for place in 0..length {
            for byte in 0..=u8::MAX {
                let mut number = vec![b'1'; length];
                number[place] = byte;
                for rest in ["", "         "] {
                    let value = [number.as_slice(), rest.as_bytes()].concat();
                    let is_json = str::from_utf8(&value)
                        .is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
                    let key = KeyDecoder::new(Format::Json, Kinds::ALL, false).decode(Some(&value), &mut Vec::new());
                    assert_eq!(key.is_ok(), is_json, "{}", String::from_utf8_lossy(&value));
                }
            }
        }
    }
}

#[test]
fn a_name_that_is_nul_is_a_name_like_any_other() {
    becomes(b"{\"\\u0000\":1,\"id\":2}", "\"id\":2,", "\"\\u0000\":1");
    becomes(b"{\"\\u0000\":1,\"\\u0000\":2}", "", "\"\\u0000\":2");
}

#[test]
fn a_name_that_is_no_utf8_is_refused_every_time() {
    let mut decoder = decoder(Format::Json, orders());
    for _ in 0..3 {
        let bad = decode(&mut decoder, b"{\"\xff\":1}").unwrap_err();
        assert_eq!(bad.fault, Fault::InvalidUtf8);
    }
}

#[test]
fn names_at_random_are_not_remembered_for_ever() {
    let mut decoder = decoder(Format::Json, orders());
    for round in 0..3_000 {
        let value = format!("{{\"a{round}\":1,\"id\":2,\"b{round}\":3,\"b{round}\":4}}");
        let kept = decode(&mut decoder, value.as_bytes()).unwrap();
        assert_eq!(kept, ("\"id\":2,".to_owned(), format!("\"a{round}\":1,\"b{round}\":4")));
    }
    assert!(decoder.projection.slots.len() <= 4_096);
}

#[test]
fn numbers_keep_their_digits() {
    becomes(br#"{"id":-0,"x":-0.0,"y":1.500}"#, r#""id":-0,"#, r#""x":-0.0,"y":1.500"#);
    becomes(
        br#"{"id":1234567890123456789012345678901234567890}"#,
        r#""id":1234567890123456789012345678901234567890,"#,
        "",
    );
}

#[test]
fn white_space_is_taken_out_and_lone_surrogates_replaced() {
    becomes(b" {\r\n \"id\" : 1 ,\t\"name\" :\n\" x \" } \n", r#""id":1,"name":" x ","#, "");
    becomes(
        br#"{"name":"\ud800x\udc00\ud83d\ude00\\ud800"}"#,
        "\"name\":\"\u{fffd}x\u{fffd}\\ud83d\\ude00\\\\ud800\",",
        "",
    );
    becomes(br#"{"\ud800":1,"\ufffd":2}"#, "", r#""\ufffd":2"#);
}

#[test]
fn what_is_no_object_is_the_field_value() {
    becomes(b" [1, 2] ", "", r#""value":[1,2]"#);
    becomes(b"null", "", "");
    let mut typed = decoder(Format::Json, vec![column("value", &[Kind::Array])]);
    for _ in 0..3 {
        assert_eq!(decode(&mut typed, b"[1, 2]"), Ok((r#""value":[1,2],"#.to_owned(), String::new())));
        assert_eq!(decode(&mut typed, b"1"), Ok((String::new(), r#""value":1"#.to_owned())));
        assert_eq!(decode(&mut typed, br#"{"value":[]}"#), Ok((r#""value":[],"#.to_owned(), String::new())));
    }
    let mut text = decoder(Format::Json, vec![json_text("value")]);
    assert_eq!(decode(&mut text, b"[\"a\"]"), Ok((r#""value":"[\"a\"]","#.to_owned(), String::new())));
}

#[test]
fn tombstones_have_no_members() {
    let mut flattened = decoder(Format::Json, vec![column("value", &[Kind::Object])]);
    decode(&mut flattened, br#"{"new":1}"#).unwrap();
    let mut out = Vec::new();
    assert_eq!(flattened.decode(None, &mut out), Ok(()));
    assert_eq!((out.as_slice(), flattened.extra()), (b"".as_slice(), b"".as_slice()));
}

#[test]
fn wrapped_values_are_one_column() {
    let column = Column { name: "value".to_owned(), accepts: Kinds::ALL, json_text: false };
    let mut wrapped = ValueDecoder::new(Format::Json, Projection::new(Shape::Wrapped, vec![column], [], true));
    assert_eq!(decode(&mut wrapped, b"{ \"a\" : 1 }"), Ok((r#""value":{"a":1},"#.to_owned(), String::new())));
    assert_eq!(decode(&mut wrapped, b"null"), Ok((r#""value":null,"#.to_owned(), String::new())));
    let mut out = Vec::new();
    wrapped.decode(None, &mut out).unwrap();
    assert_eq!(out, br#""value":null,"#);

    let mut text = ValueDecoder::new(Format::Json, Projection::new(Shape::Wrapped, vec![json_text("value")], [], true));
    assert_eq!(decode(&mut text, b"{\"a\": 1}"), Ok((r#""value":"{\"a\":1}","#.to_owned(), String::new())));

    let mut nothing = ValueDecoder::new(Format::Json, Projection::new(Shape::Wrapped, vec![], [], true));
    assert_eq!(decode(&mut nothing, b"{\"a\": 1}"), Ok((String::new(), r#""value":{"a":1}"#.to_owned())));
    assert_eq!(decode(&mut nothing, b"null"), Ok((String::new(), String::new())));
}

#[test]
fn auto_never_fails() {
    let mut auto = decoder(Format::Auto, vec![column("id", &[Kind::Integer]), column("value", &[Kind::String])]);
    let cases: [(&[u8], &str, &str); 7] = [
        (br#"{"id":1}"#, r#""id":1,"#, ""),
        (br#"{"id":1,"new":2"#, r#""value":"{\"id\":1,\"new\":2","#, ""),
        (b"plain\ttext \xc3\xa9\x01", "\"value\":\"plain\\ttext \u{e9}\\u0001\",", ""),
        (b"\xff\x00", r#""value":"/wA=","#, ""),
        (b"", r#""value":"","#, ""),
        (b"12", "", r#""value":12"#),
        (b"{\"new\":\"\xff\"}", r#""value":"eyJuZXciOiL/In0=","#, ""),
    ];
    for (value, members, extra) in cases {
        assert_eq!(decode(&mut auto, value), Ok((members.to_owned(), extra.to_owned())));
    }
}

#[test]
fn text_is_read_in_its_encoding() {
    let value = || vec![column("value", &[Kind::String])];
    let text = |encoding, bytes: &[u8]| decode(&mut decoder(Format::Text(encoding), value()), bytes);
    let expected = Ok(("\"value\":\"\u{e9}\\n\",".to_owned(), String::new()));
    assert_eq!(text(encoding_rs::UTF_8, b"\xc3\xa9\n"), expected);
    assert_eq!(text(encoding_rs::UTF_8, b"\xef\xbb\xbf\xc3\xa9\n"), expected);
    assert_eq!(text(encoding_rs::WINDOWS_1252, b"\xe9\n"), expected);
    assert_eq!(text(encoding_rs::UTF_16LE, b"\xff\xfe\xe9\0\n\0"), expected);
    assert_eq!(text(encoding_rs::UTF_16BE, b"\0\xe9\0\n"), expected);
    assert_eq!(text(encoding_rs::UTF_8, b"").unwrap().0, "\"value\":\"\",");
    assert_eq!(text(encoding_rs::UTF_8, b"ab\xff").unwrap_err().to_string(), "invalid UTF-8 at byte 2");
    assert_eq!(text(encoding_rs::UTF_16LE, b"\0\xd8a\0").unwrap_err().fault, Fault::InvalidText);
    assert_eq!(text(encoding_rs::SHIFT_JIS, b"\x81").unwrap_err().fault, Fault::InvalidText);
}

#[test]
fn long_text_in_a_wide_encoding_is_complete() {
    let text = "\u{20ac}\u{1f600}x".repeat(10_000);
    let bytes = text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    let columns = vec![column("value", &[Kind::String])];
    let (members, _) = decode(&mut decoder(Format::Text(encoding_rs::UTF_16LE), columns), &bytes).unwrap();
    assert_eq!(members, format!("\"value\":\"{text}\","));
}

#[test]
fn binary_is_base64() {
    let mut binary = decoder(Format::Binary, vec![column("value", &[Kind::String])]);
    assert_eq!(decode(&mut binary, b"\x00\x01").unwrap().0, r#""value":"AAE=","#);
    assert_eq!(decode(&mut binary, b"").unwrap().0, r#""value":"","#);
}

#[test]
fn keys_are_one_value() {
    let key = |format, accepts, json_text, key: Option<&[u8]>| {
        let (mut decoder, mut out) = (KeyDecoder::new(format, accepts, json_text), Vec::new());
        decoder.decode(key, &mut out).map(|()| {
            let extra = String::from_utf8(decoder.extra().to_vec()).unwrap();
            (String::from_utf8(out).unwrap(), extra)
        })
    };
    let string = Kinds::of(Kind::String);
    let plain = |text: &str| Ok((text.to_owned(), String::new()));
    assert_eq!(key(Format::Auto, string, false, None), plain("null"));
    assert_eq!(key(Format::Auto, string, false, Some(b"")), plain("\"\""));
    assert_eq!(key(Format::Auto, string, false, Some(b"12")), plain("\"12\""));
    assert_eq!(key(Format::Auto, string, false, Some(b"{\"a\":1}")), plain(r#""{\"a\":1}""#));
    assert_eq!(key(Format::Auto, string, false, Some(b"\xff")), plain("\"/w==\""));
    assert_eq!(key(Format::Json, Kinds::ALL, false, Some(b"{ \"a\": 1 }")), plain("{\"a\":1}"));
    assert_eq!(key(Format::Json, string, true, Some(b"{ \"a\": 1 }")), plain(r#""{\"a\":1}""#));
    assert_eq!(key(Format::Json, string, false, Some(b"12")), Ok(("null".to_owned(), "\"_kafka_key\":12".to_owned())));
    assert_eq!(key(Format::Json, Kinds::ALL, false, Some(b"")).unwrap_err().fault, Fault::Empty);
    assert_eq!(key(Format::Binary, string, false, Some(b"\0")), plain("\"AA==\""));
}

#[test]
fn hostile_objects_take_no_quadratic_time() {
    let started = std::time::Instant::now();
    let many = (0..200_000).map(|index| format!("\"k{}\":{index}", index % 100_000)).collect::<Vec<_>>().join(",");
    let (members, extra) = decode(&mut decoder(Format::Json, orders()), format!("{{{many}}}").as_bytes()).unwrap();
    assert_eq!((members.as_str(), extra.split(',').count()), ("", 100_000));
    assert!(extra.starts_with("\"k0\":100000,"));
    assert!(started.elapsed() < std::time::Duration::from_secs(10));
}

fn seen(format: Format, shape: Shape, value: Option<&[u8]>) -> Vec<(String, Kind)> {
    let mut seen = Vec::new();
    kinds(format, shape, value, |name, kind| seen.push((name.to_owned(), kind))).unwrap();
    seen
}

#[test]
fn discover_sees_names_by_their_meaning_and_only_the_last_of_each() {
    let value = br#"{"a":1,"b":1.5,"c":"x","d":[],"e":{},"f":true,"g":null,"\u0061":"y"}"#;
    let kinds = [
        ("b", Kind::Number),
        ("c", Kind::String),
        ("d", Kind::Array),
        ("e", Kind::Object),
        ("f", Kind::Boolean),
        ("g", Kind::Null),
        ("a", Kind::String),
    ];
    let expected = kinds.map(|(name, kind)| (name.to_owned(), kind));
    assert_eq!(seen(Format::Json, Shape::Flattened, Some(value)), expected);
    assert_eq!(seen(Format::Auto, Shape::Flattened, Some(value)), expected);
    let value_is = |kind| vec![("value".to_owned(), kind)];
    assert_eq!(seen(Format::Json, Shape::Wrapped, Some(value)), value_is(Kind::Object));
    assert_eq!(seen(Format::Json, Shape::Wrapped, None), value_is(Kind::Null));
    assert_eq!(seen(Format::Json, Shape::Flattened, None), []);
    assert_eq!(seen(Format::Json, Shape::Flattened, Some(b"null")), []);
    assert_eq!(seen(Format::Json, Shape::Flattened, Some(b"[1]")), value_is(Kind::Array));
    assert_eq!(seen(Format::Auto, Shape::Flattened, Some(b"x")), value_is(Kind::String));
    assert_eq!(seen(Format::Binary, Shape::Flattened, Some(b"1")), value_is(Kind::String));
}
