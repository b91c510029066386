//! Objects and arrays inside a value: walked once, compared from then on.

#![expect(clippy::inline_always, reason = "part of the scanner's loop")]

use super::brackets::Brackets;
use super::fault::{BadMessage, Fault};
use super::scan::{Edit, Scan};

/// Where a walk has ended.
enum Walked {
    /// where the next scalar starts
    Scalar(usize),
    /// behind the nested value
    End(usize),
}

impl Scan<'_> {
    /// The end of the object or array that starts here, inside `outside` others. Iterative, so that the stack of the
    /// process does not depend on what a producer sends.
    pub(super) fn nested(&mut self, start: usize, outside: usize) -> Result<usize, BadMessage> {
        let mut open = Brackets::new(outside);
        let mut at = start;
        let mut is_behind_value = false;
        loop {
            let before = open.word();
            at = match before.and_then(|before| self.skeleton.take(self.bytes, at, before)) {
                Some(taken) => {
                    if taken.space != 0 {
                        self.cut(at, taken.space);
                    }
                    open.set_word(taken.after);
                    at + taken.length
                }
                None => match self.walk(at, is_behind_value, &mut open)? {
                    Walked::Scalar(scalar) => scalar,
                    Walked::End(end) => return Ok(end),
                },
            };
            let byte = self.byte(at);
            at = if byte == b'"' { self.string(at + 1)? } else { self.scalar(at, byte)?.0 };
            is_behind_value = true;
        }
    }

    /// Walks from an opening bracket, or from behind a value, to the next scalar or out of the nested value.
    #[inline(never)]
    fn walk(&mut self, start: usize, mut is_behind_value: bool, open: &mut Brackets) -> Result<Walked, BadMessage> {
        let (before, edits) = (open.word(), self.edits.len());
        let mut at = start;
        loop {
            if is_behind_value {
                at = self.space(at);
                let closing = if open.in_object() { b'}' } else { b']' };
                match self.byte(at) {
                    b',' => {
                        at = self.space(at + 1);
                        is_behind_value = false;
                        if open.in_object() {
                            at = self.member(at)?;
                        }
                    }
                    byte if byte != closing => return self.bad(expected(open), at),
                    _ if open.pop() => return Ok(Walked::End(at + 1)),
                    _ => at += 1,
                }
                continue;
            }
            let is_object = match self.byte(at) {
                b'{' => true,
                b'[' => false,
                _ => break,
            };
            if !open.push(is_object) {
                return Err(BadMessage::new(Fault::TooDeep, at));
            }
            at = self.space(at + 1);
            if self.byte(at) == if is_object { b'}' } else { b']' } {
                // Empty: its end is that of a value but for the bracket.
                is_behind_value = true;
            } else if is_object {
                at = self.member(at)?;
            }
        }
        if let (Some(before), Some(after)) = (before, open.word()) {
            self.learn(start, at, before, after, edits);
        }
        Ok(Walked::Scalar(at))
    }

    /// A name, its colon, and the position of the value.
    fn member(&mut self, at: usize) -> Result<usize, BadMessage> {
        let end = self.name(at)?;
        let value = self.colon(end)?;
        Ok(self.space(value))
    }

    /// Remembers what was walked, which begins behind this many edits.
    fn learn(&mut self, start: usize, end: usize, before: u64, after: u64, edits: usize) {
        let mut space = 0;
        for edit in self.edits.get(edits..).unwrap_or_default() {
            if edit.replaced || edit.end - start > 32 {
                return;
            }
            for at in edit.start..edit.end {
                space |= 1 << (at - start);
            }
        }
        self.skeleton.learn(self.raw(start, end), before, after, space);
    }

    /// Cuts the white space that these bits tell.
    #[inline(always)]
    fn cut(&mut self, start: usize, mut space: u32) {
        while space != 0 {
            let first = space.trailing_zeros();
            let length = (space >> first).trailing_ones();
            let start = start + first as usize;
            self.edits.push(Edit { start, end: start + length as usize, replaced: false });
            space &= u32::MAX.checked_shl(first + length).unwrap_or(0);
        }
    }
}

#[cold]
fn expected(open: &Brackets) -> Fault {
    if open.in_object() { Fault::ExpectedCommaOrBrace } else { Fault::ExpectedCommaOrBracket }
}
