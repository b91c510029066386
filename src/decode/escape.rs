//! What the escapes in a field name mean.

/// The U+FFFD that stands for a lone surrogate.
pub(super) const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// The UTF-16 code unit of a `\uXXXX` escape at this position, if there is one.
pub(super) fn code_unit(text: &[u8], at: usize) -> Option<u32> {
    let hex = text.get(at..)?.strip_prefix(b"\\u")?.first_chunk::<4>()?;
    hex.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
}

pub(super) fn is_high(unit: u32) -> bool {
    (0xd800..0xdc00).contains(&unit)
}

pub(super) fn is_low(unit: u32) -> bool {
    (0xdc00..0xe000).contains(&unit)
}

/// Replaces `meaning` with the bytes that a valid JSON string, given without its quotes, stands for.
pub(super) fn unescape(mut text: &[u8], meaning: &mut Vec<u8>) {
    meaning.clear();
    while let Some(backslash) = text.iter().position(|byte| *byte == b'\\') {
        let (plain, escape) = text.split_at(backslash);
        meaning.extend_from_slice(plain);
        let length = match escape.get(1) {
            Some(b'u') => unescape_unicode(escape, meaning),
            Some(letter) => {
                meaning.push(match letter {
                    b'b' => 0x08,
                    b'f' => 0x0c,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    other => *other,
                });
                2
            }
            None => 1,
        };
        text = escape.get(length..).unwrap_or_default();
    }
    meaning.extend_from_slice(text);
}

/// Appends what a `\u` escape or a pair of them means; its length returns.
fn unescape_unicode(escape: &[u8], meaning: &mut Vec<u8>) -> usize {
    let high = code_unit(escape, 0).unwrap_or(0xfffd);
    let low = code_unit(escape, 6).filter(|low| is_high(high) && is_low(*low));
    let (code, length) = match low {
        Some(low) => (0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00), 12),
        None => (high, 6),
    };
    let mut utf8 = [0; 4];
    let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
    meaning.extend_from_slice(character.encode_utf8(&mut utf8).as_bytes());
    length
}
