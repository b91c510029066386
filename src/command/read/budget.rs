//! `max_records_process`: how many records each partition may still emit, so that streams and partitions are served
//! fairly and the total is exact.

use crate::offsets::share;

/// What a partition wants: its stream, and how many messages are to come at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub(super) stream: usize,
    pub(super) messages: u64,
}

/// Divides `total` over the streams first, then over the partitions of each: a stream with many partitions does not push
/// the others aside.
pub(super) fn allowances(total: u64, streams: usize, wishes: &[Wish]) -> Vec<u64> {
    let mut by_stream = vec![0_u64; streams];
    for wish in wishes {
        if let Some(sum) = by_stream.get_mut(wish.stream) {
            *sum += wish.messages;
        }
    }
    let mut parts: Vec<_> = share(total, &by_stream)
        .into_iter()
        .enumerate()
        .map(|(stream, part)| {
            let wanted: Vec<u64> =
                wishes.iter().filter(|wish| wish.stream == stream).map(|wish| wish.messages).collect();
            share(part, &wanted).into_iter()
        })
        .collect();
    wishes.iter().map(|wish| parts.get_mut(wish.stream).and_then(Iterator::next).unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_served_alike_whatever_their_partitions() {
        let wish = |stream, messages| Wish { stream, messages };
        let wishes = [wish(0, 10), wish(1, 10), wish(1, 10), wish(1, 10)];
        assert_eq!(allowances(12, 2, &wishes), [6, 2, 2, 2]);
        assert_eq!(allowances(100, 2, &wishes), [10, 10, 10, 10]);
        assert_eq!(allowances(1, 2, &wishes), [0, 0, 0, 1]);
    }
}
