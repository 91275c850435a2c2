//! Numbers that look random and are the same for the same seed.

/// A generator (`SplitMix64`). Not for secrets.
#[derive(Clone, Debug)]
pub struct Seed(u64);

impl Seed {
    /// Equal seeds give equal numbers.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub const fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        match bound {
            0 => 0,
            bound => self.draw() % bound,
        }
    }

    /// Heads or tails.
    pub const fn coin(&mut self) -> bool {
        self.draw() & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_numbers_within_bounds() {
        let (mut one, mut two) = (Seed::new(7), Seed::new(7));
        for bound in 1..1000 {
            let drawn = one.below(bound);
            assert_eq!(drawn, two.below(bound));
            assert!(drawn < bound);
        }
        assert_eq!(one.below(0), 0);
        assert_ne!(Seed::new(1).draw(), Seed::new(2).draw());
    }
}
