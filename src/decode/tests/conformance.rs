//! What is JSON and what is not, in the manner of `JSONTestSuite`: one short text per rule of RFC 8259.

use super::*;

const ACCEPTED: &[&[u8]] = &[
    b"{}",
    b"[]",
    b"0",
    b"-0",
    b"1",
    b"-1",
    b"10",
    b"123",
    b"-123",
    b"0.0",
    b"-0.0",
    b"1.5",
    b"1.500",
    b"0e0",
    b"0E0",
    b"1e5",
    b"1E5",
    b"1e+5",
    b"1e-5",
    b"1E+05",
    b"1.5e10",
    b"-1.5E-10",
    b"1e400",
    b"-1e400",
    b"1e-400",
    b"9223372036854775807",
    b"9223372036854775808",
    b"-9223372036854775809",
    b"18446744073709551616",
    b"1234567890123456789012345678901234567890",
    b"0.1234567890123456789012345678901234567890",
    b"true",
    b"false",
    b"null",
    b"\"\"",
    b"\"a\"",
    b"\" \"",
    b"\"\\\"\"",
    b"\"\\\\\"",
    b"\"\\/\"",
    b"\"\\b\\f\\n\\r\\t\"",
    b"\"\\u0000\"",
    b"\"\\u00e9\"",
    b"\"\\u00E9\"",
    b"\"\\uFFFF\"",
    b"\"\\ud83d\\ude00\"",
    b"\"\\ud800\"",
    b"\"\\udc00\"",
    b"\"\\ud800\\ud800\\udc00\"",
    b"\"\\ud800\\n\"",
    b"\"\\udc00\\ud800\"",
    b"\"\\ud800x\"",
    b"\"\\\\ud800\"",
    b"\"\x7f\"",
    b"\"\xc3\xa9\"",
    b"\"\xe2\x82\xac\"",
    b"\"\xf0\x9f\x98\x80\"",
    b"\"\xf4\x8f\xbf\xbf\"",
    b"\"\xef\xbf\xbf\"",
    b"\"\xe2\x80\xa8\"",
    b"\"0123456789abcde\"",
    b"\"0123456789abcdef\"",
    b"\"0123456789abcdefg\"",
    b"\"0123456789abcdef0123456789abcdef0\"",
    b"\"/*not a comment*/\"",
    b"\"[{,:}]\"",
    b" 1",
    b"1 ",
    b"\t1\n",
    b"\r\n1\r\n",
    b" [ ] ",
    b" { } ",
    b"[ 1 , 2 ]",
    b"{ \"a\" : 1 , \"b\" : 2 }",
    b"[1]",
    b"[1,2]",
    b"[[]]",
    b"[[],[]]",
    b"[[[[]]]]",
    b"[{}]",
    b"[{},{}]",
    b"[null]",
    b"[true,false]",
    b"[\"\"]",
    b"[1,\"a\",null,{},[]]",
    b"{\"a\":1}",
    b"{\"a\":1,\"b\":2}",
    b"{\"a\":{}}",
    b"{\"a\":[]}",
    b"{\"a\":{\"b\":{\"c\":{}}}}",
    b"{\"a\":1,\"a\":2}",
    b"{\"a\":1,\"\\u0061\":2}",
    b"{\"\":0}",
    b"{\"\\n\":0}",
    b"{\"\\ud800\":0}",
    b"{\"a\":[{\"b\":[{\"c\":1}]}],\"d\":2}",
    b"[[1],{\"a\":[2]},3]",
    b"\xef\xbb\xbf{}",
    b"\xef\xbb\xbf 1",
    b"{\"a\":\n1}",
    b"[\n]",
    b"{\n}",
    b"[1\n,1\n]",
];

