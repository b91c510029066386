//! The stack of open brackets.

#![expect(clippy::inline_always, reason = "a shift or two of the scanner's loop")]

use super::fault::MAX_DEPTH;

/// How many levels a word holds beside its leading one.
const LEVELS: usize = 63;

/// The open brackets of a nested value, one bit each: set for an object, the innermost last.
pub(super) struct Brackets {
    /// the bits behind a leading one, so that a word also tells how many there are
    word: u64,
    /// the words that were full: only values of more than 63 levels have any
    full: Vec<u64>,
    /// how many are open around the value
    outside: usize,
}

impl Brackets {
    #[inline(always)]
    pub(super) fn new(outside: usize) -> Self {
        Self { word: 1, full: Vec::new(), outside }
    }

    #[inline(always)]
    pub(super) fn in_object(&self) -> bool {
        self.word & 1 != 0
    }

    /// All that is open, if it fits into a word.
    #[inline(always)]
    pub(super) fn word(&self) -> Option<u64> {
        self.full.is_empty().then_some(self.word)
    }

    /// Opens and closes what leads from one [`word`](Self::word) to another.
    #[inline(always)]
    pub(super) fn set_word(&mut self, word: u64) {
        self.word = word;
    }

    /// Whether there was room.
    #[inline(always)]
    pub(super) fn push(&mut self, is_object: bool) -> bool {
        if self.word >> LEVELS != 0 {
            self.full.push(self.word);
            self.word = 1;
        }
        self.word = self.word << 1 | u64::from(is_object);
        self.outside + self.full.len() * LEVELS + self.word.ilog2() as usize <= MAX_DEPTH
    }

    /// Whether that was the outermost.
    #[inline(always)]
    pub(super) fn pop(&mut self) -> bool {
        self.word >>= 1;
        if self.word != 1 {
            return false;
        }
        match self.full.pop() {
            Some(word) => {
                self.word = word;
                false
            }
            None => true,
        }
    }
}
