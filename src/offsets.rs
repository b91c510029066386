//! Where each partition starts, how far it is, and when it is done: the only place that decides the end of a sync.
//!
//! Pure arithmetic over what the cluster and the state say; it knows neither of them.

mod share;

use std::fmt;

pub use share::share;

/// What a partition's log holds when the sync starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// the low watermark: the oldest offset
    pub low: i64,
    /// where this sync ends: the high watermark, or under `read_committed` the last stable offset
    pub end: i64,
    /// the high watermark
    pub high: i64,
}

/// Offsets that a sync should go on from, and that are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The log has moved on: retention, or somebody deleted records.
    Gap {
        /// the first offset that is gone
        from: i64,
        /// the oldest that is there
        low: i64,
    },
    /// The topic has no such partition: it was recreated with fewer, or it is another cluster.
    Partition {
        /// the next offset of the state
        next: i64,
    },
    /// The log ends before: the topic was recreated or truncated, or it is another cluster.
    BeyondEnd {
        /// the next offset of the state
        next: i64,
        /// the oldest that is there
        low: i64,
        /// where the log ends
        high: i64,
    },
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gap { from, low } => write!(
                f,
                "offsets {from} to {} ({} of them) are no longer in the log, which begins at {low}; \
                 choose `on_lost_offsets` `earliest` or `latest` to go on without them, or clear the stream's state",
                low - 1,
                low - from,
            ),
            Self::Partition { next } => write!(
                f,
                "the state goes on at offset {next}, but the topic has no such partition: it was recreated, or this is \
                 another cluster; choose `on_lost_offsets` `earliest` or `latest` to forget it, or clear the stream's state",
            ),
            Self::BeyondEnd { next, low, high } => write!(
                f,
                "the state goes on at offset {next}, but the log ends at {high} (it begins at {low}): the topic was \
                 recreated or truncated, or this is another cluster; choose `on_lost_offsets` `earliest` or `latest` to \
                 go on with what is there, or clear the stream's state",
            ),
        }
    }
}

/// What to do about lost offsets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLost {
    /// end with an error
    Fail,
    /// go on with the oldest message that is there
    Earliest,
    /// go on with what comes after this sync's start
    Latest,
}

/// The offsets that a sync reads of one partition: from `next`, which moves, up to and not including `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// the first offset not yet emitted: what the state stores
    pub next: i64,
    /// the captured end
    pub end: i64,
}

impl Range {
    /// Everything from `next` on.
    #[must_use]
    pub fn from(next: i64, log: Log) -> Self {
        // A place behind the end is kept: the messages up to it were read, and the end only looks closer because an
        // open transaction hides what follows it.
        Self { next, end: log.end.max(next) }
    }

    /// Whether there is nothing to read (any more).
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.next >= self.end
    }

    /// How many messages are to come, at most: compaction and transactions leave holes.
    #[must_use]
    pub fn remaining(&self) -> i64 {
        (self.end - self.next).max(0)
    }

    /// Whether a message at this offset is to be emitted. Those before were emitted already, those at the end and
    /// behind it belong to the next sync.
    #[must_use]
    pub fn contains(&self, offset: i64) -> bool {
        (self.next..self.end).contains(&offset)
    }

    /// Takes note of a message: everything before and including it is dealt with.
    pub fn pass(&mut self, offset: i64) {
        self.next = self.next.max(offset.saturating_add(1)).min(self.end);
    }

    /// Takes note that nothing more stands before this offset, such as the end of the partition.
    pub fn reach(&mut self, offset: i64) {
        self.next = self.next.max(offset.min(self.end));
    }

    /// Goes on in a log that has lost the next offset meanwhile. A log that ends before it has become another one: what
    /// it holds is for the next sync, because the next offset never falls.
    ///
    /// # Errors
    /// What is lost, if something is and the policy is to fail.
    pub fn recover(&mut self, log: Log, policy: OnLost) -> Result<Option<Lost>, Lost> {
        let (range, lost) = resume(self.next, log, policy)?;
        if matches!(lost, Some(Lost::BeyondEnd { .. })) {
            self.end = self.next;
        }
        self.reach(range.next);
        Ok(lost)
    }
}

