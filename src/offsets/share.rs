//! Dividing a limited number of records fairly over what wants to be read.

/// Gives each of `wanted` an equal share of `total`, and what one does not need to the others. The odd rest goes to those
/// that want the most, so that nobody is last in every sync. The shares add up to `total` unless less is wanted.
#[must_use]
pub fn share(total: u64, wanted: &[u64]) -> Vec<u64> {
    let mut shares = vec![0; wanted.len()];
    let mut rest = total;
    // From the smallest wish up: whoever wants less than an equal part of what is left gets all of it.
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|&place| wanted.get(place).copied().unwrap_or(0));
    for (served, &place) in order.iter().enumerate() {
        let waiting = (order.len() - served) as u64;
        let want = wanted.get(place).copied().unwrap_or(0);
        let part = want.min(rest / waiting);
        if let Some(share) = shares.get_mut(place) {
            *share = part;
        }
        rest -= part;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_wishes_get_equal_shares_and_the_rest_goes_to_the_largest() {
        assert_eq!(share(9, &[5, 5, 5]), [3, 3, 3]);
        assert_eq!(share(7, &[5, 6, 5]), [2, 3, 2]);
        assert_eq!(share(2, &[5, 6, 7]), [0, 1, 1]);
        assert_eq!(share(100, &[5, 0, 7]), [5, 0, 7]);
        assert_eq!(share(10, &[1, 100, 3]), [1, 6, 3]);
        assert_eq!(share(10, &[]), [0; 0]);
    }

    proptest! {
        #[test]
        fn shares_add_up_and_nobody_gets_more_than_wanted(
            total in 0..1_000_u64, wanted in prop::collection::vec(0..300_u64, 0..20),
        ) {
            let shares = share(total, &wanted);
            let sum: u64 = shares.iter().sum();
            prop_assert_eq!(sum, total.min(wanted.iter().sum()));
            prop_assert!(shares.iter().zip(&wanted).all(|(share, want)| share <= want));
            // Whoever did not get all gets at most one less than anybody else.
            for (share, want) in shares.iter().zip(&wanted) {
                prop_assert!(share == want || shares.iter().all(|other| other <= &(share + 1)));
            }
        }
    }
}
