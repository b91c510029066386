//! The stack of open brackets.

#![expect(clippy::inline_always, reason = "a bit or two of the scanner's loop")]

use super::fault::MAX_DEPTH;

/// The open brackets of nested values, one bit each: set for an object. The innermost stands outside the array, where
/// every comma asks for it.
pub(super) struct Brackets {
    /// how many are open, those of the caller included
    depth: usize,
    outside: usize,
    in_object: bool,
    bits: [u64; MAX_DEPTH / 64 + 1],
}

impl Brackets {
    #[inline(always)]
    pub(super) fn new(outside: usize) -> Self {
        Self { depth: outside, outside, in_object: false, bits: [0; MAX_DEPTH / 64 + 1] }
    }

    #[inline(always)]
    pub(super) fn in_object(&self) -> bool {
        self.in_object
    }

    /// Whether there was room.
    #[inline(always)]
    pub(super) fn push(&mut self, is_object: bool) -> bool {
        self.depth += 1;
        self.in_object = is_object;
        if let Some(word) = self.bits.get_mut(self.depth / 64) {
            let bit = 1 << (self.depth % 64);
            *word = if is_object { *word | bit } else { *word & !bit };
        }
        self.depth <= MAX_DEPTH
    }

    /// Whether that was the outermost.
    #[inline(always)]
    pub(super) fn pop(&mut self) -> bool {
        self.depth -= 1;
        let word = self.bits.get(self.depth / 64).copied().unwrap_or(0);
        self.in_object = word & (1 << (self.depth % 64)) != 0;
        self.depth == self.outside
    }
}