/// Goes on from a known offset: that of the state, or of a consumer group.
///
/// # Errors
/// What is lost, if something is and the policy is to fail. Under another policy it comes with the range.
pub fn resume(next: i64, log: Log, policy: OnLost) -> Result<(Range, Option<Lost>), Lost> {
    let lost = if next < log.low {
        Lost::Gap { from: next, low: log.low }
    } else if next > log.high {
        Lost::BeyondEnd { next, low: log.low, high: log.high }
    } else {
        return Ok((Range::from(next, log), None));
    };
    match policy {
        OnLost::Fail => Err(lost),
        OnLost::Earliest => Ok((Range::from(log.low, log), Some(lost))),
        OnLost::Latest => Ok((Range::from(log.end.max(log.low), log), Some(lost))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LOG: Log = Log { low: 10, end: 20, high: 25 };

    #[test]
    fn a_known_offset_is_continued() {
        assert_eq!(resume(10, LOG, OnLost::Fail), Ok((Range { next: 10, end: 20 }, None)));
        assert_eq!(resume(20, LOG, OnLost::Fail), Ok((Range { next: 20, end: 20 }, None)));
    }

    #[test]
    fn an_offset_within_an_open_transaction_is_kept() {
        assert_eq!(resume(23, LOG, OnLost::Fail), Ok((Range { next: 23, end: 23 }, None)));
        assert_eq!(resume(25, LOG, OnLost::Fail), Ok((Range { next: 25, end: 25 }, None)));
    }

    #[test]
    fn lost_offsets_follow_the_policy() {
        let gap = Lost::Gap { from: 3, low: 10 };
        assert_eq!(resume(3, LOG, OnLost::Fail), Err(gap));
        assert_eq!(resume(3, LOG, OnLost::Earliest), Ok((Range { next: 10, end: 20 }, Some(gap))));
        assert_eq!(resume(3, LOG, OnLost::Latest), Ok((Range { next: 20, end: 20 }, Some(gap))));
        let beyond = Lost::BeyondEnd { next: 26, low: 10, high: 25 };
        assert_eq!(resume(26, LOG, OnLost::Fail), Err(beyond));
        assert_eq!(resume(26, LOG, OnLost::Earliest), Ok((Range { next: 10, end: 20 }, Some(beyond))));
        assert_eq!(resume(26, LOG, OnLost::Latest), Ok((Range { next: 20, end: 20 }, Some(beyond))));
    }

    #[test]
    fn a_log_that_loses_the_next_offset_is_gone_on_with() {
        let recovered = |next, policy| {
            let mut range = Range { next, end: 20 };
            range.recover(LOG, policy).map(|lost| (range, lost))
        };
        let gap = Lost::Gap { from: 3, low: 10 };
        assert_eq!(recovered(3, OnLost::Fail), Err(gap));
        assert_eq!(recovered(3, OnLost::Earliest), Ok((Range { next: 10, end: 20 }, Some(gap))));
        assert_eq!(recovered(3, OnLost::Latest), Ok((Range { next: 20, end: 20 }, Some(gap))));
        // It was there again when it was asked for.
        assert_eq!(recovered(12, OnLost::Fail), Ok((Range { next: 12, end: 20 }, None)));
    }

    #[test]
    fn a_log_that_shrank_has_nothing_more_for_this_sync() {
        let shrunken = Log { low: 0, end: 20, high: 5 };
        let lost = Lost::BeyondEnd { next: 12, low: 0, high: 5 };
        let recovered = |policy| {
            let mut range = Range { next: 12, end: 20 };
            range.recover(shrunken, policy).map(|lost| (range, lost))
        };
        assert_eq!(recovered(OnLost::Fail), Err(lost));
        for policy in [OnLost::Earliest, OnLost::Latest] {
            let (range, found) = recovered(policy).unwrap();
            assert_eq!((range, found), (Range { next: 12, end: 12 }, Some(lost)));
            assert!(range.is_done() && range.remaining() == 0);
        }
    }

    #[test]
    fn messages_name_the_range() {
        insta::assert_snapshot!(Lost::Gap { from: 3, low: 10 }, @"offsets 3 to 9 (7 of them) are no longer in the log, which begins at 10; choose `on_lost_offsets` `earliest` or `latest` to go on without them, or clear the stream's state");
        insta::assert_snapshot!(Lost::Partition { next: 3 }, @"the state goes on at offset 3, but the topic has no such partition: it was recreated, or this is another cluster; choose `on_lost_offsets` `earliest` or `latest` to forget it, or clear the stream's state");
        insta::assert_snapshot!(Lost::BeyondEnd { next: 26, low: 10, high: 25 }, @"the state goes on at offset 26, but the log ends at 25 (it begins at 10): the topic was recreated or truncated, or this is another cluster; choose `on_lost_offsets` `earliest` or `latest` to go on with what is there, or clear the stream's state");
    }

    #[test]
    fn the_end_of_the_partition_passes_holes_and_stops_at_the_captured_end() {
        let mut range = Range { next: 12, end: 20 };
        range.reach(15);
        assert_eq!(range.next, 15);
        range.reach(14);
        assert_eq!(range.next, 15);
        range.reach(40);
        assert_eq!(range, Range { next: 20, end: 20 });
        assert!(range.is_done());
    }

    proptest! {
        #[test]
        fn the_next_offset_never_goes_back_nor_beyond_the_end(
            start in 0..50_i64, length in 0..50_i64, steps in prop::collection::vec((any::<bool>(), 0..120_i64), 0..60),
        ) {
            let mut range = Range { next: start, end: start + length };
            for (message, offset) in steps {
                let before = range;
                if message { range.pass(offset) } else { range.reach(offset) }
                prop_assert!(range.next >= before.next && range.next <= range.end && range.end == before.end);
                prop_assert!(!range.contains(offset) || !message);
            }
        }
    }
}