const REFUSED: &[&[u8]] = &[
    b"",
    b" ",
    b"\n",
    b"\xef\xbb\xbf",
    b"\xef\xbb\xbf ",
    b"\xef\xbb",
    b" \xef\xbb\xbf{}",
    b"\xef\xbb\xbf\xef\xbb\xbf{}",
    b"\0",
    b"{}\0",
    b"{",
    b"}",
    b"[",
    b"]",
    b"[1",
    b"[1,",
    b"[,",
    b"[,1]",
    b"[1,]",
    b"[1,,2]",
    b"[1 2]",
    b"[1:2]",
    b"[1}",
    b"{]",
    b"[}",
    b"[[]",
    b"[]]",
    b"[][]",
    b"{}{}",
    b"{},",
    b"[1],",
    b"{\"a\"",
    b"{\"a\":",
    b"{\"a\":}",
    b"{\"a\":1",
    b"{\"a\":1,",
    b"{\"a\":1,}",
    b"{,}",
    b"{,\"a\":1}",
    b"{\"a\":1,,\"b\":2}",
    b"{\"a\" 1}",
    b"{\"a\"::1}",
    b"{\"a\",1}",
    b"{\"a\":1 \"b\":2}",
    b"{\"a\":1]",
    b"{\"a\":1;\"b\":2}",
    b"{a:1}",
    b"{'a':1}",
    b"{1:1}",
    b"{null:1}",
    b"{[]:1}",
    b"{\"a\":1}x",
    b"{\"a\":a}",
    b"{\"a\":[}]",
    b"{\"a\":{]}",
    b"[{\"a\":1]",
    b"[{\"a\"}]",
    b"[{1}]",
    b"{\"a\":{\"b\"}}",
    b"{\"a\":{,}}",
    b"{\"a\":{\"b\":1,}}",
    b"{\"a\":[1,]}",
    b"{\"a\":\"b\":1}",
    b"-",
    b"+1",
    b"--1",
    b"01",
    b"-01",
    b"00",
    b"1.",
    b".1",
    b"-.1",
    b"1.e1",
    b"1e",
    b"1e+",
    b"1E-",
    b"1ee1",
    b"1e1.5",
    b"0x1",
    b"1_000",
    b"1,000",
    b"1a",
    b"-a",
    b"- 1",
    b"1 .5",
    b"0.",
    b"-0e",
    b"Infinity",
    b"-Infinity",
    b"NaN",
    b"nan",
    b"0b1",
    b"1.5.5",
    b"1+1",
    b"\xef\xbc\x91",
    b"[1.]",
    b"[-]",
    b"[01]",
    b"[1e]",
    b"t",
    b"tru",
    b"True",
    b"truE",
    b"truee",
    b"true1",
    b"f",
    b"fals",
    b"falsey",
    b"n",
    b"nul",
    b"nulll",
    b"NULL",
    b"undefined",
    b"[tru]",
    b"[nul]",
    b"{\"a\":tru}",
    b"\"",
    b"\"a",
    b"\"\\",
    b"\"\\\"",
    b"\"\\u",
    b"\"\\u1\"",
    b"\"\\u12\"",
    b"\"\\u123\"",
    b"\"\\u123g\"",
    b"\"\\u 123\"",
    b"\"\\u+123\"",
    b"\"\\U0041\"",
    b"\"\\x41\"",
    b"\"\\a\"",
    b"\"\\v\"",
    b"\"\\0\"",
    b"\"\\'\"",
    b"\"\\\n\"",
    b"\"\\ud800\\\"",
    b"\"\\ud800\\u\"",
    b"\"\\ud800\\u12\"",
    b"\"\n\"",
    b"\"\r\"",
    b"\"\t\"",
    b"\"\0\"",
    b"\"\x1f\"",
    b"\"a\nb\"",
    b"'a'",
    b"a",
    b"\"a\"b",
    b"\"a\"\"b\"",
    b"\"0123456789abcde\n\"",
    b"\"0123456789abcdef\n0\"",
    b"\"0123456789abcdef",
    b"\"\x80\"",
    b"\"\xff\"",
    b"\"\xc3\"",
    b"\"\xc3(\"",
    b"\"\xc0\x80\"",
    b"\"\xe2\x82\"",
    b"\"\xed\xa0\x80\"",
    b"\"\xf0\x9f\x98\"",
    b"\"\xf4\x90\x80\x80\"",
    b"\"\xf8\x88\x80\x80\x80\"",
    b"\"\\ud83d\xed\xb8\x80\"",
    b"{\"\xff\":1}",
    b"{\"a\":[\"\xff\"]}",
    b"\xa0",
    b"\xc2\xa0{}",
    b"{}\xc2\xa0",
    b"{\xe2\x80\x83}",
    b"[\x0b]",
    b"[\x0c]",
    b"\x0c1",
    b"1\x0b",
    b"/**/{}",
    b"{}//",
    b"{/**/}",
    b"[1/**/]",
    b"#\n{}",
    b"\xff\xfe{\0}\0",
    b"\0{\0}",
    b"<a/>",
    b"a=1",
    b"(1)",
];

fn accepts(text: &[u8]) -> bool {
    let flattened = decode(&mut decoder(Format::Json, vec![]), text);
    let projection = || Projection::new(Shape::Wrapped, vec![], [], true);
    let wrapped = decode(&mut ValueDecoder::new(Format::Json, projection()), text);
    let key = KeyDecoder::new(Format::Json, Kinds::ALL, false).decode(Some(text), &mut Vec::new());
    let discovered = kinds(Format::Json, Shape::Flattened, Some(text), |_, _| {});
    let shown = String::from_utf8_lossy(text);
    assert_eq!(flattened.as_ref().err(), wrapped.as_ref().err(), "{shown}");
    assert_eq!(flattened.as_ref().err(), key.as_ref().err(), "{shown}");
    assert_eq!(flattened.as_ref().err(), discovered.as_ref().err(), "{shown}");
    flattened.is_ok()
}

