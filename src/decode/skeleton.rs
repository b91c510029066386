//! What stands between the scalars of nested values, learned from the records before.
//!
//! Producers send one shape again and again, so between two scalars of a nested value there usually stands what stood
//! there in the record before (`,"price":{"amount":`). A text that the grammar has accepted with certain brackets open
//! leaves the same brackets open whenever it stands there again: comparing it replaces walking it token by token. What
//! does not compare equal is walked, so a wrong guess costs a little time and nothing else.

#![expect(clippy::inline_always, reason = "asked once per scalar from the scanner's loop")]

use wide::u8x16;

/// The longest text that is learned.
const MAX_TEXT: usize = 32;
/// How many texts are learned: what a topic with names at random costs in memory.
const MAX_STEPS: usize = 256;
/// Places of the index.
const PLACES: usize = 512;

/// One text and what it does.
#[derive(Clone, Copy, Debug)]
struct Step {
    text: [u8; MAX_TEXT],
    length: usize,
    /// the brackets that are open before it and behind it
    before: u64,
    after: u64,
    /// a bit for each of its bytes that is white space
    space: u32,
    /// the two steps that followed last
    next: [u16; 2],
}

impl Step {
    /// Whether the bytes at this position are the text, and a scalar follows: `[` may also be followed by `]`.
    #[inline(always)]
    fn matches(&self, bytes: &[u8], at: usize) -> bool {
        let Some(rest) = bytes.get(at..) else { return false };
        let is_equal = match rest.split_first_chunk::<MAX_TEXT>() {
            Some((chunk, _)) => equal_bytes(chunk, &self.text).trailing_ones() as usize >= self.length,
            None => self.text.get(..self.length).is_some_and(|text| rest.starts_with(text)),
        };
        is_equal && rest.get(self.length).is_some_and(|&byte| starts_scalar(byte))
    }
}

/// A bit for each byte that is the same.
#[inline(always)]
fn equal_bytes(one: &[u8; MAX_TEXT], other: &[u8; MAX_TEXT]) -> u64 {
    let half = |bytes: &[u8; MAX_TEXT], from: usize| {
        u8x16::new(bytes.get(from..).and_then(|half| half.first_chunk::<16>()).copied().unwrap_or_default())
    };
    let low = half(one, 0).simd_eq(half(other, 0)).to_bitmask();
    let high = half(one, 16).simd_eq(half(other, 16)).to_bitmask();
    u64::from(low) | u64::from(high) << 16
}

#[inline(always)]
fn starts_scalar(byte: u8) -> bool {
    matches!(byte, b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')
}

/// The texts of one stream's values.
#[derive(Debug)]
pub(super) struct Skeleton {
    /// The first stands for the start, and matches nothing.
    steps: Vec<Step>,
    /// Which step has a text, by the text's hash; another text may have taken the place.
    index: Vec<u16>,
    /// the step that was taken last
    previous: usize,
}

impl Default for Skeleton {
    fn default() -> Self {
        let start = Step { text: [0; MAX_TEXT], length: 0, before: 0, after: 0, space: 0, next: [0, 0] };
        Self { steps: vec![start], index: Vec::new(), previous: 0 }
    }
}

/// A step that has been taken.
pub(super) struct Taken {
    /// the length of the text
    pub length: usize,
    /// the brackets that are open behind it
    pub after: u64,
    /// a bit for each of its bytes that is white space
    pub space: u32,
}

impl Skeleton {
    /// Takes the step that is expected, if its text stands here.
    #[inline(always)]
    pub(super) fn take(&mut self, bytes: &[u8], at: usize, before: u64) -> Option<Taken> {
        let expected = self.steps.get(self.previous)?.next;
        for next in expected {
            let step = self.steps.get(usize::from(next))?;
            if step.before == before && step.matches(bytes, at) {
                self.previous = usize::from(next);
                return Some(Taken { length: step.length, after: step.after, space: step.space });
            }
        }
        None
    }

    /// Remembers a text that has been walked, and that it came after the step before.
    pub(super) fn learn(&mut self, text: &[u8], before: u64, after: u64, space: u32) {
        if text.len() > MAX_TEXT || !text.is_ascii() {
            return;
        }
        let Some(step) = self.find_or_add(text, before, after, space) else { return };
        if let Some(previous) = self.steps.get_mut(self.previous) {
            previous.next = [step, previous.next[0]];
        }
        self.previous = usize::from(step);
    }

    fn find_or_add(&mut self, text: &[u8], before: u64, after: u64, space: u32) -> Option<u16> {
        self.index.resize(PLACES, 0);
        let place = self.index.get_mut(hash(text, before) % PLACES)?;
        let known = self.steps.get(usize::from(*place))?;
        if known.before == before && known.text.get(..known.length) == Some(text) {
            return Some(*place);
        }
        if self.steps.len() >= MAX_STEPS {
            return None;
        }
        let mut step = Step { text: [0; MAX_TEXT], length: text.len(), before, after, space, next: [0, 0] };
        step.text.get_mut(..text.len())?.copy_from_slice(text);
        *place = u16::try_from(self.steps.len()).ok()?;
        self.steps.push(step);
        Some(*place)
    }
}

/// Cheap, because a wrong answer does no harm: what has the place is compared.
fn hash(text: &[u8], before: u64) -> usize {
    let sum = text.iter().fold(before, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    (sum >> 20) as usize
}
