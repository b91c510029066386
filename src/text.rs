//! Writing JSON strings, and the 16-byte search for what ends or interrupts one.
//!
//! Part of the shared floor: `decode` writes values, `record` writes what stands around them.

#![expect(clippy::inline_always, reason = "the string search belongs into the scanner's loop")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wide::u8x16;

/// The position, at or behind `at`, of the first byte that cannot stand for itself inside a JSON string: quote,
/// backslash or control character; the length if there is none. Every byte looked at is or-ed into `seen`, those behind
/// the position included: the question that `seen` answers is whether *any* byte is not ASCII.
#[inline(always)]
pub(crate) fn special(bytes: &[u8], mut at: usize, seen: &mut u8x16) -> usize {
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<16>()) {
        let chunk = u8x16::new(*chunk);
        *seen |= chunk;
        let found = specials(chunk);
        if found != 0 {
            return at + found.trailing_zeros() as usize;
        }
        at += 16;
    }
    special_in_tail(bytes, at, seen)
}

/// The same for the last bytes, fewer than 16: the last 16 are loaded once more, those before `at` shifted out.
fn special_in_tail(bytes: &[u8], at: usize, seen: &mut u8x16) -> usize {
    let Some(chunk) = bytes.last_chunk::<16>() else {
        let rest = bytes.iter().enumerate().skip(at);
        let mut any = 0;
        let end = rest.inspect(|(_, byte)| any |= **byte).find(|(_, byte)| matches!(byte, b'"' | b'\\' | ..=0x1f));
        let end = end.map_or(bytes.len(), |(end, _)| end);
        *seen |= u8x16::splat(any);
        return end;
    };
    let chunk = u8x16::new(*chunk);
    *seen |= chunk;
    let found = specials(chunk) >> (16 - (bytes.len() - at).min(16));
    if found == 0 { bytes.len() } else { at + found.trailing_zeros() as usize }
}

#[inline(always)]
fn specials(chunk: u8x16) -> u32 {
    let control = chunk.min(u8x16::splat(0x1f)).simd_eq(chunk);
    let quote = chunk.simd_eq(u8x16::splat(b'"'));
    let backslash = chunk.simd_eq(u8x16::splat(b'\\'));
    (control | quote | backslash).to_bitmask()
}

/// Appends a JSON string, quotes included, that means the given UTF-8 text.
pub(crate) fn write_string(text: &[u8], out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut seen = u8x16::ZERO;
    let mut at = 0;
    loop {
        let end = special(text, at, &mut seen);
        out.extend_from_slice(text.get(at..end).unwrap_or_default());
        let Some(&byte) = text.get(end) else { break };
        write_escape(byte, out);
        at = end + 1;
    }
    out.push(b'"');
}

fn write_escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            let hex = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
            return out.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte & 15)]);
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Appends a JSON string that holds the bytes as base64.
pub(crate) fn write_base64(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let space = out.get_mut(start..).unwrap_or_default();
    let written = STANDARD.encode_slice(bytes, space).unwrap_or(0);
    debug_assert_eq!(start + written, out.len(), "base64 takes four bytes for every three");
    out.push(b'"');
}
