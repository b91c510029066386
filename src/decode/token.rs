//! How a field begins: its name in quotes, and the colon.

#![expect(clippy::inline_always, reason = "compared once per field in the scanner's loop")]

use wide::u8x16;

use super::text;

/// The first bytes of a field in the spelling of most producers: no space before the colon, no needless escape.
#[derive(Clone, Debug)]
pub(super) struct Token {
    text: Box<[u8]>,
    /// a token of up to 16 bytes, filled up with zeros: comparing it takes two instructions instead of a call
    short: [u8; 16],
    mask: [u8; 16],
}

impl Token {
    pub(super) fn new(name: &str) -> Self {
        let mut text = Vec::new();
        text::write_string(name.as_bytes(), &mut text);
        text.push(b':');
        Self::of(text)
    }

    /// A token that is met nowhere: in JSON no string is followed by an equals sign.
    pub(super) fn never() -> Self {
        Self::of(b"\"\"=".to_vec())
    }

    fn of(text: Vec<u8>) -> Self {
        let (mut short, mut mask) = ([0; 16], [0; 16]);
        if text.len() <= 16 {
            for ((short, mask), byte) in short.iter_mut().zip(&mut mask).zip(&text) {
                (*short, *mask) = (*byte, 0xff);
            }
        }
        Self { text: text.into(), short, mask }
    }

    /// The token's length if the bytes at this position are the token.
    #[inline(always)]
    pub(super) fn matches(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let rest = bytes.get(at..)?;
        let is_equal = match rest.first_chunk::<16>() {
            Some(chunk) if self.text.len() <= 16 => {
                let different = (u8x16::new(*chunk) ^ u8x16::new(self.short)) & u8x16::new(self.mask);
                different == u8x16::ZERO
            }
            _ => rest.starts_with(&self.text),
        };
        is_equal.then_some(self.text.len())
    }
}
