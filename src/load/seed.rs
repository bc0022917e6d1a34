//! Seeds that depend only on what is drawn, never on when: the same run draws the same again.

/// What a generator is for, so that no two purposes share a sequence.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// Arrival times of a load.
    Arrivals,
    /// Everything one iteration draws.
    Iteration,
    /// The order of a data set.
    Data,
}

/// A generator for one purpose, one thing (load, data set) and one number (iteration) of a run.
pub(crate) fn rng(seed: u64, purpose: Purpose, thing: usize, number: u64) -> fastrand::Rng {
    let mut state = mix(seed ^ 0x6c6f_6164_7465_7374);
    state = mix(state ^ purpose as u64);
    state = mix(state ^ thing as u64);
    fastrand::Rng::with_seed(mix(state ^ number))
}

/// The finaliser of SplitMix64: neighbouring inputs give unrelated outputs.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_place_draws_the_same_and_neighbours_differ() {
        let draw = |seed, thing, number| rng(seed, Purpose::Iteration, thing, number).u64(..);
        assert_eq!(draw(42, 1, 7), draw(42, 1, 7));
        assert_ne!(draw(42, 1, 7), draw(42, 1, 8));
        assert_ne!(draw(42, 1, 7), draw(42, 2, 7));
        assert_ne!(draw(42, 1, 7), draw(43, 1, 7));
        assert_ne!(
            rng(42, Purpose::Arrivals, 0, 0).u64(..),
            rng(42, Purpose::Data, 0, 0).u64(..)
        );
    }
}