/// The text, and the text as a field, as an item, and as both deep inside.
fn places(text: &[u8]) -> [Vec<u8>; 4] {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    [("", ""), ("{\"field\":", "}"), ("[", "]"), ("{\"a\":[1,{\"b\":", ",\"c\":2},\"\"],\"d\":null}")]
        .map(|(before, after)| [before.as_bytes(), text, after.as_bytes()].concat())
}

#[test]
fn accepts_what_is_json() {
    for text in ACCEPTED {
        assert!(accepts(text), "{}", String::from_utf8_lossy(text));
        for text in places(text) {
            assert!(accepts(&text), "{}", String::from_utf8_lossy(&text));
        }
    }
}

#[test]
fn refuses_what_is_not() {
    for text in REFUSED {
        assert!(!accepts(text), "{}", String::from_utf8_lossy(text));
        for text in places(text).iter().skip(1) {
            let is_json =
                str::from_utf8(text).is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
            assert_eq!(accepts(text), is_json, "{}", String::from_utf8_lossy(text));
        }
    }
}

#[test]
fn agrees_with_serde_json_but_for_the_byte_order_mark() {
    for (texts, expected) in [(ACCEPTED, true), (REFUSED, false)] {
        for text in texts.iter().filter(|text| !text.starts_with(b"\xef\xbb\xbf")) {
            let is_json =
                str::from_utf8(text).is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
            assert_eq!(is_json, expected, "{}", String::from_utf8_lossy(text));
        }
    }
    assert!(ACCEPTED.len() + REFUSED.len() >= 250);
}

#[test]
fn every_prefix_of_a_document_is_refused() {
    let text = br#"{"a":[1,-2.5e+3,"x\u00e9\"",{"b":null,"c":[true,false,{}]}],"d":"0123456789abcdefghij"}"#;
    for end in 0..text.len() {
        assert!(!accepts(&text[..end]), "{end}");
    }
    assert!(accepts(text));
}

#[test]
fn nesting_ends_at_512() {
    for (open, close, first) in [("[", "]", ""), ("{\"a\":", "}", "1")] {
        let nested = |depth: usize| [open.repeat(depth), first.to_owned(), close.repeat(depth)].concat();
        assert!(accepts(nested(MAX_DEPTH).as_bytes()));
        let refused = decode(&mut decoder(Format::Json, vec![]), nested(MAX_DEPTH + 1).as_bytes());
        assert_eq!(refused.unwrap_err().fault, Fault::TooDeep);
        assert!(!accepts(open.repeat(1_000_000).as_bytes()));
    }
    // Brackets of both kinds, so that every bit of the stack is read back.
    let mixed = (0..MAX_DEPTH).map(|depth| depth % 3 == 0);
    let open = mixed.clone().map(|object| if object { "{\"a\":" } else { "[" }).collect::<String>();
    let close = mixed.rev().map(|object| if object { '}' } else { ']' }).collect::<String>();
    assert!(accepts(format!("{open}0{close}").as_bytes()));
    let swapped = close.replacen("]}", "}]", 1);
    assert!(!accepts(format!("{open}0{swapped}").as_bytes()));
}

#[test]
fn says_what_is_wrong_and_where() {
    let cases: [(&[u8], &str); 14] = [
        (b"", "invalid JSON, nothing but white space at byte 0"),
        (b"{\"a\" 1}", "invalid JSON, expected `:` at byte 5"),
        (b"{\"a\":1", "invalid JSON, ends too early at byte 6"),
        (b"{\"a\":tru}", "invalid JSON, expected a value at byte 8"),
        (b"{\"a\":1 x", "invalid JSON, expected `,` or `}` at byte 7"),
        (b"[1 x", "invalid JSON, expected `,` or `]` at byte 3"),
        (b"[-x", "invalid JSON, expected a digit at byte 2"),
        (b"{a", "invalid JSON, expected a field name in quotes at byte 1"),
        (b"\"\\x\"", "invalid JSON, unknown escape at byte 2"),
        (b"\"\\u12x4\"", "invalid JSON, unknown escape at byte 5"),
        (b"\"a\nb\"", "invalid JSON, control character in a string at byte 2"),
        (b"{} x", "invalid JSON, something follows the value at byte 3"),
        (b"{\"a\":\"\xc3(\"}", "invalid UTF-8 at byte 6"),
        (b"{\"a\":\"abc", "invalid JSON, ends too early at byte 9"),
    ];
    for (text, message) in cases {
        let bad = decode(&mut decoder(Format::Json, vec![]), text).unwrap_err();
        assert_eq!(bad.to_string(), message);
    }
    assert_eq!(size_of::<BadMessage>(), 8);
}
